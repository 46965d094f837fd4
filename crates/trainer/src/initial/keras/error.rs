//! Errors of Keras weight files. The error around them names the file.

/// A file of Keras weights is unusable.
#[derive(Debug, thiserror::Error)]
pub enum KerasError {
    /// The HDF5 library panicked.
    #[error("the file is damaged")]
    Damaged,
    /// The HDF5 library cannot read the file.
    #[error("{0}")]
    Hdf(#[from] hdf5_reader::error::Error),
    /// A `.keras` file is not a zip archive.
    #[error("not a zip archive: {0}")]
    NotZip(#[source] zip::result::ZipError),
    /// An entry of a `.keras` file is missing or damaged.
    #[error("{name}: {source}")]
    NoEntry {
        /// The entry.
        name: String,
        /// Why it cannot be opened.
        source: zip::result::ZipError,
    },
    /// An entry of a `.keras` file cannot be decompressed.
    #[error("{name}: {source}")]
    Entry {
        /// The entry.
        name: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The file has no weights.
    #[error("the file has no layers with weights")]
    NoLayers,
    /// A variable cannot be read.
    #[error("{layer}/{variable}: {source}")]
    Variable {
        /// The layer.
        layer: String,
        /// The variable.
        variable: String,
        /// Why not.
        source: hdf5_reader::error::Error,
    },
    /// Names do not match, and the order does not decide.
    #[error(
        "its layers have other names than those of this network, and in a network with branches layers cannot be matched \
         by order: give them the same names"
    )]
    Names,
}
