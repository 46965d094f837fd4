//! SEG-2 and Seismic Unix, compared with ObsPy (`scripts/conformance/make_seg2.py`), and damaged files of these.

use std::collections::BTreeMap;

use data::recording::{self, Contents, Hints};

use super::conformance::{self, Expected};

fn bytes(format: &str, name: &str) -> Vec<u8> {
    std::fs::read(conformance::folder(format).join(name)).unwrap()
}

fn parse(bytes: &[u8]) -> Result<Contents, String> {
    recording::parse(bytes, "dat", &Hints::default()).map_err(|error| error.to_string())
}

fn channels(contents: &Contents) -> Vec<&str> {
    let traces = contents.traces.iter();
    traces.map(|trace| &*trace.channel).collect()
}

#[test]
fn every_file_holds_what_obspy_reads() {
    for (format, ending, least) in [("seg2", "sg2", 17), ("su", "su", 5)] {
        let all: BTreeMap<String, Vec<Expected>> = conformance::expected(format);
        assert_eq!(all.len(), least, "{format}");
        for (name, expected) in &all {
            let contents = conformance::read(format, &format!("{name}.{ending}")).unwrap();
            assert_eq!(contents.traces.len(), expected.len(), "{name}");
            for (trace, expected) in contents.traces.iter().zip(expected) {
                assert_eq!(trace.samples, expected.samples, "{name}");
                let found = (&trace.channel, trace.start, trace.rate);
                let expected = (&expected.channel, expected.start, expected.rate);
                assert_eq!(found, expected, "{name}");
            }
            let note = match &**name {
                "delay" if format == "su" => "the time in their header, such as 0.25 s",
                "delay" => "traces begin -0.01 s after the time of the record",
                _ => "",
            };
            let notes = contents.notes.all();
            let is_right =
                notes.is_empty() == note.is_empty() && notes.iter().all(|text| text.contains(note));
            assert!(is_right, "{name}: {notes:?}");
        }
    }
}

/// Replaces the first `from` of a file by `to`, which is as long.
fn changed(name: &str, from: &str, to: &str) -> Vec<u8> {
    let mut file = bytes("seg2", name);
    assert_eq!(from.len(), to.len());
    let mut places = file.windows(from.len());
    let at = places.position(|window| window == from.as_bytes()).unwrap();
    file[at..at + to.len()].copy_from_slice(to.as_bytes());
    file
}

#[test]
fn times_of_records_are_read_or_noted() {
    let start = |from: &str, to: &str| {
        let contents = parse(&changed("format-2-le.sg2", from, to)).unwrap();
        (contents.traces[0].start, contents.notes.join("; "))
    };
    let (sound, _) = start("MAY", "May");
    let day = 86_400_000_000_000;
    assert_eq!(start("01/MAY/2024", "2024-05-01 "), (sound, String::new()));
    assert_eq!(
        start("01/MAY/2024", "02/05/2024 "),
        (sound + day, String::new())
    );
    // Day 25 has no month.
    let other = (sound + 24 * day, String::new());
    assert_eq!(start("01/MAY/2024", "05/25/2024 "), other);
    let (none, note) = start("01/MAY/2024", "01/XXX/2024");
    assert_eq!(none, 0);
    assert!(
        note.contains("`01/XXX/2024 10:00:07`, which is no date and time"),
        "{note}"
    );
    // Without the times in UTC, the zone is noted.
    let file = changed("utc.sg2", "ACQUISITION_TIME_UTC", "ACQUISITION_TIME_XXX");
    let contents = parse(&file).unwrap();
    assert_eq!(contents.traces[0].start, sound + 500_000);
    assert!(contents.notes[0].contains("in the zone `CEST`: they are read as UTC"));
}

#[test]
fn names_and_factors_that_are_missing() {
    let contents = parse(&changed(
        "format-2-le.sg2",
        "CHANNEL_NUMBER 2",
        "CHANNEL_NUMBER 1",
    ))
    .unwrap();
    assert_eq!(channels(&contents), ["1", "2", "3"]);
    assert!(
        contents.notes[0].contains("missing or not unique"),
        "{:?}",
        contents.notes
    );
    let sound = parse(&bytes("seg2", "format-2-le.sg2")).unwrap();
    let contents = parse(&changed(
        "format-2-le.sg2",
        "DESCALING_FACTOR",
        "DESCALING_FACTXR",
    ))
    .unwrap();
    let factor = 2.17378e-05;
    assert_eq!(
        contents.traces[0].samples[7] * factor,
        sound.traces[0].samples[7]
    );
    assert!(
        contents.notes[0].contains("1 trace without a descaling factor"),
        "{:?}",
        contents.notes
    );
}

/// The standard has no units, but programs write them.
#[test]
fn units_of_intervals_count() {
    let sound = parse(&bytes("seg2", "format-2-le.sg2")).unwrap();
    for interval in ["2.00000 ms", "2000.00 us", "0.0020 SEC", "0,0020 sec"] {
        let file = changed("format-2-le.sg2", "0.00200000", interval);
        assert_eq!(
            parse(&file).unwrap().traces[0].rate,
            sound.traces[0].rate,
            "{interval}"
        );
    }
}

