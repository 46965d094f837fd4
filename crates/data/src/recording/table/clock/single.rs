//! Rows that are missing one by one where times jitter: no step is clear enough for a gap, but all later times are late by whole
//! samples.
//!
//! A clock that wanders, or is set now and then, has such places too. They are missing rows only if the times are as steady
//! without them as those of an even clock.

use std::ops::Range;

use super::bounds;
use super::guess::Guess;
use super::levels::{NORMAL, line, median};

/// Samples that are missing at a place, at most; larger gaps are seen as steps.
const LONGEST: f64 = 4.0;
/// Distance of the lateness from whole samples, at most.
const OFF: f64 = 0.3;
/// Widths of rows after which they still are late, and the part of a sample by which they may be less: a gap is in the slope, too.
const LASTING: usize = 5;
const OFF_LATER: f64 = 0.4;
/// Standard errors of a lateness that is certain.
const CERTAIN: f64 = 6.0;
/// Rows on each side of a gap that are compared, and rows of a block whose jitter is measured.
const ROWS: std::ops::RangeInclusive<usize> = 16..=256;
const BLOCK: usize = 16;
/// Levels of a stretch, at least.
const LEVELS: usize = 4;
/// Standard error of the median of one value, in its standard deviation.
const MEDIAN: f64 = 1.25;
/// How often gaps are looked for between those that were found.
const ROUNDS: usize = 32;
/// Samples between the levels of a stretch with a missing row, at least, and without it, at most; and the part of them that may be
/// left.
const UNSTEADY: f64 = 0.6;
const STEADY: f64 = 0.75;
const LEFT: f64 = 0.6;

/// A note on missing rows between the gaps that were found.
pub(super) fn note(seconds: &[f64], guess: &Guess) -> Option<String> {
    // A clock that is set back was set on before.
    if !guess.levels.are_medians() || guess.jumps.iter().any(|jump| *jump < 0.0) {
        return None;
    }
    let stretches = bounds(&guess.cuts, seconds.len());
    let before = wander(&lateness(seconds, guess.line.period), &stretches);
    if before < UNSTEADY {
        return None;
    }
    let (found, period) = gaps(seconds, guess)?;
    let mut late = lateness(seconds, period);
    for (row, samples) in &found {
        late[*row..].iter_mut().for_each(|late| *late -= samples);
    }
    if wander(&late, &stretches) > STEADY.min(LEFT * before) {
        return None;
    }
    let first = found.iter().map(|(row, _)| row + 1).min()?;
    let count: f64 = found.iter().map(|(_, samples)| samples).sum();
    Some(if count > 1.0 {
        format!(
            "about {count} rows seem to be missing, the first near row {first}: the times are late by whole samples after each, and \
             samples may be about one off in time; add rows of `NaN` for them"
        )
    } else {
        format!(
            "one row seems to be missing near row {first}: the times are late by a sample from there on, and samples may be about \
             one off in time; add a row of `NaN` for it"
        )
    })
}

fn lateness(seconds: &[f64], period: f64) -> Vec<f64> {
    let rows = seconds.iter().enumerate();
    rows.map(|(row, time)| time / period - row as f64).collect()
}

fn middle(values: &[f64]) -> f64 {
    median(&mut values.to_vec())
}

/// The largest distance of two levels within a stretch, in samples.
fn wander(late: &[f64], stretches: &[Range<usize>]) -> f64 {
    let wanders = stretches.iter().map(|rows| {
        let width = (rows.len() / 8).clamp(BLOCK, 4 * BLOCK);
        let levels = late[rows.clone()].chunks_exact(width).map(middle);
        let (least, most) = levels.fold(
            (f64::INFINITY, f64::NEG_INFINITY),
            |(least, most), level| (level.min(least), level.max(most)),
        );
        most - least
    });
    wanders.fold(0.0, f64::max)
}

/// Places with missing rows as the first row behind and the number of samples, and the period between them.
fn gaps(seconds: &[f64], guess: &Guess) -> Option<(Vec<(usize, f64)>, f64)> {
    let rows: Vec<f64> = (0..seconds.len()).map(|row| row as f64).collect();
    let mut cuts = guess.cuts.clone();
    let mut period = guess.line.period;
    let mut all = Vec::new();
    for _ in 0..ROUNDS {
        let late = lateness(seconds, period);
        let stretches = bounds(&cuts, seconds.len()).into_iter();
        let found: Vec<(usize, f64)> = stretches.filter_map(|range| gap(&late, range)).collect();
        if found.is_empty() {
            break;
        }
        cuts.extend(found.iter().map(|(cut, _)| cut));
        cuts.sort_unstable();
        all.extend(found);
        period = line(seconds, &rows, &cuts, period, guess.levels)?.period;
    }
    (!all.is_empty()).then_some((all, period))
}

