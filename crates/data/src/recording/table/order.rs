//! Rows of a table in the order of their times, without rows that are there twice or whose time is wild.

use support::words::counted;

use super::wild;

/// Largest step back in time, in usual steps, that is put right: beyond it a clock was set, which is another matter.
const LARGEST_STEP_BACK: i64 = 1000;

/// Rows for every step back, at least: with more steps back, the column is no clock.
const ROWS_BETWEEN_STEPS_BACK: usize = 10;

/// Probability below which rows with the same time and values are not equal by chance.
const BY_CHANCE: f64 = 0.01;

/// Maximum fraction of repeated times for which a note reports possibly duplicated rows; with more, the times are
/// coarse.
const FEW: f64 = 0.01;

/// Rows that are to be read in another order, or not all.
#[derive(Debug, PartialEq)]
pub(super) struct Order {
    /// The rows, in the order of their times.
    pub rows: Vec<usize>,
    /// What was changed.
    pub notes: Vec<String>,
}

/// The order of rows with these times and columns of values. `None` if they are in order.
///
/// Rows are sorted if that makes their times as regular as elsewhere in the table, which is not the case if two
/// recordings overlap. Rows that repeat the time and values of the row before are left out if chance does not explain
/// them: at a coarse resolution, times repeat while the values change.
pub(super) fn of_rows(times: &[i64], columns: &[&[f64]]) -> Option<Order> {
    if times.is_sorted_by(|a, b| a < b) {
        return None;
    }
    if times.len() > 2 && times.first() > times.last() && times.is_sorted_by(|a, b| a >= b) {
        return Some(reversed(times, columns));
    }
    let step = usual_step(times)?;
    let wild = wild::rows(times, step);
    if !wild.is_empty() {
        return Some(without(&wild, times, columns));
    }
    let mut rows: Vec<usize> = (0..times.len()).collect();
    let mut notes = Vec::new();
    let back = times.windows(2).filter(|pair| pair[1] < pair[0]).count();
    let alike = |a: usize, b: usize| {
        let mut columns = columns.iter();
        columns.all(|column| column[a].to_bits() == column[b].to_bits())
    };
    if back > 0
        && back * ROWS_BETWEEN_STEPS_BACK <= times.len()
        && let Some(sorted) = sorted(times, step, alike)
    {
        rows = sorted;
        notes.push(format!(
            "sorted the rows by time: it steps back {} in the file",
            if back == 1 {
                "once".into()
            } else {
                format!("{back} times")
            }
        ));
    }
    let (mut same_time, mut same_row, mut alike_by_chance) = (0, 0, 0);
    for pair in rows.windows(2) {
        let is_alike = alike(pair[0], pair[1]);
        if times[pair[0]] == times[pair[1]] {
            same_time += 1;
            same_row += usize::from(is_alike);
        } else {
            alike_by_chance += usize::from(is_alike);
        }
    }
    let others = (rows.len() - 1 - same_time).max(1);
    let share = alike_by_chance as f64 / others as f64;
    let chance = share.powf(same_time as f64);
    let all_alike = same_row > 0 && same_row == same_time;
    if all_alike && chance >= BY_CHANCE && share < 0.5 && same_row as f64 <= FEW * rows.len() as f64
    {
        notes.push(format!(
            "{same_row} row(s) have the time and values of the row before, as {:.1} % of rows have its values anyway: taken for \
             samples; remove them if they are there twice",
            100.0 * share
        ));
    }
    if all_alike && chance < BY_CHANCE {
        let mut before = None;
        rows.retain(|&row| {
            let repeats = before.is_some_and(|before| times[before] == times[row]);
            before = Some(row);
            !repeats
        });
        let count = if same_row == 1 {
            "1 row that repeats".into()
        } else {
            format!("{same_row} rows that repeat")
        };
        notes.push(format!(
            "left out {count} the time and values of the row before"
        ));
    }
    (!notes.is_empty()).then_some(Order { rows, notes })
}

/// The order of rows of which the latest come first.
fn reversed(times: &[i64], columns: &[&[f64]]) -> Order {
    let last = times.len() - 1;
    let times: Vec<i64> = times.iter().rev().copied().collect();
    let values = columns
        .iter()
        .map(|column| column.iter().rev().copied().collect());
    let values: Vec<Vec<f64>> = values.collect();
    let columns: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
    let order = of_rows(&times, &columns).unwrap_or(Order {
        rows: (0..=last).collect(),
        notes: Vec::new(),
    });
    let note = "the latest rows come first: read from the last row to the first";
    let notes = order.notes.into_iter();
    Order {
        rows: order.rows.into_iter().map(|row| last - row).collect(),
        notes: notes.chain([note.to_owned()]).collect(),
    }
}

