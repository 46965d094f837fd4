use super::*;
use std::collections::BTreeSet;

use crate::catalogue::Split;
use crate::fields::{Fields, names};
use chrono::{Local, TimeZone};

fn parts() -> IdParts {
    IdParts {
        time: Local.with_ymd_and_hms(2026, 1, 2, 3, 4, 59).unwrap(),
        model_type: "simple_cnn".into(),
        num_classes: 3,
        batch_size: 32,
        config_hash: "0123abcd".into(),
    }
}

fn claim(store: &ExperimentStore) -> Experiment {
    store
        .claim(&IdTemplate::default(), parts(), Metadata::default(), &[])
        .unwrap()
}

/// A folder with nothing beside it, where logs of untracked runs would be found.
struct IsolatedFolder {
    path: PathBuf,
    _around: tempfile::TempDir,
}

impl IsolatedFolder {
    fn new() -> Self {
        let around = tempfile::tempdir().unwrap();
        let path = around.path().join("experiments");
        fs::create_dir(&path).unwrap();
        Self {
            path,
            _around: around,
        }
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

#[test]
fn nothing_is_overwritten_and_crashes_are_seen() {
    let folder = IsolatedFolder::new();
    let store = ExperimentStore::new(&folder.path().join("experiments"));
    assert!(store.list().unwrap().entries.is_empty());
    let first = claim(&store);
    let second = claim(&store);
    assert_eq!(
        first.id(),
        "20260102_030459_simple_cnn_3classes_32batch_0123abcd"
    );
    assert_eq!(
        second.id(),
        "20260102_030500_simple_cnn_3classes_32batch_0123abcd"
    );
    let id = first.id().to_owned();
    drop(first); // its lock is released as if the process had died
    // A process started by another test may hold a copy of the lock for a moment.
    let crashed = || store.find(&id).unwrap().status == Some(Status::Crashed);
    let seen = (0..200).any(|_| {
        crashed() || {
            std::thread::sleep(std::time::Duration::from_millis(10));
            false
        }
    });
    assert!(seen, "still running");
    assert_eq!(store.find("latest").unwrap().status, Some(Status::Running));
    second.finish(Status::Completed, |_| {}).unwrap();
    assert_eq!(
        store.find("latest").unwrap().status,
        Some(Status::Completed)
    );
}

#[test]
fn ids_by_prefix_and_suffix() {
    let folder = IsolatedFolder::new();
    let store = ExperimentStore::new(folder.path());
    let (_first, _second) = (claim(&store), claim(&store));
    assert!(store.find("20260102_0304").unwrap().id.contains("030459"));
    let error = store.find("0123abcd").unwrap_err();
    assert!(
        matches!(&error, ExperimentError::Ambiguous { candidates, .. } if candidates.len() == 2)
    );
    for id in ["x", "", "..", "/", "../"] {
        let error = store.find(id).unwrap_err();
        assert!(matches!(error, ExperimentError::NotFound { .. }), "{id}");
    }
}

#[test]
fn a_broken_one_hides_no_other() {
    let folder = IsolatedFolder::new();
    let store = ExperimentStore::new(&folder.path().join("experiments"));
    let _one = claim(&store);
    let broken = store.root().join("broken");
    fs::create_dir(&broken).unwrap();
    fs::write(broken.join("metadata.json"), "{\n\"a\": ").unwrap();
    let untracked = store.claim_untracked(parts()).unwrap();
    assert!(
        untracked
            .directory()
            .ends_with("logs/seismic_training_20260102-030459")
    );
    let found = store.list().unwrap();
    assert_eq!(found.entries.len(), 2);
    assert!(found.entries.iter().any(|entry| entry.untracked));
    let problem = found.broken[0].to_string();
    assert!(
        problem.contains("broken/metadata.json") && problem.contains("line 2"),
        "{problem}"
    );
}

/// Every field has its value, even fields that were skipped while reading.
#[test]
fn lists_know_every_field() {
    let (_folder, store) = crate::test_store::store();
    let entry = store.find("00000001").unwrap();
    let mut file: serde_json::Value =
        serde_json::from_slice(entry.metadata.file.as_deref().unwrap()).unwrap();
    file["training_config"]["plateau"] = serde_json::json!({"factor": 0.5, "list": [[1], "2"]});
    file["training_config"]["input_shape"] = serde_json::json!(["2", 7, 256]);
    file["training_config"]["dataset_config"] = serde_json::json!({"demo": {"classes": 3}});
    file["learning_rate"] = serde_json::json!({"of": {"a": 1}});
    fs::write(entry.directory.join(METADATA), file.to_string()).unwrap();
    let (whole, _) = store.scan(Some).unwrap();
    let (pruned, _) = store.scan_for_lists(Some).unwrap();
    assert_eq!(whole.len(), 3);
    let now = crate::test_store::now();
    for (whole, pruned) in whole.iter().zip(&pruned) {
        assert!(pruned.metadata.pruned && !whole.metadata.pruned);
        assert_eq!(whole.metadata.known(), pruned.metadata.known());
        let (whole, pruned) = (Fields::new(whole, now), Fields::new(pruned, now));
        for name in names().iter().copied().chain([
            "plateau.factor",
            "training_config.plateau.list",
            "learning_rate",
            "learning_rate.of.a",
            "input_shape",
            "files.model_summary.txt",
            "val.per_class.f1",
            "results.test.confusion_matrix",
            "test.accuracy",
            "fingerprints.train",
            "class_names",
            "demo.classes",
        ]) {
            assert_eq!(whole.get(name), pruned.get(name), "{name}");
        }
    }
    let names = pruned.iter().map(|entry| &entry.id).collect::<Vec<_>>();
    assert_eq!(
        names,
        whole.iter().map(|entry| &entry.id).collect::<Vec<_>>()
    );
}

#[test]
#[should_panic(expected = "not written")]
fn what_was_left_out_is_not_written() {
    let (_folder, store) = crate::test_store::store();
    let (pruned, _) = store.scan_for_lists(Some).unwrap();
    pruned[0].metadata.to_bytes();
}

#[test]
fn runs_of_other_programs_are_listed() {
    let folder = IsolatedFolder::new();
    let store = ExperimentStore::new(folder.path());
    let logs = folder.path().join("run1/validation");
    fs::create_dir_all(&logs).unwrap();
    fs::create_dir_all(folder.path().join("mlruns/0")).unwrap();
    let mut writer = crate::events::EventWriter::create(&logs).unwrap();
    for step in 0..3 {
        writer.scalar("epoch_accuracy", step, 0.25 * step as f32);
    }
    writer.flush().unwrap();
    let found = store.list().unwrap();
    let [entry] = &found.entries[..] else {
        panic!("{found:?}");
    };
    assert_eq!((&entry.id[..], entry.untracked), ("run1", true));
    let shown = entry.clone().with_logged_results();
    let results = shown.metadata.results.unwrap();
    assert_eq!(
        (results.epochs_run, &results.validation["accuracy"]),
        (Some(3), &0.5.into())
    );
    assert_eq!(store.find("run1").unwrap().id, "run1");
    assert!(
        store
            .delete(entry)
            .unwrap_err()
            .to_string()
            .contains("remove")
    );
    // As long as an experiment is being created, it has a lock and no metadata.
    fs::write(folder.path().join("run1").join(LOCK_FILE), "").unwrap();
    assert!(store.list().unwrap().entries.is_empty());
}

/// The writer of an event file in a new folder.
fn event_log(folder: &Path) -> crate::events::EventWriter {
    fs::create_dir_all(folder).unwrap();
    crate::events::EventWriter::create(folder).unwrap()
}

/// Keras writes a folder for each split of a run.
#[test]
fn the_folder_of_one_run_of_keras() {
    let folder = IsolatedFolder::new();
    for (split, loss) in [("train", 1.0), ("validation", 0.5)] {
        let mut writer = event_log(&folder.path().join(split));
        writer.scalar("epoch_loss", 0, loss);
        writer.flush().unwrap();
    }
    let store = ExperimentStore::new(folder.path());
    let found = store.list().unwrap().entries;
    let [entry] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(entry.history().curve("val_loss"), [(0, 0.5)]);
    assert_eq!(store.left_out(&BTreeSet::new()).unwrap(), []);
    // Beside other runs, they are runs as well.
    let other = folder.path().join("other");
    let mut writer = event_log(&other);
    writer.scalar("loss", 0, 1.0);
    writer.flush().unwrap();
    assert_eq!(store.list().unwrap().entries.len(), 3);
}

/// A table in the given folder itself is that of a run, unless there are others.
#[test]
fn the_folder_of_one_run_was_given() {
    let folder = IsolatedFolder::new();
    let store = ExperimentStore::new(folder.path());
    let table = "epoch,val_loss\n0,1.0\n1,0.5\n";
    fs::write(folder.path().join("training.log"), table).unwrap();
    fs::create_dir(folder.path().join("checkpoints")).unwrap();
    let found = store.list().unwrap().entries;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].history().curve("val_loss"), [(0, 1.0), (1, 0.5)]);
    fs::create_dir(folder.path().join("run")).unwrap();
    fs::write(folder.path().join("run/training.log"), table).unwrap();
    let found = store.list().unwrap().entries;
    let [entry] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(entry.id, "run");
    let listed = BTreeSet::from([entry.directory.clone(), folder.path().join("checkpoints")]);
    let left_out = store.left_out(&listed).unwrap();
    let expected = "`training.log` has metrics, but is in no folder of its own: move it into one";
    assert_eq!(left_out[0].to_string(), expected);
}

