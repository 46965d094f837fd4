//! Frames that are transformed together, and powers that move to their place in the next window.

use std::ops::Range;

use lanes::Width;
use spectra::centred::FOURS;
use spectra::frames::{FOUR, Four};

/// Frames of a window whose powers are to be computed, and those whose powers move. Windows that follow each other mostly
/// have the same.
#[derive(Default)]
pub(super) struct NewFrames {
    shift: Option<usize>,
    /// Of every channel, whether its powers in the last window are known, and whether it has any in this one.
    pub channels: Vec<[bool; 2]>,
    /// Channels and places of the frames that are computed.
    pub frames: Vec<(usize, usize)>,
    /// Their groups, if there are enough for one.
    pub fours: Vec<Four>,
    /// Places in this window and in the last one of those that move, in channels whose powers are known.
    pub moves: Vec<(usize, usize)>,
}

impl NewFrames {
    /// Lists the frames of a window that begins `shift` samples after the last one.
    pub fn plan(
        &mut self,
        starts: &[usize],
        shift: Option<usize>,
        channels: impl Iterator<Item = [bool; 2]> + Clone,
    ) {
        if self.shift == shift && self.channels.iter().copied().eq(channels.clone()) {
            return;
        }
        self.shift = shift;
        self.channels = channels.collect();
        self.moves = shift.map_or_else(Vec::new, |shift| common(starts, shift));
        self.frames.clear();
        for (channel, [is_known, is_live]) in self.channels.iter().enumerate() {
            let moves = if *is_known { &self.moves[..] } else { &[] };
            let mut places = moves.iter().map(|(to, _)| *to).peekable();
            let fresh = (0..starts.len()).filter(|i| places.next_if_eq(i).is_none());
            let fresh = fresh.filter(|_| *is_live);
            self.frames.extend(fresh.map(|i| (channel, i)));
        }
        self.fours.clear();
        if starts.len() >= FOUR {
            let are_wide = Width::detect().holds_row();
            group(&self.frames, starts.len(), are_wide, &mut self.fours);
        }
    }
}

/// Groups of four for frames of channels with `starts` frames, of which the last ones are fresh, so a group stays within its
/// channel. `are_wide` tells whether vectors hold whole rows. These are faster with adjacent groups, which are used where they are
/// no more rows, though some frames are in two.
fn group(fresh: &[(usize, usize)], starts: usize, are_wide: bool, fours: &mut Vec<Four>) {
    const ADJACENT: usize = FOURS * FOUR;
    fours.clear();
    let by_channel = || fresh.chunk_by(|a, b| a.0 == b.0);
    let rows = |of: usize| {
        by_channel()
            .map(|all| all.len().div_ceil(of))
            .sum::<usize>()
    };
    let is_adjacent =
        are_wide && starts >= ADJACENT && rows(ADJACENT) <= rows(FOUR).div_ceil(FOURS);
    let size = if is_adjacent { ADJACENT } else { FOUR };
    for frames in by_channel().flat_map(|frames| frames.chunks(size)) {
        let (channel, first) = (frames[0].0, frames[0].1.min(starts - size));
        let firsts = (first..first + size).step_by(FOUR);
        fours.extend(firsts.map(|first| Four { channel, first }));
    }
}

/// Whether all frames follow each other in `ranges`.
pub(super) fn are_in_order(ranges: &[Range<usize>]) -> bool {
    let ends = std::iter::once(0).chain(ranges.iter().map(|range| range.end));
    ranges
        .iter()
        .zip(ends)
        .all(|(range, end)| range.start == end)
}

/// Places of frames that were also in a window `shift` samples earlier, and their places there.
fn common(starts: &[usize], shift: usize) -> Vec<(usize, usize)> {
    let mut earlier = starts.iter().copied().enumerate().peekable();
    let mut common = Vec::with_capacity(starts.len());
    for (place, start) in starts.iter().map(|start| start + shift).enumerate() {
        while earlier
            .next_if(|(_, old_start)| *old_start < start)
            .is_some()
        {}
        if let Some((before, _)) = earlier.next_if(|(_, old_start)| *old_start == start) {
            common.push((place, before));
        }
    }
    common
}

