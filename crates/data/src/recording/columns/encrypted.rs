//! Which columns of a file are encrypted although its footer is not.
//!
//! The fields are those of `FileMetaData`, `RowGroup` and `ColumnChunk` in parquet.thrift.

use super::thrift::{LIST, enter, length, next_field, skip};

/// Row groups of a file.
const GROUPS: (i64, u8) = (4, LIST);
/// Columns of a row group.
const COLUMNS: (i64, u8) = (1, LIST);
/// How a column is encrypted.
const CRYPTO: i64 = 8;

/// Whether the columns of a file are encrypted, in their order. They are the same in all row groups.
pub(super) fn columns(file: &[u8]) -> Vec<bool> {
    let found = footer(file).and_then(|mut footer| of_footer(&mut footer));
    found.unwrap_or_default()
}

/// The footer of a file, which stands before its length and four letters.
fn footer(file: &[u8]) -> Option<&[u8]> {
    let (before, length) = file.strip_suffix(b"PAR1")?.split_last_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    before.get(before.len().checked_sub(length)?..)
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
        skip(rest, kind, 0)?;
    }
}
