//! Scores that other programs wrote under their own names: `results.test_accuracy`, `metrics.val.acc`, `eval_loss`.

use serde_json::{Map, Value};

use super::{Metadata, Results, Status};
use crate::catalogue::tags::{
    Certainty, TagMeaning, is_percent, is_split, meaning, without_word, words,
};
use crate::catalogue::{Metric, Split};

/// Key of what is known of a run of an experiment tracker: its program, name, group and status.
pub(crate) const TRACKER: &str = "tracker";

/// Sections within sections that are looked into.
const MOST_DEEP: usize = 3;

/// Words of the names of sections with scores. Others may be those of a class, a fold or a model, or of settings.
const SECTIONS: [&str; 14] = [
    "results",
    "result",
    "metrics",
    "metric",
    "scores",
    "score",
    "performance",
    "evaluation",
    "history",
    "final",
    "summary",
    "overall",
    "classification",
    "report",
];

/// The value of the metric `name` on `split` that another program gave under a name of its own; none if there are several that
/// differ.
pub(super) fn metric(metadata: &Metadata, split: Split, name: &str) -> Option<f64> {
    let metric = *Metric::ALL.iter().find(|metric| metric.name() == name)?;
    let of_split = of_split(metadata, metric, split);
    of_split.or_else(|| Search::of_best(metadata, metric, split).agreed())
}

/// Like [`metric`], without values such as `best_val_accuracy`, which need not be those of one epoch.
fn of_split(metadata: &Metadata, metric: Metric, split: Split) -> Option<f64> {
    // Programs of this project have one name for each.
    let is_foreign = metadata.schema_version.is_none() && split != Split::Train;
    is_foreign.then(|| Search::of(metadata, metric, split).agreed())?
}

impl Results {
    /// Adds the scores among the other fields that have a known name, where there is no better one.
    pub(crate) fn adopt_known(self) -> Self {
        let metadata = Metadata {
            results: Some(self),
            ..Default::default()
        };
        let mut found = Vec::new();
        for split in [Split::Validation, Split::Test] {
            for metric in Metric::ALL {
                let value = of_split(&metadata, *metric, split);
                found.extend(value.map(|value| (split, metric.name(), value)));
            }
        }
        let mut results = metadata.results.unwrap_or_default();
        for (split, name, value) in found {
            let metrics = match split {
                Split::Test => &mut results.test,
                _ => &mut results.validation,
            };
            let value = crate::json::from_number(value);
            metrics.entry(name).or_insert(value);
        }
        results
    }
}

impl Metadata {
    /// The status that another program gave in its own words. Whether one that was running still runs is not known.
    pub(crate) fn foreign_status(&self) -> Option<Status> {
        let status = self.status?;
        if status != Status::Unknown {
            return Some(if status == Status::Running {
                Status::Unknown
            } else {
                status
            });
        }
        let known = self.known();
        let word = known
            .get("status")
            .and_then(Value::as_str)
            .unwrap_or_default();
        Some(match &word.trim().to_lowercase()[..] {
            "completed" | "complete" | "finished" | "done" | "success" | "succeeded" => {
                Status::Completed
            }
            "failed" | "failure" | "error" => Status::Failed,
            "interrupted" | "stopped" | "killed" | "cancelled" | "canceled" | "aborted" => {
                Status::Interrupted
            }
            _ => Status::Unknown,
        })
    }

    /// Whether it has any score on `split`, other than the best one of all epochs.
    pub(crate) fn has_scores(&self, split: Split) -> bool {
        let mut all = Metric::ALL.iter();
        all.any(|metric| {
            self.metric(split, metric.name()).is_some() && !self.is_best_of_all(*metric, split)
        })
    }

    /// Whether the value of a metric is its best one of all epochs, for want of another.
    fn is_best_of_all(&self, metric: Metric, split: Split) -> bool {
        let results = self.results.as_ref();
        let is_given =
            results.is_some_and(|results| results.validation.contains_key(metric.name()));
        split == Split::Validation
            && !is_given
            && of_split(self, metric, split).is_none()
            && Search::of_best(self, metric, split).agreed().is_some()
    }

