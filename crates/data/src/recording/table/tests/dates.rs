//! Times with zones, numbers of days, clocks that are set back, and rates that change.

use super::*;
use crate::recording::parse_time;

/// A table of 300 rows at 100 Hz, whose first cells are `cell` of nanoseconds since 1970.
pub(super) fn table(head: &str, cell: impl Fn(i64) -> String) -> String {
    let start = parse_time("2024-05-01T10:00:00Z").unwrap();
    let row = |i: i64| format!("{},{}\n", cell(start + i * 10_000_000), i * i % 17);
    format!("{head}{}", (0..300).map(row).collect::<String>())
}

pub(super) fn form(form: &str) -> impl Fn(i64) -> String {
    move |nanos| {
        chrono::DateTime::from_timestamp_nanos(nanos)
            .format(form)
            .to_string()
    }
}

/// An offset counts, and the name of a zone beside it does not.
#[test]
fn zones_of_cells() {
    for (zone, hours) in [
        ("Z", 0),
        (" UTC", 0),
        (" GMT", 0),
        ("+0000 [UTC]", 0),
        ("-0400 [Brazil/West]", -4),
        ("+02:00[Europe/Berlin]", 2),
        (" +0200 CEST", 2),
        (" GMT+0200 (Central European Summer Time)", 2),
        (" UTC+2", 2),
        ("+02", 2),
    ] {
        for times in ["%Y-%m-%d %H:%M:%S%.3f", "%Y-%m-%d,%H:%M:%S%.3f"] {
            let head = if times.contains(',') {
                "date,clock,Z\n"
            } else {
                "when,Z\n"
            };
            let text = table(head, |nanos| form(times)(nanos) + zone);
            let recording = contents(&text, &Hints::default()).unwrap();
            let start = parse_time("2024-05-01T10:00:00Z").unwrap() - hours * 3_600_000_000_000;
            assert_eq!(
                (recording.traces.len(), recording.traces[0].rate),
                (1, 100.0),
                "{zone}"
            );
            assert_eq!(
                (recording.traces[0].start, &*recording.notes.all()),
                (start, &[][..]),
                "{zone}"
            );
        }
    }
    for zone in [" EST", " [Brazil/West]", " America/New_York", " (CEST)"] {
        let text = table("time,Z\n", |nanos| {
            form("%Y-%m-%d %H:%M:%S%.3f")(nanos) + zone
        });
        let error = contents(&text, &Hints::default()).unwrap_err().to_string();
        assert!(error.contains("has the name of a time zone"), "{error}");
    }
}

/// The name of a column may have the offset, as HOBO loggers write it. A zone without an offset is a doubt.
#[test]
fn zones_of_columns() {
    let start = |head: &str, times: &str| {
        let recording = contents(&table(head, form(times)), &Hints::default()).unwrap();
        let hours = parse_time("2024-05-01T10:00:00Z").unwrap() - recording.traces[0].start;
        let noted = recording
            .notes
            .texts(true)
            .iter()
            .any(|note| note.contains("read as UTC"));
        (hours as f64 / 3600e9, noted)
    };
    let stamp = "%Y-%m-%d %H:%M:%S%.3f";
    assert_eq!(start("\"Date Time, GMT-04:00\",Z\n", stamp), (-4.0, false));
    assert_eq!(start("Zeit (UTC+5:30),Z\n", stamp), (5.5, false));
    assert_eq!(
        start("timestamp (+0200),Z\n", "%Y-%m-%dT%H.%M.%S%.3f"),
        (2.0, false)
    );
    assert_eq!(start("time (+),Z\n", stamp), (0.0, false));
    assert_eq!(
        start("date,\"Time, GMT+2\",Z\n", "%Y-%m-%d,%H:%M:%S%.3f"),
        (2.0, false)
    );
    // The cells have the offset themselves.
    assert_eq!(
        start("Time (UTC+2),Z\n", "%Y-%m-%d %H:%M:%S%.3fZ"),
        (0.0, false)
    );
    assert_eq!(start("Time (UTC),Z\n", stamp), (0.0, false));
    assert_eq!(start("Time (EST),Z\n", stamp), (0.0, true));
    assert_eq!(start("Local time,Z\n", stamp), (0.0, true));
    assert_eq!(start("timestamp (Europe/Berlin),Z\n", stamp), (0.0, true));
    assert_eq!(
        start("time,tz,Z\n", "%Y-%m-%d %H:%M:%S%.3f,America/New_York"),
        (0.0, true)
    );
    assert_eq!(
        start("time,tz,Z\n", "%Y-%m-%d %H:%M:%S%.3f,EST"),
        (0.0, true)
    );
    assert_eq!(
        start("time,place,Z\n", "%Y-%m-%d %H:%M:%S%.3f,north"),
        (0.0, false)
    );
}

