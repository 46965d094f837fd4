//! NumPy arrays in files of their own: `x` is the source, labels and groups lie beside it by name, `train_x.npy` and
//! `train_y.npy`. Samples are read by place and not by a memory map: a map of a file that another program cuts short ends
//! the process, a read is an error.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::arrays::{self, Array, Beside, Layout, Samples, integers, list, names};
use super::{Reader, Sink, Span, Wanted, Windows, unreadable, wrong};
use crate::error::DataError;

/// The reader.
pub struct Npy;

/// Words of a file's name that say it holds samples.
const SAMPLES: [&str; 7] = [
    "x",
    "data",
    "samples",
    "windows",
    "waveforms",
    "signals",
    "features",
];
/// What the files of labels have in their place.
const LABELS: [&str; 5] = ["y", "labels", "label", "targets", "Y"];
/// And those of groups.
const GROUPS: [&str; 3] = ["group", "groups", "recordings"];

impl Reader for Npy {
    fn name(&self) -> &'static str {
        "NumPy arrays (.npy)"
    }

    fn accepts(&self, _path: &Path, head: &[u8]) -> bool {
        head.starts_with(b"\x93NUMPY")
    }

    fn read(&self, path: &Path, wanted: &Wanted, sink: Sink<'_>) -> Result<(), DataError> {
        let labels = find(path, &LABELS);
        let labels = labels.ok_or_else(|| {
            let expected = beside(path, LABELS[0]);
            wrong(path)(format!(
                "there are no labels beside it: expected {} (or `{}` in place of `{}`)",
                expected.display(),
                LABELS[1..4].join("`, `"),
                LABELS[0]
            ))
        })?;
        let (array, _) = open(&labels)?;
        let labels = list("y", array, integers).map_err(wrong(&labels))?;
        let groups = match find(path, &GROUPS) {
            Some(groups) => {
                let (array, _) = open(&groups)?;
                Some(list("group", array, names).map_err(wrong(&groups))?)
            }
            None => None,
        };
        let beside = Beside { labels, groups };
        let (x, _) = open(path)?;
        let layout = Layout::of(&x).map_err(wrong(path))?;
        beside.check(&layout).map_err(wrong(path))?;
        beside.read(path, &layout, &mut x.into_inner(), wanted, sink)
    }

    fn spans(&self, path: &Path) -> Result<Option<Vec<Span>>, DataError> {
        let (x, start) = open(path)?;
        let layout = Layout::of(&x).map_err(wrong(path))?;
        let length = std::fs::metadata(path).map_err(unreadable(path))?.len();
        arrays::spans(path, &layout, start, length).map(Some)
    }

    fn windows(&self, path: &Path, _wanted: &Wanted) -> Result<Box<dyn Windows>, DataError> {
        let (x, _) = open(path)?;
        let layout = Layout::of(&x).map_err(wrong(path))?;
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

/// The file that belongs to the samples in `path`, by one of `words`.
fn find(path: &Path, words: &[&str]) -> Option<PathBuf> {
    let mut candidates = words.iter().map(|word| beside(path, word));
    candidates.find(|candidate| candidate != path && candidate.is_file())
}

/// The name of `path` with `word` where it says `x` or the like, or else at its end.
fn beside(path: &Path, word: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let separator = |c: char| !c.is_alphanumeric();
    let mut words = stem.split(separator).rev();
    // The last such word: `data_x` has its samples in `x`.
    let found = words.find(|own| SAMPLES.contains(&own.to_lowercase().as_str()));
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
