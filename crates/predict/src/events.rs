//! Probabilities of windows become events.
//!
//! An event of a class begins with a window in which the class is the most probable one, at `on` or above, and lasts as
//! long as its probability stays at `off` or above. Its time is from the start of its first window to the end of its
//! last. It ends at a gap, and with a window in which another class turns on. Events of one class that are no more than
//! `merge_gap` apart, with no other event between them, are one; those shorter than `min_duration` are dropped then.

use std::collections::VecDeque;

use data::recording::NANOS;

use crate::classifier::Prediction;
use crate::slide::Span;

/// Classes that make no events where nothing else is said.
const QUIET: [&str; 3] = ["background", "noise", "no_event"];

/// Whether a class of this name makes no events where nothing else is said.
pub fn makes_no_events(class: &str) -> bool {
    QUIET.contains(&class.to_lowercase().as_str())
}

/// When events begin and end.
#[derive(Clone, Debug, PartialEq)]
pub struct EventSettings {
    /// Probability from which on an event begins.
    pub on: f32,
    /// Probability below which it ends.
    pub off: f32,
    /// Shortest event, in seconds.
    pub min_duration: f64,
    /// Longest pause within an event, in seconds.
    pub merge_gap: f64,
    /// Windows whose highest probability is below are unknown, and in no event.
    pub threshold: f32,
    /// By class, whether it makes no events, as background does.
    pub ignored: Vec<bool>,
}

/// A stretch of windows of one class.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The class.
    pub class: usize,
    /// Start of its first window, in nanoseconds.
    pub start: i64,
    /// End of its last window.
    pub end: i64,
    /// Its windows.
    pub windows: usize,
    /// Sum of the class's probabilities over them.
    sum: f64,
    /// Highest of them.
    pub peak: f32,
    /// Middle of the window with the highest.
    pub peak_time: i64,
}

impl Event {
    /// Mean of the class's probabilities over its windows.
    pub fn mean(&self) -> f32 {
        (self.sum / self.windows as f64) as f32
    }

    /// Seconds.
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

/// See the module.
#[derive(Clone, Debug)]
pub struct EventDetector {
    settings: EventSettings,
    /// The event that goes on.
    open: Option<Event>,
    /// Number of the last window's stretch.
    stretch: usize,
    /// Events that ended, which later ones may still be merged with.
    ended: VecDeque<Event>,
}

impl EventDetector {
    /// Before the first window.
    pub fn new(settings: EventSettings) -> Self {
        Self {
            settings,
            open: None,
            stretch: 0,
            ended: VecDeque::new(),
        }
    }

    /// Takes the next window; appends the events that are certain now to `out`, in the order of their starts.
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
            let own = prediction.probabilities[event.class];
            let lasts = own >= off && confidence >= threshold;
            if lasts && (top == event.class || !begins) {
                event.add(span, own);
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
        self.hand_out(span.start, out);
    }

    /// The last events: no window comes any more.
    pub fn finish(&mut self, out: &mut Vec<Event>) {
        self.close();
        self.hand_out(i64::MAX, out);
    }

    /// Ends the event that goes on.
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

    /// Hands out what no event that begins at `now` or later can be merged with.
    fn hand_out(&mut self, now: i64, out: &mut Vec<Event>) {
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
            .take_while(|own| certain(*own))
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

    /// Windows of 2 s every second; the probability of `event`, the rest is background.
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
            .map(|own| (own.start / second, own.end / second, own.mean(), own.peak))
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
    fn short_events_are_dropped_after_merging() {
        let probabilities = [
            0.8, 0.1, 0.1, 0.1, 0.8, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.8, 0.1,
        ];
        let spans = |own: Vec<(i64, i64, f32, f32)>| -> Vec<(i64, i64)> {
            own.iter().map(|own| (own.0, own.1)).collect()
        };
        assert_eq!(
            spans(events(&probabilities, |_| {})),
            [(0, 2), (4, 6), (11, 13)]
        );
        let merged = events(&probabilities, |own| own.merge_gap = 2.0);
        assert_eq!(spans(merged), [(0, 6), (11, 13)]);
        let long = events(&probabilities, |own| {
            (own.merge_gap, own.min_duration) = (2.0, 2.5)
        });
        assert_eq!(spans(long), [(0, 6)]);
    }

    #[test]
    fn unknown_windows_and_gaps_end_events() {
        let found = events(&[0.8, 0.55, 0.8], |own| own.threshold = 0.6);
        assert_eq!(found.len(), 1, "they touch, so they are merged: {found:?}");
        let found = events(&[0.8, 0.55, 0.55, 0.55, 0.8], |own| own.threshold = 0.6);
        assert_eq!(found.len(), 2);
        let spans = [(0, 0), (0, 1), (1, 10), (1, 11)];
        let found = run(&[0.8; 4], spans.into_iter(), |_| {});
        let times: Vec<(i64, i64)> = found.iter().map(|own| (own.0, own.1)).collect();
        assert_eq!(times, [(0, 3), (10, 13)]);
    }
}
