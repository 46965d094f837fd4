//! WAV files: RIFF, big-endian RIFX, and RF64 beyond 4 GiB. Channels are named by their number from 1.
//!
//! Samples are the integers of their containers, whatever the number of valid bits: 24 valid bits at the upper end of
//! 32 are read as 32-bit integers, as SciPy does. WAV stores 8-bit integers from 0 to 255; they are read as -128 to
//! 127. Bytes of A-law and mu-law are read as the 16-bit integers that they stand for, as soundfile does.

mod chunks;
mod codec;

use self::chunks::Chunks;
use self::codec::{Format, Width, a_law, mu_law};
use super::{Contents, Hints, Notes, Trace, check_rate};
use crate::error::recording::{RecordingError, WavError};
use crate::room::room;

/// Whether a file begins as WAV files do.
pub(super) fn is(bytes: &[u8]) -> bool {
    Chunks::new(bytes).is_some()
}

/// Reads one trace for each channel.
///
/// # Errors
/// If the file is damaged, or its codec is not supported.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let chunks = Chunks::new(bytes).ok_or(WavError::NotWav)?;
    let mut notes = Notes::default();
    let found = chunks.find(&mut notes)?;
    let format = Format::of(found.format, chunks.big_endian)?;
    let rate = match (format.rate, hints.sampling_rate) {
        (0, Some(rate)) => rate,
        (0, None) => return Err(WavError::NoRate.into()),
        (rate, _) => f64::from(rate),
    };
    let frame = format.width.bytes() * format.channels;
    let rest = found.data.len() % frame;
    if rest > 0 {
        notes.push(format!(
            "the last {rest} bytes are not a whole frame of {frame} and are left out"
        ));
    }
    let data = &found.data[..found.data.len() - rest];
    let samples = decode(data, &format, chunks.big_endian);
    let rate = check_rate(rate)?;
    let trace = |(channel, samples): (usize, Vec<f64>)| Trace {
        channel: (channel + 1).to_string(),
        start: hints.start.unwrap_or(0),
        rate,
        samples,
    };
    Ok(Contents {
        traces: samples.into_iter().enumerate().map(trace).collect(),
        notes,
        ..Contents::default()
    })
}

/// The samples of every channel of whole frames.
fn decode(data: &[u8], format: &Format, big_endian: bool) -> Vec<Vec<f64>> {
    let channels = format.channels;
    // `$value` receives the bytes of a sample, lowest first.
    macro_rules! read {
        ($value:expr) => {
            if big_endian {
                separate(data.as_chunks().0, channels, |mut bytes| {
                    bytes.reverse();
                    $value(bytes)
                })
            } else {
                separate(data.as_chunks().0, channels, $value)
            }
        };
    }
    match format.width {
        Width::Unsigned8 => separate(data, channels, |b| f64::from(b) - 128.0),
        Width::Int16 => read!(|b| f64::from(i16::from_le_bytes(b))),
        Width::Int24 => {
            read!(|[a, b, c]: [u8; 3]| { f64::from(i32::from_le_bytes([0, a, b, c]) >> 8) })
        }
        Width::Int32 => read!(|b| f64::from(i32::from_le_bytes(b))),
        // Values beyond 2^53 are rounded to the nearest float64.
        Width::Int64 => read!(|b| i64::from_le_bytes(b) as f64),
        Width::Float32 => read!(|b| f64::from(f32::from_le_bytes(b))),
        Width::Float64 => read!(f64::from_le_bytes),
        Width::ALaw => separate(data, channels, a_law),
        Width::MuLaw => separate(data, channels, mu_law),
    }
}

/// Number of frames that stay in the cache while they are split into channels.
const FRAMES: usize = 4096;

/// Separates the interleaved samples of the channels.
fn separate<T: Copy>(
    interleaved: &[T],
    channels: usize,
    value: impl Fn(T) -> f64,
) -> Vec<Vec<f64>> {
    match channels {
        1 => separate_of::<1, T>(interleaved, value),
        2 => separate_of::<2, T>(interleaved, value),
        3 => separate_of::<3, T>(interleaved, value),
        4 => separate_of::<4, T>(interleaved, value),
        _ => {
            let room = |_| room(interleaved.len() / channels);
            let mut samples: Vec<Vec<f64>> = (0..channels).map(room).collect();
            for part in interleaved.chunks(FRAMES * channels) {
                for (channel, own) in samples.iter_mut().enumerate() {
                    let frames = part.chunks_exact(channels);
                    own.extend(frames.map(|frame| value(frame[channel])));
                }
            }
            samples
        }
    }
}

/// Like [`separate`], for a number of channels known at compile time.
fn separate_of<const N: usize, T: Copy>(
    interleaved: &[T],
    value: impl Fn(T) -> f64,
) -> Vec<Vec<f64>> {
    let frames = interleaved.as_chunks::<N>().0;
    let room = |_| room(frames.len());
    let mut samples: Vec<Vec<f64>> = (0..N).map(room).collect();
    for part in frames.chunks(FRAMES) {
        for (channel, own) in samples.iter_mut().enumerate() {
            own.extend(part.iter().map(|frame| value(frame[channel])));
        }
    }
    samples
}
