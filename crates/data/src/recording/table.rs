//! Tables: a row is a moment, and columns are times and channels; or `timestamp`, `channel`, `samples`, where a row is
//! one sample of one channel.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use rayon::prelude::*;

use super::time::{of_seconds, parse_time};
use super::{Hints, NANOS, Trace, check_rate};

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    pub name: String,
    pub values: Values,
}

/// Values of a column.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Values {
    /// Numbers.
    Numbers(Vec<f64>),
    /// Nanoseconds since 1970.
    Times(Vec<i64>),
    /// Texts.
    Texts(Texts),
}

/// A column of texts, of which few are different: names of channels, labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Texts {
    /// Those there are.
    own: Vec<String>,
    numbers: HashMap<String, u32>,
    /// Which of them, by row.
    pub rows: Vec<u32>,
}

impl Texts {
    /// Appends a row.
    pub fn push(&mut self, text: &[u8]) {
        // As the row before it, nearly always.
        let last = self.rows.last().copied();
        let same = last.filter(|last| self.own[*last as usize].as_bytes() == text);
        let number = same.unwrap_or_else(|| {
            let text = String::from_utf8_lossy(text);
            self.number(&text)
        });
        self.rows.push(number);
    }

    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.own.len() as u32;
        self.own.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }

    /// Appends another column.
    pub fn extend(&mut self, other: &Self) {
        let numbers: Vec<u32> = other.own.iter().map(|text| self.number(text)).collect();
        let rows = other.rows.iter().map(|row| numbers[*row as usize]);
        self.rows.extend(rows);
    }

    /// The text of a row.
    pub fn get(&self, row: usize) -> &str {
        &self.own[self.rows[row] as usize]
    }
}

impl Values {
    /// Nothing yet, of the kind that a column of this name has.
    fn of(name: &str) -> Self {
        match (is_time(name), name == "channel") {
            (true, _) => Self::Times(Vec::new()),
            (_, true) => Self::Texts(Texts::default()),
            _ => Self::Numbers(Vec::new()),
        }
    }

    /// Appends values of the same kind; of another, none.
    pub fn extend(&mut self, more: Self) {
        match (self, more) {
            (Self::Numbers(own), Self::Numbers(more)) => own.extend(more),
            (Self::Times(own), Self::Times(more)) => own.extend(more),
            (Self::Texts(own), Self::Texts(more)) => own.extend(&more),
            _ => {}
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Times(values) => values.len(),
            Self::Texts(values) => values.rows.len(),
        }
    }
}

/// Names of columns of times, in small letters.
const TIMES: [&str; 5] = ["timestamp", "time", "datetime", "seconds", "t"];

/// Reads CSV, with the separator of its first line (`,`, `;` or a tab). Lines that begin with `#` are left out.
///
/// # Errors
/// With the line that is wrong.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Vec<Trace>, String> {
    let lines = bytes.split(|b| *b == b'\n');
    let head = lines
        .clone()
        .find(|line| !line.starts_with(b"#"))
        .unwrap_or_default();
    let separator = *b";\t,".iter().find(|s| head.contains(s)).unwrap_or(&b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .comment(Some(b'#'))
        .trim(csv::Trim::Headers)
        .from_reader(bytes);
    let names: Vec<String> = reader
        .headers()
        .map_err(text)?
        .iter()
        .map(str::to_owned)
        .collect();
    if names.iter().all(|name| name.parse::<f64>().is_ok()) {
        return Err("line 1 has numbers: expected the names of the columns".into());
    }
    let start = usize::try_from(reader.position().byte()).unwrap_or(bytes.len());
    let parts = parts(bytes, start.min(bytes.len()));
    let read: Vec<_> = parts
        .into_par_iter()
        .map(|part| rows(bytes, part, separator, &names))
        .collect();
    let mut columns: Vec<Values> = names.iter().map(|name| Values::of(name)).collect();
    for part in read {
        for (column, more) in columns.iter_mut().zip(part?) {
            column.extend(more);
        }
    }
    let columns = names.into_iter().zip(columns);
    let columns = columns.map(|(name, values)| Column { name, values });
    assemble(columns.collect(), hints)
}

/// Bytes that a thread reads at a time.
const PART: usize = 1 << 20;

/// Cuts what follows the head into parts that end with a line; one where quotes could hold an end of line.
fn parts(bytes: &[u8], start: usize) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = start;
    let quoted = bytes[start..].contains(&b'"');
    while start < bytes.len() {
        let least = start + if quoted { bytes.len() } else { PART };
        let rest = bytes.get(least..).unwrap_or_default();
        let end = rest.iter().position(|b| *b == b'\n');
        let end = end.map_or(bytes.len(), |end| least + end + 1);
        parts.push(start..end);
        start = end;
    }
    parts
}

/// Reads the rows in `part` of a table.
///
/// # Errors
/// With the line that is wrong.
fn rows(
    bytes: &[u8],
    part: Range<usize>,
    separator: u8,
    names: &[String],
) -> Result<Vec<Values>, String> {
    let start = part.start;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .comment(Some(b'#'))
        .has_headers(false)
        .flexible(true)
        .from_reader(&bytes[part]);
    let mut columns: Vec<Values> = names.iter().map(|name| Values::of(name)).collect();
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(text)? {
        let line = || {
            let before = bytes[..start].iter().filter(|b| **b == b'\n').count() as u64;
            before + record.position().map_or(0, csv::Position::line)
        };
        if record.len() != names.len() {
            let (found, expected) = (record.len(), names.len());
            return Err(format!(
                "line {}: {found} cells, but there are {expected} columns",
                line()
            ));
        }
        for ((column, cell), name) in columns.iter_mut().zip(&record).zip(names) {
            let cell = cell.trim_ascii();
            let wrong = |problem: String| format!("line {}, column `{name}`: {problem}", line());
            match column {
                Values::Times(times) => {
                    let time = str::from_utf8(cell).map_err(|e| e.to_string());
                    times.push(time.and_then(parse_time).map_err(wrong)?);
                }
                Values::Texts(texts) => texts.push(cell),
                Values::Numbers(numbers) => {
                    let value = str::from_utf8(cell).ok().and_then(|cell| cell.parse().ok());
                    let shown = || String::from_utf8_lossy(cell);
                    numbers
                        .push(value.ok_or_else(|| wrong(format!("`{}` is no number", shown())))?);
                }
            }
        }
    }
    Ok(columns)
}

