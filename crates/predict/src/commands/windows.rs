//! `predict windows`: class and probabilities of every window in sample files.

use std::path::{Path, PathBuf};

use clap::Args;
use data::DataError;
use data::reader::{self, Record, SourceSelection, Window};
use serde_json::json;

use super::output::{Format, Output, OutputArgs, by_class, csv_field, number};
use super::{FORMAT_VERSION, Interrupt, ModelArgs, UNKNOWN, unknown_class};
use crate::classifier::{Classifier, Prediction};
use crate::error::PredictError;
use crate::gallery::{Gallery, Origin};

/// Number of records classified at once.
const BATCH: usize = 256;

/// Arguments of `predict windows`.
#[derive(Clone, Debug, Args)]
pub struct WindowsArgs {
    /// Model options.
    #[command(flatten)]
    pub model: ModelArgs,
    /// Sample files; labels are not needed
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Sensor location, for samples with several
    #[arg(long, value_name = "NAME")]
    pub location: Option<String>,
    /// Sensor modality, for samples with several
    #[arg(long, value_name = "NAME")]
    pub modality: Option<String>,
    /// Windows whose highest probability is below this are `unknown`
    #[arg(
        long,
        value_name = "P",
        allow_negative_numbers = true,
        default_value_t = 0.0
    )]
    pub threshold: f32,
    /// Output options.
    #[command(flatten)]
    pub output: OutputArgs,
    /// Write an HTML page with the least certain windows and samples of every class
    #[arg(long, value_name = "FILE")]
    pub gallery: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn run(arguments: &WindowsArgs, interrupt: &Interrupt) -> Result<(), PredictError> {
    crate::events::check_probability("--threshold", arguments.threshold)?;
    let mut classifier = arguments.model.open()?;
    let mut table = Table::new(arguments, &classifier)?;
    if let Some(warning) = unknown_class(&classifier, arguments.threshold) {
        arguments.model.say(&warning);
    }
    let rate = classifier.sampling_rate();
    let other = |rate| {
        arguments
            .files
            .iter()
            .find_map(|path| reader::rate_of_other_model(path, rate))
    };
    if let Some(other) = rate.and_then(other) {
        arguments.model.say(&format!("warning: {other}"));
    }
    let wanted = SourceSelection {
        location: arguments.location.clone(),
        modality: arguments.modality.clone(),
        label_is_optional: true,
        ..Default::default()
    };
    for path in &arguments.files {
        let mut waiting: Vec<Record> = Vec::new();
        // A reader's callback can only return the reader's error type; this variable carries other errors out.
        let mut failed = None;
        let read = reader::read(path, &wanted, &mut |record| {
            waiting.push(record);
            if waiting.len() < BATCH {
                return Ok(());
            }
            let done = interrupt
                .check()
                .and_then(|()| table.classify(&mut classifier, path, &mut waiting));
            done.map_err(|error| {
                failed = Some(error);
                DataError::Stopped
            })
        });
        if let Some(error) = failed {
            return Err(error);
        }
        read?;
        table.classify(&mut classifier, path, &mut waiting)?;
        interrupt.check()?;
    }
    for warning in super::warnings(&classifier) {
        arguments.model.say(&warning);
    }
    if let (Some(path), Some(gallery)) = (&arguments.gallery, &mut table.gallery) {
        gallery.explain(&classifier)?;
        let mut page = Output::open(Some(path))?;
        page.write(&gallery.to_html())?;
        page.finish()?;
    }
    table.output.finish()
}

/// Writes results in the chosen format.
struct Table {
    format: Format,
    output: Output,
    /// Whether the header is written. It waits for the first results, so that a file that cannot be read leaves none.
    headed: bool,
    threshold: f32,
    names: Vec<String>,
    /// Column widths of file and class in text output.
    widths: [usize; 2],
    gallery: Option<Gallery>,
}

