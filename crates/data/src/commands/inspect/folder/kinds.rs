//! Recordings of one kind: the same format and channels, and about the same sampling rate.

use std::collections::BTreeMap;

use serde::Serialize;

use super::glance::Facts;
use super::names::{is_group, is_label};
use crate::recording::{LabelColumn, format_time};

/// Sampling rates that differ by less than this fraction are about the same.
const SAME_RATE: f64 = 0.03;

/// Recordings of one kind.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Kind {
    pub format: &'static str,
    /// Channels; of seismological formats, the part after the last dot.
    pub channels: Vec<String>,
    /// Names of stations, of seismological formats.
    pub stations: Vec<String>,
    /// Channels at other sampling rates.
    pub other_channels: Vec<String>,
    /// Least and greatest sampling rates in Hz; `None` if the files do not tell.
    pub sampling_rates: Option<[f64; 2]>,
    /// Number of files.
    pub files: usize,
    /// The first file.
    pub example: String,
    /// Samples of all files, of one channel.
    pub samples: f64,
    pub seconds: Option<f64>,
    /// Least and greatest lengths of a file in seconds.
    pub file_seconds: Option<[f64; 2]>,
    /// Files of which only the beginning was read, so that lengths are estimates.
    pub estimated: usize,
    /// Fields of times that headers mark, such as `A` or `T0` of SAC, and in how many files.
    pub picks: BTreeMap<&'static str, usize>,
    /// Times of the first and last samples.
    pub first: Option<String>,
    pub last: Option<String>,
    #[serde(skip)]
    span: Option<(i64, i64)>,
    /// Numbers of the files.
    #[serde(skip)]
    pub members: Vec<usize>,
    /// Columns that could tell labels or groups, with the values of all files.
    #[serde(skip)]
    pub columns: Vec<LabelColumn>,
    /// By column and value, files that have no other value in it.
    #[serde(skip)]
    pub files_of: BTreeMap<String, BTreeMap<String, usize>>,
}

/// Whether a format names channels `NET.STA.LOC.CHA`.
pub(super) fn is_seismological(format: &str) -> bool {
    matches!(
        format,
        "miniSEED"
            | "SAC"
            | "GSE1"
            | "GSE2"
            | "CSS 3.0"
            | "AH"
            | "PC-SUDS"
            | "Seismic Handler"
            | "Seismic Handler Q"
    )
}

/// A channel's station and its name there.
pub(super) fn station(channel: &str) -> (&str, &str) {
    channel.rsplit_once('.').unwrap_or(("", channel))
}

/// Adds a file to the kind that it is of.
pub(super) fn add(kinds: &mut Vec<Kind>, facts: &Facts, file: (usize, &str)) {
    let fits = |kind: &Kind| {
        let rates = match (kind.sampling_rates, facts.rate) {
            (Some([least, most]), Some(rate)) => {
                rate > most * (1.0 - SAME_RATE) && rate < least * (1.0 + SAME_RATE)
            }
            (None, None) => true,
            _ => false,
        };
        rates && kind.format == facts.format && has_channels(kind, facts)
    };
    let at = kinds.iter().position(fits).unwrap_or_else(|| {
        kinds.push(Kind {
            format: facts.format,
            channels: Vec::new(),
            stations: Vec::new(),
            other_channels: Vec::new(),
            sampling_rates: facts.rate.map(|rate| [rate, rate]),
            files: 0,
            example: file.1.to_owned(),
            samples: 0.0,
            seconds: None,
            file_seconds: None,
            estimated: 0,
            picks: BTreeMap::new(),
            first: None,
            last: None,
            span: None,
            members: Vec::new(),
            columns: Vec::new(),
            files_of: BTreeMap::new(),
        });
        kinds.len() - 1
    });
    kinds[at].count(facts, file.0);
}

/// Whether a file has the channels of a kind. In seismology, a file often has one of three components.
fn has_channels(kind: &Kind, facts: &Facts) -> bool {
    if !is_seismological(facts.format) {
        return kind.channels == facts.channels;
    }
    let instrument = |channel: &str| {
        let code = station(channel).1;
        code.char_indices()
            .next_back()
            .map_or(String::new(), |(last, _)| code[..last].to_owned())
    };
    facts.channels.iter().all(|channel| {
        kind.channels
            .iter()
            .any(|known| instrument(known) == instrument(channel))
    })
}

