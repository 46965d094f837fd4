//! One recording: from its traces to windows in the spool.

use rayon::prelude::*;

use super::SPLITS;
use super::advice;
use super::config::{RecordingsConfig, SplitBy};
use super::cut::{Cut, Interval, cut_each};
use super::gaps::{self, LeftOut};
use super::imported::Imported;
use super::origin::{Piece, Places};
use super::recording::Recording;
use super::report::{EXAMPLES, RecordingReport};
use super::shards::Spool;
use super::suspect;
use crate::error::{DataError, ImportError, in_file};
use crate::preprocessing::Chain;
use crate::reader::Record;
use crate::recording::{self, Hints, Merged, NANOS, Stretch, Trace, format_time, merge, merge_at};
use crate::signal::{Ratio, resample};

/// A recording of a list.
#[derive(Clone, Copy)]
struct Job<'a> {
    config: &'a RecordingsConfig,
    own: &'a Recording,
    /// Whether any recording is given to validation.
    validated: bool,
}

/// Reads one recording and spools its windows.
pub(super) fn one(
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
    let mut pieces = Vec::new();
    for (path, contents) in own.files.iter().zip(read.collect::<Result<Vec<_>, _>>()?) {
        let notes = contents.notes.into_iter();
        let notes = notes.map(|note| note.after(format_args!("{}: ", path.display())));
        imported.warnings.extend(notes);
        // Links and other spellings of a path are one file.
        let file = path.canonicalize().unwrap_or_else(|_| path.clone());
        let file = file.to_string_lossy();
        pieces.extend(spool.origins.pieces(&file, contents.traces));
    }
    let given = |recording: &Recording| recording.split.as_deref() == Some("val");
    let job = Job {
        config,
        own,
        validated: config.recordings.iter().any(given),
    };
    let report = of_pieces(job, pieces, spool, imported)?;
    imported.report.recordings.push(report);
    Ok(())
}

/// Spools the windows of `traces`, one of the many collections in a file; `validated` says whether any recording is given
/// to validation.
pub(super) fn of_traces(
    config: &RecordingsConfig,
    own: &Recording,
    traces: Vec<Trace>,
    validated: bool,
    spool: &mut Spool,
    imported: &mut Imported,
) -> Result<(), DataError> {
    let file = own.files.first().map(|file| file.display().to_string());
    let file = file.unwrap_or_default();
    let place = format!("{file}#{}", imported.recordings);
    let pieces = spool.origins.pieces(&place, traces);
    let job = Job {
        config,
        own,
        validated,
    };
    let report = of_pieces(job, pieces, spool, imported)?;
    let reports = &mut imported.report.recordings;
    if !reports
        .last()
        .is_some_and(|last| last.traces.is_some() && last.name == file)
    {
        let mut of_file = RecordingReport::new(config, own);
        of_file.name = file;
        of_file.traces = Some(0);
        reports.push(of_file);
    }
    if let Some(last) = reports.last_mut() {
        last.add(report);
    }
    Ok(())
}

/// The pieces of a recording by the channel that is asked for.
struct Chosen {
    channels: Vec<Vec<Piece>>,
    /// Those that nobody asks for.
    rest: Vec<Piece>,
}

impl Chosen {
    fn of(pieces: Vec<Piece>, names: &[String]) -> Self {
        // `merge` decides what a name means.
        let means = |name: &String, channel: &str| {
            let trace = Trace {
                channel: channel.to_owned(),
                start: 0,
                rate: 1.0,
                samples: vec![0.0],
            };
            let merged = merge(vec![trace], std::slice::from_ref(name));
            merged.is_ok_and(|merged| !merged.stretches.is_empty())
        };
        let mut chosen = Self {
            channels: vec![Vec::new(); names.len()],
            rest: Vec::new(),
        };
        let mut known: Vec<(String, Option<usize>)> = Vec::new();
        for piece in pieces {
            let channel = &piece.trace.channel;
            let found = known.iter().find(|(known, _)| known == channel);
            let number = found.map(|(_, number)| *number).unwrap_or_else(|| {
                let number = names.iter().position(|name| means(name, channel));
                known.push((channel.clone(), number));
                number
            });
            match number {
                Some(number) => chosen.channels[number].push(piece),
                None => chosen.rest.push(piece),
            }
        }
        chosen
    }

    fn pieces(&self) -> impl Iterator<Item = &Piece> {
        let pieces = self.channels.iter().flatten();
        pieces.filter(|piece| !piece.trace.samples.is_empty())
    }

