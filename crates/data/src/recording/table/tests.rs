use super::rows::PART;
use super::*;

fn contents(text: &str, hints: &Hints) -> Result<Contents, RecordingError> {
    read(text.as_bytes(), hints)
}

fn parse(text: &str, hints: &Hints) -> Result<Vec<Trace>, RecordingError> {
    contents(text, hints).map(|contents| contents.traces)
}

/// Of a table that is 100 Hz throughout: samples of its first channel, and the notes.
fn first(text: &str) -> (Vec<f64>, Vec<String>) {
    let own = contents(text, &Hints::default()).unwrap();
    assert_eq!(own.traces[0].rate, 100.0, "{text}");
    (own.traces[0].samples.clone(), own.notes.all())
}

#[test]
fn wide_and_long_tables() {
    let wide = parse(
        "# site A\ntime,Z,N\n0.00,1,5\n0.01,2,6\n0.02,3,7\n5.00,4,8\n5.01,9,9\n",
        &Hints::default(),
    );
    let wide = wide.unwrap();
    assert_eq!(wide.len(), 4);
    assert_eq!(
        (wide[0].channel.as_str(), wide[0].rate, &wide[0].samples[..]),
        ("Z", 100.0, &[1.0, 2.0, 3.0][..])
    );
    assert_eq!(
        (wide[1].start, &wide[1].samples[..]),
        (5_000_000_000, &[4.0, 9.0][..])
    );
    let long = "timestamp;channel;samples\n1.0;A;1\n1.0;B;2\n1.5;A;3\n1.5;B;4\n2.0;A;5\n";
    let long = parse(long, &Hints::default()).unwrap();
    assert_eq!(long[0].samples, [1.0, 3.0, 5.0]);
    assert_eq!((long[1].rate, &long[1].samples[..]), (2.0, &[2.0, 4.0][..]));
}

#[test]
fn without_times_a_rate_is_needed() {
    let text = "Z\n1\n2\n";
    assert!(
        parse(text, &Hints::default())
            .unwrap_err()
            .to_string()
            .contains("sampling_rate")
    );
    let hints = Hints {
        sampling_rate: Some(50.0),
        start: Some(7),
    };
    let traces = parse(text, &hints).unwrap();
    assert_eq!((traces[0].rate, traces[0].start), (50.0, 7));
}

/// Cut rows, cells that are not numbers, rows without a time: left out or missing, counted, with the line.
#[test]
fn what_does_not_fit_is_said() {
    let rows: String = (0..20)
        .map(|i| format!("{:.2},{i},{}\r\n", 0.01 * f64::from(i), i + 5))
        .collect();
    let table = |old: &str, new: &str| format!("time,Z,N\r\n{rows}").replace(old, new);
    let (samples, notes) = first(&table("0.07,7,12", "0.07,x,12"));
    assert!(samples[7].is_nan() && samples[8] == 8.0);
    assert!(
        notes[0].starts_with("line 9, column `Z`: `x` is not a number"),
        "{notes:?}"
    );
    let (samples, notes) = first(&table("0.07,7,12", "0.07,,12"));
    assert!(samples[7].is_nan() && notes.is_empty());
    for (old, new, note) in [
        (
            "0.07,7,12",
            "0.07,7",
            "left out one row: line 9: 2 cells, but there are 3 columns",
        ),
        (
            "0.07,7,12",
            "0.07,7,12,1",
            "left out one row: line 9: 4 cells",
        ),
        (
            "0.07,7,12",
            "noon,7,12",
            "line 9, column `time`: `noon` is not a number",
        ),
        ("0.07,7,12", "NaN,7,12", "left out one row without a time"),
    ] {
        let own = contents(&table(old, new), &Hints::default()).unwrap();
        let lengths: Vec<usize> = own.traces.iter().map(|trace| trace.samples.len()).collect();
        assert_eq!(
            (lengths, own.traces[0].rate),
            (vec![7, 12, 7, 12], 100.0),
            "{new}"
        );
        assert!(
            own.notes.iter().any(|own| own.contains(note)),
            "{new}: {:?}",
            own.notes
        );
    }
    let whole: Vec<f64> = (0..20).map(f64::from).collect();
    for (old, new) in [
        ("\r\n", ",\r\n"),
        ("time,Z,N\r\n", "time,Z,N,\r\n"),
        ("\r\n", "\r\n\r\n"),
        ("\r\n", "\n"),
    ] {
        let (samples, notes) = first(&table(old, new));
        assert_eq!((samples, notes), (whole.clone(), vec![]), "{new:?}");
    }
    let text = table("\r\n", ",walking\r\n").replace("N,walking", "N,activity");
    let (samples, notes) = first(&text);
    assert_eq!(samples, whole);
    assert!(
        notes[0].contains("left out column `activity`: texts"),
        "{notes:?}"
    );
}

