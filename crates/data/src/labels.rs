//! Cached labels of single-sample files. With them, excluding classes or counting labels among a hundred thousand
//! files opens only files whose label is unknown or whose values are needed.
//!
//! The cache is in the user's cache folder (`~/.cache/seismic/labels` on Linux), one file per index file and label
//! field. An entry is valid as long as the file's length and modification time stay the same. `SEISMIC_CACHE_DIR`
//! sets another folder; an empty value disables the cache.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use support::words::hex;

use crate::reader::SourceSelection;

/// Minimum number of sources for which caching is worthwhile.
const MIN_SOURCES: usize = 1000;

/// A file modified more recently than this may change again within the resolution of its timestamp.
const SETTLE_TIME: Duration = Duration::from_secs(2);

/// Identifies a version of a file: its length, and its modification time in nanoseconds since 1970.
pub(crate) type Stamp = (u64, u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct CachedLabel {
    stamp: Stamp,
    label: i64,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Content {
    version: u32,
    labels: HashMap<PathBuf, CachedLabel>,
}

const VERSION: u32 = 1;

/// Cached labels of the sources in one index file.
#[derive(Debug, Default)]
pub(crate) struct LabelIndex {
    /// Path of the cache; `None` if caching is not worthwhile.
    file: Option<PathBuf>,
    content: Content,
    learned: bool,
}

impl LabelIndex {
    /// Opens the cache for `sources` sources listed in `index`.
    pub fn open(index: &Path, wanted: &SourceSelection, sources: usize) -> Self {
        let folder = folder().filter(|_| sources >= MIN_SOURCES);
        let file = folder.and_then(|folder| {
            let index = index.canonicalize().ok()?;
            let mut hash = Sha256::new();
            hash.update(index.as_os_str().as_encoded_bytes());
            hash.update([0]);
            hash.update(&wanted.label);
            // The numbers of labels that are texts.
            for name in &wanted.class_names {
                hash.update([0]);
                hash.update(name);
            }
            Some(folder.join(hex(&hash.finalize()[..16]) + ".json"))
        });
        let read = file.as_ref().and_then(|file| std::fs::read(file).ok());
        // A cache that is damaged or of another version is replaced.
        let content = read.and_then(|bytes| serde_json::from_slice::<Content>(&bytes).ok());
        Self {
            file,
            content: content
                .filter(|content| content.version == VERSION)
                .unwrap_or_default(),
            learned: false,
        }
    }

    /// Current stamp of a source; `None` if labels are not cached or it was modified a moment ago.
    pub fn stamp(&self, source: &Path) -> Option<Stamp> {
        self.file.as_ref()?;
        let found = std::fs::metadata(source).ok()?;
        let changed = found.modified().ok()?;
        let settled = SystemTime::now().duration_since(changed).ok()? > SETTLE_TIME;
        let nanos = changed.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let nanos = u64::try_from(nanos.as_nanos()).ok()?;
        settled.then_some((found.len(), nanos))
    }

    /// The cached label of a source, if the source is unchanged.
    pub fn known(&self, source: &Path, stamp: Stamp) -> Option<i64> {
        let known = self.content.labels.get(source)?;
        (known.stamp == stamp).then_some(known.label)
    }

    /// Adds a label.
    pub fn learn(&mut self, source: &Path, stamp: Stamp, label: i64) {
        let known = CachedLabel { stamp, label };
        let before = self.content.labels.insert(source.to_owned(), known);
        self.learned |= before != Some(known);
    }

    /// Saves the cache. Failure to write is ignored.
    pub fn save(mut self) {
        let Some(file) = self.file.filter(|_| self.learned) else {
            return;
        };
        self.content.version = VERSION;
        let _ = write(&file, &self.content);
    }
}

/// Other programs see all or nothing.
fn write(file: &Path, content: &Content) -> std::io::Result<()> {
    std::fs::create_dir_all(file.parent().unwrap_or(Path::new("")))?;
    support::files::replace(file, &serde_json::to_vec(content)?)
}

fn folder() -> Option<PathBuf> {
    match std::env::var_os("SEISMIC_CACHE_DIR") {
        Some(folder) if folder.is_empty() => None,
        Some(folder) => Some(folder.into()),
        None => dirs::cache_dir().map(|cache| cache.join("seismic").join("labels")),
    }
}
