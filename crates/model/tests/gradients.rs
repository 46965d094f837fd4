//! Compares the manual backward pass with autodiff for every network, with dropout, weighted and smoothed targets, and partial batches.

use burn::tensor::{Device, Tensor, TensorData};
use model::rng::Rng;
use model::{
    Adam, AdamConfig, Architecture, Mode, ModelKind, Network, PaddedBatch, Plan, Targets, Weights,
    soft_cross_entropy,
};

fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data_as::<f32>().try_into_vec().unwrap()
}

/// Distance relative to the length of `theirs`.
fn distance(ours: &[f32], theirs: &[f32]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let square = |a: f64| a * a;
    let apart: f64 = ours
        .iter()
        .zip(theirs)
        .map(|(a, b)| square(f64::from(a - b)))
        .sum();
    let length: f64 = theirs.iter().map(|b| square(f64::from(*b))).sum();
    (apart / length.max(1e-30)).sqrt()
}

/// All weights and running statistics.
fn values(network: &Network) -> Vec<f32> {
    let weights = network.weights();
    let each = weights.tensors().iter();
    each.flat_map(|tensor| tensor.values.clone()).collect()
}

struct Case {
    architecture: Architecture,
    weights: Weights,
    bins: usize,
    x: Vec<f32>,
    y: Vec<u32>,
    /// Number of real samples.
    count: usize,
    /// Number of samples in the batch, including padding.
    batch: usize,
    targets: Targets,
}

const MODE: Mode = Mode::Training {
    dropout: true,
    seed: 3,
    step: 11,
};

impl Case {
    fn new(kind: ModelKind, count: usize, batch: usize) -> Self {
        Self::of_bins(16, kind, count, batch)
    }

    /// The same case with inputs from another seed.
    fn with_inputs(mut self, seed: u64) -> Self {
        let mut rng = Rng::new(seed, 1 << 40);
        self.x.fill_with(|| 2.0 * rng.uniform() - 1.0);
        self
    }

    fn of_bins(bins: usize, kind: ModelKind, count: usize, batch: usize) -> Self {
        let divisor = if kind == ModelKind::ResnetStyle { 4 } else { 8 };
        let architecture = Architecture::narrowed(kind, [2, 7, bins].into(), 3, divisor);
        let plan = Plan::new(&architecture).unwrap();
        let mut rng = Rng::new(9, 1 << 40);
        Self {
            weights: Weights::init(&plan, 5),
            architecture,
            bins,
            x: (0..count * 14 * bins)
                .map(|_| 2.0 * rng.uniform() - 1.0)
                .collect(),
            y: (0..count).map(|i| (i * i % 3) as u32).collect(),
            count,
            batch,
            targets: Targets::new(3, 0.0),
        }
    }

    /// Logits and gradients of the real samples by autodiff, and the network with running statistics after the step.
    fn autodiff(&self) -> (Vec<f32>, Vec<Option<Vec<f32>>>, Network) {
        let device = Device::flex().autodiff();
        let mut network = Network::new(&self.architecture, &self.weights, &device).unwrap();
        let x = TensorData::new(self.x.clone(), [self.count, 2, 7, self.bins]);
        let y = TensorData::new(self.targets.of(&self.y, self.count), [self.count, 3]);
        let forward = network.forward(Tensor::from_data(x, &device), MODE);
        let logits = forward.logits.clone();
        let loss = soft_cross_entropy(logits.clone(), Tensor::from_data(y, &device));
        let gradients = loss.backward();
        let each = network
            .tensors()
            .iter()
            .zip(&network.plan().tensors)
            .map(|(tensor, plan)| {
                plan.role
                    .trainable()
                    .then(|| host(tensor.grad(&gradients).unwrap()))
            });
        let each = each.collect();
        network.update_running_statistics(&forward, model::BATCH_NORM_MOMENTUM);
        (host(logits.inner()), each, network)
    }

    /// The same by the manual backward pass, for a batch padded with arbitrary values.
    fn by_hand(&self) -> (Vec<f32>, Vec<Option<Vec<f32>>>, Network) {
        let device = Device::flex();
        let mut network = Network::new(&self.architecture, &self.weights, &device).unwrap();
        let mut x = self.x.clone();
        x.resize(self.batch * 14 * self.bins, 0.7);
        let x = Tensor::<3>::from_data(TensorData::new(x, [self.batch, 14, self.bins]), &device);
        let targets = self.targets.of(&self.y, self.batch);
        let targets = Tensor::from_data(TensorData::new(targets, [self.batch, 3]), &device);
        let filled =
            (self.count < self.batch).then(|| PaddedBatch::new(self.count, self.batch, &device));
        let (forward, gradients) =
            network.gradients(x.swap_dims(0, 1), targets, MODE, filled.as_ref());
        network.update_running_statistics(&forward, model::BATCH_NORM_MOMENTUM);
        let logits = host(forward.logits.narrow(0, 0, self.count));
        let gradients = gradients
            .into_iter()
            .map(|gradient| gradient.map(host))
            .collect();
        (logits, gradients, network)
    }

    fn check(&self, bound: f64) {
        let off = self.gradients_off(bound);
        let what = format!("{} of {}", self.count, self.batch);
        assert!(off < bound, "{what}: gradients are off by {off:e}");
    }

