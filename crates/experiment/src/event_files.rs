//! Event files on disk: finding them, reading scalars, checking integrity.
//!
//! Every event file below a directory counts, whatever its folder is called. A damaged record is skipped and counted.
//! If a folder has several files, the later one (by the time of its first event) replaces the earlier one from its
//! first step on, as after a restart.

mod number;
mod packing;
mod scalar_file;
mod written;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use prost::Message;

pub use self::packing::Packing;
use self::scalar_file::{ScalarEvent, ScalarFile};
pub(crate) use self::written::ScalarSteps;

use crate::catalogue::layout::EVENT_FILE_MARK;
use crate::error::ExperimentError;
use crate::files;
use crate::records::{Records, SpanKind};

/// Upper bound for scalars read from one directory.
const MAX_SCALARS: usize = 1 << 20;

/// A damaged record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Number of records and damaged spans before it.
    pub record: usize,
    /// Offset of its first byte in the file.
    pub at: u64,
    /// What is wrong.
    pub problem: &'static str,
}

/// How much of an event file is intact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Integrity {
    /// Size of the file in bytes.
    pub size: u64,
    /// Number of readable events.
    pub events: usize,
    /// Number of damaged records that readers skip.
    pub damaged: usize,
    /// The first damaged record.
    pub first: Option<Damage>,
    /// Where the file is torn: nothing after this can be read.
    pub torn: Option<Damage>,
    /// If it holds no event: how it is packed.
    pub packing: Option<Packing>,
    /// Whether it was unpacked from gzip: then sizes and offsets are those of the unpacked bytes.
    pub unpacked: bool,
}

impl Integrity {
    /// Whether the file holds any event at all.
    pub fn is_event_file(&self) -> bool {
        self.events > 0
    }

    fn step_over(&mut self, count: usize, first: Option<Damage>) {
        self.damaged += count;
        self.first = self.first.take().or(first);
    }
}

/// Damage since the last intact record.
#[derive(Default)]
struct DamagedTail {
    count: usize,
    first: Option<Damage>,
    /// Whether it includes bytes of unknown length: then the file is torn unless an intact record follows.
    lost: bool,
}

/// Checks framing and checksums of every record.
///
/// # Errors
/// [`ExperimentError::Read`] if the file cannot be read.
pub fn check(path: &Path) -> Result<Integrity, ExperimentError> {
    let mut records = Records::open(path).map_err(ExperimentError::read(path))?;
    let mut found = Integrity {
        unpacked: records.is_packed(),
        ..Default::default()
    };
    let mut tail = DamagedTail::default();
    for record in 0.. {
        let next = records.next().map_err(ExperimentError::read(path))?;
        let Some(span) = next else { break };
        found.size = span.end;
        let damage = |problem| Damage {
            record,
            at: span.start,
            problem,
        };
        let problem = match &span.kind {
            SpanKind::Sound(_) | SpanKind::SoundButLong => {
                let DamagedTail { count, first, .. } = std::mem::take(&mut tail);
                found.step_over(count, first);
                match &span.kind {
                    SpanKind::Sound(content) if ScalarEvent::decode(&content[..]).is_err() => {
                        found.step_over(1, Some(damage("no event")));
                    }
                    _ => found.events += 1,
                }
                continue;
            }
            SpanKind::Damaged => "its checksum differs",
            SpanKind::Lost(problem) => {
                tail.lost = true;
                problem
            }
        };
        tail.count += 1;
        tail.first.get_or_insert(damage(problem));
    }
    if !found.is_event_file() {
        found.packing = Packing::of(path);
    }
    if tail.lost {
        found.torn = tail.first;
    } else {
        found.step_over(tail.count, tail.first);
    }
    Ok(found)
}

/// Finds all event files below a directory, sorted by path. Symbolic links are not followed.
pub fn below(directory: &Path) -> Vec<PathBuf> {
    files::below(directory, |name| name.contains(EVENT_FILE_MARK))
}

/// Values of a tag by step.
pub type Steps = BTreeMap<i64, f64>;

/// What the steps of scalars are. Later variants say less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Positions {
    /// Epochs from 0.
    Epochs,
    /// Epochs, of which the first ones are missing.
    EpochsFromUnknown,
    /// Steps, such as batches.
    Steps,
    /// Steps or epochs: event files do not tell.
    #[default]
    Untold,
}

/// Scalars found below a directory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scalars {
    /// By folder relative to the directory, then by tag.
    pub runs: BTreeMap<PathBuf, BTreeMap<String, Steps>>,
    /// Number of skipped damaged records, torn ends included.
    pub damaged: usize,
    /// Number of points that may be missing before the first scalars of a file.
    pub damaged_before: usize,
    /// Whether scalars start again at earlier steps, as after a restart.
    pub restarted: bool,
    /// By folder and tag: steps that have several values, and the first of these.
    pub repeated: BTreeMap<(PathBuf, String), Steps>,
    /// Number of event files.
    pub files: usize,
    /// Number of files named like event files that hold no event.
    pub foreign: usize,
    /// Packed event files, which are not read.
    pub packed: Vec<(PathBuf, Packing)>,
    /// Whether the limit on scalars was reached.
    pub cut: bool,
    /// What the steps are.
    pub positions: Positions,
}

