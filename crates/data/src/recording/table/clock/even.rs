//! Times whose steps are all equal, to the nanosecond: one pass tells it, and their rate.

use super::{Clock, NANOS, check_rate, rounded};

/// Rows for which the rounding errors of [`super::fit`] are known to be small.
const MOST_ROWS: usize = 1 << 21;

/// The clock of times with equal steps, as [`super::fit`] finds it. `None` for others, and where the rounding errors of that
/// fit could decide which rate it takes.
pub(super) fn even(times: &[i64]) -> Option<Clock> {
    let (first, last) = (*times.first()?, *times.last()?);
    if times.len() < 2 || times.len() > MOST_ROWS {
        return None;
    }
    let step = times[1].checked_sub(first)?;
    let all = step.checked_mul(times.len() as i64 - 1)?;
    if step <= 0 || first.checked_add(all) != Some(last) || !has_steps(times, step) {
        return None;
    }
    let rate = NANOS / step as f64;
    // Sums of as many numbers are as exact as this, in the worst case.
    let error = times.len() as f64 * 2.0 * f64::EPSILON;
    let found = rounded(rate, times.len(), 2e-3);
    let is_same = |most: f64, rate: f64| rounded(rate, times.len(), most) == found;
    let is_stable = [2e-3, 0.5]
        .into_iter()
        .all(|most| is_same(most, rate * (1.0 - error)) && is_same(most, rate * (1.0 + error)));
    check_rate(found).ok().filter(|_| is_stable)?;
    Some(Clock {
        rate: found,
        stretches: vec![(0..times.len(), first)],
        notes: Vec::new(),
    })
}

lanes::wide! {
    /// Whether all steps are `step`.
    fn has_steps(times: &[i64], step: i64) -> bool {
        // Without a branch for each, so that the compiler compares many at a time.
        let blocks = times[1..].chunks(256).zip(times.chunks(256));
        let mut blocks = blocks.map(|(next, block)| {
            let pairs = next.iter().zip(block);
            pairs.fold(0, |odd, (next, time)| odd | (next.wrapping_sub(*time) ^ step))
        });
        blocks.all(|odd| odd == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fit;
    use super::*;

    fn times(rows: usize, step: i64) -> Vec<i64> {
        (0..rows as i64)
            .map(|row| 1_714_521_600_000_000_000 + row * step)
            .collect()
    }

    /// The quick answer is that of the fit.
    #[test]
    fn even_times_have_the_rate_of_their_fit() {
        let mut found = 0;
        for rows in [2, 3, 10, 500, 3001, 100_000] {
            for step in [
                5_000_000,
                10_000_000,
                1_000_000,
                3_333_333,
                7_812_500,
                3_000_000,
                2_499_000,
                4_003_000,
                976_563,
                1_000_000_000,
                60_000_000_000,
                250_000,
                9_999_999,
                4_999_995,
                31_250_000,
                1,
            ] {
                let times = times(rows, step);
                if let Some(clock) = even(&times) {
                    assert_eq!(fit(&times, None), Ok(clock), "{rows} rows, {step} ns");
                    found += 1;
                }
            }
        }
        assert!(found > 40, "{found}");
        assert_eq!(
            even(&times(360_000, 5_000_000)).map(|clock| clock.rate),
            Some(200.0)
        );
    }

    #[test]
    fn other_times_are_left_to_the_fit() {
        let mut times = times(1000, 5_000_000);
        times[700] += 1;
        assert_eq!(even(&times), None);
        times.iter_mut().for_each(|time| *time = 0);
        assert_eq!(even(&times), None);
        assert_eq!(even(&[]), None);
        assert_eq!(even(&[5]), None);
        assert_eq!(even(&[i64::MIN, i64::MAX]), None);
        assert_eq!(even(&[5, 4, 3]), None);
    }
}
