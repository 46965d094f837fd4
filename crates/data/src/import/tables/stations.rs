//! Rows of a table of labels that are of another station than a recording.

use std::collections::{BTreeMap, BTreeSet};

use support::words::{counted, first_few};

use super::super::labels::{LabelRow, UnusedColumn};
use super::super::recording::Recording;
use super::NAMED;
use crate::recording::beginning;

/// Bytes of a file that tell its channels.
const HEAD: u64 = 1 << 20;

/// What is said of the rows of a table.
#[derive(Debug, Default)]
pub(super) struct RowNotes {
    pub notes: Vec<String>,
    pub warning: Option<String>,
}

/// Removes the `rows` of each of `recordings` that a column says are of another station, if the column has a station of any of
/// them. `wanted` are the channels of recordings that do not name others. Says which rows no
/// recording has, or all.
pub(super) fn leave_out(
    recordings: &[&Recording],
    wanted: &[String],
    rows: &mut [Vec<LabelRow>],
) -> RowNotes {
    let all = rows.iter().flatten();
    let named = all.filter_map(|row| row.station.as_deref().filter(|station| !station.is_empty()));
    let named: BTreeSet<String> = named.map(str::to_owned).collect();
    if named.is_empty() {
        return RowNotes::default();
    }
    let is_single = named.len() < 2 && recordings.len() < 2;
    let mut has_codes = false;
    let stations: Vec<BTreeSet<&str>> = recordings
        .iter()
        .map(|recording| {
            let channels = channels(recording, wanted);
            has_codes |= channels.iter().any(|channel| has_code(channel));
            let is_own = |station: &&str| {
                recording.name() == **station
                    || channels.iter().any(|channel| is_of(channel, station))
            };
            named.iter().map(String::as_str).filter(is_own).collect()
        })
        .collect();
    let known: BTreeSet<&str> = stations.iter().flatten().copied().collect();
    if known.is_empty() {
        let is_uncertain = has_codes || !is_single;
        return none_known(&named, recordings.len(), is_uncertain);
    }
    let mut left_out: BTreeMap<&str, usize> = BTreeMap::new();
    let has_no_station = |row: &&LabelRow| row.station.as_deref() == Some("");
    let without = rows
        .iter()
        .map(|rows| rows.iter().filter(has_no_station).count());
    let without = without.max().unwrap_or(0);
    for name in named.iter().filter(|name| !known.contains(name.as_str())) {
        let is_named = |row: &&LabelRow| row.station.as_ref() == Some(name);
        let count = rows.iter().map(|rows| rows.iter().filter(is_named).count());
        left_out.insert(name, count.max().unwrap_or(0));
    }
    for (rows, kept) in rows.iter_mut().zip(&stations) {
        rows.retain(|row| {
            let station = row.station.as_deref().unwrap_or_default();
            station.is_empty() || kept.contains(station)
        });
    }
    let count: usize = left_out.values().sum();
    let others = (count > 0).then(|| {
        format!(
            "left out {} of stations that the list does not have with this table: {}",
            counted(count, "row"),
            quoted(left_out.into_keys())
        )
    });
    let all = (without > 0 && recordings.len() > 1).then(|| {
        format!(
            "{} without a station: labels of all {} recordings; fill in merged cells if they mean the station above",
            counted(without, "row"),
            recordings.len()
        )
    });
    RowNotes {
        notes: others.into_iter().chain(all).collect(),
        warning: None,
    }
}

fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    first_few(&names, NAMED)
}

/// What to say of stations that are those of no recording.
fn none_known(named: &BTreeSet<String>, recordings: usize, is_uncertain: bool) -> RowNotes {
    let note = format!(
        "its column of stations has none of the recordings' ({}), and is not used",
        quoted(named.iter().map(String::as_str))
    );
    if named.len() > 1 {
        let warning = format!(
            "{note}: rows of {} stations are labels of {} each; name the recordings after them, or write rows of other stations \
             into other tables",
            named.len(),
            counted(recordings, "recording")
        );
        return RowNotes {
            warning: Some(warning),
            ..RowNotes::default()
        };
    }
    // A single station is that of a single recording without codes.
    RowNotes {
        notes: is_uncertain.then_some(note).into_iter().collect(),
        warning: None,
    }
}

