//! Forms of the front end `bands`: short trials decide how many bands a dataset without a front end of its own gets, and
//! whether it gets features in time.

use super::*;

/// Noise from 0 to 1.
fn uniform(seed: &mut u64) -> f32 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    (*seed >> 40) as f32 / (1u64 << 24) as f32
}

/// Noise with many small values, or of two values. Both have a flat spectrum and the same power; the first has the higher
/// kurtosis.
fn window(seed: u64, is_impulsive: bool, is_smooth: bool) -> Vec<f32> {
    let mut seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut last = 0.0;
    let mut values: Vec<f32> = (0..2 * 256)
        .map(|_| {
            let sign = if uniform(&mut seed) < 0.5 { -1.0 } else { 1.0 };
            let size = if is_impulsive {
                uniform(&mut seed)
            } else {
                1.0
            };
            // The spectrum of smooth windows falls at high frequencies.
            last = sign * size + if is_smooth { 0.5 * last } else { 0.0 };
            last
        })
        .collect();
    let power = values.iter().map(|v| v * v).sum::<f32>() / values.len() as f32;
    values.iter_mut().for_each(|v| *v /= power.sqrt());
    values
}

/// The front end named by a configuration.
const IN_TIME: &str = "spectral_processing: {method: bands, bands: {time: true}}\n";

/// A dataset of two classes with `front_end` in its configuration. `kind` says of a split and class whether its windows
/// are impulsive, and smooth.
fn dataset(place: &Place, front_end: &str, kind: impl Fn(&str, i64) -> [bool; 2]) -> PathBuf {
    dataset_of(place, front_end, 256, |split, label, seed| {
        let [is_impulsive, is_smooth] = kind(split, label);
        window(seed, is_impulsive, is_smooth)
    })
}

/// A dataset of two classes whose windows, of two channels, follow from split, label and seed.
fn dataset_of(
    place: &Place,
    front_end: &str,
    samples: usize,
    window: impl Fn(&str, i64, u64) -> Vec<f32>,
) -> PathBuf {
    let folder = place.folder.path();
    for (number, split) in ["train", "val", "test"].into_iter().enumerate() {
        let path = folder.join(format!("{split}.tfrecord"));
        let mut writer = data::reader::TfrecordWriter::create(&path).unwrap();
        let count = if number == 0 { 256 } else { 64 };
        for record in 0..count {
            let label = (record % 2) as i64;
            let seed = (1000 * number + record) as u64 + 1;
            let record = data::reader::Record {
                record,
                values: window(split, label, seed),
                shape: vec![2, samples],
                label,
                group: Some(format!("{split}{}", record / 8)),
            };
            writer.write(&record).unwrap();
        }
        writer.finish().unwrap();
        std::fs::write(
            folder.join(format!("{split}.txt")),
            format!("{split}.tfrecord\n"),
        )
        .unwrap();
    }
    let config = folder.join("dataset_config.yaml");
    let text = "t:\n  class_names: [a, b]\n  train_index_file: train.txt\n  val_index_file: val.txt\n  \
                test_index_file: test.txt\n";
    std::fs::write(&config, format!("{text}{front_end}")).unwrap();
    config
}

/// Trains on the dataset; returns the experiment and what was said.
fn trained(place: &Place, config: &Path, options: &[&str]) -> (PathBuf, String) {
    let config = ["--dataset-config", config.to_str().unwrap()];
    let fixed = [
        "--model",
        "ultra_lightweight_cnn",
        "--epochs",
        "12",
        "--no-baseline",
        "--augmentation",
        "standard",
    ];
    // Trials of earlier runs would be taken from the cache.
    let cache = tempfile::tempdir_in(place.folder.path()).unwrap();
    let output = place
        .command(&[&fixed[..], &config, options].concat())
        .env("SEISMIC_CACHE_DIR", cache.path())
        .output()
        .unwrap();
    let printed = text(&output.stderr) + &text(&output.stdout);
    assert!(output.status.success(), "{printed}");
    (place.found().pop().unwrap(), printed)
}