    /// From the earliest sample to after the last one, whatever becomes of them.
    fn span(&self) -> Option<(i64, i64)> {
        let start = self.pieces().map(|piece| piece.trace.start).min()?;
        let end = self.pieces().map(|piece| piece.trace.end()).max()?;
        Some((start, end))
    }

    /// Turns samples that are not measurements into gaps, and fills the report of every channel.
    fn clean(&mut self, report: &mut RecordingReport) {
        for (pieces, report) in self.channels.iter_mut().zip(&mut report.channels) {
            let samples = |pieces: &[Piece]| -> usize {
                pieces.iter().map(|piece| piece.trace.samples.len()).sum()
            };
            report.rates = pieces.iter().map(|piece| piece.trace.rate).collect();
            report.tidy();
            report.samples = samples(pieces);
            let mut left_out = LeftOut::default();
            *pieces = gaps::split(std::mem::take(pieces), &mut left_out);
            report.no_measurement = report.samples - samples(pieces);
            report.no_measurement_note = left_out.note(&report.channel);
            let mut values = pieces.iter().flat_map(|piece| &piece.trace.samples);
            let first = values.next();
            report.constant = first.is_some() && values.all(|value| Some(value) == first);
            report.suspect =
                suspect::notes(&report.channel, pieces.iter().map(|piece| &piece.trace));
        }
    }

    fn into_traces(self) -> Vec<Trace> {
        let pieces = self.channels.into_iter().flatten().chain(self.rest);
        pieces.map(|piece| piece.trace).collect()
    }
}

/// Spools the windows of a recording.
fn of_pieces(
    job: Job<'_>,
    pieces: Vec<Piece>,
    spool: &mut Spool,
    imported: &mut Imported,
) -> Result<RecordingReport, DataError> {
    let Job { config, own, .. } = job;
    let first = own.files.first().cloned().unwrap_or_default();
    let error = |problem: ImportError| in_file(&first)(problem);
    let names = own.channels.as_ref().unwrap_or(&config.channels);
    let mut report = RecordingReport::new(config, own);
    let mut chosen = Chosen::of(pieces, names);
    let span = chosen.span();
    chosen.clean(&mut report);
    let places = Places::of(chosen.pieces());
    let merged =
        merge_at(chosen.into_traces(), names, config.sampling_rate).map_err(|e| error(e.into()))?;
    for (own, repeated) in report.channels.iter_mut().zip(&merged.repeated) {
        (own.repeated, own.disagreeing) = (repeated.samples, repeated.conflicting);
    }
    report.gaps = merged.gaps;
    imported.gaps += merged.gaps;
    imported.overlapping += merged.overlapping;
    let notes = merged.notes.iter().cloned();
    let notes = notes.map(|note| note.after(format_args!("{}: ", own.name())));
    imported.warnings.extend(notes);
    let intervals = match span {
        Some(span) => intervals(config, own, span).map_err(error)?,
        None => Vec::new(),
    };
    count_labels(&intervals, &merged, &mut report);
    report.add_times(span, &intervals);
    let long = merged.stretches.into_iter();
    let long = long.filter(|stretch| stretch.len() as f64 / stretch.rate >= config.window);
    let stretches = long.map(|stretch| prepare(stretch, config));
    let stretches = stretches.collect::<Result<Vec<_>, _>>().map_err(error)?;
    if stretches.is_empty() {
        report.too_short = 1;
        return Ok(report);
    }
    let (cuts, counts) = cut_each(
        &stretches,
        &intervals,
        config.samples(),
        config.hop(),
        config.centre_short_events,
    );
    for (interval, counts) in intervals.iter().zip(&counts) {
        report.classes[interval.label].counts.add(counts);
        imported.counts.add(counts);
    }
    let windows = cuts.iter().map(|cut| (cut.label, cut.values.as_slice()));
    let silent = advice::silent(windows, config.channels.len(), config.class_names.len());
    for (class, (windows, silent)) in report.classes.iter_mut().zip(silent) {
        class.silent = silent;
        class.all_silent = usize::from(windows > 0 && windows == silent);
    }
    let boundaries = boundaries(job).map_err(error)?;
    report.straddling = spool_cuts(
        job,
        cuts,
        &boundaries,
        &places,
        (spool, imported.recordings),
    )?;
    imported.straddling += report.straddling;
    Ok(report)
}

/// Counts labels by class, and those at times when nothing was recorded.
fn count_labels(intervals: &[Interval], merged: &Merged, report: &mut RecordingReport) {
    for interval in intervals {
        let class = &mut report.classes[interval.label];
        class.labels += 1;
        // An instant is in the stretch that has a sample at it.
        let end = interval.end.max(interval.start.saturating_add(1));
        let recorded = |own: &Stretch| own.start < end && own.end() > interval.start;
        if merged.stretches.iter().any(recorded) {
            continue;
        }
        class.labels_without_data += 1;
        if report.labels_without_data.len() < EXAMPLES {
            report.labels_without_data.push(format!(
                "`{}` from {} to {}",
                class.class,
                format_time(interval.start),
                format_time(interval.end)
            ));
        }
    }
}

