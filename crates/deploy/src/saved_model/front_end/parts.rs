//! Windows in parts, as TensorFlow operations.

use super::super::graph::{Float, Graph, Output};
use super::Channels;

const DOUBLE: Float = Float::Double;

/// Mean squares of `count` parts of windows of `samples` samples, relative to that of the window:
/// `[batch, channels, count, 1]`.
pub(super) fn energies(
    graph: &mut Graph,
    channels: &Channels,
    samples: usize,
    count: usize,
) -> Output {
    let means = means(graph, &channels.square, samples, count);
    graph.apply("RealDiv", DOUBLE, &[&means, &channels.mean_square])
}

/// Means of `count` parts of values `[batch, channels, samples]`: `[batch, channels, count, 1]`.
pub(super) fn means(graph: &mut Graph, values: &Output, samples: usize, count: usize) -> Output {
    // Parts differ in length by one at most; the shorter ones end with an appended zero.
    let edges: Vec<usize> = (0..=count).map(|i| i * samples / count).collect();
    let longest = samples.div_ceil(count);
    let of_part = |edges: &[usize]| -> Vec<i32> {
        let at = |i| if i < edges[1] { i } else { samples };
        (edges[0]..edges[0] + longest)
            .map(|i| at(i) as i32)
            .collect()
    };
    let indices: Vec<i32> = edges.windows(2).flat_map(of_part).collect();
    let factors: Vec<f64> = edges
        .windows(2)
        .map(|edges| 1.0 / (edges[1] - edges[0]) as f64)
        .collect();
    let padded = graph.append_zeros(values, 3, 1);
    let indices = graph.integers("indices", &[count, longest], &indices);
    let parts = graph.gather_last(DOUBLE, &padded, 3, &indices);
    let sums = graph.reduce("Sum", DOUBLE, &parts, &[3], true);
    let factors = graph.numbers("factors", DOUBLE, &[count, 1], &factors);
    graph.apply("Mul", DOUBLE, &[&sums, &factors])
}
