//! The program as people run it: windows, recordings and streams, and models that are broken.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use data::reader::{Record, TfrecordWriter};
use data::{
    BandLayout, Compression, Normalisation, Preprocessing, SpectralConfig, SpectralMethod,
    Statistics, Step, Thresholds,
};
use model::{Architecture, Bundle, InputShape, ModelKind, NamedTensor, Plan, Weights};
use predict::{Classifier, Window};
use proptest::prelude::*;
use serde_json::Value;

#[path = "cli/int8.rs"]
mod int8;

const CLASSES: [&str; 3] = ["background", "footsteps", "vehicle"];

/// A model of windows `[2, samples]` that is sure of what it says, in `folder`.
fn write_model(folder: &Path, samples: usize, rate: Option<f64>) -> PathBuf {
    let mut preprocessing = Preprocessing::new(vec![Step::Demean], SpectralConfig::default());
    preprocessing.sampling_rate = rate;
    preprocessing.normalisation = Normalisation::Sample;
    write_model_with(folder, samples, preprocessing)
}

/// The same with this preprocessing, which makes as many values of a segment as it has samples.
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
        // A program that has refused its input reads no more.
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

/// Checks that a run was refused, and what it said.
fn refused(output: &Output, code: i32, said: &str) {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{error}");
    assert!(error.contains(said), "{error}");
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

/// A NumPy file of float32.
fn npy(shape: &str, values: &[f32]) -> Vec<u8> {
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
    while !(header.len() + 11).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    bytes
}

#[test]
fn windows_are_classified_as_by_the_library() {
    let folder = tempfile::tempdir().unwrap();
    // An experiment, its `model/`, and a copy of that.
    let model = write_model(folder.path(), 64, None);
    let own = windows(600);
    let expected = Classifier::open(folder.path())
        .unwrap()
        .classify(&own)
        .unwrap();
    let alone = Classifier::open(&model)
        .unwrap()
        .classify(&own[599..])
        .unwrap();
    assert_eq!(alone[0], expected[599], "a window's result is its own");
    assert!(expected.iter().any(|own| own.class != expected[0].class));
    let path = folder.path().join("a.tfrecord");
    write_windows(&path, &own);
    let (model, path) = (model.to_str().unwrap(), path.to_str().unwrap());
    for threads in ["1", "3"] {
        let found = lines(&run(&[
            "windows",
            model,
            path,
            "--json",
            "--threads",
            threads,
        ]));
        assert_eq!(found.len(), 600);
        for (i, (line, expected)) in found.iter().zip(&expected).enumerate() {
            assert_eq!((&line["version"], &line["index"]), (&1.into(), &i.into()));
            assert_eq!(line["class"], CLASSES[expected.class]);
            assert_eq!(line["label"], 2);
            for (name, p) in CLASSES.iter().zip(&expected.probabilities) {
                let own = line["probabilities"][name].as_f64().unwrap();
                assert_eq!(own as f32, *p);
            }
        }
    }
    let csv = run(&["windows", model, path, "--csv", "--threshold", "1"]);
    let rows: Vec<&str> = stdout(&csv).lines().collect();
    assert_eq!(
        rows[0],
        "file,record,class,confidence,background,footsteps,vehicle"
    );
    assert!(
        rows[1].starts_with(&format!("{path},0,unknown,")),
        "{}",
        rows[1]
    );
    let table = run(&["windows", model, path]);
    assert_eq!(stdout(&table).lines().count(), 601);
    let out = folder.path().join("out.csv");
    run(&[
        "windows",
        model,
        path,
        "--csv",
        "--threshold",
        "1",
        "-o",
        out.to_str().unwrap(),
    ]);
    assert_eq!(std::fs::read_to_string(out).unwrap(), stdout(&csv));
}

#[test]
fn windows_need_no_labels() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 64, None);
    let own = windows(3);
    let values: Vec<f32> = own.iter().flat_map(|own| own.values.clone()).collect();
    let path = folder.path().join("new.npy");
    std::fs::write(&path, npy("(3, 2, 64)", &values)).unwrap();
    let found = lines(&run(&[
        "windows",
        model.to_str().unwrap(),
        path.to_str().unwrap(),
        "--json",
    ]));
    let expected = Classifier::open(&model).unwrap().classify(&own).unwrap();
    let classes: Vec<&str> = expected.iter().map(|own| CLASSES[own.class]).collect();
    assert_eq!(
        found
            .iter()
            .map(|own| own["class"].as_str().unwrap())
            .collect::<Vec<_>>(),
        classes
    );
    assert!(found.iter().all(|own| own.get("label").is_none()));
}

