//! The SMC format of the United States Geological Survey (`.smc`): lines of text, 48 integers, 50 numbers, comments and samples.
//!
//! The format is that of the USGS' CD-ROM of strong motion (Seekins et al., Open-File Report 92-376). Samples are in cm/s², cm/s or
//! cm. A channel is called by station and component, such as `.SAF0A..360`, with `-vel` and `-disp` for velocities and displacements.
//! Uncorrected records of film have pairs of times and values, which are not evenly sampled.

use super::super::time::{DAY, days_to_year};
use super::super::{Contents, Hints, Notes, check_rate, other_start, text};
use super::{DeclaredSamples, Line, head, lines};
use crate::error::recording::{RecordingError, StrongMotionProblem};

/// First lines of a file, and what their samples are; of response spectra there are none.
const KINDS: [(&str, &str); 4] = [
    ("1 UNCORRECTED ACCELEROGRAM", ""),
    ("2 CORRECTED ACCELEROGRAM", ""),
    ("3 VELOCITY", "-vel"),
    ("4 DISPLACEMENT", "-disp"),
];
/// Lines of text, of integers and of other numbers.
const TEXTS: usize = 11;
const INTEGERS: usize = 6;
const NUMBERS: usize = 10;
/// Integers of a line and their width, and those of numbers.
const OF_INTEGERS: (usize, usize) = (8, 10);
const OF_NUMBERS: (usize, usize) = (5, 15);

/// What the samples of a file are that begins with a line.
fn kind(line: &str) -> Option<&'static str> {
    let known = KINDS.iter().find(|(name, _)| line.trim() == *name);
    known.map(|(_, suffix)| *suffix)
}

/// Whether the first line says what the samples are, and integers follow the lines of text.
pub fn is(bytes: &[u8]) -> bool {
    let lines = head(bytes);
    let first = lines.first().and_then(|line| kind(line));
    let is_integers = |line: &String| {
        let mut words = line.split_whitespace();
        words.clone().count() > 0 && words.all(|word| word.parse::<i64>().is_ok())
    };
    first.is_some() && lines.get(TEXTS).is_some_and(is_integers)
}

/// The numbers of some lines in columns.
struct Fields<'a> {
    lines: &'a [Line<'a>],
    /// Fields of a line, and their width.
    columns: (usize, usize),
}

impl Fields<'_> {
    /// The field of a `number`, counted from 0, and its line.
    ///
    /// # Errors
    /// If it is no number.
    fn get(&self, number: usize, name: &'static str) -> Result<f64, RecordingError> {
        let (count, width) = self.columns;
        let line = &self.lines[number / count];
        // Blanks before the first field are no part of a line.
        let at = (number % count) * width;
        let end = (at + width).saturating_sub(line.indent);
        let field = line
            .bytes
            .get(at.saturating_sub(line.indent)..end.min(line.bytes.len()));
        let text = String::from_utf8_lossy(field.unwrap_or_default().trim_ascii()).into_owned();
        let value = super::numbers::number(text.as_bytes());
        value.ok_or_else(|| line.wrong(StrongMotionProblem::Value { name, text }))
    }

    /// The same; `None` if the field is the one for missing values, which comes first.
    fn known(&self, number: usize, name: &'static str) -> Result<Option<f64>, RecordingError> {
        let missing = self.get(0, "missing value")?;
        Ok(Some(self.get(number, name)?).filter(|value| *value != missing))
    }
}

