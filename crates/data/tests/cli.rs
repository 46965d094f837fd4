//! The binary `data` as a user runs it.

mod folder;
mod fractions;
mod inspected;
mod interrupted;
mod summary;
mod tables_in_folders;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use serde_json::Value;

fn data(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_data"))
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/recordings")
}

/// Standard output of a successful run, without the folder's name.
fn stdout(folder: &Path, arguments: &[&str]) -> String {
    let output = data(arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let shown = text(&output.stdout).replace(&folder.display().to_string(), "DIR");
    shown.replace(&fixtures().display().to_string(), "FIXTURES")
}

#[test]
fn recordings_become_a_dataset_and_another_split() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let list = format!(
        "sampling_rate: 200\nwindow: 1.28\nchannels: [SH3]\nclass_names: [gle350, mustang]\ntask: vehicle_classification\n\
         m3n_vc: [{{folder: '{}/m3n_vc'}}]\nsplit: {{by: given, train: 0.8, val: 0.2}}\n",
        fixtures().display()
    );
    std::fs::write(at("list.yaml"), list).unwrap();
    insta::assert_snapshot!(stdout(folder.path(), &["import", &at("list.yaml"), "--out", &at("vehicles")]), @r"
    split  groups  windows  gle350  mustang
    train       2       48      24       24
    val         2       12       6        6
    test        2       60      30       30

    train with: cargo run -p trainer -- --dataset-config DIR/vehicles/dataset_config.yaml
    ");
    let config = at("vehicles/dataset_config.yaml");
    insta::assert_snapshot!(stdout(folder.path(), &["validate", &config]), @"valid: 48 training, 12 validation and 60 test windows of 2 classes, inputs of 1 x 7 x 64");
    let prints = stdout(folder.path(), &["fingerprint", &config, "--json"]);
    let prints: Value = serde_json::from_str(&prints).unwrap();
    assert_eq!(prints["train"].as_str().unwrap().len(), 64);

    let inspected = stdout(
        folder.path(),
        &["inspect", &config, "--figure", &at("look.png")],
    );
    insta::assert_snapshot!(inspected, @r"
           samples  groups  0 gle350  1 mustang
    train       48       2        24         24
    val         12       2         6          6
    test        60       2        30         30

    train: 48 of 1 x 256; values from 15340 to 16608
    val: 12 of 1 x 256; values from 15405 to 16595
    test: 60 of 1 x 256; values from 15399 to 16684
    ");
    assert!(
        std::fs::read(at("look.png"))
            .unwrap()
            .starts_with(b"\x89PNG")
    );

    // Merge everything, then split by other groups.
    let split = stdout(
        folder.path(),
        &[
            "split",
            &config,
            "--out",
            &at("again"),
            "--train",
            "0.5",
            "--val",
            "0.5",
            "--test",
            "0",
        ],
    );
    assert!(
        split.contains("train with: cargo run -p trainer"),
        "{split}"
    );
    assert!(
        stdout(
            folder.path(),
            &["validate", &at("again/dataset_config.yaml")]
        )
        .starts_with("valid: ")
    );
    let again = data(&["split", &config, "--out", &at("again")]);
    assert_eq!(again.status.code(), Some(2));
    assert!(
        text(&again.stderr).contains("nothing is overwritten"),
        "{}",
        text(&again.stderr)
    );
}

#[test]
fn recordings_are_inspected() {
    let path = fixtures().join("steim2.mseed").display().to_string();
    insta::assert_snapshot!(stdout(Path::new("/nowhere"), &["inspect", &path]), @r"
    FIXTURES/steim2.mseed
    channel                            start   Hz  samples  seconds  stretches  smallest  largest  not finite
    XX.NODE.00.EHN  2024-05-01T10:00:00.000Z  100      400    4.000          2    -94185   100416           0
    XX.NODE.00.EHZ  2024-05-01T10:00:00.000Z  100      400    4.000          2    -95185    99416           0
    ");
    let json = stdout(Path::new("/nowhere"), &["inspect", &path, "--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["recordings"][0]["sampling_rate"], 100.0);
}

#[test]
fn what_cannot_be_used_hides_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let junk = folder.path().join("junk.wav").display().to_string();
    std::fs::write(&junk, b"fLaC, not WAV").unwrap();
    let sound = fixtures().join("steim2.mseed").display().to_string();
    let stead = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/seisbench/stead");
    let stead = stead.display().to_string();
    let output = data(&["inspect", &junk, &sound, &stead, "--json"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("is FLAC audio: convert it to WAV"));
    let json: Value = serde_json::from_str(&text(&output.stdout)).unwrap();
    assert_eq!(json["recordings"].as_array().unwrap().len(), 2);
    assert_eq!(json["problems"][0]["file"], junk);
    assert_eq!(json["collections"][0]["traces"], 3);
    assert_eq!(
        json["collections"][0]["missing"].as_array().unwrap().len(),
        3
    );
    let shown = stdout(
        Path::new("/nowhere"),
        &["inspect", &format!("{stead}/metadata.csv")],
    );
    for part in [
        "SeisBench dataset of 3 traces",
        "trace_category: noise (3)",
        "missing: there is no sampling rate",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
}

/// Arrays that cannot be used as samples: lists what they contain and what is missing.
#[test]
fn other_arrays_are_described() {
    let numpy = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/numpy");
    for (name, parts) in [
        (
            "refused_objects.npy",
            ["object, pickled Python", "no samples yet: holds pickled"],
        ),
        (
            "refused_alone.npz",
            ["int64", "no samples yet: no array `y`"],
        ),
        ("refused_text.npz", ["<U", "array `y`: type <U"]),
        ("refused_complex.npz", ["<c8", "type <c8 is not supported"]),
    ] {
        let path = numpy.join(name).display().to_string();
        let shown = stdout(Path::new("/nowhere"), &["inspect", &path]);
        assert!(parts.iter().all(|part| shown.contains(part)), "{shown}");
        let json = stdout(Path::new("/nowhere"), &["inspect", &path, "--json"]);
        let json: Value = serde_json::from_str(&json).unwrap();
        let array = &json["arrays"][0];
        assert!(array["missing"].is_string());
        assert_ne!(array["arrays"][0]["shape"], "");
    }
    // A damaged array cannot be described.
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut.npy");
    std::fs::write(&cut, b"\x93NUMPY\x01\x00\xff\x00{'descr'").unwrap();
    let output = data(&["inspect", &cut.display().to_string()]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn mistakes_end_with_2_and_name_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let junk = folder.path().join("junk.dat").display().to_string();
    std::fs::write(&junk, b"nothing of the kind").unwrap();
    for (arguments, problem) in [
        (vec!["inspect", junk.as_str()], "junk.dat: unknown format"),
        (vec!["inspect", "/nowhere/x.npz"], "/nowhere/x.npz"),
        (
            vec!["validate", "/nowhere/config.yaml"],
            "cannot read the dataset configuration /nowhere/config.yaml",
        ),
        (
            vec!["import", "/nowhere/list.yaml", "--out", "x"],
            "cannot read the list of recordings",
        ),
    ] {
        let output = data(&arguments);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(problem), "{stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
    }
}

/// The example list is valid.
#[test]
fn the_example_is_a_list() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/recordings.yaml");
    let error = data::import::RecordingsConfig::load(&example)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("site_a/day1/*.mseed: no file matches"),
        "{error}"
    );
}

/// Labels of many `.pt` files are cached: `count` and the exclusion of classes do not open unchanged files again.
#[test]
fn labels_of_many_files_are_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let pt = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pt");
    let long_ago = SystemTime::now() - Duration::from_secs(1000);
    let write = |name: &str, bytes: &[u8], time: SystemTime| {
        std::fs::write(at(name), bytes).unwrap();
        let file = std::fs::File::options().write(true).open(at(name));
        file.unwrap().set_modified(time).unwrap();
    };
    // Labels 2, 1 and 0.
    let kinds = ["float32.pt", "float64.pt", "float16.pt"]
        .map(|name| std::fs::read(pt.join(name)).unwrap());
    let mut index = String::new();
    for i in 0..1200 {
        let name = format!("{i}.pt");
        write(&name, &kinds[i % 3], long_ago);
        index.push_str(&format!("{name}\n"));
    }
    std::fs::write(at("train.txt"), index).unwrap();
    std::fs::copy(pt.join("uint8.pt"), at("val.pt")).unwrap();
    std::fs::write(at("val.txt"), "val.pt\n").unwrap();
    let text = "t:\n  class_names: [a, b, c]\n  included_classes: [1, 2]\n  train_index_file: train.txt\n  \
                val_index_file: val.txt\n";
    std::fs::write(at("config.yaml"), text).unwrap();
    let run = |command: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_data"))
            .args([command, &at("config.yaml").display().to_string()])
            .env("SEISMIC_CACHE_DIR", at("cache"))
            .output()
            .unwrap();
        (output.status.code(), text_of(&output))
    };
    let counted = run("count");
    insta::assert_snapshot!(counted.1, @r"
    class            train  val
    0 a    left out    400    0
    1 b                400    1
    2 c                400    0
    taken              800    1
    ");
    assert_eq!(std::fs::read_dir(at("cache")).unwrap().count(), 1);

    // File 5 has the excluded class 0. It is not opened again while its size and modification time stay the same.
    let damaged = vec![b'x'; kinds[2].len()];
    write("5.pt", &damaged, long_ago);
    assert_eq!(run("count"), counted);
    assert!(run("validate").1.starts_with("valid: 800 training"));
    write("5.pt", &damaged, long_ago + Duration::from_secs(1));
    for command in ["count", "validate"] {
        let (code, said) = run(command);
        assert!(code == Some(2) && said.contains("5.pt: "), "{said}");
    }
    // A damaged cache is ignored.
    write("5.pt", &kinds[0], long_ago);
    for entry in std::fs::read_dir(at("cache")).unwrap() {
        std::fs::write(entry.unwrap().path(), "{\"version\": 1,").unwrap();
    }
    assert!(run("count").1.contains("2 c                401    0"));
}

fn text_of(output: &Output) -> String {
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn converted_data_are_the_same_data() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let numpy = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/numpy");
    let source = numpy.join("compressed.npz").display().to_string();
    std::fs::write(at("train.txt"), source).unwrap();
    let pt = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pt");
    let val = pt.join("window.pt").display().to_string();
    std::fs::write(at("val.txt"), &val).unwrap();
    let text = "t:\n  class_names: [a, b, c]\n  included_classes: [0, 2]\n  train_index_file: train.txt\n  \
                val_index_file: val.txt\nspectral_processing: {method: fft}\n";
    std::fs::write(at("config.yaml"), text).unwrap();
    let failed = data(&["convert", &at("config.yaml"), "--out", &at("new")]);
    assert!(
        text_of(&failed).contains("validation split is empty"),
        "{}",
        text_of(&failed)
    );
    let other = numpy.join("f2.npy").display().to_string();
    std::fs::write(at("val.txt"), other).unwrap();
    // The same windows in both splits: `convert` makes the same checks as training.
    let failed = data(&["convert", &at("config.yaml"), "--out", &at("new")]);
    assert!(
        text_of(&failed).contains("share 3 group(s)"),
        "{}",
        text_of(&failed)
    );
    assert!(!Path::new(&at("new")).exists());

    // One recording per split.
    let mut writers = ["train", "val"].map(|split| {
        let path = folder.path().join(format!("{split}.tfrecord"));
        data::reader::TfrecordWriter::create(&path).unwrap()
    });
    data::reader::read(&numpy.join("f2.npy"), &Default::default(), &mut |record| {
        let val = record.group.as_deref() == Some("run 1");
        writers[usize::from(val)].write(&record)
    })
    .unwrap();
    writers
        .into_iter()
        .for_each(|writer| writer.finish().unwrap());
    std::fs::write(at("train.txt"), "train.tf*\n").unwrap();
    std::fs::write(at("val.txt"), "val.tfrecord\n").unwrap();
    let arguments = [
        "convert",
        &at("config.yaml"),
        "--out",
        &at("new"),
        "--shard-size",
        "3",
    ];
    insta::assert_snapshot!(stdout(folder.path(), &arguments), @r"
    split  groups  windows  a  c
    train       2        4  2  2
    val         1        2  1  1
    test        0        0  0  0

    train with: cargo run -p trainer -- --dataset-config DIR/new/dataset_config.yaml
    ");
    let shards = std::fs::read_to_string(at("new/train_index.txt")).unwrap();
    assert_eq!(
        shards,
        "train-00000-of-00002.tfrecord\ntrain-00001-of-00002.tfrecord\n"
    );
    let prints = |config: &str| stdout(folder.path(), &["fingerprint", &at(config)]);
    assert_eq!(prints("config.yaml"), prints("new/dataset_config.yaml"));
}
