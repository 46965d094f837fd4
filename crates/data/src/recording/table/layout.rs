//! Finds the layout of a table in text: its separator, the line with its names, the first row of numbers, and the kinds of columns.

use support::words::counted;

use super::super::text::cell;
use super::super::time::DateOrder;
use super::super::{Notes, Remark};
use super::kinds::{Kind, is_time, kind, loose_kinds, usual};
use super::line::{split, trimmed};
use super::names::{time_name, with_unit};
use super::number::Commas;
use super::parts::is_part_of_date;
use super::whole;
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
    pub notes: Notes,
}

/// Number of lines that are looked at.
const HEAD: usize = 256;
/// Number of rows after the header that must agree, or all if there are fewer.
const ALIKE: usize = 6;

/// A line of the head that is neither blank nor a comment.
struct Line<'a> {
    number: usize,
    start: usize,
    bytes: &'a [u8],
    /// Whether a blank line is above it.
    apart: bool,
}

/// Finds the layout of a table.
///
/// # Errors
/// If no line begins a table.
pub(super) fn find(bytes: &[u8]) -> Result<Layout, TableError> {
    let (lines, comments) = head(bytes);
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
    let start = lines[first].start;
    let (commas, notes) = whole::commas_of(&rows[first..], (bytes, start, separator));
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
    let orders: Vec<DateOrder> = (0..names.len())
        .map(|i| whole::date_order(column(i), i, (bytes, start, separator)))
        .collect();
    let kinds = orders.iter().enumerate().map(|(i, order)| {
        let kinds: Vec<Kind> = column(i).map(|cell| kind(cell, commas, *order)).collect();
        usual(&kinds)
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
        notes,
    })
}

/// Cells of the first lines, by a separator, and the first row of values.
struct Separated {
    separator: u8,
    rows: Vec<Vec<Vec<u8>>>,
    first: usize,
}

