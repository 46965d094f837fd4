//! Reads usual rows with instructions for many bytes at a time, where the processor has them.
//!
//! The ends of the cells of many rows are found first, then the numbers in all of them, eight at a time, and then the columns
//! take theirs. No number waits for the one before it, and nothing branches on its length. A cell in another notation is left
//! to [`UsualReader`], cell by cell, and a row that is none, to its rows.

mod cells;
mod numbers;

use lanes::text::{EIGHT, Scan, TextKernel};

use super::{Stamps, UsualReader, Values};
use cells::Cells;
use numbers::{is_long, long_numbers};

/// Bytes before the first end that readers of numbers look at.
const BEFORE: usize = 48;

/// The same for eight numbers at a time: short ones, and those of many digits.
const SHORT: usize = 16;
const LONG: usize = 32;

/// Ends that are found at a time, at most, and those that a block of bytes may add.
const ENDS: usize = 1024;
const BLOCK: usize = 64;

/// Most columns of such rows, so that many rows have their ends in a list.
pub(super) const MOST_COLUMNS: usize = ENDS / 16;

/// Bytes that are searched for ends at a time, at most.
const SEARCHED: usize = 1 << 16;

/// Ends of the cells of some rows, and the numbers in them.
#[derive(Debug)]
pub(super) struct Ends {
    /// Where they are, behind byte `origin`; the first is that of the cell before.
    places: [u32; ENDS + BLOCK + EIGHT],
    count: usize,
    origin: usize,
    /// Bytes of each cell, 255 at most.
    lengths: [u8; ENDS + BLOCK],
    numbers: [f64; ENDS + BLOCK],
    /// Which of the numbers are those of their cells, in bits.
    good: [u8; (ENDS + BLOCK) / EIGHT],
    /// Ends that are found next: few where rows are not usual.
    most: usize,
}

impl Ends {
    pub fn new() -> Self {
        Self {
            places: [0; ENDS + BLOCK + EIGHT],
            count: 1,
            origin: 0,
            lengths: [0; ENDS + BLOCK],
            numbers: [0.0; ENDS + BLOCK],
            good: [0; (ENDS + BLOCK) / EIGHT],
            most: ENDS,
        }
    }

    /// Finds the ends from byte `start` on, which is not the first: the bytes `these`.
    #[inline(always)]
    fn find(&mut self, isa: impl Scan, bytes: &[u8], start: usize, these: (u8, u8)) {
        let rest = bytes.get(start..).unwrap_or_default();
        let (blocks, _) = rest[..rest.len().min(SEARCHED)].as_chunks::<BLOCK>();
        let mut count = 1usize;
        let mut place = 1u32;
        for block in blocks {
            if count > self.most {
                break;
            }
            let mut mask = isa.either(block, these);
            let found = mask.count_ones() as usize;
            let mut places = &mut self.places[count..];
            // Eight at a time: their number varies from block to block.
            while let Some((eight, more)) = places.split_first_chunk_mut::<EIGHT>()
                && mask != 0
            {
                for slot in eight {
                    *slot = place.wrapping_add(mask.trailing_zeros());
                    mask &= mask.wrapping_sub(1);
                }
                places = more;
            }
            count = count.wrapping_add(found);
            place = place.wrapping_add(BLOCK as u32);
        }
        (self.origin, self.count) = (start.wrapping_sub(1), count);
    }

    /// Reads the first `cells` cells as numbers.
    #[inline(always)]
    fn read(
        &mut self,
        isa: impl Scan,
        bytes: &[u8],
        cells: usize,
        (columns, point): (&[Values], u8),
    ) {
        // Eight at a time: some behind the last.
        let last = self.places[cells];
        self.places[cells + 1..][..EIGHT].fill(last);
        let pairs = self.lengths[..cells].iter_mut().zip(self.places.windows(2));
        for (length, pair) in pairs {
            *length = pair[1].wrapping_sub(pair[0]).wrapping_sub(1).min(255) as u8;
        }
        let text = &bytes[self.origin - LONG..];
        let is_long = is_long(text, &self.places[1..], &self.lengths[..cells], columns);
        let places = self.places[1..].as_chunks::<EIGHT>().0;
        let lengths = self.lengths.as_chunks::<EIGHT>().0;
        let numbers = self.numbers.as_chunks_mut::<EIGHT>().0;
        let all = places.iter().zip(lengths).zip(numbers).zip(&mut self.good);
        let all = all.take(cells.div_ceil(EIGHT));
        if is_long {
            for (((places, lengths), numbers), good) in all {
                (*numbers, *good) = long_numbers(isa, text, (places, lengths), point);
            }
        } else {
            let text = &text[LONG - SHORT..];
            for (((places, lengths), numbers), good) in all {
                (*numbers, *good) = isa.eight(text, places, lengths, point);
            }
        }
    }
}

