//! Times what a training does first: reading all splits of a configuration.
//!
//! `cargo run --release -p data --example loading -- dataset_config.yaml [--stream]`

use std::path::Path;
use std::time::Instant;

use data::{Dataset, DatasetConfig, Normalisation, Storage};

fn main() -> Result<(), data::DataError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(path) = arguments.first() else {
        eprintln!("usage: loading dataset_config.yaml [--stream]");
        std::process::exit(2);
    };
    let storage = if arguments.iter().any(|argument| argument == "--stream") {
        Storage::Streamed
    } else {
        Storage::Memory
    };
    let started = Instant::now();
    let config = DatasetConfig::load(Path::new(path), None)?;
    let dataset = Dataset::open(&config, Normalisation::None, storage)?;
    let seconds = started.elapsed().as_secs_f64();
    let windows = dataset.train.len() + dataset.val.len();
    println!(
        "{windows} windows in {seconds:.2} s, {:.0} a second; training split {}",
        windows as f64 / seconds,
        dataset.train.fingerprint
    );
    Ok(())
}
