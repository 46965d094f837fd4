//! Columns of a label table that tell the same in different ways.

use super::columns::Columns;
use super::heads::{DURATIONS, ENDS, STARTS, Separated, all_plain, cell, line};
use super::places::{TimeCells, TimePosition};
use super::settings::LabelsFile;
use super::zone_names::without_zone;
use super::{Label, Time};
use crate::error::import::LabelTableError;
use crate::recording::{DateOrder, NANOS};

/// Seconds by which times may differ.
const NEAR: f64 = 0.05;
/// Seconds by which whole numbers may differ from other times.
const ROUNDED: f64 = 0.6;
/// Share by which durations may differ.
const SHARE: f64 = 0.02;

/// Checks that no two columns of one name tell different starts, ends or classes.
///
/// # Errors
/// If two do, unless the list says which counts.
pub(super) fn check_names(
    heads: &csv::StringRecord,
    rows: &[&csv::StringRecord],
    columns: &Columns,
    settings: &LabelsFile,
) -> Result<(), LabelTableError> {
    let at = |place: TimePosition| match place.time {
        TimeCells::Column((at, _)) => Some(at),
        TimeCells::Parts(_) => None,
    };
    let (end, of_end) = if columns.is_duration {
        ("duration", &settings.duration)
    } else {
        ("end", &settings.end)
    };
    let parts = [
        ("start", at(columns.start), &settings.start),
        (end, columns.end.and_then(at), of_end),
        ("class", Some(columns.class), &settings.class),
    ];
    for (key, at, given) in parts {
        let Some(at) = at.filter(|_| given.is_none()) else {
            continue;
        };
        let is_same = |other: &usize| {
            *other != at && cell(heads, *other).eq_ignore_ascii_case(cell(heads, at))
        };
        for other in (0..heads.len()).filter(is_same) {
            let differs = |row: &&&csv::StringRecord| cell(row, at) != cell(row, other);
            if let Some(row) = rows.iter().find(differs) {
                return Err(LabelTableError::Repeated {
                    key,
                    name: cell(heads, at).to_owned(),
                    numbers: [at + 1, other + 1],
                    line: line(row),
                });
            }
        }
    }
    Ok(())
}

/// Checks that no column tells other starts or durations than the one that counts, in another unit or as UTC: `duration_min` and
/// `duration_sec`, `start` and `start_utc`.
///
/// # Errors
/// If one does, unless the list says which counts.
pub(super) fn check_forms(
    heads: &csv::StringRecord,
    rows: &[&csv::StringRecord],
    (columns, separated): (&Columns, Separated),
    settings: &LabelsFile,
) -> Result<(), LabelTableError> {
    let names = all_plain(heads);
    let lasting = columns.end.filter(|_| columns.is_duration);
    let ending = columns.end.filter(|_| !columns.is_duration);
    for (key, place, given, known) in [
        ("start", Some(columns.start), &settings.start, &STARTS[..]),
        ("duration", lasting, &settings.duration, &DURATIONS[..]),
        ("end", ending, &settings.end, &ENDS[..]),
    ] {
        let time = place.filter(|_| given.is_none()).map(|place| place.time);
        let Some(TimeCells::Column((at, unit))) = time else {
            continue;
        };
        let as_utc = format!("{}utc", names[at].0);
        let are_fractions = unit.is_some_and(|unit| {
            let limit = (1.0 / unit).round();
            let is_own = |number: f64| number.fract() == 0.0 && (0.0..limit).contains(&number);
            rows.iter()
                .all(|row| cell(row, at).parse().is_ok_and(is_own))
        });
        let is_clock =
            |other: usize| are_fractions && rows.iter().any(|row| cell(row, other).contains(':'));
        let others = (0..heads.len()).filter(|other| {
            let (name, unit) = &names[*other];
            let has_unit = *name == names[at].0 && unit.is_some() && key != "end";
            let is_behind = known.contains(&&**name) && is_clock(*other);
            *other != at
                && (has_unit
                    || is_behind
                    || *name == as_utc && !without_zone(cell(heads, *other)).1)
        });
        for other in others {
            let time = |row: &csv::StringRecord, at: usize, unit: Option<f64>| {
                let text = separated.number(cell(row, at)).into_owned();
                let time = Time::parse(&text, unit, DateOrder::Unknown).ok()?;
                Some((time, rounding(&text, unit)))
            };
            let differs = |row: &&&csv::StringRecord| {
                if is_clock(other) {
                    return true;
                }
                let times = time(row, at, unit).zip(time(row, other, names[other].1));
                times.is_some_and(|((this, one), (other, another))| {
                    is_other(this, other, NEAR.max(one).max(another))
                })
            };
            if let Some(row) = rows.iter().find(differs) {
                return Err(LabelTableError::Differing {
                    key,
                    names: [at, other].map(|at| cell(heads, at).to_owned()),
                    line: line(row),
                });
            }
        }
    }
    Ok(())
}

