//! Why a network cannot be planned.

use crate::architecture::{InputShape, ModelKind};

/// An architecture that does not fit its input.
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
    /// Pooling leaves nothing.
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
        /// Classes asked for.
        classes: usize,
    },
    /// Operations in an order that makes no sense.
    #[error("{model}: `{layer}` needs {expected}, and gets shape {found:?}")]
    Misfit {
        /// Network.
        model: ModelKind,
        /// The layer that does not fit.
        layer: String,
        /// What it takes.
        expected: &'static str,
        /// Shape of the value before it.
        found: Vec<usize>,
    },
}
