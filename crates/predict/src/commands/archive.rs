//! `predict recording` over an archive of station-days in the SeisComP Data Structure:
//! `ROOT/YEAR/NET/STA/CHA.TYPE/NET.STA.LOC.CHA.TYPE.YEAR.DAY`.
//!
//! ```text
//! OUT/settings.json              settings of the results; a run with other settings is refused
//! OUT/claims/SITE.YEAR.DAY/      locked by the process that analyses the day, until it ends
//! OUT/days/SITE.YEAR.DAY.jsonl   results of a day, renamed to this once complete
//! OUT/events.jsonl               events of all days, joined over midnight; written when all days are done
//! ```

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use data::recording::{NANOS, parse_time};
use serde_json::{Value, json};

use super::findings::Findings;
use super::output::{Output, OutputArgs};
use super::recording::{RecordingArgs, Worker};
use super::{FORMAT_VERSION, Interrupt};
use crate::error::PredictError;
use crate::feed::Recordings;

/// A day, in nanoseconds.
const DAY: i64 = 86_400_000_000_000;

/// Files by site and day; days are counted from 1970-01-01.
type Days = BTreeMap<(String, i64), Vec<PathBuf>>;

/// Runs the command.
pub(super) fn run(arguments: &RecordingArgs, interrupt: &Interrupt) -> Result<(), PredictError> {
    let usage = |problem: &str| Err(PredictError::Usage(problem.into()));
    let [root] = &arguments.paths[..] else {
        return usage("an archive is one folder: name it alone");
    };
    let Some(out) = &arguments.output.out else {
        return usage("results of an archive go into a folder: --out DIR");
    };
    if arguments.quakeml.is_some() || arguments.output.csv {
        return usage("results of an archive are JSON lines: leave out --quakeml and --csv");
    }
    let mut days = Days::new();
    walk(root, 0, &mut days)?;
    if days.is_empty() {
        return Err(PredictError::source(
            root,
            "no file below it is named as in an SDS archive: NET.STA.LOC.CHA.D.YEAR.DAY",
        ));
    }
    let mut worker = Worker::new(arguments, interrupt)?;
    for folder in ["claims", "days"] {
        let folder = out.join(folder);
        fs::create_dir_all(&folder).map_err(|source| cannot_write(&folder, source))?;
    }
    check_settings(arguments, &worker, out)?;
    let (mut done, mut failed) = (0, Vec::new());
    for ((site, day), paths) in &days {
        interrupt.check()?;
        let name = day_name(site, *day);
        // A window that begins before midnight ends in the next day's files.
        let mut paths = paths.clone();
        paths.extend(
            days.get(&(site.clone(), day + 1))
                .into_iter()
                .flatten()
                .cloned(),
        );
        match one_day(arguments, &mut worker, (&name, *day), &paths) {
            Ok(true) => {
                done += 1;
                arguments.model.say(&format!("{name}: done"));
            }
            Ok(false) => {}
            Err(error @ (PredictError::Interrupted | PredictError::Write { .. })) => {
                return Err(error);
            }
            Err(error) => {
                arguments.model.say(&format!("{name}: {error}"));
                failed.push(name);
            }
        }
    }
    arguments.model.say(&format!(
        "{done} of {} days done by this process",
        days.len()
    ));
    if !failed.is_empty() {
        return Err(PredictError::Usage(format!(
            "{} days failed; run the command again to retry them: {}",
            failed.len(),
            failed.join(", ")
        )));
    }
    let results = days
        .keys()
        .map(|(site, day)| result_path(out, &day_name(site, *day)));
    let results: Vec<PathBuf> = results.collect();
    let missing = results.iter().filter(|path| !path.is_file()).count();
    if missing > 0 {
        arguments.model.say(&format!(
            "{missing} days are analysed by other processes; the last process writes events.jsonl"
        ));
        return Ok(());
    }
    if arguments.events.windows {
        return Ok(());
    }
    merge(&results, out, (arguments.events.merge_gap * NANOS) as i64)
}

fn day_name(site: &str, day: i64) -> String {
    let date = chrono::DateTime::from_timestamp_nanos(day * DAY);
    format!("{site}.{}", date.format("%Y.%j"))
}

