//! Tables whose lines have more commas or numbers than they have columns.

use super::*;

/// A comma is that of decimals if there is one name only, unless the first numbers rise as those of rows or times.
#[test]
fn decimal_commas_of_one_column() {
    let hints = Hints {
        sampling_rate: Some(100.0),
        ..Hints::default()
    };
    let rows = |row: fn(i32) -> String| (0..60).map(row).collect::<String>();
    let text = rows(|i| format!("{},{:03}\n", i % 3 - 1, i * 7 % 1000)) + "Ende: 60\n";
    let recording = contents(&format!("Z\n{text}"), &hints).unwrap();
    assert_eq!(recording.traces.len(), 1);
    assert_eq!(recording.traces[0].samples[..3], [-1.0, 0.007, 1.014]);
    for row in [
        |i: i32| format!("{},{}\n", i + 1, i % 7),
        |i: i32| format!("{},{}\n", 1_714_557_600 + i, i % 7),
    ] {
        let recording = contents(&format!("Z\n{}", rows(row)), &hints).unwrap();
        let mut values = recording.traces.iter().flat_map(|trace| &trace.samples);
        assert!(values.all(|value| value.fract() == 0.0), "{}", row(0));
    }
}

/// Statistics above the samples are no units.
#[test]
fn statistics_below_the_names() {
    let rows: String = (0..60)
        .map(|i| format!("{:.2},{}\n", f64::from(i) / 100.0, i % 7))
        .collect();
    let text = format!("t,Z\nMax,6.0\nMin,0.0\nMean,3.1\n{rows}");
    let recording = contents(&text, &Hints::default()).unwrap();
    assert_eq!(
        (recording.traces[0].rate, recording.traces[0].samples.len()),
        (100.0, 60)
    );
}

/// Both spellings of fractions in one column are read, wherever the second one begins.
#[test]
fn fractions_with_commas_and_with_points_are_both_read() {
    let table = |separator: char, has_comma: &dyn Fn(usize) -> bool| {
        let row = |i: usize| {
            let value = format!("{:.2}", i as f64 / 100.0);
            let cell = if has_comma(i) {
                value.replace('.', ",")
            } else {
                value
            };
            format!("{}{separator}{cell}\n", i * 10)
        };
        let rows: String = (0..2000).map(row).collect();
        format!("time_ms{separator}Z\n{rows}")
    };
    let expected: Vec<f64> = (0..2000).map(|i| f64::from(i) / 100.0).collect();
    let alternate: &dyn Fn(usize) -> bool = &|i| i % 2 == 0;
    for (separator, has_comma) in [
        (';', alternate),
        ('\t', alternate),
        (';', &|i| i < 1000),
        (';', &|i| i >= 1000),
        (';', &|i| i == 1500),
    ] {
        let (samples, notes) = first(&table(separator, has_comma));
        assert_eq!(samples, expected);
        let note = "fractions of one column have a comma in some rows, such as `";
        assert!(notes.len() == 1 && notes[0].starts_with(note), "{notes:?}");
    }
    // Of two columns, each with its own mark, none is mixed.
    let recording = contents(
        "time_ms;Z;pair\n0;0.5;1,2\n10;0.25;3,4\n20;0.5;5,6\n",
        &Hints::default(),
    );
    assert_eq!(recording.unwrap().traces.len(), 1);
}

#[test]
fn units_behind_numbers() {
    let rows = |row: &dyn Fn(i32) -> String| (0..100).map(row).collect::<String>();
    let expected: Vec<f64> = (0..100).map(|i| f64::from(i * 7 % 31) - 15.0).collect();
    let value = |i: i32| i * 7 % 31 - 15;
    for text in [
        rows(&|i| format!("{:.2} s,{} mV\n", f64::from(i) / 100.0, value(i))),
        rows(&|i| format!("{}ms,{}mV\n", 10 * i, value(i))),
        rows(&|i| format!("{:.2} s;{},0 mV\n", f64::from(i) / 100.0, value(i)).replace('.', ",")),
        rows(&|i| format!("{},\"{} m/s²\"\n", f64::from(i) / 100.0, value(i))),
    ] {
        let separator = if text.contains(';') { ";" } else { "," };
        let (samples, notes) = first(&format!("time{separator}Z\n{text}"));
        assert_eq!(samples, expected, "{text:.60} {notes:?}");
        assert!(notes[0].contains("is read without its unit"), "{notes:?}");
    }
}

/// What a heading says is compared with the times.
#[test]
fn zones_and_rates_of_headings() {
    let rows: String = (0..300)
        .map(|i| format!("2024-05-01 10:00:{:05.2},{}\n", f64::from(i) / 50.0, i % 7))
        .collect();
    let said = |heading: &str, hints: &Hints| {
        let recording = contents(&format!("{heading}\ntime,Z\n{rows}"), hints).unwrap();
        recording.notes.texts(true).join("; ")
    };
    let none = Hints::default();
    let zone = said("Device,X\nTime Zone,GMT +01:00", &none);
    assert!(
        zone.starts_with("the heading says `Time Zone,GMT +01:00`, but the times have no offset and are read as UTC"),
        "{zone}"
    );
    let rate = said("# sampling rate: 200 Hz", &none);
    assert!(
        rate.starts_with(
            "the heading says `# sampling rate: 200 Hz`, but the sampling rate is 50 Hz"
        ),
        "{rate}"
    );
    assert_eq!(said("# sampling rate: 51 Hz\n# timezone: UTC", &none), "");
    // Without times, the rate of a list counts.
    let bare: String = (0..300).map(|i| format!("{},{}\n", i % 5, i % 7)).collect();
    let bare = format!("# sampling rate: 200 Hz\nZ,N\n{bare}");
    let given = Hints {
        sampling_rate: Some(100.0),
        ..Hints::default()
    };
    let recording = contents(&bare, &given).unwrap();
    assert!(
        recording.notes[0]
            .contains("200 Hz`, but the sampling rate is 100 Hz by the times or as given"),
        "{:?}",
        recording.notes
    );
    let refused = contents(&bare, &none).unwrap_err().to_string();
    assert!(
        refused.ends_with("the heading says `# sampling rate: 200 Hz`"),
        "{refused}"
    );
}

/// Lines of several numbers of one channel, which a heading counts.
#[test]
fn samples_that_a_heading_counts() {
    let rows = |count: usize| -> String {
        let line = |row: usize| {
            (0..5)
                .map(|at| format!("{:8.3}", noise(5 * row + at)))
                .collect::<String>()
                + "\n"
        };
        (0..count).map(line).collect()
    };
    let hints = Hints {
        sampling_rate: Some(100.0),
        ..Hints::default()
    };
    for heading in [
        "600 0.005",
        "NPTS= 600, DT= .005 SEC",
        "NPTS= 597, DT= .005 SEC",
    ] {
        let error = contents(&format!("{heading}\n{}", rows(120)), &hints)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("one channel in lines of 5 numbers"),
            "{error}"
        );
    }
    let given = Hints {
        samples_in_rows: Some(false),
        ..hints.clone()
    };
    for (heading, hints) in [
        ("601.5 0.005", &hints),
        ("120 0.005", &hints),
        ("600 0.005", &given),
    ] {
        let recording = contents(&format!("{heading}\n{}", rows(120)), hints).unwrap();
        assert_eq!(recording.traces.len(), 5, "{heading}");
    }
}
