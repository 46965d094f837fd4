//! Which normalisations go with features of the whole window of the front end `bands`.

use crate::config::DatasetConfig;
use crate::error::{DataError, PreprocessingError, UsageError};
use crate::preprocessing::{Normalisation, SpectralMethod};

/// Refuses features of the whole window that are scaled together with others of the window or batch: those would change with them.
pub(crate) fn check_window_features(
    config: &DatasetConfig,
    normalisation: Normalisation,
) -> Result<(), DataError> {
    let bands = &config.spectral.bands;
    let is_bands = config.spectral.method == SpectralMethod::Bands;
    let has_some = is_bands && bands.has_window_features();
    match normalisation {
        Normalisation::Sample | Normalisation::Batch if has_some => {
            let problem = format!(
                "features of the window do not go with `normalisation: {normalisation}`: leave them out, or set \
                 `normalisation: band`"
            );
            let keys = [
                (bands.time, "bands.time"),
                (bands.rhythm, "bands.rhythm"),
                (bands.correlation, "bands.correlation"),
            ];
            let named = keys.into_iter().find(|(is_set, _)| *is_set);
            let key = named.map_or("bands.power", |(_, key)| key);
            Err(UsageError::from(PreprocessingError::Setting { key, problem }).into())
        }
        _ => Ok(()),
    }
}

/// Refuses the correlation of channels where windows have one.
pub(crate) fn check_channels(config: &DatasetConfig, channels: usize) -> Result<(), DataError> {
    let has_correlation =
        config.spectral.method == SpectralMethod::Bands && config.spectral.bands.correlation;
    if !has_correlation || channels > 1 {
        return Ok(());
    }
    let key = "bands.correlation";
    let problem = "windows have one channel, which correlates with no other: leave it out".into();
    Err(UsageError::from(PreprocessingError::Setting { key, problem }).into())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn scaling_with_other_features_is_refused() {
        let path = Path::new("c.yaml");
        let text = "t:\n  num_classes: 2\n  train_index_file: i.txt\n  val_index_file: i.txt\n\
                    spectral_processing: {method: bands, bands: {time: true}}\n";
        let config = DatasetConfig::parse(text, path, None).unwrap();
        for normalisation in [Normalisation::Sample, Normalisation::Batch] {
            let problem = check_window_features(&config, normalisation)
                .unwrap_err()
                .to_string();
            assert!(
                problem.contains("`spectral_processing.bands.time`"),
                "{problem}"
            );
        }
        assert!(check_window_features(&config, Normalisation::Band).is_ok());
    }

    #[test]
    fn one_channel_correlates_with_no_other() {
        let text = "t:\n  num_classes: 2\n  train_index_file: i.txt\n  val_index_file: i.txt\n\
                    spectral_processing: {method: bands, bands: {correlation: true}}\n";
        let config = DatasetConfig::parse(text, Path::new("c.yaml"), None).unwrap();
        let problem = check_channels(&config, 1).unwrap_err().to_string();
        assert!(
            problem.contains("`spectral_processing.bands.correlation`: windows have one channel"),
            "{problem}"
        );
        assert!(check_channels(&config, 2).is_ok());
    }
}
