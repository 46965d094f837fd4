//! GeoCSV of web services of the FDSN: samples below comments that give their channel, rate and start. Parts follow each
//! other in one file: one for each channel, and for each stretch between gaps.
//!
//! A file of one channel whose rows have times is read as any other table.

use std::collections::BTreeMap;

use super::time::{format_time, parse_time};
use super::{Contents, Hints, Trace, check_rate, other_start, text};
use crate::error::recording::{RecordingError, TimeSeriesError};

const MARK: &[u8] = b"# dataset: geocsv";
/// Bytes that tell whether it is one.
const HEAD: usize = 4096;

/// Whether a line begins a part.
fn begins(line: &[u8]) -> bool {
    let start = line.get(..MARK.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(MARK))
}

/// Whether a file has parts that a table has not: samples without times, or of several channels.
pub(super) fn is(bytes: &[u8]) -> bool {
    if !begins(bytes) {
        return false;
    }
    let lines = || bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let head = &bytes[..bytes.len().min(HEAD)];
    let mut head = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let has = |key: &str| {
        let head = &bytes[..bytes.len().min(HEAD)];
        let mut lines = head.split(|byte| *byte == b'\n');
        lines.any(|line| setting(line.trim_ascii()).is_some_and(|(name, _)| name == key))
    };
    if !has("sample_rate_hz") || !has("start_time") {
        return false;
    }
    let names = head.find(|line| !line.is_empty() && !line.starts_with(b"#"));
    let names = names.unwrap_or_default().to_ascii_lowercase();
    let mut channels = lines().filter_map(|line| setting(line).filter(|(key, _)| key == "sid"));
    let first = channels.next();
    !names.windows(4).any(|word| word == b"time") || channels.any(|channel| Some(channel) != first)
}

/// Key and value of a comment such as `# sample_rate_hz: 100`.
fn setting(line: &[u8]) -> Option<(String, String)> {
    let line = str::from_utf8(line.strip_prefix(b"#")?).ok()?;
    let (key, value) = line.split_once(':')?;
    Some((key.trim().to_ascii_lowercase(), value.trim().to_owned()))
}

/// A part of a file.
#[derive(Default)]
struct Part {
    settings: BTreeMap<String, String>,
    /// Which cell of a row has the sample; none before the names of the cells.
    cell: Option<usize>,
    /// Which cell has the time.
    time_cell: Option<usize>,
    /// Time of the last row.
    last: Option<i64>,
    samples: Vec<f64>,
}

impl Part {
    fn value(&self, key: &str) -> &str {
        self.settings.get(key).map_or("", String::as_str)
    }

    fn separator(&self) -> char {
        match self.value("delimiter") {
            "\\t" => '\t',
            other => other.chars().next().unwrap_or(','),
        }
    }

    /// Takes a line below the comments: the names of its cells, or a row.
    fn line(&mut self, line: &str) -> Result<(), TimeSeriesError> {
        let cells: Vec<&str> = line.split(self.separator()).map(str::trim).collect();
        let Some(cell) = self.cell else {
            let found = cells.iter().position(|name| !is_time_name(name));
            self.cell = Some(found.ok_or(TimeSeriesError::Header)?);
            self.time_cell = cells.iter().position(is_time_name);
            return Ok(());
        };
        if let Some(text) = self.time_cell.and_then(|cell| cells.get(cell)) {
            self.last = parse_time(text).ok();
        }
        let text = cells.get(cell).copied().unwrap_or_default();
        let sample = text.parse();
        let sample = sample.map_err(|_| TimeSeriesError::Sample { text: text.into() })?;
        self.samples.push(sample);
        Ok(())
    }

    fn trace(self) -> Result<Trace, TimeSeriesError> {
        let rate = self.value("sample_rate_hz");
        let rate: f64 = rate
            .parse()
            .map_err(|_| TimeSeriesError::RateText { text: rate.into() })?;
        let trace = Trace {
            channel: channel(self.value("sid")),
            start: parse_time(self.value("start_time"))?,
            rate: check_rate(rate)?,
            samples: self.samples,
        };
        // Half a sample for clocks that are rounded.
        let expected = trace.time(trace.samples.len().saturating_sub(1));
        let tolerance = (0.5e9 / trace.rate) as u64;
        match self.last {
            Some(last) if last.abs_diff(expected) > tolerance.max(1) => Err(TimeSeriesError::Gap {
                last: format_time(last),
                expected: format_time(expected),
            }),
            _ => Ok(trace),
        }
    }
}

fn is_time_name(name: &&str) -> bool {
    name.to_lowercase().contains("time")
}

