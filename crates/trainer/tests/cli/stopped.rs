//! Runs that end before their last epoch keep the best weights.

use super::resume::interrupted_after_an_epoch;
use super::*;

#[test]
fn a_loss_that_is_no_number_stops_the_run_and_keeps_the_best_weights() {
    let place = Place::new();
    // Diverges at once, so there is nothing worth keeping.
    let absurd = [
        "--model",
        "simple_cnn",
        "--learning-rate",
        "1e38",
        "--weight-decay",
        "0",
    ];
    let output = place.run(&absurd);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    for expected in [
        "the loss is",
        "in epoch 1, step ",
        "learning rate",
        "training samples ",
    ] {
        assert!(error.contains(expected), "{expected}: {error}");
    }
    let experiment = place.found().remove(0);
    assert_eq!(metadata(&experiment)["status"], "failed");
    let message = metadata(&experiment)["error"].as_str().unwrap().to_owned();
    assert!(error.contains(&message), "{error}");

    // Diverges after a good epoch, since the learning rate in the checkpoint is raised far too high.
    let place = Place::new();
    assert!(place.run(&QUICK_OPEN_ENDED).status.success());
    let experiment = place.found().remove(0);
    let best = std::fs::read(experiment.join("model/model.safetensors")).unwrap();
    let last = experiment.join("checkpoints/last");
    let bytes = experiment::load_checkpoint(&last).unwrap();
    let metadata_before = metadata(&experiment);
    let kind = model::ModelKind::UltraLightweight;
    let shape = data::Dataset::load(
        &data::DatasetConfig::load(&data::demo::ensure(&datasets()).unwrap(), None).unwrap(),
        data::Normalisation::None,
    )
    .unwrap()
    .train
    .shape;
    let plan = model::Plan::new(&model::Architecture::new(kind, shape.into(), 3)).unwrap();
    let (state, note) = model::TrainingState::from_bytes(&plan, &bytes).unwrap();
    let mut note: Value = serde_json::from_str(&note).unwrap();
    note["state"]["learning_rate"] = 1e38.into();
    let bytes = state.to_bytes(&note.to_string()).unwrap();
    let mut whole = experiment::hash::sha256_hex(&bytes).into_bytes();
    whole.push(b'\n');
    whole.extend(bytes);
    std::fs::write(&last, whole).unwrap();
    let output = place.run(&["--resume", "latest", "--epochs", "4"]);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("in epoch 3, step "), "{error}");
    assert!(error.contains("the best weights so far"), "{error}");
    let after = metadata(&experiment);
    assert_eq!(after["status"], "failed");
    assert_eq!(after["results"]["stopped_by"], "diverged");
    assert_eq!(after["results"]["test"], metadata_before["results"]["test"]);
    assert!(best == std::fs::read(experiment.join("model/model.safetensors")).unwrap());
}

#[test]
fn an_interrupted_run_keeps_its_best_weights() {
    let place = Place::new();
    let arguments = ["--model", "simple_cnn", "--epochs", "500"];
    let child = place
        .command(&arguments)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = interrupted_after_an_epoch(child, &place);
    assert_eq!(output.status.code(), Some(130));
    assert_complete(&place.found()[0], "interrupted");
}
