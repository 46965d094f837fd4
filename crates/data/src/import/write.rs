//! Reads recordings, cuts them and writes what a training takes.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::config::{Recording, RecordingsConfig, SplitBy};
use super::cut::{Counts, Interval, cut};
use super::shards::{Spool, Target, share_out};
use super::{SPLITS, traces};
use crate::error::{DataError, unwritable};
use crate::preprocessing::Chain;
use crate::reader::Record;
use crate::recording::{self, Hints, NANOS, Stretch, Trace, merge};
use crate::signal::{Ratio, resample};

/// What was written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// The configuration for `trainer --dataset-config`.
    pub config: PathBuf,
    /// Windows of every split and class.
    pub windows: [Vec<usize>; 3],
    /// Groups of every split.
    pub groups: [usize; 3],
    /// Recordings read.
    pub recordings: usize,
    /// Interruptions of channels.
    pub gaps: usize,
    /// Samples that were there twice.
    pub overlapping: usize,
    /// What became of the intervals.
    pub counts: Counts,
    /// Windows that would have lain on two sides of a boundary in time.
    pub straddling: usize,
    /// What deserves a warning.
    pub warnings: Vec<String>,
}

/// Imports what `config` lists into the folder `out`, which must not exist: it appears whole or not at all. A shard has
/// at most `shard` windows. `say` is told every recording.
///
/// # Errors
/// [`DataError`] naming the file, or what the folder lacks.
pub fn import(
    config: &RecordingsConfig,
    out: &Path,
    shard: usize,
    say: &mut dyn FnMut(&str),
) -> Result<Imported, DataError> {
    whole(out, |folder| write(config, folder, shard.max(1), say))
}

/// Has `work` fill a folder that becomes `out`, whole or not at all.
fn whole(
    out: &Path,
    work: impl FnOnce(&Path) -> Result<Imported, DataError>,
) -> Result<Imported, DataError> {
    if out.exists() {
        let problem = "is there already: nothing is overwritten; choose another --out".into();
        return Err(DataError::Source {
            path: out.to_owned(),
            problem,
        });
    }
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let parent = out
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let aside = parent.join(format!(".{name}.{}", std::process::id()));
    std::fs::create_dir_all(&aside).map_err(unwritable(&aside))?;
    let result = work(&aside).and_then(|mut imported| {
        std::fs::rename(&aside, out).map_err(unwritable(out))?;
        imported.config = out.join("dataset_config.yaml");
        Ok(imported)
    });
    if result.is_err() {
        let _ = std::fs::remove_dir_all(&aside);
    }
    result
}

fn write(
    config: &RecordingsConfig,
    folder: &Path,
    shard: usize,
    say: &mut dyn FnMut(&str),
) -> Result<Imported, DataError> {
    let mut imported = Imported::default();
    let mut spool = Spool::new(folder.join("spool"))?;
    for recording in &config.recordings {
        let before = spool.windows.len();
        one(config, recording, &mut spool, &mut imported)?;
        imported.recordings += 1;
        say(&format!(
            "{}: {} windows",
            recording.name(),
            spool.windows.len() - before
        ));
    }
    for own in &config.seisbench {
        traces::spool(config, own, &mut spool, &mut imported, say)?;
    }
    let target = Target {
        class_names: config.class_names.clone(),
        task: config.task.clone(),
        // Raw samples do far worse.
        settings: format!(
            "spectral_processing:\n  method: fft\n  compression: log1p\n  sampling_rate: {:?}\n",
            config.sampling_rate
        ),
        shares: config.split.shares(),
        seed: config.split.seed,
    };
    share_out(&target, spool, folder, shard, &mut imported)?;
    Ok(imported)
}

/// Receives samples and, where it is given, the split they belong to; its error stops the reading.
pub type SplitSink<'a> = &'a mut dyn FnMut(Record, Option<usize>) -> Result<(), DataError>;

