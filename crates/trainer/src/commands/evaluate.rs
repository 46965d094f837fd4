//! `trainer evaluate`: evaluates the model of an experiment on labelled windows, with the preprocessing it was
//! trained with.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use data::reader::{Record, Window};
use data::{DatasetConfig, demo, samples};
use experiment::figures::confusion_matrix;
use experiment::{Entry, ExperimentStore};
use predict::{Classifier, Gallery, Options, Origin, Prediction};
use serde_json::{Value, json};

use super::events::{EventOptions, score_events};
use crate::error::TrainerError;
use crate::metrics::{Evaluation, Report};
use crate::recipe::Recipe;
use crate::system::limit_threads;
use crate::training::calibration::{calibration_error, loss_at, reliability};

/// Number of windows classified at once.
const BATCH: usize = 256;

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
    #[arg(long, value_name = "HZ", requires = "recordings")]
    pub model_rate: Option<f64>,
    /// With --recordings: longest gap within an event, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0)]
    pub merge_gap: f64,
    /// With --recordings: shortest event, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0)]
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

/// Results of an evaluation.
struct Findings {
    classes: Vec<String>,
    temperature: f64,
    logits: Vec<f32>,
    labels: Vec<u32>,
    /// The lines of `predictions.csv`.
    rows: String,
}

/// Runs the evaluation and returns its text for standard output and notes for standard error.
///
/// # Errors
/// [`TrainerError`] if the experiment or its model is missing, or the data do not fit the model.
pub fn evaluate(arguments: &EvaluateArgs) -> Result<(String, Vec<String>), TrainerError> {
    limit_threads(arguments.threads)?;
    let entry = ExperimentStore::new(&arguments.experiments_dir).find(&arguments.id)?;
    let options = Options {
        window_samples: arguments.window_samples,
        int8: false,
    };
    let mut classifier = Classifier::open_with(&entry.directory, options)?;
    if let Some(list) = &arguments.recordings {
        return of_recordings(arguments, list, &entry, &mut classifier);
    }
    let config = dataset(arguments, &entry)?;
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
    notes.extend(
        classifier
            .novelty()
            .map_or(Vec::new(), |novelty| novelty.warnings()),
    );
    let evaluation = Evaluation::new(&found.logits, &found.labels, found.classes.len());
    let results = results(&entry, &config, split, &found, &evaluation);
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
    Ok((text, notes))
}

/// Scores detected events against the labels of recordings.
fn of_recordings(
    arguments: &EvaluateArgs,
    list: &Path,
    entry: &Entry,
    classifier: &mut Classifier,
) -> Result<(String, Vec<String>), TrainerError> {
    let options = EventOptions {
        list,
        hop: arguments.hop,
        model_rate: arguments.model_rate,
        merge_gap: arguments.merge_gap,
        min_duration: arguments.min_duration,
        ignore: &arguments.ignore,
    };
    let scores = score_events(&options, classifier)?;
    let stem = list.file_stem().unwrap_or_default().to_string_lossy();
    let name = arguments.name.clone().unwrap_or(format!("events_{stem}"));
    let folder = entry.claim_evaluation(&name)?;
    let json = format!("{:#}\n", scores.to_json());
    folder.save("events.json", json.as_bytes())?;
    let written = format!("\nwritten to {}\n", folder.directory().display());
    let text = if arguments.json {
        json
    } else {
        scores.text() + &written
    };
    let warnings = classifier
        .novelty()
        .map_or(Vec::new(), |novelty| novelty.warnings());
    Ok((text, warnings))
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
        return Err(TrainerError::Usage(format!(
            "the experiment's dataset {} does not exist: give its path with --dataset-config",
            path.display()
        )));
    }
    Ok(DatasetConfig::load(&path, recipe.task.as_deref())?)
}

/// Name of the evaluation folder.
fn name(arguments: &EvaluateArgs, config: &DatasetConfig) -> String {
    let split = arguments.split.name();
    match (&arguments.name, &arguments.dataset_config) {
        (Some(name), _) => name.clone(),
        (None, None) => split.to_owned(),
        (None, Some(_)) => {
            let stem = config
                .path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy();
            format!("{stem}_{split}")
        }
    }
}

