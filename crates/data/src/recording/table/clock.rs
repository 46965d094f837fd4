//! Fits a constant sampling rate to a time column.
//!
//! Recorded times jitter, repeat and come in bursts, while the converter samples evenly. The rate is therefore a fit of
//! time over row. A gap is a permanent departure of the times from this fit by about a sample or more; a single late
//! row is not a gap. [`fit`] does both; `guess` finds the period, `levels` has the statistics, `lost` finds rows that are missing at
//! random, and `single` those that jitter hides. `rates` separates parts at other
//! rates, and `short` notes those that are too short for it.

mod back;
mod even;
mod guess;
mod levels;
mod lost;
mod misplaced;
mod rates;
mod short;
mod single;
mod ticks;
mod wander;

use std::ops::Range;

use back::{LARGEST_CORRECTION, backwards};
use guess::{Guess, best};
pub(super) use levels::median;
use levels::{Levels, Line};
pub(in crate::recording) use rates::fit_parts;
use ticks::{bursts, coarse, early};

use super::super::{NANOS, check_rate, format_time};
use crate::error::recording::ClockError;

/// Rate and gaps of a channel.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::recording) struct Clock {
    /// Samples per second.
    pub rate: f64,
    /// Ranges of rows without a gap, and the time of the first row of each in nanoseconds.
    pub stretches: Vec<(Range<usize>, i64)>,
    /// What was unusual.
    pub notes: Vec<String>,
}

/// Fits a constant rate to `times` in nanoseconds; `given` is the sampling rate if it is known, and takes precedence.
///
/// # Errors
/// If the rate does not follow from the times, or they go backwards or are not evenly spaced.
fn fit(times: &[i64], given: Option<f64>) -> Result<Clock, ClockError> {
    let given = given.map(check_rate).transpose()?;
    let single = |rate: f64| Clock {
        rate,
        stretches: vec![(0..times.len(), times.first().copied().unwrap_or(0))],
        notes: Vec::new(),
    };
    if times.len() < 2 {
        let rate = given.ok_or(ClockError::OneRow)?;
        return Ok(single(rate));
    }
    backwards(times)?;
    let origin = times[0];
    let seconds: Vec<f64> = times
        .iter()
        .map(|time| time.saturating_sub(origin) as f64 / NANOS)
        .collect();
    let quick = clean(&seconds, given).or_else(|| lost::guess(&seconds, given));
    if let Some(guess) = quick {
        return finish(times, &seconds, guess, given);
    }
    let Some(guess) = best(&seconds, given) else {
        let (rows, time) = (times.len(), format_time(origin));
        let different = times.chunk_by(|one, next| one == next).count();
        let rate = given.ok_or(if different > 1 {
            ClockError::FewTimes { rows, different }
        } else {
            ClockError::EqualTimes { rows, time }
        })?;
        let which = if different > 1 {
            "few times differ"
        } else {
            "all times are equal"
        };
        let mut clock = single(rate);
        let note = format!("{which}: they are computed from the given rate");
        clock.notes.push(note);
        return Ok(clock);
    };
    finish(times, &seconds, guess, given)
}

/// The quick answer for a clock without noise: equal steps, and longer ones at gaps.
fn clean(seconds: &[f64], given: Option<f64>) -> Option<Guess> {
    let (cuts, jumps) = if given.is_none() && is_even(seconds) {
        (Vec::new(), Vec::new())
    } else {
        gaps(seconds, given)?
    };
    let line = straight(seconds, &cuts)?;
    let limit = 0.5 * line.period;
    let is_far = bounds(&cuts, seconds.len()).into_iter().any(|range| {
        let first = seconds[range.start];
        let mut stretch = seconds[range].iter().enumerate();
        stretch.any(|(i, time)| (time - first - line.period * i as f64).abs() >= limit)
    });
    (!is_far).then_some(Guess {
        line,
        cuts,
        jumps,
        levels: Levels::of_clean(),
    })
}

/// Whether all steps are so similar that [`gaps`] finds none, whichever of them is the usual one.
fn is_even(seconds: &[f64]) -> bool {
    let steps = seconds.windows(2).map(|pair| pair[1] - pair[0]);
    let (least, most) = steps.fold((f64::INFINITY, 0.0f64), |(least, most), step| {
        (
            if step < least { step } else { least },
            if step > most { step } else { most },
        )
    });
    least > 0.0 && least > 0.75 * most && most < 1.25 * least
}

