//! Samples in NumPy arrays, in an archive (`.npz`) or single files (`.npy`). They are read one at a time, so that only
//! one is in memory.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use npyz::{Order, TypeChar};

use super::element::Element;
use super::lists::{Array, type_of};
use super::notes::coarse;
use super::{Record, Sink, SourceSelection, Span, Window, Windows, names, unreadable};
use crate::error::sample::{ArrayError, SampleError};
use crate::error::{DataError, in_file, in_record};

/// Most samples without labels of one array.
const MOST_UNLABELLED: usize = 1 << 24;

/// Layout of the samples in the values of `x`.
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

impl Layout {
    /// Layout of `x`, which the file calls `name`.
    ///
    /// # Errors
    /// If it is not `[N, channels, samples]` or `[N, channels, segments, bins]` of a supported type.
    pub fn of<R: Read>(name: &str, array: &Array<R>) -> Result<Self, ArrayError> {
        let kind = type_of(array).map_err(ArrayError::in_array(name))?;
        let (element, big_endian) = match kind.type_char() {
            TypeChar::Float | TypeChar::Int | TypeChar::Uint => Element::named(&kind.to_string()),
            // A byte of 0 or 1.
            TypeChar::Bool => Some((Element::U8, false)),
            _ => None,
        }
        .ok_or_else(|| {
            ArrayError::in_array(name)(ArrayError::ElementType {
                found: kind.to_string(),
                expected: Some("float32"),
            })
        })?;
        let shape: Vec<usize> = array.shape().iter().map(|&n| n as usize).collect();
        if !matches!(shape.len(), 3 | 4) {
            return Err(ArrayError::SampleDimensions {
                name: name.to_owned(),
                shape,
            });
        }
        let sample = shape[1..].to_vec();
        let bytes = sample
            .iter()
            .try_fold(element.width(), |product: usize, n| product.checked_mul(*n));
        // A span counts bytes in 32 bits; no sample has a gigabyte.
        let bytes = bytes.filter(|bytes| (1..=1 << 30).contains(bytes));
        let bytes = bytes.ok_or_else(|| ArrayError::SampleShape {
            name: name.to_owned(),
            shape: sample.clone(),
        })?;
        Ok(Self {
            element,
            big_endian,
            fortran: array.header().order() == Order::Fortran,
            sample,
            count: shape[0],
            bytes,
        })
    }

    /// What to say of the first sample of `values`, if float32 numbers are too coarse for it.
    pub fn note(&self, values: impl Read) -> Option<String> {
        let mut bytes = Vec::new();
        let read = values.take(self.bytes as u64).read_to_end(&mut bytes);
        let is_one = !self.fortran && read.is_ok_and(|read| read == self.bytes);
        let values: Vec<f64> = self.element.exact(&bytes, self.big_endian).collect();
        coarse(&values, self.sample[0]).filter(|_| is_one)
    }

    /// Refuses to read samples one by one if they are not contiguous.
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

    /// Sample number `record` by its bytes.
    fn decode(&self, path: &Path, record: usize, bytes: &[u8]) -> Result<Window, DataError> {
        let beyond =
            |problem| in_record(path, record)(SampleError::Array(ArrayError::Beyond(problem)));
        Ok(Window {
            values: self
                .element
                .decode(bytes, self.big_endian)
                .map_err(beyond)?,
            shape: self.sample.clone(),
        })
    }

    /// Sample number `record` of all values in Fortran order, as its bytes in the usual order.
    fn gather(&self, all: &[u8], record: usize, bytes: &mut Vec<u8>) {
        let width = self.element.width();
        bytes.clear();
        let elements = self.bytes / width;
        for i in 0..elements {
            // Position of element `i`, counted with the last index fastest, in an array stored with the first index
            // fastest.
            let (mut rest, mut position) = (i, 0);
            for (axis, size) in self.sample.iter().enumerate().rev() {
                let before: usize = self.sample[..axis].iter().product();
                position += rest % size * before;
                rest /= size;
            }
            let at = (record + self.count * position) * width;
            bytes.extend_from_slice(&all[at..at + width]);
        }
    }
}

