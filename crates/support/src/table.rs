//! Tables of text for terminals.
//!
//! ```
//! let rows = [vec!["noise".to_owned(), "120".to_owned()]];
//! let text = support::table::table(&["class", "windows"], &rows, &[1]);
//! assert_eq!(text, "class  windows\nnoise      120\n");
//! ```

use unicode_width::UnicodeWidthStr;

/// Display width of text in columns.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Pads `text` with spaces on the right or, if `right`, on the left.
pub fn padded(text: &str, columns: usize, right: bool) -> String {
    let gap = " ".repeat(columns.saturating_sub(width(text)));
    if right {
        format!("{gap}{text}")
    } else {
        format!("{text}{gap}")
    }
}

/// Shortens text to at most `limit` columns.
pub fn cut(text: &str, limit: usize) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        let mut longer = kept.clone();
        longer.push(c);
        if width(&longer) + 1 > limit {
            break;
        }
        kept = longer;
    }
    format!("{kept}…")
}

/// Column widths that a table needs.
pub fn widths(header: &[&str], rows: &[Vec<String>]) -> Vec<usize> {
    let mut widths: Vec<usize> = header.iter().map(|h| width(h)).collect();
    for row in rows {
        for (wide, cell) in widths.iter_mut().zip(row) {
            *wide = (*wide).max(width(cell));
        }
    }
    widths
}

/// Renders a table, two spaces between columns. Columns in `right` are right-aligned; `paint` colours a padded cell.
pub fn painted_table(
    header: &[&str],
    rows: &[Vec<String>],
    right: &[usize],
    paint: impl Fn(usize, usize, String) -> String,
) -> String {
    let widths = widths(header, rows);
    let mut out = String::new();
    let head: Vec<String> = header.iter().map(ToString::to_string).collect();
    for (i, row) in std::iter::once(&head).chain(rows).enumerate() {
        let cells = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(j, (cell, &wide))| {
                let last = j + 1 == widths.len() && !right.contains(&j);
                let cell = if last {
                    cell.clone()
                } else {
                    padded(cell, wide, right.contains(&j))
                };
                match i {
                    0 => cell,
                    _ => paint(i - 1, j, cell),
                }
            });
        let line = cells.collect::<Vec<_>>().join("  ");
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Renders a table without colours.
pub fn table(header: &[&str], rows: &[Vec<String>], right: &[usize]) -> String {
    painted_table(header, rows, right, |_, _, cell| cell)
}
