//! Samples that are each written several times, as of a slow sensor in the table of a faster one.

use std::collections::HashSet;

use crate::recording::Trace;

/// Samples that are looked at.
const LOOKED_AT: usize = 1 << 16;
/// Samples of which less than half repeat the one before in nearly all recordings.
const FIRST: usize = 1 << 10;
/// Runs of equal samples, and different values of them, at least: of a switch or a coarse measurement, nothing is told.
const RUNS: usize = 30;
const VALUES: usize = 16;
/// Part of the runs that have about the usual length.
const USUAL: f64 = 0.9;
/// Length from which a run may be one sample longer or shorter.
const LONG: usize = 3;

/// A note on a channel whose samples come several at a time.
pub(super) fn note<'a>(channel: &str, traces: impl Iterator<Item = &'a Trace>) -> Option<String> {
    let trace = traces.max_by_key(|trace| trace.samples.len())?;
    let samples = &trace.samples[..trace.samples.len().min(LOOKED_AT)];
    let first = &samples[..samples.len().min(FIRST)];
    let repeated = first.windows(2).filter(|pair| pair[0] == pair[1]).count();
    if repeated * 5 < first.len() * 2 {
        return None;
    }
    let runs: Vec<&[f64]> = samples.chunk_by(|one, next| one == next).collect();
    // The first and the last may go on outside.
    let runs = runs.get(1..runs.len().saturating_sub(1))?;
    let values: HashSet<u64> = runs.iter().map(|run| run[0].to_bits()).collect();
    if runs.len() < RUNS || values.len() < VALUES {
        return None;
    }
    let mut lengths: Vec<usize> = runs.iter().map(|run| run.len()).collect();
    lengths.sort_unstable();
    let usual = lengths[lengths.len() / 2];
    let most = usize::from(usual >= LONG);
    let near = lengths
        .iter()
        .filter(|length| length.abs_diff(usual) <= most)
        .count();
    if usual < 2 || (near as f64) < USUAL * lengths.len() as f64 {
        return None;
    }
    let all: usize = lengths.iter().sum();
    let mean = all as f64 / lengths.len() as f64;
    let sensor_rate = (100.0 * trace.rate / mean).round() / 100.0;
    Some(format!(
        "channel `{channel}`: each value is there {mean:.1} times in a row on average, as of a sensor with {sensor_rate} Hz that is \
         written at {} Hz: it has no signal above half of its own rate",
        trace.rate
    ))
}

#[cfg(test)]
mod tests {
    use super::super::tests::trace;
    use super::*;

    fn of(samples: Vec<f64>) -> Option<String> {
        let trace = trace(samples);
        note("Z", std::iter::once(&trace))
    }

    #[test]
    fn values_that_are_written_several_times() {
        let value = |i: usize| (i * 7919 % 1009) as f64;
        for (step, expected) in [(2, "2.0 times"), (4, "4.0 times"), (10, "10.0 times")] {
            let said = of((0..2_000).map(|i| value(i / step)).collect()).unwrap();
            assert!(said.contains(expected), "{said}");
        }
        let said = of((0..2_000).map(|i| value(i * 3 / 10)).collect()).unwrap();
        assert!(
            said.contains("3.3 times in a row on average, as of a sensor with 30.0"),
            "{said}"
        );
    }

    #[test]
    fn other_signals_are_not_told() {
        let value = |i: usize| (i * 7919 % 1009) as f64;
        assert_eq!(of((0..2_000).map(value).collect()), None);
        // A coarse slow wave, coarse noise, a switch, steps of any length.
        let wave = |i: usize| (100.0 * (i as f64 * 0.003).sin()).round();
        assert_eq!(of((0..9_000).map(wave).collect()), None);
        assert_eq!(
            of((0..9_000).map(|i| (value(i) / 500.0).round()).collect()),
            None
        );
        assert_eq!(of((0..2_000).map(|i| (i / 10 % 2) as f64).collect()), None);
        let steps = (0..400).flat_map(|i| vec![value(i); 1 + i * i % 13]);
        assert_eq!(of(steps.collect()), None);
    }
}
