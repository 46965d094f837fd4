//! `trainer evaluate --recordings`: scores detected events against labelled recordings.

use std::collections::BTreeSet;
use std::path::Path;

use data::Step;
use data::error::ImportError;
use data::import::{DatasetSources, Interval, Recording, RecordingsConfig, labelled_intervals};
use data::recording::Hints;
use predict::scoring::{EventScore, LabelledEvent, LabelledRecording, grid};
use predict::{Classifier, Cutting, EventSettings, other_order};
use serde_json::{Value, json};

use super::recording_notes::RecordingNotes;
use super::seen::{self, SeenRecording};
use crate::error::{TrainerError, UsageError};

/// Settings of the event evaluation.
pub(super) struct EventOptions<'a> {
    /// The list of recordings, in the format of `data import`.
    pub list: &'a Path,
    /// Hop between windows in samples; `None` for half a window.
    pub hop: Option<usize>,
    /// Sampling rate in Hz, for a model that does not store it.
    pub model_rate: Option<f64>,
    /// Longest gap within an event, in seconds.
    pub merge_gap: f64,
    /// Shortest event, in seconds.
    pub min_duration: f64,
    /// Classes that produce no events; if empty, background and noise.
    pub ignore: &'a [String],
    /// What the model's dataset was made from, if known.
    pub sources: Option<&'a DatasetSources>,
}

/// Scores over a grid of settings, and the index of the recommended one.
pub(super) struct EventScores {
    scores: Vec<EventScore>,
    best: usize,
    recordings: usize,
    /// Labelled events of classes that make events.
    labels: usize,
    /// Those of them that no window touches.
    outside: usize,
    /// Samples from one window to the next.
    hop: usize,
    days: f64,
    /// Recordings that are in the model's dataset; `None` if that is unknown.
    seen: Option<Vec<SeenRecording>>,
    /// Warnings about the list and its tables of labels.
    doubts: Vec<String>,
    /// What was unusual in recordings, and whether they resemble the training data.
    notes: RecordingNotes,
}

/// Classifies all listed recordings and scores their events.
///
/// # Errors
/// [`TrainerError`] if a recording cannot be read or is labelled with a class the model does not have.
pub(super) fn score_events(
    options: &EventOptions<'_>,
    classifier: &mut Classifier,
) -> Result<EventScores, TrainerError> {
    let mut list = RecordingsConfig::load(options.list)?;
    if !list.seisbench.is_empty() {
        let problem = "only `data import` reads the folders of `seisbench`: evaluate the imported dataset with --dataset-config";
        return Err(TrainerError::file(options.list, problem));
    }
    let of_model = &classifier.preprocessing().recording_steps;
    if list.preprocessing != *of_model {
        list.warnings.push(format!(
            "`preprocessing` of {} is not what the import did to the model's recordings, which counts: {}",
            options.list.display(),
            steps_in_words(of_model)
        ));
    }
    let classes = classifier.class_names().to_vec();
    let cutting = Cutting::new(classifier, options.hop, options.model_rate)?;
    let base = settings(options, &classes)?;
    let (mut recordings, mut orders) = (Vec::new(), BTreeSet::new());
    let mut notes = RecordingNotes::default();
    let mut seen = options.sources.map(|_| Vec::new());
    for recording in &list.recordings {
        refuse_row_labels(options.list, recording)?;
        let mut read = read(classifier, (&list, recording), cutting)?;
        // One recording in another unit must not vanish among many.
        let unlike = classifier.warnings();
        classifier.reset_warnings();
        for note in read.notes.iter().chain(&unlike) {
            notes.add(&recording.name(), note);
        }
        let order = other_order(classifier.trained_channels(), &read.channels);
        orders.extend(order);
        read.labels = labels((&list, recording), &read, (&classes, options.list))?;
        let used = options
            .sources
            .and_then(|sources| sources.find(recording, read.start));
        if let (Some(seen), Some(used)) = (&mut seen, used) {
            seen.push(SeenRecording {
                name: recording.name(),
                splits: used.splits,
            });
        }
        recordings.push(read);
    }
    if recordings
        .iter()
        .all(|recording| recording.windows.is_empty())
    {
        let problem = "every recording is shorter than a window";
        return Err(TrainerError::file(options.list, problem));
    }
    list.warnings.extend(orders);
    let (scores, best) = grid(&recordings, &base);
    Ok(EventScores {
        scores,
        best,
        recordings: recordings.len(),
        labels: counted(&recordings, &base, |_, _| true),
        outside: counted(&recordings, &base, |recording, label| {
            !recording.is_covered(label)
        }),
        hop: cutting.hop,
        days: recordings
            .iter()
            .map(LabelledRecording::seconds)
            .sum::<f64>()
            / 86_400.0,
        seen,
        doubts: list.warnings,
        notes,
    })
}

/// Classifies a recording; its labels are left empty.
fn read(
    classifier: &mut Classifier,
    (list, recording): (&RecordingsConfig, &Recording),
    cutting: Cutting,
) -> Result<LabelledRecording, TrainerError> {
    let channels = recording.channels.as_ref().unwrap_or(&list.channels);
    let hints = Hints {
        expected_rate: Some(cutting.rate),
        channels: channels.clone(),
        ..recording.hints()
    };
    let files = &recording.files;
    let read = LabelledRecording::read(classifier, files, (&hints, &channels[..]), cutting)?;
    Ok(read)
}

/// Steps as in a list of recordings.
fn steps_in_words(steps: &[Step]) -> String {
    if steps.is_empty() {
        return "nothing, as far as the model tells".into();
    }
    json!(steps).to_string()
}