/// The separator by which lines are a table: prefers more cells, then more rows, then the separator listed first.
fn separated(lines: &[Line<'_>]) -> Option<Separated> {
    let has = |separator: u8| {
        let ends =
            |byte: &u8| *byte == separator || separator == b' ' && byte.is_ascii_whitespace();
        let mut lines = lines.iter();
        lines.any(|line| trimmed(line.bytes, separator).iter().any(ends))
    };
    let by = |separator: u8| {
        let rows: Vec<Vec<Vec<u8>>> = lines.iter().map(|l| split(l.bytes, separator)).collect();
        let first = values_begin(&rows)?;
        let rank = (rows[first].len().min(2), rows.len() - first);
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
    let found = best(&there).filter(|((cells, _), _)| *cells > 1 || absent.is_empty());
    found.or_else(|| best(&all)).map(|(_, separated)| separated)
}

/// The first lines with something in them, and of the comments the last before each.
fn head(bytes: &[u8]) -> (Vec<Line<'_>>, Vec<(usize, Vec<u8>)>) {
    let (mut lines, mut comments) = (Vec::new(), Vec::new());
    let (mut start, mut number) = (0, 1);
    let mut apart = false;
    while start < bytes.len() && lines.len() < HEAD {
        let (line, ends) = line(&bytes[start..]);
        let own = line.trim_ascii();
        if own.starts_with(b"#") {
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
/// have a time where it has one: their values are missing, or cannot be read.
fn values_begin(rows: &[Vec<Vec<u8>>]) -> Option<usize> {
    let mut kinds = Vec::with_capacity(rows.len());
    let mut rest = rows.iter();
    let first = (0..rows.len()).find(|first| {
        let known = (first + ALIKE).saturating_sub(kinds.len());
        kinds.extend(rest.by_ref().take(known).map(|row| loose_kinds(row)));
        are_numbers(&kinds[*first..])
    })?;
    let below = &kinds[first];
    let has_time = |own: &&Vec<Kind>| {
        let mut both = own.iter().zip(below);
        let fits = |(own, below): (&Kind, &Kind)| {
            is_time(*own) == is_time(*below) || matches!(*own, Kind::Empty | Kind::Text)
        };
        let is_both = |(own, below): (&Kind, &Kind)| is_time(*own) && is_time(*below);
        own.len() == below.len() && both.clone().any(is_both) && both.all(fits)
    };
    let above = kinds[..first].iter().rev().take_while(has_time);
    Some(first - above.count())
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

/// Names of `width` columns, above line `first`, and the line they are in.
fn names(
    rows: &[Vec<Vec<u8>>],
    lines: &[Line<'_>],
    comments: &[(usize, Vec<u8>)],
    (first, width, separator): (usize, usize, u8),
    notes: &mut Notes,
) -> (Vec<String>, Option<usize>) {
    let (above, below) = rows.split_at(first);
    // A logger that is switched on may lose the beginning of the first row.
    let is_cut = |row: &&Vec<Vec<u8>>| {
        let kinds = loose_kinds(row);
        row.len() < width && kinds.contains(&Kind::Number) && !kinds.contains(&Kind::Text)
    };
    let cut = above.iter().rev().take_while(is_cut).count();
    let above: Vec<&[Vec<u8>]> = above[..first - cut]
        .iter()
        .map(|row| unmarked(row, width))
        .collect();
    if cut > 0 && !above.is_empty() {
        notes.push(format!(
            "left out {}: line {}: {} cells, but there are {width} columns",
            counted(cut, "row"),
            lines[first - cut].number,
            rows[first - cut].len()
        ));
    }
    let filled = |row: &[Vec<u8>]| row.iter().rev().skip_while(|cell| cell.is_empty()).count();
    // Only the rows, or only the names, may have a trailing separator.
    let fits =
        |row: &[Vec<u8>]| row.len() == width || row.len() + 1 == width || filled(row) == width;
    let plain = |cell: &Vec<u8>| kind(cell, Commas::None, DateOrder::DayFirst);
    let named = |row: &[Vec<u8>]| {
        fits(row)
            && row.iter().any(|cell| plain(cell) == Kind::Text)
            && !row.iter().any(|cell| is_time(plain(cell)))
    };
    // Between names and rows there may be units, averaging methods and a blank line; above the names, anything.
    let apart = |i: usize| (i + 1..=first).any(|i| lines[i].apart);
    let all = (0..above.len()).rev().take_while(|i| named(above[*i]));
    let all: Vec<usize> = all.collect();
    let near: Vec<usize> = all.iter().copied().take_while(|i| !apart(*i)).collect();
    let block = if near.is_empty() { &all } else { &near };
    let telling = |i: &&usize| {
        let mut cells = above[**i].iter().map(|name| cell(name));
        cells.any(|name| time_name(&name).is_some())
    };
    let found = block.iter().rev().find(telling);
    let found = found.or(if block.len() <= 3 {
        block.last()
    } else {
        block.first()
    });
    let line = found.copied();
    let mut names: Vec<String> = if let Some(found) = found {
        if *found > 0 || block.len() > 1 {
            notes.push(Remark::NamesInLine(lines[*found].number));
        }
        let mut names: Vec<String> = above[*found].iter().map(|name| cell(name)).collect();
        for (i, name) in names.iter_mut().enumerate() {
            let units = above[*found + 1..].iter().filter_map(|row| row.get(i));
            let named = units.filter_map(|unit| with_unit(name, &cell(unit))).next();
            *name = named.unwrap_or_else(|| std::mem::take(name));
        }
        align(&mut names, below, width, lines[*found].number, notes);
        names
    } else if let Some(names) = commented(comments, first, width, separator) {
        notes.push(Remark::NamesInComment);
        names
    } else {
        notes.push(Remark::NoNames {
            line: lines[first].number,
            columns: width,
        });
        (1..=width).map(|n| n.to_string()).collect()
    };
    names.truncate(width);
    names.resize(width, String::new());
    (names, line)
}

/// A row without the cell that says that it has the names, as in `;Headers,time,Ax,Ay`.
fn unmarked(row: &[Vec<u8>], width: usize) -> &[Vec<u8>] {
    let is_mark = |cell: &Vec<u8>| {
        let marks = cell.iter().take_while(|byte| !byte.is_ascii_alphabetic());
        let word = cell[marks.count()..].trim_ascii_end();
        [&b"header"[..], b"headers"]
            .iter()
            .any(|own| word.eq_ignore_ascii_case(own))
    };
    match row {
        [mark, names @ ..] if names.len() == width && is_mark(mark) => names,
        _ => row,
    }
}

/// Adds the name that a line of `width - 1` names lacks: that of the first column if it counts `rows`, else that of the last.
fn align(
    names: &mut Vec<String>,
    rows: &[Vec<Vec<u8>>],
    width: usize,
    line: usize,
    notes: &mut Notes,
) {
    let is_filled = |row: &Vec<Vec<u8>>| row.get(width - 1).is_some_and(|cell| !cell.is_empty());
    if names.len() + 1 != width || !rows.iter().take(ALIKE).any(is_filled) {
        return;
    }
    if counts(rows) {
        names.insert(0, String::new());
    } else {
        notes.push(format!(
            "line {line} names {} of {width} columns: the last is taken for the one without a name",
            width - 1
        ));
    }
}

/// Whether the first cells of rows are their numbers, as R writes them without a name.
fn counts(rows: &[Vec<Vec<u8>>]) -> bool {
    let numbers = rows
        .iter()
        .map(|row| str::from_utf8(row.first()?).ok()?.parse::<u64>().ok());
    let numbers: Option<Vec<u64>> = numbers.collect();
    numbers.is_some_and(|numbers| {
        numbers[0] <= 1 && numbers.windows(2).all(|pair| pair[1] == pair[0] + 1)
    })
}

/// Names in the comment before line `first`, as NumPy writes them.
fn commented(
    comments: &[(usize, Vec<u8>)],
    first: usize,
    width: usize,
    separator: u8,
) -> Option<Vec<String>> {
    let names = |line: &[u8]| -> Option<Vec<String>> {
        let cells = split(line.trim_ascii(), separator);
        let names: Vec<String> = cells.iter().map(|name| cell(name)).collect();
        let is_name = |name: &String| time_name(name).is_some() || name.parse::<f64>().is_err();
        let good = names.len() == width && names.iter().any(is_name);
        (good && !names.iter().any(|name| name.contains(':'))).then_some(names)
    };
    let own = comments
        .iter()
        .rev()
        .skip_while(|(before, _)| *before > first);
    let own = own.take_while(|(before, _)| *before == first);
    let block: Vec<Vec<String>> = own.map_while(|(_, line)| names(line)).collect();
    // Below the names may be units, such as `yr`.
    let telling = |names: &Vec<String>| {
        let is_time = |name: &String| time_name(name).is_some() || is_part_of_date(name);
        names.iter().any(is_time)
    };
    let found = block.iter().rposition(telling).unwrap_or(0);
    block.into_iter().nth(found)
}
