//! Reads splits from their index files.

mod records;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::census::Census;
use crate::config::DatasetConfig;
use crate::error::{DataError, PreprocessingError, SampleError, in_file, in_record};
use crate::fingerprint::Fingerprint;
use crate::labels::LabelIndex;
use crate::leaks::{Contents, WindowContent};
use crate::pool::SplitSources;
use crate::preprocessing::{
    BandLayout, Normalisation, Pipelines, Preprocessing, SpectralMethod, StatisticsPasses,
};
use crate::reader::{self, Record};
use crate::segments;
use crate::split::{Inputs, Loading, Slot, Split, Storage};
use crate::windows::first_empty;

use records::{PendingRecords, PreparedSample, ReadOptions, SingleRecord};

/// Reads splits in sequence. The first sample sets the shape of all.
pub(crate) struct Loader<'a> {
    config: &'a DatasetConfig,
    /// Preprocessing steps and front end.
    preprocessing: &'a Preprocessing,
    pipelines: Pipelines<'a>,
    how: ReadOptions,
    /// Shape of inputs, samples per window, and the source that set them.
    shape: Option<([usize; 3], usize, PathBuf)>,
    /// Scaling whose statistics are summed while reading, because inputs of this split are not kept.
    summing: Option<Normalisation>,
    passes: Option<StatisticsPasses>,
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
    /// One entry per window of the included classes.
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
            pipelines: Pipelines::new(preprocessing),
            how: ReadOptions {
                wanted: config.wanted(),
                storage,
            },
            shape: None,
            summing,
            passes: None,
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
        let mut split = self.how.empty_split(&sources);
        let mut fingerprint = Fingerprint::default();
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
                let read = self.single_records(reader, rest, &mut labels)?;
                rest = &rest[read.len()..];
                for (i, SingleRecord { record, span, .. }) in read.into_iter().enumerate() {
                    waiting.push(record, number + i, span);
                }
            } else {
                let spans = self.how.spans(reader, source)?;
                let wanted = self.how.wanted.clone();
                reader.read(source, &wanted, &mut |record| {
                    let span = spans.as_ref().and_then(|spans| spans.get(record.record));
                    waiting.push(record, number, span.copied());
                    if waiting.records.len() < READ_AHEAD {
                        Ok(())
                    } else {
                        self.add(&mut waiting, &sources, &mut split, &mut fingerprint)
                    }
                })?;
                rest = &rest[1..];
            }
            self.add(&mut waiting, &sources, &mut split, &mut fingerprint)?;
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
                empty: first_empty(&sources),
            });
        }
        if let Some(part) = self.part.take()
            && part.next != part.keep.len()
        {
            return Err(in_file(&index)(SampleError::CountChanged {
                before: part.keep.len(),
                now: part.next,
            }));
        }
        split.fingerprint = fingerprint.finish();
        split.shape = self.shape.as_ref().expect("a sample set it").0;
        let mut contents = std::mem::take(&mut self.contents);
        contents.name(name, sources);
        Ok((split, contents))
    }

    /// Reads the next small files of one kind, on all threads, and learns their labels.
    fn single_records(
        &self,
        reader: &dyn reader::Reader,
        sources: &[PathBuf],
        labels: &mut LabelIndex,
    ) -> Result<Vec<SingleRecord>, DataError> {
        let extension = sources.first().and_then(|path| path.extension());
        let run = sources
            .iter()
            .take(READ_AHEAD)
            .take_while(|path| path.extension() == extension);
        let run = &sources[..run.count()];
        let (how, known) = (&self.how, &*labels);
        let one = |path: &PathBuf| how.one(reader, path, known);
        let read: Vec<_> = run.par_iter().map(one).collect();
        // The first error in the order of the files, however many threads there are.
        let mut read: Vec<SingleRecord> = read.into_iter().collect::<Result<_, _>>()?;
        for (path, one) in run.iter().zip(&mut read) {
            if let Some(stamp) = one.stamp.take() {
                labels.learn(path, stamp, one.record.label);
            }
        }
        Ok(read)
    }

    /// Adds records in order; their inputs are computed on all threads.
    fn add(
        &mut self,
        waiting: &mut PendingRecords,
        sources: &[PathBuf],
        split: &mut Split,
        fingerprint: &mut Fingerprint,
    ) -> Result<(), DataError> {
        self.refuse_cut_features(waiting, sources)?;
        if let Some(part) = &mut self.part {
            let config = self.config;
            // Invalid labels are reported later.
            let keep = |record: &Record| !config.includes(record.label) || part.takes_next();
            waiting.keep(keep);
        }
        let records = std::mem::take(&mut waiting.records);
        let inputs = self
            .pipelines
            .map(&records, |features, shape| Ok((features, shape)));
        let hashes: Vec<_> = records.par_iter().map(WindowContent::of).collect();
        let places = waiting.places.drain(..);
        let parts = records.into_iter().zip(inputs).zip(hashes).zip(places);
        for (((record, input), content), (source, span)) in parts {
            if self.config.includes(record.label) {
                let place = (source, record.record);
                self.contents.add(content, record.group.is_some(), place);
            }
            let slot = span.map(|span| Slot {
                source: source as u32,
                record: record.record as u32,
                span,
            });
            let sample = PreparedSample {
                record,
                slot,
                input,
                source: &sources[source],
            };
            self.add_one(sample, split, fingerprint)?;
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
            [_, _, _] => segments::window(&record.values, &record.shape).map(|_| ()),
            _ => Ok(()),
        };
        match fits {
            Ok(()) => Ok(()),
            // A default front end may still be replaced by another.
            Err(problem) if problem.is_of_front_end() && self.config.names_front_end => {
                Err(self.unusable(problem, &sources[*source], record.record))
            }
            Err(problem) => Err(DataError::NotWindows {
                path: sources[*source].clone(),
                record: record.record,
                problem: Box::new(problem),
            }),
        }
    }

    fn add_one(
        &mut self,
        sample: PreparedSample<'_>,
        split: &mut Split,
        fingerprint: &mut Fingerprint,
    ) -> Result<(), DataError> {
        let PreparedSample {
            record,
            slot,
            input,
            source,
        } = sample;
        let error = in_record::<SampleError>(source, record.record);
        let label = self.config.renumber_read(record.label).map_err(&error)?;
        let Some(label) = label else {
            return Ok(());
        };
        let (input, shape) =
            input.map_err(|problem| self.unusable(problem, source, record.record))?;
        let samples = segments::window_length(&record.shape);
        match &self.shape {
            Some((expected, _, first)) if *expected != shape => {
                return Err(error(SampleError::InputShape {
                    found: shape,
                    expected: *expected,
                    first: first.clone(),
                }));
            }
            Some((_, expected, first)) if *expected != samples => {
                return Err(error(SampleError::WindowLength {
                    found: samples,
                    expected: *expected,
                    first: first.clone(),
                }));
            }
            Some(_) => {}
            None => self.shape = Some((shape, samples, source.to_owned())),
        }
        fingerprint.add(&record.values, label);
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
                return Err(error(SampleError::WindowShape {
                    found: record.shape,
                    expected: shape.clone(),
                }));
            }
            (Inputs::Windows(x, shape), _) => {
                x.extend_from_slice(&record.values);
                shape.clone_from(&record.shape);
            }
            (Inputs::Streamed(streamed), Some(slot)) => streamed.slots.push(slot),
            (Inputs::Streamed(_), None) => return Err(error(SampleError::Changed)),
        }
        split.y.push(label);
        let group = record.group.map(|group| self.intern(group));
        split.groups.extend(group.as_deref().map(str::to_owned));
        split.group_of.push(group);
        Ok(())
    }

    /// Wraps the problem of a window. If the first window has a length that the front end does not support, all have.
    fn unusable(&self, problem: PreprocessingError, source: &Path, record: usize) -> DataError {
        if self.shape.is_some() || !problem.is_of_front_end() {
            return in_record(source, record)(problem);
        }
        DataError::FrontEnd {
            path: self.config.path.clone(),
            problem: Box::new(problem),
            first: source.to_owned(),
            record,
        }
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
