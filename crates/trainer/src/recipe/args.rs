//! The options of the command line that are part of the recipe.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use data::{Augmentation, Normalisation};
use model::ModelKind;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::balance::{Sampling, WeightsName};
use super::choice;
use super::policies::{Keep, Schedule};
use crate::error::TrainerError;

/// Options with the names of the recipe's fields; those that are not given are left out of the serialised form.
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
    /// Data: a dataset_config.yaml [default: the embedded demo]
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset_config: Option<PathBuf>,
    /// Task of the dataset configuration [default: the first in the file]
    #[arg(long, value_name = "TASK")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Most epochs [default: 50]
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
    /// Weight decay of kernels (AdamW); 0 is Adam [default: 0.3]
    #[arg(long, value_name = "X")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// How the learning rate changes [default: cosine]
    #[arg(long, value_enum)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// Share of all steps in which the learning rate rises from zero [default: 0.05]
    #[arg(long, value_name = "X")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup: Option<f64>,
    /// Decay of the moving average of weights; presets can say null for none [default: 0.99]
    #[arg(long, value_name = "X")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average: Option<f64>,
    /// Which weights are kept [default: last]
    #[arg(long, value_enum)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep: Option<Keep>,
    /// Seed of initial weights, sample order, augmentation and dropout [default: 42]
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Scaling of inputs: sample, dataset, batch or none [default: the dataset configuration's, else
    /// dataset]
    #[arg(long, value_name = "NAME", value_parser = Normalisation::from_str)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normalisation: Option<Normalisation>,
    /// Share of the training labels to learn from, of every class alike [default: 1]
    #[arg(long, value_name = "X")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_ratio: Option<f64>,
    /// How samples of an epoch are drawn [default: shuffled]
    #[arg(long, value_enum)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampling: Option<Sampling>,
    /// How much classes count in the loss [default: none]
    #[arg(long, value_enum)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_weights: Option<WeightsName>,
    /// How training windows are changed: standard, new_sites, none, light or field; presets can say more
    /// [default: standard]
    #[arg(long, alias = "augment", value_name = "NAME", value_parser = choice::named_augmentation)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub augmentation: Option<Augmentation>,
    /// Begin with the weights of an experiment (`latest`, an ID or part of it), of its folder, of a model.safetensors, or
    /// of a .keras or .h5 of the same network:
    /// tensors of the same name and shape are taken, and a new head where the classes differ
    #[arg(long, value_name = "ID|FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init_from: Option<String>,
    /// Keep the first N layers that have weights as they are [default: 0]
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freeze: Option<usize>,
}

impl RecipeArgs {
    /// The fields that were given, as the recipe has them.
    pub fn given(&self) -> Map<String, Value> {
        match json!(self) {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }

    /// Refuses what JSON has no number for.
    pub(super) fn check_numbers(&self) -> Result<(), TrainerError> {
        let numbers = [
            ("--learning-rate", self.learning_rate),
            ("--label-ratio", self.label_ratio),
            ("--weight-decay", self.weight_decay),
            ("--warmup", self.warmup),
            ("--average", self.average),
        ];
        let bad = numbers
            .into_iter()
            .find(|(_, number)| number.is_some_and(|number| !number.is_finite()));
        match bad {
            Some((option, _)) => Err(TrainerError::Usage(format!(
                "{option} must be a finite number"
            ))),
            None => Ok(()),
        }
    }
}
