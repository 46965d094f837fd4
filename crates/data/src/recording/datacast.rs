//! Text of the data cast of a Raspberry Shake, as programs log it: `{'EHZ', 1582315130.292, 14168, 14927, ...}`. Each packet
//! has its channel, the Unix time of its first sample, and its samples; packets of all channels follow each other.
//!
//! Other text may be around a packet, such as its address. Packets are sent over UDP: some are lost, doubled or late, which
//! `table::packets` finds in their times.

use std::collections::HashMap;

use support::words::counted;

use super::table::{Packet, Packets};
use super::{Contents, Hints, Notes, Remark, dated, text};
use crate::error::recording::{RecordingError, TableError};

/// Bytes among which a file has its first packet.
const HEAD: usize = 16 << 10;
/// Least Unix time of a packet, in seconds: 2001.
const EARLIEST: i64 = 1_000_000_000;
/// Longest name of a channel.
const LONGEST_NAME: usize = 24;

/// Whether a file begins with such packets.
pub(super) fn is(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(HEAD) / 2 * 2];
    if !head.contains(&b'{') {
        return false;
    }
    let Ok(text) = text::decode(head) else {
        return false;
    };
    let mut channel = Packets::default();
    pieces(&text.bytes).any(|piece| name_of(piece).is_some() && packet(piece, &mut channel))
}

/// The beginnings of packets, each up to the next.
fn pieces(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'{').skip(1)
}

/// The channel of a packet: a name in quotes before a comma.
fn name_of(piece: &[u8]) -> Option<&str> {
    let end = piece.iter().position(|byte| *byte == b',')?;
    let is_quote = |c: char| matches!(c, '\'' | '"' | '\\');
    let quoted = str::from_utf8(&piece[..end]).ok()?.trim();
    let name = quoted.trim_matches(is_quote);
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let is_quoted = quoted.starts_with(is_quote) && quoted.ends_with(is_quote);
    (is_quoted && (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(is_name))
        .then_some(name)
}

/// Adds the packet that a piece begins with to its channel; returns whether it is sound.
fn packet(piece: &[u8], channel: &mut Packets) -> bool {
    let Some(end) = piece.iter().position(|byte| *byte == b'}') else {
        return false;
    };
    let mut cells = piece[..end].split(|byte| *byte == b',').skip(1);
    let Some(time) = cells.next().and_then(nanos) else {
        return false;
    };
    let first = channel.samples.len();
    for cell in cells {
        let sample = str::from_utf8(cell)
            .ok()
            .and_then(|cell| cell.trim().parse().ok());
        match sample {
            Some(sample) if f64::is_finite(sample) => channel.samples.push(sample),
            _ => {
                channel.samples.truncate(first);
                return false;
            }
        }
    }
    let count = channel.samples.len() - first;
    if count > 0 {
        channel.packets.push(Packet { time, first, count });
    }
    count > 0
}

/// Nanoseconds of a Unix time in seconds, to the last digit.
fn nanos(cell: &[u8]) -> Option<i64> {
    let cell = str::from_utf8(cell).ok()?.trim();
    let (whole, fraction) = cell.split_once('.').unwrap_or((cell, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !are_digits(whole) || !are_digits(fraction) {
        return None;
    }
    let seconds = whole
        .parse::<i64>()
        .ok()
        .filter(|value| *value >= EARLIEST)?;
    let nanos = format!("{:0<9.9}", fraction).parse::<i64>().ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(nanos)
}

/// Lines of one kind: how many, and the first.
#[derive(Default)]
struct Lines {
    count: usize,
    first: usize,
}

impl Lines {
    fn add(&mut self, line: usize) {
        if self.count == 0 {
            self.first = line;
        }
        self.count += 1;
    }
}

/// Reads all packets; damaged ones are left out, and missing ones are gaps.
///
/// # Errors
/// If no channel has a sampling rate.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let zeros = text::trailing_zeros(bytes);
    let text = text::decode(&bytes[..bytes.len() - zeros])?.bytes;
    let mut channels: Vec<Packets> = Vec::new();
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let (mut damaged, mut others) = (Lines::default(), Lines::default());
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let (mut sound, mut broken) = (0, false);
        for piece in pieces(line) {
            let Some(name) = name_of(piece) else {
                broken |= is_cut(piece);
                continue;
            };
            let index = *numbers.entry(name.to_owned()).or_insert(channels.len());
            if index == channels.len() {
                let name = name.to_owned();
                let noun = "packet";
                channels.push(Packets {
                    name,
                    noun,
                    ..Packets::default()
                });
            }
            if packet(piece, &mut channels[index]) {
                sound += 1;
            } else {
                broken = true;
            }
        }
        if broken || sound == 0 && is_part(line) {
            damaged.add(number + 1);
        } else if sound == 0 && !line.trim_ascii().is_empty() {
            others.add(number + 1);
        }
    }
    channels.retain(|channel| !channel.packets.is_empty());
    let mut notes = Notes::default();
    if damaged.count > 0 {
        let lines = counted(damaged.count, "damaged line");
        notes.push(format!(
            "left out the packets of {lines} (the first: line {})",
            damaged.first
        ));
    }
    if others.count > 0 {
        let lines = counted(others.count, "line");
        notes.push(Remark::Records(format!(
            "left out {lines} without packets (the first: line {})",
            others.first
        )));
    }
    traces(channels, hints, notes)
}

/// Whether a packet ends within its name.
fn is_cut(piece: &[u8]) -> bool {
    let text = piece.trim_ascii();
    matches!(text.first(), Some(b'\'' | b'"' | b'\\'))
        && !text.iter().any(|byte| b",:}".contains(byte))
}

/// Whether a line without a beginning is the rest of a packet.
fn is_part(line: &[u8]) -> bool {
    let is_sign = |byte: &u8| byte.is_ascii_digit() || b",.-+ \t\r'\"}".contains(byte);
    line.iter().any(u8::is_ascii_digit) && line.iter().all(is_sign) || line.contains(&b'}')
}

/// The traces of all channels.
fn traces(
    channels: Vec<Packets>,
    hints: &Hints,
    mut notes: Notes,
) -> Result<Contents, RecordingError> {
    let (mut traces, mut unusable) = (Vec::new(), None);
    for channel in channels {
        let of = format!("channel `{}`: ", channel.name);
        match channel.traces(hints.sampling_rate) {
            Ok((parts, said)) => {
                traces.extend(parts);
                notes.extend(said.into_iter().map(|note| note.after(&of)));
            }
            Err(problem) => {
                notes.push(format!("{of}left out: {problem}"));
                unusable.get_or_insert(TableError::Clock { of, problem });
            }
        }
    }
    match unusable {
        Some(problem) if traces.is_empty() => Err(problem.into()),
        _ => Ok(dated(traces, notes, hints)),
    }
}

#[cfg(test)]
mod tests;
