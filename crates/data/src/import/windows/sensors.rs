//! Channels of the same name in files of different sensors.

use std::path::{Path, PathBuf};

use crate::recording::{Contents, Trace};

/// Names the channels that the list names with the end of a file's name: `gyr.x` is the channel `x` of `anna_gyr.csv`.
pub(super) fn rename(files: &[PathBuf], wanted: &[String], contents: &mut [Option<Contents>]) {
    for name in wanted {
        let is_named = |trace: &Trace| {
            trace.channel == *name || trace.channel.rsplit('.').next() == Some(name)
        };
        let all = contents.iter().flatten().flat_map(|own| &own.traces);
        if all.into_iter().any(is_named) {
            continue;
        }
        for (at, _) in name.match_indices('.') {
            let (end, channel) = (&name[..at], &name[at + 1..]);
            for (file, own) in files.iter().zip(contents.iter_mut()) {
                if !ends_with(file, end) {
                    continue;
                }
                let traces = own.iter_mut().flat_map(|own| &mut own.traces);
                for trace in traces.filter(|trace| trace.channel == channel) {
                    trace.channel.clone_from(name);
                }
            }
        }
    }
}

/// Whether a file's name without its ending ends with the word `end`.
fn ends_with(file: &Path, end: &str) -> bool {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let rest = stem.strip_suffix(end);
    rest.is_some_and(|rest| !rest.ends_with(char::is_alphanumeric))
}
