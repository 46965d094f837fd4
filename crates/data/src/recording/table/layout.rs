//! Finds the layout of a table in text: its separator, the line with its names, the first row of numbers, and the kinds of columns.

use std::cmp::Reverse;

use super::super::Notes;
use super::super::text::cell;
use super::super::time::DateOrder;
use super::begin::{
    below_late_names, below_names, first_values, is_mark, missing_above, tabs_above,
};
use super::headings::names;
use super::kinds::{Kind, is_time, kind, loose_kinds, usual};
use super::line::{ALIKE, Line, split, trimmed};
use super::names::time_name;
use super::number::Commas;
use super::sensors::is_sensor;
use super::{numbered, whole};
use crate::error::recording::TableError;

/// A table's layout.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    pub separator: u8,
    /// What commas within numbers mean.
    pub commas: Commas,
    pub names: Vec<String>,
    /// The line with the names; empty if there is none.
    pub header: Vec<u8>,
    pub kinds: Vec<Kind>,
    /// Order of day and month in the dates of each column.
    pub orders: Vec<DateOrder>,
    /// Byte at which the first row of values begins.
    pub start: usize,
    /// Number of its line in the file, from 1.
    pub line: usize,
    pub notes: Notes,
}

/// Number of lines that are looked at.
const HEAD: usize = 256;
/// One of so many lines may be something else, such as what a logger says of itself.
const FEW: usize = 20;

/// Finds the layout of a table whose first line has the number `number` in the file.
///
/// # Errors
/// If no line begins a table.
pub(super) fn find(bytes: &[u8], number: usize) -> Result<Layout, TableError> {
    let (mut lines, mut comments) = (Vec::new(), Vec::new());
    let rest = head(bytes, (0, number), (&mut lines, &mut comments));
    if lines.is_empty() {
        return Err(TableError::NoLines);
    }
    let mut best = separated(&lines);
    if best.is_none()
        && let Some(begin) = first_values(bytes, &lines[lines.len() - 1], rest)
    {
        head(bytes, begin, (&mut lines, &mut comments));
        best = separated(&lines);
    }
    let Some(Separated {
        separator,
        rows,
        first,
    }) = best
    else {
        return Err(TableError::NoRows {
            lines: lines[lines.len() - 1].number,
            line: lines[0].number,
            text: cell(lines[0].bytes).chars().take(60).collect(),
        });
    };
    let (mut start, mut line) = (lines[first].start, lines[first].number);
    let (commas, notes) = whole::commas_of(&rows[first..], (bytes, start, separator), line);
    let mut notes: Notes = notes.into_iter().collect();
    let lengths = rows[first..].iter().map(Vec::len);
    let width = usual_width(lengths.take(ALIKE), &rows[first..]);
    let (names, header) = names(
        &rows,
        &lines,
        &comments,
        (first, width, separator),
        &mut notes,
    );
    let is_timed = loose_kinds(&rows[first]).into_iter().any(is_time);
    if separator == b'\t' && !is_timed && !names.iter().any(|name| time_name(name).is_some()) {
        let (count, length) = tabs_above(&bytes[..start], width);
        (start, line) = (start - length, line - count);
    }
    let column = |column: usize| rows[first..].iter().filter_map(move |row| row.get(column));
    let told = told_order(&bytes[..start]);
    let orders: Vec<DateOrder> = (0..names.len())
        .map(|i| whole::date_order(column(i), i, (bytes, start, separator)))
        .map(|order| {
            if order == DateOrder::Unknown {
                told
            } else {
                order
            }
        })
        .collect();
    let kinds = orders.iter().enumerate().map(|(i, order)| {
        // Marks of overloads stand for values that are missing.
        let cells = column(i).filter(|cell| !is_mark(cell));
        let kinds: Vec<Kind> = cells.map(|cell| kind(cell, commas, *order)).collect();
        // Some of `00A2`, `1E05` and `7` are numbers, but none of them is one.
        let are_names = is_sensor(&names[i]) && kinds.contains(&Kind::Text);
        if are_names { Kind::Text } else { usual(&kinds) }
    });
    let mut kinds: Vec<Kind> = kinds.collect();
    whole::late_kinds(&mut kinds, commas, (bytes, start, separator));
    Ok(Layout {
        separator,
        commas,
        names,
        header: header.map_or(Vec::new(), |line| {
            trimmed(lines[line].bytes, separator).to_vec()
        }),
        kinds,
        orders,
        start,
        line,
        notes,
    })
}

