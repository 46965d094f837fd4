//! Columns that tell the same in different ways, units in a column, picks, and times of day in digits.

use super::zones::read_text;
use super::*;

fn seconds(labels: &[Label]) -> Vec<(f64, f64)> {
    let of = |time| match time {
        Time::Seconds(seconds) => seconds,
        _ => f64::NAN,
    };
    labels
        .iter()
        .map(|label| (of(label.start), of(label.end)))
        .collect()
}

#[test]
fn columns_of_one_name() {
    for (text, said) in [
        (
            "start,end,end,class\n1,2,3,a\n",
            "the columns 2 and 3 are both called `end`, but differ in line 2",
        ),
        (
            "start,end,class,Start\n1,2,a,1\n3,4,a,9\n",
            "the columns 1 and 4 are both called `start`, but differ in line 3",
        ),
        (
            "start,duration,class,class\n1,2,a,b\n",
            "say which counts, as in `labels_file: {file: labels.csv, class: 3}`",
        ),
    ] {
        let error = read_text(text, "x.csv").unwrap_err();
        assert!(error.contains(said), "{error}");
    }
    let text = "start,end,end,class\n1,2,3,a\n";
    let given = read_text(text, "{file: x, end: 3}").unwrap();
    assert_eq!((seconds(&given.0), &*given.2), (vec![(1.0, 3.0)], ""));
    // The same twice.
    read_text("start,end,end,class\n1,2,2,a\n", "x.csv").unwrap();
    read_text("start,start_ms,end,class\n1,1000,2,a\n", "x.csv").unwrap();
}

#[test]
fn other_ends_are_warnings() {
    for (text, said) in [
        (
            "start,end,duration,class\n1,2,1,a\n3,9,1,a\n",
            "line 3: column `duration` says `1`, and the end is `9`, which counts",
        ),
        (
            "start,stop,end,class\n1,4,2,a\n",
            "line 2: column `stop` says `4`, and the end is `2`",
        ),
        (
            "start,end,duration,class\n2024-05-01T10:00:00Z,2024-05-01T10:01:00Z,30,a\n",
            "column `duration` says `30`",
        ),
    ] {
        let (_, _, warnings) = read_text(text, "x.csv").unwrap();
        assert!(warnings.contains(said), "{warnings}");
    }
    for text in [
        "start,end,duration,class\n1,2.2,1.2,a\n3,9,6,a\n",
        // Rounded, in milliseconds, and in samples.
        "start,end,duration,class\n1,2.4,1,a\n3,9,6,a\n",
        "start,end,duration,class\n1,2.4,1400,a\n3,9,6000,a\n",
        "start,end,length,class\n1,2.4,140,a\n3,9,600,a\n",
        "start,end,duration_ms,class\n1,2.4,1400,a\n",
        "start,end,duration,class\n1,2,,a\n",
        "start,end,duration,class\n1,2,short,a\n",
    ] {
        assert_eq!(read_text(text, "x.csv").unwrap().2, "", "{text}");
    }
}

#[test]
fn units_in_a_column() {
    let read = |unit: &str| {
        read_text(
            &format!("start,end,class,unit\n1000,2500,a,{unit}\n3000,4000,a,{unit}\n"),
            "x.csv",
        )
    };
    for unit in ["ms", "milliseconds"] {
        assert_eq!(seconds(&read(unit).unwrap().0)[0], (1.0, 2.5));
    }
    assert_eq!(seconds(&read("s").unwrap().0)[0], (1000.0, 2500.0));
    // A unit of something else.
    assert_eq!(seconds(&read("mV").unwrap().0)[0], (1000.0, 2500.0));
    assert_eq!(seconds(&read("m").unwrap().0)[0], (1000.0, 2500.0));
    for text in [
        "start,end,class,unit\n1000,2500,a,samples\n",
        "start,end,class,time unit\n1000,2500,a,ms\n3,4,a,s\n",
        "start,end,class,unit\n1000,2500,a,ms\n3,4,a,?\n",
    ] {
        let error = read_text(text, "x.csv").unwrap_err();
        assert!(error.contains("unit` has the units `"), "{error}");
    }
    // The name of a column of times comes first.
    let (labels, ..) = read_text("start_s,end,class,unit\n1,2500,a,ms\n", "x.csv").unwrap();
    assert_eq!(seconds(&labels), [(1.0, 2.5)]);
}

/// Picks of PhaseNet, where `begin_time` is that of the recording.
#[test]
fn picks_of_networks() {
    let text = "file_name,begin_time,station_id,phase_index,phase_time,phase_score,phase_type\n\
                a.mseed,2024-05-01T10:00:00.000,XX.A,1000,2024-05-01T10:00:10.000,0.9,P\n";
    let (labels, ..) = read_text(text, "{file: x, length: 2.0}").unwrap();
    let start = 1_714_557_610_000_000_000;
    assert_eq!(
        (labels[0].start, labels[0].end, &*labels[0].class),
        (
            Time::Moment(start),
            Time::Moment(start + 2_000_000_000),
            "P"
        )
    );
    // Labels with ends are no picks.
    let text = "start_time,end_time,pick_time,phase\n1,3,2,P\n";
    assert_eq!(seconds(&read_text(text, "x.csv").unwrap().0), [(1.0, 3.0)]);
    let text = "begin,pick_time,phase\n1,2,P\n";
    assert_eq!(
        seconds(&read_text(text, "{file: x, length: 1}").unwrap().0),
        [(2.0, 3.0)]
    );
}

#[test]
fn times_of_day_in_digits() {
    let ten = 36_000_000_000_000;
    let midnight = 1_714_521_600_000_000_000;
    for (text, start, end) in [
        (
            "start,end,class\n000010,000020,a\n",
            Time::Clock(10_000_000_000),
            Time::Clock(20_000_000_000),
        ),
        (
            "start,end,class\n0000,1000,a\n",
            Time::Clock(0),
            Time::Clock(ten),
        ),
        (
            "date,start,end,class\n2024-05-01,000000,100000.0,a\n",
            Time::Moment(midnight),
            Time::Moment(midnight + ten),
        ),
        // Zeros before them are lost in numbers, as in spreadsheets.
        (
            "date,start,end,class\n20240501,10,100000,a\n",
            Time::Moment(midnight + 10_000_000_000),
            Time::Moment(midnight + ten),
        ),
        (
            "date,start,duration,class\n20240501,100000,60,a\n",
            Time::Moment(midnight + ten),
            Time::Moment(midnight + ten + 60_000_000_000),
        ),
    ] {
        let (labels, notes, _) = read_text(text, "x.csv").unwrap();
        assert_eq!((labels[0].start, labels[0].end), (start, end), "{text}");
        assert!(notes.contains("are read as times of day"), "{notes}");
    }
    // Seconds.
    for text in [
        "start,end,class\n100000,100010,a\n",
        "start,end,class\n0,100010,a\n",
        "start,end,class\n0.5,10,a\n",
    ] {
        let (labels, notes, _) = read_text(text, "x.csv").unwrap();
        assert!(labels[0].start.is_relative() && notes.is_empty(), "{text}");
    }
}
