//! An index of the samples in a miniSEED file, so that a day is read without holding all of it in memory.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::super::{NANOS, Notes};
use super::encoding::Payload;
use super::header::Record;
use super::walk::{Sink, Walk};
use super::{continues, is, is_inside};
use crate::error::recording::{DecodeError, RecordingError};

/// Bytes that are read at once.
const BLOCK: usize = 256 << 10;
/// Number of bytes after a record that are looked at to tell whether it is complete.
const AHEAD: usize = 128 << 10;

/// A miniSEED file whose samples are still on disk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IndexedFile {
    /// Its traces, in the order of the file.
    pub traces: Vec<IndexedTrace>,
    /// What was unusual; see [`super::super::Contents::notes`].
    pub notes: Notes,
}

/// A trace whose samples are still on disk.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexedTrace {
    /// `NET.STA.LOC.CHA`.
    pub channel: String,
    /// Time of the first sample, in nanoseconds since 1970.
    pub start: i64,
    /// Samples per second.
    pub rate: f64,
    /// Samples.
    pub len: usize,
    records: Vec<SampleLocation>,
}

impl IndexedTrace {
    /// Time of sample `i`, in nanoseconds.
    pub fn time(&self, i: usize) -> i64 {
        self.start
            .saturating_add((i as f64 / self.rate * NANOS).round() as i64)
    }
}

/// Position of the samples of a record in the file.
#[derive(Clone, Copy, Debug, PartialEq)]
struct SampleLocation {
    offset: u64,
    length: u32,
    count: u32,
    encoding: u8,
    big_endian: bool,
}

#[derive(Default)]
struct Indexer(Vec<IndexedTrace>);

impl Sink for Indexer {
    fn take(&mut self, record: &Record<'_>, rate: f64, offset: u64) -> Result<(), DecodeError> {
        let traces = &mut self.0;
        let last = traces
            .iter()
            .rposition(|trace| trace.channel == record.channel)
            .filter(|last| {
                let last = &traces[*last];
                continues(record, rate, last.time(last.len), last.rate)
            });
        let last = last.unwrap_or_else(|| {
            traces.push(IndexedTrace {
                channel: record.channel.clone(),
                start: record.start,
                rate,
                len: 0,
                records: Vec::new(),
            });
            traces.len() - 1
        });
        let payload = &record.payload;
        traces[last].records.push(SampleLocation {
            offset,
            length: u32::try_from(payload.data.len()).map_err(|_| DecodeError::TooLarge)?,
            count: u32::try_from(payload.count).map_err(|_| DecodeError::TooLarge)?,
            encoding: payload.encoding,
            big_endian: payload.big_endian,
        });
        traces[last].len += payload.count;
        Ok(())
    }
}

impl IndexedFile {
    /// Reads the headers of `file`; `None` if it is not miniSEED.
    ///
    /// # Errors
    /// If it cannot be read. The inner result is an error if no record can be read.
    pub fn open(mut file: &File) -> std::io::Result<Option<Result<Self, RecordingError>>> {
        let mut walk = Walk::default();
        let mut indexer = Indexer::default();
        let mut buffer = Vec::new();
        let mut known = false;
        loop {
            let before = buffer.len();
            (&mut file)
                .take(2 * BLOCK as u64)
                .read_to_end(&mut buffer)?;
            let is_last = buffer.len() == before;
            if !known {
                if !is(&buffer) && !is_inside(&buffer) {
                    return Ok(None);
                }
                known = true;
            }
            let end = if is_last {
                buffer.len()
            } else {
                buffer.len().saturating_sub(AHEAD)
            };
            let passed = walk.over_until(&buffer, end, is_last, &mut indexer);
            buffer.drain(..passed);
            if is_last {
                break;
            }
        }
        let mut traces = indexer.0;
        traces.retain(|trace| trace.len > 0);
        let notes = walk.notes(traces.is_empty());
        Ok(Some(notes.map(|notes| Self { traces, notes })))
    }
}

/// Reads a trace from its beginning to its end, one record at a time.
pub struct TraceReader {
    file: File,
    block: Vec<u8>,
    /// Offset of the block in the file.
    at: u64,
    /// The next record, and the samples before it.
    next: usize,
    before: usize,
}

impl TraceReader {
    /// Opens the file at `path`.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        Ok(Self {
            file: File::open(path)?,
            block: Vec::new(),
            at: 0,
            next: 0,
            before: 0,
        })
    }

    /// Samples of the trace before the next record.
    pub fn position(&self) -> usize {
        self.before
    }

    /// Decodes the next record of `trace` into `samples`, which stay empty if it is damaged. Returns the number of its first
    /// sample and whether it could be decoded; none at the end of the trace.
    ///
    /// # Errors
    /// If the file cannot be read any more.
    pub fn next(
        &mut self,
        trace: &IndexedTrace,
        samples: &mut Vec<f64>,
    ) -> std::io::Result<Option<(usize, Result<(), DecodeError>)>> {
        samples.clear();
        let Some(place) = trace.records.get(self.next).copied() else {
            return Ok(None);
        };
        let first = self.before;
        self.next += 1;
        self.before += place.count as usize;
        let data = self.bytes(place)?;
        let payload = Payload {
            data,
            count: place.count as usize,
            encoding: place.encoding,
            big_endian: place.big_endian,
        };
        let decoded = payload.decode(samples);
        if decoded.is_err() {
            samples.clear();
        }
        Ok(Some((first, decoded)))
    }

    fn bytes(&mut self, place: SampleLocation) -> std::io::Result<&[u8]> {
        let length = place.length as usize;
        let inside = place.offset >= self.at
            && place.offset + length as u64 <= self.at + self.block.len() as u64;
        if !inside {
            self.at = place.offset;
            self.block.clear();
            self.file.seek(SeekFrom::Start(place.offset))?;
            (&mut self.file)
                .take(BLOCK.max(length) as u64)
                .read_to_end(&mut self.block)?;
        }
        let from = (place.offset - self.at) as usize;
        let cut = || std::io::Error::other("the file has become shorter while it was read");
        self.block.get(from..from + length).ok_or_else(cut)
    }
}
