//! Assigns windows to splits once all are known, and writes them.

use std::path::Path;

use super::fractions::SplitBy;
use super::imported::Imported;
use super::origin::{Resolved, Spooled, resolve};
use super::report;
use super::spool::Spool;
use super::{Group, SPLITS, assign};
use crate::error::{DataError, ImportError, in_file, unwritable};
use crate::reader::{self, Record, SourceSelection, TfrecordWriter};

/// The dataset to write.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Classes, in the order of their numbers.
    pub class_names: Vec<String>,
    /// Name of the task.
    pub task: String,
    /// Further settings of the configuration: spectra, normalisation.
    pub settings: String,
    /// What stays in one split, for advice; `None` for a dataset that is there already.
    pub by: Option<SplitBy>,
    /// Fractions for training, validation and testing.
    pub shares: [f64; 3],
    /// Seed of the order in which groups are assigned.
    pub seed: u64,
}

/// The assignment of windows to splits.
struct Assignment {
    /// Merged groups, and windows that are left out.
    resolved: Resolved,
    /// The split of every window; `None` for those left out.
    splits: Vec<Option<usize>>,
}

/// Where the shards are written.
struct Shards<'a> {
    folder: &'a Path,
    /// Maximum number of windows in a file.
    size: usize,
}

/// Assigns windows to splits and writes shards, index files and configuration.
pub(super) fn share_out(
    target: &Target,
    mut spool: Spool,
    folder: &Path,
    shard: usize,
    imported: &mut Imported,
) -> Result<(), DataError> {
    let extents = std::mem::take(&mut spool.extents);
    let resolved = resolve(&spool.windows, spool.groups.len(), extents);
    report_shared(&spool, &resolved, imported);
    let splits = splits(target, &spool, &resolved);
    for recording in &mut imported.report.recordings {
        recording.count_splits(&splits);
    }
    let assignment = Assignment { resolved, splits };
    count(target, &spool, &assignment, imported);
    check_counts(target, imported)?;
    let found = spool.advice(
        &assignment.splits,
        &target.class_names,
        &imported.report.recordings,
    );
    imported.warnings.extend(found);
    imported.report.version = 1;
    imported.report.class_names.clone_from(&target.class_names);
    imported.report.splits = report::splits(imported.groups, &imported.windows);
    let shards = Shards {
        folder,
        size: shard,
    };
    write_shards(target, spool, &assignment, &shards, imported)
}

/// The split of every window; `None` for those left out.
fn splits(target: &Target, spool: &Spool, resolved: &Resolved) -> Vec<Option<usize>> {
    let mut open: Vec<Group> = spool
        .groups
        .iter()
        .map(|name| Group {
            name: name.clone(),
            counts: vec![0; target.class_names.len()],
        })
        .collect();
    for window in &spool.windows {
        let group = resolved.group[window.group];
        open[group].counts[window.label] += usize::from(window.split.is_none());
    }
    // Groups that were merged into others, or whose split is given, are not assigned.
    let to_assign: Vec<usize> = (0..open.len())
        .filter(|group| open[*group].counts.iter().any(|count| *count > 0))
        .collect();
    let shared: Vec<Group> = to_assign.iter().map(|group| open[*group].clone()).collect();
    let mut assigned = vec![0; open.len()];
    let found = assign(&shared, target.shares, target.seed);
    for (group, split) in to_assign.into_iter().zip(found) {
        assigned[group] = split;
    }
    let of = |(window, kept): (&Spooled, &bool)| {
        let split = window
            .split
            .unwrap_or(assigned[resolved.group[window.group]]);
        kept.then_some(split)
    };
    spool.windows.iter().zip(&resolved.kept).map(of).collect()
}

/// Reports merged groups and omitted windows.
fn report_shared(spool: &Spool, resolved: &Resolved, imported: &mut Imported) {
    let united = (0..spool.groups.len()).filter(|group| resolved.group[*group] != *group);
    imported.united = united.count();
    imported.shared = resolved.kept.iter().filter(|kept| !**kept).count();
    imported.report.groups_named = spool.groups.len();
    imported.report.groups_united = imported.united;
    imported.report.left_out_as_shared = imported.shared;
    if let Some((one, other)) = resolved.pair {
        imported.warnings.push(format!(
            "{} of {} groups share samples with another and are one with it, so that no two splits share any: `{}` and \
             `{}`{}",
            imported.united,
            spool.groups.len(),
            spool.groups[one],
            spool.groups[other],
            if imported.united > 1 { ", ..." } else { "" }
        ));
    }
    if imported.shared > 0 {
        imported.warnings.push(format!(
            "{} windows are left out because a later split has some of their samples: one file, or a part of it, is in \
             recordings of different splits",
            imported.shared
        ));
    }
    if resolved.crowded > 0 {
        imported.warnings.push(format!(
            "{} windows share samples with a window of another class of the same recording: their events are shorter than a \
             window and lie closer together than one; a shorter `window` separates them, `centre_short_events: false` \
             leaves them out",
            resolved.crowded
        ));
    }
    if resolved.contradicting > 0 {
        imported.warnings.push(format!(
            "{} windows share samples with windows of another class: recordings of the same samples label them \
             differently",
            resolved.contradicting
        ));
    }
}

