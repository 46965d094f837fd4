//! SeisBench datasets: `metadata.csv` with a line a trace, and `waveforms.hdf5` with the samples, in one array a trace or
//! packed into buckets; also in chunks (`chunks` names them).
//!
//! J. Woollam et al., "SeisBench: A Toolbox for Machine Learning in Seismology", Seismological Research Letters 93 (2022).

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use hdf5_reader::{Dataset, Datatype, Hdf5File, OpenOptions, SliceInfo, SliceInfoElem};

use super::{Trace, check_rate, parse_time};
use crate::error::DataError;
use crate::unharmed::unharmed;

/// Bytes that one byte of a file can stand for: no deflated stream is tighter, while a damaged header claims anything.
const TIGHTEST: u64 = 1032;

/// One chunk of a dataset: the whole, where it has none.
pub struct SeisBench {
    waveforms: PathBuf,
    file: Hdf5File,
    heads: Vec<String>,
    /// Lines of the metadata.
    rows: Vec<csv::StringRecord>,
    components: Option<String>,
    rate: Option<f64>,
    /// Whether samples come before channels.
    samples_first: bool,
    /// Arrays that hold many traces, by their names.
    buckets: HashMap<String, Dataset>,
}

/// The chunks of a dataset: the ends of their files' names.
///
/// # Errors
/// [`DataError`] where the list of chunks cannot be read.
pub fn chunks(folder: &Path) -> Result<Vec<String>, DataError> {
    let list = folder.join("chunks");
    if !list.exists() {
        return Ok(vec![String::new()]);
    }
    let text = std::fs::read_to_string(&list).map_err(super::unreadable(&list))?;
    Ok(text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect())
}

impl SeisBench {
    /// Opens a chunk.
    ///
    /// # Errors
    /// [`DataError`] naming the file and what is wrong with it.
    pub fn open(folder: &Path, chunk: &str) -> Result<Self, DataError> {
        let waveforms = folder.join(format!("waveforms{chunk}.hdf5"));
        // `hdf5-reader` 0.12 panics on some damaged files.
        unharmed(|| Self::open_files(folder, chunk, &waveforms)).unwrap_or_else(|| {
            Err(DataError::Source {
                path: waveforms.clone(),
                problem: "the HDF5 file is damaged".into(),
            })
        })
    }

    fn open_files(folder: &Path, chunk: &str, waveforms: &Path) -> Result<Self, DataError> {
        let metadata = folder.join(format!("metadata{chunk}.csv"));
        let wrong = |path: &Path, problem: String| DataError::Source {
            path: path.to_owned(),
            problem,
        };
        let table = std::fs::File::open(&metadata).map_err(super::unreadable(&metadata))?;
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(table);
        let heads = reader
            .headers()
            .map_err(|error| wrong(&metadata, error.to_string()))?;
        let heads: Vec<String> = heads.iter().map(str::to_owned).collect();
        if !heads.iter().any(|head| head == "trace_name") {
            return Err(wrong(&metadata, "there is no column `trace_name`".into()));
        }
        let rows = reader
            .records()
            .collect::<Result<_, _>>()
            .map_err(|error| wrong(&metadata, error.to_string()))?;
        let size = std::fs::metadata(waveforms).map_err(super::unreadable(waveforms))?;
        let most = size.len().saturating_mul(TIGHTEST);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let limits = OpenOptions {
            max_read_bytes: most,
            max_chunk_bytes: most,
            ..Default::default()
        };
        let file = Hdf5File::open_with_options(waveforms, limits)
            .map_err(|error| wrong(waveforms, error.to_string()))?;
        let format = |name: &str| file.dataset(&format!("/data_format/{name}"));
        let text = |name: &str| format(name).ok().and_then(|set| set.read_string().ok());
        let order = text("dimension_order");
        let samples_first = match order.as_deref().map(|order| order.trim_start_matches('N')) {
            None | Some("CW") => false,
            Some("WC") => true,
            Some(other) => {
                return Err(wrong(
                    waveforms,
                    format!("dimension order `{other}` is not CW or WC"),
                ));
            }
        };
        let rate = format("sampling_rate")
            .ok()
            .and_then(|set| numbers(&set, &SliceInfo::all(set.ndim())).ok());
        let rate = rate.and_then(|values| values.first().copied());
        let components = text("component_order");
        Ok(Self {
            waveforms: waveforms.to_owned(),
            file,
            heads,
            rows,
            components,
            rate,
            samples_first,
            buckets: HashMap::new(),
        })
    }

    /// Number of traces.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What the metadata say of trace `row` in a column; nothing where it is empty or there is no such column.
    pub fn value(&self, row: usize, column: &str) -> Option<&str> {
        let at = self.heads.iter().position(|head| head == column)?;
        self.rows[row]
            .get(at)
            .filter(|value| !value.is_empty() && *value != "nan")
    }

    /// Whether there is such a column.
    ///
    /// # Errors
    /// [`DataError`] with those there are.
    pub fn needs(&self, column: &str) -> Result<(), DataError> {
        if self.heads.iter().any(|head| head == column) {
            return Ok(());
        }
        Err(DataError::Source {
            path: self.waveforms.with_file_name("metadata.csv"),
            problem: format!(
                "there is no column `{column}`: there are {}",
                self.heads.join(", ")
            ),
        })
    }

