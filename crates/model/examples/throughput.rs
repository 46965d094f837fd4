//! Training and inference speed of one network: `throughput MODEL BATCH native|inference|flex [SECONDS [FEATURES]]`. Prints one JSON
//! line: samples/s over a data set of 64 batches in memory, gathered in shuffled order for training; at
//! batch 1 the latency of single windows in microseconds. `inference` classifies only, at any batch.
//! `scripts/bench/training.py` and `inference.py` run it beside others. With `steps` or `windows` instead, it takes so many
//! steps, or classifies so many batches, and prints nothing: `scripts/bench/instructions.py` counts what that takes.

mod timing;

use std::ops::Range;
use std::time::Instant;

use burn::tensor::{Device, Int, Tensor, TensorData};
use model::native::{Inference, NativeNetwork};
use model::rng::Rng;
use model::{Adam, AdamConfig, Architecture, Mode, Network, Plan, Weights, cross_entropy};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, batch, path, rest @ ..] = &arguments[..] else {
        eprintln!(
            "usage: throughput MODEL BATCH native|inference|flex|steps|windows [SECONDS [FEATURES]]"
        );
        std::process::exit(2);
    };
    let kind: model::ModelKind = kind.parse().unwrap();
    let batch: usize = batch.parse().unwrap();
    let seconds: f64 = rest.first().map_or(3.0, |s| s.parse().unwrap());
    let features: usize = rest.get(1).map_or(256, |s| s.parse().unwrap());
    let architecture = Architecture::new(kind, [2, 7, features].into(), 3);
    let length = architecture.input.elements();
    let plan = Plan::new(&architecture).unwrap();
    let weights = Weights::init(&plan, 1);
    let mut rng = Rng::new(1, 1 << 40);
    let counted = ["steps", "windows"].contains(&path.as_str());
    let samples = if counted { batch } else { 64 * batch };
    let x: Vec<f32> = (0..samples * length)
        .map(|_| 2.0 * rng.uniform() - 1.0)
        .collect();
    let y: Vec<u32> = (0..samples).map(|i| (i % 3) as u32).collect();
    if path == "steps" {
        let mut network =
            NativeNetwork::new(&architecture, &weights, AdamConfig::default()).unwrap();
        for step in 0..seconds as u64 {
            network.training_pass(&x[..batch * length], &y[..batch], mode(step));
            network.step(1e-3);
        }
        return;
    }
    if path == "inference" || path == "windows" {
        let mut network = Inference::new(&architecture, &weights).unwrap();
        if path == "windows" {
            let x = &x[..batch * length];
            (0..seconds as u64).for_each(|_| drop(network.logits(x).to_vec()));
            return;
        }
        // The same input at every call, as other runtimes get it.
        return timing::calls(batch, seconds, |_| {
            std::hint::black_box(network.logits(&x[..batch * length]));
        });
    }
    let setting = Setting {
        architecture: &architecture,
        weights: &weights,
        x: &x,
        y: &y,
        batch,
        seconds,
    };
    let rates = match path.as_str() {
        "native" => setting.native(),
        _ => setting.flex(),
    };
    // At batch size 1, the latency has already been printed.
    if let Some((training, inference)) = rates {
        println!(
            "{{\"model\": \"{kind}\", \"batch\": {batch}, \"path\": \"{path}\", \
             \"training\": {training:.0}, \"inference\": {inference:.0}}}"
        );
    }
}

fn mode(step: u64) -> Mode {
    Mode::Training {
        dropout: true,
        seed: 1,
        step,
    }
}

/// A network and 64 batches of data.
struct Setting<'a> {
    architecture: &'a Architecture,
    weights: &'a Weights,
    /// `[64 * batch, 2, 7, features]`.
    x: &'a [f32],
    /// `[64 * batch]`.
    y: &'a [u32],
    batch: usize,
    seconds: f64,
}

impl Setting<'_> {
    /// Positions of a step's samples in the data.
    fn part(&self, step: u64) -> Range<usize> {
        let first = step as usize % 64 * self.batch;
        first..first + self.batch
    }

    /// Inputs of a step, in the order of the data.
    fn inputs(&self, step: u64) -> &[f32] {
        let (part, length) = (self.part(step), self.architecture.input.elements());
        &self.x[part.start * length..part.end * length]
    }

    /// Samples/s of training and of inference by the native engine.
    fn native(&self) -> Option<(f64, f64)> {
        let mut network =
            NativeNetwork::new(self.architecture, self.weights, AdamConfig::default()).unwrap();
        if self.batch == 1 {
            latency(|i| {
                std::hint::black_box(network.logits(self.inputs(i as u64)));
            });
            return None;
        }
        let order = self.order();
        let training = rate(self.batch, self.seconds, |step| {
            let indices = &order[self.part(step)];
            let labels: Vec<u32> = indices.iter().map(|&i| self.y[i]).collect();
            network.training_pass_over(self.x, indices, &labels, mode(step));
            network.step(1e-3);
        });
        let inference = rate(self.batch, self.seconds / 2.0, |step| {
            std::hint::black_box(network.logits(self.inputs(step)));
        });
        Some((training, inference))
    }

    /// Samples/s of training and of inference by Burn on the CPU.
    fn flex(&self) -> Option<(f64, f64)> {
        let (batch, length) = (self.batch, self.architecture.input.elements());
        let device = Device::flex().autodiff();
        let mut network = Network::new(self.architecture, self.weights, &device).unwrap();
        let mut adam = Adam::new(AdamConfig::default());
        let order = self.order();
        let input = |x: Vec<f32>, device: &Device| {
            Tensor::<4>::from_data(TensorData::new(x, [batch, 2, 7, length / 14]), device)
        };
        let training = rate(batch, self.seconds, |step| {
            let indices = &order[self.part(step)];
            let samples = indices.iter().flat_map(|i| &self.x[i * length..][..length]);
            let labels: Vec<i64> = indices.iter().map(|&i| self.y[i].into()).collect();
            let targets = TensorData::new(labels, [batch]);
            let targets = Tensor::<1, Int>::from_data(targets, &device);
            let forward = network.forward(input(samples.copied().collect(), &device), mode(step));
            let loss = cross_entropy(forward.logits.clone(), targets);
            adam.step(&mut network, loss.backward(), 1e-3);
            network.update_running_statistics(&forward, model::BATCH_NORM_MOMENTUM);
        });
        let network = network.without_autodiff();
        let device = Device::flex();
        let infer = |step| {
            let x = self.inputs(step).to_vec();
            let logits = network.forward(input(x, &device), Mode::Inference).logits;
            std::hint::black_box(logits.into_data());
        };
        if batch == 1 {
            latency(|i| infer(i as u64));
            return None;
        }
        Some((training, rate(batch, self.seconds / 2.0, infer)))
    }

    /// A permutation: the multiplier shares no factor with the number of samples.
    fn order(&self) -> Vec<usize> {
        let samples = self.y.len();
        (0..samples).map(|i| i * 40_503 % samples).collect()
    }
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

/// Prints median and 99th percentile of single calls, after a warm-up.
fn latency(mut call: impl FnMut(usize)) {
    (0..200).for_each(&mut call);
    let mut times: Vec<f64> = (0..5000)
        .map(|i| {
            let started = Instant::now();
            call(i);
            started.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let (median, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    println!("{{\"batch\": 1, \"median_us\": {median:.1}, \"p99_us\": {p99:.1}}}");
}
