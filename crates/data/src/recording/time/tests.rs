use super::*;

#[test]
fn times() {
    assert_eq!(parse_time("12.5").unwrap(), 12_500_000_000);
    let day = parse_time("2024-05-01T10:00:00Z").unwrap();
    assert_eq!(parse_time("2024-05-01 10:00:00").unwrap(), day);
    assert_eq!(parse_time("2024-05-01T12:00:00+02:00").unwrap(), day);
    assert_eq!(of_day(2024, 122, [10, 0, 0], 0), Some(day));
    assert_eq!(of_day(1970, 1, [0; 3], 0), Some(0));
    assert_eq!(
        of_day(2000, 61, [0; 3], 0),
        Some(parse_time("2000-03-01T00:00:00Z").unwrap())
    );
    assert_eq!(format_time(day), "2024-05-01T10:00:00.000Z");
    assert_eq!(format_time(1_500_000_000), "1.500 s");
    for bad in ["", "noon", "1e300", "2024-13-01T00:00:00Z"] {
        parse_time(bad).unwrap_err();
    }
}

/// Same results as `pandas.to_datetime(..., utc=True)` and ObsPy's `UTCDateTime`.
#[test]
fn times_of_other_people() {
    let day = 1_714_557_600_000_000_000;
    for (text, late) in [
        ("2024/05/01 10:00:00.08", 80_000_000),
        ("20240501T100000", 0),
        ("20240501T100000.25Z", 250_000_000),
        ("2024-05-01 10:00:00 UTC", 0),
        ("2024-05-01T10:00:00+0000", 0),
        ("2024-05-01T12:00:00.5+02", 500_000_000),
        ("2024-05-01 04:30:00 -05:30", 0),
        ("01.05.2024 10:00:00,004", 4_000_000),
        ("2024-05-01 10:00:00,123456789", 123_456_789),
        // LabVIEW.
        ("2024-05-01T10:00:00.0042930000000000123", 4_293_000),
        ("2024-05-01T10:00", 0),
        ("2024-122T10:00:00", 0),
        ("2024,122,10:00:00.000001", 1000),
        ("05/13/2024 10:00:00", 12 * DAY),
        ("05/13/24 10:00:00 AM", 12 * DAY),
        ("13/05/2024 10:00:00", 12 * DAY),
        ("2024-05-01 10:00:00 AM", 0),
        ("2024-05-01", -36_000_000_000_000),
        ("01-May-2024 10:00:00.004", 4_000_000),
        ("1 May 2024 10:00", 0),
        ("May 1, 2024 10:00:00 AM", 0),
        ("2024-MAY-13 10:00:00", 12 * DAY),
        ("2024:122:10:00:00.5", 500_000_000),
        ("2024-05-01 10:00:00:250", 250_000_000),
        ("20240501100000", 0),
        ("20240501100000.25", 250_000_000),
        ("20240501100000250", 250_000_000),
        ("202405011000002", 200_000_000),
        ("2024050110000025", 250_000_000),
        ("202405011000002505", 250_500_000),
        ("20240501100000250500", 250_500_000),
        ("202405011000", 0),
        ("2024-5-1 10:0:0.25", 250_000_000),
        ("Wed May  1 10:00:00 UTC 2024", 0),
    ] {
        assert_eq!(parse_time(text), Ok(day + late), "{text}");
    }
    for bad in [
        "05/01/2024 10:00:00",
        "NaT",
        "10:00:00",
        "2024-02-30 10:00:00",
        "2023-366T00:00:00",
        "2024-05-01T10:00:00x",
        "2024-05-01 25:00:00",
        "01-Mey-2024 10:00:00",
        "01-May-24 10:00:00",
        "1630,123",
        "2290,100",
        "2024-05-01 10:00.5",
        "2024-05-01 10:00:00:25",
        "2024-05-01 10:00:00 EST",
        "2024-05-01 10:00:00 [Brazil/West]",
        "Wed May  1 10:00:00 CEST 2024",
        "2024-05-01 10:00:00 +99",
    ] {
        parse_time(bad).unwrap_err();
    }
}

