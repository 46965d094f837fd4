//! Properties that only all rows of a table determine: the meaning of commas and points in numbers, and the order of
//! day and month.
//!
//! The first lines may leave them open, and later lines may contradict the first. Nearly all tables are settled by
//! their first rows, so that the rest is not examined.

use super::super::text::{cell, has};
use super::super::time::{DateOrder, DateOrders};
use super::super::{Note, Remark};
use super::begin::is_mark;
use super::kinds::{Kind, kind, usual};
use super::mixed::fractions;
use super::number::{Commas, commas, is_grouped, may_be_number, number};
use super::scan::{cells, cells_with};

/// What points within numbers mean.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum PointMeaning {
    /// They are before fractions, or there are none.
    Fractions,
    /// They group thousands.
    Thousands {
        /// A number with one.
        example: Vec<u8>,
    },
    /// They may be either.
    Unclear {
        /// Line of the first number with one.
        line: usize,
        /// The number.
        example: Vec<u8>,
    },
}

/// Number of values with a point in a column, among integers, that is enough to decide between thousands and fractions:
/// of this many fractions without trailing zeros, some would have fewer than three digits.
const ENOUGH: usize = 20;

/// Cells with commas that are looked at.
const COMMAS: usize = 4096;

/// Whether the digits of a number come in threes between points, and no fraction would be written so: `0.360` would.
fn in_threes(cell: &[u8]) -> bool {
    let text = str::from_utf8(cell).unwrap_or_default();
    is_grouped(text, '.') && !text.trim_start_matches(['+', '-']).starts_with('0')
}

/// Numbers whose commas the separator does not explain, from the rows from byte `start` on: of a table that is separated
/// by another character.
fn with_commas(bytes: &[u8], start: usize, separator: u8) -> Vec<Vec<u8>> {
    if separator == b',' || !has(&bytes[start..], b',') {
        return Vec::new();
    }
    cells_with(bytes, start, separator, b',')
        .map(|(_, cell)| cell)
        .filter(|cell| may_be_number(cell))
        .take(COMMAS)
        .map(<[u8]>::to_vec)
        .collect()
}

/// Meaning of points in the rows from byte `start` on. They group thousands if all of them do: if a cell contains
/// `1.360.000`, or a column has numbers such as `1.360` among integers such as `98`.
fn points(bytes: &[u8], start: usize, separator: u8) -> PointMeaning {
    // A file without points needs no further check.
    if !has(&bytes[start..], b'.') {
        return PointMeaning::Fractions;
    }
    let (mut first, mut several) = (None, None);
    for (at, cell) in cells_with(bytes, start, separator, b'.') {
        if in_threes(cell) {
            first = first.or(Some((at, cell)));
            if cell.iter().filter(|byte| **byte == b'.').count() > 1 {
                several = several.or(Some(cell));
            }
        } else if number(cell, Commas::None).is_some() {
            return PointMeaning::Fractions;
        }
    }
    let Some((at, example)) = first else {
        return PointMeaning::Fractions;
    };
    if let Some(several) = several {
        return PointMeaning::Thousands {
            example: several.to_vec(),
        };
    }
    let columns = columns(&bytes[start..], separator);
    let mixed = |(pointed, whole): &&(usize, bool)| *pointed > 0 && *whole;
    if columns
        .iter()
        .filter(mixed)
        .any(|(pointed, _)| *pointed >= ENOUGH)
    {
        return PointMeaning::Thousands {
            example: example.to_vec(),
        };
    }
    // In files separated by semicolons, fractions normally use a comma.
    if columns.iter().any(|column| mixed(&column)) || separator == b';' {
        return PointMeaning::Unclear {
            line: line(bytes, at),
            example: example.to_vec(),
        };
    }
    PointMeaning::Fractions
}

/// For each column, the number of values with a point, and whether some are integers of at most three digits.
fn columns(bytes: &[u8], separator: u8) -> Vec<(usize, bool)> {
    let mut columns = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        for (column, cell) in cells(line, separator).enumerate() {
            if column == columns.len() {
                columns.push((0, false));
            }
            let (pointed, whole) = &mut columns[column];
            let digits = cell.strip_prefix(b"-").unwrap_or(cell);
            *pointed += usize::from(in_threes(cell) && cell.contains(&b'.'));
            *whole |= (1..=3).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
        }
    }
    columns
}

/// Line of a byte of the text, from 1.
fn line(bytes: &[u8], at: usize) -> usize {
    bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// Order of day and month in the dates of column number `column`, whose first cells are `head`, in a table from byte
/// `start` on. All rows are examined if the head does not determine it.
pub(super) fn date_order<'a>(
    head: impl Iterator<Item = &'a Vec<u8>>,
    column: usize,
    (bytes, start, separator): (&[u8], usize, u8),
) -> DateOrder {
    let orders = DateOrders::of(head.map(Vec::as_slice));
    if !orders.is_there() {
        return DateOrder::Unknown;
    }
    let rows = bytes[start..].split(|byte| *byte == b'\n');
    DateOrders::of(rows.filter_map(|row| cells(row, separator).nth(column))).order()
}

/// Cells of a column without values in the first lines that tell its kind.
const LATE: usize = 16;

