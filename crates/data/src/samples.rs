//! Iterates over all samples of a dataset.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::config::DatasetConfig;
use crate::error::{DataError, UsageError, in_record};
use crate::reader::{self, Record};

/// Index files of a configuration with their split; two names of one file count once.
pub(crate) fn indices(config: &DatasetConfig) -> Vec<(&'static str, PathBuf)> {
    let task = &config.task;
    let all = [
        ("train", &task.train_index_file),
        ("val", &task.val_index_file),
        ("test", &task.test_index_file),
    ];
    let mut found: Vec<(&'static str, PathBuf)> = Vec::new();
    for (split, index) in all {
        if let Some(index) = index
            && !found.iter().any(|(_, known)| known == index)
        {
            found.push((split, index.clone()));
        }
    }
    found
}

/// Receives the source of a sample, the sample and its new label.
pub type SampleSink<'a> = &'a mut dyn FnMut(&Path, Record, u32) -> Result<(), DataError>;

/// Visits every sample of the included classes once.
///
/// # Errors
/// [`DataError`] if a source cannot be read or a label is invalid.
pub(crate) fn each(config: &DatasetConfig, sink: SampleSink<'_>) -> Result<(), DataError> {
    let mut seen: HashSet<PathBuf> = HashSet::new();
    for (_, index) in indices(config) {
        for source in config.sources(&index)? {
            if seen.insert(source.clone()) {
                of_source(config, &source, sink)?;
            }
        }
    }
    Ok(())
}

/// Visits the samples of the included classes in `train`, `val` or `test`. Without a test split, `test` is the
/// validation split.
///
/// # Errors
/// [`DataError`] if there is no such split, a source cannot be read, or a label is invalid.
pub fn of_split(
    config: &DatasetConfig,
    split: &str,
    sink: SampleSink<'_>,
) -> Result<(), DataError> {
    let task = &config.task;
    let index = match split {
        "train" => &task.train_index_file,
        "val" => &task.val_index_file,
        "test" if task.test_index_file.is_none() => &task.val_index_file,
        "test" => &task.test_index_file,
        other => return Err(UsageError::UnknownSplit(other.to_owned()).into()),
    };
    if let Some(index) = index {
        for source in config.sources(index)? {
            of_source(config, &source, sink)?;
        }
    }
    Ok(())
}

/// Visits the samples of the included classes in one source.
///
/// # Errors
/// [`DataError`] if the source cannot be read or a label is invalid.
pub(crate) fn of_source(
    config: &DatasetConfig,
    source: &Path,
    sink: SampleSink<'_>,
) -> Result<(), DataError> {
    reader::read(source, &config.wanted(), &mut |record| {
        let label = config.renumber_read(record.label);
        let label = label.map_err(in_record(source, record.record))?;
        match label {
            Some(label) => sink(source, record, label),
            None => Ok(()),
        }
    })
}
