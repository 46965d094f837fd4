//! Input that does not fit is left out or becomes missing, and is reported.

use super::*;

/// Truncated rows, cells that are not numbers, and rows without a time are left out or missing, and counted with their
/// line.
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
        let recording = contents(&table(old, new), &Hints::default()).unwrap();
        let lengths: Vec<usize> = recording
            .traces
            .iter()
            .map(|trace| trace.samples.len())
            .collect();
        assert_eq!(
            (lengths, recording.traces[0].rate),
            (vec![7, 12, 7, 12], 100.0),
            "{new}"
        );
        assert!(
            recording.notes.iter().any(|text| text.contains(note)),
            "{new}: {:?}",
            recording.notes
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

/// If a row ends with a separator, only the last value is missing, whatever the separator is.
#[test]
fn a_last_value_may_be_missing() {
    for separator in [",", ";", "\t", "|"] {
        let rows = (0..20).map(|i| match i {
            7 => format!("0.07{separator}7{separator}\n"),
            _ => format!("{:.2}{separator}{i}{separator}{i}\n", f64::from(i) / 100.0),
        });
        let text = format!("time{separator}Z{separator}N\n{}", rows.collect::<String>());
        let recording = contents(&text, &Hints::default()).unwrap();
        assert_eq!(
            (recording.traces.len(), recording.notes.all()),
            (2, vec![]),
            "{separator:?}"
        );
        assert_eq!(recording.traces[0].samples.len(), 20, "{separator:?}");
        let missing = recording.traces[1].samples.iter().position(|v| v.is_nan());
        assert_eq!(missing, Some(7), "{separator:?}");
    }
}

/// Reserved blocks of a card that were never written, and an ambiguous column of dates, are reported with the reason.
#[test]
fn zeros_behind_and_ambiguous_dates_are_said() {
    let rows: String = (0..20).map(|i| format!("{}.5,{i}\n", i)).collect();
    let text = format!("time,Z\n{rows}{}", "\0".repeat(300));
    let recording = contents(&text, &Hints::default()).unwrap();
    let whole: Vec<f64> = (0..20).map(f64::from).collect();
    assert_eq!(recording.traces[0].samples, whole);
    assert_eq!(
        recording.notes,
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

/// Points as thousands separators in late rows are recognised, or a doubt names one of them.
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
    // If a decimal comma occurs anywhere, a point is not a decimal point.
    let (samples, notes) = first(&table(&["12.345,5", "0,5"]));
    assert_eq!(samples[1000..], [12345.5, 0.5]);
    assert_eq!(notes.len(), 1, "{notes:?}");
}

/// A table with a channel in each row has no message for each of its columns.
#[test]
fn a_channel_in_each_row_is_said() {
    let cells: Vec<String> = (0..300).map(|i| i.to_string()).collect();
    let text = format!("{0}\n{0}\n{0}\n", cells.join(","));
    let hints = Hints {
        sampling_rate: Some(100.0),
        ..Hints::default()
    };
    let recording = contents(&text, &hints).unwrap();
    let notes = recording.notes.all().join("; ");
    assert!(
        notes.contains("300 columns and 3 rows: if each row is a channel"),
        "{notes}"
    );
    let error = crate::recording::merge(recording.traces, &["Z".to_owned()]).unwrap_err();
    assert!(error.to_string().len() < 300, "{error}");
}

/// Blocks of a card that were never written, within a file.
#[test]
fn lines_with_zero_bytes_are_left_out() {
    let row = |i: i32| format!("{:.2},{}\n", 0.01 * f64::from(i), i % 7);
    let rows = |from: i32, to: i32| (from..to).map(row).collect::<String>();
    let zeros = "\0".repeat(4096);
    let text = format!(
        "time,Z\n{}0.50,1{zeros}.60,4\n{}",
        rows(0, 50),
        rows(61, 200)
    );
    let recording = contents(&text, &Hints::default()).unwrap();
    let found: Vec<_> = recording
        .traces
        .iter()
        .map(|trace| (trace.start, trace.samples.len()))
        .collect();
    assert_eq!(found, [(0, 50), (610_000_000, 139)]);
    let note = "left out 1 line with zero bytes, as after a power cut (the first: line 52): rows are missing there";
    assert!(
        recording.notes[0].starts_with(note),
        "{:?}",
        recording.notes
    );
    let error = contents("time,Z\n0.1,\0\n", &Hints::default()).unwrap_err();
    assert!(error.to_string().contains("byte 11 is zero"), "{error}");
}

/// Comments between rows are no rows, which would be samples without times.
#[test]
fn comments_between_rows_are_skipped() {
    let rated = Hints {
        sampling_rate: Some(100.0),
        ..Hints::default()
    };
    for separator in [",", ";", "\t", " "] {
        for mark in ["#", "# ", "% ", "// ", "; "] {
            if mark.trim() == separator {
                continue;
            }
            let row = |i: usize| {
                let comment = format!("{mark}battery{separator}low{separator}3.6 V\n");
                let comment = if i % 30 == 20 { &*comment } else { "" };
                format!("{i}{separator}{}\n{comment}", i % 7)
            };
            let rows: String = (0..100).map(row).collect();
            let recording = contents(&format!("Z{separator}N\n{rows}"), &rated).unwrap();
            let expected: Vec<f64> = (0..100).map(f64::from).collect();
            assert_eq!(recording.traces[0].samples, expected, "{mark}{separator}");
        }
    }
}

/// A sensor that starts later than the logger: without times, its rows without values keep the places of later ones.
#[test]
fn the_first_rows_may_have_no_values() {
    let given = Hints {
        sampling_rate: Some(100.0),
        ..Hints::default()
    };
    let value = |i: usize| (i * i % 17).to_string();
    for count in [1, 5, 250, 300, 900] {
        for missing in ["", "NaN", "-", "*"] {
            let cells = |i: usize| if i < count { missing.into() } else { value(i) };
            let rows = |row: &dyn Fn(usize) -> String| (0..1200).map(row).collect::<String>();
            let plain = rows(&|i| format!("{0},{0}\n", cells(i)));
            let timed = rows(&|i| {
                let (second, part) = (i / 100, i % 100);
                format!("2024-05-01T10:00:{second:02}.{part:02},{0},{0}\n", cells(i))
            });
            let one = rows(&|i| format!("\"{}\"\n", cells(i)));
            let tabs = plain.replace(',', "\t");
            for (text, channel, hints) in [
                (format!("Z,N\n{plain}"), "Z", &given),
                (format!("Z\tN\n{tabs}"), "Z", &given),
                (plain, "1", &given),
                (format!("Z\n{one}"), "Z", &given),
                (format!("time,Z,N\n{timed}"), "Z", &Hints::default()),
            ] {
                let recording =
                    contents(&text, hints).unwrap_or_else(|error| panic!("{error}: {text}"));
                let trace = recording
                    .traces
                    .iter()
                    .find(|trace| trace.channel == channel);
                let samples = &trace.unwrap().samples;
                assert_eq!(samples.len(), 1200, "{count} {missing:?} {channel}");
                assert!(samples[..count].iter().all(|sample| sample.is_nan()));
                assert_eq!(samples[count].to_string(), value(count));
            }
        }
    }
    // Beyond the range of the recorder.
    let row = |i: usize| {
        let cell = if i < 700 { "OVL".to_owned() } else { value(i) };
        format!("{:.2},{cell},{cell}\n", 0.01 * i as f64)
    };
    let rows: String = (0..1200).map(row).collect();
    let (samples, notes) = first(&format!("time,Z,N\n{rows}"));
    assert!(
        samples[..700].iter().all(|sample| sample.is_nan()) && samples[700] == 9.0,
        "{notes:?}"
    );
    // Beside times, a row without anything is none.
    let rows: String = (0..20)
        .map(|i| format!("{:.2},{i}\n", 0.01 * f64::from(i)))
        .collect();
    let (samples, notes) = first(&format!("time,Z\n,\n{rows}"));
    assert_eq!((samples.len(), notes.len()), (20, 0), "{notes:?}");
}

/// What is no row, in and above the first rows, takes neither rows nor names with it.
#[test]
fn the_first_rows_may_have_others_between() {
    let row = |i: usize| format!("{:.2},{},{}\n", 0.01 * i as f64, i * i % 17, i % 5);
    let with = |at: usize, line: &str| {
        let rows = |range: std::ops::Range<usize>| range.map(row).collect::<String>();
        format!("time,Z,N\n{}{line}\n{}", rows(0..at), rows(at..400))
    };
    for line in [
        "$GPGGA,100000.00,4717.11,N,00833.9,E,1,08,1.0,500,M,,,,*57",
        "[INFO] battery 3.7 V, temp 21.5 C, gps fix, sats 8",
        "0.00,5,60.00,5,6",
    ] {
        for at in [0, 1, 5, 50] {
            let recording = contents(&with(at, line), &Hints::default()).unwrap();
            let one = &recording.traces[0];
            assert_eq!(
                (&*one.channel, one.rate, one.samples.len()),
                ("Z", 100.0, 400),
                "{at}: {line}"
            );
            assert_eq!(
                one.samples[..6],
                [0.0, 1.0, 4.0, 9.0, 16.0, 8.0],
                "{at}: {line}"
            );
            let is_said = |note: &String| {
                note.contains("left out") && note.contains(&format!("line {}", at + 2))
            };
            assert!(
                recording.notes.all().iter().any(is_said),
                "{at}: {:?}",
                recording.notes
            );
        }
    }
}

/// Noise of a serial port.
#[test]
fn single_zero_bytes() {
    let rows: String = (0..40)
        .map(|i| format!("{:.2},{i}\n", 0.01 * f64::from(i)))
        .collect();
    let text = format!("\0x\x13boot\ntime,Z\n{rows}").replace(",20\n", ",2\x000\n");
    let (samples, notes) = first(&text);
    assert!(samples[20].is_nan() && samples[19] == 19.0 && samples.len() == 40);
    assert!(
        notes
            .iter()
            .any(|note| note.contains("2 lines with zero bytes")),
        "{notes:?}"
    );
}

/// A quotation mark that is never closed does not take the rows below it with it.
#[test]
fn quotation_marks_without_an_end() {
    let rows: String = (0..60)
        .map(|i| format!("{:.2},{i},\n", 0.01 * f64::from(i)))
        .collect();
    let text = format!("time,Z,note\n{rows}");
    for (from, to, is_missing) in [(",20,\n", ",20,\"x\n", false), (",20,\n", ",\"20,\n", true)] {
        let (samples, notes) = first(&text.replace(from, to));
        assert_eq!(
            (samples.len(), samples[20].is_nan()),
            (60, is_missing),
            "{to}"
        );
        assert!(
            notes
                .iter()
                .any(|note| note.contains("not closed (the first: line 22)")),
            "{notes:?}"
        );
    }
}
