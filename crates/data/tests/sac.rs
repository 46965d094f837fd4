//! SAC files as written by various programs, compared with ObsPy (`scripts/conformance/make_sac.py`).

use std::collections::BTreeMap;

use data::recording::{self, Contents, Hints};

use super::conformance::{self, Expected};

fn read(name: &str) -> Contents {
    conformance::read("sac", &format!("{name}.sac")).unwrap()
}

#[test]
fn every_file_holds_what_obspy_reads() {
    let expected: BTreeMap<String, Expected> = conformance::expected("sac");
    assert!(expected.len() > 15);
    for (name, expected) in &expected {
        let contents = read(name);
        let [trace] = &contents.traces[..] else {
            panic!("{name}")
        };
        assert_eq!(trace.samples, expected.samples, "{name}");
        assert_eq!(trace.channel, expected.channel, "{name}");
        // The header stores the period as float32.
        let differs = (trace.rate / expected.rate - 1.0).abs();
        assert!(differs < 6e-8, "{name}: {} {}", trace.rate, expected.rate);
        assert!((trace.start - expected.start).abs() < 1000, "{name}");
    }
    for (name, rate) in [
        ("rate-40", 40.0),
        ("rate-478.036", 478.036),
        ("rate-1000.3", 1000.3),
    ] {
        assert_eq!(read(name).traces[0].rate, rate);
    }
    assert_eq!(read("version-7").traces[0].rate, 1.0 / 0.0123456789);
}

#[test]
fn what_was_unusual_is_noted() {
    let notes = [
        ("le", ""),
        ("nul", ""),
        ("version-7", ""),
        (
            "nvhdr-undefined-be",
            "NVHDR not set: read as an evenly sampled time series",
        ),
        (
            "iftype-undefined-le",
            "IFTYPE not set: read as an evenly sampled time series",
        ),
        (
            "leven-undefined-le",
            "LEVEN not set: read as an evenly sampled time series",
        ),
        (
            "extra-bytes",
            "the last 100 bytes do not belong to a sample",
        ),
        (
            "cut",
            "the header says 55 samples, but the data end after 20: these are read",
        ),
    ];
    for (name, expected) in notes {
        let notes = read(name).notes;
        assert_eq!(notes.join("; "), expected, "{name}");
    }
    let mut file = std::fs::read(conformance::folder("sac").join("le.sac")).unwrap();
    file[4 * 85..4 * 86].copy_from_slice(&4_i32.to_le_bytes());
    let notes = recording::parse(&file, "sac", &Hints::default())
        .unwrap()
        .notes;
    let expected = "IFTYPE is 4: any x and y, such as the amplitudes of a spectrum; read as a time series with x in seconds";
    assert_eq!(notes.join("; "), expected);
}

#[test]
fn other_kinds_are_refused() {
    let sound = std::fs::read(conformance::folder("sac").join("le.sac")).unwrap();
    let changed = |word: usize, value: i32| {
        let mut file = sound.clone();
        file[4 * word..4 * word + 4].copy_from_slice(&value.to_le_bytes());
        recording::parse(&file, "sac", &Hints::default())
            .unwrap_err()
            .to_string()
    };
    assert!(changed(105, 0).contains("not evenly spaced in time (LEVEN is 0)"));
    assert!(changed(85, 2).contains("IFTYPE is 2: a spectrum (real and imaginary)"));
    assert!(changed(79, -12345).contains("how many samples there are (NPTS)"));
    assert!(changed(79, 0).contains("has no samples (NPTS is 0)"));
    for delta in [-12345.0_f32, 0.0, -0.01, f32::NAN] {
        let expected = format!("the interval between samples is {delta} s (DELTA)");
        let found = changed(0, delta.to_bits() as i32);
        assert!(found.contains(&expected), "{found}");
    }
    assert!(changed(71, 400).contains("the reference time is not valid: year 2024, day 400"));
}

/// Numbers of the footer that are not set are those of the header.
#[test]
fn a_footer_that_is_not_set() {
    let folder = conformance::folder("sac");
    let sound = std::fs::read(folder.join("version-7.sac")).unwrap();
    let read = |set: &[usize]| {
        let mut file = sound.clone();
        let footer = file.len() - 176;
        for number in set {
            let at = footer + 8 * number;
            file[at..at + 8].copy_from_slice(&(-12345.0_f64).to_le_bytes());
        }
        let contents = recording::parse(&file, "sac", &Hints::default()).unwrap();
        (contents.traces[0].rate, contents.traces[0].start)
    };
    let (rate, start) = read(&[]);
    let (of_header, start_of_header) = read(&[0, 1]);
    assert_eq!((of_header, rate), (100.0, 1.0 / 0.0123456789));
    assert!(start_of_header.abs_diff(start) < 1000);
    assert_eq!(read(&[1]), (rate, start_of_header));
}

/// Some programs write 0 for what they do not know. ObsPy reads such files as ones without a date.
#[test]
fn a_date_of_zeros_is_none() {
    let mut file = std::fs::read(conformance::folder("sac").join("le.sac")).unwrap();
    file[4 * 70..4 * 76].fill(0);
    let start = |hints: &Hints| recording::parse(&file, "sac", hints).unwrap().traces[0].start;
    let given = Hints {
        start: Some(1_000_000_000),
        ..Hints::default()
    };
    assert_eq!(start(&given) - start(&Hints::default()), 1_000_000_000);
}

