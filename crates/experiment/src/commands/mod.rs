//! What the binary `experiment` does. Every command turns what is on disk into text: printing is the
//! binary's, but for `watch`, which goes on.

mod bin;
mod cli;
mod compare;
mod edit;
mod gc;
mod list;
mod report;
mod summary;
mod tensorboard;
pub mod text;
mod verify;
mod watch;

use clap::CommandFactory;

use crate::error::ExperimentError;
use crate::store::{Entry, ExperimentStore};
pub use cli::{Cli, Command};
use text::Terminal;
pub use watch::watch;

/// What a command gives.
#[derive(Debug, Default)]
pub struct Output {
    /// For standard output.
    pub text: String,
    /// For standard error.
    pub warnings: Vec<String>,
    /// A program to hand over to, with its arguments.
    pub handover: Option<Vec<String>>,
    /// Whether what was asked about is not as it should be.
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

/// Runs a command whose output goes to `terminal`.
///
/// # Errors
/// [`ExperimentError`] where the directory or an experiment cannot be read, found or written.
pub fn run(cli: &Cli, terminal: &Terminal) -> Result<Output, ExperimentError> {
    let store = ExperimentStore::new(&cli.experiments_dir);
    match &cli.command {
        Command::List(options) => list::run(&store, options, terminal),
        Command::Summary { id, json } => summary::run(&store, id, *json, terminal),
        Command::Compare(options) => compare::run(&store, options, terminal),
        Command::Tensorboard { ids, run } => tensorboard::run(&store, ids, *run),
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

/// Experiments by their IDs.
fn with_ids(store: &ExperimentStore, ids: &[String]) -> Result<Vec<Entry>, ExperimentError> {
    ids.iter().map(|id| store.find(id)).collect()
}

/// Fixtures that the tests of all commands share.
#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::history::Epoch;
    use crate::id::{IdParts, IdTemplate};
    use crate::metadata::{Metadata, Results, Status};
    use crate::{Experiment, LogRun};
    use chrono::{Local, NaiveDate, NaiveDateTime, TimeZone};
    use serde_json::json;

    /// A day after the first experiment.
    pub(crate) fn now() -> NaiveDateTime {
        let day = NaiveDate::from_ymd_opt(2026, 1, 3).unwrap();
        day.and_hms_opt(3, 0, 0).unwrap()
    }

    pub(crate) fn terminal(width: Option<usize>) -> Terminal {
        Terminal {
            width,
            colour: false,
            now: now(),
        }
    }

    /// Two finished experiments and one that is running no more, in a store of their own.
    pub(crate) fn store() -> (tempfile::TempDir, ExperimentStore) {
        let folder = tempfile::tempdir().unwrap();
        let store = ExperimentStore::new(&folder.path().join("experiments"));
        for (minute, rate, f1) in [(0, 0.001, 0.91), (1, 0.01, 0.87)] {
            let mut experiment = claim(&store, minute, rate);
            finished_files(&mut experiment);
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
                experiment.append_history(&Epoch {
                    epoch: epoch as usize,
                    learning_rate: rate,
                    metrics: metrics.into_iter().collect(),
                    val_confusion: vec![vec![9, 1, 0], vec![0, 10, 0], vec![2, 0, 8]],
                    elapsed_s: 0.5 * (epoch + 1) as f64,
                });
            }
            experiment.log(LogRun::Train, |log| log.scalar("epoch_loss", 0, 1.0));
            experiment.flush().unwrap();
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
        let mut crashed = claim(&store, 2, 0.001);
        crashed.flush().unwrap();
        std::fs::remove_file(crashed.directory().join(crate::LOCK_FILE)).unwrap();
        (folder, store)
    }

    /// What a finished run leaves beside logs and history; the network has two parameters.
    fn finished_files(experiment: &mut Experiment) {
        let header = r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
        let mut weights = (header.len() as u64).to_le_bytes().to_vec();
        weights.extend(header.as_bytes());
        weights.extend([0; 8]);
        experiment
            .save("model/model.safetensors", &weights)
            .unwrap();
        for name in [
            "model/model.json",
            "model_summary.txt",
            "figures/test_confusion_matrix.png",
            "figures/validation_confusion_matrix.png",
            "figures/learning_curves.png",
        ] {
            experiment.save(name, b"{}").unwrap();
        }
    }

    fn claim(store: &ExperimentStore, minute: u32, rate: f64) -> Experiment {
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
        if minute == 1 {
            metadata.tags = vec!["field".into()];
        }
        metadata.model_info.kind = "simple_cnn".into();
        metadata.model_info.total_params = 2;
        metadata.model_info.trainable_params = 2;
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
        assert!(page.contains("best:FIELD"), "{page}");
        Cli::command().debug_assert();
    }
}
