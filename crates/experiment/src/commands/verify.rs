//! `experiment verify` and `experiment repair`.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::Output;
use super::edit::change;
use super::ids::{self, Chosen};
use super::nothing::no_experiments;
use super::text::{Colour, Terminal, plain};
use crate::catalogue::layout::{EVENT_FILE_MARK, HISTORY};
use crate::check::check;
use crate::error::ExperimentError;
use crate::event_files;
use crate::files::{open_regular, read_regular};
use crate::history::{is_object, whole_lines};
use crate::logs;
use crate::metadata::Status;
use crate::store::{Entry, ExperimentStore};
use crate::trash::ExperimentLock;
use support::words::counted;

pub(super) fn verify(
    store: &ExperimentStore,
    ids: &[String],
    json: bool,
    terminal: &Terminal,
) -> Result<Output, ExperimentError> {
    let mut output = Output::default();
    let mut notes = Vec::new();
    let entries = match ids {
        [] => {
            let found = store.list()?;
            let broken = found.broken.iter().map(|broken| plain(&broken.to_string()));
            output.warnings = broken.collect();
            if found.entries.is_empty() && output.warnings.is_empty() {
                output.text = no_experiments(store.root());
            }
            found.entries
        }
        ids => {
            let chosen = Chosen::of(store, ids)?;
            notes = chosen.notes;
            chosen.entries
        }
    };
    output.failed = !output.warnings.is_empty();
    output.warnings.extend(notes);
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
            n => terminal.paint(&counted(n, "problem"), Colour::Red),
        };
        output
            .text
            .push_str(&format!("{}  {verdict}\n", plain(&entry.id)));
        // Of many experiments, only problems are listed.
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

/// Actions of `repair`, taken or planned.
struct Repair {
    text: String,
    dry_run: bool,
}

impl Repair {
    fn did(&mut self, line: &str) {
        let would = if self.dry_run { "would have " } else { "" };
        self.text.push_str(&format!("  {would}{line}\n"));
    }

    fn leave(&mut self, line: &str) {
        self.text.push_str(&format!("  left unchanged: {line}\n"));
    }
}

pub(super) fn repair(
    store: &ExperimentStore,
    id: &str,
    dry_run: bool,
) -> Result<Output, ExperimentError> {
    let (entry, warnings) = ids::one(store, id)?;
    entry.metadata.check_version(&entry.id)?;
    let held = ExperimentLock::take(&entry)?;
    let mut repair = Repair {
        text: format!("{}\n", plain(&entry.id)),
        dry_run,
    };
    for file in event_files::below(&entry.logs()) {
        event_file(&mut repair, &entry, &file)?;
    }
    history(&mut repair, &entry.directory.join(HISTORY))?;
    if entry.status == Some(Status::Crashed) {
        let results = logs::from_history(&entry.history());
        match &results {
            Some(results) => {
                let best = results
                    .best_epoch
                    .map(|best| format!(", best {}", best + 1));
                repair.did(&format!(
                    "closed the run as failed, with the results of {}{}",
                    counted(results.epochs_run.unwrap_or(0), "epoch"),
                    best.unwrap_or_default()
                ));
            }
            None => repair.did("closed the run as failed, without an epoch"),
        }
        if !dry_run {
            // `change` locks the experiment itself.
            drop(held);
            close(&entry, results.map(|results| json!(results)))?;
        }
    }
    if repair.text.lines().count() == 1 {
        repair.text.push_str("  nothing to repair\n");
    }
    Ok(Output {
        text: repair.text,
        warnings,
        ..Default::default()
    })
}

/// Cuts off a torn end. Damaged records between intact ones stay, since readers skip them. A file without any event is
/// left unchanged, whatever its name.
fn event_file(repair: &mut Repair, entry: &Entry, file: &Path) -> Result<(), ExperimentError> {
    let sound = event_files::check(file)?;
    let name = file.strip_prefix(&entry.directory).unwrap_or(file);
    let name = plain(&name.to_string_lossy());
    if !sound.is_event_file() {
        repair.leave(&match sound.packing {
            Some(packing) => format!("{name}, {packing}"),
            None => format!("{name}, which holds no event"),
        });
        return Ok(());
    }
    if sound.damaged > 0 {
        let damaged = counted(sound.damaged, "damaged record");
        repair.leave(&format!("{damaged} of {name}, which readers step over"));
    }
    let Some(torn) = &sound.torn else {
        return Ok(());
    };
    if sound.unpacked {
        repair.leave(&format!(
            "the torn end of {name}, which is packed with gzip"
        ));
        return Ok(());
    }
    let removed = cut_off(repair, file, torn.at)?;
    repair.did(&format!(
        "cut {} torn bytes off {name} after {}, kept as {}",
        sound.size - torn.at,
        counted(sound.events, "event"),
        plain(&removed)
    ));
    Ok(())
}

