//! Whether windows look like those of the training.

use data::{Normalisation, Preprocessing};

/// Standard deviations of the training from which on the mean of a recording is worth a warning.
const FAR: f64 = 4.0;
/// Share of a channel's features that must be far for a warning about its spectra.
const WORTH_A_WARNING: f64 = 0.1;

/// Means over windows of inputs that were scaled by the statistics of the training split: 0 for windows like those.
#[derive(Clone, Debug)]
pub struct Novelty {
    /// By channel and bin.
    sums: Vec<f64>,
    /// `[channels, segments, bins]`.
    shape: [usize; 3],
    windows: usize,
}

impl Novelty {
    /// None where the model has no statistics of its training split.
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

    /// Adds scaled inputs, laid end to end.
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

    /// What deserves a warning. Channels are numbered from 1.
    pub fn warnings(&self) -> Vec<String> {
        let [channels, segments, bins] = self.shape;
        if self.windows == 0 {
            return Vec::new();
        }
        let count = (self.windows * segments) as f64;
        let far = |channel: usize| {
            let means = self.sums[channel * bins..][..bins].iter();
            let means: Vec<f64> = means.map(|sum| sum / count).collect();
            let share = means.iter().filter(|mean| mean.abs() > FAR).count() as f64 / bins as f64;
            let typical = means.iter().map(|mean| mean.abs()).sum::<f64>() / bins as f64;
            (share >= WORTH_A_WARNING).then(|| {
                format!(
                    "channel {}: {:.0} % of its features lie more than {FAR} standard deviations from the training's, \
                     {typical:.1} on average: another unit, gain or sensor?",
                    channel + 1,
                    100.0 * share
                )
            })
        };
        (0..channels).filter_map(far).collect()
    }
}
