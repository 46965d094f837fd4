//! PDAS files, compared with ObsPy (`scripts/conformance/make_pdas.py`), and damaged ones.

use data::recording;
use proptest::prelude::*;

use super::conformance::{self, parse};

fn bytes(name: &str) -> Vec<u8> {
    conformance::bytes("pdas", &format!("{name}.pdas"))
}

/// A file with another text in place of the first `old` one.
fn replaced(name: &str, old: &str, new: &str) -> Vec<u8> {
    let file = bytes(name);
    let at = file
        .windows(old.len())
        .position(|part| part == old.as_bytes());
    let at = at.unwrap();
    [&file[..at], new.as_bytes(), &file[at + old.len()..]].concat()
}

#[test]
fn every_file_holds_what_obspy_reads() {
    conformance::check_all("pdas", 3);
}

#[test]
fn what_is_not_certain_is_refused() {
    for (old, new, why) in [
        (
            "LONG",
            "FLOAT",
            "its samples are of the type `FLOAT` with gains, which is not read",
        ),
        (
            "LONG",
            "SHORT",
            "its samples are of the type `SHORT` with gains",
        ),
        (
            "05-01-24",
            "13-01-24",
            "`13-01-24` and `23:59:57.25` are no start",
        ),
        (
            "23:59:57.25",
            "23:61:57",
            "`05-01-24` and `23:61:57` are no start",
        ),
        ("Sec", "Hz", "the unit of its interval is `Hz`"),
        ("0.016", "x", "`x` is no sampling interval"),
        ("0.016", "0", "inf is not a valid sampling rate"),
        (
            "SIGNAL",
            "CHANNEL",
            "PDAS whose header has other lines than usual",
        ),
    ] {
        let error = parse(&replaced("gains", old, new)).unwrap_err();
        assert!(error.contains(why), "{why}: {error}");
    }
    let mut file = bytes("gains");
    let end = file.len() - 2;
    file[end] &= !3;
    let error = parse(&file).unwrap_err();
    assert!(error.contains("sample 90 has the coarsest gain"), "{error}");
    let whole = parse(&bytes("long")).unwrap().traces;
    let old = parse(&replaced("long", "05-01-24", "05-01-94")).unwrap();
    assert_eq!(
        recording::format_time(old.traces[0].start),
        "1994-05-01T23:59:57.250Z"
    );
    let mut file = bytes("long");
    file.pop();
    let cut = parse(&file).unwrap();
    assert_eq!(cut.traces[0].samples, whole[0].samples[..69]);
    assert_eq!(
        cut.notes,
        ["the last byte is no whole sample, and is left out"]
    );
}

proptest! {
    #[test]
    fn any_damage_is_survived(
        name in prop::sample::select(vec!["long", "short", "gains"]),
        damage in conformance::damage(9),
    ) {
        conformance::check_damaged(bytes(name), damage)?;
    }
}
