//! Parquet tables, as the M3N-VC data set has them: `run<n>_rs<m>_geo.parquet` with `timestamp` (seconds), `channel` and
//! `samples`, and `run_ids.parquet`, which says which vehicle drove when.
//!
//! M3N-VC: J. Li et al., "RestoreML: Practical Unsupervised Tuning of Deployed Intelligent IoT Systems", DCOSS-IoT 2025.

use std::path::Path;

use bytes::Bytes;
use parquet::basic::{LogicalType, TimeUnit, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use super::table::{Column, Texts, Values, assemble};
use super::{Hints, Trace};
use crate::error::DataError;
use crate::unharmed::unharmed;

/// Rows read at a time: what a header claims is no reason to reserve memory.
const ROWS: usize = 1 << 16;

/// Rows that a byte of a file can stand for: no deflated stream is tighter, while a damaged run of equal values claims
/// thousands of millions.
const TIGHTEST: usize = 1032;

/// All channels of a table.
///
/// # Errors
/// What is wrong with the file.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Vec<Trace>, String> {
    assemble(columns(bytes)?, hints)
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
    let table = columns(&bytes).and_then(|columns| {
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

/// All columns of a table that mean something here.
fn columns(bytes: &[u8]) -> Result<Vec<Column>, String> {
    // `parquet` panics on some damaged files (60.1: a page of a dictionary that is not there).
    let read = unharmed(|| read_columns(bytes));
    read.unwrap_or_else(|| Err("the Parquet file is damaged".into()))
}

fn read_columns(bytes: &[u8]) -> Result<Vec<Column>, String> {
    let text = |error: parquet::errors::ParquetError| error.to_string();
    let file = SerializedFileReader::new(Bytes::copy_from_slice(bytes)).map_err(text)?;
    let schema = file.metadata().file_metadata().schema_descr_ptr();
    let mut columns = Vec::new();
    for (i, description) in schema.columns().iter().enumerate() {
        // Lists and the like are no columns of a table.
        if description.max_rep_level() > 0 {
            continue;
        }
        let mut own: Option<Values> = None;
        for group in 0..file.num_row_groups() {
            let group = file.get_row_group(group).map_err(text)?;
            let error = |problem: String| format!("column `{}`: {problem}", description.name());
            let most = bytes.len().saturating_mul(TIGHTEST);
            let more = values(&*group, i, description, most).map_err(error)?;
            append(&mut own, more);
        }
        // Two columns of one name occur; the first is meant.
        let name = description.name();
        if let Some(values) = own
            && !columns.iter().any(|column: &Column| column.name == name)
        {
            columns.push(Column {
                name: name.to_owned(),
                values,
            });
        }
    }
    Ok(columns)
}

fn append(all: &mut Option<Values>, more: Option<Values>) {
    match (all.as_mut(), more) {
        (None, more) => *all = more,
        (Some(all), Some(more)) => all.extend(more),
        (Some(_), None) => {}
    }
}

/// Values of column `i` in a row group; none of a type that means nothing here.
fn values(
    group: &dyn RowGroupReader,
    i: usize,
    column: &ColumnDescriptor,
    most: usize,
) -> Result<Option<Values>, String> {
    let reader = group
        .get_column_reader(i)
        .map_err(|error| error.to_string())?;
    let needed = column.max_def_level();
    let factor = match (column.logical_type_ref(), column.physical_type()) {
        (Some(LogicalType::Timestamp(stamp)), Physical::INT64) => Some(match stamp.unit {
            TimeUnit::MILLIS => 1_000_000,
            TimeUnit::MICROS => 1000,
            TimeUnit::NANOS => 1,
        }),
        _ => None,
    };
    Ok(Some(match (reader, factor) {
        (ColumnReader::Int64ColumnReader(reader), Some(factor)) => {
            Values::Times(all(reader, needed, most, |v| v.saturating_mul(factor))?)
        }
        (ColumnReader::Int64ColumnReader(reader), None) => {
            Values::Numbers(all(reader, needed, most, |v| *v as f64)?)
        }
        (ColumnReader::Int32ColumnReader(reader), _) => {
            Values::Numbers(all(reader, needed, most, |v| f64::from(*v))?)
        }
        (ColumnReader::FloatColumnReader(reader), _) => {
            Values::Numbers(all(reader, needed, most, |v| f64::from(*v))?)
        }
        (ColumnReader::DoubleColumnReader(reader), _) => {
            Values::Numbers(all(reader, needed, most, |v| *v)?)
        }
        (ColumnReader::ByteArrayColumnReader(reader), _) => {
            let mut texts = Texts::default();
            all::<_, ()>(reader, needed, most, |v| texts.push(v.data()))?;
            Values::Texts(texts)
        }
        _ => return Ok(None),
    }))
}

/// All values of a column chunk.
///
/// # Errors
/// Where one is missing: a sample that is not there would move those after it; or there are more than `most`.
fn all<T: DataType, U>(
    mut reader: ColumnReaderImpl<T>,
    needed: i16,
    most: usize,
    mut convert: impl FnMut(&T::T) -> U,
) -> Result<Vec<U>, String> {
    let mut values = Vec::new();
    let (mut buffer, mut levels) = (Vec::new(), Vec::new());
    loop {
        buffer.clear();
        levels.clear();
        let definition = (needed > 0).then_some(&mut levels);
        let (rows, present, _) = reader
            .read_records(ROWS, definition, None, &mut buffer)
            .map_err(|error| error.to_string())?;
        if present < rows {
            let row = levels.iter().position(|level| *level < needed).unwrap_or(0);
            return Err(format!("row {} has no value", values.len() + row + 1));
        }
        if rows == 0 {
            return Ok(values);
        }
        values.extend(buffer.iter().map(&mut convert));
        if values.len() > most {
            return Err(format!(
                "more than {most} rows are more than the file can hold"
            ));
        }
    }
}
