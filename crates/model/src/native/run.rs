//! Forward and backward passes over all shards of a batch, in phases shared by threads. A phase ends at each batch
//! normalisation, which needs all samples.

use super::NativeNetwork;
use super::kernels as k;
use super::program::{INPUT, Norm, Program};
use super::shard::{Input, Lane, NormState, SHARD, Shard, Shared};
use super::team::{Shift, Team};
use crate::average::{average_decay, batch_norm_momentum};
use crate::mode::Mode;

/// Multiply-accumulates above which threads share a pass; below, waking the threads costs more.
const PARALLEL: usize = 2 << 20;

/// Parts of a batch for threads: more threads than this do not train faster.
const LANES: usize = 8;

/// Number of parameters up to which every lane has its own gradients, computed while its activations are in the cache
/// and summed at the end. The gradients of larger networks are divided among threads by parameter.
const OWN_GRADIENTS: usize = 1 << 18;

/// Number of copies of the gradients, besides their sum, for a network with this number of parameters.
pub(super) fn gradient_copies(parameters: usize) -> usize {
    if parameters <= OWN_GRADIENTS {
        LANES
    } else {
        0
    }
}

/// Parameters that one thread processes at a time.
const CHUNK: usize = 1 << 14;

/// Whether a single thread makes a pass over `batch` samples.
fn alone(macs: usize, batch: usize) -> bool {
    batch <= SHARD || macs * batch < PARALLEL
}

impl NormState {
    pub fn new(channels: usize) -> Self {
        let zeros = vec![0.0; channels];
        Self {
            mean: zeros.clone(),
            inverse: zeros.clone(),
            scale: zeros,
        }
    }

    /// Sets the state from mean and variance.
    pub fn set(&mut self, mean: &[f32], variance: &[f32], gamma: &[f32], epsilon: f32) {
        self.mean.copy_from_slice(mean);
        let both = self.inverse.iter_mut().zip(&mut self.scale);
        for ((inverse, scale), (variance, gamma)) in both.zip(variance.iter().zip(gamma)) {
            *inverse = 1.0 / (variance + epsilon).sqrt();
            *scale = *inverse * gamma;
        }
    }
}

/// A kernel of one tap, its rows and columns, and the destination of its transpose.
type Transposition<'a> = (&'a [f32], usize, usize, &'a mut [f32]);

/// All kernels that the gradients of inputs need transposed, tap by tap.
pub(super) fn transpositions<'a>(
    program: &Program,
    parameters: &'a [f32],
    transposed: &'a mut [f32],
) -> Vec<Transposition<'a>> {
    let mut left = transposed;
    let mut tasks = Vec::new();
    for step in program.steps.iter().rev() {
        if let Some(conv) = step.kind.conv()
            && conv.transposed.is_some()
        {
            for tap in 0..conv.taps() {
                let length = conv.channels * conv.out;
                let (out, rest) = left.split_at_mut(length);
                left = rest;
                let kernel = &parameters[conv.kernel.start + tap * length..][..length];
                tasks.push((kernel, conv.channels, conv.out, out));
            }
        }
    }
    tasks
}

/// The parts of a network that a pass reads, except its shards.
macro_rules! shared {
    ($network:ident, $input:ident, $mode:expr, $batch:ident) => {
        Shared {
            program: &$network.program,
            parameters: &$network.parameters,
            transposed: &$network.transposed,
            norms: &$network.norms,
            gradients: &$network.gradients,
            input: $input,
            mode: $mode,
            batch: $batch,
        }
    };
}

// Declared after the macro, which it uses.
mod backward;

impl NativeNetwork {
    /// Number of samples of a batch.
    ///
    /// # Panics
    /// If it is empty or has an incomplete sample.
    fn samples(&self, input: &Input<'_>) -> usize {
        let length = self.program.buffers[INPUT].length();
        let (values, samples) = match input {
            Input::Batch(x) => (x.len(), x.len() / length),
            Input::Gather { x, indices } => {
                assert!(
                    indices.iter().all(|i| (i + 1) * length <= x.len()),
                    "samples that exist"
                );
                (x.len(), indices.len())
            }
        };
        assert!(
            samples > 0 && values.is_multiple_of(length),
            "whole samples of {length} values"
        );
        samples
    }

