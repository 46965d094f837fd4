//! A network's weights, inputs and results, written by Keras or PyTorch.

use std::collections::HashMap;
use std::path::Path;

use burn::tensor::{Device, Int, Tensor, TensorData};
use model::{
    Architecture, InputShape, ModelKind, NamedTensor, Network, Plan, Targets, TensorPlan, Weights,
};
use safetensors::SafeTensors;

use super::largest;

#[derive(Clone, Copy, PartialEq)]
pub enum Layout {
    /// `conv1/kernel` `[kh, kw, in, out]`.
    Keras,
    /// `conv1.weight` `[out, in, kh, kw]`.
    PyTorch,
}

pub struct Fixture {
    pub layout: Layout,
    pub floats: HashMap<String, (Vec<usize>, Vec<f32>)>,
    pub labels: Vec<i64>,
    pub architecture: Architecture,
    pub plan: Plan,
}

impl Fixture {
    /// Labels as the native path takes them.
    pub fn labels(&self) -> Vec<u32> {
        self.labels.iter().map(|label| *label as u32).collect()
    }

    pub fn load(path: &Path, kind: ModelKind, divisor: usize, layout: Layout) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let mut floats = HashMap::new();
        let mut labels = Vec::new();
        for (name, view) in file.iter() {
            if name == "y" {
                let chunks = view.data().chunks_exact(8);
                labels = chunks
                    .map(|b| i64::from_le_bytes(b.try_into().unwrap()))
                    .collect();
            } else {
                let chunks = view.data().chunks_exact(4);
                let values = chunks.map(|b| f32::from_le_bytes(b.try_into().unwrap()));
                floats.insert(name.to_owned(), (view.shape().to_vec(), values.collect()));
            }
        }
        let input: [usize; 3] = floats["x"].0[1..].try_into().unwrap();
        let architecture = Architecture::narrowed(kind, InputShape::from(input), 3, divisor);
        let plan = Plan::new(&architecture).unwrap();
        Self {
            layout,
            floats,
            labels,
            architecture,
            plan,
        }
    }

    pub fn values(&self, name: &str) -> &[f32] {
        &self
            .floats
            .get(name)
            .unwrap_or_else(|| panic!("{name} in the fixture"))
            .1
    }

    /// Tensor `plan` of group `weights`, `grads` or `after` in Keras' layout; `None` if the fixture does not have it.
    pub fn tensor(&self, group: &str, plan: &TensorPlan) -> Option<Vec<f32>> {
        let (layer, field) = plan.name.rsplit_once('/').unwrap();
        if self.layout == Layout::Keras {
            return self
                .floats
                .get(&format!("{group}.{}", plan.name))
                .map(|t| t.1.clone());
        }
        let field = match field {
            "kernel" => "weight",
            "moving_mean" => "running_mean",
            "moving_variance" => "running_var",
            other => other,
        };
        let (_, values) = self.floats.get(&format!("{group}.{layer}.{field}"))?;
        Some(match plan.shape[..] {
            [inputs, outputs] => (0..inputs * outputs)
                .map(|i| values[(i % outputs) * inputs + i / outputs])
                .collect(),
            [kh, kw, c, out] => {
                // Depthwise kernels are [c, 1, kh, kw] in PyTorch and [kh, kw, c, 1] in Keras.
                let depthwise = layer.ends_with(".dw");
                let mut keras = Vec::with_capacity(values.len());
                for tap in 0..kh * kw {
                    for i in 0..c {
                        for o in 0..out {
                            let row = if depthwise { i } else { o * c + i };
                            keras.push(values[row * kh * kw + tap]);
                        }
                    }
                }
                keras
            }
            _ => values.clone(),
        })
    }

    pub fn targets(&self, device: &Device) -> Tensor<2> {
        let labels = self.labels();
        let values = Targets::new(3, 0.0).of(&labels, labels.len());
        Tensor::from_data(TensorData::new(values, [labels.len(), 3]), device)
    }

    pub fn network(&self, device: &Device) -> Network {
        let named = self.plan.tensors.iter().map(|plan| {
            let tensor = NamedTensor {
                name: plan.name.clone(),
                shape: plan.shape.clone(),
                values: self
                    .tensor("weights", plan)
                    .expect("the fixture has every weight"),
            };
            (plan.name.clone(), tensor)
        });
        let weights = Weights::from_named(&self.plan, named.collect()).unwrap();
        Network::new(&self.architecture, &weights, device).unwrap()
    }

    /// Rounding noise of a gradient. A bias in front of a batch normalisation has no other gradient. The noise grows
    /// with the gradients around it.
    pub fn noise(&self) -> f32 {
        let trainable = self
            .plan
            .tensors
            .iter()
            .filter(|plan| plan.role.trainable());
        let sizes = trainable.map(|plan| largest(&self.tensor("grads", plan).unwrap()));
        1e-6 * sizes.fold(1.0, f32::max)
    }

    /// Tolerance for a gradient, relative to its tensor's largest element: 1e-4, or twice the error of Keras' own
    /// float32 gradients if the fixture gives a larger one.
    pub fn gradient_tolerance(&self) -> f32 {
        let tolerance = self
            .floats
            .get("float32_error")
            .map_or(0.0, |t| 2.0 * t.1[0]);
        tolerance.max(1e-4)
    }

    pub fn x(&self, device: &Device) -> Tensor<4> {
        let [h, w, c] = self.architecture.input.dims();
        let data = TensorData::new(self.values("x").to_vec(), [self.labels.len(), h, w, c]);
        Tensor::from_data(data, device)
    }

    pub fn y(&self, device: &Device) -> Tensor<1, Int> {
        Tensor::from_data(
            TensorData::new(self.labels.clone(), [self.labels.len()]),
            device,
        )
    }
}
