//! Constants and tables of the front end; the code that uses them is `runtime/front_end.c`.

use std::f64::consts::TAU;
use std::fmt::Write;

use data::{
    BandLayout, Compression, Cut, Normalisation, Preprocessing, SpectralMethod, Step, WelchConfig,
    WelchDetrend, WelchScaling, WelchWindow,
};

use super::steps::Steps;
use super::text::{array, float, floats, integers, single};
use super::window;
use super::window_features::OfWindow;
use crate::{DeployError, TrainedModel};

/// Constants and tables of a front end.
pub(super) struct FrontEnd {
    /// Number of samples in a window.
    pub samples: usize,
    /// Definitions and tables in C.
    pub text: String,
    /// Size of the tables in bytes.
    pub table_bytes: usize,
    /// Size of the buffers besides the features in bytes.
    pub buffer_bytes: usize,
    /// Whether features are logarithms of the power in bands.
    pub is_bands: bool,
    /// Which features of the window they include that have code of their own.
    pub of_window: OfWindow,
    /// Whether steps are computed in double, which is the case if they include a filter.
    pub is_filtered: bool,
    /// Samples from one segment to the next.
    pub hop: usize,
    /// Input sample by sample; if it is impossible, the reason.
    pub stream: Result<Stream, &'static str>,
}

/// Input sample by sample.
#[derive(Clone, Copy)]
pub(super) struct Stream {
    /// Number of samples in a segment.
    pub segment: usize,
    /// Memory for the stored segments in bytes, in addition to the buffers for windows.
    pub bytes: usize,
}

/// How segments are cut and transformed.
struct Method {
    name: &'static str,
    hop: usize,
    segments: usize,
    features: usize,
    /// Length of the transform, or 0.
    transform: usize,
    /// Further definitions.
    text: String,
    table_bytes: usize,
}

impl FrontEnd {
    /// The front end of `model`; `encoded` is whether features are stored as integers.
    ///
    /// # Errors
    /// [`DeployError::FrontEnd`] if the preprocessing cannot be exported to C.
    pub fn new(model: &TrainedModel<'_>, encoded: bool) -> Result<Self, DeployError> {
        let preprocessing = model.preprocessing();
        let input = model.input();
        let (channels, features) = (input.height, input.channels);
        let samples = window::samples(model)?;
        let method = Method::new(preprocessing, samples)?;
        if [method.segments, method.features] != [input.width, features] {
            return Err(refuse(format!(
                "windows of {samples} samples become {} segments of {} features, and the network has {} of {features}",
                method.segments, method.features, input.width
            )));
        }
        let mut text = String::new();
        let mut define = |name: &str, value: String| {
            let _ = writeln!(text, "#define {name} {value}");
        };
        define("CHANNELS", channels.to_string());
        define("SAMPLES", samples.to_string());
        define("SEGMENTS", method.segments.to_string());
        define("FEATURES", features.to_string());
        define("HOP", method.hop.to_string());
        let is_bands = method.name == "METHOD_BANDS";
        let bands = preprocessing.bands.as_ref().filter(|_| is_bands);
        let stream = stream(preprocessing, &method, [channels, samples], encoded);
        if let Ok(Stream { segment, .. }) = stream {
            define("SEGMENT", segment.to_string());
            if !is_bands {
                define("PER_SEGMENT", "1".into());
            }
        }
        define(method.name, "1".into());
        define("TRANSFORM", method.transform.to_string());
        let power_of_two = method.transform.is_power_of_two() && method.transform >= 4;
        define(
            "TRANSFORM_IS_POWER_OF_TWO",
            u8::from(power_of_two).to_string(),
        );
        let is_none = method.name == "METHOD_NONE";
        let base = if is_none { "channels[c].base" } else { "0.0" };
        define("ROW_BASE(c)", base.into());
        let by_sample = preprocessing.normalisation == Normalisation::Sample;
        let has_first_pass = by_sample || is_bands;
        define("FIRST_PASS", u8::from(has_first_pass).to_string());
        let steps = Steps::new(preprocessing, [channels, samples])?;
        if is_bands && stream.is_ok() && preprocessing.steps.contains(&Step::Demean) {
            text.push_str(&without_demean(preprocessing, [channels, samples], &steps)?);
        } else {
            text.push_str(&steps.text);
        }
        text.push_str(&method.text);
        let (tables, mut table_bytes) = transform_tables(method.transform, power_of_two);
        text.push_str(&tables);
        let (tables, bytes) = compression(preprocessing, channels);
        text.push_str(&tables);
        table_bytes += bytes + method.table_bytes + steps.table_bytes;
        let (tables, bytes) = normalisation(preprocessing, channels)?;
        text.push_str(&tables);
        table_bytes += bytes;
        let row = if encoded { features } else { 0 };
        let of_window = OfWindow::new(bands);
        let window_values = channels * of_window.floats();
        Ok(Self {
            samples,
            text,
            table_bytes,
            is_bands,
            of_window,
            is_filtered: steps.buffer_bytes > 0,
            hop: method.hop,
            stream,
            buffer_bytes: steps.buffer_bytes
                + 4 * (method.transform + row + window_values + 8 * channels + 8),
        })
    }
}

