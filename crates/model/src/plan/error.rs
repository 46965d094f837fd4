//! Errors from planning a network.

use crate::architecture::{InputShape, ModelKind};

/// The architecture does not fit its input.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlanError {
    /// A dimension is zero.
    #[error("{model}: the input {input} has an empty dimension")]
    EmptyInput {
        /// Network.
        model: ModelKind,
        /// Input shape.
        input: InputShape,
    },
    /// Pooling would leave no segments.
    #[error(
        "{model}: the input {input} is too narrow for `{layer}`: it needs at least 2 segments there, \
         and has {width}"
    )]
    TooNarrow {
        /// Network.
        model: ModelKind,
        /// Input shape.
        input: InputShape,
        /// The layer that does not fit.
        layer: String,
        /// Segments left at that layer.
        width: usize,
    },
    /// Fewer than two classes.
    #[error("{model}: a classifier needs at least 2 classes, not {classes}")]
    TooFewClasses {
        /// Network.
        model: ModelKind,
        /// Number of classes.
        classes: usize,
    },
    /// The operations are in an invalid order.
    #[error("{model}: `{layer}` needs {expected}, and gets shape {found:?}")]
    Misfit {
        /// Network.
        model: ModelKind,
        /// The layer that does not fit.
        layer: String,
        /// Expected input.
        expected: &'static str,
        /// Shape found.
        found: Vec<usize>,
    },
}
