//! Steps over a window before its segments are cut, computed in float or, if one of them is a filter, in double.

use std::fmt::Write;

use data::{Chain, PlannedStep, Preprocessing};

use super::text::{array, float};
use crate::DeployError;

/// Definitions of the steps.
pub(super) struct Steps {
    /// Definitions and tables in C.
    pub text: String,
    /// Size of the tables in bytes.
    pub table_bytes: usize,
    /// Size of the buffers in bytes.
    pub buffer_bytes: usize,
}

impl Steps {
    /// The steps for windows `[channels, samples]`.
    ///
    /// # Errors
    /// [`DeployError::FrontEnd`] if a filter cannot be designed, or is longer than the window.
    pub fn new(
        preprocessing: &Preprocessing,
        [channels, samples]: [usize; 2],
    ) -> Result<Self, DeployError> {
        let chain = Chain::new(&preprocessing.steps, preprocessing.spectral.sampling_rate)
            .map_err(|error| DeployError::FrontEnd(format!("the step {error}")))?;
        let steps = chain.steps();
        let used = |wanted: fn(&PlannedStep) -> bool| u8::from(steps.iter().any(wanted));
        let mut text = format!(
            "#define STEP_DEMEAN {}\n#define STEP_DETREND {}\n#define STEP_SCALE {}\n#define STEP_STANDARDISE {}\n",
            used(|step| *step == PlannedStep::Demean),
            used(|step| *step == PlannedStep::Detrend),
            used(|step| matches!(step, PlannedStep::Scale(_))),
            used(|step| *step == PlannedStep::Standardise),
        );
        // Filter sections `b0, b1, b2, a1, a2`, and the maximum padding of a zero-phase filter.
        let (mut filters, mut padding) = (Vec::new(), None);
        for planned in steps {
            let PlannedStep::Filter {
                step,
                filter,
                zero_phase,
            } = planned
            else {
                continue;
            };
            if *zero_phase && filter.padding() >= samples {
                return Err(DeployError::FrontEnd(format!(
                    "the step `{step}` is longer than a window of {samples} samples"
                )));
            }
            padding = padding.max(zero_phase.then(|| filter.padding()));
            filters.push(filter.sections().collect::<Vec<_>>());
        }
        if filters.is_empty() {
            let _ = writeln!(text, "#define PREPARE_CHANNEL(c){}", in_float(steps));
            return Ok(Self {
                text,
                table_bytes: 0,
                buffer_bytes: 0,
            });
        }
        let _ = write!(
            text,
            "#define FILTERED 1\n#define STEP_ZERO_PHASE {}\n#define PADDING {}\n#define PREPARE_CHANNEL(c)\n#define WINDOW_STEPS{}\n",
            u8::from(padding.is_some()),
            padding.unwrap_or(0),
            in_double(steps),
        );
        for (i, filter) in filters.iter().enumerate() {
            let values = filter.concat();
            text.push_str(&array("double", &format!("filter{i}"), &values, |v| {
                format!("{v:?}")
            }));
        }
        let sections: usize = filters.iter().map(Vec::len).sum();
        Ok(Self {
            text,
            table_bytes: 40 * sections,
            buffer_bytes: 8 * (samples + 2 * padding.unwrap_or(0)) + 4 * channels * samples,
        })
    }
}

/// Calls for one channel in float, if no step is a filter.
fn in_float(steps: &[PlannedStep]) -> String {
    let call = |step: &PlannedStep| match step {
        PlannedStep::Demean => " demean(c);".to_owned(),
        PlannedStep::Detrend => " detrend(c);".to_owned(),
        PlannedStep::Standardise => " standardise(c);".to_owned(),
        PlannedStep::Scale(factor) => format!(" scale_samples(c, {});", float(*factor as f32)),
        PlannedStep::Filter { .. } => unreachable!("filters run in double"),
    };
    steps.iter().map(call).collect()
}

/// Operations on the samples `x` of one channel in double.
fn in_double(steps: &[PlannedStep]) -> String {
    let mut filters = 0;
    let mut calls = String::new();
    for step in steps {
        let call = match step {
            // `standardise` is scaled after rounding noise has been set to zero.
            PlannedStep::Demean | PlannedStep::Standardise => "demean_window(x)".to_owned(),
            PlannedStep::Detrend => "detrend_window(x)".to_owned(),
            PlannedStep::Scale(factor) => {
                let _ = write!(calls, " scale_window(x, {factor:?});");
                continue;
            }
            PlannedStep::Filter {
                filter, zero_phase, ..
            } => {
                let (i, count) = (filters, filter.sections().count());
                filters += 1;
                if *zero_phase {
                    let padding = filter.padding();
                    format!("filter_zero_phase(x, filter{i}, {count}, {padding})")
                } else {
                    format!("run_sections(x, SAMPLES, filter{i}, {count}, 0)")
                }
            }
        };
        let _ = write!(calls, " before = largest(x); {call}; silence(x, before);");
        if *step == PlannedStep::Standardise {
            calls.push_str(" standardise_window(x);");
        }
    }
    calls
}
