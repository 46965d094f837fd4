//! The program `data`: describes data (`inspect`), checks it (`validate`, `fingerprint`) and prepares it for training
//! (`import`, `split`).

mod arrays;
mod convert;
mod count;
mod figure;
mod inspect;
mod seisbench;
mod split;

use std::fmt::Display;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::config::DatasetConfig;
use crate::dataset::Dataset;
use crate::error::DataError;
use crate::error::recording::KNOWN;
use crate::import::{self, Imported, RecordingsConfig, SPLITS, WriteOptions};
use crate::split::Loading;

/// Inspect, check and prepare seismic data for training.
#[derive(Debug, Parser)]
#[command(name = "data", version)]
pub struct Cli {
    /// Command to run.
    #[command(subcommand)]
    pub command: Command,
}

/// Commands of the program.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Describe a folder and draft a list of its recordings; or describe a dataset configuration, sample files (.pt, .npz,
    /// .npy, TFRecord, Parquet) or recordings (miniSEED, SAC, WAV, CSV and many more, which its help lists)
    #[command(after_help = format!("Recordings are {KNOWN}."))]
    Inspect(InspectArgs),
    /// Import recordings with labelled intervals: cut windows and write TFRecord shards, index files and a
    /// dataset_config.yaml
    Import {
        /// List of recordings, such as configs/recordings.yaml
        #[arg(value_name = "LIST")]
        list: PathBuf,
        /// Treat warnings as errors; notes that leave no doubt stay notes
        #[arg(long)]
        strict: bool,
        /// Output options.
        #[command(flatten)]
        out: OutputArgs,
    },
    /// Re-split a dataset by group into a new folder
    Split {
        /// Configuration of the dataset; all its splits are pooled
        #[arg(value_name = "CONFIG")]
        config: PathBuf,
        /// Task of the configuration [default: the first in the file]
        #[arg(long, value_name = "NAME")]
        task: Option<String>,
        /// Fraction of the training split [default: 0.7, or the rest if the others are given]
        #[arg(long)]
        train: Option<f64>,
        /// Fraction of the validation split [default: 0.15, or the rest if the others are given]
        #[arg(long)]
        val: Option<f64>,
        /// Fraction of the test split [default: 0.15, or the rest if the others are given]
        #[arg(long)]
        test: Option<f64>,
        /// Seed that assigns groups to splits
        #[arg(long, default_value_t = 42)]
        seed: u64,
        /// Treat each sample without a group as its own group; safe only if no two come from the same recording
        #[arg(long)]
        ungrouped: bool,
        /// Output options.
        #[command(flatten)]
        out: OutputArgs,
    },
    /// Convert a dataset to TFRecord shards, the format that is fastest to read and can be streamed; splits and order
    /// stay the same
    Convert {
        /// Dataset.
        #[command(flatten)]
        of: DatasetArgs,
        /// Output options.
        #[command(flatten)]
        out: OutputArgs,
    },
    /// Count the classes of every split; reads only labels from .pt, .npz and .npy, and caches those of .pt
    Count {
        /// Dataset.
        #[command(flatten)]
        of: DatasetArgs,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Read and check a dataset as training does, and report what was found
    Validate {
        /// Dataset.
        #[command(flatten)]
        of: DatasetArgs,
    },
    /// Print the SHA-256 of every split's windows and labels, which is the same for equal data in any format
    Fingerprint {
        /// Dataset.
        #[command(flatten)]
        of: DatasetArgs,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
}

/// What `inspect` looks at.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// A folder, a dataset_config.yaml, or sample files and recordings
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Task of the configuration [default: the first in the file]
    #[arg(long, value_name = "NAME")]
    pub task: Option<String>,
    /// Plot windows and spectra of every class into this PNG file
    #[arg(long, value_name = "FILE")]
    pub figure: Option<PathBuf>,
    /// Write the draft of a list of recordings to this file, which must not exist, instead of printing it
    #[arg(long, value_name = "FILE")]
    pub draft: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long)]
    pub json: bool,
}

/// The dataset of a command.
#[derive(Debug, Args)]
pub struct DatasetArgs {
    /// A dataset_config.yaml
    #[arg(value_name = "CONFIG")]
    pub config: PathBuf,
    /// Task of the configuration [default: the first in the file]
    #[arg(long, value_name = "NAME")]
    pub task: Option<String>,
}

impl DatasetArgs {
    fn load(&self) -> Result<DatasetConfig, DataError> {
        DatasetConfig::load(&self.config, self.task.as_deref())
    }
}

/// Options for writing a dataset.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// Folder to create for the dataset; it must not exist
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Number of windows per shard
    #[arg(long, value_name = "N", default_value_t = 4096)]
    pub shard_size: usize,
}

impl OutputArgs {
    /// Says what earlier processes may have left.
    fn say_left_over(&self, say: &mut dyn FnMut(&str)) {
        for path in support::files::left_over(&self.out) {
            say(&format!(
                "note: {} is of a process that writes {} now, or was killed; remove it if none does",
                path.display(),
                self.out.display()
            ));
        }
    }

    fn writing(&self) -> WriteOptions {
        WriteOptions {
            shard: self.shard_size,
            strict: false,
        }
    }
}

