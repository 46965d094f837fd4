//! Parquet files with a window in each row: a column of lists `[samples]`, `[channels][samples]` or
//! `[channels][segments][bins]`, with `label` and, optional, `group` beside it. pandas, pyarrow and `datasets` of Hugging
//! Face write such files. Channels may also be in columns of their own: see `channels`.

mod channels;
mod told;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use bytes::Bytes;
use parquet::file::reader::{ChunkReader, SerializedFileReader};
use support::panics::catch;

use super::element::check_range;
use super::lists::{numbers_of, whole, whole_float};
use super::names::{Role, is_rate};
use super::notes::{Candidate, distinct};
use super::{Reader, Record, Sink, SourceSelection, class_names, names, unreadable};
use crate::error::sample::{ArrayError, BeyondFloat32, ClassNameError, ParquetError, SampleError};
use crate::error::{DataError, in_file, in_record};
use crate::recording::{
    ListColumn, ListColumns, ListRows, Opened, RowValues, flat_columns, flat_names, read_lists,
};

/// The reader.
pub struct Parquet;

impl Reader for Parquet {
    fn name(&self) -> &'static str {
        "Parquet files with a list in each row"
    }

    fn accepts(&self, path: &Path, head: &[u8]) -> bool {
        head.starts_with(b"PAR1") && columns(path).is_some_and(|columns| has_windows(&columns))
    }

    fn read(&self, path: &Path, wanted: &SourceSelection, sink: Sink<'_>) -> Result<(), DataError> {
        let wrong = |problem: ParquetError| in_file(path)(SampleError::from(problem));
        let there = columns(path).unwrap_or_default();
        let bytes = Bytes::from(std::fs::read(path).map_err(unreadable(path))?);
        let rows = match (&there.lists[..], channels::of(&there)) {
            ([column], _) => list(&bytes, column).and_then(|rows| as_tensors(&bytes, column, rows)),
            ([], Some(found)) => channels::read(&bytes, &found),
            (lists, _) => {
                let names = lists.iter().map(|column| column.name.clone()).collect();
                Err(ParquetError::Lists { names })
            }
        };
        let rows = rows.map_err(wrong)?;
        let annotations = Annotations::of(&bytes, wanted).map_err(wrong)?;
        let windows = rows.values.len() / rows.size();
        if let Some(labels) = &annotations.labels
            && labels.len() != windows
        {
            return Err(wrong(ParquetError::Rows {
                rows: windows,
                found: labels.len(),
            }));
        }
        pass(path, &rows, annotations, wanted, sink)
    }

    fn note(&self, path: &Path, wanted: &SourceSelection) -> Option<String> {
        note_of(&Opened::new(path).ok()?, wanted)
    }

    fn rates(&self, path: &Path) -> Vec<f64> {
        let file = Opened::new(path).ok();
        file.and_then(|file| rates_of(&file)).unwrap_or_default()
    }

    fn classes(&self, path: &Path) -> Option<Vec<String>> {
        told::classes(&Opened::new(path).ok()?)
    }
}

/// What to say of labels that could be in several columns; their names are in the end of the file.
fn note_of<R: ChunkReader + Clone + 'static>(file: &R, wanted: &SourceSelection) -> Option<String> {
    let columns = flat_names(file).ok()?;
    let candidates = columns.iter().map(|(name, is_text)| Candidate {
        name,
        is_text: *is_text,
    });
    let there: Vec<_> = candidates.collect();
    wanted.note_of_labels("label", &there)
}

/// The sampling rates in the first column of that name.
fn rates_of<R: ChunkReader + Clone + 'static>(file: &R) -> Option<Vec<f64>> {
    let columns = flat_names(file).ok()?;
    let (name, _) = columns.into_iter().find(|(name, _)| is_rate(name))?;
    let mut columns = flat_columns(file, |column| column == name).ok()?;
    match columns.pop()? {
        (_, RowValues::Numbers(rates)) => Some(distinct(rates)),
        _ => None,
    }
}

/// Passes the windows to `sink`.
fn pass(
    path: &Path,
    rows: &ListRows,
    mut annotations: Annotations,
    wanted: &SourceSelection,
    sink: Sink<'_>,
) -> Result<(), DataError> {
    let shape = match rows.shape[..] {
        // One channel.
        [samples] => vec![1, samples],
        _ => rows.shape.clone(),
    };
    for (record, row) in rows.values.chunks_exact(rows.size()).enumerate() {
        let label = annotations
            .labels
            .as_ref()
            .map_or(Record::UNLABELLED, |all| all[record]);
        let group = annotations
            .groups
            .as_mut()
            .and_then(Iterator::next)
            .flatten();
        if !wanted.keeps(label) {
            sink(Record {
                record,
                group,
                ..Record::without_values(label)
            })?;
            continue;
        }
        let values = float32(row).map_err(|problem| {
            in_record(path, record)(SampleError::from(ArrayError::from(problem)))
        })?;
        sink(Record {
            record,
            values,
            shape: shape.clone(),
            label,
            group,
        })?;
    }
    Ok(())
}

/// Numbers as float32.
fn float32(values: &[f64]) -> Result<Vec<f32>, BeyondFloat32> {
    let rounded: Vec<f32> = values.iter().map(|value| *value as f32).collect();
    check_range(&rounded, |position| values[position])?;
    Ok(rounded)
}

/// Lists of all values of tensors in the shape that the file tells.
fn as_tensors(
    bytes: &Bytes,
    column: &ListColumn,
    mut rows: ListRows,
) -> Result<ListRows, ParquetError> {
    let [count] = rows.shape[..] else {
        return Ok(rows);
    };
    let Some(told) = told::tensor_shape(bytes) else {
        return Ok(rows);
    };
    if told.sizes.iter().product::<usize>() != count || told.is_permuted || told.sizes.len() > 3 {
        return Err(ParquetError::Tensors {
            name: column.name.clone(),
            shape: told.sizes,
        });
    }
    rows.shape = told.sizes;
    Ok(rows)
}

