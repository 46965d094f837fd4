//! The parts of a recording: one, or one for each group of a table whose rows have labels.

use std::collections::{BTreeMap, HashMap};

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
    own: &'a Recording,
    /// A recording each, and its pieces.
    pub recordings: Vec<(Recording, Vec<Piece>)>,
    /// Numbers of the parts by name.
    known: HashMap<String, usize>,
    /// The labels of each part.
    runs: Vec<Vec<LabelRun>>,
    /// Rows of tables without a group, though there is a column of groups.
    ungrouped: usize,
}

impl<'a> Parts<'a> {
    pub fn of(own: &'a Recording) -> Self {
        let recordings = match own.label_column {
            Some(_) => Vec::new(),
            None => vec![(own.clone(), Vec::new())],
        };
        Self {
            own,
            recordings,
            known: HashMap::new(),
            runs: Vec::new(),
            ungrouped: 0,
        }
    }

    /// Adds the contents of `file`, which names it in whatever recording it is.
    pub fn add(&mut self, file: &str, contents: Contents, origins: &mut Origins) {
        if self.own.label_column.is_none() {
            let pieces = origins.pieces(file, contents.traces);
            self.recordings[0].1.extend(pieces);
            return;
        }
        let mut traces = contents.traces.into_iter();
        for (number, rows) in contents.rows.into_iter().enumerate() {
            let own = traces.by_ref().take(rows.traces.len()).collect();
            // Without times, each part begins at the same time as the others, and is apart from them.
            let name = if self.own.group_column.is_none() {
                self.own.name()
            } else if rows.group.is_empty() {
                self.ungrouped += rows.runs.iter().map(|run| run.rows).sum::<usize>();
                self.own.name()
            } else {
                format!("{}/{}", self.own.name(), rows.group)
            };
            let is_apart = !rows.has_times && self.own.group_column.is_some();
            let at = self.known.get(&name).copied().filter(|_| !is_apart);
            let at = at.unwrap_or_else(|| {
                let mut part = self.own.clone();
                self.known.insert(name.clone(), self.recordings.len());
                part.name = Some(name);
                if !rows.group.is_empty() {
                    part.group = Some(rows.group.clone());
                }
                self.recordings.push((part, Vec::new()));
                self.runs.push(Vec::new());
                self.recordings.len() - 1
            });
            let source = match self.own.group_column {
                Some(_) => format!("{file}#{number}"),
                None => file.to_owned(),
            };
            let pieces = origins.pieces(&source, own);
            self.recordings[at].1.extend(pieces);
            self.runs[at].extend(rows.runs);
        }
    }

    /// Turns the labels of rows into those of recordings, and says which rows have none.
    ///
    /// # Errors
    /// If no row has a class.
    pub fn label(&mut self, config: &RecordingsConfig) -> Result<Vec<Note>, ImportError> {
        let own = self.own;
        let column = own.label_column.as_deref().unwrap_or_default();
        let (mut all, mut labelled, mut empty) = (0, 0, 0);
        let mut others: BTreeMap<String, usize> = BTreeMap::new();
        for ((part, _), runs) in self.recordings.iter_mut().zip(&mut self.runs) {
            for run in runs.drain(..) {
                all += run.rows;
                let class = own.classes.get(&run.label).unwrap_or(&run.label);
                if config.class_names.contains(class) {
                    labelled += run.rows;
                    part.labels.push(Label {
                        start: Time::Moment(run.start),
                        end: Time::Moment(run.end),
                        class: class.clone(),
                        event: None,
                    });
                } else if crate::recording::is_missing(run.label.as_bytes()) {
                    empty += run.rows;
                } else {
                    *others.entry(run.label).or_default() += run.rows;
                }
            }
        }
        let mut others: Vec<(String, usize)> = others.into_iter().collect();
        others.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
        let names = others.iter().take(NAMED);
        let names: Vec<String> = names
            .map(|(name, rows)| format!("`{name}` ({rows})"))
            .collect();
        let more = if others.len() > NAMED { ", ..." } else { "" };
        let names = names.join(", ") + more;
        if labelled == 0 {
            return Err(ImportError::NoClassOfRows {
                column: column.to_owned(),
                there: names,
                known: config.class_names.clone(),
            });
        }
        let mut notes = Vec::new();
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
                own.group_column.as_deref().unwrap_or_default(),
                self.ungrouped
            )));
        }
        let name = own.name();
        Ok(notes
            .into_iter()
            .map(|note| note.after(format_args!("{name}: ")))
            .collect())
    }
}
