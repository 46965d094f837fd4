//! Tracks which samples of which source each window contains, so that no two splits share any.
//!
//! A source is one channel of one file. Copies, links and other names of a file are the same source, since sources are
//! identified by their samples. A source may also have a part of another, an alias. [`resolve`] merges groups whose windows
//! share samples. If splits are given, it leaves out windows that would be in two.

mod anchors;
mod sources;

use std::collections::HashMap;

use anchors::Alias;
pub(super) use sources::Origins;

use crate::recording::{NANOS, Trace};

/// A trace, and the position of its samples in their source.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    pub trace: Trace,
    /// Number of the source, from [`Origins`].
    pub source: u32,
    /// Number of samples in the source before this trace.
    pub offset: usize,
    /// Number of the file in the recording.
    pub file: usize,
    /// Parts of the source that other sources also have.
    pub aliases: Vec<Alias>,
}

/// Source and time span of a piece, without its samples.
#[derive(Clone, Debug)]
struct PieceSpan {
    source: u32,
    offset: usize,
    start: i64,
    end: i64,
    rate: f64,
    samples: usize,
    aliases: Vec<Alias>,
}

/// Sources and time spans of a recording's pieces.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// Sorted by start.
    places: Vec<PieceSpan>,
    /// For each place, the latest end up to and including it.
    ends: Vec<i64>,
}

impl Places {
    pub fn of<'a>(pieces: impl Iterator<Item = &'a Piece>) -> Self {
        let place = |piece: &Piece| PieceSpan {
            source: piece.source,
            offset: piece.offset,
            start: piece.trace.start,
            end: piece.trace.end(),
            rate: piece.trace.rate,
            samples: piece.trace.samples.len(),
            aliases: piece.aliases.clone(),
        };
        let mut places: Vec<PieceSpan> = pieces.map(place).collect();
        places.sort_by_key(|place| place.start);
        let mut latest = i64::MIN;
        let ends = places.iter().map(|place| {
            latest = latest.max(place.end);
            latest
        });
        let ends = ends.collect();
        Self { places, ends }
    }

    /// The parts of the sources that a window from `from` to `to`, in nanoseconds, contains.
    pub fn extents(&self, from: i64, to: i64, window: usize) -> impl Iterator<Item = Extent> {
        let candidates = self.places.partition_point(|place| place.start < to);
        let nearby = self.places[..candidates].iter().zip(&self.ends).rev();
        let nearby = nearby.take_while(move |(_, end)| **end > from);
        nearby.flat_map(move |(place, _)| {
            let extent = place.extent(from, to, window);
            let aliases = place.aliases.iter();
            let others = aliases.filter_map(move |alias| extent?.of(alias));
            others.chain(extent)
        })
    }
}

/// The samples of a source that one window contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Extent {
    pub source: u32,
    pub from: u64,
    pub to: u64,
    pub window: u32,
}

impl Extent {
    /// The samples of another source that are these.
    fn of(self, alias: &Alias) -> Option<Self> {
        let (from, to) = (self.from.max(alias.from), self.to.min(alias.to));
        (from < to).then(|| Self {
            source: alias.source,
            from: from - alias.from + alias.at,
            to: to - alias.from + alias.at,
            window: self.window,
        })
    }
}

impl PieceSpan {
    fn extent(&self, from: i64, to: i64, window: usize) -> Option<Extent> {
        // Rounded in the same way as samples are picked, so adjacent windows share none.
        let sample = |time: i64| {
            let samples = time.saturating_sub(self.start) as f64 / NANOS * self.rate;
            samples.round().clamp(0.0, self.samples as f64) as u64
        };
        let (from, to) = (sample(from), sample(to));
        (from < to).then(|| Extent {
            source: self.source,
            from: from + self.offset as u64,
            to: to + self.offset as u64,
            window: window as u32,
        })
    }
}

/// Properties of a window that [`resolve`] needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spooled {
    /// Class.
    pub label: usize,
    /// Number of its group.
    pub group: usize,
    /// Its split, if given.
    pub split: Option<usize>,
    /// Number of its recording, if known.
    pub recording: Option<usize>,
}

