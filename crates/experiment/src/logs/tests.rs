use super::*;
use crate::events::EventWriter;

/// A tag and its points.
type Tag<'a> = (&'a str, &'a [(i64, f32)]);

fn logged(runs: &[(&str, &[Tag<'_>])]) -> LoggedResults {
    let folder = tempfile::tempdir().unwrap();
    for (run, tags) in runs {
        let path = folder.path().join(run);
        std::fs::create_dir_all(&path).unwrap();
        let mut writer = EventWriter::create(&path).unwrap();
        for (tag, points) in *tags {
            points
                .iter()
                .for_each(|(step, value)| writer.scalar(tag, *step, *value));
        }
        writer.flush().unwrap();
    }
    LoggedResults::read(folder.path())
}

#[test]
fn a_history_from_logs() {
    let points = [(0, 1.0), (1, 0.5), (2, 0.25)];
    let found = logged(&[("training/train", &[("epoch_loss", &points)])]);
    assert_eq!(found.history.curve("loss"), [(0, 1.0), (1, 0.5), (2, 0.25)]);
    assert_eq!(found.results().unwrap().epochs_run, Some(3));
    assert_eq!(found.history.notes, [""; 0]);
}

#[test]
fn folds_beside_each_other_are_not_mixed() {
    let found = logged(&[
        ("fold0", &[("val_loss", &[(0, 1.0)])]),
        (
            "fold1",
            &[("val_loss", &[(0, 2.0)]), ("val_acc", &[(0, 0.5)])],
        ),
    ]);
    assert_eq!(found.history.curve("val_loss"), []);
    assert_eq!(found.history.curve("val_accuracy"), [(0, 0.5)]);
    assert!(found.history.notes[0].contains("fold0/val_loss, fold1/val_loss"));
}

#[test]
fn a_curve_with_nan_is_shown() {
    let points = [(0, 1.0), (1, f32::NAN), (2, 0.5)];
    let tags: &[Tag<'_>] = &[("val_loss", &points)];
    for runs in [&[("x", tags)][..], &[("x", tags), ("y", tags)]] {
        let found = logged(runs);
        assert_eq!(found.history.notes, [""; 0]);
        assert_eq!(found.results().unwrap().best_epoch, Some(2));
    }
}

/// A unit in the name counts; a large number alone may be anything.
#[test]
fn percentages_are_fractions() {
    let tags: &[Tag<'_>] = &[
        ("Accuracy (%)/val", &[(0, 54.0), (1, 93.5)]),
        ("acc", &[(0, 54.0)]),
    ];
    let beyond: &[Tag<'_>] = &[
        ("val_acc", &[(0, 54.0), (1, 0.9)]),
        ("val_loss", &[(0, 2.0), (1, 1.5)]),
        ("test_acc", &[(1, 93.5)]),
    ];
    // Scores that may be percentages are not ranked among fractions.
    let results = logged(&[("x", beyond)]).results().unwrap();
    assert_eq!(results.validation.keys().collect::<Vec<_>>(), ["loss"]);
    assert_eq!(results.test.len(), 0);
    let found = logged(&[("x", tags)]);
    assert_eq!(found.history.curve("val_accuracy"), [(0, 0.54), (1, 0.935)]);
    assert_eq!(found.history.curve("accuracy"), [(0, 54.0)]);
    assert_eq!(
        found.history.notes,
        [
            "x/acc has 54, which is no fraction: if it has percentages, say so in its name, such as `acc (%)`"
        ]
    );
}

/// A training loss by batch beside a validation loss by epoch is none of the epoch of that number.
#[test]
fn batches_are_no_epochs() {
    let train: Vec<(i64, f32)> = (0..100).map(|i| (i, 1.0)).collect();
    let val = [(0, 0.9), (1, 0.5), (2, 0.7), (3, 0.8)];
    let by_batch = val.map(|(epoch, value)| (25 * epoch + 24, value));
    let found = |val: &[(i64, f32)]| {
        let tags: &[Tag<'_>] = &[("Loss/train", &train), ("Loss/val", val), ("lr", &train)];
        logged(&[("x", tags)])
    };
    let logged = found(&val);
    let results = logged.results().unwrap();
    assert_eq!((results.epochs_run, results.best_epoch), (Some(4), Some(1)));
    assert_eq!(logged.history.curve("loss"), []);
    assert!(logged.history.epochs[1].learning_rate.is_nan());
    assert!(logged.history.notes[0].contains("100 steps, the validation 4"));
    let logged = found(&by_batch);
    assert_eq!(logged.results().unwrap().epochs_run, None);
    assert_eq!(logged.history.curve("loss").len(), 100);
}

#[test]
fn without_a_loss_the_best_score_chooses() {
    let found = logged(&[(
        "x",
        &[
            ("val_acc", &[(0, 0.5), (1, 0.75), (2, 0.6)]),
            ("test_acc", &[(0, 0.7)]),
        ],
    )]);
    let results = found.results().unwrap();
    assert_eq!((results.epochs_run, results.best_epoch), (Some(3), Some(1)));
    assert_eq!(results.validation["accuracy"], 0.75);
    assert_eq!(results.test["accuracy"], 0.7f32 as f64);
}

/// The one event file of a folder.
fn only_file(folder: &Path) -> std::path::PathBuf {
    crate::event_files::below(folder).remove(0)
}

/// A file of a run that still writes, or was killed, ends within a record: epochs from 1 stay epochs from 1.
#[test]
fn a_torn_end_shifts_no_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = EventWriter::create(folder.path()).unwrap();
    for (epoch, loss) in [(1, 1.0), (2, 0.25), (3, 0.5), (4, 0.75)] {
        writer.scalar("val_loss", epoch, loss);
    }
    writer.flush().unwrap();
    let path = only_file(folder.path());
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
    let results = LoggedResults::read(folder.path()).results().unwrap();
    assert_eq!((results.epochs_run, results.best_epoch), (Some(3), Some(1)));
    // The first step may have been 0 if a record before it is damaged.
    let mut damaged = bytes.clone();
    let first = bytes
        .windows(8)
        .position(|part| part == b"val_loss")
        .unwrap();
    damaged[first] ^= 1;
    std::fs::write(&path, &damaged).unwrap();
    let found = LoggedResults::read(folder.path());
    assert_eq!(found.results().unwrap().epochs_run, None);
}

/// Only Keras counts the epochs of `epoch_loss` from 0.
#[test]
fn tags_of_epochs_that_begin_with_1() {
    let points = [(1, 1.0), (2, 0.25), (3, 0.5)];
    for runs in [
        &[("", &[("epoch_val_loss", &points[..])][..])][..],
        &[("epoch_loss_val", &[("epoch_loss", &points[..])][..])],
    ] {
        let results = logged(runs).results().unwrap();
        assert_eq!((results.epochs_run, results.best_epoch), (Some(3), Some(1)));
    }
    let keras = logged(&[("validation", &[("epoch_loss", &points)])]);
    assert_eq!(keras.results().unwrap().epochs_run, Some(4));
}

#[test]
fn several_values_for_a_step() {
    let batches: Vec<(i64, f32)> = (0..9).map(|i| (i / 3, i as f32)).collect();
    let val = [(0, 1.0), (1, 0.25), (2, 0.5), (2, 0.25)];
    let found = logged(&[("", &[("Loss/train", &batches), ("Loss/val", &val)])]);
    assert_eq!(found.history.curve("loss"), []);
    // Evaluated again after the training.
    assert_eq!(
        found.history.curve("val_loss"),
        [(0, 1.0), (1, 0.25), (2, 0.5)]
    );
    let [many, few] = &found.history.notes[..] else {
        panic!("{:?}", found.history.notes);
    };
    assert!(many.ends_with("not shown: Loss/train"), "{many}");
    assert!(
        few.contains("logged again") && few.ends_with("Loss/val"),
        "{few}"
    );
}

/// Two trainings with one writer, of which the second is shorter.
#[test]
fn steps_that_start_again() {
    let points = [(0, 3.0), (1, 2.0), (2, 0.1), (0, 1.0), (1, 0.5)];
    let found = logged(&[("", &[("val_loss", &points)])]);
    assert_eq!(found.history.curve("val_loss"), [(0, 1.0), (1, 0.5)]);
    assert!(found.history.notes[0].contains("start again"));
}

/// Lightning writes another file when it validates after the training.
#[test]
fn another_file_that_repeats_the_last_step() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = EventWriter::create(folder.path()).unwrap();
    for (epoch, loss) in [(0, 1.0), (1, 0.25), (2, 0.5)] {
        writer.scalar("val_loss", epoch, loss);
    }
    writer.flush().unwrap();
    let first = only_file(folder.path());
    std::fs::rename(first, folder.path().join("events.out.tfevents.1.a")).unwrap();
    let mut writer = EventWriter::create(folder.path()).unwrap();
    writer.scalar("val_loss", 2, 0.25);
    writer.flush().unwrap();
    let found = LoggedResults::read(folder.path()).history;
    assert_eq!(found.curve("val_loss"), [(0, 1.0), (1, 0.25), (2, 0.5)]);
    assert!(found.notes[0].contains("logged again"), "{:?}", found.notes);
}

/// `purge_step` of PyTorch's writer, as TensorBoard honours it.
#[test]
fn a_new_session_drops_later_steps() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = EventWriter::create(folder.path()).unwrap();
    (0..4).for_each(|epoch| writer.scalar("val_loss", epoch, 1.0 - 0.2 * epoch as f32));
    writer.flush().unwrap();
    let mut bytes = std::fs::read(only_file(folder.path())).unwrap();
    // An event with step 2 and a session log of status START.
    support::checksum::append_record(&mut bytes, &[0x10, 2, 0x3a, 2, 0x08, 1]);
    std::fs::write(only_file(folder.path()), bytes).unwrap();
    let found = LoggedResults::read(folder.path());
    assert_eq!(found.history.curve("val_loss").len(), 2);
}

/// Every call of the logger has a step of its own, or every batch.
#[test]
fn steps_of_calls_and_of_few_batches_are_no_epochs() {
    let even: Vec<(i64, f32)> = (0..4).map(|i| (2 * i, 1.0)).collect();
    let odd: Vec<(i64, f32)> = (0..4).map(|i| (2 * i + 1, 1.0)).collect();
    let batches: Vec<(i64, f32)> = (0..32).map(|i| (i, 1.0)).collect();
    let eighth: Vec<(i64, f32)> = (0..4).map(|i| (8 * i + 7, 1.0)).collect();
    for (train, val, why) in [
        (&even, &odd, "its steps are not epochs"),
        (&batches, &eighth, "which may be epochs or batches"),
    ] {
        let found = logged(&[("", &[("train_loss", train), ("val_loss", val)])]);
        assert_eq!(found.results().unwrap().epochs_run, None);
        assert!(
            found.history.notes[0].contains(why),
            "{:?}",
            found.history.notes
        );
    }
    // The epoch beside them tells.
    let epochs: Vec<(i64, f32)> = (0..32).map(|i| (i, (i / 8) as f32)).collect();
    let tags: &[Tag<'_>] = &[
        ("epoch", &epochs),
        ("train_loss", &batches),
        ("val_loss", &eighth),
    ];
    let found = logged(&[("", tags)]);
    assert_eq!(found.results().unwrap().epochs_run, Some(4));
    assert_eq!(found.history.curve("val_loss").len(), 4);
}

#[test]
fn metrics_of_several_folders_are_told() {
    let points = [(0, 1.0), (1, 0.5)];
    let found = logged(&[
        ("a", &[("val_loss", &points)]),
        ("b", &[("val_acc", &points)]),
    ]);
    assert!(found.history.notes[0].contains("2 folders, such as a, b"));
    let found = logged(&[("", &[("loss", &points)]), ("eval", &[("loss", &points)])]);
    assert_eq!(found.history.notes, [""; 0]);
}
