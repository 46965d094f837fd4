//! Rows of metrics with their epochs and steps, and the curves in them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::PathBuf;

use super::TableRun;
use crate::catalogue::Split;
use crate::catalogue::tags::{Certainty, TagMeaning, meaning};
use crate::event_files::{Positions, ScalarSteps, Steps};
use support::words::{counted, first_few};

/// Most names in a sentence.
const MAX_NAMED: usize = 4;

/// One row.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    /// As the table has it: from 0 or 1, and with a fraction within an epoch.
    pub epoch: Option<f64>,
    /// Number of the step.
    pub step: Option<i64>,
    /// Values by column.
    pub values: Vec<(usize, f64)>,
}

/// A table of metrics.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    /// Path of the file.
    pub name: PathBuf,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// In the order of the file.
    pub rows: Vec<Row>,
    /// How far an epoch may be from a whole number.
    pub tolerance: f64,
    /// The epoch of the first rows, if the program that wrote the table always starts with it.
    pub first_epoch: Option<i64>,
    /// Whether validation metrics count wherever they are within an epoch, since every call of the logger is a step.
    pub is_validated_anywhere: bool,
    /// Sentences about what was not read.
    pub notes: Vec<String>,
}

/// The values of a column over one axis.
#[derive(Default)]
struct Curve {
    written: ScalarSteps,
    /// Whether the position of a value is unknown.
    unfit: bool,
}

impl Curve {
    fn put(&mut self, position: Option<i64>, value: f64) {
        match position {
            Some(position) => {
                self.written.restart_at(position);
                self.written.put(position, value);
            }
            None => self.unfit = true,
        }
    }

    /// The curve, if every position is known and has one value.
    fn fitting(self) -> Option<Self> {
        (!self.unfit && !self.written.is_several()).then_some(self)
    }
}

/// A column with its values.
struct Column<'a> {
    name: &'a str,
    meaning: TagMeaning,
    by_epoch: Option<Curve>,
    by_step: Option<Curve>,
}

impl Column<'_> {
    fn is_of(&self, split: Split) -> bool {
        matches!(self.meaning, TagMeaning::Metric(_, tag_split, _) if tag_split == split)
    }
}

/// Leaves out metrics whose split nothing tells, if others name the training split: they are not those of Keras, whose
/// metrics without a word are of the training.
fn leave_out_of_unknown_split(
    columns: &mut Vec<Column<'_>>,
    table: &dyn Display,
    notes: &mut Vec<String>,
) {
    let is = |column: &Column<'_>, certainty| {
        matches!(
            column.meaning,
            TagMeaning::Metric(_, Split::Train, tag_certainty) if tag_certainty == certainty
        )
    };
    if !columns.iter().any(|column| is(column, Certainty::Tag)) {
        return;
    }
    let unknown = columns.extract_if(.., |column| is(column, Certainty::Convention));
    let names: Vec<&str> = unknown.map(|column| column.name).collect();
    if !names.is_empty() {
        let columns = counted(names.len(), "column");
        let names = first_few(&names, MAX_NAMED);
        notes.push(format!(
            "{table}: {columns} without a word for the split, which may be training or validation, not shown: {names}"
        ));
    }
}

impl Table {
    /// Its curves: by epoch if validation metrics (without any: training metrics) have one value for each epoch,
    /// otherwise by step.
    pub fn runs(&self, notes: &mut Vec<String>) -> TableRun {
        let name = self.name.display();
        notes.extend(self.notes.iter().map(|note| format!("{name}: {note}")));
        let last_steps = self.last_steps();
        let columns = (0..self.columns.len()).filter_map(|i| self.column(i, &last_steps));
        let mut columns: Vec<Column<'_>> = columns.collect();
        leave_out_of_unknown_split(&mut columns, &name, notes);
        let of = |split| columns.iter().filter(move |column| column.is_of(split));
        let mut judged: Vec<_> = of(Split::Validation).collect();
        if judged.is_empty() {
            judged = of(Split::Train).collect();
        }
        let fits = |column: &Column<'_>| column.by_epoch.is_some();
        let by_epoch = if judged.is_empty() {
            columns.iter().all(fits)
        } else {
            judged.iter().any(|column| fits(column))
        };
        let tags = self.tags(columns, by_epoch, notes);
        let positions = match self.first() {
            _ if !by_epoch => Positions::Steps,
            Some(0 | 1) => Positions::Epochs,
            first => {
                let first = first.unwrap_or_default();
                notes.push(format!(
                    "{name}: its epochs begin with {first}, so the number of epochs is unknown"
                ));
                Positions::EpochsFromUnknown
            }
        };
        TableRun { tags, positions }
    }

