//! Graphs that occur in none of the networks: values read by several steps, values without gradients, dropout over
//! images. The native engine, Burn with autodiff, and Burn with the manual backward pass must agree on them.

use burn::tensor::{Device, Int, Tensor, TensorData};
use model::native::NativeNetwork;
use model::rng::Rng;
use model::{
    AdamConfig, Architecture, Mode, ModelKind, Network, Op, PaddedBatch, Plan, Targets, Weights,
    cross_entropy,
};

const SHAPE: [usize; 3] = [2, 4, 5];
const ELEMENTS: usize = 40;
const CLASSES: usize = 3;
const MODE: Mode = Mode::Training {
    dropout: true,
    seed: 3,
    step: 11,
};

fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data_as::<f32>().try_into_vec().unwrap()
}

fn conv(name: &str, out: usize) -> Op {
    Op::Conv {
        name: name.into(),
        kernel: (2, 3),
        stride: 1,
        out,
    }
}

fn norm(name: &str) -> Op {
    Op::BatchNorm { name: name.into() }
}

fn dense(name: &str, units: usize) -> Op {
    Op::Dense {
        name: name.into(),
        units,
    }
}

fn block(name: &str, body: Vec<Op>, shortcut: Vec<Op>) -> Op {
    Op::Residual {
        name: name.into(),
        body,
        shortcut,
    }
}

/// Logits, gradients by tensor, and all tensors after the running statistics were updated.
type Result = (Vec<f32>, Vec<Option<Vec<f32>>>, Vec<Vec<f32>>);

struct Case {
    architecture: Architecture,
    weights: Weights,
    x: Vec<f32>,
    y: Vec<u32>,
}

impl Case {
    fn new(ops: Vec<Op>, samples: usize) -> Self {
        let mut architecture = Architecture::new(ModelKind::Simple, SHAPE.into(), CLASSES);
        architecture.ops = ops;
        let plan = Plan::new(&architecture).unwrap();
        let mut rng = Rng::new(9, 1 << 40);
        let x = (0..samples * ELEMENTS).map(|_| 2.0 * rng.uniform() - 1.0);
        Self {
            x: x.collect(),
            y: (0..samples).map(|i| (i * i % CLASSES) as u32).collect(),
            weights: Weights::init(&plan, 5),
            architecture,
        }
    }

    fn all(weights: &Weights) -> Vec<Vec<f32>> {
        let tensors = weights.tensors().iter();
        tensors.map(|tensor| tensor.values.clone()).collect()
    }

    fn native(&self) -> Result {
        let adam = AdamConfig::default();
        let mut network = NativeNetwork::new(&self.architecture, &self.weights, adam).unwrap();
        let logits = network.training_pass(&self.x, &self.y, MODE).0.to_vec();
        let named = network.gradients();
        let tensors = network.plan().tensors.iter();
        let gradients = tensors.map(|tensor| Some(named.get(&tensor.name)?.values.clone()));
        (logits, gradients.collect(), Self::all(&network.weights()))
    }

    fn autodiff(&self) -> Result {
        let device = Device::flex().autodiff();
        let mut network = Network::new(&self.architecture, &self.weights, &device).unwrap();
        let [height, width, channels] = SHAPE;
        let x = TensorData::new(self.x.clone(), [self.y.len(), height, width, channels]);
        let y: Vec<i64> = self.y.iter().map(|y| i64::from(*y)).collect();
        let y = TensorData::new(y, [self.y.len()]);
        let forward = network.forward(Tensor::from_data(x, &device), MODE);
        let logits = forward.logits.clone();
        let loss = cross_entropy(logits.clone(), Tensor::<1, Int>::from_data(y, &device));
        let gradients = loss.backward();
        let tensors = network.tensors().iter().zip(&network.plan().tensors);
        let gradients = tensors
            .map(|(tensor, plan)| {
                let trainable = plan.role.trainable();
                trainable.then(|| host(tensor.grad(&gradients).unwrap()))
            })
            .collect();
        network.update_running_statistics(&forward, model::BATCH_NORM_MOMENTUM);
        (
            host(logits.inner()),
            gradients,
            Self::all(&network.weights()),
        )
    }

