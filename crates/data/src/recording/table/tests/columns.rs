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