/// The steps, without `demean` if samples arrive one by one. The mean of each frame is removed before its transform, so
/// `demean` changes only rounding errors of `bands`; and segments do not know the mean of the window.
fn without_demean(
    preprocessing: &Preprocessing,
    shape: [usize; 2],
    steps: &Steps,
) -> Result<String, DeployError> {
    let mut others = preprocessing.clone();
    others.steps.retain(|step| *step != Step::Demean);
    let others = Steps::new(&others, shape)?.text;
    Ok(format!(
        "#if SEISMIC_STREAM\n{others}#else\n{}#endif\n",
        steps.text
    ))
}

/// Input sample by sample for `[channels, samples]`, or the reason why segments depend on the whole window.
fn stream(
    preprocessing: &Preprocessing,
    method: &Method,
    [channels, samples]: [usize; 2],
    encoded: bool,
) -> Result<Stream, &'static str> {
    let is_bands = method.name == "METHOD_BANDS";
    // With `bands`, the stored values are not scaled yet.
    if preprocessing.normalisation == Normalisation::Sample && !is_bands {
        return Err("the normalisation `sample` scales by statistics of the window");
    }
    let is_of_segments = |step: &Step| match step {
        Step::Scale(_) => true,
        Step::Demean => is_bands,
        _ => false,
    };
    if is_bands && preprocessing.has_window_features() {
        return Err(
            "the power, features in time, correlation and rhythm of `bands` come from the window: train with --budget-kb, or with `spectral_processing: {method: bands}`",
        );
    }
    if !preprocessing.steps.iter().all(is_of_segments) {
        return Err("the steps of `preprocessing` work on the window");
    }
    let Some(segment) = samples
        .checked_sub((method.segments - 1) * method.hop)
        .filter(|segment| method.hop > 0 && *segment >= method.hop)
    else {
        return Err("there are samples between the segments of `bands`");
    };
    let segments = channels * method.segments;
    let features = match (&preprocessing.bands, encoded) {
        // Powers, an exponent, means and squares in double; the powers of one frame.
        (Some(layout), _) if is_bands => {
            let power = if encoded { 2 } else { 4 };
            let frame = power * layout.bands();
            segments * (frame * layout.frames + 1 + 4 * 8) + frame
        }
        (_, true) => segments * method.features + method.segments,
        (_, false) => segments * method.features * 4 + method.segments,
    };
    Ok(Stream {
        segment,
        bytes: 4 * segment * channels + features + 16,
    })
}

fn refuse(problem: impl Into<String>) -> DeployError {
    DeployError::FrontEnd(problem.into())
}

impl Method {
    fn new(preprocessing: &Preprocessing, samples: usize) -> Result<Self, DeployError> {
        let spectral = &preprocessing.spectral;
        let cut = || {
            preprocessing.cut(samples).ok_or_else(|| {
                refuse(format!(
                    "windows of {samples} samples are not cut into segments"
                ))
            })
        };
        match spectral.method {
            SpectralMethod::None => Ok(Self::of_segments("METHOD_NONE", cut()?, 0)),
            SpectralMethod::Fft => {
                let cut = cut()?;
                Ok(Self::of_segments("METHOD_FFT", cut, cut.length))
            }
            SpectralMethod::Welch => {
                let cut = cut()?;
                if spectral.welch.nperseg > cut.length {
                    return Err(refuse("segments are shorter than `welch.nperseg`"));
                }
                Ok(Self::welch(&spectral.welch, spectral.sampling_rate, cut))
            }
            SpectralMethod::Bands => {
                let layout = preprocessing.bands.as_ref();
                let layout = layout.filter(|layout| layout.window == samples);
                let layout = layout.ok_or_else(|| refuse("the layout of its bands is missing"))?;
                Ok(Self::bands(layout))
            }
        }
    }

    fn of_segments(name: &'static str, cut: Cut, transform: usize) -> Self {
        Self {
            name,
            hop: cut.hop,
            segments: cut.segments,
            features: cut.length,
            transform,
            text: String::new(),
            table_bytes: 0,
        }
    }

    fn welch(welch: &WelchConfig, rate: f64, cut: Cut) -> Self {
        let a = match welch.window {
            WelchWindow::Hann => 0.5,
            WelchWindow::Hamming => 0.54,
            WelchWindow::Boxcar => 1.0,
        };
        let taper = cosine_window(a, welch.nperseg);
        let step = welch.nperseg - welch.noverlap;
        let stretches = (cut.length - welch.nperseg) / step + 1;
        let power = match welch.scaling {
            WelchScaling::Density => rate * taper.iter().map(|w| w * w).sum::<f64>(),
            WelchScaling::Spectrum => taper.iter().sum::<f64>().powi(2),
        };
        let scale = 1.0 / (power * stretches as f64);
        let detrend = welch.detrend == WelchDetrend::Constant;
        let text = format!(
            "#define TAPER {}\n#define STRETCHES {stretches}\n#define STRETCH_HOP {step}\n#define WELCH_DETREND {}\n\
             #define WINDOW_SCALE {}\n",
            welch.nperseg,
            u8::from(detrend),
            float(scale as f32),
        );
        Self {
            features: welch.nfft / 2 + 1,
            table_bytes: 4 * taper.len(),
            text: text + &single("taper", &taper),
            ..Self::of_segments("METHOD_WELCH", cut, welch.nfft)
        }
    }