#[test]
fn damaged_traces_of_seg2() {
    let sound = bytes("seg2", "format-2-le.sg2");
    let pointer = u32::from_le_bytes(*sound[36..].first_chunk().unwrap()) as usize;
    let with = |at: usize, byte: u8| {
        let mut file = sound.clone();
        file[at] = byte;
        parse(&file).unwrap()
    };
    for (at, byte, why) in [
        (pointer, 0, "there is no trace descriptor block at byte"),
        (39, 9, "there is no trace descriptor block at byte"),
        (
            pointer + 12,
            7,
            "the samples are in format 7, and SEG-2 has 1 to 5",
        ),
    ] {
        let contents = with(at, byte);
        assert_eq!(channels(&contents), ["1", "3"]);
        let note = &contents.notes[0];
        assert!(
            note.contains("left out 1 trace: trace 2: ") && note.contains(why),
            "{note:?}"
        );
    }
    let mut twice = sound.clone();
    twice.copy_within(32..36, 36);
    let twice = parse(&twice).unwrap();
    assert_eq!(channels(&twice), ["1", "3"]);
    assert!(twice.notes[0].contains("its block is that of a trace before"));
    let cut = parse(&sound[..sound.len() - 40]).unwrap();
    assert_eq!(cut.traces[2].samples.len(), 26);
    assert!(cut.notes[0].contains("trace 3 has 36 samples, but the data end after 26"));
    let error = parse(&sound[..60]).unwrap_err();
    assert!(
        error.contains("trace 1: there is no trace descriptor block"),
        "{error}"
    );
}

/// A rate that a file lacks may be given.
#[test]
fn intervals_that_are_missing() {
    let mut file = bytes("seg2", "format-2-le.sg2");
    let places: Vec<usize> = (0..file.len() - 15)
        .filter(|at| file[*at..].starts_with(b"SAMPLE_INTERVAL"))
        .collect();
    places.iter().for_each(|at| file[*at] = b'X');
    let error = parse(&file).unwrap_err();
    assert!(
        error.contains(
            "trace 1: SAMPLE_INTERVAL is missing: give the recording its `sampling_rate`"
        ),
        "{error}"
    );
    let given = Hints {
        sampling_rate: Some(250.0),
        ..Hints::default()
    };
    assert_eq!(
        recording::parse(&file, "dat", &given).unwrap().traces[2].rate,
        250.0
    );
}

/// Nothing marks files of Seismic Unix: their headers must make sense up to the end of the file.
#[test]
fn other_files_are_not_of_seismic_unix() {
    let sound = bytes("su", "le.su");
    let trace = 240 + 4 * 36;
    // The last trace may be cut, the scalar of SEG-Y is none, and dead traces are left out.
    let cut = parse(&sound[..sound.len() - 40]).unwrap();
    assert_eq!(cut.traces[2].samples.len(), 26);
    let mut file = sound.clone();
    file[214] = 7;
    file[trace + 28] = 2;
    assert_eq!(channels(&parse(&file).unwrap()), ["1", "3"]);
    let with = |at: usize, byte: u8| {
        let mut file = sound.clone();
        file[at] = byte;
        parse(&file)
    };
    for (at, byte) in [
        (trace + 114, 35),
        (trace + 116, 1),
        (28, 99),
        (160, 24),
        (2 * trace + 159, 2),
    ] {
        let error = with(at, byte).unwrap_err();
        assert!(error.contains("unknown format"), "{at}: {error}");
    }
    assert!(parse(&bytes("su", "one-trace.su")[..300]).is_err());
}

/// Some programs write headers and samples in different orders: sizes tell those of samples.
#[test]
fn samples_in_another_order_than_headers() {
    for (form, width) in [(2, 4), (4, 4), (5, 8)] {
        for (order, other) in [("be", "little"), ("le", "big")] {
            let sound = bytes("seg2", &format!("format-{form}-{order}.sg2"));
            let number = |at: usize| {
                let word: [u8; 4] = sound[at..at + 4].try_into().unwrap();
                if order == "be" {
                    u32::from_be_bytes(word) as usize
                } else {
                    u32::from_le_bytes(word) as usize
                }
            };
            let mut file = sound.clone();
            for pointer in 0..3 {
                let at = number(32 + 4 * pointer);
                let size = number(at) >> if order == "be" { 0 } else { 16 } & 0xFFFF;
                let (from, count) = (at + size, number(at + 8));
                file[from..from + count * width]
                    .chunks_mut(width)
                    .for_each(|word| word.reverse());
            }
            let (contents, sound) = (parse(&file).unwrap(), parse(&sound).unwrap());
            assert_eq!(contents.traces, sound.traces, "{form} {order}");
            let note = format!("the samples make sense as {other}-endian numbers only");
            assert!(contents.notes[0].contains(&note), "{:?}", contents.notes);
        }
    }
}
