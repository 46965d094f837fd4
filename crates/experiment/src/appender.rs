//! Append-only files: event logs and the history.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::ExperimentError;

/// Upper bound for bytes queued while the disk is full. Beyond it they are dropped.
const MAX_PENDING: usize = 64 << 20;

/// Appends to one file without torn records. Pushed bytes are written whole by the next flush; if that fails, they
/// stay queued for the flush after it.
#[derive(Debug)]
pub(crate) struct Appender {
    path: PathBuf,
    file: File,
    /// Bytes of the file that are complete.
    length: u64,
    waiting: Vec<u8>,
    /// Whether a torn write follows the complete bytes.
    torn: bool,
}

impl Appender {
    /// Creates the file, which must not exist.
    ///
    /// # Errors
    /// [`ExperimentError::Write`] if the file exists or cannot be created.
    pub fn create(path: &Path) -> Result<Self, ExperimentError> {
        let file = OpenOptions::new().create_new(true).append(true).open(path);
        let file = file.map_err(ExperimentError::write(path))?;
        Ok(Self::new(path, file, 0))
    }

    /// Opens an existing file, keeps its first `length` bytes and truncates the rest.
    ///
    /// # Errors
    /// [`ExperimentError::Write`] if the file is missing or shorter than `length`.
    pub fn reopen(path: &Path, length: u64) -> Result<Self, ExperimentError> {
        let open = || {
            let file = OpenOptions::new().append(true).open(path)?;
            let found = file.metadata()?.len();
            if found < length {
                let problem = format!("it has {found} bytes where {length} were written");
                return Err(std::io::Error::other(problem));
            }
            file.set_len(length)?;
            Ok(file)
        };
        let file = open().map_err(ExperimentError::write(path))?;
        Ok(Self::new(path, file, length))
    }

    fn new(path: &Path, file: File, length: u64) -> Self {
        Self {
            path: path.to_owned(),
            file,
            length,
            waiting: Vec::new(),
            torn: false,
        }
    }

    /// Path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Number of bytes written completely.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Bytes not written yet.
    pub fn waiting(&self) -> &[u8] {
        &self.waiting
    }

    /// Buffer that takes the next bytes to write.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        if self.waiting.len() > MAX_PENDING {
            self.waiting.clear();
        }
        &mut self.waiting
    }

    /// Hands all queued bytes to the operating system, or none.
    ///
    /// # Errors
    /// [`ExperimentError::Write`]; the bytes stay queued.
    pub fn flush(&mut self) -> Result<(), ExperimentError> {
        let written = self.write();
        written.map_err(ExperimentError::write(&self.path))
    }

    fn write(&mut self) -> std::io::Result<()> {
        if self.torn {
            self.file.set_len(self.length)?;
            self.torn = false;
        }
        if let Err(error) = self.file.write_all(&self.waiting) {
            // If truncating fails now, the next write tries again.
            self.torn = self.file.set_len(self.length).is_err();
            return Err(error);
        }
        self.length += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }

    /// Blocks until the flushed bytes are on the disk.
    ///
    /// # Errors
    /// [`ExperimentError::Write`] if the operating system cannot confirm it.
    pub fn sync(&mut self) -> Result<(), ExperimentError> {
        let synced = self.file.sync_data();
        synced.map_err(ExperimentError::write(&self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cut_off_is_gone_and_what_is_missing_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = Appender::create(&path).unwrap();
        log.buffer().extend_from_slice(b"one two");
        log.flush().unwrap();
        drop(log);
        let mut log = Appender::reopen(&path, 4).unwrap();
        log.buffer().extend_from_slice(b"three");
        assert_eq!(log.waiting(), b"three");
        log.flush().unwrap();
        log.sync().unwrap();
        assert_eq!((log.length(), log.waiting()), (9, &b""[..]));
        assert_eq!(std::fs::read(&path).unwrap(), b"one three");
        let error = Appender::reopen(&path, 100).unwrap_err().to_string();
        assert!(error.contains("9 bytes where 100 were written"), "{error}");
        assert!(Appender::create(&path).is_err());
    }

    /// `/dev/full` rejects every write.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_a_full_disk_did_not_take_waits() {
        let file = OpenOptions::new().append(true).open("/dev/full").unwrap();
        let mut log = Appender::new(Path::new("/dev/full"), file, 0);
        log.buffer().extend_from_slice(b"event");
        let error = log.flush().unwrap_err().to_string();
        assert!(error.contains("free some space"), "{error}");
        log.buffer().extend_from_slice(b"event");
        // A device cannot be truncated: nothing is written while a torn record may be there.
        assert!(log.torn && log.flush().is_err());
        assert_eq!((log.length(), log.waiting()), (0, &b"eventevent"[..]));
    }
}
