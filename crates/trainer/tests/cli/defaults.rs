//! Defaults of a run without options, and the unchanged values of the preset for users of the Keras script.

use super::*;

/// A dataset without `spectral_processing` from the demo's windows, scaled by `factor`.
fn raw_windows(place: &Place, factor: f32) -> PathBuf {
    let name = format!("raw{factor:e}");
    changed_windows(place, &name, |_, values| {
        values.iter_mut().for_each(|value| *value *= factor);
    })
}

/// The same with the windows changed by `change`, which receives the split.
pub fn changed_windows(place: &Place, name: &str, change: impl Fn(&str, &mut [f32])) -> PathBuf {
    let folder = place.folder.path().join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let demo = datasets().join(data::demo::FOLDER);
    for split in ["train", "val", "test"] {
        let wanted = data::reader::SourceSelection::default();
        let source = demo.join(format!("{split}.tfrecord"));
        let mut writer =
            data::reader::TfrecordWriter::create(&folder.join(format!("{split}.tfrecord")))
                .unwrap();
        data::reader::of(&source)
            .unwrap()
            .read(&source, &wanted, &mut |mut record| {
                if record.record % 4 == 0 {
                    change(split, &mut record.values);
                    writer.write(&record)?;
                }
                Ok(())
            })
            .unwrap();
        writer.finish().unwrap();
        std::fs::write(
            folder.join(format!("{split}_index.txt")),
            format!("{split}.tfrecord\n"),
        )
        .unwrap();
    }
    let config = folder.join("dataset_config.yaml");
    let text = "demo:\n  class_names: [background, footsteps, vehicle]\n  train_index_file: train_index.txt\n  \
                val_index_file: val_index.txt\n  test_index_file: test_index.txt\nsampling_rate: 512\n";
    std::fs::write(&config, text).unwrap();
    config
}

