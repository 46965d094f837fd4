//! Reads recordings from files and passes samples on in time order, all channels in step.

mod channels;
mod cursor;
mod files;
mod sites;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

pub use channels::other_order;
pub(crate) use channels::{RequestedChannels, seed_site};
use cursor::Cursor;
use data::DataError;
use data::recording::{self, Hints, IndexedFile, IndexedTrace, Notes, Trace};

use crate::error::PredictError;
use crate::join::{JoinedSink, Joiner};

/// Samples of a channel, in memory or still in a miniSEED file.
enum Source {
    Memory(PathBuf, Trace),
    Indexed(PathBuf, IndexedTrace),
}

impl Source {
    fn start(&self) -> i64 {
        match self {
            Self::Memory(_, trace) => trace.start,
            Self::Indexed(_, trace) => trace.start,
        }
    }

    fn rate(&self) -> f64 {
        match self {
            Self::Memory(_, trace) => trace.rate,
            Self::Indexed(_, trace) => trace.rate,
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Memory(path, _) | Self::Indexed(path, _) => path,
        }
    }
}

/// The channels of one site, or of a file without site names.
#[derive(Default)]
pub(crate) struct Site {
    /// `NET.STA.LOC.BI` with the band and instrument codes of its channels, or the file name.
    pub name: String,
    /// Sources by channel, in the order found.
    channels: Vec<(String, Vec<Source>)>,
    /// Number of damaged records detected while decoding.
    damaged: usize,
}

/// Contents of all files.
#[derive(Default)]
pub(crate) struct Recordings {
    pub sites: Vec<Site>,
    /// Notes on anything unusual, with file names.
    pub notes: Vec<String>,
}

impl Recordings {
    /// Opens `paths`. Only headers are read from miniSEED, everything from other formats.
    ///
    /// # Errors
    /// [`PredictError`] naming the unreadable file.
    pub(crate) fn open(paths: &[PathBuf], hints: &Hints) -> Result<Self, PredictError> {
        let mut recordings = Self::default();
        let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
        for path in paths {
            let (sources, notes) = sources(path, hints)?;
            let notes = notes
                .iter()
                .map(|note| format!("{}: {note}", path.display()));
            recordings.notes.extend(notes);
            for (channel, source) in sources {
                let name = seed_site(&channel)
                    .map(|(site, _)| site)
                    .unwrap_or_else(|| path.display().to_string());
                let sites = &mut recordings.sites;
                let site = *by_name.entry(name.clone()).or_insert_with(|| {
                    sites.push(Site {
                        name,
                        ..Default::default()
                    });
                    sites.len() - 1
                });
                let channels = &mut sites[site].channels;
                match channels.iter_mut().find(|(known, _)| *known == channel) {
                    Some((_, sources)) => sources.push(source),
                    None => channels.push((channel, vec![source])),
                }
            }
        }
        for (_, sources) in recordings
            .sites
            .iter_mut()
            .flat_map(|site| &mut site.channels)
        {
            sources.sort_by_key(Source::start);
        }
        Ok(recordings)
    }
}

type Sources = (Vec<(String, Source)>, Notes);

/// The traces of a file by channel, and notes on anything unusual.
fn sources(path: &Path, hints: &Hints) -> Result<Sources, PredictError> {
    let unreadable = |source| {
        PredictError::Data(DataError::Read {
            what: "the recording",
            path: path.to_owned(),
            source,
        })
    };
    let file = File::open(path).map_err(unreadable)?;
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err(PredictError::source(path, "is no regular file"));
    }
    // If the file is not miniSEED, `read` reports what is wrong with it.
    if let Some(Ok(mut indexed)) = IndexedFile::open(&file).map_err(unreadable)? {
        let rates = indexed.traces.iter().map(|trace| trace.rate);
        let note = recording::other_rate(hints, rates.collect());
        indexed.notes.extend(note);
        let start = indexed.traces.iter().map(|trace| trace.start).min();
        indexed.notes.extend(recording::other_start(hints, start));
        let traces = indexed.traces.into_iter().map(|trace| {
            let channel = trace.channel.clone();
            (channel, Source::Indexed(path.to_owned(), trace))
        });
        return Ok((traces.collect(), indexed.notes));
    }
    let mut contents = recording::read(path, hints).map_err(rate_unknown)?;
    contents
        .notes
        .extend(data::import::fill_notes(&contents.traces));
    let traces = contents
        .traces
        .into_iter()
        .filter(|trace| !trace.samples.is_empty())
        .map(|trace| {
            let channel = trace.channel.clone();
            (channel, Source::Memory(path.to_owned(), trace))
        });
    Ok((traces.collect(), contents.notes))
}

