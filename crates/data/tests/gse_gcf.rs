//! GSE2 and GCF, compared with ObsPy (`scripts/conformance/make_gse_gcf.py`), ASDF, compared with pyasdf (`make_asdf.py`), and
//! damaged files of these.

use std::collections::BTreeMap;

use data::recording::{self, Contents, Hints};

use super::conformance::{self, Expected};

fn parse(bytes: &[u8]) -> Result<Contents, String> {
    recording::parse(bytes, "", &Hints::default()).map_err(|error| error.to_string())
}

fn bytes(format: &str, name: &str) -> Vec<u8> {
    std::fs::read(conformance::folder(format).join(name)).unwrap()
}

#[test]
fn every_file_holds_what_obspy_reads() {
    for (format, least) in [("gse2", 9), ("gcf", 18), ("asdf", 3)] {
        let all: BTreeMap<String, Vec<Expected>> = conformance::expected(format);
        assert_eq!(all.len(), least, "{format}");
        for (name, expected) in &all {
            let contents = conformance::read(format, name).unwrap();
            assert!(contents.notes.is_empty(), "{name}: {:?}", contents.notes);
            assert_eq!(contents.traces.len(), expected.len(), "{name}");
            for (trace, expected) in contents.traces.iter().zip(expected) {
                assert_eq!(trace.samples, expected.samples, "{name}");
                let found = (&trace.channel, trace.start, trace.rate);
                assert_eq!(
                    found,
                    (&expected.channel, expected.start, expected.rate),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn damaged_waveforms_of_gse2() {
    let sound = String::from_utf8(bytes("gse2", "three.gse")).unwrap();
    let changed = |from: &str, to: &str| {
        assert!(sound.contains(from), "{from}");
        parse(sound.replacen(from, to, 1).as_bytes())
    };
    // One of three is left out, whatever is wrong with it.
    let start = sound.find("DAT2\n").unwrap() + 5;
    let data = &sound[start..start + 8];
    for (from, to, why) in [
        (data, "lfRZmE~a", "which CM6 does not have"),
        (data, "7fRZmEma", "the checksum (CHK2) is"),
        (data, "zzzzzzzz", "more than 32 bits"),
        ("CM6      150", "CM8      150", "written as `CM8`"),
        (
            "2024/05/01",
            "2024/13/01",
            "the time in the header is `2024/13/01",
        ),
        (
            "  200.000000",
            "  2x0.000000",
            "the sampling rate in the header is `2x0.000000`",
        ),
        (
            "  200.000000",
            "    0.000000",
            "0 is not a valid sampling rate",
        ),
        (
            "     150",
            "     1 0",
            "the number of samples in the header is `1 0`",
        ),
        ("DAT2", "DATA", "no line `DAT2`"),
    ] {
        let contents = changed(from, to).unwrap();
        let channels: Vec<&str> = contents.traces.iter().map(|own| &*own.channel).collect();
        assert_eq!(channels, ["BW.RNHA..EHN", "BW.RNHA..EHE"], "{to}");
        let notes = contents.notes.all();
        assert!(
            notes[0].starts_with("left out the waveform in line 1: "),
            "{notes:?}"
        );
        assert!(notes[0].contains(why), "{notes:?}");
    }
    let error = parse(b"WID2 2024/05/01 10:00:07.255 RNHA").unwrap_err();
    assert!(
        error.contains("line 1: the sampling rate in the header is ``"),
        "{error}"
    );
    // Cut off, and with another number of samples than the header says.
    let text = String::from_utf8(bytes("gse2", "integers.gse")).unwrap();
    let whole = parse(text.as_bytes()).unwrap().traces.remove(0).samples;
    let cut = parse(&text.as_bytes()[..300]).unwrap();
    let found = &cut.traces[0].samples;
    assert_eq!(found[..found.len() - 1], whole[..found.len() - 1]);
    assert!(
        cut.notes[0]
            .to_string()
            .contains("the header says 97 samples, but")
    );
    assert!(cut.notes[1].to_string().contains("there is no checksum"));
    let fewer = parse(text.replacen("      97", "      90", 1).as_bytes());
    assert!(fewer.unwrap_err().contains("checksum"));
    // A number of samples that no memory has room for.
    let many = parse(text.replacen("      97", "99999997", 1).as_bytes()).unwrap();
    assert_eq!(many.traces[0].samples, whole);
}

#[test]
fn damaged_blocks_of_gcf() {
    let sound = bytes("gcf", "bytes.gcf");
    let whole = parse(&sound).unwrap();
    let of = |changes: &[(usize, u8)]| {
        let mut own = sound.clone();
        for (at, byte) in changes {
            own[*at] = *byte;
        }
        parse(&own).unwrap()
    };
    let first = whole.traces[0].samples.len();
    for (changes, why) in [
        (&[(1024 + 13, 200)][..], ""),
        (&[(1024 + 13, 255)], "has the unknown code 255"),
        (&[(1024 + 14, 3)], "of unknown width"),
        (&[(1024 + 15, 251)], "has 251 records"),
        (&[(1024 + 15, 0)], "has 0 records"),
        (&[(1024 + 20, 1)], "does not begin with the sample"),
        (&[(1024 + 31, 99)], "but states"),
    ] {
        let contents = of(changes);
        if why.is_empty() {
            // Another rate: a stretch of its own.
            assert_eq!(contents.traces.len(), 2);
            continue;
        }
        let note = contents.notes[0].to_string();
        assert!(
            note.starts_with("left out 1 damaged block of 2: block 2 "),
            "{note}"
        );
        assert!(note.contains(why), "{note}");
        assert!(contents.traces[0].samples.len() < first);
    }
    // A block of text about the recorder, and a last block that is cut off.
    let status = [vec![0; 1024], sound.clone(), vec![0; 100]].concat();
    let contents = parse(&status).unwrap();
    assert_eq!(contents.traces, whole.traces);
    assert_eq!(contents.notes.len(), 2, "{:?}", contents.notes);
    // Without a sound block at the beginning it is no such file.
    let mut own = sound[..1024].to_vec();
    own[30] ^= 1;
    parse(&own).unwrap_err();
}

/// What cannot be read of a file of pyasdf is left out, and a file without sound traces is refused.
#[test]
fn damaged_arrays_of_asdf() {
    let sound = bytes("asdf", "plain.h5");
    let names = |name: &[u8]| {
        let places = (0..sound.len()).filter(|at| sound[*at..].starts_with(name));
        places.collect::<Vec<_>>()
    };
    let renamed = |which: usize| {
        let mut own = sound.clone();
        for at in names(b"sampling_rate").into_iter().skip(which).take(1) {
            own[at] = b'X';
        }
        own
    };
    let contents = parse(&renamed(0)).unwrap();
    assert_eq!(contents.traces.len(), 2);
    let note = contents.notes[0].to_string();
    assert!(
        note.contains("the attribute `sampling_rate` cannot be read"),
        "{note}"
    );
    for at in [200, 800, 2000, sound.len() / 2] {
        let _ = parse(&sound[..at]).map(|own| assert!(own.traces.len() < 3));
    }
}
