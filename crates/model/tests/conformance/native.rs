//! Compares the native engine with Keras and with Burn.

use burn::tensor::{Device, Tensor, TensorData};
use model::native::NativeNetwork;
use model::{AdamConfig, Architecture, Mode, ModelKind, Network, Plan, Weights, cross_entropy};

use super::fixture::Fixture;
use super::{TRAINING, assert_close, host, largest};

/// The same comparisons for the native engine.
pub fn check_native(fixture: &Fixture, adam: bool) {
    let weights = fixture.network(&Device::flex()).weights();
    let new =
        || NativeNetwork::new(&fixture.architecture, &weights, AdamConfig::default()).unwrap();
    let x = fixture.values("x");
    let labels = fixture.labels();
    let mut network = new();
    let theirs = fixture.values("logits");
    assert_close(
        "native logits",
        network.logits(x),
        theirs,
        1e-5 * largest(theirs),
    );
    let one = x.len() / labels.len();
    let classes = theirs.len() / labels.len();
    let alone = network.logits(&x[one..2 * one]).to_vec();
    assert_close(
        "one window",
        &alone,
        &theirs[classes..2 * classes],
        1e-5 * largest(theirs),
    );

    let (logits, loss) = network.training_pass(x, &labels, TRAINING);
    let theirs = fixture.values("train_logits");
    assert_close(
        "native train_logits",
        logits,
        theirs,
        1e-4 * largest(theirs),
    );
    assert_close("native loss", &[loss], fixture.values("loss"), 1e-5);
    let gradients = network.gradients();
    let noise = fixture.noise();
    let mut compared = 0;
    for plan in fixture
        .plan
        .tensors
        .iter()
        .filter(|plan| plan.role.trainable())
    {
        let theirs = fixture.tensor("grads", plan).unwrap();
        let ours = &gradients[&plan.name].values;
        let tolerance = noise + fixture.gradient_tolerance() * largest(&theirs);
        assert_close(
            &format!("native gradient of {}", plan.name),
            ours,
            &theirs,
            tolerance,
        );
        compared += theirs.len();
    }
    assert_eq!(compared, fixture.plan.trainable_parameters());
    for (tensor, plan) in network
        .weights()
        .tensors()
        .iter()
        .zip(&fixture.plan.tensors)
    {
        if !plan.role.trainable() {
            let theirs = fixture.tensor("after", plan).unwrap();
            let tolerance = 1e-5 * largest(&theirs).max(1.0);
            assert_close(&plan.name, &tensor.values, &theirs, tolerance);
        }
    }
    if adam {
        check_native_adam(fixture, new());
    }
}

/// Losses of five steps of Adam.
fn check_native_adam(fixture: &Fixture, mut network: NativeNetwork) {
    let x = fixture.values("x");
    let labels = fixture.labels();
    let losses: Vec<f32> = (0..5)
        .map(|_| {
            let (_, loss) = network.training_pass(x, &labels, TRAINING);
            network.step(1e-3);
            loss
        })
        .collect();
    assert_close(
        "native Adam losses",
        &losses,
        fixture.values("adam_losses"),
        1e-4,
    );
}

/// The native engine splits a batch into shards. With several shards, the last of them partial, and with dropout, it
/// gives the gradients of Burn and the same logits as one window at a time.
#[test]
fn native_and_burn_agree_over_many_samples() {
    const SAMPLES: usize = 167;
    for kind in ModelKind::ALL {
        let divisor = if kind == ModelKind::ResnetStyle { 4 } else { 8 };
        let architecture = Architecture::narrowed(kind, [2, 7, 16].into(), 3, divisor);
        let plan = Plan::new(&architecture).unwrap();
        let weights = Weights::init(&plan, 5);
        let mode = Mode::Training {
            dropout: true,
            seed: 3,
            step: 11,
        };
        let mut rng = model::rng::Rng::new(9, 1 << 40);
        let x: Vec<f32> = (0..SAMPLES * 224)
            .map(|_| 2.0 * rng.uniform() - 1.0)
            .collect();
        let labels: Vec<u32> = (0..SAMPLES).map(|i| (i * i % 3) as u32).collect();
        let new = || NativeNetwork::new(&architecture, &weights, AdamConfig::default()).unwrap();
        let mut native = new();
        let (native_logits, _) = native.training_pass(&x, &labels, mode);
        let device = Device::flex().autodiff();
        let network = Network::new(&architecture, &weights, &device).unwrap();
        let tensor = Tensor::from_data(TensorData::new(x.clone(), [SAMPLES, 2, 7, 16]), &device);
        let forward = network.forward(tensor, mode);
        let logits = host(forward.logits.clone().inner());
        let tolerance = 1e-4 * largest(&logits);
        assert_close(&format!("{kind} logits"), native_logits, &logits, tolerance);
        let targets: Vec<i64> = labels.iter().map(|&y| y.into()).collect();
        let targets = Tensor::from_data(TensorData::new(targets, [SAMPLES]), &device);
        let gradients = cross_entropy(forward.logits, targets).backward();
        let native_gradients = native.gradients();
        // With this many samples, some activations are so close to zero that rounding decides their sign, and with it
        // single gradients. So all gradients are compared together.
        let (mut distance, mut length) = (0.0f64, 0.0f64);
        for (tensor, plan) in network.tensors().iter().zip(&plan.tensors) {
            if plan.role.trainable() {
                let theirs = host(tensor.grad(&gradients).unwrap());
                for (ours, theirs) in native_gradients[&plan.name].values.iter().zip(&theirs) {
                    distance += f64::from(ours - theirs).powi(2);
                    length += f64::from(*theirs).powi(2);
                }
            }
        }
        let relative = (distance / length).sqrt();
        let allowed = if kind == ModelKind::DeepLarge {
            2e-2
        } else {
            1e-4
        };
        assert!(relative < allowed, "{kind} gradients: off by {relative:e}");
        // Gathered samples have the same bits.
        let mut gathering = new();
        let order: Vec<usize> = (0..SAMPLES).rev().collect();
        let reversed: Vec<f32> = x.chunks_exact(224).rev().flatten().copied().collect();
        gathering.training_pass_over(&reversed, &order, &labels, mode);
        for (name, gradient) in &native_gradients {
            assert_eq!(
                gathering.gradients()[name].values,
                gradient.values,
                "{kind} {name}"
            );
        }
        let many = native.logits(&x).to_vec();
        for (i, window) in x.chunks_exact(224).enumerate() {
            assert_eq!(
                native.logits(window),
                &many[3 * i..3 * i + 3],
                "{kind}, window {i}"
            );
        }
    }
}
