//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

use super::{compare, gc, list, report, study};

/// List, inspect, compare and clean up tracked experiments.
///
/// ID is a full experiment ID, an unambiguous prefix or suffix of one, `latest`, `best`, `best:FIELD` (such as
/// `best:test_f1`), or a tag that exactly one experiment has.
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
    List(list::Options),
    /// Show everything about one experiment
    Summary {
        /// Experiment ID
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
    Tensorboard {
        /// Experiment IDs [default: all in the directory]
        ids: Vec<String>,
        /// Start TensorBoard instead of printing the command
        #[arg(long)]
        run: bool,
    },
    /// Write one self-contained HTML page with configuration, curves and confusion matrices
    Report(report::Options),
    /// Follow a running experiment (read-only)
    Watch {
        /// Experiment ID
        #[arg(default_value = "latest")]
        id: String,
        /// Show the current state once and exit
        #[arg(long)]
        once: bool,
    },
    /// Add a note to an experiment, or show its notes
    Note {
        /// Experiment ID
        id: String,
        /// Text to append on a new line; without it, the notes are shown
        text: Vec<String>,
        /// Replace the existing note
        #[arg(long)]
        replace: bool,
    },
    /// Add or remove tags of an experiment, or show them
    Tag {
        /// Experiment ID
        id: String,
        /// Tags to add; without any, the tags are shown
        tags: Vec<String>,
        /// Remove these tags
        #[arg(long, value_name = "TAG", value_delimiter = ',')]
        remove: Vec<String>,
    },
    /// Move experiments to the trash
    Delete {
        /// Experiment IDs
        #[arg(required = true)]
        ids: Vec<String>,
        /// Print what would be done, and do nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Restore experiments from the trash
    Restore {
        /// Experiment IDs in the trash; without any, the trash is listed
        ids: Vec<String>,
        /// Print what would be done, and do nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Delete experiments in the trash permanently
    Purge {
        /// Experiment IDs in the trash [default: all]
        ids: Vec<String>,
        /// Delete for real; without it, only print what would be deleted
        #[arg(long, conflicts_with = "dry_run")]
        yes: bool,
        /// Print what would be done, and do nothing; the same as leaving out --yes
        #[arg(long)]
        dry_run: bool,
    },
    /// Move experiments that no retention option keeps to the trash
    Gc(gc::Options),
    /// Check that experiments are complete and their files undamaged
    Verify {
        /// Experiment IDs [default: all in the directory]
        ids: Vec<String>,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Repair a crashed run: complete its metadata from the history, cut torn ends off logs
    Repair {
        /// Experiment ID
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