/// Texts that are no time by themselves.
#[test]
fn clocks_and_doubtful_dates() {
    for (text, problem) in [
        ("05/01/24 10:00:00 AM", MomentError::ShortYear),
        ("24-05-01 10:00:00", MomentError::ShortYear),
        ("2024-05-01 10:00:00 EST", MomentError::Zone),
        ("1.2.3", MomentError::Malformed),
    ] {
        assert_eq!(parse_moment(text.as_bytes()), Err(problem), "{text}");
    }
    assert_eq!(
        parse_moment(b"14:04:06.741"),
        Ok(Moment::Clock(50_646_741_000_000))
    );
    // These are minutes and seconds, since hours and minutes have no fraction.
    for (text, nanos) in [
        ("04:31.25", 271_250_000_000),
        ("75:00.5", 4_500_500_000_000),
    ] {
        assert_eq!(parse_moment(text.as_bytes()), Ok(Moment::Clock(nanos)));
    }
}

/// The form of Oracle tells that the day comes first.
#[test]
fn times_of_oracle() {
    let time = parse_time("2026-11-28T23:31:05.123456").unwrap();
    for text in [
        "28-NOV-26 11.31.05.123456 PM",
        "28-NOV-26 11.31.05.123456000 PM +00:00",
        "28-Nov-26 11.31.05,123456 PM UTC",
        "29-NOV-26 12.31.05.123456 AM +01:00",
        "28-NOV-2026 11.31.05.123456 PM",
    ] {
        assert_eq!(parse_time(text), Ok(time), "{text}");
    }
    let old = parse_time("1997-03-01T00:00:05").unwrap();
    assert_eq!(parse_time("1-MAR-97 12.00.05 AM"), Ok(old));
    for (text, problem) in [
        ("01-May-24 10:00:00", MomentError::ShortYear),
        ("01-MAY-24", MomentError::ShortYear),
        ("28-NOV-26 11.31.05.1 PM EST", MomentError::Zone),
    ] {
        assert_eq!(parse_moment(text.as_bytes()), Err(problem), "{text}");
    }
    for wrong in [
        "28-NOV-26 11.31.05.5",
        "31-NOV-26 11.31.05 PM",
        "28-NOV-26 11.61.05 PM",
    ] {
        parse_time(wrong).unwrap_err();
    }
}

/// An offset counts, and a name beside it does not.
#[test]
fn zones_of_other_people() {
    let day = 1_714_557_600_000_000_000;
    for text in [
        "2024-05-01 06:00:00.000-0400 [Brazil/West]",
        "2024-05-01T12:00:00+02:00[Europe/Berlin]",
        "2024-05-01T10:00:00Z[UTC]",
        "2024-05-01 12:00:00 GMT+2",
        "2024-05-01 12:00:00 +0200 CEST",
        "Wed May 01 2024 12:00:00 GMT+0200 (Central European Summer Time)",
        "Wed, 01 May 2024 10:00:00 GMT",
        "Wed May  1 10:00:00 2024",
    ] {
        assert_eq!(parse_time(text), Ok(day), "{text}");
    }
}

/// Halves are rounded away from zero, as `f64::round` does.
#[test]
fn seconds_are_rounded_to_nanoseconds() {
    let ties = [
        0.0,
        0.5,
        0.499_999_999_999_999_94,
        1.5,
        2.5,
        4_503_599_627_370_495.5,
        9e15,
        9.19e18,
    ];
    let others = (1..10_000).map(|i| 1.714e18 / f64::from(i) + f64::from(i) / 7.0);
    for nanos in ties.into_iter().chain(others) {
        for seconds in [nanos / NANOS, -nanos / NANOS] {
            let expected = (seconds * NANOS).round() as i64;
            assert_eq!(of_seconds(seconds), Some(expected), "{seconds:e}");
        }
    }
    for seconds in [9.3e9, -9.3e9, f64::INFINITY, f64::NAN] {
        assert_eq!(of_seconds(seconds), None, "{seconds}");
    }
}

