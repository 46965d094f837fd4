//! Confusion matrices as figures: counts and row percentages; rows are true classes.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{Area, INK, Png, draw, font, short};
use crate::error::ExperimentError;

/// Longest class name drawn in full, in characters.
const NAME: usize = 26;
const GAP: i32 = 12;
const BAR: i32 = 18;

/// Pixel sizes of the figure.
struct MatrixLayout {
    classes: i32,
    cell: i32,
    /// Top-left corner of the matrix.
    left: i32,
    top: i32,
    /// Height below the matrix for class names and axis label.
    bottom: i32,
    /// Whether column names are rotated.
    rotated: bool,
    name_size: u32,
}

impl MatrixLayout {
    fn new(names: &[String]) -> Self {
        let classes = names.len() as i32;
        let cell = (640 / classes.max(1)).clamp(58, 130);
        let name_size = 15;
        let width = |name: &String| text_width(name, name_size);
        let longest = names.iter().map(width).max().unwrap_or(0);
        let rotated = longest > cell - 6;
        let below = if rotated { longest } else { 20 };
        Self {
            classes,
            cell,
            left: 44 + longest + GAP,
            top: 58,
            bottom: below + 2 * GAP + 30,
            rotated,
            name_size,
        }
    }

    fn side(&self) -> i32 {
        self.cell * self.classes
    }

    fn size(&self) -> (u32, u32) {
        let width = self.left + self.side() + 2 * GAP + BAR + 62;
        (width as u32, (self.top + self.side() + self.bottom) as u32)
    }
}

/// Approximate width: the backend sets DejaVu Sans at about 0.6 em per character.
fn text_width(text: &str, size: u32) -> i32 {
    (text.chars().count() as f64 * f64::from(size) * 0.6) as i32
}

