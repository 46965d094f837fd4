//! Reads the rows of a table in text, in parts on all threads.

use std::ops::Range;

use rayon::prelude::*;

use super::super::time::{Moment, parse_moment_as};
use super::layout::{self, Kind, Layout, is_missing};
use super::number::{Commas, number, plain};
use super::{NO_TIME, Notes, Remark, Texts, Values};
use crate::error::recording::{MomentError, TableError};
use crate::room::room;

/// Number of bytes that a thread reads at a time.
pub(super) const PART: usize = 1 << 20;

/// Number of unusual cells or rows, and the first of them.
#[derive(Clone, Debug, Default, PartialEq)]
struct Oddity {
    count: usize,
    first: Option<(usize, String)>,
}

impl Oddity {
    fn add(&mut self, offset: usize, what: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.is_none() {
            self.first = Some((offset, what()));
        }
    }

    fn extend(&mut self, more: Self) {
        self.count += more.count;
        self.first = self.first.take().or(more.first);
    }
}

/// Columns of some rows.
#[derive(Clone, Debug)]
struct Part {
    columns: Vec<Values>,
    /// Cells that do not fit their column.
    wrong: Vec<Oddity>,
    /// Rows with too few or too many cells: their values count as missing, so that the rows after them keep their positions.
    cut: Oddity,
    /// Number of such rows at the end, which are dropped.
    last_cut: usize,
    /// Rows that repeat the names.
    names: Oddity,
    rows: usize,
    /// Buffer for the values of a row.
    row: Vec<f64>,
}

impl Part {
    fn new(layout: &Layout) -> Self {
        Self {
            columns: layout.kinds.iter().map(|kind| Values::of(*kind)).collect(),
            wrong: vec![Oddity::default(); layout.kinds.len()],
            cut: Oddity::default(),
            last_cut: 0,
            names: Oddity::default(),
            rows: 0,
            row: Vec::new(),
        }
    }

    /// Adds a line of plain numbers, one for each column; false if it is not such a line.
    fn add_plain(&mut self, line: &[u8], separator: u8) -> bool {
        self.row.clear();
        let mut rest = Some(line);
        while let Some(cells) = rest {
            let Some((value, after)) = plain(cells, separator) else {
                return false;
            };
            self.row.push(value);
            rest = after;
        }
        if self.row.len() != self.columns.len() {
            return false;
        }
        for (column, value) in self.columns.iter_mut().zip(&self.row) {
            if let Values::Numbers(numbers) = column {
                numbers.push(*value);
            }
        }
        self.rows += 1;
        self.last_cut = 0;
        true
    }

    /// Reserves memory for `rows` more rows.
    fn reserve(&mut self, rows: usize) {
        for column in &mut self.columns {
            if let Values::Numbers(numbers) = column {
                if numbers.is_empty() {
                    *numbers = room(rows);
                }
                numbers.reserve_exact(rows);
            }
        }
    }

    fn extend(&mut self, more: Self) {
        for (column, more) in self.columns.iter_mut().zip(more.columns) {
            column.extend(more);
        }
        for (own, more) in self.wrong.iter_mut().zip(more.wrong) {
            own.extend(more);
        }
        self.cut.extend(more.cut);
        self.names.extend(more.names);
        self.last_cut = if more.rows == more.last_cut {
            self.last_cut + more.last_cut
        } else {
            more.last_cut
        };
        self.rows += more.rows;
    }
}

