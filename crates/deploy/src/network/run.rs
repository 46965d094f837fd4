//! Runs the layers in float32, one window after the other.

use super::{Layer, Network, Operation, Shape, sources};

/// Runs a network, and keeps every value of the last window.
pub(crate) struct Runner<'a> {
    network: &'a Network,
    /// For each layer, the taps of its kernel and their input positions.
    sources: Vec<Vec<Vec<(usize, usize)>>>,
    values: Vec<Vec<f32>>,
}

impl<'a> Runner<'a> {
    pub fn new(network: &'a Network) -> Self {
        let of = |layer: &Layer| {
            let (input, output) = (network.values[layer.input], network.values[layer.output]);
            match layer.operation {
                Operation::Conv { size, stride, .. } => sources(input, output, size, stride),
                Operation::Depthwise { size, .. } => sources(input, output, size, 1),
                _ => Vec::new(),
            }
        };
        let values = network.values.iter();
        Self {
            network,
            sources: network.layers.iter().map(of).collect(),
            values: values.map(|shape| vec![0.0; shape.elements()]).collect(),
        }
    }

    /// The logits of one window's features.
    pub fn run(&mut self, features: &[f32]) -> &[f32] {
        self.run_with(features, |_, _| {})
    }

    /// Like [`Runner::run`]; `change` sees, and may change, the output of every layer.
    pub fn run_with(&mut self, features: &[f32], change: impl Fn(usize, &mut [f32])) -> &[f32] {
        self.values[0].copy_from_slice(features);
        for (at, layer) in self.network.layers.iter().enumerate() {
            // Taken out because the layer borrows the other values.
            let mut output = std::mem::take(&mut self.values[layer.output]);
            self.layer(layer, &self.sources[at], &mut output);
            if layer.relu {
                output.iter_mut().for_each(|v| *v = v.max(0.0));
            }
            change(layer.output, &mut output);
            self.values[layer.output] = output;
        }
        &self.values[self.network.output]
    }

    /// A value of the last window.
    pub fn value(&self, index: usize) -> &[f32] {
        &self.values[index]
    }

    fn layer(&self, layer: &Layer, sources: &[Vec<(usize, usize)>], output: &mut [f32]) {
        let input = &self.values[layer.input];
        let shape = self.network.values[layer.input];
        let channels = self.network.values[layer.output].channels;
        match &layer.operation {
            Operation::Conv { kernel, bias, .. } => {
                for (out, taps) in output.chunks_exact_mut(channels).zip(sources) {
                    out.copy_from_slice(bias);
                    for (tap, position) in taps {
                        let x = &input[position * shape.channels..][..shape.channels];
                        let rows = &kernel[tap * shape.channels * channels..];
                        for (x, row) in x.iter().zip(rows.chunks_exact(channels)) {
                            out.iter_mut().zip(row).for_each(|(sum, w)| *sum += x * w);
                        }
                    }
                }
            }
            Operation::Depthwise { kernel, bias, .. } => {
                for (out, taps) in output.chunks_exact_mut(channels).zip(sources) {
                    out.copy_from_slice(bias);
                    for (tap, position) in taps {
                        let x = &input[position * channels..][..channels];
                        let row = &kernel[tap * channels..][..channels];
                        for ((sum, x), w) in out.iter_mut().zip(x).zip(row) {
                            *sum += x * w;
                        }
                    }
                }
            }
            Operation::Scale { scale, shift } => scale_into(input, scale, shift, output),
            Operation::Mean { scale, shift } => {
                output.fill(0.0);
                for x in input.chunks_exact(channels) {
                    output.iter_mut().zip(x).for_each(|(sum, x)| *sum += x);
                }
                let positions = shape.positions() as f32;
                output.iter_mut().for_each(|sum| *sum /= positions);
                let means = output.to_vec();
                scale_into(&means, scale, shift, output);
            }
            Operation::MaxPool { columns } => max_pool(input, shape, *columns, output),
            Operation::Add { other } => {
                let pairs = input.iter().zip(&self.values[*other]);
                output
                    .iter_mut()
                    .zip(pairs)
                    .for_each(|(o, (a, b))| *o = a + b);
            }
        }
    }
}

fn scale_into(input: &[f32], scale: &[f32], shift: &[f32], output: &mut [f32]) {
    let rows = input.chunks_exact(scale.len());
    for (out, x) in output.chunks_exact_mut(scale.len()).zip(rows) {
        for (i, out) in out.iter_mut().enumerate() {
            *out = x[i] * scale[i] + shift[i];
        }
    }
}

/// The maximum of every `columns` columns; columns left over at the end are dropped.
pub(crate) fn max_pool<T: Copy + PartialOrd>(
    input: &[T],
    shape: Shape,
    columns: usize,
    output: &mut [T],
) {
    let c = shape.channels;
    let lines = input.chunks_exact(shape.width * c);
    for (line, output) in lines.zip(output.chunks_exact_mut(shape.width / columns * c)) {
        let windows = line.chunks_exact(columns * c);
        for (window, output) in windows.zip(output.chunks_exact_mut(c)) {
            output.copy_from_slice(&window[..c]);
            for next in window[c..].chunks_exact(c) {
                for (out, next) in output.iter_mut().zip(next) {
                    if *next > *out {
                        *out = *next;
                    }
                }
            }
        }
    }
}
