//! The names of the columns of a table: in a line above the values, in a comment, or none.

use support::words::{counted, letters_and_digits};

use super::super::text::cell;
use super::super::time::DateOrder;
use super::super::time_parts::is_part_of_date;
use super::super::{Notes, Remark};
use super::kinds::{Kind, is_time, kind, loose_kinds};
use super::line::{ALIKE, Line, split};
use super::names::{time_name, with_unit};
use super::number::Commas;
use super::units::{UNITS, plain_unit, unit};
use super::{levels, numbered};

/// Names of `width` columns, above line `first`, and the line they are in.
pub(super) fn names(
    rows: &[Vec<Vec<u8>>],
    lines: &[Line<'_>],
    comments: &[(usize, Vec<u8>)],
    (first, width, separator): (usize, usize, u8),
    notes: &mut Notes,
) -> (Vec<String>, Option<usize>) {
    let (above, below) = rows.split_at(first);
    let cut = cut_rows(above, width);
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
    // Only the rows, or only the names, may have a trailing separator.
    // R counts rows in a column without a name, and writes a date and a time of day below one name.
    let least = width.saturating_sub(if counts_dates(below) { 2 } else { 1 });
    let fits = |row: &[Vec<u8>]| (least..=width).contains(&row.len()) || filled(row) == width;
    let plain = |cell: &Vec<u8>| kind(cell, Commas::None, DateOrder::DayFirst);
    let is_blank = |row: &[Vec<u8>]| row.iter().all(Vec::is_empty);
    let named = |row: &[Vec<u8>]| {
        is_blank(row)
            || fits(row)
                && !is_setting(row, width)
                && (row.iter().any(|cell| plain(cell) == Kind::Text)
                    || numbered::is_names(row, below.first()))
                && !row.iter().any(|cell| is_time(plain(cell)))
    };
    // Between names and rows there may be units, averaging methods and a blank line; above the names, anything.
    let apart = |i: usize| (i + 1..=first).any(|i| lines[i].apart);
    let all = (0..above.len()).rev().take_while(|i| named(above[*i]));
    let all: Vec<usize> = all.filter(|i| !is_blank(above[*i])).collect();
    let near: Vec<usize> = all.iter().copied().take_while(|i| !apart(*i)).collect();
    let block = if near.is_empty() { &all } else { &near };
    let foreign = names_above_others(&above, width).filter(|_| block.is_empty());
    notes.extend(foreign.map(|found| others_between(lines, (found + 1, above.len()))));
    let found = line_of_names(block, &above, width).or(foreign);
    let line = found.map(|found| above_units(found, block, &above));
    let mut names: Vec<String> = if let Some(found) = &line {
        if *found > 0 || block.len() > 1 {
            notes.push(Remark::NamesInLine(lines[*found].number));
        }
        let mut names: Vec<String> = above[*found].iter().map(|name| cell(name)).collect();
        // `Min,-1.5,-2.2` is no row of units.
        let mut below_names = above[*found + 1..].to_vec();
        below_names.retain(|row| row.len() <= width && !loose_kinds(row).contains(&Kind::Number));
        for (i, name) in names.iter_mut().enumerate() {
            let units = below_names.iter().filter_map(|row| row.get(i));
            let named = units.filter_map(|unit| with_unit(name, &cell(unit))).next();
            *name = named.unwrap_or_else(|| std::mem::take(name));
        }
        levels::join(&mut names, *found, block, &above);
        name_times_by_unit(&mut names, &below_names);
        align(&mut names, below, width, lines[*found].number, notes);
        notes.extend(rows_between(&names, &above, *found, lines));
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

/// Cells of a row but for empty ones at its end.
fn filled(row: &[Vec<u8>]) -> usize {
    row.iter().rev().skip_while(|cell| cell.is_empty()).count()
}

/// Lines of something else between names and rows.
const FOREIGN: usize = 8;

/// The line of names above lines that have nothing to do with the table, such as what a logger or a GPS receiver says when it
/// starts.
fn names_above_others(above: &[&[Vec<u8>]], width: usize) -> Option<usize> {
    let is_of_names = |i: &usize| {
        let row = above[*i];
        let texts = row
            .iter()
            .all(|cell| kind(cell, Commas::None, DateOrder::DayFirst) == Kind::Text);
        row.len() == width
            && width > 1
            && texts
            && row.iter().any(|name| time_name(&cell(name)).is_some())
    };
    (0..above.len()).rev().take(FOREIGN + 1).find(is_of_names)
}

/// A note on lines from number `from` up to `to`, between names and rows.
fn others_between(lines: &[Line<'_>], (from, to): (usize, usize)) -> String {
    let first = cell(lines[from].bytes.trim_ascii());
    format!(
        "left out {} between the names and the rows: line {}: `{}`",
        counted(to - from, "line"),
        lines[from].number,
        first.chars().take(60).collect::<String>()
    )
}

/// The line of names in a `block` of lines, from the last to the first: one that names the times, else the last or the first.
fn line_of_names(block: &[usize], above: &[&[Vec<u8>]], width: usize) -> Option<usize> {
    let telling = |i: &&usize| {
        let mut cells = above[**i].iter().map(|name| cell(name));
        cells.any(|name| time_name(&name).is_some())
    };
    // `min,-1.5,-2.2` has statistics of the channels, and `time,1,2` may have names.
    let has_number = |i: &&usize| loose_kinds(above[**i]).contains(&Kind::Number);
    let is_statistic = |i: &&usize| {
        let kinds = loose_kinds(above[**i]);
        let are_numbers = kinds.len() > 1 && kinds[1..].iter().all(|kind| *kind == Kind::Number);
        are_numbers
            && above[**i]
                .first()
                .is_some_and(|cell| unit(&plain_unit(cell)).is_some())
    };
    let mut all = block
        .iter()
        .rev()
        .filter(telling)
        .filter(|i| !is_statistic(i));
    let plain = all.clone().find(|i| !has_number(i));
    if let Some(found) = plain.or_else(|| all.next()) {
        return Some(*found);
    }
    // A line of fewer cells, such as a title, is none of names beside one with as many as the rows have.
    let is_full = |i: &usize| filled(above[*i]) == width;
    let full: Vec<usize> = block.iter().copied().filter(is_full).collect();
    let likely = if full.is_empty() { block } else { &full };
    let found = if likely.len() <= 3 {
        likely.last()
    } else {
        likely.first()
    };
    found.copied()
}

/// A note on a row with a number between line `found`, which has the `names`, and the values. Where a name tells the times, what
/// has none is part of the heading; without times, it may be a row of values one of which cannot be read.
fn rows_between(
    names: &[String],
    above: &[&[Vec<u8>]],
    found: usize,
    lines: &[Line<'_>],
) -> Option<String> {
    if names.iter().any(|name| time_name(name).is_some()) {
        return None;
    }
    let has_number = |line: &usize| {
        let row = above[*line];
        row.len() == names.len() && loose_kinds(row).contains(&Kind::Number)
    };
    let line = (found + 1..above.len()).find(has_number)?;
    Some(format!(
        "line {}: `{}` is taken for a part of the heading: if it is a row of values, write `NaN` for those that are missing",
        lines[line].number,
        cell(lines[line].bytes.trim_ascii())
    ))
}

/// Whether a row above rows of `width` cells is a setting and its value, such as `UNITS = counts`, `NPTS= 3000, DT= .01 SEC` or
/// `Instrument:, T1`.
fn is_setting(row: &[Vec<u8>], width: usize) -> bool {
    let mut ends = row.iter().map(|cell| cell.trim_ascii().last().copied());
    if ends.clone().any(|end| end == Some(b'=')) {
        return true;
    }
    let filled = ends.clone().flatten().count();
    filled == 2 && width > 2 && ends.next() == Some(Some(b':'))
}

/// A row without the cell that says that it has the names, as in `;Headers,time,Ax,Ay` or `% time Ax Ay`.
fn unmarked(row: &[Vec<u8>], width: usize) -> &[Vec<u8>] {
    let is_mark = |cell: &Vec<u8>| {
        let marks = cell.iter().take_while(|byte| !byte.is_ascii_alphabetic());
        let word = cell[marks.count()..].trim_ascii_end();
        let is_comment = !cell.is_empty() && cell.iter().all(|byte| b"%!;/".contains(byte));
        let words = [&b"header"[..], b"headers"];
        is_comment || words.iter().any(|known| word.eq_ignore_ascii_case(known))
    };
    match row {
        [mark, names @ ..] if names.len() == width && is_mark(mark) => names,
        _ => row,
    }
}

/// The line of names above line `found` of a `block` of lines, if that has units: a unit of time, and units of samples.
fn above_units(found: usize, block: &[usize], above: &[&[Vec<u8>]]) -> usize {
    let are_units = |row: &[Vec<u8>]| {
        let cells: Vec<String> = row.iter().map(|cell| plain_unit(cell)).collect();
        let others: Vec<&String> = cells
            .iter()
            .filter(|cell| !cell.is_empty() && unit(cell).is_none())
            .collect();
        let is_there_time = cells.iter().any(|cell| unit(cell).is_some());
        let repeated = |i: usize| others[..i].contains(&others[i]);
        let are_units = others.iter().all(|cell| UNITS.contains(&cell.as_str()));
        is_there_time && (are_units || (0..others.len()).any(repeated))
    };
    let next = block.iter().find(|line| **line < found);
    match next {
        Some(next) if are_units(above[found]) && !are_units(above[*next]) => *next,
        _ => found,
    }
}

/// Names the column of times by the unit in a line below, if no name tells the times: the first column, or one whose name
/// begins with a word for time, as `Zeit 1 - Messrate`.
fn name_times_by_unit(names: &mut [String], below: &[&[Vec<u8>]]) {
    if names.iter().any(|name| time_name(name).is_some()) {
        return;
    }
    let Some(units) = below
        .iter()
        .find(|row| row.iter().any(|cell| unit(&plain_unit(cell)).is_some()))
    else {
        return;
    };
    let is_time = |i: &usize| {
        units
            .get(*i)
            .is_some_and(|cell| unit(&plain_unit(cell)).is_some())
    };
    let all: Vec<usize> = (0..names.len()).filter(is_time).collect();
    if let [at] = all[..] {
        let first = names[at].split_whitespace().next().unwrap_or_default();
        if at == 0 || time_name(first).is_some() {
            names[at] = format!("time ({})", plain_unit(&units[at]));
        }
    }
}

/// Number of lines at the end that are rows of fewer cells: a logger that is switched on may lose the beginning of the first.
fn cut_rows(above: &[Vec<Vec<u8>>], width: usize) -> usize {
    let is_cut = |row: &&Vec<Vec<u8>>| {
        let kinds = loose_kinds(row);
        row.len() < width && kinds.contains(&Kind::Number) && !kinds.contains(&Kind::Text)
    };
    above.iter().rev().take_while(is_cut).count()
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
    if names.len() + 2 == width && counts_dates(rows) {
        names.insert(0, String::new());
    }
    if names.len() + 1 != width || !rows.iter().take(ALIKE).any(is_filled) {
        return;
    }
    if let Some(at) = date_and_clock(names, rows) {
        // A blank between the two is a separator as well.
        names.insert(at + 1, String::new());
    } else if counts(rows) {
        names.insert(0, String::new());
    } else {
        notes.push(format!(
            "line {line} names {} of {width} columns: the last is taken for the one without a name",
            width - 1
        ));
    }
}

/// The number of a name of times below which there are a date and, in the next column, a time of day.
fn date_and_clock(names: &[String], rows: &[Vec<Vec<u8>>]) -> Option<usize> {
    let kinds = loose_kinds(rows.first()?);
    let is_both = |pair: &[Kind]| matches!(pair, [Kind::Day, Kind::Clock]);
    let at = kinds.windows(2).position(is_both)?;
    time_name(names.get(at)?).is_some().then_some(at)
}

/// Whether the first cells of rows are their numbers, as R writes them without a name.
fn counts(rows: &[Vec<Vec<u8>>]) -> bool {
    let numbers = rows
        .iter()
        .map(|row| str::from_utf8(row.first()?).ok()?.parse::<u64>().ok());
    let numbers: Option<Vec<u64>> = numbers.collect();
    numbers.is_some_and(|numbers| {
        numbers.first().is_some_and(|first| *first <= 1)
            && numbers.windows(2).all(|pair| pair[1] == pair[0] + 1)
    })
}

/// Whether rows have their number, a date and a time of day, as R writes them.
fn counts_dates(rows: &[Vec<Vec<u8>>]) -> bool {
    let kinds = rows.first().map(|row| loose_kinds(row));
    let is_both = |kinds: Vec<Kind>| kinds.get(1..3) == Some(&[Kind::Day, Kind::Clock]);
    kinds.is_some_and(is_both) && counts(rows)
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
    let above = comments
        .iter()
        .rev()
        .skip_while(|(before, _)| *before > first);
    let above = above.take_while(|(before, _)| *before == first);
    let block: Vec<Vec<String>> = above.map_while(|(_, line)| names(line)).collect();
    // Below the names may be units, such as `yr`.
    let telling = |names: &Vec<String>| {
        let is_time =
            |name: &String| time_name(name).is_some() || is_part_of_date(&letters_and_digits(name));
        names.iter().any(is_time)
    };
    let found = block.iter().rposition(telling).unwrap_or(0);
    block.into_iter().nth(found)
}
