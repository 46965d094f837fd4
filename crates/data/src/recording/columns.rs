//! Parquet tables in the form of the M3N-VC dataset: `run<n>_rs<m>_geo.parquet` with `timestamp` (seconds), `channel`
//! and `samples`, and `run_ids.parquet` with the time and vehicle of each drive.
//!
//! M3N-VC: J. Li et al., "RestoreML: Practical Unsupervised Tuning of Deployed Intelligent IoT Systems", DCOSS-IoT
//! 2025.

mod chunk;
mod encrypted;
mod flags;
mod flat;
mod lists;
mod meaning;
mod pages;
mod pandas;
mod texts;
mod thrift;

use std::path::Path;

use bytes::Bytes;
#[cfg(test)]
pub(crate) use flat::tests::Counted;
pub(crate) use flat::{Opened, RowValues, flat_columns, flat_names};
pub(crate) use lists::{ListColumn, ListColumns, ListRows, read as read_lists};
use meaning::Meaning;
pub(super) use pandas::{INDEX, leave_out_index};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, FileReader, RowGroupReader, SerializedFileReader};
use support::panics::catch;

use super::table::{Column, NO_TIME, Values, as_utc_by_name, assemble, names_rows};
use super::{Contents, Hints, Notes, Remark};
use crate::error::recording::{ColumnError, RecordingError, TableError};
use crate::error::{DataError, in_file};

/// Maximum number of rows per byte of a file: no deflated stream is denser, while a damaged run of equal values claims
/// billions of rows.
const TIGHTEST: usize = 1032;

/// Maximum uncompressed size of a page in bytes, whatever its column says. Pages of usual writers are a thousandth of
/// it.
const LARGEST_PAGE: u64 = 64 << 20;

/// Whether a file begins as Parquet files do, encrypted ones included.
pub(super) fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PAR1") || bytes.starts_with(b"PARE")
}

/// Reads all channels of a table.
///
/// # Errors
/// If the file is damaged, or has no samples or no sampling rate.
pub(super) fn read(bytes: &Bytes, hints: &Hints) -> Result<Contents, RecordingError> {
    let mut notes = Notes::default();
    let (mut columns, damaged) = columns(bytes, &|_| true, &mut notes)?;
    pandas::leave_out_index(&mut columns, hints, &mut notes);
    for damage in damaged {
        // Without them, samples would be those of another channel.
        if names_rows(&damage.name) {
            return Err(TableError::from(damage).into());
        }
        notes.push(damage.note());
    }
    let rows = columns.iter().map(|column| column.values.len()).max();
    if rows == Some(0) {
        return Err(TableError::NoRowsInParquet.into());
    }
    let mut contents = assemble(columns, hints).map_err(|problem| problem.noted(notes.all()))?;
    contents.notes.prepend(notes);
    Ok(contents)
}

