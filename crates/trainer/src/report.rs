//! What an experiment is told of a training: logs, history, figures, model, metadata.

use data::Dataset;
use deploy::{TrainedModel, saved_model};
use experiment::catalogue::layout::{
    CONFUSION_MATRIX, HISTORY, LEARNING_CURVES_FIGURE, MODEL, MODEL_SUMMARY, TEST_CONFUSION_FIGURE,
    VALIDATION_CONFUSION_FIGURE,
};
use experiment::catalogue::tags::{LEARNING_RATE, class_tags};
use experiment::catalogue::{ClassMetric, Metric, Split};
use experiment::figures::{confusion_matrix, learning_curves};
use experiment::{Epoch, Experiment, ExperimentError, HParam, History, LogRun, Metadata, Results};
use model::{Architecture, Bundle, Plan, Weights, summary};
use serde_json::{Map, Value, json};

use crate::error::TrainerError;
use crate::metrics::{Evaluation, Scores};
use crate::recipe::{RECIPE_FILE, Recipe};
use crate::training::{EpochResult, Outcome};

/// Every metric that the log of `run` has.
fn log_metrics(experiment: &mut Experiment, run: LogRun, step: i64, scores: &Scores) {
    experiment.log(run, |log| {
        for metric in Metric::ALL {
            if let Some(tag) = metric.tag(run) {
                log.scalar(&tag, step, scores.of(*metric) as f32);
            }
        }
    });
}

/// Precision, recall, F1 and support of every class.
fn log_classes(
    experiment: &mut Experiment,
    run: LogRun,
    step: i64,
    scores: &Scores,
    class_names: &[String],
) {
    let class_tags = class_tags(class_names);
    experiment.log(run, |log| {
        for metric in ClassMetric::ALL {
            for (class, value) in class_tags.iter().zip(scores.of_classes(metric)) {
                log.scalar(&metric.tag(run, class), step, value as f32);
            }
        }
    });
}

