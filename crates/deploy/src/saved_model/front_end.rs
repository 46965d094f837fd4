//! From raw windows to the network's input as TensorFlow operations: one function for each front end, step and
//! normalisation. Computes in float64 and rounds to float32 where [`data::Preprocessing`] does.
//!
//! Shapes: windows `[batch, channels, samples]`, features `[batch, channels, segments, features]`.

use data::{
    Chain, Compression, Normalisation, Preprocessing, SpectralConfig, SpectralMethod, Statistics,
    Step, WelchConfig, WelchDetrend, WelchScaling, WelchWindow, segment,
};
use model::InputShape;

use super::graph::{Float, Graph, Output};
use crate::proto::{Attr, DT_BOOL, DT_COMPLEX128, DT_DOUBLE, DT_INT32};

/// Largest matrix of a filter over a whole window, in bytes.
const LARGEST_MATRIX: usize = 64 << 20;

/// Below this a standard deviation counts as none, as in the data crate.
const CONSTANT: f64 = 1e-6;

/// Below this a spectral value counts as zero for `log`, as in the data crate.
const SPECTRAL_FLOOR: f64 = 1e-6;

/// Why raw windows cannot be classified by the graph alone.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LeftOut {
    /// Inputs depend on their neighbours in the batch.
    #[error("`normalisation: batch` scales inputs by the other samples of their batch")]
    BatchStatistics,
    /// The number of samples of a window does not follow from the model.
    #[error(
        "the model does not say how many samples a window has: {features} spectral values a segment can come of many \
         lengths"
    )]
    UnknownWindow {
        /// Features of a segment.
        features: usize,
    },
    /// The network's input is not what the preprocessing gives.
    #[error(
        "a window of {samples} samples cannot be cut into {segments} half-overlapping segments: the training data came \
         in segments of their own"
    )]
    Segments {
        /// Samples of a window.
        samples: usize,
        /// Segments of the network's input.
        segments: usize,
    },
    /// A filter over a long window.
    #[error(
        "`{step}` over {samples} samples would be a matrix of {megabytes} MB; at most {} are written",
        LARGEST_MATRIX >> 20
    )]
    LargeFilter {
        /// Name of the step.
        step: &'static str,
        /// Samples of a window.
        samples: usize,
        /// Size of the matrix.
        megabytes: usize,
    },
    /// A step that cannot be done over these windows.
    #[error("{problem}")]
    Step {
        /// What is wrong.
        problem: String,
    },
}

/// The operations before a network, planned.
#[derive(Debug)]
pub(super) struct FrontEnd<'a> {
    /// `[channels, samples]` of a window.
    pub window: [usize; 2],
    steps: Vec<WindowStep>,
    preprocessing: &'a Preprocessing,
    segment: usize,
}

/// A step over whole windows.
#[derive(Debug)]
enum WindowStep {
    Demean,
    Detrend,
    Scale(f64),
    Standardise,
    /// Name of the step, and the response `[samples, samples]` to an impulse at each sample.
    Filter(&'static str, Vec<f64>),
}

impl<'a> FrontEnd<'a> {
    /// Plans what turns windows of `samples` samples into `input`. Where `samples` is none it is taken from the number of
    /// features, if it follows from that.
    ///
    /// # Errors
    /// [`LeftOut`] where a graph cannot do it.
    pub fn plan(
        preprocessing: &'a Preprocessing,
        input: InputShape,
        samples: Option<usize>,
    ) -> Result<Self, LeftOut> {
        match preprocessing.normalisation {
            Normalisation::Batch => return Err(LeftOut::BatchStatistics),
            Normalisation::Dataset if preprocessing.statistics.is_none() => {
                return Err(LeftOut::BatchStatistics);
            }
            Normalisation::Sample | Normalisation::Dataset | Normalisation::None => {}
        }
        let features = input.channels;
        let samples = match (samples, preprocessing.spectral.method) {
            (Some(samples), _) => samples,
            // A segment has as many features as samples, and is a quarter of the window.
            (None, SpectralMethod::None | SpectralMethod::Fft) => 4 * features,
            (None, SpectralMethod::Welch) => return Err(LeftOut::UnknownWindow { features }),
        };
        let segments = input.width;
        let segment = segment(samples)
            .filter(|_| segments == preprocessing.segments)
            .ok_or(LeftOut::Segments { samples, segments })?;
        let rate = preprocessing.spectral.sampling_rate;
        let steps = preprocessing.steps.iter();
        let steps = steps.map(|step| plan_step(step, rate, samples));
        Ok(Self {
            window: [input.height, samples],
            steps: steps.collect::<Result<_, _>>()?,
            preprocessing,
            segment,
        })
    }

