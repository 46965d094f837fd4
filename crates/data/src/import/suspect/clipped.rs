//! Samples at the limit of what a recorder can write: stronger motion is cut off.

use std::collections::HashSet;

use crate::extremes::Extremes;
use crate::import::gaps::number;
use crate::limits::{FEWEST, limit};
use crate::recording::{Trace, format_time};

/// Number of samples at a value from which it is told, if it is no certain limit of integers.
const REPEATED: usize = 10;
/// Minimum number of times that a signal goes to such a value.
const TIMES: usize = 5;
/// How many of the values next to it are looked at, and how much rarer each of them is at least.
const NEXT: usize = 8;
const RARER: usize = 5;
/// Samples of a flat top, at least, how many there are, and how many of the smallest steps the signal takes beside it.
const TOP: usize = 3;
const TOPS: usize = 2;
const STEEP: f64 = 8.0;
/// Part of all runs that are such a top elsewhere, at most: of samples that are written several times, most are.
const HELD: f64 = 0.02;
/// Number of different values of a signal, at least; a switch has fewer.
const VALUES: usize = 32;
/// Part of the samples that may be at one end alone: a signal that rests there is not cut off.
const RESTING: f64 = 0.3;

/// A note on samples of a channel that are cut off; `fill` is a value that rather stands for missing ones.
pub(super) fn note<'a>(
    channel: &str,
    traces: impl Iterator<Item = &'a Trace> + Clone,
    (extremes, fill): (&Extremes, Option<f64>),
) -> Option<String> {
    let ends = extremes.ends();
    if ends.iter().all(|(_, count)| *count < FEWEST) || !has_values(traces.clone()) {
        return None;
    }
    let is_unsigned = ends[0].0 >= 0.0;
    let all: usize = traces.clone().map(|trace| trace.samples.len()).sum();
    let found = ends.map(|(value, count)| {
        let limit = limit(value, is_unsigned);
        let is_limit = limit.is_some_and(|limit| limit.is_certain);
        let fewest = if is_limit { FEWEST } else { TOPS * TOP };
        if count < fewest || fill == Some(value) {
            return None;
        }
        let end = End::of(traces.clone(), value, value == ends[1].0);
        (is_limit || end.is_cut_off()).then_some((end, limit))
    });
    // A signal may rest at one end, and at 0 if it has no sign.
    let found = match found {
        [Some(low), Some(high)] => vec![high, low],
        [low, high] => high.or(low).into_iter().collect(),
    };
    if let [(end, limit)] = &found[..]
        && !limit.is_some_and(|limit| limit.is_certain)
        && (end.value == 0.0 || end.count as f64 > RESTING * all as f64)
    {
        return None;
    }
    let first = found.iter().filter_map(|(end, _)| end.first).min()?;
    let mut parts = Vec::new();
    for (end, limit) in &found {
        let of = if parts.is_empty() {
            format!(" of {all} samples")
        } else {
            String::new()
        };
        let what = match limit {
            Some(limit) => format!(", the limit of {} bits", limit.bits),
            None if end.value == ends[1].0 => ", the largest value".into(),
            None => ", the smallest value".into(),
        };
        parts.push(format!("{}{of} are {}{what}", end.count, number(end.value)));
    }
    Some(format!(
        "channel `{channel}`: {} (the first at {}): the recording seems to be clipped, so that its peaks are lost. The samples \
         are kept",
        parts.join(", and "),
        format_time(first)
    ))
}

/// Whether a channel has as many different values as a signal.
fn has_values<'a>(traces: impl Iterator<Item = &'a Trace>) -> bool {
    let mut known = HashSet::new();
    let mut samples = traces.flat_map(|trace| &trace.samples);
    samples.any(|sample| {
        known.insert(sample.to_bits());
        known.len() >= VALUES
    })
}

