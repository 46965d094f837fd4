//! Sample sources. A format is one file here: something that recognises a source and hands out its
//! records in order.

mod arrays;
mod described;
mod element;
mod example;
mod gz;
mod header;
mod names;
mod npy;
mod npz;
mod pickle;
mod pt;
mod tensor_proto;
mod tensors;
mod tfrecord;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::DataError;

pub use self::described::{Described, arrays as described};
pub use self::gz::Gz;
pub use self::npy::Npy;
pub use self::npz::Npz;
pub use self::pt::Pt;
pub use self::tfrecord::{Tfrecord, TfrecordWriter};

/// One sample as it lies on disk.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Position in the source, from 0.
    pub record: usize,
    /// Values, row-major.
    pub values: Vec<f32>,
    /// `[channels, samples]` or `[channels, segments, bins]`.
    pub shape: Vec<usize>,
    /// Label on disk.
    pub label: i64,
    /// Recording, event or stretch the sample was cut from.
    pub group: Option<String>,
}

impl Record {
    /// The label of a sample that has none; see [`Wanted::label_is_optional`].
    pub const UNLABELLED: i64 = i64::MIN;

    /// One of which only the label was read.
    pub(crate) fn without_values(label: i64) -> Self {
        Self {
            record: 0,
            values: Vec::new(),
            shape: Vec::new(),
            label,
            group: None,
        }
    }
}

/// What a source should give, where it holds more than one sensor or task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Where the sensor stood; needed where a nested sample has several.
    pub location: Option<String>,
    /// Kind of sensor, likewise.
    pub modality: Option<String>,
    /// Field of a label that is a dict.
    pub label: String,
    /// Labels that are kept, all where there are none: of others a reader may leave out the values.
    pub labels: Option<Vec<usize>>,
    /// Whether samples may come without a label, as those to classify do: they get [`Record::UNLABELLED`].
    pub label_is_optional: bool,
}

impl Wanted {
    /// Whether the values of a sample with this label are needed.
    pub fn keeps(&self, label: i64) -> bool {
        let kept = |labels: &Vec<usize>| labels.iter().any(|&own| i64::try_from(own) == Ok(label));
        // A label that is no class is an error that others make.
        label < 0 || self.labels.as_ref().is_none_or(kept)
    }
}

/// Where a record lies in its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub offset: u64,
    /// Bytes.
    pub length: u32,
}

/// The values of a sample that is read by itself; label and group were read before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Window {
    /// Values, row-major.
    pub values: Vec<f32>,
    /// `[channels, samples]` or `[channels, segments, bins]`.
    pub shape: Vec<usize>,
}

impl From<Record> for Window {
    fn from(record: Record) -> Self {
        Self {
            values: record.values,
            shape: record.shape,
        }
    }
}

/// An open source whose samples are read one by one, in any order.
pub trait Windows: Send {
    /// Reads record number `record` of `path`, the source that was opened, from where [`Reader::spans`] found it.
    ///
    /// # Errors
    /// As [`Reader::read`].
    fn window(&mut self, path: &Path, record: usize, span: Span) -> Result<Window, DataError>;
}

/// Receives records in order; its error stops the reading.
pub type Sink<'a> = &'a mut dyn FnMut(Record) -> Result<(), DataError>;

/// A format.
pub trait Reader: Sync {
    /// Name for messages.
    fn name(&self) -> &'static str;

    /// Whether a source with this path and these first bytes (up to 16) is of the format.
    fn accepts(&self, path: &Path, head: &[u8]) -> bool;

    /// Whether a source is one record: then many are read at once.
    fn one_record(&self) -> bool {
        false
    }

    /// Hands every record of `path` to `sink`.
    ///
    /// # Errors
    /// [`DataError`] naming the file and, where one is at fault, the record.
    fn read(&self, path: &Path, wanted: &Wanted, sink: Sink<'_>) -> Result<(), DataError>;

    /// Where the records of `path` lie, in order; none where the format does not let single records be
    /// read.
    ///
    /// # Errors
    /// As [`Reader::read`].
    fn spans(&self, path: &Path) -> Result<Option<Vec<Span>>, DataError> {
        let _ = path;
        Ok(None)
    }

    /// Opens `path` to read single samples, which lie where [`Reader::spans`] found them.
    ///
    /// # Errors
    /// As [`Reader::read`].
    fn windows(&self, path: &Path, wanted: &Wanted) -> Result<Box<dyn Windows>, DataError> {
        let _ = wanted;
        Err(DataError::Source {
            path: path.to_owned(),
            problem: format!("single records of {} cannot be read", self.name()),
        })
    }
}

/// All formats; those that know themselves by content come first.
const READERS: [&dyn Reader; 5] = [&Npz, &Npy, &Pt, &Gz, &Tfrecord];

/// The reader that recognises `path`.
///
/// # Errors
/// [`DataError`] where none does.
pub fn of(path: &Path) -> Result<&'static dyn Reader, DataError> {
    let mut head = Vec::with_capacity(16);
    let file = File::open(path);
    file.and_then(|file| file.take(16).read_to_end(&mut head))
        .map_err(unreadable(path))?;
    let reader = READERS.iter().find(|reader| reader.accepts(path, &head));
    reader.copied().ok_or_else(|| {
        if head.is_empty() {
            return wrong(path)("is empty: it has 0 bytes".into());
        }
        let names: Vec<_> = READERS.iter().map(|reader| reader.name()).collect();
        DataError::Source {
            path: path.to_owned(),
            problem: format!(
                "the format is not known; sources are {}",
                names.join(" or ")
            ),
        }
    })
}

/// Reads `path` with the reader that recognises it.
///
/// # Errors
/// [`DataError`] where no reader does, or as [`Reader::read`].
pub fn read(path: &Path, wanted: &Wanted, sink: Sink<'_>) -> Result<(), DataError> {
    of(path)?.read(path, wanted, sink)
}

/// What is wrong with a source becomes.
pub(crate) fn wrong(path: &Path) -> impl Fn(String) -> DataError {
    move |problem| DataError::Source {
        path: path.to_owned(),
        problem,
    }
}

/// What a failing read of a source becomes.
pub(crate) fn unreadable(path: &Path) -> impl Fn(std::io::Error) -> DataError {
    move |source| DataError::Read {
        what: "the sample source",
        path: path.to_owned(),
        source,
    }
}