/// The lists of a column.
fn list(bytes: &Bytes, column: &ListColumn) -> Result<ListRows, ParquetError> {
    read_lists(bytes, column).map_err(|problem| ParquetError::List {
        name: column.name.clone(),
        problem,
    })
}

/// The columns of a file; `None` if it is damaged.
fn columns(path: &Path) -> Option<ListColumns> {
    let file = File::open(path).ok()?;
    let read = catch(|| SerializedFileReader::new(file).map(|file| ListColumns::of(&file)));
    read.ok()?.ok()
}

/// Whether lists are windows. Beside channels in columns of their own, they are only if their name says so.
fn has_windows(columns: &ListColumns) -> bool {
    let known = Role::Samples.names();
    let is_named = |column: &ListColumn| known.contains(&column.name.to_lowercase().as_str());
    columns.lists.iter().any(is_named)
        || !columns.lists.is_empty() && columns.floats.is_empty()
        || columns.lists.is_empty() && channels::of(columns).is_some()
}

/// Labels and groups of the windows.
struct Annotations {
    labels: Option<Vec<i64>>,
    groups: Option<std::vec::IntoIter<Option<String>>>,
}

impl Annotations {
    fn of(bytes: &Bytes, wanted: &SourceSelection) -> Result<Self, ParquetError> {
        let there = flat_names(bytes)?;
        let mut left: Vec<&str> = there.iter().map(|(name, _)| &**name).collect();
        let preferred = wanted.own_label();
        let at = left.iter().position(|name| Some(*name) == preferred);
        let given = at.map(|at| left.remove(at));
        let label = match given {
            Some(given) => Some(given),
            None => taken(&mut left, Role::Labels, "label")?,
        };
        let group = taken(&mut left, Role::Groups, "group")?;
        // Others may name the classes.
        let is_needed = |name: &str| {
            let name = Some(name);
            name == label || name == group || name.is_some_and(class_names::is_text)
        };
        let mut columns = flat_columns(bytes, is_needed)?;
        let mut column = |name: Option<&str>| {
            let at = columns
                .iter()
                .position(|(candidate, _)| Some(&**candidate) == name);
            at.map(|at| columns.remove(at))
        };
        let (found, groups_of) = (column(label), column(group));
        let groups = groups_of.and_then(|(_, values)| groups(values));
        let labels = match found {
            // Windows that are classified need no label, so any column of that name will do.
            Some((_, values)) if wanted.label_is_optional => labels(values, wanted).ok(),
            Some((name, values)) => {
                let are_numbers = matches!(values, RowValues::Numbers(_));
                let labels = labels(values, wanted)?;
                if are_numbers {
                    check_names(bytes, &columns, (&name, &labels), wanted)
                        .map_err(ArrayError::from)?;
                }
                Some(labels)
            }
            None if wanted.label_is_optional => None,
            None => {
                let there = there.into_iter().map(|(name, _)| name).collect();
                return Err(ParquetError::NoLabel { there });
            }
        };
        Ok(Self {
            labels,
            groups: groups.map(Vec::into_iter),
        })
    }
}

/// The name in a role, which is taken out of `left`.
fn taken<'a>(
    left: &mut Vec<&'a str>,
    role: Role,
    usual: &str,
) -> Result<Option<&'a str>, ParquetError> {
    let found = role.pick(usual, left.iter().copied());
    let found = found.map_err(ArrayError::from)?;
    left.retain(|name| Some(*name) != found);
    Ok(found)
}

/// A column with its name.
type NamedColumn = (String, RowValues);

/// Checks names of classes beside the labels, which are numbers.
///
/// # Errors
/// If they contradict the configuration.
fn check_names(
    bytes: &Bytes,
    others: &[NamedColumn],
    (name, labels): (&str, &[i64]),
    wanted: &SourceSelection,
) -> Result<(), ClassNameError> {
    if let Some(names) = told::class_names(bytes, name) {
        class_names::check_order(name, names, &wanted.class_names)?;
    }
    for (name, values) in others.iter().filter(|(name, _)| class_names::is_text(name)) {
        if let RowValues::Texts(texts) = values {
            for (text, label) in texts.iter().zip(labels) {
                class_names::check_text((name, text), *label, wanted)?;
            }
        }
    }
    Ok(())
}

fn labels(values: RowValues, wanted: &SourceSelection) -> Result<Vec<i64>, ParquetError> {
    let labels = match values {
        RowValues::Numbers(numbers) => whole(numbers.into_iter().map(whole_float).collect()),
        RowValues::Texts(texts) if !wanted.class_names.is_empty() => {
            numbers_of(texts, &wanted.class_names)
        }
        RowValues::Texts(texts) => {
            let there = texts
                .into_iter()
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect();
            return Err(ParquetError::TextLabels { there });
        }
        RowValues::Others => return Err(ParquetError::LabelType),
    };
    Ok(labels?)
}

/// Groups; a row without a value has none.
fn groups(values: RowValues) -> Option<Vec<Option<String>>> {
    match values {
        RowValues::Numbers(numbers) => {
            let name = |value: f64| (!value.is_nan()).then(|| value.to_string());
            Some(numbers.into_iter().map(name).collect())
        }
        RowValues::Texts(texts) => Some(texts.iter().map(|text| names::group(text)).collect()),
        RowValues::Others => None,
    }
}

#[cfg(test)]
mod tests;
