//! Guesses at the period of a clock: from rows at several distances, and which of them explains the times best.

use super::levels::{Levels, Line, breaks, line, median};

/// A guess at the clock, and how well it explains the times.
#[derive(Clone, Debug)]
pub(super) struct Guess {
    pub line: Line,
    /// First rows of stretches but the first.
    pub cuts: Vec<usize>,
    /// How far the clock jumps at each, in samples.
    pub jumps: Vec<f64>,
    pub levels: Levels,
}

/// Rows by which the first guess at a period is made; bursts and coarse clocks need long ones, gaps short ones.
const LAGS: [usize; 4] = [1, 16, 256, 4096];

/// Points that guesses are tried on.
const HEAD: usize = 1 << 14;

/// The guess that explains the times best.
pub(super) fn best(seconds: &[f64], given: Option<f64>) -> Option<Guess> {
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
    // Of rows with equal times, only the first or the last has an exact time. This occurs if the clock is coarse or
    // rows arrive together.
    let mut ticks: Vec<f64> = changes
        .iter()
        .map(|row| seconds[*row] - seconds[row - 1])
        .collect();
    let tick = median(&mut ticks);
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
            // A gap lies after the last row of the previous time.
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
    let rank = |guess: &Guess| {
        (
            (guess.levels.scatter * 10.0).round(),
            (guess.line.scatter * 100.0).round(),
        )
    };
    guesses.min_by(|a, b| {
        rank(a)
            .partial_cmp(&rank(b))
            .unwrap_or(std::cmp::Ordering::Equal)
    })
}

/// The best guess from points `(rows, times)`. Jumps of fewer than `least` samples are not gaps; `tick` is the
/// resolution of the times in seconds, if it is coarse.
fn of_points(
    times: &[f64],
    rows: &[f64],
    least: f64,
    tick: f64,
    given: Option<f64>,
) -> Option<Guess> {
    let mut best: Option<Guess> = None;
    let mut closest: Option<Guess> = None;
    let given_period = given.map(|rate| 1.0 / rate);
    let (all_times, all_rows) = (times, rows);
    let head = times.len().min(HEAD);
    let (times, rows) = (&times[..head], &rows[..head]);
    let lags = LAGS.iter().filter_map(|lag| period(times, rows, *lag));
    let mut tried: Vec<f64> = Vec::new();
    for period in lags.chain(given_period).filter(|period| *period > 0.0) {
        if tried
            .iter()
            .any(|other| (other / period - 1.0).abs() < 1e-4)
        {
            continue;
        }
        let Some(guess) = refine(times, rows, (period, None), (least, tick)) else {
            continue;
        };
        tried.extend([period, guess.line.period]);
        if let Some(given_period) = given_period
            && (guess.line.period / given_period - 1.0).abs() < 0.05
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
    let jump = median(&mut inner.jumps.clone());
    if ratio < 1.2 {
        // A firmware loop that stalls for a sample or two now and then.
        return jump <= 3.0;
    }
    // A port that delivers buffered rows: short bursts far apart, whose rows follow each other as fast as they are
    // read. A logger that wakes for some seconds has an even clock within each burst.
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
    (!steps.is_empty()).then(|| median(&mut steps))
}

/// Refines a period repeatedly: finds the gaps, then fits a line through the points between them. `levels` are
/// determined unless known.
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
        let mut lateness = late(period);
        let mut judge = levels(&lateness);
        if round < 2
            && let Some(slope) = judge.slope(&lateness, rows)
            && slope > -0.5
        {
            period *= 1.0 + slope;
            lateness = late(period);
            judge = levels(&lateness);
        }
        let cuts = breaks(&lateness, rows, judge, (least, tick / period));
        let before = period;
        period = line(times, rows, &cuts, period, judge)?.period;
        // Total change of less than a hundredth of a sample.
        if (before / period - 1.0).abs() * (rows.len() as f64) < 0.01 {
            break;
        }
    }
    let lateness = late(period);
    let judge = levels(&lateness);
    let cuts = breaks(&lateness, rows, judge, (least, tick / period));
    let line = line(times, rows, &cuts, period, judge)?;
    let jumps = cuts
        .iter()
        .map(|cut| lateness[*cut] - lateness[*cut - 1])
        .collect();
    Some(Guess {
        line,
        cuts,
        jumps,
        levels: judge,
    })
}
