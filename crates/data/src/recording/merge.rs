//! Merges the traces of several channels to stretches in which all of them were recorded.

mod beside;
mod rates;

use self::beside::Shifts;
use self::rates::{MixedRates, resampled};
use super::{NANOS, Notes, Trace, format_time, is_other_rate, keeps_clock};
use crate::error::recording::{MergeError, RatesDiffer};
use crate::extremes::Extremes;

/// Largest relative difference of rates that count as equal, as in libmseed.
pub(super) const CLOCKS: f64 = 1e-4;
/// Fill value of NumPy's masked arrays, and so of ObsPy, for missing floats.
const MASKED: f64 = 1e20;
/// Fill value of many programs for missing integers; also the lowest 32-bit integer.
const LOWEST: f64 = -2_147_483_648.0;

/// Some channels over one time without a gap.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// Time of the first samples, in nanoseconds.
    pub start: i64,
    /// Samples per second.
    pub rate: f64,
    /// Samples of every selected channel, in the order of the selection, all of one length.
    pub channels: Vec<Vec<f64>>,
}

impl Stretch {
    /// Time after the last samples.
    pub fn end(&self) -> i64 {
        self.start
            .saturating_add((self.len() as f64 / self.rate * NANOS).round() as i64)
    }

    /// Samples of a channel.
    pub fn len(&self) -> usize {
        self.channels.first().map_or(0, Vec::len)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Duplicate samples of a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repeated {
    /// How many; those of the earlier trace are kept.
    pub samples: usize,
    /// How many of them have different values.
    pub conflicting: usize,
}

/// Merged stretches, with statistics.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Merged {
    /// Stretches in order of time.
    pub stretches: Vec<Stretch>,
    /// Interruptions of a channel.
    pub gaps: usize,
    /// Number of duplicate samples; those of the earlier trace are kept.
    pub overlapping: usize,
    /// Number of duplicate samples with different values.
    pub conflicting: usize,
    /// Duplicate samples of each channel, in the order of the selection.
    pub repeated: Vec<Repeated>,
    /// What was left out, and why, one sentence each.
    pub notes: Notes,
}

/// Merges `traces` to stretches of `channels`, which are full names or the parts after their last dots.
///
/// Channels whose rates differ by less than a ten-thousandth share a clock. A stretch ends when they have drifted apart
/// by half a sample. If rates differ by more, nothing is merged, and a note says so. Samples between those of the other
/// channels are assigned to the nearest ones, also with a note.
///
/// # Errors
/// If a channel is missing, ambiguous or listed twice, or the channels share no time at one rate because their rates differ.
pub fn merge(traces: Vec<Trace>, channels: &[String]) -> Result<Merged, MergeError> {
    joined(traces, channels, None)
}

/// Like [`merge`], but if channels have different rates, each of them is resampled to `rate`, in samples per second,
/// with a note. Other stretches keep their rates.
///
/// # Errors
/// As for [`merge`]; different rates are an error only if they are too far from `rate` for resampling.
pub fn merge_at(traces: Vec<Trace>, channels: &[String], rate: f64) -> Result<Merged, MergeError> {
    joined(traces, channels, Some(rate))
}

fn joined(
    traces: Vec<Trace>,
    channels: &[String],
    rate: Option<f64>,
) -> Result<Merged, MergeError> {
    if channels.is_empty() {
        return Err(MergeError::NoChannel);
    }
    let mut merged = Merged::default();
    let selected = select(&traces, channels, &mut merged)?;
    let (mut apart, mut brought) = (None, None);
    let mut shifts = Shifts::default();
    let mut at = vec![0; selected.len()];
    // End of the last stretch.
    let mut done = i64::MIN;
    // Each stretch is the time that the next traces of all channels have in common.
    while at
        .iter()
        .zip(&selected)
        .all(|(i, traces)| *i < traces.len())
    {
        let current = at.iter().zip(&selected).map(|(i, traces)| &traces[*i]);
        let current: Vec<&Trace> = current.collect();
        let start = current.iter().map(|trace| trace.start).max().unwrap_or(0);
        let end = current.iter().map(|trace| trace.end()).min().unwrap_or(0);
        let start = start.max(done);
        match drift(&current) {
            Ok(longest) => {
                let stretch = common(&current, start, end, longest);
                shifts.add(&current, &stretch);
                if stretch.len() == longest {
                    done = stretch.end();
                    merged.stretches.push(stretch);
                    continue;
                }
                if !stretch.is_empty() {
                    merged.stretches.push(stretch);
                }
            }
            Err(rates) if start < end => {
                let stretch = rate.and_then(|rate| resampled(&current, start, end, rate));
                let of = if stretch.is_some() {
                    &mut brought
                } else {
                    &mut apart
                };
                MixedRates::add(of, rates, &current, (start, end));
                let stretch = stretch.filter(|stretch| !stretch.is_empty());
                merged.stretches.extend(stretch);
            }
            Err(_) => {}
        }
        for (i, traces) in at.iter_mut().zip(&selected) {
            *i += usize::from(traces[*i].end() <= end);
        }
    }
    merged.notes.extend(shifts.note());
    if let (Some(brought), Some(rate)) = (brought, rate) {
        merged.notes.push(brought.note(rate));
    }
    match apart {
        Some(MixedRates { rates, .. }) if merged.stretches.is_empty() => Err(rates.into()),
        Some(MixedRates { seconds, rates, .. }) => {
            let note = format!("{seconds:.3} s are left out: {rates}");
            merged.notes.push(note);
            Ok(merged)
        }
        None => Ok(merged),
    }
}

/// Number of stretches of one channel, whose traces may be in any order and overlap.
pub(crate) fn count_stretches(traces: &[Trace]) -> usize {
    let mut order: Vec<&Trace> = traces.iter().collect();
    order.sort_by_key(|trace| trace.start);
    let mut count = 0;
    let mut last: Option<(i64, f64)> = None;
    for trace in order {
        let end = match last {
            Some((end, rate)) if goes_on(trace, rate) && !is_late(trace, end) => end,
            _ => {
                count += 1;
                i64::MIN
            }
        };
        last = Some((end.max(trace.end()), trace.rate));
    }
    count
}

/// Whether a trace can go on one at `rate` samples per second.
fn goes_on(trace: &Trace, rate: f64) -> bool {
    keeps_clock(trace.samples.len(), trace.rate, rate)
}

/// Whether a trace begins more than half a sample after `end`.
fn is_late(trace: &Trace, end: i64) -> bool {
    trace.start.saturating_sub(end) as f64 * trace.rate / NANOS > 0.5
}

/// The traces of each of `channels`, in order and without duplicate samples, which `merged` counts.
fn select(
    traces: &[Trace],
    channels: &[String],
    merged: &mut Merged,
) -> Result<Vec<Vec<Trace>>, MergeError> {
    let mut selected = Vec::new();
    for found in find(traces, channels)? {
        let traces = traces
            .iter()
            .filter(|trace| trace.channel == found && !trace.samples.is_empty());
        let mut traces = numbers(traces, &found, &mut merged.notes);
        traces.sort_by_key(|trace| trace.start);
        let (traces, repeated) = join(traces, &mut merged.gaps);
        selected.push(traces);
        merged.overlapping += repeated.samples;
        merged.conflicting += repeated.conflicting;
        merged.repeated.push(repeated);
    }
    Ok(selected)
}

/// The full names of `channels`, which are all different.
fn find(traces: &[Trace], channels: &[String]) -> Result<Vec<String>, MergeError> {
    let mut known: Vec<&String> = traces.iter().map(|trace| &trace.channel).collect();
    known.sort();
    known.dedup();
    let one = |name: &String| {
        let named = |known: &&&String| **known == name || known.rsplit('.').next() == Some(name);
        let found: Vec<&&String> = known.iter().filter(named).collect();
        if let [found] = found[..] {
            return Ok((*found).clone());
        }
        let channel = name.clone();
        Err(if found.is_empty() {
            let there = known.iter().map(|&name| name.clone()).collect();
            MergeError::Missing { channel, there }
        } else {
            let there = found.into_iter().map(|&name| name.clone()).collect();
            MergeError::Ambiguous { channel, there }
        })
    };
    let found = channels.iter().map(one).collect::<Result<Vec<_>, _>>()?;
    for (i, channel) in found.iter().enumerate() {
        if let Some(before) = found[..i].iter().position(|other| other == channel) {
            return Err(MergeError::Twice {
                names: [before, i].map(|at| channels[at].clone()),
                channel: channel.clone(),
            });
        }
    }
    Ok(found)
}

/// The traces of a channel; samples that are not numbers become gaps.
fn numbers<'a>(
    traces: impl Iterator<Item = &'a Trace>,
    channel: &str,
    notes: &mut Notes,
) -> Vec<Trace> {
    let is_number = |v: &f64| v.is_finite() && *v != MASKED && *v != f64::from(MASKED as f32);
    let (mut missing, mut lowest) = (0, 0);
    let mut first = i64::MAX;
    let mut whole = Vec::new();
    for trace in traces {
        if Extremes::of(std::iter::once(&*trace.samples)).are_sound() {
            whole.push(trace.clone());
            continue;
        }
        lowest += trace.samples.iter().filter(|v| **v == LOWEST).count();
        if trace.samples.iter().all(is_number) {
            whole.push(trace.clone());
            continue;
        }
        let mut at = 0;
        for part in trace
            .samples
            .chunk_by(|one, next| is_number(one) == is_number(next))
        {
            if is_number(&part[0]) {
                whole.push(Trace {
                    channel: trace.channel.clone(),
                    start: trace.time(at),
                    rate: trace.rate,
                    samples: part.to_vec(),
                });
            } else {
                missing += part.len();
                first = first.min(trace.time(at));
            }
            at += part.len();
        }
    }
    if missing > 0 {
        notes.push(format!(
            "channel `{channel}`: {missing} samples are NaN, infinite or the fill value 1e20 and are gaps, the first at {}",
            format_time(first)
        ));
    }
    if lowest > 0 {
        notes.push(format!(
            "channel `{channel}`: {lowest} samples are -2147483648, which many programs write where data are missing"
        ));
    }
    whole
}

