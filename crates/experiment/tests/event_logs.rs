//! Event logs of other programs, sound and damaged, compared with what TensorBoard reads from them
//! (`scripts/conformance/make_event_logs.py`).

mod folders;

use std::path::{Path, PathBuf};
use std::process::Command;

use experiment::{Entry, ExperimentStore};
use serde_json::Value;

use folders::copy;

/// A copy of the fixture, and the expected values of each experiment.
fn fixture() -> (tempfile::TempDir, ExperimentStore, Value) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/event_logs");
    let folder = tempfile::tempdir().unwrap();
    copy(&source, folder.path());
    let expected = std::fs::read(source.join("expected.json")).unwrap();
    let store = ExperimentStore::new(&folder.path().join("experiments"));
    (folder, store, serde_json::from_slice(&expected).unwrap())
}

/// Every file below a directory with its bytes.
fn files(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push((entry.path(), std::fs::read(entry.path()).unwrap()));
        }
    }
    found.sort();
    found
}

/// Standard output and standard error, and whether the command succeeded.
fn run(store: &ExperimentStore, arguments: &[&str]) -> (String, String, bool) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_experiment"));
    let output = command
        .arg("--experiments-dir")
        .arg(store.root())
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        text(output.stdout),
        text(output.stderr),
        output.status.success(),
    )
}

fn check_curves(entry: &Entry, expected: &Value) {
    let history = entry.history();
    let curves = expected["curves"].as_object().unwrap();
    for (metric, points) in curves {
        let points: Vec<(i64, f64)> = serde_json::from_value(points.clone()).unwrap();
        let found = history.curve(metric);
        // Epochs count from 0, whatever the number of the first step is.
        let first = points[0].0;
        let shift = if first == 1 { 1 } else { 0 };
        let expected: Vec<(usize, f64)> = points
            .iter()
            .map(|(step, value)| ((step - shift) as usize, *value))
            .collect();
        assert_eq!(found, expected, "{} {metric}", entry.id);
    }
    let read: std::collections::BTreeSet<&String> = history
        .epochs
        .iter()
        .flat_map(|epoch| epoch.metrics.keys())
        .collect();
    assert_eq!(read.len(), curves.len(), "{}: {read:?}", entry.id);
    let results = entry.clone().with_logged_results().metadata.results;
    let epochs = results.as_ref().and_then(|results| results.epochs_run);
    assert_eq!(
        epochs.map(|n| n as u64),
        expected["epochs"].as_u64(),
        "{}",
        entry.id
    );

    let names = expected["not_understood"].as_array().unwrap();
    let plural = if names.len() == 1 { "" } else { "s" };
    let note = format!("{} scalar{plural} not understood", names.len());
    let told = history.notes.iter().any(|line| line.starts_with(&note));
    assert_eq!(told, !names.is_empty(), "{}: {:?}", entry.id, history.notes);
    let told = |what: &str| history.notes.iter().any(|line| line.contains(what));
    let is = |kind: &str| expected[kind].is_u64();
    let notes = &history.notes;
    assert_eq!(
        told("damaged record"),
        is("damaged") || is("torn"),
        "{}: {notes:?}",
        entry.id
    );
    assert_eq!(
        told("without any event"),
        is("foreign"),
        "{}: {notes:?}",
        entry.id
    );
}

#[test]
fn curves_are_those_that_tensorboard_reads() {
    let (_folder, store, expected) = fixture();
    for (id, expected) in expected.as_object().unwrap() {
        check_curves(&store.find(id).unwrap(), expected);
    }
}

#[test]
fn damage_is_seen_and_nothing_sound_is_lost() {
    let (_folder, store, expected) = fixture();
    for (id, expected) in expected.as_object().unwrap() {
        let directory = store.root().join(id);
        let before = files(&directory);
        let damage = ["damaged", "torn", "foreign"].map(|kind| expected[kind].as_u64());
        let (text, _, whole) = run(&store, &["verify", id]);
        assert_eq!(whole, damage == [None; 3], "{text}");

        let (text, error, done) = run(&store, &["repair", id, "--dry-run"]);
        assert!(done, "{error}");
        assert_eq!(files(&directory), before, "{text}");
        let (text, error, done) = run(&store, &["repair", id]);
        assert!(done, "{error}");
        let [damaged, torn, foreign] = damage;
        let Some(torn) = torn else {
            assert_eq!(files(&directory), before, "{id}: {text}");
            let left = damaged.or(foreign).is_some();
            assert_eq!(text.contains("left unchanged"), left, "{text}");
            continue;
        };
        // The part that was cut off is kept under a name that TensorBoard does not read.
        let after = files(&directory);
        let (removed, kept): (Vec<_>, Vec<_>) = after
            .into_iter()
            .partition(|(path, _)| path.extension() == Some("removed".as_ref()));
        assert_eq!((removed.len(), kept.len()), (1, before.len()), "{id}");
        assert!(
            !removed[0]
                .0
                .file_name()
                .unwrap()
                .to_string_lossy()
                .contains("tfevents")
        );
        for ((path, before), (_, after)) in before.iter().zip(&kept) {
            if before != after {
                assert_eq!(after[..], before[..torn as usize], "{}", path.display());
                assert_eq!(removed[0].1[..], before[torn as usize..]);
            }
        }
        assert_ne!(kept, before);
        assert!(run(&store, &["verify", id]).2, "{id}");
        check_curves(&store.find(id).unwrap(), &without_damage(expected));
        assert!(run(&store, &["repair", id]).0.contains("nothing to repair"));
    }
}

