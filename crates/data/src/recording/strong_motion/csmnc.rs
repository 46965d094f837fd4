//! The China Strong Motion Network Centre (`.dat`): a header of about 15 lines, and samples below it in the unit that it names.
//!
//! A channel is called by station and component, such as `.51BXD..EW`. The header has the time of the earthquake, and not that
//! of the first sample.

use super::super::{Contents, Hints, Notes, check_rate, text};
use super::numbers::number;
use super::{DeclaredSamples, Line, head, lines};
use crate::error::recording::{RecordingError, StrongMotionProblem};

const POINTS: &str = "NO. OF POINTS:";
const STEP: &str = "EQUALLY SPACED INTERVALS OF:";

/// Whether a line of the header has the number of samples and their distance.
pub fn is(bytes: &[u8]) -> bool {
    head(bytes).iter().any(|line| is_size(line))
}

fn is_size(line: &str) -> bool {
    line.starts_with(POINTS) && line.contains(STEP)
}

/// Reads the component. Corrected records may have others below, such as velocities, which are left out.
///
/// # Errors
/// If a line of the header is missing, or a value is none; names the line.
pub fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let text = text::decode(bytes)?.bytes;
    let lines = lines(&text);
    let at = lines.iter().position(|line| is_size(&line.text()));
    let (head, rest) = lines.split_at(at.map_or(0, |at| at + 1));
    let wrong = |name| {
        let line = head.last().unwrap_or(&lines[0]);
        line.wrong(StrongMotionProblem::Value {
            name,
            text: line.text().into_owned(),
        })
    };
    let size = head.last().map(Line::text).unwrap_or_default();
    let after = |name: &str| {
        let (_, rest) = size.split_once(name)?;
        number(rest.split_whitespace().next()?.as_bytes())
    };
    let count = after(POINTS).filter(|count| *count >= 0.0 && count.fract() == 0.0);
    let count = count.ok_or_else(|| wrong(POINTS))?;
    let step = after(STEP).filter(|step| *step > 0.0);
    let step = step.ok_or_else(|| wrong(STEP))?;
    let rate = check_rate(1.0 / step).map_err(|rate| head[head.len() - 1].wrong(rate.into()))?;
    let promise = DeclaredSamples {
        channel: format!(".{}..{}", field(head, "STATION:")?, field(head, "COMP.")?),
        count: count as usize,
        rate,
    };
    let (data, other) = data(rest);
    let mut notes = Notes::default();
    if let Some(line) = other {
        notes.push(format!(
            "left out what is from line {} on (`{}`): other quantities of channel `{}`",
            line.number,
            line.text(),
            promise.channel
        ));
    }
    let trace = promise.trace(data, hints.start.unwrap_or(0), &mut notes)?;
    Ok(Contents {
        traces: vec![trace],
        notes,
        ..Contents::default()
    })
}

/// The word behind the name of a line.
///
/// # Errors
/// If there is no such line or word.
fn field(head: &[Line<'_>], name: &'static str) -> Result<String, RecordingError> {
    let missing = || head[0].wrong(StrongMotionProblem::Missing { name });
    let mut lines = head.iter();
    let line = lines.find(|line| line.bytes.starts_with(name.as_bytes()));
    let text = line.ok_or_else(missing)?.text();
    let word = text[name.len()..].split_whitespace().next();
    word.map(str::to_owned).ok_or_else(missing)
}

/// The rows of samples, behind the last lines of the header, and the first line of text that follows them.
fn data<'a>(lines: &'a [Line<'a>]) -> (&'a [Line<'a>], Option<&'a Line<'a>>) {
    let is_text = |line: &Line| line.bytes.first().is_some_and(u8::is_ascii_alphabetic);
    let is_row = |line: &Line| !line.bytes.is_empty() && !is_text(line);
    let from = lines.iter().position(is_row).unwrap_or(lines.len());
    let rows = &lines[from..];
    let to = rows.iter().position(is_text);
    (&rows[..to.unwrap_or(rows.len())], to.map(|to| &rows[to]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "051ABC130420080201\n0130420080246 2013-04-20 8:2:46 BTM\nAN EARTHQUAKE, SOMEWHERE,CHN\n\
                         EPICENTER  30.300N 103.000E DEPTH 13 KM\nMAGNITUDE  7.0(Ms)\nSTATION: 51ABC 30.400N 102.800E\n\
                         SITE CONDITION: ROCK\nINSTRUMENT TYPE: MR2002/SLJ-100\nOBSERVING POINT: GROUND\nCOMP. EW\n\
                         UNCORRECTED ACCELERATION          UNIT: CM/SEC/SEC\n\
                         NO. OF POINTS:  10  EQUALLY SPACED INTERVALS OF:  0.005  SEC\n\
                         PEAK VALUE:    -1005.350   AT   26.35 SEC    DURATION:  60 SEC\nPRE-EVENT TIME:  20  SEC\nCSMNC\n\n \
                         3.888539E-2  2.993775E-4 -1.513503E-2  2.730996E-2  1.959201E-2 -1.899400E-2 -7.418573E-3  2.730996E-2 \n\
                         -1.005350E+3 -2.285298E-2\n";

    fn parse(text: &str) -> Result<Contents, String> {
        assert!(is(text.as_bytes()), "{text}");
        let hints = Hints {
            start: Some(7),
            ..Hints::default()
        };
        read(text.as_bytes(), &hints).map_err(|error| error.to_string())
    }

    #[test]
    fn a_component_is_read() {
        let contents = parse(SOUND).unwrap();
        let [trace] = &contents.traces[..] else {
            panic!("{contents:?}");
        };
        let found = (&*trace.channel, trace.rate, trace.start);
        assert_eq!(found, (".51ABC..EW", 200.0, 7));
        assert_eq!(trace.samples.len(), 10);
        assert_eq!(trace.samples[8..], [-1005.35, -0.02285298]);
        assert!(contents.notes.is_empty(), "{:?}", contents.notes);
        let windows = SOUND.replace('\n', "\r\n");
        assert_eq!(parse(&windows).unwrap(), contents);
    }

    #[test]
    fn damaged_and_longer_files() {
        let more = format!("{SOUND}VELOCITY          UNIT: CM/SEC\n 1.0 2.0\n");
        let contents = parse(&more).unwrap();
        assert_eq!(contents.traces, parse(SOUND).unwrap().traces);
        assert_eq!(
            contents.notes,
            [
                "left out what is from line 19 on (`VELOCITY          UNIT: CM/SEC`): other quantities of channel `.51ABC..EW`"
            ]
        );
        let with = |from: &str, to: &str| parse(&SOUND.replace(from, to));
        let fewer = with("POINTS:  10", "POINTS:  12").unwrap();
        assert_eq!(fewer.notes.len(), 1);
        for (from, to, why) in [
            (
                "POINTS:  10",
                "POINTS:  x",
                "line 12: `NO. OF POINTS:` of the header is ",
            ),
            (
                "0.005  SEC",
                "0  SEC",
                "line 12: `EQUALLY SPACED INTERVALS OF:` of the header is ",
            ),
            ("COMP. EW\n", "", "line 1: the header has no line `COMP.`"),
            (
                "-1.005350E+3",
                "-1.0053#",
                "line 18: `-1.0053#` is no sample",
            ),
        ] {
            let error = with(from, to).unwrap_err();
            assert!(error.starts_with(why), "{error}");
        }
    }
}
