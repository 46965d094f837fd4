//! `trainer evaluate --recordings`: detected events against the labels of recordings.

use std::path::Path;

use data::import::{Label, Recording, RecordingsConfig};
use data::recording::Hints;
use predict::scoring::{EventScore, LabelledEvent, LabelledRecording, grid};
use predict::{Classifier, Cutting, EventSettings};
use serde_json::{Value, json};

use crate::error::TrainerError;

/// What events are scored with.
pub(super) struct EventOptions<'a> {
    /// The list of recordings, as `data import` reads it.
    pub list: &'a Path,
    /// Samples from one window to the next; half a window where nothing is said.
    pub hop: Option<usize>,
    /// Samples a second of a model that does not say.
    pub model_rate: Option<f64>,
    /// Longest pause within an event, in seconds.
    pub merge_gap: f64,
    /// Shortest event, in seconds.
    pub min_duration: f64,
    /// Classes that make no events; background and noise where there are none.
    pub ignore: &'a [String],
}

/// Scores over a grid of settings, and the place of the advised one.
pub(super) struct EventScores {
    scores: Vec<EventScore>,
    best: usize,
    recordings: usize,
    labels: usize,
    days: f64,
}

/// Classifies all recordings of the list and scores their events.
///
/// # Errors
/// [`TrainerError`] where a recording cannot be read, or has labels of classes that the model does not know.
pub(super) fn score_events(
    options: &EventOptions<'_>,
    classifier: &mut Classifier,
) -> Result<EventScores, TrainerError> {
    let list = RecordingsConfig::load(options.list)?;
    let classes = classifier.class_names().to_vec();
    let usage = |problem: String| TrainerError::Usage(problem);
    let missing =
        |what: &str, option: &str| usage(format!("the model does not say {what}: give {option}"));
    let window = classifier
        .window_samples()
        .ok_or_else(|| missing("how many samples a window has", "--window-samples"))?;
    let rate = classifier.sampling_rate().or(options.model_rate);
    let rate = rate.ok_or_else(|| missing("its sampling rate", "--model-rate HZ"))?;
    let cutting = Cutting {
        channels: classifier.channels(),
        window,
        hop: options.hop.unwrap_or(window / 2).max(1),
        rate,
        until: i64::MAX,
    };
    let base = settings(options, &classes)?;
    let mut recordings = Vec::new();
    for own in &list.recordings {
        let hints = Hints {
            sampling_rate: own.sampling_rate,
            start: own.start.map(|time| time.nanos(0)),
        };
        let channels = own.channels.as_ref().unwrap_or(&list.channels);
        let mut read =
            LabelledRecording::read(classifier, &own.files, (&hints, &channels[..]), cutting)?;
        read.labels = labels(own, read.start, &classes)
            .map_err(|problem| usage(format!("{}: {problem}", options.list.display())))?;
        recordings.push(read);
    }
    if recordings.iter().all(|own| own.windows.is_empty()) {
        return Err(usage(format!(
            "{}: no recording is as long as a window",
            options.list.display()
        )));
    }
    let (scores, best) = grid(&recordings, &base);
    Ok(EventScores {
        scores,
        best,
        recordings: recordings.len(),
        labels: recordings.iter().map(|own| own.labels.len()).sum(),
        days: recordings
            .iter()
            .map(LabelledRecording::seconds)
            .sum::<f64>()
            / 86_400.0,
    })
}

fn settings(options: &EventOptions<'_>, classes: &[String]) -> Result<EventSettings, TrainerError> {
    if let Some(name) = options.ignore.iter().find(|name| !classes.contains(name)) {
        let problem = format!("--ignore {name}: the model has {}", classes.join(", "));
        return Err(TrainerError::Usage(problem));
    }
    let ignored = |name: &String| {
        if options.ignore.is_empty() {
            predict::makes_no_events(name)
        } else {
            options.ignore.contains(name)
        }
    };
    Ok(EventSettings {
        on: 0.0,
        off: 0.0,
        min_duration: options.min_duration,
        merge_gap: options.merge_gap,
        threshold: 0.0,
        ignored: classes.iter().map(ignored).collect(),
    })
}

/// Labelled events of a recording that begins at `start`.
fn labels(own: &Recording, start: i64, classes: &[String]) -> Result<Vec<LabelledEvent>, String> {
    let of = |label: &Label| {
        let class = classes.iter().position(|class| *class == label.class);
        Ok(LabelledEvent {
            class: class.ok_or_else(|| {
                format!(
                    "the model knows no class `{}`: it has {}",
                    label.class,
                    classes.join(", ")
                )
            })?,
            start: label.start.nanos(start),
            end: label.end.nanos(start),
        })
    };
    own.labels.iter().map(of).collect()
}

impl EventScores {
    /// `events.json`.
    pub(super) fn to_json(&self) -> Value {
        let score = |own: &EventScore| {
            json!({
                "on": own.on,
                "off": own.off,
                "hits": own.hits,
                "misses": own.misses,
                "false_alarms": own.false_alarms,
                "false_alarms_a_day": own.false_alarms_a_day,
                "delay_s": own.delay,
                "recall": own.recall(),
                "precision": own.precision(),
                "f1": own.f1(),
            })
        };
        json!({
            "version": 1,
            "recordings": self.recordings,
            "labelled_events": self.labels,
            "days": self.days,
            "advised": score(&self.scores[self.best]),
            "grid": self.scores.iter().map(score).collect::<Vec<_>>(),
        })
    }

    /// For people: the advised setting, and the curve over `on` at its best `off`.
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "events of {} recordings, {:.2} days, {} labelled:\n    on   off  hits  misses  false alarms a day  delay s      F1\n",
            self.recordings, self.days, self.labels
        );
        let mut on = Vec::new();
        for own in &self.scores {
            if !on.contains(&own.on) {
                on.push(own.on);
            }
        }
        for on in on {
            let same = self
                .scores
                .iter()
                .enumerate()
                .filter(|(_, own)| own.on == on);
            let best = same.max_by(|(_, a), (_, b)| a.f1().total_cmp(&b.f1()));
            let Some((i, own)) = best else { continue };
            let delay = own.delay.map_or("-".into(), |delay| format!("{delay:.2}"));
            text.push_str(&format!(
                "{:>6.2}{:>6.2}{:>6}{:>8}{:>20.2}{delay:>9}{:>8.4}{}\n",
                own.on,
                own.off,
                own.hits,
                own.misses,
                own.false_alarms_a_day,
                own.f1(),
                if i == self.best { "  <-" } else { "" }
            ));
        }
        let best = &self.scores[self.best];
        text.push_str(&format!(
            "advised: --on {:.2} --off {:.2}\n",
            best.on, best.off
        ));
        text
    }
}
