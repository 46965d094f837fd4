//! Statistics of a split collected while it is read: dead channels and noise floors for warnings, and the reference
//! levels for thresholds of the preprocessing.

use crate::preprocessing::{Preprocessing, Survey, Thresholds};
use crate::reader::Record;

/// Fraction of a split above which a problem deserves a warning.
const WARN_ABOVE: f64 = 0.01;

/// Statistics of the windows of a split.
#[derive(Debug)]
pub(crate) struct Census {
    split: &'static str,
    windows: usize,
    /// Number of constant windows by channel.
    constant: Vec<usize>,
    /// Collected for the training split only.
    survey: Option<Survey>,
    /// Samples per window.
    samples: usize,
}

impl Census {
    /// Starts a census of the split `split`. Thresholds are only derived from the training split.
    pub fn new(split: &'static str, preprocessing: &Preprocessing, is_training: bool) -> Self {
        let survey =
            is_training.then(|| Survey::new(&preprocessing.steps, &preprocessing.spectral));
        Self {
            split,
            windows: 0,
            constant: Vec::new(),
            survey: survey.filter(Survey::is_needed),
            samples: 0,
        }
    }

    /// Adds a window and its features before compression.
    pub fn add(&mut self, record: &Record, features: &[f32], channels: usize) {
        self.windows += 1;
        self.constant.resize(channels, 0);
        let values = record.values.chunks(record.values.len() / channels);
        for (count, channel) in self.constant.iter_mut().zip(values) {
            *count += usize::from(channel.iter().all(|value| *value == channel[0]));
        }
        self.samples = match *record.shape {
            // Half-overlapping segments.
            [_, segments, length] => length / 2 * (segments + 1),
            _ => record.values.len() / channels,
        };
        if let Some(survey) = &mut self.survey {
            survey.add(&record.values, features, channels);
        }
    }

    /// Samples per window and channel.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Thresholds derived from the training split.
    pub fn thresholds(&self) -> Thresholds {
        self.survey
            .as_ref()
            .map_or_else(Thresholds::default, Survey::thresholds)
    }

    /// Warnings for the user. Channels are numbered from 1.
    pub fn warnings(&self) -> Vec<String> {
        let Self { split, windows, .. } = self;
        let channels = self.constant.len();
        let mut warnings = Vec::new();
        for (channel, count) in self.constant.iter().enumerate() {
            let share = *count as f64 / (*windows).max(1) as f64;
            if *count == *windows {
                warnings.push(format!(
                    "channel {} of {channels} is constant in all {windows} {split} windows: is the sensor dead?",
                    channel + 1
                ));
            } else if share >= WARN_ABOVE {
                warnings.push(format!(
                    "channel {} of {channels} is constant in {count} of {windows} {split} windows ({:.1} %)",
                    channel + 1,
                    100.0 * share
                ));
            }
        }
        let shares = self
            .survey
            .as_ref()
            .map_or(Vec::new(), Survey::shares_at_floor);
        for (channel, share) in shares
            .iter()
            .enumerate()
            .filter(|(_, share)| **share >= WARN_ABOVE)
        {
            warnings.push(format!(
                "{:.1} % of the {split} spectra of channel {} of {channels} lie at the floor of `log`",
                100.0 * share,
                channel + 1
            ));
        }
        warnings
    }
}
