//! Line charts as SVG, in the colours of the page.

use std::fmt::Write;

use super::escaped;

/// CSS custom properties with the line colours.
const COLOURS: [&str; 8] = ["--a", "--b", "--c", "--d", "--e", "--f", "--g", "--h"];

/// Width and height of a chart.
const SIZE: (f64, f64) = (520.0, 280.0);

/// Margins for labels and line ends.
const LEFT: f64 = 52.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 30.0;

/// A line: its name, and values by epoch.
type Line = (String, Vec<(usize, f64)>);

/// Draws a line chart; `best` marks an epoch.
pub(super) fn chart(title: &str, lines: &[Line], best: Option<usize>) -> String {
    let axes = Axes::new(lines);
    let (width, height) = SIZE;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{} over epochs\">\n",
        escaped(title)
    );
    axes.draw(&mut svg);
    if let Some(best) = best {
        let at = axes.x(best as f64);
        let _ = writeln!(
            svg,
            "<line class=\"mark\" stroke-dasharray=\"4 3\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" \
             y2=\"{:.1}\"><title>best epoch {}</title></line>",
            height - BOTTOM,
            best + 1
        );
    }
    let mut legend = String::new();
    for (i, (name, points)) in lines.iter().enumerate() {
        let colour = COLOURS[i % COLOURS.len()];
        axes.draw_line(&mut svg, colour, points);
        let _ = write!(
            legend,
            "<span style=\"--color: var({colour})\">{}</span>",
            escaped(name)
        );
    }
    if best.is_some() {
        legend.push_str("<span class=\"mark\">best epoch</span>");
    }
    svg.push_str("</svg>\n");
    format!(
        "<figure><figcaption>{} by epoch</figcaption>\n{svg}<div class=\"legend\">{legend}</div></figure>\n",
        escaped(title)
    )
}

/// Ranges of a chart.
struct Axes {
    low: f64,
    high: f64,
    /// Last epoch, at least 1.
    last: f64,
}

impl Axes {
    fn new(lines: &[Line]) -> Self {
        let points = || {
            let all = lines.iter().flat_map(|(_, points)| points);
            all.filter(|(_, value)| value.is_finite())
        };
        let low = points()
            .map(|(_, value)| *value)
            .fold(f64::INFINITY, f64::min);
        let high = points()
            .map(|(_, value)| *value)
            .fold(f64::NEG_INFINITY, f64::max);
        let (low, high) = if low <= high {
            (low, high.max(low + 1e-6))
        } else {
            (0.0, 1.0)
        };
        let last = points().map(|(epoch, _)| *epoch).max().unwrap_or(0).max(1) as f64;
        Self { low, high, last }
    }

    fn x(&self, epoch: f64) -> f64 {
        LEFT + epoch / self.last * (SIZE.0 - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        TOP + (self.high - value) / (self.high - self.low) * (SIZE.1 - TOP - BOTTOM)
    }

    /// Grid lines and labels.
    fn draw(&self, svg: &mut String) {
        for i in 0..=4 {
            let value = self.low + (self.high - self.low) * f64::from(i) / 4.0;
            let y = self.y(value);
            let _ = writeln!(
                svg,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value:.3}</text>",
                SIZE.0 - RIGHT,
                LEFT - 6.0,
                y + 4.0,
            );
            // Epochs are whole numbers: no tick label may repeat.
            let epoch = (self.last * f64::from(i) / 4.0).round();
            if i == 0 || epoch > (self.last * f64::from(i - 1) / 4.0).round() {
                let _ = writeln!(
                    svg,
                    "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                    self.x(epoch),
                    SIZE.1 - 10.0,
                    epoch + 1.0
                );
            }
        }
    }

    /// A line through the finite values; a dot if there is only one.
    fn draw_line(&self, svg: &mut String, colour: &str, points: &[(usize, f64)]) {
        let finite = points.iter().filter(|(_, value)| value.is_finite());
        let places: Vec<String> = finite
            .map(|(epoch, value)| format!("{:.1},{:.1}", self.x(*epoch as f64), self.y(*value)))
            .collect();
        let _ = writeln!(
            svg,
            "<polyline style=\"stroke: var({colour})\" points=\"{}\"/>",
            places.join(" ")
        );
        if let [only] = &places[..] {
            let (cx, cy) = only.split_once(',').unwrap_or_default();
            let _ = writeln!(
                svg,
                "<circle cx=\"{cx}\" cy=\"{cy}\" r=\"3\" style=\"fill: var({colour})\"/>"
            );
        }
    }
}
