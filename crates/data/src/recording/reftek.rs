//! Raw data of Reftek's recorder 130 (`.rt130`, or no ending): packets of 1024 bytes, with the header of an event, samples of a channel,
//! or the state of the recorder.
//!
//! The layout is that of Reftek's "130 Recording Format Specification" and of ObsPy's reader. Channels are called `.STA..CHA`, as by
//! ObsPy: by their code, or the name of their stream and their number from 0.

mod packet;

use std::collections::HashMap;

use self::packet::{Event, Key, Kind, PACKET, Packet};
use super::{Contents, Hints, Notes, Trace, check_rate, dated, left_out, steim};
use crate::error::recording::{RecordingError, ReftekDamage, ReftekError};

/// Packets by which a file is recognised.
const FIRST: usize = 20;
/// Nanoseconds that times of packets resolve.
const MILLISECOND: u64 = 1_000_000;
/// Bytes before the frames of compressed samples.
const BEFORE_FRAMES: usize = 40;

/// Whether a file begins with a packet of a known type, its time and its length, and most of those behind it are of known types.
pub(super) fn is(bytes: &[u8]) -> bool {
    let first = &bytes.as_chunks::<PACKET>().0;
    let first = &first[..first.len().min(FIRST)];
    let known = first
        .iter()
        .filter(|packet| Kind::of(packet).is_some())
        .count();
    first.first().is_some_and(packet::is_header) && 2 * known > first.len()
}

/// Reads all packets of samples; damaged ones are left out.
///
/// # Errors
/// If there are such packets, and none can be read.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let (packets, rest) = bytes.as_chunks::<PACKET>();
    let mut recording = Recording::default();
    // The header of an event may be missing, and its trailer has the same.
    for packet in packets {
        if let Some((key, event)) = event(packet) {
            recording.events.entry(key).or_insert(event);
        }
    }
    let mut damaged: Option<ReftekError> = None;
    let (mut bad, mut state) = (0, 0);
    for (index, packet) in packets.iter().enumerate() {
        let taken = match Kind::of(packet) {
            Some(Kind::Event) => {
                recording.events.extend(event(packet));
                Ok(())
            }
            Some(Kind::Samples) => Packet::of(packet).and_then(|packet| recording.add(&packet)),
            Some(Kind::State) => {
                state += 1;
                Ok(())
            }
            None => Err(ReftekDamage::Kind),
        };
        if let Err(problem) = taken {
            bad += 1;
            let packet = index + 1;
            damaged.get_or_insert(ReftekError { packet, problem });
        }
    }
    let mut notes = Notes::default();
    if let Some(problem) = damaged {
        if recording.traces.is_empty() {
            return Err(problem.into());
        }
        notes.push(left_out::damaged(bad, "packet", packets.len(), problem));
    }
    notes.extend(left_out::beside_samples("packet", state, rest.len()));
    Ok(dated(recording.traces, notes, hints))
}

/// The event of a header or trailer; `None` for other packets, and for damaged ones.
fn event(bytes: &[u8; PACKET]) -> Option<(Key, Event)> {
    let packet = Packet::of(bytes).ok()?;
    let event = Kind::of(bytes).filter(|kind| *kind == Kind::Event);
    event.and(Event::of(&packet).map(|event| (packet.key, event)))
}

/// Traces of the packets so far.
#[derive(Default)]
struct Recording {
    events: HashMap<Key, Event>,
    traces: Vec<Trace>,
    /// The last trace of each channel, by the unit, the stream and its number.
    last: HashMap<(u16, u8, u8), usize>,
}

impl Recording {
    /// # Errors
    /// If the samples cannot be read, or nothing tells their rate.
    fn add(&mut self, packet: &Packet<'_>) -> Result<(), ReftekDamage> {
        let event = self.events.get(&packet.key).ok_or(ReftekDamage::NoEvent {
            event: packet.key.event,
        })?;
        let rate = check_rate(event.rate)?;
        if packet.format != event.format {
            return Err(ReftekDamage::Formats {
                of_packet: packet.format,
                of_event: event.format,
            });
        }
        let samples = samples(packet)?;
        if samples.is_empty() {
            return Ok(());
        }
        let channel = event.channel(packet.channel);
        let key = (packet.key.unit, packet.key.stream, packet.channel);
        let before = self.last.get(&key).map(|at| &mut self.traces[*at]);
        let goes_on = |trace: &&mut Trace| {
            trace.channel == channel && trace.goes_on(rate, packet.time, MILLISECOND)
        };
        match before.filter(goes_on) {
            Some(trace) => trace.samples.extend(samples),
            None => {
                self.last.insert(key, self.traces.len());
                self.traces.push(Trace {
                    channel,
                    start: packet.time,
                    rate,
                    samples,
                });
            }
        }
        Ok(())
    }
}

/// The samples of a packet.
///
/// # Errors
/// If their format is not read, or they do not fit into the packet.
fn samples(packet: &Packet<'_>) -> Result<Vec<f64>, ReftekDamage> {
    let count = packet.count;
    let part = |width: usize| {
        let part = packet.payload.get(..width * count);
        part.ok_or(ReftekDamage::Count { count })
    };
    match packet.format {
        0x16 => {
            let words = part(2)?.as_chunks().0.iter();
            Ok(words.map(|word| i16::from_be_bytes(*word).into()).collect())
        }
        0x32 => {
            let words = part(4)?.as_chunks().0.iter();
            Ok(words.map(|word| i32::from_be_bytes(*word).into()).collect())
        }
        0xC0 | 0xC2 => {
            let level = if packet.format == 0xC0 { 1 } else { 2 };
            let mut samples = Vec::new();
            steim::unpack(
                &packet.payload[BEFORE_FRAMES..],
                count,
                level,
                true,
                &mut samples,
            )?;
            Ok(samples)
        }
        format => Err(ReftekDamage::Format { format }),
    }
}
