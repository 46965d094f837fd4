//! Adds windows to the spool, with their splits if known.

use super::super::cut::Cut;
use super::super::fractions::SplitBy;
use super::super::origin::Places;
use super::super::spool::{CutPosition, Spool};
use super::super::{SPLITS, advice};
use super::Job;
use crate::error::{DataError, ImportError};
use crate::reader::Record;
use crate::recording::NANOS;

/// How a recording is divided among the splits.
pub(super) enum Boundaries {
    /// Not yet: groups are assigned to splits later.
    None,
    /// Completely in one split.
    Whole(usize),
    /// For each split, the fraction of the recording's duration at which it ends.
    At(Vec<(usize, f64)>),
}

pub(super) fn boundaries(job: Job<'_>) -> Result<Boundaries, ImportError> {
    let given = job.recording.split.as_deref();
    let given = given.and_then(|split| SPLITS.iter().position(|known| *known == split));
    let by = &job.config.split;
    let [train, val, _] = by.shares();
    Ok(match (by.by, given) {
        (SplitBy::Time, _) => Boundaries::At(vec![(0, train), (1, train + val), (2, 1.0)]),
        (SplitBy::Given, Some(0)) if !job.validated => {
            Boundaries::At(vec![(0, train / (train + val)), (1, 1.0)])
        }
        (SplitBy::Given, Some(split)) => Boundaries::Whole(split),
        (SplitBy::Given, None) => return Err(ImportError::NoSplit),
        (SplitBy::Recording | SplitBy::Event, _) => Boundaries::None,
    })
}

/// Spools windows with their splits; returns the number of windows that cross the boundary between two splits.
pub(super) fn spool_cuts(
    job: Job<'_>,
    cuts: Vec<Cut>,
    boundaries: &Boundaries,
    places: &Places,
    (spool, recording): (&mut Spool, usize),
) -> Result<usize, DataError> {
    let config = job.config;
    let (from, to) = cuts.iter().fold((i64::MAX, i64::MIN), |(from, to), cut| {
        (from.min(cut.start), to.max(cut.start))
    });
    let length = (config.window * NANOS) as i64;
    let whole = (config.samples() as f64 / config.sampling_rate * NANOS).round() as i64;
    let to = to.saturating_add(length);
    let ends = match boundaries {
        Boundaries::At(shares) => ends(&cuts, shares, (from, to, length)),
        Boundaries::None | Boundaries::Whole(_) => Vec::new(),
    };
    let mut straddling = 0;
    for mut cut in cuts {
        let split = match boundaries {
            Boundaries::None => None,
            Boundaries::Whole(split) => Some(*split),
            Boundaries::At(_) => {
                let Some(split) = split_at(cut.start, length, (from, &ends)) else {
                    straddling += 1;
                    continue;
                };
                cut.group = format!("{}@{}", cut.group, SPLITS[split]);
                Some(split)
            }
        };
        let window = spool.windows.len();
        let record = Record {
            record: window,
            values: cut.values,
            shape: vec![config.channels.len(), config.samples()],
            label: cut.label as i64,
            group: Some(cut.group),
        };
        spool
            .extents
            .extend(places.extents(cut.first, cut.first + whole, window));
        let taken = CutPosition {
            minute: advice::minute(cut.start, recording),
            recording,
        };
        spool.add_taken(&record, split, Some(taken))?;
    }
    Ok(straddling)
}

/// The split of a window that begins at `start`; `None` if it crosses a boundary.
fn split_at(start: i64, length: i64, (from, ends): (i64, &[(usize, i64)])) -> Option<usize> {
    let mut begins = from;
    let inside = ends.iter().find(|(_, end)| {
        let inside = start >= begins && start + length <= end.saturating_add(1000);
        begins = *end;
        inside
    });
    inside.map(|(split, _)| *split)
}

/// When the splits end: at fractions of the time `from` the first window `to` the end of the last or, if one of them would
/// be between two parts of the recording and have no window, of the time that windows cover.
fn ends(
    cuts: &[Cut],
    shares: &[(usize, f64)],
    (from, to, length): (i64, i64, i64),
) -> Vec<(usize, i64)> {
    if cuts.is_empty() {
        return Vec::new();
    }
    let at = |moment: &dyn Fn(f64) -> i64| -> Vec<(usize, i64)> {
        let all = shares.iter();
        all.map(|(split, share)| (*split, moment(*share))).collect()
    };
    let by_clock = at(&|share| from + ((to - from) as f64 * share) as i64);
    let is_filled = |ends: &[(usize, i64)]| {
        let mut before = 0.0;
        shares.iter().all(|(split, share)| {
            let is_wanted = *share > before;
            before = *share;
            let mut windows = cuts.iter();
            !is_wanted
                || windows.any(|cut| split_at(cut.start, length, (from, ends)) == Some(*split))
        })
    };
    if is_filled(&by_clock) {
        return by_clock;
    }
    let mut starts: Vec<i64> = cuts.iter().map(|cut| cut.start).collect();
    starts.sort_unstable();
    let next = starts.iter().skip(1).copied().chain([i64::MAX]);
    let cover = |(start, next): (i64, i64)| (start, length.min(next.saturating_sub(start)));
    let covered: Vec<(i64, i64)> = starts.iter().copied().zip(next).map(cover).collect();
    let total: i64 = covered.iter().map(|(_, nanos)| nanos).sum();
    let by_windows = at(&|share| {
        let mut left = (total as f64 * share) as i64;
        let found = covered.iter().find(|(_, nanos)| {
            let is_here = left <= *nanos;
            left -= if is_here { 0 } else { *nanos };
            is_here
        });
        found.map_or(to, |(start, _)| start + left)
    });
    if is_filled(&by_windows) {
        by_windows
    } else {
        by_clock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(starts: &[i64]) -> Vec<Option<usize>> {
        let cut = |start: &i64| Cut {
            values: Vec::new(),
            label: 0,
            group: String::new(),
            start: *start * 10_000,
            first: *start * 10_000,
        };
        let cuts: Vec<Cut> = starts.iter().map(cut).collect();
        let (from, to) = (starts[0] * 10_000, (starts[starts.len() - 1] + 1) * 10_000);
        let ends = ends(&cuts, &[(0, 0.6), (1, 0.8), (2, 1.0)], (from, to, 10_000));
        let split = |cut: &Cut| split_at(cut.start, 10_000, (from, &ends));
        cuts.iter().map(split).collect()
    }

    #[test]
    fn no_windows() {
        let none = (i64::MAX, i64::MIN, 10_000);
        assert_eq!(ends(&[], &[(0, 1.0)], none), []);
    }

    #[test]
    fn splits_between_parts_of_a_recording() {
        let expected = [vec![Some(0); 6], vec![Some(1); 2], vec![Some(2); 2]].concat();
        let without_gaps: Vec<i64> = (3..13).collect();
        assert_eq!(of(&without_gaps), expected);
        // By the clock, validation would be in the gap.
        let days = [0, 1, 2, 3, 4, 5, 6, 1000, 1001, 1002];
        assert_eq!(of(&days), expected);
        // By the clock, where all splits have windows.
        let sparse = [0, 2, 4, 6, 11, 12, 13, 14, 16, 19];
        let by_clock = [vec![Some(0); 5], vec![Some(1); 3], vec![Some(2); 2]];
        assert_eq!(of(&sparse), by_clock.concat());
    }
}
