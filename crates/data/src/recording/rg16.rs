//! RG16 (Receiver Gather 1.6) of Fairfield's nodes (`.fcnt`, `.rg16`): a form of SEG-D with headers of the file, and blocks, each with headers
//! and some seconds of one component as floats.
//!
//! The layout is that of Fairfield's "Receiver Gather File Format" (version 1.6-1) and of ObsPy's reader. Channels are called as by ObsPy: by the
//! numbers of line, point and index of the receiver, and a code such as `DP2` with the number of the component. Samples are as recorded: signs of
//! vertical components are not changed.

mod block;

use std::collections::HashMap;

use support::words::counted;

use self::block::{Block, Places};
use super::words::{all, u16_at, u32_at};
use super::{Contents, Hints, Notes, Trace, check_rate, dated, left_out};
use crate::error::recording::{RecordingError, Rg16Damage, Rg16Error};

/// Bytes of a header. Two general ones begin a file.
const HEADER: usize = 32;
/// What the format of samples, the manufacturer and the version are.
const IEEE: [u8; 2] = [0x80, 0x58];
const FAIRFIELD: u8 = 0x20;
const VERSION: [u8; 2] = [1, 6];
/// Sampling intervals in a second, as the header counts them.
const INTERVALS: f64 = 16_000.0;

/// Whether a file begins with general headers of the version that is read.
pub(super) fn is(bytes: &[u8]) -> bool {
    bytes.get(2..4) == Some(&IEEE)
        && bytes.get(16) == Some(&FAIRFIELD)
        && bytes.get(42..44) == Some(&VERSION)
}

/// Reads all blocks; damaged ones are left out.
///
/// # Errors
/// If there are such blocks, and none can be read.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let interval = bytes.get(22).copied().unwrap_or(0);
    let rate = check_rate(INTERVALS / f64::from(interval));
    let rate = rate.map_err(|problem| Rg16Error {
        block: 1,
        problem: problem.into(),
    })?;
    let mut recording = Recording::default();
    let mut places = Places::new(bytes, first(bytes));
    while let Some(block) = places.next() {
        recording.blocks += 1;
        if let Err(problem) = block.and_then(|block| recording.take(&block, bytes, rate)) {
            recording.bad += 1;
            let block = recording.blocks;
            recording
                .damaged
                .get_or_insert(Rg16Error { block, problem });
        }
    }
    let mut notes = recording.notes;
    let blocks = recording.blocks;
    if let Some(problem) = recording.damaged {
        if recording.traces.is_empty() {
            return Err(problem.into());
        }
        notes.push(left_out::damaged(recording.bad, "block", blocks, problem));
    }
    if recording.dead > 0 {
        let dead = counted(recording.dead, "block");
        notes.push(format!("left out {dead} of dead channels"));
    }
    if let Some(stated) = stated_blocks(bytes) {
        notes.extend(left_out::other_count("block", stated, blocks));
    }
    let at = places.at();
    if blocks == 0 {
        let problem = Rg16Damage::Missing { at };
        return Err(Rg16Error { block: 1, problem }.into());
    }
    notes.extend(left_out::behind("block", at, places.rest()));
    Ok(dated(recording.traces, notes, hints))
}

/// A number of binary-coded decimals; `None` for other digits.
fn decimal(byte: u8) -> Option<usize> {
    let (high, low) = (byte >> 4, byte & 0xF);
    (high < 10 && low < 10).then(|| usize::from(10 * high + low))
}

/// Headers of sets of channels, which come behind the general ones.
fn sets(bytes: &[u8]) -> usize {
    bytes.get(28).and_then(|byte| decimal(*byte)).unwrap_or(0)
}

/// The byte at which the first block begins: behind the general headers, those of sets of channels, extended and external ones.
fn first(bytes: &[u8]) -> usize {
    let extended = u16_at(bytes, 37, true).unwrap_or(0);
    let external = u32_at(bytes, 38, true).unwrap_or(0) & 0xFF_FFFF;
    HEADER * (2 + sets(bytes) + usize::from(extended) + external as usize)
}

/// Blocks by the header: one for each slice of time and component.
fn stated_blocks(bytes: &[u8]) -> Option<usize> {
    let sets = sets(bytes);
    let component = |set: usize| {
        let header = bytes.get(HEADER * (2 + set)..)?.first_chunk::<HEADER>()?;
        Some(if header[30] > 0 {
            header[30]
        } else {
            header[1]
        })
    };
    let mut components: Vec<u8> = (0..sets).map_while(component).collect();
    components.sort_unstable();
    components.dedup();
    let slices = u32_at(bytes, HEADER * (3 + sets) + 16, true)?;
    (slices as usize).checked_mul(components.len())
}

/// What was read so far.
#[derive(Default)]
struct Recording {
    traces: Vec<Trace>,
    notes: Notes,
    /// The last trace of each channel.
    last: HashMap<String, usize>,
    blocks: usize,
    bad: usize,
    damaged: Option<Rg16Error>,
    /// Blocks of channels that are marked as dead.
    dead: usize,
}

impl Recording {
    /// Takes the samples of a block.
    ///
    /// # Errors
    /// If there are none.
    fn take(&mut self, block: &Block, bytes: &[u8], rate: f64) -> Result<(), Rg16Damage> {
        if block.is_dead {
            self.dead += 1;
            return Ok(());
        }
        let data = block.samples(bytes);
        let samples = all(data, true, |word| f32::from_be_bytes(word).into());
        if samples.is_empty() {
            return Err(Rg16Damage::Empty);
        }
        if samples.len() < block.count {
            self.notes.push(format!(
                "block {} has {} samples, but the file ends after {}: these are read",
                self.blocks,
                block.count,
                samples.len()
            ));
        }
        let channel = block.channel(rate);
        let before = self.last.get(&channel).map(|at| &mut self.traces[*at]);
        match before.filter(|trace| trace.goes_on(rate, block.start, 0)) {
            Some(trace) => trace.samples.extend(samples),
            None => {
                self.last.insert(channel.clone(), self.traces.len());
                self.traces.push(Trace {
                    channel,
                    start: block.start,
                    rate,
                    samples,
                });
            }
        }
        Ok(())
    }
}
