//! Compares the front end `bands` with NumPy and SciPy (`scripts/conformance/make_bands.py`).

use data::{BandsConfig, Preprocessing, SpectralConfig, SpectralMethod};
use serde_json::Value;

/// The window of the script.
fn window(channels: usize, samples: usize, dead: Option<u64>) -> Vec<f32> {
    let value = |c: usize, i: usize| {
        if dead == Some(c as u64) {
            return 4.5;
        }
        ((7 * i * i + 13 * i * c) % 97 + 5 * (i * (c + 3) % 41) + 300 * c) as f32
    };
    (0..channels)
        .flat_map(|c| (0..samples).map(move |i| value(c, i)))
        .collect()
}

#[test]
fn bands_are_those_of_scipy() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/bands.json")).unwrap();
    let cases = fixture["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 6);
    for case in cases {
        let number = |key: &str| case[key].as_u64().unwrap() as usize;
        let (channels, samples) = (number("channels"), number("samples"));
        let bands: BandsConfig = serde_json::from_value(case["parameters"].clone()).unwrap();
        let spectral = SpectralConfig {
            method: SpectralMethod::Bands,
            bands,
            ..Default::default()
        };
        let values = window(channels, samples, case["dead"].as_u64());
        let mut features = Vec::new();
        let shape = Preprocessing::new(Vec::new(), spectral)
            .pipeline()
            .unwrap()
            .features(&values, &[channels, samples], &mut features)
            .unwrap();
        assert_eq!(serde_json::json!(shape), case["shape"]);
        let expected = case["y"].as_array().unwrap();
        assert_eq!(features.len(), expected.len());
        for (i, (ours, theirs)) in features.iter().zip(expected).enumerate() {
            let theirs = theirs.as_f64().unwrap();
            assert!(
                (f64::from(*ours) - theirs).abs() <= 2e-6 * theirs.abs().max(1.0),
                "feature {i}: {ours} is not {theirs}: {}",
                case["parameters"]
            );
        }
    }
}