/// Of a row that ends with a separator only the last value is missing, whatever the separator is.
#[test]
fn a_last_value_may_be_missing() {
    for separator in [",", ";", "\t", "|"] {
        let rows = (0..20).map(|i| match i {
            7 => format!("0.07{separator}7{separator}\n"),
            _ => format!("{:.2}{separator}{i}{separator}{i}\n", f64::from(i) / 100.0),
        });
        let text = format!("time{separator}Z{separator}N\n{}", rows.collect::<String>());
        let own = contents(&text, &Hints::default()).unwrap();
        assert_eq!(
            (own.traces.len(), own.notes.all()),
            (2, vec![]),
            "{separator:?}"
        );
        assert_eq!(own.traces[0].samples.len(), 20, "{separator:?}");
        let missing = own.traces[1].samples.iter().position(|v| v.is_nan());
        assert_eq!(missing, Some(7), "{separator:?}");
    }
}

/// A card's blocks that were reserved and never written, and the reason why a column of times is none.
#[test]
fn zeros_behind_and_ambiguous_dates_are_said() {
    let rows: String = (0..20).map(|i| format!("{}.5,{i}\n", i)).collect();
    let text = format!("time,Z\n{rows}{}", "\0".repeat(300));
    let own = contents(&text, &Hints::default()).unwrap();
    let whole: Vec<f64> = (0..20).map(f64::from).collect();
    assert_eq!(own.traces[0].samples, whole);
    assert_eq!(
        own.notes,
        ["left out the last 300 bytes: zeros, as after a power cut"]
    );
    let rows: String = (0..20)
        .map(|i| format!("05/06/2024 10:00:{i:02},{i}\n"))
        .collect();
    let error = parse(&format!("time,Z\n{rows}"), &Hints::default())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(
            "left out column `time`: `05/06/2024 10:00:00` may be 2024-06-05 or 2024-05-06"
        ),
        "{error}"
    );
}

#[test]
fn errors_name_lines() {
    let error = |text: &str| parse(text, &Hints::default()).unwrap_err().to_string();
    assert!(error("time,Z\n1,1\n0,1\n2,2\n").contains("row 2 is not after"));
    let headless = error("1,2\n3,4\n");
    assert!(
        headless.contains("line 1 has values, and no line above it names"),
        "{headless}"
    );
    assert!(error("a page\nof prose\n").contains("line 1 is `a page`"));
    assert!(error("").contains("empty"));
    assert!(error("time\n1\n2\n").contains("no column of numbers"));
}

