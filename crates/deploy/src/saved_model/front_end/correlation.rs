//! The correlation of channels of the front end `bands` as TensorFlow operations, as [`data::BandLayout`] has it.

use super::super::graph::{Float, Graph, Output};
use super::Channels;
use super::parts::means;

const DOUBLE: Float = Float::Double;

/// Samples of a part, for each feature.
const LENGTHS: [usize; 3] = [1, 4, 16];

/// Fraction of the mean square that is added to that of parts.
const FLOOR: f64 = 1e-6;

/// Correlations of each channel with the next in windows of `samples` samples, each `[batch, channels, 1, 1]`.
pub(super) fn add(graph: &mut Graph, channels: &Channels, samples: usize) -> [Output; 3] {
    let count = channels.count;
    let next: Vec<i32> = (1..=count).map(|c| (c % count) as i32).collect();
    let next = graph.integers("next", &[count], &next);
    // Relative to their own mean square, so that no unit of the samples leaves the range of numbers; not a number in channels
    // that are not live.
    let mean_square = graph.reduce("Sum", DOUBLE, &channels.mean_square, &[3], false);
    let unit = graph.apply("Sqrt", DOUBLE, &[&mean_square]);
    let relative = graph.apply("RealDiv", DOUBLE, &[&channels.rest, &unit]);
    let floor = graph.numbers("floor", DOUBLE, &[], &[FLOOR]);
    LENGTHS.map(|length| {
        let parts = (samples / length).max(1);
        let means = means(graph, &relative, samples, parts);
        // [batch, channels, parts]
        let means = graph.reduce("Sum", DOUBLE, &means, &[3], false);
        let square = graph.apply("Square", DOUBLE, &[&means]);
        let square = graph.reduce("Mean", DOUBLE, &square, &[2], true);
        let square = graph.apply("AddV2", DOUBLE, &[&square, &floor]);
        let spread = graph.apply("Sqrt", DOUBLE, &[&square]);
        let scaled = graph.apply("RealDiv", DOUBLE, &[&means, &spread]);
        let other = graph.gather(DOUBLE, &scaled, 1, &next);
        let product = graph.apply("Mul", DOUBLE, &[&scaled, &other]);
        let correlation = graph.reduce("Mean", DOUBLE, &product, &[2], true);
        graph.append_axis(&correlation, Some(DOUBLE))
    })
}
