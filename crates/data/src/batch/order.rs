//! Which samples an epoch takes, and in which order.

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// Order of `samples` samples in `epoch`: a permutation that depends only on `seed` and `epoch`.
pub fn shuffled(samples: usize, seed: u64, epoch: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    // Small stream numbers are used for initial weights.
    rng.set_stream(u64::MAX - epoch);
    let mut order: Vec<usize> = (0..samples).collect();
    order.shuffle(&mut rng);
    order
}

/// Like [`shuffled`], with every class equally often: samples of rare classes are repeated, some of the others are
/// left out. The result has as many samples as there are labels.
pub fn balanced(labels: &[u32], classes: usize, seed: u64, epoch: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(u64::MAX - epoch);
    let mut members = vec![Vec::new(); classes];
    labels
        .iter()
        .enumerate()
        .for_each(|(i, label)| members[*label as usize].push(i));
    members.retain(|members| !members.is_empty());
    let mut order = Vec::with_capacity(labels.len());
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); members.len()];
    for i in 0..labels.len() {
        let class = i % members.len();
        if waiting[class].is_empty() {
            waiting[class].clone_from(&members[class]);
            waiting[class].shuffle(&mut rng);
        }
        order.extend(waiting[class].pop());
    }
    order.shuffle(&mut rng);
    order
}

/// At most `most` of `count` positions, evenly spread from 0.
pub fn spread(count: usize, most: usize) -> Vec<usize> {
    let taken = count.min(most);
    (0..taken).map(|i| i * count / taken).collect()
}

/// Selects the fraction `ratio` of each class, at least one sample, in their original order: simulates having only
/// this many labels. Depends only on labels, ratio and seed.
pub fn labelled(labels: &[u32], ratio: f64, seed: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x6c61_6265_6c73);
    let classes = labels.iter().max().map_or(0, |label| *label as usize + 1);
    let mut kept = Vec::new();
    for class in 0..classes {
        let mut of_class: Vec<usize> = (0..labels.len())
            .filter(|i| labels[*i] as usize == class)
            .collect();
        of_class.shuffle(&mut rng);
        let count = ((of_class.len() as f64 * ratio).round() as usize)
            .clamp(usize::from(!of_class.is_empty()), of_class.len());
        kept.extend(&of_class[..count]);
    }
    kept.sort_unstable();
    kept
}
