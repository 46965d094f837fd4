//! NumPy arrays in separate files: `x` is the source; files with labels and groups are found next to it by name, such
//! as `train_x.npy` and `train_y.npy`.
//!
//! Samples are read by offset instead of a memory map. If another program truncates the file, a map kills the process,
//! and a read is an error.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::arrays::{self, Annotations, Layout, Samples};
use super::lists::{self, Array, describe, list, names};
use super::names::Role;
use super::notes::{Candidate, joined};
use super::{Reader, Sink, SourceSelection, Span, Windows, unreadable};
use crate::error::sample::{ArrayError, SampleError};
use crate::error::{DataError, in_file};

/// The reader.
pub struct Npy;

impl Reader for Npy {
    fn name(&self) -> &'static str {
        "NumPy arrays (.npy)"
    }

    fn accepts(&self, _path: &Path, head: &[u8]) -> bool {
        head.starts_with(b"\x93NUMPY")
    }

    fn read(&self, path: &Path, wanted: &SourceSelection, sink: Sink<'_>) -> Result<(), DataError> {
        let (x, _) = open(path)?;
        let layout = Layout::of("x", &x).map_err(wrong(path))?;
        let annotations = match annotations(path, &x, wanted) {
            Err(_) if wanted.label_is_optional => {
                Annotations::unlabelled(&layout).map_err(wrong(path))?
            }
            read => read?,
        };
        annotations.check(&layout).map_err(wrong(path))?;
        annotations.read(path, &layout, &mut x.into_inner(), wanted, sink)
    }

    fn spans(&self, path: &Path) -> Result<Option<Vec<Span>>, DataError> {
        let (x, start) = open(path)?;
        let layout = Layout::of("x", &x).map_err(wrong(path))?;
        layout.check_streamable(path)?;
        let length = std::fs::metadata(path).map_err(unreadable(path))?.len();
        arrays::spans(path, &layout, start, length).map(Some)
    }

    fn note(&self, path: &Path, wanted: &SourceSelection) -> Option<String> {
        let mut words: Vec<&str> = label_words().collect();
        words.extend(wanted.own_label());
        let is_there = |word: &&str| {
            let file = sibling(path, word);
            file != path && file.is_file()
        };
        let candidate = |name| Candidate {
            name,
            is_text: open(&sibling(path, name)).is_ok_and(|(array, _)| lists::is_text(&array)),
        };
        let words = words.into_iter().filter(is_there);
        let there: Vec<_> = words.map(candidate).collect();
        // Of several, the first is taken.
        let of_labels = there
            .first()
            .and_then(|first| wanted.note_of_labels(first.name, &there));
        let (x, _) = open(path).ok()?;
        let of_samples = Layout::of("x", &x)
            .ok()
            .and_then(|layout| layout.note(x.into_inner()));
        joined([of_labels, of_samples])
    }

    fn windows(
        &self,
        path: &Path,
        _wanted: &SourceSelection,
    ) -> Result<Box<dyn Windows>, DataError> {
        let (x, _) = open(path)?;
        let layout = Layout::of("x", &x).map_err(wrong(path))?;
        layout.check_streamable(path)?;
        let (_, buffered) = x.into_inner().into_inner();
        let file = buffered.into_inner();
        Ok(Box::new(Samples { file, layout }))
    }
}

/// Error about an array in the file `path`.
fn wrong(path: &Path) -> impl Fn(ArrayError) -> DataError + '_ {
    move |problem| in_file(path)(SampleError::from(problem))
}

/// Labels and groups of the samples `x` in `path`, from the files beside it.
fn annotations(
    path: &Path,
    x: &Array<BufReader<File>>,
    wanted: &SourceSelection,
) -> Result<Annotations, DataError> {
    let found = own_label(path, wanted).or_else(|| find(path, Role::Labels));
    let labels = found.ok_or_else(|| {
        let words = Role::Labels.names();
        wrong(path)(ArrayError::NoLabelsFile {
            samples: describe(x),
            expected: sibling(path, words[0]).display().to_string(),
            usual: words[0],
            others: &words[1..4],
        })
    })?;
    let (array, _) = open(&labels)?;
    let read = lists::labels("y", array, wanted);
    let labels = read.map_err(wrong(&labels))?;
    let groups = match find(path, Role::Groups) {
        Some(groups) => {
            let (array, _) = open(&groups)?;
            Some(list("group", array, names).map_err(wrong(&groups))?)
        }
        None => None,
    };
    Ok(Annotations { labels, groups })
}

/// An array, and the offset of its first value in the file.
fn open(path: &Path) -> Result<(Array<BufReader<File>>, u64), DataError> {
    let file = File::open(path).map_err(unreadable(path))?;
    lists::open(BufReader::with_capacity(1 << 16, file)).map_err(wrong(path))
}

/// The file of labels beside the samples in `path` that the configuration gives, or that is called as the task.
fn own_label(path: &Path, wanted: &SourceSelection) -> Option<PathBuf> {
    let file = wanted.own_label().map(|word| sibling(path, word));
    file.filter(|file| file != path && file.is_file())
}

/// The file that belongs to the samples in `path`, by one of the names of `role`.
fn find(path: &Path, role: Role) -> Option<PathBuf> {
    let is_there = |file: &PathBuf| file != path && file.is_file();
    if role == Role::Labels {
        return label_words().map(|word| sibling(path, word)).find(is_there);
    }
    let words = role.names().iter();
    words.map(|word| sibling(path, word)).find(is_there)
}

/// Names of labels. A single letter may also be upper case.
fn label_words() -> impl Iterator<Item = &'static str> {
    Role::Labels.names().iter().copied().chain(["Y"])
}

/// The name of `path` with `word` in place of `x` or one of its synonyms, or else appended.
fn sibling(path: &Path, word: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let separator = |c: char| !c.is_alphanumeric();
    let mut words = stem.split(separator).rev();
    // The last matching word: in `data_x` it is `x`.
    let found = words.find(|part| {
        Role::Samples
            .names()
            .contains(&part.to_lowercase().as_str())
    });
    let stem = match found {
        Some(part) => {
            let start = part.as_ptr() as usize - stem.as_ptr() as usize;
            format!("{}{word}{}", &stem[..start], &stem[start + part.len()..])
        }
        // As in `trainX`.
        None => match stem.strip_suffix('X') {
            Some(base) if base.ends_with(char::is_lowercase) => format!("{base}{word}"),
            _ => format!("{stem}_{word}"),
        },
    };
    path.with_file_name(format!("{stem}.npy"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_lie_beside_samples_by_name() {
        for (x, y) in [
            ("d/x.npy", "d/y.npy"),
            ("d/X_train.npy", "d/y_train.npy"),
            ("d/train_x.npy", "d/train_y.npy"),
            ("d/val-data-2.npy", "d/val-y-2.npy"),
            ("d/data_x.npy", "d/data_y.npy"),
            ("d/train.npy", "d/train_y.npy"),
            ("d/trainX.npy", "d/trainy.npy"),
        ] {
            assert_eq!(sibling(Path::new(x), "y"), Path::new(y));
        }
    }
}
