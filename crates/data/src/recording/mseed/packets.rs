//! A stream of miniSEED, such as the output of `slinktool`: every record as soon as it is complete.

use super::super::{Notes, Trace};
use super::header::Record;
use super::walk::{Sink, Walk};
use crate::error::recording::{DecodeError, RecordingError};

/// Records of a stream; their samples are available as soon as the last byte of the record has arrived.
#[derive(Default)]
pub struct Packets {
    walk: Walk,
    /// Bytes of incomplete records.
    buffer: Vec<u8>,
    found: bool,
}

impl Packets {
    /// Whether bytes are the beginning of miniSEED records.
    pub fn are(bytes: &[u8]) -> bool {
        super::is(bytes)
    }

    /// Takes the next bytes; returns the records that are complete now, one trace each.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Trace> {
        self.buffer.extend_from_slice(bytes);
        self.walk(false)
    }

    /// Returns the last records, after the end of the stream.
    pub fn finish(&mut self) -> Vec<Trace> {
        self.walk(true)
    }

    fn walk(&mut self, is_last: bool) -> Vec<Trace> {
        let mut decoded = TracePerRecord(Vec::new());
        let passed = self.walk.over(&self.buffer, is_last, &mut decoded);
        self.buffer.drain(..passed);
        self.found |= !decoded.0.is_empty();
        decoded.0
    }

    /// What was unusual so far.
    ///
    /// # Errors
    /// If no record could be read.
    pub fn notes(&self) -> Result<Notes, RecordingError> {
        self.walk.notes(!self.found)
    }
}

/// One trace for each record.
struct TracePerRecord(Vec<Trace>);

impl Sink for TracePerRecord {
    fn take(&mut self, record: &Record<'_>, rate: f64, _offset: u64) -> Result<(), DecodeError> {
        let mut samples = Vec::new();
        record.payload.decode(&mut samples)?;
        self.0.push(Trace {
            channel: record.channel.clone(),
            start: record.start,
            rate,
            samples,
        });
        Ok(())
    }
}
