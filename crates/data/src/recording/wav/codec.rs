//! Encoding of the samples of a WAV file: its `fmt ` chunk.

use crate::error::recording::WavError;

const PCM: u16 = 1;
const FLOAT: u16 = 3;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
const EXTENSIBLE: u16 = 0xfffe;
/// Maximum number of channels, as in libsndfile. Every channel becomes a trace, and a damaged header can claim 65,535.
const MAX_CHANNELS: usize = 1024;

/// Bytes of a sample and what they mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Width {
    /// From 0 to 255, 128 being silence.
    Unsigned8,
    /// Signed integers.
    Int16,
    /// Signed integers.
    Int24,
    /// Signed integers.
    Int32,
    /// Signed integers.
    Int64,
    /// Float32 samples.
    Float32,
    /// Float64 samples.
    Float64,
    /// Bytes of G.711, which stand for integers of 16 bits.
    ALaw,
    /// Likewise.
    MuLaw,
}

impl Width {
    /// Bytes per sample.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Unsigned8 | Self::ALaw | Self::MuLaw => 1,
            Self::Int16 => 2,
            Self::Int24 => 3,
            Self::Int32 | Self::Float32 => 4,
            Self::Int64 | Self::Float64 => 8,
        }
    }
}

/// Content of the `fmt ` chunk.
#[derive(Debug, PartialEq)]
pub(super) struct Format {
    /// At least one.
    pub channels: usize,
    /// Samples per second.
    pub rate: u32,
    /// Width of every sample.
    pub width: Width,
}

impl Format {
    /// Bytes of a sample of every channel.
    pub(super) fn frame(&self) -> usize {
        self.width.bytes() * self.channels
    }

    /// Reads the chunk's content.
    ///
    /// # Errors
    /// If the codec is not supported, or the numbers contradict each other.
    pub(super) fn of(chunk: &[u8], big_endian: bool) -> Result<Self, WavError> {
        let u16 = |at: usize| {
            let pair: Option<[u8; 2]> = chunk
                .get(at..at + 2)
                .and_then(|bytes| bytes.try_into().ok());
            pair.map(|pair| {
                if big_endian {
                    u16::from_be_bytes(pair)
                } else {
                    u16::from_le_bytes(pair)
                }
            })
        };
        let needed = |at: usize| u16(at).ok_or(WavError::FormatTooShort);
        let [first, second] = if big_endian { [4, 6] } else { [6, 4] };
        let rate = u32::from(needed(first)?) << 16 | u32::from(needed(second)?);
        let channels = usize::from(needed(2)?);
        let (block, bits) = (usize::from(needed(12)?), usize::from(needed(14)?));
        let mut codec = needed(0)?;
        if codec == EXTENSIBLE {
            codec = sub_format(chunk, big_endian)?;
        }
        if !matches!(codec, PCM | FLOAT | A_LAW | MU_LAW) {
            return Err(WavError::Codec { codec: name(codec) });
        }
        if channels == 0 {
            return Err(WavError::NoChannels);
        }
        if channels > MAX_CHANNELS {
            return Err(WavError::TooManyChannels {
                count: channels,
                limit: MAX_CHANNELS,
            });
        }
        // Some writers omit the frame size.
        let bytes = match block {
            0 => bits.div_ceil(8),
            block if block.is_multiple_of(channels) => block / channels,
            bytes => return Err(WavError::FrameSize { bytes, channels }),
        };
        if bits > 8 * bytes {
            return Err(WavError::BitDepth { bits, bytes });
        }
        let width = match (codec, bytes) {
            (PCM, 1) => Width::Unsigned8,
            (PCM, 2) => Width::Int16,
            (PCM, 3) => Width::Int24,
            (PCM, 4) => Width::Int32,
            (PCM, 8) => Width::Int64,
            (FLOAT, 4) => Width::Float32,
            (FLOAT, 8) => Width::Float64,
            (A_LAW, 1) => Width::ALaw,
            (MU_LAW, 1) => Width::MuLaw,
            _ => {
                let kind = match codec {
                    PCM => "integers",
                    FLOAT => "floats",
                    _ => "samples of A-law and mu-law",
                };
                return Err(WavError::Width { kind, bytes });
            }
        };
        Ok(Self {
            channels,
            rate,
            width,
        })
    }
}

/// The sample that a byte of A-law stands for (ITU-T G.711), scaled to 16 bits.
pub(super) fn a_law(byte: u8) -> f64 {
    let byte = byte ^ 0x55;
    let step = i32::from(byte & 0x0f) << 4 | 8;
    let size = match byte >> 4 & 7 {
        0 => step,
        segment => (step | 0x100) << (segment - 1),
    };
    f64::from(if byte & 0x80 == 0 { -size } else { size })
}

/// The sample that a byte of mu-law stands for (ITU-T G.711), scaled to 16 bits.
pub(super) fn mu_law(byte: u8) -> f64 {
    let byte = !byte;
    let size = ((i32::from(byte & 0x0f) << 3 | 0x84) << (byte >> 4 & 7)) - 0x84;
    f64::from(if byte & 0x80 == 0 { size } else { -size })
}

/// The codec that WAVE_FORMAT_EXTENSIBLE names by a GUID.
fn sub_format(chunk: &[u8], big_endian: bool) -> Result<u16, WavError> {
    /// Ends of the GUIDs whose first bytes are a codec's number: those of Windows, and of ambisonic files.
    const TAILS: [[u8; 12]; 2] = [
        [0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113],
        [33, 7, 211, 17, 134, 68, 200, 193, 202, 0, 0, 0],
    ];
    let guid = chunk.get(24..40).ok_or(WavError::ExtensionTooShort)?;
    let mut tail: [u8; 12] = guid[4..].try_into().expect("twelve bytes");
    let codec = if big_endian {
        // The first three numbers of a GUID have the byte order of the file.
        tail[..2].reverse();
        tail[2..4].reverse();
        u32::from_be_bytes(guid[..4].try_into().expect("four bytes"))
    } else {
        u32::from_le_bytes(guid[..4].try_into().expect("four bytes"))
    };
    let number = u16::try_from(codec).ok();
    number
        .filter(|_| TAILS.contains(&tail))
        .ok_or_else(|| WavError::SubFormat {
            guid: support::words::hex(guid),
        })
}

/// Name of a codec.
fn name(codec: u16) -> String {
    let name = match codec {
        0x0002 => "Microsoft ADPCM",
        0x0011 => "IMA ADPCM",
        0x0016 => "G.723 ADPCM",
        0x0031 => "GSM 6.10",
        0x0040 => "G.721 ADPCM",
        0x0050 => "MPEG",
        0x0055 => "MP3",
        0x0064 => "G.726 ADPCM",
        0x00ff | 0x1600 | 0x1610 => "AAC",
        0x0161..=0x0163 => "Windows Media Audio",
        0x2000 => "AC-3",
        0x566f | 0x674f..=0x6771 => "Ogg Vorbis",
        0xf1ac => "FLAC",
        _ => return format!("number {codec:#06x}"),
    };
    format!("{name} ({codec:#06x})")
}
