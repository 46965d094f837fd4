//! The command line.

use clap::{Parser, Subcommand};

use crate::options::TrainingOptions;

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
    /// Those of a training
    #[command(flatten)]
    pub training: TrainingOptions,
}
