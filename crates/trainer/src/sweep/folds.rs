//! Folds of a study: which groups each run tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use data::folds::{FoldChoice, Roles};
use serde::Deserialize;

use super::error::{FoldPlanError, SiteError};

/// Value of `folds` in a sweep file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum RawFolds {
    Count(usize),
    Named(String),
    Map(FoldSettings),
}

/// `folds` written as a map.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FoldSettings {
    /// Number of folds.
    k: Option<usize>,
    /// Unit to leave out: `group` or `site`.
    leave_out: Option<String>,
    /// Seed that assigns groups to folds.
    seed: u64,
    /// CSV file with the site of every group.
    sites: Option<PathBuf>,
    /// Column with the groups.
    group_column: Option<String>,
    /// Column with the sites.
    site_column: Option<String>,
}

/// How groups are assigned to folds.
#[derive(Clone, Debug, PartialEq)]
pub enum FoldPlan {
    /// A number of folds by group, stratified by class.
    Stratified {
        /// Number of folds.
        k: usize,
        /// Seed that assigns groups to folds.
        seed: u64,
    },
    /// One fold per group.
    LeaveOneGroupOut {
        /// Seed that chooses the validation groups.
        seed: u64,
    },
    /// One fold per site.
    LeaveOneSiteOut {
        /// Site of every group.
        sites: BTreeMap<String, String>,
        /// Seed that chooses the validation groups.
        seed: u64,
    },
}

/// One fold of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedFold {
    /// Display name of the test data: a number, a group or a site.
    pub label: String,
    /// Number of the fold among all folds.
    pub choice: FoldChoice,
    /// Test groups, unless they are assigned by the seed.
    pub held_out: Vec<String>,
}

impl FoldPlan {
    /// Parses `folds` of a sweep file; paths are relative to `folder`.
    ///
    /// # Errors
    /// If a value is invalid, or the file of sites cannot be read.
    pub fn parse(value: &serde_json::Value, folder: &Path) -> Result<Self, FoldPlanError> {
        let folding = match serde_json::from_value(value.clone()) {
            Ok(RawFolds::Count(k)) => FoldSettings {
                k: Some(k),
                ..FoldSettings::default()
            },
            Ok(RawFolds::Named(name)) => match name.replace('_', "-").as_str() {
                "leave-one-group-out" => FoldSettings {
                    leave_out: Some("group".into()),
                    ..FoldSettings::default()
                },
                _ => {
                    return Err(FoldPlanError::Unknown { name });
                }
            },
            Ok(RawFolds::Map(folding)) => folding,
            Err(_) => serde_json::from_value::<FoldSettings>(value.clone())?,
        };
        folding.resolve(folder)
    }

    /// The folds of a set of windows, given one label and one group per window.
    ///
    /// # Errors
    /// If there are too few groups, a fold lacks a class, or a group has no site.
    pub fn folds(
        &self,
        labels: &[u32],
        groups: &[&str],
        class_names: &[String],
    ) -> Result<Vec<PlannedFold>, FoldPlanError> {
        let distinct: BTreeSet<&str> = groups.iter().copied().collect();
        let folds = match self {
            Self::Stratified { k, seed } => (0..*k).map(|i| numbered(*k, i, *seed)).collect(),
            Self::LeaveOneGroupOut { seed } => {
                let named = |(i, name): (usize, &&str)| PlannedFold {
                    label: (*name).to_owned(),
                    held_out: vec![(*name).to_owned()],
                    ..numbered(distinct.len(), i, *seed)
                };
                distinct.iter().enumerate().map(named).collect()
            }
            Self::LeaveOneSiteOut { sites, seed } => by_site(sites, &distinct, *seed)?,
        };
        for fold in &folds {
            let label = &fold.label;
            let roles = fold
                .roles(labels, groups)
                .map_err(|problem| FoldPlanError::Groups {
                    fold: label.clone(),
                    problem,
                })?;
            self.check_classes(label, labels, &roles, class_names)?;
        }
        Ok(folds)
    }

