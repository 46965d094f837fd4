//! Configurations and index files of strangers: never a panic, never memory or time without bound.

use std::path::Path;
use std::time::{Duration, Instant};

use data::DatasetConfig;
use proptest::prelude::*;

const CONFIG: &str = "\
vehicle_classification:
  num_classes: 4
  class_names: [background, a, b, c]
  included_classes: [0, 2]
  train_index_file: train.txt
  val_index_file: val.txt
location: shake
modality: seismic
spectral_processing:
  method: welch
  sampling_rate: 512.0
  welch: {nperseg: 32, noverlap: 16, nfft: 64, window: hann}
";

fn parse(text: &str) -> Result<DatasetConfig, String> {
    DatasetConfig::parse(text, Path::new("config.yaml"), None).map_err(|e| e.to_string())
}

proptest! {
    /// Damage anywhere is an error that names the file, or another configuration.
    #[test]
    fn damaged_configurations(at in 0usize..400, with in "[-:{}\\[\\]&*!|>%@#0-9a-z \\n\\t'\"]{0,6}", cut in 0usize..8) {
        let at = at % CONFIG.len();
        let end = (at + cut).min(CONFIG.len());
        let text = format!("{}{with}{}", &CONFIG[..at], &CONFIG[end..]);
        if let Err(error) = parse(&text) {
            prop_assert!(error.contains("config.yaml"), "{error}");
        }
    }

    #[test]
    fn any_text(text in "\\PC{0,200}") {
        let _ = parse(&text);
    }

    /// Whatever an index names: a source that is there, or an error that names the line.
    #[test]
    fn any_index(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let folder = tempfile::tempdir().unwrap();
        for name in ["train.txt", "val.txt"] {
            std::fs::write(folder.path().join(name), &bytes).unwrap();
        }
        let path = folder.path().join("config.yaml");
        std::fs::write(&path, CONFIG).unwrap();
        let config = DatasetConfig::load(&path, None).unwrap();
        prop_assert!(data::Dataset::load(&config, data::Normalisation::None).is_err());
    }
}

#[test]
fn aliases_do_not_multiply() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..12 {
        let alias = format!("*a{}", i - 1);
        bomb.push_str(&format!("a{i}: &a{i} [{}]\n", [&alias[..]; 10].join(", ")));
    }
    let started = Instant::now();
    parse(&format!("{bomb}{CONFIG}")).unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn nesting_has_an_end() {
    for (open, close) in [
        ("[", "]"),
        ("{a: ", "}"),
        ("- ", ""),
        ("? ", ""),
        ("!a ", ""),
        ("a: &a ", "\n"),
    ] {
        let started = Instant::now();
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        parse(&deep).unwrap_err();
        parse(&format!("{CONFIG}x: {deep}")).unwrap_err();
        let took = started.elapsed();
        assert!(took < Duration::from_secs(20), "{open} {took:?}");
        eprintln!("{open} {took:?}");
    }
}

#[test]
fn a_configuration_is_no_gigabyte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.yaml");
    std::fs::File::create(&path)
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    let error = DatasetConfig::load(&path, None).unwrap_err().to_string();
    assert!(error.contains("not a configuration"), "{error}");
}
