//! Training and inference speed of one network: `throughput MODEL BATCH PATH [SECONDS]`, where PATH is
//! `native` or `flex`. Prints one JSON line; `scripts/bench/training.py` runs it beside Keras.

use std::time::Instant;

use burn::tensor::{Device, Int, Tensor, TensorData};
use model::native::NativeNetwork;
use model::rng::Rng;
use model::{Adam, AdamConfig, Architecture, Mode, Network, Plan, Weights, cross_entropy};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, batch, path, rest @ ..] = &arguments[..] else {
        eprintln!("usage: throughput MODEL BATCH native|flex [SECONDS]");
        std::process::exit(2);
    };
    let kind: model::ModelKind = kind.parse().unwrap();
    let batch: usize = batch.parse().unwrap();
    let seconds: f64 = rest.first().map_or(3.0, |s| s.parse().unwrap());
    let architecture = Architecture::new(kind, Default::default(), 3);
    let plan = Plan::new(&architecture).unwrap();
    let weights = Weights::init(&plan, 1);
    let mut rng = Rng::new(1, 1 << 40);
    let x: Vec<f32> = (0..batch * 3584)
        .map(|_| 2.0 * rng.uniform() - 1.0)
        .collect();
    let y: Vec<u32> = (0..batch).map(|i| (i % 3) as u32).collect();
    let mode = |step| Mode::Training {
        dropout: true,
        seed: 1,
        step,
    };
    let (training, inference) = if path == "native" {
        let mut network =
            NativeNetwork::new(&architecture, &weights, AdamConfig::default()).unwrap();
        let training = rate(batch, seconds, |step| {
            network.training_pass(&x, &y, mode(step));
            network.step(1e-3);
        });
        let inference = rate(batch, seconds / 2.0, |_| {
            std::hint::black_box(network.logits(&x));
        });
        (training, inference)
    } else {
        let device = Device::flex().autodiff();
        let mut network = Network::new(&architecture, &weights, &device).unwrap();
        let mut adam = Adam::new(AdamConfig::default());
        let input = |device: &Device| {
            Tensor::<4>::from_data(TensorData::new(x.clone(), [batch, 2, 7, 256]), device)
        };
        let labels: Vec<i64> = y.iter().map(|&y| y.into()).collect();
        let training = rate(batch, seconds, |step| {
            let targets = TensorData::new(labels.clone(), [batch]);
            let targets = Tensor::<1, Int>::from_data(targets, &device);
            let forward = network.forward(input(&device), mode(step));
            let loss = cross_entropy(forward.logits.clone(), targets);
            adam.step(&mut network, loss.backward(), 1e-3);
            network.update_running_statistics(&forward);
        });
        let network = network.without_autodiff();
        let device = Device::flex();
        let inference = rate(batch, seconds / 2.0, |_| {
            let logits = network.forward(input(&device), Mode::Inference).logits;
            std::hint::black_box(logits.into_data());
        });
        (training, inference)
    };
    println!(
        "{{\"model\": \"{kind}\", \"batch\": {batch}, \"path\": \"{path}\", \
         \"training\": {training:.0}, \"inference\": {inference:.0}}}"
    );
}

/// Samples a second of `step`, after a warm-up.
fn rate(batch: usize, seconds: f64, mut step: impl FnMut(u64)) -> f64 {
    (0..5).for_each(&mut step);
    let started = Instant::now();
    let mut steps = 0u64;
    while started.elapsed().as_secs_f64() < seconds {
        step(steps + 5);
        steps += 1;
    }
    steps as f64 * batch as f64 / started.elapsed().as_secs_f64()
}
