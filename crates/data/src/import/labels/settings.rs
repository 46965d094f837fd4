//! `labels_file` of a recording: the path of a table, or which of its columns say what.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer};

/// Longest label that a `length` gives, in seconds: three years.
const LONGEST: f64 = 1e8;

/// A table of labels, and its columns. Those that are not given are found by their names.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct LabelsFile {
    /// The table.
    pub file: PathBuf,
    /// Column of the starts.
    pub start: Option<TableColumn>,
    /// Column of the dates, if starts and ends are times of day.
    pub date: Option<TableColumn>,
    /// Column of the ends.
    pub end: Option<TableColumn>,
    /// Column of the durations, instead of ends.
    pub duration: Option<TableColumn>,
    /// Column of the classes.
    pub class: Option<TableColumn>,
    /// Column of the events.
    pub event: Option<TableColumn>,
    /// Column that names the recording of each row, or its file.
    pub recording: Option<TableColumn>,
    /// Seconds from the start to the end of labels without an end.
    pub length: Option<f64>,
}

impl LabelsFile {
    /// Whether the columns of times and classes are to be found by their names.
    pub(super) fn gives_no_times(&self) -> bool {
        let given = [&self.start, &self.end, &self.duration, &self.class];
        given.iter().all(|column| column.is_none())
    }
}

/// A column: its name, or its number from 1.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "the name of a column, or its number from 1")]
pub enum TableColumn {
    /// Its number, from 1.
    Number(usize),
    /// Its name; a number in quotation marks, if no column has this name.
    Name(String),
}

impl std::fmt::Display for TableColumn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl<'de> Deserialize<'de> for LabelsFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = LabelsFile;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(
                    "a table of labels, such as labels.csv or {file: labels.csv, start: Onset, end: Offset}",
                )
            }

            fn visit_str<E: serde::de::Error>(self, file: &str) -> Result<LabelsFile, E> {
                Ok(LabelsFile {
                    file: file.into(),
                    ..Default::default()
                })
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                map: A,
            ) -> Result<LabelsFile, A::Error> {
                // The derived form, with keys.
                let keys =
                    LabelsFile::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                if keys.end.is_some() && keys.duration.is_some() {
                    return Err(serde::de::Error::custom(
                        "`end` and `duration` give the same: keep one of them",
                    ));
                }
                if let Some(length) = keys.length
                    && !(length > 0.0 && length < LONGEST)
                {
                    return Err(serde::de::Error::custom(format_args!(
                        "`length` is {length}: expected seconds above 0, at most {LONGEST}"
                    )));
                }
                Ok(keys)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}
