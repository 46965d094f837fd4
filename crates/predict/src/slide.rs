//! Resamples contiguous stretches to the model's sampling rate, applies the steps over recordings that the import applied,
//! and cuts them into windows.

use data::Chain;
use data::recording::{NANOS, is_slower};
use data::signal::{Ratio, Resampler, SignalError};

use crate::join::JoinerEvent;

/// Number of consumed samples after which a buffer is compacted.
const COMPACT_AFTER: usize = 1 << 15;

/// Time span of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Index of its contiguous stretch, from 0; a new one starts after every gap.
    pub stretch: usize,
    /// Time of its first sample, in nanoseconds.
    pub start: i64,
    /// Time after its last sample, in nanoseconds.
    pub end: i64,
}

/// Windows to be classified.
#[derive(Clone, Debug, Default)]
pub struct Windows {
    /// Values `[windows, channels, samples]`, flattened.
    pub values: Vec<f32>,
    /// Time span of each window.
    pub spans: Vec<Span>,
}

/// Parameters for cutting windows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cutting {
    /// Sensor channels.
    pub channels: usize,
    /// Window length in samples.
    pub window: usize,
    /// Hop between windows in samples.
    pub hop: usize,
    /// Sampling rate of the model in Hz.
    pub rate: f64,
    /// Only windows that begin at this time (nanoseconds) or later are cut.
    pub from: i64,
    /// Only windows that begin before this time (nanoseconds) are cut.
    pub until: i64,
}

/// Cuts the stretches of a [`crate::Joiner`] into windows.
pub struct Slider {
    cutting: Cutting,
    resamplers: Vec<Resampler>,
    /// Steps over whole stretches, at the model's rate.
    steps: Chain,
    /// Samples at the model's rate by channel, before the steps; with steps that need a whole stretch, all since its start.
    scratch: Vec<Vec<f64>>,
    /// Samples after the steps by channel; the first has index `first` within the stretch.
    samples: Vec<Vec<f32>>,
    first: usize,
    /// Index of the next window's first sample.
    next: usize,
    start: i64,
    /// Number of stretches so far.
    stretches: usize,
    /// Number of stretches shorter than a window.
    short: usize,
    /// Number of input samples per channel.
    taken: u64,
    /// Lowest rate of a channel so far, in Hz.
    lowest: f64,
}

impl Slider {
    /// A slider before its first stretch.
    pub fn new(cutting: Cutting) -> Self {
        Self {
            cutting,
            resamplers: Vec::new(),
            steps: Chain::default(),
            scratch: vec![Vec::new(); cutting.channels],
            samples: vec![Vec::new(); cutting.channels],
            first: 0,
            next: 0,
            start: 0,
            stretches: 0,
            short: 0,
            taken: 0,
            lowest: f64::INFINITY,
        }
    }

    /// Also applies `steps`, planned for the model's rate, to each stretch of a window or longer. Unless they work sample by
    /// sample, its windows are cut at its end.
    #[must_use]
    pub fn with_steps(self, steps: Chain) -> Self {
        Self { steps, ..self }
    }

    /// Whether windows are cut as soon as their samples are there.
    pub fn works_sample_by_sample(&self) -> bool {
        self.steps.is_per_sample()
    }

    /// Number of stretches so far, and of those shorter than a window.
    pub fn stretches(&self) -> (usize, usize) {
        (self.stretches, self.short)
    }

    /// The lowest rate of a channel so far, if it is below the model's: there are no frequencies above half of it.
    pub fn slower(&self) -> Option<f64> {
        is_slower(self.lowest, self.cutting.rate).then_some(self.lowest)
    }

    /// Hop between windows in samples at the model's rate.
    pub fn hop(&self) -> usize {
        self.cutting.hop
    }

