//! Arbitrary content in the experiments directory causes no panic, no hang, no writes outside it, and no control
//! characters in the output.
#![cfg(unix)]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use clap::Parser;
use experiment::commands::text::Terminal;
use experiment::commands::{Cli, run};
use proptest::collection::vec;
use proptest::prelude::*;

/// An entry in a directory.
#[derive(Clone, Debug)]
enum DirectoryEntry {
    File(Vec<u8>),
    Metadata(String),
    Folder,
    Link(&'static str),
    Pipe,
    Unreadable,
}

fn directory_entry() -> impl Strategy<Value = DirectoryEntry> {
    prop_oneof![
        vec(any::<u8>(), 0..200).prop_map(DirectoryEntry::File),
        metadata().prop_map(DirectoryEntry::Metadata),
        Just(DirectoryEntry::Folder),
        prop_oneof![
            Just("."),
            Just(".."),
            Just("/"),
            Just("nowhere"),
            Just("metadata.json"),
            Just("/dev/zero")
        ]
        .prop_map(DirectoryEntry::Link),
        Just(DirectoryEntry::Pipe),
        Just(DirectoryEntry::Unreadable),
    ]
}

/// JSON with a valid beginning and values of any kind, complete or truncated.
fn metadata() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("null".to_owned()),
        Just("-1e999".to_owned()),
        Just("18446744073709551616".to_owned()),
        Just("[[[{}]]]".to_owned()),
        Just("\"\\u001b[2J\\u0000\\n\\u202e\"".to_owned()),
        Just("{\"f1_macro\": \"x\", \"per_class\": {\"support\": [1, {}]}, \"confusion_matrix\": [[1], 2]}".to_owned()),
        Just("3".to_owned()),
        Just("\"completed\"".to_owned()),
        Just("\"running\"".to_owned()),
    ];
    let key = prop_oneof![
        Just("experiment_id"),
        Just("timestamp"),
        Just("status"),
        Just("model_info"),
        Just("training_config"),
        Just("dataset_info"),
        Just("results"),
        Just("tags"),
        Just("notes"),
        Just("files"),
        Just("class_names"),
        Just("duration_s"),
        Just("schema_version"),
        Just("\\u001b]0;x\\u0007"),
    ];
    (vec((key, value), 0..6), 0usize..40).prop_map(|(fields, cut)| {
        let fields: Vec<String> = fields
            .iter()
            .map(|(key, value)| format!("\"{key}\": {value}"))
            .collect();
        let whole = format!("{{{}}}", fields.join(", "));
        match cut {
            // Most are complete.
            0..8 => whole[..whole.len() * cut / 8].to_owned(),
            _ => whole,
        }
    })
}

fn name() -> impl Strategy<Value = OsString> {
    prop_oneof![
        Just(OsString::from("metadata.json")),
        Just(OsString::from("history.jsonl")),
        Just(OsString::from("logs")),
        Just(OsString::from("events.out.tfevents.1.x")),
        Just(OsString::from("a\nb")),
        Just(OsString::from("\u{1b}[31mred")),
        Just(OsString::from("-rf")),
        Just(OsString::from(".trash")),
        Just(OsString::from_vec(vec![0xff, 0xfe])),
        "[a-z]{1,3}".prop_map(OsString::from),
    ]
}

fn put(path: &Path, entry: &DirectoryEntry) {
    // Names may repeat, and writing to a pipe would wait for a reader.
    if std::fs::symlink_metadata(path).is_ok() {
        return;
    }
    let _ = match entry {
        DirectoryEntry::File(bytes) => std::fs::write(path, bytes),
        DirectoryEntry::Metadata(text) => std::fs::write(path, text),
        DirectoryEntry::Folder => std::fs::create_dir(path),
        DirectoryEntry::Link(target) => std::os::unix::fs::symlink(target, path),
        DirectoryEntry::Pipe => {
            let made = std::process::Command::new("mkfifo")
                .arg(path)
                .stderr(std::process::Stdio::null())
                .status();
            made.map(drop)
        }
        DirectoryEntry::Unreadable => {
            use std::os::unix::fs::PermissionsExt;
            let made = std::fs::create_dir(path);
            let none = std::fs::Permissions::from_mode(0o0);
            made.and_then(|()| std::fs::set_permissions(path, none))
        }
    };
}

/// Everything outside the experiments, which must not change.
fn outside(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let file = folder.join("outside/file");
    let bytes = std::fs::read(&file).unwrap();
    let names = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| (entry.unwrap().path(), Vec::new()));
    let mut found: Vec<_> = names.chain([(file, bytes)]).collect();
    found.sort();
    found
}

proptest! {
    #[test]
    fn any_directory(
        entries in vec((vec(name(), 1..4), directory_entry()), 0..25),
        id in prop_oneof![
            Just("latest".to_owned()), Just("best".to_owned()), Just("a".to_owned()), Just("../outside".to_owned()),
            Just("/".to_owned()), Just("..".to_owned()), Just("../../outside/file".to_owned()), "\\PC{0,5}",
        ],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("experiments");
        std::fs::create_dir_all(root.join("x")).unwrap();
        std::fs::create_dir(folder.path().join("outside")).unwrap();
        std::fs::write(folder.path().join("outside/file"), "kept").unwrap();
        std::fs::write(folder.path().join("report.html"), "").unwrap();
        for (names, entry) in &entries {
            let path = names.iter().fold(root.clone(), |path, name| path.join(name));
            let _ = std::fs::create_dir_all(path.parent().unwrap());
            put(&path, entry);
        }
        // One experiment is always listed, whatever else there is.
        put(&root.join("x/metadata.json"), &entries.first().map_or(DirectoryEntry::Folder, |(_, entry)| entry.clone()));
        let before = outside(folder.path());
        let page = folder.path().join("report.html").display().to_string();
        for arguments in [
            &["list"][..], &["list", "--json"], &["list", "--csv"], &["list", "--sort", "-size", "--filter", "not tags"],
            &["summary", &id], &["compare", &id, "x"], &["tensorboard", &id], &["report", &id, "x", "-o", &page],
            &["watch", "--once", &id], &["verify"], &["verify", &id], &["repair", &id], &["note", &id, "n"],
            &["tag", &id, "t"], &["gc", "--keep-best", "1"], &["restore"], &["restore", &id], &["delete", &id],
            &["purge", "--yes"],
        ] {
            let words = ["experiment", "--experiments-dir", root.to_str().unwrap()];
            let words = words.iter().chain(arguments.iter());
            let Ok(cli) = Cli::try_parse_from(words) else {
                continue; // an ID that looks like an option
            };
            for width in [None, Some(80)] {
                if width.is_some() && !["list", "summary", "compare"].contains(&arguments[0]) {
                    continue;
                }
                let terminal = Terminal { width, colour: false, now: chrono::Local::now().naive_local() };
                let (text, warnings) = match run(&cli, &terminal) {
                    Ok(output) => (output.text, output.warnings),
                    Err(error) => (error.to_string(), Vec::new()),
                };
                let bad = |c: char| c.is_control() && c != '\n' && !(c == '\r' && arguments.contains(&"--csv"));
                prop_assert!(!text.contains(bad), "{arguments:?} {text:?}");
                prop_assert!(warnings.iter().all(|line| !line.contains(char::is_control)), "{warnings:?}");
            }
        }
        // The report page was requested, so it may change.
        std::fs::write(&page, "").unwrap();
        prop_assert_eq!(outside(folder.path()), before);
    }
}
