//! Labels in whole numbers that lie beyond the end of their recording as seconds, and within it as samples or milliseconds.

use super::labels::{Label, Time};
use crate::error::ImportError;
use crate::recording::NANOS;

/// Share of labels that end behind the recording, at least.
const MOST: f64 = 0.9;
/// Share of the recording that labels of samples reach, at least: the labels of a longer one end early as samples.
const REACH: f64 = 0.1;
/// The last label may end a little late, since clocks differ.
const LATE: f64 = 1.01;

/// Refuses labels that are no seconds, for a recording from `start` to `end` in nanoseconds with `rate` samples per second.
///
/// # Errors
/// If they are rather samples or milliseconds.
pub(super) fn check(
    labels: &[Label],
    (start, end): (i64, i64),
    rate: f64,
) -> Result<(), ImportError> {
    let whole = |label: &Label| match (label.start, label.end) {
        (Time::Seconds(from), Time::Seconds(to)) if from.fract() == 0.0 && to.fract() == 0.0 => {
            label.file.is_none().then_some([from, to])
        }
        _ => None,
    };
    let Some(times) = labels.iter().map(whole).collect::<Option<Vec<_>>>() else {
        return Ok(());
    };
    let seconds = end.saturating_sub(start) as f64 / NANOS;
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
    fn seconds_are_read() {
        for times in [
            // Some lie behind the end, as their recording was longer.
            &[[10.0, 20.0], [650.0, 700.0]][..],
            // All do, and would be in the first second.
            &[[700.0, 720.0], [800.0, 850.0]],
            &[[5000.5, 9000.0]],
            &[],
        ] {
            assert_eq!(problem(times), "");
        }
    }
}
