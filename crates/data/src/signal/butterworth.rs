//! Butterworth filters as second-order sections.
//!
//! Design: analog prototype, band transform and bilinear transform with prewarping, as in Oppenheim and Schafer,
//! "Discrete-Time Signal Processing", chapter 7; zero-phase filtering as Gustafsson, "Determining the initial
//! states in forward-backward filtering", IEEE Trans. Signal Processing 44 (1996), with the odd extension of SciPy.

use std::f64::consts::PI;

use spectra::fft::Complex;

type Complex64 = Complex<f64>;

use super::SignalError;

/// Pass band of a filter; frequencies in Hz.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Band {
    /// Low-pass.
    Low(f64),
    /// High-pass.
    High(f64),
    /// Band-pass.
    Pass(f64, f64),
}

/// One second-order section: `b0 + b1 z^-1 + b2 z^-2` over `1 + a1 z^-1 + a2 z^-2`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Section {
    b: [f64; 3],
    a: [f64; 2],
}

/// A designed filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Butterworth {
    sections: Vec<Section>,
}

/// Maximum order: beyond it rounding errors dominate.
const MAX_ORDER: usize = 20;

impl Butterworth {
    /// Designs a filter of prototype order `order` (a band-pass has twice as many poles) for a sampling rate of
    /// `rate` Hz.
    ///
    /// # Errors
    /// If a frequency is not between 0 and half the rate, or the order is out of range.
    pub fn new(order: usize, band: Band, rate: f64) -> Result<Self, SignalError> {
        if order == 0 || order > MAX_ORDER {
            return Err(SignalError::Order {
                order,
                highest: MAX_ORDER,
            });
        }
        let inside = |f: f64| f > 0.0 && f < rate / 2.0;
        let frequencies = match band {
            Band::Low(f) | Band::High(f) => [f, f],
            Band::Pass(low, high) if low >= high => {
                return Err(SignalError::EmptyBand { low, high });
            }
            Band::Pass(low, high) => [low, high],
        };
        if let Some(f) = frequencies.into_iter().find(|f| !inside(*f)) {
            return Err(SignalError::Frequency {
                frequency: f,
                nyquist: rate / 2.0,
            });
        }
        // Prewarped analog frequencies for a sampling rate of 2.
        let warp = |f: f64| 4.0 * (PI * f / rate).tan();
        let prototype = (0..order).map(|k| {
            let angle = PI * (2 * k + order + 1) as f64 / (2 * order) as f64;
            Complex64::from_polar(1.0, angle)
        });
        let poles: Vec<Complex64> = match band {
            Band::Low(f) => prototype.map(|p| p * warp(f)).collect(),
            Band::High(f) => prototype.map(|p| warp(f) / p).collect(),
            Band::Pass(low, high) => {
                let (low, high) = (warp(low), warp(high));
                let halves = prototype.map(|p| p * (high - low) / 2.0);
                let pair = |p: Complex64| {
                    let root = (p * p - low * high).sqrt();
                    [p + root, p - root]
                };
                halves.flat_map(pair).collect()
            }
        };
        let digital = poles.into_iter().map(|p| (4.0 + p) / (4.0 - p));
        // Frequency at which the gain is 1.
        let unit = match band {
            Band::Low(_) => Complex64::new(1.0, 0.0),
            Band::High(_) => Complex64::new(-1.0, 0.0),
            Band::Pass(low, high) => {
                let middle = ((PI * low / rate).tan() * (PI * high / rate).tan()).sqrt();
                Complex64::from_polar(1.0, 2.0 * middle.atan())
            }
        };
        let sections = pairs(digital.collect())
            .into_iter()
            .map(|pair| section(&pair, band, unit));
        Ok(Self {
            sections: sections.collect(),
        })
    }

    /// Its sections `[b0, b1, b2, a1, a2]`, in the order in which they filter: for programs that filter elsewhere.
    pub fn sections(&self) -> impl Iterator<Item = [f64; 5]> + '_ {
        let numbers = |Section { b, a }: &Section| [b[0], b[1], b[2], a[0], a[1]];
        self.sections.iter().map(numbers)
    }

    /// Number of samples by which zero-phase filtering extends the input at each end; the input must be longer.
    pub fn padding(&self) -> usize {
        let taps = 2 * self.sections.len() + 1;
        let first_order = self.sections.iter().filter(|s| s.a[1] == 0.0).count();
        3 * (taps - first_order)
    }

    /// Filters forwards and backwards: zero phase, twice the attenuation. Equals `scipy.signal.sosfiltfilt`.
    ///
    /// # Errors
    /// If `x` is not longer than [`Butterworth::padding`].
    pub fn zero_phase(&self, x: &mut [f64]) -> Result<(), SignalError> {
        let (n, padding) = (x.len(), self.padding());
        if n <= padding {
            return Err(SignalError::TooShort {
                samples: n,
                padding,
            });
        }
        let mut extended = Vec::with_capacity(n + 2 * padding);
        extended.extend((1..=padding).rev().map(|i| 2.0 * x[0] - x[i]));
        extended.extend_from_slice(x);
        extended.extend((1..=padding).map(|i| 2.0 * x[n - 1] - x[n - 1 - i]));
        for _ in 0..2 {
            self.run(&mut extended, true);
            extended.reverse();
        }
        x.copy_from_slice(&extended[padding..padding + n]);
        Ok(())
    }

    /// Filters forwards from rest, which a sensor node can do too. Equals `scipy.signal.sosfilt`.
    pub fn causal(&self, x: &mut [f64]) {
        self.run(x, false);
    }

    /// Transposed direct form II. `settled` starts in the steady state for the first value.
    fn run(&self, x: &mut [f64], settled: bool) {
        let mut level = if settled {
            x.first().copied().unwrap_or(0.0)
        } else {
            0.0
        };
        for Section { b, a } in &self.sections {
            let gain = (b[0] + b[1] + b[2]) / (1.0 + a[0] + a[1]);
            let (mut first, mut second) = ((gain - b[0]) * level, (b[2] - a[1] * gain) * level);
            level *= gain;
            for v in x.iter_mut() {
                let input = *v;
                *v = b[0] * input + first;
                first = b[1] * input - a[0] * *v + second;
                second = b[2] * input - a[1] * *v;
            }
        }
    }
}

