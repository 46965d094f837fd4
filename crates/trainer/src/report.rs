//! What an experiment is told of a training: logs, history, figures, model, metadata.

use data::Dataset;
use deploy::{TrainedModel, saved_model};
use experiment::figures::{confusion_matrix, learning_curves};
use experiment::{Epoch, Experiment, ExperimentError, HParam, History, LogRun, Metadata, Results};
use model::{Architecture, Bundle, Plan, Weights, summary};
use serde_json::{Map, Value, json};

use crate::error::TrainerError;
use crate::metrics::{Evaluation, Report};
use crate::settings::Settings;
use crate::train::{EpochResult, Outcome};

/// A class name as part of a tag: a slash would make a group of its own.
fn tag_part(class: &str) -> String {
    class.replace('/', "_")
}

/// Precision, recall and F1 under tags that begin with `prefix`.
fn log_report(
    experiment: &mut Experiment,
    run: LogRun,
    prefix: &str,
    step: i64,
    report: &Report,
    class_names: &[String],
) {
    let metrics = [
        ("f1_score", &report.f1),
        ("recall", &report.recall),
        ("precision", &report.precision),
    ];
    experiment.log(run, |log| {
        for (name, averages) in metrics {
            let kinds = [
                ("macro", averages.macro_),
                ("micro", averages.micro),
                ("weighted", averages.weighted),
            ];
            for (kind, value) in kinds {
                log.scalar(&format!("{prefix}{name}/{kind}"), step, value as f32);
            }
            for (class, value) in class_names.iter().zip(&averages.per_class) {
                let tag = format!("{prefix}{name}_per_class/{}", tag_part(class));
                log.scalar(&tag, step, *value as f32);
            }
        }
        for (class, support) in class_names.iter().zip(&report.support) {
            let tag = format!("{prefix}class_support/{}", tag_part(class));
            log.scalar(&tag, step, *support as f32);
        }
    });
}

/// The line of `history.jsonl` for one epoch.
pub fn epoch_line(result: &EpochResult, elapsed_s: f64) -> Epoch {
    let validation = result.validation.report();
    let metrics = json!({
        "loss": result.train.loss,
        "accuracy": result.train.report().accuracy,
        "val_loss": result.validation.loss,
        "val_accuracy": validation.accuracy,
        "val_f1_macro": validation.f1.macro_,
        "val_f1_weighted": validation.f1.weighted,
        "val_precision_macro": validation.precision.macro_,
        "val_recall_macro": validation.recall.macro_,
    });
    Epoch {
        epoch: result.epoch,
        learning_rate: result.learning_rate,
        metrics: metrics.as_object().cloned().unwrap_or_default(),
        val_confusion: result.validation.confusion.clone(),
        elapsed_s,
    }
}

/// Logs and history of one epoch.
///
/// # Errors
/// [`ExperimentError`] where they cannot be written yet: they are with the next epoch's. Or where the confusion
/// matrix cannot be drawn.
pub fn record_epoch(
    experiment: &mut Experiment,
    names: &[String],
    result: &EpochResult,
    line: &Epoch,
) -> Result<(), ExperimentError> {
    let step = result.epoch as i64;
    let train = result.train.report();
    let validation = result.validation.report();
    experiment.append_history(line);
    experiment.log(LogRun::Train, |log| {
        log.scalar("epoch_loss", step, result.train.loss as f32);
        log.scalar("epoch_accuracy", step, train.accuracy as f32);
        log.scalar("epoch_learning_rate", step, result.learning_rate as f32);
        for tensor in result.weights.tensors() {
            log.histogram(&tensor.name, step, &tensor.values);
        }
    });
    experiment.log(LogRun::Validation, |log| {
        log.scalar("epoch_loss", step, result.validation.loss as f32);
        log.scalar("epoch_accuracy", step, validation.accuracy as f32);
    });
    log_report(experiment, LogRun::Detailed, "", step, &validation, names);
    let title = format!("Validation, epoch {}", result.epoch + 1);
    let image = confusion_matrix(&title, names, &result.validation.confusion);
    if let Ok(image) = &image {
        experiment.log(LogRun::Detailed, |log| {
            log.image("confusion_matrix", step, image);
        });
    }
    experiment.flush()?;
    image.map(|_| ())
}

/// Text, numbers and hyperparameters, written when the run starts; and `model_summary.txt`.
///
/// # Errors
/// [`TrainerError::Experiment`], here and below.
pub fn record_start(
    experiment: &mut Experiment,
    settings: &Settings,
    architecture: &Architecture,
    plan: &Plan,
) -> Result<(), TrainerError> {
    let summary = summary::text(architecture, plan);
    experiment.save("model_summary.txt", summary.as_bytes())?;
    let metadata = experiment.metadata().clone();
    let id = experiment.id().to_owned();
    let config = flat("config", &json!(metadata.training_config));
    let dataset = flat("dataset", &json!(metadata.dataset_info));
    let hparams = hparams(settings, &metadata);
    experiment.log(LogRun::Metadata, |log| {
        log.text("model/type", 0, architecture.kind.name());
        log.text("model/summary", 0, &summary::markdown(architecture, plan));
        let (all, trainable) = (plan.total_parameters(), plan.trainable_parameters());
        log.scalar("model/total_params", 0, all as f32);
        log.scalar("model/trainable_params", 0, trainable as f32);
        log.text("system/info", 0, &fenced(&json!(metadata.system_info)));
        for (tag, value) in config.into_iter().chain(dataset) {
            match value {
                Value::Number(number) => {
                    log.scalar(&tag, 0, number.as_f64().unwrap_or(f64::NAN) as f32);
                }
                Value::String(text) => log.text(&tag, 0, &text),
                other => log.text(&tag, 0, &fenced(&other)),
            }
        }
        log.hparams(&id, &hparams);
    });
    experiment.flush()?;
    Ok(())
}

