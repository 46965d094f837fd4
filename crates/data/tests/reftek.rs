//! Files of a Reftek 130, compared with ObsPy (`scripts/conformance/make_reftek.py`), and damaged ones.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::conformance::{self, Expected, parse};

const PACKET: usize = 1024;

fn bytes(name: &str) -> Vec<u8> {
    conformance::bytes("reftek", name)
}

#[test]
fn every_file_holds_what_obspy_reads() {
    let all: BTreeMap<String, Vec<Expected>> = conformance::expected("reftek");
    assert_eq!(all.len(), 5);
    for (name, expected) in &all {
        let contents = conformance::read("reftek", name).unwrap();
        conformance::check_traces(name, &contents, expected);
        let notes: &[&str] = match &**name {
            "steim1.rt130" => &["left out 1 packet with the state of the recorder"],
            _ => &[],
        };
        assert_eq!(contents.notes.all(), notes, "{name}");
    }
}

#[test]
fn damaged_packets_are_left_out() {
    let sound = bytes("integers.rt130");
    let whole = parse(&sound).unwrap().traces;
    // The second packet of the first channel.
    let at = 3 * PACKET;
    for (place, with, why) in [
        (0, &b"XX"[..], "is of no known type"),
        (8, &[0x09], "has an impossible time"),
        (17, &[0x0A], "has a number with other digits"),
        (17, &[0x07], "belongs to event 7, of which there is neither"),
        (
            20,
            &[2, 0x51],
            "has no room for the 251 samples that it states",
        ),
        (
            23,
            &[0x16],
            "has samples of the format 16, but its event 32",
        ),
    ] {
        let mut file = sound.clone();
        file[at + place..at + place + with.len()].copy_from_slice(with);
        let contents = parse(&file).unwrap();
        assert_eq!(contents.traces[0].samples, whole[0].samples[..250]);
        let note = contents.notes[0].to_string();
        assert!(
            note.starts_with("left out 1 damaged packet of 5: packet 4 "),
            "{note}"
        );
        assert!(note.contains(why), "{note}");
    }
    // Another format of samples, and no rate.
    let of_all = |place: usize, with: &[u8]| {
        let mut file = sound.clone();
        for packet in file.chunks_mut(PACKET) {
            packet[place..place + with.len()].copy_from_slice(with);
        }
        parse(&file).unwrap_err()
    };
    let error = of_all(23, &[0x33]);
    assert!(
        error.contains("the format 33, which is not read"),
        "{error}"
    );
    let error = of_all(24 + 64, b"0.0 ");
    assert!(error.contains("packet 2 has no sampling rate"), "{error}");
    let error = of_all(24 + 64, b"none");
    assert!(error.contains("neither header nor trailer"), "{error}");
    let contents = parse(&sound[..4 * PACKET + 100]).unwrap();
    assert_eq!(contents.traces, whole);
    assert!(contents.notes[0].contains("the last 100 bytes are no whole packet"));
    let steim = bytes("steim2.rt130");
    let mut file = steim.clone();
    file[24 + 40 + 9] ^= 1;
    let contents = parse(&file).unwrap();
    assert!(contents.notes[0].contains("packet 1 has damaged samples"));
}

/// The next event goes on the trace of the last one only where it begins within half a sample of its end. All samples are
/// kept.
#[test]
fn events_in_succession() {
    let sound = bytes("events.rt130");
    let whole = parse(&sound).unwrap().traces;
    assert_eq!(whole[0].samples.len(), 100);
    let (first, second) = whole[0].samples.split_at(50);
    // At 50 Hz, and without a jump at 255 ms.
    for (millis, digits, goes_on) in [
        (255, 0x55, true),
        (264, 0x64, true),
        (266, 0x66, false),
        (246, 0x46, true),
        (244, 0x44, false),
    ] {
        let mut file = sound.clone();
        // The packet with the samples of the second event.
        file[4 * PACKET + 11] = digits;
        let traces = parse(&file).unwrap().traces;
        if goes_on {
            assert_eq!(traces, whole, "{millis}");
            continue;
        }
        assert_eq!(traces.len(), 3, "{millis}");
        assert_eq!((&*traces[0].samples, &*traces[1].samples), (first, second));
        let late = (millis - 255) * 1_000_000;
        assert_eq!(traces[1].start - traces[0].end(), late, "{millis}");
    }
}

/// Without samples, it is no recording.
#[test]
fn packets_with_the_state_alone() {
    let state = &bytes("steim1.rt130")[..PACKET];
    assert!(parse(state).unwrap().traces.is_empty());
    let other = [b"EH", &[b' '; 2000][..]].concat();
    assert!(parse(&other).unwrap_err().contains("unknown format"));
}

proptest! {
    /// Any damage gives an error or samples, and never more than there is room for.
    #[test]
    fn any_damage_is_survived(
        name in prop::sample::select(vec!["integers.rt130", "short.rt130", "steim1.rt130", "steim2.rt130", "events.rt130"]),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<bool>(), any::<u8>()), 0..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut file = bytes(name);
        for (at, in_header, byte) in changes {
            let at = at.index(file.len());
            let at = if in_header { at / PACKET * PACKET + at % 24 } else { at };
            file[at] = byte;
        }
        file.truncate(cut.index(file.len()) + 1);
        if let Ok(contents) = parse(&file) {
            let samples: usize = contents.traces.iter().map(|trace| trace.samples.len()).sum();
            prop_assert!(samples <= 2 * file.len());
        }
    }
}
