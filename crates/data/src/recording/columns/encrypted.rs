//! Which columns of a file are encrypted although its footer is not.
//!
//! The fields are those of `FileMetaData`, `RowGroup` and `ColumnChunk` in parquet.thrift.

use bytes::Bytes;
use parquet::file::reader::ChunkReader;

use super::thrift::{LIST, enter, length, next_field, skip};

/// Row groups of a file.
const GROUPS: (i64, u8) = (4, LIST);
/// Columns of a row group.
const COLUMNS: (i64, u8) = (1, LIST);
/// How a column is encrypted.
const CRYPTO: i64 = 8;

/// Whether the columns of a file are encrypted, in their order. They are the same in all row groups.
pub(super) fn columns<R: ChunkReader>(file: &R) -> Vec<bool> {
    let found = footer(file).and_then(|footer| of_footer(&mut &footer[..]));
    found.unwrap_or_default()
}

/// The footer of a file, which stands before its length and four letters.
fn footer<R: ChunkReader>(file: &R) -> Option<Bytes> {
    let end = file.len().checked_sub(8)?;
    let last = file.get_bytes(end, 8).ok()?;
    let length = last.strip_suffix(b"PAR1")?.first_chunk()?;
    let length = u32::from_le_bytes(*length);
    let start = end.checked_sub(length.into())?;
    file.get_bytes(start, usize::try_from(length).ok()?).ok()
}

fn of_footer(rest: &mut &[u8]) -> Option<Vec<bool>> {
    enter(rest, GROUPS)?;
    if length(rest)? == 0 {
        return None;
    }
    enter(rest, COLUMNS)?;
    // A column takes at least a byte.
    let columns = usize::try_from(length(rest)?).ok()?.min(rest.len());
    (0..columns).map(|_| is_encrypted(rest)).collect()
}

/// Whether the next column says how it is encrypted.
fn is_encrypted(rest: &mut &[u8]) -> Option<bool> {
    let (mut field, mut found) = (0, false);
    loop {
        let (number, kind) = next_field(rest, field)?;
        if kind == 0 {
            return Some(found);
        }
        found |= number == CRYPTO;
        field = number;
        skip(rest, kind, 0, &mut 0)?;
    }
}
