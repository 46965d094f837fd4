//! Names of the columns of label tables, and their separators.

use std::borrow::Cow;

pub(super) use super::known::{
    CLASSES, CLOCKS, DATES, DURATIONS, ENDS, EVENTS, FILE_OFFSET, FILES, MIDDLES, NETWORKS,
    OBSERVATION, PICKS, SEQUENCE, STARTS, STATIONS, STATUS, WIDTHS,
};
use super::zone_names::without_zone;
use crate::recording::{DateOrder, unit};

/// How a name tells the form of its times, in the order in which columns of the same name are preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// Not at all.
    Plain,
    /// As UTC, or in ELAN's form of clock times.
    Utc,
    /// As the time of another zone.
    Zone,
}

/// [`plain`] of all names. `start_utc` is `startutc` beside a column `start`, which then has the times, and so is ELAN's form
/// `hh:mm:ss.ms` beside seconds; and so is `start_local` beside either.
pub(super) fn all_plain(row: &csv::StringRecord) -> Vec<(String, Option<f64>)> {
    let all: Vec<_> = row.iter().map(parts).collect();
    let is_taken = |name: &String, form: Form| {
        let mut others = all.iter().filter(|(other, ..)| other == name);
        others.any(|(_, _, other)| *other < form)
    };
    let distinct = |(name, unit, form): &(String, Option<f64>, Form)| {
        if is_taken(name, *form) {
            (format!("{name}utc"), None)
        } else {
            (name.clone(), *unit)
        }
    };
    all.iter().map(distinct).collect()
}

/// Whether a column has times as ELAN writes them, `00:01:30.500` from the start of the media.
pub(super) fn is_of_elan(row: &csv::StringRecord) -> bool {
    let is_form = |head: &str| {
        let head = head.trim().to_lowercase();
        head.ends_with("- hh:mm:ss.ms") || head.ends_with("- hh:mm:ss.msec")
    };
    row.iter().any(is_form)
}

/// The name of a column without its unit, and the unit in seconds: `begintime` for `Begin Time (s)`, `start` for
/// `start_ms`.
pub(super) fn plain(head: &str) -> (String, Option<f64>) {
    let (name, unit, _) = parts(head);
    (name, unit)
}

/// [`plain`], and the form of the times. Times without a zone are UTC.
fn parts(head: &str) -> (String, Option<f64>, Form) {
    let (head, has_zone) = without_zone(head);
    let head = with_unit_apart(&head).to_lowercase();
    let words = head.split(|c: char| !c.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let (words, is_form) = match &words[..] {
        [name @ .., "utc" | "gmt" | "datenum" | "mjd"] if !name.is_empty() => (name, true),
        // A column of offsets has no ends.
        ["utc" | "gmt", name @ ..] if !name.is_empty() && name != ["offset"] => (name, true),
        // Days of spreadsheets: `excel start`, `start (Excel date)`.
        ["excel" | "serial" | "datenum" | "mjd", name @ ..] if !name.is_empty() => (name, true),
        [
            name @ ..,
            "excel" | "serial",
            "date" | "time" | "serial" | "number",
        ]
        | [name @ .., "excel" | "serial"]
            if !name.is_empty() =>
        {
            (name, true)
        }
        // ELAN's forms of times are no units.
        [name @ .., "hh", "mm", "ss", "ms" | "msec"] if !name.is_empty() => (name, true),
        words if before_minutes(words).is_some() => (before_minutes(words).unwrap_or(words), true),
        [name @ .., "ss", "ms" | "msec"] if !name.is_empty() => {
            return (name.concat(), Some(1.0), Form::Plain);
        }
        words => match of_pattern(words) {
            0 => (words, false),
            count => (&words[..words.len() - count], true),
        },
    };
    let form = match (has_zone, is_form) {
        (true, _) => Form::Zone,
        (false, true) => Form::Utc,
        (false, false) => Form::Plain,
    };
    if let [name @ .., last] = words
        && !name.is_empty()
        && let Some(unit) = unit(last)
    {
        return (name.concat(), Some(unit), form);
    }
    (words.concat(), None, form)
}

/// A name with a blank before its unit if that begins with a capital, as in `startSeconds`.
fn with_unit_apart(head: &str) -> Cow<'_, str> {
    let is_capital = |pair: &(usize, char)| pair.1.is_uppercase();
    let last = head
        .char_indices()
        .rfind(is_capital)
        .map_or(0, |(at, _)| at);
    let (name, last) = head.split_at(last);
    let is_unit = last.len() > 1 && unit(&last.to_lowercase()).is_some();
    if is_unit && name.ends_with(char::is_lowercase) {
        format!("{name} {last}").into()
    } else {
        head.into()
    }
}

