//! SEG-Y files of every format of samples, compared with ObsPy (`scripts/conformance/make_segy.py`).

use std::collections::BTreeMap;

use data::recording::{self, Contents, Hints};

use super::conformance::{self, Expected};

fn read(name: &str) -> Contents {
    conformance::read("segy", &format!("{name}.sgy")).unwrap()
}

#[test]
fn every_file_holds_what_obspy_reads() {
    let all: BTreeMap<String, Vec<Expected>> = conformance::expected("segy");
    assert!(all.len() > 20);
    for (name, expected) in &all {
        let contents = read(name);
        assert_eq!(contents.traces.len(), expected.len(), "{name}");
        for (trace, expected) in contents.traces.iter().zip(expected) {
            assert_eq!(trace.samples, expected.samples, "{name}");
            assert_eq!(trace.channel, expected.channel, "{name}");
            assert_eq!(
                (trace.rate, trace.start),
                (expected.rate, expected.start),
                "{name}"
            );
        }
        if name == "delay" {
            let expected =
                "traces begin after the time in their header, such as 0.25 s: that is their delay";
            assert_eq!(contents.notes, [expected]);
        } else {
            assert!(contents.notes.is_empty(), "{name}: {:?}", contents.notes);
        }
    }
}

/// Bytes of a trace of `format-5-be`, with its header.
const TRACE: usize = 240 + 4 * 37;

/// A number of a trace, or of the file, its place in the header, and its bytes.
type Change = (Option<usize>, usize, &'static [u8]);

/// Reads `format-5-be` with other numbers.
fn changed(changes: &[Change]) -> Result<Contents, String> {
    let mut file = std::fs::read(conformance::folder("segy").join("format-5-be.sgy")).unwrap();
    for (trace, at, bytes) in changes {
        let at = trace.map_or(0, |trace| 3600 + trace * TRACE) + at;
        file[at..at + bytes.len()].copy_from_slice(bytes);
    }
    let given = Hints {
        start: Some(1_714_557_607_000_000_000),
        ..Hints::default()
    };
    recording::parse(&file, "sgy", &given).map_err(|error| error.to_string())
}

fn channels(contents: &Contents) -> Vec<&str> {
    let traces = contents.traces.iter();
    traces.map(|trace| &*trace.channel).collect()
}

/// Traces of one number are one channel if their records are at different times.
#[test]
fn channels_of_several_records() {
    let other: Change = (Some(1), 8, &[0, 0, 0, 6, 0, 0, 0, 1]);
    let same_time = changed(&[other]).unwrap();
    assert_eq!(channels(&same_time), ["5.1", "6.1", "5.3"]);
    let later = changed(&[other, (Some(1), 162, &[0, 9])]).unwrap();
    assert_eq!(channels(&later), ["1", "1", "3"]);
    assert_eq!(
        later.traces[1].start - later.traces[0].start,
        540_000_000_000
    );
    let twice = changed(&[(Some(1), 12, &[0, 0, 0, 1])]).unwrap();
    assert_eq!(channels(&twice), ["1", "2", "3"]);
    assert!(twice.notes[0].contains("missing or not unique: traces are numbered from 1"));
}

/// Numbers that the file header leaves to the headers of traces.
#[test]
fn headers_of_traces_alone() {
    let sound = changed(&[]).unwrap();
    let interval: &[u8] = &[0x07, 0xD0];
    let in_traces: Vec<Change> = (0..3)
        .flat_map(|trace| [(Some(trace), 116, interval), (Some(trace), 114, &[0, 37])])
        .collect();
    let zeros: [&[Change]; 3] = [
        &[(None, 3216, &[0, 0])],
        &[(None, 3220, &[0, 0]), (None, 3502, &[0, 0])],
        &[(None, 3216, &[0, 0, 0, 0, 0, 0])],
    ];
    for zeros in zeros {
        let contents = changed(&[zeros, &in_traces].concat()).unwrap();
        assert_eq!(contents.traces, sound.traces);
        assert!(contents.notes.is_empty(), "{:?}", contents.notes);
    }
    // Neither has them.
    let nowhere: Vec<Change> = (0..3)
        .map(|trace| (Some(trace), 116, &[0, 0][..]))
        .chain([(None, 3216, &[0, 0][..])])
        .collect();
    assert!(changed(&nowhere).unwrap_err().contains("unknown format"));
}

/// Numbers of samples of one header that cannot be, as the last trace ends elsewhere.
#[test]
fn lengths_that_do_not_fit_the_file() {
    let sound = changed(&[]).unwrap();
    let in_traces = |samples: &'static [u8]| -> Vec<Change> {
        (0..3).map(|trace| (Some(trace), 114, samples)).collect()
    };
    let wrong_file: &[Change] = &[(None, 3220, &[0, 17]), (None, 3500, &[1, 0, 0, 1])];
    let contents = changed(&[wrong_file, &in_traces(&[0, 37])].concat()).unwrap();
    assert_eq!(contents.traces, sound.traces);
    let note = "the number of samples in the header of the file does not fit its length: those in the headers of traces are used";
    assert_eq!(contents.notes, [note]);
    let old: &[Change] = &[(None, 3220, &[0, 37]), (None, 3500, &[0, 0, 0, 0])];
    let contents = changed(&[old, &in_traces(&[0, 17])].concat()).unwrap();
    assert_eq!(contents.traces, sound.traces);
    assert!(
        contents.notes[0].contains("do not fit the length of the file"),
        "{:?}",
        contents.notes
    );
}

