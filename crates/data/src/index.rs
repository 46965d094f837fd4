//! Index files: one sample source per line.

use std::path::{Path, PathBuf};

use support::paths::not_replaced;
use support::words::letters_and_digits;

use crate::error::{DataError, IndexError, PatternError};
use crate::text;

/// Sources listed in `index`, in order.
///
/// Empty lines and lines starting with `#` are skipped. Relative paths are relative to `base` (the configuration's
/// folder) or, if nothing exists there, to the index file's folder. A line with `*`, `?` or `[` that names no file is a
/// pattern such as `train-*.tfrecord`: it represents the matching files, sorted by name. Quotes around a line and
/// backslashes as separators are accepted if nothing else matches.
///
/// # Errors
/// [`DataError`] naming the line whose source does not exist.
pub(crate) fn read_index(index: &Path, base: &Path) -> Result<Vec<PathBuf>, DataError> {
    let text = text::read(index).map_err(|source| {
        let hint = if source.kind() == std::io::ErrorKind::NotFound {
            let written = index.strip_prefix(base).unwrap_or(index);
            // The error itself says what is not replaced.
            likely_reason(written).filter(|_| not_replaced(written).is_none())
        } else {
            // The samples themselves in place of the list.
            let samples = crate::reader::of(index).ok();
            samples.map(|reader| {
                format!(
                    "it is one of {}: write its path into a text file, and give that as the index file",
                    reader.name()
                )
            })
        };
        DataError::Read {
            what: "the index file",
            path: index.to_owned(),
            source: match hint {
                Some(hint) => std::io::Error::new(source.kind(), format!("{source}; {hint}")),
                None => source,
            },
        }
    })?;
    let index_folder = index.parent().unwrap_or(Path::new(""));
    let mut sources = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        // The literal path comes first: a name may contain quotes or backslashes.
        let spellings = [
            line.to_owned(),
            unquoted(line).to_owned(),
            unquoted(line).replace('\\', "/"),
        ];
        let candidates = spellings
            .iter()
            .flat_map(|line| [base.join(line), index_folder.join(line)]);
        let candidates: Vec<PathBuf> = candidates.collect();
        if let Some(path) = candidates.iter().find(|path| path.is_file()) {
            sources.push(path.clone());
            continue;
        }
        let wrong = |problem: IndexError| DataError::Index {
            path: index.to_owned(),
            line: i + 1,
            problem,
        };
        let mut found = Vec::new();
        for path in candidates.iter().filter(|_| is_pattern(line)) {
            found = matches(path).map_err(|error| wrong(error.into()))?;
            if !found.is_empty() {
                break;
            }
        }
        if found.is_empty() {
            let path = base.join(unquoted(line));
            let hint = more_than_a_path(line, [base, index_folder])
                .or_else(|| other_than_a_file(unquoted(line), &candidates))
                .or_else(|| likely_reason(Path::new(unquoted(line))));
            return Err(wrong(IndexError::NoFile { path, hint }));
        }
        sources.extend(found);
    }
    Ok(sources)
}

/// What to say of a line that names a file of `folders` and has more than its path, such as a label.
fn more_than_a_path(line: &str, folders: [&Path; 2]) -> Option<String> {
    let first = |separator: char| Some(unquoted(line.split_once(separator)?.0.trim()));
    let mut paths = [',', ';', '\t', ' ', ':'].into_iter().filter_map(first);
    let is_file = |path: &str| folders.iter().any(|folder| folder.join(path).is_file());
    paths
        .any(|path| !path.is_empty() && is_file(path))
        .then(|| "a line has a path alone: labels are in the files themselves".into())
}

