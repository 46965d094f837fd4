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
    let own = found(&val);
    let results = own.results().unwrap();
    assert_eq!((results.epochs_run, results.best_epoch), (Some(4), Some(1)));
    assert_eq!(own.history.curve("loss"), []);
    assert!(own.history.epochs[1].learning_rate.is_nan());
    assert!(own.history.notes[0].contains("100 steps, the validation 4"));
    let own = found(&by_batch);
    assert_eq!(own.results().unwrap().epochs_run, None);
    assert_eq!(own.history.curve("loss").len(), 100);
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
