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
            "Onset,Offset,What\n1,2,a\n",
            "start: Onset",
            "no column `class`: expected start, end (or duration), class and, optional, event; there are Onset, Offset, What; \
             say which it is, as in `labels_file: {file: labels.csv, class: NAME}`",
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
    assert_eq!(
        ends("onset\tduration\tclass\n1\tn/a\ta\n1\tNaN\ta\n1\t\ta\n"),
        [2.5; 3]
    );
    // A duration stands for an end that is missing.
    assert_eq!(
        ends("start,end,duration,class\n1,9,,a\n1,,3,a\n1,NaT,,a\n"),
        [9.0, 4.0, 2.5]
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

/// Names and durations as tools for labelling export them.
#[test]
fn tables_of_usual_tools() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    let read = |text: &str| {
        std::fs::write(&path, text).unwrap();
        read_labels(&path).map_err(|error| error.to_string())
    };
    for text in [
        // Aggregated events of BORIS.
        "Observation id,Observation date,Media file,Total length,FPS,Subject,Behavior,Behavioral category,Modifiers,Behavior \
         type,Start (s),Stop (s),Duration (s),Comment start,Comment stop\nwalk,2024-05-01 10:00:00,a.mp4,3600.0,25.0,Anna,\
         steps,Gait,,STATE,0.5,62.5,62.0,,\n",
        "event_start_time,event_end_time,event_type\n0.5,62.5,steps\n",
        "tmin,tmax,activity\n0.5,62.5,steps\n",
        "t_start,t_end,label\n0.5,62.5,steps\n",
        "filename,onset,offset,event_label\na.wav,0.5,62.5,steps\n",
        "start,duration,class\n0.5,00:01:02,steps\n",
        "start,duration,Behaviour\n0.5,0:01:02.0,steps\n",
    ] {
        let labels = read(text).unwrap();
        let times = (labels[0].start, labels[0].end);
        assert_eq!(times, (Time::Seconds(0.5), Time::Seconds(62.5)), "{text}");
        assert_eq!((labels.len(), &*labels[0].class), (1, "steps"), "{text}");
    }
    let labels = read("Start (UTC),End (UTC),class\n2024-05-01 10:00:00,2024-05-01 10:01:00,a\n");
    assert!(matches!(labels.unwrap()[0].start, Time::Moment(_)));
    // Minutes and seconds, or hours and minutes.
    let error = read("start,duration,class\n0.5,01:02,steps\n").unwrap_err();
    assert!(
        error.contains("line 2: `01:02` is not a duration"),
        "{error}"
    );
    // A status of another kind.
    let error = read("Time,Behavior,Status\n0.5,steps,checked\n62.5,steps,checked\n").unwrap_err();
    assert!(
        error.contains("there is no column `end` or `duration`"),
        "{error}"
    );
}

/// Tables as spreadsheets save them in Windows.
#[test]
fn letters_of_windows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    std::fs::write(&path, b"Beginn;Ende;Klasse\n0;1;Fu\xdfg\xe4nger\n").unwrap();
    let found = super::read(&path, &parse_yaml("x.csv").unwrap()).unwrap();
    assert_eq!(found.rows[0].label.class, "Fußgänger");
    let expected = "is not UTF-8, and read as Windows-1252 (Latin-1): line 2 is `0;1;Fußgänger`";
    assert_eq!(found.notes, [expected]);
    let (labels, _) = labels_of(&path).unwrap().unwrap();
    assert_eq!(labels[0].class, "Fußgänger");
}