/// Result of [`resolve`] for windows that share samples.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Resolved {
    /// Whether each window is kept.
    pub kept: Vec<bool>,
    /// For each group, the group that it was merged into: the first one found.
    pub group: Vec<usize>,
    /// The first two groups that were merged since a window of each shares samples with one of the other.
    pub pair: Option<(usize, usize)>,
    /// Windows whose samples also occur in a window of another class of another recording.
    pub contradicting: usize,
    /// Windows whose samples also occur in a window of another class of the same recording.
    pub crowded: usize,
}

/// Ensures that no two windows in different splits share a sample. If splits are given, a window that shares samples
/// with one of a later split is left out, so that test data stay unchanged. Groups in the same split, or not yet in
/// one, are merged if they share samples.
pub(super) fn resolve(windows: &[Spooled], groups: usize, mut extents: Vec<Extent>) -> Resolved {
    extents.sort_unstable();
    let mut kept = vec![true; windows.len()];
    let split = |extent: &Extent| windows[extent.window as usize].split;
    for number in [1, 0] {
        let later = |extent: &&Extent| {
            kept[extent.window as usize] && split(extent).is_some_and(|split| split > number)
        };
        let covered = Coverage::of(extents.iter().filter(later));
        for extent in extents
            .iter()
            .filter(|extent| split(extent) == Some(number))
        {
            if covered.overlaps(extent) {
                kept[extent.window as usize] = false;
            }
        }
    }
    extents.retain(|extent| kept[extent.window as usize]);
    let mut united = Groups((0..groups).collect());
    let mut pair = None;
    // Whether a window contradicts one of the same recording, or of another.
    let mut contradicting = vec![[false; 2]; windows.len()];
    for of_source in extents.chunk_by(|a, b| a.source == b.source) {
        // Per split, the extent that reaches furthest; per class and recording, where it ends.
        let mut furthest: HashMap<Option<usize>, Extent> = HashMap::new();
        let mut ends: HashMap<(usize, Option<usize>), u64> = HashMap::new();
        for extent in of_source {
            let window = windows[extent.window as usize];
            let before = furthest.entry(window.split).or_insert(*extent);
            if extent.from < before.to {
                let other = windows[before.window as usize].group;
                if united.unite(other, window.group) {
                    pair.get_or_insert((other, window.group));
                }
            }
            if extent.to > before.to {
                *before = *extent;
            }
            for ((label, recording), end) in &ends {
                if *label != window.label && *end > extent.from {
                    let is_other = usize::from(*recording != window.recording);
                    contradicting[extent.window as usize][is_other] = true;
                }
            }
            let end = ends.entry((window.label, window.recording)).or_default();
            *end = extent.to.max(*end);
        }
    }
    Resolved {
        kept,
        group: (0..groups).map(|group| united.of(group)).collect(),
        pair,
        contradicting: contradicting.iter().filter(|flags| flags[1]).count(),
        crowded: contradicting.iter().filter(|flags| flags[0]).count(),
    }
}

/// Samples of sources, as sorted, disjoint intervals.
struct Coverage(HashMap<u32, Vec<(u64, u64)>>);

impl Coverage {
    /// The coverage of sorted extents.
    fn of<'a>(extents: impl Iterator<Item = &'a Extent>) -> Self {
        let mut covered: HashMap<u32, Vec<(u64, u64)>> = HashMap::new();
        for extent in extents {
            let ranges = covered.entry(extent.source).or_default();
            match ranges.last_mut().filter(|(_, to)| *to >= extent.from) {
                Some((_, to)) => *to = extent.to.max(*to),
                None => ranges.push((extent.from, extent.to)),
            }
        }
        Self(covered)
    }

    fn overlaps(&self, extent: &Extent) -> bool {
        self.0.get(&extent.source).is_some_and(|ranges| {
            let next = ranges.partition_point(|(_, to)| *to <= extent.from);
            ranges.get(next).is_some_and(|(from, _)| *from < extent.to)
        })
    }
}

/// Disjoint sets of groups, each represented by its smallest number.
struct Groups(Vec<usize>);

impl Groups {
    fn of(&mut self, mut group: usize) -> usize {
        while self.0[group] != group {
            self.0[group] = self.0[self.0[group]];
            group = self.0[group];
        }
        group
    }

