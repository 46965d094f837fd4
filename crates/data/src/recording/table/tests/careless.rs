//! Fractions of a second without leading zeros, and times of GPS and NMEA.

use super::*;
use crate::recording::parse_time;

/// A table of `times` beside the numbers of their rows.
fn table(head: &str, rows: i64, time: impl Fn(i64) -> String) -> Contents {
    let rows: String = (0..rows).map(|i| format!("{},{i}\n", time(i))).collect();
    contents(&format!("{head}\n{rows}"), &Hints::default()).unwrap()
}

/// Start, rate and number of samples of the only trace, and the notes.
fn only(contents: &Contents) -> (i64, f64, usize, Vec<String>) {
    let [trace] = &contents.traces[..] else {
        panic!("{} traces: {:?}", contents.traces.len(), contents.notes);
    };
    let first: Vec<f64> = (0..trace.samples.len()).map(|i| i as f64).collect();
    assert_eq!(trace.samples, first);
    (trace.start, trace.rate, first.len(), contents.notes.all())
}

#[test]
fn fractions_that_count() {
    let day = parse_time("2024-05-01T10:00:00").unwrap();
    let (clock, unix) = (36_000_000_000_000, day / 1_000_000_000);
    // Seconds, and what comes before and behind their fraction.
    type Case<'a> = (&'a str, Box<dyn Fn(i64) -> String>, &'a str, i64);
    let two = |before: &'static str| move |second: i64| format!("{before}{second:02}");
    let forms: [Case<'_>; 6] = [
        ("time", Box::new(two("2024-05-01 10:00:")), "", day),
        ("time", Box::new(two("\"2024-05-01T10:00:")), "Z\"", day),
        ("time", Box::new(two("10:00:")), "", clock),
        ("time", Box::new(two("10:00:")), " AM", clock),
        (
            "time",
            Box::new(move |second| (unix + second).to_string()),
            "",
            day,
        ),
        ("t (s)", Box::new(|second| second.to_string()), "", 0),
    ];
    let check = |recording: &Contents, start: i64, rate: f64| {
        let (found, own_rate, rows, notes) = only(recording);
        assert_eq!((found, own_rate, rows), (start, rate, 300), "{notes:?}");
        assert!(notes[0].contains("without leading zeros"), "{notes:?}");
        assert_eq!(notes.len(), 1, "{notes:?}");
    };
    for (name, second, behind, start) in &forms {
        for (step, part, rate) in [(20, 1000, 50.0), (2500, 1_000_000, 400.0), (4, 100, 25.0)] {
            let time = |i: i64| {
                let (second, fraction) = (second(step * i / part), step * i % part);
                format!("{second}.{fraction}{behind}")
            };
            check(&table(&format!("{name},x"), 300, time), *start, rate);
        }
    }
    let colons = |i: i64| format!("10:00:{:02}:{}", 20 * i / 1000, 20 * i % 1000);
    check(&table("time,x", 300, colons), clock, 50.0);
}

/// One row each second: times never go back, but only the counts are even.
#[test]
fn counts_that_steps_alone_prove() {
    let time = |i: i64| format!("10:{:02}:{:02}.{}", i / 60, i % 60, (i * 7 + 5) % 1000);
    let recording = table("time,x", 120, time);
    let (start, rate, _, notes) = only(&recording);
    assert_eq!(start, 36_000_005_000_000);
    assert!((rate - 1.0 / 1.007).abs() < 1e-6, "{rate}");
    assert!(notes[0].contains("count milliseconds"), "{notes:?}");
}

/// Decimals whose last zeros are left out stay what they are.
#[test]
fn decimals_without_their_last_zeros() {
    let shown = |ms: i64| {
        let text = format!("{}.{:03}", ms / 1000, ms % 1000);
        let text = text.trim_end_matches('0').to_owned();
        if text.ends_with('.') {
            text + "0"
        } else {
            text
        }
    };
    for step in [4, 10, 20, 50, 125, 250] {
        let recording = table("time,x", 300, |i| shown(step * i));
        let (start, rate, rows, notes) = only(&recording);
        assert_eq!((start, rate, rows), (0, 1000.0 / step as f64, 300));
        assert!(notes.is_empty(), "{notes:?}");
    }
}

#[test]
fn times_beyond_any_clock_do_not_overflow() {
    let text = "time,x\n1.5,1\n9223372036854775807.5,2\n0.25,3\n9999999999.1,4\n-7.5,5\n";
    let _ = contents(text, &Hints::default());
}

#[test]
fn weeks_of_gps() {
    let start = parse_time("2024-05-01T11:59:42").unwrap();
    let seconds = |i: i64| format!("2312,{:.2}", 302_400.0 + 0.01 * i as f64);
    let millis = |i: i64| format!("2312,{}", 302_400_000 + 10 * i);
    let cases: [(&str, &dyn Fn(i64) -> String); 5] = [
        ("GPS_Week,GPS_SOW,x", &seconds),
        ("week,tow,x", &seconds),
        ("GPSWeek,GPSTimeOfWeek(ms),x", &millis),
        ("GWk,GMS,x", &millis),
        ("gps_week,iTOW,x", &millis),
    ];
    for (head, time) in cases {
        let (found, rate, _, notes) = only(&table(head, 300, time));
        assert_eq!((found, rate), (start, 100.0), "{head}");
        assert!(notes[0].contains("is 18 s behind"), "{notes:?}");
    }
    // A receiver that has started again.
    let early = |i: i64| format!("264,{:.2}", 302_400.0 + 0.01 * i as f64);
    let rows: String = (0..300).map(|i| format!("{},{i}\n", early(i))).collect();
    let error = contents(&format!("week,tow,x\n{rows}"), &Hints::default()).unwrap_err();
    assert!(error.to_string().contains("such as 2312"), "{error}");
}

