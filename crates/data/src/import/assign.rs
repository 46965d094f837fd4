//! Assigns groups of windows to splits.

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// Windows that must stay in one split.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Number of windows of every class.
    pub counts: Vec<usize>,
}

/// Assigns `groups` to splits so that the windows of every class approach `shares`. The largest groups come first; each
/// goes to the split that lacks most of it. Returns the split of each group. The result depends only on the groups, the
/// shares and the seed.
pub fn assign(groups: &[Group], shares: [f64; 3], seed: u64) -> Vec<usize> {
    let classes = groups
        .iter()
        .map(|group| group.counts.len())
        .max()
        .unwrap_or(0);
    let mut totals = vec![0usize; classes];
    for group in groups {
        totals
            .iter_mut()
            .zip(&group.counts)
            .for_each(|(total, count)| *total += count);
    }
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by(|a, b| groups[*a].name.cmp(&groups[*b].name));
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let size = |i: usize| groups[i].counts.iter().sum::<usize>();
    order.sort_by_key(|&i| std::cmp::Reverse(size(i)));
    let mut held = vec![[0usize; 3]; classes];
    let mut splits = vec![0; groups.len()];
    for i in order {
        // How much of the group's classes a split still lacks, relative to its target.
        let lack = |split: usize| {
            let own = groups[i]
                .counts
                .iter()
                .enumerate()
                .filter(|(_, count)| **count > 0);
            own.map(|(class, count)| {
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
        groups[i]
            .counts
            .iter()
            .enumerate()
            .for_each(|(class, count)| held[class][best] += count);
    }
    splits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn group(name: usize, counts: &[usize]) -> Group {
        Group {
            name: format!("g{name}"),
            counts: counts.to_vec(),
        }
    }

    #[test]
    fn every_class_is_shared_out() {
        let groups: Vec<Group> = (0..40)
            .map(|i| group(i, if i % 4 == 0 { &[0, 5] } else { &[10, 0] }))
            .collect();
        let splits = assign(&groups, [0.7, 0.15, 0.15], 1);
        for class in 0..2 {
            let of = |split: usize| -> usize {
                groups
                    .iter()
                    .zip(&splits)
                    .filter(|(_, own)| **own == split)
                    .map(|(g, _)| g.counts[class])
                    .sum()
            };
            let all = (of(0) + of(1) + of(2)) as f64;
            for (split, share) in [0.7, 0.15, 0.15].into_iter().enumerate() {
                assert!(
                    (of(split) as f64 / all - share).abs() < 0.11,
                    "class {class}, split {split}: {}",
                    of(split)
                );
            }
        }
        assert_eq!(splits, assign(&groups, [0.7, 0.15, 0.15], 1));
        assert_ne!(splits, assign(&groups, [0.7, 0.15, 0.15], 2));
    }

    proptest! {
        /// Three groups of a class suffice for all three splits, whatever their sizes; a split with share zero gets
        /// none.
        #[test]
        fn no_split_is_left_empty(sizes in proptest::collection::vec(1usize..50, 3..12), seed: u64) {
            let groups: Vec<Group> = sizes.iter().enumerate().map(|(i, n)| group(i, &[*n])).collect();
            let splits = assign(&groups, [0.7, 0.15, 0.15], seed);
            for split in 0..3 {
                prop_assert!(splits.contains(&split), "{splits:?}");
            }
            prop_assert!(!assign(&groups, [0.8, 0.2, 0.0], seed).contains(&2));
        }
    }
}
