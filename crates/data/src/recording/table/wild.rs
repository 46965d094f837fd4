//! Rows whose time is far from those around them, as where a clock or its reader failed for a moment.

use super::super::NANOS;

/// Maximum number of such rows in a row; more may be a clock that was set.
const MOST_IN_A_ROW: usize = 8;

/// Minimum distance in usual steps.
const FAR_STEPS: i64 = 1000;

/// Minimum distance in nanoseconds.
const FAR: i64 = 60 * NANOS as i64;

/// Minimum distance in usual steps of a single row that is before the first one: its time lost its first digits. Sorted by
/// time, it would be the start of the recording.
const STEPS_BEFORE_ALL: i64 = 20;

/// Among this many rows, at most one is left out; with more, the column is no clock.
const ROWS_FOR_EACH: usize = 20;

/// The rows whose times are far from those of the rows before and after, which fit together with a few steps.
pub(super) fn rows(times: &[i64], step: i64) -> Vec<usize> {
    let far = step.saturating_mul(FAR_STEPS).max(FAR);
    let away = |one: usize, other: usize| times[one].saturating_sub(times[other]).saturating_abs();
    let before_all = |row: usize| {
        let least = step.saturating_mul(STEPS_BEFORE_ALL);
        let is_before = times[0].saturating_sub(times[row]) > step.saturating_mul(2);
        let next = times.get(row + 1);
        let fits = next.is_some_and(|next| {
            (0..=step.saturating_mul(4)).contains(&next.saturating_sub(times[row - 1]))
        });
        is_before && fits && away(row, row - 1) > least
    };
    let (mut wild, mut row) = (Vec::new(), 1);
    while row < times.len() {
        let last = row - 1;
        if before_all(row) {
            wild.push(row);
            row += 1;
        } else if away(row, last) > far {
            let ends = row + 1..times.len().min(row + 1 + MOST_IN_A_ROW);
            let fits =
                |next: &usize| away(*next, last) <= step.saturating_mul(2 * (next - last) as i64);
            if let Some(next) = ends.into_iter().find(fits) {
                wild.extend(row..next);
                row = next;
            }
        }
        row += 1;
    }
    if wild.len() * ROWS_FOR_EACH > times.len() {
        wild.clear();
    }
    wild
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_fails_for_a_moment() {
        let step = 10_000_000;
        let even: Vec<i64> = (0..500).map(|i| (1 << 60) + i * step).collect();
        assert_eq!(rows(&even, step), [0; 0]);
        for wrong in [0, i64::MAX] {
            let mut times = even.clone();
            (times[200], times[300], times[301]) = (wrong, wrong, wrong);
            assert_eq!(rows(&times, step), [200, 300, 301]);
        }
        // A time without its first digits, less than a minute away.
        let mut times: Vec<i64> = (0..500).map(|i| (123 + i) * step).collect();
        (times[300], times[400]) = (4 * step, 122 * step);
        assert_eq!(rows(&times, step), [300]);
        // Gaps, clocks that are set, and two clocks in turn stay as they are.
        let gap = (0..500).map(|i| even[i] + if i < 250 { 0 } else { 3600 * step });
        assert_eq!(rows(&gap.collect::<Vec<_>>(), step), [0; 0]);
        let set = (0..500).map(|i| even[i] - if i < 250 { 0 } else { 1 << 50 });
        assert_eq!(rows(&set.collect::<Vec<_>>(), step), [0; 0]);
        let two = (0..500).map(|i| even[i] - if i % 2 == 0 { 0 } else { 1 << 50 });
        assert_eq!(rows(&two.collect::<Vec<_>>(), step), [0; 0]);
    }
}
