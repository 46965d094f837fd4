//! Reads rows as nearly all programs write them, in one pass over their bytes: as many cells as there are columns, without
//! quotes, numbers and times in their usual notations.
//!
//! [`Usual::rows`] adds rows up to one that it leaves to the reader of all rows in `cells`. What it adds is what that one
//! would add.

use super::super::time::DateOrder;
use super::Values;
use super::cells::push;
use super::digits::{Shape, add_number};
use super::layout::Layout;
use super::number::Commas;
use super::stamps::Stamps;

/// Reader of usual rows.
pub(super) struct Usual<'a> {
    bytes: &'a [u8],
    layout: &'a Layout,
    separator: u8,
    /// Byte before the fraction of a number.
    point: u8,
    /// First byte of the usual line end.
    line_end: u8,
    /// What is known of each column.
    known: Vec<Known>,
}

/// What is known of a column from the rows above.
#[derive(Clone, Debug)]
struct Known {
    shape: Shape,
    stamps: Stamps,
}

impl<'a> Usual<'a> {
    pub fn new(bytes: &'a [u8], layout: &'a Layout) -> Self {
        let separator = layout.separator;
        let point = match layout.commas {
            Commas::None | Commas::Thousands => b'.',
            Commas::Decimal if separator != b',' => b',',
            // No byte of a text is zero.
            Commas::Decimal | Commas::Points => 0,
        };
        let known = layout.orders.iter().map(|order| Known {
            shape: Shape::default(),
            stamps: Stamps::new(*order, separator),
        });
        Self {
            bytes,
            layout,
            separator,
            point,
            line_end: line_end(&bytes[layout.start..]),
            known: known.collect(),
        }
    }

    /// Adds the rows from byte `start` on to `columns`, up to byte `end` or the first that is unusual: how many, and where
    /// the next line begins.
    #[inline(never)]
    pub fn rows(&mut self, start: usize, end: usize, columns: &mut [Values]) -> (usize, usize) {
        let before = columns.first().map_or(0, Values::len);
        let (mut rows, mut next) = (0, start);
        let mut known = std::mem::take(&mut self.known);
        while next < end {
            let Some(behind) = self.row(next, columns, &mut known) else {
                let all = before + rows;
                let added = columns.iter_mut().filter(|column| column.len() > all);
                added.for_each(Values::pop);
                break;
            };
            next = behind;
            rows += 1;
        }
        self.known = known;
        (rows, next)
    }

    /// Adds the row that begins at byte `start`, and returns where the next line begins. If it is unusual, some of its cells
    /// may be added.
    #[inline(always)]
    fn row(&self, start: usize, columns: &mut [Values], known: &mut [Known]) -> Option<usize> {
        let mut at = self.begin(start)?;
        let (last, others) = columns.split_last_mut()?;
        let (last_known, known) = known.split_last_mut()?;
        for (column, known) in others.iter_mut().zip(known) {
            at = self.cell(at, self.separator, column, known)?;
        }
        at = self.cell(at, self.line_end, last, last_known)?;
        if self.line_end == b'\n' {
            return Some(at);
        }
        (*self.bytes.get(at)? == b'\n').then_some(at + 1)
    }

    /// Adds a cell that ends before the byte `end`, and returns where the next cell begins.
    #[inline(always)]
    fn cell(&self, at: usize, end: u8, column: &mut Values, known: &mut Known) -> Option<usize> {
        if let Values::Numbers(own) = column
            && let marks = (self.point, end)
            && let Some(behind) = add_number(self.bytes, at, marks, &mut known.shape, own)
        {
            return Some(behind.wrapping_add(1));
        }
        self.other_cell(at, end, column, known)
    }

    /// Start of the first cell of a line that is neither blank, nor a comment, nor repeats the names.
    #[inline(always)]
    fn begin(&self, start: usize) -> Option<usize> {
        let first = *self.bytes.get(start)?;
        let is_number = first == b'-' || first.is_ascii_digit();
        if is_number && Some(first) != self.layout.header.first().copied() {
            return Some(start);
        }
        self.begin_any(start)
    }

