//! Parquet tables, as the M3N-VC data set has them: `run<n>_rs<m>_geo.parquet` with `timestamp` (seconds), `channel` and
//! `samples`, and `run_ids.parquet`, which says which vehicle drove when.
//!
//! M3N-VC: J. Li et al., "RestoreML: Practical Unsupervised Tuning of Deployed Intelligent IoT Systems", DCOSS-IoT 2025.

mod meaning;

use std::path::Path;

use bytes::Bytes;
use meaning::Meaning;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::table::{Column, NO_TIME, Values, assemble, with_notes};
use super::{Contents, Hints};
use crate::error::DataError;
use crate::unharmed::unharmed;

/// Rows that a byte of a file can stand for: no deflated stream is tighter, while a damaged run of equal values claims
/// thousands of millions.
const TIGHTEST: usize = 1032;

/// All channels of a table.
///
/// # Errors
/// What is wrong with the file.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, String> {
    let mut notes = Vec::new();
    let columns = columns(bytes, &mut notes)?;
    let mut contents = assemble(columns, hints).map_err(|problem| with_notes(problem, &notes))?;
    notes.append(&mut contents.notes);
    contents.notes = notes;
    Ok(contents)
}

/// A line of `run_ids.parquet`.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// `run_id`.
    pub id: i64,
    /// What drove.
    pub label: String,
    /// `train` or `test`.
    pub set: Option<String>,
    /// Nanoseconds since 1970.
    pub start: i64,
    /// Nanoseconds since 1970.
    pub end: i64,
}

/// Reads `run_ids.parquet`.
///
/// # Errors
/// [`DataError`] naming the file and the column that is missing.
pub fn runs(path: &Path) -> Result<Vec<Run>, DataError> {
    let bytes = std::fs::read(path).map_err(super::unreadable(path))?;
    let table = columns(&bytes, &mut Vec::new()).and_then(|columns| {
        let column = |name: &str| {
            columns
                .iter()
                .find(|column| column.name == name)
                .map(|column| &column.values)
        };
        let times = |name: &str| match column(name) {
            Some(Values::Times(values)) => Ok(values),
            _ => Err(format!("there is no column `{name}` of times")),
        };
        let Some(Values::Numbers(ids)) = column("run_id") else {
            return Err("there is no column `run_id` of numbers".into());
        };
        let Some(Values::Texts(labels)) = column("label") else {
            return Err("there is no column `label` of texts".into());
        };
        let sets = match column("set") {
            Some(Values::Texts(sets)) => Some(sets),
            _ => None,
        };
        let (starts, ends) = (times("start_time")?, times("end_time")?);
        let lengths = [
            labels.rows.len(),
            starts.len(),
            ends.len(),
            sets.map_or(ids.len(), |sets| sets.rows.len()),
        ];
        if lengths.iter().any(|length| *length != ids.len()) {
            return Err("the columns differ in length".into());
        }
        if ids.iter().any(|id| id.is_nan())
            || starts.iter().chain(ends).any(|time| *time == NO_TIME)
        {
            return Err("a run has no `run_id`, `start_time` or `end_time`".into());
        }
        let run = |i: usize| Run {
            id: ids[i] as i64,
            label: labels.get(i).to_owned(),
            set: sets.map(|sets| sets.get(i).to_owned()),
            start: starts[i],
            end: ends[i],
        };
        Ok((0..ids.len()).map(run).collect())
    });
    table.map_err(|problem| DataError::Source {
        path: path.to_owned(),
        problem,
    })
}

/// All columns of a table that mean something here; `notes` names the others.
fn columns(bytes: &[u8], notes: &mut Vec<String>) -> Result<Vec<Column>, String> {
    if bytes.starts_with(b"PARE") {
        return Err("the Parquet file is encrypted: write it without encryption".into());
    }
    // `parquet` panics on some damaged files (60.1: a page of a dictionary that is not there).
    let read = unharmed(|| {
        let mut notes = Vec::new();
        read_columns(bytes, &mut notes).map(|columns| (columns, notes))
    });
    let (columns, more) = read.unwrap_or_else(|| Err("the Parquet file is damaged".into()))?;
    notes.extend(more);
    Ok(columns)
}

fn read_columns(bytes: &[u8], notes: &mut Vec<String>) -> Result<Vec<Column>, String> {
    let text = |error: parquet::errors::ParquetError| error.to_string();
    let file = SerializedFileReader::new(Bytes::copy_from_slice(bytes)).map_err(text)?;
    let schema = file.metadata().file_metadata().schema_descr_ptr();
    let mut columns: Vec<Column> = Vec::new();
    for (i, description) in schema.columns().iter().enumerate() {
        let name = description.path().parts().join(".");
        // Lists and the like are no columns of a table.
        if description.max_rep_level() > 0 {
            notes.push(format!("left out column `{name}`: lists"));
            continue;
        }
        // Two columns of one name occur; the first is meant.
        if columns.iter().any(|column| column.name == name) {
            notes.push(format!("left out the second column `{name}`"));
            continue;
        }
        let meaning = match Meaning::of(description) {
            Ok(meaning) => meaning,
            Err(kind) => {
                notes.push(format!("left out column `{name}`: {kind}"));
                continue;
            }
        };
        let error = |problem: String| format!("column `{name}`: {problem}");
        let most = bytes.len().saturating_mul(TIGHTEST);
        let mut own = meaning.empty();
        let mut missing = 0;
        for group in 0..file.num_row_groups() {
            let group = file.get_row_group(group).map_err(text)?;
            let (more, nulls) = meaning
                .values(&*group, i, description, most)
                .map_err(error)?;
            own.extend(more);
            missing += nulls;
        }
        if missing > 0 {
            notes.push(format!("column `{name}`: {missing} rows have no value"));
        }
        columns.push(Column {
            name,
            values: own,
            whole: matches!(meaning, Meaning::Signed | Meaning::Unsigned),
        });
    }
    Ok(columns)
}