/// The samples at one end of the range of a channel.
#[derive(Debug, Default)]
struct End {
    value: f64,
    count: usize,
    /// Time of the first.
    first: Option<i64>,
    /// Samples and runs in traces that have several: the peak of a trace that was scaled to it is one.
    several: usize,
    runs: usize,
    /// Flat tops here, and elsewhere.
    tops: usize,
    other_tops: usize,
    all_runs: usize,
    /// Count of the most frequent of the values next to it.
    next: usize,
}

impl End {
    fn of<'a>(traces: impl Iterator<Item = &'a Trace> + Clone, value: f64, is_high: bool) -> Self {
        let mut end = Self {
            value,
            ..Self::default()
        };
        let mut levels = Levels::new(value, is_high);
        for trace in traces {
            levels.add(&trace.samples);
            end.add(trace);
        }
        end.next = levels.most();
        end
    }

    fn add(&mut self, trace: &Trace) {
        let samples = &trace.samples;
        let steps = samples.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        let least = steps
            .filter(|step| *step > 0.0)
            .fold(f64::INFINITY, f64::min);
        let is_steep = |one: usize, other: usize| match (samples.get(one), samples.get(other)) {
            (Some(one), Some(other)) => (one - other).abs() >= STEEP * least,
            _ => false,
        };
        let (mut at, mut count, mut runs, mut tops) = (0, 0, 0, 0);
        for run in samples.chunk_by(|one, next| one == next) {
            let (start, end) = (at, at + run.len());
            at = end;
            self.all_runs += 1;
            let is_top = run.len() >= TOP
                && is_steep(start.wrapping_sub(1), start)
                && is_steep(end - 1, end);
            if run[0] == self.value {
                self.first.get_or_insert(trace.time(start));
                count += run.len();
                runs += 1;
                tops += usize::from(is_top);
            } else {
                self.other_tops += usize::from(is_top);
            }
        }
        self.count += count;
        if count >= FEWEST {
            self.several += count;
            self.runs += runs;
            self.tops += tops;
        }
    }

    /// Whether a signal is cut off here: it is here far more often than near by, or stays again and again between steep flanks.
    fn is_cut_off(&self) -> bool {
        let is_frequent = self.several >= REPEATED.max(RARER * self.next) && self.runs >= TIMES;
        let is_flat = self.tops >= TOPS && self.other_tops as f64 <= HELD * self.all_runs as f64;
        is_frequent || is_flat
    }
}

/// Counts of the values next to an end.
struct Levels {
    end: f64,
    is_high: bool,
    /// From the end on.
    next: Vec<(f64, usize)>,
}

impl Levels {
    fn new(end: f64, is_high: bool) -> Self {
        Self {
            end,
            is_high,
            next: Vec::with_capacity(NEXT + 1),
        }
    }

    fn add(&mut self, samples: &[f64]) {
        let depth = |value: f64| if self.is_high { -value } else { value };
        for value in samples.iter().copied().filter(|sample| sample.is_finite()) {
            if value == self.end {
                continue;
            }
            let depth = depth(value);
            let full = self.next.len() >= NEXT;
            if full && self.next.last().is_some_and(|(last, _)| depth > *last) {
                continue;
            }
            match self
                .next
                .binary_search_by(|(known, _)| known.total_cmp(&depth))
            {
                Ok(at) => self.next[at].1 += 1,
                Err(at) => {
                    self.next.insert(at, (depth, 1));
                    self.next.truncate(NEXT);
                }
            }
        }
    }

