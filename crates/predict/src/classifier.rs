//! Opens a model folder and classifies windows with it.

use std::path::{Path, PathBuf};

use data::reader::Window;
use data::{Normalisation, Preprocessing, Sequence};
use model::{Bundle, CARD_FILE, ModelCard, Weights};
use rayon::prelude::*;

use crate::constant::ConstantChannels;
use crate::error::{MissingModel, PredictError};
use crate::network::Network;
use crate::novelty::Novelty;

/// Maximum number of windows classified at once, and number of windows that `batch` normalisation scales together.
const BATCH: usize = 256;
/// Number of windows that a thread classifies at once: few enough for its core's cache.
const CACHED: usize = 32;

/// Prediction for one window.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Index of the class with the highest probability.
    pub class: usize,
    /// Probability of that class.
    pub confidence: f32,
    /// Probability of every class, after temperature scaling; they sum to 1.
    pub probabilities: Vec<f32>,
    /// Output of the network before temperature and softmax.
    pub logits: Vec<f32>,
}

impl Prediction {
    /// Divides the logits by `temperature` before the softmax.
    fn new(logits: &[f32], temperature: f64) -> Self {
        let largest = logits.iter().copied().fold(f32::MIN, f32::max);
        let exponential = |v: &f32| (f64::from(v - largest) / temperature).exp();
        let exponentials: Vec<f64> = logits.iter().map(exponential).collect();
        let sum: f64 = exponentials.iter().sum();
        let probabilities: Vec<f32> = exponentials.iter().map(|v| (v / sum) as f32).collect();
        // Of equal values, the lowest index wins, as in NumPy's argmax.
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

/// How a model is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Options {
    /// Window length in samples, for older models that do not store it.
    pub window_samples: Option<usize>,
    /// Whether to use the 8-bit network, whose ranges `trainer quantise` has stored.
    pub int8: bool,
}

/// A trained network with its preprocessing.
///
/// Windows are classified on all threads of the current Rayon pool.
pub struct Classifier {
    /// Folder of the model.
    folder: PathBuf,
    card: ModelCard,
    network: Network,
    /// Checksum of the weights.
    weights: u32,
    preprocessing: Preprocessing,
    /// `[channels, segments, bins]`.
    shape: [usize; 3],
    window_samples: Option<usize>,
    /// One workspace per thread.
    sequences: Vec<Sequence>,
    /// Inputs of the current batch.
    inputs: Vec<f32>,
    /// Distance of the windows so far from the training data; `None` if the model has no training statistics.
    novelty: Option<Novelty>,
    constant: ConstantChannels,
}

impl Classifier {
    /// Opens an experiment, its folder `model/`, or a copy of that folder.
    ///
    /// # Errors
    /// [`PredictError`] naming the unusable file and key.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, PredictError> {
        Self::open_with(path.as_ref(), Options::default())
    }

