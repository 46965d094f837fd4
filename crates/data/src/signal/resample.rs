//! Another sampling rate, by a polyphase filter.
//!
//! As `scipy.signal.resample_poly`: a windowed-sinc low-pass (Kaiser window, beta 5) at the lower of the two Nyquist
//! frequencies, zeros beyond the ends. See Crochiere and Rabiner, "Multirate Digital Signal Processing" (1983).

use std::f64::consts::PI;

/// `up / down`, without common factors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    up: usize,
    down: usize,
}

/// Largest part of a ratio: the filter has twenty times as many taps.
const LARGEST: usize = 100_000;

impl Ratio {
    /// Of two whole numbers.
    ///
    /// # Errors
    /// Where one is zero or they have no small common measure.
    pub fn new(up: usize, down: usize) -> Result<Self, String> {
        let divisor = gcd(up, down);
        if up == 0 || down == 0 || up / divisor > LARGEST || down / divisor > LARGEST {
            return Err(format!("{up}/{down} is no ratio of sampling rates"));
        }
        Ok(Self {
            up: up / divisor,
            down: down / divisor,
        })
    }

    /// From a rate of `from` to one of `to` Hz, which are taken to the millihertz.
    ///
    /// # Errors
    /// As [`Ratio::new`].
    pub fn of_rates(from: f64, to: f64) -> Result<Self, String> {
        let milli = |rate: f64| {
            let value = (rate * 1000.0).round();
            let usable = value.is_finite() && (1.0..1e12).contains(&value);
            usable
                .then_some(value as usize)
                .ok_or_else(|| format!("{rate} is no sampling rate in Hz"))
        };
        Self::new(milli(to)?, milli(from)?)
    }

    /// Whether nothing changes.
    pub fn is_one(self) -> bool {
        self.up == self.down
    }

    /// Samples that `n` become.
    pub fn length(self, n: usize) -> usize {
        (n as u128 * self.up as u128).div_ceil(self.down as u128) as usize
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}

/// `x` at another rate, [`Ratio::length`] samples.
pub fn resample(x: &[f64], ratio: Ratio) -> Vec<f64> {
    let Ratio { up, down } = ratio;
    if ratio.is_one() {
        return x.to_vec();
    }
    let filter = low_pass(up, down);
    let half = filter.len() / 2;
    let output = |m: usize| {
        // Input k stands at k * up, output m at m * down: taps are those within half a filter.
        let at = m * down;
        let first = at.saturating_sub(half).div_ceil(up);
        let last = ((at + half) / up).min(x.len() - 1);
        (first..=last)
            .map(|k| x[k] * filter[at + half - k * up])
            .sum()
    };
    (0..ratio.length(x.len())).map(output).collect()
}

/// Low-pass for zeros inserted `up - 1` at a time: gain `up` at 0 Hz.
fn low_pass(up: usize, down: usize) -> Vec<f64> {
    let widest = up.max(down);
    let half = 10 * widest;
    let sinc = |x: f64| {
        if x == 0.0 {
            1.0
        } else {
            (PI * x).sin() / (PI * x)
        }
    };
    let tap = |i: usize| {
        let at = i as f64 - half as f64;
        let inside = (1.0 - (at / half as f64).powi(2)).max(0.0);
        sinc(at / widest as f64) * bessel(5.0 * inside.sqrt())
    };
    let mut taps: Vec<f64> = (0..=2 * half).map(tap).collect();
    let gain = up as f64 / taps.iter().sum::<f64>();
    taps.iter_mut().for_each(|tap| *tap *= gain);
    taps
}

/// Modified Bessel function of order 0, by its series.
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ratios() {
        let ratio = Ratio::of_rates(100.0, 512.0).unwrap();
        assert_eq!((ratio.up, ratio.down), (128, 25));
        assert!(Ratio::of_rates(512.0, 512.0).unwrap().is_one());
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            Ratio::of_rates(bad, 512.0).unwrap_err();
        }
        assert!(Ratio::of_rates(99.999, 512.007).is_err());
    }

    proptest! {
        /// A slow sine comes out as the same sine, away from the ends.
        #[test]
        fn a_sine_stays_a_sine(up in 1usize..9, down in 1usize..9) {
            let ratio = Ratio::new(up, down).unwrap();
            let x: Vec<f64> = (0..600).map(|i| (0.05 * f64::from(i)).sin()).collect();
            let y = resample(&x, ratio);
            prop_assert_eq!(y.len(), ratio.length(600));
            for m in y.len() / 4..3 * y.len() / 4 {
                let t = m as f64 * ratio.down as f64 / ratio.up as f64;
                prop_assert!((y[m] - (0.05 * t).sin()).abs() < 2e-3);
            }
        }
    }
}
