//! What the binary `experiment` does. Every command turns what is on disk into text: printing is the
//! binary's.

mod compare;
mod list;
mod summary;
mod tensorboard;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::error::ExperimentError;
use crate::metadata::Status;
use crate::store::{Entry, ExperimentStore};

pub use list::SortKey;

/// Lists, summarises and compares tracked experiments.
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
    List {
        /// Sort by this column
        #[arg(long, value_enum, default_value_t = SortKey::Time)]
        sort: SortKey,
        /// Show only the last N rows
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
        /// One JSON array instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Everything about one experiment
    Summary {
        /// `latest`, an ID, or an unambiguous prefix or suffix of one
        id: String,
        /// The metadata as JSON
        #[arg(long)]
        json: bool,
    },
    /// The command that shows experiments in TensorBoard
    Tensorboard {
        /// Experiments; all of the directory where none is given
        ids: Vec<String>,
        /// Start it instead of printing it
        #[arg(long)]
        run: bool,
    },
    /// What differs between experiments, and their metrics side by side
    Compare {
        /// Two or more experiments
        #[arg(required = true, num_args = 2..)]
        ids: Vec<String>,
        /// JSON instead of tables
        #[arg(long)]
        json: bool,
    },
}

/// What a command gives.
#[derive(Debug, Default)]
pub struct Output {
    /// For standard output.
    pub text: String,
    /// For standard error.
    pub warnings: Vec<String>,
    /// A program to hand over to, with its arguments.
    pub handover: Option<Vec<String>>,
}

impl From<String> for Output {
    fn from(text: String) -> Self {
        Self {
            text,
            ..Default::default()
        }
    }
}

/// Runs a command.
///
/// # Errors
/// [`ExperimentError`] where the directory or an experiment cannot be read or found.
pub fn run(cli: &Cli) -> Result<Output, ExperimentError> {
    let store = ExperimentStore::new(&cli.experiments_dir);
    match &cli.command {
        Command::List { sort, limit, json } => list::run(&store, *sort, *limit, *json),
        Command::Summary { id, json } => summary::run(&store, id, *json),
        Command::Tensorboard { ids, run } => tensorboard::run(&store, ids, *run),
        Command::Compare { ids, json } => compare::run(&store, ids, *json),
    }
}

/// Text from others without control characters: nothing a terminal would obey is printed.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// A table with left- or right-aligned columns (`right` by index), two spaces apart.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>], right: &[usize]) -> String {
    let mut widths: Vec<usize> = header.iter().map(|h| h.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded = cells.enumerate().map(|(i, cell)| {
            let width = widths[i];
            if right.contains(&i) {
                format!("{cell:>width$}")
            } else {
                format!("{cell:<width$}")
            }
        });
        let line = padded.collect::<Vec<_>>().join("  ");
        format!("{}\n", line.trim_end())
    };
    let mut out = line(&mut header.iter().copied());
    for row in rows {
        out.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    out
}

pub(crate) fn number(value: Option<f64>) -> String {
    value.map_or("-".into(), |value| format!("{value:.4}"))
}

pub(crate) fn duration(seconds: Option<f64>) -> String {
    let Some(seconds) = seconds else {
        return "-".into();
    };
    match seconds {
        s if s < 60.0 => format!("{s:.1} s"),
        s if s < 3600.0 => format!(
            "{:.0} min {:02.0} s",
            (s / 60.0).floor(),
            (s % 60.0).floor()
        ),
        s => format!(
            "{:.0} h {:02.0} min",
            (s / 3600.0).floor(),
            ((s % 3600.0) / 60.0).floor()
        ),
    }
}

/// Status for people: `-` for experiments of the Python system.
pub(crate) fn status(entry: &Entry) -> String {
    match entry.status {
        _ if entry.untracked => "untracked".into(),
        Some(Status::Unknown) => "unknown".into(),
        Some(status) => status.to_string(),
        None => "-".into(),
    }
}

