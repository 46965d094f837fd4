//! TFRecord files of `tf.train.Example`, which `example.rs` decodes. Framing and checksums are those of the `tfrecord`
//! crate.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use support::checksum::{append_record, masked};
use tfrecord::io::sync as framing;
use tfrecord::protobuf::Example;

use super::example::{decode, encode, note, rate};
use super::notes::distinct;
use super::{Reader, Record, Sink, SourceSelection, Span, Window, Windows, has_ending, unreadable};
use crate::error::sample::{FrameError, SampleError};
use crate::error::{DataError, in_record};

/// Bytes of a record's framing: length and two checksums.
const OVERHEAD: u64 = 16;

/// The reader.
pub struct Tfrecord;

impl Reader for Tfrecord {
    fn name(&self) -> &'static str {
        "TFRecord files (.tfrecord, .tfrecords)"
    }

    fn accepts(&self, path: &Path, head: &[u8]) -> bool {
        let mut endings = ["tfrecord", "tfrecords"].into_iter();
        let ending = endings.any(|ending| has_ending(path, ending));
        // The checksum of the length identifies the format, whatever the name is.
        ending || matches!(framing::try_read_len(&mut &head[..], true), Ok(Some(_)))
    }

    fn read(&self, path: &Path, wanted: &SourceSelection, sink: Sink<'_>) -> Result<(), DataError> {
        walk(path, |record, length, reader| {
            sink(payload(path, record, length, wanted, reader)?)
        })
    }

    fn spans(&self, path: &Path) -> Result<Option<Vec<Span>>, DataError> {
        let mut spans = Vec::new();
        let mut offset = 0;
        walk(path, |record, length, reader| {
            let length = length as u64;
            let whole = u32::try_from(length + OVERHEAD)
                .map_err(|_| frame(path, record)(FrameError::TooLarge { length }))?;
            spans.push(Span {
                offset,
                length: whole,
            });
            offset += u64::from(whole);
            // The payload and its checksum.
            let rest = reader.seek_relative(i64::from(whole) - LENGTH as i64);
            rest.map_err(unreadable(path))
        })?;
        Ok(Some(spans))
    }

    fn note(&self, path: &Path, wanted: &SourceSelection) -> Option<String> {
        let first = first(BufReader::new(File::open(path).ok()?))?;
        note(first, wanted)
    }

    fn rates(&self, path: &Path) -> Vec<f64> {
        let file = File::open(path).ok();
        file.and_then(rates_of).unwrap_or_default()
    }

    fn windows(
        &self,
        path: &Path,
        wanted: &SourceSelection,
    ) -> Result<Box<dyn Windows>, DataError> {
        let file = File::open(path).map_err(unreadable(path))?;
        Ok(Box::new(Opened(file, wanted.clone())))
    }
}

/// The first example, if it can be read.
pub(super) fn first(mut reader: impl Read) -> Option<Example> {
    let length = framing::try_read_len(&mut reader, true).ok()??;
    let mut bytes = Vec::new();
    let read = reader.take(length as u64).read_to_end(&mut bytes).ok()?;
    let whole = (read == length).then_some(bytes)?;
    <Example as tfrecord::Record>::from_bytes(whole).ok()
}

/// Places of a file at which records are looked at for their sampling rate.
const PLACES: u32 = 32;
/// Parts of the file between one place and the next: no multiple of a part of it, so that samples in turns are all met.
const APART: f64 = 0.618_033_988_749_895;
/// Bytes at a place, at least and at most: a record and the rest of the one before.
const LOOKED_AT: std::ops::RangeInclusive<u64> = 1 << 12..=1 << 22;

/// The sampling rates of the first record and, if it has one, of others all over the file.
fn rates_of(mut file: File) -> Option<Vec<f64>> {
    let first_rate = rate(&first(BufReader::new(&file))?)?;
    let all = file.metadata().ok()?.len();
    let of_first = file.stream_position().ok()?;
    let length = (2 * of_first).clamp(*LOOKED_AT.start(), *LOOKED_AT.end());
    let mut rates = vec![first_rate];
    let mut bytes = Vec::new();
    for place in 1..=PLACES {
        let start = (f64::from(place) * APART).fract() * all as f64;
        file.seek(SeekFrom::Start(start as u64)).ok()?;
        bytes.clear();
        (&file).take(length).read_to_end(&mut bytes).ok()?;
        rates.extend(first_in(&bytes).and_then(|example| rate(&example)));
    }
    Some(distinct(rates))
}

/// The first whole record among bytes that begin within one.
fn first_in(bytes: &[u8]) -> Option<Example> {
    // The bytes that their checksum follows.
    let checked = |at: usize, length: usize| {
        let content = bytes.get(at..at.checked_add(length)?)?;
        let stored = bytes[at + length..].first_chunk().copied()?;
        (masked(content) == u32::from_le_bytes(stored)).then_some(content)
    };
    let record = |at: usize| {
        let length = checked(at, size_of::<u64>())?;
        let length = u64::from_le_bytes(*length.first_chunk()?);
        checked(at + LENGTH, usize::try_from(length).ok()?)
    };
    let found = (0..bytes.len()).find_map(record)?;
    <Example as tfrecord::Record>::from_bytes(found.to_vec()).ok()
}

