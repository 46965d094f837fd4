//! An integer network as steps over buffers, with packed kernels.

use crate::network::sources;

use super::super::{Affine, IntegerLayer, IntegerNetwork, IntegerOperation};
use super::kernels::{Finish, Pairs, Run};
use super::layout::{Group, Layout, pack};
use super::lines::Lines;
use super::scaling::Multipliers;
use super::vector::PANEL;

/// Operation on a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Conv {
        /// For each panel of the output's channels: pairs of input channels in order, tap by tap.
        kernel: Vec<Pairs>,
        groups: Vec<Group>,
    },
    /// Convolutions with fewer products than taps.
    Lines(Lines),
    /// Depthwise convolutions, scales and means.
    Channels {
        sources: Vec<Vec<(usize, usize)>>,
        kernel: Vec<i32>,
    },
    Pool {
        columns: usize,
    },
    Add {
        other: usize,
        multipliers: [Multipliers; 3],
    },
}

/// One layer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub kind: Kind,
    pub finish: Finish,
    pub from: usize,
    pub to: usize,
}

/// All steps, in order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Program {
    pub layouts: Vec<Layout>,
    pub steps: Vec<Step>,
    pub output: usize,
    /// Multiply-accumulates per window.
    pub macs: usize,
}

impl Program {
    pub fn new(network: &IntegerNetwork) -> Self {
        let layouts: Vec<Layout> = network.shapes.iter().map(|s| Layout::new(*s)).collect();
        let steps = network.layers.iter();
        let mut program = Self {
            steps: steps.map(|layer| step(network, &layouts, layer)).collect(),
            layouts,
            output: network.output,
            macs: 0,
        };
        program.macs = program.steps.iter().map(|s| program.macs_of(s)).sum();
        program
    }

    fn macs_of(&self, step: &Step) -> usize {
        let channels = self.layouts[step.to].shape.channels;
        match &step.kind {
            Kind::Conv { groups, .. } => {
                let pairs =
                    |g: &Group| g.rows.len() * g.runs.iter().map(|r| r.pairs).sum::<usize>();
                2 * channels * groups.iter().map(pairs).sum::<usize>()
            }
            Kind::Lines(lines) => {
                let products: usize = lines
                    .groups
                    .iter()
                    .map(|g| g.rows.len() * g.runs.len())
                    .sum();
                self.layouts[step.from].stride * channels * products
            }
            Kind::Channels { sources, .. } => {
                channels * sources.iter().map(Vec::len).sum::<usize>()
            }
            Kind::Pool { .. } | Kind::Add { .. } => self.layouts[step.to].length(),
        }
    }
}

fn step(network: &IntegerNetwork, layouts: &[Layout], layer: &IntegerLayer) -> Step {
    let (input, output) = (layouts[layer.input], layouts[layer.output]);
    let every = 0..input.shape.positions();
    let kind = match &layer.operation {
        IntegerOperation::Conv {
            weights,
            size,
            stride,
        } => match Lines::new(weights, (input, output), *size, *stride) {
            Some(lines) => Kind::Lines(lines),
            None => Kind::Conv {
                kernel: pack_kernel(weights, input.shape.channels),
                groups: groups((input, output), *size, *stride),
            },
        },
        IntegerOperation::Depthwise { weights, size } => Kind::Channels {
            sources: sources(input.shape, output.shape, *size, 1),
            kernel: rows(weights),
        },
        IntegerOperation::Scale { weights } => Kind::Channels {
            sources: every.map(|position| vec![(0, position)]).collect(),
            kernel: rows(weights),
        },
        IntegerOperation::Mean { weights } => Kind::Channels {
            sources: vec![every.map(|position| (0, position)).collect()],
            kernel: rows(weights),
        },
        IntegerOperation::MaxPool { columns } => Kind::Pool { columns: *columns },
        IntegerOperation::Add { other, multipliers } => Kind::Add {
            other: *other,
            multipliers: multipliers.map(Multipliers::splat),
        },
    };
    let zero = network.encodings[layer.output].zero_point;
    let (bias, multipliers) = match layer.operation.weights() {
        Some(weights) => (weights.bias.clone(), Multipliers::new(&weights.multipliers)),
        None => (Vec::new(), Multipliers::default()),
    };
    let mut bias = bias;
    bias.resize(bias.len().next_multiple_of(PANEL), 0);
    Step {
        kind,
        finish: Finish {
            bias,
            multipliers,
            least: if layer.relu { 0 } else { -128 - zero },
            most: 127 - zero,
        },
        from: layer.input,
        to: layer.output,
    }
}

/// Packs kernel `[tap, in, out]` by panel, tap and pair of channels.
fn pack_kernel(weights: &Affine, inputs: usize) -> Vec<Pairs> {
    let channels = weights.bias.len();
    let taps = weights.kernel.len() / inputs / channels;
    pack(taps, (inputs, channels), |tap, input, output| {
        i16::from(weights.kernel[(tap * inputs + input) * channels + output])
    })
}

/// Rows of a kernel, whole panels.
fn rows(weights: &Affine) -> Vec<i32> {
    let channels = weights.bias.len();
    let mut rows = Vec::new();
    for row in weights.kernel.chunks_exact(channels) {
        rows.extend(row.iter().map(|w| i32::from(*w)));
        rows.resize(rows.len().next_multiple_of(PANEL), 0);
    }
    rows
}

/// Groups the positions of a convolution's output by the taps that they read. Neighbouring taps at neighbouring
/// positions form one run.
fn groups((input, output): (Layout, Layout), size: (usize, usize), stride: usize) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let pairs = input.stride / 2;
    let all = sources(input.shape, output.shape, size, stride);
    for (position, taps) in all.iter().enumerate() {
        let base = taps.first().map_or(0, |(_, source)| *source);
        let mut runs: Vec<Run> = Vec::new();
        let mut before = None;
        for (tap, source) in taps {
            match (runs.last_mut(), before) {
                (Some(run), Some((t, s))) if (t + 1, s + 1) == (*tap, *source) => {
                    run.pairs += pairs
                }
                _ => runs.push(Run {
                    input: (source - base) * input.stride,
                    kernel: tap * pairs,
                    pairs,
                }),
            }
            before = Some((*tap, *source));
        }
        let row = (base * input.stride, position * output.stride);
        match groups.iter_mut().find(|group| group.runs == runs) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group {
                runs,
                rows: vec![row],
            }),
        }
    }
    groups
}
