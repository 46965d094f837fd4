//! Features in time of the front end `bands` in a dataset: networks are trained with and without them.

use super::Dataset;
use crate::config::DatasetConfig;
use crate::error::{DataError, PreprocessingError, UsageError};
use crate::feature_augment::FeatureLayout;
use crate::preprocessing::{Normalisation, SpectralMethod, TimeFeatures};
use crate::split::{Inputs, Split};

impl Dataset {
    /// Whether frames have features in time that inputs use.
    pub fn uses_time(&self) -> bool {
        self.preprocessing.time_features() == TimeFeatures::Used
    }

    /// Stops using the features in time, if there are any: in all inputs they become 0, their mean. Returns what
    /// [`Dataset::restore_time`] needs.
    pub fn leave_out_time(&mut self) -> Option<TimeValues> {
        if !self.uses_time() {
            return None;
        }
        let layout = FeatureLayout::new(&self.preprocessing, self.train.shape);
        let values = self.splits().map(|split| match &mut split.x {
            Inputs::Memory(x) => layout.take_time(x),
            // Other inputs are computed from the windows.
            Inputs::Windows(..) | Inputs::Streamed(_) => Vec::new(),
        });
        self.set_time(TimeFeatures::Unused);
        Some(TimeValues(values))
    }

    /// Uses the features in time again.
    pub fn restore_time(&mut self, values: &TimeValues) {
        let layout = FeatureLayout::new(&self.preprocessing, self.train.shape);
        for (split, values) in self.splits().into_iter().zip(&values.0) {
            if let Inputs::Memory(x) = &mut split.x {
                layout.set_time(x, values);
            }
        }
        self.set_time(TimeFeatures::Used);
    }

    fn splits(&mut self) -> [&mut Split; 3] {
        [&mut self.train, &mut self.val, &mut self.test]
    }

    fn set_time(&mut self, time: TimeFeatures) {
        if let Some(bands) = &mut self.preprocessing.bands {
            bands.time = time;
        }
    }
}

/// The features in time of the inputs in memory of every split.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeValues([Vec<f32>; 3]);

/// Refuses features in time that are scaled together with others of the window or batch: those would change with them.
pub(crate) fn check_time(
    config: &DatasetConfig,
    normalisation: Normalisation,
) -> Result<(), DataError> {
    let has_time = config.spectral.method == SpectralMethod::Bands && config.spectral.bands.time;
    match normalisation {
        Normalisation::Sample | Normalisation::Batch if has_time => {
            let problem = format!(
                "features in time do not go with `normalisation: {normalisation}`: leave them out, or set \
                 `normalisation: band`"
            );
            let key = "bands.time";
            Err(UsageError::from(PreprocessingError::Setting { key, problem }).into())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::split::Storage;

    /// Inputs in memory and those that are computed for each batch are the same, with and without.
    #[test]
    fn features_in_time_are_left_out_and_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = crate::demo::ensure(folder.path()).unwrap();
        let mut config = DatasetConfig::load(&path, None).unwrap();
        config.spectral.method = SpectralMethod::Bands;
        config.spectral.bands.time = true;
        let open = |storage| {
            let dataset = Dataset::open(&config, Normalisation::Dataset, storage);
            dataset.unwrap()
        };
        let (mut kept, mut streamed) = (open(Storage::Memory), open(Storage::Streamed));
        assert_eq!(kept.preprocessing, streamed.preprocessing);
        let whole = kept.clone();
        let same = |kept: &Dataset, streamed: &Dataset| {
            let all: Vec<usize> = (0..40).collect();
            let fetch = |dataset: &Dataset| {
                let mut fetcher = crate::batch::Fetcher::new(&dataset.val, &dataset.preprocessing);
                fetcher.fetch(&all).unwrap().x
            };
            assert_eq!(fetch(kept), fetch(streamed));
        };
        same(&kept, &streamed);
        let values = kept.leave_out_time().unwrap();
        streamed.leave_out_time().unwrap();
        same(&kept, &streamed);
        assert_eq!(kept.preprocessing.time_features(), TimeFeatures::Unused);
        assert!(kept.leave_out_time().is_none());
        let (own, all) = (kept.val.memory(), whole.val.memory());
        let changed = own.iter().zip(all).filter(|(own, all)| own != all).count();
        // Hardly a feature in time is 0 by chance.
        assert!((all.len() * 3 / 64).abs_diff(changed) < all.len() / 1000);
        kept.restore_time(&values);
        assert_eq!(kept, whole);
    }

    #[test]
    fn scaling_with_other_features_is_refused() {
        let path = Path::new("c.yaml");
        let text = "t:\n  num_classes: 2\n  train_index_file: i.txt\n  val_index_file: i.txt\n\
                    spectral_processing: {method: bands, bands: {time: true}}\n";
        let config = DatasetConfig::parse(text, path, None).unwrap();
        for normalisation in [Normalisation::Sample, Normalisation::Batch] {
            let problem = check_time(&config, normalisation).unwrap_err().to_string();
            assert!(
                problem.contains("`spectral_processing.bands.time`"),
                "{problem}"
            );
        }
        assert!(check_time(&config, Normalisation::Band).is_ok());
    }
}