/// Shares the samples that `each` hands out among new splits, by their groups where they come without, and writes them
/// as [`import`] does. Labels are numbers of `target`'s classes.
///
/// # Errors
/// As [`import`].
pub fn resplit(
    target: &Target,
    out: &Path,
    shard: usize,
    each: impl FnOnce(SplitSink<'_>) -> Result<(), DataError>,
) -> Result<Imported, DataError> {
    whole(out, |folder| {
        let mut imported = Imported::default();
        let mut spool = Spool::new(folder.join("spool"))?;
        each(&mut |record, split| spool.add(&record, split))?;
        share_out(target, spool, folder, shard.max(1), &mut imported)?;
        Ok(imported)
    })
}

/// Reads one recording and spools its windows.
fn one(
    config: &RecordingsConfig,
    own: &Recording,
    spool: &mut Spool,
    imported: &mut Imported,
) -> Result<(), DataError> {
    let hints = Hints {
        sampling_rate: own.sampling_rate,
        start: own.start.map(|time| time.nanos(0)),
    };
    let read = own
        .files
        .par_iter()
        .map(|path| recording::read(path, &hints));
    let traces = read.collect::<Result<Vec<_>, _>>()?.concat();
    let validated = config
        .recordings
        .iter()
        .any(|recording| recording.split.as_deref() == Some("val"));
    of_traces(config, own, traces, validated, spool, imported)
}

/// Spools the windows of `traces`; `validated` says whether any recording is given to validation.
pub(super) fn of_traces(
    config: &RecordingsConfig,
    own: &Recording,
    traces: Vec<Trace>,
    validated: bool,
    spool: &mut Spool,
    imported: &mut Imported,
) -> Result<(), DataError> {
    let first = own.files.first().cloned().unwrap_or_default();
    let error = |problem: String| DataError::Source {
        path: first.clone(),
        problem,
    };
    let merged = merge(traces, own.channels.as_ref().unwrap_or(&config.channels)).map_err(error)?;
    imported.gaps += merged.gaps;
    imported.overlapping += merged.overlapping;
    let shortest = config.window;
    let long = merged
        .stretches
        .into_iter()
        .filter(|stretch| stretch.len() as f64 / stretch.rate >= shortest);
    let stretches = long
        .map(|stretch| prepare(stretch, config))
        .collect::<Result<Vec<_>, _>>()
        .map_err(error)?;
    let (Some(start), Some(end)) = (
        stretches.first().map(|s| s.start),
        stretches.last().map(Stretch::end),
    ) else {
        imported
            .warnings
            .push(format!("{}: no stretch is as long as a window", own.name()));
        return Ok(());
    };

    let intervals = intervals(config, own, start, end).map_err(error)?;
    if intervals.is_empty() {
        imported.warnings.push(format!(
            "{}: has no labels: give it `labels`, `labels_file` or `class`",
            own.name()
        ));
    }
    let (cuts, counts) = cut(
        &stretches,
        &intervals,
        config.samples(),
        config.hop(),
        config.centre_short_events,
    );
    imported.counts.add(&counts);

    let given = own
        .split
        .as_deref()
        .and_then(|split| SPLITS.iter().position(|own| *own == split));
    let by = &config.split;
    let [train, val, _] = by.shares();
    // Moments at which a split ends and the next begins.
    let boundaries: Option<Vec<(usize, f64)>> = match (by.by, given) {
        (SplitBy::Time, _) => Some(vec![(0, train), (1, train + val), (2, 1.0)]),
        (SplitBy::Given, Some(0)) if !validated => Some(vec![(0, train / (train + val)), (1, 1.0)]),
        (SplitBy::Given, None) => {
            return Err(error(
                "has no `split`, and the list says `by: given`: write train, val or test".into(),
            ));
        }
        _ => None,
    };
    let (from, to) = cuts.iter().fold((i64::MAX, i64::MIN), |(from, to), cut| {
        (from.min(cut.start), to.max(cut.start))
    });
    let length = (config.window * NANOS) as i64;
    let to = to.saturating_add(length);
    for mut cut in cuts {
        let split = match &boundaries {
            None => given.filter(|_| by.by == SplitBy::Given),
            Some(boundaries) => {
                let moment = |share: f64| from + ((to - from) as f64 * share) as i64;
                let mut begins = from;
                let inside = boundaries.iter().find(|(_, share)| {
                    let inside = cut.start >= begins
                        && cut.start + length <= moment(*share).saturating_add(1000);
                    begins = moment(*share);
                    inside
                });
                let Some((split, _)) = inside else {
                    imported.straddling += 1;
                    continue;
                };
                cut.group = format!("{}@{}", cut.group, SPLITS[*split]);
                Some(*split)
            }
        };
        let record = Record {
            record: spool.windows.len(),
            values: cut.values,
            shape: vec![config.channels.len(), config.samples()],
            label: cut.label as i64,
            group: Some(cut.group),
        };
        spool.add(&record, split)?;
    }
    Ok(())
}

/// At the wanted rate, with the steps done.
fn prepare(stretch: Stretch, config: &RecordingsConfig) -> Result<Stretch, String> {
    let ratio = Ratio::of_rates(stretch.rate, config.sampling_rate)?;
    let chain = Chain::new(&config.preprocessing, config.sampling_rate)?;
    let channels = stretch.channels.into_par_iter().map(|samples| {
        let mut samples = resample(&samples, ratio);
        chain.apply(&mut samples)?;
        Ok(samples)
    });
    let channels = channels.collect::<Result<_, String>>()?;
    Ok(Stretch {
        start: stretch.start,
        rate: config.sampling_rate,
        channels,
    })
}

/// The labelled intervals of a recording that lasts from `start` to `end`.
fn intervals(
    config: &RecordingsConfig,
    own: &Recording,
    start: i64,
    end: i64,
) -> Result<Vec<Interval>, String> {
    let class = |name: &str| {
        let found = config.class_names.iter().position(|class| class == name);
        found.ok_or_else(|| {
            format!(
                "label `{name}` is no class: `class_names` has {}",
                config.class_names.join(", ")
            )
        })
    };
    let group = own.group();
    let mut intervals = Vec::new();
    if let Some(name) = &own.class {
        intervals.push(Interval {
            start,
            end,
            label: class(name)?,
            group: group.clone(),
        });
    }
    for (number, label) in own.labels.iter().enumerate() {
        let (from, to) = (label.start.nanos(start), label.end.nanos(start));
        if from >= to {
            return Err(format!(
                "label {} (`{}`) ends before it begins",
                number + 1,
                label.class
            ));
        }
        let event = match (config.split.by, &label.event) {
            (SplitBy::Event, Some(event)) => format!("{group}/{event}"),
            (SplitBy::Event, None) => format!("{group}/{}-{}", label.class, number + 1),
            _ => group.clone(),
        };
        intervals.push(Interval {
            start: from,
            end: to,
            label: class(&label.class)?,
            group: event,
        });
    }
    Ok(intervals)
}
