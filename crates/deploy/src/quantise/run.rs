//! The integer runner.

use crate::network::{Shape, max_pool, sources};

use super::{ADD_SHIFT, Affine, Encoding, IntegerLayer, IntegerNetwork, IntegerOperation};

/// Runs an integer network, one window after the other, and keeps all values of the last window.
#[derive(Clone, Debug)]
pub struct IntegerRunner<'a> {
    network: &'a IntegerNetwork,
    /// For each layer, the taps of its kernel and their input positions.
    sources: Vec<Vec<Vec<(usize, usize)>>>,
    values: Vec<Vec<i8>>,
    /// Sums of one position.
    sums: Vec<i32>,
}

impl<'a> IntegerRunner<'a> {
    /// For `network`.
    pub fn new(network: &'a IntegerNetwork) -> Self {
        let of = |layer: &IntegerLayer| {
            let (input, output) = (network.shapes[layer.input], network.shapes[layer.output]);
            match layer.operation {
                IntegerOperation::Conv { size, stride, .. } => sources(input, output, size, stride),
                IntegerOperation::Depthwise { size, .. } => sources(input, output, size, 1),
                _ => Vec::new(),
            }
        };
        let shapes = network.shapes.iter();
        Self {
            network,
            sources: network.layers.iter().map(of).collect(),
            values: shapes.map(|shape| vec![0; shape.elements()]).collect(),
            sums: Vec::new(),
        }
    }

    /// Logits of one window's features, in integer arithmetic.
    pub fn run(&mut self, features: &[f32]) -> Vec<f32> {
        let encoding = self.network.input_encoding();
        let features: Vec<i8> = features.iter().map(|v| encoding.encode(*v)).collect();
        let output = self.network.output_encoding();
        let logits = self.run_integers(&features);
        logits.iter().map(|unit| output.decode(*unit)).collect()
    }

    /// Integer logits of integer features.
    pub fn run_integers(&mut self, features: &[i8]) -> &[i8] {
        self.values[0].copy_from_slice(features);
        let network = self.network;
        for (at, layer) in network.layers.iter().enumerate() {
            // Taken out because the layer borrows the other values.
            let mut output = std::mem::take(&mut self.values[layer.output]);
            let mut sums = std::mem::take(&mut self.sums);
            self.layer(layer, &self.sources[at], &mut sums, &mut output);
            self.sums = sums;
            self.values[layer.output] = output;
        }
        &self.values[network.output]
    }

    /// A value of the last window.
    pub(crate) fn value(&self, index: usize) -> &[i8] {
        &self.values[index]
    }

    fn layer(
        &self,
        layer: &IntegerLayer,
        sources: &[Vec<(usize, usize)>],
        sums: &mut Vec<i32>,
        output: &mut [i8],
    ) {
        let network = self.network;
        let input = Input {
            values: &self.values[layer.input],
            shape: network.shapes[layer.input],
            zero: network.encodings[layer.input].zero_point as i16,
        };
        let result = Rounding {
            encoding: network.encodings[layer.output],
            relu: layer.relu,
        };
        match &layer.operation {
            IntegerOperation::Conv { weights, .. } => {
                let channels = weights.bias.len();
                for (out, taps) in output.chunks_exact_mut(channels).zip(sources) {
                    start(sums, weights);
                    for (tap, position) in taps {
                        input.convolve(*position, *tap, &weights.kernel, sums);
                    }
                    result.round(weights, sums, out);
                }
            }
            IntegerOperation::Depthwise { weights, .. } => {
                let channels = weights.bias.len();
                for (out, taps) in output.chunks_exact_mut(channels).zip(sources) {
                    start(sums, weights);
                    for (tap, position) in taps {
                        let row = &weights.kernel[tap * channels..][..channels];
                        input.multiply(*position, row, sums);
                    }
                    result.round(weights, sums, out);
                }
            }
            IntegerOperation::Scale { weights } => {
                let channels = weights.bias.len();
                for (position, out) in output.chunks_exact_mut(channels).enumerate() {
                    start(sums, weights);
                    input.multiply(position, &weights.kernel, sums);
                    result.round(weights, sums, out);
                }
            }
            IntegerOperation::Mean { weights } => {
                start(sums, weights);
                for position in 0..input.shape.positions() {
                    input.multiply(position, &weights.kernel, sums);
                }
                result.round(weights, sums, output);
            }
            IntegerOperation::MaxPool { columns } => {
                max_pool(input.values, input.shape, *columns, output);
            }
            IntegerOperation::Add { other, multipliers } => {
                let zero = network.encodings[*other].zero_point;
                let pairs = input.values.iter().zip(&self.values[*other]);
                for (out, (a, b)) in output.iter_mut().zip(pairs) {
                    let a = (i32::from(*a) - i32::from(input.zero)) << ADD_SHIFT;
                    let b = (i32::from(*b) - zero) << ADD_SHIFT;
                    let sum = multipliers[0].apply(a) + multipliers[1].apply(b);
                    *out = result.saturate(multipliers[2].apply(sum));
                }
            }
        }
    }
}

fn start(sums: &mut Vec<i32>, weights: &Affine) {
    sums.clear();
    sums.extend_from_slice(&weights.bias);
}

/// Input of a layer.
struct Input<'a> {
    values: &'a [i8],
    shape: Shape,
    zero: i16,
}

impl Input<'_> {
    fn row(&self, position: usize) -> &[i8] {
        &self.values[position * self.shape.channels..][..self.shape.channels]
    }

    /// Adds one tap of a convolution.
    fn convolve(&self, position: usize, tap: usize, kernel: &[i8], sums: &mut [i32]) {
        let rows = &kernel[tap * self.shape.channels * sums.len()..];
        let rows = rows.chunks_exact(sums.len());
        for (value, row) in self.row(position).iter().zip(rows) {
            let x = i16::from(*value) - self.zero;
            if x != 0 {
                // 255 times 127 fits 16 bits, where a product is faster.
                let products = row.iter().map(|w| x.wrapping_mul(i16::from(*w)));
                sums.iter_mut()
                    .zip(products)
                    .for_each(|(sum, p)| *sum += i32::from(p));
            }
        }
    }

    /// Adds the products of one position, for each channel separately.
    fn multiply(&self, position: usize, row: &[i8], sums: &mut [i32]) {
        for ((sum, value), w) in sums.iter_mut().zip(self.row(position)).zip(row) {
            let x = i16::from(*value) - self.zero;
            *sum += i32::from(x.wrapping_mul(i16::from(*w)));
        }
    }
}

/// Conversion of sums to values.
struct Rounding {
    encoding: Encoding,
    relu: bool,
}

impl Rounding {
    fn round(&self, weights: &Affine, sums: &[i32], output: &mut [i8]) {
        let scaled = sums.iter().zip(&weights.multipliers);
        for (out, (sum, multiplier)) in output.iter_mut().zip(scaled) {
            *out = self.saturate(multiplier.apply(*sum));
        }
    }

    fn saturate(&self, units: i32) -> i8 {
        let least = if self.relu {
            self.encoding.zero_point
        } else {
            -128
        };
        units
            .saturating_add(self.encoding.zero_point)
            .clamp(least, 127) as i8
    }
}
