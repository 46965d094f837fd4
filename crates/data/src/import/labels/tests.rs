mod columns;
mod contradictions;
mod days;
mod doubts;
mod events;
mod forms;
mod layout;
mod middles;
mod numbers;
mod one_hot;
mod several;
mod zones;

use std::path::Path;

use super::*;
use crate::config::parse_yaml;
use crate::error::DataError;

fn read_labels(path: &Path) -> Result<Vec<Label>, DataError> {
    read_with(path, "labels.csv")
}

/// Reads a table as `labels_file: SETTINGS` says, whatever file it names.
fn read_with(path: &Path, settings: &str) -> Result<Vec<Label>, DataError> {
    let rows = read(path, &parse_yaml(settings).unwrap())?.rows;
    Ok(rows.into_iter().map(|row| row.label).collect())
}

#[test]
fn times_and_what_was_expected() {
    let label =
        |start: &str| parse_yaml::<Label>(&format!("{{start: {start}, end: 20, class: steps}}"));
    assert_eq!(label("12").unwrap().start, Time::Seconds(12.0));
    assert_eq!(label("12.5").unwrap().start, Time::Seconds(12.5));
    assert_eq!(label("-3").unwrap().start, Time::Seconds(-3.0));
    for (text, seconds) in [
        ("PT1M30S", 90.0),
        ("PT0.25S", 0.25),
        ("P1DT2H", 93_600.0),
        ("PT90M", 5400.0),
        ("-PT3S", -3.0),
        ("P1W", 604_800.0),
    ] {
        assert_eq!(label(text).unwrap().start, Time::Seconds(seconds), "{text}");
    }
    for text in [
        "P1Y", "P1M", "PT", "P", "PT1S30M", "PTS", "PT-1S", "PT1", "P5", "PT1,5S",
    ] {
        label(text).unwrap_err();
    }
    let moment = Time::Moment(1_714_557_600_000_000_000);
    assert_eq!(label("2024-05-01T10:00:00Z").unwrap().start, moment);
    for text in [
        "1714557600",
        "1714557600000",
        "1714557600000000",
        "1714557600000000000",
        "20240501100000",
        "202405011000",
    ] {
        assert_eq!(label(text).unwrap().start, moment, "{text}");
    }
    // Keeps every nanosecond.
    assert_eq!(
        label("1714557600000000001").unwrap().start,
        Time::Moment(1_714_557_600_000_000_001)
    );
    for wrong in ["[1]", "true", "soon"] {
        let error = label(wrong).unwrap_err().to_string();
        assert!(error.contains("expected"), "{error}");
        assert!(!error.contains("variant"), "{error}");
    }
}

#[test]
fn tables_with_marks_of_other_systems() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    let text = "\u{feff}start,end,class,event\r\n0,2, steps ,\r\n";
    std::fs::write(&path, text).unwrap();
    let labels = read_labels(&path).unwrap();
    assert_eq!((labels.len(), labels[0].class.as_str()), (1, "steps"));
    assert_eq!(labels[0].event, None);
    // As written by Excel in other locales and by other programs.
    for text in [
        "Onset;Offset;Label\n0,5;2,5;steps\n",
        "start_time\tend_time\tcategory\n0.5\t2.5\tsteps\n",
    ] {
        std::fs::write(&path, text).unwrap();
        let labels = read_labels(&path).unwrap();
        assert_eq!(
            (labels[0].start, labels[0].end),
            (Time::Seconds(0.5), Time::Seconds(2.5))
        );
    }
    let moments = [500_000_000, 2_500_000_000].map(|nanos| 1_714_557_600_000_000_000 + nanos);
    for (text, moment) in [
        ("start_ms,end_ms,label\n500,2500,steps\n", false),
        (
            "Begin Time (s)\tEnd Time (s)\tClass\n0.5\t2.5\tsteps\n",
            false,
        ),
        ("0.500000\t2.500000\tsteps\n\\\t10.0\t200.0\n", false),
        ("start,duration,class\n0.5,2,steps\n", false),
        ("start,duration_ms,class\n0.5,2000,steps\n", false),
        (
            "start_ms,end_ms,label\n1714557600500,1714557602500,steps\n",
            true,
        ),
        (
            "start,end,label\n1714557600500000,1714557602500000,steps\n",
            true,
        ),
        (
            "start,duration,label\n2024-05-01T10:00:00.5Z,2,steps\n",
            true,
        ),
    ] {
        std::fs::write(&path, text).unwrap();
        let labels = read_labels(&path).unwrap();
        let expected = if moment {
            (Time::Moment(moments[0]), Time::Moment(moments[1]))
        } else {
            (Time::Seconds(0.5), Time::Seconds(2.5))
        };
        assert_eq!(labels.len(), 1, "{text}");
        assert_eq!((labels[0].start, labels[0].end), expected, "{text}");
    }
    std::fs::write(&path, "a,b\n1,2\n").unwrap();
    let error = read_labels(&path).unwrap_err().to_string();
    assert!(
        error.contains("no column `start`") && error.contains("there are a, b"),
        "{error}"
    );
}