/// Refuses a recording whose labels are in its rows: without them, all its events would count as false.
fn refuse_row_labels(list: &Path, recording: &Recording) -> Result<(), UsageError> {
    if recording.label_column.is_none() {
        return Ok(());
    }
    Err(UsageError::RowLabels {
        path: list.to_owned(),
        recording: recording.name(),
    })
}

/// Number of labelled events that are scored and for which `is` holds.
fn counted(
    recordings: &[LabelledRecording],
    settings: &EventSettings,
    is: impl Fn(&LabelledRecording, &LabelledEvent) -> bool,
) -> usize {
    let labels = recordings
        .iter()
        .flat_map(|recording| recording.labels.iter().map(move |label| (recording, label)));
    let labels = labels.filter(|(_, label)| !settings.ignored[label.class]);
    labels
        .filter(|(recording, label)| is(recording, label))
        .count()
}

fn settings(options: &EventOptions<'_>, classes: &[String]) -> Result<EventSettings, TrainerError> {
    let settings = EventSettings {
        on: 0.0,
        off: 0.0,
        min_duration: options.min_duration,
        merge_gap: options.merge_gap,
        threshold: 0.0,
        ignored: EventSettings::ignored(classes, options.ignore)?,
    };
    settings.check()?;
    Ok(settings)
}

/// Labelled events of a recording in the list at `path`.
///
/// # Errors
/// If a class is not among `classes`, a label counts from a file without samples, or the labels count samples or milliseconds.
fn labels(
    (list, recording): (&RecordingsConfig, &Recording),
    read: &LabelledRecording,
    (classes, path): (&[String], &Path),
) -> Result<Vec<LabelledEvent>, TrainerError> {
    let last = read.windows.last().map_or(read.start, |(span, _)| span.end);
    let span = (read.start, last);
    let in_list = |problem: ImportError| {
        let problem = format!("recording `{}`: {problem}", recording.name());
        TrainerError::file(path, problem)
    };
    let counts = recording.refuse_counts(span, read.rate);
    counts.map_err(in_list)?;
    let intervals = labelled_intervals(list, recording, span, &read.starts).map_err(in_list)?;
    let of = |interval: Interval| -> Result<LabelledEvent, TrainerError> {
        let name = &list.class_names[interval.label];
        let class = classes.iter().position(|class| class == name);
        Ok(LabelledEvent {
            class: class.ok_or_else(|| UsageError::NoClass {
                path: path.to_owned(),
                class: name.clone(),
                classes: classes.to_vec(),
                advice: "",
            })?,
            start: interval.start,
            end: interval.end,
        })
    };
    intervals.into_iter().map(of).collect()
}

impl EventScores {
    /// Notes on recordings, one line each.
    pub(super) fn notes(&self) -> Vec<String> {
        self.notes.lines()
    }

    /// Warns about recordings that the model was trained or validated on.
    pub(super) fn warnings(&self) -> Vec<String> {
        let seen = self.seen.as_deref().map_or(Vec::new(), seen::warnings);
        self.doubts.iter().cloned().chain(seen).collect()
    }

    /// Content of `events.json`.
    pub(super) fn to_json(&self) -> Value {
        let score = |score: &EventScore| {
            json!({
                "on": score.on,
                "off": score.off,
                "hits": score.hits,
                "misses": score.misses,
                "false_alarms": score.false_alarms,
                "false_alarms_a_day": score.false_alarms_a_day,
                "delay_s": score.delay,
                "recall": score.recall(),
                "precision": score.precision(),
                "f1": score.f1(),
            })
        };
        json!({
            "version": 1,
            "recordings": self.recordings,
            "labelled_events": self.labels,
            "events_without_windows": self.outside,
            "hop": self.hop,
            "days": self.days,
            "in_dataset": self.seen.as_deref().map(seen::to_json),
            "advised": score(&self.scores[self.best]),
            "grid": self.scores.iter().map(score).collect::<Vec<_>>(),
        })
    }

    /// Text for people: the recommended setting, and the curve over `on` at its best `off`.
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "events of {} recordings, {:.2} days, {} labelled:\n    on   off  hits  misses    false alarms/day  delay s      F1\n",
            self.recordings, self.days, self.labels
        );
        let mut on = Vec::new();
        for score in &self.scores {
            if !on.contains(&score.on) {
                on.push(score.on);
            }
        }
        for on in on {
            let same = self
                .scores
                .iter()
                .enumerate()
                .filter(|(_, score)| score.on == on);
            // Of several, the one that is advised.
            let rank = |(i, score): &(usize, &EventScore)| (score.f1(), *i == self.best);
            let best = same.max_by(|a, b| {
                let (a, b) = (rank(a), rank(b));
                a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
            });
            let Some((i, score)) = best else { continue };
            let delay = score
                .delay
                .map_or("-".into(), |delay| format!("{delay:.2}"));
            text.push_str(&format!(
                "{:>6.2}{:>6.2}{:>6}{:>8}{:>20.2}{delay:>9}{:>8.4}{}\n",
                score.on,
                score.off,
                score.hits,
                score.misses,
                score.false_alarms_a_day,
                score.f1(),
                if i == self.best { "  <-" } else { "" }
            ));
        }
        if self.outside > 0 {
            text.push_str(&format!(
                "{} of {} events have no window, and are not counted\n",
                self.outside, self.labels
            ));
        }
        let best = &self.scores[self.best];
        text.push_str(&format!(
            "advised: --on {:.2} --off {:.2}\n",
            best.on, best.off
        ));
        if best.misses * 10 > self.labels {
            text.push_str(&format!(
                "{} of {} events are missed: windows fit short events better in smaller steps, such as --hop {}\n",
                best.misses,
                self.labels,
                (self.hop / 4).max(1)
            ));
        }
        text
    }
}
