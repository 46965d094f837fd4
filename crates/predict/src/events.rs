//! Detects events from the probabilities of successive windows.
//!
//! An event of a class starts with a window in which the class is the most probable one with probability `on` or
//! more. It lasts while its probability is at least `off`, from the start of its first window to the end of its last.
//! It also ends at a gap, and when another class turns on. Events of one class are merged if they are at most
//! `merge_gap` apart with no other event between them. Events shorter than `min_duration` are then dropped.

use std::collections::VecDeque;

use data::recording::NANOS;

use crate::classifier::Prediction;
use crate::error::PredictError;
use crate::slide::Span;

/// Classes that produce no events by default.
const DEFAULT_IGNORED: [&str; 3] = ["background", "noise", "no_event"];

/// Whether a class of this name produces no events by default.
fn makes_no_events(class: &str) -> bool {
    DEFAULT_IGNORED.contains(&class.to_lowercase().as_str())
}

/// Thresholds and durations of events.
#[derive(Clone, Debug, PartialEq)]
pub struct EventSettings {
    /// Probability at which an event starts.
    pub on: f32,
    /// Probability below which it ends.
    pub off: f32,
    /// Shortest event, in seconds.
    pub min_duration: f64,
    /// Longest gap within an event, in seconds.
    pub merge_gap: f64,
    /// Windows whose highest probability is below this are unknown and part of no event.
    pub threshold: f32,
    /// For each class, whether it produces no events, as background does.
    pub ignored: Vec<bool>,
}

impl EventSettings {
    /// Whether each of `classes` produces no events: those named in `ignore`, or else background, noise and no_event.
    ///
    /// # Errors
    /// [`PredictError::Usage`] for a name that is no class.
    pub fn ignored(classes: &[String], ignore: &[String]) -> Result<Vec<bool>, PredictError> {
        if let Some(name) = ignore.iter().find(|name| !classes.contains(name)) {
            let known = classes.join(", ");
            let problem = format!("--ignore {name}: the model has {known}");
            return Err(PredictError::Usage(problem));
        }
        let is_ignored = |name: &String| match ignore {
            [] => makes_no_events(name),
            _ => ignore.contains(name),
        };
        Ok(classes.iter().map(is_ignored).collect())
    }

    /// Refuses impossible thresholds and durations.
    ///
    /// # Errors
    /// [`PredictError::Usage`] naming the option.
    pub fn check(&self) -> Result<(), PredictError> {
        let usage = |problem: String| Err(PredictError::Usage(problem));
        for (option, value) in [
            ("--on", self.on),
            ("--off", self.off),
            ("--threshold", self.threshold),
        ] {
            check_probability(option, value)?;
        }
        if self.off > self.on {
            return usage(format!("--off {} is above --on {}", self.off, self.on));
        }
        for (option, seconds) in [
            ("--min-duration", self.min_duration),
            ("--merge-gap", self.merge_gap),
        ] {
            if !(0.0..=1e6).contains(&seconds) {
                return usage(format!(
                    "{option} {seconds}: expected seconds from 0 to 1000000"
                ));
            }
        }
        Ok(())
    }
}

/// # Errors
/// [`PredictError::Usage`] if the value is not a probability.
pub(crate) fn check_probability(option: &str, value: f32) -> Result<(), PredictError> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    Err(PredictError::Usage(format!(
        "{option} {value}: expected a probability from 0 to 1"
    )))
}

/// An event: consecutive windows of one class.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Index of the class.
    pub class: usize,
    /// Start of its first window, in nanoseconds.
    pub start: i64,
    /// End of its last window, in nanoseconds.
    pub end: i64,
    /// Number of windows.
    pub windows: usize,
    /// Sum of the class's probabilities.
    sum: f64,
    /// Highest probability of the class.
    pub peak: f32,
    /// Centre of the window with the highest probability, in nanoseconds.
    pub peak_time: i64,
}

impl Event {
    /// Mean probability of the class over the windows.
    pub fn mean(&self) -> f32 {
        (self.sum / self.windows as f64) as f32
    }

