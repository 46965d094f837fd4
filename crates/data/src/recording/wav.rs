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
    let count = reader.len() as usize;
    let width = usize::from(spec.bits_per_sample / 8);
    let (format, bits) = (spec.sample_format, spec.bits_per_sample);
    let samples: Vec<f64> = match (format, bits) {
        // The usual widths in one piece: what follows the header.
        (SampleFormat::Int, 16 | 32) | (SampleFormat::Float, 32) if count > 0 => {
            let inner = reader.into_inner();
            let data = &bytes[inner.position() as usize..];
            let data = data.get(..count.saturating_mul(width)).ok_or_else(|| {
                format!(
                    "the header says {count} samples, but the data end after {}",
                    data.len() / width
                )
            })?;
            match (format, bits) {
                (SampleFormat::Int, 16) => data
                    .chunks_exact(2)
                    .map(|b| i16::from_le_bytes([b[0], b[1]]).into())
                    .collect(),
                (SampleFormat::Int, _) => data
                    .chunks_exact(4)
                    .map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]]).into())
                    .collect(),
                _ => data
                    .chunks_exact(4)
                    .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]).into())
                    .collect(),
            }
        }
        _ => {
            let read = reader.samples::<i32>().map(|sample| sample.map(f64::from));
            read.collect::<Result<_, _>>()
                .map_err(|error| error.to_string())?
        }
    };
    let trace = |channel: usize| Trace {
        channel: (channel + 1).to_string(),
        start: hints.start.unwrap_or(0),
        rate,
        samples: samples
            .iter()
            .skip(channel)
            .step_by(channels)
            .copied()
            .collect(),
    };
    Ok((0..channels).map(trace).collect())
}