/// Number of samples until the clocks of `traces` differ by half a sample.
///
/// # Errors
/// If the rates differ by more than clocks of one rate do.
fn drift(traces: &[&Trace]) -> Result<usize, RatesDiffer> {
    let first = traces[0];
    let differs = |trace: &Trace| (trace.rate / first.rate - 1.0).abs();
    let is_other = |trace: &&&Trace| is_other_rate(trace.rate, first.rate);
    if let Some(other) = traces.iter().find(is_other) {
        return Err(RatesDiffer {
            one: other.channel.clone(),
            one_rate: other.rate,
            other: first.channel.clone(),
            other_rate: first.rate,
        });
    }
    let most = traces
        .iter()
        .map(|trace| differs(trace))
        .fold(0.0, f64::max);
    // A float beyond usize becomes the largest.
    Ok((0.5 / most) as usize)
}

/// The samples of a trace nearest to the times from `start` to `end`.
fn cut(trace: &Trace, start: i64, end: i64) -> &[f64] {
    let first = nearest(trace, start);
    let last = nearest(trace, end).max(first);
    &trace.samples[first..last]
}

/// Number of the sample of a trace nearest to a time.
fn nearest(trace: &Trace, time: i64) -> usize {
    let samples = time.saturating_sub(trace.start) as f64 * trace.rate / NANOS;
    (samples.round().max(0.0) as usize).min(trace.samples.len())
}