    /// Duration in seconds.
    pub fn duration(&self) -> f64 {
        (self.end - self.start) as f64 / NANOS
    }

    fn add(&mut self, span: Span, probability: f32) {
        self.end = span.end;
        self.windows += 1;
        self.sum += f64::from(probability);
        if probability > self.peak {
            self.peak = probability;
            self.peak_time = span.start + (span.end - span.start) / 2;
        }
    }
}

/// Event detector; the module documentation gives the rules.
#[derive(Clone, Debug)]
pub struct EventDetector {
    settings: EventSettings,
    /// The current event.
    open: Option<Event>,
    /// Index of the last window's contiguous stretch.
    stretch: usize,
    /// Ended events that may still be merged with later ones.
    ended: VecDeque<Event>,
}

impl EventDetector {
    /// A detector before its first window.
    pub fn new(settings: EventSettings) -> Self {
        Self {
            settings,
            open: None,
            stretch: 0,
            ended: VecDeque::new(),
        }
    }

    /// Processes the next window. Appends events that are final to `out`, in order of their starts.
    pub fn add(&mut self, span: Span, prediction: &Prediction, out: &mut Vec<Event>) {
        if span.stretch != self.stretch {
            self.close();
            self.stretch = span.stretch;
        }
        let EventSettings {
            on, off, threshold, ..
        } = self.settings;
        let top = prediction.class;
        let confidence = prediction.confidence;
        let begins = confidence >= on.max(threshold) && !self.settings.ignored[top];
        if let Some(event) = &mut self.open {
            let probability = prediction.probabilities[event.class];
            let lasts = probability >= off && confidence >= threshold;
            if lasts && (top == event.class || !begins) {
                event.add(span, probability);
            } else {
                self.close();
            }
        }
        if self.open.is_none() && begins {
            let mut event = Event {
                class: top,
                start: span.start,
                end: span.end,
                windows: 0,
                sum: 0.0,
                peak: f32::MIN,
                peak_time: span.start,
            };
            event.add(span, confidence);
            self.open = Some(event);
        }
        self.emit_before(span.start, out);
    }

    /// Appends the remaining events at the end of the input.
    pub fn finish(&mut self, out: &mut Vec<Event>) {
        self.close();
        self.emit_before(i64::MAX, out);
    }

    /// Ends the current event.
    fn close(&mut self) {
        let Some(event) = self.open.take() else {
            return;
        };
        let reach = self.merge_gap();
        let same = |last: &&mut Event| {
            last.class == event.class && event.start.saturating_sub(last.end) <= reach
        };
        if let Some(last) = self.ended.back_mut().filter(same) {
            last.end = last.end.max(event.end);
            last.windows += event.windows;
            last.sum += event.sum;
            if event.peak > last.peak {
                (last.peak, last.peak_time) = (event.peak, event.peak_time);
            }
        } else {
            self.ended.push_back(event);
        }
    }

    fn merge_gap(&self) -> i64 {
        (self.settings.merge_gap * NANOS) as i64
    }

