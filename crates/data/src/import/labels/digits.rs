//! Times of day in digits without marks between them, such as `093015` for 09:30:15.

use super::columns::Columns;
use super::heads::{Separated, cell, with_cells};
use super::places::{TimeCells, TimePosition};

/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// The rows with marks in times of day of six digits (`093015.5`) or four (`0930`), and information on them; `None` if there are
/// none. Numbers have no zeros before them, and beside a date none is beyond a day.
pub(super) fn with_marks(
    heads: &csv::StringRecord,
    rows: &[&csv::StringRecord],
    columns: &Columns,
    separated: Separated,
) -> Option<(Vec<csv::StringRecord>, String)> {
    let end = columns.end.filter(|_| !columns.is_duration);
    let places = [Some(columns.start), end];
    let at = |place: &TimePosition| match place.time {
        TimeCells::Column((at, None)) => Some(at),
        _ => None,
    };
    let all: Option<Vec<usize>> = places.iter().flatten().map(at).collect();
    let all = all?;
    let cells = rows
        .iter()
        .flat_map(|row| all.iter().map(|at| cell(row, *at)));
    let cells: Vec<&str> = cells.filter(|text| !text.is_empty()).collect();
    let first = *cells.first()?;
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let are = |count: usize| cells.iter().all(|text| digits(text) == count);
    let is_padded = (are(6) || are(4)) && cells.iter().any(|text| text.starts_with('0'));
    let number = |text: &&str| separated.number(text).parse::<f64>().unwrap_or(0.0);
    let is_beyond = |text: &&str| number(text) >= DAY;
    // Files of numbers have lost the zeros before them.
    let is_late = columns.start.date.is_some() && cells.iter().any(is_beyond);
    if !(is_padded || is_late) {
        return None;
    }
    let clock = |text: &str| marked(&separated.number(text), is_late);
    let shown = clock(first)?;
    if !cells.iter().all(|text| clock(text).is_some()) {
        return None;
    }
    let note = format!(
        "column `{}`: digits such as `{first}` are read as times of day, {shown}",
        cell(heads, all[0])
    );
    let row = |row: &&csv::StringRecord| {
        let cells = row.iter().enumerate().map(|(i, text)| {
            let marked = clock(text).filter(|_| all.contains(&i));
            marked.unwrap_or_else(|| text.to_owned())
        });
        with_cells(row, cells)
    };
    Some((rows.iter().map(row).collect(), note))
}

/// `09:30:15.5` for `093015.5`, or for `93015.5` if digits may be missing.
fn marked(text: &str, may_lack_zeros: bool) -> Option<String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let padded = match whole.len() {
        4 | 6 if !may_lack_zeros => whole.to_owned(),
        1..=6 if may_lack_zeros => format!("{whole:0>6}"),
        _ => return None,
    };
    if !are_digits(&padded) || !are_digits(fraction) {
        return None;
    }
    let (hour, minute, second) = (
        &padded[..2],
        &padded[2..4],
        padded.get(4..).unwrap_or_default(),
    );
    let second = if second.is_empty() { "00" } else { second };
    let below = |part: &str, limit: u8| part.parse::<u8>().is_ok_and(|number| number < limit);
    let is_time = below(hour, 24) && below(minute, 60) && below(second, 60);
    let point = if fraction.is_empty() { "" } else { "." };
    is_time.then(|| format!("{hour}:{minute}:{second}{point}{fraction}"))
}
