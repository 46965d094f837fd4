use super::*;
use crate::log_tables::table::Row;

fn read_text(name: &str, text: &str) -> Result<Option<Table>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    read(&path)
}

/// The values of a column, by the epoch that its row has.
fn column(table: &Table, name: &str) -> Vec<(Option<f64>, f64)> {
    let at = table.columns.iter().position(|column| column == name);
    let at = at.unwrap_or_else(|| panic!("no {name} in {:?}", table.columns));
    let value = |row: &Row| {
        let (_, value) = row.values.iter().find(|(column, _)| *column == at)?;
        Some((row.epoch, *value))
    };
    table.rows.iter().filter_map(value).collect()
}

#[test]
fn lists_of_one_length_count_epochs() {
    let numbers = r#"{"loss": [1.0, 0.5], "val_loss": [2.0, NaN], "lr": [0.1, 0.1]}"#;
    for (name, text) in [
        ("history.json", numbers.to_owned()),
        ("log.json", numbers.replace("1.0, 0.5", "\"1.0\", \"0.5\"")),
        (
            "log.json",
            format!("{{\"params\": {{\"epochs\": 2}}, \"history\": {numbers}}}"),
        ),
        ("log.json", format!("\u{feff}{numbers}\r\n")),
        // Of pandas.
        (
            "x.json",
            r#"{"loss": {"0": 1.0, "1": 0.5}, "val_loss": {"0": 2.0, "1": 3}}"#.into(),
        ),
        (
            "x.json",
            r#"[{"loss": 1.0, "val_loss": 2}, {"loss": 0.5, "val_loss": 3}]"#.into(),
        ),
    ] {
        let table = read_text(name, &text).unwrap().unwrap();
        let expected = [(Some(0.0), 1.0), (Some(1.0), 0.5)];
        assert_eq!(column(&table, "loss"), expected, "{text}");
        assert_eq!(table.notes, [""; 0]);
    }
}

/// The split above the metric, or below it.
#[test]
fn splits_are_part_of_the_name() {
    for (text, name) in [
        (
            r#"{"train": {"loss": [1, 2]}, "val": {"loss": [3, 4]}}"#,
            "val/loss",
        ),
        (r#"{"loss": {"train": [1, 2], "val": [3, 4]}}"#, "loss/val"),
        (
            r#"[{"epoch": 1, "train": {"loss": 1}, "val": {"loss": 3}}, {"epoch": 2, "train": {"loss": 2}, "val": {"loss": 4}}]"#,
            "val/loss",
        ),
        (
            "{\"mode\": \"train\", \"epoch\": 1, \"loss\": 1}\n{\"mode\": \"val\", \"epoch\": 1, \"loss\": 3}\n\
             {\"mode\": \"train\", \"epoch\": 2, \"loss\": 2}\n{\"mode\": \"val\", \"epoch\": 2, \"loss\": 4}\n{\"mo",
            "val/loss",
        ),
    ] {
        let table = read_text("x.json", text).unwrap().unwrap();
        let values: Vec<f64> = column(&table, name)
            .iter()
            .map(|(_, value)| *value)
            .collect();
        assert_eq!(values, [3.0, 4.0], "{text}");
    }
}

#[test]
fn lists_of_several_lengths_have_no_epochs() {
    let text = r#"{"loss": [1, 2, 3, 4], "val_loss": [3, 4], "val_acc": [0.5, 0.75]}"#;
    let table = read_text("history.json", text).unwrap().unwrap();
    assert_eq!(table.columns, ["val_loss", "val_acc"]);
    assert_eq!(column(&table, "val_loss"), [(None, 3.0), (None, 4.0)]);
    assert!(
        table.notes[0].ends_with("not shown: loss (4)"),
        "{:?}",
        table.notes
    );
    // A list of epochs tells them.
    let text = r#"{"epoch": [2, 4], "loss": [1, 2], "val_loss": [3, 4]}"#;
    let table = read_text("x.json", text).unwrap().unwrap();
    assert_eq!(column(&table, "loss"), [(Some(2.0), 1.0), (Some(4.0), 2.0)]);
}

/// Scores of the test split beside the lists, and lists that count something else than epochs.
#[test]
fn what_is_beside_the_lists() {
    let text = r#"{"model": "cnn", "loss": [1, 2], "val_loss": [3, 4], "best_epoch": 1, "final_test_accuracy": 0.5,
                   "results": {"test_loss": 0.25, "note": "x"}}"#;
    let table = read_text("x.json", text).unwrap().unwrap();
    assert_eq!(column(&table, "test_accuracy"), [(Some(1.0), 0.5)]);
    assert_eq!(column(&table, "test_loss"), [(Some(1.0), 0.25)]);
    assert_eq!(column(&table, "loss").len(), 2);
    let text = r#"{"history": {"val_acc": [0.5, 0.75], "checkpoints_after_episode": [100, 200]}}"#;
    let table = read_text("x.json", text).unwrap().unwrap();
    assert_eq!(column(&table, "val_acc"), [(None, 0.5), (None, 0.75)]);
    assert_eq!(table.rows[1].step, Some(200));
    let text = r#"{"loss": [1, 2, 3, 4], "val_loss": [3, 4], "val_epochs": [2, 4]}"#;
    let table = read_text("x.json", text).unwrap().unwrap();
    assert_eq!(
        column(&table, "val_loss"),
        [(Some(2.0), 3.0), (Some(4.0), 4.0)]
    );
}

