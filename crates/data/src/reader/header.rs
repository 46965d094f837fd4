//! Headers of NumPy's arrays, checked before a library sees them.

use std::io::Read;

use crate::error::sample::ArrayError;
use crate::nesting::deeper_than;

/// Brackets open at once in a header, at most: `npyz` takes twice as long with every one, and plain types have two.
const DEEPEST: usize = 4;

/// Longest header that is accepted, in bytes.
const LONGEST_HEADER: usize = 1 << 16;

/// Reads magic, version and header, and refuses a shape with more elements than there are addresses:
/// `npyz` multiplies the sizes unchecked.
///
/// # Errors
/// If the header is missing or implausible, or the array holds Python's objects.
pub(super) fn read(entry: &mut impl Read) -> Result<Vec<u8>, ArrayError> {
    let bytes = raw(entry)?;
    let text = String::from_utf8_lossy(&bytes);
    if is_pickled(&text) {
        return Err(ArrayError::Pickled);
    }
    Ok(bytes)
}

/// As [`read`], of an array of any type.
///
/// # Errors
/// If the header is missing or implausible.
pub(super) fn raw(entry: &mut impl Read) -> Result<Vec<u8>, ArrayError> {
    let mut bytes = vec![0; 10];
    entry
        .read_exact(&mut bytes)
        .map_err(|_| ArrayError::NotNumpy)?;
    let mut length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    if bytes[6] >= 2 {
        let mut rest = [0; 2];
        entry
            .read_exact(&mut rest)
            .map_err(|_| ArrayError::HeaderTruncated)?;
        bytes.extend(rest);
        length |= usize::from(u16::from_le_bytes(rest)) << 16;
    }
    if length > LONGEST_HEADER {
        return Err(ArrayError::HeaderTooLong { length });
    }
    let start = bytes.len();
    bytes.resize(start + length, 0);
    entry
        .read_exact(&mut bytes[start..])
        .map_err(|_| ArrayError::HeaderTruncated)?;
    if deeper_than(DEEPEST, &bytes[start..], b"[({", b"])}") {
        return Err(ArrayError::HeaderTooDeep);
    }
    let text = String::from_utf8_lossy(&bytes[start..]);
    match byte_count(&text, 8).filter(|bytes| *bytes <= i64::MAX as u64) {
        Some(_) => Ok(bytes),
        None => Err(ArrayError::ImpossibleShape {
            shape: shape_in(&text).to_owned(),
        }),
    }
}

/// Whether a header says that its array contains Python objects.
pub(super) fn is_pickled(header: &str) -> bool {
    header.contains("'|O'")
}

/// The sizes in the shape of a header, as they are written.
pub(super) fn sizes_in(header: &str) -> impl Iterator<Item = &str> {
    let sizes = shape_in(header).split(',').map(str::trim);
    sizes.filter(|size| !size.is_empty())
}

/// Bytes of all elements, of `width` bytes each; `None` if there are too many to count.
pub(super) fn byte_count(header: &str, width: u64) -> Option<u64> {
    sizes_in(header).try_fold(width, |bytes, size| {
        bytes.checked_mul(size.trim_end_matches('L').parse().ok()?)
    })
}

/// The text between the brackets of the shape in a header.
fn shape_in(header: &str) -> &str {
    let shape = header.split("shape").nth(1).unwrap_or_default();
    shape.split(['(', ')']).nth(1).unwrap_or_default()
}