#[test]
fn what_is_wrong_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 64, None);
    let model = model.to_str().unwrap();
    let path = folder.path().join("bad.tfrecord");
    let mut own = windows(3);
    own[2].shape = vec![2, 56];
    own[2].values.truncate(112);
    write_windows(&path, &own);
    let path = path.to_str().unwrap();
    let out = folder.path().join("out.json");
    let output = run(&[
        "windows",
        model,
        path,
        "--json",
        "-o",
        out.to_str().unwrap(),
    ]);
    refused(&output, 2, "bad.tfrecord, record 2: ");
    assert!(!out.exists(), "half a result is none");
    refused(
        &run(&["windows", "nowhere", path]),
        2,
        "nowhere: there is no such path, and no experiment",
    );
    refused(&run(&["windows", "/", path]), 2, "contains no model");
    refused(&run(&["windows", model, "nothing.npz"]), 2, "nothing.npz");
    refused(
        &run(&["windows", model, path, "--threshold", "7"]),
        2,
        "--threshold 7",
    );
    let station = station();
    refused(
        &run(&["recording", model, &station, "--channels", "Z,E"]),
        2,
        "--model-rate",
    );
    refused(
        &run(&["recording", model, &station, "--model-rate", "100"]),
        2,
        "choose with --channels",
    );
    let hot = [
        "recording",
        model,
        &station,
        "--model-rate",
        "100",
        "--channels",
        "Z,E",
        "--off",
        "0.9",
    ];
    refused(&run(&hot), 2, "--off 0.9 is above --on 0.7");
    refused(
        &run_with_input(&["stream", model, "-", "--model-rate", "9"], &[b"noise"]),
        2,
        "miniSEED",
    );
}

/// Cards of versions that knew no temperature, rate, window or thresholds.
#[test]
fn old_models_open() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 64, Some(100.0));
    let card = model.join("model.json");
    let mut old: Value = serde_json::from_slice(&std::fs::read(&card).unwrap()).unwrap();
    old.as_object_mut().unwrap().remove("temperature");
    let preprocessing = old["preprocessing"].as_object_mut().unwrap();
    for key in ["window", "sampling_rate", "thresholds"] {
        preprocessing.remove(key);
    }
    std::fs::write(&card, old.to_string()).unwrap();
    let mut classifier = Classifier::open(&model).unwrap();
    assert_eq!(
        (classifier.window_samples(), classifier.sampling_rate()),
        (Some(64), None)
    );
    let own = classifier.classify(&windows(1)).unwrap();
    let exp: Vec<f32> = own[0].logits.iter().map(|v| v.exp()).collect();
    let share = exp[0] / exp.iter().sum::<f32>();
    assert!((own[0].probabilities[0] - share).abs() < 1e-5);
}

fn station() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/station.mseed").into()
}

