//! A network's tensors on the host: initialised like Keras, stored as safetensors.

use std::collections::HashMap;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensorError, SafeTensors};

use crate::plan::{Plan, TensorId, TensorPlan, TensorRole};
use crate::rng::Rng;

/// A float32 tensor with its name, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor {
    /// `layer/kernel`, `layer/bias`, ...
    pub name: String,
    /// Shape in Keras' layout.
    pub shape: Vec<usize>,
    /// Values, row-major.
    pub values: Vec<f32>,
}

/// All tensors of a network in the order of its [`Plan`].
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    tensors: Vec<NamedTensor>,
}

/// Error from reading or writing weights.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// Not a safetensors file.
    #[error("not a readable safetensors file: {0}")]
    Format(#[from] SafeTensorError),
    /// A tensor of the network is missing.
    #[error("tensor `{name}` is missing: the file holds another network")]
    Missing {
        /// Tensor name.
        name: String,
    },
    /// The file has a tensor that the network does not have.
    #[error("tensor `{name}` does not belong to this network")]
    Unexpected {
        /// Tensor name.
        name: String,
    },
    /// Shape or type differ.
    #[error("tensor `{name}` is {found}, expected float32 {expected:?}")]
    Shape {
        /// Tensor name.
        name: String,
        /// Type and shape found.
        found: String,
        /// Shape expected.
        expected: Vec<usize>,
    },
    /// Reading failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl Weights {
    /// These weights with scales of zero in the last batch normalisation of every residual block, so that the block begins
    /// as its shortcut alone (P. Goyal et al., 2017, section 5.1).
    #[must_use]
    pub fn with_zero_residuals(mut self, plan: &Plan) -> Self {
        for scale in plan.last_scales_of_residuals() {
            self.tensors[scale.index()].values.fill(0.0);
        }
        self
    }

    /// Keras' default initialisation: Glorot uniform kernels (Glorot and Bengio, AISTATS 2010), zero biases, batch
    /// normalisations as identity. Depends only on `seed`.
    pub fn init(plan: &Plan, seed: u64) -> Self {
        let tensors = plan.tensors.iter().enumerate().map(|(i, tensor)| {
            let mut rng = Rng::new(seed, i as u64);
            let values = match tensor.role {
                TensorRole::Kernel { fan_in, fan_out } => {
                    let limit = (6.0 / (fan_in + fan_out) as f32).sqrt();
                    let draw = |_| (2.0 * rng.uniform() - 1.0) * limit;
                    (0..tensor.elements()).map(draw).collect()
                }
                TensorRole::Gamma | TensorRole::MovingVariance => vec![1.0; tensor.elements()],
                TensorRole::Bias | TensorRole::Beta | TensorRole::MovingMean => {
                    vec![0.0; tensor.elements()]
                }
            };
            NamedTensor::new(tensor, values)
        });
        Self {
            tensors: tensors.collect(),
        }
    }

    /// Takes tensors by name and checks them against `plan`.
    ///
    /// # Errors
    /// [`WeightsError`] if a tensor is missing, unexpected or has another shape.
    pub fn from_named(
        plan: &Plan,
        mut named: HashMap<String, NamedTensor>,
    ) -> Result<Self, WeightsError> {
        let mut tensors = Vec::with_capacity(plan.tensors.len());
        for expected in &plan.tensors {
            let name = || expected.name.clone();
            let tensor = named
                .remove(&expected.name)
                .ok_or_else(|| WeightsError::Missing { name: name() })?;
            if tensor.shape != expected.shape || tensor.values.len() != expected.elements() {
                return Err(WeightsError::Shape {
                    name: name(),
                    found: format!("float32 {:?}", tensor.shape),
                    expected: expected.shape.clone(),
                });
            }
            tensors.push(tensor);
        }
        match named.into_keys().min() {
            Some(name) => Err(WeightsError::Unexpected { name }),
            None => Ok(Self { tensors }),
        }
    }

    pub(crate) fn from_ordered(plan: &Plan, values: Vec<Vec<f32>>) -> Self {
        let pairs = plan.tensors.iter().zip(values);
        Self {
            tensors: pairs.map(|(plan, v)| NamedTensor::new(plan, v)).collect(),
        }
    }

    pub(crate) fn tensors_mut(&mut self) -> &mut [NamedTensor] {
        &mut self.tensors
    }

    /// The tensors in the order of the plan.
    pub fn tensors(&self) -> &[NamedTensor] {
        &self.tensors
    }

    /// One of the plan's tensors.
    pub fn tensor(&self, id: TensorId) -> &NamedTensor {
        &self.tensors[id.index()]
    }

    /// Batch normalisation with the running statistics as `scale * x + shift`.
    ///
    /// # Shapes
    /// `norm` names gamma, beta, mean and variance, `[channels]` each; so are scale and shift.
    pub fn scale_and_shift(&self, norm: [TensorId; 4], epsilon: f64) -> [Vec<f64>; 2] {
        let [gamma, beta, mean, variance] = norm.map(|id| &self.tensor(id).values);
        let scale = gamma.iter().zip(variance);
        let scale = scale.map(|(g, v)| f64::from(*g) / (f64::from(*v) + epsilon).sqrt());
        let scale: Vec<f64> = scale.collect();
        let shift = beta.iter().zip(mean).zip(&scale);
        let shift = shift.map(|((beta, mean), scale)| f64::from(*beta) - scale * f64::from(*mean));
        let shift = shift.collect();
        [scale, shift]
    }

    /// Serialises to safetensors with `metadata` in the header. Equal weights give equal bytes.
    ///
    /// # Errors
    /// [`WeightsError`] if the tensors cannot be encoded.
    pub fn to_safetensors(&self, metadata: &[(&str, &str)]) -> Result<Vec<u8>, WeightsError> {
        let tensors = self
            .tensors
            .iter()
            .map(|t| (t.name.clone(), t.shape.clone(), &t.values[..]));
        // Several entries would be written in hash order; a single one keeps the bytes stable.
        let header = serde_json::to_string(&metadata.iter().collect::<Vec<_>>());
        let header = header.expect("string pairs are JSON");
        let metadata = (!metadata.is_empty()).then(|| HashMap::from([("model".into(), header)]));
        encode(tensors.collect(), metadata)
    }

    /// Parses safetensors. Allocates no more than the size of the file.
    ///
    /// # Errors
    /// [`WeightsError`] if the bytes are not safetensors or belong to another network.
    pub fn from_safetensors(plan: &Plan, bytes: &[u8]) -> Result<Self, WeightsError> {
        let file = SafeTensors::deserialize(bytes)?;
        let mut named = HashMap::new();
        for (name, view) in file.iter() {
            let expected = || {
                let expected = plan.tensors.iter().find(|t| t.name == name);
                expected.map(|t| t.shape.clone()).unwrap_or_default()
            };
            let tensor = NamedTensor {
                name: name.into(),
                shape: view.shape().to_vec(),
                values: float32(name, &view, expected)?,
            };
            named.insert(name.to_owned(), tensor);
        }
        Self::from_named(plan, named)
    }

    /// Reads a safetensors file.
    ///
    /// # Errors
    /// [`WeightsError`] if the file cannot be read, is not safetensors, or belongs to another network.
    pub fn load(plan: &Plan, path: &Path) -> Result<Self, WeightsError> {
        Self::from_safetensors(plan, &std::fs::read(path)?)
    }
}

