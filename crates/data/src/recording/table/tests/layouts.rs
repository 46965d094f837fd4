//! Positions of columns, names and separators.

use super::super::rows::PART;
use super::*;

/// SisFall has such lines.
#[test]
fn semicolons_at_the_ends_of_lines() {
    let rows: String = (0..100)
        .map(|i| format!("{:4},{:4},  {};\n", i % 7, i % 5, i % 3))
        .collect();
    let given = Hints {
        sampling_rate: Some(200.0),
        ..Hints::default()
    };
    let expected: Vec<f64> = (0..100).map(|i| f64::from(i % 3)).collect();
    for (head, name) in [("", "3"), ("a,b,c;\n", "c"), ("a,b,c\n", "c")] {
        let recording = contents(&format!("{head}{rows}"), &given).unwrap();
        assert_eq!(recording.traces.len(), 3, "{head}");
        assert_eq!(
            (&*recording.traces[2].channel, &recording.traces[2].samples),
            (name, &expected)
        );
    }
    // Here they separate.
    let recording = contents(&rows.replace(',', ";"), &given).unwrap();
    assert_eq!(recording.traces[2].samples, expected);
}

#[test]
fn measurements_of_labview() {
    let head = "LabVIEW Measurement\t\nSeparator\tTab\nDate\t2017/06/13\nTime\t19:49:00.99\n***End_of_Header***\t\n\t\n\
                Channels\t2\t\t\nDate\t2017/06/13\t2017/06/13\t\nTime\t19:49:01.5\t19:49:01.5\t\nX0\t0.0E+0\t0.0E+0\t\n\
                Delta_X\t1.000000E-3\t1.000000E-3\t\n***End_of_Header***\t\t\t\n";
    let start = crate::recording::parse_time("2017-06-13T19:49:01.5Z").unwrap();
    let table = |names: &str, row: &dyn Fn(u32) -> String| {
        let rows: String = (0..100).map(row).collect();
        format!("{head}{names}\tComment\n{rows}")
    };
    for text in [
        table("X_Value\tax\tay", &|i| {
            format!("{:.6}\t{i}\t{}\n", f64::from(i) * 1e-3, i % 9)
        }),
        table("X_Value\tax\tay", &|i| format!("\t{i}\t{}\n", i % 9)),
        table("ax\tay", &|i| format!("{i}\t{}\n", i % 9)),
    ] {
        let recording = contents(&text, &Hints::default()).unwrap();
        let names = channel_names(&recording.traces);
        assert_eq!(names, ["ax", "ay"], "{text:.400}");
        let first = &recording.traces[0];
        assert_eq!(
            (first.rate, first.start, first.samples.len()),
            (1000.0, start, 100)
        );
    }
    // All digits of a float64, and a date that may be two.
    let plain = table("ax\tay", &|i| format!("{i}\t{}\n", i % 9));
    let digits = plain.replace("19:49:01.5", "19:49:01.5000000000000000000");
    let ambiguous = plain.replace("2017/06/13\t2017/06/13", "06/05/2017\t06/05/2017");
    for (text, start, is_said) in [(digits, start, false), (ambiguous, 0, true)] {
        let recording = contents(&text, &Hints::default()).unwrap();
        assert_eq!(recording.traces[0].start, start);
        let said = "the header's date and time of the first sample are left out: `06-05-2017T19:49:01.5` may be";
        let mut notes = recording.notes.iter();
        assert_eq!(
            notes.any(|note| note.starts_with(said)),
            is_said,
            "{:?}",
            recording.notes
        );
    }
    let two =
        table("ax\tay", &|i| format!("{i}\t{i}\n")) + &table("ax\tay", &|i| format!("{i}\t{i}\n"));
    let error = contents(&two, &Hints::default()).unwrap_err().to_string();
    assert!(
        error.contains("begins another measurement of LabVIEW"),
        "{error}"
    );
}

/// A text that is a table is read as one, whatever its extension.
#[test]
fn tables_with_any_extension() {
    let text = "time,x\n0.00,1\n0.01,2\n0.02,3\n0.03,1\n";
    for extension in ["lvm", "data", "xyz", "log", "asc", "prn", "tab", "csv", ""] {
        let recording = crate::recording::parse(text.as_bytes(), extension, &Hints::default());
        assert_eq!(recording.unwrap().traces[0].rate, 100.0, "{extension}");
    }
    let parse = |bytes: &[u8]| crate::recording::parse(bytes, "xyz", &Hints::default());
    let error = parse(b"Hello\nworld\n").unwrap_err().to_string();
    assert!(
        error.starts_with("unknown format") && error.contains("as a table"),
        "{error}"
    );
    let error = parse(b"\x01\x02binary\0").unwrap_err().to_string();
    assert!(
        error.starts_with("unknown format") && !error.contains("as a table"),
        "{error}"
    );
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
        ..Default::default()
    };
    let traces = parse(text, &hints).unwrap();
    assert_eq!((traces[0].rate, traces[0].start), (50.0, 7));
}

/// Names below a logger's header, above units, in a comment, or missing.
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
        let recording = contents(&format!("{head}{rows}"), &Hints::default()).unwrap();
        assert_eq!(
            (
                recording.traces[0].channel.as_str(),
                recording.traces[1].channel.as_str()
            ),
            ("Z", "N"),
            "{head}"
        );
        assert_eq!(
            (recording.traces[0].rate, &recording.traces[0].samples),
            (100.0, &whole),
            "{head}"
        );
    }
    let numbered = contents(&format!("time,1,2\n{rows}"), &Hints::default()).unwrap();
    assert_eq!(numbered.traces[1].channel, "2");
    // Only the values show that the first column is Unix seconds.
    let unix: String = (0..20)
        .map(|i| format!("1575554442.{:02},{i}\n", 5 * i))
        .collect();
    let recording = contents(&unix, &Hints::default()).unwrap();
    assert_eq!(
        (
            recording.traces.len(),
            recording.traces[0].rate,
            recording.traces[0].channel.as_str()
        ),
        (1, 20.0, "2")
    );
    assert!(
        recording.notes[0].contains("no line above it names"),
        "{:?}",
        recording.notes
    );
}

