//! The command line.

use clap::{Parser, Subcommand};

use crate::options::TrainingOptions;

/// Subcommands other than training.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// List the CPU and GPUs that this build can train on
    Devices {
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Evaluate the model of an experiment on labelled windows: metrics, confusion matrix, calibration
    Evaluate(Box<crate::commands::evaluate::EvaluateArgs>),
    /// Export the model of an experiment to another format
    Export(crate::commands::export::ExportArgs),
    /// Train many runs from one sweep file that varies parameters, seeds and folds
    Sweep(crate::commands::sweep::SweepArgs),
    /// Fit the simple classifiers a network has to beat: majority, logistic regression, extra trees, random forest,
    /// MiniRocket with ridge
    Baselines(crate::commands::baselines::BaselinesArgs),
    /// Measure what 8-bit quantisation costs in accuracy, layer by layer
    Quantise(crate::commands::quantise::QuantiseArgs),
}

/// Train a CNN on seismic data and record it as an experiment.
///
/// Without --dataset-config, a simulated demo dataset is used, which is first written to the datasets directory.
/// Options override the preset (--config), and the preset overrides the defaults.
#[derive(Debug, Default, Parser)]
#[command(
    name = "trainer",
    version,
    args_conflicts_with_subcommands = true,
    allow_negative_numbers = true
)]
pub struct Cli {
    /// A command other than training
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Training options
    #[command(flatten)]
    pub training: TrainingOptions,
}
