//! miniSEED: version 2 (SEED manual 2.4, data records) and version 3 (FDSN, 2023), also inside full SEED volumes.
//!
//! Records that are damaged, truncated or empty are left out, counted and noted: a damaged record is a gap. After bytes that
//! are not a record, reading continues at the next header.

mod encoding;
mod header;
mod index;
mod met;
mod packets;
mod search;
mod version_2;
mod version_3;
mod walk;

use self::header::{Kind, Record};
use self::walk::{Sink, Walk};
use super::{Contents, Hints, NANOS, Trace, dated, drift};
use crate::error::recording::{DecodeError, RecordingError};

pub use self::index::{IndexedFile, IndexedTrace, TraceReader};
pub use self::packets::Packets;

/// Number of bytes searched for the first record.
const FIRST: usize = 1 << 20;

/// Whether a file begins with a record.
pub(super) fn is(bytes: &[u8]) -> bool {
    match header::kind(bytes) {
        Kind::Data2 | Kind::Data3 => true,
        Kind::Control => search::is_certain(bytes),
        Kind::Foreign => false,
    }
}

/// Whether there is a record somewhere in the beginning of a file.
pub(super) fn is_inside(bytes: &[u8]) -> bool {
    search::next(bytes, 0..FIRST).is_some()
}

/// All traces, in the order of the records; contiguous records of a channel are joined.
///
/// # Errors
/// If no record can be read: the reason, with the number and offset of the first damaged record.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let mut walk = Walk::default();
    let mut decoded = Decoded::default();
    walk.over(bytes, true, &mut decoded);
    let mut traces = decoded.traces;
    traces.retain(|trace| !trace.samples.is_empty());
    let notes = walk.notes(traces.is_empty())?;
    Ok(dated(traces, notes, hints))
}

/// Traces with their samples.
#[derive(Default)]
struct Decoded {
    traces: Vec<Trace>,
}

impl Sink for Decoded {
    fn take(&mut self, record: &Record<'_>, rate: f64, _offset: u64) -> Result<(), DecodeError> {
        let traces = &mut self.traces;
        // The last trace of the channel if the record continues it, otherwise a new one.
        let last = traces
            .iter()
            .rposition(|trace| trace.channel == record.channel)
            .filter(|last| {
                let last = &traces[*last];
                continues(record, rate, last.end(), last.rate)
            });
        let index = last.unwrap_or_else(|| {
            traces.push(Trace {
                channel: record.channel.clone(),
                start: record.start,
                rate,
                samples: Vec::new(),
            });
            traces.len() - 1
        });
        let samples = &mut traces[index].samples;
        let before = samples.len();
        record
            .payload
            .decode(samples)
            .inspect_err(|_| samples.truncate(before))
    }
}

/// Whether a record continues a trace: from its beginning to its end, it is within half a sample of the clock of the trace.
fn continues(record: &Record<'_>, rate: f64, end: i64, of: f64) -> bool {
    let apart = record.start.saturating_sub(end).unsigned_abs() as f64 * rate / NANOS;
    apart + drift(record.payload.count, rate, of) <= 0.5
}
