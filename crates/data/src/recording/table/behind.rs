//! Units behind the numbers in cells, as programs print them for people: `0.00 s,-31 mV`.

use std::borrow::Cow;

use super::super::text::cell;
use super::super::{Notes, Remark};
use super::number::may_be_number;
use super::scan::unquoted;
use super::units::{UNITS, unit};

/// Lines above the rows, at most, and rows that are looked at; and how many show units, at least.
const ABOVE: usize = 64;
const LINES: usize = 24;
const FEWEST: usize = 4;
/// Separators between cells with units, which may have a blank in them.
const SEPARATORS: [u8; 4] = [b'\t', b';', b'|', b','];
/// Units of samples besides the usual ones.
const MORE: [&str; 30] = [
    "m", "cm", "mm", "um", "µm", "nm", "µv", "uv", "nv", "kv", "µt", "nt", "mt", "t", "gal",
    "mgal", "cts", "lsb", "db", "hpa", "kpa", "mbar", "a", "ma", "ua", "µm/s", "rad", "rad/s",
    "°/s", "%",
];

/// What is behind the numbers of a column.
#[derive(Clone, Debug, PartialEq)]
enum Suffix {
    Nothing,
    /// Units of times, which may differ.
    Time,
    /// One unit of samples, and the first cell with it.
    Unit {
        unit: Vec<u8>,
        example: Vec<u8>,
    },
}

/// The text without the units of samples behind its numbers, if all of a column have the same one, and with a blank before those of
/// times.
pub(super) fn without<'a>(text: Cow<'a, [u8]>, notes: &mut Notes) -> Cow<'a, [u8]> {
    let Some((separator, columns)) = SEPARATORS.into_iter().find_map(|separator| {
        let columns = columns(&text, separator)?;
        Some((separator, columns))
    }) else {
        return text;
    };
    let mut units: Vec<&[u8]> = Vec::new();
    for column in &columns {
        let Suffix::Unit { unit, example } = column else {
            continue;
        };
        if !units.contains(&&**unit) {
            units.push(unit);
            notes.push(Remark::Numbers {
                what: "units behind them",
                example: cell(example),
                how: "without its unit",
            });
        }
    }
    let mut plain = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let end = line.trim_ascii_end().len();
        for (number, cell) in cells(&line[..end], separator).enumerate() {
            if number > 0 {
                plain.push(separator);
            }
            add(&mut plain, cell, columns.get(number), separator);
        }
        plain.extend_from_slice(&line[end..]);
    }
    Cow::Owned(plain)
}

/// Adds a cell. One with another unit stays as it is, which is no number.
fn add(plain: &mut Vec<u8>, cell: &[u8], behind: Option<&Suffix>, separator: u8) {
    let trimmed = inner(cell);
    match (behind, divided(trimmed)) {
        (Some(Suffix::Unit { unit, .. }), Some((number, found))) if found == &**unit => {
            // A decimal comma stays within its quotation marks.
            let is_quoted = number.contains(&separator);
            plain.extend(is_quoted.then_some(b'"'));
            plain.extend_from_slice(number);
            plain.extend(is_quoted.then_some(b'"'));
        }
        (Some(Suffix::Time), Some((number, unit))) if is_time(unit) => {
            let is_one = number.iter().filter(|byte| **byte == b',').count() == 1;
            let point = |byte: &u8| if *byte == b',' && is_one { b'.' } else { *byte };
            plain.extend(number.iter().map(point));
            plain.push(b' ');
            plain.extend(unit.to_ascii_lowercase());
        }
        _ => plain.extend_from_slice(cell),
    }
}

/// What is behind the numbers of each column; `None` if there is nothing to change.
fn columns(text: &[u8], separator: u8) -> Option<Vec<Suffix>> {
    let lines = text
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii_end);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with(b"#"));
    let rows: Vec<Vec<&[u8]>> = lines
        .take(ABOVE + LINES)
        .map(|line| cells(line, separator).map(inner).collect::<Vec<_>>())
        .skip_while(|cells| !cells.iter().any(|cell| divided(cell).is_some()))
        .take(LINES)
        .collect();
    let width = rows.last()?.len();
    if rows.len() < FEWEST || width < 2 || rows.iter().any(|row| row.len() != width) {
        return None;
    }
    let columns: Vec<Suffix> = (0..width)
        .map(|at| behind(rows.iter().map(|row| row[at])))
        .collect();
    // Times as `0.01 s` between commas are read as they are.
    let is_changed = columns
        .iter()
        .any(|column| matches!(column, Suffix::Unit { .. }))
        || columns.contains(&Suffix::Time) && rows.iter().flatten().any(|cell| lacks_blank(cell));
    is_changed.then_some(columns)
}

