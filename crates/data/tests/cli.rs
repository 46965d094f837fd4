//! The binary `data` as a user runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn data(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_data"))
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/recordings")
}

/// Standard output of a run that must succeed, with the folder's name left out.
fn stdout(folder: &Path, arguments: &[&str]) -> String {
    let output = data(arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let shown = text(&output.stdout).replace(&folder.display().to_string(), "DIR");
    shown.replace(&fixtures().display().to_string(), "FIXTURES")
}

#[test]
fn recordings_become_a_dataset_and_another_split() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let list = format!(
        "sampling_rate: 200\nwindow: 1.28\nchannels: [SH3]\nclass_names: [gle350, mustang]\ntask: vehicle_classification\n\
         m3n_vc: [{{folder: '{}/m3n_vc'}}]\nsplit: {{by: given, train: 0.8, val: 0.2}}\n",
        fixtures().display()
    );
    std::fs::write(at("list.yaml"), list).unwrap();
    insta::assert_snapshot!(stdout(folder.path(), &["import", &at("list.yaml"), "--out", &at("vehicles")]), @r"
    split  groups  windows  gle350  mustang
    train       2       48      24       24
    val         2       12       6        6
    test        2       60      30       30

    train with: cargo run -p trainer -- --dataset-config DIR/vehicles/dataset_config.yaml
    ");
    let config = at("vehicles/dataset_config.yaml");
    insta::assert_snapshot!(stdout(folder.path(), &["validate", &config]), @"valid: 48 training, 12 validation and 60 test windows of 2 classes, inputs of 1 x 7 x 64");
    let prints = stdout(folder.path(), &["fingerprint", &config, "--json"]);
    let prints: Value = serde_json::from_str(&prints).unwrap();
    assert_eq!(prints["train"].as_str().unwrap().len(), 64);

    let inspected = stdout(
        folder.path(),
        &["inspect", &config, "--figure", &at("look.png")],
    );
    insta::assert_snapshot!(inspected, @r"
           samples  groups  0 gle350  1 mustang
    train       48       2        24         24
    val         12       2         6          6
    test        60       2        30         30

    train: 48 of 1 x 256; values from 15340 to 16608
    val: 12 of 1 x 256; values from 15405 to 16595
    test: 60 of 1 x 256; values from 15399 to 16684
    ");
    assert!(
        std::fs::read(at("look.png"))
            .unwrap()
            .starts_with(b"\x89PNG")
    );

    // All together and out again, by other groups.
    let split = stdout(
        folder.path(),
        &[
            "split",
            &config,
            "--out",
            &at("again"),
            "--train",
            "0.5",
            "--val",
            "0.5",
            "--test",
            "0",
        ],
    );
    assert!(
        split.contains("train with: cargo run -p trainer"),
        "{split}"
    );
    assert!(
        stdout(
            folder.path(),
            &["validate", &at("again/dataset_config.yaml")]
        )
        .starts_with("valid: ")
    );
    let again = data(&["split", &config, "--out", &at("again")]);
    assert_eq!(again.status.code(), Some(2));
    assert!(
        text(&again.stderr).contains("nothing is overwritten"),
        "{}",
        text(&again.stderr)
    );
}

#[test]
fn recordings_are_inspected() {
    let path = fixtures().join("steim2.mseed").display().to_string();
    insta::assert_snapshot!(stdout(Path::new("/nowhere"), &["inspect", &path]), @r"
    FIXTURES/steim2.mseed
    channel                            start   Hz  seconds  stretches  smallest  largest  not finite
    XX.NODE.00.EHN  2024-05-01T10:00:00.000Z  100    4.000          2    -94185   100416           0
    XX.NODE.00.EHZ  2024-05-01T10:00:00.000Z  100    4.000          2    -95185    99416           0
    ");
    let json = stdout(Path::new("/nowhere"), &["inspect", &path, "--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["recordings"][0]["sampling_rate"], 100.0);
}

#[test]
fn mistakes_end_with_2_and_name_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let junk = folder.path().join("junk.dat").display().to_string();
    std::fs::write(&junk, b"nothing of the kind").unwrap();
    for (arguments, problem) in [
        (
            vec!["inspect", junk.as_str()],
            "junk.dat: the format is not known",
        ),
        (vec!["inspect", "/nowhere/x.npz"], "/nowhere/x.npz"),
        (
            vec!["validate", "/nowhere/config.yaml"],
            "cannot read the dataset configuration /nowhere/config.yaml",
        ),
        (
            vec!["import", "/nowhere/list.yaml", "--out", "x"],
            "cannot read the list of recordings",
        ),
    ] {
        let output = data(&arguments);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(problem), "{stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
    }
}

/// The example of the list is one that is read.
#[test]
fn the_example_is_a_list() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/recordings.yaml");
    let error = data::import::RecordingsConfig::load(&example)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("site_a/day1/*.mseed: no file is named so"),
        "{error}"
    );
}
