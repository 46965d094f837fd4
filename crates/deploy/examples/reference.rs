//! Models with random weights in every format, with inputs and the logits that the project's own engine computes of them:
//! what `scripts/check_savedmodel.py` compares with TensorFlow and onnxruntime.
//!
//!     cargo run -p deploy --example reference -- FOLDER
//!
//! Writes `FOLDER/{network}-{front end}/`: a SavedModel, `model.onnx`, `model.safetensors`, `model.json`, and
//! `reference.safetensors` with `windows`, `features`, `logits_of_windows`, `logits_of_features`.

use std::collections::HashMap;
use std::path::Path;

use data::{Chain, Preprocessing, Spectrum};
use deploy::{TrainedModel, onnx, saved_model};
use model::native::NativeNetwork;
use model::rng::Rng;
use model::{
    AdamConfig, Architecture, Bundle, InputShape, ModelKind, NamedTensor, Plan, TensorRole, Weights,
};
use safetensors::tensor::{Dtype, TensorView};
use serde_json::json;

/// Windows of every case.
const COUNT: usize = 256;
/// Sensor channels.
const CHANNELS: usize = 2;
/// Samples of a window.
const SAMPLES: usize = 1024;

type Error = Box<dyn std::error::Error>;

/// A front end by name.
struct Case {
    name: &'static str,
    preprocessing: serde_json::Value,
    /// Whether every network is written with it, or the smallest alone.
    every_network: bool,
}

fn cases() -> Vec<Case> {
    let statistics = json!({"mean": [0.3, -0.2], "std": [1.7, 2.5]});
    let case = |name, steps, spectral, normalisation: &str, every_network| Case {
        name,
        preprocessing: json!({
            "segments": 7, "steps": steps, "spectral": spectral, "normalisation": normalisation,
            "statistics": (normalisation == "dataset").then(|| statistics.clone()),
        }),
        every_network,
    };
    let welch = json!({
        "nperseg": 50, "noverlap": 13, "nfft": 81, "window": "hamming", "scaling": "spectrum", "detrend": "none",
    });
    vec![
        case(
            "none",
            json!([]),
            json!({"method": "none"}),
            "dataset",
            true,
        ),
        case(
            "fft",
            json!([]),
            json!({"method": "fft", "compression": "log1p"}),
            "sample",
            true,
        ),
        case(
            "welch",
            json!(["demean"]),
            json!({"method": "welch", "compression": "log"}),
            "dataset",
            true,
        ),
        case(
            "none-plain",
            json!([]),
            json!({"method": "none"}),
            "none",
            false,
        ),
        case(
            "none-filtered",
            json!(["detrend", {"band_pass": {"low": 5.0, "high": 80.0}}, {"scale": 0.01}, "standardise"]),
            json!({"method": "none"}),
            "none",
            false,
        ),
        case(
            "fft-causal",
            json!([{"high_pass": {"frequency": 2.0, "zero_phase": false}}]),
            json!({"method": "fft"}),
            "sample",
            false,
        ),
        case(
            "welch-odd",
            json!([]),
            json!({"method": "welch", "welch": welch}),
            "sample",
            false,
        ),
        case(
            "batch",
            json!([]),
            json!({"method": "none"}),
            "batch",
            false,
        ),
    ]
}

fn main() -> Result<(), Error> {
    let folder = std::env::args().nth(1).ok_or("usage: reference FOLDER")?;
    for kind in ModelKind::ALL {
        for case in cases() {
            if case.every_network || kind == ModelKind::UltraLightweight {
                let name = format!("{kind}-{}", case.name);
                write(&Path::new(&folder).join(&name), kind, &case)?;
                println!("{name}");
            }
        }
    }
    Ok(())
}

fn write(folder: &Path, kind: ModelKind, case: &Case) -> Result<(), Error> {
    let preprocessing: Preprocessing = serde_json::from_value(case.preprocessing.clone())?;
    let windows = windows();
    let (features, bins) = features(&windows, &preprocessing)?;
    let input = InputShape::from([CHANNELS, preprocessing.segments, bins]);
    let architecture = Architecture::new(kind, input, 3);
    let weights = weights(&Plan::new(&architecture)?)?;
    let logits_of_windows = logits(&architecture, &weights, &features)?;
    // Beside features as they come, plain noise.
    let noise = noise(7, COUNT * input.elements());
    let logits_of_features = logits(&architecture, &weights, &noise)?;

    let names = ["background", "footsteps", "vehicle"].map(String::from);
    let preprocessing = serde_json::to_value(&preprocessing)?;
    let bundle = Bundle::new(&architecture, weights, names.to_vec(), preprocessing);
    let model = TrainedModel::new(&bundle, &architecture)?.with_window(SAMPLES);
    let mut files = saved_model::files(&model);
    for (name, bytes) in bundle.files()? {
        files.push(deploy::ModelFile {
            path: name.into(),
            bytes,
        });
    }
    for file in &files {
        let path = folder.join(&file.path);
        std::fs::create_dir_all(path.parent().ok_or("a file is in a folder")?)?;
        std::fs::write(path, &file.bytes)?;
    }
    std::fs::write(folder.join("model.onnx"), onnx::file(&model))?;
    let input = [vec![COUNT], input.dims().to_vec()].concat();
    let tensors = [
        ("windows", vec![COUNT, CHANNELS, SAMPLES], windows),
        ("features", input, noise),
        ("logits_of_windows", vec![COUNT, 3], logits_of_windows),
        ("logits_of_features", vec![COUNT, 3], logits_of_features),
    ];
    save(&folder.join("reference.safetensors"), &tensors)
}

