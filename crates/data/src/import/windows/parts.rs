//! The parts of a recording: one, or one for each group of a table whose rows have labels.

use std::collections::{BTreeMap, HashMap};

use support::words::first_few;

use super::super::classes::class_of;
use super::super::config::RecordingsConfig;
use super::super::labels::{Label, Time};
use super::super::origin::{Origins, Piece};
use super::super::recording::Recording;
use crate::error::ImportError;
use crate::recording::{Contents, LabelRun, Note, Remark};

/// Values of a column that a note names.
const NAMED: usize = 5;

/// Parts of a recording, each with its samples, and labels of rows.
pub(super) struct Parts<'a> {
    recording: &'a Recording,
    /// A recording each, and its pieces.
    pub recordings: Vec<(Recording, Vec<Piece>)>,
    /// Numbers of the parts by name.
    known: HashMap<String, usize>,
    /// The labels of each part, with the numbers of their files.
    runs: Vec<Vec<(usize, LabelRun)>>,
    /// Rows of tables without a group, though there is a column of groups.
    ungrouped: usize,
}

impl<'a> Parts<'a> {
    pub fn of(recording: &'a Recording) -> Self {
        let recordings = match recording.label_column {
            Some(_) => Vec::new(),
            None => vec![(recording.clone(), Vec::new())],
        };
        Self {
            recording,
            recordings,
            known: HashMap::new(),
            runs: Vec::new(),
            ungrouped: 0,
        }
    }

    /// Adds the contents of file `at`; `file` names it in whatever recording it is.
    pub fn add(&mut self, (at, file): (usize, &str), contents: Contents, origins: &mut Origins) {
        let in_file = |mut piece: Piece| {
            piece.file = at;
            piece
        };
        if self.recording.label_column.is_none() {
            let pieces = origins.pieces(file, contents.traces);
            let pieces = pieces.into_iter().map(in_file);
            self.recordings[0].1.extend(pieces);
            return;
        }
        let mut traces = contents.traces.into_iter();
        for (number, rows) in contents.rows.into_iter().enumerate() {
            let row_traces = traces.by_ref().take(rows.traces.len()).collect();
            // Without times, each part begins at the same time as the others, and is apart from them.
            let name = if self.recording.group_column.is_none() {
                self.recording.name()
            } else if rows.group.is_empty() {
                self.ungrouped += rows.runs.iter().map(|run| run.rows).sum::<usize>();
                self.recording.name()
            } else {
                format!("{}/{}", self.recording.name(), rows.group)
            };
            let is_apart = !rows.has_times && self.recording.group_column.is_some();
            let part = self.known.get(&name).copied().filter(|_| !is_apart);
            let part = part.unwrap_or_else(|| {
                let mut part = self.recording.clone();
                self.known.insert(name.clone(), self.recordings.len());
                part.name = Some(name);
                if !rows.group.is_empty() {
                    part.group = Some(rows.group.clone());
                }
                self.recordings.push((part, Vec::new()));
                self.runs.push(Vec::new());
                self.recordings.len() - 1
            });
            let source = match self.recording.group_column {
                Some(_) => format!("{file}#{number}"),
                None => file.to_owned(),
            };
            let pieces = origins.pieces(&source, row_traces);
            self.recordings[part]
                .1
                .extend(pieces.into_iter().map(in_file));
            self.runs[part].extend(rows.runs.into_iter().map(|run| (at, run)));
        }
    }

