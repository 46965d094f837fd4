//! Changes the sampling rate with a windowed-sinc low-pass.
//!
//! For rational ratios it equals `scipy.signal.resample_poly(x - x[0], up, down, padtype="edge") + x[0]`: a polyphase filter
//! (Kaiser window, beta 5) at the lower of the two Nyquist frequencies; see Crochiere and Rabiner, "Multirate Digital
//! Signal Processing" (1983). Recorders have offsets far above their signals: with zeros beyond the ends, each of these would be
//! a step of the offset, and the filter lets a thousandth of it through as a ripple. Measured rates such as 478.036 Hz have no small ratio. For them the same filter is
//! evaluated from a table at arbitrary times; see Smith and Gossett, "A flexible sampling-rate conversion method"
//! (1984).

use std::f64::consts::PI;

use super::SignalError;

/// Ratio of two sampling rates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio(Kind);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Fraction `up / down` in lowest terms.
    Whole { up: usize, down: usize },
    /// New rate over old rate.
    Any(f64),
}

/// Largest numerator or denominator of a given fraction: the filter has twenty times as many taps.
const MAX_TERM: usize = 100_000;
/// Largest numerator or denominator of a fraction found for rates that are not whole millihertz.
const MAX_FOUND: u64 = 4096;
/// Largest ratio: beyond it, nearly all samples would be made up, and the unit of the times is rather another.
const MOST_UP: f64 = 20.0;
/// Relative difference below which rates are equal (single precision): a quarter of a sample per day at 50 Hz.
const EQUAL_WITHIN: f64 = 6e-8;

impl Ratio {
    /// A fraction of two integers.
    ///
    /// # Errors
    /// If one is zero, or the reduced fraction is too large.
    pub fn new(up: usize, down: usize) -> Result<Self, SignalError> {
        let divisor = gcd(up, down);
        if up == 0 || down == 0 || up / divisor > MAX_TERM || down / divisor > MAX_TERM {
            return Err(SignalError::Ratio { up, down });
        }
        Ok(Self(Kind::Whole {
            up: up / divisor,
            down: down / divisor,
        }))
    }

    /// The ratio for converting `from` Hz to `to` Hz.
    ///
    /// # Errors
    /// If either is not a valid sampling rate, or `to` is higher by a factor of 20, or lower by a million.
    pub fn of_rates(from: f64, to: f64) -> Result<Self, SignalError> {
        if let Some(rate) = [from, to]
            .into_iter()
            .find(|rate| !(1e-6..1e9).contains(rate))
        {
            return Err(SignalError::Rate(rate));
        }
        let ratio = to / from;
        if ratio > MOST_UP {
            return Err(SignalError::TooSlow { from, to });
        }
        if !(1e-6..=1e6).contains(&ratio) {
            return Err(SignalError::TooFarApart { from, to });
        }
        let milli = |rate: f64| {
            let value = (rate * 1000.0).round();
            let exact = (value / 1000.0 / rate - 1.0).abs() < EQUAL_WITHIN && value < 1e12;
            exact.then_some(value as usize)
        };
        if let (Some(up), Some(down)) = (milli(to), milli(from))
            && let Ok(ratio) = Self::new(up, down)
        {
            return Ok(ratio);
        }
        let (up, down) = fraction(ratio);
        if (up as f64 / down as f64 / ratio - 1.0).abs() < EQUAL_WITHIN {
            return Self::new(up as usize, down as usize);
        }
        Ok(Self(Kind::Any(ratio)))
    }

    /// Whether the rates are equal.
    pub fn is_one(self) -> bool {
        self.0 == Kind::Whole { up: 1, down: 1 }
    }