/// Noise and a slow wave a channel, of amplitudes and levels that differ by orders of magnitude; the last three windows
/// are constant, zero, and constant in one channel.
fn windows() -> Vec<f32> {
    let mut values = noise(1, COUNT * CHANNELS * SAMPLES);
    for (i, channel) in values.chunks_exact_mut(SAMPLES).enumerate() {
        let window = i / CHANNELS;
        let amplitude = 10f32.powi(window as i32 % 5 - 2);
        // Up to 9,000 deviations.
        let level = amplitude * [0.0, 1.0, -30.0, 900.0, -9000.0][window / 5 % 5];
        for (t, value) in channel.iter_mut().enumerate() {
            let wave = (t as f32 * (0.02 + 0.01 * (window % 7) as f32)).sin();
            *value = (*value + wave) * amplitude + level;
        }
        match (COUNT - window, i % CHANNELS) {
            (1, _) | (3, 1) => channel.fill(12.5),
            (2, _) => channel.fill(0.0),
            _ => {}
        }
    }
    values
}

/// Uniform between -1 and 1.
fn noise(stream: u64, count: usize) -> Vec<f32> {
    let mut rng = Rng::new(5, stream);
    (0..count).map(|_| 2.0 * rng.uniform() - 1.0).collect()
}

/// Inputs of the network end to end, and the features of a segment.
fn features(windows: &[f32], preprocessing: &Preprocessing) -> Result<(Vec<f32>, usize), Error> {
    let spectral = &preprocessing.spectral;
    let chain = Chain::new(&preprocessing.steps, spectral.sampling_rate)?;
    let segment = SAMPLES / 4;
    let spectrum = Spectrum::new(spectral, segment).ok_or("segments are too short")?;
    let mut features = Vec::new();
    for channel in windows.chunks_exact(SAMPLES) {
        let mut samples: Vec<f64> = channel.iter().map(|&v| v.into()).collect();
        chain.apply(&mut samples)?;
        let samples: Vec<f32> = samples.iter().map(|&v| v as f32).collect();
        for i in 0..preprocessing.segments {
            spectrum.transform(&samples[i * segment / 2..][..segment], &mut features);
        }
    }
    let shape = [CHANNELS, preprocessing.segments, spectrum.bins()];
    preprocessing.normalise(&mut features, shape);
    Ok((features, spectrum.bins()))
}

fn logits(architecture: &Architecture, weights: &Weights, x: &[f32]) -> Result<Vec<f32>, Error> {
    let mut network = NativeNetwork::new(architecture, weights, AdamConfig::default())?;
    Ok(network.logits(x).to_vec())
}

/// Weights as after a training: no bias is zero, no batch normalisation the identity.
fn weights(plan: &Plan) -> Result<Weights, Error> {
    let initial = Weights::init(plan, 3);
    let tensors = plan.tensors.iter().zip(initial.tensors());
    let tensors = tensors.enumerate().map(|(i, (plan, tensor))| {
        let noise = noise(100 + i as u64, tensor.values.len());
        let values = tensor.values.iter().zip(noise);
        let values = values.map(|(value, noise)| match plan.role {
            TensorRole::Kernel { .. } => *value,
            TensorRole::Bias | TensorRole::Beta | TensorRole::MovingMean => 0.2 * noise,
            TensorRole::Gamma | TensorRole::MovingVariance => 1.0 + 0.4 * noise,
        });
        let values = values.collect();
        let tensor = NamedTensor {
            values,
            ..tensor.clone()
        };
        (tensor.name.clone(), tensor)
    });
    Ok(Weights::from_named(
        plan,
        tensors.collect::<HashMap<_, _>>(),
    )?)
}

fn save(path: &Path, tensors: &[(&str, Vec<usize>, Vec<f32>)]) -> Result<(), Error> {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, _, values)| values.iter().flat_map(|v| v.to_le_bytes()).collect())
        .collect();
    let views = tensors.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes)?;
        Ok((*name, view))
    });
    let views = views.collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?;
    std::fs::write(path, safetensors::serialize(views, None)?)?;
    Ok(())
}