impl Table {
    fn new(arguments: &WindowsArgs, classifier: &Classifier) -> Result<Self, PredictError> {
        let names = classifier.class_names().to_vec();
        let longest = |texts: &mut dyn Iterator<Item = String>| {
            texts.map(|text| text.chars().count()).max().unwrap_or(0)
        };
        let mut files = arguments
            .files
            .iter()
            .map(|path| path.display().to_string());
        let mut classes = names.iter().cloned().chain([UNKNOWN.to_owned()]);
        Ok(Self {
            headed: false,
            format: arguments.output.format(),
            output: Output::open(arguments.output.out.as_deref())?,
            threshold: arguments.threshold,
            widths: [longest(&mut files), longest(&mut classes)],
            gallery: arguments.gallery.as_ref().map(|_| {
                let title = format!("Windows by {}", arguments.model.model.display());
                Gallery::new(&title, &names, classifier.sampling_rate())
            }),
            names,
        })
    }

    fn head(&mut self) -> Result<(), PredictError> {
        if std::mem::replace(&mut self.headed, true) {
            return Ok(());
        }
        let [file, class] = self.widths;
        let line = match self.format {
            Format::Json => return Ok(()),
            Format::Csv => {
                let names: Vec<String> = self.names.iter().map(|name| csv_field(name)).collect();
                format!("file,record,class,confidence,{}", names.join(","))
            }
            Format::Text => {
                let names = self.names.iter().map(|name| format!("  {name:>8}"));
                format!(
                    "{:<file$}  record  {:<class$}  confidence{}",
                    "file",
                    "class",
                    names.collect::<String>()
                )
            }
        };
        self.output.write(&format!("{line}\n"))
    }

    /// Classifies, writes and drains `records` of `path`.
    fn classify(
        &mut self,
        classifier: &mut Classifier,
        path: &Path,
        records: &mut Vec<Record>,
    ) -> Result<(), PredictError> {
        let groups: Vec<Option<String>> = records
            .iter_mut()
            .map(|record| record.group.take())
            .collect();
        let numbers: Vec<(usize, i64)> = records
            .iter()
            .map(|record| (record.record, record.label))
            .collect();
        let windows: Vec<Window> = records.drain(..).map(Window::from).collect();
        let predictions = classifier.classify(&windows).map_err(|error| match error {
            PredictError::Window { index, problem } => PredictError::Data(DataError::Record {
                path: path.to_owned(),
                record: numbers[index].0,
                problem: problem.into(),
            }),
            other => other,
        })?;
        if let Some(gallery) = &mut self.gallery {
            for (i, (window, prediction)) in windows.iter().zip(&predictions).enumerate() {
                let origin = Origin {
                    file: path.display().to_string(),
                    record: numbers[i].0,
                    group: groups[i].clone(),
                    time: None,
                };
                // Only the dataset configuration maps labels on disk to classes; see `trainer evaluate`.
                gallery.add(&origin, None, prediction, window);
            }
        }
        self.head()?;
        for ((record, label), prediction) in numbers.into_iter().zip(&predictions) {
            let line = self.line(path, record, label, prediction);
            self.output.write(&line)?;
        }
        Ok(())
    }

    fn line(&self, path: &Path, record: usize, label: i64, prediction: &Prediction) -> String {
        let path = path.display().to_string();
        let class = if prediction.confidence < self.threshold {
            UNKNOWN
        } else {
            &self.names[prediction.class]
        };
        match self.format {
            Format::Json => {
                let mut line = json!({
                    "version": FORMAT_VERSION,
                    "kind": "window",
                    "file": path,
                    "index": record,
                    "class": class,
                    "confidence": number(prediction.confidence),
                    "probabilities": by_class(&self.names, &prediction.probabilities),
                });
                if label != Record::UNLABELLED {
                    line["label"] = label.into();
                }
                format!("{line}\n")
            }
            Format::Csv => {
                let probabilities: Vec<String> = prediction
                    .probabilities
                    .iter()
                    .map(f32::to_string)
                    .collect();
                format!(
                    "{},{record},{},{},{}\n",
                    csv_field(&path),
                    csv_field(class),
                    prediction.confidence,
                    probabilities.join(",")
                )
            }
            Format::Text => {
                let [file, width] = self.widths;
                let probabilities =
                    prediction
                        .probabilities
                        .iter()
                        .zip(&self.names)
                        .map(|(p, name)| {
                            let width = name.chars().count().max(8);
                            format!("  {p:>width$.4}")
                        });
                format!(
                    "{path:<file$}  {record:>6}  {class:<width$}  {:>10.4}{}\n",
                    prediction.confidence,
                    probabilities.collect::<String>()
                )
            }
        }
    }
}
