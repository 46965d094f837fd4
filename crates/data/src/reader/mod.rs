//! Sample sources. Each format is a file here that implements [`Reader`], and a row of `READERS`.

mod arrays;
mod class_names;
mod described;
mod element;
mod example;
mod gz;
mod header;
mod lists;
mod names;
mod notes;
mod npy;
mod npz;
mod parquet;
mod pickle;
mod pt;
#[cfg(test)]
mod rate_tests;
mod tensor_proto;
mod tensors;
mod tfrecord;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::{DataError, SampleError, in_file};
use crate::recording::{format_of, signatures};
use names::Role;

pub use self::described::{Described, arrays as described};
pub use self::gz::Gz;
pub(crate) use self::gz::is_other_gzip;
pub(crate) use self::names::{is_rate, split_of};
pub use self::notes::{class_note, note, rate_note, rate_of_other_model, spread};
pub use self::npy::Npy;
pub use self::npz::Npz;
pub use self::parquet::Parquet;
pub use self::pt::Pt;
pub use self::tfrecord::{Tfrecord, TfrecordWriter};

/// One sample as stored on disk.
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
    /// The label of a sample that has none; see [`SourceSelection::label_is_optional`].
    pub const UNLABELLED: i64 = i64::MIN;

    /// A sample of which only the label was read.
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

/// What to read from a source that holds more than one sensor or task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceSelection {
    /// Location of the sensor; needed if a nested sample has several.
    pub location: Option<String>,
    /// Kind of sensor, likewise.
    pub modality: Option<String>,
    /// Field of a label that is a dict: that of the configuration, or the task's name. Also the array, feature or column
    /// with the labels, if there is one of that name.
    pub label: String,
    /// The same, if the configuration names it.
    pub given_label: Option<String>,
    /// Names of the labels on disk, if the configuration has them: labels that are texts are numbers of these.
    pub class_names: Vec<String>,
    /// Number of classes among the labels on disk, if it is known without their names.
    pub num_classes: Option<usize>,
    /// Labels to keep, all if empty: a reader may leave out samples with other labels.
    pub labels: Option<Vec<usize>>,
    /// Whether samples may have no label, as those to classify: they get [`Record::UNLABELLED`].
    pub label_is_optional: bool,
}

impl SourceSelection {
    /// Whether the values of a sample with this label are needed.
    pub fn keeps(&self, label: i64) -> bool {
        let kept = |labels: &Vec<usize>| {
            labels
                .iter()
                .any(|&number| i64::try_from(number) == Ok(label))
        };
        // Invalid labels are reported later.
        label < 0 || self.labels.as_ref().is_none_or(kept)
    }

    /// Number of classes among the labels on disk, if the configuration has it.
    pub(crate) fn classes(&self) -> Option<usize> {
        let named = Some(self.class_names.len()).filter(|count| *count > 0);
        named.or(self.num_classes)
    }

    /// The number of classes, if labels with `values` values cannot have one for each.
    fn other_classes(&self, values: usize) -> Option<usize> {
        self.classes().filter(|classes| *classes != values)
    }

    /// The name of the array, feature or column with the labels, before the usual ones: the one that the configuration
    /// gives, or else the task's. Nothing with samples or groups is called as a task.
    pub(crate) fn own_label(&self) -> Option<&str> {
        let is_other = |name: &&str| {
            let mut roles = [Role::Samples, Role::Groups].into_iter();
            roles.any(|role| role.names().contains(&&*name.to_lowercase()))
        };
        let of_task = Some(&*self.label).filter(|name| !name.is_empty() && !is_other(name));
        self.given_label.as_deref().or(of_task)
    }
}

/// Position of a record in its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub offset: u64,
    /// Bytes.
    pub length: u32,
}

/// The values of a sample that is read individually; label and group were read before.
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
    /// Reads record number `record` of `path`, the source that was opened, at the position from [`Reader::spans`].
    ///
    /// # Errors
    /// As [`Reader::read`].
    fn window(&mut self, path: &Path, record: usize, span: Span) -> Result<Window, DataError>;
}

/// Receives records in order; its error stops the reading.
pub type Sink<'a> = &'a mut dyn FnMut(Record) -> Result<(), DataError>;

/// A format.
pub trait Reader: Sync {
    /// Name for messages, in the plural.
    fn name(&self) -> &'static str;

    /// Whether a source with this path and these first bytes (up to 16) is of the format.
    fn accepts(&self, path: &Path, head: &[u8]) -> bool;

    /// Whether a source is a single record; many such sources are then read at once.
    fn one_record(&self) -> bool {
        false
    }

