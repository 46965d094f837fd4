//! Fractions of splits on the command line and in lists.

use super::*;

/// Fractions that are not clear are an error, and no other split is made of them in silence.
#[test]
fn fractions_of_splits_are_not_scaled() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let list = |split: &str| {
        let list = format!(
            "sampling_rate: 200\nwindow: 1.28\nchannels: [SH3]\nclass_names: [gle350, mustang]\nm3n_vc: [{{folder: \
             '{}/m3n_vc'}}]\nsplit: {{by: time, {split}}}\n",
            fixtures().display()
        );
        std::fs::write(at("list.yaml"), list).unwrap();
    };
    list("train: 0.8, val: 0.2, test: 0.2");
    let output = data(&["import", &at("list.yaml"), "--out", &at("out")]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    let expected = "`split`: train 0.8, val 0.2, test 0.2 add up to 1.2 and not to 1: write fractions that do, such as train 0.66, val \
                    0.17, test 0.17";
    assert!(said.contains(expected), "{said}");
    // Two that add up to 1 leave nothing for the third.
    list("train: 0.8, val: 0.2");
    let made = stdout(
        folder.path(),
        &["import", &at("list.yaml"), "--out", &at("out")],
    );
    assert!(made.contains("test        0        0"), "{made}");
    let config = at("out/dataset_config.yaml");
    let output = data(&["split", &config, "--out", &at("again"), "--train", "0.8"]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(
        said.contains("train 0.8 leaves 0.2 for val, test: name the others too"),
        "{said}"
    );
}