    /// Refuses folds that lack a class in training, or in the test of a plan that stratifies by class.
    fn check_classes(
        &self,
        label: &str,
        labels: &[u32],
        roles: &Roles,
        class_names: &[String],
    ) -> Result<(), FoldPlanError> {
        let missing = |windows: &[usize]| {
            let present: BTreeSet<u32> = windows.iter().map(|&window| labels[window]).collect();
            let names = class_names.iter().enumerate();
            let missing = names.filter(|(class, _)| !present.contains(&(*class as u32)));
            let names: Vec<String> = missing.map(|(_, name)| name.clone()).collect();
            (!names.is_empty()).then_some(names)
        };
        if let Some(classes) = missing(&roles.train) {
            let fold = label.into();
            return Err(FoldPlanError::NotTrained { fold, classes });
        }
        // A group may hold a single class, since its windows are pooled with those of other folds.
        let pooled = !matches!(self, Self::Stratified { .. });
        match missing(&roles.test) {
            Some(classes) if !pooled => {
                let fold = label.into();
                Err(FoldPlanError::NotTested { fold, classes })
            }
            _ => Ok(()),
        }
    }
}

fn numbered(k: usize, index: usize, seed: u64) -> PlannedFold {
    PlannedFold {
        label: index.to_string(),
        choice: FoldChoice { k, index, seed },
        held_out: Vec::new(),
    }
}

/// One fold per site, sorted by site name.
fn by_site(
    sites: &BTreeMap<String, String>,
    groups: &BTreeSet<&str>,
    seed: u64,
) -> Result<Vec<PlannedFold>, FoldPlanError> {
    let mut of_site: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for group in groups {
        let site = sites.get(*group).ok_or_else(|| FoldPlanError::NoSite {
            group: (*group).to_owned(),
        })?;
        of_site.entry(site).or_default().push((*group).to_owned());
    }
    let k = of_site.len();
    let fold = |(i, (site, held_out)): (usize, (&str, Vec<String>))| PlannedFold {
        label: site.to_owned(),
        held_out,
        ..numbered(k, i, seed)
    };
    Ok(of_site.into_iter().enumerate().map(fold).collect())
}

impl PlannedFold {
    /// Role of every window: training, validation or test.
    fn roles(&self, labels: &[u32], groups: &[&str]) -> Result<Roles, data::folds::FoldError> {
        if self.held_out.is_empty() {
            self.choice.roles(labels, groups)
        } else {
            self.choice.roles_without(&self.held_out, labels, groups)
        }
    }
}

impl FoldSettings {
    fn resolve(self, folder: &Path) -> Result<FoldPlan, FoldPlanError> {
        let seed = self.seed;
        match (self.k, self.leave_out.as_deref()) {
            (Some(0 | 1), None) => Err(FoldPlanError::TooFew),
            (Some(k), None) => Ok(FoldPlan::Stratified { k, seed }),
            (None, Some("group")) => Ok(FoldPlan::LeaveOneGroupOut { seed }),
            (None, Some("site")) => {
                let file = self.sites.as_ref().ok_or(FoldPlanError::NoSites)?;
                let columns = [
                    self.group_column.as_deref().unwrap_or("group"),
                    self.site_column.as_deref().unwrap_or("site"),
                ];
                let sites = read_sites(&folder.join(file), columns)?;
                Ok(FoldPlan::LeaveOneSiteOut { sites, seed })
            }
            (None, Some(unit)) => Err(FoldPlanError::LeaveOut { unit: unit.into() }),
            _ => Err(FoldPlanError::Scheme),
        }
    }
}

