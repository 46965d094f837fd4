//! Errors of sample sources. The error around them names file and record; see [`crate::DataError`].

mod array;
mod class_names;
mod example;
mod parquet;
mod pickle;
mod torch;

use std::io;
use std::path::PathBuf;

use super::recording::OtherFormat;

pub use self::parquet::ParquetError;
pub use array::ArrayError;
pub use class_names::ClassNameError;
pub use example::{ExampleError, LabelListProblem};
pub use pickle::{PickleError, PickleProblem};
pub use torch::TorchError;

/// What is wrong with a sample source, or with one of its records.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The file has no bytes.
    #[error("is empty: it has 0 bytes")]
    EmptyFile,
    /// No reader recognises the file.
    #[error(
        "unknown format; sample sources are {}; recordings, such as miniSEED, are read by `data import` and `predict recording`",
        known.join(" or ")
    )]
    UnknownFormat {
        /// Names of the formats that are read.
        known: Vec<&'static str>,
    },
    /// The file is a recording.
    #[error(
        "is a recording ({format}), which `data import` cuts into windows and `predict recording` reads; sample sources are {}",
        known.join(" or ")
    )]
    Recording {
        /// Name of its format.
        format: &'static str,
        /// Names of the formats that are read.
        known: Vec<&'static str>,
    },
    /// The file is of a format that is not read.
    #[error("is {format}; sample sources are {}", known.join(" or "))]
    OtherFormat {
        /// What it is, and what to do.
        format: OtherFormat,
        /// Names of the formats that are read.
        known: Vec<&'static str>,
    },
    /// The format cannot give single records.
    #[error("single records of {format} cannot be read")]
    NoSingleRecords {
        /// The format.
        format: &'static str,
    },
    /// A source of one record has none.
    #[error("contains no sample")]
    NoSample,
    /// The file has changed since it was first read.
    #[error("the file has changed since the training began; restore it, or start a new training")]
    Changed,
    /// The number of windows has changed while the sources were read.
    #[error(
        "its sources had {before} windows and now have {now}: they are changing; wait until they are complete"
    )]
    CountChanged {
        /// Windows at the first reading.
        before: usize,
        /// Windows now.
        now: usize,
    },
    /// The window would become an input of another shape than that of the first sample.
    #[error(
        "the input would be {found:?}, but {} set {expected:?}: all samples must have one shape",
        first.display()
    )]
    InputShape {
        /// Shape of the input.
        found: [usize; 3],
        /// Shape of the first input.
        expected: [usize; 3],
        /// The source of the first sample.
        first: PathBuf,
    },
    /// The window has another length than that of the first sample, and becomes an input of the same shape.
    #[error(
        "the window has {found} samples, but {} set {expected}: all windows must have one length",
        first.display()
    )]
    WindowLength {
        /// Samples of the window.
        found: usize,
        /// Samples of the first window.
        expected: usize,
        /// The source of the first sample.
        first: PathBuf,
    },
    /// The window has another shape than that of the first sample.
    #[error("the window is {found:?}, others are {expected:?}: all samples must have one shape")]
    WindowShape {
        /// Shape of the window.
        found: Vec<usize>,
        /// Shape of the others.
        expected: Vec<usize>,
    },
    /// A value is NaN or infinite.
    #[error("value {position} is {value}: expected finite numbers")]
    NotFinite {
        /// Position in the sample, row-major, from 0.
        position: usize,
        /// The value.
        value: f32,
    },
    /// The number of values is not the product of the shape.
    #[error("{values} values do not fill the shape {shape:?}")]
    ValueCount {
        /// Number of values.
        values: usize,
        /// The shape.
        shape: Vec<usize>,
    },
    /// The label is not a class of the task.
    #[error("label {label} is not a class of `{task}`: labels are 0 to {}", classes - 1)]
    UnknownClass {
        /// The label.
        label: i64,
        /// Name of the task.
        task: String,
        /// Number of classes on disk.
        classes: usize,
    },
    /// The sample has no group, which a split needs.
    #[error(
        "has no `group`, so windows of one recording could end up in two splits; if no two samples come from one \
         recording, use --ungrouped"
    )]
    NoGroup,
    /// An array of NumPy is unusable.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// A Parquet file with a list in each row is unusable.
    #[error(transparent)]
    Parquet(#[from] ParquetError),
    /// A file of `torch.save` is unusable.
    #[error(transparent)]
    Torch(#[from] TorchError),
    /// A record of a TFRecord file is damaged.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A `tf.train.Example` is unusable.
    #[error(transparent)]
    Example(#[from] ExampleError),
}

/// A number that a float64 holds and a float32 does not.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error(
    "value {position} is {value:e}, and a float32 reaches to 3.4e38: scale the samples, for example to volts"
)]
pub struct BeyondFloat32 {
    /// Position in the sample, row-major, from 0.
    pub position: usize,
    /// The number.
    pub value: f64,
}

/// Several names could be the one that is looked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` could all be `{usual}`: rename the intended one to `{usual}`", names.join("`, `"))]
pub struct AmbiguousName {
    /// The usual name.
    pub usual: String,
    /// The names that were found.
    pub names: Vec<String>,
}

/// What is wrong with the frame of a TFRecord record.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The file ends inside the record.
    #[error("truncated: the file ends inside the record")]
    Truncated,
    /// The record claims more bytes than the file has.
    #[error("truncated: the record says {length} bytes, the file has {left} left")]
    TooLong {
        /// Bytes of the payload.
        length: u64,
        /// Bytes left in the file.
        left: u64,
    },
    /// The record is larger than a sample can be.
    #[error("{length} bytes are too many for one record")]
    TooLarge {
        /// Bytes of the payload.
        length: u64,
    },
    /// The bytes are not those that were written.
    #[error("damaged: the checksum of its bytes is {found:08x}, the file says {stored:08x}")]
    Checksum {
        /// Checksum of the bytes.
        found: u32,
        /// Checksum in the file.
        stored: u32,
    },
    /// The length is damaged.
    #[error("damaged: {0}")]
    Length(#[source] tfrecord::Error),
    /// The record cannot be read.
    #[error("{0}")]
    Unreadable(#[source] tfrecord::Error),
    /// The payload is of another kind.
    #[error("not a tf.train.Example: {0}")]
    NotExample(#[source] tfrecord::Error),
}

impl From<tfrecord::Error> for FrameError {
    fn from(error: tfrecord::Error) -> Self {
        match error {
            tfrecord::Error::ChecksumMismatch { .. } => Self::Length(error),
            tfrecord::Error::UnexpectedEof => Self::Truncated,
            tfrecord::Error::IoError(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                Self::Truncated
            }
            error => Self::Unreadable(error),
        }
    }
}