    /// Forward and backward pass; returns the loss.
    pub(super) fn train(&mut self, input: Input<'_>, labels: &[u32], mode: Mode) -> f32 {
        let batch = self.samples(&input);
        assert_eq!(batch, labels.len(), "inputs and labels");
        let known = self.targets.labels();
        assert!(
            labels.iter().all(|&label| (label as usize) < known),
            "labels have targets"
        );
        let team = &Team::shift(alone(self.macs, batch));
        let shards = batch.div_ceil(SHARD);
        self.make_lanes(shards.min(LANES), shards);
        self.forward(team, input, mode, batch);
        self.transpose_kernels(team);
        self.backward(team, input, labels, mode, batch);
        if self.own_gradients() {
            self.sum_gradients(team)
        } else {
            self.parameter_gradients(team, input, mode, batch)
        }
        self.output.clear();
        let mut loss = 0.0;
        for shard in self.lanes.iter().flat_map(|lane| &lane.shards) {
            self.output.extend_from_slice(shard.output(&self.program));
            loss += shard.loss;
        }
        (loss / batch as f64) as f32
    }

    /// Distributes `shards` shards over `lanes` lanes.
    fn make_lanes(&mut self, lanes: usize, shards: usize) {
        self.lanes.resize(lanes, Lane::default());
        for (i, lane) in self.lanes.iter_mut().enumerate() {
            let count = shards * (i + 1) / lanes - shards * i / lanes;
            lane.shards.resize(count, Shard::default());
        }
    }

    fn own_gradients(&self) -> bool {
        gradient_copies(self.parameters.len()) > 0
    }

    fn forward(&mut self, team: &Shift<'_>, input: Input<'_>, mode: Mode, batch: usize) {
        let shards = batch.div_ceil(SHARD);
        let lanes = self.lanes.len();
        let mut start = 0;
        for phase in 0..=self.program.norm_steps.len() {
            let program = &self.program;
            let end = *program
                .norm_steps
                .get(phase)
                .unwrap_or(&program.steps.len());
            let norm = program.norm_at(end);
            let shared = shared!(self, input, mode, batch);
            team.each(
                &mut self.lanes,
                |lane,
                 Lane {
                     shards: lane_shards,
                     ..
                 }| {
                    for (i, shard) in lane_shards.iter_mut().enumerate() {
                        if phase == 0 {
                            let first = (shards * lane / lanes + i) * SHARD;
                            shard.prepare(program, first, SHARD.min(batch - first));
                            shard.gather(&shared);
                        }
                        (start..end).for_each(|i| shard.forward(i, &shared));
                        if let Some((norm, step)) = norm {
                            shard.moments(norm, step.from, &shared);
                        }
                    }
                },
            );
            if let Some((norm, step)) = norm {
                let rows = program.buffers[step.from].rows;
                let norm = norm.clone();
                self.combine_moments(&norm, rows, batch);
            }
            start = end;
        }
    }

