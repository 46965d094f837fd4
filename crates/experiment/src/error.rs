//! Errors of the store and of running experiments.

use std::path::{Path, PathBuf};

/// Error from claiming, writing, finding or reading an experiment.
#[derive(Debug, thiserror::Error)]
pub enum ExperimentError {
    /// The experiments directory is not usable.
    #[error(
        "cannot create an experiment in {}: {source}; {}",
        shown(path),
        advice(source)
    )]
    Claim {
        /// The experiments directory.
        path: PathBuf,
        /// Underlying error.
        source: std::io::Error,
    },
    /// A file of an experiment cannot be written.
    #[error("cannot write {}: {source}; {}", shown(path), advice(source))]
    Write {
        /// The file.
        path: PathBuf,
        /// Underlying error.
        source: std::io::Error,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {source}", shown(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// Underlying error.
        source: std::io::Error,
    },
    /// `metadata.json` is not valid JSON.
    #[error("{}: {source}", shown(path))]
    Metadata {
        /// The file.
        path: PathBuf,
        /// Parse error with line and column.
        source: serde_json::Error,
    },
    /// No experiment matches an ID.
    #[error("no experiment matches `{}` in {}", plain(id), shown(path))]
    NotFound {
        /// The ID as given.
        id: String,
        /// The experiments directory.
        path: PathBuf,
    },
    /// Several experiments match an ID.
    #[error("`{}` is ambiguous; it matches:\n  {}", plain(id), plain_lines(&candidates.join("\n  ")))]
    Ambiguous {
        /// The ID as given.
        id: String,
        /// The matching experiments.
        candidates: Vec<String>,
    },
    /// The experiment is running in another process.
    #[error("{} is running: another process holds its lock", plain(id))]
    Running {
        /// The experiment.
        id: String,
    },
    /// An ID template is malformed.
    #[error("ID template `{template}`: {problem}")]
    Template {
        /// The template.
        template: String,
        /// What is wrong.
        problem: String,
    },
    /// A filter cannot be read.
    #[error("--filter: {problem}\n  {expression}\n  {}^", " ".repeat(*column))]
    Filter {
        /// The expression.
        expression: String,
        /// Position of the problem in characters.
        column: usize,
        /// What is wrong.
        problem: String,
    },
    /// No experiment has a field of that name.
    #[error("{option}: no experiment has a field `{}`; {}", plain(name), advice_on_field(nearest.as_deref(), short))]
    UnknownField {
        /// The option that names it.
        option: String,
        /// The name as given.
        name: String,
        /// The field that is probably meant.
        nearest: Option<String>,
        /// Short names of fields.
        short: &'static [&'static str],
    },
    /// The request is invalid.
    #[error("{}", plain_lines(.0))]
    Usage(String),
    /// A figure cannot be drawn.
    #[error("cannot draw a figure: {0}")]
    Figure(String),
}

/// Removes control characters and bidirectional overrides from foreign text.
pub fn plain(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let clean = |c: char| {
        if c.is_control() || turns(c) {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    text.chars().map(clean).collect()
}

/// [`plain`] text of several lines.
fn plain_lines(text: &str) -> String {
    text.split('\n').map(plain).collect::<Vec<_>>().join("\n")
}

fn advice_on_field(nearest: Option<&str>, short: &[&str]) -> String {
    match nearest {
        Some(nearest) => format!("do you mean `{}`?", plain(nearest)),
        None => format!(
            "short names are {}, and dotted keys of metadata.json are fields, too",
            short.join(", ")
        ),
    }
}

/// A path for messages, without control characters.
fn shown(path: &Path) -> String {
    plain(&path.display().to_string())
}

/// Advice on a failed write.
fn advice(error: &std::io::Error) -> &'static str {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::PermissionDenied => "choose a directory you may write to with --experiments-dir",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "free some space or choose another disk with --experiments-dir"
        }
        ErrorKind::ReadOnlyFilesystem => {
            "the file system is read-only: choose another with --experiments-dir"
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => "a file of that name is in the way",
        _ => "check the path and the disk",
    }
}

impl ExperimentError {
    pub(crate) fn write(path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }

    pub(crate) fn read(path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }

    /// Whether the user's request is wrong (exit code 2) rather than the machine failing (exit code 1).
    pub fn is_usage(&self) -> bool {
        match self {
            Self::NotFound { .. }
            | Self::Ambiguous { .. }
            | Self::Running { .. }
            | Self::Template { .. }
            | Self::Filter { .. }
            | Self::UnknownField { .. }
            | Self::Usage(_) => true,
            Self::Claim { source, .. } => {
                use std::io::ErrorKind;
                matches!(
                    source.kind(),
                    ErrorKind::PermissionDenied
                        | ErrorKind::NotADirectory
                        | ErrorKind::AlreadyExists
                        | ErrorKind::ReadOnlyFilesystem
                )
            }
            _ => false,
        }
    }
}
