//! `trainer evaluate`, and training from the weights of another experiment.

use super::*;

fn evaluate(place: &Place, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trainer"))
        .args(["evaluate", "latest"])
        .args(["--datasets-dir".as_ref(), datasets().as_os_str()])
        .args([
            "--experiments-dir".as_ref(),
            place.experiments().as_os_str(),
        ])
        .args(arguments)
        .output()
        .unwrap()
}

/// Tensors of a model by name.
fn tensors(experiment: &Path) -> Vec<(String, Vec<f32>)> {
    let bytes = std::fs::read(experiment.join("model/model.safetensors")).unwrap();
    let mut tensors: Vec<_> = model::named_tensors(&bytes)
        .unwrap()
        .into_iter()
        .map(|(name, tensor)| (name, tensor.values))
        .collect();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    tensors
}

#[test]
fn an_evaluation_finds_what_the_training_found() {
    let place = Place::new();
    let output = place.run(&QUICK);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let experiment = place.found().remove(0);
    let page = place.folder.path().join("gallery.html");
    let output = evaluate(&place, &["--json", "--gallery", page.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let found: Value = serde_json::from_str(&text(&output.stdout)).unwrap();
    let trained = &metadata(&experiment)["results"]["test"];
    assert_eq!(found["confusion_matrix"], trained["confusion_matrix"]);
    assert_eq!(found["accuracy"], trained["accuracy"]);
    let apart = found["loss"].as_f64().unwrap() - trained["loss"].as_f64().unwrap();
    assert!(apart.abs() < 1e-6, "{apart}");
    let folder = experiment.join("evaluations/test");
    let stored = std::fs::read_to_string(folder.join("metrics.json")).unwrap();
    assert_eq!(stored, text(&output.stdout));
    let rows = std::fs::read_to_string(folder.join("predictions.csv")).unwrap();
    assert_eq!(rows.lines().count(), 301);
    assert!(folder.join("confusion_matrix.png").is_file());
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("sample of a class"));
    // Every card shows the relevance, over seven segments and the bins up to half the rate.
    let cards = page.matches("\"kind\":").count();
    assert_eq!(
        page.matches("\"relevance\":{\"columns\":[0.125,").count(),
        cards
    );
    assert_eq!(page.matches("\"rows\":129,").count(), cards);
    assert!(cards > 24, "{cards}");
    // A second evaluation does not overwrite the first.
    let output = evaluate(&place, &["--split", "val"]);
    assert!(
        text(&output.stdout).contains("macro F1"),
        "{}",
        text(&output.stderr)
    );
    evaluate(&place, &["--split", "val"]);
    let config = datasets().join("demo-v1/dataset_config.yaml");
    let output = evaluate(&place, &["--dataset-config", config.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let listing = std::fs::read_dir(experiment.join("evaluations")).unwrap();
    let mut names: Vec<String> = listing
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["dataset_config_test", "test", "val", "val_2"]);
}

#[test]
fn a_training_begins_with_other_weights() {
    let place = Place::new();
    let output = place.run(&QUICK);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let first = place.found().remove(0);
    let arguments = [
        "--init-from",
        "latest",
        "--freeze",
        "2",
        "--learning-rate",
        "0.001",
    ];
    let output = place.run(&[&QUICK[..], &arguments].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stderr);
    assert!(said.contains("12 of 12 tensors taken"), "{said}");
    let second = place.found().into_iter().find(|own| *own != first).unwrap();
    for ((name, before), (_, after)) in tensors(&first).into_iter().zip(tensors(&second)) {
        let frozen = name.starts_with("conv1/") || name.starts_with("conv2/");
        assert_eq!(before == after, frozen, "{name}");
    }
    let recipe = std::fs::read_to_string(second.join("recipe.json")).unwrap();
    assert!(recipe.contains("\"freeze\": 2"), "{recipe}");
    let output = place.run(&[&QUICK[..], &["--init-from", "nothing"]].concat());
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    let output = place.run(&[&QUICK[..], &["--freeze", "2"]].concat());
    assert!(text(&output.stderr).contains("--freeze needs --init-from"));
}
