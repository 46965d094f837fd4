use super::*;
use crate::{ExperimentStore, IdParts};

#[test]
fn a_set_is_taken_apart_before_it_is_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let parts = IdParts {
        time: chrono::Local::now(),
        model_type: "simple_cnn".into(),
        num_classes: 3,
        batch_size: 32,
        config_hash: "0123abcd".into(),
    };
    let store = ExperimentStore::new(folder.path());
    let claimed = store.claim(&Default::default(), parts, Metadata::default(), &[]);
    let mut experiment = claimed.unwrap();
    let set = |content: &str| {
        let names = ["model/a/values", "model/b.pb"];
        names.map(|name| (name.to_owned(), content.as_bytes().to_vec()))
    };
    experiment.save_set(&set("old")).unwrap();
    let [values, whole] =
        ["model/a/values", "model/b.pb"].map(|name| experiment.directory().join(name));
    assert_eq!(fs::read_to_string(&values).unwrap(), "old");
    assert_eq!(fs::read_to_string(&whole).unwrap(), "old");

    // The first file cannot be written, and the file that marks the old set as complete is gone.
    fs::remove_file(&values).unwrap();
    fs::create_dir_all(values.join("in the way")).unwrap();
    experiment.save_set(&set("new")).unwrap_err();
    assert!(!whole.exists());

    fs::remove_dir_all(&values).unwrap();
    experiment.save_set(&set("new")).unwrap();
    assert_eq!(fs::read_to_string(&whole).unwrap(), "new");
    let hashes = &experiment.metadata().other[FILES];
    assert_eq!(hashes["model/a/values"], sha256_hex(b"new"));
}
