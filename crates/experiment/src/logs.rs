//! Reconstructs a history and results from event logs or tables of metrics, for experiments that have nothing else.
//!
//! Tags and folders may be those of other programs; [`crate::catalogue::tags`] interprets them. Unknown, ambiguous or
//! damaged data is counted and named in [`History::notes`], and shown as unknown.

mod batches;
mod numbering;
mod repeated;
mod scores;
mod tables;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Map;

use self::numbering::{EPOCHS_OR_BATCHES, Evidence, NO_EPOCHS, Numbering};
use self::scores::{as_fractions, beyond_scores, is_fraction};

use crate::catalogue::tags::{Certainty, TagMeaning, counts_epochs, is_of_keras, meaning};
use crate::catalogue::{Metric, Split};
use crate::event_files::{Positions, Scalars, Steps, scalars};
use crate::history::{Epoch, History};
use crate::log_tables::{self, RUNS_OF_THEIR_OWN};
use crate::metadata::Results;
use crate::trackers::TrackedMetrics;
use support::words::{counted, first_few};

/// Upper bound for names listed in a note.
const MAX_NAMED: usize = 4;

/// Results reconstructed from event logs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoggedResults {
    /// Metrics by epoch.
    pub history: History,
    /// Metrics on the test split, if they were logged.
    pub test: Map<String, serde_json::Value>,
    /// Scores of other programs under names of their own.
    pub other: Map<String, serde_json::Value>,
}

impl LoggedResults {
    /// Reads all event logs below `logs`.
    pub fn read(logs: &Path) -> Self {
        let mut found = scalars(logs);
        let mut notes = damage(&found);
        repeated::settle(&mut found, &mut notes);
        log_tables::by_epochs(&mut found, &mut notes);
        let mut curves = Curves::of(&found, &mut notes);
        curves.leave_out_batches(&mut notes);
        curves.logged(notes)
    }

    /// What a tracker says of a run.
    pub(crate) fn of_tracker(mut found: TrackedMetrics) -> Self {
        let mut notes = found.notes;
        repeated::settle(&mut found.scalars, &mut notes);
        log_tables::by_epochs(&mut found.scalars, &mut notes);
        let mut curves = Curves::of(&found.scalars, &mut notes);
        curves.leave_out_batches(&mut notes);
        // The folder of a run has no other runs.
        notes.retain(|note| !note.contains(RUNS_OF_THEIR_OWN));
        let mut logged = curves.logged(notes);
        logged.other = found.values;
        logged
    }

    /// The results in the form of the metadata, if the logs have any.
    pub fn results(&self) -> Option<Results> {
        let results = from_history(&self.history);
        if results.is_none() && self.test.is_empty() && self.other.is_empty() {
            return None;
        }
        let results = Results {
            test: self.test.clone(),
            other: self.other.clone(),
            ..results.unwrap_or_default()
        };
        Some(if self.other.is_empty() {
            results
        } else {
            results.adopt_known()
        })
    }
}

/// Notes on what could not be read.
fn damage(found: &Scalars) -> Vec<String> {
    let mut notes = Vec::new();
    if found.damaged > 0 {
        let records = counted(found.damaged, "damaged record");
        notes.push(format!(
            "{records} of event files stepped over: `experiment verify` names them"
        ));
    }
    if found.foreign > 0 {
        let files = counted(found.foreign, "file");
        notes.push(format!(
            "{files} called as event files are, without any event"
        ));
    }
    if let Some((path, packing)) = found.packed.first() {
        let files = counted(found.packed.len(), "event file");
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        notes.push(format!("{files} {packing} (the first: {name})"));
    }
    if found.cut {
        notes.push("the event files hold too many scalars: the rest is not shown".into());
    }
    notes
}

/// One metric on one split, from one tag of one folder.
struct Curve<'a> {
    steps: Cow<'a, Steps>,
    tag: &'a str,
    is_of_keras: bool,
    folder: &'a Path,
    /// Folder and tag, for messages.
    place: String,
    certainty: Certainty,
}

/// The scalars that were recognised.
#[derive(Default)]
struct Curves<'a> {
    metrics: BTreeMap<(Metric, Split), Cow<'a, Steps>>,
    learning_rate: Option<&'a Steps>,
    /// Whether a tag and its folder are those of Keras, and whether a tag says that its steps are epochs.
    is_of_keras: bool,
    counts_epochs: bool,
    /// Upper bound for points lost to damaged records, and for those before the first ones.
    missing: usize,
    missing_before: usize,
    positions: Positions,
    /// Steps of scores under names of their own.
    own_steps: BTreeSet<i64>,
}

