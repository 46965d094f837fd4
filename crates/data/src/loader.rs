//! Reads splits from their index files.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::census::Census;
use crate::config::DatasetConfig;
use crate::dataset::{Inputs, Loading, Slot, Split, Storage, Streamed};
use crate::error::DataError;
use crate::labels::{LabelIndex, Stamp, hex};
use crate::leaks::{Contents, content_hash};
use crate::pool::SplitSources;
use crate::preprocessing::{
    self, BandLayout, Normalisation, Preprocessing, SpectralMethod, StatisticsPasses,
    records_to_features,
};
use crate::reader::{self, Reader, Record, Span, Wanted};

/// Records waiting for their inputs to be computed, with their source and byte range.
#[derive(Default)]
struct PendingRecords {
    records: Vec<Record>,
    places: Vec<(usize, Option<Span>)>,
}

impl PendingRecords {
    fn push(&mut self, record: Record, source: usize, span: Option<Span>) {
        self.records.push(record);
        self.places.push((source, span));
    }

    fn keep(&mut self, mut keep: impl FnMut(&Record) -> bool) {
        let kept: Vec<bool> = self.records.iter().map(&mut keep).collect();
        let mut of_record = kept.iter();
        self.records.retain(|_| of_record.next() == Some(&true));
        let mut of_place = kept.iter();
        self.places.retain(|_| of_place.next() == Some(&true));
    }
}

/// The record of a single-record source.
struct SingleRecord {
    record: Record,
    span: Option<Span>,
    stamp: Option<Stamp>,
}

/// Options for reading sources, shared by the reader threads.
struct ReadOptions {
    wanted: Wanted,
    storage: Storage,
}

impl ReadOptions {
    /// Byte ranges of the records in a source, if the split is streamed.
    fn spans(&self, reader: &dyn Reader, source: &Path) -> Result<Option<Vec<Span>>, DataError> {
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

    /// Reads the record of a single-record source.
    fn one(
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
        let nothing = || DataError::Source {
            path: source.to_owned(),
            problem: "contains no sample".into(),
        };
        Ok(SingleRecord {
            record: found.ok_or_else(nothing)?,
            span,
            stamp,
        })
    }
}

/// Reads splits in sequence. The first sample sets the shape of all.
pub(crate) struct Loader<'a> {
    config: &'a DatasetConfig,
    /// Preprocessing steps and front end.
    preprocessing: &'a Preprocessing,
    how: ReadOptions,
    /// Shape of inputs, and the source that set it.
    shape: Option<([usize; 3], PathBuf)>,
    /// Scaling whose statistics are summed while reading, because inputs of this split are not kept.
    summing: Option<Normalisation>,
    passes: Option<StatisticsPasses>,
    /// Buffer for the bytes of one sample.
    bytes: Vec<u8>,
    /// Contents of the current split.
    contents: Contents,
    /// Census of the current split.
    census: Census,
    /// Interned group names.
    names: HashSet<Arc<str>>,
    /// Windows that belong to the current split, if it is a part of its sources.
    part: Option<PartialSplit>,
    watch: &'a mut dyn FnMut(Loading),
}

/// The windows of sources that belong to a split.
struct PartialSplit {
    /// SingleRecord entry per window of the included classes.
    keep: Vec<bool>,
    next: usize,
}

impl PartialSplit {
    fn takes_next(&mut self) -> bool {
        self.next += 1;
        self.keep.get(self.next - 1) == Some(&true)
    }
}

/// Number of records whose inputs are computed together.
pub(crate) const READ_AHEAD: usize = 256;

impl<'a> Loader<'a> {
    /// Creates a loader for `config` with steps and front end of `preprocessing`. `summing` is the scaling for which
    /// statistics of the first split are summed.
    pub fn new(
        config: &'a DatasetConfig,
        preprocessing: &'a Preprocessing,
        storage: Storage,
        summing: Option<Normalisation>,
        watch: &'a mut dyn FnMut(Loading),
    ) -> Self {
        Self {
            config,
            preprocessing,
            how: ReadOptions {
                wanted: config.wanted(),
                storage,
            },
            shape: None,
            summing,
            passes: None,
            bytes: Vec::new(),
            contents: Contents::default(),
            census: Census::new("training", preprocessing, true),
            names: HashSet::new(),
            part: None,
            watch,
        }
    }

    /// Keeps inputs instead of windows for the following splits.
    pub fn keep_inputs(&mut self) {
        self.how.storage = Storage::Memory;
    }

