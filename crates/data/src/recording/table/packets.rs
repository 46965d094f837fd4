//! Sampling rate and gaps of samples that come in packets, each with the time of its first sample: rows of several samples, and
//! messages of a recorder.
//!
//! The times of packets jitter, and steps are longer where packets were lost. The rate therefore follows from single steps
//! first, and then from all packets whose distance is a whole number of packets. A gap is where the times after a step are
//! later than those before it for good; a single late packet is none.

mod steps;

use support::words::counted;

use super::super::{NANOS, Note, Remark, Trace, check_rate, format_time};
use super::clock::{median, rounded};
use crate::error::recording::ClockError;
use steps::{Steps, alternates, line, scatter, step, steps, usual_period};

/// Samples that follow each other without a gap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::recording) struct Packet {
    /// Time of the first sample in nanoseconds.
    pub time: i64,
    /// Position of the first sample among those of the channel.
    pub first: usize,
    /// Number of samples.
    pub count: usize,
}

/// The packets of a channel, in the order of the file.
#[derive(Clone, Debug, Default)]
pub(in crate::recording) struct Packets {
    /// Name of the channel.
    pub name: String,
    /// What a packet is called in notes.
    pub noun: &'static str,
    /// Its packets.
    pub packets: Vec<Packet>,
    /// Samples of all.
    pub samples: Vec<f64>,
}

/// Steps that tell together whether single packets are missing or all are slower.
const BLOCK: usize = 64;
/// Packets that may be late by the order of a file; if there are more, its clock was set back.
const MOST_LATE: f64 = 0.05;

impl Packets {
    /// The traces of the channel, with what was unusual about its times. A `given` rate counts, and a contradiction is noted.
    ///
    /// # Errors
    /// If the times tell no rate.
    pub fn traces(mut self, given: Option<f64>) -> Result<(Vec<Trace>, Vec<Note>), ClockError> {
        let given = given.map(check_rate).transpose()?;
        let mut notes = self.in_order();
        let packets = &self.packets;
        let origin = packets[0].time;
        let period = match (usual_period(packets), given) {
            (Some(period), _) => period,
            (None, Some(rate)) => 1.0 / rate,
            (None, None) => return Err(ClockError::OneRow),
        };
        let first = steps(packets, period);
        let fitted = line(packets, &first.groups, origin).unwrap_or(period);
        let found = steps(packets, fitted);
        if alternates(packets, fitted) {
            return Err(ClockError::InTurn);
        }
        let longest = found
            .groups
            .iter()
            .map(|group| group.samples(packets))
            .max();
        let scatter = scatter(packets, &found.groups, (fitted, origin));
        let most = (5.0 * scatter).clamp(2e-3, 0.5);
        let measured = check_rate(rounded(1.0 / fitted, longest.unwrap_or(0), most))?;
        if given.is_none() && (scatter > 10.0 || found.odd > 8 && found.odd * 8 > packets.len()) {
            return Err(ClockError::Uneven {
                rate: measured,
                samples: scatter.max(1.0),
            });
        }
        notes.extend(missing(&found, self.noun));
        notes.extend(slower(packets, fitted, self.noun));
        notes.extend(spacing(measured, scatter, given).map(Note::from));
        let rate = given.unwrap_or(measured);
        let mut traces = Vec::new();
        for group in &found.groups {
            let start = group.start(packets, measured, origin);
            for run in &group.0 {
                let (first, last) = (&packets[run.packets.start], &packets[run.packets.end - 1]);
                let late = ((start + run.position / measured) * NANOS).round() as i64;
                traces.push(Trace {
                    channel: self.name.clone(),
                    start: origin.saturating_add(late),
                    rate,
                    samples: self.samples[first.first..last.first + last.count].to_vec(),
                });
            }
        }
        Ok((traces, notes))
    }

    /// Sorts packets that came late, and removes those that came twice.
    fn in_order(&mut self) -> Vec<Note> {
        let mut notes = Vec::new();
        let mut latest = i64::MIN;
        let mut late = 0;
        for packet in &self.packets {
            late += usize::from(packet.time < latest);
            latest = latest.max(packet.time);
        }
        let all = self.packets.len();
        if late > 0 && late as f64 <= (MOST_LATE * all as f64).max(1.0) {
            self.packets.sort_by_key(|packet| packet.time);
            let text = format!("{} came late: sorted by time", counted(late, self.noun));
            notes.push(Remark::Records(text).into());
        }
        let samples = &self.samples;
        let of = |packet: &Packet| &samples[packet.first..packet.first + packet.count];
        self.packets
            .dedup_by(|one, before| one.time == before.time && of(one) == of(before));
        if self.packets.len() < all {
            let twice = counted(all - self.packets.len(), self.noun);
            let text = format!("{twice} came twice: the second is left out");
            notes.push(Remark::Records(text).into());
        }
        self.pack();
        notes
    }

    /// Brings samples into the order of their packets, if they are in another.
    fn pack(&mut self) {
        let follows = |pair: &[Packet]| pair[1].first == pair[0].first + pair[0].count;
        if self.packets.windows(2).all(follows) {
            return;
        }
        let mut samples = Vec::with_capacity(self.samples.len());
        for packet in &mut self.packets {
            let range = packet.first..packet.first + packet.count;
            packet.first = samples.len();
            samples.extend_from_slice(&self.samples[range]);
        }
        self.samples = samples;
    }
}

/// Notes on times that are not evenly spaced at the measured rate, or not at the given one.
fn spacing(measured: f64, scatter: f64, given: Option<f64>) -> Option<String> {
    match given {
        Some(rate) if (measured / rate - 1.0).abs() > 0.01 => Some(format!(
            "the given rate is {rate} Hz, but the times say {measured:.6} Hz; the given rate is used"
        )),
        _ if scatter > 1.0 => Some(format!(
            "the times differ from even spacing at {measured:.3} Hz by {scatter:.1} samples ({:.3} s) on average",
            scatter / measured
        )),
        _ => None,
    }
}

/// A note on missing packets.
fn missing(found: &Steps, noun: &str) -> Option<Note> {
    let (packets, places, first) = found.missing;
    (packets > 0).then(|| {
        let text = format!(
            "{} missing, in {} (the first behind that of {})",
            counted(packets, noun),
            counted(places, "gap"),
            format_time(first)
        );
        Remark::Records(text).into()
    })
}

/// A note on packets that follow each other more slowly than others all the time, of which it is not certain that the ones
/// between are missing.
fn slower(packets: &[Packet], period: f64, noun: &str) -> Option<Note> {
    let steps: Vec<f64> = (1..packets.len())
        .map(|next| (step(packets, next - 1) / period / packets[next - 1].count as f64).round())
        .collect();
    let mut blocks = steps.chunks_exact(BLOCK).enumerate();
    let is_slow =
        |block: &[f64]| block.iter().filter(|step| **step >= 2.0).count() * 10 > 9 * BLOCK;
    let (number, block) = blocks.find(|(_, block)| is_slow(block))?;
    let text = format!(
        "from {} on, each {noun} follows after the time of {} {noun}s: they are read with gaps between them, but if the sampling rate \
         changed there, divide the file",
        format_time(packets[number * BLOCK].time),
        median(&mut block.to_vec())
    );
    Some(text.into())
}
