//! SeisBench datasets: `metadata.csv` with one line per trace, and `waveforms.hdf5` with samples in arrays of one trace
//! or in buckets of several; also in chunks (`chunks` names them).
//!
//! J. Woollam et al., "SeisBench: A Toolbox for Machine Learning in Seismology", Seismol. Res. Lett. 93 (2022).

mod deviating;
mod files;
mod lzf;
mod waveforms;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use hdf5_reader::{Dataset, Hdf5File, SliceInfo};
use support::panics::catch;

use self::deviating::DeviatingTraces;
pub use self::files::chunks;
pub(super) use self::files::options;
use self::files::{open, table};
pub(super) use self::waveforms::numbers;
use self::waveforms::{Axes, Waveform};
use super::{Trace, check_rate, is_other_rate, parse_time, same_rate};
use crate::error::recording::{HdfError, RecordingError, SeisBenchError};
use crate::error::{DataError, in_file, in_record};

/// Columns with the sampling rate.
const RATES: [&str; 3] = [
    "trace_sampling_rate_hz",
    "sampling_rate_hz",
    "sampling_rate",
];
/// Column with the sampling interval in seconds.
const INTERVAL: &str = "trace_dt_s";
/// Column with the time of the first sample.
const START: &str = "trace_start_time";
/// Column with the components of a trace.
const COMPONENTS: &str = "trace_component_order";

/// Facts that the files of a dataset may lack and the user supplies.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeisBenchHints {
    /// Samples per second.
    pub sampling_rate: Option<f64>,
    /// Components in the order of the channels, such as `ZNE`.
    pub component_order: Option<String>,
    /// `CW` if channels come before samples, `WC` if samples come first.
    pub dimension_order: Option<String>,
}

/// One chunk of a dataset, or all of a dataset without chunks.
pub struct SeisBench {
    metadata: PathBuf,
    waveforms: PathBuf,
    file: Hdf5File,
    heads: Vec<String>,
    /// Lines of the metadata.
    rows: Vec<csv::StringRecord>,
    components: Option<Vec<String>>,
    rate: Option<f64>,
    axes: Option<Axes>,
    /// Whether any trace has a start time.
    dated: bool,
    /// Arrays that hold many traces, by their names.
    buckets: HashMap<String, Dataset>,
    /// Number of traces whose axes are not in the stated order.
    turned: usize,
    /// Traces whose own order of components is another than that of the data format.
    reordered: DeviatingTraces,
    /// The same for sampling rates.
    other_rates: DeviatingTraces,
}

fn wrong(path: &Path, problem: impl Into<SeisBenchError>) -> DataError {
    in_file(path)(RecordingError::SeisBench(problem.into()))
}

impl SeisBench {
    /// Opens a chunk.
    ///
    /// # Errors
    /// [`DataError`] with the file and the problem.
    pub fn open(folder: &Path, chunk: &str) -> Result<Self, DataError> {
        let waveforms = folder.join(format!("waveforms{chunk}.hdf5"));
        // `hdf5-reader` 0.12 panics on some damaged files.
        catch(|| Self::open_files(folder, chunk, &waveforms))
            .unwrap_or_else(|_| Err(wrong(&waveforms, HdfError::Damaged)))
    }

    fn open_files(folder: &Path, chunk: &str, waveforms: &Path) -> Result<Self, DataError> {
        let metadata = folder.join(format!("metadata{chunk}.csv"));
        files::check_there(folder, [metadata.as_path(), waveforms])?;
        let (heads, rows) = table(&metadata)?;
        let file = open(waveforms)?;
        let format = |name: &str| file.dataset(&format!("/data_format/{name}")).ok();
        let texts = |name: &str| format(name).and_then(|set| set.read_strings().ok());
        let order = texts("dimension_order").map(|order| order.concat());
        let axes = order.as_deref().map(Axes::parse).transpose();
        let rate =
            format("sampling_rate").and_then(|set| numbers(&set, &SliceInfo::all(set.ndim())).ok());
        let components = texts("component_order").map(|texts| match &texts[..] {
            [one] => components(one),
            several => several.iter().map(|text| text.trim().to_owned()).collect(),
        });
        let mut opened = Self {
            metadata,
            waveforms: waveforms.to_owned(),
            axes: axes.map_err(|problem| wrong(waveforms, problem))?,
            rate: rate.and_then(|values| values.first().copied()),
            components,
            file,
            heads,
            rows,
            dated: false,
            buckets: HashMap::new(),
            turned: 0,
            reordered: Default::default(),
            other_rates: Default::default(),
        };
        opened.dated = (0..opened.len()).any(|row| opened.value(row, START).is_some());
        Ok(opened)
    }

