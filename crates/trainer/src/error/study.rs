//! Errors of sweeps: in what they are asked for, and of their processes.

use std::path::PathBuf;
use std::process::ExitStatus;

use data::error::not_found;

/// Why a study cannot be started or found.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// Neither a file nor a study is given.
    #[error("give a sweep file")]
    NoFile,
    /// The sweep file cannot be read.
    #[error("cannot read the sweep file {}: {source}{}", path.display(), not_found(path, source))]
    ReadFile {
        /// The sweep file.
        path: PathBuf,
        /// Underlying error.
        source: std::io::Error,
    },
    /// A file of a study cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Underlying error.
        source: std::io::Error,
    },
    /// No study has this name.
    #[error("no study `{name}` in {}: {}", studies.display(), there(names))]
    NotFound {
        /// The requested name.
        name: String,
        /// Folder of the studies.
        studies: PathBuf,
        /// Names of the existing studies.
        names: Vec<String>,
    },
    /// A study of this name exists.
    #[error(
        "the study `{name}` exists already ({}): finish it with --resume {name}, or give the file another `name:`",
        folder.display()
    )]
    Exists {
        /// Name of the study.
        name: String,
        /// Its folder.
        folder: PathBuf,
    },
    /// Experiments of an earlier study have this name.
    #[error(
        "there are experiments of an earlier study `{name}` in {}: give the file another `name:`", folder.display()
    )]
    ExperimentsExist {
        /// Name of the study.
        name: String,
        /// Folder of the experiments.
        folder: PathBuf,
    },
}

fn there(names: &[String]) -> String {
    if names.is_empty() {
        "there are none".to_owned()
    } else {
        format!("there are {}", names.join(", "))
    }
}

/// Why the processes of a study cannot work.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// A worker cannot be started or waited for.
    #[error("cannot start a worker: {0}")]
    Start(std::io::Error),
    /// A worker failed in a way that another would, too.
    #[error("{0}")]
    Ended(EndedWorker),
    /// The number of threads cannot be set.
    #[error("one thread: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// The run that is timed cannot be started.
    #[error("the timed run: {0}")]
    StartTimed(std::io::Error),
    /// The run that is timed failed.
    #[error("the timed run: {message}")]
    Timed {
        /// How it ended.
        status: ExitStatus,
        /// The last line of its standard error.
        message: String,
    },
}

/// How a worker ended, and where its output is.
#[derive(Debug, thiserror::Error)]
#[error("a worker ended with {status}: see {}", log.display())]
pub struct EndedWorker {
    /// How it ended.
    pub status: ExitStatus,
    /// Its log.
    pub log: PathBuf,
}

impl WorkerError {
    /// 2 if the process that failed says that its input is invalid, otherwise 1.
    pub(super) fn exit_code(&self) -> u8 {
        let status = match self {
            Self::Ended(EndedWorker { status, .. }) | Self::Timed { status, .. } => status,
            Self::Start(_) | Self::Threads(_) | Self::StartTimed(_) => return 1,
        };
        if status.code() == Some(2) { 2 } else { 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_study_and_its_folder() {
        let name = || "rates".to_owned();
        let missing = |names: &[&str]| StudyError::NotFound {
            name: name(),
            studies: "studies".into(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        let exists = StudyError::Exists {
            name: name(),
            folder: "studies/rates".into(),
        };
        let earlier = StudyError::ExperimentsExist {
            name: name(),
            folder: "experiments".into(),
        };
        for (error, expected) in [
            (missing(&[]), "no study `rates` in studies: there are none"),
            (
                missing(&["a", "b"]),
                "no study `rates` in studies: there are a, b",
            ),
            (
                exists,
                "the study `rates` exists already (studies/rates): finish it with --resume rates, or give the file \
                 another `name:`",
            ),
            (
                earlier,
                "there are experiments of an earlier study `rates` in experiments: give the file another `name:`",
            ),
        ] {
            assert_eq!(error.to_string(), expected);
        }
    }

    #[cfg(unix)]
    #[test]
    fn invalid_input_of_a_worker_is_invalid_input_of_the_study() {
        use std::os::unix::process::ExitStatusExt;

        let ended = |code: i32| {
            WorkerError::Ended(EndedWorker {
                status: ExitStatus::from_raw(code << 8),
                log: "logs/local-0.log".into(),
            })
        };
        assert_eq!(
            ended(2).to_string(),
            "a worker ended with exit status: 2: see logs/local-0.log"
        );
        assert_eq!(ended(2).exit_code(), 2);
        assert_eq!(ended(1).exit_code(), 1);
        let lost = WorkerError::Start(std::io::Error::other("no such program"));
        assert_eq!(lost.to_string(), "cannot start a worker: no such program");
        assert_eq!(lost.exit_code(), 1);
    }
}
