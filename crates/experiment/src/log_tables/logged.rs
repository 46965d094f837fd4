//! Scalars of steps, with the epoch logged beside them, as a table: Lightning, Hugging Face and users of W&B log it so.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::TableRun;
use super::table::{Row, Table};
use super::trainer_state::TOLERANCE;
use crate::catalogue::Split;
use crate::catalogue::tags::{TagMeaning, meaning};
use crate::event_files::{Positions, Scalars, Steps};

/// The scalars of a folder, by tag.
type Tags = BTreeMap<String, Steps>;

/// Replaces the steps of metrics by epochs, if every folder with metrics has a scalar that tells the epoch of each step.
pub(crate) fn by_epochs(found: &mut Scalars, notes: &mut Vec<String>) {
    if found.positions != Positions::Untold {
        return;
    }
    let mut own_notes = Vec::new();
    let mut replaced: BTreeMap<PathBuf, Tags> = BTreeMap::new();
    for (folder, tags) in &found.runs {
        let name = folder.to_string_lossy();
        let is_metric = |tag: &String| matches!(meaning(&name, tag), TagMeaning::Metric(..));
        if !tags.keys().any(is_metric) {
            continue;
        }
        let Some(TableRun {
            tags: by_epoch,
            positions: Positions::Epochs,
        }) = run_of(folder, tags, &mut own_notes)
        else {
            return;
        };
        replaced.insert(folder.clone(), by_epoch);
    }
    if replaced.is_empty() {
        return;
    }
    found.runs.extend(replaced);
    found.positions = Positions::Epochs;
    notes.extend(own_notes);
}

/// The scalars of a folder by epoch; those that are no metrics of epochs as they are.
fn run_of(folder: &Path, tags: &Tags, notes: &mut Vec<String>) -> Option<TableRun> {
    let name = folder.to_string_lossy();
    let of_epochs = tags
        .iter()
        .filter(|(tag, _)| meaning(&name, tag) == TagMeaning::Epoch);
    let (_, epochs) = of_epochs.max_by_key(|(_, steps)| steps.len())?;
    let is_whole = epochs.values().all(|epoch| epoch.fract() == 0.0);
    let is_in_table = |tag: &str, steps: &Steps| match meaning(&name, tag) {
        // Logged after the training, without an epoch.
        TagMeaning::Metric(_, Split::Test, _) => steps.keys().all(|step| epochs.contains_key(step)),
        TagMeaning::Metric(..) | TagMeaning::LearningRate => true,
        _ => false,
    };
    let (inside, outside): (Vec<_>, Vec<_>) = tags
        .iter()
        .partition(|(tag, steps)| is_in_table(tag, steps));
    let mut rows: BTreeMap<i64, Row> = BTreeMap::new();
    for (column, (_, steps)) in inside.iter().enumerate() {
        for (step, value) in *steps {
            let row = rows.entry(*step).or_default();
            row.step = Some(*step);
            row.epoch = epochs.get(step).copied();
            row.values.push((column, *value));
        }
    }
    let table = Table {
        name: folder.to_owned(),
        columns: inside.iter().map(|(tag, _)| (*tag).clone()).collect(),
        rows: rows.into_values().collect(),
        // Of Hugging Face, whose epochs are counted when they end.
        tolerance: if is_whole { 1e-6 } else { TOLERANCE },
        first_epoch: (!is_whole).then_some(1),
        is_validated_anywhere: true,
        notes: Vec::new(),
    };
    let mut run = table.runs(notes);
    run.tags.extend(
        outside
            .into_iter()
            .map(|(tag, steps)| (tag.clone(), steps.clone())),
    );
    Some(run)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(tags: &[(&str, &[(i64, f64)])]) -> Scalars {
        let tags = tags.iter().map(|(tag, points)| {
            let steps: Steps = points.iter().copied().collect();
            ((*tag).to_owned(), steps)
        });
        Scalars {
            runs: BTreeMap::from([(PathBuf::new(), tags.collect())]),
            ..Default::default()
        }
    }

    #[test]
    fn the_epoch_beside_the_steps() {
        let mut scalars = found(&[
            ("epoch", &[(4, 0.0), (7, 0.0), (9, 1.0), (15, 1.0)]),
            ("train_loss", &[(4, 0.9), (9, 0.8)]),
            ("val_loss", &[(7, 0.5), (15, 0.25)]),
            ("test_acc", &[(16, 0.75)]),
            ("val/iou", &[(7, 0.1)]),
        ]);
        let mut notes = Vec::new();
        by_epochs(&mut scalars, &mut notes);
        assert_eq!(scalars.positions, Positions::Epochs);
        let tags = &scalars.runs[&PathBuf::new()];
        assert_eq!(tags["val_loss"], Steps::from([(0, 0.5), (1, 0.25)]));
        assert_eq!(tags["test_acc"].len() + tags["val/iou"].len(), 2);
        // One value within an epoch may be that of a batch.
        assert!(!tags.contains_key("train_loss"));
        assert!(notes[0].ends_with("not shown: train_loss"), "{notes:?}");
    }

    #[test]
    fn fractions_are_those_of_hugging_face() {
        let mut scalars = found(&[
            ("train/epoch", &[(5, 0.5), (10, 0.99), (20, 1.98)]),
            ("train/loss", &[(5, 0.9), (10, 0.8), (20, 0.7)]),
            ("eval/loss", &[(10, 0.5), (20, 0.25)]),
        ]);
        by_epochs(&mut scalars, &mut Vec::new());
        let tags = &scalars.runs[&PathBuf::new()];
        assert_eq!(tags["eval/loss"], Steps::from([(0, 0.5), (1, 0.25)]));
    }

    #[test]
    fn steps_remain_without_the_epoch_of_each_validation() {
        for epoch in [&[(4, 0.0)][..], &[(4, 0.0), (9, 0.0)], &[]] {
            let mut scalars = found(&[("epoch", epoch), ("val_loss", &[(4, 0.5), (9, 0.25)])]);
            let before = scalars.clone();
            let mut notes = Vec::new();
            by_epochs(&mut scalars, &mut notes);
            assert_eq!((scalars, notes), (before, Vec::<String>::new()));
        }
    }
}