fn result_path(out: &Path, name: &str) -> PathBuf {
    out.join("days").join(format!("{name}.jsonl"))
}

fn cannot_write(path: &Path, source: std::io::Error) -> PredictError {
    PredictError::Write {
        path: path.to_owned(),
        source,
    }
}

/// Adds the files below `folder`.
fn walk(folder: &Path, depth: usize, days: &mut Days) -> Result<(), PredictError> {
    let unreadable = |source| {
        PredictError::Data(data::DataError::Read {
            what: "the archive's folder",
            path: folder.to_owned(),
            source,
        })
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.sort();
    for path in paths {
        // Layout YEAR/NET/STA/CHA.D
        if path.is_dir() && depth < 4 {
            walk(&path, depth + 1, days)?;
        } else if let Some(key) = path
            .file_name()
            .and_then(|name| site_and_day(name.to_str()?))
        {
            days.entry(key).or_default().push(path);
        }
    }
    Ok(())
}

/// Parses `NET.STA.LOC.CHA.D.YEAR.DAY` into site and days since 1970-01-01.
fn site_and_day(name: &str) -> Option<(String, i64)> {
    let parts: Vec<&str> = name.split('.').collect();
    let [network, station, location, channel, _, year, day] = parts[..] else {
        return None;
    };
    let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(year, 4) || !digits(day, 3) || channel.len() != 3 || !channel.is_ascii() {
        return None;
    }
    let start = parse_time(&format!("{year}-{day}T00:00:00")).ok()?;
    let site = format!("{network}.{station}.{location}.{}", &channel[..2]);
    Some((site, start.div_euclid(DAY)))
}

/// Writes the settings of the results, or refuses to add to results with other settings.
fn check_settings(
    arguments: &RecordingArgs,
    worker: &Worker<'_>,
    out: &Path,
) -> Result<(), PredictError> {
    let events = &arguments.events;
    let settings = json!({
        "version": FORMAT_VERSION,
        "model": worker.classifier.identity(),
        "channels": arguments.channels,
        "rate": arguments.rate,
        "hop": worker.cutting.hop,
        "window": worker.cutting.window,
        "model_rate": worker.cutting.rate,
        "on": events.on,
        "off": events.off,
        "min_duration": events.min_duration,
        "merge_gap": events.merge_gap,
        "threshold": events.threshold,
        "ignore": events.ignore,
        "windows": events.windows,
    });
    let text = format!("{settings:#}\n");
    let path = out.join("settings.json");
    match fs::read_to_string(&path) {
        Ok(there) if there == text => Ok(()),
        Ok(_) => Err(PredictError::Usage(format!(
            "{} was made with other settings or another model: use a different --out",
            path.display()
        ))),
        Err(_) => {
            let mut output = Output::open(Some(&path))?;
            output.write(&text)?;
            output.finish()
        }
    }
}

/// Analyses a day unless it is done or another process works on it; returns whether it did.
fn one_day(
    arguments: &RecordingArgs,
    worker: &mut Worker<'_>,
    (name, day): (&str, i64),
    paths: &[PathBuf],
) -> Result<bool, PredictError> {
    let out = arguments.output.out.as_deref().unwrap_or(Path::new(""));
    let result = result_path(out, name);
    if result.is_file() {
        return Ok(false);
    }
    let claim = out.join("claims").join(name);
    fs::create_dir_all(&claim).map_err(|source| cannot_write(&claim, source))?;
    let lock = claim.join("lock");
    let lock_file = File::create(&lock).map_err(|source| cannot_write(&lock, source))?;
    match lock_file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(false),
        Err(TryLockError::Error(source)) => return Err(cannot_write(&lock, source)),
    }
    // Another process may have finished it before the lock was released.
    if result.is_file() {
        return Ok(false);
    }
    let recordings = Recordings::open(paths, &arguments.hints()?)?;
    for note in &recordings.notes {
        arguments.model.say(&format!("note: {note}"));
    }
    let output = OutputArgs {
        json: true,
        csv: false,
        out: Some(result),
    };
    let mut findings = Findings::open(&output, &arguments.events, &worker.classifier, &[])?;
    let chosen = recordings.choose(&arguments.channels, worker.cutting.channels)?;
    for note in &chosen.notes {
        arguments.model.say(&format!("note: {note}"));
    }
    for (mut site, channels) in chosen.sites {
        let site_name = site.name.clone();
        let notes = worker.analyse(&mut site, &channels, (day + 1) * DAY, &mut |found| {
            findings.write(&site_name, found)
        })?;
        for note in notes {
            arguments.model.say(&format!("{name}: {note}"));
        }
    }
    findings.finish()?;
    Ok(true)
}

