//! A recipe can be restored from what is stored, and no field is missing from it.

use data::Augmentation;
use experiment::Metadata;

use super::*;

/// All optional fields are set, and no field has its default.
fn full() -> Recipe {
    Recipe {
        version: RECIPE_VERSION,
        model: ModelKind::ResnetStyle,
        dataset_config: Some("a/dataset_config.yaml".into()),
        task: Some("vehicle_classification".into()),
        epochs: 7,
        batch_size: 8,
        learning_rate: 0.002,
        weight_decay: Some(0.1),
        schedule: Schedule::Plateau,
        warmup: 0.1,
        average: Some(0.9),
        keep: Keep::Best,
        calibrate: false,
        seed: 5,
        spectral_processing: Some(SpectralConfig {
            sampling_rate: 100.0,
            ..SpectralConfig::default()
        }),
        preprocessing: Some(vec![Step::Demean]),
        normalisation: Some(Normalisation::Sample),
        label_ratio: 0.5,
        sampling: Sampling::Balanced,
        class_weights: ClassWeights::ByName(BTreeMap::from([("car".into(), 2.5)])),
        label_smoothing: Some(0.25),
        distillation: Some(0.5),
        zero_residuals: Some(false),
        augmentation: Augmentation::preset("field").unwrap().into(),
        early_stopping: EarlyStoppingSettings { patience: Some(4) },
        plateau: PlateauSettings {
            patience: 2,
            factor: 0.25,
            min_learning_rate: 1e-6,
            min_delta: 1e-3,
        },
        fold: Some(FoldChoice {
            k: 4,
            index: 1,
            seed: 3,
        }),
        held_out: vec!["pass 3".into()],
        init_from: Some("latest".into()),
        freeze: 3,
        data: Some(DataIdentity {
            configuration: json!({"vehicle_classification": {"num_classes": 2}}),
            fingerprints: BTreeMap::from([("train".into(), "aa".into())]),
            input_shape: vec![2, 7, 256],
            class_names: vec!["car".into(), "truck".into()],
        }),
    }
}

/// Pointers (RFC 6901) to every leaf.
fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, value)| leaves(value, &format!("{at}/{key}"), found)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(i, value)| leaves(value, &format!("{at}/{i}"), found)),
        _ => found.push(at.to_owned()),
    }
}

/// Another value of the same kind.
fn changed(pointer: &str, value: &Value) -> Value {
    match value {
        Value::Number(number) if number.is_u64() => (number.as_u64().unwrap() + 1).into(),
        Value::Number(number) => (number.as_f64().unwrap() / 2.0 + 0.0625).into(),
        Value::String(_) if pointer == "/model" => "simple_cnn".into(),
        Value::String(_) if pointer == "/normalisation" => "none".into(),
        Value::String(_) if pointer == "/sampling" => "shuffled".into(),
        Value::String(_) if pointer.ends_with("/method") => "fft".into(),
        Value::String(_) if pointer.ends_with("/compression") => "log".into(),
        Value::String(_) if pointer.ends_with("/window") => "hamming".into(),
        Value::String(_) if pointer.ends_with("/scaling") => "spectrum".into(),
        Value::String(_) if pointer.ends_with("/detrend") => "none".into(),
        Value::String(_) if pointer == "/preprocessing/0" => "detrend".into(),
        Value::String(_) if pointer == "/schedule" => "constant".into(),
        Value::String(_) if pointer == "/keep" => "last".into(),
        Value::Bool(value) => (!value).into(),
        Value::String(text) => format!("{text}x").into(),
        other => panic!("{pointer}: {other} is no leaf of a recipe"),
    }
}

/// Walks the serialised form, so new fields are covered automatically.
#[test]
fn no_field_escapes_hash_metadata_or_the_stored_form() {
    let recipe = full();
    let defaults = Recipe::default().to_map();
    for (key, value) in recipe.to_map() {
        if key != "version" {
            assert_ne!(
                defaults.get(&key),
                Some(&value),
                "`full` must change `{key}`"
            );
        }
    }
    let mut pointers = Vec::new();
    leaves(&json!(recipe), "", &mut pointers);
    assert!(pointers.len() > 25, "{pointers:?}");
    for pointer in pointers {
        let mut value = json!(recipe);
        let leaf = value.pointer_mut(&pointer).unwrap();
        *leaf = changed(&pointer, leaf);
        let other: Recipe = serde_json::from_value(value.clone()).unwrap();
        assert_ne!(other, recipe, "{pointer} is read");
        assert_eq!(json!(other), value, "{pointer} is written");
        let same_hash = other.hash() == recipe.hash();
        assert_eq!(same_hash, pointer == "/dataset_config", "{pointer}: hash");
        let stored = |recipe: &Recipe| {
            // metadata.json has separate fields for seed, fingerprints and class names.
            let data = recipe.data.as_ref().unwrap();
            (
                json!(recipe.training_config()),
                recipe.seed,
                data.fingerprints.clone(),
                data.class_names.clone(),
                recipe.version,
            )
        };
        assert_ne!(stored(&other), stored(&recipe), "{pointer}: metadata");
    }
}

