//! Tables with several samples of a channel in each row, `time, s0, s1, ..., s9`: the time is that of the first of them.

use support::words::first_few;

use super::super::{Hints, NANOS, Notes, Remark};
use super::wrapped;
use crate::error::recording::TableError;

/// A channel whose samples are in several columns.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Packed {
    /// What the names of the columns have in common.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<usize>,
}

/// Columns that a row must have for a note or a guess; loggers of a few channels number them.
const FEWEST: usize = 4;
/// Columns with names for samples, for a note without other reasons.
const MANY: usize = 8;
/// Names of samples.
const SAMPLES: [&str; 17] = [
    "", "s", "samples", "sample", "v", "val", "value", "d", "data", "adc", "raw", "p", "point",
    "x", "y", "z", "w",
];
/// Rows whose times are looked at.
const LOOKED_AT: usize = 4096;
/// Name of a channel whose columns have none.
const UNNAMED: &str = "samples";
/// Columns that a message names.
const NAMED: usize = 12;

/// Names and values of columns.
pub(super) type Channels = [(String, Vec<f64>)];

/// Finds the channels whose samples are in several columns of each row, if the list of recordings says that there are some, or
/// the samples do. Where it is not sure, a note says what to do.
///
/// # Errors
/// If there should be some, and no names are numbered.
pub(super) fn find(
    channels: &Channels,
    times: Option<&[i64]>,
    hints: &Hints,
    notes: &mut Notes,
) -> Result<Vec<Packed>, TableError> {
    if hints.samples_in_rows == Some(false) {
        return Ok(Vec::new());
    }
    let found = numbered(channels);
    if hints.samples_in_rows == Some(true) {
        if found.is_empty() {
            let there = channels.iter().map(|(name, _)| name.clone()).collect();
            return Err(TableError::NotNumbered { there });
        }
        return Ok(alone(found, channels, notes));
    }
    let columns: usize = found.iter().map(|channel| channel.columns.len()).sum();
    let is_wanted = |name: &String| hints.channels.contains(name);
    if columns == 0 || channels.iter().any(|(name, _)| is_wanted(name)) {
        return Ok(Vec::new());
    }
    let names = shown(&found, channels);
    if !hints.channels.is_empty()
        && hints
            .channels
            .iter()
            .all(|name| found.iter().any(|channel| channel.name == *name))
    {
        notes.push(Remark::Records(format!(
            "columns {names} are read as samples of one channel in each row, as `channels` says"
        )));
        return Ok(alone(found, channels, notes));
    }
    let count = found[0].columns.len();
    let is_alike = |channel: &Packed| channel.columns.len() == count;
    if columns < channels.len() || count < FEWEST || !found.iter().all(is_alike) {
        return Ok(Vec::new());
    }
    // Numbers without names and times are refused.
    if times.is_none() && found[0].name == UNNAMED {
        return Ok(Vec::new());
    }
    let rates = Rates::of(times, hints, count);
    let goes_on = |channel: &Packed| {
        let values: Vec<&[f64]> = channel.columns.iter().map(|at| &*channels[*at].1).collect();
        wrapped::goes_on(&values)
    };
    if rates.may_be_samples() && found.iter().all(goes_on) {
        notes.push(format!(
            "columns {names} are read as {count} samples of one channel in each row, since each row goes on where the one above \
             ends: give the recording `samples_in_rows: true`, or `false` if they are channels"
        ));
        return Ok(alone(found, channels, notes));
    }
    let is_sample = |channel: &Packed| SAMPLES.contains(&&*channel.name.to_lowercase());
    if rates.are_samples() || rates.may_be_samples() && count >= MANY && found.iter().all(is_sample)
    {
        notes.push(format!(
            "columns {names} are taken for channels{}: if they are {count} samples of one channel in each row, give the recording \
             `samples_in_rows: true`, or `false` if they are channels",
            rates.said()
        ));
    }
    Ok(Vec::new())
}

/// The names of columns, for messages.
fn shown(found: &[Packed], channels: &Channels) -> String {
    let name = |at: Option<&usize>| at.map_or("", |at| &channels[*at].0);
    let names = found.iter().map(|channel| {
        format!(
            "`{}` to `{}`",
            name(channel.columns.first()),
            name(channel.columns.last())
        )
    });
    first_few(&names.collect::<Vec<_>>(), NAMED)
}

