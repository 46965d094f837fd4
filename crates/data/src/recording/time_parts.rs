//! Times in several columns: which of them has the year, the month, and so on to nanoseconds.

use support::words::letters_and_digits;

use super::time::{DAY, days_to_year};

/// Names of the parts of a date and a time of day, from year to second, and fractions of a second.
const NAMES: [&[&str]; 9] = [
    &["year", "yr", "yyyy", "yy", "jahr"],
    &["month", "mon", "mo", "monat"],
    &["day", "dd", "tag", "dayofmonth"],
    &["hour", "hours", "hr", "hrs", "hh", "stunde"],
    &["minute", "minutes", "min", "mins", "minuten"],
    &["second", "seconds", "sec", "secs", "ss", "sekunde"],
    &["millisecond", "milliseconds", "ms", "msec"],
    &["microsecond", "microseconds", "us", "usec"],
    &["nanosecond", "nanoseconds", "ns", "nsec"],
];
/// What messages call the parts.
const CALLED: [&str; 9] = [
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "millisecond",
    "microsecond",
    "nanosecond",
];
/// Numbers of the day within the year, in place of month and day.
const DAY_OF_YEAR: [&str; 7] = [
    "doy",
    "dayofyear",
    "jday",
    "julday",
    "julianday",
    "yday",
    "ordinalday",
];
/// Nanoseconds of the parts from the hour on.
const SIZES: [f64; 6] = [3600e9, 60e9, 1e9, 1e6, 1e3, 1.0];

const YEAR: usize = 0;
const MONTH: usize = 1;
const DATE: usize = 2;
const HOUR: usize = 3;
const MINUTE: usize = 4;
const SECOND: usize = 5;

/// Whether a name, of letters and digits in lower case, is that of a part of a date, from year to day.
pub(super) fn is_part_of_date(name: &str) -> bool {
    let mut parts = NAMES[..HOUR].iter().flat_map(|names| names.iter());
    parts.any(|part| *part == name) || DAY_OF_YEAR.contains(&name)
}

/// The `letters` of a name without those of fractions of a second, as `ss` of `SS.SS`.
fn without_fraction(letters: &str, name: &str) -> String {
    let is_fraction = |text: &str| text.chars().all(|c| "sSfF0".contains(c));
    match name.trim().split_once(['.', ' ']) {
        Some((seconds, fraction))
            if seconds.eq_ignore_ascii_case("ss") && is_fraction(fraction) =>
        {
            "ss".into()
        }
        _ => letters.to_owned(),
    }
}

/// The columns with the parts of a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TimeParts {
    /// From year to nanosecond.
    parts: [Option<usize>; 9],
    day_of_year: Option<usize>,
}

impl TimeParts {
    /// Finds parts among the names of columns, each with the column's number.
    pub fn find(names: &[(usize, &str)]) -> Self {
        let plain: Vec<(usize, String)> = names
            .iter()
            .map(|(at, name)| (*at, without_fraction(&letters_and_digits(name), name)))
            .collect();
        let find = |wanted: &[&str]| {
            let found = plain.iter().find(|(_, name)| wanted.contains(&&**name));
            found.map(|(at, _)| *at)
        };
        let mut parts = Self {
            parts: NAMES.map(find),
            day_of_year: find(&DAY_OF_YEAR),
        };
        parts.add_letters(names);
        parts
    }