/// The end of a day or second is the beginning of the next. Other parts that are too large may mean anything: ObsPy reads
/// such files as ones without a date.
#[test]
fn parts_of_the_reference_time_that_are_full() {
    let sound = std::fs::read(conformance::folder("sac").join("le.sac")).unwrap();
    // Day 122 of 2024, 10:00:00.250.
    let parts = |changed: &[(usize, i32)]| {
        let mut file = sound.clone();
        for (word, value) in changed {
            file[4 * word..4 * word + 4].copy_from_slice(&value.to_le_bytes());
        }
        recording::parse(&file, "sac", &Hints::default()).map_err(|error| error.to_string())
    };
    let second = 1_000_000_000;
    let start = parts(&[]).unwrap().traces[0].start;
    for (changed, later, note) in [
        (
            &[(72, 24)][..],
            14 * 3600 * second,
            "the reference time has the hour 24: read as hour 0 of the next day",
        ),
        (
            &[(75, 1000)],
            second * 3 / 4,
            "the reference time has 1000 ms: read as the next second",
        ),
        (
            &[(75, -12345)],
            -second / 4,
            "the reference time has no milliseconds (NZMSEC): 0 are read",
        ),
        (
            &[(72, -12345)],
            -start,
            "the reference time has a date but no complete time of day, and is not used: give the recording its `start`",
        ),
    ] {
        let read = parts(changed).unwrap();
        assert_eq!(read.traces[0].start - start, later, "{changed:?}");
        assert_eq!(read.notes.join("; "), note);
    }
    for changed in [
        &[(71, 0)][..],
        &[(70, 2023), (71, 366)],
        &[(72, 24), (73, 30)],
        &[(72, 25)],
        &[(73, 60)],
        &[(75, 1001)],
    ] {
        let error = parts(changed).unwrap_err();
        assert!(error.contains("the reference time is not valid"), "{error}");
    }
}

/// Picks are times after the reference time, in both byte orders, in text and in the footer of version 7.
#[test]
fn picks_of_the_header() {
    let marked = |name: &str, big_endian: bool| {
        let mut file =
            std::fs::read(conformance::folder("sac").join(format!("{name}.sac"))).unwrap();
        let float = |value: f32| {
            if big_endian {
                value.to_be_bytes()
            } else {
                value.to_le_bytes()
            }
        };
        // A and T1 are set; KA and KT1 name them, and KT2 is the name of no time.
        file[4 * 8..4 * 9].copy_from_slice(&float(0.5));
        file[4 * 11..4 * 12].copy_from_slice(&float(1.25));
        file[480..488].copy_from_slice(b"IPU0    ");
        file[496..504].copy_from_slice(b"S\0......");
        file[504..512].copy_from_slice(b"unset   ");
        file
    };
    let picks = |bytes: &[u8]| {
        let contents = recording::parse(bytes, "sac", &Hints::default()).unwrap();
        let start = contents.traces[0].start;
        assert!(
            contents
                .picks
                .iter()
                .all(|pick| pick.channel == "XX.NODE.00.EHZ")
        );
        let picks = contents.picks.into_iter();
        let picks = picks.map(|pick| (pick.field, pick.name, pick.time - start));
        picks.collect::<Vec<_>>()
    };
    assert_eq!(
        picks(&std::fs::read(conformance::folder("sac").join("le.sac")).unwrap()),
        []
    );
    // ObsPy writes the first sample as the reference time.
    let expected = [
        ("A", "IPU0".to_owned(), 500_000_000),
        ("T1", "S".to_owned(), 1_250_000_000),
    ];
    assert_eq!(picks(&marked("le", false)), expected);
    assert_eq!(picks(&marked("be", true)), expected);
    // The footer has more digits, and counts.
    let mut file = marked("version-7", false);
    assert_eq!(picks(&file), []);
    let footer = file.len() - 22 * 8;
    file[footer + 8 * 6..][..8].copy_from_slice(&1.23456789f64.to_le_bytes());
    assert_eq!(picks(&file), [("T1", "S".to_owned(), 1_234_567_890)]);
}

/// ObsPy rounds intervals to microseconds, so that 1024 Hz become 1023.54. Only what a float32 cannot tell apart is rounded here: an
/// interval that recorders measured, such as 0.050000161 s, is that of the last sample, too.
#[test]
fn intervals_are_not_rounded_to_microseconds() {
    let sound = std::fs::read(conformance::folder("sac").join("le.sac")).unwrap();
    let rate = |delta: f32| {
        let mut file = sound.clone();
        file[..4].copy_from_slice(&delta.to_le_bytes());
        recording::parse(&file, "sac", &Hints::default())
            .unwrap()
            .traces[0]
            .rate
    };
    for exact in [1024.0_f32, 512.0, 128.0, 60.0, 20.0] {
        assert_eq!(rate(1.0 / exact), f64::from(exact));
    }
    let measured = 0.050_000_16_f32;
    assert_eq!(rate(measured), 1.0 / f64::from(measured));
}