/// Where the names are: below what a logger writes, above units, in a comment, nowhere.
#[test]
fn names_are_found() {
    let rows: String = (0..20)
        .map(|i| format!("{:.2},{i},{}\n", 0.01 * f64::from(i), i + 5))
        .collect();
    let whole: Vec<f64> = (0..20).map(f64::from).collect();
    for head in [
        "time,Z,N\n",
        "time,Z,N\ns,mm/s,mm/s\n",
        "\"TOA5\",\"CR6\",\"1234\",\"x\"\n\"time\",\"Z\",\"N\"\n\"TS\",\"mm/s\",\"mm/s\"\n\"\",\"Smp\",\"Smp\"\n",
        "Vendor,\"GRAPHTEC\"\nSampling interval,10ms\nStart time,2020-01-24,16:53:12\n\ntime,Z,N\n\"s\",mV,mV\n",
        "# a logger\n# time,Z,N\n",
        "\n\ntime,Z,N\n# done\n",
        "\u{feff}time,Z,N\n",
    ] {
        let own = contents(&format!("{head}{rows}"), &Hints::default()).unwrap();
        assert_eq!(
            (
                own.traces[0].channel.as_str(),
                own.traces[1].channel.as_str()
            ),
            ("Z", "N"),
            "{head}"
        );
        assert_eq!(
            (own.traces[0].rate, &own.traces[0].samples),
            (100.0, &whole),
            "{head}"
        );
    }
    let numbered = contents(&format!("time,1,2\n{rows}"), &Hints::default()).unwrap();
    assert_eq!(numbered.traces[1].channel, "2");
    // Nothing but Unix seconds says what the first column is.
    let unix: String = (0..20)
        .map(|i| format!("1575554442.{:02},{i}\n", 5 * i))
        .collect();
    let own = contents(&unix, &Hints::default()).unwrap();
    assert_eq!(
        (
            own.traces.len(),
            own.traces[0].rate,
            own.traces[0].channel.as_str()
        ),
        (1, 20.0, "2")
    );
    assert!(
        own.notes[0].contains("no line above it names"),
        "{:?}",
        own.notes
    );
}

#[test]
fn separators_and_commas() {
    let whole: Vec<f64> = (0..20).map(|i| f64::from(i) / 4.0).collect();
    let lines = |separator: &str, comma: bool| -> String {
        (0..20)
            .map(|i| {
                let row = format!(
                    "{:.2}{separator}{:.2}{separator}{:.1}\n",
                    0.01 * f64::from(i),
                    whole[i as usize],
                    i
                );
                if comma { row.replace('.', ",") } else { row }
            })
            .collect()
    };
    for (separator, comma) in [
        (";", false),
        (";", true),
        ("\t", true),
        ("\t", false),
        (" ", false),
        ("   ", false),
        (",", false),
        ("|", false),
    ] {
        let text = format!("time{separator}Z{separator}N\n{}", lines(separator, comma));
        let (samples, notes) = first(&text);
        assert_eq!(
            (samples, notes.len()),
            (whole.clone(), usize::from(comma)),
            "{text}"
        );
    }
}

/// Whatever they are called and however they are written: the same 100 Hz from 2024-05-01T10:00:00Z, or from zero.
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
        let own = table(head, &cell);
        let shown = format!("{head}: {} {:?}", cell(1), own.notes);
        assert_eq!(
            (own.traces.len(), own.traces[0].rate),
            (1, 100.0),
            "{shown}"
        );
        assert_eq!(own.traces[0].channel, "Z", "{shown}");
        assert!(
            (own.traces[0].start - begins * 1_000_000_000).abs() < 1000,
            "{shown}"
        );
        assert_eq!(own.traces[0].samples.len(), 300);
    }
}

/// Rows are no channel; where they jump and a rate is given, rows are missing.
#[test]
fn columns_that_count_rows() {
    let rows: String = (0..100)
        .map(|i| format!("{},{i}\n", if i < 60 { i } else { i + 40 }))
        .collect();
    let hints = Hints {
        sampling_rate: Some(50.0),
        start: None,
    };
    let own = contents(&format!("count,Z\n{rows}"), &hints).unwrap();
    let spans: Vec<(i64, usize)> = own
        .traces
        .iter()
        .map(|t| (t.start / 1_000_000, t.samples.len()))
        .collect();
    assert_eq!(spans, [(0, 60), (2000, 40)], "{:?}", own.notes);
    // Whole numbers that mean milliseconds, as the given rate tells.
    let rows: String = (0..100).map(|i| format!("{},{i}\n", 20 * i)).collect();
    let own = contents(&format!("time,Z\n{rows}"), &hints).unwrap();
    assert_eq!(
        (own.traces[0].rate, own.traces[0].end()),
        (50.0, 2_000_000_000)
    );
    assert!(own.notes[0].contains("no unit"), "{:?}", own.notes);
}

