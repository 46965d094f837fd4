//! Parts of a table whose rows come at another rate than the rest.

use std::ops::Range;

/// Stretches of at most so many rows are short.
const SHORT: usize = 16;
/// Up to so many short stretches are what gaps leave behind.
const FEW: usize = 8;

/// A note if many stretches between gaps are short, whatever the length of the others: a part whose rows come at a lower rate
/// falls into such pieces, and within a piece times follow the usual rate.
pub(super) fn note(seconds: &[f64], stretches: &[Range<usize>], rate: f64) -> Option<String> {
    let short = stretches.iter().filter(|rows| rows.len() <= SHORT);
    let (count, rows) = short.clone().fold((0, 0), |(count, rows), range| {
        (count + 1, rows + range.len())
    });
    if count <= FEW {
        return None;
    }
    let inside = short.filter(|rows| rows.end < seconds.len());
    let mut spacings: Vec<f64> = inside
        .map(|rows| (seconds[rows.end] - seconds[rows.start]) / rows.len() as f64)
        .collect();
    spacings.sort_unstable_by(f64::total_cmp);
    let spacing = spacings.get(spacings.len() / 2)?;
    Some(format!(
        "{count} stretches between gaps have at most {SHORT} rows, {rows} rows in all, usually {spacing:.6} s apart instead of {:.6} s: times within them are uncertain by some samples; if these rows were recorded at another rate, put them into a file of their own",
        1.0 / rate
    ))
}
