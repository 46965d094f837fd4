//! Models with random weights in every format, with inputs and the logits that the project's own engine computes of them:
//! what `scripts/check_savedmodel.py` compares with TensorFlow and onnxruntime, `scripts/check_tflite.py` with TFLite's
//! reference kernels, and `scripts/check_firmware` runs on an emulated node.
//!
//!     cargo run -p deploy --example reference -- FOLDER [--short]
//!
//! `--short` writes three networks with two front ends.
//!
//! Writes `FOLDER/{network}-{front end}/`: a SavedModel, `model.onnx`, `model.safetensors`, `model.json`, and
//! `reference.safetensors` with `windows`, `features`, and the logits of each; of the smallest network also of
//! `far_windows`, whose mean is up to a million deviations. With the front end `bands`, and of the smallest network with
//! all, also `model.tflite`, `model_int8.tflite`, `model_int8_io.tflite`, `integers.safetensors` (int8 `features` and the
//! `logits` of the project's integer runner), and C code in `c_float` and `c_int8`.

use std::collections::HashMap;
use std::path::Path;

use data::{BandLayout, Preprocessing, SpectralMethod};
use deploy::network::Network;
use deploy::quantise::{IntegerNetwork, IntegerRunner};
use deploy::{DeployError, ModelFile, TrainedModel, c, onnx, saved_model, tflite};
use model::native::NativeNetwork;
use model::rng::Rng;
use model::{
    AdamConfig, Architecture, Bundle, InputShape, ModelKind, NamedTensor, Plan, TensorRole, Weights,
};
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};

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
    preprocessing: Value,
    /// What logits are divided by before the softmax.
    temperature: f64,
    /// Whether every network is written with it, or the smallest alone.
    every_network: bool,
}

fn cases() -> Vec<Case> {
    let mut cases = cases_of_every_network();
    cases.extend(cases_of_the_smallest());
    cases
}

fn case(name: &'static str, every_network: bool, mut preprocessing: Value) -> Case {
    preprocessing["segments"] = 7.into();
    preprocessing["window"] = SAMPLES.into();
    Case {
        name,
        preprocessing,
        temperature: if name == "bands" { 2.5 } else { 1.0 },
        every_network,
    }
}

fn thresholds() -> Value {
    json!({"constant": 2f64.powi(-30), "compression": [1e-5, 3e-4]})
}

/// Statistics of 256 features of each channel.
fn by_band() -> Value {
    let entries = |scale: f64, shift: f64| -> Vec<f64> {
        let of = |i| shift + scale * (f64::from(i) * 0.37).sin();
        (0..CHANNELS as i32 * 256).map(of).collect()
    };
    json!({"mean": entries(0.5, -1.0), "std": entries(0.7, 1.5)})
}

fn cases_of_every_network() -> Vec<Case> {
    let by_channel = json!({"mean": [0.3, -0.2], "std": [1.7, 2.5]});
    vec![
        case(
            "none",
            true,
            json!({
                "spectral": {"method": "none"}, "normalisation": "dataset", "statistics": by_channel,
            }),
        ),
        case(
            "fft",
            true,
            json!({
                "spectral": {"method": "fft", "compression": "log1p"}, "normalisation": "sample", "thresholds": thresholds(),
            }),
        ),
        case(
            "welch",
            true,
            json!({
                "steps": ["demean"], "spectral": {"method": "welch", "compression": "log"}, "normalisation": "dataset",
                "statistics": by_channel, "thresholds": thresholds(),
            }),
        ),
        case(
            "bands",
            true,
            json!({
                "spectral": {"method": "bands"}, "normalisation": "band", "statistics": by_band(),
            }),
        ),
    ]
}

