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

use jobs::SlurmSettings;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::error::{MAX_TRIALS, ParameterError, SweepError};
use super::folds::FoldPlan;
use super::space::{Domain, Parameter, Range, Values, grid, random, shown};
use crate::error::{StudyError, TrainerError};
use crate::recipe::{Preset, Recipe};

/// How combinations of parameters are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Every combination.
    #[default]
    Grid,
    /// Random combinations.
    Random,
}

/// Seeds of the runs: a count or a list.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Seeds {
    /// The base recipe's seed and those that follow it.
    Count(u64),
    /// Exactly these.
    List(Vec<u64>),
}

/// The file before validation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawSweepFile {
    name: Option<String>,
    preset: Option<PathBuf>,
    #[serde(deserialize_with = "data::finite_json")]
    base: Map<String, Value>,
    method: Method,
    trials: Option<u64>,
    sampling_seed: u64,
    #[serde(deserialize_with = "data::finite_json")]
    vary: Map<String, Value>,
    seeds: Option<Seeds>,
    #[serde(deserialize_with = "data::finite_json")]
    folds: Option<Value>,
    slurm: SlurmSettings,
}

/// A validated sweep file.
#[derive(Clone, Debug)]
pub struct SweepFile {
    /// Name of the study.
    pub name: String,
    /// Base preset.
    pub preset: Preset,
    /// Values of the varied parameters, one map per trial.
    pub trials: Vec<Values>,
    /// Recipe of each trial, with the base's seed.
    pub recipes: Vec<Recipe>,
    /// Seeds used for every trial.
    pub seeds: Vec<u64>,
    /// Cross-validation; `None` to use the dataset's splits.
    pub folds: Option<FoldPlan>,
    /// Slurm resources.
    pub slurm: SlurmSettings,
    /// Text of the file.
    pub text: String,
}

impl SweepFile {
    /// Reads a sweep file.
    ///
    /// # Errors
    /// [`TrainerError`] naming the file and the invalid parameter.
    pub fn load(path: &Path) -> Result<Self, TrainerError> {
        let text = data::read_yaml(path).map_err(|source| StudyError::ReadFile {
            path: path.to_owned(),
            source,
        })?;
        let wrong = |problem: SweepError| TrainerError::file(path, problem);
        // An empty file is an empty map.
        let parsed = data::parse_yaml_noting_unknown::<Option<RawSweepFile>>(&text);
        let (written, _) = parsed.map_err(|problem| wrong(problem.into()))?;
        let written = written.unwrap_or_default();
        let folder = path.parent().unwrap_or(Path::new(""));
        let preset = match &written.preset {
            Some(preset) => Preset::load(&folder.join(preset))?,
            None => Preset::default(),
        };
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        Self::resolve(written, preset, [folder, Path::new(&*stem)], text).map_err(wrong)
    }

