//! A network in 8 bits: int8 weights with one scale per channel, int8 values, int32 biases, in TFLite's arithmetic.
//!
//! - `fixed_point`: products with real numbers, rounded as in TFLite's reference kernels;
//! - `ranges`: the range of every value, found on windows;
//! - `layers`: converts weights and ranges to integers;
//! - `run`: the integer runner; the C code and TFLite's reference kernels give the same bits;
//! - `inference`: the same bits, faster;
//! - `stored`: the file of ranges in the model's folder;
//! - `report`: the loss of accuracy, layer by layer.
//!
//! A value `q` represents `scale * (q - zero_point)`.

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

/// Encoding of a value: an integer `q` represents `scale * (q - zero_point)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Encoding {
    /// Size of one unit.
    pub scale: f32,
    /// The integer that represents zero.
    pub zero_point: i32,
}

impl Encoding {
    /// Encoding of the range from `low` to `high`, widened to contain zero; `None` if it is empty or not finite.
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

    /// The number that `q` represents.
    pub fn decode(self, unit: i8) -> f32 {
        self.scale * (i32::from(unit) - self.zero_point) as f32
    }

    /// Smallest and largest number that it can represent.
    pub fn range(self) -> (f32, f32) {
        (self.decode(-128), self.decode(127))
    }
}

/// Weights of a layer as integers, with one scale per channel of the output.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Affine {
    /// As in [`crate::network::Operation`]; a scale and a mean have one per channel.
    pub kernel: Vec<i8>,
    /// In units of the scale of the input times that of the kernel.
    pub bias: Vec<i32>,
    /// Size of a unit of the kernel, per channel.
    pub scales: Vec<f32>,
    /// From sums to units of the output.
    pub multipliers: Vec<Multiplier>,
}

/// Operation of a layer.
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
    /// Every position times one number per channel.
    Scale { weights: Affine },
    /// The sum over all positions times one number per channel.
    Mean { weights: Affine },
    /// The maximum of `columns` neighbours along the width.
    MaxPool { columns: usize },
    Add {
        other: usize,
        /// Multipliers of the two inputs, shifted left by [`ADD_SHIFT`], and of their sum.
        multipliers: [Multiplier; 3],
    },
}

impl IntegerOperation {
    /// Its weights, if it has any.
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

/// Bits by which summands are shifted left before they are scaled to a common unit.
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
    /// Encoding of every value.
    pub(crate) encodings: Vec<Encoding>,
    /// Index of the logits.
    pub(crate) output: usize,
    method: RangeMethod,
}

/// Agreement of an integer network with the float32 network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// Fraction of windows with the same class.
    pub classes: f64,
    /// Root mean square of the difference of logits, relative to that of the logits.
    pub logit_error: f64,
}

impl IntegerNetwork {
    /// Quantises `network`. Ranges are those of values over `calibration`, windows of the training split, by the method
    /// that agrees best with float32 over `validation`. Both are concatenated features.
    ///
    /// # Errors
    /// [`DeployError::NoWindows`] without windows, [`DeployError::Range`] if a value has no range or a bias exceeds 32
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

    /// Encoding of the input.
    pub fn input_encoding(&self) -> Encoding {
        self.encodings[0]
    }

    /// Encoding of the logits.
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

    /// Agreement with float32 over windows of features.
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
    /// Bytes of kernel, biases, multipliers and shifts.
    pub fn bytes(&self) -> usize {
        self.kernel.len() + 4 * self.bias.len() + 5 * self.multipliers.len()
    }
}

/// Index of the largest value, the first of equal ones.
pub(crate) fn largest(logits: &[f32]) -> usize {
    let mut best = 0;
    for (i, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = i;
        }
    }
    best
}
