//! Datasets like SeisBench's with various descriptions of axes, components and rates, compared with h5py
//! (`scripts/conformance/make_seisbench.py`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use data::import::{RecordingsConfig, import};
use data::recording::{SeisBench, SeisBenchHints, chunks};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    rate: f64,
    channels: BTreeMap<String, Vec<f64>>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/seisbench")
}

fn stead() -> SeisBenchHints {
    SeisBenchHints {
        sampling_rate: Some(100.0),
        component_order: Some("ENZ".into()),
        dimension_order: None,
    }
}

#[test]
fn every_trace_is_what_h5py_reads() {
    let text = std::fs::read_to_string(folder().join("expected.json")).unwrap();
    let all: BTreeMap<String, Vec<Option<Expected>>> = serde_json::from_str(&text).unwrap();
    assert!(all.len() > 12);
    for (name, expected) in &all {
        let mut data = SeisBench::open(&folder().join(name), "").unwrap();
        let given = if name == "stead" {
            stead()
        } else {
            SeisBenchHints::default()
        };
        data.complete(&given).unwrap();
        assert_eq!(data.len(), expected.len());
        for (row, expected) in expected.iter().enumerate() {
            let traces = data.traces(row);
            let Some(expected) = expected else {
                assert!(traces.is_err(), "{name}, {row}");
                continue;
            };
            let traces = traces.unwrap();
            assert_eq!(traces.len(), expected.channels.len(), "{name}, {row}");
            for trace in traces {
                assert_eq!(
                    trace.samples, expected.channels[&trace.channel],
                    "{name}, {row}"
                );
                assert!((trace.rate - expected.rate).abs() < 1e-9, "{name}, {row}");
            }
        }
        // One of the traces there has its own order of components, or its own rate.
        let is_noted = ["turned", "components"].contains(&&name[..]) || name.starts_with("rates-");
        assert_eq!(data.notes().is_empty(), !is_noted, "{name}");
    }
}

#[test]
fn all_that_is_missing_is_named_at_once() {
    let mut data = SeisBench::open(&folder().join("stead"), "").unwrap();
    let error = data
        .complete(&SeisBenchHints::default())
        .unwrap_err()
        .to_string();
    for part in [
        "no sampling rate: give `sampling_rate`",
        "no order of components (the first array has the shape [20, 3]): give `component_order`",
        "give `dimension_order`, CW or WC",
    ] {
        assert!(error.contains(part), "{error}");
    }
    // Given settings must not contradict the file.
    let mut data = SeisBench::open(&folder().join("CW"), "").unwrap();
    let refused = |data: &mut SeisBench, given: SeisBenchHints| {
        data.complete(&given).unwrap_err().to_string()
    };
    let rate = SeisBenchHints {
        sampling_rate: Some(50.0),
        ..Default::default()
    };
    let error = refused(&mut data, rate);
    assert!(
        error.contains("`sampling_rate` is given as 50, but the file says 100"),
        "{error}"
    );
    let error = refused(&mut data, stead());
    assert!(
        error.contains("given as E, N, Z, but the file says Z, N, E"),
        "{error}"
    );
    let order = SeisBenchHints {
        dimension_order: Some("WC".into()),
        ..Default::default()
    };
    assert!(refused(&mut data, order).contains("`dimension_order` is given as WC"));
}

/// Imports a folder of the fixtures with other metadata; returns the number of windows and the warnings, or the error.
fn imported(name: &str, metadata: Option<&str>, more: &str) -> Result<(usize, String), String> {
    let waveforms = std::fs::read(folder().join(name).join("waveforms.hdf5")).unwrap();
    imported_with(name, &waveforms, metadata, more)
}

