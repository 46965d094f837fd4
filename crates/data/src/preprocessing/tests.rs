use proptest::prelude::*;

use super::*;

fn preprocessing(method: SpectralMethod, normalisation: Normalisation) -> Preprocessing {
    let spectral = SpectralConfig {
        method,
        ..Default::default()
    };
    Preprocessing {
        normalisation,
        thresholds: Some(Thresholds::default()),
        ..Preprocessing::new(Vec::new(), spectral)
    }
}

#[test]
fn constant_channels_become_zero() {
    let preprocessing = preprocessing(SpectralMethod::None, Normalisation::Sample);
    let mut values = vec![5.0, 5.0, 1.0, 3.0];
    preprocessing.normalise(&mut values, [2, 1, 2]);
    assert_eq!(values, [0.0, 0.0, -1.0, 1.0]);
}

/// A `model.json` from before thresholds were stored keeps its meaning.
#[test]
fn older_models_keep_their_thresholds() {
    let text = r#"{"segments": 7, "spectral": {"method": "fft", "sampling_rate": 512.0, "compression": "log",
        "welch": {"nperseg": 32, "noverlap": 16, "nfft": 64, "window": "hann", "scaling": "density",
        "detrend": "constant"}}, "normalisation": "dataset",
        "statistics": {"mean": [1.0, 2.0], "std": [2.0, 1e-7]}}"#;
    let old: Preprocessing = serde_json::from_str(text).unwrap();
    assert_eq!(old.thresholds, None);
    let mut values = [0.0, 3.0, 1e-9, 3.0];
    old.compress(&mut values, [2, 1, 2]);
    assert_eq!(values[0], 1e-6f32.ln());
    assert_eq!(values[2], 1e-6f32.ln());
    old.normalise(&mut values, [2, 1, 2]);
    assert_eq!(values[1], ((f64::from(3f32.ln()) - 1.0) / 2.0) as f32);
    assert_eq!(
        values[2..],
        [0.0, 0.0],
        "a deviation of 1e-7 counted as zero"
    );
    let log1p = text.replace("\"log\"", "\"log1p\"");
    let old: Preprocessing = serde_json::from_str(&log1p).unwrap();
    let mut values = [0.5; 4];
    old.compress(&mut values, [2, 1, 2]);
    assert_eq!(values, [0.5f32.ln_1p(); 4]);
    // Writing it again gives what was read.
    let written = serde_json::to_value(&old).unwrap();
    assert_eq!(
        written,
        serde_json::from_str::<serde_json::Value>(&log1p).unwrap()
    );
}

#[test]
fn a_rate_written_down_later_changes_no_inputs() {
    let older = preprocessing(SpectralMethod::Fft, Normalisation::Sample);
    let with_rate = |rate| Preprocessing {
        sampling_rate: Some(rate),
        ..older.clone()
    };
    assert!(with_rate(100.0).makes_inputs_of(&older));
    assert!(older.makes_inputs_of(&with_rate(100.0)));
    assert!(!with_rate(100.0).makes_inputs_of(&with_rate(200.0)));
    let with_window = |samples| Preprocessing {
        window: Some(samples),
        ..older.clone()
    };
    assert!(with_window(1024).makes_inputs_of(&older));
    assert!(!with_window(1024).makes_inputs_of(&with_window(512)));
    let absolute = Preprocessing {
        thresholds: None,
        ..older.clone()
    };
    assert!(!older.makes_inputs_of(&absolute));
}

#[test]
fn a_window_without_a_level_gets_the_mean() {
    for (normalisation, _) in Normalisation::ALL {
        let mut preprocessing = preprocessing(SpectralMethod::Bands, normalisation);
        let mut values = vec![1.0, f32::NAN, 3.0, 9.0];
        if normalisation.needs_statistics() {
            let by_band = normalisation == Normalisation::Band;
            preprocessing.statistics = Some(Statistics::of(&values, [1, 2, 2], by_band));
        }
        preprocessing.normalise(&mut values, [1, 2, 2]);
        assert_eq!(values[1], 0.0, "{normalisation}");
    }
}

proptest! {
    /// Every normalisation gives finite values; `sample` gives mean 0 and deviation 1 or 0.
    #[test]
    fn normalised_values_are_finite(
        values in proptest::collection::vec(-1e30f32..1e30, 24),
        which in 0usize..5,
    ) {
        let (normalisation, _) = Normalisation::ALL[which];
        let preprocessing = preprocessing(SpectralMethod::None, normalisation);
        let mut values = values;
        preprocessing.normalise(&mut values, [2, 3, 2]);
        prop_assert!(values.iter().all(|v| v.is_finite()));
        if normalisation == Normalisation::Sample {
            let statistics = Statistics::of(&values[..12], [2, 3, 2], false);
            prop_assert!(statistics.mean.iter().all(|m| m.abs() < 1e-4));
            prop_assert!(statistics.std.iter().all(|s| (s - 1.0).abs() < 1e-4 || *s < 1e-4));
        }
    }
}
