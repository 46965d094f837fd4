//! WIN and WIN32, compared with ObsPy (`scripts/conformance/make_win.py`), and what ObsPy does not do: gaps, other years, damaged blocks.

use std::collections::BTreeMap;

use data::recording::parse_time;
use proptest::prelude::*;

use super::conformance::{self, Expected, parse};

/// A block of channels, given as the bytes behind the time.
fn block(time: [u8; 6], channels: &[&[u8]]) -> Vec<u8> {
    let body = channels.concat();
    let size = (body.len() + 10) as u32;
    [&size.to_be_bytes()[..], &time, &body].concat()
}

/// A channel with three samples, the differences of which are bytes.
const CHANNEL: &[u8] = &[0x32, 0x0A, 0x10, 3, 0, 0, 0, 5, 1, 0xFE];

#[test]
fn every_file_holds_what_obspy_reads() {
    let all: BTreeMap<String, Vec<Expected>> = conformance::expected("win");
    assert_eq!(all.len(), 3);
    for (name, expected) in &all {
        let contents = conformance::read("win", name).unwrap();
        assert_eq!(contents.notes.len(), 1, "{name}: {:?}", contents.notes);
        assert!(contents.notes[0].contains("no time zone"));
        conformance::check_traces(name, &contents, expected);
    }
}

#[test]
fn blocks_are_at_their_times() {
    let second = |second: u8| block([0x24, 5, 1, 0x10, 0x59, second], &[CHANNEL]);
    let all = [second(0x57), second(0x58), second(0x60), second(0x59)].concat();
    let traces = parse(&all).unwrap().traces;
    let starts: Vec<i64> = traces.iter().map(|trace| trace.start).collect();
    let expected = ["10:59:57Z", "11:00:00Z", "10:59:59Z"]
        .map(|time| parse_time(&format!("2024-05-01T{time}")).unwrap());
    assert_eq!(starts, expected);
    assert_eq!(traces[0].channel, "320a");
    assert_eq!(traces[0].samples, [5.0, 6.0, 4.0, 5.0, 6.0, 4.0]);
    // Another rate is a trace of its own, and years from 70 on are of the last century.
    let slow = [&CHANNEL[..3], &[2], &CHANNEL[4..9]].concat();
    let old = [
        block([0x94, 5, 1, 0, 0, 0], &[CHANNEL]),
        block([0x94, 5, 1, 0, 0, 1], &[&slow]),
    ];
    let traces = parse(&old.concat()).unwrap().traces;
    assert_eq!(traces.len(), 2);
    assert_eq!(traces[0].start, parse_time("1994-05-01T00:00:00Z").unwrap());
    assert_eq!(traces[1].rate, 2.0);
}

#[test]
fn damaged_blocks_are_left_out() {
    let sound = block([0x24, 5, 1, 0x10, 0x59, 0x57], &[CHANNEL, CHANNEL]);
    let second = block([0x24, 5, 1, 0x10, 0x59, 0x58], &[CHANNEL, CHANNEL]);
    let third = block([0x24, 5, 1, 0x10, 0x59, 0x59], &[CHANNEL]);
    let changed = |at: usize, byte: u8| {
        let mut block = second.clone();
        block[at] = byte;
        parse(&[&sound[..], &block, &third].concat()).unwrap()
    };
    for (at, byte, why) in [
        (5, 0x13, "has no size and time of a block"),
        (7, 0x24, "has no size and time of a block"),
        (12, 0x50, "channel 320a has differences of width 5"),
        (13, 0, "channel 320a has no samples"),
        (13, 15, "ends within a channel"),
        (22, 0x20, "ends within a channel"),
    ] {
        let contents = changed(at, byte);
        let note = contents.notes[1].to_string();
        assert!(
            note.starts_with("left out 1 damaged block of 3: block 2 at byte 30 "),
            "{note}"
        );
        assert!(note.contains(why), "{note}");
        // Both channels have one number, so that the first block is two traces.
        assert_eq!(contents.traces.len(), 3);
    }
    // A size that is none ends the file, and a block that is cut off is left out.
    let contents = changed(0, 0xFF);
    assert!(contents.notes[1].contains("nothing is read from byte 30 on"));
    assert!(contents.notes[2].contains("1 damaged block of 2"));
    assert_eq!(contents.traces.len(), 2);
    let cut = [&sound[..], &second[..29]].concat();
    let contents = parse(&cut).unwrap();
    assert!(contents.notes[1].contains("has 30 bytes, but the file ends after 29 of them"));
    // A block of size 0 ends the recording, as in ObsPy.
    let contents = parse(&[&sound[..], &[0; 8], &second].concat()).unwrap();
    assert!(contents.notes[1].contains("a block of size 0 at byte 30"));
    assert_eq!(contents.traces.len(), 2);
    let error = parse(&[&sound[..12], &[0x70], &sound[13..]].concat()).unwrap_err();
    assert!(!error.is_empty());
}

