//! Columns of lists of numbers: a window in each row, as pandas, pyarrow and `datasets` of Hugging Face write them.

use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::Type as Physical;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::DataType;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;
use support::panics::catch;

use super::chunk::Pages;
use super::meaning::{Meaning, half, scaled, whole};
use super::{TIGHTEST, check_pages, encrypted};
use crate::error::recording::{ColumnError, ListError};

/// Rows read at a time.
const ROWS: usize = 64;

/// Lists within lists, at most: channels, segments, bins.
const DEEPEST: i16 = 3;

/// A column of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListColumn {
    /// Number of its leaf.
    number: usize,
    /// Name.
    pub name: String,
}

/// Columns of a file, by what they may be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListColumns {
    /// Lists of numbers.
    pub lists: Vec<ListColumn>,
    /// Structures of lists of numbers, or lists of structures: their names and parts.
    pub structures: Vec<(String, Vec<ListColumn>)>,
    /// Names of columns with one floating-point number in each row, which may be channels.
    pub floats: Vec<String>,
    /// Names of all columns with one value in each row.
    pub flat: Vec<String>,
}

impl ListColumns {
    /// The columns of a file.
    pub fn of<F: FileReader>(file: &F) -> Self {
        let schema = file.metadata().file_metadata().schema_descr_ptr();
        let mut found = Self::default();
        let root = |number: usize| schema.get_column_root(number).name().to_owned();
        for (number, leaf) in schema.columns().iter().enumerate() {
            let name = root(number);
            // Structures of several lists have the same root.
            let is_alone = || {
                (0..schema.num_columns())
                    .filter(|other| root(*other) == name)
                    .count()
                    == 1
            };
            let meaning = Meaning::of(leaf).ok();
            if leaf.max_rep_level() == 0 {
                found.flat.push(name.clone());
            }
            match leaf.max_rep_level() {
                0 if matches!(meaning, Some(Meaning::Float | Meaning::Half)) => {
                    found.floats.push(name);
                }
                1..=DEEPEST if is_number(meaning) && is_alone() => {
                    found.lists.push(ListColumn { number, name });
                }
                1 if is_number(meaning) => {
                    let mut parts = leaf.path().parts().iter();
                    let field = parts.rfind(|part| !is_of_lists(part)).cloned();
                    let field = ListColumn {
                        number,
                        name: field.unwrap_or_default(),
                    };
                    match found
                        .structures
                        .last_mut()
                        .filter(|(structure, _)| *structure == name)
                    {
                        Some((_, fields)) => fields.push(field),
                        None => found.structures.push((name, vec![field])),
                    }
                }
                _ => {}
            }
        }
        found
    }
}

/// Whether a part of a path is that of a list, and no name.
fn is_of_lists(part: &str) -> bool {
    ["list", "element", "item", "array", "bag", "array_element"].contains(&part)
}

fn is_number(meaning: Option<Meaning>) -> bool {
    use Meaning::{Decimal, Float, Half, Signed, Unsigned};
    matches!(meaning, Some(Float | Half | Signed | Unsigned | Decimal(_)))
}

/// The lists of all rows, which have one shape.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ListRows {
    /// Number of items at each depth.
    pub shape: Vec<usize>,
    /// All numbers, row by row.
    pub values: Vec<f64>,
}

impl ListRows {
    /// Numbers of a row, at least one.
    pub fn size(&self) -> usize {
        self.shape.iter().product::<usize>().max(1)
    }
}

/// Reads a column of lists.
///
/// # Errors
/// If it is damaged, or a row has another shape than the first one or lacks a value.
pub(crate) fn read(bytes: &Bytes, column: &ListColumn) -> Result<ListRows, ListError> {
    let read = catch(|| -> Result<ListRows, ListError> {
        let file = SerializedFileReader::new(bytes.clone()).map_err(ColumnError::from)?;
        if encrypted::columns(bytes).get(column.number) == Some(&true) {
            return Err(ColumnError::Encrypted.into());
        }
        let mut rows = Rows::default();
        for group in 0..file.num_row_groups() {
            let group = file.get_row_group(group).map_err(ColumnError::from)?;
            rows.group(bytes, &*group, column.number)?;
        }
        Ok(rows.read)
    });
    read.unwrap_or(Err(ColumnError::Damaged.into()))
}

/// Lists that are being read.
#[derive(Default)]
struct Rows {
    read: ListRows,
    /// Repetition levels of the first row; all others have the same.
    levels: Vec<i16>,
    /// Rows so far.
    count: usize,
    /// Values that the file can hold.
    most: usize,
}

impl Rows {
    fn group(
        &mut self,
        bytes: &Bytes,
        group: &dyn RowGroupReader,
        number: usize,
    ) -> Result<(), ListError> {
        self.most = bytes.len().saturating_mul(TIGHTEST);
        let chunk = group.metadata().column(number);
        check_pages(bytes, chunk)?;
        let column = chunk.column_descr_ptr();
        let pages = group
            .get_column_page_reader(number)
            .map_err(ColumnError::from)?;
        let pages = Box::new(Pages::new(pages, &column).at_most(self.most));
        let reader = get_column_reader(Arc::clone(&column), pages);
        let meaning = Meaning::of(&column);
        let is_unsigned = matches!(meaning, Ok(Meaning::Unsigned));
        if let Ok(Meaning::Decimal(scale)) = meaning {
            return self.decimals(reader, &column, scale);
        }
        match reader {
            ColumnReader::FloatColumnReader(r) => self.all(r, &column, |v| f64::from(*v)),
            ColumnReader::DoubleColumnReader(r) => self.all(r, &column, |v| *v),
            ColumnReader::Int32ColumnReader(r) if is_unsigned => {
                self.all(r, &column, |v| f64::from(v.cast_unsigned()))
            }
            ColumnReader::Int32ColumnReader(r) => self.all(r, &column, |v| f64::from(*v)),
            ColumnReader::Int64ColumnReader(r) if is_unsigned => {
                self.all(r, &column, |v| v.cast_unsigned() as f64)
            }
            ColumnReader::Int64ColumnReader(r) => self.all(r, &column, |v| *v as f64),
            ColumnReader::FixedLenByteArrayColumnReader(r) => {
                self.all(r, &column, |v| half(v.data()))
            }
            _ => Err(type_error(column.physical_type())),
        }
    }

