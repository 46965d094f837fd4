//! Times in several columns: dates and clocks, and parts of both.

use super::*;
use crate::recording::parse_time;

/// A table of 400 rows at 8 Hz from 23:59:30 on, or from `start` seconds into that day, with the cells of `form`.
fn table(head: &str, start: f64, form: impl Fn(i64, f64) -> String) -> String {
    let row = |i: u32| {
        let seconds = start + f64::from(i) / 8.0;
        let day = (seconds / 86_400.0) as i64;
        format!(
            "{},{}\n",
            form(day, seconds - day as f64 * 86_400.0),
            i * i % 17
        )
    };
    format!("{head}\n{}", (0..400).map(row).collect::<String>())
}

const LATE: f64 = 86_370.0;

fn hms(seconds: f64) -> (u32, u32, f64) {
    let whole = seconds as u32;
    (
        whole / 3600,
        whole / 60 % 60,
        seconds - f64::from(whole / 60 * 60),
    )
}

fn rest(form: &str, seconds: f64) -> String {
    let (hour, minute, second) = hms(seconds);
    match form {
        "h,m,s" => format!("{hour},{minute},{second}"),
        "h,m,s,ms" => format!(
            "{hour},{minute},{},{}",
            second.trunc(),
            second.fract() * 1e3
        ),
        "h:m:s" => format!("{hour:02}:{minute:02}:{second:06.3}"),
        _ => format!("{seconds}"),
    }
}

/// The cells of a date, of the number of the day from 0.
type Day<'a> = &'a dyn Fn(i64) -> String;

/// The first times of the channel `Z`, its rate, and warnings.
fn read(text: &str) -> (usize, i64, f64, Vec<String>) {
    let recording =
        contents(text, &Hints::default()).unwrap_or_else(|error| panic!("{text}: {error}"));
    let traces: Vec<_> = recording
        .traces
        .iter()
        .filter(|trace| trace.channel == "Z")
        .collect();
    (
        traces.len(),
        traces[0].start,
        traces[0].rate,
        recording.notes.texts(true),
    )
}

#[test]
fn dates_and_times_in_parts() {
    let start = parse_time("2024-05-01T23:59:30Z").unwrap();
    let date = |day: i64| format!("2024,5,{}", 1 + day);
    let of_year = |day: i64| format!("2024,{}", 122 + day);
    let iso = |day: i64| format!("2024-05-{:02}", 1 + day);
    let compact = |day: i64| format!("202405{:02}", 1 + day);
    let forms: [(&str, Day, &str); 11] = [
        ("year,month,day,hour,minute,second,Z", &date, "h,m,s"),
        ("Year,Mon,Day,Hr,Min,Sec,Z", &date, "h,m,s"),
        ("Y,M,D,h,m,s,Z", &date, "h,m,s"),
        ("y,m,d,h,m,s,Z", &date, "h,m,s"),
        ("yyyy,MM,dd,hh,mm,ss,Z", &date, "h,m,s"),
        ("year,month,day,hour,min,sec,ms,Z", &date, "h,m,s,ms"),
        ("year,doy,hour,min,sec,Z", &of_year, "h,m,s"),
        ("year,doy,sec,Z", &of_year, "s"),
        ("year,month,day,time,Z", &date, "h:m:s"),
        ("date,hour,minute,second,Z", &iso, "h,m,s"),
        ("date,h,m,s,Z", &compact, "h,m,s"),
    ];
    for (head, day, form) in forms {
        let text = table(head, LATE, |number, seconds| {
            format!("{},{}", day(number), rest(form, seconds))
        });
        assert_eq!(read(&text), (1, start, 8.0, vec![]), "{head}");
    }
}