#[test]
fn numbers_of_days() {
    let days = |count: f64| move |nanos: i64| format!("{:.9}", nanos as f64 / 86_400e9 + count);
    let start = parse_time("2024-05-01T10:00:00Z").unwrap();
    for (head, count, is_certain) in [
        ("datenum,Z\n", 719_529.0, true),
        ("MATLAB time,Z\n", 719_529.0, true),
        ("Excel date,Z\n", 25_569.0, true),
        ("time (days),Z\n", 25_569.0, true),
        ("MJD,Z\n", 40_587.0, true),
        ("time,Z\n", 25_569.0, false),
        ("time,Z\n", 719_529.0, false),
        ("time,Z\n", 40_587.0, false),
        ("", 719_529.0, false),
        ("", 25_569.0, false),
    ] {
        let recording = contents(&table(head, days(count)), &Hints::default()).unwrap();
        let off = recording.traces[0].start - start;
        assert!(
            off.abs() < 200_000,
            "{head}: {off} ns, {:?}",
            recording.notes
        );
        assert_eq!(
            (recording.traces.len(), recording.traces[0].rate),
            (1, 100.0),
            "{head}"
        );
        let doubts = recording.notes.texts(true);
        assert_eq!(doubts.is_empty(), is_certain, "{head}: {doubts:?}");
    }
    // One row a second is no 86,400 Hz.
    let slow = (0..300).map(|i| format!("{:.9},{i}\n", 45_000.5 + f64::from(i) / 86_400.0));
    let text = format!("time,Z\n{}", slow.collect::<String>());
    let recording = contents(&text, &Hints::default()).unwrap();
    let expected = parse_time("2023-03-15T12:00:00Z").unwrap();
    assert_eq!(
        (recording.traces[0].rate, recording.traces[0].start),
        (1.0, expected)
    );
    // A column of another name is no clock, but may be meant to be one.
    let error = contents(&table("x,Z\n", days(719_529.0)), &Hints::default()).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("`x` looks like days since the year 0"),
        "{error}"
    );
    let unix = table("x,Z\n", |nanos| (nanos / 1_000_000).to_string());
    let error = contents(&unix, &Hints::default()).unwrap_err().to_string();
    assert!(error.contains("`x` looks like Unix time"), "{error}");
    // Seconds of the day stay seconds.
    let seconds = table("time,Z\n", |nanos| {
        format!("{:.3}", (nanos % 86_400_000_000_000) as f64 / 1e9)
    });
    let recording = contents(&seconds, &Hints::default()).unwrap();
    assert_eq!(
        (recording.traces[0].start, recording.traces[0].rate),
        (36_000_000_000_000, 100.0)
    );
}

