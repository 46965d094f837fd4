//! The start of a recording in lines above a table whose rows have no date: `# start: 2024-05-01T10:00:00Z`.

mod lines;

use super::super::time::{DAY, DateOrder};
use super::super::{Contents, Hints, NANOS, Note, Remark, UNIX, format_time};
use super::{told, zones};
use lines::{Start, start_of};

/// First times up to which 0 s is taken for the start.
const SOON: i64 = 1_000_000_000;
/// Times by which the start may be before or behind the first time of day.
const NEAR: i64 = 60_000_000_000;

/// Counts times that have no date from the start that the heading tells, with a note.
pub(super) fn apply(
    (heading, order): (&[u8], DateOrder),
    has_clocks: bool,
    hints: &Hints,
    contents: &mut Contents,
) {
    let Some(first) = contents.traces.iter().min_by_key(|trace| trace.start) else {
        return;
    };
    let (first, step) = (first.start, NANOS / first.rate);
    if first.unsigned_abs() as f64 >= UNIX * NANOS && hints.start.is_none() {
        return;
    }
    let start = match start_of(heading, order, has_clocks) {
        Ok(Some(start)) => start,
        Ok(None) => return,
        Err(problem) if hints.start.is_none() => return contents.notes.push(problem),
        Err(_) => return,
    };
    if let Some(given) = hints.start {
        let other = start
            .nanos()
            .filter(|told| told.abs_diff(given) > NANOS as u64);
        contents.notes.extend(other.map(|_| {
            format!(
                "the heading says `{}`, but the given start is {}: that is used",
                start.text,
                format_time(given)
            )
        }));
        return;
    }
    let is_zero = (first as f64).abs() <= 1.5 * step;
    let is_soon = !has_clocks && (0..=SOON).contains(&first);
    let shift = match start.nanos() {
        Some(told) if is_zero || is_soon => told,
        None if is_zero && !has_clocks => return,
        told if has_clocks => match of_clock(&start, told, first) {
            Some(day) => day,
            None => return contents.notes.push(unused(&start.text, first)),
        },
        Some(_) => return contents.notes.push(unused(&start.text, first)),
        None => return,
    };
    for trace in &mut contents.traces {
        trace.start = trace.start.saturating_add(shift);
    }
    for run in contents.rows.iter_mut().flat_map(|rows| &mut rows.runs) {
        run.start = run.start.saturating_add(shift);
        run.end = run.end.saturating_add(shift);
    }
    let text = format!(
        "the heading says `{}`: the times count from {}",
        start.text,
        format_time(shift)
    );
    contents.notes.push(if !start.is_sure {
        format!("{text}; if that is another date, give the recording its `start`").into()
    } else if is_zero || has_clocks {
        Note::from(Remark::Records(text))
    } else {
        let seconds = first as f64 / NANOS;
        format!("{text}, which is {seconds} s before the first row; if that is the time of the first row, give it as `start`").into()
    });
    let zone = told::zone(heading).filter(|_| !start.is_zoned);
    contents
        .notes
        .extend(zone.map(|line| zones::as_utc_below(&line)));
}

/// The midnight from which times of day count that begin at `first`; `None` if the start is at another time of day.
fn of_clock(start: &Start, told: Option<i64>, first: i64) -> Option<i64> {
    let Some(told) = told else {
        return Some(start.day);
    };
    let days = (told - first + DAY / 2).div_euclid(DAY) * DAY;
    (told.abs_diff(days + first) <= NEAR as u64).then_some(days)
}

/// A warning that a start is not used since times begin later.
fn unused(text: &str, first: i64) -> String {
    format!(
        "the heading says `{text}`, but the first time is {} s, so it is not certain from which moment times count: give the \
         recording the `start` of its first row",
        first as f64 / NANOS
    )
}

#[cfg(test)]
mod tests {
    use super::super::super::parse_time;
    use super::super::tests::contents;
    use super::*;

    /// A table with this heading, and the start and the notes of what is read.
    fn read(head: &str, row: impl Fn(usize) -> String, hints: &Hints) -> (String, Vec<String>) {
        let rows: String = (0..200)
            .map(|i| format!("{},{}\n", row(i), i % 17))
            .collect();
        let recording = contents(&format!("{head}\n{rows}"), hints).unwrap();
        let trace = recording.traces.last().unwrap();
        assert_eq!((trace.rate, trace.samples.len()), (100.0, 200), "{head}");
        (format_time(trace.start), recording.notes.all())
    }

    fn seconds(i: usize) -> String {
        format!("{:.2}", i as f64 / 100.0)
    }

    const START: &str = "2024-05-01T10:00:00.000Z";

