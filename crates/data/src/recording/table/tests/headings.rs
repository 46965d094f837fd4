//! Names that are hidden, repeated, or not those of all columns.

use super::*;

/// Files with other columns that were joined: the names in the middle say so.
#[test]
fn names_in_another_order_are_an_error() {
    let rows = |from: i32, to: i32| -> String {
        let row = |i: i32| format!("{:.2},{i},{}\n", 0.01 * f64::from(i), -i);
        (from..to).map(row).collect()
    };
    let joined = |names: &str| format!("time,Z,N\n{}{names}\n{}", rows(0, 20), rows(20, 40));
    for names in ["time,N,Z", "\"time\",\"N\",\"Z\"", "TIME,vertical,north"] {
        let error = parse(&joined(names), &Hints::default()).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("line 22 names the columns again, and otherwise: `"),
            "{error}"
        );
    }
    // The same names in another notation are no row, and a row of nonsense is one without values.
    for names in ["time, Z, N", "\"time\",\"Z\",\"N\"", "Time,z,n"] {
        let traces = parse(&joined(names), &Hints::default()).unwrap();
        let expected: Vec<f64> = (0..40).map(f64::from).collect();
        assert_eq!(traces[0].samples, expected, "{names}");
    }
    // Without times, such a row would be a sample.
    let rated = Hints {
        sampling_rate: Some(100.0),
        ..Hints::default()
    };
    let untimed = format!("Z,N\n{}Z, N\n{}", "1,2\n".repeat(9), "3,4\n".repeat(9));
    assert_eq!(parse(&untimed, &rated).unwrap()[0].samples.len(), 18);
    parse(&joined("broken,sensor,no data"), &Hints::default()).unwrap();
    // Beside a column of texts.
    let texts = "time,Z,state\n0,1,ok\n1,2,ok\n2,3,ok\ntime,state,Z\n3,4,ok\n4,5,ok\n";
    let error = parse(texts, &Hints::default()).unwrap_err().to_string();
    assert!(error.contains("line 5 names the columns"), "{error}");
}

/// Rows above the first whose values can be read belong to the table: their times are known.
#[test]
fn rows_that_cannot_be_read_hide_no_names() {
    let value = |i: i32| {
        if i < 9 {
            "(3)".to_owned()
        } else {
            i.to_string()
        }
    };
    let rows = (0..40).map(|i| format!("2024-05-01T10:00:{i:02},{},{}\n", value(i), value(i)));
    let text = format!("time,Z,N\n{}", rows.collect::<String>());
    let traces = parse(&text, &Hints::default()).unwrap();
    assert_eq!(traces[0].channel, "Z");
    assert_eq!(traces[0].samples.len(), 40);
    assert!(traces[0].samples[..9].iter().all(|value| value.is_nan()));
}

/// A row with a time below the names is no part of the heading, whatever else is in it.
#[test]
fn the_first_rows_are_not_lost() {
    let rows = |first: &str| -> String {
        let row = |i: i32| {
            format!(
                "{:.2},{},{i}\n",
                0.01 * f64::from(i),
                if i < 1 { first } else { "5" }
            )
        };
        (0..40).map(row).collect()
    };
    for first in ["–3", "3-", "∞", "warm-up", "---"] {
        for head in ["time,Z,N\n", "time,Z,N\ns,mV,mV\n\n"] {
            let recording = contents(&format!("{head}{}", rows(first)), &Hints::default()).unwrap();
            let names = channel_names(&recording.traces);
            assert_eq!(names, ["Z", "N"], "{first} {head}");
            assert_eq!(
                (recording.traces[0].start, recording.traces[0].samples.len()),
                (0, 40)
            );
            assert!(recording.traces[0].samples[0].is_nan(), "{first} {head}");
        }
    }
}

