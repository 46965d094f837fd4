//! Records each baseline as an experiment.

use std::collections::BTreeMap;
use std::time::Duration;

use baselines::compare::{BaselineResult, Judgement};
use baselines::{CompareOptions, Comparison, Splits};
use chrono::Local;
use data::DatasetConfig;
use experiment::figures::confusion_matrix;
use experiment::hash::config_hash;
use experiment::{
    DatasetInfo, Experiment, ExperimentStore, IdParts, IdTemplate, LogRun, Metadata, ModelInfo,
    Results, Status, SystemInfo, TrainingConfig,
};
use serde_json::{Map, Value, json};

use super::BaselinesArgs;
use crate::error::TrainerError;
use crate::metrics::Evaluation;

/// Creates one experiment per baseline and returns their IDs in order.
pub(super) fn all(
    args: &BaselinesArgs,
    config: &DatasetConfig,
    splits: &Splits,
    (comparison, options): (&Comparison, &CompareOptions),
    times: &[Duration],
) -> Result<Vec<String>, TrainerError> {
    let store = ExperimentStore::new(&args.experiments_dir);
    let mut ids = Vec::new();
    for (result, time) in comparison.results.iter().zip(times) {
        let metadata = metadata(config, splits, (comparison, options), result);
        let parts = IdParts {
            time: Local::now(),
            model_type: result.baseline.name().into(),
            num_classes: comparison.class_names.len(),
            batch_size: 0,
            config_hash: config_hash(&hashed(&metadata)),
        };
        let mut experiment = store.claim(&IdTemplate::default(), parts, metadata, &[])?;
        ids.push(experiment.id().to_owned());
        let written = write(&mut experiment, comparison, result);
        let status = if written.is_ok() {
            Status::Completed
        } else {
            Status::Failed
        };
        experiment.finish(status, |metadata| {
            metadata.duration_s = Some(time.as_secs_f64());
            metadata.error = written.as_ref().err().map(ToString::to_string);
            if written.is_ok() {
                metadata.results = Some(results(result, splits.test.is_empty()));
            }
        })?;
        written?;
    }
    Ok(ids)
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn metadata(
    config: &DatasetConfig,
    splits: &Splits,
    (comparison, options): (&Comparison, &CompareOptions),
    result: &BaselineResult,
) -> Metadata {
    let input_shape = splits.samples.shape.to_vec();
    let num_classes = comparison.class_names.len();
    let name = result.baseline.name();
    let names = ["train", "val", "test"].map(str::to_owned);
    let fingerprints: BTreeMap<_, _> = names
        .into_iter()
        .zip(comparison.fingerprints.clone())
        .collect();
    let folds = comparison
        .references
        .first()
        .map(|reference| reference.fold_of.iter().max().map(|last| last + 1));
    Metadata {
        model_info: ModelInfo {
            kind: name.into(),
            name: name.into(),
            input_shape: input_shape.clone(),
            num_classes,
            other: object(json!({"features": result.baseline.features()})),
            ..Default::default()
        },
        training_config: TrainingConfig {
            input_shape: input_shape.clone(),
            num_classes,
            model_type: name.into(),
            dataset_config: config.content.clone(),
            other: object(json!({
                "dataset_config_path": config.path,
                "task": config.task_name,
                "features": result.baseline.features(),
                "folds": folds.flatten(),
                "fold_seed": folds.flatten().map(|_| options.fold_seed),
                "learned_from": comparison.learned_from,
            })),
            ..Default::default()
        },
        dataset_info: DatasetInfo {
            train_size: splits.train.len(),
            val_size: splits.validation.len(),
            // As for networks, the validation split stands in for a missing test split.
            test_size: if splits.test.is_empty() {
                splits.validation.len()
            } else {
                splits.test.len()
            },
            input_shape,
            num_classes,
            fingerprints,
            other: object(json!({"test_is_validation": splits.test.is_empty()})),
        },
        system_info: SystemInfo {
            host: support::words::host_name(),
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            cpus: std::thread::available_parallelism().ok().map(usize::from),
            other: object(json!({
                "trainer_version": env!("CARGO_PKG_VERSION"),
                "threads": rayon::current_num_threads(),
                "command": std::env::args().collect::<Vec<_>>(),
            })),
        },
        seed: Some(options.seed),
        class_names: comparison.class_names.clone(),
        ..Default::default()
    }
}

/// Input of the configuration hash: everything that decides the result, but not the path of the configuration.
fn hashed(metadata: &Metadata) -> Value {
    let mut config = json!(metadata.training_config);
    if let Some(config) = config.as_object_mut() {
        config.remove("dataset_config_path");
        config.insert("seed".into(), json!(metadata.seed));
        config.insert(
            "fingerprints".into(),
            json!(metadata.dataset_info.fingerprints),
        );
    }
    config
}

/// Writes summary, predictions, figures and logs.
fn write(
    experiment: &mut Experiment,
    comparison: &Comparison,
    result: &BaselineResult,
) -> Result<(), TrainerError> {
    let chosen: Vec<String> = result.chosen.iter().map(f64::to_string).collect();
    let mut summary = format!(
        "{}\nfeatures  {}\n",
        result.baseline.name(),
        result.baseline.features()
    );
    if !chosen.is_empty() {
        summary.push_str(&format!("chosen    {}\n", chosen.join(", ")));
    }
    experiment.save("model_summary.txt", summary.as_bytes())?;
    experiment.log(LogRun::Metadata, |log| {
        log.text("model/summary", 0, &summary)
    });
    let predictions = result
        .judgements
        .iter()
        .map(|judgement| (judgement.split.clone(), json!(judgement.predicted)));
    let predictions = Value::from(predictions.collect::<Map<_, _>>());
    experiment.save("predictions.json", predictions.to_string().as_bytes())?;
    for judgement in &result.judgements {
        let scores = &judgement.scores;
        let title = format!(
            "{} on {}, {}: accuracy {:.3}, macro F1 {:.3}",
            result.baseline.name(),
            result.baseline.features(),
            judgement.split,
            scores.accuracy.score,
            scores.macro_f1.score
        );
        let image = confusion_matrix(&title, &comparison.class_names, &scores.confusion)?;
        experiment.save_figure(&format!("{}_confusion_matrix", judgement.split), &image)?;
        let run = if judgement.split == "test" {
            LogRun::Test
        } else {
            LogRun::Validation
        };
        experiment.log(run, |log| {
            log.scalar(
                &format!("{}_accuracy", judgement.split),
                0,
                scores.accuracy.score as f32,
            );
            log.scalar(
                &format!("{}_f1_score/macro", judgement.split),
                0,
                scores.macro_f1.score as f32,
            );
            log.image(&format!("{}_confusion_matrix", judgement.split), 0, &image);
        });
    }
    experiment.flush()?;
    Ok(())
}

/// The `results` of `metadata.json`. Cross-validation scores are not validation metrics and stay separate.
fn results(result: &BaselineResult, test_is_validation: bool) -> Results {
    let of = |split: &str| {
        result
            .judgements
            .iter()
            .find(|judgement| judgement.split == split)
            .map(fields)
            .unwrap_or_default()
    };
    let mut other = object(json!({
        "test_is_validation": test_is_validation,
        "chosen": result.chosen,
    }));
    if let Some(folds) = result
        .judgements
        .iter()
        .find(|judgement| judgement.split == "folds")
    {
        other.insert("folds".into(), fields(folds).into());
    }
    Results {
        stopped_by: "fitted".into(),
        validation: of("validation"),
        test: if test_is_validation {
            of("validation")
        } else {
            of("test")
        },
        other,
        ..Default::default()
    }
}

/// The metrics that networks have, with their uncertainty.
fn fields(judgement: &Judgement) -> Map<String, Value> {
    let scores = &judgement.scores;
    let evaluation = Evaluation {
        loss: scores.log_loss.unwrap_or(f64::NAN),
        confusion: scores.confusion.clone(),
    };
    let mut fields = evaluation.to_json();
    fields.extend(object(json!({
        "intervals": {"f1_macro": scores.macro_f1, "accuracy": scores.accuracy},
        "calibration_error": scores.calibration_error,
        "groups": scores.groups,
        "by_fold": judgement.by_fold,
        "by_group": judgement.by_group,
    })));
    fields
}