/// Reads the site of every group from a CSV file with a header line.
fn read_sites(
    path: &Path,
    [group, site]: [&str; 2],
) -> Result<BTreeMap<String, String>, FoldPlanError> {
    let text = data::read_yaml(path).map_err(|source| FoldPlanError::ReadSites {
        path: path.to_owned(),
        source,
    })?;
    let wrong = |line: usize, problem: SiteError| FoldPlanError::Sites {
        path: path.to_owned(),
        line,
        problem,
    };
    let mut lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let cells = |line: &str| -> Vec<String> {
        let cell = |cell: &str| cell.trim().trim_matches('"').to_owned();
        line.split(',').map(cell).collect()
    };
    let (_, head) = lines.next().ok_or_else(|| wrong(1, SiteError::Empty))?;
    let head = cells(head);
    let column = |name: &str| {
        head.iter().position(|cell| cell == name).ok_or_else(|| {
            let (name, there) = (name.into(), head.clone());
            wrong(1, SiteError::NoColumn { name, there })
        })
    };
    let (group, site) = (column(group)?, column(site)?);
    let mut sites = BTreeMap::new();
    for (i, line) in lines {
        let cells = cells(line);
        if cells.len() != head.len() {
            let (cells, columns) = (cells.len(), head.len());
            return Err(wrong(i + 1, SiteError::Cells { cells, columns }));
        }
        let earlier = sites.insert(cells[group].clone(), cells[site].clone());
        if earlier.is_some_and(|earlier| earlier != cells[site]) {
            let group = cells[group].clone();
            return Err(wrong(i + 1, SiteError::TwoSites { group }));
        }
    }
    Ok(sites)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Eight passes of two classes, four windows each.
    fn windows() -> (Vec<u32>, Vec<&'static str>) {
        let names = ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"];
        let windows = (0..32).map(|i| ((i / 4 % 2) as u32, names[i / 4]));
        windows.unzip()
    }

    fn classes() -> Vec<String> {
        vec!["background".into(), "vehicle".into()]
    }

    fn plan(value: serde_json::Value) -> Result<FoldPlan, FoldPlanError> {
        FoldPlan::parse(&value, Path::new(""))
    }

    #[test]
    fn every_group_is_left_out_once() {
        let (labels, groups) = windows();
        let plan = plan(json!("leave-one-group-out")).unwrap();
        let folds = plan.folds(&labels, &groups, &classes()).unwrap();
        let labels: Vec<&str> = folds.iter().map(|fold| &fold.label[..]).collect();
        assert_eq!(labels, ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"]);
        assert!(folds.iter().all(|fold| fold.choice.k == 8));
    }

    #[test]
    fn sites_are_left_out_whole() {
        let folder = tempfile::tempdir().unwrap();
        let rows: String = (0..8)
            .map(|i| format!("p{i},\"site {}\",x\n", i % 3))
            .collect();
        std::fs::write(
            folder.path().join("sites.csv"),
            format!("pass,place,note\n{rows}"),
        )
        .unwrap();
        let mut value = json!({
            "leave_out": "site", "sites": "sites.csv", "group_column": "pass", "site_column": "place"
        });
        let plan = FoldPlan::parse(&value, folder.path()).unwrap();
        let (labels, groups) = windows();
        let folds = plan.folds(&labels, &groups, &classes()).unwrap();
        assert_eq!(folds.len(), 3);
        assert_eq!(folds[0].label, "site 0");
        assert_eq!(folds[0].held_out, ["p0", "p3", "p6"]);
        let other = vec!["p9"; labels.len()];
        let problem = plan
            .folds(&labels, &other, &classes())
            .unwrap_err()
            .to_string();
        assert!(problem.contains("no row for group `p9`"), "{problem}");
        value["site_column"] = json!("town");
        let problem = FoldPlan::parse(&value, folder.path())
            .unwrap_err()
            .to_string();
        assert!(
            problem.contains("line 1: there is no column `town`"),
            "{problem}"
        );
    }

    #[test]
    fn folds_without_a_class_are_refused() {
        let (mut labels, groups) = windows();
        let classes = classes();
        // One pass of class 1 alone.
        labels.iter_mut().for_each(|label| *label = 0);
        labels[4..8].fill(1);
        let k = plan(json!(4)).unwrap();
        let problem = k.folds(&labels, &groups, &classes).unwrap_err().to_string();
        assert!(problem.contains("class `vehicle`"), "{problem}");
        let one = plan(json!("leave-one-group-out")).unwrap();
        let problem = one
            .folds(&labels, &groups, &classes)
            .unwrap_err()
            .to_string();
        assert!(
            problem.contains("fold p1 would have no training windows of class `vehicle`"),
            "{problem}"
        );
        let (labels, groups) = windows();
        let problem = plan(json!(9))
            .unwrap()
            .folds(&labels, &groups, &classes)
            .unwrap_err()
            .to_string();
        assert!(problem.contains("at least 9 groups"), "{problem}");
        assert!(k.folds(&labels, &groups, &classes).is_ok());
        for (value, expected) in [
            (json!(1), "at least 2 folds"),
            (
                json!("leave-one-pass-out"),
                "unknown value `leave-one-pass-out`",
            ),
            (json!({"k": 3, "leave_out": "group"}), "give one of"),
            (json!({"leave_out": "site"}), "needs `sites`"),
            (json!({"leave_out": "town"}), "choose group or site"),
            (json!({"folds": 3}), "unknown field `folds`"),
        ] {
            let problem = plan(value).unwrap_err().to_string();
            assert!(problem.contains(expected), "{problem}");
        }
    }
}
