use data::{Dataset, DatasetConfig, Normalisation, demo};

use super::quick::key;
use super::*;
use crate::features::{FeatureSet, Features};
use crate::samples::Keep;

/// Windows in two classes, slow and fast waves with noise, scaled by `unit`; `groups` recordings of five windows each.
fn splits(groups: usize, channels: usize, unit: f32) -> Splits {
    let mut chunk = data::windows::WindowChunk {
        shape: [channels, 256],
        ..Default::default()
    };
    let mut state = 99u32;
    for window in 0..groups * 5 {
        let class = (window / 5 % 2) as u32;
        for _ in 0..channels {
            for i in 0..256 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = (state >> 8) as f32 / (1u32 << 24) as f32 - 0.5;
                let wave = (i as f32 * (0.3 + 0.25 * class as f32) + window as f32).sin();
                chunk.values.push((wave + 4.0 * noise) * unit);
            }
        }
        chunk.labels.push(class);
        chunk.groups.push(Some(format!("g{}", window / 5)));
    }
    let mut splits = Splits {
        class_names: vec!["slow".into(), "fast".into()],
        fingerprints: vec!["x".into()],
        ..Default::default()
    };
    splits.samples.append(
        &chunk,
        Keep {
            segment_bands: true,
            windows: true,
        },
    );
    let all = splits.samples.len();
    splits.train = (0..all * 3 / 5).collect();
    splits.validation = (all * 3 / 5..all).collect();
    splits
}

fn options(baselines: Vec<Baseline>, folds: Option<FoldScheme>) -> CompareOptions {
    CompareOptions {
        baselines,
        folds,
        most_windows: 10_000,
        fold_seed: 0,
        seed: 7,
    }
}

fn run(splits: &Splits, options: &CompareOptions) -> Comparison {
    compare(splits, options, &mut |_, _| {}).unwrap()
}

#[test]
fn every_baseline_learns_and_majority_does_not() {
    let splits = splits(40, 2, 1.0);
    let comparison = run(&splits, &options(Baseline::all(), None));
    // Windows of 256 samples have a single segment. These have two channels, so the correlation comes along.
    assert_eq!(comparison.left_out.len(), 3);
    assert_eq!(comparison.results.len(), Baseline::all().len() - 3);
    let in_time = [
        FeatureSet::Time,
        FeatureSet::Rhythm,
        FeatureSet::TimeAndCorrelation,
    ];
    for result in &comparison.results {
        let score = result.judgements[0].scores.macro_f1.score;
        match result.baseline {
            Baseline::Majority => assert!(score < 0.4, "{score}"),
            // In the time domain, the waves look alike.
            Baseline::Logistic(set) | Baseline::ExtraTrees(set) | Baseline::RandomForest(set)
                if in_time.contains(&set) => {}
            other => assert!(score > 0.9, "{other:?}: {score}"),
        }
    }
    let text = serde_json::to_string(&comparison).unwrap();
    assert_eq!(
        serde_json::from_str::<Comparison>(&text).unwrap(),
        comparison
    );
}

/// Channels that move alike or against each other, in slow and fast waves: only the correlation tells which.
#[test]
fn the_quick_comparison_sees_the_direction_of_movement() {
    let of = |channels| {
        let mut splits = splits(40, channels, 1.0);
        let mut windows = splits.samples.windows.clone();
        for (i, window) in windows.chunks_exact_mut(256 * channels).enumerate() {
            let against = i / 10 % 2 == 1;
            splits.samples.labels[i] = against.into();
            let (first, others) = window.split_at_mut(256);
            for (other, first) in others.iter_mut().zip(first.iter()) {
                *other = if against { -first } else { *first };
            }
        }
        splits.samples.features = Features::of(&windows, [channels, 256], false);
        run(&splits, &options(Baseline::quick(), None))
    };
    let names = |found: &Comparison| {
        let of = |result: &BaselineResult| result.baseline.features();
        found.results.iter().map(of).collect::<Vec<_>>()
    };
    let two = of(2);
    let expected = ["mean_bands", "mean_bands_and_time_and_correlation"];
    assert_eq!(names(&two), expected);
    let scores = two
        .results
        .iter()
        .map(|r| r.judgements[0].scores.macro_f1.score);
    let scores: Vec<f64> = scores.collect();
    assert!(scores[0] < 0.7 && scores[1] > 0.95, "{scores:?}");
    // A single channel has none, and the name says so.
    let one = of(1);
    assert_eq!(names(&one), ["mean_bands", "mean_bands_and_time"]);
    assert!(one.left_out.is_empty() && two.left_out.is_empty());
}

/// What is left out gives the same numbers, and is not left out alone.
#[test]
fn bands_of_a_single_segment_are_their_mean() {
    let splits = splits(20, 2, 1.0);
    let of = |set| {
        let baselines = [Baseline::Logistic(set), Baseline::ExtraTrees(set)];
        run(&splits, &options(baselines.to_vec(), None))
    };
    let (mean, segments) = (of(FeatureSet::MeanBands), of(FeatureSet::SegmentBands));
    assert!(segments.left_out.is_empty());
    for (mean, segments) in mean.results.iter().zip(&segments.results) {
        assert_eq!(mean.judgements, segments.judgements);
    }
    let both = [FeatureSet::MeanBands, FeatureSet::SegmentBands].map(Baseline::Logistic);
    let both = run(&splits, &options(both.to_vec(), None));
    assert_eq!(both.results.len(), 1);
    assert_eq!(
        both.left_out,
        [
            "logistic regression on segment bands is left out: windows of 256 samples have a single segment, so it is the \
          same as logistic regression on mean bands"
        ]
    );
    let same = |samples| FeatureSet::SegmentBands.same_as([1, samples]);
    assert_eq!(same(383), Some(FeatureSet::MeanBands));
    assert_eq!(same(384), None);
}

