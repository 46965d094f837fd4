//! Adds windows to the spool, with their splits if known.

use super::super::cut::Cut;
use super::super::fractions::SplitBy;
use super::super::origin::Places;
use super::super::shards::{Spool, Taken};
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
    let given = job.own.split.as_deref();
    let given = given.and_then(|split| SPLITS.iter().position(|own| *own == split));
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
    let mut straddling = 0;
    for mut cut in cuts {
        let split = match boundaries {
            Boundaries::None => None,
            Boundaries::Whole(split) => Some(*split),
            Boundaries::At(shares) => {
                let moment = |share: f64| from + ((to - from) as f64 * share) as i64;
                let mut begins = from;
                let inside = shares.iter().find(|(_, share)| {
                    let inside = cut.start >= begins
                        && cut.start + length <= moment(*share).saturating_add(1000);
                    begins = moment(*share);
                    inside
                });
                let Some((split, _)) = inside else {
                    straddling += 1;
                    continue;
                };
                cut.group = format!("{}@{}", cut.group, SPLITS[*split]);
                Some(*split)
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
        let taken = Taken {
            minute: advice::minute(cut.start, recording),
            recording,
        };
        spool.add_taken(&record, split, Some(taken))?;
    }
    Ok(straddling)
}
