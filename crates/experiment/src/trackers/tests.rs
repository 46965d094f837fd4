use std::path::Path;

use super::*;

fn write(run: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = run.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// The notes of the run in a folder of this name with these files.
fn notes(folder: &str, files: &[(&str, &str)]) -> Vec<String> {
    let root = tempfile::tempdir().unwrap();
    let run = root.path().join(folder);
    write(&run, files);
    let program = program_of(&run).unwrap();
    let _ = program.metadata(&run);
    program.metrics(&run).notes
}

const META: (&str, &str) = ("meta.yaml", "run_id: a\n");

#[test]
fn damage_is_told_with_its_file() {
    for (folder, files, expected) in [
        (
            "a",
            &[META, ("metrics/val_loss", "1 0.5 0\n2 0.25 1")][..],
            "`metrics/val_loss` ends within a line, which is left out",
        ),
        (
            "a",
            &[META, ("metrics/val_loss", "1 0.5 0\n<<<<<<< HEAD\n")],
            "`metrics/val_loss` has 1 line without time, value and step, left out",
        ),
        (
            "a",
            &[META, ("metrics/acc", "1 0.5 0\n2 0.7 0\n")],
            "1 metric with several values for one step, of which the last is shown: acc",
        ),
        ("a", &[META, ("metrics/acc", "")], "`metrics/acc` is empty"),
        ("a", &[META, ("params/lr", "1")], "it has no metrics"),
        (
            "a",
            &[
                ("meta.yaml", ""),
                ("metrics/a", "1 2 0\n"),
                ("params/x", "1"),
            ],
            "`meta.yaml` is empty",
        ),
        (
            "run-1",
            &[("files/wandb-summary.json", "{\"val_acc\": 0.")],
            "`files/wandb-summary.json` is no complete JSON (EOF while parsing a value at line 1 column 14)",
        ),
        (
            "run-1",
            &[
                ("files/wandb-summary.json", "{\"a\": 1}"),
                ("files/config.yaml", "lr: ["),
            ],
            "`files/config.yaml` is no complete YAML (",
        ),
        (
            "dvclive",
            &[
                ("metrics.json", "{}"),
                ("plots/metrics/val/loss.tsv", "step\tloss\n0\t1\n1\t0.5"),
            ],
            "`plots/metrics/val/loss.tsv` has 1 line without a step and a number, left out",
        ),
        (
            "dvclive",
            &[("metrics.json", "{}"), ("plots/metrics/loss.tsv", "x\ty\n")],
            "`plots/metrics/loss.tsv` has no columns `step` and `loss`",
        ),
        (
            "1",
            &[
                ("run.json", "{}"),
                ("config.json", "{}"),
                (
                    "metrics.json",
                    "{\"a\": {\"steps\": [0, 1], \"values\": [1]}}",
                ),
            ],
            "`metrics.json` has 1 value without a whole step and a number, left out",
        ),
        (
            "trial_7",
            &[("trial.json", "[]")],
            "`trial.json` is no object of JSON",
        ),
    ] {
        let found = notes(folder, files);
        assert!(
            found.iter().any(|note| note.starts_with(expected)),
            "{found:?}"
        );
    }
}

#[test]
fn folders_that_are_no_runs() {
    let root = tempfile::tempdir().unwrap();
    for (name, files) in [
        // An experiment of MLflow, and a model of it.
        (
            "0",
            &[
                ("meta.yaml", "artifact_location: x\nexperiment_id: '0'\n"),
                ("tags/x", "y"),
            ][..],
        ),
        (
            "m-1",
            &[
                ("meta.yaml", "model_id: m-1\nsource_run_id: a\n"),
                ("params/x", "y"),
            ],
        ),
        ("run-1", &[("files/notes.txt", "x")]),
        ("other", &[("metrics.json", "{\"accuracy\": 0.5}")]),
        ("trial_1", &[("checkpoint.json", "{}")]),
        ("plots", &[("metrics/figure.png", "x")]),
    ] {
        let run = root.path().join(name);
        write(&run, files);
        assert_eq!(program_of(&run), None, "{name}");
    }
    assert!(below(root.path(), ReadScope::Values).runs.is_empty());
}

/// Logged once at the end, beside curves: a result of the run, and not one of its first epoch.
#[test]
fn values_logged_once_are_no_curves() {
    let root = tempfile::tempdir().unwrap();
    let curve = "1 1.0 0\n2 0.5 1\n";
    let files = [
        META,
        ("metrics/train_loss", curve),
        ("metrics/val_loss", curve),
        ("metrics/accuracy", curve),
        ("metrics/val_accuracy", "3 0.75 0\n"),
        ("metrics/test_acc", "3 0.5 7\n"),
    ];
    write(root.path(), &files);
    let found = Program::MlFlow.metrics(root.path());
    let curves: Vec<&String> = found
        .scalars
        .runs
        .values()
        .flat_map(|tags| tags.keys())
        .collect();
    assert_eq!(curves, ["test_acc", "train_loss", "val_loss"]);
    // Next to a metric that names the training, one without a word may be of either split.
    let values: Vec<(&String, f64)> = (found.values.iter())
        .map(|(name, value)| (name, value.as_f64().unwrap()))
        .collect();
    assert_eq!(
        values,
        [
            (&"accuracy".to_owned(), 0.5),
            (&"val_accuracy".to_owned(), 0.75)
        ]
    );
}

#[test]
fn deleted_runs_are_apart() {
    let root = tempfile::tempdir().unwrap();
    let deleted = ("meta.yaml", "lifecycle_stage: deleted\nrun_id: b\n");
    for (run, meta) in [("p/0/a", META), ("p/0/b", deleted), ("p/.trash/1/c", META)] {
        write(&root.path().join(run), &[meta, ("metrics/loss", "1 1 0\n")]);
    }
    let result = below(root.path(), ReadScope::Values);
    let names = |runs: &[(std::path::PathBuf, Program)]| -> Vec<String> {
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        runs.iter().map(|(path, _)| name(path)).collect()
    };
    let runs: Vec<_> = result
        .runs
        .iter()
        .map(|run| (run.path.clone(), run.program))
        .collect();
    assert_eq!(names(&runs), ["a"]);
    assert_eq!(names(&result.deleted), ["c", "b"]);
}

/// Neither many files nor large ones take long, and both are told.
#[test]
fn huge_runs() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), &[META, ("params/x", "1")]);
    for i in 0..MAX_FILES + 3 {
        write(root.path(), &[(&format!("metrics/m{i}"), "1 1 0\n")]);
    }
    let large = std::fs::File::create(root.path().join("metrics/a")).unwrap();
    large.set_len(MAX_SIZE + 1).unwrap();
    let notes = Program::MlFlow.metrics(root.path()).notes;
    let expected = [
        "4 files in `metrics` not opened: there are too many",
        "`metrics/a` cannot be read: larger than 67108864 bytes",
    ];
    assert_eq!(notes, expected);
}
