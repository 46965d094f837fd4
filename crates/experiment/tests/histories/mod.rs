//! Histories in JSON, scores under names of their own, and what is told of files that are not those of one run.

use super::*;

const KERAS_JSON: &str = r#"{"loss": [1.0, 0.5, 0.25], "val_loss": [1.25, 0.75, NaN], "accuracy": [0.5, 0.75, 0.875], "val_accuracy": [0.4, 0.7, 0.65]}"#;

const YOLO: &str = "        epoch,   train/box_loss,  metrics/mAP50(B), metrics/recall(B),  val/box_loss,   lr/pg0\n\
                    \x20           1,              1.5,               0.5,              0.25,           1.0,     0.01\n\
                    \x20           2,              1.25,              0.75,             0.5,            0.5,     0.01\n";

/// Histories in JSON and tables of other metrics are listed, and what is none says why.
#[test]
fn histories_in_json_and_scores_under_names_of_their_own() {
    let (folder, store) = store(&[("history.json", KERAS_JSON)]);
    let write =
        |name: &str, file: &str, text: &str| write(&folder.path().join(name), &[(file, text)]);
    let records =
        "{\"epoch\": 1, \"val\": {\"loss\": 1.25}}\n{\"epoch\": 2, \"val\": {\"loss\": 0.75}}\n";
    write("lines", "log.jsonl", records);
    write("with-table", "training.log", KERAS);
    // The table has no value where the history has NaN.
    let missing = KERAS_JSON.replace("NaN", "null");
    write("with-table", "history.json", &missing);
    write("detector", "results.csv", YOLO);
    let in_metadata =
        format!("{{\"timestamp\": \"2026-11-30T12:00:00\", \"history\": {KERAS_JSON}}}");
    write("own-metadata", "metadata.json", &in_metadata);
    // None of one run.
    write(
        "folds",
        "history.json",
        &format!("[{KERAS_JSON}, {KERAS_JSON}]"),
    );
    write("cut", "history.json", &KERAS_JSON[..40]);
    write(
        "exported",
        "runs.csv",
        "Name,State,epoch,val_loss\na,finished,9,0.5\nb,finished,19,0.25\n",
    );
    write(
        "settings",
        "config.json",
        "{\"loss\": \"mse\", \"layers\": [16, 32]}",
    );
    let columns = "id,status,epochs,best_epoch,val_acc,val_loss";
    let list = tells(&store, &["list", "--sort", "id", "--columns", columns]);
    insta::assert_snapshot!(list);
    let summary = says(&store, &["summary", "detector"]);
    let scores =
        "other scores  metrics/mAP50(B) 0.7500, metrics/recall(B) 0.5000, val/box_loss 0.5000";
    assert!(
        summary.contains("result        2 epochs\n") && summary.contains(scores),
        "{summary}"
    );
    let compared = says(&store, &["compare", "detector", "run"]);
    assert!(compared.contains("metrics/mAP50(B)"), "{compared}");
}

/// Files of several runs in one folder: none of two values is chosen.
#[test]
fn files_that_differ_are_told_apart() {
    let other = KERAS_JSON.replace('5', "6");
    let entry = entry(&[("a.json", KERAS_JSON), ("b.json", &other)]);
    let notes = entry.notes.join("\n");
    assert!(notes.contains("validation loss is logged differently in several places, none is shown: a.json/val_loss, b.json/val_loss"), "{notes}");
    assert!(
        notes.contains("move each into a folder of its own"),
        "{notes}"
    );
    let results = entry.metadata.results.unwrap_or_default();
    assert_eq!(results.validation.len(), 0, "{:?}", results.validation);
}

/// The best values of all epochs, in metadata of other programs.
#[test]
fn best_values_of_all_epochs_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let best = r#"{"model_info": {"type": "cnn"}, "results": {"best_val_accuracy": 0.93, "best_val_loss": 0.25}}"#;
    write(&folder.path().join("best"), &[("metadata.json", best)]);
    let logged = r#"{"best_val_loss": 0.1, "model_info": {"type": "cnn"}}"#;
    write(
        &folder.path().join("logged"),
        &[("metadata.json", logged), ("history.json", KERAS_JSON)],
    );
    let store = ExperimentStore::new(folder.path());
    let columns = "id,val_acc,val_loss";
    let list = tells(&store, &["list", "--sort", "id", "--columns", columns]);
    let rows: Vec<Vec<&str>> = list
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert!(rows.contains(&vec!["best", "0.9300", "0.2500"]), "{list}");
    assert!(rows.contains(&vec!["logged", "0.7000", "0.7500"]), "{list}");
    let summary = says(&store, &["summary", "best"]);
    let expected = "validation    macro F1 -, accuracy 0.9300, loss 0.2500\n                loss, accuracy: the best of all epochs";
    assert!(summary.contains(expected), "{summary}");
    assert!(!says(&store, &["summary", "logged"]).contains("best of all epochs"));
}

/// Experiments of DVC without folders, beside a run that has one.
#[test]
fn references_of_dvc_are_told() {
    let (folder, store) = store(&[("history.json", KERAS_JSON)]);
    let name = format!(".git/refs/exps/12/{}/puffy-lynx", "3".repeat(38));
    for repository in [folder.path().to_owned(), folder.path().join("project")] {
        write(&repository, &[(&name, "x\n")]);
    }
    let list = tells(&store, &["list", "--columns", "id,val_loss"]);
    for name in [".git", "project"] {
        let told = format!(
            "not listed: `{name}` has 1 experiment of DVC in Git references, which are not read: puffy-lynx;"
        );
        assert!(list.contains(&told), "{list}");
    }
    assert!(list.contains("0.7500"), "{list}");
}
