//! What an assignment keeps, and how close it comes.

use proptest::prelude::{any, prop_assert, proptest};
use rand::Rng as _;

use super::*;

const SHARES: [f64; 3] = [0.7, 0.15, 0.15];

fn group(name: usize, counts: &[usize]) -> Group {
    Group {
        name: format!("g{name}"),
        counts: counts.to_vec(),
    }
}

/// The windows of each class in each split.
fn held(groups: &[Group], splits: &[usize]) -> Vec<[usize; 3]> {
    let mut held = vec![[0; 3]; groups[0].counts.len()];
    for (group, split) in groups.iter().zip(splits) {
        for (held, count) in held.iter_mut().zip(&group.counts) {
            held[*split] += count;
        }
    }
    held
}

/// The largest difference from a requested fraction, over all classes and splits.
fn off(groups: &[Group], splits: &[usize], shares: [f64; 3]) -> f64 {
    let held = held(groups, splits);
    let classes = held.iter().filter(|held| held.iter().sum::<usize>() > 0);
    let off = classes.flat_map(|held| {
        let all: usize = held.iter().sum();
        (0..3).map(move |split| (held[split] as f64 / all as f64 - shares[split]).abs())
    });
    off.fold(0.0, f64::max)
}

/// The largest groups first, each into the split that lacks most of it: the way of earlier versions.
fn largest_first(groups: &[Group], shares: [f64; 3], seed: u64) -> Vec<usize> {
    let size = |i: &usize| groups[*i].counts.iter().sum::<usize>();
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by(|a, b| groups[*a].name.cmp(&groups[*b].name));
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    order.sort_by_key(|i| std::cmp::Reverse(size(i)));
    let counts = 0..groups[0].counts.len();
    let totals = counts.map(|class| groups.iter().map(|group| group.counts[class]).sum());
    start(groups, shares, &totals.collect::<Vec<_>>(), &order)
}

#[test]
fn every_class_is_shared_out() {
    let groups: Vec<Group> = (0..40)
        .map(|i| group(i, if i % 4 == 0 { &[0, 5] } else { &[10, 0] }))
        .collect();
    let splits = assign(&groups, SHARES, 1);
    let held = held(&groups, &splits);
    assert!(off(&groups, &splits, SHARES) < 0.06, "{held:?}");
    assert!([40, 50].contains(&held[0][1]), "{held:?}");
    assert_eq!(splits, assign(&groups, SHARES, 1));
    assert_ne!(splits, assign(&groups, SHARES, 2));
}

/// One group in eight is nearer to 0.15 than two, for validation and for testing.
#[test]
fn few_groups_come_as_close_as_they_can() {
    for seed in 0..20 {
        let groups: Vec<Group> = (0..16)
            .map(|i| group(i, if i % 2 == 0 { &[0, 9] } else { &[9, 0] }))
            .collect();
        let splits = assign(&groups, SHARES, seed);
        assert_eq!(held(&groups, &splits), [[54, 9, 9]; 2], "seed {seed}");
    }
}

/// A large group does not fill a small split while smaller ones fit it.
#[test]
fn sizes_that_differ_decide_which_group_goes_where() {
    let sizes = [500, 100, 100, 100, 100, 50, 50];
    let groups: Vec<Group> = (0..7).map(|i| group(i, &[sizes[i]])).collect();
    for seed in 0..20 {
        let splits = assign(&groups, SHARES, seed);
        assert_eq!(held(&groups, &splits), [[700, 150, 150]], "seed {seed}");
    }
}

/// Fractions where no groups give them exactly; every class keeps a group in every split.
#[test]
fn a_class_of_three_groups_is_in_every_split() {
    let counts = |i: usize| match i {
        0..3 => [1, 30 + i, 0],
        3..12 => [20 * i, 0, 0],
        _ => [0, 1, 5],
    };
    let groups: Vec<Group> = (0..14).map(|i| group(i, &counts(i))).collect();
    for seed in 0..20 {
        let held = held(&groups, &assign(&groups, SHARES, seed));
        assert!(held[0].iter().all(|windows| *windows > 0), "{held:?}");
        assert!(held[1].iter().all(|windows| *windows > 0), "{held:?}");
        // Two groups of a class are for training and validation.
        assert_eq!(held[2], [5, 5, 0], "seed {seed}");
    }
}

