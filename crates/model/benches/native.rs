//! The native path: `cargo bench -p model`. Training steps at batches of 32 and 256, inference at 256 and of
//! single windows, float32, with Rayon's number of threads (`RAYON_NUM_THREADS`).

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use model::native::NativeNetwork;
use model::rng::Rng;
use model::{AdamConfig, Architecture, Mode, ModelKind, Plan, Weights};

const WINDOW: usize = 2 * 7 * 256;

fn network(kind: ModelKind) -> NativeNetwork {
    let architecture = Architecture::new(kind, Default::default(), 3);
    let plan = Plan::new(&architecture).unwrap();
    NativeNetwork::new(
        &architecture,
        &Weights::init(&plan, 1),
        AdamConfig::default(),
    )
    .unwrap()
}

fn windows(count: usize) -> Vec<f32> {
    let mut rng = Rng::new(1, 1 << 40);
    (0..count * WINDOW)
        .map(|_| 2.0 * rng.uniform() - 1.0)
        .collect()
}

fn training(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("training step");
    let batches = [32, 256];
    let x = windows(256);
    for kind in ModelKind::ALL {
        for batch in batches {
            if kind == ModelKind::DeepLarge && batch > 32 {
                continue;
            }
            let mut network = network(kind);
            let y: Vec<u32> = (0..batch).map(|i| (i % 3) as u32).collect();
            let mut step = 0;
            group.throughput(Throughput::Elements(batch as u64));
            group.bench_function(BenchmarkId::new(kind.name(), batch), |bencher| {
                bencher.iter(|| {
                    let mode = Mode::Training {
                        dropout: true,
                        seed: 1,
                        step,
                    };
                    network.training_pass(&x[..batch * WINDOW], &y, mode);
                    network.step(1e-3);
                    step += 1;
                });
            });
        }
    }
}

fn inference(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("inference");
    let x = windows(256);
    for kind in ModelKind::ALL {
        let mut network = network(kind);
        for batch in [1, 256] {
            group.throughput(Throughput::Elements(batch as u64));
            group.bench_function(BenchmarkId::new(kind.name(), batch), |bencher| {
                bencher.iter(|| {
                    black_box(network.logits(&x[..batch * WINDOW]));
                });
            });
        }
    }
}

criterion_group!(benches, training, inference);
criterion_main!(benches);