/// Without times, nothing tells a row of values from a part of the heading.
#[test]
fn a_row_that_may_have_values_is_said() {
    let rows: String = (0..90)
        .map(|i| format!("{},{}\n", i * i % 89, i * i % 83))
        .collect();
    let rated = Hints {
        sampling_rate: Some(100.0),
        ..Hints::default()
    };
    let recording = contents(&format!("Z,N\n---,5\n{rows}"), &rated).unwrap();
    let note = "line 2: `---,5` is taken for a part of the heading: if it is a row of values, write `NaN` for those that are missing";
    assert_eq!(recording.notes.texts(true), [note]);
    let recording = contents(&format!("Z,N\nmV,mV\n{rows}"), &rated).unwrap();
    assert_eq!(recording.notes.texts(true), [""; 0]);
}

#[test]
fn titles_are_no_names() {
    let rows = "5,7\n6,8\n7,9\n".repeat(9);
    let text = format!("Start time: 2024-05-01 10:00:00\nSampling rate: 100 Hz\nZ,N\n{rows}");
    let rated = Hints {
        sampling_rate: Some(100.0),
        ..Hints::default()
    };
    let traces = parse(&text, &rated).unwrap();
    assert_eq!((&*traces[0].channel, &*traces[1].channel), ("Z", "N"));
}

/// Names in the first of two comments, with units in the second, as NOAA writes them.
#[test]
fn names_above_units_in_comments() {
    let rows = (0..40).map(|i| format!("2024 05 01 10 00 {i:02} {i} 7\n"));
    let text = format!(
        "#YY MM DD hh mm ss Z N\n#yr mo dy hr mn s mV mV\n{}",
        rows.collect::<String>()
    );
    let traces = parse(&text, &Hints::default()).unwrap();
    assert_eq!(traces[0].channel, "Z");
    assert_eq!(
        (traces[0].rate, traces[0].start),
        (1.0, 1_714_557_600_000_000_000)
    );
}

/// GCDC's loggers mark the line with the names; others lose the beginning of the first row.
#[test]
fn names_behind_a_mark_and_above_a_cut_row() {
    let rows: String = (0..40)
        .map(|i| format!("{:.2},{i},7\n", 0.01 * f64::from(i)))
        .collect();
    for head in [
        ";Title, GCDC\n;SampleRate, 100,Hz\n;Headers, time,Z,N\n",
        "time,Z,N\n5,7\n",
        "time,Z,N\n5\n",
    ] {
        let recording = contents(&format!("{head}{rows}"), &Hints::default()).unwrap();
        assert_eq!(recording.traces[0].channel, "Z", "{head}");
        let cut = recording.notes.texts(true).iter().any(|note| {
            note.starts_with("left out 1 row: line 2: ")
                && note.ends_with("but there are 3 columns")
        });
        assert_eq!(cut, !head.starts_with(';'), "{head}");
    }
}

/// Between bars and blanks, commas belong to numbers.
#[test]
fn decimal_commas_do_not_separate() {
    for (separator, time) in [("|", "01.05.2024 10:00:"), (" ", "0,"), ("  ", "1,")] {
        let row = |i: usize| {
            let cells = [
                format!("{time}{i:02}"),
                format!("{i},25"),
                "-1,5E+01".into(),
            ];
            cells.join(separator) + "\n"
        };
        let names = ["time", "Z", "N"].join(separator);
        let text = format!("{names}\n{}", (0..40).map(row).collect::<String>());
        let traces = parse(&text, &Hints::default()).unwrap();
        assert_eq!((traces.len(), traces[0].channel.as_str()), (2, "Z"));
        assert_eq!(traces[0].samples[..2], [0.25, 1.25]);
        assert_eq!(traces[1].samples[0], -15.0);
    }
}

/// A blank between date and time of day separates them, too, and only one of them has a name.
#[test]
fn a_date_and_a_time_of_day_below_one_name() {
    for (names, expected) in [
        ("time Z N", ["Z", "N"]),
        ("date time Z N", ["Z", "N"]),
        ("Z time N", ["Z", "N"]),
    ] {
        let row = |i: usize| {
            let time = format!("2024-05-01 10:00:{i:02}");
            if names.starts_with('Z') {
                format!("{i} {time} 7\n")
            } else {
                format!("{time} {i} 7\n")
            }
        };
        let text = format!("{names}\n{}", (0..40).map(row).collect::<String>());
        let traces = parse(&text, &Hints::default()).unwrap();
        let channels: Vec<&str> = traces.iter().map(|trace| trace.channel.as_str()).collect();
        assert_eq!(channels, expected, "{names}");
        assert_eq!(traces[0].samples[..3], [0.0, 1.0, 2.0], "{names}");
        assert_eq!(
            (traces[0].rate, traces[0].start),
            (1.0, 1_714_557_600_000_000_000)
        );
    }
}

