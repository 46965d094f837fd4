use super::*;
use proptest::prelude::*;

/// As written by the Python scripts, with none of our fields and one that we do not know.
const PYTHON: &str = r#"{
  "experiment_id": "20250101_120000_simple_cnn_3classes_32batch_deadbeef",
  "timestamp": "2025-01-01T12:00:00.123456",
  "model_info": {"type": "simple_cnn", "name": "SimpleCNN", "input_shape": [2, 7, 256],
                 "num_classes": 3, "total_params": 154723, "trainable_params": 154275},
  "training_config": {"batch_size": 32, "epochs": 50, "learning_rate": 0.001,
                      "input_shape": [2, 7, 256], "num_classes": 3, "model_type": "simple_cnn",
                      "dataset_config": "dataset_config.yaml"},
  "dataset_info": {"train_size": 10, "val_size": 2, "test_size": 2, "input_shape": [2, 7, 256],
                   "num_classes": 3},
  "system_info": {"tensorflow_version": "2.15.0", "gpu_available": false},
  "lab": {"operator": "x"}
}"#;

#[test]
fn files_of_the_python_system_are_read_and_kept() {
    let metadata = Metadata::parse(PYTHON.as_bytes()).unwrap();
    assert_eq!(metadata.model_info.total_params, 154_723);
    assert_eq!(metadata.status, None);
    assert_eq!(metadata.other["lab"]["operator"], "x");
    assert_eq!(metadata.system_info.other["tensorflow_version"], "2.15.0");
    let again: Value = serde_json::from_slice(&metadata.to_bytes()).unwrap();
    let before: Value = serde_json::from_str(PYTHON).unwrap();
    assert_eq!(again, before);
    assert_eq!(metadata.misfits(), [""; 0]);
}

/// As written by hand-made scripts.
const FOREIGN: &str = r#"{
  "experiment_id": 7, "schema_version": null, "status": 3, "tags": "field",
  "model_info": {"type": "m", "num_classes": "3", "total_params": "many", "input_shape": [2, "7", null]},
  "training_config": {"batch_size": "32", "epochs": 50.0, "learning_rate": "1e-3"},
  "dataset_info": ["a", "b"], "seed": "42", "duration_s": NaN,
  "results": {"best_epoch": null, "validation": {"loss": NaN, "accuracy": "0.5"}, "test": {"loss": Infinity}}
}"#;

#[test]
fn what_does_not_fit_costs_no_other_field_and_is_kept() {
    let mut read = Metadata::parse(FOREIGN.as_bytes()).unwrap();
    assert_eq!(
        (read.status, read.seed, &read.tags[..]),
        (None, Some(42), &["field".into()][..])
    );
    let config = &read.training_config;
    assert_eq!(
        (config.batch_size, config.epochs, config.learning_rate),
        (32, 50, 0.001)
    );
    assert_eq!(
        (read.model_info.num_classes, read.model_info.total_params),
        (3, 0)
    );
    assert!(read.metric(Split::Validation, "loss").unwrap().is_nan());
    assert_eq!(read.metric(Split::Validation, "accuracy"), Some(0.5));
    assert_eq!(read.metric(Split::Test, "loss"), Some(f64::INFINITY));
    assert_eq!(read.results.as_ref().unwrap().best_epoch, None);
    assert_eq!(
        read.misfits(),
        [
            "status: 3",
            "model_info.total_params: \"many\"",
            "model_info.input_shape: [2,\"7\",null]",
            "dataset_info: [\"a\",\"b\"]",
        ]
    );
    let parsed = |bytes: &[u8]| json::parse(bytes).unwrap();
    assert_eq!(parsed(&read.to_bytes()), parsed(FOREIGN.as_bytes()));

    let known = read.known();
    assert_eq!(known["training_config"]["batch_size"], 32);
    assert_eq!(known["model_info"]["total_params"], "many");
    assert_eq!(known["results"]["validation"]["loss"], "NaN");
    assert_eq!(known["dataset_info"], serde_json::json!(["a", "b"]));
    assert_eq!(
        known
            .get("notes")
            .or(known["training_config"].get("model_type")),
        None
    );

    read.notes = "new".into();
    read.training_config.epochs = 60;
    let written = String::from_utf8(read.to_bytes()).unwrap();
    let mut expected = parsed(FOREIGN.as_bytes());
    expected["notes"] = "new".into();
    expected["training_config"]["epochs"] = 60.into();
    assert_eq!(parsed(written.as_bytes()), expected);
    assert!(
        written.contains("\"loss\": NaN") && written.contains("\"loss\": Infinity"),
        "{written}"
    );
}

