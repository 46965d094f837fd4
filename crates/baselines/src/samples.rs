//! Windows of a dataset as input of baselines: features, labels, groups.

use data::error::UsageError;
use data::windows::{WindowChunk, visit_windows};
use data::{DataError, DatasetConfig};
use rand::seq::SliceRandom as _;
use sha2::{Digest, Sha256};
use support::words::hex;

use crate::features::Features;
use crate::random::{Purpose, generator};

/// Data of windows to keep, besides the basic features.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// Band powers of every segment.
    pub segment_bands: bool,
    /// Raw windows.
    pub windows: bool,
}

/// Features, labels and groups of windows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// Features.
    pub features: Features,
    /// Raw windows `[N, channels, samples]`, flattened; empty if only features were kept.
    pub windows: Vec<f32>,
    /// Shape `[channels, samples]` of a window.
    pub shape: [usize; 2],
    /// Labels, one per window.
    pub labels: Vec<u32>,
    /// Recording of each window. A window without a group in its source is its own group.
    pub groups: Vec<String>,
}

impl Samples {
    /// Appends windows.
    pub fn append(&mut self, chunk: &WindowChunk, keep: Keep) {
        let features = Features::of(&chunk.values, chunk.shape, keep.segment_bands);
        self.features.append(&features);
        self.shape = chunk.shape;
        if keep.windows {
            self.windows.extend_from_slice(&chunk.values);
        }
        let first = self.labels.len();
        self.labels.extend_from_slice(&chunk.labels);
        let named = chunk.groups.iter().enumerate();
        self.groups.extend(named.map(|(i, group)| match group {
            Some(group) => group.clone(),
            None => format!("window {}", first + i),
        }));
    }

    /// Number of windows.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no windows.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Values of the windows at `rows`, flattened.
    pub(crate) fn values(&self, rows: &[usize]) -> Vec<f32> {
        let length = self.shape.iter().product::<usize>();
        let of = |&row: &usize| &self.windows[row * length..][..length];
        rows.iter().flat_map(of).copied().collect()
    }

    /// Labels at `rows`.
    pub fn labels_of(&self, rows: &[usize]) -> Vec<u32> {
        rows.iter().map(|&row| self.labels[row]).collect()
    }

    /// Groups at `rows`.
    pub fn groups_of(&self, rows: &[usize]) -> Vec<String> {
        rows.iter().map(|&row| self.groups[row].clone()).collect()
    }
}

/// All splits of a dataset in one set of samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Splits {
    /// All windows.
    pub samples: Samples,
    /// Rows of the training split.
    pub train: Vec<usize>,
    /// Rows of the validation split.
    pub validation: Vec<usize>,
    /// Rows of the test split; empty if the validation split stands in for it.
    pub test: Vec<usize>,
    /// Class names in label order.
    pub class_names: Vec<String>,
    /// SHA-256 of training, validation and test split, as in [`data::Split`].
    pub fingerprints: Vec<String>,
    /// Identity of the data, see [`identity`].
    pub identity: String,
    /// Whether some windows have no group.
    pub ungrouped: bool,
}

impl Splits {
    /// Reads the splits, or the fold, of `config`.
    ///
    /// # Errors
    /// [`DataError`], see [`visit_windows`].
    pub fn read(config: &DatasetConfig, keep: Keep) -> Result<Self, DataError> {
        let mut splits = Self {
            class_names: config.class_names(),
            ..Self::default()
        };
        let mut groups = GroupDigest::default();
        splits.fingerprints = visit_windows(config, &mut |name, chunk| {
            let names = chunk.groups.iter();
            names.for_each(|group| groups.add(group.as_deref()));
            splits.add(name, &chunk, keep)
        })?;
        splits.identity = groups.identity(&splits.fingerprints);
        Ok(splits)
    }

