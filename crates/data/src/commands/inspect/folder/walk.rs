//! The files of a folder.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::error::{DataError, FolderError, in_file};

/// What is in a folder, and in the folders in it.
#[derive(Debug, Default)]
pub(super) struct FolderListing {
    /// Files relative to the folder, sorted.
    pub files: Vec<PathBuf>,
    /// Folders with files.
    pub folders: usize,
    /// Hidden files and folders, and those of systems and editors.
    pub left_out: usize,
    /// Folders that cannot be read, and why.
    pub unreadable: Vec<(PathBuf, String)>,
}

/// Lists the files of `folder`. A folder that several links lead to counts once.
///
/// # Errors
/// [`DataError`] if `folder` itself cannot be read, or has no files.
pub(super) fn walk(folder: &Path) -> Result<FolderListing, DataError> {
    let mut walked = FolderListing::default();
    let mut seen = HashSet::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(relative) = folders.pop() {
        let path = folder.join(&relative);
        // Links may lead back to a folder above.
        if !seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
            continue;
        }
        match list(&path, &relative, &mut walked) {
            Ok(below) => folders.extend(below),
            Err(source) if relative.as_os_str().is_empty() => {
                return Err(DataError::Read {
                    what: "the folder",
                    path,
                    source,
                });
            }
            Err(source) => walked.unreadable.push((relative, source.to_string())),
        }
    }
    walked.files.sort();
    walked.unreadable.sort();
    if walked.files.is_empty() && walked.unreadable.is_empty() {
        let left_out = walked.left_out;
        return Err(in_file(folder)(FolderError::Empty { left_out }));
    }
    Ok(walked)
}

/// Adds the files of one folder, and returns the folders in it.
fn list(path: &Path, relative: &Path, walked: &mut FolderListing) -> std::io::Result<Vec<PathBuf>> {
    let (mut below, mut has_files) = (Vec::new(), false);
    for entry in std::fs::read_dir(path)? {
        let name = entry?.file_name();
        if is_left_out(&name.to_string_lossy()) {
            walked.left_out += 1;
            continue;
        }
        // The target of a link counts.
        match std::fs::metadata(path.join(&name)) {
            Ok(found) if found.is_dir() => below.push(relative.join(name)),
            Ok(found) if found.is_file() => {
                walked.files.push(relative.join(name));
                has_files = true;
            }
            _ => walked.left_out += 1,
        }
    }
    walked.folders += usize::from(has_files);
    // The first name is the next to be listed, and stays if another link leads there.
    below.sort();
    below.reverse();
    Ok(below)
}

/// Whether a name is hidden, or one that systems and editors write.
fn is_left_out(name: &str) -> bool {
    const NAMES: [&str; 8] = [
        "__macosx",
        "__pycache__",
        "thumbs.db",
        "desktop.ini",
        "$recycle.bin",
        "system volume information",
        "lost+found",
        "icon\r",
    ];
    name.starts_with('.')
        || name.starts_with("~$")
        || name.ends_with('~')
        || NAMES.contains(&name.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_files_and_circles_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in [
            "b/2.csv",
            "b/1.csv",
            "a.csv",
            ".git/x",
            "__MACOSX/a.csv",
            "b/.DS_Store",
            "a.csv~",
        ] {
            std::fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            std::fs::write(at(name), "").unwrap();
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(folder.path(), at("b/up")).unwrap();
            std::os::unix::fs::symlink("nowhere", at("gone")).unwrap();
        }
        let walked = walk(folder.path()).unwrap();
        let files: Vec<_> = walked
            .files
            .iter()
            .map(|file| file.to_str().unwrap())
            .collect();
        assert_eq!(files, ["a.csv", "b/1.csv", "b/2.csv"]);
        assert_eq!(walked.folders, 2);
        assert_eq!(walked.left_out, if cfg!(unix) { 5 } else { 4 });
    }
}
