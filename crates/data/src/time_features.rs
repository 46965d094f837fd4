//! Features in time of the front end `bands` in a dataset: networks are trained with and without them.

use crate::config::DatasetConfig;
use crate::dataset::Dataset;
use crate::error::{DataError, PreprocessingError, UsageError};
use crate::feature_augment::FeatureLayout;
use crate::preprocessing::{Normalisation, SpectralMethod, TimeFeatures};
use crate::split::Inputs;

impl Dataset {
    /// Whether frames have features in time that inputs use.
    pub fn uses_time(&self) -> bool {
        self.preprocessing.time_features() == TimeFeatures::Used
    }

    /// Stops using the features in time, if there are any: in all inputs they become 0, their mean.
    pub fn leave_out_time(&mut self) {
        if !self.uses_time() {
            return;
        }
        let layout = FeatureLayout::new(&self.preprocessing, self.train.shape);
        for split in [&mut self.train, &mut self.val, &mut self.test] {
            // Other inputs are computed from the windows.
            if let Inputs::Memory(x) = &mut split.x {
                layout.drop_time(x);
            }
        }
        if let Some(bands) = &mut self.preprocessing.bands {
            bands.time = TimeFeatures::Unused;
        }
    }

    /// A copy with the validation split alone, as [`Dataset::leave_out_time`] makes it.
    pub fn validation_without_time(&self) -> Self {
        let mut own = Self {
            class_names: self.class_names.clone(),
            train: self.train.subset(&[]),
            val: self.val.clone(),
            test: self.test.subset(&[]),
            test_is_val: self.test_is_val,
            preprocessing: self.preprocessing.clone(),
            warnings: Vec::new(),
        };
        own.leave_out_time();
        own
    }
}

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
