//! Arrays as NumPy saves them, in an archive (`.npz`) or alone (`.npy`): headers, labels, and samples one after the
//! other, so that no more than one is held.

use std::fs::File;
use std::io::{Chain, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use npyz::{DType, Deserialize, NpyFile, Order, TypeChar, TypeStr};

use super::{Record, Sink, Span, Wanted, Window, Windows, unreadable};
use crate::error::DataError;
use crate::nesting::deeper_than;

/// An array; its header was read before and is read again from memory.
pub(super) type Array<R> = NpyFile<Chain<Cursor<Vec<u8>>, R>>;

/// Brackets open at once in a header, at most: `npyz` takes twice as long with every one, and plain types have two.
const DEEPEST: usize = 4;

/// Longest header that is believed, in bytes.
const LONGEST_HEADER: usize = 1 << 16;

/// Opens an array, and says how many bytes its header has.
///
/// # Errors
/// What is wrong with it.
pub(super) fn open<R: Read>(mut inner: R) -> Result<(Array<R>, u64), String> {
    let header = read_header(&mut inner)?;
    let length = header.len() as u64;
    let array = NpyFile::new(Cursor::new(header).chain(inner)).map_err(|e| e.to_string())?;
    Ok((array, length))
}

/// Reads magic, version and header, and refuses a shape with more elements than there are addresses:
/// `npyz` multiplies the sizes unchecked.
fn read_header(entry: &mut impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = vec![0; 10];
    entry
        .read_exact(&mut bytes)
        .map_err(|_| "no NumPy array".to_owned())?;
    let mut length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    if bytes[6] >= 2 {
        let mut rest = [0; 2];
        entry.read_exact(&mut rest).map_err(|e| e.to_string())?;
        bytes.extend(rest);
        length |= usize::from(u16::from_le_bytes(rest)) << 16;
    }
    if length > LONGEST_HEADER {
        return Err(format!("a header of {length} bytes is not believed"));
    }
    let start = bytes.len();
    bytes.resize(start + length, 0);
    entry
        .read_exact(&mut bytes[start..])
        .map_err(|_| "the header is truncated".to_owned())?;
    if deeper_than(DEEPEST, &bytes[start..], b"[({", b"])}") {
        return Err("the header is nested too deeply".into());
    }
    let text = String::from_utf8_lossy(&bytes[start..]);
    let shape = text.split("shape").nth(1).unwrap_or_default();
    let shape = shape.split(['(', ')']).nth(1).unwrap_or_default();
    let sizes = shape
        .split(',')
        .map(str::trim)
        .filter(|size| !size.is_empty());
    let elements = sizes
        .map(|size| size.trim_end_matches('L').parse::<u64>().ok())
        .try_fold(8u64, |product, size| product.checked_mul(size?));
    match elements.filter(|bytes| *bytes <= i64::MAX as u64) {
        Some(_) => Ok(bytes),
        None => Err(format!("the shape ({shape}) is impossible")),
    }
}

/// What is read of an array of one dimension, or why it cannot be.
type List<T, R> = fn(Array<R>) -> Result<Vec<T>, String>;

/// Reads an array of one dimension.
///
/// # Errors
/// What is wrong with it.
pub(super) fn list<T, R: Read>(
    name: &str,
    array: Array<R>,
    read: List<T, R>,
) -> Result<Vec<T>, String> {
    if array.shape().len() != 1 {
        return Err(format!(
            "`{name}` is {:?}, expected one dimension",
            array.shape()
        ));
    }
    let expected = array.shape()[0];
    let values = read(array).map_err(|e| format!("array `{name}`: {e}"))?;
    match values.len() as u64 == expected {
        true => Ok(values),
        false => Err(format!(
            "array `{name}` is truncated: {} of {expected} entries are there",
            values.len()
        )),
    }
}

fn type_of<R: Read>(array: &Array<R>) -> Result<TypeStr, String> {
    match array.dtype() {
        DType::Plain(plain) => Ok(plain),
        other => Err(format!("type {} is not supported", other.descr())),
    }
}

/// The values up to where the file ends.
fn collect<T: Deserialize, U, R: Read>(
    array: Array<R>,
    convert: fn(T) -> U,
) -> Result<Vec<U>, String> {
    let reader = array.data::<T>().map_err(|e| e.to_string())?;
    // Nothing is reserved: the length in the header is not to be trusted.
    let mut values = Vec::new();
    for value in reader {
        match value {
            Ok(value) => values.push(convert(value)),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(values)
}

/// Labels.
pub(super) fn integers<R: Read>(array: Array<R>) -> Result<Vec<i64>, String> {
    let kind = type_of(&array)?;
    match (kind.type_char(), kind.size_field()) {
        (TypeChar::Int, 8) => collect(array, |v: i64| v),
        (TypeChar::Int, 4) => collect(array, |v: i32| v.into()),
        (TypeChar::Int, 2) => collect(array, |v: i16| v.into()),
        (TypeChar::Int, 1) => collect(array, |v: i8| v.into()),
        (TypeChar::Uint, 4) => collect(array, |v: u32| v.into()),
        (TypeChar::Uint, 2) => collect(array, |v: u16| v.into()),
        (TypeChar::Uint, 1) => collect(array, |v: u8| v.into()),
        _ => Err(format!(
            "labels of type {kind} are not supported: expected integers"
        )),
    }
}

/// Groups.
pub(super) fn names<R: Read>(array: Array<R>) -> Result<Vec<String>, String> {
    let kind = type_of(&array)?;
    match kind.type_char() {
        TypeChar::UnicodeStr => collect(array, |v: String| v),
        TypeChar::ByteStr => collect(array, |v: Vec<u8>| String::from_utf8_lossy(&v).into_owned()),
        _ => Ok(integers(array)?.iter().map(i64::to_string).collect()),
    }
}

/// Type of the samples' values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    F64,
    F32,
    F16,
    I64,
    I32,
    I16,
}

/// How the samples of `x` lie in its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    element: Element,
    big_endian: bool,
    /// Shape of one sample.
    sample: Vec<usize>,
    /// Samples.
    pub count: usize,
    /// Bytes of one sample.
    pub bytes: usize,
}

impl Layout {
    /// Of `x`.
    ///
    /// # Errors
    /// Where it is no `[N, channels, samples]` or `[N, channels, segments, bins]` of a type that is read.
    pub fn of<R: Read>(array: &Array<R>) -> Result<Self, String> {
        let kind = type_of(array).map_err(|e| format!("array `x`: {e}"))?;
        let (element, width) = match (kind.type_char(), kind.size_field()) {
            (TypeChar::Float, 8) => (Element::F64, 8),
            (TypeChar::Float, 4) => (Element::F32, 4),
            (TypeChar::Float, 2) => (Element::F16, 2),
            (TypeChar::Int, 8) => (Element::I64, 8),
            (TypeChar::Int, 4) => (Element::I32, 4),
            (TypeChar::Int, 2) => (Element::I16, 2),
            _ => {
                return Err(format!(
                    "`x` of type {kind} is not supported: expected float32"
                ));
            }
        };
        if array.header().order() == Order::Fortran {
            return Err("`x` is in Fortran order; save it with np.ascontiguousarray(x)".into());
        }
        let shape: Vec<usize> = array.shape().iter().map(|&n| n as usize).collect();
        if !matches!(shape.len(), 3 | 4) {
            return Err(format!(
                "`x` is {shape:?}; expected [N, 2, 1024] or [N, 2, 7, 256]"
            ));
        }
        let sample = shape[1..].to_vec();
        let bytes = sample
            .iter()
            .try_fold(width, |product: usize, n| product.checked_mul(*n));
        // A span counts bytes in 32 bits; a sample of a gigabyte is none.
        let bytes = bytes.filter(|bytes| (1..=1 << 30).contains(bytes));
        let bytes =
            bytes.ok_or_else(|| format!("`x` has samples of the impossible shape {sample:?}"))?;
        Ok(Self {
            element,
            big_endian: kind.to_string().starts_with('>'),
            sample,
            count: shape[0],
            bytes,
        })
    }

    /// A sample by its bytes.
    fn decode(&self, bytes: &[u8]) -> Window {
        /// `bytes` in pieces, each turned to the machine's order and then to a value.
        fn each<const N: usize>(
            bytes: &[u8],
            big: bool,
            value: impl Fn([u8; N]) -> f32,
        ) -> Vec<f32> {
            let pieces = bytes.as_chunks::<N>().0.iter();
            match big {
                false => pieces.map(|piece| value(*piece)).collect(),
                true => pieces
                    .map(|piece| {
                        let mut piece = *piece;
                        piece.reverse();
                        value(piece)
                    })
                    .collect(),
            }
        }
        let big = self.big_endian;
        let values = match self.element {
            Element::F64 => each(bytes, big, |b| f64::from_le_bytes(b) as f32),
            Element::F32 => each(bytes, big, f32::from_le_bytes),
            Element::F16 => each(bytes, big, |b| half::f16::from_le_bytes(b).to_f32()),
            Element::I64 => each(bytes, big, |b| i64::from_le_bytes(b) as f32),
            Element::I32 => each(bytes, big, |b| i32::from_le_bytes(b) as f32),
            Element::I16 => each(bytes, big, |b| i16::from_le_bytes(b).into()),
        };
        Window {
            values,
            shape: self.sample.clone(),
        }
    }
}

/// What belongs to the samples of an `x`.
pub(super) struct Beside {
    /// Labels.
    pub labels: Vec<i64>,
    /// Groups, where there are.
    pub groups: Option<Vec<String>>,
}

impl Beside {
    /// Refuses arrays of different lengths.
    ///
    /// # Errors
    /// With the lengths.
    pub fn check(&self, layout: &Layout) -> Result<(), String> {
        let expected = self.labels.len();
        if let Some(groups) = &self.groups
            && groups.len() != expected
        {
            return Err(format!(
                "`group` has {} entries, `y` has {expected}",
                groups.len()
            ));
        }
        match layout.count == expected {
            true => Ok(()),
            false => Err(format!(
                "`x` has {} samples; expected {expected} for the {expected} labels of `y`",
                layout.count
            )),
        }
    }

    /// Hands out the samples whose values follow in `values`; those of other labels than wanted without values.
    ///
    /// # Errors
    /// Naming the record where the values end early, and as `sink`.
    pub fn read(
        self,
        path: &Path,
        layout: &Layout,
        values: &mut impl Read,
        wanted: &Wanted,
        sink: Sink<'_>,
    ) -> Result<(), DataError> {
        // Of sources whose samples are all left out, the values are not even passed over.
        let last = self.labels.iter().rposition(|label| wanted.keeps(*label));
        let mut bytes = vec![0; layout.bytes];
        let mut groups = self.groups.map(Vec::into_iter);
        for (record, label) in self.labels.into_iter().enumerate() {
            let window = match last.is_some_and(|last| record <= last) {
                false => Window::default(),
                true => {
                    values
                        .read_exact(&mut bytes)
                        .map_err(|e| cut_short(path, record, e))?;
                    match wanted.keeps(label) {
                        true => layout.decode(&bytes),
                        false => Window::default(),
                    }
                }
            };
            sink(Record {
                record,
                values: window.values,
                shape: window.shape,
                label,
                group: groups.as_mut().and_then(Iterator::next),
            })?;
        }
        // An archive's checksum is looked at where its entry ends.
        if last.is_some_and(|last| last + 1 == layout.count) {
            values
                .read(&mut [0])
                .map_err(|e| cut_short(path, layout.count - 1, e))?;
        }
        Ok(())
    }
}

fn cut_short(path: &Path, record: usize, error: std::io::Error) -> DataError {
    DataError::Record {
        path: path.to_owned(),
        record,
        problem: match error.kind() {
            std::io::ErrorKind::UnexpectedEof => {
                "`x` ends before this sample: the file is truncated".into()
            }
            _ => format!("array `x`: {error}"),
        },
    }
}

/// Where the samples lie whose values begin at `start`.
///
/// # Errors
/// Naming the first record that the file, of `length` bytes, does not have.
pub(super) fn spans(
    path: &Path,
    layout: &Layout,
    start: u64,
    length: u64,
) -> Result<Vec<Span>, DataError> {
    let there = length.saturating_sub(start) / layout.bytes as u64;
    if (layout.count as u64) > there {
        let problem = "`x` ends before this sample: the file is truncated".into();
        return Err(DataError::Record {
            path: path.to_owned(),
            record: there as usize,
            problem,
        });
    }
    let span = |i: usize| Span {
        offset: start + (i * layout.bytes) as u64,
        length: layout.bytes as u32,
    };
    Ok((0..layout.count).map(span).collect())
}

/// Samples that lie uncompressed in a file.
pub(super) struct Samples {
    /// The file.
    pub file: File,
    /// How they lie.
    pub layout: Layout,
}

impl Windows for Samples {
    fn window(&mut self, path: &Path, record: usize, span: Span) -> Result<Window, DataError> {
        if span.length as usize != self.layout.bytes {
            return Err(DataError::Record {
                path: path.to_owned(),
                record,
                problem: "changed since the training began".into(),
            });
        }
        let mut bytes = vec![0; self.layout.bytes];
        let placed = self.file.seek(SeekFrom::Start(span.offset));
        placed.map_err(unreadable(path))?;
        let read = self.file.read_exact(&mut bytes);
        read.map_err(|e| cut_short(path, record, e))?;
        Ok(self.layout.decode(&bytes))
    }
}
