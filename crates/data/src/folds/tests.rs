use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

/// Windows of one group per element: its size, and the classes it cycles through.
fn windows(groups: &[(usize, Vec<u32>)]) -> (Vec<u32>, Vec<String>) {
    let mut labels = Vec::new();
    let mut names = Vec::new();
    for (number, (size, classes)) in groups.iter().enumerate() {
        for i in 0..*size {
            labels.push(classes[i % classes.len()]);
            names.push(format!("g{number}"));
        }
    }
    (labels, names)
}

fn group() -> impl Strategy<Value = (usize, Vec<u32>)> {
    (1usize..30, proptest::collection::vec(0u32..4, 1..3))
}

proptest! {
    /// Every window is tested once, no group has two roles, and no fold is empty.
    #[test]
    fn groups_are_tested_once_and_stay_whole(
        groups in proptest::collection::vec(group(), 3..25),
        folds in 2usize..8,
        seed: u64,
    ) {
        let (labels, names) = windows(&groups);
        let folds = folds.min(groups.len());
        let dealt = Folds::new(&labels, &names, FoldScheme::Stratified(folds), seed).unwrap();
        let mut tested = vec![0; labels.len()];
        for fold in 0..dealt.count() {
            let choice = FoldChoice { k: folds, index: fold, seed };
            let with_validation = choice.roles(&labels, &names);
            let left = names.iter().enumerate().filter(|(window, _)| dealt.fold_of()[*window] != fold)
                .map(|(_, name)| name).collect::<HashSet<_>>().len();
            prop_assert_eq!(with_validation.is_ok(), left > 1);
            if let Ok(roles) = &with_validation {
                prop_assert!(!roles.train.is_empty() && !roles.validation.is_empty());
                prop_assert_eq!(&roles.test, &dealt.roles(fold).test);
            }
            for roles in [Some(dealt.roles(fold)), with_validation.ok()].into_iter().flatten() {
                let of = |windows: &[usize]| -> HashSet<String> {
                    windows.iter().map(|&window| names[window].clone()).collect()
                };
                let (train, validation, test) = (of(&roles.train), of(&roles.validation), of(&roles.test));
                prop_assert!(!test.is_empty());
                prop_assert!(test.is_disjoint(&train) && test.is_disjoint(&validation));
                prop_assert!(train.is_disjoint(&validation));
                let all = roles.train.len() + roles.validation.len() + roles.test.len();
                prop_assert_eq!(all, labels.len());
            }
            dealt.roles(fold).test.iter().for_each(|&window| tested[window] += 1);
        }
        prop_assert!(tested.iter().all(|&times| times == 1));
    }

    /// The same seed gives the same folds, regardless of the order of the windows.
    #[test]
    fn the_order_of_windows_does_not_matter(
        groups in proptest::collection::vec(group(), 3..12),
        seed: u64,
        shuffle: u64,
    ) {
        let (labels, names) = windows(&groups);
        let dealt = Folds::new(&labels, &names, FoldScheme::Stratified(3), seed).unwrap();
        let mut order: Vec<usize> = (0..labels.len()).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(shuffle));
        let other_labels: Vec<u32> = order.iter().map(|&i| labels[i]).collect();
        let other_names: Vec<&str> = order.iter().map(|&i| names[i].as_str()).collect();
        let other = Folds::new(&other_labels, &other_names, FoldScheme::Stratified(3), seed).unwrap();
        for (position, &window) in order.iter().enumerate() {
            prop_assert_eq!(other.fold_of()[position], dealt.fold_of()[window]);
        }
    }

    /// With many equal groups of one class each, every fold gets its share of every class.
    #[test]
    fn classes_are_spread(per_class in 2usize..8, folds in 2usize..5, seed: u64) {
        let per_class = per_class * folds;
        let groups: Vec<_> = (0..3 * per_class).map(|i| (5, vec![i as u32 % 3])).collect();
        let (labels, names) = windows(&groups);
        let dealt = Folds::new(&labels, &names, FoldScheme::Stratified(folds), seed).unwrap();
        for fold in 0..folds {
            for class in 0..3 {
                let test = dealt.roles(fold).test;
                let found = test.iter().filter(|&&window| labels[window] == class).count();
                prop_assert_eq!(found, 5 * per_class / folds);
            }
        }
    }
}

#[test]
fn seeds_differ_and_one_group_may_be_left_out() {
    let groups: Vec<_> = (0..12).map(|i| (4, vec![i % 2])).collect();
    let (labels, names) = windows(&groups);
    let of = |seed| Folds::new(&labels, &names, FoldScheme::Stratified(4), seed).unwrap();
    assert_eq!(of(1), of(1));
    assert!((2..20).any(|seed| of(seed) != of(1)));
    let left_out = Folds::new(&labels, &names, FoldScheme::LeaveOneGroupOut, 1).unwrap();
    assert_eq!(left_out.count(), 12);
    for fold in 0..12 {
        let test = left_out.roles(fold).test;
        assert_eq!(test.len(), 4);
        assert!(test.iter().all(|&window| names[window] == names[test[0]]));
    }
}

#[test]
fn bad_requests_are_refused() {
    let (labels, names) = windows(&[(3, vec![0]), (3, vec![1])]);
    for (scheme, expected) in [
        (FoldScheme::Stratified(1), "at least 2 folds, not 1"),
        (FoldScheme::Stratified(0), "at least 2 folds, not 0"),
        (
            FoldScheme::Stratified(3),
            "3 folds need at least 3 groups, but there are 2: record at least 3 groups, besides those of a test",
        ),
    ] {
        let error = Folds::new(&labels, &names, scheme, 0)
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
    }
    let error = Folds::new(&labels, &["a"], FoldScheme::LeaveOneGroupOut, 0).unwrap_err();
    assert_eq!(
        error,
        FoldError::Lengths {
            labels: 6,
            groups: 1
        }
    );
    let one = Folds::new(&[0, 1], &["a", "a"], FoldScheme::LeaveOneGroupOut, 0);
    assert_eq!(one, Err(FoldError::TooFewFolds(1)));
}

