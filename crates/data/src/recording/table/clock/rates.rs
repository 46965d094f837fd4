//! Parts of a table at different constant rates: a logger whose setting was changed, or two files joined.
//!
//! The spacing of rows is measured in blocks. A gap or a burst makes a block unsteady, and it tells nothing. Several steady
//! blocks in a row with another spacing are a part of their own.

use std::ops::Range;

use support::words::first_few;

use super::even::even;
use super::{Clock, NANOS, backwards, fit};
use crate::error::recording::ClockError;

/// Rows between the times that are looked at: over more of them, jitter and ticks average out; fewer show shorter parts.
const ROWS: [usize; 2] = [8, 4];
/// Steps of so many rows in a block.
const STEPS: usize = 8;
/// Steady blocks that make a part: 256 or 128 rows.
const FEWEST: usize = 4;
/// Spacings that differ by a larger factor are those of different rates. The clock of a free-running loop varies by less.
const FACTOR: f64 = 1.2;
/// The same for times that are far from one rate: a logger whose clock warms up, or files of two loggers that were joined.
const SMALL_FACTOR: f64 = 1.002;
/// Rows between the times that are looked at then: a part has 2048 rows.
const MANY_ROWS: usize = 64;
/// Parts that a note lists.
const LISTED: usize = 4;

/// Like [`fit`], with a clock for each part of `times` at a rate of its own.
///
/// # Errors
/// As [`fit`].
pub(in crate::recording) fn fit_parts(
    times: &[i64],
    given: Option<f64>,
) -> Result<Vec<Clock>, ClockError> {
    if given.is_none()
        && let Some(clock) = even(times)
    {
        return Ok(vec![clock]);
    }
    let whole = fit(times, given);
    let several = |parts: &Vec<Range<usize>>| parts.len() > 1;
    let mut parts_of = ROWS.into_iter().map(|rows| parts(times, rows, FACTOR));
    let found = parts_of.find(several);
    let drifts = || given.is_none() && whole.as_ref().is_ok_and(|clock| is_far(times, clock));
    let found = found.or_else(|| drifts().then(|| parts(times, MANY_ROWS, SMALL_FACTOR)));
    let Some(parts) = found.filter(several) else {
        return Ok(vec![whole?]);
    };
    backwards(times)?;
    let clocks = of_parts(times, &parts, given);
    let whole = match whole {
        Err(problem) => return clocks.ok_or(problem),
        Ok(whole) => [whole],
    };
    let is_better = |clocks: &Vec<Clock>| cost(times, clocks) < cost(times, &whole);
    Ok(clocks.filter(is_better).unwrap_or_else(|| whole.to_vec()))
}

/// Samples that a stretch of its own has to explain better.
const STRETCH: f64 = 4.0;

/// How badly clocks explain the times: the distance of each, a sample at most, and the number of stretches.
fn cost(times: &[i64], clocks: &[Clock]) -> f64 {
    let all = clocks.iter().flat_map(|clock| {
        let stretches = clock.stretches.iter();
        stretches.map(|(rows, start)| (clock.rate, rows, start))
    });
    let costs = all.map(|(rate, rows, start)| {
        let off = times[rows.clone()].iter().enumerate().map(|(i, time)| {
            let late = time.saturating_sub(*start) as f64 / NANOS * rate - i as f64;
            late.abs().min(1.0)
        });
        STRETCH + off.sum::<f64>()
    });
    costs.sum()
}

/// Whether times are half a sample from those of a clock, on average.
fn is_far(times: &[i64], clock: &Clock) -> bool {
    let stretches = STRETCH * clock.stretches.len() as f64;
    let lateness = cost(times, std::slice::from_ref(clock)) - stretches;
    lateness > 0.5 * times.len() as f64
}

/// The clocks of all parts; `None` if one of them has no even clock, or none has the given rate.
fn of_parts(times: &[i64], parts: &[Range<usize>], given: Option<f64>) -> Option<Vec<Clock>> {
    let is_given = |rate: f64| given.is_some_and(|given| is_same(rate, given));
    let mut clocks = Vec::new();
    for rows in parts {
        let part = &times[rows.clone()];
        let mut clock = fit(part, None).ok()?;
        if is_given(clock.rate) {
            clock = fit(part, given).ok()?;
        }
        for (range, _) in &mut clock.stretches {
            *range = range.start + rows.start..range.end + rows.start;
        }
        clocks.push(clock);
    }
    if given.is_some() && !clocks.iter().any(|clock| is_given(clock.rate)) {
        return None;
    }
    let all = parts.iter().zip(&clocks);
    let all: Vec<String> = all
        .map(|(rows, clock)| format!("{} to {} at {} Hz", rows.start + 1, rows.end, clock.rate))
        .collect();
    let note = format!(
        "the sampling rate changes, and each part is read at its own: rows {}",
        first_few(&all, LISTED)
    );
    clocks[0].notes.insert(0, note);
    Some(clocks)
}

