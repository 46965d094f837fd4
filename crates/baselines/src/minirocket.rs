//! MiniRocket: features of convolutions with fixed kernels.
//!
//! A. Dempster, D. Schmidt, G. Webb, "MiniRocket: a very fast (almost) deterministic transform for time series
//! classification", KDD 2021, with channels combined as in the authors' multivariate code and in sktime. The 84
//! kernels have nine taps, six of -1 and three of 2. A feature is the fraction of a convolution's values above a
//! bias; biases are quantiles of convolutions of training windows.

use lanes::wide;
use rand::Rng as _;
use rand::seq::SliceRandom as _;
use rayon::prelude::*;

use crate::random::{Purpose, generator};

/// Number of kernels: the ways to choose three of nine taps.
const KERNELS: usize = 84;
/// Taps per kernel.
const TAPS: usize = 9;
/// Approximate number of features.
const FEATURES: usize = 10_000;
/// Maximum number of dilations per kernel.
const DILATIONS: usize = 32;

/// A transform fitted to training windows.
#[derive(Clone, Debug, PartialEq)]
pub struct MiniRocket {
    shape: [usize; 2],
    /// Each dilation, and the number of features per kernel with it.
    dilations: Vec<(usize, usize)>,
    /// Channels that are summed, by dilation and kernel.
    channels: Vec<Vec<usize>>,
    /// Biases by dilation, kernel and feature.
    biases: Vec<f32>,
}

impl MiniRocket {
    /// Fits to windows of at least nine samples; `None` for shorter ones. Each channel of a window is centred and
    /// divided by its standard deviation, here and in [`MiniRocket::features`].
    ///
    /// # Shapes
    /// `windows` `[N, channels, samples]`, flattened.
    pub fn fit(windows: &[f32], [channels, samples]: [usize; 2], seed: u64) -> Option<Self> {
        let dilations = dilations(samples)?;
        let mut rng = generator(seed, Purpose::Kernels, 0);
        let combinations = KERNELS * dilations.len();
        let most = (channels.min(TAPS) as f64 + 1.0).log2();
        let combine = |_| {
            let count = 2f64.powf(rng.random::<f64>() * most) as usize;
            let mut all: Vec<usize> = (0..channels).collect();
            all.partial_shuffle(&mut rng, count.clamp(1, channels))
                .0
                .to_vec()
        };
        let mut transform = Self {
            shape: [channels, samples],
            channels: (0..combinations).map(combine).collect(),
            dilations,
            biases: Vec::new(),
        };
        transform.biases = transform.fit_biases(windows, seed);
        Some(transform)
    }

    /// Quantiles of the convolution of one random window per kernel and dilation.
    fn fit_biases(&self, windows: &[f32], seed: u64) -> Vec<f32> {
        let [channels, samples] = self.shape;
        let length = channels * samples;
        let count = windows.len() / length;
        let per_kernel: Vec<usize> = self
            .dilations
            .iter()
            .map(|(_, features)| *features)
            .collect();
        // Low-discrepancy quantiles: multiples of the golden ratio.
        let quantile = |number: usize| ((number + 1) as f64 * (5f64.sqrt() + 1.0) / 2.0).fract();
        let mut first = 0;
        let firsts: Vec<usize> = per_kernel
            .iter()
            .flat_map(|features| (0..KERNELS).map(move |_| *features))
            .map(|features| {
                first += features;
                first - features
            })
            .collect();
        let biases = |combination: usize| -> Vec<f32> {
            let mut rng = generator(seed, Purpose::Kernels, combination + 1);
            let chosen = rng.random_range(0..count as u32) as usize;
            let window = scaled(&windows[chosen * length..][..length], samples);
            let (dilation, features) = self.dilations[combination / KERNELS];
            let taps = Taps::new(&window, self.shape, dilation);
            let mut values = vec![0.0; samples];
            taps.convolve(
                kernels()[combination % KERNELS],
                &self.channels[combination],
                &mut values,
            );
            values.sort_unstable_by(f32::total_cmp);
            let at = |number: usize| {
                let at = quantile(number) * (samples - 1) as f64;
                let (low, high) = (values[at.floor() as usize], values[at.ceil() as usize]);
                (f64::from(low) + (f64::from(high) - f64::from(low)) * at.fract()) as f32
            };
            (firsts[combination]..firsts[combination] + features)
                .map(at)
                .collect()
        };
        (0..self.channels.len())
            .into_par_iter()
            .flat_map_iter(biases)
            .collect()
    }

    /// Number of features per window.
    pub fn width(&self) -> usize {
        self.biases.len()
    }

    /// Computes features on all threads.
    ///
    /// # Shapes
    /// `windows` `[N, channels, samples]` to `[N, width]`, flattened.
    pub fn features(&self, windows: &[f32]) -> Vec<f32> {
        let [channels, samples] = self.shape;
        let windows = windows.par_chunks_exact(channels * samples);
        windows
            .flat_map_iter(|window| self.of_one(&scaled(window, samples)))
            .collect()
    }