    /// Passes every record of `path` to `sink`.
    ///
    /// # Errors
    /// [`DataError`] with the file and, if a record is at fault, its number.
    fn read(&self, path: &Path, wanted: &SourceSelection, sink: Sink<'_>) -> Result<(), DataError>;

    /// Positions of the records of `path`, in order; `None` if single records of the format cannot be read.
    ///
    /// # Errors
    /// As [`Reader::read`].
    fn spans(&self, path: &Path) -> Result<Option<Vec<Span>>, DataError> {
        let _ = path;
        Ok(None)
    }

    /// What to say of the first record of `path` that is read in an uncertain way; `None` also if it cannot be read.
    fn note(&self, path: &Path, wanted: &SourceSelection) -> Option<String> {
        let _ = (path, wanted);
        None
    }

    /// The sampling rates in Hz that `path` has beside its samples; none also if they cannot be read.
    fn rates(&self, path: &Path) -> Vec<f64> {
        let _ = path;
        Vec::new()
    }

    /// The names of the classes that `path` lists in the order of their numbers; `None` also if they cannot be read.
    fn classes(&self, path: &Path) -> Option<Vec<String>> {
        let _ = path;
        None
    }

    /// Opens `path` to read single samples at the positions from [`Reader::spans`].
    ///
    /// # Errors
    /// As [`Reader::read`].
    fn windows(
        &self,
        path: &Path,
        wanted: &SourceSelection,
    ) -> Result<Box<dyn Windows>, DataError> {
        let _ = wanted;
        let format = self.name();
        Err(in_file(path)(SampleError::NoSingleRecords { format }))
    }
}

/// All formats; the first one that accepts a source reads it. Formats recognised by content come first.
const READERS: [&dyn Reader; 6] = [&Npz, &Npy, &Pt, &Parquet, &Gz, &Tfrecord];

/// The reader that recognises `path`.
///
/// # Errors
/// [`DataError`] if none does.
pub fn of(path: &Path) -> Result<&'static dyn Reader, DataError> {
    let head = beginning(path, 16)?;
    match READERS.iter().find(|reader| reader.accepts(path, &head)) {
        Some(reader) => Ok(*reader),
        None => Err(unknown(path, &beginning(path, HEAD)?)),
    }
}

/// Whether a file name ends with a dot and `ending`, in any case.
fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case(ending))
}

/// Bytes at the beginning of a source that tell what it is if no reader accepts it.
const HEAD: usize = 16 << 10;

/// The first bytes of a file, at most `length`.
fn beginning(path: &Path, length: usize) -> Result<Vec<u8>, DataError> {
    let mut head = Vec::with_capacity(length);
    let file = File::open(path);
    file.and_then(|file| file.take(length as u64).read_to_end(&mut head))
        .map_err(unreadable(path))?;
    Ok(head)
}

/// The error for a source that begins with `head`, which no reader can read.
fn unknown(path: &Path, head: &[u8]) -> DataError {
    let known = READERS.iter().map(|reader| reader.name()).collect();
    if let Some(format) = format_of(head) {
        return in_file(path)(SampleError::Recording { format, known });
    }
    in_file(path)(match signatures::of(head) {
        _ if head.is_empty() => SampleError::EmptyFile,
        Some(format) => SampleError::OtherFormat { format, known },
        None => SampleError::UnknownFormat { known },
    })
}

/// Reads `path` with the reader that recognises it.
///
/// # Errors
/// [`DataError`] if no reader does, or as [`Reader::read`].
pub fn read(path: &Path, wanted: &SourceSelection, sink: Sink<'_>) -> Result<(), DataError> {
    of(path)?.read(path, wanted, sink)
}

/// Wraps an I/O error from reading the source `path`.
pub(crate) fn unreadable(path: &Path) -> impl Fn(std::io::Error) -> DataError {
    move |source| DataError::Read {
        what: "the sample source",
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recordings are not samples, but read by other commands.
    #[test]
    fn recordings_are_named() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        for (file, format) in [
            (
                "texts/corrected.v2",
                "strong-motion text of COSMOS or CSMIP",
            ),
            ("miniseed/text.mseed", "miniSEED"),
            ("knet/MYG0041103111446.EW", "K-NET"),
        ] {
            let error = read(
                &fixtures.join(file),
                &SourceSelection::default(),
                &mut |_| Ok(()),
            );
            let error = error.unwrap_err().to_string();
            let expected = format!("is a recording ({format}), which `data import` cuts");
            assert!(error.contains(&expected), "{error}");
        }
    }
}
