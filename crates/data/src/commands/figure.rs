//! Plots windows and their spectra as PNG: one row per example, channels stacked in two colours.

use std::f64::consts::TAU;

use plotters::prelude::*;
use plotters::style::register_font;
use spectra::fft::PlannedFft;

use crate::reader::Record;
use crate::recording::Trace;

/// Content of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Example {
    /// Label on disk; `None` for recordings.
    pub label: Option<i64>,
    /// Title of the row.
    pub title: String,
    /// Sampling rate in Hz, if known.
    rate: Option<f64>,
    /// Samples by channel.
    channels: Vec<Vec<f64>>,
}

/// Maximum number of rows that stay readable.
const MAX_ROWS: usize = 12;
const WIDTH: u32 = 1200;
const ROW: u32 = 200;
/// Columns of a plot; with more samples each column shows minimum and maximum.
const COLUMNS: usize = 600;
/// Maximum number of samples in a spectrum.
const MAX_SPECTRUM: usize = 1 << 16;

const FONT: &str = "sans-serif";
/// The font of the experiment's figures, kept once with its licence.
static FONT_BYTES: &[u8] = include_bytes!("../../../experiment/assets/DejaVuSans.ttf");
const INK: RGBColor = RGBColor(33, 37, 41);
const GRID: RGBColor = RGBColor(222, 226, 230);
const COLOURS: [RGBColor; 4] = [
    RGBColor(8, 69, 148),
    RGBColor(217, 95, 2),
    RGBColor(27, 120, 55),
    RGBColor(118, 42, 131),
];

impl Example {
    /// The first window of a label; if it is cut into segments, they are drawn in sequence.
    pub fn of_window(record: &Record, rate: f64) -> Self {
        let channels = record.shape.first().copied().unwrap_or(1).max(1);
        let length = (record.values.len() / channels).max(1);
        let channel = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect();
        Self {
            label: Some(record.label),
            title: format!("label {}", record.label),
            rate: Some(rate),
            channels: record.values.chunks(length).map(channel).collect(),
        }
    }

    /// A part of a recording; `known` is whether its sampling rate is known.
    pub fn of_trace(trace: Trace, known: bool) -> Self {
        let mut samples = trace.samples;
        for sample in samples.iter_mut().filter(|sample| !sample.is_finite()) {
            *sample = 0.0;
        }
        Self {
            label: None,
            title: trace.channel,
            rate: known.then_some(trace.rate),
            channels: vec![samples],
        }
    }
}

/// Draws all examples.
///
/// # Errors
/// If drawing fails or there is nothing to draw.
pub(super) fn draw(examples: &[Example]) -> Result<Vec<u8>, FigureError> {
    let rows = examples.len().min(MAX_ROWS);
    if rows == 0 {
        return Err(FigureError::Empty);
    }
    register_font(FONT, FontStyle::Normal, FONT_BYTES).map_err(|_| FigureError::Font)?;
    let size = (WIDTH, ROW * rows as u32);
    let mut pixels = vec![255; (size.0 * size.1 * 3) as usize];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, size).into_drawing_area();
        for (example, area) in examples.iter().zip(area.split_evenly((rows, 1))) {
            let (left, right) = area.split_horizontally((WIDTH * 3 / 5) as i32);
            let rate = example.rate.unwrap_or(1.0);
            let [time, frequency] = match example.rate {
                Some(_) => ["s", "Hz"],
                None => ["samples", "cycles per sample"],
            };
            let waves: Vec<_> = example
                .channels
                .iter()
                .map(|samples| wave(samples, rate))
                .collect();
            panel(&left, &example.title, time, &waves)?;
            let spectra: Vec<_> = example
                .channels
                .iter()
                .map(|samples| spectrum(samples, rate))
                .collect();
            panel(&right, "spectrum, dB", frequency, &spectra)?;
        }
        area.present().map_err(drawing)?;
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size.0, size.1);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(&pixels)?;
        writer.finish()
    });
    written?;
    Ok(bytes)
}

/// A figure cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub(super) enum FigureError {
    #[error("there is nothing to draw: the files have no windows")]
    Empty,
    #[error("the embedded font is damaged")]
    Font,
    #[error("drawing the figure failed: {0}")]
    Drawing(String),
    #[error("encoding the figure failed: {0}")]
    Png(#[from] png::EncodingError),
}

/// The library's error has the type of its canvas, which is of no use to anybody.
fn drawing(error: impl std::fmt::Display) -> FigureError {
    FigureError::Drawing(error.to_string())
}

type Points = Vec<(f64, f64)>;

