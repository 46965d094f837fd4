//! Caches results between runs in the user's cache (`~/.cache/seismic/baselines` on Linux).
//!
//! `SEISMIC_CACHE_DIR` sets another cache folder; an empty value disables the cache. The file name is a hash of
//! everything that decides the result. A file starts with a SHA-256 of the rest, and a damaged file counts as
//! missing.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use support::words::hex;

/// Cache key: a hash of everything that decides a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// Hashes `deciding`, which must contain everything that decides the result.
    pub fn new(deciding: &Value) -> Self {
        Self(sum(deciding.to_string().as_bytes()))
    }
}

/// SHA-256 as lower-case hex.
fn sum(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn folder() -> Option<PathBuf> {
    let root = match std::env::var_os("SEISMIC_CACHE_DIR") {
        Some(folder) if folder.is_empty() => None,
        Some(folder) => Some(PathBuf::from(folder)),
        None => dirs::cache_dir().map(|cache| cache.join("seismic")),
    };
    root.map(|root| root.join("baselines"))
}

/// Reads a result; `None` if it is missing or damaged.
pub fn read<T: DeserializeOwned>(key: &Key) -> Option<T> {
    read_from(&folder()?, key)
}

/// Stores a result. Failure to write is ignored.
pub fn store(key: &Key, result: &impl Serialize) {
    if let Some(folder) = folder() {
        let _ = store_in(&folder, key, result);
    }
}

fn read_from<T: DeserializeOwned>(folder: &Path, key: &Key) -> Option<T> {
    let text = std::fs::read_to_string(folder.join(format!("{}.json", key.0))).ok()?;
    let (stored, rest) = text.split_once('\n')?;
    (stored == sum(rest.as_bytes())).then(|| serde_json::from_str(rest).ok())?
}

/// Other programs see all or nothing.
fn store_in(folder: &Path, key: &Key, result: &impl Serialize) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let text = serde_json::to_string(result)?;
    let file = folder.join(format!("{}.json", key.0));
    let text = format!("{}\n{text}", sum(text.as_bytes()));
    support::files::replace(&file, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_files_are_recalled_and_damaged_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let key = Key("k".into());
        let result = vec!["a".to_owned(), "b".to_owned()];
        let found = |key| read_from::<Vec<String>>(folder.path(), key);
        assert_eq!(found(&key), None);
        store_in(folder.path(), &key, &result).unwrap();
        assert_eq!(found(&key), Some(result));
        let file = folder.path().join("k.json");
        let whole = std::fs::read(&file).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            std::fs::write(&file, damaged).unwrap();
            assert_eq!(found(&key), None, "byte {at}");
        }
        std::fs::write(&file, &whole[..whole.len() - 1]).unwrap();
        assert_eq!(found(&key), None);
    }
}
