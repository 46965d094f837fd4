//! PEER's NGA database: accelerations in g (`.AT2`), velocities in cm/s (`.VT2`) and displacements in cm (`.DT2`).
//!
//! Three lines of text are followed by one with the number of samples and their distance: `NPTS=  4000, DT=   .0050 SEC`, in
//! older files `4000    0.0050    NPTS, DT`. A channel is called as the component at the end of the second line, such as `180`.

use super::super::{Contents, Hints, Notes, check_rate, text};
use super::numbers::number;
use super::{DeclaredSamples, head, lines};
use crate::error::recording::{RecordingError, StrongMotionProblem};

/// First line with the number of samples, from 0, and how many lines are searched: some writers leave out a line or add one.
const FIRST: usize = 1;
const SEARCHED: usize = 8;

/// Whether one of the first lines has the number of samples and their distance, and a row of numbers follows.
pub fn is(bytes: &[u8]) -> bool {
    let lines = head(bytes);
    let Some(at) = lines.iter().take(SEARCHED).position(|line| is_size(line)) else {
        return false;
    };
    let row = lines.get(at + 1).map_or("", |row| row.trim());
    let is_of_number = |c: char| c.is_ascii_digit() || "+-.ED \t".contains(c);
    at >= FIRST && !row.is_empty() && row.chars().all(is_of_number)
}

/// Whether a line in capitals names both.
fn is_size(line: &str) -> bool {
    let mut words = line.split(|c: char| !c.is_ascii_alphabetic());
    !line.starts_with(['#', '%', ';', '/', '!'])
        && words.clone().any(|word| word == "NPTS")
        && words.any(|word| word == "DT")
}

/// Reads the component.
///
/// # Errors
/// If the number of samples or their distance is none, or a sample is; names the line.
pub fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let text = text::decode(bytes)?.bytes;
    let lines = lines(&text);
    let mut sizes = lines.iter().take(SEARCHED);
    let at = sizes.position(|line| is_size(&line.text().to_uppercase()));
    let at = at.unwrap_or_default();
    let size = lines[at].text().to_uppercase();
    let (count, step) = numbers_of(&size).ok_or_else(|| {
        lines[at].wrong(StrongMotionProblem::Value {
            name: "NPTS, DT",
            text: lines[at].text().into_owned(),
        })
    })?;
    let rate = check_rate(1.0 / step).map_err(|rate| lines[at].wrong(rate.into()))?;
    let promise = DeclaredSamples {
        channel: component(&lines[1.min(at)].text()),
        count,
        rate,
    };
    let mut notes = Notes::default();
    let start = hints.start.unwrap_or(0);
    let trace = promise.trace(&lines[at + 1..], start, &mut notes)?;
    Ok(Contents {
        traces: vec![trace],
        notes,
        ..Contents::default()
    })
}

/// The number of samples, and their distance in seconds, in whatever order: the names are before the numbers, each with `=`, or
/// behind them.
fn numbers_of(line: &str) -> Option<(usize, f64)> {
    let words = line.split(|c: char| c.is_whitespace() || ",=".contains(c));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let place = |name: &str| words.iter().position(|word| *word == name);
    let (count, step) = (place("NPTS")?, place("DT")?);
    let at = |at: usize| number(words.get(at)?.as_bytes());
    let (count, step) = if line.contains('=') {
        (at(count + 1)?, at(step + 1)?)
    } else if count < step {
        (at(0)?, at(1)?)
    } else {
        (at(1)?, at(0)?)
    };
    let is_count = count >= 0.0 && count.fract() == 0.0 && step > 0.0;
    is_count.then_some((count as usize, step))
}

