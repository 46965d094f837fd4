//! Transfer of weights from one network to another.

use std::collections::HashMap;

use safetensors::SafeTensors;

use crate::plan::Plan;
use crate::weights::{NamedTensor, Weights, WeightsError, float32};

/// Result of transferring one tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transferred {
    /// Name of the tensor.
    pub name: String,
    /// Why it was not transferred; `None` if it was.
    pub left: Option<String>,
}

/// Reads the tensors of a safetensors file by name, for any network.
///
/// # Errors
/// [`WeightsError`] if the bytes are not safetensors of float32.
pub fn named_tensors(bytes: &[u8]) -> Result<HashMap<String, NamedTensor>, WeightsError> {
    let file = SafeTensors::deserialize(bytes)?;
    let tensors = file.iter().map(|(name, view)| {
        let tensor = NamedTensor {
            name: name.into(),
            shape: view.shape().to_vec(),
            values: float32(name, &view, Vec::new)?,
        };
        Ok((name.to_owned(), tensor))
    });
    tensors.collect()
}

impl Weights {
    /// Replaces tensors by those of `source` with the same name and shape. `same_classes` is whether both networks have
    /// the same classes; if not, the last layer keeps its values. Also returns the outcome for each tensor.
    pub fn with_tensors_of(
        mut self,
        plan: &Plan,
        source: &HashMap<String, NamedTensor>,
        same_classes: bool,
    ) -> (Self, Vec<Transferred>) {
        let head = plan.layers().last().cloned();
        let transferred = self.tensors_mut().iter_mut().map(|tensor| {
            let is_head = head.as_deref() == tensor.name.split('/').next();
            let left = match source.get(&tensor.name) {
                None => Some("the source has none of this name".to_owned()),
                Some(_) if is_head && !same_classes => Some("the classes differ".to_owned()),
                Some(found) if found.shape != tensor.shape => Some(format!(
                    "it is {:?} there, {:?} here",
                    found.shape, tensor.shape
                )),
                Some(found) if found.values.iter().any(|v| !v.is_finite()) => {
                    Some("it has values that are not finite".to_owned())
                }
                Some(found) => {
                    tensor.values.clone_from(&found.values);
                    None
                }
            };
            Transferred {
                name: tensor.name.clone(),
                left,
            }
        });
        let transferred = transferred.collect();
        (self, transferred)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Architecture, InputShape, ModelKind};

    #[test]
    fn tensors_are_taken_by_name_and_shape() {
        let plan = |classes| {
            let input = InputShape::from([2, 7, 8]);
            Plan::new(&Architecture::narrowed(
                ModelKind::Simple,
                input,
                classes,
                8,
            ))
            .unwrap()
        };
        let source = Weights::init(&plan(3), 1);
        let bytes = source.to_safetensors(&[]).unwrap();
        let named = named_tensors(&bytes).unwrap();
        let initial = Weights::init(&plan(3), 2);
        let (taken, told) = initial.clone().with_tensors_of(&plan(3), &named, true);
        assert_eq!(taken, source);
        assert!(told.iter().all(|tensor| tensor.left.is_none()));
        let (taken, told) = initial.clone().with_tensors_of(&plan(3), &named, false);
        let left: Vec<&str> = told
            .iter()
            .filter(|tensor| tensor.left.is_some())
            .map(|tensor| &tensor.name[..])
            .collect();
        assert_eq!(left, ["head/kernel", "head/bias"]);
        assert_eq!(taken.tensors().last(), initial.tensors().last());
        let (_, told) = Weights::init(&plan(4), 2).with_tensors_of(&plan(4), &named, true);
        let problem = told.iter().find_map(|tensor| tensor.left.clone()).unwrap();
        assert!(problem.contains("here"), "{problem}");
    }
}
