//! Times that wander from an even clock, as where single rows are missing and the jitter of the times hides it.

use std::ops::Range;

use super::levels::{Levels, NORMAL, median};

/// Samples by which levels may differ.
const MOST: f64 = 1.5;
/// The same in usual differences of neighbouring levels.
const STEADY: f64 = 8.0;
/// Rows of a level, at least and usually; and levels of a stretch, at least.
const FEWEST: usize = 16;
const ROWS: usize = 64;
const LEVELS: usize = 6;

/// A note on the stretch whose times wander most from those that its clock gives them, if that is not by chance. `stretches` are
/// rows and the seconds of their first.
pub(super) fn note(
    seconds: &[f64],
    stretches: impl Iterator<Item = (Range<usize>, f64)>,
    rate: f64,
    levels: Levels,
) -> Option<String> {
    let mut most: Option<(f64, Range<usize>)> = None;
    for (rows, start) in stretches {
        let width = (rows.len() / LEVELS).min(ROWS).max(levels.width);
        if width < FEWEST || rows.len() < LEVELS * width {
            continue;
        }
        let late = rows.clone().enumerate();
        let late = late.map(|(i, row)| (seconds[row] - start) * rate - i as f64);
        let found = levels.of_blocks(&late.collect::<Vec<f64>>(), width);
        let steps = found.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        let usual = NORMAL * median(&mut steps.collect::<Vec<f64>>());
        let least = found.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = found.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let range = largest - least;
        let is_most = most.as_ref().is_none_or(|(other, _)| *other < range);
        if range > MOST.max(STEADY * usual) && is_most {
            most = Some((range, rows));
        }
    }
    most.map(|(range, rows)| {
        format!(
            "the times wander by {range:.1} samples around those of an even clock in rows {} to {}: single rows may be missing \
             there, or the rate changes, and samples may be as far from their true times",
            rows.start + 1,
            rows.end
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::noise;
    use super::super::fit;

    /// Rows without those that are `lost`, and their times at 100 Hz, which jitter with a standard deviation of `jitter` samples.
    fn times(lost: &[usize], jitter: f64) -> (Vec<usize>, Vec<i64>) {
        let rows = (0..5000).filter(|row| !lost.contains(row));
        let normal = |row: usize| (0..12).map(|i| noise(12 * row + i)).sum::<f64>();
        let time = |row: usize| ((row as f64 + jitter * normal(row)) * 1e7).round() as i64;
        rows.map(|row| (row, time(row))).unzip()
    }

    /// Rows that are lost become gaps, or are said.
    #[test]
    fn lost_rows_between_noisy_times_are_not_silent() {
        let mut said = 0;
        for jitter in [0.0, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9] {
            let (kept, lost) = times(&[1900, 2300, 2400, 2480], jitter);
            let clock = fit(&lost, None).unwrap();
            let off = clock.stretches.iter().flat_map(|(rows, start)| {
                let time = move |i: usize| *start as f64 / 1e7 + i as f64 * 100.0 / clock.rate;
                let rows = kept[rows.clone()].iter().enumerate();
                rows.map(move |(i, row)| (time(i) - *row as f64).abs())
            });
            let off = off.fold(0.0, f64::max);
            // With more jitter, the distance from even spacing is said.
            let words = ["wander", "to be missing", "differ from even spacing"];
            let notes = clock.notes.join("; ");
            let is_said = words.iter().any(|word| notes.contains(word));
            assert!(
                off < 1.5 || is_said,
                "{jitter}: {off} samples, {:?}",
                clock.notes
            );
            said += usize::from(is_said);
            let sound = fit(&times(&[], jitter).1, None).unwrap();
            assert_eq!(
                (sound.stretches.len(), sound.notes.len()),
                (1, 0),
                "{jitter}"
            );
        }
        assert!(said > 2, "{said}");
    }

    /// A part of a table that drifts a little, and times in whole seconds or from a port.
    #[test]
    fn sound_clocks_do_not_wander() {
        let drift = |row: usize| row as f64 + (row as f64 / 5000.0).powi(2);
        let coarse = |row: usize| (row as f64 / 100.0).floor() * 100.0;
        let packets = |row: usize| (row / 10 * 10) as f64 + 0.2 * noise(row / 10);
        for time in [&drift as &dyn Fn(usize) -> f64, &coarse, &packets] {
            let times = (0..5000).map(|row| (time(row) * 1e7).round() as i64);
            let clock = fit(&times.collect::<Vec<i64>>(), None).unwrap();
            assert!(
                !clock.notes.iter().any(|note| note.contains("wander")),
                "{:?}",
                clock.notes
            );
        }
    }
}
