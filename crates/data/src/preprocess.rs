//! From a window on disk to a network's input: segments, spectra, normalisation.

use std::fmt;
use std::str::FromStr;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::chain::Chain;
use crate::config::SpectralConfig;
use crate::join;
use crate::reader::Record;
use crate::spectral::Spectrum;
use crate::steps::Step;

/// Segments a window is cut into.
pub const SEGMENTS: usize = 7;

/// Below this a standard deviation counts as none: the values are constant.
const CONSTANT: f64 = 1e-6;

/// How inputs are scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Normalisation {
    /// Every sensor channel of every sample to mean 0 and deviation 1.
    Sample,
    /// Every sensor channel by its mean and deviation over the training split.
    Dataset,
    /// Every sensor channel by mean and deviation of its batch, as the Keras script does; what a
    /// sample looks like then depends on its neighbours in the batch.
    Batch,
    /// Not at all.
    None,
}

impl Normalisation {
    const ALL: [(Normalisation, &'static str); 4] = [
        (Normalisation::Sample, "sample"),
        (Normalisation::Dataset, "dataset"),
        (Normalisation::Batch, "batch"),
        (Normalisation::None, "none"),
    ];
}

impl fmt::Display for Normalisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, name) = Self::ALL
            .iter()
            .find(|(n, _)| n == self)
            .expect("all are listed");
        f.write_str(name)
    }
}

impl FromStr for Normalisation {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(_, n)| *n == name);
        found.map(|(n, _)| *n).ok_or_else(|| {
            format!("unknown normalisation `{name}`: choose sample, dataset, batch or none")
        })
    }
}

/// Mean and standard deviation of each sensor channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    /// Means, one a channel.
    pub mean: Vec<f64>,
    /// Standard deviations (population), one a channel.
    pub std: Vec<f64>,
}

/// [`Statistics`] of samples that come one after the other, twice: first for the means.
#[derive(Clone, Debug)]
pub struct StatisticsPasses {
    statistics: Statistics,
    per_channel: usize,
    count: f64,
}

impl StatisticsPasses {
    /// For samples of `[channels, segments, bins]`.
    pub fn new([channels, segments, bins]: [usize; 3]) -> Self {
        Self {
            statistics: Statistics {
                mean: vec![0.0; channels],
                std: vec![0.0; channels],
            },
            per_channel: segments * bins,
            count: 0.0,
        }
    }

    /// First pass, over whole samples.
    pub fn first(&mut self, values: &[f32]) {
        let channels = self.statistics.mean.len();
        for (i, chunk) in values.chunks_exact(self.per_channel).enumerate() {
            self.statistics.mean[i % channels] += chunk.iter().map(|&v| f64::from(v)).sum::<f64>();
        }
        self.count += (values.len() / channels) as f64;
    }

    /// Ends the first pass.
    pub fn end_first(&mut self) {
        let count = self.count.max(1.0);
        self.statistics
            .mean
            .iter_mut()
            .for_each(|sum| *sum /= count);
    }

    /// Second pass, over the same samples.
    pub fn second(&mut self, values: &[f32]) {
        let channels = self.statistics.mean.len();
        for (i, chunk) in values.chunks_exact(self.per_channel).enumerate() {
            let mean = self.statistics.mean[i % channels];
            self.statistics.std[i % channels] += chunk
                .iter()
                .map(|&v| (f64::from(v) - mean).powi(2))
                .sum::<f64>();
        }
    }

    /// Ends the second pass.
    pub fn finish(mut self) -> Statistics {
        let count = self.count.max(1.0);
        let deviations = self.statistics.std.iter_mut();
        deviations.for_each(|sum| *sum = (*sum / count).sqrt());
        self.statistics
    }
}

impl Statistics {
    /// Over samples of `[channels, segments, bins]` laid end to end.
    pub fn of(values: &[f32], shape: [usize; 3]) -> Self {
        let mut passes = StatisticsPasses::new(shape);
        passes.first(values);
        passes.end_first();
        passes.second(values);
        passes.finish()
    }

    /// `(x - mean) / std` in place; constant channels become zero.
    pub fn apply(&self, values: &mut [f32], [channels, segments, bins]: [usize; 3]) {
        for (i, chunk) in values.chunks_exact_mut(segments * bins).enumerate() {
            let (mean, std) = (self.mean[i % channels], self.std[i % channels]);
            let scale = if std > CONSTANT { 1.0 / std } else { 0.0 };
            for value in chunk {
                *value = ((f64::from(*value) - mean) * scale) as f32;
            }
        }
    }
}

