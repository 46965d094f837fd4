//! `trainer quantise`: measures what 8 bits cost in accuracy, layer by layer.

use std::path::PathBuf;

use clap::Args;
use deploy::TrainedModel;
use deploy::quantise::{IntegerRunner, LayerReport, RANGES_FILE, layer_reports};
use experiment::{Added, Entry, ExperimentStore};
use model::Bundle;
use serde_json::{Value, json};

use super::quantised::{CalibrationArgs, Quantised};
use crate::error::TrainerError;
use crate::metrics::Evaluation;

/// Arguments of `trainer quantise`.
#[derive(Clone, Debug, Args)]
pub struct QuantiseArgs {
    /// Experiment ID, unambiguous prefix or suffix, `latest`, `best`, or a tag
    pub id: String,
    /// Calibration data of the quantisation
    #[command(flatten)]
    pub calibration: CalibrationArgs,
    /// Print JSON instead of a table
    #[arg(long)]
    pub json: bool,
    /// Directory of the experiments
    #[arg(long, value_name = "DIR", default_value = "experiments")]
    pub experiments_dir: PathBuf,
}

/// Quantises the model of an experiment and keeps the ranges in its `model/` for `predict --int8`. Returns a report as
/// text, and a note.
///
/// # Errors
/// [`TrainerError`] if the experiment is missing, or its model or data cannot be read.
pub fn quantise(arguments: &QuantiseArgs) -> Result<(String, String), TrainerError> {
    let entry = ExperimentStore::new(&arguments.experiments_dir).find(&arguments.id)?;
    let (bundle, architecture) = Bundle::load(&entry.directory.join("model"))?;
    let model = TrainedModel::new(&bundle, &architecture)?;
    let quantised = Quantised::new(&entry, &model, &arguments.calibration)?;
    let scores = Scores::new(&quantised);
    let layers = layer_reports(
        &quantised.network,
        &quantised.integers,
        &quantised.validation,
    );
    let report = if arguments.json {
        format!("{:#}\n", to_json(&quantised, &scores, &layers))
    } else {
        table(&entry.id, &quantised, &scores, &layers)
    };
    Ok((report, keep(&entry, &quantised)))
}

/// Stores the ranges; returns a message about the result. A folder that is not writable does not invalidate the report.
fn keep(entry: &Entry, quantised: &Quantised) -> String {
    let bytes = quantised.integers.to_stored(quantised.calibration_windows);
    match entry.add_to_model(RANGES_FILE, &bytes) {
        Ok(Added::New(path)) => format!(
            "note: `predict --int8` uses these ranges: {}",
            path.display()
        ),
        Ok(Added::Same(path)) => format!("note: {} holds these ranges already", path.display()),
        Ok(Added::Other(path)) => format!(
            "warning: {} holds other ranges and stays as it is; remove it to keep these",
            path.display()
        ),
        Err(error) => format!("warning: the ranges are not kept for `predict --int8`: {error}"),
    }
}

/// Macro F1 on the validation split, in float32 and in 8 bits.
struct Scores {
    float: f64,
    int8: f64,
}

impl Scores {
    fn new(quantised: &Quantised) -> Self {
        let length = quantised.integers.input_shape().elements();
        let windows = || quantised.validation.chunks_exact(length);
        let mut runner = IntegerRunner::new(&quantised.integers);
        let integers: Vec<f32> = windows().flat_map(|x| runner.run(x)).collect();
        let floats = quantised.network.logits(&quantised.validation);
        let score = |logits: &[f32]| {
            let classes = quantised.integers.classes();
            Evaluation::new(logits, &quantised.labels, classes)
                .report()
                .f1
                .macro_
        };
        Self {
            float: score(&floats),
            int8: score(&integers),
        }
    }
}

fn table(id: &str, quantised: &Quantised, scores: &Scores, layers: &[LayerReport]) -> String {
    let integers = &quantised.integers;
    let mut text = format!(
        "experiment  {id}\n\
         weights     {:.1} KiB in 8 bits\n\
         ranges      {}, from {} training windows\n\
         macro F1    {:.4} in 8 bits, {:.4} in float32, on {} validation windows\n\
         same class  {:.2} % of the validation windows, in 8 bits and in float32\n\
         logits      differ by {:.1} % from those in float32 (root mean square)\n\n",
        integers.weight_bytes() as f64 / 1024.0,
        integers.method(),
        quantised.calibration_windows,
        scores.int8,
        scores.float,
        quantised.labels.len(),
        100.0 * quantised.agreement.classes,
        100.0 * quantised.agreement.logit_error,
    );
    let head = [
        "layer",
        "bytes",
        "minimum",
        "maximum",
        "signal to noise",
        "other class",
    ];
    let rows = layers.iter().map(|layer| {
        vec![
            layer.name.clone(),
            layer.bytes.to_string(),
            format!("{:.3}", layer.range.0),
            format!("{:.3}", layer.range.1),
            format!("{:.1} dB", layer.signal_to_noise),
            format!("{:.2} %", 100.0 * layer.changed_alone),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    text.push_str(&support::table::table(&head, &rows, &[1, 2, 3, 4, 5]));
    text.push_str(
        "\nsignal to noise: output of the layer against float32, with the layers before it in 8 bits too\n\
         other class: windows whose class changes if only the output of this layer is in 8 bits\n",
    );
    text
}

fn to_json(quantised: &Quantised, scores: &Scores, layers: &[LayerReport]) -> Value {
    let layers = layers.iter().map(|layer| {
        json!({
            "layer": layer.name,
            "bytes": layer.bytes,
            "range": [layer.range.0, layer.range.1],
            "signal_to_noise_db": layer.signal_to_noise,
            "classes_changed_alone": layer.changed_alone,
        })
    });
    json!({
        "weight_bytes": quantised.integers.weight_bytes(),
        "ranges": quantised.integers.method().to_string(),
        "calibration_windows": quantised.calibration_windows,
        "validation_windows": quantised.labels.len(),
        "macro_f1": {"float32": scores.float, "int8": scores.int8},
        "class_agreement": quantised.agreement.classes,
        "logit_error": quantised.agreement.logit_error,
        "layers": layers.collect::<Vec<_>>(),
    })
}
