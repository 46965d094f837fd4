//! Dates that the separator of a table divides, `2024,122,10:00:00` or `2024 05 01 10:00:00`, in cells that no name is above.

use std::borrow::Cow;
use std::ops::Range;

use super::super::{Notes, Remark};

/// Lines that are looked at, and rows that have to be there.
const HEAD: usize = 64;
const FEWEST: usize = 3;
/// Separators; of blanks, several are one.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b' '];

/// A date and a time of day in several cells of a row.
#[derive(Debug)]
struct Divided {
    /// The cell of the year.
    first: usize,
    /// Cells of the date: year and day, or year, month and day.
    parts: usize,
    /// Cells of the row: where they are in it.
    cells: Vec<Range<usize>>,
    /// Year and day, or a number that grows by as little.
    date: u32,
}

/// The text with one cell for each time, if its rows have dates that are divided.
pub(super) fn joined<'t>(text: Cow<'t, [u8]>, notes: &mut Notes) -> Cow<'t, [u8]> {
    let divides = |separator: u8| Some((separator, divides_dates(&text, separator)?));
    let Some((separator, joined)) = SEPARATORS.into_iter().find_map(divides) else {
        return text;
    };
    let before_clock = match joined {
        JoinedCells::Times => b'T',
        JoinedCells::Dates => separator,
    };
    let mut output = Vec::with_capacity(text.len());
    let mut example = String::new();
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let Some(times) = of_line(line, separator) else {
            output.extend_from_slice(line);
            continue;
        };
        let date = &times.cells[times.first..=times.first + times.parts];
        if example.is_empty() {
            let all = &line[date[0].start..date[date.len() - 1].end];
            example = String::from_utf8_lossy(all).into_owned();
        }
        output.extend_from_slice(&line[..date[0].start]);
        for (at, cell) in date.iter().enumerate() {
            output.extend_from_slice(&line[cell.clone()]);
            output.extend(match times.parts - at {
                0 => None,
                1 => Some(before_clock),
                _ => Some(b'-'),
            });
        }
        output.extend_from_slice(&line[date[date.len() - 1].end..]);
    }
    notes.push(Remark::Records(format!(
        "cells such as `{example}` are read as one {}",
        match joined {
            JoinedCells::Times => "time",
            JoinedCells::Dates => "date and a time of day",
        }
    )));
    output.into()
}

/// What is one cell.
#[derive(Clone, Copy, Debug, PartialEq)]
enum JoinedCells {
    /// Date and time of day.
    Times,
    /// The date: it has a name, and so has the time of day.
    Dates,
}

/// What becomes one cell if a separator divides the dates of a text, and no names are above each of their parts.
fn divides_dates(text: &[u8], separator: u8) -> Option<JoinedCells> {
    let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let lines = lines.filter(|line| !line.is_empty() && line[0] != b'#');
    let head: Vec<&[u8]> = lines.take(HEAD).collect();
    let rows: Vec<Option<Divided>> = head.iter().map(|line| of_line(line, separator)).collect();
    let found = rows.iter().enumerate();
    let (begin, first) = found
        .flat_map(|(at, row)| Some((at, row.as_ref()?)))
        .next()?;
    let names = begin
        .checked_sub(1)
        .map(|at| (head[at], cells(head[at], separator)));
    let joined = match &names {
        Some((line, names)) if has_both(line, names, first) => JoinedCells::Dates,
        _ => JoinedCells::Times,
    };
    // Some programs leave out the name of the last column.
    let count = names.map_or(0, |(_, names)| names.len());
    let are_named = joined == JoinedCells::Times && count + 1 >= first.cells.len() && count > 0;
    let is_like = |row: &Divided| {
        let later = row.date.checked_sub(first.date);
        let is_near = later.is_some_and(|days| !(5..=600).contains(&days));
        let place = |row: &Divided| (row.first, row.parts, row.cells.len());
        is_near && place(row) == place(first)
    };
    let below = &rows[begin..];
    let alike = below.iter().flatten().filter(|row| is_like(row)).count();
    let is_divided = !are_named && alike >= FEWEST && alike * 10 >= below.len() * 9;
    is_divided.then_some(joined)
}

/// Whether the names are as many as columns if the date is one, and the date and the time of day have one each.
fn has_both(line: &[u8], names: &[Range<usize>], first: &Divided) -> bool {
    let is = |at: usize, known: &[&str]| {
        let name = names.get(at).map(|range| &line[range.clone()]);
        let name = name.map(|name| {
            String::from_utf8_lossy(name)
                .trim_matches('"')
                .to_lowercase()
        });
        name.is_some_and(|name| known.contains(&&*name))
    };
    names.len() + first.parts - 1 == first.cells.len()
        && is(first.first, &["date", "datum", "fecha", "day"])
        && is(
            first.first + 1,
            &["time", "clock", "uhrzeit", "zeit", "hora", "heure"],
        )
}

