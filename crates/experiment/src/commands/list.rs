//! `experiment list`.

mod gather;
mod groups;
mod table;

use std::cmp::Ordering;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::Output;
use super::nothing::no_experiments;
use super::text::Terminal;
use crate::error::ExperimentError;
use crate::fields::{compare, size};
use crate::json::number as number_of;
use crate::store::ExperimentStore;
use gather::{Gathered, gather};
use groups::Grouping;
use table::{chosen, csv, table};

/// Field that sorts by default: the start of the run.
const DEFAULT_ORDER: &str = "time";

/// Options of the command.
#[derive(Debug, Default, clap::Args)]
pub struct Options {
    /// Sort by this field, ascending; `-KEY` sorts descending
    #[arg(
        long,
        value_name = "KEY",
        default_value = DEFAULT_ORDER,
        allow_hyphen_values = true
    )]
    pub sort: String,
    /// Only experiments that match this filter, such as
    /// 'model=simple_cnn and test.f1_macro>0.9 and not status=failed'
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,
    /// Fields to show as columns
    #[arg(long, value_name = "KEY,...", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Put experiments with the same values of these fields into one group, and show mean, standard deviation, best
    /// and 95 % interval of the mean of val_f1 and test_f1, or of the given --columns
    #[arg(long, value_name = "KEY,...", value_delimiter = ',')]
    pub group_by: Vec<String>,
    /// Show only the last N rows; with `--sort -KEY`, the first N
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Print a JSON array instead of a table
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print comma-separated values instead of a table
    #[arg(long)]
    pub csv: bool,
}

/// The requested fields of one experiment.
struct Row {
    id: String,
    directory: PathBuf,
    status: String,
    sort: Value,
    /// Values of the chosen columns.
    values: Vec<Value>,
    /// The full metadata, if requested.
    json: Option<String>,
}

/// Above this number of experiments, sizes are measured only on request: each needs a walk through a directory.
const SIZE_ON_REQUEST_FROM: usize = 1000;

pub(super) fn run(
    store: &ExperimentStore,
    options: &Options,
    terminal: &Terminal,
) -> Result<Output, ExperimentError> {
    let grouping = Grouping::of(options)?;
    let names = match &grouping {
        Some(grouping) => grouping.names(),
        None => chosen(options, terminal),
    };
    let Gathered {
        mut rows,
        ids,
        warnings,
    } = gather(store, options, &names, terminal.now)?;
    if let Some(grouping) = grouping.filter(|_| !rows.is_empty()) {
        return Ok(Output {
            text: grouping.show(rows, options)?,
            warnings,
            ..Default::default()
        });
    }
    sort(&mut rows, options);
    options.cut(&mut rows);
    take_sizes(&mut rows, &names, options);
    let text = if options.json {
        let rows: Vec<String> = rows.into_iter().filter_map(|row| row.json).collect();
        format!("[{}]\n", rows.join(",\n"))
    } else if options.csv {
        csv(&rows, &names)
    } else if ids.is_empty() {
        no_experiments(store.root())
    } else if rows.is_empty() {
        format!("None of {} experiments matches the filter.\n", ids.len())
    } else {
        table(&rows, &names, &ids, options, terminal)
    };
    Ok(Output {
        text,
        warnings,
        ..Default::default()
    })
}

impl Options {
    /// Whether single fields are requested rather than whole experiments.
    fn asks_for_fields(&self) -> bool {
        !self.json || !self.group_by.is_empty()
    }

    /// The sort field, and whether the order is descending.
    fn order(&self) -> (&str, bool) {
        match self.sort.strip_prefix('-') {
            Some(name) => (name, true),
            None => (&self.sort, false),
        }
    }

    /// Leaves as many rows as were asked for: those with the largest values of the sort field.
    fn cut<T>(&self, rows: &mut Vec<T>) {
        let Some(limit) = self.limit else {
            return;
        };
        let (_, largest_first) = self.order();
        if largest_first {
            rows.truncate(limit);
        } else {
            rows.drain(..rows.len().saturating_sub(limit));
        }
    }
}

/// The order of two values of the sort field. Missing ones and NaN count as the smallest, so that no limit prefers them.
fn in_order(a: &Value, b: &Value, largest_first: bool) -> Ordering {
    let is_missing = |value: &Value| value.is_null() || number_of(value).is_some_and(f64::is_nan);
    let order = is_missing(b).cmp(&is_missing(a));
    let order = order.then_with(|| compare(a, b));
    if largest_first {
        order.reverse()
    } else {
        order
    }
}

fn sort(rows: &mut [Row], options: &Options) {
    let (name, largest_first) = options.order();
    if largest_first && name == DEFAULT_ORDER {
        rows.reverse();
        return;
    }
    rows.sort_by(|a, b| in_order(&a.sort, &b.sort, largest_first));
}

/// Measures the sizes of the shown experiments on several threads.
fn take_sizes(rows: &mut [Row], names: &[&str], options: &Options) {
    let Some(at) = names.iter().position(|name| *name == "size") else {
        return;
    };
    if options.json {
        return;
    }
    if options.columns.is_empty() && rows.len() > SIZE_ON_REQUEST_FROM {
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

#[cfg(test)]
mod tests;
