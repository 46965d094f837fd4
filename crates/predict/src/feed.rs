//! Recordings in files, handed out in the order of time, channel beside channel.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use data::DataError;
use data::recording::{self, Hints, IndexedFile, IndexedTrace, Trace, TraceReader};

use crate::error::PredictError;
use crate::join::{JoinedSink, Joiner};

/// Samples that are handed on at once.
const PIECE: usize = 8192;

/// Samples of a channel: in memory, or still in a miniSEED file.
enum Source {
    Memory(Trace),
    Indexed(PathBuf, IndexedTrace),
}

impl Source {
    fn start(&self) -> i64 {
        match self {
            Self::Memory(trace) => trace.start,
            Self::Indexed(_, trace) => trace.start,
        }
    }
}

/// The channels of one place, or of a file that does not name any.
#[derive(Default)]
pub(crate) struct Site {
    /// `NET.STA.LOC.BI`, band and instrument the first letters of its channels; else the file.
    pub name: String,
    /// In the order in which they were found.
    channels: Vec<(String, Vec<Source>)>,
    /// Damaged records that only decoding shows.
    damaged: usize,
}

/// Everything that some files hold.
#[derive(Default)]
pub(crate) struct Recordings {
    pub sites: Vec<Site>,
    /// What was unusual, with the file's name.
    pub notes: Vec<String>,
}

/// Site and orientation of `NET.STA.LOC.CHA`; none of other names.
pub(crate) fn seed_site(channel: &str) -> Option<(String, char)> {
    let parts: Vec<&str> = channel.split('.').collect();
    let [network, station, location, code] = parts[..] else {
        return None;
    };
    let mut letters = code.chars();
    let (band, instrument, orientation) = (letters.next()?, letters.next()?, letters.next()?);
    let site = format!("{network}.{station}.{location}.{band}{instrument}");
    letters.next().is_none().then_some((site, orientation))
}

