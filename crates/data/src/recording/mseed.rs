//! miniSEED: version 2 (SEED manual 2.4, data records) and version 3 (FDSN, 2023), also inside full SEED volumes.
//!
//! Records that are damaged, cut off or hold no samples are left out, counted and noted: a damaged record is a gap.
//! After bytes that are no record, reading goes on at the next header.

mod encoding;
mod header;
mod met;
mod version_2;
mod version_3;

use self::encoding::{TEXT, is_read};
use self::header::{Damage, Kind, Record};
use self::met::{Met, place};
use super::{Contents, Trace, same_rate};

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
    let mut reader = Reader {
        bytes,
        ..Default::default()
    };
    let mut offset = 0;
    while offset < bytes.len() {
        offset = match header::kind(&bytes[offset..]) {
            Kind::Data2 => {
                reader.record(offset, version_2::record(&bytes[offset..], reader.length))
            }
            Kind::Data3 => reader.record(offset, version_3::record(&bytes[offset..])),
            Kind::Control => reader.control(offset),
            Kind::Foreign => reader.foreign(offset),
        };
    }
    reader.finish()
}

/// Where a file is read, and what was found so far.
#[derive(Default)]
struct Reader<'a> {
    bytes: &'a [u8],
    traces: Vec<Trace>,
    /// Records so far.
    number: usize,
    /// Length of the last record of version 2.
    length: Option<usize>,
    /// Length of control records.
    control_length: Option<usize>,
    /// What was unusual.
    met: Met,
}

impl Reader<'_> {
    /// Reads the data record at `offset`; the place of the next.
    fn record(&mut self, offset: usize, record: Result<Record<'_>, Damage>) -> usize {
        let next = match record {
            Ok(record) => {
                let record = self.within(offset, record);
                self.accept(offset, &record)
            }
            Err(damage) => self.left_out(offset, damage),
        };
        self.number += 1;
        next
    }

    /// The record as far as it reaches: to the next one where that begins inside it already, because this one was cut
    /// off or its length is damaged.
    fn within<'b>(&mut self, offset: usize, record: Record<'b>) -> Record<'b> {
        if record.checked {
            return record;
        }
        let end = offset + record.length;
        let rest = &self.bytes[end..];
        let followed = rest.is_empty() || header::kind(rest) != Kind::Foreign;
        let usual = self.length == Some(record.length);
        let begins = if !followed {
            header::next(self.bytes, offset + 1..end)
        } else if !usual {
            let mut places = (offset + 128..end).step_by(64);
            places.find(|at| header::is_certain(&self.bytes[*at..]))
        } else {
            None
        };
        if let Some(begins) = begins {
            return record.shortened(begins - offset);
        }
        self.length = Some(record.length);
        record
    }

    /// Decodes a record whose header is sound; the place of the next.
    fn accept(&mut self, offset: usize, record: &Record<'_>) -> usize {
        let number = self.number;
        let place = || place(number, offset);
        let next = offset + record.length;
        let payload = &record.payload;
        if payload.count == 0 {
            return next;
        }
        if payload.encoding == TEXT {
            self.met.text.add(record.length, place);
            return next;
        }
        if !is_read(payload.encoding) {
            let tally = self.met.not_read.entry(payload.encoding).or_default();
            tally.add(record.length, place);
            return next;
        }
        let Some(rate) = record.rate else {
            self.met.without_rate.add(record.length, place);
            return next;
        };
        let samples = self.samples_for(record, rate);
        let before = samples.len();
        if let Err(problem) = payload.decode(samples) {
            samples.truncate(before);
            let problem = || format!("{}: {problem}", place());
            self.met.damaged.add(record.length, problem);
            return header::next(self.bytes, offset + 1..next).unwrap_or(next);
        }
        let assumed = record.assumed;
        if let Some(order) = assumed.order {
            let problem = || format!("{order} in {}", place());
            self.met.order.add(record.length, problem);
        }
        if assumed.length {
            self.met.without_length.add(record.length, place);
        }
        if assumed.checksum {
            self.met.without_checksum.add(record.length, place);
        }
        next
    }

    /// Counts a record that cannot be read; the place of the next.
    fn left_out(&mut self, offset: usize, damage: Damage) -> usize {
        let next = header::next(self.bytes, offset + 1..self.bytes.len());
        let end = next.unwrap_or(self.bytes.len());
        let (tally, problem) = match damage {
            Damage::Cut(problem) if next.is_none() => (&mut self.met.cut, problem),
            Damage::Cut(problem) | Damage::Wrong(problem) => (&mut self.met.damaged, problem),
        };
        let number = self.number;
        tally.add(end - offset, || {
            format!("{}: {problem}", place(number, offset))
        });
        end
    }

    /// Where the samples of `record` belong: to the last trace of its channel where it continues it, else to a new one.
    fn samples_for(&mut self, record: &Record<'_>, rate: f64) -> &mut Vec<f64> {
        let traces = &mut self.traces;
        let last = traces
            .iter()
            .rposition(|trace| trace.channel == record.channel)
            .filter(|last| {
                let last = &traces[*last];
                let apart = record.start.saturating_sub(last.end()).unsigned_abs();
                same_rate(last.rate, rate) && apart as f64 <= 0.5e9 / rate
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
        &mut traces[place].samples
    }

    /// Steps over a control record; the place of the next record.
    fn control(&mut self, offset: usize) -> usize {
        let bytes = self.bytes;
        if let Some(length) = header::control_length(&bytes[offset..]) {
            self.control_length = Some(length);
        }
        // Records may be shorter than the volume says, so that the next is looked for inside as well.
        let next = self.control_length.map(|length| offset + length);
        let known = next.filter(|next| {
            *next == bytes.len()
                || (bytes.get(*next..)).is_some_and(|rest| header::kind(rest) != Kind::Foreign)
        });
        let next = known
            .or_else(|| header::next(bytes, offset + 8..bytes.len()))
            .unwrap_or(bytes.len());
        self.met.control.add(next - offset, String::new);
        next
    }

    /// Steps over bytes that are no record; the place of the next record.
    fn foreign(&mut self, offset: usize) -> usize {
        let bytes = self.bytes;
        let next = header::next(bytes, offset + 1..bytes.len()).unwrap_or(bytes.len());
        // Some writers fill up the last block.
        let padding = |b: &u8| matches!(b, 0 | b' ');
        if next < bytes.len() || !bytes[offset..].iter().all(padding) {
            let place = || format!("at byte {offset}");
            self.met.foreign.add(next - offset, place);
        }
        next
    }

    /// The traces, and what was unusual.
    fn finish(self) -> Result<Contents, String> {
        let mut traces = self.traces;
        traces.retain(|trace| !trace.samples.is_empty());
        let lost = self.met.lost();
        if traces.is_empty() && !lost.is_empty() {
            return Err(format!("no record can be read: {}", lost.join("; ")));
        }
        let notes = [lost, self.met.unusual()].concat();
        Ok(Contents { traces, notes })
    }
}