    #[test]
    fn starts_of_headings_count() {
        for line in [
            "# start: 2024-05-01T10:00:00Z",
            "# Start Time = 2024-05-01 10:00:00",
            "Start time;2024-05-01 12:00:00+02:00",
            "\"Recording started\",\"2024-05-01 10:00:00\",,",
            "% Start of recording: Wed May  1 10:00:00 2024",
            "# logging started at 01.05.2024 10:00:00",
            "# start_time: 1714557600.0",
            "# start_time (UTC): 1714557600000",
            "# StartTime=2024-05-01T10:00:00 (first sample)",
            "# Start (UTC+2): 2024-05-01 12:00:00",
            "# Beginn der Messung: 01.05.2024 10:00:00",
            "Start Date: 2024-05-01\nStart Time: 10:00:00",
            "Start Time 10:00:00\nStart Date 5/1/2024\ndate format M/d/yyyy",
            "# Date: 2024-05-01\n# Start: 10:00:00",
        ] {
            let (start, notes) = read(&format!("{line}\ntime,Z"), seconds, &Hints::default());
            assert_eq!(start, START, "{line} {notes:?}");
            assert!(
                notes
                    .join(";")
                    .contains("the times count from 2024-05-01T10"),
                "{notes:?}"
            );
        }
    }

    #[test]
    fn times_of_day_have_the_date_of_the_heading() {
        let clock = |i: usize| format!("10:00:{:02}.{:02}", i / 100, i % 100);
        for line in [
            "# Date: 2024-05-01",
            "Start: 2024-05-01 10:00:00",
            "# start 2024-05-01 09:59:50",
        ] {
            let (start, _) = read(&format!("{line}\ntime,Z"), clock, &Hints::default());
            assert_eq!(start, START, "{line}");
        }
        let other = "# start: 2024-05-01 08:00:00";
        let (start, notes) = read(&format!("{other}\ntime,Z"), clock, &Hints::default());
        assert_eq!(start, "36000.000 s");
        assert!(
            notes.join(";").contains("give the recording the `start`"),
            "{notes:?}"
        );
    }

    #[test]
    fn what_is_not_certain_is_said() {
        for (line, expected) in [
            (
                "# start: 03/04/2024 10:00:00",
                "whether the day or the month comes first",
            ),
            (
                "# start: 2024-05-01 10:00:00 (CEST)",
                "has the name of a time zone",
            ),
            (
                "# start: 2024-05-01 10:00:00 CEST",
                "has the name of a time zone",
            ),
            (
                "# start: 2024-05-01 10:00:00\n# begin: 2024-05-01 10:00:01",
                "says both",
            ),
        ] {
            let (start, notes) = read(&format!("{line}\ntime,Z"), seconds, &Hints::default());
            assert_eq!(start, "0.000 s");
            assert!(notes.join(";").contains(expected), "{notes:?}");
        }
        let late = |i: usize| format!("{:.2}", 5.0 + i as f64 / 100.0);
        let head = "# start: 2024-05-01 10:00:00\ntime,Z";
        let (start, notes) = read(head, late, &Hints::default());
        assert_eq!(start, "5.000 s");
        assert!(
            notes.join(";").contains("but the first time is 5 s"),
            "{notes:?}"
        );
        let soon = |i: usize| format!("{:.3}", 0.25 + i as f64 / 100.0);
        let (start, notes) = read(head, soon, &Hints::default());
        assert_eq!(start, "2024-05-01T10:00:00.250Z");
        assert!(
            notes
                .join(";")
                .contains("which is 0.25 s before the first row"),
            "{notes:?}"
        );
    }

    #[test]
    fn other_times_and_dates_count_first() {
        let dated = |i: usize| format!("2024-05-01 12:00:{:02}.{:02}", i / 100, i % 100);
        let head = "# start: 2024-05-01 10:00:00\ntime,Z";
        let (start, notes) = read(head, dated, &Hints::default());
        assert_eq!((&*start, notes.len()), ("2024-05-01T12:00:00.000Z", 0));
        let given = Hints {
            start: Some(parse_time("2024-06-01").unwrap()),
            ..Hints::default()
        };
        let (start, notes) = read(head, seconds, &given);
        assert_eq!(start, "2024-06-01T00:00:00.000Z");
        assert!(
            notes
                .join(";")
                .contains("but the given start is 2024-06-01"),
            "{notes:?}"
        );
        for line in [
            "# created: 2024-05-01 10:00:00",
            "# Date: 2024-05-01 10:00:00",
            "# start: 5 s",
            "# start: 10",
            "# start frequency: 20 Hz",
            "# Start: unknown",
        ] {
            let (start, notes) = read(&format!("{line}\ntime,Z"), seconds, &Hints::default());
            assert_eq!((&*start, notes.len()), ("0.000 s", 0), "{line} {notes:?}");
        }
    }
}
