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
