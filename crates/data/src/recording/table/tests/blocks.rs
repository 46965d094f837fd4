//! Several columns of times, each with samples behind it.

use super::*;

/// Channel, start in milliseconds, rate and samples.
type Channel = (String, i64, f64, Vec<f64>);

fn of(text: &str) -> (Vec<Channel>, Vec<String>) {
    let recording =
        contents(text, &Hints::default()).unwrap_or_else(|error| panic!("{text}: {error}"));
    let traces = recording.traces.iter();
    let traces = traces.map(|trace| {
        let start = trace.start / 1_000_000;
        (
            trace.channel.clone(),
            start,
            trace.rate,
            trace.samples.clone(),
        )
    });
    (traces.collect(), recording.notes.all())
}

/// Rows with two times, the second of which end after `rows`.
fn rows(head: &str, rows: usize, second: impl Fn(usize) -> f64) -> String {
    let row = |i: usize| {
        let other = match i {
            i if i < rows => format!("{:.3},{}", second(i), 1000 + i),
            _ => ",".into(),
        };
        format!("{:.2},{i},{other}\n", i as f64 / 100.0)
    };
    format!("{head}\n{}", (0..400).map(row).collect::<String>())
}

#[test]
fn each_block_has_its_own_times() {
    let samples =
        |first: u32, rows: u32| -> Vec<f64> { (first..first + rows).map(f64::from).collect() };
    for (head, names) in [
        ("time,Z,time,N", ["Z", "N"]),
        ("t_Z,Z,t_N,N", ["Z", "N"]),
        ("Time Z (s),Z,Time N (s),N", ["Z", "N"]),
        (
            "\"Run 1: Time (s)\",\"Run 1: Acceleration (m/s²)\",\"Run 2: Time (s)\",\"Run 2: Acceleration (m/s²)\"",
            ["Run 1: Acceleration (m/s²)", "Run 2: Acceleration (m/s²)"],
        ),
        ("x_value,a,x_value,b", ["a", "b"]),
    ] {
        let (traces, notes) = of(&rows(head, 300, |i| 5.0 + i as f64 / 200.0));
        let expected = [
            (names[0].to_owned(), 0, 100.0, samples(0, 400)),
            (names[1].to_owned(), 5000, 200.0, samples(1000, 300)),
        ];
        assert_eq!(traces, expected, "{head}");
        let notes = notes.join("; ");
        assert!(
            notes.contains("the times of the columns behind it"),
            "{head}: {notes}"
        );
    }
}

#[test]
fn the_same_times_are_one_column() {
    let (traces, notes) = of(&rows("time,Z,time,N", 400, |i| i as f64 / 100.0));
    let found: Vec<_> = traces
        .iter()
        .map(|trace| (&*trace.0, trace.1, trace.2))
        .collect();
    assert_eq!(found, [("Z", 0, 100.0), ("N", 0, 100.0)]);
    let notes = notes.join("; ");
    assert!(
        notes.contains("left out column `time.1`: the times of column `time` again"),
        "{notes}"
    );
}

/// Columns that are not times, or times without samples behind them, divide nothing.
#[test]
fn other_columns_divide_nothing() {
    let falling = |i: usize| 9.0 - i as f64 / 100.0;
    let (traces, _) = of(&rows("time,Z,time,N", 400, falling));
    assert_eq!(traces.len(), 3);
    let (traces, _) = of(&rows("time,Z,other,N", 400, |i| 5.0 + i as f64 / 200.0));
    assert_eq!(traces.len(), 3);
    let text = rows("device_time,Z,N,server_time", 400, |i| {
        5.0 + i as f64 / 200.0
    });
    assert_eq!(of(&text).0.len(), 3);
}