/// Events and windows of the made station, whatever the order of its records, read from a file or as they come in.
#[test]
fn a_stream_gives_what_a_recording_gives() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 512, Some(100.0));
    let model = model.to_str().unwrap();
    let bytes = std::fs::read(station()).unwrap();
    // Channel after channel, as ObsPy writes them.
    let mut sorted: Vec<&[u8]> = bytes.chunks(512).collect();
    sorted.sort_by_key(|record| record[17]);
    let sorted_path = folder.path().join("sorted.mseed");
    std::fs::write(&sorted_path, sorted.concat()).unwrap();
    let expected: Value = serde_json::from_str(include_str!("fixtures/station.json")).unwrap();
    let common = [
        "--channels",
        "HHN,HHE",
        "--hop",
        "256",
        "--json",
        "--on",
        "0.5",
    ];
    for kind in [
        &["--windows"][..],
        &["--merge-gap", "1", "--ignore", "vehicle"],
    ] {
        let options = [&common[..], kind].concat();
        let read = |path: &str| run(&[&["recording", model, path][..], &options].concat());
        let found = read(&station());
        let read_lines = lines(&found);
        assert!(!read_lines.is_empty());
        assert_eq!(stdout(&read(sorted_path.to_str().unwrap())), stdout(&found));
        let arguments = [&["stream", model, "-"][..], &options].concat();
        // Cut in the midst of records.
        let pieces: Vec<&[u8]> = bytes.chunks(700).collect();
        let streamed = run_with_input(&arguments, &pieces);
        assert_eq!(stdout(&streamed), stdout(&found));
        let said = text(&streamed.stderr);
        assert!(said.contains("latency"), "{said}");
        assert!(said.contains("lost samples: 1133 in 1 gaps"), "{said}");
        if kind[0] == "--windows" {
            let starts = expected["HHN-HHE"]
                .as_array()
                .unwrap()
                .iter()
                .map(|own| own[0].as_i64().unwrap() / 1000);
            let own = read_lines.iter().map(|line| {
                let time = line["start"].as_str().unwrap();
                data::recording::parse_time(time).unwrap() / 1000
            });
            assert_eq!(own.collect::<Vec<_>>(), starts.collect::<Vec<_>>());
        }
    }
}

#[test]
fn numbers_come_in_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 64, Some(50.0));
    let model = model.to_str().unwrap();
    let values: Vec<i16> = (0..4000).map(|i| ((i * i) % 1999 - 1000) as i16).collect();
    let mut table = "z,n\n".to_owned();
    for pair in values.chunks(2) {
        table.push_str(&format!("{},{}\n", pair[0], pair[1]));
    }
    let path = folder.path().join("table.csv");
    std::fs::write(&path, table).unwrap();
    let options = [
        "--windows",
        "--csv",
        "--rate",
        "100",
        "--start",
        "2024-05-01T00:00:00Z",
    ];
    let read = run(&[&["recording", model, path.to_str().unwrap()][..], &options].concat());
    let rows = |output: &Output| -> Vec<String> {
        // Without the site.
        let rows = stdout(output).lines().skip(1);
        rows.map(|row| row.split_once(',').unwrap().1.to_owned())
            .collect()
    };
    // 2000 samples at 100 Hz are 1000 at 50: windows of 64 every 32.
    assert_eq!(rows(&read).len(), 30);
    for format in ["int16", "int32", "float32"] {
        let bytes: Vec<u8> = match format {
            "int16" => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            "int32" => values
                .iter()
                .flat_map(|v| i32::from(*v).to_le_bytes())
                .collect(),
            _ => values
                .iter()
                .flat_map(|v| f32::from(*v).to_le_bytes())
                .collect(),
        };
        let arguments = [&["stream", model, "-", "--format", format][..], &options].concat();
        let pieces: Vec<&[u8]> = bytes.chunks(1001).collect();
        assert_eq!(
            rows(&run_with_input(&arguments, &pieces)),
            rows(&read),
            "{format}"
        );
    }
}