    /// Distance of the gradients; logits may differ by `bound`.
    fn gradients_off(&self, bound: f64) -> f64 {
        let (logits, gradients, network) = self.by_hand();
        let (their_logits, theirs, their_network) = self.autodiff();
        let what = format!("{} of {}", self.count, self.batch);
        let off = distance(&logits, &their_logits);
        assert!(off < bound, "{what}: logits are off by {off:e}");
        let present =
            |all: &[Option<Vec<f32>>]| -> Vec<bool> { all.iter().map(Option::is_some).collect() };
        assert_eq!(present(&gradients), present(&theirs));
        let flat = |all: Vec<Option<Vec<f32>>>| -> Vec<f32> {
            all.into_iter().flatten().flatten().collect()
        };
        let off = distance(&values(&network), &values(&their_network));
        assert!(off < 1e-6, "{what}: running statistics are off by {off:e}");
        distance(&flat(gradients), &flat(theirs))
    }
}

/// In deep networks some activations are zero within rounding, and a ReLU that takes the other side changes all
/// gradients before it. Whether that happens depends on the inputs and the processor, but a wrong derivative is wrong
/// for all inputs. So only the best of several inputs must agree.
#[test]
fn of_every_network() {
    for kind in ModelKind::ALL {
        let mut padded = Case::new(kind, 21, 32);
        padded.targets = Targets::new(3, 0.1).weighted(&[0.5, 2.0, 1.5]);
        for (case, what) in [(Case::new(kind, 33, 33), "full"), (padded, "padded")] {
            let mut case = case;
            let mut closest = f64::INFINITY;
            for seed in 9..15 {
                case = case.with_inputs(seed);
                closest = closest.min(case.gradients_off(1e-2));
                if closest < 1e-4 {
                    break;
                }
            }
            assert!(
                closest < 1e-4,
                "{kind}, {what}: gradients are off by {closest:e}"
            );
        }
    }
}

/// With this many rows, the first layer multiplies before it gathers.
#[test]
fn of_large_batches() {
    // Rounding errors grow with the length of the sums and with every normalisation.
    for (kind, bound) in [(ModelKind::Simple, 1e-3), (ModelKind::DeepEfficient, 1e-2)] {
        Case::of_bins(256, kind, 450, 460).check(bound);
    }
}

/// In constant windows, neighbours in a pool are equal; the first one gets the gradient, as in the other engines.
#[test]
fn of_equal_neighbours() {
    let mut case = Case::new(ModelKind::Simple, 8, 8);
    for (i, window) in case.x.chunks_exact_mut(224).enumerate() {
        window.fill(0.1 * i as f32 - 0.3);
    }
    case.check(1e-4);
}

/// Both optimisers take the same steps, and each can continue from the other's state.
#[test]
fn adam_tensor_by_tensor_is_adam() {
    let case = Case::new(ModelKind::DeepEfficient, 16, 16);
    let start = || Network::new(&case.architecture, &case.weights, &Device::flex()).unwrap();
    let gradients = |network: &Network| {
        let x = TensorData::new(case.x.clone(), [16, 14, 16]);
        let x = Tensor::<3>::from_data(x, network.device()).swap_dims(0, 1);
        let y = TensorData::new(case.targets.of(&case.y, 16), [16, 3]);
        let y = Tensor::from_data(y, network.device());
        network.gradients(x, y, MODE, None).1
    };
    // Flat steps with autodiff: the loss is the product of parameters and gradients, so it has the same gradients.
    let flat = |network: &mut Network, adam: &mut Adam| {
        let wanted = gradients(network);
        let device = Device::flex().autodiff();
        let mut twin = Network::new(&case.architecture, &network.weights(), &device).unwrap();
        let products = twin.tensors().iter().zip(wanted);
        let sums = products.filter_map(|(tensor, wanted)| {
            Some((tensor.clone() * Tensor::from_inner(wanted?)).sum())
        });
        let loss = sums.reduce(|a, b| a + b).unwrap();
        adam.step(&mut twin, loss.backward(), 1e-2);
        network.set_weights(&twin.weights());
    };
    let each = |network: &mut Network, adam: &mut Adam| {
        let gradients = gradients(network);
        adam.apply(network, gradients, 1e-2);
    };
    let (mut a, mut b) = (start(), start());
    let mut adam_a = Adam::new(AdamConfig::default());
    let mut adam_b = Adam::new(AdamConfig::default());
    for step in 0..6 {
        each(&mut a, &mut adam_a);
        // Continues from a saved state, and from the other optimiser.
        match step {
            0..2 => each(&mut b, &mut adam_b),
            2 => {
                adam_b = Adam::restore(AdamConfig::default(), adam_b.state(), &b);
                each(&mut b, &mut adam_b);
            }
            3 => flat(&mut b, &mut adam_b),
            _ => each(&mut b, &mut adam_b),
        }
    }
    let off = distance(&values(&b), &values(&a));
    assert!(off < 1e-5, "off by {off:e}");
    assert_eq!(adam_a.steps(), adam_b.steps());
    assert!(distance(&adam_b.state().second, &adam_a.state().second) < 1e-4);
}
