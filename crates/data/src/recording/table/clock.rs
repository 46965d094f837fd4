//! The even clock behind a column of times.
//!
//! Times that people record jitter, repeat and come in bursts, while the converter behind them samples evenly. So the
//! rate is a fit of time over row, and a gap is where the times leave that even clock for good, by about a sample or more:
//! a late row that the next rows make up for is none. [`fit`] does both; `levels` holds the statistics.

mod levels;

use std::ops::Range;

use levels::{Levels, Line, breaks, line};

use super::super::{NANOS, check_rate, format_time};

/// What the times of a channel say.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::recording) struct Clock {
    /// Samples a second.
    pub rate: f64,
    /// Rows without a gap between them, and the time of the first in nanoseconds.
    pub stretches: Vec<(Range<usize>, i64)>,
    /// What was unusual.
    pub notes: Vec<String>,
}

/// A guess at the clock, and how well it explains the times.
#[derive(Clone, Debug)]
struct Guess {
    line: Line,
    /// First rows of stretches but the first.
    cuts: Vec<usize>,
    /// How far the clock jumps at each, in samples.
    jumps: Vec<f64>,
    levels: Levels,
}

/// Rows by which the first guess at a period is made; bursts and coarse clocks need long ones, gaps short ones.
const LAGS: [usize; 4] = [1, 16, 256, 4096];

/// Points that guesses are tried on.
const HEAD: usize = 1 << 14;

/// Fits an even clock to `times` in nanoseconds; `given` is a sampling rate that rules where it is known.
///
/// # Errors
/// Where times tell no rate, go backwards, or follow no even clock.
pub(in crate::recording) fn fit(times: &[i64], given: Option<f64>) -> Result<Clock, String> {
    let given = given.map(check_rate).transpose()?;
    let single = |rate: f64| Clock {
        rate,
        stretches: vec![(0..times.len(), times.first().copied().unwrap_or(0))],
        notes: Vec::new(),
    };
    if times.len() < 2 {
        let rate = given.ok_or(format!(
            "one row tells no sampling rate: {}",
            super::RATE_UNKNOWN
        ))?;
        return Ok(single(rate));
    }
    backwards(times)?;
    let origin = times[0];
    let seconds: Vec<f64> = times
        .iter()
        .map(|time| time.saturating_sub(origin) as f64 / NANOS)
        .collect();
    if let Some(guess) = clean(&seconds, given) {
        return finish(times, &seconds, guess, given);
    }
    let Some(guess) = best(&seconds, given) else {
        let rate = given.ok_or(format!(
            "all {} times are {}: {}",
            times.len(),
            format_time(origin),
            super::RATE_UNKNOWN
        ))?;
        let mut clock = single(rate);
        clock
            .notes
            .push("all times are equal: the given rate alone tells them".into());
        return Ok(clock);
    };
    finish(times, &seconds, guess, given)
}

/// Refuses times that jump back by more than a clock's correction: rows out of order, or two recordings in one table.
fn backwards(times: &[i64]) -> Result<(), String> {
    let steps = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
    let Some((row, step)) = steps.enumerate().min_by_key(|(_, step)| *step) else {
        return Ok(());
    };
    if step >= 0 {
        return Ok(());
    }
    // A row of another century is none; so what is usual before and after counts.
    let usual = |rows: &[i64]| {
        let mut rows = rows.to_vec();
        rows.sort_unstable();
        rows[rows.len() / 2]
    };
    let before = usual(&times[(row + 1).saturating_sub(9)..=row]);
    let after = usual(&times[row + 1..times.len().min(row + 10)]);
    let back = before.saturating_sub(after) as f64 / NANOS;
    if back > LARGEST_CORRECTION || times.len() < 8 {
        return Err(goes_back(row + 1, -(step as f64) / NANOS));
    }
    Ok(())
}

/// Seconds that a clock may be set back without being two.
const LARGEST_CORRECTION: f64 = 1.0;

fn goes_back(row: usize, seconds: f64) -> String {
    format!(
        "the time of row {} is not after that of row {row}: it goes back by {seconds:.3} s; sort the rows, or cut the table there",
        row + 1
    )
}

