//! WIN and WIN32 of Japanese networks (Hi-net, universities): a block for each second, with the first sample and the differences of
//! every channel.
//!
//! The formats are those of the WIN system (`winformat` of its manual, Urabe, 1994) and of NIED. Channels are called by the four
//! hexadecimal digits of their number, as by ObsPy; in WIN32 by those of organisation and network, too, if only these tell two apart.

mod block;

use std::collections::{HashMap, HashSet};

use self::block::{BlockSamples, Version};
use super::{Contents, Hints, Notes, Remark, Trace, check_rate, dated, left_out};
use crate::error::recording::{RecordingError, WinError};

/// Whether a file begins with a block: its size, its time, and a channel with width and rate.
pub(super) fn is(bytes: &[u8]) -> bool {
    Version::of(bytes).is_some()
}

/// Reads all blocks; damaged ones are left out.
///
/// # Errors
/// If no block is sound.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let version = Version::of(bytes).unwrap_or(Version::One);
    let mut notes = Notes::default();
    notes.push(Remark::Records(
        "the format has no time zone: times are read as UTC, though those of Hi-net are Japanese (UTC+9); write labels in the clock \
         of the file, without a zone"
            .to_owned(),
    ));
    let mut recording = Recording::default();
    let mut damaged: Option<WinError> = None;
    let (mut at, mut blocks, mut bad) = (version.start(), 0, 0);
    while at < bytes.len() {
        let rest = &bytes[at..];
        if version == Version::One && rest.iter().take(4).all(|byte| *byte == 0) {
            if rest.iter().any(|byte| *byte != 0) {
                notes.push(format!(
                    "a block of size 0 at byte {at} ends the recording: the {} bytes from there on are left out",
                    rest.len()
                ));
            }
            break;
        }
        blocks += 1;
        match version.block(rest) {
            Ok(block) => recording.add(block)?,
            Err(problem) => {
                bad += 1;
                damaged.get_or_insert(WinError {
                    block: blocks,
                    at,
                    problem,
                });
            }
        }
        let Some(size) = version.size(rest) else {
            notes.push(format!("nothing is read from byte {at} on"));
            break;
        };
        at += size;
    }
    if let Some(problem) = damaged {
        if recording.traces.is_empty() {
            return Err(problem.into());
        }
        notes.push(left_out::damaged(bad, "block", blocks, problem));
    }
    Ok(dated(recording.named(), notes, hints))
}

/// Traces of the blocks so far, with the numbers of their channels.
#[derive(Default)]
struct Recording {
    traces: Vec<(u32, Trace)>,
    /// The last trace of each channel.
    last: HashMap<u32, usize>,
}

impl Recording {
    /// # Errors
    /// If a rate is out of range.
    fn add(&mut self, block: Vec<BlockSamples>) -> Result<(), RecordingError> {
        for second in block {
            let before = self.last.get(&second.channel);
            let before = before.map(|at| &mut self.traces[*at].1);
            match before.filter(|trace| trace.goes_on(second.rate, second.start, 0)) {
                Some(trace) => trace.samples.extend(second.samples),
                None => {
                    self.last.insert(second.channel, self.traces.len());
                    let trace = Trace {
                        channel: String::new(),
                        start: second.start,
                        rate: check_rate(second.rate)?,
                        samples: second.samples,
                    };
                    self.traces.push((second.channel, trace));
                }
            }
        }
        Ok(())
    }

    /// The traces with their names.
    fn named(self) -> Vec<Trace> {
        let short: HashSet<u16> = self.last.keys().map(|channel| *channel as u16).collect();
        let is_short = short.len() == self.last.len();
        let name = |(channel, trace): (u32, Trace)| Trace {
            channel: if is_short {
                format!("{:04x}", channel as u16)
            } else {
                format!("{channel:08x}")
            },
            ..trace
        };
        self.traces.into_iter().map(name).collect()
    }
}
