//! Files that only grow: event logs and the history.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::ExperimentError;

/// Bytes that wait for a disk that takes nothing, at most; beyond, they are given up.
const MOST_WAITING: usize = 64 << 20;

/// Appends to one file. What is pushed is written whole by the next flush, or waits for the one after it: a full
/// disk leaves no torn record behind, and takes what it missed once there is room.
#[derive(Debug)]
pub(crate) struct Appender {
    path: PathBuf,
    file: File,
    /// Bytes of the file that are whole.
    length: u64,
    waiting: Vec<u8>,
    /// Whether something torn follows them.
    torn: bool,
}

impl Appender {
    /// Starts a file that must not exist.
    ///
    /// # Errors
    /// [`ExperimentError::Write`], here and below.
    pub fn create(path: &Path) -> Result<Self, ExperimentError> {
        let file = OpenOptions::new().create_new(true).append(true).open(path);
        let file = file.map_err(ExperimentError::write(path))?;
        Ok(Self::new(path, file, 0))
    }

    /// Goes on after the first `length` bytes of a file and cuts off the rest.
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

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that are written whole.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Bytes that are not written yet.
    pub fn waiting(&self) -> &[u8] {
        &self.waiting
    }

    /// Where the next bytes are put.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        if self.waiting.len() > MOST_WAITING {
            self.waiting.clear();
        }
        &mut self.waiting
    }

    /// Hands what waits to the operating system, all of it or nothing.
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
            // Tried again before the next write where it fails now.
            self.torn = self.file.set_len(self.length).is_err();
            return Err(error);
        }
        self.length += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }

    /// Returns once what was flushed is on the disk.
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

    /// `/dev/full` takes nothing.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_a_full_disk_did_not_take_waits() {
        let file = OpenOptions::new().append(true).open("/dev/full").unwrap();
        let mut log = Appender::new(Path::new("/dev/full"), file, 0);
        log.buffer().extend_from_slice(b"event");
        let error = log.flush().unwrap_err().to_string();
        assert!(error.contains("free some space"), "{error}");
        log.buffer().extend_from_slice(b"event");
        // A device has no end to cut off: nothing is written while something torn may be there.
        assert!(log.torn && log.flush().is_err());
        assert_eq!((log.length(), log.waiting()), (0, &b"eventevent"[..]));
    }
}
