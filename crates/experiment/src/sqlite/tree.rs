//! The pages of a table: inner pages that name others, leaves with rows, and pages on which long rows go on.

use std::collections::HashSet;

use support::words::counted;

use super::record::{Cell, cells, varint};
use super::{Database, HEADER, number};

const INNER: u8 = 5;
const LEAF: u8 = 13;

/// Longest row that is read, in bytes.
const MAX_ROW: u64 = 16 << 20;

/// What of a table was not read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Damage {
    /// Pages that are missing, of another kind, or named twice.
    pub pages: usize,
    /// Rows.
    pub rows: usize,
}

impl Damage {
    /// What was not read; `None` if all was.
    pub fn words(self) -> Option<String> {
        let count = |count: usize, what| (count > 0).then(|| counted(count, what));
        let all = [count(self.pages, "page"), count(self.rows, "row")];
        let all: Vec<String> = all.into_iter().flatten().collect();
        (!all.is_empty()).then(|| format!("{} cannot be read", all.join(" and ")))
    }
}

impl std::ops::AddAssign for Damage {
    fn add_assign(&mut self, other: Self) {
        self.pages += other.pages;
        self.rows += other.rows;
    }
}

impl Database {
    /// Passes the rows of the table whose first page is `root` on, with their IDs. Each page is visited once.
    pub(super) fn rows(&self, root: u32, each: &mut dyn FnMut(i64, &[Cell])) -> Damage {
        let mut damage = Damage::default();
        let mut visited = HashSet::new();
        let mut waiting = vec![root];
        while let Some(page_number) = waiting.pop() {
            let page = visited.insert(page_number).then(|| self.page(page_number));
            let Some(page) = page.flatten() else {
                damage.pages += 1;
                continue;
            };
            let start = if page_number == 1 { HEADER } else { 0 };
            let Some(page) = Page::of(&page, start) else {
                damage.pages += 1;
                continue;
            };
            if page.is_leaf {
                // Cells share no bytes, whatever positions a damaged page has.
                let mut room = self.usable;
                for cell in page.cells() {
                    let row = cell.and_then(|cell| self.row(cell, &mut room, &mut visited));
                    match row.and_then(|(id, row)| Some((id, cells(&row)?))) {
                        Some((id, cells)) => each(id, &cells),
                        None => damage.rows += 1,
                    }
                }
            } else {
                // The last first, so that rows come in their order.
                waiting.push(page.last);
                for child in page.cells().collect::<Vec<_>>().into_iter().rev() {
                    match child.filter(|cell| cell.len() >= 4) {
                        Some(cell) => waiting.push(number(cell, 0)),
                        None => damage.pages += 1,
                    }
                }
            }
        }
        damage
    }

    /// ID and content of the row in a cell of a leaf that has `room` bytes left.
    fn row(
        &self,
        cell: &[u8],
        room: &mut usize,
        visited: &mut HashSet<u32>,
    ) -> Option<(i64, Vec<u8>)> {
        let (length, used) = varint(cell)?;
        let cell = &cell[used..];
        let (id, used) = varint(cell)?;
        let cell = &cell[used..];
        if length > MAX_ROW {
            return None;
        }
        let length = length as usize;
        let here = self.length_on_leaf(length);
        *room = room.checked_sub(here)?;
        let mut row = cell.get(..here)?.to_vec();
        if here < length {
            let mut next = number(cell.get(here..here + 4)?, 0);
            while row.len() < length {
                if !visited.insert(next) {
                    return None;
                }
                let page = self.page(next)?;
                let part = page.len().saturating_sub(4).min(length - row.len());
                row.extend_from_slice(page.get(4..4 + part)?);
                next = number(&page, 0);
            }
        }
        Some((id as i64, row))
    }

    /// How much of a row of `length` bytes is on its leaf.
    fn length_on_leaf(&self, length: usize) -> usize {
        let most = self.usable - 35;
        if length <= most {
            return length;
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let preferred = least + (length - least) % (self.usable - 4);
        if preferred <= most { preferred } else { least }
    }
}

/// A page of a table.
struct Page<'a> {
    bytes: &'a [u8],
    is_leaf: bool,
    /// Positions of the cells, of two bytes each.
    positions: &'a [u8],
    /// Of an inner page, the page with the last rows.
    last: u32,
}

impl<'a> Page<'a> {
    /// A page whose header begins at byte `start`; `None` if it is of another kind.
    fn of(bytes: &'a [u8], start: usize) -> Option<Self> {
        let header = bytes.get(start..)?;
        let is_leaf = match *header.first()? {
            LEAF => true,
            INNER => false,
            _ => return None,
        };
        let count = usize::from(u16::from_be_bytes([*header.get(3)?, *header.get(4)?]));
        let begin = if is_leaf { 8 } else { 12 };
        Some(Self {
            bytes,
            is_leaf,
            positions: header.get(begin..begin + 2 * count)?,
            last: number(header, 8),
        })
    }

    /// The bytes from each cell on; `None` for one outside the page.
    fn cells(&self) -> impl Iterator<Item = Option<&'a [u8]>> {
        let bytes = self.bytes;
        let positions = self.positions.chunks_exact(2);
        let at = positions.map(|pair| usize::from(u16::from_be_bytes([pair[0], pair[1]])));
        at.map(move |at| bytes.get(at..))
    }
}
