//! `experiment delete`, `restore` and `purge`.

use super::Output;
use super::ids::Chosen;
use super::text::{bytes, plain};
use crate::error::ExperimentError;
use crate::fields::size;
use crate::store::{Entry, ExperimentStore};
use crate::trash::ExperimentLock;

/// One line about a planned or completed action.
pub(super) fn line(verb: &str, entry: &Entry, rest: &str) -> String {
    let size = bytes(Some(size(&entry.directory) as f64));
    format!("{verb} {}  {size}{rest}\n", plain(&entry.id))
}

pub(super) fn delete(
    store: &ExperimentStore,
    ids: &[String],
    dry_run: bool,
) -> Result<Output, ExperimentError> {
    // All IDs are resolved, and none is running, before the first experiment is moved.
    let Chosen { entries, notes } = Chosen::of(store, ids)?;
    entries
        .iter()
        .try_for_each(|entry| ExperimentLock::take(entry).map(|_| ()))?;
    let mut text = String::new();
    for entry in &entries {
        if dry_run {
            text.push_str(&line("would delete", entry, ""));
            continue;
        }
        let done = line("deleted", entry, "");
        store.delete(entry)?;
        text.push_str(&done);
    }
    if !dry_run {
        text.push_str("`experiment restore ID` takes back, `experiment purge` removes for good\n");
    }
    Ok(Output {
        text,
        warnings: notes,
        ..Default::default()
    })
}

pub(super) fn restore(
    store: &ExperimentStore,
    ids: &[String],
    dry_run: bool,
) -> Result<Output, ExperimentError> {
    let entries = Chosen::deleted(store, ids)?.entries;
    let mut text = String::new();
    if ids.is_empty() {
        let lines = entries.iter().map(|entry| line("in the trash:", entry, ""));
        text.extend(lines);
        if entries.is_empty() {
            text.push_str("The trash is empty.\n");
        }
        return Ok(text.into());
    }
    for entry in &entries {
        let verb = if dry_run { "would restore" } else { "restored" };
        let done = line(verb, entry, "");
        if !dry_run {
            store.restore(entry)?;
        }
        text.push_str(&done);
    }
    Ok(text.into())
}

pub(super) fn purge(
    store: &ExperimentStore,
    ids: &[String],
    yes: bool,
) -> Result<Output, ExperimentError> {
    let entries = Chosen::deleted(store, ids)?.entries;
    if entries.is_empty() {
        return Ok("The trash is empty.\n".to_owned().into());
    }
    let mut text = String::new();
    for entry in &entries {
        let verb = if yes { "removed" } else { "would remove" };
        let done = line(verb, entry, "");
        if yes {
            store.purge(entry)?;
        }
        text.push_str(&done);
    }
    if !yes {
        text.push_str("--yes does it; what is removed cannot be taken back\n");
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::super::tests::store;
    use super::*;

    #[test]
    fn the_choice_of_an_untracked_run_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("experiments");
        std::fs::create_dir(&root).unwrap();
        std::fs::create_dir_all(folder.path().join("logs/seismic_training_20250101-120000"))
            .unwrap();
        let store = ExperimentStore::new(&root);
        let latest = || vec!["latest".to_owned()];
        let output = delete(&store, &latest(), true).unwrap();
        assert!(
            output.warnings[0].contains("untracked"),
            "{:?}",
            output.warnings
        );
    }

    #[test]
    fn a_plan_changes_nothing() {
        let (_folder, store) = store();
        let ids = ["00000000".to_owned(), "20260102_030000".to_owned()];
        let output = delete(&store, &ids, true).unwrap();
        assert_eq!(output.text.lines().count(), 1, "{}", output.text);
        assert_eq!(store.list().unwrap().entries.len(), 3);
        let output = delete(&store, &ids, false).unwrap();
        assert!(
            output
                .text
                .starts_with("deleted 20260102_030000_simple_cnn"),
            "{}",
            output.text
        );
        assert!(
            restore(&store, &ids, true)
                .unwrap()
                .text
                .starts_with("would restore")
        );
        assert!(
            restore(&store, &[], false)
                .unwrap()
                .text
                .starts_with("in the trash:")
        );
        let output = purge(&store, &[], false).unwrap();
        assert!(output.text.contains("--yes does it"), "{}", output.text);
        assert_eq!(store.deleted().unwrap().len(), 1);
        purge(&store, &[], true).unwrap();
        assert!(store.deleted().unwrap().is_empty());
        assert_eq!(store.list().unwrap().entries.len(), 2);
    }
}
