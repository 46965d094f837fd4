//! Errors in configurations and data, with file, line, key or record.

mod folder;
pub mod import;
pub mod preprocessing;
pub mod recording;
pub mod sample;
pub mod usage;
mod yaml;

use std::path::{Path, PathBuf};

use support::paths::not_replaced;

pub use folder::FolderError;
pub use import::ImportError;
pub use preprocessing::PreprocessingError;
pub use recording::RecordingError;
pub use sample::SampleError;
pub use usage::UsageError;
pub use yaml::{YamlError, in_words};

/// Error from reading a configuration or data.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A file given by the user cannot be read.
    #[error("cannot read {what} {path}: {source}{}", not_found(path, source))]
    Read {
        /// Purpose of the file.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Underlying error.
        source: std::io::Error,
    },
    /// A dataset cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Underlying error.
        source: std::io::Error,
    },
    /// The configuration is malformed; the problem has key, line and column.
    #[error("{path}: {problem}")]
    Yaml {
        /// The configuration.
        path: PathBuf,
        /// Key, problem, line and column.
        problem: YamlError,
    },
    /// A value of the configuration is invalid.
    #[error("{path}{}: `{key}`: {problem}", line.map(|l| format!(", line {l}")).unwrap_or_default())]
    Config {
        /// The configuration.
        path: PathBuf,
        /// Line of the key, if it is in the file.
        line: Option<usize>,
        /// Dotted key.
        key: String,
        /// The problem and what to do.
        problem: String,
    },
    /// A line of an index file is not a usable source.
    #[error("{path}, line {line}: {problem}")]
    Index {
        /// The index file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        problem: IndexError,
    },
    /// Some of the inspected files are unusable.
    #[error("{}", problems.join("\nerror: "))]
    Inspected {
        /// Results for the other files, for standard output.
        shown: String,
        /// The problems.
        problems: Vec<String>,
    },
    /// A source has an unknown format or is damaged as a whole.
    #[error("{path}: {problem}")]
    Source {
        /// The source.
        path: PathBuf,
        /// The problem.
        problem: Box<Problem>,
    },
    /// One record of a source is unusable.
    #[error("{path}, record {record}: {problem}")]
    Record {
        /// The source.
        path: PathBuf,
        /// Record, from 0.
        record: usize,
        /// The problem.
        problem: Box<Problem>,
    },
    /// The samples of a source cannot be read one by one.
    #[error("{path}: cannot be streamed: {reason}")]
    NotStreamable {
        /// The source.
        path: PathBuf,
        /// The reason and what to do.
        reason: String,
    },
    /// The front end needs whole windows, but the samples are segments that do not form one.
    #[error("{path}, record {record}: {problem}, which `bands` needs")]
    NotWindows {
        /// The source.
        path: PathBuf,
        /// Record, from 0.
        record: usize,
        /// Why the segments do not form a window.
        problem: Box<PreprocessingError>,
    },
    /// The front end does not fit the length of all windows.
    #[error(
        "{path}: the front end does not fit the windows: {problem} (the first window: {}, record {record})",
        first.display()
    )]
    FrontEnd {
        /// The configuration.
        path: PathBuf,
        /// Why it does not fit, and what to do.
        problem: Box<PreprocessingError>,
        /// The source of the first window.
        first: PathBuf,
        /// Its number there, from 0.
        record: usize,
    },
    /// Warnings that `--strict` turns into errors.
    #[error("{} note(s), and --strict refuses them:\n  {}", notes.len(), notes.join("\n  "))]
    Strict {
        /// One sentence per warning.
        notes: Vec<String>,
    },
    /// The request is invalid.
    #[error(transparent)]
    Usage(Box<UsageError>),
    /// Returned by a function that is given samples, to end the reading. The caller knows why.
    #[error("the reading was stopped")]
    Stopped,
    /// The groups of training and validation data cannot be assigned to folds.
    #[error("cross-validation over groups: {0}")]
    Fold(#[from] crate::folds::FoldError),
    /// A split has no samples.
    #[error(
        "the {split} split is empty: {path} names no sample of the included classes{}",
        empty.as_ref().map(|file| format!("; {} is an empty file", file.display())).unwrap_or_default()
    )]
    EmptySplit {
        /// `training`, `validation` or `test`.
        split: &'static str,
        /// Its index file.
        path: PathBuf,
        /// The first source without any bytes.
        empty: Option<PathBuf>,
    },
    /// Two splits share groups.
    #[error(
        "the {first} and {second} splits share {count} group(s), so windows of one recording would be \
         on both sides: {}; move each group to one split",
        groups.join(", ")
    )]
    SharedGroups {
        /// First split.
        first: &'static str,
        /// Second split.
        second: &'static str,
        /// Number of shared groups.
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
        /// First split.
        first: &'static str,
        /// Second split.
        second: &'static str,
        /// Number of shared windows.
        count: usize,
        /// Positions of some of them.
        examples: Vec<String>,
    },
}

