//! Runs of MLflow, Weights & Biases, DVCLive, Sacred and Keras Tuner, written by these programs
//! (`scripts/conformance/make_tracker_runs.py`), in the commands.

mod folders;
mod mlflow_database;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Parser;
use experiment::commands::text::Terminal;
use experiment::commands::{Cli, Output, run};
use experiment::{ExperimentStore, json};
use serde_json::Value;

use folders::copy;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/trackers")
}

fn experiments() -> PathBuf {
    fixtures().join("experiments")
}

fn output(root: &Path, arguments: &[&str]) -> Output {
    let root = root.to_str().unwrap();
    let words = ["experiment", "--experiments-dir", root];
    let cli = Cli::try_parse_from(words.iter().chain(arguments)).unwrap();
    let terminal = Terminal {
        width: None,
        colour: false,
        now: "2026-12-01T12:00:00".parse().unwrap(),
    };
    run(&cli, &terminal).unwrap()
}

/// What a command says, with its warnings, without the path of the fixtures.
fn says(root: &Path, arguments: &[&str]) -> String {
    let output = output(root, arguments);
    let warnings = output
        .warnings
        .iter()
        .map(|warning| format!("warning: {warning}\n"));
    let all = warnings.chain([output.text]).collect::<String>();
    all.replace(&root.display().to_string(), "ROOT")
}

fn summary(root: &Path, id: &str) -> Value {
    serde_json::from_str(&output(root, &["summary", id, "--json"]).text).unwrap()
}

/// Names that the fixtures give to known metrics, and their keys in the history.
const KNOWN: [(&str, &str); 3] = [
    ("train loss", "loss"),
    ("val loss", "val_loss"),
    ("val accuracy", "val_accuracy"),
];

fn history_key(name: &str) -> Option<&'static str> {
    let name = name.replace(['/', '.', '_'], " ");
    let name = if name == "loss" { "train loss" } else { &name };
    let known = KNOWN.iter().find(|(known_name, _)| *known_name == name);
    known.map(|(_, key)| *key)
}

fn is_close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * b.abs() || (a.is_nan() && b.is_nan())
}

/// What the programs' own interfaces return.
#[test]
fn values_are_those_of_the_programs() {
    let text = std::fs::read(fixtures().join("expected.json")).unwrap();
    let text = String::from_utf8(text).unwrap().replace("NaN", "\"NaN\"");
    let all: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap();
    let compared: usize = all
        .iter()
        .map(|(id, expected)| compare(&experiments(), id, expected))
        .sum();
    assert_eq!(all.len(), 10);
    assert!(compared > 60, "{compared}");
}

/// Compares a run in `root` with what its program returns of it, and counts what was compared.
fn compare(root: &Path, id: &str, expected: &Value) -> usize {
    let mut compared = 0;
    let found = summary(root, id);
    let results = &found["metadata"]["results"];
    let epochs = found["history"].as_array().unwrap();
    let curve = |key: &str| -> Vec<(u64, f64)> {
        let point = |epoch: &Value| {
            Some((
                epoch["epoch"].as_u64()?,
                json::number(epoch["metrics"].get(key)?)?,
            ))
        };
        epochs.iter().filter_map(point).collect()
    };
    for (name, value) in expected["last"].as_object().unwrap() {
        if name.starts_with("system/")
            || name.starts_with('_')
            || name == "nested.gap"
            || name == "epoch"
        {
            continue;
        }
        let known = history_key(name).and_then(|key| curve(key).last().copied());
        let result = || json::number(results.get(name)?);
        let found = known.map(|point| point.1).or_else(result);
        let value = json::number(value).unwrap();
        assert!(
            found.is_some_and(|found| is_close(found, value)),
            "{id} {name}: {found:?} for {value}"
        );
        compared += 1;
    }
    for (name, points) in expected["curves"].as_object().unwrap() {
        let points = points.as_array().unwrap();
        let Some(key) = history_key(name).filter(|_| points.len() > 1) else {
            continue;
        };
        let found = curve(key);
        assert_eq!(found.len(), points.len(), "{id} {name}");
        for (actual, point) in found.iter().zip(points) {
            assert_eq!(actual.0, point[0].as_u64().unwrap(), "{id} {name}");
            assert!(
                is_close(actual.1, point[1].as_f64().unwrap()),
                "{id} {name}"
            );
            compared += 1;
        }
    }
    settings(id, &found["metadata"], &expected["settings"]);
    compared
}

/// MLflow returns all settings as text.
fn settings(id: &str, found: &Value, expected: &Value) {
    for (name, value) in expected.as_object().unwrap() {
        let name = match &name[..] {
            "lr" => "learning_rate",
            "model" => "model_type",
            name => name,
        };
        let text = |value: &Value| {
            let text = value.as_str().map_or(value.to_string(), str::to_owned);
            text.to_lowercase()
        };
        let actual = match name {
            "seed" => &found["seed"],
            name => &found["training_config"][name],
        };
        assert_eq!(text(actual), text(value), "{id} {name}");
    }
}

#[test]
fn listed_like_other_runs() {
    let columns = "id,tracker.run,model,epochs,val_acc,val_loss,test_f1,test_acc";
    insta::assert_snapshot!(says(
        &experiments(),
        &["list", "--csv", "--sort", "id", "--columns", columns]
    ));
    let filter = [
        "list",
        "--filter",
        "val_loss<0.61 and tracker.program=MLflow",
        "--columns",
        "id",
    ];
    let found = output(&experiments(), &filter).text;
    assert!(
        found.contains("aaaa") && found.lines().count() == 2,
        "{found}"
    );
    // A name that nothing here knows is one of a field all the same.
    let found = output(
        &experiments(),
        &[
            "list",
            "--sort",
            "val/iou",
            "--limit",
            "1",
            "--columns",
            "val/iou",
        ],
    )
    .text;
    assert!(found.contains("0.6"), "{found}");
}

