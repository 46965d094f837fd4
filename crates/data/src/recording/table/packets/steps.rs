//! The steps from packet to packet: how long a sample takes, and where packets are missing.

use std::ops::Range;

use super::super::clock::median;
use super::{NANOS, Packet};

/// Packets at either side of a step by which it is judged.
const BESIDE: usize = 8;
/// Most packets that are missing between two whose distance is still certain to a sample.
const MOST_MISSING: f64 = 240.0;
/// Median deviations of a normal distribution in its standard deviation.
const NORMAL: f64 = 1.48;
/// Deviations that nine of ten of a normal distribution are below, in its standard deviation.
const NINTH: f64 = 1.645;
/// Steps of this many packets tell whether they alternate.
const ALTERNATING: usize = 32;

/// Of fewer packets, the first one tells the start.
const FEW: usize = 8;

/// Packets without a gap between them.
pub(super) struct Run {
    pub packets: Range<usize>,
    /// Samples from the first of the group to the first of these.
    pub position: f64,
}

/// Runs between which a known number of samples is missing.
pub(super) struct Group(pub Vec<Run>);

/// The steps of a clock that is not even.
pub(super) struct Steps {
    /// Packets over which the times agree.
    pub groups: Vec<Group>,
    /// Missing packets, the places where they are missing, and the time before the first.
    pub missing: (usize, usize, i64),
    /// Steps that are neither even nor of missing packets.
    pub odd: usize,
}

/// Seconds from one packet to the next.
pub(super) fn step(packets: &[Packet], at: usize) -> f64 {
    packets[at + 1].time.saturating_sub(packets[at].time) as f64 / NANOS
}

/// Samples by which each step is longer than the samples of its packet.
fn longer(packets: &[Packet], period: f64) -> Vec<f64> {
    (1..packets.len())
        .map(|next| step(packets, next - 1) / period - packets[next - 1].count as f64)
        .collect()
}

/// Seconds between samples, of steps between neighbours; `None` if no times differ.
pub(super) fn usual_period(packets: &[Packet]) -> Option<f64> {
    let all =
        (1..packets.len()).map(|next| step(packets, next - 1) / packets[next - 1].count as f64);
    let mut all: Vec<f64> = all.filter(|period| *period > 0.0).collect();
    if all.is_empty() {
        return None;
    }
    // Packets may be missing at most places: the shorter steps tell how long one is.
    let tenth = all.len() / 10;
    let short = *all.select_nth_unstable_by(tenth, f64::total_cmp).1;
    let (mut seconds, mut samples) = (0.0, 0.0);
    for next in 1..packets.len() {
        let (step, count) = (step(packets, next - 1), packets[next - 1].count as f64);
        let steps = (step / count / short).round();
        if (1.0..=3.0).contains(&steps) {
            seconds += step;
            samples += steps * count;
        }
    }
    Some(seconds / samples).filter(|period| *period > 0.0)
}

/// The number of samples that most packets have.
fn usual_count(packets: &[Packet]) -> f64 {
    let mut counts: Vec<f64> = packets.iter().map(|packet| packet.count as f64).collect();
    median(&mut counts)
}

/// Whether steps are longer and shorter than even ones in turn, by more than half a sample. Of times that jitter by chance,
/// every fourth step is not.
pub(super) fn alternates(packets: &[Packet], period: f64) -> bool {
    let longer = longer(packets, period);
    let (mut both, mut squares) = (0.0, 0.0);
    for pair in longer.windows(2) {
        both += pair[0] * pair[1];
        squares += pair[0].powi(2);
    }
    let size = (squares / longer.len().max(1) as f64).sqrt();
    longer.len() >= ALTERNATING && size > 0.5 && both < -0.8 * squares
}

/// The number that nine of ten are below; 0 without any.
fn ninth(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let at = values.len() * 9 / 10;
    *values.select_nth_unstable_by(at, f64::total_cmp).1
}

