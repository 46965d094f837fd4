//! Folds of a study: which groups every run tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use data::folds::{FoldChoice, Roles};
use serde::Deserialize;

/// How a file asks for folds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum Written {
    Count(usize),
    Named(String),
    Map(Folding),
}

/// How groups become folds, in full.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Folding {
    /// Number of folds.
    k: Option<usize>,
    /// What is left out: `group` or `site`.
    leave_out: Option<String>,
    /// Seed that deals groups to folds.
    seed: u64,
    /// A CSV file that says where every group was recorded.
    sites: Option<PathBuf>,
    /// Its column of groups.
    group_column: Option<String>,
    /// Its column of sites.
    site_column: Option<String>,
}

/// How groups become folds.
#[derive(Clone, Debug, PartialEq)]
pub enum FoldPlan {
    /// This many, by group, each class spread over them.
    Stratified {
        /// Number of folds.
        k: usize,
        /// Seed that deals groups to folds.
        seed: u64,
    },
    /// One a group.
    LeaveOneGroupOut {
        /// Seed that chooses the groups for validation.
        seed: u64,
    },
    /// One a site.
    LeaveOneSiteOut {
        /// Site of every group.
        sites: BTreeMap<String, String>,
        /// Seed that chooses the groups for validation.
        seed: u64,
    },
}

/// One fold.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedFold {
    /// What is tested, for people: a number, a group or a site.
    pub label: String,
    /// Its number among all.
    pub choice: FoldChoice,
    /// The groups that are tested, where they are not dealt.
    pub held_out: Vec<String>,
}

impl FoldPlan {
    /// Reads `folds` of a sweep file; paths are relative to `folder`.
    ///
    /// # Errors
    /// What is wrong.
    pub fn parse(value: &serde_json::Value, folder: &Path) -> Result<Self, String> {
        let folding = match serde_json::from_value(value.clone()) {
            Ok(Written::Count(k)) => Folding {
                k: Some(k),
                ..Folding::default()
            },
            Ok(Written::Named(name)) => match name.replace('_', "-").as_str() {
                "leave-one-group-out" => Folding {
                    leave_out: Some("group".into()),
                    ..Folding::default()
                },
                _ => {
                    return Err(format!(
                        "`{name}` is unknown: give a number, leave-one-group-out, or a map with `k` or `leave_out`"
                    ));
                }
            },
            Ok(Written::Map(folding)) => folding,
            Err(_) => match serde_json::from_value::<Folding>(value.clone()) {
                Ok(folding) => folding,
                Err(error) => return Err(error.to_string()),
            },
        };
        folding.resolve(folder)
    }

