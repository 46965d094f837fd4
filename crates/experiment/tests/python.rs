//! Experiments of the Python system, written by Keras and TensorFlow (`scripts/make_python_experiment.py`), in every
//! command.

mod folders;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use folders::copy;

const ID: &str = "20250314_092653_simple_cnn_2classes_16batch_5f3a9c01";

/// A copy of the fixture.
fn fixture() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/python");
    copy(&source, folder.path());
    let root = folder.path().join("experiments");
    (folder, root)
}

fn run(root: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_experiment"));
    command.arg("--experiments-dir").arg(root).args(arguments);
    command.output().unwrap()
}

fn text(root: &Path, arguments: &[&str]) -> String {
    let output = run(root, arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {error}");
    assert_eq!(error, "", "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn metrics_come_from_the_event_logs() {
    let (_folder, root) = fixture();
    let list = text(
        &root,
        &[
            "list",
            "--csv",
            "--columns",
            "id,status,epochs,val_f1,val_acc,test_f1,test_acc",
        ],
    );
    insta::assert_snapshot!(list);
    let found = text(
        &root,
        &[
            "list",
            "--filter",
            "test_acc>0.5 and model=simple_cnn",
            "--columns",
            "id",
        ],
    );
    assert!(found.contains(ID), "{found}");
    let summary = text(&root, &["summary", "best"]).replace(&root.display().to_string(), "ROOT");
    insta::assert_snapshot!(summary);
}

#[test]
fn every_command_takes_them() {
    let (folder, root) = fixture();
    let before = std::fs::read(root.join(ID).join("metadata.json")).unwrap();
    let plot = folder.path().join("plot.png");
    let page = folder.path().join("page.html");
    let untracked = "seismic_training_20250101-120000";
    for arguments in [
        &["list", "--json"][..],
        &["summary", ID, "--json"],
        &["summary", untracked],
        &["compare", ID, untracked, "--json"],
        &["compare", ID, untracked],
        &["tensorboard"],
        &["tensorboard", ID, untracked],
        &["report", ID, untracked, "-o", page.to_str().unwrap()],
        &["watch", ID],
        &["watch", untracked],
        &["verify"],
        &["verify", ID, "--json"],
        &["repair", ID],
        &["note", ID],
        &["tag", ID],
        &["delete", ID, "--dry-run"],
        &["restore"],
        &["purge"],
        &["gc", "--keep-newest", "1", "--dry-run"],
    ] {
        text(&root, arguments);
    }
    assert_eq!(
        std::fs::read(root.join(ID).join("metadata.json")).unwrap(),
        before
    );
    let output = run(
        &root,
        &["compare", ID, untracked, "--plot", plot.to_str().unwrap()],
    );
    assert!(output.status.success());
    assert!(std::fs::read(plot).unwrap().starts_with(b"\x89PNG"));
    assert!(std::fs::read_to_string(page).unwrap().contains("polyline"));

    // The untracked run has the lower loss, but `latest` and `best` are tracked experiments while there are any.
    for id in ["latest", "best", "best:val_loss"] {
        let output = run(&root, &["compare", id, untracked]);
        let shown = String::from_utf8(output.stdout).unwrap();
        assert!(shown.starts_with(&format!("[1] {ID}")), "{id}: {shown}");
        assert_eq!(output.stderr, b"", "{id}");
    }
    text(&root, &["delete", ID]);
    for (id, reason) in [
        ("latest", "there is no tracked experiment"),
        ("best:val_loss", "no tracked experiment has `val_loss`"),
    ] {
        let output = run(&root, &["summary", id]);
        let shown = String::from_utf8(output.stdout).unwrap();
        assert!(shown.contains(untracked), "{id}: {shown}");
        let said = String::from_utf8(output.stderr).unwrap();
        let expected = format!("`{id}` is the untracked run {untracked}: {reason}");
        assert!(said.contains(&expected), "{id}: {said}");
    }
    text(&root, &["restore", ID]);

    text(&root, &["tag", ID, "python"]);
    text(&root, &["note", "python", "from", "the", "old", "system"]);
    text(&root, &["delete", "python"]);
    assert!(!root.join(ID).exists());
    text(&root, &["restore", "2025"]);
    let metadata = std::fs::read_to_string(root.join(ID).join("metadata.json")).unwrap();
    assert!(metadata.contains("tensorflow_version") && !metadata.contains("schema_version"));
    assert!(metadata.contains("from the old system"));
    let output = run(&root, &["delete", untracked]);
    assert_eq!(output.status.code(), Some(2));
    let output = run(&root, &["tag", untracked, "x"]);
    assert_eq!(output.status.code(), Some(2));
}
