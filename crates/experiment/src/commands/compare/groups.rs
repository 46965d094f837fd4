//! `experiment compare --group-by`: groups of experiments, paired over seeds and folds.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDateTime;
use serde_json::{Map, Value, json};

use super::super::Output;
use super::super::group_keys::GroupKeys;
use super::super::text::{number, plain, table};
use super::Options;
use crate::error::ExperimentError;
use crate::field_names::FieldNames;
use crate::fields::{Fields, compare, text};
use crate::filter::Filter;
use crate::metadata::Status;
use crate::statistics::Paired;
use crate::store::{Entry, ExperimentStore};

/// Scores compared by default.
const DEFAULT: [&str; 2] = ["test_f1", "val_f1"];

/// Runs are paired by fold and seed.
type PairKey = (String, String);

/// One experiment.
struct Row {
    keys: Vec<Value>,
    pair: PairKey,
    /// Class support of the test split.
    fingerprint: Option<String>,
    /// Number of test windows per training window.
    ratio: f64,
    scores: Vec<Option<f64>>,
}

/// Experiments with the same values of the group keys.
struct Group {
    keys: Vec<Value>,
    rows: Vec<Row>,
}

/// Difference of a group from the first group in one score.
struct Difference {
    mean: Option<f64>,
    paired: Option<Paired>,
}

pub(super) fn run(
    store: &ExperimentStore,
    options: &Options,
    now: NaiveDateTime,
) -> Result<Output, ExperimentError> {
    let filter = options.filter.as_deref().map(Filter::parse).transpose()?;
    let scores: Vec<&str> = if options.score.is_empty() {
        DEFAULT.to_vec()
    } else {
        options.score.iter().map(String::as_str).collect()
    };
    let mut keys = GroupKeys::new(&options.group_by);
    let filtered = filter.as_ref().map(Filter::fields).unwrap_or_default();
    let given = FieldNames::default()
        .with("--group-by", options.group_by.iter().map(String::as_str))
        .with("--filter", filtered)
        .with("--score", scores.iter().copied());
    let query = Query {
        keys: keys.names(),
        scores: &scores,
        filter: filter.as_ref(),
    };
    let (mut rows, broken) = store.scan(|entry| {
        let fields = Fields::new(&entry, now);
        given.see(&fields);
        query.row(&entry, &fields)
    })?;
    given.check(store, now)?;
    keys.settle(&mut rows, |row| &mut row.keys);
    if !options.score.is_empty() {
        check_scores(&rows, &scores)?;
    }
    let groups = grouped(rows);
    if groups.len() < 2 {
        return Err(ExperimentError::Usage(format!(
            "{} group(s) of completed experiments by {}: at least two are needed",
            groups.len(),
            keys.names().join(", ")
        )));
    }
    let mut warnings: Vec<String> = broken.iter().map(ToString::to_string).collect();
    warnings.extend(warn(&groups));
    let text = if options.json {
        let scores = scores.iter().enumerate().map(|(i, name)| {
            let groups = groups
                .iter()
                .map(|group| as_json(keys.names(), &groups[0], group, i));
            ((*name).to_owned(), json!(groups.collect::<Vec<_>>()))
        });
        format!("{:#}\n", json!({"scores": scores.collect::<Map<_, _>>()}))
    } else {
        let mut out = String::new();
        for (i, name) in scores.iter().enumerate() {
            out.push_str(&format!(
                "{}{}: difference from the first group, runs of one seed and fold paired\n",
                if i > 0 { "\n" } else { "" },
                plain(name)
            ));
            out.push_str(&score_table(keys.names(), &groups, i));
        }
        if groups.iter().any(|group| folds(&group.rows) > 1) {
            out.push_str(
                "\nWith folds, a fold is one value (the mean over its seeds), and intervals are widened for the training \
                 windows that folds share (Nadeau and Bengio, 2003).\n",
            );
        }
        out
    };
    Ok(Output {
        text,
        warnings,
        ..Default::default()
    })
}

/// The fields to read of every experiment.
struct Query<'a> {
    keys: &'a [&'a str],
    scores: &'a [&'a str],
    filter: Option<&'a Filter>,
}

