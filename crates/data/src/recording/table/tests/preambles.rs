//! Headings that are no names, and what they and digits tell of times.

use super::dates::{form, table};
use super::*;
use crate::recording::parse_time;

/// A row in each minute; digits that may be `yymmddhhmmss` of 2020 are these.
#[test]
fn minutes_without_marks() {
    let start = parse_time("2024-05-01T10:00:00Z").unwrap();
    let row = |i: i64| {
        let time = start + i * 60_000_000_000;
        format!("{},{}\n", form("%Y%m%d%H%M")(time), i * i % 17)
    };
    let text = format!("time,Z\n{}", (0..300).map(row).collect::<String>());
    let recording = contents(&text, &Hints::default()).unwrap();
    assert_eq!(
        (recording.traces.len(), recording.traces[0].start),
        (1, start)
    );
    assert!((recording.traces[0].rate * 60.0 - 1.0).abs() < 1e-6);
    let row = |i: i64| format!("20011210{:02}{:02},{}\n", i / 60, i % 60, i * i % 17);
    let text = format!("time,Z\n{}", (0..300).map(row).collect::<String>());
    let recording = contents(&text, &Hints::default()).unwrap();
    let start = parse_time("2020-01-12T10:00:00Z").unwrap();
    assert_eq!(
        (recording.traces[0].start, recording.traces[0].rate),
        (start, 1.0)
    );
}

/// As ActiLife writes it in the heading.
#[test]
fn a_heading_tells_the_order_of_dates() {
    for (told, form_of, time) in [
        ("M/d/yyyy", "%m/%d/%Y %H:%M:%S%.3f", "2024-05-01T10:00:00Z"),
        (
            "dd/MM/yyyy",
            "%m/%d/%Y %H:%M:%S%.3f",
            "2024-01-05T10:00:00Z",
        ),
    ] {
        let head =
            format!("-- Data File Created By X date format {told} at 100 Hz --\nTimestamp,Z\n");
        let recording = contents(&table(&head, form(form_of)), &Hints::default()).unwrap();
        assert_eq!(
            recording.traces[0].start,
            parse_time(time).unwrap(),
            "{told}"
        );
        assert_eq!(recording.traces[0].rate, 100.0);
    }
    let error = contents(
        &table("Timestamp,Z\n", form("%m/%d/%Y %H:%M:%S%.3f")),
        &Hints::default(),
    );
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("may be 2024-01-05 or")
    );
}

/// Years of two digits: the order of days and months shows that they are the last number.
#[test]
fn years_of_two_digits_behind_days() {
    let start = parse_time("2024-05-13T10:00:00Z").unwrap();
    let row = |i: i64| {
        format!(
            "{},{}\n",
            form("%m/%d/%y %I:%M:%S %p")(start + i * 1_000_000_000),
            i % 7
        )
    };
    let text = format!("Date Time,Z\n{}", (0..300).map(row).collect::<String>());
    let recording = contents(&text, &Hints::default()).unwrap();
    assert_eq!(
        (recording.traces[0].start, recording.traces[0].rate),
        (start, 1.0)
    );
    let text = text.replace("05/13/24", "05/12/24");
    assert!(contents(&text, &Hints::default()).is_err());
}

