//! Turns the output of a [`Joiner`](crate::Joiner) into classified windows and events.

use data::recording::format_time;

use crate::classifier::{Classifier, Prediction};
use crate::error::PredictError;
use crate::events::{Event, EventDetector};
use crate::join::Joined;
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
        joined: Joined<'_>,
        classifier: &mut Classifier,
        out: &mut Vec<Finding>,
    ) -> Result<(), PredictError> {
        self.slider.take(joined, &mut self.waiting)?;
        if self.waiting.spans.len() >= self.batch {
            self.classify(classifier, out)?;
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
        self.classify(classifier, out)?;
        self.detector.finish(&mut self.events);
        out.extend(self.events.drain(..).map(Finding::Event));
        Ok(())
    }

    fn classify(
        &mut self,
        classifier: &mut Classifier,
        out: &mut Vec<Finding>,
    ) -> Result<(), PredictError> {
        let spans = &self.waiting.spans;
        if spans.is_empty() {
            return Ok(());
        }
        let samples = self.waiting.values.len() / (spans.len() * classifier.channels());
        let predictions = classifier
            .classify_samples(&self.waiting.values, samples, self.slider.hop())
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
        self.waiting.values.clear();
        self.waiting.spans.clear();
        Ok(())
    }
}