    /// Adds the operations and returns the network's input, float32.
    pub fn add(&self, graph: &mut Graph, windows: &Output) -> Output {
        let windows = self.add_steps(graph, windows);
        let spectral = &self.preprocessing.spectral;
        let features = match spectral.method {
            SpectralMethod::None => {
                graph.within("segments", |graph| self.add_segments(graph, &windows))
            }
            SpectralMethod::Fft => graph.within("fft", |graph| self.add_fft(graph, &windows)),
            SpectralMethod::Welch => graph.within("welch", |graph| {
                self.add_welch(graph, &windows, &spectral.welch)
            }),
        };
        let features = match spectral.method {
            // Samples are left alone.
            SpectralMethod::None => features,
            SpectralMethod::Fft | SpectralMethod::Welch => {
                add_compression(graph, &features, spectral.compression)
            }
        };
        graph.within("normalise", |graph| {
            self.add_normalisation(graph, &features)
        })
    }

    /// Steps over whole windows; float32 to float32.
    fn add_steps(&self, graph: &mut Graph, windows: &Output) -> Output {
        if self.steps.is_empty() {
            return windows.clone();
        }
        let mut x = graph.cast(windows, Float::Double);
        for step in &self.steps {
            x = match step {
                WindowStep::Demean => graph.within("demean", |graph| add_demean(graph, &x)),
                WindowStep::Detrend => graph.within("detrend", |graph| self.add_detrend(graph, &x)),
                WindowStep::Scale(factor) => graph.within("scale", |graph| {
                    let factor = graph.numbers("factor", Float::Double, &[], &[*factor]);
                    graph.apply("Mul", Float::Double, &[&x, &factor])
                }),
                WindowStep::Standardise => {
                    graph.within("standardise", |graph| add_standardise(graph, &x, &[2]))
                }
                WindowStep::Filter(name, matrix) => graph.within(name, |graph| {
                    let [_, samples] = self.window;
                    let shape = [samples, samples];
                    let matrix = graph.numbers("matrix", Float::Double, &shape, matrix);
                    graph.apply("BatchMatMulV2", Float::Double, &[&x, &matrix])
                }),
            };
        }
        graph.cast(&x, Float::Single)
    }

    /// Subtracts the straight line of least squares; times are around their middle, so that mean and slope are
    /// independent.
    fn add_detrend(&self, graph: &mut Graph, x: &Output) -> Output {
        let [_, samples] = self.window;
        let n = samples as f64;
        let times: Vec<f64> = (0..samples).map(|i| i as f64 - (n - 1.0) / 2.0).collect();
        let norm = n * (n * n - 1.0) / 12.0;
        let weights: Vec<f64> = times.iter().map(|t| t / norm).collect();
        let times = graph.numbers("times", Float::Double, &[1, 1, samples], &times);
        let weights = graph.numbers("weights", Float::Double, &[samples, 1], &weights);
        let level = add_demean(graph, x);
        let slope = graph.apply("BatchMatMulV2", Float::Double, &[&level, &weights]);
        let line = graph.apply("Mul", Float::Double, &[&slope, &times]);
        graph.apply("Sub", Float::Double, &[&level, &line])
    }

