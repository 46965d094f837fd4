//! Warnings on times that may be meant otherwise, and numbers that are refused.

use super::zones::read_text;
use super::*;

#[test]
fn what_may_be_meant_otherwise() {
    for (text, settings, warning) in [
        (
            "start_ms,duration,class\n500,2,car\n",
            "x.csv",
            "column `duration` has no unit and is read in seconds, but column `start_ms` is in milliseconds: call it `duration_s` if",
        ),
        (
            "start,duration,class\n1714557660000,30,car\n",
            "x.csv",
            "but column `start` is in milliseconds",
        ),
        ("start_min,end,class\n1,90,car\n", "x.csv", "is in minutes"),
        (
            "date,start,end,class\n2024-05-01,100,130,car\n",
            "x.csv",
            "the dates in column `date` are not read: numbers in column `start` count seconds from the first sample",
        ),
        (
            "year,month,day,start,end,class\n2024,5,1,100,130,car\n",
            "x.csv",
            "the dates in column `year`, `month`, `day` are not read",
        ),
        (
            "start,end,class,Tag\n10:00:00,10:01:00,car,03.05.2024\n",
            "x.csv",
            "but column `Tag` has dates: if they are those of the labels, say so",
        ),
        (
            "start,end,class\n2024-05-01,2024-05-02,car\n",
            "x.csv",
            "line 2: `2024-05-01` has no time of day, and is taken for the beginning of that day",
        ),
        (
            "year,doy,duration,class\n2024,122,30,car\n",
            "x.csv",
            "line 2: `2024 122` has no time of day",
        ),
        (
            "start,end,class\n10,130,car\n",
            "{file: x.csv, length: 5}",
            "`length` is not used, since all labels have an end or a duration in column `end`",
        ),
    ] {
        let (_, _, warnings) = read_text(text, settings).unwrap();
        assert!(warnings.contains(warning), "{text}: {warnings}");
    }
}

#[test]
fn what_is_certain() {
    for (text, settings) in [
        ("start_ms,duration_s,class\n500,2,car\n", "x.csv"),
        ("start,duration,class\n500,2,car\n", "x.csv"),
        ("start_ms,duration,class\n500,2 s,car\n", "x.csv"),
        (
            "start,end,class\n1714557660000,1714557670000,car\n",
            "x.csv",
        ),
        (
            "date,start_s,end_s,class\n2024-05-01,100,130,car\n",
            "x.csv",
        ),
        (
            "date,start,end,class\n2024-05-01,10:00:00,10:01:00,car\n",
            "x.csv",
        ),
        (
            "start,end,class,Tag\n10:00:00,10:01:00,car,03.05.2024\n",
            "{file: x.csv, date: Tag}",
        ),
        ("start,end,class,note\n10:00:00,10:01:00,car,\n", "x.csv"),
        (
            "start,end,class\n2024-05-01 00:00:00,2024-05-02T00:00,car\n",
            "x.csv",
        ),
        (
            "start,end,class\n10,,car\n20,30,car\n",
            "{file: x.csv, length: 5}",
        ),
    ] {
        assert_eq!(read_text(text, settings).unwrap().2, "", "{text}");
    }
}

/// A point or comma before three digits may separate thousands.
#[test]
fn separators_of_thousands() {
    for text in [
        "start;end;class\n900;950;car\n1.000;1.050;walk\n",
        "start\tend\tclass\n900\t950\tcar\n1,000\t1,050\twalk\n",
    ] {
        let error = read_text(text, "x.csv").unwrap_err();
        assert!(
            error.contains("line 3: `1") && error.contains("may be 1000, since"),
            "{error}"
        );
    }
    for text in [
        "start;end;class\n0.250;1.050;car\n2.000;3.125;walk\n",
        "start;end;class\n9;9.125;car\n10;10.5;walk\n",
        "start;end;class\n100;100.125;car\n101;102.5;walk\n",
        "start;end;class\n900,000;950,500;car\n",
    ] {
        read_text(text, "x.csv").unwrap();
    }
}

