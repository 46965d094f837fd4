//! ASDF, the Adaptable Seismic Data Format of pyasdf: HDF5 with an array for each trace, below the group of its station in
//! `/Waveforms`.
//!
//! L. Krischer et al., "An Adaptable Seismic Data Format", Geophys. J. Int. 207 (2016).

use std::collections::{HashMap, HashSet};

use hdf5_reader::error::Error;
use hdf5_reader::{Dataset, Hdf5File, SliceInfo};
use support::panics::catch;

use super::seisbench::{numbers, options};
use super::{Contents, Hints, Notes, Trace, check_rate, dated};
use crate::error::recording::{AsdfError, HdfError, RecordingError};

/// First bytes of HDF5.
const MAGIC: &[u8] = b"\x89HDF\r\n\x1A\n";
/// Bytes at the beginning among which the names of the first groups are.
const HEAD: usize = 64 << 10;

/// Whether a file is HDF5 with the groups that pyasdf makes first, or with the group of traces and ASDF's version.
pub(super) fn is(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(HEAD)];
    let has = |name: &[u8]| head.windows(name.len()).any(|window| window == name);
    let others: [&[u8]; 3] = [b"Provenance", b"AuxiliaryData", b"file_format_version"];
    bytes.starts_with(MAGIC) && has(b"Waveforms") && others.into_iter().any(has)
}

/// Reads all traces, in the order of their names; those that cannot be read are left out.
///
/// # Errors
/// If the file is damaged, or no trace can be read.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let read = catch(|| contents(bytes, hints));
    // `hdf5-reader` 0.12 panics on some damaged files.
    read.unwrap_or_else(|_| Err(AsdfError::from(HdfError::Damaged).into()))
}

fn contents(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let (mut traces, mut notes) = (Vec::new(), Notes::default());
    let mut damaged = None;
    let sets = arrays(bytes).map_err(|problem| AsdfError::from(HdfError::from(problem)))?;
    let several = several_tags(&sets);
    for set in &sets {
        match trace(set) {
            Ok(mut trace) => {
                if several.contains(&*trace.channel) {
                    trace.channel = format!("{}-{}", trace.channel, tag(set));
                }
                traces.push(trace);
            }
            Err(problem) => {
                notes.push(format!("left out `{}`: {problem}", set.name()));
                damaged.get_or_insert(problem);
            }
        }
    }
    if let Some(problem) = damaged.filter(|_| traces.is_empty()) {
        return Err(problem.into());
    }
    Ok(dated(traces, notes, hints))
}

/// The arrays of traces, by name.
fn arrays(bytes: &[u8]) -> Result<Vec<Dataset>, Error> {
    let file = Hdf5File::from_bytes_with_options(bytes, options(bytes.len() as u64))?;
    let mut all = Vec::new();
    for station in file.group("/Waveforms")?.groups()? {
        let arrays = station.datasets()?.into_iter();
        // Beside them is the description of the station.
        all.extend(arrays.filter(|set| set.name().contains("__")));
    }
    all.sort_by(|one, other| one.name().cmp(other.name()));
    Ok(all)
}

/// The channel of an array, which begins its name.
fn channel(set: &Dataset) -> &str {
    set.name().split("__").next().unwrap_or_default()
}

/// The tag of an array, which ends its name: what its samples are, such as `raw_recording`.
fn tag(set: &Dataset) -> &str {
    set.name().splitn(4, "__").nth(3).unwrap_or_default()
}

/// Channels whose arrays have several tags. Raw and processed samples of a time are no doubles.
fn several_tags(sets: &[Dataset]) -> HashSet<&str> {
    let mut first = HashMap::new();
    let mut several = HashSet::new();
    for set in sets {
        let (channel, tag) = (channel(set), tag(set));
        if *first.entry(channel).or_insert(tag) != tag {
            several.insert(channel);
        }
    }
    several
}

/// # Errors
/// If an attribute or the values of an array cannot be read.
fn trace(set: &Dataset) -> Result<Trace, AsdfError> {
    let lacking = |name: &'static str| {
        move |problem: Error| AsdfError::Attribute {
            name,
            problem: problem.to_string(),
        }
    };
    let start = set.attribute("starttime").and_then(|attribute| {
        // pyasdf writes signed integers, others also unsigned ones.
        attribute.read_scalar::<i64>().or_else(|problem| {
            let unsigned = attribute.read_scalar::<u64>().ok();
            unsigned
                .and_then(|time| i64::try_from(time).ok())
                .ok_or(problem)
        })
    });
    let rate = set
        .attribute("sampling_rate")
        .and_then(|attribute| attribute.read_as_f64());
    let rate = rate.map_err(lacking("sampling_rate"))?;
    let samples = numbers(set, &SliceInfo::all(set.shape().len()))?;
    Ok(Trace {
        channel: channel(set).to_owned(),
        start: start.map_err(lacking("starttime"))?,
        rate: check_rate(rate)?,
        samples,
    })
}
