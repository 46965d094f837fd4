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
    let numbers = samples.iter().map(|sample| format!("{sample:8.3}"));
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
    let samples = samples(1234);
    let text = [
        channel(
            "Raw acceleration counts",
            "<SCNL>1795.HNE.NP.--    <AUTH> 2019",
            &samples,
        ),
        channel(
            "Corrected velocity",
            "SEED Chan: HNN   L-code:",
            &samples[..400],
        ),
        channel("Corrected displacement", "", &samples[..400]),
    ];
    let contents = parse(text.concat().as_bytes(), "v0c", &Hints::default()).unwrap();
    let found: Vec<_> = contents
        .traces
        .iter()
        .map(|trace| (&*trace.channel, trace.rate, trace.samples.len()))
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
    assert!(contents.traces.iter().all(|trace| trace.start == start));
    assert_eq!(contents.traces[0].samples, samples);
    assert!(contents.notes.is_empty());
}

#[test]
fn channels_of_csmip() {
    let samples = samples(200);
    let rows: String = samples
        .chunks(8)
        .map(|row| {
            row.iter()
                .map(|value| format!("{value:10.3}"))
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
    assert_eq!(trace.samples, samples);
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

/// An uncorrected record of CSMIP, with what is above its samples.
fn uncorrected(time: &str, points: usize, rows: &str) -> String {
    let integers = format!("{}\n", "    0".repeat(16)).repeat(6) + "    0    0\n";
    let reals = format!("{}\n", "      .000".repeat(8)).repeat(6) + "-999.00000-999.00000\n";
    format!(
        "Uncorrected Accelerogram Data             Processed: 02/13/12, CGS  146be002\n{time}\nStation No. 89146   40.941N, 123.633W\n\
         Chan  1: 360 Deg\nNo. of Points =  {points}  Record Length = 1.000 sec\n{integers}{reals}{rows}\
         /&  ----------  End of data for channel  1  ----------\n"
    )
}

const GMT: &str = "89146-L2500-12044.02                 Start time:  2/13/12, 21:06:45.0 UTC (GPS)";
const RECORD: &str = "15481673.CI.WLT.--.HN                Start time:  2/13/12, 13:06:45.0 PST";

/// `points at 200 pts/sec`, and `equally spaced at` without a format, whose rows tell the width.
#[test]
fn uncorrected_records_of_csmip() {
    let samples: Vec<f64> = (0..200)
        .map(|i| f64::from(i * 37 % 999 - 500) / 1000.0)
        .collect();
    let row = |row: &[f64]| {
        let numbers = row.iter().map(|value| format!("{value:9.6}"));
        numbers.collect::<String>() + "\n"
    };
    let rows: String = samples.chunks(8).map(row).collect();
    let start = crate::recording::parse_time("2012-02-13T21:06:45Z").unwrap();
    for (time, line, name, rate) in [
        (
            GMT,
            " 200 Accelerogram points at 200 pts/sec in units of g .      Format: (8f9.6)",
            ".89146..1",
            200.0,
        ),
        (
            RECORD,
            "200 POINTS OF ACCEL DATA EQUALLY SPACED AT .005 SEC.  (UNITS: G)",
            "CI.WLT..1",
            200.0,
        ),
    ] {
        let text = uncorrected(time, 200, &format!("{line}\n{rows}"));
        let contents = parse((text.clone() + &text).as_bytes(), "v1", &Hints::default()).unwrap();
        let found: Vec<_> = contents
            .traces
            .iter()
            .map(|trace| (&*trace.channel, trace.rate, trace.start))
            .collect();
        assert_eq!(found, [(name, rate, start); 2]);
        assert_eq!(contents.traces[0].samples, samples);
        assert!(contents.notes.is_empty(), "{:?}", contents.notes);
    }
    // Another zone is not certain.
    let text = uncorrected(
        &GMT.replace("UTC", "EST"),
        200,
        &format!("200 points equally spaced at .005\n{rows}"),
    );
    let contents = parse(text.as_bytes(), "raw", &Hints::default()).unwrap();
    assert!(contents.notes[0].contains("give the recording its `start`"));
}

/// Those of the University of Southern California have short words, and no number of a channel.
#[test]
fn quantities_of_usc() {
    let series = |word: &str, first: i32| {
        let row = |range: std::ops::Range<i32>| -> String {
            range.map(|i| format!("{:10}", first + i)).collect()
        };
        let rows = [row(0..8), row(8..10)].join("\n");
        format!("  10 POINTS OF {word} DATA EQUALLY SPACED AT   .020 SEC.  IN UNITS CM\n{rows}\n")
    };
    let text = format!(
        "CORRECTED ACCELEROGRAM  IIBB127  94.610.0 COMP N08W\nSTATION NO.          0.000N    0.000E\nCOMP N08W        9\n{}{}{}",
        series("ACC", 0),
        series("VEL", 100),
        series("DIS", 200)
    );
    let contents = parse(text.as_bytes(), "s0a", &Hints::default()).unwrap();
    let found: Vec<_> = contents
        .traces
        .iter()
        .map(|trace| (&*trace.channel, trace.samples[9]))
        .collect();
    assert_eq!(
        found,
        [
            ("...N08W", 9.0),
            ("...N08W-vel", 109.0),
            ("...N08W-disp", 209.0)
        ]
    );
}

/// Of film, with a time before each sample.
#[test]
fn pairs_of_csmip() {
    let times: Vec<f64> = (0..203)
        .map(|i| f64::from(i) * 0.005 + if i % 7 == 3 { 0.001 } else { 0.0 })
        .collect();
    let pairs: Vec<String> = times
        .iter()
        .enumerate()
        .map(|(i, time)| format!("{time:7.3}{:7.3}", i as f64 * 0.01 - 1.0))
        .collect();
    let rows: String = pairs.chunks(5).map(|row| row.concat() + "\n").collect();
    let text = uncorrected(GMT, 203, &rows);
    let contents = parse(text.as_bytes(), "raw", &Hints::default()).unwrap();
    let [trace] = &contents.traces[..] else {
        panic!("{contents:?}");
    };
    assert_eq!((&*trace.channel, trace.samples.len()), (".89146..1", 203));
    assert!((trace.rate - 200.0).abs() < 0.02, "{}", trace.rate);
    assert_eq!(trace.samples[202], 1.02);
    let start = crate::recording::parse_time("2012-02-13T21:06:45Z").unwrap();
    assert!((trace.start - start).abs() < 1_000_000, "{}", trace.start);
    let cut = contents.traces[0].samples[..200].to_vec();
    let fewer = uncorrected(
        GMT,
        203,
        &rows[..rows.len() - rows.lines().last().unwrap().len() - 1],
    );
    let contents = parse(fewer.as_bytes(), "raw", &Hints::default()).unwrap();
    assert_eq!(contents.traces[0].samples, cut);
    assert!(contents.notes[0].contains("says 203 samples, but there are 200"));
    let absurd = uncorrected(GMT, usize::MAX, &rows);
    let contents = parse(absurd.as_bytes(), "raw", &Hints::default()).unwrap();
    assert_eq!(contents.traces[0].samples.len(), 203);
    let wrong = text.replacen("  0.005", "  0.-05", 1);
    let error = parse(wrong.as_bytes(), "raw", &Hints::default()).unwrap_err();
    assert!(error.to_string().contains("is not a number"), "{error}");
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
    // A year and an hour that no clock has.
    let far = good.replace("    2019", "99992019");
    let contents = parse(far.as_bytes(), "v0c", &Hints::default()).unwrap();
    assert_eq!(contents.traces.len(), 1);
    let late = good.replace("       6      47", "99999999      47");
    assert_ne!(late, good);
    let contents = parse(late.as_bytes(), "v0c", &Hints::default()).unwrap();
    assert_eq!(contents.traces.len(), 1);
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
