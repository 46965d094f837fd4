//! The networks against the same networks computed by Keras.
//!
//! Two sets of fixtures: the small ones beside this file (`scripts/conformance/make_fixtures.py`
//! wrote them), and the full-size ones of `../shared/conformance`, in tests that are ignored by default.

use std::collections::HashMap;
#[cfg(feature = "wgpu")]
use std::io::Write;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Int, Tensor, TensorData};
use model::native::NativeNetwork;
use model::{
    Adam, AdamConfig, Architecture, Forward, InputShape, Mode, ModelKind, NamedTensor, Network,
    Plan, TensorPlan, TensorRole, Weights, cross_entropy, targets,
};
use safetensors::SafeTensors;

const TRAINING: Mode = Mode::Training {
    dropout: false,
    seed: 0,
    step: 0,
};

#[derive(Clone, Copy, PartialEq)]
enum Layout {
    /// `conv1/kernel` `[kh, kw, in, out]`.
    Keras,
    /// `conv1.weight` `[out, in, kh, kw]`.
    PyTorch,
}

struct Fixture {
    layout: Layout,
    floats: HashMap<String, (Vec<usize>, Vec<f32>)>,
    labels: Vec<i64>,
    architecture: Architecture,
    plan: Plan,
}

impl Fixture {
    fn load(path: &Path, kind: ModelKind, divisor: usize, layout: Layout) -> Self {
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

    fn values(&self, name: &str) -> &[f32] {
        &self
            .floats
            .get(name)
            .unwrap_or_else(|| panic!("{name} in the fixture"))
            .1
    }

    /// Tensor `plan` of group `weights`, `grads` or `after`, in Keras' layout; none where the
    /// fixture does not have it.
    fn tensor(&self, group: &str, plan: &TensorPlan) -> Option<Vec<f32>> {
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
                // Depthwise kernels are [c, 1, kh, kw] there and [kh, kw, c, 1] here.
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

    fn targets(&self, device: &Device) -> Tensor<2> {
        let labels: Vec<u32> = self.labels.iter().map(|label| *label as u32).collect();
        let values = targets(&labels, labels.len(), 3, None);
        Tensor::from_data(TensorData::new(values, [labels.len(), 3]), device)
    }

    fn network(&self, device: &Device) -> Network {
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

    /// Rounding noise of a gradient: a bias in front of a batch normalisation has no gradient but this,
    /// and it grows with the gradients around it.
    fn noise(&self) -> f32 {
        let trainable = self
            .plan
            .tensors
            .iter()
            .filter(|plan| plan.role.trainable());
        let sizes = trainable.map(|plan| largest(&self.tensor("grads", plan).unwrap()));
        1e-6 * sizes.fold(1.0, f32::max)
    }

    /// Allowed distance of a gradient, in parts of its tensor's largest element: 1e-4, or twice what
    /// Keras' own float32 gradients are from its float64 ones where the fixture says that is more.
    fn gradient_tolerance(&self) -> f32 {
        let own = self
            .floats
            .get("float32_error")
            .map_or(0.0, |t| 2.0 * t.1[0]);
        own.max(1e-4)
    }

    fn x(&self, device: &Device) -> Tensor<4> {
        let [h, w, c] = self.architecture.input.dims();
        let data = TensorData::new(self.values("x").to_vec(), [self.labels.len(), h, w, c]);
        Tensor::from_data(data, device)
    }

    fn y(&self, device: &Device) -> Tensor<1, Int> {
        Tensor::from_data(
            TensorData::new(self.labels.clone(), [self.labels.len()]),
            device,
        )
    }
}

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

/// How near gradients must be.
#[derive(Clone, Copy)]
enum Bounds {
    /// Each within so many times the bound of the reference: GPUs add in other orders.
    Each(f32),
    /// As a whole, in parts of their length. In deep networks over few samples some activations are zero within
    /// rounding; another order of summation gives one of them the other sign, and all gradients before it change a little.
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

/// How a batch lies on a device.
#[derive(Clone, Copy, PartialEq)]
enum BatchLayout {
    /// As CPUs are given it.
    Samples,
    /// As GPUs are given it.
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

/// What a training pass gives.
struct Trained {
    logits: Vec<f32>,
    loss: f32,
    /// By tensor.
    gradients: Vec<Option<Vec<f32>>>,
    /// With the running statistics after it.
    network: Network,
}

impl Trained {
    /// With samples first by autodiff, as on CPUs; with positions first by hand, as on GPUs.
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
            gradients: gradients.into_iter().map(|own| own.map(host_of)).collect(),
            network,
        }
    }
}

fn positions_first(x: Tensor<4>) -> Tensor<3> {
    let [batch, height, width, bins] = x.dims();
    x.reshape([batch, height * width, bins]).swap_dims(0, 1)
}

/// On a device of Burn.
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

/// The same comparisons for the native path.
fn check_native(fixture: &Fixture, adam: bool) {
    let weights = fixture.network(&Device::flex()).weights();
    let new =
        || NativeNetwork::new(&fixture.architecture, &weights, AdamConfig::default()).unwrap();
    let x = fixture.values("x");
    let labels: Vec<u32> = fixture.labels.iter().map(|&y| y as u32).collect();
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
        let mut network = new();
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
}

/// The native path splits a batch into shards: over several, the last of them not full, and with dropout it gives
/// the gradients of Burn, and the same logits as one window at a time.
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
        // Over so many samples some activations lie so near to zero that rounding decides their sign, and
        // with it single gradients: their distance as a whole is compared.
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
        // Gathered samples are the same samples, to the bit.
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

/// Float32 implementations diverge chaotically in the deep networks: no two agree on five steps.
fn adam_is_stable(kind: ModelKind) -> bool {
    !matches!(kind, ModelKind::ResnetStyle | ModelKind::DeepLarge)
}

/// The small fixtures.
fn own() -> Vec<(ModelKind, Fixture)> {
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

/// Those of `folder`, in full size.
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
    for (kind, fixture) in own() {
        for layout in [BatchLayout::Samples, BatchLayout::Positions] {
            // A ReLU of the narrow deep network takes the other side where positions come first: its input is zero within
            // rounding. In full size that layout too is held to single values.
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

/// A GPU or a driver that simulates one. Without any the test says that it is skipped, or fails where
/// `SEISMIC_REQUIRE_GPU` is set.
#[cfg(feature = "wgpu")]
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

/// Distances of logits, training logits, loss and gradients from Keras', in parts of the largest; of the gradients also
/// as a whole.
#[cfg(feature = "wgpu")]
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
            // A bias in front of a batch normalisation has rounding for a gradient.
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

/// Logits, loss and gradients within 1e-3 of Keras', in parts of the largest. In full size only where `SEISMIC_GPU_FULL`
/// is set: a software driver compiles its kernels for six minutes.
#[cfg(feature = "wgpu")]
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
    let small = own().into_iter().map(|own| (own, true));
    for ((kind, fixture), narrow) in small.chain(large.map(|own| (own, false))) {
        let distances = distances(&fixture, &device);
        let _ = writeln!(std::io::stderr(), "{kind}, narrow {narrow}: {distances:?}");
        let [values @ .., single, whole] = distances;
        assert!(
            values.iter().all(|distance| *distance < 1e-3),
            "{kind}: {distances:?}"
        );
        // Where the narrow network has activations that are zero within rounding, see `Bounds::Whole`.
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
