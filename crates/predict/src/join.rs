//! Joins traces of several channels into contiguous stretches that all channels cover.
//!
//! The rules are those of [`data::recording::merge`]. Traces that continue within half a sample are joined. Of
//! repeated samples the earlier trace counts. A stretch ends when the clocks drift apart by half a sample.

use std::collections::VecDeque;

use data::recording::NANOS;

use crate::error::PredictError;

/// Relative difference of rates up to which clocks count as nominally equal, as in libmseed.
const CLOCK_TOLERANCE: f64 = 1e-4;
/// Relative difference of rates explained by rounding.
const ROUNDING_TOLERANCE: f64 = 1.5e-6;
/// Fill value for missing floats of NumPy's masked arrays, and so of ObsPy.
const MASKED: f64 = 1e20;
/// Number of consumed samples after which a buffer is compacted.
const COMPACT_AFTER: usize = 1 << 15;

/// Output of the joiner, in order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Joined<'a> {
    /// Start of a stretch: time of its first samples in nanoseconds, sampling rate in Hz.
    Begin(i64, f64),
    /// Next samples of the stretch: the same number for every channel.
    Samples(&'a [&'a [f64]]),
    /// End of the stretch.
    End,
}

/// Receives the output; an error stops the joiner.
pub type JoinedSink<'a> = &'a mut dyn FnMut(Joined<'_>) -> Result<(), PredictError>;

/// Counts of irregularities in the input.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JoinCounts {
    /// Number of gaps in channels.
    pub gaps: usize,
    /// Number of samples missing in gaps.
    pub missing: u64,
    /// Number of repeated or late samples that were dropped.
    pub repeated: u64,
    /// Number of samples that are NaN or the fill value 1e20; they count as gaps.
    pub not_numbers: u64,
    /// Number of samples without counterpart in another channel.
    pub unshared: u64,
    /// Number of times a clock went back, after which all channels restarted.
    pub steps: usize,
    /// Seconds in which channels had different rates, with these rates.
    pub apart: Option<(f64, String)>,
}

/// Contiguous samples of a channel.
#[derive(Debug)]
struct Run {
    start: i64,
    rate: f64,
    /// Unused samples start at index `head`; the first of them has index `number` within the run.
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
        } else if self.head > COMPACT_AFTER {
            self.samples.drain(..self.head);
            self.head = 0;
        }
    }

    /// Drops samples before `time`; returns their number.
    fn pass(&mut self, time: i64) -> usize {
        let index = time.saturating_sub(self.start) as f64 * self.rate / NANOS;
        let index = index.round().max(0.0) as usize;
        let n = index.saturating_sub(self.number).min(self.available());
        self.advance(n);
        n
    }
}

/// State of a channel.
#[derive(Debug)]
struct ChannelQueue {
    /// Contiguous runs; only the last one can grow.
    runs: VecDeque<Run>,
    /// No sample before this time will arrive.
    from: i64,
}

impl ChannelQueue {
    /// Whether the first run is complete.
    fn is_closed(&self) -> bool {
        let ends = |run: &Run| self.from > run.end().saturating_add(run.half_sample());
        self.runs.len() > 1 || self.runs.front().is_none_or(ends)
    }

    fn available(&self) -> usize {
        self.runs.front().map_or(0, Run::available)
    }
}

/// Joiner; the module documentation gives the rules.
#[derive(Debug)]
pub struct Joiner {
    lanes: Vec<ChannelQueue>,
    /// Number of samples that the open stretch may still get.
    open: Option<usize>,
    counts: JoinCounts,
}

impl Joiner {
    /// Creates a joiner for this many channels.
    pub fn new(channels: usize) -> Self {
        let lane = |_| ChannelQueue {
            runs: VecDeque::new(),
            from: i64::MIN,
        };
        Self {
            lanes: (0..channels).map(lane).collect(),
            open: None,
            counts: JoinCounts::default(),
        }
    }

    /// Irregularities so far.
    pub fn counts(&self) -> &JoinCounts {
        &self.counts
    }

    /// Time after the last sample of a channel, if it has any.
    pub fn end(&self, channel: usize) -> Option<i64> {
        self.lanes[channel].runs.back().map(Run::end)
    }

    /// Declares that no sample of a channel before `time` will arrive.
    pub fn passed(&mut self, channel: usize, time: i64) {
        let lane = &mut self.lanes[channel];
        lane.from = lane.from.max(time);
    }