    /// Finds parts with the letters of a date's pattern: `MM` and `mm`, which only their case tells apart, and `Y M D h m s`.
    fn add_letters(&mut self, names: &[(usize, &str)]) {
        // The second column of one name has another: `M.1`.
        let letter = |name: &str| {
            let name = name.trim();
            name.strip_suffix(".1").unwrap_or(name).to_owned()
        };
        if self.parts[MONTH].is_none() && self.parts[YEAR].is_some() && self.parts[DATE].is_some() {
            let exact = |wanted: &str| -> Vec<usize> {
                let named = names.iter().filter(|(_, name)| letter(name) == wanted);
                named.map(|(at, _)| *at).collect()
            };
            // Either is there again behind the hour in `YYYY MM DD HH MM SS`.
            let (month, minute) = match (&exact("MM")[..], &exact("mm")[..]) {
                ([month, minute], []) | ([], [month, minute]) => (Some(*month), Some(*minute)),
                (upper, lower) => (upper.first().copied(), lower.first().copied()),
            };
            self.parts[MONTH] = month;
            if month.is_some() && self.parts[HOUR].is_some() {
                self.parts[MINUTE] = self.parts[MINUTE].or(minute);
            }
        }
        let all = |wanted: &str| -> Vec<(usize, String)> {
            let letters = names.iter().map(|(at, name)| (*at, letter(name)));
            letters
                .filter(|(_, name)| name.eq_ignore_ascii_case(wanted))
                .collect()
        };
        let first = |wanted: &str| all(wanted).first().map(|(at, _)| *at);
        let mut ms = all("m");
        let hour = first("h");
        let is_free = |parts: &[Option<usize>]| parts.iter().all(Option::is_none);
        if is_free(&self.parts[..HOUR]) && self.day_of_year.is_none() {
            let month = if ms.len() > 1 {
                // With both cases, the upper one is the month.
                let upper = ms.iter().position(|(_, name)| name == "M");
                let both = ms.iter().any(|(_, name)| name == "m");
                Some(upper.filter(|_| both).unwrap_or(0))
            } else {
                (!ms.is_empty() && hour.is_none_or(|hour| ms[0].0 < hour)).then_some(0)
            };
            if let (Some(year), Some(month), Some(date)) = (first("y"), month, first("d")) {
                self.parts[YEAR] = Some(year);
                self.parts[MONTH] = Some(ms.remove(month).0);
                self.parts[DATE] = Some(date);
            }
        }
        let second = first("s");
        if let (Some(hour), [(minute, _)]) = (hour, &ms[..])
            && is_free(&self.parts[HOUR..=SECOND])
            && (second.is_some() || self.has_date())
        {
            self.parts[HOUR] = Some(hour);
            self.parts[MINUTE] = Some(*minute);
            self.parts[SECOND] = second;
        }
        // `year month day hour min s`.
        if let (Some(minute), None) = (self.parts[MINUTE], self.parts[SECOND]) {
            self.parts[SECOND] = second.filter(|second| *second == minute + 1);
        }
    }

    /// These parts, and the date and the time of day of `others` if they have none of their own.
    pub fn or(mut self, others: &Self) -> Self {
        if self.parts[..HOUR].iter().all(Option::is_none) && self.day_of_year.is_none() {
            self.parts[..HOUR].copy_from_slice(&others.parts[..HOUR]);
            self.day_of_year = others.day_of_year;
        }
        if self.parts[HOUR..].iter().all(Option::is_none) {
            self.parts[HOUR..].copy_from_slice(&others.parts[HOUR..]);
        }
        self
    }

    /// Whether there are hours, and no minutes.
    pub fn lacks_minutes(&self) -> bool {
        self.parts[HOUR].is_some() && self.parts[MINUTE].is_none()
    }

    /// Only the parts of the date.
    pub fn date(mut self) -> Self {
        self.parts[HOUR..].fill(None);
        self
    }

    /// Only the parts of the time of day.
    pub fn clock(mut self) -> Self {
        self.parts[..HOUR].fill(None);
        self.day_of_year = None;
        self
    }

    /// Numbers of the columns.
    pub fn columns(&self) -> impl Iterator<Item = usize> {
        self.parts.into_iter().chain([self.day_of_year]).flatten()
    }

    /// Whether there is a part of a date that means nothing else than a date, complete or not.
    pub fn has_part_of_date(&self) -> bool {
        self.parts[YEAR].is_some() || self.day_of_year.is_some()
    }

    /// Whether the year is the only part.
    pub fn is_year_alone(&self) -> bool {
        self.parts[YEAR].is_some() && self.columns().count() == 1
    }

    /// Whether the date is complete.
    pub fn has_date(&self) -> bool {
        let has_day = self.parts[MONTH].is_some() && self.parts[DATE].is_some();
        self.parts[YEAR].is_some() && (has_day || self.day_of_year.is_some())
    }

