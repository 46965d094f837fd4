//! Disks that lose power, fill up or become read-only at any change that a run makes to them.
//!
//! `tests/faults/faults.c` intercepts the trainer's file operations (Linux only; needs a C compiler, as the build
//! does). A sample of the changes is tested by default, all of them with `FAULTS=all cargo test -p trainer --test cli
//! disk`.

use super::resume::{assert_same, assert_same_saved_model, weights};
use super::*;

const RUN: [&str; 10] = [
    "--model",
    "ultra_lightweight_cnn",
    "--epochs",
    "3",
    "--seed",
    "5",
    // Several checkpoints in every epoch.
    "--checkpoint-minutes",
    "0.00005",
    // Slower epochs would have more timed checkpoints, and so many more changes to test.
    "--augmentation",
    "none",
];

/// The library that intercepts file operations, built once.
fn layer() -> &'static Path {
    static LAYER: OnceLock<PathBuf> = OnceLock::new();
    LAYER.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/faults.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&target, &source])
            .args(["-ldl", "-lpthread"])
            .status();
        assert!(built.expect("a C compiler `cc`").success());
        target
    })
}

/// A fault of the disk.
#[derive(Clone, Copy)]
struct Fault {
    kind: &'static str,
    at: usize,
    /// Number of changes that it affects.
    length: usize,
}

/// Runs the trainer over a faulty disk.
fn run(place: &Place, layer: &Path, arguments: &[&str], fault: Fault) -> Output {
    place
        .command(arguments)
        .env("LD_PRELOAD", layer)
        .env("FAULT_DIR", place.folder.path())
        .env("FAULT_KIND", fault.kind)
        .env("FAULT_AT", fault.at.to_string())
        .env("FAULT_FOR", fault.length.to_string())
        .env("FAULT_COUNT", place.folder.path().with_extension("count"))
        .output()
        .unwrap()
}

/// A run without faults, and the number of changes it makes.
fn undisturbed(layer: &Path) -> (Place, PathBuf, usize) {
    let place = Place::new();
    let none = Fault {
        kind: "",
        at: 0,
        length: 0,
    };
    let output = run(&place, layer, &RUN, none);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let count = place.folder.path().with_extension("count");
    let changes = std::fs::read_to_string(&count).unwrap().parse().unwrap();
    std::fs::remove_file(count).unwrap();
    assert!(changes > 100, "{changes} changes were seen");
    let experiment = place.found().remove(0);
    (place, experiment, changes)
}

/// The changes to test: all or a sample.
fn chosen(changes: usize) -> impl Iterator<Item = usize> {
    let all = std::env::var("FAULTS").is_ok_and(|value| value == "all");
    (1..=changes).step_by(if all { 1 } else { 13 })
}

/// A SavedModel is complete if it exists: the files needed by `saved_model.pb` equal those of the undisturbed run.
fn assert_saved_model_whole_or_missing(place: &Place, whole: &Path) {
    for experiment in place.found() {
        if experiment.join("model/saved_model.pb").exists() {
            assert_same_saved_model(&experiment, whole);
        }
    }
}

/// Continues to the end after a fault, on a disk that works again.
fn go_on(place: &Place, whole: &Path) {
    let found = place.found();
    let kept = |experiment: &PathBuf| {
        let names = ["checkpoints/last", "checkpoints/previous"];
        names.iter().any(|name| experiment.join(name).exists())
    };
    let output = match found.first() {
        Some(experiment) if kept(experiment) => place.run(&["--resume", "latest"]),
        // It failed before its first step, so nothing was lost.
        _ => {
            found
                .iter()
                .for_each(|path| std::fs::remove_dir_all(path).unwrap());
            place.run(&RUN)
        }
    };
    assert!(output.status.success(), "{}", text(&output.stderr));
    let found = place.found();
    assert_eq!(found.len(), 1);
    assert_same(&found[0], whole);
}

#[test]
fn a_disk_that_loses_power_at_any_change() {
    let layer = layer();
    let (_place, whole, changes) = undisturbed(layer);
    let (mut struck, mut struck_again) = (0, 0);
    for at in chosen(changes) {
        let place = Place::new();
        let fault = |at| Fault {
            kind: "power",
            at,
            length: 1,
        };
        let output = run(&place, layer, &RUN, fault(at));
        if output.status.success() {
            continue; // it made fewer changes than the undisturbed run, since checkpoints are timed
        }
        struck += 1;
        assert_eq!(output.status.code(), None, "{}", text(&output.stderr));
        assert_saved_model_whole_or_missing(&place, &whole);
        // A second fault during the resumed run.
        if place
            .found()
            .iter()
            .any(|e| e.join("checkpoints/last").exists())
        {
            let output = run(&place, layer, &["--resume", "latest"], fault(at / 2 + 1));
            struck_again += usize::from(output.status.code().is_none());
            assert_saved_model_whole_or_missing(&place, &whole);
        }
        go_on(&place, &whole);
    }
    let tried = chosen(changes).count();
    assert!(struck > tried / 2, "{struck} of {tried} runs lost power");
    assert!(struck_again > 0, "no resumed run lost power");
}

