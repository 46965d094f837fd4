//! Runs `trainer` on a GPU, or on a driver that simulates one (Debian: `mesa-vulkan-drivers`).
//!
//! Without either, the tests are reported as skipped, or fail if `SEISMIC_REQUIRE_GPU` is set.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use data::reader::{Record, TfrecordWriter};
use serde_json::Value;

/// The devices that the binary lists.
fn devices() -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_trainer"))
        .args(["devices", "--json"])
        .output()
        .unwrap();
    assert!(output.status.success());
    let listed: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(listed[0]["backend"], "native");
    listed
}

/// Whether there is no device to test with.
fn skipped(test: &str) -> bool {
    let found = devices().iter().any(|device| device["backend"] == "wgpu");
    if !found {
        assert!(
            std::env::var_os("SEISMIC_REQUIRE_GPU").is_none(),
            "no device for wgpu"
        );
        let _ = writeln!(std::io::stderr(), "SKIPPED {test}: no device for wgpu");
    }
    !found
}

/// A small dataset: two classes of tones in noise, 2 x 7 x 16. The number of samples is not a multiple of the batch
/// size 16.
fn dataset(folder: &Path) -> PathBuf {
    for (split, samples, seed) in [("train", 72u32, 1u32), ("val", 20, 2)] {
        let mut writer = TfrecordWriter::create(&folder.join(format!("{split}.tfrecord"))).unwrap();
        let mut state = seed;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        for record in 0..samples {
            let label = record % 2;
            let tone = |i: usize| ((1 + 2 * label) as f32 * i as f32 * 0.4).sin();
            writer
                .write(&Record {
                    record: record as usize,
                    values: (0..128).map(|i| tone(i % 64) + noise()).collect(),
                    shape: vec![2, 64],
                    label: label.into(),
                    group: Some(format!("{split}-{record}")),
                })
                .unwrap();
        }
        writer.finish().unwrap();
        std::fs::write(
            folder.join(format!("{split}.txt")),
            format!("{split}.tfrecord\n"),
        )
        .unwrap();
    }
    let config = folder.join("dataset_config.yaml");
    let text = "tones:\n  class_names: [low, high]\n  train_index_file: train.txt\n  val_index_file: val.txt\n";
    std::fs::write(&config, text).unwrap();
    config
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
    command
        .arg("--experiments-dir")
        .arg(folder.join("experiments"))
        .args(arguments);
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Validation losses by epoch, and the metadata, of the experiment that a run names.
fn written(output: &Output) -> (Vec<f64>, Value) {
    let stdout = text(&output.stdout);
    let line = stdout
        .lines()
        .find_map(|line| line.strip_prefix("directory  "));
    let newest = PathBuf::from(line.expect("the run names its directory"));
    let history = std::fs::read_to_string(newest.join("history.jsonl")).unwrap();
    let losses = history.lines().map(|line| {
        let epoch: Value = serde_json::from_str(line).unwrap();
        epoch["metrics"]["val_loss"].as_f64().unwrap()
    });
    let metadata = std::fs::read_to_string(newest.join("metadata.json")).unwrap();
    (losses.collect(), serde_json::from_str(&metadata).unwrap())
}

/// Training on the device gives the CPU's results with resident samples, streamed samples and batch normalisation of
/// inputs.
#[test]
fn training_goes_as_on_the_cpu() {
    if skipped("training_goes_as_on_the_cpu") {
        return;
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let config = dataset(folder.path());
    let common = [
        "--dataset-config",
        config.to_str().unwrap(),
        "--epochs",
        "2",
        "--batch-size",
        "16",
        "--schedule",
        "plateau",
        "--warmup",
        "0",
    ];
    for (model, more) in [
        ("simple_cnn", &[][..]),
        ("ultra_lightweight_cnn", &["--stream"]),
        ("simple_cnn", &["--normalisation", "batch"]),
    ] {
        let mut losses = Vec::new();
        for backend in ["native", "wgpu"] {
            let options = ["--model", model, "--backend", backend];
            let output = run(folder.path(), &[&common[..], &options, more].concat());
            let stderr = text(&output.stderr);
            assert!(output.status.success(), "{stderr}");
            assert!(!stderr.contains("panicked"), "{stderr}");
            let (curve, metadata) = written(&output);
            assert_eq!(metadata["system_info"]["backend"], backend);
            losses.push(curve);
            if backend == "wgpu" {
                assert_ne!(metadata["system_info"]["device"], "cpu");
            }
        }
        assert_eq!(losses[0].len(), 2);
        for (native, gpu) in losses[0].iter().zip(&losses[1]) {
            assert!(
                (native - gpu).abs() < 1e-3 * native.abs().max(1.0),
                "{model} {more:?}: {losses:?}"
            );
        }
    }
    // Resumes the last run.
    let output = run(folder.path(), &["--resume", "latest", "--epochs", "3"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let (losses, metadata) = written(&output);
    assert_eq!(
        (losses.len(), &metadata["status"]),
        (3, &Value::from("completed"))
    );
}

#[test]
fn a_device_that_is_not_there_is_named() {
    if skipped("a_device_that_is_not_there_is_named") {
        return;
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let config = dataset(folder.path());
    let output = run(
        folder.path(),
        &[
            "--dataset-config",
            config.to_str().unwrap(),
            "--backend",
            "wgpu",
            "--device",
            "99",
        ],
    );
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("--device 99 does not exist"), "{stderr}");
    assert!(!folder.path().join("experiments").exists());
}

/// With environment variables that keep the loader from finding a driver.
#[cfg(target_os = "linux")]
#[test]
fn without_a_driver_it_says_what_to_install_and_auto_uses_the_cpu() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let config = dataset(folder.path());
    let without = |backend: &str| {
        Command::new(env!("CARGO_BIN_EXE_trainer"))
            .envs(
                [
                    "VK_DRIVER_FILES",
                    "VK_ICD_FILENAMES",
                    "__EGL_VENDOR_LIBRARY_FILENAMES",
                ]
                .map(|n| (n, "/nowhere")),
            )
            .args([
                "--backend",
                backend,
                "--epochs",
                "1",
                "--dataset-config",
                config.to_str().unwrap(),
            ])
            .arg("--experiments-dir")
            .arg(folder.path().join("experiments"))
            .output()
            .unwrap()
    };
    let output = without("wgpu");
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(
        stderr.contains("apt install mesa-vulkan-drivers"),
        "{stderr}"
    );
    let output = without("auto");
    let stderr = text(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(
        stderr.contains("--backend auto: native on the CPU"),
        "{stderr}"
    );
    assert_eq!(written(&output).1["system_info"]["backend"], "native");
}
