//! Runs the program as users do: windows, recordings, streams and broken models. This file holds what the tests in
//! `cli/` share.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use data::reader::{Record, TfrecordWriter};
use data::{Normalisation, Preprocessing, SpectralConfig, Step};
use model::{Architecture, Bundle, InputShape, ModelKind, NamedTensor, Plan, Weights};
use predict::{Classifier, Window};
use serde_json::Value;

#[path = "cli/archive.rs"]
mod archive;
#[path = "cli/bad_input.rs"]
mod bad_input;
#[path = "cli/int8.rs"]
mod int8;
#[path = "cli/models.rs"]
mod models;
#[path = "cli/recordings.rs"]
mod recordings;
#[path = "cli/streams.rs"]
mod streams;
#[path = "cli/windows.rs"]
mod windows;

const CLASSES: [&str; 3] = ["background", "footsteps", "vehicle"];

/// Writes a model for windows `[2, samples]` with confident predictions to `folder`.
fn write_model(folder: &Path, samples: usize, rate: Option<f64>) -> PathBuf {
    let mut preprocessing = Preprocessing::new(vec![Step::Demean], SpectralConfig::default());
    preprocessing.sampling_rate = rate;
    preprocessing.normalisation = Normalisation::Sample;
    write_model_with(folder, samples, preprocessing)
}

/// The same with this preprocessing, which must give as many values per segment as it has samples.
fn write_model_with(folder: &Path, samples: usize, mut preprocessing: Preprocessing) -> PathBuf {
    preprocessing.window = Some(samples);
    let input = InputShape::from([2, 7, samples / 4]);
    let architecture = Architecture::new(ModelKind::UltraLightweight, input, 3);
    let plan = Plan::new(&architecture).unwrap();
    let weights = Weights::init(&plan, 5);
    let named: HashMap<String, NamedTensor> = weights
        .tensors()
        .iter()
        .map(|tensor| {
            let mut tensor = tensor.clone();
            if tensor.name == "head/kernel" {
                tensor.values.iter_mut().for_each(|v| *v *= 40.0);
            }
            (tensor.name.clone(), tensor)
        })
        .collect();
    let weights = Weights::from_named(&plan, named).unwrap();
    let names = CLASSES.map(String::from).to_vec();
    let card = serde_json::to_value(preprocessing).unwrap();
    let bundle = Bundle::new(&architecture, weights, names, card).with_temperature(1.7);
    let path = folder.join("model");
    std::fs::create_dir_all(&path).unwrap();
    for (name, bytes) in bundle.files().unwrap() {
        std::fs::write(path.join(name), bytes).unwrap();
    }
    path
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_predict"));
    command.args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn run_with_input(arguments: &[&str], pieces: &[&[u8]]) -> Output {
    let mut child = command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    for piece in pieces {
        // A program that has rejected its input stops reading.
        let _ = input.write_all(piece).and_then(|()| input.flush());
    }
    drop(input);
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn stdout(output: &Output) -> &str {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn lines(output: &Output) -> Vec<Value> {
    let lines = stdout(output).lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Checks the exit code and message of a failed run.
fn refused(output: &Output, code: i32, expected: &str) {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{error}");
    assert!(error.contains(expected), "{error}");
    assert!(!error.contains("panicked"), "{error}");
}

fn windows(count: usize) -> Vec<Window> {
    let value = |n: usize, i: usize| ((i * (n + 3)) as f32 * 0.11).sin() * (1.0 + (i % 64) as f32);
    let window = |n| Window {
        values: (0..128).map(|i| value(n, i)).collect(),
        shape: vec![2, 64],
    };
    (0..count).map(window).collect()
}

fn write_windows(path: &Path, windows: &[Window]) {
    let mut writer = TfrecordWriter::create(path).unwrap();
    for (i, window) in windows.iter().enumerate() {
        let record = Record {
            record: i,
            values: window.values.clone(),
            shape: window.shape.clone(),
            label: 2,
            group: None,
        };
        writer.write(&record).unwrap();
    }
    writer.finish().unwrap();
}

/// A synthetic recording of one minute, written by `scripts/conformance/make_station.py`.
fn station() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/station.mseed").into()
}