    /// The folds of some windows, with a label and a group each.
    ///
    /// # Errors
    /// Groups that are too few, a fold without a class, or a group without a site.
    pub fn folds(
        &self,
        labels: &[u32],
        groups: &[&str],
        class_names: &[String],
    ) -> Result<Vec<PlannedFold>, String> {
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
                .map_err(|error| format!("fold {label}: {error}"))?;
            self.check_classes(label, labels, &roles, class_names)?;
        }
        Ok(folds)
    }

    /// Refuses folds that cannot learn a class, or that should test one and do not.
    fn check_classes(
        &self,
        label: &str,
        labels: &[u32],
        roles: &Roles,
        class_names: &[String],
    ) -> Result<(), String> {
        let missing = |windows: &[usize]| {
            let present: BTreeSet<u32> = windows.iter().map(|&window| labels[window]).collect();
            let names = class_names.iter().enumerate();
            let missing = names.filter(|(class, _)| !present.contains(&(*class as u32)));
            let names: Vec<String> = missing.map(|(_, name)| format!("`{name}`")).collect();
            (!names.is_empty()).then(|| names.join(", "))
        };
        if let Some(classes) = missing(&roles.train) {
            return Err(format!(
                "fold {label} would learn nothing of class {classes}: all its groups are tested or validated; use fewer \
                 folds, or record the class in more groups"
            ));
        }
        // A group may hold one class only; its windows are pooled with those of the others.
        let pooled = !matches!(self, Self::Stratified { .. });
        match missing(&roles.test) {
            Some(classes) if !pooled => Err(format!(
                "fold {label} would test no window of class {classes}: use fewer folds, or leave-one-group-out, whose \
                 windows are judged together"
            )),
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

/// A fold a site, in the order of their names.
fn by_site(
    sites: &BTreeMap<String, String>,
    groups: &BTreeSet<&str>,
    seed: u64,
) -> Result<Vec<PlannedFold>, String> {
    let mut of_site: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for group in groups {
        let site = sites
            .get(*group)
            .ok_or_else(|| format!("the file of sites has no row for group `{group}`"))?;
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
    /// What the windows are used for.
    fn roles(&self, labels: &[u32], groups: &[&str]) -> Result<Roles, data::folds::FoldError> {
        if self.held_out.is_empty() {
            self.choice.roles(labels, groups)
        } else {
            self.choice.roles_without(&self.held_out, labels, groups)
        }
    }
}

impl Folding {
    fn resolve(self, folder: &Path) -> Result<FoldPlan, String> {
        let seed = self.seed;
        match (self.k, self.leave_out.as_deref()) {
            (Some(0 | 1), None) => Err("there must be at least 2 folds".into()),
            (Some(k), None) => Ok(FoldPlan::Stratified { k, seed }),
            (None, Some("group")) => Ok(FoldPlan::LeaveOneGroupOut { seed }),
            (None, Some("site")) => {
                let file = self
                    .sites
                    .as_ref()
                    .ok_or("`leave_out: site` needs `sites`: a CSV file with a row a group")?;
                let columns = [
                    self.group_column.as_deref().unwrap_or("group"),
                    self.site_column.as_deref().unwrap_or("site"),
                ];
                let sites = read_sites(&folder.join(file), columns)?;
                Ok(FoldPlan::LeaveOneSiteOut { sites, seed })
            }
            (None, Some(other)) => Err(format!("`leave_out: {other}`: choose group or site")),
            _ => Err("give one of `k` and `leave_out`".into()),
        }
    }
}

/// Site of every group, from a file with a line of headings.
fn read_sites(path: &Path, [group, site]: [&str; 2]) -> Result<BTreeMap<String, String>, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let wrong =
        |line: usize, problem: String| format!("{}, line {line}: {problem}", path.display());
    let mut lines = text
        .trim_start_matches('\u{feff}')
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let cells = |line: &str| -> Vec<String> {
        let cell = |cell: &str| cell.trim().trim_matches('"').to_owned();
        line.split(',').map(cell).collect()
    };
    let (_, head) = lines.next().ok_or_else(|| wrong(1, "is empty".into()))?;
    let head = cells(head);
    let column = |name: &str| {
        head.iter().position(|cell| cell == name).ok_or_else(|| {
            let names = head.join("`, `");
            wrong(
                1,
                format!("there is no column `{name}`: there are `{names}`"),
            )
        })
    };
    let (group, site) = (column(group)?, column(site)?);
    let mut sites = BTreeMap::new();
    for (i, line) in lines {
        let cells = cells(line);
        if cells.len() != head.len() {
            let problem = format!(
                "has {} cells, and the headings are {}",
                cells.len(),
                head.len()
            );
            return Err(wrong(i + 1, problem));
        }
        let earlier = sites.insert(cells[group].clone(), cells[site].clone());
        if earlier.is_some_and(|earlier| earlier != cells[site]) {
            return Err(wrong(
                i + 1,
                format!("group `{}` has another site above", cells[group]),
            ));
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

    fn plan(value: serde_json::Value) -> Result<FoldPlan, String> {
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
        let problem = plan.folds(&labels, &other, &classes()).unwrap_err();
        assert!(problem.contains("no row for group `p9`"), "{problem}");
        value["site_column"] = json!("town");
        let problem = FoldPlan::parse(&value, folder.path()).unwrap_err();
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
        let problem = k.folds(&labels, &groups, &classes).unwrap_err();
        assert!(problem.contains("class `vehicle`"), "{problem}");
        let one = plan(json!("leave-one-group-out")).unwrap();
        let problem = one.folds(&labels, &groups, &classes).unwrap_err();
        assert!(
            problem.contains("fold p1 would learn nothing of class `vehicle`"),
            "{problem}"
        );
        let (labels, groups) = windows();
        let problem = plan(json!(9))
            .unwrap()
            .folds(&labels, &groups, &classes)
            .unwrap_err();
        assert!(problem.contains("at least 9 groups"), "{problem}");
        assert!(k.folds(&labels, &groups, &classes).is_ok());
        for (value, expected) in [
            (json!(1), "at least 2 folds"),
            (json!("leave-one-pass-out"), "is unknown"),
            (json!({"k": 3, "leave_out": "group"}), "give one of"),
            (json!({"leave_out": "site"}), "needs `sites`"),
            (json!({"leave_out": "town"}), "choose group or site"),
            (json!({"folds": 3}), "unknown field `folds`"),
        ] {
            let problem = plan(value).unwrap_err();
            assert!(problem.contains(expected), "{problem}");
        }
    }
}
