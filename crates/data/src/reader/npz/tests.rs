mod given;
mod names;

use super::super::{Record, Window};
use super::*;
use proptest::prelude::*;
use std::io::Write;
use zip::write::SimpleFileOptions;

fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    while !(header.len() + 11).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn archive(arrays: &[(&str, Vec<u8>)], method: zip::CompressionMethod) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file(format!("{name}.npy"), options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn read(bytes: &[u8]) -> Result<Vec<Record>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    std::fs::write(&path, bytes).unwrap();
    let mut records = Vec::new();
    let result = Npz.read(&path, &SourceSelection::default(), &mut |record| {
        records.push(record);
        Ok(())
    });
    result.map(|()| records).map_err(|e| e.to_string())
}

fn floats(n: usize) -> Vec<u8> {
    (0..n).flat_map(|i| (i as f32).to_le_bytes()).collect()
}

fn labels() -> (&'static str, Vec<u8>) {
    (
        "y",
        npy("<i8", "(2,)", &[1i64, 2].map(i64::to_le_bytes).concat()),
    )
}

#[test]
fn stored_deflated_and_other_types() {
    let utf32 = |text: &str| {
        let chars = text.chars().flat_map(|c| (c as u32).to_le_bytes());
        chars.collect::<Vec<u8>>()
    };
    let group = (
        "group",
        npy("<U2", "(2,)", &[utf32("ab"), utf32("cd")].concat()),
    );
    let x = ("x", npy("<f4", "(2, 2, 8)", &floats(32)));
    for method in [
        zip::CompressionMethod::Stored,
        zip::CompressionMethod::Deflated,
    ] {
        let arrays = [x.clone(), labels(), group.clone()];
        let records = read(&archive(&arrays, method)).unwrap();
        assert_eq!(records.len(), 2);
        assert_eq!((records[1].values[0], records[1].label), (16.0, 2));
        assert_eq!(records[1].group.as_deref(), Some("cd"));
    }
    let doubles: Vec<u8> = (0..32).flat_map(|i| f64::from(i).to_le_bytes()).collect();
    let arrays = [("x", npy("<f8", "(2, 2, 8)", &doubles)), labels()];
    let records = read(&archive(&arrays, zip::CompressionMethod::Stored)).unwrap();
    assert_eq!((records[0].values[3], &records[0].group), (3.0, &None));
}

#[test]
fn samples_are_read_one_by_one_where_they_are_stored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    let arrays = [("x", npy("<f4", "(2, 2, 8)", &floats(32))), labels()];
    let wanted = SourceSelection::default();
    let bytes = archive(&arrays, zip::CompressionMethod::Stored);
    std::fs::write(&path, &bytes).unwrap();
    let records = read(&bytes).unwrap();
    let spans = Npz.spans(&path).unwrap().unwrap();
    let mut windows = Npz.windows(&path, &wanted).unwrap();
    for i in [1, 0] {
        let window = windows.window(&path, i, spans[i]).unwrap();
        assert_eq!(window, Window::from(records[i].clone()));
    }
    std::fs::write(&path, archive(&arrays, zip::CompressionMethod::Deflated)).unwrap();
    let error = Npz.spans(&path).unwrap_err().to_string();
    assert!(
        error.contains("a.npz: cannot be streamed: its `x` is compressed"),
        "{error}"
    );
}

#[test]
fn both_orders_of_bytes_and_labels_alone() {
    let halves = |swap: bool| -> Vec<u8> {
        let bytes = (0..32).map(|i| half::f16::from_f32(i as f32).to_le_bytes());
        bytes
            .flat_map(|b| if swap { [b[1], b[0]] } else { b })
            .collect()
    };
    let of = |kind: &str, bytes: &[u8]| {
        let arrays = [("x", npy(kind, "(2, 2, 8)", bytes)), labels()];
        read(&archive(&arrays, zip::CompressionMethod::Stored)).unwrap()
    };
    let little = of("<f2", &halves(false));
    assert_eq!(little, of(">f2", &halves(true)));
    assert_eq!(little[1].values[15], 31.0);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    let arrays = [("x", npy("<f4", "(2, 2, 8)", &floats(32))), labels()];
    std::fs::write(&path, archive(&arrays, zip::CompressionMethod::Deflated)).unwrap();
    let wanted = SourceSelection {
        labels: Some(vec![2]),
        ..Default::default()
    };
    let mut lengths = Vec::new();
    let mut sink = |record: Record| {
        lengths.push((record.label, record.values.len()));
        Ok(())
    };
    Npz.read(&path, &wanted, &mut sink).unwrap();
    assert_eq!(lengths, [(1, 0), (2, 16)]);
}

