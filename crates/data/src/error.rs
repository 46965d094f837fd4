//! Everything that can be wrong with data, said with the file, line, key or record it is in.

use std::path::{Path, PathBuf};

/// Why a configuration or a source cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A file the user named cannot be read.
    #[error("cannot read {what} {path}: {source}")]
    Read {
        /// What the file is for.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// The demo dataset cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// The configuration is malformed; the message has key, line and column.
    #[error("{path}: {message}")]
    Yaml {
        /// The configuration.
        path: PathBuf,
        /// Key, problem, line and column.
        message: String,
    },
    /// A value of the configuration makes no sense.
    #[error("{path}{}: `{key}`: {problem}", line.map(|l| format!(", line {l}")).unwrap_or_default())]
    Config {
        /// The configuration.
        path: PathBuf,
        /// Line of the key, where it is written.
        line: Option<usize>,
        /// Dotted key.
        key: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A line of an index file does not name a usable source.
    #[error("{path}, line {line}: {problem}")]
    Index {
        /// The index file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// A source is not of a format that any reader knows, or damaged as a whole.
    #[error("{path}: {problem}")]
    Source {
        /// The source.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// One record of a source is unusable.
    #[error("{path}, record {record}: {problem}")]
    Record {
        /// The source.
        path: PathBuf,
        /// Record, from 0.
        record: usize,
        /// What is wrong.
        problem: String,
    },
    /// A source whose samples cannot be read one by one.
    #[error("{path}: cannot be streamed: {reason}")]
    NotStreamable {
        /// The source.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// What deserves a warning, where such is refused.
    #[error("{} note(s), and --strict refuses them:\n  {}", notes.len(), notes.join("\n  "))]
    Strict {
        /// A sentence each.
        notes: Vec<String>,
    },
    /// What was asked for makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A split has no samples.
    #[error("the {split} split is empty: {path} names no sample of the included classes")]
    EmptySplit {
        /// `training`, `validation` or `test`.
        split: &'static str,
        /// Its index file.
        path: PathBuf,
    },
    /// Two splits share recordings.
    #[error(
        "the {first} and {second} splits share {count} group(s), so windows of one recording would be \
         on both sides: {}; move each group to one split",
        groups.join(", ")
    )]
    SharedGroups {
        /// One split.
        first: &'static str,
        /// The other.
        second: &'static str,
        /// How many groups.
        count: usize,
        /// Some of them.
        groups: Vec<String>,
    },
    /// Two splits share windows.
    #[error(
        "the {first} and {second} splits share {count} window(s), to the bit: {}; a network would be judged by what \
         it learned from: leave them in one split",
        examples.join(", ")
    )]
    SharedWindows {
        /// One split.
        first: &'static str,
        /// The other.
        second: &'static str,
        /// How many windows.
        count: usize,
        /// Where some of them lie.
        examples: Vec<String>,
    },
}

/// What a failing write of `path` becomes.
pub(crate) fn unwritable(path: &Path) -> impl Fn(std::io::Error) -> DataError {
    let path = path.to_owned();
    move |source| DataError::Write {
        path: path.clone(),
        source,
    }
}

impl DataError {
    /// As of a file below `to` where it speaks of one below `from`.
    pub(crate) fn moved(mut self, from: &Path, to: &Path) -> Self {
        match &mut self {
            Self::Read { path, .. }
            | Self::Write { path, .. }
            | Self::Yaml { path, .. }
            | Self::Config { path, .. }
            | Self::Index { path, .. }
            | Self::Source { path, .. }
            | Self::Record { path, .. }
            | Self::NotStreamable { path, .. }
            | Self::EmptySplit { path, .. } => {
                if let Ok(rest) = path.strip_prefix(from) {
                    *path = to.join(rest);
                }
            }
            Self::SharedWindows { examples, .. } => {
                let (from, to) = (from.display().to_string(), to.display().to_string());
                for example in examples {
                    *example = example.replace(&from, &to);
                }
            }
            Self::Strict { .. } | Self::Usage(_) | Self::SharedGroups { .. } => {}
        }
        self
    }

    /// Whether the machine failed (exit code 1) rather than the input (exit code 2).
    pub fn is_machine_failure(&self) -> bool {
        matches!(self, DataError::Write { .. })
    }
}