/// Moves numbers of rows of `length` to the front, from the second place to the first of every pair. Pairs are in ascending
/// order, so none is overwritten before it has moved. Numbers at other places may change.
pub(super) fn move_all(moves: &[(usize, usize)], rows: &mut [f32], length: usize) {
    let distance = |(to, from): &(usize, usize)| from - to;
    match moves {
        [] => {}
        // All rows at once.
        [first, ..] if moves.iter().all(|pair| distance(pair) == distance(first)) => {
            rows.copy_within(distance(first).., 0);
        }
        _ => {
            for row in rows.chunks_exact_mut(length) {
                moves.iter().for_each(|(to, from)| row[*to] = row[*from]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last `fresh[channel]` of `starts` frames, in groups of a row.
    fn rows(fresh: &[usize], starts: usize, are_wide: bool) -> Vec<Vec<(usize, usize)>> {
        let of = |(channel, count): (usize, &usize)| {
            (starts - count..starts).map(move |frame| (channel, frame))
        };
        let fresh: Vec<(usize, usize)> = fresh.iter().enumerate().flat_map(of).collect();
        let mut fours = Vec::new();
        group(&fresh, starts, are_wide, &mut fours);
        let frames = |four: &Four| {
            let channel = four.channel;
            (four.first..four.first + FOUR).map(move |frame| (channel, frame))
        };
        let found: Vec<(usize, usize)> = fours.iter().flat_map(frames).collect();
        assert!(fresh.iter().all(|frame| found.contains(frame)));
        assert!(found.iter().all(|(_, frame)| *frame < starts));
        let rows = fours.chunks(FOURS);
        rows.map(|row| row.iter().map(|four| (four.channel, four.first)).collect())
            .collect()
    }

    #[test]
    fn every_fresh_frame_is_in_a_group() {
        for starts in [4, 7, 15, 16, 28, 40] {
            for fresh in [[0, 1], [1, 4], [3, starts], [starts, starts]] {
                let fresh = fresh.map(|count| count.min(starts));
                let [wide, narrow] =
                    [true, false].map(|are_wide| rows(&fresh, starts, are_wide).len());
                assert!(wide <= narrow, "{starts}, {fresh:?}");
            }
        }
    }

    #[test]
    fn common_frames_are_found() {
        assert_eq!(common(&[0, 32, 64, 96], 64), [(0, 2), (1, 3)]);
        assert_eq!(common(&[0, 10, 30, 40], 10), [(0, 1), (2, 3)]);
        assert_eq!(common(&[0, 32, 64], 16), []);
        assert_eq!(common(&[0, 32], 64), []);
    }

    #[test]
    fn numbers_move_to_their_places() {
        for (starts, moves) in [
            (4, &[][..]),
            (4, &[(0, 2), (1, 3)]),
            (5, &[(1, 2), (2, 3)]),
            (6, &[(0, 3), (2, 4), (3, 5)]),
        ] {
            let before: Vec<f32> = (0..3 * starts).map(|i| i as f32).collect();
            let mut rows = before.clone();
            move_all(moves, &mut rows, starts);
            for row in (0..3).map(|row| row * starts) {
                let moved = |(to, from): &(usize, usize)| rows[row + to] == before[row + from];
                assert!(moves.iter().all(moved), "{moves:?}");
            }
        }
    }

    #[test]
    fn wide_rows_are_adjacent_where_they_are_as_few() {
        let row =
            |channel: usize, firsts: [usize; 4]| firsts.map(|first| (channel, first)).to_vec();
        let (whole, last) = ([0, 4, 8, 12], [12, 16, 20, 24]);
        let expected = vec![row(0, whole), row(0, last), row(1, whole), row(1, last)];
        assert_eq!(rows(&[28, 28], 28, true), expected);
        let narrow = rows(&[28, 28], 28, false);
        assert_eq!(narrow[1], [(0, 16), (0, 20), (0, 24), (1, 0)]);
        assert_eq!(narrow[3], [(1, 20), (1, 24)]);
        // Eight frames of two channels fit one row.
        assert_eq!(rows(&[8, 8], 28, true).len(), 1);
    }
}
