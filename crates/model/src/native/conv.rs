//! A convolution as products over the positions of one sample ([`super::gemm`]): which input row every
//! kernel tap reads for every output row, resolved once.

use std::cell::RefCell;
use std::ops::Range;

use super::gemm::{Block, Product, Run, Start};
use super::visits::{RESIDENT, Read, TapLines, Visits, WIDEST};
use crate::geometry::Geometry;

/// Input channels of a kernel whose gradient is computed at once.
pub(super) const CHANNELS: usize = 32;
/// With fewer samples than this, a tile takes its rows from neighbouring positions instead.
const FEW: usize = 4;

thread_local! {
    /// Some channels of an input, row by row.
    static PANEL: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// A convolution, or a dense layer as a pointwise one, over rows of a sample.
#[derive(Clone, Debug)]
pub(super) struct Conv {
    geometry: Geometry,
    /// Input row of a sample under every tap of every output row; `None` in the padding.
    pub sources: Vec<Option<usize>>,
    pub channels: usize,
    pub out: usize,
    pub kernel: Range<usize>,
    pub bias: Range<usize>,
    /// Whether a ReLU follows.
    pub relu: bool,
    /// Offset of its transposed kernel among those of the network; `None` if the gradient of the input is not needed.
    pub transposed: Option<usize>,
    forward: Visits,
    backward: Visits,
    lines: Vec<TapLines>,
}

impl Conv {
    pub fn new(
        geometry: Geometry,
        channels: usize,
        out: usize,
        kernel: Range<usize>,
        bias: Range<usize>,
    ) -> Self {
        let sources = geometry.sources();
        let taps = geometry.taps();
        // (output row, tap, input row), ordered by tap.
        let mut reads: Vec<(usize, usize, usize)> = Vec::new();
        for tap in 0..taps {
            for row in 0..geometry.positions_out() {
                reads.extend(sources[row * taps + tap].map(|source| (row, tap, source)));
            }
        }
        let forward = reads.iter().map(|&(row, tap, source)| Read {
            block: row,
            from: source,
            tap,
        });
        let backward = reads.iter().map(|&(row, tap, source)| Read {
            block: source,
            from: row,
            tap,
        });
        Self {
            forward: Visits::new(forward, geometry.positions_out(), taps, channels, out),
            backward: Visits::new(backward, geometry.positions_in(), taps, out, channels),
            lines: (0..taps)
                .map(|tap| TapLines::new(&reads, tap, &geometry, channels, out))
                .collect(),
            geometry,
            sources,
            channels,
            out,
            kernel,
            bias,
            relu: false,
            transposed: None,
        }
    }

    pub fn taps(&self) -> usize {
        self.geometry.taps()
    }

    /// Values per sample of input and output.
    pub fn lengths(&self) -> (usize, usize) {
        (
            self.geometry.positions_in() * self.channels,
            self.geometry.positions_out() * self.out,
        )
    }

    /// `out = relu(conv(input) + bias)` for some samples.
    pub fn forward(&self, parameters: &[f32], input: &[f32], out: &mut [f32]) {
        let (length_in, length_out) = self.lengths();
        let (kernel, bias) = (
            &parameters[self.kernel.clone()],
            &parameters[self.bias.clone()],
        );
        let samples = out.len() / length_out;
        let product = Product {
            rows: samples,
            columns: self.out,
            inner: self.forward.inner,
            a: input,
            a_row: length_in,
            a_inner: 1,
            b: kernel,
            b_inner: self.out,
            c_row: length_out,
            blocks: &self.forward.blocks,
            runs: &self.forward.runs,
            start: Start::Bias(bias),
            relu: self.relu,
        };
        if samples >= FEW || self.geometry.positions_out() == 1 {
            return product.write(out);
        }
        // The same sums in the same order, but computed tap by tap over lines of neighbouring positions.
        let outs = out.chunks_exact_mut(length_out);
        for (input, out) in input.chunks_exact(length_in).zip(outs) {
            for row in out.chunks_exact_mut(self.out) {
                row.copy_from_slice(bias);
            }
            for tap in &self.lines {
                let product = Product {
                    rows: tap.count,
                    inner: self.channels,
                    a: input,
                    a_row: self.geometry.stride * self.channels,
                    c_row: self.out,
                    blocks: &tap.visits.blocks,
                    runs: &tap.visits.runs,
                    start: Start::Add,
                    relu: false,
                    ..product
                };
                product.write(out);
            }
            if self.relu {
                super::kernels::relu(out);
            }
        }
    }

    /// Gradient of the input of some samples, written or added to `back`. `transposed` holds the kernels `[tap, out,
    /// channels]` of the network.
    pub fn backward(
        &self,
        transposed: &[f32],
        gradient: &[f32],
        accumulate: bool,
        back: &mut [f32],
    ) {
        let (length_in, length_out) = self.lengths();
        let start = self.transposed.expect("the input's gradient is wanted");
        let product = Product {
            rows: gradient.len() / length_out,
            columns: self.channels,
            inner: self.backward.inner,
            a: gradient,
            a_row: length_out,
            a_inner: 1,
            b: &transposed[start..start + self.kernel.len()],
            b_inner: self.channels,
            c_row: length_in,
            blocks: &self.backward.blocks,
            runs: &self.backward.runs,
            start: if accumulate { Start::Add } else { Start::Zero },
            relu: false,
        };
        product.write(back);
    }

    /// Gradients of kernel and bias over some samples, written or added.
    pub fn parameter_gradients(
        &self,
        input: &[f32],
        gradient: &[f32],
        accumulate: bool,
        d_kernel: &mut [f32],
        d_bias: &mut [f32],
    ) {
        for from in (0..self.channels).step_by(CHANNELS) {
            let count = CHANNELS.min(self.channels - from);
            let taps = d_kernel.chunks_exact_mut(self.channels * self.out);
            let mut outs: Vec<&mut [f32]> = taps
                .map(|tap| &mut tap[from * self.out..(from + count) * self.out])
                .collect();
            self.kernel_gradient(from, input, gradient, accumulate, &mut outs);
        }
        if !accumulate {
            d_bias.fill(0.0);
        }
        super::kernels::sum_rows(gradient, d_bias);
    }

    /// Gradient of the kernel for the input channels starting at `from` over some samples, written or added to `outs`:
    /// one slice per tap with one row per channel.
    pub fn kernel_gradient(
        &self,
        from: usize,
        input: &[f32],
        gradient: &[f32],
        accumulate: bool,
        outs: &mut [&mut [f32]],
    ) {
        let (length_in, length_out) = self.lengths();
        let width = outs[0].len() / self.out;
        // As many samples as keep the input in the first-level cache over all tiles.
        let rows_out = self.geometry.positions_out();
        let values = self.geometry.positions_in() * width + rows_out * self.out.min(WIDEST);
        let samples = (2 * RESIDENT / size_of::<f32>() / values).max(1);
        let blocks = input.chunks(samples * length_in);
        for (i, (input, gradient)) in blocks
            .zip(gradient.chunks(samples * length_out))
            .enumerate()
        {
            let accumulate = accumulate || i > 0;
            // A column of a wide matrix maps to few sets of the cache. In a copy, its rows are adjacent.
            if self.channels >= 4 * width {
                PANEL.with_borrow_mut(|panel| {
                    panel.clear();
                    for row in input.chunks_exact(self.channels) {
                        panel.extend_from_slice(&row[from..from + width]);
                    }
                    self.tap_gradients((panel, width), gradient, accumulate, outs);
                });
            } else {
                self.tap_gradients((&input[from..], self.channels), gradient, accumulate, outs);
            }
        }
    }

    /// Like [`Conv::kernel_gradient`] for all samples at once; rows of `a` are `stride` apart.
    fn tap_gradients(
        &self,
        (a, stride): (&[f32], usize),
        gradient: &[f32],
        accumulate: bool,
        outs: &mut [&mut [f32]],
    ) {
        for (tap, out) in outs.iter_mut().enumerate() {
            self.tap_gradient(tap, (a, stride), gradient, accumulate, out);
        }
    }

    /// Like [`Conv::kernel_gradient`] for one tap; rows of `a` are `stride` apart.
    fn tap_gradient(
        &self,
        tap: usize,
        (a, stride): (&[f32], usize),
        gradient: &[f32],
        accumulate: bool,
        out: &mut [f32],
    ) {
        let samples = gradient.len() / self.lengths().1;
        let (rows_in, rows_out) = (self.geometry.positions_in(), self.geometry.positions_out());
        let lines = &self.lines[tap];
        let (inner, step, runs) = if self.reads_every_row(tap) {
            // A single run over all positions of all samples.
            (samples * rows_out, 1, vec![Run { a: 0, b: 0 }])
        } else {
            let runs = (0..samples).flat_map(|sample| {
                lines.starts.iter().map(move |&(source, row)| Run {
                    a: (sample * rows_in + source) * stride,
                    b: (sample * rows_out + row) * self.out,
                })
            });
            (lines.count, self.geometry.stride, runs.collect())
        };
        let product = Product {
            rows: out.len() / self.out,
            columns: self.out,
            inner,
            a,
            a_row: 1,
            a_inner: step * stride,
            b: gradient,
            b_inner: self.out,
            c_row: self.out,
            blocks: &[Block {
                c: 0,
                runs: 0..runs.len(),
                first: true,
                last: true,
            }],
            runs: &runs,
            start: if accumulate { Start::Add } else { Start::Zero },
            relu: false,
        };
        product.write(out);
    }

    /// Whether output row `i` reads input row `i` under this tap, for all rows.
    fn reads_every_row(&self, tap: usize) -> bool {
        let mut rows = self.sources.iter().skip(tap).step_by(self.taps());
        self.geometry.positions_in() == self.geometry.positions_out()
            && (0..self.geometry.positions_out()).all(|row| rows.next() == Some(&Some(row)))
    }
}

#[cfg(test)]
mod tests;
