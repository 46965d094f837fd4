//! One split of a dataset: inputs in memory or on disk, labels and groups.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use ndarray::ArrayView4;

use crate::reader::{SourceSelection, Span};

/// Where inputs are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Storage {
    /// Read once and kept in memory.
    #[default]
    Memory,
    /// Read again for every batch, in bounded memory. The sources must allow reading single records. Batches are
    /// identical bit for bit.
    Streamed,
    /// Like `Memory`, but the training split is kept as windows, for augmentation.
    Windows,
}

/// Progress of reading a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loading {
    /// `training`, `validation` or `test`.
    pub split: &'static str,
    /// Number of sources read.
    pub done: usize,
    /// Number of sources in total.
    pub of: usize,
}

impl Loading {
    /// Whether there are enough sources to show progress.
    pub fn takes_a_while(&self) -> bool {
        self.of >= 100
    }
}

/// Inputs of a split.
#[derive(Clone, Debug, PartialEq)]
pub enum Inputs {
    /// Inputs in memory, row-major; normalised unless the normalisation is `batch`.
    Memory(Vec<f32>),
    /// Raw windows, concatenated, and the shape of one window.
    Windows(Vec<f32>, Vec<usize>),
    /// Raw samples on disk.
    Streamed(Streamed),
}

/// Samples that stay on disk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Streamed {
    /// Source files.
    pub sources: Vec<PathBuf>,
    /// Position of each sample.
    pub slots: Vec<Slot>,
    /// What to read of each sample.
    pub wanted: SourceSelection,
}

/// Position of a sample on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Index of the file in [`Streamed::sources`].
    pub source: u32,
    /// Index of the record in the file.
    pub record: u32,
    /// Byte range of the record.
    pub span: Span,
}

/// One split: inputs, labels and groups.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// Inputs `[N, channels, segments, bins]`.
    pub x: Inputs,
    /// Labels `[N]`, renumbered.
    pub y: Vec<u32>,
    /// Set of all groups.
    pub groups: BTreeSet<String>,
    /// Group of each sample, if its source has one.
    pub group_of: Vec<Option<Arc<str>>>,
    /// SHA-256 over the windows and labels on disk, in order, as lower-case hex.
    pub fingerprint: String,
    /// Shape of one input.
    pub shape: [usize; 3],
}

impl Split {
    /// Number of samples.
    pub fn len(&self) -> usize {
        self.y.len()
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.y.is_empty()
    }

    /// Number of values in one input.
    pub fn sample_length(&self) -> usize {
        self.shape.iter().product()
    }

    /// All inputs as an array `[N, channels, segments, bins]`; `None` if they are computed per batch.
    pub fn inputs(&self) -> Option<ArrayView4<'_, f32>> {
        let [a, b, c] = self.shape;
        let Inputs::Memory(x) = &self.x else {
            return None;
        };
        ArrayView4::from_shape((self.len(), a, b, c), x).ok()
    }

    /// All inputs, flattened; empty if they are computed per batch.
    pub fn memory(&self) -> &[f32] {
        match &self.x {
            Inputs::Memory(x) => x,
            Inputs::Windows(..) | Inputs::Streamed(_) => &[],
        }
    }

    /// Group of each sample; `None` if any sample lacks one.
    pub fn group_names(&self) -> Option<Vec<&str>> {
        self.group_of.iter().map(Option::as_deref).collect()
    }

    /// The samples at `indices` in that order. The set of groups and the fingerprint are those of the whole split.
    pub fn subset(&self, indices: &[usize]) -> Self {
        let of = |values: &[f32], length: usize| -> Vec<f32> {
            indices
                .iter()
                .flat_map(|i| values[i * length..(i + 1) * length].iter().copied())
                .collect()
        };
        Self {
            x: match &self.x {
                Inputs::Memory(x) => Inputs::Memory(of(x, self.sample_length())),
                Inputs::Windows(x, shape) => {
                    Inputs::Windows(of(x, shape.iter().product()), shape.clone())
                }
                Inputs::Streamed(streamed) => Inputs::Streamed(Streamed {
                    slots: indices.iter().map(|&i| streamed.slots[i]).collect(),
                    ..streamed.clone()
                }),
            },
            y: indices.iter().map(|&i| self.y[i]).collect(),
            group_of: indices.iter().map(|&i| self.group_of[i].clone()).collect(),
            ..self.clone_without_samples()
        }
    }

    fn clone_without_samples(&self) -> Self {
        Self {
            x: Inputs::Memory(Vec::new()),
            y: Vec::new(),
            groups: self.groups.clone(),
            group_of: Vec::new(),
            fingerprint: self.fingerprint.clone(),
            shape: self.shape,
        }
    }

    /// Number of samples by class.
    pub fn class_counts(&self, classes: usize) -> Vec<usize> {
        let mut counts = vec![0; classes];
        self.y.iter().for_each(|&label| counts[label as usize] += 1);
        counts
    }
}
