//! Columns that tell the label, and the group, of each row.

use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Display, Formatter};

use support::words::first_few;

use super::super::{LabelRun, LabelledRows, RowColumns, Trace};
use super::kinds::is_missing;
use super::{Column, Texts, Values};
use crate::error::recording::TableError;

/// Name of the channel with the numbers of the labels, while rows become traces. No column can have it.
pub(super) const LABELS: &str = "\0labels";
/// Name of the column of groups meanwhile.
const GROUPS: &str = "\0groups";

/// Sets the columns apart, so that they are read neither as times nor as channels.
///
/// # Errors
/// If there is no such column.
pub(super) fn set_apart(columns: &mut [Column], wanted: &RowColumns) -> Result<(), TableError> {
    let there: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let names = [
        (Some(&wanted.label), LABELS),
        (wanted.group.as_ref(), GROUPS),
    ];
    for (name, apart) in names {
        let Some(name) = name else { continue };
        let found = columns.iter_mut().find(|column| column.name == *name);
        let Some(column) = found else {
            return Err(TableError::NoLabels {
                name: name.clone(),
                there,
            });
        };
        column.name = apart.to_owned();
        column.whole = false;
        column.values = Values::Texts(texts(&column.values));
    }
    Ok(())
}

/// Values as texts; missing ones are empty.
pub(super) fn texts(values: &Values) -> Texts {
    let mut texts = Texts::default();
    match values {
        Values::Texts(values) => {
            (0..values.rows.len()).for_each(|row| texts.push(values.get(row).trim().as_bytes()));
        }
        Values::Numbers(numbers) => {
            for number in numbers {
                let text = (!number.is_nan()).then(|| number.to_string());
                texts.push(text.unwrap_or_default().as_bytes());
            }
        }
        Values::Times(times) | Values::Clocks(times) => {
            times
                .iter()
                .for_each(|time| texts.push(time.to_string().as_bytes()));
        }
        Values::Nothing(rows) => (0..*rows).for_each(|_| texts.push(b"")),
    }
    texts
}

/// Labels and groups of the rows.
pub(super) struct RowLabels {
    labels: Texts,
    groups: Option<Texts>,
}

impl RowLabels {
    /// Removes the columns that were set apart; `None` if there are none.
    pub fn take(columns: &mut Vec<Column>) -> Option<Self> {
        let mut column = |name: &str| {
            let at = columns.iter().position(|column| column.name == name)?;
            match columns.remove(at).values {
                Values::Texts(texts) => Some(texts),
                _ => None,
            }
        };
        Some(Self {
            labels: column(LABELS)?,
            groups: column(GROUPS),
        })
    }

    pub fn groups(&self) -> Option<&Texts> {
        self.groups.as_ref()
    }

    /// The number of each row's label.
    pub fn numbers(&self) -> Vec<f64> {
        self.labels
            .rows
            .iter()
            .map(|number| f64::from(*number))
            .collect()
    }

    /// The rows that belong together, with their group. Without times, those of a group must follow each other: nothing
    /// else says that they were measured in one go.
    pub fn parts(&self, has_times: bool) -> Vec<(String, Vec<usize>)> {
        let Some(groups) = &self.groups else {
            return vec![(String::new(), (0..self.labels.rows.len()).collect())];
        };
        let mut parts: Vec<(String, Vec<usize>)> = Vec::new();
        let mut known: HashMap<u32, usize> = HashMap::new();
        let mut last = None;
        for (row, group) in groups.rows.iter().enumerate() {
            if !has_times && last != Some(*group) {
                known.clear();
            }
            last = Some(*group);
            let part = *known.entry(*group).or_insert_with(|| {
                parts.push((groups.get(row).to_owned(), Vec::new()));
                parts.len() - 1
            });
            parts[part].1.push(row);
        }
        parts
    }

