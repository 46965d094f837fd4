//! Times in numbers that are rather something else than their column says.

use support::words::counted;

use super::super::time::format_date;
use super::super::{Hints, NANOS, Notes, Remark, UNIX};
use super::days::{CENTURY, DayCount, FASTEST_STEP, LATEST};
use super::units::{DAY_UNIT, unit_by_size};

/// Numbers that would rise by more per row as Unix time are rather counters of small units.
const SLOW_STEP: f64 = 0.5;

/// The unit of numbers up to `largest` that increase by `step` per row: that of the column's name, unless only Unix time in
/// another one gives a possible date and rate.
pub(super) fn unit(
    name: &str,
    named: f64,
    (largest, step): (f64, impl FnOnce() -> f64),
    notes: &mut Notes,
) -> f64 {
    let other = unit_by_size(largest);
    let is_date = |unit: f64| CENTURY.contains(&(largest * unit));
    if named > 1.0 || is_date(named) || !is_date(other) {
        return named;
    }
    let step = step();
    let is_wrong = step * named < FASTEST_STEP || largest * named > LATEST;
    if !(FASTEST_STEP..SLOW_STEP).contains(&(step * other)) || !is_wrong {
        return named;
    }
    let unit = match other {
        1.0 => "seconds",
        1e-3 => "milliseconds",
        1e-6 => "microseconds",
        _ => "nanoseconds",
    };
    let reason = if largest * named > LATEST {
        "its times would be after the year 2060".to_owned()
    } else {
        format!("its rate would be {:.0} Hz", 1.0 / (step * named))
    };
    let until = format_date((largest * other * NANOS) as i64);
    notes.push(format!(
        "column `{name}` does not have the unit of its name, or {reason}: it is read as Unix time in {unit}, until {until}"
    ));
    other
}

/// A note on dates in seconds up to `latest` that are rather counted from another origin than 1970.
pub(super) fn origin(name: &str, latest: f64) -> Option<String> {
    let is_gps = name
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .any(|word| word == "gps");
    let date = || format_date((latest * NANOS) as i64);
    if latest > LATEST {
        return Some(format!(
            "column `{name}` has times after the year 2060: if they count from another origin than 1970, such as 1904 in \
             LabVIEW, convert them"
        ));
    }
    // GPS time of the years 2020 to 2033.
    if is_gps && (1.26e9..1.7e9).contains(&latest) {
        return Some(format!(
            "column `{name}` is read as Unix time, until {}: if it counts from 1980 as GPS does, add 315964800 s less the \
             leap seconds, 18 since 2017",
            date()
        ));
    }
    (UNIX..CENTURY.start).contains(&latest).then(|| {
        format!(
            "column `{name}` has times of {}, read as Unix time: if they count from another origin than 1970, have another \
             unit, or are dates in digits such as 240501100000, convert them",
            date()
        )
    })
}

/// Whether times that would be too fast in seconds are fractions of a day, as spreadsheets have times of day. If only their
/// rate suggests it, a note says so.
pub(super) fn are_of_day(
    name: &str,
    values: &[f64],
    step: f64,
    hints: &Hints,
    notes: &mut Notes,
) -> bool {
    let (Some(first), Some(last)) = (values.first(), values.last()) else {
        return false;
    };
    if !(step > 0.0 && step < FASTEST_STEP) {
        return false;
    }
    let mean = (last - first) / (values.len() - 1) as f64;
    let is_even = (mean / step - 1.0).abs() < 0.1;
    let inside = values.iter().all(|value| (0.0..1.0).contains(value));
    if !(inside && is_even) {
        return false;
    }
    let rate = 1.0 / (mean * DAY_UNIT);
    let is_near = |wanted: f64| (rate / wanted - 1.0).abs() < 0.02;
    let rates = [hints.sampling_rate, hints.expected_rate]
        .into_iter()
        .flatten();
    if rates.into_iter().any(is_near) {
        notes.push(Remark::DayNumbers {
            name: name.into(),
            what: "fractions of a day, as spreadsheets have times of day",
        });
        return true;
    }
    let is_round = rate > 0.9 && rate < 1000.0 && (rate / rate.round() - 1.0).abs() < 1e-3;
    if is_round {
        notes.push(format!(
            "column `{name}` is taken for seconds, which makes {:.0} samples a second: if it has fractions of a day, with \
             {:.0} samples a second, call it `{name} (d)`",
            1.0 / mean,
            rate
        ));
    }
    false
}

/// Seconds from one row to the next of loggers.
const INTERVALS: [f64; 12] = [
    5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0,
];

