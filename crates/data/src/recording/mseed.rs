//! miniSEED: version 2 (SEED manual 2.4, data records) and version 3 (FDSN, 2023), also inside full SEED volumes.
//!
//! Records that are damaged, cut off or hold no samples are left out, counted and noted: a damaged record is a gap.
//! After bytes that are no record, reading goes on at the next header.

mod encoding;
mod header;
mod index;
mod met;
mod packets;
mod version_2;
mod version_3;
mod walk;

use self::header::{Kind, Record};
use self::walk::{Sink, Walk};
use super::{Contents, Trace, same_rate};

pub use self::index::{IndexedFile, IndexedTrace, TraceReader};
pub use self::packets::Packets;

/// Bytes of a file among which the first record is looked for.
const FIRST: usize = 1 << 20;

/// Whether a file begins with a record.
pub(super) fn is(bytes: &[u8]) -> bool {
    match header::kind(bytes) {
        Kind::Data2 | Kind::Data3 => true,
        Kind::Control => header::is_certain(bytes),
        Kind::Foreign => false,
    }
}

/// Whether there is a record somewhere in the beginning of a file.
pub(super) fn is_inside(bytes: &[u8]) -> bool {
    header::next(bytes, 0..FIRST).is_some()
}

/// All traces, in the order of the records; neighbouring records of a channel that continue each other are one.
///
/// # Errors
/// With the number and offset of the first record that is damaged, where none is sound.
pub(super) fn read(bytes: &[u8]) -> Result<Contents, String> {
    let mut walk = Walk::default();
    let mut decoded = Decoded::default();
    walk.over(bytes, true, &mut decoded);
    let mut traces = decoded.traces;
    traces.retain(|trace| !trace.samples.is_empty());
    let notes = walk.notes(traces.is_empty())?;
    Ok(Contents { traces, notes })
}

/// Traces with their samples.
#[derive(Default)]
struct Decoded {
    traces: Vec<Trace>,
}

impl Sink for Decoded {
    fn take(&mut self, record: &Record<'_>, rate: f64, _place: u64) -> Result<(), String> {
        let traces = &mut self.traces;
        // The last trace of the channel where the record continues it, else a new one.
        let last = traces
            .iter()
            .rposition(|trace| trace.channel == record.channel)
            .filter(|last| {
                let last = &traces[*last];
                continues(record.start, rate, last.end(), last.rate)
            });
        let place = last.unwrap_or_else(|| {
            traces.push(Trace {
                channel: record.channel.clone(),
                start: record.start,
                rate,
                samples: Vec::new(),
            });
            traces.len() - 1
        });
        let samples = &mut traces[place].samples;
        let before = samples.len();
        record
            .payload
            .decode(samples)
            .inspect_err(|_| samples.truncate(before))
    }
}

/// Whether a record goes on where a trace ends: within half a sample, at the same rate.
fn continues(start: i64, rate: f64, end: i64, of: f64) -> bool {
    let apart = start.saturating_sub(end).unsigned_abs();
    same_rate(of, rate) && apart as f64 <= 0.5e9 / rate
}
