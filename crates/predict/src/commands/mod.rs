//! The program `predict`, one file per command.

mod archive;
mod findings;
mod output;
mod quakeml;
mod recording;
mod share;
mod stream;
mod windows;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Args, Parser, Subcommand};

use crate::classifier::{Classifier, Options};
use crate::error::PredictError;
use crate::locate::locate;

/// Version of the JSON lines. Readers should ignore unknown fields.
pub const FORMAT_VERSION: u32 = 1;

/// Classify windows, recordings and streams with a trained network.
#[derive(Debug, Parser)]
#[command(name = "predict", version)]
pub struct Cli {
    /// Command to run.
    #[command(subcommand)]
    pub command: Command,
}

/// Commands of the program.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Classify windows in sample files (.pt, .npz, .npy, TFRecord): class and probabilities of each
    Windows(windows::WindowsArgs),
    /// Detect events in continuous recordings (miniSEED, SAC, WAV, Parquet, tables): start, end, class, confidence
    Recording(recording::RecordingArgs),
    /// Detect events in real time in samples or miniSEED records on standard input
    Stream(stream::StreamArgs),
}

/// Options of the model and its computation.
#[derive(Clone, Debug, Args)]
pub struct ModelArgs {
    /// An experiment's folder, its folder model/, or a copy of that; or `latest`, or an experiment's ID or the
    /// unambiguous beginning or end of one
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,
    /// Directory of the experiments that IDs name
    #[arg(
        long,
        alias = "experiments",
        value_name = "DIR",
        default_value = "experiments"
    )]
    pub experiments_dir: PathBuf,
    /// Number of CPU threads [default: all]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Window length in samples, for older models with Welch spectra that do not store it
    #[arg(long, value_name = "N")]
    pub window_samples: Option<usize>,
    /// Classify with the 8-bit network of `trainer quantise`, in the same integer arithmetic as on a sensor node
    #[arg(long)]
    pub int8: bool,
    /// Suppress warnings, notes and summaries on standard error
    #[arg(long, short)]
    pub quiet: bool,
}

impl ModelArgs {
    /// Opens the model with the requested number of threads.
    fn open(&self) -> Result<Classifier, PredictError> {
        if let Some(threads) = self.threads {
            let usage = |problem| PredictError::Usage(format!("--threads {threads}: {problem}"));
            if !(1..=1024).contains(&threads) {
                return Err(usage("expected 1 to 1024".to_owned()));
            }
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build_global()
                .map_err(|error| usage(error.to_string()))?;
        }
        let options = Options {
            window_samples: self.window_samples,
            int8: self.int8,
        };
        let folder = locate(&self.model, &self.experiments_dir)?;
        Classifier::open_with(&folder, options)
    }

    /// Prints a line to standard error unless --quiet.
    fn say(&self, line: &str) {
        if !self.quiet {
            eprintln!("{line}");
        }
    }
}

/// Set by Ctrl-C and SIGTERM: the first signal stops after the current step, the second kills the process, unless a
/// scheduler may send both to it and to the shell that passes them on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Registers the signal handlers. If the system refuses, a signal kills the process.
    fn on_signals(second_kills: bool) -> Self {
        use signal_hook::consts::{SIGINT, SIGTERM};
        let interrupt = Self::default();
        for signal in [SIGINT, SIGTERM] {
            let flag = || interrupt.0.clone();
            if second_kills {
                let _ = signal_hook::flag::register_conditional_shutdown(signal, 130, flag());
            }
            let _ = signal_hook::flag::register(signal, flag());
        }
        interrupt
    }

    /// Whether a signal has come.
    pub(crate) fn flag(&self) -> &AtomicBool {
        &self.0
    }

    /// # Errors
    /// [`PredictError::Interrupted`] after a signal.
    pub(crate) fn check(&self) -> Result<(), PredictError> {
        if self.0.load(Ordering::Relaxed) {
            return Err(PredictError::Interrupted);
        }
        Ok(())
    }
}

/// Runs a command.
///
/// # Errors
/// [`PredictError`] describing the problem.
pub fn run(cli: &Cli) -> Result<(), PredictError> {
    let is_task =
        matches!(&cli.command, Command::Recording(arguments) if arguments.share.worker.is_some());
    let interrupt = Interrupt::on_signals(!is_task);
    match &cli.command {
        Command::Windows(arguments) => windows::run(arguments, &interrupt),
        Command::Recording(arguments) if arguments.paths.iter().any(|path| path.is_dir()) => {
            archive::run(arguments, &interrupt)
        }
        Command::Recording(arguments) => recording::run(arguments, &interrupt),
        Command::Stream(arguments) => stream::run(arguments, &interrupt),
    }
}

/// What windows below `--threshold` are called.
const UNKNOWN: &str = "unknown";

/// A warning if a class has the name of windows below `threshold`.
fn unknown_class(classifier: &Classifier, threshold: f32) -> Option<String> {
    let is_class = classifier.class_names().iter().any(|name| name == UNKNOWN);
    (threshold > 0.0 && is_class).then(|| {
        format!(
            "warning: the model has a class `{UNKNOWN}`, and --threshold {threshold} calls other windows so, too: their \
             probabilities tell them apart"
        )
    })
}

/// Lines with the warnings about the windows so far.
fn warnings(classifier: &Classifier) -> impl Iterator<Item = String> {
    let together = (!classifier.is_batch_independent()).then(|| {
        format!(
            "note: `batch` normalisation: up to {} windows are scaled together, so that the class of a window depends on those beside it",
            classifier.at_once()
        )
    });
    let warnings = classifier.warnings().into_iter();
    together
        .into_iter()
        .chain(warnings.map(|warning| format!("warning: {warning}")))
}