    /// Front end `none`: the samples of half-overlapping segments.
    fn add_segments(&self, graph: &mut Graph, windows: &Output) -> Output {
        let indices = self.segment_indices(graph, &[0], self.segment);
        graph.gather_last(Float::Single, windows, 3, &indices)
    }

    /// Front end `fft`: magnitudes of all bins, the second half mirrored.
    fn add_fft(&self, graph: &mut Graph, windows: &Output) -> Output {
        let segments = self.add_segments(graph, windows);
        let segments = graph.cast(&segments, Float::Double);
        let n = self.segment as i32;
        let half = add_magnitudes(graph, &segments, n);
        let mirrored: Vec<i32> = (0..n).map(|i| if i <= n / 2 { i } else { n - i }).collect();
        let mirrored = graph.integers("mirrored", &[self.segment], &mirrored);
        let all = graph.gather_last(Float::Double, &half, 4, &mirrored);
        graph.cast(&all, Float::Single)
    }

    /// Front end `welch`: mean power of windowed stretches of each segment.
    fn add_welch(&self, graph: &mut Graph, windows: &Output, welch: &WelchConfig) -> Output {
        let WelchPlan {
            starts,
            window,
            factors,
        } = WelchPlan::new(&self.preprocessing.spectral, self.segment);
        let indices = self.segment_indices(graph, &starts, welch.nperseg);
        // [batch, channels, segments, stretches, samples of a stretch]
        let stretches = graph.gather_last(Float::Single, windows, 3, &indices);
        let mut stretches = graph.cast(&stretches, Float::Double);
        match welch.detrend {
            WelchDetrend::Constant => {
                let mean = graph.reduce("Mean", Float::Double, &stretches, &[4], true);
                stretches = graph.apply("Sub", Float::Double, &[&stretches, &mean]);
            }
            WelchDetrend::None => {}
        }
        let window = graph.numbers("window", Float::Double, &[window.len()], &window);
        let windowed = graph.apply("Mul", Float::Double, &[&stretches, &window]);
        let zeros = (welch.nfft - welch.nperseg) as i32;
        let padded = add_zeros(graph, &windowed, 5, zeros);
        let magnitudes = add_magnitudes(graph, &padded, welch.nfft as i32);
        let power = graph.apply("Square", Float::Double, &[&magnitudes]);
        let power = graph.reduce("Sum", Float::Double, &power, &[3], false);
        let factors = graph.numbers("factors", Float::Double, &[factors.len()], &factors);
        let density = graph.apply("Mul", Float::Double, &[&power, &factors]);
        graph.cast(&density, Float::Single)
    }

    /// Positions within a window of `length` samples from each of `starts` in each segment: `[segments, starts, length]`, or
    /// `[segments, length]` of a single start.
    fn segment_indices(&self, graph: &mut Graph, starts: &[usize], length: usize) -> Output {
        let segments = self.preprocessing.segments;
        let hop = self.segment / 2;
        let mut indices = Vec::with_capacity(segments * starts.len() * length);
        for segment in 0..segments {
            for start in starts {
                let first = segment * hop + start;
                indices.extend((first..first + length).map(|i| i as i32));
            }
        }
        match starts {
            [_] if length == self.segment => {
                graph.integers("indices", &[segments, length], &indices)
            }
            _ => graph.integers("indices", &[segments, starts.len(), length], &indices),
        }
    }

