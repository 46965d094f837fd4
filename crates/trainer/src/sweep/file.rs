//! The sweep file.
//!
//! ```yaml
//! preset: ../configs/default.yaml     # the base recipe; or none
//! base: {epochs: 20}                  # what differs from it
//! vary:
//!   model: [simple_cnn, ultra_lightweight_cnn]
//!   learning_rate: {log_uniform: [1e-4, 1e-2], steps: 5}
//! seeds: 5
//! folds: leave-one-group-out
//! ```

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::folds::FoldPlan;
use super::space::{Domain, MOST_TRIALS, Parameter, Range, Values, grid, random, shown};
use crate::error::TrainerError;
use crate::recipe::{Preset, Recipe};

/// How combinations are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// All of them.
    #[default]
    Grid,
    /// Some, at random.
    Random,
}

/// Seeds of the runs: how many, or which.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Seeds {
    /// The base recipe's and those after it.
    Count(u64),
    /// These.
    List(Vec<u64>),
}

/// What Slurm is asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SlurmSettings {
    /// Partition.
    pub partition: Option<String>,
    /// Account.
    pub account: Option<String>,
    /// Longest time of a task, as `sbatch --time` takes it; a task that comes to its end is requeued.
    pub time: Option<String>,
    /// Memory of a task, as `sbatch --mem` takes it.
    pub memory: Option<String>,
    /// Tasks that run at a time.
    pub array_limit: Option<usize>,
    /// Tasks of the array [default: one a run, at most 100]. Every task trains one run after another.
    pub tasks: Option<usize>,
    /// More options of sbatch, such as `--qos=low`.
    pub options: Vec<String>,
}

/// The file as it is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    name: Option<String>,
    preset: Option<PathBuf>,
    base: Map<String, Value>,
    method: Method,
    trials: Option<u64>,
    sampling_seed: u64,
    vary: Map<String, Value>,
    seeds: Option<Seeds>,
    folds: Option<Value>,
    slurm: SlurmSettings,
}

/// A sweep file whose values are known to be good.
#[derive(Clone, Debug)]
pub struct SweepFile {
    /// Name of the study.
    pub name: String,
    /// The base.
    pub preset: Preset,
    /// Values of the varied parameters, trial by trial.
    pub trials: Vec<Values>,
    /// Recipes of the trials, with the base's seed.
    pub recipes: Vec<Recipe>,
    /// Seeds of every trial.
    pub seeds: Vec<u64>,
    /// How groups become folds; none for the splits of the dataset.
    pub folds: Option<FoldPlan>,
    /// What Slurm is asked for.
    pub slurm: SlurmSettings,
    /// The file's text.
    pub text: String,
}

impl SweepFile {
    /// Reads a file.
    ///
    /// # Errors
    /// [`TrainerError`] with the file and the parameter that is wrong.
    pub fn load(path: &Path) -> Result<Self, TrainerError> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            TrainerError::Usage(format!(
                "cannot read the sweep file {}: {error}",
                path.display()
            ))
        })?;
        let wrong = |problem: String| TrainerError::Usage(format!("{}: {problem}", path.display()));
        // An empty file says nothing.
        let parsed = data::parse_yaml_noting_unknown::<Option<Written>>(&text);
        let written = parsed.map_err(wrong)?.0.unwrap_or_default();
        let folder = path.parent().unwrap_or(Path::new(""));
        let preset = match &written.preset {
            Some(preset) => Preset::load(&folder.join(preset))?,
            None => Preset::default(),
        };
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        Self::resolve(written, preset, [folder, Path::new(&*stem)], text).map_err(wrong)
    }

    fn resolve(
        written: Written,
        mut preset: Preset,
        [folder, stem]: [&Path; 2],
        text: String,
    ) -> Result<Self, String> {
        let name = written.name.clone();
        let name = name.unwrap_or_else(|| stem.display().to_string());
        check_name(&name)?;
        let mut base = written.base.clone();
        if let Some(Value::String(config)) = base.get_mut("dataset_config") {
            *config = folder.join(&*config).display().to_string();
        }
        preset.recipe = preset
            .recipe
            .with_values(&base)
            .map_err(|problem| format!("`base`: {problem}"))?;
        let trials = trials(&written, &preset.recipe)?;
        let recipes: Result<Vec<Recipe>, String> = trials
            .iter()
            .map(|values| recipe(&preset.recipe, values, folder))
            .collect();
        let seeds = seeds(&written, preset.recipe.seed)?;
        let folds = written
            .folds
            .as_ref()
            .map(|value| FoldPlan::parse(value, folder))
            .transpose()
            .map_err(|problem| format!("`folds`: {problem}"))?;
        if trials.len() * seeds.len() == 1 && written.vary.is_empty() && folds.is_none() {
            return Err("nothing varies: name parameters under `vary`, `seeds` or `folds`".into());
        }
        if folds.is_some() && preset.recipe.fold.is_some() {
            return Err(
                "there are `folds`, and the base recipe has a `fold`: leave one of them out".into(),
            );
        }
        Ok(Self {
            name,
            preset,
            recipes: recipes?,
            trials,
            seeds,
            folds,
            slurm: written.slurm,
            text,
        })
    }
}

/// The recipe of one trial; paths are relative to the file.
fn recipe(base: &Recipe, values: &Values, folder: &Path) -> Result<Recipe, String> {
    let mut absolute = values.clone();
    if let Some(Value::String(config)) = absolute.get_mut("dataset_config") {
        *config = folder.join(&*config).display().to_string();
    }
    base.with_values(&absolute)
        .map_err(|problem| format!("`vary`, {}: {problem}", shown(values)))
}