/// Divides packets where samples are missing.
pub(super) fn steps(packets: &[Packet], period: f64) -> Steps {
    let usual = usual_count(packets);
    let longer = longer(packets, period);
    let sizes = longer.iter().map(|excess| excess.abs());
    let mut small: Vec<f64> = sizes.filter(|size| *size < usual / 2.0).collect();
    let jitter = (NORMAL * median(&mut small)).max(ninth(&mut small) / NINTH);
    let least = (6.0 * jitter).max(1.0).min(usual / 2.0);
    let certain = (3.0 * jitter).max(1.0);
    let mut found = Steps {
        groups: Vec::new(),
        missing: (0, 0, 0),
        odd: 0,
    };
    let (mut group, mut start, mut position) = (Group(Vec::new()), 0, 0.0);
    let mut samples = 0.0;
    for (at, excess) in longer.iter().enumerate() {
        samples += packets[at].count as f64;
        if excess.abs() <= least {
            continue;
        }
        let shift = shift(&longer, (start, at), usual);
        if shift.abs() <= certain {
            continue;
        }
        let packets_missing = (shift / usual).round();
        group.0.push(Run {
            packets: start..at + 1,
            position,
        });
        let is_whole = (shift - packets_missing * usual).abs() <= certain;
        if is_whole && (1.0..=MOST_MISSING).contains(&packets_missing) {
            position += samples + packets_missing * usual;
        } else {
            found.odd += usize::from(!is_whole && packets_missing <= MOST_MISSING);
            found
                .groups
                .push(std::mem::replace(&mut group, Group(Vec::new())));
            position = 0.0;
        }
        if packets_missing >= 1.0 {
            let (all, places, first) = found.missing;
            let first = if places == 0 { packets[at].time } else { first };
            found.missing = (all + packets_missing as usize, places + 1, first);
        }
        (start, samples) = (at + 1, 0.0);
    }
    group.0.push(Run {
        packets: start..packets.len(),
        position,
    });
    found.groups.push(group);
    found
}

/// Samples by which packets behind step `at` are later than those before it, from packet `first` on.
fn shift(longer: &[f64], (first, at): (usize, usize), usual: f64) -> f64 {
    let before = longer[first..at].iter().rev();
    let mut late = 0.0;
    let before = before.take(BESIDE - 1).map(|excess| {
        late -= excess;
        late
    });
    let mut before: Vec<f64> = std::iter::once(0.0).chain(before).collect();
    let mut late = longer[at];
    let behind = longer[at + 1..].iter();
    let behind = behind.take_while(|excess| excess.abs() < usual / 2.0);
    let behind = behind.take(BESIDE - 1).map(|excess| {
        late += excess;
        late
    });
    let mut behind: Vec<f64> = std::iter::once(longer[at]).chain(behind).collect();
    median(&mut behind) - median(&mut before)
}

impl Group {
    /// Samples from the beginning to the end.
    pub fn samples(&self, packets: &[Packet]) -> usize {
        self.0.last().map_or(0, |run| {
            let (first, last) = (&packets[run.packets.start], &packets[run.packets.end - 1]);
            run.position as usize + last.first + last.count - first.first
        })
    }

    /// Time of each packet in seconds since `origin`, and its position in samples.
    fn points(&self, packets: &[Packet], origin: i64) -> Vec<(f64, f64)> {
        let point = |run: &Run| {
            let (first, position) = (packets[run.packets.start].first, run.position);
            let inside = packets[run.packets.clone()].iter();
            let points = inside.map(move |packet| {
                let seconds = packet.time.saturating_sub(origin) as f64 / NANOS;
                (seconds, position + (packet.first - first) as f64)
            });
            points.collect::<Vec<_>>()
        };
        self.0.iter().flat_map(point).collect()
    }

    /// Time of the first sample in seconds since `origin`: that of its packet, if it agrees with the others, else theirs.
    pub fn start(&self, packets: &[Packet], rate: f64, origin: i64) -> f64 {
        let points = self.points(packets, origin);
        let first = points[0].0;
        let mut starts: Vec<f64> = points.iter().map(|(time, at)| time - at / rate).collect();
        let fitted = median(&mut starts);
        // The times of channels jitter differently, but their samples are taken together.
        let limit = if points.len() < FEW {
            0.25 / rate
        } else {
            1e-6
        };
        if (fitted - first).abs() < limit {
            first
        } else {
            fitted
        }
    }
}

/// The period of the least-squares line through all groups, whose levels differ.
pub(super) fn line(packets: &[Packet], groups: &[Group], origin: i64) -> Option<f64> {
    let (mut numerator, mut denominator) = (0.0, 0.0);
    for group in groups {
        let points = group.points(packets, origin);
        let (time, at) = middle(&points);
        for (seconds, position) in points {
            numerator += (seconds - time) * (position - at);
            denominator += (position - at).powi(2);
        }
    }
    Some(numerator / denominator).filter(|period| *period > 0.0)
}

/// Root mean square distance of the times from even ones, in samples.
pub(super) fn scatter(packets: &[Packet], groups: &[Group], (period, origin): (f64, i64)) -> f64 {
    let (mut squares, mut many) = (0.0, 0);
    for group in groups {
        let points = group.points(packets, origin);
        let (time, at) = middle(&points);
        many += points.len();
        let late = points
            .iter()
            .map(|(seconds, position)| (seconds - time) / period - (position - at));
        squares += late.map(|late| late.powi(2)).sum::<f64>();
    }
    (squares / many.max(1) as f64).sqrt()
}

fn middle(points: &[(f64, f64)]) -> (f64, f64) {
    let many = points.len().max(1) as f64;
    let sum = points
        .iter()
        .fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
    (sum.0 / many, sum.1 / many)
}
