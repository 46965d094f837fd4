//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

use super::{compare, gc, list, report, study};

/// Lists, summarises, compares and keeps tracked experiments.
///
/// An ID may be `latest`, `best` (or `best:FIELD`, such as `best:test_f1`), any unambiguous beginning or end of
/// an ID, or a tag that one experiment has.
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
    /// A table of all experiments, newest last
    List(list::Options),
    /// Everything about one experiment
    Summary {
        /// Experiment
        #[arg(default_value = "latest")]
        id: String,
        /// JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// What differs between experiments, and their metrics side by side
    Compare(compare::Options),
    /// The runs of a study together: trials, folds, the best as a preset
    Study(study::Options),
    /// The command that shows experiments in TensorBoard
    Tensorboard {
        /// Experiments; all of the directory where none is given
        ids: Vec<String>,
        /// Start it instead of printing it
        #[arg(long)]
        run: bool,
    },
    /// One self-contained page with configuration, curves and matrices
    Report(report::Options),
    /// Follow a running experiment, without touching it
    Watch {
        /// Experiment
        #[arg(default_value = "latest")]
        id: String,
        /// Show its state once instead of following it
        #[arg(long)]
        once: bool,
    },
    /// Keep a text with an experiment
    Note {
        /// Experiment
        id: String,
        /// Text, added in a line of its own; none shows what is there
        text: Vec<String>,
        /// Put it in the place of what is there
        #[arg(long)]
        replace: bool,
    },
    /// Give an experiment tags
    Tag {
        /// Experiment
        id: String,
        /// Tags; none shows what is there
        tags: Vec<String>,
        /// Take these tags away
        #[arg(long, value_name = "TAG", value_delimiter = ',')]
        remove: Vec<String>,
    },
    /// Move experiments to the trash
    Delete {
        /// Experiments
        #[arg(required = true)]
        ids: Vec<String>,
        /// Only say what would be done
        #[arg(long)]
        dry_run: bool,
    },
    /// Take experiments back from the trash
    Restore {
        /// Experiments in the trash; none shows what is there
        ids: Vec<String>,
        /// Only say what would be done
        #[arg(long)]
        dry_run: bool,
    },
    /// Remove what is in the trash for good
    Purge {
        /// Experiments in the trash; all where none is given
        ids: Vec<String>,
        /// Do it, not only say what would be done
        #[arg(long, conflicts_with = "dry_run")]
        yes: bool,
        /// Only say what would be done, as without --yes
        #[arg(long)]
        dry_run: bool,
    },
    /// Move experiments that a policy does not keep to the trash
    Gc(gc::Options),
    /// Whether everything that should be there is, and whole
    Verify {
        /// Experiments; all of the directory where none is given
        ids: Vec<String>,
        /// JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Complete what a crashed run left: metadata from its history, torn ends of logs cut off
    Repair {
        /// Experiment
        id: String,
        /// Only say what would be done
        #[arg(long)]
        dry_run: bool,
    },
    /// A script that lets a shell complete this command's options
    Completions {
        /// The shell
        shell: Shell,
    },
    /// The manual page, in roff: `experiment man | man -l -`
    Man,
}
