//! Executes workers as tasks of a Slurm job array, submitted with `sbatch`.
//!
//! A task claims lines until none is left. Preemption and `scontrol requeue` send SIGTERM: the run finishes its step
//! and saves, and whichever task claims the line next continues it. Slurm sends SIGUSR1 shortly before a task's time
//! limit, and the task requeues itself.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Command;

use experiment::write_atomically;

use super::{Execution, Executor, program, quoted};
use crate::error::TrainerError;
use crate::sweep::file::SlurmSettings;
use crate::sweep::plan::Study;
use crate::training::Interrupt;

/// Default size of the array.
const DEFAULT_TASKS: usize = 100;

/// Seconds before the time limit at which a task is notified.
const NOTICE: u32 = 90;

/// Executor for Slurm.
#[derive(Clone, Copy, Debug)]
pub struct Slurm;

impl Executor for Slurm {
    fn check(&self) -> Result<(), TrainerError> {
        match Command::new("sbatch").arg("--version").output() {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(TrainerError::Usage(
                "there is no `sbatch` here: run this where Slurm jobs are submitted, or choose --executor local or \
                 print"
                    .into(),
            )),
            Err(error) => Err(TrainerError::Usage(format!("cannot run `sbatch`: {error}"))),
        }
    }

    fn execute(
        &self,
        study: &Study,
        todo: &[usize],
        _: &Interrupt,
    ) -> Result<Execution, TrainerError> {
        let script = script(study, todo.len())?;
        let path = free(study);
        write_atomically(&path, script.as_bytes())?;
        let submitted = Command::new("sbatch").arg("--parsable").arg(&path).output();
        let output = submitted
            .map_err(|error| TrainerError::Usage(format!("cannot run `sbatch`: {error}")))?;
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr);
            return Err(TrainerError::Usage(format!(
                "sbatch refused {}: {}; correct `slurm:` in {} and go on with --resume {}",
                path.display(),
                stderr.trim(),
                study.folder.join("study.json").display(),
                study.settings.name
            )));
        }
        let job = String::from_utf8_lossy(&output.stdout);
        let job = job.trim().split(';').next().unwrap_or_default().to_owned();
        let name = &study.settings.name;
        Ok(Execution::Elsewhere(format!(
            "study {name}: {} runs submitted as Slurm job {job}\nlogs:    {}\nresults: experiment study {name}\n\
             after tasks that were killed: trainer sweep --resume {name} --executor slurm\n",
            todo.len(),
            study.logs().display()
        )))
    }
}

/// A script name that is not taken.
fn free(study: &Study) -> PathBuf {
    let path = |i: usize| study.folder.join(format!("slurm-{i}.sh"));
    let first = (0..).find(|i| !path(*i).exists()).unwrap_or_default();
    path(first)
}

/// The `sbatch` options from the sweep file.
fn options(settings: &SlurmSettings) -> Vec<String> {
    let given = [
        ("partition", &settings.partition),
        ("account", &settings.account),
        ("time", &settings.time),
        ("mem", &settings.memory),
    ];
    let given = given
        .into_iter()
        .filter_map(|(name, value)| Some(format!("--{name}={}", value.as_ref()?)));
    given.chain(settings.options.iter().cloned()).collect()
}

/// Renders the batch script.
fn script(study: &Study, runs: usize) -> Result<String, TrainerError> {
    let settings = &study.settings.slurm;
    let tasks = settings.tasks.unwrap_or(DEFAULT_TASKS).min(runs).max(1);
    let limit = settings.array_limit;
    let limit = limit.map_or(String::new(), |limit| format!("%{limit}"));
    let options = options(settings);
    if let Some(bad) = options.iter().find(|option| option.contains('\n')) {
        return Err(TrainerError::Usage(format!(
            "`slurm`: {bad:?} has a line break"
        )));
    }
    let logs = study.logs();
    if logs.display().to_string().contains(char::is_whitespace) {
        return Err(TrainerError::Usage(format!(
            "Slurm takes no path with spaces for its logs: {}",
            logs.display()
        )));
    }
    let mut text = format!(
        "#!/bin/bash\n#SBATCH --job-name={}\n#SBATCH --array=0-{}{limit}\n#SBATCH --ntasks=1\n\
         #SBATCH --cpus-per-task=1\n#SBATCH --requeue\n#SBATCH --open-mode=append\n\
         #SBATCH --output={}/slurm-%A_%a.log\n#SBATCH --signal=B:USR1@{NOTICE}\n",
        study.settings.name,
        tasks - 1,
        logs.display()
    );
    for option in options {
        text.push_str(&format!("#SBATCH {option}\n"));
    }
    let program = quoted(&program()?.display().to_string());
    let folder = quoted(&study.folder.display().to_string());
    let token = Study::token(&study.folder)?;
    text.push_str(&format!(
        "\n{program} sweep --worker {folder} --token {token} &\nworker=$!\n\
         # Preemption and requeueing: the run saves and ends.\n\
         trap 'kill -TERM \"$worker\" 2>/dev/null' TERM\n\
         # The time is nearly over: the same, and this task begins anew.\n\
         trap 'again=1; kill -TERM \"$worker\" 2>/dev/null' USR1\n\
         while :; do\n    wait \"$worker\"\n    code=$?\n    kill -0 \"$worker\" 2>/dev/null || break\ndone\n\
         if [ -n \"$again\" ] && [ \"$code\" = 130 ]; then\n    scontrol requeue \"$SLURM_JOB_ID\"\nfi\nexit \"$code\"\n"
    ));
    Ok(text)
}
