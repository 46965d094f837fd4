//! Time zones that stand beside the times: in the name of their column, or in a column of their own.

use super::super::time::{has_zone, offset_in, offset_of};
use super::kinds::Kind;
use super::layout::Layout;
use super::line::split;
use super::{Notes, Remark, Values};

/// Nanoseconds per hour.
const HOUR: f64 = 3600e9;
/// Rows that are looked at for times with a zone of their own.
const ROWS: usize = 16;

/// Shifts times without a zone by the offset that the name of their column tells, `Date Time, GMT-04:00`. If a zone is named
/// without an offset, a note says that the times are read as UTC. Returns whether nothing tells the zone of some times.
pub(super) fn apply(
    bytes: &[u8],
    layout: &Layout,
    columns: &mut [Values],
    notes: &mut Notes,
) -> bool {
    let has_days = layout.kinds.contains(&Kind::Day);
    let mut without_zone = Vec::new();
    for (i, (name, values)) in layout.names.iter().zip(&mut *columns).enumerate() {
        let is_dated = match layout.kinds[i] {
            Kind::Stamp => true,
            Kind::Clock => has_days,
            _ => false,
        };
        let (Values::Times(times) | Values::Clocks(times)) = values else {
            continue;
        };
        if !is_dated || has_own_zone(bytes, layout, i) {
            continue;
        }
        if let Some(offset) = offset_in(name) {
            let known = times.iter_mut().filter(|time| **time != super::NO_TIME);
            known.for_each(|time| *time = time.saturating_sub(offset));
            notes.push(Remark::Zone {
                name: name.clone(),
                hours: offset as f64 / HOUR,
            });
        } else if let Some(zone) = local_zone(name) {
            notes.push(as_utc(name, zone));
        } else {
            without_zone.push(i);
        }
    }
    if without_zone.is_empty() || by_column(layout, columns, &without_zone, notes) {
        return false;
    }
    for (name, values) in layout.names.iter().zip(&*columns) {
        if let Values::Texts(texts) = values
            && texts.different() <= 2
            && texts
                .all()
                .all(|text| str::from_utf8(text).is_ok_and(is_zone))
            && !texts.rows.is_empty()
        {
            notes.push(as_utc(name, texts.get(0)));
            return false;
        }
    }
    true
}

/// Shifts the times of some columns by offsets such as `+02:00` that a column tells for each row; whether there is such a column.
/// Numbers in a column that is called `utc_offset` or the like have no certain unit, which a note says.
fn by_column(
    layout: &Layout,
    columns: &mut [Values],
    of_times: &[usize],
    notes: &mut Notes,
) -> bool {
    for at in 0..columns.len() {
        let name = &layout.names[at];
        let offsets = match &columns[at] {
            Values::Texts(texts) => texts.all().map(offset_of).collect::<Option<Vec<i64>>>(),
            Values::Numbers(values) if is_offset(name) => {
                if let Some(first) = values.iter().find(|value| value.abs() > 0.0) {
                    notes.push(as_utc(name, &format!("`{first}`")));
                }
                None
            }
            _ => None,
        };
        let (Some(offsets), Values::Texts(texts)) = (offsets, &columns[at]) else {
            continue;
        };
        if offsets.iter().all(|offset| *offset == 0) {
            continue;
        }
        notes.push(Remark::Records(format!(
            "the times are read with the offsets from UTC in column `{name}`, such as `{}`",
            texts.get(0)
        )));
        let rows: Vec<i64> = texts
            .rows
            .iter()
            .map(|number| offsets[*number as usize])
            .collect();
        for column in of_times {
            let (Values::Times(times) | Values::Clocks(times)) = &mut columns[*column] else {
                continue;
            };
            let known = times.iter_mut().zip(&rows);
            let known = known.filter(|(time, _)| **time != super::NO_TIME);
            known.for_each(|(time, offset)| *time = time.saturating_sub(*offset));
        }
        return true;
    }
    false
}

/// Whether a name is that of offsets from UTC.
pub(crate) fn is_offset(name: &str) -> bool {
    let name = support::words::letters_and_digits(name);
    [
        "utcoffset",
        "gmtoffset",
        "tzoffset",
        "timezoneoffset",
        "timezone",
        "tz",
    ]
    .contains(&&*name)
}

fn as_utc(name: &str, zone: &str) -> String {
    format!("column `{name}` says {zone}, but {AS_UTC}")
}

/// The note of times without an offset whose name tells a zone other than UTC.
pub(in crate::recording) fn as_utc_by_name(name: &str) -> Option<String> {
    let has_offset = offset_in(name).is_some_and(|offset| offset != 0);
    let offset = || has_offset.then_some("an offset from UTC");
    local_zone(name)
        .or_else(offset)
        .map(|zone| as_utc(name, zone))
}

/// The note of a line above the table that tells a zone.
pub(super) fn as_utc_below(line: &str) -> String {
    format!("the heading says `{line}`, but {AS_UTC}")
}

/// What becomes of times without a zone.
const AS_UTC: &str = "the times have no offset and are read as UTC: give labels in the same time, or write the times in UTC or with an offset such as -05:00";

/// Whether the first times of column `i` have a zone.
fn has_own_zone(bytes: &[u8], layout: &Layout, i: usize) -> bool {
    let lines = bytes[layout.start..]
        .split(|byte| *byte == b'\n')
        .take(ROWS);
    let mut cells = lines.filter_map(|line| split(line, layout.separator).into_iter().nth(i));
    cells.any(|cell| has_zone(&cell))
}

/// Abbreviations of time zones that are not UTC.
const ZONES: [&str; 40] = [
    "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT", "AKST", "AKDT", "HST", "AST", "ADT",
    "NST", "NDT", "BRT", "ART", "CLT", "CET", "CEST", "MEZ", "MESZ", "EET", "EEST", "WET", "WEST",
    "BST", "IST", "MSK", "JST", "KST", "SGT", "HKT", "AEST", "AEDT", "ACST", "AWST", "NZST",
    "NZDT", "SAST",
];

/// Areas of the names of time zones, such as `Europe/Berlin`.
const AREAS: [&str; 9] = [
    "Africa",
    "America",
    "Antarctica",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
];

/// The zone other than UTC that the name of a column of times tells without an offset: `EST` of `Time (EST)`, or `local time`.
fn local_zone(name: &str) -> Option<&str> {
    zone_word(name).map(|word| if is_local(word) { "local time" } else { word })
}

/// The word of a name that tells a zone other than UTC without an offset: `EST` of `Time (EST)`, or `local` of `start_local`.
pub(crate) fn zone_word(name: &str) -> Option<&str> {
    let mut words = name.split(|c: char| !c.is_alphanumeric());
    of_area(name).or_else(|| words.find(|word| is_local(word) || ZONES.contains(word)))
}

fn is_local(word: &str) -> bool {
    let words = ["local", "localtime", "lokalzeit", "ortszeit"];
    words.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Whether a text is the abbreviation of a time zone other than UTC.
pub(crate) fn is_zone(text: &str) -> bool {
    ZONES.contains(&text) || of_area(text) == Some(text)
}

/// A zone such as `Europe/Berlin` in a text.
fn of_area(text: &str) -> Option<&str> {
    let mut words = text.split(|c: char| !c.is_alphanumeric() && !"/_".contains(c));
    words.find(|word| {
        let area = word.split_once('/').filter(|(_, city)| !city.is_empty());
        area.is_some_and(|(area, _)| AREAS.contains(&area))
    })
}
