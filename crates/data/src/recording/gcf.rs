//! GCF of Güralp: blocks of 1024 bytes, each with the differences of up to 1000 samples of one stream.
//!
//! Güralp's GCF Reference (SWA-RFC-GCFR, issue F) describes the format. Streams are called as in the blocks, such as `6018Z2`.

use std::collections::HashMap;

use super::time::DAY;
use super::{Contents, Hints, NANOS, Notes, Trace, check_rate, dated, left_out, mseed};
use crate::error::recording::{GcfDamage, RecordingError};

const BLOCK: usize = 1024;
const HEADER: usize = 16;
/// Blocks by which a file is recognised.
const FIRST: usize = 4;
/// Days from 1970 to 17 November 1989, from which blocks count.
const ORIGIN: i64 = 7260;
/// Rates in place of a number of samples per second, and the parts of a second at which a block may begin.
const RATES: [(u8, f64, u8); 15] = [
    (157, 0.1, 1),
    (161, 0.125, 1),
    (162, 0.2, 1),
    (164, 0.25, 1),
    (167, 0.5, 1),
    (171, 400.0, 8),
    (174, 500.0, 2),
    (175, 800.0, 16),
    (176, 1000.0, 4),
    (179, 2000.0, 8),
    (181, 4000.0, 16),
    (182, 625.0, 5),
    (191, 1250.0, 5),
    (193, 2500.0, 10),
    (194, 5000.0, 20),
];
/// Largest rate that is a number.
const FASTEST: u8 = 250;

/// A block of samples.
struct Block {
    system: u32,
    stream: u32,
    start: i64,
    rate: f64,
    samples: Vec<f64>,
}

/// Whether a file begins with blocks, one of which has sound samples that are not all zero, or all of which are sound. Bytes in front
/// of records of miniSEED may look like blocks.
pub(super) fn is(bytes: &[u8]) -> bool {
    let first = bytes.as_chunks::<BLOCK>().0.iter().take(FIRST);
    let first = first.filter(|block| !is_status(block)).map(block);
    let first: Vec<_> = first.collect();
    // Zeros add up to the last sample by themselves, whatever they are.
    let is_telling = |block: &Block| block.samples.iter().any(|sample| *sample != 0.0);
    let is_named = |block: &Block| block.system != 0 && block.stream != 0;
    let is_one_of = first.iter().flatten().any(is_telling);
    let are_all = || {
        let is_sound = |block: &Result<Block, _>| block.as_ref().is_ok_and(is_named);
        let are_enough = first.len() > 1 || first.len() == 1 && bytes.len() == BLOCK;
        are_enough && first.iter().all(is_sound)
    };
    (is_one_of || are_all()) && !mseed::is_inside(bytes)
}

/// Whether a block has text about the recorder.
fn is_status(block: &[u8; BLOCK]) -> bool {
    block[13] == 0
}

/// Reads the blocks of samples; damaged ones are left out.
///
/// # Errors
/// If no block is sound.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let mut notes = Notes::default();
    let mut traces: Vec<Trace> = Vec::new();
    let mut last: HashMap<u32, usize> = HashMap::new();
    let mut damaged: Option<(usize, GcfDamage)> = None;
    let (mut bad, mut status) = (0, 0);
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    for (number, bytes) in blocks.iter().enumerate() {
        if is_status(bytes) {
            status += 1;
            continue;
        }
        let block = match block(bytes) {
            Ok(block) => block,
            Err(problem) => {
                bad += 1;
                damaged.get_or_insert((number + 1, problem));
                continue;
            }
        };
        let before = last.get(&block.stream).map(|at| &mut traces[*at]);
        match before.filter(|trace| trace.goes_on(block.rate, block.start, 0)) {
            Some(trace) => trace.samples.extend(block.samples),
            None => {
                last.insert(block.stream, traces.len());
                traces.push(Trace {
                    channel: name(block.stream),
                    start: block.start,
                    rate: check_rate(block.rate)?,
                    samples: block.samples,
                });
            }
        }
    }
    if let Some((number, problem)) = damaged {
        let problem = format_args!("block {number} {problem}");
        notes.push(left_out::damaged(bad, "block", blocks.len(), problem));
    }
    notes.extend(left_out::beside_samples("block", status, rest.len()));
    Ok(dated(traces, notes, hints))
}

/// The name of a stream, of six digits and letters.
fn name(stream: u32) -> String {
    let mut rest = stream;
    let mut name = Vec::new();
    while rest > 0 {
        let digit = char::from_digit(rest % 36, 36).unwrap_or('0');
        name.push(digit.to_ascii_uppercase());
        rest /= 36;
    }
    name.iter().rev().collect()
}

/// # Errors
/// If the block has no sound samples.
fn block(bytes: &[u8; BLOCK]) -> Result<Block, GcfDamage> {
    let word =
        |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let [code, per_record, records] = [bytes[13], bytes[14], bytes[15]];
    let known = RATES.iter().find(|(listed, ..)| *listed == code);
    let (rate, parts) = match known {
        Some((_, rate, parts)) => (*rate, *parts),
        None if code <= FASTEST => (code.into(), 1),
        None => return Err(GcfDamage::Rate { code }),
    };
    let width = match per_record & 7 {
        per_word @ (1 | 2 | 4) => usize::from(4 / per_word),
        code => return Err(GcfDamage::Compression { code }),
    };
    let end = HEADER + 4 + 4 * usize::from(records);
    if records == 0 || end + 4 > BLOCK {
        return Err(GcfDamage::Count { records });
    }
    let samples = samples(&bytes[HEADER + 4..end], width, word(HEADER) as i32)?;
    let stated = word(end) as i32;
    let found = samples.last().map_or(0, |last| *last as i32);
    if stated != found {
        return Err(GcfDamage::Last { stated, found });
    }
    let (day, second) = (i64::from(word(8) >> 17), i64::from(word(8) & 0x1_FFFF));
    let part = per_record >> 4 | (per_record & 8) << 1;
    if second > 86_400 || parts > 1 && part >= parts {
        return Err(GcfDamage::Time);
    }
    // The last second of a day with a leap second has the number 86400.
    let second = second.min(86_399) * 1_000_000_000;
    let part = if parts > 1 {
        (f64::from(part) / f64::from(parts) * NANOS).round() as i64
    } else {
        0
    };
    Ok(Block {
        system: word(0),
        stream: word(4),
        start: (ORIGIN + day) * DAY + second + part,
        rate,
        samples,
    })
}

/// The sums of differences of `width` bytes each, from the first sample on.
///
/// # Errors
/// If the first sample differs from the one that is stated.
fn samples(bytes: &[u8], width: usize, first: i32) -> Result<Vec<f64>, GcfDamage> {
    let differences: Vec<i32> = match width {
        1 => bytes.iter().map(|byte| i32::from(*byte as i8)).collect(),
        2 => {
            let words = bytes.as_chunks().0.iter();
            words.map(|word| i16::from_be_bytes(*word).into()).collect()
        }
        _ => {
            let words = bytes.as_chunks().0.iter();
            words.map(|word| i32::from_be_bytes(*word)).collect()
        }
    };
    if differences.first() != Some(&0) {
        return Err(GcfDamage::First);
    }
    let mut value = first;
    let sum = |difference: &i32| {
        value = value.wrapping_add(*difference);
        f64::from(value)
    };
    Ok(differences.iter().map(sum).collect())
}
