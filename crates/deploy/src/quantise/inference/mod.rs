//! An integer inference engine for CPUs, built once from an [`IntegerNetwork`]: packed kernels and preallocated
//! buffers. It gives the same bits as [`super::IntegerRunner`], on every instruction set and with any number of
//! threads.
//!
//! - `program`: the network as steps, with packed kernels;
//! - `lines`: convolutions with fewer products than taps;
//! - `kernels`, `line_kernels`: vectorised operations of steps; `rows`: the products of a step, tile by tile;
//! - `layout`: memory layout of values and kernels; `scaling`: multipliers;
//! - `vector`: vectors of integers for each instruction set; `instructions`: the available instruction sets.
//!
//! Values are 16-bit integers less their zero point, so that padding is zero and two of them are multiplied in one
//! lane. Processors that multiply four bytes in a lane get the input of a convolution as bytes.

mod instructions;
mod kernels;
mod layout;
mod line_kernels;
mod lines;
mod program;
mod rows;
mod scaling;
#[cfg(test)]
mod tests;
mod vector;

use rayon::prelude::*;

use self::instructions::Instructions;
use self::kernels::{Bytes, Channels, Destination, Encode, Pool, Sum};
use self::layout::Layout;
use self::line_kernels::{Combine, Evaluate};
use self::lines::Lines;
use self::program::{Kind, Program, Step};
use self::rows::Rows;
use self::vector::PANEL;
use super::{Encoding, IntegerNetwork};

/// Samples that a thread passes through the layers at once: kernels are read once for all.
const BLOCK: usize = 8;
/// Multiply-accumulates above which threads share a batch; below, waking the threads costs more.
const PARALLEL: usize = 4 << 20;

/// An integer network that classifies on a CPU.
#[derive(Clone, Debug)]
pub struct IntegerInference {
    program: Program,
    instructions: Instructions,
    input: Encoding,
    output: Encoding,
    /// One per thread.
    workers: Vec<Worker>,
    logits: Vec<f32>,
}

/// Buffers of one thread: all values of a block of samples.
#[derive(Clone, Debug)]
struct Worker {
    values: Vec<Vec<i16>>,
    /// Evaluated inputs, and products, of the current layer.
    points: Vec<i16>,
    products: Vec<i32>,
    /// Its input in bytes.
    bytes: Vec<u8>,
}

impl IntegerInference {
    /// Builds the engine with the best instructions of this processor.
    pub fn new(network: &IntegerNetwork) -> Self {
        let available = Instructions::available();
        let best = *available.last().expect("one is always there");
        Self::on(network, best, best.multiply_bytes())
    }

    /// Builds the engine with instructions that the processor must support; `bytes` as in [`Program::new`].
    fn on(network: &IntegerNetwork, instructions: Instructions, bytes: bool) -> Self {
        Self {
            program: Program::new(network, bytes),
            instructions,
            input: network.input_encoding(),
            output: network.output_encoding(),
            workers: Vec::new(),
            logits: Vec::new(),
        }
    }

    /// Number of logits per window.
    pub fn classes(&self) -> usize {
        self.program.layouts[self.program.output].shape.elements()
    }

    /// Classifies a batch of finite features.
    ///
    /// # Shapes
    /// `x` `[batch, height, width, channels]` row-major; the result `[batch, classes]`.
    ///
    /// # Panics
    /// If `x` is not a whole number of samples.
    pub fn logits(&mut self, x: &[f32]) -> &[f32] {
        let length = self.program.layouts[0].shape.elements();
        let classes = self.classes();
        assert!(
            x.len().is_multiple_of(length),
            "whole samples of {length} values"
        );
        let batch = x.len() / length;
        let blocks = batch.div_ceil(BLOCK);
        let threads = match self.program.macs * batch {
            ..PARALLEL => 1,
            PARALLEL.. => rayon::current_num_threads(),
        };
        let workers = threads.min(blocks).max(1);
        let program = &self.program;
        self.workers
            .resize_with(workers.max(self.workers.len()), || Worker::new(program));
        self.logits.resize(batch * classes, 0.0);
        let each = blocks.div_ceil(workers).max(1) * BLOCK;
        let encodings = (self.input, self.output);
        let instructions = self.instructions;
        let work = |((worker, x), logits): ((&mut Worker, &[f32]), &mut [f32])| {
            let parts = x.chunks(BLOCK * length);
            for (x, logits) in parts.zip(logits.chunks_mut(BLOCK * classes)) {
                worker.run(program, instructions, encodings, (x, logits));
            }
        };
        if workers == 1 {
            work(((&mut self.workers[0], x), &mut self.logits));
        } else {
            let parts = self.workers.par_iter_mut().zip(x.par_chunks(each * length));
            parts
                .zip(self.logits.par_chunks_mut(each * classes))
                .for_each(work);
        }
        &self.logits
    }
}

