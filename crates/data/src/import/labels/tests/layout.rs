//! Rows that do not fit the names of their columns.

use super::zones::read_text;
use super::*;

const TEN: i64 = 1_714_557_600_000_000_000;
const MINUTE: i64 = 60_000_000_000;

/// Year and day of the year in cells of their own, below one name or several.
#[test]
fn days_of_the_year_in_cells() {
    for (head, row) in [
        ("start,end,class", "2024,122,10:00:00,2024,122,10:01:00,car"),
        (
            "start,,,end,,,class",
            "2024,122,10:00:00,2024,122,10:01:00,car",
        ),
        (
            "start,,end,,class",
            "2024,122:10:00:00,2024,122:10:01:00,car",
        ),
        ("start,end,class", "2024,122 10:00:00,2024,122 10:01:00,car"),
        ("date,start,duration,class", "2024,122,10:00:00,60,car"),
        ("Year,Day,Start,End,class", "2024,122,10:00:00,10:01:00,car"),
        (
            "Year,Julian day,Start,End,class",
            "2024,122,10:00:00,10:01:00,car",
        ),
        (
            "Year;Day of Year;Start;End;class",
            "2024;122;10:00:00;10:01:00;car",
        ),
        ("yr,day,hr,min,sec,duration,class", "2024,122,10,0,0,60,car"),
        (
            "start_year,start_doy,start_time,end_year,end_doy,end_time,class",
            "2024,122,10:00:00,2024,122,10:01:00,car",
        ),
        (
            "start_year,start_day,start_hour,start_min,duration,class",
            "2024,122,10,0,60,car",
        ),
    ] {
        let text = format!("{head}\n{row}\n");
        let (labels, _, warnings) = read_text(&text, "x.csv").unwrap();
        let expected = (Time::Moment(TEN), Time::Moment(TEN + MINUTE));
        assert_eq!((labels[0].start, labels[0].end), expected, "{head}");
        assert_eq!((&*labels[0].class, &*warnings), ("car", ""), "{head}");
    }
    // All days may be those of a month, and a year alone is no date.
    let text = "Year,Day,Start,End,class\n2024,12,10:00:00,10:01:00,car\n";
    let error = read_text(text, "x.csv").unwrap_err();
    let expected = "line 2: columns have parts of the date, but there is no column `month`";
    assert!(error.contains(expected), "{error}");
    let text = "Year,Start,End,class\n2024,10:00:00,10:01:00,car\n";
    let (labels, _, warnings) = read_text(text, "x.csv").unwrap();
    assert_eq!(labels[0].start, Time::Clock(600 * MINUTE));
    assert!(warnings.contains("column `Year` has dates"), "{warnings}");
    // A year beside whole times does not matter.
    let text = "Year,Start,End,class\n2023,2024-05-01T10:00:00,2024-05-01T10:01:00,car\n";
    assert_eq!(
        read_text(text, "x.csv").unwrap().0[0].start,
        Time::Moment(TEN)
    );
}

#[test]
fn rows_of_units_numbers_and_repeated_names() {
    for text in [
        "start,end,class\n[ms],[s],\n500,2.5,car\n",
        "start\tend\tclass\nms\ts\t-\n500\t2.5\tcar\n",
        // As R writes tables.
        "start,end,class\n1,0.5,2.5,car\n2,3,4,car\n",
        "\"start\" \"end\" \"class\"\n\"1\" 0.5 2.5 \"car\"\n\"2\" 3 4 \"car\"\n",
        // As `cat` joins them.
        "start,end,class\n0.5,2.5,car\nstart,end,class\n3,4,car\n",
        // As spreadsheets describe them.
        "sep=;\nstart;end;class\n0,5;2,5;car\n",
        "start|end|class\n0.5|2.5|car\n",
        // More commas than separators.
        "Start, s;End, s;Class;a, b, c\n0,5;2,5;car;\n",
        "0.5\t2.5\tcar, red, loud, fast\n",
    ] {
        let (labels, ..) = read_text(text, "x.csv").unwrap();
        let times = (Time::Seconds(0.5), Time::Seconds(2.5));
        assert_eq!((labels[0].start, labels[0].end), times, "{text}");
        assert!(
            labels.iter().all(|label| label.class.starts_with("car")),
            "{text}"
        );
    }
    let text = "class,start,end\n#1,0.5,2.5\n# a note\ncar,3,4\n";
    let (labels, notes, _) = read_text(text, "x.csv").unwrap();
    assert_eq!(
        (labels.len(), &*notes),
        (
            1,
            "1 line beginning with `#` not read, as comments are: line 2 is `#1,0.5,2.5`"
        )
    );
    // A class with blanks, and cells that are too many.
    let (labels, ..) = read_text("start end class\n0.5 2.5 \"a b\"\n", "x.csv").unwrap();
    assert_eq!(labels[0].class, "a b");
    let error = read_text("start,end,class\nx,0.5,2.5,car\n", "x.csv").unwrap_err();
    assert!(
        error.contains("line 2: 4 cells, but there are 3 columns"),
        "{error}"
    );
}

