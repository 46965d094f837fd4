//! Where results go: standard output, or a file that appears once it is whole.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value};

use crate::error::PredictError;

/// How results are written.
#[derive(Clone, Debug, Default, Args)]
pub struct OutputArgs {
    /// One JSON object a line
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Comma-separated values with a line of names
    #[arg(long)]
    pub csv: bool,
    /// Write the results into a file instead of standard output; an existing one is replaced when all is done
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// How results look.
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
    writer: Box<dyn Write>,
    /// The file that is written aside, and its name once it is whole.
    aside: Option<(PathBuf, PathBuf)>,
}

impl Output {
    /// Standard output, or a file beside `path`.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, PredictError> {
        let Some(path) = path else {
            return Ok(Self {
                writer: Box::new(BufWriter::new(std::io::stdout())),
                aside: None,
            });
        };
        let name = path
            .file_name()
            .ok_or_else(|| PredictError::Usage(format!("{} names no file", path.display())))?;
        let name = format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id());
        let aside = path.with_file_name(name);
        let file = File::create(&aside).map_err(|source| cannot_write(path, source))?;
        Ok(Self {
            writer: Box::new(BufWriter::new(file)),
            aside: Some((aside, path.to_owned())),
        })
    }

    /// Appends `text`.
    ///
    /// # Errors
    /// [`PredictError::Closed`] where nobody reads any more.
    pub(crate) fn write(&mut self, text: &str) -> Result<(), PredictError> {
        let written = self.writer.write_all(text.as_bytes());
        written.map_err(|source| self.failed(source))
    }

    /// Hands on what is buffered.
    ///
    /// # Errors
    /// As [`Output::write`].
    pub(crate) fn flush(&mut self) -> Result<(), PredictError> {
        let flushed = self.writer.flush();
        flushed.map_err(|source| self.failed(source))
    }

    fn failed(&self, source: std::io::Error) -> PredictError {
        match &self.aside {
            None if source.kind() == ErrorKind::BrokenPipe => PredictError::Closed,
            None => cannot_write(Path::new("standard output"), source),
            Some((_, path)) => cannot_write(path, source),
        }
    }

    /// Ends the results: a file gets its name.
    ///
    /// # Errors
    /// As [`Output::write`].
    pub(crate) fn finish(mut self) -> Result<(), PredictError> {
        self.flush()?;
        if let Some((aside, path)) = self.aside.take() {
            std::fs::rename(&aside, &path).map_err(|source| cannot_write(&path, source))?;
        }
        Ok(())
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // Half a result is none.
        if let Some((aside, _)) = &self.aside {
            let _ = std::fs::remove_file(aside);
        }
    }
}

fn cannot_write(path: &Path, source: std::io::Error) -> PredictError {
    PredictError::Write {
        path: path.to_owned(),
        source,
    }
}

/// A field of comma-separated values, quoted where it has to be.
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

/// A probability with the digits that float32 has.
pub(crate) fn number(value: f32) -> Value {
    // Through text: as float64 it would get digits that mean nothing.
    serde_json::from_str(&value.to_string()).unwrap_or(Value::Null)
}
