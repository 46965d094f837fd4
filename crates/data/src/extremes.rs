//! The lowest and highest values of a channel: its range, and values that rather stand for missing ones, such as -9999.

use crate::fills::{LEAST_FILL, is_known};

/// Minimum number of occurrences of a possible fill value that programs do not usually write.
const REPEATED: usize = 3;
/// Minimum distance from all other values, in multiples of their range.
const FAR: f64 = 3.0;
/// Minimum number of values of a channel from which a known fill value is told.
const FEWEST: usize = 16;
/// Minimum ratio of a known fill value to all other values.
const LARGER: f64 = 5.0;
/// Values that are looked at together.
const BLOCK: usize = 64;

lanes::wide! {
    /// How many of the first samples are between two values, in whole blocks. What is no number is not.
    fn count_inside(samples: &[f64], low: f64, high: f64) -> usize {
        let mut count = 0;
        for block in samples.as_chunks::<BLOCK>().0 {
            let mut all = true;
            for sample in block {
                all &= (*sample >= low) & (*sample <= high);
            }
            if !all {
                break;
            }
            count += BLOCK;
        }
        count
    }
}

/// The lowest and the highest value of a channel, and those next to them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extremes {
    low: Option<Extreme>,
    /// With the sign turned.
    high: Option<Extreme>,
    /// Values that are finite, and those that are not.
    finite: usize,
    not_finite: usize,
}

/// A value far from all others, which lie between two values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct FarValue {
    pub value: f64,
    pub count: usize,
    pub others: [f64; 2],
}

impl FarValue {
    /// What is asked about it: `place` says where it is, and `number` writes a value.
    pub fn question(&self, place: &str, number: impl Fn(f64) -> String) -> String {
        let Self {
            value,
            count,
            others: [from, to],
        } = *self;
        let (value, from, to) = (number(value), number(from), number(to));
        let samples = if count == 1 {
            format!("one sample{place} is")
        } else {
            format!("{count} samples{place} are")
        };
        format!(
            "{samples} {value}, and all others lie between {from} and {to}: is it a fill value?"
        )
    }
}

