//! Traces of several channels, as they come, become stretches in which all of them were recorded.
//!
//! The rules are those of [`data::recording::merge`]: what goes on within half a sample is one, samples that are there
//! twice are those of the earlier trace, and clocks that drift apart by half a sample end a stretch.

use std::collections::VecDeque;

use data::recording::NANOS;

use crate::error::PredictError;

/// Share by which the rates of clocks that are meant to be equal differ at most, as libmseed has it.
const CLOCKS: f64 = 1e-4;
/// Share by which rates differ that are one, rounded in different ways.
const ROUNDED: f64 = 1.5e-6;
/// What NumPy's masked arrays, and so ObsPy, write where floats are missing.
const MASKED: f64 = 1e20;
/// Samples that were used before the rest is moved to the front.
const MOVED_AT: usize = 1 << 15;

/// What comes out, in order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Joined<'a> {
    /// A stretch begins: time of its first samples in nanoseconds, samples a second.
    Begin(i64, f64),
    /// Its next samples, of every channel the same number.
    Samples(&'a [&'a [f64]]),
    /// It ends.
    End,
}

/// Receives what comes out; its error stops the joining.
pub type JoinedSink<'a> = &'a mut dyn FnMut(Joined<'_>) -> Result<(), PredictError>;

/// What was met on the way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JoinCounts {
    /// Interruptions of a channel.
    pub gaps: usize,
    /// Samples that are missing in them.
    pub missing: u64,
    /// Samples that were there twice, or came too late; the earlier are kept.
    pub repeated: u64,
    /// Samples that are no numbers, or the fill value 1e20: they are gaps.
    pub not_numbers: u64,
    /// Samples for which another channel has none.
    pub unshared: u64,
    /// Times at which a clock went back, and all began anew.
    pub steps: usize,
    /// Seconds in which the channels had different rates, and what these were.
    pub apart: Option<(f64, String)>,
}

/// Samples of a channel without a gap.
#[derive(Debug)]
struct Run {
    start: i64,
    rate: f64,
    /// Samples that are not used yet from `head` on; the first of them has the number `number` in the run.
    samples: Vec<f64>,
    head: usize,
    number: usize,
}

impl Run {
    fn time(&self, i: usize) -> i64 {
        self.start
            .saturating_add((i as f64 / self.rate * NANOS).round() as i64)
    }

    fn available(&self) -> usize {
        self.samples.len() - self.head
    }

    fn end(&self) -> i64 {
        self.time(self.number + self.available())
    }

    fn half_sample(&self) -> i64 {
        (0.5 / self.rate * NANOS) as i64
    }

    fn advance(&mut self, n: usize) {
        self.head += n;
        self.number += n;
        if self.head == self.samples.len() {
            self.samples.clear();
            self.head = 0;
        } else if self.head > MOVED_AT {
            self.samples.drain(..self.head);
            self.head = 0;
        }
    }

    /// Passes samples before `time`; how many.
    fn pass(&mut self, time: i64) -> usize {
        let index = time.saturating_sub(self.start) as f64 * self.rate / NANOS;
        let index = index.round().max(0.0) as usize;
        let n = index.saturating_sub(self.number).min(self.available());
        self.advance(n);
        n
    }
}

/// A channel.
#[derive(Debug)]
struct Lane {
    /// The last one goes on; those before it are complete.
    runs: VecDeque<Run>,
    /// Nothing before this time comes any more.
    from: i64,
}

impl Lane {
    /// Whether nothing is added to the first run any more.
    fn is_closed(&self) -> bool {
        let ends = |run: &Run| self.from > run.end().saturating_add(run.half_sample());
        self.runs.len() > 1 || self.runs.front().is_none_or(ends)
    }

    fn available(&self) -> usize {
        self.runs.front().map_or(0, Run::available)
    }
}

/// See the module.
#[derive(Debug)]
pub struct Joiner {
    lanes: Vec<Lane>,
    /// Samples that the open stretch may still have.
    open: Option<usize>,
    counts: JoinCounts,
}

