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
    let samples = match (format, bits) {
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
                (SampleFormat::Int, 16) => apart(data.as_chunks().0, channels, |b| {
                    i16::from_le_bytes(b).into()
                }),
                (SampleFormat::Int, _) => apart(data.as_chunks().0, channels, |b| {
                    i32::from_le_bytes(b).into()
                }),
                _ => apart(data.as_chunks().0, channels, |b| {
                    f32::from_le_bytes(b).into()
                }),
            }
        }
        _ => {
            let read = reader.samples::<i32>().map(|sample| sample.map(f64::from));
            let read = read.collect::<Result<Vec<f64>, _>>();
            apart(&read.map_err(|error| error.to_string())?, channels, |v| v)
        }
    };
    let trace = |(channel, samples): (usize, Vec<f64>)| Trace {
        channel: (channel + 1).to_string(),
        start: hints.start.unwrap_or(0),
        rate,
        samples,
    };
    Ok(samples.into_iter().enumerate().map(trace).collect())
}

/// The samples of every channel, which lie mixed; a frame that is not whole is left out.
fn apart<T: Copy>(mixed: &[T], channels: usize, value: impl Fn(T) -> f64) -> Vec<Vec<f64>> {
    /// Frames that stay in the cache while one channel after the other is taken of them.
    const FRAMES: usize = 4096;
    // A clone of an empty vector reserves nothing.
    let room = |_| Vec::with_capacity(mixed.len() / channels);
    let mut samples: Vec<Vec<f64>> = (0..channels).map(room).collect();
    let whole = &mixed[..mixed.len() / channels * channels];
    for part in whole.chunks(FRAMES * channels) {
        for (channel, own) in samples.iter_mut().enumerate() {
            let frames = part.chunks_exact(channels);
            own.extend(frames.map(|frame| value(frame[channel])));
        }
    }
    samples
}
