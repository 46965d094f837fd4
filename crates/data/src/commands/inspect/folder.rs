//! `data inspect FOLDER`: what is in a folder, and a draft of a list of its recordings.
//!
//! `walk` lists the files, `glance` tells what each of them is, one at a time, and `kinds` counts recordings that are alike.
//! `draft` writes the list, a `plan`: its `entries` come from tables of labels (`pairs`) or of files (`catalogue`), or from
//! folders and names of files (`layout` over `parts`, and `names`), as `patterns` where the import reads them so. Files up to
//! 64 MiB are read whole until 1 GiB has been read; of all others, only the first MiB is, and lengths are estimates.

mod catalogue;
mod catalogued;
mod channels;
mod draft;
mod entries;
mod glance;
mod kinds;
mod layout;
mod names;
mod pairs;
mod parts;
mod patterns;
mod plan;
mod walk;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Component, Path, PathBuf};

use serde::Serialize;
use support::words::{counted, first_few};

use crate::error::{DataError, FolderError, in_file, unwritable};
use crate::split::Loading;
use catalogue::Catalogue;
use draft::{Content, Draft, DraftPaths, draft};
use glance::{BEGINNING, Dataset, FileContent, WHOLE, glance};
use kinds::Kind;
use plan::{File, Table};

/// Bytes of files that are read whole.
const BUDGET: u64 = 1 << 30;
/// Default name of a list.
const LIST: &str = "recordings.yaml";

/// Files that are no recordings, of one sort.
#[derive(Clone, Debug, Default, Serialize)]
struct OtherFiles {
    what: String,
    files: usize,
    example: String,
    advice: Option<String>,
}

/// What is in a folder.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Folder {
    folder: String,
    files: usize,
    folders: usize,
    /// Hidden files and those of systems and editors.
    left_out: usize,
    recordings: Vec<Kind>,
    datasets: BTreeSet<Dataset>,
    samples: Vec<OtherFiles>,
    label_tables: usize,
    /// Classes of the label tables, and the first of these tables.
    label_classes: Vec<String>,
    label_example: Option<String>,
    others: Vec<OtherFiles>,
    /// Files that ought to be readable, by what is wrong with them.
    unusable: Vec<OtherFiles>,
    draft: Option<Draft>,
}

/// Looks at all files of a folder. A draft is written to `list` if it is given; otherwise it is part of the result.
///
/// # Errors
/// [`DataError`] if the folder cannot be read, or has nothing that this program reads, or `list` exists.
pub(super) fn look(
    folder: &Path,
    list: Option<&Path>,
    watch: &mut dyn FnMut(Loading),
) -> Result<Folder, DataError> {
    if let Some(list) = list.filter(|list| list.symlink_metadata().is_ok()) {
        return Err(in_file(list)(FolderError::DraftExists));
    }
    let walked = walk::walk(folder)?;
    let mut seen = FolderContents::default();
    let mut left = BUDGET;
    for (done, file) in walked.files.iter().enumerate() {
        let path = folder.join(file);
        let length = std::fs::metadata(&path).map_or(0, |found| found.len());
        let is_packed = path.extension().is_some_and(|ending| ending == "gz");
        let whole = if is_packed { WHOLE / 8 } else { WHOLE };
        let most = if length <= whole.min(left) {
            whole
        } else {
            BEGINNING
        };
        left = left.saturating_sub(if most == whole { length } else { 0 });
        seen.add(file, glance(&path, length, most));
        watch(Loading {
            split: "inspecting",
            done: done + 1,
            of: walked.files.len(),
        });
    }
    for (file, problem) in &walked.unreadable {
        seen.add(
            file,
            FileContent::Unusable(format!("the folder cannot be read: {problem}")),
        );
    }
    let content = Content {
        folder,
        files: &seen.files,
        kinds: &seen.kinds,
        tables: &seen.tables,
        catalogues: &seen.catalogues,
    };
    let draft = draft(&content, &place(folder, list));
    let summary = Folder {
        folder: folder.display().to_string(),
        files: walked.files.len(),
        folders: walked.folders,
        left_out: walked.left_out,
        datasets: seen.datasets,
        samples: seen.samples.into_values().collect(),
        label_tables: seen.tables.len(),
        label_classes: plan::sorted(
            seen.tables
                .iter()
                .flat_map(|table| table.labels.iter().map(|label| label.class.clone())),
        ),
        label_example: seen.tables.first().map(|table| plan::joined(&table.path)),
        others: seen.others.into_values().collect(),
        unusable: seen.unusable.into_values().collect(),
        recordings: seen.kinds,
        draft,
    };
    if summary.recordings.is_empty() && summary.datasets.is_empty() && summary.samples.is_empty() {
        let there = summary.rest();
        return Err(in_file(folder)(FolderError::Nothing {
            there: there.trim_end().to_owned(),
        }));
    }
    if let Some(list) = list {
        summary.write(list)?;
    }
    Ok(summary)
}

/// What has been found so far.
#[derive(Default)]
struct FolderContents {
    files: Vec<File>,
    kinds: Vec<Kind>,
    tables: Vec<Table>,
    catalogues: Vec<(Vec<String>, Catalogue)>,
    datasets: BTreeSet<Dataset>,
    samples: BTreeMap<String, OtherFiles>,
    others: BTreeMap<String, OtherFiles>,
    unusable: BTreeMap<String, OtherFiles>,
}

