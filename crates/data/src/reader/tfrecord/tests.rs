use super::*;
use proptest::prelude::*;

fn sample(record: usize, label: i64, group: Option<&str>) -> Record {
    Record {
        record,
        values: (0..16).map(|i| (i * (record + 1)) as f32 * 0.5).collect(),
        shape: vec![2, 8],
        label,
        group: group.map(str::to_owned),
    }
}

fn read_all(path: &Path) -> Result<Vec<Record>, DataError> {
    let mut records = Vec::new();
    Tfrecord.read(path, &SourceSelection::default(), &mut |record| {
        records.push(record);
        Ok(())
    })?;
    Ok(records)
}

fn written(folder: &Path) -> (PathBuf, Vec<Record>) {
    let path = folder.join("a.tfrecord");
    let records = vec![sample(0, 1, Some("pass 1")), sample(1, -3, None)];
    let mut writer = TfrecordWriter::create(&path).unwrap();
    records.iter().for_each(|r| writer.write(r).unwrap());
    writer.finish().unwrap();
    (path, records)
}

#[test]
fn round_trip() {
    let folder = tempfile::tempdir().unwrap();
    let (path, records) = written(folder.path());
    assert_eq!(read_all(&path).unwrap(), records);
    let spans = Tfrecord.spans(&path).unwrap().unwrap();
    let mut windows = Tfrecord
        .windows(&path, &SourceSelection::default())
        .unwrap();
    for (i, span) in spans.iter().enumerate().rev() {
        let alone = windows.window(&path, i, *span).unwrap();
        assert_eq!(alone, records[i].clone().into());
    }
    assert_eq!(spans.len(), records.len());
    let head = &std::fs::read(&path).unwrap()[..16];
    assert!(Tfrecord.accepts(Path::new("no_ending"), head));
}

proptest! {
    /// Truncation or damage anywhere gives an error that names file and record or, if the file is cut between two
    /// records, fewer records. It never gives a wrong value.
    #[test]
    fn damage_is_found(cut in 0usize..400, at in 0usize..400, flip: u8) {
        let folder = tempfile::tempdir().unwrap();
        let (path, records) = written(folder.path());
        let mut bytes = std::fs::read(&path).unwrap();
        let at = at % bytes.len();
        bytes[at] ^= flip;
        bytes.truncate(bytes.len().saturating_sub(cut % 200));
        std::fs::write(&path, &bytes).unwrap();
        match read_all(&path) {
            Ok(read) => prop_assert_eq!(&read[..], &records[..read.len()]),
            Err(error) => prop_assert!(error.to_string().contains("a.tfrecord, record "), "{}", error),
        }
    }
}

/// Only files whose records have no shape are noted.
#[test]
fn an_assumed_shape_is_said() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tfrecord_types");
    let note = |name: &str| super::super::note(&folder.join(name), &SourceSelection::default());
    let said = note("read_other_names.tfrecord").unwrap();
    let expected = "read_other_names.tfrecord: the records have no feature `shape`: their 32 values are read as 2 channels of 16";
    assert!(said.contains(expected), "{said}");
    for name in ["read_float_list", "read_float32_tensor", "read_int_list"] {
        assert_eq!(note(&format!("{name}.tfrecord")), None);
    }
    let packed = tempfile::tempdir().unwrap();
    let path = packed.path().join("own.tfrecord.gz");
    let bytes = std::fs::read(folder.join("read_other_names.tfrecord")).unwrap();
    let mut file = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    file.write_all(&bytes).unwrap();
    std::fs::write(&path, file.finish().unwrap()).unwrap();
    assert!(super::super::note(&path, &SourceSelection::default()).is_some());
}