/// Files of other programs: what they say of their state, and scores that only their logs have.
#[test]
fn states_and_scores_of_other_programs() {
    let folder = IsolatedFolder::new();
    let store = ExperimentStore::new(folder.path());
    let mut writer = event_log(&folder.path().join("a/logs"));
    for (epoch, loss) in [(0, 1.0), (1, 0.5), (2, 0.75)] {
        writer.scalar("val_loss", epoch, loss);
    }
    writer.flush().unwrap();
    for (text, status, best, test) in [
        (
            r#"{"status": "completed"}"#,
            Status::Completed,
            Some(1),
            None,
        ),
        (
            r#"{"status": "FINISHED"}"#,
            Status::Completed,
            Some(1),
            None,
        ),
        (r#"{"status": "Failed"}"#, Status::Failed, Some(1), None),
        // No lock tells whether it still runs.
        (r#"{"status": "running"}"#, Status::Unknown, Some(1), None),
        (
            r#"{"status": "done", "results": {"test_accuracy": 0.75}}"#,
            Status::Completed,
            Some(1),
            Some(0.75),
        ),
        (
            r#"{"status": "done", "results": {"best_epoch": 3}}"#,
            Status::Completed,
            Some(3),
            None,
        ),
    ] {
        fs::write(folder.path().join("a").join(METADATA), text).unwrap();
        let entry = store.find("a").unwrap().with_logged_results();
        assert_eq!(entry.status, Some(status), "{text}");
        let m = &entry.metadata;
        let results = m.results.as_ref().unwrap();
        assert_eq!((results.epochs_run, results.best_epoch), (Some(3), best));
        assert_eq!(m.metric(Split::Test, "accuracy"), test, "{text}");
        let loss = m.metric(Split::Validation, "loss");
        assert_eq!(loss.is_some(), best == Some(1), "{text}");
        assert_eq!(m.known()["results"]["best_epoch"], best.unwrap());
    }
}

/// What a run does not tell is not zero.
#[test]
fn unknown_settings_are_no_zeros() {
    let folder = IsolatedFolder::new();
    let mut writer = event_log(&folder.path().join("a"));
    writer.scalar("val_loss", 0, 1.0);
    writer.flush().unwrap();
    let store = ExperimentStore::new(folder.path());
    let entry = store.find("a").unwrap().with_logged_results();
    let fields = Fields::new(&entry, crate::test_store::now());
    for name in ["learning_rate", "batch_size", "trainable_params", "params"] {
        assert_eq!(fields.get(name), serde_json::Value::Null, "{name}");
    }
    assert_eq!(fields.get("val_loss"), 1.0);
    fs::write(
        folder.path().join("a/hparams.yaml"),
        "lr: 0.01\nepochs: 5\n",
    )
    .unwrap();
    let entry = store.find("a").unwrap();
    let known = entry.metadata.known();
    let expected = serde_json::json!({"training_config": {"learning_rate": 0.01, "epochs": 5}});
    assert_eq!(known, expected);
}
