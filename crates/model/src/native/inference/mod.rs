//! An inference engine: built once from a network's weights, with folded batch normalisations, evaluated and packed
//! kernels, and preallocated buffers.
//!
//! - `lower`: turns a plan and its weights into layers (`layer`, `finish`);
//! - `lines`: convolutions with fewer products than taps;
//! - `packed`, `product`: kernels, and the products with them; `steps` over `sweeps`: all other operations;
//! - `vector`, `instructions`: the instruction sets.
//!
//! Values are stored by position, sample and channel, so that the rows of a product are adjacent for any number of
//! samples. The logits of a window are identical bit for bit in every batch, with any number of threads and on any
//! processor.

mod finish;
mod instructions;
mod layer;
mod lines;
mod lower;
mod packed;
mod product;
mod steps;
mod sweeps;
#[cfg(test)]
mod tests;
mod vector;

use super::team::Team;
use crate::architecture::Architecture;
use crate::plan::{Plan, PlanError};
use crate::weights::Weights;
use instructions::Instructions;
use layer::{Layer, Operation};
use lower::Program;
use packed::Aligned;
use product::product;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256, __m512};
use steps::{Strides, add, combine, depthwise, evaluate, pool, pool_columns};
use vector::{Isa, Portable};

/// Samples that a thread passes through the layers at once: enough that kernels are read rarely, few enough that their
/// values stay in a core's own cache.
const BLOCK: usize = 8;
/// Multiply-accumulates above which threads share a batch; below, waking the threads costs more.
const PARALLEL: usize = 2 << 20;

/// A network that classifies on a CPU. It keeps the weights it was built from: build another one when they change.
#[derive(Clone, Debug)]
pub struct Inference {
    program: Program,
    isa: Instructions,
    macs: usize,
    input: usize,
    classes: usize,
    /// One per thread.
    workers: Vec<Worker>,
    output: Vec<f32>,
}

/// Buffers of one thread.
#[derive(Clone, Debug)]
struct Worker {
    slots: Vec<Aligned>,
    /// Evaluated inputs, and products, of the current layer.
    points: Aligned,
    products: Aligned,
    /// Zeros, as long as a padded row.
    zeros: Aligned,
}

impl Inference {
    /// Builds the engine.
    ///
    /// # Errors
    /// [`PlanError`] if the architecture does not fit its input.
    ///
    /// # Panics
    /// If `weights` belong to another architecture; [`Weights`] read from files are checked.
    pub fn new(architecture: &Architecture, weights: &Weights) -> Result<Self, PlanError> {
        Ok(Self::of(&Plan::new(architecture)?, weights))
    }

    /// The network without its last layer. [`Inference::logits`] then returns the inputs of that layer, the features by
    /// which the network separates the classes.
    ///
    /// # Errors
    /// [`PlanError`] if the architecture does not fit its input.
    ///
    /// # Panics
    /// See [`Inference::new`].
    pub fn of_features(architecture: &Architecture, weights: &Weights) -> Result<Self, PlanError> {
        let mut plan = Plan::new(architecture)?;
        let head = plan.steps.pop().expect("a network has steps");
        assert_eq!(
            head.output, plan.output,
            "the last step puts out the logits"
        );
        plan.output = head.input;
        Ok(Self::of(&plan, weights))
    }

    pub(super) fn of(plan: &Plan, weights: &Weights) -> Self {
        Self::on(plan, weights, Instructions::best())
    }

    /// Builds the engine for the instructions of `isa`, which the processor must support.
    fn on(plan: &Plan, weights: &Weights, isa: Instructions) -> Self {
        let shapes = weights.tensors().iter().map(|tensor| &tensor.shape);
        assert!(
            shapes.eq(plan.tensors.iter().map(|tensor| &tensor.shape)),
            "weights of another network"
        );
        Self {
            program: Program::new(plan, weights, isa),
            isa,
            macs: plan.macs(),
            input: plan.shape(plan.input).elements(),
            classes: plan.num_classes(),
            workers: Vec::new(),
            output: Vec::new(),
        }
    }

    /// Number of logits per window.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Classifies a batch.
    ///
    /// # Shapes
    /// `x` `[batch, height, width, channels]` row-major; the result `[batch, classes]`.
    ///
    /// # Panics
    /// If `x` is not a whole number of samples.
    pub fn logits(&mut self, x: &[f32]) -> &[f32] {
        let batch = x.len() / self.input;
        assert!(
            batch > 0 && x.len().is_multiple_of(self.input),
            "whole samples of {} values",
            self.input
        );
        let blocks = batch.div_ceil(BLOCK);
        let alone = blocks == 1 || self.macs * batch < PARALLEL;
        let threads = if alone {
            1
        } else {
            rayon::current_num_threads()
        };
        let workers = threads.min(blocks);
        while self.workers.len() < workers {
            self.workers.push(Worker::new(&self.program, BLOCK));
        }
        self.output.resize(batch * self.classes, 0.0);
        let each = blocks.div_ceil(workers) * BLOCK;
        let (program, isa, classes) = (&self.program, self.isa, self.classes);
        let length = self.input;
        let work = |(worker, x, output): (&mut Worker, &[f32], &mut [f32])| {
            let parts = x.chunks(BLOCK * length);
            for (x, output) in parts.zip(output.chunks_mut(BLOCK * classes)) {
                worker.run(program, isa, x, output);
            }
        };
        let mut parts = self
            .workers
            .iter_mut()
            .zip(x.chunks(each * length))
            .zip(self.output.chunks_mut(each * classes))
            .map(|((worker, x), output)| (worker, x, output));
        if alone {
            parts.next().into_iter().for_each(work);
        } else {
            let parts = parts.collect();
            Team::shift(false).take(parts, work);
        }
        &self.output
    }
}

