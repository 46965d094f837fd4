//! Integers that ran over: a signal that leaves the range at one end comes back at the other.

use crate::extremes::Extremes;
use crate::recording::{Trace, format_time};

/// Bits of integers.
const BITS: [u32; 3] = [16, 24, 32];
/// Part of the range of integers that the samples have, at least.
const WIDE: f64 = 0.9;
/// Part of the range that a step has if a number ran over, and one that may be so.
const STEP: f64 = 0.75;
const LARGE: f64 = 0.5;
/// Part of the range that the steps beside it have, at most.
const BESIDE: f64 = 0.125;
/// The step itself without the range is about as large as these, or this part of the range.
const ALIKE: f64 = 2.0;
const SMALL: f64 = 1.0 / 64.0;
/// Part of the large steps that are so, and part of those that are not between the two ends of the range, as steps of a signal that
/// is cut off at both are. Small signed numbers that are read as unsigned have many such.
const MOST: f64 = 0.8;
const INSIDE: f64 = 0.25;

/// A note on numbers that ran over in a channel.
pub(super) fn note<'a>(
    channel: &str,
    traces: impl Iterator<Item = &'a Trace>,
    extremes: &Extremes,
) -> Option<String> {
    let range = extremes.range();
    let integers = Integers::of(range)?;
    let mut overflows = Overflows::default();
    for trace in traces {
        overflows.add(trace, range, &integers);
    }
    let (time, from, to) = overflows.first?;
    let steps = overflows.up + overflows.down;
    let inside = if integers.is_unsigned { INSIDE } else { MOST };
    // A counter runs over in one direction alone; between two levels, nothing goes on beyond the limit.
    let is_sure = overflows.up.min(overflows.down) > 0
        && steps as f64 >= MOST * overflows.large as f64
        && (steps - overflows.between_ends) as f64 >= inside * steps as f64
        && (integers.is_unsigned || overflows.depth > SMALL * integers.range);
    let bits = integers.bits;
    let meaning = if integers.is_unsigned {
        format!(
            "are they signed numbers of {bits} bits that were read as unsigned? Subtract {} from those above {}",
            integers.range,
            integers.range / 2.0 - 1.0
        )
    } else {
        format!(
            "numbers of {bits} bits ran over, since the signal was too strong for them. The samples are kept: leave out these \
             parts"
        )
    };
    is_sure.then(|| {
        format!(
            "channel `{channel}`: {steps} steps of about {}, the first from {from} to {to} at {}: {meaning}",
            integers.range,
            format_time(time)
        )
    })
}

/// The integers whose range samples have.
struct Integers {
    bits: u32,
    is_unsigned: bool,
    /// How many there are.
    range: f64,
}

impl Integers {
    fn of([low, high]: [f64; 2]) -> Option<Self> {
        let is_unsigned = low >= 0.0;
        BITS.into_iter().find_map(|bits| {
            let range = f64::from(bits).exp2();
            let least = if is_unsigned { 0.0 } else { -range / 2.0 };
            let has = low >= least && high < least + range && high - low >= WIDE * range;
            has.then_some(Self {
                bits,
                is_unsigned,
                range,
            })
        })
    }
}

/// Steps by which numbers ran over.
#[derive(Default)]
struct Overflows {
    up: usize,
    down: usize,
    /// Those of them that go from one end of the range to the other.
    between_ends: usize,
    /// All large steps.
    large: usize,
    /// Time of the first, and the samples before and after it.
    first: Option<(i64, f64, f64)>,
    /// How far the signal goes beyond the limit.
    depth: f64,
}