    fn bands(layout: &BandLayout) -> Self {
        let taper = cosine_window(0.5, layout.frame);
        let scale = 1.0 / taper.iter().map(|w| w * w).sum::<f64>();
        let mut text = format!(
            "#define FRAMES {}\n#define FRAME_HOP {}\n#define BANDS {}\n#define LEVEL {}\n\
             #define POWER {}\n#define FRAME_FEATURES {}\n#define POWER_FLOOR {}\n#define WINDOW_SCALE {}\n",
            layout.frames,
            layout.frame_hop,
            layout.bands(),
            u8::from(layout.level),
            u8::from(layout.power),
            layout.frame_features(),
            float(layout.floor as f32),
            float(scale as f32),
        );
        text.push_str(&single("taper", &taper));
        text.push_str(&integers("uint16_t", "edges", &layout.edges));
        Self {
            name: "METHOD_BANDS",
            hop: layout.hop,
            segments: layout.segments,
            features: layout.features(),
            transform: layout.frame,
            text,
            table_bytes: 4 * taper.len() + 2 * layout.edges.len(),
        }
    }
}

fn transform_tables(length: usize, power_of_two: bool) -> (String, usize) {
    let entries = if power_of_two { length / 2 } else { length };
    if entries == 0 {
        return (String::new(), 0);
    }
    let angle = |i: usize| TAU * i as f64 / length as f64;
    let cosines: Vec<f64> = (0..entries).map(|i| angle(i).cos()).collect();
    let sines: Vec<f64> = (0..entries).map(|i| angle(i).sin()).collect();
    (
        single("cosines", &cosines) + &single("sines", &sines),
        8 * entries,
    )
}

fn compression(preprocessing: &Preprocessing, channels: usize) -> (String, usize) {
    let name = match preprocessing.spectral.applied_compression() {
        Compression::None => return (String::new(), 0),
        Compression::Log => "COMPRESS_LOG",
        Compression::Log1p => "COMPRESS_LOG1P",
    };
    let thresholds: Vec<f32> = (0..channels)
        .map(|c| preprocessing.compression_threshold(c))
        .collect();
    let text = format!("#define {name} 1\n{}", floats("thresholds", &thresholds));
    (text, 4 * channels)
}

fn normalisation(
    preprocessing: &Preprocessing,
    channels: usize,
) -> Result<(String, usize), DeployError> {
    let guard = preprocessing.constant_guard();
    let statistics = preprocessing.statistics.as_ref();
    match (preprocessing.normalisation, statistics) {
        (Normalisation::None, _) => Ok((String::new(), 0)),
        (Normalisation::Sample, _) if preprocessing.has_window_features() => Err(refuse(
            "the normalisation `sample` is not supported with features of the window: train with `band`",
        )),
        (Normalisation::Sample, _) => {
            let text = format!(
                "#define NORMALISE_SAMPLE 1\n#define GUARD_ABSOLUTE {:?}\n#define GUARD_RELATIVE {:?}\n",
                guard.absolute, guard.relative
            );
            Ok((text, 0))
        }
        (Normalisation::Dataset | Normalisation::Band, Some(statistics)) => {
            let pairs = statistics.mean.iter().zip(&statistics.std);
            let scales: Vec<f64> = pairs.map(|(mean, std)| guard.scale(*mean, *std)).collect();
            let scales = single("normal_scales", &scales);
            let mean = &statistics.mean;
            if mean.len() == channels {
                // In double, since the level may be much larger than its variation.
                let means = array("double", "normal_means", mean, |v| format!("{v:?}"));
                let text = format!("#define NORMALISE_CHANNEL 1\n{means}{scales}");
                return Ok((text, 12 * channels));
            }
            let means = single("normal_means", mean);
            let text = format!("#define NORMALISE_FEATURE 1\n{means}{scales}");
            Ok((text, 8 * mean.len()))
        }
        (Normalisation::Batch | Normalisation::Dataset | Normalisation::Band, _) => Err(refuse(
            "inputs are scaled by the statistics of their batch, and a node has no batch",
        )),
    }
}

/// `a - (1 - a) cos(2 pi i / length)`, periodic: 0.5 is Hann's.
fn cosine_window(a: f64, length: usize) -> Vec<f64> {
    let angle = |i: usize| TAU * i as f64 / length as f64;
    (0..length)
        .map(|i| a - (1.0 - a) * angle(i).cos())
        .collect()
}
