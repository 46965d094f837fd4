//! Meaning of the types of Parquet columns: logical types, the converted types of older files, and the stored types.

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::column::reader::{ColumnReader, get_column_reader};
use parquet::data_type::Int96;
use parquet::file::reader::RowGroupReader;
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor};

use super::super::table::{NO_TIME, Texts, Values};
use super::super::time::DAY;
use super::chunk::{Chunk, Pages};
use super::texts;
use crate::error::recording::ColumnError;

/// Maximum number of rows for which memory is reserved, whatever a header claims.
const RESERVED: usize = 1 << 22;

/// Meaning of the stored values of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    /// Integers.
    Signed,
    /// Integers without a sign, stored in signed ones.
    Unsigned,
    /// Integers by a power of ten.
    Decimal(i32),
    /// Floating-point numbers.
    Float,
    /// 16-bit ones, as two bytes.
    Half,
    /// Times since 1970, in units of this many nanoseconds; `None` for `INT96`.
    Stamp(i64),
    /// Times since midnight.
    Clock(i64),
    /// Times from another beginning, such as that of a recording.
    Elapsed(i64),
    /// Days since 1970.
    Day,
    Text,
}

/// Why a column is left out.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unsupported {
    #[error("nothing but nulls")]
    Nulls,
    #[error("{logical} of {physical}")]
    Logical { logical: String, physical: Physical },
    #[error("{0}")]
    Physical(Physical),
}

fn nanos(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::MILLIS => 1_000_000,
        TimeUnit::MICROS => 1000,
        TimeUnit::NANOS => 1,
    }
}

/// Whether a column has times of a clock whose offset from UTC is not known.
pub(super) fn lacks_zone(column: &ColumnDescriptor) -> bool {
    let kind = column.logical_type_ref();
    matches!(kind, Some(LogicalType::Timestamp(stamp)) if !stamp.is_adjusted_to_u_t_c)
}

impl Meaning {
    /// From the logical type, else the converted type of older files.
    ///
    /// # Errors
    /// If the type is neither a signal nor a time.
    pub fn of(column: &ColumnDescriptor) -> Result<Self, Unsupported> {
        use ConvertedType as Old;
        let physical = column.physical_type();
        let by_logical = match column.logical_type_ref() {
            Some(LogicalType::Integer(int)) if int.is_signed => Some(Self::Signed),
            Some(LogicalType::Integer(_)) => Some(Self::Unsigned),
            Some(LogicalType::Decimal(decimal)) => Some(Self::Decimal(decimal.scale)),
            Some(LogicalType::Timestamp(stamp)) => Some(Self::Stamp(nanos(stamp.unit))),
            Some(LogicalType::Time(time)) => Some(Self::Clock(nanos(time.unit))),
            Some(LogicalType::Date) => Some(Self::Day),
            Some(LogicalType::Float16) => Some(Self::Half),
            Some(LogicalType::String | LogicalType::Enum | LogicalType::Json) => Some(Self::Text),
            Some(LogicalType::Unknown) => return Err(Unsupported::Nulls),
            Some(other) => {
                return Err(Unsupported::Logical {
                    logical: format!("{other:?}"),
                    physical,
                });
            }
            None => None,
        };
        let by_converted = || match column.converted_type() {
            Old::INT_8 | Old::INT_16 | Old::INT_32 | Old::INT_64 => Some(Self::Signed),
            Old::UINT_8 | Old::UINT_16 | Old::UINT_32 | Old::UINT_64 => Some(Self::Unsigned),
            Old::DECIMAL => Some(Self::Decimal(column.type_scale())),
            Old::TIMESTAMP_MILLIS => Some(Self::Stamp(1_000_000)),
            Old::TIMESTAMP_MICROS => Some(Self::Stamp(1000)),
            Old::TIME_MILLIS => Some(Self::Clock(1_000_000)),
            Old::TIME_MICROS => Some(Self::Clock(1000)),
            Old::DATE => Some(Self::Day),
            Old::UTF8 | Old::ENUM | Old::JSON => Some(Self::Text),
            _ => None,
        };
        let plain = || match physical {
            Physical::INT32 | Physical::INT64 if column.converted_type() == Old::NONE => {
                Some(Self::Signed)
            }
            Physical::FLOAT | Physical::DOUBLE => Some(Self::Float),
            Physical::INT96 => Some(Self::Stamp(1)),
            Physical::BYTE_ARRAY if column.converted_type() == Old::NONE => Some(Self::Text),
            _ => None,
        };
        let meaning = by_logical.or_else(by_converted).or_else(plain);
        meaning.ok_or_else(|| match column.converted_type() {
            Old::NONE => Unsupported::Physical(physical),
            old => Unsupported::Logical {
                logical: old.to_string(),
                physical,
            },
        })
    }

