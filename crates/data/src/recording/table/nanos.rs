//! Numbers of any unit as nanoseconds.

use super::super::NANOS;
use super::super::time::rounded;
use super::NO_TIME;
use crate::room::room;

/// Times in nanoseconds, without the rounding of large numbers of small units. `None` if one is out of range.
pub(super) fn nanos(values: &[f64], unit: f64) -> Option<Vec<i64>> {
    let factors = if unit >= 1.0 {
        [unit, NANOS]
    } else {
        [(unit * NANOS).round(), 1.0]
    };
    let mut times: Vec<i64> = room(values.len());
    times.resize(values.len(), 0);
    if small_nanos(values, factors, &mut times) {
        return Some(times);
    }
    for (time, value) in times.iter_mut().zip(values) {
        *time = if value.is_finite() {
            rounded(value * factors[0] * factors[1])?
        } else {
            NO_TIME
        };
    }
    Some(times)
}

/// Numbers of 2^52 and half as much: what is added to it loses its fraction, up to 2^51.
const WHOLE: f64 = 1.5 * (1u64 << 52) as f64;

lanes::wide! {
    /// Sets times to the products of `values` and `factors`, as [`rounded`] rounds them, if all are small enough: whether they are.
    fn small_nanos(values: &[f64], factors: [f64; 2], times: &mut [i64]) -> bool {
        let limit = (1u64 << 51) as f64;
        let mut are_small = true;
        for (time, value) in times.iter_mut().zip(values) {
            let exact = value * factors[0] * factors[1];
            are_small &= exact.abs() < limit;
            let moved = exact + WHOLE;
            let rest = exact - (moved - WHOLE);
            // Halves are rounded to even numbers there.
            let up = i64::from(rest == 0.5 && exact > 0.0);
            let down = i64::from(rest == -0.5 && exact < 0.0);
            let whole = moved.to_bits().wrapping_sub(WHOLE.to_bits()) as i64;
            *time = whole.wrapping_add(up).wrapping_sub(down);
        }
        are_small
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        /// Times are rounded as single numbers are.
        #[test]
        fn times_are_rounded_alike(
            values in proptest::collection::vec(-1e7f64..1e7, 1..40),
            halves in proptest::collection::vec(-1000i64..1000, 1..20),
        ) {
            let halves: Vec<f64> = halves.iter().map(|half| *half as f64 / 2.0).collect();
            for (values, unit) in [(&values, 1.0), (&values, 1e-3), (&halves, 1e-9), (&halves, 60.0)] {
                let one = |value: &f64| {
                    if unit >= 1.0 {
                        rounded(value * unit * NANOS)
                    } else {
                        rounded(value * (unit * NANOS).round())
                    }
                };
                let expected: Option<Vec<i64>> = values.iter().map(one).collect();
                proptest::prop_assert_eq!(nanos(values, unit), expected);
            }
        }
    }

    #[test]
    fn large_times_and_missing_ones() {
        assert_eq!(
            nanos(&[1e9, f64::NAN], 1.0),
            Some(vec![1_000_000_000_000_000_000, NO_TIME])
        );
        assert_eq!(nanos(&[0.5, 1e10], 1.0), None);
        assert_eq!(
            nanos(&[2_251_799.813685248, 0.0], 1.0),
            Some(vec![2_251_799_813_685_248, 0])
        );
    }
}
