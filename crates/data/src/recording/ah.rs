//! AH of Lamont-Doherty (`.ah`), versions 1 and 2: records in XDR, each with a header and the samples of a channel.
//!
//! The layouts are those of `ahhead.h` and of ObsPy's reader. Channels are called `.STA..CHA`, as by ObsPy. Samples are as recorded;
//! gain, poles and zeros of the header are not applied.

mod header;

use support::words::counted;

use self::header::{Header, MAGIC, Version};
use super::words::{all, u32_at};
use super::{Contents, Hints, Notes, Trace, other_start};
use crate::error::recording::{AhError, AhProblem, RecordingError};

/// Whether a file begins with a record of version 2, or one of version 1 with its texts where they belong.
pub(super) fn is(bytes: &[u8]) -> bool {
    Version::of(bytes).is_some()
}

/// Reads all records; those that cannot be read are left out.
///
/// # Errors
/// If none can be read.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let version = Version::of(bytes).unwrap_or(Version::One);
    let mut notes = Notes::default();
    let mut traces = Vec::new();
    let mut damaged: Option<AhError> = None;
    let (mut at, mut number, mut bad) = (0, 0, 0);
    let mut own_start: Option<i64> = None;
    let mut is_whole = true;
    while at < bytes.len() {
        number += 1;
        let (found, next) = record(bytes, at, version);
        match found {
            Ok(record) => {
                if record.samples.len() < record.header.count {
                    notes.push(format!(
                        "record {number} has {} samples, but the data end after {}: these are read",
                        record.header.count,
                        record.samples.len()
                    ));
                }
                let start = record.header.start;
                own_start = own_start.into_iter().chain(start).min();
                traces.push(Trace {
                    channel: record.header.channel,
                    start: start.or(hints.start).unwrap_or(0),
                    rate: record.header.rate,
                    samples: record.samples,
                });
            }
            Err(problem) => {
                bad += 1;
                damaged.get_or_insert(AhError {
                    record: number,
                    at,
                    problem,
                });
            }
        }
        is_whole = next.is_some();
        let Some(next) = next else { break };
        at = next;
    }
    if let Some(problem) = damaged {
        if traces.is_empty() {
            return Err(problem.into());
        }
        let records = counted(bad, "record");
        notes.push(format!("left out {records} of {number}: {problem}"));
        if at + 8 < bytes.len() && !is_whole {
            notes.push(format!("nothing behind byte {at} is read"));
        }
    }
    notes.extend(other_start(hints, own_start));
    Ok(Contents {
        traces,
        notes,
        ..Contents::default()
    })
}

/// A record that was read.
struct Record {
    header: Header,
    samples: Vec<f64>,
}

/// The record at byte `at`, or why it cannot be read, and where the next one begins; `None` if that is not known.
fn record(bytes: &[u8], at: usize, version: Version) -> (Result<Record, AhProblem>, Option<usize>) {
    let (from, stated) = match version {
        Version::One => (at, None),
        Version::Two => {
            let length = u32_at(bytes, at + 4, true).filter(|_| {
                let magic = u32_at(bytes, at, true);
                magic == Some(MAGIC)
            });
            let Some(length) = length else {
                return (Err(AhProblem::NoRecord), None);
            };
            (at + 8, Some((at + 8).saturating_add(length as usize)))
        }
    };
    let end = stated.unwrap_or(bytes.len()).min(bytes.len());
    let header = match Header::of(bytes, from..end, version) {
        Ok(header) => header,
        Err(problem) => return (Err(problem), stated),
    };
    let data = &bytes[header.data.min(end)..end];
    // What is behind the end of a record is another one.
    let room = data.len() / header.width;
    let used = header.count.min(room) * header.width;
    let next = stated.or((header.count <= room).then_some(header.data + used));
    let data = &data[..used];
    let samples = if header.width == 8 {
        all(data, true, f64::from_be_bytes)
    } else {
        all(data, true, |word| f32::from_be_bytes(word).into())
    };
    (Ok(Record { header, samples }), next)
}
