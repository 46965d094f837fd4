//! Tables from loggers, spreadsheets, pandas and pyarrow, compared with what pandas and pyarrow read
//! (`scripts/conformance/make_tables.py`).

use std::path::{Path, PathBuf};

use data::recording::{self, Contents, Hints};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tables")
}

fn read(name: &str) -> Contents {
    recording::read(&folder().join(name), &Hints::default()).unwrap()
}

#[test]
fn every_table_is_as_pandas_and_pyarrow_read_it() {
    let expected: Value =
        serde_json::from_str(&std::fs::read_to_string(folder().join("expected.json")).unwrap())
            .unwrap();
    for (name, table) in expected.as_object().unwrap() {
        let contents = read(name);
        let channels = table["channels"].as_object().unwrap();
        let shown = format!("{name}: {:?}", contents.notes);
        assert_eq!(contents.traces.len(), 2 * channels.len(), "{shown}");
        let start = table["start"].as_i64().unwrap();
        for (channel, theirs) in channels {
            let ours: Vec<_> = contents
                .traces
                .iter()
                .filter(|trace| trace.channel == *channel)
                .collect();
            let [first, second] = ours[..] else {
                panic!("{channel} of {shown}");
            };
            assert_eq!((first.rate, second.rate), (100.0, 100.0), "{shown}");
            assert_eq!(
                (first.samples.len(), second.samples.len()),
                (50, 30),
                "{shown}"
            );
            // Seconds since 1970 in float64 are accurate to a quarter of a microsecond.
            assert!((first.start - start).abs() < 500, "{shown}");
            assert!(
                (second.start - start - 2_000_000_000).abs() < 500,
                "{shown}"
            );
            let samples = first.samples.iter().chain(&second.samples);
            for (i, (ours, theirs)) in samples.zip(theirs.as_array().unwrap()).enumerate() {
                let theirs = theirs.as_f64();
                let same = theirs.map_or(ours.is_nan(), |theirs| *ours == theirs);
                assert!(same, "{name}, {channel}, row {i}: {ours} is not {theirs:?}");
            }
        }
    }
}

#[test]
fn what_is_left_out_is_named() {
    let notes = read("types_zstd.parquet").notes.join("\n");
    for part in [
        "`label`: texts",
        "`moving`: BOOLEAN",
        "`raw.list.element`: lists",
        "`day`: times",
        "`null`: 2 rows",
    ] {
        assert!(notes.contains(part), "{part}: {notes}");
    }
    let notes = read("pandas_index.csv").notes.join("\n");
    assert!(notes.contains("`what`: texts"), "{notes}");
}

/// Durations of pyarrow look like plain integers to other readers, so they may be microseconds or milliseconds.
#[test]
fn whole_numbers_without_a_unit_are_no_times() {
    for (name, unit) in [("duration.parquet", 1e-6), ("no_unit.parquet", 1e-3)] {
        let path = folder().join(name);
        let error = recording::read(&path, &Hints::default())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("column `time` has numbers without a unit"),
            "{error}"
        );
        let hints = Hints {
            sampling_rate: Some(100.0 / 2.9),
            start: None,
            ..Default::default()
        };
        // No unit fits this rate, so the column is left out and reported.
        let contents = recording::read(&path, &hints).unwrap();
        assert!(
            contents.notes[0].contains("left out column `time`"),
            "{unit} {:?}",
            contents.notes
        );
        assert_eq!(contents.traces.len(), 1);
    }
}

#[test]
fn packed_tables_are_unpacked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("german.csv.gz");
    let plain = std::fs::read(self::folder().join("german.csv")).unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, &plain).unwrap();
    std::fs::write(&path, packed.finish().unwrap()).unwrap();
    let contents = recording::read(&path, &Hints::default()).unwrap();
    assert_eq!(contents, read("german.csv"));
}

/// Rows of several sensors are never taken as one channel.
#[test]
fn sensors_of_one_table_are_told_apart() {
    let notes = read("nodes.parquet").notes.join("\n");
    assert!(
        notes.contains("column `node` tells 2 sensors apart"),
        "{notes}"
    );
}

/// A truncated row, or one that repeats the names, does not shift other rows.
#[test]
fn rows_keep_their_places_without_times() {
    let hints = Hints {
        sampling_rate: Some(10.0),
        start: None,
        ..Default::default()
    };
    let rows = |text: &str| {
        let contents = recording::parse(text.as_bytes(), "csv", &hints).unwrap();
        contents.traces[0].samples.clone()
    };
    assert_eq!(rows("Z,N\n1,2\n2,3\nZ,N\n3,4\n4,5\n"), [1.0, 2.0, 3.0, 4.0]);
    let cut = rows("Z,N\n1,2\n2,3\n3\n4,5\n5,6\n6,7\nend of file\n");
    assert!(cut[2].is_nan(), "{cut:?}");
    assert_eq!((cut.len(), cut[3]), (6, 4.0));
    assert_eq!(
        rows("time,Z\n0.3,4\n0.2,3\n0.1,2\n0.0,1\n"),
        [1.0, 2.0, 3.0, 4.0]
    );
    let falling = "time,Z\n0.4,1\n0.3,2\n0.35,3\n0.2,4\n0.1,5\n0.0,6\n";
    let error = recording::parse(falling.as_bytes(), "csv", &hints)
        .unwrap_err()
        .to_string();
    assert!(error.contains("fall from row to row"), "{error}");
}

#[test]
fn files_that_are_no_tables_are_named() {
    let error = |bytes: &[u8], ending: &str| {
        recording::parse(bytes, ending, &Hints::default())
            .unwrap_err()
            .to_string()
    };
    assert!(error(b"PARExxxxPARE", "parquet").contains("encrypted"));
    assert!(error(b"", "csv").contains("empty"));
    assert!(error(b"PK\x03\x04\0\0", "csv").contains("a zip archive"));
}

/// A file may have a plain footer and some columns that only a key opens.
#[test]
fn encrypted_columns_are_named() {
    let one = read("encrypted_column.parquet");
    let read_columns: Vec<&str> = one.traces.iter().map(|trace| &*trace.channel).collect();
    assert_eq!(read_columns, ["Z"]);
    let notes = one.notes.join("; ");
    let expected = "column `N`, 80 rows: is encrypted: write the file without encryption";
    assert!(notes.contains(expected), "{notes}");
    let all = folder().join("encrypted_columns.parquet");
    let error = recording::read(&all, &Hints::default()).unwrap_err();
    let expected = "column `time`: is encrypted: write the file without encryption";
    assert!(error.to_string().contains(expected), "{error}");
}

/// Programs ask for a rate only if nothing else is missing.
#[test]
fn a_missing_rate_is_told_from_other_problems() {
    let unknown = |text: &str, extension: &str| {
        recording::parse(text.as_bytes(), extension, &Hints::default())
            .unwrap_err()
            .is_rate_unknown()
    };
    assert!(unknown("Z\n1\n2\n", "csv"));
    assert!(unknown("Z\n1\n2\n", "dat"));
    assert!(unknown("time,Z\n5,1\n", "csv"));
    assert!(!unknown("time,Z\n1,1\n0,1\n2,2\n", "csv"));
    assert!(!unknown("a page\nof prose\n", "csv"));
}
