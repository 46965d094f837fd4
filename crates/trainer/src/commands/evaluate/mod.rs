//! `trainer evaluate`: evaluates the model of an experiment on labelled windows, with the preprocessing it was
//! trained with.

mod findings;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use data::recording::is_other_rate;
use data::{DatasetConfig, demo};
use experiment::figures::confusion_matrix;
use experiment::{Entry, ExperimentStore};
use predict::{Classifier, Gallery, Options, other_order};
use serde_json::{Value, json};

use self::findings::{BATCH, Findings, classify};
use super::events::{EventOptions, score_events};
use super::seen::sources;
use crate::error::{DatasetError, TrainerError};
use crate::metrics::{Evaluation, Report};
use crate::recipe::Recipe;
use crate::system::limit_threads;
use crate::training::calibration::{calibration_error, loss_at, reliability};

/// A split of a dataset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SplitName {
    /// Training split
    Train,
    /// Validation split
    Val,
    /// Test split
    #[default]
    Test,
}

impl SplitName {
    fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Val => "val",
            Self::Test => "test",
        }
    }
}

/// Arguments of `trainer evaluate`.
#[derive(Clone, Debug, Args)]
pub struct EvaluateArgs {
    /// Experiment ID, unambiguous prefix or suffix, `latest`, `best`, or a tag
    pub id: String,
    /// Split of the dataset to evaluate on
    #[arg(long, value_enum, default_value_t)]
    pub split: SplitName,
    /// Evaluate on another dataset than the experiment's; classes are matched by name
    #[arg(long, value_name = "FILE")]
    pub dataset_config: Option<PathBuf>,
    /// Task of that dataset [default: the first in the file]
    #[arg(long, value_name = "NAME", requires = "dataset_config")]
    pub task: Option<String>,
    /// Evaluate event detection on continuous recordings with labelled events, in the list format of `data import`.
    /// Reports hits, misses, false alarms per day and delays over a grid of --on and --off, and recommends a setting
    #[arg(long, value_name = "LIST", conflicts_with_all = ["split", "dataset_config", "gallery"])]
    pub recordings: Option<PathBuf>,
    /// With --recordings: hop between windows in samples [default: half a window]
    #[arg(long, value_name = "N", requires = "recordings")]
    pub hop: Option<usize>,
    /// With --recordings: sampling rate in Hz, for a model that does not store it
    #[arg(
        long,
        value_name = "HZ",
        allow_negative_numbers = true,
        requires = "recordings"
    )]
    pub model_rate: Option<f64>,
    /// With --recordings: longest gap within an event, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        allow_negative_numbers = true,
        default_value_t = 0.0
    )]
    pub merge_gap: f64,
    /// With --recordings: shortest event, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        allow_negative_numbers = true,
        default_value_t = 0.0
    )]
    pub min_duration: f64,
    /// With --recordings: class that produces no events; may be repeated [default: background, noise, no_event]
    #[arg(long, value_name = "CLASS")]
    pub ignore: Vec<String>,
    /// Name of the evaluation folder [default: the split, prefixed with the name of another dataset]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Write an HTML page with the most confident mistakes, the least certain windows and samples of every class
    #[arg(long, value_name = "FILE")]
    pub gallery: Option<PathBuf>,
    /// Evaluate the 8-bit network whose ranges `trainer quantise` has stored
    #[arg(long)]
    pub int8: bool,
    /// Window length in samples, for older models with Welch spectra that do not store it
    #[arg(long, value_name = "N")]
    pub window_samples: Option<usize>,
    /// Number of CPU threads [default: all]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Print JSON instead of tables
    #[arg(long)]
    pub json: bool,
    /// Directory of the experiments
    #[arg(long, value_name = "DIR", default_value = "experiments")]
    pub experiments_dir: PathBuf,
    /// Directory for the embedded demo
    #[arg(long, value_name = "DIR", default_value = "datasets")]
    pub datasets_dir: PathBuf,
}

