//! Columns of true and false, which may be labels. They are no signals, so tables of recordings leave them out.

use bytes::Bytes;
use parquet::basic::Type as Physical;
use parquet::column::reader::{ColumnReader, get_column_reader};
use parquet::file::reader::{FileReader, SerializedFileReader};
use support::panics::catch;

use super::chunk::{Chunk, Pages};
use super::{TIGHTEST, check_pages, encrypted};
use crate::error::recording::{ColumnError, TableError};

/// The columns of a file with true or false in each row, as 1 and 0, and NaN where there is none.
///
/// # Errors
/// If one is damaged.
pub(super) fn columns(bytes: &Bytes) -> Result<Vec<(String, Vec<f64>)>, TableError> {
    let read = catch(|| -> Result<_, TableError> {
        let file = SerializedFileReader::new(bytes.clone())?;
        let schema = file.metadata().file_metadata().schema_descr_ptr();
        let encrypted = encrypted::columns(bytes);
        let mut columns = Vec::new();
        for (number, column) in schema.columns().iter().enumerate() {
            let is_flag =
                column.physical_type() == Physical::BOOLEAN && column.max_rep_level() == 0;
            if is_flag && encrypted.get(number) != Some(&true) {
                let name = column.path().parts().join(".");
                let values = column_of(bytes, &file, number);
                let values = values.map_err(|problem| TableError::ParquetColumn {
                    name: name.clone(),
                    problem,
                })?;
                columns.push((name, values));
            }
        }
        Ok(columns)
    });
    read.unwrap_or(Err(TableError::ParquetDamaged))
}

fn column_of(
    bytes: &Bytes,
    file: &SerializedFileReader<Bytes>,
    number: usize,
) -> Result<Vec<f64>, ColumnError> {
    let mut values = Vec::new();
    for group in 0..file.num_row_groups() {
        let group = file.get_row_group(group)?;
        let chunk = group.metadata().column(number);
        check_pages(bytes, chunk)?;
        let column = chunk.column_descr_ptr();
        let most = bytes.len().saturating_mul(TIGHTEST);
        let pages = Pages::new(group.get_column_page_reader(number)?, &column).at_most(most);
        let chunk = Chunk {
            needed: column.max_def_level(),
            most,
            expected: 0,
        };
        if let ColumnReader::BoolColumnReader(reader) = get_column_reader(column, Box::new(pages)) {
            let flag = |value: &bool| f64::from(u8::from(*value));
            values.extend(chunk.all(reader, f64::NAN, flag)?.0);
        }
    }
    Ok(values)
}
