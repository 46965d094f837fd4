//! `experiment verify` and `experiment repair`.

use std::fs::OpenOptions;

use serde_json::{Value, json};

use super::edit::change;
use super::text::{Colour, Terminal, plain};
use super::{Output, with_ids};
use crate::check::check;
use crate::error::ExperimentError;
use crate::files::read_regular;
use crate::logs;
use crate::metadata::Status;
use crate::run::LogRun;
use crate::store::{Entry, ExperimentStore};
use crate::trash::Held;

pub(super) fn verify(
    store: &ExperimentStore,
    ids: &[String],
    json: bool,
    terminal: &Terminal,
) -> Result<Output, ExperimentError> {
    let mut output = Output::default();
    let entries = match ids {
        [] => {
            let found = store.list()?;
            let broken = found.broken.iter().map(|e| plain(&e.to_string()));
            output.warnings = broken.collect();
            found.entries
        }
        ids => with_ids(store, ids)?,
    };
    output.failed = !output.warnings.is_empty();
    let mut values = Vec::new();
    for entry in &entries {
        let findings = check(entry);
        let bad = findings.iter().filter(|finding| finding.problem.is_some());
        let bad = bad.count();
        output.failed |= bad > 0;
        if json {
            values.push(json!({"id": entry.id, "problems": bad, "findings": findings}));
            continue;
        }
        let verdict = match bad {
            0 => terminal.paint("whole", Colour::Green),
            n => terminal.paint(&format!("{n} problem(s)"), Colour::Red),
        };
        output
            .text
            .push_str(&format!("{}  {verdict}\n", plain(&entry.id)));
        // Of many, only what is wrong.
        for finding in findings {
            let path = plain(&finding.path);
            match finding.problem {
                Some(problem) => {
                    let mark = terminal.paint("BAD", Colour::Red);
                    output
                        .text
                        .push_str(&format!("  {mark}  {path}: {}\n", plain(&problem)));
                }
                None if entries.len() == 1 => {
                    output
                        .text
                        .push_str(&format!("  ok   {path}: {}\n", plain(&finding.seen)));
                }
                None => {}
            }
        }
    }
    if json {
        output.text = format!("{:#}\n", json!(values));
    }
    Ok(output)
}

pub(super) fn repair(
    store: &ExperimentStore,
    id: &str,
    dry_run: bool,
) -> Result<Output, ExperimentError> {
    let entry = store.find(id)?;
    let held = Held::take(&entry)?;
    let mut text = format!("{}\n", plain(&entry.id));
    let mut did = |line: &str| {
        let would = if dry_run { "would have " } else { "" };
        text.push_str(&format!("  {would}{line}\n"));
    };
    for run in LogRun::ALL {
        for file in logs::files(&entry.logs().join(run.path())) {
            let sound = logs::check(&file)?;
            if sound.problem.is_none() {
                continue;
            }
            let lost = std::fs::metadata(&file).map_or(0, |found| found.len()) - sound.whole;
            did(&format!(
                "cut {lost} torn bytes off the log {} after {} events",
                run.path(),
                sound.records
            ));
            if !dry_run {
                cut_off(&file, sound.whole)?;
            }
        }
    }
    let history = entry.directory.join("history.jsonl");
    let bytes = read_regular(&history, u64::MAX - 1).unwrap_or_default();
    let whole = bytes
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |end| end + 1);
    if whole < bytes.len() {
        did(&format!(
            "cut {} torn bytes off history.jsonl",
            bytes.len() - whole
        ));
        if !dry_run {
            cut_off(&history, whole as u64)?;
        }
    }
    if entry.status == Some(Status::Crashed) {
        let results = logs::from_history(&entry.history());
        match &results {
            Some(results) => did(&format!(
                "closed the run as failed, with the results of {} epochs, best {}",
                results.epochs_run,
                results.best_epoch + 1
            )),
            None => did("closed the run as failed, without an epoch"),
        }
        if !dry_run {
            // `change` takes the lock itself.
            drop(held);
            close(&entry, results.map(|results| json!(results)))?;
        }
    }
    if text.lines().count() == 1 {
        text.push_str("  nothing to repair\n");
    }
    Ok(text.into())
}