impl Extremes {
    /// Those of samples in some parts.
    pub fn of<'a>(parts: impl Iterator<Item = &'a [f64]>) -> Self {
        let mut all = Self::default();
        parts.for_each(|part| all.add_samples(part));
        all
    }

    fn add(&mut self, value: f64) {
        if value.is_finite() {
            self.finite += 1;
            Extreme::add(&mut self.low, value);
            Extreme::add(&mut self.high, -value);
        } else {
            self.not_finite += 1;
        }
    }

    /// Below and above these, a value changes something. What lies between them changes nothing.
    fn known(&self) -> (f64, f64) {
        let next = |of: Option<Extreme>| of.map_or(f64::INFINITY, |extreme| extreme.next);
        (next(self.low), -next(self.high))
    }

    /// Adds many samples. Most lie between what is known, which one look at many of them tells; of others, most are the lowest
    /// or the highest again, as in clipped recordings and those of few counts.
    fn add_samples(&mut self, mut samples: &[f64]) {
        while !samples.is_empty() {
            let (low, high) = self.known();
            let (inside, rest) = samples.split_at(count_inside(samples, low, high));
            let (block, rest) = rest.split_at(BLOCK.min(rest.len()));
            self.finite += inside.len();
            if !self.add_known(block) {
                block.iter().for_each(|value| self.add(*value));
            }
            samples = rest;
        }
    }

    /// Adds values if all are the lowest, the highest or between what is known; whether they are.
    fn add_known(&mut self, values: &[f64]) -> bool {
        let ((low, high), [lowest, highest]) = (self.known(), self.range());
        let (mut lows, mut highs, mut all) = (0_usize, 0_usize, true);
        // Without a branch for each value.
        for value in values {
            let (is_lowest, is_highest) = (*value == lowest, *value == highest);
            lows = lows.wrapping_add(usize::from(is_lowest));
            highs = highs.wrapping_add(usize::from(is_highest));
            all &= is_lowest | is_highest | ((*value >= low) & (*value <= high));
        }
        let (Some(low), Some(high), true) = (&mut self.low, &mut self.high, all) else {
            return false;
        };
        low.count += lows;
        high.count += highs;
        self.finite += values.len();
        true
    }

    /// Adds the values of windows.
    pub fn add_all(&mut self, values: &[f32]) {
        let mut samples = [0.0; 4 * BLOCK];
        for part in values.chunks(samples.len()) {
            let samples = &mut samples[..part.len()];
            for (sample, value) in samples.iter_mut().zip(part) {
                *sample = f64::from(*value);
            }
            self.add_samples(samples);
        }
    }

    /// Number of values that are not finite.
    pub fn not_finite(&self) -> usize {
        self.not_finite
    }

    /// The lowest and the highest of the finite values; infinite ones if there is none.
    pub fn range(&self) -> [f64; 2] {
        let value = |of: Option<Extreme>| of.map_or(f64::INFINITY, |extreme| extreme.value);
        [value(self.low), -value(self.high)]
    }

    /// The same two, and how many samples have each.
    pub fn ends(&self) -> [(f64, usize); 2] {
        let count = |of: Option<Extreme>| of.map_or(0, |extreme| extreme.count);
        let [low, high] = self.range();
        [(low, count(self.low)), (high, count(self.high))]
    }

    /// The largest size of the finite values.
    pub fn size(&self) -> f64 {
        let [low, high] = self.range();
        (-low).max(high).max(0.0)
    }

    /// Whether all values certainly are measurements, as in nearly all recordings.
    pub fn are_sound(&self) -> bool {
        self.not_finite == 0 && self.size() < LEAST_FILL
    }

    /// The value that may be none.
    pub fn far(&self) -> Option<FarValue> {
        let [low, high] = [self.low?, self.high?]
            .map(|extreme| Some(extreme).filter(|extreme| extreme.next.is_finite()));
        let (low, high) = (low?, high?);
        let (from, to) = (low.value, -high.value);
        let low_one = FarValue {
            value: low.value,
            count: low.count,
            others: [low.next, to],
        };
        let high_one = FarValue {
            value: -high.value,
            count: high.count,
            others: [from, -high.next],
        };
        let is_known = |far: &FarValue| self.finite >= FEWEST && far.is_known();
        let known = [low_one, high_one].into_iter().find(is_known);
        known
            .or(low.is_far(to).then_some(low_one))
            .or(high.is_far(-from).then_some(high_one))
    }
}

impl FarValue {
    /// Whether it is a known fill value, and much larger than all others.
    fn is_known(&self) -> bool {
        let others = self.others[0].abs().max(self.others[1].abs());
        is_known(self.value) && others * LARGER <= self.value.abs()
    }
}

/// The lowest value, its number of occurrences, and the lowest other value.
#[derive(Clone, Copy, Debug)]
struct Extreme {
    value: f64,
    count: usize,
    next: f64,
}

impl Extreme {
    #[inline]
    fn add(found: &mut Option<Self>, value: f64) {
        let Some(known) = found else {
            *found = Some(Self {
                value,
                count: 1,
                next: f64::INFINITY,
            });
            return;
        };
        if value < known.value {
            *known = Self {
                value,
                count: 1,
                next: known.value,
            };
        } else if value == known.value {
            known.count += 1;
        } else {
            known.next = known.next.min(value);
        }
    }