/// A row of `run_ids.parquet`.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// `run_id`.
    pub id: i64,
    /// The vehicle.
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
/// [`DataError`] with the file if a column is missing or damaged.
pub fn runs(path: &Path) -> Result<Vec<Run>, DataError> {
    let bytes = Bytes::from(std::fs::read(path).map_err(super::unreadable(path))?);
    let table = columns(&bytes, &|_| true, &mut Notes::default()).and_then(|(columns, damaged)| {
        if let Some(damage) = damaged.into_iter().next() {
            return Err(damage.into());
        }
        let column = |name: &str| {
            columns
                .iter()
                .find(|column| column.name == name)
                .map(|column| &column.values)
        };
        let times = |name: &'static str| match column(name) {
            Some(Values::Times(values)) => Ok(values),
            _ => Err(TableError::NoColumn {
                name,
                kind: "times",
            }),
        };
        let Some(Values::Numbers(ids)) = column("run_id") else {
            return Err(TableError::NoColumn {
                name: "run_id",
                kind: "numbers",
            });
        };
        let Some(Values::Texts(labels)) = column("label") else {
            return Err(TableError::NoColumn {
                name: "label",
                kind: "texts",
            });
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
            return Err(TableError::UnequalColumns);
        }
        if ids.iter().any(|id| id.is_nan())
            || starts.iter().chain(ends).any(|time| *time == NO_TIME)
        {
            return Err(TableError::IncompleteRun);
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
    table.map_err(|problem| in_file(path)(RecordingError::from(problem)))
}

/// Columns of a table, and which of them are damaged.
type Columns = (Vec<Column>, Vec<Damage>);

/// A column with rows that cannot be read; they have no value.
struct Damage {
    name: String,
    problem: ColumnError,
    rows: usize,
}

impl Damage {
    fn note(&self) -> String {
        let Self {
            name,
            problem,
            rows,
        } = self;
        match problem {
            ColumnError::Encrypted => format!("column `{name}`, {rows} rows: {problem}"),
            _ => format!("column `{name}` is damaged, and {rows} rows have no value: {problem}"),
        }
    }
}

impl From<Damage> for TableError {
    fn from(damage: Damage) -> Self {
        Self::ParquetColumn {
            name: damage.name,
            problem: damage.problem,
        }
    }
}

/// All supported columns of a table whose names are needed; `notes` lists the others.
fn columns<R: ChunkReader + Clone + 'static>(
    file: &R,
    is_needed: &dyn Fn(&str) -> bool,
    notes: &mut Notes,
) -> Result<Columns, TableError> {
    if file
        .get_bytes(0, 4)
        .is_ok_and(|head| head.starts_with(b"PARE"))
    {
        return Err(TableError::Encrypted);
    }
    // `parquet` 60.1 panics on some damaged files.
    let read = catch(|| {
        let mut notes = Notes::default();
        read_columns(file, is_needed, &mut notes).map(|columns| (columns, notes))
    });
    let (columns, more) = read.unwrap_or(Err(TableError::ParquetDamaged))?;
    notes.extend(more);
    Ok(columns)
}

/// Refuses a column whose pages claim to be larger than all of it.
///
/// # Errors
/// If one does.
fn check_pages<R: ChunkReader>(file: &R, chunk: &ColumnChunkMetaData) -> Result<(), ColumnError> {
    let (start, length) = chunk.byte_range();
    let length = length.min(file.len().saturating_sub(start));
    let bytes = file.get_bytes(start, length as usize).unwrap_or_default();
    let all = u64::try_from(chunk.uncompressed_size()).unwrap_or(0);
    let claimed = pages::largest(&bytes);
    if claimed > all.max(LARGEST_PAGE) {
        return Err(ColumnError::PageSize { claimed });
    }
    Ok(())
}

/// A column that is read.
struct ChosenColumns {
    /// Its number in the file.
    number: usize,
    meaning: Meaning,
    missing: usize,
    column: Column,
    damage: Option<Damage>,
    is_encrypted: bool,
}

fn read_columns<R: ChunkReader + Clone + 'static>(
    bytes: &R,
    is_needed: &dyn Fn(&str) -> bool,
    notes: &mut Notes,
) -> Result<Columns, TableError> {
    let file = SerializedFileReader::new(bytes.clone())?;
    let mut all = choose(&file, notes);
    all.retain(|chosen| is_needed(&chosen.column.name));
    let encrypted = encrypted::columns(bytes);
    for chosen in &mut all {
        chosen.is_encrypted = encrypted.get(chosen.number) == Some(&true);
    }
    for group in 0..file.num_row_groups() {
        read_group(bytes, &*file.get_row_group(group)?, &mut all)?;
    }
    for ChosenColumns {
        column, missing, ..
    } in &all
    {
        if *missing > 0 {
            notes.push(format!(
                "column `{}`: {missing} rows have no value",
                column.name
            ));
        }
    }
    let (columns, damaged): (Vec<_>, Vec<_>) = all
        .into_iter()
        .map(|chosen| (chosen.column, chosen.damage))
        .unzip();
    Ok((columns, damaged.into_iter().flatten().collect()))
}