/// A line of units is no line of names, even if it alone tells which column has the times.
#[test]
fn units_below_names() {
    let rows: String = (0..40)
        .map(|i| format!("{},{},7\n", 10 * i, i * i))
        .collect();
    for head in [
        "Shimmer_Timestamp_CAL,Z,N\nms,m/(s^2),m/(s^2)\n",
        "x-axis,Z,N\n(ms),(mV),(g)\n",
        "Time,Z,N\n,,\nms,mm/s,mm/s\n,,\n",
        "Zeit  1 - Messrate,Z,N\nms,mV/V,mV/V\n",
    ] {
        let traces = parse(&format!("{head}{rows}"), &Hints::default()).unwrap();
        let channels: Vec<&str> = traces.iter().map(|trace| trace.channel.as_str()).collect();
        assert_eq!(channels, ["Z", "N"], "{head}");
        assert_eq!(traces[0].rate, 100.0, "{head}");
    }
}

/// pandas writes one line for each level of its columns, and the name of the index below them.
#[test]
fn names_in_several_levels_are_joined() {
    let rows: String = (0..20)
        .map(|i| format!("2024-05-01 10:00:00.{:02},{i},{},7,8\n", i, i + 5))
        .collect();
    for (levels, expected) in [
        (
            "station,A,A,B,B\ncomponent,Z,N,Z,N\ntime,,,,\n",
            ["A.Z", "A.N", "B.Z", "B.N"],
        ),
        (
            ",A,A,B,B\n,Z,N,Z,N\ntime,,,,\n",
            ["A.Z", "A.N", "B.Z", "B.N"],
        ),
        (",A,A,B,B\n,Z,N,Z,N\n", ["A.Z", "A.N", "B.Z", "B.N"]),
        ("component,Z,N,E,H\ntime,,,,\n", ["Z", "N", "E", "H"]),
        ("time,A,B,C,D\nUTC,V,V,g,g\n", ["A", "B", "C", "D"]),
        ("time,A,A,B,B\nUTC,V,g,V,g\n", ["A", "A.1", "B", "B.1"]),
    ] {
        let traces = parse(&format!("{levels}{rows}"), &Hints::default()).unwrap();
        let names = channel_names(&traces);
        assert_eq!(names, expected, "{levels}");
        assert_eq!(traces[1].samples[3], 8.0, "{levels}");
    }
}

/// R's `write.table` counts rows below no name, and writes times with or without quotation marks.
#[test]
fn times_of_r_with_blanks() {
    for quote in ["\"", ""] {
        let rows: String = (0..20)
            .map(|i| {
                let time = format!("{quote}2024-05-01 10:00:00.{i:02}{quote}");
                format!("\"{}\" {time} {i} {}\n", i + 1, i + 5)
            })
            .collect();
        let text = format!("\"time\" \"Z\" \"N\"\n{rows}");
        let traces = parse(&text, &Hints::default()).unwrap();
        let names = channel_names(&traces);
        assert_eq!(names, ["Z", "N"], "{text}");
        assert_eq!((traces[0].rate, traces[1].samples[19]), (100.0, 24.0));
        assert_eq!(traces[0].start, 1_714_557_600_000_000_000, "{text}");
    }
}

/// Each column is a channel of its own, as in pandas.
#[test]
fn columns_of_the_same_name_stay_apart() {
    let rows: String = (0..20)
        .map(|i| {
            format!(
                "{},{i},{},{},{}\n",
                0.01 * f64::from(i),
                i + 100,
                i + 200,
                i + 300
            )
        })
        .collect();
    let contents = contents(&format!("time,Z,Z,Z.1,Z\n{rows}"), &Hints::default()).unwrap();
    let found: Vec<_> = contents
        .traces
        .iter()
        .map(|trace| (&*trace.channel, trace.samples[0]))
        .collect();
    assert_eq!(
        found,
        [("Z", 0.0), ("Z.2", 100.0), ("Z.1", 200.0), ("Z.3", 300.0)]
    );
}

