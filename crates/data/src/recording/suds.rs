//! PC-SUDS (`.dmx`): structures one behind the other, of which those of the kind 7 describe a trace and are followed by its samples.
//!
//! P. L. Ward, "SUDS: Seismic Unified Data System", USGS Open-File Report 89-188 (1989). Channels are called
//! `NET.STA..COMPONENT`, as by ObsPy. Multiplexed samples (structures of the kind 6) are not read.

use support::words::counted;

use super::words::all;
use super::{Contents, Hints, NANOS, Notes, Trace, check_rate, dated, left_out};
use crate::error::recording::{RecordingError, SudsError, SudsProblem};

/// Bytes of the tag before each structure: `S`, the machine, the kind of structure, and the lengths of it and of its data.
const TAG: usize = 12;
/// Bytes of the description of a trace.
const DESCRIPTION: usize = 64;
/// The kind of structure that describes a trace, and that of multiplexed samples.
const TRACE: i16 = 7;
const MULTIPLEXED: i16 = 6;
/// Largest kind of structure and its greatest length, by which a file is recognised.
const KINDS: i16 = 40;
const LONGEST: i32 = 4096;
/// In place of a number that is not known.
const NO_VALUE: f64 = -32767.0;

/// The tag of a structure.
struct Tag {
    kind: i16,
    /// Bytes of the structure, and of the data behind it.
    length: i32,
    data: i32,
}

impl Tag {
    fn of(bytes: &[u8]) -> Option<Self> {
        let [b'S', b'0'..=b'9', rest @ ..] = bytes.first_chunk::<TAG>()? else {
            return None;
        };
        let [a, b, c, d, e, f, g, h, i, j] = *rest;
        Some(Self {
            kind: i16::from_le_bytes([a, b]),
            length: i32::from_le_bytes([c, d, e, f]),
            data: i32::from_le_bytes([g, h, i, j]),
        })
        .filter(|tag| tag.length >= 0 && tag.data >= 0)
    }
}

/// Whether a file begins with a structure of the format. Numbers of other machines than a PC are in another order.
pub(super) fn is(bytes: &[u8]) -> bool {
    let is_known = |tag: Tag| (1..=KINDS).contains(&tag.kind) && (8..LONGEST).contains(&tag.length);
    Tag::of(bytes).is_some_and(is_known)
}

/// Reads all traces; those that cannot be read are left out.
///
/// # Errors
/// If none can be read.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let mut notes = Notes::default();
    let mut traces = Vec::new();
    let mut damaged: Option<SudsError> = None;
    let (mut at, mut bad, mut multiplexed) = (0, 0, 0);
    while at < bytes.len() {
        let Some(tag) = Tag::of(&bytes[at..]) else {
            damaged.get_or_insert(SudsError {
                at,
                problem: SudsProblem::NoTag,
            });
            notes.extend(left_out::behind("structure", at, bytes.len() - at));
            break;
        };
        let from = at + TAG;
        let end = from.saturating_add(tag.length as usize);
        if tag.kind == TRACE {
            match trace(bytes, from, &tag, (traces.len() + bad + 1, &mut notes)) {
                Ok(trace) => traces.push(trace),
                Err(problem) => {
                    bad += 1;
                    damaged.get_or_insert(SudsError { at, problem });
                }
            }
        }
        multiplexed += usize::from(tag.kind == MULTIPLEXED);
        at = end.saturating_add(tag.data as usize);
    }
    if multiplexed > 0 {
        notes.push(format!(
            "left out {} with multiplexed samples: divide them into traces, such as with `demux` of PC-SUDS",
            counted(multiplexed, "structure")
        ));
    }
    if let Some(problem) = damaged {
        if traces.is_empty() {
            return Err(problem.into());
        }
        if bad > 0 {
            notes.push(format!("left out {}: {problem}", counted(bad, "trace")));
        }
    }
    Ok(dated(traces, notes, hints))
}

