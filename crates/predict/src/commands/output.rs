//! Output destination: standard output, or a file that appears once it is complete.

use std::io::{BufWriter, ErrorKind, Stdout, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value};
use support::files::Replacement;

use crate::error::PredictError;

/// Options for the output.
#[derive(Clone, Debug, Default, Args)]
pub struct OutputArgs {
    /// Print one JSON object per line
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print comma-separated values with a header line
    #[arg(long)]
    pub csv: bool,
    /// Write the results to this file instead of standard output; it appears (or is replaced) when the results are
    /// complete
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Json,
    Csv,
}

impl OutputArgs {
    pub(crate) fn format(&self) -> Format {
        if self.json {
            Format::Json
        } else if self.csv {
            Format::Csv
        } else {
            Format::Text
        }
    }
}

/// An open output.
pub(crate) struct Output {
    writer: BufWriter<Destination>,
    /// The file as given.
    path: Option<PathBuf>,
}

enum Destination {
    Standard(Stdout),
    File(Replacement),
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Standard(out) => out.write(bytes),
            Self::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Standard(out) => out.flush(),
            Self::File(file) => file.flush(),
        }
    }
}

impl Output {
    /// Opens standard output, or a file that replaces the one at `path` once it is complete.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, PredictError> {
        let destination = match path {
            None => Destination::Standard(std::io::stdout()),
            Some(path) => {
                let file = Replacement::create(path).map_err(|source| match source.kind() {
                    ErrorKind::InvalidInput => {
                        PredictError::Usage(format!("{} names no file", path.display()))
                    }
                    _ => cannot_write(path, source),
                })?;
                Destination::File(file)
            }
        };
        Ok(Self {
            writer: BufWriter::new(destination),
            path: path.map(Path::to_owned),
        })
    }

    /// Appends `text`.
    ///
    /// # Errors
    /// [`PredictError::Closed`] if the reader has closed the pipe, or [`PredictError::Write`].
    pub(crate) fn write(&mut self, text: &str) -> Result<(), PredictError> {
        let written = self.writer.write_all(text.as_bytes());
        written.map_err(|source| self.failed(source))
    }

    /// Flushes buffered text.
    ///
    /// # Errors
    /// Those of [`Output::write`].
    pub(crate) fn flush(&mut self) -> Result<(), PredictError> {
        let flushed = self.writer.flush();
        flushed.map_err(|source| self.failed(source))
    }

    fn failed(&self, source: std::io::Error) -> PredictError {
        match &self.path {
            None if source.kind() == ErrorKind::BrokenPipe => PredictError::Closed,
            None => cannot_write(Path::new("standard output"), source),
            Some(path) => cannot_write(path, source),
        }
    }

    /// Completes the output; a file gets its final name.
    ///
    /// # Errors
    /// Those of [`Output::write`].
    pub(crate) fn finish(mut self) -> Result<(), PredictError> {
        self.flush()?;
        let Self { writer, path } = self;
        // Nothing is buffered any more.
        let (destination, _) = writer.into_parts();
        match (destination, path) {
            (Destination::File(file), Some(path)) => {
                file.finish().map_err(|source| cannot_write(&path, source))
            }
            _ => Ok(()),
        }
    }
}

fn cannot_write(path: &Path, source: std::io::Error) -> PredictError {
    PredictError::Write {
        path: path.to_owned(),
        source,
    }
}

/// Quotes a CSV field where needed.
pub(crate) fn csv_field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// Probabilities by class name.
pub(crate) fn by_class(names: &[String], probabilities: &[f32]) -> Value {
    let pairs = names
        .iter()
        .cloned()
        .zip(probabilities.iter().map(|p| number(*p)));
    Value::Object(pairs.collect::<Map<_, _>>())
}

/// A probability with the digits of float32.
pub(crate) fn number(value: f32) -> Value {
    // Converted through text; as float64 it would get meaningless digits.
    serde_json::from_str(&value.to_string()).unwrap_or(Value::Null)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn links_and_devices_are_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        std::fs::write(&target, "old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let mut output = Output::open(Some(&link)).unwrap();
        output.write("new").unwrap();
        output.finish().unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "new");
        // A socket represents all files that are not regular.
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(Output::open(Some(&socket)).is_err());
        assert!(!socket.metadata().unwrap().is_file());
        let entries = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(entries, 3, "no temporary file is left");
    }
}