impl Query<'_> {
    /// The fields of a completed experiment that matches the filter.
    fn row(&self, entry: &Entry, fields: &Fields<'_>) -> Option<Row> {
        if entry.status != Some(Status::Completed) {
            return None;
        }
        if self.filter.is_some_and(|filter| !filter.matches(fields)) {
            return None;
        }
        let name = |name: &str| {
            let value = fields.get(name);
            (!value.is_null()).then(|| text(&value))
        };
        let info = &entry.metadata.dataset_info;
        let score =
            |score: &&str| crate::json::number(&fields.get(score)).filter(|n| n.is_finite());
        Some(Row {
            keys: self.keys.iter().map(|key| fields.get(key)).collect(),
            pair: (
                name("fold_name")
                    .or_else(|| name("fold"))
                    .unwrap_or_default(),
                name("seed").unwrap_or_default(),
            ),
            fingerprint: info.fingerprints.get("test").cloned(),
            ratio: info.test_size as f64 / info.train_size.max(1) as f64,
            scores: self.scores.iter().map(score).collect(),
        })
    }
}

/// A score without any number would be a table of dashes.
fn check_scores(rows: &[Row], scores: &[&str]) -> Result<(), ExperimentError> {
    let missing = |i: usize| rows.iter().all(|row| row.scores[i].is_none());
    match (0..scores.len()).find(|i| missing(*i)) {
        Some(i) if !rows.is_empty() => Err(ExperimentError::Usage(format!(
            "--score {}: none of the completed experiments has a number there",
            plain(scores[i])
        ))),
        _ => Ok(()),
    }
}

/// Groups rows by their keys, in order.
fn grouped(mut rows: Vec<Row>) -> Vec<Group> {
    let order = |a: &Row, b: &Row| {
        let pairs = a.keys.iter().zip(&b.keys);
        pairs
            .map(|(a, b)| compare(a, b))
            .fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    };
    rows.sort_by(order);
    let mut groups: Vec<Group> = Vec::new();
    for row in rows {
        match groups.last_mut() {
            Some(group) if order(&group.rows[0], &row).is_eq() => group.rows.push(row),
            _ => groups.push(Group {
                keys: row.keys.clone(),
                rows: vec![row],
            }),
        }
    }
    groups
}

fn folds(rows: &[Row]) -> usize {
    let folds: BTreeSet<&str> = rows.iter().map(|row| row.pair.0.as_str()).collect();
    folds.len()
}

/// Warnings about comparisons that are weaker than they look.
fn warn(groups: &[Group]) -> Vec<String> {
    let mut data: BTreeMap<&PairKey, BTreeSet<&str>> = BTreeMap::new();
    for row in groups.iter().flat_map(|group| &group.rows) {
        let fingerprint = row.fingerprint.as_deref();
        data.entry(&row.pair).or_default().extend(fingerprint);
    }
    let differs = data.values().any(|prints| prints.len() > 1);
    let note = "the test data differ between groups: their scores cannot be compared directly";
    differs.then(|| note.to_owned()).into_iter().collect()
}

/// Mean score by pair key.
fn by_pair(rows: &[Row], score: usize) -> BTreeMap<&PairKey, f64> {
    let mut sums: BTreeMap<&PairKey, (f64, usize)> = BTreeMap::new();
    for row in rows {
        if let Some(value) = row.scores[score] {
            let (sum, count) = sums.entry(&row.pair).or_default();
            (*sum, *count) = (*sum + value, *count + 1);
        }
    }
    let mean = |(key, (sum, count))| (key, sum / count as f64);
    sums.into_iter().map(mean).collect()
}

fn difference(first: &Group, group: &Group, score: usize) -> Difference {
    let (theirs, ours) = (by_pair(&first.rows, score), by_pair(&group.rows, score));
    let mut by_fold: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (key, value) in &ours {
        if let Some(other) = theirs.get(key) {
            by_fold.entry(&key.0).or_default().push(value - other);
        }
    }
    let ratios = group.rows.iter().map(|row| row.ratio).sum::<f64>();
    let folds: Vec<Vec<f64>> = by_fold.into_values().collect();
    let paired = Paired::new(&folds, ratios / group.rows.len() as f64);
    let sum: f64 = ours.values().sum();
    Difference {
        mean: (!ours.is_empty()).then(|| sum / ours.len() as f64),
        paired: (!std::ptr::eq(first, group)).then_some(paired).flatten(),
    }
}

