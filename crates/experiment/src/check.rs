//! Checks that an experiment is complete and its files are as they were written.

mod damage;

use std::fs;
use std::io::Read;
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};

use self::damage::{Damaged, DamagedWeights};

use crate::catalogue::layout::{
    ARCHITECTURE, CHECKPOINTS, FILES, HISTORY, LEARNING_CURVES_FIGURE, LOGS, LogRun, METADATA,
    MODEL_SUMMARY, RANGES, TEST_CONFUSION_FIGURE, VALIDATION_CONFUSION_FIGURE, WEIGHTS, figure,
};
use crate::event_files;
use crate::fields::is_baseline;
use crate::files::{open_regular, read_regular};
use crate::history::is_object;
use crate::metadata::Status;
use crate::run::load_checkpoint;
use crate::store::Entry;
use support::words::counted;

/// Size limit for verifying a file's SHA-256, in bytes. The program writes no larger file.
const MAX_HASHED_SIZE: u64 = 1 << 30;

/// Result of checking one file or directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The file or directory, relative to the experiment.
    pub path: String,
    /// What is wrong; `None` if it is intact.
    pub problem: Option<String>,
    /// What was found, such as a count or a size.
    pub seen: String,
}

struct Findings<'a> {
    directory: &'a Path,
    found: Vec<Finding>,
}

impl Findings<'_> {
    fn good(&mut self, path: impl Into<String>, seen: impl Into<String>) {
        self.found.push(Finding {
            path: path.into(),
            problem: None,
            seen: seen.into(),
        });
    }

    fn bad(&mut self, path: impl Into<String>, problem: impl Into<String>) {
        self.found.push(Finding {
            path: path.into(),
            problem: Some(problem.into()),
            seen: String::new(),
        });
    }

    fn add(&mut self, path: &str, result: Result<String, Damaged>) {
        match result {
            Ok(seen) => self.good(path, seen),
            Err(problem) => self.bad(path, problem.to_string()),
        }
    }

    /// Checks a file that must exist and not be empty.
    fn file(&mut self, path: &str) {
        let found = fs::metadata(self.directory.join(path));
        match found {
            Ok(found) if found.is_file() && found.len() > 0 => {}
            Ok(_) => self.bad(path, "empty, or no file"),
            Err(error) => self.bad(path, error.to_string()),
        }
    }
}

/// Checks an experiment without changing anything.
pub fn check(entry: &Entry) -> Vec<Finding> {
    let mut findings = Findings {
        directory: &entry.directory,
        found: Vec::new(),
    };
    let ours = entry.metadata.schema_version.is_some();
    if !entry.untracked {
        match &entry.metadata.misfits()[..] {
            [] => findings.good(METADATA, "reads"),
            misfits => {
                let problem = format!("not understood, and kept: {}", misfits.join(", "));
                findings.bad(METADATA, problem);
            }
        }
    }
    match entry.status {
        Some(Status::Crashed) => findings.bad(
            METADATA,
            "says running, but no process holds the lock: `trainer --resume` goes on with it, \
             `experiment repair` closes it",
        ),
        // Other programs leave other files.
        Some(Status::Completed) if ours => {
            if entry.metadata.results.is_none() {
                findings.bad(METADATA, "completed, but without results");
            }
            if is_baseline(entry) {
                findings.file(MODEL_SUMMARY);
            } else {
                network_files(&mut findings);
            }
        }
        _ => {}
    }
    if ours {
        history(&mut findings, entry);
        fingerprints(&mut findings, entry);
    }
    event_logs(&mut findings, entry, ours);
    let weights = entry.directory.join(WEIGHTS);
    if weights.exists() {
        findings.add(WEIGHTS, weights_header(&weights, entry));
    }
    for name in [ARCHITECTURE, RANGES] {
        if let Ok(bytes) = read_regular(&entry.directory.join(name), 64 << 20) {
            let read = serde_json::from_slice::<Map<String, Value>>(&bytes);
            findings.add(name, read.map(|_| "reads".into()).map_err(Damaged::from));
        }
    }
    for name in CHECKPOINTS {
        let path = entry.directory.join(name);
        if path.exists() {
            let loaded = load_checkpoint(&path);
            let seen = |bytes: Vec<u8>| format!("{} bytes, SHA-256 as written", bytes.len());
            findings.add(name, loaded.map(seen).map_err(Damaged::from));
        }
    }
    findings.found
}

/// Checks the files that every completed training leaves.
fn network_files(findings: &mut Findings<'_>) {
    for name in [HISTORY, MODEL_SUMMARY, WEIGHTS, ARCHITECTURE] {
        findings.file(name);
    }
    for name in [
        TEST_CONFUSION_FIGURE,
        VALIDATION_CONFUSION_FIGURE,
        LEARNING_CURVES_FIGURE,
    ] {
        findings.file(&figure(name));
    }
}

fn history(findings: &mut Findings<'_>, entry: &Entry) {
    let name = HISTORY;
    let path = entry.directory.join(name);
    let Ok(bytes) = read_regular(&path, MAX_HASHED_SIZE) else {
        return;
    };
    let lines = bytes.split_inclusive(|&byte| byte == b'\n');
    let torn = lines.enumerate().find(|(_, line)| !is_object(line));
    let epochs = entry.history().epochs;
    let run = entry
        .metadata
        .results
        .as_ref()
        .and_then(|results| results.epochs_run);
    if let Some((i, _)) = torn {
        findings.bad(name, format!("line {}: no epoch", i + 1));
    } else if run.is_some_and(|run| run != epochs.len()) {
        let problem = format!(
            "{} epochs, where {} were run",
            epochs.len(),
            run.unwrap_or(0)
        );
        findings.bad(name, problem);
    } else if let Some((i, _)) = epochs
        .iter()
        .enumerate()
        .find(|(i, epoch)| epoch.epoch != *i)
    {
        findings.bad(name, format!("line {}: epoch {}", i + 1, epochs[i].epoch));
    } else {
        findings.good(name, format!("{} epochs", epochs.len()));
    }
}

