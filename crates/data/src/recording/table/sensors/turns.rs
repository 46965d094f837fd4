//! Columns whose values alternate from row to row, as the names of sensors do that are read in turn.

use super::super::{Column, Values, is_missing};

/// Sensors whose rows may alternate.
const MOST: usize = 64;
/// Numbers that may alternate: more of them rather count.
const MOST_NUMBERS: usize = 16;
/// Rows of a column of numbers that are looked at first.
const LOOKED_AT: usize = 1024;
/// Fewest rows of a sensor, on average.
const FEWEST_ROWS: usize = 4;
/// Part of the rows whose value differs from the one before, at least.
const CHANGES: f64 = 0.3;
/// Part of the rows whose value is that of as many rows before as there are values, at least.
const REGULAR: f64 = 0.9;
/// Factor by which a channel changes more from row to row than from row to row of one sensor.
const ROUGHER: f64 = 4.0;

/// A column whose values alternate.
pub(in crate::recording::table) struct Turns {
    /// Its values.
    pub names: Vec<String>,
    /// The number of each row's value.
    rows: Vec<u32>,
}

impl Turns {
    /// `None` if the values of a column do not alternate.
    pub fn of(column: &Column) -> Option<Self> {
        let turns = match &column.values {
            Values::Texts(texts) if texts.different() <= MOST => {
                let used = |number: &usize| texts.rows.contains(&(*number as u32));
                let all: Vec<&[u8]> = texts.all().collect();
                let used: Vec<usize> = (0..all.len()).filter(used).collect();
                let text = |number: &usize| String::from_utf8_lossy(all[*number]).into_owned();
                let place = |row: &u32| used.binary_search(&(*row as usize)).unwrap_or(0) as u32;
                Self {
                    names: used.iter().map(text).collect(),
                    rows: texts.rows.iter().map(place).collect(),
                }
            }
            Values::Numbers(values) => numbered(values)?,
            _ => return None,
        };
        if turns.names.iter().any(|name| is_missing(name.as_bytes())) {
            return None;
        }
        let (rows, names) = (turns.rows.len(), turns.names.len());
        (names > 1 && rows >= FEWEST_ROWS * names && alternate(&turns.rows)).then_some(turns)
    }

    /// Whether the values come in the same order again and again.
    pub fn are_regular(&self) -> bool {
        let (rows, period) = (&self.rows, self.names.len());
        let again = rows.iter().zip(&rows[period..]);
        let again = again.filter(|(one, next)| one == next).count();
        again as f64 >= REGULAR * (rows.len() - period) as f64
    }

    /// Whether most rows share their time with a row of another value beside them, and none with one of their own.
    pub fn same_times(&self, times: Option<&[i64]>) -> bool {
        let Some(times) = times.filter(|times| times.len() == self.rows.len()) else {
            return false;
        };
        let pairs = times.windows(2).zip(self.rows.windows(2));
        let same = pairs.filter(|(times, _)| times[0] == times[1]);
        let (mut other, mut repeated) = (0, 0);
        for (_, rows) in same {
            repeated += usize::from(rows[0] == rows[1]);
            other += usize::from(rows[0] != rows[1]);
        }
        // The first row of each time is not counted.
        repeated == 0 && 3 * other >= self.rows.len()
    }

    /// Whether a channel beside column `at` jumps from row to row, and not from row to row of one value.
    pub fn levels_differ(&self, columns: &[Column], at: usize) -> bool {
        let mut others = columns.iter().enumerate().filter(|(other, _)| *other != at);
        others.any(|(_, column)| match &column.values {
            Values::Numbers(values) => self.jumps(values),
            _ => false,
        })
    }

    fn jumps(&self, values: &[f64]) -> bool {
        let mut last = vec![f64::NAN; self.names.len()];
        let mut before = f64::NAN;
        let (mut within, mut all, mut count) = (0.0, 0.0, 0usize);
        for (value, row) in values.iter().zip(&self.rows) {
            let last = &mut last[*row as usize];
            let steps = ((value - *last).abs(), (value - before).abs());
            if steps.0.is_finite() && steps.1.is_finite() {
                within += steps.0;
                all += steps.1;
                count += 1;
            }
            (*last, before) = (*value, *value);
        }
        count > 0 && all > ROUGHER * within
    }
}

/// Few whole numbers as values.
fn numbered(values: &[f64]) -> Option<Turns> {
    // Most columns of few numbers are states that last.
    if !alternate(&values[..values.len().min(LOOKED_AT)]) {
        return None;
    }
    let (mut known, mut rows): (Vec<f64>, Vec<u32>) = (Vec::new(), Vec::new());
    for value in values {
        let number = known.iter().position(|other| other == value);
        if number.is_none() {
            if value.fract() != 0.0 || known.len() == MOST_NUMBERS {
                return None;
            }
            known.push(*value);
        }
        rows.push(number.unwrap_or(known.len() - 1) as u32);
    }
    let names = known.iter().map(f64::to_string).collect();
    Some(Turns { names, rows })
}

/// Whether many values differ from the one before.
fn alternate<T: PartialEq>(values: &[T]) -> bool {
    let changes = values.windows(2).filter(|pair| pair[0] != pair[1]).count();
    changes as f64 >= CHANGES * values.len() as f64
}