/// Counts windows and groups of every split.
fn count(target: &Target, spool: &Spool, assignment: &Assignment, imported: &mut Imported) {
    imported.windows = std::array::from_fn(|_| vec![0; target.class_names.len()]);
    let mut members: [Vec<bool>; 3] = std::array::from_fn(|_| vec![false; spool.groups.len()]);
    for (window, split) in spool.windows.iter().zip(&assignment.splits) {
        if let Some(split) = *split {
            imported.windows[split][window.label] += 1;
            members[split][assignment.resolved.group[window.group]] = true;
        }
    }
    imported.groups = members.map(|of_split| of_split.iter().filter(|member| **member).count());
}

/// Refuses splits without windows for training or validation, and warns about classes that a split lacks.
fn check_counts(target: &Target, imported: &mut Imported) -> Result<(), DataError> {
    let totals = totals(imported);
    if totals[0] == 0 || totals[1] == 0 {
        let groups: usize = imported.report.groups_named - imported.united;
        let problem = ImportError::EmptySplit {
            train: totals[0],
            validation: totals[1],
            groups,
            advice: too_few(target),
            warnings: imported.warnings.grouped(|_| true),
        };
        return Err(in_file("the samples".as_ref())(problem));
    }
    if totals[2] == 0 && target.shares[2] > 0.0 && !imported.report.recordings.is_empty() {
        imported
            .warnings
            .push("split test has no window: the validation split serves as test");
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
    Ok(())
}

/// What to do if training or validation has no windows.
fn too_few(target: &Target) -> &'static str {
    match target.by {
        Some(SplitBy::Recording | SplitBy::Event) => {
            "more recordings or events are needed, or another way to split, such as `by: time`"
        }
        Some(SplitBy::Time) => {
            "each recording is divided in time, and a part needs to be as long as a window: longer recordings, a shorter \
             `window` or other fractions are needed"
        }
        Some(SplitBy::Given) => {
            "give recordings with labels `split: train`, and others `split: val`"
        }
        None => "samples of more groups are needed",
    }
}

fn totals(imported: &Imported) -> [usize; 3] {
    std::array::from_fn(|split| imported.windows[split].iter().sum())
}

/// Writes every window to a shard of its split, and the index files.
fn write_shards(
    target: &Target,
    spool: Spool,
    assignment: &Assignment,
    shards: &Shards<'_>,
    imported: &Imported,
) -> Result<(), DataError> {
    let Assignment { resolved, splits } = assignment;
    let Shards { folder, size } = *shards;
    let Spool {
        path,
        writer,
        windows,
        groups,
        ..
    } = spool;
    writer.finish()?;
    let totals = totals(imported);
    let files = totals.map(|total| total.div_ceil(size));
    let file = |split: usize, number: usize| {
        format!(
            "{}-{number:05}-of-{:05}.tfrecord",
            SPLITS[split], files[split]
        )
    };
    let mut writers: [Option<TfrecordWriter>; 3] = [None, None, None];
    let mut written = [0usize; 3];
    let mut next = 0;
    reader::read(&path, &SourceSelection::default(), &mut |record| {
        let (window, split) = (windows[next], splits[next]);
        next += 1;
        let Some(split) = split else {
            return Ok(());
        };
        let named = record.group.is_some();
        let group = named.then(|| groups[resolved.group[window.group]].clone());
        if written[split].is_multiple_of(size) {
            let path = folder.join(file(split, written[split] / size));
            if let Some(full) = writers[split].replace(TfrecordWriter::create(&path)?) {
                full.finish()?;
            }
        }
        written[split] += 1;
        let writer = writers[split]
            .as_mut()
            .expect("created with its first window");
        writer.write(&Record { group, ..record })
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
            let list: String = (0..files[split])
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

/// A configuration that is ready for training.
fn dataset_config(target: &Target, test: bool) -> String {
    // JSON is valid YAML, and quotes where necessary.
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
