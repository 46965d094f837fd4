//! `data inspect` for SeisBench datasets.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::DataError;
use crate::recording::{SeisBench, Trace, chunks};

/// Number of traces whose samples are read.
const TRACES: usize = 64;
/// Maximum number of distinct values for a column that may hold classes.
const MAX_DISTINCT: usize = 24;

/// Description of a SeisBench dataset.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Collection {
    folder: String,
    traces: usize,
    /// Traces whose samples were read, and how many of them are unreadable.
    looked_at: usize,
    unreadable: usize,
    first_problem: Option<String>,
    /// Those with a channel that has no finite sample: they give no windows.
    not_finite: usize,
    /// Number of inspected traces by sampling rate in Hz, components and number of samples.
    sampling_rates: BTreeMap<String, usize>,
    components: BTreeMap<String, usize>,
    samples: BTreeMap<usize, usize>,
    columns: Vec<String>,
    /// Columns with few distinct values, and how often each value occurs.
    values: BTreeMap<String, BTreeMap<String, usize>>,
    /// Settings that are required to import it.
    missing: Vec<String>,
}

/// The folder of a SeisBench dataset, if `path` is such a folder or a file in one.
pub(super) fn folder(path: &Path) -> Option<PathBuf> {
    let has = |folder: &Path| {
        let chunk = chunks(folder).ok()?.into_iter().next()?;
        let there =
            |name: &str, ending: &str| folder.join(format!("{name}{chunk}.{ending}")).is_file();
        (there("metadata", "csv") && there("waveforms", "hdf5")).then(|| folder.to_owned())
    };
    if path.is_dir() {
        return has(path);
    }
    let name = path.file_name()?.to_string_lossy().into_owned();
    let is_metadata = name.starts_with("metadata") && name.ends_with(".csv")
        || name.starts_with("waveforms") && name.ends_with(".hdf5");
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    is_metadata.then(|| has(parent.unwrap_or(Path::new("."))))?
}

/// Inspects the dataset in `folder`.
///
/// # Errors
/// [`DataError`] if it cannot be opened.
pub(super) fn look(folder: &Path) -> Result<Collection, DataError> {
    let mut found = Collection {
        folder: folder.display().to_string(),
        ..Default::default()
    };
    for chunk in chunks(folder)? {
        let mut data = SeisBench::open(folder, &chunk)?;
        found.traces += data.len();
        found.columns = data.columns().to_vec();
        for need in data.missing() {
            if !found.missing.contains(&need) {
                found.missing.push(need);
            }
        }
        for column in data.columns().to_vec() {
            let values = found.values.entry(column.clone()).or_default();
            for row in 0..data.len() {
                if values.len() <= MAX_DISTINCT
                    && let Some(value) = data.value(row, &column)
                {
                    *values.entry(value.to_owned()).or_default() += 1;
                }
            }
        }
        let step = data.len().div_ceil(TRACES).max(1);
        for row in (0..data.len()).step_by(step) {
            found.looked_at += 1;
            match data.traces(row) {
                Ok(traces) => found.add(&traces),
                Err(error) => {
                    found.unreadable += 1;
                    found.first_problem.get_or_insert(error.to_string());
                }
            }
        }
    }
    let traces = found.traces;
    found.values.retain(|_, values| {
        (1..=MAX_DISTINCT).contains(&values.len()) && 2 * values.len() <= traces
    });
    Ok(found)
}

impl Collection {
    fn add(&mut self, traces: &[Trace]) {
        let names: Vec<&str> = traces.iter().map(|trace| &*trace.channel).collect();
        let one_letter = names.iter().all(|name| name.chars().count() == 1);
        let names = names.join(if one_letter { "" } else { "," });
        *self.components.entry(names).or_default() += 1;
        let is_dead = |trace: &Trace| !trace.samples.iter().any(|sample| sample.is_finite());
        self.not_finite += usize::from(traces.iter().any(is_dead));
        if let Some(first) = traces.first() {
            *self
                .sampling_rates
                .entry(first.rate.to_string())
                .or_default() += 1;
            *self.samples.entry(first.samples.len()).or_default() += 1;
        }
    }

    /// Text for people.
    pub fn text(&self) -> String {
        let counted = |map: &BTreeMap<String, usize>| {
            let each = map.iter().map(|(what, count)| format!("{what} ({count})"));
            let each: Vec<String> = each.collect();
            if each.is_empty() {
                "not known".into()
            } else {
                each.join(", ")
            }
        };
        let lengths: BTreeSet<usize> = self.samples.keys().copied().collect();
        let length = match (lengths.first(), lengths.last()) {
            (Some(one), Some(other)) if one == other => one.to_string(),
            (Some(least), Some(most)) => format!("{least} to {most}"),
            _ => "not known".into(),
        };
        let mut text = format!(
            "{}\nSeisBench dataset of {} traces; of the {} looked at:\n  Hz          {}\n  components  {}\n  samples     {length}\n",
            self.folder,
            self.traces,
            self.looked_at,
            counted(&self.sampling_rates),
            counted(&self.components),
        );
        if let Some(problem) = &self.first_problem {
            text += &format!(
                "  {} cannot be read (the first: {problem})\n",
                self.unreadable
            );
        }
        if self.not_finite > 0 {
            text += &format!(
                "  {} a channel without a finite sample: no window is cut there\n",
                match self.not_finite {
                    1 => "1 has".into(),
                    count => format!("{count} have"),
                }
            );
        }
        text += "columns with few values, of which one may tell the classes (`class_column`):\n";
        for (column, values) in &self.values {
            text += &format!("  {column}: {}\n", counted(values));
        }
        let others = self
            .columns
            .iter()
            .filter(|column| !self.values.contains_key(*column));
        let others: Vec<&str> = others.map(String::as_str).collect();
        text += &format!("other columns: {}\n", others.join(", "));
        for missing in &self.missing {
            text += &format!("missing: {missing}\n");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_without_a_finite_sample_are_counted() {
        let trace = |samples: [f64; 2]| Trace {
            channel: "Z".into(),
            start: 0,
            rate: 100.0,
            samples: samples.to_vec(),
        };
        let mut found = Collection::default();
        found.add(&[trace([1.0, f64::NAN])]);
        assert!(!found.text().contains("finite"));
        found.add(&[trace([1.0, 2.0]), trace([f64::NAN, f64::INFINITY])]);
        assert!(
            found
                .text()
                .contains("1 has a channel without a finite sample")
        );
    }
}
