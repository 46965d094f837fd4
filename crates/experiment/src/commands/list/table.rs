//! The table of a list, and its columns.

use super::super::text::{
    Colour, Terminal, age, bytes, count, cut, duration, number, padded, painted_table, plain,
    widths,
};
use super::{Options, Row};
use crate::catalogue::Metric;
use crate::fields::{FEATURES, text};
use crate::json::number as json_number;
use serde_json::Value;

/// How a field is shown.
struct Column {
    name: &'static str,
    header: &'static str,
    right: bool,
    /// Priority: on a narrow terminal, columns with the highest numbers are dropped first.
    order: u8,
    show: fn(Option<f64>) -> String,
}

const fn column(
    name: &'static str,
    header: &'static str,
    order: u8,
    show: fn(Option<f64>) -> String,
) -> Column {
    Column {
        name,
        header,
        right: true,
        order,
        show,
    }
}

const fn words(name: &'static str, header: &'static str, order: u8) -> Column {
    Column {
        name,
        header,
        right: false,
        order,
        show: number,
    }
}

/// Columns that are shown only on request.
const ON_REQUEST: [Column; 2] = [
    column("flash", "FLASH", 15, bytes),
    column("ram", "RAM", 16, bytes),
];

/// Columns that are shown even if no experiment has a value.
const ALWAYS: [&str; 4] = ["id", "status", "val_f1", "test_f1"];

/// Baselines differ in model and features, so these columns stay longer than the validation score.
const COLUMNS: [Column; 18] = [
    words("id", "ID", 0),
    words("status", "STATUS", 1),
    words("tracker.run", "RUN", 4),
    words("model", "MODEL", 3),
    words(FEATURES, "FEATURES", 3),
    column("classes", "CLASSES", 13, count),
    words("dataset", "DATASET", 11),
    column("epochs", "EPOCHS", 7, count),
    column("val_f1", "VAL F1", 4, number),
    column("val_acc", "VAL ACC", 9, number),
    column("val_loss", "VAL LOSS", 10, number),
    column("test_f1", "TEST F1", 2, number),
    column("test_acc", "TEST ACC", 8, number),
    column("params", "PARAMS", 12, count),
    column("duration", "TIME", 6, duration),
    column("age", "AGE", 5, age),
    column("size", "SIZE", 14, bytes),
    words("tags", "TAGS", 7),
];

/// The chosen columns; by default all that can fit the terminal.
pub(super) fn chosen<'a>(options: &'a Options, terminal: &Terminal) -> Vec<&'a str> {
    let narrow = terminal.width.is_some_and(|width| width < 150);
    match &options.columns[..] {
        [] => COLUMNS
            .iter()
            .map(|column| column.name)
            .filter(|name| *name != "size" || !narrow)
            .collect(),
        columns => columns.iter().map(String::as_str).collect(),
    }
}

fn known(name: &str) -> Option<&'static Column> {
    let mut all = COLUMNS.iter().chain(&ON_REQUEST);
    all.find(|column| column.name == name)
}

/// Heading of a column.
pub(super) fn header(name: &str) -> String {
    known(name).map_or_else(|| plain(name), |column| column.header.to_owned())
}

fn cell(value: &Value, name: &str) -> String {
    match known(name) {
        Some(column) if column.right => (column.show)(json_number(value)),
        None if Metric::of_field(name).is_some() => number(json_number(value)),
        _ => plain(&text(value)),
    }
}

/// Renders the table. `all` holds the IDs of all experiments, shown or not.
pub(super) fn table(
    rows: &[Row],
    names: &[&str],
    all: &[String],
    options: &Options,
    terminal: &Terminal,
) -> String {
    let mut columns: Vec<(String, Vec<String>, &str)> = names
        .iter()
        .enumerate()
        .map(|(i, &name)| {
            let cells = rows.iter().map(|row| cell(&row.values[i], name)).collect();
            (header(name), cells, name)
        })
        .collect();
    if options.columns.is_empty() {
        // A column without any value is omitted.
        let says = |cells: &[String]| cells.iter().any(|cell| !cell.is_empty() && cell != "-");
        columns.retain(|(_, cells, name)| ALWAYS.contains(name) || says(cells));
    }
    let limit = terminal.width.unwrap_or(usize::MAX);
    fit(&mut columns, all, limit, options.columns.is_empty());
    let head: Vec<&str> = columns.iter().map(|(header, _, _)| &header[..]).collect();
    let cells: Vec<Vec<String>> = (0..rows.len())
        .map(|i| {
            columns
                .iter()
                .map(|(_, cells, _)| cells[i].clone())
                .collect()
        })
        .collect();
    let is_number = |name: &str| Metric::of_field(name).is_some();
    let right = |i: &usize| {
        let name = columns[*i].2;
        known(name).map_or(is_number(name), |column| column.right)
    };
    let right: Vec<usize> = (0..columns.len()).filter(right).collect();
    painted_table(&head, &cells, &right, |i, j, cell| match columns[j].2 {
        "status" => terminal.status(&rows[i].status, &cell),
        "age" | "size" => terminal.paint(&cell, Colour::Faint),
        _ => cell,
    })
}

