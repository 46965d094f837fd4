//! Plans and applies steps over samples.

use super::steps::{Operation, Step};
use crate::error::PreprocessingError;
use crate::signal::{self, Butterworth, SignalError};

/// Steps over samples, planned for a sampling rate.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    steps: Vec<PlannedStep>,
}

/// What a step computes over samples at a sampling rate.
#[derive(Clone, Debug, PartialEq)]
pub enum PlannedStep {
    /// As [`Operation::Demean`].
    Demean,
    /// As [`Operation::Detrend`].
    Detrend,
    /// As [`Operation::Standardise`].
    Standardise,
    /// Multiplies, by neither zero nor infinity.
    Scale(f64),
    /// A designed filter.
    Filter {
        /// Name of the step.
        step: &'static str,
        /// The filter.
        filter: Butterworth,
        /// Whether it runs forwards and backwards.
        zero_phase: bool,
    },
}

impl Chain {
    /// The output of a step counts as rounding error if it is below this fraction of its input. Float64 rounds at
    /// 1e-16, filters lose some more digits, and float32 cannot represent numbers of such different magnitudes.
    pub const ROUNDING: f64 = 1e-10;

    /// Plans `steps` for samples at `rate` Hz; steps for spectra are ignored.
    ///
    /// # Errors
    /// If a step is impossible at this rate.
    pub fn new(steps: &[Step], rate: f64) -> Result<Self, PreprocessingError> {
        let planned = steps.iter().filter_map(|step| plan(step, rate).transpose());
        Ok(Self {
            steps: planned.collect::<Result<_, _>>()?,
        })
    }

    /// The steps in order.
    pub fn steps(&self) -> &[PlannedStep] {
        &self.steps
    }

    /// Whether there are no steps.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether each output sample depends on one input sample only, so that it is the same in any window or part.
    pub fn is_per_sample(&self) -> bool {
        let mut steps = self.steps.iter();
        steps.all(|step| matches!(step, PlannedStep::Scale(_)))
    }

    /// Applies the steps to the samples of one channel. The result for a constant (or, with `detrend`, a straight line)
    /// is exactly zero, regardless of its magnitude.
    ///
    /// # Errors
    /// If there are too few samples for a filter.
    pub fn apply(&self, x: &mut [f64]) -> Result<(), SignalError> {
        for step in &self.steps {
            if let PlannedStep::Scale(factor) = step {
                x.iter_mut().for_each(|v| *v *= factor);
                continue;
            }
            let before = largest(x);
            match step {
                PlannedStep::Scale(_) => {}
                PlannedStep::Demean | PlannedStep::Standardise => signal::demean(x),
                PlannedStep::Detrend => signal::detrend(x),
                PlannedStep::Filter {
                    filter, zero_phase, ..
                } => {
                    if *zero_phase {
                        filter.zero_phase(x)?;
                    } else {
                        filter.causal(x);
                    }
                }
            }
            if largest(x) <= Self::ROUNDING * before {
                x.fill(0.0);
            } else if matches!(step, PlannedStep::Standardise) {
                let power = x.iter().map(|v| v * v).sum::<f64>() / x.len() as f64;
                let scale = 1.0 / power.sqrt();
                x.iter_mut().for_each(|v| *v *= scale);
            }
        }
        Ok(())
    }
}

/// Plans a step; `None` if it works on spectra or features.
fn plan(step: &Step, rate: f64) -> Result<Option<PlannedStep>, PreprocessingError> {
    let Some(operation) = step.operation() else {
        return Ok(None);
    };
    let planned = match operation {
        Operation::Demean => PlannedStep::Demean,
        Operation::Detrend => PlannedStep::Detrend,
        Operation::Standardise => PlannedStep::Standardise,
        Operation::Scale(factor) if factor.is_finite() && factor != 0.0 => {
            PlannedStep::Scale(factor)
        }
        Operation::Scale(factor) => return Err(PreprocessingError::Scale { factor }),
        Operation::Filter {
            order,
            band,
            zero_phase,
        } => {
            let step = step.name();
            let filter = Butterworth::new(order, band, rate)
                .map_err(|problem| PreprocessingError::Filter { step, problem })?;
            PlannedStep::Filter {
                step,
                filter,
                zero_phase,
            }
        }
    };
    Ok(Some(planned))
}

fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |largest, v| largest.max(v.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preprocessing::steps::{BandSettings, EdgeSettings};

    fn applied(steps: &[Step], x: &[f64]) -> Vec<f64> {
        let mut x = x.to_vec();
        Chain::new(steps, 100.0).unwrap().apply(&mut x).unwrap();
        x
    }

    #[test]
    fn chains_run_in_order() {
        let steps = [Step::Demean, Step::Scale(2.0), Step::Standardise];
        assert_eq!(applied(&steps, &[1.0, 3.0]), [-1.0, 1.0]);
        assert_eq!(applied(&steps, &[4.0; 3]), [0.0; 3]);
        assert!(Chain::new(&[Step::Scale(0.0)], 100.0).is_err());
    }

    /// A dead channel stays dead at any offset; a signal stays a signal at any amplitude.
    #[test]
    fn only_rounding_is_silenced() {
        let high = EdgeSettings {
            frequency: 2.0,
            order: 4,
            zero_phase: true,
        };
        let band = BandSettings {
            low: 1.0,
            high: 20.0,
            order: 4,
            zero_phase: true,
        };
        let each = [
            Step::Demean,
            Step::Detrend,
            Step::Standardise,
            Step::HighPass(high),
            Step::BandPass(band),
        ];
        for amplitude in [1e-12, 1.0 / 3.0, 1e12] {
            let constant = vec![amplitude; 333];
            let wave: Vec<f64> = (0..333)
                .map(|i| amplitude * (1e6 + (0.7 * f64::from(i)).sin()))
                .collect();
            for step in &each {
                let steps = std::slice::from_ref(step);
                assert!(
                    applied(steps, &constant).iter().all(|v| *v == 0.0),
                    "{step:?}"
                );
                assert!(applied(steps, &wave).iter().any(|v| *v != 0.0), "{step:?}");
            }
        }
        // Exact for powers of two.
        let wave: Vec<f64> = (0..333).map(|i| f64::from(i * i % 17)).collect();
        let small: Vec<f64> = wave.iter().map(|v| v * 2f64.powi(-40)).collect();
        let steps = [Step::Detrend, Step::BandPass(band), Step::Standardise];
        assert_eq!(applied(&steps, &small), applied(&steps, &wave));
    }
}
