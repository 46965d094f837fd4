//! Columns with one value in each row, by name: of those that are not needed, nothing is read.

use std::fs::File;
use std::io::{BufReader, Result as IoResult};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::Result as ParquetResult;
use parquet::file::reader::{ChunkReader, Length, SerializedFileReader};
use support::panics::catch;

use super::super::Notes;
use super::super::table::{Column, Values};
use super::{choose, columns, flags};
use crate::error::recording::TableError;

/// A file of which only those parts are read that are asked for.
#[derive(Clone)]
pub(crate) struct Opened(Arc<File>);

impl Opened {
    /// Opens `path`.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn new(path: &Path) -> IoResult<Self> {
        Ok(Self(Arc::new(File::open(path)?)))
    }
}

impl Length for Opened {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl ChunkReader for Opened {
    type T = BufReader<File>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        self.0.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        self.0.get_bytes(start, length)
    }
}

/// Values of a column, one in each row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RowValues {
    /// Numbers; NaN where there is none.
    Numbers(Vec<f64>),
    /// Texts; empty where there is none.
    Texts(Vec<String>),
    /// Times and the like.
    Others,
}

/// The names of the columns that [`flat_columns`] finds, and whether they have texts. Reads the end of the file only.
///
/// # Errors
/// If it is damaged.
pub(crate) fn flat_names<R>(file: &R) -> Result<Vec<(String, bool)>, TableError>
where
    R: ChunkReader + Clone + 'static,
{
    let read = catch(|| -> Result<_, TableError> {
        let file = SerializedFileReader::new(file.clone())?;
        let chosen = choose(&file, &mut Notes::default()).into_iter();
        let named = chosen.map(|choice| {
            let is_text = matches!(choice.column.values, Values::Texts(_));
            (choice.column.name, is_text)
        });
        let flags = flags::names(&file).into_iter();
        Ok(named.chain(flags.map(|(_, name)| (name, false))).collect())
    });
    read.unwrap_or(Err(TableError::ParquetDamaged))
}

/// The columns of a file that have one value in each row and a name that `is_needed`.
///
/// # Errors
/// If one is damaged.
pub(crate) fn flat_columns<R>(
    file: &R,
    is_needed: impl Fn(&str) -> bool,
) -> Result<Vec<(String, RowValues)>, TableError>
where
    R: ChunkReader + Clone + 'static,
{
    let (columns, damaged) = columns(file, &is_needed, &mut Notes::default())?;
    if let Some(damage) = damaged.into_iter().next() {
        return Err(damage.into());
    }
    let values = |values: Values| match values {
        Values::Numbers(numbers) => RowValues::Numbers(numbers),
        Values::Texts(texts) => {
            let rows = 0..texts.rows.len();
            RowValues::Texts(rows.map(|row| texts.get(row).to_owned()).collect())
        }
        _ => RowValues::Others,
    };
    let named = |column: Column| (column.name, values(column.values));
    let flags = flags::columns(file, &is_needed)?.into_iter();
    let flags = flags.map(|(name, values)| (name, RowValues::Numbers(values)));
    Ok(columns.into_iter().map(named).chain(flags).collect())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Read;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use parquet::data_type::{DoubleType, Int64Type};
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    use super::*;

    /// A file that counts the bytes that are read of it.
    #[derive(Clone)]
    pub(crate) struct Counted {
        pub bytes: Bytes,
        pub read: Arc<AtomicUsize>,
    }

    pub(crate) struct CountedRead(<Bytes as ChunkReader>::T, Arc<AtomicUsize>);

    impl Read for CountedRead {
        fn read(&mut self, into: &mut [u8]) -> IoResult<usize> {
            let count = self.0.read(into)?;
            self.1.fetch_add(count, Ordering::Relaxed);
            Ok(count)
        }
    }

    impl Length for Counted {
        fn len(&self) -> u64 {
            Length::len(&self.bytes)
        }
    }

    impl ChunkReader for Counted {
        type T = CountedRead;

        fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
            Ok(CountedRead(self.bytes.get_read(start)?, self.read.clone()))
        }

        fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
            self.read.fetch_add(length, Ordering::Relaxed);
            self.bytes.get_bytes(start, length)
        }
    }

    impl Counted {
        /// A file with the columns `fs`, `label` and `x`, of which `x` has nearly all bytes.
        pub fn with_rate() -> Self {
            let schema =
                "message m { required int64 fs; required int64 label; required double x; }";
            let schema = Arc::new(parse_message_type(schema).unwrap());
            let mut file =
                SerializedFileWriter::new(Vec::new(), schema, Default::default()).unwrap();
            for rate in [100, 50] {
                let mut group = file.next_row_group().unwrap();
                for values in [vec![rate; 20_000], (0..20_000).map(|i| i % 3).collect()] {
                    let mut column = group.next_column().unwrap().unwrap();
                    let typed = column.typed::<Int64Type>();
                    typed.write_batch(&values, None, None).unwrap();
                    column.close().unwrap();
                }
                let values: Vec<f64> = (0..20_000).map(|i| f64::from(i).sin()).collect();
                let mut column = group.next_column().unwrap().unwrap();
                let typed = column.typed::<DoubleType>();
                typed.write_batch(&values, None, None).unwrap();
                column.close().unwrap();
                group.close().unwrap();
            }
            Self {
                bytes: file.into_inner().unwrap().into(),
                read: Arc::default(),
            }
        }

        /// How many bytes were read.
        pub fn count(&self) -> usize {
            self.read.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn columns_that_are_not_needed_are_not_read() {
        let file = Counted::with_rate();
        let found = flat_columns(&file, |name| name == "label").unwrap();
        let [(name, RowValues::Numbers(labels))] = &found[..] else {
            panic!("{found:?}");
        };
        assert_eq!((&**name, labels.len()), ("label", 40_000));
        assert!(file.count() * 10 < file.bytes.len(), "{}", file.count());
        let whole = Counted::with_rate();
        assert_eq!(flat_columns(&whole, |_| true).unwrap().len(), 3);
        assert!(whole.count() > whole.bytes.len());
    }
}
