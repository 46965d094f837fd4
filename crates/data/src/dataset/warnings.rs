//! What a careful colleague would say of the classes and groups of a dataset.

use crate::alike::alike_groups;
use crate::folds::{coincidence_warnings, few_groups_warning};
use crate::split::Split;

/// The splits in messages.
const NAMES: [&str; 3] = ["training", "validation", "test"];

/// A class with fewer windows in a split, and a smaller share of it, is rare there.
const FEW: usize = 5;
const RARE: f64 = 0.01;

/// Warnings of classes that a split lacks, or has hardly any windows of.
pub(super) fn class_warnings(splits: [Option<&Split>; 3], class_names: &[String]) -> Vec<String> {
    let of = |split: &Split| split.class_counts(class_names.len());
    let counts = splits.map(|split| split.map(of));
    let of_class = |class: usize| {
        counts
            .iter()
            .map(move |counts| Some(counts.as_ref()?[class]))
    };
    let all: Vec<Option<usize>> = splits.iter().map(|split| Some((*split)?.len())).collect();
    let mut warnings = Vec::new();
    for (class, name) in class_names.iter().enumerate() {
        let named = || NAMES.iter().zip(of_class(class));
        let lacks: Vec<&str> = named()
            .filter(|(_, count)| *count == Some(0))
            .map(|(name, _)| *name)
            .collect();
        if lacks.contains(&NAMES[0]) {
            warnings.push(format!("class `{name}` has no training sample"));
            continue;
        }
        if !lacks.is_empty() {
            warnings.push(format!(
                "class `{name}` has no {} sample: nothing tells there how well it is known",
                lacks.join(" and no ")
            ));
        }
        let few = named().zip(&all).filter_map(|((split, count), all)| {
            let (count, all) = (count.filter(|count| *count > 0)?, (*all)?);
            let is_rare = count < FEW && (count as f64) < RARE * all as f64;
            is_rare.then(|| format!("{count} of {all} {split} windows"))
        });
        let few: Vec<String> = few.collect();
        if !few.is_empty() {
            warnings.push(format!(
                "class `{name}` is rare: it has {}; its scores are those of single windows",
                few.join(", ")
            ));
        }
    }
    warnings
}

/// Warnings of classes and recordings that coincide, of few recordings to validate on, and of groups that may be one.
pub(super) fn group_warnings(splits: [Option<&Split>; 3], class_names: &[String]) -> Vec<String> {
    let [train, val, _] = splits;
    let mut warnings = Vec::new();
    if let Some((train, groups)) = train.and_then(|train| Some((train, train.group_names()?))) {
        let found = coincidence_warnings(NAMES[0], &train.y, &groups, class_names);
        warnings.extend(found);
    }
    if let Some(groups) = val.and_then(Split::group_names) {
        warnings.extend(few_groups_warning(NAMES[1], &groups));
    }
    let splits = splits.into_iter().enumerate();
    let groups = splits.filter_map(|(number, split)| Some((number, &split?.groups)));
    let groups =
        groups.flat_map(|(number, groups)| groups.iter().map(move |name| (&**name, number)));
    warnings.extend(alike_groups(groups));
    warnings
}

/// A warning of windows without a group, for which nothing shows from which recording they come.
pub(super) fn ungrouped_warning(splits: [Option<&Split>; 3]) -> Option<String> {
    let splits = NAMES.into_iter().zip(splits);
    let splits = splits.filter_map(|(name, split)| Some((name, split?)));
    let counts = splits.map(|(name, split)| {
        let without = split
            .group_of
            .iter()
            .filter(|group| group.is_none())
            .count();
        (name, without, split.len())
    });
    let counts: Vec<(&str, usize, usize)> = counts.collect();
    let without: usize = counts.iter().map(|(_, without, _)| without).sum();
    let all: usize = counts.iter().map(|(.., all)| all).sum();
    let meaning = "whether windows of one recording are in several splits cannot be checked, and if they are, scores are far \
                   too high; store a `group` with each sample, such as its recording, event or person";
    match without {
        0 => None,
        _ if without == all => Some(format!("no window names a group: {meaning}")),
        _ => {
            let named = counts.iter().filter(|(_, without, _)| *without > 0);
            let named =
                named.map(|(name, without, all)| format!("{without} of {all} {name} windows"));
            let named: Vec<String> = named.collect();
            Some(format!(
                "{} name no group, while others do: {meaning}",
                named.join(" and ")
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::Inputs;

    fn split(labels: &[(u32, usize)], group: &str) -> Split {
        let y = labels
            .iter()
            .flat_map(|(label, count)| vec![*label; *count]);
        let y: Vec<u32> = y.collect();
        Split {
            group_of: vec![Some(group.into()); y.len()],
            groups: [group.to_owned()].into(),
            x: Inputs::Memory(Vec::new()),
            y,
            fingerprint: String::new(),
            shape: [1, 1, 1],
        }
    }

    #[test]
    fn classes_that_a_split_lacks() {
        let names = ["a", "b", "c"].map(String::from);
        let train = split(&[(0, 900), (1, 1), (2, 99)], "1");
        let val = split(&[(0, 90), (1, 1)], "2");
        let test = split(&[(0, 150)], "3");
        assert_eq!(
            class_warnings([Some(&train), Some(&val), Some(&test)], &names),
            [
                "class `b` has no test sample: nothing tells there how well it is known",
                "class `b` is rare: it has 1 of 1000 training windows; its scores are those of single windows",
                "class `c` has no validation and no test sample: nothing tells there how well it is known",
            ]
        );
        let without = split(&[(0, 9), (1, 1)], "4");
        let all = [Some(&without), Some(&train), None];
        assert_eq!(
            class_warnings(all, &names)[0],
            "class `b` is rare: it has 1 of 1000 validation windows; its scores are those of single windows"
        );
        assert_eq!(
            class_warnings(all, &names)[1],
            "class `c` has no training sample"
        );
    }

    #[test]
    fn groups_that_may_be_one() {
        let names = ["a".to_owned()];
        let [one, other] = ["1", "01"].map(|group| split(&[(0, 3)], group));
        let found = group_warnings([Some(&one), None, Some(&other)], &names);
        assert!(
            found
                .last()
                .unwrap()
                .starts_with("groups `01` and `1` differ"),
            "{found:?}"
        );
    }
}
