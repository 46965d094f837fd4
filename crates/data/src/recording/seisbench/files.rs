//! The files of a dataset: metadata and waveforms.

use std::path::Path;

use hdf5_reader::{FilterRegistry, Hdf5File, OpenOptions};

use super::super::unreadable;
use super::{lzf, wrong};
use crate::error::DataError;
use crate::error::recording::{HdfError, SeisBenchError};

/// Largest compression ratio of deflate; the header of a damaged file can claim any size.
const TIGHTEST: u64 = 1032;

/// The chunks of a dataset, as the suffixes of their file names. Without a list of them, those of all pairs of files, as SeisBench
/// takes them.
///
/// # Errors
/// [`DataError`] if the list of chunks cannot be read.
pub fn chunks(folder: &Path) -> Result<Vec<String>, DataError> {
    let list = folder.join("chunks");
    if !list.exists() {
        let pairs = pairs(folder);
        let is_whole = pairs.is_empty() || folder.join("waveforms.hdf5").exists();
        return Ok(if is_whole { vec![String::new()] } else { pairs });
    }
    let text = std::fs::read_to_string(&list).map_err(unreadable(&list))?;
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty());
    Ok(lines.map(str::to_owned).collect())
}

/// The suffixes of the files of metadata that have waveforms beside them, by name.
fn pairs(folder: &Path) -> Vec<String> {
    let names = folder.read_dir().into_iter().flatten().flatten();
    let names = names.filter_map(|entry| entry.file_name().into_string().ok());
    let chunk = |name: String| {
        let chunk = name.strip_prefix("metadata")?.strip_suffix(".csv")?;
        let waveforms = folder.join(format!("waveforms{chunk}.hdf5"));
        waveforms.is_file().then(|| chunk.to_owned())
    };
    let mut pairs: Vec<String> = names.filter_map(chunk).collect();
    pairs.sort();
    pairs
}

/// Checks that both files of a chunk exist.
///
/// # Errors
/// [`DataError`] with the files that are there.
pub(super) fn check_there(folder: &Path, files: [&Path; 2]) -> Result<(), DataError> {
    match files.into_iter().find(|path| !path.exists()) {
        None => Ok(()),
        Some(path) => {
            let there = similar(folder);
            Err(wrong(path, SeisBenchError::NoFile { there }))
        }
    }
}

/// The first files of a folder that are called like metadata or waveforms, by name.
fn similar(folder: &Path) -> Vec<String> {
    let names = folder.read_dir().into_iter().flatten().flatten();
    let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let is_similar = |name: &String| name.starts_with("metadata") || name.starts_with("waveforms");
    let mut names: Vec<String> = names.filter(is_similar).collect();
    names.sort();
    names.truncate(6);
    names
}

/// The heads and lines of a metadata table.
pub(super) fn table(path: &Path) -> Result<(Vec<String>, Vec<csv::StringRecord>), DataError> {
    let table = std::fs::File::open(path).map_err(unreadable(path))?;
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(table);
    let heads = reader.headers().map_err(|error| wrong(path, error))?;
    let heads = heads.iter().map(|head| head.trim_start_matches('\u{feff}'));
    let heads: Vec<String> = heads.map(str::to_owned).collect();
    if !heads.iter().any(|head| head == "trace_name") {
        let column = "trace_name".into();
        return Err(wrong(
            path,
            SeisBenchError::NoColumn {
                column,
                there: heads,
            },
        ));
    }
    let rows = reader.records().collect::<Result<_, _>>();
    let rows = rows.map_err(|error| wrong(path, error))?;
    Ok((heads, rows))
}

/// Opens an HDF5 file.
pub(super) fn open(path: &Path) -> Result<Hdf5File, DataError> {
    let size = std::fs::metadata(path).map_err(unreadable(path))?;
    if size.len() == 0 {
        return Err(wrong(path, HdfError::Empty));
    }
    let opened = Hdf5File::open_with_options(path, options(size.len()));
    opened.map_err(|error| wrong(path, HdfError::from(error)))
}

/// How an HDF5 file of `bytes` bytes is opened: with h5py's compression, and a bound on the memory that a damaged one takes.
pub(in crate::recording) fn options(bytes: u64) -> OpenOptions {
    let most = bytes.saturating_mul(TIGHTEST);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut filters = FilterRegistry::new();
    filters.register(lzf::FILTER, Box::new(lzf::unpack));
    OpenOptions {
        filter_registry: Some(filters),
        max_read_bytes: most,
        max_chunk_bytes: most,
        ..Default::default()
    }
}
