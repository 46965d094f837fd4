//! GeoNet of New Zealand (`.V1A`, `.V2A`): components one below the other, each with 16 lines of text, 40 integers, 60 numbers, and
//! rows of ten samples. Corrected records (V2A) also have velocities and displacements.
//!
//! W. J. Cousins, "GNS accelerogram data files" (2008). Samples are in mm/s², mm/s and mm. Channels are called `NZ.STATION..N00E`, with
//! `-vel` and `-disp` behind the name for velocities and displacements.

use super::super::time::{DAY, day};
use super::super::{Contents, Hints, Notes, Trace, check_rate, dated, text};
use super::{DeclaredSamples, Line, head, lines, numbers};
use crate::error::recording::{RecordingError, StrongMotionProblem};

/// Lines of text, and of text and numbers, above samples.
const TEXTS: usize = 16;
const HEADER: usize = TEXTS + 10;
/// Numbers in a row.
const ROW: usize = 10;

/// Whether the first line is of this format.
pub fn is(bytes: &[u8]) -> bool {
    let head = head(bytes);
    let first = head.first().map_or("", String::as_str);
    first.contains("CORRECTED ACCELEROGRAM") && first.contains("GNS SCIENCE")
}

/// Reads all components.
///
/// # Errors
/// If a header is not whole, or a number is none; names the line.
pub fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let text = text::decode(bytes)?.bytes;
    let lines = lines(&text);
    let mut rest = &lines[..];
    let (mut traces, mut notes) = (Vec::new(), Notes::default());
    while let Some(first) = rest.iter().position(|line| !line.bytes.is_empty()) {
        let Some((header, data)) = rest[first..].split_at_checked(HEADER) else {
            let name = "Component";
            let problem = rest[first].wrong(StrongMotionProblem::Missing { name });
            if traces.is_empty() {
                return Err(problem);
            }
            notes.push(format!("the last component is left out: {problem}"));
            break;
        };
        rest = component(&Header::of(header)?, data, &mut traces, &mut notes)?;
    }
    Ok(dated(traces, notes, hints))
}

/// Adds the traces of a component, whose samples are at the beginning of `data`. Returns the lines behind them.
///
/// # Errors
/// If a number of the header is none.
fn component<'a>(
    header: &Header<'_>,
    data: &'a [Line<'a>],
    traces: &mut Vec<Trace>,
    notes: &mut Notes,
) -> Result<&'a [Line<'a>], RecordingError> {
    let is_raw = header.texts[0]
        .text()
        .to_uppercase()
        .contains("UNCORRECTED");
    let count = |number: usize| header.integers[number - 1].max(0.0) as usize;
    let counts = if is_raw {
        [count(31), 0, 0]
    } else {
        [count(34), count(35), count(36)]
    };
    let (start, rate) = (header.start()?, header.rate()?);
    let name = header.name(traces, notes);
    header.note(&name, counts[0], rate, is_raw, notes);
    let mut rest = data;
    for (count, suffix) in counts.into_iter().zip(["", "-vel", "-disp"]) {
        if count == 0 {
            continue;
        }
        let rows = count.div_ceil(ROW).min(rest.len());
        let (rows, behind) = rest.split_at(rows);
        rest = behind;
        let promise = DeclaredSamples {
            channel: format!("{name}{suffix}"),
            count,
            rate,
        };
        let mut trace = promise.trace(rows, start, notes)?;
        if is_raw {
            let unit = header.unit();
            trace.samples.iter_mut().for_each(|sample| *sample *= unit);
        }
        traces.push(trace);
    }
    Ok(rest)
}

/// The lines above the samples of a component.
struct Header<'a> {
    texts: &'a [Line<'a>],
    /// From number 1 of the format's description on.
    integers: Vec<f64>,
    reals: Vec<f64>,
}

