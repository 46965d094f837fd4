//! Compression and normalisation of features `[batch, channels, segments, features]` as TensorFlow operations.

use data::{Compression, ConstantGuard, Normalisation, Preprocessing, Statistics};

use super::graph::{Float, Graph, Output};

const DOUBLE: Float = Float::Double;
const SINGLE: Float = Float::Single;

/// Compression of spectral values; float32, as in the data crate.
pub(super) fn add_compression(
    graph: &mut Graph,
    x: &Output,
    preprocessing: &Preprocessing,
    channels: usize,
) -> Output {
    let thresholds = |graph: &mut Graph| {
        let thresholds = (0..channels).map(|c| preprocessing.compression_threshold(c).into());
        let thresholds: Vec<f64> = thresholds.collect();
        graph.numbers("thresholds", SINGLE, &[channels, 1, 1], &thresholds)
    };
    match preprocessing.spectral.applied_compression() {
        Compression::None => x.clone(),
        Compression::Log => graph.within("log", |graph| {
            let floors = thresholds(graph);
            let x = graph.apply("Maximum", SINGLE, &[x, &floors]);
            graph.apply("Log", SINGLE, &[&x])
        }),
        Compression::Log1p => graph.within("log1p", |graph| {
            let units = thresholds(graph);
            let x = graph.apply("RealDiv", SINGLE, &[x, &units]);
            graph.apply("Log1p", SINGLE, &[&x])
        }),
    }
}

/// Scales finished features; float32 to float32. NaN becomes zero.
pub(super) fn add_normalisation(
    graph: &mut Graph,
    features: &Output,
    preprocessing: &Preprocessing,
    channels: usize,
) -> Output {
    let guard = preprocessing.constant_guard();
    graph.within("normalise", |graph| {
        let scaled = match (preprocessing.normalisation, &preprocessing.statistics) {
            (Normalisation::None, _) => features.clone(),
            (Normalisation::Sample, _) => add_own_statistics(graph, features, guard),
            (Normalisation::Dataset | Normalisation::Band, Some(statistics)) => {
                add_statistics(graph, features, statistics, channels, guard)
            }
            (Normalisation::Dataset | Normalisation::Band, None) | (Normalisation::Batch, _) => {
                unreachable!("refused when the front end was planned")
            }
        };
        let undefined = graph.apply("IsNan", SINGLE, &[&scaled]);
        let zero = graph.numbers("undefined", SINGLE, &[], &[0.0]);
        graph.apply("SelectV2", SINGLE, &[&undefined, &zero, &scaled])
    })
}

/// Scales every channel of every sample to mean 0 and standard deviation 1; constant channels become zero.
fn add_own_statistics(graph: &mut Graph, features: &Output, guard: ConstantGuard) -> Output {
    let axes = &[2, 3];
    let x = graph.cast(features, DOUBLE);
    let mean = graph.reduce("Mean", DOUBLE, &x, axes, true);
    let level = graph.apply("Sub", DOUBLE, &[&x, &mean]);
    let square = graph.apply("Square", DOUBLE, &[&level]);
    let variance = graph.reduce("Mean", DOUBLE, &square, axes, true);
    let deviation = graph.apply("Sqrt", DOUBLE, &[&variance]);
    let relative = graph.numbers("relative", DOUBLE, &[], &[guard.relative]);
    let absolute = graph.numbers("absolute", DOUBLE, &[], &[guard.absolute]);
    let magnitude = graph.apply("Abs", DOUBLE, &[&mean]);
    let share = graph.apply("Mul", DOUBLE, &[&magnitude, &relative]);
    let threshold = graph.apply("AddV2", DOUBLE, &[&share, &absolute]);
    let varies = graph.apply("Greater", DOUBLE, &[&deviation, &threshold]);
    let scaled = graph.apply("RealDiv", DOUBLE, &[&level, &deviation]);
    let zero = graph.numbers("zero", DOUBLE, &[], &[0.0]);
    let scaled = graph.apply("SelectV2", DOUBLE, &[&varies, &scaled, &zero]);
    graph.cast(&scaled, SINGLE)
}

/// `(x - mean) / std` with the statistics of the training split, by channel, or by channel and band; features that were
/// constant in the training split become zero.
fn add_statistics(
    graph: &mut Graph,
    features: &Output,
    statistics: &Statistics,
    channels: usize,
    guard: ConstantGuard,
) -> Output {
    let shape = [channels, 1, statistics.mean.len() / channels];
    let entries = statistics.mean.iter().zip(&statistics.std);
    let scales: Vec<f64> = entries
        .map(|(mean, std)| guard.scale(*mean, *std))
        .collect();
    let mean = graph.numbers("mean", DOUBLE, &shape, &statistics.mean);
    let scale = graph.numbers("scale", DOUBLE, &shape, &scales);
    let x = graph.cast(features, DOUBLE);
    let level = graph.apply("Sub", DOUBLE, &[&x, &mean]);
    let scaled = graph.apply("Mul", DOUBLE, &[&level, &scale]);
    graph.cast(&scaled, SINGLE)
}
