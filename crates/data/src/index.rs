//! Index files: one sample source a line.

use std::path::{Path, PathBuf};

use crate::error::DataError;

/// Sources named by `index`, in order. Empty lines and lines starting with `#` are passed over.
/// Relative paths are relative to `base` (the configuration's folder) or, where nothing is there,
/// to the index file's own folder. Lines with `*`, `?` or `[` that name no file are patterns, `train-*.tfrecord`: the
/// files that match, by name.
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
                let matched = match line.contains(['*', '?', '[']) {
                    true => candidates.iter().map(|path| matches(path)).collect(),
                    false => Ok(Vec::new()),
                };
                let wrong = |problem: String| DataError::Index {
                    path: index.to_owned(),
                    line: i + 1,
                    problem,
                };
                let matched: Vec<Vec<PathBuf>> = matched.map_err(wrong)?;
                let own = matched.into_iter().find(|own| !own.is_empty());
                let nothing = || wrong(format!("no such file: {}", candidates[0].display()));
                sources.extend(own.ok_or_else(nothing)?);
            }
        }
    }
    Ok(sources)
}

/// Files that match a pattern, by name.
fn matches(pattern: &Path) -> Result<Vec<PathBuf>, String> {
    let text = pattern.to_str().ok_or("a pattern must be UTF-8")?;
    let found = glob::glob(text).map_err(|e| format!("`{text}` is no pattern: {e}"))?;
    let files = found.map(|path| path.map_err(|e| format!("`{text}`: {e}")));
    let files = files.collect::<Result<Vec<_>, String>>()?;
    Ok(files.into_iter().filter(|path| path.is_file()).collect())
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

    #[test]
    fn patterns_are_files_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in [
            "train-2.tfrecord",
            "train-10.tfrecord",
            "val-1.tfrecord",
            "odd[1].npz",
        ] {
            std::fs::write(at(name), "").unwrap();
        }
        std::fs::write(at("i.txt"), "train-*.tfrecord\nodd[1].npz\n").unwrap();
        let found = read_index(&at("i.txt"), folder.path()).unwrap();
        let expected = ["train-10.tfrecord", "train-2.tfrecord", "odd[1].npz"].map(at);
        assert_eq!(found, expected);
        for (line, problem) in [
            ("test-*.tfrecord", "no such file"),
            ("a***", "is no pattern"),
        ] {
            std::fs::write(at("i.txt"), line).unwrap();
            let error = read_index(&at("i.txt"), folder.path()).unwrap_err();
            assert!(error.to_string().contains(problem), "{error}");
        }
    }
}