/// Compares the SHA-256 of files with those in the metadata.
fn fingerprints(findings: &mut Findings<'_>, entry: &Entry) {
    let files = entry.metadata.other.get(FILES).and_then(Value::as_object);
    for (name, expected) in files.into_iter().flatten() {
        // A name in a foreign file must not lead out of the directory.
        let inside = |part| matches!(part, std::path::Component::Normal(_));
        if !Path::new(name).components().all(inside) {
            findings.bad(METADATA, "names a file outside the experiment");
            continue;
        }
        let read = read_regular(&entry.directory.join(name), MAX_HASHED_SIZE);
        let checked = match read {
            Ok(bytes) if expected == &crate::hash::sha256_hex(&bytes) => {
                Ok("SHA-256 as written".into())
            }
            Ok(_) => Err(Damaged::Changed),
            Err(error) => Err(error.into()),
        };
        findings.add(name, checked);
    }
}

/// Checks every event file in any folder, and that finished runs of this program have all of theirs.
fn event_logs(findings: &mut Findings<'_>, entry: &Entry, ours: bool) {
    let logs = entry.logs();
    let files = event_files::below(&logs);
    if ours && entry.status == Some(Status::Completed) {
        for run in LogRun::ALL {
            let folder = logs.join(run.path());
            if !files.iter().any(|file| file.parent() == Some(&folder)) {
                findings.bad(format!("{LOGS}/{}", run.path()), "no event file");
            }
        }
    }
    for file in files {
        let name = file.strip_prefix(&entry.directory).unwrap_or(&file);
        let name = name.to_string_lossy();
        // A running process may be in the middle of a write: its files do not count as torn.
        let running = entry.status == Some(Status::Running);
        let checked = event_files::check(&file).map_err(Damaged::from);
        findings.add(&name, checked.and_then(|sound| event_file(sound, running)));
    }
}

/// Describes an intact event file, or says what is wrong with it.
fn event_file(mut sound: event_files::Integrity, running: bool) -> Result<String, Damaged> {
    if sound.size == 0 && !running {
        return Err(Damaged::NoEvents);
    }
    if let Some(packing) = sound.packing {
        return Err(Damaged::Packed(packing));
    }
    if !sound.is_event_file() && !running {
        return Err(Damaged::NoEventFile);
    }
    if running {
        sound.torn = None;
    }
    if sound.first.is_none() && sound.torn.is_none() {
        return Ok(counted(sound.events, "event"));
    }
    Err(Damaged::Events(Box::new(sound)))
}

/// Checks the header of a safetensors file: its tensors must be contiguous and fill the file.
fn weights_header(path: &Path, entry: &Entry) -> Result<String, Damaged> {
    const MAX_HEADER_SIZE: u64 = 100 << 20;
    let mut file = open_regular(path)?;
    let size = file.metadata()?.len();
    let mut length = [0; 8];
    file.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > MAX_HEADER_SIZE.min(size.saturating_sub(8)) {
        return Err(DamagedWeights::HeaderLength.into());
    }
    let mut header = vec![0; length as usize];
    file.read_exact(&mut header)?;
    let header: Map<String, Value> =
        serde_json::from_slice(&header).map_err(DamagedWeights::Header)?;
    let (elements, end) = tensors(&header)?;
    let expected = (8 + length).saturating_add(end);
    if expected != size {
        return Err(DamagedWeights::Size { size, expected }.into());
    }
    let expected = entry.metadata.model_info.total_params as u64;
    if expected != 0 && elements != expected {
        let found = elements;
        return Err(DamagedWeights::Parameters { found, expected }.into());
    }
    let tensors = header.keys().filter(|name| *name != "__metadata__").count();
    Ok(format!("{tensors} tensors, {elements} parameters"))
}

/// The number of elements of all tensors, and the end of the last one in bytes.
fn tensors(header: &Map<String, Value>) -> Result<(u64, u64), DamagedWeights> {
    let mut ranges = Vec::new();
    let mut elements = 0u64;
    for (name, tensor) in header.iter().filter(|(name, _)| *name != "__metadata__") {
        let numbers = |key: &str| {
            let list = tensor.get(key)?.as_array()?;
            list.iter().map(Value::as_u64).collect::<Option<Vec<u64>>>()
        };
        let (shape, offsets) = (numbers("shape"), numbers("data_offsets"));
        let (Some(shape), Some([start, end])) = (shape, offsets.as_deref()) else {
            return Err(DamagedWeights::Fields(name.clone()));
        };
        let count = shape
            .iter()
            .try_fold(1u64, |product, n| product.checked_mul(*n));
        let float32 = tensor.get("dtype").and_then(Value::as_str) == Some("F32");
        let bytes = count.and_then(|count| count.checked_mul(4));
        if float32 && bytes != end.checked_sub(*start) {
            return Err(DamagedWeights::Bytes(name.clone()));
        }
        elements = elements.saturating_add(count.unwrap_or(0));
        ranges.push((*start, *end));
    }
    ranges.sort_unstable();
    let mut at = 0;
    for (start, end) in &ranges {
        if *start != at || end < start {
            return Err(DamagedWeights::Gaps);
        }
        at = *end;
    }
    Ok((elements, at))
}