/// Runs the evaluation and returns its text for standard output and notes and warnings for standard error.
///
/// # Errors
/// [`TrainerError`] if the experiment or its model is missing, or the data do not fit the model.
pub fn evaluate(arguments: &EvaluateArgs) -> Result<(String, Vec<String>), TrainerError> {
    limit_threads(arguments.threads)?;
    let entry = ExperimentStore::new(&arguments.experiments_dir).find(&arguments.id)?;
    let options = Options {
        window_samples: arguments.window_samples,
        int8: arguments.int8,
    };
    let mut classifier = Classifier::open_with(&entry.directory, options)?;
    if let Some(list) = &arguments.recordings {
        return of_recordings(arguments, list, &entry, &mut classifier);
    }
    let config = dataset(arguments, &entry)?;
    if let (Some(rate), Some(model)) = (config.sampling_rate, classifier.sampling_rate())
        && is_other_rate(rate, model)
    {
        let path = config.path;
        return Err(DatasetError::OtherRate { path, rate, model }.into());
    }
    let split = arguments.split.name();
    let mut gallery = arguments.gallery.as_ref().map(|_| {
        let title = format!("{}: {split} split of {}", entry.id, config.path.display());
        Gallery::new(&title, classifier.class_names(), classifier.sampling_rate())
    });
    let found = classify(&mut classifier, &config, split, gallery.as_mut())?;
    if let Some(gallery) = &mut gallery {
        gallery.explain(&classifier)?;
    }
    let mut notes: Vec<String> = config.warnings.iter().map(ToString::to_string).collect();
    if split == "test" && config.task.test_index_file.is_none() {
        notes.push("the dataset has no test split: the validation split serves as test".into());
    }
    if !classifier.is_batch_independent() {
        notes.push(format!(
            "`batch` normalisation: windows are scaled {BATCH} at a time, so that results depend on their order"
        ));
    }
    notes.extend(found.other_rate.clone());
    notes.extend(of_other_data(arguments, &entry, &found));
    notes.extend(other_order(
        classifier.trained_channels(),
        &config.recording_channels,
    ));
    let prepared = &classifier.preprocessing().recording_steps;
    if config.recording_steps != *prepared {
        notes.push(format!(
            "`recording_preprocessing` of the dataset is {}, but the model was trained on recordings with {}: the scores are of \
             other signals",
            json!(config.recording_steps),
            json!(prepared)
        ));
    }
    notes.extend(classifier.warnings());
    let evaluation = Evaluation::new(&found.logits, &found.labels, found.classes.len());
    let mut results = results(&entry, &config, split, &found, &evaluation);
    if let Some(checksum) = classifier.int8_checksum() {
        results["int8"] = json!(checksum);
    }
    let folder = entry.claim_evaluation(&name(arguments, &config))?;
    folder.save("metrics.json", format!("{results:#}\n").as_bytes())?;
    folder.save("predictions.csv", found.rows.as_bytes())?;
    let title = format!("{split} split, {} windows", found.labels.len());
    let figure = confusion_matrix(&title, &found.classes, &evaluation.confusion)?;
    folder.save("confusion_matrix.png", &figure.bytes)?;
    if let (Some(path), Some(gallery)) = (&arguments.gallery, &gallery) {
        experiment::write_atomically(path, gallery.to_html().as_bytes())?;
    }
    let text = if arguments.json {
        format!("{results:#}\n")
    } else {
        text(folder.directory(), &found, &evaluation)
    };
    Ok((text, as_notes(notes)))
}

fn as_notes(notes: Vec<String>) -> Vec<String> {
    let notes = notes.into_iter();
    notes.map(|note| format!("note: {note}")).collect()
}

/// Scores detected events against the labels of recordings.
fn of_recordings(
    arguments: &EvaluateArgs,
    list: &Path,
    entry: &Entry,
    classifier: &mut Classifier,
) -> Result<(String, Vec<String>), TrainerError> {
    let (sources, mut notes) = match sources(entry) {
        Ok(sources) => (sources, Vec::new()),
        Err(unknown) => (None, vec![unknown.to_string()]),
    };
    let options = EventOptions {
        list,
        hop: arguments.hop,
        model_rate: arguments.model_rate,
        merge_gap: arguments.merge_gap,
        min_duration: arguments.min_duration,
        ignore: &arguments.ignore,
        sources: sources.as_ref(),
    };
    let scores = score_events(&options, classifier)?;
    let stem = list.file_stem().unwrap_or_default().to_string_lossy();
    let number = if arguments.int8 { "_int8" } else { "" };
    let name = arguments.name.clone();
    let name = name.unwrap_or(format!("events_{stem}{number}"));
    let folder = entry.claim_evaluation(&name)?;
    let json = format!("{:#}\n", scores.to_json());
    folder.save("events.json", json.as_bytes())?;
    let written = format!("\nwritten to {}\n", folder.directory().display());
    let text = if arguments.json {
        json
    } else {
        scores.text() + &written
    };
    notes.extend(scores.notes());
    let mut lines = as_notes(notes);
    let warnings = scores.warnings().into_iter();
    lines.extend(warnings.map(|warning| format!("warning: {warning}")));
    Ok((text, lines))
}