fn text(error: csv::Error) -> String {
    error.to_string()
}

fn is_time(name: &str) -> bool {
    TIMES.contains(&name.to_lowercase().as_str())
}

/// The traces of a table.
///
/// # Errors
/// Where there is no rate, times do not increase, or a column is none of these.
pub(super) fn assemble(columns: Vec<Column>, hints: &Hints) -> Result<Vec<Trace>, String> {
    let rows = columns.first().map_or(0, |column| column.values.len());
    let mut times = None;
    let mut names = None;
    let mut channels = Vec::new();
    for column in columns {
        if column.values.len() != rows {
            return Err(format!(
                "column `{}` has {} rows of {rows}",
                column.name,
                column.values.len()
            ));
        }
        match column.values {
            Values::Numbers(values) if is_time(&column.name) => {
                let nanos = values.iter().map(|seconds| of_seconds(*seconds));
                let nanos = nanos.collect::<Option<Vec<i64>>>();
                times =
                    Some(nanos.ok_or_else(|| {
                        format!("column `{}` has times that are none", column.name)
                    })?);
            }
            Values::Times(values) if is_time(&column.name) => times = Some(values),
            Values::Texts(values) if column.name == "channel" => names = Some(values),
            Values::Numbers(values) if column.name != "sample_rate" => {
                channels.push((column.name, values))
            }
            _ => {}
        }
    }
    if rows == 0 || channels.is_empty() {
        return Err("there is no column of numbers".into());
    }
    // One channel after the other, or mixed.
    if let Some(names) = names {
        let [(_, values)] = &channels[..] else {
            return Err("beside `channel` one column of samples is expected".into());
        };
        if names.rows.iter().all(|name| *name == names.rows[0]) {
            let (_, values) = channels.swap_remove(0);
            return stretches(names.get(0), values, times, hints);
        }
        let mut own: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        (0..rows).for_each(|row| own.entry(names.get(row)).or_default().push(row));
        let mut traces = Vec::new();
        for (name, rows) in own {
            let samples = rows.iter().map(|row| values[*row]).collect();
            let times = times
                .as_ref()
                .map(|times| rows.iter().map(|row| times[*row]).collect());
            traces.extend(stretches(name, samples, times, hints)?);
        }
        return Ok(traces);
    }
    let mut traces = Vec::new();
    for (name, samples) in channels {
        traces.extend(stretches(&name, samples, times.clone(), hints)?);
    }
    Ok(traces)
}

/// Cuts a channel where its times have gaps.
fn stretches(
    name: &str,
    samples: Vec<f64>,
    times: Option<Vec<i64>>,
    hints: &Hints,
) -> Result<Vec<Trace>, String> {
    let channel = name.to_owned();
    let Some(times) = times else {
        let rate = hints
            .sampling_rate
            .ok_or("there is no column of times: give the recording a `sampling_rate`")?;
        let start = hints.start.unwrap_or(0);
        return Ok(vec![Trace {
            channel,
            start,
            rate: check_rate(rate)?,
            samples,
        }]);
    };
    let steps: Vec<i64> = times
        .windows(2)
        .map(|pair| pair[1].saturating_sub(pair[0]))
        .collect();
    if let Some(row) = steps.iter().position(|step| *step <= 0) {
        return Err(format!(
            "channel `{name}`: the time of row {} is not after that of row {}",
            row + 2,
            row + 1
        ));
    }
    if steps.is_empty() {
        let rate = hints
            .sampling_rate
            .ok_or("one row tells no sampling rate")?;
        return Ok(vec![Trace {
            channel,
            start: times[0],
            rate: check_rate(rate)?,
            samples,
        }]);
    }
    let middle = steps.len() / 2;
    let (_, &mut usual, _) = steps.clone().select_nth_unstable(middle);
    let gap = |step: &i64| *step as f64 > 1.5 * usual as f64;
    let (spans, count) = steps
        .iter()
        .filter(|step| !gap(step))
        .fold((0i64, 0usize), |(sum, n), step| {
            (sum.saturating_add(*step), n + 1)
        });
    let rate = match hints.sampling_rate {
        Some(rate) => check_rate(rate)?,
        None => check_rate(near(count as f64 / (spans as f64 / NANOS)))?,
    };
    let mut traces = Vec::new();
    let mut first = 0;
    let ends = steps
        .iter()
        .enumerate()
        .filter(|(_, step)| gap(step))
        .map(|(i, _)| i + 1);
    for end in ends.chain([samples.len()]) {
        let samples = samples[first..end].to_vec();
        traces.push(Trace {
            channel: channel.clone(),
            start: times[first],
            rate,
            samples,
        });
        first = end;
    }
    Ok(traces)
}

/// The whole number (or hundredth) that a measured rate means, where one is within a thousandth.
fn near(rate: f64) -> f64 {
    let candidates = [rate.round(), (rate * 100.0).round() / 100.0];
    candidates
        .into_iter()
        .find(|near| (rate - near).abs() <= 1e-3 * rate && *near > 0.0)
        .unwrap_or(rate)
}

#[cfg(test)]
mod tests;
