//! Long tables: each row has one sample of one channel.

use std::borrow::Cow;

use super::super::Texts;
use super::super::sensors::is_rate;
use super::Assembly;
use crate::error::recording::TableError;
use crate::room::room;

/// The values of the rows of each name, by name.
fn by_name<'n, T: Copy>(names: &'n Texts, values: &[T]) -> Vec<(&'n str, Vec<T>)> {
    let mut counts = vec![0; names.different()];
    names
        .rows
        .iter()
        .for_each(|name| counts[*name as usize] += 1);
    let mut channels: Vec<Vec<T>> = counts.iter().map(|count| room(*count)).collect();
    for (name, value) in names.rows.iter().zip(values) {
        channels[*name as usize].push(*value);
    }
    let all = names.all_names().zip(channels);
    let mut all: Vec<(&str, Vec<T>)> = all.filter(|(_, values)| !values.is_empty()).collect();
    all.sort_unstable_by_key(|(name, _)| *name);
    all
}

impl Assembly<'_> {
    /// Adds rows of one sample each, of one channel after the other or interleaved.
    pub(super) fn long(
        &mut self,
        names: &Texts,
        mut channels: Vec<(String, Vec<f64>)>,
        times: Option<&[i64]>,
    ) -> Result<(), TableError> {
        channels.retain(|(name, _)| !is_rate(name));
        if channels.is_empty() {
            return Err(TableError::SamplesColumn.noted(self.notes.all()));
        }
        if channels.len() > 1 {
            // Other columns of numbers beside `samples` are ignored.
            let named = |(name, _): &(String, Vec<f64>)| {
                ["samples", "sample", "value", "values", "data", "amplitude"]
                    .contains(&&*name.to_lowercase())
            };
            match channels.iter().position(named) {
                Some(at) => channels = vec![channels.swap_remove(at)],
                None => return Err(TableError::SamplesColumn),
            }
        }
        let (_, mut values) = channels.swap_remove(0);
        let mut labels = std::mem::take(&mut self.labels);
        if names.rows.iter().all(|name| *name == names.rows[0]) {
            let name = names.get(0).to_owned();
            let mut columns = vec![&mut values];
            columns.extend((!labels.is_empty()).then_some(&mut labels));
            let times = times.map(|times| self.in_order(&name, times, &mut columns));
            self.interleaved(&name, times.as_deref(), &[(&name, &values)])?;
            let clocks = self.stretches(&name, values.len(), times.as_deref())?;
            self.cut(&name, values, &clocks);
            self.cut_labels(labels, &clocks);
            return Ok(());
        }
        let split = |values: &[f64]| by_name(names, values);
        let values = split(&values);
        // The labels of the first channel are those of all.
        let mut labels = if labels.is_empty() {
            Vec::new()
        } else {
            split(&labels)
        };
        labels.truncate(1);
        let mut labels = labels.into_iter();
        let mut times = times.map(|times| by_name(names, times).into_iter());
        for (name, mut samples) in values {
            let mut own_labels = labels.next().map(|(_, labels)| labels).unwrap_or_default();
            let mut columns = vec![&mut samples];
            columns.extend((!own_labels.is_empty()).then_some(&mut own_labels));
            let times = times.as_mut().and_then(Iterator::next);
            let times = times.map(|(_, times)| {
                match self.in_order(name, &times, &mut columns) {
                    Cow::Borrowed(_) => None,
                    Cow::Owned(ordered) => Some(ordered),
                }
                .unwrap_or(times)
            });
            self.interleaved(name, times.as_deref(), &[(name, &samples)])?;
            let clocks = self.stretches(name, samples.len(), times.as_deref())?;
            self.cut(name, samples, &clocks);
            self.cut_labels(own_labels, &clocks);
        }
        Ok(())
    }
}
