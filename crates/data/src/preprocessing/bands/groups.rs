//! Frames that are transformed together, and powers that move to their place in the next window.

use spectra::centred::FOURS;
use spectra::frames::{FOUR, Four};

/// Groups of four for frames of channels with `starts` frames, of which the last ones are fresh, so a group stays within its
/// channel. `are_wide` tells whether vectors hold whole rows. These are faster with adjacent groups, which are used where they are
/// no more rows, though some frames are in two.
pub(super) fn group(
    fresh: &[(usize, usize)],
    starts: usize,
    are_wide: bool,
    fours: &mut Vec<Four>,
) {
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

/// Moves numbers of a row to the front, from the second place to the first of every pair. Pairs are in ascending order, so
/// none is overwritten before it has moved.
pub(super) fn move_all(moves: &[(usize, usize)], row: &mut [f32]) {
    match moves {
        // All at once where they are neighbours.
        [(to, from), .., (last_to, last_from)]
            if last_to - to + 1 == moves.len() && last_from - from + 1 == moves.len() =>
        {
            row.copy_within(*from..=*last_from, *to);
        }
        _ => moves.iter().for_each(|(to, from)| row[*to] = row[*from]),
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