/// The quick answer for a clock without noise: equal steps, and longer ones at gaps.
fn clean(seconds: &[f64], given: Option<f64>) -> Option<Guess> {
    let mut steps: Vec<f64> = seconds.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let middle = steps.len() / 2;
    let (_, &mut usual, _) = steps.select_nth_unstable_by(middle, f64::total_cmp);
    let usual = match given {
        Some(rate) if usual > 0.0 && (rate * usual - 1.0).abs() < 0.2 => 1.0 / rate,
        _ => usual,
    };
    if usual <= 0.0 {
        return None;
    }
    let mut cuts = Vec::new();
    let mut jumps = Vec::new();
    for (i, pair) in seconds.windows(2).enumerate() {
        let step = (pair[1] - pair[0]) / usual;
        if step >= 1.75 {
            cuts.push(i + 1);
            jumps.push(step - 1.0);
        } else if !(0.75..1.25).contains(&step) {
            return None;
        }
    }
    // Many small gaps are a clock that stalls and catches up: not for here.
    let small = jumps.iter().filter(|jump| **jump < 4.0).count();
    if small > 4 && small * 64 > seconds.len() {
        return None;
    }
    // Many short stretches may be bursts.
    if cuts.len() >= 4 && seconds.len() / cuts.len() <= 1024 {
        return None;
    }
    let line = straight(seconds, &cuts)?;
    let off = bounds(&cuts, seconds.len()).into_iter().flat_map(|range| {
        let first = seconds[range.start];
        let own = seconds[range].iter().enumerate();
        own.map(move |(i, time)| (time - first - line.period * i as f64).abs())
    });
    let farthest = off.fold(0.0, f64::max);
    (farthest < 0.5 * line.period).then_some(Guess {
        line,
        cuts,
        jumps,
        levels: Levels::of_clean(),
    })
}

/// The line of least squares through stretches that are even already.
fn straight(seconds: &[f64], cuts: &[usize]) -> Option<Line> {
    let (mut numerator, mut denominator, mut squares) = (0.0, 0.0, 0.0);
    for range in bounds(cuts, seconds.len()) {
        let own = &seconds[range];
        let middle = (own.len() - 1) as f64 / 2.0;
        let mean = own.iter().sum::<f64>() / own.len() as f64;
        for (i, time) in own.iter().enumerate() {
            let (row, time) = (i as f64 - middle, time - mean);
            numerator += row * time;
            denominator += row * row;
            squares += time * time;
        }
    }
    // Nothing but gaps: every row is a stretch.
    let period = Some(numerator / denominator).filter(|period| *period > 0.0)?;
    let off = (squares - period * numerator).max(0.0) / seconds.len() as f64;
    Some(Line {
        period,
        scatter: off.sqrt() / period,
    })
}

/// The guess that explains the times best.
fn best(seconds: &[f64], given: Option<f64>) -> Option<Guess> {
    let n = seconds.len();
    let rows: Vec<f64> = (0..n).map(|row| row as f64).collect();
    let changes: Vec<usize> = (1..n)
        .filter(|row| seconds[*row] != seconds[row - 1])
        .collect();
    if changes.is_empty() {
        return None;
    }
    if (n - 1 - changes.len()) * 5 < n {
        return of_points(seconds, &rows, 0.75, 0.0, given);
    }
    // Of rows with one time only the first or the last tells when it was: a clock that is read coarsely, or rows
    // that arrive together.
    let mut ticks: Vec<f64> = changes
        .iter()
        .map(|row| seconds[*row] - seconds[row - 1])
        .collect();
    let middle = ticks.len() / 2;
    let (_, &mut tick, _) = ticks.select_nth_unstable_by(middle, f64::total_cmp);
    let guess = |early: usize| {
        let points: Vec<usize> = changes.iter().map(|row| row - early).collect();
        let times: Vec<f64> = points.iter().map(|row| seconds[*row]).collect();
        let rows: Vec<f64> = points.iter().map(|row| *row as f64).collect();
        let mut guess = of_points(&times, &rows, 1.5, tick.max(0.0), given)?;
        let shown = (2.0 * tick / guess.line.period).max(8.0) as usize;
        guess.levels = guess.levels.of_rows(early == 1, shown);
        guess
            .cuts
            .iter_mut()
            .for_each(|point| *point = points[*point] + early);
        if early == 1 {
            // A gap is after the last row of the time before it.
            guess.cuts = guess
                .cuts
                .iter()
                .map(|cut| {
                    let next = changes.partition_point(|row| *row < *cut);
                    if next > 0 { changes[next - 1] } else { *cut }
                })
                .collect();
            guess.cuts.dedup();
        }
        Some(guess)
    };
    let guesses = [guess(0), guess(1)].into_iter().flatten();
    let rank = |guess: &Guess| ((guess.levels.scatter * 10.0).round(), (guess.line.scatter * 100.0).round());
    guesses.min_by(|a, b| rank(a).partial_cmp(&rank(b)).unwrap_or(std::cmp::Ordering::Equal))
}

