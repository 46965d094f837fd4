//! Joins traces of several channels into contiguous stretches that all channels cover.
//!
//! The rules are those of [`data::recording::merge_at`]. Traces that continue within half a sample are joined. Of
//! repeated samples the earlier trace counts. Samples that are not measurements are gaps; whether a fill value is one
//! depends on the samples before it, since those behind it are not known yet. A stretch ends when the clocks drift apart by half a sample. Channels of
//! different rates make a stretch of their own, for [`crate::Slider`] to resample each of them.

mod queue;

use std::collections::VecDeque;

use data::import::{is_fill, is_missing};
use data::recording::{NANOS, is_other_rate, keeps_clock};
use data::signal::Ratio;

use self::queue::{ChannelQueue, Run};
use crate::error::PredictError;

/// Fill value for missing floats of NumPy's masked arrays, and so of ObsPy.
const MASKED: f64 = 1e20;

/// Output of the joiner, in order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum JoinerEvent<'a> {
    /// Start of a stretch: time of its first samples in nanoseconds, sampling rate in Hz.
    Begin(i64, f64),
    /// Start of a stretch whose channels have different rates: time, and the rate of each channel in Hz.
    BeginApart(i64, &'a [f64]),
    /// Next samples of the stretch: the same number for every channel, unless their rates differ.
    Samples(&'a [&'a [f64]]),
    /// End of the stretch.
    End,
}

/// Receives the output; an error stops the joiner.
pub type JoinedSink<'a> = &'a mut dyn FnMut(JoinerEvent<'_>) -> Result<(), PredictError>;

/// Counts of irregularities in the input.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JoinCounts {
    /// Number of gaps in channels.
    pub gaps: usize,
    /// Number of samples missing in gaps.
    pub missing: u64,
    /// Number of repeated or late samples that were dropped.
    pub repeated: u64,
    /// Number of samples that are NaN or a fill value; they count as gaps.
    pub not_numbers: u64,
    /// Number of samples without counterpart in another channel.
    pub unshared: u64,
    /// Number of times a clock went back, after which all channels restarted.
    pub steps: usize,
    /// Seconds left out because channels had different rates, with these rates.
    pub apart: Option<(f64, String)>,
    /// Seconds in which channels of different rates were resampled, with these rates.
    pub resampled: Option<(f64, String)>,
}

/// The stretch that is being passed on.
#[derive(Clone, Copy, Debug)]
enum OpenStretch {
    /// Channels of one rate: number of samples that the stretch may still get, and its end if it gets them all.
    Shared(usize, i64),
    /// Channels of different rates, from this time on.
    Apart(i64),
}

/// Joiner; the module documentation gives the rules.
#[derive(Debug)]
pub struct Joiner {
    lanes: Vec<ChannelQueue>,
    /// What channels of different rates are resampled to, in Hz; without, their time is left out.
    rate: Option<f64>,
    open: Option<OpenStretch>,
    /// End of the last stretch that ended because clocks had drifted apart.
    done: i64,
    counts: JoinCounts,
}

impl Joiner {
    /// Creates a joiner for this many channels.
    pub fn new(channels: usize) -> Self {
        let lane = |_| ChannelQueue {
            runs: VecDeque::new(),
            from: i64::MIN,
            largest: 0.0,
        };
        Self {
            lanes: (0..channels).map(lane).collect(),
            rate: None,
            open: None,
            done: i64::MIN,
            counts: JoinCounts::default(),
        }
    }

