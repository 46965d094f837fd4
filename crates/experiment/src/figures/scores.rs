//! Scores plotted over parameters, one panel each.

use plotters::prelude::*;

use super::{BLUE, GRID, INK, ORANGE, Png, draw, font, short};
use crate::error::ExperimentError;

const PANEL: (u32, u32) = (460, 380);
const COLUMNS: usize = 3;

/// A score plotted over one parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct ScorePanel {
    /// Name of the parameter.
    pub name: String,
    /// Whether the axis is logarithmic: positions are then decimal logarithms.
    pub logarithmic: bool,
    /// Labels of non-numeric values, at positions 0, 1, and so on.
    pub names: Vec<String>,
    /// Name of each series, and one point per run: position and score.
    pub series: Vec<(String, Vec<(f64, f64)>)>,
}

impl ScorePanel {
    fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        self.series
            .iter()
            .flat_map(|(_, points)| points.iter().copied())
    }

    fn bounds(&self) -> (f64, f64) {
        let low = self.points().map(|(x, _)| x).fold(f64::INFINITY, f64::min);
        let high = self
            .points()
            .map(|(x, _)| x)
            .fold(f64::NEG_INFINITY, f64::max);
        if low > high {
            return (0.0, 1.0);
        }
        let margin = if high > low { 0.08 * (high - low) } else { 0.5 };
        (low - margin, high + margin)
    }

    fn label(&self, x: f64) -> String {
        if !self.names.is_empty() {
            let near = (x - x.round()).abs() < 0.05 && x.round() >= 0.0;
            let name = self.names.get(x.round() as usize).filter(|_| near);
            return name.map_or(String::new(), |name| short(name, 14));
        }
        let number = if self.logarithmic { 10f64.powf(x) } else { x };
        if number != 0.0 && !(1e-2..1e5).contains(&number.abs()) {
            format!("{number:.1e}")
        } else {
            let number: f64 = format!("{number:.3e}").parse().unwrap_or(number);
            number.to_string()
        }
    }
}

/// Draws every panel: one dot per run, and a line through the means.
///
/// # Errors
/// [`ExperimentError::Figure`] if drawing fails or there is nothing to draw.
pub fn score_panels(panels: &[ScorePanel]) -> Result<Png, ExperimentError> {
    if panels.is_empty() {
        let problem = "there is no completed run with a varied parameter";
        return Err(ExperimentError::Figure(problem.into()));
    }
    let columns = panels.len().min(COLUMNS);
    let rows = panels.len().div_ceil(columns);
    let scores = panels
        .iter()
        .flat_map(|panel| panel.points().map(|(_, y)| y));
    let low = scores.fold(1.0, f64::min);
    let margin = 0.05 * (1.0 - low).max(0.02);
    let size = (PANEL.0 * columns as u32, PANEL.1 * rows as u32);
    draw(size, |area| {
        let areas = area.split_evenly((rows, columns));
        for (panel, area) in panels.iter().zip(&areas) {
            let (left, right) = panel.bounds();
            let mut chart = ChartBuilder::on(area)
                .margin(14)
                .x_label_area_size(44)
                .y_label_area_size(58)
                .build_cartesian_2d(left..right, low - margin..1.0 + margin)?;
            chart
                .configure_mesh()
                .light_line_style(WHITE)
                .bold_line_style(GRID)
                .axis_style(INK)
                .label_style(font(12, INK))
                .axis_desc_style(font(15, INK))
                .x_desc(short(&panel.name, 40))
                .y_desc("Macro F1")
                .x_labels(6)
                .x_label_formatter(&|x| panel.label(*x))
                .draw()?;
            for ((label, points), color) in panel.series.iter().zip([BLUE, ORANGE]) {
                let circles = points
                    .iter()
                    .map(|p| Circle::new(*p, 3, color.mix(0.45).filled()));
                chart.draw_series(circles)?;
                chart
                    .draw_series(LineSeries::new(means(points), color.stroke_width(2)))?
                    .label(label)
                    .legend(move |(x, y)| {
                        PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2))
                    });
            }
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::LowerRight)
                .background_style(WHITE.mix(0.85))
                .border_style(GRID)
                .label_font(font(12, INK))
                .draw()?;
        }
        Ok(())
    })
}

/// Mean score at each position, from left to right.
fn means(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let places = sorted.chunk_by(|a, b| a.0 == b.0);
    let mean = |points: &[(f64, f64)]| {
        let sum: f64 = points.iter().map(|(_, y)| y).sum();
        (points[0].0, sum / points.len() as f64)
    };
    places.map(mean).collect()
}