    #[inline(never)]
    fn begin_any(&self, start: usize) -> Option<usize> {
        let at = self.after_blanks(start);
        let rest = self.bytes.get(at..)?;
        let first = *rest.first()?;
        if first == b'#' {
            return None;
        }
        if first.is_ascii_whitespace() {
            // Tabs around cells without a value; a comment may follow.
            let telling = rest.iter().find(|byte| !byte.is_ascii_whitespace());
            if first != self.separator || telling == Some(&b'#') {
                return None;
            }
        }
        let header = &self.layout.header;
        let own = &self.bytes[start..];
        let is_header = own.first() == header.first() && own.starts_with(header);
        (!is_header).then_some(at)
    }

    /// [`Self::cell`] of times, texts, and numbers in other notations.
    #[inline(never)]
    fn other_cell(
        &self,
        at: usize,
        end: u8,
        column: &mut Values,
        known: &mut Known,
    ) -> Option<usize> {
        let start = self.after_blanks(at);
        let behind = match column {
            Values::Numbers(own) if start > at => {
                let marks = (self.point, end);
                add_number(self.bytes, start, marks, &mut known.shape, own)
            }
            Values::Times(times) => {
                let read = known.stamps.stamp(self.bytes, start);
                self.add(read, end, times)
            }
            Values::Clocks(times) => {
                let read = known.stamps.clock(self.bytes, start);
                self.add(read, end, times)
            }
            _ => None,
        };
        match behind {
            Some(behind) => Some(behind + 1),
            None => self.any_cell(start, end, column, known.stamps.order),
        }
    }

    /// Adds a value if its cell ends behind it, and returns where that is.
    #[inline]
    fn add<T>(&self, read: Option<(T, usize)>, end: u8, values: &mut Vec<T>) -> Option<usize> {
        let (value, behind) = read?;
        (*self.bytes.get(behind)? == end).then(|| values.push(value))?;
        Some(behind)
    }

    /// Adds a cell in any notation, the `i`-th of a row, and returns where the next begins.
    fn any_cell(&self, at: usize, end: u8, column: &mut Values, order: DateOrder) -> Option<usize> {
        let is_last = end == self.line_end;
        let separator = self.separator;
        let blanks = separator == b' ';
        let ends = |byte: &u8| {
            *byte == separator || *byte == b'\n' || blanks && byte.is_ascii_whitespace()
        };
        let rest = self.bytes.get(at..)?;
        let mut length = rest.iter().position(ends)?;
        let cell = rest[..length].trim_ascii();
        if cell.first() == Some(&b'#') || blanks && cell.is_empty() {
            return None;
        }
        if blanks {
            let more = rest[length..].iter();
            let blank = |byte: &&u8| byte.is_ascii_whitespace() && **byte != b'\n';
            length += more.take_while(blank).count();
        }
        if (*rest.get(length)? == b'\n') != is_last {
            return None;
        }
        push(cell, column, self.layout.commas, order).ok()?;
        // At the second of two bytes that end the line.
        let is_at_end = is_last && self.line_end == b'\r' || blanks && !is_last;
        Some(at + length + usize::from(!is_at_end))
    }

    #[inline]
    fn after_blanks(&self, at: usize) -> usize {
        let tabs = self.separator == b' ';
        let blank = |byte: u8| byte == b' ' || tabs && byte == b'\t';
        let mut at = at;
        while self.bytes.get(at).copied().is_some_and(blank) {
            at += 1;
        }
        at
    }
}

/// First byte of the end of the first line.
fn line_end(bytes: &[u8]) -> u8 {
    let line = bytes.iter().position(|byte| *byte == b'\n');
    if line.is_some_and(|end| bytes[..end].ends_with(b"\r")) {
        b'\r'
    } else {
        b'\n'
    }
}
