//! Resamples contiguous stretches to the model's sampling rate and cuts them into windows.

use data::recording::{NANOS, is_slower};
use data::signal::{Ratio, Resampler, SignalError};

use crate::join::Joined;

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
    /// Only windows that begin before this time (nanoseconds) are cut.
    pub until: i64,
}

/// Cuts the stretches of a [`crate::Joiner`] into windows.
pub struct Slider {
    cutting: Cutting,
    resamplers: Vec<Resampler>,
    scratch: Vec<f64>,
    /// Samples at the model's rate by channel; the first has index `first` within the stretch.
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
            scratch: Vec::new(),
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
    pub fn take(&mut self, joined: Joined<'_>, out: &mut Windows) -> Result<(), SignalError> {
        match joined {
            Joined::Begin(start, rate) => {
                let ratio = Ratio::of_rates(rate, self.cutting.rate)?;
                self.lowest = self.lowest.min(rate);
                self.resamplers = vec![Resampler::new(ratio); self.cutting.channels];
                self.begin(start);
            }
            Joined::BeginApart(start, rates) => {
                let ratios = rates
                    .iter()
                    .map(|rate| Ratio::of_rates(*rate, self.cutting.rate).map(Resampler::new));
                self.resamplers = ratios.collect::<Result<_, _>>()?;
                self.lowest = rates.iter().copied().fold(self.lowest, f64::min);
                self.begin(start);
            }
            Joined::Samples(channels) => {
                self.taken += channels.first().map_or(0, |channel| channel.len() as u64);
                for ((resampler, input), samples) in self
                    .resamplers
                    .iter_mut()
                    .zip(channels)
                    .zip(&mut self.samples)
                {
                    if resampler.keeps_rate() {
                        samples.extend(input.iter().map(|v| *v as f32));
                        continue;
                    }
                    self.scratch.clear();
                    resampler.push(input, &mut self.scratch);
                    samples.extend(self.scratch.iter().map(|v| *v as f32));
                }
                self.cut(out);
            }
            Joined::End => {
                for (resampler, samples) in self.resamplers.iter_mut().zip(&mut self.samples) {
                    self.scratch.clear();
                    resampler.finish(&mut self.scratch);
                    samples.extend(self.scratch.iter().map(|v| *v as f32));
                }
                self.cut(out);
                self.short += usize::from(self.next == 0);
            }
        }
        Ok(())
    }

    fn begin(&mut self, start: i64) {
        self.samples.iter_mut().for_each(Vec::clear);
        (self.first, self.next, self.start) = (0, 0, start);
        self.stretches += 1;
    }

    fn cut(&mut self, out: &mut Windows) {
        let Cutting {
            window, hop, rate, ..
        } = self.cutting;
        let known = self.first + self.samples.iter().map(Vec::len).min().unwrap_or(0);
        let time = |i: usize| {
            self.start
                .saturating_add((i as f64 / rate * NANOS).round() as i64)
        };
        while self.next + window <= known && time(self.next) < self.cutting.until {
            let at = self.next - self.first;
            for samples in &self.samples {
                out.values.extend_from_slice(&samples[at..at + window]);
            }
            out.spans.push(Span {
                stretch: self.stretches - 1,
                start: time(self.next),
                end: time(self.next + window),
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
    use super::*;

    #[test]
    fn windows_never_span_a_gap() {
        let cutting = Cutting {
            channels: 1,
            window: 8,
            hop: 4,
            rate: 10.0,
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
            slider.take(Joined::Begin(start, 10.0), &mut out).unwrap();
            for part in parts {
                slider
                    .take(Joined::Samples(&[&values[part]]), &mut out)
                    .unwrap();
            }
            slider.take(Joined::End, &mut out).unwrap();
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
}
