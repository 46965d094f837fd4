//! Improves an assignment of groups to splits by moving and exchanging groups.

use super::Group;

/// Cost of a class without windows in training, validation or test.
const MISSING: [usize; 3] = [4, 2, 1];
/// Two costs that differ by less are equal.
const SAME: f64 = 1e-9;
/// Pairs of groups are exchanged for at most this many groups: with more, moving single groups comes as close.
const MOST_EXCHANGED: usize = 400;
/// Most assignments that one search looks at.
const MOST_TRIED: usize = 4_000_000;

/// How far an assignment is from the requested fractions, the worst first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    /// Splits without windows.
    empty: usize,
    /// Classes that splits lack, weighted by [`MISSING`].
    missing: usize,
    /// Squared differences from the requested fractions, over the splits of each class and of all windows.
    off: f64,
}

impl Cost {
    pub fn is_below(&self, other: &Self) -> bool {
        let (ours, others) = ((self.empty, self.missing), (other.empty, other.missing));
        ours < others || ours == others && self.off < other.off - SAME
    }

    /// Whether no split lacks windows of a class that has a group for it; `groups` has the groups of each class.
    pub fn is_complete(&self, groups: &[usize], shares: [f64; 3]) -> bool {
        let wanted = || {
            MISSING
                .into_iter()
                .zip(shares)
                .filter(|(_, share)| *share > 0.0)
        };
        // A class with few groups lacks the splits that cost least.
        let least = |groups: &usize| -> usize {
            let lacked = wanted().skip(*groups).map(|(cost, _)| cost);
            if *groups > 0 { lacked.sum() } else { 0 }
        };
        self.empty == 0 && self.missing <= groups.iter().map(least).sum()
    }
}

/// An assignment of groups to splits.
pub(super) struct Balance<'a> {
    groups: &'a [Group],
    shares: [f64; 3],
    /// Windows of each class.
    totals: &'a [usize],
    /// Windows of each class in each split.
    held: Vec<[usize; 3]>,
    pub splits: Vec<usize>,
}

impl<'a> Balance<'a> {
    pub fn new(
        groups: &'a [Group],
        shares: [f64; 3],
        totals: &'a [usize],
        splits: Vec<usize>,
    ) -> Self {
        let mut held = vec![[0; 3]; totals.len()];
        for (group, split) in groups.iter().zip(&splits) {
            for (held, count) in held.iter_mut().zip(&group.counts) {
                held[*split] += count;
            }
        }
        Self {
            groups,
            shares,
            totals,
            held,
            splits,
        }
    }

    pub fn cost(&self) -> Cost {
        let wanted = |split: usize| self.shares[split] > 0.0;
        let off = |held: &[usize; 3], total: usize| -> f64 {
            let parts = held.iter().zip(self.shares);
            let off = parts.map(|(held, share)| (*held as f64 / total as f64 - share).powi(2));
            off.sum()
        };
        let mut cost = Cost {
            empty: 0,
            missing: 0,
            off: 0.0,
        };
        let mut all = [0; 3];
        for (held, total) in self.held.iter().zip(self.totals) {
            if *total == 0 {
                continue;
            }
            cost.off += off(held, *total);
            for split in 0..3 {
                all[split] += held[split];
                if held[split] == 0 && wanted(split) {
                    cost.missing += MISSING[split];
                }
            }
        }
        cost.empty = (0..3)
            .filter(|split| all[*split] == 0 && wanted(*split))
            .count();
        cost.off += off(&all, all.iter().sum::<usize>().max(1));
        cost
    }

    fn put(&mut self, group: usize, split: usize) {
        let before = std::mem::replace(&mut self.splits[group], split);
        for (held, count) in self.held.iter_mut().zip(&self.groups[group].counts) {
            held[before] -= count;
            held[split] += count;
        }
    }

    /// Moves groups, and exchanges pairs of them, in `order` as long as that lowers the cost. Returns the cost.
    pub fn improve(&mut self, order: &[usize]) -> Cost {
        let mut cost = self.cost();
        let mut tried = 0;
        let exchanged = if order.len() <= MOST_EXCHANGED {
            order
        } else {
            &[]
        };
        loop {
            let mut is_better = false;
            for &group in order {
                for split in 0..3 {
                    if self.shares[split] <= 0.0 {
                        continue;
                    }
                    is_better |= self.is_better_with(&[(group, split)], &mut cost);
                    tried += 1;
                }
            }
            for (number, &one) in exchanged.iter().enumerate() {
                for &other in &exchanged[..number] {
                    let (of_one, of_other) = (self.splits[one], self.splits[other]);
                    if of_one != of_other {
                        let exchange = [(one, of_other), (other, of_one)];
                        is_better |= self.is_better_with(&exchange, &mut cost);
                        tried += 1;
                    }
                }
            }
            if !is_better || tried > MOST_TRIED {
                return cost;
            }
        }
    }

    /// Puts one or two groups into other splits, and keeps them there if that lowers `cost`.
    fn is_better_with(&mut self, moves: &[(usize, usize)], cost: &mut Cost) -> bool {
        let mut before = [0; 2];
        for (before, (group, split)) in before.iter_mut().zip(moves) {
            *before = self.splits[*group];
            if *before == *split {
                return false;
            }
            self.put(*group, *split);
        }
        let found = self.cost();
        if found.is_below(cost) {
            *cost = found;
            return true;
        }
        for (before, (group, _)) in before.iter().zip(moves) {
            self.put(*group, *before);
        }
        false
    }
}