fn cases_of_the_smallest() -> Vec<Case> {
    let odd_welch = json!({
        "nperseg": 50, "noverlap": 13, "nfft": 81, "window": "hamming", "scaling": "spectrum", "detrend": "none",
    });
    let of_window = json!({
        "spectral": {"method": "bands", "bands": {"time": true, "rhythm": true, "power": true, "correlation": true}}, "normalisation": "band", "statistics": by_band(),
    });
    let odd_bands = json!({"segments": 5, "frames": 2, "bands": 20, "level": false, "power": true});
    vec![
        case(
            "none-short",
            false,
            json!({"spectral": {"method": "none", "none": {"segment": 16}}, "normalisation": "none"}),
        ),
        case(
            "none-filtered",
            false,
            json!({
                "steps": ["detrend", {"band_pass": {"low": 5.0, "high": 80.0}}, {"scale": 0.01}, "standardise"],
                "spectral": {"method": "none"}, "normalisation": "none",
            }),
        ),
        // As stored by an older version, without thresholds.
        case(
            "fft-causal",
            false,
            json!({
                "steps": [{"high_pass": {"frequency": 2.0, "zero_phase": false}}],
                "spectral": {"method": "fft", "compression": "log"}, "normalisation": "sample",
            }),
        ),
        case(
            "welch-odd",
            false,
            json!({
                "spectral": {"method": "welch", "welch": odd_welch}, "normalisation": "sample", "thresholds": thresholds(),
            }),
        ),
        case(
            "bands-plain",
            false,
            json!({
                "spectral": {"method": "bands", "bands": odd_bands}, "normalisation": "none",
            }),
        ),
        case("bands-window", false, of_window),
        case(
            "batch",
            false,
            json!({"spectral": {"method": "none"}, "normalisation": "batch"}),
        ),
    ]
}

fn main() -> Result<(), Error> {
    let folder = std::env::args()
        .nth(1)
        .ok_or("usage: reference FOLDER [--short]")?;
    let is_short = std::env::args()
        .nth(2)
        .is_some_and(|option| option == "--short");
    let short_networks = [
        ModelKind::UltraLightweight,
        ModelKind::Seismic,
        ModelKind::Simple,
    ];
    for kind in ModelKind::ALL {
        for case in cases() {
            let is_left_out = is_short
                && !(short_networks.contains(&kind) && ["bands", "welch"].contains(&case.name));
            if !is_left_out && (case.every_network || kind == ModelKind::UltraLightweight) {
                let name = format!("{kind}-{}", case.name);
                write(&Path::new(&folder).join(&name), kind, &case)?;
                println!("{name}");
            }
        }
    }
    Ok(())
}

fn write(folder: &Path, kind: ModelKind, case: &Case) -> Result<(), Error> {
    let mut preprocessing: Preprocessing = serde_json::from_value(case.preprocessing.clone())?;
    if preprocessing.spectral.method == SpectralMethod::Bands {
        let layout = BandLayout::new(&preprocessing.spectral.bands, SAMPLES)?;
        preprocessing.segments = layout.segments;
        preprocessing.bands = Some(layout);
    } else if let Some(cut) = preprocessing.spectral.cut(SAMPLES) {
        preprocessing.segments = cut.segments;
    }
    let near = windows([0.0, 1.0, -30.0, 900.0, -9000.0]);
    let (near_features, shape) = features(&near, &preprocessing)?;
    let input = InputShape::from(shape);
    let architecture = Architecture::new(kind, input, 3);
    let weights = weights(&Plan::new(&architecture)?)?;
    // Besides computed features, uniform noise.
    let noise = noise(7, COUNT * input.elements());
    let logits = |x: &[f32]| logits(&architecture, &weights, x);
    let windows_shape = vec![COUNT, CHANNELS, SAMPLES];
    let mut tensors = vec![
        ("logits_of_windows", vec![COUNT, 3], logits(&near_features)?),
        ("logits_of_features", vec![COUNT, 3], logits(&noise)?),
        ("windows", windows_shape.clone(), near),
        ("features", [vec![COUNT], shape.to_vec()].concat(), noise),
    ];
    // The result does not depend on the network, so the smallest suffices.
    if kind == ModelKind::UltraLightweight {
        let far = windows([1e6, -1e6, 1e5, -1e5, 1e4]);
        let (features, _) = features(&far, &preprocessing)?;
        tensors.push(("logits_of_far_windows", vec![COUNT, 3], logits(&features)?));
        tensors.push(("far_windows", windows_shape, far));
    }

    let names = ["background", "footsteps", "vehicle"].map(String::from);
    let preprocessing = serde_json::to_value(&preprocessing)?;
    let mut bundle = Bundle::new(&architecture, weights, names.to_vec(), preprocessing);
    bundle.card.temperature = case.temperature;
    let model = TrainedModel::new(&bundle, &architecture)?;
    let mut files = saved_model::files(&model);
    files.extend(bundle.files()?.map(|(name, bytes)| ModelFile {
        path: name.into(),
        bytes,
    }));
    for file in &files {
        let path = folder.join(&file.path);
        std::fs::create_dir_all(path.parent().ok_or("a file is in a folder")?)?;
        std::fs::write(path, &file.bytes)?;
    }
    std::fs::write(folder.join("model.onnx"), onnx::file(&model))?;
    if case.name == "bands" || kind == ModelKind::UltraLightweight {
        write_for_nodes(folder, &model, &near_features)?;
    }
    save(&folder.join("reference.safetensors"), &tensors)
}