    /// Turns the labels of rows into those of recordings, and says which rows have none.
    ///
    /// # Errors
    /// If no row has a class.
    pub fn label(&mut self, config: &RecordingsConfig) -> Result<Vec<Note>, ImportError> {
        let recording = self.recording;
        let column = recording.label_column.as_deref().unwrap_or_default();
        let (mut all, mut labelled, mut empty, mut contested) = (0, 0, 0, 0);
        let mut others: BTreeMap<String, usize> = BTreeMap::new();
        for ((part, _), runs) in self.recordings.iter_mut().zip(&mut self.runs) {
            let (runs, rows) = uncontested(std::mem::take(runs));
            contested += rows;
            for (run, parts) in runs {
                all += run.rows;
                let class = class_of(&recording.classes, &config.class_names, &run.label);
                if config.class_names.iter().any(|known| known == class) {
                    labelled += run.rows;
                    part.labels
                        .extend(parts.into_iter().map(|(start, end)| Label {
                            start: Time::Moment(start),
                            end: Time::Moment(end),
                            class: class.to_owned(),
                            event: None,
                            file: None,
                        }));
                } else if crate::recording::is_missing(run.label.as_bytes()) {
                    empty += run.rows;
                } else {
                    *others.entry(run.label).or_default() += run.rows;
                }
            }
        }
        let mut others: Vec<(String, usize)> = others.into_iter().collect();
        others.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
        let names = others.iter();
        let names: Vec<String> = names
            .map(|(name, rows)| format!("`{name}` ({rows})"))
            .collect();
        let names = first_few(&names, NAMED);
        if labelled == 0 {
            return Err(ImportError::NoClassOfRows {
                column: column.to_owned(),
                there: names,
                known: config.class_names.clone(),
            });
        }
        let mut notes = Vec::new();
        if contested > 0 {
            notes.push(Note::from(format!(
                "column `{column}`: {contested} of {all} rows have another label than rows of another file at the same time: \
                 neither label is used"
            )));
        }
        if empty > 0 {
            let text =
                format!("column `{column}`: {empty} of {all} rows have no label and are left out");
            notes.push(Note::from(Remark::Labels(text)));
        }
        if !others.is_empty() {
            let rows: usize = others.iter().map(|(_, rows)| rows).sum();
            notes.push(Note::from(format!(
                "column `{column}`: {rows} of {all} rows have labels that are not in `class_names` and are left out: {names}"
            )));
        }
        if self.ungrouped > 0 {
            notes.push(Note::from(format!(
                "column `{}`: {} of {all} rows have no group: they are one of their own",
                recording.group_column.as_deref().unwrap_or_default(),
                self.ungrouped
            )));
        }
        let name = recording.name();
        Ok(notes
            .into_iter()
            .map(|note| note.after(format_args!("{name}: ")))
            .collect())
    }
}

/// A run of rows, and the times of it that its label is used for.
type UsedRun = (LabelRun, Vec<(i64, i64)>);

/// The runs of several files without the times at which rows of two files have different labels, since only the samples of
/// one file are used; and the number of these rows.
fn uncontested(mut runs: Vec<(usize, LabelRun)>) -> (Vec<UsedRun>, usize) {
    let first = runs.first().map(|(file, _)| *file);
    if runs.iter().any(|(file, _)| Some(*file) != first) {
        runs.sort_by_key(|(_, run)| run.start);
    }
    let mut contested: Vec<(i64, i64)> = Vec::new();
    let mut active: Vec<&(usize, LabelRun)> = Vec::new();
    for pair in &runs {
        let (file, run) = pair;
        active.retain(|(_, other)| other.end > run.start);
        for (other_file, other) in &active {
            if other_file != file && other.label != run.label {
                contested.push((run.start, run.end.min(other.end)));
            }
        }
        active.push(pair);
    }
    let contested = disjoint(contested);
    let mut rows = 0.0;
    let used = runs.into_iter().map(|(_, run)| {
        let mut parts = Vec::new();
        let mut from = run.start;
        let first = contested.partition_point(|(_, end)| *end <= from);
        let inside = contested[first..].iter();
        for (start, end) in inside.take_while(|(start, _)| *start < run.end) {
            if *start > from {
                parts.push((from, *start));
            }
            from = *end;
        }
        if from < run.end || run.start == run.end {
            parts.push((from, run.end));
        }
        let kept: i64 = parts.iter().map(|(from, to)| to - from).sum();
        let length = run.end - run.start;
        rows += run.rows as f64 * (length - kept) as f64 / length.max(1) as f64;
        (run, parts)
    });
    let used: Vec<UsedRun> = used.collect();
    (used, rows.round() as usize)
}

/// The same times as sorted intervals that do not overlap.
fn disjoint(mut intervals: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    intervals.sort_unstable();
    let mut disjoint: Vec<(i64, i64)> = Vec::new();
    for (start, end) in intervals {
        match disjoint.last_mut().filter(|(_, last)| start <= *last) {
            Some((_, last)) => *last = end.max(*last),
            None => disjoint.push((start, end)),
        }
    }
    disjoint
}