fn is_same(one: f64, other: f64) -> bool {
    is_within(FACTOR, one, other)
}

fn is_within(factor: f64, one: f64, other: f64) -> bool {
    one < factor * other && other < factor * one
}

/// Rows of each part, in order; all of them if there is one rate. A step of a block has `rows` rows. The spacings of parts
/// differ by more than `factor`, and so do those of a clock that drifts and the beginning of its part.
fn parts(times: &[i64], rows: usize, factor: f64) -> Vec<Range<usize>> {
    let is_same = |one: f64, other: f64| is_within(factor, one, other);
    let blocks = steady(times, rows);
    let mut parts: Vec<Part> = Vec::new();
    let mut next: Vec<Block> = Vec::new();
    for block in blocks {
        if parts
            .last()
            .is_some_and(|part| is_same(block.period, part.period(factor)))
        {
            next.clear();
            parts.last_mut().expect("there is one").last = block;
            continue;
        }
        if next
            .last()
            .is_some_and(|last| !is_same(last.period, block.period))
        {
            next.clear();
        }
        next.push(block);
        if next.len() == FEWEST {
            parts.push(Part {
                first: next[0],
                last: block,
            });
            next.clear();
        }
    }
    let mut firsts = vec![0];
    firsts.extend(
        parts
            .windows(2)
            .map(|pair| border(times, &pair[0].last, &pair[1].first)),
    );
    let ends = firsts.iter().skip(1).copied().chain([times.len()]);
    firsts
        .iter()
        .zip(ends)
        .map(|(first, end)| *first..end)
        .collect()
}

/// A block of rows, evenly spaced.
#[derive(Clone, Copy)]
struct Block {
    /// Its first row.
    row: usize,
    /// The row after it.
    end: usize,
    /// Nanoseconds per row.
    period: f64,
}

/// Blocks at one rate.
struct Part {
    first: Block,
    last: Block,
}

impl Part {
    /// Nanoseconds per row that further blocks are compared with.
    fn period(&self, factor: f64) -> f64 {
        if factor < FACTOR {
            self.first.period
        } else {
            self.last.period
        }
    }
}

/// The blocks of steps of `rows` rows that are evenly spaced.
fn steady(times: &[i64], rows: usize) -> impl Iterator<Item = Block> {
    let width = rows * STEPS;
    (0..times.len().saturating_sub(1) / width).filter_map(move |block| {
        let row = block * width;
        let time = |step: usize| times[row + step * rows];
        let mut steps: [f64; STEPS] =
            std::array::from_fn(|i| time(i + 1).saturating_sub(time(i)) as f64);
        let mean = steps.iter().sum::<f64>() / STEPS as f64;
        steps.sort_unstable_by(f64::total_cmp);
        let median = 0.5 * (steps[STEPS / 2 - 1] + steps[STEPS / 2]);
        let is_even = mean > 0.0 && (median / mean - 1.0).abs() < 0.1 && steps[1] > 0.6 * mean;
        is_even.then_some(Block {
            row,
            end: row + width,
            period: mean / rows as f64,
        })
    })
}

