//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::balance::{Sampling, WeightsName};
use crate::compute::Backend;

/// What the trainer does beside training.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Lists what can train on this machine: CPU and GPUs of the backends in this build
    Devices {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Writes the model of an experiment as a file of another program
    Export(crate::commands::export::ExportArgs),
}

/// Trains a seismic CNN into a tracked experiment.
///
/// Without --dataset-config the embedded demo is used, a simulation that is written below the
/// datasets directory first. Options beat the preset (--config), the preset beats the defaults.
#[derive(Debug, Default, Parser)]
#[command(name = "trainer", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// Instead of training
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Network: ultra_lightweight_cnn, simple_cnn, deep_efficient_cnn, resnet_style_cnn or
    /// deep_cnn_large [default: simple_cnn]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Data: a dataset_config.yaml [default: the embedded demo]
    #[arg(long, value_name = "FILE")]
    pub dataset_config: Option<PathBuf>,
    /// Task of the dataset configuration [default: the first in the file]
    #[arg(long, value_name = "TASK")]
    pub task: Option<String>,
    /// Preset: a YAML file with defaults for these options (see configs/)
    #[arg(long, value_name = "PRESET")]
    pub config: Option<PathBuf>,
    /// Most epochs [default: 50]
    #[arg(long, value_name = "N")]
    pub epochs: Option<usize>,
    /// Samples a batch [default: 32]
    #[arg(long, value_name = "N")]
    pub batch_size: Option<usize>,
    /// Learning rate of Adam at the start [default: 0.001]
    #[arg(long, value_name = "X")]
    pub learning_rate: Option<f64>,
    /// Seed of initial weights, shuffling and dropout [default: 42]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Scaling of inputs: sample, dataset, batch or none [default: the dataset configuration's, else
    /// dataset]
    #[arg(long, value_name = "NAME")]
    pub normalisation: Option<String>,
    /// Share of the training labels to learn from, of every class alike [default: 1]
    #[arg(long, value_name = "X")]
    pub label_ratio: Option<f64>,
    /// How samples of an epoch are drawn [default: shuffled]
    #[arg(long, value_enum)]
    pub sampling: Option<Sampling>,
    /// How much classes count in the loss [default: none]
    #[arg(long, value_enum)]
    pub class_weights: Option<WeightsName>,
    /// What happens to training windows: none, light or field; presets can say more [default: none]
    #[arg(long, value_name = "NAME")]
    pub augment: Option<String>,
    /// Read inputs from their TFRecord files for every batch instead of keeping them in memory; the
    /// results are the same
    #[arg(long)]
    pub stream: bool,
    /// What computes [default: native]
    #[arg(long, value_enum)]
    pub backend: Option<Backend>,
    /// Device of the backend, as `trainer devices` numbers them [default: the best]
    #[arg(long, value_name = "N")]
    pub device: Option<usize>,
    /// CPU threads [default: all]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Where experiments are kept [default: experiments]
    #[arg(long, value_name = "DIR")]
    pub experiments_dir: Option<PathBuf>,
    /// Where the embedded demo is written [default: datasets]
    #[arg(long, value_name = "DIR")]
    pub datasets_dir: Option<PathBuf>,
    /// Go on with an experiment from its last checkpoint, with the settings it was started with: `latest`, or
    /// an ID or unambiguous part of its ends
    #[arg(long, value_name = "ID")]
    pub resume: Option<String>,
    /// Keep a checkpoint this often, beside those after every epoch [default: 10]
    #[arg(long, value_name = "MINUTES")]
    pub checkpoint_minutes: Option<f64>,
    /// Extra field of metadata.json, may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub meta: Vec<String>,
    /// Tag of the experiment, may be repeated
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// Free text kept with the experiment
    #[arg(long, value_name = "TEXT")]
    pub notes: Option<String>,
    /// Write a plain logs/seismic_training_{time} beside the experiments directory instead of a
    /// tracked experiment
    #[arg(long)]
    pub untracked: bool,
}
