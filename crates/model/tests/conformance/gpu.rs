//! Networks on a GPU against Keras.

use std::io::Write;

use burn::tensor::Device;
use model::{Mode, ModelKind};

use super::fixture::Fixture;
use super::{BatchLayout, Trained, full, host, largest, shared, small_fixtures};

/// A GPU, or a driver that simulates one. Without either, the test is reported as skipped, or fails if
/// `SEISMIC_REQUIRE_GPU` is set.
fn gpu(test: &str) -> Option<Device> {
    match Device::wgpu_options().init() {
        Ok(device) => Some(device),
        Err(error) if std::env::var_os("SEISMIC_REQUIRE_GPU").is_some() => panic!("{error}"),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {error}");
            None
        }
    }
}

/// Distances from Keras of logits, training logits, loss and single gradients, relative to the largest, and of all
/// gradients together.
fn distances(fixture: &Fixture, device: &Device) -> [f64; 5] {
    let worst = |ours: &[f32], theirs: &[f32]| {
        let distance = ours
            .iter()
            .zip(theirs)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        f64::from(distance / largest(theirs).max(1e-30))
    };
    let network = fixture.network(device);
    let forward = BatchLayout::Positions.forward(&network, fixture.x(device), Mode::Inference);
    let logits = host(forward.logits);
    let logits = worst(&logits, fixture.values("logits"));
    let trained = Trained::new(fixture, device, BatchLayout::Positions);
    let train = worst(&trained.logits, fixture.values("train_logits"));
    let loss = worst(&[trained.loss], fixture.values("loss"));
    let noise = fixture.noise();
    let (mut single, mut distance, mut length) = (0.0f64, 0.0f64, 0.0f64);
    for (ours, plan) in trained.gradients.iter().zip(&fixture.plan.tensors) {
        if plan.role.trainable() {
            let theirs = fixture.tensor("grads", plan).unwrap();
            let ours = ours.as_ref().expect("a gradient");
            // The gradient of a bias in front of a batch normalisation is only rounding noise.
            if largest(&theirs) > 10.0 * noise {
                single = single.max(worst(ours, &theirs));
            }
            for (a, b) in ours.iter().zip(&theirs) {
                distance += f64::from(a - b).powi(2);
                length += f64::from(*b).powi(2);
            }
        }
    }
    [logits, train, loss, single, (distance / length).sqrt()]
}

/// Logits, loss and gradients are within 1e-3 of Keras', relative to the largest. The full size is tested only if
/// `SEISMIC_GPU_FULL` is set: a software driver takes six minutes to compile its kernels.
#[test]
fn networks_on_a_gpu_agree_with_keras() {
    const NAME: &str = "networks_on_a_gpu_agree_with_keras";
    let Some(device) = gpu(NAME) else {
        return;
    };
    let asked = std::env::var_os("SEISMIC_GPU_FULL").is_some();
    if !asked {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED {NAME}, full size: no SEISMIC_GPU_FULL"
        );
    }
    let large = asked.then(|| full(&shared())).into_iter().flatten();
    let small = small_fixtures().into_iter().map(|case| (case, true));
    for ((kind, fixture), narrow) in small.chain(large.map(|case| (case, false))) {
        let distances = distances(&fixture, &device);
        let _ = writeln!(std::io::stderr(), "{kind}, narrow {narrow}: {distances:?}");
        let [values @ .., single, whole] = distances;
        assert!(
            values.iter().all(|distance| *distance < 1e-3),
            "{kind}: {distances:?}"
        );
        // The narrow network has activations that are zero within rounding, see `Bounds::Whole`.
        let (single_bound, whole_bound) = match (kind, narrow) {
            (ModelKind::DeepLarge, true) => (0.2, 5e-2),
            _ => (1e-3, 1e-3),
        };
        assert!(
            single < single_bound && whole < whole_bound,
            "{kind}: {distances:?}"
        );
    }
}
