//! Time zones beside the times of labels.

use super::*;

/// Labels, information and warnings of a table.
pub(super) fn read_text(
    text: &str,
    settings: &str,
) -> Result<(Vec<Label>, String, String), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    std::fs::write(&path, text).unwrap();
    let rows = super::read(&path, &parse_yaml(settings).unwrap());
    let rows = rows.map_err(|error| error.to_string())?;
    let labels = rows.rows.into_iter().map(|row| row.label).collect();
    Ok((labels, rows.notes.join("\n"), rows.warnings.join("\n")))
}

const TEN: i64 = 1_714_557_600_000_000_000;
const MINUTE: i64 = 60_000_000_000;

/// Names of columns, and a row with a label from ten o'clock UTC that takes a minute.
const FROM_TEN: &[(&str, &str)] = &[
    (
        "start (UTC+2),end (UTC+2),class",
        "2024-05-01 12:00:00,2024-05-01 12:01:00,car",
    ),
    (
        "start (+0200),end (+0200),class",
        "2024-05-01 12:00:00,2024-05-01 12:01:00,car",
    ),
    (
        "Start time GMT-04:00,End time GMT-04:00,class",
        "2024-05-01 06:00:00,2024-05-01 06:01:00,car",
    ),
    (
        "start,end,class,timezone",
        "2024-05-01 12:00:00,2024-05-01 12:01:00,car,+02:00",
    ),
    (
        "start,end,class,utc_offset",
        "2024-05-01 12:00:00,2024-05-01 12:01:00,car,+0200",
    ),
    (
        "start,end,class,where",
        "2024-05-01 12:00:00,2024-05-01 12:01:00,car,UTC+2",
    ),
    (
        "date,start_time,end_time,class,tz",
        "2024-05-01,12:00:00,12:01:00,car,+02:00",
    ),
    (
        "year,month,day,hour,minute,second,duration,class,tz",
        "2024,5,1,12,0,0,60,car,+02:00",
    ),
    (
        "start (UTC+2),end (UTC+2),class",
        "2024-05-01T12-00-00,2024-05-01T12-01-00,car",
    ),
    ("start_mjd (UTC+2),duration_s,class", "60431.5,60,car"),
    (
        "start_datenum,duration_s,class,tz",
        "739373.5,60,car,+02:00",
    ),
    (
        "Start,Duration,class,UTC offset",
        "2024-05-01 12:00:00,60,car,+02:00",
    ),
    (
        "Start (dd.mm.yyyy hh:mm:ss),End (dd.mm.yyyy hh:mm:ss),class",
        "01.05.2024 10:00:00,01.05.2024 10:01:00,car",
    ),
    (
        "Date (mm/dd/yyyy),Start (hh:mm),End (hh:mm),class",
        "05/01/2024,10:00,10:01,car",
    ),
    ("date,start,end,class", "01.05.2024,10.00.00,10.01.00,car"),
    // Times with a zone of their own, and numbers of Unix time, are as they are.
    (
        "start,end,class,tz",
        "2024-05-01T10:00:00Z,20240501T120100+0200,car,+02:00",
    ),
    ("start,end,class,tz", "1714557600,1714557660,car,+02:00"),
    // In UTC beside others.
    (
        "start_local,end_local,start_utc,end_utc,class",
        "2024-05-01 12:00:00,2024-05-01 12:01:00,2024-05-01 10:00:00,2024-05-01 10:01:00,car",
    ),
    (
        "Local time,UTC time,duration,class",
        "2024-05-01 12:00:00,2024-05-01 10:00:00,60,car",
    ),
    (
        "start (UTC),end (UTC),class",
        "2024-05-01 10:00:00,2024-05-01 10:01:00,car",
    ),
    (
        "start,end,class,tz",
        "2024-05-01 10:00:00,2024-05-01 10:01:00,car,UTC",
    ),
];

