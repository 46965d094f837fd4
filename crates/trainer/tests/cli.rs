//! The binary as a user runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;

#[path = "cli/balance.rs"]
mod balance;
#[path = "cli/baselines.rs"]
mod baselines;
#[path = "cli/defaults.rs"]
mod defaults;
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
#[path = "cli/refused.rs"]
mod refused;
#[path = "cli/resume.rs"]
mod resume;
#[path = "cli/sweep.rs"]
mod sweep;

/// One demo dataset for all tests, beside the build.
fn datasets() -> PathBuf {
    static DATASETS: OnceLock<PathBuf> = OnceLock::new();
    let written = DATASETS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("datasets");
        data::demo::ensure(&folder).unwrap();
        folder
    });
    written.clone()
}

/// A place for experiments.
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
            // Baselines of the demo are fitted once for all tests.
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
        // IDs of the same second are not in the order of time.
        found.sort_by_cached_key(|path| (started(path), path.clone()));
        found
    }
}

/// Start of a run; empty if its metadata do not tell.
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

/// The history without the wall clock.
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

/// As [`QUICK`], with a learning rate that lets more epochs follow.
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

/// What TensorBoard's projector reads: features of validation windows, their labels, and where both are.
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

#[test]
fn two_processes_in_one_second_make_two_whole_experiments() {
    let place = Place::new();
    let spawn = || {
        let mut command = place.command(&QUICK);
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let children = [spawn(), spawn()];
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains("test split: accuracy"));
        let progress = text(&output.stderr);
        assert!(progress.contains("epoch   2/2  loss "), "{progress}");
        assert!(progress.contains("simulation"), "the demo says what it is");
    }
    let found = place.found();
    assert_eq!(found.len(), 2);
    found
        .iter()
        .for_each(|experiment| assert_complete(experiment, "completed"));
    let [a, b] = [0, 1].map(|i| metadata(&found[i]));
    assert_eq!(a["results"], b["results"], "one seed, one result");
    assert_eq!(a["training_config"], b["training_config"]);
}

#[test]
fn the_same_seed_gives_the_same_bits_with_one_and_two_threads_in_memory_and_streamed() {
    let cases = [
        ("ultra_lightweight_cnn", "native"),
        ("simple_cnn", "native"),
        ("deep_efficient_cnn", "native"),
        ("resnet_style_cnn", "native"),
        ("simple_cnn", "flex"),
        ("deep_efficient_cnn", "flex"),
    ];
    for (model, backend) in cases {
        let place = Place::new();
        // Large batches reach the products that are shared among threads.
        let common = [
            "--model",
            model,
            "--backend",
            backend,
            "--epochs",
            "2",
            "--batch-size",
            "100",
        ];
        for how in [
            &["--threads", "1"][..],
            &["--threads", "2"],
            &["--threads", "2", "--stream"],
        ] {
            let arguments = [&common[..], how].concat();
            let output = place.run(&arguments);
            assert!(output.status.success(), "{}", text(&output.stderr));
        }
        let found = place.found();
        let first = history(&found[0]);
        let weights = |i: usize| std::fs::read(found[i].join("model/model.safetensors")).unwrap();
        assert_eq!(first.len(), 2);
        for other in 1..3 {
            assert_eq!(first, history(&found[other]), "{model} {backend}: history");
            assert!(weights(0) == weights(other), "{model} {backend}: weights");
        }
        let output = place.run(&[&common[..], &["--seed", "7"]].concat());
        assert!(output.status.success());
        let other = place
            .found()
            .into_iter()
            .find(|e| metadata(e)["seed"] == 7)
            .unwrap();
        assert_ne!(first, history(&other), "{model}: another seed");
    }
}

