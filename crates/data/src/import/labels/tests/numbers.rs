//! Times that are numbers of samples or days, or have their unit beside them.

use super::*;

fn read_text(text: &str, settings: &str) -> Result<Vec<Label>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    std::fs::write(&path, text).unwrap();
    let settings = match settings {
        "" => "labels.csv".to_owned(),
        keys => format!("{{file: x.csv, {keys}}}"),
    };
    read_with(&path, &settings).map_err(|error| error.to_string())
}

/// Samples and frames are no seconds, also if the list names their columns.
#[test]
fn counts_of_samples_are_refused() {
    for (start, end, what) in [
        ("start_sample", "end_sample", "samples"),
        ("Begin Sample", "End Sample", "samples"),
        ("onset_idx", "offset_idx", "samples"),
        ("start (samples)", "end (samples)", "samples"),
        ("first_frame", "last_frame", "frames"),
        ("start_ticks", "end_ticks", "ticks"),
    ] {
        let text = format!("{start},{end},class\n100,200,steps\n");
        let keys = format!("start: '{start}', end: '{end}'");
        let error = read_text(&text, &keys).unwrap_err();
        let expected = format!("column `{start}` counts {what} by its name");
        assert!(error.contains(&expected), "{error}");
        if start != "first_frame" {
            let error = read_text(&text, "").unwrap_err();
            assert!(error.contains(&expected), "{error}");
        }
    }
    for (start, keys, column) in [
        ("10", "duration: 'Length [samples]'", "Length [samples]"),
        (
            "2024-05-01T10:00:00",
            "duration: 'Length [samples]'",
            "Length [samples]",
        ),
        ("10", "end: end_frame", "end_frame"),
    ] {
        let text = format!("start,Length [samples],end_frame,class\n{start},200,300,steps\n");
        let error = read_text(&text, keys).unwrap_err();
        let expected = format!("column `{column}` counts ");
        assert!(error.contains(&expected), "{error}");
    }
    // Dates are what they are, and the times of samples are times.
    let dated = "sample_start,end,class\n2024-05-01T10:00:00Z,2024-05-01T10:00:01Z,steps\n";
    read_text(dated, "start: sample_start").unwrap();
    let times = "sample_time,end,class\n1,2,steps\n";
    read_text(times, "start: sample_time").unwrap();
}

/// Days of spreadsheets, MATLAB and astronomers are read where a name says so, and refused where labels of seconds would be
/// far too short.
#[test]
fn numbers_of_days() {
    // 10:00:00 and 10:00:01.5 on 2024-05-01.
    let moment = |seconds: f64| 1_714_557_600_000_000_000 + (seconds * 1e9) as i64;
    let rows = |day: f64| {
        let at = |seconds: f64| day + (36_000.0 + seconds) / 86_400.0;
        format!("{:.10},{:.10},steps\n", at(0.0), at(1.5))
    };
    let is_near = |time: Time, expected: i64| match time {
        Time::Moment(nanos) => (nanos - expected).abs() < 20_000,
        _ => false,
    };
    for (heads, day) in [
        ("start_datenum,end_datenum", 739_373.0),
        ("Start MJD,End MJD", 60_431.0),
        ("excel start,excel end", 45_413.0),
        ("Start (Excel date),End (Excel date)", 45_413.0),
        ("start_serial,end_serial", 45_413.0),
    ] {
        let labels = read_text(&format!("{heads},class\n{}", rows(day)), "").unwrap();
        let (start, end) = (labels[0].start, labels[0].end);
        assert!(
            is_near(start, moment(0.0)) && is_near(end, moment(1.5)),
            "{labels:?}"
        );
    }
    // Durations beside them are days or seconds.
    let lasting = |name: &str, length: f64| {
        read_text(&format!("start_mjd,{name},class\n60431.5,{length},a\n"), "")
    };
    let error = lasting("duration", 0.0005).unwrap_err();
    assert!(
        error.contains("durations such as `0.0005") && error.contains("duration_days"),
        "{error}"
    );
    for (name, length, seconds) in [("duration_s", 0.5, 0.5), ("duration_days", 0.5, 43_200.0)] {
        let labels = lasting(name, length).unwrap();
        assert_eq!(labels[0].end, labels[0].start.later(seconds), "{name}");
    }
    let keys = "start: 'excel start', end: 'excel end'";
    let labels = read_text(
        &format!("excel start,excel end,class\n{}", rows(45_413.0)),
        keys,
    );
    assert!(is_near(labels.unwrap()[0].start, moment(0.0)));
    // Durations are in seconds.
    let labels = read_text("start_mjd,duration,class\n60431.5,1.5,steps\n", "").unwrap();
    let noon = moment(7200.0);
    assert_eq!(
        (labels[0].start, labels[0].end),
        (Time::Moment(noon), Time::Moment(noon + 1_500_000_000))
    );
    let error = read_text(&format!("start,end,class\n{}", rows(45_413.0)), "").unwrap_err();
    assert!(
        error.contains("days since 1899-12-30, as spreadsheets have them"),
        "{error}"
    );
    let error = read_text("start_mjd,end_mjd,class\n5,6,steps\n", "").unwrap_err();
    assert!(error.contains("no days from 1980 to 2060"), "{error}");
    // Seconds in a long recording.
    let labels = read_text(
        "start,end,class\n45413.4,45414.9,steps\n45500.1,45500.14,steps\n",
        "",
    );
    assert_eq!(labels.unwrap()[0].start, Time::Seconds(45_413.4));
}

