//! Tables of sensors at several rates that were joined by time, as `concat` and `merge` of pandas do: each row has the values of
//! those sensors that have a sample at its time, and the cells of the others are empty.

use support::words::first_few;

use super::super::{Hints, NANOS, Notes, Remark};
use super::assembly::{Assembly, Rows};
use crate::error::recording::TableError;

/// Share of rows without a value, at least.
const FEWEST_EMPTY: f64 = 0.2;
/// Parts of the table without a value, at least: a sensor that was off for a while has gaps.
const FEWEST_PARTS: usize = 8;
/// Share of the steps between the rows of a sensor that are alike, at least.
const EVEN: f64 = 0.95;
/// Columns that a note names.
const NAMED: usize = 4;

/// Share by which a rate may differ from the given one, if that is its own.
const NEAR: f64 = 0.05;

/// Columns that have values in the same rows, and the times of these.
struct Part {
    channels: Vec<(String, Vec<f64>)>,
    times: Vec<i64>,
    /// The usual number of rows in a second, of columns with rows of their own.
    rate: Option<f64>,
}

impl Assembly<'_> {
    /// Like [`Assembly::rows`]; columns with rows of their own are read at the times of these.
    pub fn joined(&mut self, mut table: Rows) -> Result<(), TableError> {
        let is_plain = table.names.is_none()
            && table.labels.is_none()
            && table.sensors.is_empty()
            && self.packed.is_empty()
            && table.channels.len() > 1;
        let Some(times) = table.times.take_if(|_| is_plain) else {
            return self.rows(table);
        };
        // The given rate may be that of some columns.
        let free = Hints {
            sampling_rate: None,
            ..self.hints.clone()
        };
        for part in divide(table.channels, times, &mut self.notes) {
            let is_other = |rate: f64| {
                let given = self.hints.sampling_rate;
                given.is_some_and(|given| (rate / given - 1.0).abs() > NEAR)
            };
            let mut assembly = Assembly {
                hints: if part.rate.is_some_and(is_other) {
                    &free
                } else {
                    self.hints
                },
                sensor: self.sensor.clone(),
                labels: Vec::new(),
                packed: Vec::new(),
                notes: Notes::default(),
                traces: Vec::new(),
            };
            assembly.rows(Rows {
                names: None,
                channels: part.channels,
                times: Some(part.times),
                labels: None,
                sensors: Vec::new(),
            })?;
            self.traces.extend(assembly.traces);
            self.notes.extend(assembly.notes.iter().cloned());
        }
        Ok(())
    }
}

/// Divides columns with rows of their own, at even steps, from the others. One part if there are none.
fn divide(channels: Vec<(String, Vec<f64>)>, times: Vec<i64>, notes: &mut Notes) -> Vec<Part> {
    let mut parts: Vec<(Vec<usize>, Part)> = Vec::new();
    let mut rest = Vec::new();
    let mut names = Vec::new();
    for (name, values) in channels {
        let Some((rows, rate)) = rows_of_its_own(&values, &times) else {
            rest.push((name, values));
            continue;
        };
        names.push(format!("`{name}`"));
        let values: Vec<f64> = rows.iter().map(|row| values[*row]).collect();
        match parts.iter_mut().find(|(known, _)| *known == rows) {
            Some((_, part)) => part.channels.push((name, values)),
            None => {
                let part = Part {
                    channels: vec![(name, values)],
                    times: rows.iter().map(|row| times[*row]).collect(),
                    rate: Some(rate),
                };
                parts.push((rows, part));
            }
        }
    }
    if parts.is_empty() {
        let (channels, rate) = (rest, None);
        return vec![Part {
            channels,
            times,
            rate,
        }];
    }
    notes.push(Remark::Records(format!(
        "rows have values for some columns only, as where tables of several rates are joined: {} are read at the times at which they have \
         values",
        first_few(&names, NAMED)
    )));
    let rest = others(rest, times, parts.iter().map(|(rows, _)| &rows[..]));
    let parts = parts.into_iter().map(|(_, part)| part);
    parts.chain(rest).collect()
}

/// The columns without rows of their own; rows of the others, in which they have no value, are left out.
fn others<'a>(
    mut channels: Vec<(String, Vec<f64>)>,
    mut times: Vec<i64>,
    taken: impl Iterator<Item = &'a [usize]>,
) -> Option<Part> {
    if channels.is_empty() {
        return None;
    }
    let mut keep = vec![true; times.len()];
    taken.flatten().for_each(|row| keep[*row] = false);
    for (_, values) in &channels {
        let filled = keep.iter_mut().zip(values);
        filled.for_each(|(keep, value)| *keep |= !value.is_nan());
    }
    for (_, values) in &mut channels {
        let mut rows = keep.iter();
        values.retain(|_| rows.next() == Some(&true));
    }
    let mut rows = keep.iter();
    times.retain(|_| rows.next() == Some(&true));
    Some(Part {
        channels,
        times,
        rate: None,
    })
}

/// The rows in which a column has values, and how many of them come in a second, if they come at even steps between others.
fn rows_of_its_own(values: &[f64], times: &[i64]) -> Option<(Vec<usize>, f64)> {
    // Nearly always none.
    if !values.iter().any(|value| value.is_nan()) {
        return None;
    }
    let is_filled = |row: &usize| !values[*row].is_nan();
    let rows: Vec<usize> = (0..values.len()).filter(is_filled).collect();
    let empty = values.len() - rows.len();
    if (empty as f64) < FEWEST_EMPTY * values.len() as f64 {
        return None;
    }
    let parts = rows.windows(2).filter(|pair| pair[1] > pair[0] + 1).count();
    if parts < FEWEST_PARTS {
        return None;
    }
    let steps = rows
        .windows(2)
        .map(|pair| times[pair[1]].saturating_sub(times[pair[0]]));
    let mut steps: Vec<i64> = steps.collect();
    let middle = steps.len() / 2;
    let usual = *steps.select_nth_unstable(middle).1;
    let is_usual = |step: &&i64| **step > usual / 2 && **step < usual.saturating_mul(3) / 2;
    let even = steps.iter().filter(is_usual).count();
    (usual > 0 && even as f64 >= EVEN * steps.len() as f64).then(|| (rows, NANOS / usual as f64))
}

