//! The form `fixed`: an array for the index, and one for all columns of a type.

use std::collections::HashMap;

use hdf5_reader::group::Group;
use hdf5_reader::{Dataset, Datatype};

use super::super::table::Column;
use super::super::{Notes, Remark};
use super::cells::{Cells, Meaning, size};
use super::{index_name, text};
use crate::error::recording::FrameError;

/// The columns of a frame.
///
/// # Errors
/// If an array is missing or damaged, or names have several levels.
pub(super) fn frame(group: &Group, notes: &mut Notes) -> Result<Vec<Column>, FrameError> {
    for (axis, what) in [("axis0", "columns"), ("axis1", "rows")] {
        let variety = text(group.attribute(&format!("{axis}_variety")));
        if variety.is_some_and(|value| value != "regular") {
            return Err(FrameError::Levels { what });
        }
    }
    let order = names(group, "axis0")?;
    let (index, rows) = index(group, "axis1", notes)?;
    let blocks = group
        .attribute("nblocks")
        .and_then(|attribute| attribute.read_as_f64());
    let blocks = blocks.map_err(|_| FrameError::lacks("nblocks"))? as usize;
    let mut found: HashMap<String, Column> = HashMap::new();
    // There is a column at least for each.
    for block in 0..blocks.min(order.len()) {
        let names = names(group, &format!("block{block}_items"))?;
        let array = array(group, &format!("block{block}_values"))?;
        for column in array.columns(&names, rows, notes)? {
            found.insert(column.name.clone(), column);
        }
    }
    let columns = order.iter().filter_map(|name| found.remove(name));
    Ok(index.into_iter().chain(columns).collect())
}

/// The values of a series.
///
/// # Errors
/// As [`frame`].
pub(super) fn series(group: &Group, notes: &mut Notes) -> Result<Vec<Column>, FrameError> {
    let variety = text(group.attribute("index_variety"));
    if variety.is_some_and(|value| value != "regular") {
        return Err(FrameError::Levels { what: "rows" });
    }
    let (index, rows) = index(group, "index", notes)?;
    let name = text(group.attribute("name")).filter(|text| !matches!(&**text, "N." | ""));
    let name = name.unwrap_or_else(|| "values".into());
    let array = array(group, "values")?;
    let columns = array.columns(&[name], rows, notes)?;
    Ok(index.into_iter().chain(columns).collect())
}

/// The index, if it is numbers, times or texts, and the number of rows.
fn index(
    group: &Group,
    name: &'static str,
    notes: &mut Notes,
) -> Result<(Option<Column>, usize), FrameError> {
    let set = group.dataset(name)?;
    let kind = text(set.attribute("kind")).unwrap_or_default();
    let array = Array {
        meaning: Meaning::of(&kind),
        set,
        kind,
    };
    let rows = array.set.shape().first().copied().unwrap_or(0);
    let rows = if array.is_empty() { 0 } else { rows };
    let rows = usize::try_from(rows).unwrap_or(usize::MAX);
    let column = index_name(text(array.set.attribute("name")));
    let mut columns = array.columns(&[column], rows, notes)?;
    Ok((columns.pop(), rows))
}

/// Names of columns.
fn names(group: &Group, name: &str) -> Result<Vec<String>, FrameError> {
    let set = group.dataset(name)?;
    match text(set.attribute("kind")).unwrap_or_default().as_str() {
        "string" => Ok(set.read_strings()?),
        "integer" => {
            let numbers = set.read_array::<i64>()?;
            Ok(numbers.iter().map(i64::to_string).collect())
        }
        kind => Err(FrameError::Names { kind: kind.into() }),
    }
}

/// An array of values.
struct Array {
    set: Dataset,
    /// What pandas calls their type.
    kind: String,
    meaning: Meaning,
}

/// The array of a block of columns, or of a series. Only times have their type beside them.
fn array(group: &Group, name: &str) -> Result<Array, FrameError> {
    let set = group.dataset(name)?;
    let kind = text(set.attribute("value_type"));
    let meaning = match (&kind, set.dtype()) {
        (Some(kind), _) => Meaning::of(kind),
        (None, Datatype::VarLen { .. }) => Meaning::Other,
        (None, _) => Meaning::Numbers,
    };
    Ok(Array {
        set,
        kind: kind.unwrap_or_else(|| "objects".into()),
        meaning,
    })
}

impl Array {
    /// Whether an array without values is meant: HDF5 has one value in its place, and the shape beside it.
    fn is_empty(&self) -> bool {
        self.set.attribute("shape").is_ok()
    }

    /// The columns of the array, whose rows are those of the frame.
    ///
    /// # Errors
    /// If it is damaged, or has another number of rows or columns.
    fn columns(
        &self,
        names: &[String],
        rows: usize,
        notes: &mut Notes,
    ) -> Result<Vec<Column>, FrameError> {
        let left_out = |names: &[String], notes: &mut Notes| {
            for name in names {
                let what = format!(
                    "values of the type `{}`: write them as numbers or times, or with `format=\"table\"`",
                    self.kind
                );
                notes.push(Remark::ColumnLeftOut {
                    name: name.clone(),
                    what,
                });
            }
        };
        if self.is_empty() {
            return Ok(Vec::new());
        }
        let size = size(self.set.dtype());
        let Some(size) = size.filter(|_| self.meaning != Meaning::Other) else {
            left_out(names, notes);
            return Ok(Vec::new());
        };
        let raw = self.set.read_raw_bytes()?;
        let stride = size * names.len();
        if raw.len() != stride.saturating_mul(rows) || names.is_empty() {
            return Err(FrameError::Shape {
                name: self.set.name().to_owned(),
                shape: self.set.shape().to_vec(),
                expected: [rows, names.len()],
            });
        }
        let mut all = Vec::with_capacity(names.len());
        for (at, name) in names.iter().enumerate() {
            let cells = Cells {
                rows: &raw,
                stride,
                offset: at * size,
                kind: self.set.dtype(),
            };
            match cells.column(name.clone(), self.meaning) {
                Some(column) => all.push(column),
                None => left_out(&names[at..=at], notes),
            }
        }
        Ok(all)
    }
}