/// ELAN's clock times count from the start of the media, and seconds beside them have the times.
#[test]
fn clock_times_of_elan() {
    let clocks = "Tier\tBegin Time - hh:mm:ss.ms\tEnd Time - hh:mm:ss.ms\tclass\nt\t00:00:00.500\t00:01:02.250\tsteps\n";
    let both = "Tier\tBegin Time - hh:mm:ss.ms\tBegin Time - ss.msec\tEnd Time - hh:mm:ss.ms\tEnd Time - ss.msec\tclass\n\
                t\t00:00:00.500\t0.500\t00:01:02.250\t62.250\tsteps\n";
    for text in [clocks, both] {
        let labels = read_text(text, "").unwrap();
        let times = (labels[0].start, labels[0].end);
        assert_eq!(times, (Time::Seconds(0.5), Time::Seconds(62.25)));
    }
}

/// ELAN's form of seconds is no unit; units beside numbers are.
#[test]
fn forms_and_units() {
    let elan = "Begin Time - ss.msec,End Time - ss.msec,label\n0.5,2.25,steps\n";
    let units = "start,duration,label\n0.5 s,1.75sec,steps\n";
    let other = "start,end,label\n500 ms,2250ms,steps\n";
    let hundredths = "start_cs,end_cs,label\n50,225,steps\n";
    let tenths = "start_ds,end_ds,label\n5,22.5,steps\n";
    for text in [elan, units, other, hundredths, tenths] {
        let labels = read_text(
            text,
            if text == elan {
                "start: 'Begin Time - ss.msec'"
            } else {
                ""
            },
        );
        let labels = labels.unwrap();
        let times = (Time::Seconds(0.5), Time::Seconds(2.25));
        assert_eq!((labels[0].start, labels[0].end), times, "{text}");
    }
}

