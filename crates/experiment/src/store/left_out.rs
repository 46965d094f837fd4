//! Folders beside experiments that are none, and why.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::ExperimentStore;
use super::dvc_refs;
use super::foreign::{has_metrics, is_one_run};
use crate::catalogue::layout::{LOCK_FILE, METADATA};
use crate::error::ExperimentError;
use crate::files::{below, name_of};
use crate::log_tables;
use crate::trackers::{self, ReadScope, SearchResult};
use support::words::counted;

/// A folder that is not listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedEntries {
    /// Its name.
    pub name: String,
    /// Why it is not listed, in words.
    pub reason: String,
}

impl Display for SkippedEntries {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.name, self.reason)
    }
}

/// Files of programs whose results are not read: the end of their paths, and what they are.
const KINDS: [(&str, &str); 13] = [
    ("trial.json", "of Keras Tuner"),
    ("dvc.yaml", "of DVC"),
    ("journal.log", "of Optuna"),
    ("optuna.db", "of Optuna"),
    ("meta.yaml", "of MLflow, without a run in files beside it"),
    ("MLmodel", "a model of MLflow"),
    (".pkl", "a pickle"),
    (".pickle", "a pickle"),
    (".npy", "an array of NumPy"),
    (".npz", "an archive of NumPy"),
    (".json", "JSON"),
    (".jsonl", "JSON"),
    (".log", "a text"),
];

/// How long a folder without files is taken for one that a program is about to write into.
const SETTLED: Duration = Duration::from_secs(10);

/// Files that are looked at in a folder.
const MAX_FILES: usize = 2000;

impl ExperimentStore {
    /// The folders of the experiments directory that are none of `listed`, sorted by name, without hidden ones.
    ///
    /// # Errors
    /// [`ExperimentError::Read`] if the directory cannot be read. A missing directory is empty.
    pub fn left_out(
        &self,
        listed: &BTreeSet<PathBuf>,
    ) -> Result<Vec<SkippedEntries>, ExperimentError> {
        let listing = match fs::read_dir(self.root()) {
            Ok(listing) => listing,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(ExperimentError::read(self.root())(error)),
        };
        let of_dvc = |folder: &Path| {
            let name = dvc_refs::shown(folder, self.root());
            dvc_refs::problem(folder).map(|reason| SkippedEntries { name, reason })
        };
        let of_root: Vec<SkippedEntries> = of_dvc(self.root()).into_iter().collect();
        // The folders of one experiment are none of many.
        if self.root().join(METADATA).exists()
            || trackers::program_of(self.root()).is_some()
            || is_one_run(self.root())
        {
            return Ok(of_root);
        }
        let paths = listing.filter_map(Result::ok).map(|entry| entry.path());
        let mut paths: Vec<PathBuf> = paths
            .filter(|path| !listed.contains(path) && !name_of(path).starts_with('.'))
            .collect();
        paths.sort();
        let mut left_out = of_root;
        for path in paths {
            let name = name_of(&path);
            let tracked = tracked(&path);
            let any_listed = listed.iter().any(|other| other.starts_with(&path));
            let reason = || reason(&path, &tracked).filter(|_| !any_listed);
            left_out.extend(of_dvc(&path));
            let reason = deleted(&path, &tracked).or_else(reason);
            left_out.extend(reason.map(|reason| SkippedEntries { name, reason }));
        }
        Ok(left_out)
    }
}

/// The runs of trackers in a folder or database; links are not followed.
fn tracked(path: &Path) -> SearchResult {
    match fs::symlink_metadata(path) {
        Ok(kind) if kind.is_dir() => trackers::below(path, ReadScope::Runs),
        Ok(kind) if kind.is_file() => trackers::in_databases(path, ReadScope::Runs),
        _ => SearchResult::default(),
    }
}

/// That runs in a folder, or in a database, were deleted in the program that tracked them; `None` without any.
fn deleted(folder: &Path, tracked: &SearchResult) -> Option<String> {
    let found = &tracked.deleted;
    let (first, program) = found.first()?;
    let runs = counted(found.len(), "run");
    let first = first.strip_prefix(folder).unwrap_or(first);
    let which = match (found.len(), first.to_string_lossy()) {
        (_, name) if name.is_empty() => "is a run".into(),
        (1, name) => format!("has the run `{name}`"),
        (_, name) => format!("has {runs}, such as `{name}`,"),
    };
    Some(format!("{which} deleted in {}", program.name()))
}

