//! Walks over the records of a file or a stream; skips and counts damaged ones.

use super::super::Notes;
use super::encoding::{TEXT, is_read};
use super::header::{self, Kind, Record};
use super::met::{Irregularities, place};
use super::{search, version_2, version_3};
use crate::error::recording::{DecodeError, RecordDamage, RecordingError};

/// Number of bytes needed to tell what comes next.
const ENOUGH: usize = 64;
/// Longest record whose end is waited for, in bytes; a header that claims more is damaged.
const LONGEST_AWAITED: usize = 16 << 20;

/// Receives the valid records of a walk.
pub(super) trait Sink {
    /// Takes a record with samples at `rate`; its payload begins at byte `offset` of the file.
    ///
    /// # Errors
    /// If its samples cannot be decoded: the record then counts as damaged.
    fn take(&mut self, record: &Record<'_>, rate: f64, offset: u64) -> Result<(), DecodeError>;
}

/// State of a walk: its position, and what was unusual so far.
#[derive(Default)]
pub(super) struct Walk {
    /// Number of bytes before the current ones.
    base: u64,
    /// Records so far.
    number: usize,
    /// Length of the last record of version 2.
    length: Option<usize>,
    /// Length of control records.
    control_length: Option<usize>,
    /// What was unusual.
    met: Irregularities,
}

impl Walk {
    /// Passes the records of `bytes` to `sink`, up to the first that is not complete yet unless the file ends here
    /// (`is_last`). Returns the number of bytes that were consumed; the caller passes the others again, followed by more.
    pub(super) fn over(&mut self, bytes: &[u8], is_last: bool, sink: &mut impl Sink) -> usize {
        self.over_until(bytes, bytes.len(), is_last, sink)
    }

    /// Like [`Walk::over`], for the records that begin before `end`; the bytes after it show whether they are complete.
    pub(super) fn over_until(
        &mut self,
        bytes: &[u8],
        end: usize,
        is_last: bool,
        sink: &mut impl Sink,
    ) -> usize {
        let mut step = Steps {
            bytes,
            is_last,
            walk: self,
            sink,
        };
        let mut offset = 0;
        while offset < end && (is_last || bytes.len() - offset >= ENOUGH) {
            let next = match header::kind(&bytes[offset..]) {
                Kind::Data2 => {
                    let record = version_2::record(&bytes[offset..], step.walk.length);
                    step.record(offset, record)
                }
                Kind::Data3 => step.record(offset, version_3::record(&bytes[offset..])),
                Kind::Control => step.control(offset),
                Kind::Foreign => step.foreign(offset),
            };
            match next {
                Some(next) => offset = next,
                None => break,
            }
        }
        self.base += offset as u64;
        offset
    }

    /// Notes on unusual properties; `is_empty` says that no sample was found.
    ///
    /// # Errors
    /// If no sample was found because records are damaged, or only control records are there.
    pub(super) fn notes(&self, is_empty: bool) -> Result<Notes, RecordingError> {
        let lost = self.met.lost();
        if is_empty && !lost.is_empty() {
            return Err(RecordingError::NoRecord { lost });
        }
        if is_empty && self.met.is_dataless() {
            return Err(RecordingError::Dataless);
        }
        let mut notes = Notes::from(lost);
        notes.extend(self.met.unusual());
        Ok(notes)
    }
}

/// The steps over some bytes.
struct Steps<'a, S> {
    bytes: &'a [u8],
    is_last: bool,
    walk: &'a mut Walk,
    sink: &'a mut S,
}

