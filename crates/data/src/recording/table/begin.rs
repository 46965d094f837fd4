//! Rows at the beginning of a table that have no values or cannot be read, as of a sensor that starts later than the logger, and
//! numbers above its names.

use super::super::text::cell;
use super::kinds::{Kind, is_time, loose_kinds};
use super::line::{Line, split};
use super::names::time_name;
use super::units::{UNITS, plain_unit};

/// Lines of a heading.
const HEADING: usize = 3;
/// Separators of such rows. Blanks cannot separate cells with nothing in them.
const SEPARATORS: [u8; 4] = [b';', b'\t', b',', b'|'];

/// Number of rows right above row `first` whose values are all missing. Without times they take the place of samples: all
/// later rows would be too early without them. Beside times, they say nothing.
pub(super) fn missing_above(rows: &[Vec<Vec<u8>>], kinds: &[Vec<Kind>], first: usize) -> usize {
    let below = &kinds[first];
    let is_missing = |line: &usize| {
        let mut cells = rows[*line].iter().zip(&kinds[*line]);
        rows[*line].len() == below.len()
            && cells.all(|(cell, kind)| *kind == Kind::Empty || is_mark(cell))
    };
    let above = (0..first).rev().take_while(is_missing).count();
    if above == 0 || below.iter().any(|kind| is_time(*kind)) {
        return 0;
    }
    let Some(heading) = (first - above).checked_sub(1) else {
        return above;
    };
    // A spreadsheet's blank line below units is none.
    let is_unit = |cell: &Vec<u8>| UNITS.contains(&&*plain_unit(cell));
    let is_blank = above == 1 && rows[first - 1].iter().all(Vec::is_empty);
    if is_blank && rows[heading].iter().all(is_unit) {
        return 0;
    }
    let is_heading = rows[heading].len() == below.len() && kinds[heading].contains(&Kind::Text);
    let names_times =
        |line: &Vec<Vec<u8>>| line.iter().any(|name| time_name(&cell(name)).is_some());
    let has_times = rows[..=heading].iter().rev().take(3).any(names_times);
    if is_heading && !has_times { above } else { 0 }
}

/// Number of lines at the end of a heading that are rows of `width` cells with nothing in them but tabs, and their bytes: other
/// lines of blanks are none.
pub(super) fn tabs_above(heading: &[u8], width: usize) -> (usize, usize) {
    let lines = heading.split_inclusive(|byte| *byte == b'\n').rev();
    let is_row = |line: &&[u8]| {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line.len() + 1 == width && line.iter().all(|byte| *byte == b'\t')
    };
    let rows = lines.take_while(is_row).filter(|_| width > 1);
    rows.fold((0, 0), |(count, length), line| {
        (count + 1, length + line.len())
    })
}

/// The byte and the number of the first line that has a number where `last`, which is a row without values, has none; `None` if
/// `last` is no such row. Lines begin at byte `start`, the first of them being line `number`.
pub(super) fn first_values(
    bytes: &[u8],
    last: &Line<'_>,
    (start, number): (usize, usize),
) -> Option<(usize, usize)> {
    let count = |separator: &u8| last.bytes.iter().filter(|byte| *byte == separator).count();
    let separator = SEPARATORS.into_iter().max_by_key(count)?;
    let cells = split(last.bytes, separator);
    let last_kinds = cells.iter().zip(loose_kinds(&cells));
    let last_kinds = last_kinds.map(|(cell, kind)| if is_mark(cell) { Kind::Empty } else { kind });
    let last_kinds: Vec<Kind> = last_kinds.collect();
    let is_known = |kind: &Kind| *kind == Kind::Empty || is_time(*kind);
    if !last_kinds.contains(&Kind::Empty) || !last_kinds.iter().all(is_known) {
        return None;
    }
    let mut at = start;
    for (i, line) in bytes.get(start..)?.split(|byte| *byte == b'\n').enumerate() {
        let kinds = loose_kinds(&split(line, separator));
        let mut both = last_kinds.iter().zip(&kinds);
        if both.any(|(kind, here)| *kind == Kind::Empty && *here == Kind::Number) {
            return Some((at, number + i));
        }
        at += line.len() + 1;
    }
    None
}

/// The first row, above row `first`, below a line of names if all rows between have a number or a time in the column of times.
pub(super) fn below_names(
    rows: &[Vec<Vec<u8>>],
    kinds: &[Vec<Kind>],
    first: usize,
) -> Option<usize> {
    let below = &kinds[first];
    let is_value = |kind: Kind| kind == Kind::Number || is_time(kind);
    let is_row =
        |row: &&Vec<Kind>| row.len() == below.len() && row.iter().any(|kind| is_value(*kind));
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
    let has_time = |row: &Vec<Kind>| is_value(row[at]);
    kinds[begin..=first].iter().all(has_time).then_some(begin)
}

/// Whether a cell says that there is no value, as recorders do beyond their range, and spreadsheets.
pub(super) fn is_mark(cell: &[u8]) -> bool {
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

/// The row below a line of names that is near below row `first`: what is above the names are no rows of the table, such as
/// numbers of channels and samples.
pub(super) fn below_late_names(
    rows: &[Vec<Vec<u8>>],
    kinds: &[Vec<Kind>],
    first: usize,
) -> Option<usize> {
    let is_name = |cell: &Vec<u8>| cell.first().is_some_and(u8::is_ascii_alphabetic);
    let are_names = |line: &usize| {
        let row = &rows[*line];
        let texts = kinds[*line].iter().all(|kind| *kind == Kind::Text);
        let different = (1..row.len()).all(|i| !row[..i].contains(&row[i]));
        texts
            && different
            && row.len() == kinds[first].len()
            && row.iter().all(is_name)
            && !row.iter().any(|cell| is_mark(cell))
    };
    // Below names, others are there again.
    let is_named = (0..first).any(|line| are_names(&line));
    let end = rows.len().min(first + 1 + HEADING);
    let found = (first + 1..end).find(are_names).filter(|_| !is_named)?;
    let begin = (found + 1..rows.len()).find(|line| kinds[*line].contains(&Kind::Number))?;
    let has_time = |line: usize| {
        rows[line]
            .iter()
            .any(|name| time_name(&cell(name)).is_some())
    };
    // A text in a row that cannot be read is no name: names of times are, and those above nothing but numbers.
    let are_numbers = |row: &Vec<Kind>| row.iter().all(|kind| *kind == Kind::Number);
    (has_time(found) || kinds[begin..].iter().all(are_numbers)).then_some(begin)
}
