mod class_names;
mod values;

use super::*;
use crate::preprocessing::{BandsConfig, Compression, DEFAULT_METHOD, SpectralMethod};

const GOOD: &str = "\
vehicle_classification:
  num_classes: 4
  class_names: [background, car, truck, bus]
  included_classes: [3, 0, 1]
  train_index_file: indices/train.txt
  val_index_file: /abs/val.txt
  colour: red
distance:
  num_classes: 2
  train_index_file: a
  val_index_file: b
location: shake
modality: seismic
spectral_processing:
  method: welch
  sampling_rate: 512.0
  welch: {nperseg: 64, noverlap: 16, nfft: 64, window: hann, scaling: density, detrend: constant}
";

fn parse(text: &str, task: Option<&str>) -> Result<DatasetConfig, String> {
    DatasetConfig::parse(text, Path::new("/data/c.yaml"), task).map_err(|e| e.to_string())
}

#[test]
fn all_keys() {
    let config = parse(GOOD, None).unwrap();
    assert_eq!(config.task_name, "vehicle_classification");
    assert_eq!(config.class_names(), ["background", "car", "bus"]);
    let renumbered: Vec<_> = (0..4).map(|l| config.renumber(l)).collect();
    assert_eq!(renumbered, [Some(0), Some(1), None, Some(2)]);
    let task = &config.task;
    assert_eq!(
        task.train_index_file.as_deref(),
        Some(Path::new("/data/indices/train.txt"))
    );
    assert_eq!(
        task.val_index_file.as_deref(),
        Some(Path::new("/abs/val.txt"))
    );
    assert_eq!(config.spectral.welch.nperseg, 64);
    assert_eq!(config.location.as_deref(), Some("shake"));
    let warnings: Vec<_> = config.warnings.iter().map(|w| w.key.as_str()).collect();
    assert_eq!(warnings, ["vehicle_classification.colour"]);
    assert_eq!(
        parse(GOOD, Some("distance")).unwrap().class_names(),
        ["class_0", "class_1"]
    );
}