    /// Names the split of metrics that are of the validation in the tables of two programs: those of fastai, which begin with
    /// the epoch and the two losses and end with the time it took, and those of YOLO behind `metrics/`.
    pub fn name_validation(&mut self) {
        let names: Vec<&str> = self.columns.iter().map(|name| &name[..]).collect();
        let is_fastai = names.starts_with(&["epoch", "train_loss", "valid_loss"])
            && names.last() == Some(&"time");
        let mut losses = ["train/loss", "val/loss"].iter();
        let is_yolo = losses.all(|loss| names.contains(loss));
        for name in &mut self.columns {
            let new_name = match name.strip_prefix("metrics/") {
                Some(rest) if is_yolo => format!("val/{rest}"),
                None if is_fastai => format!("valid_{name}"),
                _ => continue,
            };
            let is_known = matches!(
                meaning("", &new_name),
                TagMeaning::Metric(_, Split::Validation, _)
            );
            let is_bare = matches!(
                meaning("", name),
                TagMeaning::Unknown | TagMeaning::Metric(_, _, Certainty::Convention)
            );
            if is_known && is_bare {
                *name = new_name;
            }
        }
    }

    /// Leaves out columns of the same name: which of them counts is not known.
    pub fn leave_out_twice(&mut self) {
        let names = &self.columns;
        let is_twice = |i: &usize| names.iter().filter(|name| **name == names[*i]).count() > 1;
        let twice: Vec<usize> = (0..names.len()).filter(is_twice).collect();
        for row in &mut self.rows {
            row.values.retain(|(column, _)| !twice.contains(column));
        }
        let is_known = |name: &&str| {
            let meaning = meaning("", name);
            matches!(meaning, TagMeaning::Metric(..) | TagMeaning::LearningRate)
        };
        let shown = twice.iter().map(|i| &names[*i][..]).filter(is_known);
        let shown: BTreeSet<&str> = shown.collect();
        if !shown.is_empty() {
            let shown: Vec<&str> = shown.into_iter().collect();
            self.notes.push(format!(
                "several columns have the same name, none of them is shown: {}",
                shown.join(", ")
            ));
        }
    }

    fn tags(
        &self,
        columns: Vec<Column<'_>>,
        by_epoch: bool,
        notes: &mut Vec<String>,
    ) -> BTreeMap<String, Steps> {
        let name = self.name.display();
        let mut tags = BTreeMap::new();
        let mut unfit = Vec::new();
        let mut restarts = 0;
        for column in columns {
            let curve = if by_epoch {
                column.by_epoch
            } else {
                column.by_step
            };
            if curve.is_none() && column.meaning != TagMeaning::Unknown {
                unfit.push(column.name);
                continue;
            }
            let curve = curve.unwrap_or_default();
            restarts += curve.written.restarts();
            tags.insert(column.name.to_owned(), curve.written.into_steps());
        }
        if !unfit.is_empty() {
            let columns = counted(unfit.len(), "column");
            let names = first_few(&unfit, MAX_NAMED);
            let why = if by_epoch {
                "values within epochs"
            } else {
                "no or several values for a step"
            };
            notes.push(format!("{name}: {columns} with {why} not shown: {names}"));
        }
        if restarts > 0 {
            notes.push(format!(
                "{name}: its rows start again, as after a restart: the later values count"
            ));
        }
        tags
    }

    /// The first epoch, from which the others count.
    fn first(&self) -> Option<i64> {
        let epochs = self.rows.iter().filter_map(|row| self.whole(row));
        self.first_epoch.or(epochs.min())
    }

    /// The epoch of a row, if it is at the end of one.
    fn whole(&self, row: &Row) -> Option<i64> {
        let epoch = row.epoch?;
        let whole = epoch.round();
        let is_whole = (epoch - whole).abs() <= self.tolerance && (0.0..1e9).contains(&whole);
        is_whole.then_some(whole as i64)
    }

    /// The last step of every epoch.
    fn last_steps(&self) -> BTreeMap<i64, i64> {
        let mut last = BTreeMap::new();
        for row in &self.rows {
            if let (Some(epoch), Some(step)) = (self.whole(row), row.step) {
                let known = last.entry(epoch).or_insert(step);
                *known = step.max(*known);
            }
        }
        last
    }

    /// A column; `None` without values.
    fn column(&self, i: usize, last_steps: &BTreeMap<i64, i64>) -> Option<Column<'_>> {
        let name = &self.columns[i][..];
        let meaning = meaning(&self.name.to_string_lossy(), name);
        let counts_anywhere = match meaning {
            TagMeaning::Metric(_, Split::Test, _) => true,
            TagMeaning::Metric(_, Split::Validation, _) => self.is_validated_anywhere,
            _ => false,
        };
        let first = self.first().filter(|first| (0..=1).contains(first));
        let first = first.unwrap_or(0);
        let (mut by_epoch, mut by_step) = (Curve::default(), Curve::default());
        for row in &self.rows {
            let Some((_, value)) = row.values.iter().find(|(column, _)| *column == i) else {
                continue;
            };
            by_step.put(row.step, *value);
            // A value before the end of its epoch is one of a step.
            let is_end = |epoch: &i64| {
                counts_anywhere || row.step.is_none() || row.step.as_ref() == last_steps.get(epoch)
            };
            let epoch = self.whole(row).filter(|epoch| *epoch >= first);
            by_epoch.put(epoch.filter(is_end).map(|epoch| epoch - first), *value);
        }
        (by_epoch.unfit || !by_epoch.written.is_empty()).then(|| Column {
            name,
            meaning,
            by_epoch: by_epoch.fitting(),
            by_step: by_step.fitting(),
        })
    }
}
