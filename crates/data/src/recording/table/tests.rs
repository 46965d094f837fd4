use super::*;

fn parse(text: &str, hints: &Hints) -> Result<Vec<Trace>, String> {
    read(text.as_bytes(), hints)
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
            .contains("sampling_rate")
    );
    let hints = Hints {
        sampling_rate: Some(50.0),
        start: Some(7),
    };
    let traces = parse(text, &hints).unwrap();
    assert_eq!((traces[0].rate, traces[0].start), (50.0, 7));
}

#[test]
fn errors_name_lines() {
    let error = |text: &str| parse(text, &Hints::default()).unwrap_err();
    assert!(error("time,Z\n0,1\n1,x\n").contains("line 3, column `Z`"));
    assert!(error("time,Z\n0,1\nnoon,1\n").contains("line 3, column `time`"));
    assert!(error("time,Z\n1,1\n0,1\n2,2\n").contains("row 2 is not after"));
    assert!(error("1,2\n3,4\n").contains("names of the columns"));
    assert!(error("time,Z\n0,1\n1,2,3\n").contains("line 3: 3 cells, but there are 2 columns"));
    error("");
    error("time\n1\n2\n");
}

/// Larger than a thread reads at a time: the same rows, and the line of an error.
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
    let damaged = text.replacen("\n190000,", "\n190000,x", 1);
    let error = parse(&damaged, &Hints::default()).unwrap_err();
    assert!(
        error.contains("line 190002, column `Z`: `x0` is no number"),
        "{error}"
    );
}
