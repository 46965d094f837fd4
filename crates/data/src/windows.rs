//! Raw windows with their groups, for models with their own front end.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::config::DatasetConfig;
use crate::error::{DataError, PreprocessingError, SampleError, UsageError, in_record};
use crate::fingerprint::Fingerprint;
use crate::pool::{SplitPlan, SplitSources};
use crate::preprocessing::Chain;
use crate::reader::{self, Record};
use crate::segments::window;

/// Maximum number of windows passed on together.
const CHUNK: usize = 512;

/// Consecutive windows of a split. `labels` and `groups` have one entry per window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WindowChunk {
    /// Samples `[N, channels, samples]`, row-major, after the steps of `preprocessing`.
    pub values: Vec<f32>,
    /// `[channels, samples]` of every window.
    pub shape: [usize; 2],
    /// Labels, renumbered like the classes.
    pub labels: Vec<u32>,
    /// Recording of each window, if its source has it.
    pub groups: Vec<Option<String>>,
}

/// Passes the windows of all splits to `sink`, in the order of a [`crate::Dataset`]. The split's name is `training`,
/// `validation` or, unless it is the validation split, `test`. Returns the fingerprints of the splits, which equal
/// those of [`crate::Split`].
///
/// # Errors
/// [`DataError`] naming file and record: unreadable sources, invalid labels, windows of different shapes, spectra
/// instead of windows; or an error of `sink`.
pub fn visit_windows(
    config: &DatasetConfig,
    sink: &mut dyn FnMut(&'static str, WindowChunk) -> Result<(), DataError>,
) -> Result<Vec<String>, DataError> {
    let plan = SplitPlan::new(config)?;
    let named = [
        ("training", Some(plan.train)),
        ("validation", Some(plan.validation)),
        ("test", plan.test),
    ];
    let mut fingerprints = Vec::new();
    for (name, sources) in named {
        if let Some(sources) = sources {
            let fingerprint = visit_split(config, name, sources, &mut |chunk| sink(name, chunk))?;
            fingerprints.push(fingerprint);
        }
    }
    Ok(fingerprints)
}

fn visit_split(
    config: &DatasetConfig,
    split: &'static str,
    SplitSources {
        index,
        sources,
        keep,
    }: SplitSources,
    sink: &mut dyn FnMut(WindowChunk) -> Result<(), DataError>,
) -> Result<String, DataError> {
    let wanted = config.wanted();
    let mut visit = WindowVisit::new(config, keep)?;
    let mut visited = 0;
    for some in sources.chunks(CHUNK) {
        // Single-record sources are read on all threads, others one by one.
        let single = |source: &PathBuf| Ok(reader::of(source)?.one_record());
        let single: Vec<bool> = some
            .par_iter()
            .map(single)
            .collect::<Result<_, DataError>>()?;
        if single.iter().all(|single| *single) {
            let read = |source: &PathBuf| {
                let mut records = Vec::new();
                reader::read(source, &wanted, &mut |record| {
                    records.push(record);
                    Ok(())
                })?;
                Ok(records)
            };
            let records: Vec<Vec<Record>> = some
                .par_iter()
                .map(read)
                .collect::<Result<_, DataError>>()?;
            for (source, records) in some.iter().zip(records) {
                records
                    .into_iter()
                    .try_for_each(|record| visit.add(source, record))?;
            }
        } else {
            for source in some {
                reader::read(source, &wanted, &mut |record| {
                    visit.add(source, record)?;
                    if visit.chunk.labels.len() == CHUNK {
                        visited += visit.flush(sink)?;
                    }
                    Ok(())
                })?;
            }
        }
        visited += visit.flush(sink)?;
    }
    if visited == 0 {
        return Err(DataError::EmptySplit {
            split,
            path: index,
            empty: first_empty(&sources),
        });
    }
    Ok(visit.fingerprint.finish())
}

/// The first file without any bytes.
pub(crate) fn first_empty(sources: &[PathBuf]) -> Option<PathBuf> {
    let is_empty = |path: &&PathBuf| std::fs::metadata(path).is_ok_and(|file| file.len() == 0);
    sources.iter().find(is_empty).cloned()
}

/// State of [`visit_windows`].
struct WindowVisit<'a> {
    config: &'a DatasetConfig,
    chain: Chain,
    /// Which windows of the included classes to take; `None` for all.
    keep: Option<std::vec::IntoIter<bool>>,
    fingerprint: Fingerprint,
    shape: Option<[usize; 2]>,
    chunk: WindowChunk,
}

impl<'a> WindowVisit<'a> {
    fn new(config: &'a DatasetConfig, keep: Option<Vec<bool>>) -> Result<Self, DataError> {
        let chain =
            Chain::new(&config.steps, config.spectral.sampling_rate).map_err(UsageError::from)?;
        Ok(Self {
            config,
            chain,
            keep: keep.map(Vec::into_iter),
            fingerprint: Fingerprint::default(),
            shape: None,
            chunk: WindowChunk::default(),
        })
    }