impl<'a> Curves<'a> {
    fn of(found: &'a Scalars, notes: &mut Vec<String>) -> Self {
        let mut claims: BTreeMap<(Metric, Split), Vec<Curve<'a>>> = BTreeMap::new();
        let mut curves = Self {
            missing: found.damaged,
            missing_before: found.damaged_before,
            positions: found.positions,
            ..Default::default()
        };
        let mut unknown = BTreeSet::new();
        let mut differ = false;
        let mut folders = BTreeSet::new();
        for (path, tags) in &found.runs {
            let folder = path.to_string_lossy();
            for (tag, steps) in tags {
                match meaning(&folder, tag) {
                    TagMeaning::Metric(metric, split, certainty) => {
                        let place = [&folder, &tag[..]].join("/");
                        claims.entry((metric, split)).or_default().push(Curve {
                            steps: as_fractions(tag, steps),
                            tag,
                            is_of_keras: is_of_keras(&folder, tag),
                            folder: path,
                            place: place.trim_start_matches('/').to_owned(),
                            certainty,
                        });
                    }
                    TagMeaning::LearningRate => curves.learning_rate = Some(steps),
                    TagMeaning::Other | TagMeaning::Epoch => {}
                    TagMeaning::Unknown => drop(unknown.insert(&tag[..])),
                }
            }
        }
        for (key, mut claims) in claims {
            let most = claims.iter().map(|claim| claim.certainty).max();
            claims.retain(|claim| Some(claim.certainty) == most);
            let first = &claims[0];
            let is_other = |claim: &Curve<'_>| !is_same(&claim.steps, &first.steps);
            if claims.iter().any(is_other) {
                let places: Vec<&str> = claims.iter().map(|claim| &claim.place[..]).collect();
                let label = key.0.label(key.1);
                let places = first_few(&places, MAX_NAMED);
                notes.push(format!(
                    "{label} is logged differently in several places, none is shown: {places}"
                ));
                differ = true;
                continue;
            }
            notes.extend(beyond_scores(key.0, first));
            if first.certainty != Certainty::Folder {
                folders.insert(first.folder);
            }
            curves.is_of_keras |= first.is_of_keras;
            curves.counts_epochs |= counts_epochs(first.tag);
            curves.metrics.insert(key, claims.swap_remove(0).steps);
        }
        if found.positions == Positions::Untold && !differ {
            notes.extend(several_folders(&folders));
        }
        if differ && !notes.iter().any(|note| note.contains(RUNS_OF_THEIR_OWN)) {
            notes.push(if found.positions == Positions::Untold {
                format!("if these places are {RUNS_OF_THEIR_OWN}")
            } else {
                "if these files are runs of their own, move each into a folder of its own".into()
            });
        }
        if !unknown.is_empty() {
            let names: Vec<&str> = unknown.into_iter().collect();
            notes.push(format!(
                "{} not understood: {}",
                counted(names.len(), "scalar"),
                first_few(&names, MAX_NAMED)
            ));
        }
        curves
    }

    /// The steps of training and validation curves, and of test curves with several points.
    fn steps(&self) -> BTreeSet<i64> {
        let curves = self
            .metrics
            .iter()
            .filter(|((_, split), steps)| *split != Split::Test || steps.len() > 1);
        curves
            .flat_map(|(_, steps)| steps.keys())
            .chain(&self.own_steps)
            .copied()
            .collect()
    }