    /// Combines mean and variance of the shards to those of the batch, and updates the running ones. Chan, Golub and
    /// LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances" (1979).
    fn combine_moments(&mut self, norm: &Norm, rows_a_sample: usize, batch: usize) {
        if norm.gamma.start < self.frozen[0] {
            let mean = &self.statistics[norm.mean.clone()];
            let variance = &self.statistics[norm.variance.clone()];
            let gamma = &self.parameters[norm.gamma.clone()];
            self.norms[norm.number].set(mean, variance, gamma, norm.epsilon);
            return;
        }
        let shards = || self.lanes.iter().flat_map(|lane| &lane.shards);
        let rows = (batch * rows_a_sample) as f64;
        let channels = norm.gamma.len();
        let mut mean = vec![0.0f64; channels];
        let mut squares = vec![0.0f64; channels];
        for shard in shards() {
            let weight = (shard.samples() * rows_a_sample) as f64;
            let means = &shard.sums(norm.number)[..channels];
            for (sum, value) in mean.iter_mut().zip(means) {
                *sum += weight * f64::from(*value);
            }
        }
        mean.iter_mut().for_each(|sum| *sum /= rows);
        for shard in shards() {
            let weight = (shard.samples() * rows_a_sample) as f64;
            let (means, within) = shard.sums(norm.number).split_at(channels);
            for i in 0..channels {
                let distance = f64::from(means[i]) - mean[i];
                squares[i] += f64::from(within[i]) + weight * distance * distance;
            }
        }
        let mean: Vec<f32> = mean.iter().map(|&value| value as f32).collect();
        let variance: Vec<f32> = squares.iter().map(|sum| (sum / rows) as f32).collect();
        let momentum = batch_norm_momentum(self.average.is_some(), self.state.steps + 1);
        let (momentum, rest) = (momentum as f32, (1.0 - momentum) as f32);
        for (range, batch) in [(&norm.mean, &mean), (&norm.variance, &variance)] {
            for (running, batch) in self.statistics[range.clone()].iter_mut().zip(batch) {
                *running = *running * momentum + batch * rest;
            }
        }
        let gamma = &self.parameters[norm.gamma.clone()];
        self.norms[norm.number].set(&mean, &variance, gamma, norm.epsilon);
    }

    /// Updates all parameters with Adam, after decay of the kernels, and then the moving average.
    pub(super) fn adam_step(&mut self, learning_rate: f64) {
        self.state.steps += 1;
        let config = &self.adam;
        let step = k::AdamStep {
            rate: config.rate(learning_rate, self.state.steps) as f32,
            beta_1: config.beta_1 as f32,
            rest_1: (1.0 - config.beta_1) as f32,
            beta_2: config.beta_2 as f32,
            rest_2: (1.0 - config.beta_2) as f32,
            epsilon: config.epsilon as f32,
        };
        let kept = config.decay(learning_rate);
        let decaying = if config.weight_decay == 0.0 {
            &[][..]
        } else {
            &self.decaying
        };
        let average = self.average.as_mut();
        let mix = average.as_ref().map_or(0.0, |average| {
            1.0 - average_decay(average.decay, self.state.steps)
        });
        if let Some(average) = average {
            k::approach(&mut average.statistics, &self.statistics, mix);
        }
        let averages = self.average.as_mut();
        let averages = averages.map_or(&mut [][..], |average| &mut average.parameters);
        let mut averages = averages.chunks_mut(CHUNK);
        let chunks: Vec<_> = self
            .parameters
            .chunks_mut(CHUNK)
            .zip(self.gradients.chunks(CHUNK))
            .zip(self.state.first.chunks_mut(CHUNK))
            .zip(self.state.second.chunks_mut(CHUNK))
            .enumerate()
            .map(|(i, chunk)| (i * CHUNK, chunk, averages.next()))
            .collect();
        type Slices<'a> = (((&'a mut [f32], &'a [f32]), &'a mut [f32]), &'a mut [f32]);
        type Chunk<'a> = (usize, Slices<'a>, Option<&'a mut [f32]>);
        let work = |(start, slices, average): Chunk<'_>| {
            let (((parameters, gradients), first), second) = slices;
            for range in decaying {
                let from = range.start.clamp(start, start + parameters.len()) - start;
                let to = range.end.clamp(start, start + parameters.len()) - start;
                k::scale(&mut parameters[from..to], kept);
            }
            k::adam(parameters, gradients, first, second, &step);
            if let Some(average) = average {
                k::approach(average, parameters, mix);
            }
        };
        // A few chunks are finished before a second thread would start.
        let alone = chunks.len() < 4;
        Team::shift(alone).take(chunks, work);
    }
}