/// Writes the events of all days sorted by site and time. Events of one class that continue over midnight are joined.
fn merge(results: &[PathBuf], out: &Path, reach: i64) -> Result<(), PredictError> {
    let mut output = Output::open(Some(&out.join("events.jsonl")))?;
    let mut last: Option<Value> = None;
    for path in results {
        let text = fs::read_to_string(path)
            .map_err(|error| PredictError::source(path, error.to_string()))?;
        for (number, line) in text.lines().enumerate() {
            let event: Value = serde_json::from_str(line).map_err(|error| {
                PredictError::source(path, format!("line {}: {error}", number + 1))
            })?;
            let joined = match &mut last {
                Some(previous) if number == 0 => join(previous, &event, reach).is_some(),
                _ => false,
            };
            if !joined && let Some(previous) = last.replace(event) {
                output.write(&format!("{previous}\n"))?;
            }
        }
    }
    if let Some(event) = last {
        output.write(&format!("{event}\n"))?;
    }
    output.finish()
}

/// Merges `next` into `last` if both belong to one event.
fn join(last: &mut Value, next: &Value, reach: i64) -> Option<()> {
    let same = ["site", "class"].iter().all(|key| last[key] == next[key]);
    let end = parse_time(last["end"].as_str()?).ok()?;
    let start = parse_time(next["start"].as_str()?).ok()?;
    if !same || start.saturating_sub(end) > reach {
        return None;
    }
    let windows = [&*last, next].map(|event| event["windows"].as_f64());
    let confidence = [&*last, next].map(|event| event["confidence"].as_f64());
    let (first, second) = (windows[0]?, windows[1]?);
    let mean = (confidence[0]? * first + confidence[1]? * second) / (first + second);
    last["confidence"] = super::output::number(mean as f32);
    last["windows"] = json!((first + second) as u64);
    if next["peak"].as_f64() > last["peak"].as_f64() {
        last["peak"] = next["peak"].clone();
        last["peak_time"] = next["peak_time"].clone();
    }
    if parse_time(next["end"].as_str()?).ok()? > end {
        last["end"] = next["end"].clone();
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_sds() {
        let of = |name| site_and_day(name).map(|(site, day)| day_name(&site, day));
        assert_eq!(
            of("XX.MADE.00.HHZ.D.2024.060").unwrap(),
            "XX.MADE.00.HH.2024.060"
        );
        assert_eq!(
            of("XX.MADE..HHN.D.2023.365").unwrap(),
            "XX.MADE..HH.2023.365"
        );
        for other in [
            "a.mseed",
            "XX.MADE.00.HHZ.D.2024.6",
            "XX.MADE.00.HZ.D.2024.060",
            "XX.MADE.00.HHZ.D.2023.366",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn events_over_midnight_are_one() {
        let event = |start: &str, end: &str, confidence: f64, windows: u64| {
            json!({"site": "a", "class": "b", "start": start, "end": end, "confidence": confidence, "peak": confidence,
                "peak_time": start, "windows": windows})
        };
        let mut last = event("2024-05-01T23:59:50Z", "2024-05-02T00:00:02Z", 0.5, 1);
        let next = event("2024-05-02T00:00:00Z", "2024-05-02T00:00:05Z", 0.75, 3);
        join(&mut last, &next, 0).unwrap();
        assert_eq!((&last["windows"], &last["end"]), (&json!(4), &next["end"]));
        assert_eq!(last["confidence"], 0.6875);
        let far = event("2024-05-02T00:01:00Z", "2024-05-02T00:01:05Z", 0.9, 3);
        assert!(join(&mut last, &far, 1_000_000_000).is_none());
    }
}
