//! Compares the networks with the same networks in Keras.
//!
//! There are two sets of fixtures: small ones beside this file, written by `scripts/conformance/make_fixtures.py`, and
//! full-size ones in `../shared/conformance`, whose tests are ignored by default.

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor};
use model::{Adam, AdamConfig, Forward, Mode, ModelKind, Network, TensorRole, cross_entropy};

#[path = "conformance/fixture.rs"]
mod fixture;
#[cfg(feature = "wgpu")]
#[path = "conformance/gpu.rs"]
mod gpu;
#[path = "conformance/native.rs"]
mod native;

use fixture::{Fixture, Layout};
use native::check_native;

const TRAINING: Mode = Mode::Training {
    dropout: false,
    seed: 0,
    step: 0,
};

fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data_as::<f32>().try_into_vec().unwrap()
}

fn assert_close(what: &str, ours: &[f32], theirs: &[f32], tolerance: f32) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    let distance = |(a, b): (&f32, &f32)| (a - b).abs();
    let worst = ours.iter().zip(theirs).map(distance).fold(0.0, f32::max);
    assert!(
        worst <= tolerance,
        "{what}: off by {worst:e}, allowed {tolerance:e}"
    );
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |m, v| m.max(v.abs()))
}

/// How closely gradients must agree.
#[derive(Clone, Copy)]
enum Bounds {
    /// Each gradient within this many times the tolerance of the reference: GPUs add in a different order.
    Each(f32),
    /// All gradients together, relative to their length. In deep networks over few samples, some activations are zero
    /// within rounding. A different order of summation can change the sign of one, and with it all gradients before it.
    Whole(f64),
}

impl Bounds {
    fn slack(self) -> f32 {
        match self {
            Self::Each(slack) => slack,
            Self::Whole(_) => 10.0,
        }
    }

    fn whole(self) -> f64 {
        match self {
            Self::Each(_) => 1e-3,
            Self::Whole(bound) => bound,
        }
    }
}

/// Layout of a batch on a device.
#[derive(Clone, Copy, PartialEq)]
enum BatchLayout {
    /// The layout for CPUs.
    Samples,
    /// The layout for GPUs.
    Positions,
}

impl BatchLayout {
    fn forward(self, network: &Network, x: Tensor<4>, mode: Mode) -> Forward {
        match self {
            Self::Samples => network.forward(x, mode),
            Self::Positions => network.forward_positions(positions_first(x), mode),
        }
    }
}

/// Results of a training pass.
struct Trained {
    logits: Vec<f32>,
    loss: f32,
    /// By tensor.
    gradients: Vec<Option<Vec<f32>>>,
    /// With the running statistics after the pass.
    network: Network,
}

impl Trained {
    /// `Samples` uses autodiff, as on CPUs; `Positions` uses the manual backward pass, as on GPUs.
    fn new(fixture: &Fixture, device: &Device, layout: BatchLayout) -> Self {
        let (forward, gradients, mut network) = match layout {
            BatchLayout::Samples => {
                let device = device.clone().autodiff();
                let network = fixture.network(&device);
                let forward = network.forward(fixture.x(&device), TRAINING);
                let loss = cross_entropy(forward.logits.clone(), fixture.y(&device));
                let gradients = loss.backward();
                let each = network
                    .tensors()
                    .iter()
                    .map(|tensor| tensor.grad(&gradients))
                    .collect();
                (forward, each, network)
            }
            BatchLayout::Positions => {
                let network = fixture.network(device);
                let x = positions_first(fixture.x(device));
                let (forward, gradients) =
                    network.gradients(x, fixture.targets(device), TRAINING, None);
                (forward, gradients, network)
            }
        };
        network.update_running_statistics(&forward, model::BATCH_NORM_MOMENTUM);
        let logits = forward.logits.inner();
        let loss = cross_entropy(logits.clone(), fixture.y(device));
        let host_of = |gradient: Tensor<2>| host(gradient.inner());
        let gradients: Vec<Option<Tensor<2>>> = gradients;
        Self {
            logits: host(logits),
            loss: host(loss)[0],
            gradients: gradients
                .into_iter()
                .map(|gradient| gradient.map(host_of))
                .collect(),
            network,
        }
    }
}

fn positions_first(x: Tensor<4>) -> Tensor<3> {
    let [batch, height, width, bins] = x.dims();
    x.reshape([batch, height * width, bins]).swap_dims(0, 1)
}