    fn of_one(&self, window: &[f32]) -> Vec<f32> {
        let samples = self.shape[1];
        let mut features = Vec::with_capacity(self.biases.len());
        let mut values = vec![0.0; samples];
        for (number, &(dilation, count)) in self.dilations.iter().enumerate() {
            let taps = Taps::new(window, self.shape, dilation);
            let padding = TAPS / 2 * dilation;
            for (kernel, &chosen) in kernels().iter().enumerate() {
                taps.convolve(
                    chosen,
                    &self.channels[number * KERNELS + kernel],
                    &mut values,
                );
                // Every other convolution omits positions where the kernel exceeds the ends.
                let padded = (number + kernel).is_multiple_of(2);
                let range = if padded {
                    0..samples
                } else {
                    padding..samples - padding
                };
                let counted = &values[range];
                for _ in 0..count {
                    let bias = self.biases[features.len()];
                    features.push(above(counted, bias) as f32 / counted.len() as f32);
                }
            }
        }
        features
    }
}

/// Channels of a window, centred and divided by their standard deviations; constant channels become zero.
fn scaled(window: &[f32], samples: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(window.len());
    for channel in window.chunks_exact(samples) {
        let mean = channel.iter().map(|&v| f64::from(v)).sum::<f64>() / samples as f64;
        let square = channel
            .iter()
            .map(|&v| (f64::from(v) - mean).powi(2))
            .sum::<f64>();
        let deviation = (square / samples as f64).sqrt();
        let scale = if deviation > 1e-10 * mean.abs() {
            1.0 / deviation
        } else {
            0.0
        };
        out.extend(
            channel
                .iter()
                .map(|&v| ((f64::from(v) - mean) * scale) as f32),
        );
    }
    out
}

/// Positions of the three taps of 2 in every kernel, in order.
fn kernels() -> &'static [[usize; 3]; KERNELS] {
    const LIST: [[usize; 3]; KERNELS] = {
        let mut list = [[0; 3]; KERNELS];
        let mut next = 0;
        let mut a = 0;
        while a < TAPS {
            let mut b = a + 1;
            while b < TAPS {
                let mut c = b + 1;
                while c < TAPS {
                    list[next] = [a, b, c];
                    next += 1;
                    c += 1;
                }
                b += 1;
            }
            a += 1;
        }
        list
    };
    &LIST
}

/// Dilations for windows of `samples` samples with their number of features; `None` for fewer than nine samples.
fn dilations(samples: usize) -> Option<Vec<(usize, usize)>> {
    if samples < TAPS {
        return None;
    }
    let per_kernel = FEATURES / KERNELS;
    let most = DILATIONS.min(per_kernel);
    let multiplier = per_kernel as f64 / most as f64;
    let largest = ((samples - 1) as f64 / (TAPS - 1) as f64).log2();
    let mut found: Vec<(usize, usize)> = Vec::new();
    for i in 0..most {
        let exponent = largest * i as f64 / (most - 1) as f64;
        let dilation = 2f64.powf(exponent) as usize;
        match found.last_mut() {
            Some((last, count)) if *last == dilation => *count += 1,
            _ => found.push((dilation, 1)),
        }
    }
    found
        .iter_mut()
        .for_each(|(_, count)| *count = (*count as f64 * multiplier) as usize);
    let rest = per_kernel - found.iter().map(|(_, count)| count).sum::<usize>();
    let kinds = found.len();
    (0..rest).for_each(|i| found[i % kinds].1 += 1);
    Some(found)
}

/// A window prepared for convolutions with one dilation.
struct Taps {
    /// Minus the sum over all taps, by channel.
    all: Vec<Vec<f32>>,
    /// Three times the value under a tap, by channel and tap.
    each: Vec<[Vec<f32>; TAPS]>,
}

impl Taps {
    fn new(window: &[f32], [_, samples]: [usize; 2], dilation: usize) -> Self {
        let (mut all, mut each) = (Vec::new(), Vec::new());
        for channel in window.chunks_exact(samples) {
            let shifted = |tap: usize| -> Vec<f32> {
                // Tap 4 is the centre; values beyond the ends are zero.
                let shift = (tap as isize - TAPS as isize / 2) * dilation as isize;
                let at = |i: usize| i.checked_add_signed(shift).and_then(|at| channel.get(at));
                (0..samples)
                    .map(|i| at(i).copied().unwrap_or(0.0))
                    .collect()
            };
            let taps: [Vec<f32>; TAPS] = std::array::from_fn(shifted);
            let mut sum = vec![0.0; samples];
            for tap in &taps {
                sum.iter_mut()
                    .zip(tap)
                    .for_each(|(sum, value)| *sum -= value);
            }
            all.push(sum);
            each.push(taps.map(|tap| tap.into_iter().map(|value| value * 3.0).collect()));
        }
        Self { all, each }
    }

    /// The convolution of a kernel, summed over channels.
    fn convolve(&self, [a, b, c]: [usize; 3], channels: &[usize], out: &mut [f32]) {
        out.fill(0.0);
        for &channel in channels {
            let each = &self.each[channel];
            add_taps(out, &self.all[channel], [&each[a], &each[b], &each[c]]);
        }
    }
}

wide! {
    /// Adds the values under the taps of a kernel.
    fn add_taps(out: &mut [f32], all: &[f32], taps: [&[f32]; 3]) {
        let taps = taps.map(|tap| &tap[..out.len()]);
        for (i, (out, all)) in out.iter_mut().zip(all).enumerate() {
            *out += all + taps[0][i] + taps[1][i] + taps[2][i];
        }
    }
}

wide! {
    /// Number of values above a bias.
    fn above(values: &[f32], bias: f32) -> u32 {
        // Without a check of every addition, which would not vectorise: a window has fewer than 2^32 samples.
        values.iter().fold(0, |count: u32, value| count.wrapping_add(u32::from(*value > bias)))
    }
}

#[cfg(test)]
mod tests;