/// Cuts off a torn last line. A complete line stays even without a line end, and so does a file that is not a
/// history.
fn history(repair: &mut Repair, path: &Path) -> Result<(), ExperimentError> {
    let Ok(bytes) = read_regular(path, u64::MAX - 1) else {
        return Ok(());
    };
    let start = whole_lines(&bytes);
    if start == bytes.len() {
        return Ok(());
    }
    if !begins_an_object(&bytes[start..]) && !bytes.split(|&b| b == b'\n').any(is_object) {
        repair.leave(&format!("{HISTORY}, which holds no epoch"));
        return Ok(());
    }
    let removed = cut_off(repair, path, start as u64)?;
    repair.did(&format!(
        "cut {} torn bytes off {HISTORY}, kept as {}",
        bytes.len() - start,
        plain(&removed)
    ));
    Ok(())
}

/// Whether a line starts like a JSON object. Zeros at its end are what a file system leaves after a power cut.
fn begins_an_object(line: &[u8]) -> bool {
    let end = line
        .iter()
        .rposition(|&byte| byte != 0)
        .map_or(0, |at| at + 1);
    match serde_json::from_slice::<Map<String, Value>>(&line[..end]) {
        Ok(_) => true,
        Err(error) => error.is_eof(),
    }
}

/// Truncates a file to `length` bytes, unless it is a dry run. The rest is first saved and synced next to it; returns
/// the name of that copy.
fn cut_off(repair: &Repair, path: &Path, length: u64) -> Result<String, ExperimentError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // The copy's name must not look like an event file to TensorBoard.
    let name = name.replace(EVENT_FILE_MARK, "events");
    for number in 1.. {
        let removed = match number {
            1 => format!("{name}.removed"),
            number => format!("{name}.{number}.removed"),
        };
        let aside = path.with_file_name(&removed);
        if std::fs::symlink_metadata(&aside).is_ok() {
            continue;
        }
        if !repair.dry_run {
            keep_end(path, &aside, length).map_err(ExperimentError::write(&aside))?;
            let cut = OpenOptions::new().write(true).open(path).and_then(|file| {
                file.set_len(length)?;
                file.sync_all()
            });
            cut.map_err(ExperimentError::write(path))?;
        }
        return Ok(removed);
    }
    unreachable!("some number is free")
}

/// Copies everything after the first `length` bytes of `path` into a new file.
fn keep_end(path: &Path, aside: &Path, length: u64) -> std::io::Result<()> {
    let mut from = open_regular(path)?;
    from.seek(SeekFrom::Start(length))?;
    let mut to = File::create_new(aside)?;
    let copied = std::io::copy(&mut from, &mut to).and_then(|_| to.sync_all());
    copied.inspect_err(|_| {
        let _ = std::fs::remove_file(aside);
    })
}

/// Completes the metadata of a run whose process died.
fn close(entry: &Entry, results: Option<Value>) -> Result<(), ExperimentError> {
    let history = entry.history();
    let last = history.epochs.last();
    let written = std::fs::metadata(entry.directory.join(HISTORY));
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
    use crate::catalogue::Split;

    #[test]
    fn a_crashed_run_is_closed_and_its_torn_ends_cut() {
        let (_folder, store) = store();
        let entry = store.find("latest").unwrap();
        let history = entry.directory.join("history.jsonl");
        let line = r#"{"epoch":0,"learning_rate":0.1,"metrics":{"val_loss":0.5,"val_f1_macro":0.25},"elapsed_s":7.5}"#;
        std::fs::write(&history, format!("{line}\n{{\"epo")).unwrap();
        let log = event_files::below(&entry.logs().join("training/train")).remove(0);
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
        assert!(
            before.text.contains("torn from record 1"),
            "{}",
            before.text
        );

        repair(&store, &entry.id, true).unwrap();
        assert_eq!(std::fs::read(&log).unwrap(), bytes);
        let done = repair(&store, &entry.id, false).unwrap().text;
        assert!(
            done.contains("cut 3 torn bytes off logs/training/train/events.out.tfevents"),
            "{done}"
        );
        assert!(done.contains("the results of 1 epoch, best 1"), "{done}");
        let after = store.find("latest").unwrap();
        assert_eq!(after.status, Some(Status::Failed));
        assert_eq!(
            after.metadata.metric(Split::Validation, "f1_macro"),
            Some(0.25)
        );
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
            damaged
                .text
                .contains("BAD  model_summary.txt: SHA-256 differs"),
            "{}",
            damaged.text
        );
        std::fs::write(entry.directory.join("model/model.safetensors"), [9; 40]).unwrap();
        let json = verify(&store, &id, true, &terminal(None)).unwrap();
        let read: Value = serde_json::from_str(&json.text).unwrap();
        assert_eq!(read[0]["problems"], 3, "{}", json.text);
    }

    /// Other programs leave other files than ours.
    #[test]
    fn a_finished_run_of_another_program_is_whole() {
        let (_folder, store) = store();
        let run = store.root().join("theirs");
        std::fs::create_dir(&run).unwrap();
        std::fs::write(run.join("metadata.json"), r#"{"status": "completed"}"#).unwrap();
        let found = verify(&store, &["theirs".into()], false, &terminal(None)).unwrap();
        assert!(!found.failed, "{}", found.text);
    }
}