/// The samples of `traces` from `start` to `end`, `longest` at most.
fn common(traces: &[&Trace], start: i64, end: i64, longest: usize) -> Stretch {
    let cuts = traces.iter().map(|trace| cut(trace, start, end));
    let cuts: Vec<&[f64]> = cuts.collect();
    let shortest = cuts.iter().map(|cut| cut.len()).min().unwrap_or(0);
    let length = shortest.min(longest);
    Stretch {
        start,
        rate: traces[0].rate,
        channels: cuts.iter().map(|cut| cut[..length].to_vec()).collect(),
    }
}

/// Joins the traces of one channel, in order of time, that continue each other, and removes overlaps; counts `gaps`.
fn join(traces: Vec<Trace>, gaps: &mut usize) -> (Vec<Trace>, Repeated) {
    let mut joined: Vec<Trace> = Vec::new();
    let mut repeated = Repeated::default();
    for mut trace in traces {
        let same = |last: &&mut Trace| goes_on(&trace, last.rate);
        let Some(last) = joined.last_mut().filter(same) else {
            joined.push(trace);
            continue;
        };
        if is_late(&trace, last.end()) {
            *gaps += 1;
            joined.push(trace);
            continue;
        }
        let early = last.end().saturating_sub(trace.start) as f64 * trace.rate / NANOS;
        let early = early.round().max(0.0) as usize;
        let twice = early.min(trace.samples.len());
        let kept = &last.samples[last.samples.len().saturating_sub(early)..];
        let differ = |(one, other): &(&f64, &f64)| one != other;
        let both = kept.iter().zip(&trace.samples[..twice]);
        repeated.conflicting += both.filter(differ).count();
        repeated.samples += twice;
        last.samples.extend(trace.samples.drain(twice..));
    }
    (joined, repeated)
}

#[cfg(test)]
mod tests;
