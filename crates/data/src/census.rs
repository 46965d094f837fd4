//! What the windows of a split look like as they are read: dead channels and floors, for warnings, and what the
//! thresholds of the preprocessing are relative to.

use crate::preprocessing::{Preprocessing, Survey, Thresholds};
use crate::reader::Record;

/// Share of a split from which on something deserves a warning.
const WORTH_A_WARNING: f64 = 0.01;

/// Counts over the windows of a split.
#[derive(Debug)]
pub(crate) struct Census {
    split: &'static str,
    windows: usize,
    /// Windows by channel in which all samples are one value.
    constant: Vec<usize>,
    /// Of the training split alone.
    survey: Option<Survey>,
    /// Samples of a window.
    samples: usize,
}

impl Census {
    /// Of the split of this name; only of the training split is it known what thresholds should be.
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

    /// Counts a window and the features it became, not yet compressed.
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

    /// Samples of a window and channel.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// What counts as silence.
    pub fn thresholds(&self) -> Thresholds {
        self.survey
            .as_ref()
            .map_or_else(Thresholds::default, Survey::thresholds)
    }

    /// What deserves a warning. Channels are numbered from 1.
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
            } else if share >= WORTH_A_WARNING {
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
            .filter(|(_, share)| **share >= WORTH_A_WARNING)
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