/// Finds the kinds of columns that have no value in the first lines, from later ones: a channel that starts late.
pub(super) fn late_kinds(
    kinds: &mut [Kind],
    commas: Commas,
    (bytes, start, separator): (&[u8], usize, u8),
) {
    let mut found: Vec<Option<Vec<Kind>>> = kinds
        .iter()
        .map(|kind| (*kind == Kind::Empty).then(Vec::new))
        .collect();
    let mut open = found.iter().flatten().count();
    let mut rows = bytes[start..].split(|byte| *byte == b'\n');
    while let Some(row) = rows.next().filter(|_| open > 0) {
        let columns = kinds.iter_mut().zip(&mut found);
        for (cell, (column, found)) in cells(row, separator).zip(columns) {
            let is_value = !cell.is_empty() && !is_mark(cell);
            let Some(seen) = found.as_mut().filter(|_| is_value) else {
                continue;
            };
            let kind = kind(cell, commas, DateOrder::Unknown);
            seen.extend(Some(kind).filter(|kind| *kind != Kind::Empty));
            if seen.len() == LATE {
                *column = usual(seen);
                *found = None;
                open -= 1;
            }
        }
    }
    for (column, found) in kinds.iter_mut().zip(found) {
        if let Some(seen) = found {
            *column = usual(&seen);
        }
    }
}

/// Meaning of commas and points in the values of a table whose first rows are `rows`, and a note if it is unusual. The
/// table begins at byte `start`, in line `first` of the file.
pub(super) fn commas_of(
    rows: &[Vec<Vec<u8>>],
    (bytes, start, separator): (&[u8], usize, u8),
    first: usize,
) -> (Commas, Option<Note>) {
    let later = with_commas(bytes, start, separator);
    let cells = rows.iter().flatten().chain(&later);
    let (mut found, mut example, is_certain) = commas(cells, separator);
    if matches!(found, Commas::None | Commas::Decimal)
        && let Some((comma, point)) = fractions(rows, &later, (bytes, start, separator))
    {
        let note = format!(
            "fractions of one column have a comma in some rows, such as `{comma}`, and a point in others, such as `{point}`: \
             both are read, and neither is a mark of thousands"
        );
        return (Commas::Mixed, Some(note.into()));
    }
    let grouped;
    if found == Commas::None {
        match points(bytes, start, separator) {
            PointMeaning::Fractions => {}
            PointMeaning::Thousands { example: number } => {
                grouped = number;
                (found, example) = (Commas::Points, Some(grouped.as_slice()));
            }
            PointMeaning::Unclear { line, example } => {
                let example = cell(&example);
                let line = first + line - self::line(bytes, start);
                let note = format!(
                    "line {line}: `{example}` may be {}, with a point between thousands; it is read as {example}, and so \
                     are all numbers with a point",
                    example.replace('.', "")
                );
                return (found, Some(note.into()));
            }
        }
    }
    let note = example.map(|example| {
        let (what, how) = match found {
            Commas::Thousands => ("commas between thousands", "without"),
            Commas::Points => ("points between thousands", "without"),
            Commas::Decimal | Commas::Mixed | Commas::None => ("decimal commas", "with a point"),
        };
        let remark = Remark::Numbers {
            what,
            example: cell(example),
            how,
        };
        if is_certain {
            return Note::from(remark);
        }
        // The group of three digits may be decimals, or the decimals a group.
        format!("{remark}; it may be meant otherwise").into()
    });
    (found, note)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &[&[&str]]) -> String {
        let row = |i: usize| columns.iter().map(move |column| column[i % column.len()]);
        let rows = (0..40).map(|i| row(i).collect::<Vec<_>>().join("\t"));
        rows.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_points_mean() {
        let grouped = |columns: &[&[&str]]| {
            let found = points(table(columns).as_bytes(), 0, b'\t');
            matches!(found, PointMeaning::Thousands { .. })
        };
        assert!(grouped(&[&["1714550400000"], &["1.360.000", "-663.000"]]));
        assert!(grouped(&[&["01.05.2024"], &["1.360", "-1.102", "98"]]));
        // Fractions: fewer digits, a leading zero, or the same number of digits everywhere.
        assert!(!grouped(&[&["1.360", "1.5", "98"]]));
        assert!(!grouped(&[&["0.360", "1.525", "98"]]));
        assert!(!grouped(&[&["1.360", "1.525"]]));
        assert!(!grouped(&[&["0.5"], &["1.360", "98"]]));
        assert!(!grouped(&[&["01.05.2024"], &["7"]]));
    }

    /// Late rows count as much as early ones; too few of them leave a doubt.
    #[test]
    fn all_rows_are_looked_at() {
        let late = |rows: &[&str]| {
            let text = "98;-7\n".repeat(1000) + &rows.join("\n");
            points(text.as_bytes(), 0, b';')
        };
        let example = b"12.345".to_vec();
        let one = PointMeaning::Unclear {
            line: 1001,
            example: example.clone(),
        };
        assert_eq!(late(&["12.345;3"]), one);
        let many = PointMeaning::Thousands { example };
        assert_eq!(late(&["12.345;3"; 20]), many);
        assert_eq!(late(&["12.345;3", "3;0.5"]), PointMeaning::Fractions);
        let several = PointMeaning::Thousands {
            example: b"1.012.345".to_vec(),
        };
        assert_eq!(late(&["12.345;3", "3;1.012.345"]), several);
        // If all numbers of a column have the same form, they are fractions.
        let text = "7\t12.345\n".repeat(30);
        assert_eq!(points(text.as_bytes(), 0, b'\t'), PointMeaning::Fractions);
    }

    #[test]
    fn dates_of_all_rows_tell_their_order() {
        let text = "1,03/04/2025 10:00\n".repeat(500) + "2,\"13/04/2025 10:00\"\n";
        let head = [b"03/04/2025 10:00".to_vec()];
        let of = |text: &str| date_order(head.iter(), 1, (text.as_bytes(), 0, b','));
        assert_eq!(of(&text), DateOrder::DayFirst);
        assert_eq!(of(&text[..500]), DateOrder::Unknown);
    }
}