/// The clearest gap in a stretch, as the first row behind it and its samples.
fn gap(late: &[f64], range: Range<usize>) -> Option<(usize, f64)> {
    let stretch = &late[range.clone()];
    let off = stretch.chunks_exact(BLOCK).flat_map(|block| {
        let level = middle(block);
        block.iter().map(move |late| (late - level).abs())
    });
    let jitter = NORMAL * median(&mut off.collect::<Vec<f64>>());
    // Twice as certain as is asked for.
    let enough = 2.0 * (2.0 * CERTAIN * MEDIAN * jitter).powi(2);
    let width = (enough as usize).clamp(*ROWS.start(), *ROWS.end());
    if stretch.len() < LEVELS * width {
        return None;
    }
    let levels: Vec<f64> = stretch.chunks_exact(width).map(middle).collect();
    let steps = levels.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    let usual = NORMAL * median(&mut steps.collect::<Vec<f64>>());
    let error = usual.max(MEDIAN * jitter * (2.0 / width as f64).sqrt());
    let places = (width..=stretch.len() - width).step_by((width / 8).max(1));
    let jump = |at: usize| middle(&stretch[at..at + width]) - middle(&stretch[at - width..at]);
    let all = places.map(|at| (at, jump(at)));
    let (at, most) = all.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let near = at - width..at + width;
    let level = middle(&stretch[near.start..at]);
    let at = likeliest(stretch, near, (level, level + most.round()));
    // The largest of many differences is so by chance, too; the one at the likeliest place is not.
    let jump = |width: usize| {
        let (first, end) = (at.saturating_sub(width), stretch.len().min(at + width));
        middle(&stretch[at..end]) - middle(&stretch[first..at])
    };
    let found = jump(width);
    let whole = found.round();
    let is_gap = (1.0..=LONGEST).contains(&whole)
        && (found - whole).abs() <= OFF
        && found >= CERTAIN * error
        // Rows that are late for a while are no gap.
        && jump(LASTING * width) >= whole - OFF_LATER;
    is_gap.then_some((range.start + at, whole))
}

/// The row in `range` from which on times rather have the second level than the first.
fn likeliest(late: &[f64], range: Range<usize>, levels: (f64, f64)) -> usize {
    let mut best = (f64::INFINITY, range.start + 1);
    let mut distance = 0.0;
    for row in range.start..range.end - 1 {
        distance += (late[row] - levels.0).abs() - (late[row] - levels.1).abs();
        if distance < best.0 {
            best = (distance, row + 1);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::noise;
    use super::super::{Clock, fit};

    /// Normal with a standard deviation of 1.
    fn normal(row: usize) -> f64 {
        (0..12).map(|i| noise(12 * row + i)).sum()
    }

    /// The clock of rows of 100 Hz without those that are `lost`, at times that are `late` by some samples.
    fn clock(lost: &[usize], late: impl Fn(usize) -> f64) -> Clock {
        let rows = (0..3000).filter(|row| !lost.contains(row));
        let times = rows.map(|row| ((row as f64 + late(row)) * 1e7).round() as i64);
        fit(&times.collect::<Vec<i64>>(), None).unwrap()
    }

    const JITTERS: [fn(usize) -> f64; 5] = [
        |row| 0.1 * normal(row),
        |row| 0.2 * normal(row),
        |row| 0.3 * normal(row),
        |row| 0.4 * normal(row),
        |row| 0.3 * normal(row).abs(),
    ];

    /// With little jitter, they are gaps.
    #[test]
    fn single_lost_rows_are_counted_in_spite_of_jitter() {
        let mut said = 0;
        for (kind, jitter) in JITTERS.into_iter().enumerate() {
            let found = clock(&[1500], jitter);
            if found.stretches.len() == 2 {
                continue;
            }
            said += 1;
            let found = found.notes;
            let start = "one row seems to be missing near row ";
            assert!(
                found.len() == 1 && found[0].starts_with(start),
                "{kind}: {found:?}"
            );
            let row = found[0][start.len()..].split(':').next().unwrap();
            let row: usize = row.parse().unwrap();
            assert!(row.abs_diff(1501) < 8, "{kind}: {row}");
        }
        assert!(said >= 2, "{said}");
        let found = clock(&[700, 1500, 2300], JITTERS[3]);
        let gaps = found.stretches.len() - 1;
        let found = found.notes.join("; ");
        assert!(
            gaps == 0 && found.contains("about 3 rows seem to be missing, the first near row "),
            "{gaps} {found}"
        );
    }

    #[test]
    fn clocks_that_wander_have_no_missing_rows() {
        for jitter in JITTERS {
            let found = clock(&[], jitter);
            assert_eq!((found.stretches.len(), found.notes.len()), (1, 0));
        }
        let clocks: [fn(usize) -> f64; 5] = [
            |row| 2.0 * (row as f64 / 400.0).sin() + 0.3 * normal(row),
            |row| 0.5 * (row as f64 / 30.0).sin() + 0.3 * normal(row),
            // Half a sample for good.
            |row| 0.5 * f64::from(u8::from(row > 1500)) + 0.3 * normal(row),
            // A sample for a while.
            |row| f64::from(u8::from((1500..1700).contains(&row))) + 0.3 * normal(row),
            // Steps of a sample in a clock that wanders by more.
            |row| 6.0 * (row as f64 / 500.0).sin() + (row / 700) as f64 + 0.3 * normal(row),
        ];
        for (kind, late) in clocks.into_iter().enumerate() {
            let found = clock(&[], late).notes;
            let is_said = found.iter().any(|note| note.contains("to be missing"));
            assert!(!is_said, "{kind}: {found:?}");
        }
    }
}
