//! `predict recording` over an archive of station-days in the SeisComP Data Structure:
//! `ROOT/YEAR/NET/STA/CHA.TYPE/NET.STA.LOC.CHA.TYPE.YEAR.DAY`.
//!
//! ```text
//! OUT/settings.json              settings of the results; a run with other settings is refused
//! OUT/archive                    folder of the archive
//! OUT/token                      by which a worker knows that it sees the same folder
//! OUT/claims/SITE.YEAR.DAY.N/    claims on days, see the crate `jobs`
//! OUT/days/SITE.YEAR.DAY.jsonl   results of a day, renamed to this once complete
//! OUT/events.jsonl               events of all days, joined over midnight; written when all days are done
//! OUT/logs/                      output of Slurm tasks
//! ```

mod days;
mod merge;
mod origin;
mod words;
mod worker;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use data::recording::NANOS;
use jobs::{Availability, Claims, Execution, Executor, Print, Slurm, SlurmSettings, Work, token};
use serde_json::{Map, Value, json};

use super::output::Output;
use super::recording::{Analyst, RecordingArgs};
use super::share::{ExecutorName, usage};
use super::{FORMAT_VERSION, Interrupt};
use crate::error::PredictError;
use days::Days;
use worker::Worker;

/// A day, in nanoseconds.
const DAY: i64 = 86_400_000_000_000;

/// An archive and the folder of its results, which is shared.
pub(super) struct Archive<'a> {
    arguments: &'a RecordingArgs,
    days: Days,
    /// Absolute.
    out: PathBuf,
    /// Days without a result when the work began.
    todo: Vec<String>,
    slurm: SlurmSettings,
    token: String,
    /// Arguments of a worker.
    words: Vec<String>,
}

impl Work for Archive<'_> {
    type Error = PredictError;

    fn name(&self) -> &str {
        "predict"
    }

    fn left(&self) -> usize {
        self.todo.len()
    }

    fn folder(&self) -> &Path {
        &self.out
    }

    fn logs(&self) -> PathBuf {
        self.out.join("logs")
    }

    fn slurm(&self) -> &SlurmSettings {
        &self.slurm
    }

    fn worker(&self) -> Vec<String> {
        let mut words = self.words.clone();
        words.extend(["--worker".to_owned(), self.token.clone()]);
        words
    }

    fn single(&self) -> Vec<Vec<String>> {
        let one = |name: &String| {
            let mut words = self.worker();
            words.extend(["--day".to_owned(), name.clone()]);
            words
        };
        self.todo.iter().map(one).collect()
    }

    fn submitted(&self, job: &str) -> String {
        format!(
            "{} of {} days submitted as Slurm job {job}\nlogs:    {}\nresults: {}, when all days are done\n\
             after tasks that were killed: run this command again\n",
            self.left(),
            self.days.len(),
            self.logs().display(),
            self.out.join("events.jsonl").display()
        )
    }

    fn after_refusal(&self) -> String {
        "correct the options of --sbatch and run this command again".into()
    }
}

