//! Reads the data of a study once and refuses runs that cannot be trained, before anything is written.

use std::collections::BTreeMap;

use model::{Architecture, InputShape, Plan};
use serde_json::json;

use super::error::FoldPlanError;
use super::folds::{FoldPlan, PlannedFold};
use super::plan::{PlanLine, StudySettings};
use super::worker::job;
use crate::error::TrainerError;
use crate::memory;
use crate::progress::Progress;
use crate::recipe::Recipe;
use crate::run::Prepared;

/// Properties of a study's runs that depend on the data.
#[derive(Clone, Debug, Default)]
pub struct StudyCheck {
    /// Memory need of the largest run, in bytes.
    pub memory: u64,
    /// Folds by data key.
    folds: BTreeMap<String, Vec<PlannedFold>>,
    /// Multiplications per epoch by work key.
    work: BTreeMap<String, f64>,
}

/// Key of everything that decides which data a run reads, and how.
fn data_key(recipe: &Recipe) -> String {
    json!([
        recipe.dataset_config,
        recipe.task,
        recipe.normalisation,
        recipe.class_weights,
        recipe.augmentation,
    ])
    .to_string()
}

/// Key of everything but the machine that decides how long an epoch takes.
fn work_key(recipe: &Recipe) -> String {
    let data = json!([recipe.dataset_config, recipe.task]).to_string();
    format!("{data} {} {}", recipe.model, recipe.label_ratio)
}

impl StudyCheck {
    /// Reads the data of every recipe, once per data key.
    ///
    /// # Errors
    /// [`TrainerError`] describing the problem with the data or the folds.
    pub fn new(
        settings: &StudySettings,
        recipes: &[Recipe],
        folds: Option<&FoldPlan>,
        progress: &mut Progress,
    ) -> Result<Self, TrainerError> {
        let mut checked = Self::default();
        let mut by_data: BTreeMap<String, Vec<&Recipe>> = BTreeMap::new();
        for recipe in recipes {
            by_data.entry(data_key(recipe)).or_default().push(recipe);
        }
        for (key, recipes) in by_data {
            let line = PlanLine {
                line: 0,
                trial: 0,
                seed: recipes[0].seed,
                fold: None,
                varied: Default::default(),
                recipe: Recipe {
                    // All labels are used, so that folds are complete.
                    label_ratio: 1.0,
                    ..recipes[0].clone()
                },
            };
            let prepared = Prepared::new(job(settings, &line), progress)?;
            checked.add_networks(&prepared, &recipes)?;
            if let Some(folds) = folds {
                let wrong = |problem: FoldPlanError| TrainerError::option("`folds`", problem);
                let planned = folds_of(&prepared, folds).map_err(wrong)?;
                checked.folds.insert(key, planned);
            }
        }
        Ok(checked)
    }

    /// Adds memory and work of every network trained on these data.
    fn add_networks(
        &mut self,
        prepared: &Prepared,
        recipes: &[&Recipe],
    ) -> Result<(), TrainerError> {
        let dataset = &prepared.dataset;
        for recipe in recipes {
            let shape = InputShape::from(dataset.train.shape);
            let architecture = Architecture::new(recipe.model, shape, dataset.class_names.len());
            let bytes = memory::of_run(&architecture, dataset, recipe.batch_size)?;
            self.memory = self.memory.max(bytes);
            let macs = Plan::new(&architecture)?.macs() as f64;
            let learned = dataset.train.len() as f64 * recipe.label_ratio;
            // A training step costs about three forward passes, an evaluation one.
            let epoch = macs * (3.0 * learned + dataset.val.len() as f64);
            self.work.insert(work_key(recipe), epoch);
        }
        Ok(())
    }

    /// Folds of a recipe's data.
    pub fn folds(&self, recipe: &Recipe) -> Vec<PlannedFold> {
        self.folds
            .get(&data_key(recipe))
            .cloned()
            .unwrap_or_default()
    }

    /// Work per epoch of a recipe relative to another.
    pub fn relative_work(&self, recipe: &Recipe, to: &Recipe) -> f64 {
        let work = |recipe: &Recipe| self.work.get(&work_key(recipe)).copied().unwrap_or(1.0);
        work(recipe) / work(to)
    }
}

/// The folds of training and validation split together.
fn folds_of(prepared: &Prepared, folds: &FoldPlan) -> Result<Vec<PlannedFold>, FoldPlanError> {
    let dataset = &prepared.dataset;
    let (train, val) = (&dataset.train, &dataset.val);
    let same = train.fingerprint == val.fingerprint;
    let splits = if same { vec![train] } else { vec![train, val] };
    let labels: Vec<u32> = splits.iter().flat_map(|split| split.y.clone()).collect();
    let groups = splits.iter().flat_map(|split| &split.group_of);
    let groups: Option<Vec<&str>> = groups.map(|group| group.as_deref()).collect();
    let groups = groups.ok_or(FoldPlanError::NoGroup)?;
    folds.folds(&labels, &groups, &dataset.class_names)
}
