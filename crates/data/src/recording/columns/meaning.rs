//! What the types of Parquet's columns mean: logical types, the converted ones of older files, and the stored ones.

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{DataType, Int96};
use parquet::file::reader::RowGroupReader;
use parquet::schema::types::ColumnDescriptor;

use super::super::table::{NO_TIME, Texts, Values};
use super::super::time::DAY;

/// Rows read at a time: what a header claims is no reason to reserve memory.
const ROWS: usize = 1 << 16;

/// What the stored values of a column stand for.
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
    /// Times since 1970, in units of so many nanoseconds; of `INT96` none.
    Stamp(i64),
    /// Times since midnight.
    Clock(i64),
    /// Days since 1970.
    Day,
    Text,
}

fn nanos(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::MILLIS => 1_000_000,
        TimeUnit::MICROS => 1000,
        TimeUnit::NANOS => 1,
    }
}

impl Meaning {
    /// By the logical type, else the converted one of older files.
    ///
    /// # Errors
    /// A type that is no signal and no time.
    pub fn of(column: &ColumnDescriptor) -> Result<Self, String> {
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
            Some(LogicalType::Unknown) => return Err("nothing but nulls".into()),
            Some(other) => return Err(format!("{other:?} of {physical}")),
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
            Old::NONE => physical.to_string(),
            old => format!("{old} of {physical}"),
        })
    }

    pub fn empty(self) -> Values {
        match self {
            Self::Stamp(_) | Self::Day => Values::Times(Vec::new()),
            Self::Clock(_) => Values::Clocks(Vec::new()),
            Self::Text => Values::Texts(Texts::default()),
            _ => Values::Numbers(Vec::new()),
        }
    }

    /// Values of column `i` in a row group, and how many rows have none.
    ///
    /// # Errors
    /// Where the file is damaged, or has more than `most` rows.
    pub fn values(
        self,
        group: &dyn RowGroupReader,
        i: usize,
        column: &ColumnDescriptor,
        most: usize,
    ) -> Result<(Values, usize), String> {
        let text = |error: parquet::errors::ParquetError| error.to_string();
        let reader = group.get_column_reader(i).map_err(text)?;
        let chunk = Chunk {
            needed: column.max_def_level(),
            most,
        };
        let numbers = |(values, nulls)| (Values::Numbers(values), nulls);
        let scale = |scale: i32| move |v: f64| if scale == 0 { v } else { v / 10f64.powi(scale) };
        let time = |factor: i64| move |v: i64| v.checked_mul(factor).unwrap_or(NO_TIME);
        Ok(match (self, reader) {
            (Self::Signed, ColumnReader::Int64ColumnReader(r)) => {
                numbers(chunk.all(r, f64::NAN, |v| *v as f64)?)
            }
            (Self::Signed, ColumnReader::Int32ColumnReader(r)) => {
                numbers(chunk.all(r, f64::NAN, |v| f64::from(*v))?)
            }
            (Self::Unsigned, ColumnReader::Int64ColumnReader(r)) => {
                numbers(chunk.all(r, f64::NAN, |v| v.cast_unsigned() as f64)?)
            }
            (Self::Unsigned, ColumnReader::Int32ColumnReader(r)) => {
                numbers(chunk.all(r, f64::NAN, |v| f64::from(v.cast_unsigned()))?)
            }
            (Self::Float, ColumnReader::FloatColumnReader(r)) => {
                numbers(chunk.all(r, f64::NAN, |v| f64::from(*v))?)
            }
            (Self::Float, ColumnReader::DoubleColumnReader(r)) => {
                numbers(chunk.all(r, f64::NAN, |v| *v)?)
            }
            (Self::Half, ColumnReader::FixedLenByteArrayColumnReader(r)) => {
                numbers(chunk.all(r, f64::NAN, |v| half(v.data()))?)
            }
            (Self::Decimal(s), ColumnReader::Int32ColumnReader(r)) => {
                let scale = scale(s);
                numbers(chunk.all(r, f64::NAN, |v| scale(f64::from(*v)))?)
            }
            (Self::Decimal(s), ColumnReader::Int64ColumnReader(r)) => {
                let scale = scale(s);
                numbers(chunk.all(r, f64::NAN, |v| scale(*v as f64))?)
            }
            (Self::Decimal(s), ColumnReader::FixedLenByteArrayColumnReader(r)) => {
                let scale = scale(s);
                numbers(chunk.all(r, f64::NAN, |v| scale(whole(v.data())))?)
            }
            (Self::Decimal(s), ColumnReader::ByteArrayColumnReader(r)) => {
                let scale = scale(s);
                numbers(chunk.all(r, f64::NAN, |v| scale(whole(v.data())))?)
            }
            (Self::Stamp(factor), ColumnReader::Int64ColumnReader(r)) => {
                let (times, nulls) = chunk.all(r, NO_TIME, |v| time(factor)(*v))?;
                (Values::Times(times), nulls)
            }
            (Self::Stamp(_), ColumnReader::Int96ColumnReader(r)) => {
                let (times, nulls) = chunk.all(r, NO_TIME, julian)?;
                (Values::Times(times), nulls)
            }
            (Self::Day, ColumnReader::Int32ColumnReader(r)) => {
                let (times, nulls) = chunk.all(r, NO_TIME, |v| time(DAY)(i64::from(*v)))?;
                (Values::Times(times), nulls)
            }
            (Self::Clock(factor), ColumnReader::Int32ColumnReader(r)) => {
                let (times, nulls) = chunk.all(r, NO_TIME, |v| time(factor)(i64::from(*v)))?;
                (Values::Clocks(times), nulls)
            }
            (Self::Clock(factor), ColumnReader::Int64ColumnReader(r)) => {
                let (times, nulls) = chunk.all(r, NO_TIME, |v| time(factor)(*v))?;
                (Values::Clocks(times), nulls)
            }
            (Self::Text, ColumnReader::ByteArrayColumnReader(r)) => {
                let mut texts = Texts::default();
                let (order, nulls) = chunk.all(r, None, |v| {
                    texts.push(v.data());
                    texts.rows.pop()
                })?;
                let none = texts.number("");
                texts.rows = order.into_iter().map(|row| row.unwrap_or(none)).collect();
                (Values::Texts(texts), nulls)
            }
            _ => return Err(format!("{} cannot hold {self:?}", column.physical_type())),
        })
    }
}

