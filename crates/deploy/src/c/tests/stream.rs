//! Input sample by sample.

use super::*;

/// If segments depend on samples of the whole window, they are not computed one by one, and the header gives the
/// reason.
#[test]
fn only_segments_of_their_own_are_computed_sample_by_sample() {
    let header = |key: &str, value: Value| text(&exported(plain_but(key, value)).unwrap()[0].bytes);
    let scaled = header("steps", json!([{"scale": 0.5}]));
    assert!(scaled.contains("SEISMIC_CAN_STREAM 1\n#define SEISMIC_HOP 8\n"));
    let demeaned = header("steps", json!(["demean"]));
    assert!(demeaned.contains("#error \"This model needs whole windows: the steps"));
    let sample = header("normalisation", "sample".into());
    assert!(sample.contains("SEISMIC_CAN_STREAM 0") && sample.contains("normalisation `sample`"));
}

/// A `bands` preprocessing for windows of 64 samples, with 16 features per segment.
fn bands(bands: Value, steps: Value) -> Value {
    let mut config: data::BandsConfig = serde_json::from_value(bands).unwrap();
    config.level = false;
    let layout = BandLayout::new(&config, 64).unwrap();
    assert_eq!(layout.features(), 16);
    json!({
        "segments": 7, "window": 64, "spectral": {"method": "bands", "bands": config, "sampling_rate": 100.0}, "bands": layout,
        "normalisation": "sample", "statistics": null, "steps": steps,
    })
}

/// The same with features in time.
pub(super) fn bands_with_time(normalisation: Value) -> Value {
    let layout =
        json!({"segment": 20, "hop": 7, "frames": 2, "frame": 16, "bands": 5, "time": true});
    let mut preprocessing = bands(layout, json!([]));
    preprocessing["normalisation"] = normalisation;
    preprocessing
}

/// Features in time come from the whole window.
#[test]
fn features_in_time_take_whole_windows() {
    let files = exported(bands_with_time("none".into())).unwrap();
    let header = text(&files[0].bytes);
    assert!(
        header.contains("#error \"This model needs whole windows: the power, features in time")
    );
    assert!(!header.contains("SEISMIC_CAN_STREAM 1"));
}

/// Also works with the normalisation `sample`, since stored segments are not scaled yet.
#[test]
fn bands_are_computed_sample_by_sample() {
    let header = |layout: Value, steps: Value| {
        let files = exported(bands(layout, steps)).unwrap();
        let cost = files.iter().find(|file| file.path == "cost.json").unwrap();
        let cost: Value = serde_json::from_slice(&cost.bytes).unwrap();
        let bytes = cost["ram_bytes"]["sample_by_sample"].as_u64().unwrap();
        (text(&files[0].bytes), bytes)
    };
    let one = json!({"segment": 20, "hop": 7, "frames": 2, "frame": 16, "bands": 8});
    let (streamed, bytes) = header(one.clone(), json!(["demean", {"scale": 0.5}]));
    assert!(streamed.contains("SEISMIC_CAN_STREAM 1\n#define SEISMIC_HOP 7\n"));
    // Samples; for each of 14 segments, 16 powers, an exponent and spreads; the powers of one frame.
    assert_eq!(bytes, 4 * 22 * 2 + 14 * (4 * 16 + 1 + 32) + 4 * 8 + 16);
    assert!(streamed.contains(&format!("It takes {bytes} bytes more")));
    let (filtered, bytes) = header(one, json!([{"high_pass": {"frequency": 2.0}}]));
    assert!(filtered.contains("#error \"This model needs whole windows: the steps"));
    assert_eq!(bytes, 0);
    let close = json!({"frames": 1, "bands": 16, "segment": 32, "hop": 5});
    assert!(header(close, json!([])).0.contains("SEISMIC_CAN_STREAM 1"));
}

#[test]
fn segments_with_samples_between_them_take_whole_windows() {
    let apart = json!({"segments": 7, "segment": 4, "hop": 10, "frames": 1, "bands": 2});
    let layout = BandLayout::new(&serde_json::from_value(apart).unwrap(), 64).unwrap();
    let preprocessing = json!({
        "segments": 7, "window": 64, "spectral": {"method": "bands"}, "bands": layout, "normalisation": "none",
        "statistics": null,
    });
    let input = InputShape::from([2, 7, layout.features()]);
    let (bundle, architecture) =
        with_preprocessing(ModelKind::UltraLightweight, input, preprocessing);
    let model = TrainedModel::new(&bundle, &architecture).unwrap();
    let network = Network::new(&model).unwrap();
    let files = files(&model, &network, Numbers::Float).unwrap();
    assert!(text(&files[0].bytes).contains("needs whole windows: there are samples between"));
}

