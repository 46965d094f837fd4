//! `trainer export`: the model of an experiment as a file of another program.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use deploy::network::Network;
use deploy::{ModelFile, TrainedModel, c, onnx, saved_model, tflite};
use experiment::{Entry, ExperimentError, ExperimentStore, write_atomically};
use model::Bundle;

use super::quantised::{CalibrationArgs, Quantised};
use crate::error::TrainerError;

/// What a model is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// TensorFlow's SavedModel: a directory, with variables and the preprocessing of raw windows in the graph
    SavedModel,
    /// ONNX: one file, from the network's input to logits and probabilities
    Onnx,
    /// The weights alone, in Keras' layout: one file
    Safetensors,
    /// TFLite: one file, from the network's features to logits, with operators that TFLite Micro has
    Tflite,
    /// C99 for sensor nodes: a directory, with front end and network, without heap or dependencies
    C,
}

/// Numbers that a network computes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Quantisation {
    /// 8 bits, with ranges found on the training split
    Int8,
}

/// Arguments of `trainer export`.
#[derive(Clone, Debug, Args)]
pub struct ExportArgs {
    /// The experiment: `latest`, an ID or an unambiguous part of its ends, `best`, or a tag
    pub id: String,
    /// What to write
    #[arg(long, value_enum)]
    pub format: Format,
    /// Where to write it; nothing may be there yet
    #[arg(short, long, value_name = "PATH")]
    pub out: PathBuf,
    /// Weights and values in 8 bits, for `tflite` and `c`
    #[arg(long, value_enum)]
    pub quantise: Option<Quantisation>,
    /// 8 bits in and out too, for `tflite`
    #[arg(long, requires = "quantise")]
    pub int8_io: bool,
    /// What it is quantised on
    #[command(flatten)]
    pub calibration: CalibrationArgs,
    /// Samples of a raw window, for models with Welch spectra of older versions, which do not say
    #[arg(long, value_name = "N")]
    pub window_samples: Option<usize>,
    /// Where experiments are kept
    #[arg(long, value_name = "DIR", default_value = "experiments")]
    pub experiments_dir: PathBuf,
}

/// Writes the model whole or not at all. What should be known of it comes back, a line each.
///
/// # Errors
/// [`TrainerError`] where there is no such experiment, it has no readable model, or something is at `out` already.
pub fn export(arguments: &ExportArgs) -> Result<Vec<String>, TrainerError> {
    let out = &arguments.out;
    if fs::symlink_metadata(out).is_ok() {
        let problem = format!("{} exists already: name another --out", out.display());
        return Err(TrainerError::Usage(problem));
    }
    check_options(arguments)?;
    let entry = ExperimentStore::new(&arguments.experiments_dir).find(&arguments.id)?;
    let (bundle, architecture) = Bundle::load(&entry.directory.join("model"))?;
    let mut model = TrainedModel::new(&bundle, &architecture)?;
    if let Some(samples) = arguments.window_samples {
        model = model.with_window(samples);
    }
    let mut notes = Vec::new();
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

/// Refuses options that the format has no use for.
fn check_options(arguments: &ExportArgs) -> Result<(), TrainerError> {
    let problem = match arguments.format {
        Format::Tflite => return Ok(()),
        Format::C if arguments.int8_io => "--int8-io is for --format tflite: C takes samples",
        Format::SavedModel | Format::Onnx | Format::Safetensors if arguments.quantise.is_some() => {
            "--quantise is for --format tflite and c"
        }
        Format::C | Format::SavedModel | Format::Onnx | Format::Safetensors => return Ok(()),
    };
    Err(TrainerError::Usage(problem.into()))
}

/// TFLite or C.
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
        format!("8 bits give the class of float32 for {share:.2} % of the validation windows")
    });
    Ok(note.into_iter().collect())
}

/// Writes `files` into a new directory, which appears under its name once it is whole.
fn write_directory(out: &Path, files: &[ModelFile]) -> Result<(), TrainerError> {
    let name = out.file_name().ok_or_else(|| {
        TrainerError::Usage(format!("--out {} has no name of its own", out.display()))
    })?;
    let name = format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id());
    let aside = out.with_file_name(name);
    let written = files.iter().try_for_each(|file| {
        let path = aside.join(&file.path);
        let folder = path.parent().unwrap_or(&aside);
        fs::create_dir_all(folder).map_err(|source| cannot_write(folder, source))?;
        write_atomically(&path, &file.bytes)
    });
    // An empty directory that came up meanwhile would be replaced, a full one is refused.
    let renamed =
        written.and_then(|()| fs::rename(&aside, out).map_err(|source| cannot_write(out, source)));
    if renamed.is_err() {
        let _ = fs::remove_dir_all(&aside);
    }
    Ok(renamed?)
}

fn cannot_write(path: &Path, source: std::io::Error) -> ExperimentError {
    ExperimentError::Write {
        path: path.to_owned(),
        source,
    }
}