fn behind<'a>(cells: impl Iterator<Item = &'a [u8]> + Clone) -> Suffix {
    let mut filled = cells.filter(|cell| !cell.is_empty());
    let all = filled.clone();
    let found: Option<Vec<&[u8]>> = all
        .map(|cell| divided(cell).map(|(_, unit)| unit))
        .collect();
    let Some(units) = found.filter(|units| units.len() >= FEWEST) else {
        return Suffix::Nothing;
    };
    if units.iter().all(|unit| is_time(unit)) {
        Suffix::Time
    } else if units.iter().all(|unit| *unit == units[0]) {
        Suffix::Unit {
            unit: units[0].to_vec(),
            example: filled.next().unwrap_or_default().to_vec(),
        }
    } else {
        Suffix::Nothing
    }
}

/// Whether a time cannot be read as it is.
fn lacks_blank(cell: &[u8]) -> bool {
    divided(cell).is_some_and(|(number, unit)| {
        is_time(unit) && (cell.len() == number.len() + unit.len() || number.contains(&b','))
    })
}

fn is_time(name: &[u8]) -> bool {
    matches!(
        &*name.to_ascii_lowercase(),
        b"s" | b"sec" | b"ms" | b"us" | b"ns" | b"min" | b"hr"
    ) || name == "µs".as_bytes()
}

/// A cell as a number and the unit behind it.
fn divided(cell: &[u8]) -> Option<(&[u8], &[u8])> {
    let is_exponent = |at: usize| {
        let digits = cell[at + 1..].strip_prefix(b"-").unwrap_or(&cell[at + 1..]);
        matches!(cell[at], b'e' | b'E')
            && digits
                .strip_prefix(b"+")
                .unwrap_or(digits)
                .first()
                .is_some_and(u8::is_ascii_digit)
    };
    let is_behind = |at: &usize| {
        !cell[*at].is_ascii_digit() && !b"+-., ".contains(&cell[*at]) && !is_exponent(*at)
    };
    let at = (0..cell.len()).find(is_behind)?;
    let (number, name) = (cell[..at].trim_ascii(), &cell[at..]);
    let is_number = number.iter().any(u8::is_ascii_digit) && may_be_number(number);
    (is_number && is_unit(name)).then_some((number, name))
}

fn is_unit(name: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(name) else {
        return false;
    };
    let lower = text.replace('μ', "µ").to_lowercase();
    UNITS.contains(&&*lower) || MORE.contains(&&*lower) || unit(&lower).is_some() && is_time(name)
}

/// A cell without blanks, also within the quotes around it.
fn inner(cell: &[u8]) -> &[u8] {
    unquoted(cell).trim_ascii()
}

/// The cells of a line.
fn cells(line: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut is_quoted = false;
    line.split(move |byte| {
        is_quoted ^= *byte == b'"';
        *byte == separator && !is_quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (String, Vec<String>) {
        let mut notes = Notes::default();
        let plain = without(text.as_bytes().into(), &mut notes);
        (String::from_utf8(plain.into_owned()).unwrap(), notes.all())
    }

    fn table(head: &str, row: impl Fn(i32) -> String) -> String {
        (0..9).fold(format!("{head}\n"), |text, i| text + &row(i) + "\n")
    }

    #[test]
    fn one_unit_in_each_column() {
        let text = table("time,Z,N", |i| format!("0.{i:02} s,-{i}.5 mV,{i}"));
        let (plain, notes) = of(&text);
        assert_eq!(
            plain,
            table("time,Z,N", |i| format!("0.{i:02} s,-{i}.5,{i}"))
        );
        assert_eq!(
            notes,
            ["numbers have units behind them: `-0.5 mV` is read without its unit"]
        );
        let text = table("time;Z", |i| format!("\"0,0{i}s\";{i}e-3m/s^2"));
        assert_eq!(of(&text).0, table("time;Z", |i| format!("0.0{i} s;{i}e-3")));
        let text = table("t,Z", |i| format!("{i}ms,\"{i},5 V\""));
        assert_eq!(of(&text).0, table("t,Z", |i| format!("{i} ms,\"{i},5\"")));
    }

    #[test]
    fn other_texts_stay() {
        for text in [
            // Several units, of which one is another's multiple.
            table("time,Z", |i| {
                format!("{i},{i} {}", if i == 5 { "V" } else { "mV" })
            }),
            table("time,id", |i| format!("{i},{i}A7")),
            table("time,id", |i| format!("{i},{i} rabbits")),
            table("time,Z", |i| format!("0.0{i} s,{i}")),
            table("time,Z", |i| format!("10:00:0{i} AM,{i}e5")),
            table("date,Z", |i| format!("0{i} May 2024,{i}")),
            "Z\n5 mV\n6 mV\n7 mV\n8 mV\n".into(),
        ] {
            assert_eq!(of(&text), (text.clone(), vec![]));
        }
        // A cell in another unit further down is no number.
        let mut text = String::from("time,Z\n");
        (0..40).for_each(|i| text += &format!("{i},{i} {}\n", if i == 35 { "V" } else { "mV" }));
        assert!(of(&text).0.contains("\n35,35 V\n36,36\n"));
    }
}