/// Prints the features of windows on standard input.
const PRINT_FEATURES: &str = r#"
#include <stdio.h>
#include "seismic_model.h"
static float window[SEISMIC_CHANNELS * SEISMIC_SAMPLES];
int main(void) {
    while (fread(window, sizeof window, 1, stdin) == 1) {
        int i;
        if (seismic_front_end_f32(window) != SEISMIC_OK) {
            return 1;
        }
        for (i = 0; i < SEISMIC_FEATURES; i++) {
            printf("%.9g\n", (double)seismic_features()[i]);
        }
    }
    return 0;
}
"#;

/// Windows of `[2, 128]` with any amplitude and level. Some have quiet or constant segments, one constant channel, or
/// two.
fn windows_of_all_kinds() -> Vec<Vec<f32>> {
    const SAMPLES: usize = 128;
    let mut windows = Vec::new();
    for amplitude in [1.0, 1e-12, 1e3, 1e12, 1e-30, 1e30_f32] {
        for (kind, level) in [0.0, 1.0, -30.0, 900.0, 0.0, 5.0, -7.0]
            .into_iter()
            .enumerate()
        {
            let mut window = noise(windows.len() as u64, 2 * SAMPLES);
            for (i, value) in window.iter_mut().enumerate() {
                let t = i % SAMPLES;
                // The effect of floors shows only in segments that contain nothing else: those with a constant value.
                let share = match kind {
                    1 | 4 if t < 50 => 0.0,
                    2 if t < 50 => 1e-3,
                    _ => 1.0,
                };
                let is_constant = (kind == 5 && i < SAMPLES) || kind == 6;
                let varied = (*value + 3.0 * (0.03 * t as f32).sin()) * share;
                *value = amplitude * (level + if is_constant { 0.0 } else { varied });
            }
            windows.push(window);
        }
    }
    windows
}

/// Stored segments have their own units, which hold at any amplitude, and lose less than is visible in the features.
#[test]
fn bands_by_segment_are_those_of_the_trainer_at_any_amplitude() {
    const SAMPLES: usize = 128;
    let layout = BandLayout::new(&data::BandsConfig::default(), SAMPLES).unwrap();
    let width = layout.features();
    let preprocessing = json!({
        "segments": 7, "window": SAMPLES, "spectral": {"method": "bands"}, "bands": layout, "normalisation": "band",
        "statistics": {"mean": vec![-1.0; 2 * width], "std": vec![1.5; 2 * width]},
    });
    let input = InputShape::from([2, 7, width]);
    let (bundle, architecture) =
        with_preprocessing(ModelKind::UltraLightweight, input, preprocessing);
    let model = TrainedModel::new(&bundle, &architecture).unwrap();
    let network = Network::new(&model).unwrap();
    let windows = windows_of_all_kinds();
    let expected = windows
        .iter()
        .flat_map(|window| golden::features(model.preprocessing(), window, [2, SAMPLES]).unwrap());
    let expected: Vec<f32> = expected.collect();
    let (quantised, _) = IntegerNetwork::new(&network, &expected, &expected).unwrap();
    let encoding = quantised.input_encoding();
    for numbers in [Numbers::Float, Numbers::Int8(&quantised)] {
        let files = files(&model, &network, numbers).unwrap();
        let Some(found) = features_in_c(&files, &windows) else {
            return;
        };
        assert_eq!(found.len(), expected.len());
        for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let (expected, tolerance) = match numbers {
                Numbers::Float => (*expected, 1e-4 * expected.abs().max(10.0)),
                Numbers::Int8(_) => (f32::from(encoding.encode(*expected)), 1.0),
            };
            let window = i / (2 * 7 * width);
            assert!(
                (found - expected).abs() <= tolerance,
                "window {window}: feature {i} is {found}, expected {expected}"
            );
        }
    }
}

/// The features of whole windows, computed by the code for single samples; `None` without a compiler.
fn features_in_c(files: &[ModelFile], windows: &[Vec<f32>]) -> Option<Vec<f32>> {
    let compiler = *compilers().first()?;
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        std::fs::write(folder.path().join(&file.path), &file.bytes).unwrap();
    }
    std::fs::write(folder.path().join("test_model.c"), PRINT_FEATURES).unwrap();
    let bytes = windows.iter().flatten().flat_map(|v| v.to_ne_bytes());
    std::fs::write(folder.path().join("windows"), bytes.collect::<Vec<u8>>()).unwrap();
    compile(
        compiler,
        &["-DSEISMIC_STREAM=1", "-o", "print"],
        folder.path(),
    );
    let ran = Command::new(folder.path().join("print"))
        .stdin(std::fs::File::open(folder.path().join("windows")).unwrap())
        .output()
        .unwrap();
    assert!(ran.status.success());
    let lines = text(&ran.stdout);
    Some(lines.lines().map(|line| line.parse().unwrap()).collect())
}
