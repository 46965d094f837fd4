//! Errors of `tf.train.Example`.

use super::{AmbiguousName, BeyondFloat32, ClassNameError};

/// What to do about bytes whose type is not known.
const STATE_DTYPE: &str = "add the feature `dtype` (such as float32 or int16) and `shape`, or write `x` as a list of floats";

/// What a label should be.
const ONE_INTEGER: &str = "expected one integer, the number of the class";

/// What is wrong with a label that is a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelListProblem {
    /// There are no values.
    #[error("it is empty; {ONE_INTEGER}")]
    Empty,
    /// One value is 1, and all others 0, but there are more or fewer classes.
    #[error(
        "one is 1 and all others 0, but there are {classes} classes: write a value for each class in their order, or the \
         number of the class"
    )]
    Classes {
        /// Number of classes.
        classes: usize,
    },
    /// All values are 0.
    #[error(
        "all are 0, so the window has no class: leave it out, or write the number of its class"
    )]
    None,
    /// Several values are 1.
    #[error(
        "several are 1, but a window has one class: leave such windows out, or write the number of the class that counts"
    )]
    Several,
    /// Values are between 0 and 1.
    #[error(
        "these look like probabilities; a window has one class: write its number, such as int(np.argmax(label))"
    )]
    Probabilities,
    /// Something else.
    #[error("{ONE_INTEGER}, or a value for each class of which one is 1 and all others 0")]
    Other,
}

/// What is wrong with a `tf.train.Example`.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum ExampleError {
    /// A number is too large.
    #[error(transparent)]
    Beyond(#[from] BeyondFloat32),
    /// Names of classes beside the label contradict the configuration.
    #[error(transparent)]
    ClassNames(#[from] ClassNameError),
    /// Several names could be the one that is looked for.
    #[error(transparent)]
    Ambiguous(#[from] AmbiguousName),
    /// A feature is missing.
    #[error(
        "feature `{usual}` is missing: there is {}; expected `x` (floats, or bytes with `dtype`), `shape`, `label` (an \
         integer) and, optional, `group`",
        if there.is_empty() { "nothing else".into() } else { there.join(", ") }
    )]
    Missing {
        /// The usual name.
        usual: &'static str,
        /// The features that were found, with their contents.
        there: Vec<String>,
    },
    /// `dtype` is not one string.
    #[error("`dtype` must be one text, such as float32")]
    DtypeKind,
    /// `dtype` is unknown.
    #[error(
        "`dtype` is `{name}`: expected float16, float32, float64, int8 to int64 or uint8 to uint64"
    )]
    Dtype {
        /// Its value.
        name: String,
    },
    /// `x` has several byte strings.
    #[error("`x` has {count} strings of bytes: expected one, or a list of floats")]
    ByteStrings {
        /// How many.
        count: usize,
    },
    /// Without a shape, two channels of equal length are expected.
    #[error(
        "`x` has {count} values, which are not two channels of one length: add the feature `shape`, such as [1, {count}]"
    )]
    OddLength {
        /// Values of `x`.
        count: usize,
    },
    /// The number of values is not that of the shape.
    #[error("`x` has {count} values, `shape` says {shape:?}")]
    ValueCount {
        /// Values of `x`.
        count: usize,
        /// The shape.
        shape: Vec<usize>,
    },
    /// A size of the shape is negative or too large.
    #[error("`shape` is {shape:?}: expected whole numbers from 0")]
    Shape {
        /// The shape.
        shape: Vec<i64>,
    },
    /// The shape is not a list of integers.
    #[error("`shape` must be a list of integers")]
    ShapeKind,
    /// The label is a list that is not a 1 among zeros, with a value for each class.
    #[error(
        "`label` has {count} values, {}{}: {problem}",
        first.join(", "),
        if *count > first.len() { ", ..." } else { "" }
    )]
    LabelList {
        /// How many values.
        count: usize,
        /// Some of them.
        first: Vec<String>,
        /// What is wrong with them.
        problem: LabelListProblem,
    },
    /// The label is empty, or several texts.
    #[error("`label` has {count} texts: {ONE_INTEGER}, or one name among `class_names`")]
    LabelTexts {
        /// How many texts.
        count: usize,
    },
    /// The label is not a whole number.
    #[error("`label` has the floats {first:?}: {ONE_INTEGER}")]
    LabelFloats {
        /// Some of them.
        first: Vec<f32>,
    },
    /// The label is text.
    #[error("`label` is the text `{text}`: {ONE_INTEGER}, or a name among `class_names`")]
    LabelText {
        /// The text.
        text: String,
    },
    /// The label is a tensor of something else.
    #[error(
        "`label` is a serialised tensor of TensorFlow's type {number}: {ONE_INTEGER}, or a name among `class_names`"
    )]
    LabelTensor {
        /// Number of the type in `types.proto`.
        number: u64,
    },
    /// The bytes end inside a number.
    #[error("`x` has {bytes} bytes, which are not a whole number of {element}")]
    PartialElement {
        /// Bytes of `x`.
        bytes: usize,
        /// Name of the element type.
        element: String,
    },
    /// The type of the bytes is not known.
    #[error(
        "`x` has {bytes} bytes without `shape` or `dtype`, so their type is not known: {STATE_DTYPE}"
    )]
    UnknownType {
        /// Bytes of `x`.
        bytes: usize,
    },
    /// No float type fits the number of bytes.
    #[error(
        "`x` has {bytes} bytes, and `shape` says {shape:?}: neither float32 nor float64 fits: {STATE_DTYPE}"
    )]
    NoFloatFits {
        /// Bytes of `x`.
        bytes: usize,
        /// The shape.
        shape: Vec<usize>,
    },
    /// The bytes are not floats.
    #[error(
        "`x` has {bytes} bytes for the `shape` {shape:?}, but read as {element} most are not finite, or as small or large \
         as no measurement is; they look like integers: {STATE_DTYPE}"
    )]
    ImplausibleFloats {
        /// Bytes of `x`.
        bytes: usize,
        /// The shape.
        shape: Vec<usize>,
        /// Name of the element type.
        element: String,
    },
    /// A serialised tensor of something else than numbers.
    #[error("`x` is a serialised tensor of TensorFlow's type {number}: expected numbers")]
    TensorType {
        /// Number of the type in `types.proto`.
        number: u64,
    },
    /// A serialised tensor that keeps its values in a list.
    #[error(
        "`x` is a serialised tensor with its values in a list: write it with tf.io.serialize_tensor"
    )]
    TensorList,
}
