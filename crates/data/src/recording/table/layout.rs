//! Finds the layout of a table in text: its separator, the line with its names, the first row of numbers, and the kinds of columns.

use std::cmp::Reverse;

use super::super::Notes;
use super::super::text::cell;
use super::super::time::DateOrder;
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
/// Lines of a heading.
const HEADING: usize = 3;
/// Finds the layout of a table whose first line has the number `number` in the file.
///
/// # Errors
/// If no line begins a table.
pub(super) fn find(bytes: &[u8], number: usize) -> Result<Layout, TableError> {
    let (lines, comments) = head(bytes, number);
    if lines.is_empty() {
        return Err(TableError::NoLines);
    }
    let best = separated(&lines);
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
    let (start, line) = (lines[first].start, lines[first].number);
    let (commas, notes) = whole::commas_of(&rows[first..], (bytes, start, separator), line);
    let mut notes: Notes = notes.into_iter().collect();
    let width = rows[first..]
        .iter()
        .take(ALIKE)
        .map(Vec::len)
        .max()
        .unwrap_or(0);
    let (names, header) = names(
        &rows,
        &lines,
        &comments,
        (first, width, separator),
        &mut notes,
    );
    let column = |column: usize| rows[first..].iter().filter_map(move |row| row.get(column));
    let told = told_order(&bytes[..start]);
    let orders: Vec<DateOrder> = (0..names.len())
        .map(|i| whole::date_order(column(i), i, (bytes, start, separator)))
        .map(|own| if own == DateOrder::Unknown { told } else { own })
        .collect();
    let kinds = orders.iter().enumerate().map(|(i, order)| {
        let kinds: Vec<Kind> = column(i).map(|cell| kind(cell, commas, *order)).collect();
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

/// The order of dates that a heading tells, as ActiLife's: `date format M/d/yyyy`.
fn told_order(heading: &[u8]) -> DateOrder {
    const WORDS: &[u8] = b"date format ";
    let mut windows = heading.windows(WORDS.len());
    let found = windows.position(|own| own.eq_ignore_ascii_case(WORDS));
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
            [own] => whole(own),
            [own, decimals] => whole(own) && is_digits(decimals),
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
    let (there, absent): (Vec<u8>, Vec<u8>) = all.into_iter().partition(|own| has(*own));
    // By a separator that is not there, each line is one cell.
    let found = best(&there).filter(|((cells, ..), _)| *cells > 1 || absent.is_empty());
    let found = found.or_else(|| best(&all)).map(|(_, separated)| separated);
    found.map(|found| {
        if found.is_one_column() {
            by(b';').map_or(found, |own| own.1)
        } else {
            found
        }
    })
}

/// The first lines with something in them, the first of all being line `number`, and of the comments the last before each.
fn head(bytes: &[u8], number: usize) -> (Vec<Line<'_>>, Vec<(usize, Vec<u8>)>) {
    let (mut lines, mut comments) = (Vec::new(), Vec::new());
    let (mut start, mut number) = (0, number);
    let mut apart = false;
    while start < bytes.len() && lines.len() < HEAD {
        let (line, ends) = line(&bytes[start..]);
        let own = line.trim_ascii();
        if is_ruler(own) {
            // Between names and rows, as databases print tables.
        } else if own.starts_with(b"#") {
            comments.push((lines.len(), own[1..].to_vec()));
        } else if !own.is_empty() {
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
    (lines, comments)
}

/// Whether a line is a ruler, such as `----+----`.
fn is_ruler(line: &[u8]) -> bool {
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
    let below = &kinds[first];
    let has_time = |own: &&Vec<Kind>| {
        let mut both = own.iter().zip(below);
        let fits = |(own, below): (&Kind, &Kind)| {
            is_time(*own) == is_time(*below) || matches!(*own, Kind::Empty | Kind::Text)
        };
        let is_both = |(own, below): (&Kind, &Kind)| is_time(*own) && is_time(*below);
        own.len() == below.len() && both.clone().any(is_both) && both.all(fits)
    };
    let above = kinds[..first].iter().rev().take_while(has_time).count();
    if above > 0 {
        return Some(first - above);
    }
    if let Some(begin) = below_names(rows, &kinds, first) {
        return Some(begin);
    }
    // Values beyond the range of the recorder, in the first rows.
    let is_overload = |row: &&Vec<Vec<u8>>| {
        let own = loose_kinds(row);
        let has_number = own.contains(&Kind::Number);
        let fits = |(cell, kind): (&Vec<u8>, &Kind)| {
            matches!(kind, Kind::Number | Kind::Empty) || is_mark(cell)
        };
        own.len() == below.len() && has_number && row.iter().zip(&own).all(fits)
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
    let own = loose_kinds(&rows[first]);
    let mut usual = loose_kinds(&below[0]).into_iter().enumerate();
    let lacks = usual.any(|(at, kind)| kind == Kind::Number && own.get(at) != Some(&kind));
    let mut next = (first..rows.len()).filter(|row| !is_text(&&rows[*row]));
    lacks || next.next().is_some_and(|row| lines[row].apart)
}

/// The first row, above row `first`, below a line of names if all rows between have a number or a time in the column of times.
fn below_names(rows: &[Vec<Vec<u8>>], kinds: &[Vec<Kind>], first: usize) -> Option<usize> {
    let below = &kinds[first];
    let is_value = |kind: Kind| kind == Kind::Number || is_time(kind);
    let is_row =
        |own: &&Vec<Kind>| own.len() == below.len() && own.iter().any(|kind| is_value(*kind));
    let above = kinds[..first].iter().rev().take_while(is_row).count();
    if above == 0 {
        return None;
    }
    let begin = first - above;
    let is_heading = |line: &usize| {
        let are_texts = kinds[*line].iter().all(|kind| *kind == Kind::Text);
        are_texts && rows[*line].len() == below.len()
    };
    // Below the names may be units and averaging methods.
    let heading = (0..begin).rev().take(HEADING).take_while(is_heading);
    let name_of_times = |line: usize| {
        let mut names = rows[line].iter();
        names.position(|name| time_name(&cell(name)).is_some())
    };
    let at = heading.filter_map(name_of_times).next()?;
    let has_time = |own: &Vec<Kind>| is_value(own[at]);
    kinds[begin..=first].iter().all(has_time).then_some(begin)
}

/// Whether a cell says that there is no value, as recorders do beyond their range, and spreadsheets.
fn is_mark(cell: &[u8]) -> bool {
    const MARKS: [&[u8]; 14] = [
        b"OVL",
        b"OVLD",
        b"OVER",
        b"OVR",
        b"OVERLOAD",
        b"OVERFLOW",
        b"OVERRANGE",
        b"OUT OF RANGE",
        b"CLIP",
        b"ERR",
        b"ERROR",
        b"#VALUE!",
        b"#DIV/0!",
        b"#NUM!",
    ];
    let is_stars = !cell.is_empty() && cell.iter().all(|byte| *byte == b'*');
    let is_infinite = matches!(str::from_utf8(cell), Ok("∞" | "-∞" | "+∞"));
    is_stars || is_infinite || MARKS.iter().any(|mark| cell.eq_ignore_ascii_case(mark))
}

/// Whether lines have as many cells, of the same kinds, and a number among them.
fn are_numbers(kinds: &[Vec<Kind>]) -> bool {
    let trimmed = |kinds: &[Kind]| {
        let rest = kinds.iter().rev();
        let rest = rest.take_while(|kind| **kind == Kind::Empty);
        kinds.len() - rest.count()
    };
    let width = kinds.iter().map(|kinds| trimmed(kinds)).max().unwrap_or(0);
    // In a sound table, few rows are truncated or contain nonsense.
    let alike = |own: &&Vec<Kind>| {
        own.len() >= width
            && own.contains(&Kind::Number)
            && own.iter().zip(&kinds[0]).all(|(a, b)| {
                a == b || *a == Kind::Empty || *b == Kind::Empty || is_time(*a) && is_time(*b)
            })
    };
    let good = kinds.iter().filter(alike).count();
    alike(&&kinds[0]) && good * 3 >= kinds.len() * 2
}
