//! The cells of a column in many rows.

use std::ops::Range;

use lanes::text::{EIGHT, Scan};

use super::super::super::Texts;
use super::BEFORE;
use super::numbers::number;

/// Cells of a column.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    /// The text from [`BEFORE`] bytes before the first end on.
    pub text: &'a [u8],
    /// The ends of all cells, from that before the first row on.
    pub places: &'a [u32],
    /// Their numbers, and which of them are known.
    pub numbers: &'a [f64],
    pub good: &'a [u8],
    /// Number of columns, and of this one.
    pub columns: usize,
    pub column: usize,
    /// The byte before fractions, and that behind the cells.
    pub marks: (u8, u8),
}

impl Cells<'_> {
    /// Number of the cell in a row.
    #[inline(always)]
    fn of(&self, row: usize) -> usize {
        row * self.columns + self.column
    }

    /// Bytes between a cell and the end that was found.
    #[inline(always)]
    fn before_end(&self) -> u32 {
        u32::from(self.marks.1 == b'\r')
    }

    /// Where the cell of a row begins, and where it ends.
    #[inline(always)]
    pub fn bounds(&self, row: usize, origin: usize) -> (usize, usize) {
        let cell = self.of(row);
        let start = origin + self.places[cell] as usize + 1;
        let end = origin + (self.places[cell + 1] - self.before_end()) as usize;
        (start, end)
    }

    /// Adds numbers in usual notations: how many, up to the first that is in another.
    #[inline(always)]
    pub fn numbers(&self, isa: impl Scan, rows: Range<usize>, numbers: &mut Vec<f64>) -> usize {
        let (_, end) = self.marks;
        let before_end = self.before_end();
        let first = numbers.len();
        numbers.resize(first + rows.len(), 0.0);
        let mut cell = self.of(rows.start);
        let mut done = 0;
        for slot in &mut numbers[first..] {
            let place = self.places[cell + 1];
            let is_good = self.good[cell / EIGHT] >> (cell % EIGHT) & 1 != 0;
            if is_good && self.text[place as usize + BEFORE] == end {
                *slot = self.numbers[cell];
            } else {
                let end = place.wrapping_sub(before_end);
                let length = end.wrapping_sub(self.places[cell]).wrapping_sub(1);
                let Some(value) = number(isa, self.text, (end as usize, length), self.marks) else {
                    break;
                };
                *slot = value;
            }
            cell += self.columns;
            done += 1;
        }
        numbers.truncate(first + done);
        done
    }

    /// Adds texts that are expected: how many, up to the first that is another.
    #[inline(always)]
    pub fn texts(&self, rows: Range<usize>, texts: &mut Texts) -> usize {
        let before = texts.rows.len();
        let mut cell = self.of(rows.start);
        for _ in rows {
            let start = self.places[cell] as usize + BEFORE + 1;
            let Some(rest) = self.text.get(start..) else {
                break;
            };
            // No text has an end in it.
            if texts.push_expected(rest, self.marks.1).is_none() {
                break;
            }
            cell += self.columns;
        }
        texts.rows.len() - before
    }

    /// Adds times as `read` finds them, with where they end: how many, up to the first that is in another notation.
    #[inline(always)]
    pub fn times(
        &self,
        rows: Range<usize>,
        times: &mut Vec<i64>,
        mut read: impl FnMut(&[u8], usize) -> Option<(i64, usize)>,
    ) -> usize {
        let before = times.len();
        let mut cell = self.of(rows.start);
        for _ in rows {
            let start = self.places[cell] as usize + BEFORE + 1;
            let end = (self.places[cell + 1] - self.before_end()) as usize + BEFORE;
            match read(self.text, start) {
                Some((time, behind)) if behind == end && self.text[end] == self.marks.1 => {
                    times.push(time);
                }
                _ => break,
            }
            cell += self.columns;
        }
        times.len() - before
    }
}