/// Without a date, times begin at midnight, and go on over it; minutes and seconds, over the hour.
#[test]
fn clocks_in_parts() {
    for (head, form) in [
        ("hour,minute,second,Z", "h,m,s"),
        ("Z.1,hours,min,sec,Z", "x"),
        ("h,m,s,Z", "h,m,s"),
        ("hour,min,sec,ms,Z", "h,m,s,ms"),
    ] {
        let text = table(head, LATE, |_, seconds| match form {
            "x" => format!("5,{}", rest("h,m,s", seconds)),
            form => rest(form, seconds),
        });
        let nanos = 86_370_000_000_000;
        assert_eq!(read(&text), (1, nanos, 8.0, vec![]), "{head}");
    }
    // 25 hours after the beginning, and over the hour.
    let text = table("hours,minutes,seconds,Z", 90_000.0, |day, seconds| {
        let (hour, minute, second) = hms(seconds);
        format!("{},{minute},{second}", hour + 24 * day as u32)
    });
    assert_eq!(read(&text), (1, 90_000_000_000_000, 8.0, vec![]));
    let text = table("min,sec,Z", 3590.0, |_, seconds| {
        let (_, minute, second) = hms(seconds);
        format!("{minute},{second}")
    });
    assert_eq!(read(&text), (1, 3_590_000_000_000, 8.0, vec![]));
}

/// Parts that may be something else stay channels, and a column of times comes first.
#[test]
fn columns_that_are_no_parts() {
    let of = |text: &str| {
        let recording = contents(text, &Hints::default()).unwrap();
        let mut names: Vec<String> = recording
            .traces
            .into_iter()
            .map(|trace| trace.channel)
            .collect();
        names.dedup();
        (names.join(" "), recording.notes.texts(true))
    };
    let with_time = |head: &str, more: fn(u32) -> String| {
        let row = |i: u32| format!("{},{},{}\n", f64::from(i) / 8.0, more(i), i * i % 17);
        format!("time,{head},Z\n{}", (0..400).map(row).collect::<String>())
    };
    let (names, notes) = of(&with_time("hour,minute", |i| {
        format!("{},{}", i % 24, i % 60)
    }));
    assert_eq!((&*names, notes), ("hour minute Z", vec![]));
    // A minimum beside a maximum, and components that are called like parts.
    let (names, _) = of(&with_time("sec,min,max", |i| {
        format!("{},{},{}", i % 7, i % 3, i % 5)
    }));
    assert_eq!(names, "sec min max Z");
    let (names, _) = of(&with_time("Y,M,D,h", |i| {
        format!("{},{},{},{}", i % 7, i % 3, i % 5, i % 2)
    }));
    assert_eq!(names, "Y M D h Z");
}

/// What is missing is said, and no time is made up.
#[test]
fn parts_without_others() {
    let row = |i: u32| {
        format!(
            "2024,5,1,{},{},{}\n",
            i / 480 % 60,
            f64::from(i) / 8.0 % 60.0,
            i % 7
        )
    };
    let rows: String = (0..600).map(row).collect();
    let said = |head: &str| {
        let hints = Hints {
            sampling_rate: Some(8.0),
            ..Hints::default()
        };
        let recording = contents(&format!("{head}\n{rows}"), &hints).unwrap();
        assert!(
            recording
                .traces
                .iter()
                .all(|trace| trace.start < 1_000_000_000_000),
            "{head}"
        );
        recording.notes.texts(true).join("; ")
    };
    let expected = "columns `year`, `month`, `day`, `min`, `sec` are parts of times, but there is no column `hour`: no times are \
                    read from them";
    let found = said("year,month,day,min,sec,Z");
    assert!(found.contains(expected), "{found}");
    let found = said("yr,month,a,hour,sec,Z");
    assert!(
        found.contains("there is no column `day`, `minute`"),
        "{found}"
    );
    let found = said("a,month,day,hour,minute,Z");
    assert!(found.contains("there is no column `year`"), "{found}");
    // Years have four digits.
    let short = format!("year,month,day,hour,second,Z\n{rows}").replace("\n2024", "\n24");
    let short = short.replace("hour,second", "hour,minute");
    let error = contents(&short, &Hints::default()).unwrap_err().to_string();
    assert!(error.contains("years have four digits"), "{error}");
    let error = contents(&format!("hour,a,b,c,sec,Z\n{rows}"), &Hints::default());
    let error = error.unwrap_err().to_string();
    assert!(error.contains("there is no column `minute`"), "{error}");
}

