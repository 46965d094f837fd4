//! Creates the operation of a layer, with its kernel packed.

use super::{CHANNELS, Draft, EVALUATED, Kind};
use crate::geometry::Geometry;
use crate::native::inference::finish::Finish;
use crate::native::inference::instructions::Instructions;
use crate::native::inference::layer::Operation;
use crate::native::inference::lines::Lines;
use crate::native::inference::packed::Packed;
use crate::native::inference::product::{Blocks, Run};
use crate::plan::Plan;

pub(super) fn floats(values: &[f64]) -> Vec<f32> {
    values.iter().map(|v| *v as f32).collect()
}

pub(super) fn operation(plan: &Plan, draft: &Draft, isa: Instructions) -> (Operation, Finish) {
    let (before, after) = (plan.shape(draft.from), plan.shape(draft.to));
    let mut finish = draft.finish.clone();
    let operation = match &draft.kind {
        Kind::Conv {
            geometry,
            kernel,
            bias,
        } => {
            finish.bias = floats(bias);
            convolution(
                *geometry,
                kernel,
                (before.channels(), after.channels()),
                isa,
            )
        }
        Kind::Depthwise {
            sources,
            kernel,
            bias,
        } => {
            finish.bias = floats(bias);
            Operation::Depthwise {
                sources: sources.clone(),
                kernel: floats(kernel),
            }
        }
        Kind::MaxPool { columns } => Operation::MaxPool {
            width: before.height_and_width().1,
            columns: *columns,
        },
        Kind::Add => Operation::Add { other: 0 },
        Kind::Average => Operation::Average,
    };
    let length = match &operation {
        Operation::Lines(_, packed) | Operation::Products(_, packed) => packed.width,
        Operation::Depthwise { .. }
        | Operation::MaxPool { .. }
        | Operation::Add { .. }
        | Operation::Average => after.channels(),
    };
    finish.pad(length);
    (operation, finish)
}

/// Chooses the faster form of a convolution.
pub(in crate::native::inference) fn convolution(
    geometry: Geometry,
    kernel: &[f64],
    (channels, out): (usize, usize),
    isa: Instructions,
) -> Operation {
    let length = channels * out;
    if length >= CHANNELS
        && let Some(lines) = Lines::new(geometry)
    {
        let kernels = lines.kernels(kernel, length);
        if kernels.len() * length <= EVALUATED {
            let packed = Packed::new(&kernels, channels, out, isa);
            return Operation::Lines(Box::new(lines), packed);
        }
    }
    let kernels: Vec<Vec<f32>> = kernel.chunks_exact(length).map(floats).collect();
    let packed = Packed::new(&kernels, channels, out, isa);
    Operation::Products(direct(&geometry), packed)
}

/// Products of a convolution tap by tap. Neighbouring positions under the same taps form one block.
pub(in crate::native::inference) fn direct(geometry: &Geometry) -> Blocks {
    let (sources, taps) = (geometry.sources(), geometry.taps());
    let width = geometry.width.div_ceil(geometry.stride);
    let of = |position: usize| &sources[position * taps..][..taps];
    // Whether a position reads the inputs of the previous one, shifted by one.
    let follows = |position: usize| {
        let both = of(position).iter().zip(of(position - 1));
        let next = |(a, b): (&Option<usize>, &Option<usize>)| *a == b.map(|b| b + 1);
        !position.is_multiple_of(width) && both.into_iter().all(next)
    };
    let mut blocks = Blocks::default();
    let mut first = 0;
    while first < geometry.positions_out() {
        let rest = first + 1..geometry.positions_out();
        let count = 1 + rest.take_while(|&position| follows(position)).count();
        let reads = of(first).iter().enumerate();
        let runs = reads.filter_map(|(kernel, group)| group.map(|group| Run { group, kernel }));
        blocks.add(first, count, runs);
        first += count;
    }
    blocks
}
