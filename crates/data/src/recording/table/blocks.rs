//! Tables with several columns of times, each with samples of its own behind it, as programs write that show runs or sensors
//! side by side: `time, Z, time, N`.

use super::names::{counts_rows, time_name};
use super::units::unit;
use super::{Column, NO_TIME, Values};
use crate::recording::{Notes, Remark};

/// Divides columns into blocks that begin with times of their own; `None` if there are none. If all have the same times, only
/// the first of these columns is kept.
pub(super) fn divide(columns: &mut Vec<Column>, notes: &mut Notes) -> Option<Vec<Vec<Column>>> {
    let filled = |column: &Column| !matches!(column.values, Values::Nothing(_));
    let end = columns.iter().rposition(filled)? + 1;
    let first = usize::from(counts_rows(&columns[0].name) && !is_core(&columns[0].name));
    let blocks = columns.get(first..end)?;
    let width = (2..=blocks.len() / 2).find(|width| are_blocks(blocks, *width))?;
    let starts = || (first..end).step_by(width);
    let clocks = || starts().skip(1).map(|at| &columns[at]);
    let is_one = clocks().all(|other| is_same(&columns[first], other));
    let what = if is_one {
        format!("the times of column `{}` again", columns[first].name)
    } else {
        "the times of the columns behind it".into()
    };
    for other in clocks() {
        notes.push(Remark::ColumnLeftOut {
            name: other.name.clone(),
            what: what.clone(),
        });
    }
    if is_one {
        for at in starts().skip(1).collect::<Vec<_>>().into_iter().rev() {
            columns.remove(at);
        }
        return None;
    }
    for at in starts().collect::<Vec<_>>() {
        // `time.1` and `t_Z` are no names of times by themselves.
        if time_name(&columns[at].name).is_none() {
            columns[at].name = core(&columns[at..at + width]);
        }
    }
    let mut rest = columns.drain(first..end);
    let block = |_| until_last_time(rest.by_ref().take(width).collect());
    Some((0..(end - first) / width).map(block).collect())
}

/// Whether columns are blocks of `width`, each of which begins with times, under the same name but for the run or sensor.
fn are_blocks(columns: &[Column], width: usize) -> bool {
    if !columns.len().is_multiple_of(width) {
        return false;
    }
    let mut blocks = columns.chunks(width);
    let first = core(&columns[..width]);
    let is_alone = |block: &[Column]| {
        let mut others = block[1..].iter();
        others.all(|other| !is_core(&other.name) && !is_dated(other))
    };
    time_name(&first).is_some()
        && blocks.all(|block| core(block) == first && is_alone(block) && rises(&block[0]))
}

fn is_dated(column: &Column) -> bool {
    matches!(column.values, Values::Times(_) | Values::Clocks(_))
}

/// Whether a name is that of times, without its number: `time.1`.
fn is_core(name: &str) -> bool {
    time_name(&words(name).join(" ")).is_some()
}

/// The words of a name in lower case, without the run before a colon and without numbers.
fn words(name: &str) -> Vec<String> {
    let name = name.to_lowercase();
    let name = name.rsplit(':').next().unwrap_or_default();
    // LabVIEW's name for seconds.
    let name = name.replace("x_value", "time s");
    let words = name.split(|c: char| !c.is_alphanumeric());
    let plain = words.map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()));
    let plain = plain.filter(|word| !word.is_empty());
    plain.map(str::to_owned).collect()
}

/// The name of a block's first column, without words that name its other columns: `time` for `Time Z`, `Z`.
fn core(block: &[Column]) -> String {
    let others: Vec<String> = block[1..]
        .iter()
        .flat_map(|column| words(&column.name))
        .collect();
    let mut words = words(&block[0].name);
    words
        .retain(|word| !others.contains(word) || unit(word).is_some() || time_name(word).is_some());
    words.join(" ")
}

/// Whether times never fall and are not all the same.
fn rises(column: &Column) -> bool {
    fn rises<T: PartialOrd>(mut all: impl Iterator<Item = T>) -> bool {
        let Some(mut last) = all.next() else {
            return false;
        };
        let mut is_higher = false;
        all.all(|value| {
            let is_sorted = value >= last;
            is_higher |= value > last;
            last = value;
            is_sorted
        }) && is_higher
    }
    match &column.values {
        Values::Numbers(values) => rises(values.iter().filter(|value| !value.is_nan())),
        Values::Times(times) | Values::Clocks(times) => {
            rises(times.iter().filter(|time| **time != NO_TIME))
        }
        Values::Texts(_) | Values::Nothing(_) => false,
    }
}

/// Whether two columns have the same times, in rows where both have one.
fn is_same(a: &Column, b: &Column) -> bool {
    match (&a.values, &b.values) {
        (Values::Numbers(a), Values::Numbers(b)) => {
            let mut both = a.iter().zip(b);
            both.all(|(a, b)| a == b || a.is_nan() || b.is_nan())
        }
        (Values::Times(a), Values::Times(b)) | (Values::Clocks(a), Values::Clocks(b)) => {
            let mut both = a.iter().zip(b);
            both.all(|(a, b)| a == b || *a == NO_TIME || *b == NO_TIME)
        }
        _ => false,
    }
}

/// A block without the rows below its last time: another block has more.
fn until_last_time(mut block: Vec<Column>) -> Vec<Column> {
    let last = match &block[0].values {
        Values::Numbers(values) => values.iter().rposition(|value| !value.is_nan()),
        Values::Times(times) | Values::Clocks(times) => {
            times.iter().rposition(|time| *time != NO_TIME)
        }
        Values::Texts(_) | Values::Nothing(_) => None,
    };
    let rows = block[0].values.len();
    let kept: Vec<bool> = (0..rows)
        .map(|row| last.is_some_and(|last| row <= last))
        .collect();
    for column in &mut block {
        column.values.retain(&kept);
    }
    block
}