    /// A sentence about scores that are the best ones of all epochs.
    #[cfg(feature = "cli")]
    pub(crate) fn bests(&self) -> Option<String> {
        let split = Split::Validation;
        let all = Metric::ALL.iter();
        let labels = all.filter(|metric| self.is_best_of_all(**metric, split));
        let labels: Vec<&str> = labels.map(|metric| metric.row().label).collect();
        (!labels.is_empty()).then(|| {
            format!(
                "{}: the best of all epochs, each by itself",
                labels.join(", ")
            )
        })
    }

    /// Adds results from logs where those of the file have none. If the file names a best epoch, its scores are not those of
    /// another one.
    pub(crate) fn add_logged(&mut self, logged: Option<Results>) {
        let Some(logged) = logged else {
            return;
        };
        let has_test = self.has_scores(Split::Test);
        let Some(results) = &mut self.results else {
            self.results = Some(logged);
            return;
        };
        results.epochs_run = results.epochs_run.or(logged.epochs_run);
        if results.best_epoch.is_none() {
            results.best_epoch = logged.best_epoch;
            results.validation = logged.validation;
        }
        if !has_test {
            results.test.extend(logged.test);
        }
    }

    /// Whether another program gave the best epoch, which may count from 0 or 1.
    #[cfg(feature = "cli")]
    pub(crate) fn gives_best_epoch(&self) -> bool {
        let given = || {
            let file = crate::json::parse(self.file.as_deref()?).ok()?;
            file.get("results")?.get("best_epoch").cloned()
        };
        self.schema_version.is_none() && given().is_some_and(|value| !value.is_null())
    }

    /// Sentences about scores of other programs that [`Metadata::metric`] does not give, since they are no fractions or
    /// several that differ, and about those it gives though they are no fractions.
    pub(crate) fn doubts(&self) -> Vec<String> {
        if self.schema_version.is_some() {
            return Vec::new();
        }
        let splits = [Split::Validation, Split::Test];
        let all = Metric::ALL.iter();
        let all = all.flat_map(|metric| splits.map(|split| (*metric, split)));
        all.flat_map(|(metric, split)| self.doubts_of(metric, split))
            .collect()
    }

    /// Scores that are shown under the names that the user of another program gave them.
    #[cfg(feature = "cli")]
    pub(crate) fn own_scores(&self) -> Vec<(&str, f64)> {
        let given = self.results.iter().flat_map(|results| &results.other);
        let shown_as_own = |name: &str| match meaning("", name) {
            TagMeaning::Metric(metric, split, certainty) => {
                certainty == Certainty::Convention || self.metric(split, metric.name()).is_none()
            }
            _ => true,
        };
        given
            .filter(|(name, _)| shown_as_own(name))
            .filter_map(|(name, value)| Some((&name[..], crate::json::number(value)?)))
            .collect()
    }

    fn doubts_of(&self, metric: Metric, split: Split) -> Vec<String> {
        let label = metric.label(split);
        if let Some(value) = self.metric(split, metric.name()) {
            let is_beyond = metric != Metric::Loss && !(0.0..=1.0).contains(&value);
            let doubt = if value.is_nan() {
                format!("{label} is NaN, as of a run that diverged or a class without samples")
            } else {
                format!("{label} is {value}, which is no fraction from 0 to 1")
            };
            return is_beyond.then_some(doubt).into_iter().collect();
        }
        let search = Search::of(self, metric, split);
        let first = search.found.first().copied();
        let other = search.found.iter().find(|value| Some(**value) != first);
        let differ = first.zip(other).map(|(first, other)| {
            format!("{label} is given as {first} and as {other}: none is shown")
        });
        let best = Search::of_best(self, metric, split).refused;
        differ
            .into_iter()
            .chain(search.refused)
            .chain(best)
            .collect()
    }
}

struct Search {
    metric: Metric,
    split: Split,
    /// Whether values are looked for that are the best of all epochs, such as `best_val_accuracy`, or all others.
    is_best: bool,
    found: Vec<f64>,
    /// Sentences about values that are no scores.
    refused: Vec<String>,
}

impl Search {
    fn of(metadata: &Metadata, metric: Metric, split: Split) -> Self {
        Self::within(metadata, metric, split, false)
    }

    /// Only validation has a best epoch: the best one of the test split would be chosen on it.
    fn of_best(metadata: &Metadata, metric: Metric, split: Split) -> Self {
        if metadata.schema_version.is_some() || split != Split::Validation {
            return Self::new(metric, split, true);
        }
        Self::within(metadata, metric, split, true)
    }