/// The period of the given rate, else the `usual` one. `None` if the usual one is none, or differs from the given by a larger
/// part than `most`.
fn given_period(usual: f64, given: Option<f64>, most: f64) -> Option<f64> {
    let period = given.map_or(usual, |rate| 1.0 / rate);
    (usual > 0.0 && (usual / period - 1.0).abs() < most).then_some(period)
}

/// First rows after gaps between equal steps, and how many steps they are longer; `None` for other times.
fn gaps(seconds: &[f64], given: Option<f64>) -> Option<(Vec<usize>, Vec<f64>)> {
    let mut steps: Vec<f64> = seconds.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let usual = median(&mut steps);
    let usual = given_period(usual, given, 0.2).unwrap_or(usual);
    if usual <= 0.0 {
        return None;
    }
    let mut cuts = Vec::new();
    let mut jumps = Vec::new();
    // Nearly all steps are usual; for these a multiplication replaces the division.
    let (shorter, longer) = (0.75 * usual, 1.25 * usual);
    for (i, pair) in seconds.windows(2).enumerate() {
        let step = pair[1] - pair[0];
        if step > shorter && step < longer {
            continue;
        }
        let step = step / usual;
        if step >= 1.75 {
            cuts.push(i + 1);
            jumps.push(step - 1.0);
        } else if !(0.7..1.3).contains(&step) {
            return None;
        }
    }
    // Many small gaps mean a clock that stalls and catches up, which is handled elsewhere.
    let small = jumps.iter().filter(|jump| **jump < 4.0).count();
    if small > 4 && small * 64 > seconds.len() {
        return None;
    }
    // Many short stretches may be bursts.
    if cuts.len() >= 4 && seconds.len() / cuts.len() <= 1024 {
        return None;
    }
    Some((cuts, jumps))
}

/// The least-squares line through stretches that are already even.
fn straight(seconds: &[f64], cuts: &[usize]) -> Option<Line> {
    let (mut numerator, mut denominator, mut squares) = (0.0, 0.0, 0.0);
    for range in bounds(cuts, seconds.len()) {
        let stretch = &seconds[range];
        let middle = (stretch.len() - 1) as f64 / 2.0;
        let mean = stretch.iter().sum::<f64>() / stretch.len() as f64;
        for (i, time) in stretch.iter().enumerate() {
            let (row, time) = (i as f64 - middle, time - mean);
            numerator += row * time;
            denominator += row * row;
            squares += time * time;
        }
    }
    // No period if there are only gaps and every row is a stretch.
    let period = Some(numerator / denominator).filter(|period| *period > 0.0)?;
    let off = (squares - period * numerator).max(0.0) / seconds.len() as f64;
    Some(Line {
        period,
        scatter: off.sqrt() / period,
    })
}

fn bounds(cuts: &[usize], n: usize) -> Vec<Range<usize>> {
    let firsts = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain([n]);
    firsts.zip(ends).map(|(first, end)| first..end).collect()
}

/// Rate, stretches and notes of a guess.
fn finish(
    times: &[i64],
    seconds: &[f64],
    guess: Guess,
    given: Option<f64>,
) -> Result<Clock, ClockError> {
    let bounds = bounds(&guess.cuts, times.len());
    let longest = bounds.iter().map(Range::len).max().unwrap_or(1);
    // The less noisy the clock, the more digits of its rate are significant, so a rate that is not round is kept.
    let most = (5.0 * guess.line.scatter).clamp(2e-3, 0.5);
    let measured = rounded(1.0 / guess.line.period, longest, most);
    check_rate(measured)?;
    let rate = given.unwrap_or(measured);
    let mut notes = spacing_notes(&guess, measured, given, longest)?;
    notes.extend(steps_back(&guess, measured)?);
    if bounds.len() > 4 && times.len() / bounds.len() <= 128 {
        notes.push(format!(
            "{} stretches of {} rows on average, with gaps between them; if the samples are evenly spaced nevertheless, give the recording its `sampling_rate`",
            bounds.len(),
            times.len() / bounds.len()
        ));
    } else {
        notes.extend(short::note(seconds, &bounds, measured));
    }
    if !guess.levels.exact() {
        notes.extend(bursts(seconds, measured));
        notes.extend(coarse(seconds));
        notes.extend(early(seconds));
    }
    let period = 1.0 / rate;
    let mut stretches: Vec<(Range<usize>, i64)> = bounds
        .into_iter()
        .map(|range| {
            let start = if guess.levels.exact() {
                times[range.start]
            } else {
                let fitted = fitted_start(&seconds[range.clone()], &guess.levels, measured, rate);
                // An exact clock gives the start of a stretch itself.
                if (fitted - seconds[range.start]).abs() < 0.25 * period {
                    times[range.start]
                } else {
                    times[0].saturating_add((fitted * NANOS).round() as i64)
                }
            };
            (range, start)
        })
        .collect();
    close_small_overlaps(&mut stretches, period);
    if !guess.levels.exact() && (measured / rate - 1.0).abs() * longest as f64 <= 1.0 {
        let from = |start: i64| start.saturating_sub(times[0]) as f64 / NANOS;
        let in_seconds = || {
            let all = stretches.iter();
            all.map(|(rows, start)| (rows.clone(), from(*start)))
        };
        notes.extend(misplaced::note(seconds, in_seconds(), rate));
        if guess.line.scatter <= SCATTERED {
            let missing = single::note(seconds, &guess);
            notes.extend(
                missing.or_else(|| wander::note(seconds, in_seconds(), rate, guess.levels)),
            );
        }
    }
    Ok(Clock {
        rate,
        stretches,
        notes,
    })
}

