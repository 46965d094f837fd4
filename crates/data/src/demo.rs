//! The embedded demo: a deterministic simulation of a node with two sensors.
//!
//! Messages always call it a simulation. It has three classes in windows of 2 s at 512 Hz: background (coloured
//! noise), footsteps (decaying bursts of 15 to 40 Hz, 1.4 to 2.4 per second) and vehicle (drifting engine harmonics
//! with road noise). Some signals are as weak as the noise, so no network classifies all windows.

use std::f64::consts::TAU;
use std::path::{Path, PathBuf};

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use support::files::PendingOutput;

use crate::error::{DataError, unwritable};
use crate::reader::{Record, TfrecordWriter};

/// Classes of the demo.
pub const CLASSES: [&str; 3] = ["background", "footsteps", "vehicle"];
/// Folder below the datasets directory. The number changes with the simulation.
pub const FOLDER: &str = "demo-v1";
/// Splits and their sizes.
pub const SPLITS: [(&str, usize); 3] = [("train", 1200), ("val", 300), ("test", 300)];

const RATE: f64 = 512.0;
const SAMPLES: usize = 1024;
/// Number of windows simulated with the same parameters; corresponds to a recording in real data.
const WINDOWS_PER_GROUP: usize = 5;

/// Path of the demo's configuration below `datasets`; the demo is written first if it is missing. The folder is
/// created atomically.
///
/// # Errors
/// [`DataError::Write`] naming the path.
pub fn ensure(datasets: &Path) -> Result<PathBuf, DataError> {
    let folder = datasets.join(FOLDER);
    let config = folder.join("dataset_config.yaml");
    if config.is_file() {
        return Ok(config);
    }
    std::fs::create_dir_all(datasets).map_err(unwritable(datasets))?;
    let pending = PendingOutput::of(&folder).map_err(unwritable(&folder))?;
    std::fs::create_dir_all(pending.path()).map_err(unwritable(pending.path()))?;
    write(pending.path())?;
    match pending.finish() {
        Ok(()) => Ok(config),
        // Another process was faster; its folder is identical.
        Err(_) if config.is_file() => Ok(config),
        Err(source) => Err(unwritable(&folder)(source)),
    }
}

fn write(folder: &Path) -> Result<(), DataError> {
    let save = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|source| DataError::Write { path, source })
    };
    for (number, (split, count)) in SPLITS.into_iter().enumerate() {
        let name = format!("{split}.tfrecord");
        let mut writer = TfrecordWriter::create(&folder.join(&name))?;
        for record in 0..count {
            writer.write(&window(number as u64, split, record))?;
        }
        writer.finish()?;
        save(&format!("{split}_index.txt"), &format!("{name}\n"))?;
    }
    save(
        "dataset_config.yaml",
        &format!(
            "# The embedded demo: a simulation, not recordings. Written by the program.\n\
             demo:\n  num_classes: {}\n  class_names: [{}]\n  train_index_file: train_index.txt\n  \
             val_index_file: val_index.txt\n  test_index_file: test_index.txt\n\
             spectral_processing:\n  method: fft\n  compression: log1p\n  sampling_rate: {RATE:.1}\n",
            CLASSES.len(),
            CLASSES.join(", ")
        ),
    )
}

/// Window `record` of a split in ADC counts. Integers make the bytes equal on every machine, although sines differ in
/// their last digits.
fn window(split_number: u64, split: &str, record: usize) -> Record {
    let class = (record / WINDOWS_PER_GROUP) % CLASSES.len();
    let group = record / WINDOWS_PER_GROUP;
    let mut shared = ChaCha8Rng::seed_from_u64(20_240 + split_number);
    shared.set_stream(group as u64);
    let mut window_rng = ChaCha8Rng::seed_from_u64(40_480 + split_number);
    window_rng.set_stream(record as u64);

    let source = match class {
        0 => vec![0.0; SAMPLES],
        1 => footsteps(&mut shared, &mut window_rng),
        _ => vehicle(&mut shared, &mut window_rng),
    };
    let mut values = Vec::with_capacity(2 * SAMPLES);
    for _ in 0..2 {
        let gain = window_rng.random_range(0.6..1.4);
        let delay = window_rng.random_range(0..12);
        let noise = coloured_noise(&mut window_rng);
        for i in 0..SAMPLES {
            let signal = gain * source[(i + SAMPLES - delay) % SAMPLES];
            values.push((8.0 * (signal + noise[i])).round() as f32);
        }
    }
    Record {
        record,
        values,
        shape: vec![2, SAMPLES],
        label: class as i64,
        group: Some(format!("{split}-{}-{group}", CLASSES[class])),
    }
}

