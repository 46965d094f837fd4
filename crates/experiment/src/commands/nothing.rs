//! What to say if a directory holds no experiments.

use std::path::Path;

use support::words::counted;

use super::text::plain;
use crate::catalogue::layout::METADATA;
use crate::trackers::MLFLOW_DATABASE;

/// Says that there are no experiments, and why: often the directory is another one.
pub(super) fn no_experiments(root: &Path) -> String {
    let show = |path: &Path| plain(&path.display().to_string());
    let parent = |unnamed: &str| {
        let parent = root.parent().map(show).filter(|name| !name.is_empty());
        parent.unwrap_or_else(|| unnamed.into())
    };
    let why = if !root.exists() {
        ": there is no such directory".into()
    } else if root.join(METADATA).exists() {
        let parent = parent("..");
        format!(": it is one experiment; give the directory that holds it, {parent}")
    } else if root.join("..").join(MLFLOW_DATABASE).is_file() {
        // Beside it, MLflow keeps the files of runs alone.
        let parent = parent(".");
        format!(
            ": the runs of MLflow are in `{MLFLOW_DATABASE}` beside it; give the directory that holds both, {parent}"
        )
    } else {
        foreign(root)
    };
    let why = why.trim_end_matches('.');
    format!(
        "No experiments in {}{why}. `cargo run -p trainer -- --model simple_cnn` makes one.\n",
        show(root)
    )
}

/// Counts folders of other programs.
fn foreign(root: &Path) -> String {
    let Ok(listing) = root.read_dir() else {
        return String::new();
    };
    let mut names: Vec<String> = listing
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    let Some(first) = names.first() else {
        return String::new();
    };
    format!(
        ": {} in it, such as `{}`, without `{METADATA}`, event files of TensorBoard and tables of metrics",
        counted(names.len(), "folder"),
        plain(first)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let says = |path: &Path| no_experiments(path);
        assert!(says(&root.join("x")).contains("x: there is no such directory. `cargo"));
        assert!(!says(root).contains(':'), "{}", says(root));
        std::fs::create_dir_all(root.join("mlruns/0")).unwrap();
        assert!(says(root).contains("1 folder in it, such as `mlruns`, without `metadata.json`"));
        std::fs::write(root.join("mlruns").join(METADATA), "{}").unwrap();
        let said = says(&root.join("mlruns"));
        assert!(
            said.contains("it is one experiment; give the directory that holds it"),
            "{said}"
        );
        std::fs::remove_file(root.join("mlruns").join(METADATA)).unwrap();
        std::fs::write(root.join("mlflow.db"), "").unwrap();
        let said = says(&root.join("mlruns"));
        assert!(
            said.contains("the runs of MLflow are in `mlflow.db` beside it"),
            "{said}"
        );
    }
}