impl Worker {
    fn new(program: &Program) -> Self {
        // Vectors may read beyond the last value.
        let length = |layout: &Layout| BLOCK * layout.length() + PANEL;
        let values = program.layouts.iter().map(|l| vec![0; length(l)]);
        let (mut points, mut products, mut bytes) = (0, 0, 0);
        for step in &program.steps {
            let from = &program.layouts[step.from];
            match &step.kind {
                Kind::Lines(lines) => {
                    points = points.max(lines.count() * from.stride);
                    products = products.max(lines.count() * step.finish.bias.len());
                }
                Kind::ByteConv { .. } => {
                    bytes = bytes.max(from.shape.positions() * 4 * from.byte_words());
                }
                Kind::Conv { .. }
                | Kind::Channels { .. }
                | Kind::Pool { .. }
                | Kind::Add { .. } => {}
            }
        }
        Self {
            values: values.collect(),
            points: vec![0; BLOCK * points + PANEL],
            products: vec![0; BLOCK * products + PANEL],
            bytes: vec![0; BLOCK * bytes + PANEL],
        }
    }

    /// Classifies at most [`BLOCK`] samples.
    fn run(
        &mut self,
        program: &Program,
        instructions: Instructions,
        (input, output): (Encoding, Encoding),
        (x, logits): (&[f32], &mut [f32]),
    ) {
        let first = program.layouts[0];
        let samples = x.len() / first.shape.elements();
        let encode = Encode {
            from: (x, first.shape.channels),
            encoding: input,
            stride: first.stride,
            to: &mut self.values[0][..samples * first.length()],
        };
        // SAFETY: the processor has the instructions, see `Instructions::available`.
        #[allow(unsafe_code)]
        unsafe {
            instructions.run(encode);
        }
        for step in &program.steps {
            // Taken out because the step borrows the other values.
            let mut to = std::mem::take(&mut self.values[step.to]);
            self.step(program, instructions, step, (samples, &mut to));
            self.values[step.to] = to;
        }
        let last = program.layouts[program.output];
        let units = self.values[program.output].chunks_exact(last.stride);
        let rows = logits.chunks_exact_mut(last.shape.channels);
        for (logits, units) in rows.zip(units) {
            for (logit, unit) in logits.iter_mut().zip(units) {
                *logit = output.scale * f32::from(*unit);
            }
        }
    }