/// The best guess from points `(rows, times)`, of which jumps of fewer than `least` samples are no gap; `tick` is the
/// resolution of the times in seconds where it is coarse.
fn of_points(
    times: &[f64],
    rows: &[f64],
    least: f64,
    tick: f64,
    given: Option<f64>,
) -> Option<Guess> {
    let mut best: Option<Guess> = None;
    let mut closest: Option<Guess> = None;
    let own = given.map(|rate| 1.0 / rate);
    let (all_times, all_rows) = (times, rows);
    let head = times.len().min(HEAD);
    let (times, rows) = (&times[..head], &rows[..head]);
    let lags = LAGS.iter().filter_map(|lag| period(times, rows, *lag));
    let mut tried: Vec<f64> = Vec::new();
    for period in lags.chain(own).filter(|period| *period > 0.0) {
        if tried.iter().any(|other| (other / period - 1.0).abs() < 1e-4) {
            continue;
        }
        let Some(guess) = refine(times, rows, (period, None), (least, tick)) else {
            continue;
        };
        tried.extend([period, guess.line.period]);
        if let Some(own) = own
            && (guess.line.period / own - 1.0).abs() < 0.05
            && closest
                .as_ref()
                .is_none_or(|other| other.cuts.len() > guess.cuts.len())
        {
            closest = Some(guess.clone());
        }
        if best
            .as_ref()
            .is_none_or(|other| longer(other, &guess, times.len()))
        {
            best = Some(guess);
        }
    }
    let guess = closest.or(best)?;
    if head == all_times.len() {
        return Some(guess);
    }
    let known = (guess.line.period, Some(guess.levels));
    refine(all_times, all_rows, known, (least, tick))
}

/// Samples by which rows of a burst are off even steps.
const UNEVEN: f64 = 0.1;

/// Whether the longer period of `next` is the true one, and what `inner` takes for gaps are pauses between bursts.
fn longer(inner: &Guess, next: &Guess, points: usize) -> bool {
    let ratio = next.line.period / inner.line.period;
    if (ratio - 1.0).abs() < 1e-6 || next.cuts.len() > inner.cuts.len() {
        return false;
    }
    let mut jumps = inner.jumps.clone();
    let middle = jumps.len() / 2;
    let jump = if jumps.is_empty() {
        0.0
    } else {
        *jumps.select_nth_unstable_by(middle, f64::total_cmp).1
    };
    if ratio < 1.2 {
        // A firmware's loop that stalls for a sample or two now and then.
        return jump <= 3.0;
    }
    // A port that hands out what it has gathered: short bursts far apart, whose rows follow each other as they happen to
    // be read. A logger that wakes for some seconds has an even clock within.
    let pause = jump * inner.line.period;
    let burst = points / (inner.cuts.len() + 1);
    let port = (burst <= 1024 && pause < 3.0) || (burst <= 128 && pause < 60.0);
    ratio >= 5.0 && port && inner.cuts.len() >= 4 && inner.line.scatter > UNEVEN
}

/// Median period over `lag` points.
fn period(times: &[f64], rows: &[f64], lag: usize) -> Option<f64> {
    let lag = lag.min((times.len() / 2).max(1));
    let mut steps: Vec<f64> = (lag..times.len())
        .map(|i| (times[i] - times[i - lag]) / (rows[i] - rows[i - lag]))
        .collect();
    if steps.is_empty() {
        return None;
    }
    let middle = steps.len() / 2;
    Some(*steps.select_nth_unstable_by(middle, f64::total_cmp).1)
}

/// Betters a period: gaps by it, a line through what is between them, and again; `levels` are looked for unless known.
fn refine(
    times: &[f64],
    rows: &[f64],
    (mut period, known): (f64, Option<Levels>),
    (least, tick): (f64, f64),
) -> Option<Guess> {
    let late = |period: f64| -> Vec<f64> {
        let pairs = times.iter().zip(rows);
        pairs.map(|(time, row)| time / period - row).collect()
    };
    let levels = |late: &[f64]| known.unwrap_or_else(|| Levels::steadiest(late));
    for round in 0..4 {
        let mut own = late(period);
        let mut judge = levels(&own);
        if round < 2
            && let Some(slope) = judge.slope(&own, rows)
            && slope > -0.5
        {
            period *= 1.0 + slope;
            own = late(period);
            judge = levels(&own);
        }
        let cuts = breaks(&own, rows, judge, (least, tick / period));
        let before = period;
        period = line(times, rows, &cuts, period, judge)?.period;
        // Less than a hundredth of a sample over all.
        if (before / period - 1.0).abs() * (rows.len() as f64) < 0.01 {
            break;
        }
    }
    let own = late(period);
    let judge = levels(&own);
    let cuts = breaks(&own, rows, judge, (least, tick / period));
    let line = line(times, rows, &cuts, period, judge)?;
    let jumps = cuts.iter().map(|cut| own[*cut] - own[*cut - 1]).collect();
    Some(Guess {
        line,
        cuts,
        jumps,
        levels: judge,
    })
}