/// A clock that is set back is found without a name as with one.
#[test]
fn a_clock_without_a_name_may_step_back() {
    let set = parse_time("2024-05-01T10:00:02Z").unwrap();
    let back = |nanos: i64| {
        let late = if nanos >= set { 500_000_000 } else { 0 };
        format!("{:.3}", (nanos - late) as f64 / 1e9)
    };
    let named = contents(&table("time,Z\n", back), &Hints::default()).unwrap();
    let nameless = contents(&table("", back), &Hints::default()).unwrap();
    let spans = |recording: &Contents| -> Vec<(i64, usize)> {
        recording
            .traces
            .iter()
            .map(|trace| (trace.start, trace.samples.len()))
            .collect()
    };
    assert_eq!(spans(&named), spans(&nameless));
    assert!(!named.notes.texts(true).is_empty() && !nameless.notes.texts(true).is_empty());
}

/// A part at half the rate is one trace of its own.
#[test]
fn a_rate_that_changes() {
    let row = |i: i64| {
        let time = 10 * i + 10 * (i - 5000).clamp(0, 1000);
        format!("{:.2},{i}\n", time as f64 / 1000.0)
    };
    let text = format!("time,Z\n{}", (0..9000).map(row).collect::<String>());
    let recording = contents(&text, &Hints::default()).unwrap();
    let traces = recording.traces.iter();
    let traces: Vec<(i64, f64, f64, usize)> = traces
        .map(|trace| {
            (
                trace.start / 1_000_000,
                trace.rate,
                trace.samples[0],
                trace.samples.len(),
            )
        })
        .collect();
    assert_eq!(
        traces,
        [
            (0, 100.0, 0.0, 5000),
            (50_000, 50.0, 5000.0, 1000),
            (70_000, 100.0, 6000.0, 3000)
        ]
    );
    assert_eq!(
        recording.notes.texts(true).len(),
        1,
        "{:?}",
        recording.notes
    );
}

/// Dates and times of day as numbers of their digits, and counters that overflow.
#[test]
fn digits_of_dates() {
    let clock = "%H%M%S%.3f";
    for (head, cell, start) in [
        (
            "timestamp,Z\n",
            form("%Y%m%d%H%M%S%.3f"),
            "2024-05-01T10:00:00Z",
        ),
        (
            "timestamp,Z\n",
            form("%Y%m%d%H%M%S%3f"),
            "2024-05-01T10:00:00Z",
        ),
        (
            "date,time,Z\n",
            form("%Y%m%d,%H%M%S%.3f"),
            "2024-05-01T10:00:00Z",
        ),
        (
            "date,time,Z\n",
            form("%Y%m%d,%H:%M:%S%.3f"),
            "2024-05-01T10:00:00Z",
        ),
        ("hhmmss,Z\n", form(clock), "1970-01-01T10:00:00Z"),
    ] {
        let recording = contents(&table(head, cell), &Hints::default()).unwrap();
        assert_eq!(
            (recording.traces.len(), recording.traces[0].rate),
            (1, 100.0),
            "{head}"
        );
        assert_eq!(
            recording.traces[0].start,
            parse_time(start).unwrap(),
            "{head}"
        );
        assert_eq!(recording.notes.texts(true), [] as [&str; 0], "{head}");
    }
    // Numbers that skip from 59 s to the next minute are no seconds.
    let later = |nanos: i64| form(clock)(nanos + 58_000_000_000);
    let recording = contents(&table("time,Z\n", later), &Hints::default()).unwrap();
    assert_eq!(
        (recording.traces.len(), recording.traces[0].rate),
        (1, 100.0)
    );
    // A counter of 32 bits that overflows.
    let micros = |nanos: i64| {
        ((nanos / 1000 - 1_714_557_600_000_000 + 4_294_000_000) % (1 << 32)).to_string()
    };
    let recording = contents(&table("t_us,Z\n", micros), &Hints::default()).unwrap();
    assert_eq!(
        (recording.traces.len(), recording.traces[0].start),
        (1, 4_294_000_000_000)
    );
    assert_eq!(recording.notes.texts(true), [] as [&str; 0]);
}