impl Overflows {
    fn add(&mut self, trace: &Trace, [low, high]: [f64; 2], integers: &Integers) {
        let (samples, range) = (&trace.samples, integers.range);
        // The step to a sample without that of the range.
        let step = |at: usize| -> Option<f64> {
            let difference = samples.get(at)? - samples.get(at.checked_sub(1)?)?;
            Some(difference - range * (difference / range).round())
        };
        // By how many ranges the samples are too low.
        let mut turns = 0.0;
        for at in 1..samples.len() {
            let (from, to) = (samples[at - 1], samples[at]);
            let difference = to - from;
            if difference.abs() > LARGE * range {
                self.large += 1;
                let beside = [step(at - 1), step(at + 1)].into_iter().flatten();
                let beside = beside.fold(0.0f64, |most, other| most.max(other.abs()));
                let rest = range - difference.abs();
                let is_between_ends = from.min(to) == low && from.max(to) == high;
                if difference.abs() > STEP * range
                    && beside <= BESIDE * range
                    && rest <= ALIKE * beside + SMALL * range
                {
                    self.between_ends += usize::from(is_between_ends);
                    *(if difference > 0.0 {
                        &mut self.up
                    } else {
                        &mut self.down
                    }) += 1;
                    self.first.get_or_insert((trace.time(at), from, to));
                    turns -= difference.signum();
                }
            }
            if turns > 0.0 {
                self.depth = self.depth.max(to - low);
            } else if turns < 0.0 {
                self.depth = self.depth.max(high - to);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{extremes, tests::trace};
    use super::*;

    fn of(samples: Vec<f64>) -> Option<String> {
        let trace = trace(samples);
        let all = std::iter::once(&trace);
        note("Z", all.clone(), &extremes(all))
    }

    fn wave(size: f64) -> impl Iterator<Item = f64> {
        (0..4_000).map(move |i| {
            let i = f64::from(i);
            size * (0.1 * i).sin() * (0.6 + 0.4 * (0.003 * i).sin()) + (7.0 * i).sin()
        })
    }

    #[test]
    fn signals_too_strong_for_16_and_24_bits() {
        let said = of(wave(45_000.0)
            .map(|sample| f64::from(sample as i32 as i16))
            .collect())
        .unwrap();
        assert!(
            said.contains(" steps of about 65536, the first from ")
                && said.contains("numbers of 16 bits ran over"),
            "{said}"
        );
        let half = f64::from(1 << 23);
        let wrapped =
            wave(1.2e7).map(|sample| (sample.round() + half).rem_euclid(2.0 * half) - half);
        let said = of(wrapped.collect()).unwrap();
        assert!(said.contains("of 24 bits ran over"), "{said}");
    }

    #[test]
    fn signed_numbers_read_as_unsigned() {
        for size in [40.0, 20_000.0] {
            let said = of(wave(size)
                .map(|sample| f64::from(sample as i32 as i16 as u16))
                .collect());
            let said = said.unwrap();
            assert!(
                said.ends_with("Subtract 65536 from those above 32767"),
                "{said}"
            );
        }
    }

    #[test]
    fn full_scale_signals_do_not_run_over() {
        let clipped =
            wave(300_000.0).map(|sample| f64::from(sample.clamp(-32768.0, 32767.0) as i16));
        assert_eq!(of(clipped.collect()), None);
        assert_eq!(of(wave(32_700.0).map(f64::round).collect()), None);
        // Noise of full scale, a counter, and a switch with noise.
        let noise = |i: u32| f64::from((i.wrapping_mul(2_654_435_761) >> 16) as i16);
        assert_eq!(of((0..4_000).map(noise).collect()), None);
        assert_eq!(
            of((0..400_000).map(|i| f64::from(i as u16)).collect()),
            None
        );
        let switch =
            |i: i32| f64::from(if i / 50 % 2 == 0 { 32_700 } else { -32_710 } + i * 7 % 11);
        assert_eq!(of((0..4_000).map(switch).collect()), None);
        // A large wave of high frequency.
        let fast = (0..4_000).map(|i| (32_760.0 * (1.3 * f64::from(i)).sin()).round());
        assert_eq!(of(fast.collect()), None);
    }
}
