//! `experiment list`.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::Output;
use super::text::{
    Colour, Terminal, age, bytes, count, cut, duration, number, padded, painted_table, plain,
    widths,
};
use crate::error::ExperimentError;
use crate::fields::{Fields, compare, names as short_names, size, status, text};
use crate::filter::Filter;
use crate::store::{Entry, ExperimentStore};

/// Options of the command.
#[derive(Debug, Default, clap::Args)]
pub struct Options {
    /// Sort by a column or dotted key of the metadata, smallest first; `-KEY`: largest first
    #[arg(
        long,
        value_name = "KEY",
        default_value = "time",
        allow_hyphen_values = true
    )]
    pub sort: String,
    /// Only those that meet a condition, such as
    /// 'model=simple_cnn and test.f1_macro>0.9 and not status=failed'
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,
    /// These columns or dotted keys of the metadata
    #[arg(long, value_name = "KEY,...", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Only the last N rows
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// One JSON array instead of a table
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Comma-separated values instead of a table
    #[arg(long)]
    pub csv: bool,
}

/// How a field is shown.
struct Column {
    name: &'static str,
    header: &'static str,
    right: bool,
    /// Columns of the highest numbers are left out first where the terminal is narrow.
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

const COLUMNS: [Column; 16] = [
    words("id", "ID", 0),
    words("status", "STATUS", 1),
    words("model", "MODEL", 4),
    column("classes", "CLASSES", 13, count),
    words("dataset", "DATASET", 11),
    column("epochs", "EPOCHS", 7, count),
    column("val_f1", "VAL F1", 3, number),
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

/// One experiment: what the command asked of it, and no more.
struct Row {
    directory: PathBuf,
    status: String,
    sort: Value,
    /// Of the chosen columns.
    values: Vec<Value>,
    /// The whole, where that is asked for.
    json: Option<String>,
}

/// Experiments from which on sizes are only taken where they are asked for: that is a walk through every directory.
const MANY: usize = 1000;

pub(super) fn run(
    store: &ExperimentStore,
    options: &Options,
    terminal: &Terminal,
) -> Result<Output, ExperimentError> {
    let filter = options.filter.as_deref().map(Filter::parse).transpose()?;
    let (sort_by, largest_first) = match options.sort.strip_prefix('-') {
        Some(name) => (name, true),
        None => (&options.sort[..], false),
    };
    let names = chosen(options, terminal);
    // Fields of the filter that some experiment has.
    let asked = filter.as_ref().map(Filter::fields).unwrap_or_default();
    let seen: Vec<AtomicBool> = asked.iter().map(|name| names_known(name).into()).collect();
    let ids = Mutex::new(Vec::new());
    let (mut rows, broken) = store.scan(|entry| {
        let id = plain(&entry.id);
        ids.lock().unwrap_or_else(PoisonError::into_inner).push(id);
        let entry = entry.with_logged_results();
        let fields = Fields::new(&entry, terminal.now);
        for (name, seen) in asked.iter().zip(&seen) {
            if !seen.load(Relaxed) && !fields.get(name).is_null() {
                seen.store(true, Relaxed);
            }
        }
        if filter
            .as_ref()
            .is_some_and(|filter| !filter.matches(&fields))
        {
            return None;
        }
        Some(Row {
            status: status(&entry),
            sort: match sort_by {
                // The store's own order.
                "time" => Value::Null,
                name => fields.get(name),
            },
            values: match options.json {
                true => Vec::new(),
                // Taken later, of those that are shown.
                false => names
                    .iter()
                    .map(|name| match *name {
                        "size" => Value::Null,
                        name => fields.get(name),
                    })
                    .collect(),
            },
            json: options.json.then(|| as_json(&entry).to_string()),
            directory: entry.directory.clone(),
        })
    })?;
    let ids = ids.into_inner().unwrap_or_else(PoisonError::into_inner);
    match largest_first {
        true if sort_by == "time" => rows.reverse(),
        // What is missing stays first.
        true => rows.sort_by(|a, b| match a.sort.is_null() || b.sort.is_null() {
            true => compare(&a.sort, &b.sort),
            false => compare(&b.sort, &a.sort),
        }),
        false => rows.sort_by(|a, b| compare(&a.sort, &b.sort)),
    }
    if let Some(limit) = options.limit {
        rows.drain(..rows.len().saturating_sub(limit));
    }
    take_sizes(&mut rows, &names, options);
    let passed_over = broken
        .iter()
        .map(|e| format!("passed over: {}", plain(&e.to_string())));
    let unknown = asked
        .iter()
        .zip(&seen)
        .filter(|(_, seen)| !seen.load(Relaxed) && !ids.is_empty());
    let unknown = unknown.map(|(name, _)| {
        format!(
            "--filter: no experiment has a field `{}`; short names are {}",
            plain(name),
            short_names().join(", ")
        )
    });
    let warnings = passed_over.chain(unknown).collect();
    let text = if options.json {
        let rows: Vec<String> = rows.into_iter().filter_map(|row| row.json).collect();
        format!("[{}]\n", rows.join(",\n"))
    } else if options.csv {
        csv(&rows, &names)
    } else if ids.is_empty() {
        format!(
            "No experiments in {}. `cargo run -p trainer -- --model simple_cnn` makes one.\n",
            plain(&store.root().display().to_string())
        )
    } else if rows.is_empty() {
        format!("None of {} experiments meets the filter.\n", ids.len())
    } else {
        table(&rows, &names, &ids, options, terminal)
    };
    Ok(Output {
        text,
        warnings,
        ..Default::default()
    })
}

fn names_known(name: &str) -> bool {
    short_names().contains(&name)
}

/// Takes the sizes of those that are shown, by several threads.
fn take_sizes(rows: &mut [Row], names: &[&str], options: &Options) {
    let Some(at) = names.iter().position(|name| *name == "size") else {
        return;
    };
    if options.json {
        return;
    }
    if options.columns.is_empty() && rows.len() > MANY {
        rows.iter_mut().for_each(|row| row.values[at] = Value::Null);
        return;
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = rows.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        for rows in rows.chunks_mut(share) {
            scope.spawn(move || {
                for row in rows {
                    row.values[at] = json!(size(&row.directory));
                }
            });
        }
    });
}

/// The chosen columns, all by default, without those there is never room for.
fn chosen<'a>(options: &'a Options, terminal: &Terminal) -> Vec<&'a str> {
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
    COLUMNS.iter().find(|column| column.name == name)
}

