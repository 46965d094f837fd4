//! Which channels a draft names.

use std::collections::BTreeSet;

use super::kinds::{Kind, is_seismological, station};
use super::names::is_label;
use super::plan::{Entry, File, Plan};

/// Most channels that are listed without a choice.
const MOST_CHANNELS: usize = 3;

/// The channels of a draft, and those that are not in it.
pub(super) struct Channels {
    pub names: Vec<String>,
    pub left: Vec<String>,
}

/// The order of a seismometer's components.
fn component(channel: &str) -> usize {
    let last = channel
        .chars()
        .next_back()
        .unwrap_or(' ')
        .to_ascii_uppercase();
    "ZN1E23".find(last).unwrap_or(9)
}

/// The channels that all recordings have, in seismology.
pub(super) fn shared(main: &Kind, files: &[File], plan: &Plan) -> Channels {
    let mut all = main.channels.clone();
    all.sort_by_key(|name| component(name));
    let has = |entry: &Entry, name: &String| {
        let mut channels = entry.members.iter().flat_map(|i| &files[*i].facts.channels);
        channels.any(|channel| station(channel).1 == name)
    };
    let shared = |name: &String| plan.entries.iter().filter(|entry| has(entry, name)).count();
    let most = all.iter().map(shared).max().unwrap_or(0);
    let (names, left) = all.into_iter().partition(|name| shared(name) == most);
    Channels { names, left }
}

/// The channels of tables and WAV files, without counters and the `columns` that tell labels or groups: all if they are
/// few, otherwise those of one sensor.
pub(super) fn chosen(main: &Kind, columns: &[String]) -> Channels {
    let mut all = main.channels.clone();
    let counts = |name: &String| {
        let lower = name.to_lowercase();
        [
            "index", "id", "seq", "count", "counter", "sample", "row", "no", "nr",
        ]
        .contains(&lower.as_str())
            || lower.starts_with("unnamed")
            || is_label(name)
    };
    let mut left = Vec::new();
    if all
        .iter()
        .any(|name| !columns.contains(name) && !counts(name))
    {
        left.extend(all.iter().filter(|name| counts(name)).cloned());
        all.retain(|name| !counts(name));
    }
    all.retain(|name| !columns.contains(name));
    if all.len() <= MOST_CHANNELS {
        return Channels { names: all, left };
    }
    let kept = axes(&all);
    let (names, others): (Vec<_>, Vec<_>) =
        all.iter().enumerate().partition(|(i, _)| kept.contains(i));
    left.extend(others.into_iter().map(|(_, name)| name.clone()));
    Channels {
        names: names.into_iter().map(|(_, name)| name.clone()).collect(),
        left,
    }
}

/// Three channels of a sensor: those that differ only in x, y and z, acceleration first; otherwise the first three.
fn axes(all: &[String]) -> Vec<usize> {
    let lower: Vec<String> = all.iter().map(|channel| channel.to_lowercase()).collect();
    let mut found = Vec::new();
    for (i, channel) in lower.iter().enumerate() {
        for (at, _) in channel.match_indices('x') {
            let other = |axis: &str| {
                let name = format!("{}{axis}{}", &channel[..at], &channel[at + 1..]);
                lower.iter().position(|known| *known == name)
            };
            if let (Some(y), Some(z)) = (other("y"), other("z")) {
                found.push((!channel.contains("acc"), vec![i, y, z]));
            }
        }
    }
    found
        .into_iter()
        .min()
        .map_or(vec![0, 1, 2], |(_, numbers)| numbers)
}

/// The channels of an entry if they differ from those of the list.
pub(super) fn of_entry(entry: &Entry, files: &[File], names: &[String]) -> Vec<String> {
    let first = entry.members.first().map(|i| &files[*i].facts);
    if !first.is_some_and(|facts| is_seismological(facts.format))
        || entry.files.iter().any(|file| file.contains('*'))
    {
        return Vec::new();
    }
    let channels = entry.members.iter().flat_map(|i| &files[*i].facts.channels);
    let mut full: Vec<&str> = Vec::new();
    for channel in channels {
        if !full.contains(&channel.as_str()) {
            full.push(channel);
        }
    }
    full.sort_by_key(|channel| component(channel));
    let are_names = names.iter().all(|name| {
        full.iter()
            .filter(|channel| station(channel).1 == name)
            .count()
            == 1
    });
    if are_names {
        return Vec::new();
    }
    let stations = full
        .iter()
        .map(|channel| station(channel).0)
        .collect::<BTreeSet<_>>()
        .len();
    let short = |channel: &&str| {
        if stations == 1 {
            station(channel).1.to_owned()
        } else {
            (*channel).to_owned()
        }
    };
    full.iter().take(names.len()).map(short).collect()
}