/// Reads all rows of a table; what does not fit is counted in the notes.
///
/// # Errors
/// If most rows have too few or too many cells.
pub(super) fn read(
    bytes: &[u8],
    layout: &Layout,
    notes: &mut Notes,
) -> Result<Vec<Values>, TableError> {
    let quoted = bytes[layout.start..].contains(&b'"');
    let parts = parts(bytes, layout.start, quoted);
    let read: Vec<_> = parts
        .into_par_iter()
        .map(|part| rows(bytes, part, (layout, quoted)))
        .collect();
    let mut all = Part::new(layout);
    all.reserve(read.iter().flatten().map(|part| part.rows).sum());
    for part in read {
        all.extend(part?);
    }
    for column in &mut all.columns {
        (0..all.last_cut).for_each(|_| column.pop());
    }
    let line = |offset: usize| {
        bytes[..offset]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1
    };
    let told = |odd: &Oddity| {
        odd.first
            .as_ref()
            .map(|(offset, what)| (line(*offset), what.clone()))
            .unwrap_or_default()
    };
    if all.cut.count > 0 {
        let (line, what) = told(&all.cut);
        let columns = layout.names.len();
        if all.cut.count * 2 > all.rows {
            return Err(TableError::RowLengths {
                line,
                cells: what,
                columns,
                wrong: all.cut.count,
                rows: all.rows,
            });
        }
        notes.push(format!(
            "left out {}: line {line}: {what}, but there are {columns} columns",
            rows_of(all.cut.count)
        ));
    }
    if all.names.count > 0 {
        let (line, _) = told(&all.names);
        let rows = rows_of(all.names.count);
        notes.push(Remark::NamesAgain { rows, line });
    }
    for (name, odd) in layout.names.iter().zip(&all.wrong) {
        if odd.count == 0 {
            continue;
        }
        let (line, what) = told(odd);
        let place = format!("line {line}, column `{name}`: {what}");
        notes.push(format!("{place}; taken for missing, {} in all", odd.count));
    }
    Ok(all.columns)
}

pub(super) fn rows_of(count: usize) -> String {
    if count == 1 {
        "one row".into()
    } else {
        format!("{count} rows")
    }
}

/// Cuts the rows into parts that end with a line; a single part if quotes could contain line ends.
fn parts(bytes: &[u8], start: usize, quoted: bool) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = start;
    while start < bytes.len() {
        let least = start + if quoted { bytes.len() } else { PART };
        let rest = bytes.get(least..).unwrap_or_default();
        let end = rest.iter().position(|b| *b == b'\n');
        let end = end.map_or(bytes.len(), |end| least + end + 1);
        parts.push(start..end);
        start = end;
    }
    parts
}

/// Reads the rows in `part` of a table, which may have quotes.
fn rows(
    bytes: &[u8],
    part: Range<usize>,
    (layout, quoted): (&Layout, bool),
) -> Result<Part, TableError> {
    let mut own = Part::new(layout);
    if layout.separator != b' ' && quoted {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(layout.separator)
            .comment(Some(b'#'))
            .has_headers(false)
            .flexible(true)
            .from_reader(&bytes[part.clone()]);
        let names = layout::split(&layout.header, layout.separator);
        let mut record = csv::ByteRecord::new();
        while reader.read_byte_record(&mut record)? {
            let offset = record.position().map_or(0, csv::Position::byte) as usize;
            if record
                .iter()
                .map(<[u8]>::trim_ascii)
                .eq(names.iter().map(Vec::as_slice))
            {
                own.names.add(part.start + offset, String::new);
                continue;
            }
            // The reader gives the position before the blank lines above a record.
            let blanks = bytes[part.start + offset..].iter();
            let blanks = blanks
                .take_while(|byte| matches!(byte, b'\r' | b'\n'))
                .count();
            row(
                &mut own,
                record.iter(),
                part.start + offset + blanks,
                layout,
            );
        }
        return Ok(own);
    }
    let are_plain = layout.separator != b' '
        && layout.commas == Commas::None
        && layout.kinds.iter().all(|kind| *kind == Kind::Number);
    let mut start = part.start;
    for line in bytes[part].split_inclusive(|byte| *byte == b'\n') {
        let offset = start;
        start += line.len();
        let line = layout::trimmed(line, layout.separator);
        if line == layout.header && !line.is_empty() {
            own.names.add(offset, String::new);
            continue;
        }
        if are_plain && own.add_plain(line, layout.separator) {
            continue;
        }
        let first = line.iter().find(|byte| !byte.is_ascii_whitespace());
        if matches!(first, None | Some(b'#')) && !line.contains(&layout.separator) {
            continue;
        }
        if layout.separator == b' ' {
            let cells = line
                .split(u8::is_ascii_whitespace)
                .filter(|cell| !cell.is_empty());
            row(&mut own, cells, offset, layout);
        } else if first != Some(&b'#') {
            row(
                &mut own,
                line.split(|byte| *byte == layout.separator),
                offset,
                layout,
            );
        }
    }
    Ok(own)
}

