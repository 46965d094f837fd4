//! Scores detected events against labels: hits, misses, false alarms per day, delay.

use std::path::PathBuf;

use data::recording::{Hints, NANOS};

use crate::analysis::{Analysis, Finding};
use crate::classifier::{Classifier, Prediction};
use crate::error::PredictError;
use crate::events::{Event, EventDetector, EventSettings};
use crate::feed::{Recordings, RequestedChannels};
use crate::join::Joiner;
use crate::notes::joining_notes;
use crate::slide::{Cutting, Slider, Span};

/// Number of windows classified at once.
const BATCH: usize = 256;
/// A day in seconds.
const DAY: f64 = 86_400.0;

/// An event labelled by a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelledEvent {
    /// Index of the class.
    pub class: usize,
    /// Start, in nanoseconds.
    pub start: i64,
    /// End, in nanoseconds.
    pub end: i64,
}

/// The predictions for a recording in time order, and its labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelledRecording {
    /// Windows and predictions.
    pub windows: Vec<(Span, Prediction)>,
    /// Labelled events.
    pub labels: Vec<LabelledEvent>,
    /// Time of the first sample, in nanoseconds.
    pub start: i64,
    /// The same of each file; `None` for those without these channels.
    pub starts: Vec<Option<i64>>,
    /// Samples per second of the fastest channel, as stored.
    pub rate: f64,
    /// Names of the channels in the files, in the model's order.
    pub channels: Vec<String>,
    /// Notes on anything unusual in the files and their samples.
    pub notes: Vec<String>,
}

impl LabelledRecording {
    /// Classifies the windows of `channels` in `files`, which form one recording. Labels are left empty.
    ///
    /// # Errors
    /// [`PredictError`] if a file cannot be read, lacks a channel, or contradicts another, or a window cannot be classified.
    pub fn read(
        classifier: &mut Classifier,
        files: &[PathBuf],
        (hints, channels): (&Hints, &[String]),
        cutting: Cutting,
    ) -> Result<Self, PredictError> {
        let mut recordings = Recordings::open(files, hints)?;
        recordings.rename_sensors(channels);
        let mut notes = std::mem::take(&mut recordings.notes);
        let mut site = recordings.into_one_site();
        let channels = site.choose(RequestedChannels {
            given: channels,
            trained: &[],
            count: cutting.channels,
        })?;
        if let Some((channel, overlap)) = site.overlap(&channels, hints.start) {
            return Err(data::import::overlapping(channel, overlap).into());
        }
        let starts = files.iter().map(|file| site.start_of(file, &channels));
        let (start, starts) = (site.start(&channels), starts.collect());
        let rate = site.rate(&channels);
        // Only windows are needed; these thresholds suppress all events.
        let nothing = EventSettings {
            on: 1.0,
            off: 1.0,
            min_duration: 0.0,
            merge_gap: 0.0,
            threshold: 0.0,
            ignored: vec![true; classifier.class_names().len()],
        };
        let detector = EventDetector::new(nothing);
        let slider = Slider::of_model(classifier, cutting)?;
        let mut analysis = Analysis::new(slider, detector, BATCH);
        let mut found = Vec::new();
        let mut joiner = Joiner::new(channels.len()).resampled_to(cutting.rate);
        site.feed(&channels, i64::MAX, &mut joiner, &mut |joined| {
            analysis.take(joined, classifier, &mut found)
        })?;
        analysis.finish(classifier, &mut found)?;
        // A recording that cannot be joined does not refuse the others.
        notes.extend(
            joining_notes(&site, joiner.counts(), &analysis, cutting)
                .unwrap_or_else(|problem| vec![format!("without windows: {problem}")]),
        );
        let windows = found.into_iter().filter_map(|finding| match finding {
            Finding::Window(span, prediction) => Some((span, prediction)),
            Finding::Event(_) => None,
        });
        Ok(Self {
            windows: windows.collect(),
            labels: Vec::new(),
            start,
            starts,
            rate,
            channels,
            notes,
        })
    }

