//! `--int8` runs the integer network with the ranges stored by `trainer quantise`.

use deploy::TrainedModel;
use deploy::network::Network;
use deploy::quantise::{IntegerNetwork, IntegerRunner, RANGES_FILE};

use super::*;

/// Stores ranges found from the features of windows beside a model; returns the integer network and the features.
fn quantise(model: &Path, windows: &[Window]) -> (IntegerNetwork, Vec<f32>) {
    let (bundle, architecture) = Bundle::load(model).unwrap();
    let trained = TrainedModel::new(&bundle, &architecture).unwrap();
    let preprocessing = trained.preprocessing();
    let mut pipeline = preprocessing.pipeline().unwrap();
    let (mut features, mut shape) = (Vec::new(), [0; 3]);
    for window in windows {
        shape = pipeline
            .features(&window.values, &window.shape, &mut features)
            .unwrap();
    }
    preprocessing.compress(&mut features, shape);
    preprocessing.normalise(&mut features, shape);
    let network = Network::new(&trained).unwrap();
    let (integers, _) = IntegerNetwork::new(&network, &features, &features).unwrap();
    std::fs::write(model.join(RANGES_FILE), integers.to_stored(windows.len())).unwrap();
    (integers, features)
}

/// The reference runner's result for every window: the probabilities at the model's temperature, 1.7.
fn expected(integers: &IntegerNetwork, features: &[f32]) -> Vec<Vec<f64>> {
    let mut runner = IntegerRunner::new(integers);
    let length = integers.input_shape().elements();
    let windows = features.chunks_exact(length);
    windows
        .map(|x| {
            let exponentials: Vec<f64> = runner
                .run(x)
                .iter()
                .map(|v| (f64::from(*v) / 1.7).exp())
                .collect();
            let sum: f64 = exponentials.iter().sum();
            exponentials.iter().map(|v| v / sum).collect()
        })
        .collect()
}

#[test]
fn windows_are_classified_by_integers() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 64, Some(512.0));
    let windows = windows(40);
    let (integers, features) = quantise(&model, &windows);
    let file = folder.path().join("windows.tfrecord");
    write_windows(&file, &windows);
    // A copy of the model folder only.
    let copy = folder.path().join("copy");
    std::fs::create_dir(&copy).unwrap();
    for entry in std::fs::read_dir(&model).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, copy.join(path.file_name().unwrap())).unwrap();
    }
    let arguments = [
        "windows",
        copy.to_str().unwrap(),
        file.to_str().unwrap(),
        "--json",
    ];
    let found = lines(&run(
        &[&arguments[..], &["--int8", "--threads", "1"]].concat()
    ));
    for (line, expected) in found.iter().zip(expected(&integers, &features)) {
        for (class, expected) in CLASSES.iter().zip(expected) {
            let probability = line["probabilities"][*class].as_f64().unwrap();
            assert!((probability - expected).abs() < 1e-6, "{line}");
        }
    }
    assert_eq!(found.len(), 40);
    assert_eq!(
        found,
        lines(&run(
            &[&arguments[..], &["--int8", "--threads", "2"]].concat()
        ))
    );
    let float = lines(&run(&arguments));
    assert_ne!(found, float, "other probabilities than float32");
    let same = found
        .iter()
        .zip(&float)
        .filter(|(a, b)| a["class"] == b["class"]);
    assert!(same.count() >= 38);
}

#[test]
fn ranges_that_are_missing_or_foreign_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 64, Some(512.0));
    let windows = windows(8);
    let file = folder.path().join("windows.tfrecord");
    write_windows(&file, &windows);
    let arguments = [
        "windows",
        model.to_str().unwrap(),
        file.to_str().unwrap(),
        "--int8",
    ];
    refused(
        &run(&arguments),
        2,
        "int8.json: does not exist: `trainer quantise ID`",
    );
    quantise(&model, &windows);
    assert!(run(&arguments).status.success());
    let ranges = model.join(RANGES_FILE);
    let bytes = std::fs::read(&ranges).unwrap();
    for (content, said) in [
        (&bytes[..bytes.len() / 2], "EOF while parsing"),
        (b"[]".as_slice(), "int8.json: "),
        (&[b' '; (1 << 20) + 1], "larger than 1048576 bytes"),
    ] {
        std::fs::write(&ranges, content).unwrap();
        refused(&run(&arguments), 2, said);
    }
    // Ranges of another model.
    let other = write_model(&folder.path().join("other"), 128, Some(512.0));
    std::fs::write(&ranges, &bytes).unwrap();
    std::fs::copy(&ranges, other.join(RANGES_FILE)).unwrap();
    let arguments = [
        "windows",
        other.to_str().unwrap(),
        file.to_str().unwrap(),
        "--int8",
    ];
    refused(&run(&arguments), 2, "other weights");
    std::fs::remove_file(&ranges).unwrap();
    std::fs::create_dir(&ranges).unwrap();
    let arguments = [
        "windows",
        model.to_str().unwrap(),
        file.to_str().unwrap(),
        "--int8",
    ];
    refused(&run(&arguments), 2, "no regular file");
}

/// A recording and a stream of the same samples give the same windows, which differ from the float32 results.
#[test]
fn recordings_and_streams_are_classified_by_integers() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 64, Some(512.0));
    quantise(&model, &windows(16));
    let samples: Vec<[i16; 2]> = (0..600)
        .map(|i| [0.11, 0.4].map(|f| ((i as f32 * f).sin() * (100.0 + i as f32)) as i16))
        .collect();
    let csv: String = samples.iter().map(|[a, b]| format!("{a},{b}\n")).collect();
    let file = folder.path().join("walk.csv");
    std::fs::write(&file, format!("z,e\n{csv}")).unwrap();
    let model = model.to_str().unwrap();
    let recording = [
        "recording",
        model,
        file.to_str().unwrap(),
        "--rate",
        "512",
        "--windows",
        "--json",
    ];
    let found = lines(&run(&[&recording[..], &["--int8"]].concat()));
    assert!(found.len() > 10);
    assert_ne!(found, lines(&run(&recording)));
    let bytes: Vec<u8> = samples
        .iter()
        .flatten()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let stream = [
        "stream",
        model,
        "-",
        "--format",
        "int16",
        "--rate",
        "512",
        "--windows",
        "--json",
        "--int8",
    ];
    let streamed = lines(&run_with_input(&stream, &[&bytes]));
    let probabilities = |lines: &[Value]| -> Vec<Value> {
        let windows = lines.iter().filter(|line| line["kind"] == "window");
        windows.map(|line| line["probabilities"].clone()).collect()
    };
    assert_eq!(probabilities(&found), probabilities(&streamed));
    assert!(probabilities(&found).len() > 10);
}