    /// Adds the facts that the user supplies, and checks that nothing is missing.
    ///
    /// # Errors
    /// [`DataError`] if something is missing, or the file contradicts the user.
    pub fn complete(&mut self, given: &SeisBenchHints) -> Result<(), DataError> {
        let differs = |key: &'static str, file: &str, given: &str| {
            wrong(
                &self.waveforms,
                SeisBenchError::Contradiction {
                    key,
                    given: given.into(),
                    file: file.into(),
                },
            )
        };
        if let Some(rate) = given.sampling_rate {
            let rate = check_rate(rate).map_err(|problem| wrong(&self.waveforms, problem))?;
            let stated = *self.rate.get_or_insert(rate);
            if !same_rate(stated, rate) {
                let (stated, rate) = (stated.to_string(), rate.to_string());
                return Err(differs("sampling_rate", &stated, &rate));
            }
        }
        if let Some(order) = &given.component_order {
            let order = components(order);
            let stated = self.components.get_or_insert(order.clone());
            if *stated != order {
                let (stated, order) = (stated.join(", "), order.join(", "));
                return Err(differs("component_order", &stated, &order));
            }
        }
        if let Some(order) = &given.dimension_order {
            let axes = Axes::parse(order).map_err(|problem| wrong(&self.waveforms, problem))?;
            if *self.axes.get_or_insert(axes) != axes {
                return Err(differs("dimension_order", "another", order));
            }
        }
        let missing = self.missing();
        if missing.is_empty() {
            return Ok(());
        }
        Err(wrong(
            &self.waveforms,
            SeisBenchError::Incomplete { missing },
        ))
    }

    /// What is missing in the files, and how to supply it.
    pub(crate) fn missing(&self) -> Vec<String> {
        let column = |name: &str| self.heads.iter().any(|head| head == name);
        let mut missing = Vec::new();
        if self.rate.is_none() && !column(INTERVAL) && !RATES.iter().any(|name| column(name)) {
            missing.push(format!(
                "there is no sampling rate: give `sampling_rate` in Hz beside `folder`, or a column `{}`",
                RATES[0]
            ));
        }
        if self.components.is_none() && !column(COMPONENTS) {
            let array = self.first_shape();
            let shape = array.map_or(String::new(), |shape| {
                format!(" (the first array has the shape {shape:?})")
            });
            missing.push(format!(
                "there is no order of components{shape}: give `component_order`, such as ZNE, beside `folder`, or a column `{COMPONENTS}`"
            ));
            if self.axes.is_none() {
                missing.push(
                    "there is no order of dimensions: the axis that is as long as there are components is taken; \
                     where both are, give `dimension_order`, CW or WC"
                        .into(),
                );
            }
        }
        missing
    }

    /// Shape of the array of the first trace.
    fn first_shape(&self) -> Option<Vec<u64>> {
        let name = self.value(0, "trace_name").filter(|_| !self.is_empty())?;
        let array = name.split('$').next()?;
        let set = catch(|| self.file.dataset(&format!("/data/{array}")).ok()).ok()??;
        Some(set.shape().to_vec())
    }

    /// What was unusual about the traces read so far.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.turned > 0 {
            notes.push(format!(
                "{} traces have channels and samples in another order than the file states: \
                 the axis that is as long as there are components is that of the channels",
                self.turned
            ));
        }
        notes.extend(self.reordered.note(COMPONENTS, "component_order"));
        notes.extend(self.other_rates.note(RATES[0], "sampling_rate"));
        notes
    }

    /// Number of traces.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Columns of the metadata.
    pub fn columns(&self) -> &[String] {
        &self.heads
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Value of trace `row` in a column of the metadata; `None` if it is empty or there is no such column.
    pub fn value(&self, row: usize, column: &str) -> Option<&str> {
        let at = self.heads.iter().position(|head| head == column)?;
        let value = self.rows.get(row)?.get(at)?;
        let empty = matches!(
            value,
            "" | "nan" | "NaN" | "NaT" | "None" | "null" | "NULL" | "NA" | "N/A" | "<NA>"
        );
        (!empty).then_some(value)
    }

    /// Checks that there is a column `column`.
    ///
    /// # Errors
    /// [`DataError`] with the columns that exist.
    pub fn needs(&self, column: &str) -> Result<(), DataError> {
        if self.heads.iter().any(|head| head == column) {
            return Ok(());
        }
        Err(wrong(
            &self.metadata,
            SeisBenchError::NoColumn {
                column: column.into(),
                there: self.heads.clone(),
            },
        ))
    }

    /// The channels of trace `row`, named by their components.
    ///
    /// # Errors
    /// [`DataError`] naming the line of the metadata.
    pub fn traces(&mut self, row: usize) -> Result<Vec<Trace>, DataError> {
        let path = self.waveforms.clone();
        let read = catch(|| self.read(row));
        let read = read.unwrap_or_else(|_| Err(HdfError::Damaged.into()));
        read.map_err(|problem| in_record(&path, row)(RecordingError::from(problem)))
    }

    fn read(&mut self, row: usize) -> Result<Vec<Trace>, SeisBenchError> {
        let name = self
            .value(row, "trace_name")
            .ok_or(SeisBenchError::NoName)?
            .to_owned();
        let rate = self.rate_of(row)?;
        if let Some(all) = self.rate.filter(|all| is_other_rate(*all, rate)) {
            self.other_rates
                .add(|| format!("`{name}` with {rate} Hz, not {all} Hz"));
        }
        let row_components = self.value(row, COMPONENTS).map(components);
        if let (Some(row_components), Some(all)) = (&row_components, &self.components)
            && is_reordered(row_components, all)
        {
            self.reordered.add(|| {
                format!(
                    "`{name}` with {}, not {}",
                    row_components.concat(),
                    all.concat()
                )
            });
        }
        let components = row_components
            .or_else(|| self.components.clone())
            .filter(|components| !components.is_empty())
            .ok_or(SeisBenchError::NoComponents { column: COMPONENTS })?;
        let start = match self.value(row, START) {
            Some(text) => parse_time(text)?,
            None if self.dated => {
                return Err(SeisBenchError::NoStart { column: START });
            }
            None => 0,
        };
        let (array, place) = name
            .split_once('$')
            .map_or((&name[..], None), |(array, place)| (array, Some(place)));
        let set = match self.buckets.get(array) {
            Some(set) => set,
            None => {
                let set = self
                    .file
                    .dataset(&format!("/data/{array}"))
                    .map_err(HdfError::from)?;
                // Arrays with a single trace are not needed again.
                if place.is_none() {
                    self.buckets.clear();
                }
                self.buckets.entry(array.to_owned()).or_insert(set)
            }
        };
        let waveform = Waveform::read(set, place, components.len(), self.axes)?;
        self.turned += usize::from(self.axes.is_some_and(|stated| stated != waveform.axes));
        let traces = components.into_iter().enumerate();
        let trace = |(i, channel): (usize, String)| Trace {
            channel,
            start,
            rate,
            samples: waveform.channel(i),
        };
        Ok(traces.map(trace).collect())
    }

    /// Sampling rate of trace `row` in Hz: its own, or that of all traces.
    fn rate_of(&self, row: usize) -> Result<f64, SeisBenchError> {
        let number = |column: &str| {
            let text = self.value(row, column)?;
            let number = text.parse::<f64>();
            Some(number.map_err(|_| SeisBenchError::NotNumber {
                column: column.into(),
                text: text.into(),
            }))
        };
        let column = RATES.iter().find_map(|column| number(column));
        let rate = match column {
            Some(rate) => Some(rate?),
            None => match number(INTERVAL) {
                Some(interval) => Some(1.0 / interval?),
                None => self.rate,
            },
        };
        let rate = rate.ok_or(SeisBenchError::NoRate { column: RATES[0] })?;
        Ok(check_rate(rate)?)
    }
}

/// Whether two lists have the same components in another order. Others are those of other sensors.
fn is_reordered(one: &[String], other: &[String]) -> bool {
    let sorted = |names: &[String]| {
        let mut names = names.to_vec();
        names.sort();
        names
    };
    one != other && sorted(one) == sorted(other)
}

/// The components that a text lists: `ZNE`, or `['Z', 'N', 'E']`.
fn components(text: &str) -> Vec<String> {
    let text = text.trim_matches(|c: char| "[](){} ".contains(c));
    if text.contains(',') {
        let parts = text.split(',');
        let name = |part: &str| part.trim_matches(|c: char| "'\" ".contains(c)).to_owned();
        return parts.map(name).filter(|name| !name.is_empty()).collect();
    }
    text.chars().map(String::from).collect()
}
