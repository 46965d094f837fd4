//! A draft of `recordings.yaml` for a folder. What is guessed is marked as a guess.

use std::path::Path;

use serde::Serialize;
use support::words::first_few;

use super::catalogue::Catalogue;
use super::catalogued;
use super::channels::{self, Channels};
use super::entries::{LabelKeys, by_paths, with_tables};
use super::kinds::{Kind, is_seismological, short};
use super::names::{is_group, is_label};
use super::pairs::pairs;
use super::plan::{Entry, FILL_IN, File, Plan, Table};
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
    pub catalogues: &'a [(Vec<String>, Catalogue)],
}

/// Where a draft is to be written, and the inspected folder from there.
pub(super) struct DraftPaths {
    pub list: String,
    pub is_written: bool,
    pub folder: String,
}

/// Samples of a window up to a sampling rate in Hz.
const WINDOWS: [(f64, f64); 4] = [
    (50.0, 128.0),
    (100.0, 256.0),
    (400.0, 512.0),
    (f64::INFINITY, 1024.0),
];
/// Fewest samples of a window.
const FEWEST: f64 = 64.0;

/// A sampling rate differs from the wanted one at most by this factor.
const RATES: f64 = 2.0;
/// Hz below which times of a table are likely in milliseconds.
const SLOW: f64 = 1.0;

/// What a draft is of.
struct DraftContents {
    files: Vec<File>,
    plan: Plan,
    channels: Channels,
}

/// Drafts a list of the recordings of the most frequent kind, and of others with the same channels; `None` if there are
/// none.
pub(super) fn draft(content: &Content<'_>, place: &DraftPaths) -> Option<Draft> {
    let most = content.kinds.iter().map(|kind| kind.files).max()?;
    let main = content.kinds.iter().find(|kind| kind.files == most)?;
    let chosen = choose(content, main);
    let DraftContents {
        files,
        plan,
        channels,
    } = &chosen;
    let mut yaml =
        "# Draft by `data inspect`, from the contents and the names of files. Check each guess.\n"
            .to_owned();
    let then = format!("data import {} --out dataset", place.list);
    let save = format!("Save it as {}. ", place.list);
    let save = if place.is_written { "" } else { &save };
    yaml += &format!("# {save}Then: {then}\n");
    yaml += &head(main, &chosen);
    yaml += "recordings:\n";
    for remark in &plan.remarks {
        yaml += &format!("  # {remark}\n");
    }
    let needs_rate = main.sampling_rates.is_none();
    for entry in &plan.entries {
        let names = channels::of_entry(entry, files, &channels.names);
        yaml += &shown(entry, &names, &place.folder, needs_rate);
    }
    yaml += &format!("split: {{by: {}}}  # {}\n", plan.split.0, plan.split.1);
    let is_used = |i: &usize| files.iter().any(|file| file.path == content.files[*i].path);
    for kind in content
        .kinds
        .iter()
        .filter(|kind| !kind.members.iter().any(is_used))
    {
        yaml += &format!("# Not in this list: {}\n", kind.line());
    }
    Some(Draft {
        to_fill_in: yaml.contains(FILL_IN),
        yaml,
    })
}

/// The recordings of a draft, and what tells their classes.
fn choose(content: &Content<'_>, main: &Kind) -> DraftContents {
    let seismological = is_seismological(main.format);
    if let Some((files, plan)) = of_tables(content, main) {
        let channels = if seismological {
            channels::shared(main, &files, &plan)
        } else {
            channels::chosen(main, &[])
        };
        return DraftContents {
            files,
            plan,
            channels,
        };
    }
    if let Some((files, plan)) = of_catalogue(content, main) {
        return DraftContents {
            channels: channels::chosen(main, &[]),
            files,
            plan,
        };
    }
    let label = label_keys(main);
    if seismological {
        let files = picked(content.files, &main.members);
        let plan = by_paths(&files, label, content.folder);
        let channels = channels::shared(main, &files, &plan);
        return DraftContents {
            files,
            plan,
            channels,
        };
    }
    let columns = label.as_ref().map_or(Vec::new(), LabelKeys::columns);
    let channels = channels::chosen(main, &columns);
    let rate = |kind: &Kind| kind.sampling_rates.map(|[least, _]| least);
    let fits = |kind: &&Kind| {
        let rates = match (rate(main), rate(kind)) {
            (Some(one), Some(other)) => other < RATES * one && one < RATES * other,
            _ => false,
        };
        let has = |name: &String| {
            kind.channels.contains(name) || kind.columns.iter().any(|column| column.name == *name)
        };
        rates && kind.format == main.format && channels.names.iter().chain(&columns).all(has)
    };
    let others = content
        .kinds
        .iter()
        .filter(fits)
        .filter(|kind| kind.example != main.example);
    let mut members = main.members.clone();
    members.extend(others.flat_map(|kind| kind.members.iter().copied()));
    members.sort_unstable();
    let files = picked(content.files, &members);
    let plan = by_paths(&files, label, content.folder);
    DraftContents {
        files,
        plan,
        channels,
    }
}

