//! `experiment note` and `experiment tag`.

use serde_json::{Map, Value};

use super::Output;
use super::text::plain;
use crate::catalogue::layout::METADATA;
use crate::error::ExperimentError;
use crate::files::{read_regular, write_atomically};
use crate::json;
use crate::metadata::MAX_SIZE;
use crate::store::{Entry, ExperimentStore};
use crate::trash::ExperimentLock;

/// Edits fields of the raw metadata file. Unknown fields are preserved, and files of the Python scripts gain only the
/// edited fields.
pub(super) fn change(
    entry: &Entry,
    change: impl FnOnce(&mut Map<String, Value>),
) -> Result<(), ExperimentError> {
    if entry.untracked {
        return Err(ExperimentError::Usage(format!(
            "{} is a run without tracking: it has no metadata to keep this in",
            entry.id
        )));
    }
    entry.metadata.check_version(&entry.id)?;
    let _held = ExperimentLock::take(entry)?;
    let path = entry.directory.join(METADATA);
    let bytes = read_regular(&path, MAX_SIZE).map_err(ExperimentError::read(&path))?;
    let malformed = |source| ExperimentError::Metadata {
        path: path.clone(),
        source,
    };
    let mut metadata = json::parse(&bytes).map_err(malformed)?;
    // The store only lists files that hold a JSON object.
    if let Some(fields) = metadata.as_object_mut() {
        change(fields);
    }
    write_atomically(&path, &json::to_bytes(&metadata))
}

/// Refuses to replace a field whose value has an unexpected type.
fn check_understood(entry: &Entry, field: &str) -> Result<(), ExperimentError> {
    let misfits = entry.metadata.misfits();
    match misfits
        .iter()
        .find(|misfit| misfit.starts_with(&format!("{field}:")))
    {
        Some(misfit) => Err(ExperimentError::Usage(format!(
            "{}: {METADATA} has {}, which this program does not understand and would lose: change it by hand",
            entry.id,
            plain(misfit)
        ))),
        None => Ok(()),
    }
}

pub(super) fn note(
    store: &ExperimentStore,
    id: &str,
    text: &[String],
    replace: bool,
) -> Result<Output, ExperimentError> {
    let entry = store.find(id)?;
    let text = text.join(" ");
    let mut notes = entry.metadata.notes.clone();
    if !text.is_empty() || replace {
        check_understood(&entry, "notes")?;
        notes = if replace || notes.is_empty() {
            text
        } else {
            format!("{notes}\n{text}")
        };
        change(&entry, |metadata| {
            metadata.insert("notes".into(), notes.clone().into());
        })?;
    }
    let lines = notes.lines().map(|line| format!("  {}\n", plain(line)));
    Ok(format!("{}\n{}", plain(&entry.id), lines.collect::<String>()).into())
}

pub(super) fn tag(
    store: &ExperimentStore,
    id: &str,
    add: &[String],
    remove: &[String],
) -> Result<Output, ExperimentError> {
    let entry = store.find(id)?;
    if let Some(bad) = add
        .iter()
        .find(|tag| tag.trim().is_empty() || tag.contains(','))
    {
        let problem = format!(
            "`{}` is not a valid tag: tags must not be empty or contain commas",
            plain(bad)
        );
        return Err(ExperimentError::Usage(problem));
    }
    let mut tags = entry.metadata.tags.clone();
    tags.retain(|tag| !remove.contains(tag));
    for tag in add {
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    if tags != entry.metadata.tags {
        check_understood(&entry, "tags")?;
        change(&entry, |metadata| {
            metadata.insert("tags".into(), tags.clone().into());
        })?;
    }
    let line = format!("{}  {}", plain(&entry.id), plain(&tags.join(", ")));
    Ok(format!("{}\n", line.trim_end()).into())
}

#[cfg(test)]
mod tests {
    use super::super::tests::store;
    use super::*;

    #[test]
    fn notes_and_tags_leave_the_rest_alone() {
        let (_folder, store) = store();
        let path = store.root().join("20250101_120000_python");
        std::fs::create_dir(&path).unwrap();
        let theirs =
            r#"{"experiment_id": "x", "theirs": {"deep": 1.50}, "model_info": {"type": "m"}}"#;
        std::fs::write(path.join("metadata.json"), theirs).unwrap();
        note(&store, "2025", &["windy".into(), "day".into()], false).unwrap();
        let shown = note(&store, "2025", &["second\u{1b}[2J".into()], false).unwrap();
        assert_eq!(
            shown.text,
            "20250101_120000_python\n  windy day\n  second\u{fffd}[2J\n"
        );
        tag(&store, "2025", &["a".into(), "b".into()], &[]).unwrap();
        let shown = tag(&store, "2025", &[], &["a".into()]).unwrap();
        assert_eq!(shown.text, "20250101_120000_python  b\n");
        let text = std::fs::read_to_string(path.join("metadata.json")).unwrap();
        let read: Value = serde_json::from_str(&text).unwrap();
        let keys: Vec<_> = read.as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            ["experiment_id", "theirs", "model_info", "notes", "tags"]
        );
        assert!(tag(&store, "2025", &["a,b".into()], &[]).is_err());
        let theirs = r#"{"schema_version": 1, "tags": {"a": 1}, "results": {"test": {"loss": NaN, "lr": 1.0}}}"#;
        std::fs::write(path.join("metadata.json"), format!("\u{feff}{theirs}")).unwrap();
        let error = tag(&store, "2025", &["b".into()], &[]).unwrap_err();
        assert!(
            error.is_usage() && error.to_string().contains("tags: {\"a\":1}"),
            "{error}"
        );
        note(&store, "2025", &["b".into()], false).unwrap();
        let text = std::fs::read_to_string(path.join("metadata.json")).unwrap();
        let expected = theirs
            .replacen('}', "}, \"notes\": \"b\"", 0)
            .replace(' ', "");
        let flat: String = text.split_whitespace().collect();
        assert_eq!(
            flat,
            format!("{},\"notes\":\"b\"}}", &expected[..expected.len() - 1])
        );

        let newer = r#"{"schema_version": 2, "notes": "n", "status": "paused"}"#;
        std::fs::write(path.join("metadata.json"), newer).unwrap();
        for refused in [
            note(&store, "2025", &["b".into()], false),
            tag(&store, "2025", &["b".into()], &[]),
        ] {
            let error = refused.unwrap_err();
            assert!(
                error.is_usage() && error.to_string().contains("version 2"),
                "{error}"
            );
        }
        assert_eq!(
            std::fs::read_to_string(path.join("metadata.json")).unwrap(),
            newer
        );
        std::fs::write(path.join("metadata.json"), r#"{"tags": ["b"]}"#).unwrap();
        assert_eq!(store.find("b").unwrap().id, "20250101_120000_python");
    }
}