#[test]
fn what_does_not_fit_is_named() {
    let read = |x: Vec<u8>| {
        read(&archive(
            &[("x", x), labels()],
            zip::CompressionMethod::Stored,
        ))
    };
    let huge = "(2, 4294967296, 4294967296)";
    for (x, expected) in [
        (
            npy("<f4", "(2, 2, 8)", &floats(31)),
            "record 1: `x` ends before this sample",
        ),
        (
            npy("<f4", "(3, 2, 8)", &floats(48)),
            "for the 2 labels of `y`",
        ),
        (
            npy("<f4", "(2, 16)", &floats(32)),
            "expected [N, 2, 1024] or [N, 2, 7, 256]",
        ),
        (npy("<f4", huge, &floats(4)), "is impossible"),
        // Found by fuzzing: the parser never finished.
        (
            npy(&format!("<f4', 'x': {}'", "[".repeat(70)), "(2, 2, 8)", &[]),
            "is nested too deeply",
        ),
        (npy("<f4", "(2, 0, 8)", &[]), "impossible shape"),
        (
            npy("<c8", "(2, 2, 8)", &floats(64)),
            "is not supported: expected float32",
        ),
    ] {
        let error = read(x).unwrap_err();
        assert!(
            error.contains("a.npz") && error.contains(expected),
            "{error}"
        );
    }
}

#[test]
fn a_damaged_label_is_an_error() {
    let x = ("x", npy("<f4", "(2, 2, 8)", &floats(32)));
    let mut bytes = archive(&[x, labels()], zip::CompressionMethod::Stored);
    assert!(read(&bytes).is_ok());
    // The labels are the last values before the archive's directory.
    let directory = bytes.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    assert_eq!(bytes[directory - 8], 2, "the label of the last record");
    bytes[directory - 8] = 1;
    assert!(read(&bytes).unwrap_err().contains("array `y`"));
}

