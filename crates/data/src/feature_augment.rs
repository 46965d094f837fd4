//! Augmentation of scaled spectral features during training: noise, random responses, and masks over frequency and
//! time.
//!
//! A response is a smooth random curve over the bands, in decibels of power and constant in time. It imitates the
//! effect of another sensor, its coupling, the soil or the background of another site on a spectrum. Networks trained
//! with it rely less on the spectrum of the site and more on changes within the window. Classes that differ only in a
//! steady spectrum become harder to distinguish.
//!
//! It applies only to scaled spectra: raw samples have no bands, and noise is relative to the features' deviation. The
//! changes of a sample depend only on the seed, the epoch and its position in the epoch, not on backend, threads,
//! batches or interruptions. The matching circular shift is [`crate::Augmentation::time_shift`], since features must be
//! computed from the shifted window.
//!
//! Masks: D. S. Park et al., "SpecAugment", Interspeech 2019.

use std::f64::consts::TAU;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

use crate::error::SettingError;
use crate::preprocessing::{Compression, ConstantGuard, Normalisation, Preprocessing, Statistics};
use crate::serde_skip::is_zero;

/// Settings of the augmentation; everything is off by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeatureAugmentation {
    /// Maximum width of the frequency mask, as a fraction of all bands; the width is drawn uniformly from zero to
    /// this.
    pub frequency_mask: f64,
    /// Maximum length of the time mask, as a fraction of all segments; the length is drawn uniformly from zero to
    /// this.
    pub time_mask: f64,
    /// Standard deviation of the added Gaussian noise; features have a deviation of 1.
    pub noise: f64,
    /// Standard deviation of a smooth random curve over the bands, drawn for each channel and the same at all times.
    #[serde(skip_serializing_if = "is_zero")]
    pub response: f64,
    /// Standard deviation of a random shift of the level, the same in all channels and at all times.
    #[serde(skip_serializing_if = "is_zero")]
    pub level: f64,
}

/// Everything that the random numbers of a sample depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// Seed of the run.
    pub seed: u64,
    /// Epoch.
    pub epoch: u64,
    /// Position of the sample in the epoch.
    pub position: usize,
}

/// Layout of a segment's features: frames in sequence, each with its bands followed by other features.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureLayout {
    /// Channels, segments, features of a segment.
    pub shape: [usize; 3],
    /// Number of features per frame.
    pub frame: usize,
    /// Number of bands per frame. Features after them, such as the level, are never masked over frequency.
    pub bands: usize,
    /// Number of features of the whole window per frame, the last ones.
    pub window: usize,
    /// Factors of a response, `[channels, features of a segment]`; empty if all are 1.
    response: Vec<f32>,
}

/// Largest factor of a response, for bands that vary little in training.
const LARGEST_FACTOR: f64 = 4.0;

/// Factors with which a response shifts the logarithm of power equally in all bands of a channel, although each band is
/// scaled by its own deviation. Their typical size is 1. Bands that scaling treats as constant get 0.
fn response_factors(
    statistics: &Statistics,
    features: usize,
    (frame, bands): (usize, usize),
    guard: ConstantGuard,
) -> Vec<f32> {
    let means = statistics.mean.chunks_exact(features);
    let channels = means.zip(statistics.std.chunks_exact(features));
    let of_channel = |(means, deviations): (&[f64], &[f64])| {
        let squares: Vec<f64> = (0..features)
            .filter(|i| i % frame < bands)
            .map(|i| deviations[i].powi(2))
            .collect();
        let typical = (squares.iter().sum::<f64>() / squares.len().max(1) as f64).sqrt();
        let factor = |(mean, deviation): (&f64, &f64)| {
            let factor = typical * guard.scale(*mean, *deviation);
            factor.min(LARGEST_FACTOR) as f32
        };
        means.iter().zip(deviations).map(factor).collect::<Vec<_>>()
    };
    channels.flat_map(of_channel).collect()
}

impl FeatureLayout {
    /// Layout of inputs of `shape` computed by `preprocessing`.
    pub fn new(preprocessing: &Preprocessing, shape: [usize; 3]) -> Self {
        let (frame, bands, window) = match &preprocessing.bands {
            Some(layout) => (
                layout.frame_features(),
                layout.bands(),
                layout.window_features(),
            ),
            None => (shape[2], shape[2], 0),
        };
        // Only a logarithm turns a response into a shift.
        let is_logarithmic =
            preprocessing.bands.is_some() || preprocessing.spectral.compression == Compression::Log;
        let response = match (preprocessing.normalisation, &preprocessing.statistics) {
            (Normalisation::Band, Some(statistics)) if is_logarithmic => {
                let guard = preprocessing.constant_guard();
                response_factors(statistics, shape[2], (frame, bands), guard)
            }
            _ => Vec::new(),
        };
        Self {
            shape,
            frame,
            bands,
            window,
            response,
        }
    }

