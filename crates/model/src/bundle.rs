//! The folder `model/` of an experiment: `model.safetensors` and `model.json`, enough to classify raw windows.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::architecture::{Architecture, InputShape, ModelKind, UnknownModel};
use crate::plan::{Plan, PlanError};
use crate::weights::{Weights, WeightsError};

/// File name of the weights.
pub const WEIGHTS_FILE: &str = "model.safetensors";
/// File name of the model card.
pub const CARD_FILE: &str = "model.json";
/// Version of `model.json`. Newer files may add fields; a higher number changes the meaning of fields.
pub const CARD_VERSION: u32 = 1;

/// `model.json`, the model card: describes the weights and the input that the network expects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// [`CARD_VERSION`].
    pub format_version: u32,
    /// Network name, see [`ModelKind`].
    pub architecture: String,
    /// `[height, width, channels]`.
    pub input_shape: [usize; 3],
    /// Class names in the order of the logits.
    pub class_names: Vec<String>,
    /// Layout of the tensors in `model.safetensors`.
    pub layout: String,
    /// Preprocessing of raw windows, in the format of the data crate.
    pub preprocessing: serde_json::Value,
    /// Divisor of the logits before the softmax, which calibrates the probabilities; 1 changes nothing. C. Guo et
    /// al., "On calibration of modern neural networks", ICML 2017.
    #[serde(default = "default_temperature")]
    pub temperature: f64,
}

fn default_temperature() -> f64 {
    1.0
}

/// Size limit of `model.json`, in bytes.
const MAX_CARD_SIZE: u64 = 64 << 20;
/// Size limit of `model.safetensors`, in bytes.
const MAX_WEIGHTS_SIZE: u64 = 4 << 30;
/// Upper bound for the number of values in an input.
const MAX_INPUT: usize = 1 << 24;

/// Reads a model file, which may be untrusted.
fn read_file(path: &Path, largest: u64) -> Result<Vec<u8>, BundleError> {
    let error = |source| BundleError::Io {
        path: path.to_owned(),
        source,
    };
    let found = std::fs::metadata(path).map_err(error)?;
    if !found.is_file() {
        return Err(error(std::io::Error::other("is no regular file")));
    }
    if found.len() > largest {
        let problem = format!("{} bytes are too many: at most {largest}", found.len());
        return Err(error(std::io::Error::other(problem)));
    }
    std::fs::read(path).map_err(error)
}

impl ModelCard {
    /// Refuses values that no network can have.
    fn check(&self) -> Result<(), CardError> {
        let values = self
            .input_shape
            .iter()
            .try_fold(1usize, |product, n| product.checked_mul(*n));
        if values.is_none_or(|values| !(1..=MAX_INPUT).contains(&values)) {
            return Err(CardError::InputShape(self.input_shape));
        }
        if !(self.temperature.is_finite() && self.temperature > 0.0) {
            return Err(CardError::Temperature(self.temperature));
        }
        let mut names: Vec<&String> = self.class_names.iter().collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(CardError::ClassTwice(pair[0].clone()));
        }
        Ok(())
    }

    /// Serialises the card.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("a card is JSON");
        bytes.push(b'\n');
        bytes
    }
}

/// A network with everything needed to use it.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    /// The model card.
    pub card: ModelCard,
    /// The weights.
    pub weights: Weights,
}

/// A value of `model.json` that no network can have.
#[derive(Debug, thiserror::Error)]
pub enum CardError {
    /// The input has no values, or too many.
    #[error("`input_shape` is {0:?}: from 1 to {MAX_INPUT} values are read")]
    InputShape([usize; 3]),
    /// Logits cannot be divided by the temperature.
    #[error("`temperature` is {0}: it must be above 0")]
    Temperature(f64),
    /// Two classes have the same name.
    #[error("`class_names` has `{0}` twice")]
    ClassTwice(String),
}

/// Error from reading a model directory.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A file cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// File.
        path: PathBuf,
        /// Underlying error.
        source: std::io::Error,
    },
    /// `model.json` is malformed.
    #[error("{path}: {source}")]
    Card {
        /// File.
        path: PathBuf,
        /// Parse error with line and column.
        source: serde_json::Error,
    },
    /// A newer version wrote the card.
    #[error(
        "{path}: format version {found} is newer than {CARD_VERSION}, which this program reads"
    )]
    Version {
        /// File.
        path: PathBuf,
        /// Version of the file.
        found: u32,
    },
    /// The card is inconsistent or has invalid values.
    #[error("{path}: {problem}")]
    Value {
        /// File.
        path: PathBuf,
        /// The key and its problem.
        problem: CardError,
    },
    /// The network is unknown.
    #[error("{path}: {source}")]
    Model {
        /// File.
        path: PathBuf,
        /// Underlying error.
        source: UnknownModel,
    },
    /// The network does not fit the input.
    #[error("{path}: {source}")]
    Plan {
        /// File.
        path: PathBuf,
        /// Underlying error.
        source: PlanError,
    },
    /// The weights are unusable.
    #[error("{path}: {source}")]
    Weights {
        /// File.
        path: PathBuf,
        /// Underlying error.
        source: WeightsError,
    },
}