    /// Decimals, of which each type of a file may hold the digits.
    fn decimals(
        &mut self,
        reader: ColumnReader,
        column: &ColumnDescriptor,
        scale: i32,
    ) -> Result<(), ListError> {
        let of_bytes = |bytes: &[u8]| scaled(whole(bytes), scale);
        match reader {
            ColumnReader::Int32ColumnReader(r) => {
                self.all(r, column, |v| scaled(f64::from(*v), scale))
            }
            ColumnReader::Int64ColumnReader(r) => self.all(r, column, |v| scaled(*v as f64, scale)),
            ColumnReader::FixedLenByteArrayColumnReader(r) => {
                self.all(r, column, |v| of_bytes(v.data()))
            }
            ColumnReader::ByteArrayColumnReader(r) => self.all(r, column, |v| of_bytes(v.data())),
            _ => Err(type_error(column.physical_type())),
        }
    }

    fn all<T: DataType>(
        &mut self,
        mut reader: ColumnReaderImpl<T>,
        column: &ColumnDescriptor,
        convert: impl Fn(&T::T) -> f64,
    ) -> Result<(), ListError> {
        let (mut values, mut defined, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            values.clear();
            defined.clear();
            repeated.clear();
            let read =
                reader.read_records(ROWS, Some(&mut defined), Some(&mut repeated), &mut values);
            let (rows, ..) = read.map_err(ColumnError::from)?;
            if rows == 0 {
                return Ok(());
            }
            if self.read.values.len() + values.len() > self.most {
                return Err(ColumnError::TooManyRows { limit: self.most }.into());
            }
            let mut starts: Vec<usize> =
                (0..repeated.len()).filter(|i| repeated[*i] == 0).collect();
            starts.push(repeated.len());
            for pair in starts.windows(2) {
                let range = pair[0]..pair[1];
                if defined[range.clone()]
                    .iter()
                    .any(|level| *level != column.max_def_level())
                {
                    return Err(ListError::Missing { row: self.count });
                }
                self.row(&repeated[range], column.max_rep_level())?;
            }
            // A list that goes on from the rows before, or a value too many.
            if repeated.first() != Some(&0) || values.len() != repeated.len() {
                return Err(ColumnError::Damaged.into());
            }
            self.read.values.extend(values.iter().map(&convert));
        }
    }

    /// Checks the levels of a row.
    fn row(&mut self, levels: &[i16], depth: i16) -> Result<(), ListError> {
        if self.count == 0 {
            self.levels = levels.to_vec();
            self.read.shape = shape(levels, depth).ok_or(ListError::Ragged { row: 0 })?;
        } else if self.levels != levels {
            return Err(if depth == 1 {
                ListError::Length {
                    row: self.count,
                    found: levels.len(),
                    expected: self.levels.len(),
                }
            } else {
                ListError::Ragged { row: self.count }
            });
        }
        self.count += 1;
        Ok(())
    }
}

fn type_error(physical: Physical) -> ListError {
    let (physical, logical) = (physical.to_string(), "numbers".to_owned());
    ColumnError::Type { physical, logical }.into()
}

/// Number of items at each depth in lists within lists; `None` if lists of one depth differ in length.
fn shape(levels: &[i16], depth: i16) -> Option<Vec<usize>> {
    // Lists of depth `level` begin where the repetition level is lower.
    let begins = |level: i16| levels.iter().filter(|repeated| **repeated < level).count();
    let lists: Vec<usize> = (1..=depth).map(begins).chain([levels.len()]).collect();
    let each = |pair: &[usize]| {
        let is_even = pair[0] > 0 && pair[1].is_multiple_of(pair[0]);
        is_even.then(|| pair[1] / pair[0])
    };
    let shape: Option<Vec<usize>> = lists.windows(2).map(each).collect();
    let shape = shape?;
    let expected = |i: usize| {
        // The deepest list goes on unless all lists from some depth on are full.
        let mut size = 1;
        let mut level = depth;
        for items in shape.iter().rev() {
            size *= items;
            if !i.is_multiple_of(size) {
                return level;
            }
            level -= 1;
        }
        0
    };
    let fits = levels
        .iter()
        .enumerate()
        .all(|(i, repeated)| *repeated == expected(i));
    fits.then_some(shape)
}

#[cfg(test)]
mod tests {
    use super::shape;

    #[test]
    fn shapes_of_levels() {
        assert_eq!(shape(&[0, 1, 1], 1), Some(vec![3]));
        assert_eq!(shape(&[0], 1), Some(vec![1]));
        assert_eq!(shape(&[0, 2, 2, 1, 2, 2], 2), Some(vec![2, 3]));
        assert_eq!(shape(&[0, 1, 1], 2), Some(vec![3, 1]));
        assert_eq!(shape(&[0, 3, 2, 3, 1, 3, 2, 3], 3), Some(vec![2, 2, 2]));
        assert_eq!(shape(&[0, 2, 1, 2, 2], 2), None);
        assert_eq!(shape(&[0, 2, 1, 2, 2, 2], 2), None);
    }
}