impl Archive<'_> {
    fn names(&self) -> impl Iterator<Item = String> {
        let keys = self.days.keys();
        keys.map(|(site, day)| days::day_name(site, *day))
    }

    fn result(&self, name: &str) -> PathBuf {
        self.out.join("days").join(format!("{name}.jsonl"))
    }

    fn claims(&self) -> Claims {
        Claims::new(self.out.join("claims"))
    }

    /// Makes days that failed or were given up available again.
    fn reopen(&self) -> Result<(), PredictError> {
        let claims = self.claims();
        let attempts = claims.attempts()?;
        for name in &self.todo {
            let attempts = attempts.get(name).copied().unwrap_or(0);
            let availability = claims.availability(name, attempts);
            if matches!(availability, Availability::Settled | Availability::GivenUp) {
                claims.reopen(name, attempts)?;
            }
        }
        Ok(())
    }

    /// Warns about results that are older than the files they were made from, as of a day that was still being recorded.
    fn warn_of_newer_files(&self) {
        let modified = |path: &Path| {
            fs::metadata(path)
                .and_then(|metadata| metadata.modified())
                .ok()
        };
        let is_outdated = |((site, day), name): &(&(String, i64), String)| {
            let Some(done) = modified(&self.result(name)) else {
                return false;
            };
            let days = [*day, day + 1].map(|day| self.days.get(&(site.clone(), day)));
            let mut files = days.into_iter().flatten().flatten();
            files.any(|file| modified(file).is_some_and(|time| time > done))
        };
        let outdated = self.days.keys().zip(self.names()).filter(is_outdated);
        let names: Vec<String> = outdated.map(|(_, name)| name).collect();
        if !names.is_empty() {
            self.arguments.model.say(&format!(
                "warning: {} with files that are newer than the result: {}; to analyse them again, remove them from {}",
                support::words::counted(names.len(), "day"),
                names.join(", "),
                self.out.join("days").display()
            ));
        }
    }

    /// Joins the results if every day has one; otherwise says what is missing.
    fn finish(&self) -> Result<(), PredictError> {
        let results: Vec<PathBuf> = self.names().map(|name| self.result(&name)).collect();
        let missing = results.iter().filter(|path| !path.is_file()).count();
        if missing > 0 {
            self.arguments.model.say(&format!(
                "{missing} days are analysed by other processes; the last process writes events.jsonl"
            ));
            return Ok(());
        }
        if self.arguments.events.windows {
            return Ok(());
        }
        let events = &self.arguments.events;
        let joining = merge::Joining {
            reach: (events.merge_gap * NANOS) as i64,
            shortest: (events.min_duration * NANOS) as i64,
        };
        merge::merge(&results, &self.out, joining)
    }
}

/// Runs the command.
pub(super) fn run(arguments: &RecordingArgs, interrupt: &Interrupt) -> Result<(), PredictError> {
    let [root] = &arguments.paths[..] else {
        return usage("an archive is one folder: name it alone");
    };
    let Some(out) = &arguments.output.out else {
        return usage("results of an archive go into a folder: --out DIR");
    };
    if arguments.quakeml.is_some() || arguments.output.csv {
        return usage("results of an archive are JSON lines: leave out --quakeml and --csv");
    }
    let share = &arguments.share;
    let slurm = share.settings()?;
    match share.executor {
        ExecutorName::Local => {}
        ExecutorName::Slurm => Executor::<Archive>::check(&Slurm)?,
        ExecutorName::Print => Executor::<Archive>::check(&Print)?,
    }
    let out = words::absolute(out)?;
    if let Some(expected) = &share.worker {
        token::check(&out, expected)?;
    }
    let days = days::find(root)?;
    let analyst = Analyst::new(arguments, interrupt)?;
    for folder in ["claims", "days", "logs"] {
        let folder = out.join(folder);
        fs::create_dir_all(&folder).map_err(|source| cannot_write(&folder, source))?;
    }
    check_settings(arguments, &analyst, &out)?;
    let mut archive = Archive {
        todo: Vec::new(),
        slurm,
        token: find_token(&out)?,
        words: words::of(arguments, analyst.classifier.folder())?,
        arguments,
        days,
        out,
    };
    let without_result = |name: &String| !archive.result(name).is_file();
    archive.todo = archive.names().filter(without_result).collect();
    if share.worker.is_none() {
        origin::check(&archive, root)?;
        archive.warn_of_newer_files();
        archive.reopen()?;
    }
    let local = Worker::new(analyst);
    let executor: &dyn Executor<Archive<'_>> = match share.executor {
        _ if archive.todo.is_empty() => &local,
        ExecutorName::Local => &local,
        ExecutorName::Slurm => &Slurm,
        ExecutorName::Print => &Print,
    };
    match executor.execute(&archive, interrupt.flag())? {
        Execution::Elsewhere(text) => {
            let mut output = Output::open(None)?;
            output.write(&text)?;
            output.finish()
        }
        Execution::Interrupted => Err(PredictError::Interrupted),
        Execution::Finished => archive.finish(),
    }
}

