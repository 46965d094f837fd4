//! Errors of samples as PyTorch saves them.

use std::io;

use zip::result::ZipError;

use super::{AmbiguousName, BeyondFloat32, ClassNameError, PickleError};
use crate::error::other_case;

/// What is wrong with a file of `torch.save`.
#[derive(Debug, thiserror::Error)]
pub enum TorchError {
    /// A number is too large.
    #[error(transparent)]
    Beyond(#[from] BeyondFloat32),
    /// The file is larger than one sample can be.
    #[error("too large for one sample: at most {limit} bytes are read")]
    TooLarge {
        /// Bytes that are read.
        limit: u64,
    },
    /// The pickle is damaged or refused.
    #[error(transparent)]
    Pickle(#[from] PickleError),
    /// The archive is damaged.
    #[error("not a zip archive: {0}")]
    NotZip(#[source] ZipError),
    /// The archive has no `data.pkl`.
    #[error("not a file of torch.save: it has no data.pkl")]
    NoPickle,
    /// The file is neither an archive nor a stream of pickles.
    #[error("not a file of torch.save")]
    NotTorch,
    /// The stream has an unknown protocol.
    #[error("unknown protocol of torch.save: save it again with a current PyTorch")]
    Protocol,
    /// The numbers are big-endian.
    #[error("its numbers are big-endian: save it again on a little-endian machine")]
    BigEndian,
    /// An entry of the archive cannot be opened.
    #[error("no entry {name}: {source}")]
    NoEntry {
        /// The entry.
        name: String,
        /// Why not.
        source: ZipError,
    },
    /// An entry of the archive cannot be decompressed.
    #[error("entry {name}: {source}")]
    Entry {
        /// The entry.
        name: String,
        /// Why not.
        source: io::Error,
    },
    /// An entry of the archive is implausibly long.
    #[error("entry {name} unpacks to more than {limit} bytes")]
    EntryTooLong {
        /// The entry.
        name: String,
        /// Bytes that are read.
        limit: u64,
    },
    /// The stream ends inside a storage.
    #[error("truncated: the file ends inside the values of a tensor")]
    Truncated,
    /// Keys of the storages are missing.
    #[error("its storages have no keys")]
    NoStorageKeys,
    /// No tensor says which element type a storage has.
    #[error("no tensor refers to storage `{key}`")]
    UnusedStorage {
        /// The storage.
        key: String,
    },
    /// The value is not a tensor that can be read.
    #[error("not a tensor")]
    NotTensor,
    /// Another function than the usual ones builds the tensor.
    #[error("tensors that `{function}` builds are not read: save a dense tensor on the CPU")]
    Builder {
        /// The function.
        function: String,
    },
    /// Storage, offset, shape or strides are missing.
    #[error("a tensor without storage, offset, shape and strides")]
    Incomplete,
    /// The tensor does not refer to a storage.
    #[error("a tensor without storage")]
    NoStorage,
    /// Offset, shape or strides are not integers.
    #[error("a tensor whose shape is not made of whole numbers")]
    ShapeType,
    /// Shape and strides do not fit together.
    #[error("a tensor whose shape and strides differ in length")]
    Strides,
    /// The tensor is empty or too large.
    #[error("a tensor of shape {shape:?} is empty, or too large for a sample")]
    ElementCount {
        /// The shape.
        shape: Vec<usize>,
    },
    /// The tensor needs more values than its storage has.
    #[error("a tensor of shape {shape:?} reaches beyond its storage")]
    BeyondStorage {
        /// The shape.
        shape: Vec<usize>,
    },
    /// The element type of a storage is not supported.
    #[error("elements of `{storage}` are not supported: expected real numbers")]
    ElementType {
        /// PyTorch's name.
        storage: String,
    },
    /// The sample lacks a key.
    #[error(
        "no `{key}`: {}",
        there.as_ref().map_or("the file does not hold a dict".to_owned(), |keys| format!("its keys are {}", keys.join(", ")))
    )]
    MissingKey {
        /// The key.
        key: &'static str,
        /// The keys that were found; `None` if the value is not a dict.
        there: Option<Vec<String>>,
    },
    /// A part of the sample is unusable.
    #[error("`{part}`: {problem}")]
    In {
        /// `data`, `label` or `label[FIELD]`.
        part: String,
        /// What is wrong with it.
        problem: Box<TorchError>,
    },
    /// The data have the wrong number of dimensions.
    #[error(
        "`data` is {shape:?}; expected [2, 1024] or [2, 7, 256]: channels, then samples or segments and bins"
    )]
    Dimensions {
        /// The shape.
        shape: Vec<usize>,
    },
    /// The data are of another type.
    #[error("`data` is neither a tensor nor a dict of tensors")]
    DataType,
    /// The configuration must choose a value of the nested data.
    #[error("`data` is nested: set `{setting}` in the configuration; there are `{}`", there.join("`, `"))]
    Choose {
        /// Key of the configuration.
        setting: &'static str,
        /// What can be chosen.
        there: Vec<String>,
    },
    /// What the configuration chooses does not exist.
    #[error("`data` has no {setting} `{chosen}`; there are `{}`", there.join("`, `"))]
    NoChoice {
        /// Key of the configuration.
        setting: &'static str,
        /// Its value.
        chosen: String,
        /// What can be chosen.
        there: Vec<String>,
    },
    /// The label lacks the field of the task.
    #[error("`label` has no field `{field}`; there are `{}`", there.join("`, `"))]
    NoField {
        /// The field.
        field: String,
        /// The fields that were found.
        there: Vec<String>,
    },
    /// The label is not a whole number.
    #[error("{value} is not a class: expected a whole number")]
    Fractional {
        /// The label.
        value: f64,
    },
    /// The label is a tensor of several values.
    #[error("a tensor of shape {shape:?}; expected one number, or a single 1 among zeros")]
    LabelShape {
        /// The shape.
        shape: Vec<usize>,
    },
    /// The label has a value for each of another number of classes.
    #[error(
        "a tensor of {values} values, of which one is 1 and all others 0, but there are {classes} classes: write a value for \
         each class in their order, or the number of the class"
    )]
    OneHot {
        /// Values of the label.
        values: usize,
        /// Number of classes.
        classes: usize,
    },
    /// The label is a text that is no name of a class.
    #[error(
        "`{text}` is not among `class_names`: {}{}",
        if known.is_empty() { "none are given".into() } else { known.join(", ") },
        other_case(text, known)
    )]
    UnknownClass {
        /// The text.
        text: String,
        /// Names of the classes.
        known: Vec<String>,
    },
    /// Names of classes beside the label contradict the configuration.
    #[error(transparent)]
    ClassNames(#[from] ClassNameError),
    /// Several keys could be meant.
    #[error(transparent)]
    Ambiguous(#[from] AmbiguousName),
    /// The label is not a number.
    #[error("expected a number")]
    NotNumber,
}

impl TorchError {
    /// Adds the part of the sample.
    pub(crate) fn in_part(part: impl Into<String>) -> impl FnOnce(Self) -> Self {
        move |problem| Self::In {
            part: part.into(),
            problem: Box::new(problem),
        }
    }
}