    /// Adds samples of a channel; the first is at `start`.
    pub fn push(&mut self, channel: usize, start: i64, rate: f64, samples: &[f64]) {
        let is_number = |v: &f64| {
            (v.abs() <= f64::from(f32::MAX)) & (*v != MASKED) & (*v != f64::from(MASKED as f32))
        };
        // Without an early end, so that several are looked at at a time.
        if samples.iter().fold(true, |all, v| all & is_number(v)) {
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
            if (last.rate - rate).abs() <= ROUNDING_TOLERANCE * rate.max(last.rate) && late <= 0.5 {
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

    /// Restarts after a clock went back; queued samples are dropped.
    ///
    /// # Errors
    /// Those of `sink`.
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

    /// Passes on all samples that every channel has.
    ///
    /// # Errors
    /// Those of `sink`.
    pub fn drain(&mut self, sink: JoinedSink<'_>) -> Result<(), PredictError> {
        loop {
            let goes_on = if let Some(left) = self.open {
                self.continue_stretch(left, sink)?
            } else {
                self.begin(sink)?
            };
            if !goes_on {
                return Ok(());
            }
        }
    }

    /// Ends the input and passes on the rest.
    ///
    /// # Errors
    /// Those of `sink`.
    pub fn finish(&mut self, sink: JoinedSink<'_>) -> Result<(), PredictError> {
        self.lanes.iter_mut().for_each(|lane| lane.from = i64::MAX);
        self.drain(sink)
    }

    /// Continues the open stretch; returns whether there may be more.
    fn continue_stretch(
        &mut self,
        left: usize,
        sink: JoinedSink<'_>,
    ) -> Result<bool, PredictError> {
        let shared = self
            .lanes
            .iter()
            .map(ChannelQueue::available)
            .min()
            .unwrap_or(0);
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
        let ended = |lane: &ChannelQueue| lane.available() == 0 && lane.is_closed();
        if left == shared || self.lanes.iter().any(ended) {
            self.open = None;
            sink(Joined::End)?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Searches for the next time covered by all channels; returns whether a stretch starts or may start there.
    fn begin(&mut self, sink: JoinedSink<'_>) -> Result<bool, PredictError> {
        for lane in &mut self.lanes {
            while lane.runs.len() > 1 && lane.available() == 0 {
                lane.runs.pop_front();
            }
        }
        let lacking = self.lanes.iter().filter(|lane| lane.available() == 0);
        if let Some(from) = lacking.map(|lane| lane.from).max() {
            // One sample early, since the other channel decides which of two samples is nearest.
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
        if let Some(other) = fronts().find(|run| differs(run) > CLOCK_TOLERANCE) {
            let rates = format!("{rate} and {} Hz", other.rate);
            let (seconds, _) = self.counts.apart.get_or_insert((0.0, rates));
            *seconds += end.saturating_sub(start) as f64 / NANOS;
            self.pass(end);
            return Ok(true);
        }
        let drift = fronts().map(differs).fold(0.0, f64::max);
        self.pass(start);
        // Half a sample may be missing at its end.
        if self.lanes.iter().any(|lane| lane.available() == 0) {
            return Ok(true);
        }
        // The cast saturates for floats beyond usize.
        self.open = Some((0.5 / drift) as usize);
        sink(Joined::Begin(start, rate))?;
        Ok(true)
    }

    /// Drops all samples before `time`.
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

    /// Joins pieces of two channels.
    fn joined(pieces: &[(usize, Trace)]) -> (Vec<Stretch>, JoinCounts) {
        let mut joiner = Joiner::new(2);
        let mut found: Vec<Stretch> = Vec::new();
        let mut sink = |joined: Joined<'_>| {
            match joined {
                Joined::Begin(start, _) => found.push((start, vec![Vec::new(); 2])),
                Joined::Samples(slices) => {
                    for (channel, slice) in found.last_mut().unwrap().1.iter_mut().zip(slices) {
                        channel.extend_from_slice(slice);
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

    /// `samples` whose values are their times in tenths of a second.
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
            .map(|(start, channels)| (start / 1_000_000_000, channels[0].len()))
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
        let mut damaged = trace("Z", 0..50);
        damaged.samples[20] = f64::NAN;
        damaged.samples[30] = 1e20;
        let (found, counts) = joined(&[(0, damaged), (1, trace("E", 0..50))]);
        let spans: Vec<usize> = found
            .iter()
            .map(|(_, channels)| channels[0].len())
            .collect();
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
        /// Wherever pieces are cut, the stretches equal those of the importer.
        #[test]
        fn stretches_are_those_of_the_importer(pieces in proptest::collection::vec((0i32..300, 1i32..80, 0usize..2), 1..12)) {
            let mut pieces: Vec<(usize, Trace)> = pieces
                .iter()
                .map(|(first, n, which)| (*which, trace(["A", "B"][*which], *first..first + n)))
                .collect();
            pieces.sort_by_key(|(_, trace)| trace.start);
            let traces = pieces.iter().map(|(_, trace)| trace.clone()).collect();
            if let Ok(merged) = merge(traces, &["A".into(), "B".into()]) {
                let expected: Vec<_> = merged.stretches.into_iter().map(|stretch| (stretch.start, stretch.channels)).collect();
                prop_assert_eq!(joined(&pieces).0, expected);
            }
        }
    }
}
