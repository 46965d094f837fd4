//! Describes NumPy files that contain no samples, for `data inspect`.

use std::path::Path;

use serde::Serialize;

use super::table;
use crate::error::DataError;
use crate::import::gaps::{LARGE, number};
use crate::reader::{self, Described};

/// A NumPy file whose arrays are not samples.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Arrays {
    file: String,
    arrays: Vec<Described>,
    /// What keeps them from being samples.
    missing: String,
}

impl Arrays {
    /// The arrays in a file that are not samples because of `error`.
    ///
    /// # Errors
    /// `error`, if there are no arrays.
    pub(super) fn look(path: &Path, error: DataError) -> Result<Self, DataError> {
        let Some(arrays) = reader::described(path) else {
            return Err(error);
        };
        let missing = match error {
            DataError::Source { path: of, problem } if of == path => problem.to_string(),
            other => other.to_string(),
        };
        Ok(Self {
            file: path.display().to_string(),
            arrays,
            missing,
        })
    }

    /// As a table, with what is missing.
    pub(super) fn text(&self) -> String {
        let heads = [
            "array",
            "type",
            "shape",
            "smallest",
            "largest",
            "not finite",
        ];
        let mut rows = vec![heads.map(String::from).to_vec()];
        // A fraction has as many digits as a float32.
        let shown = |value: Option<f64>| match value {
            None => "-".to_owned(),
            Some(value) if value.abs() < LARGE && value.fract() != 0.0 => {
                (value as f32).to_string()
            }
            Some(value) => number(value),
        };
        for array in &self.arrays {
            rows.push(vec![
                array.name.clone(),
                array.dtype.clone(),
                array.shape.clone(),
                shown(array.smallest),
                shown(array.largest),
                array.not_finite.to_string(),
            ]);
        }
        let (file, missing) = (&self.file, &self.missing);
        format!("{file}\n{}no samples yet: {missing}\n", table(&rows))
    }
}