/// Revision 2 has room for more samples, and for intervals that are no whole microseconds.
#[test]
fn numbers_of_revision_2_alone() {
    let sound = changed(&[]).unwrap();
    let mut changes: Vec<Change> = vec![
        (None, 3500, &[2, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
        (None, 3216, &[0, 0, 0, 0, 0, 0]),
        (None, 3268, &[0, 0, 0, 37]),
        // 2000 µs.
        (None, 3272, &[0x40, 0x9F, 0x40, 0, 0, 0, 0, 0]),
    ];
    changes.extend((0..3).map(|trace| -> Change { (Some(trace), 114, &[0, 0, 0, 0]) }));
    assert_eq!(changed(&changes).unwrap().traces, sound.traces);
}

#[test]
fn what_is_unusual_is_noted() {
    let dead = changed(&[(Some(0), 28, &[0, 2])]).unwrap();
    assert_eq!(channels(&dead), ["2", "3"]);
    assert_eq!(
        dead.notes,
        ["left out 1 trace that the file calls dead or dummies"]
    );
    let unusual: [(Change, &str); 4] = [
        (
            (Some(1), 116, &[0x0F, 0xA0]),
            "1 trace with another sampling interval than the file header says",
        ),
        ((Some(2), 156, &[0, 0]), "1 trace without a time"),
        ((Some(2), 156, &[0, 24]), "years of two digits"),
        (
            (Some(0), 166, &[0, 1]),
            "times are local time: they are read as UTC",
        ),
    ];
    for (change, note) in unusual {
        let contents = changed(&[change]).unwrap();
        assert!(
            contents.notes.iter().any(|text| text.contains(note)),
            "{note}: {:?}",
            contents.notes
        );
    }
    let undated: Vec<Change> = (0..3)
        .map(|trace| (Some(trace), 156, &[0, 0][..]))
        .collect();
    let undated = changed(&undated).unwrap();
    assert_eq!(undated.traces[2].start, 1_714_557_607_000_000_000);
    assert!(undated.notes.is_empty());
    let error = changed(&[(None, 3224, &[0, 4])]).unwrap_err();
    assert!(
        error.contains("format 4 of SEG-Y, which is not read"),
        "{error}"
    );
    let error = changed(&[(None, 3500, &[1, 0, 0, 1, 0xFF, 0xFF])]).unwrap_err();
    assert!(
        error.contains("the number of texts before the first trace"),
        "{error}"
    );
    let file = std::fs::read(conformance::folder("segy").join("format-5-be.sgy")).unwrap();
    for (length, samples, note) in [
        (
            file.len() - 40,
            27,
            "trace 3 has 37 samples, but the data end after 27",
        ),
        (
            file.len() - TRACE + 100,
            37,
            "the last 100 bytes are no whole trace header",
        ),
    ] {
        let contents = recording::parse(&file[..length], "sgy", &Hints::default()).unwrap();
        assert_eq!(contents.traces.last().unwrap().samples.len(), samples);
        assert!(contents.notes[0].contains(note), "{:?}", contents.notes);
    }
}

/// The file of `bytes` with the bytes of the samples of its traces turned, `count` of `width` bytes each.
fn turned(bytes: &[u8], start: usize, [count, width]: [usize; 2]) -> Vec<u8> {
    let mut file = bytes.to_vec();
    let (_, traces) = file.split_at_mut(start);
    for trace in traces.chunks_mut(240 + count * width) {
        trace[240..]
            .chunks_mut(width)
            .for_each(|word| word.reverse());
    }
    file
}

/// Some programs write headers and samples in different orders: sizes tell those of samples.
#[test]
fn samples_in_another_order_than_headers() {
    for (form, width) in [(1, 4), (2, 4), (3, 2), (5, 4), (6, 8), (9, 8)] {
        for (order, other) in [("be", "little"), ("le", "big")] {
            let name = format!("format-{form}-{order}.sgy");
            let sound = std::fs::read(conformance::folder("segy").join(&name)).unwrap();
            let parse = |bytes: &[u8]| recording::parse(bytes, "", &Hints::default()).unwrap();
            let contents = parse(&turned(&sound, 3600, [37, width]));
            assert_eq!(contents.traces, parse(&sound).traces, "{name}");
            let note = format!("the samples make sense as {other}-endian numbers only");
            assert!(
                contents.notes[0].contains(&note),
                "{name}: {:?}",
                contents.notes
            );
        }
    }
    let sound = std::fs::read(conformance::folder("su").join("le.su")).unwrap();
    let parse = |bytes: &[u8]| recording::parse(bytes, "su", &Hints::default()).unwrap();
    let contents = parse(&turned(&sound, 0, [36, 4]));
    assert_eq!(contents.traces, parse(&sound).traces);
    assert_eq!(contents.notes.len(), 1);
}

/// Number and interval of samples tell the order of the headers of traces.
#[test]
fn headers_of_traces_in_another_order_than_that_of_the_file() {
    let bytes = |order: &str| {
        std::fs::read(conformance::folder("segy").join(format!("format-5-{order}.sgy"))).unwrap()
    };
    let file = [&bytes("be")[..3600], &bytes("le")[3600..]].concat();
    let parse = |bytes: &[u8]| recording::parse(bytes, "", &Hints::default()).unwrap();
    let contents = parse(&file);
    assert_eq!(contents.traces, read("format-5-le").traces);
    let note = "the header of the file is big-endian, but those of traces are little-endian: they are read so";
    assert_eq!(contents.notes, [note]);
    // The samples are in the order of the file's header.
    let both = parse(&turned(&file, 3600, [37, 4]));
    assert_eq!(both.traces, contents.traces);
    assert_eq!(both.notes.len(), 2);
    // A header of the file without the number of samples: the length of the file tells.
    let mut silent = file;
    silent[3220..3222].fill(0);
    silent[3500..3504].fill(0);
    let contents = parse(&silent);
    assert_eq!(contents.traces, read("format-5-le").traces);
    assert_eq!(contents.notes, [note]);
}
