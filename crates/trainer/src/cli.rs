//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::compute::Backend;
use crate::recipe::RecipeArgs;

/// What the trainer does beside training.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Lists what can train on this machine: CPU and GPUs of the backends in this build
    Devices {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Says how good the model of an experiment is on labelled windows: metrics, confusion matrix, calibration
    Evaluate(Box<crate::commands::evaluate::EvaluateArgs>),
    /// Writes the model of an experiment as a file of another program
    Export(crate::commands::export::ExportArgs),
    /// Trains many runs from one file: what varies, seeds and folds
    Sweep(crate::commands::sweep::SweepArgs),
    /// Fits simple classifiers, what a network has to beat: majority, logistic regression, extra trees, random forest,
    /// MiniRocket and ridge
    Baselines(crate::commands::baselines::BaselinesArgs),
    /// Says what 8 bits cost the model of an experiment in accuracy, layer by layer
    Quantise(crate::commands::quantise::QuantiseArgs),
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
    /// The recipe, option by option
    #[command(flatten)]
    pub recipe_args: RecipeArgs,
    /// Preset: a YAML file with defaults for these options (see configs/)
    #[arg(long, value_name = "PRESET")]
    pub config: Option<PathBuf>,
    /// Run a recipe again: a recipe.json, or the ID of an experiment; options beat it
    #[arg(long, value_name = "FILE|ID", conflicts_with = "config")]
    pub recipe: Option<String>,
    /// Cross-validate: cut training and validation split together into this many folds, recordings kept whole, and
    /// train once for each
    #[arg(long, value_name = "K", conflicts_with_all = ["resume", "untracked"])]
    pub folds: Option<usize>,
    /// Seed that deals recordings to folds; it is not that of the training [default: 0]
    #[arg(long, value_name = "N", requires = "folds")]
    pub fold_seed: Option<u64>,
    /// Do not compare the network with simple baselines at the end
    #[arg(long)]
    pub no_baseline: bool,
    /// Results as JSON
    #[arg(long)]
    pub json: bool,
    /// Read inputs from their files for every batch instead of keeping them in memory; the results are
    /// the same
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
    /// Kilobytes of flash of the node that the network is for: what does not fit with its front end in 8 bits is refused
    /// before it is trained
    #[arg(long, value_name = "N")]
    pub budget_kb: Option<usize>,
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
