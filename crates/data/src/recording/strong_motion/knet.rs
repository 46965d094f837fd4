//! K-NET and KiK-net of NIED: a header of 17 named lines, and integers below it.
//!
//! Samples are multiplied by the scale factor, so that those of all stations are in gal (cm/s²). Times are those of Japan, and
//! 15 s late: recorders state when the trigger is confirmed. Channels are called as by ObsPy, such as `BO.AKT013..EW`, and
//! `BO.AKTH04..NS2` for those of KiK-net (1 is in the borehole, 2 at the surface).

use super::super::time::parse_time;
use super::super::{Contents, Hints, Notes, check_rate, dated, text};
use super::numbers::number;
use super::{DeclaredSamples, Line, lines};
use crate::error::recording::{RecordingError, StrongMotionProblem};

const FIRST: &[u8] = b"Origin Time ";
/// How much later than in UTC it is in Japan, and how much later than the first sample the header says, in nanoseconds.
const JAPAN: i64 = 9 * 3600 * 1_000_000_000;
const DELAY: i64 = 15 * 1_000_000_000;
/// Names of the components that KiK-net numbers, as ObsPy has them.
const KIK_NET: [&str; 6] = ["NS1", "EW1", "UD1", "NS2", "EW2", "UD2"];

/// Whether a file begins as these do.
pub fn is(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    text.trim_ascii_start().starts_with(FIRST)
}

/// Reads all components; several files may have been joined into one.
///
/// # Errors
/// If a line of the header is missing, or a value is none; names the line.
pub fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let text = text::decode(bytes)?.bytes;
    let lines = lines(&text);
    let starts = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.bytes.starts_with(FIRST));
    let starts: Vec<usize> = starts.map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([lines.len()]);
    let mut notes = Notes::default();
    let mut traces = Vec::new();
    for (start, end) in starts.iter().copied().zip(ends) {
        let header = Header::of(&lines[start..end])?;
        let mut trace = header
            .promise
            .trace(header.data, header.start, &mut notes)?;
        let [gal, counts] = header.scale;
        trace
            .samples
            .iter_mut()
            .for_each(|sample| *sample = *sample * gal / counts);
        traces.push(trace);
    }
    Ok(dated(traces, notes, hints))
}

struct Header<'a> {
    promise: DeclaredSamples,
    /// Nanoseconds since 1970.
    start: i64,
    /// So many gal are so many counts.
    scale: [f64; 2],
    /// The lines with samples.
    data: &'a [Line<'a>],
}

impl<'a> Header<'a> {
    /// # Errors
    /// If a line is missing, or a value is none.
    fn of(lines: &'a [Line<'a>]) -> Result<Self, RecordingError> {
        let is_of_data = |line: &&Line| {
            let first = line.bytes.first();
            first.is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-')
        };
        let until = lines.iter().take_while(|line| !is_of_data(line)).count();
        let (head, data) = lines.split_at(until);
        let head = Fields(head);
        let word = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let station = head.value("Station Code", word)?;
        let direction = head.value("Dir.", word)?;
        let rate = head.value("Sampling Freq(Hz)", |text| {
            let text = text.trim_end_matches(char::is_alphabetic).trim();
            check_rate(number(text.as_bytes())?).ok()
        })?;
        let seconds = head.value("Duration Time(s)", |text| number(text.as_bytes()))?;
        let time = head.value("Record Time", |text| parse_time(text).ok())?;
        Ok(Self {
            promise: DeclaredSamples {
                channel: format!("BO.{station}..{}", component(&direction)),
                count: (seconds * rate).round().max(0.0) as usize,
                rate,
            },
            start: time.saturating_sub(JAPAN + DELAY),
            scale: head.value("Scale Factor", scale)?,
            data,
        })
    }
}

/// The named lines of a header.
struct Fields<'a>(&'a [Line<'a>]);

impl Fields<'_> {
    /// What `read` makes of the text behind a name.
    ///
    /// # Errors
    /// If there is no such line, or its text is none.
    fn value<T>(
        &self,
        name: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, RecordingError> {
        let mut lines = self.0.iter();
        let line = lines
            .find(|line| line.bytes.starts_with(name.as_bytes()))
            .ok_or_else(|| self.0[0].wrong(StrongMotionProblem::Missing { name }))?;
        let text = line.text();
        let text = text[name.len()..].trim();
        read(text).ok_or_else(|| {
            let text = text.to_owned();
            line.wrong(StrongMotionProblem::Value { name, text })
        })
    }
}

/// Gal and counts of a scale factor such as `3920(gal)/6182761`.
fn scale(text: &str) -> Option<[f64; 2]> {
    let (gal, counts) = text.split_once('/')?;
    let gal = gal.trim().strip_suffix("(gal)")?;
    let scale = [gal, counts].map(|part| number(part.trim().as_bytes()));
    let [Some(gal), Some(counts)] = scale else {
        return None;
    };
    (gal > 0.0 && counts > 0.0).then_some([gal, counts])
}

/// The name of a direction such as `N-S` or, of KiK-net, `4`.
fn component(direction: &str) -> String {
    let number = direction.parse::<usize>().ok();
    let numbered = number.and_then(|number| KIK_NET.get(number.checked_sub(1)?));
    numbered.map_or_else(|| direction.replace('-', ""), |name| (*name).to_owned())
}
