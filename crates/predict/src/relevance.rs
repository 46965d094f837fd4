//! Relevance of the parts of a window for the network's decision: input times the gradient of the predicted class's
//! logit, over time and frequency.

use data::reader::Window;
use data::{Normalisation, Pipeline, Preprocessing, SpectralMethod};
use model::Bundle;
use model::native::InputGradient;

use crate::classifier::{Classifier, at, mismatch};
use crate::error::PredictError;

/// Contribution of the parts of a window to the logit of a class, to first order. Positive values support the class.
#[derive(Clone, Debug, PartialEq)]
pub struct Relevance {
    /// Centre of every column, as a fraction of the window.
    pub columns: Vec<f64>,
    /// Rows of a column: frequencies in equal steps from 0 to half the sampling rate, or one for samples.
    pub rows: usize,
    /// `[channels][columns][rows]`, flattened.
    pub values: Vec<f32>,
}

/// Computes the relevance of windows' parts for the network of a classifier.
pub struct Explainer {
    preprocessing: Preprocessing,
    pipeline: Pipeline,
    gradient: InputGradient,
    shape: [usize; 3],
}

impl Explainer {
    /// Reads the model of `classifier` again, since the network that classifies keeps no kernels for a backward pass.
    /// `None` if its inputs depend on the other windows of a batch.
    ///
    /// # Errors
    /// [`PredictError`] if the model can no longer be read.
    pub fn new(classifier: &Classifier) -> Result<Option<Self>, PredictError> {
        let preprocessing = classifier.preprocessing().clone();
        if preprocessing.normalisation == Normalisation::Batch {
            return Ok(None);
        }
        let (bundle, architecture) = Bundle::load(classifier.folder())?;
        let wrong = |problem: String| PredictError::Preprocessing {
            path: classifier.folder().join(model::CARD_FILE),
            problem,
        };
        let gradient = InputGradient::new(&architecture, &bundle.weights)
            .map_err(|error| wrong(error.to_string()))?;
        Ok(Some(Self {
            pipeline: preprocessing
                .pipeline()
                .map_err(|problem| wrong(problem.to_string()))?,
            gradient,
            shape: bundle.card.input_shape,
            preprocessing,
        }))
    }

    /// The relevance of the parts of a window for the logit of `class`. `None` for windows that are already spectra,
    /// whose frequencies are unknown.
    ///
    /// # Errors
    /// [`PredictError::Window`] with index 0 if the window cannot be classified.
    pub fn of(&mut self, window: &Window, class: usize) -> Result<Option<Relevance>, PredictError> {
        let mut input = Vec::new();
        let found = self
            .pipeline
            .features(&window.values, &window.shape, &mut input);
        let found = found.map_err(|problem| at(0, problem.to_string()))?;
        if found != self.shape {
            return Err(at(0, mismatch(&window.shape, found, self.shape)));
        }
        if window.shape.len() != 2 {
            return Ok(None);
        }
        self.preprocessing.compress(&mut input, self.shape);
        self.preprocessing.normalise(&mut input, self.shape);
        let gradient = self.gradient.of(&input, &[class]);
        let products = input.iter().zip(&gradient).map(|(x, g)| x * g);
        let products: Vec<f32> = products.collect();
        Ok(Some(arranged(&self.preprocessing, self.shape, &products)))
    }
}

