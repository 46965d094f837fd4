//! Times in several columns.

use super::*;

/// Dates and times of day in two columns, and all parts of a time in a column each.
#[test]
fn times_in_several_columns() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    let read = |text: &str, settings: &str| {
        std::fs::write(&path, text).unwrap();
        read_with(&path, settings).map_err(|error| error.to_string())
    };
    let moment = |text: &str| Time::Moment(recording::parse_time(text).unwrap());
    let times = (
        moment("2024-05-01T10:00:30.5Z"),
        moment("2024-05-01T10:01:00Z"),
    );
    let (plain, length) = ("x.csv", "{file: x.csv, length: 29.5}");
    for (text, settings) in [
        (
            "date,start,end,class\n2024-05-01,10:00:30.5,10:01:00,a\n",
            plain,
        ),
        (
            "date,start,end,class\n20240501,10:00:30.5,10:01:00,a\n",
            plain,
        ),
        (
            "Datum;Beginn;Ende;Klasse\n01.05.2024;10:00:30,5;10:01:00;a\n",
            plain,
        ),
        (
            "start_date,start_time,end_date,end_time,class\n2024-05-01,10:00:30.5,2024-05-01,10:01:00,a\n",
            plain,
        ),
        (
            "date,time,duration,class\n2024-05-01,10:00:30.5,29.5,a\n",
            plain,
        ),
        ("date,time,class\n2024-05-01,10:00:30.5,a\n", length),
        (
            "Tag,Uhr,class\n2024-05-01,10:00:30.5,a\n",
            "{file: x.csv, date: Tag, start: Uhr, length: 29.5}",
        ),
        (
            "2024-05-01,10:00:30.5,a\n",
            "{file: x.csv, date: 1, start: 2, class: 3, length: 29.5}",
        ),
        (
            "year,month,day,hour,minute,second,class\n2024,5,1,10,0,30.5,a\n",
            length,
        ),
        (
            "year,doy,hour,min,sec,ms,class\n2024,122,10,0,30,500,a\n",
            length,
        ),
        ("Y,M,D,h,m,s,class\n2024,5,1,10,0,30.5,a\n", length),
        ("year,month,day,time,class\n2024,5,1,10:00:30.5,a\n", length),
        (
            "date,hour,minute,second,class\n2024-05-01,10,0,30.5,a\n",
            length,
        ),
        (
            "year,month,day,start_hour,start_min,start_sec,end_hour,end_min,end_sec,class\n2024,5,1,10,0,30.5,10,1,0,a\n",
            plain,
        ),
        // One date determines the order of day and month of all; full dates need no other.
        (
            "date,start,end,class\n05/01/2024,10:00:30.5,10:01:00,a\n05/13/2024,10:00:30.5,10:01:00,a\n",
            plain,
        ),
        (
            "date,start,end,class\n1999-01-01,2024-05-01T10:00:30.5Z,2024-05-01T10:01:00Z,a\n",
            plain,
        ),
    ] {
        let labels = read(text, settings).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((labels[0].start, labels[0].end), times, "{text}");
    }
}

#[test]
fn seconds_beside_a_date_and_midnight() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    let read = |text: &str| {
        std::fs::write(&path, text).unwrap();
        read_labels(&path).unwrap()
    };
    // Seconds count from the first sample, whatever the date.
    let labels = read("date,start,end,class\n2024-05-01,1.5,2,a\n");
    assert_eq!(labels[0].start, Time::Seconds(1.5));
    let text = "start date,start,end date,end,class\n2024-05-01,23:59:50,2024-05-02,00:00:10,a\n";
    let midnight = recording::parse_time("2024-05-02T00:00:10Z").unwrap();
    assert_eq!(read(text)[0].end, Time::Moment(midnight));
}

/// What is not certain is an error that says what is missing.
#[test]
fn times_in_several_columns_that_are_uncertain() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    for (text, problem) in [
        (
            "date,time,duration,class\n2024-05-01,120,1,a\n",
            "line 2: `120` is beside a date, but is no time of day: write it as 10:00:00",
        ),
        (
            "date,start,end,class\n2024-05-01,10:00:50,10:00:10,a\n",
            "line 2: ends before it begins: from `2024-05-01 10:00:50` to `2024-05-01 10:00:10`; swap its times, or give the \
             date of the end in a column `end_date`",
        ),
        (
            "hour,minute,second,duration,class\n10,0,30,1,a\n",
            "there is no column `date`: add it",
        ),
        (
            "start_min,start_sec,duration,class\n1,30,1,a\n",
            "there is no column `date`: add it",
        ),
        (
            "start_hour,start_min,start_sec,duration,class\n1,30,1,1,a\n",
            "no column `date`",
        ),
        (
            "year,month,hour,min,duration,class\n2024,5,10,1,1,a\n",
            "no column `day`",
        ),
        (
            "year,month,day,min,sec,duration,class\n2024,5,1,1,1,1,a\n",
            "no column `hour`",
        ),
        (
            "year,doy,sec,duration,class\n2024,5,1,1,a\n",
            "no column `hour`, `minute`",
        ),
        (
            "year,month,day,hour,minute,duration,class\n24,5,1,10,1,1,a\n",
            "line 2: `24 5 1 10 1` is no time in parts: years have four digits",
        ),
        (
            "year,doy,hour,minute,duration,class\n2024,5,x,1,1,a\n",
            "line 2: `2024 x 1 5` is no time",
        ),
        (
            "date,time,duration,class\n,10:00:00,1,a\n",
            "line 2: `10:00:00` has no date",
        ),
        (
            "date,time,duration,class\n2024-05-01,,1,a\n",
            "line 2: a time is missing",
        ),
        (
            "date,start,end,class\n05/01/2024,10:00:30.5,10:01:00,a\n",
            "line 2: `05/01/2024 10:00:30.5` may be 2024-01-05 or 2024-05-01",
        ),
    ] {
        std::fs::write(&path, text).unwrap();
        let error = read_labels(&path).unwrap_err().to_string();
        assert!(error.contains(problem), "{text}: {error}");
    }
    // A unit alone is none: a start in hours.
    std::fs::write(&path, "start_h,duration,class\n1,1,a\n").unwrap();
    assert_eq!(read_labels(&path).unwrap()[0].start, Time::Seconds(3600.0));
}
