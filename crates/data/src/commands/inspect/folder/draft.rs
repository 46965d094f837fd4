//! A draft of `recordings.yaml` for a folder. What is guessed is marked as a guess.

use std::path::Path;

use serde::Serialize;
use support::words::first_few;

use super::entries::{Entry, FILL_IN, File, LabelKeys, Plan, Table, by_paths, with_tables};
use super::kinds::{Kind, is_seismological, short, station};
use super::names::{is_group, is_label};
use super::pairs::pairs;
use super::yaml;

/// A draft of a list of recordings.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Draft {
    pub yaml: String,
    /// Whether a person must fill something in before the import.
    pub to_fill_in: bool,
}

/// What is in a folder.
pub(super) struct Content<'a> {
    pub folder: &'a Path,
    pub files: &'a [File],
    pub kinds: &'a [Kind],
    pub tables: &'a [Table],
}

/// Where a draft is to be written, and the inspected folder from there.
pub(super) struct Place {
    pub list: String,
    pub folder: String,
}

/// Most channels that are listed without a choice.
const MOST_CHANNELS: usize = 3;
/// Samples of a window up to a sampling rate in Hz.
const WINDOWS: [(f64, f64); 4] = [
    (50.0, 128.0),
    (100.0, 256.0),
    (400.0, 512.0),
    (f64::INFINITY, 1024.0),
];
/// Fewest samples of a window.
const FEWEST: f64 = 64.0;

/// Drafts a list of the recordings of the most frequent kind; `None` if there are none.
pub(super) fn draft(content: &Content<'_>, place: &Place) -> Option<Draft> {
    let main = content.kinds.iter().max_by_key(|kind| kind.files)?;
    let with_labels = of_tables(content, main);
    let label = label_keys(main);
    let (files, plan) = match with_labels {
        Some(found) => found,
        None => {
            let files = picked(content.files, &main.members);
            let plan = by_paths(&files, label, content.folder);
            (files, plan)
        }
    };
    let channels = channels(main, &files, &plan);
    let mut yaml = format!(
        "# Draft by `data inspect`, from the contents and the names of files. Check each guess.\n# It belongs to {}. Then: data import {0} --out dataset\n",
        place.list
    );
    yaml += &head(main, &files, &plan, &channels);
    yaml += "recordings:\n";
    for remark in &plan.remarks {
        yaml += &format!("  # {remark}\n");
    }
    for entry in &plan.entries {
        yaml += &shown(
            entry,
            &own_channels(entry, &files, &channels.names),
            &place.folder,
            main.sampling_rates.is_none(),
        );
    }
    yaml += &format!("split: {{by: {}}}  # {}\n", plan.split.0, plan.split.1);
    for kind in content
        .kinds
        .iter()
        .filter(|kind| !kind.members.iter().any(|i| is_used(*i, content, &files)))
    {
        yaml += &format!("# Not in this list: {}\n", kind.line());
    }
    Some(Draft {
        to_fill_in: yaml.contains(FILL_IN),
        yaml,
    })
}

fn is_used(i: usize, content: &Content<'_>, files: &[File]) -> bool {
    files.iter().any(|file| file.path == content.files[i].path)
}

fn picked(files: &[File], members: &[usize]) -> Vec<File> {
    members.iter().map(|i| files[*i].clone()).collect()
}

/// The recordings with tables of labels: of the main kind, and in seismology of others, whose channels are called
/// differently.
fn of_tables(content: &Content<'_>, main: &Kind) -> Option<(Vec<File>, Plan)> {
    let members = content.kinds.iter().filter(|kind| {
        kind.format == main.format
            && (kind.channels == main.channels
                || is_seismological(kind.format) && kind.channels.len() == main.channels.len())
    });
    let members: Vec<usize> = members
        .flat_map(|kind| kind.members.iter().copied())
        .collect();
    let files = picked(content.files, &members);
    let own: Vec<&[String]> = files.iter().map(|file| file.path.as_slice()).collect();
    let tables: Vec<&[String]> = content
        .tables
        .iter()
        .map(|table| table.path.as_slice())
        .collect();
    let pairs = pairs(&own, &tables);
    let is_any = pairs.iter().any(Option::is_some);
    is_any.then(|| {
        let plan = with_tables(&files, content.tables, &pairs);
        (files, plan)
    })
}

