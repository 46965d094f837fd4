//! `predict windows` gives the same results as the library.

use super::*;

#[test]
fn windows_are_classified_as_by_the_library() {
    let folder = tempfile::tempdir().unwrap();
    // An experiment, its `model/` folder, and a copy of that folder.
    let model = write_model(folder.path(), 64, None);
    let windows = windows(600);
    let expected = Classifier::open(folder.path())
        .unwrap()
        .classify(&windows)
        .unwrap();
    let alone = Classifier::open(&model)
        .unwrap()
        .classify(&windows[599..])
        .unwrap();
    assert_eq!(alone[0], expected[599], "a window's result is its own");
    assert!(
        expected
            .iter()
            .any(|prediction| prediction.class != expected[0].class)
    );
    let path = folder.path().join("a.tfrecord");
    write_windows(&path, &windows);
    let (model, path) = (model.to_str().unwrap(), path.to_str().unwrap());
    for threads in ["1", "3"] {
        let found = lines(&run(&[
            "windows",
            model,
            path,
            "--json",
            "--threads",
            threads,
        ]));
        assert_eq!(found.len(), 600);
        for (i, (line, expected)) in found.iter().zip(&expected).enumerate() {
            assert_eq!((&line["version"], &line["index"]), (&1.into(), &i.into()));
            assert_eq!(line["class"], CLASSES[expected.class]);
            assert_eq!(line["label"], 2);
            for (name, p) in CLASSES.iter().zip(&expected.probabilities) {
                let value = line["probabilities"][name].as_f64().unwrap();
                assert_eq!(value as f32, *p);
            }
        }
    }
    let csv = run(&["windows", model, path, "--csv", "--threshold", "1"]);
    let rows: Vec<&str> = stdout(&csv).lines().collect();
    assert_eq!(
        rows[0],
        "file,record,class,confidence,background,footsteps,vehicle"
    );
    assert!(
        rows[1].starts_with(&format!("{path},0,unknown,")),
        "{}",
        rows[1]
    );
    let table = run(&["windows", model, path]);
    assert_eq!(stdout(&table).lines().count(), 601);
    let out = folder.path().join("out.csv");
    run(&[
        "windows",
        model,
        path,
        "--csv",
        "--threshold",
        "1",
        "-o",
        out.to_str().unwrap(),
    ]);
    assert_eq!(std::fs::read_to_string(out).unwrap(), stdout(&csv));
}

#[test]
fn windows_need_no_labels() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 64, None);
    let windows = windows(3);
    let values: Vec<f32> = windows
        .iter()
        .flat_map(|window| window.values.clone())
        .collect();
    let path = folder.path().join("new.npy");
    std::fs::write(&path, npy("(3, 2, 64)", &values)).unwrap();
    let found = lines(&run(&[
        "windows",
        model.to_str().unwrap(),
        path.to_str().unwrap(),
        "--json",
    ]));
    let expected = Classifier::open(&model)
        .unwrap()
        .classify(&windows)
        .unwrap();
    let classes: Vec<&str> = expected
        .iter()
        .map(|prediction| CLASSES[prediction.class])
        .collect();
    assert_eq!(
        found
            .iter()
            .map(|line| line["class"].as_str().unwrap())
            .collect::<Vec<_>>(),
        classes
    );
    assert!(found.iter().all(|line| line.get("label").is_none()));
}

/// Windows of another number of channels are refused, and a channel without signal gives a warning.
#[test]
fn channels_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let mut preprocessing = Preprocessing::new(Vec::new(), SpectralConfig::default());
    preprocessing.normalisation = Normalisation::Dataset;
    let statistics = serde_json::json!({"mean": [0.0, 0.0], "std": [1.0, 1.0]});
    preprocessing.statistics = Some(serde_json::from_value(statistics).unwrap());
    let model = write_model_with(folder.path(), 64, preprocessing);
    let path = folder.path().join("new.npy");
    let classify = || run(&["windows", model.to_str().unwrap(), path.to_str().unwrap()]);
    let mut values: Vec<f32> = windows(3)
        .iter()
        .flat_map(|window| window.values.clone())
        .collect();
    for (shape, problem) in [
        ("(6, 1, 64)", "has 1 channel, but the model takes 2"),
        ("(2, 3, 64)", "has 3 channels, but the model takes 2"),
    ] {
        std::fs::write(&path, npy(shape, &values)).unwrap();
        refused(&classify(), 2, problem);
    }
    values[3 * 64..4 * 64].fill(5.0);
    std::fs::write(&path, npy("(3, 2, 64)", &values)).unwrap();
    let output = classify();
    let warned = text(&output.stderr);
    assert!(output.status.success(), "{warned}");
    let expected = "warning: channel 2: all samples are the same in 1 of 3 windows";
    assert!(warned.contains(expected), "{warned}");
}

/// A float32 NumPy file.
fn npy(shape: &str, values: &[f32]) -> Vec<u8> {
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
    while !(header.len() + 11).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    bytes
}

/// Windows of NumPy with a sampling rate of 50 Hz and labels that are texts.
#[test]
fn another_sampling_rate_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/rate.npz");
    for (rate, is_told) in [(100.0, true), (50.0, false)] {
        let model = write_model(folder.path(), 64, Some(rate));
        let output = run(&["windows", model.to_str().unwrap(), path, "--json"]);
        assert_eq!(lines(&output).len(), 2);
        let stderr = text(&output.stderr);
        let expected =
            "rate.npz: has a sampling rate of 50 Hz, but the model was trained with 100 Hz";
        assert_eq!(stderr.contains(expected), is_told, "{stderr}");
    }
}
