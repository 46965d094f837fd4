//! Studies with many runs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::resume::{await_that, weights};
use super::{Place, datasets, metadata, text};

const FILE: &str = "base: {model: ultra_lightweight_cnn, epochs: 2}\n\
                    vary: {learning_rate: [0.001, 0.003]}\nseeds: 2\n";

impl Place {
    fn sweep(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
        command
            .arg("sweep")
            .args(arguments)
            .args(["--datasets-dir".as_ref(), datasets().as_os_str()])
            .args(["--experiments-dir".as_ref(), self.experiments().as_os_str()]);
        command
    }

    fn file(&self, text: &str) -> String {
        let path = self.folder.path().join("rates.yaml");
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn study(&self) -> PathBuf {
        self.folder.path().join("studies/rates")
    }

    /// Completed experiments by line of the plan.
    fn completed(&self) -> BTreeMap<u64, Vec<PathBuf>> {
        let mut lines: BTreeMap<u64, Vec<PathBuf>> = BTreeMap::new();
        for experiment in self.found() {
            // A run that was killed at once has no metadata.
            if !experiment.join("metadata.json").exists() {
                continue;
            }
            let metadata = metadata(&experiment);
            if metadata["status"] == "completed" {
                let line = metadata["study_line"].as_u64().unwrap();
                lines.entry(line).or_default().push(experiment);
            }
        }
        lines
    }
}

fn ended(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    output
}

/// Kills a study twice: before any run is done, and after the first.
fn kill_twice(place: &Place, file: &str) {
    for done in 0..2 {
        let arguments: &[&str] = if done == 0 {
            &[file, "--workers", "1"]
        } else {
            &["--resume", "rates", "--workers", "2"]
        };
        let mut sweep = place.sweep(arguments);
        let mut sweep = sweep
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        await_that(|| place.found().len() > done && place.completed().len() >= done);
        sweep.kill().unwrap();
        sweep.wait().unwrap();
    }
}

#[test]
fn a_study_survives_kills_and_gives_the_same_bits() {
    let whole = Place::new();
    let file = whole.file(FILE);
    let dry = ended(&mut whole.sweep(&[&file, "--dry-run"]));
    assert!(
        text(&dry.stdout).contains("4 runs (2 trials, 1 folds, 2 seeds)"),
        "{}",
        text(&dry.stdout)
    );
    assert!(!whole.study().exists() && whole.found().is_empty());
    let output = ended(&mut whole.sweep(&[&file, "--workers", "2"]));
    assert!(
        text(&output.stdout).contains("4 of 4 runs completed"),
        "{}",
        text(&output.stdout)
    );
    let plan = std::fs::read_to_string(whole.study().join("plan.jsonl")).unwrap();
    assert_eq!(plan.lines().count(), 4);
    let lines = whole.completed();
    assert_eq!(lines.len(), 4);
    let third = metadata(&lines[&2][0]);
    assert_eq!(
        (&third["study"], &third["trial"], &third["seed"]),
        (&"rates".into(), &1.into(), &42.into())
    );
    assert_eq!(third["varied"]["learning_rate"], 0.003);
    assert_eq!(third["training_config"]["learning_rate"], 0.003);

    // The same run outside a study, on all cores.
    let alone = Place::new();
    let output = alone.run(&[
        "--model",
        "ultra_lightweight_cnn",
        "--epochs",
        "2",
        "--seed",
        "43",
    ]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(weights(&alone.found()[0]), weights(&lines[&3][0]));

    let killed = Place::new();
    let file = killed.file(FILE);
    kill_twice(&killed, &file);
    let output = killed.sweep(&["--resume", "rates"]).output().unwrap();
    assert!(
        text(&output.stdout).contains("4 of 4 runs completed"),
        "{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    let found = killed.completed();
    assert_eq!(found.len(), 4);
    for (line, experiments) in &found {
        assert_eq!(experiments.len(), 1, "line {line} is there twice");
        assert_eq!(
            weights(&experiments[0]),
            weights(&lines[line][0]),
            "line {line}"
        );
    }
    // Nothing is left to do, and the name cannot be used again.
    let again = ended(&mut killed.sweep(&["--resume", "rates"]));
    assert!(
        text(&again.stdout).contains("4 of 4"),
        "{}",
        text(&again.stdout)
    );
    assert_eq!(killed.completed(), found);
    let again = killed.sweep(&[&file]).output().unwrap();
    assert_eq!(again.status.code(), Some(2));
    assert!(
        text(&again.stderr).contains("exists already"),
        "{}",
        text(&again.stderr)
    );
}

#[test]
fn what_cannot_run_is_refused_before_anything_is_written() {
    let place = Place::new();
    let cases: [(&str, &[&str], &str); 6] = [
        (
            "vary: {learning_rat: [0.1]}",
            &[],
            "there is no parameter `learning_rat`",
        ),
        ("vary: {learning_rate: []}", &[], "the list is empty"),
        (
            "base: {dataset_config: nowhere.yaml}\nseeds: 2",
            &[],
            "nowhere.yaml",
        ),
        ("folds: 4000", &[], "4000 folds need at least 4000 groups"),
        (FILE, &["--executor", "slurm"], "there is no `sbatch` here"),
        (FILE, &["--workers", "0"], "must be at least 1"),
    ];
    for (sweep, arguments, expected) in cases {
        let file = place.file(sweep);
        let mut command = place.sweep(&[&[file.as_str()][..], arguments].concat());
        let output = command.env("PATH", "").output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{sweep}");
        let stderr = text(&output.stderr);
        assert!(stderr.contains(expected), "{sweep}: {stderr}");
        assert!(
            !place.study().exists() && place.found().is_empty(),
            "{sweep}"
        );
    }
    let output = place.sweep(&["--resume", "rates"]).output().unwrap();
    assert!(
        text(&output.stderr).contains("no study `rates`"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn printed_commands_train_their_lines_where_the_folder_is_the_same() {
    let place = Place::new();
    let file = place.file("base: {model: ultra_lightweight_cnn, epochs: 1}\nfolds: 4\n");
    let output = ended(&mut place.sweep(&[&file, "--executor", "print"]));
    let commands = text(&output.stdout);
    let commands: Vec<&str> = commands.lines().collect();
    assert_eq!(commands.len(), 4);
    let shell = |command: &str| Command::new("sh").args(["-c", command]).output().unwrap();
    let output = shell(commands[2]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let event: Value = serde_json::from_str(text(&output.stdout).lines().last().unwrap()).unwrap();
    assert_eq!(
        (&event["line"], &event["outcome"]),
        (&2.into(), &"completed".into())
    );
    assert_eq!(place.completed().keys().collect::<Vec<_>>(), [&2]);
    let third = metadata(&place.found()[0]);
    assert_eq!(
        (&third["fold"], &third["fold_name"]),
        (&2.into(), &"2".into())
    );
    // The line was already done by another worker.
    assert!(shell(commands[2]).status.success());
    assert_eq!(place.found().len(), 1);

    std::fs::write(place.study().join("token"), "of another study").unwrap();
    let output = shell(commands[1]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("must be shared"),
        "{}",
        text(&output.stderr)
    );
    std::fs::remove_dir_all(place.study()).unwrap();
    let output = shell(commands[1]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("must be shared"),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(place.found().len(), 1);
}