/// What to say of a line that is an address, or names a folder, or a file in other letters.
fn other_than_a_file(line: &str, candidates: &[PathBuf]) -> Option<String> {
    if line.contains("://") {
        return Some("it is an address: list files of this machine by their paths".into());
    }
    if candidates.iter().any(|path| path.is_dir()) {
        return Some(format!(
            "it is a folder: list its files, such as `{}/*.npz`",
            line.trim_end_matches(['/', '\\'])
        ));
    }
    candidates.iter().find_map(|path| {
        let name = path.file_name()?.to_str()?;
        // Without a folder, a path is in the working directory.
        let folder = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let there = std::fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
        let names = there.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = names.take(MOST_NAMES).collect();
        names.sort();
        let meant = names
            .iter()
            .find(|candidate| letters_and_digits(candidate) == letters_and_digits(name))?;
        Some(format!("there is `{meant}`"))
    })
}

/// Files of a folder among which one is looked for, at most.
const MOST_NAMES: usize = 1000;

/// A path below `folder`, with slashes in place of the backslashes of Windows if nothing has its own name.
pub(crate) fn with_slashes(folder: &Path, path: &Path) -> PathBuf {
    match path.to_str() {
        Some(text) if text.contains('\\') && !folder.join(path).exists() => {
            PathBuf::from(text.replace('\\', "/"))
        }
        _ => path.to_owned(),
    }
}

/// Why a path as `written`, which does not exist, may be wrong.
pub(crate) fn likely_reason(written: &Path) -> Option<String> {
    if written.to_string_lossy().contains(char::is_control) {
        return Some("in double quotes, backslashes have a meaning of their own: write `/`".into());
    }
    let is_elsewhere = written.is_relative() && written.exists();
    not_replaced(written).or_else(|| {
        is_elsewhere.then(|| {
            "there is one in the working directory, but paths are relative to the configuration"
                .into()
        })
    })
}

/// Whether a path may be a pattern.
pub(crate) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// Whether a file is one that systems write beside those of the user: of Finder, Explorer and cameras.
fn is_of_system(path: &Path) -> bool {
    const NAMES: [&str; 5] = [
        ".ds_store",
        "thumbs.db",
        "desktop.ini",
        ".directory",
        ".nomedia",
    ];
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Other names may begin with a point, as those of traces without a network.
    name.starts_with("._") || NAMES.contains(&&*name.to_lowercase())
}

/// Files that match a pattern, sorted by name, without those of systems. Existing folders are taken literally, brackets included.
///
/// # Errors
/// [`PatternError`] if the pattern is malformed or a folder cannot be read.
pub(crate) fn matches(pattern: &Path) -> Result<Vec<PathBuf>, PatternError> {
    let folders = pattern.ancestors().skip(1);
    let there = folders
        .into_iter()
        .find(|folder| folder.is_dir())
        .unwrap_or(Path::new(""));
    let rest = pattern.strip_prefix(there).unwrap_or(pattern);
    let escaped = glob::Pattern::escape(there.to_str().ok_or(PatternError::NotUtf8)?);
    let text = Path::new(&escaped).join(rest);
    let text = text.to_str().ok_or(PatternError::NotUtf8)?.to_owned();
    let shown = || pattern.display().to_string();
    let found = glob::glob(&text).map_err(|source| PatternError::Malformed {
        text: shown(),
        source,
    })?;
    let files = found.map(|path| {
        path.map_err(|source| PatternError::Unreadable {
            text: shown(),
            source,
        })
    });
    let files = files.collect::<Result<Vec<_>, _>>()?;
    let is_of_user = |path: &PathBuf| path.is_file() && !is_of_system(path);
    Ok(files.into_iter().filter(is_of_user).collect())
}

