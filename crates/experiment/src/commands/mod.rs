//! The commands of the binary `experiment`. Each renders its result as text and leaves printing to the binary, except
//! `watch`, which keeps running.

mod bin;
mod cli;
mod compare;
mod edit;
mod gc;
mod group_keys;
mod ids;
mod list;
mod nothing;
mod report;
mod study;
mod summary;
mod tensorboard;
pub mod text;
mod verify;
mod watch;

use clap::CommandFactory;

use crate::catalogue::{Metric, Split};
use crate::error::ExperimentError;
use crate::store::ExperimentStore;
pub use cli::{Cli, Command};
use text::Terminal;
pub use watch::watch;

/// Curves plotted for one experiment.
const CURVES: [(Metric, Split); 5] = [
    (Metric::Loss, Split::Train),
    (Metric::Loss, Split::Validation),
    (Metric::Accuracy, Split::Train),
    (Metric::Accuracy, Split::Validation),
    (Metric::F1Macro, Split::Validation),
];

/// Result of a command.
#[derive(Debug, Default)]
pub struct Output {
    /// Text for standard output.
    pub text: String,
    /// Messages for standard error.
    pub warnings: Vec<String>,
    /// A program to replace this one with, and its arguments.
    pub handover: Option<Vec<String>>,
    /// Whether the check found a problem; the exit code is then 1.
    pub failed: bool,
}

impl From<String> for Output {
    fn from(text: String) -> Self {
        Self {
            text,
            ..Default::default()
        }
    }
}

/// Runs a command and renders its output for `terminal`.
///
/// # Errors
/// [`ExperimentError`] if an ID matches no experiment, or files cannot be read or written.
pub fn run(cli: &Cli, terminal: &Terminal) -> Result<Output, ExperimentError> {
    let store = ExperimentStore::new(&cli.experiments_dir);
    match &cli.command {
        Command::List(options) => list::run(&store, options, terminal),
        Command::Summary { id, json } => summary::run(&store, id, *json, terminal),
        Command::Compare(options) => compare::run(&store, options, terminal),
        Command::Tensorboard { ids, run } => tensorboard::run(&store, ids, *run),
        Command::Study(options) => study::run(&store, options),
        Command::Report(options) => report::run(&store, options, terminal.now),
        Command::Watch { id, once } => {
            watch(&store, id, *once, terminal, &mut std::io::stdout().lock())?;
            Ok(Output::default())
        }
        Command::Note { id, text, replace } => edit::note(&store, id, text, *replace),
        Command::Tag { id, tags, remove } => edit::tag(&store, id, tags, remove),
        Command::Delete { ids, dry_run } => bin::delete(&store, ids, *dry_run),
        Command::Restore { ids, dry_run } => bin::restore(&store, ids, *dry_run),
        Command::Purge { ids, yes, .. } => bin::purge(&store, ids, *yes),
        Command::Gc(options) => gc::run(&store, options, terminal.now),
        Command::Verify { ids, json } => verify::verify(&store, ids, *json, terminal),
        Command::Repair { id, dry_run } => verify::repair(&store, id, *dry_run),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "experiment", &mut script);
            Ok(String::from_utf8_lossy(&script).into_owned().into())
        }
        Command::Man => {
            let mut page = Vec::new();
            let rendered = clap_mangen::Man::new(Cli::command()).render(&mut page);
            rendered.expect("memory takes every page");
            Ok(String::from_utf8_lossy(&page).into_owned().into())
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    pub(crate) use crate::test_store::{now, store};

    pub(crate) fn terminal(width: Option<usize>) -> Terminal {
        Terminal {
            width,
            colour: false,
            now: now(),
        }
    }

    #[test]
    fn completions_and_manual() {
        let cli = |arguments: &[&str]| {
            let words = ["experiment"].iter().chain(arguments);
            <Cli as clap::Parser>::try_parse_from(words).unwrap()
        };
        for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
            let script = run(&cli(&["completions", shell]), &terminal(None))
                .unwrap()
                .text;
            assert!(script.contains("tensorboard"), "{shell}");
        }
        let page = run(&cli(&["man"]), &terminal(None)).unwrap().text;
        assert!(page.contains("best:KEY"), "{page}");
        Cli::command().debug_assert();
    }
}
