//! Builds what an experiment records of a training: logs, history, figures, model, metadata.

use data::Dataset;
use deploy::{TrainedModel, saved_model};
use experiment::catalogue::layout::{
    CONFUSION_MATRIX, HISTORY, LEARNING_CURVES_FIGURE, MODEL, MODEL_SUMMARY, TEST_CONFUSION_FIGURE,
    VALIDATION_CONFUSION_FIGURE,
};
use experiment::catalogue::tags::{LEARNING_RATE, class_tags, pr_curve};
use experiment::catalogue::{ClassMetric, Metric, Split};
use experiment::figures::{confusion_matrix, learning_curves};
use experiment::{
    Epoch, Experiment, ExperimentError, HParam, HParamsDeclaration, History, LogRun, Metadata,
    PrCurve, Results,
};
use model::{Architecture, Bundle, Plan, Weights, summary};
use serde_json::{Map, Value, json};

use crate::error::TrainerError;
use crate::metrics::{Evaluation, Scores};
use crate::recipe::{RECIPE_FILE, Recipe};
use crate::training::{EpochResult, Outcome};

/// Logs all metrics that belong in the log of `run`.
fn log_metrics(experiment: &mut Experiment, run: LogRun, step: i64, scores: &Scores) {
    experiment.log(run, |log| {
        for metric in Metric::ALL {
            if let Some(tag) = metric.tag(run) {
                log.scalar(&tag, step, scores.of(*metric) as f32);
            }
        }
    });
}

/// Logs precision, recall, F1 and support of every class.
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

/// The history line of an epoch.
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

/// Records logs and history of one epoch.
///
/// # Errors
/// [`ExperimentError`] if they cannot be written, in which case they are written with the next epoch; or if the
/// confusion matrix cannot be drawn.
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

/// Records configuration and hyperparameters at the start of a run, and writes `model_summary.txt`.
///
/// # Errors
/// [`TrainerError::Experiment`] if a file cannot be written.
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
    let columns = hparams_columns(&metadata, &hparams);
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
        log.hparams_columns(&columns);
        log.hparams(&id, &hparams);
    });
    experiment.flush()?;
    Ok(())
}

/// Flattens one level of keys into tags.
fn flat(prefix: &str, value: &Value) -> Vec<(String, Value)> {
    let fields = value.as_object().into_iter().flatten();
    fields
        .map(|(key, value)| (format!("{prefix}/{key}"), value.clone()))
        .collect()
}

fn fenced(value: &Value) -> String {
    format!("```json\n{value:#}\n```")
}

/// The recipe's values, with properties of the data and the machine.
fn hparams(recipe: &Recipe, metadata: &Metadata) -> Vec<(String, HParam)> {
    let backend = metadata.system_info.other.get("backend");
    let info = &metadata.dataset_info;
    let others = [
        ("backend", backend.cloned().unwrap_or_default()),
        ("num_classes", info.num_classes.into()),
        ("train_size", info.train_size.into()),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let of_study = ["trial", "fold_name"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), metadata.other.get(name)?.clone())));
    let all = recipe.hyperparameters().into_iter();
    let all = all.chain(others).chain(of_study);
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

/// Columns of the HPARAMS tab. For a study: the varied parameters, fold and seed; otherwise every hyperparameter. The
/// results follow.
fn hparams_columns(metadata: &Metadata, hparams: &[(String, HParam)]) -> HParamsDeclaration {
    let text = |name: &str| metadata.other.get(name).and_then(Value::as_str);
    let varied = metadata.other.get("varied").and_then(Value::as_object);
    let is_shown = |name: &str| match varied {
        Some(varied) => varied.contains_key(name) || ["model", "seed", "fold_name"].contains(&name),
        None => true,
    };
    let mut metrics = Vec::new();
    for metric in Metric::HEADLINES {
        for split in [Split::Test, Split::Validation] {
            let tag = metric.hparam_tag(split);
            metrics.extend(tag.map(|tag| (tag, metric.label(split))));
        }
    }
    HParamsDeclaration {
        name: text("study").unwrap_or_default().to_owned(),
        hparams: hparams
            .iter()
            .filter(|(name, _)| is_shown(name))
            .cloned()
            .collect(),
        metrics,
    }
}

/// Bundles the weights with everything needed to use them.
pub fn bundle(dataset: &Dataset, architecture: &Architecture, weights: &Weights) -> Bundle {
    let preprocessing = json!(dataset.preprocessing);
    let names = dataset.class_names.clone();
    Bundle::new(architecture, weights.clone(), names, preprocessing)
}

/// Writes the trained model as weights with a model card and as a SavedModel.
///
/// # Errors
/// [`TrainerError`] if the weights cannot be encoded or a file cannot be written.
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

/// Records test metrics and figures.
///
/// # Errors
/// [`ExperimentError`] for the first item that cannot be drawn or written; the others are written.
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
    // The HPARAMS tab reads metrics from scalars in the run that holds the hyperparameters.
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

/// Records the precision-recall curve of every class over a split, at `step`. An empty split has none.
///
/// # Shapes
/// `labels` `[windows]`, `probabilities` `[windows, classes]`, flattened.
///
/// # Errors
/// [`ExperimentError`] if they cannot be written; they are written with the next flush.
pub fn record_pr_curves(
    experiment: &mut Experiment,
    (run, step): (LogRun, i64),
    class_names: &[String],
    labels: &[u32],
    probabilities: &[f64],
) -> Result<(), ExperimentError> {
    if labels.is_empty() {
        return Ok(());
    }
    experiment.log(run, |log| {
        for (class, tag) in class_tags(class_names).iter().enumerate() {
            let windows = probabilities.chunks_exact(class_names.len()).zip(labels);
            let curve =
                PrCurve::new(windows.map(|(row, label)| (row[class], *label as usize == class)));
            log.pr_curve(&pr_curve(run, tag), step, &curve);
        }
    });
    experiment.flush()
}

fn figure_title(of: &str, scores: &Scores) -> String {
    let (accuracy, f1) = (scores.of(Metric::Accuracy), scores.of(Metric::F1Macro));
    format!("{of}: accuracy {accuracy:.3}, macro F1 {f1:.3}")
}

/// Values of the HPARAMS metrics by tag.
fn hparam_results(split: Split, scores: &Scores) -> Vec<(String, f64)> {
    let tagged = |metric: &Metric| Some((metric.hparam_tag(split)?, scores.of(*metric)));
    Metric::ALL.iter().filter_map(tagged).collect()
}

/// The `results` of `metadata.json`.
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
