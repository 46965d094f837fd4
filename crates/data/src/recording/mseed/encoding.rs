//! Encodings of miniSEED samples (SEED manual 2.4, blockette 1000; FDSN source of miniSEED 3).

use super::super::steim;
use crate::error::recording::DecodeError;

/// Text, as in logs.
pub(super) const TEXT: u8 = 0;

/// Encoded samples of a record.
pub(super) struct Payload<'a> {
    /// Bytes from the first sample on; they may be followed by padding.
    pub data: &'a [u8],
    /// Number of samples.
    pub count: usize,
    /// As blockette 1000 and version 3 number them.
    pub encoding: u8,
    /// Whether words have their highest byte first.
    pub big_endian: bool,
}

/// Name of an encoding.
pub(super) fn name(encoding: u8) -> &'static str {
    match encoding {
        TEXT => "text",
        1 => "16-bit integers",
        2 => "24-bit integers",
        3 => "32-bit integers",
        4 => "float32",
        5 => "float64",
        10 => "Steim-1",
        11 => "Steim-2",
        12 => "GEOSCOPE 24-bit",
        13 => "GEOSCOPE 16-bit, 3-bit exponent",
        14 => "GEOSCOPE 16-bit, 4-bit exponent",
        15 => "US National Network",
        16 => "CDSN",
        17 => "Graefenberg",
        18 => "IPG Strasbourg",
        19 => "Steim-3",
        30 => "SRO",
        31 => "HGLP",
        32 => "DWWSSN",
        33 => "RSTN",
        _ => "not in the SEED manual",
    }
}

/// Whether [`Payload::decode`] reads an encoding.
pub(super) fn is_read(encoding: u8) -> bool {
    matches!(encoding, 1 | 3..=5 | 10..=14 | 16 | 30 | 32)
}

impl Payload<'_> {
    /// Appends the samples.
    ///
    /// # Errors
    /// If the data are too short or damaged. Some samples may have been appended by then.
    pub(super) fn decode(&self, samples: &mut Vec<f64>) -> Result<(), DecodeError> {
        let Self {
            data,
            count,
            encoding,
            big_endian,
        } = *self;
        let width = match encoding {
            1 | 13 | 14 | 16 | 30 | 32 => 2,
            12 => 3,
            3 | 4 => 4,
            5 => 8,
            10 | 11 => {
                steim::unpack(data, count, encoding - 9, big_endian, samples)?;
                return Ok(());
            }
            number => {
                let name = name(number);
                return Err(DecodeError::Encoding { number, name });
            }
        };
        if count > data.len() / width {
            return Err(DecodeError::TooShort {
                bytes: data.len(),
                count,
                width,
            });
        }
        let data = &data[..count * width];
        match encoding {
            1 | 32 => plain(data, big_endian, samples, |b| i16::from_be_bytes(b).into()),
            3 => plain(data, big_endian, samples, |b| i32::from_be_bytes(b).into()),
            4 => plain(data, big_endian, samples, |b| f32::from_be_bytes(b).into()),
            5 => plain(data, big_endian, samples, f64::from_be_bytes),
            12 => plain(data, big_endian, samples, |[a, b, c]| {
                f64::from(i32::from_be_bytes([a, b, c, 0]) >> 8)
            }),
            13 => plain(data, big_endian, samples, |b| {
                geoscope(u16::from_be_bytes(b), 7)
            }),
            14 => plain(data, big_endian, samples, |b| {
                geoscope(u16::from_be_bytes(b), 15)
            }),
            16 => plain(data, big_endian, samples, |b| cdsn(u16::from_be_bytes(b))),
            _ => {
                let exponents = |word: &[u8; 2]| word[usize::from(!big_endian)] >> 4;
                if let Some(gain) = data.as_chunks().0.iter().map(exponents).find(|e| *e > 10) {
                    return Err(DecodeError::Gain { gain });
                }
                plain(data, big_endian, samples, |b| sro(u16::from_be_bytes(b)));
            }
        }
        Ok(())
    }
}

/// GEOSCOPE's gain-ranged numbers: a mantissa biased by 2048, over a power of two of at most `exponents`.
fn geoscope(word: u16, exponents: u16) -> f64 {
    let divisor = 1u32 << (word >> 12 & exponents);
    (f64::from(word & 0xfff) - 2048.0) / f64::from(divisor)
}

/// The gain-ranged numbers of the China Digital Seismograph Network: a mantissa biased by 8191, and one of four gains.
fn cdsn(word: u16) -> f64 {
    let gain = [1.0, 4.0, 16.0, 128.0][usize::from(word >> 14)];
    (f64::from(word & 0x3fff) - 8191.0) * gain
}

/// The gain-ranged numbers of the Seismic Research Observatories: a signed mantissa, and a gain from 2^10 down to 1.
fn sro(word: u16) -> f64 {
    let mantissa = ((word << 4) as i16) >> 4;
    f64::from(mantissa) * f64::from(1u32 << 10u16.saturating_sub(word >> 12))
}

/// Appends uncompressed numbers; `value` takes their bytes in big-endian order.
fn plain<const N: usize>(
    data: &[u8],
    big_endian: bool,
    samples: &mut Vec<f64>,
    value: impl Fn([u8; N]) -> f64,
) {
    let words = data.as_chunks().0.iter();
    if big_endian {
        samples.extend(words.map(|word: &[u8; N]| value(*word)));
    } else {
        samples.extend(words.map(|word: &[u8; N]| {
            let mut word = *word;
            word.reverse();
            value(word)
        }));
    }
}