    /// Statistics of the split just read; later splits are not summed.
    pub fn take_passes(&mut self) -> Option<StatisticsPasses> {
        self.summing = None;
        self.passes.take()
    }

    /// Census of the split just read; starts that of the split `next`.
    pub fn take_census(&mut self, next: &'static str) -> Census {
        std::mem::replace(
            &mut self.census,
            Census::new(next, self.preprocessing, false),
        )
    }

    /// Reads the windows of a split; also returns their content hashes.
    ///
    /// # Errors
    /// Those of [`crate::Dataset::open`].
    pub fn split(
        &mut self,
        name: &'static str,
        SplitSources {
            index,
            sources,
            keep,
        }: SplitSources,
    ) -> Result<(Split, Contents), DataError> {
        self.part = keep.map(|keep| PartialSplit { keep, next: 0 });
        let mut split = Split {
            x: match self.how.storage {
                Storage::Memory => Inputs::Memory(Vec::new()),
                Storage::Windows => Inputs::Windows(Vec::new(), Vec::new()),
                Storage::Streamed => Inputs::Streamed(Streamed {
                    sources: sources.clone(),
                    slots: Vec::new(),
                    wanted: self.how.wanted.clone(),
                }),
            },
            y: Vec::new(),
            groups: BTreeSet::new(),
            group_of: Vec::new(),
            fingerprint: String::new(),
            shape: [0; 3],
        };
        let mut hash = Sha256::new();
        let mut labels = LabelIndex::default();
        // Reading labels first only saves work if classes are excluded.
        if self.how.wanted.labels.is_some() && self.part.is_none() {
            labels = LabelIndex::open(&index, &self.how.wanted, sources.len());
        }
        let mut rest = &sources[..];
        while let Some(source) = rest.first() {
            let reader = reader::of(source)?;
            let number = sources.len() - rest.len();
            let mut waiting = PendingRecords::default();
            if reader.one_record() {
                // Many small files are read on all threads.
                let same = |path: &PathBuf| path.extension() == source.extension();
                let run = rest.iter().take(READ_AHEAD).take_while(|path| same(path));
                let run = &rest[..run.count()];
                let how = &self.how;
                let one = |path: &PathBuf| how.one(reader, path, &labels);
                let read: Vec<_> = run.par_iter().map(one).collect();
                for (i, record) in read.into_iter().enumerate() {
                    let SingleRecord {
                        record,
                        span,
                        stamp,
                    } = record?;
                    if let Some(stamp) = stamp {
                        labels.learn(&run[i], stamp, record.label);
                    }
                    waiting.push(record, number + i, span);
                }
                rest = &rest[run.len()..];
            } else {
                let spans = self.how.spans(reader, source)?;
                let wanted = self.how.wanted.clone();
                reader.read(source, &wanted, &mut |record| {
                    let span = spans.as_ref().and_then(|spans| spans.get(record.record));
                    waiting.push(record, number, span.copied());
                    if waiting.records.len() < READ_AHEAD {
                        Ok(())
                    } else {
                        self.add(&mut waiting, &sources, &mut split, &mut hash)
                    }
                })?;
                rest = &rest[1..];
            }
            self.add(&mut waiting, &sources, &mut split, &mut hash)?;
            (self.watch)(Loading {
                split: name,
                done: sources.len() - rest.len(),
                of: sources.len(),
            });
        }
        labels.save();
        if split.is_empty() {
            return Err(DataError::EmptySplit {
                split: name,
                path: index,
            });
        }
        if let Some(part) = self.part.take()
            && part.next != part.keep.len()
        {
            return Err(DataError::Source {
                path: index,
                problem: format!(
                    "its sources had {} windows and now have {}: they are changing",
                    part.keep.len(),
                    part.next
                ),
            });
        }
        split.fingerprint = hex(&hash.finalize());
        split.shape = self.shape.as_ref().expect("a sample set it").0;
        let mut contents = std::mem::take(&mut self.contents);
        contents.name(name, sources);
        Ok((split, contents))
    }

