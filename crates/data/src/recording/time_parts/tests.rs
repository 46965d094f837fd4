//! Names of the parts of times.

use super::*;

fn of(names: &str, values: &[f64]) -> (Option<i64>, String) {
    let names: Vec<&str> = names.split(' ').collect();
    let names: Vec<(usize, &str)> = names.into_iter().enumerate().collect();
    let parts = TimeParts::find(&names);
    let missing = parts.missing(|at| values[at]).join(" ");
    (parts.nanos(|at| values[at]), missing)
}

#[test]
fn names_of_parts() {
    let moment = super::super::parse_time("2024-05-01T10:07:30.25").unwrap();
    let whole = [2024.0, 5.0, 1.0, 10.0, 7.0, 30.25];
    for names in [
        "year month day hour minute second",
        "Jahr Monat Tag Stunde Minuten Sekunde",
        "yyyy MM dd hh mm ss",
        "YYYY MM DD HH MM SS.SS",
        "yyyy mm dd hh mm.1 ss.fff",
        "year month day hour min s",
        "Y M D h m s",
        "y m d h m.1 s",
        "Y M D H M.1 S",
        "Year Month Day h m s",
    ] {
        assert_eq!(of(names, &whole), (Some(moment), String::new()), "{names}");
    }
    // `m` is the minute although it comes first.
    assert_eq!(
        of("m s h M D Y", &[7.0, 30.25, 10.0, 5.0, 1.0, 2024.0]).0,
        Some(moment)
    );
    assert_eq!(
        of("year doy hour min sec", &[2024.0, 122.0, 10.0, 7.0, 30.25]).0,
        Some(moment)
    );
    assert_eq!(
        of("year doy sec", &[2024.0, 122.0, 36_450.25]),
        (Some(moment), String::new())
    );
    let parts = [2024.0, 122.0, 10.0, 7.0, 30.0, 250.0];
    assert_eq!(of("year doy hour min sec ms", &parts).0, Some(moment));
    let clock = 36_450_250_000_000;
    assert_eq!(
        of("h m s", &[10.0, 7.0, 30.25]),
        (Some(clock), String::new())
    );
    assert_eq!(of("min sec", &[607.0, 30.25]), (Some(clock), String::new()));
}

#[test]
fn what_is_missing() {
    for (names, missing) in [
        ("year day", "month"),
        ("year month", "day"),
        ("month day hour", "year"),
        ("doy hour minute", "year"),
        ("year month day minute second", "hour"),
        ("year month day hour second", "minute"),
        ("year doy second", "hour minute"),
        ("year doy hour minute ms", "second"),
        ("hour sec", "minute"),
        ("year month day hour", ""),
        ("year month day", ""),
    ] {
        assert_eq!(of(names, &[5.0; 6]).1, missing, "{names}");
    }
}

#[test]
fn values_out_of_range() {
    for (names, values) in [
        ("year month day", &[24.0, 5.0, 1.0][..]),
        ("year month day", &[2024.0, 13.0, 1.0]),
        ("year month day", &[2023.0, 2.0, 29.0]),
        ("year doy", &[2023.0, 366.0]),
        ("year doy hour minute", &[2024.0, 1.0, 10.0, 60.0]),
        (
            "year doy hour minute second",
            &[2024.0, 1.0, 10.0, 5.0, 61.0],
        ),
        ("year doy hour minute", &[2024.0, 1.0, 10.5, 5.0]),
        ("hour min sec ms", &[1.0, 2.0, 3.0, 1000.0]),
        ("hour min sec ms us", &[1.0, 2.0, 3.0, 100.0, 100_000.0]),
        ("hour min sec", &[1.0, f64::NAN, 3.0]),
    ] {
        assert_eq!(of(names, values).0, None, "{names} {values:?}");
    }
}