    fn resolve(
        written: RawSweepFile,
        mut preset: Preset,
        [folder, stem]: [&Path; 2],
        text: String,
    ) -> Result<Self, SweepError> {
        let name = written
            .name
            .clone()
            .unwrap_or_else(|| stem.display().to_string());
        check_name(&name)?;
        let mut base = written.base.clone();
        if let Some(Value::String(config)) = base.get_mut("dataset_config") {
            *config = folder.join(&*config).display().to_string();
        }
        preset.recipe = preset
            .recipe
            .with_values(&base)
            .map_err(|problem| SweepError::Base { problem })?;
        let trials = trials(&written, &preset.recipe)?;
        let recipes: Result<Vec<Recipe>, SweepError> = trials
            .iter()
            .map(|values| recipe(&preset.recipe, values, folder))
            .collect();
        let seeds = seeds(&written, preset.recipe.seed)?;
        let folds = written
            .folds
            .as_ref()
            .map(|value| FoldPlan::parse(value, folder))
            .transpose()?;
        if trials.len() * seeds.len() == 1 && written.vary.is_empty() && folds.is_none() {
            return Err(SweepError::NothingVaries);
        }
        if folds.is_some() && preset.recipe.fold.is_some() {
            return Err(SweepError::FoldsTwice);
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
fn recipe(base: &Recipe, values: &Values, folder: &Path) -> Result<Recipe, SweepError> {
    let mut absolute = values.clone();
    if let Some(Value::String(config)) = absolute.get_mut("dataset_config") {
        *config = folder.join(&*config).display().to_string();
    }
    base.with_values(&absolute)
        .map_err(|problem| SweepError::Values {
            values: shown(values),
            problem,
        })
}

/// Requires a name that is a valid folder name on every platform.
fn check_name(name: &str) -> Result<(), SweepError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(fits) || name.len() > 100 {
        return Err(SweepError::Name { name: name.into() });
    }
    Ok(())
}

fn seeds(written: &RawSweepFile, base: u64) -> Result<Vec<u64>, SweepError> {
    let seeds = match &written.seeds {
        None => return Ok(vec![base]),
        Some(_) if written.vary.contains_key("seed") => {
            return Err(SweepError::SeedsTwice);
        }
        Some(Seeds::Count(count)) if *count > MAX_TRIALS as u64 => {
            return Err(SweepError::TooMany {
                key: "seeds",
                count: *count,
            });
        }
        Some(Seeds::Count(count)) => (0..*count).map(|i| base.wrapping_add(i)).collect(),
        Some(Seeds::List(list)) => list.clone(),
    };
    if seeds.is_empty() {
        return Err(SweepError::NoSeeds);
    }
    let mut distinct = seeds.clone();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < seeds.len() {
        return Err(SweepError::RepeatedSeed);
    }
    Ok(seeds)
}

fn trials(written: &RawSweepFile, base: &Recipe) -> Result<Vec<Values>, SweepError> {
    let invalid = |name: &str, problem| SweepError::Parameter {
        name: name.into(),
        problem,
    };
    let parameters: Result<Vec<Parameter>, SweepError> = written
        .vary
        .iter()
        .map(|(name, value)| parameter(name, value, base).map_err(|problem| invalid(name, problem)))
        .collect();
    let parameters = parameters?;
    for parameter in &parameters {
        for (name, _) in &parameter.when {
            let varies = parameters.iter().any(|other| other.name == *name);
            if !varies && base.value(name).is_null() {
                let name = name.clone();
                let problem = ParameterError::UnknownCondition { name };
                return Err(invalid(&parameter.name, problem));
            }
        }
    }
    let in_base = |name: &str| base.value(name);
    match (written.method, written.trials) {
        (Method::Grid, Some(_)) => Err(SweepError::TrialsOfGrid),
        (Method::Grid, None) => grid(&parameters, &in_base),
        (Method::Random, None) => Err(SweepError::NoTrials),
        (Method::Random, Some(0)) => Err(SweepError::ZeroTrials),
        (Method::Random, Some(count)) if count > MAX_TRIALS as u64 => {
            let key = "trials";
            Err(SweepError::TooMany { key, count })
        }
        (Method::Random, Some(_)) if parameters.is_empty() => Err(SweepError::NoParameters),
        (Method::Random, Some(count)) => {
            random(&parameters, &in_base, [count, written.sampling_seed])
        }
    }
}

/// A parameter written as a map instead of a list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawParameter {
    choice: Option<Vec<Value>>,
    uniform: Option<[f64; 2]>,
    log_uniform: Option<[f64; 2]>,
    integer: Option<bool>,
    steps: Option<usize>,
    when: Map<String, Value>,
}

fn parameter(name: &str, value: &Value, base: &Recipe) -> Result<Parameter, ParameterError> {
    let written = match value {
        Value::Array(values) => RawParameter {
            choice: Some(values.clone()),
            ..Default::default()
        },
        Value::Object(_) => serde_json::from_value(value.clone())?,
        _ => {
            return Err(ParameterError::OneValue {
                value: value.clone(),
            });
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
        return Err(ParameterError::OwnCondition);
    }
    Ok(parameter)
}

fn domain(name: &str, written: &RawParameter, base: &Recipe) -> Result<Domain, ParameterError> {
    let (bounds, logarithmic) = match (&written.choice, written.uniform, written.log_uniform) {
        (Some(values), None, None) => {
            if values.is_empty() {
                return Err(ParameterError::EmptyList);
            }
            if written.steps.is_some() || written.integer.is_some() {
                return Err(ParameterError::KeysOfRange);
            }
            for (i, value) in values.iter().enumerate() {
                if values[..i].contains(value) {
                    let value = value.clone();
                    return Err(ParameterError::Repeated { value });
                }
            }
            return Ok(Domain::Choice(values.clone()));
        }
        (None, Some(bounds), None) => (bounds, false),
        (None, None, Some(bounds)) => (bounds, true),
        _ => return Err(ParameterError::Domain),
    };
    let [low, high] = bounds;
    if !(low.is_finite() && high.is_finite() && low < high) {
        return Err(ParameterError::Bounds { low, high });
    }
    if logarithmic && low <= 0.0 {
        return Err(ParameterError::Logarithmic { low });
    }
    if written.steps.is_some_and(|steps| steps < 2) {
        return Err(ParameterError::Steps);
    }
    let whole = low.fract() == 0.0 && high.fract() == 0.0;
    let is_integer = |value: Value| value.is_u64() || value.is_i64();
    let integer = match written.integer {
        Some(integer) => integer,
        None => is_integer(base.value(name)),
    };
    if integer && !whole {
        return Err(ParameterError::IntegerBounds { low, high });
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
