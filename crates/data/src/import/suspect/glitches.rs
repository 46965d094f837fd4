//! Single samples far from all others, as a fault of a serial line makes them.

use crate::extremes::Extremes;
use crate::recording::{Trace, format_time};

/// Part of the samples that may be glitches, at most.
const PART: f64 = 1e-3;
/// Part of the samples at either end that are not usual: more than may be glitches at both.
const ENDS: f64 = 2.0 * PART;
/// Distance of a glitch from the usual samples, in multiples of their range.
const FAR: f64 = 1000.0;
/// Distance of the samples beside it, at most: the ground moves before and after its strongest motion.
const NEAR: f64 = 10.0;
/// Samples in a row that a glitch has, at most.
const LONGEST: usize = 2;
/// Samples from which the usual ones are found.
const LOOKED_AT: usize = 1 << 16;
/// Samples of which quarters are tried as bounds, at least.
const TRIED: usize = 64;

/// A note on the glitches of a channel.
pub(super) fn note<'a>(
    channel: &str,
    traces: impl Iterator<Item = &'a Trace> + Clone,
    extremes: &Extremes,
) -> Option<String> {
    let [least, most] = extremes.range();
    if least == most || are_near(traces.clone(), [least, most]) {
        return None;
    }
    let usual = UsualRange::of(traces.clone())?;
    if !usual.is_beyond(least, FAR) && !usual.is_beyond(most, FAR) {
        return None;
    }
    let all: usize = traces.clone().map(|trace| trace.samples.len()).sum();
    let mut count = 0;
    let mut first = None;
    for trace in traces {
        let samples = &trace.samples;
        let mut at = 0;
        while let Some(next) = samples[at..]
            .iter()
            .position(|sample| usual.is_beyond(*sample, FAR))
        {
            let start = at + next;
            let run = samples[start..].iter();
            let run = run
                .take_while(|sample| usual.is_beyond(**sample, FAR))
                .count();
            at = start + run;
            let beside = [start.checked_sub(1), Some(at)].into_iter().flatten();
            let mut beside = beside.filter_map(|i| samples.get(i));
            // Motion, or a fill value.
            if run > LONGEST || beside.any(|sample| usual.is_beyond(*sample, NEAR)) {
                return None;
            }
            count += run;
            first.get_or_insert((samples[start], trace.time(start)));
        }
    }
    let (value, time) = first?;
    let (from, to) = (usual.from, usual.to);
    (count as f64 <= PART * all as f64).then(|| {
        format!(
            "channel `{channel}`: {count} of {all} samples are far from all others, which lie about between {from} and {to}: the \
             first is {value} at {}; are they faults of the recorder? They are kept: leave them out or make them NaN",
            format_time(time)
        )
    })
}

/// Whether no sample can be far from the usual ones, as in nearly all recordings: of a few samples, more than the ends lie below
/// their first quarter and above their third, so that the usual range is at least as wide as what is between.
fn are_near<'a>(traces: impl Iterator<Item = &'a Trace> + Clone, [least, most]: [f64; 2]) -> bool {
    let samples = SampledTraces::at(traces);
    // A quarter of these is more than an end.
    let tried = TRIED.max(4 * (samples.end() + 1));
    let step = (samples.count / tried).max(1);
    let mut tried: Vec<f64> = samples.all().step_by(step).copied().collect();
    let quarter = tried.len() / 4;
    if quarter <= samples.end() {
        return false;
    }
    let last = tried.len() - 1;
    let from = *tried.select_nth_unstable_by(quarter, f64::total_cmp).1;
    let to = *tried
        .select_nth_unstable_by(last - quarter, f64::total_cmp)
        .1;
    let inner = UsualRange { from, to };
    from < to && !inner.is_beyond(least, FAR) && !inner.is_beyond(most, FAR)
}

/// The samples that are looked at.
struct SampledTraces<I> {
    traces: I,
    step: usize,
    count: usize,
}

impl<'a, I: Iterator<Item = &'a Trace> + Clone> SampledTraces<I> {
    fn at(traces: I) -> Self {
        let all: usize = traces.clone().map(|trace| trace.samples.len()).sum();
        let step = all.div_ceil(LOOKED_AT).max(1);
        Self {
            traces,
            step,
            count: all.div_ceil(step),
        }
    }

    fn all(&self) -> impl Iterator<Item = &'a f64> + use<'a, I> {
        let samples = self.traces.clone().flat_map(|trace| &trace.samples);
        samples.step_by(self.step)
    }