#[test]
fn a_loss_that_is_no_number_stops_the_run_and_keeps_the_best_weights() {
    let place = Place::new();
    // At once, with nothing worth keeping.
    let absurd = [
        "--model",
        "simple_cnn",
        "--learning-rate",
        "1e38",
        "--weight-decay",
        "0",
    ];
    let output = place.run(&absurd);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    for expected in [
        "the loss is",
        "in epoch 1, step ",
        "learning rate",
        "training samples ",
    ] {
        assert!(error.contains(expected), "{expected}: {error}");
    }
    let experiment = place.found().remove(0);
    assert_eq!(metadata(&experiment)["status"], "failed");
    let said = metadata(&experiment)["error"].as_str().unwrap().to_owned();
    assert!(error.contains(&said), "{error}");

    // After a good epoch: the checkpoint's learning rate is raised beyond reason.
    let place = Place::new();
    assert!(place.run(&QUICK_OPEN_ENDED).status.success());
    let experiment = place.found().remove(0);
    let best = std::fs::read(experiment.join("model/model.safetensors")).unwrap();
    let last = experiment.join("checkpoints/last");
    let bytes = experiment::load_checkpoint(&last).unwrap();
    let metadata_before = metadata(&experiment);
    let kind = model::ModelKind::UltraLightweight;
    let shape = data::Dataset::load(
        &data::DatasetConfig::load(&data::demo::ensure(&datasets()).unwrap(), None).unwrap(),
        data::Normalisation::None,
    )
    .unwrap()
    .train
    .shape;
    let plan = model::Plan::new(&model::Architecture::new(kind, shape.into(), 3)).unwrap();
    let (state, note) = model::TrainingState::from_bytes(&plan, &bytes).unwrap();
    let mut note: Value = serde_json::from_str(&note).unwrap();
    note["state"]["learning_rate"] = 1e38.into();
    let bytes = state.to_bytes(&note.to_string()).unwrap();
    let mut whole = experiment::hash::sha256_hex(&bytes).into_bytes();
    whole.push(b'\n');
    whole.extend(bytes);
    std::fs::write(&last, whole).unwrap();
    let output = place.run(&["--resume", "latest", "--epochs", "4"]);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("in epoch 3, step "), "{error}");
    assert!(error.contains("the best weights so far"), "{error}");
    let after = metadata(&experiment);
    assert_eq!(after["status"], "failed");
    assert_eq!(after["results"]["stopped_by"], "diverged");
    assert_eq!(after["results"]["test"], metadata_before["results"]["test"]);
    assert!(best == std::fs::read(experiment.join("model/model.safetensors")).unwrap());
}

#[test]
fn presets_meta_and_untracked() {
    let place = Place::new();
    let preset = place.folder.path().join("preset.yaml");
    let text = "model: ultra_lightweight_cnn\nepochs: 1\nid_template: 'a_{timestamp}'\n\
                extra_subdirectories: [notebooks]\nmeta: {site: north}\ntags: [t1]\n";
    std::fs::write(&preset, text).unwrap();
    let preset = preset.to_str().unwrap();
    let output = place.run(&["--config", preset, "--tag", "t2", "--meta", "who=me"]);
    assert!(output.status.success(), "{}", self::text(&output.stderr));
    let experiment = &place.found()[0];
    assert!(
        experiment
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("a_2")
    );
    assert!(experiment.join("notebooks").is_dir());
    let metadata = metadata(experiment);
    assert_eq!(
        (&metadata["site"], &metadata["who"]),
        (&"north".into(), &"me".into())
    );
    assert_eq!(metadata["tags"], serde_json::json!(["t1", "t2"]));

    let output = place.run(&["--config", preset, "--untracked"]);
    assert!(output.status.success(), "{}", self::text(&output.stderr));
    assert_eq!(place.found().len(), 1);
    let logs = place.folder.path().join("logs");
    let run = std::fs::read_dir(logs)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    assert!(
        run.file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("seismic_training_")
    );
    assert!(run.join("train").is_dir() && !run.join("metadata.json").exists());
}

#[test]
fn an_interrupted_run_keeps_its_best_weights() {
    let place = Place::new();
    let arguments = ["--model", "simple_cnn", "--epochs", "500"];
    let child = place
        .command(&arguments)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    let epochs = || {
        place.found().first().map_or(0, |e| {
            std::fs::read_to_string(e.join("history.jsonl"))
                .unwrap_or_default()
                .lines()
                .count()
        })
    };
    while epochs() < 1 {
        assert!(
            started.elapsed() < Duration::from_secs(120),
            "the first epoch takes too long"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_complete(&place.found()[0], "interrupted");
}