/// Runs a command and returns its text for standard output. `say` receives progress messages and warnings, `watch`
/// the progress of reading.
///
/// # Errors
/// [`DataError`] describing the problem.
pub fn run(
    cli: &Cli,
    say: &mut dyn FnMut(&str),
    watch: &mut dyn FnMut(Loading),
) -> Result<String, DataError> {
    match &cli.command {
        Command::Inspect(args) => inspect::inspect(args, say, watch),
        Command::Import { list, strict, out } => {
            let config = RecordingsConfig::load(list)?;
            out.say_left_over(say);
            let how = WriteOptions {
                strict: *strict,
                ..out.writing()
            };
            let imported = import::import_watched(&config, &out.out, how, say, watch)?;
            Ok(finished(&imported, &config.class_names, say))
        }
        Command::Convert { of, out } => {
            let config = of.load()?;
            out.say_left_over(say);
            // Data that training would refuse are refused before anything is written; messages name the original
            // sources.
            Dataset::check(&config, watch)?;
            let imported = convert::convert(&config, &out.out, out.writing(), watch)?;
            Ok(finished(&imported, &config.class_names(), say))
        }
        Command::Count { of, json } => {
            let config = of.load()?;
            warn(&config.warnings, say);
            count::count(&config, *json, watch)
        }
        Command::Split {
            config,
            task,
            train,
            val,
            test,
            seed,
            ungrouped,
            out,
        } => {
            let config = DatasetConfig::load(config, task.as_deref())?;
            out.say_left_over(say);
            let shares = split::Shares {
                shares: import::fractions([*train, *val, *test])?,
                seed: *seed,
                ungrouped: *ungrouped,
            };
            let imported = split::split(&config, &shares, out, watch)?;
            Ok(finished(&imported, &config.class_names(), say))
        }
        Command::Validate { of } => {
            let dataset = Dataset::check(&of.load()?, watch)?;
            warn(&dataset.warnings, say);
            Ok(summary(&dataset))
        }
        Command::Fingerprint { of, json } => {
            let dataset = Dataset::check(&of.load()?, watch)?;
            Ok(fingerprints(&dataset, *json))
        }
    }
}

/// The result of `validate`.
fn summary(dataset: &Dataset) -> String {
    let [channels, segments, bins] = dataset.train.shape;
    let counts = [&dataset.train, &dataset.val, &dataset.test].map(|split| split.len());
    format!(
        "valid: {} training, {} validation and {} test windows of {} classes, inputs of {channels} x {segments} \
         x {bins}{}\n",
        counts[0],
        counts[1],
        counts[2],
        dataset.class_names.len(),
        if dataset.test_is_val {
            " (the validation split serves as test)"
        } else {
            ""
        }
    )
}

/// The result of `fingerprint`.
fn fingerprints(dataset: &Dataset, json: bool) -> String {
    let splits = [
        ("train", &dataset.train),
        ("val", &dataset.val),
        ("test", &dataset.test),
    ];
    let fingerprints = splits
        .iter()
        .filter(|(name, _)| *name != "test" || !dataset.test_is_val);
    if json {
        let map: serde_json::Map<String, serde_json::Value> = fingerprints
            .map(|(name, split)| ((*name).to_owned(), split.fingerprint.clone().into()))
            .collect();
        return format!("{:#}\n", serde_json::Value::from(map));
    }
    fingerprints
        .map(|(name, split)| format!("{name:<6} {}  {} windows\n", split.fingerprint, split.len()))
        .collect()
}

/// Reports what was written.
fn finished(imported: &Imported, classes: &[String], say: &mut dyn FnMut(&str)) -> String {
    for (kind, is_doubt) in [("note", false), ("warning", true)] {
        for note in imported
            .warnings
            .grouped(|note| note.is_doubt() == is_doubt)
        {
            say(&format!("{kind}: {note}"));
        }
    }
    let heads: Vec<String> = ["split", "groups", "windows"]
        .map(String::from)
        .into_iter()
        .chain(classes.to_vec())
        .collect();
    let mut rows = vec![heads];
    for (split, name) in SPLITS.iter().enumerate() {
        let counts = &imported.windows[split];
        let numbers = [imported.groups[split], counts.iter().sum()];
        let cells = numbers.iter().chain(counts).map(usize::to_string);
        rows.push(std::iter::once((*name).to_owned()).chain(cells).collect());
    }
    let mut text = table(&rows);
    let counts = &imported.counts;
    let left_out = [
        (
            counts.outside,
            "windows before a recording begins or after it ends",
        ),
        (
            counts.in_gaps,
            "windows across gaps or the end of a recording",
        ),
        (counts.contradicting, "windows that overlap another class"),
        (
            imported.straddling,
            "windows across the boundary of two splits",
        ),
        (
            imported.shared,
            "windows that share samples with a later split",
        ),
        (counts.too_short, "intervals shorter than a window"),
        (
            counts.repeated,
            "windows that overlapping labels of one class give twice",
        ),
    ];
    for (count, what) in left_out {
        if count > 0 {
            text.push_str(&format!("left out: {count} {what}\n"));
        }
    }
    for (count, what) in [
        (
            counts.centred,
            "intervals shorter than a window were widened to one window",
        ),
        (imported.gaps, "gaps in channels"),
        (
            imported.overlapping,
            "repeated samples dropped; the earlier ones are kept",
        ),
    ] {
        if count > 0 {
            text.push_str(&format!("{count} {what}\n"));
        }
    }
    text.push_str(&format!(
        "\ntrain with: cargo run -p trainer -- --dataset-config {}\n",
        quoted(&imported.config)
    ));
    text
}

/// Quotes a path for a shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Passes warnings to `say`.
fn warn<T: Display>(warnings: &[T], say: &mut dyn FnMut(&str)) {
    for warning in warnings {
        say(&format!("warning: {warning}"));
    }
}

/// Formats a table: first column left-aligned, others right-aligned.
fn table(rows: &[Vec<String>]) -> String {
    let Some((head, rows)) = rows.split_first() else {
        return String::new();
    };
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let right: Vec<usize> = (1..head.len()).collect();
    support::table::table(&head, rows, &right)
}