/// Says which columns are left out, as they are no samples of packed channels.
fn alone(found: Vec<Packed>, channels: &Channels, notes: &mut Notes) -> Vec<Packed> {
    for (at, (name, _)) in channels.iter().enumerate() {
        if !found.iter().any(|channel| channel.columns.contains(&at)) {
            notes.push(Remark::ColumnLeftOut {
                name: name.clone(),
                what: "its name is none of the numbered ones of samples".into(),
            });
        }
    }
    found
}

/// Columns whose names end with consecutive numbers from 0 or 1, by the rest of the name.
fn numbered(channels: &Channels) -> Vec<Packed> {
    let names = channels.iter().map(|(name, _)| &**name);
    let packed = |(name, columns): (String, Vec<usize>)| Packed {
        // Columns without names are called by their positions.
        name: match &*name {
            "" | "Unnamed" => UNNAMED.to_owned(),
            _ => name,
        },
        columns,
    };
    numbered_names(names).into_iter().map(packed).collect()
}

/// Names that end with consecutive numbers from 0 or 1, by the rest of the name: their positions, in the order of the numbers.
pub(crate) fn numbered_names<'a>(
    names: impl Iterator<Item = &'a str>,
) -> Vec<(String, Vec<usize>)> {
    let mut stems: Vec<(String, Vec<(u32, usize)>)> = Vec::new();
    for (at, name) in names.enumerate() {
        let plain = name.trim_end_matches([']', ')', '}', ' ']);
        let stem = plain.trim_end_matches(|c: char| c.is_ascii_digit());
        let Ok(number) = plain[stem.len()..].parse::<u32>() else {
            continue;
        };
        let stem = stem.trim_end_matches(|c: char| !c.is_alphanumeric());
        match stems.iter_mut().find(|(known, _)| known == stem) {
            Some((_, numbers)) => numbers.push((number, at)),
            None => stems.push((stem.to_owned(), vec![(number, at)])),
        }
    }
    let columns = |(stem, mut numbers): (String, Vec<(u32, usize)>)| {
        numbers.sort_unstable();
        let is_next = |pair: &[(u32, usize)]| pair[1].0 == pair[0].0 + 1;
        let is_row = numbers.len() > 1 && numbers[0].0 < 3 && numbers.windows(2).all(is_next);
        is_row.then(|| (stem, numbers.into_iter().map(|(_, at)| at).collect()))
    };
    stems.into_iter().filter_map(columns).collect()
}

/// What the times of rows tell.
struct Rates {
    /// Rows per second.
    rows: Option<f64>,
    /// The sampling rate that is known.
    known: Option<f64>,
    /// Samples in a row.
    count: f64,
}

impl Rates {
    fn of(times: Option<&[i64]>, hints: &Hints, count: usize) -> Self {
        let usual = |times: &[i64]| {
            let times = &times[..times.len().min(LOOKED_AT)];
            let steps = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
            let mut steps: Vec<i64> = steps.filter(|step| *step > 0).collect();
            let middle = steps.len() / 2;
            (!steps.is_empty()).then(|| NANOS / *steps.select_nth_unstable(middle).1 as f64)
        };
        Self {
            rows: times.and_then(usual),
            known: hints.sampling_rate.or(hints.expected_rate),
            count: count as f64,
        }
    }

    fn is_near(rate: f64, known: f64) -> bool {
        (rate / known - 1.0).abs() < 0.02
    }

    /// Whether the known rate, if there is one, is that of the samples and not of the rows.
    fn are_samples(&self) -> bool {
        let both = self.rows.zip(self.known);
        both.is_some_and(|(rows, known)| Self::is_near(rows * self.count, known))
    }

    /// Whether no known rate is that of the rows.
    fn may_be_samples(&self) -> bool {
        let both = self.rows.zip(self.known);
        !both.is_some_and(|(rows, known)| Self::is_near(rows, known))
    }

    fn said(&self) -> String {
        let rate = |rate: f64| (rate * 1e3).round() / 1e3;
        self.rows
            .map_or_else(String::new, |rows| format!(" at {} Hz", rate(rows)))
    }
}

#[cfg(test)]
mod tests;
