//! What columns are whose names do not tell it: times, sensors, or channels.

use super::*;

/// A table of `rows` rows under a line of names.
fn table(head: &str, rows: u32, row: impl Fn(u32) -> String) -> String {
    let rows: String = (0..rows).map(|i| row(i) + "\n").collect();
    format!("{head}\n{rows}")
}

fn of(text: &str, hints: &Hints) -> Contents {
    contents(text, hints).unwrap_or_else(|error| panic!("{error}: {text:.60}"))
}

fn channels(contents: &Contents) -> Vec<&str> {
    let names = contents.traces.iter().map(|trace| &*trace.channel);
    names.collect()
}

fn clock(seconds: u32) -> String {
    let (hour, minute) = (seconds / 3600, seconds / 60 % 60);
    format!("{hour:02}:{minute:02}:{:02}", seconds % 60)
}

/// A minimum that rises is no time.
#[test]
fn units_beside_clocks_are_channels() {
    for name in ["min", "mins", "sec", "ms", "us", "ns", "hours"] {
        let text = table(&format!("timestamp,mean,{name},max"), 300, |i| {
            format!(
                "{},{}.5,{},{}",
                clock(6703 + 3 * i),
                20 + i % 7,
                10 + i / 60,
                30 + i % 5
            )
        });
        let recording = of(&text, &Hints::default());
        assert_eq!(channels(&recording), ["mean", name, "max"]);
        assert!(
            (recording.traces[0].rate - 1.0 / 3.0).abs() < 1e-9,
            "{name}"
        );
    }
    let text = table("mean,min,max", 300, |i| {
        format!("{}.5,{},{}", 20 + i % 7, 10 + i, 30 + i)
    });
    let error = contents(&text, &Hints::default()).unwrap_err().to_string();
    assert!(error.contains("there is no column of times"), "{error}");
    let given = Hints {
        sampling_rate: Some(20.0),
        ..Hints::default()
    };
    assert_eq!(channels(&of(&text, &given)), ["mean", "min", "max"]);
}

#[test]
fn units_are_times_if_nothing_else_is_and_they_rise() {
    let rising = table("ms,x", 100, |i| format!("{},{}", 10 * i, i % 7));
    assert_eq!(of(&rising, &Hints::default()).traces[0].rate, 100.0);
    let falling = table("ms,x", 100, |i| format!("{},{}", 10 * (i % 50), i % 7));
    let error = contents(&falling, &Hints::default())
        .unwrap_err()
        .to_string();
    assert!(error.contains("there is no column of times"), "{error}");
    assert!(
        error.contains("column `ms` is taken for a channel"),
        "{error}"
    );
}

/// Three sensors in turn, each with its own level.
fn in_turn(head: &str, name: impl Fn(u32) -> String) -> String {
    table(head, 600, |i| {
        let (sensor, row) = (i % 3, i / 3);
        format!(
            "{},{},{}",
            4 * i,
            name(sensor),
            100 * (sensor + 1) + row % 3
        )
    })
}

#[test]
fn sensors_by_other_names_are_told_apart() {
    for name in ["id", "UID", "board", "Device", "dev_id", "address", ""] {
        let text = in_turn(&format!("time_ms,{name},x"), |sensor| format!("S{sensor}"));
        let recording = of(&text, &Hints::default());
        assert_eq!(channels(&recording), ["S0.x", "S1.x", "S2.x"], "{name}");
        assert!(
            recording.traces[0]
                .samples
                .iter()
                .all(|x| (100.0..103.0).contains(x))
        );
    }
    for name in ["id", "board"] {
        let text = in_turn(&format!("time_ms,{name},x"), |sensor| sensor.to_string());
        assert_eq!(
            channels(&of(&text, &Hints::default())),
            ["0.x", "1.x", "2.x"]
        );
    }
    let plain = in_turn("", |sensor| format!("S{sensor}:"));
    let given = Hints {
        sampling_rate: Some(100.0),
        ..Hints::default()
    };
    assert_eq!(channels(&of(&plain, &given))[0], "S0:.1");
}

