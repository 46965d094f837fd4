//! Tables of metrics as text, one row for an epoch or step.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::decimal::{Commas, pointed};
use super::header::{Header, Role, cells, lines};
use super::table::{Row, Table};
use crate::catalogue::Metric;
use crate::catalogue::tags::{TagMeaning, is_percent, meaning};
use crate::files::{open_regular, read_regular};
use crate::json;
use support::words::counted;

/// Size limit of a table in bytes.
const MAX_SIZE: u64 = 64 << 20;

/// Bytes that hold the names of the columns.
const HEAD: u64 = 16 << 10;

/// Cells that stand for a missing value.
const MISSING: [&str; 9] = ["", "na", "n/a", "#n/a", "#na", "none", "null", "<na>", "-"];

/// Whether a file of this name may be a table of metrics.
pub(super) fn may_be_table(name: &str) -> bool {
    let ending = Path::new(name).extension().unwrap_or_default();
    ["csv", "tsv", "log"]
        .iter()
        .any(|known| ending.eq_ignore_ascii_case(known))
}

/// Whether the file begins with the names of metrics and of their epochs or steps, and has a row.
pub(super) fn is_table(path: &Path) -> bool {
    let is_table = |text: String| {
        let header = Header::of(&text);
        let has_rows = lines(&text).nth(1).is_some();
        has_rows && header.is_some_and(|header| header.several_runs(&text).is_none())
    };
    head(path).is_ok_and(is_table)
}

/// The beginning of a file.
fn head(path: &Path) -> std::io::Result<String> {
    let mut head = Vec::new();
    open_regular(path)?.take(HEAD).read_to_end(&mut head)?;
    Ok(json::text(&head).into_owned())
}

/// Why a file that is called as a table is none of metrics, in words. Logs may be anything.
pub(super) fn problem(path: &Path, name: &str) -> Option<String> {
    let is_log = name.to_lowercase().ends_with(".log");
    if !may_be_table(name) || is_log {
        return None;
    }
    let text = match head(path) {
        Ok(text) => text,
        Err(error) => return Some(format!("which cannot be read: {error}")),
    };
    let rows = lines(&text).count();
    if rows == 0 {
        return Some("which is empty".into());
    }
    let Some(header) = Header::of(&text) else {
        return Some("whose first line names no metrics with their epochs or steps".into());
    };
    let no_rows = (rows == 1).then(|| "which has no rows".into());
    no_rows.or_else(|| header.several_runs(&text))
}

/// Reads a table; `None` if it is not one of metrics.
pub(super) fn read(path: &Path, name: PathBuf) -> Option<Table> {
    if !is_table(path) {
        return None;
    }
    let mut table = Table {
        name,
        tolerance: 1e-6,
        ..Default::default()
    };
    match read_regular(path, MAX_SIZE) {
        Ok(bytes) => rows(&json::text(&bytes), &mut table),
        Err(error) => table.notes.push(format!("not read: {error}")),
    }
    Some(table)
}

/// The number in a cell that has it as Python shows an array or a list of one number: `tensor(0.5, device='cuda:0')`,
/// `np.float64(0.5)`, `[0.5]`.
fn bare(cell: String) -> String {
    let call = cell.strip_suffix(')').and_then(|text| text.split_once('('));
    let inner = match call {
        Some(("tensor" | "array" | "np.float64" | "np.float32", inner)) => Some(inner),
        _ => cell
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']')),
    };
    let number = inner.map(|inner| match inner.split_once(',') {
        Some((number, rest)) if rest.contains('=') => number,
        _ => inner,
    });
    match number.map(str::trim) {
        Some(number) if number.parse::<f64>().is_ok() => number.to_owned(),
        _ => cell,
    }
}

/// What does not fit, for the notes.
#[derive(Default)]
struct Misfits {
    rows: usize,
    cells: usize,
    /// The first cell that is no number: its line and its column.
    first: Option<(usize, String)>,
}

fn rows(text: &str, table: &mut Table) {
    let Some(header) = Header::of(text) else {
        return;
    };
    if let Some(why) = header.several_runs(text) {
        table.notes.push(format!("not read: {why}"));
        return;
    }
    let by_index = !header.roles.contains(&Role::Epoch) && header.roles.contains(&Role::Index);
    let mut columns = Columns::of(&header, table);
    let comma = has_decimal_commas(text, &header);
    let mut misfits = Misfits::default();
    for (number, line) in lines(text).skip(1) {
        // Written again by a program that appends.
        if line == header.line {
            continue;
        }
        if let Some(other) = Header::again(line, header.separator) {
            columns = Columns::of(&other, table);
            continue;
        }
        let cells = cells(line, header.separator);
        if cells.len() != columns.roles.len() {
            misfits.rows += 1;
            continue;
        }
        let cells = cells.into_iter().map(|cell| pointed(bare(cell), comma));
        let row = columns.row(cells, number, &table.columns, &mut misfits);
        table.rows.push(row);
    }
    if by_index && !counts_rows(&table.rows) {
        table.rows.iter_mut().for_each(|row| row.epoch = None);
    }
    misfits.tell(&mut table.notes);
    table.leave_out_twice();
    table.name_validation();
    if !text.ends_with(['\n', '\r']) {
        let note = "its last line has no end, so its last number may be cut short";
        table.notes.push(note.into());
    }
}