proptest! {
    /// Damage is an error or harmless; it never changes a sample. Reading records one by one never panics.
    #[test]
    fn damage_changes_no_sample(at in 0usize..2000, value: u8, cut in 0usize..600) {
        let x = ("x", npy("<f4", "(2, 2, 8)", &floats(32)));
        let mut bytes = archive(&[x, labels()], zip::CompressionMethod::Stored);
        let whole = read(&bytes).unwrap();
        let at = at % bytes.len();
        bytes[at] = value;
        bytes.truncate(bytes.len() - cut % 100);
        match read(&bytes) {
            Ok(records) => prop_assert_eq!(records, whole),
            Err(error) => prop_assert!(error.contains("a.npz"), "{}", error),
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        std::fs::write(&path, &bytes).unwrap();
        if let Ok(Some(spans)) = Npz.spans(&path) {
            let mut windows = Npz.windows(&path, &SourceSelection::default()).unwrap();
            for (i, span) in spans.into_iter().enumerate() {
                let _ = windows.window(&path, i, span);
            }
        }
    }
}

#[test]
fn groups_may_be_numbers() {
    let x = ("x", npy("<f4", "(2, 2, 8)", &floats(32)));
    let read = |values: [f64; 2]| {
        let group = npy("<f8", "(2,)", &values.map(f64::to_le_bytes).concat());
        let arrays = [x.clone(), labels(), ("group", group)];
        read(&archive(&arrays, zip::CompressionMethod::Stored))
    };
    let records = read([3.0, 2.5]).unwrap();
    let groups: Vec<_> = records
        .iter()
        .map(|record| record.group.as_deref())
        .collect();
    assert_eq!(groups, [Some("3"), Some("2.5")]);
    let error = read([3.0, f64::NAN]).unwrap_err();
    assert!(
        error.contains("`group`: entry 1, counted from 0, is NaN"),
        "{error}"
    );
}

#[test]
fn other_kinds_of_compression_are_named() {
    let arrays = [("x", npy("<f4", "(2, 2, 8)", &floats(32))), labels()];
    let mut bytes = archive(&arrays, zip::CompressionMethod::Stored);
    // Method 12 is bzip2, in the head of each member and in the directory.
    for (mark, at) in [(b"PK\x03\x04", 8), (b"PK\x01\x02", 10)] {
        for start in 0..bytes.len() - 4 {
            if bytes[start..].starts_with(mark) {
                bytes[start + at] = 12;
            }
        }
    }
    let error = read(&bytes).unwrap_err().to_lowercase();
    assert!(error.contains("packed with bzip2"), "{error}");
}

/// Labels as a row or a column, and with a column for each class in either order.
#[test]
fn labels_of_two_dimensions() {
    let x = ("x", npy("<f4", "(2, 2, 8)", &floats(32)));
    let read = |shape: &str, values: &[f32]| {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let y = ("y", npy("<f4", shape, &bytes));
        let records = self::read(&archive(&[x.clone(), y], zip::CompressionMethod::Stored));
        records.map(|all| all.iter().map(|record| record.label).collect::<Vec<_>>())
    };
    for (shape, values, expected) in [
        ("(1, 2)", &[4.0, 5.0][..], [4, 5]),
        ("(2, 1)", &[4.0, 5.0], [4, 5]),
        ("(2, 3)", &[0.0, 0.0, 1.0, 0.0, 1.0, 0.0], [2, 1]),
    ] {
        assert_eq!(read(shape, values).unwrap(), expected, "{shape}");
    }
    for values in [
        [0.0, 0.5, 0.5, 0.0, 1.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        [1.0, 0.0, 1.0, 0.0, 1.0, 0.0],
        [0.0, 0.0, 2.0, 0.0, 1.0, 0.0],
    ] {
        let error = read("(2, 3)", &values).unwrap_err();
        assert!(
            error.contains("`y` is [2, 3], and not every row is a single 1"),
            "{error}"
        );
    }
    assert!(
        read("(2, 3)", &[0.0, 1.0, 0.0])
            .unwrap_err()
            .contains("truncated")
    );
    // A class that these windows lack has no column, so the others have other numbers.
    let y = npy("|u1", "(2, 2)", &[1, 0, 0, 1]);
    let bytes = archive(&[x.clone(), ("y", y)], zip::CompressionMethod::Stored);
    for (num_classes, names, expected) in [
        (Some(2), 0, None),
        (None, 0, None),
        (Some(3), 0, Some(3)),
        (None, 3, Some(3)),
    ] {
        let wanted = SourceSelection {
            num_classes,
            class_names: (0..names).map(|number| number.to_string()).collect(),
            ..SourceSelection::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        std::fs::write(&path, &bytes).unwrap();
        let result = Npz.read(&path, &wanted, &mut |_| Ok(()));
        let error = result.err().map(|error| error.to_string());
        let problem = expected.map(|count| {
            format!("has 2 columns, of which one is 1 and all others 0 in every row, but there are {count} classes")
        });
        assert_eq!(error.is_some(), problem.is_some());
        assert!(
            error
                .unwrap_or_default()
                .contains(&problem.unwrap_or_default())
        );
    }
    // In Fortran's order: the first column comes first.
    let mut y = npy("|u1", "(2, 3)", &[1, 0, 0, 0, 0, 1]);
    let at = y.windows(5).position(|word| word == b"False").unwrap();
    y[at..at + 5].copy_from_slice(b"True ");
    let records = self::read(&archive(&[x, ("y", y)], zip::CompressionMethod::Stored));
    let found: Vec<i64> = records.unwrap().iter().map(|record| record.label).collect();
    assert_eq!(found, [0, 2]);
}

#[test]
fn samples_of_true_and_false() {
    let bytes: Vec<u8> = (0..32u8).map(|i| i % 2).collect();
    let arrays = [("x", npy("|b1", "(2, 2, 8)", &bytes)), labels()];
    let records = read(&archive(&arrays, zip::CompressionMethod::Stored)).unwrap();
    assert_eq!(records[0].values[..3], [0.0, 1.0, 0.0]);
}

/// `x_train` is the samples if nothing is of another split.
#[test]
fn names_of_splits() {
    let x = || npy("<f4", "(2, 2, 8)", &floats(32));
    let of = |names: &[&'static str]| {
        let array = |name: &&'static str| {
            let is_labels = name.to_lowercase().contains('y');
            (*name, if is_labels { labels().1 } else { x() })
        };
        let arrays: Vec<_> = names.iter().map(array).collect();
        read(&archive(&arrays, zip::CompressionMethod::Stored))
    };
    for names in [
        ["x_train", "y_train"],
        ["X_test", "y_test"],
        ["trainX", "trainY"],
    ] {
        assert_eq!(of(&names).unwrap()[1].label, 2, "{names:?}");
    }
    // The group that was left out is no group of the windows.
    let records = of(&["x", "y", "test_group"]).unwrap();
    assert_eq!(records[1].group, None);
    for (names, expected) in [
        (
            &["x_train", "y_train", "x_test", "y_test"][..],
            "`x_test`, `x_train` are of several splits: save each split in a file of its own",
        ),
        (
            &["x_train", "y_test"],
            "`x_train`, `y_test` are of several splits",
        ),
        (&["x", "y_test"], "`x`, `y_test` are of several splits"),
    ] {
        let error = of(names).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
