//! Compares fine-tuning of Keras weights with Keras, using fixtures of `scripts/conformance/make_keras_step.py`.

use super::*;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/keras/step")
}

/// A dataset from the fixture's windows, cut into segments without further processing.
fn configuration(place: &Place) -> String {
    let folder = place.folder.path().join("windows");
    std::fs::create_dir_all(&folder).unwrap();
    for split in ["train", "val"] {
        let name = format!("{split}.npz");
        std::fs::copy(fixtures().join(&name), folder.join(&name)).unwrap();
        std::fs::write(folder.join(format!("{split}.txt")), name).unwrap();
    }
    let config = folder.join("dataset_config.yaml");
    let text = "task:\n  class_names: [a, b, c]\n  train_index_file: train.txt\n  val_index_file: val.txt\n\
                spectral_processing: {method: none}\nnormalisation: none\n";
    std::fs::write(&config, text).unwrap();
    config.to_str().unwrap().to_owned()
}

#[test]
fn keras_weights_fine_tuned_give_the_losses_of_keras() {
    let place = Place::new();
    let config = configuration(&place);
    let preset = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/keras_compatible.yaml");
    let losses = std::fs::read_to_string(fixtures().join("losses.json")).unwrap();
    let losses: Value = serde_json::from_str(&losses).unwrap();
    for (network, expected) in losses.as_object().unwrap() {
        for backend in ["native", "flex"] {
            let weights = fixtures().join(expected["weights"].as_str().unwrap());
            let output = place.run(&[
                "--model",
                network,
                "--config",
                preset.to_str().unwrap(),
                "--dataset-config",
                &config,
                "--init-from",
                weights.to_str().unwrap(),
                "--backend",
                backend,
                "--epochs",
                "2",
                "--batch-size",
                "12",
                "--no-baseline",
            ]);
            assert!(output.status.success(), "{}", text(&output.stderr));
            let history = history(&place.found().pop().unwrap());
            assert_eq!(history.len(), 2);
            for (epoch, line) in history.iter().enumerate() {
                for key in ["loss", "val_loss"] {
                    let loss = line["metrics"][key].as_f64().unwrap();
                    let keras = expected[key][epoch].as_f64().unwrap();
                    assert!(
                        (loss - keras).abs() < 1e-4,
                        "{network}, {backend}, epoch {epoch}: {key} is {loss}, with Keras {keras}"
                    );
                }
            }
        }
    }
}