/// Spectra that windows of a recording share, and the same windows by themselves.
#[test]
fn overlapping_windows_are_classified_as_by_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let spectral = |method, compression| SpectralConfig {
        method,
        compression,
        ..Default::default()
    };
    let mut spectra = Preprocessing::new(
        vec![Step::Scale(0.25)],
        spectral(SpectralMethod::Fft, Compression::Log1p),
    );
    spectra.normalisation = Normalisation::Dataset;
    spectra.thresholds = Some(Thresholds {
        compression: vec![0.5, 2.0],
        ..Default::default()
    });
    let bands = spectral(SpectralMethod::Bands, Compression::None);
    let layout = BandLayout::new(&bands.bands, 64).unwrap();
    let mut bands = Preprocessing::new(Vec::new(), bands);
    bands.normalisation = Normalisation::Band;
    bands.bands = Some(layout);
    let values: Vec<f32> = (0..6000)
        .map(|i| ((i * i) % 1999) as f32 - 1000.0 + (i as f32 * 0.01).cos())
        .collect();
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    for (mut own, entries) in [(spectra, 2), (bands, 32)] {
        own.sampling_rate = Some(100.0);
        own.thresholds.get_or_insert_default();
        own.statistics = Some(Statistics {
            mean: (0..entries).map(|i| 0.01 * f64::from(i)).collect(),
            std: (0..entries).map(|i| 1.5 + 0.1 * f64::from(i)).collect(),
        });
        let model = write_model_with(folder.path(), 64, own);
        for (hop, threads) in [("16", "1"), ("16", "3"), ("40", "2"), ("5", "1")] {
            let starts = (0..=3000 - 64).step_by(hop.parse().unwrap());
            let window = |start: usize| Window {
                values: (0..128)
                    .map(|i| values[2 * (start + i % 64) + i / 64])
                    .collect(),
                shape: vec![2, 64],
            };
            let windows: Vec<Window> = starts.map(window).collect();
            let expected = Classifier::open(&model).unwrap().classify(&windows);
            let options = [
                "--windows",
                "--json",
                "--rate",
                "100",
                "--format",
                "float32",
            ];
            let options = [&options[..], &["--hop", hop, "--threads", threads]].concat();
            let arguments = [&["stream", model.to_str().unwrap(), "-"], &options[..]].concat();
            let found = lines(&run_with_input(&arguments, &[&bytes]));
            assert_eq!(found.len(), windows.len());
            for (line, expected) in found.iter().zip(expected.unwrap()) {
                for (name, p) in CLASSES.iter().zip(&expected.probabilities) {
                    let own = line["probabilities"][name].as_f64().unwrap();
                    assert_eq!(own as f32, *p, "hop {hop}, {threads} threads");
                }
            }
        }
    }
}

/// Two days of an archive, by two processes at once and after one was killed.
#[test]
fn an_archive_is_done_day_by_day() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 512, Some(100.0));
    let root = folder.path().join("sds");
    let bytes = std::fs::read(station()).unwrap();
    // The station's minute, and the same one day later.
    for (day, code) in [(122u16, 'Z'), (122, 'E'), (123, 'Z'), (123, 'E')] {
        let folder = root.join(format!("2024/XX/MADE/HH{code}.D"));
        std::fs::create_dir_all(&folder).unwrap();
        let own = bytes.chunks(512).filter(|record| record[17] == code as u8);
        let own: Vec<u8> = own
            .flat_map(|record| {
                let mut record = record.to_vec();
                record[22..24].copy_from_slice(&day.to_be_bytes());
                record
            })
            .collect();
        std::fs::write(
            folder.join(format!("XX.MADE.00.HH{code}.D.2024.{day}")),
            own,
        )
        .unwrap();
    }
    let out = folder.path().join("results");
    let (out_text, root, model) = (
        out.to_str().unwrap(),
        root.to_str().unwrap(),
        model.to_str().unwrap(),
    );
    let options = [
        "--on", "0.4", "--off", "0.3", "--ignore", "vehicle", "--out", out_text,
    ];
    let arguments = [&["recording", model, root][..], &options].concat();
    // What a killed process of this machine left: its claim, and a part of a result.
    let claim = out.join("claims/XX.MADE.00.HH.2024.122.0");
    std::fs::create_dir_all(&claim).unwrap();
    let holder = serde_json::json!({"host": jobs::host_name(), "pid": 1});
    std::fs::write(claim.join("holder.json"), holder.to_string()).unwrap();
    std::fs::write(claim.join("lock"), "").unwrap();
    std::fs::create_dir_all(out.join("days")).unwrap();
    let part = out.join("days/.XX.MADE.00.HH.2024.122.jsonl.host.1.tmp");
    std::fs::write(&part, "{").unwrap();
    let children: Vec<_> = (0..2)
        .map(|_| command(&arguments).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    let said: Vec<String> = children
        .into_iter()
        .map(|child| {
            let ended = child.wait_with_output().unwrap();
            assert!(ended.status.success(), "{}", text(&ended.stderr));
            text(&ended.stderr).to_owned()
        })
        .collect();
    let done: usize = said.iter().map(|own| own.matches(": done").count()).sum();
    assert_eq!(done, 2, "{said:?}");
    let days = ["122", "123"].map(|day| {
        std::fs::read_to_string(out.join(format!("days/XX.MADE.00.HH.2024.{day}.jsonl"))).unwrap()
    });
    assert!(!days[0].is_empty());
    assert_eq!(days[0].replace("2024-05-01", "2024-05-02"), days[1]);
    // Whoever came last joined them; a run more changes nothing.
    run(&arguments);
    assert_eq!(
        std::fs::read_to_string(out.join("events.jsonl")).unwrap(),
        days.concat()
    );
    assert!(!part.exists());
    let other = [&arguments[..], &["--merge-gap", "3"]].concat();
    refused(&run(&other), 2, "other settings");
    let events = std::fs::read(out.join("events.jsonl")).unwrap();
    by_commands_of_one_day_each(&arguments, &folder.path().join("other"), &events);
    a_failed_day_is_retried(&arguments, &folder.path().join("failed"), &events);
}