    /// Whether hours and minutes, or minutes and seconds, are there.
    pub fn has_clock(&self) -> bool {
        let [hour, minute, second] = [HOUR, MINUTE, SECOND].map(|part| self.parts[part].is_some());
        minute && (hour || second)
    }

    /// The column of hours.
    pub fn hour(&self) -> Option<usize> {
        self.parts[HOUR]
    }

    /// Whether hours are there, so that times begin again after a day, not after an hour.
    pub fn has_hour(&self) -> bool {
        self.parts[HOUR].is_some()
    }

    /// What a complete time lacks; `largest` is the largest value of a column, which tells that minutes or seconds count from
    /// midnight.
    pub fn missing(&self, largest: impl Fn(usize) -> f64) -> Vec<&'static str> {
        let there = |part: usize| self.parts[part].is_some();
        let above =
            |part: usize, limit: f64| self.parts[part].is_some_and(|at| largest(at) >= limit);
        let is_dated = self.has_part_of_date() || there(MONTH);
        let mut missing = Vec::new();
        if is_dated && !there(YEAR) {
            missing.push(CALLED[YEAR]);
        }
        if is_dated && self.day_of_year.is_none() {
            missing.extend(
                [MONTH, DATE]
                    .into_iter()
                    .filter(|part| !there(*part))
                    .map(|p| CALLED[p]),
            );
        }
        let has_fraction = (SECOND + 1..NAMES.len()).any(there);
        let from_midnight =
            !there(HOUR) && (above(MINUTE, 60.0) || !there(MINUTE) && above(SECOND, 61.0));
        let finest = [SECOND, MINUTE, HOUR].into_iter().find(|part| there(*part));
        if let (Some(finest), false) = (finest, from_midnight) {
            let first = if is_dated { HOUR } else { MINUTE.min(finest) };
            let gaps = (first..finest).filter(|part| !there(*part));
            missing.extend(gaps.map(|part| CALLED[part]));
        }
        if has_fraction && !there(SECOND) && (is_dated || there(MINUTE)) {
            missing.push(CALLED[SECOND]);
        }
        missing
    }

    /// Nanoseconds since 1970 of a complete date, or since midnight without one; `None` if a part is out of range.
    pub fn nanos(&self, value: impl Fn(usize) -> f64) -> Option<i64> {
        let part = |number: usize| self.parts[number].map(&value);
        let days = if self.has_date() {
            self.days(&value)?
        } else {
            0
        };
        let mut nanos = 0.0;
        let mut coarser: Option<usize> = None;
        for (i, size) in SIZES.into_iter().enumerate() {
            let Some(amount) = part(HOUR + i) else {
                continue;
            };
            let limit = match coarser {
                // A leap second is the 61st.
                Some(1) if i == 2 => 61.0,
                Some(coarser) => SIZES[coarser] / size,
                None if i > 2 => 1e9 / size,
                None if self.has_date() => 86_401e9 / size,
                None => f64::INFINITY,
            };
            let is_whole = i >= 2 || amount.fract() == 0.0;
            if !(0.0..limit).contains(&amount) || !amount.is_finite() || !is_whole {
                return None;
            }
            nanos += (amount * size).round();
            coarser = Some(i);
        }
        (nanos < 9e18).then(|| days.checked_mul(DAY)?.checked_add(nanos as i64))?
    }

    /// Days since 1970.
    fn days(&self, value: impl Fn(usize) -> f64) -> Option<i64> {
        let whole = |at: Option<usize>| {
            let value = value(at?);
            (value.fract() == 0.0 && (0.0..1e4).contains(&value)).then_some(value as i64)
        };
        let year = whole(self.parts[YEAR]).filter(|year| (1678..2262).contains(year))?;
        if self.day_of_year.is_some() {
            let day = whole(self.day_of_year)?;
            let all = days_to_year(year + 1) - days_to_year(year);
            return (1..=all)
                .contains(&day)
                .then(|| days_to_year(year) + day - 1);
        }
        let (month, day) = (whole(self.parts[MONTH])?, whole(self.parts[DATE])?);
        let date = chrono::NaiveDate::from_ymd_opt(year as i32, month as u32, day as u32)?;
        Some((date - chrono::NaiveDate::default()).num_days())
    }
}

#[cfg(test)]
mod tests;
