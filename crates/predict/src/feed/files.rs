//! What the files of a site have in common: their first samples, times that contradict each other, names of sensors.

use std::path::{Path, PathBuf};

use data::import::{SensorChannel, sensor_channels};
use data::recording::{FileOverlap, overlapping_files};

use super::{Recordings, Site, Source};

impl Recordings {
    /// Names the channels that `wanted` calls with the end of a file's name, as the import does.
    pub(crate) fn rename_sensors(&mut self, wanted: &[String]) {
        let channels = self.sites.iter().flat_map(|site| &site.channels);
        let there: Vec<(&Path, &str)> = channels
            .filter_map(|(channel, sources)| Some((sources.first()?.path(), channel.as_str())))
            .collect();
        let renamed = sensor_channels(&there, wanted);
        for (channel, sources) in self.sites.iter_mut().flat_map(|site| &mut site.channels) {
            let is_own = |sensor: &&SensorChannel| {
                let file = sources.first().map(Source::path);
                file == Some(&sensor.file) && sensor.channel == *channel
            };
            if let Some(sensor) = renamed.iter().find(is_own) {
                channel.clone_from(&sensor.name);
            }
        }
    }
}

impl Site {
    fn sources<'a>(&'a self, channels: &'a [String]) -> impl Iterator<Item = &'a Source> {
        let all = self.channels.iter();
        let chosen = all.filter(|(name, _)| channels.contains(name));
        chosen.flat_map(|(_, sources)| sources)
    }

    /// Time of the first sample of `channels`, in nanoseconds.
    pub(crate) fn start(&self, channels: &[String]) -> i64 {
        let starts = self.sources(channels).map(Source::start);
        starts.min().unwrap_or(0)
    }

    /// Samples per second of the fastest of `channels`, as stored; zero without samples.
    pub(crate) fn rate(&self, channels: &[String]) -> f64 {
        self.sources(channels).map(Source::rate).fold(0.0, f64::max)
    }

    /// Time of the first sample of `channels` in a file; `None` if it has none.
    pub(crate) fn start_of(&self, file: &Path, channels: &[String]) -> Option<i64> {
        let sources = self.sources(channels);
        let in_file = sources.filter(|source| source.path() == file);
        in_file.map(Source::start).min()
    }

    /// Time from which all `channels` have samples of `files`, in nanoseconds; `None` if one of them has none.
    pub(crate) fn start_in(&self, files: &[PathBuf], channels: &[String]) -> Option<i64> {
        let first = |channel: &String| {
            let sources = self.sources(std::slice::from_ref(channel));
            let in_files = sources.filter(|source| files.iter().any(|file| file == source.path()));
            in_files.map(Source::start).min()
        };
        let starts: Option<Vec<i64>> = channels.iter().map(first).collect();
        starts?.into_iter().max()
    }

    /// The first of `channels` for which two files without dates have different samples for the same time; `start` is the
    /// time that was given for their first samples. (miniSEED has dates.)
    pub(crate) fn overlap<'a>(
        &'a self,
        channels: &'a [String],
        start: Option<i64>,
    ) -> Option<(&'a str, FileOverlap<'a>)> {
        let all = self.channels.iter();
        let mut chosen = all.filter(|(name, _)| channels.contains(name));
        chosen.find_map(|(name, sources)| {
            let traces = sources.iter().filter_map(|source| match source {
                Source::Memory(path, trace) => Some((path.as_path(), trace)),
                Source::Indexed(..) => None,
            });
            Some((name.as_str(), overlapping_files(traces, start)?))
        })
    }
}