/// As pandas and Python write `timedelta`.
#[test]
fn durations_with_days() {
    for (text, nanos) in [
        ("0 days 00:00:00.010000", 10_000_000),
        ("0 days", 0),
        ("-1 days +23:59:58.500000", -1_500_000_000),
        ("-1 day, 23:59:59", -1_000_000_000),
        ("1 days 00:00:01", DAY + 1_000_000_000),
        ("2 day, 0:00:00.5", 2 * DAY + 500_000_000),
    ] {
        let moment = parse_moment(text.as_bytes());
        assert_eq!(moment, Ok(Moment::Clock(nanos)), "{text}");
    }
    // The last may be a date with an offset from UTC.
    for text in [
        "1 day ago",
        "days",
        "5 days 10",
        "2024-05-01-05:00",
        "2024-05-01-0500",
    ] {
        assert!(parse_moment(text.as_bytes()).is_err(), "{text}");
    }
}

/// Halves of the day and separators of other locales and programs, and the date behind the time of day.
#[test]
fn times_of_spreadsheets_and_file_names() {
    let day = 1_714_557_600_000_000_000;
    for (text, late) in [
        ("2024-05-01 10:00:00 a. m.", 0),
        ("10:00:00.25 13/05/2024", 12 * DAY + 250_000_000),
        ("10:00 AM 01.05.2024", 0),
        ("2024-05-01_10-00-00.25", 250_000_000),
        ("2024-05-01-10:00:00", 0),
        ("2024-05-01-10-00-00", 0),
        ("13-05-2024 10.00.00,25", 12 * DAY + 250_000_000),
        ("1.5.2024 9.59.59", -1_000_000_000),
        ("2024-05-01 - 10:00:00.5", 500_000_000),
        ("May 1, 2024 @ 10:00:00.250", 250_000_000),
        ("13/05/2024 10:00:00.25 p.m.", 12 * DAY + 43_200_250_000_000),
        (
            "5/13/2024, 12:00:00\u{202f}AM",
            12 * DAY - 36_000_000_000_000,
        ),
        (
            "13/05/2024 12:00:00 p.\u{a0}m.",
            12 * DAY + 7_200_000_000_000,
        ),
    ] {
        assert_eq!(parse_time(text), Ok(day + late), "{text}");
    }
}

/// Day of the year with points, as in names of files of SAC, and dates with points throughout.
#[test]
fn dates_with_points() {
    let day = parse_time("2024-05-01T10:00:00Z").unwrap();
    for (text, late) in [
        ("2024.122.10.00.00", 0),
        ("2024.122.10.00.00.2500", 250_000_000),
        ("2024.122.10:00:00.25", 250_000_000),
        ("2024.122.100000", 0),
        ("2024.05.01.10.00.00", 0),
        ("2024.122", -36_000_000_000_000),
    ] {
        let found = parse_moment(text.as_bytes());
        let (Ok(Moment::Stamp(nanos)) | Ok(Moment::Day(nanos))) = found else {
            panic!("{text}: {found:?}");
        };
        assert_eq!(nanos, day + late, "{text}");
    }
    for bad in [
        "2024.122.10.00",
        "2024.400.10.00.00",
        "2024.122.10",
        "2024.122.",
        "10.20.30.40",
    ] {
        parse_moment(bad.as_bytes()).unwrap_err();
    }
}

