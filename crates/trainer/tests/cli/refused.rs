//! Requests that are rejected before an experiment exists.

use super::{Place, QUICK, datasets, text};

/// Standard error of a run that must fail with exit code 2 and leave no experiment.
fn refused(place: &Place, arguments: &[&str]) -> String {
    let output = place.run(arguments);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
    assert!(place.found().is_empty(), "{arguments:?} left an experiment");
    error
}

#[test]
fn bad_options_are_refused_before_an_experiment_exists() {
    let place = Place::new();
    let cases = [
        (
            vec!["--dataset-config", "/no/such.yaml"],
            "cannot read the dataset configuration",
        ),
        (vec!["--config", "/no/such.yaml"], "cannot read the preset"),
        (vec!["--model", "vgg"], "unknown model `vgg`: choose one of"),
        (vec!["--task", "speed"], "unknown task; the file has demo"),
        (
            vec!["--normalisation", "max"],
            "unknown normalisation `max`",
        ),
        (vec!["--batch-size", "0"], "batch size must be at least 1"),
        (
            vec!["--learning-rate", "nan"],
            "--learning-rate must be a finite number",
        ),
        (vec!["--meta", "x"], "expected KEY=VALUE"),
        #[cfg(not(feature = "wgpu"))]
        (
            vec!["--backend", "wgpu"],
            "cargo run --release -p trainer --features wgpu",
        ),
        #[cfg(not(feature = "ndarray"))]
        (vec!["--backend", "ndarray"], "--features ndarray"),
    ];
    for (arguments, expected) in cases {
        let error = refused(&place, &arguments);
        assert!(error.contains(expected), "{arguments:?}: {error}");
    }
}

#[test]
fn bad_data_is_refused_before_an_experiment_exists() {
    let place = Place::new();
    let file = |name: &str, content: &str| {
        let path = place.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let demo = datasets().join(data::demo::FOLDER);
    let train = demo.join("train.tfrecord");
    let train = train.to_str().unwrap();
    let val = demo.join("val_index.txt");
    let val = val.to_str().unwrap();
    file("train.txt", &format!("{train}\n"));
    let config = |name: &str, classes: &str, train: &str| {
        file(
            name,
            &format!(
                "t:\n  class_names: [{classes}]\n  train_index_file: {train}\n  val_index_file: {val}\n"
            ),
        )
    };
    let bytes = std::fs::read(train).unwrap();
    let cut = place.folder.path().join("cut.tfrecord");
    std::fs::write(&cut, &bytes[..bytes.len() - 7]).unwrap();
    file("cut.txt", "cut.tfrecord\n");
    file("empty.txt", "# none\n");
    let mut writer =
        data::reader::TfrecordWriter::create(&place.folder.path().join("shape.tfrecord")).unwrap();
    let record = data::reader::Record {
        record: 0,
        values: vec![0.0; 30],
        shape: vec![2, 15],
        label: 0,
        group: None,
    };
    writer.write(&record).unwrap();
    writer.finish().unwrap();
    file("shape.txt", "shape.tfrecord\n");
    let configs = [
        (file("yaml.yaml", "t: [1,\nx: }"), "yaml.yaml: ", "line 2"),
        (
            config("index.yaml", "a, b, c", "gone.txt"),
            "cannot read the index file",
            "gone.txt",
        ),
        (
            config("label.yaml", "a, b", "train.txt"),
            "record 10: label 2 is not a class",
            "0 to 1",
        ),
        (
            config("cut.yaml", "a, b, c", "cut.txt"),
            "cut.tfrecord, record 1199: truncated",
            "",
        ),
        (
            config("shape.yaml", "a, b, c", "shape.txt"),
            "the front end does not fit the windows: a window of 15 samples",
            "shape.tfrecord, record 0",
        ),
        (
            config("empty.yaml", "a, b, c", "empty.txt"),
            "the training split is empty",
            "empty.txt",
        ),
        // The demo's validation index shares no group with the demo's training file, but it does with itself.
        (
            config("leak.yaml", "a, b, c", val),
            "share 60 group(s)",
            "val-background-0",
        ),
    ];
    for (config, first, second) in configs {
        let error = refused(&place, &["--dataset-config", &config]);
        assert!(
            error.contains(first) && error.contains(second),
            "{config}: {error}"
        );
    }
}

#[test]
fn a_file_in_the_place_of_the_experiments_directory_is_named() {
    let place = Place::new();
    std::fs::write(place.experiments(), "a file is in the way").unwrap();
    let output = place.run(&QUICK);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("cannot create an experiment in"), "{error}");
    assert!(error.contains("in the way"), "{error}");
}

#[test]
#[ignore = "root may write anywhere: run it as another user"]
fn an_experiments_directory_that_cannot_be_written_is_refused() {
    let place = Place::new();
    std::fs::create_dir(place.experiments()).unwrap();
    let mut permissions = std::fs::metadata(place.experiments())
        .unwrap()
        .permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(place.experiments(), permissions).unwrap();
    let output = place.run(&QUICK);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(
        error.contains("choose a directory you may write to"),
        "{error}"
    );
}

#[test]
fn data_that_cannot_fit_in_memory_are_refused_before_anything_is_written() {
    let place = Place::new();
    let folder = place.folder.path();
    let source = std::fs::File::create(folder.join("huge.tfrecord")).unwrap();
    source.set_len(1 << 43).unwrap();
    std::fs::write(folder.join("index.txt"), "huge.tfrecord\n").unwrap();
    let config = folder.join("dataset_config.yaml");
    let text_of_it = "t: {num_classes: 2, train_index_file: index.txt, val_index_file: index.txt}";
    std::fs::write(&config, text_of_it).unwrap();
    let output = place.run(&["--dataset-config", config.to_str().unwrap()]);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("MiB are free: use --stream"), "{error}");
    assert!(place.found().is_empty());
}
