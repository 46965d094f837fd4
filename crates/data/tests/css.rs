//! CSS 3.0 and NNSA KB Core, compared with ObsPy (`scripts/conformance/make_css.py`), and damaged tables of these.

use std::collections::BTreeMap;
use std::path::Path;

use data::recording::{self, Contents, Hints};

use super::conformance::{self, Expected};

fn table(name: &str) -> String {
    let path = conformance::folder("css").join(format!("{name}.wfdisc"));
    std::fs::read_to_string(path).unwrap()
}

/// Reads a table as if it were in `folder`.
fn read_in(folder: &Path, text: &str) -> Result<Contents, String> {
    let hints = Hints {
        folder: Some(folder.to_owned()),
        ..Hints::default()
    };
    recording::parse(text.as_bytes(), "wfdisc", &hints).map_err(|error| error.to_string())
}

fn read(text: &str) -> Result<Contents, String> {
    read_in(&conformance::folder("css"), text)
}

fn channels(contents: &Contents) -> Vec<&str> {
    let traces = contents.traces.iter();
    traces.map(|trace| &*trace.channel).collect()
}

#[test]
fn every_table_has_the_waveforms_that_obspy_reads() {
    let all: BTreeMap<String, Vec<Expected>> = conformance::expected("css");
    assert_eq!(all.len(), 5);
    for (name, expected) in &all {
        let contents = conformance::read("css", &format!("{name}.wfdisc")).unwrap();
        assert!(contents.notes.is_empty(), "{name}: {:?}", contents.notes);
        assert_eq!(contents.traces.len(), expected.len(), "{name}");
        for (trace, expected) in contents.traces.iter().zip(expected) {
            let found = (&trace.channel, trace.start, trace.rate);
            let stated = (&expected.channel, expected.start, expected.rate);
            assert_eq!(found, stated, "{name}");
            assert_eq!(trace.samples, expected.samples, "{name}, {}", trace.channel);
        }
    }
    let files = std::fs::read_dir(conformance::folder("css")).unwrap();
    let is_table = |path: &Path| path.extension().is_some_and(|ending| ending == "wfdisc");
    let tables = files.filter(|file| is_table(&file.as_ref().unwrap().path()));
    assert_eq!(tables.count(), all.len());
}

/// A row that cannot be read is left out, and the others are read.
#[test]
fn damaged_rows_are_left_out() {
    let sound = table("three-bytes");
    for (from, to, why) in [
        (
            "1714557607.25512",
            "1714557607.2x512",
            "the time is `1714557607.2x512`",
        ),
        (
            "1714557607.25512",
            "9999999999.99900",
            "the time is `9999999999.99900`",
        ),
        (" 37 100", " -1 100", "the number of samples is `-1`"),
        (" 37 100", "  0 100", "the number of samples is `0`"),
        (" 37 100", " 3. 100", "the number of samples is `3.`"),
        (
            "100.0000000",
            "1x0.0000000",
            "the sampling rate is `1x0.0000000`",
        ),
        (
            "100.0000000",
            "  0.0000000",
            "0 is not a valid sampling rate",
        ),
        ("- s3 -", "- e1 -", "of the type `e1`, which is not read"),
        ("- s3 -", "- s3-- ", "its columns are not where rows"),
        ("samples.w", "samples.v", "there is no file `./samples.v`"),
        (
            "      1332 ",
            "     99999 ",
            "begin at byte 99999, but `samples.w` has 3441 bytes",
        ),
        ("      1332 ", "      3439 ", "begin at byte 3439"),
        (
            "      1332 ",
            "     -1332 ",
            "the offset of samples is `-1332`",
        ),
    ] {
        assert!(sound.contains(from), "{from}");
        let contents = read(&sound.replacen(from, to, 1)).unwrap();
        assert_eq!(channels(&contents), [".NODE..BHI3"], "{to}");
        let note = contents.notes[0].to_string();
        assert!(note.starts_with("left out 1 waveform: line 1: "), "{note}");
        assert!(note.contains(why), "{note}");
    }
    let none = sound.replace("samples.w", "samples.v");
    let error = read(&none).unwrap_err();
    assert!(
        error.starts_with("line 1: there is no file `./samples.v`"),
        "{error}"
    );
}