    /// Scales finished features; float32 to float32.
    fn add_normalisation(&self, graph: &mut Graph, features: &Output) -> Output {
        match (
            self.preprocessing.normalisation,
            &self.preprocessing.statistics,
        ) {
            (Normalisation::None, _) => features.clone(),
            (Normalisation::Sample, _) => {
                let x = graph.cast(features, Float::Double);
                let x = add_standardise(graph, &x, &[2, 3]);
                graph.cast(&x, Float::Single)
            }
            (Normalisation::Dataset, Some(statistics)) => {
                add_statistics(graph, features, statistics)
            }
            (Normalisation::Dataset, None) | (Normalisation::Batch, _) => {
                unreachable!("refused when it was planned")
            }
        }
    }
}

/// Plans a step over windows of `samples` samples at `rate` Hz.
fn plan_step(step: &Step, rate: f64, samples: usize) -> Result<WindowStep, LeftOut> {
    match step {
        Step::Demean => Ok(WindowStep::Demean),
        Step::Detrend => Ok(WindowStep::Detrend),
        Step::Scale(factor) => Ok(WindowStep::Scale(*factor)),
        Step::Standardise => Ok(WindowStep::Standardise),
        Step::BandPass(_) | Step::HighPass(_) | Step::LowPass(_) => {
            let matrix = filter_matrix(step, rate, samples)?;
            Ok(WindowStep::Filter(step.name(), matrix))
        }
        // These are in `spectral` and `normalisation` once a configuration is read.
        Step::Fft | Step::Welch(_) | Step::Log | Step::Log1p | Step::Normalise(_) => {
            Err(LeftOut::Step {
                problem: format!("`{}` is no step over samples", step.name()),
            })
        }
    }
}

/// A filter over a whole window is linear: row `i` of its matrix is its response to an impulse at sample `i`.
fn filter_matrix(step: &Step, rate: f64, samples: usize) -> Result<Vec<f64>, LeftOut> {
    let bytes = samples * samples * size_of::<f64>();
    if bytes > LARGEST_MATRIX {
        return Err(LeftOut::LargeFilter {
            step: step.name(),
            samples,
            megabytes: bytes >> 20,
        });
    }
    let failed = |problem| LeftOut::Step { problem };
    let chain = Chain::new(std::slice::from_ref(step), rate).map_err(failed)?;
    let mut matrix = vec![0.0; samples * samples];
    for (i, row) in matrix.chunks_exact_mut(samples).enumerate() {
        row[i] = 1.0;
        chain.apply(row).map_err(failed)?;
    }
    Ok(matrix)
}

/// Welch's method as a graph needs it.
struct WelchPlan {
    /// First sample of every stretch in a segment.
    starts: Vec<usize>,
    window: Vec<f64>,
    /// What the sum of squared magnitudes over the stretches is multiplied by, for every bin.
    factors: Vec<f64>,
}

impl WelchPlan {
    fn new(config: &SpectralConfig, segment: usize) -> Self {
        let welch = &config.welch;
        let length = welch.nperseg;
        let cosine = |a: f64, i: usize| {
            a - (1.0 - a) * (std::f64::consts::TAU * i as f64 / length as f64).cos()
        };
        let value = |i| match welch.window {
            WelchWindow::Hann => cosine(0.5, i),
            WelchWindow::Hamming => cosine(0.54, i),
            WelchWindow::Boxcar => 1.0,
        };
        let window: Vec<f64> = (0..length).map(value).collect();
        let power = match welch.scaling {
            WelchScaling::Density => {
                config.sampling_rate * window.iter().map(|w| w * w).sum::<f64>()
            }
            WelchScaling::Spectrum => window.iter().sum::<f64>().powi(2),
        };
        let step = length - welch.noverlap;
        let starts: Vec<usize> = (0..=segment - length).step_by(step).collect();
        let (bins, even) = (welch.nfft / 2 + 1, welch.nfft.is_multiple_of(2));
        let factor = |bin: usize| {
            let unpaired = bin == 0 || (bin == bins - 1 && even);
            let sides = if unpaired { 1.0 } else { 2.0 };
            sides / (power * starts.len() as f64)
        };
        Self {
            factors: (0..bins).map(factor).collect(),
            starts,
            window,
        }
    }
}

fn add_demean(graph: &mut Graph, x: &Output) -> Output {
    let mean = graph.reduce("Mean", Float::Double, x, &[2], true);
    graph.apply("Sub", Float::Double, &[x, &mean])
}

/// Mean 0 and deviation 1 over `axes`; what is constant becomes zero. Float64.
fn add_standardise(graph: &mut Graph, x: &Output, axes: &[i32]) -> Output {
    const FLOAT: Float = Float::Double;
    let mean = graph.reduce("Mean", FLOAT, x, axes, true);
    let level = graph.apply("Sub", FLOAT, &[x, &mean]);
    let square = graph.apply("Square", FLOAT, &[&level]);
    let variance = graph.reduce("Mean", FLOAT, &square, axes, true);
    let deviation = graph.apply("Sqrt", FLOAT, &[&variance]);
    let floor = graph.numbers("floor", FLOAT, &[], &[CONSTANT]);
    let varies = graph.apply("Greater", FLOAT, &[&deviation, &floor]);
    let one = graph.numbers("one", FLOAT, &[], &[1.0]);
    let divisor = graph.apply("SelectV2", FLOAT, &[&varies, &deviation, &one]);
    let casts = [
        ("SrcT", Attr::Type(DT_BOOL)),
        ("DstT", Attr::Type(DT_DOUBLE)),
    ];
    let kept = graph.add("Cast", "Cast", &[&varies], casts);
    let scale = graph.apply("RealDiv", FLOAT, &[&kept, &divisor]);
    graph.apply("Mul", FLOAT, &[&level, &scale])
}

/// `(x - mean) / std` with the statistics of the training split; channels that were constant become zero.
fn add_statistics(graph: &mut Graph, features: &Output, statistics: &Statistics) -> Output {
    const FLOAT: Float = Float::Double;
    let shape = [statistics.mean.len(), 1, 1];
    let scale = |std: &f64| if *std > CONSTANT { 1.0 / std } else { 0.0 };
    let scales: Vec<f64> = statistics.std.iter().map(scale).collect();
    let mean = graph.numbers("mean", FLOAT, &shape, &statistics.mean);
    let scale = graph.numbers("scale", FLOAT, &shape, &scales);
    let x = graph.cast(features, FLOAT);
    let level = graph.apply("Sub", FLOAT, &[&x, &mean]);
    let scaled = graph.apply("Mul", FLOAT, &[&level, &scale]);
    graph.cast(&scaled, Float::Single)
}

/// Appends `zeros` zeros to the last of so many axes. Float64.
fn add_zeros(graph: &mut Graph, x: &Output, axes: usize, zeros: i32) -> Output {
    if zeros == 0 {
        return x.clone();
    }
    let mut paddings = vec![0; 2 * axes];
    paddings[2 * axes - 1] = zeros;
    let paddings = graph.integers("paddings", &[axes, 2], &paddings);
    let attrs = [
        ("T", Float::Double.attr()),
        ("Tpaddings", Attr::Type(DT_INT32)),
    ];
    graph.add("Pad", "Pad", &[x, &paddings], attrs)
}

/// Magnitudes of the one-sided transform over the last axis, of `length` points. Float64.
fn add_magnitudes(graph: &mut Graph, x: &Output, length: i32) -> Output {
    let length = graph.integers("fft_length", &[1], &[length]);
    let complex = Attr::Type(DT_COMPLEX128);
    let attrs = [
        ("Treal", Attr::Type(DT_DOUBLE)),
        ("Tcomplex", complex.clone()),
    ];
    let spectrum = graph.add("RFFT", "RFFT", &[x, &length], attrs);
    let attrs = [("T", complex), ("Tout", Attr::Type(DT_DOUBLE))];
    graph.add("ComplexAbs", "ComplexAbs", &[&spectrum], attrs)
}

/// What spectral values are replaced by; float32, as in the data crate.
fn add_compression(graph: &mut Graph, x: &Output, compression: Compression) -> Output {
    const FLOAT: Float = Float::Single;
    match compression {
        Compression::None => x.clone(),
        Compression::Log => graph.within("log", |graph| {
            let floor = graph.numbers("floor", FLOAT, &[], &[SPECTRAL_FLOOR]);
            let x = graph.apply("Maximum", FLOAT, &[x, &floor]);
            graph.apply("Log", FLOAT, &[&x])
        }),
        Compression::Log1p => graph.within("log", |graph| graph.apply("Log1p", FLOAT, &[x])),
    }
}