/// A block of WIN32 with a part of a second.
fn block_32(time: [u8; 8], tenths: u32, channels: &[&[u8]]) -> Vec<u8> {
    let body = channels.concat();
    let size = body.len() as u32;
    [&time[..], &tenths.to_be_bytes(), &size.to_be_bytes(), &body].concat()
}

#[test]
fn blocks_of_win32() {
    let channel = [&[1u8, 2][..], CHANNEL].concat();
    let time = |second: u8| [0x20, 0x24, 5, 1, 0x10, 0x59, second, 0];
    let all = [
        vec![0; 4],
        block_32(time(0x57), 10, &[&channel]),
        block_32(time(0x58), 10, &[&channel]),
        block_32(time(0x59), 20, &[&channel]),
    ];
    let traces = parse(&all.concat()).unwrap().traces;
    assert_eq!(traces.len(), 2);
    assert_eq!(traces[0].channel, "320a");
    assert_eq!(traces[0].start, parse_time("2024-05-01T10:59:57Z").unwrap());
    assert_eq!(traces[0].samples, [5.0, 6.0, 4.0, 5.0, 6.0, 4.0]);
    assert_eq!(traces[1].rate, 1.5);
    // Two networks may number their channels alike.
    let other = [&[1u8, 3][..], CHANNEL].concat();
    let two = [vec![0; 4], block_32(time(0x57), 10, &[&channel, &other])];
    let traces = parse(&two.concat()).unwrap().traces;
    assert_eq!(
        [&*traces[0].channel, &*traces[1].channel],
        ["0102320a", "0103320a"]
    );
    // A damaged time, and a block that is cut off.
    let mut file = all.concat();
    file[4 + 30] = 0xFF;
    file.pop();
    let contents = parse(&file).unwrap();
    assert_eq!(contents.traces.len(), 1);
    assert!(
        contents.notes[1].contains("left out 2 damaged blocks of 3: block 2 at byte 32 has no"),
        "{:?}",
        contents.notes
    );
    let error = parse(&[&file[..8], &[0x70], &file[9..]].concat()).unwrap_err();
    assert!(!error.is_empty());
}

/// Differences of 4, 8, 16, 24 or 32 bits of any samples, as the format has them.
fn encoded(number: u16, samples: &[i32], width: u8) -> Vec<u8> {
    let rate = samples.len() as u16;
    let kind = u16::from(width) << 12 | rate;
    let mut bytes = [number.to_be_bytes(), kind.to_be_bytes()].concat();
    bytes.extend(samples[0].to_be_bytes());
    let differences = samples.windows(2).map(|two| two[1].wrapping_sub(two[0]));
    if width == 0 {
        let nibbles: Vec<u8> = differences
            .map(|difference| difference as u8 & 15)
            .collect();
        bytes.extend(
            nibbles
                .chunks(2)
                .map(|two| two[0] << 4 | two.get(1).unwrap_or(&0)),
        );
    } else {
        bytes
            .extend(differences.flat_map(|difference| {
                difference.to_be_bytes()[4 - usize::from(width)..].to_vec()
            }));
    }
    bytes
}

proptest! {
    #[test]
    fn samples_are_those_that_were_written(
        width in 0u8..5,
        first in any::<i32>(),
        steps in proptest::collection::vec(any::<i32>(), 0..400),
    ) {
        let bits = match width { 0 => 4, width => 8 * u32::from(width) };
        let mut value = first;
        let mut samples = vec![first];
        for step in steps {
            value = value.wrapping_add(step >> (32 - bits));
            samples.push(value);
        }
        let bytes = block([0x24, 5, 1, 0x10, 0, 0], &[&encoded(7, &samples, width)]);
        let traces = parse(&bytes).unwrap().traces;
        let expected: Vec<f64> = samples.iter().copied().map(f64::from).collect();
        prop_assert_eq!(&traces[0].samples, &expected);
        prop_assert_eq!(traces[0].rate, expected.len() as f64);
    }

    /// Any bytes behind a sound beginning are read or refused.
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let sound = block([0x24, 5, 1, 0x10, 0, 0], &[CHANNEL]);
        let _ = parse(&[&sound[..], &bytes].concat());
    }
}