/// `XX_ABC_00_H_H_Z` or `XX_ABC_00_HHZ_R` as miniSEED has it.
fn channel(id: &str) -> String {
    let codes: Vec<&str> = id.trim_start_matches("FDSN:").split('_').collect();
    match codes[..] {
        [network, station, location, band, source, sub] => {
            format!("{network}.{station}.{location}.{band}{source}{sub}")
        }
        [network, station, location, channel] | [network, station, location, channel, _] => {
            format!("{network}.{station}.{location}.{channel}")
        }
        _ => id.to_owned(),
    }
}

/// Reads all parts.
///
/// # Errors
/// If a line is malformed; names the line.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let text = text::decode(bytes)?.bytes;
    let mut contents = Contents::default();
    let mut part: Option<(usize, Part)> = None;
    let mut end = |part: Option<(usize, Part)>| -> Result<(), RecordingError> {
        let Some((line, part)) = part else {
            return Ok(());
        };
        let promised = part.value("sample_count").parse().ok();
        let trace = part
            .trace()
            .map_err(|problem| RecordingError::TimeSeries { line, problem })?;
        let there = trace.samples.len();
        if let Some(promised) = promised.filter(|count: &usize| *count != there) {
            contents.notes.push(format!(
                "channel {}: the header says {promised} samples, there are {there}",
                trace.channel
            ));
        }
        contents.traces.push(trace);
        Ok(())
    };
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if begins(line) {
            end(part.replace((number + 1, Part::default())))?;
        }
        let Some((_, part)) = part.as_mut() else {
            continue;
        };
        if line.starts_with(b"#") {
            part.settings.extend(setting(line));
        } else if !line.is_empty() {
            let line = text::cell(line);
            part.line(&line)
                .map_err(|problem| RecordingError::TimeSeries {
                    line: number + 1,
                    problem,
                })?;
        }
    }
    end(part)?;
    let start = contents.traces.iter().map(|trace| trace.start).min();
    contents.notes.extend(other_start(hints, start));
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(channel: &str, start: &str, rows: &str) -> String {
        format!(
            "# dataset: GeoCSV 2.0\n# delimiter: ,\n# SID: XX_ABC_00_{channel}\n# sample_count: 2\n# sample_rate_hz: 100\n\
             # start_time: 2024-05-01T10:{start}Z\n# field_unit: counts\n{rows}"
        )
    }

    fn found(text: &str) -> Vec<(String, i64, Vec<f64>)> {
        assert!(is(text.as_bytes()), "{text}");
        let contents = read(text.as_bytes(), &Hints::default()).unwrap();
        assert_eq!(contents.notes.len(), 0);
        let minute = |start: i64| (start - 1_714_557_600_000_000_000) / 10_000_000;
        let traces = contents.traces.into_iter();
        let found = traces.map(|trace| (trace.channel, minute(trace.start), trace.samples));
        found.collect()
    }

    /// A part behind a gap begins at its own time, and channels stay apart.
    #[test]
    fn parts_have_their_own_times_and_channels() {
        let rows = "Sample\n1\n-2\n";
        let text = part("H_H_Z", "00:00", rows) + &part("H_H_Z", "01:00.5", rows);
        let z = |start| ("XX.ABC.00.HHZ".to_owned(), start, vec![1.0, -2.0]);
        assert_eq!(found(&text), [z(0), z(6050)]);
        let timed = "Time, Sample\n2024-05-01T10:00:00Z, 1\n2024-05-01T10:00:00.01Z, -2\n";
        let text = part("HHZ", "00:00", timed) + &part("HHN_R", "00:00", timed);
        let [z, n] = &found(&text)[..] else {
            panic!("two channels");
        };
        assert_eq!((&*z.0, &*n.0), ("XX.ABC.00.HHZ", "XX.ABC.00.HHN"));
        // One channel with times is a table.
        assert!(!is(part("HHZ", "00:00", timed).as_bytes()));
        // Times that leave a gap do not become one stretch in silence.
        let late = timed.replace("00:00.01Z", "01:00Z");
        let text = part("HHZ", "00:00", &late) + &part("HHN_R", "00:00", timed);
        let error = read(text.as_bytes(), &Hints::default()).unwrap_err();
        assert!(
            error.to_string().contains("a part for each stretch"),
            "{error}"
        );
        let wrong = part("HHZ", "00:00", "Sample\n1\nx\n");
        let error = read(wrong.as_bytes(), &Hints::default()).unwrap_err();
        assert!(error.to_string().contains("line 10"), "{error}");
    }
}