/// Labels and groups of the samples in `x`.
pub(super) struct Annotations {
    /// Labels.
    pub labels: Vec<i64>,
    /// Groups, if there are any.
    pub groups: Option<Vec<String>>,
}

impl Annotations {
    /// For samples without labels.
    ///
    /// # Errors
    /// If the header claims more samples than are read at once.
    pub fn unlabelled(layout: &Layout) -> Result<Self, ArrayError> {
        if layout.count > MOST_UNLABELLED {
            return Err(ArrayError::TooMany {
                count: layout.count,
                limit: MOST_UNLABELLED,
            });
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
    pub fn check(&self, layout: &Layout) -> Result<(), ArrayError> {
        let expected = self.labels.len();
        if let Some(groups) = &self.groups
            && groups.len() != expected
        {
            return Err(ArrayError::GroupCount {
                groups: groups.len(),
                labels: expected,
            });
        }
        if layout.count == expected {
            Ok(())
        } else {
            Err(ArrayError::LabelCount {
                samples: layout.count,
                labels: expected,
            })
        }
    }

    /// Passes the samples in `values` to `sink`, those with unwanted labels without their values.
    ///
    /// # Errors
    /// If the values end early, naming the record; and those of `sink`.
    pub fn read(
        self,
        path: &Path,
        layout: &Layout,
        values: &mut impl Read,
        wanted: &SourceSelection,
        sink: Sink<'_>,
    ) -> Result<(), DataError> {
        // Values after the last wanted sample are not read.
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
                window = layout.decode(path, record, &bytes)?;
            }
            sink(Record {
                record,
                values: window.values,
                shape: window.shape,
                label,
                group: groups
                    .as_mut()
                    .and_then(Iterator::next)
                    .and_then(|name| names::group(&name)),
            })?;
        }
        // The library verifies an archive's checksum at the end of the entry.
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
    // Reads until the end; the length in the header cannot be trusted.
    values
        .take(wanted)
        .read_to_end(&mut all)
        .map_err(|e| cut_short(path, 0, e))?;
    if all.len() as u64 == wanted {
        return Ok(all);
    }
    Err(in_file(path)(SampleError::from(
        ArrayError::ValuesTruncated {
            found: all.len() as u64,
            expected: wanted,
        },
    )))
}

fn cut_short(path: &Path, record: usize, error: std::io::Error) -> DataError {
    let problem = match error.kind() {
        std::io::ErrorKind::UnexpectedEof => ArrayError::RecordMissing,
        _ => ArrayError::in_array("x")(ArrayError::Malformed(error)),
    };
    in_record(path, record)(SampleError::from(problem))
}

/// Byte ranges of the samples, whose values begin at `start`.
///
/// # Errors
/// If the file, of `length` bytes, is too short; names the first missing record.
pub(super) fn spans(
    path: &Path,
    layout: &Layout,
    start: u64,
    length: u64,
) -> Result<Vec<Span>, DataError> {
    let there = length.saturating_sub(start) / layout.bytes as u64;
    if (layout.count as u64) > there {
        let problem = SampleError::from(ArrayError::RecordMissing);
        return Err(in_record(path, there as usize)(problem));
    }
    let span = |i: usize| Span {
        offset: start + (i * layout.bytes) as u64,
        length: layout.bytes as u32,
    };
    Ok((0..layout.count).map(span).collect())
}

/// Samples that are stored uncompressed in a file.
pub(super) struct Samples {
    /// The file.
    pub file: File,
    /// Their layout.
    pub layout: Layout,
}

impl Windows for Samples {
    fn window(&mut self, path: &Path, record: usize, span: Span) -> Result<Window, DataError> {
        if span.length as usize != self.layout.bytes {
            return Err(in_record(path, record)(SampleError::Changed));
        }
        let mut bytes = vec![0; self.layout.bytes];
        let placed = self.file.seek(SeekFrom::Start(span.offset));
        placed.map_err(unreadable(path))?;
        let read = self.file.read_exact(&mut bytes);
        read.map_err(|e| cut_short(path, record, e))?;
        self.layout.decode(path, record, &bytes)
    }
}
