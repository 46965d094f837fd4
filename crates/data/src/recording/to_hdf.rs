//! HDF5 that pandas writes (`DataFrame.to_hdf`, `HDFStore`) in the forms `fixed` and `table`: the columns of one frame or series.
//!
//! The layouts are those of `pandas/io/pytables.py`. Times are in UTC, whatever zone pandas shows them in. Columns of objects, such as texts
//! of the form `fixed`, are pickles of Python and are left out.

mod cells;
mod fixed;
mod names;
mod table;

use hdf5_reader::Hdf5File;
use hdf5_reader::error::Error;
use hdf5_reader::group::Group;
use support::panics::catch;

use super::columns::{INDEX, leave_out_index};
use super::seisbench::options;
use super::table::{Column, assemble};
use super::{Contents, Hints, Notes};
use crate::error::recording::{FrameError, HdfError, RecordingError};

/// First bytes of HDF5.
const MAGIC: &[u8] = b"\x89HDF\r\n\x1A\n";
/// The attribute that each object of pandas has.
const TYPE: &str = "pandas_type";
/// Bytes at either end of a file among which its name is.
const ENDS: usize = 64 << 10;
/// Groups within groups in which objects are looked for, and groups of a file.
const DEEPEST: usize = 16;
const MOST: usize = 10_000;

/// Whether a file is HDF5 with an object of pandas.
pub(super) fn is(bytes: &[u8]) -> bool {
    let has = |part: &[u8]| {
        part.windows(TYPE.len())
            .any(|window| window == TYPE.as_bytes())
    };
    bytes.starts_with(MAGIC)
        && (has(&bytes[..bytes.len().min(ENDS)]) || has(&bytes[bytes.len().saturating_sub(ENDS)..]))
}

/// Reads the only frame or series of a file.
///
/// # Errors
/// If the file is damaged, has several of them, or has no samples or no sampling rate.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    // `hdf5-reader` 0.12 panics on some damaged files.
    let read = catch(|| {
        let mut notes = Notes::default();
        columns(bytes, &mut notes).map(|columns| (columns, notes))
    });
    let (mut columns, mut notes) = read.unwrap_or(Err(FrameError::Hdf(HdfError::Damaged)))?;
    leave_out_index(&mut columns, hints, &mut notes);
    if columns.iter().all(|column| column.values.len() == 0) {
        return Err(FrameError::NoRows.into());
    }
    let mut contents = assemble(columns, hints).map_err(|problem| problem.noted(notes.all()))?;
    contents.notes.prepend(notes);
    Ok(contents)
}

/// Columns in the order of the frame, the index first.
fn columns(bytes: &[u8], notes: &mut Notes) -> Result<Vec<Column>, FrameError> {
    let file = Hdf5File::from_bytes_with_options(bytes, options(bytes.len() as u64));
    let root = file.and_then(|file| file.root_group())?;
    let mut found = Vec::new();
    find(&root, String::new(), (0, &mut 0), &mut found);
    let (group, kind) = match &found[..] {
        [] => return Err(FrameError::NoObject),
        [(_, group, kind)] => (group, kind),
        all => {
            let keys = all.iter().map(|(key, ..)| key.clone()).collect();
            return Err(FrameError::Several { keys });
        }
    };
    let columns = match &**kind {
        "frame" => fixed::frame(group, notes),
        "series" => fixed::series(group, notes),
        "frame_table" | "series_table" => table::columns(group, notes),
        _ => Err(FrameError::Kind { kind: kind.clone() }),
    }?;
    let mut all: Vec<Column> = Vec::with_capacity(columns.len());
    for column in columns {
        if all.iter().any(|before| before.name == column.name) {
            notes.push(format!("left out the second column `{}`", column.name));
        } else {
            all.push(column);
        }
    }
    Ok(all)
}

/// Looks for objects of pandas: their keys, groups and types. Damaged groups may be within themselves.
fn find(
    group: &Group,
    key: String,
    (depth, groups): (usize, &mut usize),
    found: &mut Vec<(String, Group, String)>,
) {
    if let Some(kind) = text(group.attribute(TYPE)) {
        // A table has tables of its categories within it.
        found.push((key, group.clone(), kind));
        return;
    }
    *groups += 1;
    if depth > DEEPEST || *groups > MOST {
        return;
    }
    for child in group.groups().unwrap_or_default() {
        let key = format!("{key}/{}", child.name());
        find(&child, key, (depth + 1, &mut *groups), found);
    }
}

/// The text of an attribute that may be missing.
fn text(attribute: Result<hdf5_reader::Attribute, Error>) -> Option<String> {
    let attribute = attribute.ok()?;
    let text = attribute.raw_data.split(|byte| *byte == 0).next()?;
    Some(String::from_utf8_lossy(text).into_owned())
}

/// The name of an index: its own, or the one that pandas gives to one without a name in Parquet.
fn index_name(name: Option<String>) -> String {
    // `N.` is a pickled `None`.
    let name = name.filter(|name| !matches!(&**name, "N." | "" | "index"));
    name.unwrap_or_else(|| format!("{INDEX}0__"))
}