/// What to say of a path that is not there, after the error of the system.
pub fn not_found(path: &Path, source: &std::io::Error) -> String {
    let is_missing = source.kind() == std::io::ErrorKind::NotFound;
    let reason = not_replaced(path).filter(|_| is_missing && !path.exists());
    reason.map_or(String::new(), |reason| format!("; {reason}"))
}

/// A line of an index file, or a pattern in it, is unusable.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// No file has this name or matches the pattern.
    #[error("no such file: {}{}", path.display(), hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default())]
    NoFile {
        /// The path that was looked for.
        path: PathBuf,
        /// Why it may be wrong.
        hint: Option<String>,
    },
    /// The pattern is unusable.
    #[error(transparent)]
    Pattern(#[from] PatternError),
}

/// A file name pattern is unusable.
#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    /// The pattern has bytes that are not UTF-8.
    #[error("a pattern must be UTF-8")]
    NotUtf8,
    /// The pattern is malformed.
    #[error("`{text}` is not a valid pattern: {source}")]
    Malformed {
        /// The pattern.
        text: String,
        /// What is wrong with it.
        source: glob::PatternError,
    },
    /// A folder cannot be read.
    #[error("`{text}`: {source}")]
    Unreadable {
        /// The pattern.
        text: String,
        /// Why not.
        source: glob::GlobError,
    },
}

impl From<UsageError> for DataError {
    fn from(error: UsageError) -> Self {
        Self::Usage(Box::new(error))
    }
}

/// A setting is out of range.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("`{key}` is {value}: expected {expected}")]
pub struct SettingError {
    /// Dotted key.
    pub key: String,
    /// Its value.
    pub value: String,
    /// What it must be.
    pub expected: String,
}

/// For callers that add the position of the problem to the message.
impl From<PreprocessingError> for String {
    fn from(error: PreprocessingError) -> Self {
        error.to_string()
    }
}

/// What is wrong with a file or one of its records; the [`DataError`] around it names them.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// With a sample source.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// With a recording.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// With preprocessing, or a window that does not fit it.
    #[error(transparent)]
    Preprocessing(#[from] PreprocessingError),
    /// With an import.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// With a folder of recordings.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Found by a caller of this crate, with what to do.
    #[error("{0}")]
    Other(String),
}

impl From<String> for Problem {
    fn from(problem: String) -> Self {
        Self::Other(problem)
    }
}

impl From<String> for Box<Problem> {
    fn from(problem: String) -> Self {
        Box::new(Problem::Other(problem))
    }
}

/// Adds the file to a problem.
pub(crate) fn in_file<E: Into<Problem>>(path: &Path) -> impl Fn(E) -> DataError + '_ {
    move |problem| DataError::Source {
        path: path.to_owned(),
        problem: Box::new(problem.into()),
    }
}

/// Adds the file and the number of the record to a problem.
pub(crate) fn in_record<E: Into<Problem>>(
    path: &Path,
    record: usize,
) -> impl Fn(E) -> DataError + '_ {
    move |problem| DataError::Record {
        path: path.to_owned(),
        record,
        problem: Box::new(problem.into()),
    }
}

/// Wraps an I/O error from writing `path`.
pub(crate) fn unwritable(path: &Path) -> impl Fn(std::io::Error) -> DataError {
    let path = path.to_owned();
    move |source| DataError::Write {
        path: path.clone(),
        source,
    }
}

impl DataError {
    /// Replaces paths below `from` by paths below `to`.
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
            | Self::NotWindows { path, .. }
            | Self::FrontEnd { path, .. }
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
            Self::Strict { .. }
            | Self::Usage(_)
            | Self::Stopped
            | Self::Fold(_)
            | Self::SharedGroups { .. }
            | Self::Inspected { .. } => {}
        }
        self
    }

    /// Whether the machine failed (exit code 1) rather than the input (exit code 2).
    pub fn is_machine_failure(&self) -> bool {
        matches!(self, DataError::Write { .. })
    }
}

/// A hint if a known name differs from `class` in case alone, or one of them has characters that are not seen.
pub(crate) fn other_case(class: &str, known: &[String]) -> String {
    let differs = |name: &String| name.to_lowercase() == class.trim().to_lowercase();
    if known.iter().any(differs) {
        return " (upper and lower case differ)".into();
    }
    let mut all = known.iter().map(String::as_str).chain([class]);
    all.find(|name| name.contains(is_unseen))
        .map_or_else(String::new, |name| {
            let shown = name.chars().map(|c| {
                if is_unseen(c) {
                    c.escape_unicode().to_string()
                } else {
                    c.to_string()
                }
            });
            format!(" (`{name}` is `{}`)", shown.collect::<String>())
        })
}

/// Whether a character has no place of its own: a mark above the letter before it, or one without width.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}
