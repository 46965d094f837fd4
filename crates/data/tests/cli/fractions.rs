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

/// Samples without a group are split one by one only on demand, and the result says what that means.
#[test]
fn samples_without_a_group_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    for (number, split) in ["train", "val"].into_iter().enumerate() {
        let path = folder.path().join(format!("{split}.tfrecord"));
        let mut writer = data::reader::TfrecordWriter::create(&path).unwrap();
        for record in 0..20 {
            let values = (0..64).map(|i| ((i * 7 + record * 13 + number * 501) % 97) as f32);
            let record = data::reader::Record {
                record,
                values: values.collect(),
                shape: vec![1, 64],
                label: (record % 2) as i64,
                group: (record < 5).then(|| format!("{split}{}", record % 2)),
            };
            writer.write(&record).unwrap();
        }
        writer.finish().unwrap();
        std::fs::write(at(&format!("{split}.txt")), format!("{split}.tfrecord\n")).unwrap();
    }
    let config =
        "task:\n  class_names: [a, b]\n  train_index_file: train.txt\n  val_index_file: val.txt\n";
    std::fs::write(at("config.yaml"), config).unwrap();
    let output = data(&[
        "split",
        &at("config.yaml"),
        "--ungrouped",
        "--out",
        &at("out"),
    ]);
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("warning: 30 of 40 samples have no group and are split one by one"),
        "{said}"
    );
    let output = data(&["validate", &at("config.yaml")]);
    let said = text(&output.stderr);
    let expected =
        "15 of 20 training windows and 15 of 20 validation windows name no group, while others do";
    assert!(said.contains(expected), "{said}");
}