/// The divided date of a row.
fn of_line(line: &[u8], separator: u8) -> Option<Divided> {
    let cells = cells(line, separator);
    let cell = |at: usize| cells.get(at).map(|range| &line[range.clone()]);
    let clock = (0..cells.len()).find(|at| cell(*at).is_some_and(is_clock))?;
    let number = |at: Option<usize>, most: usize| -> Option<u32> {
        let text = cell(at?)?;
        let is_short = (1..=most).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
        str::from_utf8(text).ok()?.parse().ok().filter(|_| is_short)
    };
    let year = |before: usize| {
        let found = number(clock.checked_sub(before), 4);
        found.filter(|year| (1970..2100).contains(year))
    };
    let day = number(clock.checked_sub(1), 3)?;
    let (parts, date) = match (year(2), year(3)) {
        (Some(year), _) if (1..=366).contains(&day) => (2, year * 1000 + day),
        (_, Some(year)) if (1..=31).contains(&day) => {
            let month = number(clock.checked_sub(2), 2).filter(|month| (1..=12).contains(month))?;
            (3, year * 1000 + month * 31 + day)
        }
        _ => return None,
    };
    Some(Divided {
        first: clock - parts,
        parts,
        cells,
        date,
    })
}

/// Whether a cell is a time of day, `10:00:00.25`.
fn is_clock(cell: &[u8]) -> bool {
    let colons = cell.iter().filter(|byte| **byte == b':').count();
    let is_sign = |byte: &u8| byte.is_ascii_digit() || b":.Z".contains(byte);
    colons == 2 && cell[0].is_ascii_digit() && cell.iter().all(is_sign)
}

/// The cells of a line without blanks around them.
pub(super) fn cells(line: &[u8], separator: u8) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut start = 0;
    let ends = |byte: &u8| *byte == separator || separator == b' ' && byte.is_ascii_whitespace();
    let places = line.iter().enumerate().filter(|(_, byte)| ends(byte));
    for end in places.map(|(at, _)| at).chain([line.len()]) {
        let cell = &line[start..end];
        let from = start + cell.len() - cell.trim_ascii_start().len();
        let to = from + cell.trim_ascii().len();
        if separator != b' ' || to > from {
            all.push(from..to);
        }
        start = end + 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::tests::contents;
    use super::super::{Contents, Hints};
    use super::joined;

    fn table(head: &str, date: &str, separator: &str) -> String {
        let row = |i: usize| {
            let clock = format!("10:00:{:05.2}", i as f64 / 100.0);
            let cells = [date, &clock, &(i % 7).to_string(), &(i % 5).to_string()].join(separator);
            cells.replace(',', separator) + "\n"
        };
        format!(
            "{}\n{}",
            head.replace(',', separator),
            (0..200).map(row).collect::<String>()
        )
    }

    fn read(text: &str) -> Contents {
        contents(text, &Hints::default()).unwrap()
    }

    #[test]
    fn dates_in_several_cells() {
        let start = crate::recording::parse_time("2024-05-01T10:00:00Z").unwrap();
        for date in ["2024,122", "2024,05,01"] {
            for separator in [",", ";", "\t", " "] {
                for (head, names) in [("", ["2", "3"]), ("time,Z,N", ["Z", "N"])] {
                    let recording = read(&table(head, date, separator));
                    let found: Vec<_> = recording
                        .traces
                        .iter()
                        .map(|trace| (&*trace.channel, trace.rate, trace.start))
                        .collect();
                    let expected = names.map(|name| (name, 100.0, start));
                    assert_eq!(found, expected, "{date} {separator:?} {head}");
                    assert_eq!(recording.notes.texts(true), [""; 0]);
                }
            }
        }
    }

    /// The date has one name for its parts, and the time of day another.
    #[test]
    fn dates_with_a_name_are_joined() {
        let start = crate::recording::parse_time("2024-05-01T10:00:00Z").unwrap();
        for date in ["2024,122", "2024,05,01"] {
            for separator in [",", ";", "\t", " "] {
                let recording = read(&table("date,time,Z,N", date, separator));
                let found: Vec<_> = recording
                    .traces
                    .iter()
                    .map(|trace| (&*trace.channel, trace.rate, trace.start))
                    .collect();
                let expected = ["Z", "N"].map(|name| (name, 100.0, start));
                assert_eq!(found, expected, "{date} {separator:?}");
            }
        }
    }

    /// Names are above each part.
    #[test]
    fn parts_with_names_stay_apart() {
        for (head, date) in [
            ("year,doy,time,Z,N", "2024,122"),
            ("year,month,day,time,Z,N", "2024,05,01"),
        ] {
            let text = table(head, date, ",");
            assert_eq!(
                joined(text.as_bytes().into(), &mut Default::default()),
                text.as_bytes()
            );
            let recording = read(&text);
            assert_eq!(recording.traces.len(), 2, "{head}: {:?}", recording.notes);
            let start = crate::recording::parse_time("2024-05-01T10:00:00Z").unwrap();
            assert_eq!(recording.traces[0].start, start);
        }
        // Samples that are no dates.
        let text: String = (0..50)
            .map(|i| format!("{},{},10:00:{i:02}\n", 2000 + i, 12 * i % 300))
            .collect();
        assert_eq!(read(&text).traces.len(), 2);
    }
}
