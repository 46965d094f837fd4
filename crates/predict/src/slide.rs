//! Stretches become windows at the model's sampling rate.

use data::recording::NANOS;
use data::signal::{Ratio, Resampler};

use crate::join::Joined;

/// Samples that were used before the rest is moved to the front.
const MOVED_AT: usize = 1 << 15;

/// When a window was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Number of its stretch, from 0: a new one begins after every gap.
    pub stretch: usize,
    /// Time of its first sample, in nanoseconds.
    pub start: i64,
    /// Time after its last sample.
    pub end: i64,
}

/// Windows that wait to be classified.
#[derive(Clone, Debug, Default)]
pub struct Windows {
    /// `[channels, samples]` of every window, end to end.
    pub values: Vec<f32>,
    /// When each was recorded.
    pub spans: Vec<Span>,
}

/// How windows are cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cutting {
    /// Sensor channels.
    pub channels: usize,
    /// Samples of a window.
    pub window: usize,
    /// Samples from one window to the next.
    pub hop: usize,
    /// Samples a second that the model was trained with.
    pub rate: f64,
    /// Windows begin before this time in nanoseconds.
    pub until: i64,
}

/// Cuts the stretches of a [`crate::Joiner`] into windows.
pub struct Slider {
    cutting: Cutting,
    resamplers: Vec<Resampler>,
    scratch: Vec<f64>,
    /// Samples at the model's rate, a channel each; the first of them has the number `first` in the stretch.
    samples: Vec<Vec<f32>>,
    first: usize,
    /// Number of the next window's first sample.
    next: usize,
    start: i64,
    /// Stretches so far.
    stretches: usize,
    /// Stretches in which no window has room.
    short: usize,
    /// Samples of every channel that came in.
    taken: u64,
}

impl Slider {
    /// Before the first stretch.
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
        }
    }

    /// Stretches so far, and those that were shorter than a window.
    pub fn stretches(&self) -> (usize, usize) {
        (self.stretches, self.short)
    }

    /// Samples of every channel that came in.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Appends the windows that are whole now to `out`.
    ///
    /// # Errors
    /// Where a stretch cannot be resampled to the model's rate.
    pub fn take(&mut self, joined: Joined<'_>, out: &mut Windows) -> Result<(), String> {
        match joined {
            Joined::Begin(start, rate) => {
                let ratio = Ratio::of_rates(rate, self.cutting.rate)?;
                self.resamplers = vec![Resampler::new(ratio); self.cutting.channels];
                self.samples.iter_mut().for_each(Vec::clear);
                (self.first, self.next, self.start) = (0, 0, start);
                self.stretches += 1;
            }
            Joined::Samples(channels) => {
                self.taken += channels.first().map_or(0, |own| own.len() as u64);
                for ((resampler, own), samples) in self
                    .resamplers
                    .iter_mut()
                    .zip(channels)
                    .zip(&mut self.samples)
                {
                    self.scratch.clear();
                    resampler.push(own, &mut self.scratch);
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
        if used > MOVED_AT {
            self.samples
                .iter_mut()
                .for_each(|own| drop(own.drain(..used)));
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
            .map(|own| (own.stretch, own.start / 100_000_000))
            .collect();
        assert_eq!(starts, [(0, 0), (0, 4), (0, 8), (2, 70)]);
        let first: Vec<f32> = out.values.iter().step_by(8).copied().collect();
        assert_eq!(first, [0.0, 4.0, 8.0, 2.0]);
        assert_eq!(slider.stretches(), (3, 1));
        assert_eq!(out.spans[1].end, 1_200_000_000);
    }
}