    fn new(metric: Metric, split: Split, is_best: bool) -> Self {
        Self {
            metric,
            split,
            is_best,
            found: Vec::new(),
            refused: Vec::new(),
        }
    }

    fn within(metadata: &Metadata, metric: Metric, split: Split, is_best: bool) -> Self {
        let mut search = Self::new(metric, split, is_best);
        if let Some(results) = &metadata.results {
            search.section("results/validation", &results.validation, 1);
            search.section("results/test", &results.test, 1);
            search.section("results", &results.other, 1);
        }
        search.section("", &metadata.other, 0);
        search
    }

    /// The value, if there are not several that differ.
    fn agreed(&self) -> Option<f64> {
        let first = self.found.first().copied()?;
        self.found
            .iter()
            .all(|value| *value == first)
            .then_some(first)
    }

    /// Looks into the section with this path; its names are separated by slashes.
    fn section(&mut self, path: &str, fields: &Map<String, Value>, depth: usize) {
        // `f1-score` below `macro avg`, as scikit-learn reports it.
        let average = path.rsplit('/').next().filter(|name| is_average(name));
        for (key, value) in fields {
            match value {
                Value::Object(fields)
                    if depth < MOST_DEEP && (has_scores(key) || is_average(key)) =>
                {
                    self.section(&format!("{path}/{key}"), fields, depth + 1);
                }
                Value::Number(_) | Value::String(_) => match average {
                    Some(average) => self.value(path, &format!("{average} {key}"), value),
                    None => self.value(path, key, value),
                },
                _ => {}
            }
        }
    }

    fn value(&mut self, path: &str, key: &str, value: &Value) {
        let name = match without_best(key) {
            Some(rest) if self.is_best => rest,
            None if !self.is_best => key.to_owned(),
            _ => return,
        };
        let TagMeaning::Metric(metric, split, certainty) = meaning(path, &name) else {
            return;
        };
        // Without the name of a split, a score may be that of any.
        if (metric, split) != (self.metric, self.split) || certainty == Certainty::Convention {
            return;
        }
        let read = Metric::read(metric.name(), value);
        let read = if metric == Metric::Loss {
            read.ok_or("is no number")
        } else {
            let read = read.map(|number| {
                if is_percent(key) {
                    number / 100.0
                } else {
                    number
                }
            });
            // Otherwise, it is not known whether it is a percentage.
            let fits = |number: &f64| (0.0..=1.0).contains(number);
            let why = if read.is_some_and(f64::is_finite) {
                "is no fraction from 0 to 1; a percentage is written with its sign, such as \"93.5%\""
            } else {
                "is no number"
            };
            read.filter(fits).ok_or(why)
        };
        match read {
            Ok(number) => self.found.push(number),
            Err(why) if !is_missing(value) => {
                let place = format!("{path}/{key}").replace('/', ".");
                let value = crate::json::plain(value.clone());
                let text = value.as_str().map_or(value.to_string(), str::to_owned);
                let place = place.trim_start_matches('.');
                self.refused
                    .push(format!("`{place}`: `{text}` {why}: it is not shown"));
            }
            Err(_) => {}
        }
    }
}

/// A name such as `best_val_accuracy` or `Val Acc (best)` without the word that says that it is the best of all epochs; `None` for
/// other names.
fn without_best(key: &str) -> Option<String> {
    let unit = if key.contains('%') { " %" } else { "" };
    Some(without_word(key, BEST)? + unit)
}

/// Word of names of values that are the best of all epochs.
const BEST: &str = "best";

/// Whether a value says that there is none.
fn is_missing(value: &Value) -> bool {
    let text = value.as_str().map(|text| text.trim().to_lowercase());
    text.is_some_and(|text| ["", "-", "n/a", "na", "none", "null"].contains(&&*text))
}

/// Whether a section's name is that of an average over classes in a report of scikit-learn: `macro avg`.
pub(super) fn is_average(name: &str) -> bool {
    let words = words(name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(words[..], ["macro" | "micro" | "weighted", "avg"])
}

/// Whether a section's name says that it has scores of a split, or of all.
pub(super) fn has_scores(name: &str) -> bool {
    let words = words(name);
    let is_known = |word: &String| SECTIONS.contains(&&**word) || is_split(word);
    !words.is_empty() && words.iter().all(is_known)
}
