//! Times the front ends: windows a second from samples to finished inputs, on one thread.
//!
//! `cargo run --release -p data --example front_ends`

use std::hint::black_box;
use std::time::{Duration, Instant};

use data::{BandsConfig, Compression, Preprocessing, SpectralConfig, SpectralMethod};

/// Channels and samples of a window.
const SHAPE: [usize; 2] = [2, 1024];
/// How long each is timed.
const LONG: Duration = Duration::from_millis(500);

fn main() {
    let window: Vec<f32> = (0..SHAPE[0] * SHAPE[1])
        .map(|i| ((i * i) % 1009) as f32 - 500.0)
        .collect();
    let with = |method, compression, frames| SpectralConfig {
        method,
        compression,
        bands: BandsConfig {
            frames,
            ..Default::default()
        },
        ..Default::default()
    };
    for (name, spectral) in [
        ("none", with(SpectralMethod::None, Compression::None, 4)),
        (
            "fft, log1p",
            with(SpectralMethod::Fft, Compression::Log1p, 4),
        ),
        (
            "welch, log",
            with(SpectralMethod::Welch, Compression::Log, 4),
        ),
        (
            "bands, 4 frames",
            with(SpectralMethod::Bands, Compression::None, 4),
        ),
        (
            "bands, 1 frame",
            with(SpectralMethod::Bands, Compression::None, 1),
        ),
    ] {
        let preprocessing = Preprocessing::new(Vec::new(), spectral);
        let mut pipeline = preprocessing.pipeline().expect("there are no steps");
        let mut features = Vec::new();
        let (mut windows, mut shape) = (0, [0; 3]);
        let started = Instant::now();
        while started.elapsed() < LONG {
            features.clear();
            shape = pipeline
                .features(black_box(&window), &SHAPE, &mut features)
                .expect("a window fits every front end");
            preprocessing.compress(&mut features, shape);
            black_box(&features);
            windows += 1;
        }
        let seconds = started.elapsed().as_secs_f64();
        println!(
            "{name:<16} {shape:?} {:8.0} windows/s",
            f64::from(windows) / seconds
        );
    }
}
