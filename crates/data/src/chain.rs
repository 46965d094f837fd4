//! Steps over samples, planned.

use crate::signal::{self, Band, Butterworth};
use crate::steps::Step;

/// Steps over samples, planned for a sampling rate.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    steps: Vec<Planned>,
}

#[derive(Clone, Debug)]
enum Planned {
    Demean,
    Detrend,
    Filter(Butterworth, bool),
    Scale(f64),
    Standardise,
}

impl Chain {
    /// Plans `steps`, of which those of spectra are left out, for samples at `rate` Hz.
    ///
    /// # Errors
    /// With the step that cannot be done.
    pub fn new(steps: &[Step], rate: f64) -> Result<Self, String> {
        let plan = |step: &Step| {
            let filter = |order, band, zero_phase| {
                let filter = Butterworth::new(order, band, rate);
                filter.map(|filter| Planned::Filter(filter, zero_phase))
            };
            match step {
                Step::Demean => Ok(Planned::Demean),
                Step::Detrend => Ok(Planned::Detrend),
                Step::BandPass(own) => {
                    filter(own.order, Band::Pass(own.low, own.high), own.zero_phase)
                }
                Step::HighPass(own) => filter(own.order, Band::High(own.frequency), own.zero_phase),
                Step::LowPass(own) => filter(own.order, Band::Low(own.frequency), own.zero_phase),
                Step::Scale(factor) if factor.is_finite() => Ok(Planned::Scale(*factor)),
                Step::Scale(factor) => Err(format!("{factor} is no factor")),
                _ => Ok(Planned::Standardise),
            }
        };
        let samples = steps.iter().filter(|step| step.is_of_samples());
        let planned = samples
            .map(|step| plan(step).map_err(|problem| format!("`{}`: {problem}", step.name())));
        Ok(Self {
            steps: planned.collect::<Result<_, _>>()?,
        })
    }

    /// Whether nothing is done.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Does it to the samples of one channel.
    ///
    /// # Errors
    /// Where they are too few for a filter.
    pub fn apply(&self, x: &mut [f64]) -> Result<(), String> {
        for step in &self.steps {
            match step {
                Planned::Demean => signal::demean(x),
                Planned::Detrend => signal::detrend(x),
                Planned::Filter(filter, true) => filter.zero_phase(x)?,
                Planned::Filter(filter, false) => filter.causal(x),
                Planned::Scale(factor) => x.iter_mut().for_each(|v| *v *= factor),
                Planned::Standardise => {
                    signal::demean(x);
                    let power = x.iter().map(|v| v * v).sum::<f64>() / x.len().max(1) as f64;
                    // Constant channels become zero.
                    let scale = if power.sqrt() > 1e-6 {
                        1.0 / power.sqrt()
                    } else {
                        0.0
                    };
                    x.iter_mut().for_each(|v| *v *= scale);
                }
            }
        }
        Ok(())
    }
}
