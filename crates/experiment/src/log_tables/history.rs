//! Histories in JSON: lists by metric, as `json.dump(history.history, file)` of Keras writes them, and records by epoch, in a list
//! or one a line.
//!
//! Lists of one length have a value for each epoch. A document may have the history within other objects, but only one.

mod lists;
mod records;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use self::lists::List;
use super::table::Table;
use crate::catalogue::tags::{
    Certainty, TagMeaning, is_metric, is_own_score, meaning, split_of_name, without_word, words,
};
use crate::catalogue::{Metric, Split};
use crate::files::read_regular;
use crate::json;
use support::words::{counted, first_few};

/// Size limit of a file in bytes: every JSON below a folder is opened.
const MAX_SIZE: u64 = 8 << 20;

/// Bytes in which a history names a metric.
const HEAD: usize = 64 << 10;

/// Parts of the names of all metrics that are known.
const PARTS: [&str; 7] = [
    "loss",
    "entropy",
    "acc",
    "top1",
    "f1",
    "precision",
    "recall",
];

/// Objects and lists within others that are looked into.
const MOST_DEEP: usize = 5;

/// Most names in a sentence.
const MAX_NAMED: usize = 4;

/// Word in the names of files and of objects that have a history.
const HISTORY: &str = "history";

/// Whether a file of this name may be a history.
pub(super) fn may_be_history(name: &str) -> bool {
    let ending = Path::new(name).extension().unwrap_or_default();
    ["json", "jsonl", "ndjson"]
        .iter()
        .any(|known| ending.eq_ignore_ascii_case(known))
}

/// Reads a history; `None` if the file has none.
///
/// # Errors
/// Why what the file has is not read, in words that follow its name.
pub(super) fn read(path: &Path) -> Result<Option<Table>, String> {
    let Ok(bytes) = read_regular(path, MAX_SIZE) else {
        return Ok(None);
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_lowercase();
    if !names_metrics(&bytes) {
        return Ok(None);
    }
    let (document, torn) = match json::parse(&bytes) {
        Ok(value) if !name.ends_with(".json") && value.is_object() => (vec![value].into(), 0),
        Ok(value) => (value, 0),
        Err(error) => match lines(&bytes) {
            Some(parsed) => parsed,
            None if name.contains(HISTORY) => {
                return Err(format!("which is no complete JSON ({error})"));
            }
            None => return Ok(None),
        },
    };
    let document = json::plain(document);
    let mut histories = Histories::default();
    histories.look_into(&document, &mut Vec::new());
    let Some(mut table) = histories.table(&name)? else {
        return Ok(None);
    };
    if torn > 0 {
        let lines = counted(torn, "line");
        table.notes.push(format!("{lines} passed over: no JSON"));
    }
    Ok(Some(table))
}

fn names_metrics(bytes: &[u8]) -> bool {
    let head = json::text(&bytes[..bytes.len().min(HEAD)]).to_lowercase();
    PARTS.iter().any(|part| head.contains(part))
}

/// The records of a file with one in each line, and the number of lines that are none; `None` for other files.
fn lines(bytes: &[u8]) -> Option<(Value, usize)> {
    let text = json::text(bytes);
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let parsed: Vec<Option<Value>> = lines
        .map(|line| json::parse(line.as_bytes()).ok().filter(Value::is_object))
        .collect();
    let all = parsed.len();
    let records: Vec<Value> = parsed.into_iter().flatten().collect();
    let torn = all - records.len();
    (records.len() > torn).then(|| (records.into(), torn))
}

/// What a document has of histories, by the path of each.
#[derive(Default)]
struct Histories<'a> {
    lists: BTreeMap<String, Vec<List<'a>>>,
    records: BTreeMap<String, Vec<&'a Map<String, Value>>>,
    /// Scores of the test split, which has one value.
    tested: Vec<(String, f64)>,
}

impl<'a> Histories<'a> {
    fn look_into(&mut self, value: &'a Value, path: &mut Vec<String>) {
        if path.len() > MOST_DEEP {
            return;
        }
        if let Some(list) = values(value) {
            let (parent, name) = named(path);
            self.lists
                .entry(parent)
                .or_default()
                .push(List { name, values: list });
            return;
        }
        match value {
            Value::Array(items) => {
                let objects: Option<Vec<_>> = items.iter().map(Value::as_object).collect();
                match objects.filter(|all| !all.is_empty()) {
                    Some(all) if records::are_records(&all) => {
                        self.records.insert(path.join("/"), all);
                    }
                    Some(_) => {
                        for (i, value) in items.iter().enumerate() {
                            self.look_below(i.to_string(), value, path);
                        }
                    }
                    None => {}
                }
            }
            Value::Object(fields) => {
                for (key, value) in fields {
                    if path.len() < DEEPEST_SCORE {
                        self.tested.extend(tested(key, value));
                    }
                    self.look_below(key.clone(), value, path);
                }
            }
            _ => {}
        }
    }

