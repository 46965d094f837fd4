//! The network of a classifier: in float32, or in 8 bits.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use deploy::TrainedModel;
use deploy::quantise::{IntegerInference, IntegerNetwork, MAX_RANGES_SIZE, RANGES_FILE};
use model::native::Inference;
use model::{Architecture, Bundle, CARD_FILE};

use crate::error::PredictError;

/// What turns features into logits.
pub(crate) enum Network {
    Float(Inference),
    Int8 {
        network: IntegerInference,
        /// Checksum of all its integers.
        checksum: String,
    },
}

impl Network {
    /// The float32 network of the weights in `folder`.
    ///
    /// # Errors
    /// [`PredictError::Preprocessing`] if the network does not fit its input.
    pub fn float(
        folder: &Path,
        bundle: &Bundle,
        architecture: &Architecture,
    ) -> Result<Self, PredictError> {
        let network = Inference::new(architecture, &bundle.weights);
        let network = network.map_err(|error| PredictError::Preprocessing {
            path: folder.join(CARD_FILE),
            problem: error.to_string(),
        })?;
        Ok(Self::Float(network))
    }

    /// The int8 network of the weights and the stored ranges in `folder`.
    ///
    /// # Errors
    /// [`PredictError::Int8`] if there are no ranges, or they belong to other weights.
    pub fn int8(
        folder: &Path,
        bundle: &Bundle,
        architecture: &Architecture,
    ) -> Result<Self, PredictError> {
        let path = folder.join(RANGES_FILE);
        let wrong = |problem: String| PredictError::Int8 {
            path: path.clone(),
            problem,
        };
        let bytes = read(&path).map_err(|error| {
            wrong(match error.kind() {
                ErrorKind::NotFound => {
                    "does not exist: `trainer quantise ID` finds the ranges of the 8-bit network and stores them there".into()
                }
                _ => error.to_string(),
            })
        })?;
        let unusable = |error: deploy::DeployError| {
            wrong(format!(
                "{error}; remove the file and run `trainer quantise ID` again"
            ))
        };
        let float = TrainedModel::new(bundle, architecture)
            .and_then(|model| deploy::network::Network::new(&model))
            .map_err(|error| wrong(error.to_string()))?;
        let integers = IntegerNetwork::from_stored(&float, &bytes).map_err(unusable)?;
        Ok(Self::Int8 {
            network: IntegerInference::new(&integers),
            checksum: integers.checksum(),
        })
    }

    /// Checksum of the 8-bit network, if it is used.
    pub fn integers(&self) -> Option<&str> {
        match self {
            Self::Float(_) => None,
            Self::Int8 { checksum, .. } => Some(checksum),
        }
    }

    /// Logits of windows of features.
    ///
    /// # Errors
    /// For the 8-bit network: the index of a value that is not finite, which 8 bits cannot represent.
    pub fn logits(&mut self, x: &[f32]) -> Result<&[f32], usize> {
        match self {
            Self::Float(network) => Ok(network.logits(x)),
            Self::Int8 { network, .. } => match x.iter().position(|v| !v.is_finite()) {
                Some(value) => Err(value),
                None => Ok(network.logits(x)),
            },
        }
    }
}

/// A regular file of at most [`MAX_RANGES_SIZE`] bytes.
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("no regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MAX_RANGES_SIZE + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_RANGES_SIZE {
        let problem = format!("larger than {MAX_RANGES_SIZE} bytes");
        return Err(std::io::Error::other(problem));
    }
    Ok(bytes)
}
