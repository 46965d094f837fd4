//! Times on an even grid of which some are missing, as after lost packets of a radio or a network: the steps are one, two or
//! more periods.
//!
//! A clock with coarse ticks has such steps too, in regular turns: there, no row is missing.

use super::guess::Guess;
use super::levels::{Levels, Line, median};
use super::{bounds, given_period, straight};

/// Distance of times from the grid, at most, in periods.
const OFF: f64 = 0.45;
/// Distance of gaps from a whole number of periods, and the part of them that are nearer.
const NEAR: f64 = 0.3;
const MOSTLY: f64 = 0.75;
/// Steps that differ from the median by a smaller part are of one period.
const SINGLE: f64 = 0.6;
/// The period found differs from the usual step by a smaller part.
const SAME: f64 = 0.1;
/// How often the period is found anew, between the gaps that the last one gave.
const ROUNDS: usize = 3;
/// Part of a point's distance by which the grid follows it.
const FOLLOWED: f64 = 0.03;
/// Points that tell the grid at the beginning, and after a gap that is of no whole number of periods.
const POINTS: usize = 9;
/// Longer gaps may be of any length.
const LONGEST: f64 = 64.0;
/// Fewest places where single rows are missing; [`super::gaps`] finds fewer.
const FEWEST: usize = 4;
/// Seconds between bursts of rows that a port delivers together, at most.
const PAUSE: f64 = 60.0;
/// Part of neighbouring spans of places that are equally long, give or take a row for each place, in a clock with ticks.
const REGULAR: f64 = 0.75;
/// More places are compared in spans of two: jitter shifts single ones by a row, but the next one back.
const FEW: usize = 8;

/// The clock, if times are missing at random on a grid. All rows that share a time, as those of a packet, are one point of
/// the grid if there are as many of them at each.
pub(super) fn guess(seconds: &[f64], given: Option<f64>) -> Option<Guess> {
    let (firsts, width) = points(seconds)?;
    let times: Vec<f64> = firsts.iter().map(|row| seconds[*row]).collect();
    let mut steps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let middle = median(&mut steps);
    // Of times that were rounded, the mean tells more than the median.
    let single = || {
        let steps = steps.iter();
        steps.filter(|step| (*step / middle - 1.0).abs() < SINGLE)
    };
    let usual = single().sum::<f64>() / single().count() as f64;
    let usual = given_period(usual, given.map(|rate| rate / width as f64), 0.01)?;
    let (mut cuts, mut are_whole) = on_grid(&times, usual);
    for _ in 0..ROUNDS {
        (cuts, are_whole) = on_grid(&times, straight(&times, &cuts)?.period);
    }
    let are_packets = width > 1 && !cuts.is_empty();
    let are_single =
        || cuts.len() >= FEWEST && !is_regular(&cuts) && !are_bursts(&times, &cuts, usual);
    if !are_whole || !are_packets && !are_single() {
        return None;
    }
    let line = straight(&times, &cuts)?;
    let is_same = (line.period / usual - 1.0).abs() < SAME;
    if !is_same || is_far(&times, &cuts, line.period) {
        return None;
    }
    let first_rows = |point: &usize| firsts[*point];
    Some(Guess {
        line: Line {
            period: line.period / width as f64,
            scatter: line.scatter * width as f64,
        },
        jumps: cuts
            .iter()
            .map(|cut| jump(&times, *cut, line.period) * width as f64)
            .collect(),
        cuts: cuts.iter().map(first_rows).collect(),
        levels: Levels::of_packets(width),
    })
}

