//! State of a training between two steps, as one safetensors file: `weights/...` and `best/...` with the names of
//! [`Weights`], `average/...` if enabled, `adam/first`, `adam/second` and `epoch/logits`.

use std::collections::HashMap;

use safetensors::SafeTensors;

use crate::adam::AdamState;
use crate::plan::Plan;
use crate::weights::{NamedTensor, Weights, WeightsError, encode, float32};

/// State of a network and its optimiser in training.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingState {
    /// Weights.
    pub weights: Weights,
    /// Weights of the best epoch.
    pub best: Weights,
    /// Moving average of the weights, if enabled.
    pub average: Option<Weights>,
    /// Optimiser state.
    pub adam: AdamState,
    /// Logits of the steps taken in the current epoch, concatenated; empty between epochs.
    pub logits: Vec<f32>,
}

/// Keys in the file header: the caller's note and the optimiser's step count.
const NOTE: &str = "note";
const STEPS: &str = "steps";

/// Name of the tensor with the logits.
const LOGITS: &str = "epoch/logits";

impl TrainingState {
    /// Serialises the state, with `note` in the header.
    ///
    /// # Errors
    /// [`WeightsError`] if the tensors cannot be encoded.
    pub fn to_bytes(&self, note: &str) -> Result<Vec<u8>, WeightsError> {
        let mut tensors = Vec::new();
        let average = self.average.as_ref().map(|weights| ("average", weights));
        let parts = [("weights", &self.weights), ("best", &self.best)];
        for (prefix, weights) in parts.into_iter().chain(average) {
            for tensor in weights.tensors() {
                let name = format!("{prefix}/{}", tensor.name);
                tensors.push((name, tensor.shape.clone(), &tensor.values[..]));
            }
        }
        for (name, moments) in [("first", &self.adam.first), ("second", &self.adam.second)] {
            let shape = vec![moments.len()];
            tensors.push((format!("adam/{name}"), shape, &moments[..]));
        }
        if !self.logits.is_empty() {
            let shape = vec![self.logits.len()];
            tensors.push((LOGITS.to_owned(), shape, &self.logits));
        }
        let header = HashMap::from([
            (NOTE.to_owned(), note.to_owned()),
            (STEPS.to_owned(), self.adam.steps.to_string()),
        ]);
        encode(tensors, Some(header))
    }

    /// Parses the checkpoint of a network with `plan`; also returns its note. Allocates no more than a small multiple
    /// of the file's size.
    ///
    /// # Errors
    /// [`WeightsError`] if the bytes are not safetensors, belong to another network, or lack a part.
    pub fn from_bytes(plan: &Plan, bytes: &[u8]) -> Result<(Self, String), WeightsError> {
        let (_, header) = SafeTensors::read_metadata(bytes)?;
        let header = header.metadata().clone().unwrap_or_default();
        let missing = |name: &str| WeightsError::Missing { name: name.into() };
        let file = SafeTensors::deserialize(bytes)?;
        let (mut weights, mut best) = (HashMap::new(), HashMap::new());
        let mut average = HashMap::new();
        let (mut moments, mut logits) = (HashMap::new(), Vec::new());
        for (name, view) in file.iter() {
            if name == LOGITS {
                logits = float32(name, &view, Vec::new)?;
                continue;
            }
            let unexpected = || WeightsError::Unexpected { name: name.into() };
            let (part, tensor_name) = name.split_once('/').ok_or_else(unexpected)?;
            let target = match part {
                "weights" => &mut weights,
                "best" => &mut best,
                "average" => &mut average,
                "adam" => &mut moments,
                _ => return Err(unexpected()),
            };
            let tensor = NamedTensor {
                name: tensor_name.into(),
                shape: view.shape().to_vec(),
                values: float32(name, &view, Vec::new)?,
            };
            target.insert(tensor_name.to_owned(), tensor);
        }
        let steps: u64 = header
            .get(STEPS)
            .and_then(|steps| steps.parse().ok())
            .ok_or_else(|| missing(STEPS))?;
        let mut moment = |name: &str| {
            let tensor = moments.remove(name).ok_or_else(|| missing(name))?;
            let expected = plan.trainable_parameters();
            match tensor.values.len() {
                // Some backends have no moments before the first step.
                0 if steps == 0 => Ok(tensor.values),
                length if length == expected => Ok(tensor.values),
                _ => Err(WeightsError::Shape {
                    name: format!("adam/{name}"),
                    found: format!("float32 {:?}", tensor.shape),
                    expected: vec![expected],
                }),
            }
        };
        let adam = AdamState {
            steps,
            first: moment("first")?,
            second: moment("second")?,
        };
        let state = Self {
            weights: Weights::from_named(plan, weights)?,
            best: Weights::from_named(plan, best)?,
            average: if average.is_empty() {
                None
            } else {
                Some(Weights::from_named(plan, average)?)
            },
            adam,
            logits,
        };
        let note = header.get(NOTE).cloned().ok_or_else(|| missing(NOTE))?;
        Ok((state, note))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Architecture, ModelKind};
    use proptest::prelude::*;

    fn plan() -> Plan {
        Plan::new(&Architecture::narrowed(
            ModelKind::Simple,
            [2, 7, 8].into(),
            3,
            16,
        ))
        .unwrap()
    }

    fn state() -> TrainingState {
        let plan = plan();
        let moments = |seed: usize| {
            let value = |i| ((i * 7 + seed) % 13) as f32 * 0.1;
            (0..plan.trainable_parameters()).map(value).collect()
        };
        TrainingState {
            weights: Weights::init(&plan, 1),
            best: Weights::init(&plan, 2),
            average: Some(Weights::init(&plan, 3)),
            adam: AdamState {
                steps: 17,
                first: moments(1),
                second: moments(2),
            },
            logits: vec![0.5, -1.0, 2.0],
        }
    }

    #[test]
    fn round_trip() {
        let bytes = state().to_bytes("{\"epoch\": 3}").unwrap();
        let (read, note) = TrainingState::from_bytes(&plan(), &bytes).unwrap();
        assert_eq!(read, state());
        assert_eq!(note, "{\"epoch\": 3}");
        let without = TrainingState {
            average: None,
            ..state()
        };
        let bytes = without.to_bytes("").unwrap();
        assert_eq!(
            TrainingState::from_bytes(&plan(), &bytes).unwrap().0,
            without
        );
    }

    proptest! {
        /// Truncated files are errors.
        #[test]
        fn cut_files_are_errors(length: usize) {
            let bytes = state().to_bytes("").unwrap();
            prop_assert!(TrainingState::from_bytes(&plan(), &bytes[..length % bytes.len()]).is_err());
        }

        /// A changed byte never panics. Detecting it is up to the checksum that the experiment stores.
        #[test]
        fn a_changed_byte_panics_nowhere(at: usize, value: u8) {
            let mut bytes = state().to_bytes("").unwrap();
            let at = at % bytes.len();
            bytes[at] = value;
            let _ = TrainingState::from_bytes(&plan(), &bytes);
        }
    }
}
