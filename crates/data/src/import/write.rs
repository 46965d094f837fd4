//! Reads recordings, cuts windows, and writes a dataset for training.

use std::path::{Path, PathBuf};

use support::files::PendingOutput;

use super::config::RecordingsConfig;
use super::events::Events;
use super::imported::Imported;
use super::report::leave_to_others;
use super::shards::{Target, share_out};
use super::spool::Spool;
use super::{advice, traces, windows};
use crate::config::DatasetConfig;
use crate::dataset::Dataset;
use crate::error::{DataError, ImportError, in_file, unwritable};
use crate::reader::Record;
use crate::recording::{Note, Remark};
use crate::split::Loading;

/// How a dataset is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteOptions {
    /// Maximum number of windows in a shard.
    pub shard: usize,
    /// Whether warnings are errors.
    pub strict: bool,
}

/// Imports the recordings in `config` into the folder `out`, which must not exist. It is created completely or not at
/// all. A shard has at most `shard` windows. `say` receives the name of every recording.
///
/// # Errors
/// [`DataError`] naming the file, or what the folder lacks.
pub fn import(
    config: &RecordingsConfig,
    out: &Path,
    shard: usize,
    say: &mut dyn FnMut(&str),
) -> Result<Imported, DataError> {
    let how = WriteOptions {
        shard,
        strict: false,
    };
    import_watched(config, out, how, say, &mut |_| {})
}

/// Like [`import`]; `watch` receives the progress of the final check.
///
/// # Errors
/// As for [`import`], and [`DataError::Strict`].
pub fn import_watched(
    config: &RecordingsConfig,
    out: &Path,
    how: WriteOptions,
    say: &mut dyn FnMut(&str),
    watch: &mut dyn FnMut(Loading),
) -> Result<Imported, DataError> {
    atomically(out, how, watch, |folder| {
        let mut imported = Imported::default();
        write(config, folder, how.shard.max(1), say, &mut imported)?;
        let mut report = std::mem::take(&mut imported.report);
        report.notes = imported.warnings.texts(true);
        report.information = imported.warnings.texts(false);
        report.grouped_notes = imported.warnings.grouped(Note::is_doubt);
        report.grouped_information = imported.warnings.grouped(|note| !note.is_doubt());
        report.write(folder)?;
        imported.report = report;
        Ok(imported)
    })
}

/// Lets `work` fill a temporary folder, reads it as training does, and renames it to `out`, so that everything or
/// nothing is written.
fn atomically(
    out: &Path,
    how: WriteOptions,
    watch: &mut dyn FnMut(Loading),
    work: impl FnOnce(&Path) -> Result<Imported, DataError>,
) -> Result<Imported, DataError> {
    // A link to nothing is there, too.
    let exists = || out.symlink_metadata().is_ok();
    if exists() {
        return Err(in_file(out)(ImportError::OutputExists));
    }
    let parent = out
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let made = first_missing(parent);
    let pending = PendingOutput::of(out).map_err(unwritable(out))?;
    let temporary = pending.path().to_owned();
    std::fs::create_dir_all(&temporary).map_err(unwritable(&temporary))?;
    let result = work(&temporary).and_then(|imported| {
        let config = DatasetConfig::load(&temporary.join("dataset_config.yaml"), None)?;
        Dataset::check(&config, watch)?;
        let notes = imported.warnings.texts(true);
        if how.strict && !notes.is_empty() {
            return Err(DataError::Strict { notes });
        }
        let finished = pending.finish();
        finished.map_err(|problem| {
            if exists() {
                // Another process was faster.
                return in_file(out)(ImportError::OutputExists);
            }
            unwritable(out)(problem)
        })?;
        Ok(Imported {
            config: out.join("dataset_config.yaml"),
            ..imported
        })
    });
    result.map_err(|error| {
        if let Some(made) = made {
            // Removes only folders created here, and only if they are empty.
            let folders = parent
                .ancestors()
                .take_while(|ancestor| ancestor.starts_with(&made));
            for folder in folders {
                let _ = std::fs::remove_dir(folder);
            }
        }
        error.moved(&temporary, out)
    })
}

/// The topmost missing folder in the path `folder`.
fn first_missing(folder: &Path) -> Option<PathBuf> {
    let folders = folder.ancestors();
    let missing =
        folders.take_while(|ancestor| !ancestor.as_os_str().is_empty() && !ancestor.exists());
    missing.last().map(Path::to_owned)
}

fn write(
    config: &RecordingsConfig,
    folder: &Path,
    shard: usize,
    say: &mut dyn FnMut(&str),
    imported: &mut Imported,
) -> Result<(), DataError> {
    let mut spool = Spool::new(folder.join("spool"))?;
    spool.events = Events::of(config);
    imported
        .warnings
        .extend(config.notes.iter().cloned().map(Remark::Window));
    imported.warnings.extend(config.warnings.iter().cloned());
    imported
        .warnings
        .extend(config.information.iter().cloned().map(Remark::Labels));
    for recording in &config.recordings {
        let before = spool.windows.len();
        windows::one(config, recording, &mut spool, imported)?;
        imported.recordings += 1;
        say(&format!(
            "{}: {} windows",
            recording.name(),
            spool.windows.len() - before
        ));
    }
    for seisbench in &config.seisbench {
        traces::spool(config, seisbench, &mut spool, imported, say)?;
    }
    leave_to_others(&mut imported.report.recordings);
    for recording in &imported.report.recordings {
        imported.warnings.extend(recording.notes());
    }
    let recordings = &imported.report.recordings;
    let slower = advice::slower(config.sampling_rate, &config.class_names, recordings);
    imported.warnings.extend(slower);
    let target = Target {
        class_names: config.class_names.clone(),
        task: config.task.clone(),
        settings: settings(config),
        by: Some(config.split.by),
        shares: config.split.shares(),
        seed: config.split.seed,
    };
    share_out(&target, spool, folder, shard, imported)
}

/// What else the configuration tells of the windows. The front end stays at its default.
fn settings(config: &RecordingsConfig) -> String {
    // JSON is valid YAML.
    let channels = serde_json::json!(config.channels);
    let mut settings = format!(
        "sampling_rate: {:?}   # Hz\nrecording_channels: {channels}   # of each window, in this order\n",
        config.sampling_rate
    );
    if !config.preprocessing.is_empty() {
        let steps = serde_json::json!(config.preprocessing);
        settings.push_str(&format!(
            "recording_preprocessing: {steps}   # done by the import\n"
        ));
    }
    settings
}

/// Receives samples and, if given, their splits; an error stops the reading.
pub type SplitSink<'a> = &'a mut dyn FnMut(Record, Option<usize>) -> Result<(), DataError>;

/// Assigns the samples that `each` passes on to new splits by their groups, unless their split is given, and writes
/// them like [`import`]. Labels are indices of `target`'s classes. `watch` receives the progress of the final check.
///
/// # Errors
/// As for [`import`].
pub fn resplit(
    target: &Target,
    out: &Path,
    how: WriteOptions,
    watch: &mut dyn FnMut(Loading),
    each: impl FnOnce(SplitSink<'_>) -> Result<(), DataError>,
) -> Result<Imported, DataError> {
    atomically(out, how, watch, |folder| {
        let mut imported = Imported::default();
        let mut spool = Spool::new(folder.join("spool"))?;
        each(&mut |record, split| spool.add(&record, split))?;
        share_out(target, spool, folder, how.shard.max(1), &mut imported)?;
        Ok(imported)
    })
}