/// The same with other waveforms.
fn imported_with(
    name: &str,
    waveforms: &[u8],
    metadata: Option<&str>,
    more: &str,
) -> Result<(usize, String), String> {
    let copy = tempfile::tempdir().unwrap();
    let file = "metadata.csv";
    std::fs::copy(folder().join(name).join(file), copy.path().join(file)).unwrap();
    std::fs::write(copy.path().join("waveforms.hdf5"), waveforms).unwrap();
    if let Some(metadata) = metadata {
        std::fs::write(copy.path().join("metadata.csv"), metadata).unwrap();
    }
    let list = format!(
        "sampling_rate: 100\nwindow: 0.08\nchannels: [Z, N, E]\nclass_names: [x, noise]\nseisbench:\n  - folder: .\n{more}\
         split: {{train: 0.6, val: 0.2, test: 0.2}}\n"
    );
    std::fs::write(copy.path().join("list.yaml"), list).unwrap();
    let config =
        RecordingsConfig::load(&copy.path().join("list.yaml")).map_err(|e| e.to_string())?;
    let out = copy.path().join("out");
    let done = import(&config, &out, 100, &mut |_| {}).map_err(|e| e.to_string())?;
    let windows = done.windows.iter().flatten().sum();
    Ok((windows, done.warnings.join("\n")))
}

#[test]
fn one_trace_does_not_lose_the_others() {
    let class = "    class_column: source_type\n";
    let (windows, warnings) = imported("components", None, class).unwrap();
    // Of six traces, two have all three components and a location: two windows each.
    assert_eq!(windows, 4);
    for part in [
        "2 traces with other channels left out",
        "there is no channel `N`: there are Z, 1, 2",
        "2 traces that cannot be read left out",
        "6 traces without `source_id`",
    ] {
        assert!(warnings.contains(part), "{part}: {warnings}");
    }
    // A trace without a date among others, and dates that cannot be parsed.
    let lines = [
        "2024-05-01T10:00:00Z",
        "NaT",
        "noon",
        "2024-05-01T10:01:00Z",
        "2024-05-01T10:02:00Z",
    ];
    let lines = lines
        .iter()
        .enumerate()
        .map(|(i, time)| format!("\"bucket0${},:3,:20\",x,{time}\n", i % 3));
    let dates = format!(
        "trace_name,source_type,trace_start_time\n{}",
        lines.collect::<String>()
    );
    let (windows, warnings) = imported("CW", Some(&dates), class).unwrap();
    assert_eq!(windows, 6);
    assert!(
        warnings.contains("2 traces that cannot be read left out"),
        "{warnings}"
    );
    // If no trace has a date, none is reported as missing.
    let (windows, _) = imported("CW", None, class).unwrap();
    assert_eq!(windows, 6);
    // If no trace can be read, the first reason becomes an error.
    let error = imported("CW", Some("trace_name,source_type\nnothing,x\n"), class).unwrap_err();
    assert!(error.contains("record 0"), "{error}");
}

/// A trace with a channel, or all of them, that is not finite gives no window, and is not called one without channels.
#[test]
fn traces_without_measurements() {
    let mut sound = SeisBench::open(&folder().join("CW"), "").unwrap();
    sound.complete(&SeisBenchHints::default()).unwrap();
    let traces = sound.traces(1).unwrap();
    let bytes = |samples: &[f64]| -> Vec<u8> {
        let singles = samples.iter().map(|sample| *sample as f32);
        singles.flat_map(f32::to_le_bytes).collect()
    };
    let class = "    class_column: source_type\n";
    for (channels, value) in [(1, f32::NAN), (3, f32::INFINITY)] {
        let mut waveforms = std::fs::read(folder().join("CW/waveforms.hdf5")).unwrap();
        for trace in &traces[..channels] {
            let samples = bytes(&trace.samples);
            let at = waveforms
                .windows(samples.len())
                .position(|part| part == samples)
                .unwrap();
            for sample in waveforms[at..at + samples.len()].as_chunks_mut().0 {
                *sample = value.to_le_bytes();
            }
        }
        let (windows, warnings) = imported_with("CW", &waveforms, None, class).unwrap();
        assert_eq!(windows, 4, "{warnings}");
        for expected in [
            "1 traces have no stretch as long as a window",
            "channel `Z`: samples that are no measurements are read as gaps: 20 not finite",
        ] {
            assert!(warnings.contains(expected), "{warnings}");
        }
    }
}