fn cell(value: &Value, name: &str) -> String {
    match known(name) {
        Some(column) if column.right => (column.show)(value.as_f64()),
        _ => plain(&text(value)),
    }
}

/// `all` are the IDs of all experiments, whether shown or not.
fn table(
    rows: &[Row],
    names: &[&str],
    all: &[String],
    options: &Options,
    terminal: &Terminal,
) -> String {
    let header = |name: &str| known(name).map_or_else(|| plain(name), |c| c.header.to_owned());
    let mut columns: Vec<(String, Vec<String>, &str)> = names
        .iter()
        .enumerate()
        .map(|(i, &name)| {
            let cells = rows.iter().map(|row| cell(&row.values[i], name)).collect();
            (header(name), cells, name)
        })
        .collect();
    if options.columns.is_empty() {
        // A column that says nothing.
        let says = |cells: &[String]| cells.iter().any(|cell| !cell.is_empty() && cell != "-");
        columns.retain(|(_, cells, name)| known(name).is_none_or(|c| c.order < 4) || says(cells));
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
    let right = |i: &usize| known(columns[*i].2).is_some_and(|column| column.right);
    let right: Vec<usize> = (0..columns.len()).filter(right).collect();
    painted_table(&head, &cells, &right, |i, j, cell| match columns[j].2 {
        "status" => terminal.status(&rows[i].status, &cell),
        "age" | "size" => terminal.paint(&cell, Colour::Faint),
        _ => cell,
    })
}

/// Makes a table no wider than `limit`: IDs become the shortest beginnings that name one experiment, then, where
/// nobody chose them, columns are left out, then IDs are cut.
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
        *ids = beginnings(ids, all);
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
            .map(|id| super::text::width(id))
            .max()
            .unwrap_or(0);
        let limit = wide.saturating_sub(surplus).max(8);
        ids.iter_mut().for_each(|id| *id = cut(id, limit));
        *header = padded(header, 2, false);
    }
}

/// Beginnings of IDs, of whole parts between `_`, at least date and time, that no other of `all` has.
fn beginnings(ids: &[String], all: &[String]) -> Vec<String> {
    let mut sorted: Vec<&String> = all.iter().collect();
    sorted.sort();
    let common = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    ids.iter()
        .map(|id| {
            let at = sorted.binary_search(&id).expect("it is one of them");
            let around = [at.checked_sub(1), Some(at + 1)].into_iter().flatten();
            let others = around.filter_map(|i| sorted.get(i));
            let shared = others.map(|other| common(id, other)).max().unwrap_or(0);
            let ends = id.match_indices('_').map(|(end, _)| end);
            let end = ends.skip(1).find(|end| *end > shared);
            id[..end.unwrap_or(id.len())].to_owned()
        })
        .collect()
}

fn csv(rows: &[Row], names: &[&str]) -> String {
    let quoted = |text: &str| match text.contains([',', '"']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    };
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

fn as_json(entry: &Entry) -> Value {
    json!({
        "id": entry.id,
        "status": status(entry),
        "directory": entry.directory.to_string_lossy(),
        "metadata": if entry.untracked { Value::Null } else { json!(entry.metadata) },
    })
}

#[cfg(test)]
mod tests;