#[test]
fn steps_stand_for_other_keys() {
    let plain = GOOD.replace("method: welch", "method: none");
    let with = |text: &str, steps: &str| parse(&format!("{text}preprocessing: {steps}\n"), None);
    let config = with(
        &plain,
        "[demean, {low_pass: {frequency: 90}}, fft, log1p, {normalise: sample}]",
    )
    .unwrap();
    assert_eq!(config.steps.len(), 2);
    assert_eq!(
        (config.spectral.method, config.spectral.compression),
        (SpectralMethod::Fft, Compression::Log1p)
    );
    assert_eq!(config.normalisation, Some(Normalisation::Sample));
    for (text, steps, problem) in [
        (GOOD, "[fft]", "so does `spectral_processing.method`"),
        (
            GOOD,
            "[{high_pass: {frequency: 256}}]",
            "`high_pass`: 256 Hz is not between 0 and 256 Hz",
        ),
        (&plain, "[log]", "`log` compresses spectra"),
        (&plain, "[smooth]", "unknown step `smooth`"),
    ] {
        let error = with(text, steps).unwrap_err();
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn the_sampling_rate_has_a_key_of_its_own() {
    let (before, after) = GOOD.split_once("spectral_processing:").unwrap();
    assert_eq!(parse(GOOD, None).unwrap().sampling_rate, Some(512.0));
    let none = parse(before, None).unwrap();
    assert_eq!((none.sampling_rate, none.names_front_end), (None, false));
    assert_eq!(none.spectral.method, DEFAULT_METHOD);
    let config = parse(&format!("{before}sampling_rate: 200\n"), None).unwrap();
    assert_eq!(
        (config.sampling_rate, config.spectral.sampling_rate),
        (Some(200.0), 200.0)
    );
    assert!(
        config
            .warnings
            .iter()
            .all(|warning| warning.key != "sampling_rate")
    );
    let both = |rate: &str| {
        parse(
            &format!("{before}sampling_rate: {rate}\nspectral_processing:{after}"),
            None,
        )
    };
    assert_eq!(both("512").unwrap().sampling_rate, Some(512.0));
    for (rate, problem) in [
        ("100", "but `spectral_processing.sampling_rate` is 512"),
        ("0", "not a sampling rate in Hz"),
    ] {
        let error = both(rate).unwrap_err();
        assert!(
            error.contains("line 14") && error.contains(problem),
            "{error}"
        );
    }
}

#[test]
fn bands_are_a_method_and_a_step() {
    let (before, _) = GOOD.split_once("spectral_processing:").unwrap();
    let with = |text: &str| parse(&format!("{before}{text}\n"), None);
    let expected = BandsConfig {
        frames: 1,
        bands: Some(32),
        ..Default::default()
    };
    for text in [
        "spectral_processing: {method: bands, bands: {frames: 1, bands: 32}}",
        "preprocessing: [demean, {bands: {frames: 1, bands: 32}}]",
    ] {
        let config = with(text).unwrap();
        assert_eq!(
            (config.spectral.method, &config.spectral.bands),
            (SpectralMethod::Bands, &expected)
        );
        assert!(config.names_front_end);
        assert_eq!(
            config.normalisation_or(Normalisation::Dataset),
            Normalisation::Band
        );
        assert_eq!(
            config.normalisation_or(Normalisation::None),
            Normalisation::None
        );
    }
    for (text, problem) in [
        (
            "spectral_processing: {method: bands, compression: log}",
            "logarithms already",
        ),
        (
            "spectral_processing: {method: bands, bands: {segments: 0}}",
            "segments",
        ),
        (
            "spectral_processing: {method: bands, bands: {floor: 0}}",
            "floor",
        ),
        (
            "spectral_processing: {method: none, none: {segment: 15}}",
            "even number",
        ),
    ] {
        let error = with(text).unwrap_err();
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn errors_name_line_and_key() {
    let cases = [
        (
            GOOD.replace("num_classes: 4", "num_classes: many"),
            "num_classes",
            2,
        ),
        (
            GOOD.replace("num_classes: 4", "num_classes: 5"),
            "num_classes",
            2,
        ),
        (
            GOOD.replace("[3, 0, 1]", "[3, 0, 7]"),
            "included_classes",
            4,
        ),
        (GOOD.replace("[3, 0, 1]", "[3]"), "included_classes", 4),
        (GOOD.replace("512.0", "-1"), "sampling_rate", 16),
        (
            GOOD.replace("method: welch", "method: wavelet"),
            "method",
            15,
        ),
        (GOOD.replace("noverlap: 16", "noverlap: 99"), "noverlap", 14),
        (GOOD.replace("bus]", "car]"), "class_names", 3),
        (
            GOOD.replace("  val_index_file: /abs/val.txt\n", ""),
            "val_index_file",
            1,
        ),
    ];
    for (text, key, line) in cases {
        let error = parse(&text, None).unwrap_err();
        assert!(error.starts_with("/data/c.yaml"), "{error}");
        assert!(error.contains(key), "{key}: {error}");
        assert!(
            error.contains(&format!("line {line}")),
            "line {line}: {error}"
        );
    }
    let error = parse("a: [1, 2\nb: 3\n", None).unwrap_err();
    assert!(error.contains("line 2"), "{error}");
    let error = parse(GOOD, Some("speed")).unwrap_err();
    assert!(
        error.contains("the file has vehicle_classification, distance"),
        "{error}"
    );
    assert!(parse("", None).is_err());
    assert!(
        parse("location: shake\n", None)
            .unwrap_err()
            .contains("no task")
    );
    let list = parse("recordings:\n- files: a.mseed\n", None).unwrap_err();
    assert!(list.contains("`data import`"), "{list}");
    let folder = DatasetConfig::load(Path::new(env!("CARGO_MANIFEST_DIR")), None);
    let folder = folder.unwrap_err().to_string();
    assert!(folder.contains("it is a folder"), "{folder}");
}

/// Sections that other sections merge are no tasks by themselves, and what they merge counts.
#[test]
fn merge_keys_of_yaml() {
    let text = "\
common: &common
  class_names: [a, b]
  val_index_file: v
  test_index_file: t
front: &front {method: fft, compression: log1p}
quick:
  <<: *common
  train_index_file: x
spectral_processing:
  <<: *front
  sampling_rate: 100
";
    let config = parse(text, None).unwrap();
    assert_eq!(config.task_name, "quick");
    assert_eq!(config.class_names(), ["a", "b"]);
    assert_eq!(config.spectral.method, SpectralMethod::Fft);
    assert_eq!(config.sampling_rate, Some(100.0));
    // Errors name lines of the file.
    let error = |old: &str, new: &str| parse(&text.replace(old, new), None).unwrap_err();
    let error_of = error("[a, b]", "[a, a]");
    assert!(
        error_of.contains("line 2") && error_of.contains("`a` appears twice"),
        "{error_of}"
    );
    let error_of = error("sampling_rate: 100", "sampling_rate: fast");
    assert!(error_of.contains("at line 11 column 18"), "{error_of}");
    let error_of = error("log1p", "5");
    assert!(error_of.contains("at line 5 column 42"), "{error_of}");
}

#[test]
fn a_list_where_a_word_is_expected() {
    let text = GOOD.replace("window: hann", "window: [kaiser, 8.6]");
    let error = parse(&text, None).unwrap_err();
    let expected = "spectral_processing.welch.window: expected a single word, and found a list";
    assert!(error.contains(expected), "{error}");
}

/// What the import did to recordings is no step of windows.
#[test]
fn steps_over_recordings_are_told() {
    let with = |steps: &str| parse(&format!("{GOOD}recording_preprocessing: {steps}\n"), None);
    let config = with("[demean, {scale: 0.5}]").unwrap();
    assert_eq!(config.recording_steps, [Step::Demean, Step::Scale(0.5)]);
    assert!(!config.steps.contains(&Step::Scale(0.5)));
    assert_eq!(config.warnings, parse(GOOD, None).unwrap().warnings);
    let error = with("[fft]").unwrap_err();
    assert!(
        error.contains("line 18: `recording_preprocessing`: `fft` works on windows"),
        "{error}"
    );
}

/// Keys that a type would take twice in silence, at the top level and in sections that are no task.
#[test]
fn keys_are_there_once() {
    for (more, problem) in [
        (
            "location: x\n",
            "`location` is there more than once, in lines 12 and 18: keep one of them",
        ),
        (
            "other: {a: {b: 1}, a: 2}\n",
            "`other.a` is there more than once, in line 18",
        ),
        (
            "normalisation: sample\nnormalization: none\n",
            "`normalisation` and `normalization` mean the same",
        ),
    ] {
        let error = parse(&format!("{GOOD}{more}"), None).unwrap_err();
        assert!(error.starts_with("/data/c.yaml"), "{error}");
        assert!(error.contains(problem), "{error}");
    }
}

/// Keys at the top level that begin with `x-` are there for anchors.
#[test]
fn keys_for_anchors_are_no_tasks() {
    let text = format!("x-shared: &shared {{num_classes: 3}}\n{GOOD}")
        .replace("distance:\n", "distance:\n  <<: *shared\n")
        .replace("  num_classes: 2\n", "");
    let config = parse(&text, Some("distance")).unwrap();
    assert_eq!(config.class_names().len(), 3);
    assert_eq!(
        parse(&text, None).unwrap().task_name,
        "vehicle_classification"
    );
    assert_eq!(config.content.get("x-shared"), None);
}

#[test]
fn a_missing_key_may_have_another_name() {
    for (from, to, expected) in [
        (
            "val_index_file",
            "validation_index_file",
            "`vehicle_classification.val_index_file`: missing; `vehicle_classification.validation_index_file` is unknown: rename it \
             to `val_index_file`",
        ),
        (
            "  num_classes: 4\n  class_names",
            "  classes",
            "give `class_names` or `num_classes`; `vehicle_classification.classes` is unknown: rename it to `class_names`",
        ),
    ] {
        let error = parse(&GOOD.replacen(from, to, 1), None).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let said = parse(&GOOD.replace("colour: red", "test_list: a"), None)
        .unwrap()
        .warnings;
    assert_eq!(
        said[0].to_string(),
        "unknown key `vehicle_classification.test_list` is ignored; do you mean `vehicle_classification.test_index_file`?"
    );
}

#[test]
fn an_empty_path_is_none() {
    let with = |file: &str| parse(&GOOD.replacen("/abs/val.txt", file, 1), None);
    let error = with("\"\"").unwrap_err();
    assert!(error.contains("val_index_file`: missing"), "{error}");
    let text = GOOD.replace("  colour: red", "  test_index_file: ''");
    assert_eq!(parse(&text, None).unwrap().task.test_index_file, None);
}
