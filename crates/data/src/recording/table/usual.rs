//! Reads rows as nearly all programs write them, in one pass over their bytes: as many cells as there are columns, without
//! quotes, numbers and times in their usual notations.
//!
//! [`UsualReader::rows`] adds rows up to one that it leaves to the reader of all rows in `cells`. What it adds is what that one
//! would add.

mod wide;

use lanes::text::scan;

use super::super::time::DateOrder;
use super::Values;
use super::cells::push;
use super::digits::add_number;
use super::layout::Layout;
use super::number::Commas;
use super::stamps::Stamps;
use wide::{Ends, MOST_COLUMNS, WideReader};

/// Reader of usual rows.
pub(super) struct UsualReader<'a> {
    pub(super) bytes: &'a [u8],
    layout: &'a Layout,
    pub(super) separator: u8,
    /// Byte before the fraction of a number.
    pub(super) point: u8,
    /// First byte of the usual line end.
    line_end: u8,
    /// Byte behind the cells of each column.
    pub(super) ends: Vec<u8>,
    /// Reader of the times of each column.
    stamps: Vec<Stamps>,
    /// For many rows at a time, if the processor has instructions for it.
    wide: Option<Box<Ends>>,
    /// Rows that were read, and how often one had to be read by itself.
    read: usize,
    others: usize,
}

/// Rows that are read by themselves in any table.
const FEW_OTHERS: usize = 64;

/// Cuts columns to so many rows.
fn truncate(columns: &mut [Values], rows: usize) {
    columns.iter_mut().for_each(|column| column.truncate(rows));
}

impl<'a> UsualReader<'a> {
    pub fn new(bytes: &'a [u8], layout: &'a Layout) -> Self {
        let separator = layout.separator;
        let point = match layout.commas {
            Commas::None | Commas::Thousands | Commas::Mixed => b'.',
            Commas::Decimal if separator != b',' => b',',
            // No byte of a text is zero.
            Commas::Decimal | Commas::Points => 0,
        };
        let line_end = line_end(&bytes[layout.start..]);
        let orders = layout.orders.iter();
        let mut ends = vec![separator; layout.orders.len()];
        ends.last_mut().into_iter().for_each(|end| *end = line_end);
        Self {
            bytes,
            layout,
            separator,
            point,
            line_end,
            ends,
            stamps: orders.map(|order| Stamps::new(*order, separator)).collect(),
            wide: (layout.orders.len() <= MOST_COLUMNS).then(|| Box::new(Ends::new())),
            read: 0,
            others: 0,
        }
    }

    /// The same as on processors without instructions for many bytes.
    #[cfg(test)]
    pub fn plain(bytes: &'a [u8], layout: &'a Layout) -> Self {
        Self {
            wide: None,
            ..Self::new(bytes, layout)
        }
    }

    /// Adds the rows from byte `start` on to `columns`, up to byte `end` or the first that is unusual: how many, and where
    /// the next line begins.
    #[inline(never)]
    pub fn rows(&mut self, start: usize, end: usize, columns: &mut [Values]) -> (usize, usize) {
        let Some(before) = columns.first().map(Values::len) else {
            return (0, start);
        };
        let (mut rows, mut next) = (0, start);
        let mut stamps = std::mem::take(&mut self.stamps);
        let mut ends = self.wide.take();
        while next < end {
            if let Some(wide_ends) = &mut ends {
                let wide = WideReader {
                    usual: self,
                    ends: wide_ends,
                    columns,
                    stamps: &mut stamps,
                    rows: (next, end),
                };
                let Some((more, behind)) = scan(wide) else {
                    ends = None;
                    continue;
                };
                rows += more;
                next = behind;
                truncate(columns, before + rows);
                if next >= end {
                    break;
                }
                self.others += 1;
            }
            let Some(behind) = self.row(next, columns, &mut stamps) else {
                truncate(columns, before + rows);
                break;
            };
            next = behind;
            rows += 1;
        }
        self.read += rows;
        self.stamps = stamps;
        // Where most rows are others, searching them for ends is in vain.
        self.wide = ends.filter(|_| self.others < FEW_OTHERS || self.others < self.read / 4);
        (rows, next)
    }

    /// Adds the row that begins at byte `start`, and returns where the next line begins. If it is unusual, some of its cells
    /// may be added.
    #[inline(always)]
    fn row(&self, start: usize, columns: &mut [Values], stamps: &mut [Stamps]) -> Option<usize> {
        let mut at = self.begin(start)?;
        let ends = self.ends.iter();
        for ((column, stamps), end) in columns.iter_mut().zip(stamps).zip(ends) {
            at = self.cell(at, *end, column, stamps)?;
        }
        if self.line_end == b'\n' {
            return Some(at);
        }
        (*self.bytes.get(at)? == b'\n').then_some(at + 1)
    }

    /// Adds a cell that ends before the byte `end`, and returns where the next cell begins.
    #[inline(always)]
    pub(super) fn cell(
        &self,
        at: usize,
        end: u8,
        column: &mut Values,
        stamps: &mut Stamps,
    ) -> Option<usize> {
        let behind = match column {
            Values::Numbers(numbers) => add_number(self.bytes, at, (self.point, end), numbers),
            Values::Texts(texts) => texts
                .push_expected(self.bytes.get(at..)?, end)
                .map(|length| at.wrapping_add(length)),
            _ => None,
        };
        match behind {
            Some(behind) => Some(behind.wrapping_add(1)),
            None => self.other_cell(at, end, column, stamps),
        }
    }

    /// Start of the first cell of a line that is neither blank, nor a comment, nor repeats the names.
    #[inline(always)]
    pub(super) fn begin(&self, start: usize) -> Option<usize> {
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
        let row = &self.bytes[start..];
        let is_header = row.first() == header.first() && row.starts_with(header);
        (!is_header).then_some(at)
    }

    /// [`Self::cell`] of times, texts, and numbers in other notations.
    #[inline(never)]
    fn other_cell(
        &self,
        at: usize,
        end: u8,
        column: &mut Values,
        stamps: &mut Stamps,
    ) -> Option<usize> {
        let start = self.after_blanks(at);
        let behind = match column {
            Values::Numbers(numbers) if start > at => {
                let marks = (self.point, end);
                add_number(self.bytes, start, marks, numbers)
            }
            Values::Times(times) => {
                let read = stamps.stamp(self.bytes, start);
                self.add(read, end, times)
            }
            Values::Clocks(times) => {
                let read = stamps.clock(self.bytes, start);
                self.add(read, end, times)
            }
            Values::Texts(texts) if start > at => {
                let length = texts.push_expected(self.bytes.get(start..)?, end);
                length.map(|length| start + length)
            }
            _ => None,
        };
        match behind {
            Some(behind) => Some(behind + 1),
            None => self.any_cell(start, end, column, stamps.order),
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
