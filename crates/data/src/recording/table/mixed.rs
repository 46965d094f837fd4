//! Fractions with commas in some rows of a column and with points in others, as where a logger changed its language or people
//! joined files of two countries.

use super::super::text::{cell, has};
use super::number::{Commas, is_grouped, number};
use super::scan::{cells, cells_with};

/// Whether a cell is a number with one `mark`, which can only be before its fraction; a group of three digits may also be
/// behind the mark of thousands.
fn is_fraction(cell: &[u8], mark: u8) -> bool {
    let (other, commas) = if mark == b',' {
        (b'.', Commas::Decimal)
    } else {
        (b',', Commas::None)
    };
    if cell.contains(&other) || cell.iter().filter(|byte| **byte == mark).count() != 1 {
        return false;
    }
    let text = str::from_utf8(cell).unwrap_or_default();
    let may_be_grouped =
        is_grouped(text, char::from(mark)) && !text.trim_start_matches(['+', '-']).starts_with('0');
    !may_be_grouped && number(cell, commas).is_some()
}

/// Two cells of one column with fractions of both kinds: one with a comma and one with a point. `head` are the first rows, and
/// `later` more cells with commas, of a table from byte `start` on.
pub(super) fn fractions(
    head: &[Vec<Vec<u8>>],
    later: &[Vec<u8>],
    (bytes, start, separator): (&[u8], usize, u8),
) -> Option<(String, String)> {
    let comma = |cell: &[u8]| is_fraction(cell, b',');
    let point = |cell: &[u8]| is_fraction(cell, b'.');
    let mut early = head.iter().flatten();
    let has_comma = early.clone().chain(later).any(|cell| comma(cell));
    if !has_comma || !has(&bytes[start..], b'.') {
        return None;
    }
    // Between commas, numbers with commas have quotation marks, which only the first rows are without.
    let is_in_head = separator == b',';
    let mut points = cells_with(bytes, start, separator, b'.').map(|(_, cell)| cell);
    if !early.any(|cell| point(cell)) && (is_in_head || !points.any(point)) {
        return None;
    }
    let mut columns = Columns::default();
    if is_in_head {
        let mut rows = head.iter();
        return rows.find_map(|row| columns.add(row.iter().map(Vec::as_slice)));
    }
    let mut rows = bytes[start..].split(|byte| *byte == b'\n');
    rows.find_map(|row| columns.add(cells(row, separator)))
}

/// The first fraction of each column with a comma, and the first with a point.
#[derive(Default)]
struct Columns<'a>(Vec<[Option<&'a [u8]>; 2]>);

impl<'a> Columns<'a> {
    /// Adds a row. Returns the two fractions of a column that has both.
    fn add(&mut self, row: impl Iterator<Item = &'a [u8]>) -> Option<(String, String)> {
        for (column, value) in row.enumerate() {
            if column == self.0.len() {
                self.0.push([None; 2]);
            }
            let known = &mut self.0[column];
            for (known, mark) in known.iter_mut().zip(*b",.") {
                if known.is_none() && is_fraction(value, mark) {
                    *known = Some(value);
                }
            }
            if let [Some(comma), Some(point)] = known {
                return Some((cell(comma), cell(point)));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_only_be_a_fraction() {
        for (cell, comma, point) in [
            ("0,01", true, false),
            ("-0.025", false, true),
            ("1,5e-3", true, false),
            ("0,125", true, false),
            ("1,220", false, false),
            ("1.220", false, false),
            ("1.220,5", false, false),
            ("1,2,3", false, false),
            ("a,b", false, false),
            ("12", false, false),
        ] {
            let found = [b',', b'.'].map(|mark| is_fraction(cell.as_bytes(), mark));
            assert_eq!(found, [comma, point], "{cell}");
        }
    }
}