/// Reads the component.
///
/// # Errors
/// If the header is damaged, or the samples are not evenly spaced; names the line.
pub fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let text = text::decode(bytes)?.bytes;
    let lines = lines(&text);
    let end = TEXTS + INTEGERS + NUMBERS;
    if lines.len() < end {
        let name = "samples";
        return Err(lines[lines.len() - 1].wrong(StrongMotionProblem::Missing { name }));
    }
    let integers = Fields {
        lines: &lines[TEXTS..TEXTS + INTEGERS],
        columns: OF_INTEGERS,
    };
    let numbers = Fields {
        lines: &lines[TEXTS + INTEGERS..end],
        columns: OF_NUMBERS,
    };
    let rate = numbers.known(1, "sampling rate")?;
    let rate = rate.ok_or_else(|| numbers.lines[0].wrong(StrongMotionProblem::Uneven))?;
    let rate = check_rate(rate).map_err(|rate| numbers.lines[0].wrong(rate.into()))?;
    let count = integers.get(16, "number of samples")?;
    if count < 0.0 {
        let text = count.to_string();
        let name = "number of samples";
        return Err(integers.lines[2].wrong(StrongMotionProblem::Value { name, text }));
    }
    let promise = DeclaredSamples {
        channel: channel(&lines),
        count: count as usize,
        rate,
    };
    let comments = lines[end..].iter();
    let comments = comments.take_while(|line| line.bytes.starts_with(b"|"));
    let data = &lines[end + comments.count()..];
    let (start, mut notes) = (start(&integers)?, Notes::default());
    notes.extend(other_start(hints, start));
    let trace = promise.trace(data, start.or(hints.start).unwrap_or(0), &mut notes)?;
    Ok(Contents {
        traces: vec![trace],
        notes,
        ..Contents::default()
    })
}