/// Rows with a time and no value before the first value are neither names nor lost.
#[test]
fn the_first_values_may_be_missing() {
    for missing in ["nan", "", "NA"] {
        let rows: String = (0..20)
            .map(|i| {
                let value = if i < 2 { missing.into() } else { i.to_string() };
                format!("2024-05-01 10:00:00.{:02}0\t{value}\n", i)
            })
            .collect();
        let recording = contents(&format!("timestamp\tZ\n{rows}"), &Hints::default()).unwrap();
        let trace = &recording.traces[0];
        assert_eq!((trace.channel.as_str(), trace.samples.len()), ("Z", 20));
        assert!(trace.samples[0].is_nan() && trace.samples[1].is_nan());
        assert_eq!(trace.samples[2], 2.0);
    }
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

/// In a file larger than one thread's part, rows and the line numbers of notes stay the same.
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
        let recording = contents(&damaged, &Hints::default()).unwrap();
        assert!(
            recording.notes[0].contains("line 190002, column `Z`: `x0` is not a number"),
            "{:?}",
            recording.notes
        );
    }
}

/// A channel whose first value comes after the lines that tell the layout.
#[test]
fn a_channel_may_start_late() {
    let row = |i: i64| {
        let late = if i < 400 {
            String::new()
        } else {
            i.to_string()
        };
        format!("{:.2},{late},{i},\n", i as f64 / 100.0)
    };
    let text = format!("time,Z,N,empty\n{}", (0..600).map(row).collect::<String>());
    let recording = contents(&text, &Hints::default()).unwrap();
    let z = &recording.traces[0];
    assert_eq!(
        (&*z.channel, z.samples.len(), z.samples[400]),
        ("Z", 600, 400.0)
    );
    assert!(z.samples[..400].iter().all(|value| value.is_nan()));
    assert_eq!(recording.notes.texts(true), [] as [&str; 0]);
}

/// Output of Arduino's serial monitor, and names with a line end in quotation marks.
#[test]
fn lines_of_other_programs() {
    for between in [",", ";", "\t", " "] {
        let row = |i: i64| format!("10:00:{:06.3} -> {i}{between}-{i}\n", i as f64 / 100.0);
        let recording =
            contents(&(0..300).map(row).collect::<String>(), &Hints::default()).unwrap();
        let samples: Vec<f64> = (0..300).map(f64::from).collect();
        assert_eq!(
            (recording.traces.len(), recording.traces[0].rate),
            (2, 100.0),
            "{between}"
        );
        assert_eq!(recording.traces[0].samples, samples, "{between}");
    }
    let row = |i: i64| format!("{:.2},{i}\n", i as f64 / 100.0);
    let rows: String = (0..300).map(row).collect();
    let (samples, _) = first(&format!("\"time\n(s)\",\"Z\r\n(mm/s)\"\n{rows}"));
    assert_eq!(samples.len(), 300);
}

/// A line with one name less than there are columns: R does not name the numbers of rows.
#[test]
fn a_name_may_be_missing() {
    let table = |head: &str, between: &str, first: &dyn Fn(i64) -> String| {
        let row = |i: i64| format!("{}{:.2}{between}{i}\n", first(i), i as f64 / 100.0);
        format!("{head}\n{}", (0..300).map(row).collect::<String>())
    };
    let samples: Vec<f64> = (0..300).map(f64::from).collect();
    for (head, between, mark) in [
        ("time,Z", ",", ""),
        ("\"time\",\"Z\"", ",", "\""),
        ("time Z", " ", ""),
        ("\"time\" \"Z\"", " ", "\""),
    ] {
        let text = table(head, between, &|i| {
            format!("{mark}{}{mark}{between}", i + 1)
        });
        let (found, notes) = first(&text);
        assert_eq!(found, samples, "{head}");
        assert!(notes.is_empty(), "{head}: {notes:?}");
    }
    // Nothing tells which name is missing.
    let text = table("time,Z", ",", &|i| format!("{:.2},", i as f64 / 100.0));
    let recording = contents(&text, &Hints::default()).unwrap();
    let doubts = recording.notes.texts(true);
    assert!(
        doubts[0].contains("line 1 names 2 of 3 columns"),
        "{doubts:?}"
    );
}

/// Beside names of channels, the sampling rate is no samples.
#[test]
fn rates_of_long_tables_are_no_samples() {
    let rows = |value: &str| -> String {
        let row = |i: u32| format!("{:.2},HHZ,100{value}\n", f64::from(i) / 100.0);
        (0..50).map(row).collect()
    };
    for name in ["sampling_rate", "fs", "Sampling Rate (Hz)"] {
        let given = Hints::default();
        let recording = contents(&format!("time,channel,{name}\n{}", rows("")), &given);
        let problem = recording.unwrap_err().to_string();
        assert!(problem.contains("one column of samples"), "{problem}");
        let head = format!("time,channel,{name},counts\n");
        let recording = contents(&(head + &rows(",7")), &given).unwrap();
        assert_eq!(recording.traces[0].samples, [7.0; 50]);
    }
}
