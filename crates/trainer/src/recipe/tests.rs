use clap::{CommandFactory, Parser};
use data::Augmentation;
use experiment::Metadata;

use super::check::MAY_CHANGE;
use super::stored::before_recipes;
use super::*;
use crate::cli::Cli;
use crate::job::Job;
use crate::options::TrainingOptions;

fn cli(arguments: &[&str]) -> TrainingOptions {
    let cli = Cli::try_parse_from([&["trainer"][..], arguments].concat()).unwrap();
    cli.training
}

fn with_preset(text: &str, arguments: &[&str]) -> Result<Job, TrainerError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("preset.yaml");
    std::fs::write(&path, text).unwrap();
    Job::new(&TrainingOptions {
        config: Some(path),
        ..cli(arguments)
    })
}

/// Every optional field filled, no field at its default.
fn full() -> Recipe {
    Recipe {
        version: RECIPE_VERSION,
        model: ModelKind::ResnetStyle,
        dataset_config: Some("a/dataset_config.yaml".into()),
        task: Some("vehicle_classification".into()),
        epochs: 7,
        batch_size: 8,
        learning_rate: 0.002,
        weight_decay: 0.1,
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

/// A new field is covered by this test as it is: it walks the serialised form.
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
            // Seed, fingerprints and class names are fields of their own in metadata.json.
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

/// Whatever option the command line has: another value than the stored one is refused by name, the same is not.
#[test]
fn no_option_escapes_the_check_of_resumed_runs() {
    let values = [
        ("model", "simple_cnn", "resnet_style_cnn"),
        ("dataset_config", "b.yaml", "a.yaml"),
        ("task", "a", "b"),
        ("epochs", "1", "2"),
        ("batch_size", "1", "2"),
        ("learning_rate", "0.1", "0.2"),
        ("weight_decay", "0.1", "0.2"),
        ("schedule", "constant", "plateau"),
        ("warmup", "0.1", "0.2"),
        ("average", "0.1", "0.2"),
        ("keep", "best", "last"),
        ("seed", "1", "2"),
        ("normalisation", "none", "sample"),
        ("label_ratio", "0.1", "0.2"),
        ("sampling", "shuffled", "balanced"),
        ("class_weights", "none", "balanced"),
        ("augmentation", "light", "field"),
        ("init_from", "a", "b"),
        ("freeze", "1", "2"),
    ];
    let fields = Recipe::default().to_map();
    let command = Cli::command();
    let others = command
        .get_arguments()
        .map(|argument| argument.get_id().as_str());
    for id in others.filter(|id| fields.contains_key(*id)) {
        assert!(
            values.iter().any(|(key, ..)| *key == id),
            "give `{id}` two values in this test"
        );
    }
    for (key, one, other) in values {
        let option = format!("--{}", key.replace('_', "-"));
        let args = |value| cli(&[&option, value]).recipe_args;
        let plain = Recipe {
            schedule: Schedule::Plateau,
            warmup: 0.0,
            ..Recipe::default()
        };
        let recipe = plain.with(&args(one)).unwrap();
        recipe.check_unchanged(&args(one), "x").unwrap();
        let result = recipe.check_unchanged(&args(other), "x");
        if MAY_CHANGE.contains(&key) {
            result.unwrap()
        } else {
            let error = result.unwrap_err().to_string();
            let expected = format!("{option} cannot change when a run is resumed: x was");
            assert!(error.starts_with(&expected), "{error}");
        }
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
    // What was not stored then was as it always was then.
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

#[test]
fn command_line_beats_preset_beats_defaults() {
    let preset = "epochs: 7\nbatch_size: 64\nearly_stopping: {patience: 4}\nmeta: {site: A}\n";
    let job = with_preset(preset, &["--epochs", "3", "--meta", "operator=x=y"]).unwrap();
    let recipe = &job.recipe;
    assert_eq!((recipe.epochs, recipe.batch_size, recipe.seed), (3, 64, 42));
    assert_eq!(recipe.early_stopping.patience, Some(4));
    assert_eq!(job.tracking.meta["site"], "A");
    assert_eq!(job.tracking.meta["operator"], "x=y");
    assert_eq!(with_preset("# nothing\n", &[]).unwrap().recipe.epochs, 50);
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
        (r#"{"version": 3}"#, "this program knows versions up to 2"),
        (r#"{"epoch": 2}"#, "unknown field `epoch`"),
        ("{", "recipe.json"),
    ] {
        std::fs::write(path, text).unwrap();
        let error = Job::new(&cli(&["--recipe", path])).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn bad_settings_are_named() {
    for (preset, expected) in [
        ("epochs: 0", "number of epochs must be at least 1"),
        ("seed: 1\nepoch: 3", "unknown field `epoch` in line 2"),
        (
            "early_stopping: {patient: 3}",
            "unknown field `patient`, expected `patience`",
        ),
        ("learning_rate: -1", "must be greater than 0"),
        ("learning_rate: .nan", "must be greater than 0"),
        (
            "model: vgg",
            "unknown model `vgg`: choose one of ultra_lightweight_cnn",
        ),
        ("checkpoint_minutes: 0", "must be a number greater than 0"),
        (
            "checkpoint_minutes: .nan",
            "must be a number greater than 0",
        ),
        (
            "label_ratio: 0",
            "`label_ratio` is 0: it must be greater than 0",
        ),
        (
            "augmentation: wild",
            "unknown augmentation `wild`: choose auto, standard, new_sites, none, light or field",
        ),
        (
            "augmentation: [3]",
            "expected auto, standard, new_sites, none, light, field, or a map of augmentations",
        ),
        (
            "augmentation: {time_shift: 3}",
            "`augmentation.time_shift` is 3: expected 0 to 1",
        ),
        (
            "class_weights: 3",
            "expected none, balanced, or a map from class names to weights",
        ),
        (
            "class_weights: rare",
            "unknown class weights `rare`: choose none, balanced",
        ),
        (
            "class_weights: {car: -1}",
            "the weight of class `car` is -1: it must be 0 or more",
        ),
        (
            "plateau: {min_delta: -1}",
            "`plateau.min_delta` is -1: it must be 0 or more",
        ),
        ("meta: {status: x}", "the field is reserved"),
        (
            "extra_subdirectories: [../x]",
            "is outside the experiment's directory",
        ),
        ("id_template: '{model_type}'", "`{timestamp}` is missing"),
    ] {
        let error = with_preset(preset, &[]).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    let error = Job::new(&cli(&["--learning-rate", "nan"])).unwrap_err();
    assert!(
        error.to_string().contains("must be a finite number"),
        "{error}"
    );
}

/// A learning rate that was planned for the whole run cannot go on after it.
#[test]
fn planned_epochs_cannot_change() {
    let args = |epochs: &str| cli(&["--epochs", epochs]).recipe_args;
    for (schedule, warmup, open) in [
        (Schedule::Cosine, 0.0, false),
        (Schedule::Plateau, 0.1, false),
        (Schedule::Plateau, 0.0, true),
        (Schedule::Constant, 0.0, true),
    ] {
        let recipe = Recipe {
            schedule,
            warmup,
            ..Recipe::default()
        };
        recipe.check_unchanged(&args("50"), "x").unwrap();
        let changed = recipe.check_unchanged(&args("60"), "x");
        assert_eq!(changed.is_ok(), open, "{schedule:?} {warmup}");
        if let Err(error) = changed {
            assert!(
                error.to_string().contains("planned for 50 epochs"),
                "{error}"
            );
        }
    }
}

/// The presets that come with the project: loaded, and `default.yaml` is what it says.
#[test]
fn presets_of_the_project() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    let load = |name: &str| Preset::load(&folder.join(name)).unwrap();
    let default = load("default.yaml");
    assert_eq!(default.recipe, Recipe::default());
    let keras = load("keras_compatible.yaml").recipe;
    assert_eq!(
        (
            keras.schedule,
            keras.keep,
            keras.average,
            keras.weight_decay
        ),
        (Schedule::Plateau, Keep::Best, None, 0.0)
    );
    assert_eq!(keras.early_stopping.patience, Some(10));
    assert_eq!(keras.plateau, PlateauSettings::default());
    // What experiments without a recipe had is what Keras users had.
    for (key, value) in before_recipes() {
        assert_eq!(keras.to_map()[&key], value, "{key}");
    }
    for name in ["quick.yaml", "sensor_node.yaml"] {
        load(name);
    }
}
