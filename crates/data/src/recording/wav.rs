//! WAV files: a channel of the file is a channel here, named by its number from 1; integers stay as they are.

use std::io::Cursor;

use hound::{SampleFormat, WavReader};

use super::{Hints, Trace, check_rate};

/// One trace a channel.
///
/// # Errors
/// What is wrong with the file.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Vec<Trace>, String> {
    let mut reader = WavReader::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let spec = reader.spec();
    let channels = usize::from(spec.channels);
    if channels == 0 {
        return Err("there are no channels".into());
    }
    let rate = check_rate(spec.sample_rate.into())?;
    let mut traces: Vec<Trace> = (1..=channels)
        .map(|number| Trace {
            channel: number.to_string(),
            start: hints.start.unwrap_or(0),
            rate,
            samples: Vec::new(),
        })
        .collect();
    let mut add = |i: usize, value: hound::Result<f64>| match value {
        Ok(value) => {
            traces[i % channels].samples.push(value);
            Ok(())
        }
        Err(error) => Err(format!(
            "sample {} of channel {}: {error}",
            i / channels,
            i % channels + 1
        )),
    };
    match spec.sample_format {
        SampleFormat::Int => {
            let mut samples = reader.samples::<i32>().enumerate();
            samples.try_for_each(|(i, v)| add(i, v.map(f64::from)))?;
        }
        SampleFormat::Float => {
            let mut samples = reader.samples::<f32>().enumerate();
            samples.try_for_each(|(i, v)| add(i, v.map(f64::from)))?;
        }
    }
    Ok(traces)
}
