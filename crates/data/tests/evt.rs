//! EVT files of Kinemetrics, compared with ObsPy (`scripts/conformance/make_evt.py`), and damaged ones.

use proptest::prelude::*;

use super::conformance::{self, changed, parse};

/// Bytes of the header of `etna.evt` and its tag, and of a frame.
const HEADER: usize = 2056;
const FRAME: usize = 228;
/// Samples of a frame.
const EACH: usize = 20;

fn bytes(name: &str) -> Vec<u8> {
    conformance::bytes("evt", &format!("{name}.evt"))
}

/// `sound` with a byte of a frame of `etna.evt` changed, and with the right checksum.
fn summed(sound: &[u8], frame: usize, at: usize, with: u8) -> Vec<u8> {
    let tag = HEADER + frame * FRAME;
    let file = changed(sound, tag + 16 + at, &[with]);
    let add = |sum: u16, byte: &u8| sum.wrapping_add((*byte).into());
    let sum = file[tag + 16..tag + FRAME].iter().fold(0, add);
    changed(&file, tag + 14, &sum.to_be_bytes())
}

#[test]
fn every_file_holds_what_obspy_reads() {
    conformance::check_all("evt", 6);
}

#[test]
fn damaged_frames_become_gaps() {
    let sound = bytes("etna");
    let whole = parse(&sound).unwrap().traces;
    let third = HEADER + 2 * FRAME;
    for (damaged, why) in [
        (
            changed(&sound, third + 60, &[sound[third + 60] ^ 1]),
            "frame 3 has the checksum",
        ),
        (
            changed(&sound, third, b"X"),
            "frame 3 has no tag at byte 2512",
        ),
        (changed(&sound, third + 10, &[9]), "frame 3 is cut"),
        (summed(&sound, 2, 0, 6), "frame 3 is of the kind 6"),
        (
            summed(&sound, 2, 14, 0xA0),
            "frame 3 has compressed samples",
        ),
        (summed(&sound, 2, 11, 0b1011), "frame 3 has other channels"),
        (
            summed(&sound, 2, 13, 210),
            "frame 3 has 180 bytes of samples, but its rate and channels tell 189",
        ),
        (summed(&sound, 2, 13, 0), "frame 3 has no sampling rate"),
    ] {
        let contents = parse(&damaged).unwrap();
        assert_eq!(contents.traces.len(), 6, "{why}");
        for (channel, trace) in whole.iter().enumerate() {
            let [before, behind] = [&contents.traces[channel], &contents.traces[channel + 3]];
            assert_eq!(before.samples, trace.samples[..2 * EACH], "{why}");
            assert_eq!(behind.samples, trace.samples[3 * EACH..], "{why}");
            assert_eq!(behind.start, trace.time(3 * EACH), "{why}");
        }
        let notes = contents.notes.all();
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(
            notes[0].starts_with("left out 1 damaged frame of 5: "),
            "{notes:?}"
        );
        assert!(notes[0].contains(why), "{notes:?}");
    }
}

#[test]
fn missing_frames_and_cut_files() {
    let sound = bytes("etna");
    let whole = parse(&sound).unwrap().traces;
    let third = HEADER + 2 * FRAME;
    let gap = [&sound[..third], &sound[third + FRAME..]].concat();
    let contents = parse(&gap).unwrap();
    assert_eq!(contents.traces.len(), 6);
    assert_eq!(contents.traces[3].start, whole[0].time(3 * EACH));
    let note = "the header says 5 frames, but the file has 4";
    assert_eq!(contents.notes, [note]);
    let cut = parse(&sound[..third + 100]).unwrap();
    assert_eq!(cut.traces[2].samples, whole[2].samples[..2 * EACH]);
    assert_eq!(
        cut.notes,
        [
            "left out 1 damaged frame of 3: frame 3 is cut: the file ends within it",
            "the header says 5 frames, but the file has 3"
        ]
    );
    let error = parse(&sound[..HEADER + 100]).unwrap_err();
    assert!(error.contains("frame 1 is cut"), "{error}");
    // Two events in one file, and something else behind the second.
    let end = HEADER + 5 * FRAME;
    let two = [&sound[..end], &bytes("short"), b"something else"].concat();
    let contents = parse(&two).unwrap();
    assert_eq!(contents.traces[..3], whole);
    assert_eq!(contents.traces[3..], parse(&bytes("short")).unwrap().traces);
    let note = "no frame begins at byte 5604: the 14 bytes from there on are left out";
    assert_eq!(contents.notes, [note]);
}

#[test]
fn headers_and_clocks() {
    let sound = bytes("etna");
    let whole = parse(&sound).unwrap().traces;
    let contents = parse(&changed(&sound, 16 + 592, b"X")).unwrap();
    assert_eq!(contents.traces[0].channel, ".XODE..0");
    let note = "the header is damaged, so that the name of the station may be wrong";
    assert_eq!(contents.notes, [note]);
    // Without checksums, and without milliseconds, as in the first version.
    let mut old = changed(&sound, 14, &[0; 2]);
    for tag in (0..5).map(|frame| HEADER + frame * FRAME) {
        old[tag + 14..tag + 16].fill(0);
        old[tag + 16 + 16..tag + 16 + 18].fill(0);
    }
    let contents = parse(&old).unwrap();
    assert!(contents.notes.is_empty(), "{:?}", contents.notes);
    assert_eq!(contents.traces.len(), 3);
    assert_eq!(contents.traces[1].samples, whole[1].samples);
    assert_eq!(contents.traces[1].start, whole[1].start - 300_000_000);
}

proptest! {
    /// Any damage gives an error or samples, and never more than there is room for.
    #[test]
    fn any_damage_is_survived(
        name in prop::sample::select(vec!["etna", "short", "long", "k2", "whitney", "intel"]),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<bool>(), any::<u8>()), 0..12),
        has_checksums in any::<bool>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut file = bytes(name);
        if !has_checksums {
            let tags = (0..file.len() - 16).filter(|at| file[*at] == b'K' && file[at + 1] < 2);
            for at in tags.collect::<Vec<_>>() {
                file[at + 14..at + 16].fill(0);
            }
        }
        for (at, in_frames, byte) in changes {
            let at = at.index(file.len());
            let at = if in_frames { 2056 + at % (file.len() - 2056) } else { at };
            file[at] = byte;
        }
        conformance::check_cut(file, cut)?;
    }
}
