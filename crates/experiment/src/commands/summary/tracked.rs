//! What a summary says of runs of trackers and other programs only.

use crate::catalogue::layout::METADATA;
use crate::commands::text::{bytes, number};
use crate::fields::size;
use crate::metadata::Metadata;
use crate::store::Entry;

/// Most scores that are shown under names of their own.
const MAX_OWN: usize = 24;

/// The program that tracked a run, with the run's name, group and state there; empty for other runs.
pub(super) fn origin(entry: &Entry) -> String {
    let Some(program) = entry.program else {
        return String::new();
    };
    let known = |what| entry.tracked(what);
    let mut words = vec![program.name().to_owned()];
    words.extend(known("run").map(|run| format!("run {run}")));
    words.extend(known("group").map(|group| format!("of {group}")));
    words.extend(known("status").map(str::to_owned));
    words.join(", ")
}

/// The size of a run's folder; empty if the run is in a database.
pub(super) fn size_of(entry: &Entry) -> String {
    if entry.stored.is_some() {
        return String::new();
    }
    bytes(Some(size(&entry.directory) as f64))
}

/// The best epoch, counted from 1; that of another program's file may count from 0 or 1.
pub(super) fn best_epoch(metadata: &Metadata, best: usize) -> String {
    if metadata.gives_best_epoch() {
        format!("best epoch {best}, counted as in its file")
    } else {
        format!("best {}", best + 1)
    }
}

/// Where its settings are.
pub(super) fn settings_file(entry: &Entry) -> &'static str {
    if entry.untracked {
        "its settings"
    } else {
        METADATA
    }
}

/// Scores whose names are not known here.
pub(super) fn own_scores(entry: &Entry) -> String {
    let scores = entry.own_scores();
    let more = scores.len().saturating_sub(MAX_OWN);
    let shown = scores.iter().take(MAX_OWN);
    let mut words: Vec<String> = shown
        .map(|(name, value)| format!("{name} {}", number(Some(*value))))
        .collect();
    if more > 0 {
        words.push(format!("and {more} more (--json has all)"));
    }
    words.join(", ")
}