    /// Number of input samples per channel.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Appends all complete windows to `out`.
    ///
    /// # Errors
    /// If a stretch cannot be resampled to the model's rate.
    pub fn take(&mut self, event: JoinerEvent<'_>, out: &mut Windows) -> Result<(), SignalError> {
        match event {
            JoinerEvent::Begin(start, rate) => {
                let ratio = Ratio::of_rates(rate, self.cutting.rate)?;
                self.lowest = self.lowest.min(rate);
                self.resamplers = vec![Resampler::new(ratio); self.cutting.channels];
                self.begin(start);
            }
            JoinerEvent::BeginApart(start, rates) => {
                let ratios = rates
                    .iter()
                    .map(|rate| Ratio::of_rates(*rate, self.cutting.rate).map(Resampler::new));
                self.resamplers = ratios.collect::<Result<_, _>>()?;
                self.lowest = rates.iter().copied().fold(self.lowest, f64::min);
                self.begin(start);
            }
            JoinerEvent::Samples(channels) => {
                self.taken += channels.first().map_or(0, |channel| channel.len() as u64);
                for (channel, input) in channels.iter().enumerate() {
                    if self.resamplers[channel].keeps_rate() && self.steps.is_empty() {
                        self.samples[channel].extend(input.iter().map(|v| *v as f32));
                    } else {
                        self.resamplers[channel].push(input, &mut self.scratch[channel]);
                    }
                }
                if self.steps.is_per_sample() {
                    self.prepare()?;
                    self.cut(out);
                }
            }
            JoinerEvent::End => {
                for (resampler, scratch) in self.resamplers.iter_mut().zip(&mut self.scratch) {
                    resampler.finish(scratch);
                }
                // Channels of different rates may differ by some samples.
                let both = self.samples.iter().zip(&self.scratch);
                let counts = both.map(|(done, waiting)| done.len() + waiting.len());
                let known = self.first + counts.min().unwrap_or(0);
                for (samples, scratch) in self.samples.iter().zip(&mut self.scratch) {
                    scratch.truncate((known - self.first).saturating_sub(samples.len()));
                }
                let is_short = known < self.cutting.window;
                self.short += usize::from(is_short);
                if !is_short {
                    self.prepare()?;
                    self.cut(out);
                }
            }
        }
        Ok(())
    }

    /// Applies the steps to the samples that wait for them.
    fn prepare(&mut self) -> Result<(), SignalError> {
        for (scratch, samples) in self.scratch.iter_mut().zip(&mut self.samples) {
            self.steps.apply(scratch)?;
            samples.extend(scratch.drain(..).map(|v| v as f32));
        }
        Ok(())
    }

    fn begin(&mut self, start: i64) {
        self.samples.iter_mut().for_each(Vec::clear);
        self.scratch.iter_mut().for_each(Vec::clear);
        (self.first, self.next, self.start) = (0, 0, start);
        let early = self.cutting.from.saturating_sub(start) as f64 / NANOS;
        self.next = (early * self.cutting.rate).floor().max(0.0) as usize;
        self.next += usize::from(self.time(self.next) < self.cutting.from);
        self.stretches += 1;
    }

    /// Time of a sample of the stretch, in nanoseconds.
    fn time(&self, i: usize) -> i64 {
        self.start
            .saturating_add((i as f64 / self.cutting.rate * NANOS).round() as i64)
    }

    fn cut(&mut self, out: &mut Windows) {
        let Cutting { window, hop, .. } = self.cutting;
        let known = self.first + self.samples.iter().map(Vec::len).min().unwrap_or(0);
        while self.next + window <= known && self.time(self.next) < self.cutting.until {
            let at = self.next - self.first;
            for samples in &self.samples {
                out.values.extend_from_slice(&samples[at..at + window]);
            }
            out.spans.push(Span {
                stretch: self.stretches - 1,
                start: self.time(self.next),
                end: self.time(self.next + window),
            });
            self.next += hop;
        }
        let used = self.next.min(known) - self.first;
        if used > COMPACT_AFTER {
            self.samples
                .iter_mut()
                .for_each(|channel| drop(channel.drain(..used)));
            self.first += used;
        }
    }
}

#[cfg(test)]
mod tests {
    use data::signal::resample;
    use data::{EdgeSettings, Step};

    use super::*;