/// Serialises named float32 tensors to safetensors.
pub(crate) fn encode(
    tensors: Vec<(String, Vec<usize>, &[f32])>,
    header: Option<HashMap<String, String>>,
) -> Result<Vec<u8>, WeightsError> {
    let little_endian = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let bytes: Vec<Vec<u8>> = tensors.iter().map(|(.., v)| little_endian(v)).collect();
    let views = tensors.into_iter().zip(&bytes);
    let views = views
        .map(|((name, shape, _), bytes)| Ok((name, TensorView::new(Dtype::F32, shape, bytes)?)));
    let views = views.collect::<Result<Vec<_>, SafeTensorError>>()?;
    Ok(safetensors::serialize(views, header)?)
}

/// Values of the tensor `name`, which must be float32; `expected` is the shape given in the error.
pub(crate) fn float32(
    name: &str,
    view: &TensorView<'_>,
    expected: impl FnOnce() -> Vec<usize>,
) -> Result<Vec<f32>, WeightsError> {
    if view.dtype() != Dtype::F32 {
        return Err(WeightsError::Shape {
            name: name.into(),
            found: format!("{:?} {:?}", view.dtype(), view.shape()),
            expected: expected(),
        });
    }
    let chunks = view.data().chunks_exact(4);
    let values = chunks.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    Ok(values.collect())
}

