//! RG16 files of Fairfield's nodes, compared with ObsPy (`scripts/conformance/make_rg16.py`), and damaged ones.

use proptest::prelude::*;

use super::conformance::{self, parse};

/// Bytes before the blocks of `three.rg16`, of a block, and samples of a block.
const FIRST: usize = 256;
const BLOCK: usize = 228;
const EACH: usize = 20;

fn bytes(name: &str) -> Vec<u8> {
    conformance::bytes("rg16", &format!("{name}.rg16"))
}

/// `three.rg16` with other bytes from `at` of its second block on.
fn second(at: usize, with: &[u8]) -> Vec<u8> {
    conformance::changed(&bytes("three"), FIRST + BLOCK + at, with)
}

#[test]
fn every_file_holds_what_obspy_reads() {
    conformance::check_all("rg16", 2);
}

#[test]
fn damaged_blocks_become_gaps() {
    let whole = parse(&bytes("three")).unwrap().traces;
    for (damaged, note) in [
        (
            second(9, &[2]),
            "left out 1 damaged block of 9: block 2 has 2 headers, and the third would have its time",
        ),
        (
            second(84, &[0xFF]),
            "left out 1 damaged block of 9: block 2 begins 18376",
        ),
        (
            second(27, &[1]),
            "left out 1 damaged block of 9: block 2 has a length behind which there is no block: its headers are damaged",
        ),
        (
            second(9, &[5]),
            "left out 1 damaged block of 9: block 2 has a length behind which there is no block: its headers are damaged",
        ),
        (
            second(1, &[9]),
            "left out 1 damaged block of 9: block 2 does not begin with the number of the file",
        ),
        (second(11, &[1]), "left out 1 block of dead channels"),
    ] {
        let contents = parse(&damaged).unwrap();
        assert_eq!(contents.traces.len(), 4, "{note}");
        assert_eq!(contents.traces[0].samples, whole[0].samples[..EACH]);
        assert_eq!(contents.traces[1].samples, whole[0].samples[2 * EACH..]);
        assert_eq!(contents.traces[1].start, whole[0].time(2 * EACH));
        assert_eq!(contents.traces[2..], whole[1..]);
        assert_eq!(contents.notes.len(), 1, "{:?}", contents.notes);
        assert!(contents.notes[0].starts_with(note), "{:?}", contents.notes);
    }
}

#[test]
fn cut_files_and_other_headers() {
    let sound = bytes("three");
    let whole = parse(&sound).unwrap().traces;
    let cut = parse(&sound[..sound.len() - 10]).unwrap();
    assert_eq!(cut.traces[2].samples, whole[2].samples[..3 * EACH - 3]);
    let note = "block 9 has 20 samples, but the file ends after 17: these are read";
    assert_eq!(cut.notes, [note]);
    let cut = parse(&sound[..FIRST + 5 * BLOCK + 50]).unwrap();
    assert_eq!(cut.traces[1].samples, whole[1].samples[..2 * EACH]);
    assert_eq!(
        cut.notes,
        [
            "the header says 9 blocks, but the file has 5",
            "no block begins at byte 1396: the 50 bytes from there on are left out"
        ]
    );
    let changed = |at: usize, with: u8| {
        let mut file = sound.clone();
        file[at] = with;
        parse(&file)
    };
    let error = changed(22, 0).unwrap_err();
    assert!(error.contains("has no sampling rate"), "{error}");
    let error = changed(43, 7).unwrap_err();
    assert!(error.contains("SEG-D of a Fairfield node"), "{error}");
    let error = changed(38, 9).unwrap_err();
    assert!(
        error.contains("block 1 does not begin at byte 448"),
        "{error}"
    );
    assert_eq!(changed(0, 7).unwrap().traces, whole);
    // ObsPy has names for four rates only.
    assert_eq!(changed(22, 160).unwrap().traces[0].channel, "4.1.1.EP3");
}

proptest! {
    #[test]
    fn any_damage_is_survived(
        name in prop::sample::select(vec!["three", "gap"]),
        damage in conformance::damage(12),
    ) {
        conformance::check_damaged(bytes(name), damage)?;
    }
}