/// A date after the 12th determines the order for the whole table. Without one, the message names both readings.
#[test]
fn days_and_months_of_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    let read = |rows: &str| {
        std::fs::write(&path, format!("start,end,class\n{rows}")).unwrap();
        read_labels(&path).map_err(|error| error.to_string())
    };
    let moment = |text: &str| Time::Moment(recording::parse_time(text).unwrap());
    let first = "03/04/2025 10:00:00,03/04/2025 10:01:00,a\n";
    for (rest, day) in [
        ("14/04/2025 10:00:00,14/04/2025 10:01:00,a\n", "2025-04-03"),
        ("04/12/2025 10:00:00,04/14/2025 10:01:00,a\n", "2025-03-04"),
    ] {
        let labels = read(&format!("{first}{rest}")).unwrap();
        assert_eq!(labels[0].start, moment(&format!("{day} 10:00:00")));
    }
    let error = read(first).unwrap_err();
    assert!(
        error.contains("line 2: `03/04/2025 10:00:00` may be 2025-04-03 or 2025-03-04"),
        "{error}"
    );
    let error = parse_yaml::<Label>("{start: 03/04/2025 10:00, end: 20, class: a}");
    let error = error.unwrap_err().to_string();
    assert!(error.contains("may be 2025-04-03 or 2025-03-04"), "{error}");
}

#[test]
fn impossible_times_are_named_with_their_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    for (row, problem) in [
        ("9,5,a", "line 2: ends before it begins: from `9` to `5`"),
        ("9,,a", "line 2: a time is missing"),
        (
            "04:31.25,04:32.25,a",
            "line 2: `04:31.25` has no date: write it as 2024-05-01T10:00:00Z or, if it counts from the first sample, as a number",
        ),
    ] {
        std::fs::write(&path, format!("start,end,class\n{row}\n")).unwrap();
        let error = read_labels(&path).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
    std::fs::write(&path, "start,end,class\n5,5,a\n").unwrap();
    assert_eq!(read_labels(&path).unwrap().len(), 1);
}

/// As spreadsheets and Audacity write them in German, with the empty rows below a table, and dates as one number.
#[test]
fn tables_of_spreadsheets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    for text in [
        "Beginn;Ende;Klasse\n0,5;2,5;steps\n",
        "0,500000\t2,500000\tsteps\n",
        "start,end,class,note\n0.5,2.5,steps,\n,,,\n,,,\n",
        "tmin\ttext\ttmax\tlabel\n0.5\tx\t2.5\tsteps\n",
        "# by hand\rstart,end,class\r0.5,2.5,steps\r",
    ] {
        std::fs::write(&path, text).unwrap();
        let labels = read_labels(&path).unwrap();
        let [label] = &labels[..] else {
            panic!("{text}: {labels:?}");
        };
        let times = (Time::Seconds(0.5), Time::Seconds(2.5));
        assert_eq!((label.start, label.end), times, "{text}");
        assert_eq!(label.class, "steps", "{text}");
    }
    let text = "start,end,class\n20240501100000,20240501100001.5,steps\n";
    std::fs::write(&path, text).unwrap();
    let moment = 1_714_557_600_000_000_000;
    assert_eq!(
        read_labels(&path).unwrap()[0].end,
        Time::Moment(moment + 1_500_000_000)
    );
}

/// Raven leaves out empty cells at the end of rows, and names the class as the user wishes.
#[test]
fn columns_and_rows_of_ravens_tables() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.selections.txt");
    let read = |text: &str| {
        std::fs::write(&path, text).unwrap();
        read_labels(&path).map_err(|error| error.to_string())
    };
    for class in ["Species", "Annotation", "event_label"] {
        let heads = format!("Selection\tView\tBegin Time (s)\tEnd Time (s)\t{class}\tnotes\t");
        let labels = read(&format!("{heads}\n1\tSpectrogram 1\t0.5\t2.5\tWOTH\n")).unwrap();
        assert_eq!((labels.len(), labels[0].class.as_str()), (1, "WOTH"));
        assert_eq!(labels[0].end, Time::Seconds(2.5));
    }
    let error = read("start,end,class\n0,1\n,,a\n").unwrap_err();
    assert!(error.contains("line 3: a time is missing"), "{error}");
    assert_eq!(read("start,end,class\n0,1,a,,\n").unwrap()[0].class, "a");
    let error = read("start,end,class\n0,1,a\n1,2,a, and b\n").unwrap_err();
    let expected = "line 3: 4 cells, but there are 3 columns: put texts that contain the separator in quotation marks";
    assert!(error.contains(expected), "{error}");
}

/// Times relative to the recording stand beside those of a clock.
#[test]
fn times_named_utc_do_not_take_the_place_of_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    for text in [
        "start_utc,start,end,class\n2024-05-01T10:00:00,0,60,quiet\n",
        "start,end,start (UTC),end (UTC),class\n0,60,2024-05-01T10:00:00,2024-05-01T10:01:00,quiet\n",
    ] {
        std::fs::write(&path, text).unwrap();
        let label = &read_labels(&path).unwrap()[0];
        let times = (Time::Seconds(0.0), Time::Seconds(60.0));
        assert_eq!((label.start, label.end), times, "{text}");
    }
}