impl FolderContents {
    fn add(&mut self, file: &Path, content: FileContent) {
        let path = parts(file);
        let shown = plan::joined(&path);
        match content {
            FileContent::Recording(facts) => {
                kinds::add(&mut self.kinds, &facts, (self.files.len(), &shown));
                self.files.push(File { path, facts });
            }
            FileContent::Labels(labels, files) => self.tables.push(Table {
                path,
                labels,
                files,
            }),
            FileContent::Catalogue(catalogue) => {
                count(&mut self.others, "tables of files".into(), shown, None);
                self.catalogues.push((path, catalogue));
            }
            FileContent::Dataset(dataset) => {
                self.datasets.insert(dataset);
            }
            FileContent::Samples(what) => count(&mut self.samples, what, shown, None),
            FileContent::Other(what, advice) => count(&mut self.others, what, shown, advice),
            FileContent::Unusable(problem) => count(&mut self.unusable, problem, shown, None),
        }
    }
}

fn count(
    others: &mut BTreeMap<String, OtherFiles>,
    what: String,
    example: String,
    advice: Option<String>,
) {
    let other = others.entry(what.clone()).or_insert_with(|| OtherFiles {
        what,
        example,
        advice,
        files: 0,
    });
    other.files += 1;
}

/// Folders and name of a path.
fn parts(path: &Path) -> Vec<String> {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
        _ => None,
    });
    parts.collect()
}

/// Where the list is to be, and the folder from there.
fn place(folder: &Path, list: Option<&Path>) -> DraftPaths {
    let Some(list) = list else {
        return DraftPaths {
            list: folder.join(LIST).display().to_string(),
            is_written: false,
            folder: String::new(),
        };
    };
    let full = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let parent = list
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let (folder, parent) = (full(folder), full(parent));
    let below = folder.strip_prefix(&parent).map(Path::to_owned);
    DraftPaths {
        list: list.display().to_string(),
        is_written: true,
        folder: below.unwrap_or(folder).display().to_string(),
    }
}

impl Folder {
    /// Writes the draft to a new file.
    fn write(&self, list: &Path) -> Result<(), DataError> {
        let Some(draft) = &self.draft else {
            return Err(in_file(Path::new(&self.folder))(FolderError::NoDraft));
        };
        let file = std::fs::File::create_new(list);
        let mut file = file.map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => in_file(list)(FolderError::DraftExists),
            _ => unwritable(list)(error),
        })?;
        file.write_all(draft.yaml.as_bytes())
            .map_err(unwritable(list))
    }

    /// Text for people; with the draft unless it was written to a file.
    pub fn text(&self, list: Option<&PathBuf>) -> String {
        let mut text = format!(
            "{}: {} in {}",
            self.folder,
            counted(self.files, "file"),
            counted(self.folders, "folder")
        );
        if self.left_out > 0 {
            text += &format!(
                "; {} hidden or of systems and editors left out",
                self.left_out
            );
        }
        text.push('\n');
        if !self.recordings.is_empty() {
            text += "recordings:\n";
            text.extend(
                self.recordings
                    .iter()
                    .map(|kind| format!("  {}\n", kind.line())),
            );
        }
        let estimated: usize = self.recordings.iter().map(|kind| kind.estimated).sum();
        if estimated > 0 {
            text += &format!(
                "  (of {} only the beginning was read: lengths and labels are estimates)\n",
                counted(estimated, "large file")
            );
        }
        if !self.datasets.is_empty() {
            text += "datasets and lists:\n";
        }
        for dataset in &self.datasets {
            text += &format!("  {}: {}; {}\n", dataset.path, dataset.what, dataset.advice);
        }
        text += &self.rest();
        let Some(draft) = &self.draft else {
            return text;
        };
        let rest = if draft.to_fill_in {
            "; fill in what it marks with FILL_IN"
        } else {
            ""
        };
        match list {
            Some(list) => {
                text + &format!(
                    "\ndraft of a list of recordings written to {}{rest}\n",
                    list.display()
                )
            }
            None => {
                text + &format!(
                    "\ndraft of a list of recordings (`--draft FILE` writes it){rest}:\n\n{}",
                    draft.yaml
                )
            }
        }
    }

    /// What is neither a recording nor a dataset.
    fn rest(&self) -> String {
        let mut text = String::new();
        if !self.samples.is_empty() {
            text +=
                "windows that are already cut (list them in index files: docs/data-formats.md):\n";
            text.extend(self.samples.iter().map(line));
        }
        if self.label_tables > 0 || !self.others.is_empty() {
            text += "other files:\n";
        }
        if let Some(example) = &self.label_example {
            let classes = first_few(&self.label_classes, 6);
            text += &format!(
                "  {} of {classes}, such as {example}\n",
                counted(self.label_tables, "table") + " of labels"
            );
        }
        text.extend(self.others.iter().map(line));
        if !self.unusable.is_empty() {
            text += "cannot be read as recordings:\n";
            text.extend(self.unusable.iter().map(|other| {
                format!(
                    "  {}, such as {}: {}\n",
                    counted(other.files, "file"),
                    other.example,
                    other.what
                )
            }));
        }
        text
    }
}

fn line(other: &OtherFiles) -> String {
    let advice = other
        .advice
        .as_ref()
        .map_or(String::new(), |advice| format!("; {advice}"));
    format!(
        "  {} ({}), such as {}{advice}\n",
        other.what, other.files, other.example
    )
}
