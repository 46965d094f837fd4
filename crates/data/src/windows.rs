//! Windows as they were recorded, with the group of each: what a model that has a front end of its own starts from.

use std::path::Path;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::chain::Chain;
use crate::config::DatasetConfig;
use crate::error::DataError;
use crate::join;
use crate::labels::hex;
use crate::reader::{self, Record};

/// Windows handed out together at most.
const CHUNK: usize = 512;

/// Some windows of a split, in order. `labels` and `groups` have one entry a window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WindowChunk {
    /// Samples `[N, channels, samples]`, row-major, after the steps of `preprocessing`.
    pub values: Vec<f32>,
    /// `[channels, samples]` of every window.
    pub shape: [usize; 2],
    /// Labels, renumbered as the classes are.
    pub labels: Vec<u32>,
    /// Recording that each window was cut from, where its source says so.
    pub groups: Vec<Option<String>>,
}

/// The index file of the test split, where it is not that of the validation split under another name.
pub fn own_test_index(config: &DatasetConfig) -> Option<&Path> {
    let task = &config.task;
    let validation = task.val_index_file.as_deref()?;
    let test = task.test_index_file.as_deref()?;
    let read = |path: &Path| std::fs::read(path).ok();
    // Lines may be relative to the list's own folder.
    let beside = test.parent() == validation.parent();
    let same_list = || read(test).is_some_and(|list| Some(list) == read(validation));
    (test != validation && !(beside && same_list())).then_some(test)
}

/// Hands the windows of the index file `index` to `sink`, in the order in which a [`crate::Dataset`] has them. `split`
/// names it in messages. Returns the fingerprint that a [`crate::Split`] of the same windows has.
///
/// # Errors
/// [`DataError`] naming file and record: unreadable sources, labels that are no class, windows of different shapes,
/// spectra instead of windows; and those of `sink`.
pub fn visit_windows(
    config: &DatasetConfig,
    split: &'static str,
    index: &Path,
    sink: &mut dyn FnMut(WindowChunk) -> Result<(), DataError>,
) -> Result<String, DataError> {
    let sources = config.sources(index)?;
    let mut visit = Visit::new(config)?;
    let mut visited = 0;
    for sources in sources.chunks(CHUNK) {
        // Sources of one record each are opened on all threads, others are read record by record.
        let single = |source: &std::path::PathBuf| Ok(reader::of(source)?.one_record());
        let single: Vec<bool> = sources
            .par_iter()
            .map(single)
            .collect::<Result<_, DataError>>()?;
        if single.iter().all(|single| *single) {
            let read = |source: &std::path::PathBuf| {
                let mut records = Vec::new();
                reader::read(source, &visit.config.wanted(), &mut |record| {
                    records.push(record);
                    Ok(())
                })?;
                Ok(records)
            };
            let records: Vec<Vec<Record>> = sources
                .par_iter()
                .map(read)
                .collect::<Result<_, DataError>>()?;
            for (source, records) in sources.iter().zip(records) {
                records
                    .into_iter()
                    .try_for_each(|record| visit.add(source, record))?;
            }
            visited += visit.flush(sink)?;
            continue;
        }
        for source in sources {
            reader::read(source, &config.wanted(), &mut |record| {
                visit.add(source, record)?;
                if visit.chunk.labels.len() == CHUNK {
                    visited += visit.flush(sink)?;
                }
                Ok(())
            })?;
        }
        visited += visit.flush(sink)?;
    }
    if visited == 0 {
        return Err(DataError::EmptySplit {
            split,
            path: index.to_owned(),
        });
    }
    Ok(hex(&visit.hash.finalize()))
}

/// The state of [`visit_windows`].
struct Visit<'a> {
    config: &'a DatasetConfig,
    chain: Chain,
    hash: Sha256,
    shape: Option<[usize; 2]>,
    chunk: WindowChunk,
}

impl<'a> Visit<'a> {
    fn new(config: &'a DatasetConfig) -> Result<Self, DataError> {
        let chain =
            Chain::new(&config.steps, config.spectral.sampling_rate).map_err(DataError::Usage)?;
        Ok(Self {
            config,
            chain,
            hash: Sha256::new(),
            shape: None,
            chunk: WindowChunk::default(),
        })
    }

    fn add(&mut self, source: &Path, record: Record) -> Result<(), DataError> {
        let error = |problem: String| DataError::Record {
            path: source.to_owned(),
            record: record.record,
            problem,
        };
        let Some(label) = self.config.renumber_read(record.label).map_err(error)? else {
            return Ok(());
        };
        let values = record.values.iter();
        let bytes: Vec<u8> = values.flat_map(|value| value.to_le_bytes()).collect();
        self.hash.update(bytes);
        self.hash.update(u64::from(label).to_le_bytes());
        if let Some(at) = record.values.iter().position(|value| !value.is_finite()) {
            return Err(error(format!(
                "value {at} is {}: expected finite numbers",
                record.values[at]
            )));
        }
        let (window, shape) = join::window(&record.values, &record.shape).map_err(error)?;
        if window.is_empty() || window.len() != shape[0] * shape[1] {
            return Err(error(format!(
                "{} values do not fill the shape {shape:?}",
                window.len()
            )));
        }
        if *self.shape.get_or_insert(shape) != shape {
            return Err(error(format!(
                "the window is {shape:?}, others are {:?}: all must have one shape",
                self.shape.unwrap_or_default()
            )));
        }
        if self.chain.is_empty() {
            self.chunk.values.extend_from_slice(&window);
        } else {
            for channel in window.chunks_exact(shape[1]) {
                let mut samples: Vec<f64> = channel.iter().map(|value| f64::from(*value)).collect();
                self.chain.apply(&mut samples).map_err(error)?;
                self.chunk
                    .values
                    .extend(samples.iter().map(|value| *value as f32));
            }
        }
        self.chunk.shape = shape;
        self.chunk.labels.push(label);
        self.chunk.groups.push(record.group);
        Ok(())
    }

    /// Hands out what has gathered; how many windows that was.
    fn flush(
        &mut self,
        sink: &mut dyn FnMut(WindowChunk) -> Result<(), DataError>,
    ) -> Result<usize, DataError> {
        let chunk = std::mem::take(&mut self.chunk);
        let windows = chunk.labels.len();
        if windows > 0 {
            sink(chunk)?;
        }
        Ok(windows)
    }
}