/// The component that a line such as `IMPERIAL VALLEY 10/15/79 2316, EL CENTRO ARRAY 6, 230 (USGS STATION 942)` names.
fn component(line: &str) -> String {
    let last = line.rsplit_once(',').map_or("", |(_, last)| last);
    let name = last.split('(').next().unwrap_or_default().trim();
    // A name that has a dot would be taken for a code behind others.
    if name.is_empty() || name.contains('.') {
        return "1".into();
    }
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str = "PEER NGA STRONG MOTION DATABASE RECORD\nImperial Valley-02, 5/19/1940, El Centro Array #9, 180\n\
                       ACCELERATION TIME SERIES IN UNITS OF G\nNPTS=     7, DT=   .0050 SEC\n  \
                       .1E-02  -.2E-02   .3E-02  -.4E-02   .5E-02\n  .6E-02  -.7E+00\n";

    fn parse(text: &str) -> Result<Contents, String> {
        assert!(is(text.as_bytes()), "{text}");
        read(text.as_bytes(), &Hints::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn both_forms_of_the_header() {
        let contents = parse(NEW).unwrap();
        let [trace] = &contents.traces[..] else {
            panic!("{contents:?}");
        };
        assert_eq!(
            (&*trace.channel, trace.rate, trace.start),
            ("180", 200.0, 0)
        );
        assert_eq!(
            trace.samples,
            [0.001, -0.002, 0.003, -0.004, 0.005, 0.006, -0.7]
        );
        assert!(contents.notes.is_empty());
        for size in [
            "    7    0.0050    NPTS, DT",
            "NPTS=7,DT=.005",
            "NPTS =  7 , DT = 0.50E-02 SEC,",
            "DT= .0050 SEC, NPTS= 7",
            "0.0050 7 DT, NPTS",
            "npts=   7, dt= .0050 sec",
        ] {
            let text = NEW.replace("NPTS=     7, DT=   .0050 SEC", size);
            assert_eq!(parse(&text).unwrap(), contents, "{size}");
            assert_eq!(parse(&text.replace('\n', "\r\n")).unwrap(), contents);
        }
        // Another number of lines, and another component.
        let more = NEW.replace("\nACC", "\nFILTER: HP=0.1 Hz\nACC");
        assert_eq!(parse(&more).unwrap(), contents);
        let of = |line: &str| {
            parse(&NEW.replace(
                "Imperial Valley-02, 5/19/1940, El Centro Array #9, 180",
                line,
            ))
        };
        for (line, name) in [
            ("CHI-CHI 09/20/99, CHY101, E", "E"),
            (
                "SAN FERNANDO 02/09/71 14:00, PACOIMA DAM, 164 (CDMG STATION 279)",
                "164",
            ),
            ("a record", "1"),
        ] {
            assert_eq!(of(line).unwrap().traces[0].channel, name);
        }
    }

    #[test]
    fn damaged_files() {
        let with = |from: &str, to: &str| parse(&NEW.replace(from, to));
        let cut = parse(&NEW[..NEW.len() - 3]).unwrap();
        assert_eq!(cut.traces[0].samples.len(), 6);
        assert_eq!(
            cut.notes,
            ["channel `180`: the header says 7 samples, but the data end after 6: these are read"]
        );
        // Nothing ends the last number, but it is as wide as those above.
        let open = NEW.trim_end();
        assert_eq!(parse(open).unwrap().traces, parse(NEW).unwrap().traces);
        let more = with("7, DT", "5, DT").unwrap();
        assert_eq!(more.traces[0].samples.len(), 5);
        assert_eq!(
            more.notes,
            ["channel `180`: 2 numbers after the 5 samples of the header are left out"]
        );
        for (from, to, why) in [
            (
                "   .0050 SEC",
                "   .0000 SEC",
                "line 4: `NPTS, DT` of the header is ",
            ),
            ("     7", "    x7", "line 4: `NPTS, DT` of the header is "),
            (
                ".0050",
                "1e-12",
                "line 4: 1000000000000 is not a valid sampling rate",
            ),
            (
                "  .6E-02  -.7E+00",
                "  .6E-02  *****",
                "line 6: `*****` is no sample",
            ),
        ] {
            let error = with(from, to).unwrap_err();
            assert!(error.starts_with(why), "{error}");
        }
        // Tables may speak of both.
        for text in [
            "# NPTS= 7, DT= .005\n1\n2\n",
            "NPTS,DT\n1,2\n",
            "a\nb\nNPTS, DT\nnames\n1\n",
            "# a\n# b\n# c\n# NPTS: 300 START: 10:00 EDT, DT\n1 2\n3 4\n",
            "PEER NGA,RSN1,NPTS=300,DT=0.01\ntime,acc\n0,1\n0.01,2\n",
        ] {
            assert!(!is(text.as_bytes()), "{text}");
        }
    }
}