impl<S: Sink> Steps<'_, S> {
    /// Describes the position of a record.
    fn place(&self, offset: usize) -> impl Fn() -> String + Copy + use<S> {
        let (number, at) = (self.walk.number, self.walk.base as usize + offset);
        move || place(number, at)
    }

    /// Reads the data record at `offset`; the place of the next, or none if more bytes are needed.
    fn record(&mut self, offset: usize, record: Result<Record<'_>, RecordDamage>) -> Option<usize> {
        let next = match record {
            Ok(record) => {
                let record = self.within(offset, record);
                self.accept(offset, &record)
            }
            Err(damage)
                if damage.is_truncated()
                    && !self.is_last
                    && self.bytes.len() - offset < LONGEST_AWAITED =>
            {
                return None;
            }
            Err(damage) => self.left_out(offset, damage),
        };
        self.walk.number += 1;
        Some(next)
    }

    /// The part of the record that exists: it ends at the next record if that begins inside it, because this one was
    /// truncated or its length is damaged.
    fn within<'b>(&mut self, offset: usize, record: Record<'b>) -> Record<'b> {
        if record.checked {
            return record;
        }
        let end = offset + record.length;
        let rest = &self.bytes[end..];
        let followed = rest.is_empty() || header::kind(rest) != Kind::Foreign;
        let usual = self.walk.length == Some(record.length);
        let begins = if !followed {
            search::next(self.bytes, offset + 1..end)
        } else if !usual {
            let mut places = (offset + 128..end).step_by(64);
            places.find(|at| search::is_certain(&self.bytes[*at..]))
        } else {
            None
        };
        if let Some(begins) = begins {
            return record.shortened(begins - offset);
        }
        self.walk.length = Some(record.length);
        record
    }

    /// Passes on a record with a valid header; returns the position of the next.
    fn accept(&mut self, offset: usize, record: &Record<'_>) -> usize {
        let place = self.place(offset);
        let next = offset + record.length;
        let payload = &record.payload;
        let met = &mut self.walk.met;
        if payload.count == 0 {
            return next;
        }
        if payload.encoding == TEXT {
            met.text.add(record.length, place);
            return next;
        }
        if !is_read(payload.encoding) {
            let tally = met.not_read.entry(payload.encoding).or_default();
            tally.add(record.length, place);
            return next;
        }
        let Some(rate) = record.rate else {
            met.without_rate.add(record.length, place);
            return next;
        };
        let at = self.walk.base + (offset + record.offset) as u64;
        if let Err(problem) = self.sink.take(record, rate, at) {
            let problem = || format!("{}: {problem}", place());
            met.damaged.add(record.length, problem);
            return search::next(self.bytes, offset + 1..next).unwrap_or(next);
        }
        let assumed = record.assumed;
        if let Some(order) = assumed.order {
            let problem = || format!("{order} in {}", place());
            met.order.add(record.length, problem);
        }
        if assumed.length {
            met.without_length.add(record.length, place);
        }
        if assumed.checksum {
            met.without_checksum.add(record.length, place);
        }
        next
    }

    /// Start of the next record, or the end if there is none, as far as the available bytes show.
    fn next(&self, from: usize) -> (usize, bool) {
        let length = self.bytes.len();
        match search::next(self.bytes, from..length) {
            Some(next) => (next, true),
            // The last bytes may be the start of the next header.
            None if !self.is_last => (length.saturating_sub(ENOUGH - 1).max(from), false),
            None => (length, false),
        }
    }

    /// Counts a record that cannot be read; the place of the next.
    fn left_out(&mut self, offset: usize, damage: RecordDamage) -> usize {
        let (end, found) = self.next(offset + 1);
        let place = self.place(offset);
        let met = &mut self.walk.met;
        let tally = if damage.is_truncated() && !found {
            &mut met.cut
        } else {
            &mut met.damaged
        };
        tally.add(end - offset, || format!("{}: {damage}", place()));
        end
    }

    /// Steps over a control record; the place of the next record.
    fn control(&mut self, offset: usize) -> Option<usize> {
        let bytes = self.bytes;
        if let Some(length) = search::control_length(&bytes[offset..]) {
            self.walk.control_length = Some(length);
        }
        // Records may be shorter than the volume header says, so the next one is also searched for inside.
        let next = self.walk.control_length.map(|length| offset + length);
        if !self.is_last && next.is_some_and(|next| next >= bytes.len()) {
            return None;
        }
        let known = next.filter(|next| {
            *next == bytes.len()
                || (bytes.get(*next..)).is_some_and(|rest| header::kind(rest) != Kind::Foreign)
        });
        let next = known.unwrap_or_else(|| self.next(offset + 8).0);
        self.walk.met.control.add(next - offset, String::new);
        Some(next)
    }

    /// Steps over bytes that are no record; the place of the next record.
    fn foreign(&mut self, offset: usize) -> Option<usize> {
        let bytes = self.bytes;
        let (next, found) = self.next(offset + 1);
        // Some writers pad the last block.
        let padding = |b: &u8| matches!(b, 0 | b' ');
        if found || !bytes[offset..next].iter().all(padding) {
            let at = self.walk.base as usize + offset;
            self.walk
                .met
                .foreign
                .add(next - offset, || format!("at byte {at}"));
        }
        Some(next)
    }
}
