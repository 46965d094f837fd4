//! What may change when a run is resumed.

use clap::CommandFactory;

use super::super::check::MAY_CHANGE;
use super::*;

/// For every option of the command line, a value other than the stored one is rejected by name, and the same value is
/// accepted.
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
        ("label_smoothing", "0.2", "0.3"),
        ("distillation", "0", "0.5"),
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

/// A learning rate that was planned for the whole run cannot continue after its end.
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
