//! Line charts as SVG, in the colours of the page.

use std::fmt::Write;

use super::escaped;

/// CSS custom properties with the line colours.
const COLOURS: [&str; 8] = ["--a", "--b", "--c", "--d", "--e", "--f", "--g", "--h"];

/// Draws a line chart; `best` marks an epoch.
pub(super) fn chart(
    title: &str,
    lines: &[(String, Vec<(usize, f64)>)],
    best: Option<usize>,
) -> String {
    let (width, height, left, bottom, top, right) = (520.0, 280.0, 52.0, 30.0, 8.0, 12.0);
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
    let x = |epoch: f64| left + epoch / last * (width - left - right);
    let y = |value: f64| top + (high - value) / (high - low) * (height - top - bottom);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{} over epochs\">\n",
        escaped(title)
    );
    for i in 0..=4 {
        let value = low + (high - low) * f64::from(i) / 4.0;
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{left}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value:.3}</text>",
            width - right,
            left - 6.0,
            y(value) + 4.0,
            y = y(value),
        );
        // Epochs are whole numbers: no tick label may repeat.
        let epoch = (last * f64::from(i) / 4.0).round();
        if i == 0 || epoch > (last * f64::from(i - 1) / 4.0).round() {
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                x(epoch),
                height - 10.0,
                epoch + 1.0
            );
        }
    }
    if let Some(best) = best {
        let at = x(best as f64);
        let _ = writeln!(
            svg,
            "<line class=\"mark\" stroke-dasharray=\"4 3\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{top}\" \
             y2=\"{:.1}\"><title>best epoch {}</title></line>",
            height - bottom,
            best + 1
        );
    }
    let mut legend = String::new();
    for (i, (name, points)) in lines.iter().enumerate() {
        let colour = COLOURS[i % COLOURS.len()];
        let finite = points.iter().filter(|(_, value)| value.is_finite());
        let places: Vec<String> = finite
            .map(|(epoch, value)| format!("{:.1},{:.1}", x(*epoch as f64), y(*value)))
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
