//! miniSEED as it comes in, say from `slinktool`: every record as soon as it is whole.

use super::super::Trace;
use super::header::Record;
use super::walk::{Sink, Walk};

/// Records of a stream; samples come out as soon as the last byte of their record has come in.
#[derive(Default)]
pub struct Packets {
    walk: Walk,
    /// Bytes of records that are not whole.
    buffer: Vec<u8>,
    found: bool,
}

impl Packets {
    /// Whether bytes are the beginning of miniSEED records.
    pub fn are(bytes: &[u8]) -> bool {
        super::is(bytes)
    }

    /// Takes the next bytes; the records that are whole now, one trace each.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Trace> {
        self.buffer.extend_from_slice(bytes);
        self.walk(false)
    }

    /// The last records: nothing comes any more.
    pub fn finish(&mut self) -> Vec<Trace> {
        self.walk(true)
    }

    fn walk(&mut self, is_last: bool) -> Vec<Trace> {
        let mut decoded = Each(Vec::new());
        let passed = self.walk.over(&self.buffer, is_last, &mut decoded);
        self.buffer.drain(..passed);
        self.found |= !decoded.0.is_empty();
        decoded.0
    }

    /// What was unusual so far.
    ///
    /// # Errors
    /// Where no record could be read.
    pub fn notes(&self) -> Result<Vec<String>, String> {
        self.walk.notes(!self.found)
    }
}

/// A trace a record.
struct Each(Vec<Trace>);

impl Sink for Each {
    fn take(&mut self, record: &Record<'_>, rate: f64, _place: u64) -> Result<(), String> {
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