/// The first row of the part that begins with block `next`, whose rows before are spaced as in block `last`.
fn border(times: &[i64], last: &Block, next: &Block) -> usize {
    let rows = last.row..next.end;
    let most = last.period.max(next.period);
    // How much better each step fits the spacing before than that after.
    let better = rows.clone().map(|row| {
        let step = times[row + 1].saturating_sub(times[row]) as f64;
        let off = |period: f64| (step - period).abs().min(most);
        off(next.period) - off(last.period)
    });
    let (mut sum, mut best, mut border) = (0.0, f64::NEG_INFINITY, rows.start);
    for (row, better) in rows.zip(better) {
        if sum > best {
            (best, border) = (sum, row);
        }
        sum += better;
    }
    border
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times of `parts`: rows, and nanoseconds between them.
    fn times(parts: &[(usize, i64)]) -> Vec<i64> {
        let steps = parts
            .iter()
            .flat_map(|(rows, step)| std::iter::repeat_n(*step, *rows));
        let times = steps.scan(0, |next, step| {
            let time = *next;
            *next += step;
            Some(time)
        });
        times.collect()
    }

    /// Rate, rows and start of each stretch.
    fn found(times: &[i64], given: Option<f64>) -> Vec<(f64, Range<usize>, i64)> {
        let clocks = fit_parts(times, given).unwrap();
        let all = clocks.into_iter().flat_map(|clock| {
            let stretches = clock.stretches.into_iter();
            stretches.map(move |(rows, start)| (clock.rate, rows, start))
        });
        all.collect()
    }

    #[test]
    fn a_part_at_another_rate_keeps_it() {
        for step in [5_000_000, 20_000_000, 40_000_000, 25_000_000] {
            let times = times(&[(5000, 10_000_000), (1000, step), (3003, 10_000_000)]);
            let rate = 1e9 / step as f64;
            let expected = [
                (100.0, 0..5000, 0),
                (rate, 5000..6000, times[5000]),
                (100.0, 6000..9003, times[6000]),
            ];
            assert_eq!(found(&times, None), expected, "{step}");
            assert_eq!(found(&times, Some(100.0)), expected, "{step}");
        }
        // A short part at the beginning.
        let short = times(&[(200, 20_000_000), (12_000, 10_000_000)]);
        let expected = [(50.0, 0..200, 0), (100.0, 200..12_200, short[200])];
        assert_eq!(found(&short, None), expected);
        let two = times(&[(640, 10_000_000), (640, 20_000_000)]);
        let note = &fit_parts(&two, None).unwrap()[0].notes[0];
        assert_eq!(
            note,
            "the sampling rate changes, and each part is read at its own: rows 1 to 640 at 100 Hz, 641 to 1280 at 50 Hz"
        );
    }

    /// Half a percent makes hundreds of samples in an hour.
    #[test]
    fn small_changes_of_the_rate_count_if_they_add_up() {
        let two = times(&[(20_000, 10_000_000), (20_000, 9_950_000)]);
        // A clock that gets faster by a percent.
        let drift: Vec<(usize, i64)> = (0..40).map(|i| (1000, 10_000_000 - 2500 * i)).collect();
        let drift = times(&drift);
        for (times, most) in [(&two, 2), (&drift, 12)] {
            let found = found(times, None);
            assert!((2..=most).contains(&found.len()), "{found:?}");
            for (rate, rows, start) in found {
                for (i, time) in times[rows].iter().enumerate() {
                    let late = (time - start) as f64 / 1e9 * rate - i as f64;
                    assert!(late.abs() < 3.0, "{late} at {i}");
                }
            }
        }
    }

    /// A given rate that no part has rules over all of them.
    #[test]
    fn a_given_rate_rules() {
        let times = times(&[(2000, 10_000_000), (1000, 20_000_000)]);
        let clocks = fit_parts(&times, Some(500.0)).unwrap();
        assert_eq!((clocks.len(), clocks[0].rate), (1, 500.0));
    }

    /// Gaps, single rows, bursts and short parts are no other rate.
    #[test]
    fn other_clocks_have_one_rate() {
        let gaps = times(&[
            (500, 10_000_000),
            (1, 3_000_000_000),
            (200, 10_000_000),
            (3, 90_000_000),
            (900, 10_000_000),
        ]);
        let bursts: Vec<(usize, i64)> = (0..100)
            .flat_map(|_| [(9, 400_000), (1, 396_400_000)])
            .collect();
        let coarse: Vec<i64> = (0..5000).map(|row| row / 100 * 1_000_000_000).collect();
        for times in [
            gaps,
            times(&bursts),
            coarse,
            times(&[(5000, 10_000_000), (60, 20_000_000)]),
        ] {
            assert_eq!(fit_parts(&times, None).unwrap().len(), 1);
            assert_eq!(parts(&times, ROWS[1], FACTOR).len(), 1);
        }
        assert!(parts(&[], 8, FACTOR).iter().eq([&(0..0)]));
        assert!(parts(&[5], 8, FACTOR).iter().eq([&(0..1)]));
    }
}