/// Adds the option that supplies the missing value to the error.
fn rate_unknown(error: DataError) -> DataError {
    match error {
        DataError::Source { path, problem } if recording::is_rate_unknown(&problem) => {
            let problem = format!("{problem}; give it with --rate").into();
            DataError::Source { path, problem }
        }
        other => other,
    }
}

impl Site {
    /// Names of all channels.
    pub(crate) fn channel_names(&self) -> Vec<&str> {
        self.channels
            .iter()
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// Chooses the model's channels, in its order; see `--channels`.
    ///
    /// # Errors
    /// If they cannot be chosen; the message lists the available channels.
    pub(crate) fn choose(
        &self,
        wanted: RequestedChannels<'_>,
    ) -> Result<Vec<String>, PredictError> {
        wanted
            .choose(&self.channel_names())
            .map_err(|problem| PredictError::SiteChannels {
                site: self.name.clone(),
                problem,
            })
    }

    /// Number of damaged records found while reading samples.
    pub(crate) fn damaged(&self) -> usize {
        self.damaged
    }

    /// Passes the samples of `channels` before time `limit` (nanoseconds) to `joiner` in time order, and its output
    /// to `sink`. Some later samples may be included.
    ///
    /// # Errors
    /// If a file becomes unreadable, or an error of `sink`; that of a rate gets the name of the site.
    pub(crate) fn feed(
        &mut self,
        channels: &[String],
        limit: i64,
        joiner: &mut Joiner,
        sink: JoinedSink<'_>,
    ) -> Result<(), PredictError> {
        let fed = self.pass_on(channels, limit, joiner, sink);
        fed.map_err(|error| match error {
            PredictError::Rate(problem) => PredictError::SiteRate {
                site: self.name.clone(),
                problem,
            },
            other => other,
        })
    }

    fn pass_on(
        &mut self,
        channels: &[String],
        limit: i64,
        joiner: &mut Joiner,
        sink: JoinedSink<'_>,
    ) -> Result<(), PredictError> {
        let wanted = channels.iter().filter_map(|name| {
            let found = self.channels.iter().find(|(channel, _)| channel == name);
            found.map(|(_, sources)| Cursor::new(sources))
        });
        let mut cursors = wanted.collect::<Vec<_>>();
        // Advancing the channel that is behind keeps the others' queues short.
        while let Some(channel) = (0..cursors.len())
            .filter(|i| cursors[*i].time() < limit)
            .min_by_key(|i| cursors[*i].time())
        {
            let cursor = &mut cursors[channel];
            cursor.push(channel, joiner)?;
            joiner.passed(channel, cursor.time());
            joiner.drain(sink)?;
        }
        self.damaged += cursors.iter().map(|cursor| cursor.damaged).sum::<usize>();
        joiner.finish(sink)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slide::{Cutting, Slider, Windows};

    /// Synthetic station: the starts and sums of all windows match ObsPy's (`scripts/conformance/make_station.py`).
    #[test]
    fn windows_are_those_of_obspy() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        let text = std::fs::read_to_string(fixtures.join("station.json")).unwrap();
        let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
        for (pair, expected) in expected.as_object().unwrap() {
            let paths = [fixtures.join("station.mseed")];
            let mut recordings = Recordings::open(&paths, &Hints::default()).unwrap();
            let site = &mut recordings.sites[0];
            assert_eq!(site.name, "XX.MADE.00.HH");
            let channels: Vec<String> = pair
                .split('-')
                .map(|code| format!("XX.MADE.00.{code}"))
                .collect();
            let cutting = Cutting {
                channels: 2,
                window: 512,
                hop: 256,
                rate: 100.0,
                from: i64::MIN,
                until: i64::MAX,
            };
            let (mut slider, mut windows) = (Slider::new(cutting), Windows::default());
            site.feed(&channels, i64::MAX, &mut Joiner::new(2), &mut |joined| {
                slider.take(joined, &mut windows).unwrap();
                Ok(())
            })
            .unwrap();
            let sums = windows
                .values
                .chunks(512)
                .map(|values| values.iter().map(|v| f64::from(*v)).sum::<f64>());
            let sums: Vec<f64> = sums.collect();
            let found: Vec<_> = windows.spans.iter().zip(sums.chunks(2)).collect();
            let expected = expected.as_array().unwrap();
            assert_eq!(found.len(), expected.len(), "{pair}");
            for ((span, sums), expected) in found.into_iter().zip(expected) {
                assert!((span.start - expected[0].as_i64().unwrap()).abs() < 1000);
                let expected_sums = [1, 2].map(|i| expected[i].as_f64().unwrap());
                assert_eq!(sums, expected_sums, "{pair} at {}", span.start);
            }
        }
    }
}
