use super::*;
use crate::metrics::macro_f1;
use crate::reference::{classes, reference};

fn tested<'a, G>(labels: &'a [u32], groups: &'a [G], classes: usize) -> TestedWindows<'a, G> {
    TestedWindows {
        labels,
        groups,
        classes,
    }
}

fn names(value: &serde_json::Value) -> Vec<String> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

/// The generators differ, so the ends agree within the noise of ten thousand draws.
#[test]
fn as_scipy() {
    let all = reference();
    let case = &all["bootstrap"];
    let (labels, groups) = (classes(&case["y"]), names(&case["groups"]));
    let (first, second) = (classes(&case["first"]), classes(&case["second"]));
    let options = Options {
        draws: 10_000,
        ..Options::default()
    };
    let score = interval(tested(&labels, &groups, 3), &first, macro_f1, options);
    let both = difference(
        tested(&labels, &groups, 3),
        [&first, &second],
        macro_f1,
        options,
    );
    for (ours, name) in [(score, "score"), (both.interval, "difference")] {
        let theirs = |key: &str| case[name][key].as_f64().unwrap();
        assert!((ours.score - theirs("value")).abs() < 1e-12);
        for (ours, key) in [
            (ours.low, "low"),
            (ours.high, "high"),
            (ours.standard_error, "standard_error"),
        ] {
            let tolerance = 0.06 * theirs("standard_error");
            assert!(
                (ours - theirs(key)).abs() < tolerance * 3.0,
                "{name} {key}: {ours}, {}",
                theirs(key)
            );
        }
    }
}

#[test]
fn groups_are_drawn_and_not_windows() {
    // Ten groups of one hundred windows; all windows of a group are right, or all are wrong.
    let labels = vec![0; 1000];
    let groups: Vec<String> = (0..1000).map(|i| (i / 100).to_string()).collect();
    let predicted: Vec<u32> = (0..1000).map(|i| u32::from(i / 100 >= 7)).collect();
    let accuracy = |matrix: &Confusion| crate::metrics::Report::of(matrix).accuracy;
    let whole = interval(
        tested(&labels, &groups, 2),
        &predicted,
        accuracy,
        Options::default(),
    );
    // Binomial over ten groups: sqrt(0.7 * 0.3 / 10).
    assert!((whole.standard_error - 0.145).abs() < 0.01, "{whole:?}");
    assert!(whole.low < 0.5 && whole.high >= 0.9, "{whole:?}");
    let windows: Vec<String> = (0..1000).map(|i| i.to_string()).collect();
    let narrow = interval(
        tested(&labels, &windows, 2),
        &predicted,
        accuracy,
        Options::default(),
    );
    assert!((narrow.standard_error - 0.0145).abs() < 0.001, "{narrow:?}");
}

#[test]
fn seeds_and_threads() {
    let labels: Vec<u32> = (0..90).map(|i| i % 3).collect();
    let groups: Vec<String> = (0..90).map(|i| (i / 7).to_string()).collect();
    let predicted: Vec<u32> = (0..90).map(|i| (i + u32::from(i % 5 == 0)) % 3).collect();
    let of = |seed| {
        let options = Options {
            seed,
            ..Options::default()
        };
        interval(tested(&labels, &groups, 3), &predicted, macro_f1, options)
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    assert_eq!(pool.install(|| of(1)), of(1));
    assert_ne!(of(2), of(1));
}

#[test]
fn what_cannot_be_known() {
    let one = interval(
        tested(&[0, 1], &["a", "a"], 2),
        &[0, 1],
        macro_f1,
        Options::default(),
    );
    assert_eq!((one.score, one.low, one.high), (1.0, 0.0, 1.0));
    // Everything is right in all groups, so all draws are equal.
    let perfect = interval(
        tested(&[0, 1], &["a", "b"], 2),
        &[0, 1],
        macro_f1,
        Options::default(),
    );
    assert_eq!(
        (perfect.low, perfect.high, perfect.standard_error),
        (1.0, 1.0, 0.0)
    );
    let same = difference(
        tested(&[0, 1], &["a", "b"], 2),
        [&[0, 0], &[0, 0]],
        macro_f1,
        Options::default(),
    );
    assert_eq!((same.interval.score, same.first_better), (0.0, 0.5));
}
