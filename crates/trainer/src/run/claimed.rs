//! Second stage: an experiment directory has been claimed.

use std::time::Instant;

use chrono::Local;
use experiment::{CHECKPOINTS, Experiment, ExperimentStore, IdParts};

use super::prepared::Prepared;
use crate::compute::Backend;
use crate::error::TrainerError;
use crate::progress::Progress;
use crate::resume::{self, ResumePoint};

/// A run with its experiment.
pub struct Claimed {
    /// The prepared input.
    pub prepared: Prepared,
    /// The experiment that records the run.
    pub experiment: Experiment,
    /// When this process started.
    pub started: Instant,
    /// Checkpoint to continue from.
    pub from: Option<ResumePoint>,
    /// Seconds trained by earlier processes.
    pub before: f64,
}

impl Prepared {
    /// Claims a new experiment, or reopens the one to resume.
    ///
    /// # Errors
    /// [`TrainerError`] if no directory can be created, or the experiment to resume has other data or no good
    /// checkpoint.
    pub fn claim(self, progress: &Progress) -> Result<Claimed, TrainerError> {
        let (recipe, tracking) = (&self.job.recipe, &self.job.tracking);
        let metadata = self.metadata();
        let store = ExperimentStore::new(&tracking.experiments_dir);
        let started = Instant::now();
        let parts = IdParts {
            time: Local::now(),
            model_type: recipe.model.name().into(),
            num_classes: self.dataset.class_names.len(),
            batch_size: recipe.batch_size,
            config_hash: recipe.hash(),
        };
        let mut from = None;
        let experiment = if let Some(entry) = &self.job.resume {
            let (experiment, point) =
                resume::resume(&self.job, entry, &metadata, &self.plan, progress)?;
            from = Some(point);
            experiment
        } else if tracking.untracked {
            store.claim_untracked(parts)?
        } else {
            let (template, folders) = (&tracking.id_template, &tracking.extra_subdirectories);
            store.claim(template, parts, metadata, folders)?
        };
        progress.say(&format!(
            "{}: {} on {}, {} training, {} validation, {} test windows, {} classes",
            experiment.id(),
            recipe.model,
            self.job.compute.backend.name(),
            self.dataset.train.len(),
            self.dataset.val.len(),
            self.dataset.test.len(),
            self.dataset.class_names.len()
        ));
        if Backend::ACCELERATORS.contains(&self.job.compute.backend) {
            progress.say(
                "the first run of a network and batch size on a card compiles and tunes kernels, which can take minutes; \
                 later runs start at once",
            );
        }
        let before = from.as_ref().map_or(0.0, |point| point.note.elapsed_s);
        Ok(Claimed {
            prepared: self,
            experiment,
            started,
            from,
            before,
        })
    }
}

impl Claimed {
    /// Whether there is a checkpoint to resume from.
    pub fn resumable(&self) -> bool {
        let directory = self.experiment.directory();
        CHECKPOINTS.iter().any(|name| directory.join(name).exists())
    }

    /// A message for the user on how to resume the run.
    pub fn resume_hint(&self) -> String {
        let root = &self.prepared.job.tracking.experiments_dir;
        let elsewhere = if root.as_os_str() == "experiments" {
            String::new()
        } else {
            format!(" --experiments-dir {}", root.display())
        };
        let id = self.experiment.id();
        format!("to continue {id} from its last checkpoint: --resume {id}{elsewhere}")
    }
}