/// The columns of a table that tell label and group of each row.
fn label_keys(kind: &Kind) -> Option<LabelKeys> {
    let group = kind.columns.iter().find(|column| is_group(&column.name));
    let named = kind.columns.iter().find(|column| is_label(&column.name));
    let mut texts = kind
        .columns
        .iter()
        .filter(|column| column.texts && !is_group(&column.name));
    let only = texts.next().filter(|_| texts.next().is_none());
    let label = named.or(only)?;
    Some(LabelKeys {
        label: label.name.clone(),
        values: label.values.clone(),
        group: group.map(|own| (own.name.clone(), own.values.len())),
        is_guess: named.is_none(),
    })
}

/// The channels of a draft, and those that are not in it.
struct Channels {
    names: Vec<String>,
    left: Vec<String>,
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

fn channels(main: &Kind, files: &[File], plan: &Plan) -> Channels {
    let mut all = main.channels.clone();
    if is_seismological(main.format) {
        all.sort_by_key(|own| component(own));
        // Those that all recordings have.
        let has = |entry: &Entry, own: &String| {
            let mut channels = entry.members.iter().flat_map(|i| &files[*i].facts.channels);
            channels.any(|channel| station(channel).1 == own)
        };
        let shared = |own: &String| plan.entries.iter().filter(|entry| has(entry, own)).count();
        let most = all.iter().map(shared).max().unwrap_or(0);
        let (names, left) = all.into_iter().partition(|own| shared(own) == most);
        return Channels { names, left };
    }
    let counts = |own: &String| {
        let lower = own.to_lowercase();
        [
            "index", "id", "seq", "count", "counter", "sample", "unnamed", "row", "no", "nr",
        ]
        .contains(&lower.as_str())
            || lower.starts_with("unnamed")
    };
    let mut left = Vec::new();
    if all
        .iter()
        .any(|own| !plan.columns.contains(own) && !counts(own))
    {
        left.extend(all.iter().filter(|own| counts(own)).cloned());
        all.retain(|own| !counts(own));
    }
    all.retain(|own| !plan.columns.contains(own));
    if all.len() <= MOST_CHANNELS {
        return Channels { names: all, left };
    }
    let kept = axes(&all);
    let (names, others): (Vec<_>, Vec<_>) =
        all.iter().enumerate().partition(|(i, _)| kept.contains(i));
    left.extend(others.into_iter().map(|(_, own)| own.clone()));
    Channels {
        names: names.into_iter().map(|(_, own)| own.clone()).collect(),
        left,
    }
}

/// Three channels of a sensor: those that differ only in x, y and z, acceleration first; otherwise the first three.
fn axes(all: &[String]) -> Vec<usize> {
    let lower: Vec<String> = all.iter().map(|own| own.to_lowercase()).collect();
    let mut found = Vec::new();
    for (i, own) in lower.iter().enumerate() {
        for (at, _) in own.match_indices('x') {
            let other = |axis: &str| {
                let name = format!("{}{axis}{}", &own[..at], &own[at + 1..]);
                lower.iter().position(|known| *known == name)
            };
            if let (Some(y), Some(z)) = (other("y"), other("z")) {
                found.push((!own.contains("acc"), vec![i, y, z]));
            }
        }
    }
    found
        .into_iter()
        .min()
        .map_or(vec![0, 1, 2], |(_, own)| own)
}

/// Rate, window, channels and classes.
fn head(main: &Kind, files: &[File], plan: &Plan, channels: &Channels) -> String {
    let mut text = String::new();
    let rate = main
        .sampling_rates
        .map(|[least, most]| usual_rate(files, [least, most]));
    match (rate, main.sampling_rates) {
        (Some(rate), Some([least, most])) if short(least) != short(most) => {
            text += &format!(
                "sampling_rate: {}  # Hz; the files have {} to {}\n",
                short(rate),
                short(least),
                short(most)
            );
        }
        (Some(rate), _) => {
            text += &format!("sampling_rate: {}  # Hz, as in the files\n", short(rate))
        }
        (None, _) => {
            text += &format!(
                "sampling_rate: {FILL_IN}  # Hz: the files do not tell (or see `time_column`)\n"
            )
        }
    }
    match rate {
        Some(rate) => {
            let samples = window(rate, files, plan.interval);
            text += &format!(
                "window: {}  # seconds, {samples} samples: a guess\n",
                digits(samples / rate)
            );
        }
        None => text += &format!("window: {FILL_IN}  # seconds\n"),
    }
    text += &format!("channels: {}", yaml::list(&channels.names));
    if !channels.left.is_empty() {
        text += &format!("  # guess; also there: {}", first_few(&channels.left, 12));
    }
    text += &format!(
        "\nclass_names: {}  # {}\n",
        yaml::list(&plan.classes),
        plan.comment_of_classes
    );
    text
}

/// A number of seconds with at most six digits after the point.
fn digits(seconds: f64) -> String {
    ((seconds * 1e6).round() / 1e6).to_string()
}

/// The median of the sampling rates, as a whole number if it is nearly one. No recording is much slower than it.
fn usual_rate(files: &[File], [least, most]: [f64; 2]) -> f64 {
    let mut rates: Vec<f64> = files
        .iter()
        .filter_map(|file| file.facts.rate)
        .filter(|own| (least..=most).contains(own))
        .collect();
    rates.sort_by(f64::total_cmp);
    let median = rates.get(rates.len() / 2).copied().unwrap_or(least);
    let whole = median.round();
    if whole >= 1.0 && (whole / median - 1.0).abs() < 0.01 {
        whole
    } else {
        median
    }
}

/// Samples of a window: the usual number for the rate, but no more than nearly all recordings and most intervals have.
fn window(rate: f64, files: &[File], interval: Option<f64>) -> f64 {
    let usual = WINDOWS
        .iter()
        .find(|(most, _)| rate <= *most)
        .map_or(1024.0, |own| own.1);
    let mut lengths: Vec<f64> = files
        .iter()
        .filter_map(|file| file.facts.seconds())
        .collect();
    lengths.sort_by(f64::total_cmp);
    let shortest = lengths
        .get(lengths.len() / 20)
        .copied()
        .unwrap_or(f64::INFINITY);
    // The clock of a recording is a little off.
    let fits = |seconds: f64| (seconds * rate * 0.98 / 8.0).floor() * 8.0;
    let samples = usual.min(fits(shortest));
    let samples = samples.min(interval.map_or(usual, |seconds| fits(seconds).max(FEWEST)));
    samples.max(FEWEST.min(fits(shortest)).max(16.0))
}

/// The channels of an entry if they differ from those of the list.
fn own_channels(entry: &Entry, files: &[File], names: &[String]) -> Vec<String> {
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
    full.sort_by_key(|own| component(own));
    let are_names = names
        .iter()
        .all(|name| full.iter().filter(|own| station(own).1 == name).count() == 1);
    if are_names {
        return Vec::new();
    }
    let stations = full
        .iter()
        .map(|own| station(own).0)
        .collect::<std::collections::BTreeSet<_>>()
        .len();
    let short = |own: &&str| {
        if stations == 1 {
            station(own).1.to_owned()
        } else {
            (*own).to_owned()
        }
    };
    full.iter().take(names.len()).map(short).collect()
}

/// An entry as YAML.
fn shown(entry: &Entry, channels: &[String], folder: &str, needs_rate: bool) -> String {
    let at = |path: &String| {
        if folder.is_empty() {
            path.clone()
        } else {
            format!("{folder}/{path}")
        }
    };
    let files: Vec<String> = entry.files.iter().map(at).collect();
    let mut keys = entry.keys.clone();
    for (key, value) in &mut keys {
        if *key == "labels_file" {
            *value = yaml::text(&at(value));
        }
    }
    if !channels.is_empty() {
        keys.push(("channels", yaml::list(channels)));
    }
    if needs_rate {
        keys.push(("sampling_rate", FILL_IN.into()));
    }
    let comment = if entry.comment.is_empty() {
        String::new()
    } else {
        format!("  # {}", entry.comment)
    };
    if let [one] = &files[..] {
        let keys: String = keys
            .iter()
            .map(|(key, value)| format!(", {key}: {value}"))
            .collect();
        return format!("  - {{files: {}{keys}}}{comment}\n", yaml::text(one));
    }
    let mut text = format!("  - files:{comment}\n");
    for file in &files {
        text += &format!("      - {}\n", yaml::text(file));
    }
    for (key, value) in keys {
        text += &format!("    {key}: {value}\n");
    }
    text
}
