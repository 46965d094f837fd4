//! From raw windows to the network's input as TensorFlow operations: one function for each front end. Computes in float64
//! and rounds to float32 where [`data::Preprocessing`] does.
//!
//! Shapes: windows `[batch, channels, samples]`, features `[batch, channels, segments, features]`.

mod correlation;
mod parts;
mod rhythm;
mod window_features;

use data::{
    BandLayout, Cut, Normalisation, Preprocessing, SpectralConfig, SpectralMethod, WelchConfig,
    WelchDetrend, WelchScaling, WelchWindow,
};
use model::InputShape;

use super::graph::{Float, Graph, Output};
use super::left_out::LeftOut;
use super::scaling::{add_compression, add_normalisation};
use super::window_steps::{WindowStep, add_steps};

const DOUBLE: Float = Float::Double;

/// A plan of the operations before a network.
#[derive(Debug)]
pub(super) struct FrontEnd<'a> {
    /// `[channels, samples]` of a window.
    pub window: [usize; 2],
    steps: Vec<WindowStep>,
    method: Method<'a>,
    preprocessing: &'a Preprocessing,
    channels: usize,
}

/// Conversion of segments to features.
#[derive(Debug)]
enum Method<'a> {
    /// Samples of segments.
    None(Cut),
    /// Spectra of segments.
    Fft(Cut),
    /// Power of stretches of segments.
    Welch(Cut, &'a WelchConfig),
    Bands(&'a BandLayout),
}

impl<'a> FrontEnd<'a> {
    /// Plans the operations from windows of `samples` samples, if that is known, to `input`.
    ///
    /// # Errors
    /// [`LeftOut`] if a graph cannot express them.
    pub fn plan(
        preprocessing: &'a Preprocessing,
        input: InputShape,
        samples: Option<usize>,
    ) -> Result<Self, LeftOut> {
        let is_missing = preprocessing.statistics.is_none();
        match preprocessing.normalisation {
            Normalisation::Batch => return Err(LeftOut::BatchStatistics),
            Normalisation::Dataset | Normalisation::Band if is_missing => {
                return Err(LeftOut::BatchStatistics);
            }
            Normalisation::Sample
            | Normalisation::Dataset
            | Normalisation::Band
            | Normalisation::None => {}
        }
        if let Some(segments) = preprocessing.own_segments {
            return Err(LeftOut::OwnSegments { segments });
        }
        if preprocessing.has_window_features()
            && preprocessing.normalisation == Normalisation::Sample
        {
            return Err(LeftOut::TimeOfSample);
        }
        let features = input.channels;
        let spectral = &preprocessing.spectral;
        let samples = samples.ok_or(LeftOut::UnknownWindow { features })?;
        let other_shape = LeftOut::Shape {
            samples,
            input: input.dims(),
        };
        let method = Method::plan(preprocessing, samples).ok_or(other_shape.clone())?;
        if method.shape() != [input.width, features] {
            return Err(other_shape);
        }
        let steps = preprocessing.steps.iter();
        let steps = steps.map(|step| WindowStep::plan(step, spectral.sampling_rate, samples));
        Ok(Self {
            window: [input.height, samples],
            steps: steps.collect::<Result<_, _>>()?,
            method,
            preprocessing,
            channels: input.height,
        })
    }

    /// Adds the operations and returns the network's input, float32.
    pub fn add(&self, graph: &mut Graph, windows: &Output) -> Output {
        let windows = add_steps(graph, windows, &self.steps);
        let features = match &self.method {
            Method::None(cut) => {
                graph.within("segments", |graph| add_segments(graph, &windows, *cut))
            }
            Method::Fft(cut) => graph.within("fft", |graph| add_fft(graph, &windows, *cut)),
            Method::Welch(cut, welch) => graph.within("welch", |graph| {
                let plan = WelchPlan::new(welch, &self.preprocessing.spectral, *cut);
                add_welch(graph, &windows, welch, &plan)
            }),
            Method::Bands(layout) => graph.within("bands", |graph| {
                let features = add_bands(graph, &windows, layout, self.channels);
                let shape = [self.channels, layout.segments, layout.features()];
                graph.reshape_samples(&features, &shape)
            }),
        };
        let features = add_compression(graph, &features, self.preprocessing, self.channels);
        add_normalisation(graph, &features, self.preprocessing, self.channels)
    }
}

impl<'a> Method<'a> {
    /// Plans the front end over windows of `samples` samples; `None` if they do not fit.
    fn plan(preprocessing: &'a Preprocessing, samples: usize) -> Option<Self> {
        let spectral = &preprocessing.spectral;
        let cut = preprocessing.cut(samples);
        match spectral.method {
            SpectralMethod::None => cut.map(Self::None),
            SpectralMethod::Fft => cut.map(Self::Fft),
            SpectralMethod::Welch => {
                let cut = cut.filter(|cut| spectral.welch.nperseg <= cut.length)?;
                Some(Self::Welch(cut, &spectral.welch))
            }
            SpectralMethod::Bands => {
                let layout = preprocessing.bands.as_ref();
                layout
                    .filter(|layout| layout.window == samples)
                    .map(Self::Bands)
            }
        }
    }

    /// `[segments, features]`.
    fn shape(&self) -> [usize; 2] {
        match self {
            Self::None(cut) | Self::Fft(cut) => [cut.segments, cut.length],
            Self::Welch(cut, welch) => [cut.segments, welch.nfft / 2 + 1],
            Self::Bands(layout) => [layout.segments, layout.features()],
        }
    }
}

/// Front end `none`: the samples of half-overlapping segments.
fn add_segments(graph: &mut Graph, windows: &Output, cut: Cut) -> Output {
    let starts: Vec<usize> = (0..cut.segments).map(|i| i * cut.hop).collect();
    let indices = stretches(&starts, cut.length);
    let indices = graph.integers("indices", &[cut.segments, cut.length], &indices);
    graph.gather_last(Float::Single, windows, 3, &indices)
}

/// Front end `fft`: magnitudes of all bins, the second half mirrored.
fn add_fft(graph: &mut Graph, windows: &Output, cut: Cut) -> Output {
    let segments = add_segments(graph, windows, cut);
    let segments = graph.cast(&segments, DOUBLE);
    let n = cut.length as i32;
    let half = graph.magnitudes(&segments, n);
    let mirrored: Vec<i32> = (0..n).map(|i| if i <= n / 2 { i } else { n - i }).collect();
    let mirrored = graph.integers("mirrored", &[cut.length], &mirrored);
    let all = graph.gather_last(DOUBLE, &half, 4, &mirrored);
    graph.cast(&all, Float::Single)
}

/// Front end `welch`: mean power of windowed stretches of each segment.
fn add_welch(graph: &mut Graph, windows: &Output, welch: &WelchConfig, plan: &WelchPlan) -> Output {
    let indices = stretches(&plan.starts, welch.nperseg);
    let shape = [
        plan.segments,
        plan.starts.len() / plan.segments,
        welch.nperseg,
    ];
    let indices = graph.integers("indices", &shape, &indices);
    // [batch, channels, segments, stretches, samples of a stretch]
    let stretches = graph.gather_last(Float::Single, windows, 3, &indices);
    let mut stretches = graph.cast(&stretches, DOUBLE);
    match welch.detrend {
        WelchDetrend::Constant => stretches = graph.demean(&stretches, &[4]),
        WelchDetrend::None => {}
    }
    let window = graph.numbers("window", DOUBLE, &[welch.nperseg], &plan.window);
    let windowed = graph.apply("Mul", DOUBLE, &[&stretches, &window]);
    let padded = graph.append_zeros(&windowed, 5, welch.nfft - welch.nperseg);
    let magnitudes = graph.magnitudes(&padded, welch.nfft as i32);
    let power = graph.apply("Square", DOUBLE, &[&magnitudes]);
    let power = graph.reduce("Sum", DOUBLE, &power, &[3], false);
    let factors = graph.numbers("factors", DOUBLE, &[plan.factors.len()], &plan.factors);
    let density = graph.apply("Mul", DOUBLE, &[&power, &factors]);
    graph.cast(&density, Float::Single)
}

/// Welch's method in the form that a graph needs.
struct WelchPlan {
    /// First sample of every stretch of every segment.
    starts: Vec<usize>,
    segments: usize,
    window: Vec<f64>,
    /// Factor of the sum of squared magnitudes over the stretches, for every bin.
    factors: Vec<f64>,
}

impl WelchPlan {
    fn new(welch: &WelchConfig, spectral: &SpectralConfig, cut: Cut) -> Self {
        let length = welch.nperseg;
        let window = match welch.window {
            WelchWindow::Hann => cosine_window(0.5, length),
            WelchWindow::Hamming => cosine_window(0.54, length),
            WelchWindow::Boxcar => vec![1.0; length],
        };
        let power = match welch.scaling {
            WelchScaling::Density => {
                spectral.sampling_rate * window.iter().map(|w| w * w).sum::<f64>()
            }
            WelchScaling::Spectrum => window.iter().sum::<f64>().powi(2),
        };
        let of_one = (0..=cut.length - length).step_by(length - welch.noverlap);
        let count = of_one.clone().count();
        let starts = (0..cut.segments).flat_map(|i| of_one.clone().map(move |at| i * cut.hop + at));
        let (bins, even) = (welch.nfft / 2 + 1, welch.nfft.is_multiple_of(2));
        let factor = |bin: usize| {
            let unpaired = bin == 0 || (bin == bins - 1 && even);
            let sides = if unpaired { 1.0 } else { 2.0 };
            sides / (power * count as f64)
        };
        Self {
            starts: starts.collect(),
            segments: cut.segments,
            factors: (0..bins).map(factor).collect(),
            window,
        }
    }
}

/// Front end `bands`, as [`BandLayout`] has it: logarithms of the power in bands, less the level, then the level;
/// `[batch, channels, segments * frames, features of a frame]`.
fn add_bands(graph: &mut Graph, windows: &Output, layout: &BandLayout, channels: usize) -> Output {
    let (bands, frames) = (layout.bands(), layout.segments * layout.frames);
    let channels = Channels::add(graph, windows, channels);
    let Channels {
        live,
        mean_square,
        reference,
        ..
    } = &channels;
    let power = add_band_power(graph, windows, layout);
    let power = graph.apply("RealDiv", DOUBLE, &[&power, reference]);
    let share = graph.apply("RealDiv", DOUBLE, &[mean_square, reference]);
    let floor = graph.numbers("floor", DOUBLE, &[], &[layout.floor]);
    let floor = graph.apply("Mul", DOUBLE, &[&share, &floor]);
    let floored = graph.apply("AddV2", DOUBLE, &[&power, &floor]);
    let logs = graph.apply("Log", DOUBLE, &[&floored]);
    let zero = graph.numbers("zero", DOUBLE, &[], &[0.0]);
    let logs = graph.apply("SelectV2", DOUBLE, &[live, &logs, &zero]);

    // [batch, 1, 1, 1], over live channels only; NaN if there are none.
    let sum = graph.reduce("Sum", DOUBLE, &logs, &[1, 2, 3], true);
    let counted = graph.cast_booleans(live);
    let live_channels = graph.reduce("Sum", DOUBLE, &counted, &[1], true);
    let each = graph.numbers("each", DOUBLE, &[], &[(frames * bands) as f64]);
    let count = graph.apply("Mul", DOUBLE, &[&live_channels, &each]);
    let mean = graph.apply("RealDiv", DOUBLE, &[&sum, &count]);
    let log_reference = graph.apply("Log", DOUBLE, &[reference]);
    let level = graph.apply("AddV2", DOUBLE, &[&mean, &log_reference]);
    let features = if layout.level {
        let rest = graph.apply("Sub", DOUBLE, &[&logs, &mean]);
        let rest = graph.apply("SelectV2", DOUBLE, &[live, &rest, &zero]);
        let room = graph.append_zeros(&rest, 4, 1);
        let is_level: Vec<bool> = (0..=bands).map(|i| i == bands).collect();
        let is_level = graph.booleans("is_level", &is_level);
        graph.apply("SelectV2", DOUBLE, &[&is_level, &level, &room])
    } else {
        let whole = graph.apply("AddV2", DOUBLE, &[&logs, &log_reference]);
        graph.apply("SelectV2", DOUBLE, &[live, &whole, &zero])
    };
    let power = layout.power.then(|| {
        let log_share = graph.apply("Log", DOUBLE, &[&share]);
        if layout.level {
            graph.apply("Sub", DOUBLE, &[&log_share, &mean])
        } else {
            graph.apply("AddV2", DOUBLE, &[&log_share, &log_reference])
        }
    });
    let features = window_features::add(graph, &features, (&channels, power), layout);
    graph.cast(&features, Float::Single)
}

/// Mean power in bands `[batch, channels, segments * frames, bands]`, float64.
fn add_band_power(graph: &mut Graph, windows: &Output, layout: &BandLayout) -> Output {
    let segments = (0..layout.segments).map(|i| i * layout.hop);
    let frames = (0..layout.frames).map(|i| i * layout.frame_hop);
    let starts = segments.flat_map(|segment| frames.clone().map(move |frame| segment + frame));
    let starts: Vec<usize> = starts.collect();
    let indices = stretches(&starts, layout.frame);
    let indices = graph.integers("indices", &[starts.len(), layout.frame], &indices);
    let frames = graph.gather_last(Float::Single, windows, 3, &indices);
    let frames = graph.cast(&frames, DOUBLE);
    let frames = graph.demean(&frames, &[3]);
    let hann = cosine_window(0.5, layout.frame);
    let window = graph.numbers("window", DOUBLE, &[layout.frame], &hann);
    let windowed = graph.apply("Mul", DOUBLE, &[&frames, &window]);
    let magnitudes = graph.magnitudes(&windowed, layout.frame as i32);
    let power = graph.apply("Square", DOUBLE, &[&magnitudes]);

    let scale = 1.0 / hann.iter().map(|w| w * w).sum::<f64>();
    let (bins, bands) = (layout.frame / 2 + 1, layout.bands());
    let mut means = vec![0.0; bins * bands];
    for (band, edges) in layout.edges.windows(2).enumerate() {
        for bin in edges[0]..edges[1] {
            means[bin * bands + band] = scale / (edges[1] - edges[0]) as f64;
        }
    }
    let means = graph.numbers("means", DOUBLE, &[bins, bands], &means);
    graph.apply("BatchMatMulV2", DOUBLE, &[&power, &means])
}

/// Values of whole channels that `bands` needs.
pub(super) struct Channels {
    /// Their number.
    pub count: usize,
    /// Samples less their mean, `[batch, channels, samples]`.
    pub rest: Output,
    /// Squares of samples less their mean, `[batch, channels, samples]`.
    pub square: Output,
    /// Whether the channel is not constant, `[batch, channels, 1, 1]`.
    pub live: Output,
    /// Around the mean, `[batch, channels, 1, 1]`.
    pub mean_square: Output,
    /// Its mean over the channels, `[batch, 1, 1, 1]`.
    reference: Output,
}

impl Channels {
    fn add(graph: &mut Graph, windows: &Output, count: usize) -> Self {
        let x = graph.cast(windows, DOUBLE);
        let highest = graph.reduce("Max", DOUBLE, &x, &[2], true);
        let lowest = graph.reduce("Min", DOUBLE, &x, &[2], true);
        let live = graph.apply("Greater", DOUBLE, &[&highest, &lowest]);
        let rest = graph.demean(&x, &[2]);
        let square = graph.apply("Square", DOUBLE, &[&rest]);
        let mean_square = graph.reduce("Mean", DOUBLE, &square, &[2], true);
        let zero = graph.numbers("none", DOUBLE, &[], &[0.0]);
        let mean_square = graph.apply("SelectV2", DOUBLE, &[&live, &mean_square, &zero]);
        let reference = graph.reduce("Mean", DOUBLE, &mean_square, &[1], true);
        Self {
            live: graph.append_axis(&live, None),
            mean_square: graph.append_axis(&mean_square, Some(DOUBLE)),
            reference: graph.append_axis(&reference, Some(DOUBLE)),
            square,
            rest,
            count,
        }
    }
}

/// `a - (1 - a) cos(2 pi i / length)`, periodic: 0.5 is Hann's.
fn cosine_window(a: f64, length: usize) -> Vec<f64> {
    let turn = std::f64::consts::TAU / length as f64;
    (0..length)
        .map(|i| a - (1.0 - a) * (turn * i as f64).cos())
        .collect()
}

/// Positions of `length` samples from each of `starts`, concatenated.
fn stretches(starts: &[usize], length: usize) -> Vec<i32> {
    let of_one = |start: &usize| (*start..start + length).map(|i| i as i32);
    starts.iter().flat_map(of_one).collect()
}
