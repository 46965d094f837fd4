//! Bad input gives an error that says what is wrong.

use super::*;

/// Milliseconds without a unit fit the model's rate, or are refused: in seconds, nearly all samples would be made up.
#[test]
fn times_in_another_unit_are_no_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 64, None);
    let path = folder.path().join("slow.csv");
    let rows: String = (0..300)
        .map(|i| format!("{},{},{}\n", 10 * i, i * i % 7, i % 5))
        .collect();
    std::fs::write(&path, format!("timestamp,x,y\n{rows}")).unwrap();
    let (model, path) = (model.to_str().unwrap(), path.to_str().unwrap());
    let of_rate = |rate: &str| {
        run(&[
            "recording",
            model,
            path,
            "--model-rate",
            rate,
            "--channels",
            "x,y",
        ])
    };
    refused(&of_rate("250"), 2, "slow.csv: the sampling rate is 0.1 Hz");
    let output = of_rate("100");
    let stderr = text(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("with the rate of the windows"), "{stderr}");
}

#[test]
fn values_that_the_model_stores_are_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 64, Some(100.0));
    let with = |option: &str, value: &str| {
        let model = model.to_str().unwrap();
        run(&[
            "recording",
            model,
            &station(),
            "--channels",
            "Z,E",
            option,
            value,
        ])
    };
    let output = with("--window-samples", "128");
    refused(
        &output,
        2,
        "--window-samples 128: the model was trained on windows of 64 samples",
    );
    assert!(with("--window-samples", "64").status.success());
    refused(&with("--model-rate", "50"), 2, "trained with 100 Hz");
}

#[test]
fn what_is_wrong_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 64, None);
    let model = model.to_str().unwrap();
    let path = folder.path().join("bad.tfrecord");
    let mut windows = windows(3);
    windows[2].shape = vec![2, 56];
    windows[2].values.truncate(112);
    write_windows(&path, &windows);
    let path = path.to_str().unwrap();
    let out = folder.path().join("out.json");
    let output = run(&[
        "windows",
        model,
        path,
        "--json",
        "-o",
        out.to_str().unwrap(),
    ]);
    refused(&output, 2, "bad.tfrecord, record 2: ");
    assert!(!out.exists(), "half a result is none");
    refused(
        &run(&["windows", "nowhere", path]),
        2,
        "nowhere: there is no such path, and no experiment",
    );
    refused(&run(&["windows", "/", path]), 2, "contains no model");
    refused(&run(&["windows", model, "nothing.npz"]), 2, "nothing.npz");
    refused(
        &run(&["windows", model, path, "--threshold", "7"]),
        2,
        "--threshold 7",
    );
    let station = station();
    refused(
        &run(&["recording", model, &station, "--channels", "Z,E"]),
        2,
        "--model-rate",
    );
    refused(
        &run(&["recording", model, &station, "--model-rate", "100"]),
        2,
        "choose with --channels",
    );
    let hot = [
        "recording",
        model,
        &station,
        "--model-rate",
        "100",
        "--channels",
        "Z,E",
        "--off",
        "0.9",
    ];
    refused(&run(&hot), 2, "--off 0.9 is above --on 0.7");
    refused(
        &run_with_input(&["stream", model, "-", "--model-rate", "9"], &[b"noise"]),
        2,
        "miniSEED",
    );
}
