//! Simple baselines and cross-validation.

use super::*;

fn stdout_json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// `trainer baselines` with its options for folders.
fn baselines(place: &Place, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trainer"))
        .arg("baselines")
        .args(["--datasets-dir".as_ref(), datasets().as_os_str()])
        .args([
            "--experiments-dir".as_ref(),
            place.experiments().as_os_str(),
        ])
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn baselines_are_experiments() {
    let place = Place::new();
    let found = stdout_json(&baselines(&place, &["--quick", "--json"]));
    let experiments = place.found();
    assert_eq!(experiments.len(), 2);
    for result in found["results"].as_array().unwrap() {
        let id = result["experiment"].as_str().unwrap();
        let directory = place.experiments().join(id);
        let metadata = metadata(&directory);
        assert_eq!(metadata["status"], "completed");
        assert_eq!(result["judgements"][1]["split"], "test");
        let score = &result["judgements"][1]["scores"]["macro_f1"];
        assert_eq!(metadata["results"]["test"]["intervals"]["f1_macro"], *score);
        assert_eq!(metadata["results"]["test"]["f1_macro"], score["score"]);
        assert!(score["score"].as_f64().unwrap() > 0.75, "{score}");
        assert!(score["low"].as_f64() < score["score"].as_f64());
        assert!(
            directory
                .join("figures/test_confusion_matrix.png")
                .is_file()
        );
    }
    let refused = baselines(&place, &["--draws", "2", "--untracked"]);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused.stderr));
    let refused = baselines(&place, &["--folds", "1"]);
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(place.found().len(), 2);
}

/// The comparison is printed, stored and cached, and changes nothing else.
#[test]
fn trainings_are_compared_with_baselines() {
    let place = Place::new();
    let with = place.run(&QUICK);
    assert!(with.status.success(), "{}", text(&with.stderr));
    let without = place.run(&[&QUICK[..], &["--no-baseline"]].concat());
    let stdout = text(&with.stdout);
    assert!(stdout.contains("simple baselines, macro F1:"), "{stdout}");
    assert!(stdout.contains("test: the network is "), "{stdout}");
    assert!(
        stdout.contains("over 60 groups, [95 % interval]"),
        "{stdout}"
    );
    assert!(!text(&without.stdout).contains("baseline"));
    let found = place.found();
    let [first, second] = &found[..] else {
        panic!("{found:?}")
    };
    let weights = |directory: &Path| std::fs::read(directory.join("model/model.safetensors"));
    assert_eq!(weights(first).unwrap(), weights(second).unwrap());
    assert_eq!(history(first), history(second));
    let results = &metadata(first)["results"];
    assert_eq!(results["baselines"].as_array().unwrap().len(), 2);
    // Two epochs of the smallest network do not beat the baselines.
    assert_eq!(results["verdict"]["test"]["network_is_better"], false);
    let network = results["test"]["f1_macro"].as_f64().unwrap();
    let stored = results["verdict"]["test"]["network_score"]["score"].as_f64();
    assert!((network - stored.unwrap()).abs() < 1e-12);
    assert_eq!(metadata(second)["results"].get("verdict"), None);
    assert!(metadata(second)["results"]["test"]["intervals"]["f1_macro"]["low"].is_f64());
}

#[test]
fn folds_are_experiments_and_their_test_windows_are_pooled() {
    let place = Place::new();
    let arguments = [&QUICK[..2], &["--epochs", "1", "--folds", "3", "--json"]].concat();
    let found = stdout_json(&place.run(&arguments));
    let experiments = place.found();
    assert_eq!(experiments.len(), 3);
    assert_eq!(found["scores"]["windows"], 1500);
    assert_eq!(found["scores"]["groups"], 300);
    assert_eq!(found["by_fold"].as_array().unwrap().len(), 3);
    assert_eq!(found["baselines"].as_array().unwrap().len(), 2);
    let mut confusion = [[0; 3]; 3];
    for (index, directory) in experiments.iter().enumerate() {
        let metadata = metadata(directory);
        assert_eq!(metadata["fold"], index);
        assert_eq!(metadata["study"], found["study"]);
        assert_eq!(metadata["training_config"]["fold"]["k"], 3);
        assert_eq!(metadata["dataset_info"]["test_size"], 500);
        let matrix = &metadata["results"]["test"]["confusion_matrix"];
        for i in 0..3 {
            for j in 0..3 {
                confusion[i][j] += matrix[i][j].as_u64().unwrap();
            }
        }
        let predictions = std::fs::read(directory.join("test_predictions.json")).unwrap();
        let predictions: Value = serde_json::from_slice(&predictions).unwrap();
        assert_eq!(predictions["group"].as_array().unwrap().len(), 500);
    }
    assert_eq!(
        found["scores"]["confusion"],
        serde_json::json!(confusion),
        "pooled"
    );
    for wrong in [
        &["--folds", "1"][..],
        &["--folds", "400"],
        &["--fold-seed", "1"],
    ] {
        let refused = place.run(wrong);
        assert_eq!(refused.status.code(), Some(2), "{}", text(&refused.stderr));
    }
    assert_eq!(place.found().len(), 3);
}