#[test]
fn dates_and_times_in_digits() {
    let start = parse_time("2024-05-13T12:00:58").unwrap();
    let clock = |i: i64| {
        let ms = 58_000 + 10 * i;
        format!("12{:02}{:02}.{:03}", ms / 60_000, ms / 1000 % 60, ms % 1000)
    };
    let dated = |i: i64| format!("130524,{}", clock(i));
    let whole = |i: i64| format!("240513{}", clock(i));
    let nmea = |i: i64| format!("$GPRMC,{},130524", clock(i));
    let cases: [(&str, &dyn Fn(i64) -> String); 6] = [
        ("ddmmyy,hhmmss,x", &dated),
        ("date (ddmmyy),utc (hhmmss.sss),x", &dated),
        ("date_ddmmyy,time,x", &dated),
        ("yymmddhhmmss,x", &whole),
        ("time,x", &whole),
        ("sentence,time,date,x", &nmea),
    ];
    for (head, time) in cases {
        let recording = table(head, 300, time);
        let (found, rate, _, _) = only(&recording);
        assert_eq!(
            (found, rate),
            (start, 100.0),
            "{head}: {:?}",
            recording.notes
        );
    }
    // The order is not known: times of day alone.
    let (found, rate, _, notes) = only(&table("date,time,x", 300, dated));
    assert_eq!((found, rate), (43_258_000_000_000, 100.0));
    assert!(
        notes
            .iter()
            .any(|note| note.contains("as ddmmyy and as yymmdd")),
        "{notes:?}"
    );
}

#[test]
fn marks_of_overload_in_the_first_row() {
    let rows: String = (1..300)
        .map(|i| format!("{:.2},{i},{i}\n", 0.01 * i as f64))
        .collect();
    let recording = contents(&format!("time,x,y\n0,OVL,0\n{rows}"), &Hints::default()).unwrap();
    assert_eq!(recording.traces[1].channel, "y");
    assert_eq!(
        (recording.traces[1].start, recording.traces[1].samples.len()),
        (0, 300)
    );
    let hints = Hints {
        time_column: Some("1".into()),
        ..Hints::default()
    };
    let recording = contents(&format!("0,OVL,0\n{rows}"), &hints).unwrap();
    assert_eq!(
        (
            &*recording.traces[1].channel,
            recording.traces[1].samples.len()
        ),
        ("3", 300)
    );
}

/// Settings of the instrument above the names, a cell for each name and value.
#[test]
fn settings_above_the_names() {
    let rows: String = (0..300).map(|i| format!("{i}\t{}\t1\n", i % 7)).collect();
    let head = "Instrument:\tTEP-0092\nSampling rate (Hz):\t128\nN-S\tE-W\tZ\n";
    let hints = Hints {
        sampling_rate: Some(128.0),
        ..Hints::default()
    };
    let recording = contents(&format!("{head}{rows}"), &hints).unwrap();
    let names = channel_names(&recording.traces);
    assert_eq!(names, ["N-S", "E-W", "Z"]);
}

/// `NS` beside `EW` is no nanosecond, even if its values rise.
#[test]
fn directions_are_no_units() {
    let rows: String = (0..300)
        .map(|i| format!("{i} {} {}\n", i % 7, i % 5))
        .collect();
    let hints = Hints {
        sampling_rate: Some(512.0),
        ..Hints::default()
    };
    let recording = contents(&format!("NS EW Z\n[mm/s] [mm/s] [mm/s]\n\n{rows}"), &hints).unwrap();
    let names = channel_names(&recording.traces);
    assert_eq!(
        (names, recording.traces[0].rate),
        (vec!["NS", "EW", "Z"], 512.0)
    );
    let error = contents(&format!("NS EW Z\n{rows}"), &Hints::default()).unwrap_err();
    assert!(!error.to_string().contains("time_NS"), "{error}");
}

/// A channel in lines of ten numbers is refused.
#[test]
fn one_channel_in_lines_of_several_numbers() {
    let line = |line: i64| -> String {
        let numbers = (0..10).map(|i| format!("{:.3}", ((10 * line + i) as f64 / 5.0).sin()));
        numbers.collect::<Vec<_>>().join(" ") + "\n"
    };
    let text: String = (0..100).map(line).collect();
    let given = Hints {
        sampling_rate: Some(100.0),
        ..Hints::default()
    };
    let error = contents(&text, &given).unwrap_err().to_string();
    assert!(
        error.contains("one channel in lines of 10 numbers"),
        "{error}"
    );
}