#[test]
fn a_configuration_without_spectra_gets_bands_whatever_its_unit() {
    let place = Place::new();
    let mut losses = Vec::new();
    for factor in [1.0, 2f32.powi(-40), 2f32.powi(40)] {
        let config = raw_windows(&place, factor);
        let output =
            place.run(&[&QUICK[..], &["--dataset-config", config.to_str().unwrap()]].concat());
        let stderr = text(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        let notice = "names no `spectral_processing`: the front end is `bands`";
        assert_eq!(stderr.matches(notice).count(), 1, "{stderr}");
        let experiment = place.found().pop().unwrap();
        let metadata = metadata(&experiment);
        assert_eq!(
            metadata["dataset_info"]["preprocessing"]["spectral"]["method"],
            "bands"
        );
        assert_eq!(
            metadata["training_config"]["input_shape"],
            serde_json::json!([2, 7, 256])
        );
        losses.push(
            history(&experiment)[1]["metrics"]["val_loss"]
                .as_f64()
                .unwrap(),
        );
    }
    for loss in &losses[1..] {
        assert!((loss / losses[0] - 1.0).abs() < 1e-3, "{losses:?}");
    }
}

#[test]
fn what_the_dataset_configuration_overrides_in_a_preset_is_told() {
    let place = Place::new();
    let preset = place.folder.path().join("preset.yaml");
    let told = |text: &str, times: usize| {
        std::fs::write(&preset, text).unwrap();
        let output = place.run(&[&QUICK[..], &["--config", preset.to_str().unwrap()]].concat());
        let stderr = self::text(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        let notice =
            "the dataset configuration names `spectral_processing`: that of the preset is not used";
        assert_eq!(stderr.matches(notice).count(), times, "{stderr}");
    };
    // The demo has `fft` with `log1p`.
    told("spectral_processing: {method: none}\n", 1);
    told(
        "spectral_processing: {method: fft, compression: log1p}\n",
        0,
    );
    told("epochs: 1\n", 0);
}

/// Removes low frequencies, as a sensor with a high corner frequency does.
pub fn without_slow_part(values: &mut [f32]) {
    let mut before = values[0];
    for value in values {
        (*value, before) = (*value - 0.97 * before, *value);
    }
}

#[test]
fn augmentation_is_chosen_where_validation_comes_from_other_sites() {
    let place = Place::new();
    let same = raw_windows(&place, 1.0);
    let other = changed_windows(&place, "other", |split, values| {
        if split != "train" {
            without_slow_part(values);
        }
    });
    let train = |config: &Path, more: &[&str]| {
        let base = [
            "--dataset-config",
            config.to_str().unwrap(),
            "--epochs",
            "1",
        ];
        let output = place.run(&[&base, &["--no-baseline"][..], more].concat());
        let stderr = text(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        let experiment = place.found().pop().unwrap();
        let recipe = std::fs::read_to_string(experiment.join("recipe.json")).unwrap();
        let recipe: Value = serde_json::from_str(&recipe).unwrap();
        (
            stderr,
            metadata(&experiment),
            recipe["augmentation"].clone(),
        )
    };
    let standard = serde_json::json!(data::Augmentation::standard());
    let new_sites = serde_json::json!(data::Augmentation::new_sites());

    let (stderr, metadata, augmentation) = train(&same, &[]);
    assert!(!stderr.contains("different sites"), "{stderr}");
    let choice = &metadata["augmentation_choice"];
    let separability = choice["separability"].as_f64().unwrap();
    assert!((0.2..0.8).contains(&separability), "{choice}");
    assert_eq!((choice.get("trial"), &augmentation), (None, &standard));

    let (stderr, metadata, augmentation) = train(&other, &[]);
    assert!(
        stderr.contains("windows come from different sites or days"),
        "{stderr}"
    );
    let choice = metadata["augmentation_choice"].clone();
    assert!(choice["separability"].as_f64().unwrap() > 0.95, "{choice}");
    let expected = match choice["trial"]["chosen"].as_str().unwrap() {
        "standard" => &standard,
        _ => &new_sites,
    };
    assert_eq!(&augmentation, expected);

    // The choice depends only on the data.
    let (_, metadata, again) = train(&other, &["--seed", "7", "--threads", "1"]);
    assert_eq!(metadata["augmentation_choice"], choice);
    assert_eq!(again, augmentation);
    // An augmentation given on the command line is used without a trial.
    let (_, metadata, augmentation) = train(&other, &["--augmentation", "standard"]);
    assert!(metadata.get("augmentation_choice").is_none());
    assert_eq!(augmentation, standard);
    // A resumed run keeps the augmentation that was chosen.
    let resumed = place.run(&["--resume", "latest", "--augmentation", "standard"]);
    assert!(resumed.status.success(), "{}", text(&resumed.stderr));
}

/// The expected values are from the version before the current defaults.
#[test]
fn keras_compatible_gives_what_the_default_gave_before() {
    let place = Place::new();
    let preset = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/keras_compatible.yaml");
    let output = place.run(&[&QUICK[..], &["--config", preset.to_str().unwrap()]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let history = history(&place.found()[0]);
    for (key, expected) in [
        ("loss", 0.488_203_949_277_791_5),
        ("val_loss", 0.419_846_494_198_112_54),
    ] {
        let value = history[1]["metrics"][key].as_f64().unwrap();
        assert!((value - expected).abs() < 1e-6, "{key} {value}");
    }
    // The preset uses raw samples if the configuration does not name spectra.
    let config = raw_windows(&place, 1.0);
    let arguments = [
        &QUICK[..],
        &["--config", preset.to_str().unwrap()],
        &["--dataset-config", config.to_str().unwrap()],
    ];
    let output = place.run(&arguments.concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let metadata = metadata(&place.found().pop().unwrap());
    assert_eq!(
        metadata["dataset_info"]["preprocessing"]["spectral"]["method"],
        "none"
    );
}

/// The default augmentation gives the same results with any number of threads, from memory or from disk.
#[test]
fn augmented_runs_repeat_to_the_bit() {
    let place = Place::new();
    let config = raw_windows(&place, 1.0);
    let options = [
        "--model",
        "seismic_cnn",
        "--epochs",
        "3",
        "--dataset-config",
        config.to_str().unwrap(),
    ];
    assert!(place.run(&options).status.success());
    let whole = place.found().pop().unwrap();
    let stopped = place.run(&[&options[..], &["--threads", "1"]].concat());
    assert!(stopped.status.success());
    let other = place
        .found()
        .into_iter()
        .find(|found| *found != whole)
        .unwrap();
    assert_eq!(
        history(&whole),
        history(&other),
        "whatever the number of threads"
    );
    let streamed = place.run(&[&options[..], &["--stream"]].concat());
    assert!(streamed.status.success(), "{}", text(&streamed.stderr));
    let found = place.found();
    let streamed = found.iter().find(|found| ![&whole, &other].contains(found));
    assert_eq!(history(&whole), history(streamed.unwrap()), "streamed");
}
