//! The traces of some channels as stretches in which all of them were recorded.

use super::Trace;

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
            .saturating_add((self.len() as f64 / self.rate * super::NANOS).round() as i64)
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
}

/// Merges `traces` to stretches of `channels`. A name is a channel's whole one, or what follows its last dot.
///
/// # Errors
/// Where a channel is missing or ambiguous, or rates differ.
pub fn merge(traces: Vec<Trace>, channels: &[String]) -> Result<Merged, String> {
    if channels.is_empty() {
        return Err("no channel is asked for".into());
    }
    let mut merged = Merged::default();
    let mut own: Vec<Vec<Trace>> = Vec::new();
    let mut known: Vec<String> = traces.iter().map(|trace| trace.channel.clone()).collect();
    known.sort();
    known.dedup();
    for name in channels {
        let named = |known: &&String| *known == name || known.rsplit('.').next() == Some(name);
        let found: Vec<&String> = known.iter().filter(named).collect();
        let [found] = found[..] else {
            let problem = if found.is_empty() {
                "is not there"
            } else {
                "is not the only one of its name"
            };
            return Err(format!(
                "channel `{name}` {problem}: there are {}",
                known.join(", ")
            ));
        };
        let traces = traces
            .iter()
            .filter(|trace| trace.channel == *found && !trace.samples.is_empty());
        let mut traces: Vec<Trace> = traces.cloned().collect();
        traces.sort_by_key(|trace| trace.start);
        own.push(join(traces, &mut merged));
    }
    let rate = own.iter().flatten().next().map_or(1.0, |trace| trace.rate);
    if let Some(other) = own.iter().flatten().find(|trace| trace.rate != rate) {
        return Err(format!(
            "channel `{}` has {} samples a second, others {rate}: resample them first",
            other.channel, other.rate
        ));
    }
    let mut at = vec![0; own.len()];
    // The traces that are next in every channel: their common time is a stretch.
    while at.iter().zip(&own).all(|(i, traces)| *i < traces.len()) {
        let current: Vec<&Trace> = at.iter().zip(&own).map(|(i, traces)| &traces[*i]).collect();
        let start = current.iter().map(|trace| trace.start).max().unwrap_or(0);
        let end = current.iter().map(|trace| trace.end()).min().unwrap_or(0);
        let cut = |trace: &&Trace| {
            let samples =
                |nanos: i64| (nanos as f64 * rate / super::NANOS).round().max(0.0) as usize;
            let first = samples(start.saturating_sub(trace.start)).min(trace.samples.len());
            let last = samples(end.saturating_sub(trace.start)).clamp(first, trace.samples.len());
            trace.samples[first..last].to_vec()
        };
        let mut cuts: Vec<Vec<f64>> = current.iter().map(cut).collect();
        let shortest = cuts.iter().map(Vec::len).min().unwrap_or(0);
        cuts.iter_mut()
            .for_each(|samples| samples.truncate(shortest));
        if shortest > 0 {
            merged.stretches.push(Stretch {
                start,
                rate,
                channels: cuts,
            });
        }
        for (i, traces) in at.iter_mut().zip(&own) {
            *i += usize::from(traces[*i].end() <= end);
        }
    }
    Ok(merged)
}

/// Traces of one channel, in the order of time, without overlaps; those that continue each other are one.
fn join(traces: Vec<Trace>, merged: &mut Merged) -> Vec<Trace> {
    let mut joined: Vec<Trace> = Vec::new();
    for mut trace in traces {
        let Some(last) = joined.last_mut().filter(|last| last.rate == trace.rate) else {
            joined.push(trace);
            continue;
        };
        let late = trace.start.saturating_sub(last.end()) as f64 * trace.rate / super::NANOS;
        if late > 0.5 {
            merged.gaps += 1;
            joined.push(trace);
            continue;
        }
        let twice = ((-late).round().max(0.0) as usize).min(trace.samples.len());
        merged.overlapping += twice;
        last.samples.extend(trace.samples.drain(twice..));
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
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
    fn channels_are_named() {
        let traces = || vec![trace("N.A..Z", 0.0, 0..9), trace("N.B..Z", 0.0, 0..9)];
        let error = |name: &str| merge(traces(), &[name.to_owned()]).unwrap_err();
        assert!(error("Z").contains("not the only one"), "{}", error("Z"));
        assert!(error("E").contains("there are N.A..Z, N.B..Z"));
        assert!(merge(traces(), &["N.A..Z".to_owned()]).is_ok());
        assert!(merge(Vec::new(), &[]).is_err());
    }

    proptest! {
        /// Samples that tell their own time: wherever pieces begin and end, every stretch has the right ones.
        #[test]
        fn every_sample_keeps_its_time(pieces in proptest::collection::vec((0i32..300, 1i32..80, 0..2), 1..12)) {
            let traces: Vec<Trace> = pieces
                .iter()
                .map(|(first, n, which)| trace(["A", "B"][*which as usize], f64::from(*first) / 10.0, *first..first + n))
                .collect();
            let names: Vec<String> = ["A", "B"].map(String::from).to_vec();
            if let Ok(merged) = merge(traces, &names) {
                let mut before = i64::MIN;
                for stretch in &merged.stretches {
                    prop_assert!(stretch.start >= before);
                    before = stretch.end();
                    for channel in &stretch.channels {
                        for (i, value) in channel.iter().enumerate() {
                            prop_assert_eq!(*value, (stretch.start as f64 / 1e8).round() + i as f64);
                        }
                    }
                }
            }
        }
    }
}