#[test]
fn names_of_months() {
    let expected = |month: i64| day(2024, month, 15).unwrap() * DAY + 36_000_000_000_000;
    for (month, names) in [
        (
            1,
            "Januar Jänner janvier janv. enero ene gennaio gen janeiro",
        ),
        (2, "Februar février févr. febrero febbraio fevereiro fev"),
        (3, "März Mrz mars marzo março maart"),
        (4, "April avril avr. abril abr aprile"),
        (5, "Mai mai mayo maggio mag maio"),
        (6, "Juni juin junio giugno giu junho"),
        (7, "Juli juillet juil. julio luglio lug julho"),
        (8, "August août aout agosto ago"),
        (
            9,
            "September septembre sept. septiembre setiembre settembre set setembro",
        ),
        (10, "Oktober Okt octobre octubre ottobre ott outubro out"),
        (11, "November novembre noviembre novembro"),
        (
            12,
            "Dezember Dez décembre déc. diciembre dic dicembre dezembro",
        ),
    ] {
        for name in names.split(' ') {
            for text in [
                format!("15 {name} 2024 10:00:00"),
                format!("15. {name} 2024 10:00:00"),
                format!("15-{name}-2024 10:00:00"),
                format!("15 de {name} de 2024, 10:00:00"),
                format!("{name} 15, 2024 10:00:00"),
                format!("2024-{}-15 10:00:00", name.to_uppercase()),
            ] {
                assert_eq!(parse_time(&text), Ok(expected(month)), "{text}");
                let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
                assert_eq!(
                    parse_moment(&latin),
                    Ok(Moment::Stamp(expected(month))),
                    "{text}"
                );
            }
        }
    }
    for text in [
        "1er mai 2024 10:00",
        "1º maggio 2024 10:00",
        "1st May 2024 10:00",
    ] {
        assert_eq!(parse_time(text), parse_time("2024-05-01 10:00"), "{text}");
    }
    for bad in ["15 jui 2024 10:00:00", "15 ma 2024", "mayor 15, 2024"] {
        parse_time(bad).unwrap_err();
    }
}

#[test]
fn signs_of_other_scripts() {
    let day = parse_time("2024-05-01T10:00:00Z").unwrap();
    for (text, late) in [
        ("2024年5月1日 10时00分00秒", 0),
        ("2024年05月01日10时00分00.25秒", 250_000_000),
        ("2024年5月1日 10:00:00", 0),
        ("2024年5月1日 上午10:00:00", 0),
        ("2024年5月1日 下午10时", 12 * 3_600_000_000_000),
        ("2024年5月1日10時00分", 0),
        ("2024年5月1日 午前10時0分0秒", 0),
        ("2024년 5월 1일 10시 00분 00초", 0),
        ("2024년 5월 1일 오후 10:00:00", 12 * 3_600_000_000_000),
        ("2024-05-01 10：00：00", 0),
        ("2024/5/1 上午 10:00:00", 0),
        ("2024年5月1日", -36_000_000_000_000),
    ] {
        assert_eq!(parse_time(text), Ok(day + late), "{text}");
    }
    // GBK, Shift-JIS, EUC-KR and Big5.
    for text in [
        &b"2024\xC4\xEA5\xD4\xC21\xC8\xD5 10\xCA\xB100\xB7\xD600\xC3\xEB"[..],
        b"2024\x94\x4E5\x8C\x8E1\x93\xFA 10\x8E\x9E00\x95\xAA00\x95\x62",
        b"2024\xB3\xE2 5\xBF\xF9 1\xC0\xCF 10\xBD\xC3 00\xBA\xD0 00\xC3\xCA",
        b"2024\xA6\x7E5\xA4\xEB1\xA4\xE9 10\xAE\xC900\xA4\xC000\xAC\xED",
    ] {
        assert_eq!(parse_moment(text), Ok(Moment::Stamp(day)), "{text:?}");
    }
    assert_eq!(
        parse_moment("10时00分00.5秒".as_bytes()),
        Ok(Moment::Clock(36_000_500_000_000))
    );
    for bad in ["2024年5月", "年月日", "温度", "5月1日 10:00:00"] {
        parse_time(bad).unwrap_err();
    }
}
