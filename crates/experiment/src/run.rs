//! A running experiment: the only writer below its directory.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::appender::Appender;
use crate::catalogue::layout::{
    self, CHECKPOINTS, FILES, HISTORY, LOGS, LogRun, METADATA, SUBDIRECTORIES,
};
use crate::error::ExperimentError;
use crate::events::EventWriter;
use crate::figures::Png;
use crate::files::{create_durably, read_regular, remove_durably, write_atomically};
use crate::hash::{from_hex, sha256_hex, to_hex};
use crate::history::{Epoch, whole_lines};
use crate::metadata::{Metadata, Status, timestamp};

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
            Layout::Tracked => format!("{LOGS}/{}", run.path()),
            Layout::Untracked => run.path().trim_start_matches("training/").to_owned(),
        }
    }
}

/// How far the files that only grow had grown when a checkpoint was made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Marks {
    /// Bytes of `history.jsonl`.
    pub history: u64,
    /// Name and bytes of the event file of every run, by the run's path below `logs/`.
    pub logs: BTreeMap<String, (String, u64)>,
    /// What follows in them and could not be written yet, as hex: by the run's path, or `history`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub waiting: BTreeMap<String, String>,
}

impl Marks {
    fn wait(&mut self, name: &str, bytes: &[u8]) {
        if !bytes.is_empty() && bytes.len() <= MOST_WAITING {
            self.waiting.insert(name.to_owned(), to_hex(bytes));
        }
    }

    fn waiting(&self, name: &str) -> Vec<u8> {
        let hex = self.waiting.get(name).map_or("", String::as_str);
        from_hex(hex).unwrap_or_default()
    }
}

/// Key of the history in [`Marks::waiting`].
const WAITING_HISTORY: &str = "history";

/// Bytes that could not be written and that a checkpoint takes along, at most, of each file.
const MOST_WAITING: usize = 8 << 20;

/// A claimed directory, its lock and its open logs.
pub struct Experiment {
    directory: PathBuf,
    metadata: Metadata,
    layout: Layout,
    logs: HashMap<LogRun, EventWriter>,
    history: Appender,
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

