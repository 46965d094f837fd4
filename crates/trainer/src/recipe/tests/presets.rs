//! Presets: the values they set, precedence of the command line, and errors in presets.

use super::super::stored::before_recipes;
use super::*;

fn with_preset(text: &str, arguments: &[&str]) -> Result<Job, TrainerError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("preset.yaml");
    std::fs::write(&path, text).unwrap();
    Job::new(&TrainingOptions {
        config: Some(path),
        ..cli(arguments)
    })
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
fn bad_settings_are_named() {
    for (preset, expected) in [
        ("epochs: 0", "number of epochs must be at least 1"),
        ("seed: 1\nepoch: 3", "unknown field `epoch` in line 2"),
        (
            "early_stopping: {patient: 3}",
            "unknown field `patient`, expected `patience`",
        ),
        (
            "learning_rate: -1",
            "preset.yaml: `learning_rate` is -1: it must be greater than 0",
        ),
        (
            "lr: 0.1",
            "unknown field `lr` in line 1; do you mean `learning_rate`?",
        ),
        ("threads: 0", "number of threads must be at least 1"),
        ("threads: 1000000", "at most 4096 threads"),
        ("freeze: 2", "--freeze needs --init-from"),
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

/// An option may give what a value of the preset needs.
#[test]
fn options_complete_a_preset() {
    let job = with_preset("freeze: 2", &["--init-from", "latest"]).unwrap();
    assert_eq!(job.recipe.freeze, 2);
    let decay = "weight_decay: 50\nlearning_rate: 0.1\n";
    assert!(with_preset(decay, &[]).is_err());
    assert!(with_preset(decay, &["--learning-rate", "0.001"]).is_ok());
}

/// The presets in `configs/` load, and `default.yaml` equals the defaults.
#[test]
fn presets_of_the_project() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    let load = |name: &str| Preset::load(&folder.join(name)).unwrap();
    let default = load("default.yaml");
    assert_eq!(default.recipe, Recipe::default());
    let keras = load("keras_compatible.yaml").recipe;
    assert_eq!(
        (keras.schedule, keras.keep, keras.average, keras.decay()),
        (Schedule::Plateau, Keep::Best, None, 0.0)
    );
    assert_eq!(keras.early_stopping.patience, Some(10));
    assert_eq!(keras.plateau, PlateauSettings::default());
    // Experiments without a recipe used the values of the Keras script.
    for (key, value) in before_recipes() {
        assert_eq!(keras.to_map()[&key], value, "{key}");
    }
    for name in ["quick.yaml", "sensor_node.yaml"] {
        load(name);
    }
}