/// Reads the scalars of all event files below `directory`.
pub fn scalars(directory: &Path) -> Scalars {
    let mut found = Scalars::default();
    let mut count = 0;
    let mut files: Vec<(PathBuf, ScalarFile)> = Vec::new();
    for path in below(directory) {
        let Ok(file) = ScalarFile::read(&path, &mut count) else {
            found.foreign += 1;
            continue;
        };
        if !file.any {
            match Packing::of(&path) {
                Some(packing) => found.packed.push((path, packing)),
                None => found.foreign += 1,
            }
            continue;
        }
        found.files += 1;
        found.damaged += file.damaged;
        if !file.tags.is_empty() {
            found.damaged_before = found.damaged_before.saturating_add(file.damaged_before);
        }
        let folder = path.parent().unwrap_or(directory);
        let folder = folder.strip_prefix(directory).unwrap_or(folder);
        files.push((folder.to_owned(), file));
    }
    found.cut = count >= MAX_SCALARS;
    // A stable sort: files that began at the same time stay in name order.
    files.sort_by(|(_, a), (_, b)| a.began.total_cmp(&b.began));
    for (folder, file) in files {
        found.add(&folder, file);
    }
    found
}

impl Scalars {
    /// Adds the scalars of a file, the next one in time of its folder.
    fn add(&mut self, folder: &Path, file: ScalarFile) {
        if let Some(start) = file.start {
            let tags = self.runs.get_mut(folder).into_iter().flatten();
            tags.for_each(|(_, steps)| drop(steps.split_off(&start)));
            let of_folder = self
                .repeated
                .iter_mut()
                .filter(|((path, _), _)| path == folder);
            of_folder.for_each(|(_, steps)| drop(steps.split_off(&start)));
        }
        let run = self.runs.entry(folder.to_owned()).or_default();
        for (tag, written) in file.tags {
            self.restarted |= written.restarts() > 0;
            let place = (folder.to_owned(), tag.clone());
            let repeated = self.repeated.entry(place).or_default();
            let merged = run.entry(tag).or_default();
            let last = merged.last_key_value().map(|(step, value)| (*step, *value));
            let only = written.first_key_value().filter(|_| written.len() == 1);
            match (last, only) {
                // Evaluated again after the training, by another writer.
                (Some((last, before)), Some((step, value)))
                    if last == *step && merged.len() > 1 =>
                {
                    if before != *value {
                        repeated.entry(last).or_insert(before);
                    }
                }
                _ => {
                    // Steps of an earlier file from here on were repeated after a restart.
                    let first = written.keys().next().copied().unwrap_or(i64::MAX);
                    self.restarted |= !merged.split_off(&first).is_empty();
                    repeated.split_off(&first);
                }
            }
            repeated.extend(written.repeated());
            merged.extend(written.into_steps());
        }
        self.repeated.retain(|_, steps| !steps.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::EventWriter;
    use proptest::prelude::*;

    fn written(folder: &Path) -> PathBuf {
        let mut writer = EventWriter::create(folder).unwrap();
        for epoch in 0..3 {
            writer.scalar("epoch_loss", epoch, 1.0 / (epoch + 1) as f32);
            writer.histogram("kernel", epoch, &[0.0, 1.0, 3.0]);
        }
        writer.flush().unwrap();
        below(folder).remove(0)
    }

    #[test]
    fn a_whole_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        let sound = check(&path).unwrap();
        assert_eq!((sound.events, sound.damaged, sound.torn), (7, 0, None));
        assert_eq!(sound.size, std::fs::metadata(&path).unwrap().len());
    }

    proptest! {
        /// Any damage is found and costs one record, and no input panics.
        #[test]
        fn damage_is_found(cut in 0usize..600, at in 0usize..600, flip in 1u8..) {
            let folder = tempfile::tempdir().unwrap();
            let path = written(folder.path());
            let mut bytes = std::fs::read(&path).unwrap();
            bytes.truncate(bytes.len().saturating_sub(cut).max(1));
            std::fs::write(&path, &bytes).unwrap();
            let before = check(&path).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= flip;
            std::fs::write(&path, &bytes).unwrap();
            let sound = check(&path).unwrap();
            prop_assert!(sound.damaged > 0 || sound.torn.is_some());
            prop_assert!(sound.events + 1 >= before.events);
            prop_assert_eq!(sound.size, bytes.len() as u64);
            let _ = scalars(folder.path());
        }
    }
}
