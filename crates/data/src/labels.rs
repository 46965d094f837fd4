//! Labels of sources that are one sample each, remembered between runs: to leave classes out, and to count them, of a
//! hundred thousand files only those are opened whose label is not known or whose values are wanted.
//!
//! They lie in the user's cache (`~/.cache/seismic/labels` on Linux), a file for every index file and label field, and hold
//! for a source as long as its length and time of change stay. `SEISMIC_CACHE_DIR` names another folder; empty, none.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::reader::Wanted;

/// Fewer sources are read before anybody waits.
const FEWEST: usize = 1000;

/// A source that changed just now may change again within the resolution of its time.
const SETTLED: Duration = Duration::from_secs(2);

/// What tells that a source is the one it was: its length and the nanoseconds from 1970 to its last change.
pub(crate) type Stamp = (u64, u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    stamp: Stamp,
    label: i64,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Content {
    version: u32,
    labels: HashMap<PathBuf, Known>,
}

const VERSION: u32 = 1;

/// The labels of the sources of one index file.
#[derive(Debug, Default)]
pub(crate) struct LabelIndex {
    /// Where it is kept; nowhere where that is not worth it.
    file: Option<PathBuf>,
    content: Content,
    learned: bool,
}

impl LabelIndex {
    /// Of `sources` sources that `index` names.
    pub fn open(index: &Path, wanted: &Wanted, sources: usize) -> Self {
        let folder = folder().filter(|_| sources >= FEWEST);
        let file = folder.and_then(|folder| {
            let index = index.canonicalize().ok()?;
            let mut hash = Sha256::new();
            hash.update(index.as_os_str().as_encoded_bytes());
            hash.update([0]);
            hash.update(&wanted.label);
            Some(folder.join(hex(&hash.finalize()[..16]) + ".json"))
        });
        let read = file.as_ref().and_then(|file| std::fs::read(file).ok());
        // One that is damaged or of another version is written anew.
        let content = read.and_then(|bytes| serde_json::from_slice::<Content>(&bytes).ok());
        Self {
            file,
            content: content
                .filter(|content| content.version == VERSION)
                .unwrap_or_default(),
            learned: false,
        }
    }

    /// What a source is now, where labels are kept and it has not changed just now.
    pub fn stamp(&self, source: &Path) -> Option<Stamp> {
        self.file.as_ref()?;
        let found = std::fs::metadata(source).ok()?;
        let changed = found.modified().ok()?;
        let settled = SystemTime::now().duration_since(changed).ok()? > SETTLED;
        let nanos = changed.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let nanos = u64::try_from(nanos.as_nanos()).ok()?;
        settled.then_some((found.len(), nanos))
    }

    /// The label of a source that is still what it was.
    pub fn known(&self, source: &Path, stamp: Stamp) -> Option<i64> {
        let known = self.content.labels.get(source)?;
        (known.stamp == stamp).then_some(known.label)
    }

    /// Remembers a label.
    pub fn learn(&mut self, source: &Path, stamp: Stamp, label: i64) {
        let known = Known { stamp, label };
        let before = self.content.labels.insert(source.to_owned(), known);
        self.learned |= before != Some(known);
    }

    /// Keeps what was learned. A cache that cannot be written is one that is not there.
    pub fn save(mut self) {
        let Some(file) = self.file.filter(|_| self.learned) else {
            return;
        };
        self.content.version = VERSION;
        let _ = write(&file, &self.content);
    }
}

/// Aside first, so that another program sees all or nothing.
fn write(file: &Path, content: &Content) -> std::io::Result<()> {
    std::fs::create_dir_all(file.parent().unwrap_or(Path::new("")))?;
    let aside = file.with_extension(std::process::id().to_string());
    let written = std::fs::write(&aside, serde_json::to_vec(content)?);
    written
        .and_then(|()| std::fs::rename(&aside, file))
        .inspect_err(|_| {
            let _ = std::fs::remove_file(&aside);
        })
}

/// A digest as lower-case hex.
pub(crate) fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn folder() -> Option<PathBuf> {
    match std::env::var_os("SEISMIC_CACHE_DIR") {
        Some(folder) if folder.is_empty() => None,
        Some(folder) => Some(folder.into()),
        None => dirs::cache_dir().map(|cache| cache.join("seismic").join("labels")),
    }
}
