//! Which recordings a dataset was made from, by the `import_report.json` beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::recording::Recording;
use super::report::REPORT_FILE;
use crate::error::DataError;
use crate::recording::format_time;

/// Size limit of a report, in bytes.
const MAX_REPORT_SIZE: u64 = 256 << 20;

/// The recordings of a dataset.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct DatasetSources {
    recordings: Vec<SourceRecording>,
}

/// A recording of the report.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
struct SourceRecording {
    name: String,
    /// Without links, so that files are compared by their place.
    files: Vec<PathBuf>,
    /// Times of the first and last samples.
    recorded: Option<[String; 2]>,
    /// Windows by split; missing in the reports of earlier versions.
    splits: Option<BTreeMap<String, usize>>,
}

/// How a dataset contains a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceUse {
    /// Name of the recording in the dataset.
    pub name: String,
    /// Splits with windows of it; `None` if the report does not say.
    pub splits: Option<Vec<String>>,
}

impl DatasetSources {
    /// Reads the report in `folder`; `None` if there is none, as for a dataset that was not imported.
    ///
    /// # Errors
    /// [`DataError::Read`] if there is one, but it cannot be read.
    pub fn of_dataset(folder: &Path) -> Result<Option<Self>, DataError> {
        let path = folder.join(REPORT_FILE);
        let failed = |source: std::io::Error| DataError::Read {
            what: "the import report",
            path: path.clone(),
            source,
        };
        let found = match std::fs::metadata(&path) {
            Ok(found) => found,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        if !found.is_file() || found.len() > MAX_REPORT_SIZE {
            return Err(failed(std::io::Error::other("is no report of an import")));
        }
        let bytes = std::fs::read(&path).map_err(failed)?;
        let report = serde_json::from_slice(&bytes);
        let mut report: Self = report.map_err(|error| failed(error.into()))?;
        let files = report
            .recordings
            .iter_mut()
            .flat_map(|recording| &mut recording.files);
        files.for_each(|file| *file = canonical(file));
        Ok(Some(report))
    }

    /// How the dataset contains `recording`, whose first sample is at `start` (nanoseconds): it contains one of its
    /// files; or a file of the same name, which begins at the same time and may be a copy.
    pub fn find(&self, recording: &Recording, start: i64) -> Option<SourceUse> {
        let start = format_time(start);
        let files: Vec<PathBuf> = recording.files.iter().map(|path| canonical(path)).collect();
        let same = |source: &&SourceRecording| {
            let starts = source
                .recorded
                .as_ref()
                .is_some_and(|[first, _]| *first == start);
            source.files.iter().any(|file| {
                let name = |path: &PathBuf| path.file_name() == file.file_name();
                files.contains(file) || starts && files.iter().any(name)
            })
        };
        let source = self.recordings.iter().find(same)?;
        let splits = source.splits.as_ref();
        Some(SourceUse {
            name: source.name.clone(),
            splits: splits.map(|splits| splits.keys().cloned().collect()),
        })
    }
}

/// The path without links, or as it is if there is no such file.
fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_file_or_by_name_and_start() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(DatasetSources::of_dataset(folder.path()).unwrap(), None);
        let wav = folder.path().join("a.wav");
        std::fs::write(&wav, "").unwrap();
        let report = serde_json::json!({"recordings": [
            {"name": "a", "files": [wav], "recorded": ["2026-01-01T00:00:00.000Z", "2026-01-01T01:00:00.000Z"],
             "splits": {"train": 3}},
            {"name": "old", "files": ["gone/b.wav"], "recorded": ["2026-01-02T00:00:00.000Z", ""]},
        ]});
        std::fs::write(folder.path().join(REPORT_FILE), report.to_string()).unwrap();
        let sources = DatasetSources::of_dataset(folder.path()).unwrap().unwrap();
        let day = 86_400_000_000_000;
        let first = 1_767_225_600_000_000_000;
        assert_eq!(format_time(first), "2026-01-01T00:00:00.000Z");
        let find = |file: &Path, start: i64| {
            let recording = Recording {
                files: vec![file.to_owned()],
                ..Default::default()
            };
            let found = sources.find(&recording, start);
            found.map(|found| (found.name, found.splits))
        };
        let a = Some(("a".to_owned(), Some(vec!["train".to_owned()])));
        // The same file, whatever its start is taken to be, and a copy elsewhere.
        assert_eq!(find(&folder.path().join("./a.wav"), 0), a);
        assert_eq!(find("copy/a.wav".as_ref(), first), a);
        assert_eq!(find("copy/a.wav".as_ref(), first + day), None);
        assert_eq!(find("copy/c.wav".as_ref(), first), None);
        assert_eq!(
            find("b.wav".as_ref(), first + day),
            Some(("old".into(), None))
        );
        std::fs::write(folder.path().join(REPORT_FILE), "[").unwrap();
        DatasetSources::of_dataset(folder.path()).unwrap_err();
    }
}