/// Makes a table no wider than `limit`. IDs are shortened to unique prefixes first. Then default columns are dropped,
/// and last of all IDs are cut.
fn fit(
    columns: &mut Vec<(String, Vec<String>, &str)>,
    all: &[String],
    limit: usize,
    may_drop: bool,
) {
    let total = |columns: &[(String, Vec<String>, &str)]| {
        let wide = columns.iter().map(|(header, cells, _)| {
            let rows: Vec<_> = cells.iter().map(|cell| vec![cell.clone()]).collect();
            widths(&[header], &rows)[0]
        });
        wide.sum::<usize>() + 2 * columns.len().saturating_sub(1)
    };
    if total(columns) <= limit {
        return;
    }
    let ids = columns.iter_mut().find(|(_, _, name)| *name == "id");
    if let Some((_, ids, _)) = ids {
        *ids = short_ids(ids, all);
    }
    while may_drop && total(columns) > limit && columns.len() > 2 {
        let order = |(_, _, name): &(_, _, &str)| known(name).map_or(0, |column| column.order);
        let last = (0..columns.len()).max_by_key(|&i| order(&columns[i]));
        columns.remove(last.expect("there are columns"));
    }
    let surplus = total(columns).saturating_sub(limit);
    if may_drop && surplus > 0 {
        let (header, ids, _) = &mut columns[0];
        let wide = ids
            .iter()
            .map(|id| super::super::text::width(id))
            .max()
            .unwrap_or(0);
        let limit = wide.saturating_sub(surplus).max(8);
        ids.iter_mut().for_each(|id| *id = cut(id, limit));
        *header = padded(header, 2, false);
    }
}

/// Unique prefixes of IDs. If the prefix of some is the whole ID, as with baselines of the same second, unique suffixes
/// are used instead, unless these are not shorter.
pub(super) fn short_ids(ids: &[String], all: &[String]) -> Vec<String> {
    let prefixes = beginnings(ids, all);
    if prefixes.iter().zip(ids).all(|(prefix, id)| prefix != id) {
        return prefixes;
    }
    let suffixes = endings(ids, all);
    let widest = |names: &[String]| names.iter().map(String::len).max();
    if widest(&suffixes) < widest(&prefixes) {
        suffixes
    } else {
        prefixes
    }
}

/// Unique suffixes of IDs: the last parts between `_`, at which no other ID in `all` ends or begins.
fn endings(ids: &[String], all: &[String]) -> Vec<String> {
    let reversed = |id: &String| id.chars().rev().collect::<String>();
    let (mut forward, mut backward) = (all.to_vec(), all.iter().map(reversed).collect::<Vec<_>>());
    forward.sort();
    backward.sort();
    ids.iter()
        .map(|id| {
            let shared = shared_with_others(&reversed(id), &backward);
            let begins_another = |part: &str| {
                let at = forward.partition_point(|other| other.as_str() < part);
                forward.get(at).is_some_and(|other| other.starts_with(part))
            };
            let starts = id.rmatch_indices('_').map(|(at, _)| &id[at + 1..]);
            let mut unique = starts.filter(|part| part.len() > shared && !begins_another(part));
            unique.next().unwrap_or(id).to_owned()
        })
        .collect()
}

/// Number of bytes at the beginning of `name` that another of the `sorted` names shares with it.
fn shared_with_others<T: AsRef<str>>(name: &str, sorted: &[T]) -> usize {
    let common = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let found = sorted.binary_search_by(|other| other.as_ref().cmp(name));
    let at = found.expect("it is one of them");
    let around = [at.checked_sub(1), Some(at + 1)].into_iter().flatten();
    let others = around.filter_map(|i| sorted.get(i));
    others
        .map(|other| common(name, other.as_ref()))
        .max()
        .unwrap_or(0)
}

/// Unique prefixes of IDs: whole parts between `_`, at least date and time, shared with no other ID in `all`.
pub(super) fn beginnings(ids: &[String], all: &[String]) -> Vec<String> {
    let mut sorted: Vec<&String> = all.iter().collect();
    sorted.sort();
    ids.iter()
        .map(|id| {
            let shared = shared_with_others(id, &sorted);
            let ends = id.match_indices('_').map(|(end, _)| end);
            let end = ends.skip(1).find(|end| *end > shared);
            id[..end.unwrap_or(id.len())].to_owned()
        })
        .collect()
}

/// Quotes a CSV cell where needed.
pub(super) fn quoted(text: &str) -> String {
    if text.contains([',', '"']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

pub(super) fn csv(rows: &[Row], names: &[&str]) -> String {
    let line = |cells: Vec<String>| format!("{}\r\n", cells.join(","));
    let mut out = line(names.iter().map(|name| quoted(&plain(name))).collect());
    for row in rows {
        let cells = row.values.iter().map(|value| match value {
            Value::Null => String::new(),
            value => quoted(&plain(&text(value))),
        });
        out.push_str(&line(cells.collect()));
    }
    out
}
