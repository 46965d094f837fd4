//! The backward pass over all shards of a batch.

use std::ops::Range;

use super::{CHUNK, Transposition, transpositions};
use crate::mode::Mode;
use crate::native::NativeNetwork;
use crate::native::kernels as k;
use crate::native::program::{GradientTarget, GradientTask};
use crate::native::shard::{Input, Lane, Shared};
use crate::native::team::Shift;

impl NativeNetwork {
    /// Transposes kernels to the layout that the gradients of inputs need: `[tap, out, channels]`.
    pub(super) fn transpose_kernels(&mut self, team: &Shift<'_>) {
        self.transposed.resize(self.program.transposed, 0.0);
        let tasks = transpositions(&self.program, &self.parameters, &mut self.transposed);
        let work = |(kernel, rows, columns, out): Transposition<'_>| {
            k::transpose(kernel, rows, columns, out);
        };
        team.take(tasks, work);
    }

    pub(super) fn backward(
        &mut self,
        team: &Shift<'_>,
        input: Input<'_>,
        labels: &[u32],
        mode: Mode,
        batch: usize,
    ) {
        let own_gradients = self.own_gradients();
        let norms = self.program.norm_steps.len();
        let mut end = self.program.steps.len();
        for phase in (0..=norms).rev() {
            let program = &self.program;
            let norm = phase
                .checked_sub(1)
                .and_then(|i| program.norm_at(program.norm_steps[i]));
            // The normalisation's own backward step needs its sums first, so it begins the next phase.
            let start = phase
                .checked_sub(1)
                .map_or(0, |i| program.norm_steps[i] + 1);
            let (shared, targets) = (shared!(self, input, mode, batch), &self.targets);
            team.each(&mut self.lanes, |_, Lane { shards, gradients }| {
                if own_gradients {
                    gradients.resize(shared.parameters.len(), 0.0);
                }
                for (number, shard) in shards.iter_mut().enumerate() {
                    if phase == norms {
                        shard.loss(labels, targets, &shared);
                    }
                    for i in (start..end).rev() {
                        let parameters = own_gradients.then_some((&mut gradients[..], number > 0));
                        shard.backward(i, &shared, parameters);
                    }
                    if let Some((norm, step)) = norm {
                        shard.backward_sums(norm, step, &shared);
                    }
                }
            });
            if let Some((norm, _)) = norm {
                // Beta follows gamma.
                let both = &mut self.gradients[norm.gamma.start..norm.beta.end];
                both.fill(0.0);
                for shard in self.lanes.iter().flat_map(|lane| &lane.shards) {
                    k::add(both, shard.sums(norm.number));
                }
            }
            end = start;
        }
    }

    /// Sums the gradients of kernels and biases over the lanes, in their order.
    pub(super) fn sum_gradients(&mut self, team: &Shift<'_>) {
        let convolutions = self.program.steps.iter().filter_map(|step| {
            let conv = step.kind.conv()?;
            Some(conv.kernel.start..conv.bias.end)
        });
        let (mut left, mut at) = (&mut self.gradients[..], 0);
        let mut tasks = Vec::new();
        for range in convolutions {
            let (_, rest) = left.split_at_mut(range.start - at);
            let (gradients, rest) = rest.split_at_mut(range.len());
            let starts = range.clone().step_by(CHUNK);
            tasks.extend(starts.zip(gradients.chunks_mut(CHUNK)));
            (left, at) = (rest, range.end);
        }
        let lanes = &self.lanes;
        team.take(tasks, |(start, out): (usize, &mut [f32])| {
            let range = start..start + out.len();
            out.copy_from_slice(&lanes[0].gradients[range.clone()]);
            for lane in &lanes[1..] {
                k::add(out, &lane.gradients[range.clone()]);
            }
        });
    }

    /// Gradients of kernels and biases, each over the shards in their order.
    pub(super) fn parameter_gradients(
        &mut self,
        team: &Shift<'_>,
        input: Input<'_>,
        mode: Mode,
        batch: usize,
    ) {
        let mut gradients = std::mem::take(&mut self.gradients);
        let shared = shared!(self, input, mode, batch);
        let (program, lanes) = (&self.program, &self.lanes);
        // Splits the gradients into one slice per task.
        let mut ranges: Vec<(usize, Range<usize>)> = Vec::new();
        for (i, task) in program.gradients.iter().enumerate() {
            ranges.extend(task.ranges.iter().map(|range| (i, range.clone())));
        }
        ranges.sort_unstable_by_key(|(_, range)| range.start);
        let mut tasks: Vec<(&GradientTask, Vec<&mut [f32]>)> = program
            .gradients
            .iter()
            .map(|task| (task, Vec::new()))
            .collect();
        let (mut left, mut at) = (&mut gradients[..], 0);
        for (task, range) in ranges {
            let (_, rest) = left.split_at_mut(range.start - at);
            let (out, rest) = rest.split_at_mut(range.len());
            (left, at) = (rest, range.end);
            tasks[task].1.push(out);
        }
        let work = |(task, mut outs): (&GradientTask, Vec<&mut [f32]>)| {
            let step = &program.steps[task.step];
            let conv = step.kind.conv();
            let conv = conv.expect("only convolutions have gradient tasks");
            match task.target {
                GradientTarget::Kernel { .. } => {}
                GradientTarget::DepthwiseKernel | GradientTarget::Bias => outs[0].fill(0.0),
            }
            let shards = lanes.iter().flat_map(|lane| &lane.shards);
            for (i, shard) in shards.enumerate() {
                let gradient = shard.gradient(step.to);
                let x = shard.activation(step.from, &shared);
                match task.target {
                    GradientTarget::Kernel { from } => {
                        conv.kernel_gradient(from, x, gradient, i > 0, &mut outs);
                    }
                    GradientTarget::DepthwiseKernel => {
                        shard.depthwise_kernel(conv, step.from, gradient, &shared, outs[0]);
                    }
                    GradientTarget::Bias => k::sum_rows(gradient, outs[0]),
                }
            }
        };
        team.take(tasks, work);
        self.gradients = gradients;
    }
}