#[test]
fn units_and_threads_change_nothing() {
    for channels in 1..4 {
        let of = |unit: f32| {
            let data = splits(20, channels, unit);
            run(
                &data,
                &options(vec![Baseline::Logistic(FeatureSet::MeanBands)], None),
            )
        };
        let expected = of(1.0);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .unwrap();
        assert_eq!(pool.install(|| of(1.0)), expected);
        for unit in [1e-12, 1e12] {
            let found = of(unit);
            for (a, b) in expected.results.iter().zip(&found.results) {
                assert_eq!(
                    a.judgements[0].predicted, b.judgements[0].predicted,
                    "{channels} {unit} {:?}",
                    a.baseline
                );
            }
        }
    }
}

#[test]
fn folds_pool_training_and_validation() {
    let splits = splits(20, 1, 1.0);
    let baselines = vec![
        Baseline::Majority,
        Baseline::ExtraTrees(FeatureSet::MeanBands),
    ];
    let comparison = run(
        &splits,
        &options(baselines, Some(FoldScheme::Stratified(4))),
    );
    let [reference] = &comparison.references[..] else {
        panic!("one reference");
    };
    assert_eq!(
        (reference.split.as_str(), reference.labels.len()),
        ("folds", 100)
    );
    let judgement = &comparison.results[1].judgements[0];
    assert_eq!((judgement.by_fold.len(), judgement.by_group.len()), (4, 20));
    assert_eq!(
        judgement
            .by_fold
            .iter()
            .map(|fold| fold.windows)
            .sum::<usize>(),
        100
    );
    assert!(
        judgement.scores.macro_f1.score > 0.85,
        "{:?}",
        judgement.scores
    );
    let refused = compare(
        &splits,
        &options(Vec::new(), Some(FoldScheme::Stratified(21))),
        &mut |_, _| {},
    );
    assert!(refused.is_err());
}

#[test]
fn a_network_is_compared_with_the_best() {
    let splits = splits(30, 1, 1.0);
    let baselines = vec![
        Baseline::Majority,
        Baseline::Logistic(FeatureSet::MeanBands),
    ];
    let comparison = run(&splits, &options(baselines, None));
    assert_eq!(
        comparison.best("test").unwrap().baseline,
        Baseline::Logistic(FeatureSet::MeanBands)
    );
    let labels = comparison.references[0].labels.clone();
    let perfect = comparison.verdict("test", &labels).unwrap();
    assert!(perfect.difference.interval.score >= 0.0);
    let wrong: Vec<u32> = labels.iter().map(|label| 1 - label).collect();
    let worse = comparison.verdict("validation", &wrong).unwrap();
    assert!(!worse.network_is_better());
    let message = worse.to_string();
    assert!(
        message.contains("WORSE than the best simple baseline (logistic regression on mean bands)"),
        "{message}"
    );
    let same = comparison
        .verdict("validation", &comparison.results[1].judgements[0].predicted)
        .unwrap();
    assert!(same.to_string().contains("NOT BETTER than"), "{same}");
    assert!(comparison.verdict("validation", &labels[1..]).is_none());
    assert!(comparison.verdict("folds", &labels).is_none());
}

#[test]
fn the_quick_comparison_of_the_demo() {
    let folder = tempfile::tempdir().unwrap();
    let config = DatasetConfig::load(&demo::ensure(folder.path()).unwrap(), None).unwrap();
    let splits = Splits::read(&config, Keep::default()).unwrap();
    assert!(splits.samples.windows.is_empty());
    // The same result as reading the data for training.
    let dataset = Dataset::load(&config, Normalisation::None).unwrap();
    let read = [&dataset.train, &dataset.val, &dataset.test];
    let fingerprints = read.map(|split| split.fingerprint.clone());
    let groups = read.iter().flat_map(|split| &split.group_of);
    let expected = crate::identity(&fingerprints, groups.map(Option::as_deref));
    assert_eq!(splits.identity, expected);
    let options = CompareOptions {
        most_windows: 300,
        ..options(Baseline::quick(), None)
    };
    let comparison = run(&splits, &options);
    assert_eq!(comparison.learned_from, Some(300));
    let names: Vec<&str> = comparison
        .references
        .iter()
        .map(|judgement| judgement.split.as_str())
        .collect();
    assert_eq!(names, ["validation", "test"]);
    for result in &comparison.results {
        let score = result.judgements[1].scores.macro_f1.score;
        assert!(score > 0.75, "{:?}: {score}", result.baseline);
    }
    assert!(comparison.warnings.is_empty(), "{:?}", comparison.warnings);
}

#[test]
fn what_decides_the_result_is_in_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let config = DatasetConfig::load(&demo::ensure(folder.path()).unwrap(), None).unwrap();
    let options = QuickOptions {
        identity: "x",
        windows: 10,
        learn_from: None,
        budget: Budget { most_windows: 100 },
        seed: 1,
    };
    let of = |config: &DatasetConfig| key(config, &options);
    let expected = of(&config);
    assert_eq!(of(&config), expected);
    for other in [
        QuickOptions { seed: 2, ..options },
        QuickOptions {
            identity: "y",
            ..options
        },
        QuickOptions {
            learn_from: Some(&[1, 2]),
            ..options
        },
        QuickOptions {
            budget: Budget { most_windows: 99 },
            ..options
        },
    ] {
        assert_ne!(key(&config, &other), expected);
    }
    let mut filtered = config.clone();
    filtered.steps.push(data::Step::Demean);
    assert_ne!(of(&filtered), expected);
    let mut renamed = config.clone();
    renamed.task.class_names = Some(vec!["x".into(), "y".into(), "z".into()]);
    assert_ne!(of(&renamed), expected);
}