/// Removes quotes around the whole line, as shells and spreadsheets write them.
fn unquoted(line: &str) -> &str {
    let quotes = ['"', '\''].iter();
    let mut inner = quotes.filter_map(|quote| line.strip_prefix(*quote)?.strip_suffix(*quote));
    inner.next().unwrap_or(line)
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
        assert!(!error.contains("labels"), "{error}");
        // As lists for other programs have labels beside the paths.
        for line in ["a.npz 0", "a.npz,0", "a.npz\t1", "\"a.npz\"; 1", "a.npz:0"] {
            std::fs::write(&index, line).unwrap();
            let error = read_index(&index, folder.path()).unwrap_err().to_string();
            assert!(error.contains("a line has a path alone"), "{error}");
        }
        // Addresses, folders and names in other letters.
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        for (line, expected) in [
            ("s3://bucket/a.npz", "it is an address"),
            ("file:///a.npz", "it is an address"),
            ("sub", "it is a folder: list its files, such as `sub/*.npz`"),
            ("./sub/", "such as `./sub/*.npz`"),
            ("a_.npz", "there is `a.npz`"),
            ("-a.NPZ", "there is `a.npz`"),
        ] {
            std::fs::write(&index, line).unwrap();
            let error = read_index(&index, folder.path()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        // The samples in place of their list.
        let samples = folder.path().join("train.npz");
        std::fs::write(&samples, b"PK\x03\x04\xff\xfe\xff").unwrap();
        let error = read_index(&samples, folder.path()).unwrap_err().to_string();
        assert!(
            error.contains("it is one of .npz archives: write its path into"),
            "{error}"
        );
    }

    #[test]
    fn lines_of_other_systems() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("run [site A] 2024");
        std::fs::create_dir_all(base.join("sub")).unwrap();
        for name in ["a-1.npz", "a-2.npz", "sub/b.npz"] {
            std::fs::write(base.join(name), "").unwrap();
        }
        let index = base.join("i.txt");
        let text = "\u{feff}a-1.npz\r\n\"a-2.npz\"\r\nsub\\b.npz\r\na-*.npz\r\nsub\\*.npz\r\n";
        std::fs::write(&index, text).unwrap();
        let found = read_index(&index, &base).unwrap();
        let expected = [
            "a-1.npz",
            "a-2.npz",
            "sub/b.npz",
            "a-1.npz",
            "a-2.npz",
            "sub/b.npz",
        ];
        assert_eq!(found, expected.map(|name| base.join(name)));
    }

    #[test]
    fn paths_of_other_systems() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        let slashed = |text: &str| with_slashes(folder.path(), Path::new(text));
        assert_eq!(slashed(r"sub\a.txt"), Path::new("sub/a.txt"));
        assert_eq!(slashed("sub/a.txt"), Path::new("sub/a.txt"));
        std::fs::write(folder.path().join(r"sub\b.txt"), "").unwrap();
        assert_eq!(slashed(r"sub\b.txt"), Path::new(r"sub\b.txt"));
        let hint = |text: &str| likely_reason(Path::new(text)).unwrap_or_default();
        for (text, word) in [
            ("~/a.txt", "`~`"),
            ("$DATA/a.txt", "`$DATA`"),
            ("idx\train.txt", "double quotes"),
            ("Cargo.toml", "working directory"),
        ] {
            assert!(hint(text).contains(word), "{text}");
        }
        assert_eq!(hint("there_is_none.txt"), "");
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
            ("a***", "is not a valid pattern"),
        ] {
            std::fs::write(at("i.txt"), line).unwrap();
            let error = read_index(&at("i.txt"), folder.path()).unwrap_err();
            assert!(error.to_string().contains(problem), "{error}");
        }
    }

    #[test]
    fn patterns_leave_out_files_of_systems() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.csv", "._a.csv", ".DS_Store", "Thumbs.db", ".A..EHZ.csv"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let names = |pattern: &str| -> Vec<String> {
            let found = matches(&folder.path().join(pattern)).unwrap();
            let names = found.iter().filter_map(|path| path.file_name()?.to_str());
            names.map(str::to_owned).collect()
        };
        assert_eq!(names("*.csv"), [".A..EHZ.csv", "a.csv"]);
        assert_eq!(names("*"), [".A..EHZ.csv", "a.csv"]);
    }
}
