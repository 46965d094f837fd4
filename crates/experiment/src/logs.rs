//! Event files read back: their scalars, for experiments that left nothing else, and whether they are whole.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use prost::Message;
use serde_json::Map;
use tfrecord::protobuf::event::What;
use tfrecord::protobuf::summary::value::Value;
use tfrecord::protobuf::{Event, TensorProto};

use crate::error::ExperimentError;
use crate::files::open_regular;
use crate::history::{Epoch, History};
use crate::metadata::Results;

/// Records longer than this hold pictures or histograms, not numbers.
const LARGEST_SCALAR: u64 = 16 << 10;

/// Scalars read from one file, at most.
const MOST_SCALARS: usize = 1 << 20;

/// What a record says: its bytes, where it is no longer than asked for.
struct Record {
    content: Option<Vec<u8>>,
    /// Bytes of the file up to its end.
    end: u64,
}

/// The records of a file, up to its end or the first that is torn or damaged.
struct Records {
    file: BufReader<File>,
    length: u64,
    at: u64,
    /// Longest content that is kept; checksums of shorter ones are checked.
    keep: u64,
}

impl Records {
    fn open(path: &Path, keep: u64) -> std::io::Result<Self> {
        let file = open_regular(path)?;
        Ok(Self {
            length: file.metadata()?.len(),
            file: BufReader::new(file),
            at: 0,
            keep,
        })
    }

    /// The next record; none at the end.
    ///
    /// # Errors
    /// What is wrong with the record that begins here.
    fn next(&mut self) -> Result<Option<Record>, String> {
        let left = self.length - self.at;
        if left == 0 {
            return Ok(None);
        }
        let torn = || "cut short".to_owned();
        let read = |error: std::io::Error| error.to_string();
        if left < 16 {
            return Err(torn());
        }
        let mut head = [0; 12];
        self.file.read_exact(&mut head).map_err(read)?;
        let [a, b, c, d, e, f, g, h, ..] = head;
        let length = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
        if masked(&head[..8]).to_le_bytes() != head[8..] {
            return Err("the checksum of its length differs".into());
        }
        if length > left - 16 {
            return Err(torn());
        }
        let mut content = None;
        if length <= self.keep {
            let mut bytes = vec![0; length as usize];
            self.file.read_exact(&mut bytes).map_err(read)?;
            let mut sum = [0; 4];
            self.file.read_exact(&mut sum).map_err(read)?;
            if masked(&bytes).to_le_bytes() != sum {
                return Err("its checksum differs".into());
            }
            content = Some(bytes);
        } else {
            let skipped = i64::try_from(length + 4).map_err(|_| torn())?;
            self.file.seek_relative(skipped).map_err(read)?;
        }
        self.at += length + 16;
        Ok(Some(Record {
            content,
            end: self.at,
        }))
    }
}

/// CRC-32C as TFRecord has it.
fn masked(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
        .rotate_right(15)
        .wrapping_add(0xa282_ead8)
}

/// How much of an event file is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Soundness {
    /// Whole records.
    pub records: usize,
    /// Bytes they take.
    pub whole: u64,
    /// What is wrong with the record after them.
    pub problem: Option<String>,
}

/// Checks framing and checksums of every record.
///
/// # Errors
/// [`ExperimentError::Read`] where the file cannot be opened.
pub fn check(path: &Path) -> Result<Soundness, ExperimentError> {
    let mut records = Records::open(path, u64::MAX).map_err(ExperimentError::read(path))?;
    let mut found = Soundness {
        records: 0,
        whole: 0,
        problem: None,
    };
    loop {
        match records.next() {
            Ok(Some(record)) => {
                let event = record
                    .content
                    .map(|bytes| Event::decode(&bytes[..]).is_ok());
                if event == Some(false) {
                    found.problem = Some(format!("record {}: no event", found.records));
                    return Ok(found);
                }
                found.records += 1;
                found.whole = record.end;
            }
            Ok(None) => return Ok(found),
            Err(problem) => {
                found.problem = Some(format!("record {}: {problem}", found.records));
                return Ok(found);
            }
        }
    }
}