/// One level of keys as tags.
fn flat(prefix: &str, value: &Value) -> Vec<(String, Value)> {
    let fields = value.as_object().into_iter().flatten();
    fields
        .map(|(key, value)| (format!("{prefix}/{key}"), value.clone()))
        .collect()
}

fn fenced(value: &Value) -> String {
    format!("```json\n{value:#}\n```")
}

fn hparams(settings: &Settings, metadata: &Metadata) -> Vec<(String, HParam)> {
    let text = |value: &str| HParam::Text(value.to_owned());
    let number = |value: f64| HParam::Number(value);
    let normalisation = metadata.training_config.other.get("normalisation");
    let normalisation = normalisation.and_then(Value::as_str).unwrap_or_default();
    [
        ("model", text(settings.model.name())),
        ("batch_size", number(settings.batch_size as f64)),
        ("epochs", number(settings.epochs as f64)),
        ("learning_rate", number(settings.learning_rate)),
        ("seed", number(settings.seed as f64)),
        ("normalisation", text(normalisation)),
        ("backend", text(settings.backend.name())),
        (
            "num_classes",
            number(metadata.dataset_info.num_classes as f64),
        ),
        (
            "train_size",
            number(metadata.dataset_info.train_size as f64),
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// The model, once training ended: weights with their description, and the same as a SavedModel.
///
/// # Errors
/// As above, or where the model cannot be encoded.
pub fn record_model(
    experiment: &mut Experiment,
    dataset: &Dataset,
    architecture: &Architecture,
    best: Weights,
) -> Result<(), TrainerError> {
    let preprocessing = json!(dataset.preprocessing);
    let names = dataset.class_names.clone();
    let bundle = Bundle::new(architecture, best, names, preprocessing);
    for (name, bytes) in bundle.files()? {
        experiment.save(&format!("model/{name}"), &bytes)?;
    }
    let model = TrainedModel::new(&bundle, architecture)?;
    let files = saved_model::files(&model).into_iter();
    let files: Vec<_> = files
        .map(|file| (format!("model/{}", file.path), file.bytes))
        .collect();
    experiment.save_set(&files)?;
    Ok(())
}

/// Test metrics and figures.
///
/// # Errors
/// [`ExperimentError`] of the first that cannot be drawn or written; the others are.
pub fn record_end(
    experiment: &mut Experiment,
    dataset: &Dataset,
    outcome: &Outcome,
    test: &Evaluation,
) -> Result<(), ExperimentError> {
    let report = test.report();
    let names = &dataset.class_names;
    experiment.log(LogRun::Test, |log| {
        log.scalar("test_loss", 0, test.loss as f32);
        log.scalar("test_accuracy", 0, report.accuracy as f32);
    });
    log_report(experiment, LogRun::Test, "test_", 0, &report, names);
    let split = if dataset.test_is_val {
        "Test (the validation split)"
    } else {
        "Test"
    };
    let title = format!(
        "{split}: accuracy {:.3}, macro F1 {:.3}",
        report.accuracy, report.f1.macro_
    );
    let mut recorded = confusion_matrix(&title, names, &test.confusion).and_then(|image| {
        experiment.log(LogRun::Test, |log| {
            log.image("test_confusion_matrix", 0, &image);
        });
        experiment.save_figure("test_confusion_matrix", &image)
    });

    let mut results = vec![
        ("results/test_loss", test.loss),
        ("results/test_accuracy", report.accuracy),
        ("results/test_f1_macro", report.f1.macro_),
        ("results/epochs_run", outcome.epochs_run as f64),
    ];
    if let Some(validation) = &outcome.best_validation {
        let report = validation.report();
        let epoch = outcome.best_epoch.unwrap_or(0);
        let title = format!(
            "Validation, best epoch {}: accuracy {:.3}, macro F1 {:.3}",
            epoch + 1,
            report.accuracy,
            report.f1.macro_
        );
        let image = confusion_matrix(&title, names, &validation.confusion);
        recorded = recorded.and(
            image.and_then(|image| experiment.save_figure("validation_confusion_matrix", &image)),
        );
        results.extend([
            ("results/best_val_loss", validation.loss),
            ("results/best_val_accuracy", report.accuracy),
            ("results/best_val_f1_macro", report.f1.macro_),
        ]);
    }
    // The HPARAMS tab takes its metrics from scalars of the run that holds the hyperparameters.
    experiment.log(LogRun::Metadata, |log| {
        for (tag, value) in results {
            log.scalar(tag, 0, value as f32);
        }
    });
    let history = History::load(&experiment.directory().join("history.jsonl"));
    let curves = history
        .and_then(|history| learning_curves(experiment.id(), &history, outcome.best_epoch))
        .and_then(|curves| experiment.save_figure("learning_curves", &curves));
    let flushed = experiment.flush();
    recorded.and(curves).and(flushed)
}

/// `results` of `metadata.json`.
pub fn results(outcome: &Outcome, test: &Evaluation, dataset: &Dataset) -> Results {
    let validation = outcome.best_validation.as_ref();
    let mut other = Map::new();
    other.insert("test_is_validation".into(), dataset.test_is_val.into());
    Results {
        epochs_run: outcome.epochs_run,
        best_epoch: outcome.best_epoch.unwrap_or(0),
        stopped_by: outcome.stopped_by.name().into(),
        validation: validation.map(Evaluation::to_json).unwrap_or_default(),
        test: test.to_json(),
        other,
    }
}