/// White noise through a one-pole low-pass, with some mains hum.
fn coloured_noise(rng: &mut ChaCha8Rng) -> Vec<f64> {
    let pole = rng.random_range(0.3..0.9);
    let hum = rng.random_range(0.0..0.5);
    let phase = rng.random_range(0.0..TAU);
    let mut state = 0.0;
    let next = |i: usize| {
        state = pole * state + (1.0 - pole) * gaussian(rng) * 2.0;
        state + hum * (TAU * 50.0 * i as f64 / RATE + phase).sin()
    };
    (0..SAMPLES).map(next).collect()
}

fn footsteps(shared: &mut ChaCha8Rng, window_rng: &mut ChaCha8Rng) -> Vec<f64> {
    let rate = shared.random_range(1.4..2.4);
    let frequency = shared.random_range(15.0..40.0);
    let amplitude = shared.random_range(3.0..15.0);
    let decay = shared.random_range(12.0..30.0);
    let mut signal = vec![0.0; SAMPLES];
    let mut at = window_rng.random_range(0.0..1.0) / rate;
    while at < SAMPLES as f64 / RATE {
        let strength = amplitude * window_rng.random_range(0.7..1.3);
        let first = (at * RATE) as usize;
        for (i, value) in signal.iter_mut().enumerate().skip(first) {
            let t = i as f64 / RATE - at;
            *value += strength * (-decay * t).exp() * (TAU * frequency * t).sin();
        }
        at += window_rng.random_range(0.9..1.1) / rate;
    }
    signal
}

fn vehicle(shared: &mut ChaCha8Rng, window_rng: &mut ChaCha8Rng) -> Vec<f64> {
    let engine = shared.random_range(18.0..45.0);
    let amplitude = shared.random_range(1.2..8.0);
    let rumble = shared.random_range(0.1..0.8);
    let harmonics: Vec<(f64, f64)> = (1..=4)
        .map(|k| {
            (
                shared.random_range(0.2..1.0) / k as f64,
                window_rng.random_range(0.0..TAU),
            )
        })
        .collect();
    let drift = window_rng.random_range(-0.06..0.06);
    let mut state = 0.0;
    let next = |i: usize| {
        let t = i as f64 / RATE;
        let phase = TAU * engine * t * (1.0 + drift * t);
        state = 0.8 * state + 0.2 * gaussian(window_rng);
        let tone = |(k, (weight, start)): (usize, &(f64, f64))| {
            weight * ((k + 1) as f64 * phase + start).sin()
        };
        amplitude * harmonics.iter().enumerate().map(tone).sum::<f64>() + rumble * 2.0 * state
    };
    (0..SAMPLES).map(next).collect()
}

/// Standard normal by the Box-Muller transform.
fn gaussian(rng: &mut ChaCha8Rng) -> f64 {
    let u: f64 = rng.random_range(f64::MIN_POSITIVE..1.0);
    let v: f64 = rng.random_range(0.0..TAU);
    (-2.0 * u.ln()).sqrt() * v.cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_deterministic_counts() {
        let a = window(0, "train", 5);
        assert_eq!(a, window(0, "train", 5));
        assert_ne!(a.values, window(1, "val", 5).values);
        assert_eq!(
            (a.label, a.group.as_deref()),
            (1, Some("train-footsteps-1"))
        );
        assert!(a.values.iter().all(|v| v.fract() == 0.0 && v.abs() < 1e4));
    }
}