/// The order of the rows that are not `wild`.
fn without(wild: &[usize], times: &[i64], columns: &[&[f64]]) -> Order {
    let kept = (0..times.len()).filter(|row| wild.binary_search(row).is_err());
    let kept: Vec<usize> = kept.collect();
    let of = |column: &&[f64]| kept.iter().map(|row| column[*row]).collect();
    let values: Vec<Vec<f64>> = columns.iter().map(of).collect();
    let columns: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
    let times: Vec<i64> = kept.iter().map(|row| times[*row]).collect();
    let order = of_rows(&times, &columns).unwrap_or(Order {
        rows: (0..kept.len()).collect(),
        notes: Vec::new(),
    });
    let note = format!(
        "left out {} whose time is far from those of the rows before and after (the first: row {})",
        counted(wild.len(), "row"),
        wild[0] + 1
    );
    Order {
        rows: order.rows.into_iter().map(|row| kept[row]).collect(),
        notes: order.notes.into_iter().chain([note]).collect(),
    }
}

/// Median of the steps forward.
fn usual_step(times: &[i64]) -> Option<i64> {
    let steps = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
    let mut steps: Vec<i64> = steps.filter(|step| *step > 0).collect();
    let middle = steps.len() / 2;
    (!steps.is_empty()).then(|| *steps.select_nth_unstable(middle).1)
}

