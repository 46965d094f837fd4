//! The entries of a draft: which files are recordings, and what tells their classes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::kinds::{is_seismological, station};
use super::layout::{Layout, PathParts, layout};
use super::patterns::{divided, is_divided, together};
use super::plan::{Entry, FILL_IN, File, Plan, Table, joined, sorted};
use super::yaml;

/// Fewest groups of a class for a division into three splits by recording.
const SPLITS: usize = 3;

/// How many groups the class with the fewest has, and the split that this allows.
pub(super) fn split_by(groups: &BTreeMap<String, BTreeSet<String>>) -> (&'static str, String) {
    let fewest = groups.values().map(BTreeSet::len).min().unwrap_or(0);
    if fewest >= SPLITS {
        return (
            "recording",
            "windows of one recording or group stay in one split".into(),
        );
    }
    let of = if groups.len() > 1 {
        "a class has"
    } else {
        "there are"
    };
    let why = format!(
        "{of} {fewest} recording(s) or group(s), too few for three splits: each is divided in time"
    );
    ("time", why)
}

/// Recordings whose tables of labels are known.
pub(super) fn with_tables(files: &[File], tables: &[Table], pairs: &[Option<usize>]) -> Plan {
    let mut plan = Plan::default();
    let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut lengths = Vec::new();
    for (number, table) in tables.iter().enumerate() {
        let members: Vec<usize> = (0..files.len())
            .filter(|i| pairs[*i] == Some(number))
            .collect();
        if members.is_empty() {
            continue;
        }
        let path = joined(&table.path);
        for (row, label) in table.labels.iter().enumerate() {
            let of = table.files.get(row).unwrap_or(&path);
            groups
                .entry(label.class.trim().to_owned())
                .or_default()
                .insert(of.clone());
            lengths.push((label.end.nanos(0) - label.start.nanos(0)) as f64 / 1e9);
        }
        let is_each = !table.files.is_empty() && members.len() > 1 && !is_divided(files);
        let each = is_each.then(|| ("each_file", "true".into()));
        plan.entries.push(Entry {
            files: members.iter().map(|i| joined(&files[*i].path)).collect(),
            keys: [Some(("labels_file", path)), each]
                .into_iter()
                .flatten()
                .collect(),
            members,
            ..Entry::default()
        });
    }
    lengths.retain(|length| *length > 0.0);
    lengths.sort_by(f64::total_cmp);
    plan.interval = lengths.get(lengths.len() / 2).copied();
    plan.split = split_by(&groups);
    plan.classes = sorted(groups.into_keys());
    plan.comment_of_classes = "from the tables of labels".into();
    let left = pairs.iter().filter(|pair| pair.is_none()).count();
    if left > 0 {
        plan.remarks.push(format!(
            "{left} recording(s) of this kind have no table of labels, and are left out."
        ));
    }
    plan
}

/// Recordings whose class is in a column, or in their paths, or not known.
pub(super) fn by_paths(files: &[File], label: Option<LabelKeys>, base: &Path) -> Plan {
    let paths: Vec<Vec<String>> = files.iter().map(|file| file.path.clone()).collect();
    let seismological = files
        .first()
        .is_some_and(|file| is_seismological(file.facts.format));
    let codes = files.iter().map(|file| {
        let codes = file
            .facts
            .channels
            .iter()
            .flat_map(|channel| channel.split('.'));
        codes.map(str::to_lowercase).collect()
    });
    let wanted = PathParts {
        class: label.is_none(),
        group: label.as_ref().is_none_or(|keys| keys.group.is_none()),
        one_sensor: !seismological,
        codes: codes.filter(|_| seismological).collect(),
    };
    let layout = layout(&paths, &wanted);
    if label.is_none() && layout.class.is_none() && seismological {
        return by_station(files);
    }
    let mut plan = Plan::default();
    let classes = layout.class.as_ref().map(|class| class.values.clone());
    plan.entries = if is_divided(files) {
        divided(files, &layout)
    } else {
        together(&layout, files, base)
    };
    let group = |at: usize| match &layout.group {
        Some(group) => group.values[at].clone(),
        None => joined(&files[layout.files[at]].path),
    };
    let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for at in 0..layout.files.len() {
        let class = classes
            .as_ref()
            .map_or(String::new(), |values| values[at].clone());
        groups.entry(class).or_default().insert(group(at));
    }
    plan.split = split_by(&groups);
    if let Some(split) = &layout.split {
        plan.split = ("given", format!("from {}", split.why));
    }
    match (&label, &layout.class) {
        (Some(keys), _) => with_columns(keys, &mut plan, files.len()),
        (None, Some(class)) => {
            plan.classes = sorted(class.values.iter().cloned());
            plan.comment_of_classes = format!("guess: {}; check", class.why);
        }
        (None, None) => {
            plan.entries
                .iter_mut()
                .for_each(|entry| entry.keys.push(("class", FILL_IN.into())));
            plan.comment_of_classes =
                format!("{FILL_IN}: at least two; no name and no column tells them");
            plan.remarks.push(format!(
                "{FILL_IN}: `class` of each recording, or `labels_file`: a table with the columns start, end, class."
            ));
        }
    }
    remark(&mut plan, &layout, files);
    plan
}