/// Event files of a directory, by name, which begins with their time.
pub fn files(directory: &Path) -> Vec<PathBuf> {
    let listing = std::fs::read_dir(directory).into_iter().flatten();
    let mut files: Vec<_> = listing
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default();
            name.to_string_lossy().contains("tfevents")
        })
        .collect();
    files.sort();
    files
}

/// Scalars of a directory's event files by tag and step; of doubled ones the last. What is torn or damaged ends
/// its file.
pub fn scalars(directory: &Path) -> BTreeMap<String, BTreeMap<i64, f64>> {
    let mut found: BTreeMap<String, BTreeMap<i64, f64>> = BTreeMap::new();
    let mut count = 0;
    for path in files(directory) {
        let Ok(mut records) = Records::open(&path, LARGEST_SCALAR) else {
            continue;
        };
        while let Ok(Some(record)) = records.next() {
            let Some(Ok(event)) = record.content.map(|bytes| Event::decode(&bytes[..])) else {
                continue;
            };
            let Some(What::Summary(summary)) = event.what else {
                continue;
            };
            for value in summary.value {
                let number = match &value.value {
                    Some(Value::SimpleValue(number)) => Some(f64::from(*number)),
                    Some(Value::Tensor(tensor)) => scalar(tensor),
                    _ => None,
                };
                if let Some(number) = number {
                    let steps = found.entry(value.tag).or_default();
                    steps.insert(event.step, number);
                    count += 1;
                }
            }
            if count >= MOST_SCALARS {
                return found;
            }
        }
    }
    found
}

/// A tensor's only number.
fn scalar(tensor: &TensorProto) -> Option<f64> {
    const FLOAT: i32 = 1;
    const DOUBLE: i32 = 2;
    let dims = tensor
        .tensor_shape
        .as_ref()
        .map_or(0, |shape| shape.dim.len());
    if dims != 0 {
        return None;
    }
    let content = &tensor.tensor_content[..];
    match tensor.dtype {
        FLOAT => match content.try_into() {
            Ok(bytes) => Some(f32::from_le_bytes(bytes).into()),
            Err(_) => tensor.float_val.first().map(|&value| value.into()),
        },
        DOUBLE => match content.try_into() {
            Ok(bytes) => Some(f64::from_le_bytes(bytes)),
            Err(_) => tensor.double_val.first().copied(),
        },
        _ => None,
    }
}

/// Names of metrics in [`Epoch`] or [`Results`], and the tags they are logged by.
const TRAIN: [(&str, &str); 2] = [("loss", "epoch_loss"), ("accuracy", "epoch_accuracy")];
const VALIDATION: [(&str, &str); 2] = [
    ("val_loss", "epoch_loss"),
    ("val_accuracy", "epoch_accuracy"),
];
const DETAILED: [(&str, &str); 4] = [
    ("val_f1_macro", "f1_score/macro"),
    ("val_f1_weighted", "f1_score/weighted"),
    ("val_precision_macro", "precision/macro"),
    ("val_recall_macro", "recall/macro"),
];
const TEST: [(&str, &str); 6] = [
    ("loss", "test_loss"),
    ("accuracy", "test_accuracy"),
    ("f1_macro", "test_f1_score/macro"),
    ("f1_weighted", "test_f1_score/weighted"),
    ("precision_macro", "test_precision/macro"),
    ("recall_macro", "test_recall/macro"),
];