/// Seven groups of three classes: validation never takes the last group of a class from training.
#[test]
fn validation_leaves_every_class_in_training() {
    let groups = [
        (9, vec![0]),
        (9, vec![0]),
        (8, vec![1]),
        (8, vec![1]),
        (8, vec![1]),
        (3, vec![2]),
        (3, vec![2]),
    ];
    let (labels, names) = windows(&groups);
    for (index, seed) in [(0, 1), (1, 2), (0, 3), (1, 4)] {
        let choice = FoldChoice { k: 2, index, seed };
        let roles = choice.roles(&labels, &names).unwrap();
        let classes = |windows: &[usize]| -> HashSet<u32> {
            windows.iter().map(|&window| labels[window]).collect()
        };
        let left: Vec<usize> = [&roles.train[..], &roles.validation[..]].concat();
        assert_eq!(classes(&roles.train), classes(&left), "{choice:?}");
        assert_eq!(choice.roles(&labels, &names).unwrap(), roles);
    }
}

#[test]
fn choices_are_checked() {
    let of = |text: &str| serde_json::from_str::<FoldChoice>(text).unwrap();
    assert_eq!(
        of(r#"{"k": 4, "index": 3}"#),
        FoldChoice {
            k: 4,
            index: 3,
            seed: 0
        }
    );
    assert_eq!(of(r#"{"k": 4, "index": 3}"#).check(), Ok(()));
    assert_eq!(
        of(r#"{"k": 1, "index": 0}"#).check(),
        Err(FoldError::TooFewFolds(1))
    );
    let error = of(r#"{"k": 4, "index": 4}"#).check().unwrap_err();
    assert!(error.to_string().contains("no fold 4 of 4"), "{error}");
    let (labels, names) = windows(&[(3, vec![0, 1]), (3, vec![0, 1])]);
    let two = of(r#"{"k": 2, "index": 0}"#).roles(&labels, &names);
    assert_eq!(two, Err(FoldError::NothingToValidate(2)));
}

#[test]
fn warnings_say_what_makes_scores_doubtful() {
    let classes = ["quiet".to_owned(), "saw".to_owned()];
    let of = |groups: &[(usize, Vec<u32>)]| {
        let (labels, names) = windows(groups);
        let few = few_groups_warning("validation", &names);
        (
            coincidence_warnings("training", &labels, &names, &classes),
            few,
        )
    };
    let mixed: Vec<_> = (0..10).map(|_| (4, vec![0, 1])).collect();
    assert_eq!(of(&mixed), (Vec::new(), None));
    let (coincide, few) = of(&mixed[..9]);
    assert!(coincide.is_empty() && few.unwrap().contains("has 9 group(s) only"));
    // Many recordings of one class each suffice to distinguish classes from recordings.
    let pure: Vec<_> = (0..12).map(|i| (4, vec![i % 2])).collect();
    assert_eq!(of(&pure), (Vec::new(), None));
    let (coincide, few) = of(&pure[..5]);
    assert_eq!((coincide.len(), few.is_some()), (1, true));
    assert!(
        coincide[0].contains("of class `saw` come from 2 group(s), `g1` and `g3`"),
        "{coincide:?}"
    );
    // So does one recording that contains both classes.
    let mut single: Vec<_> = (0..11).map(|_| (4, vec![0])).collect();
    single[3].1 = vec![0, 1];
    assert_eq!(of(&single).0, Vec::<String>::new());
}

proptest! {
    /// With groups mapped to sites, every window is tested once, and no site has both the test role and another one.
    #[test]
    fn sites_are_tested_once_and_stay_whole(
        groups in proptest::collection::vec(group(), 4..20),
        sites in 2usize..4,
        seed: u64,
    ) {
        let (labels, names) = windows(&groups);
        let site = |name: &str| name[1..].parse::<usize>().unwrap() % sites;
        let mut tested = vec![0; labels.len()];
        for index in 0..sites {
            let held_out: Vec<String> = (0..groups.len()).map(|i| format!("g{i}")).filter(|name| site(name) == index).collect();
            let choice = FoldChoice { k: sites, index, seed };
            // At most two of the four groups share a site, so at least two remain.
            let roles = choice.roles_without(&held_out, &labels, &names).unwrap();
            roles.test.iter().for_each(|&window| tested[window] += 1);
            let of = |windows: &[usize]| -> HashSet<String> {
                windows.iter().map(|&window| names[window].clone()).collect()
            };
            let (train, validation, test) = (of(&roles.train), of(&roles.validation), of(&roles.test));
            prop_assert!(train.is_disjoint(&validation));
            prop_assert!(train.union(&validation).all(|name| site(name) != index));
            prop_assert!(test.iter().all(|name| site(name) == index));
            prop_assert_eq!(roles.train.len() + roles.validation.len() + roles.test.len(), labels.len());
        }
        prop_assert!(tested.iter().all(|&times| times == 1));
        let choice = FoldChoice { k: 2, index: 0, seed };
        let missing = choice.roles_without(&["elsewhere".into()], &labels, &names);
        prop_assert_eq!(missing, Err(FoldError::NoSuchGroup("elsewhere".into())));
    }
}