/// Values of a network's input `[channels, segments, values]` by time and frequency.
fn arranged(preprocessing: &Preprocessing, shape: [usize; 3], products: &[f32]) -> Relevance {
    let [channels, segments, length] = shape;
    // Segments overlap by half.
    let halves = (segments + 1) as f64;
    let centres = || (0..segments).map(|s| (s + 1) as f64 / halves).collect();
    let rows = products.chunks_exact(length);
    match (preprocessing.spectral.method, &preprocessing.bands) {
        (SpectralMethod::None, _) => {
            let half = length / 2;
            let samples = half * (segments + 1);
            let mut values = vec![0.0; channels * samples];
            for (i, row) in rows.enumerate() {
                let from = i / segments * samples + i % segments * half;
                let sums = values[from..from + length].iter_mut();
                sums.zip(row).for_each(|(sum, v)| *sum += v);
            }
            Relevance {
                columns: (0..samples)
                    .map(|i| (i as f64 + 0.5) / samples as f64)
                    .collect(),
                rows: 1,
                values,
            }
        }
        // The second half of the bins mirrors the first.
        (SpectralMethod::Fft, _) => {
            let bins = length / 2 + 1;
            let mirrored = |row: &[f32], k: usize| {
                let other = (length - k) % length;
                row[k] + if other == k { 0.0 } else { row[other] }
            };
            let folded = rows.flat_map(|row| (0..bins).map(move |k| mirrored(row, k)));
            Relevance {
                columns: centres(),
                rows: bins,
                values: folded.collect(),
            }
        }
        // What follows the bands of a frame, the level and features of the window, belongs to no frequency.
        (SpectralMethod::Bands, Some(layout)) => {
            let bands = layout.bands();
            let frame = length / layout.frames;
            let of_frames = rows.flat_map(|row| row.chunks_exact(frame));
            let centre = |i: usize| {
                let (segment, number) = (i / layout.frames, i % layout.frames);
                let first = segment * layout.hop + number * layout.frame_hop;
                (first as f64 + layout.frame as f64 / 2.0) / layout.window as f64
            };
            Relevance {
                columns: (0..segments * layout.frames).map(centre).collect(),
                rows: bands,
                values: of_frames
                    .flat_map(|frame| &frame[..bands])
                    .copied()
                    .collect(),
            }
        }
        (SpectralMethod::Welch | SpectralMethod::Bands, _) => Relevance {
            columns: centres(),
            rows: length,
            values: products.to_vec(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data::{BandLayout, SpectralConfig};

    fn of(method: SpectralMethod, window: usize) -> Preprocessing {
        let config = SpectralConfig {
            method,
            ..Default::default()
        };
        let mut preprocessing = Preprocessing::new(Vec::new(), config.clone());
        if method == SpectralMethod::Bands {
            preprocessing.bands = Some(BandLayout::new(&config.bands, window).unwrap());
        }
        preprocessing
    }

    #[test]
    fn samples_of_overlapping_segments_are_summed() {
        let products: Vec<f32> = (0..2 * 7 * 8).map(|i| (1 + i / 56) as f32).collect();
        let found = arranged(&of(SpectralMethod::None, 32), [2, 7, 8], &products);
        assert_eq!((found.columns.len(), found.rows), (32, 1));
        let row = |v: f32| [[v; 4].to_vec(), vec![2.0 * v; 24], [v; 4].to_vec()].concat();
        assert_eq!(found.values, [row(1.0), row(2.0)].concat());
    }

    #[test]
    fn mirrored_bins_are_one_frequency() {
        let products: Vec<f32> = (0..14 * 8).map(|i| (i % 8) as f32).collect();
        let found = arranged(&of(SpectralMethod::Fft, 32), [2, 7, 8], &products);
        assert_eq!((found.columns[0], found.columns[6]), (1.0 / 8.0, 7.0 / 8.0));
        assert_eq!(
            found.values[..5],
            [0.0, 1.0 + 7.0, 2.0 + 6.0, 3.0 + 5.0, 4.0]
        );
        assert_eq!(found.values.len(), 14 * 5);
    }

    #[test]
    fn frames_of_bands_are_columns_without_their_level() {
        let preprocessing = of(SpectralMethod::Bands, 1024);
        let layout = preprocessing.bands.clone().unwrap();
        let frame = layout.bands() + usize::from(layout.level);
        let length = layout.frames * frame;
        let products: Vec<f32> = (0..2 * layout.segments * length)
            .map(|i| (i % frame) as f32)
            .collect();
        let found = arranged(&preprocessing, [2, layout.segments, length], &products);
        assert_eq!(found.columns.len(), layout.segments * layout.frames);
        assert!(found.columns.is_sorted() && found.columns[0] > 0.0);
        assert_eq!(found.values.len(), 2 * found.columns.len() * found.rows);
        let expected: Vec<f32> = (0..found.rows).map(|band| band as f32).collect();
        assert_eq!(found.values[..found.rows], expected);
        assert_eq!(found.values[found.values.len() - found.rows..], expected);
    }
}