/// A counter of four rows may be called `id`, and texts may be anything.
#[test]
fn columns_that_alternate_are_noted() {
    let same = |head: &str, name: &dyn Fn(u32) -> String| {
        table(head, 600, |i| {
            format!("{},{},{}", 4 * i, name(i % 4), i % 7)
        })
    };
    for (text, name) in [
        (same("time_ms,id,x", &|i| i.to_string()), "id"),
        (same("time_ms,kind,x", &|i| format!("S{i}")), "kind"),
        (in_turn("time_ms,what,x", |i| i.to_string()), "what"),
    ] {
        let recording = of(&text, &Hints::default());
        let note = format!("the values of column `{name}` alternate from row to row");
        let doubts = recording.notes.texts(true);
        assert!(
            doubts.iter().any(|doubt| doubt.starts_with(&note)),
            "{doubts:?}"
        );
    }
    // A state, a counter, and a channel that changes its sign.
    let sound = table("time_ms,id,label,x", 600, |i| {
        format!("{},{},{},{}", 4 * i, i, i / 100, i % 2)
    });
    assert_eq!(of(&sound, &Hints::default()).notes.texts(true), [""; 0]);
}

#[test]
fn the_wanted_rate_tells_the_unit() {
    let text = table("timestamp,x", 200, |i| format!("{},{}", 10 * i, i % 7));
    let hints = Hints {
        expected_rate: Some(100.0),
        ..Hints::default()
    };
    let recording = of(&text, &hints);
    assert_eq!(
        (recording.traces[0].rate, recording.notes.texts(true)),
        (100.0, vec![])
    );
    assert!(
        recording.notes.all()[0].contains("with the rate of the windows"),
        "{:?}",
        recording.notes
    );
    // Another rate does not.
    let hints = Hints {
        expected_rate: Some(200.0),
        ..Hints::default()
    };
    let recording = of(&text, &hints);
    assert_eq!(recording.traces[0].rate, 0.1);
    let note = &recording.notes.texts(true)[0];
    assert!(
        note.contains("a sampling rate of 0.1 Hz: if they are milliseconds, the rate is 100 Hz"),
        "{note}"
    );
}

/// Irregular times without a name: a gap must not be joined in silence.
#[test]
fn a_column_of_times_without_a_name_is_given() {
    let time = |i: u32| f64::from(i) * 0.01 + if i < 200 { 0.0 } else { 5.0 };
    let rows = |head: &str| table(head, 400, |i| format!("{:.2},{},{}", time(i), i % 7, i % 5));
    let plain = rows("");
    let error = contents(&plain, &Hints::default()).unwrap_err().to_string();
    let note = "column `1` rises from row to row, usually by 0.01, and is taken for a channel: if it has the times, give the \
                recording `time_column: 1`";
    assert!(error.contains(note), "{error}");
    let given = |name: &str| Hints {
        time_column: Some(name.into()),
        ..Hints::default()
    };
    for (text, name) in [
        (&plain, "1"),
        (&rows("Abszisse,x,y"), "Abszisse"),
        (&rows("A,x,y"), "1"),
    ] {
        let recording = of(text, &given(name));
        assert_eq!(recording.traces.len(), 4, "{name}");
        assert_eq!(
            (recording.traces[0].rate, recording.traces[0].samples.len()),
            (100.0, 200)
        );
    }
    let error = contents(&plain, &given("t")).unwrap_err().to_string();
    assert!(
        error.contains("there is no column `t`, as `time_column` says: there are 1, 2, 3"),
        "{error}"
    );
    let texts = table("a,x,t", 20, |i| format!("{i},{i},walk"));
    let error = contents(&texts, &given("t")).unwrap_err().to_string();
    assert!(error.contains("column `t` has no times"), "{error}");
}

/// A number of each row is no time, unless it may be one in some unit at the given rate, or is a channel that is wanted.
#[test]
fn a_first_column_may_count_rows() {
    let said = |first: &dyn Fn(u32) -> u32, rate: f64, channel: &str| {
        let text = table("n,x", 400, |i| format!("{},{}", first(i), i % 7));
        let hints = Hints {
            sampling_rate: Some(rate),
            channels: vec![channel.into()],
            ..Hints::default()
        };
        let recording = contents(&text, &hints).unwrap();
        assert_eq!(recording.traces[0].rate, rate);
        recording.notes.texts(true)
    };
    let count = |i: u32| i;
    for first in [0, 1] {
        let rows = move |i: u32| i + first;
        assert_eq!(said(&rows, 100.0, "x"), Vec::<String>::new());
        assert_eq!(said(&rows, 1000.0, "x").len(), 1);
        assert_eq!(said(&rows, 1.0, "x").len(), 1);
        assert!(said(&rows, 100.0, "n")[0].contains("column `n` rises from row to row"));
    }
    for other in [|i| i + 2, |i| 2 * i, |i| i + i / 300] {
        assert_eq!(said(&other, 100.0, "x").len(), 1);
    }
    // Where nothing tells the wanted channels, it may be one.
    let text = table("n,x", 400, |i| format!("{},{}", count(i), i % 7));
    let hints = Hints {
        sampling_rate: Some(100.0),
        ..Hints::default()
    };
    assert_eq!(contents(&text, &hints).unwrap().notes.texts(true).len(), 1);
}

