//! Index files: one sample source a line.

use std::path::{Path, PathBuf};

use crate::error::DataError;

/// Sources named by `index`, in order. Empty lines and lines starting with `#` are passed over.
/// Relative paths are relative to `base` (the configuration's folder) or, where nothing is there,
/// to the index file's own folder.
///
/// # Errors
/// [`DataError`] naming the line whose source does not exist.
pub(crate) fn read_index(index: &Path, base: &Path) -> Result<Vec<PathBuf>, DataError> {
    let text = std::fs::read_to_string(index).map_err(|source| DataError::Read {
        what: "the index file",
        path: index.to_owned(),
        source,
    })?;
    let own = index.parent().unwrap_or(Path::new(""));
    let mut sources = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let candidates = [base.join(line), own.join(line)];
        match candidates.iter().find(|path| path.is_file()) {
            Some(path) => sources.push(path.clone()),
            None => {
                return Err(DataError::Index {
                    path: index.to_owned(),
                    line: i + 1,
                    problem: format!("no such file: {}", candidates[0].display()),
                });
            }
        }
    }
    Ok(sources)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_comments_and_missing_files() {
        let folder = tempfile::tempdir().unwrap();
        let index = folder.path().join("train.txt");
        std::fs::write(folder.path().join("a.npz"), "").unwrap();
        std::fs::write(&index, "# comment\n\n a.npz \n").unwrap();
        let elsewhere = Path::new("/nonexistent");
        let found = read_index(&index, elsewhere).unwrap();
        assert_eq!(found, [folder.path().join("a.npz")]);
        std::fs::write(&index, "a.npz\nb.npz\n").unwrap();
        let error = read_index(&index, folder.path()).unwrap_err().to_string();
        assert!(error.contains("train.txt, line 2: no such file"), "{error}");
    }
}
