//! Reads the records of single sources, and collects those whose inputs are computed together.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::error::{DataError, PreprocessingError, SampleError, in_file};
use crate::labels::{LabelIndex, Stamp};
use crate::reader::{Reader, Record, SourceSelection, Span};
use crate::split::{Inputs, Slot, Split, Storage, Streamed};

/// Records waiting for their inputs to be computed, with their source and byte range.
#[derive(Default)]
pub(super) struct PendingRecords {
    pub records: Vec<Record>,
    pub places: Vec<(usize, Option<Span>)>,
}

impl PendingRecords {
    pub fn push(&mut self, record: Record, source: usize, span: Option<Span>) {
        self.records.push(record);
        self.places.push((source, span));
    }

    pub fn keep(&mut self, mut keep: impl FnMut(&Record) -> bool) {
        let kept: Vec<bool> = self.records.iter().map(&mut keep).collect();
        let mut of_record = kept.iter();
        self.records.retain(|_| of_record.next() == Some(&true));
        let mut of_place = kept.iter();
        self.places.retain(|_| of_place.next() == Some(&true));
    }
}

/// A record with its input, which may have failed.
pub(super) struct PreparedSample<'a> {
    pub record: Record,
    /// Position on disk, if the split is streamed.
    pub slot: Option<Slot>,
    pub input: Result<(Vec<f32>, [usize; 3]), PreprocessingError>,
    pub source: &'a Path,
}

/// The record of a single-record source.
pub(super) struct SingleRecord {
    pub record: Record,
    pub span: Option<Span>,
    pub stamp: Option<Stamp>,
}

/// Options for reading sources, shared by the reader threads.
pub(super) struct ReadOptions {
    pub wanted: SourceSelection,
    pub storage: Storage,
}

impl ReadOptions {
    /// Byte ranges of the records in a source, if the split is streamed.
    pub fn spans(
        &self,
        reader: &dyn Reader,
        source: &Path,
    ) -> Result<Option<Vec<Span>>, DataError> {
        if self.storage != Storage::Streamed {
            return Ok(None);
        }
        let spans = reader
            .spans(source)?
            .ok_or_else(|| DataError::NotStreamable {
                path: source.to_owned(),
                reason: format!(
                    "{} are read into memory; `data convert` writes them so that they can",
                    reader.name()
                ),
            })?;
        Ok(Some(spans))
    }

    /// A split without samples.
    pub fn empty_split(&self, sources: &[PathBuf]) -> Split {
        Split {
            x: match self.storage {
                Storage::Memory => Inputs::Memory(Vec::new()),
                Storage::Windows => Inputs::Windows(Vec::new(), Vec::new()),
                Storage::Streamed => Inputs::Streamed(Streamed {
                    sources: sources.to_owned(),
                    slots: Vec::new(),
                    wanted: self.wanted.clone(),
                }),
            },
            y: Vec::new(),
            groups: BTreeSet::new(),
            group_of: Vec::new(),
            fingerprint: String::new(),
            shape: [0; 3],
        }
    }

    /// Reads the record of a single-record source.
    pub fn one(
        &self,
        reader: &dyn Reader,
        source: &Path,
        labels: &LabelIndex,
    ) -> Result<SingleRecord, DataError> {
        let stamp = labels.stamp(source);
        let known = stamp.and_then(|stamp| labels.known(source, stamp));
        if let Some(label) = known.filter(|label| !self.wanted.keeps(*label)) {
            return Ok(SingleRecord {
                record: Record::without_values(label),
                span: None,
                stamp,
            });
        }
        let span = self
            .spans(reader, source)?
            .and_then(|spans| spans.first().copied());
        let mut found = None;
        reader.read(source, &self.wanted, &mut |record| {
            found = Some(record);
            Ok(())
        })?;
        let nothing = || in_file(source)(SampleError::NoSample);
        Ok(SingleRecord {
            record: found.ok_or_else(nothing)?,
            span,
            stamp,
        })
    }
}
