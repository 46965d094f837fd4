//! Every sample container of WAV, compared with SciPy (`scripts/conformance/make_wav.py`).

use std::collections::BTreeMap;

use data::recording::{self, Contents, Hints};
use serde::Deserialize;

use super::conformance;

#[derive(Deserialize)]
struct Expected {
    rate: f64,
    channels: Vec<Vec<f64>>,
}

fn read(name: &str) -> Result<Contents, String> {
    conformance::read("wav", &format!("{name}.wav"))
}

#[test]
fn every_file_holds_what_scipy_reads() {
    let expected: BTreeMap<String, Expected> = conformance::expected("wav");
    assert!(expected.len() > 40);
    for (name, expected) in &expected {
        let contents = read(name).unwrap();
        assert_eq!(contents.traces.len(), expected.channels.len(), "{name}");
        for (i, (trace, samples)) in contents.traces.iter().zip(&expected.channels).enumerate() {
            assert_eq!(trace.samples, *samples, "{name}");
            assert_eq!(
                (trace.rate, trace.channel.clone()),
                (expected.rate, (i + 1).to_string()),
                "{name}"
            );
        }
    }
}

#[test]
fn what_the_header_does_not_say_is_noted() {
    let notes: [(&str, &str); 6] = [
        (
            "length-0",
            "the header does not say how long the data are: the 148 bytes up to",
        ),
        (
            "length-ffffffff",
            "the header does not say how long the data are: the 148 bytes up to",
        ),
        (
            "rf64-unknown",
            "the header does not say how long the data are: the 148 bytes up to",
        ),
        (
            "length-beyond",
            "the header says 1000000 bytes of data, but the file ends after 148",
        ),
        (
            "half-frame",
            "the last 3 bytes are not a whole frame of 4 and are left out",
        ),
        ("odd-data", ""),
    ];
    for (name, expected) in notes {
        let notes = read(name).unwrap().notes;
        assert_eq!(notes.len(), usize::from(!expected.is_empty()), "{name}");
        assert!(
            notes.iter().all(|note| note.starts_with(expected)),
            "{notes:?}"
        );
    }
    assert!(read("empty").unwrap_err().contains("has no samples"));
}

/// All 256 bytes, as soundfile reads them as 16-bit integers.
#[test]
fn a_law_and_mu_law_are_as_soundfile_reads_them() {
    let mu_law = [
        -27004, -13436, -6652, -3260, -1564, -716, -292, -80, 27004, 13436, 6652, 3260, 1564, 716,
        292, 80,
    ];
    let a_law = [
        -4224, -2112, -16896, -8448, -264, -8, -1056, -528, 4224, 2112, 16896, 8448, 264, 8, 1056,
        528,
    ];
    for (name, some, all) in [
        ("ulaw", mu_law, 98_107_392.0),
        ("alaw", a_law, 100_139_008.0),
    ] {
        let path = conformance::folder("wav").join(format!("codec-{name}.wav"));
        let mut bytes = std::fs::read(path).unwrap();
        let data = bytes.windows(4).position(|id| id == b"data").unwrap();
        bytes.truncate(data + 4);
        bytes.extend(256u32.to_le_bytes());
        bytes.extend(0..=255u8);
        let channels = usize::from(bytes[22]);
        let contents = recording::parse(&bytes, "wav", &Hints::default()).unwrap();
        assert_eq!(contents.traces.len(), channels);
        let sample = |i: usize| contents.traces[i % channels].samples[i / channels];
        let every: Vec<f64> = (5..256).step_by(16).map(sample).collect();
        assert_eq!(every, some.map(f64::from), "{name}");
        let sum: f64 = (0..256).map(|i| (i + 1) as f64 * sample(i)).sum();
        assert_eq!(sum, all, "{name}");
    }
}

#[test]
fn other_codecs_are_named() {
    let codecs = [
        ("ima_adpcm", "IMA ADPCM (0x0011)"),
        ("ms_adpcm", "Microsoft ADPCM (0x0002)"),
        ("gsm610", "GSM 6.10 (0x0031)"),
    ];
    for (name, codec) in codecs {
        let error = read(&format!("codec-{name}")).unwrap_err();
        let expected = format!("coded as {codec}, which is not supported: convert the file to PCM");
        assert!(error.contains(&expected), "{error}");
    }
}

#[test]
fn contradictions_are_errors() {
    let sound = std::fs::read(conformance::folder("wav").join("riff-pcm16.wav")).unwrap();
    let changed = |at: usize, bytes: &[u8]| {
        let mut altered = sound.clone();
        altered[at..at + bytes.len()].copy_from_slice(bytes);
        recording::parse(&altered, "wav", &Hints::default())
            .unwrap_err()
            .to_string()
    };
    assert!(changed(22, &[0, 0]).contains("no channels"));
    assert!(changed(22, &[1, 4]).contains("claims 1025 channels"));
    assert!(changed(32, &[3, 0]).contains("frames of 3 bytes do not fit 2 channels"));
    assert!(changed(34, &[24, 0]).contains("samples of 24 bits do not fit into 2 bytes"));
    assert!(changed(24, &[0; 4]).contains("give `sampling_rate`"));
    assert!(changed(8, b"AVI ").contains("the form `AVI `"));
    assert!(changed(12, b"junk").contains("no `fmt ` chunk"));
}