/// Reads rows from byte `rows.0` on to byte `rows.1`, as far as they are usual.
pub(super) struct WideReader<'a, 'b> {
    pub usual: &'a UsualReader<'b>,
    pub ends: &'a mut Ends,
    pub columns: &'a mut [Values],
    pub stamps: &'a mut [Stamps],
    pub rows: (usize, usize),
}

impl TextKernel for WideReader<'_, '_> {
    /// How many rows, and where the next begins. Columns may have cells of rows behind these.
    type Output = (usize, usize);

    #[inline(always)]
    fn run<S: Scan>(self, isa: S) -> (usize, usize) {
        let Self {
            usual,
            ends,
            columns,
            stamps,
            rows: (start, end),
        } = self;
        let width = columns.len();
        let (mut rows, mut next) = (0, start);
        while next > BEFORE && next < end {
            ends.find(isa, usual.bytes, next, (usual.separator, b'\n'));
            let all = usual.rows_of(&ends.places[..ends.count], ends.origin, end);
            ends.read(isa, usual.bytes, all * width, (columns, usual.point));
            let mut added = all;
            for column in 0..width {
                let cells = Cells {
                    text: &usual.bytes[ends.origin - BEFORE..],
                    places: &ends.places[..ends.count],
                    numbers: &ends.numbers,
                    good: &ends.good,
                    columns: width,
                    column,
                    marks: (usual.point, usual.ends[column]),
                };
                let target = (&mut columns[column], &mut stamps[column]);
                added = usual.column(isa, cells, ends.origin, added, target);
            }
            rows += added;
            next = ends.origin + 1 + ends.places[added * width] as usize;
            if added < all || all == 0 {
                ends.most = (ends.most / 4).max(2 * width);
                break;
            }
            ends.most = (2 * ends.most).min(ENDS);
        }
        (rows, next)
    }
}

impl UsualReader<'_> {
    /// How many rows begin like usual ones before byte `end`, and have a line end behind as many cells as there are columns.
    #[inline(always)]
    fn rows_of(&self, places: &[u32], origin: usize, end: usize) -> usize {
        let columns = self.ends.len();
        let mut place = places[0];
        let mut rows = 0;
        for row in places[1..].chunks_exact(columns) {
            let start = origin.wrapping_add(place as usize).wrapping_add(1);
            place = row[columns - 1];
            let behind = origin.wrapping_add(place as usize);
            if start >= end
                || self.begin(start) != Some(start)
                || self.bytes.get(behind) != Some(&b'\n')
            {
                break;
            }
            rows += 1;
        }
        rows
    }

    /// Adds the cells of `rows` rows to a column: how many of them are usual.
    #[inline(always)]
    fn column(
        &self,
        isa: impl Scan,
        cells: Cells<'_>,
        origin: usize,
        rows: usize,
        (column, stamps): (&mut Values, &mut Stamps),
    ) -> usize {
        let mut row = 0;
        loop {
            row += match column {
                Values::Numbers(numbers) => cells.numbers(isa, row..rows, numbers),
                Values::Texts(texts) => cells.texts(row..rows, texts),
                Values::Times(times) => {
                    cells.times(row..rows, times, |text, at| stamps.stamp(text, at))
                }
                Values::Clocks(times) => {
                    cells.times(row..rows, times, |text, at| stamps.clock(text, at))
                }
                Values::Nothing(_) => 0,
            };
            if row == rows || !self.other(cells, origin, row, (column, stamps)) {
                return row;
            }
            row += 1;
        }
    }

    /// Adds the cell of a row in another notation, if it ends as it should.
    #[inline(never)]
    fn other(
        &self,
        cells: Cells<'_>,
        origin: usize,
        row: usize,
        (column, stamps): (&mut Values, &mut Stamps),
    ) -> bool {
        let end = cells.marks.1;
        let (start, behind) = cells.bounds(row, origin);
        if self.bytes[behind] != end {
            return false;
        }
        if let Values::Texts(texts) = column {
            // New texts are left to the reader of rows: they are numbered in their order.
            let cell = &self.bytes[start..behind];
            return texts.push_known(cell);
        }
        self.cell(start, end, column, stamps) == Some(behind + 1)
    }
}
