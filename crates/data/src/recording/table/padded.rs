//! Times of day in digits with zeros in front, as `0512` or `051230`: as numbers they would be 512 and 51230.

use super::layout::Layout;
use super::line::split;
use super::names::time_name;
use super::spelled::clocks;
use super::{Notes, Remark, Values};

/// Converts columns of times without a unit whose cells all have four or all have six digits, if one begins with zero.
pub(super) fn apply(bytes: &[u8], layout: &Layout, columns: &mut [Values], notes: &mut Notes) {
    for (i, (name, values)) in layout.names.iter().zip(columns).enumerate() {
        let Values::Numbers(numbers) = values else {
            continue;
        };
        if time_name(name).is_none_or(|name| name.unit.is_some()) {
            continue;
        }
        let (form, what) = match width(bytes, layout, i) {
            Some(4) => ("hhmm", "times of day as HHMM"),
            Some(6) => ("hhmmss", "times of day as HHMMSS"),
            _ => continue,
        };
        let Some(clocks) = clocks(numbers, form) else {
            continue;
        };
        *values = Values::Clocks(clocks);
        let name = name.clone();
        notes.push(Remark::DayNumbers { name, what });
    }
}

/// How many digits the cells of a column have before a point; `None` if they differ, or none begins with zero.
fn width(bytes: &[u8], layout: &Layout, column: usize) -> Option<usize> {
    let (mut width, mut is_padded) = (None, false);
    for line in bytes[layout.start..].split(|byte| *byte == b'\n') {
        let Some(cell) = split(line, layout.separator).into_iter().nth(column) else {
            continue;
        };
        let cell = cell.trim_ascii();
        let digits = cell.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            // No value, or a comment.
            continue;
        }
        if *width.get_or_insert(digits) != digits || !matches!(digits, 4 | 6) {
            return None;
        }
        is_padded |= cell[0] == b'0';
    }
    width.filter(|_| is_padded)
}

#[cfg(test)]
mod tests {
    use super::super::super::{Contents, Hints, parse_time};
    use super::super::tests::{contents, noise};

    fn of(names: &str, row: impl Fn(usize) -> String) -> Contents {
        let rows = (0..200).map(|i| format!("{},{:.4}\n", row(i), noise(i)));
        let text = format!("{names},z\n{}", rows.collect::<String>());
        contents(&text, &Hints::default()).unwrap()
    }

    #[test]
    fn zeros_in_front_tell_hours_and_minutes() {
        let minute = |i: usize| format!("{:02}{:02}", (312 + i) / 60, (312 + i) % 60);
        let dated = |i: usize| format!("2024-05-01,{}", minute(i));
        let day = parse_time("2024-05-01").unwrap();
        let clock = (5 * 60 + 12) * 60_000_000_000;
        for (names, row, start) in [
            ("time", &minute as &dyn Fn(usize) -> String, clock),
            ("date,time", &dated, day + clock),
            ("date,HHMM", &dated, day + clock),
            ("Time (hhmm)", &minute, clock),
        ] {
            let recording = of(names, row);
            let trace = &recording.traces[0];
            assert_eq!(recording.traces.len(), 1, "{names}");
            assert_eq!((trace.start, trace.samples.len()), (start, 200), "{names}");
            assert!(
                (trace.rate * 60.0 - 1.0).abs() < 1e-9,
                "{names} {}",
                trace.rate
            );
        }
        // Of names that say it, the zeros may be left out.
        let short = |i: usize| format!("2024-05-01,{}", minute(i).trim_start_matches('0'));
        assert_eq!(of("date,hhmm", short).traces[0].start, day + clock);
    }

    #[test]
    fn zeros_in_front_tell_seconds_too() {
        let recording = of("time", |i| {
            let second = (5 * 60 + 58) * 60 + 6 * i;
            format!(
                "{:02}{:02}{:02}",
                second / 3600,
                second / 60 % 60,
                second % 60
            )
        });
        let trace = &recording.traces[0];
        assert_eq!(trace.start, (5 * 60 + 58) * 60_000_000_000);
        assert!((trace.rate * 6.0 - 1.0).abs() < 1e-9, "{}", trace.rate);
    }

    #[test]
    fn counts_are_no_times_of_day() {
        for row in [|i: usize| format!("{i:04}"), |i| format!("{i:06}")] {
            let text: String = (0..200)
                .map(|i| format!("{},{:.4}\n", row(i), noise(i)))
                .collect();
            let recording = contents(
                &format!("time,z\n{text}"),
                &Hints {
                    sampling_rate: Some(10.0),
                    ..Hints::default()
                },
            );
            let recording = recording.unwrap();
            assert_eq!(recording.traces[0].rate, 10.0);
            assert!(!recording.notes.all().join(";").contains("times of day"));
        }
    }
}
