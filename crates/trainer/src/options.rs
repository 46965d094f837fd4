//! The options of a training on the command line.

use std::path::PathBuf;

use clap::Args;

use crate::compute::Backend;
use crate::recipe::RecipeArgs;

/// Those of the recipe, and where a run computes and writes.
#[derive(Clone, Debug, Default, Args)]
pub struct TrainingOptions {
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
