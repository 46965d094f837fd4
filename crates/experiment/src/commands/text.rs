//! Text for terminals: tables, numbers, colours. Control characters of foreign text never reach the terminal.

use chrono::NaiveDateTime;

pub use crate::error::plain;
pub use support::table::{cut, padded, painted_table, table, width, widths};

/// The terminal, or pipe, that receives the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Width in columns; `None` if the output is not a terminal, in which case nothing is shortened.
    pub width: Option<usize>,
    /// Whether colours are on.
    pub colour: bool,
    /// Current local time.
    pub now: NaiveDateTime,
}

impl Terminal {
    /// Describes standard output.
    pub fn of_stdout() -> Self {
        use std::io::IsTerminal;
        let terminal = std::io::stdout().is_terminal();
        let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        // The user's choice: https://no-color.org
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        Self {
            width: width.filter(|_| terminal),
            colour: terminal
                && !set("NO_COLOR")
                && std::env::var("TERM").is_ok_and(|t| t != "dumb"),
            now: chrono::Local::now().naive_local(),
        }
    }

    /// Colours text if colours are on.
    pub fn paint(&self, text: &str, colour: Colour) -> String {
        if self.colour {
            format!("\u{1b}[{}m{text}\u{1b}[0m", colour as u8)
        } else {
            text.to_owned()
        }
    }

    /// Colours `text` by `status`; `text` may be padded.
    pub fn status(&self, status: &str, text: &str) -> String {
        match status {
            "completed" => self.paint(text, Colour::Green),
            "running" => self.paint(text, Colour::Blue),
            "interrupted" => self.paint(text, Colour::Yellow),
            "failed" | "crashed" | "broken" => self.paint(text, Colour::Red),
            _ => text.to_owned(),
        }
    }
}

/// Terminal colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Bold.
    Bold = 1,
    /// Faint.
    Faint = 2,
    /// Red.
    Red = 31,
    /// Green.
    Green = 32,
    /// Yellow.
    Yellow = 33,
    /// Blue.
    Blue = 34,
}

/// Formats a metric.
pub fn number(value: Option<f64>) -> String {
    value.map_or("-".into(), |value| format!("{value:.4}"))
}

/// Formats a duration in seconds with its two largest units.
pub fn duration(seconds: Option<f64>) -> String {
    let Some(seconds) = seconds.filter(|s| s.is_finite()) else {
        return "-".into();
    };
    let whole = seconds.max(0.0) as u64;
    match seconds {
        s if s < 60.0 => format!("{s:.1} s"),
        s if s < 3600.0 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

/// Formats an age in seconds with its largest unit.
pub fn age(seconds: Option<f64>) -> String {
    let Some(seconds) = seconds else {
        return "-".into();
    };
    match seconds.max(0.0) as u64 {
        s if s < 60 => format!("{s} s"),
        s if s < 3600 => format!("{} min", s / 60),
        s if s < 86_400 => format!("{} h", s / 3600),
        s => format!("{} d", s / 86_400),
    }
}

/// Formats a size in bytes.
pub fn bytes(size: Option<f64>) -> String {
    let Some(mut size) = size else {
        return "-".into();
    };
    for unit in ["B", "KiB", "MiB"] {
        if size < 1024.0 {
            return match unit {
                "B" => format!("{size:.0} B"),
                _ => format!("{size:.1} {unit}"),
            };
        }
        size /= 1024.0;
    }
    format!("{size:.1} GiB")
}

/// Formats a count with thousands separators.
pub fn count(value: Option<f64>) -> String {
    let Some(value) = value.filter(|v| v.is_finite()) else {
        return "-".into();
    };
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && !out.ends_with('-') {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Renders a curve in one line of at most `columns` characters; NaN leaves a gap.
pub fn sparkline(values: &[f64], columns: usize) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let finite = || values.iter().copied().filter(|v| v.is_finite());
    let low = finite().fold(f64::INFINITY, f64::min);
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    let shown = values.len().min(columns.max(1));
    let bar = |i: usize| {
        // Of points that share a column, the last one is shown.
        let value = values[(i + 1) * values.len() / shown - 1];
        if !value.is_finite() {
            ' '
        } else if high > low {
            BARS[((value - low) / (high - low) * 7.0).round() as usize]
        } else {
            BARS[3]
        }
    };
    (0..shown).map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_not_printed() {
        assert_eq!(
            plain("a\u{1b}[31m\nb\u{202e}c"),
            "a\u{fffd}[31m\u{fffd}b\u{fffd}c"
        );
        assert_eq!(plain("\u{9b}x"), "\u{fffd}x");
    }

    #[test]
    fn amounts() {
        let cases = [
            (5.04, "5.0 s"),
            (62.5, "1 min 02 s"),
            (7325.0, "2 h 02 min"),
        ];
        for (seconds, text) in cases {
            assert_eq!(duration(Some(seconds)), text);
        }
        assert_eq!(
            [age(Some(3.0)), age(Some(4000.0)), age(Some(1e6))],
            ["3 s", "1 h", "11 d"]
        );
        assert_eq!(bytes(Some(1_500_000.0)), "1.4 MiB");
        assert_eq!(
            [count(Some(154_723.0)), count(Some(12.0)), count(None)],
            ["154,723", "12", "-"]
        );
    }

    #[test]
    fn wide_characters_take_two_columns() {
        let rows = [
            vec!["地震".to_owned(), "1".to_owned()],
            vec!["abc".into(), "22".into()],
        ];
        assert_eq!(
            table(&["name", "n"], &rows, &[1]),
            "name   n\n地震   1\nabc   22\n"
        );
        assert_eq!(cut("地震計", 5), "地震…");
        assert_eq!(cut("abc", 3), "abc");
    }

    #[test]
    fn curves() {
        assert_eq!(sparkline(&[0.0, 7.0, 3.5, f64::NAN], 10), "▁█▅ ");
        assert_eq!(sparkline(&[1.0; 3], 2), "▄▄");
        assert_eq!(sparkline(&[], 5), "");
    }
}
