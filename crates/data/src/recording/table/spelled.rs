//! Dates and times of day in digits whose order the name of the column spells, as `ddmmyy` and `hhmmss.sss` of NMEA or
//! `yymmddhhmmss`; and those of six and twelve digits whose order nothing but the digits tells.

use super::super::time::{self, DAY};
use super::super::{NANOS, Notes, Remark};
use super::names::time_name;
use super::{Column, NO_TIME, Values};

/// A part of a time, in two or four digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

use Part::{Day, Hour, Minute, Month, Second, Year};

/// Parts from the first digit on, and how many digits they have.
type Form = Vec<(Part, u32)>;

/// Orders of dates of six digits, by their usual names.
const SHORT: [(&str, [Part; 3]); 3] = [
    ("ddmmyy", [Day, Month, Year]),
    ("yymmdd", [Year, Month, Day]),
    ("mmddyy", [Month, Day, Year]),
];
/// Years of two digits that dates of unknown order may have.
const YEARS: std::ops::Range<i64> = 1990..2040;
/// Numbers of twelve digits that begin with a year of two digits, from 2005 on: Unix time in milliseconds has thirteen.
const TWELVE: std::ops::Range<f64> = 50_101_000_000.0..1e12;
/// Least largest number of a column of dates of six digits: a zero in front is left out.
const FIVE: f64 = 10_000.0;
/// Behind twelve digits, a float64 holds these parts of a second.
const FINEST: f64 = 1e4;

/// Converts columns whose names spell the order of their digits; whether one of them has dates.
pub(super) fn by_name(columns: &mut [Column], notes: &mut Notes) -> bool {
    let mut found = false;
    for column in columns {
        let Values::Numbers(values) = &column.values else {
            continue;
        };
        let mut words = column.name.split(|c: char| !c.is_alphanumeric());
        let Some(form) = words.find_map(form) else {
            continue;
        };
        let Some(times) = times(values, &form) else {
            continue;
        };
        notes.push(Remark::DayNumbers {
            name: column.name.clone(),
            what: "dates or times of day in digits, in the order that its name says",
        });
        let is_dated = form.iter().any(|(part, _)| *part == Year);
        found |= is_dated;
        column.values = if is_dated {
            Values::Times(times)
        } else {
            Values::Clocks(times)
        };
    }
    found
}

/// Converts a column of dates of six digits, and times of twelve, if only one order makes dates of them. `is_date` tells
/// names of dates. Whether there are such dates, also ones of unknown order, which are left out.
pub(super) fn by_digits(
    columns: &mut [Column],
    is_date: impl Fn(&str) -> bool,
    notes: &mut Notes,
) -> bool {
    let is_nmea = columns.iter().any(is_rmc);
    let mut found = false;
    let has_clocks = columns
        .iter()
        .any(|column| matches!(column.values, Values::Clocks(_)));
    for column in columns {
        let Values::Numbers(values) = &column.values else {
            continue;
        };
        let is_time = time_name(&column.name).is_some_and(|name| name.unit.is_none());
        if is_date(&column.name)
            && let Some(known) = short(values, is_nmea)
        {
            found = true;
            column.values = known.into_values(&column.name, values, notes);
        } else if is_date(&column.name)
            && let Some(days) = days_of_years(values, has_clocks)
        {
            found = true;
            notes.push(Remark::DayNumbers {
                name: column.name.clone(),
                what: "dates as a year and the day of the year",
            });
            column.values = Values::Times(days);
        } else if is_time
            && values
                .iter()
                .all(|value| value.is_nan() || TWELVE.contains(value))
            && let Some(times) = times(values, &moment())
        {
            notes.push(Remark::DayNumbers {
                name: column.name.clone(),
                what: "dates and times of day as yymmddhhmmss",
            });
            column.values = Values::Times(times);
        }
    }
    found
}

/// Year, month, day, hour, minute and second, each in two digits.
fn moment() -> Form {
    [Year, Month, Day, Hour, Minute, Second]
        .map(|part| (part, 2))
        .to_vec()
}

/// Whether a column names NMEA's sentences of times and dates, in which the day comes first.
fn is_rmc(column: &Column) -> bool {
    let Values::Texts(texts) = &column.values else {
        return false;
    };
    let is_rmc = |text: &[u8]| text.starts_with(b"$G") && text.ends_with(b"RMC");
    !texts.rows.is_empty() && texts.all().all(is_rmc)
}