    /// Turns the traces of numbers among `traces` from number `first` on into runs of one label. The part is apart from
    /// others of its group.
    pub fn runs(&self, group: String, (traces, first): (&mut Vec<Trace>, usize)) -> LabelledRows {
        let names: Vec<String> = self
            .labels
            .all()
            .map(|text| text_of(text).to_owned())
            .collect();
        let added = traces.split_off(first);
        let (labels, channels): (Vec<_>, Vec<_>) = added
            .into_iter()
            .partition(|trace| trace.channel.ends_with(LABELS));
        traces.extend(channels);
        // Several sensors have the same rows of labels, or nearly so.
        let mut by_label: BTreeMap<&str, Vec<LabelRun>> = BTreeMap::new();
        for trace in &labels {
            let mut at = 0;
            for run in trace.samples.chunk_by(|one, next| one == next) {
                let label = names.get(run[0] as usize).map_or("", String::as_str);
                by_label.entry(label).or_default().push(LabelRun {
                    start: trace.time(at),
                    end: trace.time(at + run.len()),
                    label: label.to_owned(),
                    rows: run.len(),
                });
                at += run.len();
            }
        }
        let mut runs: Vec<LabelRun> = by_label.into_values().flat_map(joined).collect();
        runs.sort_by_key(|run| run.start);
        LabelledRows {
            group,
            traces: first..traces.len(),
            has_times: false,
            runs,
        }
    }
}

fn text_of(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap_or_default()
}

/// Runs of one label, those that overlap or touch as one.
fn joined(mut runs: Vec<LabelRun>) -> Vec<LabelRun> {
    runs.sort_by_key(|run| run.start);
    let mut joined: Vec<LabelRun> = Vec::new();
    for run in runs {
        match joined.last_mut().filter(|last| run.start <= last.end) {
            Some(last) => {
                last.end = last.end.max(run.end);
                last.rows += run.rows;
            }
            None => joined.push(run),
        }
    }
    joined
}

/// Different values that a column of labels may have.
const MOST_LABELS: usize = 40;
/// Rows with the same value that follow each other, on average: measurements change more often.
const LEAST_ROWS: usize = 8;
/// Values that are named.
const NAMED: usize = 4;

/// A column that could tell the label or the group of each row: texts, or small whole numbers, which keep their value for
/// some rows.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelColumn {
    /// Name.
    pub name: String,
    /// Whether its values are texts.
    pub texts: bool,
    /// Its different values, in the order of the rows.
    pub values: Vec<String>,
}

impl LabelColumn {
    /// Whether it has several values. One that has not may still differ between files.
    pub fn varies(&self) -> bool {
        self.values.len() > 1
    }
}

impl Display for LabelColumn {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let kind = if self.texts { "texts" } else { "whole numbers" };
        write!(
            f,
            "column `{}` could tell the label or the group of each row: {} different {kind}, {}; see `label_column` and \
             `group_column` of lists of recordings",
            self.name,
            self.values.len(),
            first_few(&self.values, NAMED)
        )
    }
}

/// Columns that could tell the label of each row.
pub(super) fn candidates(columns: &[Column]) -> Vec<LabelColumn> {
    columns.iter().filter_map(candidate).collect()
}

fn candidate(column: &Column) -> Option<LabelColumn> {
    let is_small = |value: &f64| value.fract() == 0.0 && value.abs() < 1000.0 || value.is_nan();
    let is_texts = match &column.values {
        Values::Texts(_) => true,
        Values::Numbers(values) if values.iter().all(is_small) => false,
        _ => return None,
    };
    let rows = column.values.len();
    if let Values::Texts(texts) = &column.values
        && texts.different() > 2 * MOST_LABELS
    {
        return None;
    }
    let texts = texts(&column.values);
    let runs = texts.rows.chunk_by(|one, next| one == next).count();
    let labels = texts.all().filter(|text| !is_missing(text)).map(text_of);
    let values: Vec<String> = labels.map(str::to_owned).collect();
    let is_quick = values.len() > 1 && runs * LEAST_ROWS > rows;
    if !(1..=MOST_LABELS).contains(&values.len()) || is_quick {
        return None;
    }
    Some(LabelColumn {
        name: column.name.clone(),
        texts: is_texts,
        values,
    })
}