/// Everything between a window on disk and the network, as stored in `model.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preprocessing {
    /// Segments a window `[channels, samples]` is cut into, each overlapping its neighbour by half.
    pub segments: usize,
    /// What is done to whole windows first, at the sampling rate of `spectral`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// Spectra of the segments.
    pub spectral: SpectralConfig,
    /// Scaling.
    pub normalisation: Normalisation,
    /// Statistics of the training split, for `dataset`.
    pub statistics: Option<Statistics>,
}

impl Preprocessing {
    /// Scales finished inputs of `shape` laid end to end. With `batch` the slice is the batch.
    pub fn normalise(&self, values: &mut [f32], shape: [usize; 3]) {
        match (self.normalisation, &self.statistics) {
            (Normalisation::None, _) => {}
            (Normalisation::Sample, _) => {
                for sample in values.chunks_exact_mut(shape.iter().product()) {
                    Statistics::of(sample, shape).apply(sample, shape);
                }
            }
            (Normalisation::Dataset, Some(statistics)) => statistics.apply(values, shape),
            (Normalisation::Dataset, None) | (Normalisation::Batch, _) => {
                Statistics::of(values, shape).apply(values, shape);
            }
        }
    }
}

/// Length of a segment of a window of `samples` samples: a quarter, so that 7 overlap by half.
/// None where the window cannot be cut evenly.
pub fn segment(samples: usize) -> Option<usize> {
    (samples > 0 && samples.is_multiple_of(8)).then_some(samples / 4)
}

/// From windows to inputs that are not yet normalised, as a thread has it planned.
struct Plan<'a> {
    chain: Result<Chain, String>,
    spectrum: Option<(usize, Spectrum)>,
    config: &'a SpectralConfig,
}

impl<'a> Plan<'a> {
    fn new(steps: &[Step], config: &'a SpectralConfig) -> Self {
        Self {
            chain: Chain::new(steps, config.sampling_rate),
            spectrum: None,
            config,
        }
    }
}

/// The inputs of `records`, in order, computed on all threads; not yet normalised.
pub(crate) fn records_to_inputs<'a>(
    records: &'a [Record],
    steps: &'a [Step],
    config: &'a SpectralConfig,
) -> impl IndexedParallelIterator<Item = Result<(Vec<f32>, [usize; 3]), String>> + 'a {
    records.par_iter().map_init(
        || Plan::new(steps, config),
        |plan, record| window_to_input(&record.values, &record.shape, plan),
    )
}

