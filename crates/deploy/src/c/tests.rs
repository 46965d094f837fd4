use std::path::Path;
use std::process::Command;

use data::BandLayout;
use model::{InputShape, ModelKind};
use serde_json::{Value, json};

use super::*;
use crate::test_model::{features, noise, trained, with_preprocessing};

mod stream;

/// The installed compilers; reports those that are missing.
fn compilers() -> Vec<&'static str> {
    let is_there = |name: &&str| Command::new(name).arg("--version").output().is_ok();
    let (there, missing): (Vec<_>, Vec<_>) = ["gcc", "clang"].into_iter().partition(is_there);
    for name in missing {
        eprintln!("SKIPPED: there is no {name}");
    }
    there
}

/// Compiles with warnings as errors and runs the test.
fn check(name: &str, files: &[ModelFile]) {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        std::fs::write(folder.path().join(&file.path), &file.bytes).unwrap();
    }
    let header = files.iter().find(|file| file.path == "seismic_model.h");
    let header = text(&header.unwrap().bytes);
    // Also tests the functions for single samples.
    let stream = format!(
        "-DSEISMIC_STREAM={}",
        u8::from(header.contains("SEISMIC_CAN_STREAM 1"))
    );
    for compiler in compilers() {
        // Running is slow, so only one compiler's code is run, with sanitizers, which Debian's clang lacks.
        if compiler == "gcc" {
            let flags = [
                "-fsanitize=address,undefined",
                "-fno-sanitize-recover=all",
                &stream,
                "-o",
                "test_model",
            ];
            compile(compiler, &flags, folder.path());
            let ran = Command::new(folder.path().join("test_model"))
                .output()
                .unwrap();
            let printed = text(&ran.stdout) + &text(&ran.stderr);
            assert!(printed.contains("PASS"), "{name}: {printed}");
        } else {
            compile(compiler, &["-fsyntax-only", &stream], folder.path());
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn compile(compiler: &str, flags: &[&str], folder: &Path) {
    let warnings = [
        "-std=c99",
        "-Wall",
        "-Wextra",
        "-Wconversion",
        "-Werror",
        "-pedantic",
    ];
    // The example has its own `main`, so only its syntax is checked.
    let sources: &[&str] = if flags.contains(&"-fsyntax-only") {
        &["test_model.c", "example.c", "seismic_model.c"]
    } else {
        &["test_model.c", "seismic_model.c", "-lm"]
    };
    let built = Command::new(compiler)
        .args(warnings)
        .args(flags)
        .args(sources)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        built.status.success(),
        "{compiler}: {}",
        text(&built.stderr)
    );
}

fn both(name: &str, kind: ModelKind, input: InputShape, preprocessing: Value) {
    let (mut bundle, architecture) = with_preprocessing(kind, input, preprocessing);
    bundle.card.class_names[0] = "\"a\\b*/é??/".into();
    let model = TrainedModel::new(&bundle, &architecture).unwrap();
    let network = Network::new(&model).unwrap();
    check(name, &files(&model, &network, Numbers::Float).unwrap());
    let x = features(&architecture, 8);
    let (quantised, _) = IntegerNetwork::new(&network, &x, &x).unwrap();
    check(
        name,
        &files(&model, &network, Numbers::Int8(&quantised)).unwrap(),
    );
}

#[test]
fn every_network_passes_its_own_test() {
    for kind in ModelKind::ALL {
        let (bundle, architecture) = trained(kind);
        both(
            kind.name(),
            kind,
            architecture.input,
            bundle.card.preprocessing,
        );
    }
}

/// Statistics of so many features.
fn statistics(count: usize) -> Value {
    let mean = noise(1, count);
    let std: Vec<f32> = noise(2, count).iter().map(|v| 1.5 + v).collect();
    json!({"mean": mean, "std": std})
}

/// Front ends with features of the window, by name.
fn of_window() -> [(&'static str, Value); 7] {
    let spectral = json!({"method": "bands", "bands": {"frames": 2, "bands": 6, "time": true}});
    let rhythm = json!({"method": "bands", "bands": {"frames": 2, "bands": 6, "rhythm": true}});
    let mut both = rhythm.clone();
    both["bands"]["time"] = json!(true);
    let mut all = both.clone();
    all["bands"]["power"] = json!(true);
    all["bands"]["correlation"] = json!(true);
    let correlation = json!({"method": "bands", "bands": {"bands": 6, "correlation": true}});
    let plain = json!({"method": "bands", "bands": {"frames": 1, "bands": 6, "level": false, "power": true}});
    [
        (
            "bands-time",
            json!({"spectral": spectral, "normalisation": "band", "statistics": statistics(2 * 20), "steps": ["demean"]}),
        ),
        (
            "bands-time-dataset",
            json!({"spectral": spectral, "normalisation": "dataset", "statistics": statistics(2)}),
        ),
        (
            "bands-rhythm",
            json!({"spectral": rhythm, "normalisation": "dataset", "statistics": statistics(2)}),
        ),
        (
            "bands-time-rhythm",
            json!({"spectral": both, "normalisation": "band", "statistics": statistics(2 * 84)}),
        ),
        (
            "bands-window",
            json!({"spectral": all, "normalisation": "band", "statistics": statistics(2 * 92)}),
        ),
        (
            "bands-correlation",
            json!({"spectral": correlation, "normalisation": "dataset", "statistics": statistics(2)}),
        ),
        (
            "bands-power-plain",
            json!({"spectral": plain, "normalisation": "dataset", "statistics": statistics(2)}),
        ),
    ]
}

/// Other front ends and steps, by name.
fn front_ends() -> [(&'static str, Value); 14] {
    let thresholds = json!({"constant": 1e-9, "compression": [3.0, 40.0]});
    let bands = json!({"method": "bands", "bands": {"frames": 2, "bands": 7}});
    let plain = json!({"method": "bands", "bands": {"frames": 1, "level": false}});
    // The window is not a multiple of the hop, the segments do not cover it, and frames of two segments are
    // interleaved.
    let uneven = json!({"method": "bands", "bands":
        {"segment": 37, "hop": 13, "frames": 3, "frame": 18, "frame_hop": 9, "bands": 5}});
    let welch =
        json!({"nperseg": 24, "noverlap": 7, "nfft": 27, "window": "hamming", "detrend": "none"});
    [
        (
            "none",
            json!({"spectral": {"method": "none"}, "normalisation": "sample", "steps": ["detrend"]}),
        ),
        (
            "none-dataset",
            json!({"spectral": {"method": "none"}, "normalisation": "dataset", "statistics": statistics(2)}),
        ),
        (
            "short",
            json!({"spectral": {"method": "none", "none": {"segment": 8}}, "normalisation": "dataset", "statistics": statistics(2)}),
        ),
        (
            "fft",
            json!({"spectral": {"method": "fft", "compression": "log1p"}, "normalisation": "dataset",
            "statistics": statistics(2), "thresholds": thresholds}),
        ),
        (
            "welch",
            json!({"spectral": {"method": "welch", "welch": welch, "compression": "log"}, "normalisation": "sample",
            "steps": ["standardise", {"scale": 20.0}], "thresholds": thresholds}),
        ),
        (
            "none-filtered",
            json!({"spectral": {"method": "none"}, "normalisation": "none", "steps": ["detrend",
                {"band_pass": {"low": 5.0, "high": 20.0}}, {"scale": 0.01}, "standardise"]}),
        ),
        (
            "fft-filtered",
            json!({"spectral": {"method": "fft", "compression": "log1p"}, "normalisation": "sample", "steps": ["demean",
                {"high_pass": {"frequency": 2.0, "zero_phase": false}}, {"low_pass": {"frequency": 30.0, "order": 3}}],
                "thresholds": thresholds}),
        ),
        (
            "bands-filtered",
            json!({"spectral": bands, "normalisation": "sample", "steps": [{"high_pass": {"frequency": 2.0}}]}),
        ),
        (
            "fft-stream",
            json!({"spectral": {"method": "fft", "compression": "log1p"}, "normalisation": "none",
            "steps": [{"scale": 0.25}], "thresholds": thresholds}),
        ),
        (
            "welch-stream",
            json!({"spectral": {"method": "welch", "welch": welch, "compression": "log"}, "normalisation": "dataset",
            "statistics": statistics(2), "thresholds": thresholds}),
        ),
        (
            "bands",
            json!({"spectral": bands, "normalisation": "band", "statistics": statistics(2 * 16)}),
        ),
        (
            "bands-sample",
            json!({"spectral": bands, "normalisation": "sample"}),
        ),
        (
            "bands-plain",
            json!({"spectral": plain, "normalisation": "none", "steps": ["demean"]}),
        ),
        (
            "bands-uneven",
            json!({"spectral": uneven, "normalisation": "sample", "steps": [{"scale": 1e-3}, "demean", {"scale": -3.0}]}),
        ),
    ]
}

#[test]
fn every_front_end_passes_its_own_test() {
    for (name, mut preprocessing) in front_ends().into_iter().chain(of_window()) {
        const SAMPLES: usize = 128;
        preprocessing["segments"] = 7.into();
        preprocessing["window"] = SAMPLES.into();
        preprocessing["spectral"]["sampling_rate"] = 100.0.into();
        if preprocessing.get("statistics").is_none() {
            preprocessing["statistics"] = Value::Null;
        }
        let mut parsed: data::Preprocessing = serde_json::from_value(preprocessing).unwrap();
        let bins = match name.split('-').next() {
            Some("bands") => {
                let layout = BandLayout::new(&parsed.spectral.bands, SAMPLES).unwrap();
                let features = layout.features();
                parsed.bands = Some(layout);
                features
            }
            Some("welch") => 14,
            Some("short") => {
                parsed.segments = 31;
                8
            }
            _ => SAMPLES / 4,
        };
        let preprocessing = serde_json::to_value(&parsed).unwrap();
        let input = InputShape::from([2, parsed.segments, bins]);
        both(name, ModelKind::UltraLightweight, input, preprocessing);
    }
}

/// A preprocessing that does nothing except for one key.
fn plain_but(key: &str, value: Value) -> Value {
    let mut preprocessing = json!({
        "segments": 7, "window": 64, "spectral": {"method": "none"}, "normalisation": "none", "statistics": null,
    });
    preprocessing[key] = value;
    preprocessing
}

/// The C code of a small network with this preprocessing.
fn exported(preprocessing: Value) -> Result<Vec<ModelFile>, DeployError> {
    let (bundle, architecture) = with_preprocessing(
        ModelKind::UltraLightweight,
        InputShape::from([2, 7, 16]),
        preprocessing,
    );
    let model = TrainedModel::new(&bundle, &architecture).unwrap();
    let network = Network::new(&model).unwrap();
    files(&model, &network, Numbers::Float)
}

#[test]
fn what_has_no_form_in_c_is_refused() {
    let refused = |preprocessing: Value| exported(preprocessing).unwrap_err().to_string();
    let with = |key: &str, value: Value| refused(plain_but(key, value));
    assert!(with("normalisation", "batch".into()).contains("no batch"));
    let filter = json!([{"band_pass": {"low": 2.0, "high": 8.0, "order": 12}}]);
    assert!(with("steps", filter).contains("`band_pass` is longer than a window of 64 samples"));
    let filter = json!([{"high_pass": {"frequency": 1e9}}]);
    assert!(with("steps", filter).contains("`high_pass`"));
    assert!(with("window", 128.into()).contains("128 samples become 7 segments of 32 features"));
    assert!(with("spectral", json!({"method": "bands"})).contains("layout"));
    assert!(with("own_segments", json!([5, 40])).contains("5 segments of 40 values"));
    let refused = exported(stream::bands_with_time(json!("sample"))).unwrap_err();
    assert!(refused.to_string().contains("`sample` is not supported"));
}

#[test]
fn the_header_says_how_recordings_were_prepared() {
    let header = |preprocessing: Value| {
        let files = exported(preprocessing).unwrap();
        let header = files.iter().find(|file| file.path == "seismic_model.h");
        String::from_utf8(header.unwrap().bytes.clone()).unwrap()
    };
    let steps = json!(["detrend", {"high_pass": {"frequency": 1.0}}]);
    let text = header(plain_but("recording_steps", steps));
    assert!(text.contains("prepared as those of the training"), "{text}");
    assert!(text.contains("[\"detrend\",{\"high_pass\""), "{text}");
    let plain = header(plain_but("window", 64.into()));
    assert!(plain.contains("`[channels][samples]`, as recorded."));
}