    pub fn empty(self) -> Values {
        match self {
            Self::Stamp(_) | Self::Day => Values::Times(Vec::new()),
            Self::Clock(_) | Self::Elapsed(_) => Values::Clocks(Vec::new()),
            Self::Text => Values::Texts(Texts::default()),
            _ => Values::Numbers(Vec::new()),
        }
    }

    /// Values of column `i` in a row group, and how many rows have none.
    ///
    /// # Errors
    /// If the file is damaged, or has more than `most` rows.
    pub fn values(
        self,
        group: &dyn RowGroupReader,
        i: usize,
        column: &ColumnDescPtr,
        most: usize,
    ) -> Result<(Values, usize), ColumnError> {
        let pages = || Ok::<_, ColumnError>(Pages::new(group.get_column_page_reader(i)?, column));
        let rows = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        let chunk = Chunk {
            needed: column.max_def_level(),
            most,
            expected: rows.min(most).min(RESERVED),
        };
        if self == Self::Text
            && let Some((texts, nulls)) = texts::by_number(&chunk, pages()?, column)?
        {
            return Ok((Values::Texts(texts), nulls));
        }
        let reader = get_column_reader(column.clone(), Box::new(pages()?));
        let values = match self {
            Self::Signed | Self::Unsigned | Self::Float | Self::Half => {
                self.numbers(&chunk, reader)?
            }
            Self::Decimal(scale) => decimals(&chunk, reader, scale)?,
            Self::Stamp(_) | Self::Day | Self::Clock(_) | Self::Elapsed(_) => {
                self.times(&chunk, reader)?
            }
            Self::Text => {
                texts::all(&chunk, reader)?.map(|(texts, nulls)| (Values::Texts(texts), nulls))
            }
        };
        values.ok_or_else(|| ColumnError::Type {
            physical: column.physical_type().to_string(),
            logical: format!("{self:?}"),
        })
    }

    /// Whole and floating-point numbers; `None` if the physical type holds no such numbers.
    fn numbers(self, chunk: &Chunk, reader: ColumnReader) -> Result<Column, ColumnError> {
        let nan = f64::NAN;
        let (values, nulls) = match (self, reader) {
            (Self::Signed, ColumnReader::Int64ColumnReader(r)) => {
                chunk.all(r, nan, |v| *v as f64)?
            }
            (Self::Signed, ColumnReader::Int32ColumnReader(r)) => {
                chunk.all(r, nan, |v| f64::from(*v))?
            }
            (Self::Unsigned, ColumnReader::Int64ColumnReader(r)) => {
                chunk.all(r, nan, |v| v.cast_unsigned() as f64)?
            }
            (Self::Unsigned, ColumnReader::Int32ColumnReader(r)) => {
                chunk.all(r, nan, |v| f64::from(v.cast_unsigned()))?
            }
            (Self::Float, ColumnReader::FloatColumnReader(r)) => {
                chunk.all(r, nan, |v| f64::from(*v))?
            }
            (Self::Float, ColumnReader::DoubleColumnReader(r)) => chunk.all(r, nan, |v| *v)?,
            (Self::Half, ColumnReader::FixedLenByteArrayColumnReader(r)) => {
                chunk.all(r, nan, |v| half(v.data()))?
            }
            _ => return Ok(None),
        };
        Ok(Some((Values::Numbers(values), nulls)))
    }

    /// Times and times of day in nanoseconds; `None` if the physical type holds no such times.
    fn times(self, chunk: &Chunk, reader: ColumnReader) -> Result<Column, ColumnError> {
        let time = |factor: i64| move |v: i64| v.checked_mul(factor).unwrap_or(NO_TIME);
        let (times, nulls) = match (self, reader) {
            (
                Self::Stamp(factor) | Self::Clock(factor) | Self::Elapsed(factor),
                ColumnReader::Int64ColumnReader(r),
            ) => chunk.all(r, NO_TIME, |v| time(factor)(*v))?,
            (Self::Stamp(_), ColumnReader::Int96ColumnReader(r)) => {
                chunk.all(r, NO_TIME, julian)?
            }
            (Self::Day, ColumnReader::Int32ColumnReader(r)) => {
                chunk.all(r, NO_TIME, |v| time(DAY)(i64::from(*v)))?
            }
            (Self::Clock(factor), ColumnReader::Int32ColumnReader(r)) => {
                chunk.all(r, NO_TIME, |v| time(factor)(i64::from(*v)))?
            }
            _ => return Ok(None),
        };
        let values = match self {
            Self::Clock(_) | Self::Elapsed(_) => Values::Clocks(times),
            _ => Values::Times(times),
        };
        Ok(Some((values, nulls)))
    }
}