/// A note if the windows are not those that the split's name promises.
fn of_other_data(arguments: &EvaluateArgs, entry: &Entry, found: &Findings) -> Option<String> {
    let split = arguments.split.name();
    let stored = &entry.metadata.dataset_info.fingerprints;
    if split != "train" && stored.get("train") == Some(&found.fingerprint) {
        let problem =
            "these are the windows that the model was trained on: others will score lower";
        return Some(problem.to_owned());
    }
    let fingerprint = stored
        .get(split)
        .filter(|_| arguments.dataset_config.is_none())?;
    (*fingerprint != found.fingerprint).then(|| {
        format!(
            "the {split} split is not that of the training: the dataset has changed since, or the experiment is one of several \
             folds. It may have windows that the model was trained on"
        )
    })
}

/// The dataset to evaluate on: the given one, or the experiment's.
fn dataset(arguments: &EvaluateArgs, entry: &Entry) -> Result<DatasetConfig, TrainerError> {
    if let Some(path) = &arguments.dataset_config {
        return Ok(DatasetConfig::load(path, arguments.task.as_deref())?);
    }
    let recipe = Recipe::of_experiment(entry)?;
    let path = match recipe.dataset_config {
        Some(path) => path,
        None => demo::ensure(&arguments.datasets_dir)?,
    };
    if !path.is_file() {
        return Err(DatasetError::Gone { path }.into());
    }
    Ok(DatasetConfig::load(&path, recipe.task.as_deref())?)
}

/// Name of the evaluation folder.
fn name(arguments: &EvaluateArgs, config: &DatasetConfig) -> String {
    if let Some(name) = &arguments.name {
        return name.clone();
    }
    let mut name = arguments.split.name().to_owned();
    if arguments.dataset_config.is_some() {
        let stem = config.path.file_stem().unwrap_or_default();
        name = format!("{}_{name}", stem.to_string_lossy());
    }
    if arguments.int8 {
        name.push_str("_int8");
    }
    name
}

/// Content of `metrics.json`.
fn results(
    entry: &Entry,
    config: &DatasetConfig,
    split: &str,
    found: &Findings,
    evaluation: &Evaluation,
) -> Value {
    let Findings {
        temperature,
        logits,
        labels,
        ..
    } = found;
    let bins = reliability(logits, labels, *temperature);
    let bins = bins.iter().filter(|bin| bin.count > 0).map(|bin| {
        json!({
            "from": bin.from,
            "to": bin.to,
            "windows": bin.count,
            "confidence": bin.confidence,
            "accuracy": bin.accuracy,
        })
    });
    let mut results = json!({
        "version": 1,
        "experiment": entry.id,
        "dataset_config": config.path,
        "task": config.task_name,
        "split": split,
        "classes": found.classes,
        "windows": labels.len(),
        "temperature": temperature,
        "calibration_error": calibration_error(logits, labels, *temperature),
        "calibrated_loss": loss_at(logits, labels, *temperature),
        "reliability": bins.collect::<Vec<_>>(),
    });
    if let Some(fields) = results.as_object_mut() {
        fields.extend(evaluation.to_json());
    }
    results
}

/// Text for standard output.
fn text(folder: &Path, found: &Findings, evaluation: &Evaluation) -> String {
    let report: Report = evaluation.report();
    let error = calibration_error(&found.logits, &found.labels, found.temperature);
    let mut text = format!(
        "{} windows: accuracy {:.4}, macro F1 {:.4}, loss {:.4}, calibration error {error:.4}\n",
        found.labels.len(),
        report.accuracy,
        report.f1.macro_,
        evaluation.loss
    );
    text.push_str(&crate::text::class_table(&found.classes, &report));
    text.push_str(&format!("\nwritten to {}\n", folder.display()));
    text
}
