//! K-NET and KiK-net, compared with ObsPy (`scripts/conformance/make_knet.py`), and damaged files; other formats of numbers in
//! text, compared with what was written (`make_texts.py`).

use std::collections::BTreeMap;

use data::recording::{self, Contents, Hints};

use super::conformance::{self, Expected};

fn parse(text: &str) -> Result<Contents, String> {
    recording::parse(text.as_bytes(), "ew", &Hints::default()).map_err(|error| error.to_string())
}

#[test]
fn every_file_holds_what_obspy_reads() {
    let all: BTreeMap<String, Vec<Expected>> = conformance::expected("knet");
    assert_eq!(all.len(), 4);
    for (name, expected) in &all {
        let contents = conformance::read("knet", name).unwrap();
        assert!(contents.notes.is_empty(), "{name}: {:?}", contents.notes);
        let ([trace], [expected]) = (&contents.traces[..], &expected[..]) else {
            panic!("{name}: {contents:?}");
        };
        let found = (&trace.channel, trace.start, trace.rate);
        assert_eq!(
            found,
            (&expected.channel, expected.start, expected.rate),
            "{name}"
        );
        assert_eq!(trace.samples.len(), expected.samples.len(), "{name}");
        for (sample, expected) in trace.samples.iter().zip(&expected.samples) {
            assert!(
                (sample - expected).abs() <= 1e-14 * expected.abs(),
                "{name}: {sample} {expected}"
            );
        }
    }
}

#[test]
fn texts_hold_what_was_written() {
    let all: BTreeMap<String, Vec<Expected>> = conformance::expected("texts");
    let files = std::fs::read_dir(conformance::folder("texts")).unwrap();
    assert_eq!(all.len() + 1, files.count());
    for (name, expected) in &all {
        let hints = Hints {
            samples_in_rows: name.ends_with(".packed").then_some(true),
            start: name.ends_with(".at2").then_some(0),
            ..Hints::default()
        };
        let path = conformance::folder("texts").join(name);
        let contents = recording::read(&path, &hints).unwrap();
        let found = contents
            .traces
            .iter()
            .map(|trace| (&*trace.channel, trace.start, trace.rate, &trace.samples));
        let expected = expected
            .iter()
            .map(|trace| (&*trace.channel, trace.start, trace.rate, &trace.samples));
        assert_eq!(
            found.collect::<Vec<_>>(),
            expected.collect::<Vec<_>>(),
            "{name}: {:?}",
            contents.notes
        );
    }
}

#[test]
fn damaged_files() {
    let path = conformance::folder("knet").join("MYG0041103111446.EW");
    let sound = std::fs::read_to_string(path).unwrap();
    let whole = parse(&sound).unwrap();
    let cut = parse(&sound[..sound.len() - 3]).unwrap();
    assert_eq!(cut.traces[0].samples, whole.traces[0].samples[..399]);
    assert_eq!(
        cut.notes,
        [
            "channel `BO.MYG004..EW`: the header says 400 samples, but the data end after 399: these are read"
        ]
    );
    for (from, to, why) in [
        (
            "100Hz",
            "0Hz",
            "line 11: `Sampling Freq(Hz)` of the header is `0Hz`",
        ),
        (
            "7845(gal)/8223790",
            "7845(gal)",
            "line 14: `Scale Factor` of the header is",
        ),
        (
            "7845(gal)",
            "78.45(m/s/s)",
            "line 14: `Scale Factor` of the header is",
        ),
        (
            "Record Time       2011",
            "Record Time       2O11",
            "line 10: `Record Time` of the header is",
        ),
        (
            "Dir.  ",
            "Direction",
            "line 1: the header has no line `Dir.`",
        ),
        ("MYG004", "", "line 6: `Station Code` of the header is ``"),
    ] {
        let error = parse(&sound.replacen(from, to, 1)).unwrap_err();
        assert!(error.starts_with(why), "{error}");
    }
    // Several components in one file.
    let other = sound.replace("E-W", "N-S");
    let contents = parse(&format!("{sound}{other}")).unwrap();
    let channels: Vec<&str> = contents
        .traces
        .iter()
        .map(|trace| &*trace.channel)
        .collect();
    assert_eq!(channels, ["BO.MYG004..EW", "BO.MYG004..NS"]);
    assert_eq!(contents.traces[1].samples, whole.traces[0].samples);
}
