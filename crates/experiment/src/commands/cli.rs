//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

use super::ids::{ID_HELP, KEY_HELP};
use super::{compare, gc, list, report, study};

/// List, inspect, compare and clean up tracked experiments.
///
/// ID is a full experiment ID, an unambiguous prefix or suffix of one, `latest`, `best` (the highest validation macro F1),
/// `best:KEY` (such as `best:test_f1`), or a tag that exactly one experiment has. KEY is a column of `experiment list`
/// or a dotted key of metadata.json, such as training_config.learning_rate.
#[derive(Debug, Parser)]
#[command(name = "experiment", version, about)]
pub struct Cli {
    /// Directory of the experiments
    #[arg(long, global = true, default_value = "experiments", value_name = "DIR")]
    pub experiments_dir: PathBuf,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List all experiments in a table, newest last
    #[command(after_help = KEY_HELP)]
    List(list::Options),
    /// Show everything about one experiment
    #[command(after_help = ID_HELP)]
    Summary {
        /// Experiment
        #[arg(default_value = "latest")]
        id: String,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Compare experiments: differing settings, and metrics side by side
    Compare(compare::Options),
    /// Show the runs of a study: trials, folds, and the best trial as a preset
    Study(study::Options),
    /// Print the command that shows experiments in TensorBoard
    #[command(after_help = ID_HELP)]
    Tensorboard {
        /// Experiments [default: all in the directory]
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        /// Start TensorBoard instead of printing the command
        #[arg(long)]
        run: bool,
    },
    /// Write one self-contained HTML page with configuration, curves and confusion matrices
    #[command(after_help = ID_HELP)]
    Report(report::Options),
    /// Follow a running experiment (read-only)
    #[command(after_help = ID_HELP)]
    Watch {
        /// Experiment
        #[arg(default_value = "latest")]
        id: String,
        /// Show the current state once and exit
        #[arg(long)]
        once: bool,
    },
    /// Add a note to an experiment, or show its notes
    #[command(after_help = ID_HELP)]
    Note {
        /// Experiment
        id: String,
        /// Text to append on a new line; without it, the notes are shown
        text: Vec<String>,
        /// Replace the existing note
        #[arg(long)]
        replace: bool,
    },
    /// Add or remove tags of an experiment, or show them
    #[command(after_help = ID_HELP)]
    Tag {
        /// Experiment
        id: String,
        /// Tags to add; without any, the tags are shown
        #[arg(value_name = "TAG")]
        tags: Vec<String>,
        /// Remove these tags
        #[arg(long, value_name = "TAG", value_delimiter = ',')]
        remove: Vec<String>,
    },
    /// Move experiments to the trash
    #[command(after_help = ID_HELP)]
    Delete {
        /// Experiments
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
        /// Print what would be done, and do nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Restore experiments from the trash
    Restore {
        /// Experiments in the trash, by ID, prefix or suffix; without any, the trash is listed
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        /// Print what would be done, and do nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Delete experiments in the trash permanently
    Purge {
        /// Experiments in the trash, by ID, prefix or suffix [default: all]
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        /// Delete for real; without it, only print what would be deleted
        #[arg(long, conflicts_with = "dry_run")]
        yes: bool,
        /// Print what would be done, and do nothing; the same as leaving out --yes
        #[arg(long)]
        dry_run: bool,
    },
    /// Move experiments that no retention option keeps to the trash
    #[command(after_help = KEY_HELP)]
    Gc(gc::Options),
    /// Check that experiments are complete and their files undamaged
    #[command(after_help = ID_HELP)]
    Verify {
        /// Experiments [default: all in the directory]
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Repair a crashed run: complete its metadata from the history, cut torn ends off logs
    #[command(after_help = ID_HELP)]
    Repair {
        /// Experiment
        id: String,
        /// Print what would be done, and do nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Print a completion script for a shell
    Completions {
        /// Shell
        shell: Shell,
    },
    /// Print the manual page in roff: `experiment man | man -l -`
    Man,
}
