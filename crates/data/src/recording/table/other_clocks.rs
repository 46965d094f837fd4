//! Columns that say something else of the times than the column that is used: a second clock, a sampling rate.

use super::names::{is_rate, time_name};
use super::steps::usual_step;
use super::{Column, Hints, NO_TIME, Values};

/// Rows of which something is told.
const FEWEST: usize = 16;
/// Rows of which the usual step is found.
const LOOKED_AT: usize = 4096;
/// Part by which two clocks differ.
const OTHER: f64 = 0.01;
/// Part by which a rate is another one: sensors keep the one they are set to only roughly.
const OTHER_RATE: f64 = 0.1;

/// Notes on columns that contradict `times`, or a given rate if there are none.
pub(super) fn notes(columns: &[Column], times: Option<&[i64]>, hints: &Hints) -> Vec<String> {
    let is_told = |column: &&Column| time_name(&column.name).is_some() || is_rate(&column.name);
    if !columns.iter().any(|column| is_told(&column)) {
        return Vec::new();
    }
    let reference = times.and_then(Clock::of);
    let rate = |column: &Column| other_rate(column, reference.as_ref(), times.is_some(), hints);
    let rates = columns.iter().filter_map(rate);
    let Some(reference) = &reference else {
        return rates.collect();
    };
    let clocks = columns
        .iter()
        .filter_map(|column| other_clock(column, reference));
    clocks.chain(rates).collect()
}

/// A clock that never goes back.
struct Clock {
    /// Seconds from its first time to the last.
    seconds: f64,
    /// Its longest and its usual step.
    longest: f64,
    usual: f64,
    /// Times.
    count: usize,
}

impl Clock {
    fn of(times: &[i64]) -> Option<Self> {
        let seconds = |one: &i64, next: &i64| next.saturating_sub(*one) as f64 * 1e-9;
        let is_usable = times.len() >= FEWEST && !times.contains(&NO_TIME) && times.is_sorted();
        let (first, last) = times.first().zip(times.last()).filter(|_| is_usable)?;
        let steps = times.windows(2).map(|pair| seconds(&pair[0], &pair[1]));
        let some = times
            .iter()
            .take(LOOKED_AT)
            .map(|time| seconds(first, time));
        let clock = Self {
            seconds: seconds(first, last),
            longest: steps.fold(0.0, f64::max),
            usual: usual_step(&some.collect::<Vec<f64>>()),
            count: times.len(),
        };
        (clock.seconds > 0.0).then_some(clock)
    }
}

/// The duration of a column that rises, and its longest step, in its own unit.
fn rising(values: &[f64]) -> Option<(f64, f64)> {
    let is_rising = values.len() >= FEWEST && values.is_sorted();
    let longest = values
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .fold(0.0, f64::max);
    let all = values.last()? - values.first()?;
    (is_rising && all > 0.0).then_some((all, longest))
}

fn other_clock(column: &Column, reference: &Clock) -> Option<String> {
    let named = time_name(&column.name)?;
    let (all, longest, is_sure) = match &column.values {
        Values::Numbers(values) => {
            let (all, longest) = rising(values)?;
            let unit = named.unit.unwrap_or(1.0);
            (all * unit, longest * unit, named.unit.is_some())
        }
        Values::Times(times) | Values::Clocks(times) => {
            let clock = Clock::of(times)?;
            (clock.seconds, clock.longest, true)
        }
        _ => return None,
    };
    let ratio = all / reference.seconds;
    // Without a unit, the numbers may be milliseconds.
    let is_power = !is_sure && is_power_of_ten(ratio, OTHER);
    let rough = 2.0 * (longest + reference.longest);
    let is_other = (ratio - 1.0).abs() > OTHER && (all - reference.seconds).abs() > rough;
    (is_other && !is_power).then(|| {
        format!(
            "column `{}` says that the rows take {all:.3} s, but the times that are read take {:.3} s: if these are wrong, name the \
             other column as `time_column`",
            column.name, reference.seconds
        )
    })
}

