//! Times that go back.

use super::{NANOS, median};
use crate::error::recording::ClockError;

/// Refuses times that jump back by more than a clock's correction: rows out of order, or two recordings in one table.
pub(super) fn backwards(times: &[i64]) -> Result<(), ClockError> {
    if times.is_sorted() {
        return Ok(());
    }
    let steps = || times.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
    let Some((row, step)) = steps().enumerate().min_by_key(|(_, step)| *step) else {
        return Ok(());
    };
    if step >= 0 {
        return Ok(());
    }
    if steps().filter(|step| *step < 0).count() > steps().filter(|step| *step > 0).count() {
        return Err(ClockError::Falling);
    }
    // Compares the medians before and after, so that a single wrong time does not count.
    let usual = |rows: &[i64]| {
        let mut rows = rows.to_vec();
        rows.sort_unstable();
        rows[rows.len() / 2]
    };
    let before = usual(&times[(row + 1).saturating_sub(9)..=row]);
    let after = usual(&times[row + 1..times.len().min(row + 10)]);
    let back = before.saturating_sub(after) as f64 / NANOS;
    if back > LARGEST_CORRECTION || times.len() < 8 || overlap(times) {
        return Err(ClockError::Backwards {
            row: row + 1,
            seconds: -(step as f64) / NANOS,
        });
    }
    Ok(())
}

/// Largest backward correction of a clock in seconds; a larger jump means two recordings.
pub(super) const LARGEST_CORRECTION: f64 = 1.0;

/// Part of the usual step that the mean one is of, at most, and part of all steps forward that those back do not undo, if rows
/// follow those that go on at the same times.
const OVERLAPPING: f64 = 0.75;

/// Whether times go back so often, or so far, that rows cover the same time twice, as blocks of rows do that two sensors wrote
/// in turn.
fn overlap(times: &[i64]) -> bool {
    let steps = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
    let mut steps: Vec<f64> = steps.map(|step| step as f64).collect();
    let all = times[times.len() - 1].saturating_sub(times[0]) as f64;
    let mean = all / steps.len() as f64;
    // Ticks longer than a sample make the usual step longer than the mean one, but no step back.
    let forward: f64 = steps.iter().filter(|step| **step > 0.0).sum();
    let usual = median(&mut steps);
    usual > 0.0 && mean < OVERLAPPING * usual && all < OVERLAPPING * forward
}

#[cfg(test)]
mod tests {
    use super::super::{fit, tests::normal};

    /// Blocks of rows of two sensors, each at 100 Hz, in turn.
    #[test]
    fn blocks_at_the_same_times_are_refused() {
        for rows in [5, 10, 25] {
            let block = |first: i64| (first..first + rows).map(|row| row * 10_000_000);
            let blocks = (0..40).flat_map(|k| block(k * rows).chain(block(k * rows)));
            let times: Vec<i64> = blocks.collect();
            let error = fit(&times, None).unwrap_err().to_string();
            assert!(error.contains("it goes back by"), "{rows}: {error}");
            assert!(error.contains("column `sensor`"), "{rows}: {error}");
        }
    }

    /// Ticks of two thirds of a sample, and jitter that sets some times back by one: most steps are of two ticks.
    #[test]
    fn coarse_times_that_jitter_are_not_refused() {
        let mut state = 4_115_133_286_798_267_791;
        let times = (0..600).map(|row| {
            let time = f64::from(row) + 0.39 * normal(&mut state);
            ((time / 0.6685).floor() * 0.6685 * 1e9).round() as i64
        });
        let times: Vec<i64> = times.collect();
        assert!(!times.is_sorted());
        assert_eq!(fit(&times, None).unwrap().stretches.len(), 1);
    }
}
