//! Cells of rows and the columns that they are added to: any notation, and what does not fit.

use super::super::text;
use super::super::time::{DateOrder, Moment, parse_moment_as};
use super::kinds::{Kind, is_missing};
use super::layout::Layout;
use super::line::split;
use super::number::{Commas, number};
use super::{NO_TIME, Texts, Values};
use crate::error::recording::MomentError;
use crate::room::room;

/// Number of unusual cells or rows, and the first of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Occurrences {
    pub count: usize,
    pub first: Option<(usize, String)>,
}

impl Occurrences {
    pub fn add(&mut self, offset: usize, what: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.is_none() {
            self.first = Some((offset, what()));
        }
    }

    /// Forgets the one at byte `offset`, which came last.
    fn remove(&mut self, offset: usize) {
        self.count -= 1;
        if matches!(self.first, Some((first, _)) if first == offset) {
            self.first = None;
        }
    }

    pub fn extend(&mut self, more: Self) {
        self.count += more.count;
        self.first = self.first.take().or(more.first);
    }
}

/// Columns of some rows.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub columns: Vec<Values>,
    /// Cells that do not fit their column.
    pub wrong: Vec<Occurrences>,
    /// Rows with too few or too many cells: their values count as missing, so that the rows after them keep their positions.
    pub cut: Occurrences,
    /// Number of such rows at the end, which are dropped.
    pub last_cut: usize,
    /// Rows that repeat the names.
    pub names: Occurrences,
    /// Rows that name the columns otherwise, as where files with other columns were joined.
    pub other_names: Occurrences,
    pub rows: usize,
}

impl Part {
    pub fn new(layout: &Layout) -> Self {
        Self {
            columns: layout.kinds.iter().map(|kind| Values::of(*kind)).collect(),
            wrong: vec![Occurrences::default(); layout.kinds.len()],
            cut: Occurrences::default(),
            last_cut: 0,
            names: Occurrences::default(),
            other_names: Occurrences::default(),
            rows: 0,
        }
    }

    /// Reserves memory for `rows` rows; there are none yet.
    pub fn reserve(&mut self, rows: usize) {
        for column in &mut self.columns {
            match column {
                Values::Numbers(numbers) => *numbers = room(rows),
                Values::Times(times) | Values::Clocks(times) => *times = room(rows),
                Values::Texts(texts) => texts.rows = room(rows),
                Values::Nothing(_) => {}
            }
        }
    }

    pub fn extend(&mut self, more: Self) {
        for (column, more) in self.columns.iter_mut().zip(more.columns) {
            column.extend(more);
        }
        for (wrong, more) in self.wrong.iter_mut().zip(more.wrong) {
            wrong.extend(more);
        }
        self.cut.extend(more.cut);
        self.names.extend(more.names);
        self.other_names.extend(more.other_names);
        self.last_cut = if more.rows == more.last_cut {
            self.last_cut + more.last_cut
        } else {
            more.last_cut
        };
        self.rows += more.rows;
    }
}

/// Adds the cells of a row at byte `offset`.
pub(super) fn row<'a>(
    part: &mut Part,
    mut cells: impl Iterator<Item = &'a [u8]> + Clone,
    offset: usize,
    layout: &Layout,
) {
    let width = layout.names.len();
    let all = cells.clone();
    let (mut filled, mut unfit) = (0, 0);
    for cell in cells.by_ref().take(width) {
        unfit += usize::from(!add(part, filled, cell.trim_ascii(), (offset, layout)));
        filled += 1;
    }
    // A separator at the end of the line does not start another cell.
    let rest = cells.filter(|cell| !cell.trim_ascii().is_empty()).count();
    // Empty trailing columns need no separators.
    let empty = layout.kinds[filled..]
        .iter()
        .all(|kind| *kind == Kind::Empty);
    part.rows += 1;
    let cut_before = std::mem::take(&mut part.last_cut);
    if rest > 0 || !empty {
        for column in &mut part.columns[..filled] {
            column.pop();
        }
        for column in 0..width {
            add(part, column, b"", (offset, layout));
        }
        part.cut.add(offset, || format!("{} cells", filled + rest));
        part.last_cut = cut_before + 1;
        return;
    }
    for column in filled..width {
        add(part, column, b"", (offset, layout));
    }
    let are_texts_alone = || {
        let kinds = layout.kinds.iter();
        unfit == kinds.filter(|kind| **kind != Kind::Text).count()
    };
    if unfit > 0 && filled == width && are_texts_alone() {
        let cells: Vec<&[u8]> = all
            .take(width)
            .map(|cell| unquoted(cell.trim_ascii()))
            .collect();
        names(part, &cells, offset, layout);
    }
}