/// Fixtures that the tests of all commands share.
#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::history::Epoch;
    use crate::id::{IdParts, IdTemplate};
    use crate::metadata::{Metadata, Results};
    use chrono::{Local, TimeZone};
    use serde_json::json;

    /// Two finished experiments and one that is running no more, in a store of their own.
    pub(crate) fn store() -> (tempfile::TempDir, ExperimentStore) {
        let folder = tempfile::tempdir().unwrap();
        let store = ExperimentStore::new(&folder.path().join("experiments"));
        for (minute, rate, f1) in [(0, 0.001, 0.91), (1, 0.01, 0.87)] {
            let mut experiment = claim(&store, minute, rate);
            for epoch in 0..3 {
                let loss = 1.0 / (epoch + 1) as f64;
                let metrics = [
                    ("loss", loss),
                    ("accuracy", 1.0 - loss / 4.0),
                    ("val_loss", loss * 1.1),
                    ("val_accuracy", f1 - 0.01 * (2 - epoch) as f64),
                    ("val_f1_macro", f1 - 0.01 * (2 - epoch) as f64),
                ];
                let metrics = metrics.map(|(name, value)| (name.to_owned(), value.into()));
                let epoch = Epoch {
                    epoch: epoch as usize,
                    learning_rate: rate,
                    metrics: metrics.into_iter().collect(),
                    val_confusion: vec![vec![9, 1, 0], vec![0, 10, 0], vec![2, 0, 8]],
                    elapsed_s: 1.5,
                };
                experiment.append_history(&epoch);
                experiment.flush().unwrap();
            }
            let metrics = |f1: f64| {
                let json = json!({"loss": 0.3, "accuracy": f1, "f1_macro": f1,
                    "per_class": {"f1": [0.8, 0.9, 1.0], "precision": [0.8, 0.9, 1.0],
                                  "recall": [0.8, 0.9, 1.0], "support": [10, 10, 10]},
                    "confusion_matrix": [[9, 1, 0], [0, 10, 0], [2, 0, 8]]});
                json.as_object().unwrap().clone()
            };
            let finished = experiment.finish(Status::Completed, |m| {
                m.duration_s = Some(62.5 * (minute + 1) as f64);
                m.end_time = Some("2026-01-02T03:05:00.000000".into());
                m.results = Some(Results {
                    epochs_run: 3,
                    best_epoch: 2,
                    stopped_by: "epochs".into(),
                    validation: metrics(f1),
                    test: metrics(f1 - 0.02),
                    ..Default::default()
                });
            });
            finished.unwrap();
        }
        // Without its lock file it counts as crashed at once: a lock just dropped may live on for a
        // moment in a process that another test is starting.
        let crashed = claim(&store, 2, 0.001).directory().join(crate::LOCK_FILE);
        std::fs::remove_file(crashed).unwrap();
        (folder, store)
    }

    fn claim(store: &ExperimentStore, minute: u32, rate: f64) -> crate::Experiment {
        let parts = IdParts {
            time: Local.with_ymd_and_hms(2026, 1, 2, 3, minute, 0).unwrap(),
            model_type: "simple_cnn".into(),
            num_classes: 3,
            batch_size: 32,
            config_hash: format!("{minute:08x}"),
        };
        let mut metadata = Metadata {
            seed: Some(42),
            class_names: ["background", "footsteps", "vehicle"]
                .map(String::from)
                .to_vec(),
            ..Default::default()
        };
        metadata.model_info.kind = "simple_cnn".into();
        metadata.model_info.total_params = 154_723;
        metadata.model_info.input_shape = vec![2, 7, 256];
        metadata.training_config.batch_size = 32;
        metadata.training_config.epochs = 3;
        metadata.training_config.learning_rate = rate;
        metadata.dataset_info.train_size = 1200;
        metadata.dataset_info.num_classes = 3;
        let print = ("train".to_owned(), format!("aa{minute}"));
        metadata.dataset_info.fingerprints = [print].into_iter().collect();
        store
            .claim(&IdTemplate::default(), parts, metadata, &[])
            .unwrap()
    }

    #[test]
    fn control_characters_are_not_printed() {
        assert_eq!(plain("a\u{1b}[31m\nb"), "a\u{fffd}[31m\u{fffd}b");
    }

    #[test]
    fn durations() {
        let cases = [
            (5.04, "5.0 s"),
            (62.5, "1 min 02 s"),
            (7325.0, "2 h 02 min"),
        ];
        for (seconds, text) in cases {
            assert_eq!(duration(Some(seconds)), text);
        }
    }
}
