//! Waveform files of SEISAN, compared with ObsPy (`scripts/conformance/make_seisan.py`), and damaged ones.

use proptest::prelude::*;

use super::conformance::{self, parse};

/// Where the first channel begins in files of four bytes a length: behind twelve lines.
const FIRST: usize = 12 * 88;

fn bytes(name: &str) -> Vec<u8> {
    conformance::bytes("seisan", &format!("{name}.seisan"))
}

#[test]
fn every_file_holds_what_obspy_reads() {
    conformance::check_all("seisan", 8);
}

/// `sound` with other bytes in the header of its first channel.
fn changed(sound: &[u8], at: usize, with: &[u8]) -> Vec<u8> {
    conformance::changed(sound, FIRST + 4 + at, with)
}

#[test]
fn damaged_headers_of_channels() {
    let sound = bytes("be");
    let whole = parse(&sound).unwrap().traces;
    for (at, with, why) in [
        (
            17,
            &b"13"[..],
            "channel 1 has `124 122 13  1 23 59  7.255` as its time",
        ),
        (36, b" 6x.50 ", "channel 1 has `6x.50` as its sampling rate"),
        (36, b"   0.00", "channel 1 has no sampling rate"),
        (
            43,
            b"     -5",
            "channel 1 has `-5` as its number of samples",
        ),
    ] {
        let contents = parse(&changed(&sound, at, with)).unwrap();
        assert_eq!(contents.traces, whole[1..]);
        let note = contents.notes[0].to_string();
        assert!(note.starts_with("left out 1 channel: "), "{note}");
        assert!(note.contains(why), "{note}");
    }
    for (at, with, note) in [
        (
            43,
            &b"     39"[..],
            "channel 1 has 39 samples by its header, but 40: these are read",
        ),
        (
            76,
            b"2",
            "channel 1 has 2 bytes for each sample by its header, but 4 for each of 40 samples: they are read so",
        ),
        (
            28,
            b"E",
            "1 channel with an uncertain time by the header (the first: channel 1)",
        ),
    ] {
        let contents = parse(&changed(&sound, at, with)).unwrap();
        assert_eq!(contents.traces, whole);
        assert_eq!(contents.notes, [note]);
    }
    let gain = changed(&changed(&sound, 75, b"G"), 147, b"0.1000000");
    let contents = parse(&gain).unwrap();
    assert_eq!(contents.traces, whole);
    assert_eq!(
        contents.notes,
        [
            "1 channel with a gain factor (`0.1000000` of channel 1), which is not applied, as in ObsPy"
        ]
    );
    // Nothing tells the width of 39 samples in 160 bytes.
    let unknown = changed(&changed(&sound, 43, b"     39"), 76, b" ");
    let contents = parse(&unknown).unwrap();
    assert_eq!(contents.traces, whole[1..]);
    assert!(
        contents.notes[0].contains("39 samples by its header, but 160 bytes of samples"),
        "{:?}",
        contents.notes
    );
}

#[test]
fn damaged_lengths_and_cut_files() {
    let sound = bytes("be");
    let whole = parse(&sound).unwrap().traces;
    // The length before the header of the second channel.
    let second = FIRST + 1048 + 8 + 160;
    let mut file = sound.clone();
    file[second + 3] ^= 1;
    let contents = parse(&file).unwrap();
    assert_eq!(contents.traces, whole[..1]);
    assert_eq!(
        contents.notes,
        [
            "the header says 2 channels, but the file ends after 1",
            "channel 2 and those behind it cannot be read: no whole record begins at byte 2272, so that the file is damaged or cut"
        ]
    );
    let cut = parse(&sound[..second]).unwrap();
    assert_eq!(cut.traces, whole[..1]);
    assert_eq!(cut.notes.len(), 1);
    let error = parse(&sound[..FIRST + 100]).unwrap_err();
    assert!(
        error.contains("no whole record begins at byte 1056"),
        "{error}"
    );
    // Cut within the samples, or with a length that goes beyond the end.
    let cut = parse(&sound[..sound.len() - 10]).unwrap();
    assert_eq!(cut.traces[0], whole[0]);
    assert_eq!(cut.traces[1].samples, whole[1].samples[..39]);
    let note = "channel 2 has 41 samples, but the file ends after 39: these are read";
    assert_eq!(cut.notes, [note]);
    let mut file = sound.clone();
    file[second + 1048] = 0x7F;
    let contents = parse(&file).unwrap();
    assert_eq!(contents.traces, whole[..1]);
    assert!(contents.notes[0].contains("no whole record begins at byte 3320"));
}

#[test]
fn the_number_of_channels_may_be_wrong() {
    let sound = bytes("be");
    let whole = parse(&sound).unwrap().traces;
    for (count, note) in [
        (
            &b"  1"[..],
            "the header says 1 channel, but the file has 2: all are read",
        ),
        (
            b"900",
            "the header says 900 channels, but the file ends after 2",
        ),
        (b" x ", "the header has `x` as its number of channels"),
    ] {
        let contents = parse(&conformance::changed(&sound, 34, count)).unwrap();
        assert_eq!(contents.traces, whole);
        assert_eq!(contents.notes, [note]);
    }
    // Zeros at the end are no channel.
    let padded = [&sound[..], &[0; 100]].concat();
    let contents = parse(&padded).unwrap();
    assert_eq!(contents.traces, whole);
    assert_eq!(
        contents.notes,
        ["the 100 bytes behind the last channel are left out"]
    );
    assert!(!contents.notes[0].is_doubt());
}

/// Samples that fill their blocks end with an empty one, with the file, or where their number says.
#[test]
fn full_blocks() {
    let sound = bytes("pc-short");
    let whole = parse(&sound).unwrap().traces;
    assert_eq!(whole[0].samples.len(), 64);
    let end = sound.len() - 2;
    assert_eq!(sound[end..], [0, 0]);
    assert_eq!(parse(&sound[..end]).unwrap().traces, whole);
    let mut twice = [&sound[..end], &sound[1 + 12 * 82..end], &[0x82]].concat();
    twice[34] = b'2';
    let contents = parse(&twice).unwrap();
    assert_eq!(contents.traces, [&whole[..], &whole].concat());
    assert!(contents.notes.is_empty(), "{:?}", contents.notes);
    // Without blocks, a file that is cut may have samples of either width.
    let error = parse(&sound[..end - 20]).unwrap_err();
    assert!(error.contains("no whole record begins at byte"), "{error}");
    let mut file = sound[..end - 20].to_vec();
    file[1 + 12 * 82 + 1 + 76] = b'2';
    let cut = parse(&file).unwrap();
    assert_eq!(cut.traces[0].samples, whole[0].samples[..54]);
}

proptest! {
    #[test]
    fn any_damage_is_survived(
        name in prop::sample::select(vec!["be", "le", "be-64", "le-64", "pc", "short", "pc-short"]),
        damage in conformance::damage(12),
    ) {
        conformance::check_damaged(bytes(name), damage)?;
    }
}