    /// Also passes on channels of different rates, which the consumer resamples to `rate` Hz.
    #[must_use]
    pub fn resampled_to(self, rate: f64) -> Self {
        Self {
            rate: Some(rate),
            ..self
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
        let is_finite = |v: f64| {
            (v.abs() <= f64::from(f32::MAX)) & (v != MASKED) & (v != f64::from(MASKED as f32))
        };
        let largest = &mut self.lanes[channel].largest;
        // Without an early exit, so that the loop vectorises.
        if samples
            .iter()
            .fold(true, |all, v| all & is_finite(*v) & !is_fill(*v))
        {
            *largest = samples.iter().fold(*largest, |max, v| max.max(v.abs()));
            return self.append(channel, start, rate, samples);
        }
        let is_number = |v: &f64| {
            let is = is_finite(*v) && !is_missing(*v, *largest);
            if is {
                *largest = largest.max(v.abs());
            }
            is
        };
        let numbers: Vec<bool> = samples.iter().map(is_number).collect();
        let mut at = 0;
        for part in numbers.chunk_by(|one, next| one == next) {
            let piece = &samples[at..at + part.len()];
            if part[0] {
                let start = start.saturating_add((at as f64 / rate * NANOS).round() as i64);
                self.append(channel, start, rate, piece);
            } else {
                self.counts.not_numbers += piece.len() as u64;
            }
            at += piece.len();
        }
    }

    fn append(&mut self, channel: usize, start: i64, rate: f64, samples: &[f64]) {
        let runs = &mut self.lanes[channel].runs;
        let mut twice = 0;
        if let Some(last) = runs.back_mut() {
            let late = start.saturating_sub(last.end()) as f64 * rate / NANOS;
            twice = ((-late).round().max(0.0) as usize).min(samples.len());
            self.counts.repeated += twice as u64;
            if keeps_clock(samples.len(), rate, last.rate) && late <= 0.5 {
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
            sink(JoinerEvent::End)?;
        }
        self.done = i64::MIN;
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
            let goes_on = match self.open {
                Some(OpenStretch::Shared(left, end)) => self.continue_stretch((left, end), sink)?,
                Some(OpenStretch::Apart(start)) => self.continue_apart(start, sink)?,
                None => self.begin(sink)?,
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
        (left, end): (usize, i64),
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
            sink(JoinerEvent::Samples(&slices))?;
            for lane in &mut self.lanes {
                lane.runs[0].advance(shared);
            }
            self.open = Some(OpenStretch::Shared(left - shared, end));
        }
        let ended = |lane: &ChannelQueue| lane.available() == 0 && lane.is_closed();
        if left == shared || self.lanes.iter().any(ended) {
            self.open = None;
            if left == shared {
                self.done = end;
            }
            sink(JoinerEvent::End)?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Continues the open stretch of channels with different rates, which all get samples up to the time that all have
    /// reached: what a resampler sees does not depend on how the input is cut. Returns whether there may be more.
    fn continue_apart(&mut self, start: i64, sink: JoinedSink<'_>) -> Result<bool, PredictError> {
        let fronts = self.lanes.iter().map(|lane| &lane.runs[0]);
        let end = fronts.clone().map(Run::end).min().unwrap_or(start);
        let counts: Vec<usize> = fronts.clone().map(|run| run.before(end)).collect();
        if counts.iter().any(|n| *n > 0) {
            let slices = fronts.zip(&counts);
            let slices = slices.map(|(run, n)| &run.samples[run.head..run.head + n]);
            let slices: Vec<&[f64]> = slices.collect();
            sink(JoinerEvent::Samples(&slices))?;
            for (lane, n) in self.lanes.iter_mut().zip(counts) {
                lane.runs[0].advance(n);
            }
        }
        let ended = |lane: &ChannelQueue| lane.runs[0].end() == end && lane.is_closed();
        if !self.lanes.iter().any(ended) {
            return Ok(false);
        }
        self.open = None;
        if let Some((seconds, _)) = &mut self.counts.resampled {
            *seconds += end.saturating_sub(start) as f64 / NANOS;
        }
        sink(JoinerEvent::End)?;
        self.pass(end);
        Ok(true)
    }

    /// Begins a stretch of channels with different `rates` at the first sample of the slowest from `start` on; `end` is
    /// how far all channels have come. Returns whether it has begun, or cannot begin before `end`.
    fn begin_apart(
        &mut self,
        rates: &[f64],
        (start, end): (i64, i64),
        sink: JoinedSink<'_>,
    ) -> Result<bool, PredictError> {
        let fronts = || self.lanes.iter().map(|lane| &lane.runs[0]);
        let slowest = fronts().min_by(|a, b| a.rate.total_cmp(&b.rate));
        let start = slowest.map_or(start, |run| run.first_from(start));
        let lacks = |lane: &&ChannelQueue| lane.runs[0].before(start) == lane.available();
        let mut lacking = self.lanes.iter().filter(lacks).peekable();
        if lacking.peek().is_some() {
            let closed = lacking.any(ChannelQueue::is_closed);
            if closed {
                self.pass(end);
            }
            return Ok(closed);
        }
        self.pass(start);
        self.open = Some(OpenStretch::Apart(start));
        let text = || rates_in_words(rates);
        self.counts.resampled.get_or_insert_with(|| (0.0, text()));
        sink(JoinerEvent::BeginApart(start, rates))?;
        Ok(true)
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
            // One sample early, since the other channel determines which of two samples is nearest.
            for run in self.lanes.iter_mut().flat_map(|lane| &mut lane.runs) {
                let period = (NANOS / run.rate) as i64;
                self.counts.unshared += run.pass(from.saturating_sub(period)) as u64;
            }
            return Ok(false);
        }
        let fronts = || self.lanes.iter().map(|lane| &lane.runs[0]);
        let start = fronts().map(Run::begin).max().unwrap_or(0);
        let start = start.max(self.done);
        let end = fronts().map(Run::end).min().unwrap_or(0);
        if end <= start {
            self.pass(start);
            return Ok(true);
        }
        let rate = self.lanes[0].runs[0].rate;
        let differs = |run: &Run| (run.rate / rate - 1.0).abs();
        if fronts().any(|run| is_other_rate(run.rate, rate)) {
            let rates: Vec<f64> = fronts().map(|run| run.rate).collect();
            let reaches = |to: f64| rates.iter().all(|rate| Ratio::of_rates(*rate, to).is_ok());
            if self.rate.is_some_and(reaches) {
                return self.begin_apart(&rates, (start, end), sink);
            }
            let rates = rates_in_words(&rates);
            let (seconds, _) = self.counts.apart.get_or_insert((0.0, rates));
            *seconds += end.saturating_sub(start) as f64 / NANOS;
            self.pass(end);
            return Ok(true);
        }
        let drift = fronts().map(differs).fold(0.0, f64::max);
        self.pass(start);
        // Up to half a sample may be missing at the end.
        if self.lanes.iter().any(|lane| lane.available() == 0) {
            return Ok(true);
        }
        // The cast saturates for floats beyond usize.
        let longest = (0.5 / drift) as usize;
        let end = start.saturating_add((longest as f64 / rate * NANOS).round() as i64);
        self.open = Some(OpenStretch::Shared(longest, end));
        sink(JoinerEvent::Begin(start, rate))?;
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

/// Different rates, each once: `100 and 50 Hz`.
fn rates_in_words(rates: &[f64]) -> String {
    let mut all: Vec<String> = Vec::new();
    for rate in rates.iter().map(f64::to_string) {
        if !all.contains(&rate) {
            all.push(rate);
        }
    }
    all.join(" and ") + " Hz"
}

#[cfg(test)]
mod tests;
