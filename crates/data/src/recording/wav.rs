//! WAV files: RIFF, big-endian RIFX, and RF64 beyond 4 GiB. Channels are named by their number from 1.
//!
//! Samples are the integers of their containers, whatever the number of valid bits: 24 valid bits at the upper end of
//! 32 are read as 32-bit integers, as SciPy does. WAV stores 8-bit integers from 0 to 255; they are read as -128 to
//! 127. Bytes of A-law and mu-law are read as the 16-bit integers that they stand for, as soundfile does.
//!
//! Broadcast Wave tells when the recording began.

mod broadcast;
mod chunks;
mod codec;

use std::io::{self, Read};
use std::ops::Range;

use self::broadcast::Origination;
use self::chunks::Chunks;
use self::codec::{Format, Width, a_law, mu_law};
use super::{Contents, Hints, Notes, Trace, check_rate};
use crate::error::recording::{RecordingError, WavError};
use crate::room::room;

/// Whether a file begins as WAV files do.
pub(super) fn is(bytes: &[u8]) -> bool {
    Chunks::new(bytes, bytes.len()).is_some()
}

/// Reads one trace for each channel.
///
/// # Errors
/// If the file is damaged, or its codec is not supported.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let header = Header::of(bytes, bytes.len(), hints)?;
    let samples = header.samples(&bytes[header.data.clone()]);
    Ok(header.contents(samples.expect("memory can be read"), hints))
}

/// Reads a file of which `head` has been read, without holding all of it beside its samples. `None` if this head does not tell
/// that samples follow up to the end of the file, and nothing unusual.
///
/// # Errors
/// If the file cannot be read.
pub(super) fn read_on(
    head: &[u8],
    file: impl Read,
    length: usize,
    hints: &Hints,
) -> Option<io::Result<Contents>> {
    let header = Header::of(head, length, hints).ok()?;
    // The last chunk may be padded.
    let is_plain = header.notes.is_empty() && length - header.data.end < 2;
    let samples = is_plain.then(|| header.samples(head[header.data.start..].chain(file)))?;
    Some(samples.map(|samples| header.contents(samples, hints)))
}

/// What comes before the samples.
struct Header {
    format: Format,
    big_endian: bool,
    rate: f64,
    /// The bytes of whole frames.
    data: Range<usize>,
    notes: Notes,
    /// When the recording began, by the file.
    origination: Option<Origination>,
}

impl Header {
    /// That of a file of some `length` which begins with `bytes`.
    ///
    /// # Errors
    /// As [`read`].
    fn of(bytes: &[u8], length: usize, hints: &Hints) -> Result<Self, RecordingError> {
        let chunks = Chunks::new(bytes, length).ok_or(WavError::NotWav)?;
        let mut notes = Notes::default();
        let sample_chunks = chunks.find(&mut notes)?;
        let format = Format::of(sample_chunks.format, chunks.big_endian)?;
        let rate = match (format.rate, hints.sampling_rate) {
            (0, Some(rate)) => rate,
            (0, None) => return Err(WavError::NoRate.into()),
            (rate, _) => f64::from(rate),
        };
        let frame = format.frame();
        let rest = sample_chunks.data.len() % frame;
        if rest > 0 {
            notes.push(format!(
                "the last {rest} bytes are not a whole frame of {frame} and are left out"
            ));
        }
        let rate = check_rate(rate)?;
        let broadcast = sample_chunks.broadcast;
        Ok(Self {
            format,
            big_endian: chunks.big_endian,
            rate,
            data: sample_chunks.data.start..sample_chunks.data.end - rest,
            notes,
            origination: broadcast
                .and_then(|chunk| Origination::of(chunk, chunks.big_endian, rate)),
        })
    }

    /// The samples of every channel, the bytes of which are read in blocks.
    ///
    /// # Errors
    /// Those of reading.
    fn samples(&self, mut data: impl Read) -> io::Result<Vec<Vec<f64>>> {
        let frame = self.format.frame();
        let room = |_| room(self.data.len() / frame);
        let mut samples: Vec<Vec<f64>> = (0..self.format.channels).map(room).collect();
        let mut block = vec![0; BLOCK.div_ceil(frame) * frame];
        let mut left = self.data.len();
        while left > 0 {
            block.truncate(left);
            data.read_exact(&mut block)?;
            decode(&block, self.format.width, self.big_endian, &mut samples);
            left -= block.len();
        }
        Ok(samples)
    }

    fn contents(mut self, samples: Vec<Vec<f64>>, hints: &Hints) -> Contents {
        let mut start = hints.start;
        if let (None, Some(origination)) = (start, &self.origination) {
            start = origination.start();
            self.notes.push(origination.to_string());
        }
        let trace = |(channel, samples): (usize, Vec<f64>)| Trace {
            channel: (channel + 1).to_string(),
            start: start.unwrap_or(0),
            rate: self.rate,
            samples,
        };
        Contents {
            traces: samples.into_iter().enumerate().map(trace).collect(),
            notes: self.notes,
            ..Contents::default()
        }
    }
}

/// Bytes that stay in the cache while they are split into channels.
const BLOCK: usize = 128 << 10;

/// Adds whole frames to the samples of every channel.
fn decode(data: &[u8], width: Width, big_endian: bool, samples: &mut [Vec<f64>]) {
    // `$value` receives the bytes of a sample, lowest first.
    macro_rules! read {
        ($value:expr) => {
            if big_endian {
                separate(data.as_chunks().0, samples, |mut bytes| {
                    bytes.reverse();
                    $value(bytes)
                })
            } else {
                separate(data.as_chunks().0, samples, $value)
            }
        };
    }
    match width {
        Width::Unsigned8 => separate(data, samples, |b| f64::from(b) - 128.0),
        Width::Int16 => read!(|b| f64::from(i16::from_le_bytes(b))),
        Width::Int24 => {
            read!(|[a, b, c]: [u8; 3]| { f64::from(i32::from_le_bytes([0, a, b, c]) >> 8) })
        }
        Width::Int32 => read!(|b| f64::from(i32::from_le_bytes(b))),
        // Values beyond 2^53 are rounded to the nearest float64.
        Width::Int64 => read!(|b| i64::from_le_bytes(b) as f64),
        Width::Float32 => read!(|b| f64::from(f32::from_le_bytes(b))),
        Width::Float64 => read!(f64::from_le_bytes),
        Width::ALaw => separate(data, samples, a_law),
        Width::MuLaw => separate(data, samples, mu_law),
    }
}

/// Separates the interleaved samples of the channels.
fn separate<T: Copy>(interleaved: &[T], samples: &mut [Vec<f64>], value: impl Fn(T) -> f64) {
    match samples.len() {
        1 => separate_of::<1, T>(interleaved, samples, value),
        2 => separate_of::<2, T>(interleaved, samples, value),
        3 => separate_of::<3, T>(interleaved, samples, value),
        4 => separate_of::<4, T>(interleaved, samples, value),
        channels => {
            for (channel, channel_samples) in samples.iter_mut().enumerate() {
                let frames = interleaved.chunks_exact(channels);
                channel_samples.extend(frames.map(|frame| value(frame[channel])));
            }
        }
    }
}

/// Like [`separate`], for a number of channels known at compile time.
fn separate_of<const N: usize, T: Copy>(
    interleaved: &[T],
    samples: &mut [Vec<f64>],
    value: impl Fn(T) -> f64,
) {
    let frames = interleaved.as_chunks::<N>().0;
    for (channel, channel_samples) in samples.iter_mut().enumerate() {
        channel_samples.extend(frames.iter().map(|frame| value(frame[channel])));
    }
}
