//! Augmentation of training windows with the kinds of variation that sensors and sites cause.
//!
//! The changes of a window depend only on the seed, the epoch and its position in the epoch, not on threads or
//! interruptions. They apply to whole windows before `preprocessing` and spectra, in this order: background, shift,
//! gain, noise, channels, gaps, masks. S. Zhu et al., "Seismic signal augmentation to improve generalization of deep
//! neural networks", Advances in Geophysics 61 (2020), describes them.

use std::f64::consts::TAU;

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};
use spectra::fft::{Complex, inverse};

use crate::error::SettingError;
use crate::feature_augment::FeatureAugmentation;
use crate::serde_skip::is_zero;

/// Augmentation settings; everything is off by default. Probabilities are per window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Augmentation {
    /// Largest circular shift in time, as a fraction of the window.
    #[serde(skip_serializing_if = "is_zero")]
    pub time_shift: f64,
    /// Largest change of the gain in either direction, in decibels.
    #[serde(skip_serializing_if = "is_zero")]
    pub gain_db: f64,
    /// Probability that a channel is set to zero.
    #[serde(skip_serializing_if = "is_zero")]
    pub channel_dropout: f64,
    /// Probability that channels are swapped.
    #[serde(skip_serializing_if = "is_zero")]
    pub channel_swap: f64,
    /// Adds coloured noise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<Noise>,
    /// Adds a recorded window of a background class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background: Option<Background>,
    /// Sets a span of all channels to zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_mask: Option<Stretch>,
    /// Holds the last value for a span, as loggers do when they lose data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<Stretch>,
    /// Augmentation of the window's features.
    #[serde(skip_serializing_if = "FeatureAugmentation::is_none")]
    pub features: FeatureAugmentation,
}

/// Noise whose power spectrum falls with frequency to the power of its colour: 0 is white, 1 pink, 2 brown.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Noise {
    /// Probability per window.
    pub probability: f64,
    /// Range of the signal-to-noise ratio in decibels.
    pub snr_db: [f64; 2],
    /// Range of the colour.
    pub colour: [f64; 2],
}

impl Default for Noise {
    fn default() -> Self {
        Self {
            probability: 0.5,
            snr_db: [6.0, 30.0],
            colour: [0.0, 2.0],
        }
    }
}

/// Settings for adding background windows to others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Background {
    /// Class of the background windows, which are not augmented themselves.
    pub class: String,
    /// Probability per window.
    #[serde(default = "half")]
    pub probability: f64,
    /// Range of the signal-to-background ratio in decibels.
    #[serde(default = "loud")]
    pub snr_db: [f64; 2],
}

fn half() -> f64 {
    0.5
}

fn loud() -> [f64; 2] {
    [6.0, 30.0]
}

/// A random span of a window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stretch {
    /// Probability per window.
    #[serde(default = "half")]
    pub probability: f64,
    /// Maximum length, as a fraction of the window.
    pub longest: f64,
}

impl Augmentation {
    /// The default augmentation of trainings: shifts by up to 12 % of the window, and masks and noise on its
    /// features. In contrast, `Default` disables everything.
    pub fn standard() -> Self {
        Self {
            time_shift: 0.12,
            features: FeatureAugmentation::standard(),
            ..Self::default()
        }
    }

    /// [`Augmentation::standard`] with random responses and levels, and with noise in half of the windows, for sites or
    /// days that training has not seen.
    pub fn new_sites() -> Self {
        Self {
            noise: Some(Noise::default()),
            features: FeatureAugmentation::new_sites(),
            ..Self::standard()
        }
    }