impl Recordings {
    /// Opens `paths`: of miniSEED the headers are read, of other formats everything.
    ///
    /// # Errors
    /// [`PredictError`] naming the file that cannot be read.
    pub(crate) fn open(paths: &[PathBuf], hints: &Hints) -> Result<Self, PredictError> {
        let mut own = Self::default();
        let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
        for path in paths {
            let (sources, notes) = sources(path, hints)?;
            let notes = notes
                .iter()
                .map(|note| format!("{}: {note}", path.display()));
            own.notes.extend(notes);
            for (channel, source) in sources {
                let name = seed_site(&channel).map(|(site, _)| site);
                let name = name.unwrap_or_else(|| path.display().to_string());
                let sites = &mut own.sites;
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
        for (_, sources) in own.sites.iter_mut().flat_map(|site| &mut site.channels) {
            sources.sort_by_key(Source::start);
        }
        Ok(own)
    }
}

impl Recordings {
    /// All channels as those of one place.
    pub(crate) fn into_one_site(self) -> Site {
        let mut one = Site::default();
        for site in self.sites {
            if one.name.is_empty() {
                one.name = site.name;
            }
            for (channel, sources) in site.channels {
                match one.channels.iter_mut().find(|(known, _)| *known == channel) {
                    Some((_, own)) => own.extend(sources),
                    None => one.channels.push((channel, sources)),
                }
            }
        }
        for (_, sources) in &mut one.channels {
            sources.sort_by_key(Source::start);
        }
        one
    }
}

type Sources = (Vec<(String, Source)>, Vec<String>);

/// The traces of a file by channel, and what was unusual about it.
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
    // Whatever is wrong with a file that is no miniSEED, `read` says.
    if let Some(Ok(indexed)) = IndexedFile::open(&file).map_err(unreadable)? {
        let traces = indexed.traces.into_iter();
        let traces = traces.map(|trace| {
            let channel = trace.channel.clone();
            (channel, Source::Indexed(path.to_owned(), trace))
        });
        return Ok((traces.collect(), indexed.notes));
    }
    let contents = recording::read(path, hints).map_err(rate_unknown)?;
    let traces = contents
        .traces
        .into_iter()
        .filter(|own| !own.samples.is_empty());
    let traces = traces.map(|trace| (trace.channel.clone(), Source::Memory(trace)));
    Ok((traces.collect(), contents.notes))
}

/// Says which option gives what is missing.
fn rate_unknown(error: DataError) -> DataError {
    match error {
        DataError::Source { path, problem } if recording::is_rate_unknown(&problem) => {
            let problem = format!("{problem}; give it with --rate");
            DataError::Source { path, problem }
        }
        other => other,
    }
}

/// The channels of a site that the model gets, in its order.
///
/// # Errors
/// With the channels there are.
pub(crate) fn choose(
    there: &[&str],
    wanted: &[String],
    channels: usize,
) -> Result<Vec<String>, String> {
    let listed = || there.join(", ");
    if wanted.is_empty() {
        if there.len() != channels {
            return Err(format!(
                "the model takes {channels} channel(s), and there are {}: {}; choose with --channels",
                there.len(),
                listed()
            ));
        }
        let mut chosen: Vec<String> = there.iter().map(|name| (*name).to_owned()).collect();
        // Z, N, E as seismologists order them; 1 and 2 are horizontal.
        let rank = |name: &String| {
            let letter = seed_site(name).map_or(' ', |(_, letter)| letter);
            "ZNE123".find(letter).unwrap_or(9)
        };
        chosen.sort_by_key(rank);
        return Ok(chosen);
    }
    if wanted.len() != channels {
        return Err(format!(
            "--channels names {}, but the model takes {channels}",
            wanted.len()
        ));
    }
    let one = |name: &String| {
        let last = |own: &str| own.rsplit('.').next() == Some(name);
        let orientation =
            |own: &str| seed_site(own).is_some_and(|(_, letter)| letter.to_string() == *name);
        let ways: [&dyn Fn(&str) -> bool; 3] = [&|own| own == name, &last, &orientation];
        for way in ways {
            let found: Vec<&&str> = there.iter().filter(|own| way(own)).collect();
            if let [only] = found[..] {
                return Ok((*only).to_owned());
            }
        }
        Err(format!(
            "no one channel is `{name}`: there are {}",
            listed()
        ))
    };
    let chosen = wanted.iter().map(one).collect::<Result<Vec<_>, _>>()?;
    if let Some(twice) = (1..chosen.len()).find(|i| chosen[..*i].contains(&chosen[*i])) {
        return Err(format!("--channels names {} twice", chosen[twice]));
    }
    Ok(chosen)
}

impl Site {
    /// Names of its channels.
    pub(crate) fn channel_names(&self) -> Vec<&str> {
        self.channels
            .iter()
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// The channels that the model gets, in its order; see `--channels`.
    ///
    /// # Errors
    /// With the channels there are.
    pub(crate) fn choose(
        &self,
        wanted: &[String],
        channels: usize,
    ) -> Result<Vec<String>, PredictError> {
        choose(&self.channel_names(), wanted, channels)
            .map_err(|problem| PredictError::Usage(format!("{}: {problem}", self.name)))
    }

    /// Time of its first sample, in nanoseconds.
    pub(crate) fn start(&self) -> i64 {
        let sources = self.channels.iter().flat_map(|(_, sources)| sources);
        sources.map(Source::start).min().unwrap_or(0)
    }

    /// Damaged records that were found while samples were read.
    pub(crate) fn damaged(&self) -> usize {
        self.damaged
    }

    /// Hands the samples of `channels` before the time `limit` to `joiner`, in the order of time, and what is joined to
    /// `sink`. Some later ones may be among them.
    ///
    /// # Errors
    /// Where a file cannot be read any more, or as `sink`.
    pub(crate) fn feed(
        &mut self,
        channels: &[String],
        limit: i64,
        joiner: &mut Joiner,
        sink: JoinedSink<'_>,
    ) -> Result<(), PredictError> {
        let wanted = channels.iter().filter_map(|name| {
            let found = self.channels.iter().find(|(own, _)| own == name);
            found.map(|(_, sources)| Cursor::new(sources))
        });
        let mut cursors = wanted.collect::<Vec<_>>();
        // The channel that is behind comes first, so that others need not be held.
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

/// Where the reading of a channel is.
struct Cursor<'s> {
    sources: &'s [Source],
    /// The source, and the first sample in it that was not read yet.
    at: usize,
    sample: usize,
    reader: Option<TraceReader>,
    scratch: Vec<f64>,
    damaged: usize,
}

impl<'s> Cursor<'s> {
    fn new(sources: &'s [Source]) -> Self {
        Self {
            sources,
            at: 0,
            sample: 0,
            reader: None,
            scratch: Vec::new(),
            damaged: 0,
        }
    }

    /// Time of the next sample; the largest at the end.
    fn time(&self) -> i64 {
        match self.sources.get(self.at) {
            Some(Source::Memory(trace)) => trace.time(self.sample),
            Some(Source::Indexed(_, trace)) => trace.time(self.sample),
            None => i64::MAX,
        }
    }

    /// Hands the next samples to `joiner`.
    fn push(&mut self, channel: usize, joiner: &mut Joiner) -> Result<(), PredictError> {
        match &self.sources[self.at] {
            Source::Memory(trace) => {
                let end = (self.sample + PIECE).min(trace.samples.len());
                let start = trace.time(self.sample);
                joiner.push(channel, start, trace.rate, &trace.samples[self.sample..end]);
                self.sample = end;
                if end == trace.samples.len() {
                    (self.at, self.sample) = (self.at + 1, 0);
                }
            }
            Source::Indexed(path, trace) => {
                let failed = |source| {
                    PredictError::Data(DataError::Read {
                        what: "the recording",
                        path: path.clone(),
                        source,
                    })
                };
                let mut reader = match self.reader.take() {
                    Some(reader) => reader,
                    None => TraceReader::open(path).map_err(failed)?,
                };
                if let Some((first, decoded)) =
                    reader.next(trace, &mut self.scratch).map_err(failed)?
                {
                    self.damaged += usize::from(decoded.is_err());
                    joiner.push(channel, trace.time(first), trace.rate, &self.scratch);
                    self.sample = reader.position();
                }
                // The samples of a damaged record are missing, so that its count alone does not tell.
                if self.sample < trace.len {
                    self.reader = Some(reader);
                } else {
                    (self.at, self.sample) = (self.at + 1, 0);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slide::{Cutting, Slider, Windows};

    #[test]
    fn channels_are_chosen_by_name() {
        let there = ["XX.A.00.HHE", "XX.A.00.HHN", "XX.A.00.HHZ"];
        let of = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            choose(&there, &names, 2)
        };
        assert_eq!(of(&["Z", "HHE"]).unwrap(), ["XX.A.00.HHZ", "XX.A.00.HHE"]);
        assert!(of(&[]).unwrap_err().contains("choose with --channels"));
        assert!(of(&["Z"]).unwrap_err().contains("takes 2"));
        assert!(of(&["Z", "HHZ"]).unwrap_err().contains("twice"));
        assert!(
            of(&["Z", "X"])
                .unwrap_err()
                .contains("no one channel is `X`")
        );
        assert_eq!(
            choose(&there, &[], 3).unwrap(),
            ["XX.A.00.HHZ", "XX.A.00.HHN", "XX.A.00.HHE"]
        );
        assert_eq!(choose(&["b", "a"], &[], 2).unwrap(), ["b", "a"]);
    }

    /// The made station: starts and sums of all windows are those of ObsPy (`scripts/conformance/make_station.py`).
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
                .map(|own| own.iter().map(|v| f64::from(*v)).sum::<f64>());
            let sums: Vec<f64> = sums.collect();
            let found: Vec<_> = windows.spans.iter().zip(sums.chunks(2)).collect();
            let expected = expected.as_array().unwrap();
            assert_eq!(found.len(), expected.len(), "{pair}");
            for ((span, sums), expected) in found.into_iter().zip(expected) {
                assert!((span.start - expected[0].as_i64().unwrap()).abs() < 1000);
                let own = [1, 2].map(|i| expected[i].as_f64().unwrap());
                assert_eq!(sums, own, "{pair} at {}", span.start);
            }
        }
    }
}
