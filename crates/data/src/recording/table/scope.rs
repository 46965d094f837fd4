//! Tables of oscilloscopes whose times are in the heading: Rigol writes the time of the first sample and the step beside the names
//! of the channels; Tektronix writes the heading and the samples side by side.

use super::super::text::{Text, cell};
use super::super::{Hints, NANOS, Notes, Remark};

/// Lines of Tektronix' heading that are looked at.
const HEADING: usize = 20;

/// A text whose heading was replaced.
pub(super) struct Replaced {
    pub hints: Hints,
    /// Number of the first line: 0 if the names are in none of the file.
    pub line: usize,
}

/// Replaces a heading by the names of the columns, and adds to `hints` what it says; `None` if the text is another.
pub(super) fn read(text: &mut Text<'_>, hints: &Hints, notes: &mut Notes) -> Option<Replaced> {
    if let Some((bytes, clock)) = rigol(&text.bytes) {
        text.bytes = bytes.into();
        let hints = clock.added(hints, notes);
        return Some(Replaced { hints, line: 1 });
    }
    text.bytes = tektronix(&text.bytes)?.into();
    let hints = hints.clone();
    Some(Replaced { hints, line: 0 })
}

/// What a heading says of the times.
#[derive(Debug, PartialEq)]
struct Clock {
    /// Seconds of the first sample, and from one to the next.
    start: f64,
    step: f64,
}

impl Clock {
    /// `hints` with this start and rate, if they say no other.
    fn added(&self, hints: &Hints, notes: &mut Notes) -> Hints {
        let exact = 1.0 / self.step;
        let is_round = (exact / exact.round() - 1.0).abs() < 1e-9;
        let rate = if is_round { exact.round() } else { exact };
        notes.push(Remark::Records(format!(
            "the heading has the time of the first sample, {} s, and the step, {} s: the sampling rate is {rate} Hz",
            self.start, self.step
        )));
        if let Some(given) = hints.sampling_rate.filter(|given| *given != rate) {
            notes.push(format!(
                "the given sampling rate is {given} Hz, but the heading says {rate} Hz: the given rate is used"
            ));
        }
        Hints {
            sampling_rate: hints.sampling_rate.or(Some(rate)),
            start: hints
                .start
                .or_else(|| Some((self.start * NANOS).round() as i64)),
            ..hints.clone()
        }
    }
}

/// Cells of a line without empty ones at its end.
fn cells(line: &[u8]) -> Vec<String> {
    let line = cell(line.trim_ascii());
    let mut cells: Vec<String> = line.split(',').map(|cell| cell.trim().to_owned()).collect();
    while cells.last().is_some_and(String::is_empty) {
        cells.pop();
    }
    cells
}

