//! A model quantised to 8 bits, with the windows for its calibration and evaluation.

use std::path::PathBuf;

use clap::Args;
use data::{Dataset, DatasetConfig, Storage, batch};
use deploy::TrainedModel;
use deploy::network::Network;
use deploy::quantise::{Agreement, IntegerNetwork};
use experiment::Entry;

use crate::error::{DatasetError, TrainerError};
use crate::recipe::{DEFAULT_NORMALISATION, Recipe};

/// Default number of training windows for calibration.
const CALIBRATION_WINDOWS: usize = 512;
/// Budget of multiply-accumulates for calibration: large networks see fewer windows.
const CALIBRATION_MACS: usize = 2_000_000_000;

/// Calibration data of the quantisation.
#[derive(Clone, Debug, Default, Args)]
pub struct CalibrationArgs {
    /// Dataset it was trained on, if it has moved
    #[arg(long, value_name = "FILE")]
    pub dataset_config: Option<PathBuf>,
    /// Number of training windows to calibrate on [default: 512, fewer for large networks]
    #[arg(long, value_name = "N")]
    pub calibration_windows: Option<usize>,
}

/// A model in 8 bits, and the data for its evaluation.
pub struct Quantised {
    /// The network in float32.
    pub network: Network,
    /// The network in 8 bits.
    pub integers: IntegerNetwork,
    /// Agreement of the 8-bit network with float32 on the validation split.
    pub agreement: Agreement,
    /// Number of calibration windows.
    pub calibration_windows: usize,
    /// Features of the validation split.
    ///
    /// # Shapes
    /// `[windows, channels, segments, features]`, flattened.
    pub validation: Vec<f32>,
    /// Labels of the validation split.
    pub labels: Vec<u32>,
}

impl Quantised {
    /// Quantises the model of `entry` with the data of its recipe.
    ///
    /// # Errors
    /// [`TrainerError`] if the data cannot be read, or their preprocessing differs from that of the model.
    pub fn new(
        entry: &Entry,
        model: &TrainedModel<'_>,
        arguments: &CalibrationArgs,
    ) -> Result<Self, TrainerError> {
        let dataset = dataset(entry, arguments)?;
        if !dataset.preprocessing.makes_inputs_of(model.preprocessing()) {
            let id = entry.id.clone();
            return Err(DatasetError::OtherPreprocessing { id }.into());
        }
        let network = Network::new(model)?;
        let most = (CALIBRATION_MACS / network.macs().max(1)).clamp(8, CALIBRATION_WINDOWS);
        let count = arguments.calibration_windows.unwrap_or(most);
        let calibration =
            evenly_spread(dataset.train.memory(), dataset.train.sample_length(), count);
        let validation = dataset.val.memory();
        // For a large network, choosing ranges may use fewer windows than evaluation does.
        let choice = evenly_spread(validation, dataset.val.sample_length(), 2 * most);
        let (integers, _) = IntegerNetwork::new(&network, &calibration, &choice)?;
        Ok(Self {
            agreement: integers.agreement(&network, validation),
            integers,
            network,
            calibration_windows: calibration.len() / dataset.train.sample_length().max(1),
            validation: validation.to_vec(),
            labels: dataset.val.y,
        })
    }
}

/// The dataset that the experiment was trained on.
fn dataset(entry: &Entry, arguments: &CalibrationArgs) -> Result<Dataset, TrainerError> {
    let recipe = Recipe::of_experiment(entry)?;
    let path = arguments.dataset_config.clone().or(recipe.dataset_config);
    let path = path.ok_or(DatasetError::NotRecorded)?;
    let mut config = DatasetConfig::load(&path, recipe.task.as_deref())?;
    if recipe.normalisation.is_some() {
        config.normalisation = recipe.normalisation;
    }
    config.set_defaults(
        recipe.spectral_processing.as_ref(),
        recipe.preprocessing.as_deref(),
    )?;
    let dataset = Dataset::watch(&config, DEFAULT_NORMALISATION, Storage::Memory, &mut |_| {})?;
    Ok(dataset)
}

/// At most `count` windows of `length` values, evenly spread over `values`.
fn evenly_spread(values: &[f32], length: usize, count: usize) -> Vec<f32> {
    let windows = batch::spread(values.len() / length.max(1), count).into_iter();
    windows
        .flat_map(|i| values[i * length..(i + 1) * length].iter().copied())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::evenly_spread;

    #[test]
    fn windows_come_from_all_over() {
        let values: Vec<f32> = (0..12).map(|v| v as f32).collect();
        assert_eq!(evenly_spread(&values, 2, 3), [0.0, 1.0, 4.0, 5.0, 8.0, 9.0]);
        assert_eq!(evenly_spread(&values, 2, 9), values);
        assert!(evenly_spread(&[], 2, 9).is_empty());
    }
}
