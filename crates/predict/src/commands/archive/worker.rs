//! Analyses days in this process until none is left to claim.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use data::recording::NANOS;
use jobs::{Availability, Claims, Execution, Executor};
use support::words::counted;

use super::super::findings::Findings;
use super::super::output::OutputArgs;
use super::super::recording::Analyst;
use super::super::share::usage;
use super::{Archive, DAY, days};
use crate::error::PredictError;
use crate::feed::Recordings;

/// Wait for a claim whose holder may have died at once.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Executor in this process.
pub(super) struct Worker<'a> {
    analyst: RefCell<Analyst<'a>>,
}

/// What one look at all days has found.
#[derive(Default)]
struct Pass {
    done: usize,
    /// Days whose analysis failed here, or elsewhere since the work began.
    failed: BTreeSet<String>,
    /// Days without samples of the model's channels, as where a sensor was out of order, and why the first is one.
    without: BTreeSet<String>,
    why: Option<String>,
    unborn: bool,
}

impl<'a> Worker<'a> {
    pub(super) fn new(mut analyst: Analyst<'a>) -> Self {
        // An event may go on over midnight: short ones are dropped when the days are joined.
        analyst.settings.min_duration = 0.0;
        Self {
            analyst: RefCell::new(analyst),
        }
    }
}

impl Executor<Archive<'_>> for Worker<'_> {
    fn check(&self) -> Result<(), PredictError> {
        Ok(())
    }