/// A type of samples: its code, its bytes, and the numbers that it means.
type Samples = fn(&[u8]) -> Vec<f64>;

/// Types of samples by their code. Those with the code `r` have a time code in their lowest bits, and are not read.
const TYPES: [(u8, usize, Samples); 8] = [
    (b's', 2, |data| {
        all(data, false, |word| u16::from_be_bytes(word).into())
    }),
    (b'q', 2, |data| {
        all(data, false, |word| i16::from_be_bytes(word).into())
    }),
    (b'u', 2, |data| {
        all(data, false, |word| u16::from_be_bytes(word).into())
    }),
    (b'i', 2, |data| {
        all(data, false, |word| i16::from_be_bytes(word).into())
    }),
    (b'2', 4, |data| {
        all(data, false, |word| i32::from_be_bytes(word).into())
    }),
    (b'l', 4, |data| {
        all(data, false, |word| i32::from_be_bytes(word).into())
    }),
    (b'f', 4, |data| {
        all(data, false, |word| f32::from_be_bytes(word).into())
    }),
    (b'd', 8, |data| all(data, false, f64::from_be_bytes)),
];

/// The trace whose description begins at byte `from`, with its number from 1.
///
/// # Errors
/// If its description is cut, or its samples are not read.
fn trace(
    bytes: &[u8],
    from: usize,
    tag: &Tag,
    (number, notes): (usize, &mut Notes),
) -> Result<Trace, SudsProblem> {
    let description = bytes.get(from..).unwrap_or_default();
    let description: &[u8; DESCRIPTION] = description.first_chunk().ok_or(SudsProblem::Cut)?;
    if (tag.length as usize) < DESCRIPTION {
        return Err(SudsProblem::Cut);
    }
    let word = |at: usize| {
        [
            description[at],
            description[at + 1],
            description[at + 2],
            description[at + 3],
        ]
    };
    let double = |at: usize| {
        let [low, high] = [word(at), word(at + 4)].map(u32::from_le_bytes);
        f64::from_bits(u64::from(high) << 32 | u64::from(low))
    };
    let code = description[22];
    let known = TYPES.iter().find(|(listed, ..)| *listed == code);
    let (_, width, samples) = known.ok_or(SudsProblem::Type { code: code.into() })?;
    let count = i32::from_le_bytes(word(28));
    let count = usize::try_from(count).map_err(|_| SudsProblem::Count { count })?;
    let start = double(12);
    // Seconds beyond have no room in nanoseconds.
    if start.is_nan() || start.abs() >= 9e9 {
        return Err(SudsProblem::Time { start });
    }
    let rate = check_rate(f32::from_le_bytes(word(32)).into())?;
    let data = bytes.get(from + tag.length as usize..).unwrap_or_default();
    let data = &data[..data.len().min(tag.data as usize)];
    let there = data.len() / width;
    let stated = tag.data as usize / width;
    if there < count {
        notes.push(format!(
            "trace {number} has {count} samples, but its data end after {there}: these are read"
        ));
    } else if stated > count {
        notes.push(format!(
            "trace {number} has {count} samples, and its data {stated}: the first {count} are read"
        ));
    }
    let (time_correction, rate_correction) = (double(52), f32::from_le_bytes(word(60)));
    let is_set = |value: f64| value != 0.0 && value > NO_VALUE;
    if is_set(time_correction) || is_set(rate_correction.into()) {
        notes.push(format!(
            "trace {number} has corrections of its time by {time_correction} s and of its rate by {rate_correction} Hz: they are not \
             applied, as in other programs"
        ));
    }
    Ok(Trace {
        channel: format!(
            "{}.{}..{}",
            text(&description[..4]),
            text(&description[4..9]),
            text(&description[9..10])
        ),
        start: (start * NANOS).round() as i64,
        rate,
        samples: samples(&data[..there.min(count) * width]),
    })
}

/// A text, up to its first zero, without blanks around it.
fn text(bytes: &[u8]) -> String {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text.trim_ascii()).into_owned()
}
