//! Experiments of DVC, which are commits that Git references name, without a folder of their own.

use std::collections::BTreeSet;
use std::path::Path;

use crate::files::{below, name_of, read_regular};
use support::words::{counted, first_few};

/// Folder of Git.
const GIT: &str = ".git";

/// Where DVC names its experiments, by the commit that they begin with: `refs/exps/12/3456.../NAME`.
const EXPERIMENTS: &str = "refs/exps/";

/// Size limit of the file of packed references in bytes.
const MAX_SIZE: u64 = 16 << 20;

/// Most names in a sentence.
const MAX_NAMED: usize = 3;

/// That a folder is a repository with experiments of DVC, which are not read; `None` for others.
pub(super) fn problem(folder: &Path) -> Option<String> {
    let git = folder.join(GIT);
    if !git.is_dir() {
        return None;
    }
    let refs = below(&git.join(EXPERIMENTS), |_| true);
    let loose = refs.iter().filter_map(|path| path.strip_prefix(&git).ok());
    let mut names: BTreeSet<String> = loose
        .filter_map(|path| name_in(&path.to_string_lossy().replace('\\', "/")))
        .collect();
    let packed = read_regular(&git.join("packed-refs"), MAX_SIZE).unwrap_or_default();
    let packed = String::from_utf8_lossy(&packed);
    let packed = packed.lines().filter_map(|line| line.split(' ').nth(1));
    names.extend(packed.filter_map(name_in));
    if names.is_empty() {
        return None;
    }
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    Some(format!(
        "has {} of DVC in Git references, which are not read: {}; `dvc exp apply NAME` writes the files of one",
        counted(all.len(), "experiment"),
        first_few(&all, MAX_NAMED)
    ))
}

/// The name of an experiment in that of a reference. Others, such as `refs/exps/exec/EXEC_HEAD`, are of DVC itself.
fn name_in(reference: &str) -> Option<String> {
    let parts: Vec<&str> = reference.strip_prefix(EXPERIMENTS)?.split('/').collect();
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match parts[..] {
        [begin, rest, name]
            if begin.len() == 2 && is_hex(begin) && rest.len() == 38 && is_hex(rest) =>
        {
            Some(name.to_owned())
        }
        _ => None,
    }
}

/// The name of a folder for messages; that of the store itself is none.
pub(super) fn shown(folder: &Path, root: &Path) -> String {
    let path = if folder == root {
        folder.join(GIT)
    } else {
        folder.to_owned()
    };
    name_of(&path)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn references_of_experiments() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(GIT).join(name);
        assert_eq!(problem(folder.path()), None);
        let commit = "3".repeat(38);
        for name in [
            format!("refs/exps/12/{commit}/puffy-lynx"),
            "refs/exps/exec/EXEC_HEAD".into(),
            "refs/exps/stash".into(),
            "refs/heads/main".into(),
        ] {
            fs::create_dir_all(at(&name).parent().unwrap()).unwrap();
            fs::write(at(&name), "x").unwrap();
        }
        let begin = "has 1 experiment of DVC in Git references, which are not read: puffy-lynx;";
        let found = problem(folder.path()).unwrap();
        assert!(found.starts_with(begin), "{found}");
        fs::write(
            at("packed-refs"),
            format!(
                "# pack-refs with: peeled\nabc refs/exps/45/{commit}/loud-ox\nabc refs/tags/v1\n"
            ),
        )
        .unwrap();
        let found = problem(folder.path()).unwrap();
        assert!(
            found.contains("has 2 experiments of DVC") && found.contains("loud-ox, puffy-lynx;"),
            "{found}"
        );
    }
}
