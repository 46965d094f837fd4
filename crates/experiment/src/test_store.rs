//! Experiments shared by the tests.

use chrono::{Local, NaiveDate, NaiveDateTime, TimeZone};
use serde_json::json;

use crate::history::Epoch;
use crate::id::{IdParts, IdTemplate};
use crate::metadata::{Metadata, Results, Status};
use crate::store::ExperimentStore;
use crate::{Experiment, LogRun};

/// One day after the first experiment.
pub(crate) fn now() -> NaiveDateTime {
    let day = NaiveDate::from_ymd_opt(2026, 1, 3).unwrap();
    day.and_hms_opt(3, 0, 0).unwrap()
}

/// A temporary store with two finished experiments and a crashed one.
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
            ]
            .map(|(name, value)| (name.to_owned(), value.into()));
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
                epochs_run: Some(3),
                best_epoch: Some(2),
                stopped_by: "epochs".into(),
                validation: metrics(f1),
                test: metrics(f1 - 0.02),
                ..Default::default()
            });
        });
        finished.unwrap();
    }
    // The lock file is removed so that the run counts as crashed at once. A lock just dropped may survive for a
    // moment in a child process of another test.
    let mut crashed = claim(&store, 2, 0.001);
    crashed.flush().unwrap();
    std::fs::remove_file(crashed.directory().join(crate::LOCK_FILE)).unwrap();
    (folder, store)
}

/// A temporary store with baselines of one second: two that differ only in their features, and one without any.
pub(crate) fn baselines() -> (tempfile::TempDir, ExperimentStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = ExperimentStore::new(&folder.path().join("experiments"));
    for (number, name, features, f1) in [
        (1, "baseline_majority", "none", 0.2),
        (2, "baseline_random_forest", "mean_bands", 0.7),
        (3, "baseline_random_forest", "mean_bands_and_time", 0.8),
    ] {
        let mut metadata = Metadata::default();
        metadata.model_info.kind = name.into();
        let told = json!({"features": features}).as_object().unwrap().clone();
        metadata.model_info.other = told.clone();
        metadata.training_config.other = told;
        let parts = IdParts {
            model_type: name.into(),
            batch_size: 0,
            config_hash: format!("{number:08x}"),
            ..id_parts(0, 3)
        };
        let claimed = store.claim(&IdTemplate::default(), parts, metadata, &[]);
        let metrics = json!({"f1_macro": f1, "accuracy": f1, "loss": 1.0 - f1});
        let finished = claimed.unwrap().finish(Status::Completed, |m| {
            m.duration_s = Some(2.5);
            m.results = Some(Results {
                validation: metrics.as_object().unwrap().clone(),
                test: metrics.as_object().unwrap().clone(),
                ..Default::default()
            });
        });
        finished.unwrap();
    }
    (folder, store)
}

/// Files that a finished run leaves besides logs and history. The network has two parameters.
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

/// Parts of an ID that differ by the minute.
pub(crate) fn id_parts(minute: u32, num_classes: usize) -> IdParts {
    IdParts {
        time: Local.with_ymd_and_hms(2026, 1, 2, 3, minute, 0).unwrap(),
        model_type: "simple_cnn".into(),
        num_classes,
        batch_size: 32,
        config_hash: format!("{minute:08x}"),
    }
}

fn claim(store: &ExperimentStore, minute: u32, rate: f64) -> Experiment {
    let parts = id_parts(minute, 3);
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
