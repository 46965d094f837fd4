//! Times of day without a date, and labels over midnight.

use super::*;
use crate::recording::DAY;

fn rows(text: &str) -> Result<super::table::LabelRows, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    std::fs::write(&path, text).unwrap();
    read(&path, &parse_yaml("labels.csv").unwrap()).map_err(|error| error.to_string())
}

fn moment(text: &str) -> i64 {
    recording::parse_time(text).unwrap()
}

/// A time of day with a single date, and an end before the start: the label ends on the next day.
#[test]
fn labels_over_midnight() {
    let next = Time::Moment(moment("2024-05-02T00:00:10Z"));
    for text in [
        "date,start,end,class\n2024-05-01,23:59:50,00:00:10,a\n",
        "date,start_time,end_time,class\n2024-05-01,23:59:50,00:00:10,a\n",
        "year,month,day,start_hour,start_min,start_sec,end_hour,end_min,end_sec,class\n2024,5,1,23,59,50,0,0,10,a\n",
    ] {
        let found = rows(text).unwrap();
        assert_eq!(found.rows[0].label.end, next, "{text}");
        let note = found.notes.concat();
        let expected = "1 label with an end before the start, taken for one on the next day (the first: line 2, from `";
        assert!(note.starts_with(expected), "{note}");
    }
    // Swapped times would last nearly a day, and other dates are not guessed.
    for row in [
        "2024-05-01,10:00:50,2024-05-01,10:00:10,a",
        "2024-05-01,23:59:50,2024-05-01,00:00:10,a",
    ] {
        let error = rows(&format!("start_date,start,end_date,end,class\n{row}\n"));
        let error = error.unwrap_err();
        assert!(error.contains("line 2: ends before it begins"), "{error}");
    }
    let text = "date,start,end,class\n2024-05-01,2024-05-01T23:59:50Z,2024-05-01T00:00:10Z,a\n";
    assert!(rows(text).unwrap_err().contains("ends before it begins"));
}

/// Times of day without a date are of the only day on which the recording has them.
#[test]
fn times_of_day_take_the_day_of_the_recording() {
    let times = |row: &str, span: [&str; 2]| {
        let found = rows(&format!("start,end,class\n{row},walk\n"))?;
        let span = (moment(span[0]), moment(span[1]));
        let times = found.rows[0].label.times(span.0, span);
        times.map_err(|error| error.to_string())
    };
    let expected = |from: &str, to: &str| Ok((moment(from), moment(to)));
    let day = ["2024-05-01T10:00:00Z", "2024-05-01T12:00:00Z"];
    assert_eq!(
        times("10:15:30,10:16:00", day),
        expected("2024-05-01T10:15:30Z", "2024-05-01T10:16:00Z")
    );
    // Before the recording, which is another warning.
    assert_eq!(
        times("9:15,9:16", day),
        expected("2024-05-01T09:15:00Z", "2024-05-01T09:16:00Z")
    );
    let night = ["2024-05-01T22:00:00Z", "2024-05-02T04:00:00Z"];
    assert_eq!(
        times("03:15:30,03:16:00", night),
        expected("2024-05-02T03:15:30Z", "2024-05-02T03:16:00Z")
    );
    assert_eq!(
        times("23:59:50,00:00:10", night),
        expected("2024-05-01T23:59:50Z", "2024-05-02T00:00:10Z")
    );
    // A recording to the last sample of a day has no second one.
    let whole = ["2024-05-01T00:00:00Z", "2024-05-02T00:00:00Z"];
    assert_eq!(
        times("00:00:00,00:00:10", whole),
        expected("2024-05-01T00:00:00Z", "2024-05-01T00:00:10Z")
    );
    for (row, span, problem) in [
        (
            "11:00:00,11:00:10",
            ["2024-05-01T10:00:00Z", "2024-05-02T12:00:00Z"],
            "a label of class `walk` begins at `11:00:00`, a time of day without a date that is in the recording more than \
             once: it lasts from 2024-05-01T10:00:00.000Z to 2024-05-02T12:00:00.000Z; write the times with their dates",
        ),
        (
            "11:00:00,11:00:10",
            night,
            "`11:00:00`, a time of day without a date that is in the recording on none of its days",
        ),
        (
            "11:00:00,11:00:10",
            ["1970-01-01", "1970-01-02"],
            "and the recording has no times: write the seconds from the first sample, or give the recording its `start`",
        ),
        (
            "2024-05-01T11:00:00Z,11:00:10",
            day,
            "line 2: `11:00:10` has no date",
        ),
        ("11:00:00,12", day, "line 2: `11:00:00` has no date"),
        ("11:00:50,11:00:10", day, "line 2: ends before it begins"),
    ] {
        let error = times(row, span).unwrap_err();
        assert!(error.contains(problem), "{error}");
    }
    let lasting = rows("start,duration,class\n23:59:50,20,walk\n").unwrap();
    assert_eq!(lasting.rows[0].label.end, Time::Clock(DAY + 10_000_000_000));
    // Three years, and more than there are times.
    let mut endless = rows("start,duration,class\n10:00:00,9e7,walk\n")
        .unwrap()
        .rows
        .remove(0)
        .label;
    let span = (moment(day[0]), moment(day[1]));
    assert!(endless.times(span.0, span).is_err());
    endless.end = Time::Clock(i64::MAX);
    assert!(endless.times(span.0, span).is_err());
}
