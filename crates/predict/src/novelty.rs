//! Checks whether windows resemble the training data.

use data::{FeatureLayout, Normalisation, Preprocessing};

/// Deviation of a recording's mean, in standard deviations of the training data, that deserves a warning.
const FAR_DEVIATIONS: f64 = 4.0;
/// The same for the level of the front end `bands`, which holds unit and gain alone: only it moves with them.
const FAR_LEVEL: f64 = 3.0;
/// Fraction of a channel's features that must deviate for a warning about its spectra.
const MIN_FAR_FRACTION: f64 = 0.1;
/// Bins that are added up at a time.
const PART: usize = 16;

/// Means of inputs scaled with the statistics of the training split: near 0 for windows like those of the training.
#[derive(Clone, Debug)]
pub struct Novelty {
    /// Sums by channel and bin.
    sums: Vec<f64>,
    /// `[channels, segments, bins]`.
    shape: [usize; 3],
    /// Features of a segment that are levels.
    levels: Vec<usize>,
    windows: usize,
}

impl Novelty {
    /// Returns `None` if the model has no training statistics.
    pub(crate) fn new(preprocessing: &Preprocessing, shape: [usize; 3]) -> Option<Self> {
        let known = match preprocessing.normalisation {
            Normalisation::Dataset | Normalisation::Band => preprocessing.statistics.is_some(),
            Normalisation::Sample | Normalisation::Batch | Normalisation::None => false,
        };
        let layout = FeatureLayout::new(preprocessing, shape);
        known.then(|| Self {
            sums: vec![0.0; shape[0] * shape[2]],
            shape,
            levels: (0..shape[2])
                .filter(|feature| layout.level().contains(&(feature % layout.frame)))
                .collect(),
            windows: 0,
        })
    }

    /// Adds scaled inputs, concatenated.
    pub(crate) fn add(&mut self, inputs: &[f32]) {
        let [channels, segments, bins] = self.shape;
        self.windows += inputs.len() / (channels * segments * bins);
        for (i, channel) in inputs.chunks_exact(segments * bins).enumerate() {
            let sums = &mut self.sums[i % channels * bins..][..bins];
            // A few bins of all segments at a time, so that the sums stay in registers.
            let (parts, rest) = sums.as_chunks_mut::<PART>();
            let first_of_rest = parts.len() * PART;
            for (sums, first) in parts.iter_mut().zip((0..).step_by(PART)) {
                for row in channel.chunks_exact(bins) {
                    add(sums, &row[first..first + PART]);
                }
            }
            for row in channel.chunks_exact(bins) {
                add(rest, &row[first_of_rest..]);
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
            if share >= MIN_FAR_FRACTION {
                return Some(format!(
                    "channel {}: {:.0} % of its features lie more than {FAR_DEVIATIONS} standard deviations from the training's, \
                     {typical:.1} on average: another unit, gain or sensor?",
                    channel + 1,
                    100.0 * share
                ));
            }
            let levels = self.levels.iter().map(|feature| means[*feature]);
            let level = levels.sum::<f64>() / self.levels.len().max(1) as f64;
            (level.abs() > FAR_LEVEL).then(|| {
                format!(
                    "channel {}: its amplitude lies {:.1} standard deviations {} the training's: another unit or gain?",
                    channel + 1,
                    level.abs(),
                    if level > 0.0 { "above" } else { "below" }
                )
            })
        };
        (0..channels).filter_map(far).collect()
    }
}

/// Adds values to sums.
fn add(sums: &mut [f64], values: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += f64::from(*value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Warnings for windows of one channel with 20 bands and a level, all with these values.
    fn warnings(bands: f32, level: f32) -> Vec<String> {
        let mut novelty = Novelty {
            sums: vec![0.0; 21],
            shape: [1, 2, 21],
            levels: vec![20],
            windows: 0,
        };
        let segment = [vec![bands; 20], vec![level]].concat();
        novelty.add(&[&segment[..], &segment, &segment, &segment].concat());
        novelty.warnings()
    }

    #[test]
    fn another_unit_moves_the_level_alone() {
        assert!(warnings(0.5, 2.5).is_empty());
        let [warning] = &warnings(0.5, -9.0)[..] else {
            panic!("no warning");
        };
        assert!(
            warning.contains("its amplitude lies 9.0 standard deviations below"),
            "{warning}"
        );
        let [warning] = &warnings(6.0, 0.0)[..] else {
            panic!("no warning");
        };
        assert!(warning.contains("95 % of its features"), "{warning}");
    }
}
