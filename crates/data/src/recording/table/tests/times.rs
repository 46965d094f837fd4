//! Columns of times: formats, ambiguous dates, and row counters.

use super::*;
use crate::recording::parse_time;

/// All names and formats give the same 100 Hz from 2024-05-01T10:00:00Z, or from zero.
#[test]
fn columns_of_times() {
    let table = |head: &str, cell: &dyn Fn(i64) -> String| -> Contents {
        let rows: String = (0..300).map(|i| format!("{},{i}\n", cell(i))).collect();
        contents(&format!("{head}\n{rows}"), &Hints::default()).unwrap()
    };
    let start = 1_714_557_600;
    let stamp = |form: &'static str| {
        move |i: i64| {
            let time =
                chrono::DateTime::from_timestamp_nanos(start * 1_000_000_000 + i * 10_000_000);
            time.format(form).to_string()
        }
    };
    type Case<'a> = (&'a str, Box<dyn Fn(i64) -> String>, i64);
    let plain: [Case<'_>; 14] = [
        (
            "time (s),Z",
            Box::new(|i| format!("{:.2}", 0.01 * i as f64)),
            0,
        ),
        ("t [ms],Z", Box::new(|i| (10 * i).to_string()), 0),
        ("timestamp_us,Z", Box::new(|i| (10_000 * i).to_string()), 0),
        ("time_ns,Z", Box::new(|i| (10_000_000 * i).to_string()), 0),
        ("Zeit,Z", Box::new(|i| format!("{:.3}", 0.01 * i as f64)), 0),
        (
            "time,Z",
            Box::new(move |i| format!("{:.3}", start as f64 + 0.01 * i as f64)),
            start,
        ),
        (
            "timestamp,Z",
            Box::new(move |i| (start * 1000 + 10 * i).to_string()),
            start,
        ),
        (
            "unix_time,Z",
            Box::new(move |i| (start * 1_000_000 + 10_000 * i).to_string()),
            start,
        ),
        (
            "recorded at,Z",
            Box::new(stamp("%Y-%m-%dT%H:%M:%S%.3fZ")),
            start,
        ),
        ("when,Z", Box::new(stamp("%Y/%m/%d %H:%M:%S%.6f")), start),
        ("when,Z", Box::new(stamp("%d.%m.%Y %H:%M:%S%.3f")), start),
        ("when,Z", Box::new(stamp("%Y%m%dT%H%M%S%.3f")), start),
        (
            "date,clock,Z",
            Box::new(stamp("%Y-%m-%d,%H:%M:%S%.3f")),
            start,
        ),
        ("time,Z", Box::new(stamp("%H:%M:%S%.3f")), 36_000),
    ];
    for (head, cell, begins) in plain {
        let recording = table(head, &cell);
        let shown = format!("{head}: {} {:?}", cell(1), recording.notes);
        assert_eq!(
            (recording.traces.len(), recording.traces[0].rate),
            (1, 100.0),
            "{shown}"
        );
        assert_eq!(recording.traces[0].channel, "Z", "{shown}");
        assert!(
            (recording.traces[0].start - begins * 1_000_000_000).abs() < 1000,
            "{shown}"
        );
        assert_eq!(recording.traces[0].samples.len(), 300);
    }
}

/// A row counter is not a channel. If it jumps and a rate is given, rows are missing.
#[test]
fn columns_that_count_rows() {
    let rows: String = (0..100)
        .map(|i| format!("{},{i}\n", if i < 60 { i } else { i + 40 }))
        .collect();
    let hints = Hints {
        sampling_rate: Some(50.0),
        start: None,
        ..Default::default()
    };
    let recording = contents(&format!("count,Z\n{rows}"), &hints).unwrap();
    let spans: Vec<(i64, usize)> = recording
        .traces
        .iter()
        .map(|t| (t.start / 1_000_000, t.samples.len()))
        .collect();
    assert_eq!(spans, [(0, 60), (2000, 40)], "{:?}", recording.notes);
    // Integers in milliseconds, as the given rate shows.
    let rows: String = (0..100).map(|i| format!("{},{i}\n", 20 * i)).collect();
    let recording = contents(&format!("time,Z\n{rows}"), &hints).unwrap();
    assert_eq!(
        (recording.traces[0].rate, recording.traces[0].end()),
        (50.0, 2_000_000_000)
    );
    assert!(
        recording.notes[0].contains("no unit"),
        "{:?}",
        recording.notes
    );
}

