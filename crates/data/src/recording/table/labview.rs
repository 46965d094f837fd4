//! LabVIEW's text files (`.lvm`): a header of the file, one of the measurement, and below them a table.

use super::super::text::{Text, cell};
use super::super::{Hints, NANOS, Notes, parse_time};
use crate::error::recording::TableError;

const START: &[u8] = b"LabVIEW Measurement";
const END: &[u8] = b"***End_of_Header***";

/// Makes the lines of the headers blank, so that a table is left, and adds to `hints` what they say; `None` if the text is
/// another.
///
/// # Errors
/// If the file has several measurements.
pub(super) fn read(
    text: &mut Text<'_>,
    hints: &Hints,
    notes: &mut Notes,
) -> Result<Option<Hints>, TableError> {
    if !text.bytes.starts_with(START) {
        return Ok(None);
    }
    let mut lines: Vec<&[u8]> = text.bytes.split(|byte| *byte == b'\n').collect();
    let is_end = |line: &&[u8]| line.starts_with(END);
    let ends: Vec<usize> = (0..lines.len()).filter(|i| is_end(&lines[*i])).collect();
    let (from, until) = match ends[..] {
        [] => return Ok(None),
        [end] => (0, end),
        [first, second] => (first + 1, second),
        [_, _, third, ..] => return Err(TableError::Measurements { line: third + 1 }),
    };
    let header = Header(&lines[from..until]);
    let mut hints = hints.clone();
    let names = until + 1;
    let has_x = lines.get(names + 1).is_some_and(|row| {
        lines[names].starts_with(b"X_Value") && !row.starts_with(b"\t") && !row.starts_with(b",")
    });
    if !has_x {
        hints.sampling_rate = hints.sampling_rate.or(header.rate());
    }
    let start = header.start(has_x).unwrap_or_else(|problem| {
        notes.push(problem);
        None
    });
    hints.start = hints.start.or(start);
    lines[..=until].fill(b"");
    // Behind the names of the columns is that of comments, which rows have not.
    if let Some(names) = lines.get_mut(names)
        && let Some(own) = names.trim_ascii_end().strip_suffix(b"Comment")
    {
        *names = &own[..own.len().saturating_sub(1)];
    }
    text.bytes = lines.join(&b'\n').into();
    Ok(Some(hints))
}

/// Lines with a key, and a value for each channel.
struct Header<'a>(&'a [&'a [u8]]);

impl Header<'_> {
    fn values(&self, key: &str) -> Vec<String> {
        let cells = |line: &&[u8]| -> Option<Vec<String>> {
            let separator = line.iter().find(|byte| matches!(byte, b'\t' | b','))?;
            let cells = line.split(|byte| byte == separator);
            let mut cells = cells.map(|own| cell(own.trim_ascii()));
            (cells.next()? == key).then(|| cells.filter(|own| !own.is_empty()).collect())
        };
        self.0.iter().find_map(cells).unwrap_or_default()
    }

    fn number(&self, key: &str) -> Option<f64> {
        self.values(key).first()?.replace(',', ".").parse().ok()
    }

    /// The sampling rate, if it is that of all channels.
    fn rate(&self) -> Option<f64> {
        let steps = self.values("Delta_X");
        let same = steps.iter().all(|step| *step == steps[0]);
        let step = self.number("Delta_X").filter(|step| same && *step > 0.0)?;
        // Steps are written with few digits.
        let rate = 1.0 / step;
        let whole = rate.round();
        Some(if (rate / whole - 1.0).abs() < 1e-6 {
            whole
        } else {
            rate
        })
    }

    /// The time of the first sample, or that from which its column of times counts; `None` if the header has none.
    ///
    /// # Errors
    /// With a note if it is no time.
    fn start(&self, has_x: bool) -> Result<Option<i64>, String> {
        let first = |key: &str| self.values(key).into_iter().next();
        let (Some(date), Some(time)) = (first("Date"), first("Time")) else {
            return Ok(None);
        };
        let written = format!(
            "{}T{}",
            date.replace(['/', '.'], "-"),
            time.replace(',', ".")
        );
        let start = parse_time(&written).map_err(|problem| {
            format!("the header's date and time of the first sample are left out: {problem}")
        })?;
        let before = self.number("X0").filter(|_| !has_x).unwrap_or(0.0);
        Ok(start.checked_add((before * NANOS).round() as i64))
    }
}
