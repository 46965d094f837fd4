//! The rhythm of the front end `bands` as TensorFlow operations, as [`data::BandLayout`] has it.

use super::super::graph::{Float, Graph, Output};
use super::Channels;
use super::parts::energies;

const DOUBLE: Float = Float::Double;

/// Number of features: lags of 1 to 32 parts.
pub(super) const LAGS: usize = 32;

/// Most parts into which a window is divided.
const PARTS: usize = 64;

/// Variance of relative energies that is added to theirs.
const FLOOR: f64 = 1e-4;

/// Rows `[batch, channels, 1, width]` that end with the rhythm of windows of `samples` samples, after zeros.
pub(super) fn add_row(
    graph: &mut Graph,
    channels: &Channels,
    samples: usize,
    width: usize,
) -> Output {
    let count = PARTS.min(samples);
    // [batch, channels, parts, 1]
    let energies = energies(graph, channels, samples, count);
    let average = graph.reduce("Mean", DOUBLE, &energies, &[2], true);
    let relative = graph.apply("RealDiv", DOUBLE, &[&energies, &average]);
    let one = graph.numbers("one", DOUBLE, &[], &[1.0]);
    let rest = graph.apply("Sub", DOUBLE, &[&relative, &one]);
    // For every part and column, the part that comes later by the column's lag; behind the last part is a zero.
    let later = |part: usize, column: usize| match (column + 1 + LAGS).checked_sub(width) {
        Some(lag) if lag > 0 && part + lag < count => part + lag,
        _ => count,
    };
    let indices = (0..count).flat_map(|part| (0..width).map(move |i| later(part, i) as i32));
    let indices: Vec<i32> = indices.collect();
    let indices = graph.integers("later", &[count, width], &indices);
    let row = graph.reduce("Sum", DOUBLE, &rest, &[3], false);
    let padded = graph.append_zeros(&row, 3, 1);
    let later = graph.gather_last(DOUBLE, &padded, 3, &indices);
    let products = graph.apply("Mul", DOUBLE, &[&rest, &later]);
    let sums = graph.reduce("Sum", DOUBLE, &products, &[2], true);
    let squares = graph.apply("Square", DOUBLE, &[&rest]);
    let variance = graph.reduce("Sum", DOUBLE, &squares, &[2], true);
    let floor = graph.numbers("floor", DOUBLE, &[], &[FLOOR * count as f64]);
    let variance = graph.apply("AddV2", DOUBLE, &[&variance, &floor]);
    graph.apply("RealDiv", DOUBLE, &[&sums, &variance])
}
