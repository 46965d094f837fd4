use super::*;

/// Two columns that are only informative together (an exclusive or), and six of noise.
fn exclusive_or(rows: usize, seed: u64) -> (Table, Vec<u32>) {
    let mut rng = generator(seed, Purpose::Subset, 0);
    let mut values = Vec::new();
    let mut labels = Vec::new();
    for _ in 0..rows {
        let row: [f64; 8] = std::array::from_fn(|_| rng.random::<f64>() - 0.5);
        labels.push(u32::from((row[2] > 0.0) != (row[5] > 0.0)));
        values.extend(row);
    }
    (Table::new(values, 8), labels)
}

fn options(kind: ForestKind) -> ForestOptions {
    ForestOptions {
        kind,
        trees: 100,
        seed: 3,
    }
}

#[test]
fn what_no_line_separates() {
    let (train, labels) = exclusive_or(600, 1);
    let (test, expected) = exclusive_or(400, 2);
    for kind in [ForestKind::Random, ForestKind::Extra] {
        let forest = Forest::fit(&train, &labels, 2, options(kind));
        let found = forest.probabilities(&test);
        let right = found.chunks_exact(2).zip(&expected);
        let right = right
            .filter(|(row, label)| (row[1] > row[0]) == (**label == 1))
            .count();
        assert!(right > 340, "{kind:?}: {right}");
        // Without bootstrap, each tree classifies its training rows perfectly.
        if kind == ForestKind::Extra {
            let known = forest.probabilities(&train);
            let sure = known
                .chunks_exact(2)
                .zip(&labels)
                .all(|(row, &label)| row[label as usize] == 1.0);
            assert!(sure);
        }
    }
}

#[test]
fn threads_and_units_change_nothing() {
    let (train, labels) = exclusive_or(200, 1);
    for kind in [ForestKind::Random, ForestKind::Extra] {
        let expected = Forest::fit(&train, &labels, 2, options(kind)).probabilities(&train);
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            let found = pool
                .install(|| Forest::fit(&train, &labels, 2, options(kind)).probabilities(&train));
            assert_eq!(found, expected);
        }
        let mut scaled = train.clone();
        scaled
            .values_mut()
            .iter_mut()
            .for_each(|value| *value *= 1024.0);
        let found = Forest::fit(&scaled, &labels, 2, options(kind)).probabilities(&scaled);
        assert_eq!(found, expected);
    }
}

#[test]
fn rows_that_are_alike_are_one_leaf() {
    let table = Table::new(vec![1.0; 8], 2);
    let forest = Forest::fit(&table, &[0, 1, 1, 1], 2, options(ForestKind::Extra));
    assert_eq!(forest.probabilities(&table)[..2], [0.25, 0.75]);
}