impl Joiner {
    /// For so many channels.
    pub fn new(channels: usize) -> Self {
        let lane = |_| Lane {
            runs: VecDeque::new(),
            from: i64::MIN,
        };
        Self {
            lanes: (0..channels).map(lane).collect(),
            open: None,
            counts: JoinCounts::default(),
        }
    }

    /// What was met so far.
    pub fn counts(&self) -> &JoinCounts {
        &self.counts
    }

    /// Time after the last sample of a channel, where it has any.
    pub fn end(&self, channel: usize) -> Option<i64> {
        self.lanes[channel].runs.back().map(Run::end)
    }

    /// Says that nothing before `time` comes of a channel any more.
    pub fn passed(&mut self, channel: usize, time: i64) {
        let lane = &mut self.lanes[channel];
        lane.from = lane.from.max(time);
    }

    /// Takes samples of a channel, the first at `start`.
    pub fn push(&mut self, channel: usize, start: i64, rate: f64, samples: &[f64]) {
        let is_number = |v: &f64| {
            v.abs() <= f64::from(f32::MAX) && *v != MASKED && *v != f64::from(MASKED as f32)
        };
        if samples.iter().all(is_number) {
            return self.append(channel, start, rate, samples);
        }
        let mut at = 0;
        for part in samples.chunk_by(|one, next| is_number(one) == is_number(next)) {
            if is_number(&part[0]) {
                let start = start.saturating_add((at as f64 / rate * NANOS).round() as i64);
                self.append(channel, start, rate, part);
            } else {
                self.counts.not_numbers += part.len() as u64;
            }
            at += part.len();
        }
    }

    fn append(&mut self, channel: usize, start: i64, rate: f64, samples: &[f64]) {
        let runs = &mut self.lanes[channel].runs;
        let mut twice = 0;
        if let Some(last) = runs.back_mut() {
            let late = start.saturating_sub(last.end()) as f64 * rate / NANOS;
            twice = ((-late).round().max(0.0) as usize).min(samples.len());
            self.counts.repeated += twice as u64;
            if (last.rate - rate).abs() <= ROUNDED * rate.max(last.rate) && late <= 0.5 {
                last.samples.extend_from_slice(&samples[twice..]);
                return;
            }
            if late > 0.5 {
                self.counts.gaps += 1;
                self.counts.missing += late.round() as u64;
            }
        }
        if twice == samples.len() {
            return;
        }
        runs.push_back(Run {
            start: start.saturating_add((twice as f64 / rate * NANOS).round() as i64),
            rate,
            samples: samples[twice..].to_vec(),
            head: 0,
            number: 0,
        });
    }

    /// Begins anew, because a clock went back: what waits is given up.
    ///
    /// # Errors
    /// As `sink`.
    pub fn step_back(&mut self, sink: JoinedSink<'_>) -> Result<(), PredictError> {
        self.counts.steps += 1;
        if self.open.take().is_some() {
            sink(Joined::End)?;
        }
        for lane in &mut self.lanes {
            self.counts.unshared += lane
                .runs
                .iter()
                .map(|run| run.available() as u64)
                .sum::<u64>();
            lane.runs.clear();
            lane.from = i64::MIN;
        }
        Ok(())
    }

    /// Hands on everything that all channels have.
    ///
    /// # Errors
    /// As `sink`.
    pub fn drain(&mut self, sink: JoinedSink<'_>) -> Result<(), PredictError> {
        loop {
            let goes_on = if let Some(left) = self.open {
                self.go_on(left, sink)?
            } else {
                self.begin(sink)?
            };
            if !goes_on {
                return Ok(());
            }
        }
    }

    /// Says that nothing comes any more, and hands on the rest.
    ///
    /// # Errors
    /// As `sink`.
    pub fn finish(&mut self, sink: JoinedSink<'_>) -> Result<(), PredictError> {
        self.lanes.iter_mut().for_each(|lane| lane.from = i64::MAX);
        self.drain(sink)
    }