    /// Results for a batch padded with arbitrary values.
    fn by_hand(&self, batch: usize) -> Result {
        let device = Device::flex();
        let mut network = Network::new(&self.architecture, &self.weights, &device).unwrap();
        let [height, width, channels] = SHAPE;
        let mut x = self.x.clone();
        x.resize(batch * ELEMENTS, 0.7);
        let x = TensorData::new(x, [batch, height * width, channels]);
        let x = Tensor::<3>::from_data(x, &device).swap_dims(0, 1);
        let targets = Targets::new(CLASSES, 0.0).of(&self.y, batch);
        let targets = Tensor::from_data(TensorData::new(targets, [batch, CLASSES]), &device);
        let count = self.y.len();
        let padded = (count < batch).then(|| PaddedBatch::new(count, batch, &device));
        let (forward, gradients) = network.gradients(x, targets, MODE, padded.as_ref());
        network.update_running_statistics(&forward, model::BATCH_NORM_MOMENTUM);
        let logits = host(forward.logits.narrow(0, 0, count));
        let gradients = gradients.into_iter().map(|tensor| tensor.map(host));
        (logits, gradients.collect(), Self::all(&network.weights()))
    }

    fn check(&self) {
        let theirs = self.autodiff();
        for (what, ours) in [
            ("native", self.native()),
            ("by hand", self.by_hand(self.y.len())),
            ("by hand, padded", self.by_hand(self.y.len() + 5)),
        ] {
            assert_close(&format!("{what}: logits"), &ours.0, &theirs.0);
            assert_eq!(ours.1.len(), theirs.1.len());
            let tensors = Plan::new(&self.architecture).unwrap().tensors;
            for (i, tensor) in tensors.iter().enumerate() {
                let name = &tensor.name;
                assert_eq!(ours.1[i].is_some(), theirs.1[i].is_some(), "{what}: {name}");
                if let (Some(ours), Some(theirs)) = (&ours.1[i], &theirs.1[i]) {
                    assert_close(&format!("{what}: gradient of {name}"), ours, theirs);
                }
                let what = format!("{what}: {name}");
                assert_close(&what, &ours.2[i], &theirs.2[i]);
            }
        }
    }
}

fn assert_close(what: &str, ours: &[f32], theirs: &[f32]) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    // A bias before a normalisation has a gradient of zero except for rounding.
    let largest = theirs.iter().fold(1e-2f32, |m, v| m.max(v.abs()));
    for (a, b) in ours.iter().zip(theirs) {
        assert!((a - b).abs() <= 1e-4 * largest, "{what}: {a} is not {b}");
    }
}

/// The input itself is a summand and needs no gradient; the other summand does.
#[test]
fn the_input_may_be_read_twice() {
    Case::new(
        vec![
            block("block1", vec![conv("conv1", 5), norm("bn1")], Vec::new()),
            Op::GlobalAveragePool,
            dense("head", CLASSES),
        ],
        37,
    )
    .check();
}

/// ReLU, normalisation and dropout must not overwrite values that the shortcut still reads.
#[test]
fn what_others_read_is_not_overwritten() {
    Case::new(
        vec![
            conv("conv1", 6),
            block(
                "block1",
                vec![Op::Relu, Op::Dropout { rate: 0.4 }, conv("conv2", 6)],
                Vec::new(),
            ),
            block(
                "block2",
                vec![Op::Dropout { rate: 0.3 }],
                vec![norm("bn1"), Op::Relu],
            ),
            Op::GlobalAveragePool,
            dense("head", CLASSES),
        ],
        37,
    )
    .check();
}

#[test]
fn a_value_may_be_added_to_itself() {
    Case::new(
        vec![
            conv("conv1", 6),
            block("block1", Vec::new(), Vec::new()),
            Op::MaxPool { columns: 2 },
            Op::GlobalAveragePool,
            dense("fc1", 8),
            Op::Dropout { rate: 0.2 },
            Op::Relu,
            dense("head", CLASSES),
        ],
        37,
    )
    .check();
}

/// Remaining columns at the end get no gradient; of equal columns, the first gets it.
#[test]
fn the_largest_of_several_columns() {
    let pooled = vec![
        Op::MaxPool { columns: 3 },
        Op::GlobalAveragePool,
        dense("maximum", 6),
    ];
    Case::new(
        vec![
            conv("conv1", 6),
            Op::Relu,
            Op::Sum {
                name: "sum".into(),
                body: pooled,
                shortcut: vec![Op::GlobalAveragePool],
            },
            dense("head", CLASSES),
        ],
        37,
    )
    .check();
}

/// Nothing before the first kernel has a gradient.
#[test]
fn steps_before_the_first_kernel() {
    Case::new(
        vec![
            Op::Relu,
            Op::MaxPool { columns: 2 },
            Op::Dropout { rate: 0.3 },
            Op::GlobalAveragePool,
            dense("head", CLASSES),
        ],
        37,
    )
    .check();
}
