//! Reading and preprocessing: `cargo bench -p data`. The demo's training split (1,200 windows `[2, 1024]`): from
//! TFRecord into memory, with its spectra, and one epoch of streamed batches.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use data::{Dataset, DatasetConfig, Normalisation, Storage, batch, demo, reader};

fn reading(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let config = demo::ensure(folder.path()).unwrap();
    let source = config.with_file_name("train.tfrecord");
    let config = DatasetConfig::load(&config, None).unwrap();
    let open = |storage| Dataset::open(&config, Normalisation::Dataset, storage).unwrap();
    let streamed = open(Storage::Streamed);
    let windows = streamed.train.len();
    let all: usize = demo::SPLITS.iter().map(|(_, size)| size).sum();

    let mut group = criterion.benchmark_group("reading");
    group.throughput(Throughput::Elements(windows as u64));
    group.bench_function("TFRecord records", |bencher| {
        bencher.iter(|| {
            let mut count = 0;
            reader::read(&source, &Default::default(), &mut |_| {
                count += 1;
                Ok(())
            })
            .unwrap();
            assert_eq!(count, windows);
        });
    });
    group.throughput(Throughput::Elements(all as u64));
    group.bench_function("dataset into memory", |bencher| {
        bencher.iter(|| open(Storage::Memory));
    });
    group.throughput(Throughput::Elements(windows as u64));
    group.bench_function("epoch of streamed batches", |bencher| {
        bencher.iter(|| {
            let order = batch::shuffled(windows, 1, 0);
            let lists = order.chunks(32);
            batch::for_each(&streamed.train, &streamed.preprocessing, lists, |_| true).unwrap();
        });
    });
}

criterion_group!(benches, reading);
criterion_main!(benches);