fn without_damage(expected: &Value) -> Value {
    let mut expected = expected.clone();
    expected.as_object_mut().unwrap().remove("torn");
    expected
}

#[test]
fn what_is_not_read_is_told() {
    let (_folder, store, _) = fixture();
    let columns = "id,status,epochs,best_epoch,val_acc,val_loss,val_f1";
    let (list, told, _) = run(&store, &["list", "--columns", columns]);
    insta::assert_snapshot!(format!("{list}\n{told}"));
    let (summary, _, _) = run(&store, &["summary", "20250314_091200_torch"]);
    insta::assert_snapshot!(summary.replace(&store.root().display().to_string(), "ROOT"));
}

/// Logs that someone packed are neither empty nor damaged.
#[test]
fn packed_event_files_are_named() {
    let (_folder, store, _) = fixture();
    let logs = store.root().join("20250101_000000_packed/logs");
    std::fs::create_dir_all(&logs).unwrap();
    let name = "events.out.tfevents.1735689600.host.bz2";
    // An empty file of bzip2.
    let packed = b"BZh9\x17\x72\x45\x38\x50\x90\0\0\0\0";
    std::fs::write(logs.join(name), packed).unwrap();
    let entry = store.find("20250101_000000_packed").unwrap();
    let expected = "packed with bzip2, which is not read: unpack it with `bunzip2`";
    let notes = entry.history().notes;
    assert_eq!(
        notes,
        [format!("1 event file {expected} (the first: {name})")]
    );
    let (text, _, whole) = run(&store, &["verify", "20250101_000000_packed"]);
    assert!(!whole && text.contains(expected), "{text}");
    let (text, _, done) = run(&store, &["repair", "20250101_000000_packed"]);
    assert!(done && text.contains(expected), "{text}");
}

/// Packed with gzip, they are read; a torn one is never cut.
#[test]
fn event_files_of_gzip_are_read() {
    let (_folder, store, expected) = fixture();
    for (id, expected) in expected.as_object().unwrap() {
        let directory = store.root().join(id);
        for (path, bytes) in files(&directory) {
            if path.to_string_lossy().contains("tfevents") && expected["foreign"].is_null() {
                std::fs::remove_file(&path).unwrap();
                std::fs::write(format!("{}.gz", path.display()), gzip(&bytes)).unwrap();
            }
        }
        check_curves(&store.find(id).unwrap(), expected);
        let (text, error, done) = run(&store, &["repair", id]);
        assert!(done, "{error}");
        let torn = expected["torn"].is_u64();
        assert_eq!(text.contains("which is packed with gzip"), torn, "{text}");
        check_curves(&store.find(id).unwrap(), expected);
    }
}

/// The rest of a stream that was cut is not missed in silence, wherever it ends.
#[test]
fn a_cut_gzip_stream_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    std::fs::create_dir(&run).unwrap();
    let mut writer = experiment::events::EventWriter::create(&run).unwrap();
    (0..3).for_each(|epoch| writer.scalar("val_loss", epoch, 0.5));
    writer.flush().unwrap();
    let (path, bytes) = files(&run).remove(0);
    std::fs::remove_file(path).unwrap();
    let mut packed = gzip(&bytes);
    // All bytes are there; the end of the stream is not.
    packed.truncate(packed.len() - 8);
    std::fs::write(run.join("events.out.tfevents.1.x.gz"), packed).unwrap();
    let store = ExperimentStore::new(folder.path());
    let history = store.find("run").unwrap().history();
    assert_eq!(history.curve("val_loss").len(), 3);
    assert!(
        history.notes[0].starts_with("1 damaged record"),
        "{:?}",
        history.notes
    );
    let (text, _, whole) = self::run(&store, &["verify", "run"]);
    assert!(
        !whole && text.contains("its gzip stream is damaged or cut short"),
        "{text}"
    );
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}
