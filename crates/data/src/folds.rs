//! Cross-validation by group: assigns windows to folds.
//!
//! Windows of one recording are similar, so a recording is tested as a whole and never used for training in the same
//! fold. These functions need only labels and group names. They read no data and keep no state.

use std::collections::{BTreeMap, BTreeSet};

use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

/// With fewer groups than this, the score of a split says more about its groups than about the model.
pub const FEW_GROUPS: usize = 10;

/// How groups are assigned to folds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoldScheme {
    /// This many folds, stratified: each class is spread over the folds as evenly as its groups allow.
    Stratified(usize),
    /// One fold per group.
    LeaveOneGroupOut,
}

/// Error from assigning groups to folds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// Fewer than two folds leave nothing to train on.
    #[error("cross-validation needs at least 2 folds, not {0}")]
    TooFewFolds(usize),
    /// A fold would be empty.
    #[error("{folds} folds need at least {folds} groups, but there {}", advice(*groups))]
    TooFewGroups {
        /// Number of folds requested.
        folds: usize,
        /// Number of groups.
        groups: usize,
    },
    /// The index is not less than the number of folds.
    #[error("there is no fold {index} of {folds}: folds count from 0")]
    NoSuchFold {
        /// Index requested.
        index: usize,
        /// Number of folds.
        folds: usize,
    },
    /// Only one group is left besides the tested ones.
    #[error(
        "{0} folds leave one group for training and validation together: ask for more folds, of at least 3 groups"
    )]
    NothingToValidate(usize),
    /// A group to be tested does not exist.
    #[error("there is no group `{0}` to test")]
    NoSuchGroup(String),
    /// Labels and group names differ in number.
    #[error("{labels} labels but {groups} group names")]
    Lengths {
        /// Number of labels.
        labels: usize,
        /// Number of group names.
        groups: usize,
    },
}

/// Reports the number of groups, and what to do if more folds are wanted. Training, validation and test need one group
/// each.
fn advice(groups: usize) -> String {
    match groups {
        0 | 1 => format!("is {groups}: record at least 3 groups, besides those of a test split"),
        2 => "are 2: record at least 3 groups, besides those of a test split".to_owned(),
        _ => format!("are {groups}: ask for fewer folds"),
    }
}

/// Windows of a fold by role, as positions in the data. No group has two roles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// Training windows.
    pub train: Vec<usize>,
    /// Windows for model selection and calibration; empty in [`Folds::roles`].
    pub validation: Vec<usize>,
    /// Test windows.
    pub test: Vec<usize>,
}

/// The fold in which each window is tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folds {
    fold_of: Vec<usize>,
    count: usize,
}

/// A group: its position for each window, and its number of windows by class.
struct Group {
    windows: Vec<usize>,
    classes: BTreeMap<u32, usize>,
}

impl Folds {
    /// Assigns groups to folds. `labels` and `groups` have one entry per window.
    ///
    /// The result depends on the seed and on the labels and groups of the windows, but not on their order.
    ///
    /// # Errors
    /// [`FoldError`] if there are fewer than two folds, or fewer groups than folds.
    pub fn new(
        labels: &[u32],
        groups: &[impl AsRef<str>],
        scheme: FoldScheme,
        seed: u64,
    ) -> Result<Self, FoldError> {
        if labels.len() != groups.len() {
            return Err(FoldError::Lengths {
                labels: labels.len(),
                groups: groups.len(),
            });
        }
        let groups = collect(labels, groups);
        let count = match scheme {
            FoldScheme::Stratified(count) => count,
            FoldScheme::LeaveOneGroupOut => groups.len(),
        };
        if count < 2 {
            return Err(FoldError::TooFewFolds(count));
        }
        if groups.len() < count {
            return Err(FoldError::TooFewGroups {
                folds: count,
                groups: groups.len(),
            });
        }
        let fold_of_group = match scheme {
            FoldScheme::LeaveOneGroupOut => (0..count).collect(),
            FoldScheme::Stratified(_) => deal(&groups, count, seed),
        };
        let mut fold_of = vec![0; labels.len()];
        for (group, fold) in groups.iter().zip(fold_of_group) {
            group
                .windows
                .iter()
                .for_each(|&window| fold_of[window] = fold);
        }
        Ok(Self { fold_of, count })
    }

    /// Number of folds.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The fold in which each window is tested, one entry per window.
    pub fn fold_of(&self) -> &[usize] {
        &self.fold_of
    }

