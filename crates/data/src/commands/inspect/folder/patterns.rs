//! The entries of recordings whose paths tell classes, groups or splits: patterns, if the import reads them as they are
//! meant, otherwise lists of files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::kinds::{is_seismological, station};
use super::layout::{Layout, PathPart};
use super::plan::{Entry, FILL_IN, File, joined, sorted};
use super::yaml;
use crate::import::{RecordingsConfig, split_named};

/// Whether the channels of a recording are in several files, as often in seismology.
pub(super) fn is_divided(files: &[File]) -> bool {
    let channels = |file: &File| {
        file.facts
            .channels
            .iter()
            .map(|channel| station(channel).1.to_owned())
            .collect::<BTreeSet<_>>()
    };
    let all: BTreeSet<String> = files.iter().flat_map(channels).collect();
    files
        .first()
        .is_some_and(|file| is_seismological(file.facts.format))
        && files.iter().any(|file| channels(file).len() < all.len())
}

/// What a placeholder stands for in a file.
fn value(part: &Option<PathPart>, at: usize) -> Option<String> {
    part.as_ref().map(|part| part.values[at].clone())
}

/// The keys that a file of a layout has.
fn keys(layout: &Layout, at: usize) -> Vec<(&'static str, String)> {
    let split =
        value(&layout.split, at).map(|name| split_named(&name).map_or(name.clone(), str::to_owned));
    let keys = [
        ("class", value(&layout.class, at)),
        ("group", value(&layout.group, at)),
        ("split", split),
    ];
    keys.into_iter()
        .filter_map(|(key, value)| Some((key, yaml::text(&value?))))
        .collect()
}

/// Recordings of which each channel is in a file of its own.
pub(super) fn divided(files: &[File], layout: &Layout) -> Vec<Entry> {
    let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
    for (at, i) in layout.files.iter().enumerate() {
        let mut name = joined(&files[*i].path);
        for channel in &files[*i].facts.channels {
            let code = station(channel).1;
            let found = name.to_lowercase().rfind(&code.to_lowercase());
            if let Some(from) = found.filter(|_| !code.is_empty() && name.is_ascii()) {
                name.replace_range(from..from + code.len(), "");
            }
        }
        let entry = entries.entry(name).or_insert_with(|| Entry {
            keys: keys(layout, at),
            ..Entry::default()
        });
        entry.files.push(joined(&files[*i].path));
        entry.members.push(*i);
    }
    entries.into_values().collect()
}

/// One entry with a pattern if it gives just these files; otherwise an entry for the files with the same keys.
pub(super) fn together(layout: &Layout, files: &[File], base: &Path) -> Vec<Entry> {
    if layout.files.len() > 1 && is_right(layout, files, base) {
        let has_keys = layout.class.is_some() || layout.group.is_some() || layout.split.is_some();
        let each = (!has_keys).then(|| ("each_file", "true".into()));
        return vec![Entry {
            files: vec![layout.pattern.clone()],
            keys: each.into_iter().collect(),
            members: layout.files.clone(),
            ..Entry::default()
        }];
    }
    let mut entries: BTreeMap<Vec<(&'static str, String)>, Entry> = BTreeMap::new();
    for (at, i) in layout.files.iter().enumerate() {
        let keys = keys(layout, at);
        let entry = entries.entry(keys.clone()).or_insert_with(|| Entry {
            keys,
            ..Entry::default()
        });
        entry.files.push(joined(&files[*i].path));
        entry.members.push(*i);
    }
    let mut entries: Vec<Entry> = entries.into_values().collect();
    for entry in entries.iter_mut().filter(|entry| entry.files.len() > 1) {
        entry.keys.push(("each_file", "true".into()));
    }
    entries
}

/// Whether the import reads the pattern as it is meant.
fn is_right(layout: &Layout, files: &[File], base: &Path) -> bool {
    let mut classes = layout
        .class
        .as_ref()
        .map_or(Vec::new(), |class| sorted(class.values.iter().cloned()));
    classes.extend((classes.len()..2).map(|i| format!("{FILL_IN} {i}")));
    let text = format!(
        "sampling_rate: 100\nwindow: 1.28\nchannels: [x]\nclass_names: {}\nsplit: {{by: given}}\nrecordings:\n  - {{files: {}, each_file: true}}\n",
        yaml::list(&classes),
        yaml::text(&layout.pattern)
    );
    let Ok(config) = RecordingsConfig::parse(&text, &base.join("recordings.yaml")) else {
        return false;
    };
    let mut meant = BTreeMap::new();
    for (at, i) in layout.files.iter().enumerate() {
        meant.insert(
            base.join(joined(&files[*i].path)),
            (value(&layout.class, at), value(&layout.group, at)),
        );
    }
    config.recordings.len() == meant.len()
        && config.recordings.iter().all(|recording| {
            let found = recording.files.first().and_then(|file| meant.get(file));
            found.is_some_and(|(class, group)| {
                *class == recording.class && *group == recording.group
            })
        })
}
