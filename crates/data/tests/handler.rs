//! Files of Seismic Handler, compared with ObsPy (`scripts/conformance/make_handler.py`), and damaged ones.

use std::collections::BTreeMap;

use data::recording::{self, Contents, Hints};

use super::conformance::{self, Expected};

/// Reads a header or a text with the samples of a fixture.
fn parse(text: &str, name: &str) -> Result<Contents, String> {
    let hints = Hints {
        folder: Some(conformance::folder("handler")),
        file_name: Some(name.into()),
        ..Hints::default()
    };
    recording::parse(text.as_bytes(), "", &hints).map_err(|error| error.to_string())
}

fn text(name: &str) -> String {
    std::fs::read_to_string(conformance::folder("handler").join(name)).unwrap()
}

#[test]
fn every_file_holds_what_obspy_reads() {
    let all: BTreeMap<String, Vec<Expected>> = conformance::expected("handler");
    assert_eq!(all.len(), 5);
    for (name, expected) in &all {
        let contents = conformance::read("handler", name).unwrap();
        let notes = contents.notes.all();
        assert_eq!(notes.len(), usize::from(name == "untold.QHD"), "{notes:?}");
        assert!(notes.iter().all(|note| note.contains("it is big-endian")));
        assert_eq!(contents.traces.len(), expected.len(), "{name}");
        for (trace, expected) in contents.traces.iter().zip(expected) {
            let found = (&trace.channel, trace.start, trace.rate);
            let expected_head = (&expected.channel, expected.start, expected.rate);
            assert_eq!(found, expected_head, "{name}");
            // ObsPy rounds numbers in texts to float32.
            let single = |sample: &f64| f64::from(*sample as f32);
            let samples: Vec<f64> = trace.samples.iter().map(single).collect();
            assert_eq!(samples, expected.samples, "{name}");
        }
    }
}

#[test]
fn damaged_headers_of_q() {
    let sound = text("little.QHD");
    let whole = parse(&sound, "little.QHD").unwrap().traces;
    assert_eq!(
        parse(&sound.replace('\n', "\r\n"), "little.QHD")
            .unwrap()
            .traces,
        whole
    );
    let changed = |from: &str, to: &str| {
        assert!(sound.contains(from), "{from}");
        parse(&sound.replacen(from, to, 1), "little.QHD")
    };
    for (from, to, why) in [
        (
            "R000:0.010000",
            "R000:0.01x000",
            "the sampling interval is `0.01x000`",
        ),
        (
            "R000:0.010000",
            "R099:0.010000",
            "the header has no sampling interval",
        ),
        (
            "R000:0.010000",
            "R000:0.000000",
            "not a valid sampling rate",
        ),
        (
            "1-MAY-2024",
            "1-MOY-2024",
            "the start is ` 1-MOY-2024_10:00:07.255`",
        ),
        ("L001:", "L001:-", "the number of samples is `-"),
    ] {
        let contents = changed(from, to).unwrap();
        assert_eq!(contents.traces, whole[1..], "{why}");
        let note = contents.notes[0].to_string();
        assert!(note.starts_with("left out 1 trace: trace 1: "), "{note}");
        assert!(note.contains(why), "{note}");
    }
    // The header says where the samples of a trace begin, and how many there are.
    let second = format!("L000:{}~", whole[0].samples.len());
    let moved = changed(&second, "L000:3~").unwrap();
    assert_eq!(moved.traces[1].samples[..9], whole[0].samples[3..12]);
    let behind = changed(&second, "L000:999999~").unwrap();
    assert!(behind.traces[1].samples.is_empty());
    assert!(behind.notes[0].contains("but the file of samples ends after 0"));
    let again = changed(&format!("L001:{}~", whole[0].samples.len()), "L001:100000~").unwrap();
    assert!(
        again
            .notes
            .all()
            .iter()
            .any(|note| note.contains("those of other traces, too"))
    );
    let error = parse(&sound, "other.QHD").unwrap_err();
    assert!(
        error.contains("there is no file `other.QBN` with its samples"),
        "{error}"
    );
    let error = recording::parse(sound.as_bytes(), "", &Hints::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the folder of the header is not known")
    );
    let error = conformance::read("handler", "little.QBN").unwrap_err();
    assert!(error.contains("give the header (.QHD)"), "{error}");
}

#[test]
fn damaged_texts() {
    let sound = text("text.ASC");
    let whole = parse(&sound, "").unwrap().traces;
    // The last line may be missing.
    assert_eq!(parse(sound.trim_end(), "").unwrap().traces, whole);
    assert_eq!(
        parse(&sound.replace('\n', "\r\n"), "").unwrap().traces,
        whole
    );
    let changed = |from: &str, to: &str| {
        assert!(sound.contains(from), "{from}");
        parse(&sound.replacen(from, to, 1), "").unwrap()
    };
    for (from, to, why) in [
        (
            "DELTA: 1.000000e-02",
            "DELTA: x",
            "line 1: the sampling interval is `x`",
        ),
        (
            "DELTA: 1.000000e-02",
            "DELTA: 0",
            "line 1: inf is not a valid sampling rate",
        ),
        (
            "_10:00:07.255",
            "_10:60:07.255",
            "the start is `1-MAY-2024_10:60:07.255`",
        ),
        ("e+01 ", "e+0x1 ", "is no sample"),
    ] {
        let contents = changed(from, to);
        assert_eq!(contents.traces, whole[1..], "{why}");
        let note = contents.notes[0].to_string();
        assert!(note.starts_with("left out 1 trace: line "), "{note}");
        assert!(note.contains(why), "{note}");
    }
    let contents = changed("LENGTH: ", "LENGTH: 1");
    assert_eq!(contents.traces, whole);
    assert!(
        contents.notes[0].contains("these are read"),
        "{:?}",
        contents.notes
    );
}
