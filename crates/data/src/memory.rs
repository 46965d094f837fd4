//! What a dataset takes in memory, from the sizes of its files.

use std::path::Path;

use crate::config::{DatasetConfig, SpectralMethod};
use crate::error::DataError;
use crate::index::read_index;

impl DatasetConfig {
    /// Bytes that the inputs take in memory at the least: those of windows `[2, 1024]` that are stored as
    /// float64 and without anything beside them. Zero where the files' sizes tell nothing, because classes are
    /// left out or Welch's spectra take the windows' place.
    ///
    /// # Errors
    /// [`DataError`] where an index file cannot be read or names a file that does not exist.
    pub fn least_memory(&self) -> Result<u64, DataError> {
        if self.task.included_classes.is_some() || self.spectral.method == SpectralMethod::Welch {
            return Ok(0);
        }
        let base = self.path.parent().unwrap_or(Path::new(""));
        let task = &self.task;
        let mut indices: Vec<_> = [
            &task.train_index_file,
            &task.val_index_file,
            &task.test_index_file,
        ]
        .into_iter()
        .flatten()
        .collect();
        // A validation split that serves as test is read once.
        indices.dedup();
        let mut bytes = 0;
        for index in indices {
            for source in read_index(index, base)? {
                bytes += std::fs::metadata(source).map_or(0, |file| file.len());
            }
        }
        // 7 segments of 256 samples in float32 for 1,024 in float64.
        Ok(bytes / 8 * 7)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo;

    #[test]
    fn the_demo_takes_no_less_than_estimated() {
        let folder = tempfile::tempdir().unwrap();
        let path = demo::ensure(folder.path()).unwrap();
        let config = DatasetConfig::load(&path, None).unwrap();
        let dataset = crate::Dataset::load(&config, crate::Normalisation::None).unwrap();
        let splits = [&dataset.train, &dataset.val, &dataset.test];
        let taken: usize = splits.map(|split| split.memory().len() * 4).iter().sum();
        let least = config.least_memory().unwrap();
        // Samples are float32 here.
        assert!(
            (taken / 3..taken).contains(&(least as usize)),
            "{least} of {taken}"
        );
    }
}