#[test]
fn a_disk_that_is_full_or_read_only_from_any_change_on() {
    let layer = layer();
    let (_place, whole, changes) = undisturbed(layer);
    for (kind, expected) in [
        ("full", "No space left"),
        ("readonly", "Read-only file system"),
    ] {
        let mut struck = 0;
        for at in chosen(changes) {
            let place = Place::new();
            let fault = Fault {
                kind,
                at,
                length: 1_000_000,
            };
            let output = run(&place, layer, &RUN, fault);
            let error = text(&output.stderr);
            assert!(!error.contains("panicked"), "{kind} {at}: {error}");
            let code = output.status.code();
            if code == Some(0) && !error.contains("warning") {
                continue; // the run ended before the fault
            }
            struck += 1;
            assert!(error.contains(expected), "{kind} {at}: {error}");
            assert_saved_model_whole_or_missing(&place, &whole);
            match code {
                // The model was written; only logs or figures are missing.
                Some(0) => assert!(weights(&place.found()[0]) == weights(&whole)),
                // The run could not start, or the model could not be written.
                Some(1 | 2) => go_on(&place, &whole),
                _ => panic!("{kind} {at}: {code:?} {error}"),
            }
        }
        let tried = chosen(changes).count();
        assert!(
            struck > tried / 2,
            "{struck} of {tried} runs met the fault ({kind})"
        );
    }
}

#[test]
fn a_disk_that_is_full_for_a_while() {
    let layer = layer();
    let (_place, whole, changes) = undisturbed(layer);
    let mut struck = 0;
    for at in chosen(changes / 2).skip(4) {
        let place = Place::new();
        let fault = Fault {
            kind: "full",
            at,
            length: 12,
        };
        let output = run(&place, layer, &RUN, fault);
        let error = text(&output.stderr);
        let begun = |e: &PathBuf| e.join("checkpoints/last").exists();
        if !place.found().first().is_some_and(begun) {
            continue; // the run could not start
        }
        struck += 1;
        assert!(output.status.success(), "{at}: {error}");
        assert!(error.contains("Training goes on"), "{at}: {error}");
        assert!(error.contains("can be written again"), "{at}: {error}");
        assert_same(&place.found()[0], &whole);
    }
    assert!(struck > 2, "{struck} runs began before the disk was full");
}

/// A separate file system that is too small at first and then grows.
#[test]
fn a_small_disk() {
    let allowed = Command::new("unshare")
        .args(["-rm", "mount", "-t", "tmpfs", "none", "/mnt"])
        .status();
    if !allowed.is_ok_and(|status| status.success()) {
        eprintln!("skipped: needs Linux, and the right to mount a file system in a namespace");
        return;
    }
    let place = Place::new();
    let whole = place.run(&RUN);
    assert!(whole.status.success());
    let whole = place.found().remove(0);
    let script = r#"
        disk=$1; shift; size=$1; shift
        mkdir -p "$disk" && mount -t tmpfs -o size=${size}k none "$disk" || exit 99
        "$@" --experiments-dir "$disk"; code=$?
        echo "first $code" >&2
        [ $code = 0 ] && exit 0
        mount -o remount,size=64m "$disk" || exit 98
        if ls "$disk"/*/checkpoints/last "$disk"/*/checkpoints/previous 2>/dev/null | grep -q .
        then "$1" --resume latest --experiments-dir "$disk" || exit 97
        else rm -rf "$disk"/*; "$@" --experiments-dir "$disk" || exit 96
        fi
        cp -r "$disk" "$disk.kept"
    "#;
    let sizes = [16, 64, 128, 256, 400, 500, 600, 700, 800, 900, 1000];
    let mut failed = 0;
    for size in sizes {
        let place = Place::new();
        let disk = place.folder.path().join("disk");
        let output = Command::new("unshare")
            .args(["-rm", "sh", "-c", script, "sh"])
            .arg(&disk)
            .arg(size.to_string())
            .arg(env!("CARGO_BIN_EXE_trainer"))
            .args(["--datasets-dir".as_ref(), datasets().as_os_str()])
            .args(RUN)
            .output()
            .unwrap();
        let error = text(&output.stderr);
        assert!(output.status.success(), "{size} KiB: {error}");
        assert!(!error.contains("panicked"), "{size} KiB: {error}");
        if !error.contains("first 0") {
            failed += 1;
            assert!(error.contains("No space left"), "{size} KiB: {error}");
            let kept = place.folder.path().join("disk.kept");
            let kept = std::fs::read_dir(kept).unwrap().next().unwrap().unwrap();
            assert_same(&kept.path(), &whole);
        }
    }
    assert!(failed > 4, "{failed} of the disks were too small");
}
