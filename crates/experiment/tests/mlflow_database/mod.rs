//! Runs in a database of MLflow, written by MLflow itself (`scripts/conformance/make_mlflow_database.py`).

use std::io::Read;

use flate2::read::GzDecoder;

use super::*;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mlflow_database")
}

/// A folder with the database.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let packed = std::fs::read(fixtures().join("mlflow.db.gz")).unwrap();
    let mut bytes = Vec::new();
    GzDecoder::new(&packed[..]).read_to_end(&mut bytes).unwrap();
    std::fs::write(folder.path().join("mlflow.db"), bytes).unwrap();
    folder
}

/// What `MlflowClient` returns.
#[test]
fn values_are_those_of_mlflow() {
    let folder = folder();
    let text = std::fs::read(fixtures().join("expected.json")).unwrap();
    let text = String::from_utf8(text).unwrap().replace("NaN", "\"NaN\"");
    let all: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap();
    let compared: usize = all
        .iter()
        .map(|(id, expected)| compare(folder.path(), id, expected))
        .sum();
    assert_eq!(all.len(), 3);
    assert!(compared > 450, "{compared}");
}

#[test]
fn listed_like_other_runs() {
    let folder = folder();
    let columns = "id,tracker.run,tracker.group,tracker.status,model,epochs,val_acc,val_loss,test_f1,test_acc";
    let list = ["list", "--csv", "--sort", "id", "--columns", columns];
    insta::assert_snapshot!(says(folder.path(), &list));
    let said = says(folder.path(), &["summary", "bbbb"]);
    for line in [
        "tracked by    MLflow, run without curves, of vehicles, failed",
        "test          macro F1 1.0000, accuracy -, loss -",
        "other scores  accuracy 0.9300, auc NaN",
        "directory     ROOT/mlflow.db/1/bbbb",
    ] {
        assert!(said.contains(line), "{said}");
    }
    assert!(
        !said.contains("size") && !said.contains("tensorboard"),
        "{said}"
    );
    // Below another folder.
    let other = tempfile::tempdir().unwrap();
    let path = other.path().join("project/deep/backend.sqlite");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::copy(folder.path().join("mlflow.db"), path).unwrap();
    let ids = output(other.path(), &["list", "--csv", "--columns", "id"]).text;
    assert!(ids.contains("project/deep/backend.sqlite/1/aaaa"), "{ids}");
    let found = output(other.path(), &["compare", "aaaa", "bbbb"]).text;
    assert!(
        found.contains("many steps") || found.contains("aaaa"),
        "{found}"
    );
}

#[test]
fn changes_that_are_not_in_the_file_are_told() {
    let folder = folder();
    std::fs::write(folder.path().join("mlflow.db-wal"), [1; 100]).unwrap();
    let said = says(folder.path(), &["summary", "aaaa"]);
    assert!(
        said.contains(
            "its latest changes may be in `mlflow.db-wal`, which is damaged and not read"
        ),
        "{said}"
    );
    // A log of SQLite is read, with the run that is there alone.
    let packed = std::fs::read(fixtures().join("mlflow.db-wal.gz")).unwrap();
    let mut log = Vec::new();
    GzDecoder::new(&packed[..]).read_to_end(&mut log).unwrap();
    std::fs::write(folder.path().join("mlflow.db-wal"), log).unwrap();
    let said = says(folder.path(), &["summary", "eeee"]);
    assert!(
        said.contains("tracked by    MLflow, run newest, of vehicles, running"),
        "{said}"
    );
    assert!(
        said.contains("Curves over 200 epochs") && !said.contains("mlflow.db-wal"),
        "{said}"
    );
    std::fs::remove_file(folder.path().join("mlflow.db-wal")).unwrap();
    // The file is cut.
    let path = folder.path().join("mlflow.db");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 200 * 1024]).unwrap();
    let said = says(folder.path(), &["summary", "aaaa"]);
    assert!(said.contains("cannot be read"), "{said}");
    std::fs::write(&path, &bytes[..300]).unwrap();
    let said = says(folder.path(), &["list"]);
    assert!(
        said.contains("`mlflow.db` is damaged: 1 page cannot be read"),
        "{said}"
    );
}

/// What would change a run is refused, and the database stays as it is.
#[test]
fn never_written() {
    let folder = folder();
    let path = folder.path().join("mlflow.db");
    let before = std::fs::read(&path).unwrap();
    for arguments in [
        &["delete", "aaaa"][..],
        &["note", "aaaa", "x"],
        &["tag", "aaaa", "x"],
        &["repair", "aaaa"],
        &["verify", "aaaa"],
        &["verify"],
        &["tensorboard", "aaaa"],
    ] {
        let root = folder.path().to_str().unwrap();
        let words = ["experiment", "--experiments-dir", root];
        let Ok(cli) = Cli::try_parse_from(words.iter().chain(arguments)) else {
            panic!("{arguments:?}");
        };
        let terminal = Terminal {
            width: None,
            colour: false,
            now: "2026-12-01T12:00:00".parse().unwrap(),
        };
        let said = match run(&cli, &terminal) {
            Ok(output) => output.text,
            Err(error) => error.to_string(),
        };
        if arguments[0] == "delete" {
            assert!(
                said.contains("is in a database of MLflow: delete it there"),
                "{said}"
            );
        }
        assert_eq!(std::fs::read(&path).unwrap(), before, "{arguments:?}");
        let files = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(files, 1, "{arguments:?}");
    }
}
