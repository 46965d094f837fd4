//! Turns the output of a [`Joiner`](crate::Joiner) into classified windows and events.

use data::recording::format_time;

use crate::classifier::{Classifier, Prediction};
use crate::error::PredictError;
use crate::events::{Event, EventDetector};
use crate::join::JoinerEvent;
use crate::slide::{Slider, Span, Windows};

/// A classified window or an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// A window and its prediction.
    Window(Span, Prediction),
    /// A completed event.
    Event(Event),
}

/// Classifies the windows of one recording or stream and detects its events.
pub struct Analysis {
    slider: Slider,
    waiting: Windows,
    /// Number of windows classified at once.
    batch: usize,
    detector: EventDetector,
    events: Vec<Event>,
}

impl Analysis {
    /// Classifies `batch` windows at once; with 1, each result is available as early as possible.
    pub fn new(slider: Slider, detector: EventDetector, batch: usize) -> Self {
        Self {
            slider,
            waiting: Windows::default(),
            batch,
            detector,
            events: Vec::new(),
        }
    }

    /// The slider, for its sample counts.
    pub fn slider(&self) -> &Slider {
        &self.slider
    }

    /// Processes the next samples and appends findings to `out` in time order.
    ///
    /// # Errors
    /// [`PredictError`] if a stretch cannot be resampled, or a window cannot be classified.
    pub fn take(
        &mut self,
        event: JoinerEvent<'_>,
        classifier: &mut Classifier,
        out: &mut Vec<Finding>,
    ) -> Result<(), PredictError> {
        self.slider.take(event, &mut self.waiting)?;
        let waiting = self.waiting.spans.len();
        if waiting >= self.batch {
            // Windows that are scaled together are so in the order of their times, however many come at once.
            let rest = if classifier.is_batch_independent() {
                0
            } else {
                waiting % classifier.at_once()
            };
            self.classify(waiting - rest, classifier, out)?;
        }
        Ok(())
    }

    /// Appends the last findings at the end of the input.
    ///
    /// # Errors
    /// [`PredictError`] if a window cannot be classified.
    pub fn finish(
        &mut self,
        classifier: &mut Classifier,
        out: &mut Vec<Finding>,
    ) -> Result<(), PredictError> {
        self.classify(self.waiting.spans.len(), classifier, out)?;
        self.detector.finish(&mut self.events);
        out.extend(self.events.drain(..).map(Finding::Event));
        Ok(())
    }

    /// Classifies the first `count` windows that wait.
    fn classify(
        &mut self,
        count: usize,
        classifier: &mut Classifier,
        out: &mut Vec<Finding>,
    ) -> Result<(), PredictError> {
        if count == 0 {
            return Ok(());
        }
        let length = self.waiting.values.len() / self.waiting.spans.len();
        let (values, spans) = (
            &self.waiting.values[..count * length],
            &self.waiting.spans[..count],
        );
        let samples = length / classifier.channels();
        let predictions = classifier
            .classify_samples(values, samples, self.slider.hop())
            .map_err(|error| match error {
                PredictError::Window { index, problem } => PredictError::Usage(format!(
                    "the window at {}: {problem}",
                    format_time(spans[index].start)
                )),
                other => other,
            })?;
        for (span, prediction) in spans.iter().zip(predictions) {
            self.detector.add(*span, &prediction, &mut self.events);
            out.push(Finding::Window(*span, prediction));
            out.extend(self.events.drain(..).map(Finding::Event));
        }
        self.waiting.values.drain(..count * length);
        self.waiting.spans.drain(..count);
        Ok(())
    }
}
