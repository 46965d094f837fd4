//! Assigns the pieces of a recording to the requested channels.

use super::super::gaps::{self, OmittedSamples};
use super::super::origin::Piece;
use super::super::report::RecordingReport;
use super::super::suspect;
use crate::recording::{Trace, merge};

/// The pieces of a recording by requested channel.
pub(super) struct ChannelPieces {
    channels: Vec<Vec<Piece>>,
    /// Pieces of channels that are not requested.
    rest: Vec<Piece>,
}

impl ChannelPieces {
    pub fn of(pieces: Vec<Piece>, names: &[String]) -> Self {
        // `merge` defines which channels a name matches.
        let means = |name: &String, channel: &str| {
            let trace = Trace {
                channel: channel.to_owned(),
                start: 0,
                rate: 1.0,
                samples: vec![0.0],
            };
            let merged = merge(vec![trace], std::slice::from_ref(name));
            merged.is_ok_and(|merged| !merged.stretches.is_empty())
        };
        let mut chosen = Self {
            channels: vec![Vec::new(); names.len()],
            rest: Vec::new(),
        };
        let mut known: Vec<(String, Option<usize>)> = Vec::new();
        for piece in pieces {
            let channel = &piece.trace.channel;
            let found = known.iter().find(|(known, _)| known == channel);
            let number = found.map(|(_, number)| *number).unwrap_or_else(|| {
                let number = names.iter().position(|name| means(name, channel));
                known.push((channel.clone(), number));
                number
            });
            match number {
                Some(number) => chosen.channels[number].push(piece),
                None => chosen.rest.push(piece),
            }
        }
        chosen
    }

    /// The pieces of each requested channel.
    pub fn channels(&self) -> &[Vec<Piece>] {
        &self.channels
    }

    pub fn pieces(&self) -> impl Iterator<Item = &Piece> {
        let pieces = self.channels.iter().flatten();
        pieces.filter(|piece| !piece.trace.samples.is_empty())
    }

    /// From the earliest sample to the end of the last one, whether or not they are used.
    pub fn span(&self) -> Option<(i64, i64)> {
        let start = self.pieces().map(|piece| piece.trace.start).min()?;
        let end = self.pieces().map(|piece| piece.trace.end()).max()?;
        Some((start, end))
    }

    /// The earliest sample of each of `files` files, whether or not it is used.
    pub fn starts(&self, files: usize) -> Vec<Option<i64>> {
        let mut starts = vec![None; files];
        for piece in self.pieces() {
            let start: &mut Option<i64> = &mut starts[piece.file];
            *start = Some(start.map_or(piece.trace.start, |earliest| {
                earliest.min(piece.trace.start)
            }));
        }
        starts
    }

    /// Turns samples that are not measurements into gaps, and fills the report of every channel.
    pub fn clean(&mut self, report: &mut RecordingReport) {
        for (pieces, report) in self.channels.iter_mut().zip(&mut report.channels) {
            let samples = |pieces: &[Piece]| -> usize {
                pieces.iter().map(|piece| piece.trace.samples.len()).sum()
            };
            report.rates = pieces.iter().map(|piece| piece.trace.rate).collect();
            report.tidy();
            report.samples = samples(pieces);
            let emptied = pieces.first().map(gaps::emptied);
            let mut left_out = OmittedSamples::default();
            let extremes =
                |pieces: &[Piece]| suspect::extremes(pieces.iter().map(|piece| &piece.trace));
            let mut found = extremes(pieces);
            *pieces = gaps::split(std::mem::take(pieces), &found, &mut left_out);
            report.no_measurement = report.samples - samples(pieces);
            if report.no_measurement > 0 {
                found = extremes(pieces);
            }
            report.no_measurement_note = left_out.note(&report.channel);
            let mut values = pieces.iter().flat_map(|piece| &piece.trace.samples);
            let first = values.next();
            report.constant = first.is_some() && values.all(|value| Some(value) == first);
            let traces = pieces.iter().map(|piece| &piece.trace);
            report.suspect = suspect::notes(&report.channel, traces, &found);
            // A channel without measurements is not missing.
            if pieces.is_empty() {
                pieces.extend(emptied);
            }
        }
        let named = report.channels.iter().zip(&self.channels);
        let named = named.map(|(channel_report, pieces)| {
            let traces: Vec<&Trace> = pieces.iter().map(|piece| &piece.trace).collect();
            (channel_report.channel.as_str(), traces)
        });
        let equal = suspect::equal_channels(&named.collect::<Vec<_>>());
        for (number, note) in equal {
            report.channels[number].suspect.push(note);
        }
    }

    pub fn into_traces(self) -> Vec<Trace> {
        let pieces = self.channels.into_iter().flatten().chain(self.rest);
        pieces.map(|piece| piece.trace).collect()
    }
}
