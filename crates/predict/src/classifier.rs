//! A model folder, opened.

use std::path::{Path, PathBuf};

use data::reader::Window;
use data::{Normalisation, Pipeline, Preprocessing};
use model::native::Inference;
use model::{Bundle, CARD_FILE, ModelCard, Weights};
use rayon::prelude::*;

use crate::error::PredictError;
use crate::novelty::Novelty;

/// Windows that are classified at once: enough to keep all threads busy, few enough to stay in their caches.
const BATCH: usize = 256;

/// What a window is taken for.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Index of the class with the highest probability.
    pub class: usize,
    /// Its probability.
    pub confidence: f32,
    /// Probabilities by class, the temperature applied; they add up to 1.
    pub probabilities: Vec<f32>,
    /// What the network computed, before temperature and softmax.
    pub logits: Vec<f32>,
}

impl Prediction {
    /// Of logits, divided by `temperature` before the softmax.
    fn new(logits: &[f32], temperature: f64) -> Self {
        let largest = logits.iter().copied().fold(f32::MIN, f32::max);
        let exponential = |v: &f32| (f64::from(v - largest) / temperature).exp();
        let exponentials: Vec<f64> = logits.iter().map(exponential).collect();
        let sum: f64 = exponentials.iter().sum();
        let probabilities: Vec<f32> = exponentials.iter().map(|v| (v / sum) as f32).collect();
        // The first of equals, as NumPy's argmax.
        let class =
            (0..logits.len()).fold(0, |best, i| if logits[i] > logits[best] { i } else { best });
        Self {
            class,
            confidence: probabilities[class],
            probabilities,
            logits: logits.to_vec(),
        }
    }
}

/// What a model does not say of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Options {
    /// Samples of a raw window, of models of older versions that do not tell.
    pub window_samples: Option<usize>,
}

/// A trained network with everything that turns raw windows into its inputs.
///
/// Windows are classified on all threads of the current Rayon pool.
pub struct Classifier {
    card: ModelCard,
    network: Inference,
    /// Checksum of the weights.
    weights: u32,
    preprocessing: Preprocessing,
    /// `[channels, segments, bins]`.
    shape: [usize; 3],
    window_samples: Option<usize>,
    /// One a thread.
    pipelines: Vec<Pipeline>,
    /// Inputs of a batch.
    inputs: Vec<f32>,
    novelty: Option<Novelty>,
}