/// Removes the row that was just added if its `cells`, of which none is a value, are the names of the columns. If they are
/// in another order, or only some are the same, the columns of the rows below are not known.
fn names(part: &mut Part, cells: &[&[u8]], offset: usize, layout: &Layout) {
    let known = match &layout.header[..] {
        [] => layout
            .names
            .iter()
            .map(|name| name.clone().into_bytes())
            .collect(),
        header => split(header, layout.separator),
    };
    let is_same = |(cell, name): (&&[u8], &Vec<u8>)| cell.eq_ignore_ascii_case(name);
    if cells.len() == known.len() && cells.iter().zip(&known).all(is_same) {
        part.names.add(offset, String::new);
        part.rows -= 1;
        part.columns.iter_mut().for_each(Values::pop);
        let wrong = part.wrong.iter_mut().zip(&layout.kinds);
        let wrong = wrong.filter(|(_, kind)| **kind != Kind::Text);
        wrong.for_each(|(wrong, _)| wrong.remove(offset));
        return;
    }
    let is_name = |cell: &&[u8]| !cell.is_empty() && known.iter().any(|name| is_same((cell, name)));
    if cells.iter().any(is_name) {
        part.other_names.add(offset, || {
            let names: Vec<String> = cells.iter().map(|name| text::cell(name)).collect();
            names.join(", ")
        });
    }
}

/// A cell without the quotes around it.
fn unquoted(cell: &[u8]) -> &[u8] {
    let inner = cell.strip_prefix(b"\"");
    inner
        .and_then(|inner| inner.strip_suffix(b"\""))
        .unwrap_or(cell)
}

/// Adds a cell to its column, and returns whether it fits.
fn add(part: &mut Part, column: usize, cell: &[u8], (offset, layout): (usize, &Layout)) -> bool {
    let cell = unquoted(cell);
    let values = &mut part.columns[column];
    let Err(unfit) = push(cell, values, layout.commas, layout.orders[column]) else {
        return true;
    };
    values.push_missing();
    part.wrong[column].add(offset, || {
        let shown: String = String::from_utf8_lossy(cell).chars().take(40).collect();
        match unfit {
            CellProblem::NoNumber => format!("`{shown}` is not a number"),
            CellProblem::Time(problem) => format!("`{shown}` {problem}"),
            CellProblem::Filled => format!("`{shown}` in an empty column"),
        }
    });
    false
}

/// Why a cell does not fit its column.
pub(super) enum CellProblem {
    NoNumber,
    Time(MomentError),
    /// The column is empty otherwise.
    Filled,
}

/// Adds a cell without quotation marks to its column; `order` is that of day and month in dates.
///
/// # Errors
/// If the cell does not fit; nothing is added then.
pub(super) fn push(
    cell: &[u8],
    column: &mut Values,
    commas: Commas,
    order: DateOrder,
) -> Result<(), CellProblem> {
    match column {
        Values::Numbers(numbers) => {
            let missing = || is_missing(cell).then_some(f64::NAN);
            let value = number(cell, commas).or_else(missing);
            numbers.push(value.ok_or(CellProblem::NoNumber)?);
        }
        Values::Times(times) | Values::Clocks(times) if is_missing(cell) => times.push(NO_TIME),
        Values::Times(times) => match parse_moment_as(cell, order).map_err(CellProblem::Time)? {
            Moment::Stamp(nanos) | Moment::Day(nanos) => times.push(nanos),
            Moment::Clock(_) => return Err(CellProblem::Time(MomentError::OtherKind)),
        },
        Values::Clocks(times) => match parse_moment_as(cell, order).map_err(CellProblem::Time)? {
            Moment::Clock(nanos) => times.push(nanos),
            Moment::Stamp(_) | Moment::Day(_) => {
                return Err(CellProblem::Time(MomentError::OtherKind));
            }
        },
        Values::Texts(texts) => texts.push(cell),
        Values::Nothing(rows) => {
            is_missing(cell).then_some(()).ok_or(CellProblem::Filled)?;
            *rows += 1;
        }
    }
    Ok(())
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
}
