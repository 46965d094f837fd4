//! Sample sources. A format is one file here: something that recognises a source and hands out its
//! records in order.

mod npz;
mod tfrecord;

use std::io::Read;
use std::path::Path;

use crate::error::DataError;

pub use self::npz::Npz;
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

/// Receives records in order; its error stops the reading.
pub type Sink<'a> = &'a mut dyn FnMut(Record) -> Result<(), DataError>;

/// A format.
pub trait Reader: Sync {
    /// Name for messages.
    fn name(&self) -> &'static str;

    /// Whether a source with this path and these first bytes (up to 16) is of the format.
    fn accepts(&self, path: &Path, head: &[u8]) -> bool;

    /// Hands every record of `path` to `sink`.
    ///
    /// # Errors
    /// [`DataError`] naming the file and, where one is at fault, the record.
    fn read(&self, path: &Path, sink: Sink<'_>) -> Result<(), DataError>;
}

/// All formats; those that know themselves by content come first.
const READERS: [&dyn Reader; 2] = [&Npz, &Tfrecord];

/// Reads `path` with the reader that recognises it.
///
/// # Errors
/// [`DataError`] where no reader does, or as [`Reader::read`].
pub fn read(path: &Path, sink: Sink<'_>) -> Result<(), DataError> {
    let mut head = Vec::with_capacity(16);
    let file = std::fs::File::open(path);
    file.and_then(|file| file.take(16).read_to_end(&mut head))
        .map_err(|source| DataError::Read {
            what: "the sample source",
            path: path.to_owned(),
            source,
        })?;
    let reader = READERS.iter().find(|reader| reader.accepts(path, &head));
    let Some(reader) = reader else {
        let names: Vec<_> = READERS.iter().map(|reader| reader.name()).collect();
        return Err(DataError::Source {
            path: path.to_owned(),
            problem: format!(
                "the format is not known; sources are {}",
                names.join(" or ")
            ),
        });
    };
    reader.read(path, sink)
}
