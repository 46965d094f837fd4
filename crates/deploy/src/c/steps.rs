//! What is done to a window before its segments are cut: in float where no step is a filter, else in double.

use std::fmt::Write;

use data::signal::Butterworth;
use data::{Operation, Preprocessing, Step};

use super::text::{array, float};
use crate::DeployError;

/// Definitions of the steps.
pub(super) struct Steps {
    /// Definitions and tables, C.
    pub text: String,
    /// Bytes of the tables.
    pub table_bytes: usize,
    /// Bytes of the buffers.
    pub buffer_bytes: usize,
}

/// A filter as C has it: sections `b0, b1, b2, a1, a2`, and samples that it adds at both ends, where it has no phase.
struct Filter {
    sections: Vec<[f64; 5]>,
    padding: Option<usize>,
}

impl Steps {
    /// Of windows `[channels, samples]`.
    ///
    /// # Errors
    /// [`DeployError::FrontEnd`] where a filter cannot be designed, or is longer than the window.
    pub fn new(
        preprocessing: &Preprocessing,
        [channels, samples]: [usize; 2],
    ) -> Result<Self, DeployError> {
        let mut filters = Vec::new();
        for step in &preprocessing.steps {
            if let Some(filter) = filter(step, preprocessing.spectral.sampling_rate)? {
                if filter.padding.is_some_and(|padding| padding >= samples) {
                    return Err(DeployError::FrontEnd(format!(
                        "the step `{}` is longer than a window of {samples} samples",
                        step.name()
                    )));
                }
                filters.push(filter);
            }
        }
        let used = |wanted: fn(Operation) -> bool| u8::from(operations(preprocessing).any(wanted));
        let mut text = format!(
            "#define STEP_DEMEAN {}\n#define STEP_DETREND {}\n#define STEP_SCALE {}\n#define STEP_STANDARDISE {}\n",
            used(|operation| operation == Operation::Demean),
            used(|operation| operation == Operation::Detrend),
            used(|operation| matches!(operation, Operation::Scale(_))),
            used(|operation| operation == Operation::Standardise),
        );
        if filters.is_empty() {
            let _ = writeln!(
                text,
                "#define PREPARE_CHANNEL(c){}",
                in_float(preprocessing)
            );
            return Ok(Self {
                text,
                table_bytes: 0,
                buffer_bytes: 0,
            });
        }
        let padding = filters.iter().filter_map(|f| f.padding).max();
        let _ = write!(
            text,
            "#define FILTERED 1\n#define STEP_ZERO_PHASE {}\n#define PADDING {}\n#define PREPARE_CHANNEL(c)\n#define WINDOW_STEPS{}\n",
            u8::from(padding.is_some()),
            padding.unwrap_or(0),
            in_double(preprocessing, &filters),
        );
        for (i, filter) in filters.iter().enumerate() {
            let values = filter.sections.concat();
            text.push_str(&array("double", &format!("filter{i}"), &values, |v| {
                format!("{v:?}")
            }));
        }
        let sections: usize = filters.iter().map(|f| f.sections.len()).sum();
        Ok(Self {
            text,
            table_bytes: 40 * sections,
            buffer_bytes: 8 * (samples + 2 * padding.unwrap_or(0)) + 4 * channels * samples,
        })
    }
}

/// What is computed over samples, in order.
fn operations(preprocessing: &Preprocessing) -> impl Iterator<Item = Operation> + '_ {
    preprocessing.steps.iter().filter_map(Step::operation)
}

/// The filter of a step, where it is one.
fn filter(step: &Step, rate: f64) -> Result<Option<Filter>, DeployError> {
    let Some(Operation::Filter {
        order,
        band,
        zero_phase,
    }) = step.operation()
    else {
        return Ok(None);
    };
    let designed = Butterworth::new(order, band, rate)
        .map_err(|error| DeployError::FrontEnd(format!("the step `{}`: {error}", step.name())))?;
    Ok(Some(Filter {
        padding: zero_phase.then(|| designed.padding()),
        sections: designed.sections().collect(),
    }))
}

/// Calls for a channel, in float, where no step is a filter.
fn in_float(preprocessing: &Preprocessing) -> String {
    let call = |operation| match operation {
        Operation::Demean => " demean(c);".to_owned(),
        Operation::Detrend => " detrend(c);".to_owned(),
        Operation::Standardise => " standardise(c);".to_owned(),
        Operation::Scale(factor) => format!(" scale_samples(c, {});", float(factor as f32)),
        Operation::Filter { .. } => unreachable!("filters run in double"),
    };
    operations(preprocessing).map(call).collect()
}

/// What is done to the samples `x` of a channel, in double.
fn in_double(preprocessing: &Preprocessing, filters: &[Filter]) -> String {
    let mut filters = filters.iter().enumerate();
    let mut calls = String::new();
    for operation in operations(preprocessing) {
        let call = match operation {
            Operation::Demean => "demean_window(x)".to_owned(),
            Operation::Detrend => "detrend_window(x)".to_owned(),
            // Its scale comes after what is rounding has been silenced.
            Operation::Standardise => "demean_window(x)".to_owned(),
            Operation::Scale(factor) => {
                let _ = write!(calls, " scale_window(x, {factor:?});");
                continue;
            }
            Operation::Filter { .. } => {
                let (i, filter) = filters.next().expect("a filter a step");
                let count = filter.sections.len();
                match filter.padding {
                    Some(padding) => format!("filter_zero_phase(x, filter{i}, {count}, {padding})"),
                    None => format!("run_sections(x, SAMPLES, filter{i}, {count}, 0)"),
                }
            }
        };
        let _ = write!(calls, " before = largest(x); {call}; silence(x, before);");
        if operation == Operation::Standardise {
            calls.push_str(" standardise_window(x);");
        }
    }
    calls
}
