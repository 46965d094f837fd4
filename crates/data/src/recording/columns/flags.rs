//! Columns of true and false, which may be labels. They are no signals, so tables of recordings leave them out.

use parquet::basic::Type as Physical;
use parquet::column::reader::{ColumnReader, get_column_reader};
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use support::panics::catch;

use super::chunk::{Chunk, Pages};
use super::{TIGHTEST, check_pages, encrypted};
use crate::error::recording::{ColumnError, TableError};

/// Numbers and names of the columns with true or false in each row.
pub(super) fn names<F: FileReader>(file: &F) -> Vec<(usize, String)> {
    let schema = file.metadata().file_metadata().schema_descr_ptr();
    let columns = schema.columns().iter().enumerate();
    let flags = columns.filter(|(_, column)| {
        column.physical_type() == Physical::BOOLEAN && column.max_rep_level() == 0
    });
    flags
        .map(|(number, column)| (number, column.path().parts().join(".")))
        .collect()
}

/// The columns of a file with true or false in each row and a name that `is_needed`, as 1 and 0, and NaN where there is none.
///
/// # Errors
/// If one is damaged.
pub(super) fn columns<R: ChunkReader + Clone + 'static>(
    file: &R,
    is_needed: &dyn Fn(&str) -> bool,
) -> Result<Vec<(String, Vec<f64>)>, TableError> {
    let read = catch(|| -> Result<_, TableError> {
        let reader = SerializedFileReader::new(file.clone())?;
        let encrypted = encrypted::columns(file);
        let mut columns = Vec::new();
        for (number, name) in names(&reader) {
            if !is_needed(&name) || encrypted.get(number) == Some(&true) {
                continue;
            }
            let values = column_of(file, &reader, number);
            let values = values.map_err(|problem| TableError::ParquetColumn {
                name: name.clone(),
                problem,
            })?;
            columns.push((name, values));
        }
        Ok(columns)
    });
    read.unwrap_or(Err(TableError::ParquetDamaged))
}

fn column_of<R: ChunkReader + 'static>(
    bytes: &R,
    file: &SerializedFileReader<R>,
    number: usize,
) -> Result<Vec<f64>, ColumnError> {
    let mut values = Vec::new();
    for group in 0..file.num_row_groups() {
        let group = file.get_row_group(group)?;
        let chunk = group.metadata().column(number);
        check_pages(bytes, chunk)?;
        let column = chunk.column_descr_ptr();
        let most = (bytes.len() as usize).saturating_mul(TIGHTEST);
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