/// A 16-bit floating-point number, little-endian.
fn half(bytes: &[u8]) -> f64 {
    let bytes = <[u8; 2]>::try_from(bytes);
    bytes.map_or(f64::NAN, |bytes| half::f16::from_le_bytes(bytes).to_f64())
}

/// An integer of any length, big-endian in two's complement.
fn whole(bytes: &[u8]) -> f64 {
    let negative = bytes.first().is_some_and(|byte| *byte >= 0x80);
    let magnitude = bytes.iter().fold((0.0f64, 0u128), |(large, small), byte| {
        (
            large * 256.0 + f64::from(*byte),
            small << 8 | u128::from(*byte),
        )
    });
    if bytes.len() <= 16 {
        // Sign bits above, then exact.
        let unused = 128 - 8 * bytes.len().max(1) as u32;
        return ((magnitude.1 << unused).cast_signed() >> unused) as f64;
    }
    let above = 256f64.powi(bytes.len().min(127) as i32);
    if negative {
        magnitude.0 - above
    } else {
        magnitude.0
    }
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

/// How the values of a column chunk are read.
#[derive(Clone, Copy)]
struct Chunk {
    /// Definition level of a row with a value.
    needed: i16,
    /// Rows that the file can hold.
    most: usize,
}

impl Chunk {
    /// All values, `missing` where a row has none, and how many have none.
    ///
    /// # Errors
    /// Where the file is damaged, or has more rows than it can hold.
    fn all<T: DataType, U: Clone>(
        self,
        mut reader: ColumnReaderImpl<T>,
        missing: U,
        mut convert: impl FnMut(&T::T) -> U,
    ) -> Result<(Vec<U>, usize), String> {
        let (mut values, mut nulls) = (Vec::new(), 0);
        let (mut buffer, mut levels) = (Vec::new(), Vec::new());
        loop {
            buffer.clear();
            levels.clear();
            let definition = (self.needed > 0).then_some(&mut levels);
            let (rows, present, _) = reader
                .read_records(ROWS, definition, None, &mut buffer)
                .map_err(|error| error.to_string())?;
            if rows == 0 {
                return Ok((values, nulls));
            }
            if present == rows {
                values.extend(buffer.iter().map(&mut convert));
            } else {
                let mut own = buffer.iter();
                for level in &levels {
                    let value = if *level == self.needed {
                        own.next()
                    } else {
                        None
                    };
                    values.push(value.map_or_else(|| missing.clone(), &mut convert));
                }
                nulls += rows - present;
            }
            if values.len() > self.most {
                return Err(format!(
                    "more than {} rows are more than the file can hold",
                    self.most
                ));
            }
        }
    }
}
