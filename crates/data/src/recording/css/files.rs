//! The files of samples that a table names.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::super::LARGEST;
use super::row::Row;
use crate::error::RecordingError;
use crate::error::recording::CssProblem;
use crate::limited;

/// Files beside a table, and what was read of them.
pub(super) struct Files<'a> {
    folder: &'a Path,
    /// Bytes of samples of all rows so far.
    read: u64,
    /// Content of files packed with gzip, which hold several waveforms each.
    unpacked: HashMap<PathBuf, Vec<u8>>,
}

/// Bytes of the samples of a row.
pub(super) struct SampleBytes {
    pub bytes: Vec<u8>,
    /// Whether the file is not where the table says, but beside it.
    pub is_beside: bool,
}

/// Why the samples of a row are not read, or none of the table.
pub(super) enum Failure {
    Row(CssProblem),
    Table(RecordingError),
}

impl From<CssProblem> for Failure {
    fn from(problem: CssProblem) -> Self {
        Self::Row(problem)
    }
}

impl<'a> Files<'a> {
    pub fn beside(folder: &'a Path) -> Self {
        Self {
            folder,
            read: 0,
            unpacked: HashMap::new(),
        }
    }

    /// The bytes of a row's samples, as far as its file has them.
    ///
    /// # Errors
    /// If there is no such file, it ends before the samples, or the samples of all rows are too large for memory.
    pub fn read(&mut self, row: &Row) -> Result<SampleBytes, Failure> {
        let (path, is_beside) = self.find(row)?;
        let unreadable = |reason: String| CssProblem::Unreadable {
            file: path.display().to_string(),
            reason,
        };
        let bytes = if path.extension().is_some_and(|ending| ending == "gz") {
            let whole = match self.unpacked.get(&path) {
                Some(whole) => whole,
                None => {
                    let whole = self.unpack(&path)?;
                    self.unpacked.entry(path.clone()).or_insert(whole)
                }
            };
            let length = whole.len() as u64;
            let (from, to) = part(row, length)?;
            // It is a part of what is in memory.
            let bytes = whole[from as usize..to as usize].to_vec();
            self.count(bytes.len() as u64)?;
            bytes
        } else {
            let mut file = File::open(&path).map_err(|error| unreadable(error.to_string()))?;
            let length = file
                .metadata()
                .map_err(|error| unreadable(error.to_string()))?;
            let (from, to) = part(row, length.len())?;
            self.count(to - from)?;
            let mut bytes = Vec::with_capacity((to - from) as usize);
            file.seek(SeekFrom::Start(from))
                .and_then(|_| file.take(to - from).read_to_end(&mut bytes))
                .map_err(|error| unreadable(error.to_string()))?;
            bytes
        };
        Ok(SampleBytes { bytes, is_beside })
    }

    /// Where the file of a row is: in the folder that the table says, or beside the table, such as after a move; packed, too.
    ///
    /// # Errors
    /// If it is in neither place.
    fn find(&self, row: &Row) -> Result<(PathBuf, bool), CssProblem> {
        let packed = |path: &Path| {
            let mut name = path.as_os_str().to_owned();
            name.push(".gz");
            PathBuf::from(name)
        };
        let stated = self.folder.join(&row.folder).join(&row.file);
        let beside = self.folder.join(&row.file);
        let all = [
            (stated.clone(), false),
            (packed(&stated), false),
            (beside.clone(), true),
            (packed(&beside), true),
        ];
        let is_there = |place: &(PathBuf, bool)| !row.file.is_empty() && place.0.is_file();
        let (path, is_beside) =
            all.into_iter()
                .find(is_there)
                .ok_or_else(|| CssProblem::NoFile {
                    file: Path::new(&row.folder).join(&row.file).display().to_string(),
                })?;
        // `-` stands for no folder.
        Ok((path, is_beside && !matches!(&*row.folder, "-" | "")))
    }

    /// # Errors
    /// If the file is damaged, or too large for memory.
    fn unpack(&self, path: &Path) -> Result<Vec<u8>, Failure> {
        let unreadable = |error: std::io::Error| CssProblem::Unreadable {
            file: path.display().to_string(),
            reason: error.to_string(),
        };
        let others: u64 = self
            .unpacked
            .values()
            .map(|content| content.len() as u64)
            .sum();
        let file = File::open(path).map_err(unreadable)?;
        let packed = flate2::read::MultiGzDecoder::new(file);
        let whole = limited::read(packed, LARGEST - others).map_err(unreadable)?;
        whole.ok_or(Failure::Table(RecordingError::UnpackedTooLarge {
            limit: LARGEST,
        }))
    }

    /// Counts bytes that are to be read: rows may name the same samples any number of times.
    ///
    /// # Errors
    /// If they are too many for memory.
    fn count(&mut self, bytes: u64) -> Result<(), Failure> {
        self.read += bytes;
        if self.read > LARGEST {
            return Err(Failure::Table(RecordingError::TooLarge {
                bytes: self.read,
                limit: LARGEST,
            }));
        }
        Ok(())
    }
}

/// First byte and end of a row's samples in a file of a `length`.
///
/// # Errors
/// If the file has none of them.
fn part(row: &Row, length: u64) -> Result<(u64, u64), CssProblem> {
    let from = row.offset;
    let to = from.saturating_add(row.bytes()).min(length);
    let is_any = to >= from.saturating_add(row.kind.width() as u64);
    is_any
        .then_some((from, to))
        .ok_or_else(|| CssProblem::Offset {
            offset: from,
            file: row.file.clone(),
            length,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows may name the same samples again and again.
    #[test]
    fn all_rows_together_have_a_limit() {
        let table = include_bytes!("../../../tests/fixtures/css/types.wfdisc");
        let row = Row::of(&table[..283]).unwrap();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/css");
        let mut files = Files::beside(&folder);
        files.read = LARGEST - row.bytes();
        assert!(files.read(&row).is_ok());
        assert!(matches!(
            files.read(&row),
            Err(Failure::Table(RecordingError::TooLarge { .. }))
        ));
    }
}