    fn add(
        &mut self,
        name: &'static str,
        chunk: &WindowChunk,
        keep: Keep,
    ) -> Result<(), DataError> {
        if chunk.shape[1] < 2 {
            return Err(UsageError::OneSample.into());
        }
        if !self.samples.is_empty() && chunk.shape != self.samples.shape {
            let mismatch = UsageError::Shapes {
                split: name,
                found: chunk.shape,
                expected: self.samples.shape,
            };
            return Err(mismatch.into());
        }
        self.ungrouped |= chunk.groups.iter().any(Option::is_none);
        let first = self.samples.len();
        self.samples.append(chunk, keep);
        let rows = first..self.samples.len();
        match name {
            "training" => self.train.extend(rows),
            "validation" => self.validation.extend(rows),
            _ => self.test.extend(rows),
        }
        Ok(())
    }
}

/// A text that identifies the data: the fingerprints of training, validation and (if separate) test split, and a hash
/// of the groups of all windows in that order.
pub fn identity<'a>(
    fingerprints: &[String],
    groups: impl IntoIterator<Item = Option<&'a str>>,
) -> String {
    let mut digest = GroupDigest::default();
    groups.into_iter().for_each(|group| digest.add(group));
    digest.identity(fingerprints)
}

/// Incremental hash of window groups.
#[derive(Default)]
struct GroupDigest(Sha256);

impl GroupDigest {
    fn add(&mut self, group: Option<&str>) {
        // The length separates names; no name has the length that marks a missing one.
        let length = group.map_or(u64::MAX, |group| group.len() as u64);
        self.0.update(length.to_le_bytes());
        self.0.update(group.unwrap_or_default());
    }

    fn identity(mut self, fingerprints: &[String]) -> String {
        for fingerprint in fingerprints {
            self.0.update(fingerprint);
        }
        hex(&self.0.finalize())
    }
}

/// At most `most` of `rows`, drawn at random and stratified by class; their order is kept.
pub(crate) fn at_most(rows: &[usize], labels: &[u32], most: usize, seed: u64) -> Vec<usize> {
    if rows.len() <= most {
        return rows.to_vec();
    }
    let classes = rows.iter().map(|&row| labels[row]).max().unwrap_or(0);
    let mut kept = Vec::with_capacity(most);
    for class in 0..=classes {
        let mut rows_of_class: Vec<usize> = rows
            .iter()
            .copied()
            .filter(|&row| labels[row] == class)
            .collect();
        let share = (rows_of_class.len() as f64 * most as f64 / rows.len() as f64).round() as usize;
        let mut rng = generator(seed, Purpose::Subset, class as usize);
        let share = share.max(1).min(rows_of_class.len());
        kept.extend_from_slice(rows_of_class.partial_shuffle(&mut rng, share).0);
    }
    kept.sort_unstable();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_and_windows_make_the_identity() {
        let prints = |last: &str| vec!["a".to_owned(), last.to_owned()];
        let of = |last: &str, groups: &[Option<&str>]| identity(&prints(last), groups.to_vec());
        let expected = of("b", &[Some("x"), Some("y"), None]);
        assert_eq!(of("b", &[Some("x"), Some("y"), None]), expected);
        for other in [
            of("c", &[Some("x"), Some("y"), None]),
            of("b", &[Some("x"), None, Some("y")]),
            of("b", &[Some("xy"), Some(""), None]),
            of("b", &[Some("x"), Some("y"), Some("")]),
        ] {
            assert_ne!(other, expected);
        }
    }

    #[test]
    fn a_subset_has_every_class() {
        let labels: Vec<u32> = (0..1000)
            .map(|i| u32::from(i % 10 == 0) + 2 * u32::from(i == 5))
            .collect();
        let rows: Vec<usize> = (0..1000).collect();
        let kept = at_most(&rows, &labels, 100, 1);
        let count = |class| kept.iter().filter(|&&row| labels[row] == class).count();
        assert_eq!((count(0), count(1), count(2)), (90, 10, 1));
        assert!(kept.is_sorted());
        assert_eq!(kept, at_most(&rows, &labels, 100, 1));
        assert_ne!(kept, at_most(&rows, &labels, 100, 2));
        assert_eq!(at_most(&rows, &labels, 2000, 1), rows);
    }
}
