//! NumPy arrays in files of their own: `x` is the source, labels and groups lie beside it by name, `train_x.npy` and
//! `train_y.npy`. Samples are read by place and not by a memory map: a map of a file that another program cuts short ends
//! the process, a read is an error.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::arrays::{self, Array, Beside, Layout, Samples, describe, integers, list, names};
use super::names::Role;
use super::{Reader, Sink, Span, Wanted, Windows, unreadable, wrong};
use crate::error::DataError;

/// The reader.
pub struct Npy;

impl Reader for Npy {
    fn name(&self) -> &'static str {
        "NumPy arrays (.npy)"
    }

    fn accepts(&self, _path: &Path, head: &[u8]) -> bool {
        head.starts_with(b"\x93NUMPY")
    }

    fn read(&self, path: &Path, wanted: &Wanted, sink: Sink<'_>) -> Result<(), DataError> {
        let (x, _) = open(path)?;
        let layout = Layout::of("x", &x).map_err(wrong(path))?;
        let found = find(path, Role::Labels);
        if found.is_none() && wanted.label_is_optional {
            let beside = Beside::unlabelled(&layout).map_err(wrong(path))?;
            return beside.read(path, &layout, &mut x.into_inner(), wanted, sink);
        }
        let labels = found.ok_or_else(|| {
            let words = Role::Labels.names();
            wrong(path)(format!(
                "there are no labels beside it ({}): expected {} (or `{}` in place of `{}`)",
                describe(&x),
                beside(path, words[0]).display(),
                words[1..4].join("`, `"),
                words[0]
            ))
        })?;
        let (array, _) = open(&labels)?;
        let labels = list("y", array, integers).map_err(wrong(&labels))?;
        let groups = match find(path, Role::Groups) {
            Some(groups) => {
                let (array, _) = open(&groups)?;
                Some(list("group", array, names).map_err(wrong(&groups))?)
            }
            None => None,
        };
        let beside = Beside { labels, groups };
        beside.check(&layout).map_err(wrong(path))?;
        beside.read(path, &layout, &mut x.into_inner(), wanted, sink)
    }

    fn spans(&self, path: &Path) -> Result<Option<Vec<Span>>, DataError> {
        let (x, start) = open(path)?;
        let layout = Layout::of("x", &x).map_err(wrong(path))?;
        layout.check_streamable(path)?;
        let length = std::fs::metadata(path).map_err(unreadable(path))?.len();
        arrays::spans(path, &layout, start, length).map(Some)
    }

    fn windows(&self, path: &Path, _wanted: &Wanted) -> Result<Box<dyn Windows>, DataError> {
        let (x, _) = open(path)?;
        let layout = Layout::of("x", &x).map_err(wrong(path))?;
        layout.check_streamable(path)?;
        let (_, buffered) = x.into_inner().into_inner();
        let file = buffered.into_inner();
        Ok(Box::new(Samples { file, layout }))
    }
}

/// An array, and the place of its first value in the file.
fn open(path: &Path) -> Result<(Array<BufReader<File>>, u64), DataError> {
    let file = File::open(path).map_err(unreadable(path))?;
    arrays::open(BufReader::with_capacity(1 << 16, file)).map_err(wrong(path))
}

/// The file that belongs to the samples in `path`, by one of the names of `role`.
fn find(path: &Path, role: Role) -> Option<PathBuf> {
    // One letter is written large too.
    let words = role
        .names()
        .iter()
        .copied()
        .chain((role == Role::Labels).then_some("Y"));
    let mut candidates = words.map(|word| beside(path, word));
    candidates.find(|candidate| candidate != path && candidate.is_file())
}

/// The name of `path` with `word` where it says `x` or the like, or else at its end.
fn beside(path: &Path, word: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let separator = |c: char| !c.is_alphanumeric();
    let mut words = stem.split(separator).rev();
    // The last such word: `data_x` has its samples in `x`.
    let found = words.find(|own| Role::Samples.names().contains(&own.to_lowercase().as_str()));
    let stem = match found {
        Some(own) => {
            let start = own.as_ptr() as usize - stem.as_ptr() as usize;
            format!("{}{word}{}", &stem[..start], &stem[start + own.len()..])
        }
        None => format!("{stem}_{word}"),
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
        ] {
            assert_eq!(beside(Path::new(x), "y"), Path::new(y));
        }
    }
}