/// The rows by time, if that makes the times regular. Equal rows may have the same time: they are duplicates. Beyond large
/// steps back, the rows must fit together without a gap: then they are blocks that were written in another order, as by
/// several threads.
fn sorted(times: &[i64], step: i64, alike: impl Fn(usize, usize) -> bool) -> Option<Vec<usize>> {
    let back = |pair: &[i64]| pair[0].saturating_sub(pair[1]);
    let largest = times.windows(2).map(back).max()?;
    let is_far = largest / step > LARGEST_STEP_BACK;
    // Steps of half the usual one or less come from interleaving the rows of two stretches.
    let irregular = |rows: &[usize]| {
        let (mut short, mut equal) = (0, 0);
        for pair in rows.windows(2) {
            match times[pair[1]].saturating_sub(times[pair[0]]) {
                0 => equal += usize::from(!alike(pair[0], pair[1])),
                difference => short += usize::from(difference > 0 && difference <= step - step / 2),
            }
        }
        (short, equal)
    };
    let mut rows: Vec<usize> = (0..times.len()).collect();
    let before = irregular(&rows);
    rows.sort_by_key(|row| times[*row]);
    let after = irregular(&rows);
    let fits = |pair: &[usize]| {
        let difference = times[pair[1]].saturating_sub(times[pair[0]]);
        pair[1] == pair[0] + 1 || (difference - step).abs() <= step / 2
    };
    if is_far && !rows.windows(2).all(fits) {
        return None;
    }
    (after.0 <= before.0 && after.1 <= before.1).then_some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values that never repeat.
    fn values(count: usize) -> Vec<f64> {
        (0..count).map(|i| (i as f64).sin()).collect()
    }

    /// A row that may be a duplicate or a second sample at the same time is reported.
    #[test]
    fn a_row_that_may_be_there_twice_is_said() {
        let mut values = values(2000);
        // A fortieth of the rows repeat the value of the row before.
        (39..2000)
            .step_by(40)
            .for_each(|i| values[i] = values[i - 1]);
        let mut times: Vec<i64> = (0..2000).map(|i| i * 10).collect();
        values.insert(501, values[500]);
        times.insert(501, times[500]);
        let order = of_rows(&times, &[&values]).unwrap();
        assert_eq!(order.rows.len(), 2001);
        assert_eq!(order.notes.len(), 1);
        assert!(
            order.notes[0].starts_with("1 row(s) have the time and values of the row before"),
            "{:?}",
            order.notes
        );
    }

    /// As web services export them.
    #[test]
    fn the_latest_rows_may_come_first() {
        let times: Vec<i64> = (0..500).rev().map(|i| 10 * i).collect();
        let order = of_rows(&times, &[&values(500)]).unwrap();
        assert_eq!(order.rows, (0..500).rev().collect::<Vec<_>>());
        assert_eq!(order.notes.len(), 1);
        // Several rows for each tick of the clock keep their order, from the last to the first.
        let coarse: Vec<i64> = (0..300).rev().map(|i| i / 3).collect();
        let order = of_rows(&coarse, &[&values(300)]).unwrap();
        assert_eq!(order.rows, (0..300).rev().collect::<Vec<_>>());
    }

    #[test]
    fn rows_in_order_stay_as_they_are() {
        assert_eq!(of_rows(&[0, 10, 20], &[&values(3)]), None);
        assert_eq!(of_rows(&[], &[&[]]), None);
        // A coarse clock: three rows per tick.
        let times: Vec<i64> = (0..300).map(|i| i / 3).collect();
        assert_eq!(of_rows(&times, &[&values(300)]), None);
        // The same with a silent sensor, whose rows are equal by chance.
        assert_eq!(of_rows(&times, &[&[0.0; 300]]), None);
    }

    #[test]
    fn a_row_with_a_wild_time_is_left_out() {
        let second = 1_000_000_000;
        let mut times: Vec<i64> = (0..500).map(|i| (1 << 60) + i * second / 100).collect();
        times[200] = 0;
        let order = of_rows(&times, &[&values(500)]).unwrap();
        assert_eq!(order.rows.len(), 499);
        assert!(!order.rows.contains(&200));
        assert!(order.notes[0].contains("the first: row 201"), "{order:?}");
    }

    #[test]
    fn rows_that_are_there_twice_are_left_out() {
        let mut times: Vec<i64> = (0..500).map(|i| 10 * i).collect();
        let mut samples = values(500);
        times.insert(200, times[200]);
        samples.insert(200, samples[200]);
        let order = of_rows(&times, &[&samples]).unwrap();
        assert_eq!(order.rows.len(), 500);
        assert!(!order.rows.contains(&201) && order.rows.contains(&200));
        assert_eq!(
            order.notes,
            ["left out 1 row that repeats the time and values of the row before"]
        );
        // A different value at the same time is a separate sample.
        samples[201] += 1.0;
        assert_eq!(of_rows(&times, &[&samples]), None);
    }

    #[test]
    fn rows_are_sorted_where_that_makes_their_times_regular() {
        let mut times: Vec<i64> = (0..500).map(|i| 10 * i).collect();
        times[300..305].reverse();
        let order = of_rows(&times, &[&values(500)]).unwrap();
        assert_eq!(order.rows[299..306], [299, 304, 303, 302, 301, 300, 305]);
        assert_eq!(
            order.notes,
            ["sorted the rows by time: it steps back 4 times in the file"]
        );
        // Two overlapping stretches are not interleaved.
        let first = (0..500).map(|i| 10 * i);
        let second = (0..500).map(|i| 4903 + 10 * i);
        let overlapping: Vec<i64> = first.chain(second).collect();
        assert_eq!(of_rows(&overlapping, &[&values(1000)]), None);
        let between = (0..500).map(|i| 10 * i).chain((0..500).map(|i| 5 + 10 * i));
        assert_eq!(
            of_rows(&between.collect::<Vec<i64>>(), &[&values(1000)]),
            None
        );
        // A block that was written twice is removed.
        let again = (0..300).chain(200..500);
        let (times, samples): (Vec<i64>, Vec<f64>) =
            again.map(|i| (10 * i, (i as f64).sin())).unzip();
        let order = of_rows(&times, &[&samples]).unwrap();
        assert_eq!(order.rows.len(), 500);
        assert_eq!(order.notes.len(), 2);
        // Large blocks in another order fit together.
        let blocks: Vec<i64> = (3000..6000).chain(0..3000).map(|i| 10 * i).collect();
        let order = of_rows(&blocks, &[&values(6000)]).unwrap();
        assert_eq!(order.rows, (3000..6000).chain(0..3000).collect::<Vec<_>>());
        // A clock that was set back is not disorder.
        let set: Vec<i64> = (0..500)
            .map(|i| 10 * (i + if i < 250 { 50_000 } else { 0 }))
            .collect();
        assert_eq!(of_rows(&set, &[&values(500)]), None);
    }
}
