//! A network in 8 bits: int8 weights a channel, int8 values, int32 biases, in TFLite's arithmetic.
//!
//! - `fixed_point`: products with real numbers, rounded as TFLite's reference kernels do;
//! - `ranges`: which stretch of numbers every value spans, found on windows;
//! - `layers`: weights and ranges become integers;
//! - `run`: the integer runner; the C code and TFLite's reference kernels give the same bits;
//! - `inference`: the same bits, fast;
//! - `stored`: the file that keeps the ranges beside the weights;
//! - `report`: what it costs in accuracy, layer by layer.
//!
//! A value `q` stands for `scale * (q - zero_point)`.

mod fixed_point;
mod inference;
mod layers;
mod ranges;
mod report;
mod run;
mod stored;
#[cfg(test)]
mod tests;

use crate::DeployError;
use crate::network::{Network, Runner, Shape};

pub use self::fixed_point::Multiplier;
pub use self::inference::IntegerInference;
pub use self::ranges::RangeMethod;
pub use self::report::{LayerReport, layer_reports};
pub use self::run::IntegerRunner;
pub use self::stored::{MAX_RANGES_SIZE, RANGES_FILE};

use self::ranges::Survey;

/// What integers of a value stand for: `scale * (q - zero_point)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Encoding {
    /// Size of one unit.
    pub scale: f32,
    /// The integer that stands for zero.
    pub zero_point: i32,
}

impl Encoding {
    /// Of the stretch from `low` to `high`, widened to hold zero; none where it is empty or not finite.
    pub fn of_range(low: f32, high: f32) -> Option<Self> {
        let (low, high) = (f64::from(low.min(0.0)), f64::from(high.max(0.0)));
        let scale = ((high - low) / 255.0) as f32;
        if !(scale.is_normal() && high.is_finite() && low.is_finite()) {
            return None;
        }
        let zero_point = (-128.0 - low / f64::from(scale))
            .round()
            .clamp(-128.0, 127.0);
        Some(Self {
            scale,
            zero_point: zero_point as i32,
        })
    }

    /// The nearest integer, saturated; ties away from zero.
    pub fn encode(self, value: f32) -> i8 {
        let unit = (value / self.scale).round() + self.zero_point as f32;
        unit.clamp(-128.0, 127.0) as i8
    }

    /// What it stands for.
    pub fn decode(self, unit: i8) -> f32 {
        self.scale * (i32::from(unit) - self.zero_point) as f32
    }

    /// Smallest and largest value that it can stand for.
    pub fn range(self) -> (f32, f32) {
        (self.decode(-128), self.decode(127))
    }
}

/// Weights of a layer as integers, a scale a channel of the output.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Affine {
    /// As in [`crate::network::Operation`]; a scale and a mean have one a channel.
    pub kernel: Vec<i8>,
    /// In units of the scale of the input times that of the kernel.
    pub bias: Vec<i32>,
    /// What a unit of the kernel stands for.
    pub scales: Vec<f32>,
    /// From sums to units of the output.
    pub multipliers: Vec<Multiplier>,
}

/// What a layer computes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum IntegerOperation {
    Conv {
        weights: Affine,
        size: (usize, usize),
        stride: usize,
    },
    Depthwise {
        weights: Affine,
        size: (usize, usize),
    },
    /// Every position times a number a channel.
    Scale { weights: Affine },
    /// The sum over all positions times a number a channel.
    Mean { weights: Affine },
    /// The largest of so many neighbours along the width.
    MaxPool { columns: usize },
    Add {
        other: usize,
        /// Of the two inputs, shifted left by [`ADD_SHIFT`], and of their sum.
        multipliers: [Multiplier; 3],
    },
}

impl IntegerOperation {
    /// Its weights, where it has any.
    pub fn weights(&self) -> Option<&Affine> {
        match self {
            Self::Conv { weights, .. }
            | Self::Depthwise { weights, .. }
            | Self::Scale { weights }
            | Self::Mean { weights } => Some(weights),
            Self::MaxPool { .. } | Self::Add { .. } => None,
        }
    }
}

/// Bits that summands gain before they are scaled to one unit.
pub(crate) const ADD_SHIFT: u32 = 20;