/// Samples of scatter that are said.
const SCATTERED: f64 = 1.0;

/// Notes on times that are not evenly spaced at `measured` Hz, or not at the given rate.
fn spacing_notes(
    guess: &Guess,
    measured: f64,
    given: Option<f64>,
    longest: usize,
) -> Result<Vec<String>, ClockError> {
    let scatter = guess.line.scatter;
    let mut notes = Vec::new();
    match given {
        Some(rate) if (measured / rate - 1.0).abs() > 0.01 => notes.push(format!(
            "the given rate is {rate} Hz, but the times say {measured:.6} Hz; the given rate is used"
        )),
        None if scatter > (0.005 * longest as f64).max(10.0) => {
            return Err(ClockError::Uneven {
                rate: measured,
                samples: scatter,
            });
        }
        _ => {}
    }
    if scatter > SCATTERED {
        notes.push(format!(
            "the times differ from even spacing at {measured:.3} Hz by {scatter:.1} samples ({:.3} s) on average",
            scatter / measured
        ));
    }
    Ok(notes)
}

/// A note if the clock jumps back, and an error if it jumps back too far.
fn steps_back(guess: &Guess, measured: f64) -> Result<Option<String>, ClockError> {
    let steps = guess.cuts.iter().zip(&guess.jumps);
    let back: Vec<_> = steps.filter(|(_, jump)| **jump < 0.0).collect();
    let far = back
        .iter()
        .find(|(_, jump)| -**jump / measured > LARGEST_CORRECTION);
    if let Some((row, jump)) = far {
        return Err(ClockError::Backwards {
            row: **row,
            seconds: -**jump / measured,
        });
    }
    Ok((!back.is_empty()).then(|| {
        format!(
            "the clock goes back {} times: a new stretch begins there",
            back.len()
        )
    }))
}

/// Start of a stretch of rows at `rate` Hz in seconds, from its scattered times.
fn fitted_start(seconds: &[f64], levels: &Levels, measured: f64, rate: f64) -> f64 {
    let period = 1.0 / rate;
    // If the given rate differs from that of the times, only the first rows are used for the start.
    let many = if (measured / rate - 1.0).abs() * seconds.len() as f64 > 1.0 {
        seconds.len().min(4 * levels.width)
    } else {
        seconds.len()
    };
    let late: Vec<f64> = seconds[..many]
        .iter()
        .enumerate()
        .map(|(i, time)| time / period - i as f64)
        .collect();
    levels.typical(&late) * period
}

/// Overlaps of up to this many samples are due to the scatter of the times, or to a given rate.
const SMALL_OVERLAP: f64 = 8.0;
/// The same in seconds.
const SMALL_OVERLAP_SECONDS: f64 = 0.05;

/// Begins stretches at the end of the one before, if they would begin slightly earlier: rows follow each other, and
/// none of them is a duplicate.
fn close_small_overlaps(stretches: &mut [(Range<usize>, i64)], period: f64) {
    let most = (SMALL_OVERLAP * period).max(SMALL_OVERLAP_SECONDS) * NANOS;
    for i in 1..stretches.len() {
        let (rows, start) = &stretches[i - 1];
        let end = start.saturating_add((rows.len() as f64 * period * NANOS).round() as i64);
        let early = end.saturating_sub(stretches[i].1);
        if early > 0 && early as f64 <= most {
            stretches[i].1 = end;
        }
    }
}

/// The round rate or period nearest to a measured rate, if the two cannot be distinguished over `longest` samples: the
/// drift is less than `most` samples.
pub(super) fn rounded(rate: f64, longest: usize, most: f64) -> f64 {
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