/// The largest of `lengths` that more than few `rows` have, or of all.
fn usual_width(lengths: impl Iterator<Item = usize>, rows: &[Vec<Vec<u8>>]) -> usize {
    let count = |length: &usize| rows.iter().filter(|row| row.len() == *length).count();
    let mut lengths: Vec<usize> = lengths.collect();
    lengths.sort_unstable_by_key(|length| Reverse(*length));
    let usual = lengths
        .iter()
        .find(|length| count(length) * FEW > rows.len());
    usual.or(lengths.first()).copied().unwrap_or(0)
}

/// The order of dates that a heading tells, as ActiLife's: `date format M/d/yyyy`.
pub(super) fn told_order(heading: &[u8]) -> DateOrder {
    const WORDS: &[u8] = b"date format ";
    let mut windows = heading.windows(WORDS.len());
    let found = windows.position(|window| window.eq_ignore_ascii_case(WORDS));
    let order = found.and_then(|at| heading.get(at + WORDS.len()));
    match order {
        Some(b'M' | b'm') => DateOrder::MonthFirst,
        Some(b'D' | b'd') => DateOrder::DayFirst,
        _ => DateOrder::Unknown,
    }
}

/// Cells of the first lines, by a separator, and the first row of values.
struct Separated {
    separator: u8,
    rows: Vec<Vec<Vec<u8>>>,
    first: usize,
}

impl Separated {
    /// Whether commas are rather those of decimals: one name, and below it two whole numbers in each row.
    fn is_one_column(&self) -> bool {
        let is_name = |row: &Vec<Vec<u8>>| row.len() == 1 && loose_kinds(row) == [Kind::Text];
        let name = self.first.checked_sub(1).map(|line| &self.rows[line]);
        let is_digits = |cell: &[u8]| !cell.is_empty() && cell.iter().all(u8::is_ascii_digit);
        let whole = |cell: &Vec<u8>| is_digits(cell.strip_prefix(b"-").unwrap_or(cell));
        let is_number = |row: &&Vec<Vec<u8>>| match &row[..] {
            [number] => whole(number),
            [number, decimals] => whole(number) && is_digits(decimals),
            _ => false,
        };
        let below = &self.rows[self.first..];
        let numbers = below.iter().filter(is_number).count();
        let halves = below.iter().filter(|row| row.len() == 2).count();
        // There may be marks of missing values, and a line at the end.
        let are_numbers = numbers * 10 >= below.len() * 9 && halves * 2 > below.len();
        // Numbers of rows and times in a first column rise.
        let firsts = below.iter().filter(is_number);
        let firsts =
            firsts.filter_map(|row| str::from_utf8(row.first()?).ok()?.parse::<i64>().ok());
        let rise = firsts.is_sorted();
        self.separator == b',' && name.is_some_and(is_name) && are_numbers && !rise
    }
}