/// The same with another folder of results.
fn elsewhere<'a>(arguments: &[&'a str], out: &'a Path) -> Vec<&'a str> {
    let mut arguments = arguments.to_vec();
    *arguments.last_mut().unwrap() = out.to_str().unwrap();
    arguments
}

fn by_commands_of_one_day_each(arguments: &[&str], out: &Path, events: &[u8]) {
    let mut arguments = elsewhere(arguments, out);
    refused(
        &run(&[&arguments[..], &["--executor", "print", "--tasks", "0"]].concat()),
        2,
        "--tasks must be at least 1",
    );
    arguments.extend(["--executor", "print"]);
    let printed = run(&arguments);
    let commands: Vec<String> = text(&printed.stdout).lines().map(str::to_owned).collect();
    assert_eq!(commands.len(), 2, "{}", text(&printed.stderr));
    assert!(!out.join("events.jsonl").exists());
    for command in &commands {
        let done = Command::new("sh").args(["-c", command]).output().unwrap();
        assert!(done.status.success(), "{}", text(&done.stderr));
    }
    assert_eq!(std::fs::read(out.join("events.jsonl")).unwrap(), events);
    let wrong = commands[0].replace("--worker ", "--worker not-");
    let output = Command::new("sh").args(["-c", &wrong]).output().unwrap();
    refused(&output, 2, "its token differs");
}

fn a_failed_day_is_retried(arguments: &[&str], out: &Path, events: &[u8]) {
    let file = Path::new(arguments[2]).join("2024/XX/MADE/HHZ.D/XX.MADE.00.HHZ.D.2024.123");
    let good = std::fs::read(&file).unwrap();
    std::fs::write(&file, "no recording").unwrap();
    let arguments = elsewhere(arguments, out);
    // The day before ends in its files.
    refused(&run(&arguments), 2, "2 days failed");
    assert!(!out.join("events.jsonl").exists());
    std::fs::write(&file, good).unwrap();
    assert!(run(&arguments).status.success());
    assert_eq!(std::fs::read(out.join("events.jsonl")).unwrap(), events);
}

#[test]
fn a_model_is_found_by_the_id_of_its_experiment() {
    let folder = tempfile::tempdir().unwrap();
    let experiments = folder.path().join("runs");
    let experiment = experiments.join("20260101_000000_simple_cnn_0123abcd");
    std::fs::create_dir_all(&experiment).unwrap();
    let model = write_model(&experiment, 64, Some(100.0));
    let metadata = r#"{"timestamp": "2026-01-01T00:00:00.000000"}"#;
    std::fs::write(experiment.join("metadata.json"), metadata).unwrap();
    let file = folder.path().join("windows.tfrecord");
    write_windows(&file, &windows(1));
    let classified = |model: &str| {
        let directory = ["--experiments-dir", experiments.to_str().unwrap()];
        let words = ["windows", model, file.to_str().unwrap(), "--json"];
        run(&[&words[..], &directory].concat())
    };
    let expected = lines(&classified(model.to_str().unwrap()));
    assert_eq!(expected.len(), 1);
    for id in ["latest", "20260101", "0123abcd"] {
        assert_eq!(lines(&classified(id)), expected, "{id}");
    }
    refused(&classified("nonsense"), 2, "none of 1 experiments");
}