impl Worker {
    fn new(program: &Program, samples: usize) -> Self {
        let (mut points, mut products, mut zeros) = (0, 0, 0);
        for layer in &program.layers {
            if let Operation::Lines(lines, _) = &layer.operation {
                points = points.max(lines.count * layer.before.1);
                products = products.max(lines.count * layer.after.1);
                zeros = zeros.max(layer.before.1);
            }
        }
        let slots = program.slots.iter();
        Self {
            slots: slots
                .map(|length| Aligned::zeros(samples * length))
                .collect(),
            points: Aligned::zeros(samples * points),
            products: Aligned::zeros(samples * products),
            zeros: Aligned::zeros(samples * zeros),
        }
    }

    /// Classifies at most [`BLOCK`] samples.
    fn run(&mut self, program: &Program, isa: Instructions, x: &[f32], output: &mut [f32]) {
        match isa {
            Instructions::Portable => self.run_on::<Portable>(program, x, output),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => self.run_on::<__m256>(program, x, output),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => self.run_on::<__m512>(program, x, output),
        }
    }

    fn run_on<V: Isa>(&mut self, program: &Program, x: &[f32], output: &mut [f32]) {
        let first = &program.layers[0];
        let samples = x.len() / (first.before.0 * first.before.1);
        if let Some(slot) = program.input {
            by_position(x, samples, first.before, &mut self.slots[slot]);
        }
        for layer in &program.layers {
            let mut to = std::mem::take(&mut self.slots[layer.to]);
            let length = samples * layer.after.0 * layer.after.1;
            self.layer::<V>(layer, x, samples, &mut to[..length]);
            self.slots[layer.to] = to;
        }
        output.copy_from_slice(&self.slots[program.output][..output.len()]);
    }

    fn layer<V: Isa>(&mut self, layer: &Layer, x: &[f32], samples: usize, to: &mut [f32]) {
        let (positions, channels) = layer.before;
        let finish = &layer.finish;
        let length = samples * positions * channels;
        let from = match layer.from {
            0 => x,
            slot => &self.slots[slot][..length],
        };
        match &layer.operation {
            Operation::Lines(lines, packed) => {
                let count = lines.count * samples;
                let points = &mut self.points[..count * channels];
                let products = &mut self.products[..count * layer.after.1];
                // The network's input is stored sample by sample.
                let (position, sample, apart) = match layer.from {
                    0 => (channels, positions * channels, samples),
                    _ => (samples * channels, 0, 1),
                };
                let strides = Strides {
                    position,
                    sample,
                    samples: apart,
                };
                let to_points = (&*self.zeros, &mut *points);
                evaluate::<V>(lines, from, &strides, samples * channels, to_points);
                let result = (&*points, &mut *products, layer.after.1);
                product::<V>(&lines.blocks, packed, samples, result, None);
                combine::<V>(lines, products, (samples, layer.after.1), to, finish);
            }
            Operation::Products(blocks, packed) => {
                let result = (from, to, layer.after.1);
                product::<V>(blocks, packed, samples, result, Some(finish));
            }
            Operation::Depthwise { sources, kernel } => {
                let kernel = (&sources[..], &kernel[..]);
                depthwise::<V>(kernel, from, (samples, channels), to, finish);
            }
            Operation::MaxPool { width, columns } => {
                pool_columns::<V>((*width, *columns), from, (samples, channels), to, finish);
            }
            Operation::Add { other } => {
                let other = &self.slots[*other][..length];
                let group = samples * channels;
                let both = from.chunks_exact(group).zip(other.chunks_exact(group));
                for ((a, b), to) in both.zip(to.chunks_exact_mut(group)) {
                    add::<V>([a, b], (samples, channels), to, finish);
                }
            }
            Operation::Average => {
                pool::<V, true>(positions, from, (samples, channels), to, finish);
            }
        }
    }
}

/// Transposes `[sample][position][channel]` to `[position][sample][channel]`.
fn by_position(x: &[f32], samples: usize, (positions, channels): (usize, usize), to: &mut [f32]) {
    for (i, row) in to[..x.len()].chunks_exact_mut(channels).enumerate() {
        let (position, sample) = (i / samples, i % samples);
        row.copy_from_slice(&x[(sample * positions + position) * channels..][..channels]);
    }
}