#[test]
fn offsets_in_names_and_columns() {
    for (head, row) in FROM_TEN {
        let (labels, _, warnings) = read_text(&format!("{head}\n{row}\n"), "x.csv").unwrap();
        let times = (Time::Moment(TEN), Time::Moment(TEN + MINUTE));
        assert_eq!((labels[0].start, labels[0].end), times, "{head}");
        assert_eq!(warnings, "", "{head}");
    }
}

#[test]
fn zones_of_rows_and_of_times_of_day() {
    // Each row has its own.
    let text = "start,end,class,tz\n2024-05-01 12:00,2024-05-01 12:01,a,+02:00\n2024-05-01 11:00,2024-05-01 11:01,a,+01:00\n";
    let (labels, notes, _) = read_text(text, "x.csv").unwrap();
    assert!(labels.iter().all(|label| label.start == Time::Moment(TEN)));
    assert!(
        notes.contains("offsets from UTC in column `tz`, such as `+02:00`"),
        "{notes}"
    );
    // Times of day, and columns that the list gives.
    let (labels, notes, _) = read_text(
        "from (UTC+1),to (UTC+1),class\n11:00:00,11:01:00,a\n",
        "x.csv",
    )
    .unwrap();
    assert_eq!(labels[0].start, Time::Clock(600 * MINUTE));
    assert!(
        notes.contains("column `from (UTC+1)`: times without a zone are read as +1 h"),
        "{notes}"
    );
    let text = "T0 [UTC+2],T1 [UTC+2],what\n2024-05-01 12:00:00,2024-05-01 12:01:00,a\n";
    let given = "{file: x, start: 'T0 [UTC+2]', end: 'T1 [UTC+2]', class: what}";
    assert_eq!(
        read_text(text, given).unwrap().0[0].start,
        Time::Moment(TEN)
    );
}

#[test]
fn zones_without_an_offset_are_warnings() {
    for (head, zone, said) in [
        (
            "start [EST],end [EST],class",
            "",
            "column `start [EST]` says EST",
        ),
        (
            "start_local,end_local,class",
            "",
            "column `start_local` says local",
        ),
        (
            "start,end,class,timezone",
            ",Europe/Berlin",
            "column `timezone` says `Europe/Berlin`",
        ),
        ("start,end,class,tz", ",2", "column `tz` says `2`"),
        ("start,end,class,where", ",CET", "column `where` says `CET`"),
    ] {
        let text = format!("{head}\n2024-05-01 10:00:00,2024-05-01 10:01:00,a{zone}\n");
        let (labels, _, warnings) = read_text(&text, "x.csv").unwrap();
        assert_eq!(labels[0].start, Time::Moment(TEN), "{head}");
        assert!(warnings.contains(said), "{head}: {warnings}");
        // Seconds have no zone.
        let text = format!("{head}\n1,2,a{zone}\n");
        let (labels, _, warnings) = read_text(&text, "x.csv").unwrap();
        assert_eq!(
            (labels[0].start, &*warnings),
            (Time::Seconds(1.0), ""),
            "{head}"
        );
    }
    // Signs alone are no zones.
    let text = "start,end,class,polarity\n2024-05-01 10:00,2024-05-01 10:01,a,+1\n";
    let (labels, notes, warnings) = read_text(text, "x.csv").unwrap();
    assert_eq!(labels[0].start, Time::Moment(TEN));
    assert_eq!((&*notes, &*warnings), ("", ""));
}

#[test]
fn zones_above_the_rows() {
    let said = |above: &str, start: &str| {
        let text = format!("{above}\nstart,duration,class\n{start},60,car\n");
        read_text(&text, "labels.csv").unwrap().2
    };
    let local = "2024-05-01 12:00:00";
    for line in [
        "# timezone: Europe/Berlin",
        "# Times in UTC+2",
        "Time zone: +02:00",
    ] {
        let found = said(line, local);
        let expected =
            format!("the heading says `{line}`, but the times have no offset and are read as UTC");
        assert!(found.starts_with(&expected), "{found}");
        assert_eq!(said(line, "2024-05-01T12:00:00Z"), "");
        assert_eq!(said(line, "12.5"), "");
    }
    assert_eq!(said("# timezone: UTC", local), "");
}
