//! Killed, interrupted and resumed runs give the same results as an undisturbed run.

use super::*;

const RUN: [&str; 4] = ["--model", "deep_efficient_cnn", "--seed", "3"];

/// A learning rate that does not depend on the number of epochs, so that the run can continue after its end.
pub const OPEN_ENDED: [&str; 4] = ["--schedule", "plateau", "--warmup", "0"];

/// Checkpoints every few steps.
const OFTEN: [&str; 2] = ["--checkpoint-minutes", "0.0001"];

pub fn weights(experiment: &Path) -> Vec<u8> {
    std::fs::read(experiment.join("model/model.safetensors")).unwrap()
}

/// The files of a SavedModel.
pub const SAVED_MODEL: [&str; 5] = [
    "saved_model.pb",
    "variables/variables.index",
    "variables/variables.data-00000-of-00001",
    "assets/class_names.txt",
    "assets/model.json",
];

/// Checks that both have the same SavedModel, byte by byte.
pub fn assert_same_saved_model(experiment: &Path, undisturbed: &Path) {
    for name in SAVED_MODEL {
        let read = |experiment: &Path| std::fs::read(experiment.join("model").join(name)).unwrap();
        assert!(read(experiment) == read(undisturbed), "{name}");
    }
}

/// Sizes of the event files of all log runs except the metadata's, whose text contains the number of epochs. All events
/// of one kind have the same length, so duplicate or missing events show.
fn log_sizes(experiment: &Path) -> Vec<u64> {
    let runs = [
        "training/train",
        "training/validation",
        "detailed_metrics",
        "test_metrics",
    ];
    let size = |run: &str| {
        let files = event_files(&experiment.join("logs").join(run));
        assert_eq!(files.len(), 1, "{run}");
        files[0].metadata().unwrap().len()
    };
    runs.map(size).to_vec()
}

/// Checks everything that must not depend on how often a run was resumed.
pub fn assert_same(experiment: &Path, undisturbed: &Path) {
    assert_complete(experiment, "completed");
    assert_eq!(history(experiment), history(undisturbed));
    assert!(weights(experiment) == weights(undisturbed), "weights");
    assert_same_saved_model(experiment, undisturbed);
    assert_eq!(log_sizes(experiment), log_sizes(undisturbed));
    for name in PROJECTOR {
        let read = |experiment: &Path| std::fs::read(experiment.join(name)).unwrap();
        assert!(read(experiment) == read(undisturbed), "{name}");
    }
    let [a, b] = [experiment, undisturbed].map(|e| metadata(e)["results"].clone());
    assert_eq!(a, b);
}

