//! Features in time of the front end `bands`: the validation split decides whether they are used.

use super::*;

/// Noise from 0 to 1.
fn uniform(seed: &mut u64) -> f32 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    (*seed >> 40) as f32 / (1u64 << 24) as f32
}

/// Noise with many small values and a few large ones, or with two values. Both have a flat spectrum.
fn window(seed: u64, is_impulsive: bool, is_smooth: bool) -> Vec<f32> {
    let mut seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut last = 0.0;
    (0..2 * 256)
        .map(|_| {
            let sign = if uniform(&mut seed) < 0.5 { -1.0 } else { 1.0 };
            let value = sign
                * if is_impulsive {
                    uniform(&mut seed).powi(6)
                } else {
                    1.0
                };
            // The spectrum of this class falls at high frequencies.
            last = if is_smooth { 0.5 * last + value } else { value };
            last
        })
        .collect()
}

/// A dataset of two classes. `kind` says of a split and class whether its windows are impulsive, and smooth.
fn dataset(place: &Place, kind: impl Fn(&str, i64) -> [bool; 2]) -> PathBuf {
    let folder = place.folder.path();
    for (number, split) in ["train", "val", "test"].into_iter().enumerate() {
        let path = folder.join(format!("{split}.tfrecord"));
        let mut writer = data::reader::TfrecordWriter::create(&path).unwrap();
        let count = if number == 0 { 256 } else { 64 };
        for record in 0..count {
            let label = (record % 2) as i64;
            let [is_impulsive, is_smooth] = kind(split, label);
            let seed = (1000 * number + record) as u64 + 1;
            let record = data::reader::Record {
                record,
                values: window(seed, is_impulsive, is_smooth),
                shape: vec![2, 256],
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
                test_index_file: test.txt\nspectral_processing: {method: bands, bands: {time: true}}\n";
    std::fs::write(&config, text).unwrap();
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
    let output = place.run(&[&fixed[..], &config, options].concat());
    let said = text(&output.stderr) + &text(&output.stdout);
    assert!(output.status.success(), "{said}");
    (place.found().pop().unwrap(), said)
}

fn card(experiment: &Path) -> Value {
    let text = std::fs::read_to_string(experiment.join("model/model.json")).unwrap();
    serde_json::from_str(&text).unwrap()
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
fn features_in_time_are_used_where_they_tell_the_classes() {
    let place = Place::new();
    let config = dataset(&place, |_, label| [label == 1, false]);
    let (experiment, said) = trained(&place, &config, &[]);
    assert!(said.contains("the features in time are used"), "{said}");
    let choice = metadata(&experiment)["results"]["time_features"].clone();
    assert_eq!(choice["used"], true, "{choice}");
    assert_eq!(card(&experiment)["preprocessing"]["bands"]["time"], "used");
    assert_evaluates_alike(&place, &experiment);
    // Streamed inputs are computed anew for both.
    let (streamed, _) = trained(&place, &config, &["--stream"]);
    assert_ne!(streamed, experiment);
    assert_eq!(metadata(&streamed)["results"]["time_features"], choice);
}

/// In validation, impulsive windows are of the other class; the spectrum tells the classes everywhere.
#[test]
fn features_in_time_are_left_out_where_they_mislead() {
    let place = Place::new();
    let kind = |split: &str, label| [(label == 1) == (split == "train"), label == 1];
    let config = dataset(&place, kind);
    let (experiment, said) = trained(&place, &config, &[]);
    assert!(said.contains("the features in time are not used"), "{said}");
    let results = metadata(&experiment)["results"].clone();
    let choice = results["time_features"].clone();
    assert_eq!(choice["used"], false, "{choice}");
    assert!(choice["loss_without"].as_f64() < choice["loss_with"].as_f64());
    let stored = &card(&experiment)["preprocessing"]["bands"];
    assert_eq!(stored["time"], "unused");
    assert_evaluates_alike(&place, &experiment);
    let (streamed, _) = trained(&place, &config, &["--stream"]);
    let again = metadata(&streamed)["results"].clone();
    assert_eq!(again["time_features"], choice);
    assert_eq!(again["test"]["loss"], results["test"]["loss"]);
    // A finished run that is resumed decides again, with the same bits.
    let id = experiment.file_name().unwrap().to_str().unwrap();
    let weights = |experiment: &Path| std::fs::read(experiment.join("model/model.safetensors"));
    let before = weights(&experiment).unwrap();
    let output = place.run(&["--resume", id]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(metadata(&experiment)["results"]["time_features"], choice);
    assert_eq!(weights(&experiment).unwrap(), before);
    assert_eq!(
        card(&experiment)["preprocessing"]["bands"]["time"],
        "unused"
    );
}

#[test]
fn scaling_that_mixes_features_in_time_with_others_is_refused() {
    let place = Place::new();
    let config = dataset(&place, |_, label| [label == 1, false]);
    let config = config.to_str().unwrap();
    let output = place.run(&["--dataset-config", config, "--normalisation", "sample"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("`normalisation: sample`"), "{said}");
}
