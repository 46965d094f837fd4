//! Opening models: old ones, those of experiments, and broken ones, which never cause a panic.

use data::{SpectralMethod, WelchConfig};
use proptest::prelude::*;

use super::*;

/// Model cards of versions without temperature, rate, window or thresholds.
#[test]
fn old_models_open() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 64, Some(100.0));
    let card = model.join("model.json");
    let mut old: Value = serde_json::from_slice(&std::fs::read(&card).unwrap()).unwrap();
    old.as_object_mut().unwrap().remove("temperature");
    let preprocessing = old["preprocessing"].as_object_mut().unwrap();
    for key in ["window", "sampling_rate", "thresholds"] {
        preprocessing.remove(key);
    }
    std::fs::write(&card, old.to_string()).unwrap();
    let mut classifier = Classifier::open(&model).unwrap();
    assert_eq!(
        (classifier.window_samples(), classifier.sampling_rate()),
        (Some(64), None)
    );
    let predictions = classifier.classify(&windows(1)).unwrap();
    let exp: Vec<f32> = predictions[0].logits.iter().map(|v| v.exp()).collect();
    let share = exp[0] / exp.iter().sum::<f32>();
    assert!((predictions[0].probabilities[0] - share).abs() < 1e-5);
}

#[test]
fn a_model_is_found_by_the_id_of_its_experiment() {
    let folder = tempfile::tempdir().unwrap();
    let experiments = folder.path().join("runs");
    let experiment = experiments.join("20260101_000000_simple_cnn_0123abcd");
    std::fs::create_dir_all(&experiment).unwrap();
    let model = write_model(&experiment, 64, Some(100.0));
    let metadata = r#"{"timestamp": "2026-01-01T00:00:00.000000"}"#;
    std::fs::write(experiment.join("metadata.json"), metadata).unwrap();
    let file = folder.path().join("windows.tfrecord");
    write_windows(&file, &windows(1));
    let classified = |model: &str| {
        let directory = ["--experiments-dir", experiments.to_str().unwrap()];
        let words = ["windows", model, file.to_str().unwrap(), "--json"];
        run(&[&words[..], &directory].concat())
    };
    let expected = lines(&classified(model.to_str().unwrap()));
    assert_eq!(expected.len(), 1);
    for id in ["latest", "20260101", "0123abcd"] {
        assert_eq!(lines(&classified(id)), expected, "{id}");
    }
    refused(&classified("nonsense"), 2, "none of 1 experiments");
}

/// Welch's method makes inputs of one shape from windows of many lengths.
#[test]
fn windows_of_another_length_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let spectral = SpectralConfig {
        method: SpectralMethod::Welch,
        welch: WelchConfig {
            nfft: 126,
            ..Default::default()
        },
        ..Default::default()
    };
    let model = write_model_with(folder.path(), 256, Preprocessing::new(Vec::new(), spectral));
    let mut classifier = Classifier::open(&model).unwrap();
    let window = |shape: &[usize]| Window {
        values: (0..shape.iter().product())
            .map(|i| (i * i % 97) as f32)
            .collect(),
        shape: shape.to_vec(),
    };
    classifier.classify(&[window(&[2, 256])]).unwrap();
    classifier.classify(&[window(&[2, 7, 64])]).unwrap();
    for shape in [&[2, 512][..], &[2, 7, 33], &[2, 7, 128]] {
        let problem = classifier.classify(&[window(shape)]).unwrap_err();
        assert!(
            problem.to_string().contains("those of the model have 256"),
            "{shape:?}: {problem}"
        );
    }
}

/// A model that was trained on segments of their own, such as spectra, takes such samples and nothing else.
#[test]
fn segments_of_no_window_are_classified_and_recordings_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut preprocessing = Preprocessing::new(Vec::new(), SpectralConfig::default());
    preprocessing.own_segments = Some([7, 17]);
    preprocessing.sampling_rate = Some(100.0);
    let model = write_model_with(folder.path(), 68, preprocessing);
    let mut classifier = Classifier::open(&model).unwrap();
    let sample = |shape: &[usize]| Window {
        values: (0..shape.iter().product())
            .map(|i| (i * i % 97) as f32)
            .collect(),
        shape: shape.to_vec(),
    };
    assert_eq!(classifier.window_samples(), None);
    classifier.classify(&[sample(&[2, 7, 17])]).unwrap();
    for shape in [&[2, 68][..], &[2, 7, 16], &[2, 17, 7]] {
        let problem = classifier.classify(&[sample(shape)]).unwrap_err();
        assert!(
            problem.to_string().contains("the 7 segments of 17 values"),
            "{shape:?}: {problem}"
        );
    }
    let output = run(&["recording", model.to_str().unwrap(), &station()]);
    refused(&output, 2, "cannot be used on recordings");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A damaged model gives an error or a classifier, but never a panic.
    #[test]
    fn broken_models_do_not_panic(
        in_card: bool,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let model = write_model(folder.path(), 64, Some(100.0));
        let path = model.join(if in_card { "model.json" } else { "model.safetensors" });
        let mut bytes = std::fs::read(&path).unwrap();
        for (at, value) in changes {
            // In the weights file, mostly the header.
            let end = if in_card { bytes.len() } else { bytes.len().min(3000) };
            bytes[at.index(end)] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        std::fs::write(&path, bytes).unwrap();
        let opened = Classifier::open(&model);
        prop_assert!(cut.is_none() || opened.is_err(), "a truncated file was accepted");
        if let Ok(mut classifier) = opened {
            let _ = classifier.classify(&windows(2));
        }
    }

    /// Invalid numbers in the model card do not panic; an impossible input shape is an error.
    #[test]
    fn strange_numbers_do_not_panic(
        key in prop::sample::select(vec!["input_shape", "segments", "window", "sampling_rate", "temperature", "bands"]),
        number in prop::sample::select(vec!["0", "-1", "1e300", "18446744073709551615", "4611686018427387904", "3", "null"]),
        method in prop::sample::select(vec!["none", "fft", "welch", "bands"]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let model = write_model(folder.path(), 64, Some(100.0));
        let path = model.join("model.json");
        let mut card: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let value: Value = serde_json::from_str(number).unwrap();
        card["preprocessing"]["spectral"]["method"] = method.into();
        match key {
            "input_shape" => card[key][1] = value,
            "temperature" => card[key] = value,
            "bands" => {
                card["preprocessing"]["bands"] = serde_json::json!({
                    "window": 64, "segments": value, "hop": 8, "frames": 1, "frame_hop": 8, "frame": 16, "edges": [1, 5, 9],
                    "floor": 1e-7, "level": true
                });
            }
            key => card["preprocessing"][key] = value,
        }
        std::fs::write(&path, card.to_string()).unwrap();
        let opened = Classifier::open(&model);
        prop_assert!(key != "input_shape" || number == "3" || opened.is_err(), "{number} was accepted");
        if let Ok(mut classifier) = opened {
            let _ = classifier.classify(&windows(2));
        }
    }
}