impl NamedTensor {
    fn new(plan: &TensorPlan, values: Vec<f32>) -> Self {
        debug_assert_eq!(values.len(), plan.elements(), "{}", plan.name);
        Self {
            name: plan.name.clone(),
            shape: plan.shape.clone(),
            values,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Architecture, InputShape, ModelKind};
    use proptest::prelude::*;

    fn plan() -> Plan {
        let input = InputShape::from([2, 7, 8]);
        Plan::new(&Architecture::narrowed(ModelKind::Simple, input, 3, 8)).unwrap()
    }

    /// Every block of the network, and no other batch normalisation, begins with scales of zero.
    #[test]
    fn residual_blocks_begin_as_their_shortcut() {
        let architecture =
            Architecture::new(ModelKind::ResnetStyle, InputShape::from([2, 7, 256]), 3);
        let plan = Plan::new(&architecture).unwrap();
        let weights = Weights::init(&plan, 1).with_zero_residuals(&plan);
        let scales = weights.tensors().iter();
        let zero = scales.filter(|t| t.name.ends_with("/gamma") && t.values[0] == 0.0);
        let mut names: Vec<&str> = zero.map(|tensor| &tensor.name[..]).collect();
        names.sort_unstable();
        let last = |block: usize| if block <= 7 { "bn2" } else { "bn3" };
        let expected = (1..=17).map(|block| format!("block{block:02}.{}/gamma", last(block)));
        assert_eq!(names, expected.collect::<Vec<_>>());
    }

    #[test]
    fn glorot_limits_and_seeds() {
        let plan = plan();
        let weights = Weights::init(&plan, 1);
        let kernel = &weights.tensors()[0];
        assert_eq!(
            (kernel.name.as_str(), &kernel.shape[..]),
            ("conv1/kernel", &[2, 3, 8, 4][..])
        );
        let limit = (6.0f32 / (6 * 8 + 6 * 4) as f32).sqrt();
        let largest = kernel.values.iter().fold(0f32, |m, v| m.max(v.abs()));
        assert!(
            largest <= limit && largest > 0.9 * limit,
            "{largest} of {limit}"
        );
        assert_eq!(weights, Weights::init(&plan, 1));
        assert_ne!(weights, Weights::init(&plan, 2));
    }

    #[test]
    fn round_trip_and_stable_bytes() {
        let weights = Weights::init(&plan(), 3);
        let bytes = weights
            .to_safetensors(&[("type", "simple_cnn"), ("a", "b")])
            .unwrap();
        assert_eq!(
            bytes,
            weights
                .to_safetensors(&[("type", "simple_cnn"), ("a", "b")])
                .unwrap()
        );
        assert_eq!(weights, Weights::from_safetensors(&plan(), &bytes).unwrap());
    }

    #[test]
    fn another_network_is_named() {
        let input = InputShape::from([2, 7, 8]);
        let other = Architecture::narrowed(ModelKind::UltraLightweight, input, 3, 8);
        let other = Plan::new(&other).unwrap();
        let bytes = Weights::init(&other, 3).to_safetensors(&[]).unwrap();
        let error = Weights::from_safetensors(&plan(), &bytes).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("tensor `conv1/kernel` is float32 [1, 3, 8, 1]"),
            "{error}"
        );
    }

    proptest! {
        /// Truncated files are errors.
        #[test]
        fn cut_files_are_errors(length: usize) {
            let bytes = Weights::init(&plan(), 3).to_safetensors(&[]).unwrap();
            let cut = &bytes[..length % bytes.len()];
            prop_assert!(Weights::from_safetensors(&plan(), cut).is_err());
        }

        /// The format has no checksum: a changed byte is an error or affects only the value it is in.
        #[test]
        fn a_changed_byte_moves_nothing_else(at: usize, in_header: bool, value: u8) {
            let whole = Weights::init(&plan(), 3);
            let mut bytes = whole.to_safetensors(&[]).unwrap();
            let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
            let at = at % if in_header { header } else { bytes.len() };
            bytes[at] = value;
            if let Ok(read) = Weights::from_safetensors(&plan(), &bytes) {
                let values = |weights: &Weights| -> Vec<u32> {
                    let tensors = weights.tensors().iter();
                    tensors.flat_map(|tensor| tensor.values.iter().map(|v| v.to_bits())).collect()
                };
                let (read, whole) = (values(&read), values(&whole));
                let changed = read.iter().zip(&whole).filter(|(a, b)| a != b).count();
                prop_assert_eq!(read.len(), whole.len());
                prop_assert!(changed <= usize::from(at >= header), "{} values", changed);
            }
        }
    }
}