    /// Roles of all windows in a fold: its own windows are tested, all others are for training.
    pub fn roles(&self, fold: usize) -> Roles {
        let mut roles = Roles::default();
        for (window, &fold_of_window) in self.fold_of.iter().enumerate() {
            let role = if fold_of_window == fold {
                &mut roles.test
            } else {
                &mut roles.train
            };
            role.push(window);
        }
        roles
    }
}

/// One fold of a cross-validation. With `k` equal to the number of groups, one group is left out at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldChoice {
    /// Number of folds, 2 or more.
    pub k: usize,
    /// Index of the tested fold, from 0.
    pub index: usize,
    /// Seed that assigns groups to folds. It is independent of the training seed, so that runs with different seeds
    /// can share folds.
    #[serde(default)]
    pub seed: u64,
}

/// The windows that are not tested are cut into this many parts by group; one of them is for validation.
const VALIDATION_PARTS: usize = 8;

impl FoldChoice {
    /// Checks the fold.
    ///
    /// # Errors
    /// [`FoldError`] if there are fewer than two folds, or `index` is not less than `k`.
    pub fn check(self) -> Result<(), FoldError> {
        if self.k < 2 {
            return Err(FoldError::TooFewFolds(self.k));
        }
        if self.index >= self.k {
            return Err(FoldError::NoSuchFold {
                index: self.index,
                folds: self.k,
            });
        }
        Ok(())
    }

    /// Assigns windows to training, validation and test. `labels` and `groups` have one entry per window. About an
    /// eighth of the windows that are not tested, as whole groups, is for validation.
    ///
    /// # Errors
    /// [`FoldError`] if the fold is invalid, there are too few groups, or fewer than two groups are left besides the
    /// tested ones.
    pub fn roles(self, labels: &[u32], groups: &[impl AsRef<str>]) -> Result<Roles, FoldError> {
        self.check()?;
        let folds = Folds::new(labels, groups, FoldScheme::Stratified(self.k), self.seed)?;
        validated(folds.roles(self.index), labels, groups, self)
    }

    /// Like [`FoldChoice::roles`], with the groups `held_out` (for example all of one site) as test groups. `k` and
    /// `index` then only number the folds.
    ///
    /// # Errors
    /// Those of [`FoldChoice::roles`], or if a group has no windows.
    pub fn roles_without(
        self,
        held_out: &[String],
        labels: &[u32],
        groups: &[impl AsRef<str>],
    ) -> Result<Roles, FoldError> {
        self.check()?;
        let present: BTreeSet<&str> = groups.iter().map(AsRef::as_ref).collect();
        if let Some(missing) = held_out.iter().find(|name| !present.contains(&name[..])) {
            return Err(FoldError::NoSuchGroup(missing.clone()));
        }
        let held_out: BTreeSet<&str> = held_out.iter().map(String::as_str).collect();
        let tested = |window: &usize| held_out.contains(groups[*window].as_ref());
        let (test, train) = (0..labels.len()).partition(tested);
        let roles = Roles {
            train,
            test,
            ..Roles::default()
        };
        validated(roles, labels, groups, self)
    }
}

/// Moves windows from training to validation.
fn validated(
    Roles { train, test, .. }: Roles,
    labels: &[u32],
    groups: &[impl AsRef<str>],
    fold: FoldChoice,
) -> Result<Roles, FoldError> {
    let labels: Vec<u32> = train.iter().map(|&window| labels[window]).collect();
    let groups: Vec<&str> = train
        .iter()
        .map(|&window| groups[window].as_ref())
        .collect();
    let distinct = groups.iter().collect::<BTreeSet<_>>().len();
    if distinct < 2 {
        return Err(FoldError::NothingToValidate(fold.k));
    }
    let scheme = FoldScheme::Stratified(VALIDATION_PARTS.min(distinct));
    let parts = Folds::new(&labels, &groups, scheme, fold.seed)?;
    let inner = (0..parts.count())
        .map(|part| parts.roles(part))
        .min_by_key(|roles| classes_missing(&labels, roles))
        .expect("there are at least two parts");
    let outer = |positions: Vec<usize>| positions.iter().map(|&at| train[at]).collect();
    Ok(Roles {
        train: outer(inner.train),
        validation: outer(inner.test),
        test,
    })
}

/// Number of classes missing in training, then in validation.
fn classes_missing(labels: &[u32], roles: &Roles) -> (usize, usize) {
    let classes = |windows: &[usize]| -> BTreeSet<u32> {
        windows.iter().map(|&window| labels[window]).collect()
    };
    let all: BTreeSet<u32> = labels.iter().copied().collect();
    let missing = |windows| all.difference(&classes(windows)).count();
    (missing(&roles.train), missing(&roles.test))
}

