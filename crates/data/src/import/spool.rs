//! Windows on disk while they wait for their splits, and what a careful colleague would say of them.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use super::advice::{self, Traits};
use super::events::Events;
use super::origin::{Extent, Origins, Spooled};
use super::repeats::Repeats;
use super::report::RecordingReport;
use crate::alike::alike_groups;
use crate::error::DataError;
use crate::reader::{Record, TfrecordWriter};

/// Windows on disk, in the order in which they were cut. Only label, group, split if given, and the positions of their
/// samples are kept in memory.
pub(super) struct Spool {
    pub path: PathBuf,
    pub writer: TfrecordWriter,
    pub windows: Vec<Spooled>,
    /// Sources of the recordings.
    pub origins: Origins,
    /// The parts of the sources that the windows contain.
    pub extents: Vec<Extent>,
    /// Properties of the windows for advice.
    traits: Traits,
    repeats: Repeats,
    /// Events that are to stay in one split.
    pub events: Events,
    pub groups: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Spool {
    pub fn new(path: PathBuf) -> Result<Self, DataError> {
        let writer = TfrecordWriter::create(&path)?;
        Ok(Self {
            path,
            writer,
            windows: Vec::new(),
            origins: Origins::default(),
            extents: Vec::new(),
            traits: Traits::default(),
            repeats: Repeats::default(),
            events: Events::default(),
            groups: Vec::new(),
            numbers: HashMap::new(),
        })
    }

    /// Adds a sample with its class index and group, and its split if given.
    pub fn add(&mut self, record: &Record, split: Option<usize>) -> Result<(), DataError> {
        self.add_taken(record, split, None)
    }

    /// Like [`Self::add`], with what is known of the recording.
    pub fn add_taken(
        &mut self,
        record: &Record,
        split: Option<usize>,
        taken: Option<CutPosition>,
    ) -> Result<(), DataError> {
        let channels = record.shape.first().copied().unwrap_or(1);
        let minute = taken.map(|taken| taken.minute);
        self.traits.add(&record.values, channels, minute);
        self.repeats.add(record, self.windows.len());
        // Readers of datasets remove blanks around groups.
        let name = record.group.as_deref().unwrap_or_default();
        let name = name.trim().to_owned();
        let group = *self.numbers.entry(name.clone()).or_insert_with(|| {
            self.groups.push(name);
            self.groups.len() - 1
        });
        self.writer.write(record)?;
        self.windows.push(Spooled {
            label: record.label as usize,
            group,
            split,
            recording: taken.map(|taken| taken.recording),
        });
        Ok(())
    }

    /// What a careful colleague would say of the windows, before anyone trains with them.
    pub fn advice(
        &self,
        splits: &[Option<usize>],
        class_names: &[String],
        recordings: &[RecordingReport],
    ) -> Vec<String> {
        let labels: Vec<usize> = self.windows.iter().map(|window| window.label).collect();
        let windows = self.windows.iter().zip(splits);
        let windows =
            windows.filter_map(|(window, split)| Some((&*self.groups[window.group], (*split)?)));
        let groups: BTreeSet<(&str, usize)> = windows.clone().collect();
        let mut found = self.traits.advice(splits);
        found.extend(advice::far_recordings(&self.traits, &labels, recordings));
        found.extend(alike_groups(groups));
        found.extend(self.events.divided(windows));
        found.extend(self.repeats.warning(splits, recordings));
        found.extend(self.repeats.scaled(splits, recordings));
        found.extend(advice::lonely(class_names, recordings));
        found.extend(advice::own_hours(&self.traits, &labels, class_names));
        found
    }
}

/// Where a window was cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct CutPosition {
    /// From [`advice::minute`].
    pub minute: (u32, i64),
    /// Number of the recording.
    pub recording: usize,
}
