//! Knowledge distillation: a trial decides where sites differ, and everything else is as without.

use super::defaults::{changed_windows, without_slow_part};
use super::resume::{OPEN_ENDED, assert_same, weights};
use super::*;

/// Runs an epoch on a dataset; returns what was said, the metadata and the share of the teacher.
fn train(place: &Place, config: &Path, more: &[&str]) -> (String, Value, Value) {
    let base = [
        "--dataset-config",
        config.to_str().unwrap(),
        "--epochs",
        "1",
        "--no-baseline",
    ];
    let output = place.run(&[&base, more].concat());
    let stderr = text(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let experiment = place.found().pop().unwrap();
    let recipe = std::fs::read_to_string(experiment.join("recipe.json")).unwrap();
    let recipe: Value = serde_json::from_str(&recipe).unwrap();
    (
        stderr,
        metadata(&experiment),
        recipe["distillation"].clone(),
    )
}

#[test]
fn a_trial_decides_where_sites_differ() {
    let place = Place::new();
    let other = changed_windows(&place, "other", |split, values| {
        if split != "train" {
            without_slow_part(values);
        }
    });
    let (stderr, metadata, share) = train(&place, &other, &[]);
    assert!(stderr.contains("a trial chose the targets"), "{stderr}");
    let choice = metadata["distillation_choice"].clone();
    let loss = |key: &str| choice[key].as_f64().unwrap();
    let helps = loss("loss_with_teacher") <= 1.01 * loss("loss");
    assert_eq!(share, if helps { 0.5 } else { 0.0 }, "{choice}");

    // The choice does not depend on the run.
    let more = ["--seed", "7", "--threads", "1", "--model", "seismic_cnn"];
    let (_, metadata, again) = train(&place, &other, &more);
    assert_eq!(metadata["distillation_choice"], choice);
    assert_eq!(again, share);
    // A given share is taken without a trial.
    for given in ["0", "0.25"] {
        let (stderr, metadata, share) = train(&place, &other, &["--distillation", given]);
        assert!(!stderr.contains("chose the targets"), "{stderr}");
        assert!(metadata.get("distillation_choice").is_none());
        assert_eq!(share, given.parse::<f64>().unwrap());
    }
    // Where splits are alike there is no trial.
    let same = changed_windows(&place, "same", |_, _| {});
    let (stderr, metadata, share) = train(&place, &same, &[]);
    assert!(!stderr.contains("chose the targets"), "{stderr}");
    assert!(metadata.get("distillation_choice").is_none());
    assert_eq!(share, 0.0);
}

/// The targets are the same to the bit when a run is resumed or streamed.
#[test]
fn a_taught_run_goes_on() {
    let run_for = |epochs: &str, more: &[&str]| {
        let place = Place::new();
        let base = ["--epochs", epochs, "--no-baseline"];
        let output = place.run(&[&base, &OPEN_ENDED[..], more].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        let experiment = place.found().remove(0);
        (place, experiment)
    };
    let run = |more: &[&str]| run_for("3", more);
    let taught = ["--distillation", "0.5"];
    let (_whole_place, whole) = run(&taught);
    let (_alone_place, alone) = run(&["--distillation", "0"]);
    assert!(weights(&whole) != weights(&alone), "the teacher counts");
    let (_streamed_place, streamed) = run(&[&taught[..], &["--stream", "--threads", "1"]].concat());
    assert!(weights(&whole) == weights(&streamed), "streamed");

    let (place, part) = run_for("1", &taught);
    let output = place.run(&["--resume", "latest", "--epochs", "3", "--no-baseline"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_same(&part, &whole);
}

#[test]
fn a_share_is_a_fraction() {
    let place = Place::new();
    for (given, problem) in [
        ("1.5", "between 0 and 1"),
        ("nan", "--distillation"),
        ("-0.1", "between 0 and 1"),
    ] {
        let output = place.run(&[&format!("--distillation={given}")]);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(problem), "{stderr}");
    }
    assert!(place.found().is_empty());
}