/// The names are sought below a description, and lines keep their numbers.
#[test]
fn names_below_a_description() {
    for (text, settings, line) in [
        (
            "Labels of Anna\n\nstart,end,class\n0.5,2.5,car\n",
            "x.csv",
            3,
        ),
        (
            "Observer:,Anna\nDay:,1\nstart;end;class\n0,5;2,5;car\n",
            "x.csv",
            3,
        ),
        (
            "DATA_TYPE EVENT_CATALOGUE:CSV\n\n--EVENT--|--ORIGIN--\n EVENTID,TYPE  ,DATE      ,TIME\n1,car,2024-05-01,10:00:00\n",
            "{file: x.csv, class: TYPE, length: 60}",
            4,
        ),
    ] {
        let (labels, notes, _) = read_text(text, settings).unwrap();
        assert_eq!((labels.len(), &*labels[0].class), (1, "car"), "{text}");
        assert!(
            notes.contains(&format!("names of its columns are in line {line}")),
            "{notes}"
        );
    }
    let text = "Labels\nstart,end,class\n0.5,2.5,car\n3,x,car\n";
    let error = read_text(text, "x.csv").unwrap_err();
    assert!(error.contains("line 4: `x` is not a time"), "{error}");
    let error = read_text("Labels\na,b,c\n0.5,2.5,car\n", "x.csv").unwrap_err();
    assert!(error.contains("there is no column `start`"), "{error}");
}

/// Names in a comment count as those in the first row do.
#[test]
fn names_in_a_comment() {
    let text = "# start (UTC+2),end (UTC+2),class,valid\n2024-05-01T12:00:00,2024-05-01T12:01:00,car,1\n\
                2024-05-01T12:02:00,2024-05-01T12:03:00,car,0\n";
    let (labels, notes, _) = read_text(text, "x.csv").unwrap();
    assert_eq!((labels.len(), labels[0].start), (1, Time::Moment(TEN)));
    assert!(
        notes.contains("+2 h from UTC") && notes.contains("column `valid`: 1 row"),
        "{notes}"
    );
    let text = "#EventID | Time | Depth/km | EventLocationName | EventType\n1|2024-05-01T10:00:00|3|A, B|car\n";
    let (labels, ..) = read_text(text, "{file: x.txt, length: 60}").unwrap();
    assert_eq!(
        (labels[0].start, &*labels[0].class),
        (Time::Moment(TEN), "car")
    );
    let error = read_text("# start_sample,end_sample,class\n10,30,car\n", "x.csv").unwrap_err();
    assert!(
        error.contains("column `start_sample` counts samples"),
        "{error}"
    );
    // A duration is no end, though three columns without names would be start, end and class.
    let error = read_text("# onset, duration, what\n10,30,car\n", "x.csv").unwrap_err();
    assert!(error.contains("there is no column `class`"), "{error}");
}

#[test]
fn annotations_of_mne_count_from_their_own_zero() {
    let text = "# MNE-Annotations\n# orig_time : 2024-05-01 10:00:00.000000\n# onset, duration, description\n60.0,60.0,car\n";
    let (labels, notes, _) = read_text(text, "x.csv").unwrap();
    let expected = (Time::Moment(TEN + MINUTE), Time::Moment(TEN + 2 * MINUTE));
    assert_eq!((labels[0].start, labels[0].end), expected);
    assert!(
        notes.contains("times count from its `orig_time`, 2024-05-01T10:00:00.000Z"),
        "{notes}"
    );
    let (labels, ..) =
        read_text(&text.replace("2024-05-01 10:00:00.000000", "None"), "x.csv").unwrap();
    assert_eq!(labels[0].start, Time::Seconds(60.0));
}

/// A quotation mark that is never closed does not take the labels below it with it.
#[test]
fn quotation_marks_without_an_end() {
    let rows: String = (0..20).map(|i| format!("{i},{},steps,\n", i + 1)).collect();
    let text = format!("start,end,class,note\n{rows}").replace("3,4,steps,", "3,4,steps,\"hm");
    let (labels, _, warnings) = super::zones::read_text(&text, "labels.csv").unwrap();
    assert_eq!(labels.len(), 20);
    assert!(
        warnings.contains(
            "1 quotation mark at the beginning of a cell is not closed (the first: line 5)"
        ),
        "{warnings}"
    );
}