#[test]
fn newer_versions_are_known() {
    for (version, newer) in [
        ("1", false),
        ("2", true),
        ("\"2\"", true),
        ("\"b\"", true),
        ("1.1", true),
        ("null", false),
    ] {
        let read =
            Metadata::parse(format!("{{\"schema_version\": {version}}}").as_bytes()).unwrap();
        assert_eq!(read.is_newer(), newer, "{version}");
        assert_eq!(read.check_version("x").is_err(), newer, "{version}");
        if let Err(error) = read.check_version("\u{1b}[31mred") {
            assert!(!error.to_string().contains('\u{1b}'), "{error:?}");
        }
    }
    assert!(Metadata::parse(b"[]").is_err());
}

#[test]
fn a_newer_status_is_unknown_not_an_error() {
    let metadata = Metadata::parse(br#"{"status": "paused"}"#).unwrap();
    assert_eq!(metadata.status, Some(Status::Unknown));
}

proptest! {
    /// A truncated file is an error.
    #[test]
    fn cut_files_are_errors(length in 0usize..10_000) {
        let whole = PYTHON.trim_end().as_bytes();
        prop_assert!(Metadata::parse(&whole[..length % whole.len()]).is_err());
    }

    /// A changed byte never causes a panic, and everything read from the file is written back unchanged.
    #[test]
    fn changed_files_are_errors_or_kept(at in 0usize..1000, value: u8) {
        let mut bytes = PYTHON.as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] = value;
        if let Ok(read) = Metadata::parse(&bytes) {
            let _ = read.misfits();
            let again = Metadata::parse(&read.to_bytes());
            prop_assert!(again.is_ok(), "{:?}", again.err());
            prop_assert_eq!(again.unwrap().experiment_id, read.experiment_id);
        }
    }
}

/// Scores with a percent sign are fractions; a loss has no unit.
#[test]
fn scores_in_percent() {
    let text =
        r#"{"results": {"validation": {"accuracy": "93.5%", "f1_macro": 54.0, "loss": "10%"}}}"#;
    let metadata = Metadata::read(json::parse(text.as_bytes()).unwrap());
    let value = |name: &str| metadata.metric(Split::Validation, name);
    assert_eq!(value("accuracy"), Some(0.935));
    assert_eq!(value("f1_macro"), Some(54.0));
    assert_eq!(value("loss"), None);
}

/// Scores under the names of other programs are found where they say the split, and where nothing else could be meant.
#[test]
fn scores_of_other_programs() {
    use serde_json::json;
    let of = |json: Value| Metadata::read(json).metric(Split::Test, "accuracy");
    for json in [
        json!({"results": {"test_accuracy": 0.9}}),
        json!({"results": {"test_acc": "0.9", "val_acc": 0.5}}),
        json!({"results": {"test": {"acc": 0.9}}}),
        json!({"results": {"testAccuracy": 0.9, "test": {"f1": 0.4}}}),
        json!({"results": {"Test Accuracy (%)": 90.0}}),
        json!({"results": {"metrics": {"test": {"accuracy": "90%"}}}}),
        json!({"final_metrics": {"test_accuracy": 0.9}}),
        json!({"test_accuracy": 0.9, "results": {"test_acc": 0.9}}),
        json!({"test_results": {"accuracy": 0.9}}),
    ] {
        assert_eq!(of(json.clone()), Some(0.9), "{json}");
    }
    for json in [
        json!({"results": {"accuracy": 0.9}}),
        json!({"results": {"test_acc": 0.9, "test_accuracy": 0.8}}),
        json!({"results": {"test_accuracy": 90.0}}),
        json!({"results": {"fold_1": {"test_accuracy": 0.9}}}),
        json!({"results": {"test": {"per_class": {"accuracy": 0.9}}}}),
        json!({"thresholds": {"test_accuracy": 0.9}}),
        json!({"schema_version": 1, "test_accuracy": 0.9}),
        json!({"results": {"test_accuracy": [0.9]}}),
    ] {
        assert_eq!(of(json.clone()), None, "{json}");
    }
    let loss = json!({"results": {"valid": {"loss": 1.5}, "test_loss": 2.5}});
    let metadata = Metadata::read(loss.clone());
    assert_eq!(metadata.metric(Split::Validation, "loss"), Some(1.5));
    assert_eq!(metadata.metric(Split::Test, "loss"), Some(2.5));
    // Nothing is written that was not there.
    assert_eq!(
        metadata.known()["results"]["test_loss"],
        loss["results"]["test_loss"]
    );
}

