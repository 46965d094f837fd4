//! Rows that lie on the wrong side of a gap, as the times of a noisy clock can make it.

use std::ops::Range;

use support::words::counted;

use super::levels::median;

/// Samples, at least, and median distances by which a row is too far from the clock.
const FAR: (f64, f64) = (3.0, 8.0);
/// The last rows of a file may only be late, if they are fewer.
const MANY: usize = 16;

/// A note on rows whose times are far before those that the clock gives them, and on the last rows of a stretch if they are far
/// behind: late rows catch up, and no row is written before its sample. `stretches` are rows and the seconds of their first.
pub(super) fn note(
    seconds: &[f64],
    stretches: impl Iterator<Item = (Range<usize>, f64)>,
    rate: f64,
) -> Option<String> {
    let (mut count, mut first, mut most) = (0, None, 0.0f64);
    let mut stretches = stretches.peekable();
    while let Some((rows, start)) = stretches.next() {
        let late = rows
            .clone()
            .enumerate()
            .map(|(i, row)| (seconds[row] - start) * rate - i as f64);
        let late: Vec<f64> = late.collect();
        let middle = median(&mut late.clone());
        let mut off: Vec<f64> = late
            .iter()
            .map(|lateness| (lateness - middle).abs())
            .collect();
        let limit = FAR.0.max(FAR.1 * median(&mut off));
        let behind = late
            .iter()
            .rev()
            .take_while(|lateness| **lateness > limit)
            .count();
        let may_be_late = stretches.peek().is_none() && behind < MANY;
        let behind = if may_be_late { 0 } else { behind };
        for (i, lateness) in late.iter().enumerate() {
            if *lateness < -limit || i + behind >= late.len() {
                count += 1;
                first = first.or(Some(rows.start + i + 1));
                most = most.max(lateness.abs());
            }
        }
    }
    first.map(|first| {
        format!(
            "{} with times up to {most:.1} samples from those of an even clock, from row {first} on: the gap beside them may \
             be some rows off; check the times there",
            counted(count, "row")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 200 rows at 100 Hz with a gap of a second before row 100, cut before row `cut`.
    fn cut_at(cut: usize, jitter: f64) -> Option<String> {
        let time = |row: usize| row as f64 / 100.0 + if row < 100 { 0.0 } else { 1.0 };
        let noise = |row: usize| ((row * row) as f64).sin() * jitter / 100.0;
        let seconds: Vec<f64> = (0..200).map(|row| time(row) + noise(row)).collect();
        let second = time(150) - (150 - cut) as f64 / 100.0;
        note(
            &seconds,
            [(0..cut, 0.0), (cut..200, second)].into_iter(),
            100.0,
        )
    }

    #[test]
    fn gaps_that_are_some_rows_off() {
        assert_eq!(cut_at(100, 0.0), None);
        assert_eq!(cut_at(100, 1.0), None);
        for jitter in [0.0, 0.8] {
            for (cut, row) in [(97, 98), (104, 101)] {
                let note = cut_at(cut, jitter).unwrap();
                let rows = cut.abs_diff(100);
                assert!(
                    note.starts_with(&format!("{rows} rows with times up to 10")),
                    "{note}"
                );
                assert!(note.contains(&format!("from row {row} on")), "{note}");
            }
        }
        // Late rows that catch up, and few at the end of a file.
        let mut late: Vec<f64> = (0..200).map(|row| f64::from(row) / 100.0).collect();
        for row in (50..80).chain(190..200) {
            late[row] += 0.5;
        }
        assert_eq!(note(&late, [(0..200, 0.0)].into_iter(), 100.0), None);
        late[180..].iter_mut().for_each(|time| *time += 0.5);
        let note = note(&late, [(0..200, 0.0)].into_iter(), 100.0).unwrap();
        assert!(
            note.starts_with("20 rows") && note.contains("from row 181 on"),
            "{note}"
        );
    }
}
