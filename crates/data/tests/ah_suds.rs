//! AH and PC-SUDS, compared with ObsPy (`scripts/conformance/make_ah_suds.py`), and damaged files of these.

use data::recording::{self, Hints, parse_time};
use proptest::prelude::*;

use super::conformance::{self, bytes, changed, parse};

#[test]
fn every_file_holds_what_obspy_reads() {
    conformance::check_all("ah", 4);
    conformance::check_all("suds", 9);
}

/// Bytes of a header of version 1 with 21 numbers of the user, and where some fields of it are.
const HEADER: usize = 1080;
const KIND: usize = 656;
const COUNT: usize = 660;
const INTERVAL: usize = 664;
const YEAR: usize = 672;

#[test]
fn damaged_records_of_ah() {
    let sound = bytes("ah", "one.ah");
    let whole = parse(&sound).unwrap().traces;
    let second = HEADER + 4 * 97;
    for (at, with, why, is_last) in [
        (KIND, 2u32, "its samples are of the type 2", true),
        (INTERVAL, 0, "not a valid sampling rate", true),
        (
            YEAR + 4,
            13,
            "the time in its header is [2024, 13, 1, 10, 0] 7.25",
            true,
        ),
        (0, u32::MAX, "its header is damaged", true),
        (992, u32::MAX, "its header is damaged", true),
    ] {
        let contents = parse(&changed(&sound, second + at, &with.to_be_bytes())).unwrap();
        assert_eq!(contents.traces, whole[..1], "{why}");
        let notes = contents.notes.all();
        assert!(
            notes[0].starts_with("left out 1 record of 2: record 2 at byte 1468: "),
            "{notes:?}"
        );
        assert!(notes[0].contains(why), "{notes:?}");
        assert_eq!(notes.len() > 1, is_last, "{notes:?}");
    }
    // Cut within the samples, and with more of them than any memory has room for.
    let cut = parse(&sound[..second - 6]).unwrap();
    assert_eq!(cut.traces[0].samples, whole[0].samples[..95]);
    assert!(cut.notes[0].contains("record 1 has 97 samples, but the data end after 95"));
    let many = parse(&changed(&sound[..second], COUNT, &[0xFF; 4])).unwrap();
    assert_eq!(many.traces[0].samples, whole[0].samples);
    // A record without a time begins when the list says, or at 0.
    let undated = changed(&sound[..second], YEAR, &[0; 20]);
    assert_eq!(parse(&undated).unwrap().traces[0].start, 0);
    let start = parse_time("2024-05-01T00:00:00Z").unwrap();
    let hints = Hints {
        start: Some(start),
        ..Hints::default()
    };
    let given = recording::parse(&undated, "", &hints).unwrap();
    assert_eq!(given.traces[0].start, start);
    let error = parse(&sound[..700]).unwrap_err();
    assert!(
        error.contains("AH with a header that is damaged or cut"),
        "{error}"
    );
}

#[test]
fn damaged_records_of_ah_2() {
    let sound = bytes("ah", "two.ah");
    let whole = parse(&sound).unwrap().traces;
    let length = sound.len() / 2;
    // The length of a record tells where the next one begins, whatever is wrong with it.
    let text = parse(&changed(&sound, 12, &[0x7F; 4])).unwrap_err();
    assert!(text.contains("AH with a header"), "{text}");
    let kind = sound
        .windows(4)
        .position(|window| window == [0, 0, 0, 97])
        .unwrap()
        - 4;
    let contents = parse(&changed(&sound, kind, &[0, 0, 0, 4])).unwrap();
    assert_eq!(contents.traces, whole[1..]);
    let note = contents.notes[0].to_string();
    assert!(
        note.starts_with(
            "left out 1 record of 2: record 1 at byte 0: its samples are of the type 4"
        ),
        "{note}"
    );
    let contents = parse(&changed(&sound, length, &[1])).unwrap();
    assert_eq!(contents.traces, whole[..1]);
    assert!(contents.notes[0].contains("does not begin with the number 1100"));
    let cut = parse(&sound[..sound.len() - 5]).unwrap();
    assert_eq!(cut.traces[1].samples, whole[1].samples[..95]);
}

#[test]
fn damaged_structures_of_suds() {
    let sound = bytes("suds", "two.dmx");
    let whole = parse(&sound).unwrap().traces;
    let trace = 12 + 76;
    let description = trace + 12;
    for (at, with, why) in [
        (description + 22, &b"r"[..], "has samples of the type `r`"),
        (description + 28, &[0xFF; 4], "has -1 samples"),
        (description + 32, &[0; 4], "has no sampling rate"),
        (description + 12, &[0x7F; 8], "which is no time"),
    ] {
        let contents = parse(&changed(&sound, at, with)).unwrap();
        assert_eq!(contents.traces, whole[1..], "{why}");
        let note = contents.notes[0].to_string();
        assert!(
            note.starts_with("left out 1 trace: the structure at byte 88 "),
            "{note}"
        );
        assert!(note.contains(why), "{note}");
    }
    let contents = parse(&changed(&sound, description + 28, &[90, 0, 0, 0])).unwrap();
    assert_eq!(contents.traces[0].samples, whole[0].samples[..90]);
    assert!(contents.notes[0].contains("its data 97: the first 90 are read"));
    let contents = parse(&changed(&sound, description + 28, &[0, 1, 0, 0])).unwrap();
    assert_eq!(contents.traces, whole);
    assert!(contents.notes[0].contains("trace 1 has 256 samples, but its data end after 97"));
    let contents = parse(&changed(&sound, description + 52, &1f64.to_le_bytes())).unwrap();
    assert!(
        contents.notes[0].contains("corrections of its time by 1 s"),
        "{:?}",
        contents.notes
    );
    // Numbers that are not known are no corrections.
    let contents = parse(&changed(
        &sound,
        description + 52,
        &(-32767f64).to_le_bytes(),
    ))
    .unwrap();
    assert!(contents.notes.is_empty());
    // What is behind a structure that is none is left out.
    let end = description + 64 + 4 * 97;
    let contents = parse(&changed(&sound, end, b"T")).unwrap();
    assert_eq!(contents.traces, whole[..1]);
    assert!(
        contents.notes[0].contains("no structure begins at byte 552"),
        "{:?}",
        contents.notes
    );
    let multiplexed = parse(&changed(&sound, trace + 2, &[6])).unwrap();
    assert!(multiplexed.notes[0].contains("left out 1 structure with multiplexed samples"));
    assert_eq!(multiplexed.traces, whole[1..]);
    let cut = parse(&sound[..end - 5]).unwrap();
    assert_eq!(cut.traces[0].samples, whole[0].samples[..95]);
}

proptest! {
    /// Changed anywhere, files are read or refused.
    #[test]
    fn changes_anywhere(at in 0usize..3000, with in proptest::collection::vec(any::<u8>(), 0..12), which in 0usize..4) {
        let (format, name) = [("ah", "one.ah"), ("ah", "attributes.ah"), ("ah", "two.ah"), ("suds", "two.dmx")][which];
        let sound = bytes(format, name);
        let at = at % (sound.len() - with.len());
        let _ = parse(&changed(&sound, at, &with));
    }
}

/// SAC has its version where this record has the length of a text.
#[test]
fn a_record_of_ah_with_the_version_of_sac() {
    let sound = bytes("ah", "attributes.ah");
    for version in [6, 7] {
        let file = changed(&sound, 304, &[0, 0, 0, version]);
        assert_eq!(parse(&file).unwrap(), parse(&sound).unwrap());
    }
}
