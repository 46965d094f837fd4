//! The runs of a study, and its folder.

use std::fs;
use std::path::{Path, PathBuf};

use experiment::{ExperimentError, write_atomically};
use jobs::{SlurmSettings, token};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use support::files::PendingOutput;

use super::file::SweepFile;
use super::folds::PlannedFold;
use super::space::{Values, shown};
use crate::compute::Backend;
use crate::error::{StudyError, TrainerError};
use crate::recipe::Recipe;

/// Version of the files; a newer one is refused.
pub const STUDY_VERSION: u32 = 1;

const PLAN: &str = "plan.jsonl";
const SETTINGS: &str = "study.json";
const SOURCE: &str = "sweep.yaml";

/// One run of a study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanLine {
    /// Line number in the plan, from 0.
    pub line: usize,
    /// Number of the combination of varied parameters, from 0.
    pub trial: usize,
    /// Its seed.
    pub seed: u64,
    /// Held-out fold.
    pub fold: Option<String>,
    /// Values of the varied parameters.
    pub varied: Values,
    /// Everything that decides the result.
    pub recipe: Recipe,
}

impl PlanLine {
    /// Name of its claims.
    pub fn item(&self) -> String {
        item(self.line)
    }

    /// A description of the run for messages.
    pub fn describe(&self) -> String {
        let mut parts = vec![format!("trial {}", self.trial)];
        if !self.varied.is_empty() {
            parts.push(shown(&self.varied));
        }
        parts.extend(self.fold.as_ref().map(|fold| format!("fold {fold}")));
        parts.push(format!("seed {}", self.seed));
        parts.join(", ")
    }
}

/// Where the runs of a study compute and write. All paths are absolute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudySettings {
    /// [`STUDY_VERSION`].
    pub version: u32,
    /// Name of the study.
    pub name: String,
    /// Directory of the experiments.
    pub experiments_dir: PathBuf,
    /// Directory for the embedded demo.
    pub datasets_dir: PathBuf,
    /// Backend.
    pub backend: Backend,
    /// Device of the backend; `None` for the best.
    pub device: Option<usize>,
    /// Whether inputs are read from their files for every batch.
    pub stream: bool,
    /// Minutes between checkpoints.
    pub checkpoint_minutes: f64,
    /// Tags of every experiment.
    pub tags: Vec<String>,
    /// Free text stored with every experiment.
    pub notes: String,
    /// Extra fields of every `metadata.json`.
    pub meta: serde_json::Map<String, Value>,
    /// Estimated memory of one run, in bytes.
    pub memory: u64,
    /// Slurm resources.
    pub slurm: SlurmSettings,
}

/// A study on disk.
#[derive(Clone, Debug, PartialEq)]
pub struct Study {
    /// Its folder.
    pub folder: PathBuf,
    /// Where the runs compute and write.
    pub settings: StudySettings,
    /// Its runs.
    pub lines: Vec<PlanLine>,
}

/// Name of the claims on a line.
pub fn item(line: usize) -> String {
    format!("{line:06}")
}

/// The folder of studies next to the experiments directory.
pub fn studies_dir(experiments_dir: &Path) -> PathBuf {
    let parent = experiments_dir.parent().unwrap_or(Path::new(""));
    parent.join("studies")
}

/// The runs of a sweep file: trial by trial, then by fold and seed. `folds_of` returns the folds of a recipe's data.
pub fn lines(file: &SweepFile, folds_of: &dyn Fn(&Recipe) -> Vec<PlannedFold>) -> Vec<PlanLine> {
    let mut lines = Vec::new();
    for (trial, (varied, recipe)) in file.trials.iter().zip(&file.recipes).enumerate() {
        let folds = match file.folds {
            Some(_) => folds_of(recipe).into_iter().map(Some).collect(),
            None => vec![None],
        };
        // A seed varied as a parameter is already in the recipe.
        let seeds = if varied.contains_key("seed") {
            vec![recipe.seed]
        } else {
            file.seeds.clone()
        };
        for fold in &folds {
            for &seed in &seeds {
                let mut recipe = recipe.clone();
                recipe.seed = seed;
                if let Some(fold) = fold {
                    recipe.fold = Some(fold.choice);
                    recipe.held_out = fold.held_out.clone();
                }
                lines.push(PlanLine {
                    line: lines.len(),
                    trial,
                    seed,
                    fold: fold.as_ref().map(|fold| fold.label.clone()),
                    varied: varied.clone(),
                    recipe,
                });
            }
        }
    }
    lines
}