    fn execute(
        &self,
        archive: &Archive<'_>,
        interrupt: &AtomicBool,
    ) -> Result<Execution, PredictError> {
        let only = archive.arguments.share.day.as_deref();
        let mut all = archive.names();
        if let Some(only) = only.filter(|only| !all.any(|name| name == **only)) {
            return usage(format!("--day {only}: the archive has no such day"));
        }
        let mut pass = Pass::default();
        loop {
            pass.unborn = false;
            if self.pass(archive, only, interrupt, &mut pass)? == Execution::Interrupted {
                return Ok(Execution::Interrupted);
            }
            if !pass.unborn {
                break;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        archive.arguments.model.say(&format!(
            "{} of {} days done by this process",
            pass.done,
            archive.days.len()
        ));
        if let Some(why) = pass.why {
            if pass.without.len() == archive.days.len() {
                return usage(why);
            }
            archive.arguments.model.say(&format!(
                "warning: {} without the model's channels, and so without events: {}",
                counted(pass.without.len(), "day"),
                names(&pass.without)
            ));
        }
        if pass.failed.is_empty() {
            return Ok(Execution::Finished);
        }
        usage(format!(
            "{} days failed; run the command again to retry them: {}",
            pass.failed.len(),
            names(&pass.failed)
        ))
    }
}

fn names(days: &BTreeSet<String>) -> String {
    let names: Vec<&str> = days.iter().map(String::as_str).collect();
    names.join(", ")
}

impl Worker<'_> {
    /// Looks at every day once.
    fn pass(
        &self,
        archive: &Archive<'_>,
        only: Option<&str>,
        interrupt: &AtomicBool,
        pass: &mut Pass,
    ) -> Result<Execution, PredictError> {
        let claims = archive.claims();
        let attempts = claims.attempts()?;
        for (site, day) in archive.days.keys() {
            if interrupt.load(Ordering::Relaxed) {
                return Ok(Execution::Interrupted);
            }
            let name = days::day_name(site, *day);
            if only.is_some_and(|only| only != name) || archive.result(&name).is_file() {
                continue;
            }
            let before = attempts.get(&name).copied().unwrap_or(0);
            match claims.availability(&name, before) {
                Availability::Free(attempt) => {
                    let key = (site.as_str(), *day);
                    if let Some(end) = self.claimed(archive, &claims, (key, attempt), pass)? {
                        return Ok(end);
                    }
                }
                Availability::Unborn => pass.unborn = true,
                Availability::Held => {}
                // Without a result it failed in another process, unless that process is about to rename the result.
                Availability::Settled | Availability::GivenUp => {
                    if !archive.result(&name).is_file() {
                        pass.failed.insert(name);
                    }
                }
            }
        }
        Ok(Execution::Finished)
    }

    /// Claims a day and analyses it, unless another process was faster.
    fn claimed(
        &self,
        archive: &Archive<'_>,
        claims: &Claims,
        ((site, day), attempt): ((&str, i64), usize),
        pass: &mut Pass,
    ) -> Result<Option<Execution>, PredictError> {
        let name = days::day_name(site, day);
        let Some(claim) = claims.take(&name, attempt)? else {
            // Both of two processes that claim a day at the same moment may have given way.
            pass.unborn = true;
            return Ok(None);
        };
        // The previous holder may have finished it.
        if archive.result(&name).is_file() {
            claim.settle("done before")?;
            return Ok(None);
        }
        if attempt > 0 {
            remove_leftovers(archive, &name);
        }
        let say = |text: &str| archive.arguments.model.say(text);
        match self.analyse(archive, site, day) {
            Ok(without) => {
                pass.done += 1;
                match &without {
                    None => say(&format!("{name}: done")),
                    Some(why) => say(&format!("{name}: note: left out {why}")),
                }
                claim.settle("done")?;
                if without.is_some() {
                    pass.without.insert(name);
                    pass.why = pass.why.take().or(without);
                }
            }
            Err(PredictError::Interrupted) => {
                claim.release()?;
                return Ok(Some(Execution::Interrupted));
            }
            Err(error @ PredictError::Write { .. }) => {
                claim.release()?;
                return Err(error);
            }
            Err(error) => {
                say(&format!("{name}: {error}"));
                claim.settle(&format!("failed: {error}"))?;
                pass.failed.insert(name);
            }
        }
        Ok(None)
    }

    /// Analyses a day; its result appears when it is complete. If it has no samples of the model's channels, the result is
    /// empty, and the reason is returned.
    fn analyse(
        &self,
        archive: &Archive<'_>,
        site: &str,
        day: i64,
    ) -> Result<Option<String>, PredictError> {
        let arguments = archive.arguments;
        let name = days::day_name(site, day);
        // A window that begins before midnight ends in the next day's files.
        let of = |day| archive.days.get(&(site.to_owned(), day)).map(Vec::as_slice);
        let (before, next) = (of(day - 1), of(day + 1).unwrap_or_default());
        let mut paths = [of(day).unwrap_or_default(), next].concat();
        paths.retain(|path| {
            // As of a recorder whose disk was full.
            let is_empty = fs::metadata(path).is_ok_and(|file| file.len() == 0);
            if is_empty {
                let path = path.display();
                arguments
                    .model
                    .say(&format!("note: {path}: the file is empty"));
            }
            !is_empty
        });
        let rate = self.analyst.borrow().cutting.rate;
        let recordings = Recordings::open(&paths, &arguments.hints(rate)?)?;
        for note in &recordings.notes {
            arguments.model.say(&format!("note: {note}"));
        }
        let output = OutputArgs {
            json: true,
            csv: false,
            out: Some(archive.result(&name)),
        };
        let mut analyst = self.analyst.borrow_mut();
        let mut findings = Findings::open(&output, &arguments.events, &analyst.classifier, &[])?;
        if recordings.sites.is_empty() {
            findings.finish()?;
            return Ok(Some(format!("{name}: its files have no samples")));
        }
        let chosen = match recordings.choose(analyst.wanted(&arguments.channels)) {
            Err(why @ PredictError::SiteChannels { .. }) => {
                findings.finish()?;
                return Ok(Some(why.to_string()));
            }
            chosen => chosen?,
        };
        for note in &chosen.notes {
            arguments.model.say(&format!("note: {note}"));
        }
        for (mut site, channels) in chosen.sites {
            let site_name = site.name.clone();
            // Files begin and end with records, not at midnight: every window belongs to one day, whose files have it. Clocks of
            // channels differ by up to half a sample.
            let half = (0.5 / rate * NANOS) as i64;
            let from = before.map_or(i64::MIN, |_| day * DAY - half);
            let until = site.start_in(next, &channels);
            let until = until.map_or(i64::MAX, |start| start.max((day + 1) * DAY) - half);
            let notes = analyst.analyse(&mut site, &channels, [from, until], &mut |found| {
                findings.write(&site_name, found)
            })?;
            for note in notes {
                arguments.model.say(&format!("{name}: {note}"));
            }
        }
        findings.finish()?;
        Ok(None)
    }
}

/// Removes temporary files that a killed process left of a day that this process has claimed.
fn remove_leftovers(archive: &Archive<'_>, name: &str) {
    let start = format!(".{name}.jsonl.");
    let listing = fs::read_dir(archive.out.join("days"));
    for entry in listing.into_iter().flatten().flatten() {
        let file = entry.file_name();
        let file = file.to_string_lossy();
        if file.starts_with(&start) && file.ends_with(".tmp") {
            let _ = fs::remove_file(entry.path());
        }
    }
}