/// Checks a Burn device.
fn check(fixture: &Fixture, device: Device, layout: BatchLayout, bounds: Bounds, adam: bool) {
    let slack = bounds.slack();
    let network = fixture.network(&device);
    let logits = host(
        layout
            .forward(&network, fixture.x(&device), Mode::Inference)
            .logits,
    );
    let theirs = fixture.values("logits");
    assert_close("logits", &logits, theirs, slack * 1e-5 * largest(theirs));

    let trained = Trained::new(fixture, &device, layout);
    let theirs = fixture.values("train_logits");
    assert_close(
        "train_logits",
        &trained.logits,
        theirs,
        slack * 1e-4 * largest(theirs),
    );
    assert_close(
        "loss",
        &[trained.loss],
        fixture.values("loss"),
        slack * 1e-5,
    );

    let noise = fixture.noise();
    let mut compared = 0;
    let (mut distance, mut length) = (0.0f64, 0.0f64);
    for (ours, plan) in trained.gradients.iter().zip(&fixture.plan.tensors) {
        if plan.role.trainable() {
            let theirs = fixture.tensor("grads", plan).unwrap();
            let ours = ours.as_ref().expect("a gradient");
            if let Bounds::Each(slack) = bounds {
                let tolerance = slack * (noise + fixture.gradient_tolerance() * largest(&theirs));
                let what = format!("gradient of {}", plan.name);
                assert_close(&what, ours, &theirs, tolerance);
            }
            for (a, b) in ours.iter().zip(&theirs) {
                distance += f64::from(a - b).powi(2);
                length += f64::from(*b).powi(2);
            }
            compared += theirs.len();
        }
    }
    assert_eq!(compared, fixture.plan.trainable_parameters());
    let whole = (distance / length).sqrt();
    assert!(
        whole < bounds.whole(),
        "gradients as a whole: off by {whole:e}"
    );

    let after = trained.network.weights();
    for (tensor, plan) in after.tensors().iter().zip(&fixture.plan.tensors) {
        if matches!(
            plan.role,
            TensorRole::MovingMean | TensorRole::MovingVariance
        ) {
            let theirs = fixture.tensor("after", plan).unwrap();
            let tolerance = slack * 1e-5 * largest(&theirs).max(1.0);
            assert_close(&plan.name, &tensor.values, &theirs, tolerance);
        }
    }
    if adam {
        check_adam(fixture, &device, layout, slack);
    }
}

fn check_adam(fixture: &Fixture, device: &Device, layout: BatchLayout, slack: f32) {
    let device = match layout {
        BatchLayout::Samples => device.clone().autodiff(),
        BatchLayout::Positions => device.clone(),
    };
    let mut network = fixture.network(&device);
    let mut adam = Adam::new(AdamConfig::default());
    let mut losses = Vec::new();
    for _ in 0..5 {
        let y = fixture.y(&device);
        let (forward, loss) = match layout {
            BatchLayout::Samples => {
                let forward = network.forward(fixture.x(&device), TRAINING);
                let loss = cross_entropy(forward.logits.clone(), y);
                adam.step(&mut network, loss.backward(), 1e-3);
                (forward, loss.inner())
            }
            BatchLayout::Positions => {
                let x = positions_first(fixture.x(&device));
                let (forward, gradients) =
                    network.gradients(x, fixture.targets(&device), TRAINING, None);
                adam.apply(&mut network, gradients, 1e-3);
                let loss = cross_entropy(forward.logits.clone(), y);
                (forward, loss)
            }
        };
        network.update_running_statistics(&forward, model::BATCH_NORM_MOMENTUM);
        losses.extend(host(loss));
    }
    let theirs = fixture.values("adam_losses");
    assert_close("Adam losses", &losses, theirs, slack * 1e-4);
}

/// Float32 implementations diverge chaotically in the deep networks: no two agree on five steps.
fn adam_is_stable(kind: ModelKind) -> bool {
    !matches!(kind, ModelKind::ResnetStyle | ModelKind::DeepLarge)
}

/// The small fixtures.
fn small_fixtures() -> Vec<(ModelKind, Fixture)> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let load = |kind| {
        let divisor = match kind {
            ModelKind::DeepLarge => 16,
            ModelKind::ResnetStyle => 4,
            _ => 8,
        };
        let path = fixtures.join(format!("{kind}.safetensors"));
        (kind, Fixture::load(&path, kind, divisor, Layout::Keras))
    };
    ModelKind::ALL.into_iter().map(load).collect()
}

/// The full-size fixtures in `folder`.
fn full(folder: &Path) -> Vec<(ModelKind, Fixture)> {
    let load = |kind: ModelKind| {
        let (file, divisor) = match kind {
            ModelKind::DeepLarge => ("deep_cnn_large_w8".to_owned(), 8),
            kind => (kind.to_string(), 1),
        };
        let path = folder.join(format!("{file}.safetensors"));
        (kind, Fixture::load(&path, kind, divisor, Layout::PyTorch))
    };
    ModelKind::KERAS.into_iter().map(load).collect()
}

#[test]
fn small_networks_agree_with_keras() {
    for (kind, fixture) in small_fixtures() {
        for layout in [BatchLayout::Samples, BatchLayout::Positions] {
            // In `Positions`, one ReLU of the narrow deep network takes the other side, since its input is zero within
            // rounding. At full size, both layouts are compared value by value.
            let bounds = match (kind, layout) {
                (ModelKind::DeepLarge, BatchLayout::Positions) => Bounds::Whole(2e-2),
                _ => Bounds::Each(1.0),
            };
            check(
                &fixture,
                Device::flex(),
                layout,
                bounds,
                adam_is_stable(kind),
            );
        }
        check_native(&fixture, adam_is_stable(kind));
    }
}

/// The folder of full-size fixtures.
fn shared() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance")
}

#[test]
#[ignore = "needs the full-size fixtures of ../shared/conformance"]
fn full_networks_agree_with_keras() {
    for (kind, fixture) in full(&shared()) {
        for layout in [BatchLayout::Samples, BatchLayout::Positions] {
            check(
                &fixture,
                Device::flex(),
                layout,
                Bounds::Each(1.0),
                adam_is_stable(kind),
            );
        }
        check_native(&fixture, adam_is_stable(kind));
    }
}