/// Why a folder with these runs of trackers, or a link to one, is not listed; `None` for what is no folder, and what was just
/// removed.
fn reason(path: &Path, tracked: &SearchResult) -> Option<String> {
    let kind = fs::symlink_metadata(path).ok()?;
    if kind.is_symlink() {
        return match fs::metadata(path) {
            Ok(kind) => kind
                .is_dir()
                .then(|| "is a symbolic link, which is not followed".into()),
            Err(error) => Some(format!("is a symbolic link that leads nowhere ({error})")),
        };
    }
    // An experiment that was made, or is being made, since the others were listed.
    let is_own = || {
        [METADATA, LOCK_FILE]
            .iter()
            .any(|name| path.join(name).exists())
    };
    if kind.is_file() {
        let problem = tracked.problems.first();
        let beside = || {
            let text = "has metrics, but is in no folder of its own: move it into one";
            has_metrics(path).then(|| text.to_owned())
        };
        return problem.map(|(_, problem)| problem.clone()).or_else(beside);
    }
    if !kind.is_dir() || is_own() {
        return None;
    }
    match fs::read_dir(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => return Some(format!("cannot be read: {error}")),
        Ok(_) => {}
    }
    let files = below(path, |_| true);
    let files = &files[..files.len().min(MAX_FILES)];
    // It may have been removed, or become one, in the meantime.
    if is_own() || !path.exists() {
        return None;
    }
    if files.is_empty() {
        let why = if has_links(path) {
            "has symbolic links alone, which are not followed"
        } else {
            "has no files"
        };
        return (!is_new(&kind)).then(|| why.into());
    }
    let shown = |file: &Path| {
        let relative = file.strip_prefix(path).unwrap_or(file);
        relative.display().to_string()
    };
    let is_experiment = |file: &&PathBuf| file.ends_with(METADATA);
    if let Some(file) = files.iter().find(is_experiment) {
        return Some(format!(
            "has `{}`, that of an experiment: give the folder that holds it as --experiments-dir",
            shown(file)
        ));
    }
    if let Some((file, problem)) = tracked.problems.first() {
        return Some(format!("has `{}`, which {problem}", shown(file)));
    }
    // A table that holds no metrics is the most likely mistake.
    if let Some((file, problem)) = files
        .iter()
        .find_map(|file| Some((file, log_tables::problem(file)?)))
    {
        return Some(format!("has `{}`, {problem}", shown(file)));
    }
    let found = KINDS.iter().find_map(|(ending, what)| {
        let is_kind = |file: &&PathBuf| file.to_string_lossy().ends_with(ending);
        Some((files.iter().find(is_kind)?, what))
    });
    Some(match found {
        Some((file, what)) => format!("has `{}` ({what}), which is not read", shown(file)),
        None => format!("has no metrics; its first file is `{}`", shown(&files[0])),
    })
}

/// Whether there are symbolic links in a folder itself.
fn has_links(folder: &Path) -> bool {
    let listing = fs::read_dir(folder).into_iter().flatten();
    let mut kinds = listing.filter_map(|entry| entry.ok()?.file_type().ok());
    kinds.any(|kind| kind.is_symlink())
}