    fn most(&self) -> usize {
        self.next.iter().map(|(_, count)| *count).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{extremes, tests::trace};
    use super::*;

    fn of(parts: &[Vec<f64>]) -> Option<String> {
        let traces: Vec<Trace> = parts.iter().cloned().map(trace).collect();
        note("Z", traces.iter(), (&extremes(traces.iter()), None))
    }

    /// Noise with bursts, between `low` and `high` if it is cut off.
    fn bursts(size: f64, [low, high]: [f64; 2]) -> Vec<f64> {
        let mut state = 1_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 8) / f64::from(1 << 24) - 0.5
        };
        let value = |i: usize| {
            let away = (i % 1_000) as f64 - 500.0;
            let burst = size * (-(away / 80.0).powi(2)).exp() * (0.4 * i as f64).sin();
            (burst + 20.0 * noise()).round().clamp(low, high)
        };
        (0..5_000).map(value).collect()
    }

    const FREE: [f64; 2] = [f64::NEG_INFINITY, f64::INFINITY];

    #[test]
    fn limits_of_integers_are_named() {
        let said = of(&[bursts(60_000.0, [-32768.0, 32767.0])]).unwrap();
        assert!(
            said.starts_with("channel `Z`: ")
                && said.contains(" of 5000 samples are 32767, the limit of 16 bits, and ")
                && said.contains(" are -32768, the limit of 16 bits (the first at 4."),
            "{said}"
        );
        let said = of(&[bursts(2e7, [-8_388_608.0, 8_388_607.0])]).unwrap();
        assert!(said.contains("the limit of 24 bits"), "{said}");
        // Few samples, none beside another.
        let mut few = bursts(30_000.0, FREE);
        for at in [100, 1_100, 2_100] {
            few[at] = 32_767.0;
        }
        let said = of(&[few.clone()]).unwrap();
        assert!(said.contains("3 of 5000 samples are 32767"), "{said}");
        // A peak that a recording was scaled to.
        few[100] = 0.0;
        assert_eq!(of(&[few]), None);
    }

    #[test]
    fn flat_tops_at_other_values() {
        let sensor: Vec<f64> = bursts(1_000.0, [-500.0, 500.0])
            .iter()
            .map(|sample| sample * 0.01)
            .collect();
        let said = of(&[sensor]).unwrap();
        assert!(
            said.contains(" are 5, the largest value, and ")
                && said.contains(" are -5, the smallest value ("),
            "{said}"
        );
        let counts: Vec<f64> = bursts(800.0, [-512.0, 511.0])
            .iter()
            .map(|sample| sample + 512.0)
            .collect();
        let said = of(&[counts]).unwrap();
        assert!(
            said.contains(" are 1023, the limit of 10 bits, and ")
                && said.contains(" are 0, the smallest"),
            "{said}"
        );
    }

    #[test]
    fn other_signals_are_not_cut_off() {
        assert_eq!(of(&[bursts(1_000.0, FREE)]), None);
        assert_eq!(of(&[bursts(5.0, FREE)]), None);
        // A slow wave in coarse steps is flat at its peaks.
        let wave = |i: usize| (100.0 * (0.01 * i as f64).sin()).round();
        assert_eq!(of(&[(0..5_000).map(wave).collect()]), None);
        // Each sample written twenty times.
        let held = bursts(1_000.0, FREE);
        let held = held.iter().flat_map(|sample| [*sample; 20]).collect();
        assert_eq!(of(&[held]), None);
        // A switch, and a level that is reached.
        assert_eq!(
            of(&[(0..5_000).map(|i| f64::from(i / 9 % 2)).collect()]),
            None
        );
        let charge = |i: usize| (i as f64 / 10.0).round().min(100.0);
        assert_eq!(of(&[(0..5_000).map(charge).collect()]), None);
        // Without a sign, at rest most of the time.
        let rest = bursts(1_000.0, [0.0, f64::INFINITY]);
        assert_eq!(of(&[rest]), None);
        // Traces that were each scaled to their peak.
        let scaled = |start: usize| {
            let part = &bursts(1_000.0, FREE)[start * 1_000..][..1_000];
            let most = part
                .iter()
                .fold(0.0f64, |most, sample| most.max(sample.abs()));
            part.iter().map(|sample| sample.abs() / most).collect()
        };
        let many: Vec<Vec<f64>> = (0..5).cycle().take(40).map(scaled).collect();
        assert_eq!(of(&many), None);
    }
}
