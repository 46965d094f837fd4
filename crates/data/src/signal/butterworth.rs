//! Butterworth filters as second-order sections.
//!
//! Design: analog prototype, band transform and bilinear transform with prewarping, as in Oppenheim and Schafer,
//! "Discrete-Time Signal Processing", chapter 7; zero-phase filtering as Gustafsson, "Determining the initial
//! states in forward-backward filtering", IEEE Trans. Signal Processing 44 (1996), with the odd extension of SciPy.

use std::f64::consts::PI;

use realfft::num_complex::Complex64;

/// What a filter lets pass; frequencies in Hz.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Band {
    /// Below.
    Low(f64),
    /// Above.
    High(f64),
    /// Between.
    Pass(f64, f64),
}

/// One section: `b0 + b1 z^-1 + b2 z^-2` over `1 + a1 z^-1 + a2 z^-2`.
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

/// Highest order that is designed: beyond it rounding decides the result.
const HIGHEST: usize = 20;

impl Butterworth {
    /// Designs a filter of `order` (of the prototype: a band-pass has twice as many poles) for samples at `rate` Hz.
    ///
    /// # Errors
    /// Where a frequency does not lie between 0 and half the rate, or the order makes no sense.
    pub fn new(order: usize, band: Band, rate: f64) -> Result<Self, String> {
        if order == 0 || order > HIGHEST {
            return Err(format!("order {order} is not from 1 to {HIGHEST}"));
        }
        let inside = |f: f64| f > 0.0 && f < rate / 2.0;
        let frequencies = match band {
            Band::Low(f) | Band::High(f) => [f, f],
            Band::Pass(low, high) if low >= high => {
                return Err(format!("the band from {low} to {high} Hz is empty"));
            }
            Band::Pass(low, high) => [low, high],
        };
        if let Some(f) = frequencies.into_iter().find(|f| !inside(*f)) {
            return Err(format!(
                "{f} Hz does not lie between 0 and {} Hz, half the sampling rate",
                rate / 2.0
            ));
        }
        // Analog frequencies whose bilinear image is the wanted one, for a sampling rate of 2.
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
        // Where the filter lets everything pass.
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

    /// Samples at each end that zero-phase filtering extends the input by; it must be longer than that.
    pub fn padding(&self) -> usize {
        let taps = 2 * self.sections.len() + 1;
        let first_order = self.sections.iter().filter(|s| s.a[1] == 0.0).count();
        3 * (taps - first_order)
    }

    /// Filters forwards and backwards: no phase, twice the attenuation. `scipy.signal.sosfiltfilt`.
    ///
    /// # Errors
    /// Where `x` is not longer than [`Butterworth::padding`].
    pub fn zero_phase(&self, x: &mut [f64]) -> Result<(), String> {
        let (n, padding) = (x.len(), self.padding());
        if n <= padding {
            return Err(format!(
                "{n} samples are too few for this filter: it needs more than {padding}"
            ));
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

    /// Filters forwards, from rest: what a sensor node can do. `scipy.signal.sosfilt`.
    pub fn causal(&self, x: &mut [f64]) {
        self.run(x, false);
    }

    /// Transposed direct form II; `settled` starts as if the first value had come for ever.
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

/// Conjugate poles together, real ones two by two; the last may be alone.
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
    // Those next to the unit circle last, as SciPy has them: they ring most.
    let distance = |pair: &[Complex64]| 1.0 - pair[0].norm();
    pairs.sort_by(|p, q| distance(q).total_cmp(&distance(p)));
    pairs
}

/// The section of these poles, with the zeros of `band` and gain 1 at `unit`.
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
        // Poles of a band-pass come in twos.
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
                .contains("too few")
        );
    }

    proptest! {
        /// No design rings for ever, and what is constant passes a low-pass.
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
