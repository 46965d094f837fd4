//! Describes machine and software for `metadata.json`.

use std::process::Command;
use std::sync::OnceLock;

use experiment::SystemInfo;
use serde_json::{Map, Value, json};

use crate::compute::{Backend, Target};
use crate::error::TrainerError;

/// Limits the CPU threads of the process if `threads` is given; returns the number in use.
///
/// # Errors
/// [`TrainerError::Usage`] if the thread pool already has another size.
pub fn limit_threads(threads: Option<usize>) -> Result<usize, TrainerError> {
    if let Some(threads) = threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        // All runs of a cross-validation share one pool.
        if let Err(error) = pool.build_global()
            && rayon::current_num_threads() != threads
        {
            return Err(TrainerError::option(format!("--threads {threads}"), error));
        }
    }
    Ok(rayon::current_num_threads())
}

/// Machine, versions, device and state of the source code.
pub fn system_info(backend: Backend, target: &Target, threads: usize) -> SystemInfo {
    // Cached: a worker trains many runs, and calling git takes as long as a short run.
    static GIT: OnceLock<(Option<String>, Option<bool>)> = OnceLock::new();
    let (commit, dirty) = GIT.get_or_init(git);
    let value = json!({
        "backend": backend.name(),
        "device": target.name(),
        "threads": threads,
        "burn_version": cfg!(feature = "burn").then_some(env!("BURN_VERSION")),
        "rust_version": env!("RUSTC_VERSION"),
        "trainer_version": env!("CARGO_PKG_VERSION"),
        "git_commit": commit,
        "git_dirty": dirty,
        "command": std::env::args().collect::<Vec<_>>(),
    });
    let other: Map<String, Value> = value.as_object().cloned().unwrap_or_default();
    SystemInfo {
        host: support::words::host_name(),
        platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        cpus: std::thread::available_parallelism().ok().map(usize::from),
        other,
    }
}

/// Commit, and whether tracked files are modified; `None` outside a repository or without git.
fn git() -> (Option<String>, Option<bool>) {
    let output = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    let commit = output(&["rev-parse", "HEAD"]);
    let status = commit
        .as_ref()
        .and_then(|_| output(&["status", "--porcelain", "-uno"]));
    (commit, status.map(|changes| !changes.is_empty()))
}
