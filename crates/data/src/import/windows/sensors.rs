//! Channels of the same name in files of different sensors.

use std::path::{Path, PathBuf};

use crate::recording::Contents;

/// A channel of a file that gets another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SensorChannel {
    /// The file.
    pub file: PathBuf,
    /// The channel in the file.
    pub channel: String,
    /// Its name in the list.
    pub name: String,
}

/// The channels that a list names with the end of a file's name: `gyr.x` is the channel `x` of `anna_gyr.csv`. `there` has
/// the files and their channels, `wanted` the names in the list. A name that a channel has stays with it.
pub fn sensor_channels(there: &[(&Path, &str)], wanted: &[String]) -> Vec<SensorChannel> {
    let mut found = Vec::new();
    for name in wanted {
        let is_named = |(_, channel): &(&Path, &str)| {
            channel == name || channel.rsplit('.').next() == Some(name)
        };
        if there.iter().any(is_named) {
            continue;
        }
        for (at, _) in name.match_indices('.') {
            let (end, channel) = (&name[..at], &name[at + 1..]);
            let matching = there.iter();
            let matching =
                matching.filter(|(file, known)| *known == channel && ends_with(file, end));
            found.extend(matching.map(|(file, channel)| SensorChannel {
                file: file.to_path_buf(),
                channel: (*channel).to_owned(),
                name: name.clone(),
            }));
        }
    }
    found
}

/// Names such channels in the contents of files.
pub(super) fn rename(files: &[PathBuf], wanted: &[String], contents: &mut [Option<Contents>]) {
    let all = files.iter().zip(contents.iter());
    let there: Vec<(&Path, &str)> = all
        .flat_map(|(file, read)| {
            let traces = read.iter().flat_map(|contents| &contents.traces);
            traces.map(|trace| (file.as_path(), trace.channel.as_str()))
        })
        .collect();
    let renamed = sensor_channels(&there, wanted);
    if renamed.is_empty() {
        return;
    }
    for (file, read) in files.iter().zip(contents) {
        for trace in read.iter_mut().flat_map(|contents| &mut contents.traces) {
            let mut candidates = renamed.iter();
            if let Some(sensor) =
                candidates.find(|sensor| sensor.file == *file && sensor.channel == trace.channel)
            {
                trace.channel.clone_from(&sensor.name);
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