/// One layer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct IntegerLayer {
    pub name: String,
    pub operation: IntegerOperation,
    /// Whether negative results become zero.
    pub relu: bool,
    pub input: usize,
    pub output: usize,
}

/// A network in 8 bits.
#[derive(Clone, Debug, PartialEq)]
pub struct IntegerNetwork {
    pub(crate) layers: Vec<IntegerLayer>,
    /// Shape of every value; the first is the input.
    pub(crate) shapes: Vec<Shape>,
    /// What integers of every value stand for.
    pub(crate) encodings: Vec<Encoding>,
    /// Index of the logits.
    pub(crate) output: usize,
    method: RangeMethod,
}

/// How well an integer network does what the float32 network does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// Share of windows of the same class.
    pub classes: f64,
    /// Root mean square of the difference of logits, as share of that of the logits.
    pub logit_error: f64,
}

impl IntegerNetwork {
    /// Quantises `network`. Ranges are those of values over `calibration`, windows of the training split; how they are
    /// cut is what agrees best with float32 over `validation`. Both are features end to end.
    ///
    /// # Errors
    /// [`DeployError::NoWindows`] without windows, [`DeployError::Range`] where a value has no range or a bias exceeds 32
    /// bits.
    pub fn new(
        network: &Network,
        calibration: &[f32],
        validation: &[f32],
    ) -> Result<(Self, Agreement), DeployError> {
        let survey = Survey::new(network, calibration)?;
        let mut best: Option<(Self, Agreement)> = None;
        for method in RangeMethod::ALL {
            let quantised = layers::quantise(network, &survey, method)?;
            let agreement = quantised.agreement(network, validation);
            let is_better = best.as_ref().is_none_or(|(_, best)| {
                (agreement.classes, -agreement.logit_error) > (best.classes, -best.logit_error)
            });
            if is_better {
                best = Some((quantised, agreement));
            }
        }
        best.ok_or(DeployError::NoWindows)
    }

    /// With ranges found by `method`.
    ///
    /// # Errors
    /// As [`IntegerNetwork::new`].
    pub fn with_method(
        network: &Network,
        calibration: &[f32],
        method: RangeMethod,
    ) -> Result<Self, DeployError> {
        layers::quantise(network, &Survey::new(network, calibration)?, method)
    }

    /// How ranges were found.
    pub fn method(&self) -> RangeMethod {
        self.method
    }

    /// What integers of the input stand for.
    pub fn input_encoding(&self) -> Encoding {
        self.encodings[0]
    }

    /// What integers of the logits stand for.
    pub fn output_encoding(&self) -> Encoding {
        self.encodings[self.output]
    }

    /// Shape of the input.
    pub fn input_shape(&self) -> Shape {
        self.shapes[0]
    }

    /// Number of logits.
    pub fn classes(&self) -> usize {
        self.shapes[self.output].elements()
    }

    /// Bytes of weights, biases and multipliers.
    pub fn weight_bytes(&self) -> usize {
        let weights = self.layers.iter().filter_map(|l| l.operation.weights());
        weights.map(Affine::bytes).sum()
    }

    /// Compares with float32 over windows of features.
    pub fn agreement(&self, network: &Network, features: &[f32]) -> Agreement {
        let mut float = Runner::new(network);
        let mut runner = IntegerRunner::new(self);
        let (mut same, mut count, mut error, mut power) = (0, 0, 0.0, 0.0);
        for x in features.chunks_exact(self.input_shape().elements()) {
            let (ours, theirs) = (runner.run(x), float.run(x));
            same += usize::from(largest(&ours) == largest(theirs));
            count += 1;
            for (a, b) in ours.iter().zip(theirs) {
                error += f64::from(a - b).powi(2);
                power += f64::from(*b).powi(2);
            }
        }
        Agreement {
            classes: same as f64 / f64::from(count.max(1)),
            logit_error: (error / power.max(f64::MIN_POSITIVE)).sqrt(),
        }
    }
}

impl Affine {
    /// Kernel, biases, multipliers and shifts.
    pub fn bytes(&self) -> usize {
        self.kernel.len() + 4 * self.bias.len() + 5 * self.multipliers.len()
    }
}

/// Index of the largest, the first of equals.
pub(crate) fn largest(logits: &[f32]) -> usize {
    let mut best = 0;
    for (i, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = i;
        }
    }
    best
}