fn cut_off(path: &std::path::Path, length: u64) -> Result<(), ExperimentError> {
    let file = OpenOptions::new().write(true).open(path);
    let cut = file.and_then(|file| {
        file.set_len(length)?;
        file.sync_all()
    });
    cut.map_err(ExperimentError::write(path))
}

/// Metadata of a run whose process went without a word.
fn close(entry: &Entry, results: Option<Value>) -> Result<(), ExperimentError> {
    let history = entry.history();
    let last = history.epochs.last();
    let written = std::fs::metadata(entry.directory.join("history.jsonl"));
    let end = written.and_then(|found| found.modified()).ok();
    change(entry, |metadata| {
        let mut set = |key: &str, value: Value| metadata.insert(key.to_owned(), value);
        set("status", json!(Status::Failed));
        let error =
            "the process ended without a word; closed by `experiment repair` from the history";
        set("error", error.into());
        if let Some(end) = end {
            set("end_time", crate::metadata::timestamp(end.into()).into());
        }
        if let Some(last) = last {
            set("duration_s", last.elapsed_s.into());
        }
        if let Some(results) = results {
            set("results", results);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{store, terminal};
    use super::*;

    #[test]
    fn a_crashed_run_is_closed_and_its_torn_ends_cut() {
        let (_folder, store) = store();
        let entry = store.find("latest").unwrap();
        let history = entry.directory.join("history.jsonl");
        let line = r#"{"epoch":0,"learning_rate":0.1,"metrics":{"val_loss":0.5,"val_f1_macro":0.25},"elapsed_s":7.5}"#;
        std::fs::write(&history, format!("{line}\n{{\"epo")).unwrap();
        let log = logs::files(&entry.logs().join("training/train")).remove(0);
        let mut bytes = std::fs::read(&log).unwrap();
        bytes.extend([1, 2, 3]);
        std::fs::write(&log, &bytes).unwrap();
        let before = verify(
            &store,
            std::slice::from_ref(&entry.id),
            false,
            &terminal(None),
        )
        .unwrap();
        assert!(before.failed);
        assert!(
            before.text.contains("history.jsonl: line 2: no epoch"),
            "{}",
            before.text
        );
        assert!(before.text.contains("cut short"), "{}", before.text);

        repair(&store, &entry.id, true).unwrap();
        assert_eq!(std::fs::read(&log).unwrap(), bytes);
        let done = repair(&store, &entry.id, false).unwrap().text;
        assert!(
            done.contains("cut 3 torn bytes off the log training/train"),
            "{done}"
        );
        assert!(done.contains("the results of 1 epochs, best 1"), "{done}");
        let after = store.find("latest").unwrap();
        assert_eq!(after.status, Some(Status::Failed));
        assert_eq!(after.metadata.metric("validation", "f1_macro"), Some(0.25));
        assert_eq!(after.metadata.duration_s, Some(7.5));
        let verified = verify(
            &store,
            std::slice::from_ref(&entry.id),
            false,
            &terminal(None),
        )
        .unwrap();
        assert!(!verified.failed, "{}", verified.text);
        assert!(
            repair(&store, &entry.id, false)
                .unwrap()
                .text
                .contains("nothing to repair")
        );
    }

    #[test]
    fn a_changed_file_is_found() {
        let (_folder, store) = store();
        let entry = store.find("00000000").unwrap();
        let id = [entry.id.clone()];
        let whole = verify(&store, &id, false, &terminal(None)).unwrap();
        assert!(!whole.failed, "{}", whole.text);
        let path = entry.directory.join("model_summary.txt");
        std::fs::write(path, "another").unwrap();
        let damaged = verify(&store, &id, false, &terminal(None)).unwrap();
        assert!(
            damaged.text.contains("BAD  model_summary.txt: its SHA-256"),
            "{}",
            damaged.text
        );
        std::fs::write(entry.directory.join("model/model.safetensors"), [9; 40]).unwrap();
        let json = verify(&store, &id, true, &terminal(None)).unwrap();
        let read: Value = serde_json::from_str(&json.text).unwrap();
        assert_eq!(read[0]["problems"], 3, "{}", json.text);
    }
}
