use super::*;
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

#[test]
fn nothing_is_overwritten_and_crashes_are_seen() {
    let folder = tempfile::tempdir().unwrap();
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
    drop(first); // its lock goes as if the process had died
    // A process that another test is starting may hold a copy of the lock for a moment.
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
    let folder = tempfile::tempdir().unwrap();
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
    let folder = tempfile::tempdir().unwrap();
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