/// Colour of a row fraction, from white to dark blue.
fn shade(fraction: f64) -> RGBColor {
    let stops = [
        (247, 251, 255),
        (158, 202, 225),
        (49, 130, 189),
        (8, 48, 107),
    ];
    let at = fraction.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
    let i = (at as usize).min(stops.len() - 2);
    let mix = |a: i32, b: i32| (f64::from(a) + (at - i as f64) * f64::from(b - a)).round() as u8;
    let (a, b) = (stops[i], stops[i + 1]);
    RGBColor(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

fn anchored(style: TextStyle<'static>, h: HPos, v: VPos) -> TextStyle<'static> {
    style.pos(Pos::new(h, v))
}

/// Draws a confusion matrix.
///
/// # Shapes
/// `matrix[true][predicted]`, square, one row and column per class name.
///
/// # Errors
/// [`ExperimentError::Figure`] if the matrix does not match the class names or drawing fails.
pub fn confusion_matrix(
    title: &str,
    class_names: &[String],
    matrix: &[Vec<u64>],
) -> Result<Png, ExperimentError> {
    let classes = class_names.len();
    if classes == 0 || matrix.len() != classes || matrix.iter().any(|row| row.len() != classes) {
        let problem = format!("a confusion matrix over {classes} classes must be square");
        return Err(ExperimentError::Figure(problem));
    }
    let names: Vec<String> = class_names.iter().map(|name| short(name, NAME)).collect();
    let layout = MatrixLayout::new(&names);
    draw(layout.size(), |area| {
        cells(area, &layout, matrix)?;
        labels(area, &layout, title, &names)?;
        colour_bar(area, &layout)?;
        Ok(())
    })
}

type DrawResult = Result<(), Box<dyn std::error::Error>>;

fn cells(area: &Area<'_>, layout: &MatrixLayout, matrix: &[Vec<u64>]) -> DrawResult {
    let MatrixLayout {
        cell, left, top, ..
    } = *layout;
    for (i, row) in matrix.iter().enumerate() {
        let total: u64 = row.iter().sum();
        for (j, count) in row.iter().enumerate() {
            let fraction = *count as f64 / total.max(1) as f64;
            let (x, y) = (left + j as i32 * cell, top + i as i32 * cell);
            let box_ = [(x, y), (x + cell, y + cell)];
            area.draw(&Rectangle::new(box_, shade(fraction).filled()))?;
            area.draw(&Rectangle::new(box_, super::GRID))?;
            let ink = if fraction > 0.5 { WHITE } else { INK };
            let digits = count.to_string();
            // Large counts use a smaller font to fit their cell.
            let size = (cell as u32 / 5).clamp(14, 22);
            let fitting = f64::from(cell - 8) / (digits.len().max(1) as f64 * 0.65);
            let size = size.min(fitting as u32).max(8);
            let centre = x + cell / 2;
            let style = anchored(font(size, ink), HPos::Center, VPos::Center);
            area.draw(&Text::new(digits, (centre, y + cell * 2 / 5), style))?;
            let percent = match total {
                0 => "-".to_owned(),
                _ => format!("{:.1} %", 100.0 * fraction),
            };
            let style = anchored(
                font((size * 3 / 4).max(11), ink),
                HPos::Center,
                VPos::Center,
            );
            area.draw(&Text::new(percent, (centre, y + cell * 7 / 10), style))?;
        }
    }
    Ok(())
}

fn labels(area: &Area<'_>, layout: &MatrixLayout, title: &str, names: &[String]) -> DrawResult {
    let MatrixLayout {
        cell, left, top, ..
    } = *layout;
    let side = layout.side();
    let (width, _) = layout.size();
    let style = anchored(font(20, INK), HPos::Center, VPos::Center);
    let fit = (f64::from(width) / (20.0 * 0.6)) as usize;
    let title = short(title, fit.max(8));
    area.draw(&Text::new(title, (width as i32 / 2, 28), style))?;
    let name_style = font(layout.name_size, INK);
    for (i, name) in names.iter().enumerate() {
        let middle = i as i32 * cell + cell / 2;
        let style = anchored(name_style.clone(), HPos::Right, VPos::Center);
        area.draw(&Text::new(name.clone(), (left - GAP, top + middle), style))?;
        let below = (left + middle, top + side + GAP);
        let style = if layout.rotated {
            let turned = name_style.transform(FontTransform::Rotate270);
            anchored(turned, HPos::Right, VPos::Center)
        } else {
            anchored(name_style.clone(), HPos::Center, VPos::Top)
        };
        area.draw(&Text::new(name.clone(), below, style))?;
    }
    let axis = font(17, INK);
    let below = top + side + layout.bottom - 24;
    let style = anchored(axis.clone(), HPos::Center, VPos::Center);
    area.draw(&Text::new(
        "Predicted class",
        (left + side / 2, below),
        style,
    ))?;
    let turned = axis.transform(FontTransform::Rotate270);
    let style = anchored(turned, HPos::Center, VPos::Center);
    area.draw(&Text::new("True class", (20, top + side / 2), style))?;
    Ok(())
}

fn colour_bar(area: &Area<'_>, layout: &MatrixLayout) -> DrawResult {
    let side = layout.side();
    let (x, top) = (layout.left + side + 2 * GAP, layout.top);
    for line in 0..side {
        let fraction = 1.0 - f64::from(line) / f64::from(side - 1);
        let row = [(x, top + line), (x + BAR, top + line + 1)];
        area.draw(&Rectangle::new(row, shade(fraction).filled()))?;
    }
    area.draw(&Rectangle::new([(x, top), (x + BAR, top + side)], INK))?;
    for percent in [0, 25, 50, 75, 100] {
        let y = top + side - side * percent / 100;
        area.draw(&PathElement::new([(x + BAR, y), (x + BAR + 4, y)], INK))?;
        let style = anchored(font(13, INK), HPos::Left, VPos::Center);
        area.draw(&Text::new(format!("{percent} %"), (x + BAR + 8, y), style))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(n: usize) -> Vec<String> {
        (0..n)
            .map(|i| format!("a class with a long name {i}"))
            .collect()
    }

    #[test]
    fn every_size_is_a_png_and_cells_have_their_colours() {
        for n in [2, 3, 10, 25] {
            let matrix: Vec<Vec<u64>> = (0..n)
                .map(|i| {
                    (0..n)
                        .map(|j| {
                            if i == j {
                                1_000_000
                            } else if j == 1 {
                                0
                            } else {
                                37 * i as u64
                            }
                        })
                        .collect()
                })
                .collect();
            let picture = confusion_matrix("title", &names(n), &matrix).unwrap();
            // SEISMIC_FIGURES=DIR keeps the pictures for inspection.
            if let Some(folder) = std::env::var_os("SEISMIC_FIGURES") {
                let path = std::path::Path::new(&folder).join(format!("confusion_{n}.png"));
                std::fs::write(path, &picture.bytes).unwrap();
            }
            let decoder = png::Decoder::new(std::io::Cursor::new(&picture.bytes));
            let mut reader = decoder.read_info().unwrap();
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            reader.next_frame(&mut pixels).unwrap();
            assert_eq!(
                (reader.info().width, reader.info().height),
                (picture.width, picture.height)
            );
            let layout =
                MatrixLayout::new(&names(n).iter().map(|n| short(n, NAME)).collect::<Vec<_>>());
            let pixel = |x: i32, y: i32| {
                let at = ((y as u32 * picture.width + x as u32) * 3) as usize;
                RGBColor(pixels[at], pixels[at + 1], pixels[at + 2])
            };
            let corner = |i: i32| layout.left + i * layout.cell + 3;
            assert_eq!(
                pixel(corner(0), layout.top + 3),
                shade(1.0),
                "{n}: a full cell is dark"
            );
            assert_eq!(
                pixel(corner(1), layout.top + 3),
                shade(0.0),
                "{n}: an empty one light"
            );
        }
    }

    #[test]
    fn a_matrix_must_be_square() {
        assert!(confusion_matrix("t", &names(2), &[vec![1, 2]]).is_err());
        assert!(confusion_matrix("t", &[], &[]).is_err());
    }
}
