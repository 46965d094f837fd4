//! A running experiment: the only writer below its directory.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::ExperimentError;
use crate::events::EventWriter;
use crate::figures::Png;
use crate::history::Epoch;
use crate::metadata::{Metadata, Status};

/// The event logs of an experiment, each a run of TensorBoard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogRun {
    /// Metrics and weights over the training split.
    Train,
    /// Metrics over the validation split.
    Validation,
    /// Precision, recall, F1 and confusion matrices over the validation split.
    Detailed,
    /// Metrics of the kept weights over the test split.
    Test,
    /// Configuration, summary, hyperparameters.
    Metadata,
}

impl LogRun {
    /// All of them.
    pub const ALL: [LogRun; 5] = [
        LogRun::Train,
        LogRun::Validation,
        LogRun::Detailed,
        LogRun::Test,
        LogRun::Metadata,
    ];

    /// Path below `logs/`, which is the run's name in TensorBoard.
    pub fn path(self) -> &'static str {
        match self {
            LogRun::Train => "training/train",
            LogRun::Validation => "training/validation",
            LogRun::Detailed => "detailed_metrics",
            LogRun::Test => "test_metrics",
            LogRun::Metadata => "experiment_metadata",
        }
    }
}

/// Directories beside the logs.
const SUBDIRECTORIES: [&str; 3] = ["model", "checkpoints", "figures"];

/// What a run leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// A whole experiment.
    Tracked,
    /// Logs as scripts without tracking have them: `train/` and `validation/` at the top.
    Untracked,
}

impl Layout {
    fn log_path(self, run: LogRun) -> String {
        match self {
            Layout::Tracked => format!("logs/{}", run.path()),
            Layout::Untracked => run.path().trim_start_matches("training/").to_owned(),
        }
    }
}

/// A claimed directory, its lock and its open logs.
pub struct Experiment {
    directory: PathBuf,
    metadata: Metadata,
    layout: Layout,
    logs: HashMap<LogRun, EventWriter>,
    history: File,
    /// Held until the process ends, however it ends.
    _lock: File,
}

impl Experiment {
    /// Fills a directory that was just created: lock, subdirectories, metadata, logs.
    pub(crate) fn start(
        directory: PathBuf,
        lock: File,
        metadata: Metadata,
        layout: Layout,
        extra_subdirectories: &[String],
    ) -> Result<Self, ExperimentError> {
        let create = |name: &str| {
            let path = directory.join(name);
            fs::create_dir_all(&path).map_err(ExperimentError::write(&path))
        };
        SUBDIRECTORIES.iter().try_for_each(|name| create(name))?;
        extra_subdirectories
            .iter()
            .try_for_each(|name| create(name))?;
        let mut logs = HashMap::new();
        for run in LogRun::ALL {
            let path = layout.log_path(run);
            create(&path)?;
            logs.insert(run, EventWriter::create(&directory.join(path))?);
        }
        let path = directory.join("history.jsonl");
        let history = OpenOptions::new().create_new(true).append(true).open(&path);
        let experiment = Self {
            history: history.map_err(ExperimentError::write(&path))?,
            directory,
            metadata,
            layout,
            logs,
            _lock: lock,
        };
        experiment.save_metadata()?;
        Ok(experiment)
    }

    /// Its ID.
    pub fn id(&self) -> &str {
        &self.metadata.experiment_id
    }

    /// Its directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Its metadata as last written.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Changes and saves the metadata.
    ///
    /// # Errors
    /// [`ExperimentError::Write`], here and below; the old file stays intact.
    pub fn update(&mut self, change: impl FnOnce(&mut Metadata)) -> Result<(), ExperimentError> {
        change(&mut self.metadata);
        self.save_metadata()
    }

    /// Writes the last state: nothing may be written afterwards.
    pub fn finish(
        mut self,
        status: Status,
        change: impl FnOnce(&mut Metadata),
    ) -> Result<Metadata, ExperimentError> {
        let success = status == Status::Completed;
        let logged = self.log(LogRun::Metadata, |writer| writer.hparams_end(success));
        let logged = logged.and_then(|()| self.flush_logs());
        let end = chrono::Local::now();
        // The state is written even where the logs could not be: it is what people look at first.
        self.update(|metadata| {
            metadata.status = Some(status);
            metadata.end_time = Some(end.format("%Y-%m-%dT%H:%M:%S%.6f").to_string());
            change(metadata);
        })?;
        logged.map(|()| self.metadata)
    }

    /// Appends an epoch to `history.jsonl` and hands it to the disk.
    pub fn append_history(&mut self, epoch: &Epoch) -> Result<(), ExperimentError> {
        let mut line = serde_json::to_string(epoch).expect("an epoch is JSON");
        line.push('\n');
        let written = self.history.write_all(line.as_bytes());
        let synced = written.and_then(|()| self.history.sync_data());
        synced.map_err(ExperimentError::write(
            &self.directory.join("history.jsonl"),
        ))
    }

    /// Writes to the log of `run`.
    pub fn log(
        &mut self,
        run: LogRun,
        write: impl FnOnce(&mut EventWriter) -> Result<(), ExperimentError>,
    ) -> Result<(), ExperimentError> {
        write(self.logs.get_mut(&run).expect("every run has a log"))
    }

    /// Shows everything logged so far to a TensorBoard that watches.
    pub fn flush_logs(&mut self) -> Result<(), ExperimentError> {
        self.logs.values_mut().try_for_each(EventWriter::flush)
    }

    /// Writes a file below the directory, whole or not at all.
    pub fn save(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, ExperimentError> {
        let path = self.directory.join(name);
        write_atomically(&path, bytes)?;
        Ok(path)
    }

    /// Writes `figures/{name}.png`.
    pub fn save_figure(&self, name: &str, figure: &Png) -> Result<PathBuf, ExperimentError> {
        self.save(&format!("figures/{name}.png"), &figure.bytes)
    }

    fn save_metadata(&self) -> Result<(), ExperimentError> {
        if self.layout == Layout::Untracked {
            return Ok(());
        }
        let bytes = self.metadata.to_bytes();
        self.save("metadata.json", &bytes).map(|_| ())
    }
}

/// Writes beside `path`, syncs, renames: a reader sees the old file or the new one.
///
/// # Errors
/// [`ExperimentError::Write`]; the old file stays intact and nothing is left aside.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), ExperimentError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let aside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = File::create(&aside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| fs::rename(&aside, path));
    let renamed = renamed.and_then(|()| match path.parent() {
        // The rename itself is only durable once the directory is.
        Some(parent) if cfg!(unix) => File::open(parent)?.sync_all(),
        _ => Ok(()),
    });
    renamed.map_err(|source| {
        let _ = fs::remove_file(&aside);
        ExperimentError::write(path)(source)
    })
}