/// A note on times in seconds, which usually rise by `step`, that may be days: the days of this century, and a usual interval of
/// a logger.
pub(super) fn days(name: &str, values: &[f64], step: f64, hints: &Hints) -> Option<String> {
    let is_near = |one: f64, other: f64| (one / other - 1.0).abs() < 1e-3;
    let interval = INTERVALS
        .into_iter()
        .find(|interval| is_near(step * DAY_UNIT, *interval))?;
    let rates = [hints.sampling_rate, hints.expected_rate];
    if rates
        .into_iter()
        .flatten()
        .any(|rate| is_near(rate * step, 1.0))
    {
        return None;
    }
    let count = DayCount::of(values)?;
    Some(format!(
        "column `{name}` is taken for seconds, which makes {:.0} samples a second: if it has {}, with a row every {interval} s, \
         call it `datenum`",
        1.0 / step,
        count.what
    ))
}

/// Information that the given start is the time of the first row, if its own time is another than 0.
pub(super) fn start(name: &str, first: i64, rows: usize) -> Option<Remark> {
    let seconds = first as f64 / NANOS;
    (seconds.abs() >= 0.001 && rows > 0).then(|| {
        Remark::Records(format!(
            "column `{name}` begins with {seconds:.3} s: `start` is taken for the time of the first of {}, not for that of \
             0 s",
            counted(rows, "row")
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradicting_units() {
        let of = |name: &str, named, largest, step| {
            let mut notes = Notes::default();
            let unit = unit(name, named, (largest, || step), &mut notes);
            (unit, notes.len())
        };
        assert_eq!(of("time_ms", 1e-3, 1.7e9, 0.01), (1.0, 1));
        assert_eq!(of("time (s)", 1.0, 1.7e12, 10.0), (1e-3, 1));
        assert_eq!(of("t_us", 1e-6, 1.7e18, 1e7), (1e-9, 1));
        // Right, or a counter since the start of the logger.
        assert_eq!(of("time_ms", 1e-3, 1.7e12, 10.0), (1e-3, 0));
        assert_eq!(of("time_us", 1e-6, 1.7e9, 5000.0), (1e-6, 0));
        assert_eq!(of("time_us", 1e-6, 1e6, 1.0), (1e-6, 0));
        assert_eq!(of("time_us", 1e-6, 2e9, 1.0), (1e-6, 0));
    }

    #[test]
    fn other_origins() {
        assert_eq!(origin("time", 1.7e9), None);
        assert!(origin("time", 7.36e8).unwrap().contains("1993-04-28"));
        assert!(origin("GPS time", 1.4e9).unwrap().contains("1980"));
        assert_eq!(origin("GPS time", 1.72e9), None);
        assert!(origin("time", 3.8e9).unwrap().contains("1904"));
    }

    #[test]
    fn days_at_the_pace_of_seconds() {
        let of = |first: f64, step: f64, rate| {
            let values: Vec<f64> = (0..500).map(|i| first + f64::from(i) * step).collect();
            let hints = Hints {
                expected_rate: rate,
                ..Hints::default()
            };
            days("time", &values, step, &hints)
        };
        let minute = 1.0 / 1440.0;
        let note = of(19_844.5, minute, Some(100.0)).unwrap();
        assert_eq!(
            note,
            "column `time` is taken for seconds, which makes 1440 samples a second: if it has days since 1970-01-01, as \
             Matplotlib has them, with a row every 60 s, call it `datenum`"
        );
        assert!(
            of(45_413.0, 10.0 * minute, None)
                .unwrap()
                .contains("every 600 s")
        );
        // At the rate that is wanted, at that of a sensor, and of other days.
        assert_eq!(of(19_844.5, minute, Some(1440.0)), None);
        assert_eq!(of(19_844.5, 0.01, None), None);
        assert_eq!(of(0.0, minute, None), None);
    }

    #[test]
    fn fractions_of_a_day() {
        let values: Vec<f64> = (0..500)
            .map(|i| (36_000.0 + f64::from(i) / 100.0) / 86_400.0)
            .collect();
        let of = |values: &[f64], expected| {
            let hints = Hints {
                expected_rate: expected,
                ..Hints::default()
            };
            let mut notes = Notes::default();
            let step = values[1] - values[0];
            let are = are_of_day("time", values, step, &hints, &mut notes);
            (are, notes.len())
        };
        assert_eq!(of(&values, Some(100.0)), (true, 1));
        assert_eq!(of(&values, Some(250.0)), (false, 1));
        // An oscilloscope.
        let scope: Vec<f64> = (0..500).map(|i| f64::from(i) * 1e-6).collect();
        assert_eq!(of(&scope, Some(100.0)), (false, 0));
    }
}