/// Logs of the Python system below `logs`, or of a run without tracking: as a history.
pub fn history(logs: &Path) -> History {
    let mut epochs: BTreeMap<i64, Epoch> = BTreeMap::new();
    let mut take = |names: &[(&str, &str)], folders: &[&str]| {
        let folder = folders.iter().map(|folder| logs.join(folder));
        let Some(folder) = folder.into_iter().find(|folder| folder.is_dir()) else {
            return;
        };
        let found = scalars(&folder);
        let rates = ["epoch_learning_rate", "epoch_lr", "learning_rate"];
        let rates = rates.iter().find_map(|tag| found.get(*tag));
        for (step, rate) in rates.into_iter().flatten() {
            epochs.entry(*step).or_default().learning_rate = *rate;
        }
        for (name, tag) in names {
            for (step, value) in found.get(*tag).into_iter().flatten() {
                let metrics = &mut epochs.entry(*step).or_default().metrics;
                metrics.insert((*name).to_owned(), (*value).into());
            }
        }
    };
    take(&TRAIN, &["training/train", "train"]);
    take(&VALIDATION, &["training/validation", "validation"]);
    take(&DETAILED, &["detailed_metrics"]);
    let epochs = epochs.into_iter().filter_map(|(step, mut epoch)| {
        epoch.epoch = usize::try_from(step).ok()?;
        Some(epoch)
    });
    History {
        epochs: epochs.collect(),
    }
}

/// Results as the logs below `logs` tell them; none where they tell nothing.
pub fn results(logs: &Path) -> Option<Results> {
    let history = history(logs);
    let logged = scalars(&logs.join("test_metrics"));
    let mut test = Map::new();
    for (name, tag) in TEST {
        let last = logged.get(tag).and_then(|steps| steps.values().next_back());
        if let Some(value) = last {
            test.insert(name.to_owned(), (*value).into());
        }
    }
    let results = from_history(&history)?;
    Some(Results { test, ..results })
}

/// Results as far as a history tells them: those of the epoch with the lowest validation loss.
pub fn from_history(history: &History) -> Option<Results> {
    let last = history.epochs.last()?;
    let loss = |epoch: &&Epoch| epoch.metric("val_loss").unwrap_or(f64::INFINITY);
    let best = history
        .epochs
        .iter()
        .min_by(|a, b| loss(a).total_cmp(&loss(b)));
    let best = best.unwrap_or(last);
    let validation = best.metrics.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix("val_")?;
        Some((name.to_owned(), value.clone()))
    });
    Some(Results {
        epochs_run: last.epoch + 1,
        best_epoch: best.epoch,
        validation: validation.collect(),
        ..Default::default()
    })
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
        files(folder).remove(0)
    }

    #[test]
    fn a_history_from_logs() {
        let folder = tempfile::tempdir().unwrap();
        let train = folder.path().join("training/train");
        std::fs::create_dir_all(&train).unwrap();
        let path = written(&train);
        let found = history(folder.path());
        assert_eq!(found.curve("loss").len(), 3);
        assert_eq!(found.curve("loss")[1], (1, 0.5));
        assert_eq!(results(folder.path()).unwrap().epochs_run, 3);
        let sound = check(&path).unwrap();
        assert_eq!((sound.records, sound.problem), (7, None));
        assert_eq!(sound.whole, std::fs::metadata(&path).unwrap().len());
    }

    proptest! {
        /// Damage anywhere is found, nothing before it is lost, and no bytes make the reader panic.
        #[test]
        fn damage_is_found(cut in 0usize..600, at in 0usize..600, flip in 1u8..) {
            let folder = tempfile::tempdir().unwrap();
            let path = written(folder.path());
            let mut bytes = std::fs::read(&path).unwrap();
            bytes.truncate(bytes.len().saturating_sub(cut).max(1));
            let at = at % bytes.len();
            bytes[at] ^= flip;
            std::fs::write(&path, &bytes).unwrap();
            let sound = check(&path).unwrap();
            prop_assert!(sound.problem.is_some());
            prop_assert!(sound.whole as usize <= at);
            let _ = scalars(folder.path());
        }
    }
}
