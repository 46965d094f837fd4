//! A signal ends a command without what it has not finished.

use std::io::Read;
use std::process::{Command, Stdio};

#[cfg(unix)]
#[test]
fn an_interrupted_import_leaves_nothing() {
    for signal in ["-TERM", "-INT"] {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        // Reading waits for samples that never come.
        let made = Command::new("mkfifo").arg(at("a.csv")).status().unwrap();
        assert!(made.success());
        let list = "sampling_rate: 100\nwindow: 1.28\nchannels: [Z]\nclass_names: [a, b]\nrecordings:\n  - {files: a.csv, class: a}\n";
        std::fs::write(at("list.yaml"), list).unwrap();
        let mut import = Command::new(env!("CARGO_BIN_EXE_data"))
            .arg("import")
            .arg(at("list.yaml"))
            .arg("--out")
            .arg(at("set"))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let is_there = || {
            let mut entries = std::fs::read_dir(folder.path()).unwrap();
            entries.any(|entry| {
                entry
                    .unwrap()
                    .file_name()
                    .to_string_lossy()
                    .starts_with(".set.")
            })
        };
        while !is_there() {
            assert!(import.try_wait().unwrap().is_none());
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let process = import.id().to_string();
        let sent = Command::new("kill")
            .args([signal, &process])
            .status()
            .unwrap();
        assert!(sent.success());
        assert_eq!(import.wait().unwrap().code(), Some(130));
        let mut said = String::new();
        import.stderr.unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(said, "interrupted\n");
        assert!(!is_there());
        assert!(!at("set").exists());
    }
}
