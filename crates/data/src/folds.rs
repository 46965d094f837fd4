//! Cross-validation by group: which windows are tested in which fold.
//!
//! Windows of one recording are alike, so a recording is tested as a whole and never learned from at the same time.
//! The functions here need labels and group names only. They read no data and keep no state.

use std::collections::{BTreeMap, BTreeSet};

use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// With fewer groups than this, a score of a split says more about its groups than about the model.
pub const FEW_GROUPS: usize = 10;

/// How groups are dealt to folds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoldScheme {
    /// This many folds, stratified: each class is spread over the folds as evenly as its groups allow.
    Stratified(usize),
    /// One fold a group.
    LeaveOneGroupOut,
}

/// Why groups cannot be dealt to folds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// Fewer than two folds leave nothing to learn from.
    #[error("cross-validation needs at least 2 folds, not {0}")]
    TooFewFolds(usize),
    /// A fold would be empty.
    #[error(
        "{folds} folds need at least {folds} groups, but there are {groups}: ask for fewer folds"
    )]
    TooFewGroups {
        /// Folds asked for.
        folds: usize,
        /// Groups there are.
        groups: usize,
    },
    /// Labels and group names do not belong together.
    #[error("{labels} labels but {groups} group names")]
    Lengths {
        /// Number of labels.
        labels: usize,
        /// Number of group names.
        groups: usize,
    },
}

/// Windows of one fold by what they are used for, as positions in the data. No group has two roles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// Learned from.
    pub train: Vec<usize>,
    /// For choices during training; empty in [`Folds::roles`].
    pub validation: Vec<usize>,
    /// Tested.
    pub test: Vec<usize>,
}

/// The fold in which each window is tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folds {
    fold_of: Vec<usize>,
    count: usize,
}

/// A group: its position in every window, and its windows of each class.
struct Group {
    windows: Vec<usize>,
    classes: BTreeMap<u32, usize>,
}

impl Folds {
    /// Deals groups to folds. `labels` and `groups` have one entry a window.
    ///
    /// The result depends on the seed and on which window has which label and group, not on the windows' order.
    ///
    /// # Errors
    /// [`FoldError`] with fewer than two folds, or fewer groups than folds.
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

    /// The fold in which each window is tested, one entry a window.
    pub fn fold_of(&self) -> &[usize] {
        &self.fold_of
    }

    /// Training and test windows of a fold: it is tested, all others are learned from.
    pub fn roles(&self, fold: usize) -> Roles {
        self.split(fold, None)
    }

    /// As [`Folds::roles`], with the next fold kept for validation. Needs three folds to leave any training windows.
    pub fn roles_with_validation(&self, fold: usize) -> Roles {
        self.split(fold, Some((fold + 1) % self.count))
    }

    fn split(&self, test: usize, validation: Option<usize>) -> Roles {
        let mut roles = Roles::default();
        for (window, &fold) in self.fold_of.iter().enumerate() {
            let role = if fold == test {
                &mut roles.test
            } else if Some(fold) == validation {
                &mut roles.validation
            } else {
                &mut roles.train
            };
            role.push(window);
        }
        roles
    }
}

/// Groups by name.
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

/// The fold of each group. Large groups first, each to the fold that has the smallest share of the group's classes so
/// far, then the fewest windows. An empty fold has no share of anything, so none stays empty.
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
        // What the sum of squared shares over all folds grows by, up to a constant and a factor.
        let cost = |fold: usize| -> f64 {
            let classes = groups[group].classes.iter();
            let own = |label| shares[fold].get(label).copied().unwrap_or(0.0);
            classes
                .map(|(label, &windows)| share(label, windows) * own(label))
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

/// What makes scores of these windows doubtful, in words. `split` names them: `training`, `validation`.
///
/// - every group has one class, so a model can learn recordings instead of classes;
/// - a class occurs in one group only, so it cannot be learned and tested at once;
/// - there are fewer than [`FEW_GROUPS`] groups.
pub fn group_warnings(
    split: &str,
    labels: &[u32],
    groups: &[impl AsRef<str>],
    class_names: &[String],
) -> Vec<String> {
    let mut of_class: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
    let mut of_group: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    for (&label, group) in labels.iter().zip(groups) {
        of_class.entry(label).or_default().insert(group.as_ref());
        of_group.entry(group.as_ref()).or_default().insert(label);
    }
    let mut warnings = Vec::new();
    if of_class.len() > 1 && of_group.values().all(|classes| classes.len() == 1) {
        warnings.push(format!(
            "{split}: every group has windows of one class only, so class and recording coincide: a model can score by \
             knowing the recording; trust scores on groups it has not seen, and record several classes a visit"
        ));
    }
    for (&label, groups) in &of_class {
        if groups.len() == 1 && of_group.len() > 1 {
            let name = class_names.get(label as usize).map_or("?", String::as_str);
            let group = groups.first().copied().unwrap_or_default();
            warnings.push(format!(
                "{split}: class `{name}` occurs in one group only (`{group}`): it cannot be learned and tested at once"
            ));
        }
    }
    if of_group.len() < FEW_GROUPS {
        warnings.push(format!(
            "{split}: {} groups only: scores change by several points from one choice of groups to the next; compare by \
             cross-validation over groups",
            of_group.len()
        ));
    }
    warnings
}
