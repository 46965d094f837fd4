//! What pandas says of the columns that it writes to Parquet, whose own types have no durations.

use std::collections::HashMap;

use parquet::file::metadata::FileMetaData;
use serde::Deserialize;

use super::super::table::{Column, Values};
use super::super::{Hints, Notes, Remark};

/// The value of the key `pandas`.
#[derive(Deserialize)]
struct Described {
    columns: Vec<DescribedColumn>,
}

#[derive(Deserialize)]
struct DescribedColumn {
    /// Name in the file.
    field_name: Option<String>,
    /// NumPy's type, such as `timedelta64[ns]`.
    numpy_type: Option<String>,
}

/// The columns of durations, and the nanoseconds of their units.
pub(super) fn durations(file: &FileMetaData) -> HashMap<String, i64> {
    let values = file.key_value_metadata().into_iter().flatten();
    let described = values
        .filter(|pair| pair.key == "pandas")
        .filter_map(|pair| serde_json::from_str::<Described>(pair.value.as_deref()?).ok());
    let columns = described.flat_map(|frame| frame.columns);
    columns
        .filter_map(|column| {
            let unit = match column.numpy_type.as_deref()? {
                "timedelta64[ns]" => 1,
                "timedelta64[us]" => 1000,
                "timedelta64[ms]" => 1_000_000,
                "timedelta64[s]" => 1_000_000_000,
                _ => return None,
            };
            Some((column.field_name?, unit))
        })
        .collect()
}

/// Name that pandas gives to an index without a name.
pub(in crate::recording) const INDEX: &str = "__index_level_";

/// An index has smaller numbers than Unix time has seconds.
const LARGEST_ROW: f64 = 1e9;

/// Leaves out row numbers, which pandas stores if rows were left out, added or exploded: they are no signal. Larger numbers
/// may be times.
pub(in crate::recording) fn leave_out_index(
    columns: &mut Vec<Column>,
    hints: &Hints,
    notes: &mut Notes,
) {
    let is_row = |value: &f64| (0.0..LARGEST_ROW).contains(value);
    columns.retain(|column| {
        let is_named = column.name.starts_with(INDEX) && column.whole;
        let is_given = hints.time_column.as_deref() == Some(&column.name);
        let is_index = is_named
            && !is_given
            && matches!(&column.values, Values::Numbers(rows) if rows.iter().all(is_row));
        if is_index {
            let (name, what) = (column.name.clone(), "pandas' numbers of rows".into());
            notes.push(Remark::ColumnLeftOut { name, what });
        }
        !is_index
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_numbers_are_no_channel() {
        let column = |name: &str, values: &[f64], whole| Column {
            name: name.into(),
            values: Values::Numbers(values.to_vec()),
            whole,
        };
        let left = |column: Column, hints: &Hints| {
            let (mut columns, mut notes) = (vec![column], Notes::default());
            leave_out_index(&mut columns, hints, &mut notes);
            assert_eq!(columns.is_empty(), notes.all().len() == 1);
            columns.is_empty()
        };
        let index = || column("__index_level_0__", &[0.0, 0.0, 7.0], true);
        assert!(left(index(), &Hints::default()));
        let given = Hints {
            time_column: Some("__index_level_0__".into()),
            ..Hints::default()
        };
        assert!(!left(index(), &given));
        for kept in [
            column("__index_level_0__", &[0.0, 0.01], false),
            column("__index_level_0__", &[1.7e12, 1.7e12 + 10.0], true),
            column("Z", &[0.0, 1.0], true),
        ] {
            assert!(!left(kept, &Hints::default()));
        }
    }
}