/// Whether a folder changed so lately that a program may be about to write into it.
fn is_new(folder: &fs::Metadata) -> bool {
    let age = folder.modified().ok().and_then(|time| time.elapsed().ok());
    age.is_none_or(|age| age < SETTLED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(files: &[(&str, &[u8])]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let store = ExperimentStore::new(folder.path());
        let entries = store.list().unwrap().entries;
        let listed = entries.into_iter().map(|entry| entry.directory).collect();
        let found = store.left_out(&listed).unwrap();
        found.iter().map(SkippedEntries::to_string).collect()
    }

    #[test]
    fn why_folders_are_not_listed() {
        for (file, bytes, expected) in [
            ("history.csv", &b""[..], "has `history.csv`, which is empty"),
            (
                "history.csv",
                b"epoch,loss\n",
                "has `history.csv`, which has no rows",
            ),
            (
                "a/metrics.csv",
                b"x,y\n1,2\n",
                "has `a/metrics.csv`, whose first line names no metrics with their epochs or steps",
            ),
            (
                "history.pkl",
                b"\x80\x04",
                "has `history.pkl` (a pickle), which is not read",
            ),
            (
                "study/journal.log",
                b"{}",
                "has `study/journal.log` (of Optuna), which is not read",
            ),
            (
                "mlruns/0/meta.yaml",
                b"artifact_location: x\nexperiment_id: '0'\n",
                "has `mlruns/0/meta.yaml` (of MLflow, without a run in files beside it), which is not read",
            ),
            (
                "../mlflow.db",
                b"SQLite format 3",
                "is no database of MLflow",
            ),
            (
                "trainer_state.json",
                b"{\"log_hist",
                "has `trainer_state.json`, which is no complete JSON (EOF while parsing a string at line 1 column 10)",
            ),
            (
                "trainer_state.json",
                b"{\"log_history\": []}",
                "has `trainer_state.json`, which has no metrics",
            ),
            (
                "deep/metadata.json",
                b"{}",
                "has `deep/metadata.json`, that of an experiment: give the folder that holds it as --experiments-dir",
            ),
            (
                "model.keras",
                b"PK",
                "has no metrics; its first file is `model.keras`",
            ),
        ] {
            let found = left_out(&[(&format!("run/{file}"), bytes), ("x/metadata.json", b"{}")]);
            let name = file.strip_prefix("../").unwrap_or("run");
            let line = found
                .iter()
                .find(|line| line.starts_with(&format!("`{name}`")));
            assert_eq!(line, Some(&format!("`{name}` {expected}")));
        }
    }

    #[test]
    fn deleted_runs_of_trackers() {
        let deleted = b"run_id: a\nlifecycle_stage: deleted\n";
        let found = left_out(&[
            ("mlruns/0/a/meta.yaml", deleted),
            ("mlruns/0/a/tags/x", b""),
        ]);
        assert_eq!(found, ["`mlruns` has the run `0/a` deleted in MLflow"]);
        let both = [
            ("mlruns/0/a/meta.yaml", &deleted[..]),
            ("mlruns/0/a/tags/x", b""),
            ("mlruns/.trash/1/b/meta.yaml", b"run_id: b\n"),
            ("mlruns/.trash/1/b/tags/x", b""),
        ];
        let expected = "`mlruns` has 2 runs, such as `.trash/1/b`, deleted in MLflow";
        assert_eq!(left_out(&both), [expected]);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_empty_folders() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("empty/deep")).unwrap();
        fs::write(at("file.txt"), "").unwrap();
        std::os::unix::fs::symlink("empty", at("link")).unwrap();
        std::os::unix::fs::symlink("self", at("self")).unwrap();
        std::os::unix::fs::symlink("..", at("empty/deep/up")).unwrap();
        // Others may be about to become experiments, or have become some since they were listed.
        fs::create_dir(at("new")).unwrap();
        for (name, file) in [("made", METADATA), ("begun", LOCK_FILE)] {
            fs::create_dir(at(name)).unwrap();
            fs::write(at(name).join(file), "").unwrap();
            fs::write(at(name).join("history.jsonl"), "").unwrap();
        }
        let an_hour_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
        fs::create_dir(at("links")).unwrap();
        std::os::unix::fs::symlink("../file.txt", at("links/events.out.tfevents.1")).unwrap();
        for name in ["empty", "links"] {
            let folder = fs::File::open(at(name)).unwrap();
            folder.set_modified(an_hour_ago).unwrap();
        }
        let store = ExperimentStore::new(folder.path());
        let found = store.left_out(&BTreeSet::new()).unwrap();
        let names: Vec<&str> = found.iter().map(|omitted| &*omitted.name).collect();
        assert_eq!(names, ["empty", "link", "links", "self"]);
        assert_eq!(found[0].reason, "has no files");
        assert!(found[1].reason.starts_with("is a symbolic link, which"));
        let links = "has symbolic links alone, which are not followed";
        assert_eq!(found[2].reason, links);
        assert!(
            found[3]
                .reason
                .starts_with("is a symbolic link that leads nowhere")
        );
        assert!(
            ExperimentStore::new(&at("none"))
                .left_out(&BTreeSet::new())
                .unwrap()
                .is_empty()
        );
    }
}