    /// Makes the groups one; whether they were two.
    fn unite(&mut self, a: usize, b: usize) -> bool {
        let (a, b) = (self.of(a), self.of(b));
        self.0[a.max(b)] = a.min(b);
        a != b
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn trace(channel: &str, samples: usize, salt: f64) -> Trace {
        Trace {
            channel: channel.into(),
            start: 0,
            rate: 100.0,
            samples: (0..samples).map(|i| i as f64 * salt).collect(),
        }
    }

    #[test]
    fn copies_are_one_source_and_dead_channels_are_not() {
        let mut origins = Origins::default();
        let mut source = |file: &str, trace: Trace| origins.pieces(file, vec![trace])[0].source;
        let first = source("a", trace("Z", 100, 1.0));
        assert_eq!(first, source("copy of a", trace("other name", 100, 1.0)));
        assert_ne!(first, source("b", trace("Z", 100, 2.0)));
        assert_ne!(first, source("a", trace("N", 100, 3.0)));
        assert_ne!(
            source("c", trace("Z", 100, 0.0)),
            source("d", trace("Z", 100, 0.0))
        );
        let pieces = origins.pieces("e", vec![trace("Z", 100, 5.0), trace("Z", 30, 6.0)]);
        assert_eq!(
            (pieces[1].source, pieces[1].offset),
            (pieces[0].source, 100)
        );
    }

    /// Windows of an event's own file share samples with those of the day's file at that time.
    #[test]
    fn parts_of_other_files_are_found() {
        let mut origins = Origins::default();
        let mut day = trace("Z", 20_000, 1.0);
        for (i, sample) in day.samples.iter_mut().enumerate() {
            *sample = (i * i % 1009) as f64 + (i / 1009) as f64;
        }
        let mut event = trace("Z", 0, 1.0);
        event.samples = day.samples[12_000..14_000].to_vec();
        let mut windows = |file: &str, trace: Trace, from: i64| {
            let pieces = origins.pieces(file, vec![trace]);
            let at = |sample: i64| sample * NANOS as i64 / 100;
            let places = Places::of(pieces.iter());
            places
                .extents(at(from), at(from + 100), 0)
                .collect::<Vec<_>>()
        };
        let all = windows("day", day, 13_000);
        assert_eq!(all.len(), 1);
        let extents = windows("event", event, 1000);
        assert_eq!(extents.len(), 2);
        assert_eq!(
            (extents[0].source, extents[0].from, extents[0].to),
            (all[0].source, 13_000, 13_100)
        );
        assert_ne!(extents[1].source, all[0].source);
    }

    proptest! {
        /// Checked against every pair of windows: different splits share no samples, and windows that share samples are
        /// in one group.
        #[test]
        fn no_two_splits_share_a_sample(
            given: bool,
            list in proptest::collection::vec((0u32..2, 0u64..60, 1u64..12, 0usize..8, 0usize..3, 0usize..2), 1..40),
        ) {
            let windows: Vec<Spooled> = list
                .iter()
                .map(|(_, _, _, group, split, label)| Spooled {
                    label: *label,
                    // If splits are given, every group belongs to one split.
                    group: if given { *group * 3 + *split } else { *group },
                    split: given.then_some(*split),
                    recording: None,
                })
                .collect();
            let extents: Vec<Extent> = list
                .iter()
                .enumerate()
                .map(|(i, (source, from, samples, ..))| Extent {
                    source: *source,
                    from: *from,
                    to: from + samples,
                    window: i as u32,
                })
                .collect();
            let resolved = resolve(&windows, 24, extents.clone());
            let mut needed = false;
            for (a, b) in extents.iter().flat_map(|a| extents.iter().map(move |b| (a, b))) {
                if a.source != b.source || a.from >= b.to || b.from >= a.to {
                    continue;
                }
                let (one, other) = (a.window as usize, b.window as usize);
                needed |= windows[one].split != windows[other].split;
                if resolved.kept[one] && resolved.kept[other] {
                    prop_assert_eq!(windows[one].split, windows[other].split);
                    prop_assert_eq!(
                        resolved.group[windows[one].group],
                        resolved.group[windows[other].group]
                    );
                }
            }
            prop_assert_eq!(resolved.kept.contains(&false), needed);
        }
    }
}
