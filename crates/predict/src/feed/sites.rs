//! Which sites, and which of their channels, a model is used on.

use super::{Recordings, RequestedChannels, Site, Source, seed_site};
use crate::error::PredictError;

/// Sites with their channels in the model's order.
pub(crate) struct ChosenSites {
    pub sites: Vec<(Site, Vec<String>)>,
    /// Sites that were left out, and why.
    pub notes: Vec<String>,
}

impl Recordings {
    /// Chooses the model's channels at every site; see `--channels`. Sites without them are left out. If no site has
    /// all of them, those of a station may be of several instruments, such as HHZ and HNZ, and files without the names of
    /// stations may be of the sensors of one recording.
    ///
    /// # Errors
    /// If they cannot be chosen at any site; the message lists the available channels.
    pub(crate) fn choose(self, wanted: RequestedChannels<'_>) -> Result<ChosenSites, PredictError> {
        let sites = self.sites;
        let chosen = |sites: &[Site]| -> Vec<_> {
            let choices = sites.iter().map(|site| site.choose(wanted));
            choices.collect()
        };
        let found = chosen(&sites);
        if wanted.given.is_empty() || sites.len() < 2 || found.iter().any(Result::is_ok) {
            return paired(sites, found);
        }
        let stations = stations(sites);
        let found = chosen(&stations);
        if found.iter().any(Result::is_ok) || stations.iter().any(Site::is_seed) {
            return paired(stations, found);
        }
        let one = united(stations);
        match one.choose(wanted) {
            Ok(channels) => Ok(ChosenSites {
                sites: vec![(one, channels)],
                notes: Vec::new(),
            }),
            Err(problem) => Err(found.into_iter().find_map(Result::err).unwrap_or(problem)),
        }
    }

    /// Treats all channels as those of one site.
    pub(crate) fn into_one_site(self) -> Site {
        united(self.sites)
    }
}

impl Site {
    /// Whether the names of its channels have those of a station.
    fn is_seed(&self) -> bool {
        let names = self.channel_names();
        names.iter().all(|name| seed_site(name).is_some())
    }
}

/// The sites with their channels, and a note on each without.
fn paired(
    sites: Vec<Site>,
    found: Vec<Result<Vec<String>, PredictError>>,
) -> Result<ChosenSites, PredictError> {
    let mut chosen = ChosenSites {
        sites: Vec::new(),
        notes: Vec::new(),
    };
    let mut first = None;
    for (site, found) in sites.into_iter().zip(found) {
        match found {
            Ok(channels) => chosen.sites.push((site, channels)),
            Err(problem) => {
                chosen.notes.push(format!("left out {problem}"));
                first.get_or_insert(problem);
            }
        }
    }
    match first {
        Some(problem) if chosen.sites.is_empty() => Err(problem),
        _ => Ok(chosen),
    }
}

/// The sites of each station (`NET.STA.LOC`) as one.
fn stations(sites: Vec<Site>) -> Vec<Site> {
    let mut stations: Vec<(String, Vec<Site>)> = Vec::new();
    for site in sites {
        let station = site.name.rsplit_once('.').filter(|_| site.is_seed());
        let station = station.map_or(site.name.clone(), |(station, _)| station.to_owned());
        match stations.iter_mut().find(|(name, _)| *name == station) {
            Some((_, sites)) => sites.push(site),
            None => stations.push((station, vec![site])),
        }
    }
    let one = |(name, sites): (String, Vec<Site>)| Site {
        name,
        ..united(sites)
    };
    stations.into_iter().map(one).collect()
}

fn united(sites: Vec<Site>) -> Site {
    let mut one = Site::default();
    for site in sites {
        if one.name.is_empty() {
            one.name = site.name;
        }
        for (channel, sources) in site.channels {
            match one.channels.iter_mut().find(|(known, _)| *known == channel) {
                Some((_, known)) => known.extend(sources),
                None => one.channels.push((channel, sources)),
            }
        }
    }
    for (_, sources) in &mut one.channels {
        sources.sort_by_key(Source::start);
    }
    one
}

#[cfg(test)]
mod tests {
    use data::recording::Trace;

    use super::*;

    fn recordings(channels: &[&str]) -> Recordings {
        let mut recordings = Recordings::default();
        for channel in channels {
            let (name, _) = seed_site(channel).unwrap();
            let trace = Trace {
                channel: (*channel).into(),
                start: 0,
                rate: 1.0,
                samples: vec![0.0],
            };
            let channel = ((*channel).into(), vec![Source::Memory("a".into(), trace)]);
            match recordings.sites.iter_mut().find(|site| site.name == name) {
                Some(site) => site.channels.push(channel),
                None => recordings.sites.push(Site {
                    name,
                    channels: vec![channel],
                    damaged: 0,
                }),
            }
        }
        recordings
    }

    #[test]
    fn channels_that_nobody_asked_for_refuse_nothing() {
        let of = |wanted: &[&str], channels: usize| {
            let there = ["X.A..LHZ", "X.A..HHZ", "X.A..HHN", "X.B..HHZ", "X.A..HNZ"];
            let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
            let wanted = RequestedChannels {
                given: &wanted,
                trained: &[],
                count: channels,
            };
            recordings(&there).choose(wanted).map(|chosen| {
                let sites = chosen.sites.into_iter();
                let sites: Vec<String> = sites
                    .map(|(site, channels)| format!("{}: {}", site.name, channels.join(" ")))
                    .collect();
                (sites, chosen.notes.len())
            })
        };
        let found = of(&["HHZ"], 1).unwrap();
        let one = ["X.A..HH: X.A..HHZ", "X.B..HH: X.B..HHZ"];
        assert_eq!(found, (one.map(String::from).to_vec(), 2));
        let found = of(&["HHZ", "HNZ"], 2).unwrap();
        assert_eq!(found, (vec!["X.A.: X.A..HHZ X.A..HNZ".to_owned()], 1));
        let found = of(&[], 2).unwrap();
        assert_eq!(found, (vec!["X.A..HH: X.A..HHZ X.A..HHN".to_owned()], 3));
        assert!(of(&["EHZ"], 1).is_err());
    }
}
