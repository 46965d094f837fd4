//! Pages and values of a column chunk.

use parquet::basic::{Encoding, Type as Physical};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::DataType;
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::ColumnDescriptor;

use crate::error::recording::ColumnError;
use crate::room::room;

/// Rows read at a time: this many values of the widest type stay in the cache.
const ROWS: usize = 1 << 13;

/// How the values of a column chunk are read.
#[derive(Clone, Copy)]
pub(super) struct Chunk {
    /// Definition level of a row with a value.
    pub needed: i16,
    /// Rows that the file can hold.
    pub most: usize,
    /// Rows that memory is reserved for.
    pub expected: usize,
}

impl Chunk {
    /// All values, with `missing` for rows without one, and the number of such rows.
    ///
    /// # Errors
    /// If the file is damaged, or has more rows than its size allows.
    pub fn all<T: DataType, U: Clone>(
        self,
        mut reader: ColumnReaderImpl<T>,
        missing: U,
        mut convert: impl FnMut(&T::T) -> U,
    ) -> std::result::Result<(Vec<U>, usize), ColumnError> {
        let (mut values, mut nulls) = (room(self.expected), 0);
        let (mut buffer, mut levels) = (Vec::new(), Vec::new());
        loop {
            buffer.clear();
            levels.clear();
            let definition = (self.needed > 0).then_some(&mut levels);
            let (rows, present, _) = reader.read_records(ROWS, definition, None, &mut buffer)?;
            if rows == 0 {
                return Ok((values, nulls));
            }
            if present == rows {
                values.extend(buffer.iter().map(&mut convert));
            } else {
                let mut stored = buffer.iter();
                for level in &levels {
                    let value = if *level == self.needed {
                        stored.next()
                    } else {
                        None
                    };
                    values.push(value.map_or_else(|| missing.clone(), &mut convert));
                }
                nulls += rows - present;
            }
            if values.len() > self.most {
                return Err(ColumnError::TooManyRows { limit: self.most });
            }
        }
    }
}

/// The pages of a column chunk. Refuses a dictionary that claims more values than its bytes can hold: the library
/// reserves memory for all that it claims.
pub(super) struct Pages {
    pages: Box<dyn PageReader>,
    /// Bytes of the smallest value.
    smallest: usize,
    /// A page that comes before the others.
    first: Option<Page>,
    /// Whether all values must be numbers of a dictionary's.
    only_numbers: bool,
    /// How many more values there may be, nulls included.
    left: usize,
}

impl Pages {
    pub fn new(pages: Box<dyn PageReader>, column: &ColumnDescriptor) -> Self {
        let smallest = match column.physical_type() {
            Physical::BOOLEAN => 0,
            Physical::INT32 | Physical::FLOAT => 4,
            Physical::INT64 | Physical::DOUBLE => 8,
            Physical::INT96 => 12,
            // The length of a text without letters.
            Physical::BYTE_ARRAY => 4,
            Physical::FIXED_LEN_BYTE_ARRAY => usize::try_from(column.type_length()).unwrap_or(0),
        };
        Self {
            pages,
            smallest,
            first: None,
            only_numbers: false,
            left: usize::MAX,
        }
    }

    /// These pages, and an error if they claim more values than `most`: those of lists are read row by row, and a row may
    /// have any number.
    pub fn at_most(self, most: usize) -> Self {
        Self { left: most, ..self }
    }

    /// These pages with another dictionary, `first`, and an error for values that are none of its.
    pub fn with_dictionary(self, first: Page) -> Self {
        Self {
            first: Some(first),
            only_numbers: true,
            ..self
        }
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let page = self.pages.get_next_page()?;
        match &page {
            Some(Page::DictionaryPage {
                buf, num_values, ..
            }) => {
                let needed = (*num_values as usize).saturating_mul(self.smallest.max(1));
                if needed > buf.len() {
                    return Err(ParquetError::EOF("Not enough bytes to decode".into()));
                }
            }
            Some(page) if self.only_numbers && !is_by_dictionary(page.encoding()) => {
                return Err(ParquetError::NYI("values beside a dictionary".into()));
            }
            Some(page) => {
                let left = self.left.checked_sub(page.num_values() as usize);
                let too_many =
                    || ParquetError::General("more values than the file can hold".into());
                self.left = left.ok_or_else(too_many)?;
            }
            None => {}
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }
}

fn is_by_dictionary(encoding: Encoding) -> bool {
    matches!(
        encoding,
        Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY
    )
}
