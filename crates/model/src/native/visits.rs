//! Order in which a convolution's product visits its blocks, and the runs of each.

use super::gemm::{Block, Run};
use crate::geometry::Geometry;

/// Bytes of `b` that fit a first-level cache together with the rows of `a`. If a block needs more, the blocks are
/// visited several times, each time for one tap and a group of channels, whose kernel stays in the cache.
pub(super) const RESIDENT: usize = 16 << 10;
/// Columns of the widest tile.
pub(super) const WIDEST: usize = 48;

/// The blocks and runs of a product.
#[derive(Clone, Debug, Default)]
pub(super) struct Visits {
    pub blocks: Vec<Block>,
    pub runs: Vec<Run>,
    /// Length of every run.
    pub inner: usize,
}

/// Lines of positions that one tap reads and writes.
#[derive(Clone, Debug)]
pub(super) struct TapLines {
    /// First input and output row of each line.
    pub starts: Vec<(usize, usize)>,
    /// Positions per line.
    pub count: usize,
    pub visits: Visits,
}

/// One summand of a block.
#[derive(Clone, Copy)]
pub(super) struct Read {
    pub block: usize,
    pub from: usize,
    pub tap: usize,
}

impl Visits {
    /// Visits of `blocks` blocks. Their `reads`, in the order of the taps, have `inner` values each and use kernels
    /// `[tap, inner, columns]`.
    pub fn new(
        reads: impl Iterator<Item = Read> + Clone,
        blocks: usize,
        taps: usize,
        inner: usize,
        columns: usize,
    ) -> Self {
        let column = columns.min(WIDEST) * size_of::<f32>();
        let whole = taps * inner * column <= RESIDENT;
        let fits = |depth: &usize| inner.is_multiple_of(*depth) && depth * column <= RESIDENT;
        let depth = if whole {
            inner
        } else {
            (1..=inner).rev().find(fits).unwrap_or(inner)
        };
        let mut visits = Self {
            inner: depth,
            ..Self::default()
        };
        let mut add = |block: usize, reads: &[Read], from: usize, first: bool, last: bool| {
            let start = visits.runs.len();
            visits.runs.extend(reads.iter().map(|read| Run {
                a: read.from * inner + from,
                b: (read.tap * inner + from) * columns,
            }));
            visits.blocks.push(Block {
                c: block * columns,
                runs: start..visits.runs.len(),
                first,
                last,
            });
        };
        let of: Vec<Vec<Read>> = (0..blocks)
            .map(|block| {
                let of_block = reads.clone().filter(|read| read.block == block);
                of_block.collect()
            })
            .collect();
        if whole {
            for (block, reads) in of.iter().enumerate() {
                add(block, reads, 0, true, true);
            }
            return visits;
        }
        for (block, reads) in of.iter().enumerate() {
            if reads.is_empty() {
                add(block, &[], 0, true, true);
            }
        }
        for tap in 0..taps {
            for from in (0..inner).step_by(depth) {
                for read in reads.clone().filter(|read| read.tap == tap) {
                    let is = |other: Option<&Read>| other.is_some_and(|other| other.tap == tap);
                    let first = from == 0 && is(of[read.block].first());
                    let last = from + depth == inner && is(of[read.block].last());
                    add(read.block, &[read], from, first, last);
                }
            }
        }
        visits
    }
}

impl TapLines {
    pub fn new(
        reads: &[(usize, usize, usize)],
        tap: usize,
        geometry: &Geometry,
        channels: usize,
        out: usize,
    ) -> Self {
        let mut starts: Vec<(usize, usize)> = Vec::new();
        let mut lengths = Vec::new();
        let mut previous = None;
        for &(row, _, source) in reads.iter().filter(|read| read.1 == tap) {
            if previous == row.checked_sub(1).zip(source.checked_sub(geometry.stride))
                && previous.is_some()
            {
                *lengths.last_mut().expect("a line has begun") += 1;
            } else {
                starts.push((source, row));
                lengths.push(1);
            }
            previous = Some((row, source));
        }
        // If a tap reads whole lines, neighbouring lines may look like one: cut at the shortest.
        let count = lengths.iter().copied().min().unwrap_or(0);
        let starts: Vec<(usize, usize)> = starts
            .iter()
            .zip(&lengths)
            .flat_map(|(&(source, row), &length)| {
                assert_eq!(length % count, 0, "lines of one length");
                (0..length / count)
                    .map(move |i| (source + i * count * geometry.stride, row + i * count))
            })
            .collect();
        let mut visits = Visits::default();
        for (i, &(source, row)) in starts.iter().enumerate() {
            visits.runs.push(Run {
                a: source * channels,
                b: tap * channels * out,
            });
            visits.blocks.push(Block {
                c: row * out,
                runs: i..i + 1,
                first: true,
                last: true,
            });
        }
        Self {
            starts,
            count,
            visits,
        }
    }
}
