//! Arrays as NumPy saves them, in an archive (`.npz`) or alone (`.npy`): headers, labels, and samples one after the
//! other, so that no more than one is held.

use std::fs::File;
use std::io::{Chain, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use npyz::{DType, Deserialize, NpyFile, Order, TypeChar, TypeStr};

use super::element::Element;
use super::{Record, Sink, Span, Wanted, Window, Windows, header, unreadable};
use crate::error::DataError;

/// An array; its header was read before and is read again from memory.
pub(super) type Array<R> = NpyFile<Chain<Cursor<Vec<u8>>, R>>;

/// Samples without labels of one array, at most.
const MOST_UNLABELLED: usize = 1 << 24;

/// Opens an array, and says how many bytes its header has.
///
/// # Errors
/// What is wrong with it.
pub(super) fn open<R: Read>(mut inner: R) -> Result<(Array<R>, u64), String> {
    let header = header::read(&mut inner)?;
    let length = header.len() as u64;
    let array = NpyFile::new(Cursor::new(header).chain(inner)).map_err(|e| e.to_string())?;
    Ok((array, length))
}

/// What is read of an array of one dimension, or why it cannot be.
type List<T, R> = fn(Array<R>) -> Result<Vec<T>, String>;

/// Reads an array of one dimension, or of a second that is 1.
///
/// # Errors
/// What is wrong with it.
pub(super) fn list<T, R: Read>(
    name: &str,
    array: Array<R>,
    read: List<T, R>,
) -> Result<Vec<T>, String> {
    let expected = match *array.shape() {
        [n] | [n, 1] => n,
        ref shape => {
            let hot = match shape {
                [_, classes] if *classes > 1 => " (one-hot? save np.argmax(y, axis=1))",
                _ => "",
            };
            return Err(format!(
                "`{name}` is {shape:?}{hot}, expected one dimension"
            ));
        }
    };
    let values = read(array).map_err(|e| format!("array `{name}`: {e}"))?;
    if values.len() as u64 == expected {
        Ok(values)
    } else {
        Err(format!(
            "array `{name}` is truncated: {} of {expected} entries are there",
            values.len()
        ))
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
        (TypeChar::Uint, 8) => whole(collect(array, |v: u64| i64::try_from(v).ok())?),
        (TypeChar::Uint, 4) => collect(array, |v: u32| v.into()),
        (TypeChar::Uint, 2) => collect(array, |v: u16| v.into()),
        (TypeChar::Uint, 1) => collect(array, |v: u8| v.into()),
        (TypeChar::Bool, 1) => collect(array, |v: bool| v.into()),
        (TypeChar::Float, 8) => whole(collect(array, whole_float)?),
        (TypeChar::Float, 4) => whole(collect(array, |v: f32| whole_float(v.into()))?),
        _ => Err(format!(
            "labels of type {kind} are not supported: expected integers"
        )),
    }
}

/// A label that is a float but a whole number.
fn whole_float(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() < 9e15).then_some(value as i64)
}

