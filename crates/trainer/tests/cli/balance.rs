//! Few, rare and varied samples: stored, reproducible, resumed.

use super::{Place, history, metadata, text};

const OPTIONS: [&str; 16] = [
    "--model",
    "ultra_lightweight_cnn",
    "--augment",
    "field",
    "--class-weights",
    "balanced",
    "--sampling",
    "balanced",
    "--label-ratio",
    "0.25",
    "--batch-size",
    "20",
    "--schedule",
    "plateau",
    "--warmup",
    "0",
];

#[test]
fn balanced_and_augmented_runs_repeat_and_resume_to_the_bit() {
    let whole = Place::new();
    let run = |place: &Place, more: &[&str]| {
        let output = place.run(&[&OPTIONS[..], more].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
    };
    run(&whole, &["--epochs", "3"]);
    let first = &whole.found()[0];
    let stored = metadata(first);
    let config = &stored["training_config"];
    assert_eq!(stored["dataset_info"]["train_size"], 300);
    assert_eq!(
        (&config["class_weights"], &config["sampling"]),
        (&"balanced".into(), &"balanced".into())
    );
    assert_eq!(config["label_ratio"], 0.25);
    assert_eq!(config["augmentation"]["channel_dropout"], 0.05);

    let streamed = Place::new();
    run(&streamed, &["--epochs", "3", "--stream", "--threads", "1"]);
    assert_eq!(history(first), history(&streamed.found()[0]));

    // Two epochs, then the third: the same as without a stop.
    let resumed = Place::new();
    run(&resumed, &["--epochs", "2"]);
    let output = resumed.run(&["--resume", "latest", "--epochs", "3"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(history(first), history(&resumed.found()[0]));

    // Settings of sampling and weighting cannot change when the run is resumed.
    for (option, value) in [
        ("--augmentation", "light"),
        ("--class-weights", "none"),
        ("--label-ratio", "1"),
    ] {
        let output = resumed.run(&["--resume", "latest", "--epochs", "4", option, value]);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(
            stderr.contains(&format!("{option} cannot change when a run is resumed")),
            "{stderr}"
        );
    }
}

#[test]
fn classes_that_are_none_are_named_before_anything_exists() {
    let place = Place::new();
    let preset = place.folder.path().join("preset.yaml");
    for (text_of_preset, problem) in [
        (
            "class_weights: {lorry: 2}",
            "`class_weights` names the unknown class `lorry`: the classes are background, footsteps",
        ),
        (
            "augmentation: {background: {class: lorry}}",
            "`augmentation.background` names the unknown class `lorry`",
        ),
    ] {
        std::fs::write(&preset, text_of_preset).unwrap();
        let output = place.run(&["--config", preset.to_str().unwrap(), "--epochs", "1"]);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(problem), "{stderr}");
        assert!(place.found().is_empty());
    }
}