/// The words of a name before those that spell minutes and seconds, if no hours are before these.
pub(super) fn before_minutes<'a, 'b>(words: &'a [&'b str]) -> Option<&'a [&'b str]> {
    let words = match words {
        [
            rest @ ..,
            "ms" | "msec" | "f" | "ff" | "fff" | "000" | "00" | "0",
        ] => rest,
        all => all,
    };
    let ([name @ .., "mm" | "m", "ss"] | [name @ .., "min", "sec" | "s" | "ss"]) = words else {
        return None;
    };
    let has_hours = matches!(name.last(), Some(&("h" | "hh" | "hour" | "hours" | "yyyy")));
    (!name.is_empty() && !has_hours).then_some(name)
}

/// Number of words at the end of a name that spell the pattern of its times, as in `Start (dd.mm.yyyy hh:mm:ss)`. Minutes and
/// seconds alone are no times of day.
fn of_pattern(words: &[&str]) -> usize {
    let is_part = |word: &&&str| {
        let letters = word.bytes().all(|letter| b"ymdhsf".contains(&letter));
        letters && word.len() > 1
    };
    let parts: Vec<&str> = words.iter().rev().take_while(is_part).copied().collect();
    // `start_hh` is a part of a time.
    let is_pattern = parts.len() < words.len()
        && (parts.len() > 1 || parts.concat().len() > "yyyy".len())
        && parts
            .iter()
            .any(|word| word.contains("hh") || word.contains("yy"));
    if is_pattern { parts.len() } else { 0 }
}

/// Whether the day or the month comes first, if a name spells it: `Date (dd/mm/yyyy)`.
pub(super) fn spelled_order(head: &str) -> Option<DateOrder> {
    let head = head.to_lowercase();
    let [day, month, year] = ["dd", "mm", "yy"].map(|part| head.find(part));
    let (day, month, year) = (day?, month?, year?);
    if year < day.max(month) {
        return None;
    }
    Some(if day < month {
        DateOrder::DayFirst
    } else {
        DateOrder::MonthFirst
    })
}

/// The unit in seconds that a whole name is, as `ms`.
pub(super) fn whole_unit(head: &str) -> Option<f64> {
    unit(&head.trim().to_lowercase())
}

/// The separator of a label table: the one that tells the most times and known names in its first line and, of several, occurs
/// most often. A comma may also be in its numbers, and texts may have any.
pub(super) fn separator(text: &str) -> u8 {
    let head = first_line(text).unwrap_or_default();
    let known = |separator: &u8| {
        let cells = head
            .split(char::from(*separator))
            .map(|cell| cell.trim_matches(['"', ' ']));
        let is_known = |cell: &&str| {
            let name = plain(cell).0;
            let names = [&STARTS[..], &ENDS, &DURATIONS, &CLASSES];
            let number = Separated(*separator).number(cell).parse::<f64>();
            number.is_ok() || names.iter().any(|known| known.contains(&&*name))
        };
        cells.filter(is_known).count()
    };
    let count = |separator: &u8| head.bytes().filter(|byte| byte == separator).count();
    let key = |separator: &u8| (count(separator).min(1) * known(separator), count(separator));
    SEPARATORS.into_iter().max_by_key(key).unwrap_or(b',')
}

pub(super) const SEPARATORS: [u8; 4] = [b'|', b',', b';', b'\t'];

/// The first line of a table.
pub(super) fn first_line(text: &str) -> Option<&str> {
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| !line.is_empty() && !line.starts_with('#'))
}

/// How the cells of a table are separated.
#[derive(Clone, Copy)]
pub(super) struct Separated(pub u8);

impl Separated {
    /// A number with a point if it has a decimal comma.
    pub fn number(self, cell: &str) -> Cow<'_, str> {
        let is_decimal = |at: usize| cell.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit);
        match cell.find(',') {
            Some(at) if self.0 != b',' && !cell.contains('.') && is_decimal(at) => {
                cell.replace(',', ".").into()
            }
            _ => cell.into(),
        }
    }

    /// Seconds of a number in units of `unit` seconds.
    pub fn seconds(self, cell: &str, unit: Option<f64>) -> Option<f64> {
        let number = self.number(cell).parse::<f64>().ok();
        let number = number.filter(|number| number.is_finite());
        number.map(|number| number * unit.unwrap_or(1.0))
    }
}

/// A cell; empty if the row has ended.
pub(super) fn cell(row: &csv::StringRecord, at: usize) -> &str {
    row.get(at).unwrap_or_default()
}

/// A row with other cells, at the same place of the file.
pub(super) fn with_cells<C>(
    row: &csv::StringRecord,
    cells: impl Iterator<Item = C>,
) -> csv::StringRecord
where
    csv::StringRecord: FromIterator<C>,
{
    let mut record: csv::StringRecord = cells.collect();
    record.set_position(row.position().cloned());
    record
}

/// The line of a row, from 1.
pub(super) fn line(row: &csv::StringRecord) -> u64 {
    row.position().map_or(0, csv::Position::line)
}

/// The rows of a table, the first among them.
pub(super) fn reader(text: &str, separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .delimiter(separator)
        .trim(csv::Trim::All)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes())
}