/// The first row of each time, and how many rows have it; the first and the last time may have fewer. `None` if the others
/// differ.
fn points(seconds: &[f64]) -> Option<(Vec<usize>, usize)> {
    let changes = (1..seconds.len()).filter(|row| seconds[*row] != seconds[row - 1]);
    let firsts: Vec<usize> = std::iter::once(0).chain(changes).collect();
    let width = firsts.get(2)? - firsts[1];
    let inner = &firsts[1..];
    let is_even = inner.windows(2).all(|pair| pair[1] - pair[0] == width);
    let ends = (firsts[1], seconds.len() - firsts[firsts.len() - 1]);
    // A first packet that is cut would begin later than its time.
    (is_even && ends.0 == width && ends.1 <= width).then_some((firsts, width))
}

/// Points after missing ones, and whether nearly all short gaps are of whole periods.
fn on_grid(times: &[f64], period: f64) -> (Vec<usize>, bool) {
    let (mut cuts, mut short, mut near) = (Vec::new(), 0, 0);
    let mut grid = grid_at(times, 0, period);
    for i in 1..times.len() {
        let ahead = (times[i] - grid) / period;
        // Two points are never one of the grid.
        let whole = ahead.round().max(1.0);
        let off = ahead - whole;
        if whole > 1.0 {
            cuts.push(i);
            let (is_short, is_near) = (whole <= LONGEST, off.abs() < NEAR);
            short += usize::from(is_short);
            near += usize::from(is_short && is_near);
            if !is_short || !is_near {
                grid = grid_at(times, i, period);
                continue;
            }
        }
        grid += period * (whole + FOLLOWED * off);
    }
    (cuts, near as f64 >= MOSTLY * short as f64)
}

/// The time of the grid at point `i`, which the points from there on tell.
fn grid_at(times: &[f64], i: usize, period: f64) -> f64 {
    let next = times[i..].iter().take(POINTS);
    let off = next.map(|time| {
        let ahead = (time - times[i]) / period;
        ahead - ahead.round()
    });
    times[i] + period * median(&mut off.collect::<Vec<f64>>())
}

/// Whether places are about as far apart as the next ones.
fn is_regular(cuts: &[usize]) -> bool {
    let span = if cuts.len() > FEW { 2 } else { 1 };
    let pairs = cuts.windows(2 * span + 1);
    let all = pairs.len();
    let alike = pairs.filter(|window| {
        let [first, middle, end] = [0, span, 2 * span].map(|i| window[i]);
        (middle - first).abs_diff(end - middle) <= span
    });
    alike.count() as f64 >= REGULAR * all as f64
}

/// Whether most gaps are rather the pauses of a port that delivers buffered rows: long, but less than a minute.
fn are_bursts(times: &[f64], cuts: &[usize], usual: f64) -> bool {
    let pauses = cuts.iter().filter(|cut| {
        let step = times[**cut] - times[**cut - 1];
        step > LONGEST * usual && step < PAUSE
    });
    pauses.count() * 2 > cuts.len()
}

/// Whether a point is far from the even times of those between the same gaps.
fn is_far(times: &[f64], cuts: &[usize], period: f64) -> bool {
    bounds(cuts, times.len()).into_iter().any(|range| {
        let off = times[range].iter().enumerate();
        let off: Vec<f64> = off.map(|(i, time)| time / period - i as f64).collect();
        let mean = off.iter().sum::<f64>() / off.len() as f64;
        off.iter().any(|value| (value - mean).abs() > OFF)
    })
}