    /// Takes up an experiment where a checkpoint left it: what was logged after `marks` is cut off.
    ///
    /// # Errors
    /// [`ExperimentError::Write`] where a file is missing or shorter than its mark, unless `incomplete` logs will
    /// do: what is left of them stays, and new files are begun beside them.
    pub(crate) fn take_up(
        directory: PathBuf,
        lock: File,
        metadata: Metadata,
        marks: &Marks,
        incomplete: bool,
    ) -> Result<Self, ExperimentError> {
        let layout = Layout::Tracked;
        remove_torn(&directory);
        let mut logs = HashMap::new();
        for run in LogRun::ALL {
            let folder = directory.join(layout.log_path(run));
            let mut writer = match marks.logs.get(run.path()) {
                // A name, whatever the file says: nothing outside the folder is touched.
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

    /// How far the files that only grow have grown. What they had taken is on the disk, or the error says why
    /// not.
    pub fn marks(&mut self) -> (Marks, Result<(), ExperimentError>) {
        let mut synced = self.history.sync();
        let mut marks = Marks {
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

    /// Writes the newest checkpoint; the one before it stays. A SHA-256 in front of the bytes tells a
    /// whole file from a damaged one.
    ///
    /// # Errors
    /// [`ExperimentError::Write`]; the last good checkpoint stays.
    pub fn save_checkpoint(&self, bytes: &[u8]) -> Result<(), ExperimentError> {
        let [last, previous] = CHECKPOINTS.map(|name| self.directory.join(name));
        if last.exists() {
            // Between here and the end of the next line the one before is the newest.
            fs::rename(&last, &previous).map_err(ExperimentError::write(&previous))?;
        }
        let mut whole = Vec::with_capacity(bytes.len() + 65);
        whole.extend_from_slice(sha256_hex(bytes).as_bytes());
        whole.push(b'\n');
        whole.extend_from_slice(bytes);
        write_atomically(&last, &whole)
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

    /// Writes the last state: nothing may be written afterwards. Beside it, why the logs are not whole.
    ///
    /// # Errors
    /// [`ExperimentError::Write`] where the metadata could not be written.
    pub fn finish(
        mut self,
        status: Status,
        change: impl FnOnce(&mut Metadata),
    ) -> Result<(Metadata, Option<ExperimentError>), ExperimentError> {
        let success = status == Status::Completed;
        self.log(LogRun::Metadata, |writer| writer.hparams_end(success));
        // The state is written even where the logs could not be: it is what people look at first.
        let logged = self.flush();
        let end = chrono::Local::now();
        self.update(|metadata| {
            metadata.status = Some(status);
            metadata.end_time = Some(timestamp(end));
            change(metadata);
        })?;
        Ok((self.metadata, logged.err()))
    }

    /// Appends an epoch to `history.jsonl`, with the next [`Experiment::flush`].
    pub fn append_history(&mut self, epoch: &Epoch) {
        let line = serde_json::to_string(epoch).expect("an epoch is JSON");
        let buffer = self.history.buffer();
        buffer.extend_from_slice(line.as_bytes());
        buffer.push(b'\n');
    }

    /// Writes to the log of `run`, with the next [`Experiment::flush`].
    pub fn log(&mut self, run: LogRun, write: impl FnOnce(&mut EventWriter)) {
        write(self.logs.get_mut(&run).expect("every run has a log"));
    }

    /// Writes history and logs, and shows them to a TensorBoard that watches. What cannot be written waits for
    /// the next flush.
    ///
    /// # Errors
    /// [`ExperimentError::Write`] of the first file that failed; the others are written.
    pub fn flush(&mut self) -> Result<(), ExperimentError> {
        let mut flushed = self.history.flush();
        flushed = flushed.and_then(|()| self.history.sync());
        for log in self.logs.values_mut() {
            flushed = flushed.and(log.flush());
        }
        flushed
    }

    /// Writes a file below the directory, whole or not at all. The metadata keep its SHA-256 from their next
    /// change on, by which `experiment verify` knows it again.
    pub fn save(&mut self, name: &str, bytes: &[u8]) -> Result<PathBuf, ExperimentError> {
        let path = self.directory.join(name);
        write_atomically(&path, bytes)?;
        let files = self.metadata.other.entry(FILES).or_insert(json!({}));
        if let Some(files) = files.as_object_mut() {
            files.insert(name.to_owned(), sha256_hex(bytes).into());
        }
        Ok(path)
    }

    /// Writes files that are of use only together, paths below the directory; the last one is what makes them a whole. A
    /// set of the same name is taken apart first, so that whatever happens a reader finds the old set, none, or the new
    /// one.
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

    /// Writes `figures/{name}.png`.
    pub fn save_figure(&mut self, name: &str, figure: &Png) -> Result<PathBuf, ExperimentError> {
        self.save(&layout::figure(name), &figure.bytes)
    }

    fn save_metadata(&self) -> Result<(), ExperimentError> {
        if self.layout == Layout::Untracked {
            return Ok(());
        }
        let bytes = self.metadata.to_bytes();
        write_atomically(&self.directory.join(METADATA), &bytes)
    }
}

/// Largest checkpoint that is read, in bytes: a billion parameters.
const LARGEST_CHECKPOINT: u64 = 16 << 30;

/// Reads a checkpoint that [`Experiment::save_checkpoint`] wrote.
///
/// # Errors
/// [`ExperimentError::Read`] where it cannot be read or is damaged.
pub fn load_checkpoint(path: &Path) -> Result<Vec<u8>, ExperimentError> {
    let read = read_regular(path, LARGEST_CHECKPOINT);
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

/// Another event file in a folder that has some.
fn new_log(folder: &Path) -> Result<EventWriter, ExperimentError> {
    fs::create_dir_all(folder).map_err(ExperimentError::write(folder))?;
    EventWriter::create(folder)
}

/// Goes on in a file of lines after the last that is whole. One that only lacks its end of line gets it.
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

/// Removes what a process that was killed while it wrote a file left aside. Only for the holder of the lock.
fn remove_torn(directory: &Path) {
    let of_sets = &["", "model/variables", "model/assets"];
    let folders = SUBDIRECTORIES.iter().chain(of_sets);
    let entries = folders.filter_map(|name| fs::read_dir(directory.join(name)).ok());
    for entry in entries.flatten().filter_map(Result::ok) {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name.ends_with(".tmp") {
            // Left where it cannot be removed: it is in nobody's way.
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ExperimentStore, IdParts};

    #[test]
    fn a_set_is_taken_apart_before_it_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let parts = IdParts {
            time: chrono::Local::now(),
            model_type: "simple_cnn".into(),
            num_classes: 3,
            batch_size: 32,
            config_hash: "0123abcd".into(),
        };
        let store = ExperimentStore::new(folder.path());
        let claimed = store.claim(&Default::default(), parts, Metadata::default(), &[]);
        let mut experiment = claimed.unwrap();
        let set = |content: &str| {
            let names = ["model/a/values", "model/b.pb"];
            names.map(|name| (name.to_owned(), content.as_bytes().to_vec()))
        };
        experiment.save_set(&set("old")).unwrap();
        let [values, whole] =
            ["model/a/values", "model/b.pb"].map(|name| experiment.directory().join(name));
        assert_eq!(fs::read_to_string(&values).unwrap(), "old");
        assert_eq!(fs::read_to_string(&whole).unwrap(), "old");

        // The first file cannot be written: what made the old ones a whole is gone.
        fs::remove_file(&values).unwrap();
        fs::create_dir_all(values.join("in the way")).unwrap();
        experiment.save_set(&set("new")).unwrap_err();
        assert!(!whole.exists());

        fs::remove_dir_all(&values).unwrap();
        experiment.save_set(&set("new")).unwrap();
        assert_eq!(fs::read_to_string(&whole).unwrap(), "new");
        let hashes = &experiment.metadata().other[FILES];
        assert_eq!(hashes["model/a/values"], sha256_hex(b"new"));
    }
}