    fn step(
        &mut self,
        program: &Program,
        instructions: Instructions,
        step: &Step,
        (samples, to): (usize, &mut [i16]),
    ) {
        let (before, after) = (program.layouts[step.from], program.layouts[step.to]);
        let from = &self.values[step.from][..];
        assert!(from.len() >= samples * before.length() + PANEL);
        assert!(to.len() >= samples * after.length() + PANEL);
        let finish = &step.finish;
        let units = Destination::Units(to.as_mut_ptr(), finish);
        let rows = |words: usize, from: *const i32| Rows {
            instructions,
            samples,
            lengths: (words, after.length()),
            from,
            to: units,
        };
        // SAFETY: the processor has the instructions, and the buffers hold the samples plus one vector.
        #[allow(unsafe_code)]
        unsafe {
            match &step.kind {
                Kind::Conv { kernel, groups } => {
                    let rows = rows(before.length() / 2, from.as_ptr().cast());
                    rows.multiply::<false>(groups, kernel, after.shape.channels);
                }
                Kind::ByteConv {
                    kernel,
                    groups,
                    zero_point,
                } => {
                    let words = before.shape.positions() * before.byte_words();
                    let value = (step.from, *zero_point);
                    let bytes = self.in_bytes(&before, instructions, value, samples);
                    let rows = rows(words, bytes);
                    rows.multiply::<true>(groups, kernel, after.shape.channels);
                }
                Kind::Lines(lines) => {
                    self.lines(program, instructions, (step, lines), (samples, to))
                }
                Kind::Channels { sources, kernel } => {
                    for sample in 0..samples {
                        instructions.run(Channels {
                            sources,
                            kernel,
                            finish,
                            channels: after.shape.channels,
                            stride: after.stride,
                            from: from.as_ptr().add(sample * before.length()),
                            to: to.as_mut_ptr().add(sample * after.length()),
                        });
                    }
                }
                Kind::Pool { columns } => instructions.run(Pool {
                    columns: *columns,
                    rows: (
                        &from[..samples * before.length()],
                        before.shape.width * before.stride,
                    ),
                    stride: before.stride,
                    to: &mut to[..samples * after.length()],
                }),
                Kind::Add { other, multipliers } => instructions.run(Sum {
                    length: samples * after.length(),
                    a: from.as_ptr(),
                    b: self.values[*other].as_ptr(),
                    to: to.as_mut_ptr(),
                    multipliers,
                    finish,
                }),
            }
        }
    }

    /// Converts a value with this zero point to bytes, as words.
    ///
    /// # Safety
    /// The processor must support the instructions, and the value must hold the samples and one more vector.
    #[allow(unsafe_code)]
    unsafe fn in_bytes(
        &mut self,
        layout: &Layout,
        instructions: Instructions,
        (value, zero_point): (usize, i32),
        samples: usize,
    ) -> *const i32 {
        let (positions, stride) = (samples * layout.shape.positions(), 4 * layout.byte_words());
        assert!(self.bytes.len() >= positions * stride + PANEL);
        // SAFETY: the caller upholds this function's contract; the room for bytes was checked.
        unsafe {
            instructions.run(Bytes {
                strides: (layout.stride, stride),
                positions,
                zero_point,
                from: self.values[value].as_ptr(),
                to: self.bytes.as_mut_ptr(),
            });
        }
        self.bytes.as_ptr().cast()
    }

    /// A convolution with fewer products: evaluates its input at points, multiplies, and combines the products.
    ///
    /// # Safety
    /// The processor must support the instructions, and the buffers must hold the samples and one more vector.
    #[allow(unsafe_code)]
    unsafe fn lines(
        &mut self,
        program: &Program,
        instructions: Instructions,
        (step, lines): (&Step, &Lines),
        (samples, to): (usize, &mut [i16]),
    ) {
        let (before, after) = (program.layouts[step.from], program.layouts[step.to]);
        let from = &self.values[step.from][..];
        let row = (before.stride, step.finish.bias.len());
        let lengths = (lines.count() * row.0, lines.count() * row.1);
        assert!(self.points.len() >= samples * lengths.0 + PANEL);
        assert!(self.products.len() >= samples * lengths.1);
        // SAFETY: the caller upholds this function's contract; points and products were checked.
        unsafe {
            for sample in 0..samples {
                instructions.run(Evaluate {
                    lines,
                    stride: row.0,
                    from: from.as_ptr().add(sample * before.length()),
                    to: self.points.as_mut_ptr().add(sample * lengths.0),
                });
            }
            let rows = Rows {
                instructions,
                samples,
                lengths: (lengths.0 / 2, lengths.1),
                from: self.points.as_ptr().cast(),
                to: Destination::Sums(self.products.as_mut_ptr()),
            };
            rows.multiply::<false>(&lines.groups, &lines.kernel, after.shape.channels);
            for sample in 0..samples {
                instructions.run(Combine {
                    lines,
                    finish: &step.finish,
                    channels: after.shape.channels,
                    stride: after.stride,
                    from: self.products.as_ptr().add(sample * lengths.1),
                    to: to.as_mut_ptr().add(sample * after.length()),
                });
            }
        }
    }
}