/// Other spellings of classes are told, and those of splits are read.
#[test]
fn classes_and_splits_in_other_spellings() {
    let lines = ["X,Train", "x,Validation", "x,TRAIN"]
        .into_iter()
        .enumerate();
    let lines = lines.map(|(i, rest)| format!("\"bucket0${i},:3,:20\",{rest}\n"));
    let text = format!(
        "trace_name,source_type,split\n{}",
        lines.collect::<String>()
    );
    let given = "    class_column: source_type\nsplit: {by: given}\nx-rest:\n  ";
    let (windows, warnings) = imported("CW", Some(&text), given).unwrap();
    assert_eq!(windows, 4);
    let expected =
        "1 trace of no class of `class_names` left out, such as `X` (upper and lower case differ)";
    assert!(warnings.contains(expected), "{warnings}");
}

#[test]
fn parts_without_a_list_of_them() {
    let target = tempfile::tempdir().unwrap();
    let copy = |name: &str, new: &str| {
        std::fs::copy(folder().join("CW").join(name), target.path().join(new)).unwrap();
    };
    assert_eq!(chunks(target.path()).unwrap(), [""]);
    for part in ["_b", "_a"] {
        copy("metadata.csv", &format!("metadata{part}.csv"));
        copy("waveforms.hdf5", &format!("waveforms{part}.hdf5"));
    }
    copy("metadata.csv", "metadata_c.csv");
    assert_eq!(chunks(target.path()).unwrap(), ["_a", "_b"]);
    copy("waveforms.hdf5", "waveforms.hdf5");
    assert_eq!(chunks(target.path()).unwrap(), [""]);
}

#[test]
fn stead_is_read_with_what_is_given() {
    let class = "    class_column: trace_category\n";
    let error = imported("stead", None, class).unwrap_err();
    assert!(
        error.contains("no sampling rate") && error.contains("no order of components"),
        "{error}"
    );
    let given = format!("{class}    sampling_rate: 100\n    component_order: ENZ\n");
    assert_eq!(imported("stead", None, &given).unwrap().0, 6);
}

#[test]
fn missing_and_empty_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = || {
        SeisBench::open(folder.path(), "")
            .err()
            .unwrap()
            .to_string()
    };
    assert!(
        error().contains("metadata.csv: there is no such file"),
        "{}",
        error()
    );
    let file = |name: &str| std::fs::write(folder.path().join(name), "trace_name\n").unwrap();
    file("metadata_a.csv");
    assert!(error().ends_with("there are metadata_a.csv"), "{}", error());
    file("metadata.csv");
    std::fs::write(folder.path().join("waveforms.hdf5"), "").unwrap();
    assert!(
        error().ends_with("waveforms.hdf5: the file is empty"),
        "{}",
        error()
    );
}

/// The order of a trace counts, as in SeisBench. One that contradicts that of the file may be a slip.
#[test]
fn contradicting_orders_of_components_are_noted() {
    let metadata = "trace_name,source_type,trace_component_order\n\"bucket0$0,:3,:20\",x,ZNE\n\"bucket0$1,:3,:20\",x,EZN\n\
                    \"bucket0$2,:3,:20\",x,NZE\n";
    let class = "    class_column: source_type\n";
    let (_, warnings) = imported("CW", Some(metadata), class).unwrap();
    let expected = "waveforms.hdf5: 2 traces with another `trace_component_order` than `component_order` says: that of the \
                    trace counts (the first: `bucket0$1,:3,:20` with EZN, not ZNE)";
    assert!(warnings.contains(expected), "{warnings}");
    let (_, warnings) = imported(
        "CW",
        Some(&metadata.replace("EZN", "Z12").replace("NZE", "ZNE")),
        class,
    )
    .unwrap();
    assert!(!warnings.contains("that of the trace counts"), "{warnings}");
}
