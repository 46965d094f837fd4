//! Y files of Nanometrics, compared with ObsPy (`scripts/conformance/make_y.py`), and damaged ones.

use proptest::prelude::*;

use super::conformance::{self, parse};

/// Where the tags of the names, the parameters, the series and the samples are.
const NAMES: usize = 16;
const PARAMETERS: usize = 299;
const SERIES: usize = 539;
const SAMPLES: usize = 903;

fn bytes(name: &str) -> Vec<u8> {
    conformance::bytes("y", &format!("{name}.y"))
}

/// `intel.y` with other bytes from `at` on.
fn changed(at: usize, with: &[u8]) -> Vec<u8> {
    conformance::changed(&bytes("intel"), at, with)
}

#[test]
fn every_file_holds_what_obspy_reads() {
    conformance::check_all("y", 3);
}

#[test]
fn what_is_missing_is_refused() {
    let kind = |at: usize| changed(at + 2, &[99]);
    for (damaged, why) in [
        (
            kind(SERIES),
            "the tag at byte 903 has samples, but no tag of the kind 5",
        ),
        (
            kind(PARAMETERS),
            "the tag at byte 903 has samples, but no tag of the kind 3",
        ),
        (
            kind(SAMPLES),
            "is missing: the file ends before its samples",
        ),
        (changed(SERIES, b"X"), "the tag at byte 539 is none"),
        (changed(SERIES + 7, &[0xFF]), "the tag at byte 539 is none"),
        (
            changed(SERIES + 16 + 22, &[0xFF, 0x7F]),
            "the tag at byte 539 has a start",
        ),
        (
            changed(PARAMETERS + 16 + 40, &[0; 4]),
            "has samples without a sampling rate",
        ),
        (
            bytes("intel")[..SERIES + 50].to_vec(),
            "the tag at byte 539 of the kind 5 has too few bytes",
        ),
    ] {
        let error = parse(&damaged).unwrap_err();
        assert!(error.contains(why), "{why}: {error}");
    }
}

#[test]
fn what_contradicts_is_noted() {
    let whole = parse(&bytes("intel")).unwrap().traces;
    for (damaged, count, note) in [
        (
            changed(SERIES + 16 + 32, &[80]),
            80,
            "the header says 80 samples, but the file has 90: 80 are read",
        ),
        (
            changed(SERIES + 16 + 32, &[0xFF; 4]),
            90,
            "the header says 4294967295 samples, but the file has 90: 90 are read",
        ),
        (
            bytes("intel")[..SAMPLES + 16 + 41].to_vec(),
            10,
            "the header says 90 samples, but the file has 10: 10 are read",
        ),
        (changed(SERIES + 16 + 40, &[0; 8]), 90, ""),
        (
            changed(SERIES + 16 + 40, &[1, 0, 0, 0]),
            90,
            "but the header says from",
        ),
        (
            changed(PARAMETERS + 16 + 40, &50f32.to_le_bytes()),
            90,
            "the header says that the last sample is of 2024-05-01T23:59:58.67",
        ),
    ] {
        let contents = parse(&damaged).unwrap();
        assert_eq!(contents.traces[0].samples, whole[0].samples[..count]);
        assert_eq!(contents.traces[0].start, whole[0].start);
        if note.is_empty() {
            assert!(contents.notes.is_empty(), "{:?}", contents.notes);
        } else {
            assert!(contents.notes[0].contains(note), "{:?}", contents.notes);
        }
    }
    // Without names, ObsPy has none either.
    let unnamed = parse(&changed(NAMES + 2, &[99])).unwrap();
    assert_eq!(unnamed.traces[0].channel, "...");
    // Samples in the other byte order than the tags: the extremes of the header tell.
    let mut file = bytes("motorola");
    for word in file[SAMPLES + 16..].chunks_mut(4) {
        word.reverse();
    }
    let turned = parse(&file).unwrap();
    assert_eq!(turned.traces, whole);
    assert!(turned.notes[0].contains("the headers are big-endian"));
    // Joined files, the second of which is damaged.
    let two = [&bytes("intel")[..], &bytes("short")].concat();
    let both = parse(&two).unwrap();
    assert_eq!(both.traces[1..], parse(&bytes("short")).unwrap().traces);
    assert!(both.notes.is_empty(), "{:?}", both.notes);
    let cut = parse(&two[..two.len() - 300]).unwrap();
    assert_eq!(cut.traces, whole);
    assert!(cut.notes[0].contains("nothing from there on is read"));
}

proptest! {
    #[test]
    fn any_damage_is_survived(
        name in prop::sample::select(vec!["intel", "motorola", "short"]),
        damage in conformance::damage(12),
    ) {
        conformance::check_damaged(bytes(name), damage)?;
    }
}