/// Recordings of one class each, and recordings of several classes.
fn generated(generator: &mut ChaCha8Rng, groups: std::ops::Range<usize>) -> Vec<Group> {
    let classes = generator.random_range(2..6);
    let is_mixed = generator.random_bool(0.4);
    let is_equal = generator.random_bool(0.3);
    let size = |generator: &mut ChaCha8Rng| {
        let size = if is_equal {
            0.5
        } else {
            generator.random::<f64>()
        };
        (5.0 * 40f64.powf(size)) as usize
    };
    let mut all = Vec::new();
    for class in 0..classes {
        for _ in 0..generator.random_range(groups.clone()) {
            let mut counts = vec![0; classes];
            counts[class] = size(generator);
            for count in counts.iter_mut().filter(|count| is_mixed && **count == 0) {
                if generator.random_bool(0.3) {
                    *count = size(generator);
                }
            }
            all.push(group(all.len(), &counts));
        }
    }
    all
}

/// Mean and largest difference from the requested fractions, for `way` over generated imports.
fn measured(
    groups: std::ops::Range<usize>,
    way: fn(&[Group], [f64; 3], u64) -> Vec<usize>,
) -> (f64, f64) {
    let mut generator = ChaCha8Rng::seed_from_u64(7);
    let (mut sum, mut worst, cases) = (0.0, 0.0f64, 150);
    for case in 0..cases {
        let all = generated(&mut generator, groups.clone());
        let shares = [SHARES, [0.6, 0.2, 0.2], [0.8, 0.2, 0.0]][case % 3];
        let off = off(&all, &way(&all, shares, case as u64), shares);
        sum += off;
        worst = worst.max(off);
    }
    (sum / cases as f64, worst)
}

/// `cargo test -p data --lib closer_to_the_fractions -- --nocapture` prints the differences.
#[test]
fn assignments_are_closer_to_the_fractions_than_largest_first() {
    for groups in [3..7, 7..13, 13..25, 25..41] {
        let before = measured(groups.clone(), largest_first);
        let now = measured(groups.clone(), assign);
        println!("{groups:?} groups a class: mean and worst {before:.4?} before, {now:.4?} now");
        assert!(now.0 < 0.85 * before.0, "{groups:?}: {now:?}, {before:?}");
        assert!(now.1 <= before.1 + 1e-9, "{groups:?}: {now:?}, {before:?}");
    }
}

/// Of few groups, no assignment at all is much better.
#[test]
fn few_groups_are_close_to_the_best_assignment() {
    let mut generator = ChaCha8Rng::seed_from_u64(3);
    let (mut same, cases) = (0, 60);
    for seed in 0..cases {
        let sizes: Vec<usize> = (0..8).map(|_| generator.random_range(1..60)).collect();
        let groups: Vec<Group> = (0..8)
            .map(|i| {
                group(
                    i,
                    &if i % 2 == 0 {
                        [sizes[i], 0]
                    } else {
                        [sizes[i], sizes[i] / 3]
                    },
                )
            })
            .collect();
        let totals: Vec<usize> = (0..2)
            .map(|class| groups.iter().map(|group| group.counts[class]).sum())
            .collect();
        let cost = |splits: Vec<usize>| Balance::new(&groups, SHARES, &totals, splits).cost();
        let found = cost(assign(&groups, SHARES, seed));
        let all = (0..3usize.pow(8)).map(|n| (0..8).map(|i| n / 3usize.pow(i) % 3).collect());
        same += u64::from(!all.into_iter().any(|splits| cost(splits).is_below(&found)));
    }
    println!("{same} of {cases} are the best");
    assert!(same * 2 > cases, "only {same} of {cases}");
}

proptest! {
    /// Three groups of a class suffice for all three splits, whatever their sizes; a split with share zero gets none.
    #[test]
    fn no_split_is_left_empty(sizes in proptest::collection::vec(1usize..50, 3..12), seed in any::<u64>()) {
        let groups: Vec<Group> = sizes.iter().enumerate().map(|(i, n)| group(i, &[*n])).collect();
        let splits = assign(&groups, SHARES, seed);
        for split in 0..3 {
            prop_assert!(splits.contains(&split), "{splits:?}");
        }
        prop_assert!(!assign(&groups, [0.8, 0.2, 0.0], seed).contains(&2));
    }
}
