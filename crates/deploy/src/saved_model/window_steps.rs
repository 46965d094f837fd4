//! Steps over whole windows `[batch, channels, samples]` as TensorFlow operations.

use data::error::PreprocessingError;
use data::{Chain, Operation, Step};

use super::graph::{Float, Graph, Output};
use super::left_out::{LARGEST_MATRIX, LeftOut};

const DOUBLE: Float = Float::Double;

/// A step over windows of one length.
#[derive(Debug)]
pub(super) enum WindowStep {
    Demean,
    /// Of windows with this number of samples.
    Detrend(usize),
    Scale(f64),
    Standardise,
    Filter {
        /// Name of the step.
        name: &'static str,
        samples: usize,
        /// The response to an impulse at each sample, `[samples, samples]`.
        matrix: Vec<f64>,
    },
}

impl WindowStep {
    /// Plans a step over windows of `samples` samples at `rate` Hz.
    ///
    /// # Errors
    /// [`LeftOut`] if a graph cannot do it.
    pub fn plan(step: &Step, rate: f64, samples: usize) -> Result<Self, LeftOut> {
        // Steps over spectra were moved to `spectral` and `normalisation` when the configuration was read.
        let operation = step.operation().ok_or_else(|| LeftOut::Step {
            problem: format!("`{}` is not a step over samples", step.name()),
        })?;
        Ok(match operation {
            Operation::Demean => Self::Demean,
            Operation::Detrend => Self::Detrend(samples),
            Operation::Scale(factor) => Self::Scale(factor),
            Operation::Standardise => Self::Standardise,
            Operation::Filter { .. } => Self::Filter {
                name: step.name(),
                samples,
                matrix: filter_matrix(step, rate, samples)?,
            },
        })
    }
}

/// A filter over a whole window is linear: row `i` of its matrix is its response to an impulse at sample `i`.
fn filter_matrix(step: &Step, rate: f64, samples: usize) -> Result<Vec<f64>, LeftOut> {
    let bytes = samples
        .saturating_mul(samples)
        .saturating_mul(size_of::<f64>());
    if bytes > LARGEST_MATRIX {
        return Err(LeftOut::LargeFilter {
            step: step.name(),
            samples,
            mebibytes: bytes >> 20,
        });
    }
    let failed = |problem: PreprocessingError| LeftOut::Step {
        problem: problem.to_string(),
    };
    let chain = Chain::new(std::slice::from_ref(step), rate).map_err(failed)?;
    let mut matrix = vec![0.0; samples * samples];
    for (i, row) in matrix.chunks_exact_mut(samples).enumerate() {
        row[i] = 1.0;
        chain.apply(row).map_err(|problem| failed(problem.into()))?;
    }
    Ok(matrix)
}

/// Adds `steps` over `windows`; float32 to float32.
pub(super) fn add_steps(graph: &mut Graph, windows: &Output, steps: &[WindowStep]) -> Output {
    if steps.is_empty() {
        return windows.clone();
    }
    let mut x = graph.cast(windows, DOUBLE);
    for step in steps {
        x = match step {
            WindowStep::Demean => graph.within("demean", |graph| {
                let level = graph.demean(&x, &[2]);
                without_rounding(graph, &x, &level, &level)
            }),
            WindowStep::Detrend(samples) => graph.within("detrend", |graph| {
                let rest = add_detrend(graph, &x, *samples);
                without_rounding(graph, &x, &rest, &rest)
            }),
            WindowStep::Scale(factor) => graph.within("scale", |graph| {
                let factor = graph.numbers("factor", DOUBLE, &[], &[*factor]);
                graph.apply("Mul", DOUBLE, &[&x, &factor])
            }),
            WindowStep::Standardise => graph.within("standardise", |graph| {
                let level = graph.demean(&x, &[2]);
                let square = graph.apply("Square", DOUBLE, &[&level]);
                let variance = graph.reduce("Mean", DOUBLE, &square, &[2], true);
                let deviation = graph.apply("Sqrt", DOUBLE, &[&variance]);
                let scaled = graph.apply("RealDiv", DOUBLE, &[&level, &deviation]);
                without_rounding(graph, &x, &level, &scaled)
            }),
            WindowStep::Filter {
                name,
                samples,
                matrix,
            } => graph.within(name, |graph| {
                let matrix = graph.numbers("matrix", DOUBLE, &[*samples, *samples], matrix);
                let filtered = graph.apply("BatchMatMulV2", DOUBLE, &[&x, &matrix]);
                without_rounding(graph, &x, &filtered, &filtered)
            }),
        };
    }
    graph.cast(&x, Float::Single)
}

/// `result`, or zero in channels where `left` is only the rounding error of `before`: see [`Chain::ROUNDING`].
fn without_rounding(graph: &mut Graph, before: &Output, left: &Output, result: &Output) -> Output {
    let mut largest = |x: &Output| {
        let magnitude = graph.apply("Abs", DOUBLE, &[x]);
        graph.reduce("Max", DOUBLE, &magnitude, &[2], true)
    };
    let (before, left) = (largest(before), largest(left));
    let share = graph.numbers("rounding", DOUBLE, &[], &[Chain::ROUNDING]);
    let threshold = graph.apply("Mul", DOUBLE, &[&before, &share]);
    let is_rounding = graph.apply("LessEqual", DOUBLE, &[&left, &threshold]);
    let zero = graph.numbers("zero", DOUBLE, &[], &[0.0]);
    graph.apply("SelectV2", DOUBLE, &[&is_rounding, &zero, result])
}

/// Subtracts the least-squares line. Times are relative to their centre, so that mean and slope are independent.
fn add_detrend(graph: &mut Graph, x: &Output, samples: usize) -> Output {
    let n = samples as f64;
    let times: Vec<f64> = (0..samples).map(|i| i as f64 - (n - 1.0) / 2.0).collect();
    let norm = n * (n * n - 1.0) / 12.0;
    let weights: Vec<f64> = times.iter().map(|t| t / norm).collect();
    let times = graph.numbers("times", DOUBLE, &[1, 1, samples], &times);
    let weights = graph.numbers("weights", DOUBLE, &[samples, 1], &weights);
    let level = graph.demean(x, &[2]);
    let slope = graph.apply("BatchMatMulV2", DOUBLE, &[&level, &weights]);
    let line = graph.apply("Mul", DOUBLE, &[&slope, &times]);
    graph.apply("Sub", DOUBLE, &[&level, &line])
}