impl<'a> Header<'a> {
    /// # Errors
    /// If one of [`HEADER`] lines has too few numbers.
    fn of(lines: &'a [Line<'a>]) -> Result<Self, RecordingError> {
        let (texts, rows) = lines.split_at(TEXTS);
        for row in rows {
            if numbers::samples(&[*row])?.len() != ROW {
                return Err(row.wrong(StrongMotionProblem::Value {
                    name: "row of ten numbers",
                    text: row.text().chars().take(80).collect(),
                }));
            }
        }
        Ok(Self {
            texts,
            integers: numbers::samples(&rows[..4])?,
            reals: numbers::samples(&rows[4..])?,
        })
    }

    /// A word of a line of text; both count from 0.
    fn word(&self, line: usize, word: usize) -> String {
        let text = self.texts[line].text();
        text.split_whitespace().nth(word).unwrap_or("").to_owned()
    }

    /// The name of the channel, which no other trace has.
    fn name(&self, traces: &[Trace], notes: &mut Notes) -> String {
        let code = format!("NZ.{}..{}", self.word(1, 1), self.word(12, 1));
        let is_taken = |name: &str| traces.iter().any(|trace| trace.channel == name);
        let mut names = (1..).map(|number| match number {
            1 => code.clone(),
            number => format!("{code}-{number}"),
        });
        let name = names.find(|name| !is_taken(name)).unwrap_or_default();
        if name != code {
            notes.push(format!(
                "two components are called `{code}`: one of them is `{name}`"
            ));
        }
        name
    }

    /// Time of the beginning of the buffer, in nanoseconds since 1970.
    ///
    /// # Errors
    /// If it is none.
    fn start(&self) -> Result<i64, RecordingError> {
        let part = |number: usize| self.integers[number - 1] as i64;
        let [hour, minute, millis] = [part(20), part(39), part(40)];
        let days = day(part(9), part(10), part(19)).ok();
        let is_time =
            (0..24).contains(&hour) && (0..60).contains(&minute) && (0..61_000).contains(&millis);
        // Beyond these days, nanoseconds have no room.
        let days = days.filter(|days| is_time && days.abs() < 100_000);
        let days = days.ok_or_else(|| {
            let parts = [9, 10, 19, 20, 39, 40].map(|number| part(number).to_string());
            self.texts[0].wrong(StrongMotionProblem::Value {
                name: "buffer start time",
                text: parts.join(" "),
            })
        })?;
        Ok(days * DAY + ((hour * 60 + minute) * 60_000 + millis) * 1_000_000)
    }

    /// Samples per second.
    ///
    /// # Errors
    /// If the interval is none.
    fn rate(&self) -> Result<f64, RecordingError> {
        let interval = self.reals[25];
        check_rate(1.0 / interval).map_err(|rate| self.texts[0].wrong(rate.into()))
    }

    /// What raw readings count, in mm/s²: `Raw readings in units of 1.00 mm/s/s`.
    fn unit(&self) -> f64 {
        let text = self.texts[10].text().to_lowercase();
        let number = text.split_once("units of").and_then(|(_, rest)| {
            let word = rest.split_whitespace().next()?;
            numbers::number(word.as_bytes())
        });
        number.filter(|unit| *unit > 0.0).unwrap_or(1.0)
    }

    /// Notes what of the header may mean another time or rate.
    fn note(&self, name: &str, count: usize, rate: f64, is_raw: bool, notes: &mut Notes) {
        let (duration, prepended) = (self.reals[23], self.integers[31]);
        let seconds = count.saturating_sub(1) as f64 / rate;
        if duration > 0.0 && (seconds - duration).abs() > 0.01 * duration + 1.0 / rate {
            notes.push(format!(
                "channel `{name}`: the header says {duration} s, but {count} samples at {rate} Hz are {seconds:.3} s"
            ));
        }
        if !is_raw && prepended > 0.0 {
            notes.push(format!(
                "channel `{name}`: {prepended} samples were put before the record when it was corrected, and the header does not \
                 say whether its time counts them: it is taken for that of the first sample; the uncorrected record (.V1A) has none"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::parse_time;

    /// A component of 13 samples, and its velocities and displacements if it is corrected.
    fn text(kind: &str, direction: &str, prepended: usize) -> String {
        let mut text =
            format!("{kind} accelerogram 20130816_023105_MRZ_20 GNS Science\nSite MRZ 40 39 38S\n");
        text += &"text\n".repeat(8);
        text +=
            "Raw readings in units of 0.50 mm/s/s  at intervals of 0.020 s\nData is unfiltered\n";
        text += &format!("Component {direction}    Transverse Accelerometer Axis\n");
        text += &"peak\n".repeat(3);
        let mut integers = [0; 40];
        for (number, value) in [
            (9, 2013),
            (10, 8),
            (19, 16),
            (20, 2),
            (31, 13),
            (32, prepended),
            (34, 13),
            (35, 13),
            (36, 13),
            (39, 30),
            (40, 54_250),
        ] {
            integers[number - 1] = value;
        }
        for row in integers.chunks(10) {
            text.extend(row.iter().map(|value| format!("{value:8}")));
            text.push('\n');
        }
        let mut reals = [0.0; 60];
        (reals[23], reals[24], reals[25]) = (0.24, 0.005, 0.02);
        for row in reals.chunks(10) {
            text.extend(row.iter().map(|value| format!("{value:8.3}")));
            text.push('\n');
        }
        let blocks = if kind == "Corrected" { 3 } else { 1 };
        for block in 0..blocks {
            for row in (0..13).collect::<Vec<i32>>().chunks(10) {
                let value = |sample: &i32| {
                    format!("{:8.1}", f64::from(sample - 5) + f64::from(block * 100))
                };
                text.extend(row.iter().map(value));
                text.push('\n');
            }
        }
        text
    }

    fn parse(text: &str) -> Result<Contents, String> {
        assert!(is(text.as_bytes()), "{text}");
        read(text.as_bytes(), &Hints::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn corrected_records() {
        let text = text("Corrected", "N00E", 0) + &text("Corrected", "Up", 0);
        let contents = parse(&text).unwrap();
        let names = contents.traces.iter().map(|trace| &*trace.channel);
        let expected = ["N00E", "N00E-vel", "N00E-disp", "Up", "Up-vel", "Up-disp"];
        let expected = expected.map(|name| format!("NZ.MRZ..{name}"));
        assert_eq!(names.collect::<Vec<_>>(), expected);
        let start = parse_time("2013-08-16T02:30:54.250Z").unwrap();
        for (number, trace) in contents.traces.iter().enumerate() {
            let from = (number % 3 * 100) as f64 - 5.0;
            let samples: Vec<f64> = (0..13).map(|i| from + f64::from(i)).collect();
            assert_eq!(trace.samples, samples);
            assert_eq!((trace.start, trace.rate), (start, 50.0));
        }
        assert!(contents.notes.is_empty(), "{:?}", contents.notes);
        assert_eq!(parse(&text.replace('\n', "\r\n")).unwrap(), contents);
    }

    #[test]
    fn uncorrected_records_have_a_unit() {
        let contents = parse(&text("Uncorrected", "S90E", 250)).unwrap();
        let [trace] = &contents.traces[..] else {
            panic!("{contents:?}");
        };
        assert_eq!(trace.samples[..3], [-2.5, -2.0, -1.5]);
        assert!(contents.notes.is_empty(), "{:?}", contents.notes);
    }

    #[test]
    fn doubts_are_noted() {
        let note = |text: &str| parse(text).unwrap().notes.join("; ");
        let prepended = note(&text("Corrected", "Up", 250));
        assert!(
            prepended.contains("250 samples were put before"),
            "{prepended}"
        );
        let sound = text("Uncorrected", "Up", 0);
        let longer = note(&sound.replace("   0.240", "   0.480"));
        assert!(
            longer.contains("says 0.48 s, but 13 samples at 50 Hz are 0.240 s"),
            "{longer}"
        );
        let twice = parse(&sound.repeat(2)).unwrap();
        assert_eq!(twice.traces[1].channel, "NZ.MRZ..Up-2");
        assert!(twice.notes[0].contains("two components are called `NZ.MRZ..Up`"));
        let cut = note(&sound[..sound.len() - 12]);
        assert!(
            cut.contains("the header says 13 samples, but the data end after"),
            "{cut}"
        );
        let headless = note(&(sound.clone() + &sound[..200]));
        assert!(
            headless.contains("the last component is left out: line 29:"),
            "{headless}"
        );
    }

    #[test]
    fn damaged_headers() {
        let sound = text("Uncorrected", "Up", 0);
        for (from, to, why) in [
            (
                "    2013       8",
                "    2013      13",
                "`buffer start time` of the header is `2013 13 16",
            ),
            (
                "   0.020",
                "   0.000",
                "line 1: inf is not a valid sampling rate",
            ),
            (
                "   54250",
                "        ",
                "`row of ten numbers` of the header is",
            ),
            ("    -5.0", "    -5.x", "line 27: `-5.x` is no sample"),
        ] {
            let error = parse(&sound.replacen(from, to, 1)).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        assert!(
            parse(&sound[..300])
                .unwrap_err()
                .contains("no line `Component`")
        );
    }
}
