//! Times of day without a date, which begin again at midnight.

use chrono::DateTime;

use super::super::Notes;
use super::super::time::{DAY, HOUR};
use super::NO_TIME;
use super::clock::median;

/// Steps over a midnight that are longer than so many usual ones, and than so many nanoseconds, are gaps.
const GAP: (f64, f64) = (16.0, 2e9);

/// Times of day from midnight of the first, over midnights. Times of less than an hour go on over hours.
pub(super) fn unbroken(name: &str, clocks: &[i64], notes: &mut Notes) -> Vec<i64> {
    // Excel leaves out the hour: `59:59.9` is followed by `00:00.0`.
    let largest = clocks.iter().copied().max().unwrap_or(0);
    let turn = if largest < HOUR { HOUR } else { DAY };
    let mut turns = 0i64;
    let mut before: Option<(i64, i64)> = None;
    // Row, time of day before it, and the step to it.
    let mut over: Vec<(usize, i64, f64)> = Vec::new();
    let go_on = clocks.iter().enumerate().map(|(row, clock)| {
        if *clock == NO_TIME {
            return NO_TIME;
        }
        let is_turn = |(last, _): &(i64, i64)| *clock < last.saturating_sub(turn / 2);
        let turned = before.filter(is_turn);
        turns += if turned.is_some() { turn } else { 0 };
        let time = clock.saturating_add(turns);
        over.extend(turned.map(|(last, earlier)| (row, last, time.saturating_sub(earlier) as f64)));
        before = Some((*clock, time));
        time
    });
    let times: Vec<i64> = go_on.collect();
    if !over.is_empty() {
        let most = (GAP.0 * usual_step(&times)).max(GAP.1);
        let gap = over.iter().find(|(.., step)| *step > most);
        notes.extend(gap.map(|(row, last, step)| {
            let next = if turn == DAY { "day" } else { "hour" };
            format!(
                "column `{name}` goes back from {} to {} in row {}: that is taken for the next {next}, after a gap of {:.3} s; if the \
                 clock was set or started again, divide the recording there",
                clock(*last),
                clock(clocks[*row]),
                row + 1,
                step / 1e9
            )
        }));
    }
    times
}

/// The usual step of the times, in nanoseconds.
fn usual_step(times: &[i64]) -> f64 {
    let known = |pair: &&[i64]| pair[0] != NO_TIME && pair[1] != NO_TIME;
    let steps = times.windows(2).filter(known);
    let mut steps: Vec<f64> = steps
        .map(|pair| pair[1].saturating_sub(pair[0]) as f64)
        .collect();
    if steps.is_empty() {
        return 0.0;
    }
    median(&mut steps)
}

/// A time of day, as `10:00:00.000`.
fn clock(nanos: i64) -> String {
    let time = DateTime::from_timestamp_nanos(nanos);
    time.format("%H:%M:%S%.3f").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times from `start` on, in rows of 10 ms.
    fn from(start: i64) -> impl Iterator<Item = i64> {
        (0..300).map(move |row| (start * 100 + row) * 10_000_000)
    }

    fn unbroken_of(first: i64, second: i64) -> (Vec<i64>, Vec<String>) {
        let clocks: Vec<i64> = from(first).chain([NO_TIME]).chain(from(second)).collect();
        let mut notes = Notes::default();
        let times = unbroken("time", &clocks, &mut notes);
        (times, notes.all())
    }

    #[test]
    fn a_midnight_needs_no_note() {
        let (times, notes) = unbroken_of(86_397, 0);
        assert_eq!(notes, [""; 0]);
        assert_eq!((times[300], times[301]), (NO_TIME, DAY));
        let (times, notes) = unbroken_of(3_597, 0);
        assert_eq!((times[301], notes.len()), (HOUR, 0));
    }

    /// A clock without a battery begins at 0, and so does a timer that is started again.
    #[test]
    fn a_clock_that_starts_again_is_said() {
        let (times, notes) = unbroken_of(55_810, 0);
        assert_eq!(times[301], DAY);
        assert_eq!(
            notes,
            [
                "column `time` goes back from 15:30:12.990 to 00:00:00.000 in row 302: that is taken for the next day, after a gap of \
                 30587.010 s; if the clock was set or started again, divide the recording there"
            ]
        );
        let (times, notes) = unbroken_of(2110, 0);
        assert_eq!(times[301], HOUR);
        assert!(notes[0].contains("the next hour"), "{notes:?}");
        // Back by less is no turn.
        assert_eq!(unbroken_of(100, 0).1, [""; 0]);
    }
}
