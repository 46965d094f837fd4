//! Turns the traces of one recording into windows in the spool.

mod chosen;
mod labelled;
mod overlaps;
mod parts;
mod sensors;
mod splits;

use std::path::{Path, PathBuf};

use chosen::ChannelPieces;
pub use labelled::labelled_intervals;
use labelled::{count_labels, intervals, remove_repeated};
pub use overlaps::overlapping;
use parts::Parts;
use rayon::prelude::*;
pub use sensors::{SensorChannel, sensor_channels};
use splits::{boundaries, spool_cuts};

use super::advice;
use super::config::RecordingsConfig;
use super::cut::cut_each;
use super::imported::Imported;
use super::labels::{Label, Time};
use super::origin::{Piece, Places};
use super::recording::Recording;
use super::report::RecordingReport;
use super::rounding;
use super::spool::Spool;
use super::transients;
use crate::error::{DataError, ImportError, Problem, in_file};
use crate::preprocessing::Chain;
use crate::recording::{self, Contents, Hints, Note, Notes, Remark, Stretch, Trace, merge_at};
use crate::signal::{Ratio, resample};

/// A recording of a list.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    /// The list.
    pub config: &'a RecordingsConfig,
    /// The recording.
    pub recording: &'a Recording,
    /// Whether any recording is assigned to validation.
    pub validated: bool,
    /// Notes on its files.
    pub notes: &'a Notes,
}

/// Reads the files of a recording, and notes on them; those without samples have no contents.
fn read_files(
    recording: &Recording,
    names: &[String],
    rate: f64,
) -> Result<(Vec<Option<Contents>>, Notes), DataError> {
    let hints = Hints {
        expected_rate: Some(rate),
        channels: names.to_vec(),
        ..recording.hints()
    };
    let read = recording
        .files
        .par_iter()
        .map(|path| recording::read(path, &hints));
    let read: Vec<Result<Contents, DataError>> = read.collect();
    let is_any_read = read.iter().any(Result::is_ok);
    let mut notes = Notes::default();
    let mut all = Vec::new();
    for (path, contents) in recording.files.iter().zip(read) {
        if let Err(DataError::Source { problem, .. }) = &contents
            && is_any_read
            && let Some(note) = left_out(path, problem)
        {
            notes.push(note);
            all.push(None);
            continue;
        }
        let contents = contents?;
        let of_file = contents.notes.iter().cloned();
        let of_file = of_file.chain(picks(&contents));
        notes.extend(of_file.map(|note| note.after(format_args!("{}: ", path.display()))));
        all.push(Some(contents));
    }
    sensors::rename(&recording.files, names, &mut all);
    Ok((all, notes))
}

/// A note on a file beside recordings that is none, such as the log of a recorder; `None` for other problems.
fn left_out(path: &Path, problem: &Problem) -> Option<Note> {
    let note = |what: String| format!("{}: left out: {what}", path.display());
    if let Some(what) = recording::nothing(problem) {
        return Some(note(what).into());
    }
    recording::has_no_samples(problem).then(|| Remark::Records(note(problem.to_string())).into())
}

/// Information on picks that a file marks.
fn picks(contents: &Contents) -> Option<Note> {
    let fields = contents.picks.iter().map(|pick| match &*pick.name {
        "" => pick.field.to_owned(),
        name => format!("{} `{name}`", pick.field),
    });
    let fields: Vec<String> = fields.collect();
    let text = format!(
        "the header has picks, which are not read as labels: {}; `data inspect --json` lists their times, for a `labels_file`",
        fields.join(", ")
    );
    (!fields.is_empty()).then(|| Remark::Labels(text).into())
}