/// Collects groups by name.
fn collect(labels: &[u32], names: &[impl AsRef<str>]) -> Vec<Group> {
    let mut groups: BTreeMap<&str, Group> = BTreeMap::new();
    for (window, (&label, name)) in labels.iter().zip(names).enumerate() {
        let group = groups.entry(name.as_ref()).or_insert_with(|| Group {
            windows: Vec::new(),
            classes: BTreeMap::new(),
        });
        group.windows.push(window);
        *group.classes.entry(label).or_default() += 1;
    }
    groups.into_values().collect()
}

/// The fold of each group. Large groups are assigned first. Each goes to the fold with the smallest fraction of the
/// group's classes so far, then with the fewest windows. An empty fold has no windows of any class, so none stays
/// empty.
fn deal(groups: &[Group], count: usize, seed: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.shuffle(&mut rng);
    order.sort_by_key(|&group| std::cmp::Reverse(groups[group].windows.len()));
    let mut folds: Vec<usize> = (0..count).collect();
    folds.shuffle(&mut rng);

    let mut totals: BTreeMap<u32, usize> = BTreeMap::new();
    for group in groups {
        for (&label, &windows) in &group.classes {
            *totals.entry(label).or_default() += windows;
        }
    }
    let mut shares = vec![BTreeMap::<u32, f64>::new(); count];
    let mut sizes = vec![0; count];
    let mut fold_of = vec![0; groups.len()];
    for group in order {
        let share = |label: &u32, windows: usize| windows as f64 / totals[label] as f64;
        // Increase of the sum of squared shares over all folds, up to a constant and a factor.
        let cost = |fold: usize| -> f64 {
            let classes = groups[group].classes.iter();
            let share_of = |label| shares[fold].get(label).copied().unwrap_or(0.0);
            classes
                .map(|(label, &windows)| share(label, windows) * share_of(label))
                .sum()
        };
        let better = |a: &&usize, b: &&usize| {
            let sizes = sizes[**a].cmp(&sizes[**b]);
            cost(**a).total_cmp(&cost(**b)).then(sizes)
        };
        let fold = *folds.iter().min_by(better).expect("at least two folds");
        for (&label, &windows) in &groups[group].classes {
            *shares[fold].entry(label).or_default() += share(&label, windows);
        }
        sizes[fold] += groups[group].windows.len();
        fold_of[group] = fold;
    }
    fold_of
}

/// With fewer groups of a class than this, a model cannot distinguish the class from the recording.
const FEW_GROUPS_OF_A_CLASS: usize = 3;

/// Warns of classes whose windows all come from one or two groups without any other class: a model cannot distinguish
/// such a class from its recordings. `split` names the windows, such as `training`.
pub fn coincidence_warnings(
    split: &str,
    labels: &[u32],
    groups: &[impl AsRef<str>],
    class_names: &[String],
) -> Vec<String> {
    let mut groups_of_class: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
    let mut of_group: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    for (&label, group) in labels.iter().zip(groups) {
        groups_of_class
            .entry(label)
            .or_default()
            .insert(group.as_ref());
        of_group.entry(group.as_ref()).or_default().insert(label);
    }
    let coincides = |groups: &BTreeSet<&str>| {
        groups.len() < FEW_GROUPS_OF_A_CLASS
            && groups.iter().all(|group| of_group[group].len() == 1)
    };
    let mut warnings = Vec::new();
    for (&label, groups) in groups_of_class
        .iter()
        .filter(|(_, groups)| coincides(groups))
    {
        let name = class_names.get(label as usize).map_or("?", String::as_str);
        let named: Vec<String> = groups.iter().map(|group| format!("`{group}`")).collect();
        warnings.push(format!(
            "all {split} windows of class `{name}` come from {} group(s), {}, with no other class in them: class and \
             recording coincide, and a model may learn the recording instead; record the class on more occasions",
            groups.len(),
            named.join(" and ")
        ));
    }
    warnings
}

/// Warns of a split with fewer than [`FEW_GROUPS`] groups: selecting by its scores is selecting by chance. `split`
/// names it, such as `validation`.
pub fn few_groups_warning(split: &str, groups: &[impl AsRef<str>]) -> Option<String> {
    let distinct: BTreeSet<&str> = groups.iter().map(AsRef::as_ref).collect();
    let few = (1..FEW_GROUPS).contains(&distinct.len());
    few.then(|| {
        format!(
            "the {split} split has {} group(s) only: its scores change by several points with the choice of groups; \
             compare models by cross-validation over groups",
            distinct.len()
        )
    })
}

#[cfg(test)]
mod tests;
