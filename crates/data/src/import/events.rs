//! Events of which recordings of several groups have labels, as when several stations recorded them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use support::words::first_few;

use super::config::RecordingsConfig;
use super::fractions::SplitBy;

/// Names that a warning has.
const NAMED: usize = 3;

/// The group of windows for labels of `event` in recordings of `group`.
pub(super) fn group_of(group: &str, event: &str) -> String {
    format!("{group}/{event}")
}

/// The groups of windows of each event that labels name.
#[derive(Clone, Debug, Default)]
pub(super) struct Events(BTreeMap<String, BTreeSet<String>>);

impl Events {
    /// The events of a list that divides windows by them.
    pub fn of(config: &RecordingsConfig) -> Self {
        let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        if config.split.by != SplitBy::Event {
            return Self::default();
        }
        for recording in &config.recordings {
            let group = recording.group();
            let events = recording
                .labels
                .iter()
                .filter_map(|label| label.event.as_ref());
            for event in events {
                let event_groups = groups.entry(event.clone()).or_default();
                event_groups.insert(group_of(&group, event));
            }
        }
        Self(groups)
    }

    /// A warning of events whose groups are in several splits. `windows` are the group and the split of each.
    pub fn divided<'a>(&self, windows: impl Iterator<Item = (&'a str, usize)>) -> Option<String> {
        let mut splits: HashMap<&str, BTreeSet<usize>> = HashMap::new();
        for (group, split) in windows {
            splits.entry(group).or_default().insert(split);
        }
        let is_divided = |(_, groups): &(&String, &BTreeSet<String>)| {
            let group_splits = groups.iter().filter_map(|group| splits.get(group.as_str()));
            group_splits.flatten().collect::<BTreeSet<_>>().len() > 1
        };
        let divided: Vec<_> = self.0.iter().filter(is_divided).collect();
        let (event, groups) = divided.first()?;
        Some(format!(
            "{} of {} events are in several splits, as recordings of several groups have them: {}; `{event}` is in the groups {}. \
             If a name means the same event in all recordings, give these one `group`",
            divided.len(),
            self.0.len(),
            quoted(divided.iter().map(|(event, _)| *event)),
            quoted(groups.iter())
        ))
    }
}

fn quoted<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    first_few(&names, NAMED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_several_stations_in_several_splits() {
        let list = |by: &str, groups: [&str; 2]| {
            let recording = |(i, group): (usize, &&str)| {
                format!(
                    "  - {{files: {i}.mseed, group: {group}, labels: [{{start: 0, end: 1, class: a, event: quake}}]}}\n"
                )
            };
            let recordings: String = groups.iter().enumerate().map(recording).collect();
            let text = format!(
                "sampling_rate: 100\nwindow: 1.28\nchannels: [Z]\nclass_names: [a, b]\nsplit: {{by: {by}}}\nrecordings:\n{recordings}"
            );
            RecordingsConfig::parse(&text, "list.yaml".as_ref()).unwrap()
        };
        let said = |by: &str, groups: [&str; 2], splits: [usize; 2]| {
            let windows = groups.map(|group| group_of(group, "quake"));
            let windows = windows.iter().map(String::as_str).zip(splits);
            Events::of(&list(by, groups)).divided(windows)
        };
        let expected = "1 of 1 events are in several splits, as recordings of several groups have them: `quake`; `quake` is in the \
                        groups `a/quake`, `b/quake`. If";
        let found = said("event", ["a", "b"], [0, 1]).unwrap();
        assert!(found.starts_with(expected), "{found}");
        assert_eq!(said("event", ["a", "b"], [2, 2]), None);
        assert_eq!(said("event", ["a", "a"], [0, 0]), None);
        assert_eq!(said("recording", ["a", "b"], [0, 1]), None);
    }
}
