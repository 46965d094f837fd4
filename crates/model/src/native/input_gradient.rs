//! Gradient of a network's logits with respect to its input, which gives the relevance of the parts of a window.
//! Training never computes it.

use super::flat;
use super::kernels as k;
use super::program::{INPUT, Program};
use super::run::transpositions;
use super::shard::{Input, NormState, SHARD, Shard, Shared};
use crate::architecture::Architecture;
use crate::mode::Mode;
use crate::plan::{Plan, PlanError};
use crate::weights::Weights;

/// A network that computes gradients of its logits with respect to its input, with the running statistics.
#[derive(Clone, Debug)]
pub struct InputGradient {
    program: Program,
    parameters: Vec<f32>,
    transposed: Vec<f32>,
    norms: Vec<NormState>,
    /// Gradients of the parameters. They are zero, because the running statistics do not depend on the input.
    zeros: Vec<f32>,
    shard: Shard,
}

impl InputGradient {
    /// Builds the network.
    ///
    /// # Errors
    /// [`PlanError`] if the architecture does not fit its input.
    ///
    /// # Panics
    /// If `weights` belong to another architecture; [`Weights`] read from files are checked.
    pub fn new(architecture: &Architecture, weights: &Weights) -> Result<Self, PlanError> {
        let plan = Plan::new(architecture)?;
        let program = Program::with_input_gradient(&plan);
        let (parameters, statistics) = flat(&plan, weights);
        let norms = program.norm_steps.iter().map(|&step| {
            let (norm, _) = program.norm_at(step).expect("a batch normalisation");
            let mut state = NormState::new(norm.gamma.len());
            let (mean, variance) = (
                &statistics[norm.mean.clone()],
                &statistics[norm.variance.clone()],
            );
            state.set(
                mean,
                variance,
                &parameters[norm.gamma.clone()],
                norm.epsilon,
            );
            state
        });
        let norms = norms.collect();
        let mut transposed = vec![0.0; program.transposed];
        for (kernel, rows, columns, out) in transpositions(&program, &parameters, &mut transposed) {
            k::transpose(kernel, rows, columns, out);
        }
        Ok(Self {
            zeros: vec![0.0; parameters.len()],
            shard: Shard::default(),
            program,
            parameters,
            transposed,
            norms,
        })
    }

    /// The gradient of one logit of each sample with respect to the sample.
    ///
    /// # Shapes
    /// `x` `[samples, height, width, channels]` row-major, `classes` `[samples]`; the result has the shape of `x`.
    ///
    /// # Panics
    /// If `x` and `classes` differ in length, or a class is out of range.
    pub fn of(&mut self, x: &[f32], classes: &[usize]) -> Vec<f32> {
        let length = self.program.buffers[INPUT].length();
        assert_eq!(x.len(), classes.len() * length, "one class a sample");
        let mut gradients = Vec::with_capacity(x.len());
        for (x, classes) in x.chunks(SHARD * length).zip(classes.chunks(SHARD)) {
            gradients.extend_from_slice(self.of_shard(x, classes));
        }
        gradients
    }

    fn of_shard(&mut self, x: &[f32], classes: &[usize]) -> &[f32] {
        let (program, shard) = (&self.program, &mut self.shard);
        let shared = Shared {
            program,
            parameters: &self.parameters,
            transposed: &self.transposed,
            norms: &self.norms,
            gradients: &self.zeros,
            input: Input::Batch(x),
            mode: Mode::Inference,
            batch: classes.len(),
        };
        shard.prepare(program, 0, classes.len());
        (0..program.steps.len()).for_each(|i| shard.forward(i, &shared));
        let logits = &mut shard.gradients[program.output];
        logits.fill(0.0);
        let rows = logits.chunks_exact_mut(program.buffers[program.output].channels);
        rows.zip(classes).for_each(|(row, &class)| row[class] = 1.0);
        for i in (0..program.steps.len()).rev() {
            if let Some((norm, step)) = program.norm_at(i)
                && norm.relu
            {
                k::relu_backward(&shard.activations[step.to], &mut shard.gradients[step.to]);
            }
            shard.backward(i, &shared, None);
        }
        &self.shard.gradients[INPUT]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture::{InputShape, ModelKind};
    use crate::native::Inference;
    use crate::rng::Rng;
    use crate::weights::NamedTensor;

    const WINDOWS: usize = 3;
    const CLASSES: [usize; WINDOWS] = [4, 0, 2];

    fn values(rng: &mut Rng, count: usize) -> Vec<f32> {
        (0..count).map(|_| 2.0 * rng.uniform() - 1.0).collect()
    }

    /// Weights without any scale of 1 or shift of 0.
    fn weights(plan: &Plan) -> Weights {
        let mut rng = Rng::new(3, 1 << 41);
        let tensors = Weights::init(plan, 7).tensors().to_vec().into_iter();
        let moved = tensors.map(|mut tensor: NamedTensor| {
            if tensor.shape.len() == 1 {
                tensor
                    .values
                    .iter_mut()
                    .for_each(|v| *v += 0.4 * rng.uniform());
            }
            (tensor.name.clone(), tensor)
        });
        Weights::from_named(plan, moved.collect()).unwrap()
    }

    /// Compared with finite differences of the logits along random directions. Networks are piecewise linear, so a step
    /// within a piece gives the gradient, but any step flips some of the thousands of ReLUs.
    #[test]
    fn gradients_are_those_of_differences() {
        let input = InputShape {
            height: 3,
            width: 9,
            channels: 20,
        };
        // The largest network is left out: too many of its ReLUs flip, and it has no other kinds of steps.
        let kinds = ModelKind::ALL.into_iter();
        for kind in kinds.filter(|kind| *kind != ModelKind::DeepLarge) {
            let architecture = Architecture::new(kind, input, 5);
            let weights = weights(&Plan::new(&architecture).unwrap());
            let mut rng = Rng::new(2, 1 << 40);
            let length = input.elements();
            let x = values(&mut rng, WINDOWS * length);
            let mut network = Inference::new(&architecture, &weights).unwrap();
            let mut logits = |x: &[f32]| -> Vec<f64> {
                let rows = network.logits(x).chunks_exact(5).zip(CLASSES);
                rows.map(|(row, class)| f64::from(row[class])).collect()
            };
            let mut gradient = InputGradient::new(&architecture, &weights).unwrap();
            let gradients = gradient.of(&x, &CLASSES);
            assert_eq!(gradients.len(), x.len());
            let (mut apart, mut size) = (0.0, 0.0);
            for _ in 0..8 {
                let direction = values(&mut rng, x.len());
                let step = 5e-4;
                let moved = |by: f32| -> Vec<f32> {
                    x.iter().zip(&direction).map(|(x, d)| x + by * d).collect()
                };
                let (above, below) = (logits(&moved(step)), logits(&moved(-step)));
                for i in 0..WINDOWS {
                    let range = i * length..(i + 1) * length;
                    let products = gradients[range.clone()].iter().zip(&direction[range]);
                    let slope: f64 = products.map(|(g, d)| f64::from(g * d)).sum();
                    let difference = (above[i] - below[i]) / (2.0 * f64::from(step));
                    apart += (slope - difference).powi(2);
                    size += difference.powi(2);
                }
            }
            let relative = (apart / size).sqrt();
            assert!(size > 0.0 && relative < 0.1, "{kind}: {relative}");
        }
    }
}