fn whole(values: Vec<Option<i64>>) -> Result<Vec<i64>, String> {
    let at = values.iter().position(Option::is_none);
    match at {
        None => Ok(values.into_iter().flatten().collect()),
        Some(at) => Err(format!(
            "label {at} is no whole number: expected the numbers of classes"
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

/// How the samples of `x` lie in its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    element: Element,
    big_endian: bool,
    /// Whether the first index runs fastest.
    fortran: bool,
    /// Shape of one sample.
    sample: Vec<usize>,
    /// Samples.
    pub count: usize,
    /// Bytes of one sample.
    pub bytes: usize,
}

/// Type and shape of an array, for messages.
pub(super) fn describe<R: Read>(array: &Array<R>) -> String {
    let kind = array.dtype().descr();
    let kind = kind.trim_matches('\'');
    let named = Element::named(kind).map(|(element, _)| element.to_string());
    format!("{} {:?}", named.unwrap_or(kind.into()), array.shape())
}

impl Layout {
    /// Of `x`, which the file calls `name`.
    ///
    /// # Errors
    /// Where it is no `[N, channels, samples]` or `[N, channels, segments, bins]` of a type that is read.
    pub fn of<R: Read>(name: &str, array: &Array<R>) -> Result<Self, String> {
        let kind = type_of(array).map_err(|e| format!("array `{name}`: {e}"))?;
        let (element, big_endian) = match kind.type_char() {
            TypeChar::Float | TypeChar::Int | TypeChar::Uint => Element::named(&kind.to_string()),
            _ => None,
        }
        .ok_or_else(|| format!("`{name}` of type {kind} is not supported: expected float32"))?;
        let shape: Vec<usize> = array.shape().iter().map(|&n| n as usize).collect();
        if !matches!(shape.len(), 3 | 4) {
            return Err(format!(
                "`{name}` is {shape:?}; expected [N, 2, 1024] or [N, 2, 7, 256]: samples, channels, values"
            ));
        }
        let sample = shape[1..].to_vec();
        let bytes = sample
            .iter()
            .try_fold(element.width(), |product: usize, n| product.checked_mul(*n));
        // A span counts bytes in 32 bits; a sample of a gigabyte is none.
        let bytes = bytes.filter(|bytes| (1..=1 << 30).contains(bytes));
        let bytes = bytes
            .ok_or_else(|| format!("`{name}` has samples of the impossible shape {sample:?}"))?;
        Ok(Self {
            element,
            big_endian,
            fortran: array.header().order() == Order::Fortran,
            sample,
            count: shape[0],
            bytes,
        })
    }

    /// Refuses to read samples one by one where none lies in one piece.
    ///
    /// # Errors
    /// [`DataError::NotStreamable`].
    pub fn check_streamable(&self, path: &Path) -> Result<(), DataError> {
        if !self.fortran {
            return Ok(());
        }
        Err(DataError::NotStreamable {
            path: path.to_owned(),
            reason: "its samples are in Fortran order, where none lies in one piece; save np.ascontiguousarray(x), or let \
                     `data convert` write it anew"
                .into(),
        })
    }

    /// A sample by its bytes.
    fn decode(&self, bytes: &[u8]) -> Window {
        Window {
            values: self.element.decode(bytes, self.big_endian),
            shape: self.sample.clone(),
        }
    }

    /// Sample number `record` of all values in Fortran order, as its bytes in the usual order.
    fn gather(&self, all: &[u8], record: usize, bytes: &mut Vec<u8>) {
        let width = self.element.width();
        bytes.clear();
        let elements = self.bytes / width;
        for i in 0..elements {
            // The place of element `i`, whose last index runs fastest, where the first does.
            let (mut rest, mut place) = (i, 0);
            for (axis, size) in self.sample.iter().enumerate().rev() {
                let before: usize = self.sample[..axis].iter().product();
                place += rest % size * before;
                rest /= size;
            }
            let at = (record + self.count * place) * width;
            bytes.extend_from_slice(&all[at..at + width]);
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
    /// Of samples without labels.
    ///
    /// # Errors
    /// Where a header claims more samples than are read at once.
    pub fn unlabelled(layout: &Layout) -> Result<Self, String> {
        if layout.count > MOST_UNLABELLED {
            let count = layout.count;
            return Err(format!(
                "`x` has {count} samples: at most {MOST_UNLABELLED} are read of one array"
            ));
        }
        Ok(Self {
            labels: vec![Record::UNLABELLED; layout.count],
            groups: None,
        })
    }

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
        if layout.count == expected {
            Ok(())
        } else {
            Err(format!(
                "`x` has {} samples; expected {expected} for the {expected} labels of `y`",
                layout.count
            ))
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
        let all = match last {
            Some(_) if layout.fortran => Some(fortran_values(path, layout, values)?),
            _ => None,
        };
        let mut bytes = vec![0; layout.bytes];
        let mut groups = self.groups.map(Vec::into_iter);
        for (record, label) in self.labels.into_iter().enumerate() {
            let reached = last.is_some_and(|last| record <= last);
            if reached && all.is_none() {
                values
                    .read_exact(&mut bytes)
                    .map_err(|e| cut_short(path, record, e))?;
            }
            let mut window = Window::default();
            if reached && wanted.keeps(label) {
                if let Some(all) = &all {
                    layout.gather(all, record, &mut bytes);
                }
                window = layout.decode(&bytes);
            }
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

/// All values of an array in Fortran order.
fn fortran_values(
    path: &Path,
    layout: &Layout,
    values: &mut impl Read,
) -> Result<Vec<u8>, DataError> {
    let mut all = Vec::new();
    let wanted = layout.count as u64 * layout.bytes as u64;
    // As much as there is: the length in the header is not to be trusted.
    values
        .take(wanted)
        .read_to_end(&mut all)
        .map_err(|e| cut_short(path, 0, e))?;
    if all.len() as u64 == wanted {
        return Ok(all);
    }
    Err(DataError::Source {
        path: path.to_owned(),
        problem: format!(
            "`x` ends early: {} of {wanted} bytes are there; the file is truncated",
            all.len()
        ),
    })
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