/// How many periods are missing before a point.
fn jump(times: &[f64], point: usize, period: f64) -> f64 {
    (times[point] - times[point - 1]) / period - 1.0
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::super::super::tests::mixed;
    use super::super::fit_parts;
    use super::*;

    /// Rows that are kept at random: `lost` of a thousand are not.
    fn kept(rows: i64, lost: u64) -> Vec<i64> {
        let is_kept = |row: &i64| *row == 0 || (mixed(*row as u64) >> 32) % 1000 >= lost;
        (0..rows).filter(is_kept).collect()
    }

    /// Ranges of rows, and their times, of even times of which these are kept.
    fn expected(kept: &[i64]) -> Vec<(Range<usize>, i64)> {
        let cuts = (1..kept.len()).filter(|i| kept[*i] != kept[i - 1] + 1);
        let parts = bounds(&cuts.collect::<Vec<_>>(), kept.len());
        parts
            .into_iter()
            .map(|rows| (rows.clone(), kept[rows.start] * 10_000_000))
            .collect()
    }

    #[test]
    fn rows_that_are_lost_at_random_are_gaps() {
        for lost in [10, 30, 50, 100, 300] {
            let kept = kept(6000, lost);
            let times: Vec<i64> = kept.iter().map(|row| row * 10_000_000).collect();
            for given in [None, Some(100.0)] {
                let clocks = fit_parts(&times, given).unwrap();
                assert_eq!(clocks.len(), 1, "{lost}");
                assert_eq!(clocks[0].rate, 100.0, "{lost}");
                assert_eq!(clocks[0].stretches, expected(&kept), "{lost}");
            }
            if lost > 100 {
                continue;
            }
            // Times that jitter by a fifth of a sample.
            let times = kept
                .iter()
                .map(|row| row * 10_000_000 + row * row * 7919 % 4_000_000 - 2_000_000);
            let clocks = fit_parts(&times.collect::<Vec<_>>(), None).unwrap();
            let rows = |all: &[(Range<usize>, i64)]| -> Vec<Range<usize>> {
                all.iter().map(|stretch| stretch.0.clone()).collect()
            };
            assert_eq!(rows(&clocks[0].stretches), rows(&expected(&kept)), "{lost}");
            assert!((clocks[0].rate - 100.0).abs() < 0.01, "{lost}");
        }
    }

    #[test]
    fn packets_that_are_lost_are_gaps() {
        let packets = kept(600, 100);
        let rows = packets
            .iter()
            .flat_map(|packet| 10 * packet..10 * packet + 10);
        let rows: Vec<i64> = rows.collect();
        let times: Vec<i64> = rows.iter().map(|row| row / 10 * 100_000_000).collect();
        let clocks = fit_parts(&times, None).unwrap();
        assert_eq!(clocks[0].rate, 100.0);
        assert_eq!(clocks[0].stretches, expected(&rows));
    }

    /// A clock with ticks of 10 ms, at 95 Hz and at a rate that drifts from 80 to 80.8 Hz: no row is missing.
    #[test]
    fn coarse_clocks_lose_nothing() {
        for period in [|_| 1.0 / 95.0, |row: i32| 0.0125 - f64::from(row) * 2e-8] {
            let mut time = 0.0;
            let times = (0..6000).map(|row| {
                time += period(row);
                (time * 100.0).floor() as i64 * 10_000_000
            });
            let times: Vec<i64> = times.collect();
            let clocks = fit_parts(&times, None).unwrap();
            let stretches: usize = clocks.iter().map(|clock| clock.stretches.len()).sum();
            assert!(stretches < 12, "{stretches}");
        }
    }

    /// With jitter, the long steps of such a clock come a row early or late, and the next ones in turn.
    #[test]
    fn jitter_leaves_long_steps_regular() {
        let places = |apart: &mut dyn Iterator<Item = usize>| -> Vec<usize> {
            let places = apart.scan(0, |place, apart| {
                *place += apart;
                Some(*place)
            });
            places.collect()
        };
        let turns = [5, 7, 5, 7, 6, 6, 7, 5, 6, 5, 7, 7, 5];
        assert!(is_regular(&places(
            &mut turns.into_iter().cycle().take(130)
        )));
        // Rows lost at random, one in six.
        let lost: Vec<usize> = (1..800)
            .filter(|row| (mixed(*row as u64) >> 32).is_multiple_of(6))
            .collect();
        assert!(!is_regular(&lost));
        assert!(is_regular(&[100, 200, 300, 401, 501]));
        assert!(!is_regular(&[100, 160, 301, 390, 500]));
    }
}
