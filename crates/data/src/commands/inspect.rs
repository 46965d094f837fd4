//! `data inspect`: describes datasets, sample files and recordings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::arrays::Arrays;
use super::figure::{Example, draw};
use super::{InspectArgs, seisbench, warn};
use crate::config::DatasetConfig;
use crate::constant::constant_channels;
use crate::error::{DataError, FolderError, UsageError, in_file};
use crate::reader::{self, Record, SourceSelection};

use crate::samples;
use crate::split::Loading;

mod channels;
mod folder;
mod recorded;
mod text;

use channels::{Channel, Pick};
use folder::Folder;
use text::{of_recordings, of_samples};

/// Statistics of the samples in a split or file.
#[derive(Clone, Debug, Default, Serialize)]
struct SampleStatistics {
    /// Name of the split or file.
    name: String,
    samples: usize,
    /// Number of samples by label on disk.
    labels: BTreeMap<i64, usize>,
    groups: usize,
    /// Number of samples by shape.
    shapes: BTreeMap<String, usize>,
    /// Number of samples with a non-finite value.
    not_finite: usize,
    /// Number of constant channels.
    constant_channels: usize,
    smallest: Option<f32>,
    largest: Option<f32>,
    #[serde(skip)]
    named: BTreeSet<String>,
}

impl SampleStatistics {
    fn add(&mut self, record: &Record) {
        self.samples += 1;
        *self.labels.entry(record.label).or_default() += 1;
        let shape: Vec<String> = record.shape.iter().map(usize::to_string).collect();
        *self.shapes.entry(shape.join(" x ")).or_default() += 1;
        self.not_finite += usize::from(record.values.iter().any(|v| !v.is_finite()));
        let channels = record.shape.first().copied().unwrap_or(1).max(1);
        let found = constant_channels(&record.values, channels);
        self.constant_channels += found.filter(|is_constant| *is_constant).count();
        for value in record.values.iter().filter(|v| v.is_finite()) {
            self.smallest = Some(
                self.smallest
                    .map_or(*value, |smallest| smallest.min(*value)),
            );
            self.largest = Some(self.largest.map_or(*value, |largest| largest.max(*value)));
        }
        self.named.extend(record.group.clone());
        self.groups = self.named.len();
    }
}

/// An irregularity of a recording.
#[derive(Clone, Debug, Serialize)]
struct Note {
    file: String,
    note: String,
}

/// An unusable file and the reason.
#[derive(Clone, Debug, Serialize)]
struct Problem {
    file: String,
    problem: String,
}

/// Results for all files.
#[derive(Default)]
struct Inspected {
    found: Vec<SampleStatistics>,
    channels: Vec<Channel>,
    picks: Vec<Pick>,
    arrays: Vec<Arrays>,
    notes: Vec<Note>,
    folders: Vec<Folder>,
    collections: Vec<seisbench::Collection>,
    /// Whether examples are drawn.
    is_drawn: bool,
    examples: Vec<Example>,
    names: BTreeMap<i64, String>,
}

/// Describes the contents of files. An unusable file does not hide the others.
///
/// # Errors
/// [`DataError`] if any file is unusable; with several files or JSON it includes the results for the others.
pub(super) fn inspect(
    args: &InspectArgs,
    say: &mut dyn FnMut(&str),
    watch: &mut dyn FnMut(Loading),
) -> Result<String, DataError> {
    let draft = args.draft.as_ref();
    if draft.is_some() && !matches!(&args.paths[..], [one] if one.is_dir()) {
        return Err(in_file(&args.paths[0])(FolderError::DraftOfFolder));
    }
    let mut all = Inspected {
        is_drawn: args.figure.is_some(),
        ..Inspected::default()
    };
    let (mut problems, mut first) = (Vec::new(), None);
    for path in &args.paths {
        let looked = if path.is_dir() && seisbench::folder(path).is_none() {
            let found = folder::look(path, draft.map(PathBuf::as_path), watch);
            found.map(|found| all.folders.push(found))
        } else {
            all.look(path, args.task.as_deref(), say)
        };
        if let Err(error) = looked {
            problems.push(Problem {
                file: path.display().to_string(),
                problem: error.to_string(),
            });
            first.get_or_insert(error);
        }
    }
    if let Some(figure) = args.figure.as_ref().filter(|_| first.is_none()) {
        all.draw(figure)?;
        say(&format!("drawn: {}", figure.display()));
    }
    let shown = if args.json {
        let value = serde_json::json!({
            "samples": all.found,
            "recordings": all.channels,
            "picks": all.picks,
            "arrays": all.arrays,
            "collections": all.collections,
            "folders": all.folders,
            "notes": all.notes,
            "problems": problems,
        });
        format!("{value:#}\n")
    } else {
        all.text(draft)
    };
    match first {
        None => Ok(shown),
        Some(error) if !args.json && args.paths.len() == 1 => Err(error),
        Some(_) => Err(DataError::Inspected {
            shown,
            problems: problems
                .into_iter()
                .map(|problem| problem.problem)
                .collect(),
        }),
    }
}

