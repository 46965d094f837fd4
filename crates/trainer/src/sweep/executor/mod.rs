//! Executors, which run the workers of a study.

mod local;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use jobs::{SlurmSettings, Work, token};

use super::plan::Study;
use crate::error::TrainerError;

pub use local::Local;

/// Executor selectable by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ExecutorName {
    /// Processes on this machine
    #[default]
    Local,
    /// Tasks of a Slurm job array
    Slurm,
    /// None: print one command per line, for other schedulers
    Print,
}

/// The remaining runs of a study.
#[derive(Clone, Debug)]
pub struct StudyRuns {
    /// The study.
    pub study: Study,
    /// Lines of its plan that are not done.
    pub todo: Vec<usize>,
    token: String,
}

impl StudyRuns {
    /// The lines `todo` of a study.
    ///
    /// # Errors
    /// [`TrainerError`] if its folder has no token.
    pub fn new(study: Study, todo: Vec<usize>) -> Result<Self, TrainerError> {
        let token = token::read(&study.folder)?;
        Ok(Self { study, todo, token })
    }
}

impl Work for StudyRuns {
    type Error = TrainerError;

    fn name(&self) -> &str {
        &self.study.settings.name
    }

    fn left(&self) -> usize {
        self.todo.len()
    }

    fn folder(&self) -> &Path {
        &self.study.folder
    }

    fn logs(&self) -> PathBuf {
        self.study.logs()
    }

    fn slurm(&self) -> &SlurmSettings {
        &self.study.settings.slurm
    }

    fn worker(&self) -> Vec<String> {
        let folder = self.study.folder.display().to_string();
        let words = ["sweep", "--worker", &folder, "--token", &self.token];
        words.map(String::from).to_vec()
    }

    fn single(&self) -> Vec<Vec<String>> {
        let one = |line: &usize| {
            let mut words = self.worker();
            words.extend(["--line".to_owned(), line.to_string()]);
            words
        };
        self.todo.iter().map(one).collect()
    }

    fn submitted(&self, job: &str) -> String {
        let name = self.name();
        format!(
            "study {name}: {} runs submitted as Slurm job {job}\nlogs:    {}\nresults: experiment study {name}\n\
             after tasks that were killed: trainer sweep --resume {name} --executor slurm\n",
            self.left(),
            self.logs().display()
        )
    }

    fn after_refusal(&self) -> String {
        format!(
            "correct `slurm:` in {} and go on with --resume {}",
            self.study.folder.join("study.json").display(),
            self.name()
        )
    }
}