/// Adds the cells of a row at byte `offset`.
fn row<'a>(
    own: &mut Part,
    mut cells: impl Iterator<Item = &'a [u8]>,
    offset: usize,
    layout: &Layout,
) {
    let width = layout.names.len();
    let mut filled = 0;
    for cell in cells.by_ref().take(width) {
        add(own, filled, cell.trim_ascii(), (offset, layout));
        filled += 1;
    }
    // A separator at the end of the line does not start another cell.
    let rest = cells.filter(|cell| !cell.trim_ascii().is_empty()).count();
    // Empty trailing columns need no separators.
    let empty = layout.kinds[filled..]
        .iter()
        .all(|kind| *kind == Kind::Empty);
    own.rows += 1;
    let cut_before = std::mem::take(&mut own.last_cut);
    if rest > 0 || !empty {
        for column in &mut own.columns[..filled] {
            column.pop();
        }
        (0..width).for_each(|column| add(own, column, b"", (offset, layout)));
        own.cut.add(offset, || format!("{} cells", filled + rest));
        own.last_cut = cut_before + 1;
        return;
    }
    for column in filled..width {
        add(own, column, b"", (offset, layout));
    }
}

fn add(own: &mut Part, column: usize, cell: &[u8], (offset, layout): (usize, &Layout)) {
    let cell = cell
        .strip_prefix(b"\"")
        .and_then(|c| c.strip_suffix(b"\""))
        .unwrap_or(cell);
    let shown = || {
        String::from_utf8_lossy(cell)
            .chars()
            .take(40)
            .collect::<String>()
    };
    match &mut own.columns[column] {
        Values::Numbers(numbers) => {
            let value = number(cell, layout.commas).unwrap_or_else(|| {
                if !is_missing(cell) {
                    own.wrong[column].add(offset, || format!("`{}` is not a number", shown()));
                }
                f64::NAN
            });
            numbers.push(value);
        }
        Values::Times(times) | Values::Clocks(times) if is_missing(cell) => times.push(NO_TIME),
        Values::Times(times) | Values::Clocks(times) => {
            let clock = layout.kinds[column] == Kind::Clock;
            let moment = match parse_moment_as(cell, layout.orders[column]) {
                Ok(Moment::Stamp(nanos) | Moment::Day(nanos)) if !clock => Ok(nanos),
                Ok(Moment::Clock(nanos)) if clock => Ok(nanos),
                Ok(_) => Err(MomentError::OtherKind),
                Err(problem) => Err(problem),
            };
            times.push(moment.unwrap_or_else(|problem| {
                own.wrong[column].add(offset, || format!("`{}` {problem}", shown()));
                NO_TIME
            }));
        }
        Values::Texts(texts) => texts.push(cell),
        Values::Nothing(rows) => {
            if !is_missing(cell) {
                own.wrong[column].add(offset, || format!("`{}` in an empty column", shown()));
            }
            *rows += 1;
        }
    }
}

impl Values {
    /// No values of a kind.
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Number => Self::Numbers(Vec::new()),
            Kind::Stamp | Kind::Day => Self::Times(Vec::new()),
            Kind::Clock => Self::Clocks(Vec::new()),
            Kind::Text => Self::Texts(Texts::default()),
            Kind::Empty => Self::Nothing(0),
        }
    }

    /// Removes the last value.
    fn pop(&mut self) {
        match self {
            Self::Numbers(values) => drop(values.pop()),
            Self::Times(values) | Self::Clocks(values) => drop(values.pop()),
            Self::Texts(texts) => drop(texts.rows.pop()),
            Self::Nothing(rows) => *rows -= 1,
        }
    }
}
