//! Command-line options of a training.

use std::path::PathBuf;

use clap::Args;

use crate::compute::Backend;
use crate::recipe::RecipeArgs;

/// Options of the recipe, and of where a run computes and writes.
#[derive(Clone, Debug, Default, Args)]
pub struct TrainingOptions {
    /// Options that are fields of the recipe
    #[command(flatten)]
    pub recipe_args: RecipeArgs,
    /// Preset: a YAML file with defaults for these options (see configs/)
    #[arg(long, value_name = "PRESET")]
    pub config: Option<PathBuf>,
    /// Rerun a stored recipe: a recipe.json, or an experiment ID; other options override it
    #[arg(long, value_name = "FILE|ID", conflicts_with = "config")]
    pub recipe: Option<String>,
    /// Cross-validate: split training and validation data together into this many folds by recording, and train once
    /// per fold
    #[arg(long, value_name = "K", conflicts_with_all = ["resume", "untracked"])]
    pub folds: Option<usize>,
    /// Seed that assigns recordings to folds; independent of the training seed [default: 0]
    #[arg(long, value_name = "N", requires = "folds")]
    pub fold_seed: Option<u64>,
    /// Do not compare the network with simple baselines
    #[arg(long)]
    pub no_baseline: bool,
    /// Print results as JSON
    #[arg(long)]
    pub json: bool,
    /// Read inputs from their files for every batch instead of keeping them in memory; the results are the same
    #[arg(long)]
    pub stream: bool,
    /// Backend to compute on [default: native]
    #[arg(long, value_enum)]
    pub backend: Option<Backend>,
    /// Device of the backend, as numbered by `trainer devices` [default: the best]
    #[arg(long, value_name = "N")]
    pub device: Option<usize>,
    /// Number of CPU threads [default: all]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Flash of the target node in KiB (1,024 bytes): refuse to train a network that, in 8 bits and with its front end,
    /// does not fit
    #[arg(long, value_name = "N")]
    pub budget_kb: Option<usize>,
    /// Directory of the experiments [default: experiments]
    #[arg(long, value_name = "DIR")]
    pub experiments_dir: Option<PathBuf>,
    /// Directory for the embedded demo [default: datasets]
    #[arg(long, value_name = "DIR")]
    pub datasets_dir: Option<PathBuf>,
    /// Resume an experiment from its last checkpoint, with its original settings: `latest`, or an ID or unambiguous
    /// prefix or suffix
    #[arg(long, value_name = "ID")]
    pub resume: Option<String>,
    /// Minutes between checkpoints, in addition to one after every epoch [default: 10]
    #[arg(long, value_name = "MINUTES")]
    pub checkpoint_minutes: Option<f64>,
    /// Extra field of metadata.json; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub meta: Vec<String>,
    /// Tag of the experiment; may be repeated
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// Free text stored with the experiment
    #[arg(long, value_name = "TEXT")]
    pub notes: Option<String>,
    /// Write a plain logs/seismic_training_{time} folder next to the experiments directory instead of a tracked
    /// experiment
    #[arg(long)]
    pub untracked: bool,
}