/// Reads one recording and spools its windows.
pub(super) fn one(
    config: &RecordingsConfig,
    recording: &Recording,
    spool: &mut Spool,
    imported: &mut Imported,
) -> Result<(), DataError> {
    let names = recording.channels.as_ref().unwrap_or(&config.channels);
    let (contents, notes) = read_files(recording, names, config.sampling_rate)?;
    let mut parts = Parts::of(recording);
    for (number, (path, contents)) in recording.files.iter().zip(contents).enumerate() {
        let Some(contents) = contents else { continue };
        // Symbolic links and different spellings of a path are the same file.
        let file = path.canonicalize().unwrap_or_else(|_| path.clone());
        let file = (number, &*file.to_string_lossy());
        parts.add(file, contents, &mut spool.origins);
    }
    let given = |recording: &Recording| recording.split.as_deref() == Some("val");
    let job = Job {
        config,
        recording,
        validated: config.recordings.iter().any(given),
        notes: &notes,
    };
    imported.warnings.extend(notes.iter().cloned());
    if recording.label_column.is_some() {
        let said = parts.label(config);
        let said = said.map_err(|problem| in_file(&first_file(recording))(problem))?;
        imported.warnings.extend(said);
    }
    let several = parts.recordings.len() > 1;
    for (number, (part, pieces)) in parts.recordings.into_iter().enumerate() {
        imported.recordings += usize::from(number > 0);
        let before = spool.windows.len();
        let job = Job {
            recording: &part,
            ..job
        };
        let mut report = of_pieces(job, pieces, spool, imported)?;
        report.windows = before..spool.windows.len();
        if several {
            report.group = part.group.clone();
        }
        imported.report.recordings.push(report);
    }
    Ok(())
}

fn first_file(recording: &Recording) -> PathBuf {
    recording.files.first().cloned().unwrap_or_default()
}

/// Spools the windows of `traces`, which belong to one of several recordings in a file.
pub(super) fn of_traces(
    job: Job<'_>,
    traces: Vec<Trace>,
    spool: &mut Spool,
    imported: &mut Imported,
) -> Result<(), DataError> {
    let Job {
        config, recording, ..
    } = job;
    let file = recording
        .files
        .first()
        .map(|file| file.display().to_string());
    let file = file.unwrap_or_default();
    let place = format!("{file}#{}", imported.recordings);
    let pieces = spool.origins.pieces(&place, traces);
    let before = spool.windows.len();
    let report = of_pieces(job, pieces, spool, imported)?;
    let reports = &mut imported.report.recordings;
    if !reports
        .last()
        .is_some_and(|last| last.traces.is_some() && last.name == file)
    {
        let mut of_file = RecordingReport::new(config, recording);
        of_file.name = file;
        of_file.traces = Some(0);
        of_file.windows.start = before;
        reports.push(of_file);
    }
    if let Some(last) = reports.last_mut() {
        last.add(report);
        // The traces of a file follow each other.
        last.windows.end = spool.windows.len();
    }
    Ok(())
}