/// Samples that a file lacks are noted, as is an end that contradicts them.
#[test]
fn doubts_are_noted() {
    let sound = table("three-bytes");
    let whole = read(&sound).unwrap();
    let cut = read(&sound.replacen("      1332 ", "      3400 ", 1)).unwrap();
    assert_eq!(cut.traces[0].samples.len(), 13);
    assert!(
        cut.notes[0].contains("the row says 37 samples, but `samples.w` ends after 13"),
        "{:?}",
        cut.notes
    );
    // The last row is cut behind its offset, and in it.
    let shorter = read(&sound[..sound.len() - 20]).unwrap();
    assert_eq!(shorter, whole);
    let in_offset = read(&sound[..284 + 256]).unwrap();
    assert_eq!(in_offset.traces[..], whole.traces[..1]);
    assert!(
        in_offset.notes[0].contains("line 2: its columns are not where rows"),
        "{:?}",
        in_offset.notes
    );
    let late = sound.replacen("1714557607.61512", "1714557608.61512", 1);
    assert!(late != sound);
    let late = read(&late).unwrap();
    assert_eq!(late.traces, whole.traces);
    assert!(
        late.notes[0]
            .contains("37 samples at 100 Hz last 0.360 s, but the end of the row is 1.360 s"),
        "{:?}",
        late.notes
    );
    // Some count the last interval, and ends that are not known are none.
    for end in ["1714557607.62512", "9999999999.99900", "-9999999999.9990"] {
        let other = sound.replacen("1714557607.61512", end, 1);
        assert_eq!(read(&other).unwrap(), whole, "{end}");
    }
}

/// The samples of a table that was moved, or of a folder without a name, are beside it.
#[test]
fn samples_are_found_beside_the_table() {
    let sound = table("three-bytes");
    let whole = read(&sound).unwrap();
    let moved = sound.replace("./        ", "/data/day1");
    assert!(moved.contains("/data/day1"));
    let contents = read(&moved).unwrap();
    assert_eq!(contents.traces, whole.traces);
    assert!(
        contents.notes[0].contains("`samples.w` is not in `/data/day1`"),
        "{:?}",
        contents.notes
    );
    assert_eq!(read(&sound.replace("./ ", "-  ")).unwrap(), whole);
    let folder = conformance::folder("css").display().to_string();
    let absolute = sound.replace(&format!("{:64}", "./"), &format!("{folder:64}"));
    if folder.len() <= 64 {
        assert_eq!(read(&absolute).unwrap(), whole);
    }
    // Packed beside the table.
    let beside = conformance::folder("css").join("moved");
    let packed = sound.replace("samples.w", "packed.w ");
    let contents = read_in(&beside, &packed).unwrap();
    assert_eq!(contents.traces, whole.traces);
}

#[test]
fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let sound = table("three-bytes");
    std::fs::create_dir(folder.path().join("samples.w")).unwrap();
    let error = read_in(folder.path(), &sound).unwrap_err();
    assert!(error.contains("there is no file `./samples.w`"), "{error}");
    std::fs::write(folder.path().join("samples.w.gz"), b"\x1F\x8B\x08\0\0").unwrap();
    let error = read_in(folder.path(), &sound).unwrap_err();
    assert!(error.contains("samples.w.gz`: "), "{error}");
    // Text as samples that is none.
    std::fs::write(folder.path().join("text.w"), "           1           x").unwrap();
    let text = sound.replace("samples.w", "text.w   ");
    let text = text
        .replace("- s3 -", "- c0 -")
        .replace("      1332 ", "         0 ");
    let error = read_in(folder.path(), &text).unwrap_err();
    assert!(error.contains("line 1: its sample 2 is `x`"), "{error}");
    // Neither the table without its folder, nor the samples without the table.
    let error = recording::parse(sound.as_bytes(), "wfdisc", &Hints::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the folder of the table is not known"),
        "{error}"
    );
    // Rows without their ends would be a table of numbers.
    let cut: Vec<&str> = sound.lines().map(|line| &line[..240]).collect();
    let error = read(&cut.join("\n")).unwrap_err();
    assert!(
        error.starts_with("is a .wfdisc of CSS 3.0 whose columns are shifted or cut"),
        "{error}"
    );
    for bytes in [&[0u8, 1, 2, 3][..], b"           1           2\n"] {
        let error = recording::parse(bytes, "w", &Hints::default()).unwrap_err();
        let error = error.to_string();
        assert!(
            error.starts_with("is samples of CSS 3.0: give the table"),
            "{error}"
        );
    }
}