/// TFLite in float32 and 8 bits, integers for it, and C.
fn write_for_nodes(folder: &Path, model: &TrainedModel<'_>, features: &[f32]) -> Result<(), Error> {
    let network = Network::new(model)?;
    let elements = network.input_shape().elements();
    let is_large = network.macs() > 10_000_000;
    let count = if is_large { 2 } else { 24 };
    let calibration = &features[..count * elements];
    let (quantised, _) = IntegerNetwork::new(&network, calibration, calibration)?;
    for (name, numbers) in [
        ("model.tflite", tflite::Numbers::Float),
        ("model_int8.tflite", tflite::Numbers::Int8(&quantised)),
        ("model_int8_io.tflite", tflite::Numbers::Int8Io(&quantised)),
    ] {
        std::fs::write(folder.join(name), tflite::file(model, &network, numbers)?)?;
    }
    let encoding = quantised.input_encoding();
    let mut units: Vec<i8> = calibration.iter().map(|v| encoding.encode(*v)).collect();
    // Integers over their whole range.
    units.extend(noise(11, units.len()).iter().map(|v| (v * 160.0) as i8));
    let mut runner = IntegerRunner::new(&quantised);
    let logits = units.chunks_exact(elements);
    let logits: Vec<i8> = logits
        .flat_map(|x| runner.run_integers(x).to_vec())
        .collect();
    save_integers(
        &folder.join("integers.safetensors"),
        2 * count,
        &[("features", &units), ("logits", &logits)],
    )?;
    // C sources of hundreds of megabytes are of no use.
    if is_large {
        return Ok(());
    }
    for (name, numbers) in [
        ("c_float", c::Numbers::Float),
        ("c_int8", c::Numbers::Int8(&quantised)),
    ] {
        let files = match c::files(model, &network, numbers) {
            // Batch statistics cannot be exported to C.
            Err(DeployError::FrontEnd(_)) => return Ok(()),
            files => files?,
        };
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder)?;
        for file in files {
            std::fs::write(folder.join(&file.path), &file.bytes)?;
        }
    }
    Ok(())
}

/// Rows of int8, `count` of each.
fn save_integers(path: &Path, count: usize, tensors: &[(&str, &Vec<i8>)]) -> Result<(), Error> {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, values)| values.iter().map(|v| *v as u8).collect())
        .collect();
    let views = tensors.iter().zip(&bytes).map(|((name, values), bytes)| {
        let view = TensorView::new(Dtype::I8, vec![count, values.len() / count], bytes)?;
        Ok((*name, view))
    });
    let views = views.collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?;
    std::fs::write(path, safetensors::serialize(views, None)?)?;
    Ok(())
}

/// Noise and a slow wave a channel, of amplitudes from 1e-12 to 1e12 and so many times them as level; the last three
/// windows are constant, zero, and constant in one channel.
fn windows(levels: [f32; 5]) -> Vec<f32> {
    let mut values = noise(1, COUNT * CHANNELS * SAMPLES);
    for (i, channel) in values.chunks_exact_mut(SAMPLES).enumerate() {
        let window = i / CHANNELS;
        let amplitude = [1.0, 1e-12, 1e3, 1e-3, 1e12][window % 5];
        let level = amplitude * levels[window / 5 % 5];
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

/// Inputs of the network end to end, and their shape.
fn features(
    windows: &[f32],
    preprocessing: &Preprocessing,
) -> Result<(Vec<f32>, [usize; 3]), Error> {
    let mut pipeline = preprocessing.pipeline()?;
    let (mut features, mut shape) = (Vec::new(), [0; 3]);
    for window in windows.chunks_exact(CHANNELS * SAMPLES) {
        shape = pipeline.features(window, &[CHANNELS, SAMPLES], &mut features)?;
    }
    preprocessing.compress(&mut features, shape);
    preprocessing.normalise(&mut features, shape);
    Ok((features, shape))
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
