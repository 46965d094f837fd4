//! `trainer export` writes a trained model in the formats of other programs.

use super::evaluate::{HEAD, recording, train_on};
use super::resume::SAVED_MODEL;
use super::*;

fn export(place: &Place, id: &str, format: &str, out: &Path) -> Output {
    export_with(place, (id, format), out, &[])
}

fn export_with(
    place: &Place,
    (id, format): (&str, &str),
    out: &Path,
    arguments: &[&str],
) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trainer"))
        .args(["export", id, "--format", format, "--out"])
        .arg(out)
        .args(arguments)
        .arg("--experiments-dir")
        .arg(place.experiments())
        .output()
        .unwrap()
}

#[test]
fn every_format_is_written_whole_and_nothing_is_overwritten() {
    let place = Place::new();
    let output = place.run(&QUICK);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let model = place.found().remove(0).join("model");
    let out = |name: &str| place.folder.path().join(name);
    for (format, name) in [
        ("saved-model", "saved"),
        ("onnx", "m.onnx"),
        ("safetensors", "m.safetensors"),
        ("tflite", "m.tflite"),
        ("c", "c"),
    ] {
        let output = export(&place, "latest", format, &out(name));
        assert!(
            output.status.success(),
            "{format}: {}",
            text(&output.stderr)
        );
        assert_eq!(text(&output.stdout).trim(), out(name).to_str().unwrap());
        assert_eq!(text(&output.stderr), "");
        let again = export(&place, "latest", format, &out(name));
        assert_eq!(again.status.code(), Some(2));
        assert!(text(&again.stderr).contains("exists already"));
    }
    let short = ["--window-samples", "512"];
    let output = export_with(&place, ("latest", "c"), &out("short"), &short);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("trained on windows of 1024 samples"));
    let read = |path: PathBuf| std::fs::read(path).unwrap();
    for name in SAVED_MODEL {
        assert!(
            read(out("saved").join(name)) == read(model.join(name)),
            "{name}"
        );
    }
    assert!(read(out("m.safetensors")) == read(model.join("model.safetensors")));
    assert!(read(out("m.onnx")).len() > 60_000);
    let left: Vec<_> = std::fs::read_dir(place.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name.to_string_lossy().ends_with(".tmp"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// No export prepares recordings, which nobody should have to find out on a node.
#[test]
fn an_export_says_how_recordings_were_prepared() {
    let place = Place::new();
    let folder = place.folder.path();
    let entries = ["train", "val", "test"]
        .map(|split| recording(folder, split, "2026-01-01T00:00:00Z", split));
    let list = folder.join("all.yaml");
    let text_of_list = format!(
        "preprocessing: [{{scale: 0.5}}]\n{HEAD}{}",
        entries.concat()
    );
    std::fs::write(&list, text_of_list).unwrap();
    train_on(&place, &list);
    for format in ["c", "onnx"] {
        let out = folder.join(format!("as_{format}"));
        let output = export(&place, "latest", format, &out);
        let stderr = text(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        assert!(
            stderr.contains("not part of the export") && stderr.contains("[{\"scale\":0.5}]"),
            "{stderr}"
        );
    }
}

#[test]
fn a_model_in_8_bits_is_judged_and_written() {
    let place = Place::new();
    let output = place.run(&[&QUICK[..], &["--budget-kb", "400"]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("within the 400 KiB"));
    let command = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_trainer"))
            .args(arguments)
            .arg("--experiments-dir")
            .arg(place.experiments())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
        text(&output.stdout)
    };
    let report: serde_json::Value =
        serde_json::from_str(&command(&["quantise", "latest", "--json"])).unwrap();
    assert!(
        report["class_agreement"].as_f64().unwrap() > 0.8,
        "{report}"
    );
    assert_eq!(report["layers"][0]["layer"], "input");
    let table = command(&["quantise", "latest"]);
    assert!(
        table.contains(" KiB in 8 bits") && table.contains("other class"),
        "{table}"
    );
    kept_ranges(&place);
    let evaluation = command(&["evaluate", "latest", "--split", "val", "--int8", "--json"]);
    let evaluation: serde_json::Value = serde_json::from_str(&evaluation).unwrap();
    let int8 = report["macro_f1"]["int8"].as_f64().unwrap();
    let evaluated = evaluation["f1_macro"].as_f64().unwrap();
    assert!((evaluated - int8).abs() < 1e-9, "{evaluated} and {int8}");
    assert_eq!(evaluation["int8"].as_str().unwrap().len(), 8);
    let folder = place.found()[0].join("evaluations/val_int8");
    assert!(folder.join("metrics.json").is_file());
    let out = place.folder.path().join("node");
    let path = out.to_str().unwrap();
    command(&[
        "export",
        "latest",
        "--format",
        "c",
        "--quantise",
        "int8",
        "--out",
        path,
    ]);
    let cost = std::fs::read(out.join("cost.json")).unwrap();
    let cost: serde_json::Value = serde_json::from_slice(&cost).unwrap();
    assert_eq!(cost["numbers"], "int8");
    // The metadata have contained the same values since the run began.
    let info = &metadata(&place.found()[0])["model_info"];
    assert_eq!(
        info["node_flash_bytes"],
        cost["flash_bytes"]["total_estimate"]
    );
    assert_eq!(info["node_ram_bytes"], cost["ram_bytes"]["static"]);
    let out = place.folder.path().join("m.tflite");
    let path = out.to_str().unwrap();
    command(&[
        "export",
        "latest",
        "--format",
        "tflite",
        "--quantise",
        "int8",
        "--int8-io",
        "--out",
        path,
    ]);
    assert!(out.is_file());
}

/// The ranges are in the model's folder, the experiment is still complete, and other ranges do not replace them.
fn kept_ranges(place: &Place) {
    let ranges = place.found()[0].join("model/int8.json");
    let kept = std::fs::read(&ranges).unwrap();
    let store = experiment::ExperimentStore::new(&place.experiments());
    let findings = experiment::check::check(&store.find("latest").unwrap());
    assert!(findings.iter().all(|finding| finding.problem.is_none()));
    assert!(
        findings
            .iter()
            .any(|finding| finding.path == "model/int8.json")
    );
    let quantise = |more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_trainer"))
            .args(["quantise", "latest", "--json", "--experiments-dir"])
            .arg(place.experiments())
            .args(more)
            .output()
            .unwrap();
        text(&output.stderr).to_owned()
    };
    assert!(quantise(&[]).contains("holds these ranges already"));
    assert!(quantise(&["--calibration-windows", "3"]).contains("stays as it is"));
    assert_eq!(std::fs::read(&ranges).unwrap(), kept);
}

#[test]
fn what_cannot_be_exported_is_said() {
    let place = Place::new();
    let out = place.folder.path().join("m.onnx");
    let output = export(&place, "latest", "onnx", &out);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("no experiment matches `latest`"));
    let output = export(&place, "latest", "keras", &out);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr)
            .contains("[possible values: saved-model, onnx, safetensors, tflite, c]")
    );
    assert!(!out.exists());
}

#[test]
fn batch_statistics_leave_the_signature_of_windows_out() {
    let place = Place::new();
    let output = place.run(&[&QUICK[..], &["--normalisation", "batch"]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let out = place.folder.path().join("saved");
    let output = export(&place, "latest", "saved-model", &out);
    assert!(output.status.success());
    assert!(text(&output.stderr).contains("without the signature `serving_windows`"));
    let note = std::fs::read_to_string(out.join("assets/README.txt")).unwrap();
    assert!(note.contains("`normalisation: batch`"), "{note}");
}
