//! Recordings: their channels, and times that their headers mark.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::super::figure::Example;
use super::recorded::recorded;
use super::{Inspected, Note};
use crate::error::DataError;
use crate::import::{gaps, suspect};
use crate::recording::{self, Hints, format_time};

/// A channel of a recording.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Channel {
    pub file: String,
    pub channel: String,
    pub start: String,
    /// `None` if the file does not store it.
    pub sampling_rate: Option<f64>,
    pub samples: usize,
    pub seconds: Option<f64>,
    pub stretches: usize,
    pub not_finite: usize,
    pub smallest: f64,
    pub largest: f64,
}

/// A time that the header of a recording marks.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Pick {
    pub file: String,
    pub channel: String,
    /// Field of the header.
    pub field: &'static str,
    /// Its name; empty if there is none.
    pub name: String,
    pub time: String,
    /// Seconds from the first sample.
    pub seconds: f64,
}

/// What to say of a channel if its sampling rate changes.
fn other_rates(channel: &str, traces: &[recording::Trace]) -> Option<String> {
    let mut rates: Vec<f64> = traces.iter().map(|trace| trace.rate).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup_by(|one, other| recording::same_rate(*one, *other));
    let texts: Vec<String> = rates.iter().map(f64::to_string).collect();
    (texts.len() > 1).then(|| {
        format!(
            "channel `{channel}` has several sampling rates: {} Hz",
            texts.join(", ")
        )
    })
}

/// The picks of a file.
fn picks(path: &Path, contents: &recording::Contents) -> Vec<Pick> {
    let start = contents.traces.iter().map(|trace| trace.start).min();
    let picks = contents.picks.iter().map(|pick| Pick {
        file: path.display().to_string(),
        channel: pick.channel.clone(),
        field: pick.field,
        name: pick.name.clone(),
        time: format_time(pick.time),
        seconds: pick.time.saturating_sub(start.unwrap_or(0)) as f64 / recording::NANOS,
    });
    picks.collect()
}

impl Inspected {
    /// Adds the channels of a recording, its picks, notes and examples.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn recorded(&mut self, path: &Path) -> Result<(), DataError> {
        let (notes, examples) = (&mut self.notes, &mut self.examples);
        let of_file = |note| Note {
            file: path.display().to_string(),
            note,
        };
        let read = recorded(|hints: &Hints| recording::read(path, hints))?;
        let (contents, known) = (read.contents, read.no_rate.is_none());
        notes.extend(read.no_rate.map(of_file));
        let file_notes = contents.notes.all().into_iter().filter(|_| known);
        notes.extend(file_notes.map(of_file));
        let columns = contents
            .label_columns
            .iter()
            .filter(|column| column.varies());
        let columns = columns.map(ToString::to_string);
        notes.extend(columns.map(of_file));
        self.picks.extend(picks(path, &contents));
        let mut by_channel: BTreeMap<String, Vec<recording::Trace>> = BTreeMap::new();
        for trace in contents.traces {
            by_channel
                .entry(trace.channel.clone())
                .or_default()
                .push(trace);
        }
        let of_channels = by_channel.iter();
        let of_channels =
            of_channels.map(|(name, traces)| (name.as_str(), traces.iter().collect()));
        let equal = suspect::equal_channels(&of_channels.collect::<Vec<_>>());
        for (channel, traces) in by_channel {
            let extremes = suspect::extremes(traces.iter());
            let all = traces.iter().flat_map(|trace| &trace.samples);
            if let Some((count, value)) = gaps::fills(all, &extremes) {
                notes.push(of_file(format!(
                    "channel `{channel}`: {count} samples are {value}, as programs write where data are missing: an \
                     import makes gaps of them"
                )));
            }
            if known {
                let suspect = suspect::measured_notes(&channel, &traces, &extremes);
                notes.extend(suspect.into_iter().map(of_file));
            }
            notes.extend(other_rates(&channel, &traces).map(of_file));
            let [smallest, largest] = extremes.range();
            let start = traces.iter().map(|trace| trace.start).min().unwrap_or(0);
            self.channels.push(Channel {
                file: path.display().to_string(),
                start: if known {
                    format_time(start)
                } else {
                    "not known".into()
                },
                sampling_rate: known.then_some(traces[0].rate),
                samples: traces.iter().map(|trace| trace.samples.len()).sum(),
                seconds: known.then(|| {
                    let seconds =
                        |trace: &recording::Trace| trace.samples.len() as f64 / trace.rate;
                    traces.iter().map(seconds).sum()
                }),
                stretches: recording::count_stretches(&traces),
                not_finite: extremes.not_finite(),
                smallest,
                largest,
                channel: channel.clone(),
            });
            if let (true, Some(first)) = (self.is_drawn, traces.into_iter().next()) {
                examples.push(Example::of_trace(first, known));
            }
        }
        notes.extend(equal.into_iter().map(|(_, note)| of_file(note)));
        Ok(())
    }
}