/// Maps each class of the dataset to a class of the model.
fn model_classes(config: &DatasetConfig, classes: &[String]) -> Result<Vec<u32>, TrainerError> {
    let of = |name: &String| {
        let found = classes.iter().position(|class| class == name);
        found.map(|class| class as u32).ok_or_else(|| {
            TrainerError::Usage(format!(
                "{}: the model has no class `{name}`, only {}; keep others with `included_classes`",
                config.path.display(),
                classes.join(", ")
            ))
        })
    };
    config.class_names().iter().map(of).collect()
}

/// Classifies all windows of a split.
fn classify(
    classifier: &mut Classifier,
    config: &DatasetConfig,
    split: &str,
    mut gallery: Option<&mut Gallery>,
) -> Result<Findings, TrainerError> {
    let classes = classifier.class_names().to_vec();
    let model_classes = model_classes(config, &classes)?;
    let mut found = Findings {
        temperature: classifier.temperature(),
        logits: Vec::new(),
        labels: Vec::new(),
        rows: format!(
            "file,record,group,label,class,confidence,{}\n",
            fields(&classes)
        ),
        classes,
    };
    let mut waiting: Vec<(PathBuf, Record, u32)> = Vec::new();
    let mut failed = None;
    let read = samples::of_split(config, split, &mut |path, record, label| {
        waiting.push((path.to_owned(), record, model_classes[label as usize]));
        if waiting.len() < BATCH {
            return Ok(());
        }
        found
            .take(classifier, &mut waiting, gallery.as_deref_mut())
            .map_err(|error| {
                failed = Some(error);
                data::DataError::Usage("stopped".into())
            })
    });
    if let Some(error) = failed {
        return Err(error);
    }
    read?;
    found.take(classifier, &mut waiting, gallery)?;
    if found.labels.is_empty() {
        let problem = format!("{}: the {split} split is empty", config.path.display());
        return Err(TrainerError::Usage(problem));
    }
    Ok(found)
}

impl Findings {
    /// Classifies the queued windows.
    fn take(
        &mut self,
        classifier: &mut Classifier,
        waiting: &mut Vec<(PathBuf, Record, u32)>,
        mut gallery: Option<&mut Gallery>,
    ) -> Result<(), TrainerError> {
        let (mut origins, mut windows) = (Vec::new(), Vec::new());
        for (path, record, label) in waiting.drain(..) {
            let origin = Origin {
                file: path.display().to_string(),
                record: record.record,
                group: record.group.clone(),
                time: None,
            };
            origins.push((origin, label));
            windows.push(Window::from(record));
        }
        let predictions = classifier.classify(&windows).map_err(|error| match error {
            predict::PredictError::Window { index, problem } => {
                TrainerError::Data(data::DataError::Record {
                    path: PathBuf::from(&origins[index].0.file),
                    record: origins[index].0.record,
                    problem: problem.into(),
                })
            }
            other => TrainerError::Predict(other),
        })?;
        for (((origin, label), prediction), window) in
            origins.iter().zip(&predictions).zip(&windows)
        {
            self.row(origin, *label, prediction);
            self.logits.extend_from_slice(&prediction.logits);
            self.labels.push(*label);
            if let Some(gallery) = &mut gallery {
                gallery.add(origin, Some(*label as usize), prediction, window);
            }
        }
        Ok(())
    }

    fn row(&mut self, origin: &Origin, label: u32, prediction: &Prediction) {
        let texts = [
            origin.file.clone(),
            origin.record.to_string(),
            origin.group.clone().unwrap_or_default(),
            self.classes[label as usize].clone(),
            self.classes[prediction.class].clone(),
            prediction.confidence.to_string(),
        ];
        let probabilities: Vec<String> = prediction
            .probabilities
            .iter()
            .map(f32::to_string)
            .collect();
        self.rows
            .push_str(&format!("{},{}\n", fields(&texts), probabilities.join(",")));
    }
}

/// Formats one CSV line, with quotes where needed.
fn fields(texts: &[String]) -> String {
    let field = |text: &String| {
        if text.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.clone()
        }
    };
    texts.iter().map(field).collect::<Vec<_>>().join(",")
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
