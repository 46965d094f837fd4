//! Checks whether windows resemble the training data.

use data::{Normalisation, Preprocessing};

/// Deviation of a recording's mean, in standard deviations of the training data, that deserves a warning.
const FAR_DEVIATIONS: f64 = 4.0;
/// Fraction of a channel's features that must deviate for a warning about its spectra.
const MIN_FAR_FRACTION: f64 = 0.1;

/// Means of inputs scaled with the statistics of the training split: near 0 for windows like those of the training.
#[derive(Clone, Debug)]
pub struct Novelty {
    /// Sums by channel and bin.
    sums: Vec<f64>,
    /// `[channels, segments, bins]`.
    shape: [usize; 3],
    windows: usize,
}

impl Novelty {
    /// Returns `None` if the model has no training statistics.
    pub(crate) fn new(preprocessing: &Preprocessing, shape: [usize; 3]) -> Option<Self> {
        let known = match preprocessing.normalisation {
            Normalisation::Dataset | Normalisation::Band => preprocessing.statistics.is_some(),
            Normalisation::Sample | Normalisation::Batch | Normalisation::None => false,
        };
        known.then(|| Self {
            sums: vec![0.0; shape[0] * shape[2]],
            shape,
            windows: 0,
        })
    }

    /// Adds scaled inputs, concatenated.
    pub(crate) fn add(&mut self, inputs: &[f32]) {
        let [channels, segments, bins] = self.shape;
        self.windows += inputs.len() / (channels * segments * bins);
        for (i, channel) in inputs.chunks_exact(segments * bins).enumerate() {
            let sums = &mut self.sums[i % channels * bins..][..bins];
            for row in channel.chunks_exact(bins) {
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum += f64::from(*value);
                }
            }
        }
    }

    /// Warnings for the user. Channels are numbered from 1.
    pub fn warnings(&self) -> Vec<String> {
        let [channels, segments, bins] = self.shape;
        if self.windows == 0 {
            return Vec::new();
        }
        let count = (self.windows * segments) as f64;
        let far = |channel: usize| {
            let means = self.sums[channel * bins..][..bins].iter();
            let means: Vec<f64> = means.map(|sum| sum / count).collect();
            let share = means
                .iter()
                .filter(|mean| mean.abs() > FAR_DEVIATIONS)
                .count() as f64
                / bins as f64;
            let typical = means.iter().map(|mean| mean.abs()).sum::<f64>() / bins as f64;
            (share >= MIN_FAR_FRACTION).then(|| {
                format!(
                    "channel {}: {:.0} % of its features lie more than {FAR_DEVIATIONS} standard deviations from the training's, \
                     {typical:.1} on average: another unit, gain or sensor?",
                    channel + 1,
                    100.0 * share
                )
            })
        };
        (0..channels).filter_map(far).collect()
    }
}