fn bounds(cuts: &[usize], n: usize) -> Vec<Range<usize>> {
    let firsts = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain([n]);
    firsts.zip(ends).map(|(first, end)| first..end).collect()
}

/// Rate, beginnings and notes of a guess.
fn finish(
    times: &[i64],
    seconds: &[f64],
    guess: Guess,
    given: Option<f64>,
) -> Result<Clock, String> {
    let mut notes = Vec::new();
    let bounds = bounds(&guess.cuts, times.len());
    let longest = bounds.iter().map(Range::len).max().unwrap_or(1);
    // The quieter the clock, the more digits its rate has: what is not round is meant.
    let most = (5.0 * guess.line.scatter).clamp(2e-3, 0.5);
    let measured = rounded(1.0 / guess.line.period, longest, most);
    check_rate(measured)?;
    let scatter = guess.line.scatter;
    let rate = given.unwrap_or(measured);
    if (measured / rate - 1.0).abs() > 0.01 {
        notes.push(format!(
            "the given rate is {rate} Hz, but the times say {measured:.6} Hz; the given one counts"
        ));
    } else if given.is_none() && scatter > (0.005 * longest as f64).max(10.0) {
        return Err(format!(
            "the times follow no even clock: they are off the best one, {measured:.3} Hz, by {scatter:.0} samples: {}",
            super::RATE_UNKNOWN
        ));
    }
    if scatter > 1.0 {
        notes.push(format!(
            "the times are off an even clock of {measured:.3} Hz by {scatter:.1} samples ({:.3} s) on average",
            scatter / measured
        ));
    }
    let backs = || guess.cuts.iter().zip(&guess.jumps).filter(|(_, jump)| **jump < 0.0);
    if let Some((row, jump)) = backs().find(|(_, jump)| -**jump / measured > LARGEST_CORRECTION) {
        return Err(goes_back(*row, -jump / measured));
    }
    let back = backs().count();
    if back > 0 {
        notes.push(format!(
            "the clock goes back {back} times: what follows is a stretch of its own"
        ));
    }
    if bounds.len() > 4 && times.len() / bounds.len() <= 128 {
        notes.push(format!(
            "{} stretches of {} rows on average, with gaps between them; if the rows are even for all that, give the recording its `sampling_rate`",
            bounds.len(),
            times.len() / bounds.len()
        ));
    }
    if !guess.levels.exact() {
        notes.extend(bursts(seconds, measured));
    }
    let period = 1.0 / rate;
    let begin = |range: &Range<usize>| {
        if guess.levels.exact() {
            return times[range.start];
        }
        let own = &seconds[range.clone()];
        // The given rate may not be that of the times: then it is the beginning that is right.
        let many = if (measured / rate - 1.0).abs() * own.len() as f64 > 1.0 {
            own.len().min(4 * guess.levels.width)
        } else {
            own.len()
        };
        let late: Vec<f64> = own[..many]
            .iter()
            .enumerate()
            .map(|(i, time)| time / period - i as f64)
            .collect();
        let fitted = guess.levels.typical(&late) * period;
        // A clock that is exact says itself when a stretch begins.
        if (fitted - own[0]).abs() < 0.1 * period {
            times[range.start]
        } else {
            times[0].saturating_add((fitted * NANOS).round() as i64)
        }
    };
    let stretches = bounds
        .iter()
        .map(|range| (range.clone(), begin(range)))
        .collect();
    Ok(Clock {
        rate,
        stretches,
        notes,
    })
}

/// Says so where most rows follow each other far faster than the clock.
fn bursts(seconds: &[f64], rate: f64) -> Option<String> {
    let mut steps: Vec<f64> = seconds.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let middle = steps.len() / 2;
    let (_, &mut usual, _) = steps.select_nth_unstable_by(middle, f64::total_cmp);
    (usual < 0.2 / rate && usual > 0.0).then(|| {
        format!(
            "rows come in bursts, {usual:.6} s apart within and {:.6} s on average: taken for an even clock of {rate} Hz",
            1.0 / rate
        )
    })
}

/// The round rate or period that a measured rate means, where over `longest` samples nobody could tell them apart.
/// A drift of less than `most` samples, that is.
fn rounded(rate: f64, longest: usize, most: f64) -> f64 {
    let same = |round: f64| {
        let off = (rate / round - 1.0).abs();
        round > 0.0 && off <= 1e-3 && off * longest as f64 <= most
    };
    let micros = (1e6 / rate).round();
    [
        rate.round(),
        (rate * 100.0).round() / 100.0,
        1e6 / micros.max(1.0),
        (rate * 1e4).round() / 1e4,
    ]
    .into_iter()
    .find(|round| same(*round))
    .unwrap_or(rate)
}

#[cfg(test)]
mod tests;