    fn add(&mut self, source: &Path, record: Record) -> Result<(), DataError> {
        let error = in_record::<SampleError>(source, record.record);
        let Some(label) = self.config.renumber_read(record.label).map_err(&error)? else {
            return Ok(());
        };
        if let Some(keep) = &mut self.keep
            && !keep.next().unwrap_or(false)
        {
            return Ok(());
        }
        self.fingerprint.add(&record.values, label);
        if let Some(at) = record.values.iter().position(|value| !value.is_finite()) {
            return Err(error(SampleError::NotFinite {
                position: at,
                value: record.values[at],
            }));
        }
        let (window, shape) =
            window(&record.values, &record.shape).map_err(in_record(source, record.record))?;
        if window.is_empty() || window.len() != shape[0] * shape[1] {
            return Err(error(SampleError::ValueCount {
                values: window.len(),
                shape: shape.to_vec(),
            }));
        }
        if *self.shape.get_or_insert(shape) != shape {
            return Err(error(SampleError::WindowShape {
                found: shape.to_vec(),
                expected: self.shape.unwrap_or_default().to_vec(),
            }));
        }
        if self.chain.is_empty() {
            self.chunk.values.extend_from_slice(&window);
        } else {
            for channel in window.chunks_exact(shape[1]) {
                let mut samples: Vec<f64> = channel.iter().map(|value| f64::from(*value)).collect();
                self.chain
                    .apply(&mut samples)
                    .map_err(PreprocessingError::from)
                    .map_err(in_record(source, record.record))?;
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

    /// Passes on the collected windows; returns their number.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folds::FoldChoice;
    use crate::{Dataset, Normalisation, Split, Storage, demo};

    /// Of whole splits and of a fold: labels, groups and fingerprints.
    #[test]
    fn windows_are_those_of_the_dataset_with_their_groups() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = DatasetConfig::load(&demo::ensure(folder.path()).unwrap(), None).unwrap();
        let fold = FoldChoice {
            k: 3,
            index: 1,
            seed: 5,
        };
        for fold in [None, Some(fold)] {
            config.fold = fold;
            let dataset = Dataset::load(&config, Normalisation::None).unwrap();
            let mut found = std::collections::BTreeMap::<_, (Vec<u32>, Vec<Option<String>>)>::new();
            let fingerprints = visit_windows(&config, &mut |split, chunk| {
                assert_eq!(chunk.shape, [2, 1024]);
                assert_eq!(chunk.values.len(), chunk.labels.len() * 2048);
                let (labels, groups) = found.entry(split).or_default();
                labels.extend(chunk.labels);
                groups.extend(chunk.groups);
                Ok(())
            })
            .unwrap();
            let splits = [
                ("training", &dataset.train),
                ("validation", &dataset.val),
                ("test", &dataset.test),
            ];
            for ((name, split), fingerprint) in splits.into_iter().zip(fingerprints) {
                let (labels, groups) = &found[name];
                assert_eq!(fingerprint, split.fingerprint);
                assert_eq!(labels, &split.y);
                let groups: Vec<&str> = groups.iter().flatten().map(String::as_str).collect();
                assert_eq!(Some(groups), split.group_names());
            }
        }
    }

    /// A fold pools training and validation, leaves out the test split, and learns its numbers from its own windows.
    #[test]
    fn a_fold_is_read_instead_of_the_splits() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = DatasetConfig::load(&demo::ensure(folder.path()).unwrap(), None).unwrap();
        let whole = Dataset::load(&config, Normalisation::Dataset).unwrap();
        let mut tested = Vec::new();
        for index in 0..3 {
            config.fold = Some(FoldChoice {
                k: 3,
                index,
                seed: 0,
            });
            let fold = Dataset::load(&config, Normalisation::Dataset).unwrap();
            assert!(!fold.test_is_val);
            let sizes = [&fold.train, &fold.val, &fold.test].map(Split::len);
            assert_eq!(sizes.iter().sum::<usize>(), 1500);
            assert_eq!(sizes[2], 500);
            assert!((100..150).contains(&sizes[1]), "{sizes:?}");
            assert_ne!(
                fold.preprocessing.statistics,
                whole.preprocessing.statistics
            );
            assert!(fold.test.groups.is_disjoint(&whole.test.groups));
            tested.extend(fold.test.groups.iter().cloned());
            let streamed =
                Dataset::open(&config, Normalisation::Dataset, Storage::Streamed).unwrap();
            assert_eq!(streamed.preprocessing, fold.preprocessing);
            assert_eq!(streamed.val.fingerprint, fold.val.fingerprint);
        }
        tested.sort();
        let all = whole.train.groups.union(&whole.val.groups);
        assert_eq!(tested, all.cloned().collect::<Vec<_>>());
        config.fold = Some(FoldChoice {
            k: 400,
            index: 0,
            seed: 0,
        });
        let error = Dataset::load(&config, Normalisation::None).unwrap_err();
        assert!(error.to_string().contains("there are 300"), "{error}");
    }
}
