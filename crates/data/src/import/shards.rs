//! Windows on their way into splits: spooled as they come, shared out when all are known.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::write::Imported;
use super::{Group, SPLITS, assign};
use crate::error::{DataError, unwritable};
use crate::reader::{self, Record, TfrecordWriter, Wanted};

/// What the shards are written for.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Classes, in the order of their numbers.
    pub class_names: Vec<String>,
    /// Name of the task.
    pub task: String,
    /// What follows in the configuration: spectra, normalisation.
    pub settings: String,
    /// Of training, validation and test.
    pub shares: [f64; 3],
    /// Of the order in which groups are shared out.
    pub seed: u64,
}

/// Windows in the order they were cut, on disk: only label, group and, where it is given, split are kept.
pub(super) struct Spool {
    path: PathBuf,
    writer: TfrecordWriter,
    pub windows: Vec<(usize, usize, Option<usize>)>,
    groups: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Spool {
    pub fn new(path: PathBuf) -> Result<Self, DataError> {
        let writer = TfrecordWriter::create(&path)?;
        Ok(Self {
            path,
            writer,
            windows: Vec::new(),
            groups: Vec::new(),
            numbers: HashMap::new(),
        })
    }

    /// A sample with the number of its class and its group; where it is given, its split.
    pub fn add(&mut self, record: &Record, split: Option<usize>) -> Result<(), DataError> {
        let name = record.group.clone().unwrap_or_default();
        let group = *self.numbers.entry(name.clone()).or_insert_with(|| {
            self.groups.push(name);
            self.groups.len() - 1
        });
        self.writer.write(record)?;
        self.windows.push((record.label as usize, group, split));
        Ok(())
    }
}

/// Decides on the splits and writes shards, index files and configuration.
pub(super) fn share_out(
    target: &Target,
    spool: Spool,
    folder: &Path,
    shard: usize,
    imported: &mut Imported,
) -> Result<(), DataError> {
    let Spool {
        path,
        writer,
        windows,
        groups,
        ..
    } = spool;
    writer.finish()?;
    let classes = target.class_names.len();
    let mut open: Vec<Group> = groups
        .iter()
        .map(|name| Group {
            name: name.clone(),
            counts: vec![0; classes],
        })
        .collect();
    for (label, group, given) in &windows {
        open[*group].counts[*label] += usize::from(given.is_none());
    }
    let assigned = assign(&open, target.shares, target.seed);
    let split_of = |i: usize| windows[i].2.unwrap_or(assigned[windows[i].1]);

    imported.windows = std::array::from_fn(|_| vec![0; classes]);
    let mut members: [Vec<bool>; 3] = std::array::from_fn(|_| vec![false; groups.len()]);
    for (i, (label, group, _)) in windows.iter().enumerate() {
        imported.windows[split_of(i)][*label] += 1;
        members[split_of(i)][*group] = true;
    }
    imported.groups = members.map(|own| own.iter().filter(|member| **member).count());
    let totals: [usize; 3] = std::array::from_fn(|split| imported.windows[split].iter().sum());
    if totals[0] == 0 || totals[1] == 0 {
        let problem = format!(
            "{} windows for training and {} for validation, of {} group(s): more recordings or events are needed, or \
             another way to split, such as `by: time`",
            totals[0],
            totals[1],
            groups.len()
        );
        return Err(DataError::Source {
            path: "the samples".into(),
            problem,
        });
    }
    for (split, counts) in SPLITS.iter().zip(&imported.windows) {
        for (class, count) in target.class_names.iter().zip(counts) {
            if *count == 0 && counts.iter().any(|count| *count > 0) {
                imported
                    .warnings
                    .push(format!("split {split} has no window of class `{class}`"));
            }
        }
    }

    let shards = totals.map(|total| total.div_ceil(shard));
    let file = |split: usize, number: usize| {
        format!(
            "{}-{number:05}-of-{:05}.tfrecord",
            SPLITS[split], shards[split]
        )
    };
    let mut writers: [Option<TfrecordWriter>; 3] = [None, None, None];
    let mut written = [0usize; 3];
    let mut next = 0;
    reader::read(&path, &Wanted::default(), &mut |record| {
        let split = split_of(next);
        next += 1;
        if written[split].is_multiple_of(shard) {
            let path = folder.join(file(split, written[split] / shard));
            if let Some(full) = writers[split].replace(TfrecordWriter::create(&path)?) {
                full.finish()?;
            }
        }
        written[split] += 1;
        let writer = writers[split]
            .as_mut()
            .expect("created with its first window");
        writer.write(&record)
    })?;
    for writer in writers.into_iter().flatten() {
        writer.finish()?;
    }
    std::fs::remove_file(&path).map_err(unwritable(&path))?;
    let save = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(unwritable(&path))
    };
    for split in 0..3 {
        if totals[split] > 0 {
            let list: String = (0..shards[split])
                .map(|number| file(split, number) + "\n")
                .collect();
            save(&format!("{}_index.txt", SPLITS[split]), &list)?;
        }
    }
    save(
        "dataset_config.yaml",
        &dataset_config(target, totals[2] > 0),
    )
}

/// A configuration that can be trained with at once.
fn dataset_config(target: &Target, test: bool) -> String {
    // JSON is YAML, and quotes what must be.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let names: Vec<String> = target.class_names.iter().map(|name| quoted(name)).collect();
    let test = if test {
        "  test_index_file: test_index.txt\n"
    } else {
        ""
    };
    format!(
        "# Written by the `data` program.\n{}:\n  num_classes: {}\n  class_names: [{}]\n  train_index_file: \
         train_index.txt\n  val_index_file: val_index.txt\n{test}{}",
        quoted(&target.task),
        names.len(),
        names.join(", "),
        target.settings
    )
}
