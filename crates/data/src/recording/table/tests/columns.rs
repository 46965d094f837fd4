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
    let own = contents(&format!("Z\n{text}"), &hints).unwrap();
    assert_eq!(own.traces.len(), 1);
    assert_eq!(own.traces[0].samples[..3], [-1.0, 0.007, 1.014]);
    for row in [
        |i: i32| format!("{},{}\n", i + 1, i % 7),
        |i: i32| format!("{},{}\n", 1_714_557_600 + i, i % 7),
    ] {
        let own = contents(&format!("Z\n{}", rows(row)), &hints).unwrap();
        let mut values = own.traces.iter().flat_map(|own| &own.samples);
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
    let own = contents(&text, &Hints::default()).unwrap();
    assert_eq!(
        (own.traces[0].rate, own.traces[0].samples.len()),
        (100.0, 60)
    );
}
