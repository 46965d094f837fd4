//! `metadata.json` of other programs, in every command that shows or changes it.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Names and files. Python's `json.dump` writes NaN and Infinity; editors on Windows write byte-order marks.
const FILES: [(&str, &[u8]); 7] = [
    ("20250314_090000_nan", br#"{"timestamp": "2025-03-14T09:00:00", "model_info": {"type": "m"},
        "results": {"epochs_run": 3, "best_epoch": 0, "validation": {"loss": NaN, "accuracy": 0.5},
                    "test": {"loss": Infinity, "accuracy": 0.5}}}"#),
    ("20250314_090100_text", br#"{"timestamp": "2025-03-14T09:01:00", "model_info": {"type": "m", "total_params": "110"},
        "training_config": {"batch_size": "16", "epochs": "3", "learning_rate": "0.01"},
        "results": {"epochs_run": "3", "test": {"accuracy": "0.75"}}}"#),
    ("20250314_090200_null", br#"{"timestamp": null, "model_info": null, "training_config": {"epochs": null},
        "dataset_info": {"train_size": "unknown"}, "tags": null, "status": null, "results": null}"#),
    ("20250314_090300_mark", b"\xef\xbb\xbf{\"timestamp\": \"2025-03-14T09:03:00\", \"model_info\": {\"type\": \"m\"}}"),
    ("20250314_090400_newer", br#"{"schema_version": 7, "status": "paused", "timestamp": "2025-03-14T09:04:00",
        "model_info": {"type": "m"}}"#),
    ("20250314_090500_page", b"<html>404</html>"),
    ("20250314_090600_list", b"[1, 2]"),
];

fn run(root: &Path, arguments: &[&str]) -> (String, String, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_experiment"));
    let output = command
        .arg("--experiments-dir")
        .arg(root)
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| {
        String::from_utf8(bytes)
            .unwrap()
            .replace(&root.display().to_string(), "ROOT")
    };
    (
        text(output.stdout),
        text(output.stderr),
        output.status.code().unwrap(),
    )
}

fn fixture() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("experiments");
    for (name, bytes) in FILES {
        std::fs::create_dir_all(root.join(name)).unwrap();
        std::fs::write(root.join(name).join("metadata.json"), bytes).unwrap();
    }
    (folder, root)
}

#[test]
fn every_one_is_listed() {
    let (_folder, root) = fixture();
    let columns =
        "id,status,model,params,epochs,best_epoch,val_acc,val_loss,test_acc,test_loss,batch_size";
    let (list, told, code) = run(&root, &["list", "--columns", columns]);
    assert_eq!(code, 0);
    insta::assert_snapshot!(format!("{list}\n{told}"));
    let (json, _, _) = run(&root, &["list", "--json"]);
    let rows: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), FILES.len());
    let (found, _, _) = run(
        &root,
        &["list", "--filter", "status=broken", "--columns", "id"],
    );
    assert_eq!(found.lines().count(), 3, "{found}");
    let (found, _, _) = run(
        &root,
        &["list", "--filter", "test_loss>1e300", "--columns", "id"],
    );
    assert!(
        found.contains("090000_nan") && found.lines().count() == 2,
        "{found}"
    );
    let mut shown = String::new();
    for id in [
        "090000_nan",
        "090100_text",
        "090200_null",
        "090500_page",
        "090500",
    ] {
        let (text, error, _) = run(&root, &["summary", &format!("20250314_{id}")]);
        shown.push_str(&format!("$ experiment summary {id}\n{text}{error}\n"));
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn changes_keep_the_rest() {
    let (_folder, root) = fixture();
    for (name, before) in FILES {
        let path = root.join(name).join("metadata.json");
        let (_, error, code) = run(&root, &["tag", name, "seen"]);
        let after = std::fs::read(&path).unwrap();
        if ["newer", "page", "list"]
            .iter()
            .any(|kind| name.ends_with(kind))
        {
            assert_ne!(code, 0, "{name}");
            assert_eq!(after, before, "{name}: {error}");
            continue;
        }
        assert_eq!(code, 0, "{name}: {error}");
        let flat = |bytes: &[u8]| {
            let text = std::str::from_utf8(bytes)
                .unwrap()
                .trim_start_matches('\u{feff}');
            text.split_whitespace().collect::<String>()
        };
        let tags = "\"tags\":[\"seen\"]";
        let expected = match flat(before) {
            text if text.contains("\"tags\":null") => text.replace("\"tags\":null", tags),
            text => format!("{},{tags}}}", &text[..text.len() - 1]),
        };
        assert_eq!(flat(&after), expected, "{name}");
        assert!(
            !after.starts_with(b"\xef\xbb\xbf"),
            "Python refuses the mark"
        );
    }
}