fn card(experiment: &Path) -> Value {
    let text = std::fs::read_to_string(experiment.join("model/model.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// What the chosen form has, by name.
fn chosen(choice: &Value) -> Vec<&str> {
    let form = choice["chosen"].as_object().unwrap();
    let has = form.iter().filter(|(_, has)| has.as_bool().unwrap());
    has.map(|(name, _)| name.as_str()).collect()
}

/// What the model computes in its own process is what the training found.
fn assert_evaluates_alike(place: &Place, experiment: &Path) {
    let output = Command::new(env!("CARGO_BIN_EXE_trainer"))
        .args(["evaluate", "latest", "--json", "--experiments-dir"])
        .arg(place.experiments())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let found: Value = serde_json::from_str(&text(&output.stdout)).unwrap();
    let trained = &metadata(experiment)["results"]["test"];
    assert_eq!(found["confusion_matrix"], trained["confusion_matrix"]);
    let apart = found["loss"].as_f64().unwrap() - trained["loss"].as_f64().unwrap();
    assert!(apart.abs() < 1e-6, "{apart}");
}

#[test]
fn features_in_time_are_used_where_the_configuration_names_them() {
    let place = Place::new();
    let config = dataset(&place, IN_TIME, |_, label| [label == 1, false]);
    let (experiment, printed) = trained(&place, &config, &[]);
    assert!(!printed.contains("trials"), "{printed}");
    assert_eq!(card(&experiment)["preprocessing"]["bands"]["time"], true);
    assert_evaluates_alike(&place, &experiment);
    let (streamed, _) = trained(&place, &config, &["--stream"]);
    assert_ne!(streamed, experiment);
    assert_eq!(history(&streamed), history(&experiment));
}

#[test]
fn all_features_of_the_window_are_used_where_the_configuration_names_them() {
    let place = Place::new();
    let front_end = "spectral_processing: {method: bands, bands: {bands: 9, power: true, time: true, correlation: true, rhythm: true}}\n";
    let config = dataset(&place, front_end, |_, label| [label == 1, false]);
    let (experiment, _) = trained(&place, &config, &[]);
    let layout = &card(&experiment)["preprocessing"]["bands"];
    let mut all = ["power", "time", "correlation", "rhythm"].iter();
    assert!(all.all(|key| layout[key] == true), "{layout}");
    assert_eq!(card(&experiment)["input_shape"][2], 4 * (9 + 1 + 39));
    assert_evaluates_alike(&place, &experiment);
    let (streamed, _) = trained(&place, &config, &["--stream"]);
    assert_eq!(history(&streamed), history(&experiment));
}

#[test]
fn features_in_time_are_chosen_where_they_tell_the_classes() {
    let place = Place::new();
    let config = dataset(&place, "", |_, label| [label == 1, false]);
    let (experiment, printed) = trained(&place, &config, &[]);
    assert!(
        printed.contains("training with features in time (`spec"),
        "{printed}"
    );
    let choice = metadata(&experiment)["front_end_choice"].clone();
    assert_eq!(chosen(&choice), ["time"], "{choice}");
    assert!(choice["tried"][0]["loss"].as_f64() < choice["loss_of_usual"].as_f64());
    assert_eq!(card(&experiment)["preprocessing"]["bands"]["time"], true);
    assert_evaluates_alike(&place, &experiment);
    // The choice depends on the data alone, and a run that is resumed keeps it.
    let (other, _) = trained(&place, &config, &["--seed", "7", "--stream"]);
    assert_ne!(other, experiment);
    assert_eq!(metadata(&other)["front_end_choice"], choice);
    // The cache gives the same without trials.
    for _ in 0..2 {
        let output = place.run(&[
            "--dataset-config",
            config.to_str().unwrap(),
            "--epochs",
            "1",
            "--no-baseline",
        ]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let cached = place.found().pop().unwrap();
        assert_eq!(metadata(&cached)["front_end_choice"], choice);
        assert_eq!(card(&cached)["preprocessing"]["bands"]["time"], true);
    }
    let (bounded, printed) = trained(&place, &config, &["--budget-kb", "200"]);
    assert!(!printed.contains("trials"), "{printed}");
    assert!(
        card(&bounded)["preprocessing"]["bands"]
            .get("time")
            .is_none()
    );
    let id = experiment.file_name().unwrap().to_str().unwrap();
    let output = place.run(&["--resume", id]);
    let printed = text(&output.stderr);
    assert!(output.status.success(), "{printed}");
    assert!(!printed.contains("trials"), "{printed}");
    assert_eq!(card(&experiment)["preprocessing"]["bands"]["time"], true);
    // Calibration in 8 bits reads the data with the front end that was chosen.
    let output = Command::new(env!("CARGO_BIN_EXE_trainer"))
        .args(["quantise", id, "--experiments-dir"])
        .arg(place.experiments())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    // Weights of a model go with its front end.
    let (tuned, printed) = trained(&place, &config, &["--init-from", id]);
    assert!(
        printed.contains("that of the model in --init-from"),
        "{printed}"
    );
    assert!(!printed.contains("trials"), "{printed}");
    assert_eq!(card(&tuned)["preprocessing"]["bands"]["time"], true);
    let front_end = "spectral_processing: {method: bands}\n";
    let config = dataset(&place, front_end, |_, label| [label == 1, false]);
    let (_, printed) = trained(&place, &config, &["--init-from", id]);
    assert!(
        printed.contains("trained with another `spectral_processing`"),
        "{printed}"
    );
}

/// Two channels of noise have the same sign in one class and opposite signs in the other: no spectrum tells.
#[test]
fn the_correlation_of_channels_is_chosen_where_it_tells_the_classes() {
    let place = Place::new();
    let config = dataset_of(&place, "", 256, |_, label, seed| {
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let noise = |_| uniform(&mut random) + uniform(&mut random) - 1.0;
        let common: Vec<f32> = (0..256).map(noise).collect();
        let sign = if label == 1 { 1.0 } else { -1.0 };
        let other = (0..256).map(|i| sign * common[i] + uniform(&mut random) - 0.5);
        let other: Vec<f32> = other.collect();
        [common, other].concat()
    });
    let (experiment, printed) = trained(&place, &config, &[]);
    let choice = metadata(&experiment)["front_end_choice"].clone();
    assert!(chosen(&choice).contains(&"correlation"), "{printed}");
    let results = &metadata(&experiment)["results"]["test"];
    assert!(results["f1_macro"].as_f64().unwrap() > 0.9, "{results}");
    assert_evaluates_alike(&place, &experiment);
}

/// Pulses upwards and downwards, at about the same time: spectra are the same.
#[test]
fn raw_samples_are_chosen_where_no_spectrum_tells_the_classes() {
    let place = Place::new();
    let config = dataset_of(&place, "", 256, |_, label, seed| {
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let middle = 120.0 + 16.0 * uniform(&mut random);
        let sign = if label == 1 { 1.0 } else { -1.0 };
        let pulse = |i: usize| {
            let away = ((i % 256) as f32 - middle) / 12.0;
            if i < 256 {
                2.0 * sign * (-away * away).exp()
            } else {
                0.0
            }
        };
        let noise = |i| pulse(i) + uniform(&mut random) - 0.5;
        (0..2 * 256).map(noise).collect()
    });
    let (experiment, printed) = trained(&place, &config, &[]);
    assert!(
        printed.contains("training with raw samples in short segments (`spec"),
        "{printed}"
    );
    let choice = metadata(&experiment)["front_end_choice"].clone();
    assert_eq!(chosen(&choice), ["raw"], "{printed}");
    assert_eq!(
        card(&experiment)["preprocessing"]["spectral"]["method"],
        "none"
    );
    let results = &metadata(&experiment)["results"]["test"];
    assert!(results["f1_macro"].as_f64().unwrap() > 0.9, "{results}");
    assert_evaluates_alike(&place, &experiment);
    // The choice depends on the data alone, and a run that is resumed keeps it.
    let (other, _) = trained(&place, &config, &["--seed", "7", "--stream"]);
    assert_eq!(metadata(&other)["front_end_choice"], choice);
    let id = other.file_name().unwrap().to_str().unwrap();
    let output = place.run(&["--resume", id]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(card(&other)["preprocessing"]["spectral"]["method"], "none");
    assert_evaluates_alike(&place, &other);
}

/// In validation, impulsive windows are of the other class; the spectrum tells the classes everywhere.
#[test]
fn features_in_time_are_not_chosen_where_they_mislead() {
    let place = Place::new();
    let kind = |split: &str, label| [(label == 1) == (split == "train"), label == 1];
    let config = dataset(&place, "", kind);
    let (experiment, printed) = trained(&place, &config, &[]);
    assert!(
        printed.contains("training with the usual bands alone"),
        "{printed}"
    );
    let choice = metadata(&experiment)["front_end_choice"].clone();
    assert_eq!(chosen(&choice), [""; 0], "{choice}");
    let layout = &card(&experiment)["preprocessing"]["bands"];
    assert_eq!(
        (
            layout.get("time"),
            layout["edges"].as_array().unwrap().len()
        ),
        (None, 16)
    );
    assert_evaluates_alike(&place, &experiment);
}

/// The slope of the spectrum tells the classes everywhere. In training a weak tone does, too; in validation and test it is
/// that of the other class.
#[test]
fn few_bands_are_chosen_where_narrow_ones_mislead() {
    let place = Place::new();
    let tones = |split: &str, label, seed: u64| {
        let period = if (label == 1) == (split == "train") {
            4.0
        } else {
            5.0
        };
        let slope = if label == 1 { 0.15 } else { -0.15 };
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let phase = 100.0 * uniform(&mut random);
        let mut last = 0.0;
        let sample = |i| {
            let noise = (0..4).map(|_| uniform(&mut random) - 0.5).sum::<f32>();
            let next = noise + slope * last;
            last = noise;
            next + 0.3 * (std::f32::consts::TAU * i as f32 / period + phase).sin()
        };
        (0..2 * 512).map(sample).collect()
    };
    let config = dataset_of(&place, "", 512, tones);
    let (experiment, printed) = trained(&place, &config, &[]);
    let choice = metadata(&experiment)["front_end_choice"].clone();
    // Steady windows have nothing to tell from frame to frame.
    assert_eq!(chosen(&choice), ["coarse", "long_frames"], "{printed}");
    assert_eq!(card(&experiment)["input_shape"][2], 9, "{printed}");
    assert_evaluates_alike(&place, &experiment);
    // Firmware can compute few bands as well, and the inputs of a resumed run stay as they are.
    let (bounded, _) = trained(&place, &config, &["--budget-kb", "200"]);
    let front_end = &metadata(&bounded)["front_end_choice"];
    assert_eq!(chosen(front_end), ["coarse", "long_frames"], "{front_end}");
    assert_eq!(
        front_end["tried"].as_array().unwrap().len(),
        2,
        "{front_end}"
    );
    let id = bounded.file_name().unwrap().to_str().unwrap();
    let output = place.run(&["--resume", id]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(card(&bounded)["input_shape"][2], 9);
    assert_evaluates_alike(&place, &bounded);
    // Where many bands do not fit, no trial is needed.
    let (small, printed) = trained(&place, &config, &["--budget-kb", "22"]);
    assert!(
        printed.contains("do not fit --budget-kb: training with 8 bands"),
        "{printed}"
    );
    assert!(metadata(&small)["front_end_choice"].is_null(), "{printed}");
    assert_eq!(card(&small)["input_shape"][2], 36);
}

#[test]
fn scaling_that_mixes_features_in_time_with_others_is_refused() {
    let place = Place::new();
    let config = dataset(&place, IN_TIME, |_, label| [label == 1, false]);
    let config = config.to_str().unwrap();
    let output = place.run(&["--dataset-config", config, "--normalisation", "sample"]);
    let printed = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{printed}");
    assert!(printed.contains("`normalisation: sample`"), "{printed}");
}
