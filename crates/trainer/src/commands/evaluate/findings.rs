//! Every window of a split with its prediction.

use std::path::PathBuf;

use data::reader::{self, Record, Window};
use data::{DatasetConfig, Fingerprint, samples};
use predict::{Classifier, Gallery, Origin, Prediction};

use crate::error::{TrainerError, UsageError};

/// Number of windows classified at once.
pub(super) const BATCH: usize = 256;

/// Results of an evaluation.
pub(super) struct Findings {
    pub classes: Vec<String>,
    pub temperature: f64,
    pub logits: Vec<f32>,
    pub labels: Vec<u32>,
    /// The lines of `predictions.csv`.
    pub rows: String,
    /// That of the split, as in the metadata of experiments.
    pub fingerprint: String,
    /// A warning if the first source has another sampling rate than the model.
    pub other_rate: Option<String>,
}

/// Maps each class of the dataset to a class of the model.
fn model_classes(config: &DatasetConfig, classes: &[String]) -> Result<Vec<u32>, TrainerError> {
    let of = |name: &String| {
        let found = classes.iter().position(|class| class == name);
        found.map(|class| class as u32).ok_or_else(|| {
            UsageError::NoClass {
                path: config.path.clone(),
                class: name.clone(),
                classes: classes.to_vec(),
                advice: "; keep others with `included_classes`",
            }
            .into()
        })
    };
    config.class_names().iter().map(of).collect()
}

/// Classifies all windows of a split.
///
/// # Errors
/// [`TrainerError`] if the split is empty, or a window cannot be read or does not fit the model.
pub(super) fn classify(
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
        fingerprint: String::new(),
        other_rate: None,
        classes,
    };
    let mut waiting: Vec<(PathBuf, Record, u32)> = Vec::new();
    let mut failed = None;
    let mut fingerprint = Fingerprint::default();
    let (rate, mut other_rate, mut is_first) = (classifier.sampling_rate(), None, true);
    let read = samples::of_split(config, split, &mut |path, record, label| {
        fingerprint.add(&record.values, label);
        if std::mem::take(&mut is_first) {
            other_rate = rate.and_then(|rate| reader::rate_of_other_model(path, rate));
        }
        waiting.push((path.to_owned(), record, model_classes[label as usize]));
        if waiting.len() < BATCH {
            return Ok(());
        }
        found
            .take(classifier, &mut waiting, gallery.as_deref_mut())
            .map_err(|error| {
                failed = Some(error);
                data::DataError::Stopped
            })
    });
    if let Some(error) = failed {
        return Err(error);
    }
    read?;
    found.take(classifier, &mut waiting, gallery)?;
    (found.fingerprint, found.other_rate) = (fingerprint.finish(), other_rate);
    if found.labels.is_empty() {
        let problem = format!("the {split} split is empty");
        return Err(TrainerError::file(&config.path, problem));
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
