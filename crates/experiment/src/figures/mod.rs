//! Figures as PNG. The font is embedded, so they look the same on every machine.

mod confusion;
mod curves;
mod scores;

use std::sync::OnceLock;

use plotters::prelude::*;
use plotters::style::register_font;

use crate::error::ExperimentError;

pub use confusion::confusion_matrix;
pub use curves::{compared_curves, learning_curves};
pub use scores::{ScorePanel, score_panels};

/// Name under which the embedded font is registered.
const FONT: &str = "sans-serif";
/// DejaVu Sans; its licence is next to it.
static FONT_BYTES: &[u8] = include_bytes!("../../assets/DejaVuSans.ttf");

const INK: RGBColor = RGBColor(33, 37, 41);
const GRID: RGBColor = RGBColor(222, 226, 230);
const BLUE: RGBColor = RGBColor(8, 69, 148);
const ORANGE: RGBColor = RGBColor(217, 95, 2);

/// An encoded PNG image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Png {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The encoded file.
    pub bytes: Vec<u8>,
}

type Area<'a> = DrawingArea<BitMapBackend<'a>, plotters::coord::Shift>;

/// Draws on a white canvas and encodes it.
fn draw(
    (width, height): (u32, u32),
    paint: impl FnOnce(&Area<'_>) -> Result<(), Box<dyn std::error::Error>>,
) -> Result<Png, ExperimentError> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    let registered =
        *REGISTERED.get_or_init(|| register_font(FONT, FontStyle::Normal, FONT_BYTES).is_ok());
    let failed = |problem: String| ExperimentError::Figure(problem);
    if !registered {
        return Err(failed("the embedded font is damaged".into()));
    }
    let mut pixels = vec![255; (width * height * 3) as usize];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        paint(&area).map_err(|e| failed(e.to_string()))?;
        area.present().map_err(|e| failed(e.to_string()))?;
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(&pixels)?;
        writer.finish()
    });
    written.map_err(|e| failed(e.to_string()))?;
    Ok(Png {
        width,
        height,
        bytes,
    })
}

fn font(size: u32, color: RGBColor) -> TextStyle<'static> {
    (FONT, size).into_font().color(&color)
}

/// Shortens a name to `limit` characters and removes line breaks and control characters.
fn short(name: &str, limit: usize) -> String {
    let clean: String = name
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if clean.chars().count() <= limit {
        return clean;
    }
    let kept: String = clean.chars().take(limit - 1).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut() {
        assert_eq!(short("background", 10), "background");
        assert_eq!(short("a very long class name", 10), "a very lo…");
        assert_eq!(short("two\nlines\u{1b}", 20), "two lines ");
    }
}
