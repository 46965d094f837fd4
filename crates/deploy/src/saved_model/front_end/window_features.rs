//! Features of the whole window of the front end `bands` as TensorFlow operations, as [`BandLayout`] has them: power, features
//! in time, correlation and rhythm.

use data::BandLayout;

use super::super::graph::{Float, Graph, Output};
use super::parts::energies;
use super::{Channels, correlation, rhythm};

const DOUBLE: Float = Float::Double;

/// Most parts whose energies are compared.
const PARTS: usize = 16;

/// Appends the features of the window to `features` `[batch, channels, segments * frames, features of a frame]`, float64: the
/// same in all frames of a channel, and NaN in channels that are not live. `power` `[batch, channels, 1, 1]` is one
/// of them if the layout has it.
pub(super) fn add(
    graph: &mut Graph,
    features: &Output,
    (channels, power): (&Channels, Option<Output>),
    layout: &BandLayout,
) -> Output {
    let (width, count) = (layout.frame_features(), layout.window_features());
    if count == 0 {
        return features.clone();
    }
    let mut found: Vec<Output> = power.into_iter().collect();
    if layout.time {
        found.extend(graph.within("time", |graph| add_values(graph, channels, layout.window)));
    }
    if layout.correlation {
        found.extend(graph.within("correlation", |graph| {
            correlation::add(graph, channels, layout.window)
        }));
    }
    // Each in a row of zeros, so that they add up to one row. The correlation with a channel that is not live is not a number.
    let mut sum: Option<Output> = None;
    let zero = graph.numbers("zero", DOUBLE, &[], &[0.0]);
    for (i, value) in found.iter().enumerate() {
        let place: Vec<bool> = (0..width).map(|at| at == width - count + i).collect();
        let place = graph.booleans("place", &place);
        let row = graph.apply("SelectV2", DOUBLE, &[&place, value, &zero]);
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