/// The recordings of the main kind whose classes are in a table of files. In seismology, a file is seldom a recording.
fn of_catalogue(content: &Content<'_>, main: &Kind) -> Option<(Vec<File>, Plan)> {
    if is_seismological(main.format) {
        return None;
    }
    let files = picked(content.files, &main.members);
    let mut all = content.catalogues.iter();
    let plan = all.find_map(|(path, catalogue)| catalogued::plan(&files, path, catalogue))?;
    Some((files, plan))
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
    let paths: Vec<&[String]> = files.iter().map(|file| file.path.as_slice()).collect();
    let tables: Vec<&[String]> = content
        .tables
        .iter()
        .map(|table| table.path.as_slice())
        .collect();
    let mut pairs = pairs(&paths, &tables);
    for (number, table) in content.tables.iter().enumerate() {
        // In seismology, several files are often one recording.
        let values = table
            .files
            .iter()
            .filter(|_| !is_seismological(main.format));
        for file in values.filter_map(|value| catalogued::named(value, &files)) {
            pairs[file].get_or_insert(number);
        }
    }
    let is_any = pairs.iter().any(Option::is_some);
    is_any.then(|| {
        let plan = with_tables(&files, content.tables, &pairs);
        (files, plan)
    })
}

/// The columns of a table that tell label and group of each row.
fn label_keys(kind: &Kind) -> Option<LabelKeys> {
    let columns = || kind.columns.iter().filter(|column| column.varies());
    let group = columns().find(|column| is_group(&column.name));
    let named = columns().find(|column| is_label(&column.name));
    let mut texts = columns().filter(|column| column.texts && !is_group(&column.name));
    let only = texts.next().filter(|_| texts.next().is_none());
    let label = named.or(only)?;
    let files = kind.files_of.get(&label.name);
    let files = files.filter(|counts| counts.values().sum::<usize>() == kind.files);
    Some(LabelKeys {
        fewest_files: files.and_then(|counts| counts.values().min().copied()),
        label: label.name.clone(),
        values: label.values.clone(),
        group: group.map(|column| (column.name.clone(), column.values.len())),
        is_guess: named.is_none(),
    })
}

/// Rate, window, channels and classes.
fn head(main: &Kind, chosen: &DraftContents) -> String {
    let DraftContents {
        files,
        plan,
        channels,
    } = chosen;
    let mut text = String::new();
    let mut rates: Vec<f64> = files.iter().filter_map(|file| file.facts.rate).collect();
    rates.sort_by(f64::total_cmp);
    match (rates.first(), rates.last()) {
        (Some(least), Some(most)) => {
            let rate = usual_rate(&rates);
            let of_files = if short(*least) == short(*most) {
                ", as in the files".to_owned()
            } else {
                format!("; the files have {} to {}", short(*least), short(*most))
            };
            let likely = if rate < SLOW && main.format == "table" && main.first.is_none() {
                format!(
                    "; if their times are in milliseconds: {}",
                    short(rate * 1000.0)
                )
            } else {
                String::new()
            };
            let samples = window(rate, files, plan.interval);
            text += &format!("sampling_rate: {}  # Hz{of_files}{likely}\n", short(rate));
            text += &format!(
                "window: {}  # seconds, {samples} samples: a guess\n",
                digits(samples / rate)
            );
        }
        _ => {
            text += &format!(
                "sampling_rate: {FILL_IN}  # Hz: the files do not tell (or see `time_column`)\n"
            );
            text += &format!("window: {FILL_IN}  # seconds\n");
        }
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

/// The lowest of sorted sampling rates that several recordings have; as a whole number if it is nearly one.
fn usual_rate(rates: &[f64]) -> f64 {
    let low = rates[rates.len() / 20];
    let usual: Vec<f64> = rates
        .iter()
        .copied()
        .filter(|rate| (low..=1.03 * low).contains(rate))
        .collect();
    let median = usual[usual.len() / 2];
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
        .map_or(1024.0, |row| row.1);
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
