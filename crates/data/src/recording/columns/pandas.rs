//! What pandas says of the columns that it writes to Parquet, whose own types have no durations.

use std::collections::HashMap;

use parquet::file::metadata::FileMetaData;
use serde::Deserialize;

/// The value of the key `pandas`.
#[derive(Deserialize)]
struct Described {
    columns: Vec<Column>,
}

#[derive(Deserialize)]
struct Column {
    /// Name in the file.
    field_name: Option<String>,
    /// NumPy's type, such as `timedelta64[ns]`.
    numpy_type: Option<String>,
}

/// The columns of durations, and the nanoseconds of their units.
pub(super) fn durations(file: &FileMetaData) -> HashMap<String, i64> {
    let values = file.key_value_metadata().into_iter().flatten();
    let described = values
        .filter(|own| own.key == "pandas")
        .filter_map(|own| serde_json::from_str::<Described>(own.value.as_deref()?).ok());
    let columns = described.flat_map(|own| own.columns);
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