#[test]
fn times_of_damaged_files_do_not_overflow() {
    for extreme in [i64::MIN + 1, i64::MAX] {
        for wrap in [Values::Clocks, Values::Times] {
            let column = |name: &str, values| Column {
                name: name.into(),
                values,
                whole: false,
            };
            let times = wrap(vec![extreme, 0, i64::MAX, extreme, 5]);
            let samples = Values::Numbers(vec![1.0; 5]);
            let _ = assemble(
                vec![column("time", times), column("Z", samples)],
                &Hints::default(),
            );
        }
    }
}

/// Dates may begin with the day or the month. A number over 12 anywhere decides for all; otherwise both readings are
/// named.
#[test]
fn one_date_settles_those_above_it() {
    let rows = |dates: [&str; 2], between: &str| {
        let row = |i: usize| format!("{} 10:00:{:02},{i}\n", dates[i / 30], i % 30);
        let rows: String = (0..60).map(row).collect();
        format!("time,Z\n{}", rows.replace(' ', between))
    };
    for (dates, start) in [
        (["03/04/2025", "13/04/2025"], "2025-04-03T10:00:00"),
        (["04/03/2025", "04/13/2025"], "2025-04-03T10:00:00"),
        (["3-4-2025", "13-4-2025"], "2025-04-03T10:00:00"),
    ] {
        let recording = contents(&rows(dates, " "), &Hints::default()).unwrap();
        let expected = parse_time(start).unwrap();
        assert_eq!(recording.traces[0].start, expected, "{dates:?}");
        assert_eq!(
            (recording.traces.len(), recording.traces[1].samples.len()),
            (2, 30)
        );
    }
    // The deciding date comes hundreds of rows later.
    let row = |i: u32| format!("03/04/2025 10:{:02}:{:02},1\n", i / 60, i % 60);
    let many = (0..300).map(row).collect::<String>() + "13/04/2025 10:00:00,2\n";
    let hints = Hints {
        sampling_rate: Some(1.0),
        start: None,
        ..Default::default()
    };
    let recording = contents(&format!("time,Z\n{many}"), &hints).unwrap();
    let day = parse_time("2025-04-03T10:00:00").unwrap();
    assert_eq!(
        (recording.traces.len(), recording.traces[0].start),
        (2, day)
    );
    let open = rows(["03/04/2025", "04/05/2025"], " ");
    let error = contents(&open, &Hints::default()).unwrap_err().to_string();
    assert!(
        error.contains("`03/04/2025 10:00:00` may be 2025-04-03 or 2025-03-04"),
        "{error}"
    );
    let recording = contents(&open, &hints).unwrap();
    let said = recording.notes.texts(true).join("; ");
    assert!(said.contains("may be 2025-04-03 or 2025-03-04"), "{said}");
}

/// Numbers without a unit that would be slow in seconds may be milliseconds.
#[test]
fn milliseconds_without_a_unit_are_a_doubt() {
    for (step, is_doubt) in [(9.98, true), (10.0, true), (0.01, false), (1.0, false)] {
        let row = |i: i64| format!("{},{i}\n", i as f64 * step);
        let rows: String = (0..300).map(row).collect();
        let recording = contents(&format!("time,Z\n{rows}"), &Hints::default()).unwrap();
        let doubts = recording.notes.texts(true);
        let is_said = doubts
            .iter()
            .any(|note| note.contains("name the column `time_ms`"));
        assert_eq!(is_said, is_doubt, "{step}: {doubts:?}");
    }
}

