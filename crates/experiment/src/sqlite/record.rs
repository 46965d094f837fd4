//! Rows as SQLite stores them: a header with the types of the values, and the values.

/// A value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Cell {
    /// NULL.
    #[default]
    Null,
    /// An integer.
    Whole(i64),
    /// A float.
    Real(f64),
    /// A text; bytes that are not UTF-8 are replaced.
    Text(String),
    /// Bytes, which no table that is read has.
    Bytes,
}

impl Cell {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, if it is one.
    pub fn whole(&self) -> Option<i64> {
        match self {
            Self::Whole(whole) => Some(*whole),
            _ => None,
        }
    }

    /// The number. SQLite stores whole floats as integers.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Whole(whole) => Some(*whole as f64),
            Self::Real(real) => Some(*real),
            _ => None,
        }
    }
}

/// Columns that a table of SQLite can have.
const MAX_COLUMNS: usize = 32_767;

/// The number at the beginning of `bytes`, of one to nine bytes, and how many they are.
pub(super) fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for (i, byte) in bytes.iter().take(9).enumerate() {
        if i == 8 {
            return Some((value << 8 | u64::from(*byte), 9));
        }
        value = value << 7 | u64::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            return Some((value, i + 1));
        }
    }
    None
}

/// The values of a row; `None` if it is damaged.
pub(super) fn cells(row: &[u8]) -> Option<Vec<Cell>> {
    let (header, mut at) = varint(row)?;
    let header = usize::try_from(header)
        .ok()
        .filter(|length| *length <= row.len())?;
    let mut rest = row.get(header..)?;
    let mut cells = Vec::new();
    while at < header {
        let (kind, length) = varint(&row[at..header])?;
        at += length;
        let (cell, length) = cell(kind, rest)?;
        rest = rest.get(length..)?;
        if cells.len() == MAX_COLUMNS {
            return None;
        }
        cells.push(cell);
    }
    Some(cells)
}

/// A value of a kind at the beginning of `bytes`, and its length.
fn cell(kind: u64, bytes: &[u8]) -> Option<(Cell, usize)> {
    let whole = |length: usize| {
        let content = bytes.get(..length)?;
        let sign = if content[0] & 0x80 == 0 { 0 } else { -1 };
        let value = content
            .iter()
            .fold(sign, |value: i64, byte| value << 8 | i64::from(*byte));
        Some((Cell::Whole(value), length))
    };
    match kind {
        0 => Some((Cell::Null, 0)),
        1..=4 => whole(kind as usize),
        5 => whole(6),
        6 => whole(8),
        7 => {
            let content = bytes.get(..8)?.try_into().ok()?;
            Some((Cell::Real(f64::from_be_bytes(content)), 8))
        }
        8 => Some((Cell::Whole(0), 0)),
        9 => Some((Cell::Whole(1), 0)),
        10 | 11 => None,
        kind => {
            let length = usize::try_from((kind - 12) / 2).ok()?;
            let content = bytes.get(..length)?;
            let cell = if kind % 2 == 1 {
                Cell::Text(String::from_utf8_lossy(content).into_owned())
            } else {
                Cell::Bytes
            };
            Some((cell, length))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_of_several_bytes() {
        for (bytes, expected) in [
            (&[0x7F][..], Some((127, 1))),
            (&[0x81, 0x00], Some((128, 2))),
            (&[0xFF; 9], Some((u64::MAX, 9))),
            (&[0x81], None),
            (&[], None),
        ] {
            assert_eq!(varint(bytes), expected);
        }
    }

    #[test]
    fn values_of_a_row() {
        let row = [7, 0, 1, 2, 8, 9, 19, 0xFF, 0x01, 0x00, b'a', b'b', b'c'];
        let expected = [
            Cell::Null,
            Cell::Whole(-1),
            Cell::Whole(256),
            Cell::Whole(0),
            Cell::Whole(1),
            Cell::Text("abc".into()),
        ];
        assert_eq!(cells(&row).unwrap(), expected);
        for end in 0..row.len() {
            assert_eq!(cells(&row[..end]), None, "{end}");
        }
        // Reserved kinds, and a header longer than the row.
        assert_eq!(cells(&[2, 10]), None);
        assert_eq!(cells(&[200, 1]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes: Vec<u8>) {
            let _ = cells(&bytes);
        }
    }
}
