//! Runs of other programs that have tables of metrics in place of event logs.

mod histories;

use std::path::Path;

use experiment::commands::text::Terminal;
use experiment::commands::{Cli, Output, run};
use experiment::{Entry, ExperimentStore};

use clap::Parser;

const KERAS: &str = "epoch,accuracy,loss,lr,val_accuracy,val_loss\r\n0,0.5,1.0,0.001,0.4,1.25\r\n\
                     1,0.75,0.5,0.001,0.7,0.75\r\n2,0.875,0.25,0.0005,0.65,NA\r\n";

/// A store with one run of these files.
fn store(files: &[(&str, &str)]) -> (tempfile::TempDir, ExperimentStore) {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("run"), files);
    let store = ExperimentStore::new(folder.path());
    (folder, store)
}

fn write(run: &Path, files: &[(&str, &str)]) {
    std::fs::create_dir_all(run).unwrap();
    for (name, text) in files {
        let path = run.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn entry(files: &[(&str, &str)]) -> Entry {
    let (_folder, store) = store(files);
    let mut entry = store.find("run").unwrap().with_logged_results();
    // It is read while the folder is there.
    entry.notes = entry.history().notes;
    entry
}

fn curve(files: &[(&str, &str)], name: &str) -> Vec<(usize, f64)> {
    let (_folder, store) = store(files);
    store.find("run").unwrap().history().curve(name)
}

fn says(store: &ExperimentStore, arguments: &[&str]) -> String {
    output(store, arguments).text
}

/// Warnings, and then the text.
fn tells(store: &ExperimentStore, arguments: &[&str]) -> String {
    let output = output(store, arguments);
    let warnings = output
        .warnings
        .iter()
        .map(|warning| format!("warning: {warning}\n"));
    warnings.chain([output.text]).collect()
}

fn output(store: &ExperimentStore, arguments: &[&str]) -> Output {
    let root = store.root().to_str().unwrap();
    let words = ["experiment", "--experiments-dir", root];
    let cli = Cli::try_parse_from(words.iter().chain(arguments)).unwrap();
    let terminal = Terminal {
        width: None,
        colour: false,
        now: chrono::Local::now().naive_local(),
    };
    run(&cli, &terminal).unwrap()
}

#[test]
fn the_table_of_keras() {
    let files: &[_] = &[("training.log", KERAS)];
    assert_eq!(curve(files, "accuracy"), [(0, 0.5), (1, 0.75), (2, 0.875)]);
    assert_eq!(curve(files, "val_loss"), [(0, 1.25), (1, 0.75)]);
    let entry = entry(files);
    assert_eq!(entry.notes, [""; 0]);
    let results = entry.metadata.results.unwrap();
    assert_eq!((results.epochs_run, results.best_epoch), (Some(3), Some(1)));
    assert_eq!(results.validation["accuracy"], 0.7);
}

/// The same metrics as pandas writes a history, with a semicolon, and with epochs from 1.
#[test]
fn other_forms_of_the_table() {
    let loss = [(0, 1.0), (1, 0.5)];
    for text in [
        ",loss,val_loss\n0,1.0,2\n1,0.5,2\n",
        ",dice,loss,val_dice,val_loss\n0,0,1.0,0,2\n1,0,0.5,0,2\n",
        "\u{feff}Epoch;Loss/train;Loss/val\n1;1.0;2\n2;0.5;2\n",
        "# of today\nepoch\ttrain_loss\tval_loss\n0\t1.0\t2\n1\t0.5\t2\n",
        "epoch;loss;val_loss\n0;1,0;2,5\n1;0,5;2,5\n",
        "epoch,loss,val_loss\n1/2,1.0,2\n2/2,0.5,2\n",
        ",loss,val_loss\n1,1.0,2\n2,0.5,2\n",
        // Numbers as Python shows arrays.
        "epoch,loss,val_loss\n0,tensor(1.0),[2]\n1,\"tensor(0.5, device='cuda:0')\",np.float64(2.0)\n",
        // The newest first.
        "epoch,loss,val_loss\n1,0.5,2\n0,1.0,2\n",
        // Another order of the columns, after a change of the program that appends.
        "epoch,loss,val_loss\n0,1.0,2\nepoch,val_loss,loss\n1,2,0.5\n",
    ] {
        assert_eq!(curve(&[("history.csv", text)], "loss"), loss, "{text}");
    }
}

#[test]
fn the_table_of_ray_tune() {
    let text = "loss,val_loss,training_iteration,trial_id\n1.0,2,1,a\n0.5,2,2,a\n";
    assert_eq!(
        curve(&[("progress.csv", text)], "loss"),
        [(1, 1.0), (2, 0.5)]
    );
}

/// Rows of Lightning have the metrics of one moment; those of single steps are no metrics of epochs.
#[test]
fn the_table_of_lightning() {
    let text = "epoch,step,train_loss_epoch,train_loss_step,val_acc,val_loss,test_acc\n\
                0,49,,0.9,,,\n0,59,,,0.5,1.0,\n0,59,0.8,,,,\n1,99,,0.7,,,\n1,119,,,0.75,0.5,\n1,119,0.6,,,,\n\
                2,120,,,,,0.7\n";
    let settings = "batch_size: 64\nlr: 0.01\n";
    let files: &[_] = &[("metrics.csv", text), ("hparams.yaml", settings)];
    assert_eq!(curve(files, "loss"), [(0, 0.8), (1, 0.6)]);
    assert_eq!(curve(files, "val_accuracy"), [(0, 0.5), (1, 0.75)]);
    let entry = entry(files);
    assert_eq!(entry.notes, ["1 scalar not understood: train_loss_step"]);
    let results = entry.metadata.results.unwrap();
    assert_eq!((results.epochs_run, results.best_epoch), (Some(2), Some(1)));
    assert_eq!(results.test["accuracy"], 0.7);
    assert_eq!(entry.metadata.training_config.batch_size, 64);
    assert_eq!(entry.metadata.training_config.learning_rate, 0.01);
}

/// One value of a step in each epoch looks like a metric of epochs.
#[test]
fn values_of_steps_are_not_those_of_epochs() {
    let text = "epoch,step,train_loss,val_loss\n0,49,0.9,\n0,59,,1.0\n1,99,0.7,\n1,119,,0.5\n";
    let files: &[_] = &[("metrics.csv", text)];
    assert_eq!(curve(files, "loss"), []);
    assert_eq!(curve(files, "val_loss"), [(0, 1.0), (1, 0.5)]);
    let expected = "metrics.csv: 1 column with values within epochs not shown: train_loss";
    assert_eq!(entry(files).notes, [expected]);

    // Training and validation in rows of their own would be mixed.
    let long = "epoch,phase,loss\n0,train,1.0\n0,val,2.0\n1,train,0.5\n1,val,1.5\n";
    let files: &[_] = &[("log.csv", long)];
    assert_eq!(curve(files, "loss"), []);
    let expected = "log.csv: 1 column with no or several values for a step not shown: loss";
    assert_eq!(entry(files).notes[0], expected);
}

/// fastai's metrics are of the validation, and so are those of YOLO's classifiers.
#[test]
fn metrics_of_the_validation_without_its_name() {
    let text =
        "epoch,train_loss,valid_loss,accuracy,time\n0,1.0,1.25,0.5,00:03\n1,0.5,0.75,0.7,00:03\n";
    let files: &[_] = &[("history.csv", text)];
    assert_eq!(curve(files, "val_accuracy"), [(0, 0.5), (1, 0.7)]);
    assert_eq!(entry(files).notes, Vec::<String>::new());
    let text = "epoch,time,train/loss,metrics/accuracy_top1,metrics/accuracy_top5,val/loss\n\
                1,3.5,1.0,0.5,1,1.25\n2,7.1,0.5,0.7,1,0.75\n";
    let files: &[_] = &[("results.csv", text)];
    assert_eq!(curve(files, "val_accuracy"), [(0, 0.5), (1, 0.7)]);
    assert_eq!(curve(files, "val_loss"), [(0, 1.25), (1, 0.75)]);
}

/// Keras' metrics without a name are of the training; programs that name the split of others may mean either.
#[test]
fn metrics_of_an_unknown_split_are_not_guessed() {
    let text = "epoch,train_loss,valid_loss,accuracy\n0,1.0,1.25,0.5\n1,0.5,0.75,0.7\n";
    let files: &[_] = &[("history.csv", text)];
    assert_eq!(curve(files, "loss"), [(0, 1.0), (1, 0.5)]);
    assert_eq!(curve(files, "val_loss"), [(0, 1.25), (1, 0.75)]);
    assert_eq!(curve(files, "accuracy"), []);
    let notes = entry(files).notes;
    let expected = "history.csv: 1 column without a word for the split";
    assert!(
        notes[0].starts_with(expected) && notes.len() == 1,
        "{notes:?}"
    );
    // The name of the file tells it.
    let files: &[_] = &[("val_log.csv", "epoch,loss\n1,1.0\n2,0.5\n")];
    assert_eq!(curve(files, "val_loss"), [(0, 1.0), (1, 0.5)]);
}

#[test]
fn the_state_of_hugging_face() {
    let entries = r#"{"epoch": 0.99, "step": 10, "loss": 0.9, "learning_rate": 1e-3, "grad_norm": 1.5},
        {"epoch": 0.99, "step": 10, "eval_loss": 1.0, "eval_accuracy": 0.5, "eval_runtime": 3.5},
        {"epoch": 1.98, "step": 20, "loss": 0.6, "learning_rate": 5e-4},
        {"epoch": 1.98, "step": 20, "eval_loss": 0.75, "eval_accuracy": 0.75}"#;
    let state = |more: &str| format!(r#"{{"global_step": 20, "log_history": [{entries}{more}]}}"#);
    let whole = state(
        r#", {"epoch": 1.98, "step": 20, "train_loss": 0.7, "train_runtime": 9.0},
        {"epoch": 1.98, "step": 20, "eval_loss": 0.5}"#,
    );
    let early = state("")
        .replace("20, \"log", "10, \"log")
        .replace("0.75", "0.1");
    let files: &[_] = &[
        ("checkpoint-9/trainer_state.json", &early[..]),
        ("trainer_state.json", &whole),
    ];
    assert_eq!(curve(files, "loss"), [(0, 0.9), (1, 0.6)]);
    assert_eq!(curve(files, "val_loss"), [(0, 1.0), (1, 0.75)]);
    let entry = entry(files);
    let expected = "trainer_state.json: evaluated again at the same step";
    assert!(
        entry.notes[0].starts_with(expected) && entry.notes.len() == 1,
        "{:?}",
        entry.notes
    );
    assert_eq!(entry.metadata.results.unwrap().epochs_run, Some(2));

    // Evaluated within epochs: by step.
    let within = whole.replace("0.99", "0.5").replace("1.98", "1.0");
    let files: &[_] = &[("trainer_state.json", &within[..])];
    assert_eq!(curve(files, "val_loss"), [(10, 1.0), (20, 0.75)]);
    let notes = self::entry(files).notes;
    assert!(
        notes
            .iter()
            .any(|note| note.contains("steps are not epochs")),
        "{notes:?}"
    );
}

#[test]
fn what_cannot_be_read_is_told() {
    let text = "epoch,loss,val_loss\n0,1.0,x\n1,0.5,2\n2,0.5\n0,0.9,1.5\n1,0.6,1.25";
    let files: &[_] = &[("a.csv", text)];
    assert_eq!(curve(files, "loss"), [(0, 0.9), (1, 0.6)]);
    let expected = [
        "a.csv: 1 row passed over: not as many cells as columns",
        "a.csv: 1 cell not read: no number (the first: line 2, column `val_loss`)",
        "a.csv: its last line has no end, so its last number may be cut short",
        "a.csv: its rows start again, as after a restart: the later values count",
    ];
    assert_eq!(entry(files).notes, expected);
    // Another training whose first epoch has just ended.
    let begun = "epoch,loss\n0,1.0\n1,0.5\n2,0.1\n0,0.75\n";
    assert_eq!(curve(&[("a.csv", begun)], "loss"), [(0, 0.75)]);
    let restarted = "epoch,loss\n0,1.0\n1,0.5\n1,0.25\n0,0.75\n";
    let late = "epoch,val_loss\n10,1.0\n11,0.5\n";
    let entry = entry(&[("b.csv", restarted), ("c.csv", late)]);
    assert!(
        entry.notes[0].starts_with("b.csv: 1 column with"),
        "{:?}",
        entry.notes
    );
    let expected = "c.csv: its epochs begin with 10, so the number of epochs is unknown";
    assert!(
        entry.notes.iter().any(|note| note == expected),
        "{:?}",
        entry.notes
    );
    assert_eq!(entry.metadata.results.unwrap().epochs_run, None);
}

/// Which of two columns of one name counts is not known.
#[test]
fn columns_of_the_same_name_are_not_guessed() {
    let text = "epoch,val_loss,val_loss,val_acc\n0,1.0,2.0,0.5\n1,0.5,3.0,0.7\n";
    let files: &[_] = &[("a.csv", text)];
    assert_eq!(curve(files, "val_loss"), []);
    assert_eq!(curve(files, "val_accuracy"), [(0, 0.5), (1, 0.7)]);
    let expected = "a.csv: several columns have the same name, none of them is shown: val_loss";
    assert_eq!(entry(files).notes, [expected]);
}

/// Event logs win, and folders of other tables are no runs.
#[test]
fn listed_and_compared_like_runs_with_event_logs() {
    let (folder, store) = store(&[("training.log", KERAS)]);
    write(
        &folder.path().join("other"),
        &[("logs/metrics.csv", "epoch,val_loss\n0,0.5\n")],
    );
    write(
        &folder.path().join("data"),
        &[("labels.csv", "start,end,class\n0,1,a\n")],
    );
    let logs = folder.path().join("both/train");
    std::fs::create_dir_all(&logs).unwrap();
    let mut writer = experiment::events::EventWriter::create(&logs).unwrap();
    writer.scalar("val_loss", 0, 0.125);
    writer.flush().unwrap();
    write(&folder.path().join("both"), &[("training.log", KERAS)]);

    let list = says(
        &store,
        &["list", "--columns", "id,status,epochs,val_acc,val_loss"],
    );
    let rows: Vec<Vec<&str>> = list
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert!(
        rows.contains(&vec!["run", "untracked", "3", "0.7000", "0.7500"]),
        "{list}"
    );
    assert!(
        rows.iter()
            .any(|row| row[0] == "other" && row.contains(&"0.5000")),
        "{list}"
    );
    assert!(
        rows.iter()
            .any(|row| row[0] == "both" && row.contains(&"0.1250")),
        "{list}"
    );
    assert_eq!(rows.len(), 3, "{list}");
    let summary = says(&store, &["summary", "run"]);
    assert!(
        summary.contains("Curves over 3 epochs") && !summary.contains("tensorboard"),
        "{summary}"
    );
    assert!(says(&store, &["summary", "both"]).contains("tensorboard --"));
    let compared = says(&store, &["compare", "run", "both"]);
    assert!(
        compared.contains("0.7500") && compared.contains("0.1250"),
        "{compared}"
    );
    // Neither has metadata: nothing tells that they had the same data.
    assert!(
        compared.contains("environment are not known of runs"),
        "{compared}"
    );
    assert!(!compared.contains("are the same"), "{compared}");
}

/// Numbers of rows are those of folds or models, where a column says so.
#[test]
fn tables_of_folds_and_models_have_no_epochs() {
    for text in [
        ",fold,val_accuracy,val_loss\n0,0,0.5,1.0\n1,1,0.75,0.5\n",
        ",model,test_accuracy,test_loss\n0,a,0.5,1.0\n1,b,0.75,0.5\n",
        ",batch_size,lr,val_loss\n0,32,0.1,1.0\n1,64,0.1,0.5\n",
    ] {
        let (_folder, store) = store(&[("results.csv", text)]);
        let said = says(&store, &["list"]);
        assert!(said.starts_with("No experiments"), "{text}: {said}");
    }
}

/// A folder of several runs, one of which has a metric that the others lack, says so.
#[test]
fn runs_in_one_folder_are_told() {
    let tested = "epoch,val_loss,test_acc\n0,1.25,0.5\n1,0.75,0.7\n";
    let entry = entry(&[("a/history.csv", KERAS), ("b/history.csv", tested)]);
    let expected = "its metrics are those of 2 folders, such as a, b: if these are runs of their own, give the folder that holds \
                    them as --experiments-dir";
    assert!(
        entry.notes.iter().any(|note| note == expected),
        "{:?}",
        entry.notes
    );
}
