//! Clocks that go on by an hour while recording, as those do that are set to summer time.

use super::super::time::{DAY, HOUR};
use super::super::{Trace, format_time};

/// Days of a week, and the day of the week of 1970-01-01, from Sunday on.
const WEEK: (i64, i64) = (7, 4);

/// A note on the only gap of a recording, of an hour and from a full hour on, on a Sunday: nearly all of the world sets its clocks
/// so.
pub(super) fn note(traces: &[Trace]) -> Option<String> {
    let mut spans: Vec<(i64, i64, f64)> = traces
        .iter()
        .map(|trace| (trace.start, trace.end(), trace.rate))
        .collect();
    spans.sort_by_key(|span| (span.0, span.1));
    // Channels have the same times.
    spans.dedup();
    let [(_, end, rate), (start, ..)] = spans[..] else {
        return None;
    };
    let sample = (1e9 / rate) as i64;
    let is_near = |one: i64, other: i64| one.saturating_sub(other).saturating_abs() <= sample;
    let full = (end + HOUR / 2).div_euclid(HOUR) * HOUR;
    let is_sunday = (end.div_euclid(DAY) + WEEK.1).rem_euclid(WEEK.0) == 0;
    let is_summer = is_near(start, end + HOUR) && is_near(end, full) && is_sunday && end > DAY;
    (is_summer && 8 * sample < HOUR).then(|| {
        format!(
            "there are no samples for an hour from {} on: if the clock was set to summer time there, none are missing, and all later \
             times are an hour late: write the times in UTC, or with their offset",
            format_time(end)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::{Hints, parse, parse_time};

    /// The notes of a table with a row each 10 ms and a gap behind row 300, which has the time `last`.
    fn notes(last: &str, gap: i64) -> Vec<String> {
        let last = parse_time(last).unwrap();
        let row = |i: i64| {
            let time = last + (i - 299) * 10_000_000 + if i < 300 { 0 } else { gap };
            let time = chrono::DateTime::from_timestamp_nanos(time);
            format!("{},{}\n", time.format("%Y-%m-%d %H:%M:%S%.3f"), i % 17)
        };
        let text: String = (0..600).map(row).collect();
        let text = format!("time,Z\n{text}");
        let recording = parse(text.as_bytes(), "csv", &Hints::default()).unwrap();
        assert_eq!(recording.traces.len(), 2);
        recording.notes.all()
    }

    #[test]
    fn summer_time_is_said() {
        let hour = 3_600_000_000_000;
        let said = notes("2024-03-31T01:59:59.99Z", hour);
        assert_eq!(said.len(), 1);
        assert!(
            said[0].contains("no samples for an hour from 2024-03-31T02:00:00.000Z on: if the clock was set to summer time"),
            "{said:?}"
        );
        // Another day, another hour, and other gaps.
        for (last, gap) in [
            ("2024-03-30T01:59:59.99Z", hour),
            ("2024-03-31T01:49:59.99Z", hour),
            ("2024-03-31T01:59:59.99Z", 2 * hour),
        ] {
            assert_eq!(notes(last, gap), [""; 0], "{last}");
        }
    }
}