fn number(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The text of a Rigol, with names as its only heading, and its clock.
///
/// Older series write `X,CH1,CH2,Start,Increment,` above `Sequence,Volt,Volt,-1.2e-03,4.0e-08` and count the samples; newer ones write
/// `CH1V,CH2V,t0 = -1.2e-03, tInc = 4.0e-08,` above samples alone.
fn rigol(bytes: &[u8]) -> Option<(Vec<u8>, Clock)> {
    let (first, below) = first_line(bytes)?;
    let names = cells(first);
    let (names, clock, rest) = match &names[..] {
        [_, channels @ .., start, step]
            if start.eq_ignore_ascii_case("start") && step.eq_ignore_ascii_case("increment") =>
        {
            let (units, rest) = first_line(below)?;
            let units = cells(units);
            let [sequence, .., start, step] = &units[..] else {
                return None;
            };
            if !sequence.eq_ignore_ascii_case("sequence") || units.len() != names.len() {
                return None;
            }
            // The first sample that was written may be a later one.
            let first = number(cells(first_line(rest)?.0).first()?)?;
            let (start, step) = (number(start)?, number(step)?);
            let clock = Clock {
                start: start + first * step,
                step,
            };
            let index = std::iter::once("index");
            let names: Vec<&str> = index.chain(channels.iter().map(String::as_str)).collect();
            // An empty line keeps the numbers of the others.
            (names.join(",") + "\n\n", clock, rest)
        }
        [channels @ .., start, step] if !channels.is_empty() => {
            let value = |cell: &str, name: &str| {
                let (key, value) = cell.split_once('=')?;
                let is_key = key.trim().eq_ignore_ascii_case(name);
                number(value.trim()).filter(|_| is_key)
            };
            let clock = Clock {
                start: value(start, "t0")?,
                step: value(step, "tInc")?,
            };
            (channels.join(",") + "\n", clock, below)
        }
        _ => return None,
    };
    if clock.step <= 0.0 {
        return None;
    }
    Some(([names.as_bytes(), rest].concat(), clock))
}

/// The first line, without its end, and what is below it.
fn first_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

/// The text of a Tektronix TDS as a table: its lines begin with three cells of the heading, or none, and the time and the sample are
/// behind them, as in `Record Length,2.500000e+03,,-00.000250,  0.04000,`.
fn tektronix(bytes: &[u8]) -> Option<Vec<u8>> {
    const BESIDE: usize = 3;
    if !bytes.starts_with(b"Record Length,") {
        return None;
    }
    let lines = || bytes.split(|byte| *byte == b'\n');
    let is_sample = |line: &[u8]| {
        let cells = cells(line);
        cells.len() == BESIDE + 2 && cells[BESIDE..].iter().all(|cell| number(cell).is_some())
    };
    if !lines().take(HEADING).all(is_sample) {
        return None;
    }
    let setting = |name: &str| {
        let mut all = lines().take(HEADING).map(cells);
        let found = all.find(|cells| cells[0].eq_ignore_ascii_case(name))?;
        Some(found[1].clone()).filter(|value| !value.is_empty())
    };
    let is_seconds = setting("Horizontal Units").is_none_or(|unit| unit.eq_ignore_ascii_case("s"));
    let channel = setting("Source").filter(|_| is_seconds)?;
    let mut plain = format!("TIME,{channel}\n").into_bytes();
    for line in lines() {
        let commas = line.iter().enumerate().filter(|(_, byte)| **byte == b',');
        let behind = commas.map(|(at, _)| at + 1).nth(BESIDE - 1);
        plain.extend_from_slice(&line[behind.unwrap_or(0)..]);
        plain.push(b'\n');
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{channel_names, contents};
    use super::*;

    /// Rows of a count, if there is one, and of two samples.
    fn rows(first: Option<usize>, end: &str) -> String {
        let row = |i: usize| {
            let count = first.map_or(String::new(), |first| format!("{},", first + i));
            format!(
                "{count}{:.2e},{:.2e}{end}\n",
                (i * i % 17) as f64 / 64.0,
                i % 7
            )
        };
        (0..500).map(row).collect()
    }

    #[test]
    fn headings_of_rigol() {
        for end in [",", "", ",\r"] {
            for (first, start) in [(0, -1_200_000), (25, -1_199_000)] {
                let heading = format!(
                    "X,CH1,CH2,Start,Increment,\nSequence,Volt,Volt,-1.2e-03,4.0e-08{end}\n"
                );
                let text = heading + &rows(Some(first), end);
                let recording = contents(&text, &Hints::default()).unwrap();
                let names = channel_names(&recording.traces);
                assert_eq!(names, ["CH1", "CH2"]);
                let one = &recording.traces[0];
                assert_eq!((one.rate, one.start), (25e6, start), "{end:?}");
                assert_eq!((one.samples.len(), one.samples[4]), (500, 0.25));
                assert_eq!(recording.notes.texts(true), [""; 0]);
            }
            let text = format!(
                "CH1V,CH2V,t0 =-1.2e-03, tInc = 4.0e-08,\n{}",
                rows(None, end)
            );
            let recording = contents(&text, &Hints::default()).unwrap();
            let one = &recording.traces[0];
            assert_eq!(
                (&*one.channel, one.rate, one.start),
                ("CH1V", 25e6, -1_200_000)
            );
            assert_eq!((recording.traces.len(), one.samples.len()), (2, 500));
        }
        // What is given counts, and a contradiction is said.
        let given = Hints {
            sampling_rate: Some(1e6),
            start: Some(5),
            ..Hints::default()
        };
        let text = format!("CH1V,CH2V,t0 =0, tInc = 4.0e-08,\n{}", rows(None, ""));
        let recording = contents(&text, &given).unwrap();
        assert_eq!(
            (recording.traces[0].rate, recording.traces[0].start),
            (1e6, 5)
        );
        let said = recording.notes.texts(true).join("; ");
        assert!(said.contains("the heading says 25000000 Hz"), "{said}");
    }

    #[test]
    fn headings_beside_the_samples() {
        let heading = [
            "Record Length,2.500000e+03,",
            "Sample Interval,4.000000e-04,",
            "Trigger Point,1.250000000000e+03,",
            ",,",
            ",,",
            ",,",
            "Source,CH1,",
            "Vertical Units,V,",
            "Vertical Scale,1.000000e-01,",
            "Vertical Offset,0.000000e+00,",
            "Horizontal Units,s,",
            "Horizontal Scale,1.000000e-01,",
            "Pt Fmt,Y,",
            "Yzero,0.000000e+00,",
            "Probe Atten,1.000000e+00,",
            "Model Number,TDS2024,",
            "Serial Number,C012345,",
            "Firmware Version,FV:v10.15,",
        ];
        let row = |i: usize| {
            let beside = heading.get(i).unwrap_or(&",,");
            let time = i as f64 * 4e-4 - 0.5;
            format!("{beside},{time:018.12},{:10.5},\n", (i * i % 17) as f64)
        };
        let text: String = (0..2500).map(row).collect();
        let recording = contents(&text, &Hints::default()).unwrap();
        let [one] = &recording.traces[..] else {
            panic!("{} channels", recording.traces.len());
        };
        assert_eq!(
            (&*one.channel, one.rate, one.start),
            ("CH1", 2500.0, -500_000_000)
        );
        assert_eq!(one.samples.len(), 2500);
        assert_eq!(one.samples[..5], [0.0, 1.0, 4.0, 9.0, 16.0]);
        let text = text.replace("Horizontal Units,s", "Horizontal Units,Hz");
        assert!(contents(&text, &Hints::default()).is_err());
    }
}
