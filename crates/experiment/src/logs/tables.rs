//! Results of tables of metrics, for runs without event logs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{Curves, LoggedResults};
use crate::catalogue::tags::is_own_score;
use crate::event_files::{Scalars, Steps};
use crate::{json, log_tables};
use support::words::counted;

impl LoggedResults {
    /// These if they have any metric; otherwise those of the tables of metrics below `directory`.
    pub(crate) fn or_tables(mut self, directory: &Path) -> Self {
        if !self.history.epochs.is_empty() || !self.test.is_empty() {
            return self;
        }
        let (mut found, notes) = log_tables::scalars(directory);
        let mut all = std::mem::take(&mut self.history.notes);
        all.extend(notes);
        if found.files == 0 {
            self.history.notes = all;
            return self;
        }
        let own_scores = take_own_scores(&mut found, &mut all);
        let mut curves = Curves::of(&found, &mut all);
        curves.own_steps = own_scores
            .values()
            .flat_map(|steps| steps.keys().copied())
            .collect();
        let mut logged = curves.logged(all);
        let last = |(name, steps): (String, Steps)| {
            let (_, value) = steps.into_iter().next_back()?;
            Some((name, json::from_number(value)))
        };
        logged.other = own_scores.into_iter().filter_map(last).collect();
        logged
    }
}

/// Takes the scores whose names are not known out of the tables. Those that differ between tables are left out.
fn take_own_scores(found: &mut Scalars, notes: &mut Vec<String>) -> BTreeMap<String, Steps> {
    let mut own_scores: BTreeMap<String, Steps> = BTreeMap::new();
    let mut differ = BTreeSet::new();
    for tags in found.runs.values_mut() {
        for (name, steps) in tags.extract_if(.., |name, _| is_own_score(name)) {
            match own_scores.get(&name) {
                Some(before) if *before != steps => drop(differ.insert(name)),
                _ => drop(own_scores.insert(name, steps)),
            }
        }
    }
    if !differ.is_empty() {
        let scores = counted(differ.len(), "score");
        let names: Vec<&str> = differ.iter().map(String::as_str).collect();
        let names = names.join(", ");
        notes.push(format!(
            "{scores} with other values in other tables, none is shown: {names}"
        ));
    }
    own_scores.retain(|name, _| !differ.contains(name));
    own_scores
}