    /// The level's position in a frame; empty if frames have none.
    pub fn level(&self) -> std::ops::Range<usize> {
        self.bands..self.frame - self.window
    }

    /// Factors of a response in frame `frame` of a channel's frames.
    fn response_of(&self, channel: usize, frame: usize) -> Option<&[f32]> {
        let features = self.shape[2];
        let first = channel * features + frame * self.frame % features;
        self.response.get(first..first + self.bands)
    }
}

impl FeatureAugmentation {
    /// Masks up to 0.3 of the bands and 0.4 of the segments; noise of 0.3.
    pub fn standard() -> Self {
        Self {
            frequency_mask: 0.3,
            time_mask: 0.4,
            noise: 0.3,
            response: 0.0,
            level: 0.0,
        }
    }

    /// [`FeatureAugmentation::standard`] with responses and levels that vary by one deviation.
    pub fn new_sites() -> Self {
        Self {
            response: 1.0,
            level: 1.0,
            ..Self::standard()
        }
    }

    /// Whether everything is off.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Checks that all settings are in range.
    ///
    /// # Errors
    /// [`SettingError`] naming the key.
    pub fn check(&self) -> Result<(), SettingError> {
        let keys = [
            ("frequency_mask", self.frequency_mask, 1.0),
            ("time_mask", self.time_mask, 1.0),
            ("noise", self.noise, 10.0),
            ("response", self.response, 10.0),
            ("level", self.level, 10.0),
        ];
        match keys
            .iter()
            .find(|(_, value, most)| !(0.0..=*most).contains(value))
        {
            Some((key, value, most)) => Err(SettingError {
                key: (*key).to_owned(),
                value: value.to_string(),
                expected: format!("0 to {most}"),
            }),
            None => Ok(()),
        }
    }

    /// Augments the scaled features of one sample: adds noise, a response and a shift of the level, then sets masked
    /// values to 0, the mean.
    ///
    /// # Shapes
    /// `features` `[channels, segments, features]`, flattened.
    ///
    /// # Panics
    /// If `features` does not have the length given by `layout`.
    pub fn apply(&self, features: &mut [f32], layout: &FeatureLayout, draw: Draw) {
        let [_, segments, bins] = layout.shape;
        assert_eq!(features.len(), layout.shape.iter().product::<usize>());
        if self.is_none() {
            return;
        }
        let mut rng = rng(draw);
        let bands = stretch(&mut rng, self.frequency_mask, layout.bands);
        let masked_segments = stretch(&mut rng, self.time_mask, segments);
        if self.noise > 0.0 {
            add_noise(&mut rng, features, self.noise as f32);
        }
        if self.response > 0.0 {
            for (c, channel) in features.chunks_exact_mut(segments * bins).enumerate() {
                let response = response(&mut rng, layout.bands, self.response as f32);
                add_response(channel, &response, layout, c);
            }
        }
        if self.level > 0.0 {
            let shift = self.level as f32 * normal(&mut rng);
            for frame in features.chunks_exact_mut(layout.frame) {
                frame[layout.level()].iter_mut().for_each(|v| *v += shift);
            }
        }
        for (i, row) in features.chunks_exact_mut(bins).enumerate() {
            if masked_segments.contains(&(i % segments)) {
                row.fill(0.0);
                continue;
            }
            for frame in row.chunks_exact_mut(layout.frame) {
                frame[bands.clone()].fill(0.0);
            }
        }
    }
}

fn rng(draw: Draw) -> ChaCha8Rng {
    // Far from the streams of weights, shuffling, dropout masks and windows, which share the seed.
    let mut rng = ChaCha8Rng::seed_from_u64(draw.seed ^ 0x6665_6174_7572_6573);
    rng.set_stream(
        draw.epoch
            .wrapping_mul(1 << 32)
            .wrapping_add(draw.position as u64),
    );
    rng
}