    /// Number of output samples for `n` input samples.
    pub fn length(self, n: usize) -> usize {
        match self.0 {
            Kind::Whole { up, down } => (n as u128 * up as u128).div_ceil(down as u128) as usize,
            Kind::Any(ratio) => (n as f64 * ratio - 1e-9).ceil().max(0.0) as usize,
        }
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}

/// The last continued fraction of `x` with small numerator and denominator.
fn fraction(x: f64) -> (u64, u64) {
    let (mut before, mut last) = ((0u64, 1u64), (1u64, 0u64));
    let mut rest = x;
    loop {
        let whole = rest.floor();
        let term = whole.min(1e9) as u64;
        let next = (
            term.saturating_mul(last.0).saturating_add(before.0),
            term.saturating_mul(last.1).saturating_add(before.1),
        );
        if next.0 > MAX_FOUND || next.1 > MAX_FOUND {
            return if last.1 == 0 || last.0 == 0 {
                (1, 1)
            } else {
                last
            };
        }
        (before, last) = (last, next);
        if last.0 > 0 && (last.0 as f64 / last.1 as f64 / x - 1.0).abs() < EQUAL_WITHIN
            || rest - whole < 1e-12
        {
            return if last.0 == 0 { (1, 1) } else { last };
        }
        rest = 1.0 / (rest - whole);
    }
}

/// Resamples `x` to [`Ratio::length`] samples.
pub fn resample(x: &[f64], ratio: Ratio) -> Vec<f64> {
    if ratio.is_one() || x.is_empty() {
        return x.to_vec();
    }
    let filter = Filter::new(ratio);
    (0..ratio.length(x.len()))
        .map(|m| filter.output(m, x, 0, x[0]))
        .collect()
}

/// Like [`resample`] for samples that arrive in chunks. The results are identical bit for bit, however the input is
/// divided.
#[derive(Clone, Debug)]
pub struct Resampler {
    ratio: Ratio,
    filter: Option<Filter>,
    /// Samples still needed, and the index of the first of them.
    kept: Vec<f64>,
    first: usize,
    /// The first sample of the sequence.
    base: Option<f64>,
    /// Number of output samples so far.
    done: usize,
}

impl Resampler {
    /// A resampler at the start of a sequence.
    pub fn new(ratio: Ratio) -> Self {
        Self {
            ratio,
            filter: (!ratio.is_one()).then(|| Filter::new(ratio)),
            kept: Vec::new(),
            first: 0,
            base: None,
            done: 0,
        }
    }

    /// Whether outputs are the samples themselves.
    pub fn keeps_rate(&self) -> bool {
        self.filter.is_none()
    }

    /// Adds samples and appends the outputs they allow to `out`.
    pub fn push(&mut self, x: &[f64], out: &mut Vec<f64>) {
        let Some(filter) = &self.filter else {
            out.extend_from_slice(x);
            return;
        };
        self.kept.extend_from_slice(x);
        let Some(base) = self.base.or(self.kept.first().copied()) else {
            return;
        };
        self.base = Some(base);
        let known = self.first + self.kept.len();
        while filter.reach(self.done).1 < known {
            out.push(filter.output(self.done, &self.kept, self.first, base));
            self.done += 1;
        }
        // Compacted rarely, so that each sample is copied about once.
        let needed = filter.reach(self.done).0.min(known);
        if needed - self.first > 1 << 14 {
            self.kept.drain(..needed - self.first);
            self.first = needed;
        }
    }

