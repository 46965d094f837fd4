//! Runs `experiment` as a user does.

use std::path::Path;
use std::process::{Command, Output};

fn run(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_experiment"));
    command
        .arg("--experiments-dir")
        .arg(directory)
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn exit_codes_and_messages() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("experiments");
    let output = run(&root, &["list"]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("No experiments in"));

    let output = run(&root, &["summary", "latest"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no experiment matches `latest`"));

    // An experiment of the Python system, which is shown, and a broken one, which is reported.
    let id = "20250101_120000_simple_cnn_3classes_32batch_deadbeef";
    for (name, text) in [
        (
            id,
            r#"{"experiment_id": "x", "timestamp": "2025", "model_info": {"type": "simple_cnn"}}"#,
        ),
        ("broken", "{"),
    ] {
        std::fs::create_dir_all(root.join(name)).unwrap();
        std::fs::write(root.join(name).join("metadata.json"), text).unwrap();
    }
    let output = run(&root, &["list"]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains(id));
    let warning = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(warning.contains("broken/metadata.json"), "{warning}");
    assert!(run(&root, &["summary", "deadbeef"]).status.success());
    assert_eq!(run(&root, &["compare", "deadbeef"]).status.code(), Some(2));
    // A misspelt field is bad usage wherever it stands.
    for arguments in [
        &["list", "--sort", "modle"][..],
        &["list", "--columns", "id,modle"],
        &["list", "--group-by", "modle"],
        &["list", "--filter", "modle=x"],
        &["compare", "--group-by", "modle"],
        &["gc", "--keep-best", "1", "--by", "modle"],
        &["summary", "best:modle"],
    ] {
        let output = run(&root, arguments);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(message.contains("do you mean `model`?"), "{message}");
        assert_eq!(output.stdout, b"");
    }
    let help = run(&root, &["compare", "--help"]).stdout;
    let help = String::from_utf8_lossy(&help).into_owned();
    assert!(
        help.contains("experiment compare [OPTIONS] --group-by <KEY,...>"),
        "{help}"
    );
    let output = run(&root, &["tensorboard", "2025"]);
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("tensorboard "));
}
