//! How the windows of a model are cut from recordings.

use data::{Chain, Step};

use crate::classifier::Classifier;
use crate::error::PredictError;
use crate::slide::{Cutting, Slider};

/// Longest hop, in samples.
const LONGEST_HOP: usize = 1 << 24;

impl Cutting {
    /// Cuts windows of a model every `hop` samples, by default half a window. `model_rate` is the sampling rate in Hz of a
    /// model that does not store it.
    ///
    /// # Errors
    /// [`PredictError::Usage`] if a value is missing or invalid, or contradicts the model.
    pub fn new(
        classifier: &Classifier,
        hop: Option<usize>,
        model_rate: Option<f64>,
    ) -> Result<Self, PredictError> {
        let usage = |problem: String| PredictError::Usage(problem);
        if let Some([segments, length]) = classifier.preprocessing().own_segments {
            return Err(usage(format!(
                "the model was trained on samples that came in {segments} segments of {length} values, such as spectra, and not on \
                 windows: it cannot be used on recordings, only on such samples (`predict windows`)"
            )));
        }
        let window = classifier.window_samples().ok_or_else(|| {
            usage("the model does not store its window length: give --window-samples".into())
        })?;
        let rate = match (classifier.sampling_rate(), model_rate) {
            (Some(stored), Some(given)) if (stored / given - 1.0).abs() > 1e-6 => {
                return Err(usage(format!(
                    "--model-rate {given}: the model was trained with {stored} Hz"
                )));
            }
            (Some(stored), _) => stored,
            (None, Some(given)) if (1e-6..=1e9).contains(&given) => given,
            (None, Some(given)) => {
                return Err(usage(format!(
                    "--model-rate {given} is not a valid sampling rate in Hz"
                )));
            }
            (None, None) => {
                return Err(usage(
                    "the model does not store its sampling rate: give --model-rate HZ".into(),
                ));
            }
        };
        let hop = hop.unwrap_or((window / 2).max(1));
        if !(1..=LONGEST_HOP).contains(&hop) {
            return Err(usage(format!("--hop {hop}: expected 1 to {LONGEST_HOP}")));
        }
        Ok(Self {
            channels: classifier.channels(),
            window,
            hop,
            rate,
            from: i64::MIN,
            until: i64::MAX,
        })
    }
}

impl Slider {
    /// A slider that prepares recordings as those that the model was trained on.
    ///
    /// # Errors
    /// [`PredictError::Usage`] if a step is impossible at the model's rate.
    pub fn of_model(classifier: &Classifier, cutting: Cutting) -> Result<Self, PredictError> {
        let steps = &classifier.preprocessing().recording_steps;
        let chain = Chain::new(steps, cutting.rate).map_err(|problem| {
            PredictError::Usage(format!("`recording_steps` of the model: {problem}"))
        })?;
        Ok(Self::new(cutting).with_steps(chain))
    }

    /// Likewise, for samples that are still coming in.
    ///
    /// # Errors
    /// [`PredictError::Usage`] if a step needs the whole recording.
    pub fn of_stream(classifier: &Classifier, cutting: Cutting) -> Result<Self, PredictError> {
        let slider = Self::of_model(classifier, cutting)?;
        if slider.works_sample_by_sample() {
            return Ok(slider);
        }
        let steps = &classifier.preprocessing().recording_steps;
        let names: Vec<&str> = steps.iter().map(Step::name).collect();
        Err(PredictError::Usage(format!(
            "the import of the model's recordings applied `preprocessing` to the whole of each ({}), and a stream has no end: use \
             `predict recording`, or train with these steps in `preprocessing` of dataset_config.yaml, which works on windows",
            names.join(", ")
        )))
    }
}