impl Classifier {
    /// Opens an experiment, its folder `model/`, or a copy of that folder alone.
    ///
    /// # Errors
    /// [`PredictError`] naming the file and key that cannot be used.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, PredictError> {
        Self::open_with(path.as_ref(), Options::default())
    }

    /// As [`Classifier::open`], of a model that does not say all that is needed.
    ///
    /// # Errors
    /// As there.
    pub fn open_with(path: &Path, options: Options) -> Result<Self, PredictError> {
        let folder = model_folder(path)?;
        let (bundle, architecture) = Bundle::load(&folder)?;
        let wrong = |problem: String| PredictError::Preprocessing {
            path: folder.join(CARD_FILE),
            problem,
        };
        let preprocessing: Preprocessing =
            serde_json::from_value(bundle.card.preprocessing.clone())
                .map_err(|error| wrong(error.to_string()))?;
        let shape = bundle.card.input_shape;
        preprocessing.check(shape).map_err(wrong)?;
        let threads = rayon::current_num_threads();
        let pipelines = (0..threads).map(|_| preprocessing.pipeline());
        let pipelines = pipelines.collect::<Result<_, _>>().map_err(wrong)?;
        let network = Inference::new(&architecture, &bundle.weights)
            .map_err(|error| wrong(error.to_string()))?;
        Ok(Self {
            network,
            weights: checksum(&bundle.weights),
            window_samples: preprocessing
                .window_samples(shape)
                .or(options.window_samples),
            novelty: Novelty::new(&preprocessing, shape),
            card: bundle.card,
            preprocessing,
            shape,
            pipelines,
            inputs: Vec::new(),
        })
    }

    /// Class names, in the order of probabilities.
    pub fn class_names(&self) -> &[String] {
        &self.card.class_names
    }

    /// Name of the network.
    pub fn architecture(&self) -> &str {
        &self.card.architecture
    }

    /// Sensor channels of a window.
    pub fn channels(&self) -> usize {
        self.shape[0]
    }

    /// Samples of a raw window a channel; none where a model of an older version does not say.
    pub fn window_samples(&self) -> Option<usize> {
        self.window_samples
    }

    /// Sampling rate of the windows in Hz, where the model says so.
    pub fn sampling_rate(&self) -> Option<f64> {
        self.preprocessing.sampling_rate
    }

    /// What logits are divided by before the softmax.
    pub fn temperature(&self) -> f64 {
        self.card.temperature
    }

    /// A number that models with the same weights and description share, and others do not.
    pub fn identity(&self) -> String {
        let card = u64::from(crc32c::crc32c(&self.card.to_bytes()));
        let sum = card << 32 | u64::from(self.weights);
        format!("{} {sum:016x}", self.card.architecture)
    }

    /// From windows to inputs.
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.preprocessing
    }

    /// Whether the result of a window depends on that window alone, and not on those classified with it.
    pub fn is_of_single_windows(&self) -> bool {
        self.preprocessing.normalisation.is_of_single_windows()
    }

    /// How far the windows so far lie from what the training saw; none where the model has no statistics of it.
    pub fn novelty(&self) -> Option<&Novelty> {
        self.novelty.as_ref()
    }

    /// Forgets the windows so far.
    pub fn reset_novelty(&mut self) {
        self.novelty = Novelty::new(&self.preprocessing, self.shape);
    }

    /// Classifies windows `[channels, samples]`, or `[channels, segments, bins]` where they are cut already.
    ///
    /// With `batch` normalisation the windows of a call are scaled together, up to 256 of them.
    ///
    /// # Errors
    /// [`PredictError::Window`] where one has another shape or values that are not finite.
    pub fn classify(&mut self, windows: &[Window]) -> Result<Vec<Prediction>, PredictError> {
        let mut predictions = Vec::with_capacity(windows.len());
        for (batch, windows) in windows.chunks(BATCH).enumerate() {
            let window = |i: usize| (&windows[i].values[..], &windows[i].shape[..]);
            self.batch(windows.len(), &window, &mut predictions)
                .map_err(|(i, problem)| at(batch * BATCH + i, problem))?;
        }
        Ok(predictions)
    }

    /// Classifies windows of `samples` samples a channel, laid end to end.
    ///
    /// # Errors
    /// As [`Classifier::classify`].
    pub(crate) fn classify_samples(
        &mut self,
        values: &[f32],
        samples: usize,
    ) -> Result<Vec<Prediction>, PredictError> {
        let shape = [self.channels(), samples];
        let length = shape[0] * shape[1];
        let mut predictions = Vec::with_capacity(values.len() / length);
        for (batch, values) in values.chunks(BATCH * length).enumerate() {
            let window = |i: usize| (&values[i * length..(i + 1) * length], &shape[..]);
            self.batch(values.len() / length, &window, &mut predictions)
                .map_err(|(i, problem)| at(batch * BATCH + i, problem))?;
        }
        Ok(predictions)
    }

    /// Classifies `count` windows at once; the number of the one that cannot be, and why not.
    fn batch<'w>(
        &mut self,
        count: usize,
        window: &(dyn Fn(usize) -> (&'w [f32], &'w [usize]) + Sync),
        predictions: &mut Vec<Prediction>,
    ) -> Result<(), (usize, String)> {
        let (shape, preprocessing) = (self.shape, &self.preprocessing);
        let length: usize = shape.iter().product();
        let scaled = preprocessing.normalisation != Normalisation::Batch;
        self.inputs.resize(count * length, 0.0);
        let each = count.div_ceil(self.pipelines.len());
        let parts = self.inputs.par_chunks_mut(each * length).enumerate();
        parts
            .zip(&mut self.pipelines)
            .try_for_each(|((part, inputs), pipeline)| {
                let mut features = Vec::with_capacity(length);
                for (i, input) in inputs.chunks_exact_mut(length).enumerate() {
                    let i = part * each + i;
                    features.clear();
                    let (values, own) = window(i);
                    let found = pipeline
                        .features(values, own, &mut features)
                        .map_err(|problem| (i, problem))?;
                    if found != shape {
                        return Err((i, mismatch(own, found, shape)));
                    }
                    input.copy_from_slice(&features);
                }
                preprocessing.compress(inputs, shape);
                if scaled {
                    preprocessing.normalise(inputs, shape);
                }
                Ok(())
            })?;
        if !scaled {
            preprocessing.normalise(&mut self.inputs, shape);
        }
        if let Some(novelty) = &mut self.novelty {
            novelty.add(&self.inputs);
        }
        let classes = self.card.class_names.len();
        let logits = self.network.logits(&self.inputs);
        for (i, logits) in logits.chunks_exact(classes).enumerate() {
            if logits.iter().any(|v| !v.is_finite()) {
                let problem = "the network's output is not finite: the weights or the samples are far out of range";
                return Err((i, problem.into()));
            }
            predictions.push(Prediction::new(logits, self.card.temperature));
        }
        Ok(())
    }
}

/// Of all tensors, in their order.
fn checksum(weights: &Weights) -> u32 {
    weights.tensors().iter().fold(0, |sum, tensor| {
        let bytes: Vec<u8> = tensor.values.iter().flat_map(|v| v.to_le_bytes()).collect();
        crc32c::crc32c_append(sum, &bytes)
    })
}

fn at(index: usize, problem: String) -> PredictError {
    PredictError::Window { index, problem }
}

fn mismatch(own: &[usize], found: [usize; 3], expected: [usize; 3]) -> String {
    format!(
        "its shape {own:?} becomes {found:?}, but the model takes {expected:?}: channels, segments, values"
    )
}

/// The folder with `model.json` at or below `path`.
fn model_folder(path: &Path) -> Result<PathBuf, PredictError> {
    let candidates = [path.to_owned(), path.join("model")];
    let found = candidates
        .iter()
        .find(|folder| folder.join(CARD_FILE).is_file());
    found.cloned().ok_or_else(|| {
        let kept = Path::new("experiments").join(path);
        let problem = if kept.join("model").join(CARD_FILE).is_file() {
            format!("is not there: did you mean {}?", kept.display())
        } else if path.exists() {
            format!("holds no model: expected an experiment or its folder model/, with {CARD_FILE} and model.safetensors")
        } else {
            "is not there: expected an experiment or its folder model/".to_owned()
        };
        PredictError::NoModel {
            path: path.to_owned(),
            problem,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_those_of_the_temperature() {
        let prediction = Prediction::new(&[1.0, 3.0, 3.0], 2.0);
        assert_eq!(prediction.class, 1);
        let e = (-1.0f64).exp();
        let expected = [e / (2.0 + e), 1.0 / (2.0 + e), 1.0 / (2.0 + e)];
        for (own, expected) in prediction.probabilities.iter().zip(expected) {
            assert!((f64::from(*own) - expected).abs() < 1e-7);
        }
        assert_eq!(prediction.confidence, prediction.probabilities[1]);
    }
}