fn other_rate(
    column: &Column,
    reference: Option<&Clock>,
    has_times: bool,
    hints: &Hints,
) -> Option<String> {
    let Values::Numbers(values) = &column.values else {
        return None;
    };
    let told = *values.first().filter(|value| **value > 0.0)?;
    if !is_rate(&column.name) || values.iter().any(|value| *value != told) {
        return None;
    }
    let is_other = |rate: f64| {
        let ratio = rate / told;
        (ratio - 1.0).abs() > OTHER_RATE && !is_power_of_ten(ratio, OTHER_RATE)
    };
    let name = &column.name;
    match (reference, hints.sampling_rate) {
        (_, Some(given)) => is_other(given).then(|| {
            format!("column `{name}` says {told} Hz, but the given sampling rate is {given} Hz, which counts")
        }),
        (Some(reference), None) => {
            let (mean, usual) = ((reference.count - 1) as f64 / reference.seconds, 1.0 / reference.usual);
            (is_other(mean) && is_other(usual)).then(|| {
                format!("column `{name}` says {told} Hz, but the times have about {usual:.4} rows a second, which counts")
            })
        }
        (None, None) => (!has_times).then(|| format!("column `{name}` says {told} Hz")),
    }
}

/// Whether a ratio is that of two units.
fn is_power_of_ten(ratio: f64, tolerance: f64) -> bool {
    let power = ratio.log10().round();
    power != 0.0 && (ratio / 10f64.powf(power) - 1.0).abs() < tolerance
}

#[cfg(test)]
mod tests {
    use super::super::Hints;
    use super::super::tests::contents;

    fn said(head: &str, rate: Option<f64>, row: impl Fn(i32) -> String) -> String {
        let rows: String = (0..200).map(row).collect();
        let hints = Hints {
            sampling_rate: rate,
            ..Hints::default()
        };
        match contents(&format!("{head}\n{rows}"), &hints) {
            Ok(recording) => recording.notes.texts(true).join("; "),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_second_clock() {
        let found = said("time,elapsed_ms,Z", None, |i| {
            format!("{:.2},{},{}\n", f64::from(i) / 100.0, 20 * i, i % 7)
        });
        assert!(
            found.contains("column `elapsed_ms` says that the rows take 3.980 s, but the times that are read take 1.990 s"),
            "{found}"
        );
        // The same clock in another unit, whole seconds, and one that is not one.
        for (head, unit) in [
            ("time (s),elapsed_ms,Z", 10),
            ("time (s),t,Z", 10),
            ("time (s),time_us,Z", 10_000),
        ] {
            let found = said(head, None, |i| {
                format!("{:.2},{},{}\n", f64::from(i) / 100.0, unit * i, i % 7)
            });
            assert_eq!(found, "", "{head}");
        }
        assert_eq!(
            said("time (s),seconds,Z", None, |i| format!(
                "{:.2},{},{}\n",
                f64::from(i) / 100.0,
                i / 100,
                i % 7
            )),
            ""
        );
        assert_eq!(
            said("time (s),time_ms,Z", None, |i| format!(
                "{:.2},{},{}\n",
                f64::from(i) / 100.0,
                i * 10 % 1000,
                i % 7
            )),
            ""
        );
    }

    #[test]
    fn a_column_of_the_rate() {
        let row = |i: i32| format!("{:.2},200,{}\n", f64::from(i) / 100.0, i % 7);
        let found = said("time (s),sample_rate,Z", None, row);
        assert_eq!(
            found,
            "column `sample_rate` says 200 Hz, but the times have about 100.0000 rows a second, which counts"
        );
        assert_eq!(
            said("time (s),sample_rate,Z", None, |i| row(i)
                .replace(",200,", ",98,")),
            ""
        );
        let row = |i: i32| format!("200,{}\n", i % 7);
        let found = said("fs,Z", Some(100.0), row);
        assert_eq!(
            found,
            "column `fs` says 200 Hz, but the given sampling rate is 100 Hz, which counts"
        );
        assert_eq!(said("fs,Z", Some(200.0), row), "");
        assert!(said("fs,Z", None, row).contains("column `fs` says 200 Hz"));
    }
}
