//! `trainer export`: exports the model of an experiment to another format.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use deploy::network::Network;
use deploy::{ModelFile, TrainedModel, c, onnx, saved_model, tflite};
use experiment::{Entry, ExperimentError, ExperimentStore, write_atomically};
use model::Bundle;
use support::files::PendingOutput;

use super::quantised::{CalibrationArgs, Quantised};
use crate::error::{ExportError, TrainerError};

/// Export format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// TensorFlow SavedModel: a directory; the graph includes the preprocessing of raw windows
    SavedModel,
    /// ONNX: one file, from the network's input to logits and probabilities
    Onnx,
    /// Safetensors: one file with the weights in Keras layout
    Safetensors,
    /// TFLite: one file, from the network's features to logits, using only operators of TFLite Micro
    Tflite,
    /// C99 for sensor nodes: a directory with front end and network, no heap, no dependencies
    C,
}

/// Number format of the exported network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Quantisation {
    /// 8 bits, with ranges calibrated on the training split
    Int8,
}

/// Arguments of `trainer export`.
#[derive(Clone, Debug, Args)]
pub struct ExportArgs {
    /// Experiment ID, unambiguous prefix or suffix, `latest`, `best`, or a tag
    pub id: String,
    /// Format to export to
    #[arg(long, value_enum)]
    pub format: Format,
    /// File or directory to create; it must not exist
    #[arg(short, long, value_name = "PATH")]
    pub out: PathBuf,
    /// Quantise weights and activations; for `tflite` and `c`
    #[arg(long, value_enum)]
    pub quantise: Option<Quantisation>,
    /// Also use 8-bit inputs and outputs; for `tflite`
    #[arg(long, requires = "quantise")]
    pub int8_io: bool,
    /// Calibration data of the quantisation
    #[command(flatten)]
    pub calibration: CalibrationArgs,
    /// Window length in samples, for older models with Welch spectra that do not store it
    #[arg(long, value_name = "N")]
    pub window_samples: Option<usize>,
    /// Directory of the experiments
    #[arg(long, value_name = "DIR", default_value = "experiments")]
    pub experiments_dir: PathBuf,
}

/// Writes the export atomically and returns notes for the user, one line each.
///
/// # Errors
/// [`TrainerError`] if the experiment or its model is missing or unreadable, or `out` already exists.
pub fn export(arguments: &ExportArgs) -> Result<Vec<String>, TrainerError> {
    let out = &arguments.out;
    if fs::symlink_metadata(out).is_ok() {
        let path = out.to_owned();
        return Err(ExportError::Exists { path }.into());
    }
    check_options(arguments)?;
    let entry = ExperimentStore::new(&arguments.experiments_dir).find(&arguments.id)?;
    let (bundle, architecture) = Bundle::load(&entry.directory.join("model"))?;
    let mut model = TrainedModel::new(&bundle, &architecture)?;
    if let Some(given) = arguments.window_samples {
        let stored = model.preprocessing().window_samples(model.input().dims());
        if let Some(stored) = stored.filter(|stored| *stored != given) {
            return Err(ExportError::WindowSamples { given, stored }.into());
        }
        model = model.with_window(given);
    }
    let mut notes: Vec<String> = model
        .recording_steps()
        .map(not_in_export)
        .into_iter()
        .collect();
    match arguments.format {
        Format::SavedModel => {
            write_directory(out, &saved_model::files(&model))?;
            let left_out = saved_model::left_out(&model);
            notes.extend(left_out.map(|reason| {
                format!(
                    "without the signature `{}`: {reason}",
                    saved_model::WINDOWS_SIGNATURE
                )
            }));
        }
        Format::Onnx => write_atomically(out, &onnx::file(&model))?,
        Format::Safetensors => write_atomically(out, &model.safetensors()?)?,
        Format::Tflite | Format::C => notes.extend(export_for_nodes(arguments, &entry, &model)?),
    }
    Ok(notes)
}

/// What no export does.
fn not_in_export(steps: String) -> String {
    format!(
        "the recordings of the training were prepared before windows were cut from them, which is not part of the export: do the same \
         to samples first: {steps}"
    )
}

/// Refuses options that do not apply to the format.
fn check_options(arguments: &ExportArgs) -> Result<(), TrainerError> {
    match arguments.format {
        Format::C if arguments.int8_io => Err(ExportError::Int8Io.into()),
        Format::SavedModel | Format::Onnx | Format::Safetensors if arguments.quantise.is_some() => {
            Err(ExportError::Quantise.into())
        }
        Format::Tflite | Format::C | Format::SavedModel | Format::Onnx | Format::Safetensors => {
            Ok(())
        }
    }
}

/// Exports to TFLite or C.
fn export_for_nodes(
    arguments: &ExportArgs,
    entry: &Entry,
    model: &TrainedModel<'_>,
) -> Result<Vec<String>, TrainerError> {
    let out = &arguments.out;
    let quantised = arguments
        .quantise
        .map(|Quantisation::Int8| Quantised::new(entry, model, &arguments.calibration));
    let quantised = quantised.transpose()?;
    let network = match &quantised {
        Some(quantised) => quantised.network.clone(),
        None => Network::new(model)?,
    };
    let integers = quantised.as_ref().map(|quantised| &quantised.integers);
    if arguments.format == Format::C {
        let numbers = integers.map_or(c::Numbers::Float, c::Numbers::Int8);
        write_directory(out, &c::files(model, &network, numbers)?)?;
    } else {
        let numbers = match integers {
            None => tflite::Numbers::Float,
            Some(integers) if arguments.int8_io => tflite::Numbers::Int8Io(integers),
            Some(integers) => tflite::Numbers::Int8(integers),
        };
        write_atomically(out, &tflite::file(model, &network, numbers)?)?;
    }
    let note = quantised.map(|quantised| {
        let share = 100.0 * quantised.agreement.classes;
        format!(
            "8 bits and float32 predict the same class for {share:.2} % of the validation windows"
        )
    });
    Ok(note.into_iter().collect())
}

/// Writes `files` into a temporary directory and renames it once it is complete.
fn write_directory(out: &Path, files: &[ModelFile]) -> Result<(), TrainerError> {
    let pending = PendingOutput::of(out).map_err(|_| ExportError::NoFileName {
        path: out.to_owned(),
    })?;
    for file in files {
        let path = pending.path().join(&file.path);
        let folder = path.parent().unwrap_or(pending.path());
        fs::create_dir_all(folder).map_err(|source| cannot_write(folder, source))?;
        write_atomically(&path, &file.bytes)?;
    }
    Ok(pending
        .finish()
        .map_err(|source| cannot_write(out, source))?)
}

fn cannot_write(path: &Path, source: std::io::Error) -> ExperimentError {
    ExperimentError::Write {
        path: path.to_owned(),
        source,
    }
}