/// Counters of micro- and nanoseconds from zero are no dates, and no recording has a sample in hours.
#[test]
fn counters_without_a_unit_are_no_dates() {
    let text = |step: u64, first: u64| {
        let rows = (0..20_000).map(|i| format!("{},{}\n", first + i * step, i % 17));
        format!("time,Z\n{}", rows.collect::<String>())
    };
    for (step, unit) in [(10_000_000u64, 1e-9), (500_000, 1e-9), (10_000, 1e-6)] {
        let error = parse(&text(step, 0), &Hints::default()).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("column `time` has numbers without a unit"),
            "{error}"
        );
        let rate = 1.0 / (step as f64 * unit);
        let hints = Hints {
            sampling_rate: Some(rate),
            ..Hints::default()
        };
        let traces = parse(&text(step, 0), &hints).unwrap();
        assert_eq!(
            (traces.len(), traces[0].rate, traces[0].start),
            (1, rate, 0)
        );
    }
    // More than a day of milliseconds is said, and so are microseconds since a device was switched on.
    for (step, first) in [(10, 99_900_000), (100_000, 3_000_000_000)] {
        let recording = contents(&text(step, first), &Hints::default()).unwrap();
        let said = recording.notes.texts(true).join("; ");
        assert!(said.contains("then name the column `time_ms`"), "{said}");
    }
    // Dates before 2001 and after 2060, every 10 ms.
    for first in [900_000_000_000, 3_000_000_000_000] {
        let recording = contents(&text(10, first), &Hints::default()).unwrap();
        assert_eq!(recording.traces[0].rate, 100.0);
    }
}

/// A temperature is no time, even if the only other times are times of day, or there are none.
#[test]
fn a_temperature_called_t() {
    let row =
        |i: usize, time: &str| format!("{time}{i},{:.1}\n", 20.0 + ((i * i) % 7) as f64 / 10.0);
    let rows: String = (0..50)
        .map(|i| row(i, &format!("10:00:{:02}.{},", i / 10, i % 10)))
        .collect();
    let traces = parse(&format!("time,Z,T\n{rows}"), &Hints::default()).unwrap();
    assert_eq!((traces.len(), traces[1].channel.as_str()), (2, "T"));
    assert_eq!(traces[0].rate, 10.0);
    let rows: String = (0..50).map(|i| row(i, "")).collect();
    let hints = Hints {
        sampling_rate: Some(10.0),
        ..Hints::default()
    };
    assert_eq!(parse(&format!("Z,T\n{rows}"), &hints).unwrap().len(), 2);
    // A rising column of this name has the times, and so has one within a single second.
    let rows: String = (0..50)
        .map(|i| format!("{i},{:.1}\n", 0.1 * i as f64))
        .collect();
    assert_eq!(
        parse(&format!("Z,T\n{rows}"), &Hints::default())
            .unwrap()
            .len(),
        1
    );
    let rows: String = (0..50)
        .map(|i| format!("20,1714557600,{},{i}\n", i * 10_000_000))
        .collect();
    let traces = parse(&format!("T,sec,nsec,Z\n{rows}"), &Hints::default()).unwrap();
    assert_eq!((traces.len(), traces[0].channel.as_str()), (2, "T"));
    assert_eq!(
        (traces[0].rate, traces[0].start),
        (100.0, 1_714_557_600_000_000_000)
    );
}