    /// Goes on with the open stretch; whether there may be more.
    fn go_on(&mut self, left: usize, sink: JoinedSink<'_>) -> Result<bool, PredictError> {
        let shared = self.lanes.iter().map(Lane::available).min().unwrap_or(0);
        let shared = shared.min(left);
        if shared > 0 {
            let fronts = self.lanes.iter().map(|lane| &lane.runs[0]);
            let slices = fronts.map(|run| &run.samples[run.head..run.head + shared]);
            let slices: Vec<&[f64]> = slices.collect();
            sink(Joined::Samples(&slices))?;
            for lane in &mut self.lanes {
                lane.runs[0].advance(shared);
            }
            self.open = Some(left - shared);
        }
        let ended = |lane: &Lane| lane.available() == 0 && lane.is_closed();
        if left == shared || self.lanes.iter().any(ended) {
            self.open = None;
            sink(Joined::End)?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Looks for the next time that all channels share; whether a stretch begins or may begin there.
    fn begin(&mut self, sink: JoinedSink<'_>) -> Result<bool, PredictError> {
        for lane in &mut self.lanes {
            while lane.runs.len() > 1 && lane.available() == 0 {
                lane.runs.pop_front();
            }
        }
        let lacking = self.lanes.iter().filter(|lane| lane.available() == 0);
        if let Some(from) = lacking.map(|lane| lane.from).max() {
            // A sample early: which of two samples is the nearest, the other channel decides.
            for run in self.lanes.iter_mut().flat_map(|lane| &mut lane.runs) {
                let period = (NANOS / run.rate) as i64;
                self.counts.unshared += run.pass(from.saturating_sub(period)) as u64;
            }
            return Ok(false);
        }
        let fronts = || self.lanes.iter().map(|lane| &lane.runs[0]);
        let start = fronts().map(|run| run.time(run.number)).max().unwrap_or(0);
        let end = fronts().map(Run::end).min().unwrap_or(0);
        if end <= start {
            self.pass(start);
            return Ok(true);
        }
        let rate = self.lanes[0].runs[0].rate;
        let differs = |run: &Run| (run.rate / rate - 1.0).abs();
        if let Some(other) = fronts().find(|run| differs(run) > CLOCKS) {
            let rates = format!("{rate} and {} Hz", other.rate);
            let (seconds, _) = self.counts.apart.get_or_insert((0.0, rates));
            *seconds += end.saturating_sub(start) as f64 / NANOS;
            self.pass(end);
            return Ok(true);
        }
        let drift = fronts().map(differs).fold(0.0, f64::max);
        self.pass(start);
        // Half a sample at its end may be missing.
        if self.lanes.iter().any(|lane| lane.available() == 0) {
            return Ok(true);
        }
        // A float beyond usize becomes the largest.
        self.open = Some((0.5 / drift) as usize);
        sink(Joined::Begin(start, rate))?;
        Ok(true)
    }

    /// Passes all samples before `time`.
    fn pass(&mut self, time: i64) {
        for lane in &mut self.lanes {
            for run in &mut lane.runs {
                self.counts.unshared += run.pass(time) as u64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data::recording::{Trace, merge};
    use proptest::prelude::*;

    /// Start and samples of a stretch.
    type Stretch = (i64, Vec<Vec<f64>>);

    /// What becomes of pieces of two channels.
    fn joined(pieces: &[(usize, Trace)]) -> (Vec<Stretch>, JoinCounts) {
        let mut joiner = Joiner::new(2);
        let mut found: Vec<Stretch> = Vec::new();
        let mut sink = |joined: Joined<'_>| {
            match joined {
                Joined::Begin(start, _) => found.push((start, vec![Vec::new(); 2])),
                Joined::Samples(slices) => {
                    for (own, slice) in found.last_mut().unwrap().1.iter_mut().zip(slices) {
                        own.extend_from_slice(slice);
                    }
                }
                Joined::End => {}
            }
            Ok(())
        };
        for (channel, trace) in pieces {
            joiner.push(*channel, trace.start, trace.rate, &trace.samples);
            joiner.drain(&mut sink).unwrap();
        }
        joiner.finish(&mut sink).unwrap();
        (found, joiner.counts)
    }

    /// `samples` that tell their own time in tenths of a second.
    fn trace(channel: &str, samples: std::ops::Range<i32>) -> Trace {
        Trace {
            channel: channel.into(),
            start: i64::from(samples.start) * 100_000_000,
            rate: 10.0,
            samples: samples.map(f64::from).collect(),
        }
    }

    #[test]
    fn gaps_end_stretches_and_repeated_samples_are_dropped() {
        let pieces = [
            (0, trace("Z", 0..50)),
            (1, trace("E", 10..220)),
            (0, trace("Z", 40..100)),
            (0, trace("Z", 200..250)),
        ];
        let (found, counts) = joined(&pieces);
        let spans: Vec<(i64, usize)> = found
            .iter()
            .map(|(start, own)| (start / 1_000_000_000, own[0].len()))
            .collect();
        assert_eq!(spans, [(1, 90), (20, 20)]);
        assert_eq!((counts.gaps, counts.missing, counts.repeated), (1, 100, 10));
        for (start, channels) in &found {
            assert_eq!(channels[0], channels[1]);
            assert_eq!(channels[0][0], *start as f64 / 1e8);
        }
    }

    #[test]
    fn samples_that_are_no_numbers_are_gaps() {
        let mut own = trace("Z", 0..50);
        own.samples[20] = f64::NAN;
        own.samples[30] = 1e20;
        let (found, counts) = joined(&[(0, own), (1, trace("E", 0..50))]);
        let spans: Vec<usize> = found.iter().map(|(_, own)| own[0].len()).collect();
        assert_eq!(spans, [20, 9, 19]);
        assert_eq!((counts.gaps, counts.not_numbers), (2, 2));
    }

    #[test]
    fn a_silent_channel_holds_nothing_up_once_it_is_passed() {
        let mut joiner = Joiner::new(2);
        let mut ended = 0;
        for at in 0..1000 {
            joiner.push(0, at * 1_000_000_000, 10.0, &[0.0; 10]);
            if at < 10 {
                joiner.push(1, at * 1_000_000_000, 10.0, &[0.0; 10]);
            }
            joiner.passed(1, (at - 5) * 1_000_000_000);
            joiner
                .drain(&mut |joined| {
                    ended += usize::from(joined == Joined::End);
                    Ok(())
                })
                .unwrap();
        }
        assert_eq!(ended, 1);
        assert!(joiner.lanes[0].available() <= 61, "memory is bounded");
    }

    #[test]
    fn clocks_that_drift_apart_end_stretches() {
        let clock = |rate: f64| Trace {
            channel: "A".into(),
            start: 0,
            rate,
            samples: (0..50_000).map(|i| f64::from(i) / rate).collect(),
        };
        let (found, _) = joined(&[(0, clock(100.0)), (1, clock(99.995))]);
        assert_eq!(found.len(), 5);
        for (_, channels) in &found {
            for (a, b) in channels[0].iter().zip(&channels[1]) {
                assert!((a - b).abs() <= 0.0101);
            }
        }
        let (found, counts) = joined(&[(0, clock(100.0)), (1, clock(50.0))]);
        assert!(found.is_empty());
        assert_eq!(counts.apart, Some((500.0, "100 and 50 Hz".into())));
    }

    proptest! {
        /// Wherever pieces begin and end, the stretches are those of the importer.
        #[test]
        fn stretches_are_those_of_the_importer(pieces in proptest::collection::vec((0i32..300, 1i32..80, 0usize..2), 1..12)) {
            let mut pieces: Vec<(usize, Trace)> = pieces
                .iter()
                .map(|(first, n, which)| (*which, trace(["A", "B"][*which], *first..first + n)))
                .collect();
            pieces.sort_by_key(|(_, trace)| trace.start);
            let traces = pieces.iter().map(|(_, trace)| trace.clone()).collect();
            if let Ok(merged) = merge(traces, &["A".into(), "B".into()]) {
                let expected: Vec<_> = merged.stretches.into_iter().map(|own| (own.start, own.channels)).collect();
                prop_assert_eq!(joined(&pieces).0, expected);
            }
        }
    }
}