/// Settings and their values above a table of more columns, or of as many with a blank line between: Tektronix and Yokogawa.
#[test]
fn settings_above_are_no_rows() {
    let rows: String = (0..300)
        .map(|i| format!("{:.2},{},{}\n", f64::from(i) / 100.0, i * i % 17, i % 5))
        .collect();
    let two = "Model,MSO4054\nHorizontal Scale,4e-06\nHorizontal Delay,0\nSample Interval,0.01\nRecord Length,300\nGain,1\nOffset,0\nScale,0.1\n";
    let three = two
        .replace(",0", ",0,0")
        .replace(",1", ",1,1")
        .replace("e-06", "e-06,1");
    for (head, gap) in [
        (two, ",\nLabel,\n"),
        (two, ""),
        (&three, ""),
        (&three, "\n"),
    ] {
        let text = format!("{head}{gap}TIME,CH1,CH2\n{rows}");
        let recording =
            contents(&text, &Hints::default()).unwrap_or_else(|error| panic!("{error}"));
        let names = channel_names(&recording.traces);
        assert_eq!(names, ["CH1", "CH2"], "{head}");
        let one = &recording.traces[0];
        assert_eq!((one.rate, one.samples.len()), (100.0, 300), "{head}");
        assert_eq!(one.samples[..4], [0.0, 1.0, 4.0, 9.0]);
    }
    // Samples alone, below a blank line and as wide as the settings.
    let given = Hints {
        sampling_rate: Some(100.0),
        ..Hints::default()
    };
    let rows: String = (0..300)
        .map(|i| format!(",{},{},\n", i * i % 17, i % 5))
        .collect();
    let text = format!(
        "\"Name\",\"A\",\"B\"\n\"BlockSize\",300,300\n\"Rate\",100,100\n\"Step\",0.01,0.01\n\"Offset\",0,0\n\"Points\",1,1\n\"Scale\",2,2\n\n{rows}"
    );
    let recording = contents(&text, &given).unwrap();
    assert!(
        recording
            .traces
            .iter()
            .all(|trace| trace.samples.len() == 300)
    );
    assert_eq!(recording.traces[0].samples[..4], [0.0, 1.0, 4.0, 9.0]);
    // A text in the first cell of all rows is that of a column.
    let rows: String = (0..300)
        .map(|i| format!("walk,{},{}\n", i * i % 17, i % 5))
        .collect();
    let recording = contents(&format!("class,A,B\n{rows}"), &given).unwrap();
    assert_eq!(recording.traces[0].samples.len(), 300);
}

/// Numbers above the names are those of the recorder, or statistics of the columns.
#[test]
fn numbers_above_names_are_no_rows() {
    let rows: String = (0..300)
        .map(|i| format!("{:.2},{},{}\n", f64::from(i) / 100.0, i * i % 17, i % 5))
        .collect();
    for head in [
        "3,100,60\n",
        "min,-1500,-1500\nmax,1500,1500\n",
        "Min,0,0\nMax,16,4\nMean,7.5,2\n",
        "1,2,3\n100,100,100\n",
    ] {
        let text = format!("{head}time,Z,N\n{rows}");
        let recording =
            contents(&text, &Hints::default()).unwrap_or_else(|error| panic!("{error}"));
        let names = channel_names(&recording.traces);
        assert_eq!(names, ["Z", "N"], "{head}");
        assert_eq!(
            (recording.traces[0].rate, recording.traces[0].samples.len()),
            (100.0, 300),
            "{head}"
        );
    }
    // Without times.
    let given = Hints {
        sampling_rate: Some(100.0),
        ..Hints::default()
    };
    let rows: String = (0..300)
        .map(|i| format!("{},{}\n", i * i % 17, i % 5))
        .collect();
    let recording = contents(&format!("100,300\nZ,N\n{rows}"), &given).unwrap();
    let one = recording
        .traces
        .iter()
        .find(|trace| trace.channel == "Z")
        .unwrap();
    assert_eq!((one.samples.len(), one.samples[2]), (300, 4.0));
    // A blank line below units, as spreadsheets save it, and a missing value below names.
    for (head, count) in [("Z,N\nmV,mV\n,\n", 300), ("Z,N\n,\n", 301)] {
        let recording = contents(&format!("{head}{rows}"), &given).unwrap();
        assert_eq!(recording.traces[0].samples.len(), count, "{head}");
    }
    // Names of channels may be numbers.
    let recording = contents(&format!("time,1,2\n{}", rows_of_three()), &Hints::default()).unwrap();
    assert!(recording.traces.iter().any(|trace| trace.channel == "2"));
}

fn rows_of_three() -> String {
    (0..300)
        .map(|i| format!("{:.2},{},{}\n", f64::from(i) / 100.0, i * i % 17, i % 5))
        .collect()
}