/// A random span within `0..count`, at most the fraction `longest` of it.
fn stretch(rng: &mut ChaCha8Rng, longest: f64, count: usize) -> std::ops::Range<usize> {
    let most = (longest * count as f64).floor() as usize;
    let long = rng.random_range(0..=most as u64) as usize;
    let first = rng.random_range(0..=(count - long) as u64) as usize;
    first..first + long
}

/// Cosines that a response is the sum of: from a constant to two and a half periods over the bands.
const COSINES: usize = 6;

/// A random response: on average over the bands, its variance is `deviation` squared.
fn response(rng: &mut ChaCha8Rng, bands: usize, deviation: f32) -> Vec<f32> {
    let scale = deviation / (COSINES as f32).sqrt();
    let cosines = cosines(bands);
    let mut response = vec![0.0; bands];
    for cosine in cosines.chunks_exact(bands.max(1)) {
        let amplitude = scale * normal(rng);
        for (value, cosine) in response.iter_mut().zip(cosine) {
            *value += amplitude * cosine;
        }
    }
    response
}

/// Adds a response to all frames of channel `c`.
fn add_response(channel: &mut [f32], response: &[f32], layout: &FeatureLayout, c: usize) {
    for (f, frame) in channel.chunks_exact_mut(layout.frame).enumerate() {
        let bands = frame.iter_mut().zip(response);
        match layout.response_of(c, f) {
            Some(factors) => bands
                .zip(factors)
                .for_each(|((value, shift), factor)| *value += shift * factor),
            None => bands.for_each(|(value, shift)| *value += shift),
        }
    }
}

/// `cos(pi k (b + 1/2) / bands)` for `k` from 0, each scaled to mean square 1 over the bands; computed once a layout.
fn cosines(bands: usize) -> Arc<[f32]> {
    static TABLE: Mutex<Option<Arc<[f32]>>> = Mutex::new(None);
    let mut table = TABLE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = &*table
        && found.len() == COSINES * bands
    {
        return found.clone();
    }
    let value = |k: usize, b: usize| {
        let norm = if k == 0 { 1.0 } else { 2f64.sqrt() };
        let angle = TAU / 2.0 * k as f64 * (b as f64 + 0.5) / bands as f64;
        (norm * angle.cos()) as f32
    };
    let made: Arc<[f32]> = (0..COSINES)
        .flat_map(|k| (0..bands).map(move |b| value(k, b)))
        .collect();
    *table = Some(made.clone());
    made
}

/// A value of the standard normal distribution, from the same table as the noise.
fn normal(rng: &mut ChaCha8Rng) -> f32 {
    let random: u64 = rng.random();
    quantiles()[random as usize % (1 << BITS)]
}

/// Number of random bits that select a quantile.
const BITS: usize = 12;

/// Adds noise of this standard deviation from the table [`quantiles`]: five values per random number, without
/// logarithms.
fn add_noise(rng: &mut ChaCha8Rng, features: &mut [f32], deviation: f32) {
    let table = quantiles();
    for values in features.chunks_mut(64 / BITS) {
        let mut random: u64 = rng.random();
        for value in values {
            *value += deviation * table[random as usize % table.len()];
            random >>= BITS;
        }
    }
}

/// Quantiles of the standard normal distribution at the centres of equal shares, scaled to variance 1.
fn quantiles() -> &'static [f32; 1 << BITS] {
    static TABLE: OnceLock<Box<[f32; 1 << BITS]>> = OnceLock::new();
    TABLE.get_or_init(|| {
        const COUNT: usize = 1 << BITS;
        const STEP: f64 = 1.0 / 4096.0;
        // Walks up from the median, integrating the density step by step.
        let area = |z: f64| (-0.5 * (z + STEP / 2.0).powi(2)).exp() * STEP / TAU.sqrt();
        let (mut z, mut below) = (0.0, 0.5);
        let mut upper = Vec::with_capacity(COUNT / 2);
        for i in COUNT / 2..COUNT {
            let share = (i as f64 + 0.5) / COUNT as f64;
            while below + area(z) < share {
                below += area(z);
                z += STEP;
            }
            upper.push(z + STEP * (share - below) / area(z));
        }
        let mean_square = upper.iter().map(|z| z * z).sum::<f64>() / upper.len() as f64;
        let mut table = Box::new([0.0; COUNT]);
        for (i, z) in upper.iter().enumerate() {
            let z = (z / mean_square.sqrt()) as f32;
            (table[COUNT / 2 + i], table[COUNT / 2 - 1 - i]) = (z, -z);
        }
        table
    })
}

#[cfg(test)]
mod tests;
