//! Times the front ends on one thread: windows a second from samples to features, from samples to finished inputs, and to
//! inputs where every window begins half a window after the last, as in recordings.
//!
//! ```sh
//! cargo run --release -p data --example front_ends
//! cargo run --release -p data --example front_ends -- count NAME HOW WINDOWS
//! ```
//!
//! The second form times nothing: it makes so many inputs, `each` by itself or as a `recording`, for a program that counts
//! instructions.

use std::hint::black_box;
use std::time::{Duration, Instant};

use data::{
    BandsConfig, Compression, FEW_BANDS, Normalisation, Preprocessing, SpectralConfig,
    SpectralMethod, Statistics,
};

/// Channels and samples of a window.
const SHAPE: [usize; 2] = [2, 1024];
/// From a window of a recording to the next.
const HOP: usize = 512;
/// How long each is timed.
const LONG: Duration = Duration::from_millis(500);

/// Names and settings of the front ends.
fn front_ends() -> [(&'static str, SpectralConfig); 11] {
    let with = |method, compression, frames| SpectralConfig {
        method,
        compression,
        bands: BandsConfig {
            frames,
            ..Default::default()
        },
        ..Default::default()
    };
    let mut in_time = with(SpectralMethod::Bands, Compression::None, 4);
    in_time.bands.time = true;
    let mut with_rhythm = in_time.clone();
    with_rhythm.bands.rhythm = true;
    let mut correlated = with(SpectralMethod::Bands, Compression::None, 4);
    correlated.bands.correlation = true;
    let few = |all: &SpectralConfig| {
        let mut few = all.clone();
        few.bands.bands = Some(FEW_BANDS);
        few
    };
    let few_bands = |frames| few(&with(SpectralMethod::Bands, Compression::None, frames));
    let few_with_rhythm = few(&with_rhythm);
    [
        ("none", with(SpectralMethod::None, Compression::None, 4)),
        ("fft", with(SpectralMethod::Fft, Compression::Log1p, 4)),
        ("welch", with(SpectralMethod::Welch, Compression::Log, 4)),
        ("bands", with(SpectralMethod::Bands, Compression::None, 4)),
        ("bands-1", with(SpectralMethod::Bands, Compression::None, 1)),
        ("bands-time", in_time),
        ("bands-time-rhythm", with_rhythm),
        ("bands-correlation", correlated),
        ("few-bands", few_bands(4)),
        ("few-bands-1", few_bands(1)),
        ("few-bands-time-rhythm", few_with_rhythm),
    ]
}

/// A front end with scaling by band, and windows of a recording.
struct Bench {
    preprocessing: Preprocessing,
    windows: Vec<Vec<f32>>,
    shape: [usize; 3],
}

impl Bench {
    fn new(spectral: SpectralConfig) -> Self {
        let sample = |i: usize| ((i * i) % 1009) as f32 - 500.0;
        let windows = (0..8).map(|w| {
            let channels = (0..SHAPE[0]).map(|c| w * HOP + 5000 * c);
            let samples = channels.flat_map(|first| first..first + SHAPE[1]);
            samples.map(sample).collect()
        });
        let mut bench = Self {
            preprocessing: Preprocessing::new(Vec::new(), spectral),
            windows: windows.collect(),
            shape: [0; 3],
        };
        let mut features = Vec::new();
        bench.features(1, |all| features = all.to_vec());
        bench.preprocessing.normalisation = Normalisation::Band;
        bench.preprocessing.statistics = Some(Statistics::of(&features, bench.shape, true));
        bench
    }

    /// Makes the compressed features of so many windows, each by itself.
    fn features(&mut self, count: usize, mut each: impl FnMut(&[f32])) {
        let mut pipeline = self.preprocessing.pipeline().expect("there are no steps");
        let mut features = Vec::new();
        for window in self.windows.iter().cycle().take(count) {
            features.clear();
            self.shape = pipeline
                .features(black_box(window), &SHAPE, &mut features)
                .expect("a window fits every front end");
            self.preprocessing.compress(&mut features, self.shape);
            each(&features);
        }
    }

    /// Makes the inputs of so many windows: each by itself, or as those of a recording.
    fn inputs(&mut self, count: usize, is_recording: bool) {
        let mut sequence = self.preprocessing.sequence().expect("there are no steps");
        let shift = is_recording.then_some(HOP);
        for window in self.windows.iter().cycle().take(count) {
            let input = sequence.input(black_box(window), &SHAPE, shift);
            black_box(input.expect("a window fits every front end"));
        }
    }
}

/// Windows a second.
fn rate(mut windows: impl FnMut(usize)) -> f64 {
    const AT_ONCE: usize = 400;
    let (mut done, started) = (0, Instant::now());
    while started.elapsed() < LONG {
        windows(AT_ONCE);
        done += AT_ONCE;
    }
    done as f64 / started.elapsed().as_secs_f64()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, name, how, windows] = &arguments[..]
        && command == "count"
    {
        let found = front_ends()
            .into_iter()
            .find(|(front_end, _)| front_end == name);
        let (_, spectral) = found.expect("the front end has a name of the table");
        let windows = windows.parse().expect("a number of windows");
        return Bench::new(spectral).inputs(windows, how == "recording");
    }
    println!("windows/s                 features    inputs  of a recording");
    for (name, spectral) in front_ends() {
        let mut bench = Bench::new(spectral);
        let features = rate(|count| {
            bench.features(count, |features| {
                black_box(features);
            });
        });
        let inputs = rate(|count| bench.inputs(count, false));
        let recording = rate(|count| bench.inputs(count, true));
        println!("{name:<21} {features:12.0} {inputs:9.0} {recording:15.0}");
    }
}