/// The separator by which lines are a table: prefers more cells, then more rows, then fewer texts, since a decimal comma
/// is none, then the separator listed first.
fn separated(lines: &[Line<'_>]) -> Option<Separated> {
    let has = |separator: u8| {
        let ends =
            |byte: &u8| *byte == separator || separator == b' ' && byte.is_ascii_whitespace();
        let mut lines = lines.iter();
        lines.any(|line| trimmed(line.bytes, separator).iter().any(ends))
    };
    let by = |separator: u8| {
        let rows: Vec<Vec<Vec<u8>>> = lines.iter().map(|l| split(l.bytes, separator)).collect();
        let first = values_begin(&rows, lines)?;
        let kinds = rows[first..].iter().take(ALIKE).map(|row| loose_kinds(row));
        let texts = kinds.flatten().filter(|kind| *kind == Kind::Text).count();
        let rank = (rows[first].len().min(2), rows.len() - first, Reverse(texts));
        Some((
            rank,
            Separated {
                separator,
                rows,
                first,
            },
        ))
    };
    let best = |separators: &[u8]| {
        let found = separators.iter().filter_map(|separator| by(*separator));
        found.reduce(|a, b| if b.0 > a.0 { b } else { a })
    };
    let all = [b';', b'\t', b',', b'|', b' '];
    let (there, absent): (Vec<u8>, Vec<u8>) =
        all.into_iter().partition(|separator| has(*separator));
    // By a separator that is not there, each line is one cell.
    let found = best(&there).filter(|((cells, ..), _)| *cells > 1 || absent.is_empty());
    let found = found.or_else(|| best(&all)).map(|(_, separated)| separated);
    found.map(|found| {
        if found.is_one_column() {
            by(b';').map_or(found, |other| other.1)
        } else {
            found
        }
    })
}

/// Adds lines with something in them from byte `start` on, which begins line `number`, and of the comments the last before each.
/// Returns the byte and the number of the next line.
fn head<'a>(
    bytes: &'a [u8],
    (mut start, mut number): (usize, usize),
    (lines, comments): (&mut Vec<Line<'a>>, &mut Vec<(usize, Vec<u8>)>),
) -> (usize, usize) {
    let most = lines.len() + HEAD;
    let mut apart = false;
    while start < bytes.len() && lines.len() < most {
        let (line, ends) = line(&bytes[start..]);
        let text = line.trim_ascii();
        if is_ruler(text) {
            // Between names and rows, as databases print tables.
        } else if text.starts_with(b"#") {
            comments.push((lines.len(), text[1..].to_vec()));
        } else if !text.is_empty() {
            lines.push(Line {
                number,
                start,
                bytes: line,
                apart,
            });
            apart = false;
        } else {
            apart = true;
        }
        start += line.len() + 1;
        number += ends;
    }
    (start, number)
}

/// Whether a line is a ruler, such as `----+----`. Between tabs, `-` stands for a value that is missing.
fn is_ruler(line: &[u8]) -> bool {
    let mut runs = line.chunk_by(|one, next| one == next);
    let has_line = runs.any(|run| b"-=".contains(&run[0]) && run.len() > 2);
    let is_row = line.contains(&b'\t') || line.contains(&b'|') && line[0] != b'|';
    if is_row && !has_line {
        return false;
    }
    let marks = line.iter().filter(|byte| matches!(byte, b'-' | b'='));
    marks.count() >= 3 && line.iter().all(|byte| b"-=+|: \t".contains(byte))
}

/// Lines that a cell in quotation marks may have.
const LINES: usize = 8;

/// The first line of a text without its end, and how many line ends it has: a name in quotation marks may have several.
fn line(bytes: &[u8]) -> (&[u8], usize) {
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let ends = ends.map(|(at, _)| at).chain([bytes.len()]);
    let mut lines = ends.take(LINES).map(|end| &bytes[..end]).enumerate();
    let (_, first) = lines.next().unwrap_or((0, bytes));
    let is_open = |line: &[u8]| line.iter().filter(|byte| **byte == b'"').count() % 2 == 1;
    if first.trim_ascii_start().starts_with(b"#") || !is_open(first) {
        return (first, 1);
    }
    let whole = lines.find(|(_, line)| !is_open(line));
    whole.map_or((first, 1), |(more, line)| (line, more + 1))
}

/// The first line from which on lines have as many cells, of the same kinds, and a number among them; or lines above it that
/// have a time where it has one: their values are missing, or cannot be read. That may be most rows of a channel, so that no
/// line is like most others: the line of names then tells where the times are.
fn values_begin(rows: &[Vec<Vec<u8>>], lines: &[Line<'_>]) -> Option<usize> {
    let mut kinds = Vec::with_capacity(rows.len());
    let mut rest = rows.iter();
    let mut starts = (0..rows.len()).filter(|first| {
        let known = (first + ALIKE).saturating_sub(kinds.len());
        kinds.extend(rest.by_ref().take(known).map(|row| loose_kinds(row)));
        are_numbers(&kinds[*first..])
    });
    let found = starts.next()?;
    let first = if is_setting(rows, lines, found) {
        let mut others = starts.filter(|first| !is_setting(rows, lines, *first));
        others.next().unwrap_or(found)
    } else {
        found
    };
    if kinds.len() < rows.len() {
        kinds.extend(rows[kinds.len()..].iter().map(|row| loose_kinds(row)));
    }
    if let Some(begin) = below_late_names(rows, &kinds, first) {
        return Some(begin);
    }
    let below = &kinds[first];
    let has_time = |row: &&Vec<Kind>| {
        let mut both = row.iter().zip(below);
        let fits = |(above, below): (&Kind, &Kind)| {
            is_time(*above) == is_time(*below) || matches!(*above, Kind::Empty | Kind::Text)
        };
        let is_both = |(above, below): (&Kind, &Kind)| is_time(*above) && is_time(*below);
        row.len() == below.len() && both.clone().any(is_both) && both.all(fits)
    };
    let above = kinds[..first].iter().rev().take_while(has_time).count();
    if above > 0 {
        return Some(first - above);
    }
    if let Some(begin) = below_names(rows, &kinds, first) {
        return Some(begin);
    }
    let missing = missing_above(rows, &kinds, first);
    if missing > 0 {
        return Some(first - missing);
    }
    // Values beyond the range of the recorder, in the first rows.
    let is_overload = |row: &&Vec<Vec<u8>>| {
        let kinds = loose_kinds(row);
        let has_number = kinds.contains(&Kind::Number);
        let fits = |(cell, kind): (&Vec<u8>, &Kind)| {
            matches!(kind, Kind::Number | Kind::Empty) || is_mark(cell)
        };
        kinds.len() == below.len() && has_number && row.iter().zip(&kinds).all(fits)
    };
    let above = rows[..first].iter().rev().take_while(is_overload);
    let first = first - above.count();
    let is_names = numbered::is_names(&rows[first], rows.get(first + 1));
    Some(first + usize::from(is_names))
}

/// Whether row `first` is one of settings above the table: it begins with a text, as nearly no row in the second half does, and lacks
/// a number where those have one, or a blank line is between them.
fn is_setting(rows: &[Vec<Vec<u8>>], lines: &[Line<'_>], first: usize) -> bool {
    let is_text = |row: &&Vec<Vec<u8>>| loose_kinds(&row[..row.len().min(1)]) == [Kind::Text];
    let below = &rows[first + (rows.len() - first) / 2..];
    let texts = below.iter().filter(is_text).count();
    if !is_text(&&rows[first]) || below.len() < 4 * ALIKE || texts * 20 > below.len() {
        return false;
    }
    let kinds = loose_kinds(&rows[first]);
    let mut usual = loose_kinds(&below[0]).into_iter().enumerate();
    let lacks = usual.any(|(at, kind)| kind == Kind::Number && kinds.get(at) != Some(&kind));
    let mut next = (first..rows.len()).filter(|row| !is_text(&&rows[*row]));
    lacks || next.next().is_some_and(|row| lines[row].apart)
}

/// Whether lines have as many cells, of the same kinds, and a number among them.
fn are_numbers(kinds: &[Vec<Kind>]) -> bool {
    let trimmed = |kinds: &[Kind]| {
        let rest = kinds.iter().rev();
        let rest = rest.take_while(|kind| **kind == Kind::Empty);
        kinds.len() - rest.count()
    };
    // One line of something else may be longer.
    let mut widths: Vec<usize> = kinds.iter().map(|kinds| trimmed(kinds)).collect();
    widths.sort_unstable_by_key(|width| Reverse(*width));
    let width = widths.get(usize::from(kinds.len() >= ALIKE));
    let width = width.copied().unwrap_or(0);
    // In a sound table, few rows are truncated or contain nonsense.
    let alike = |row: &&Vec<Kind>| {
        row.len() >= width
            && row.contains(&Kind::Number)
            && row.iter().zip(&kinds[0]).all(|(a, b)| {
                a == b || *a == Kind::Empty || *b == Kind::Empty || is_time(*a) && is_time(*b)
            })
    };
    let good = kinds.iter().filter(alike).count();
    alike(&&kinds[0]) && trimmed(&kinds[0]) <= width && good * 3 >= kinds.len() * 2
}
