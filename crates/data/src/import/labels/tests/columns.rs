//! Columns that the list gives, and labels without ends.

use super::*;

/// Columns of any name, by names and by numbers, with and without a row of names.
#[test]
fn given_columns() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    let read = |text: &str, settings: &str| {
        std::fs::write(&path, text).unwrap();
        let settings = format!("{{file: x.csv, {settings}}}");
        read_with(&path, &settings).map_err(|error| error.to_string())
    };
    let named = "id,Behaviour,Onset [ms],Offset,len\ne1,steps,500,2.5,2\n";
    let numbers = "e1;steps;0,5;2,5\ne2;steps;3,5;4,5\n";
    for (text, settings) in [
        (
            named,
            "start: 'Onset [ms]', end: Offset, class: Behaviour, event: id",
        ),
        (
            named,
            "start: 'Onset [ms]', duration: len, class: Behaviour, event: id",
        ),
        (named, "start: 3, end: 4, class: 2, event: 1"),
        (named, "start: '3', end: '4', class: Behaviour, event: '1'"),
        // Others are found by their names.
        (
            "id,class,ms,end\ne1,steps,500,2.5\n",
            "start: ms, event: id",
        ),
        (numbers, "start: 3, end: 4, class: 2, event: 1"),
        // The names come first, also those that are numbers.
        (
            "3,4,1,2\n0.5,2.5,steps,e1\n",
            "start: '3', end: '4', class: '1', event: '2'",
        ),
    ] {
        let labels = read(text, settings).unwrap();
        let label = &labels[0];
        let times = (Time::Seconds(0.5), Time::Seconds(2.5));
        assert_eq!((label.start, label.end), times, "{settings}");
        assert_eq!(
            (&*label.class, label.event.as_deref()),
            ("steps", Some("e1")),
            "{settings}"
        );
        assert_eq!(
            labels.len(),
            text.lines().filter(|line| line.contains("steps")).count()
        );
    }
    for (text, settings, problem) in [
        (
            named,
            "start: Onset, end: Offset, class: Behaviour",
            "labels.csv: there is no column `Onset`, as `start` of `labels_file` says: there are id, Behaviour, Onset [ms], \
             Offset, len",
        ),
        (
            named,
            "start: 6, end: 4, class: 2",
            "no column `6`, as `start`",
        ),
        (
            named,
            "start: 0, end: 4, class: 2",
            "no column `0`, as `start`",
        ),
        (
            "Onset,Offset,Behaviour\n1,2,a\n",
            "start: Onset",
            "no column `class`: expected start, end (or duration), class and, optional, event; there are Onset, Offset, \
             Behaviour; say which it is, as in `labels_file: {file: labels.csv, class: NAME}`",
        ),
        (
            numbers,
            "start: 3, end: 4",
            "no row names the 4 columns: say which is which",
        ),
    ] {
        let error = read(text, settings).unwrap_err();
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn forms_of_labels_file() {
    let parse = |text: &str| parse_yaml::<LabelsFile>(text).map_err(|error| error.to_string());
    assert_eq!(parse("a.csv"), parse("{file: a.csv}"));
    for (text, problem) in [
        ("{start: x}", "missing field `file`"),
        ("{file: a.csv, onset: x}", "unknown field `onset`"),
        (
            "{file: a.csv, end: x, duration: y}",
            "`end` and `duration` give the same",
        ),
        (
            "{file: a.csv, start: [1]}",
            "the name of a column, or its number from 1",
        ),
        ("[a.csv]", "a table of labels, such as labels.csv"),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.contains(problem), "{error}");
    }
}

/// Picks and impulses have no end; a length stands for it where there is none.
#[test]
fn onsets_with_a_length() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    let read = |text: &str, settings: &str| {
        std::fs::write(&path, text).unwrap();
        read_with(&path, settings).map_err(|error| error.to_string())
    };
    let ends = |text: &str| {
        let labels = read(text, "{file: x.csv, length: 1.5}").unwrap();
        assert!(labels.iter().all(|label| label.class == "a"));
        let ends = labels.iter().map(|label| match label.end {
            Time::Seconds(seconds) => seconds,
            Time::Moment(nanos) | Time::Clock(nanos) => nanos as f64 / recording::NANOS,
        });
        ends.collect::<Vec<f64>>()
    };
    assert_eq!(ends("time,class\n1,a\n2.5,a\n"), [2.5, 4.0]);
    assert_eq!(ends("0.5\ta\n2\ta\n"), [2.0, 3.5]);
    assert_eq!(
        ends("label,pick_time\na,2024-05-01T10:00:00Z\n"),
        [1_714_557_601.5]
    );
    // Ends and durations of the table come first; an instant has none.
    assert_eq!(
        ends("start,end,class\n1,9,a\n1,,a\n1,1,a\n1\t,1\t,a\n"),
        [9.0, 2.5, 2.5, 2.5]
    );
    assert_eq!(
        ends("onset_ms,duration,class\n1000,3,a\n1000,0,a\n1000,,a\n"),
        [4.0, 2.5, 2.5]
    );
    for (text, problem) in [
        (
            "time,class\n1,a\n",
            "there is no column `end` or `duration`; there are time, class; say which it is, as in `labels_file: {file: \
             labels.csv, end: NAME}`. If the labels are onsets alone, say how many seconds each of them takes: `labels_file: \
             {file: labels.csv, length: 2.0}`",
        ),
        (
            "start,end,class\n1,2,a\n2,,a\n",
            "line 3: a time is missing: the label has no end or duration; where all labels without an end take as long, a \
             `length` in seconds says so",
        ),
    ] {
        let error = read(text, "x.csv").unwrap_err();
        assert!(error.contains(problem), "{error}");
    }
    let error = read("start,end,class\n5,4,a\n", "{file: x.csv, length: 1}").unwrap_err();
    assert!(error.contains("line 2: ends before it begins"), "{error}");
    let error = read("start,end,class\n,4,a\n", "{file: x.csv, length: 1}").unwrap_err();
    assert!(
        error.contains("line 2: a time is missing: every label needs its start"),
        "{error}"
    );
}