/// Turns one sample on disk into `[channels, segments, bins]`, not yet normalised.
fn window_to_input(
    values: &[f32],
    shape: &[usize],
    plan: &mut Plan<'_>,
) -> Result<(Vec<f32>, [usize; 3]), String> {
    let Plan {
        chain,
        spectrum,
        config,
    } = plan;
    let chain = chain.as_ref().map_err(String::clone)?;
    if !chain.is_empty() && shape.len() > 2 {
        // Steps go over whole windows.
        let (window, shape) = join::window(values, shape)
            .map_err(|problem| format!("{problem}, which the steps of `preprocessing` need"))?;
        return window_to_input(&window, &shape, plan);
    }
    let (channels, segments, length, hop) = match *shape {
        [channels, samples] => {
            let length = segment(samples).ok_or_else(|| {
                format!(
                    "a window of {samples} samples cannot be cut into {SEGMENTS} \
                         half-overlapping segments: the number must be a multiple of 8"
                )
            })?;
            (channels, SEGMENTS, length, length / 2)
        }
        [channels, segments, length] => (channels, segments, length, length),
        _ => {
            return Err(format!(
                "the shape is {shape:?}; expected [2, 1024] or [2, 7, 256]"
            ));
        }
    };
    if channels * segments * length == 0 || values.len() != shape.iter().product::<usize>() {
        return Err(format!(
            "{} values do not fill the shape {shape:?}",
            values.len()
        ));
    }
    if let Some(at) = values.iter().position(|v| !v.is_finite()) {
        return Err(format!(
            "value {at} is {}: expected finite numbers",
            values[at]
        ));
    }
    if spectrum
        .as_ref()
        .is_none_or(|(planned, _)| *planned != length)
    {
        let planned = Spectrum::new(config, length).ok_or_else(|| {
            let nperseg = config.welch.nperseg;
            format!("segments of {length} samples are shorter than `welch.nperseg` ({nperseg})")
        })?;
        *spectrum = Some((length, planned));
    }
    let (_, spectrum) = spectrum.as_ref().expect("planned above");
    let per_channel = values.len() / channels;
    let mut stepped = Vec::new();
    let values = match chain.is_empty() {
        true => values,
        false => {
            for channel in values.chunks_exact(per_channel) {
                let mut samples: Vec<f64> = channel.iter().map(|v| f64::from(*v)).collect();
                chain.apply(&mut samples)?;
                stepped.extend(samples.iter().map(|v| *v as f32));
            }
            &stepped[..]
        }
    };
    let mut input = Vec::with_capacity(channels * segments * spectrum.bins());
    for channel in values.chunks_exact(per_channel) {
        for i in 0..segments {
            spectrum.transform(&channel[i * hop..i * hop + length], &mut input);
        }
    }
    Ok((input, [channels, segments, spectrum.bins()]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn to_input(values: &[f32], shape: &[usize]) -> Result<(Vec<f32>, [usize; 3]), String> {
        window_to_input(
            values,
            shape,
            &mut Plan::new(&[], &SpectralConfig::default()),
        )
    }

    #[test]
    fn steps_come_before_segments() {
        let values: Vec<f32> = (0..128).map(|i| 100.0 + (i % 64) as f32).collect();
        let config = SpectralConfig::default();
        let mut plan = Plan::new(&[Step::Demean, Step::Scale(2.0)], &config);
        let (input, shape) = window_to_input(&values, &[2, 64], &mut plan).unwrap();
        assert_eq!(shape, [2, 7, 16]);
        assert_eq!((input[0], input[16], input[112]), (-63.0, -47.0, -63.0));
        // Of segments the same as of their window.
        let (cut, _) = to_input(&values, &[2, 64]).unwrap();
        assert_eq!(
            window_to_input(&cut, &[2, 7, 16], &mut plan).unwrap().0,
            input
        );
        let spectra: Vec<f32> = (0..224).map(|i| i as f32).collect();
        let error = window_to_input(&spectra, &[2, 7, 16], &mut plan).unwrap_err();
        assert!(error.contains("`preprocessing` need"), "{error}");
    }

    #[test]
    fn segments_overlap_by_half() {
        let values: Vec<f32> = (0..2048).map(|i| i as f32).collect();
        let (input, shape) = to_input(&values, &[2, 1024]).unwrap();
        assert_eq!(shape, [2, 7, 256]);
        for (i, start) in [0, 128, 256, 384, 512, 640, 768].into_iter().enumerate() {
            assert_eq!(input[i * 256], start as f32);
            assert_eq!(input[(7 + i) * 256 + 255], (1024 + start + 255) as f32);
        }
        assert_eq!(to_input(&input, &[2, 7, 256]).unwrap(), (input, shape));
    }

    #[test]
    fn bad_windows() {
        assert!(
            to_input(&[0.0; 10], &[2, 5])
                .unwrap_err()
                .contains("multiple of 8")
        );
        assert!(
            to_input(&[0.0; 10], &[10])
                .unwrap_err()
                .contains("expected [2, 1024]")
        );
        let error = to_input(&[f32::NAN; 16], &[2, 8]).unwrap_err();
        assert!(error.contains("value 0 is NaN"), "{error}");
    }

    #[test]
    fn constant_channels_become_zero() {
        let preprocessing = Preprocessing {
            segments: 1,
            steps: Vec::new(),
            spectral: SpectralConfig::default(),
            normalisation: Normalisation::Sample,
            statistics: None,
        };
        let mut values = vec![5.0, 5.0, 1.0, 3.0];
        preprocessing.normalise(&mut values, [2, 1, 2]);
        assert_eq!(values, [0.0, 0.0, -1.0, 1.0]);
    }

    proptest! {
        /// Every scaling leaves finite values, and `sample` mean 0 and deviation 1 or 0.
        #[test]
        fn normalised_values_are_finite(
            values in proptest::collection::vec(-1e30f32..1e30, 24),
            which in 0usize..4,
        ) {
            let (normalisation, _) = Normalisation::ALL[which];
            let preprocessing = Preprocessing {
                segments: 3,
                steps: Vec::new(),
                spectral: SpectralConfig::default(),
                normalisation,
                statistics: None,
            };
            let mut values = values;
            preprocessing.normalise(&mut values, [2, 3, 2]);
            prop_assert!(values.iter().all(|v| v.is_finite()));
            if normalisation == Normalisation::Sample {
                let statistics = Statistics::of(&values[..12], [2, 3, 2]);
                prop_assert!(statistics.mean.iter().all(|m| m.abs() < 1e-4));
                prop_assert!(statistics.std.iter().all(|s| (s - 1.0).abs() < 1e-4 || *s < 1e-4));
            }
        }
    }
}