/// Spools the windows of a recording.
fn of_pieces(
    job: Job<'_>,
    pieces: Vec<Piece>,
    spool: &mut Spool,
    imported: &mut Imported,
) -> Result<RecordingReport, DataError> {
    let Job {
        config, recording, ..
    } = job;
    let first = first_file(recording);
    let error = |problem: ImportError| in_file(&first)(problem);
    let names = recording.channels.as_ref().unwrap_or(&config.channels);
    let mut report = RecordingReport::new(config, recording);
    let mut chosen = ChannelPieces::of(pieces, names);
    overlaps::check(names.iter().zip(chosen.channels()), recording)?;
    let (span, starts) = (chosen.span(), chosen.starts(recording.files.len()));
    refuse_counts(recording, &chosen).map_err(error)?;
    imported.warnings.extend(clock_set(recording, &chosen));
    chosen.clean(&mut report);
    let places = Places::of(chosen.pieces());
    let merged = merge_at(chosen.into_traces(), names, config.sampling_rate);
    let merged =
        merged.map_err(|problem| error(ImportError::of_merge(problem, &job.notes.all())))?;
    for (channel, repeated) in report.channels.iter_mut().zip(&merged.repeated) {
        (channel.repeated, channel.disagreeing) = (repeated.samples, repeated.conflicting);
    }
    report.gaps = merged.gaps;
    imported.gaps += merged.gaps;
    imported.overlapping += merged.overlapping;
    let notes = merged.notes.iter().cloned();
    let notes = notes.map(|note| note.after(format_args!("{}: ", recording.name())));
    imported.warnings.extend(notes);
    let mut intervals = match span {
        Some(span) => intervals(config, recording, span, &starts).map_err(error)?,
        None => Vec::new(),
    };
    let is_undated = |label: &&Label| matches!(label.start, Time::Clock(_));
    report.undated_labels = recording.labels.iter().filter(is_undated).count();
    report.repeated_labels = remove_repeated(&mut intervals);
    count_labels(&intervals, &merged, &mut report);
    let is_dated = |label: &Label| matches!(label.start, Time::Moment(_));
    report.add_times(span, &intervals, recording.labels.iter().all(is_dated));
    let (stretches, doubts) = prepared(job, merged.stretches).map_err(error)?;
    imported.warnings.extend(doubts);
    if stretches.is_empty() {
        report.too_short = 1;
        return Ok(report);
    }
    let (cuts, counts) = cut_each(
        &stretches,
        &intervals,
        config.samples(),
        config.hop(),
        // Rows beside a label's own have another label, or none.
        config.centre_short_events && recording.label_column.is_none(),
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

/// Refuses labels that count samples of a recording, or milliseconds.
///
/// # Errors
/// If they do.
fn refuse_counts(recording: &Recording, chosen: &ChannelPieces) -> Result<(), ImportError> {
    let rates = chosen.pieces().map(|piece| piece.trace.rate);
    match (chosen.span(), rates.reduce(f64::max)) {
        (Some(span), Some(rate)) => recording.refuse_counts(span, rate),
        _ => Ok(()),
    }
}

/// A warning on a gap of years between several files of a recording, such as files with and without dates.
fn clock_set(recording: &Recording, chosen: &ChannelPieces) -> Option<String> {
    let pieces = chosen.pieces().map(|piece| &piece.trace);
    let note = recording::clock_set(pieces.map(|trace| (trace.start, trace.end())));
    note.filter(|_| recording.files.len() > 1)
        .map(|note| format!("{}: {note}", recording.name()))
}

/// The stretches that are as long as a window, resampled and with the steps applied, and warnings of what has become of
/// their samples.
fn prepared(
    job: Job<'_>,
    stretches: Vec<Stretch>,
) -> Result<(Vec<Stretch>, Vec<String>), ImportError> {
    let Job {
        config, recording, ..
    } = job;
    let chain = Chain::new(&config.preprocessing, config.sampling_rate)?;
    let long = stretches.into_iter();
    let long = long.filter(|stretch| stretch.len() as f64 / stretch.rate >= config.window);
    let all = long.map(|stretch| prepare(stretch, config.sampling_rate, &chain));
    let all = all.collect::<Result<Vec<_>, _>>()?;
    let (name, window) = (recording.name(), config.samples());
    let begins = transients::warning(&name, &all, (&chain, window));
    let channels = recording.channels.as_ref().unwrap_or(&config.channels);
    let rounded = rounding::warning(&name, channels, (&all, window));
    Ok((all, begins.into_iter().chain(rounded).collect()))
}

/// Resamples a stretch to `rate` Hz and applies the steps.
fn prepare(stretch: Stretch, rate: f64, chain: &Chain) -> Result<Stretch, ImportError> {
    let ratio = Ratio::of_rates(stretch.rate, rate)?;
    let channels = stretch.channels.into_par_iter().map(|samples| {
        let mut samples = resample(&samples, ratio);
        if !chain.is_empty() {
            chain.apply(&mut samples)?;
            check_range(&samples)?;
        }
        Ok(samples)
    });
    let channels = channels.collect::<Result<_, ImportError>>()?;
    Ok(Stretch {
        start: stretch.start,
        rate,
        channels,
    })
}

/// Checks that a float32 holds what the steps have made of samples.
///
/// # Errors
/// If the largest of them is too large or too small, other than zero.
fn check_range(samples: &[f64]) -> Result<(), ImportError> {
    let largest = samples
        .iter()
        .fold(0.0f64, |largest, v| largest.max(v.abs()));
    let range = f64::from(f32::MIN_POSITIVE)..=f64::from(f32::MAX);
    if largest == 0.0 || range.contains(&largest) {
        return Ok(());
    }
    Err(ImportError::BeyondFloat { largest })
}
