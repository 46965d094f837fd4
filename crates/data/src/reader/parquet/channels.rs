//! Windows whose channels are in columns of their own: a structure of lists, `{x: [...], y: [...]}`, or a column for each sample,
//! `x_0, x_1, ..., x_255`.

use bytes::Bytes;

use super::list;
use crate::error::sample::ParquetError;
use crate::reader::names::Role;
use crate::recording::{
    ListColumn, ListColumns, ListRows, RowValues, flat_columns, numbered_names,
};

/// Columns of a channel that has one for each sample, at least.
const FEWEST: usize = 16;

/// Channels, in the order of the file.
#[derive(Debug, PartialEq)]
pub(super) enum Channels<'a> {
    /// A list each.
    Lists(&'a [ListColumn]),
    /// The names of their columns.
    Columns(Vec<Vec<&'a str>>),
}

/// The channels of the windows of a file; `None` if it has none, or has labels nowhere and columns for samples.
pub(super) fn of(there: &ListColumns) -> Option<Channels<'_>> {
    let known = Role::Samples.names();
    let is_named =
        |structure: &&(String, Vec<ListColumn>)| known.contains(&&*structure.0.to_lowercase());
    let structures = &there.structures;
    // Beside channels in columns of their own, a structure may be anything.
    let is_alone = structures.len() == 1 && there.floats.is_empty();
    let only = || structures.first().filter(|_| is_alone);
    if !structures.is_empty() {
        let found = structures.iter().find(is_named).or_else(only)?;
        return Some(Channels::Lists(&found.1));
    }
    let stems = numbered_names(there.flat.iter().map(String::as_str));
    let first = stems.first()?.1.len();
    let is_channel = |(_, columns): &(String, Vec<usize>)| columns.len() == first;
    let is_label = |name: &String| Role::Labels.names().contains(&&*name.to_lowercase());
    let is_sample = |at: usize| stems.iter().any(|(_, columns)| columns.contains(&at));
    // Other columns of numbers may be channels of a recording.
    let is_alone = |name: &String| {
        let at = there.flat.iter().position(|column| column == name);
        at.is_some_and(is_sample)
    };
    let are_windows = first >= FEWEST
        && stems.iter().all(is_channel)
        && there.flat.iter().any(is_label)
        && there.floats.iter().all(is_alone);
    are_windows.then(|| {
        let names = |(_, columns): &(String, Vec<usize>)| {
            columns.iter().map(|at| &*there.flat[*at]).collect()
        };
        Channels::Columns(stems.iter().map(names).collect())
    })
}

/// Reads all windows, `[channels][samples]`.
///
/// # Errors
/// If a column is damaged, or channels have different lengths.
pub(super) fn read(bytes: &Bytes, channels: &Channels<'_>) -> Result<ListRows, ParquetError> {
    match channels {
        Channels::Lists(columns) => {
            let all = columns.iter().map(|column| list(bytes, column));
            let all = all.collect::<Result<Vec<_>, _>>()?;
            let unequal = all.iter().position(|channel| {
                channel.shape != all[0].shape || channel.values.len() != all[0].values.len()
            });
            if let Some(other) = unequal {
                return Err(ParquetError::UnequalChannels {
                    one: columns[0].name.clone(),
                    other: columns[other].name.clone(),
                });
            }
            let size = all[0].size();
            let rows = all[0].values.len() / size;
            let values = (0..rows).flat_map(|row| {
                all.iter()
                    .flat_map(move |channel| &channel.values[row * size..][..size])
            });
            Ok(ListRows {
                shape: vec![all.len(), size],
                values: values.copied().collect(),
            })
        }
        Channels::Columns(names) => {
            let is_needed = |name: &str| names.iter().flatten().any(|wanted| *wanted == name);
            let flat = flat_columns(bytes, is_needed)?;
            let column = |name: &&str| -> Result<&[f64], ParquetError> {
                match flat.iter().find(|(found, _)| found == name) {
                    Some((_, RowValues::Numbers(values))) => Ok(values),
                    _ => Err(ParquetError::NoNumbers {
                        name: (*name).to_owned(),
                    }),
                }
            };
            let columns = names
                .iter()
                .flatten()
                .map(column)
                .collect::<Result<Vec<_>, _>>()?;
            let rows = columns.first().map_or(0, |values| values.len());
            let values = (0..rows).flat_map(|row| columns.iter().map(move |column| column[row]));
            Ok(ListRows {
                shape: vec![names.len(), names[0].len()],
                values: values.collect(),
            })
        }
    }
}