    /// Adds records in order; their inputs are computed on all threads.
    fn add(
        &mut self,
        waiting: &mut PendingRecords,
        sources: &[PathBuf],
        split: &mut Split,
        hash: &mut Sha256,
    ) -> Result<(), DataError> {
        self.refuse_cut_features(waiting, sources)?;
        if let Some(part) = &mut self.part {
            let config = self.config;
            // Invalid labels are reported later.
            let keep = |record: &Record| !config.includes(record.label) || part.takes_next();
            waiting.keep(keep);
        }
        let records = std::mem::take(&mut waiting.records);
        let inputs: Vec<_> = records_to_features(&records, self.preprocessing).collect();
        let hashes: Vec<_> = records.par_iter().map(content_hash).collect();
        let places = waiting.places.drain(..);
        let parts = records.into_iter().zip(inputs).zip(hashes).zip(places);
        for (((record, input), content), (source, span)) in parts {
            if let Some(content) = content
                && self.config.includes(record.label)
            {
                self.contents.add(content, source, record.record);
            }
            let slot = span.map(|span| Slot {
                source: source as u32,
                record: record.record as u32,
                span,
            });
            self.add_one(record, slot, input, &sources[source], split, hash)?;
        }
        Ok(())
    }

    /// Refuses segments that do not form a window if the front end needs windows. The first sample decides.
    fn refuse_cut_features(
        &self,
        waiting: &PendingRecords,
        sources: &[PathBuf],
    ) -> Result<(), DataError> {
        let bands = self.preprocessing.spectral.method == SpectralMethod::Bands;
        let (Some(record), Some((source, _))) = (waiting.records.first(), waiting.places.first())
        else {
            return Ok(());
        };
        if !bands || self.shape.is_some() || record.values.is_empty() {
            return Ok(());
        }
        let fits = match record.shape[..] {
            [_, samples] => {
                BandLayout::new(&self.preprocessing.spectral.bands, samples).map(|_| ())
            }
            [_, _, _] => preprocessing::window(&record.values, &record.shape).map(|_| ()),
            _ => Ok(()),
        };
        match fits {
            Ok(()) => Ok(()),
            Err(problem) => Err(DataError::NotWindows {
                path: sources[*source].clone(),
                record: record.record,
                problem,
            }),
        }
    }

    #[allow(clippy::too_many_arguments)] // the parts of one sample
    fn add_one(
        &mut self,
        record: Record,
        slot: Option<Slot>,
        input: Result<(Vec<f32>, [usize; 3]), String>,
        source: &Path,
        split: &mut Split,
        hash: &mut Sha256,
    ) -> Result<(), DataError> {
        let error = |problem: String| DataError::Record {
            path: source.to_owned(),
            record: record.record,
            problem,
        };
        let label = self.config.renumber_read(record.label).map_err(error)?;
        let Some(label) = label else {
            return Ok(());
        };
        let (input, shape) = input.map_err(error)?;
        match &self.shape {
            Some((expected, first)) if *expected != shape => {
                return Err(error(format!(
                    "the input would be {shape:?}, but {} set {expected:?}: all samples must have \
                     one shape",
                    first.display()
                )));
            }
            Some(_) => {}
            None => self.shape = Some((shape, source.to_owned())),
        }
        self.bytes.clear();
        let values = record.values.iter().flat_map(|value| value.to_le_bytes());
        self.bytes.extend(values);
        self.bytes.extend(u64::from(label).to_le_bytes());
        hash.update(&self.bytes);
        self.census.add(&record, &input, shape[0]);
        if let Some(normalisation) = self.summing {
            let by_band = normalisation == Normalisation::Band;
            let passes = self
                .passes
                .get_or_insert_with(|| StatisticsPasses::new(shape, by_band));
            passes.first(&input);
        }
        match (&mut split.x, slot) {
            (Inputs::Memory(x), _) => x.extend(input),
            (Inputs::Windows(_, shape), _) if !shape.is_empty() && *shape != record.shape => {
                return Err(error(format!(
                    "the window is {:?}, others {shape:?}",
                    record.shape
                )));
            }
            (Inputs::Windows(x, shape), _) => {
                x.extend_from_slice(&record.values);
                shape.clone_from(&record.shape);
            }
            (Inputs::Streamed(streamed), Some(slot)) => streamed.slots.push(slot),
            (Inputs::Streamed(_), None) => return Err(error("the file is changing".into())),
        }
        split.y.push(label);
        let group = record.group.map(|group| self.intern(group));
        split.groups.extend(group.as_deref().map(str::to_owned));
        split.group_of.push(group);
        Ok(())
    }

    fn intern(&mut self, name: String) -> Arc<str> {
        if let Some(known) = self.names.get(name.as_str()) {
            return known.clone();
        }
        let name: Arc<str> = name.into();
        self.names.insert(name.clone());
        name
    }
}
