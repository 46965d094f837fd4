//! Texts: for each trace, lines such as `DELTA: 5.0e-02`, and numbers up to an empty line.

use support::words::counted;

use super::super::{Contents, Hints, Notes, text};
use super::{Header, contents};
use crate::error::recording::{HandlerError, HandlerPlace, HandlerProblem, RecordingError};

/// Whether a text begins with the line that traces begin with.
pub fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(b"DELTA:")
}

/// A trace that is read, with the line that it begins in.
#[derive(Default)]
struct Part {
    line: usize,
    header: Header,
    samples: Vec<f64>,
    problem: Option<HandlerError>,
}

impl Part {
    /// Takes a line that is not empty.
    ///
    /// # Errors
    /// If it is neither a header nor samples.
    fn take(&mut self, line: &[u8]) -> Result<(), HandlerProblem> {
        let is_letter = line.first().is_some_and(u8::is_ascii_alphabetic);
        let text = String::from_utf8_lossy(line);
        // A sample may be `nan`.
        let Some((key, value)) = text.split_once(':').filter(|_| is_letter) else {
            for word in text.split_ascii_whitespace() {
                let number = word.parse().map_err(|_| HandlerProblem::Sample {
                    text: word.chars().take(40).collect(),
                })?;
                self.samples.push(number);
            }
            return Ok(());
        };
        let value = value.trim();
        match key.trim() {
            "DELTA" => self.header.set_interval(value)?,
            "LENGTH" => self.header.set_count(value)?,
            "START" => self.header.set_start(value)?,
            "STATION" => value.clone_into(&mut self.header.station),
            "CHAN1" => self.header.set_code(0, value),
            "CHAN2" => self.header.set_code(1, value),
            "COMP" => self.header.set_code(2, value),
            _ => {}
        }
        Ok(())
    }
}

/// Reads all traces; those that cannot be read are left out.
///
/// # Errors
/// If none can be read.
pub fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let text = text::decode(bytes)?.bytes;
    let (mut read, mut notes) = (Vec::new(), Notes::default());
    let mut damaged = None;
    let (mut open, mut bad) = (None, 0);
    let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    // An empty line ends the last trace, too.
    for (number, line) in lines.chain([&b""[..]]).enumerate() {
        if !line.is_empty() {
            let part = open.get_or_insert_with(|| Part {
                line: number + 1,
                ..Part::default()
            });
            if part.problem.is_none() {
                let place = HandlerPlace::Line(number + 1);
                let taken = part.take(line);
                part.problem = taken.err().map(|problem| HandlerError { place, problem });
            }
            continue;
        }
        let Some(part) = open.take() else { continue };
        match finished(part, &mut notes) {
            Ok(trace) => read.push(trace),
            Err(problem) => {
                bad += 1;
                damaged.get_or_insert(problem);
            }
        }
    }
    if let Some(problem) = damaged {
        if read.is_empty() {
            return Err(problem.into());
        }
        notes.push(format!("left out {}: {problem}", counted(bad, "trace")));
    }
    Ok(contents(read, notes, hints))
}

/// # Errors
/// If a line of the trace is damaged, or its header has no interval.
fn finished(part: Part, notes: &mut Notes) -> Result<(Header, f64, Vec<f64>), HandlerError> {
    let place = HandlerPlace::Line(part.line);
    let Part {
        header,
        samples,
        problem,
        ..
    } = part;
    if let Some(problem) = problem {
        return Err(problem);
    }
    let found = samples.len();
    if let Some(count) = header.count.filter(|count| *count != found) {
        notes.push(format!(
            "the trace in {place} has {count} samples by its header, but {found} numbers: these are read"
        ));
    }
    let rate = header.rate();
    let rate = rate.map_err(|problem| HandlerError { place, problem })?;
    Ok((header, rate, samples))
}