/// Rows that do not count are left out, and what is not read is said.
#[test]
fn flags_and_channels() {
    let read = |text: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.csv");
        std::fs::write(&path, text).unwrap();
        let rows = super::super::read(&path, &LabelsFile::default()).unwrap();
        let starts: Vec<Time> = rows.rows.iter().map(|row| row.label.start).collect();
        let notes = rows.notes.join("\n");
        (
            starts,
            notes
                .split_once(": ")
                .map_or(notes.clone(), |parts| parts.1.to_owned()),
        )
    };
    let table = |head: &str, cells: [&str; 3]| {
        let row = |(i, cell): (usize, &&str)| format!("{i},{},steps,{cell}\n", i + 1);
        let rows: String = cells.iter().enumerate().map(row).collect();
        format!("start,end,class,{head}\n{rows}")
    };
    let times = |starts: &[i32]| {
        starts
            .iter()
            .map(|start| Time::Seconds(f64::from(*start)))
            .collect::<Vec<_>>()
    };
    let left_out = "1 row of 3 left out, as it says that they do not count";
    for (head, cells, kept, note) in [
        ("valid", ["1", "0", "1"], vec![0, 2], left_out.to_owned()),
        ("Ignore", ["no", "yes", "no"], vec![0, 2], left_out.into()),
        (
            "valid",
            ["WAHR", "FALSCH", "WAHR"],
            vec![0, 2],
            left_out.into(),
        ),
        (
            "valid",
            ["VRAI", "FAUX", "VRAI"],
            vec![0, 2],
            left_out.into(),
        ),
        (
            "exclude",
            ["FALSO", "VERO", "FALSO"],
            vec![0, 2],
            left_out.into(),
        ),
        (
            "exclude",
            ["", "x", ""],
            vec![0, 2],
            format!("{left_out}; 2 rows without a value count"),
        ),
        (
            "is_valid",
            ["True", "True", "True"],
            vec![0, 1, 2],
            String::new(),
        ),
        ("ignore", ["", "", ""], vec![0, 1, 2], String::new()),
        ("channel", ["1", "1", "1"], vec![0, 1, 2], String::new()),
    ] {
        assert_eq!(read(&table(head, cells)), (times(&kept), note), "{head}");
    }
    let (all, note) = read(&table("valid", ["good", "bad", "good"]));
    assert_eq!((all.len(), &*note), (3, "`good` is neither yes nor no"));
    let (all, note) = read(&table("channel", ["EHZ", "EHN", "EHZ"]));
    assert_eq!(
        (all.len(), &*note),
        (3, "each label counts for all channels of its recording")
    );
}

/// Spreadsheets show six digits of long numbers.
#[test]
fn numbers_that_have_lost_digits() {
    for text in ["1.71456E+12", "1,71456E+09", "1.7E12"] {
        let error = read_text(&format!("start;end;class\n{text};{text};a\n"), "").unwrap_err();
        assert!(
            error.contains("E+") == text.contains('+') && error.contains("has lost digits"),
            "{error}"
        );
    }
    let whole = read_text(
        "start,end,class\n1.7145576e+18,1.7145577e18,a\n1.2E+02,1.5E+02,a\n",
        "",
    );
    let whole = whole.unwrap();
    assert_eq!(whole[0].start, Time::Moment(1_714_557_600_000_000_000));
    assert_eq!(whole[1].start, Time::Seconds(120.0));
}

/// Names that spell minutes and seconds: without them, `01:40` is taken for a time of day.
#[test]
fn minutes_and_seconds() {
    for (heads, rows) in [
        ("Start (mm:ss),End (mm:ss),class", "01:40,101:55.5,steps"),
        ("start_mm_ss,end_mm_ss,class", "1:40,1:41:55.5,steps"),
        (
            "Start [min:sec],Duration [min:sec],class",
            "1:40.0,100:15.5,steps",
        ),
        (
            "Start (mm:ss.ms);End (mm:ss.ms);class",
            "01:40,0;101:55,5;steps",
        ),
    ] {
        let (labels, notes, _) =
            super::zones::read_text(&format!("{heads}\n{rows}\n"), "{file: labels.csv}").unwrap();
        assert_eq!(labels[0].start, Time::Seconds(100.0), "{heads}");
        assert_eq!(labels[0].end, Time::Seconds(6115.5), "{heads}");
        assert!(notes.contains("read as 100 s from the start"), "{notes}");
    }
    // With hours, they may be of the day.
    let with_hours = |rows: &str| {
        read_text(
            &format!("Start (hh:mm:ss),End (hh:mm:ss),class\n{rows}\n"),
            "",
        )
    };
    assert_eq!(
        with_hours("01:40:00,01:41:00,steps").unwrap()[0].start,
        Time::Clock(6_000_000_000_000)
    );
    let error = read_text("Start (mm:ss),End (mm:ss),class\n01:40,01:75,steps\n", "").unwrap_err();
    assert!(error.contains("01:75"), "{error}");
}
