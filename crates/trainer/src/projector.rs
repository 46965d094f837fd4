//! The features of validation windows for TensorBoard's projector: what the network computes before its last layer.

use data::{Dataset, batch};
use experiment::catalogue::layout::{PROJECTOR_CONFIG, PROJECTOR_METADATA, PROJECTOR_TENSORS};
use experiment::{Experiment, LogRun};
use model::native::Inference;
use model::{Architecture, Weights};

use crate::compute::EVALUATION_BATCH;
use crate::error::TrainerError;

/// The most windows that are written, and the most values of all their features: about a megabyte.
const MAX_WINDOWS: usize = 1000;
const MAX_VALUES: usize = 200_000;

/// Further columns of the projector besides the features of a window.
pub struct Judged<'a> {
    /// Predicted class of each validation window.
    pub predicted: &'a [u32],
    /// Class probabilities of the validation windows.
    ///
    /// # Shapes
    /// `[windows, classes]`, flattened.
    pub probabilities: &'a [f64],
}

/// Writes features, labels and predictions of validation windows, spread evenly over the split, next to the detailed
/// metrics. They are computed on the CPU, whatever the backend of the training.
///
/// # Errors
/// [`TrainerError`] if the windows cannot be read, or the files cannot be written.
pub fn record_features(
    experiment: &mut Experiment,
    dataset: &Dataset,
    architecture: &Architecture,
    weights: &Weights,
    judged: &Judged<'_>,
) -> Result<(), TrainerError> {
    let split = &dataset.val;
    let mut network = Inference::of_features(architecture, weights)?;
    let width = network.classes();
    let indices = batch::spread(split.len(), MAX_WINDOWS.min(MAX_VALUES / width).max(1));
    let mut tensors = String::new();
    let batches = indices.chunks(EVALUATION_BATCH);
    batch::for_each(split, &dataset.preprocessing, batches, |batch| {
        for features in network.logits(&batch.x).chunks_exact(width) {
            let numbers: Vec<String> = features.iter().map(|v| number(*v)).collect();
            tensors.push_str(&numbers.join("\t"));
            tensors.push('\n');
        }
        true
    })
    .map_err(TrainerError::Stream)?;
    let classes = dataset.class_names.len();
    let name = |class: u32| cell(&dataset.class_names[class as usize]);
    let mut metadata = String::from("label\tpredicted\tconfidence\tgroup\twindow\n");
    for &i in &indices {
        let class = judged.predicted[i];
        let confidence = judged.probabilities[i * classes + class as usize];
        let group = split.group_of.get(i).and_then(Option::as_deref);
        let (label, class) = (name(split.y[i]), name(class));
        let group = cell(group.unwrap_or("-"));
        metadata.push_str(&format!(
            "{label}\t{class}\t{confidence:.4}\t{group}\t{i}\n"
        ));
    }
    let config = format!(
        "embeddings {{\n  tensor_name: \"validation windows\"\n  tensor_path: \"{PROJECTOR_TENSORS}\"\n  \
         metadata_path: \"{PROJECTOR_METADATA}\"\n}}\n"
    );
    let files = vec![
        (PROJECTOR_TENSORS, tensors.into_bytes()),
        (PROJECTOR_METADATA, metadata.into_bytes()),
        (PROJECTOR_CONFIG, config.into_bytes()),
    ];
    experiment.save_beside_log(LogRun::Detailed, files)?;
    Ok(())
}

/// Four significant digits; zeros, of which rectified features have many, are short.
fn number(value: f32) -> String {
    if value == 0.0 {
        "0".into()
    } else {
        format!("{value:.3e}")
    }
}

/// Text without tabs and line ends.
fn cell(text: &str) -> String {
    text.replace(|c: char| c.is_control(), " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_stay_in_their_cells() {
        assert_eq!(
            [0.0, -0.0, 1.23456, -1e-20].map(number),
            ["0", "0", "1.235e0", "-1.000e-20"]
        );
        assert_eq!(cell("a\tb\nc"), "a b c");
    }
}
