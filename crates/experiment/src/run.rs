//! A running experiment: the only writer below its directory.

mod positions;

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde_json::json;

pub use self::positions::LogPositions;
use self::positions::WAITING_HISTORY;
use crate::appender::Appender;
use crate::catalogue::layout::{
    self, CHECKPOINTS, FILES, HISTORY, LOGS, LogRun, METADATA, SUBDIRECTORIES,
};
use crate::error::ExperimentError;
use crate::events::EventWriter;
use crate::figures::Png;
use crate::files::{create_durably, read_regular, remove_durably, write_atomically};
use crate::hash::sha256_hex;
use crate::history::{Epoch, whole_lines};
use crate::metadata::{Metadata, Status, timestamp};

/// Layout of the directory of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DirectoryLayout {
    /// A tracked experiment.
    Tracked,
    /// An untracked run: `train/` and `validation/` at the top level, as the Python scripts have them.
    Untracked,
}

impl DirectoryLayout {
    fn log_path(self, run: LogRun) -> String {
        match self {
            DirectoryLayout::Tracked => format!("{LOGS}/{}", run.path()),
            DirectoryLayout::Untracked => run.path().trim_start_matches("training/").to_owned(),
        }
    }
}

/// A claimed directory with its lock and open logs.
pub struct Experiment {
    directory: PathBuf,
    metadata: Metadata,
    layout: DirectoryLayout,
    logs: HashMap<LogRun, EventWriter>,
    history: Appender,
    /// Locked until the process ends, however it ends.
    _lock: File,
}

impl Experiment {
    /// Sets up a directory that was just created: lock, subdirectories, metadata, logs.
    pub(crate) fn start(
        directory: PathBuf,
        lock: File,
        metadata: Metadata,
        layout: DirectoryLayout,
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
        let experiment = Self {
            history: Appender::create(&directory.join(HISTORY))?,
            directory,
            metadata,
            layout,
            logs,
            _lock: lock,
        };
        experiment.save_metadata()?;
        Ok(experiment)
    }

    /// Reopens an experiment at a checkpoint: everything logged after `positions` is cut off.
    ///
    /// # Errors
    /// [`ExperimentError::Write`] if a file is missing or shorter than its position. With `incomplete`, damaged logs
    /// are accepted: their remains stay and new files are started.
    pub(crate) fn reopen(
        directory: PathBuf,
        lock: File,
        metadata: Metadata,
        marks: &LogPositions,
        incomplete: bool,
    ) -> Result<Self, ExperimentError> {
        let layout = DirectoryLayout::Tracked;
        remove_torn(&directory);
        let mut logs = HashMap::new();
        for run in LogRun::ALL {
            let folder = directory.join(layout.log_path(run));
            let mut writer = match marks.logs.get(run.path()) {
                // The file name is reduced to its last component, so nothing outside the folder is touched.
                Some((name, length)) if Path::new(name).file_name() == Some(name.as_ref()) => {
                    match EventWriter::reopen(&folder.join(name), *length) {
                        Err(_) if incomplete => new_log(&folder)?,
                        reopened => reopened?,
                    }
                }
                _ => EventWriter::create(&folder)?,
            };
            writer.wait(&marks.waiting(run.path()));
            logs.insert(run, writer);
        }
        let path = directory.join(HISTORY);
        let mut history = match Appender::reopen(&path, marks.history) {
            Err(_) if incomplete && path.exists() => reopen_lines(&path)?,
            Err(_) if incomplete => Appender::create(&path)?,
            reopened => reopened?,
        };
        history.buffer().extend(marks.waiting(WAITING_HISTORY));
        let mut experiment = Self {
            directory,
            metadata,
            layout,
            logs,
            history,
            _lock: lock,
        };
        let now = timestamp(chrono::Local::now());
        experiment.update(|metadata| {
            metadata.status = Some(Status::Running);
            metadata.end_time = None;
            metadata.error = None;
            metadata.results = None;
            let resumed = metadata.other.entry("resumed");
            let resumed = resumed.or_insert_with(|| serde_json::Value::Array(Vec::new()));
            if let Some(times) = resumed.as_array_mut() {
                times.push(now.into());
            }
        })?;
        Ok(experiment)
    }