/// Columns of a table that describe each row.
#[derive(Clone, Debug)]
pub(super) struct LabelKeys {
    pub label: String,
    pub values: Vec<String>,
    pub group: Option<(String, usize)>,
    /// Whether other columns could be meant.
    pub is_guess: bool,
    /// If each file has one label: files of the label with the fewest.
    pub fewest_files: Option<usize>,
}

impl LabelKeys {
    /// Columns that are no channels.
    pub fn columns(&self) -> Vec<String> {
        let group = self.group.iter().map(|group| group.0.clone());
        std::iter::once(self.label.clone()).chain(group).collect()
    }
}

fn with_columns(keys: &LabelKeys, plan: &mut Plan, files: usize) {
    for entry in &mut plan.entries {
        entry.keys.push(("label_column", yaml::text(&keys.label)));
        if let Some((group, _)) = &keys.group {
            entry.keys.push(("group_column", yaml::text(group)));
        }
    }
    plan.classes = sorted(keys.values.iter().cloned());
    let guess = if keys.is_guess { "guess: " } else { "" };
    plan.comment_of_classes = format!("{guess}values of the column `{}`; check", keys.label);
    let files = keys.fewest_files.unwrap_or(files);
    let groups = keys.group.as_ref().map_or(files, |(_, groups)| *groups);
    if plan.split.0 != "given" {
        let groups = (0..groups).map(|i| i.to_string()).collect();
        plan.split = split_by(&BTreeMap::from([(String::new(), groups)]));
    }
}

/// Comments on what the paths tell.
fn remark(plan: &mut Plan, layout: &Layout, files: &[File]) {
    if let Some(group) = &layout.group {
        let names = sorted(group.values.iter().cloned());
        let names = support::words::first_few(&names, 4);
        plan.remarks.push(format!(
            "Guess: `group` is from {}, {names}; check.",
            group.why
        ));
    }
    if layout.sensors.len() > 1 {
        plan.remarks.push(format!(
            "Only files of `{}`: others of the same names are of {}. To join them, list both patterns in `files`, and write \
             channels such as `{}.x`.",
            layout.sensors[0],
            support::words::first_few(&layout.sensors[1..], 5),
            layout.sensors[0]
        ));
    }
    let kept = |i: &usize| layout.sensors.len() > 1 || layout.files.contains(i);
    let mut left = (0..files.len()).filter(|i| !kept(i));
    if let Some(first) = left.next() {
        let more = left.count() + 1;
        plan.remarks.push(format!(
            "{more} file(s) in other folders or with other endings are left out, such as {}.",
            joined(&files[first].path)
        ));
    }
}

/// Recordings of stations, whose labels are not known.
fn by_station(files: &[File]) -> Plan {
    let mut stations: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (i, file) in files.iter().enumerate() {
        let names: BTreeSet<&str> = file
            .facts
            .channels
            .iter()
            .map(|channel| station(channel).0)
            .collect();
        let name = names.into_iter().collect::<Vec<_>>().join("+");
        stations.entry(name).or_default().push(i);
    }
    let entry = |(name, members): (String, Vec<usize>)| {
        let name = if name.is_empty() {
            "labels".to_owned()
        } else {
            name
        };
        Entry {
            files: members.iter().map(|i| joined(&files[*i].path)).collect(),
            keys: vec![("labels_file", yaml::text(&format!("{FILL_IN}_{name}.csv")))],
            members,
            ..Entry::default()
        }
    };
    let entries: Vec<Entry> = stations.into_iter().map(entry).collect();
    let groups = (0..entries.len()).map(|i| i.to_string()).collect();
    Plan {
        split: split_by(&BTreeMap::from([(String::new(), groups)])),
        entries,
        comment_of_classes: format!("{FILL_IN}: at least two; those of the labels"),
        remarks: vec![format!(
            "{FILL_IN}: no names tell the classes. Write a table with the columns start, end, class for each station."
        )],
        ..Plan::default()
    }
}