    #[test]
    fn windows_never_span_a_gap() {
        let cutting = Cutting {
            channels: 1,
            window: 8,
            hop: 4,
            rate: 10.0,
            from: i64::MIN,
            until: i64::MAX,
        };
        let (mut slider, mut out) = (Slider::new(cutting), Windows::default());
        let values: Vec<f64> = (0..30).map(f64::from).collect();
        let second = 1_000_000_000;
        for (start, parts) in [
            (0, vec![0..5, 5..18]),
            (5 * second, vec![0..3, 3..7]),
            (7 * second, vec![2..9, 9..12]),
        ] {
            slider
                .take(JoinerEvent::Begin(start, 10.0), &mut out)
                .unwrap();
            for part in parts {
                slider
                    .take(JoinerEvent::Samples(&[&values[part]]), &mut out)
                    .unwrap();
            }
            slider.take(JoinerEvent::End, &mut out).unwrap();
        }
        let starts: Vec<(usize, i64)> = out
            .spans
            .iter()
            .map(|span| (span.stretch, span.start / 100_000_000))
            .collect();
        assert_eq!(starts, [(0, 0), (0, 4), (0, 8), (2, 70)]);
        let first: Vec<f32> = out.values.iter().step_by(8).copied().collect();
        assert_eq!(first, [0.0, 4.0, 8.0, 2.0]);
        assert_eq!(slider.stretches(), (3, 1));
        assert_eq!(out.spans[1].end, 1_200_000_000);
    }

    /// The windows of one stretch from time 0 that comes in `chunk` samples at a time.
    fn cut(cutting: Cutting, steps: &[Step], (values, chunk): (&[f64], usize)) -> Windows {
        let chain = Chain::new(steps, cutting.rate).unwrap();
        let (mut slider, mut out) = (Slider::new(cutting).with_steps(chain), Windows::default());
        slider.take(JoinerEvent::Begin(0, 10.0), &mut out).unwrap();
        for part in values.chunks(chunk) {
            slider
                .take(JoinerEvent::Samples(&[part]), &mut out)
                .unwrap();
        }
        slider.take(JoinerEvent::End, &mut out).unwrap();
        out
    }

    #[test]
    fn steps_are_over_the_whole_stretch() {
        let cutting = Cutting {
            channels: 1,
            window: 8,
            hop: 4,
            rate: 5.0,
            from: i64::MIN,
            until: i64::MAX,
        };
        let edge = EdgeSettings {
            frequency: 0.5,
            order: 2,
            zero_phase: true,
        };
        let values: Vec<f64> = (0..300).map(|i| f64::from(i * i % 83) + 1e4).collect();
        let whole = resample(&values, Ratio::of_rates(10.0, 5.0).unwrap());
        for steps in [
            vec![Step::Scale(0.5)],
            vec![Step::Detrend, Step::HighPass(edge)],
        ] {
            let mut expected = whole.clone();
            let chain = Chain::new(&steps, 5.0).unwrap();
            chain.apply(&mut expected).unwrap();
            let expected: Vec<f32> = expected.iter().map(|v| *v as f32).collect();
            for chunk in [1, 64, 300] {
                let out = cut(cutting, &steps, (&values, chunk));
                assert_eq!(out.spans.len(), 36);
                for (i, window) in out.values.chunks(8).enumerate() {
                    assert_eq!(window, &expected[4 * i..4 * i + 8], "{steps:?}");
                }
            }
        }
        // Too short for a window, and for the filter.
        let none = cut(cutting, &[Step::HighPass(edge)], (&values[..7], 7));
        assert!(none.spans.is_empty());
    }

    #[test]
    fn windows_begin_in_time() {
        let second = 1_000_000_000;
        let cutting = Cutting {
            channels: 1,
            window: 8,
            hop: 4,
            rate: 10.0,
            from: 1_010_000_000,
            until: 2 * second,
        };
        let values: Vec<f64> = (0..50).map(f64::from).collect();
        for chunk in [1, 50] {
            let out = cut(cutting, &[], (&values, chunk));
            let starts = out.spans.iter().map(|span| span.start / 100_000_000);
            assert_eq!(starts.collect::<Vec<_>>(), [11, 15, 19]);
            assert_eq!(out.values[..2], [11.0, 12.0]);
        }
    }
}
