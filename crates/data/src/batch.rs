//! Order and assembly of batches.

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::dataset::Split;
use crate::preprocess::{Normalisation, Preprocessing};

/// Order of `samples` samples in `epoch`: a permutation that depends on `seed` and `epoch` alone.
pub fn shuffled(samples: usize, seed: u64, epoch: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    // The streams of small numbers belong to the model's initial weights.
    rng.set_stream(u64::MAX - epoch);
    let mut order: Vec<usize> = (0..samples).collect();
    order.shuffle(&mut rng);
    order
}

/// One batch on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Inputs `[batch, channels, segments, bins]`, row-major.
    pub x: Vec<f32>,
    /// Labels `[batch]`.
    pub y: Vec<u32>,
}

/// Gathers the samples at `indices`.
///
/// # Panics
/// Where an index is out of range.
pub fn gather(split: &Split, indices: &[usize], preprocessing: &Preprocessing) -> Batch {
    let length = split.sample_length();
    let mut x = Vec::with_capacity(indices.len() * length);
    for &i in indices {
        x.extend_from_slice(&split.x[i * length..(i + 1) * length]);
    }
    if preprocessing.normalisation == Normalisation::Batch {
        preprocessing.normalise(&mut x, split.shape);
    }
    Batch {
        x,
        y: indices.iter().map(|&i| split.y[i]).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_depends_on_seed_and_epoch() {
        let order = shuffled(100, 1, 0);
        assert_eq!(order, shuffled(100, 1, 0));
        assert_ne!(order, shuffled(100, 1, 1));
        assert_ne!(order, shuffled(100, 2, 0));
        let mut sorted = order;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
    }
}