    /// A preset by name: `standard` is [`Augmentation::standard`], `light` shifts and scales windows, `field` adds
    /// faults of outdoor sensors, and `new_sites` is [`Augmentation::new_sites`].
    pub fn preset(name: &str) -> Option<Self> {
        let light = Self {
            time_shift: 0.1,
            gain_db: 3.0,
            ..Self::default()
        };
        match name {
            "none" => Some(Self::default()),
            "standard" => Some(Self::standard()),
            "new_sites" => Some(Self::new_sites()),
            "light" => Some(light),
            "field" => Some(Self {
                gain_db: 6.0,
                channel_dropout: 0.05,
                noise: Some(Noise::default()),
                time_mask: Some(Stretch {
                    probability: 0.2,
                    longest: 0.1,
                }),
                gap: Some(Stretch {
                    probability: 0.1,
                    longest: 0.05,
                }),
                ..light
            }),
            _ => None,
        }
    }

    /// Whether everything is off.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether windows are changed before their features are computed.
    pub fn changes_windows(&self) -> bool {
        let windows = Self {
            features: FeatureAugmentation::default(),
            ..self.clone()
        };
        !windows.is_none()
    }

    /// Checks that all settings are in range.
    ///
    /// # Errors
    /// [`SettingError`] naming the key.
    pub fn check(&self) -> Result<(), SettingError> {
        let wrong = |key: &str, value: &dyn std::fmt::Display, expected: &str| SettingError {
            key: format!("augmentation.{key}"),
            value: value.to_string(),
            expected: expected.to_owned(),
        };
        let shares = [
            ("time_shift", self.time_shift),
            ("channel_dropout", self.channel_dropout),
            ("channel_swap", self.channel_swap),
            (
                "noise.probability",
                self.noise.map_or(0.0, |noise| noise.probability),
            ),
            (
                "background.probability",
                self.background
                    .as_ref()
                    .map_or(0.0, |background| background.probability),
            ),
            (
                "time_mask.probability",
                self.time_mask.map_or(0.0, |mask| mask.probability),
            ),
            (
                "time_mask.longest",
                self.time_mask.map_or(0.0, |mask| mask.longest),
            ),
            (
                "gap.probability",
                self.gap.map_or(0.0, |gap| gap.probability),
            ),
            ("gap.longest", self.gap.map_or(0.0, |gap| gap.longest)),
        ];
        if let Some((key, value)) = shares
            .iter()
            .find(|(_, value)| !(0.0..=1.0).contains(value))
        {
            return Err(wrong(key, value, "0 to 1"));
        }
        self.features.check().map_err(|error| SettingError {
            key: format!("augmentation.features.{}", error.key),
            ..error
        })?;
        if !(0.0..=100.0).contains(&self.gain_db) {
            return Err(wrong("gain_db", &self.gain_db, "0 to 100"));
        }
        let noise = self.noise.map(|noise| {
            [
                ("noise.snr_db", noise.snr_db),
                ("noise.colour", noise.colour),
            ]
        });
        let background = self
            .background
            .as_ref()
            .map(|background| ("background.snr_db", background.snr_db));
        for (key, [from, to]) in noise.into_iter().flatten().chain(background) {
            if !(from <= to && from.abs() <= 200.0 && to.abs() <= 200.0) {
                return Err(wrong(
                    key,
                    &format!("[{from}, {to}]"),
                    "a range, from and to",
                ));
            }
        }
        Ok(())
    }