/// Recordings whose files are looked into for their stations, at most.
const LOOKED_INTO: usize = 64;

/// A warning of a column that names recordings, their files or stations, and is not read, so that each row is a label of all.
pub(super) fn unused(
    recordings: &[&Recording],
    wanted: &[String],
    columns: &[UnusedColumn],
) -> Option<String> {
    if columns.is_empty() {
        return None;
    }
    let texts = |recording: &&&Recording| {
        let files = recording.files.iter();
        let names = files.flat_map(|file| [file.file_name(), file.file_stem()]);
        let names = names
            .flatten()
            .map(|name| name.to_string_lossy().into_owned());
        names.chain([recording.name()]).collect::<Vec<String>>()
    };
    let names: BTreeSet<String> = recordings
        .iter()
        .flat_map(|recording| texts(&recording))
        .collect();
    let looked_into = recordings.iter().take(LOOKED_INTO);
    let codes: BTreeSet<String> = looked_into
        .flat_map(|recording| channels(recording, wanted))
        .collect();
    columns.iter().find_map(|column| {
        let is_known = |text: &&String| {
            names.contains(*text) || codes.iter().any(|channel| is_of(channel, text))
        };
        let known: Vec<String> = column.texts.iter().filter(is_known).cloned().collect();
        (known.len() >= recordings.len().min(2)).then(|| {
            format!(
                "column `{}` seems to name recordings ({}) and is not used: each row counts for {} with this table; call the \
                 column `station` or `file` if it says whose label a row is",
                column.name,
                quoted(known.iter().map(String::as_str)),
                counted(recordings.len(), "recording")
            )
        })
    })
}

/// Whether a channel has the code of a station, as `XX.A.00.HHZ`.
fn has_code(channel: &str) -> bool {
    let parts: Vec<&str> = channel.split('.').collect();
    matches!(parts[..], [_, code, _, _] if !code.is_empty())
}

/// Names of the channels that a recording uses, as its files begin.
fn channels(recording: &Recording, wanted: &[String]) -> BTreeSet<String> {
    let hints = recording.hints();
    let read = |path| beginning(path, &hints, HEAD).ok();
    let all = recording.files.iter().filter_map(|path| read(path));
    let all: BTreeSet<String> = all
        .flat_map(|head| head.contents.traces)
        .map(|trace| trace.channel)
        .collect();
    let wanted = recording.channels.as_deref().unwrap_or(wanted);
    let is_wanted = |channel: &&String| {
        let is = |name: &String| *channel == name || channel.ends_with(&format!(".{name}"));
        wanted.iter().any(is)
    };
    let used: BTreeSet<String> = all.iter().filter(is_wanted).cloned().collect();
    if used.is_empty() { all } else { used }
}

/// Whether `channel` is of `station`: `A`, `XX.A`, `XX.A.00` or `XX.A.00.HH` of `XX.A.00.HHZ`; the sensor of a table's channel.
fn is_of(channel: &str, station: &str) -> bool {
    let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
    let parts: Vec<&str> = channel.split('.').collect();
    let [network, code, location, channel_code] = parts[..] else {
        return channel
            .rsplit_once('.')
            .is_some_and(|(sensor, _)| same(sensor, station));
    };
    let station = station.trim().trim_end_matches('.');
    if same(code, station) {
        return true;
    }
    let is_start = |prefix: &str| {
        let start = channel_code.get(..prefix.len());
        start.is_some_and(|start| same(start, prefix))
    };
    let parts_of_station: Vec<&str> = station.split(['.', '_']).collect();
    match parts_of_station[..] {
        [first, second] => {
            same(first, network) && same(second, code) || same(first, code) && is_start(second)
        }
        [own_network, own_code, own_location, ref rest @ ..] => {
            let is_located = matches!(own_location, "" | "--") && location.is_empty()
                || same(own_location, location);
            same(own_network, network)
                && same(own_code, code)
                && is_located
                && rest.len() < 2
                && rest.first().is_none_or(|prefix| is_start(prefix))
        }
        _ => false,
    }
}