/// Files that were joined, and a length that a recorder did not complete.
#[test]
fn samples_that_the_header_does_not_count_are_said() {
    let sound = std::fs::read(conformance::folder("wav").join("riff-pcm16.wav")).unwrap();
    let notes = |bytes: &[u8]| {
        let contents = recording::parse(bytes, "wav", &Hints::default()).unwrap();
        contents.notes.join("; ")
    };
    assert_eq!(notes(&sound), "");
    let expected = format!(
        "{} bytes after the `data` chunk belong to no chunk",
        sound.len()
    );
    assert!(notes(&[&sound[..], &sound].concat()).starts_with(&expected));
    assert!(notes(&[&sound[..], &[1; 100]].concat()).starts_with("100 bytes after"));
    // Padding and tags.
    assert_eq!(notes(&[&sound[..], &[0; 100]].concat()), "");
    assert_eq!(notes(&[&sound[..], b"LIST\x04\0\0\0INFO"].concat()), "");
}

/// Files that are longer than what is read at once, with other chunks before and after their samples or without their end.
#[test]
fn long_files_are_as_those_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.wav");
    let chunk = |name: &[u8; 4], length: usize, content: &[u8]| {
        [name, &(length as u32).to_le_bytes()[..], content].concat()
    };
    let names: BTreeMap<String, Expected> = conformance::expected("wav");
    let mut noted = 0;
    for name in names.keys().filter(|name| name.starts_with("riff-")) {
        let sound = conformance::bytes("wav", &format!("{name}.wav"));
        let at = sound.windows(4).position(|id| id == b"data").unwrap();
        let (head, frames) = (&sound[..at], &sound[at + 8..]);
        let length = frames.len() * (400_000 / frames.len());
        let samples: Vec<u8> = frames.iter().copied().cycle().take(length).collect();
        let plain = [head, &chunk(b"data", length, &samples)].concat();
        let padding = chunk(b"JUNK", 70_000, &[7; 70_000]);
        let late = [head, &padding, &plain[at..]].concat();
        let tag = [&plain[..], b"LIST\x04\0\0\0INFO"].concat();
        let odd = [head, &chunk(b"data", length - 1, &samples)].concat();
        let cut = &plain[..plain.len() - 5];
        let unknown = [head, &chunk(b"data", 0, &samples)].concat();
        let joined = [&plain[..], &sound].concat();
        for bytes in [&plain, &late, &tag, &odd, cut, &unknown, &joined] {
            std::fs::write(&path, bytes).unwrap();
            let read = recording::read(&path, &Hints::default()).unwrap();
            let whole = recording::parse(bytes, "wav", &Hints::default()).unwrap();
            assert!(read == whole, "{name}: {:?}, {:?}", read.notes, whole.notes);
            noted += read.notes.len();
        }
    }
    assert!(noted >= 24, "{noted}");
}

/// The start of Broadcast Wave, in every byte order, from bytes and from files.
#[test]
fn broadcast_wave_tells_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wav");
    for name in ["riff-pcm16", "rifx-pcm16", "rf64-pcm16"] {
        let sound = conformance::bytes("wav", &format!("{name}.wav"));
        let number = |value: u32| match name {
            "rifx-pcm16" => value.to_be_bytes(),
            _ => value.to_le_bytes(),
        };
        // A quarter of a second after 10:12:03, at 512 Hz.
        let with = |date: &[u8], samples: u32| {
            let text = [&[0; 320][..], date, &number(samples), &[0; 256]].concat();
            let chunk = [b"bext", &number(text.len() as u32)[..], &text].concat();
            let at = sound.windows(4).position(|id| id == b"fmt ").unwrap();
            [&sound[..at], &chunk, &sound[at..]].concat()
        };
        let read = |bytes: &[u8], hints: &Hints| {
            let parsed = recording::parse(bytes, "wav", hints).unwrap();
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(recording::read(&path, hints).unwrap(), parsed, "{name}");
            let starts: Vec<i64> = parsed.traces.iter().map(|trace| trace.start).collect();
            assert_eq!(starts, [starts[0]; 2]);
            (recording::format_time(starts[0]), parsed.notes.join("; "))
        };
        let none = Hints::default();
        let sound_start = with(b"2024-05-0110:12:03", 36_723 * 512 + 128);
        let (start, note) = read(&sound_start, &none);
        assert_eq!(start, "2024-05-01T10:12:03.250Z");
        assert!(note.contains("in local time of a zone that it does not name"));
        let given = Hints {
            start: Some(5_000_000_000),
            ..Hints::default()
        };
        assert_eq!(
            read(&sound_start, &given),
            ("5.000 s".into(), String::new())
        );
        let (start, note) = read(&with(b"2024-05-0110:12:03", 512), &none);
        assert_eq!(start, "0.000 s");
        assert!(note.contains("and they are not the same time: neither is used"));
        assert_eq!(
            read(&with(&[0; 18], 0), &none),
            ("0.000 s".into(), String::new())
        );
    }
}