    /// What tells whether `steps` are epochs.
    fn evidence(&self, steps: &BTreeSet<i64>) -> Evidence {
        let long = self.metrics.values().filter(|curve| curve.len() > 1);
        let span = |curve: &Steps| {
            Some(
                curve
                    .keys()
                    .next_back()?
                    .saturating_sub(*curve.keys().next()?),
            )
        };
        let is_whole = |curve: &Cow<'_, Steps>| {
            span(curve).is_some_and(|span| span < (curve.len() + self.missing) as i64)
        };
        let first = |curve: &&Cow<'_, Steps>| curve.keys().next() == steps.first();
        let begin = self.metrics.values().filter(first).count();
        Evidence {
            is_of_keras: self.is_of_keras,
            is_named: self.counts_epochs,
            is_alternating: steps.len() > 1 && !long.clone().any(is_whole),
            missing: self.missing,
            is_first_missing: self.missing_before >= begin.max(1),
        }
    }

    fn logged(&self, mut notes: Vec<String>) -> LoggedResults {
        let steps = self.steps();
        let numbering = match self.positions {
            Positions::Epochs => Numbering::From(0),
            Positions::EpochsFromUnknown | Positions::Steps => NO_EPOCHS,
            Positions::Untold => match Numbering::of(&steps, self.evidence(&steps)) {
                Numbering::From(_) if self.is_validated_rarely() => NO_EPOCHS,
                Numbering::From(_) if self.is_validated_at_intervals() => EPOCHS_OR_BATCHES,
                numbering => numbering,
            },
        };
        if let Numbering::Unknown(why) = numbering
            && self.positions != Positions::EpochsFromUnknown
        {
            notes.push(format!("{why}, so the number of epochs is unknown"));
        }
        let mut epochs: Vec<Epoch> = Vec::new();
        for step in steps {
            let Some(epoch) = numbering.epoch(step) else {
                continue;
            };
            let mut line = Epoch {
                epoch,
                learning_rate: f64::NAN,
                elapsed_s: f64::NAN,
                ..Default::default()
            };
            if let Some(rate) = self.learning_rate.and_then(|rates| rates.get(&step)) {
                line.learning_rate = *rate;
            }
            for ((metric, split), values) in &self.metrics {
                if let Some(value) = values.get(&step) {
                    let key = metric.history_key(*split);
                    line.metrics.insert(key, crate::json::from_number(*value));
                }
            }
            epochs.push(line);
        }
        let history = History {
            epochs,
            steps_are_epochs: matches!(numbering, Numbering::From(_)),
            notes,
        };
        let best = best_epoch(&history).map(|epoch| epoch.epoch);
        let mut test = Map::new();
        for ((metric, split), values) in &self.metrics {
            let is_score =
                *metric == Metric::Loss || values.values().all(|value| is_fraction(*value));
            if *split == Split::Test && is_score {
                let at_best = best.and_then(|best| values.get(&numbering.step(best)));
                let value = at_best.or(values.values().next_back());
                test.extend(
                    value.map(|value| (metric.name().to_owned(), crate::json::from_number(*value))),
                );
            }
        }
        LoggedResults {
            history,
            test,
            ..Default::default()
        }
    }
}

/// A note on metrics that are scattered over folders whose names do not say why.
fn several_folders(folders: &BTreeSet<&Path>) -> Option<String> {
    let name = |folder: &&Path| match folder.to_string_lossy().into_owned() {
        name if name.is_empty() => ".".to_owned(),
        name => name,
    };
    let names: Vec<String> = folders.iter().map(name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    (names.len() > 1).then(|| {
        format!(
            "its metrics are those of {} folders, such as {}: if these are {RUNS_OF_THEIR_OWN}",
            names.len(),
            first_few(&names, MAX_NAMED)
        )
    })
}

/// Whether two curves have the same points. NaN, as after a diverged epoch, equals NaN. Logs have float32.
fn is_same(a: &Steps, b: &Steps) -> bool {
    let equal = |(x, y): (&f64, &f64)| {
        (x - y).abs() <= 1e-6 * x.abs() || x == y || (x.is_nan() && y.is_nan())
    };
    a.keys().eq(b.keys()) && a.values().zip(b.values()).all(equal)
}

/// The epoch with the lowest validation loss or, if that was not logged, with the best validation score. `None`
/// without any validation metric.
fn best_epoch(history: &History) -> Option<&Epoch> {
    let choosers = [Metric::Loss, Metric::F1Macro, Metric::Accuracy];
    choosers.iter().find_map(|metric| {
        let key = metric.history_key(Split::Validation);
        let value = |epoch: &&Epoch| epoch.metric(&key).unwrap_or(f64::NAN);
        let known = history
            .epochs
            .iter()
            .filter(|epoch| value(epoch).is_finite());
        known.min_by(|a, b| metric.direction().rank(value(a), value(b)))
    })
}

/// Results derived from the best epoch of a history.
pub fn from_history(history: &History) -> Option<Results> {
    let last = history.epochs.last()?;
    let best = best_epoch(history);
    let metrics = best.into_iter().flat_map(|epoch| &epoch.metrics);
    let validation = metrics.filter_map(|(name, value)| {
        let metric = name.strip_prefix(Split::Validation.prefix())?;
        // Percentages would come before all fractions.
        let is_score = metric == Metric::Loss.name()
            || history
                .epochs
                .iter()
                .all(|epoch| epoch.metric(name).is_none_or(is_fraction));
        is_score.then(|| (metric.to_owned(), value.clone()))
    });
    let known = |count: usize| history.steps_are_epochs.then_some(count);
    Some(Results {
        epochs_run: known(last.epoch + 1),
        best_epoch: best.and_then(|epoch| known(epoch.epoch)),
        validation: validation.collect(),
        ..Default::default()
    })
}

#[cfg(test)]
mod tests;