impl Bundle {
    /// Bundles `weights` of `architecture`.
    pub fn new(
        architecture: &Architecture,
        weights: Weights,
        class_names: Vec<String>,
        preprocessing: serde_json::Value,
    ) -> Self {
        Self {
            card: ModelCard {
                format_version: CARD_VERSION,
                architecture: architecture.kind.name().into(),
                input_shape: architecture.input.dims(),
                class_names,
                layout: "keras: conv [kh, kw, in, out], depthwise [kh, kw, c, 1], dense [in, out]"
                    .into(),
                preprocessing,
                temperature: default_temperature(),
            },
            weights,
        }
    }

    /// Sets the temperature.
    pub fn with_temperature(mut self, temperature: f64) -> Self {
        self.card.temperature = temperature;
        self
    }

    /// Names and contents of the bundle's files, for the owner of the directory to write.
    ///
    /// # Errors
    /// [`WeightsError`] if the weights cannot be encoded.
    pub fn files(&self) -> Result<[(&'static str, Vec<u8>); 2], WeightsError> {
        let metadata = [("architecture", self.card.architecture.as_str())];
        Ok([
            (WEIGHTS_FILE, self.weights.to_safetensors(&metadata)?),
            (CARD_FILE, self.card.to_bytes()),
        ])
    }

    /// Reads `model.json` and `model.safetensors` in `directory`.
    ///
    /// # Errors
    /// [`BundleError`] naming the file.
    pub fn load(directory: &Path) -> Result<(Self, Architecture), BundleError> {
        let path = directory.join(CARD_FILE);
        let bytes = read_file(&path, MAX_CARD_SIZE)?;
        let card: ModelCard =
            serde_json::from_slice(&bytes).map_err(|source| BundleError::Card {
                path: path.clone(),
                source,
            })?;
        if card.format_version > CARD_VERSION {
            return Err(BundleError::Version {
                path,
                found: card.format_version,
            });
        }
        card.check().map_err(|problem| BundleError::Value {
            path: path.clone(),
            problem,
        })?;
        let kind: ModelKind = card
            .architecture
            .parse()
            .map_err(|source| BundleError::Model {
                path: path.clone(),
                source,
            })?;
        let input = InputShape::from(card.input_shape);
        let mut architecture = Architecture::new(kind, input, card.class_names.len());
        let plan = |architecture: &Architecture| {
            Plan::new(architecture).map_err(|source| BundleError::Plan {
                path: path.clone(),
                source,
            })
        };
        let mut layout = plan(&architecture)?;
        let path = directory.join(WEIGHTS_FILE);
        let bytes = read_file(&path, MAX_WEIGHTS_SIZE)?;
        let mut weights = Weights::from_safetensors(&layout, &bytes);
        if let (Err(WeightsError::Missing { .. }), Some(earlier)) =
            (&weights, architecture.earlier())
        {
            architecture = earlier;
            layout = plan(&architecture)?;
            weights = Weights::from_safetensors(&layout, &bytes);
        }
        let weights = weights.map_err(|source| BundleError::Weights { path, source })?;
        Ok((Self { card, weights }, architecture))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_read_again(architecture: Architecture) {
        let plan = Plan::new(&architecture).unwrap();
        let names = ["a", "b", "c"].map(String::from).to_vec();
        let preprocessing = serde_json::json!({"normalisation": "sample"});
        let bundle = Bundle::new(&architecture, Weights::init(&plan, 1), names, preprocessing);
        let directory = tempfile::tempdir().unwrap();
        for (name, bytes) in bundle.files().unwrap() {
            std::fs::write(directory.path().join(name), bytes).unwrap();
        }
        assert_eq!(
            Bundle::load(directory.path()).unwrap(),
            (bundle, architecture)
        );
    }

    #[test]
    fn round_trip() {
        let input = InputShape::from([2, 7, 16]);
        is_read_again(Architecture::new(ModelKind::UltraLightweight, input, 3));
    }

    #[test]
    fn both_forms_of_the_seismic_network_are_read() {
        let now = Architecture::new(ModelKind::Seismic, InputShape::from([2, 7, 16]), 3);
        let earlier = now.earlier().unwrap();
        assert_ne!(now, earlier);
        is_read_again(now);
        is_read_again(earlier);
    }

    #[test]
    fn a_newer_format_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let card = r#"{"format_version": 9, "architecture": "simple_cnn", "input_shape": [2,7,256],
            "class_names": ["a","b"], "layout": "", "preprocessing": null}"#;
        std::fs::write(directory.path().join(CARD_FILE), card).unwrap();
        let error = Bundle::load(directory.path()).unwrap_err();
        assert!(
            matches!(error, BundleError::Version { found: 9, .. }),
            "{error}"
        );
    }
}