/// The station of the third line, the component of the sixth, and what the samples are.
fn channel(lines: &[Line<'_>]) -> String {
    let station = lines[2].text();
    let station = station.split_whitespace().next().unwrap_or_default();
    let component = lines[5].text();
    let component = component
        .split_once("component=")
        .map_or("", |(_, rest)| rest);
    let component: Vec<&str> = component.split_whitespace().collect();
    let suffix = kind(&lines[0].text().to_uppercase()).unwrap_or_default();
    format!(
        ".{}..{}{suffix}",
        station.trim_matches(['*', '.']),
        component.join("_")
    )
}

/// The time of the first sample. Records of film know the minute of the earthquake at most: they have none.
///
/// # Errors
/// If a part of it is no number, or out of range.
fn start(integers: &Fields<'_>) -> Result<Option<i64>, RecordingError> {
    const NAME: &str = "time of the first sample";
    let mut parts = [0; 5];
    for (at, part) in parts.iter_mut().enumerate() {
        let Some(value) = integers.known(1 + at, NAME)? else {
            return Ok(None);
        };
        *part = value as i64;
    }
    let milli = integers.known(6, NAME)?.unwrap_or(0.0) as i64;
    let [year, day, hour, minute, second] = parts;
    // Some writers set a year that is not known to 0.
    if year == 0 {
        return Ok(None);
    }
    let is_time = (1900..2200).contains(&year)
        && (1..=366).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..61).contains(&second)
        && (0..1000).contains(&milli);
    let wrong = || {
        let text = format!("{year} {day} {hour} {minute} {second} {milli}");
        integers.lines[0].wrong(StrongMotionProblem::Value { name: NAME, text })
    };
    let days = is_time
        .then(|| days_to_year(year) + day - 1)
        .ok_or_else(wrong)?;
    let millis = ((hour * 60 + minute) * 60 + second) * 1000 + milli;
    Ok(Some(days * DAY + millis * 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::super::super::parse_time;
    use super::*;

    fn sound() -> String {
        let texts = "2 corrected accelerogram\n*\nSAF0A\n     1989  10  18    0004 Loma Prieta, CA\nMoment Mag=\n\
                     station = San Francisco, 1295 Shafter  component=    360\nepicentral dist =\ninst type=SMA-1\n*\n*\n*\n"
            .replace("corrected accelerogram", "CORRECTED ACCELEROGRAM           ");
        let integers = |values: [i64; 8]| values.map(|value| format!("{value:10}")).concat() + "\n";
        let none = integers([-32768; 8]);
        let time = integers([-32768, 1989, 291, 0, 4, 15, 250, 111]);
        let count = integers([10, -1, -1, -1, -1, -1, -1, -1]);
        let numbers =
            |values: [f64; 5]| values.map(|value| format!("{value:15.7}")).concat() + "\n";
        let first = numbers([1.7, 200.0, 37.0, -121.0, 18.0]);
        let samples = " 1.5057E+0-2.2223E+0-1.9234E+0-3.1562E+0-3.2440E+0-3.5638E+0-5.1941E+0-5.7933E+0\n-5.0138E-1 1.9171E+1\n";
        let comments = "|\n|ref - A. Nobody, 1989\n";
        [
            texts,
            time,
            none.clone(),
            count,
            none.clone(),
            none.clone(),
            none,
            first,
            numbers([1.7; 5]).repeat(9),
        ]
        .concat()
            + comments
            + samples
    }

    fn parse(text: &str) -> Result<Contents, String> {
        assert!(is(text.as_bytes()), "{text}");
        read(text.as_bytes(), &Hints::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_component_is_read() {
        let contents = parse(&sound()).unwrap();
        let [trace] = &contents.traces[..] else {
            panic!("{contents:?}");
        };
        let start = parse_time("1989-10-18T00:04:15.250Z").unwrap();
        let found = (&*trace.channel, trace.rate, trace.start);
        assert_eq!(found, (".SAF0A..360", 200.0, start));
        assert_eq!(trace.samples.len(), 10);
        assert_eq!(trace.samples[7..], [-5.7933, -0.50138, 19.171]);
        assert!(contents.notes.is_empty(), "{:?}", contents.notes);
        assert_eq!(parse(&sound().replace('\n', "\r\n")).unwrap(), contents);
        let velocity = sound().replace("2 CORRECTED ACCELEROGRAM", "3 VELOCITY");
        assert_eq!(
            parse(&velocity).unwrap().traces[0].channel,
            ".SAF0A..360-vel"
        );
        assert!(!is(sound()
            .replace("2 CORRECTED ACCELEROGRAM", "5 RESPONSE SPECTRA")
            .as_bytes()));
        assert!(!is(b"3 VELOCITY") && !is(b""));
    }

    #[test]
    fn records_without_time_or_rate() {
        let with = |from: &str, to: &str| {
            let sound = sound();
            assert!(sound.contains(from), "{from}");
            parse(&sound.replacen(from, to, 1))
        };
        // The minute of an earthquake is no time of a sample.
        let film = with("        15       250", "    -32768    -32768").unwrap();
        assert_eq!(film.traces[0].start, 0);
        for (from, to, why) in [
            (
                "200.0000000",
                "  1.7000000",
                "line 18: the samples are pairs of times and values",
            ),
            (
                "200.0000000",
                "  0.0000000",
                "line 18: 0 is not a valid sampling rate",
            ),
            (
                "200.0000000",
                "  2x0.00000",
                "line 18: `sampling rate` of the header is `2x0.00000`",
            ),
            (
                "       291",
                "       391",
                "line 12: `time of the first sample` of the header is `1989 391 0 4 15 250`",
            ),
            (
                "        10        -1",
                "        1x        -1",
                "line 14: `number of samples` of the header is `1x`",
            ),
            (
                "-2.2223E+0",
                "-2.2#23E+0",
                "line 30: `-2.2#23E+0` is no sample",
            ),
        ] {
            let error = with(from, to).unwrap_err();
            assert!(error.starts_with(why), "{error}");
        }
        let fewer = with("        10        -1", "        12        -1").unwrap();
        assert_eq!(fewer.notes.len(), 1);
        let cut: String = sound().lines().take(20).collect::<Vec<_>>().join("\n");
        assert!(
            parse(&cut)
                .unwrap_err()
                .starts_with("line 20: the header has no line `samples`")
        );
    }
}
