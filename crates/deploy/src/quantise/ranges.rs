//! Ranges of every value of a network, found on windows of the training split.

use std::fmt;

use crate::network::{Network, Runner};
use crate::{DeployError, RangeError};

use super::Encoding;

/// Method that finds a range from the observed values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeMethod {
    /// From the smallest to the largest.
    Range,
    /// Without the outermost 0.01 % on either side.
    Percentile,
    /// The range with the least mean square error of rounding and clamping.
    Mse,
}

impl RangeMethod {
    /// All methods.
    pub const ALL: [Self; 3] = [Self::Range, Self::Percentile, Self::Mse];
}

impl fmt::Display for RangeMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Range => "range",
            Self::Percentile => "percentile",
            Self::Mse => "mean square error",
        })
    }
}

/// Bins of a histogram.
const BINS: usize = 2048;
/// Fraction of values that [`RangeMethod::Percentile`] clamps on either side.
const CUT: f64 = 1e-4;

/// Histograms of all values.
pub(super) struct Survey(Vec<Histogram>);

struct Histogram {
    low: f32,
    high: f32,
    counts: Vec<u32>,
}

impl Survey {
    /// Surveys all values of `network` over windows of features.
    ///
    /// # Errors
    /// [`DeployError::NoWindows`], or [`DeployError::Range`] if a value is not finite.
    pub fn new(network: &Network, features: &[f32]) -> Result<Self, DeployError> {
        let windows = || features.chunks_exact(network.input_shape().elements());
        if windows().len() == 0 {
            return Err(DeployError::NoWindows);
        }
        let mut runner = Runner::new(network);
        let mut histograms: Vec<Histogram> = Vec::new();
        histograms.resize_with(network.values.len(), Histogram::new);
        for x in windows() {
            runner.run(x);
            for (value, histogram) in histograms.iter_mut().enumerate() {
                histogram.widen(runner.value(value));
            }
        }
        let names = network.layers.iter().map(|l| (l.output, l.name.as_str()));
        for (value, name) in std::iter::once((0, "input")).chain(names) {
            let Histogram { low, high, .. } = histograms[value];
            if !(low.is_finite() && high.is_finite()) {
                return Err(DeployError::Range {
                    layer: name.to_owned(),
                    problem: RangeError::NotFinite { low, high },
                });
            }
        }
        for x in windows() {
            runner.run(x);
            for (value, histogram) in histograms.iter_mut().enumerate() {
                histogram.count(runner.value(value));
            }
        }
        Ok(Self(histograms))
    }

    /// The range of a value.
    pub fn range(&self, value: usize, method: RangeMethod) -> (f32, f32) {
        let histogram = &self.0[value];
        match method {
            RangeMethod::Range => (histogram.low, histogram.high),
            RangeMethod::Percentile => histogram.percentile(),
            RangeMethod::Mse => histogram.least_error(),
        }
    }
}

impl Histogram {
    fn new() -> Self {
        Self {
            low: 0.0,
            high: 0.0,
            counts: vec![0; BINS],
        }
    }

    fn widen(&mut self, values: &[f32]) {
        for value in values {
            // NaN must not be lost.
            if value.is_nan() {
                self.high = f32::NAN;
            }
            self.low = self.low.min(*value);
            self.high = if *value > self.high {
                *value
            } else {
                self.high
            };
        }
    }

    fn width(&self) -> f32 {
        (self.high - self.low) / BINS as f32
    }

    fn count(&mut self, values: &[f32]) {
        let width = self.width();
        if width > 0.0 {
            for value in values {
                let bin = ((value - self.low) / width) as usize;
                self.counts[bin.min(BINS - 1)] += 1;
            }
        }
    }

    /// Centre of a bin.
    fn middle(&self, bin: usize) -> f32 {
        self.low + (bin as f32 + 0.5) * self.width()
    }

    fn percentile(&self) -> (f32, f32) {
        let total: u64 = self.counts.iter().map(|c| u64::from(*c)).sum();
        let cut = (total as f64 * CUT) as u64;
        let uncut = |seen: &mut u64, bin: &usize| {
            *seen += u64::from(self.counts[*bin]);
            *seen > cut
        };
        let (mut below, mut above) = (0, 0);
        let first = (0..BINS).find(|bin| uncut(&mut below, bin)).unwrap_or(0);
        let last = (0..BINS).rev().find(|bin| uncut(&mut above, bin));
        let last = last.unwrap_or(BINS - 1);
        let low = self.low + first as f32 * self.width();
        let high = self.low + (last + 1) as f32 * self.width();
        (low.min(0.0), high.max(0.0))
    }

    /// Tries ranges from a fifth of the full range upwards.
    fn least_error(&self) -> (f32, f32) {
        let mut best = (f64::INFINITY, (self.low, self.high));
        for step in (5u8..=25).rev().map(|step| 4 * step) {
            let share = f32::from(step) / 100.0;
            let range = (self.low * share, self.high * share);
            let Some(encoding) = Encoding::of_range(range.0, range.1) else {
                continue;
            };
            let error = self.error(encoding);
            if error < best.0 {
                best = (error, range);
            }
        }
        best.1
    }

    fn error(&self, encoding: Encoding) -> f64 {
        let (low, high) = encoding.range();
        // Rounding errors are uniform within a unit.
        let rounding = f64::from(encoding.scale).powi(2) / 12.0;
        let bins = self.counts.iter().enumerate().filter(|(_, n)| **n > 0);
        let errors = bins.map(|(bin, count)| {
            let value = self.middle(bin);
            let cut = f64::from(value - value.clamp(low, high));
            f64::from(*count) * (rounding + cut * cut)
        });
        errors.sum()
    }
}
