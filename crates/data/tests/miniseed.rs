//! Records of every encoding in both byte orders, and sound records amid others, against libmseed
//! (`scripts/conformance/make_miniseed.py`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use data::recording::{self, Contents, Hints, Trace, merge};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    start: i64,
    rate: f64,
    samples: Vec<f64>,
}

type Channels = BTreeMap<String, Vec<Expected>>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/miniseed")
}

fn expected() -> BTreeMap<String, Channels> {
    let text = std::fs::read_to_string(folder().join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn read(name: &str) -> Contents {
    recording::read(&folder().join(format!("{name}.mseed")), &Hints::default()).unwrap()
}

#[test]
fn every_file_holds_what_libmseed_reads() {
    let expected = expected();
    assert!(expected.len() > 40);
    for (name, channels) in &expected {
        let contents = read(name);
        let count: usize = channels.values().map(Vec::len).sum();
        assert_eq!(contents.traces.len(), count, "{name}: {:?}", contents.notes);
        for (channel, parts) in channels {
            let named = |trace: &&Trace| trace.channel == *channel;
            let traces = contents.traces.iter().filter(named);
            for (trace, part) in traces.zip(parts) {
                assert_eq!(trace.samples, part.samples, "{name} {channel}");
                assert_eq!((trace.start, trace.rate), (part.start, part.rate), "{name}");
            }
        }
    }
}

/// The same samples in either byte order of headers and data.
#[test]
fn twins_are_equal() {
    for level in [1, 2] {
        let orders = [
            "be-header-be",
            "be-header-le",
            "le-header-be",
            "le-header-le",
        ];
        let all = orders.map(|order| read(&format!("steim{level}-{order}-data")).traces);
        assert!(all[0][0].samples.len() > 90);
        for other in &all[1..] {
            assert_eq!(*other, all[0], "level {level}");
        }
    }
    assert_eq!(read("order-95-le").traces, read("order-95-be").traces);
    for encoding in [1, 3, 4, 5, 13, 14, 16, 30, 32] {
        let of = |order: &str| read(&format!("encoding-{encoding}-{order}")).traces;
        assert_eq!(of("le"), of("be"), "encoding {encoding}");
    }
}

#[test]
fn what_is_left_out_is_noted() {
    let notes: [(&str, &[&str]); 12] = [
        (
            "noise-inside",
            &["1 place skipped, of 777 bytes that are no miniSEED record (at byte 1024)"],
        ),
        ("noise-first", &["1 place skipped, of 300 bytes"]),
        ("zeros-inside", &["1 place skipped, of 1000 bytes"]),
        ("padding", &[]),
        (
            "full-seed",
            &["3 control records of a full SEED volume skipped"],
        ),
        (
            "text",
            &["2 text records skipped (the first: record 1, at byte 512)"],
        ),
        (
            "cut-last",
            &[
                "1 record left out at the end of the file (record 2, at byte 1024: the record is cut off: 300 of its 512 bytes are there)",
            ],
        ),
        (
            "cut-inside",
            &["1 damaged record left out, as gaps (record 1, at byte 512: "],
        ),
        (
            "damaged",
            &["1 damaged record left out, as gaps (record 2, at byte 1024: the samples end with"],
        ),
        (
            "int32-cut-inside",
            &[
                "1 damaged record left out, as gaps (record 1, at byte 512: 222 bytes of data cannot hold 96 samples of 4",
            ],
        ),
        (
            "order-95-le",
            &[
                "1 record with a byte order that is neither 0 nor 1 read in the order of the header (95 in record 0, at byte 0)",
            ],
        ),
        (
            "no-blockette-1000",
            &["3 records without blockette 1000 read as Steim-1 up to the next record"],
        ),
    ];
    for (name, expected) in notes {
        let contents = read(name);
        assert_eq!(
            contents.notes.len(),
            expected.len(),
            "{name}: {:?}",
            contents.notes
        );
        for (note, expected) in contents.notes.iter().zip(expected) {
            assert!(note.starts_with(expected), "{name}: {note}");
        }
    }
    assert!(read("steim2-le-header-le-data").notes.is_empty());
}

/// A damaged record is a gap where it was, and the rest keeps its times.
#[test]
fn a_damaged_record_is_a_gap() {
    let merged = merge(read("damaged").traces, &["EHZ".into()]).unwrap();
    let lengths: Vec<usize> = merged.stretches.iter().map(|own| own.len()).collect();
    assert_eq!((lengths, merged.gaps), (vec![234, 117], 1));
    let apart = merged.stretches[1].start - merged.stretches[0].end();
    assert_eq!(apart, 1_170_000_000);
}

/// Records whose encoding is not read are named, and lose nothing else.
#[test]
fn other_encodings_are_named() {
    let sound = std::fs::read(folder().join("steim2-be-header-be-data.mseed")).unwrap();
    let mut other = sound.clone();
    other[52] = 19;
    let parse = |bytes: &[u8]| recording::parse(bytes, "", &Hints::default());
    let error = parse(&other).unwrap_err();
    let expected = "no record can be read: 1 record left out, as encoding 19 (Steim-3) is not read";
    assert!(error.starts_with(expected), "{error}");
    let both = parse(&[&other[..], &sound[..]].concat()).unwrap();
    assert_eq!(both.traces, parse(&sound).unwrap().traces);
    assert!(both.notes[0].contains("Steim-3"), "{:?}", both.notes);
}
