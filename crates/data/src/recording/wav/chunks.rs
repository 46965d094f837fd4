//! The chunks of a RIFF file.

use std::ops::Range;

use super::super::{Notes, Remark};
use crate::error::recording::WavError;

/// Bytes before the first chunk.
const HEAD: usize = 12;
/// A length that is not known, or that RF64 gives elsewhere.
const UNKNOWN: u32 = u32::MAX;

/// A RIFF file of the form WAVE.
pub(super) struct Chunks<'a> {
    /// The file, or its beginning.
    bytes: &'a [u8],
    /// Bytes of the file.
    length: usize,
    /// RIFX: numbers have their highest byte first.
    pub big_endian: bool,
    /// RF64: lengths beyond 4 GiB are in a chunk of their own.
    long: bool,
}

/// The chunks with the samples.
pub(super) struct SampleChunks<'a> {
    /// `fmt `.
    pub format: &'a [u8],
    /// Where `data` is in the file, which may end before it.
    pub data: Range<usize>,
    /// `bext`, which only Broadcast Wave has.
    pub broadcast: Option<&'a [u8]>,
}

/// Position of a chunk's content, and its stated length.
struct Chunk<'a> {
    name: &'a [u8],
    at: usize,
    length: u32,
}

impl<'a> Chunks<'a> {
    /// The chunks of a file of some `length` that begins as WAV files do, with `bytes`.
    pub(super) fn new(bytes: &'a [u8], length: usize) -> Option<Self> {
        let (big_endian, long) = match bytes.get(..4)? {
            b"RIFF" => (false, false),
            b"RIFX" => (true, false),
            b"RF64" | b"BW64" => (false, true),
            _ => return None,
        };
        Some(Self {
            bytes,
            length,
            big_endian,
            long,
        })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let bytes: [u8; 4] = self.bytes.get(at..at + 4)?.try_into().ok()?;
        Some(if self.big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }

    fn chunk(&self, at: usize) -> Option<Chunk<'a>> {
        Some(Chunk {
            name: self.bytes.get(at..at + 4)?,
            at: at + 8,
            length: self.u32(at + 4)?,
        })
    }

    /// Where the chunk after one of `length` bytes begins: chunks of odd length are followed by a byte of padding,
    /// which some writers forget.
    fn after(&self, chunk: &Chunk<'_>, length: usize) -> usize {
        let end = chunk.at.saturating_add(length);
        if length.is_multiple_of(2) {
            return end;
        }
        let name = |at: usize| self.bytes.get(at..at.saturating_add(4));
        let is_name = |at: usize| name(at).is_some_and(is_name);
        if is_name(end) && !is_name(end + 1) {
            end
        } else {
            end.saturating_add(1)
        }
    }

    /// Finds format and data.
    ///
    /// # Errors
    /// If one is missing or truncated.
    pub(super) fn find(&self, notes: &mut Notes) -> Result<SampleChunks<'a>, WavError> {
        let form = self.bytes.get(8..HEAD).unwrap_or_default();
        if form != b"WAVE" {
            let form = String::from_utf8_lossy(form).into_owned();
            return Err(WavError::Form { form });
        }
        let (mut format, mut data, mut long_data) = (None, None, None);
        let mut broadcast = None;
        let mut at = HEAD;
        // Samples or a second file may follow what the header counts.
        while let Some(chunk) = self.chunk(at) {
            if data.is_some() && self.is_stray(&chunk) {
                let bytes = self.bytes.len() - at;
                notes.push(format!(
                    "{bytes} bytes after the `data` chunk belong to no chunk and are left out: is this several WAV files \
                     in one, or is the length in the header wrong?"
                ));
                break;
            }
            let rest = &self.bytes[chunk.at..];
            let mut length = chunk.length as usize;
            match chunk.name {
                b"ds64" if self.long => long_data = rest.get(8..16).map(little_endian),
                b"fmt " => {
                    let whole = rest.get(..length).ok_or(WavError::HeaderTruncated)?;
                    format = format.or(Some(whole));
                }
                b"bext" => broadcast = broadcast.or(rest.get(..length)),
                b"data" if data.is_some() => {
                    notes.push("holds more than one `data` chunk: the first is read");
                }
                b"data" => {
                    length = self.data_length(&chunk, long_data, notes);
                    data = Some(chunk.at..chunk.at + length);
                }
                _ => {}
            }
            at = self.after(&chunk, length);
        }
        match (format, data) {
            (Some(format), Some(data)) => Ok(SampleChunks {
                format,
                data,
                broadcast,
            }),
            (None, _) => Err(WavError::NoChunk { name: "fmt " }),
            (_, None) => Err(WavError::NoChunk { name: "data" }),
        }
    }

    /// Whether what looks like a chunk after the samples is none: its name is none, or it is another file. Zeros pad, and tags
    /// (ID3) are no samples.
    fn is_stray(&self, chunk: &Chunk<'_>) -> bool {
        let rest = &self.bytes[chunk.at - 8..];
        let is_file = matches!(chunk.name, b"RIFF" | b"RIFX" | b"RF64" | b"BW64");
        let is_foreign = is_file || !(is_name(chunk.name) || chunk.name.starts_with(b"ID3"));
        is_foreign && rest.iter().any(|byte| *byte != 0)
    }

    /// Bytes of the data chunk that are there.
    fn data_length(&self, chunk: &Chunk<'_>, long: Option<u64>, notes: &mut Notes) -> usize {
        let there = self.length - chunk.at;
        let stated = match chunk.length {
            UNKNOWN => long.filter(|long| *long < u64::MAX),
            0 if there > 0 && !self.is_chained(chunk.at) => None,
            length => Some(length.into()),
        };
        let Some(stated) = stated else {
            notes.push(Remark::UnknownLength { bytes: there });
            return there;
        };
        if stated > there as u64 {
            notes.push(format!(
                "the header says {stated} bytes of data, but the file ends after {there}: these are read"
            ));
            return there;
        }
        stated as usize
    }

    /// Whether chunks follow each other from `at` to the end of the file.
    fn is_chained(&self, mut at: usize) -> bool {
        while let Some(chunk) = self.chunk(at).filter(|chunk| is_name(chunk.name)) {
            at = self.after(&chunk, chunk.length as usize);
        }
        // The last chunk's padding may be missing.
        at == self.bytes.len() || at == self.bytes.len() + 1
    }
}

/// Whether these bytes can be a chunk's name.
fn is_name(name: &[u8]) -> bool {
    name.iter().all(|b| matches!(b, b' '..=b'~'))
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |all, byte| all << 8 | u64::from(*byte))
}