    /// Duration covered by windows, in seconds.
    pub fn seconds(&self) -> f64 {
        let mut until = i64::MIN;
        let covered = self.windows.iter().map(|(span, _)| {
            let covered = span.end.saturating_sub(span.start.max(until)).max(0);
            until = until.max(span.end);
            covered as f64
        });
        covered.sum::<f64>() / NANOS
    }

    /// Whether any window lies in a labelled event.
    pub fn is_covered(&self, label: &LabelledEvent) -> bool {
        let overlaps = |span: &Span| span.start < label.end && span.end > label.start;
        self.windows.iter().any(|(span, _)| overlaps(span))
    }

    fn events(&self, settings: &EventSettings) -> Vec<Event> {
        let mut detector = EventDetector::new(settings.clone());
        let mut events = Vec::new();
        for (span, prediction) in &self.windows {
            detector.add(*span, prediction, &mut events);
        }
        detector.finish(&mut events);
        events
    }
}

/// Quality of event detection at one setting.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventScore {
    /// See [`EventSettings`].
    pub on: f32,
    /// See [`EventSettings`].
    pub off: f32,
    /// Number of labelled events that overlap a detected event of their class.
    pub hits: usize,
    /// Number of labelled events that do not.
    pub misses: usize,
    /// Number of detected events that overlap no labelled event of their class.
    pub false_alarms: usize,
    /// False alarms per day of recording.
    pub false_alarms_a_day: f64,
    /// Mean time in seconds from the start of a labelled event to the end of the window that detects it, over all
    /// hits.
    pub delay: Option<f64>,
}

impl EventScore {
    /// Fraction of labelled events that are hits.
    pub fn recall(&self) -> f64 {
        self.hits as f64 / (self.hits + self.misses).max(1) as f64
    }

    /// Fraction of hits among hits and false alarms.
    pub fn precision(&self) -> f64 {
        self.hits as f64 / (self.hits + self.false_alarms).max(1) as f64
    }

    /// Harmonic mean of recall and precision.
    pub fn f1(&self) -> f64 {
        2.0 * self.hits as f64 / (2 * self.hits + self.misses + self.false_alarms).max(1) as f64
    }
}

/// Scores the events detected with `settings`. Labelled events of ignored classes, and those outside the recorded
/// time, are not counted.
pub fn score(recordings: &[LabelledRecording], settings: &EventSettings) -> EventScore {
    let mut score = EventScore {
        on: settings.on,
        off: settings.off,
        ..Default::default()
    };
    let mut delays = 0.0;
    for recording in recordings {
        let events = recording.events(settings);
        let overlaps = |event: &Event, label: &LabelledEvent| {
            event.class == label.class && event.start < label.end && event.end > label.start
        };
        for label in &recording.labels {
            if settings.ignored[label.class] || !recording.is_covered(label) {
                continue;
            }
            let Some(event) = events.iter().find(|event| overlaps(event, label)) else {
                score.misses += 1;
                continue;
            };
            score.hits += 1;
            let window = recording.windows.first();
            let window = window.map_or(0, |(span, _)| span.end - span.start);
            delays += (event.start + window - label.start) as f64 / NANOS;
        }
        let is_false =
            |event: &&Event| !recording.labels.iter().any(|label| overlaps(event, label));
        score.false_alarms += events.iter().filter(is_false).count();
    }
    let days = recordings
        .iter()
        .map(LabelledRecording::seconds)
        .sum::<f64>()
        / DAY;
    score.false_alarms_a_day = if days > 0.0 {
        score.false_alarms as f64 / days
    } else {
        0.0
    };
    score.delay = (score.hits > 0).then(|| delays / score.hits as f64);
    score
}

/// Scores a grid of `on` and `off`; also returns the index of the best: highest F1, then fewest false alarms, then the
/// middle of those alike.
pub fn grid(recordings: &[LabelledRecording], base: &EventSettings) -> (Vec<EventScore>, usize) {
    let steps = |from: u8, to: u8| (from..=to).map(|i| f32::from(i) / 20.0);
    let mut scores = Vec::new();
    for on in steps(8, 19) {
        for off in steps(4, 19).filter(|off| *off <= on) {
            let settings = EventSettings {
                on,
                off,
                ..base.clone()
            };
            scores.push(score(recordings, &settings));
        }
    }
    let best = best_of(&scores);
    (scores, best)
}

