//! `experiment list --group-by`: statistics of scores over experiments that share some fields.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::super::group_keys::GroupKeys;
use super::super::text::{number, painted_table, plain};
use super::table::{header, quoted};
use super::{DEFAULT_ORDER, Options, Row, in_order};
use crate::error::ExperimentError;
use crate::fields::{compare, text};
use crate::json::number as number_of;
use crate::select::direction;
use crate::statistics::Sample;

/// Scores shown by default.
const DEFAULT: [&str; 2] = ["val_f1", "test_f1"];

/// The fields to group by, and the scores to summarise.
pub(super) struct Grouping<'a> {
    keys: GroupKeys<'a>,
    scores: Vec<&'a str>,
}

/// Experiments with the same values of the group keys.
struct Group {
    keys: Vec<Value>,
    count: usize,
    /// One summary per score.
    scores: Vec<Score>,
}

/// Summary of a score over the experiments of a group.
struct Score {
    /// Over the experiments whose value is known and finite.
    sample: Option<Sample>,
    /// The best value, and the ID of the experiment that has it.
    best: Option<(f64, String)>,
}

impl<'a> Grouping<'a> {
    /// The grouping that the options request, if any.
    ///
    /// # Errors
    /// [`ExperimentError::Usage`] if the groups have no value of the field to sort by.
    pub fn of(options: &'a Options) -> Result<Option<Self>, ExperimentError> {
        if options.group_by.is_empty() {
            return Ok(None);
        }
        let keys = GroupKeys::new(&options.group_by);
        let chosen = options.columns.iter().map(String::as_str);
        let mut scores: Vec<&str> = chosen.filter(|name| !keys.names().contains(name)).collect();
        if scores.is_empty() {
            scores = DEFAULT.to_vec();
        }
        let grouping = Self { keys, scores };
        let (name, names) = (options.order().0, grouping.names());
        if name != DEFAULT_ORDER && !names.contains(&name) {
            return Err(ExperimentError::Usage(format!(
                "--sort {}: groups are sorted by one of their columns: {}",
                plain(name),
                plain(&names.join(", "))
            )));
        }
        Ok(Some(grouping))
    }