impl Inspected {
    /// Adds the contents of a file.
    fn look(
        &mut self,
        path: &Path,
        task: Option<&str>,
        say: &mut dyn FnMut(&str),
    ) -> Result<(), DataError> {
        let ending = path
            .extension()
            .map(|e| e.to_string_lossy().to_lowercase())
            .unwrap_or_default();
        if matches!(&*ending, "yaml" | "yml") {
            return self.dataset(path, task, say);
        }
        if let Some(folder) = seisbench::folder(path) {
            self.collections.push(seisbench::look(&folder)?);
        } else if reader::of(path).is_ok() && !is_recording(path) && !reader::is_other_gzip(path) {
            let mut statistics = SampleStatistics {
                name: path.display().to_string(),
                ..Default::default()
            };
            let wanted = SourceSelection {
                label: task.unwrap_or("vehicle_type").to_owned(),
                ..Default::default()
            };
            match source_of(path, &wanted, &mut statistics, &mut self.examples, 1.0) {
                Ok(()) => {
                    warn(reader::note(path, &wanted).as_slice(), say);
                    self.found.push(statistics);
                }
                Err(error) if statistics.samples == 0 => {
                    self.arrays.push(Arrays::look(path, error)?)
                }
                Err(error) => return Err(error),
            }
        } else {
            self.recorded(path)?;
        }
        Ok(())
    }

    fn dataset(
        &mut self,
        path: &Path,
        task: Option<&str>,
        say: &mut dyn FnMut(&str),
    ) -> Result<(), DataError> {
        let config = DatasetConfig::load(path, task)?;
        warn(&config.warnings, say);
        for (split, index) in samples::indices(&config) {
            let mut statistics = SampleStatistics {
                name: split.into(),
                ..Default::default()
            };
            for source in config.sources(&index)? {
                source_of(
                    &source,
                    &config.wanted(),
                    &mut statistics,
                    &mut self.examples,
                    config.spectral.sampling_rate,
                )?;
            }
            self.found.push(statistics);
        }
        self.names.extend(config.named_labels());
        Ok(())
    }

    fn draw(&mut self, figure: &Path) -> Result<(), DataError> {
        for example in &mut self.examples {
            if let Some(name) = example.label.and_then(|label| self.names.get(&label)) {
                example.title.clone_from(name);
            }
        }
        let png = draw(&self.examples).map_err(|error| UsageError::Figure(error.to_string()))?;
        std::fs::write(figure, png).map_err(|source| DataError::Write {
            path: figure.to_owned(),
            source,
        })
    }

    fn text(&self, draft: Option<&PathBuf>) -> String {
        let folders = self.folders.iter().map(|folder| folder.text(draft));
        let mut text = folders.collect::<Vec<_>>().join("\n");
        if !self.found.is_empty() {
            text.push_str(&of_samples(&self.found, &self.names));
        }
        if !self.channels.is_empty() {
            text.push_str(&of_recordings(&self.channels, &self.picks, &self.notes));
        }
        text.extend(self.arrays.iter().map(Arrays::text));
        let collections = self.collections.iter().map(seisbench::Collection::text);
        text.push_str(&collections.collect::<String>());
        text
    }
}

/// Whether a file name is that of a recording, whatever its first bytes: sample files may be gzipped too.
fn is_recording(path: &Path) -> bool {
    let name = path.to_string_lossy().to_lowercase();
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    let extensions: &[&str] = if plain.len() < name.len() {
        &["csv", "txt", "tsv", "dat", "mseed", "sac", "wav", "parquet"]
    } else {
        &["mseed", "mseed3"]
    };
    plain
        .rsplit('.')
        .next()
        .is_some_and(|ending| extensions.contains(&ending))
}

/// Adds the samples of a source, and the first of every label to the figure.
fn source_of(
    path: &Path,
    wanted: &SourceSelection,
    found: &mut SampleStatistics,
    examples: &mut Vec<Example>,
    rate: f64,
) -> Result<(), DataError> {
    reader::read(path, wanted, &mut |record| {
        found.add(&record);
        let shown = examples
            .iter()
            .any(|example| example.label == Some(record.label));
        let finite = record.values.iter().all(|v| v.is_finite());
        if !shown && finite && !record.values.is_empty() {
            examples.push(Example::of_window(&record, rate));
        }
        Ok(())
    })
}