struct Opened(File, SourceSelection);

impl Windows for Opened {
    fn window(&mut self, path: &Path, record: usize, span: Span) -> Result<Window, DataError> {
        let mut bytes = vec![0; span.length as usize];
        self.0
            .seek(SeekFrom::Start(span.offset))
            .and_then(|_| self.0.read_exact(&mut bytes))
            .map_err(unreadable(path))?;
        let mut bytes = &bytes[..];
        let length = framing::try_read_len(&mut bytes, true);
        match length.map_err(|e| frame(path, record)(e.into()))? {
            Some(length) if length as u64 + OVERHEAD == u64::from(span.length) => {
                payload(path, record, length, &self.1, &mut bytes).map(Window::from)
            }
            _ => Err(in_record(path, record)(SampleError::Changed)),
        }
    }
}

/// Bytes of a record before its payload.
const LENGTH: usize = 12;
/// Bytes after it.
pub(super) const CHECKSUM: usize = 4;

/// Error about the frame of a record.
pub(super) fn frame(path: &Path, record: usize) -> impl Fn(FrameError) -> DataError + '_ {
    move |problem| in_record(path, record)(SampleError::from(problem))
}

/// Calls `each` with the number of every record and the length of its payload, which comes next.
fn walk(
    path: &Path,
    mut each: impl FnMut(usize, usize, &mut BufReader<File>) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let file = File::open(path).map_err(unreadable(path))?;
    let mut left = file.metadata().map_err(unreadable(path))?.len();
    let mut reader = BufReader::with_capacity(1 << 16, file);
    for record in 0.. {
        let length = framing::try_read_len(&mut reader, true);
        let Some(length) = length.map_err(|e| frame(path, record)(e.into()))? else {
            return Ok(());
        };
        // Checked before memory is allocated.
        if (length as u64).saturating_add(OVERHEAD) > left {
            return Err(frame(path, record)(FrameError::TooLong {
                length: length as u64,
                left: left.saturating_sub(OVERHEAD),
            }));
        }
        left -= length as u64 + OVERHEAD;
        each(record, length, &mut reader)?;
    }
    Ok(())
}

/// Reads and decodes a payload.
pub(super) fn payload(
    path: &Path,
    record: usize,
    length: usize,
    wanted: &SourceSelection,
    reader: &mut impl Read,
) -> Result<Record, DataError> {
    let frame = frame(path, record);
    // Checked here with the processor's CRC instruction; the library uses a table.
    let mut bytes = vec![0; length + CHECKSUM];
    reader.read_exact(&mut bytes).map_err(|e| match e.kind() {
        std::io::ErrorKind::UnexpectedEof => frame(FrameError::Truncated),
        _ => unreadable(path)(e),
    })?;
    let stored = bytes.split_off(length);
    let stored = u32::from_le_bytes([stored[0], stored[1], stored[2], stored[3]]);
    let found = masked(&bytes);
    if found != stored {
        return Err(frame(FrameError::Checksum { found, stored }));
    }
    let example = <Example as tfrecord::Record>::from_bytes(bytes)
        .map_err(|e| frame(FrameError::NotExample(e)))?;
    decode(record, example, wanted).map_err(|e| in_record(path, record)(SampleError::from(e)))
}

/// Writes records as the reader reads them; TensorFlow reads them too.
pub struct TfrecordWriter {
    path: PathBuf,
    writer: BufWriter<File>,
}

impl TfrecordWriter {
    /// Creates `path`.
    ///
    /// # Errors
    /// [`DataError::Write`].
    pub fn create(path: &Path) -> Result<Self, DataError> {
        let file = File::create(path).map_err(|source| DataError::Write {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            writer: BufWriter::new(file),
        })
    }

    /// Appends one record.
    ///
    /// # Errors
    /// [`DataError::Write`].
    pub fn write(&mut self, record: &Record) -> Result<(), DataError> {
        // The library would compute checksums by a table, as in `payload`.
        let mut framed = Vec::new();
        append_record(&mut framed, &encode(record));
        let written = self.writer.write_all(&framed);
        written.map_err(|source| DataError::Write {
            path: self.path.clone(),
            source,
        })
    }

    /// Flushes and syncs the file.
    ///
    /// # Errors
    /// [`DataError::Write`].
    pub fn finish(mut self) -> Result<(), DataError> {
        let synced = self
            .writer
            .flush()
            .and_then(|()| self.writer.get_ref().sync_all());
        synced.map_err(|source| DataError::Write {
            path: self.path,
            source,
        })
    }
}

#[cfg(test)]
mod tests;