    /// The channels of trace `row`, named by their components.
    ///
    /// # Errors
    /// [`DataError`] naming the line of the metadata.
    pub fn traces(&mut self, row: usize) -> Result<Vec<Trace>, DataError> {
        let path = self.waveforms.clone();
        let read = unharmed(|| self.read(row));
        let read = read.unwrap_or_else(|| Err("the HDF5 file is damaged".into()));
        read.map_err(|problem| DataError::Record {
            path,
            record: row,
            problem,
        })
    }

    fn read(&mut self, row: usize) -> Result<Vec<Trace>, String> {
        let name = self
            .value(row, "trace_name")
            .ok_or("the metadata have no `trace_name`")?
            .to_owned();
        let rate = self
            .value(row, "trace_sampling_rate_hz")
            .map(|text| text.parse::<f64>());
        let rate = match rate {
            Some(rate) => rate.map_err(|_| "`trace_sampling_rate_hz` is no number")?,
            None => self
                .rate
                .ok_or("there is neither `trace_sampling_rate_hz` nor a common sampling rate")?,
        };
        let rate = check_rate(rate)?;
        let components = self
            .value(row, "trace_component_order")
            .map(str::to_owned)
            .or_else(|| self.components.clone());
        let components =
            components.ok_or("there is neither `trace_component_order` nor a common one")?;
        let start = self
            .value(row, "trace_start_time")
            .map_or(Ok(0), parse_time)?;
        let (array, place) = name
            .split_once('$')
            .map_or((&name[..], None), |(array, place)| (array, Some(place)));
        let set = match self.buckets.get(array) {
            Some(set) => set,
            None => {
                let set = self
                    .file
                    .dataset(&format!("/data/{array}"))
                    .map_err(|error| error.to_string())?;
                // Arrays of single traces are not asked for again.
                if place.is_none() {
                    self.buckets.clear();
                }
                self.buckets.entry(array.to_owned()).or_insert(set)
            }
        };
        let selection = match place {
            Some(place) => selection(place)?,
            None => SliceInfo::all(set.ndim()),
        };
        let values = numbers(set, &selection)?;
        let count = components.chars().count();
        if count == 0 || values.is_empty() || !values.len().is_multiple_of(count) {
            return Err(format!(
                "{} values are not those of the components {components}",
                values.len()
            ));
        }
        let length = values.len() / count;
        let traces = components.chars().enumerate().map(|(i, component)| {
            let samples = match self.samples_first {
                false => values[i * length..(i + 1) * length].to_vec(),
                true => values.iter().skip(i).step_by(count).copied().collect(),
            };
            Trace {
                channel: component.to_string(),
                start,
                rate,
                samples,
            }
        });
        Ok(traces.collect())
    }
}

/// `3,:3,:6000`: the trace in its bucket, and how much of each dimension it takes.
fn selection(place: &str) -> Result<SliceInfo, String> {
    let wrong = || format!("`{place}` is no place in a bucket");
    let mut parts = place.split(',');
    let index = parts
        .next()
        .and_then(|text| text.trim().parse().ok())
        .ok_or_else(wrong)?;
    let mut selections = vec![SliceInfoElem::Index(index)];
    for part in parts {
        let (start, end) = part.trim().split_once(':').ok_or_else(wrong)?;
        let number = |text: &str, default: u64| {
            if text.is_empty() {
                Some(default)
            } else {
                text.parse().ok()
            }
        };
        let start = number(start, 0).ok_or_else(wrong)?;
        let end = number(end, u64::MAX).ok_or_else(wrong)?;
        selections.push(SliceInfoElem::Slice {
            start,
            end,
            step: 1,
        });
    }
    Ok(SliceInfo { selections })
}

/// Values of a selection, whatever their type.
fn numbers(set: &Dataset, selection: &SliceInfo) -> Result<Vec<f64>, String> {
    macro_rules! read {
        ($kind:ty) => {{
            let array = set
                .read_slice::<$kind>(selection)
                .map_err(|error| error.to_string())?;
            Ok(array.iter().map(|v| *v as f64).collect())
        }};
    }
    match set.dtype() {
        Datatype::FloatingPoint { size: 4, .. } => read!(f32),
        Datatype::FloatingPoint { size: 8, .. } => read!(f64),
        Datatype::FixedPoint {
            size: 2,
            signed: true,
            ..
        } => read!(i16),
        Datatype::FixedPoint {
            size: 4,
            signed: true,
            ..
        } => read!(i32),
        Datatype::FixedPoint {
            size: 8,
            signed: true,
            ..
        } => read!(i64),
        other => Err(format!(
            "samples of type {other:?} are not read: expected floats or signed integers"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_buckets() {
        let own = selection("12,:3,:6000").unwrap();
        assert!(matches!(own.selections[0], SliceInfoElem::Index(12)));
        assert!(matches!(
            own.selections[2],
            SliceInfoElem::Slice {
                start: 0,
                end: 6000,
                step: 1
            }
        ));
        for bad in ["", "x,:3", "1,3", "1,:x"] {
            assert!(selection(bad).is_err(), "{bad}");
        }
    }
}