/// Pairs conjugate poles, then real poles; the last may remain single.
fn pairs(poles: Vec<Complex64>) -> Vec<Vec<Complex64>> {
    let is_real = |p: &Complex64| p.im.abs() <= 1e-12 * p.norm();
    let upper = poles.iter().filter(|p| !is_real(p) && p.im > 0.0);
    let mut pairs: Vec<Vec<Complex64>> = upper.map(|p| vec![*p, p.conj()]).collect();
    let mut real: Vec<Complex64> = poles
        .iter()
        .filter(|p| is_real(p))
        .map(|p| Complex64::new(p.re, 0.0))
        .collect();
    real.sort_by(|p, q| p.re.total_cmp(&q.re));
    pairs.extend(real.chunks(2).map(<[_]>::to_vec));
    // Poles next to the unit circle come last, as in SciPy: they ring most.
    let distance = |pair: &[Complex64]| 1.0 - pair[0].norm();
    pairs.sort_by(|p, q| distance(q).total_cmp(&distance(p)));
    pairs
}

/// The section with these poles and the zeros of `band`, with gain 1 at `unit`.
fn section(poles: &[Complex64], band: Band, unit: Complex64) -> Section {
    let (b, a) = match (band, poles) {
        (Band::Low(_), [p]) => ([1.0, 1.0, 0.0], [-p.re, 0.0]),
        (Band::High(_), [p]) => ([1.0, -1.0, 0.0], [-p.re, 0.0]),
        (_, [p, q, ..]) => {
            let b = match band {
                Band::Low(_) => [1.0, 2.0, 1.0],
                Band::High(_) => [1.0, -2.0, 1.0],
                Band::Pass(..) => [1.0, 0.0, -1.0],
            };
            (b, [-(p + q).re, (p * q).re])
        }
        // Poles of a band-pass come in pairs.
        (Band::Pass(..), _) | (_, []) => unreachable!("a section has one pole or two"),
    };
    let back = unit.inv();
    let at = |c0: f64, c1: f64, c2: f64| back * c1 + back * back * c2 + c0;
    let gain = (at(1.0, a[0], a[1]) / at(b[0], b[1], b[2])).norm();
    Section {
        b: b.map(|v| v * gain),
        a,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn frequencies_outside_are_refused() {
        for band in [
            Band::Low(0.0),
            Band::High(256.0),
            Band::Pass(10.0, 5.0),
            Band::Low(f64::NAN),
        ] {
            Butterworth::new(4, band, 512.0).unwrap_err();
        }
        assert!(Butterworth::new(0, Band::Low(10.0), 512.0).is_err());
        let filter = Butterworth::new(4, Band::Pass(5.0, 100.0), 512.0).unwrap();
        assert!(
            filter
                .zero_phase(&mut [0.0; 10])
                .unwrap_err()
                .to_string()
                .contains("too few")
        );
    }

    proptest! {
        /// Every design is stable, and a low-pass passes constants unchanged.
        #[test]
        fn filters_are_stable(order in 1usize..9, low in 0.01f64..0.4, width in 0.05f64..0.09, which in 0..3) {
            let band = match which {
                0 => Band::Low(low),
                1 => Band::High(low),
                _ => Band::Pass(low, low + width),
            };
            let filter = Butterworth::new(order, band, 1.0).unwrap();
            let mut impulse = vec![0.0; 20_000];
            impulse[0] = 1.0;
            filter.causal(&mut impulse);
            prop_assert!(impulse[19_000..].iter().all(|v| v.abs() < 1e-6));
            let mut constant = vec![5.0; 500];
            filter.zero_phase(&mut constant).unwrap();
            let expected = if which == 0 { 5.0 } else { 0.0 };
            prop_assert!(constant.iter().all(|v| (v - expected).abs() < 1e-6));
        }
    }
}