/// A name that is a folder's anywhere.
fn check_name(name: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(fits) || name.len() > 100 {
        return Err(format!(
            "`{name}` is no name for a study: use letters, digits, `-`, `_` and `.`; `name:` sets one"
        ));
    }
    Ok(())
}

fn seeds(written: &Written, base: u64) -> Result<Vec<u64>, String> {
    let seeds = match &written.seeds {
        None => return Ok(vec![base]),
        Some(_) if written.vary.contains_key("seed") => {
            return Err("`seed` varies and there are `seeds`: leave one of them out".into());
        }
        Some(Seeds::Count(count)) if *count > MOST_TRIALS as u64 => {
            return Err(format!("`seeds: {count}` is too many"));
        }
        Some(Seeds::Count(count)) => (0..*count).map(|i| base.wrapping_add(i)).collect(),
        Some(Seeds::List(list)) => list.clone(),
    };
    if seeds.is_empty() {
        return Err("`seeds` has none: give a number, or a list".into());
    }
    let mut distinct = seeds.clone();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < seeds.len() {
        return Err("`seeds` names one twice: it would train the same run again".into());
    }
    Ok(seeds)
}

fn trials(written: &Written, base: &Recipe) -> Result<Vec<Values>, String> {
    let parameters: Result<Vec<Parameter>, String> = written
        .vary
        .iter()
        .map(|(name, value)| {
            parameter(name, value, base).map_err(|problem| format!("`vary`, `{name}`: {problem}"))
        })
        .collect();
    let parameters = parameters?;
    for parameter in &parameters {
        for (name, _) in &parameter.when {
            let varies = parameters.iter().any(|other| other.name == *name);
            if !varies && base.value(name).is_null() {
                return Err(format!(
                    "`vary`, `{}`: its condition names `{name}`, which is no parameter that has a value",
                    parameter.name
                ));
            }
        }
    }
    let in_base = |name: &str| base.value(name);
    match (written.method, written.trials) {
        (Method::Grid, Some(_)) => Err("`trials` is for `method: random`; a grid takes all".into()),
        (Method::Grid, None) => grid(&parameters, &in_base),
        (Method::Random, None) => Err("`method: random` needs `trials: N`".into()),
        (Method::Random, Some(0)) => Err("`trials: 0` trains nothing".into()),
        (Method::Random, Some(count)) if count > MOST_TRIALS as u64 => {
            Err(format!("`trials: {count}` is too many"))
        }
        (Method::Random, Some(_)) if parameters.is_empty() => {
            Err("`method: random` needs parameters under `vary`".into())
        }
        (Method::Random, Some(count)) => {
            random(&parameters, &in_base, [count, written.sampling_seed])
        }
    }
}

/// How a parameter is written where it is no list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct WrittenParameter {
    choice: Option<Vec<Value>>,
    uniform: Option<[f64; 2]>,
    log_uniform: Option<[f64; 2]>,
    integer: Option<bool>,
    steps: Option<usize>,
    when: Map<String, Value>,
}

fn parameter(name: &str, value: &Value, base: &Recipe) -> Result<Parameter, String> {
    let written = match value {
        Value::Array(values) => WrittenParameter {
            choice: Some(values.clone()),
            ..Default::default()
        },
        Value::Object(_) => serde_json::from_value(value.clone()).map_err(|e| e.to_string())?,
        _ => {
            return Err(format!(
                "{value} is one value: give a list, or a map with `choice`, `uniform` or `log_uniform`; what does not \
                 vary belongs under `base`"
            ));
        }
    };
    let domain = domain(name, &written, base)?;
    let when = written.when.into_iter().map(|(name, value)| match value {
        Value::Array(values) => (name, values),
        value => (name, vec![value]),
    });
    let parameter = Parameter {
        name: name.to_owned(),
        domain,
        when: when.collect(),
    };
    if parameter.when.iter().any(|(other, _)| other == name) {
        return Err("its condition names itself".into());
    }
    Ok(parameter)
}

fn domain(name: &str, written: &WrittenParameter, base: &Recipe) -> Result<Domain, String> {
    let (bounds, logarithmic) = match (&written.choice, written.uniform, written.log_uniform) {
        (Some(values), None, None) => {
            if values.is_empty() {
                return Err("the list is empty: the grid would have no runs".into());
            }
            if written.steps.is_some() || written.integer.is_some() {
                return Err("`steps` and `integer` are for ranges".into());
            }
            for (i, value) in values.iter().enumerate() {
                if values[..i].contains(value) {
                    return Err(format!("{value} is there twice"));
                }
            }
            return Ok(Domain::Choice(values.clone()));
        }
        (None, Some(bounds), None) => (bounds, false),
        (None, None, Some(bounds)) => (bounds, true),
        _ => return Err("give one of `choice`, `uniform` and `log_uniform`".into()),
    };
    let [low, high] = bounds;
    if !(low.is_finite() && high.is_finite() && low < high) {
        return Err(format!(
            "[{low}, {high}] is no range: the second must be greater"
        ));
    }
    if logarithmic && low <= 0.0 {
        return Err(format!("a logarithmic range begins above 0, not at {low}"));
    }
    if written.steps.is_some_and(|steps| steps < 2) {
        return Err("`steps` must be at least 2: both bounds".into());
    }
    let whole = low.fract() == 0.0 && high.fract() == 0.0;
    let is_integer = |value: Value| value.is_u64() || value.is_i64();
    let integer = match written.integer {
        Some(integer) => integer,
        None => is_integer(base.value(name)),
    };
    if integer && !whole {
        return Err(format!("[{low}, {high}]: whole numbers need whole bounds"));
    }
    Ok(Domain::Range(Range {
        low,
        high,
        logarithmic,
        integer,
        steps: written.steps,
    }))
}

#[cfg(test)]
mod tests;
