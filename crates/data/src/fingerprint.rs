//! Fingerprints of splits.

use sha2::{Digest, Sha256};
use support::words::hex;

/// SHA-256 of windows and their labels in order: equal for equal data in any format.
#[derive(Default)]
pub struct Fingerprint {
    hash: Sha256,
    bytes: Vec<u8>,
}

impl Fingerprint {
    /// Adds a window as it is on disk, and its label among the included classes.
    pub fn add(&mut self, values: &[f32], label: u32) {
        self.bytes.clear();
        self.bytes
            .extend(values.iter().flat_map(|value| value.to_le_bytes()));
        self.bytes.extend(u64::from(label).to_le_bytes());
        self.hash.update(&self.bytes);
    }

    /// The fingerprint as hexadecimal text.
    pub fn finish(self) -> String {
        hex(&self.hash.finalize())
    }
}
