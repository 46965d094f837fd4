//! Results of the trainer's own engine for windows that the test generates.

use std::fmt::Write;

use data::Preprocessing;

use super::Numbers;
use super::text::{floats, integers};
use crate::network::{Network, Runner};
use crate::quantise::IntegerRunner;
use crate::{DeployError, TrainedModel};

/// Number of windows.
const WINDOWS: u32 = 4;
/// Number of inputs of integer networks besides the features of the first window.
const INPUTS: u32 = 4;

/// The generator in `runtime/test_model.c`.
struct Noise(u32);

impl Noise {
    fn draw(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 >> 16
    }
}

/// Window `number` of the test, `[channels, samples]`.
fn window(number: u32, count: usize) -> Vec<f32> {
    let mut noise = Noise(number + 1);
    (0..count)
        .map(|i| {
            let noise = (noise.draw() % 2001) as i32 - 1000;
            let wave = if (i >> (3 + number % 4)) & 1 == 0 {
                -700
            } else {
                700
            };
            (noise + wave + 300 * number as i32) as f32
        })
        .collect()
}

/// `golden.h`.
pub(super) fn header(
    model: &TrainedModel<'_>,
    network: &Network,
    numbers: Numbers<'_>,
    samples: usize,
) -> Result<String, DeployError> {
    let channels = model.input().height;
    let features = (0..WINDOWS).map(|number| {
        let window = window(number, channels * samples);
        features(model.preprocessing(), &window, [channels, samples])
    });
    let features: Vec<Vec<f32>> = features.collect::<Result<_, _>>()?;
    let mut text = format!("#define GOLDEN_WINDOWS {WINDOWS}\n");
    match numbers {
        Numbers::Float => {
            let mut runner = Runner::new(network);
            let logits: Vec<f32> = features
                .iter()
                .flat_map(|x| runner.run(x).to_vec())
                .collect();
            text.push_str("#define GOLDEN_IS_INTEGER 0\n#define GOLDEN_TOLERANCE 1e-4f\n#define GOLDEN_UNIT 0.0f\n");
            text.push_str(&floats("golden_features", &features[0]));
            text.push_str(&floats("golden_logits", &logits));
        }
        Numbers::Int8(network) => {
            let encoding = network.input_encoding();
            let units = |x: &[f32]| -> Vec<i8> { x.iter().map(|v| encoding.encode(*v)).collect() };
            let mut runner = IntegerRunner::new(network);
            let logits: Vec<f32> = features.iter().flat_map(|x| runner.run(x)).collect();
            let first = units(&features[0]);
            let mut outputs = runner.run_integers(&first).to_vec();
            for number in 1..=INPUTS {
                let mut noise = Noise(number + 100);
                let x: Vec<i8> = (0..first.len())
                    .map(|_| ((noise.draw() % 256) as i32 - 128) as i8)
                    .collect();
                outputs.extend_from_slice(runner.run_integers(&x));
            }
            // Features that differ by one unit change the logits by a few units.
            let unit = 4.0 * network.output_encoding().scale;
            let _ = writeln!(
                text,
                "#define GOLDEN_IS_INTEGER 1\n#define GOLDEN_INPUTS {INPUTS}\n#define GOLDEN_TOLERANCE 0.02f\n\
                 #define GOLDEN_UNIT {}",
                super::float(unit)
            );
            text.push_str(&integers("int8_t", "golden_features", &first));
            text.push_str(&floats("golden_logits", &logits));
            text.push_str(&integers("int8_t", "golden_outputs", &outputs));
        }
    }
    Ok(text)
}

/// Inputs of the network for a window, computed by the data crate.
pub(super) fn features(
    preprocessing: &Preprocessing,
    window: &[f32],
    shape: [usize; 2],
) -> Result<Vec<f32>, DeployError> {
    let mut pipeline = preprocessing
        .pipeline()
        .map_err(|error| DeployError::FrontEnd(error.to_string()))?;
    let mut features = Vec::new();
    let shape = pipeline
        .features(window, &shape, &mut features)
        .map_err(|error| DeployError::FrontEnd(error.to_string()))?;
    preprocessing.compress(&mut features, shape);
    preprocessing.normalise(&mut features, shape);
    Ok(features)
}