/// Adds a text to a list that lacks it.
fn insert(list: &mut Vec<String>, text: &str) {
    if !list.iter().any(|known| known == text) {
        list.push(text.to_owned());
    }
}

/// The range with a further value.
fn widened(range: Option<[f64; 2]>, value: Option<f64>) -> Option<[f64; 2]> {
    let value = value?;
    let [least, most] = range.unwrap_or([value, value]);
    Some([least.min(value), most.max(value)])
}

impl Kind {
    fn count(&mut self, facts: &Facts, file: usize) {
        self.files += 1;
        self.members.push(file);
        for channel in &facts.channels {
            if is_seismological(facts.format) {
                let (station, channel) = station(channel);
                insert(&mut self.stations, station);
                insert(&mut self.channels, channel);
            } else {
                insert(&mut self.channels, channel);
            }
        }
        for (channel, rate) in &facts.others {
            insert(
                &mut self.other_channels,
                &format!("{} at {} Hz", station(channel).1, short(*rate)),
            );
        }
        self.sampling_rates = widened(self.sampling_rates, facts.rate);
        self.samples += facts.samples;
        self.file_seconds = widened(self.file_seconds, facts.seconds());
        self.seconds = facts
            .seconds()
            .map(|seconds| self.seconds.unwrap_or(0.0) + seconds);
        self.estimated += usize::from(facts.is_estimate);
        for field in &facts.picks {
            *self.picks.entry(field).or_default() += 1;
        }
        if let Some((first, last)) = facts.times {
            let (one, other) = self.span.unwrap_or((first, last));
            let (first, last) = (one.min(first), other.max(last));
            self.span = Some((first, last));
            (self.first, self.last) = (Some(format_time(first)), Some(format_time(last)));
        }
        // Any channel may have one value in a file.
        let may_tell = |column: &&LabelColumn| {
            column.varies() || is_label(&column.name) || is_group(&column.name)
        };
        for column in facts.columns.iter().filter(may_tell) {
            if let [value] = &column.values[..] {
                let counts = self.files_of.entry(column.name.clone()).or_default();
                *counts.entry(value.clone()).or_default() += 1;
            }
            let Some(known) = self
                .columns
                .iter_mut()
                .find(|known| known.name == column.name)
            else {
                self.columns.push(column.clone());
                continue;
            };
            column
                .values
                .iter()
                .for_each(|value| insert(&mut known.values, value));
        }
    }

    /// One line for people.
    pub fn line(&self) -> String {
        let rate = match self.sampling_rates {
            None => "sampling rate not known".into(),
            Some([least, most]) if short(least) == short(most) => format!("{} Hz", short(least)),
            Some([least, most]) => format!("{} to {} Hz", short(least), short(most)),
        };
        let about = if self.estimated > 0 { "about " } else { "" };
        let length = match (self.seconds, self.file_seconds) {
            (Some(all), Some([least, most])) if self.files > 1 => {
                let each = if short(least) == short(most) {
                    short(least)
                } else {
                    format!("{} to {}", short(least), short(most))
                };
                format!("{about}{} s ({each} s each)", short(all))
            }
            (Some(all), _) => format!("{about}{} s", short(all)),
            _ => format!("{about}{:.0} rows", self.samples),
        };
        let mut line = format!(
            "{}, {}: {rate}; {length}; channels {}",
            self.format,
            support::words::counted(self.files, "file"),
            self.channels.join(", ")
        );
        if !self.stations.is_empty() {
            let stations: Vec<&str> = self
                .stations
                .iter()
                .map(|station| station.trim_end_matches(['.', '-']))
                .filter(|station| !station.is_empty())
                .collect();
            line += &format!(" of {}", support::words::first_few(&stations, 4));
        }
        if !self.other_channels.is_empty() {
            line += &format!("; also {}", self.other_channels.join(", "));
        }
        if let (Some(first), Some(last)) = (&self.first, &self.last) {
            line += &format!("; {first} to {last}");
        }
        if !self.picks.is_empty() {
            let picks = self.picks.iter();
            let picks: Vec<String> = picks
                .map(|(field, files)| format!("{field} ({files})"))
                .collect();
            line += &format!(
                "; picks {} by files, which `data inspect FILE` lists",
                picks.join(", ")
            );
        }
        line + &format!("; such as {}", self.example)
    }
}

/// A number with up to four digits after those before the point.
pub(super) fn short(number: f64) -> String {
    let digits = if number.abs() >= 100.0 { 1e2 } else { 1e4 };
    ((number * digits).round() / digits).to_string()
}