#[test]
fn metadata_of_experiments_without_a_recipe_give_it_back() {
    let recipe = full();
    let data = recipe.data.clone().unwrap();
    let mut metadata = Metadata {
        training_config: recipe.training_config(),
        seed: Some(recipe.seed),
        class_names: data.class_names,
        ..Default::default()
    };
    metadata.dataset_info.fingerprints = data.fingerprints;
    assert_eq!(Recipe::of_metadata(&metadata).unwrap(), recipe);
    // Keys that were not stored had fixed values at that time.
    for key in [
        "label_ratio",
        "sampling",
        "class_weights",
        "augmentation",
        "schedule",
        "keep",
        "average",
    ] {
        metadata.training_config.other.remove(key);
    }
    let older = Recipe::of_metadata(&metadata).unwrap();
    assert_eq!(
        (older.schedule, older.keep, older.average),
        (Schedule::Plateau, Keep::Best, None)
    );
    assert_eq!(
        (older.label_ratio, older.sampling),
        (1.0, Sampling::Shuffled)
    );
    metadata.seed = None;
    let error = Recipe::of_metadata(&metadata).unwrap_err();
    assert_eq!(error.to_string(), "`seed` is missing");
}

/// Runs made before targets were smoothed resume without it; new ones have the network's default.
#[test]
fn older_recipes_keep_their_targets() {
    let smoothing = |text: &str| Recipe::parse(text).unwrap().smoothing();
    assert_eq!(smoothing(r#"{"version": 2}"#), 0.0);
    assert_eq!(smoothing("{}"), 0.2);
    assert_eq!(smoothing(r#"{"model": "seismic_cnn"}"#), 0.0);
    assert_eq!(smoothing(r#"{"label_smoothing": 0.3}"#), 0.3);
    let share = |text: &str| Recipe::parse(text).unwrap().distillation;
    assert_eq!(share(r#"{"version": 3}"#), Some(0.0));
    assert_eq!(share("{}"), None);
    assert_eq!(share(r#"{"distillation": 0.3}"#), Some(0.3));
    let is_zero = |text: &str| {
        let mut recipe = Recipe::parse(text).unwrap();
        recipe.fill_in_defaults_of_network();
        recipe.zero_residuals
    };
    assert_eq!(
        is_zero(r#"{"version": 4, "model": "resnet_style_cnn"}"#),
        Some(false)
    );
    assert_eq!(is_zero(r#"{"model": "resnet_style_cnn"}"#), Some(true));
    assert_eq!(is_zero(r#"{"zero_residuals": false}"#), None);
}

/// A stored recipe keeps what it took from its network.
#[test]
fn defaults_of_the_network_are_filled_in() {
    let mut recipe = Recipe::parse(r#"{"model": "ultra_lightweight_cnn"}"#).unwrap();
    recipe.fill_in_defaults_of_network();
    let filled = (recipe.weight_decay, recipe.label_smoothing);
    assert_eq!(filled, (Some(0.3), Some(0.0)));
    let mut chosen = Recipe {
        weight_decay: Some(0.1),
        ..recipe
    };
    chosen.fill_in_defaults_of_network();
    assert_eq!(chosen.weight_decay, Some(0.1));
}

#[test]
fn a_recipe_file_is_read_back_and_beaten_by_options() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recipe.json");
    std::fs::write(&path, full().to_bytes()).unwrap();
    let path = path.to_str().unwrap();
    let job = Job::new(&cli(&["--recipe", path, "--seed", "9"])).unwrap();
    assert_eq!(job.recipe, Recipe { seed: 9, ..full() });
    for (text, expected) in [
        (r#"{"version": 6}"#, "this program knows versions up to 5"),
        (r#"{"epoch": 2}"#, "unknown field `epoch`"),
        ("{", "recipe.json"),
    ] {
        std::fs::write(path, text).unwrap();
        let error = Job::new(&cli(&["--recipe", path])).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}