fn undisturbed(epochs: &str, more: &[&str]) -> (Place, PathBuf) {
    let place = Place::new();
    let output = place.run(&[&RUN[..], &["--epochs", epochs], more].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let experiment = place.found().remove(0);
    (place, experiment)
}

#[test]
fn a_finished_run_goes_on_with_more_epochs() {
    let (_place, whole) = undisturbed("4", &OPEN_ENDED);
    for backend in [&[][..], &["--backend", "native"], &["--stream"]] {
        let place = Place::new();
        let output = place.run(&[&RUN[..], &["--epochs", "2"], &OPEN_ENDED].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        let resume = [&["--resume", "latest", "--epochs", "4"][..], backend].concat();
        let output = place.run(&resume);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let found = place.found();
        assert_eq!(found.len(), 1);
        assert_same(&found[0], &whole);
        assert_eq!(metadata(&found[0])["training_config"]["epochs"], 4);
        assert_eq!(metadata(&found[0])["resumed"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn burn_goes_on_too() {
    let run = |epochs| {
        let place = Place::new();
        let arguments = [
            "--model",
            "simple_cnn",
            "--backend",
            "flex",
            "--epochs",
            epochs,
        ];
        let arguments = [&arguments[..], &OPEN_ENDED].concat();
        assert!(place.run(&arguments).status.success());
        place
    };
    let (whole, part) = (run("2"), run("1"));
    // Stops in the middle of the second epoch.
    let child = part
        .command(&[&["--resume", "latest", "--epochs", "2"][..], &OFTEN].concat())
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn();
    let mut child = child.unwrap();
    let last = part.found()[0].join("checkpoints/last");
    let stamp = || {
        std::fs::metadata(&last)
            .and_then(|file| file.modified())
            .ok()
    };
    let before = stamp();
    await_that(|| stamp().is_some_and(|now| Some(now) != before));
    child.kill().unwrap();
    child.wait().unwrap();
    let output = part.run(&["--resume", "latest"]);
    let error = text(&output.stderr);
    assert!(output.status.success(), "{error}");
    assert!(error.contains("samples of the next"), "{error}");
    assert_same(&part.found()[0], &whole.found()[0]);
}

pub fn await_that(condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(
            started.elapsed() < Duration::from_secs(120),
            "it takes too long"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Interrupts a run of `place` as Ctrl-C does, once its first epoch is in the history.
pub fn interrupted_after_an_epoch(child: Child, place: &Place) -> Output {
    await_that(|| {
        let length =
            |e: &PathBuf| std::fs::metadata(e.join("history.jsonl")).map(|file| file.len());
        let found = place.found();
        found
            .first()
            .is_some_and(|e| length(e).is_ok_and(|bytes| bytes > 0))
    });
    let signal = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(signal.unwrap().success());
    child.wait_with_output().unwrap()
}

/// Kills the trainer at times spread over the run, as often as `CRASHES` says (a handful by default), and resumes it
/// each time.
#[test]
fn killed_at_any_moment_nothing_is_lost() {
    let (_place, whole) = undisturbed("5", &[]);
    let crashes: u64 = std::env::var("CRASHES").map_or(8, |n| n.parse().unwrap());
    let mut done = 0;
    while done < crashes {
        let place = Place::new();
        let mut arguments = [&RUN[..], &["--epochs", "5"], &OFTEN].concat();
        // Several times in one run, then once more to its end.
        for _ in 0..4 {
            let mut child = place
                .command(&arguments)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            // Two primes, so that all phases of an epoch are hit.
            std::thread::sleep(Duration::from_millis(60 + done * 37 % 701));
            child.kill().unwrap();
            child.wait().unwrap();
            done += 1;
            let Some(experiment) = place.found().into_iter().next() else {
                continue;
            };
            let has_checkpoint = experiment.join("checkpoints/last").exists()
                || experiment.join("checkpoints/previous").exists();
            if has_checkpoint {
                arguments = [&["--resume", "latest"][..], &OFTEN].concat();
            } else {
                // Killed before its first step, so it starts from scratch.
                std::fs::remove_dir_all(&experiment).unwrap();
            }
        }
        let output = place.run(&arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let found = place.found();
        assert_eq!(found.len(), 1);
        assert_same(&found[0], &whole);
        let mut checkpoints: Vec<_> = std::fs::read_dir(found[0].join("checkpoints"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        checkpoints.sort();
        assert_eq!(checkpoints, ["last", "previous"], "nothing torn is left");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_goes_on() {
    let (_place, whole) = undisturbed("5", &[]);
    // A run may finish before the signal arrives; then another one is interrupted.
    let (place, error) = (0..20)
        .find_map(|_| interrupted_in_its_middle("5"))
        .expect("one of twenty runs is interrupted");
    assert_eq!(metadata(&place.found()[0])["status"], "interrupted");
    assert!(
        error.contains("from its last checkpoint: --resume"),
        "{error}"
    );
    let output = place.run(&["--resume", "latest"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_same(&place.found()[0], &whole);
}

/// Sends Ctrl-C to a run of this many epochs after its first, and returns its output; `None` if it finished before.
#[cfg(unix)]
fn interrupted_in_its_middle(epochs: &str) -> Option<(Place, String)> {
    let place = Place::new();
    let child = place
        .command(&[&RUN[..], &["--epochs", epochs]].concat())
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let output = interrupted_after_an_epoch(child, &place);
    let error = text(&output.stderr);
    match output.status.code() {
        Some(130) => Some((place, error)),
        Some(0) => None,
        code => panic!("{code:?}: {error}"),
    }
}

#[test]
fn a_damaged_checkpoint_falls_back_to_the_one_before() {
    let (_place, whole) = undisturbed("4", &OPEN_ENDED);
    let place = Place::new();
    let output = place.run(&[&RUN[..], &["--epochs", "3"], &OPEN_ENDED].concat());
    assert!(output.status.success());
    let experiment = place.found().remove(0);
    let last = experiment.join("checkpoints/last");
    let mut bytes = std::fs::read(&last).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&last, &bytes).unwrap();
    let output = place.run(&["--resume", "latest", "--epochs", "4"]);
    let error = text(&output.stderr);
    assert!(output.status.success(), "{error}");
    assert!(error.contains("checkpoints/last: damaged"), "{error}");
    assert!(error.contains("resuming after 2 of 4 epochs"), "{error}");
    assert_same(&experiment, &whole);

    for name in ["last", "previous"] {
        std::fs::write(experiment.join("checkpoints").join(name), "torn").unwrap();
    }
    let before = history(&experiment);
    let output = place.run(&["--resume", "latest", "--epochs", "5"]);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("no usable checkpoint"), "{error}");
    assert_eq!(history(&experiment), before);
}

#[test]
fn what_would_change_the_result_is_refused_by_name() {
    let place = Place::new();
    let arguments = [
        "--model",
        "ultra_lightweight_cnn",
        "--epochs",
        "2",
        "--tag",
        "x",
        "--schedule",
        "plateau",
        "--warmup",
        "0",
    ];
    assert!(place.run(&arguments).status.success());
    let experiment = place.found().remove(0);
    let before = metadata(&experiment);
    for (arguments, expected) in [
        (
            &["--seed", "7"][..],
            "--seed cannot change when a run is resumed",
        ),
        (&["--batch-size", "64"], "was started with 32"),
        (&["--model", "simple_cnn"], "--model cannot change"),
        (&["--backend", "flex"], "--backend cannot change"),
        (&["--tag", "y"], "--tag is for new runs"),
        (
            &["--epochs", "1"],
            "--epochs 1: the run has already completed 2",
        ),
    ] {
        let output = place.run(&[&["--resume", "latest"][..], arguments].concat());
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(expected), "{error}");
    }
    let output = place.run(&["--resume", "nonsense"]);
    assert_eq!(output.status.code(), Some(2));
    // A process that still holds the lock.
    let lock = std::fs::File::open(experiment.join(".lock")).unwrap();
    lock.lock().unwrap();
    let output = place.run(&["--resume", "latest", "--epochs", "3"]);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("is running"), "{error}");
    drop(lock);
    assert_eq!(metadata(&experiment), before);
}

/// The data matter, not their location. If they were moved, the error names everything that is missing at once.
#[test]
fn moved_data_are_asked_for() {
    let place = Place::new();
    let [old, new] = ["old", "new"].map(|name| place.folder.path().join(name));
    let config = data::demo::ensure(&old).unwrap().display().to_string();
    let moved = config.replacen(&old.display().to_string(), &new.display().to_string(), 1);
    let first = ["--model", "ultra_lightweight_cnn", "--epochs", "1"];
    let first = [&first[..], &["--dataset-config", &config]].concat();
    let constant = ["--schedule", "constant", "--warmup", "0"];
    assert!(place.run(&first).status.success());
    std::fs::rename(&old, &new).unwrap();
    for (more, expected) in [
        (
            &[][..],
            &["cannot be resumed yet: its data are no longer at"][..],
        ),
        (
            &["--epochs", "2"],
            &["--epochs cannot change", "also, its data are no longer at"],
        ),
    ] {
        let output = place.run(&[&["--resume", "latest"][..], more].concat());
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        for part in expected.iter().chain(&["--dataset-config FILE"]) {
            assert!(error.contains(part), "{error}");
        }
    }
    // Moved back, then away again with a schedule that can continue.
    std::fs::rename(&new, &old).unwrap();
    assert!(
        place
            .run(&[&first[..], &constant].concat())
            .status
            .success()
    );
    std::fs::rename(&old, &new).unwrap();
    let resumed = [
        "--resume",
        "latest",
        "--epochs",
        "2",
        "--dataset-config",
        &moved,
    ];
    let output = place.run(&resumed);
    assert!(output.status.success(), "{}", text(&output.stderr));
}