    /// The fields to read of every experiment.
    pub fn names(&self) -> Vec<&'a str> {
        let keys = self.keys.names().iter();
        keys.chain(&self.scores).copied().collect()
    }

    /// Renders the groups of `rows` as the options request.
    ///
    /// # Errors
    /// [`ExperimentError::Usage`] if a score is no number in any experiment.
    pub fn show(
        mut self,
        mut rows: Vec<Row>,
        options: &Options,
    ) -> Result<String, ExperimentError> {
        // Broken experiments have no fields, so they belong to no group.
        rows.retain(|row| row.status != "broken");
        self.keys.settle(&mut rows, |row| &mut row.values);
        self.check_scores(&rows)?;
        let mut groups = self.groups(rows);
        self.sort(&mut groups, options);
        options.cut(&mut groups);
        Ok(if options.json {
            let groups: Vec<Value> = groups.iter().map(|group| self.as_json(group)).collect();
            format!("{:#}\n", json!(groups))
        } else if options.csv {
            self.csv(&groups)
        } else {
            self.table(&groups)
        })
    }

    /// A text has no mean: a column of names would only give dashes.
    fn check_scores(&self, rows: &[Row]) -> Result<(), ExperimentError> {
        let keys = self.keys.names().len();
        for (i, name) in self.scores.iter().enumerate() {
            let values = || rows.iter().map(|row| &row.values[keys + i]);
            let known = values().any(|value| !value.is_null());
            if known && values().all(|value| number_of(value).is_none()) {
                return Err(ExperimentError::Usage(format!(
                    "--columns {}: groups show means, and this field is not a number in any experiment",
                    plain(name)
                )));
            }
        }
        Ok(())
    }

    fn groups(&self, mut rows: Vec<Row>) -> Vec<Group> {
        let keys = self.keys.names().len();
        let order = |a: &[Value], b: &[Value]| {
            let pairs = a[..keys].iter().zip(&b[..keys]);
            let orders = pairs.map(|(a, b)| compare(a, b));
            orders.fold(Ordering::Equal, Ordering::then)
        };
        rows.sort_by(|a, b| order(&a.values, &b.values));
        let groups = rows.chunk_by(|a, b| order(&a.values, &b.values).is_eq());
        groups.map(|rows| self.group(rows)).collect()
    }

    fn group(&self, rows: &[Row]) -> Group {
        let keys = self.keys.names().len();
        let score = |(i, name): (usize, &&str)| {
            let known = rows.iter().filter_map(|row| {
                let value = number_of(&row.values[keys + i]);
                Some((value.filter(|value| value.is_finite())?, row))
            });
            let known: Vec<(f64, &Row)> = known.collect();
            let values: Vec<f64> = known.iter().map(|(value, _)| *value).collect();
            let direction = direction(name);
            let best = known.iter().min_by(|(a, _), (b, _)| direction.rank(*a, *b));
            Score {
                sample: Sample::of(&values),
                best: best.map(|(value, row)| (*value, row.id.clone())),
            }
        };
        Group {
            keys: rows[0].values[..keys].to_vec(),
            count: rows.len(),
            scores: self.scores.iter().enumerate().map(score).collect(),
        }
    }

    /// Sorts by the mean of a score if requested, otherwise by the keys.
    fn sort(&self, groups: &mut [Group], options: &Options) {
        let (name, largest_first) = options.order();
        let score = self.scores.iter().position(|score| *score == name);
        let key = self.keys.names().iter().position(|key| *key == name);
        let value = |group: &Group| match (score, key) {
            (Some(i), _) => group.scores[i]
                .sample
                .map_or(Value::Null, |sample| json!(sample.mean)),
            (None, Some(i)) => group.keys[i].clone(),
            (None, None) => Value::Null,
        };
        groups.sort_by(|a, b| in_order(&value(a), &value(b), largest_first));
    }

    fn table(&self, groups: &[Group]) -> String {
        let mut head: Vec<String> = self.keys.names().iter().map(|key| header(key)).collect();
        head.push("RUNS".into());
        for score in &self.scores {
            head.extend([
                header(score),
                "SD".into(),
                "BEST".into(),
                "95 % OF THE MEAN".into(),
            ]);
        }
        let rows: Vec<Vec<String>> = groups
            .iter()
            .map(|group| {
                let keys = group.keys.iter().map(|key| plain(&text(key)));
                let scores = group
                    .scores
                    .iter()
                    .flat_map(|score| score.cells(group.count));
                keys.chain([group.count.to_string()])
                    .chain(scores)
                    .collect()
            })
            .collect();
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        let right: Vec<usize> = (self.keys.names().len()..head.len()).collect();
        painted_table(&head, &rows, &right, |_, _, cell| cell)
    }

    fn csv(&self, groups: &[Group]) -> String {
        let numbers = [
            "count",
            "mean",
            "deviation",
            "best",
            "best_id",
            "low",
            "high",
        ];
        let mut head: Vec<String> = self
            .keys
            .names()
            .iter()
            .map(|key| quoted(&plain(key)))
            .collect();
        head.push("count".into());
        for score in &self.scores {
            head.extend(numbers.map(|number| quoted(&format!("{}_{number}", plain(score)))));
        }
        let mut out = format!("{}\r\n", head.join(","));
        for group in groups {
            let mut cells: Vec<Value> = group.keys.clone();
            cells.push(json!(group.count));
            for score in &group.scores {
                let score = score.as_json();
                cells.extend(numbers.map(|number| score[number].clone()));
            }
            let cells = cells.iter().map(|cell| match cell {
                Value::Null => String::new(),
                cell => quoted(&plain(&text(cell))),
            });
            out.push_str(&format!("{}\r\n", cells.collect::<Vec<_>>().join(",")));
        }
        out
    }

    fn as_json(&self, group: &Group) -> Value {
        let keys = self.keys.names().iter().zip(&group.keys);
        let keys: Map<String, Value> = keys
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect();
        let scores = self.scores.iter().zip(&group.scores);
        let scores: Map<String, Value> = scores
            .map(|(name, score)| ((*name).to_owned(), score.as_json()))
            .collect();
        json!({"group": keys, "count": group.count, "scores": scores})
    }
}

impl Score {
    /// Mean, deviation, best and interval. The mean shows its sample size if some values are unknown.
    fn cells(&self, all: usize) -> [String; 4] {
        let Some(sample) = self.sample else {
            return ["-", "-", "-", "-"].map(String::from);
        };
        let of = if sample.count < all {
            format!(" of {}", sample.count)
        } else {
            String::new()
        };
        let interval = sample.interval();
        let interval =
            interval.map(|(low, high)| format!("{} to {}", number(Some(low)), number(Some(high))));
        [
            format!("{}{of}", number(Some(sample.mean))),
            number(sample.deviation),
            number(self.best.as_ref().map(|(best, _)| *best)),
            interval.unwrap_or("-".into()),
        ]
    }

    fn as_json(&self) -> Value {
        let interval = self.sample.and_then(|sample| sample.interval());
        json!({
            "count": self.sample.map_or(0, |sample| sample.count),
            "mean": self.sample.map(|sample| sample.mean),
            "deviation": self.sample.and_then(|sample| sample.deviation),
            "best": self.best.as_ref().map(|(best, _)| best),
            "best_id": self.best.as_ref().map(|(_, id)| id),
            "low": interval.map(|(low, _)| low),
            "high": interval.map(|(_, high)| high),
        })
    }
}
