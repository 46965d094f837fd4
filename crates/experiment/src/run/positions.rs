//! Where the append-only files of a run end at a checkpoint.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::hash::{from_hex, to_hex};

/// Key of the history in [`LogPositions::waiting`].
pub(super) const WAITING_HISTORY: &str = "history";

/// Upper bound in bytes for unwritten data that a checkpoint keeps of each file.
const MAX_PENDING: usize = 8 << 20;

/// Lengths of the append-only files at the time of a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogPositions {
    /// Length of `history.jsonl` in bytes.
    pub history: u64,
    /// Name and length in bytes of each run's event file, keyed by the run's path below `logs/`.
    pub logs: BTreeMap<String, (String, u64)>,
    /// Bytes that should follow but could not be written yet, as hex: keyed by the run's path, or `history`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub waiting: BTreeMap<String, String>,
}

impl LogPositions {
    pub(super) fn wait(&mut self, name: &str, bytes: &[u8]) {
        if !bytes.is_empty() && bytes.len() <= MAX_PENDING {
            self.waiting.insert(name.to_owned(), to_hex(bytes));
        }
    }

    pub(super) fn waiting(&self, name: &str) -> Vec<u8> {
        let hex = self.waiting.get(name).map_or("", String::as_str);
        from_hex(hex).unwrap_or_default()
    }
}
