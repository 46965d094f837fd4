//! Cells of columns, as bytes of a type of HDF5, and what pandas says that they mean.

use hdf5_reader::{ByteOrder, Datatype, StringSize};

use super::super::table::{Column, NO_TIME, Texts, Values};
use super::super::words::in_order;

/// What the cells of a column mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    Numbers,
    /// Times since 1970, in units of this many nanoseconds.
    Times(i64),
    /// Durations, such as times from the beginning of a recording.
    Elapsed(i64),
    Texts,
    /// Neither samples nor times.
    Other,
}

impl Meaning {
    /// From a type of NumPy or pandas, such as `datetime64[us]`, or the kind of an index, such as `integer`.
    pub fn of(kind: &str) -> Self {
        let unit = || {
            let unit = kind.split_once('[').map_or("ns", |(_, unit)| unit);
            // A zone may follow; times are in UTC.
            match unit.split([']', ',']).next().unwrap_or_default() {
                "ns" => Some(1),
                "us" => Some(1000),
                "ms" => Some(1_000_000),
                "s" => Some(1_000_000_000),
                _ => None,
            }
        };
        let is = |names: &[&str]| names.iter().any(|prefix| kind.starts_with(prefix));
        if is(&["datetime64"]) {
            unit().map_or(Self::Other, Self::Times)
        } else if is(&["timedelta64"]) {
            unit().map_or(Self::Other, Self::Elapsed)
        } else if is(&["string", "bytes"]) {
            Self::Texts
        } else if is(&["float", "int", "uint", "bool"]) {
            Self::Numbers
        } else {
            Self::Other
        }
    }
}

/// Cells of a column within rows of bytes.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    pub rows: &'a [u8],
    /// Bytes of a row.
    pub stride: usize,
    /// First byte of the cell in a row.
    pub offset: usize,
    pub kind: &'a Datatype,
}

/// Bytes of a cell; `None` if cells have no fixed size.
pub(super) fn size(kind: &Datatype) -> Option<usize> {
    match kind {
        Datatype::FixedPoint { size, .. }
        | Datatype::FloatingPoint { size, .. }
        | Datatype::Bitfield { size, .. } => Some((*size).into()),
        Datatype::String {
            size: StringSize::Fixed(size),
            ..
        } => usize::try_from(*size).ok(),
        Datatype::Enum { base, .. } => size(base),
        _ => None,
    }
    .filter(|size| *size > 0)
}

impl<'a> Cells<'a> {
    /// The bytes of all cells; `None` if they are not within their rows.
    fn all(self) -> Option<impl Iterator<Item = &'a [u8]>> {
        let range = self.offset..self.offset.checked_add(size(self.kind)?)?;
        let is_within = range.end <= self.stride;
        is_within.then(|| {
            let rows = self.rows.chunks_exact(self.stride.max(1));
            rows.map(move |row| &row[range.clone()])
        })
    }

    /// The column called `name`; `None` if the type of HDF5 does not hold what the cells mean.
    pub fn column(self, name: String, meaning: Meaning) -> Option<Column> {
        let is_whole = !matches!(self.kind, Datatype::FloatingPoint { .. });
        let times = |unit: i64| {
            let time = |value: i64| value.checked_mul(unit).unwrap_or(NO_TIME);
            Some(self.integers()?.map(time).collect())
        };
        let values = match meaning {
            Meaning::Numbers => Values::Numbers(self.numbers()?),
            Meaning::Times(unit) => Values::Times(times(unit)?),
            Meaning::Elapsed(unit) => Values::Clocks(times(unit)?),
            Meaning::Texts => Values::Texts(self.texts()?),
            Meaning::Other => return None,
        };
        Some(Column {
            name,
            values,
            whole: meaning == Meaning::Numbers && is_whole,
        })
    }

    fn integers(self) -> Option<impl Iterator<Item = i64>> {
        let Datatype::FixedPoint {
            size: 8,
            signed: true,
            byte_order,
        } = self.kind
        else {
            return None;
        };
        let is_big = *byte_order == ByteOrder::BigEndian;
        let word = move |cell: &[u8]| {
            cell.first_chunk().map_or(NO_TIME, |bytes| {
                i64::from_be_bytes(in_order(*bytes, is_big))
            })
        };
        Some(self.all()?.map(word))
    }

    fn numbers(self) -> Option<Vec<f64>> {
        let number = number(self.kind)?;
        Some(self.all()?.map(number).collect())
    }

    /// Texts, up to their first zero. What pandas writes in place of a missing text is none.
    fn texts(self) -> Option<Texts> {
        if !matches!(self.kind, Datatype::String { .. }) {
            return None;
        }
        let mut texts = Texts::default();
        for cell in self.all()? {
            let text = cell.split(|byte| *byte == 0).next().unwrap_or_default();
            texts.push(if text == b"nan" { b"" } else { text });
        }
        Some(texts)
    }
}

/// Reads a number from the bytes of a cell.
type Number = fn(&[u8]) -> f64;

/// How cells of a type are read; `None` if they are no numbers.
fn number(kind: &Datatype) -> Option<Number> {
    macro_rules! read {
        ($kind:ty, $order:expr) => {{
            const SIZE: usize = size_of::<$kind>();
            let number: Number = if *$order == ByteOrder::BigEndian {
                |cell| {
                    cell.first_chunk::<SIZE>()
                        .map_or(f64::NAN, |bytes| <$kind>::from_be_bytes(*bytes) as f64)
                }
            } else {
                |cell| {
                    cell.first_chunk::<SIZE>()
                        .map_or(f64::NAN, |bytes| <$kind>::from_le_bytes(*bytes) as f64)
                }
            };
            Some(number)
        }};
    }
    match kind {
        Datatype::Enum { base, .. } => number(base),
        Datatype::Bitfield { size: 1, .. } => {
            Some(|cell| cell.first().map_or(f64::NAN, |byte| f64::from(*byte)))
        }
        Datatype::FloatingPoint { size, byte_order } => match size {
            2 if *byte_order == ByteOrder::BigEndian => Some(|cell| half(cell, true)),
            2 => Some(|cell| half(cell, false)),
            4 => read!(f32, byte_order),
            8 => read!(f64, byte_order),
            _ => None,
        },
        Datatype::FixedPoint {
            size,
            signed,
            byte_order,
        } => match (size, signed) {
            (1, true) => read!(i8, byte_order),
            (1, false) => read!(u8, byte_order),
            (2, true) => read!(i16, byte_order),
            (2, false) => read!(u16, byte_order),
            (4, true) => read!(i32, byte_order),
            (4, false) => read!(u32, byte_order),
            (8, true) => read!(i64, byte_order),
            (8, false) => read!(u64, byte_order),
            _ => None,
        },
        _ => None,
    }
}

/// A 16-bit floating-point number.
fn half(cell: &[u8], is_big: bool) -> f64 {
    let bytes = cell.first_chunk();
    bytes.map_or(f64::NAN, |bytes| {
        half::f16::from_be_bytes(in_order(*bytes, is_big)).to_f64()
    })
}
