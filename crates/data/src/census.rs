//! Statistics of a split collected while it is read: dead channels and noise floors for warnings, and the reference
//! levels for thresholds of the preprocessing.

use crate::constant::constant_channels;
use crate::preprocessing::{Preprocessing, Survey, Thresholds};
use crate::reader::Record;

/// Fraction of a split above which a problem deserves a warning.
const WARN_ABOVE: f64 = 0.01;

/// Sensors have as many channels; features of a segment are more.
const FEW: usize = 3;

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
    /// Shape of the windows of features.
    features: Option<[usize; 3]>,
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
            features: None,
        }
    }

    /// Adds a window and its features before compression.
    pub fn add(&mut self, record: &Record, features: &[f32], channels: usize) {
        self.windows += 1;
        self.constant.resize(channels, 0);
        let found = constant_channels(&record.values, channels);
        for (count, is_constant) in self.constant.iter_mut().zip(found) {
            *count += usize::from(is_constant);
        }
        self.features = record.shape[..].try_into().ok();
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
        if let Some([first, segments, bins]) = self.features
            && bins <= FEW
            && first > FEW
            && *split == "training"
        {
            warnings.push(format!(
                "windows of {first} x {segments} x {bins} are read as {first} channels of {segments} segments with {bins} \
                 values each: are the channels last? Windows are stored as [channels, segments, bins]"
            ));
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Keras stores the channels last; here they come first.
    #[test]
    fn channels_at_the_end_are_said() {
        let of = |shape: [usize; 3], split: &'static str| {
            let preprocessing = Preprocessing::new(Vec::new(), Default::default());
            let mut census = Census::new(split, &preprocessing, false);
            let record = Record {
                record: 0,
                values: (0..shape.iter().product()).map(|i| i as f32).collect(),
                shape: shape.to_vec(),
                label: 0,
                group: None,
            };
            census.add(&record, &[], shape[0]);
            census.warnings().join("; ")
        };
        let said = of([7, 256, 2], "training");
        let expected = "windows of 7 x 256 x 2 are read as 7 channels of 256 segments with 2 values each: are the channels last?";
        assert!(said.starts_with(expected), "{said}");
        assert_eq!(of([7, 256, 2], "test"), "");
        for shape in [[2, 7, 256], [3, 7, 1], [12, 7, 33]] {
            assert_eq!(of(shape, "training"), "");
        }
    }
}