/// What other programs wrote as scores and is none is named, and never shown in silence.
#[test]
fn scores_of_other_programs_that_are_none() {
    use serde_json::json;
    let doubts = |json: Value| Metadata::read(json).doubts();
    for (results, expected) in [
        (
            json!({"test_accuracy": 98.2}),
            "`results.test_accuracy`: `98.2` is no fraction from 0 to 1; a percentage is written with its sign, such as \"93.5%\": \
             it is not shown",
        ),
        (
            json!({"test_loss": "0,31"}),
            "`results.test_loss`: `0,31` is no number: it is not shown",
        ),
        (
            json!({"test_accuracy": "NaN"}),
            "`results.test_accuracy`: `NaN` is no number: it is not shown",
        ),
        (
            json!({"test": {"accuracy": "NaN"}}),
            "test accuracy is NaN, as of a run that diverged or a class without samples",
        ),
        (
            json!({"val_acc": 0.8, "val_accuracy": 0.7}),
            "validation accuracy is given as 0.8 and as 0.7: none is shown",
        ),
        (
            json!({"test": {"accuracy": 98.2}}),
            "test accuracy is 98.2, which is no fraction from 0 to 1",
        ),
    ] {
        assert_eq!(doubts(json!({ "results": results })), [expected]);
    }
    for results in [
        json!({"test_accuracy": "98.2%", "val_acc": 1, "test_loss": 3.5, "loss": 7, "accuracy": 90}),
        json!({"test_accuracy": "n/a", "val_accuracy": null, "test_f1": 95}),
        json!({"test_accuracy_pct": 98.2}),
    ] {
        assert_eq!(doubts(json!({ "results": results })), [""; 0], "{results}");
    }
    let metadata = json!({"schema_version": 1, "results": {"test": {"accuracy": 98.2}}});
    assert_eq!(doubts(metadata), [""; 0]);
}

/// The averages of scikit-learn's `classification_report` are scores, those of its classes are not.
#[test]
fn reports_of_scikit_learn() {
    use serde_json::json;
    let scores = |f1: f64| json!({"precision": 0.5, "recall": 0.25, "f1-score": f1, "support": 8});
    let report = json!({
        "car": scores(0.9), "accuracy": 0.75, "macro avg": scores(0.5), "weighted avg": scores(0.625),
    });
    for json in [
        json!({"results": {"test": report}}),
        json!({"test_classification_report": report}),
        json!({"results": {"test/accuracy": 0.75, "test/macro avg/f1-score": 0.5,
            "test/weighted avg/f1-score": 0.625, "test/macro avg/recall": 0.25}}),
    ] {
        let metadata = Metadata::read(json);
        let value = |name: &str| metadata.metric(Split::Test, name);
        assert_eq!(value("accuracy"), Some(0.75));
        assert_eq!(value("f1_macro"), Some(0.5));
        assert_eq!(value("f1_weighted"), Some(0.625));
        assert_eq!(value("recall_macro"), Some(0.25));
        assert_eq!(metadata.doubts(), [""; 0]);
    }
}

/// The best of all epochs counts where nothing else is known, and is told apart.
#[cfg(feature = "cli")]
#[test]
fn best_scores_of_all_epochs() {
    let read = |text: &str| {
        let fields: Value = serde_json::from_str(text).unwrap();
        Metadata::of_fields(fields)
    };
    let validation = |metadata: &Metadata, name: &str| metadata.metric(Split::Validation, name);
    for text in [
        r#"{"best_val_accuracy": 0.5, "best_val_loss": 0.25}"#,
        r#"{"results": {"best_val_acc": 0.5, "val_loss_best": "0.25"}}"#,
        r#"{"results": {"Best Val Accuracy (%)": 50, "bestValLoss": 0.25, "best_test_loss": 3}}"#,
    ] {
        let metadata = read(text);
        assert_eq!(validation(&metadata, "accuracy"), Some(0.5), "{text}");
        assert_eq!(validation(&metadata, "loss"), Some(0.25), "{text}");
        assert!(!metadata.has_scores(Split::Validation) && !metadata.has_scores(Split::Test));
        assert_eq!(
            metadata.bests().unwrap(),
            "loss, accuracy: the best of all epochs, each by itself"
        );
    }
    // The values of one epoch win, and the split must be named.
    let metadata = read(
        r#"{"val_accuracy": 0.4, "best_val_accuracy": 0.5, "best_accuracy": 0.6, "best_val_loss": 0.1}"#,
    );
    assert_eq!(validation(&metadata, "accuracy"), Some(0.4));
    assert_eq!(
        metadata.bests().unwrap(),
        "loss: the best of all epochs, each by itself"
    );
    let metadata = read(r#"{"best_accuracy": 0.6, "best_val_acc": 93.5}"#);
    assert_eq!(validation(&metadata, "accuracy"), None);
    assert!(
        metadata.doubts()[0].starts_with("`best_val_acc`: `93.5` is no fraction"),
        "{:?}",
        metadata.doubts()
    );
}
