//! Columns of texts. Most have few different ones, numbered by a dictionary.

use parquet::column::page::{Page, PageReader};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::Int32Type;
use parquet::schema::types::ColumnDescPtr;

use super::super::table::Texts;
use super::chunk::{Chunk, Pages};
use crate::error::recording::ColumnError;

/// A row without a text.
const NONE: u32 = u32::MAX;

/// All texts and how many rows have none; `None` if the column has no texts.
///
/// # Errors
/// If the file is damaged, or has more rows than its size allows.
pub(super) fn all(
    chunk: &Chunk,
    reader: ColumnReader,
) -> Result<Option<(Texts, usize)>, ColumnError> {
    let ColumnReader::ByteArrayColumnReader(reader) = reader else {
        return Ok(None);
    };
    let mut texts = Texts::default();
    let (rows, nulls) = chunk.all(reader, NONE, |text| {
        texts.push(text.data());
        texts.rows.pop().unwrap_or(NONE)
    })?;
    Ok(Some((with_rows(texts, rows), nulls)))
}

/// Like [`all`], from the numbers that the texts have in their dictionary: the library would make a text for every row.
/// `None` if texts are stored beside the dictionary, or the column is damaged, which [`all`] reports.
///
/// # Errors
/// If the file has more rows than its size allows.
pub(super) fn by_number(
    chunk: &Chunk,
    mut pages: Pages,
    column: &ColumnDescPtr,
) -> Result<Option<(Texts, usize)>, ColumnError> {
    let Ok(Some(Page::DictionaryPage {
        buf,
        num_values,
        encoding,
        is_sorted,
    })) = pages.get_next_page()
    else {
        return Ok(None);
    };
    let Some(dictionary) = entries(&buf, num_values) else {
        return Ok(None);
    };
    let numbers: Vec<u8> = (0..num_values).flat_map(u32::to_ne_bytes).collect();
    let pages = pages.with_dictionary(Page::DictionaryPage {
        buf: numbers.into(),
        num_values,
        encoding,
        is_sorted,
    });
    let reader = ColumnReaderImpl::<Int32Type>::new(column.clone(), Box::new(pages));
    let mut texts = Texts::default();
    // Texts are numbered in the order of the rows.
    let mut known = vec![NONE; dictionary.len()];
    let rows = chunk.all(reader, NONE, |number| {
        let number = number.cast_unsigned() as usize;
        if known[number] == NONE {
            known[number] = texts.number(&String::from_utf8_lossy(dictionary[number]));
        }
        known[number]
    });
    match rows {
        Ok((rows, nulls)) => Ok(Some((with_rows(texts, rows), nulls))),
        Err(problem @ ColumnError::TooManyRows { .. }) => Err(problem),
        Err(_) => Ok(None),
    }
}

/// The texts of a dictionary: each follows its length in four bytes.
fn entries(mut bytes: &[u8], count: u32) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    for _ in 0..count {
        let (length, rest) = bytes.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (entry, rest) = rest.split_at_checked(length)?;
        entries.push(entry);
        bytes = rest;
    }
    Some(entries)
}

/// Sets the numbers of the rows; rows without a text get an empty one.
fn with_rows(mut texts: Texts, mut rows: Vec<u32>) -> Texts {
    let empty = texts.number("");
    for row in &mut rows {
        if *row == NONE {
            *row = empty;
        }
    }
    texts.rows = rows;
    texts
}
