//! Whether the validation split was recorded elsewhere, or on other days, than the training split.
//!
//! A logistic regression on mean spectra learns to tell windows of the two splits apart and is tested on recordings
//! that it has not seen. If it cannot, the splits are samples of the same sites.

use std::collections::BTreeMap;

use baselines::logistic::{Logistic, LogisticOptions};
use baselines::table::Table;
use data::batch::{Fetcher, spread};
use data::{DataError, Dataset, FeatureLayout, Split};

/// Most windows that are taken from a split.
const WINDOWS: usize = 1000;

/// Parts of each split; every part is tested by a regression fitted on the others.
const PARTS: usize = 4;

/// Strength of the regression: weak enough that it learns sites, not single recordings.
const OPTIONS: LogisticOptions = LogisticOptions {
    c: 0.05,
    tolerance: 1e-4,
    iterations: 200,
};

/// Separability of training and validation windows: the area under the ROC curve. It is 0.5 if the splits are alike (or
/// too small to tell) and 1 if every window reveals its split.
///
/// # Errors
/// [`DataError`] if a streamed source can no longer be read.
pub fn separability(dataset: &Dataset) -> Result<f64, DataError> {
    if dataset.train.len().min(dataset.val.len()) < 2 * PARTS {
        return Ok(0.5);
    }
    let (mut values, mut part_of, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    let mut width = 1;
    for (label, split) in [&dataset.train, &dataset.val].into_iter().enumerate() {
        let taken = spread(split.len(), WINDOWS);
        width = mean_spectra(split, dataset, &taken, &mut values)?;
        labels.extend(taken.iter().map(|_| label as u32));
        part_of.extend(parts(split, &taken));
    }
    standardise(&mut values, width);
    let table = Table::new(values, width);
    let mut scores = vec![0.0; labels.len()];
    for part in 0..PARTS {
        let (tested, learned): (Vec<usize>, Vec<usize>) =
            (0..labels.len()).partition(|&row| part_of[row] == part);
        let known: Vec<u32> = learned.iter().map(|&row| labels[row]).collect();
        let fit = Logistic::fit(&table.select(&learned), &known, 2, OPTIONS);
        let probabilities = fit.probabilities(&table.select(&tested));
        for (&row, probabilities) in tested.iter().zip(probabilities.chunks_exact(2)) {
            scores[row] = probabilities[1];
        }
    }
    Ok(area_under_roc(&scores, &labels))
}

/// Appends the inputs of the windows at `taken`, averaged over time. Returns the number of values per window.
fn mean_spectra(
    split: &Split,
    dataset: &Dataset,
    taken: &[usize],
    values: &mut Vec<f64>,
) -> Result<usize, DataError> {
    let layout = FeatureLayout::new(&dataset.preprocessing, split.shape);
    let [channels, segments, features] = split.shape;
    let mut fetcher = Fetcher::new(split, &dataset.preprocessing);
    for positions in taken.chunks(256) {
        let batch = fetcher.fetch(positions)?;
        for channel in batch.x.chunks_exact(segments * features) {
            let frames = channel.chunks_exact(layout.frame);
            let count = frames.len() as f64;
            let mut mean = vec![0.0; layout.frame];
            for frame in frames {
                for (sum, value) in mean.iter_mut().zip(frame) {
                    *sum += f64::from(*value) / count;
                }
            }
            values.extend(mean);
        }
    }
    Ok(channels * layout.frame)
}

/// The part of each window at `taken`. Windows of a group stay together; windows without groups, or of too few, are cut
/// into blocks.
fn parts(split: &Split, taken: &[usize]) -> Vec<usize> {
    let mut numbers = BTreeMap::new();
    let groups: Option<Vec<usize>> = taken
        .iter()
        .map(|&i| {
            let group = split.group_of[i].as_deref()?;
            let next = numbers.len();
            Some(*numbers.entry(group).or_insert(next))
        })
        .collect();
    match groups {
        Some(groups) if numbers.len() >= PARTS => {
            groups.into_iter().map(|group| group % PARTS).collect()
        }
        _ => (0..taken.len()).map(|i| i * PARTS / taken.len()).collect(),
    }
}

/// Scales every column to mean 0 and deviation 1; constant columns become 0.
fn standardise(values: &mut [f64], width: usize) {
    let rows = (values.len() / width).max(1) as f64;
    for column in 0..width {
        let of_column = || values.iter().skip(column).step_by(width);
        let mean = of_column().sum::<f64>() / rows;
        let variance = of_column().map(|v| (v - mean).powi(2)).sum::<f64>() / rows;
        let scale = if variance > 1e-12 {
            variance.sqrt().recip()
        } else {
            0.0
        };
        for value in values.iter_mut().skip(column).step_by(width) {
            *value = (*value - mean) * scale;
        }
    }
}

/// Probability that a window with label 1 scores higher than one with label 0; ties count half.
fn area_under_roc(scores: &[f64], labels: &[u32]) -> f64 {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let (mut zeros, mut won) = (0.0, 0.0);
    for tied in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        let ones = tied.iter().filter(|&&i| labels[i] == 1).count() as f64;
        let zeros_here = tied.len() as f64 - ones;
        won += ones * (zeros + 0.5 * zeros_here);
        zeros += zeros_here;
    }
    let ones = labels.len() as f64 - zeros;
    won / (ones * zeros).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values are from `sklearn.metrics.roc_auc_score`.
    #[test]
    fn area_counts_ties_half() {
        let labels = [0, 0, 1, 1, 0, 1];
        assert_eq!(
            area_under_roc(&[0.1, 0.4, 0.35, 0.8, 0.4, 0.4], &labels),
            6.0 / 9.0
        );
        assert_eq!(area_under_roc(&[0.5; 6], &labels), 0.5);
        assert_eq!(
            area_under_roc(&[0.0, 0.0, 1.0, 1.0, 0.0, 1.0], &labels),
            1.0
        );
    }

    #[test]
    fn columns_are_standardised() {
        let mut values = [1.0, 7.0, 3.0, 7.0];
        standardise(&mut values, 2);
        assert_eq!(values, [-1.0, 0.0, 1.0, 0.0]);
    }
}
