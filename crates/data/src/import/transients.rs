//! Filters that begin with a step: the offset of the samples, which a causal high-pass takes for a signal.

use crate::preprocessing::{Chain, PlannedStep};
use crate::recording::Stretch;

/// How much louder the beginning of a stretch is than the rest if it is no signal.
const LOUDER: f64 = 10.0;
/// The part of a stretch that is its beginning, at most.
const BEGINNING: usize = 4;

/// A warning of stretches whose beginning, up to `window` samples, is far louder than all that follows, behind a causal filter
/// that removes offsets.
pub(super) fn warning(
    recording: &str,
    stretches: &[Stretch],
    (chain, window): (&Chain, usize),
) -> Option<String> {
    let step = chain.steps().iter().find_map(|step| match step {
        PlannedStep::Filter {
            step: step @ ("high_pass" | "band_pass"),
            zero_phase: false,
            ..
        } => Some(*step),
        _ => None,
    })?;
    let peak = |samples: &[f64]| samples.iter().fold(0.0f64, |peak, v| peak.max(v.abs()));
    let times = |samples: &Vec<f64>| {
        let (first, rest) = samples.split_at(window.min(samples.len() / BEGINNING));
        peak(first) / peak(rest)
    };
    let loudest = |stretch: &Stretch| {
        let times = stretch.channels.iter().map(times);
        times.filter(|times| times.is_finite()).fold(0.0, f64::max)
    };
    let found = stretches
        .iter()
        .map(loudest)
        .filter(|times| *times > LOUDER);
    let (count, most) = found.fold((0, 0.0f64), |(count, most), times| {
        (count + 1, most.max(times))
    });
    (count > 0).then(|| {
        format!(
            "{recording}: {count} of {} stretches begin up to {most:.0} times louder than they go on: `{step}` with `zero_phase: \
             false` starts with the offset of the samples; write `demean` before it, or leave out `zero_phase: false`",
            stretches.len()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preprocessing::{EdgeSettings, Step};

    #[test]
    fn offsets_before_causal_filters_are_said() {
        let wave = |offset: f64| -> Vec<f64> {
            let value = |i: i32| offset + (f64::from(i) * 0.7).sin();
            (0..2000).map(value).collect()
        };
        let said = |steps: &[Step], offset: f64| {
            let chain = Chain::new(steps, 100.0).unwrap();
            let mut samples = wave(offset);
            chain.apply(&mut samples).unwrap();
            let stretch = Stretch {
                start: 0,
                rate: 100.0,
                channels: vec![samples],
            };
            warning("day", &[stretch], (&chain, 100))
        };
        let filter = |zero_phase: bool| {
            Step::HighPass(EdgeSettings {
                frequency: 2.0,
                order: 4,
                zero_phase,
            })
        };
        let found = said(&[filter(false)], 5000.0).unwrap();
        assert!(
            found.starts_with("day: 1 of 1 stretches begin up to "),
            "{found}"
        );
        assert!(
            found.contains("`high_pass` with `zero_phase: false`"),
            "{found}"
        );
        assert_eq!(said(&[filter(false)], 0.0), None);
        assert_eq!(said(&[filter(true)], 5000.0), None);
        assert_eq!(said(&[Step::Demean, filter(false)], 5000.0), None);
    }
}
