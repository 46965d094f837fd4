//! `data inspect FOLDER`: what is in a folder.

use std::path::Path;

use serde_json::Value;

use super::folder::{header, plain, write};
use super::{data, fixtures, stdout, text, text_of};

#[test]
fn datasets_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let copy = |from: &Path, to: &str| {
        std::fs::create_dir_all(folder.path().join(to)).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            if entry.path().is_file() {
                std::fs::copy(entry.path(), folder.path().join(to).join(entry.file_name()))
                    .unwrap();
            }
        }
    };
    copy(&fixtures().join("m3n_vc"), "m3n");
    copy(&fixtures().join("../seisbench/stead"), "stead");
    copy(&fixtures().join("../numpy"), "numpy");
    std::fs::copy(
        fixtures().join("../pt/window.pt"),
        folder.path().join("w.pt"),
    )
    .unwrap();
    let shown = stdout(
        folder.path(),
        &["inspect", &folder.path().display().to_string()],
    );
    for part in [
        "DIR/m3n: M3N-VC dataset; key `m3n_vc` of a list of recordings",
        "DIR/stead: SeisBench dataset; key `seisbench`",
        "PyTorch's .pt samples, windows of 2 x 1024 (1), such as w.pt",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
    assert!(!shown.contains("Parquet, "), "{shown}");
}

#[test]
fn folders_with_nothing_end_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    std::fs::create_dir(at("empty")).unwrap();
    write(folder.path(), "hidden/.DS_Store", "x");
    write(folder.path(), "junk/a.pdf", "%PDF-1.4");
    plain(folder.path(), "sound/a.csv", 1);
    write(folder.path(), "there.yaml", "mine");
    for (arguments, problem) in [
        (
            vec!["inspect", &at("empty")],
            "empty: the folder has no files",
        ),
        (
            vec!["inspect", &at("hidden")],
            "1 hidden files, or those of systems and editors, are left out",
        ),
        (
            vec!["inspect", &at("junk")],
            "junk: the folder has no recordings and no samples:\nother files:\n  files of other formats: a PDF (1), such as a.pdf",
        ),
        (
            vec!["inspect", &at("sound"), "--draft", &at("there.yaml")],
            "there.yaml: exists already, and nothing is overwritten",
        ),
        (
            vec!["inspect", &at("sound/a.csv"), "--draft", &at("new.yaml")],
            "`--draft` is for one folder",
        ),
    ] {
        let output = data(&arguments);
        assert_eq!(output.status.code(), Some(2), "{}", text_of(&output));
        assert!(
            text(&output.stderr).contains(problem),
            "{}",
            text(&output.stderr)
        );
    }
    assert_eq!(std::fs::read(at("there.yaml")).unwrap(), b"mine");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let closed = std::fs::Permissions::from_mode(0o000);
        std::fs::set_permissions(at("sound"), closed).unwrap();
        // The superuser may read everything.
        if std::fs::read_dir(at("sound")).is_err() {
            let output = data(&["inspect", &at("sound")]);
            assert_eq!(output.status.code(), Some(2));
            assert!(
                text(&output.stderr).contains("cannot read the folder"),
                "{}",
                text(&output.stderr)
            );
        }
        std::fs::set_permissions(at("sound"), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// Of large files, only the beginning is read.
#[test]
fn large_files_are_estimated() {
    let folder = tempfile::tempdir().unwrap();
    let length = 200 << 20;
    write(folder.path(), "long.wav", header(length));
    let file = std::fs::File::options()
        .write(true)
        .open(folder.path().join("long.wav"))
        .unwrap();
    file.set_len(44 + u64::from(length)).unwrap();
    let shown = stdout(
        folder.path(),
        &["inspect", &folder.path().display().to_string(), "--json"],
    );
    let json: Value = serde_json::from_str(&shown).unwrap();
    let kind = &json["folders"][0]["recordings"][0];
    assert_eq!(kind["estimated"], 1);
    let seconds = kind["seconds"].as_f64().unwrap();
    let expected = f64::from(length) / 200.0;
    assert!((seconds / expected - 1.0).abs() < 1e-3, "{seconds}");
    assert_eq!(json["folders"][0]["draft"]["to_fill_in"], true);
}