    /// Like [`Classifier::open`], with values for properties that the model does not store.
    ///
    /// # Errors
    /// [`PredictError`] naming the unusable file and key.
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
        preprocessing
            .check(shape)
            .map_err(|error| wrong(error.to_string()))?;
        let threads = rayon::current_num_threads();
        let sequences = (0..threads).map(|_| preprocessing.sequence());
        let sequences = sequences
            .collect::<Result<_, data::error::PreprocessingError>>()
            .map_err(|error| wrong(error.into()))?;
        let network = if options.int8 {
            Network::int8(&folder, &bundle, &architecture)?
        } else {
            Network::float(&folder, &bundle, &architecture)?
        };
        let window_samples = preprocessing.window_samples(shape);
        if let (Some(stored), Some(given)) = (window_samples, options.window_samples)
            && stored != given
        {
            let problem = format!("the model was trained on windows of {stored} samples");
            let option = format!("--window-samples {given}");
            return Err(PredictError::Usage(format!("{option}: {problem}")));
        }
        Ok(Self {
            folder,
            network,
            weights: checksum(&bundle.weights),
            window_samples: window_samples.or(options.window_samples),
            novelty: Novelty::new(&preprocessing, shape),
            constant: ConstantChannels::new(shape[0]),
            card: bundle.card,
            preprocessing,
            shape,
            sequences,
            inputs: Vec::new(),
        })
    }

    /// The folder `model/`.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Class names in the order of the probabilities.
    pub fn class_names(&self) -> &[String] {
        &self.card.class_names
    }

    /// Name of the network.
    pub fn architecture(&self) -> &str {
        &self.card.architecture
    }

    /// Number of sensor channels.
    pub fn channels(&self) -> usize {
        self.shape[0]
    }

    /// Window length in samples per channel; `None` if an older model does not store it.
    pub fn window_samples(&self) -> Option<usize> {
        self.window_samples
    }

    /// Sampling rate of the windows in Hz, if the model stores it.
    pub fn sampling_rate(&self) -> Option<f64> {
        self.preprocessing.sampling_rate
    }

    /// Names of the channels in the recordings of the training; empty if the model does not store them.
    pub fn trained_channels(&self) -> &[String] {
        &self.preprocessing.recording_channels
    }

    /// Divisor of the logits before the softmax.
    pub fn temperature(&self) -> f64 {
        self.card.temperature
    }

    /// A hash of weights and model card, and of the 8-bit network if it is used.
    pub fn identity(&self) -> String {
        let card = u64::from(crc32c::crc32c(&self.card.to_bytes()));
        let sum = card << 32 | u64::from(self.weights);
        let name = &self.card.architecture;
        match self.network.integers() {
            None => format!("{name} {sum:016x}"),
            Some(integers) => format!("{name} {sum:016x} int8 {integers}"),
        }
    }

    /// Checksum of all integers of the 8-bit network, if it is used.
    pub fn int8_checksum(&self) -> Option<&str> {
        self.network.integers()
    }

    /// Preprocessing from raw windows to network inputs.
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.preprocessing
    }

    /// Whether the result of a window is independent of the other windows in its batch.
    pub fn is_batch_independent(&self) -> bool {
        self.preprocessing.normalisation.is_batch_independent()
    }

    /// Number of windows that are best classified at once.
    pub(crate) fn at_once(&self) -> usize {
        if self.is_batch_independent() {
            (CACHED * self.sequences.len()).min(BATCH)
        } else {
            BATCH
        }
    }

    /// Warnings about the windows so far: channels without signal, and windows unlike the training data.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.constant.warnings();
        let novelty = self.novelty.as_ref();
        warnings.extend(novelty.map_or(Vec::new(), Novelty::warnings));
        warnings
    }

    /// Forgets the windows so far.
    pub fn reset_warnings(&mut self) {
        self.novelty = Novelty::new(&self.preprocessing, self.shape);
        self.constant = ConstantChannels::new(self.shape[0]);
    }

    /// Classifies windows.
    ///
    /// With `batch` normalisation, up to 256 windows of a call are scaled together.
    ///
    /// # Shapes
    /// Windows `[channels, samples]`, or `[channels, segments, bins]` if they are already cut into segments.
    ///
    /// # Errors
    /// [`PredictError::Window`] if a window has another shape or non-finite values.
    pub fn classify(&mut self, windows: &[Window]) -> Result<Vec<Prediction>, PredictError> {
        let mut predictions = Vec::with_capacity(windows.len());
        let at_once = self.at_once();
        for (batch, windows) in windows.chunks(at_once).enumerate() {
            let window = |i: usize| (&windows[i].values[..], &windows[i].shape[..]);
            self.batch(windows.len(), &window, None, &mut predictions)
                .map_err(|(i, problem)| at(batch * at_once + i, problem))?;
        }
        Ok(predictions)
    }

    /// Classifies concatenated windows of `samples` samples per channel. Each usually begins `hop` samples after the one
    /// before it; what such windows share is computed once.
    ///
    /// # Errors
    /// [`PredictError::Window`] if a window has non-finite values.
    pub(crate) fn classify_samples(
        &mut self,
        values: &[f32],
        samples: usize,
        hop: usize,
    ) -> Result<Vec<Prediction>, PredictError> {
        let shape = [self.channels(), samples];
        let length = shape[0] * shape[1];
        let mut predictions = Vec::with_capacity(values.len() / length);
        let at_once = self.at_once();
        for (batch, values) in values.chunks(at_once * length).enumerate() {
            let window = |i: usize| (&values[i * length..(i + 1) * length], &shape[..]);
            self.batch(values.len() / length, &window, Some(hop), &mut predictions)
                .map_err(|(i, problem)| at(batch * at_once + i, problem))?;
        }
        Ok(predictions)
    }

    /// Classifies `count` windows at once, each expected to begin `hop` samples after the one before it. On failure returns the
    /// index of the window and the problem.
    fn batch<'w>(
        &mut self,
        count: usize,
        window: &(dyn Fn(usize) -> (&'w [f32], &'w [usize]) + Sync),
        hop: Option<usize>,
        predictions: &mut Vec<Prediction>,
    ) -> Result<(), (usize, String)> {
        let (shape, preprocessing, samples) =
            (self.shape, &self.preprocessing, self.window_samples);
        let length: usize = shape.iter().product();
        self.inputs.resize(count * length, 0.0);
        let each = count.div_ceil(self.sequences.len());
        let parts = self.inputs.par_chunks_mut(each * length).enumerate();
        parts
            .zip(&mut self.sequences)
            .try_for_each(|((part, inputs), sequence)| {
                for (i, input) in inputs.chunks_exact_mut(length).enumerate() {
                    let i = part * each + i;
                    let (values, window_shape) = window(i);
                    preprocessing
                        .check_length(window_shape, samples)
                        .map_err(|problem| (i, problem.into()))?;
                    let (features, found) = sequence
                        .input(values, window_shape, hop)
                        .map_err(|problem| (i, problem.into()))?;
                    if found != shape {
                        return Err((i, mismatch(window_shape, found, shape)));
                    }
                    input.copy_from_slice(features);
                }
                Ok(())
            })?;
        (0..count).for_each(|i| self.constant.add(window(i).0));
        if preprocessing.normalisation == Normalisation::Batch {
            preprocessing.normalise(&mut self.inputs, shape);
        }
        if let Some(novelty) = &mut self.novelty {
            novelty.add(&self.inputs);
        }
        let classes = self.card.class_names.len();
        let logits = self
            .network
            .logits(&self.inputs)
            .map_err(|value| (value / length, "its features are not finite".into()))?;
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

/// Checksum of all tensors, in their order.
fn checksum(weights: &Weights) -> u32 {
    weights.tensors().iter().fold(0, |sum, tensor| {
        let bytes: Vec<u8> = tensor.values.iter().flat_map(|v| v.to_le_bytes()).collect();
        crc32c::crc32c_append(sum, &bytes)
    })
}

pub(crate) fn at(index: usize, problem: String) -> PredictError {
    PredictError::Window { index, problem }
}

pub(crate) fn mismatch(window_shape: &[usize], found: [usize; 3], expected: [usize; 3]) -> String {
    if found[0] != expected[0] {
        return format!(
            "its shape {window_shape:?} has {}, but the model takes {}",
            support::words::counted(found[0], "channel"),
            expected[0]
        );
    }
    format!(
        "its shape {window_shape:?} becomes {found:?}, but the model takes {expected:?}: channels, segments, values"
    )
}

/// Finds the folder with `model.json` at or below `path`.
fn model_folder(path: &Path) -> Result<PathBuf, PredictError> {
    let candidates = [path.to_owned(), path.join("model")];
    let found = candidates
        .iter()
        .find(|folder| folder.join(CARD_FILE).is_file());
    found.cloned().ok_or_else(|| {
        let problem = if path.exists() {
            MissingModel::OtherFiles
        } else {
            MissingModel::NoFolder
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
        for (probability, expected) in prediction.probabilities.iter().zip(expected) {
            assert!((f64::from(*probability) - expected).abs() < 1e-7);
        }
        assert_eq!(prediction.confidence, prediction.probabilities[1]);
    }
}
