//! Comparisons, remembered between runs in the user's cache (`~/.cache/seismic/baselines` on Linux).
//!
//! `SEISMIC_CACHE_DIR` names another folder, in which `baselines` is made; empty, nothing is kept. A file is found by
//! everything that decides the result. It begins with a SHA-256 of the rest, and one that is damaged counts as missing.

use std::path::{Path, PathBuf};

use data::DatasetConfig;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::compare::{Budget, Comparison, VERSION};
use crate::model::Baseline;

/// Everything that decides a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key(String);

impl Key {
    pub(crate) fn new(
        config: &DatasetConfig,
        fingerprints: &[String],
        budget: Budget,
        seed: u64,
    ) -> Self {
        let all = json!({
            "version": VERSION,
            "program": env!("CARGO_PKG_VERSION"),
            "baselines": Baseline::quick(),
            "fingerprints": fingerprints,
            "class_names": config.class_names(),
            "steps": config.steps,
            "sampling_rate": config.spectral.sampling_rate,
            "budget": budget,
            "seed": seed,
        });
        Self(hex(all.to_string().as_bytes()))
    }
}

/// SHA-256 as lower-case hex.
fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn folder() -> Option<PathBuf> {
    let root = match std::env::var_os("SEISMIC_CACHE_DIR") {
        Some(folder) if folder.is_empty() => None,
        Some(folder) => Some(PathBuf::from(folder)),
        None => dirs::cache_dir().map(|cache| cache.join("seismic")),
    };
    root.map(|root| root.join("baselines"))
}

/// The comparison that was stored, where it is whole.
pub(crate) fn recall(key: &Key) -> Option<Comparison> {
    recall_from(&folder()?, key)
}

/// Keeps a comparison. A cache that cannot be written is one that is not there.
pub(crate) fn store(key: &Key, comparison: &Comparison) {
    if let Some(folder) = folder() {
        let _ = store_in(&folder, key, comparison);
    }
}

fn recall_from(folder: &Path, key: &Key) -> Option<Comparison> {
    let text = std::fs::read_to_string(folder.join(format!("{}.json", key.0))).ok()?;
    let (sum, rest) = text.split_once('\n')?;
    (sum == hex(rest.as_bytes())).then(|| serde_json::from_str(rest).ok())?
}

/// Aside first, so that another program sees all or nothing.
fn store_in(folder: &Path, key: &Key, comparison: &Comparison) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let text = serde_json::to_string(comparison)?;
    let file = folder.join(format!("{}.json", key.0));
    let aside = file.with_extension(std::process::id().to_string());
    let written = std::fs::write(&aside, format!("{}\n{text}", hex(text.as_bytes())));
    written
        .and_then(|()| std::fs::rename(&aside, &file))
        .inspect_err(|_| {
            let _ = std::fs::remove_file(&aside);
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use data::demo;

    fn comparison() -> Comparison {
        Comparison {
            class_names: vec!["a".into(), "b".into()],
            fingerprints: vec!["f".into()],
            seed: 1,
            references: Vec::new(),
            results: Vec::new(),
            learned_from: None,
            warnings: Vec::new(),
        }
    }

    #[test]
    fn whole_files_are_recalled_and_damaged_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let key = Key("k".into());
        assert_eq!(recall_from(folder.path(), &key), None);
        store_in(folder.path(), &key, &comparison()).unwrap();
        assert_eq!(recall_from(folder.path(), &key), Some(comparison()));
        let file = folder.path().join("k.json");
        let whole = std::fs::read(&file).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            std::fs::write(&file, damaged).unwrap();
            assert_eq!(recall_from(folder.path(), &key), None, "byte {at}");
        }
        std::fs::write(&file, &whole[..whole.len() - 1]).unwrap();
        assert_eq!(recall_from(folder.path(), &key), None);
    }

    #[test]
    fn what_decides_the_result_is_in_the_key() {
        let folder = tempfile::tempdir().unwrap();
        let config = DatasetConfig::load(&demo::ensure(folder.path()).unwrap(), None).unwrap();
        let budget = Budget { most_windows: 100 };
        let prints = ["x".to_owned()];
        let key = |config: &DatasetConfig, seed| Key::new(config, &prints, budget, seed);
        assert_eq!(key(&config, 1), key(&config, 1));
        assert_ne!(key(&config, 1), key(&config, 2));
        assert_ne!(
            key(&config, 1),
            Key::new(&config, &["y".to_owned()], budget, 1)
        );
        assert_ne!(
            key(&config, 1),
            Key::new(&config, &prints, Budget { most_windows: 99 }, 1)
        );
        let mut filtered = config.clone();
        filtered.steps.push(data::Step::Demean);
        assert_ne!(key(&config, 1), key(&filtered, 1));
        let mut renamed = config.clone();
        renamed.task.class_names = Some(vec!["x".into(), "y".into(), "z".into()]);
        assert_ne!(key(&config, 1), key(&renamed, 1));
    }
}