/// Larger than a thread reads at a time: the same rows, and the line of a note.
#[test]
fn large_tables_are_read_in_parts() {
    let mut text = String::from("time,Z\n");
    for i in 0..300_000 {
        text.push_str(&format!("{i},{}\n", i * 7 % 1000));
    }
    assert!(text.len() > 2 * PART);
    let traces = parse(&text, &Hints::default()).unwrap();
    assert_eq!((traces.len(), traces[0].rate), (1, 1.0));
    let right = |(i, v): (usize, &f64)| *v == (i * 7 % 1000) as f64;
    assert!(traces[0].samples.iter().enumerate().all(right));
    assert_eq!(traces[0].samples.len(), 300_000);
    let quoted = parse(&text.replacen("5,35", "5,\"35\"", 1), &Hints::default());
    assert_eq!(quoted.unwrap(), traces);
    for text in [
        text.clone(),
        text.replace('\n', "\r\n"),
        text.replacen("5,35", "5,\"35\"", 1),
    ] {
        let damaged = text.replacen("\n190000,", "\n190000,x", 1);
        let own = contents(&damaged, &Hints::default()).unwrap();
        assert!(
            own.notes[0].contains("line 190002, column `Z`: `x0` is not a number"),
            "{:?}",
            own.notes
        );
    }
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

/// Dates that may begin with the day or the month: one over 12, wherever it is, settles all; else both readings are named.
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
        let own = contents(&rows(dates, " "), &Hints::default()).unwrap();
        let expected = super::super::parse_time(start).unwrap();
        assert_eq!(own.traces[0].start, expected, "{dates:?}");
        assert_eq!((own.traces.len(), own.traces[1].samples.len()), (2, 30));
    }
    // A thousand rows later.
    let row = |i: u32| format!("03/04/2025 10:{:02}:{:02},1\n", i / 60, i % 60);
    let many = (0..300).map(row).collect::<String>() + "13/04/2025 10:00:00,2\n";
    let hints = Hints {
        sampling_rate: Some(1.0),
        start: None,
    };
    let own = contents(&format!("time,Z\n{many}"), &hints).unwrap();
    let day = super::super::parse_time("2025-04-03T10:00:00").unwrap();
    assert_eq!((own.traces.len(), own.traces[0].start), (2, day));
    let open = rows(["03/04/2025", "04/05/2025"], " ");
    let error = contents(&open, &Hints::default()).unwrap_err().to_string();
    assert!(
        error.contains("`03/04/2025 10:00:00` may be 2025-04-03 or 2025-03-04"),
        "{error}"
    );
    let own = contents(&open, &hints).unwrap();
    let said = own.notes.texts(true).join("; ");
    assert!(said.contains("may be 2025-04-03 or 2025-03-04"), "{said}");
}

/// Points between thousands that come late are read as such, or there is a doubt that names one.
#[test]
fn points_that_come_late_are_no_fractions_in_silence() {
    let table = |late: &[&str]| {
        let head: String = (0..1000)
            .map(|i| format!("{};{}\n", i * 10, i % 90))
            .collect();
        let rows = late.iter().enumerate();
        let rows = rows.map(|(i, cell)| format!("{};{cell}\n", 10_000 + i * 10));
        format!("time_ms;Z\n{head}{}", rows.collect::<String>())
    };
    let (samples, notes) = first(&table(&["12.345", "-1.002"].repeat(12)));
    assert_eq!(samples[1000..1002], [12345.0, -1002.0]);
    assert_eq!(
        notes,
        ["numbers have points between thousands: `12.345` is read without"]
    );
    let (samples, notes) = first(&table(&["12.345"]));
    assert_eq!(samples[1000], 12.345);
    assert_eq!(
        notes,
        [
            "line 1002: `12.345` may be 12345, with a point between thousands; it is read as 12.345, and so are all numbers \
             with a point"
        ]
    );
    let (samples, notes) = first(&table(&["12.345", "0.5"]));
    assert_eq!(samples[1000..], [12.345, 0.5]);
    assert!(notes.is_empty(), "{notes:?}");
    // With a decimal comma somewhere, a point is none.
    let (samples, notes) = first(&table(&["12.345,5", "0,5"]));
    assert_eq!(samples[1000..], [12345.5, 0.5]);
    assert_eq!(notes.len(), 1, "{notes:?}");
}