fn score_table(keys: &[&str], groups: &[Group], score: usize) -> String {
    let mut head: Vec<String> = keys.iter().map(|key| plain(key)).collect();
    let keys = head.len();
    head.extend(
        [
            "RUNS",
            "MEAN",
            "PAIRS",
            "DIFFERENCE",
            "95 % OF THE DIFFERENCE",
        ]
        .map(String::from),
    );
    let rows: Vec<Vec<String>> = groups
        .iter()
        .map(|group| {
            let found = difference(&groups[0], group, score);
            let mut row: Vec<String> = group.keys.iter().map(|key| plain(&text(key))).collect();
            row.extend([group.rows.len().to_string(), number(found.mean)]);
            match found.paired {
                Some(paired) => {
                    let interval = paired
                        .interval
                        .map_or("-".into(), |(low, high)| format!("{low:+.4} to {high:+.4}"));
                    row.extend([
                        paired.pairs.to_string(),
                        format!("{:+.4}", paired.mean),
                        interval,
                    ]);
                }
                None => row.extend(["-", "-", "-"].map(String::from)),
            }
            row
        })
        .collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let right: Vec<usize> = (keys..head.len()).collect();
    table(&head, &rows, &right)
}

fn as_json(keys: &[&str], first: &Group, group: &Group, score: usize) -> Value {
    let found = difference(first, group, score);
    let keys = keys.iter().zip(&group.keys);
    let keys: Map<String, Value> = keys.map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    let interval = found.paired.and_then(|paired| paired.interval);
    json!({
        "group": keys,
        "count": group.rows.len(),
        "mean": found.mean,
        "pairs": found.paired.map(|paired| paired.pairs),
        "difference": found.paired.map(|paired| paired.mean),
        "low": interval.map(|(low, _)| low),
        "high": interval.map(|(_, high)| high),
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::terminal;
    use super::*;
    use crate::study::tests::study_store;

    fn options(group_by: &str) -> Options {
        Options {
            group_by: vec![group_by.into()],
            ..Default::default()
        }
    }

    #[test]
    fn groups_are_paired() {
        let (_folder, store) = study_store();
        let now = terminal(None).now;
        let output = run(&store, &options("learning_rate"), now).unwrap();
        insta::assert_snapshot!("groups", output.text);
        assert!(output.warnings.is_empty(), "{:?}", output.warnings);
        let json = Options {
            json: true,
            score: vec!["test_acc".into()],
            ..options("learning_rate")
        };
        let json: Value = serde_json::from_str(&run(&store, &json, now).unwrap().text).unwrap();
        let second = &json["scores"]["test_acc"][1];
        // Two more right windows of twenty in every pair.
        assert_eq!(
            (second["pairs"].as_u64(), second["count"].as_u64()),
            (Some(6), Some(6))
        );
        for name in ["difference", "low", "high"] {
            assert!(
                (second[name].as_f64().unwrap() - 0.1).abs() < 1e-9,
                "{name}"
            );
        }
        let problem = run(&store, &options("model"), now).unwrap_err().to_string();
        assert!(problem.contains("1 group(s)"), "{problem}");
    }

    #[test]
    fn misspelt_names_are_refused() {
        let (_folder, store) = study_store();
        let problem = |options: Options| {
            let error = run(&store, &options, terminal(None).now).unwrap_err();
            assert!(error.is_usage(), "{error}");
            error.to_string()
        };
        let score = |score: &str| Options {
            score: vec![score.into()],
            ..options("learning_rate")
        };
        let filter = Options {
            filter: Some("studdy=rates".into()),
            ..options("learning_rate")
        };
        for (options, expected) in [
            (
                options("lerning_rate"),
                "--group-by: no experiment has a field `lerning_rate`; do you mean `learning_rate`?",
            ),
            (
                score("tset_f1"),
                "--score: no experiment has a field `tset_f1`; do you mean `test_f1`?",
            ),
            (
                score("model"),
                "--score model: none of the completed experiments has a number there",
            ),
            (
                filter,
                "--filter: no experiment has a field `studdy`; do you mean `study`?",
            ),
        ] {
            assert_eq!(problem(options), expected);
        }
    }

    #[test]
    fn baselines_are_grouped_with_their_features() {
        let (_folder, store) = crate::test_store::baselines();
        let output = run(&store, &options("model"), terminal(None).now).unwrap();
        insta::assert_snapshot!("groups of baselines", output.text);
    }
}