/// Spools windows with their splits; returns the number of windows across the boundary of two splits.
fn spool_cuts(
    job: Job<'_>,
    cuts: Vec<Cut>,
    boundaries: &Boundaries,
    places: &Places,
    (spool, recording): (&mut Spool, usize),
) -> Result<usize, DataError> {
    let config = job.config;
    let (from, to) = cuts.iter().fold((i64::MAX, i64::MIN), |(from, to), cut| {
        (from.min(cut.start), to.max(cut.start))
    });
    let length = (config.window * NANOS) as i64;
    let whole = (config.samples() as f64 / config.sampling_rate * NANOS).round() as i64;
    let to = to.saturating_add(length);
    let mut straddling = 0;
    for mut cut in cuts {
        let split = match boundaries {
            Boundaries::None => None,
            Boundaries::Whole(split) => Some(*split),
            Boundaries::At(shares) => {
                let moment = |share: f64| from + ((to - from) as f64 * share) as i64;
                let mut begins = from;
                let inside = shares.iter().find(|(_, share)| {
                    let inside = cut.start >= begins
                        && cut.start + length <= moment(*share).saturating_add(1000);
                    begins = moment(*share);
                    inside
                });
                let Some((split, _)) = inside else {
                    straddling += 1;
                    continue;
                };
                cut.group = format!("{}@{}", cut.group, SPLITS[*split]);
                Some(*split)
            }
        };
        let window = spool.windows.len();
        let record = Record {
            record: window,
            values: cut.values,
            shape: vec![config.channels.len(), config.samples()],
            label: cut.label as i64,
            group: Some(cut.group),
        };
        spool
            .extents
            .extend(places.extents(cut.first, cut.first + whole, window));
        spool.add_of_minute(&record, split, Some(advice::minute(cut.start, recording)))?;
    }
    Ok(straddling)
}

/// How a recording is divided among the splits.
enum Boundaries {
    /// Not at all: groups are assigned to splits later.
    None,
    /// All of it belongs to one split.
    Whole(usize),
    /// For each split, the fraction of the recording's duration at which it ends.
    At(Vec<(usize, f64)>),
}

fn boundaries(job: Job<'_>) -> Result<Boundaries, ImportError> {
    let given = job.own.split.as_deref();
    let given = given.and_then(|split| SPLITS.iter().position(|own| *own == split));
    let by = &job.config.split;
    let [train, val, _] = by.shares();
    Ok(match (by.by, given) {
        (SplitBy::Time, _) => Boundaries::At(vec![(0, train), (1, train + val), (2, 1.0)]),
        (SplitBy::Given, Some(0)) if !job.validated => {
            Boundaries::At(vec![(0, train / (train + val)), (1, 1.0)])
        }
        (SplitBy::Given, Some(split)) => Boundaries::Whole(split),
        (SplitBy::Given, None) => return Err(ImportError::NoSplit),
        (SplitBy::Recording | SplitBy::Event, _) => Boundaries::None,
    })
}

/// Resamples a stretch to the configured rate and applies the steps.
fn prepare(stretch: Stretch, config: &RecordingsConfig) -> Result<Stretch, ImportError> {
    let ratio = Ratio::of_rates(stretch.rate, config.sampling_rate)?;
    let chain = Chain::new(&config.preprocessing, config.sampling_rate)?;
    let channels = stretch.channels.into_par_iter().map(|samples| {
        let mut samples = resample(&samples, ratio);
        chain.apply(&mut samples)?;
        Ok(samples)
    });
    let channels = channels.collect::<Result<_, ImportError>>()?;
    Ok(Stretch {
        start: stretch.start,
        rate: config.sampling_rate,
        channels,
    })
}

/// The labelled intervals of a recording from `start` to `end`. Seconds count from `start`.
fn intervals(
    config: &RecordingsConfig,
    own: &Recording,
    (start, end): (i64, i64),
) -> Result<Vec<Interval>, ImportError> {
    let class = |name: &str| {
        let found = config.class_names.iter().position(|class| class == name);
        found.ok_or_else(|| ImportError::UnknownClass {
            class: name.into(),
            known: config.class_names.clone(),
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
        if from > to {
            return Err(ImportError::Backwards {
                number: number + 1,
                class: label.class.clone(),
                start: format_time(from),
                end: format_time(to),
            });
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