    /// Syncs the append-only files and returns their lengths, with the error if syncing failed.
    pub fn marks(&mut self) -> (LogPositions, Result<(), ExperimentError>) {
        let mut synced = self.history.sync();
        let mut marks = LogPositions {
            history: self.history.length(),
            ..Default::default()
        };
        marks.wait(WAITING_HISTORY, self.history.waiting());
        for (run, log) in &mut self.logs {
            synced = synced.and(log.sync());
            marks.logs.insert(run.path().to_owned(), log.mark());
            marks.wait(run.path(), log.waiting());
        }
        (marks, synced)
    }

    /// Writes the newest checkpoint and keeps the one before it. A SHA-256 before the bytes reveals damage.
    ///
    /// # Errors
    /// [`ExperimentError::Write`]; the last good checkpoint stays.
    pub fn save_checkpoint(&self, bytes: &[u8]) -> Result<(), ExperimentError> {
        let [last, previous] = CHECKPOINTS.map(|name| self.directory.join(name));
        if last.exists() {
            // Until the next line is done, `previous` is the newest checkpoint.
            fs::rename(&last, &previous).map_err(ExperimentError::write(&previous))?;
        }
        let mut whole = Vec::with_capacity(bytes.len() + 65);
        whole.extend_from_slice(sha256_hex(bytes).as_bytes());
        whole.push(b'\n');
        whole.extend_from_slice(bytes);
        write_atomically(&last, &whole)
    }

    /// The experiment's ID.
    pub fn id(&self) -> &str {
        &self.metadata.experiment_id
    }

    /// Path of the experiment's directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The metadata as last written.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Changes and saves the metadata.
    ///
    /// # Errors
    /// [`ExperimentError::Write`] if they cannot be saved; the old file stays intact.
    pub fn update(&mut self, change: impl FnOnce(&mut Metadata)) -> Result<(), ExperimentError> {
        change(&mut self.metadata);
        self.save_metadata()
    }

    /// Writes the final state; nothing may be written afterwards. Also returns the error that left the logs
    /// incomplete, if any.
    ///
    /// # Errors
    /// [`ExperimentError::Write`] if the metadata could not be written.
    pub fn finish(
        mut self,
        status: Status,
        change: impl FnOnce(&mut Metadata),
    ) -> Result<(Metadata, Option<ExperimentError>), ExperimentError> {
        let success = status == Status::Completed;
        self.log(LogRun::Metadata, |writer| writer.hparams_end(success));
        // The metadata are written even if the logs failed: people look at the status first.
        let logged = self.flush();
        let end = chrono::Local::now();
        self.update(|metadata| {
            metadata.status = Some(status);
            metadata.end_time = Some(timestamp(end));
            change(metadata);
        })?;
        Ok((self.metadata, logged.err()))
    }

    /// Queues an epoch for `history.jsonl` until the next [`Experiment::flush`].
    pub fn append_history(&mut self, epoch: &Epoch) {
        let line = serde_json::to_string(epoch).expect("an epoch is JSON");
        let buffer = self.history.buffer();
        buffer.extend_from_slice(line.as_bytes());
        buffer.push(b'\n');
    }

    /// Queues events for the log of `run` until the next [`Experiment::flush`].
    pub fn log(&mut self, run: LogRun, write: impl FnOnce(&mut EventWriter)) {
        write(self.logs.get_mut(&run).expect("every run has a log"));
    }

    /// Writes history and logs, which makes them visible to TensorBoard. Data that cannot be written stays queued.
    ///
    /// # Errors
    /// [`ExperimentError::Write`] for the first file that failed; the others are written.
    pub fn flush(&mut self) -> Result<(), ExperimentError> {
        let mut flushed = self.history.flush();
        flushed = flushed.and_then(|()| self.history.sync());
        for log in self.logs.values_mut() {
            flushed = flushed.and(log.flush());
        }
        flushed
    }

    /// Writes a file below the directory atomically. The next metadata update stores its SHA-256 for `experiment
    /// verify`.
    ///
    /// # Errors
    /// [`ExperimentError::Write`] if the file cannot be written; no part of it remains.
    pub fn save(&mut self, name: &str, bytes: &[u8]) -> Result<PathBuf, ExperimentError> {
        let path = self.directory.join(name);
        write_atomically(&path, bytes)?;
        let files = self.metadata.other.entry(FILES).or_insert(json!({}));
        if let Some(files) = files.as_object_mut() {
            files.insert(name.to_owned(), sha256_hex(bytes).into());
        }
        Ok(path)
    }