    /// Moves events to `out` that no event starting at `now` or later can be merged with.
    fn emit_before(&mut self, now: i64, out: &mut Vec<Event>) {
        let reach = self.merge_gap();
        let open_from = self.open.as_ref().map_or(i64::MAX, |open| open.start);
        let next = now.min(open_from);
        let last = self.ended.len().saturating_sub(1);
        let certain =
            |(i, event): (usize, &Event)| i < last || next.saturating_sub(event.end) > reach;
        let count = self
            .ended
            .iter()
            .enumerate()
            .take_while(|event| certain(*event))
            .count();
        let shortest = self.settings.min_duration;
        out.extend(
            self.ended
                .drain(..count)
                .filter(|event| event.duration() >= shortest),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Windows of 2 s every second, with the given probabilities of `event`; the rest is background.
    fn events(
        probabilities: &[f32],
        change: impl Fn(&mut EventSettings),
    ) -> Vec<(i64, i64, f32, f32)> {
        let spans = (0..).map(|i| (0, i));
        run(probabilities, spans, change)
    }

    fn run(
        probabilities: &[f32],
        spans: impl Iterator<Item = (usize, i64)>,
        change: impl Fn(&mut EventSettings),
    ) -> Vec<(i64, i64, f32, f32)> {
        let mut settings = EventSettings {
            on: 0.7,
            off: 0.4,
            min_duration: 0.0,
            merge_gap: 0.0,
            threshold: 0.0,
            ignored: vec![true, false],
        };
        change(&mut settings);
        let mut detector = EventDetector::new(settings);
        let mut found = Vec::new();
        let second = 1_000_000_000;
        for (p, (stretch, at)) in probabilities.iter().zip(spans) {
            let class = usize::from(*p > 0.5);
            let prediction = Prediction {
                class,
                confidence: p.max(1.0 - p),
                probabilities: vec![1.0 - p, *p],
                logits: Vec::new(),
            };
            let span = Span {
                stretch,
                start: at * second,
                end: (at + 2) * second,
            };
            detector.add(span, &prediction, &mut found);
        }
        detector.finish(&mut found);
        let shown = found.iter();
        shown
            .map(|event| {
                (
                    event.start / second,
                    event.end / second,
                    event.mean(),
                    event.peak,
                )
            })
            .collect()
    }

    #[test]
    fn events_have_hysteresis() {
        let found = events(&[0.1, 0.6, 0.8, 0.5, 0.9, 0.3, 0.6], |_| {});
        assert_eq!(found.len(), 1);
        let (start, end, mean, peak) = found[0];
        assert_eq!((start, end, peak), (2, 6, 0.9));
        assert!((mean - 2.2 / 3.0).abs() < 1e-6);
    }

    #[test]
    fn what_equals_a_limit_counts() {
        let times = |probabilities: &[f32]| -> Vec<(i64, i64)> {
            let found = events(probabilities, |settings| settings.min_duration = 2.0);
            found.iter().map(|event| (event.0, event.1)).collect()
        };
        // `on` is 0.7 and `off` 0.4; a window lasts 2 s.
        assert_eq!(times(&[0.1, 0.7, 0.4, 0.39]), [(1, 4)]);
        assert_eq!(times(&[0.1, 0.69, 0.1]), []);
        assert_eq!(times(&[0.1, 0.7, 0.1]), [(1, 3)]);
    }

    #[test]
    fn short_events_are_dropped_after_merging() {
        let probabilities = [
            0.8, 0.1, 0.1, 0.1, 0.8, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.8, 0.1,
        ];
        let spans = |found: Vec<(i64, i64, f32, f32)>| -> Vec<(i64, i64)> {
            found.iter().map(|event| (event.0, event.1)).collect()
        };
        assert_eq!(
            spans(events(&probabilities, |_| {})),
            [(0, 2), (4, 6), (11, 13)]
        );
        let merged = events(&probabilities, |settings| settings.merge_gap = 2.0);
        assert_eq!(spans(merged), [(0, 6), (11, 13)]);
        let long = events(&probabilities, |settings| {
            (settings.merge_gap, settings.min_duration) = (2.0, 2.5)
        });
        assert_eq!(spans(long), [(0, 6)]);
    }

    #[test]
    fn unknown_windows_and_gaps_end_events() {
        let found = events(&[0.8, 0.55, 0.8], |settings| settings.threshold = 0.6);
        assert_eq!(found.len(), 1, "they touch, so they are merged: {found:?}");
        let found = events(&[0.8, 0.55, 0.55, 0.55, 0.8], |settings| {
            settings.threshold = 0.6
        });
        assert_eq!(found.len(), 2);
        let spans = [(0, 0), (0, 1), (1, 10), (1, 11)];
        let found = run(&[0.8; 4], spans.into_iter(), |_| {});
        let times: Vec<(i64, i64)> = found.iter().map(|event| (event.0, event.1)).collect();
        assert_eq!(times, [(0, 3), (10, 13)]);
    }
}
