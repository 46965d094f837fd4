//! ESM and ITACA (`.ASC`, format DYNA 1.x): about 64 lines of keys and values, and a sample in each line below, in the unit that the
//! header names.
//!
//! A channel is called `NET.STA.LOC.CHA`, with `-vel` and `-disp` behind the name for velocities and displacements.

use super::super::time::parse_time;
use super::super::{Contents, Hints, Notes, check_rate, dated, text};
use super::numbers::number;
use super::{DeclaredSamples, Line, head, lines};
use crate::error::recording::{RecordingError, StrongMotionProblem};

const STEP: &str = "SAMPLING_INTERVAL_S:";
const START: &str = "DATE_TIME_FIRST_SAMPLE_YYYYMMDD_HHMMSS:";

/// Whether the header has the lines of this format.
pub fn is(bytes: &[u8]) -> bool {
    let head = head(bytes);
    [STEP, START, "STATION_CODE:"]
        .iter()
        .all(|key| head.iter().any(|line| line.starts_with(key)))
}

/// Reads the component.
///
/// # Errors
/// If a line of the header is missing, or a value is none; names the line.
pub fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let text = text::decode(bytes)?.bytes;
    let lines = lines(&text);
    let is_key = |line: &Line| line.bytes.first().is_some_and(u8::is_ascii_uppercase);
    let last = lines.iter().rposition(is_key);
    let (head, data) = lines.split_at(last.map_or(0, |at| at + 1));
    let head = Header(head);
    let step = head.number(STEP, |step| step > 0.0)?;
    let count = head.number("NDATA:", |count| count >= 0.0 && count.fract() == 0.0)?;
    let kind = head.text("DATA_TYPE:").unwrap_or_default();
    let suffix = match &*kind.to_uppercase() {
        "VELOCITY" => "-vel",
        "DISPLACEMENT" => "-disp",
        _ => "",
    };
    let code = |key| head.text(key).unwrap_or_default();
    let promise = DeclaredSamples {
        channel: format!(
            "{}.{}.{}.{}{suffix}",
            code("NETWORK:"),
            code("STATION_CODE:"),
            code("LOCATION:"),
            code("STREAM:")
        ),
        count: count as usize,
        rate: check_rate(1.0 / step).map_err(|rate| head.line(STEP).wrong(rate.into()))?,
    };
    let start = head.text(START).filter(|text| !text.is_empty());
    let start = start.map(|text| {
        time(&text).ok_or_else(|| {
            head.line(START)
                .wrong(StrongMotionProblem::Value { name: START, text })
        })
    });
    let start = start.transpose()?;
    let mut notes = Notes::default();
    let trace = promise.trace(data, start.or(hints.start).unwrap_or(0), &mut notes)?;
    if start.is_some() {
        return Ok(dated(vec![trace], notes, hints));
    }
    if hints.start.is_none() {
        notes.push("the header has no time of the first sample: give the recording its `start`");
    }
    Ok(Contents {
        traces: vec![trace],
        notes,
        ..Contents::default()
    })
}

/// Lines such as `STREAM: HNE`.
struct Header<'a>(&'a [Line<'a>]);

impl<'a> Header<'a> {
    /// The line of a key; the first one without it.
    fn line(&self, key: &str) -> &'a Line<'a> {
        let mut lines = self.0.iter();
        let found = lines.find(|line| line.bytes.starts_with(key.as_bytes()));
        found.unwrap_or(&self.0[0])
    }

    fn text(&self, key: &str) -> Option<String> {
        let line = self.line(key).text();
        Some(line.strip_prefix(key)?.trim().to_owned())
    }

    /// # Errors
    /// If the line is missing, or its value is no such number.
    fn number(&self, name: &'static str, is: impl Fn(f64) -> bool) -> Result<f64, RecordingError> {
        let missing = || self.line(name).wrong(StrongMotionProblem::Missing { name });
        let text = self.text(name).ok_or_else(missing)?;
        let found = number(text.as_bytes()).filter(|value| is(*value));
        found.ok_or_else(|| {
            self.line(name)
                .wrong(StrongMotionProblem::Value { name, text })
        })
    }
}

/// Nanoseconds since 1970 of `20190728_160919.870`.
fn time(text: &str) -> Option<i64> {
    let is_form = text.is_ascii() && text.len() >= 15 && text.as_bytes()[8] == b'_';
    let part = |from: usize, to: usize| text.get(from..to).filter(|_| is_form);
    let date = [part(0, 4)?, part(4, 6)?, part(6, 8)?].join("-");
    let clock = [part(9, 11)?, part(11, 13)?, text.get(13..)?].join(":");
    parse_time(&format!("{date}T{clock}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "EVENT_NAME: GREECE\nEVENT_DATE_YYYYMMDD: 20190728\nNETWORK: HI\nSTATION_CODE: ARS1\nLOCATION: \n\
                         DATE_TIME_FIRST_SAMPLE_YYYYMMDD_HHMMSS: 20190728_160919.870\nSAMPLING_INTERVAL_S: 0.005000\nNDATA: 4\n\
                         STREAM: HNE\nUNITS: cm/s^2\nDATA_TYPE: ACCELERATION\nUSER5:\n0.000000\n-0.000123\n1.5\n-2.25\n";

    fn parse(text: &str) -> Result<Contents, String> {
        assert!(is(text.as_bytes()), "{text}");
        read(text.as_bytes(), &Hints::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_component_is_read() {
        let contents = parse(SOUND).unwrap();
        let [trace] = &contents.traces[..] else {
            panic!("{contents:?}");
        };
        let start = parse_time("2019-07-28T16:09:19.870Z").unwrap();
        let found = (&*trace.channel, trace.rate, trace.start);
        assert_eq!(found, ("HI.ARS1..HNE", 200.0, start));
        assert_eq!(trace.samples, [0.0, -0.000_123, 1.5, -2.25]);
        assert!(contents.notes.is_empty(), "{:?}", contents.notes);
        assert_eq!(parse(&SOUND.replace('\n', "\r\n")).unwrap(), contents);
        let velocity = parse(&SOUND.replace("ACCELERATION", "VELOCITY")).unwrap();
        assert_eq!(velocity.traces[0].channel, "HI.ARS1..HNE-vel");
        let undated = parse(&SOUND.replace("20190728_160919.870", "")).unwrap();
        assert!(undated.notes[0].contains("give the recording its `start`"));
    }

    #[test]
    fn damaged_files() {
        let with = |from: &str, to: &str| parse(&SOUND.replace(from, to));
        assert_eq!(with("NDATA: 4", "NDATA: 5").unwrap().notes.len(), 1);
        for (from, to, why) in [
            (
                "0.005000",
                "0",
                "line 7: `SAMPLING_INTERVAL_S:` of the header is ",
            ),
            ("NDATA: 4\n", "", "line 1: the header has no line `NDATA:`"),
            (
                "20190728_1",
                "2019-07-28 1",
                "line 6: `DATE_TIME_FIRST_SAMPLE",
            ),
            ("1.5\n", "1.5x\n", "line 15: `1.5x` is no sample"),
        ] {
            let error = with(from, to).unwrap_err();
            assert!(error.starts_with(why), "{error}");
        }
    }
}
