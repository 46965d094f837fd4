//! Executes workers as tasks of a Slurm job array, submitted with `sbatch`.
//!
//! A task claims items until none is left. Preemption and `scontrol requeue` send SIGTERM: the worker saves what it can,
//! and whichever task claims the item next continues it. Slurm sends SIGUSR1 shortly before a task's time limit, and
//! the task requeues itself.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use crate::{Execution, Executor, JobError, Work, command};

/// Default size of the array.
const DEFAULT_TASKS: usize = 100;

/// Seconds before the time limit at which a task is notified.
const NOTICE: u32 = 90;

/// Slurm resources of a task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SlurmSettings {
    /// Partition.
    pub partition: Option<String>,
    /// Account.
    pub account: Option<String>,
    /// Time limit of a task in the format of `sbatch --time`; a task that reaches it is requeued.
    pub time: Option<String>,
    /// Memory of a task in the format of `sbatch --mem`.
    pub memory: Option<String>,
    /// Maximum number of tasks running at the same time.
    pub array_limit: Option<usize>,
    /// Number of array tasks [default: one per item, at most 100]. Each task does several items in sequence.
    pub tasks: Option<usize>,
    /// Further `sbatch` options, such as `--qos=low`.
    pub options: Vec<String>,
}

/// Executor for Slurm.
#[derive(Clone, Copy, Debug)]
pub struct Slurm;

impl<W: Work> Executor<W> for Slurm {
    fn check(&self) -> Result<(), W::Error> {
        Ok(sbatch_exists()?)
    }

    fn execute(&self, work: &W, _: &AtomicBool) -> Result<Execution, W::Error> {
        let job = submit(work)?;
        Ok(Execution::Elsewhere(work.submitted(&job)))
    }
}

fn sbatch_exists() -> Result<(), JobError> {
    match Command::new("sbatch").arg("--version").output() {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(JobError::Usage(
            "there is no `sbatch` here: run this where Slurm jobs are submitted, or choose --executor local or print"
                .into(),
        )),
        Err(error) => Err(cannot_run(&error)),
    }
}

fn cannot_run(error: &std::io::Error) -> JobError {
    JobError::Usage(format!("cannot run `sbatch`: {error}"))
}

/// Submits an array of workers; returns the number of the job.
fn submit<W: Work>(work: &W) -> Result<String, JobError> {
    let script = script(work)?;
    let path = write_script(work.folder(), &script)?;
    let submitted = Command::new("sbatch").arg("--parsable").arg(&path).output();
    let output = submitted.map_err(|error| cannot_run(&error))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(JobError::Usage(format!(
            "sbatch refused {}: {}; {}",
            path.display(),
            stderr.trim(),
            work.after_refusal()
        )));
    }
    let job = String::from_utf8_lossy(&output.stdout);
    Ok(job.trim().split(';').next().unwrap_or_default().to_owned())
}

/// Writes the script under the first free name.
fn write_script(folder: &Path, script: &str) -> Result<PathBuf, JobError> {
    for i in 0.. {
        let path = folder.join(format!("slurm-{i}.sh"));
        let written = File::create_new(&path).and_then(|mut file| {
            file.write_all(script.as_bytes())?;
            file.sync_all()
        });
        match written {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(source) => return Err(JobError::Write { path, source }),
        }
    }
    unreachable!("a free number is found before the numbers end")
}

/// The `sbatch` options of the settings.
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
fn script<W: Work>(work: &W) -> Result<String, JobError> {
    let settings = work.slurm();
    let tasks = settings.tasks.unwrap_or(DEFAULT_TASKS);
    let tasks = tasks.min(work.left()).max(1);
    let limit = settings.array_limit;
    let limit = limit.map_or(String::new(), |limit| format!("%{limit}"));
    let options = options(settings);
    if let Some(bad) = options.iter().find(|option| option.contains('\n')) {
        return Err(JobError::Usage(format!("Slurm: {bad:?} has a line break")));
    }
    let logs = work.logs();
    if logs.display().to_string().contains(char::is_whitespace) {
        return Err(JobError::Usage(format!(
            "Slurm takes no path with spaces for its logs: {}",
            logs.display()
        )));
    }
    let mut text = format!(
        "#!/bin/bash\n#SBATCH --job-name={}\n#SBATCH --array=0-{}{limit}\n#SBATCH --ntasks=1\n\
         #SBATCH --cpus-per-task=1\n#SBATCH --requeue\n#SBATCH --open-mode=append\n\
         #SBATCH --output={}/slurm-%A_%a.log\n#SBATCH --signal=B:USR1@{NOTICE}\n",
        work.name(),
        tasks - 1,
        logs.display()
    );
    for option in options {
        text.push_str(&format!("#SBATCH {option}\n"));
    }
    let worker = command(&work.worker())?;
    text.push_str(&format!(
        "\n{worker} &\nworker=$!\n\
         # Preemption and requeueing: the worker saves and ends.\n\
         trap 'kill -TERM \"$worker\" 2>/dev/null' TERM\n\
         # The time is nearly over: the same, and this task begins anew.\n\
         trap 'again=1; kill -TERM \"$worker\" 2>/dev/null' USR1\n\
         while :; do\n    wait \"$worker\"\n    code=$?\n    kill -0 \"$worker\" 2>/dev/null || break\ndone\n\
         if [ -n \"$again\" ] && [ \"$code\" = 130 ]; then\n    scontrol requeue \"$SLURM_JOB_ID\"\nfi\nexit \"$code\"\n"
    ));
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Days(SlurmSettings);

    impl Work for Days {
        type Error = JobError;

        fn name(&self) -> &str {
            "days"
        }

        fn left(&self) -> usize {
            3
        }

        fn folder(&self) -> &Path {
            Path::new("/shared/out")
        }

        fn logs(&self) -> PathBuf {
            "/shared/out/logs".into()
        }

        fn slurm(&self) -> &SlurmSettings {
            &self.0
        }

        fn worker(&self) -> Vec<String> {
            ["work", "a b"].map(String::from).to_vec()
        }

        fn single(&self) -> Vec<Vec<String>> {
            Vec::new()
        }

        fn submitted(&self, job: &str) -> String {
            job.into()
        }

        fn after_refusal(&self) -> String {
            "correct it".into()
        }
    }

    #[test]
    fn the_script_asks_for_what_is_left_and_not_more() {
        let settings = SlurmSettings {
            array_limit: Some(2),
            partition: Some("long".into()),
            options: vec!["--qos=low".into()],
            ..SlurmSettings::default()
        };
        let text = script(&Days(settings)).unwrap();
        for line in [
            "#SBATCH --array=0-2%2",
            "#SBATCH --partition=long",
            "#SBATCH --qos=low",
            "#SBATCH --output=/shared/out/logs/slurm-%A_%a.log",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}: {text}");
        }
        assert!(text.contains(" work 'a b' &\nworker=$!"), "{text}");
        let settings = SlurmSettings {
            options: vec!["--qos=low\nrm".into()],
            ..SlurmSettings::default()
        };
        let problem = script(&Days(settings)).unwrap_err();
        assert!(problem.is_usage() && problem.to_string().contains("line break"));
    }
}
