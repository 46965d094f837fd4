//! The form `table`: rows with the index, blocks of columns of a type, and columns of their own (`data_columns`).

use hdf5_reader::group::Group;
use hdf5_reader::{Dataset, Datatype};

use super::super::table::Column;
use super::super::{Notes, Remark};
use super::cells::{Cells, Meaning, size};
use super::{index_name, names, text};
use crate::error::recording::FrameError;

/// The field of the index.
const INDEX: &str = "index";

/// The columns of a table, in the order of the frame.
///
/// # Errors
/// If the table is missing or damaged, or names of columns are no texts or numbers.
pub(super) fn columns(group: &Group, notes: &mut Notes) -> Result<Vec<Column>, FrameError> {
    let set = group.dataset("table")?;
    let Datatype::Compound { size: row, fields } = set.dtype() else {
        return Err(FrameError::lacks("table"));
    };
    let rows = set.read_raw_bytes()?;
    let stride = *row as usize;
    let mut all = Vec::new();
    for field in fields {
        let described = Described::of(&set, &field.name)?;
        // The cells of a block are an array in each row.
        let (kind, count) = match &field.datatype {
            Datatype::Array { base, dims } => (&**base, dims.iter().product::<u64>()),
            datatype => (datatype, 1),
        };
        if described.names.len() as u64 != count {
            return Err(FrameError::Block {
                name: field.name.clone(),
                names: described.names.len(),
                columns: count,
            });
        }
        let width = size(kind).unwrap_or(0);
        for (at, name) in described.names.into_iter().enumerate() {
            let cells = Cells {
                rows: &rows,
                stride,
                offset: field.byte_offset as usize + at * width,
                kind,
            };
            match cells.column(name.clone(), described.meaning) {
                Some(column) => all.push(column),
                None => notes.push(Remark::ColumnLeftOut {
                    name,
                    what: format!("values of the type `{}`", described.kind),
                }),
            }
        }
    }
    sort(&mut all, group);
    Ok(all)
}

/// What attributes of the table say about a field.
struct Described {
    names: Vec<String>,
    kind: String,
    meaning: Meaning,
}

impl Described {
    /// # Errors
    /// If the names of a block's columns are no texts or numbers.
    fn of(set: &Dataset, field: &str) -> Result<Self, FrameError> {
        let attribute = |what: &str| set.attribute(&format!("{field}_{what}"));
        if field == INDEX {
            let kind = text(attribute("kind")).unwrap_or_default();
            return Ok(Self {
                names: vec![index_name(None)],
                meaning: Meaning::of(&kind),
                kind,
            });
        }
        let list = attribute("kind").map_err(|_| FrameError::lacks(&format!("{field}_kind")))?;
        // Only the end of a pickle tells its length.
        let names = names::of_list(&list.raw_data);
        let names = names.ok_or_else(|| FrameError::Names {
            kind: "object".into(),
        })?;
        let is_category = text(attribute("meta")).is_some_and(|value| value == "category");
        let kind = match text(attribute("dtype")).unwrap_or_default() {
            _ if is_category => "category".into(),
            dtype => dtype,
        };
        Ok(Self {
            names,
            meaning: Meaning::of(&kind),
            kind,
        })
    }
}

/// Puts columns in the order of the frame, if it is known.
fn sort(all: &mut [Column], group: &Group) {
    let axes = group
        .attribute("non_index_axes")
        .map(|attribute| attribute.raw_data);
    // A list with one pair: the number of the axis, and the list of its names.
    let order = axes.ok().and_then(|pickle| {
        let at = pickle.windows(2).skip(2).position(|two| two == b"(l")? + 2;
        names::of_beginning(&pickle[at..])
    });
    let Some(order) = order else { return };
    let place = |column: &Column| {
        let position = order.iter().position(|name| *name == column.name);
        position.map_or(0, |at| at + 1)
    };
    all.sort_by_key(place);
}
