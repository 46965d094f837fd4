//! Features in time of the front end `bands`, the rhythm among them, as TensorFlow operations, as [`BandLayout`] has them.

use data::BandLayout;

use super::super::graph::{Float, Graph, Output};
use super::{Channels, rhythm};

const DOUBLE: Float = Float::Double;

/// Most parts whose energies are compared.
const PARTS: usize = 16;

/// Appends the features in time to `features` `[batch, channels, segments * frames, features of a frame]`, float64: the
/// same in all frames of a channel, and NaN in channels that are not live.
pub(super) fn add(
    graph: &mut Graph,
    features: &Output,
    channels: &Channels,
    layout: &BandLayout,
) -> Output {
    let (width, count) = (layout.frame_features(), layout.time_features());
    if count == 0 {
        return features.clone();
    }
    let found = if layout.time {
        graph.within("time", |graph| {
            add_values(graph, channels, layout.window).into()
        })
    } else {
        Vec::new()
    };
    // Each times a row that is 1 in its own place, so that they add up to one row.
    let mut sum: Option<Output> = None;
    for (i, value) in found.iter().enumerate() {
        let is_own = |at| if at == width - count + i { 1.0 } else { 0.0 };
        let place: Vec<f64> = (0..width).map(is_own).collect();
        let place = graph.numbers("place", DOUBLE, &[width], &place);
        let row = graph.apply("Mul", DOUBLE, &[value, &place]);
        sum = Some(match sum {
            Some(sum) => graph.apply("AddV2", DOUBLE, &[&sum, &row]),
            None => row,
        });
    }
    if layout.rhythm {
        let row = graph.within("rhythm", |graph| {
            rhythm::add_row(graph, channels, layout.window, width)
        });
        sum = Some(match sum {
            Some(sum) => graph.apply("AddV2", DOUBLE, &[&sum, &row]),
            None => row,
        });
    }
    let undefined = graph.numbers("undefined", DOUBLE, &[], &[f64::NAN]);
    let sum = sum.expect("there are some");
    let values = graph.apply("SelectV2", DOUBLE, &[&channels.live, &sum, &undefined]);
    let room = graph.append_zeros(features, 4, count);
    let is_time: Vec<bool> = (0..width).map(|i| i >= width - count).collect();
    let is_time = graph.booleans("is_time", &is_time);
    graph.apply("SelectV2", DOUBLE, &[&is_time, &values, &room])
}

/// Kurtosis, crest factor and unevenness of windows of `samples` samples, each `[batch, channels, 1, 1]`.
fn add_values(graph: &mut Graph, channels: &Channels, samples: usize) -> [Output; 3] {
    let mean_square = &channels.mean_square;
    let square = graph.append_axis(&channels.square, Some(DOUBLE));
    let relative = graph.apply("RealDiv", DOUBLE, &[&square, mean_square]);
    let fourth = graph.apply("Square", DOUBLE, &[&relative]);
    let kurtosis = graph.reduce("Mean", DOUBLE, &fourth, &[2], true);
    let kurtosis = graph.apply("Log", DOUBLE, &[&kurtosis]);

    let largest = graph.reduce("Max", DOUBLE, &relative, &[2], true);
    let crest = graph.apply("Sqrt", DOUBLE, &[&largest]);
    let crest = graph.apply("Log", DOUBLE, &[&crest]);

    let energies = energies(graph, channels, samples, PARTS.min(samples));
    let average = graph.reduce("Mean", DOUBLE, &energies, &[2], true);
    let rest = graph.apply("Sub", DOUBLE, &[&energies, &average]);
    let variance = graph.apply("Square", DOUBLE, &[&rest]);
    let variance = graph.reduce("Mean", DOUBLE, &variance, &[2], true);
    let deviation = graph.apply("Sqrt", DOUBLE, &[&variance]);
    let unevenness = graph.apply("RealDiv", DOUBLE, &[&deviation, &average]);
    [kurtosis, crest, unevenness]
}

/// Mean squares of `count` parts of windows of `samples` samples, relative to that of the window:
/// `[batch, channels, count, 1]`.
pub(super) fn energies(
    graph: &mut Graph,
    channels: &Channels,
    samples: usize,
    count: usize,
) -> Output {
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
    let padded = graph.append_zeros(&channels.square, 3, 1);
    let indices = graph.integers("indices", &[count, longest], &indices);
    let parts = graph.gather_last(DOUBLE, &padded, 3, &indices);
    // [batch, channels, parts, 1], relative to the mean square before they are multiplied with each other.
    let sums = graph.reduce("Sum", DOUBLE, &parts, &[3], true);
    let factors = graph.numbers("factors", DOUBLE, &[count, 1], &factors);
    let energies = graph.apply("Mul", DOUBLE, &[&sums, &factors]);
    graph.apply("RealDiv", DOUBLE, &[&energies, &channels.mean_square])
}