    /// Writes files that are only useful together, as paths below the directory. The last file completes the set: it
    /// is removed first and written last. Whatever happens, a reader finds the old set, none, or the new one.
    ///
    /// # Errors
    /// [`ExperimentError::Write`]; the last file is then missing.
    pub fn save_set(&mut self, files: &[(String, Vec<u8>)]) -> Result<(), ExperimentError> {
        if let Some((last, _)) = files.last() {
            remove_durably(&self.directory.join(last))?;
        }
        for (name, bytes) in files {
            let path = self.directory.join(name);
            if let Some(folder) = path.parent() {
                create_durably(folder)?;
            }
            self.save(name, bytes)?;
        }
        Ok(())
    }

    /// Writes files next to the event file of `run`, as [`Experiment::save_set`] does.
    ///
    /// # Errors
    /// [`ExperimentError::Write`]; the last file is then missing.
    pub fn save_beside_log(
        &mut self,
        run: LogRun,
        files: Vec<(&str, Vec<u8>)>,
    ) -> Result<(), ExperimentError> {
        let folder = self.layout.log_path(run);
        let files = files.into_iter();
        let files: Vec<_> = files
            .map(|(name, bytes)| (format!("{folder}/{name}"), bytes))
            .collect();
        self.save_set(&files)
    }

    /// Writes `figures/{name}.png`.
    ///
    /// # Errors
    /// [`ExperimentError::Write`] if the file cannot be written.
    pub fn save_figure(&mut self, name: &str, figure: &Png) -> Result<PathBuf, ExperimentError> {
        self.save(&layout::figure(name), &figure.bytes)
    }

    fn save_metadata(&self) -> Result<(), ExperimentError> {
        if self.layout == DirectoryLayout::Untracked {
            return Ok(());
        }
        let bytes = self.metadata.to_bytes();
        write_atomically(&self.directory.join(METADATA), &bytes)
    }
}

/// Size limit of a checkpoint in bytes, enough for a billion parameters.
const MAX_CHECKPOINT_SIZE: u64 = 16 << 30;

/// Reads a checkpoint written by [`Experiment::save_checkpoint`].
///
/// # Errors
/// [`ExperimentError::Read`] if it cannot be read or is damaged.
pub fn load_checkpoint(path: &Path) -> Result<Vec<u8>, ExperimentError> {
    let read = read_regular(path, MAX_CHECKPOINT_SIZE);
    let mut bytes = read.map_err(ExperimentError::read(path))?;
    let damaged = || std::io::Error::other("damaged: its checksum differs");
    if bytes.len() < 65 || bytes[64] != b'\n' {
        return Err(ExperimentError::read(path)(damaged()));
    }
    let content = bytes.split_off(65);
    if bytes[..64] == *sha256_hex(&content).as_bytes() {
        Ok(content)
    } else {
        Err(ExperimentError::read(path)(damaged()))
    }
}

/// Starts another event file in a folder that already has some.
fn new_log(folder: &Path) -> Result<EventWriter, ExperimentError> {
    fs::create_dir_all(folder).map_err(ExperimentError::write(folder))?;
    EventWriter::create(folder)
}

/// Reopens a line-based file after its last complete line; a missing line end is added.
fn reopen_lines(path: &Path) -> Result<Appender, ExperimentError> {
    let read = read_regular(path, u64::MAX - 1);
    let bytes = read.map_err(ExperimentError::read(path))?;
    let whole = whole_lines(&bytes);
    let mut file = Appender::reopen(path, whole as u64)?;
    if whole > 0 && bytes[whole - 1] != b'\n' {
        file.buffer().push(b'\n');
    }
    Ok(file)
}

/// Removes temporary files of a process killed while writing. Requires the lock.
fn remove_torn(directory: &Path) {
    let of_sets = ["", "model/variables", "model/assets"].map(String::from);
    let of_logs = LogRun::ALL.map(|run| DirectoryLayout::Tracked.log_path(run));
    let folders = SUBDIRECTORIES.map(String::from).into_iter();
    let folders = folders.chain(of_sets).chain(of_logs);
    let entries = folders.filter_map(|name| fs::read_dir(directory.join(name)).ok());
    for entry in entries.flatten().filter_map(Result::ok) {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name.ends_with(".tmp") {
            // A file that cannot be removed does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests;
