//! Labels in whole numbers that lie beyond the end of their recording as seconds, and within it as samples or milliseconds; and
//! times of day that spreadsheets wrote as fractions of a day.

use super::labels::{Label, Time};
use crate::error::ImportError;
use crate::recording::NANOS;

/// Share of labels that end behind the recording, at least.
const MOST: f64 = 0.9;
/// Share of the recording that labels of samples reach, at least: the labels of a longer one end early as samples.
const REACH: f64 = 0.1;
/// The last label may end a little late, since clocks differ.
const LATE: f64 = 1.01;
/// Seconds of a recording whose labels are not all in its first one.
const LONG: f64 = 600.0;
/// Labels of fractions of a day would all be shorter, in seconds: an hour has 0.042.
const SHORT: f64 = 0.05;

/// Refuses labels that are no seconds, for a recording from `start` to `end` in nanoseconds with `rate` samples per second.
///
/// # Errors
/// If they are rather samples or milliseconds, or fractions of a day.
pub(super) fn check(
    labels: &[Label],
    (start, end): (i64, i64),
    rate: f64,
) -> Result<(), ImportError> {
    let seconds = end.saturating_sub(start) as f64 / NANOS;
    if let Some(number) = fraction_of_day(labels).filter(|_| seconds >= LONG) {
        return Err(ImportError::FractionsOfDay { number, seconds });
    }
    let whole = |label: &Label| match (label.start, label.end) {
        (Time::Seconds(from), Time::Seconds(to)) if from.fract() == 0.0 && to.fract() == 0.0 => {
            label.file.is_none().then_some([from, to])
        }
        _ => None,
    };
    let Some(times) = labels.iter().map(whole).collect::<Option<Vec<_>>>() else {
        return Ok(());
    };
    let behind = times.iter().filter(|[_, to]| *to > seconds * LATE).count();
    let last = times.iter().fold(0.0f64, |last, [_, to]| last.max(*to));
    if behind == 0 || (behind as f64) < MOST * times.len() as f64 {
        return Ok(());
    }
    let fits = |unit: f64| (REACH * seconds..=LATE * seconds).contains(&(last * unit));
    let (are_samples, are_millis) = (fits(1.0 / rate), fits(1e-3));
    if !are_samples && !are_millis {
        return Ok(());
    }
    Err(ImportError::NoSeconds {
        last,
        seconds,
        rate: are_samples.then_some(rate),
        millis: are_millis,
    })
}

/// The first start of labels that are all short and within the first second.
fn fraction_of_day(labels: &[Label]) -> Option<f64> {
    let times = |label: &Label| match (label.start, label.end) {
        (Time::Seconds(from), Time::Seconds(to)) => label.file.is_none().then_some([from, to]),
        _ => None,
    };
    let times = labels.iter().map(times).collect::<Option<Vec<_>>>()?;
    let is_early = |[from, to]: &[f64; 2]| (0.0..1.0).contains(from) && to - from < SHORT;
    let lasts = |[from, to]: &[f64; 2]| to > from;
    let found = times.iter().all(is_early) && times.iter().any(lasts);
    found.then(|| times[0][0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(times: &[[f64; 2]]) -> Vec<Label> {
        let label = |[start, end]: &[f64; 2]| Label {
            start: Time::Seconds(*start),
            end: Time::Seconds(*end),
            class: "steps".into(),
            event: None,
            file: None,
        };
        times.iter().map(label).collect()
    }

    /// Ten minutes at 50 Hz.
    fn problem(times: &[[f64; 2]]) -> String {
        let found = check(&labels(times), (0, 600_000_000_000), 50.0);
        found.map_or_else(|problem| problem.to_string(), |()| String::new())
    }

    #[test]
    fn samples_and_milliseconds_are_refused() {
        let samples = problem(&[[5000.0, 9000.0], [12_000.0, 29_500.0]]);
        assert!(
            samples.contains("are samples at 50 Hz, divide them by 50"),
            "{samples}"
        );
        assert!(!samples.contains("milliseconds"), "{samples}");
        let millis = problem(&[[5000.0, 9000.0], [120_000.0, 595_000.0]]);
        assert!(
            millis.contains("milliseconds") && !millis.contains("samples at"),
            "{millis}"
        );
    }

    #[test]
    fn fractions_of_a_day_are_refused() {
        let problem = problem(&[[0.416_666_7, 0.417_013_9], [0.418_055_6, 0.418_402_8]]);
        assert!(
            problem.contains("such as `0.4166667`: if they are fractions of a day"),
            "{problem}"
        );
    }

    #[test]
    fn seconds_are_read() {
        for times in [
            // Some lie behind the end, as their recording was longer.
            &[[10.0, 20.0], [650.0, 700.0]][..],
            // All do, and would be in the first second.
            &[[700.0, 720.0], [800.0, 850.0]],
            &[[5000.5, 9000.0]],
            // One of them is longer, or they are instants.
            &[[0.4, 0.42], [0.5, 0.6]],
            &[[0.4, 0.4], [0.5, 0.5]],
            &[],
        ] {
            assert_eq!(problem(times), "");
        }
    }
}