/// The columns that can be read.
fn choose<F: FileReader>(file: &F, notes: &mut Notes) -> Vec<ChosenColumns> {
    let schema = file.metadata().file_metadata().schema_descr_ptr();
    let durations = pandas::durations(file.metadata().file_metadata());
    let mut all: Vec<ChosenColumns> = Vec::new();
    for (number, description) in schema.columns().iter().enumerate() {
        let name = description.path().parts().join(".");
        // Lists and other nested values do not fit into a table.
        if description.max_rep_level() > 0 {
            let what = "lists: if the rows follow each other without gaps, write a row for each sample, for example with \
                        `explode` of pandas; if each is a window, list the file in an index file of a dataset configuration"
                .into();
            notes.push(Remark::ColumnLeftOut { name, what });
            continue;
        }
        // If two columns have one name, the first is used.
        if all.iter().any(|chosen| chosen.column.name == name) {
            notes.push(format!("left out the second column `{name}`"));
            continue;
        }
        let zone = as_utc_by_name(&name).filter(|_| meaning::lacks_zone(description));
        notes.extend(zone);
        let duration = durations.get(&name).copied().map(Meaning::Elapsed);
        match duration.map_or_else(|| Meaning::of(description), Ok) {
            Ok(meaning) => all.push(ChosenColumns {
                number,
                meaning,
                missing: 0,
                column: Column {
                    name,
                    values: meaning.empty(),
                    whole: matches!(meaning, Meaning::Signed | Meaning::Unsigned),
                },
                damage: None,
                is_encrypted: false,
            }),
            Err(kind) => {
                let what = kind.to_string();
                notes.push(Remark::ColumnLeftOut { name, what });
            }
        }
    }
    all
}

/// Adds a row group to all columns. Those that are damaged get as many rows without a value as the others have.
///
/// # Errors
/// If no column can be read, or one has more rows than the file can hold.
fn read_group<R: ChunkReader>(
    bytes: &R,
    group: &dyn RowGroupReader,
    all: &mut [ChosenColumns],
) -> Result<(), TableError> {
    let most = (bytes.len() as usize).saturating_mul(TIGHTEST);
    let read = |chosen: &ChosenColumns| {
        if chosen.is_encrypted {
            return Err(ColumnError::Encrypted);
        }
        let chunk = group.metadata().column(chosen.number);
        check_pages(bytes, chunk)?;
        let description = chunk.column_descr_ptr();
        let read = catch(|| {
            chosen
                .meaning
                .values(group, chosen.number, &description, most)
        });
        read.unwrap_or(Err(ColumnError::Damaged))
    };
    let mut parts: Vec<Result<(Values, usize), ColumnError>> = all.iter().map(read).collect();
    let stated = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
    let lengths = || parts.iter().flatten().map(|(values, _)| values.len());
    let rows = if lengths().any(|length| length == stated) {
        Some(stated)
    } else {
        lengths().max()
    };
    for (chosen, part) in all.iter_mut().zip(&mut parts) {
        let problem = match (part, rows) {
            (Ok((values, nulls)), _) if Some(values.len()) == rows => {
                let values = std::mem::replace(values, Values::Nothing(0));
                if chosen.column.values.len() == 0 {
                    chosen.column.values = values;
                } else {
                    chosen.column.values.extend(values);
                }
                chosen.missing += *nulls;
                continue;
            }
            (Ok((values, _)), _) => ColumnError::Length {
                found: values.len(),
                expected: stated,
            },
            (Err(problem), _) => std::mem::replace(problem, ColumnError::Damaged),
        };
        let damage = Damage {
            name: chosen.column.name.clone(),
            problem,
            rows: rows.unwrap_or(0),
        };
        if rows.is_none() || matches!(damage.problem, ColumnError::TooManyRows { .. }) {
            return Err(damage.into());
        }
        (0..damage.rows).for_each(|_| chosen.column.values.push_missing());
        match &mut chosen.damage {
            Some(before) => before.rows += damage.rows,
            None => chosen.damage = Some(damage),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