/// MATLAB writes durations with their unit.
#[test]
fn durations_of_matlab_are_times() {
    let rows: String = (0..20)
        .map(|i| format!("{} sec,{i}\n", 0.01 * f64::from(i)))
        .collect();
    let (samples, notes) = first(&format!("Time,Z\n{rows}"));
    assert_eq!((samples.len(), samples[19]), (20, 19.0), "{notes:?}");
}

#[test]
fn durations_with_other_units_are_times() {
    for (unit, length) in [("ms", 1e-3), ("min", 60.0), ("s", 1.0), ("µs", 1e-6)] {
        let row = |i: i32| format!("{} {unit},{i}\n", 0.01 * f64::from(i) / length);
        let rows: String = (0..20).map(row).collect();
        let recording = contents(&format!("Time,Z\n{rows}"), &Hints::default()).unwrap();
        let rate = recording.traces[0].rate;
        assert!((rate - 100.0).abs() < 1e-6, "{unit}: {rate}");
    }
}

/// French numbers in the encoding of Windows have spaces of one byte between thousands.
#[test]
fn hard_spaces_of_windows() {
    let row = |i: i32| format!("{:.2};{}@{:03}\n", 0.01 * f64::from(i), 1 + i, i).replace('.', ",");
    let rows: String = (0..40).map(row).collect();
    let text = format!("temps;z\n{rows}").replace('@', "\u{a0}");
    let bytes: Vec<u8> = text.chars().map(|c| c as u8).collect();
    let recording = read(&bytes, &Hints::default()).unwrap();
    assert_eq!(
        (recording.traces[0].rate, recording.traces[0].samples[3]),
        (100.0, 4003.0)
    );
}

/// Several columns without names have different ones, each of which can be chosen; one alone is `unnamed`.
#[test]
fn columns_without_names_are_told_apart() {
    let rows = |more: &str| -> String {
        let row = |i: i32| {
            format!(
                "{:.2},{},{},{}{more}\n",
                0.01 * f64::from(i),
                -i,
                i % 7,
                i % 5
            )
        };
        (0..40).map(row).collect()
    };
    let channels = |text: &str| {
        let recording = contents(text, &Hints::default()).unwrap();
        let names: Vec<String> = recording
            .traces
            .iter()
            .map(|trace| trace.channel.clone())
            .collect();
        (names, recording.notes.all().join("; "))
    };
    let (names, notes) = channels(&format!("time,,Z,\n{}", rows("")));
    assert_eq!(names, ["Unnamed: 1", "Z", "Unnamed: 3"]);
    let expected = "2 columns have no names: they are called `Unnamed: 1`, `Unnamed: 3`, by their positions from 0";
    assert!(notes.contains(expected), "{notes}");
    let (names, _) = channels(&format!("time,,Z,N,\n{}", rows(",")));
    assert_eq!(names, ["unnamed", "Z", "N"]);
    // A number of the row is no second one.
    let numbered: String = (rows("").lines().enumerate())
        .map(|(i, row)| format!("{i},{row}\n"))
        .collect();
    let (names, _) = channels(&format!(",time,,Z,N\n{numbered}"));
    assert_eq!(names, ["unnamed", "Z", "N"]);
}

/// A setting above the rows names no columns.
#[test]
fn settings_are_no_names() {
    let rows: String = (0..50)
        .map(|i| format!("{i} {} {}\n", i + 1, i + 2))
        .collect();
    let hints = Hints {
        sampling_rate: Some(100.0),
        ..Hints::default()
    };
    let traces = parse(&format!("SAMP_FREQ = 100\nUNITS = counts\n{rows}"), &hints).unwrap();
    let names = channel_names(&traces);
    assert_eq!(names, ["1", "2", "3"]);
}