/// Two forms of one time, of which only one can count.
#[test]
fn forms_that_differ() {
    for (text, settings, problem) in [
        (
            "start,duration_min,duration_sec,class\n60,0,30,car\n",
            "",
            "the columns `duration_min` and `duration_sec` tell different times in line 2: say which counts, as in \
             `labels_file: {file: labels.csv, duration: 'duration_sec'}`",
        ),
        (
            "start_s,start_ms,end,class\n60,500,90,car\n",
            "",
            "`start_s` and `start_ms`",
        ),
        (
            "start,start_utc,duration,class\n2024-05-01 12:00:00,2024-05-01 10:00:00,30,car\n",
            "",
            "the columns `start` and `start_utc` tell different times",
        ),
        (
            "start,duration_min,duration_sec,class\n60,0.5,30,car\n",
            "",
            "",
        ),
        (
            "start,duration_min,duration_sec,class\n60,0.52,31,car\n",
            "",
            "",
        ),
        (
            "start,duration_min,duration_sec,class\n60,0,30,car\n",
            "duration: duration_sec",
            "",
        ),
        (
            "start,start_utc,duration,class\n2024-05-01 12:00:00+02:00,2024-05-01 10:00:00,30,car\n",
            "",
            "",
        ),
        (
            "start,start_utc,duration,class\n60,2024-05-01 10:00:00,30,car\n",
            "",
            "",
        ),
        (
            "start,start (UTC+2),duration,class\n2024-05-01 10:00:00,2024-05-01 12:00:00,30,car\n",
            "",
            "",
        ),
    ] {
        let found = read_text(text, &format!("{{file: x.csv, {settings}}}"));
        let error = found.err().unwrap_or_default();
        assert!(
            error.contains(problem) && error.is_empty() == problem.is_empty(),
            "{text}: {error}"
        );
    }
}

/// AM, PM and fractions of a second in columns of their own belong to the times.
#[test]
fn parts_behind_times() {
    let ten = 1_714_557_600.0;
    for (text, settings, start, end) in [
        (
            "date,time,ms,duration,class\n2024-05-01,10:00:00,50,30,car\n",
            "",
            0.05,
            30.05,
        ),
        (
            "start,us,duration,class\n2024-05-01T10:00:00,50,30,car\n",
            "",
            5e-5,
            30.00005,
        ),
        (
            "start_time,start_ms,end_time,end_ms,class\n2024-05-01 10:00:00,500,2024-05-01 10:00:30,25,car\n",
            "start: start_time, end: end_time",
            0.5,
            30.025,
        ),
        (
            "date,start,AM/PM,duration,class\n2024-05-01,10:00:00,PM,30,car\n",
            "",
            43_200.0,
            43_230.0,
        ),
        (
            "date,start,,end,,class\n2024-05-01,11:59:50,a.m.,12:00:10,p.m.,car\n",
            "",
            7190.0,
            7210.0,
        ),
        // A magnitude, and an hour of the day.
        (
            "time,Ms,duration,class\n2024-05-01T10:00:00,5,30,car\n",
            "",
            0.0,
            30.0,
        ),
        (
            "time,half,duration,class\n2024-05-01T10:00:00,AMX,30,car\n",
            "",
            0.0,
            30.0,
        ),
    ] {
        let (labels, ..) = read_text(text, &format!("{{file: x.csv, {settings}}}")).unwrap();
        let moment = |seconds: f64| Time::Moment(((ten + seconds) * 1e6).round() as i64 * 1000);
        assert_eq!(
            (labels[0].start, labels[0].end),
            (moment(start), moment(end)),
            "{text}"
        );
    }
    let text = "year,month,day,hour,minute,ampm,duration,class\n2024,5,1,1,0,PM,30,car\n";
    let error = read_text(text, "x.csv").unwrap_err();
    let expected =
        "line 2: column `ampm` says AM or PM, but `2024 5 1 1 0` is no time of day in one cell";
    assert!(error.contains(expected), "{error}");
    // Hours up to 24, and seconds, have no halves.
    for row in ["2024-05-01T13:00:00,PM,30,car", "60,AM,30,car"] {
        read_text(&format!("start,session,duration,class\n{row}\n"), "x.csv").unwrap();
    }
}

/// A number cannot be the end of a label that starts at a moment.
#[test]
fn numbers_as_ends() {
    let text = "start,end,class\n2024-05-01T10:00:00,700,car\n";
    let error = read_text(text, "x.csv").unwrap_err();
    let expected = "line 2: starts at `2024-05-01T10:00:00`, a moment, and its end `700` is a number: call its column duration";
    assert!(error.contains(expected), "{error}");
}
