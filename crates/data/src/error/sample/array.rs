//! Errors of NumPy's arrays.

use std::io;

use zip::result::ZipError;

use super::{AmbiguousName, BeyondFloat32, ClassNameError};
use crate::error::other_case;

/// What is wrong with arrays as NumPy saves them.
#[derive(Debug, thiserror::Error)]
pub enum ArrayError {
    /// A number is too large.
    #[error(transparent)]
    Beyond(#[from] BeyondFloat32),
    /// Several names could be the one that is looked for.
    #[error(transparent)]
    Ambiguous(#[from] AmbiguousName),
    /// An array of an archive or a file; the name is for messages.
    #[error("array `{name}`: {problem}")]
    In {
        /// The array.
        name: String,
        /// What is wrong with it.
        problem: Box<ArrayError>,
    },
    /// The file is not an archive.
    #[error("not a zip archive: {0}")]
    NotZip(#[source] ZipError),
    /// The archive does not have an array, or its entry is damaged.
    #[error("no array `{name}`: {source}")]
    Entry {
        /// The array.
        name: String,
        /// Why it cannot be read.
        source: ZipError,
    },
    /// None of the arrays has the name that is looked for.
    #[error(
        "no array `{usual}`: there is {}; expected `x` [N, channels, samples], `y` [N] with the numbers of classes and, \
         optional, `group` [N]",
        if there.is_empty() { "nothing".into() } else { there.join(", ") }
    )]
    Missing {
        /// The usual name.
        usual: &'static str,
        /// The arrays that were found, with type and shape.
        there: Vec<String>,
    },
    /// A `.npy` file has no labels file next to it.
    #[error(
        "there are no labels beside it ({samples}): expected {expected} (or `{}` in place of `{usual}`)",
        others.join("`, `")
    )]
    NoLabelsFile {
        /// Type and shape of the samples.
        samples: String,
        /// Where the labels are expected.
        expected: String,
        /// The word in that name that may be another.
        usual: &'static str,
        /// The others.
        others: &'static [&'static str],
    },
    /// The bytes do not begin with a NumPy header.
    #[error("not a NumPy array")]
    NotNumpy,
    /// The header ends early.
    #[error("the header is truncated")]
    HeaderTruncated,
    /// The header is longer than any that describes numbers.
    #[error(
        "its header has {length} bytes, more than an array of numbers needs: the file is damaged"
    )]
    HeaderTooLong {
        /// Bytes of the header.
        length: usize,
    },
    /// Too many brackets are open at once.
    #[error("the header is nested too deeply")]
    HeaderTooDeep,
    /// The array has more elements than can be addressed.
    #[error("the shape ({shape}) is impossible")]
    ImpossibleShape {
        /// The shape as it is written.
        shape: String,
    },
    /// Names of classes beside the labels contradict the configuration.
    #[error(transparent)]
    ClassNames(#[from] ClassNameError),
    /// The array holds Python's objects.
    #[error(
        "holds pickled Python objects, which are never run: save numbers or texts, such as `array.astype(np.float32)`, or \
         `array.astype(str)` for labels and groups"
    )]
    Pickled,
    /// The library cannot read header or values, or the archive's checksum differs.
    #[error("{0}")]
    Malformed(#[source] io::Error),
    /// Fewer entries than the header says.
    #[error("truncated: {found} of {expected} entries are there")]
    Truncated {
        /// Entries that were read.
        found: u64,
        /// Entries by the header.
        expected: u64,
    },
    /// The element type is not supported.
    #[error("type {found} is not supported{}", expected.map(|e| format!(": expected {e}")).unwrap_or_default())]
    ElementType {
        /// The type as NumPy writes it.
        found: String,
        /// What is expected.
        expected: Option<&'static str>,
    },
    /// A label is not a whole number.
    #[error(
        "label {record}, counted from 0, is not a whole number or too large: expected the numbers of classes"
    )]
    FractionalLabel {
        /// Position of the label, from 0.
        record: usize,
    },
    /// A label is a text, and no name of a class.
    #[error(
        "label {record}, counted from 0, is `{text}`, which is not in `class_names`: {}{}",
        known.join(", "),
        other_case(text, known)
    )]
    UnknownClass {
        /// Position of the label, from 0.
        record: usize,
        /// The label.
        text: String,
        /// Names of the classes.
        known: Vec<String>,
    },
    /// Labels have a column for each of another number of classes.
    #[error(
        "has {columns} columns, of which one is 1 and all others 0 in every row, but there are {classes} classes: write a column \
         for each class in their order, or their numbers"
    )]
    OneHot {
        /// Columns of the labels.
        columns: usize,
        /// Number of classes.
        classes: usize,
    },
    /// The names of arrays tell several splits, or those of samples and labels different ones.
    #[error(
        "{} are of several splits: save each split in a file of its own, as in np.savez(\"train.npz\", x=x_train, \
         y=y_train)",
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    )]
    Splits {
        /// The arrays.
        names: Vec<String>,
    },
    /// A group has no value.
    #[error(
        "entry {record}, counted from 0, is NaN: expected a text or number for each window, or no array of groups"
    )]
    GroupIsNan {
        /// Position of the group, from 0.
        record: usize,
    },
    /// An array of an archive is compressed in a way that NumPy does not use.
    #[error("packed with {method}: write it with np.savez or np.savez_compressed")]
    Packed {
        /// The method.
        method: String,
    },
    /// Labels or groups have more than one dimension.
    #[error(
        "`{name}` is {shape:?}{}, expected one dimension",
        if matches!(shape[..], [_, classes] if classes > 1) {
            ", and not every row is a single 1 among zeros (are they probabilities? save np.argmax(y, axis=1))"
        } else {
            ""
        }
    )]
    NotOneDimension {
        /// The array.
        name: String,
        /// Its shape.
        shape: Vec<u64>,
    },
    /// Samples have the wrong number of dimensions.
    #[error(
        "`{name}` is {shape:?}; expected [N, 2, 1024] or [N, 2, 7, 256]: samples, channels, values{}",
        if shape.len() == 2 { "; if each row is a window of one channel, save x[:, np.newaxis, :]" } else { "" }
    )]
    SampleDimensions {
        /// The array.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// A sample is empty or larger than a gibibyte.
    #[error("`{name}` has samples of the impossible shape {shape:?}")]
    SampleShape {
        /// The array.
        name: String,
        /// Shape of one sample.
        shape: Vec<usize>,
    },
    /// Too many samples without labels.
    #[error("`x` has {count} samples: at most {limit} are read of one array; split it")]
    TooMany {
        /// Samples of the array.
        count: usize,
        /// Samples that are read.
        limit: usize,
    },
    /// As many groups as labels are expected.
    #[error("`group` has {groups} entries, `y` has {labels}")]
    GroupCount {
        /// Groups.
        groups: usize,
        /// Labels.
        labels: usize,
    },
    /// As many samples as labels are expected.
    #[error("`x` has {samples} samples; expected {labels} for the {labels} labels of `y`")]
    LabelCount {
        /// Samples.
        samples: usize,
        /// Labels.
        labels: usize,
    },
    /// The values end early.
    #[error("`x` ends early: {found} of {expected} bytes are there; the file is truncated")]
    ValuesTruncated {
        /// Bytes that were read.
        found: u64,
        /// Bytes by the header.
        expected: u64,
    },
    /// The values end before a record.
    #[error("`x` ends before this sample: the file is truncated")]
    RecordMissing,
}

impl ArrayError {
    /// Adds the name of the array.
    pub(crate) fn in_array(name: &str) -> impl Fn(Self) -> Self {
        move |problem| Self::In {
            name: name.to_owned(),
            problem: Box::new(problem),
        }
    }
}
