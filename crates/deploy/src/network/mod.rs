//! A trained network in a few types of operations, for targets without batch normalisation layers: C, integers, TFLite.
//!
//! - `lower`: turns a plan and its weights into layers, one per step;
//! - `fold`: folds batch normalisation and ReLU into neighbouring layers;
//! - `run`: the layers in float32, value by value, for calibration and tests.

pub(crate) mod arena;
mod fold;
mod lower;
mod run;
#[cfg(test)]
mod tests;

use model::same_padding;

use crate::{DeployError, TrainedModel};

pub(crate) use self::run::{Runner, max_pool};

/// Height, width and channels of a value; flat values are one position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Sensor channels.
    pub height: usize,
    /// Segments.
    pub width: usize,
    /// Features of a position.
    pub channels: usize,
}

impl Shape {
    /// Number of values.
    pub fn elements(self) -> usize {
        self.positions() * self.channels
    }

    /// Height times width.
    pub fn positions(self) -> usize {
        self.height * self.width
    }
}

/// Operation of a layer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operation {
    /// A 'same' convolution, or a dense layer as one over a single position. Kernel `[kh, kw, in, out]`.
    Conv {
        kernel: Vec<f32>,
        bias: Vec<f32>,
        size: (usize, usize),
        stride: usize,
    },
    /// A 'same' depthwise convolution. Kernel `[kh, kw, c]`.
    Depthwise {
        kernel: Vec<f32>,
        bias: Vec<f32>,
        size: (usize, usize),
    },
    /// `scale * x + shift` per channel.
    Scale { scale: Vec<f32>, shift: Vec<f32> },
    /// `scale * mean + shift`, with the mean over all positions.
    Mean { scale: Vec<f32>, shift: Vec<f32> },
    /// The maximum of `columns` neighbours along the width.
    MaxPool { columns: usize },
    /// The sum with the value of this index.
    Add { other: usize },
}

/// One layer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layer {
    pub name: String,
    pub operation: Operation,
    /// Whether negative results become zero.
    pub relu: bool,
    /// Index of the value it reads.
    pub input: usize,
    /// Index of the value it produces.
    pub output: usize,
}

impl Layer {
    /// Indices of all values it reads.
    pub fn inputs(&self) -> impl Iterator<Item = usize> {
        let other = match self.operation {
            Operation::Add { other } => Some(other),
            Operation::Conv { .. }
            | Operation::Depthwise { .. }
            | Operation::Scale { .. }
            | Operation::Mean { .. }
            | Operation::MaxPool { .. } => None,
        };
        std::iter::once(self.input).chain(other)
    }
}

/// A network as layers in execution order.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    pub(crate) layers: Vec<Layer>,
    /// Shape of every value; the first is the input.
    pub(crate) values: Vec<Shape>,
    /// Index of the logits.
    pub(crate) output: usize,
}

impl Network {
    /// Lowers a trained model, with batch normalisation folded into neighbouring layers where that is exact.
    ///
    /// # Errors
    /// [`DeployError::NotFinite`] if a weight is not finite.
    pub fn new(model: &TrainedModel<'_>) -> Result<Self, DeployError> {
        let tensors = model.weights().tensors();
        if let Some(bad) = tensors
            .iter()
            .find(|tensor| tensor.values.iter().any(|v| !v.is_finite()))
        {
            return Err(DeployError::NotFinite {
                tensor: bad.name.clone(),
            });
        }
        let mut network = lower::lower(model.plan(), model.weights());
        fold::fold(&mut network);
        Ok(network)
    }

    /// Shape of the input.
    pub fn input_shape(&self) -> Shape {
        self.values[0]
    }

    /// Number of logits.
    pub fn classes(&self) -> usize {
        self.values[self.output].elements()
    }

    /// Logits of concatenated windows of features.
    pub fn logits(&self, features: &[f32]) -> Vec<f32> {
        let mut runner = Runner::new(self);
        let windows = features.chunks_exact(self.input_shape().elements());
        windows.flat_map(|x| runner.run(x).to_vec()).collect()
    }

    /// Number of layers that read a value; the logits count once more.
    pub(crate) fn uses(&self, value: usize) -> usize {
        let reads = self.layers.iter().flat_map(Layer::inputs);
        reads.filter(|input| *input == value).count() + usize::from(value == self.output)
    }

    /// Multiply-accumulates per window, including padded positions.
    pub fn macs(&self) -> usize {
        let of = |layer: &Layer| {
            let (input, output) = (self.values[layer.input], self.values[layer.output]);
            match &layer.operation {
                Operation::Conv { kernel, .. } => output.positions() * kernel.len(),
                Operation::Depthwise { kernel, .. } => output.positions() * kernel.len(),
                Operation::Scale { .. } => output.elements(),
                Operation::Mean { .. } => input.elements(),
                Operation::MaxPool { .. } | Operation::Add { .. } => 0,
            }
        };
        self.layers.iter().map(of).sum()
    }
}

/// Padding of a 'same' kernel: zeros above and left of the data.
pub(crate) fn padding(input: Shape, size: (usize, usize), stride: usize) -> (usize, usize) {
    let (top, _) = same_padding(input.height, size.0, 1);
    let (left, _) = same_padding(input.width, size.1, stride);
    (top, left)
}

/// For every position of `output`: the taps of a 'same' kernel that are inside the data, as (tap, position of the
/// input).
pub(crate) fn sources(
    input: Shape,
    output: Shape,
    size: (usize, usize),
    stride: usize,
) -> Vec<Vec<(usize, usize)>> {
    let (top, left) = padding(input, size, stride);
    let mut sources = Vec::with_capacity(output.positions());
    for row in 0..output.height {
        for column in 0..output.width {
            let mut taps = Vec::with_capacity(size.0 * size.1);
            for tap_row in 0..size.0 {
                for tap_column in 0..size.1 {
                    let (y, x) = (row + tap_row, column * stride + tap_column);
                    let inside = (top..top + input.height).contains(&y)
                        && (left..left + input.width).contains(&x);
                    if inside {
                        let position = (y - top) * input.width + x - left;
                        taps.push((tap_row * size.1 + tap_column, position));
                    }
                }
            }
            sources.push(taps);
        }
    }
    sources
}