#[test]
fn events_are_written_as_quakeml() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 512, Some(100.0));
    let path = folder.path().join("events.xml");
    let found = lines(&run(&[
        "recording",
        model.to_str().unwrap(),
        &station(),
        "--channels",
        "Z,E",
        "--json",
        "--on",
        "0.4",
        "--off",
        "0.3",
        "--ignore",
        "vehicle",
        "--quakeml",
        path.to_str().unwrap(),
    ]));
    let xml = std::fs::read_to_string(path).unwrap();
    assert_eq!(xml.matches("<event publicID").count(), found.len());
    for event in &found {
        let start = format!("<value>{}</value>", event["start"].as_str().unwrap());
        assert!(xml.contains(&start), "{start}");
    }
    assert!(!found.is_empty());
}

#[test]
#[cfg(unix)]
fn an_interrupted_stream_tells_what_it_found() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 64, Some(100.0));
    let mut child = command(&[
        "stream",
        model.to_str().unwrap(),
        "-",
        "--format",
        "int16",
        "--rate",
        "100",
        "--windows",
    ])
    .stdin(Stdio::piped())
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(&[7; 4 * 96]).unwrap();
    input.flush().unwrap();
    // Its results come while the stream is open.
    let mut output = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    for _ in 0..3 {
        std::io::BufRead::read_line(&mut output, &mut line).unwrap();
    }
    assert_eq!(line.lines().count(), 3, "{line}");
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    assert!(text(&ended.stderr).contains("96 samples of every channel"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A model from anywhere: an error or a classifier, never a panic.
    #[test]
    fn broken_models_do_not_panic(
        in_card: bool,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let model = write_model(folder.path(), 64, Some(100.0));
        let path = model.join(if in_card { "model.json" } else { "model.safetensors" });
        let mut bytes = std::fs::read(&path).unwrap();
        for (at, value) in changes {
            // Of the weights mostly the header.
            let end = if in_card { bytes.len() } else { bytes.len().min(3000) };
            bytes[at.index(end)] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        std::fs::write(&path, bytes).unwrap();
        let opened = Classifier::open(&model);
        prop_assert!(cut.is_none() || opened.is_err(), "a truncated file was accepted");
        if let Ok(mut classifier) = opened {
            let _ = classifier.classify(&windows(2));
        }
    }

    /// Invalid numbers in the model card do not panic; an impossible input shape is an error.
    #[test]
    fn strange_numbers_do_not_panic(
        key in prop::sample::select(vec!["input_shape", "segments", "window", "sampling_rate", "temperature", "bands"]),
        number in prop::sample::select(vec!["0", "-1", "1e300", "18446744073709551615", "4611686018427387904", "3", "null"]),
        method in prop::sample::select(vec!["none", "fft", "welch", "bands"]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let model = write_model(folder.path(), 64, Some(100.0));
        let path = model.join("model.json");
        let mut card: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let value: Value = serde_json::from_str(number).unwrap();
        card["preprocessing"]["spectral"]["method"] = method.into();
        match key {
            "input_shape" => card[key][1] = value,
            "temperature" => card[key] = value,
            "bands" => {
                card["preprocessing"]["bands"] = serde_json::json!({
                    "window": 64, "segments": value, "hop": 8, "frames": 1, "frame_hop": 8, "frame": 16, "edges": [1, 5, 9],
                    "floor": 1e-7, "level": true
                });
            }
            key => card["preprocessing"][key] = value,
        }
        std::fs::write(&path, card.to_string()).unwrap();
        let opened = Classifier::open(&model);
        prop_assert!(key != "input_shape" || number == "3" || opened.is_err(), "{number} was accepted");
        if let Ok(mut classifier) = opened {
            let _ = classifier.classify(&windows(2));
        }
    }
}
