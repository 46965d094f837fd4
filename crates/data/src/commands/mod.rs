//! The `data` program: what there is (`inspect`), whether it can be trained with (`validate`, `fingerprint`), and what
//! makes it so (`import`, `split`).

mod arrays;
mod convert;
mod count;
mod figure;
mod inspect;
mod seisbench;

use std::fmt::Display;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::config::DatasetConfig;
use crate::dataset::{Dataset, Loading};
use crate::error::DataError;
use crate::import::{self, Imported, RecordingsConfig, SPLITS, Target, Writing};
use crate::reader::Record;
use crate::samples;

/// Looks at seismic data and makes datasets of it.
#[derive(Debug, Parser)]
#[command(name = "data", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Says what is in a dataset configuration, in sample sources (.pt, .npz, .npy, TFRecord) or in recordings (miniSEED, SAC,
    /// WAV, CSV, Parquet)
    Inspect {
        /// A dataset_config.yaml, or files
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Task of the configuration [default: its first]
        #[arg(long, value_name = "NAME")]
        task: Option<String>,
        /// Draws windows and spectra of every class into a PNG
        #[arg(long, value_name = "FILE")]
        figure: Option<PathBuf>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Cuts recordings with labelled intervals into windows in splits: TFRecord shards, index files and a
    /// dataset_config.yaml
    Import {
        /// The list of recordings, as configs/recordings.yaml
        #[arg(value_name = "LIST")]
        list: PathBuf,
        /// Refuses whatever would be a warning
        #[arg(long)]
        strict: bool,
        /// Where to.
        #[command(flatten)]
        out: Out,
    },
    /// Shares the samples of a dataset out anew, group by group, into a dataset of its own
    Split {
        /// The dataset's configuration; what its index files name is taken together
        #[arg(value_name = "CONFIG")]
        config: PathBuf,
        /// Task of the configuration [default: its first]
        #[arg(long, value_name = "NAME")]
        task: Option<String>,
        /// Share of the training split
        #[arg(long, default_value_t = 0.7)]
        train: f64,
        /// Share of the validation split
        #[arg(long, default_value_t = 0.15)]
        val: f64,
        /// Share of the test split
        #[arg(long, default_value_t = 0.15)]
        test: f64,
        /// Seed of the order in which groups are shared out
        #[arg(long, default_value_t = 42)]
        seed: u64,
        /// Takes samples without a group as groups of their own: right only where no two come from one recording
        #[arg(long)]
        ungrouped: bool,
        /// Where to.
        #[command(flatten)]
        out: Out,
    },
    /// Writes the samples of a dataset anew, split by split as they are: TFRecord shards, which are read quickest and
    /// streamed, whatever the sources are
    Convert {
        /// Of what.
        #[command(flatten)]
        of: Of,
        /// Where to.
        #[command(flatten)]
        out: Out,
    },
    /// Counts the classes of every split; of .pt, .npz and .npy only labels are read, and those of .pt are remembered
    Count {
        /// Of what.
        #[command(flatten)]
        of: Of,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Reads all of a dataset as training does, with every check, and says what it found
    Validate {
        /// Of what.
        #[command(flatten)]
        of: Of,
    },
    /// Prints SHA-256 over windows and labels of every split: equal for equal data, whatever the format
    Fingerprint {
        /// Of what.
        #[command(flatten)]
        of: Of,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// The dataset a command is about.
#[derive(Debug, Args)]
pub struct Of {
    /// A dataset_config.yaml
    #[arg(value_name = "CONFIG")]
    pub config: PathBuf,
    /// Task of the configuration [default: its first]
    #[arg(long, value_name = "NAME")]
    pub task: Option<String>,
}

impl Of {
    fn load(&self) -> Result<DatasetConfig, DataError> {
        DatasetConfig::load(&self.config, self.task.as_deref())
    }
}

/// Where a dataset is written.
#[derive(Debug, Args)]
pub struct Out {
    /// Folder of the dataset; it must not exist
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Windows a shard
    #[arg(long, value_name = "N", default_value_t = 4096)]
    pub shard_size: usize,
}

impl Out {
    fn writing(&self) -> Writing {
        Writing {
            shard: self.shard_size,
            strict: false,
        }
    }
}

/// Runs a command; `say` is told of progress and warnings, `watch` how far the reading of sources is. What people asked
/// for is returned.
///
/// # Errors
/// [`DataError`] naming what is wrong.
pub fn run(
    cli: &Cli,
    say: &mut dyn FnMut(&str),
    watch: &mut dyn FnMut(Loading),
) -> Result<String, DataError> {
    match &cli.command {
        Command::Inspect {
            paths,
            task,
            figure,
            json,
        } => inspect::inspect(paths, task.as_deref(), figure.as_deref(), *json, say),
        Command::Import { list, strict, out } => {
            let config = RecordingsConfig::load(list)?;
            let how = Writing {
                strict: *strict,
                ..out.writing()
            };
            let imported = import::import_watched(&config, &out.out, how, say, watch)?;
            Ok(finished(&imported, &config.class_names, say))
        }
        Command::Convert { of, out } => {
            let config = of.load()?;
            // What training would refuse is refused before anything is written, by the names of these sources.
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
            let target = target(&config, [*train, *val, *test], *seed)?;
            let imported = import::resplit(&target, &out.out, out.writing(), watch, |sink| {
                samples::each(&config, &mut |path, record, label| {
                    let nowhere = || {
                        DataError::Record {
                        path: path.to_owned(),
                        record: record.record,
                        problem: "has no `group`, so windows of one recording could come onto two sides; where no \
                                  two samples come from one, say --ungrouped"
                            .into(),
                    }
                    };
                    let own = || format!("{}#{}", path.display(), record.record);
                    let group = record
                        .group
                        .clone()
                        .or_else(|| ungrouped.then(own))
                        .ok_or_else(nowhere)?;
                    let record = Record {
                        group: Some(group),
                        label: label.into(),
                        ..record
                    };
                    sink(record, None)
                })
            })?;
            Ok(finished(&imported, &target.class_names, say))
        }
        Command::Validate { of } => {
            let dataset = Dataset::check(&of.load()?, watch)?;
            warn(&dataset.warnings, say);
            let [channels, segments, bins] = dataset.train.shape;
            let counts = [&dataset.train, &dataset.val, &dataset.test].map(|split| split.len());
            Ok(format!(
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
            ))
        }
        Command::Fingerprint { of, json } => {
            let dataset = Dataset::check(&of.load()?, watch)?;
            let splits = [
                ("train", &dataset.train),
                ("val", &dataset.val),
                ("test", &dataset.test),
            ];
            let own = splits
                .iter()
                .filter(|(name, _)| *name != "test" || !dataset.test_is_val);
            if *json {
                let map: serde_json::Map<String, serde_json::Value> = own
                    .map(|(name, split)| ((*name).to_owned(), split.fingerprint.clone().into()))
                    .collect();
                return Ok(format!("{:#}\n", serde_json::Value::from(map)));
            }
            Ok(own
                .map(|(name, split)| {
                    format!("{name:<6} {}  {} windows\n", split.fingerprint, split.len())
                })
                .collect())
        }
    }
}

/// What `split` writes: the same task, with the other sections of the configuration.
fn target(config: &DatasetConfig, shares: [f64; 3], seed: u64) -> Result<Target, DataError> {
    let sum: f64 = shares.iter().sum();
    if shares
        .iter()
        .any(|share| !share.is_finite() || *share < 0.0)
        || shares[0] == 0.0
        || shares[1] == 0.0
    {
        let problem = format!("{shares:?} are no shares: training and validation need one above 0");
        return Err(DataError::Usage(problem));
    }
    let kept = [
        "sampling_rate",
        "spectral_processing",
        "preprocessing",
        "normalisation",
        "normalization",
    ];
    let sections = kept
        .iter()
        .filter_map(|key| Some((*key, config.content.get(key)?)));
    Ok(Target {
        class_names: config.class_names(),
        task: config.task_name.clone(),
        // JSON is YAML.
        settings: sections
            .map(|(key, value)| format!("{key}: {value}\n"))
            .collect(),
        shares: shares.map(|share| share / sum),
        seed,
    })
}

/// Tells of what was written.
fn finished(imported: &Imported, classes: &[String], say: &mut dyn FnMut(&str)) -> String {
    warn(&imported.warnings, say);
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
            "windows over gaps or the end of a recording",
        ),
        (
            counts.contradicting,
            "windows that reach into another class",
        ),
        (
            imported.straddling,
            "windows over the boundary of two splits",
        ),
        (
            imported.shared,
            "windows with samples that a later split has",
        ),
        (counts.too_short, "intervals shorter than a window"),
    ];
    for (count, what) in left_out {
        if count > 0 {
            text.push_str(&format!("left out: {count} {what}\n"));
        }
    }
    for (count, what) in [
        (
            counts.centred,
            "intervals shorter than a window became one around their middle",
        ),
        (imported.gaps, "gaps in channels"),
        (
            imported.overlapping,
            "samples were there twice; the earlier ones are kept",
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

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Says what deserves a warning.
fn warn<T: Display>(warnings: &[T], say: &mut dyn FnMut(&str)) {
    for warning in warnings {
        say(&format!("warning: {warning}"));
    }
}

/// Rows of cells: the first left, the others right.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
    };
    let widths: Vec<usize> = (0..columns)
        .map(|column| width(column).unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        let cells = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(i, (cell, width))| match i {
                0 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}