/// Numbers that cannot be what their column says are read as what they are, or doubted.
#[test]
fn times_of_another_unit_or_origin() {
    let read = |name: &str, cell: &dyn Fn(i64) -> String| {
        let rows: String = (0..300).map(|i| format!("{},{i}\n", cell(i))).collect();
        let recording = contents(&format!("{name},Z\n{rows}"), &Hints::default()).unwrap();
        (
            recording.traces[0].rate,
            recording.traces[0].start,
            recording.notes.all().join("; "),
        )
    };
    let start = 1_714_557_600_000_000_000;
    let seconds = |i: i64| format!("{:.2}", 1_714_557_600.0 + 0.01 * i as f64);
    let (rate, first, notes) = read("timestamp_ms", &seconds);
    assert_eq!((rate, first), (100.0, start));
    assert!(
        notes.contains("does not have the unit of its name"),
        "{notes}"
    );
    let digits = |i: i64| format!("20240501100{:03}{:02}", i / 100, i % 100);
    assert_eq!(read("time", &digits), (100.0, start, String::new()));
    // The two last digits of the year, and seconds since 2001.
    let short = |i: i64| format!("2405011000{:02}.{:02}", i / 100, i % 100);
    let (rate, first, notes) = read("time", &short);
    assert_eq!((rate, first), (100.0, start));
    assert!(notes.contains("yymmddhhmmss"), "{notes}");
    let apple = |i: i64| format!("{:.2}", 736_250_400.0 + 0.01 * i as f64);
    let (_, _, notes) = read("time", &apple);
    assert!(notes.contains("another origin than 1970"), "{notes}");
    let (_, _, notes) = read("GPS time", &|i| {
        format!("{:.2}", 1_398_592_818.0 + 0.01 * i as f64)
    });
    assert!(notes.contains("1980 as GPS does"), "{notes}");
    // Nanoseconds since a phone was started, which cannot be milliseconds since 1970; of them, the rate tells the unit.
    for uptime in [49_105_962_326_000i64, 1_500_000_000_000] {
        let rows: String = (0..300)
            .map(|i| format!("{},{i}\n", uptime + i * 10_000_000))
            .collect();
        let table = format!("timestamp,Z\n{rows}");
        let hints = Hints {
            expected_rate: Some(100.0),
            ..Hints::default()
        };
        let recording = contents(&table, &hints).unwrap();
        assert_eq!(
            recording.traces[0].rate,
            100.0,
            "{:?}",
            recording.notes.all()
        );
        let error = contents(&table, &Hints::default()).unwrap_err().to_string();
        assert!(error.contains("add the unit to its name"), "{error}");
    }
    // Minutes and seconds of one digit.
    let clock = |i: i64| format!("10:0:{}.{:02}", i / 100, i % 100);
    assert_eq!(read("time", &clock).0, 100.0);
}

/// Offsets from UTC in a column of their own, as phones log them; the clock may change in between.
#[test]
fn offsets_in_a_column() {
    let start = crate::recording::parse_time("2024-10-27T00:59:59Z").unwrap();
    let table = |[summer, winter]: [&str; 2], name: &str| {
        let row = |i: i32| {
            let (hour, minute, second, zone) = match i {
                ..100 => (2, 59, 59, summer),
                _ => (2, 0, 0, winter),
            };
            format!(
                "2024-10-27T{hour:02}:{minute:02}:{second:02}.{:02},{zone},{i}\n",
                i % 100
            )
        };
        let rows: String = (0..200).map(row).collect();
        format!("time,{name},Z\n{rows}")
    };
    for zones in [["+02:00", "+01:00"], ["UTC+2", "UTC+1"]] {
        let recording = contents(&table(zones, "zone"), &Hints::default()).unwrap();
        let trace = &recording.traces[0];
        assert_eq!(
            (
                recording.traces.len(),
                trace.start,
                trace.rate,
                trace.samples.len()
            ),
            (1, start, 100.0, 200),
            "{:?}",
            recording.notes
        );
        assert!(
            recording.notes[0]
                .to_string()
                .contains("offsets from UTC in column `zone`")
        );
    }
    // The unit of numbers is not certain.
    let rows: String = (0..20)
        .map(|i| format!("2024-05-01T10:00:00.{i:02},120,{i}\n"))
        .collect();
    let recording = contents(&format!("time,utc_offset,Z\n{rows}"), &Hints::default()).unwrap();
    assert!(
        recording.notes[0]
            .to_string()
            .contains("column `utc_offset` says `120`, but"),
        "{:?}",
        recording.notes
    );
}

/// A clock time needs no unit, while numbers without one may be milliseconds.
#[test]
fn clock_times_before_numbers_without_a_unit() {
    let row = |i: u32| {
        format!(
            "{},10:00:{:05.2},{}\n",
            i * 10,
            f64::from(i) / 100.0,
            i % 17
        )
    };
    let text: String = (0..400).map(row).collect();
    for (head, rate) in [
        ("Elapsed Time,Time,z\n", 100.0),
        ("elapsed_ms,Time,z\n", 100.0),
        ("elapsed_s,Time,z\n", 0.1),
    ] {
        let recording = contents(&format!("{head}{text}"), &Hints::default()).unwrap();
        assert_eq!(recording.traces[0].rate, rate, "{head}");
    }
}
