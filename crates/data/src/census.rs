//! Statistics of a split collected while it is read: dead channels and noise floors for warnings, and the reference
//! levels for thresholds of the preprocessing.

use crate::constant::constant_channels;
use crate::extremes::Extremes;
use crate::limits::{FEWEST, certain_bits};
use crate::loudness::{SplitLevels, loudness, median};
use crate::preprocessing::{Preprocessing, Survey, Thresholds};
use crate::reader::Record;
use crate::segments::{SEGMENTS, window, window_length};

/// Fraction of a split above which a problem deserves a warning.
const WARN_ABOVE: f64 = 0.01;

/// Sensors have as many channels; features of a segment are more.
const FEW: usize = 3;

/// Windows have fewer segments, and more samples.
const MANY: usize = 64;

/// Statistics of the windows of a split.
#[derive(Debug)]
pub(crate) struct Census {
    split: &'static str,
    windows: usize,
    /// Number of constant windows by channel.
    constant: Vec<usize>,
    /// Pairs of channels that are equal in all windows.
    equal: Option<Vec<[usize; 2]>>,
    /// Samples by channel; none of features.
    extremes: Vec<Extremes>,
    /// How loud the samples of every window are, by channel; none of features.
    levels: Vec<Vec<f32>>,
    /// Collected for the training split only.
    survey: Option<Survey>,
    /// Samples per window.
    samples: usize,
    /// Shape of the windows.
    shape: Vec<usize>,
    /// Segments, and samples of each, of samples that no window becomes.
    own_segments: Option<[usize; 2]>,
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
            equal: None,
            extremes: Vec::new(),
            levels: Vec::new(),
            survey: survey.filter(Survey::is_needed),
            samples: 0,
            shape: Vec::new(),
            own_segments: None,
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
        self.compare(&record.values, channels);
        if let [channels, samples] = record.shape[..]
            && samples > 0
        {
            self.extremes.resize(channels, Extremes::default());
            for (extremes, samples) in self.extremes.iter_mut().zip(record.values.chunks(samples)) {
                extremes.add_all(samples);
            }
            self.levels.resize(channels, Vec::new());
            let levels = self.levels.iter_mut();
            for (levels, level) in levels.zip(loudness(&record.values, channels)) {
                levels.push(level);
            }
        }
        self.shape.clone_from(&record.shape);
        self.samples = window_length(&record.shape);
        if let [_, segments, length] = *record.shape
            && self.own_segments.is_none()
            && window(&record.values, &record.shape).is_err()
        {
            self.own_segments = Some([segments, length]);
        }
        if let Some(survey) = &mut self.survey {
            survey.add(&record.values, features, channels);
        }
    }

    /// Keeps the pairs of channels that are equal in this window, too.
    fn compare(&mut self, values: &[f32], channels: usize) {
        let all = || {
            let pairs =
                (0..channels).flat_map(|one| (one + 1..channels).map(move |other| [one, other]));
            pairs.collect()
        };
        let equal = self.equal.get_or_insert_with(all);
        let length = values.len() / channels.max(1);
        let of = |channel: usize| &values[channel * length..][..length];
        equal.retain(|[one, other]| of(*one) == of(*other));
    }

    /// Warnings of channels that are equal in all windows, and not constant.
    fn equal_channels(&self) -> impl Iterator<Item = String> {
        let Self { split, windows, .. } = self;
        let channels = self.constant.len();
        let equal = self.equal.iter().flatten();
        let equal = equal.filter(|[one, _]| self.constant[*one] < *windows);
        equal.map(move |[one, other]| {
            format!(
                "channels {} and {} of {channels} are equal in all {windows} {split} windows: is one sensor there twice?",
                one + 1,
                other + 1
            )
        })
    }

    /// The median loudness of its windows by channel, under a name for messages.
    pub fn levels<'a>(&self, name: &'a str) -> SplitLevels<'a> {
        let channels = self.levels.iter();
        SplitLevels {
            name,
            channels: channels.map(|levels| median(levels.clone())).collect(),
        }
    }

    /// Samples per window and channel.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Segments, and samples of each, if some samples came in segments that no window becomes, such as spectra.
    pub fn own_segments(&self) -> Option<[usize; 2]> {
        self.own_segments
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
        warnings.extend(self.doubtful_axes().filter(|_| *split == "training"));
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
        warnings.extend(self.equal_channels());
        warnings.extend(self.fill_values());
        warnings.extend(self.clipped());
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

impl Census {
    /// A warning of windows whose axes rather have another order.
    fn doubtful_axes(&self) -> Option<String> {
        let (advice, stored) = match self.shape[..] {
            [_, segments, 1] if segments > MANY => ("is the last axis one too many?", "samples"),
            [1, segments, bins] if segments <= FEW && bins > MANY => (
                "is the first axis one too many, and the second that of the channels?",
                "samples",
            ),
            [first, _, bins] if bins <= FEW && first > FEW => {
                ("are the channels last?", "segments, bins")
            }
            [SEGMENTS, channels, _] if channels <= FEW => {
                ("are the segments first?", "segments, bins")
            }
            [first, samples] if samples < first && first > FEW => {
                ("are the channels last?", "samples")
            }
            _ => return None,
        };
        let sizes: Vec<String> = self.shape.iter().map(usize::to_string).collect();
        let read = match self.shape[..] {
            [first, samples] => format!("{first} channels of {samples} samples each"),
            [first, segments, bins] => {
                format!("{first} channels of {segments} segments with {bins} values each")
            }
            _ => return None,
        };
        Some(format!(
            "windows of {} are read as {read}: {advice} Windows are stored as [channels, {stored}]",
            sizes.join(" x ")
        ))
    }

    /// Warnings of samples at the limits of integers.
    fn clipped(&self) -> impl Iterator<Item = String> {
        let channels = self.extremes.len();
        let found = self.extremes.iter().enumerate();
        found.flat_map(move |(channel, extremes)| {
            let fill = extremes.far().map(|far| far.value);
            let ends = extremes.ends().into_iter();
            let ends = ends.filter(move |(value, count)| {
                *count >= FEWEST && fill != Some(*value)
            });
            ends.filter_map(move |(value, count)| {
                let bits = certain_bits(value)?;
                Some(format!(
                    "channel {} of {channels}: {count} samples of the {} windows are {value}, the limit of {bits} bits: the recordings \
                     seem to be clipped",
                    channel + 1,
                    self.split
                ))
            })
        })
    }

    /// Warnings of channels with a value far from all others, such as -9999.
    fn fill_values(&self) -> impl Iterator<Item = String> {
        let found = self.extremes.iter().enumerate();
        let found = found.filter_map(|(channel, extremes)| Some((channel + 1, extremes.far()?)));
        let channels = self.extremes.len();
        found.map(move |(channel, far)| {
            let place = format!(" of the {} windows", self.split);
            format!(
                "channel {channel} of {channels}: {} Leave out windows with missing samples",
                far.question(&place, |value| (value as f32).to_string())
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The warnings on windows of this shape.
    fn warnings(
        split: &'static str,
        shape: &[usize],
        windows: impl IntoIterator<Item = Vec<f32>>,
    ) -> String {
        let preprocessing = Preprocessing::new(Vec::new(), Default::default());
        let mut census = Census::new(split, &preprocessing, false);
        for (record, values) in windows.into_iter().enumerate() {
            let record = Record {
                record,
                values,
                shape: shape.to_vec(),
                label: 0,
                group: None,
            };
            census.add(&record, &[], shape[0]);
        }
        census.warnings().join("; ")
    }

    /// Fill values train a network like any others.
    #[test]
    fn fill_values_are_said() {
        let said = |fill: f32| {
            let mut values: Vec<f32> = (0..128).map(|i| (i * 37 % 101) as f32 - 50.0).collect();
            values[70] = fill;
            warnings("training", &[2, 64], vec![values; 3])
        };
        assert_eq!(
            said(-9999.9),
            "channel 2 of 2: 3 samples of the training windows are -9999.9, and all others lie between -50 and 48: is it a fill \
             value? Leave out windows with missing samples"
        );
        assert_eq!(said(60.0), "");
    }

    #[test]
    fn samples_at_a_limit_are_said() {
        let said = |scale: f32| {
            let wave = |i: usize| ((i * 37 % 101) as f32 - 50.0) * scale;
            let values = (0..128).map(|i| wave(i).clamp(-32768.0, 32767.0));
            warnings("training", &[2, 64], vec![values.collect(); 3])
        };
        let found = said(700.0);
        assert!(
            found.contains("samples of the training windows are -32768, the limit of 16 bits: the recordings seem"),
            "{found}"
        );
        assert_eq!(said(600.0), "");
    }

    #[test]
    fn equal_channels_are_said() {
        let said = |last: f32| {
            let windows = (0..3).map(|record| {
                let wave = |i: usize| (i * 37 % 101) as f32 - record as f32;
                let channel: Vec<f32> = (0..64).map(wave).collect();
                let double = channel.iter().map(|sample| sample * 2.0).collect();
                let mut values = [channel.clone(), double, channel].concat();
                values[191] += last * record as f32;
                values
            });
            warnings("training", &[3, 64], windows)
        };
        assert_eq!(
            said(0.0),
            "channels 1 and 3 of 3 are equal in all 3 training windows: is one sensor there twice?"
        );
        assert_eq!(said(1.0), "");
    }

    /// Keras stores the channels last; here they come first.
    #[test]
    fn channels_at_the_end_are_said() {
        let of = |shape: &[usize], split: &'static str| {
            let values = (0..shape.iter().product()).map(|i| i as f32);
            warnings(split, shape, [values.collect()])
        };
        let said = of(&[7, 256, 2], "training");
        let expected = "windows of 7 x 256 x 2 are read as 7 channels of 256 segments with 2 values each: are the channels last?";
        assert!(said.starts_with(expected), "{said}");
        assert_eq!(of(&[7, 256, 2], "test"), "");
        for (shape, expected) in [
            (
                &[256, 16][..],
                "windows of 256 x 16 are read as 256 channels of 16 samples each: are the channels last?",
            ),
            (
                &[3, 1024, 1],
                "windows of 3 x 1024 x 1 are read as 3 channels of 1024 segments with 1 values each: is the last axis one too \
                 many?",
            ),
            (
                &[1, 3, 1024],
                "is the first axis one too many, and the second that of the channels?",
            ),
            (
                &[7, 2, 256],
                "are the segments first? Windows are stored as [channels, segments, bins]",
            ),
        ] {
            let said = of(shape, "training");
            assert!(said.contains(expected), "{said}");
        }
        for shape in [
            &[2, 7, 256][..],
            &[3, 7, 1],
            &[12, 7, 33],
            &[12, 64],
            &[3, 2],
        ] {
            assert_eq!(of(shape, "training"), "");
        }
    }
}
