//! Presets, user-defined fields, and runs that leave no experiment.

use super::*;

#[test]
fn presets_meta_and_untracked() {
    let place = Place::new();
    let preset = place.folder.path().join("preset.yaml");
    let text = "model: ultra_lightweight_cnn\nepochs: 1\nid_template: 'a_{timestamp}'\n\
                extra_subdirectories: [notebooks]\nmeta: {site: north}\ntags: [t1]\n";
    std::fs::write(&preset, text).unwrap();
    let preset = preset.to_str().unwrap();
    let output = place.run(&["--config", preset, "--tag", "t2", "--meta", "who=me"]);
    assert!(output.status.success(), "{}", self::text(&output.stderr));
    let experiment = &place.found()[0];
    assert!(
        experiment
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("a_2")
    );
    assert!(experiment.join("notebooks").is_dir());
    let metadata = metadata(experiment);
    assert_eq!(
        (&metadata["site"], &metadata["who"]),
        (&"north".into(), &"me".into())
    );
    assert_eq!(metadata["tags"], serde_json::json!(["t1", "t2"]));

    let output = place.run(&["--config", preset, "--untracked"]);
    assert!(output.status.success(), "{}", self::text(&output.stderr));
    assert_eq!(place.found().len(), 1);
    let logs = place.folder.path().join("logs");
    let run = std::fs::read_dir(logs)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    assert!(
        run.file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("seismic_training_")
    );
    assert!(run.join("train").is_dir() && !run.join("metadata.json").exists());
}