fn cannot_write(path: &Path, source: std::io::Error) -> PredictError {
    PredictError::Write {
        path: path.to_owned(),
        source,
    }
}

/// The token in the folder of results; the first process creates it.
fn find_token(out: &Path) -> Result<String, PredictError> {
    let path = out.join(token::FILE);
    if !path.is_file() {
        // If several processes start at once, the first link wins.
        let aside = out.join(format!(
            ".token.{}.{}",
            support::words::host_name(),
            std::process::id()
        ));
        fs::write(&aside, token::new()).map_err(|source| cannot_write(&aside, source))?;
        let linked = fs::hard_link(&aside, &path);
        let _ = fs::remove_file(&aside);
        match linked {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(cannot_write(&path, error));
            }
            _ => {}
        }
    }
    Ok(token::read(out)?)
}

/// Writes the settings of the results, or refuses to add to results with other settings.
fn check_settings(
    arguments: &RecordingArgs,
    analyst: &Analyst<'_>,
    out: &Path,
) -> Result<(), PredictError> {
    let events = &arguments.events;
    let mut settings = json!({
        "version": FORMAT_VERSION,
        "model": analyst.classifier.identity(),
        "channels": arguments.channels,
        "rate": arguments.rate,
        "hop": analyst.cutting.hop,
        "window": analyst.cutting.window,
        "model_rate": analyst.cutting.rate,
        "on": events.on,
        "off": events.off,
        "min_duration": events.min_duration,
        "merge_gap": events.merge_gap,
        "threshold": events.threshold,
        "ignore": events.ignore,
        "windows": events.windows,
    });
    // Results of versions that did not write these stay valid without them.
    let given = [
        ("start", json!(arguments.start)),
        ("time_column", json!(arguments.time_column)),
        ("samples_in_rows", json!(arguments.samples_in_rows)),
    ];
    for (key, value) in given.into_iter().filter(|(_, value)| !value.is_null()) {
        settings[key] = value;
    }
    let text = format!("{settings:#}\n");
    let path = out.join("settings.json");
    match fs::read_to_string(&path) {
        Ok(there) if there == text => Ok(()),
        Ok(there) => Err(PredictError::Usage(format!(
            "{} was made with other settings or another model{}: use a different --out",
            path.display(),
            differences(&there, &settings)
        ))),
        Err(_) => {
            let mut output = Output::open(Some(&path))?;
            output.write(&text)?;
            output.finish()
        }
    }
}

/// Which settings differ, as ` (...)`; empty if the file cannot be read.
fn differences(there: &str, now: &Value) -> String {
    let (Ok(Value::Object(there)), Some(now)) = (serde_json::from_str(there), now.as_object())
    else {
        return String::new();
    };
    let keys: BTreeSet<&String> = there.keys().chain(now.keys()).collect();
    let value = |settings: &Map<String, Value>, key: &str| {
        let value = settings.get(key).filter(|value| !value.is_null());
        let number = value.and_then(Value::as_f64);
        // Thresholds are float32, which float64 shows with digits that nobody wrote.
        match number.filter(|v| f64::from(*v as f32) == *v) {
            Some(number) => (number as f32).to_string(),
            None => value.map_or("not given".to_owned(), Value::to_string),
        }
    };
    let differ = keys
        .into_iter()
        .filter(|key| there.get(*key) != now.get(*key));
    let differ = differ.map(|key| {
        let (then, now) = (value(&there, key), value(now, key));
        format!("{key}: {then} there, {now} now")
    });
    format!(" ({})", differ.collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_differ_are_named() {
        let there = r#"{"on": 0.7, "off": 0.5, "rate": null, "start": "2024-05-01"}"#;
        let now = json!({"on": 0.9_f32, "off": 0.5, "rate": 100.0});
        assert_eq!(
            differences(there, &now),
            " (on: 0.7 there, 0.9 now; rate: not given there, 100 now; start: \"2024-05-01\" there, not given now)"
        );
        assert_eq!(differences("{damaged", &now), "");
    }
}