/// Index of the score with the highest F1 and the fewest false alarms. Of several equally good ones, takes the one
/// closest to their middle, which is the least sensitive to small changes in the recordings.
fn best_of(scores: &[EventScore]) -> usize {
    let key = |score: &EventScore| (score.f1(), -(score.false_alarms as f64));
    let order = |a: (f64, f64), b: (f64, f64)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1));
    let Some(best) = scores.iter().map(key).max_by(|a, b| order(*a, *b)) else {
        return 0;
    };
    let alike: Vec<usize> = (0..scores.len())
        .filter(|&i| key(&scores[i]) == best)
        .collect();
    let mean = |value: fn(&EventScore) -> f32| {
        alike.iter().map(|&i| value(&scores[i])).sum::<f32>() / alike.len() as f32
    };
    let (on, off) = (mean(|score| score.on), mean(|score| score.off));
    let distance = |score: &EventScore| (score.on - on).powi(2) + (score.off - off).powi(2);
    let nearest = |a: &usize, b: &usize| distance(&scores[*a]).total_cmp(&distance(&scores[*b]));
    alike.into_iter().min_by(nearest).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    /// Windows of 2 s, one every second.
    fn recording(probabilities: &[f32], labels: &[(i64, i64)]) -> LabelledRecording {
        let windows = probabilities.iter().enumerate().map(|(i, p)| {
            let span = Span {
                stretch: 0,
                start: i as i64 * SECOND,
                end: (i as i64 + 2) * SECOND,
            };
            let prediction = Prediction {
                class: usize::from(*p > 0.5),
                confidence: p.max(1.0 - p),
                probabilities: vec![1.0 - p, *p],
                logits: Vec::new(),
            };
            (span, prediction)
        });
        let label = |&(start, end): &(i64, i64)| LabelledEvent {
            class: 1,
            start: start * SECOND,
            end: end * SECOND,
        };
        LabelledRecording {
            windows: windows.collect(),
            labels: labels.iter().map(label).collect(),
            ..Default::default()
        }
    }

    fn settings() -> EventSettings {
        EventSettings {
            on: 0.7,
            off: 0.5,
            min_duration: 0.0,
            merge_gap: 0.0,
            threshold: 0.0,
            ignored: vec![true, false],
        }
    }

    #[test]
    fn events_are_hits_misses_and_false_alarms() {
        let labelled = recording(
            &[
                0.1, 0.9, 0.9, 0.1, 0.1, 0.1, 0.1, 0.9, 0.1, 0.1, 0.1, 0.6, 0.6, 0.1,
            ],
            &[(1, 3), (12, 14), (40, 50)],
        );
        assert_eq!(labelled.seconds(), 15.0);
        let found = score(std::slice::from_ref(&labelled), &settings());
        assert_eq!((found.hits, found.misses, found.false_alarms), (1, 1, 1));
        assert!((found.false_alarms_a_day - 86_400.0 / 15.0).abs() < 1e-9);
        assert_eq!(found.delay, Some(2.0));
        assert_eq!(
            (found.recall(), found.precision(), found.f1()),
            (0.5, 0.5, 0.5)
        );
        let (scores, best) = grid(&[labelled], &settings());
        // Any `on` up to 0.6 finds both events; the false alarm has the same probability as the first of them.
        assert_eq!((scores[best].hits, scores[best].false_alarms), (2, 1));
        assert!((0.5..=0.6).contains(&scores[best].on));
    }

    #[test]
    fn of_thresholds_alike_the_middle_is_advised() {
        let clear = recording(&[0.0, 0.0, 1.0, 1.0, 0.0, 0.0], &[(2, 5)]);
        let (scores, best) = grid(&[clear], &settings());
        assert_eq!((scores[best].f1(), scores[best].false_alarms), (1.0, 0));
        // All settings of the grid find the event: `on` from 0.4 to 0.95, `off` from 0.2 to `on`.
        assert!(
            (0.65..=0.8).contains(&scores[best].on),
            "{}",
            scores[best].on
        );
        assert!(
            (0.35..=0.55).contains(&scores[best].off),
            "{}",
            scores[best].off
        );
    }
}
