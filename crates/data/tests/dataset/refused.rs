//! Rejected input is named in the error.

use super::*;

#[test]
fn bad_input_is_named() {
    let project = Project::new();
    project.source(
        "val",
        vec![record(0, 0, &[2, 1024], "b"), record(1, 3, &[2, 1024], "b")],
    );
    let error = project.error();
    assert!(
        error.contains("val.tfrecord, record 1: label 3 is not a class of `task`"),
        "{error}"
    );

    project.source("val", vec![record(0, 0, &[2, 512], "b")]);
    let error = project.error();
    assert!(
        error.contains("record 0: the input would be [2, 7, 128]"),
        "{error}"
    );

    project.source("val", vec![record(0, 0, &[2, 1024], "a")]);
    let error = project.error();
    assert!(
        error.contains("training and validation splits share 1 group(s)"),
        "{error}"
    );

    project.file("val.txt", "# nothing\n");
    let error = project.error();
    assert!(error.contains("the validation split is empty"), "{error}");

    project.file("val.txt", "gone.npz\n");
    let error = project.error();
    assert!(error.contains("val.txt, line 1: no such file"), "{error}");

    project.file("readme.md", "hello");
    project.file("val.txt", "readme.md\n");
    let error = project.error();
    assert!(error.contains("readme.md: unknown format"), "{error}");

    let bytes = std::fs::read(project.path("train.tfrecord")).unwrap();
    std::fs::write(project.path("train.tfrecord"), &bytes[..bytes.len() - 100]).unwrap();
    let error = project.error();
    assert!(
        error.contains("train.tfrecord, record 5: truncated"),
        "{error}"
    );
}

/// Some front ends make inputs of one shape from windows of several lengths.
#[test]
fn windows_of_another_length_are_named() {
    let project = Project::new();
    project.source("val", vec![record(0, 0, &[2, 2048], "b")]);
    for front_end in [
        "{method: welch}",
        "{method: bands, bands: {segments: 7, segment: 256, hop: 128}}",
    ] {
        project.file(
            "config.yaml",
            &format!(
                "task:\n  class_names: [a, b, c]\n  train_index_file: train.txt\n  val_index_file: val.txt\n\
                 spectral_processing: {front_end}\n"
            ),
        );
        let error = project.error();
        assert!(
            error.contains("val.tfrecord, record 0: the window has 2048 samples, but ")
                && error.contains("train.tfrecord set 1024: all windows must have one length"),
            "{front_end}: {error}"
        );
    }
}

#[test]
fn windows_on_two_sides_are_named() {
    let project = Project::new();
    // The same windows under the names of other recordings, and windows of a dead sensor, which are all alike.
    let renamed = |i| Record {
        group: Some("c".into()),
        ..record(i, 0, &[2, 1024], "a")
    };
    let dead = |group: &str| Record {
        values: vec![0.0; 2048],
        ..record(9, 0, &[2, 1024], group)
    };
    project.source("val", vec![dead("b"), record(0, 0, &[2, 1024], "b")]);
    project.source(
        "train",
        vec![
            dead("a"),
            record(0, 0, &[2, 1024], "a"),
            record(1, 1, &[2, 1024], "a"),
        ],
    );
    load(&project.path("config.yaml")).unwrap();
    project.source(
        "val",
        vec![dead("b"), renamed(1), record(0, 0, &[2, 1024], "b")],
    );
    let error = load(&project.path("config.yaml")).unwrap_err().to_string();
    assert!(
        error.contains("training and validation splits share 1 window(s)"),
        "{error}"
    );
    assert!(error.contains("train.tfrecord, record 2 and "), "{error}");
    assert!(error.contains("val.tfrecord, record 1;"), "{error}");
}

/// If no window has a length that the front end can cut, the error blames the configuration. If only one window has a
/// different length, it names the file.
#[test]
fn a_length_that_no_front_end_takes_is_one_of_the_configuration() {
    let project = Project::new();
    let config = std::fs::read_to_string(project.path("config.yaml")).unwrap();
    project.file(
        "config.yaml",
        &(config + "spectral_processing: {method: fft}\n"),
    );
    for (split, group) in [("train", "a"), ("val", "b")] {
        project.source(split, vec![record(0, 0, &[2, 1001], group)]);
    }
    let error = project.error();
    assert!(
        error.contains(
            "config.yaml: the front end does not fit the windows: a window of 1001 samples"
        ),
        "{error}"
    );
    assert!(error.contains("cut windows to 1000"), "{error}");
    assert!(error.contains("train.tfrecord, record 0)"), "{error}");
    project.source("train", vec![record(0, 0, &[2, 1024], "a")]);
    let error = project.error();
    assert!(
        error.contains("val.tfrecord, record 0: a window of 1001 samples"),
        "{error}"
    );
}