impl Study {
    /// Writes a new study atomically.
    ///
    /// # Errors
    /// [`TrainerError`] if the name is taken or the folder cannot be written.
    pub fn create(
        settings: StudySettings,
        lines: Vec<PlanLine>,
        source: &str,
    ) -> Result<Self, TrainerError> {
        let studies = studies_dir(&settings.experiments_dir);
        let folder = studies.join(&settings.name);
        refuse_taken(&folder, &settings.name)?;
        let pending = PendingOutput::of(&folder).map_err(|source| cannot_write(&folder, source))?;
        let mut plan = String::new();
        for line in &lines {
            plan.push_str(&json!(line).to_string());
            plan.push('\n');
        }
        let write =
            |name: &str, text: &str| write_atomically(&pending.path().join(name), text.as_bytes());
        let written = ["claims", "logs"]
            .iter()
            .try_for_each(|name| fs::create_dir_all(pending.path().join(name)))
            .map_err(|source| cannot_write(pending.path(), source))
            .and_then(|()| write(PLAN, &plan))
            .and_then(|()| write(SETTINGS, &format!("{:#}\n", json!(settings))))
            .and_then(|()| write(SOURCE, source))
            .and_then(|()| write(token::FILE, &token::new()));
        let finished = written.and_then(|()| {
            let finished = pending.finish();
            finished.map_err(|source| cannot_write(&folder, source))
        });
        if let Err(error) = finished {
            refuse_taken(&folder, &settings.name)?;
            return Err(error.into());
        }
        Ok(Self {
            folder,
            settings,
            lines,
        })
    }

    /// Reads the study `name`.
    ///
    /// # Errors
    /// [`TrainerError::Study`] with the names of existing studies if there is none of this name.
    pub fn find(experiments_dir: &Path, name: &str) -> Result<Self, TrainerError> {
        let studies = studies_dir(experiments_dir);
        let folder = studies.join(name);
        if !name.is_empty() && folder.join(PLAN).is_file() {
            return Self::load(&folder);
        }
        let listing = fs::read_dir(&studies).into_iter().flatten().flatten();
        let mut names: Vec<String> = listing
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort();
        let name = name.to_owned();
        Err(StudyError::NotFound {
            name,
            studies,
            names,
        }
        .into())
    }

    /// Reads the study in a folder.
    ///
    /// # Errors
    /// [`TrainerError::Study`] if a file cannot be read, [`TrainerError::Usage`] naming the file and the invalid line.
    pub fn load(folder: &Path) -> Result<Self, TrainerError> {
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read_to_string(&path).map_err(|source| StudyError::Read { path, source })
        };
        let wrong = |name: &str, problem: String| TrainerError::file(&folder.join(name), problem);
        let settings: StudySettings = serde_json::from_str(&read(SETTINGS)?)
            .map_err(|error| wrong(SETTINGS, error.to_string()))?;
        if settings.version > STUDY_VERSION {
            let problem = format!(
                "has version {}, and this program knows versions up to {STUDY_VERSION}: use a newer one",
                settings.version
            );
            return Err(wrong(SETTINGS, problem));
        }
        let mut lines: Vec<PlanLine> = Vec::new();
        for (i, text) in read(PLAN)?.lines().enumerate() {
            let problem = |problem: String| wrong(PLAN, format!("line {}: {problem}", i + 1));
            let line: PlanLine =
                serde_json::from_str(text).map_err(|error| problem(error.to_string()))?;
            if line.line != i {
                return Err(problem(format!(
                    "its line number is {}, expected {i}",
                    line.line
                )));
            }
            lines.push(line);
        }
        Ok(Self {
            folder: folder.to_owned(),
            settings,
            lines,
        })
    }

    /// Folder of the workers' output.
    pub fn logs(&self) -> PathBuf {
        self.folder.join("logs")
    }

    /// Folder of the claims.
    pub fn claims(&self) -> PathBuf {
        self.folder.join("claims")
    }
}

/// Refuses the name of an existing study.
///
/// # Errors
/// [`TrainerError::Study`] naming the study.
pub fn refuse_taken(folder: &Path, name: &str) -> Result<(), TrainerError> {
    if fs::symlink_metadata(folder).is_err() {
        return Ok(());
    }
    let (name, folder) = (name.to_owned(), folder.to_owned());
    Err(StudyError::Exists { name, folder }.into())
}

fn cannot_write(path: &Path, source: std::io::Error) -> ExperimentError {
    ExperimentError::Write {
        path: path.to_owned(),
        source,
    }
}