/// Values and how many rows have none; `None` if the physical type does not fit the logical one.
type Column = Option<(Values, usize)>;

/// A decimal from its digits.
pub(super) fn scaled(digits: f64, scale: i32) -> f64 {
    if scale == 0 {
        digits
    } else {
        digits / 10f64.powi(scale)
    }
}

fn decimals(chunk: &Chunk, reader: ColumnReader, scale: i32) -> Result<Column, ColumnError> {
    let nan = f64::NAN;
    let scaled = |v: f64| scaled(v, scale);
    let (values, nulls) = match reader {
        ColumnReader::Int32ColumnReader(r) => chunk.all(r, nan, |v| scaled(f64::from(*v)))?,
        ColumnReader::Int64ColumnReader(r) => chunk.all(r, nan, |v| scaled(*v as f64))?,
        ColumnReader::FixedLenByteArrayColumnReader(r) => {
            chunk.all(r, nan, |v| scaled(whole(v.data())))?
        }
        ColumnReader::ByteArrayColumnReader(r) => chunk.all(r, nan, |v| scaled(whole(v.data())))?,
        _ => return Ok(None),
    };
    Ok(Some((Values::Numbers(values), nulls)))
}

/// A 16-bit floating-point number, little-endian.
pub(super) fn half(bytes: &[u8]) -> f64 {
    let bytes = <[u8; 2]>::try_from(bytes);
    bytes.map_or(f64::NAN, |bytes| half::f16::from_le_bytes(bytes).to_f64())
}

/// An integer of any length, big-endian in two's complement.
pub(super) fn whole(bytes: &[u8]) -> f64 {
    let negative = bytes.first().is_some_and(|byte| *byte >= 0x80);
    let sign = if negative { 0xFF } else { 0 };
    // Skips leading bytes that only repeat the sign.
    let repeated = bytes
        .windows(2)
        .take_while(|pair| pair[0] == sign && (pair[1] ^ sign) < 0x80);
    let digits = &bytes[repeated.count()..];
    if digits.len() <= 16 {
        let start = if negative { -1i128 } else { 0 };
        let value = digits
            .iter()
            .fold(start, |value, byte| value << 8 | i128::from(*byte));
        return value as f64;
    }
    // The one's complement differs in size by one, which is negligible here.
    let size = digits
        .iter()
        .fold(0.0, |size, byte| size * 256.0 + f64::from(byte ^ sign));
    if negative { -size } else { size }
}

/// Spark's and Impala's times: nanoseconds of a Julian day.
fn julian(time: &Int96) -> i64 {
    let [low, high, day] = *time.data() else {
        return NO_TIME;
    };
    let nanos = (u64::from(high) << 32 | u64::from(low)).cast_signed();
    let days = i64::from(day.cast_signed()) - 2_440_588;
    let time = days
        .checked_mul(DAY)
        .and_then(|days| days.checked_add(nanos));
    time.unwrap_or(NO_TIME)
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn integers_of_any_length() {
        for value in [
            0,
            1,
            -1,
            127,
            -128,
            255,
            -256,
            i128::MAX,
            i128::MIN,
            -998_591,
        ] {
            let bytes = value.to_be_bytes();
            for longer in [0, 1, 6, 16] {
                let fill = if value < 0 { 0xFF } else { 0 };
                let bytes = [vec![fill; longer], bytes.to_vec()].concat();
                assert_eq!(whole(&bytes), value as f64, "{value}, {longer} bytes more");
            }
        }
        assert_eq!(whole(&[0x80; 1]), -128.0);
        assert_eq!(whole(&[]), 0.0);
        let mut large = [0; 20];
        large[1] = 1;
        assert_eq!(whole(&large), 2f64.powi(144));
        assert_eq!(whole(&[&[0xFE][..], &[0; 19]].concat()), -(2f64.powi(153)));
    }
}
