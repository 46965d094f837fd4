//! From what a [`Joiner`](crate::Joiner) puts out to windows with probabilities, and events.

use data::recording::format_time;

use crate::classifier::{Classifier, Prediction};
use crate::error::PredictError;
use crate::events::{Event, EventDetector};
use crate::join::Joined;
use crate::slide::{Slider, Span, Windows};

/// A result.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// A window and what it is taken for.
    Window(Span, Prediction),
    /// An event that has ended.
    Event(Event),
}

/// Classifies the windows of one recording or stream, and finds its events.
pub struct Analysis {
    slider: Slider,
    waiting: Windows,
    /// Windows that are classified together.
    batch: usize,
    detector: EventDetector,
    events: Vec<Event>,
}

impl Analysis {
    /// Classifies `batch` windows at once: 1 gives every result as soon as it can be known.
    pub fn new(slider: Slider, detector: EventDetector, batch: usize) -> Self {
        Self {
            slider,
            waiting: Windows::default(),
            batch,
            detector,
            events: Vec::new(),
        }
    }

    /// Where the samples went.
    pub fn slider(&self) -> &Slider {
        &self.slider
    }

    /// Takes what comes next; appends results to `out`, in the order of time.
    ///
    /// # Errors
    /// [`PredictError`] where a stretch cannot be resampled, or a window cannot be classified.
    pub fn take(
        &mut self,
        joined: Joined<'_>,
        classifier: &mut Classifier,
        out: &mut Vec<Finding>,
    ) -> Result<(), PredictError> {
        self.slider
            .take(joined, &mut self.waiting)
            .map_err(PredictError::Usage)?;
        if self.waiting.spans.len() >= self.batch {
            self.classify(classifier, out)?;
        }
        Ok(())
    }

    /// The last results: nothing comes any more.
    ///
    /// # Errors
    /// As [`Analysis::take`].
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
            .classify_samples(&self.waiting.values, samples)
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
