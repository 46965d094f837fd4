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
/// If the file has several measurements, or channels that begin at different times.
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
    let starts = header.starts(has_x).unwrap_or_else(|problem| {
        notes.push(problem);
        Vec::new()
    });
    header.check_starts(&starts)?;
    hints.start = hints.start.or(starts.first().copied());
    lines[..=until].fill(b"");
    // Behind the names of the columns is that of comments, which rows have not.
    if let Some(names) = lines.get_mut(names)
        && let Some(before) = names.trim_ascii_end().strip_suffix(b"Comment")
    {
        *names = &before[..before.len().saturating_sub(1)];
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
            let mut cells = cells.map(|text| cell(text.trim_ascii()));
            (cells.next()? == key).then(|| cells.filter(|cell| !cell.is_empty()).collect())
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

    /// The time of the first sample of each channel, or that from which its times count; none if the header has none.
    ///
    /// # Errors
    /// With a note if one is no time.
    fn starts(&self, has_x: bool) -> Result<Vec<i64>, String> {
        let [dates, times, steps] = ["Date", "Time", "X0"].map(|key| self.values(key));
        let start = |(date, time): (&String, &String)| {
            let written = format!(
                "{}T{}",
                date.replace(['/', '.'], "-"),
                time.replace(',', ".")
            );
            parse_time(&written).map_err(|problem| {
                format!("the header's date and time of the first sample are left out: {problem}")
            })
        };
        let starts = dates.iter().zip(&times).map(start);
        let mut starts = starts.collect::<Result<Vec<i64>, String>>()?;
        if !has_x {
            for (start, before) in starts.iter_mut().zip(steps) {
                let before: f64 = before.replace(',', ".").parse().unwrap_or(0.0);
                *start = start.saturating_add((before * NANOS).round() as i64);
            }
        }
        Ok(starts)
    }

    /// # Errors
    /// If channels begin half a sample apart, or more.
    fn check_starts(&self, starts: &[i64]) -> Result<(), TableError> {
        let Some(step) = self.number("Delta_X") else {
            return Ok(());
        };
        let after = |start: &i64| start.saturating_sub(starts[0]) as f64 / NANOS;
        let is_other = |start: &i64| after(start).abs() >= 0.5 * step;
        match starts.iter().position(is_other) {
            Some(other) => Err(TableError::Starts {
                channel: other + 1,
                seconds: after(&starts[other]),
            }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::contents;
    use super::super::{Contents, Hints};

    /// A file of two channels, of which the second has these values in the header.
    fn table(time: &str, x0: &str) -> Result<Contents, String> {
        let head = format!(
            "LabVIEW Measurement\t\nSeparator\tTab\n***End_of_Header***\t\n\t\nChannels\t2\t\t\n\
             Date\t2017/06/13\t2017/06/13\t\nTime\t19:49:01.5\t{time}\t\nX0\t0.0E+0\t{x0}\t\n\
             Delta_X\t1.000000E-3\t1.000000E-3\t\n***End_of_Header***\t\t\t\nX_Value\tax\tay\tComment\n"
        );
        let rows: String = (0..100).map(|i| format!("\t{i}\t{}\n", i % 9)).collect();
        contents(&(head + &rows), &Hints::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn channels_that_begin_at_different_times_are_refused() {
        // Less than half a sample.
        assert_eq!(table("19:49:01.5000003", "0.0E+0").unwrap().traces.len(), 2);
        for (time, x0) in [("19:49:02.5", "0.0E+0"), ("19:49:01.5", "1.0E+0")] {
            let error = table(time, x0).unwrap_err();
            let expected = "in the header of LabVIEW, channel 2 begins 1 s after the first: save each channel in a file of its own";
            assert_eq!(error, expected);
        }
    }
}
