//! The traces of some channels as stretches in which all of them were recorded.

use super::{NANOS, Trace, format_time, same_rate};

/// Share by which the rates of clocks that are meant to be equal differ at most, as libmseed has it.
const CLOCKS: f64 = 1e-4;
/// What NumPy's masked arrays, and so ObsPy, write where floats are missing.
const MASKED: f64 = 1e20;
/// What many programs write where integers are missing; also the lowest that a 32-bit integer can be.
const LOWEST: f64 = -2_147_483_648.0;

/// Some channels over one time without a gap.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// Time of the first samples, in nanoseconds.
    pub start: i64,
    /// Samples a second.
    pub rate: f64,
    /// Samples of every channel, in the order they were asked for, all of one length.
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

/// Stretches, and what was met on the way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Merged {
    /// In the order of time.
    pub stretches: Vec<Stretch>,
    /// Interruptions of a channel.
    pub gaps: usize,
    /// Samples that were there twice; the earlier trace's are kept.
    pub overlapping: usize,
    /// Samples that were there twice, with different values.
    pub conflicting: usize,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

/// Merges `traces` to stretches of `channels`. A name is a channel's whole one, or what follows its last dot.
///
/// Channels whose rates differ by less than a ten-thousandth run on one clock, and a stretch ends where they have drifted
/// apart by half a sample. Where they differ by more, nothing is merged, which is noted.
///
/// # Errors
/// Where a channel is missing or ambiguous, or the channels share no time at one rate because their rates differ.
pub fn merge(traces: Vec<Trace>, channels: &[String]) -> Result<Merged, String> {
    if channels.is_empty() {
        return Err("no channel is asked for".into());
    }
    let mut merged = Merged::default();
    let mut selected: Vec<Vec<Trace>> = Vec::new();
    for found in find(&traces, channels)? {
        let traces = traces
            .iter()
            .filter(|trace| trace.channel == found && !trace.samples.is_empty());
        let mut traces = numbers(traces, &found, &mut merged.notes);
        traces.sort_by_key(|trace| trace.start);
        selected.push(join(traces, &mut merged));
    }
    let mut apart = None;
    let mut at = vec![0; selected.len()];
    // Up to where stretches were made.
    let mut done = i64::MIN;
    // The traces that are next in every channel: their common time is a stretch.
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
                let (seconds, _) = apart.get_or_insert((0.0, rates));
                *seconds += end.saturating_sub(start) as f64 / NANOS;
            }
            Err(_) => {}
        }
        for (i, traces) in at.iter_mut().zip(&selected) {
            *i += usize::from(traces[*i].end() <= end);
        }
    }
    match apart {
        Some((_, rates)) if merged.stretches.is_empty() => Err(format!(
            "{rates}: channels of one recording need one rate; list them as recordings of their own"
        )),
        Some((seconds, rates)) => {
            let note = format!("{seconds:.3} s are left out: {rates}");
            merged.notes.push(note);
            Ok(merged)
        }
        None => Ok(merged),
    }
}

/// The whole names of `channels`.
fn find(traces: &[Trace], channels: &[String]) -> Result<Vec<String>, String> {
    let mut known: Vec<&String> = traces.iter().map(|trace| &trace.channel).collect();
    known.sort();
    known.dedup();
    let one = |name: &String| {
        let named = |known: &&&String| **known == name || known.rsplit('.').next() == Some(name);
        let found: Vec<&&String> = known.iter().filter(named).collect();
        if let [found] = found[..] {
            return Ok((*found).clone());
        }
        let problem = if found.is_empty() {
            "is not there"
        } else {
            "is not the only one of its name"
        };
        let known: Vec<&str> = known.iter().map(|name| name.as_str()).collect();
        Err(format!(
            "channel `{name}` {problem}: there are {}",
            known.join(", ")
        ))
    };
    channels.iter().map(one).collect()
}

