//! Estimates the memory of a dataset from the sizes of its files.

use std::path::Path;

use crate::config::DatasetConfig;
use crate::error::DataError;
use crate::preprocessing::{BandsConfig, SpectralMethod};
use crate::reader::{self, Reader};

impl DatasetConfig {
    /// Lower bound in bytes for the inputs in memory. It assumes windows `[2, 1024]` stored as float64 and nothing
    /// else in the files. Single-sample files may include other sensors; the first file shows how much is used. Zero
    /// if file sizes tell nothing, because classes are excluded, or Welch spectra or fewer bands replace the windows.
    ///
    /// # Errors
    /// [`DataError`] if an index file cannot be read or names a file that does not exist.
    pub fn least_memory(&self) -> Result<u64, DataError> {
        let is_smaller = match self.spectral.method {
            SpectralMethod::Welch => true,
            // About as many features as samples, unless configured otherwise; in long windows, those in time take the place of
            // bands.
            SpectralMethod::Bands => {
                let without_time = BandsConfig {
                    time: false,
                    rhythm: false,
                    power: false,
                    correlation: false,
                    ..self.spectral.bands.clone()
                };
                without_time != BandsConfig::default()
            }
            SpectralMethod::None | SpectralMethod::Fft => false,
        };
        if self.task.included_classes.is_some() || is_smaller {
            return Ok(0);
        }
        let task = &self.task;
        let mut indices: Vec<_> = [
            &task.train_index_file,
            &task.val_index_file,
            &task.test_index_file,
        ]
        .into_iter()
        .flatten()
        .collect();
        // A validation split that stands in for the test split is read once.
        indices.dedup();
        let mut bytes = 0;
        let mut of_ending = None;
        for index in indices {
            for source in self.sources(index)? {
                let length = || std::fs::metadata(&source).map_or(0, |file| file.len());
                // Files with the same extension have the same format, so one of each is opened.
                let ending = source.extension().map(ToOwned::to_owned);
                if of_ending.as_ref().is_none_or(|(known, _)| *known != ending) {
                    let single = reader::of(&source)
                        .ok()
                        .filter(|reader| reader.one_record());
                    let one = single.map(|reader| self.one(reader, &source));
                    of_ending = Some((ending, one));
                }
                let one = of_ending.as_ref().and_then(|(_, one)| *one);
                bytes += one.unwrap_or_else(length);
            }
        }
        // 7 segments of 256 float32 samples from 1,024 float64 samples.
        Ok(bytes / 8 * 7)
    }

    /// Size of the sample in `source` as float64; zero if it cannot be read, which is reported later.
    fn one(&self, reader: &dyn Reader, source: &Path) -> u64 {
        let mut bytes = 0;
        let _ = reader.read(source, &self.wanted(), &mut |record| {
            bytes = 8 * record.values.len() as u64;
            Ok(())
        });
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo;

    /// A sample of 8 KB next to 1 MB of audio counts as 8 KB.
    #[test]
    fn other_sensors_do_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pt");
        let mut bytes = std::fs::read(fixtures.join("window.pt")).unwrap();
        // Bytes before an archive are skipped.
        bytes.splice(0..0, b"PK\x03\x04".iter().copied().chain(vec![0; 1 << 20]));
        std::fs::write(at("a.pt"), bytes).unwrap();
        std::fs::write(at("i.txt"), "a.pt\n".repeat(10)).unwrap();
        let text = "t:\n  num_classes: 2\n  train_index_file: i.txt\n  val_index_file: i.txt\n";
        let mut config = DatasetConfig::parse(text, &at("c.yaml"), None).unwrap();
        assert_eq!(config.least_memory().unwrap(), 10 * 7 * 2048);
        // Features in time take the place of bands.
        config.spectral.method = SpectralMethod::Bands;
        config.spectral.bands.time = true;
        assert_eq!(config.least_memory().unwrap(), 10 * 7 * 2048);
    }

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
