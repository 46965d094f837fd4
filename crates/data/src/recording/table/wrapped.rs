//! One channel that is written in lines of several numbers, which looks like a table of several channels.

/// Columns, at least, and rows.
const COLUMNS: usize = 4;
const ROWS: usize = 32;
/// Rows that are looked at.
const LOOKED_AT: usize = 4096;
/// From the last number of a line to the first of the next, samples differ by at most this many times as much as within a line.
const OVER: f64 = 1.25;
/// From line to line, they differ by at least this many times as much.
const DOWN: f64 = 3.0;

/// Whether columns, which have no names, are one channel.
pub(super) fn is(channels: &[(String, Vec<f64>)]) -> bool {
    let is_unnamed = |(at, (name, _)): (usize, &(String, Vec<f64>))| *name == (at + 1).to_string();
    let columns: Vec<&[f64]> = channels.iter().map(|(_, values)| &**values).collect();
    channels.iter().enumerate().all(is_unnamed) && goes_on(&columns)
}

/// Whether each row of `columns` goes on where the one above ends, and numbers below each other differ.
pub(super) fn goes_on(columns: &[&[f64]]) -> bool {
    let rows = columns.first().map_or(0, |values| values.len());
    if columns.len() < COLUMNS || rows < ROWS {
        return false;
    }
    let rows = rows.min(LOOKED_AT);
    let value = |row: usize, column: usize| columns[column][row];
    let last = columns.len() - 1;
    let within = (0..rows)
        .flat_map(|row| (0..last).map(move |column| value(row, column + 1) - value(row, column)));
    let over = (1..rows).map(|row| value(row, 0) - value(row - 1, last));
    let down = (1..rows)
        .flat_map(|row| (0..=last).map(move |column| value(row, column) - value(row - 1, column)));
    let (within, over, down) = (mean(within), mean(over), mean(down));
    down > 0.0 && over <= OVER * within && DOWN * within <= down
}

/// The mean size of differences.
fn mean(differences: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0f64);
    for difference in differences.filter(|difference| difference.is_finite()) {
        (sum, count) = (sum + difference.abs(), count + 1.0);
    }
    sum / count.max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channels(columns: usize, value: impl Fn(usize, usize) -> f64) -> Vec<(String, Vec<f64>)> {
        let channel = |column: usize| (0..200).map(|row| value(row, column)).collect();
        let all = (0..columns).map(|column| ((column + 1).to_string(), channel(column)));
        all.collect()
    }

    #[test]
    fn lines_that_go_on() {
        let wave = |i: usize| (i as f64 / 5.0).sin() * 1000.0;
        let mut wrapped = channels(10, |row, column| wave(10 * row + column));
        assert!(is(&wrapped));
        wrapped[3].0 = "north".into();
        assert!(!is(&wrapped));
        // Channels that are alike, or that are not.
        assert!(!is(&channels(10, |row, column| wave(row) + column as f64)));
        assert!(!is(&channels(10, |row, column| wave(row + 7 * column))));
        assert!(!is(&channels(3, |row, column| wave(3 * row + column))));
    }
}