/// The traces of a channel without samples that are no numbers: these are gaps.
fn numbers<'a>(
    traces: impl Iterator<Item = &'a Trace>,
    channel: &str,
    notes: &mut Vec<String>,
) -> Vec<Trace> {
    let is_number = |v: &f64| v.is_finite() && *v != MASKED && *v != f64::from(MASKED as f32);
    let (mut missing, mut lowest) = (0, 0);
    let mut first = i64::MAX;
    let mut whole = Vec::new();
    for trace in traces {
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

/// Samples until the clocks of `traces` are apart by half a sample.
///
/// # Errors
/// With the rates, where they are not meant to be equal.
fn drift(traces: &[&Trace]) -> Result<usize, String> {
    let first = traces[0];
    let differs = |trace: &Trace| (trace.rate / first.rate - 1.0).abs();
    if let Some(other) = traces.iter().find(|trace| differs(trace) > CLOCKS) {
        return Err(format!(
            "channel `{}` has {} samples a second, but channel `{}` has {}",
            other.channel, other.rate, first.channel, first.rate
        ));
    }
    let most = traces
        .iter()
        .map(|trace| differs(trace))
        .fold(0.0, f64::max);
    // A float beyond usize becomes the largest.
    Ok((0.5 / most) as usize)
}

/// The samples of `traces` from `start` to `end`, `longest` at most.
fn common(traces: &[&Trace], start: i64, end: i64, longest: usize) -> Stretch {
    fn cut(trace: &Trace, start: i64, end: i64) -> &[f64] {
        let samples = |nanos: i64| (nanos as f64 * trace.rate / NANOS).round().max(0.0) as usize;
        let first = samples(start.saturating_sub(trace.start)).min(trace.samples.len());
        let last = samples(end.saturating_sub(trace.start)).clamp(first, trace.samples.len());
        &trace.samples[first..last]
    }
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

/// Traces of one channel, in the order of time, without overlaps; those that continue each other are one.
fn join(traces: Vec<Trace>, merged: &mut Merged) -> Vec<Trace> {
    let mut joined: Vec<Trace> = Vec::new();
    for mut trace in traces {
        let same = |last: &&mut Trace| same_rate(last.rate, trace.rate);
        let Some(last) = joined.last_mut().filter(same) else {
            joined.push(trace);
            continue;
        };
        let late = trace.start.saturating_sub(last.end()) as f64 * trace.rate / NANOS;
        if late > 0.5 {
            merged.gaps += 1;
            joined.push(trace);
            continue;
        }
        let early = (-late).round().max(0.0) as usize;
        let twice = early.min(trace.samples.len());
        let kept = &last.samples[last.samples.len().saturating_sub(early)..];
        let differ = |(one, other): &(&f64, &f64)| one != other;
        let both = kept.iter().zip(&trace.samples[..twice]);
        merged.conflicting += both.filter(differ).count();
        merged.overlapping += twice;
        last.samples.extend(trace.samples.drain(twice..));
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    fn trace(channel: &str, start_s: f64, samples: std::ops::Range<i32>) -> Trace {
        let samples = samples.map(f64::from).collect();
        Trace {
            channel: channel.into(),
            start: (start_s * 1e9) as i64,
            rate: 10.0,
            samples,
        }
    }

    #[test]
    fn gaps_and_overlaps() {
        let traces = vec![
            trace("N.S..Z", 0.0, 0..50),
            trace("N.S..Z", 4.0, 40..100),
            trace("N.S..Z", 20.0, 200..250),
            trace("N.S..E", 1.0, 10..220),
        ];
        let channels = ["Z", "N.S..E"].map(String::from);
        let merged = merge(traces, &channels).unwrap();
        assert_eq!((merged.gaps, merged.overlapping), (1, 10));
        let spans: Vec<(i64, usize)> = merged
            .stretches
            .iter()
            .map(|s| (s.start / 1_000_000_000, s.len()))
            .collect();
        assert_eq!(spans, [(1, 90), (20, 20)]);
        for stretch in &merged.stretches {
            assert_eq!(stretch.channels[0], stretch.channels[1]);
        }
    }

    #[test]
    fn samples_that_differ_are_counted() {
        let traces = vec![
            trace("Z", 0.0, 0..50),
            trace("Z", 4.0, 40..45),
            trace("Z", 4.5, 46..70),
        ];
        let merged = merge(traces, &["Z".into()]).unwrap();
        assert_eq!((merged.overlapping, merged.conflicting), (10, 5));
        assert_eq!(
            merged.stretches[0].channels[0][48..52],
            [48.0, 49.0, 51.0, 52.0]
        );
    }

    #[test]
    fn samples_that_are_no_numbers_are_gaps() {
        let mut own = trace("Z", 0.0, 0..50);
        own.samples[20] = f64::NAN;
        own.samples[21] = f64::INFINITY;
        own.samples[30] = f64::from(1e20f32);
        own.samples[40] = LOWEST;
        let merged = merge(vec![own, trace("N", 0.0, 0..50)], &["Z".into(), "N".into()]).unwrap();
        let spans = merged
            .stretches
            .iter()
            .map(|own| (own.channels[1][0], own.len()));
        assert_eq!(
            spans.collect::<Vec<_>>(),
            [(0.0, 20), (22.0, 8), (31.0, 19)]
        );
        assert_eq!(merged.gaps, 2);
        assert_eq!(
            merged.notes,
            [
                "channel `Z`: 3 samples are NaN, infinite or the fill value 1e20 and are gaps, the first at 2.000 s",
                "channel `Z`: 1 samples are -2147483648, which many programs write where data are missing"
            ]
        );
    }

    /// `n` samples that tell their own time in seconds.
    fn clock(channel: &str, rate: f64, start: i64, n: usize) -> Trace {
        Trace {
            channel: channel.into(),
            start,
            rate,
            samples: (0..n)
                .map(|i| start as f64 / 1e9 + i as f64 / rate)
                .collect(),
        }
    }

    #[test]
    fn rates_that_differ_in_the_seventh_digit_are_one() {
        let apart = |rate: f64| {
            let traces = vec![clock("A", 100.0, 0, 50_000), clock("B", rate, 0, 50_000)];
            let merged = merge(traces, &["A".into(), "B".into()]).unwrap();
            for stretch in &merged.stretches {
                for (a, b) in stretch.channels[0].iter().zip(&stretch.channels[1]) {
                    assert!((a - b).abs() <= 0.0101, "{rate}: {a} {b}");
                }
            }
            let samples: usize = merged.stretches.iter().map(Stretch::len).sum();
            assert!(samples > 49_990, "{rate}: {samples}");
            merged.stretches.len()
        };
        // One stretch, until the clocks are apart by half a sample.
        assert_eq!(
            [99.99999, 100.00001, 99.9995, 99.995].map(apart),
            [1, 1, 1, 5]
        );
        let error = |rate: f64| {
            let traces = vec![clock("A", 100.0, 0, 500), clock("B", rate, 0, 500)];
            merge(traces, &["A".into(), "B".into()]).unwrap_err()
        };
        assert!(
            error(99.9).contains("channel `B` has 99.9 samples a second, but channel `A` has 100")
        );
        // Records of one channel with such rates go on as one.
        let traces = vec![
            clock("A", 100.0, 0, 500),
            clock("A", 99.99999, 5_000_000_000, 500),
        ];
        assert_eq!(merge(traces, &["A".into()]).unwrap().stretches.len(), 1);
    }

    /// A channel that changes its rate loses nothing where the others change as well.
    #[test]
    fn rates_may_change() {
        let later = 10_000_000_000;
        let traces = vec![
            clock("A", 100.0, 0, 1000),
            clock("A", 200.0, later, 1000),
            clock("B", 100.0, 0, 1500),
        ];
        let names = ["A".to_owned(), "B".to_owned()];
        let merged = merge(traces, &names).unwrap();
        let spans = merged.stretches.iter().map(|own| (own.rate, own.len()));
        assert_eq!(spans.collect::<Vec<_>>(), [(100.0, 1000)]);
        assert_eq!(
            merged.notes,
            ["5.000 s are left out: channel `B` has 100 samples a second, but channel `A` has 200"]
        );
    }

    #[test]
    fn channels_are_named() {
        let traces = || vec![trace("N.A..Z", 0.0, 0..9), trace("N.B..Z", 0.0, 0..9)];
        let error = |name: &str| merge(traces(), &[name.to_owned()]).unwrap_err();
        assert!(error("Z").contains("not the only one"), "{}", error("Z"));
        assert!(error("E").contains("there are N.A..Z, N.B..Z"));
        assert!(merge(traces(), &["N.A..Z".to_owned()]).is_ok());
        assert!(merge(Vec::new(), &[]).is_err());
    }

    proptest! {
        /// The value of every sample is its time. Wherever pieces begin and end, stretches have exactly the samples of the
        /// times that both channels cover, each at its time.
        #[test]
        fn every_sample_keeps_its_time(pieces in proptest::collection::vec((0i32..300, 1i32..80, 0..2), 1..12)) {
            let traces: Vec<Trace> = pieces
                .iter()
                .map(|(first, n, which)| trace(["A", "B"][*which as usize], f64::from(*first) / 10.0, *first..first + n))
                .collect();
            let names: Vec<String> = ["A", "B"].map(String::from).to_vec();
            let covered = |which: i32| -> BTreeSet<i32> {
                pieces.iter().filter(|piece| piece.2 == which).flat_map(|(first, n, _)| *first..first + n).collect()
            };
            let shared: Vec<i32> = covered(0).intersection(&covered(1)).copied().collect();
            let merged = match merge(traces, &names) {
                Ok(merged) => merged,
                Err(error) => {
                    prop_assert!(shared.is_empty(), "{error}");
                    return Ok(());
                }
            };
            let mut before = i64::MIN;
            let mut found = [Vec::new(), Vec::new()];
            for stretch in &merged.stretches {
                prop_assert!(stretch.start >= before);
                before = stretch.end();
                for (channel, found) in stretch.channels.iter().zip(&mut found) {
                    for (i, value) in channel.iter().enumerate() {
                        prop_assert_eq!(*value, (stretch.start as f64 / 1e8).round() + i as f64);
                        found.push(*value as i32);
                    }
                }
            }
            prop_assert_eq!(&found[0], &shared);
            prop_assert_eq!(&found[1], &shared);
        }
    }
}
