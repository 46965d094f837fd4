//! Reads the data of a study once and refuses what cannot be trained, before anything is written.

use std::collections::BTreeMap;

use model::{Architecture, InputShape, Plan};
use serde_json::json;

use super::folds::{FoldPlan, PlannedFold};
use super::plan::{PlanLine, StudySettings};
use super::worker::job;
use crate::error::TrainerError;
use crate::memory;
use crate::progress::Progress;
use crate::recipe::Recipe;
use crate::run::Prepared;

/// What is known of a study's runs once their data were read.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Memory of the largest run, in bytes.
    pub memory: u64,
    /// Folds by what decides the data.
    folds: BTreeMap<String, Vec<PlannedFold>>,
    /// Multiplications of one epoch of every recipe, by what decides them.
    work: BTreeMap<String, f64>,
}

/// What decides which data a run reads, and how.
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

/// What decides how long an epoch takes, but for the machine.
fn work_key(recipe: &Recipe) -> String {
    let data = json!([recipe.dataset_config, recipe.task]).to_string();
    format!("{data} {} {}", recipe.model, recipe.label_ratio)
}

impl Checked {
    /// Reads the data of every recipe, those of equal data once.
    ///
    /// # Errors
    /// [`TrainerError`] with what is wrong with the data, or with the folds.
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
                    // All labels, so that folds are seen whole.
                    label_ratio: 1.0,
                    ..recipes[0].clone()
                },
            };
            let prepared = Prepared::new(job(settings, &line), progress)?;
            checked.add_networks(&prepared, &recipes)?;
            if let Some(folds) = folds {
                let wrong = |problem| TrainerError::Usage(format!("`folds`: {problem}"));
                let planned = folds_of(&prepared, folds).map_err(wrong)?;
                checked.folds.insert(key, planned);
            }
        }
        Ok(checked)
    }

    /// Memory and work of every network on these data.
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
            // A step costs about three passes, an evaluation one.
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

    /// Work of an epoch of a recipe, relative to that of another.
    pub fn relative_work(&self, recipe: &Recipe, to: &Recipe) -> f64 {
        let work = |recipe: &Recipe| self.work.get(&work_key(recipe)).copied().unwrap_or(1.0);
        work(recipe) / work(to)
    }
}

/// The folds of training and validation split together.
fn folds_of(prepared: &Prepared, folds: &FoldPlan) -> Result<Vec<PlannedFold>, String> {
    let dataset = &prepared.dataset;
    let (train, val) = (&dataset.train, &dataset.val);
    let same = train.fingerprint == val.fingerprint;
    let splits = if same { vec![train] } else { vec![train, val] };
    let labels: Vec<u32> = splits.iter().flat_map(|split| split.y.clone()).collect();
    let groups = splits.iter().flat_map(|split| &split.group_of);
    let groups: Option<Vec<&str>> = groups.map(|group| group.as_deref()).collect();
    let groups = groups.ok_or(
        "some windows name no group, and windows of one recording would be learned from and tested: give every source a \
         `group`",
    )?;
    folds.folds(&labels, &groups, &dataset.class_names)
}