/// Another reading with a rate tells it.
#[test]
fn a_missing_rate_is_said_without_columns_of_labels() {
    let text = table("x,activity", 100, |i| {
        format!("{},{}", i % 7, ["walk", "sit"][i as usize / 50])
    });
    let hints = Hints {
        finds_labels: true,
        ..Hints::default()
    };
    let error = contents(&text, &hints).unwrap_err().to_string();
    assert!(!error.contains("label"), "{error}");
    let hints = Hints {
        sampling_rate: Some(1.0),
        ..hints
    };
    assert_eq!(of(&text, &hints).label_columns.len(), 1);
}

#[test]
fn few_different_times_are_not_called_equal() {
    let text = table("time,x", 80, |i| {
        format!("2015-07-15 12:27:{},{}", 42 + i / 40, i % 7)
    });
    let error = contents(&text, &Hints::default()).unwrap_err().to_string();
    let expected = "the 80 rows have 2 different times, too few to tell the sampling rate: give";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn seconds_of_the_day_go_on_over_midnight() {
    for (name, unit) in [("time (s)", 1.0), ("time_ms", 1e3)] {
        let row = |i: usize| {
            let seconds = (86_397.0 + i as f64 / 100.0) % 86_400.0;
            format!("{:.2},{}\n", seconds * unit, i % 17)
        };
        let text = format!("{name},Z\n{}", (0..600).map(row).collect::<String>());
        let recording = contents(&text, &Hints::default()).unwrap();
        let [trace] = &recording.traces[..] else {
            panic!("{name}: {} traces", recording.traces.len());
        };
        assert_eq!(
            (trace.start, trace.rate),
            (86_397_000_000_000, 100.0),
            "{name}"
        );
        assert!(
            trace
                .samples
                .iter()
                .enumerate()
                .all(|(i, sample)| *sample == (i % 17) as f64)
        );
        assert!(recording.notes.all()[0].contains("starts again from 0 at midnight, 1 times"));
    }
}

#[test]
fn of_two_clocks_that_of_utc_counts() {
    let row = |i: usize| {
        format!(
            "2024-05-01 12:{:02}:{:02},2024-05-01 10:{:02}:{:02},{i}\n",
            i / 60,
            i % 60,
            i / 60,
            i % 60
        )
    };
    let rows: String = (0..300).map(row).collect();
    for names in ["local_time,utc_time", "Time (CEST),Time UTC"] {
        let traces = parse(&format!("{names},Z\n{rows}"), &Hints::default()).unwrap();
        let start = crate::recording::parse_time("2024-05-01T10:00:00Z").unwrap();
        assert_eq!(traces[0].start, start, "{names}");
    }
}

#[test]
fn clocks_that_go_back_have_reasons() {
    let error = |clock: &dyn Fn(usize) -> String| {
        let rows: String = (0..600)
            .map(|i| format!("{},{}\n", clock(i), i % 17))
            .collect();
        contents(&format!("time,Z\n{rows}"), &Hints::default())
            .unwrap_err()
            .to_string()
    };
    let summer = |i: usize| {
        let at = if i < 300 {
            2 * 3600 + 3300 + i
        } else {
            2 * 3600 + i - 300
        };
        format!(
            "2024-10-27 {:02}:{:02}:{:02}",
            at / 3600,
            at / 60 % 60,
            at % 60
        )
    };
    // From 12:59:59 to 1:00:00.
    let twelve = |i: usize| {
        let at = if i < 300 {
            43_200 + 3300 + i
        } else {
            3600 + i - 300
        };
        format!("{:02}:{:02}:{:02}", at / 3600, at / 60 % 60, at % 60)
    };
    assert!(
        error(&summer).contains("set back from summer time"),
        "{}",
        error(&summer)
    );
    assert!(
        error(&twelve).contains("write AM or PM"),
        "{}",
        error(&twelve)
    );
}