    /// Appends the last outputs at the end of the sequence.
    pub fn finish(&mut self, out: &mut Vec<f64>) {
        if let (Some(filter), Some(base)) = (&self.filter, self.base)
            && !self.kept.is_empty()
        {
            for m in self.done..self.ratio.length(self.first + self.kept.len()) {
                out.push(filter.output(m, &self.kept, self.first, base));
            }
        }
        let ratio = self.ratio;
        let filter = self.filter.take();
        *self = Self {
            ratio,
            filter,
            kept: Vec::new(),
            first: 0,
            base: None,
            done: 0,
        };
    }
}

/// Number of zero crossings of the low-pass on each side.
const CROSSINGS: usize = 10;
/// Table values between two zero crossings; the interpolation error is below 1e-7.
const TABLE_STEPS: usize = 2048;

/// A designed low-pass with the spacing of its outputs.
#[derive(Clone, Debug)]
enum Filter {
    /// Outputs are `down / up` inputs apart.
    Polyphase {
        up: usize,
        down: usize,
        taps: Vec<f64>,
    },
    /// Outputs are `1 / factor` inputs apart; the low-pass is a table.
    Table {
        factor: f64,
        cutoff: f64,
        table: Vec<f64>,
    },
}

impl Filter {
    fn new(ratio: Ratio) -> Self {
        let factor = match ratio.0 {
            Kind::Whole { up, down } => {
                let taps = low_pass(up, down);
                return Self::Polyphase { up, down, taps };
            }
            Kind::Any(factor) => factor,
        };
        let steps = CROSSINGS * TABLE_STEPS;
        let tap = |i: usize| {
            let at = i as f64 / TABLE_STEPS as f64;
            sinc(at) * window(at / CROSSINGS as f64)
        };
        let mut table: Vec<f64> = (0..=steps + 1).map(tap).collect();
        // Normalised to gain 1 at 0 Hz by its integral over both sides.
        let integral = (2.0 * table[..=steps].iter().sum::<f64>() - table[0]) / TABLE_STEPS as f64;
        // Cut-off at the lower of the two Nyquist frequencies.
        let cutoff = factor.min(1.0);
        table.iter_mut().for_each(|tap| *tap *= cutoff / integral);
        Self::Table {
            factor,
            cutoff,
            table,
        }
    }

    /// Indices of the first and last input for output `m`, as far as they exist.
    fn reach(&self, m: usize) -> (usize, usize) {
        match self {
            // Input k is at k * up, output m at m * down; taps lie within half a filter length.
            Self::Polyphase { up, down, taps } => {
                let (at, half) = (m * down, taps.len() / 2);
                (at.saturating_sub(half).div_ceil(*up), (at + half) / up)
            }
            Self::Table { factor, cutoff, .. } => {
                let at = m as f64 / factor;
                let reach = CROSSINGS as f64 / cutoff;
                let first = (at - reach).ceil().max(0.0) as usize;
                (first, (at + reach).floor() as usize)
            }
        }
    }

    /// Output `m`, from inputs `x` that start at index `from`. Before index 0, inputs are `base`, the first of all; beyond the
    /// end, they are the last of `x`.
    fn output(&self, m: usize, x: &[f64], from: usize, base: f64) -> f64 {
        let (first, last) = self.reach(m);
        let inputs = first..=last;
        let value = |k: usize| x[k.min(from + x.len() - 1) - from] - base;
        let sum: f64 = match self {
            Self::Polyphase { up, down, taps } => {
                let middle = m * down + taps.len() / 2;
                inputs.map(|k| value(k) * taps[middle - k * up]).sum()
            }
            Self::Table {
                factor,
                cutoff,
                table,
            } => {
                let at = m as f64 / factor;
                let last = (CROSSINGS * TABLE_STEPS) as f64;
                inputs
                    .map(|k| {
                        let place = ((k as f64 - at).abs() * cutoff * TABLE_STEPS as f64).min(last);
                        let (i, rest) = (place as usize, place.fract());
                        value(k) * (table[i] + rest * (table[i + 1] - table[i]))
                    })
                    .sum()
            }
        };
        base + sum
    }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        1.0
    } else {
        (PI * x).sin() / (PI * x)
    }
}

/// Kaiser window with beta 5, from 0 at the centre to 1 at its end.
fn window(at: f64) -> f64 {
    bessel(5.0 * (1.0 - at.powi(2)).max(0.0).sqrt())
}

/// Low-pass after inserting `up - 1` zeros per sample: gain `up` at 0 Hz.
fn low_pass(up: usize, down: usize) -> Vec<f64> {
    let widest = up.max(down);
    let half = CROSSINGS * widest;
    let tap = |i: usize| {
        let at = i as f64 - half as f64;
        sinc(at / widest as f64) * window(at / half as f64)
    };
    let mut taps: Vec<f64> = (0..=2 * half).map(tap).collect();
    let gain = up as f64 / taps.iter().sum::<f64>();
    taps.iter_mut().for_each(|tap| *tap *= gain);
    taps
}

/// Modified Bessel function of order 0, as a series.
fn bessel(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..60 {
        term *= quarter / f64::from(k * k);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests;
