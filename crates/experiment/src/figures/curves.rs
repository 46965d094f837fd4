//! Learning curves: loss and accuracy over epochs, training and validation.

use plotters::prelude::*;

use super::{BLUE, GRID, INK, ORANGE, Png, draw, font, short};
use crate::error::ExperimentError;
use crate::history::History;

const SIZE: (u32, u32) = (1100, 440);

/// Draws the curves of `history`; `best` marks the epoch whose weights were kept.
///
/// # Errors
/// [`ExperimentError::Figure`] if drawing fails.
pub fn learning_curves(
    title: &str,
    history: &History,
    best: Option<usize>,
) -> Result<Png, ExperimentError> {
    draw(SIZE, |area| {
        let area = area.titled(&short(title, 90), font(18, INK))?;
        let (left, right) = area.split_horizontally((SIZE.0 / 2) as i32);
        let panels = [(left, "Loss", "loss"), (right, "Accuracy", "accuracy")];
        for (panel, name, metric) in panels {
            let series = [
                ("training", history.curve(metric), BLUE),
                (
                    "validation",
                    history.curve(&format!("val_{metric}")),
                    ORANGE,
                ),
            ];
            let finite = || {
                let points = series.iter().flat_map(|(_, points, _)| points);
                points.map(|(_, value)| *value).filter(|v| v.is_finite())
            };
            let low = finite()
                .fold(f64::INFINITY, f64::min)
                .min(if metric == "loss" { 0.0 } else { 1.0 });
            let high = finite().fold(f64::NEG_INFINITY, f64::max).max(low + 1e-3);
            let margin = 0.05 * (high - low);
            let epochs = history.epochs.iter().map(|e| e.epoch);
            let last = epochs.max().unwrap_or(0).max(1);
            let mut chart = ChartBuilder::on(&panel)
                .margin(14)
                .x_label_area_size(38)
                .y_label_area_size(58)
                .build_cartesian_2d(0f64..last as f64, low - margin..high + margin)?;
            chart
                .configure_mesh()
                .light_line_style(WHITE)
                .bold_line_style(GRID)
                .axis_style(INK)
                .label_style(font(13, INK))
                .axis_desc_style(font(15, INK))
                .x_desc("Epoch")
                .y_desc(name)
                .x_labels(last.min(10) + 1)
                .x_label_formatter(&|x| format!("{x:.0}"))
                .draw()?;
            if let Some(best) = best {
                let line = [(best as f64, low - margin), (best as f64, high + margin)];
                chart
                    .draw_series(LineSeries::new(line, GRID.stroke_width(3)))?
                    .label("best epoch")
                    .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], GRID.stroke_width(3)));
            }
            for (label, points, color) in series {
                let points = points.into_iter().filter(|(_, v)| v.is_finite());
                let points: Vec<_> = points.map(|(epoch, value)| (epoch as f64, value)).collect();
                chart.draw_series(points.iter().map(|p| Circle::new(*p, 2, color.filled())))?;
                chart
                    .draw_series(LineSeries::new(points, color.stroke_width(2)))?
                    .label(label)
                    .legend(move |(x, y)| {
                        PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2))
                    });
            }
            let corner = match metric {
                "loss" => SeriesLabelPosition::UpperRight,
                _ => SeriesLabelPosition::LowerRight,
            };
            chart
                .configure_series_labels()
                .position(corner)
                .background_style(WHITE.mix(0.85))
                .border_style(GRID)
                .label_font(font(13, INK))
                .draw()?;
        }
        Ok(())
    })
}

/// Line colours, distinguishable with colour-blindness.
const PALETTE: [RGBColor; 8] = [
    BLUE,
    ORANGE,
    RGBColor(0, 136, 85),
    RGBColor(170, 51, 119),
    RGBColor(102, 166, 30),
    RGBColor(117, 112, 179),
    RGBColor(166, 118, 29),
    RGBColor(102, 102, 102),
];

/// Draws the validation curves of several named histories in one figure.
///
/// # Errors
/// [`ExperimentError::Figure`] if drawing fails.
pub fn compared_curves(named: &[(String, History)]) -> Result<Png, ExperimentError> {
    let panels = [
        (
            "Validation loss",
            "val_loss",
            SeriesLabelPosition::UpperRight,
        ),
        (
            "Validation macro F1",
            "val_f1_macro",
            SeriesLabelPosition::LowerRight,
        ),
    ];
    draw(SIZE, |area| {
        let (left, right) = area.split_horizontally((SIZE.0 / 2) as i32);
        for (panel, (name, metric, corner)) in [left, right].into_iter().zip(panels) {
            let curves: Vec<_> = named
                .iter()
                .map(|(_, history)| history.curve(metric))
                .collect();
            let points = || {
                curves
                    .iter()
                    .flatten()
                    .filter(|(_, value)| value.is_finite())
            };
            let low = points().map(|(_, v)| *v).fold(f64::INFINITY, f64::min);
            let high = points().map(|(_, v)| *v).fold(f64::NEG_INFINITY, f64::max);
            let (low, high) = if low <= high {
                (low, high.max(low + 1e-3))
            } else {
                (0.0, 1.0)
            };
            let margin = 0.05 * (high - low);
            let last = points().map(|(epoch, _)| *epoch).max().unwrap_or(0).max(1);
            let mut chart = ChartBuilder::on(&panel)
                .margin(14)
                .x_label_area_size(38)
                .y_label_area_size(58)
                .build_cartesian_2d(0f64..last as f64, low - margin..high + margin)?;
            chart
                .configure_mesh()
                .light_line_style(WHITE)
                .bold_line_style(GRID)
                .axis_style(INK)
                .label_style(font(13, INK))
                .axis_desc_style(font(15, INK))
                .x_desc("Epoch")
                .y_desc(name)
                .x_labels(last.min(10) + 1)
                .x_label_formatter(&|x| format!("{x:.0}"))
                .draw()?;
            for (i, (points, (label, _))) in curves.iter().zip(named).enumerate() {
                let color = PALETTE[i % PALETTE.len()];
                let points = points.iter().filter(|(_, v)| v.is_finite());
                let points: Vec<_> = points.map(|(epoch, v)| (*epoch as f64, *v)).collect();
                chart.draw_series(points.iter().map(|p| Circle::new(*p, 2, color.filled())))?;
                chart
                    .draw_series(LineSeries::new(points, color.stroke_width(2)))?
                    .label(short(label, 40))
                    .legend(move |(x, y)| {
                        PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2))
                    });
            }
            chart
                .configure_series_labels()
                .position(corner)
                .background_style(WHITE.mix(0.85))
                .border_style(GRID)
                .label_font(font(13, INK))
                .draw()?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Epoch;

    #[test]
    fn one_epoch_and_not_a_number_are_drawn() {
        let epoch = |epoch, loss: f64| Epoch {
            epoch,
            metrics: [("loss".to_owned(), loss.into())].into_iter().collect(),
            ..Default::default()
        };
        for epochs in [
            vec![],
            vec![epoch(0, 1.0)],
            vec![epoch(0, 1.0), epoch(1, f64::NAN)],
        ] {
            let history = History::from(epochs);
            learning_curves("t", &history, Some(0)).unwrap();
            compared_curves(&[("a".into(), history.clone()), ("b".into(), history)]).unwrap();
        }
    }
}