/// `melt` of pandas and InfluxDB write a row for each value: in turn, or one quantity after the other.
#[test]
fn long_tables_of_quantities() {
    let row = |name: &str, i: i32, k: i32| {
        format!("{:.2},{name},{}\n", 0.01 * f64::from(i), i + 1000 * k)
    };
    let names = ["Z", "N", "E"];
    let all = || (0..60).flat_map(|i| (0..3).map(move |k| (i, k)));
    let in_turn: String = all().map(|(i, k)| row(names[k as usize], i, k)).collect();
    let blocks = (0..3).flat_map(|k| (0..60).map(move |i| (i, k)));
    let in_blocks: String = blocks.map(|(i, k)| row(names[k as usize], i, k)).collect();
    for (heads, rows) in [
        ("time,variable,value", &in_turn),
        ("time,variable,value", &in_blocks),
        ("_time,_field,_value", &in_blocks),
        ("time,axis,val", &in_turn),
        ("time,component,amplitude", &in_blocks),
    ] {
        let recording = contents(&format!("{heads}\n{rows}"), &Hints::default()).unwrap();
        let found = recording.traces.iter();
        let found: Vec<_> = found
            .map(|trace| (&*trace.channel, trace.rate, trace.samples[1]))
            .collect();
        let expected = [
            ("E", 100.0, 2001.0),
            ("N", 100.0, 1001.0),
            ("Z", 100.0, 1.0),
        ];
        assert_eq!(found, expected, "{heads}");
    }
    // A quantity that begins again is none, and all rows are those of one channel, which goes back in time.
    let twice = in_blocks.replace(",N,", ",Z,");
    let error = contents(&format!("time,variable,value\n{twice}"), &Hints::default());
    let error = error.unwrap_err().to_string();
    assert!(error.contains("it goes back by 0.590 s"), "{error}");
}

/// The rows of channels that have numbers, at rates of their own.
#[test]
fn channels_with_numbers() {
    for name in ["ch", "Channel No.", "channel_id"] {
        let row = |i: u32| {
            let time = f64::from(i) / 100.0;
            let other = format!("{:.3},2,{}\n", time + 0.001, i % 5);
            format!(
                "{time:.3},1,{}\n{}",
                i % 7,
                if i.is_multiple_of(2) { &*other } else { "" }
            )
        };
        let rows: String = (0..200).map(row).collect();
        let recording = contents(&format!("time,{name},value\n{rows}"), &Hints::default()).unwrap();
        let found: Vec<_> = recording
            .traces
            .iter()
            .map(|trace| (&*trace.channel, trace.rate, trace.samples.len()))
            .collect();
        assert_eq!(found, [("1", 100.0, 200), ("2", 50.0, 100)], "{name}");
    }
}

/// Names of sensors of which some look like numbers.
#[test]
fn sensors_with_numbers_in_base_16() {
    let row = |i: u32| {
        let time = f64::from(i) / 100.0;
        format!("{time:.2},1E05,{}\n{time:.2},00A2,{}\n", i % 7, i % 5)
    };
    let rows: String = (0..200).map(row).collect();
    let recording = contents(&format!("time,device,Z\n{rows}"), &Hints::default()).unwrap();
    let found: Vec<_> = recording
        .traces
        .iter()
        .map(|trace| (&*trace.channel, trace.rate, trace.samples.len()))
        .collect();
    assert_eq!(found, [("1E05.Z", 100.0, 200), ("00A2.Z", 100.0, 200)]);
}

/// Seconds and parts of a second belong together if their names do.
#[test]
fn parts_of_seconds_in_columns_of_one_name() {
    let row = |i: i64| {
        format!(
            "{},{},{}\n",
            1_714_557_600 + i / 100,
            i % 100 * 10_000,
            i % 7
        )
    };
    let rows: String = (0..300).map(row).collect();
    for head in [
        "tv_sec,tv_usec,Z",
        "stamp.secs,stamp.usec,Z",
        "sec,us,Z",
        "time,us,Z",
    ] {
        let recording = contents(&format!("{head}\n{rows}"), &Hints::default()).unwrap();
        let trace = &recording.traces[0];
        assert_eq!((recording.traces.len(), trace.rate), (1, 100.0), "{head}");
        assert_eq!(trace.start, 1_714_557_600_000_000_000, "{head}");
    }
    // A velocity is no part of a second.
    let recording = contents(&format!("time,vel_us,Z\n{rows}"), &Hints::default()).unwrap();
    assert_eq!(recording.traces[0].channel, "vel_us");
}
