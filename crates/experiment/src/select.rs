//! Resolves an `ID` from the command line to an experiment.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::catalogue::layout::METADATA;
use crate::catalogue::{Direction, Metric};
use crate::error::ExperimentError;
use crate::field_names::FieldNames;
use crate::fields::Fields;
use crate::id::is_named;
use crate::store::{Entry, ExperimentStore};

impl ExperimentStore {
    /// Finds the experiment named by `id`:
    /// - a full ID, or an unambiguous prefix or suffix of one;
    /// - `latest`, the newest tracked experiment;
    /// - `best`, the one with the highest validation macro F1, or `best:FIELD` for any other field (lowest for
    ///   losses);
    /// - a tag that exactly one experiment has, or the name of one run of a tracker.
    ///
    /// `latest` and `best` mean an untracked run only if no tracked experiment qualifies; its [`Entry::notes`] then say
    /// so.
    ///
    /// Only listed directories are considered; `id` is never used as a path.
    ///
    /// # Errors
    /// [`ExperimentError::NotFound`], [`ExperimentError::Ambiguous`] with the candidates, or
    /// [`ExperimentError::UnknownField`] if no experiment has the FIELD.
    pub fn find(&self, id: &str) -> Result<Entry, ExperimentError> {
        // A full ID needs no listing.
        if let Some(directory) = self.exactly(id) {
            return Entry::load(directory);
        }
        let now = chrono::Local::now().naive_local();
        let field = best_field(id);
        let given = FieldNames::default().with(id, field);
        // With thousands of experiments, only the values needed to choose are kept.
        let (mut entries, mut broken) = self.scan_for_lists(|mut entry| {
            let mut value = Value::Null;
            if let Some(field) = field {
                entry = entry.with_logged_results();
                let fields = Fields::new(&entry, now);
                given.see(&fields);
                value = fields.get(field);
            }
            // Of an untracked run, they are all that is known.
            if !entry.untracked {
                let tags = std::mem::take(&mut entry.metadata.tags);
                let timestamp = std::mem::take(&mut entry.metadata.timestamp);
                entry.metadata = crate::Metadata {
                    tags,
                    timestamp,
                    ..Default::default()
                };
            }
            Some((entry, value))
        })?;
        given.check(self, now)?;
        let not_found = || ExperimentError::NotFound {
            id: id.to_owned(),
            path: self.root().to_owned(),
        };
        let whole = |entry: Entry| {
            if entry.untracked {
                Ok(entry)
            } else {
                Entry::load(entry.directory)
            }
        };
        if id == "latest" || field.is_some() {
            let ranked = |untracked: bool| {
                let of_kind = |entry: &Entry| entry.untracked == untracked;
                match field {
                    Some(field) => best(&entries, field, of_kind),
                    None => entries.iter().rposition(|(entry, _)| of_kind(entry)),
                }
            };
            let chosen = ranked(false).or_else(|| ranked(true));
            let chosen = entries.swap_remove(chosen.ok_or_else(not_found)?).0;
            return whole(chosen).map(|entry| with_note(entry, id, field));
        }
        if let Some(i) = entries.iter().position(|(entry, _)| entry.id == id) {
            return whole(entries.swap_remove(i).0);
        }
        let fits = |(entry, _): &(Entry, Value)| is_named(&entry.id, id);
        if entries.iter().any(fits) {
            entries.retain(fits);
        } else {
            entries.retain(|(entry, _)| has_tag(entry, id));
        }
        match entries.len() {
            0 => {
                // A broken experiment reports its own error.
                broken.retain(|broken| is_named(&broken.entry().id, id));
                Err(match broken.len() {
                    1 => broken.remove(0).error,
                    _ => not_found(),
                })
            }
            1 => whole(entries.remove(0).0),
            _ => Err(ExperimentError::Ambiguous {
                id: id.to_owned(),
                candidates: entries.into_iter().map(|(entry, _)| entry.id).collect(),
            }),
        }
    }

    /// Directory of the tracked experiment with exactly this ID.
    fn exactly(&self, id: &str) -> Option<PathBuf> {
        let plain = Path::new(id).file_name() == Some(id.as_ref()) && !id.starts_with('.');
        let directory = self.root().join(id);
        let there = |path: &Path, is: fn(&Metadata) -> bool| {
            std::fs::symlink_metadata(path).is_ok_and(|found| is(&found))
        };
        let tracked = plain
            && there(&directory, Metadata::is_dir)
            && there(&directory.join(METADATA), |_| true);
        tracked.then_some(directory)
    }
}

/// Whether an experiment has this tag, or is a run that its tracker calls so.
fn has_tag(entry: &Entry, name: &str) -> bool {
    let is_name = entry.tracked("run") == Some(name);
    is_name || entry.metadata.tags.iter().any(|tag| tag == name)
}

/// The field in `best` or `best:FIELD`.
fn best_field(id: &str) -> Option<&str> {
    match id {
        "best" => Some("val_f1"),
        _ => id.strip_prefix("best:"),
    }
}

/// Whether higher or lower values of a field are better.
pub(crate) fn direction(field: &str) -> Direction {
    let lower = field.contains("loss") || ["params", "duration", "size"].contains(&field);
    match Metric::of_field(field) {
        Some((metric, _)) => metric.direction(),
        None if lower => Direction::Lower,
        None => Direction::Higher,
    }
}

/// Says that `id` chose an untracked run, since this is rarely what is meant.
fn with_note(mut entry: Entry, id: &str, field: Option<&str>) -> Entry {
    if entry.untracked {
        let missing = match field {
            Some(field) => format!("no tracked experiment has `{field}`"),
            None => "there is no tracked experiment".to_owned(),
        };
        let note = format!("`{id}` is the untracked run {}: {missing}", entry.id);
        entry.notes.push(note);
    }
    entry
}

/// Index of the experiment with the best value of `field` among `candidates`: the newest of equals, `None` if none has
/// a value.
fn best(
    entries: &[(Entry, Value)],
    field: &str,
    candidates: impl Fn(&Entry) -> bool,
) -> Option<usize> {
    let known = entries
        .iter()
        .enumerate()
        .filter_map(|(i, (entry, value))| {
            let value = value.as_f64().filter(|value| !value.is_nan())?;
            candidates(entry).then_some((i, value))
        });
    let direction = direction(field);
    let best = known.max_by(|(_, a), (_, b)| direction.rank(*b, *a));
    best.map(|(i, _)| i)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_rank_and_tag() {
        let (_folder, store) = crate::test_store::store();
        let found = |id: &str| store.find(id).map(|entry| entry.id[44..].to_owned());
        assert_eq!(found("best").unwrap(), "00000000");
        assert_eq!(found("best:test.f1_macro").unwrap(), "00000000");
        assert_eq!(found("best:duration").unwrap(), "00000000");
        assert_eq!(found("best:learning_rate").unwrap(), "00000001");
        assert_eq!(found("latest").unwrap(), "00000002");
        assert_eq!(found("field").unwrap(), "00000001");
        for id in ["", ".", "..", "/", "../experiments", "a\nb", ".trash"] {
            let error = found(id).unwrap_err();
            assert!(matches!(error, ExperimentError::NotFound { .. }), "{id}");
        }
        let error = found("best:tset_f1").unwrap_err();
        let expected = "best:tset_f1: no experiment has a field `tset_f1`; do you mean `test_f1`?";
        assert_eq!(error.to_string(), expected);
    }
}
