use super::super::tests::contents;
use super::super::{Contents, Hints};

/// Sample `i` of a slow wave.
fn wave(i: usize) -> i64 {
    ((i as f64 / 9.0).sin() * 1000.0).round() as i64
}

/// Rows of `count` samples at 100 Hz; `left_out` ones are missing.
fn table(names: &str, count: usize, left_out: &[usize]) -> String {
    let row = |row: usize| {
        let samples = (0..count).map(|at| wave(row * count + at).to_string());
        let time = 1_700_000_000.0 + (row * count) as f64 / 100.0;
        format!("{time:.3},{}\n", samples.collect::<Vec<_>>().join(","))
    };
    let rows = (0..200).filter(|row| !left_out.contains(row));
    format!("{names}\n{}", rows.map(row).collect::<String>())
}

fn names(stem: &str, first: usize, count: usize) -> String {
    let columns = (first..first + count).map(|at| format!(",{stem}{at}"));
    format!("time{}", columns.collect::<String>())
}

fn given(samples_in_rows: Option<bool>) -> Hints {
    Hints {
        samples_in_rows,
        ..Hints::default()
    }
}

fn check(recording: &Contents, name: &str) {
    for trace in &recording.traces {
        assert_eq!((&*trace.channel, trace.rate), (name, 100.0));
        let first = ((trace.start - 1_700_000_000_000_000_000) as f64 / 1e7).round() as usize;
        let expected: Vec<f64> = (first..first + trace.samples.len())
            .map(|i| wave(i) as f64)
            .collect();
        assert_eq!(trace.samples, expected);
    }
}

#[test]
fn the_key_says_so() {
    for (stem, first, name) in [
        ("s", 0, "s"),
        ("v_", 1, "v"),
        ("x[", 0, "x"),
        ("", 1, "samples"),
    ] {
        let recording = contents(
            &table(&names(stem, first, 10), 10, &[20, 70, 71]),
            &given(Some(true)),
        )
        .unwrap();
        check(&recording, name);
        let lengths: Vec<usize> = recording
            .traces
            .iter()
            .map(|trace| trace.samples.len())
            .collect();
        assert_eq!(lengths, [200, 490, 1280], "{stem}");
        assert_eq!(recording.notes.texts(true), [""; 0]);
    }
    let channels = contents(&table(&names("s", 0, 10), 10, &[]), &given(Some(false))).unwrap();
    assert_eq!((channels.traces.len(), channels.traces[0].rate), (10, 10.0));
    assert!(channels.notes.is_empty());
    let error = contents("time,a,b\n0.0,1,2\n0.5,1,2\n1.0,2,3\n", &given(Some(true))).unwrap_err();
    assert!(error.to_string().contains("there are a, b"), "{error}");
}

/// Each row goes on where the one above ends.
#[test]
fn sure_tables_are_read_so_with_a_warning() {
    let recording = contents(&table(&names("s", 0, 10), 10, &[20]), &given(None)).unwrap();
    check(&recording, "s");
    let note = &recording.notes.texts(true)[0];
    assert!(
        note.starts_with("columns `s0` to `s9` are read as 10 samples of one channel"),
        "{note}"
    );
    // The list wants 10 Hz, or the channels by their names.
    let slow = Hints {
        expected_rate: Some(10.0),
        ..Hints::default()
    };
    let wanted = Hints {
        channels: vec!["s3".into()],
        ..Hints::default()
    };
    for hints in [slow, wanted] {
        let recording = contents(&table(&names("s", 0, 10), 10, &[]), &hints).unwrap();
        assert_eq!((recording.traces.len(), recording.notes.len()), (10, 0));
    }
    let whole = Hints {
        channels: vec!["s".into()],
        ..Hints::default()
    };
    let recording = contents(&table(&names("s", 0, 10), 10, &[]), &whole).unwrap();
    check(&recording, "s");
    assert_eq!(recording.notes.texts(true), [""; 0]);
}

#[test]
fn others_have_a_warning_or_none() {
    // Noise goes on nowhere.
    let noise = |columns: usize| {
        let names: String = (0..columns).map(|at| format!(",s{at}")).collect();
        let rows = (0..100).map(|row| {
            let value = |at: usize| format!(",{}", (row * columns + at).wrapping_mul(7919) % 1009);
            format!(
                "{:.2}{}\n",
                row as f64 / 10.0,
                (0..columns).map(value).collect::<String>()
            )
        });
        format!("time{names}\n{}", rows.collect::<String>())
    };
    let ten = contents(&noise(10), &given(None)).unwrap();
    assert_eq!(ten.traces.len(), 10);
    assert!(
        ten.notes[0].contains("`s0` to `s9` are taken for channels at 10 Hz"),
        "{:?}",
        ten.notes
    );
    assert!(contents(&noise(4), &given(None)).unwrap().notes.is_empty());
    let wanted = Hints {
        expected_rate: Some(40.0),
        ..Hints::default()
    };
    assert!(contents(&noise(4), &wanted).unwrap().notes[0].contains("samples_in_rows: true"));
    let loggers = noise(10).replace("s", "ch");
    assert!(contents(&loggers, &given(None)).unwrap().notes.is_empty());
}

#[test]
fn several_channels_sensors_and_labels() {
    let mut text = String::from("time,node,x_0,x_1,x_2,y_0,y_1,y_2,battery,act\n");
    for row in 0..60 {
        for node in ["A", "B"] {
            let first = 3 * row;
            let x = [first, first + 1, first + 2]
                .map(|sample| sample.to_string())
                .join(",");
            let y = [first, first + 1, first + 2]
                .map(|sample| (sample + 1000).to_string())
                .join(",");
            let act = if row < 30 { "sit" } else { "walk" };
            text += &format!("{:.2},{node},{x},{y},3.7,{act}\n", f64::from(first) / 100.0);
        }
    }
    let hints = Hints {
        labels: Some(super::super::super::RowColumns {
            label: "act".into(),
            group: None,
        }),
        ..given(Some(true))
    };
    let recording = contents(&text, &hints).unwrap();
    let found: Vec<_> = recording
        .traces
        .iter()
        .map(|trace| (&*trace.channel, trace.rate, trace.samples.len()))
        .collect();
    assert_eq!(
        found,
        [
            ("A.x", 100.0, 180),
            ("A.y", 100.0, 180),
            ("B.x", 100.0, 180),
            ("B.y", 100.0, 180)
        ]
    );
    assert_eq!(recording.traces[1].samples[179], 1179.0);
    let runs: Vec<_> = recording.rows[0]
        .runs
        .iter()
        .map(|run| (&*run.label, run.start, run.end))
        .collect();
    assert_eq!(
        runs,
        [
            ("sit", 0, 900_000_000),
            ("walk", 900_000_000, 1_800_000_000)
        ]
    );
}

#[test]
fn without_times_a_rate_is_needed() {
    let text: String = (0..50)
        .map(|row| format!("{},{},{}\n", 3 * row, 3 * row + 1, 3 * row + 2))
        .collect();
    let rate = Hints {
        sampling_rate: Some(50.0),
        ..given(Some(true))
    };
    let recording = contents(&text, &rate).unwrap();
    let [trace] = &recording.traces[..] else {
        panic!("{recording:?}");
    };
    assert_eq!(
        (trace.rate, trace.samples.len(), trace.samples[149]),
        (50.0, 150, 149.0)
    );
    assert!(
        contents(&text, &given(Some(true)))
            .unwrap_err()
            .is_rate_unknown()
    );
}