    fn look_below(&mut self, key: String, value: &'a Value, path: &mut Vec<String>) {
        path.push(key);
        self.look_into(value, path);
        path.pop();
    }

    /// The only history of the document.
    fn table(mut self, file: &str) -> Result<Option<Table>, String> {
        self.lists.retain(|path, lists| {
            let is_named = file.contains(HISTORY) || path.to_lowercase().contains(HISTORY);
            let is = |wanted: fn(&str) -> bool| lists.iter().any(|list| wanted(&list.name));
            // Scores alone may be those of folds.
            is(is_metric) && (is_named || is(is_loss) || lists::are_counted(lists))
        });
        let mut tables: Vec<(&String, Table)> = Vec::new();
        let is_score = |name: &String| is_metric(name) || is_own_score(name);
        for (path, all) in &self.records {
            let table = records::table(all);
            if table.columns.iter().any(is_score) {
                if let Some(why) = records::several_runs_of(all) {
                    return Err(why);
                }
                tables.push((path, table));
            }
        }
        let lists = self.lists.iter();
        tables.extend(lists.map(|(path, lists)| (path, lists::table(lists, &self.tested))));
        if tables.len() > 1 {
            let shown = |path: &str| {
                if path.is_empty() {
                    "the whole".to_owned()
                } else {
                    path.to_owned()
                }
            };
            let paths: Vec<String> = tables.iter().map(|(path, _)| shown(path)).collect();
            return Err(format!(
                "which has {} histories, such as those of {}: write each into a file in a folder of its own",
                tables.len(),
                first_few(&paths, MAX_NAMED)
            ));
        }
        Ok(tables.pop().map(|(_, table)| table))
    }
}

/// Objects within others whose scores of the test split count.
const DEEPEST_SCORE: usize = 2;

/// A score of the test split, such as `test_accuracy` or `final_test_accuracy`.
fn tested(key: &str, value: &Value) -> Option<(String, f64)> {
    let name = without_word(key, "final").unwrap_or_else(|| key.to_owned());
    let is_tested = matches!(
        meaning("", &name),
        TagMeaning::Metric(_, Split::Test, Certainty::Tag)
    );
    let value = Metric::read(&name, value).filter(|_| is_tested)?;
    Some((name, value))
}

fn is_loss(name: &str) -> bool {
    matches!(meaning("", name), TagMeaning::Metric(Metric::Loss, ..))
}

/// The numbers of a list, also as pandas writes it: `{"0": 0.5, "1": 0.25}`.
fn values(value: &Value) -> Option<Vec<&Value>> {
    let items: Vec<&Value> = match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(fields) => {
            let at = |i: usize| fields.get(&i.to_string());
            (0..fields.len()).map(at).collect::<Option<_>>()?
        }
        _ => return None,
    };
    let is_number = |item: &&Value| json::score(item).is_some();
    let fits = items.iter().all(|item| item.is_null() || is_number(item));
    (fits && items.iter().any(is_number)).then_some(items)
}

/// The path of the history that a list belongs to, and its name there: the split may be above the metric, or below.
fn named(path: &[String]) -> (String, String) {
    let is_split = |part: &String| split_of_name(part).is_some();
    let last_two = &path[path.len().saturating_sub(2)..];
    let of_name = if last_two.iter().any(is_split) { 2 } else { 1 };
    let (parent, name) = path.split_at(path.len().saturating_sub(of_name));
    (parent.join("/"), tidy(name.join("/")))
}

/// Words of the names of lists that say nothing of their metric: `val_loss_history`, `train_loss_per_epoch`.
const FILLERS: [&str; 8] = [
    "history", "hist", "list", "values", "curve", "log", "logs", "per",
];

/// The name of a known metric without words that say nothing; other names as they are.
fn tidy(name: String) -> String {
    if meaning("", &name) != TagMeaning::Unknown || name.contains('%') {
        return name;
    }
    let words = words(&name).into_iter();
    let others: Vec<String> = words.filter(|word| !FILLERS.contains(&&word[..])).collect();
    let others = others.join("_");
    if is_metric(&others) { others } else { name }
}

#[cfg(test)]
mod tests;