/// Seconds by which a number with decimals may be rounded.
fn rounding(text: &str, unit: Option<f64>) -> f64 {
    let decimals = text.split_once('.').map(|(_, decimals)| decimals.len());
    let Some(decimals) = decimals else { return 0.0 };
    ROUNDED * unit.unwrap_or(1.0) * 0.1f64.powi(decimals.min(9) as i32)
}

/// Warnings on columns that tell another end than the one that counts: durations beside ends, and ends of other names. `labels` are
/// those of `rows`.
pub(super) fn of_ends(
    heads: &csv::StringRecord,
    rows: &[&csv::StringRecord],
    labels: &[&Label],
    (columns, separated, order): (&Columns, Separated, DateOrder),
) -> Vec<String> {
    let Some(end) = columns.end.filter(|_| !columns.is_duration) else {
        return Vec::new();
    };
    let names = all_plain(heads);
    let end_columns = end.columns();
    let others = names
        .iter()
        .enumerate()
        .filter(|(at, _)| !end_columns.contains(at) && !columns.has(*at));
    let said = others.filter_map(|(at, (name, unit))| {
        let differing = if ENDS.contains(&&**name) {
            let mut pairs = rows.iter().zip(labels);
            pairs.find(|(row, label)| {
                let other = Time::parse(&separated.number(cell(row, at)), *unit, order);
                other.is_ok_and(|other| is_other(other, label.end, NEAR))
            })
        } else if DURATIONS.contains(&&**name) {
            let seconds = |row: &csv::StringRecord| separated.seconds(cell(row, at), *unit);
            other_duration(rows, labels, &seconds)
        } else {
            None
        };
        let (row, _) = differing?;
        Some(format!(
            "line {}: column `{}` says `{}`, and the end is `{}`, which counts: correct one of them, or say which column counts, as in \
             `labels_file: {{file: labels.csv, end: NAME}}`",
            line(row),
            cell(heads, at),
            cell(row, at),
            end.shown(row)
        ))
    });
    said.collect()
}

/// Whether two times differ by more than `near` seconds.
fn is_other(a: Time, b: Time, near: f64) -> bool {
    match (a, b) {
        (Time::Seconds(a), Time::Seconds(b)) => (a - b).abs() > near,
        (Time::Moment(a), Time::Moment(b)) => a.abs_diff(b) as f64 > near * NANOS,
        // A time of day, or seconds beside a date.
        _ => false,
    }
}

/// The first row whose duration is not that of its label. Durations that all differ by one factor have another unit.
fn other_duration<'a>(
    rows: &'a [&'a csv::StringRecord],
    labels: &'a [&'a Label],
    seconds: &dyn Fn(&csv::StringRecord) -> Option<f64>,
) -> Option<(&'a &'a csv::StringRecord, &'a &'a Label)> {
    let lasts = |label: &Label| match (label.start, label.end) {
        (Time::Seconds(start), Time::Seconds(end)) => Some(end - start),
        (Time::Moment(start), Time::Moment(end)) => Some((end - start) as f64 / NANOS),
        _ => None,
    };
    let ratios = rows.iter().zip(labels).filter_map(|(row, label)| {
        let (given, lasts) = (seconds(row)?, lasts(label)?);
        (lasts > 0.0).then(|| given / lasts)
    });
    let ratios: Vec<f64> = ratios.collect();
    let (least, most) = ratios
        .iter()
        .fold((f64::INFINITY, 0.0_f64), |(least, most), ratio| {
            (least.min(*ratio), most.max(*ratio))
        });
    let is_unit = ratios.len() > 1
        && least > 0.0
        && most <= least * (1.0 + SHARE)
        && !(0.5..2.0).contains(&least);
    let mut pairs = rows.iter().zip(labels);
    pairs.find(|(row, label)| {
        let Some((given, lasts)) = seconds(row).zip(lasts(label)) else {
            return false;
        };
        let near = if given.fract() == 0.0 { ROUNDED } else { NEAR };
        !is_unit && (given - lasts).abs() > near.max(SHARE * lasts)
    })
}