/// Dates of six digits.
enum SixDigitDates {
    /// In the only order that is possible.
    Certain(&'static str, Vec<i64>),
    /// Orders that are possible.
    Unclear(Vec<&'static str>),
}

impl SixDigitDates {
    fn into_values(self, name: &str, values: &[f64], notes: &mut Notes) -> Values {
        match self {
            Self::Certain(form, days) => {
                notes.push(format!(
                    "column `{name}` has dates of six digits, which are read as {form}"
                ));
                Values::Times(days)
            }
            Self::Unclear(forms) => {
                let first = values.iter().find(|value| !value.is_nan());
                notes.push(format!(
                    "left out column `{name}`: `{:06}` is a date as {}, and nothing tells which: call the column `{}` if that is the \
                     order",
                    first.copied().unwrap_or_default(),
                    forms.join(" and as "),
                    forms[0]
                ));
                Values::Nothing(values.len())
            }
        }
    }
}

/// Dates as `2024122`, and as `2024.122` if times of day are in another column; `None` if one of them is none.
fn days_of_years(values: &[f64], has_clocks: bool) -> Option<Vec<i64>> {
    let one = |value: &f64| {
        if value.is_nan() {
            return Some(NO_TIME);
        }
        let thousands = if *value < 2_100.0 && has_clocks {
            value * 1000.0
        } else {
            *value
        };
        let whole = thousands.round();
        let is_whole = (whole - thousands).abs() < 1e-6;
        let (year, day) = ((whole / 1000.0).floor(), whole.rem_euclid(1000.0));
        let is_day = is_whole && (1970.0..2100.0).contains(&year) && (1.0..=366.0).contains(&day);
        let first = time::day(year as i64, 1, 1).ok().filter(|_| is_day)?;
        Some((first + day as i64 - 1) * DAY)
    };
    let is_any = values.iter().any(|value| !value.is_nan());
    let all = values.iter().map(one).collect::<Option<Vec<i64>>>();
    all.filter(|_| is_any)
}

/// What dates of six digits may be; `None` if they are none.
fn short(values: &[f64], is_nmea: bool) -> Option<SixDigitDates> {
    if values.iter().fold(0.0, |most: f64, value| most.max(*value)) < FIVE {
        return None;
    }
    let inside = |days: &[i64]| {
        days.iter().all(|nanos| {
            let year = 1970 + nanos.div_euclid(DAY) * 400 / 146_097;
            *nanos == NO_TIME || YEARS.contains(&year)
        })
    };
    let orders = SHORT
        .iter()
        .filter(|(form, _)| !is_nmea || *form == "ddmmyy");
    let found = orders.filter_map(|(name, parts)| {
        let form: Form = parts.iter().map(|part| (*part, 2)).collect();
        let days = times(values, &form).filter(|days| inside(days))?;
        Some((*name, days))
    });
    let mut found: Vec<(&str, Vec<i64>)> = found.collect();
    match found.len() {
        0 => None,
        1 => found
            .pop()
            .map(|(name, days)| SixDigitDates::Certain(name, days)),
        _ => Some(SixDigitDates::Unclear(
            found.into_iter().map(|(name, _)| name).collect(),
        )),
    }
}

/// Times of day in the order of digits that a word spells; `None` if one of them is none.
pub(super) fn clocks(values: &[f64], word: &str) -> Option<Vec<i64>> {
    times(values, &form(word)?)
}

/// The order of digits that a word spells: a whole date, a time of day, or both with seconds.
fn form(word: &str) -> Option<Form> {
    let word = word.to_ascii_lowercase();
    let mut form = Form::new();
    let mut rest = &*word;
    while let Some(letter) = rest.chars().next() {
        let run = rest.len() - rest.trim_start_matches(letter).len();
        let is_clock = form.iter().any(|(part, _)| *part == Hour);
        let (part, digits) = match (letter, run) {
            ('y', 2 | 4) => (Year, run),
            ('m', 2) if is_clock => (Minute, 2),
            ('m', 2) => (Month, 2),
            ('d', 2) => (Day, 2),
            ('h', 2) => (Hour, 2),
            ('s', 2) => (Second, 2),
            _ => return None,
        };
        if form.iter().any(|(other, _)| *other == part) {
            return None;
        }
        form.push((part, digits as u32));
        rest = &rest[run..];
    }
    let parts: Vec<Part> = form.iter().map(|(part, _)| *part).collect();
    let has = |wanted: &[Part]| wanted.iter().all(|part| parts.contains(part));
    let is_clock = parts.ends_with(&[Hour, Minute, Second]);
    let is_whole = match parts.len() {
        2 => parts == [Hour, Minute],
        3 => is_clock || has(&[Year, Month, Day]),
        6 => is_clock && has(&[Year, Month, Day]),
        _ => false,
    };
    is_whole.then_some(form)
}

/// All values as nanoseconds since 1970, or midnight without a date; `None` if one of them is no such time.
fn times(values: &[f64], form: &[(Part, u32)]) -> Option<Vec<i64>> {
    let one = |value: &f64| {
        if value.is_nan() {
            Some(NO_TIME)
        } else {
            moment_of(*value, form)
        }
    };
    let is_any = values.iter().any(|value| !value.is_nan());
    let all = values.iter().map(one).collect::<Option<Vec<i64>>>();
    all.filter(|_| is_any)
}

fn moment_of(value: f64, form: &[(Part, u32)]) -> Option<i64> {
    let digits: u32 = form.iter().map(|(_, digits)| digits).sum();
    if !(0.0..10f64.powi(digits as i32)).contains(&value) {
        return None;
    }
    let mut rest = value.floor() as i64;
    let mut fraction = value - value.floor();
    let has_seconds = form.last().is_some_and(|(part, _)| *part == Second);
    if !has_seconds && fraction != 0.0 {
        return None;
    }
    if digits >= 12 {
        fraction = (fraction * FINEST).round() / FINEST;
    }
    let (mut year, mut month, mut day) = (None, 1, 1);
    let [mut hour, mut minute, mut second] = [0; 3];
    for (part, digits) in form.iter().rev() {
        let size = 10i64.pow(*digits);
        let field = rest % size;
        rest /= size;
        match part {
            Year => {
                // The clock of GPS begins in 1980.
                let century = if field < 80 { 2000 } else { 1900 };
                year = Some(if *digits == 2 { field + century } else { field });
            }
            Month => month = field,
            Day => day = field,
            Hour => hour = field,
            Minute => minute = field,
            Second => second = field,
        }
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = match year {
        Some(year) => time::day(year, month, day).ok()?,
        None => 0,
    };
    let seconds = (hour * 60 + minute) * 60 + second;
    Some(days * DAY + seconds * 1_000_000_000 + (fraction * NANOS).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_that_names_spell() {
        let moment = super::super::super::parse_time("2024-05-13T12:30:05.25").unwrap();
        let of = |word: &str, value: f64| moment_of(value, &form(word).unwrap());
        assert_eq!(of("yymmddhhmmss", 240_513_123_005.25), Some(moment));
        assert_eq!(of("DDMMYYhhmmss", 130_524_123_005.25), Some(moment));
        let day = moment.div_euclid(DAY) * DAY;
        for (word, value) in [
            ("ddmmyy", 130_524.0),
            ("YYMMDD", 240_513.0),
            ("mmddyy", 51_324.0),
            ("ddmmyyyy", 13_052_024.0),
        ] {
            assert_eq!(of(word, value), Some(day), "{word}");
        }
        assert_eq!(of("hhmmss", 123_005.25), Some(moment - day));
        assert_eq!(of("hhmm", 512.0), Some((5 * 60 + 12) * 60_000_000_000));
        assert_eq!(of("hhmm", 560.0), None);
        assert_eq!(of("ddmmyy", 133_024.0), None);
        assert_eq!(of("ddmmyy", 130_524.5), None);
        assert_eq!(of("hhmmss", 126_005.0), None);
        for word in [
            "mm", "dd", "ss", "ddmm", "mmss", "sss", "ddd", "days", "yymm",
        ] {
            assert_eq!(form(word), None, "{word}");
        }
    }

    #[test]
    fn dates_of_six_digits() {
        let of = |values: &[f64], is_nmea: bool| match short(values, is_nmea) {
            Some(SixDigitDates::Certain(name, _)) => name.to_owned(),
            Some(SixDigitDates::Unclear(names)) => names.join("|"),
            None => String::new(),
        };
        assert_eq!(of(&[310_199.0], false), "ddmmyy");
        assert_eq!(of(&[990_131.0], false), "yymmdd");
        assert_eq!(
            of(&[50_124.0, 130_524.0, 311_223.0], false),
            "ddmmyy|yymmdd"
        );
        assert_eq!(of(&[130_524.0], false), "ddmmyy|yymmdd");
        assert_eq!(of(&[130_524.0], true), "ddmmyy");
        // Days of the year, numbers of days, and values.
        assert_eq!(of(&[122.0], false), "");
        assert_eq!(of(&[739_020.0, 739_021.0], false), "");
        assert_eq!(of(&[45_413.0], false), "");
    }

    #[test]
    fn days_of_years_in_numbers() {
        let day = super::super::super::parse_time("2024-05-01T00:00:00Z").unwrap();
        for (value, has_clocks, found) in [
            (2_024_122.0, false, true),
            (2024.122, true, true),
            (2024.122, false, false),
            (2024.1225, true, false),
            (2_024_122.5, false, false),
            (2_024_367.0, false, false),
            (2_024_000.0, false, false),
            (122.0, true, false),
            (20_240_501.0, false, false),
        ] {
            let expected = found.then(|| vec![day]);
            assert_eq!(days_of_years(&[value], has_clocks), expected, "{value}");
        }
    }
}