#[test]
fn summaries_and_comparison() {
    let root = experiments();
    // By the name of the run, by the beginning of its folder, and by its path.
    for id in [
        "keras like",
        "bbbb",
        "run-2025",
        "dvclive",
        "sacred/2",
        "tuner/cnn/trial_2",
    ] {
        let shown = says(&root, &["summary", id]);
        let times = |line: &&str| !line.trim_start().starts_with("started");
        let shown: Vec<&str> = shown.lines().filter(times).collect();
        insta::assert_snapshot!(format!("summary {id}").replace('/', "_"), shown.join("\n"));
    }
    let compared = says(
        &root,
        &["compare", "keras like", "dvclive", "sacred/1", "trial_0"],
    );
    let times = |line: &&str| !line.starts_with("duration");
    let compared: Vec<&str> = compared.lines().filter(times).collect();
    insta::assert_snapshot!(compared.join("\n"));
}

/// The folder of a program, or that of one run, may be the experiments directory.
#[test]
fn any_folder_may_be_given() {
    let ids = |folder: &str| {
        let found = ExperimentStore::new(&experiments().join(folder))
            .list()
            .unwrap();
        let ids: Vec<String> = found.entries.into_iter().map(|entry| entry.id).collect();
        ids.join(" ")
    };
    assert_eq!(ids("sacred"), "1 2");
    assert_eq!(ids("tuner"), "cnn/trial_0 cnn/trial_1 cnn/trial_2");
    assert_eq!(
        ids("mlruns/101"),
        format!("{} {}", "a".repeat(32), "b".repeat(32))
    );
    for run in ["dvclive", "sacred/1", "tuner/cnn/trial_0"] {
        let name = run.rsplit('/').next().unwrap();
        assert_eq!(ids(run), name);
        let shown = says(&experiments().join(run), &["list", "--columns", "id"]);
        assert_eq!(shown.lines().nth(1), Some(name), "{shown}");
    }
}

/// Every command takes the runs, and none writes into their folders.
#[test]
fn nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    copy(&experiments(), folder.path());
    let before = contents(folder.path());
    let page = folder.path().with_extension("html");
    let run = "sacred/1";
    for arguments in [
        &["list", "--json"][..],
        &["summary", run, "--json"],
        &["compare", run, "trial_0", "--json"],
        &["report", run, "dvclive", "-o", page.to_str().unwrap()],
        &["watch", run, "--once"],
        &["verify"],
        &["verify", run],
        &["tensorboard", run],
        &["gc", "--keep-newest", "1"],
    ] {
        output(folder.path(), arguments);
    }
    for arguments in [
        &["tag", run, "x"][..],
        &["note", run, "x"],
        &["delete", run],
    ] {
        let words = [
            "experiment",
            "--experiments-dir",
            folder.path().to_str().unwrap(),
        ];
        let cli = Cli::try_parse_from(words.iter().chain(arguments)).unwrap();
        let terminal = Terminal {
            width: None,
            colour: false,
            now: Default::default(),
        };
        assert!(
            experiment::commands::run(&cli, &terminal)
                .unwrap_err()
                .is_usage(),
            "{arguments:?}"
        );
    }
    std::fs::remove_file(page).unwrap();
    assert_eq!(contents(folder.path()), before);
}

fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(contents(&entry.path()));
        } else {
            found.insert(entry.path(), std::fs::read(entry.path()).unwrap());
        }
    }
    found
}

/// Every file of the fixtures cut off, emptied and overwritten: nothing fails, and no value is another one without a word.
#[test]
fn damaged_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    copy(&experiments(), folder.path());
    let whole = contents(folder.path());
    let list = [
        "list",
        "--csv",
        "--columns",
        "id,val_acc,val_loss,test_acc,test_f1",
    ];
    let lines = |text: &str| -> BTreeMap<String, String> {
        let line = |line: &str| Some((line.split_once(',')?.0.to_owned(), line.to_owned()));
        text.lines().filter_map(line).collect()
    };
    let right = lines(&output(folder.path(), &list).text);
    for (path, bytes) in &whole {
        let name = path.file_name().unwrap().to_str().unwrap();
        let half = &bytes[..bytes.len() / 2];
        for damaged in [&b""[..], half, b"\xff\xfe\0<html>", b"[]", b"a: &a [*a]\n"] {
            std::fs::write(path, damaged).unwrap();
            let found = output(folder.path(), &list);
            let is_named = found.warnings.iter().any(|warning| warning.contains(name));
            for (id, line) in lines(&found.text) {
                let Some(right) = right.get(&id) else {
                    // That it was deleted cannot be read any more.
                    assert!(is_named, "{path:?} {damaged:?}: {id}");
                    continue;
                };
                let cells = line.split(',').zip(right.split(','));
                for (cell, right) in cells {
                    // Without one curve, another one chooses the best epoch.
                    let is_other = cell != right && !cell.is_empty() && !is_named;
                    // A log that ends with a line may be that of a run which goes on.
                    let is_other = is_other && damaged != half;
                    assert!(!is_other, "{path:?} {damaged:?}: {cell} for {right}");
                }
            }
        }
        std::fs::write(path, bytes).unwrap();
    }
}