/// The line of `history.jsonl` for one epoch.
pub fn epoch_line(result: &EpochResult, elapsed_s: f64) -> Epoch {
    let splits = [
        (Split::Train, result.train.scores()),
        (Split::Validation, result.validation.scores()),
    ];
    let mut metrics = Map::new();
    for (split, scores) in splits {
        let kept = Metric::ALL
            .iter()
            .filter(|metric| metric.is_in_history(split));
        metrics.extend(kept.map(|metric| (metric.history_key(split), json!(scores.of(*metric)))));
    }
    Epoch {
        epoch: result.epoch,
        learning_rate: result.learning_rate,
        metrics,
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
    let validation = result.validation.scores();
    experiment.append_history(line);
    log_metrics(experiment, LogRun::Train, step, &result.train.scores());
    experiment.log(LogRun::Train, |log| {
        log.scalar(LEARNING_RATE, step, result.learning_rate as f32);
        for tensor in result.weights.tensors() {
            log.histogram(&tensor.name, step, &tensor.values);
        }
    });
    log_metrics(experiment, LogRun::Validation, step, &validation);
    log_metrics(experiment, LogRun::Detailed, step, &validation);
    log_classes(experiment, LogRun::Detailed, step, &validation, names);
    let title = format!("Validation, epoch {}", result.epoch + 1);
    let image = confusion_matrix(&title, names, &result.validation.confusion);
    if let Ok(image) = &image {
        experiment.log(LogRun::Detailed, |log| {
            log.image(CONFUSION_MATRIX, step, image);
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
    recipe: &Recipe,
    architecture: &Architecture,
    plan: &Plan,
) -> Result<(), TrainerError> {
    let summary = summary::text(architecture, plan);
    experiment.save(MODEL_SUMMARY, summary.as_bytes())?;
    experiment.save(RECIPE_FILE, &recipe.to_bytes())?;
    let metadata = experiment.metadata().clone();
    let id = experiment.id().to_owned();
    let config = flat("config", &json!(metadata.training_config));
    let dataset = flat("dataset", &json!(metadata.dataset_info));
    let hparams = hparams(recipe, &metadata);
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

/// The recipe's values, and what the data and the machine add to them.
fn hparams(recipe: &Recipe, metadata: &Metadata) -> Vec<(String, HParam)> {
    let backend = metadata.system_info.other.get("backend");
    let info = &metadata.dataset_info;
    let others = [
        ("backend", backend.cloned().unwrap_or_default()),
        ("num_classes", info.num_classes.into()),
        ("train_size", info.train_size.into()),
    ];
    let others = others.map(|(name, value)| (name.to_owned(), value));
    let all = recipe.hyperparameters().into_iter().chain(others);
    all.map(|(name, value)| {
        let value = match value {
            Value::Number(number) => HParam::Number(number.as_f64().unwrap_or(f64::NAN)),
            Value::String(text) => HParam::Text(text),
            other => HParam::Text(other.to_string()),
        };
        (name, value)
    })
    .collect()
}

/// The model that a training leaves.
pub fn bundle(dataset: &Dataset, architecture: &Architecture, weights: &Weights) -> Bundle {
    let preprocessing = json!(dataset.preprocessing);
    let names = dataset.class_names.clone();
    Bundle::new(architecture, weights.clone(), names, preprocessing)
}

/// Writes the model, once training ended: weights with their description, and the same as a SavedModel.
///
/// # Errors
/// As above, or where the weights cannot be encoded.
pub fn record_model(
    experiment: &mut Experiment,
    architecture: &Architecture,
    bundle: &Bundle,
) -> Result<(), TrainerError> {
    for (name, bytes) in bundle.files()? {
        experiment.save(&format!("{MODEL}/{name}"), &bytes)?;
    }
    let model = TrainedModel::new(bundle, architecture)?;
    let files = saved_model::files(&model).into_iter();
    let files: Vec<_> = files
        .map(|file| (format!("{MODEL}/{}", file.path), file.bytes))
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
    let scores = test.scores();
    let names = &dataset.class_names;
    log_metrics(experiment, LogRun::Test, 0, &scores);
    log_classes(experiment, LogRun::Test, 0, &scores, names);
    let split = if dataset.test_is_val {
        "Test (the validation split)"
    } else {
        "Test"
    };
    let title = figure_title(split, &scores);
    let mut recorded = confusion_matrix(&title, names, &test.confusion).and_then(|image| {
        experiment.log(LogRun::Test, |log| {
            log.image(&format!("test_{CONFUSION_MATRIX}"), 0, &image);
        });
        experiment.save_figure(TEST_CONFUSION_FIGURE, &image)
    });

    let mut results = hparam_results(Split::Test, &scores);
    results.push(("results/epochs_run".into(), outcome.epochs_run as f64));
    if let Some(validation) = &outcome.best_validation {
        let scores = validation.scores();
        let epoch = outcome.best_epoch.unwrap_or(0);
        let title = figure_title(&format!("Validation, best epoch {}", epoch + 1), &scores);
        let image = confusion_matrix(&title, names, &validation.confusion);
        recorded = recorded.and(
            image.and_then(|image| experiment.save_figure(VALIDATION_CONFUSION_FIGURE, &image)),
        );
        results.extend(hparam_results(Split::Validation, &scores));
    }
    // The HPARAMS tab takes its metrics from scalars of the run that holds the hyperparameters.
    experiment.log(LogRun::Metadata, |log| {
        for (tag, value) in results {
            log.scalar(&tag, 0, value as f32);
        }
    });
    let history = History::load(&experiment.directory().join(HISTORY));
    let curves = history
        .and_then(|history| learning_curves(experiment.id(), &history, outcome.best_epoch))
        .and_then(|curves| experiment.save_figure(LEARNING_CURVES_FIGURE, &curves));
    let flushed = experiment.flush();
    recorded.and(curves).and(flushed)
}

fn figure_title(of: &str, scores: &Scores) -> String {
    let (accuracy, f1) = (scores.of(Metric::Accuracy), scores.of(Metric::F1Macro));
    format!("{of}: accuracy {accuracy:.3}, macro F1 {f1:.3}")
}

/// Metrics of the HPARAMS tab by their tags.
fn hparam_results(split: Split, scores: &Scores) -> Vec<(String, f64)> {
    let tagged = |metric: &Metric| Some((metric.hparam_tag(split)?, scores.of(*metric)));
    Metric::ALL.iter().filter_map(tagged).collect()
}

/// `results` of `metadata.json`.
pub fn results(outcome: &Outcome, test: &Evaluation, dataset: &Dataset) -> Results {
    let validation = outcome.best_validation.as_ref();
    let mut other = Map::new();
    other.insert("test_is_validation".into(), dataset.test_is_val.into());
    Results {
        epochs_run: Some(outcome.epochs_run),
        best_epoch: outcome.best_epoch,
        stopped_by: outcome.stopped_by.name().into(),
        validation: validation.map(Evaluation::to_json).unwrap_or_default(),
        test: test.to_json(),
        other,
    }
}
