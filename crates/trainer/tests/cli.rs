//! Runs `trainer` as a user does. This file holds what the tests in `cli/` share.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;

#[path = "cli/balance.rs"]
mod balance;
#[path = "cli/baselines.rs"]
mod baselines;
#[path = "cli/defaults.rs"]
mod defaults;
#[path = "cli/distillation.rs"]
mod distillation;
#[path = "cli/evaluate.rs"]
mod evaluate;
#[path = "cli/export.rs"]
mod export;
#[cfg(target_os = "linux")]
#[path = "cli/faults.rs"]
mod faults;
#[path = "cli/keras_step.rs"]
mod keras_step;
#[path = "cli/manager.rs"]
mod manager;
#[path = "cli/presets.rs"]
mod presets;
#[path = "cli/refused.rs"]
mod refused;
#[path = "cli/resume.rs"]
mod resume;
#[path = "cli/seeds.rs"]
mod seeds;
#[path = "cli/stopped.rs"]
mod stopped;
#[path = "cli/sweep.rs"]
mod sweep;
#[path = "cli/time_features.rs"]
mod time_features;

/// One demo dataset for all tests, in the build folder.
fn datasets() -> PathBuf {
    static DATASETS: OnceLock<PathBuf> = OnceLock::new();
    let written = DATASETS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("datasets");
        data::demo::ensure(&folder).unwrap();
        folder
    });
    written.clone()
}

/// A temporary folder for experiments.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        Self { folder }
    }

    fn experiments(&self) -> PathBuf {
        self.folder.path().join("experiments")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
        command
            // Baselines of the demo are fitted once and cached for all tests.
            .env("SEISMIC_CACHE_DIR", datasets().with_file_name("cache"))
            .args(["--datasets-dir".as_ref(), datasets().as_os_str()])
            .args(["--experiments-dir".as_ref(), self.experiments().as_os_str()])
            .args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Directories of experiments, oldest first.
    fn found(&self) -> Vec<PathBuf> {
        let listing = std::fs::read_dir(self.experiments());
        let mut found: Vec<_> = listing
            .into_iter()
            .flatten()
            .map(|e| e.unwrap().path())
            .collect();
        // IDs from the same second are not in order of time.
        found.sort_by_cached_key(|path| (started(path), path.clone()));
        found
    }
}

/// Start time of a run; empty if its metadata do not contain it.
fn started(experiment: &Path) -> String {
    let text = std::fs::read(experiment.join("metadata.json")).unwrap_or_default();
    let metadata: Value = serde_json::from_slice(&text).unwrap_or_default();
    metadata["timestamp"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn metadata(experiment: &Path) -> Value {
    let text = std::fs::read_to_string(experiment.join("metadata.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The history without wall-clock times.
fn history(experiment: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(experiment.join("history.jsonl")).unwrap();
    let lines = text.lines().map(|line| {
        let mut epoch: Value = serde_json::from_str(line).unwrap();
        epoch.as_object_mut().unwrap().remove("elapsed_s").unwrap();
        epoch
    });
    lines.collect()
}

const QUICK: [&str; 4] = ["--model", "ultra_lightweight_cnn", "--epochs", "2"];

/// Like [`QUICK`], with a learning rate schedule that allows further epochs.
const QUICK_OPEN_ENDED: [&str; 8] = [
    "--model",
    "ultra_lightweight_cnn",
    "--epochs",
    "2",
    "--schedule",
    "plateau",
    "--warmup",
    "0",
];

/// Input of TensorBoard's projector: features of validation windows, their labels, and the paths of both.
const PROJECTOR: [&str; 3] = [
    "logs/detailed_metrics/tensors.tsv",
    "logs/detailed_metrics/metadata.tsv",
    "logs/detailed_metrics/projector_config.pbtxt",
];

fn event_files(folder: &Path) -> Vec<std::fs::DirEntry> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let is_of_events =
        |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().contains("tfevents");
    entries.filter(is_of_events).collect()
}

fn assert_complete(experiment: &Path, status: &str) {
    let metadata = metadata(experiment);
    assert_eq!(metadata["status"], status);
    assert!(metadata["results"]["test"]["f1_macro"].as_f64().is_some());
    assert_eq!(
        metadata["experiment_id"],
        experiment.file_name().unwrap().to_str().unwrap()
    );
    for file in [
        "history.jsonl",
        "model_summary.txt",
        "model/model.safetensors",
        "model/model.json",
        "model/saved_model.pb",
        "model/variables/variables.index",
        "model/variables/variables.data-00000-of-00001",
        "model/assets/model.json",
        "figures/test_confusion_matrix.png",
        "figures/validation_confusion_matrix.png",
        "figures/learning_curves.png",
        PROJECTOR[0],
        PROJECTOR[1],
        PROJECTOR[2],
    ] {
        let size = std::fs::metadata(experiment.join(file))
            .map(|m| m.len())
            .unwrap_or(0);
        assert!(size > 100, "{file} has {size} bytes");
    }
    for run in [
        "training/train",
        "training/validation",
        "detailed_metrics",
        "test_metrics",
        "experiment_metadata",
    ] {
        let logs = event_files(&experiment.join("logs").join(run));
        assert_eq!(logs.len(), 1, "{run}");
    }
    let (bundle, architecture) = model::Bundle::load(&experiment.join("model")).unwrap();
    assert_eq!(
        bundle.card.class_names,
        ["background", "footsteps", "vehicle"]
    );
    assert_eq!(architecture.input.dims(), [2, 7, 256]);
}
