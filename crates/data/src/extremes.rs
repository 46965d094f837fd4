//! A repeated value far from all others, such as -9999: samples that may be none.

/// Minimum number of occurrences of a possible fill value.
const REPEATED: usize = 3;
/// Minimum distance from all other values, in multiples of their range.
const FAR: f64 = 3.0;

/// The lowest and the highest value of a channel, and those next to them. All values are finite.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extremes {
    low: Option<Extreme>,
    /// With the sign turned.
    high: Option<Extreme>,
}

/// A repeated value far from all others, which lie between two values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct FarValue {
    pub value: f64,
    pub count: usize,
    pub others: [f64; 2],
}

impl Extremes {
    /// Those of some values.
    pub fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut all = Self::default();
        values.for_each(|value| all.add(value));
        all
    }

    pub fn add(&mut self, value: f64) {
        Extreme::add(&mut self.low, value);
        Extreme::add(&mut self.high, -value);
    }

    /// Adds many values. Most lie between what is known, which one look at all of them tells.
    pub fn add_all(&mut self, values: &[f32]) {
        let next = |of: Option<Extreme>| of.map_or(f64::INFINITY, |own| own.next);
        // What lies between them changes nothing; both come from float32 numbers.
        let (low, high) = (next(self.low) as f32, -next(self.high) as f32);
        let is_outside = |value: &f32| (*value < low) | (*value > high);
        if values.iter().fold(false, |any, own| any | is_outside(own)) {
            values.iter().for_each(|value| self.add(f64::from(*value)));
        }
    }

    /// The value that may be none.
    pub fn far(&self) -> Option<FarValue> {
        let [low, high] =
            [self.low?, self.high?].map(|own| Some(own).filter(|own| own.next.is_finite()));
        let (low, high) = (low?, high?);
        let (from, to) = (low.value, -high.value);
        let low_one = low.is_far(to).then_some(FarValue {
            value: low.value,
            count: low.count,
            others: [low.next, to],
        });
        let high_one = high.is_far(-from).then_some(FarValue {
            value: -high.value,
            count: high.count,
            others: [from, -high.next],
        });
        low_one.or(high_one)
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
        for fill in [-9999.0, 9999.0, 49.0, 0.5] {
            let parts = (0..40).map(|part| {
                let mut values: Vec<f32> = (part * 30..part * 30 + 30).map(value).collect();
                values[part % 30] = if part % 4 == 3 { fill } else { 1.0 };
                values
            });
            let (mut all, mut each) = (Extremes::default(), Extremes::default());
            for values in std::iter::once(vec![3.0; 5]).chain(parts) {
                all.add_all(&values);
                values.iter().for_each(|own| each.add(f64::from(*own)));
                assert_eq!(format!("{all:?}"), format!("{each:?}"));
            }
            assert_eq!(all.far().is_some(), fill.abs() > 1000.0, "{fill}");
        }
    }
}
