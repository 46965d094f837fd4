//! Lists by metric: one value of each for an epoch.

use serde_json::Value;

use super::MAX_NAMED;
use crate::catalogue::tags::{TagMeaning, is_metric, meaning, words};
use crate::catalogue::{Metric, Split};
use crate::json;
use crate::log_tables::header::Role;
use crate::log_tables::table::{Row, Table};
use support::words::first_few;

/// Words in the names of lists that count something other than epochs.
const NO_EPOCHS: [&str; 11] = [
    "step",
    "steps",
    "iteration",
    "iterations",
    "iter",
    "iters",
    "episode",
    "episodes",
    "batch",
    "batches",
    "round",
];

/// Words in the names of lists that count neither epochs nor steps, whatever else is in them: `epoch_time`.
const NO_POSITIONS: [&str; 8] = [
    "time",
    "times",
    "seconds",
    "sec",
    "duration",
    "durations",
    "per",
    "best",
];

/// The values of a metric, or the epochs or steps of such values.
pub(super) struct List<'a> {
    pub name: String,
    pub values: Vec<&'a Value>,
}

impl List<'_> {
    /// What the list counts, if it has whole numbers that grow: `epoch`, but also `checkpoints_after_episode`.
    fn role(&self) -> Role {
        let numbers: Option<Vec<f64>> = self
            .values
            .iter()
            .map(|value| json::number(value))
            .collect();
        let grows = |numbers: &Vec<f64>| {
            numbers.iter().all(|number| number.fract() == 0.0)
                && numbers.windows(2).all(|pair| pair[0] < pair[1])
        };
        let words = words(&self.name);
        let is = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&&**word));
        match numbers {
            _ if is_metric(&self.name) || is(&NO_POSITIONS) => Role::Value,
            Some(numbers) if grows(&numbers) && is(&NO_EPOCHS) => Role::Step,
            Some(numbers) if grows(&numbers) && is(&["epoch", "epochs"]) => Role::Epoch,
            _ => Role::of(1, &self.name),
        }
    }

    fn is_of(&self, split: Split) -> bool {
        matches!(meaning("", &self.name), TagMeaning::Metric(_, tag_split, _) if tag_split == split)
    }

    fn number(&self, at: usize) -> Option<f64> {
        json::number(self.values.get(at)?)
    }
}

/// Whether lists have one that counts epochs or steps.
pub(super) fn are_counted(lists: &[List<'_>]) -> bool {
    lists.iter().any(|list| list.role() != Role::Value)
}

/// The table of lists; `tested` are scores of the test split beside them, which belong to the last epoch.
pub(super) fn table(lists: &[List<'_>], tested: &[(String, f64)]) -> Table {
    let mut table = Table {
        tolerance: 1e-6,
        ..Default::default()
    };
    let of_split = |split| lists.iter().find(|list| list.is_of(split));
    let any = || lists.iter().find(|list| is_metric(&list.name));
    let judged = of_split(Split::Validation)
        .or_else(|| of_split(Split::Train))
        .or_else(any);
    let length = judged.map_or(0, |list| list.values.len());
    let (fitting, others): (Vec<_>, Vec<_>) =
        lists.iter().partition(|list| list.values.len() == length);
    let of_role = |role| fitting.iter().find(|list| list.role() == role);
    let (epochs, steps) = (of_role(Role::Epoch), of_role(Role::Step));
    let others: Vec<String> = others
        .into_iter()
        .filter(|list| list.role() == Role::Value && meaning("", &list.name) != TagMeaning::Unknown)
        .map(|list| format!("{} ({})", list.name, list.values.len()))
        .collect();
    let has_others = !others.is_empty();
    if has_others {
        let others: Vec<&str> = others.iter().map(String::as_str).collect();
        table.notes.push(format!(
            "lists that do not have {length} values like the others not shown: {}",
            first_few(&others, MAX_NAMED)
        ));
    }
    let value_lists = fitting.iter().filter(|list| list.role() == Role::Value);
    let value_lists: Vec<_> = value_lists.collect();
    table.columns = value_lists.iter().map(|list| list.name.clone()).collect();
    for i in 0..length {
        let mut row = Row {
            epoch: epochs.and_then(|list| list.number(i)),
            step: steps
                .and_then(|list| list.number(i))
                .map(|step| step as i64),
            ..Default::default()
        };
        if epochs.or(steps).is_none() {
            // One of several lengths may have a value for each batch, or for every few epochs.
            row.epoch = (!has_others).then_some(i as f64);
            row.step = Some(i as i64);
        }
        let cells = value_lists.iter().enumerate();
        let value = |(at, list): (usize, &&&List<'_>)| {
            Some((at, Metric::read(&list.name, list.values[i])?))
        };
        row.values = cells.filter_map(value).collect();
        table.rows.push(row);
    }
    if let Some(last) = table.rows.last_mut() {
        for (name, value) in tested {
            last.values.push((table.columns.len(), *value));
            table.columns.push(name.clone());
        }
    }
    table
}