/// Whether the numbers of a table have decimal commas.
fn has_decimal_commas(text: &str, header: &Header<'_>) -> bool {
    let mut commas = Commas::default();
    for (_, line) in lines(text).skip(1) {
        let cells = cells(line, header.separator);
        let cells = cells.iter().zip(&header.roles);
        let values = cells.filter(|(_, role)| **role == Role::Value);
        values.for_each(|(cell, _)| commas.see(cell));
    }
    commas.are_decimal()
}

/// What the cells of a row are, below one header.
struct Columns {
    roles: Vec<Role>,
    /// Numbers of the columns in the table.
    at: Vec<usize>,
}

impl Columns {
    /// Adds the columns of a header to the table, those of the same name once. Another one with the name of one before it gets
    /// a column of its own.
    fn of(header: &Header<'_>, table: &mut Table) -> Self {
        let mut at: Vec<usize> = Vec::new();
        for name in &header.names {
            let is_free = |i: &usize| table.columns[*i] == *name && !at.contains(i);
            let column = (0..table.columns.len()).find(is_free);
            at.push(column.unwrap_or_else(|| {
                table.columns.push(name.clone());
                table.columns.len() - 1
            }));
        }
        Self {
            roles: header.roles.clone(),
            at,
        }
    }

    fn row(
        &self,
        cells: impl Iterator<Item = String>,
        number: usize,
        names: &[String],
        misfits: &mut Misfits,
    ) -> Row {
        let known = |name: &String| meaning("", name) != TagMeaning::Unknown;
        let mut row = Row::default();
        for ((cell, role), at) in cells.zip(&self.roles).zip(&self.at) {
            let name = &names[*at];
            match role {
                Role::Epoch => row.epoch = epoch(&cell),
                Role::Index if !self.roles.contains(&Role::Epoch) => row.epoch = cell.parse().ok(),
                Role::Step => row.step = whole(&cell),
                Role::Index => {}
                Role::Value => match value(name, &cell) {
                    Ok(value) => row.values.extend(value.map(|value| (*at, value))),
                    Err(()) if known(name) => {
                        misfits.cells += 1;
                        misfits.first.get_or_insert((number, name.clone()));
                    }
                    Err(()) => {}
                },
            }
        }
        row
    }
}

/// The epoch of a cell: a number, also before that of all epochs as in `3/50`.
pub(super) fn epoch(cell: &str) -> Option<f64> {
    let number = match cell.split_once('/') {
        Some((number, all)) if all.trim().parse::<u32>().is_ok() => number.trim(),
        _ => cell,
    };
    number.parse().ok()
}

impl Misfits {
    fn tell(self, notes: &mut Vec<String>) {
        if self.rows > 0 {
            let rows = counted(self.rows, "row");
            notes.push(format!("{rows} passed over: not as many cells as columns"));
        }
        if let Some((line, column)) = self.first {
            let cells = counted(self.cells, "cell");
            notes.push(format!(
                "{cells} not read: no number (the first: line {line}, column `{column}`)"
            ));
        }
    }
}

/// Whether the rows are numbered from 0, or from 1.
fn counts_rows(rows: &[Row]) -> bool {
    let first = rows.first().and_then(|row| row.epoch);
    let Some(first) = first.filter(|first| [0.0, 1.0].contains(first)) else {
        return false;
    };
    let mut numbered = rows.iter().enumerate();
    numbered.all(|(i, row)| row.epoch == Some(first + i as f64))
}

fn whole(cell: &str) -> Option<i64> {
    let number: f64 = cell.parse().ok()?;
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

/// The value of a cell, `None` if it is missing.
fn value(column: &str, cell: &str) -> Result<Option<f64>, ()> {
    if MISSING.contains(&&cell.to_lowercase()[..]) {
        return Ok(None);
    }
    // A column of percentages is divided later.
    let cell = if is_percent(column) {
        cell.trim_end_matches('%')
    } else {
        cell
    };
    Metric::read(column, &Value::from(cell)).map(Some).ok_or(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_commas_of_a_table() {
        for (cells, expected) in [
            ("0,5;1,25", true),
            ("1,25;0.5", false),
            ("1,234;2,345", false),
        ] {
            let text = format!("epoch;loss;val_loss\n0;{cells}\n");
            let header = Header::of(&text).unwrap();
            assert_eq!(has_decimal_commas(&text, &header), expected, "{cells}");
        }
    }
}