fn panel(
    area: &DrawingArea<BitMapBackend<'_>, plotters::coord::Shift>,
    title: &str,
    unit: &str,
    lines: &[Points],
) -> Result<(), FigureError> {
    let points = || lines.iter().flatten();
    let last = points().map(|(x, _)| *x).fold(1e-9, f64::max);
    let low = points().map(|(_, y)| *y).fold(f64::INFINITY, f64::min);
    let high = points().map(|(_, y)| *y).fold(f64::NEG_INFINITY, f64::max);
    let margin = (0.05 * (high - low)).max(1e-9 * high.abs().max(1.0));
    let font = |size: u32| (FONT, size).into_font().color(&INK);
    let clean: String = title.chars().filter(|c| !c.is_control()).take(60).collect();
    let mut chart = ChartBuilder::on(area)
        .caption(clean, font(15))
        .margin(6)
        .margin_right(20)
        .x_label_area_size(32)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..last, low - margin..high + margin)
        .map_err(drawing)?;
    let range = high - low;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(GRID)
        .axis_style(INK)
        .label_style(font(12))
        .axis_desc_style(font(12))
        .x_desc(unit)
        .y_labels(5)
        .y_label_formatter(&|y| {
            if range < 10.0 {
                format!("{y:.2}")
            } else {
                format!("{y:.0}")
            }
        })
        .draw()
        .map_err(drawing)?;
    for (points, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        chart
            .draw_series(LineSeries::new(points.iter().copied(), colour))
            .map_err(drawing)?;
    }
    Ok(())
}

/// Samples over seconds; with many samples, minimum and maximum of every column.
fn wave(samples: &[f64], rate: f64) -> Points {
    let column = samples.len().div_ceil(COLUMNS).max(1);
    let mut points = Vec::with_capacity(2 * COLUMNS);
    for (i, values) in samples.chunks(column).enumerate() {
        let time = (i * column) as f64 / rate;
        if column < 3 {
            points.extend(
                values
                    .iter()
                    .enumerate()
                    .map(|(j, v)| (time + j as f64 / rate, *v)),
            );
            continue;
        }
        points.push((time, values.iter().copied().fold(f64::INFINITY, f64::min)));
        points.push((
            time,
            values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        ));
    }
    points
}

/// Magnitudes in decibels over Hz, with the mean removed and a Hann window.
fn spectrum(samples: &[f64], rate: f64) -> Points {
    let n = samples.len().min(MAX_SPECTRUM);
    if n < 2 {
        return vec![(0.0, 0.0)];
    }
    let mean = samples[..n].iter().sum::<f64>() / n as f64;
    let window = |i: usize| 0.5 - 0.5 * (TAU * i as f64 / n as f64).cos();
    let mut fft = PlannedFft::new(n);
    for (i, (value, sample)) in fft.input.iter_mut().zip(samples).enumerate() {
        *value = (sample - mean) * window(i);
    }
    let output = fft.run();
    let bins = output.len();
    let column = bins.div_ceil(COLUMNS).max(1);
    let power: Vec<f64> = output.iter().map(|bin| bin.norm_sqr() / n as f64).collect();
    let points = power
        .chunks(column)
        .enumerate()
        .skip(usize::from(column == 1));
    let point = |(i, bins): (usize, &[f64])| {
        let mean = bins.iter().sum::<f64>() / bins.len() as f64;
        (
            (i * column) as f64 * rate / n as f64,
            10.0 * (mean + 1e-12).log10(),
        )
    };
    points.map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anything_can_be_drawn() {
        let window = |values: Vec<f32>| {
            let shape = vec![2, values.len() / 2];
            Example::of_window(
                &Record {
                    record: 0,
                    values,
                    shape,
                    label: 1,
                    group: None,
                },
                100.0,
            )
        };
        for values in [
            vec![0.0; 2],
            vec![5.0; 16],
            (0..5000).map(|i| (i as f32 * 0.1).sin() * 1e8).collect(),
        ] {
            let png = draw(&[window(values)]).unwrap();
            assert!(png.starts_with(b"\x89PNG"));
        }
        draw(&[]).unwrap_err();
    }

    #[test]
    fn a_tone_is_where_it_belongs() {
        let tone: Vec<f64> = (0..1000)
            .map(|i| (TAU * 20.0 * f64::from(i) / 200.0).sin())
            .collect();
        let spectrum = spectrum(&tone, 200.0);
        let (at, _) = spectrum
            .iter()
            .copied()
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .unwrap();
        assert!((at - 20.0).abs() < 0.5, "{at} Hz");
    }
}
