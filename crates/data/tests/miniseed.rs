//! Records of every encoding in both byte orders, and sound records among other data, compared with libmseed
//! (`scripts/conformance/make_miniseed.py`).

use std::collections::BTreeMap;

use data::recording::{self, Contents, Hints, Trace, merge};
use proptest::prelude::*;
use serde::Deserialize;

use super::conformance;

#[derive(Deserialize)]
struct Expected {
    start: i64,
    rate: f64,
    samples: Vec<f64>,
}

type Channels = BTreeMap<String, Vec<Expected>>;

fn expected() -> BTreeMap<String, Channels> {
    conformance::expected("miniseed")
}

fn read(name: &str) -> Contents {
    conformance::read("miniseed", &format!("{name}.mseed")).unwrap()
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

/// The byte orders of headers and data do not affect the samples.
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
            &["1 place skipped, of 777 bytes that are not miniSEED records (at byte 1024)"],
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
                "1 record left out at the end of the file (record 2, at byte 1024: the record is truncated: 300 of its 512 bytes are there)",
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

/// A damaged record leaves a gap, and the other records keep their times.
#[test]
fn a_damaged_record_is_a_gap() {
    let merged = merge(read("damaged").traces, &["EHZ".into()]).unwrap();
    let lengths: Vec<usize> = merged
        .stretches
        .iter()
        .map(|stretch| stretch.len())
        .collect();
    assert_eq!((lengths, merged.gaps), (vec![234, 117], 1));
    let apart = merged.stretches[1].start - merged.stretches[0].end();
    assert_eq!(apart, 1_170_000_000);
}

/// Records with an unsupported encoding are reported and affect no others.
#[test]
fn other_encodings_are_named() {
    let sound =
        std::fs::read(conformance::folder("miniseed").join("steim2-be-header-be-data.mseed"))
            .unwrap();
    let mut other = sound.clone();
    other[52] = 19;
    let parse = |bytes: &[u8]| recording::parse(bytes, "", &Hints::default());
    let error = parse(&other).unwrap_err().to_string();
    let expected =
        "no record can be read: 1 record left out, as encoding 19 (Steim-3) is not supported";
    assert!(error.starts_with(expected), "{error}");
    let both = parse(&[&other[..], &sound[..]].concat()).unwrap();
    assert_eq!(both.traces, parse(&sound).unwrap().traces);
    assert!(both.notes[0].contains("Steim-3"), "{:?}", both.notes);
}

/// A record of 50 integers from second `second` of a day on, whose blockette 100 says `rate`.
fn measured(second: f64, rate: f32) -> Vec<u8> {
    let mut record = b"000001D STA    HHZXX".to_vec();
    record.extend([2024u16, 122].map(u16::to_be_bytes).concat());
    record.extend([0, 0, second as u8, 0]);
    record.extend(((second.fract() * 1e4) as u16).to_be_bytes());
    record.extend([50u16, 100, 1].map(u16::to_be_bytes).concat());
    record.extend([0, 0, 0, 2, 0, 0, 0, 0]);
    record.extend([128u16, 48].map(u16::to_be_bytes).concat());
    record.extend([1000u16, 56].map(u16::to_be_bytes).concat());
    record.extend([3, 1, 9, 0]);
    record.extend([100u16, 0].map(u16::to_be_bytes).concat());
    record.extend(rate.to_be_bytes());
    record.resize(128, 0);
    record.extend((0i32..50).flat_map(i32::to_be_bytes));
    record.resize(512, 0);
    record
}

/// Recorders with GPS measure their rate for each record.
#[test]
fn rates_that_are_measured_for_each_record_are_one_trace() {
    let traces = |rates: &[f32]| {
        let records = rates.iter().enumerate();
        let records = records.map(|(i, rate)| measured(i as f64 / 2.0, *rate));
        let bytes = records.collect::<Vec<_>>().concat();
        let traces = recording::parse(&bytes, "", &Hints::default()).unwrap();
        let traces = traces.traces.into_iter();
        traces.map(|trace| trace.samples.len()).collect::<Vec<_>>()
    };
    assert_eq!(traces(&[100.0, 100.0003, 99.9997, 100.004]), [200]);
    // Other clocks.
    assert_eq!(traces(&[100.0, 100.2]), [50, 50]);
    // What is no rate leaves that of the header.
    assert_eq!(traces(&[100.0, f32::INFINITY, f32::NAN, 0.0]), [200]);
}

/// Sound records of several kinds, and their samples.
fn sound() -> Vec<(Vec<u8>, usize)> {
    let names = [
        "steim1-be-header-be-data",
        "steim1-le-header-le-data",
        "steim2-be-header-le-data",
        "steim2-le-header-be-data",
        "encoding-5-be",
        "encoding-30-le",
    ];
    let one = |name: &str| {
        let bytes =
            std::fs::read(conformance::folder("miniseed").join(format!("{name}.mseed"))).unwrap();
        (bytes, read(name).traces[0].samples.len())
    };
    names.map(one).to_vec()
}

/// The first two bytes of gzip before a record do not make the file a packed one.
#[test]
fn foreign_bytes_like_gzip_are_skipped() {
    let (record, count) = &sound()[0];
    let bytes = [&[0x1f, 0x8b], &record[..]].concat();
    let contents = recording::parse(&bytes, "", &Hints::default()).unwrap();
    assert_eq!(contents.traces[0].samples.len(), *count);
}

proptest! {
    /// All samples of sound records are read, and no others, whatever lies between the records.
    #[test]
    fn sound_records_are_found_amid_anything(
        parts in proptest::collection::vec((0usize..6, proptest::collection::vec(any::<u8>(), 0..300), any::<bool>()), 1..6),
    ) {
        let sound = sound();
        let (mut bytes, mut samples) = (Vec::new(), 0);
        for (kind, noise, zeros) in parts {
            let (record, count) = &sound[kind];
            bytes.extend(noise.iter().map(|byte| if zeros { 0 } else { *byte }));
            bytes.extend(record);
            samples += count;
        }
        let contents = recording::parse(&bytes, "", &Hints::default()).unwrap();
        let read: usize = contents.traces.iter().map(|trace| trace.samples.len()).sum();
        prop_assert_eq!(read, samples, "{:?}", contents.notes);
    }

    /// A truncated record loses only its own samples: the records after it are found.
    #[test]
    fn a_record_that_is_cut_loses_itself_alone(first in 0usize..4, cut in 60usize..511, then in 0usize..4) {
        let sound = sound();
        let (whole, cut_off) = (&sound[then], &sound[first].0[..cut]);
        let bytes = [&whole.0[..], cut_off, &whole.0[..]].concat();
        let contents = recording::parse(&bytes, "", &Hints::default()).unwrap();
        let read: usize = contents.traces.iter().map(|trace| trace.samples.len()).sum();
        // Frames after the last sample may be missing.
        let all = [2 * whole.1, 2 * whole.1 + sound[first].1];
        prop_assert!(all.contains(&read), "{read} of {all:?}: {:?}", contents.notes);
    }

    /// Any damage gives an error or samples, never a panic, and never more samples than the bytes can hold.
    #[test]
    fn any_damage_is_survived(
        parts in proptest::collection::vec(0usize..6, 1..4),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let sound = sound();
        let mut bytes: Vec<u8> = parts.iter().flat_map(|part| sound[*part].0.clone()).collect();
        for (at, byte) in changes {
            let length = bytes.len();
            bytes[at.index(length)] = byte;
        }
        bytes.truncate(cut.index(bytes.len()) + 1);
        if let Ok(contents) = recording::parse(&bytes, "", &Hints::default()) {
            let samples: usize = contents.traces.iter().map(|trace| trace.samples.len()).sum();
            prop_assert!(samples <= 2 * bytes.len());
        }
    }
}