    /// Whether the value is far from all others, the highest of which is `highest`.
    fn is_far(&self, highest: f64) -> bool {
        let range = highest - self.next;
        self.count >= REPEATED && range > 0.0 && self.next - self.value > FAR * range
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values that are passed over change nothing.
    #[test]
    fn many_values_are_as_each_of_them() {
        let value = |i: usize| ((i * 7919) % 101) as f32 - 50.0;
        for fill in [-9999.0, 9999.0, 49.0, 0.5, f32::NAN, f32::INFINITY] {
            let parts = (0..40).map(|part| {
                let mut values: Vec<f32> = (part * 30..part * 30 + 30).map(value).collect();
                values[part % 30] = if part % 4 == 3 { fill } else { 1.0 };
                values
            });
            let (mut all, mut each) = (Extremes::default(), Extremes::default());
            let mut whole = Vec::new();
            for values in std::iter::once(vec![3.0; 5]).chain(parts) {
                all.add_all(&values);
                values
                    .iter()
                    .for_each(|sample| each.add(f64::from(*sample)));
                whole.extend(values.into_iter().map(f64::from));
                assert_eq!(format!("{all:?}"), format!("{each:?}"));
            }
            let samples = Extremes::of(whole.chunks(300));
            assert_eq!(format!("{samples:?}"), format!("{each:?}"));
            assert_eq!(all.far().is_some(), fill.abs() > 1000.0 && fill.is_finite());
            assert_eq!(all.not_finite(), if fill.is_finite() { 0 } else { 10 });
            assert_eq!(all.size(), if fill.abs() == 9999.0 { 9999.0 } else { 50.0 });
        }
    }

    /// Nor are those that are lowest or highest again, of which there are many in some recordings.
    #[test]
    fn values_that_are_known_already_are_counted() {
        let noise = |i: usize| ((i * 7919) % 101) as f64 - 50.0;
        let clipped = |i: usize| noise(i).clamp(-9.0, 11.0);
        let (two, constant) = (|i: usize| (i * 7 % 3 / 2) as f64, |_| 5.0);
        let signals: [&dyn Fn(usize) -> f64; 4] = [&noise, &clipped, &two, &constant];
        for signal in signals {
            for odd in [0.0, -0.0, 9.5, -60.0, 70.0, f64::NAN, f64::NEG_INFINITY] {
                let mut samples: Vec<f64> = (0..1000).map(signal).collect();
                samples[700] = odd;
                let mut each = Extremes::default();
                samples.iter().for_each(|sample| each.add(*sample));
                let all = Extremes::of(samples.chunks(333));
                assert_eq!(format!("{all:?}"), format!("{each:?}"), "{odd}");
            }
        }
    }

    /// One is enough of what programs write, if it is far from all others.
    #[test]
    fn known_fills_are_far_if_there_is_one() {
        let far = |count: usize, scale: f64, fill: f64| {
            let wave = |i: usize| (scale * ((i * 37 % 101) as f64 - 50.0)).round();
            let mut values: Vec<f64> = (0..count).map(wave).collect();
            values[7] = fill;
            let found = Extremes::of(std::iter::once(&*values)).far();
            found.map(|far_value| (far_value.value, far_value.count))
        };
        for fill in [-9999.0, -999.25, 1e30, -32768.0, 99999.0, -7999.0] {
            assert_eq!(far(100, 1.0, fill), Some((fill, 1)));
        }
        for (count, scale, fill) in [
            (100, 400.0, -9999.0),
            (100, 600.0, -32768.0),
            (100, 1.0, -9876.0),
            (12, 1.0, -9999.0),
        ] {
            assert_eq!(far(count, scale, fill), None);
        }
        let constant = Extremes::of(std::iter::once(&[-9999.0; 100][..]));
        assert_eq!(constant.far(), None);
        assert_eq!(Extremes::default().far(), None);
        assert_eq!(
            Extremes::default().range(),
            [f64::INFINITY, f64::NEG_INFINITY]
        );
    }

    #[test]
    fn one_sample_is_not_several() {
        let far = |count| FarValue {
            value: -999.0,
            count,
            others: [-1.5, 2.0],
        };
        assert_eq!(
            far(1).question(" at 3 s", |value| value.to_string()),
            "one sample at 3 s is -999, and all others lie between -1.5 and 2: is it a fill value?"
        );
        assert!(
            far(4)
                .question("", |value| value.to_string())
                .starts_with("4 samples are -999,")
        );
    }
}
