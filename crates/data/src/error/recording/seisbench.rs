//! Errors of SeisBench datasets.

use super::{RateError, TimeError};

/// What is wrong with a SeisBench dataset or one of its traces.
#[derive(Debug, thiserror::Error)]
pub enum SeisBenchError {
    /// The file `metadata.csv` cannot be read.
    #[error("{0}")]
    Csv(#[from] csv::Error),
    /// There is no such file.
    #[error(
        "there is no such file: a SeisBench dataset has metadata.csv and waveforms.hdf5, or several such pairs whose endings a \
         file `chunks` lists; {}",
        if there.is_empty() { "the folder has neither".into() } else { format!("there are {}", there.join(", ")) }
    )]
    NoFile {
        /// Files with similar names.
        there: Vec<String>,
    },
    /// The metadata lack a column.
    #[error("there is no column `{column}`: there are {}", there.join(", "))]
    NoColumn {
        /// The column.
        column: String,
        /// The columns that were found.
        there: Vec<String>,
    },
    /// The file `waveforms.hdf5` cannot be read.
    #[error(transparent)]
    Hdf(#[from] HdfError),
    /// The user and the file contradict each other.
    #[error("`{key}` is given as {given}, but the file says {file}")]
    Contradiction {
        /// Key of the configuration.
        key: &'static str,
        /// Its value.
        given: String,
        /// What the file says.
        file: String,
    },
    /// Neither the files nor the user give what is needed.
    #[error("{}", missing.join("; "))]
    Incomplete {
        /// What is missing, and how to give it.
        missing: Vec<String>,
    },
    /// The trace has no name.
    #[error("the metadata have no `trace_name`")]
    NoName,
    /// Neither the trace nor the file has the components.
    #[error("there is neither `{column}` nor an order of components for all traces")]
    NoComponents {
        /// Column with the components of a trace.
        column: &'static str,
    },
    /// Neither the trace nor the file has a sampling rate.
    #[error("there is neither `{column}` nor a sampling rate for all traces")]
    NoRate {
        /// Column with the rate of a trace.
        column: &'static str,
    },
    /// Other traces have a start time.
    #[error("there is no `{column}`, unlike in other traces")]
    NoStart {
        /// Column with the start time.
        column: &'static str,
    },
    /// A value of the metadata is not a number.
    #[error("`{column}` is not a number: {text}")]
    NotNumber {
        /// The column.
        column: String,
        /// Its value.
        text: String,
    },
    /// The start time is malformed.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// The sampling rate is out of range.
    #[error(transparent)]
    Rate(#[from] RateError),
}

/// What is wrong with the arrays of `waveforms.hdf5`.
#[derive(Debug, thiserror::Error)]
pub enum HdfError {
    /// The file has no bytes.
    #[error("the file is empty")]
    Empty,
    /// The library panicked.
    #[error("the HDF5 file is damaged")]
    Damaged,
    /// The library cannot read the file.
    #[error("{0}")]
    Library(#[from] hdf5_reader::error::Error),
    /// The order of the axes is unknown.
    #[error("unknown dimension order `{order}`: expected CW, WC, NCW or NWC")]
    DimensionOrder {
        /// The order.
        order: String,
    },
    /// Both axes are as long as there are components.
    #[error("both axes of {} x {} can be the {components} components: give `dimension_order`", shape[0], shape[1])]
    AmbiguousAxes {
        /// Shape of the trace.
        shape: [usize; 2],
        /// Number of components.
        components: usize,
    },
    /// No axis is as long as there are components.
    #[error("no axis of {} x {} has the length of the {components} components", shape[0], shape[1])]
    NoAxis {
        /// Shape of the trace.
        shape: [usize; 2],
        /// Number of components.
        components: usize,
    },
    /// The array has too many dimensions for one trace.
    #[error("an array of the shape {shape:?} is not a single trace of channels and samples")]
    TraceShape {
        /// The shape.
        shape: Vec<u64>,
    },
    /// The number of values is not a multiple of the components.
    #[error("{values} values cannot be split into {components} components")]
    ValueCount {
        /// Values of the trace.
        values: usize,
        /// Number of components.
        components: usize,
    },
    /// A position is not inside the bucket.
    #[error("`{position}` is not a position in a bucket of the shape {shape:?}")]
    Position {
        /// The position as the metadata have it.
        position: String,
        /// Shape of the bucket.
        shape: Vec<u64>,
    },
    /// The element type is not supported.
    #[error("samples of type {kind} are not supported: expected float32, float64 or integers")]
    ElementType {
        /// The type.
        kind: String,
    },
}