#[cfg(test)]
mod tests {
    use super::super::super::Hints;
    use super::super::tests::contents;

    /// Rows of columns, each with a rate and a first time in milliseconds; without values in `off`.
    fn table(columns: &[(&str, f64, f64)], off: std::ops::Range<f64>) -> String {
        let mut rows: Vec<(i64, usize, usize)> = Vec::new();
        for (column, (_, rate, first)) in columns.iter().enumerate() {
            for i in 0..(10.0 * rate) as usize {
                let time = first / 1000.0 + i as f64 / rate;
                if !off.contains(&time) || column > 0 {
                    rows.push(((time * 1e4).round() as i64, column, i));
                }
            }
        }
        rows.sort_unstable();
        let names: Vec<&str> = columns.iter().map(|(name, ..)| *name).collect();
        let mut text = format!("time,{}\n", names.join(","));
        for same in rows.chunk_by(|a, b| a.0 == b.0) {
            let value = |column: usize| {
                let found = same.iter().find(|(_, other, _)| *other == column);
                found.map_or(String::new(), |(.., i)| i.to_string())
            };
            let values: Vec<String> = (0..columns.len()).map(value).collect();
            text += &format!("{:.4},{}\n", same[0].0 as f64 / 1e4, values.join(","));
        }
        text
    }

    /// Name, rate, first time in milliseconds and samples of the traces.
    fn traces(text: &str, hints: &Hints) -> Vec<(String, f64, f64, usize)> {
        let recording = contents(text, hints).unwrap();
        let joined = recording.notes.iter().any(|note| {
            note.to_string()
                .contains("tables of several rates are joined")
        });
        assert!(joined, "{:?}", recording.notes);
        let trace = |trace: &crate::recording::Trace| {
            let is_whole = trace
                .samples
                .windows(2)
                .all(|pair| pair[1] == pair[0] + 1.0);
            assert!(is_whole, "{}", trace.channel);
            (
                trace.channel.clone(),
                trace.rate,
                trace.start as f64 / 1e6,
                trace.samples.len(),
            )
        };
        let mut all: Vec<_> = recording.traces.iter().map(trace).collect();
        all.sort_by(|a, b| a.partial_cmp(b).unwrap());
        all
    }

    #[test]
    fn sensors_at_several_rates() {
        let plain = Hints::default();
        let none = 0.0..0.0;
        let trace = |name: &str, rate, first, samples| (name.to_owned(), rate, first, samples);
        let found = traces(
            &table(&[("a", 100.0, 0.0), ("d", 10.0, 0.0)], none.clone()),
            &plain,
        );
        assert_eq!(
            found,
            [trace("a", 100.0, 0.0, 1000), trace("d", 10.0, 0.0, 100)]
        );
        let three = [("a", 100.0, 0.0), ("b", 50.0, 3.0), ("d", 10.0, 0.0)];
        let expected = [
            trace("a", 100.0, 0.0, 1000),
            trace("b", 50.0, 3.0, 500),
            trace("d", 10.0, 0.0, 100),
        ];
        assert_eq!(traces(&table(&three, none.clone()), &plain), expected);
        let given = Hints {
            sampling_rate: Some(100.0),
            ..Hints::default()
        };
        assert_eq!(traces(&table(&three, none.clone()), &given), expected);
        // At the same rate, one after the other; and at a rate with no common times.
        let found = traces(
            &table(&[("a", 100.0, 0.0), ("c", 100.0, 4.0)], none.clone()),
            &plain,
        );
        assert_eq!(
            found,
            [trace("a", 100.0, 0.0, 1000), trace("c", 100.0, 4.0, 1000)]
        );
        let found = traces(&table(&[("a", 100.0, 0.0), ("e", 80.0, 1.7)], none), &plain);
        assert_eq!(
            found,
            [trace("a", 100.0, 0.0, 1000), trace("e", 80.0, 1.7, 800)]
        );
        // A gap of one of them.
        let found = traces(
            &table(&[("a", 100.0, 0.0), ("d", 10.0, 0.0)], 3.0..5.0),
            &plain,
        );
        let expected = [
            trace("a", 100.0, 0.0, 300),
            trace("a", 100.0, 5000.0, 500),
            trace("d", 10.0, 0.0, 100),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn missing_values_are_gaps() {
        let row = |i: usize, b: bool| {
            format!(
                "{}.{:02},{i},{}\n",
                i / 100,
                i % 100,
                if b { "1" } else { "" }
            )
        };
        // A channel that was off for a while, and one whose values are missing here and there.
        for b in [|i: usize| i < 600, |i: usize| i * 7919 % 1000 > 300] {
            let text: String = (0..1000).map(|i| row(i, b(i))).collect();
            let recording = contents(&format!("time,a,b\n{text}"), &Hints::default()).unwrap();
            assert!(
                recording
                    .traces
                    .iter()
                    .all(|trace| trace.rate == 100.0 && trace.samples.len() == 1000)
            );
            assert!(recording.notes.is_empty(), "{:?}", recording.notes);
        }
    }
}
