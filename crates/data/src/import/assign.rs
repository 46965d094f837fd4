//! Assigns groups of windows to splits.

mod search;
#[cfg(test)]
mod tests;

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use search::Balance;

/// Windows that must stay in one split.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Number of windows of every class.
    pub counts: Vec<usize>,
}

/// Searches in different orders; the best result counts.
const STARTS: usize = 8;
/// With more groups than this, the first search that leaves out no class is close enough.
const FEW: usize = 64;

/// Assigns `groups` to splits so that the windows of every class, and of all classes, approach `shares`. No split is
/// left without windows, and none without windows of a class, if a search finds an assignment without: that counts more
/// than the fractions. Returns the split of each group. The result depends only on the groups, the shares and the seed.
pub fn assign(groups: &[Group], shares: [f64; 3], seed: u64) -> Vec<usize> {
    let classes = groups.iter().map(|group| group.counts.len());
    let mut totals = vec![0usize; classes.max().unwrap_or(0)];
    let mut groups_of_class = totals.clone();
    for group in groups {
        for (class, count) in group.counts.iter().enumerate() {
            totals[class] += count;
            groups_of_class[class] += usize::from(*count > 0);
        }
    }
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by(|a, b| groups[*a].name.cmp(&groups[*b].name));
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    let mut best: Option<(search::Cost, Vec<usize>)> = None;
    for _ in 0..STARTS {
        order.shuffle(&mut generator);
        let splits = start(groups, shares, &totals, &order);
        let mut balance = Balance::new(groups, shares, &totals, splits);
        let cost = balance.improve(&order);
        if best.as_ref().is_none_or(|(known, _)| cost.is_below(known)) {
            best = Some((cost, balance.splits));
        }
        if groups.len() > FEW && cost.is_complete(&groups_of_class, shares) {
            break;
        }
    }
    best.map(|(_, splits)| splits).unwrap_or_default()
}

/// Puts one group after the other into the split that lacks most of it.
fn start(groups: &[Group], shares: [f64; 3], totals: &[usize], order: &[usize]) -> Vec<usize> {
    let mut held = vec![[0usize; 3]; totals.len()];
    let mut splits = vec![0; groups.len()];
    for &i in order {
        // How much of the group's classes a split still lacks, relative to its target.
        let lack = |split: usize| {
            let counts = groups[i].counts.iter().enumerate();
            let present = counts.filter(|(_, count)| **count > 0);
            present
                .map(|(class, count)| {
                    let due = shares[split] * totals[class] as f64;
                    (due - held[class][split] as f64) / due.max(1e-9) * *count as f64
                })
                .sum::<f64>()
        };
        let candidates = (0..3).filter(|split| shares[*split] > 0.0);
        let best = candidates
            .max_by(|a, b| lack(*a).total_cmp(&lack(*b)).then(b.cmp(a)))
            .unwrap_or(0);
        splits[i] = best;
        for (held, count) in held.iter_mut().zip(&groups[i].counts) {
            held[best] += count;
        }
    }
    splits
}