/// Ticks of 100 ns are no nanoseconds, and Excel may leave out the hour.
#[test]
fn other_origins() {
    let start = parse_time("2024-05-01T10:00:00Z").unwrap();
    for origin in [116_444_736_000_000_000, 621_355_968_000_000_000] {
        let text = table("timestamp,Z\n", |nanos| (nanos / 100 + origin).to_string());
        let recording = contents(&text, &Hints::default()).unwrap();
        let off = recording.traces[0].start - start;
        assert!(off.abs() < 10_000, "{off}");
        assert_eq!(
            (recording.traces.len(), recording.traces[0].rate),
            (1, 100.0)
        );
        assert!(recording.notes.texts(true)[0].contains("ticks of 100 ns"));
    }
    let labview = table("time,Z\n", |nanos| {
        format!("{:.2}", nanos as f64 / 1e9 + 2_082_844_800.0)
    });
    let recording = contents(&labview, &Hints::default()).unwrap();
    assert!(
        recording.notes.texts(true)[0].contains("after the year 2060"),
        "{:?}",
        recording.notes
    );
    let excel = table("time,Z\n", |nanos| form("%M:%S%.3f")(nanos - 1_000_000_000));
    let recording = contents(&excel, &Hints::default()).unwrap();
    assert_eq!(
        (recording.traces.len(), recording.traces[0].rate),
        (1, 100.0)
    );
}

/// Seconds of the day in numbers have the date of the column beside them, also over midnight. Seconds from the beginning do
/// not.
#[test]
fn seconds_of_the_day_beside_a_date() {
    let cell = |form: &'static str, later: i64| {
        move |nanos: i64| {
            let nanos = nanos + later;
            let seconds = (nanos % 86_400_000_000_000) as f64 / 1e9;
            format!("{},{seconds:.2}", self::form(form)(nanos))
        }
    };
    let day = |text: &str| parse_time(text).unwrap();
    for (head, later, is_certain) in [
        ("date,time,Z\n", 0, false),
        ("date,Time (s),Z\n", 0, false),
        ("date,seconds,Z\n", 0, false),
        ("date,sec,Z\n", 0, false),
        ("date,sod,Z\n", 0, true),
        ("date,seconds_of_day,Z\n", 0, true),
        ("Datum,Seconds since midnight,Z\n", 0, true),
        // Two seconds before midnight.
        ("date,time,Z\n", 50_398_000_000_000, true),
        ("date,seconds_of_day,Z\n", 50_398_000_000_000, true),
    ] {
        for form in ["%Y-%m-%d", "%Y%m%d"] {
            let recording = contents(&table(head, cell(form, later)), &Hints::default());
            let recording = recording.unwrap_or_else(|error| panic!("{head}: {error}"));
            assert_eq!(
                (recording.traces.len(), recording.traces[0].rate),
                (1, 100.0),
                "{head}"
            );
            let off = recording.traces[0].start - day("2024-05-01T10:00:00Z") - later;
            assert_eq!(off, 0, "{head}, {form}");
            let doubts = recording.notes.texts(true);
            assert_eq!(doubts.is_empty(), is_certain, "{head}: {doubts:?}");
        }
    }
    // Half an hour: from the beginning, or after midnight.
    let text = table("date,time,Z\n", cell("%Y-%m-%d", -34_200_000_000_000));
    let recording = contents(&text, &Hints::default()).unwrap();
    assert_eq!(recording.traces[0].start, 1_800_000_000_000);
    let doubts = recording.notes.texts(true).join("; ");
    assert!(doubts.contains("call it `seconds_of_day`"), "{doubts}");
    let begin = day("2024-05-01T10:00:00Z");
    for later in [0, 50_398_000_000_000] {
        let text = table("date,time,Z\n", |nanos| {
            let date = form("%Y-%m-%d")(nanos + later);
            format!("{date},{:.2}", (nanos - begin) as f64 / 1e9)
        });
        let recording = contents(&text, &Hints::default()).unwrap();
        assert_eq!(recording.traces[0].start, 0, "{later}");
    }
}