    /// Random generator of a window in an epoch.
    fn rng(seed: u64, epoch: u64, window: usize) -> ChaCha8Rng {
        // Far from the streams of weights, shuffling and dropout masks, which share the seed.
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x6175_676d_656e_7400);
        rng.set_stream(epoch.wrapping_mul(1 << 32).wrapping_add(window as u64));
        rng
    }

    /// Whether a background is added to the window, and the index of which among `backgrounds`.
    pub(crate) fn background_of(
        &self,
        seed: u64,
        epoch: u64,
        window: usize,
        backgrounds: usize,
    ) -> Option<usize> {
        let settings = self.background.as_ref().filter(|_| backgrounds > 0)?;
        let mut rng = Self::rng(seed, epoch, window);
        (rng.random::<f64>() < settings.probability).then(|| rng.random_range(0..backgrounds))
    }

    /// Augments a window `[channels, samples]`; adds `background` if there is one.
    pub(crate) fn apply(
        &self,
        values: &mut [f32],
        channels: usize,
        background: Option<&[f32]>,
        (seed, epoch, window): (u64, u64, usize),
    ) {
        let mut rng = Self::rng(seed, epoch, window);
        // Skip the numbers that `background_of` has used.
        rng.set_word_pos(1 << 10);
        let length = values.len() / channels;
        if length == 0 {
            return;
        }
        let mut between = |from: f64, to: f64| from + (to - from) * rng.random::<f64>();
        if let (Some(settings), Some(background)) = (&self.background, background) {
            let snr = between(settings.snr_db[0], settings.snr_db[1]);
            for (channel, other) in values.chunks_mut(length).zip(background.chunks(length)) {
                add(channel, other.iter().map(|v| f64::from(*v)), snr);
            }
        }
        let shift = (between(-self.time_shift, self.time_shift) * length as f64).round() as i64;
        let gain = 10f64.powf(between(-self.gain_db, self.gain_db) / 20.0) as f32;
        for channel in values.chunks_mut(length) {
            channel.rotate_right(shift.rem_euclid(length as i64) as usize);
            channel.iter_mut().for_each(|v| *v *= gain);
        }
        if let Some(noise) = self.noise
            && rng.random::<f64>() < noise.probability
        {
            let [snr, colour] = [noise.snr_db, noise.colour]
                .map(|[from, to]| from + (to - from) * rng.random::<f64>());
            for channel in values.chunks_mut(length) {
                let noise = coloured(&mut rng, length, colour);
                add(channel, noise.into_iter(), snr);
            }
        }
        if rng.random::<f64>() < self.channel_swap {
            values.rotate_left(length);
        }
        if rng.random::<f64>() < self.channel_dropout {
            let dead = rng.random_range(0..channels);
            values[dead * length..(dead + 1) * length].fill(0.0);
        }
        for (stretch, held) in [(self.gap, true), (self.time_mask, false)] {
            let Some(span) = stretch.filter(|span| rng.random::<f64>() < span.probability) else {
                continue;
            };
            let long = ((span.longest * rng.random::<f64>() * length as f64).round() as usize)
                .clamp(1, length);
            let first = rng.random_range(0..=length - long);
            for channel in values.chunks_mut(length) {
                let value = if held { channel[first] } else { 0.0 };
                channel[first..first + long].fill(value);
            }
        }
    }
}

/// Standard deviation.
fn deviation(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / count;
    (values.map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt()
}

/// Adds `other`, with its mean removed, `snr` decibels below `signal`. Does nothing if either is constant.
fn add(signal: &mut [f32], other: impl Iterator<Item = f64> + Clone, snr: f64) {
    let signal_deviation = deviation(signal.iter().map(|v| f64::from(*v)));
    let (theirs, count) = (deviation(other.clone()), other.clone().count().max(1));
    if signal_deviation <= 0.0 || theirs <= 0.0 {
        return;
    }
    let mean = other.clone().sum::<f64>() / count as f64;
    let factor = signal_deviation / theirs * 10f64.powf(-snr / 20.0);
    signal
        .iter_mut()
        .zip(other)
        .for_each(|(sample, v)| *sample += ((v - mean) * factor) as f32);
}

/// Noise of `length` samples whose power falls with frequency to the power of `colour`.
fn coloured(rng: &mut ChaCha8Rng, length: usize, colour: f64) -> Vec<f64> {
    let mut spectrum = vec![Complex::new(0.0, 0.0); length / 2 + 1];
    for (i, bin) in spectrum.iter_mut().enumerate().skip(1) {
        // A complex normal variable: Rayleigh magnitude, uniform phase.
        let magnitude = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
        let phase = TAU * rng.random::<f64>();
        *bin = Complex::from_polar(magnitude * (i as f64).powf(-colour / 2.0), phase);
    }
    inverse(spectrum, length)
}

#[cfg(test)]
mod tests;
