use super::super::parse;
use super::*;

/// A channel as in files of the NCSN, with the integers and reals that are read.
fn channel(quantity: &str, comment: &str, samples: &[f64]) -> String {
    let integers = |number: usize| match number {
        40 => 2019,
        42 => 5,
        43 => 5,
        44 => 6,
        45 => 47,
        50 => 3,
        _ => -999,
    };
    let reals = |number: usize| match number {
        30 => 39.93249,
        34 => 0.02,
        62 => 5.0,
        63 => 100.0,
        _ => -999.0,
    };
    let rows = |cells: Vec<String>, count: usize| -> String {
        cells
            .chunks(count)
            .map(|row| row.concat() + "\r\n")
            .collect()
    };
    let integers = (1..=100).map(|number| format!("{:8}", integers(number)));
    let reals = (1..=100).map(|number| format!("{:15.6}", reals(number)));
    let numbers = samples.iter().map(|own| format!("{own:8.3}"));
    format!(
        "{quantity}   (Format v01.20 with 13 text lines)\r\nRecord of  Fort Bragg, CA Earthquake of Sun May 05, 2019 06:47 UTC\r\n\
         Statn No: 02-001795 Code:NP-1795   USGS  SF FS 25 Bayview\r\n\
         Rcrd start time: 2019/05/05 06:47:39.932 UTC (Q=5) RcrdId: (see comment)\r\nSta Chan   3: 90 Deg (Rcrdr Chan  ?)\r\n \
         100 Integer-header values follow on  10 lines, Format = (10I8)\r\n{} 100 Real-header values follow on  20 lines, Format =(5F15.6)\r\n{}   \
         1 Comment line(s) follow, each starting with a |\r\n|{comment}\r\n   {} {quantity}.   pts, approx {:4} secs, units=counts (50),Format=(10F8.3)\r\n\
         {}End-of-data for Chan  3 {quantity}\r\n",
        rows(integers.collect(), 10),
        rows(reals.collect(), 5),
        samples.len(),
        (samples.len() as f64 * 0.005).round(),
        rows(numbers.collect(), 10),
    )
}

/// Numbers that fill their columns.
fn samples(count: usize) -> Vec<f64> {
    (0..count).map(|i| (i * 37 % 999) as f64 - 999.5).collect()
}

const START: &str = "2019-05-05T06:47:39.93249Z";

#[test]
fn channels_of_cosmos() {
    let own = samples(1234);
    let text = [
        channel(
            "Raw acceleration counts",
            "<SCNL>1795.HNE.NP.--    <AUTH> 2019",
            &own,
        ),
        channel(
            "Corrected velocity",
            "SEED Chan: HNN   L-code:",
            &own[..400],
        ),
        channel("Corrected displacement", "", &own[..400]),
    ];
    let contents = parse(text.concat().as_bytes(), "v0c", &Hints::default()).unwrap();
    let found: Vec<_> = contents
        .traces
        .iter()
        .map(|own| (&*own.channel, own.rate, own.samples.len()))
        .collect();
    assert_eq!(
        found,
        [
            ("NP.1795..HNE", 200.0, 1234),
            ("NP.1795..HNN-vel", 200.0, 400),
            ("NP.1795..3-disp", 200.0, 400)
        ]
    );
    let start = crate::recording::parse_time(START).unwrap();
    assert!(contents.traces.iter().all(|own| own.start == start));
    assert_eq!(contents.traces[0].samples, own);
    assert!(contents.notes.is_empty());
}

#[test]
fn channels_of_csmip() {
    let own = samples(200);
    let rows: String = own
        .chunks(8)
        .map(|row| {
            row.iter()
                .map(|own| format!("{own:10.3}"))
                .collect::<String>()
                + "\n"
        })
        .collect();
    let text = format!(
        "CORRECTED ACCELEROGRAM   PRESS\nSTATION NO. 24436     34.160N, 118.534W\nTRIGGER TIME: 01/17/94, 12:30:55.0 GMT\nCHAN  2: 360 DEG\n  \
         200 acceleration points equally spaced at  .020 sec, in cm/sec2. (8f10.3)\n{rows}/&  ----------  END OF DATA FOR CHANNEL  2  ----------\n"
    );
    let contents = parse(text.as_bytes(), "v2", &Hints::default()).unwrap();
    let [trace] = &contents.traces[..] else {
        panic!("{contents:?}");
    };
    assert_eq!((&*trace.channel, trace.rate), (".24436..2", 50.0));
    assert_eq!(trace.samples, own);
    assert_eq!(
        trace.start,
        crate::recording::parse_time("1994-01-17T12:30:55Z").unwrap()
    );
    // Without a time, the list gives it.
    let undated = text.replace("TRIGGER TIME", "DIGITISED");
    let contents = parse(undated.as_bytes(), "v2", &Hints::default()).unwrap();
    assert!(contents.notes[0].contains("give the recording its `start`"));
    let given = Hints {
        start: Some(5),
        ..Hints::default()
    };
    let contents = parse(undated.as_bytes(), "v2", &given).unwrap();
    assert_eq!((contents.traces[0].start, contents.notes.len()), (5, 0));
}

#[test]
fn damage_is_left_out() {
    let good = channel("Raw acceleration", "", &samples(400));
    let cut = &good[..good.len() - 1000];
    let contents = parse(cut.as_bytes(), "v0c", &Hints::default()).unwrap();
    assert!(contents.traces[0].samples.len() < 400);
    assert!(
        contents.notes[0].contains("says 400 samples, but there are"),
        "{:?}",
        contents.notes
    );
    let wrong = good.replacen("-999.500", "-99-.500", 1);
    let error = parse(wrong.as_bytes(), "v0c", &Hints::default()).unwrap_err();
    assert!(
        error.to_string().contains("`-99-.500` is not a number"),
        "{error}"
    );
    let both = parse((good.clone() + &wrong).as_bytes(), "v0c", &Hints::default()).unwrap();
    assert_eq!((both.traces.len(), both.notes.len()), (1, 1));
    // Intervals that do not fit the length.
    let other = good
        .replace("       5.000000", "      50.000000")
        .replace("0.020000", "0.200000");
    let error = parse(other.as_bytes(), "v0c", &Hints::default()).unwrap_err();
    assert!(
        error.to_string().contains("no sampling interval"),
        "{error}"
    );
}
