//! Runs that experiment trackers of Python left on disk: MLflow, Weights & Biases, DVCLive, Sacred and Keras Tuner.
//!
//! Each program is one [`Layout`]: how to recognise the folder of a run, and which of its files say what. The files are only
//! read. What is damaged, too large or unknown becomes a sentence that names the file, and affects nothing else.

mod documents;
mod dvclive;
mod keras_tuner;
mod metrics;
mod mlflow;
mod mlflow_database;
mod run;
mod sacred;
mod search;
mod wandb;
mod wandb_log;

use std::path::Path;

pub(crate) use self::metrics::TrackedMetrics;
pub(crate) use self::mlflow_database::{ReadScope, StoredRun};
use self::run::{File, Files, Part, TrackedRun};
#[cfg(feature = "cli")]
pub(crate) use self::search::MLFLOW_DATABASE;
pub(crate) use self::search::{Run, SearchResult, below, in_databases, program_of};
use crate::files::{below as files_below, read_regular};
use crate::metadata::Metadata;
use support::words::counted;

/// Size limit of a file in bytes.
const MAX_SIZE: u64 = 64 << 20;

/// Upper bound for files of one run that are opened.
const MAX_FILES: usize = 2000;

/// A program that tracks experiments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// MLflow, with its runs in files or in a database of SQLite.
    MlFlow,
    /// Weights & Biases.
    WandB,
    /// DVCLive.
    DvcLive,
    /// Sacred, with its `FileStorageObserver`.
    Sacred,
    /// Keras Tuner.
    KerasTuner,
}

/// How a program stores a run.
struct Layout {
    /// The program's name.
    name: &'static str,
    /// Whether a folder is that of a run, by its path and the names in it.
    is_run: fn(&Path, &[String]) -> bool,
    /// Whether the user has deleted the run.
    is_deleted: fn(&Path) -> bool,
    /// Files that say when, where and with which settings it ran.
    about: &'static [Part],
    /// Files with its metrics.
    metrics: &'static [Part],
}

impl Program {
    const ALL: [Program; 5] = [
        Program::MlFlow,
        Program::WandB,
        Program::Sacred,
        Program::KerasTuner,
        Program::DvcLive,
    ];

    fn layout(self) -> &'static Layout {
        match self {
            Program::MlFlow => &mlflow::LAYOUT,
            Program::WandB => &wandb::LAYOUT,
            Program::DvcLive => &dvclive::LAYOUT,
            Program::Sacred => &sacred::LAYOUT,
            Program::KerasTuner => &keras_tuner::LAYOUT,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.layout().name
    }

    /// What the run in `directory` says about itself, without its metrics.
    pub(crate) fn metadata(self, directory: &Path) -> Metadata {
        let run = self.read(directory, self.layout().about);
        run.metadata(self.name())
    }

    /// The metrics of the run in `directory`, and sentences about what of its files was not read.
    pub(crate) fn metrics(self, directory: &Path) -> TrackedMetrics {
        let layout = self.layout();
        let about = self.read(directory, layout.about);
        let mut run = self.read(directory, layout.metrics);
        let state = about.facts.status.as_deref().unwrap_or("finished");
        let ought_to = ["finished", "completed"].contains(&state) && run.notes.is_empty();
        if run.curves.is_empty() && run.values.is_empty() && ought_to {
            run.note("it has no metrics".into());
        }
        run.notes.splice(0..0, about.notes);
        TrackedMetrics::of(run)
    }

    fn read(self, directory: &Path, parts: &[Part]) -> TrackedRun {
        let mut run = TrackedRun::default();
        for part in parts {
            read_part(directory, part, &mut run);
        }
        run
    }
}

/// Reads the files of a part that exist.
fn read_part(directory: &Path, part: &Part, run: &mut TrackedRun) {
    let (folder, paths) = match part.files {
        Files::One(name) => (directory.to_owned(), vec![directory.join(name)]),
        Files::All(name, ending) => {
            let folder = directory.join(name);
            let mut paths = files_below(&folder, |name| name.ends_with(ending));
            // Those of the run itself, and not what it saved in folders.
            paths.retain(|path| !name.is_empty() || path.parent() == Some(&folder));
            (folder, paths)
        }
    };
    let more = paths.len().saturating_sub(MAX_FILES);
    if more > 0 {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let files = counted(more, "file");
        run.note(format!(
            "{files} in `{name}` not opened: there are too many"
        ));
    }
    for path in paths.iter().take(MAX_FILES) {
        let relative = path.strip_prefix(&folder).unwrap_or(path);
        let name = relative.to_string_lossy().replace('\\', "/");
        let shown = path.strip_prefix(directory).unwrap_or(path).display();
        let read = match read_regular(path, MAX_SIZE) {
            Ok(bytes) => {
                let file = File {
                    name: &name,
                    bytes: &bytes,
                    folder: directory,
                };
                (part.read)(run, &file)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(format!("cannot be read: {error}")),
        };
        if let Err(why) = read {
            run.note(format!("`{shown}` {why}"));
        }
    }
}

#[cfg(test)]
mod tests;
