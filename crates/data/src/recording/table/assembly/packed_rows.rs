//! Adds rows that have several samples of each channel.

use super::super::Texts;
use super::super::labelled::LABELS;
use super::super::packed::Channels;
use super::super::packets::{Packet, Packets};
use super::{Assembly, Trace, check_rate};
use crate::error::recording::TableError;

impl Assembly<'_> {
    /// Adds rows that have several samples of each channel; `names` are the channels or parts of their names.
    pub(super) fn packed_rows(
        &mut self,
        names: Option<&Texts>,
        channels: &Channels,
        times: Option<&[i64]>,
    ) -> Result<(), TableError> {
        let all = channels.first().map_or(0, |(_, values)| values.len());
        let mut parts: Vec<(String, Vec<usize>)> = Vec::new();
        match names {
            None => parts.push((String::new(), (0..all).collect())),
            Some(names) => {
                for row in 0..all {
                    let name = names.get(row);
                    match parts.iter_mut().find(|(part, _)| part == name) {
                        Some((_, rows)) => rows.push(row),
                        None => parts.push((name.to_owned(), vec![row])),
                    }
                }
            }
        }
        let labels = std::mem::take(&mut self.labels);
        let packed = std::mem::take(&mut self.packed);
        let mut is_first = true;
        for (part, rows) in &parts {
            for channel in &packed {
                let name = match &**part {
                    "" => channel.name.clone(),
                    part if packed.len() == 1 => part.to_owned(),
                    part => format!("{part}.{}", channel.name),
                };
                let value = |row: usize, at: usize| channels[channel.columns[at]].1[row];
                let count = channel.columns.len();
                self.packets(name, packets((rows, count), times, value))?;
                // The labels of the first channel are those of all.
                if std::mem::take(&mut is_first) && !labels.is_empty() {
                    let label = |row: usize, _| labels[row];
                    self.packets(LABELS.to_owned(), packets((rows, count), times, label))?;
                }
            }
        }
        self.packed = packed;
        Ok(())
    }

    /// Adds a channel.
    fn packets(&mut self, name: String, packets: Packets) -> Result<(), TableError> {
        let of = self.prefix(&name);
        let is_label = name == LABELS;
        let name = match &*self.sensor {
            "" => name,
            sensor => format!("{sensor}.{name}"),
        };
        if packets.packets.is_empty() {
            let Some(rate) = self.hints.sampling_rate else {
                return Err(TableError::NoTimes.noted(self.notes.all()));
            };
            self.traces.push(Trace {
                channel: name,
                start: self.hints.start.unwrap_or(0),
                rate: check_rate(rate)?,
                samples: packets.samples,
            });
            return Ok(());
        }
        let read = Packets { name, ..packets }.traces(self.hints.sampling_rate);
        let (traces, said) = read.map_err(|problem| TableError::Clock {
            of: of.clone(),
            problem,
        })?;
        self.traces.extend(traces);
        if !is_label {
            self.notes
                .extend(said.into_iter().map(|note| note.after(&of)));
        }
        Ok(())
    }
}

/// The samples of some rows of `count` values, which `value` gives by row and column; without times they are no packets.
fn packets(
    (rows, count): (&[usize], usize),
    times: Option<&[i64]>,
    value: impl Fn(usize, usize) -> f64,
) -> Packets {
    let all = rows
        .iter()
        .flat_map(|row| (0..count).map(|at| value(*row, at)));
    let samples = all.collect();
    let packet = |(number, row): (usize, &usize)| {
        let time = times?[*row];
        let first = number * count;
        Some(Packet { time, first, count })
    };
    Packets {
        name: String::new(),
        noun: "row",
        packets: rows.iter().enumerate().filter_map(packet).collect(),
        samples,
    }
}
