//! Headings that are no names, and what they and digits tell of times.

use super::dates::{form, table};
use super::*;
use crate::recording::parse_time;

/// A row in each minute; digits that may be `yymmddhhmmss` of 2020 are these.
#[test]
fn minutes_without_marks() {
    let start = parse_time("2024-05-01T10:00:00Z").unwrap();
    let row = |i: i64| {
        let time = start + i * 60_000_000_000;
        format!("{},{}\n", form("%Y%m%d%H%M")(time), i * i % 17)
    };
    let text = format!("time,Z\n{}", (0..300).map(row).collect::<String>());
    let own = contents(&text, &Hints::default()).unwrap();
    assert_eq!((own.traces.len(), own.traces[0].start), (1, start));
    assert!((own.traces[0].rate * 60.0 - 1.0).abs() < 1e-6);
    let row = |i: i64| format!("20011210{:02}{:02},{}\n", i / 60, i % 60, i * i % 17);
    let text = format!("time,Z\n{}", (0..300).map(row).collect::<String>());
    let own = contents(&text, &Hints::default()).unwrap();
    let start = parse_time("2020-01-12T10:00:00Z").unwrap();
    assert_eq!((own.traces[0].start, own.traces[0].rate), (start, 1.0));
}

/// As ActiLife writes it in the heading.
#[test]
fn a_heading_tells_the_order_of_dates() {
    for (told, form_of, time) in [
        ("M/d/yyyy", "%m/%d/%Y %H:%M:%S%.3f", "2024-05-01T10:00:00Z"),
        (
            "dd/MM/yyyy",
            "%m/%d/%Y %H:%M:%S%.3f",
            "2024-01-05T10:00:00Z",
        ),
    ] {
        let head =
            format!("-- Data File Created By X date format {told} at 100 Hz --\nTimestamp,Z\n");
        let own = contents(&table(&head, form(form_of)), &Hints::default()).unwrap();
        assert_eq!(own.traces[0].start, parse_time(time).unwrap(), "{told}");
        assert_eq!(own.traces[0].rate, 100.0);
    }
    let error = contents(
        &table("Timestamp,Z\n", form("%m/%d/%Y %H:%M:%S%.3f")),
        &Hints::default(),
    );
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("may be 2024-01-05 or")
    );
}

/// Years of two digits: the order of days and months shows that they are the last number.
#[test]
fn years_of_two_digits_behind_days() {
    let start = parse_time("2024-05-13T10:00:00Z").unwrap();
    let row = |i: i64| {
        format!(
            "{},{}\n",
            form("%m/%d/%y %I:%M:%S %p")(start + i * 1_000_000_000),
            i % 7
        )
    };
    let text = format!("Date Time,Z\n{}", (0..300).map(row).collect::<String>());
    let own = contents(&text, &Hints::default()).unwrap();
    assert_eq!((own.traces[0].start, own.traces[0].rate), (start, 1.0));
    let text = text.replace("05/13/24", "05/12/24");
    assert!(contents(&text, &Hints::default()).is_err());
}
