//! Command-line options that are fields of the recipe.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use data::Normalisation;
use model::ModelKind;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::balance::{Sampling, WeightsName};
use super::choice::{self, AugmentationChoice};
use super::policies::{Keep, Schedule};
use crate::error::{TrainerError, UsageError};

/// Options named like the recipe's fields. Options that were not given are absent from the serialised form.
#[derive(Clone, Debug, Default, PartialEq, Args, Serialize)]
pub struct RecipeArgs {
    /// Network: ultra_lightweight_cnn, simple_cnn, deep_efficient_cnn, resnet_style_cnn,
    /// deep_cnn_large or seismic_cnn [default: simple_cnn]
    #[arg(long, value_name = "MODEL", value_parser = ModelKind::from_str)]
    #[serde(
        with = "choice::optional_model",
        skip_serializing_if = "Option::is_none"
    )]
    pub model: Option<ModelKind>,
    /// Dataset: a dataset_config.yaml [default: the embedded demo]
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset_config: Option<PathBuf>,
    /// Task of the dataset configuration [default: the first in the file]
    #[arg(long, value_name = "TASK")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Maximum number of epochs [default: 50]
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<usize>,
    /// Samples per batch [default: 32]
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<usize>,
    /// Learning rate at the start, after the warm-up [default: 0.003]
    #[arg(long, value_name = "X")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// Weight decay of kernels (AdamW); 0 is Adam [default: 0.3 for ultra_lightweight_cnn, else 1]
    #[arg(long, value_name = "X")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// Learning rate schedule [default: cosine]
    #[arg(long, value_enum)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// Fraction of all steps in which the learning rate rises from zero [default: 0.05]
    #[arg(long, value_name = "X")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup: Option<f64>,
    /// Decay of the moving average of weights; null in a preset disables it [default: 0.99]
    #[arg(long, value_name = "X")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average: Option<f64>,
    /// Epoch whose weights are kept [default: last]
    #[arg(long, value_enum)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep: Option<Keep>,
    /// Seed of initial weights, sample order, augmentation and dropout [default: 42]
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Scaling of inputs: sample, dataset, band, batch or none [default: the dataset configuration's, else band for the
    /// front end bands and dataset for others]
    #[arg(long, value_name = "NAME", value_parser = Normalisation::from_str)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normalisation: Option<Normalisation>,
    /// Fraction of the training labels to learn from, the same for every class [default: 1]
    #[arg(long, value_name = "X")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_ratio: Option<f64>,
    /// How samples of an epoch are drawn [default: shuffled]
    #[arg(long, value_enum)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampling: Option<Sampling>,
    /// Weights of the classes in the loss [default: none]
    #[arg(long, value_enum)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_weights: Option<WeightsName>,
    /// Part of every target that is shared among all classes; 0 for none [default: 0.2 for simple_cnn, else 0]
    #[arg(long, value_name = "X")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_smoothing: Option<f64>,
    /// Share of every target that is the probability by simple classifiers which have not seen the recording; 0 for none
    /// [default: 0.5 where sites differ and a trial says that it helps, else 0]
    #[arg(long, value_name = "X")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distillation: Option<f64>,
    /// How training windows are changed: auto (standard or new_sites, as suits the validation split), standard,
    /// new_sites, none, light or field; presets can say more [default: auto]
    #[arg(long, alias = "augment", value_name = "NAME", value_parser = AugmentationChoice::from_str)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub augmentation: Option<AugmentationChoice>,
    /// Start from the weights of an experiment (ID, prefix, suffix or `latest`), a model folder, a model.safetensors,
    /// or a .keras or .h5 file of the same network. Tensors with the same name and shape are copied; the output layer
    /// is new if the classes differ
    #[arg(long, value_name = "ID|FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init_from: Option<String>,
    /// Do not train the first N layers that have weights [default: 0]
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freeze: Option<usize>,
}

impl RecipeArgs {
    /// The given options as fields of the recipe.
    pub fn given(&self) -> Map<String, Value> {
        match json!(self) {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }

    /// Refuses NaN and infinities, which JSON cannot store.
    pub(super) fn check_numbers(&self) -> Result<(), TrainerError> {
        let numbers = [
            ("--learning-rate", self.learning_rate),
            ("--label-ratio", self.label_ratio),
            ("--weight-decay", self.weight_decay),
            ("--warmup", self.warmup),
            ("--average", self.average),
            ("--label-smoothing", self.label_smoothing),
            ("--distillation", self.distillation),
        ];
        let bad = numbers
            .into_iter()
            .find(|(_, number)| number.is_some_and(|number| !number.is_finite()));
        match bad {
            Some((option, _)) => Err(UsageError::NotFinite { option }.into()),
            None => Ok(()),
        }
    }
}