/// Names that users give to their own lists.
#[test]
fn names_of_lists() {
    let text = r#"{"train_losses": [1, 2], "val_loss_history": [3, 4], "valAccuracies": [0.5, 0.75], "time_per_epoch": [8, 9]}"#;
    let table = read_text("x.json", text).unwrap().unwrap();
    assert_eq!(
        table.columns,
        [
            "train_losses",
            "val_loss",
            "valAccuracies",
            "time_per_epoch"
        ]
    );
    let known: Vec<&String> = table
        .columns
        .iter()
        .filter(|name| is_metric(name))
        .collect();
    assert_eq!(known, ["train_losses", "val_loss", "valAccuracies"]);
}

/// As skorch has it: the batches of each epoch, and its best values so far.
#[test]
fn records_with_batches() {
    let text = r#"[{"batches": [{"train_loss": 9}], "epoch": 1, "train_loss": 1, "valid_loss": 3, "valid_loss_best": true},
                   {"batches": [{"train_loss": 9}], "epoch": 2, "train_loss": 2, "valid_loss": 4, "valid_loss_best": false}]"#;
    let table = read_text("history.json", text).unwrap().unwrap();
    assert_eq!(
        column(&table, "train_loss"),
        [(Some(1.0), 1.0), (Some(2.0), 2.0)]
    );
    assert_eq!(table.columns, ["train_loss", "valid_loss"]);
}

#[test]
fn records_one_a_line() {
    let text = "{\"epoch\": 0, \"learning_rate\": 0.1, \"metrics\": {\"loss\": 1.0, \"val_loss\": 2.0}}\n\
                {\"epoch\": 1, \"metrics\": {\"loss\": 0.5, \"val_loss\": NaN}}\n{\"epoch\": 2, \"metr";
    let table = read_text("history.jsonl", text).unwrap().unwrap();
    assert_eq!(column(&table, "loss"), [(Some(0.0), 1.0), (Some(1.0), 0.5)]);
    assert_eq!(table.notes, ["1 line passed over: no JSON"]);
    let one = read_text("history.jsonl", "{\"epoch\": 1, \"loss\": 0.5}\n")
        .unwrap()
        .unwrap();
    assert_eq!(column(&one, "loss"), [(Some(1.0), 0.5)]);
    // The same in a document is a summary.
    assert!(
        read_text("results.json", "{\"epoch\": 1, \"loss\": 0.5}")
            .unwrap()
            .is_none()
    );
}

/// As `trainer.state.log_history` of Hugging Face, with the mean over the training at its end.
#[test]
fn records_of_hugging_face() {
    let text = r#"[{"epoch": 1.0, "step": 10, "loss": 0.9}, {"epoch": 1.0, "step": 10, "eval_loss": 1.0, "eval_runtime": 1.5},
                   {"epoch": 1.0, "step": 10, "train_loss": 0.7, "train_runtime": 9.0}]"#;
    let table = read_text("log_history.json", text).unwrap().unwrap();
    assert_eq!(
        (table.columns, table.first_epoch),
        (vec!["loss".into(), "eval_loss".into()], Some(1))
    );
}

#[test]
fn several_histories_are_named() {
    let one = r#"{"loss": [1, 2], "val_loss": [3, 4]}"#;
    for (text, expected) in [
        (
            format!("[{one}, {one}]"),
            "which has 2 histories, such as those of 0, 1:",
        ),
        (
            format!("{{\"a\": {one}, \"b\": {one}}}"),
            "such as those of a, b:",
        ),
        (
            r#"[{"fold": 0, "epoch": 0, "val_loss": 1}, {"fold": 1, "epoch": 0, "val_loss": 2}]"#
                .into(),
            "whose rows are those of several runs, as `fold` has 2 values",
        ),
        (one[..20].into(), "which is no complete JSON"),
    ] {
        let error = read_text("history.json", &text).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn other_documents() {
    for text in [
        "",
        "[]",
        "loss",
        r#"{"loss": 0.5, "val_loss": 0.25}"#,
        // Folds of a cross-validation, or labels.
        r#"{"train_acc": [0.5, 0.75], "val_acc": [0.5, 0.75]}"#,
        r#"[{"id": 1, "accuracy": 0.5}, {"id": 2, "accuracy": 0.5}]"#,
        r#"{"loss": [[1, 2], [3, 4]]}"#,
        r#"{"optimizer": [1, 2], "losses": ["a", "b"]}"#,
        r#"{"loss": [null, null]}"#,
    ] {
        assert!(read_text("x.json", text).unwrap().is_none(), "{text}");
    }
}

proptest::proptest! {
    /// Whatever JSON a file has, reading ends.
    #[test]
    fn any_text_ends(text in "[\\[\\]{}:,\"a-f0-9]{0,60}") {
        let _ = read_text("history.json", &format!("{{\"loss\": [1], \"x\": {text}}}"));
    }
}