    /// How many at either end are not usual.
    fn end(&self) -> usize {
        let last = self.count.saturating_sub(1);
        ((ENDS * last as f64).ceil() as usize).min(last)
    }
}

/// Between which values most samples lie.
struct UsualRange {
    from: f64,
    to: f64,
}

impl UsualRange {
    /// Without the ends; `None` if all are equal.
    fn of<'a>(traces: impl Iterator<Item = &'a Trace> + Clone) -> Option<Self> {
        let samples = SampledTraces::at(traces);
        let mut some: Vec<f64> = samples.all().copied().collect();
        let (last, end) = (some.len().checked_sub(1)?, samples.end());
        let from = *some.select_nth_unstable_by(end, f64::total_cmp).1;
        let to = *some.select_nth_unstable_by(last - end, f64::total_cmp).1;
        (from < to).then_some(Self { from, to })
    }

    /// Whether a value is outside by more than some multiple of the range.
    fn is_beyond(&self, value: f64, times: f64) -> bool {
        let away = (self.from - value).max(value - self.to);
        away > times * (self.to - self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{extremes, tests::trace};
    use super::*;

    fn of(glitches: &[(usize, f64)]) -> Option<String> {
        let mut samples: Vec<f64> = (0..20_000).map(|i| 511.0 + f64::from(i % 3)).collect();
        glitches
            .iter()
            .for_each(|(at, value)| samples[*at] = *value);
        let trace = trace(samples);
        let all = std::iter::once(&trace);
        note("Z", all.clone(), &extremes(all))
    }

    #[test]
    fn single_huge_values_are_noted() {
        let found = of(&[(150, 3.9e9), (900, 3.91e9), (901, 1_000.0)]);
        assert_eq!(found, None, "beside motion");
        let found = of(&[(150, 3.9e9), (900, 3.91e9), (7000, -1e9)]);
        let expected = "channel `Z`: 3 of 20000 samples are far from all others, which lie about between 511 and 513: the first is \
                        3900000000 at 1.500 s;";
        assert!(
            found
                .as_ref()
                .is_some_and(|note| note.starts_with(expected)),
            "{found:?}"
        );
    }

    /// Marks that a program wrote do not hide them.
    #[test]
    fn marks_are_usual() {
        let mut all: Vec<(usize, f64)> = (0..80).map(|i| (5 + 200 * i, 10_000.0)).collect();
        all.extend((0..5).map(|i| (100 + 900 * i, 3.9e9 + i as f64)));
        let found = of(&all);
        let expected = "channel `Z`: 5 of 20000 samples are far from all others, which lie about between 511 and 10000: the first";
        assert!(
            found
                .as_ref()
                .is_some_and(|note| note.starts_with(expected)),
            "{found:?}"
        );
    }

    #[test]
    fn strong_motion_and_many_values_are_not() {
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[(150, 2000.0)]), None);
        let blow: Vec<(usize, f64)> = (0..50).map(|i| (150 + i, 5e4 / (i + 1) as f64)).collect();
        assert_eq!(of(&blow), None);
        let many: Vec<(usize, f64)> = (0..40).map(|i| (10 + 100 * i, 1e9 + i as f64)).collect();
        assert_eq!(of(&many), None);
    }

    /// The quick answer is never other than that of all samples that are looked at.
    #[test]
    fn near_samples_have_no_far_ones() {
        for (far, is_quick) in [(4e2, true), (1e3, true), (1e5, false), (1e9, false)] {
            let wave = |i: usize| (0.7 * i as f64).sin();
            let mut samples: Vec<f64> = (0..20_000).map(wave).collect();
            samples[150] = far;
            let trace = Trace {
                channel: "Z".into(),
                start: 0,
                rate: 100.0,
                samples,
            };
            let all = std::iter::once(&trace);
            assert_eq!(are_near(all.clone(), [-1.0, far]), is_quick, "{far}");
            let usual = UsualRange::of(all).unwrap();
            assert_eq!(usual.is_beyond(far, FAR), !is_quick, "{far}");
        }
        // Rare motion is not usual: the quarters do not tell.
        let mut samples = vec![0.0; 20_000];
        (0..500).for_each(|i| samples[i * 37] = i as f64 - 250.0);
        let trace = trace(samples);
        assert!(!are_near(std::iter::once(&trace), [-250.0, 249.0]));
    }
}
