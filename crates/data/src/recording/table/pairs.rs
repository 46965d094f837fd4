//! Rows as programs print them for people: with a name before each value, as for Arduino's serial plotter (`Z:512,N:13`), also with
//! units behind them (`X: 0.12  Y: 9.81 m/s^2`), or in brackets (`[0, 512, 13]`, as Python prints lists).

use std::borrow::Cow;

use super::super::Notes;
use super::super::text::cell;
use super::names::with_unit;

/// Lines that are looked at.
const LINES: usize = 8;
/// Longest name.
const NAME: usize = 40;

/// A text as a table.
pub(super) struct Plain<'a> {
    pub bytes: Cow<'a, [u8]>,
    /// Number of its first line in the file: 0 if the line of names is not in the file.
    pub line: usize,
}

/// The text as a table: names in the first line instead of in each, and no brackets around the lines. Damaged lines before
/// the first sound one are left out, with a note.
pub(super) fn as_rows<'a>(text: Cow<'a, [u8]>, notes: &mut Notes) -> Plain<'a> {
    let lines = text
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty());
    let lines: Vec<&[u8]> = lines.take(LINES).collect();
    if !lines.is_empty() && lines.iter().all(|line| bare(line).is_some()) {
        return Plain {
            bytes: Cow::Owned(without_brackets(&text)),
            line: 1,
        };
    }
    let Some(names) = usual_names(&lines) else {
        return Plain {
            bytes: text,
            line: 1,
        };
    };
    let mut plain = Vec::with_capacity(text.len());
    plain.extend_from_slice(&with_units(&names, &lines).join(&b','));
    let mut is_first = true;
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        plain.push(b'\n');
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            plain.extend_from_slice(line);
            continue;
        }
        let sound = pairs(line).filter(|cells| self::names(cells) == names);
        if is_first && sound.is_none() {
            let shown: String = cell(line).chars().take(40).collect();
            notes.push(format!("left out line {}: `{shown}`", number + 1));
            continue;
        }
        is_first = false;
        match sound {
            Some(cells) => {
                let values: Vec<&[u8]> = cells.iter().map(|cell| cell.1).collect();
                plain.extend_from_slice(&values.join(&b','));
            }
            // Damaged lines are told of as those of other tables.
            None => plain.extend_from_slice(&torn(line, &names)),
        }
    }
    Plain {
        bytes: Cow::Owned(plain),
        line: 0,
    }
}

/// The names, with the unit behind the values of times if all `lines` have the same.
fn with_units(names: &[&[u8]], lines: &[&[u8]]) -> Vec<Vec<u8>> {
    let units: Vec<Vec<&[u8]>> = lines.iter().map(|line| units(line)).collect();
    let named = names.iter().enumerate().map(|(at, name)| {
        let mut all = units.iter().filter_map(|units| units.get(at).copied());
        let first = all.next().filter(|first| all.all(|unit| unit == *first));
        let unit = first.and_then(|unit| str::from_utf8(unit).ok());
        let told = unit.and_then(|unit| with_unit(str::from_utf8(name).ok()?, unit));
        told.map_or_else(|| name.to_vec(), String::into_bytes)
    });
    named.collect()
}

/// What is behind the value of each cell of a line.
fn units(line: &[u8]) -> Vec<&[u8]> {
    let (mut rest, mut units) = (line, Vec::new());
    while !rest.is_empty() {
        let (_, unit, behind) = value(name(rest).map_or(rest, |(_, behind)| behind));
        units.push(unit);
        rest = behind;
    }
    units
}

/// Name and value of a cell.
type Cell<'a> = (&'a [u8], &'a [u8]);

fn names<'a>(cells: &[Cell<'a>]) -> Vec<&'a [u8]> {
    cells.iter().map(|cell| cell.0).collect()
}

/// The names that the first lines have; one line in four may be damaged, as the first often is.
fn usual_names<'a>(lines: &[&'a [u8]]) -> Option<Vec<&'a [u8]>> {
    let all: Vec<Option<Vec<&[u8]>>> = lines
        .iter()
        .map(|line| pairs(line).map(|cells| names(&cells)))
        .collect();
    let most = if lines.len() < LINES { 0 } else { LINES / 4 };
    let count = |names: &Vec<&[u8]>| all.iter().flatten().filter(|other| *other == names).count();
    let names = all.iter().flatten().max_by_key(|names| count(names))?;
    (count(names) + most >= lines.len()).then(|| names.clone())
}

/// The cells of a damaged line, if there are as many as `names`: the values of those with the right name, and the others in
/// a form that is no number, since nothing says what their numbers mean. Lines with more or fewer cells are left out as those
/// of other tables.
fn torn(line: &[u8], names: &[&[u8]]) -> Vec<u8> {
    let mut cells: Vec<Cell> = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let named = name(rest);
        let (value, _, behind) = value(named.map_or(rest, |(_, behind)| behind));
        cells.push((named.map_or(b"", |(name, _)| name), value));
        rest = behind;
    }
    let is_time = |cell: &Cell| {
        cell.0.is_empty()
            && cell.1.contains(&b':')
            && cell.1.first().is_some_and(u8::is_ascii_digit)
    };
    let texts = cells.iter().enumerate().map(|(at, cell)| {
        let is_clock = at == 0 && names[0] == b"time" && is_time(cell);
        if is_clock || names.get(at) == Some(&cell.0) {
            cell.1.to_vec()
        } else if cell.0.is_empty() {
            [cell.1, b" without a name"].concat()
        } else {
            [cell.0, b":", cell.1].concat()
        }
    });
    texts.collect::<Vec<_>>().join(&b',')
}

/// The name at the beginning of a cell, if it has one, and what is behind its mark.
fn name(cell: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = cell.iter().position(|byte| matches!(byte, b':' | b'='))?;
    let name = cell[..end].trim_ascii_end();
    let is_name = name.first().is_some_and(u8::is_ascii_alphabetic) && name.len() <= NAME;
    let is_one = !name.iter().any(|byte| is_between(byte) || *byte == b'"');
    (is_name && is_one).then(|| (name, cell[end + 1..].trim_ascii_start()))
}

/// Whether a byte may be between cells.
fn is_between(byte: &u8) -> bool {
    matches!(byte, b',' | b';' | b'\t' | b' ' | b'|')
}

/// A value, its unit, and what is behind these and a separator.
fn value(rest: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let word = |rest: &[u8]| rest.iter().position(is_between).unwrap_or(rest.len());
    let (value, behind) = rest.split_at(word(rest));
    let (is_end, behind) = without_separator(behind);
    let (unit, next) = behind.split_at(word(behind));
    // The first word of the next cell is its name, or its value.
    let is_unit = !is_end
        && unit
            .first()
            .is_some_and(|byte| !byte.is_ascii_digit() && !b"+-.:=".contains(byte))
        && !unit.iter().any(|byte| b":=".contains(byte))
        && !next.trim_ascii_start().starts_with(b":")
        && !next.trim_ascii_start().starts_with(b"=");
    if is_unit {
        (value, unit, without_separator(next).1)
    } else {
        (value, b"", behind)
    }
}

/// What is behind a separator, and whether there is one other than a blank.
fn without_separator(rest: &[u8]) -> (bool, &[u8]) {
    let rest = rest.trim_ascii_start();
    match rest.first() {
        Some(b',' | b';' | b'|') => (true, rest[1..].trim_ascii_start()),
        _ => (false, rest),
    }
}

/// The cells of a line if each has a name and a number; the first may be a time without a name.
fn pairs(line: &[u8]) -> Option<Vec<Cell<'_>>> {
    let mut cells = Vec::new();
    let mut rest = line.trim_ascii();
    while !rest.is_empty() {
        let name = name(rest);
        let named = match name {
            Some((name, behind)) => {
                rest = behind;
                name
            }
            None if cells.is_empty() => b"time",
            None => return None,
        };
        let (value, _, behind) = value(rest);
        let is_number = str::from_utf8(value).is_ok_and(|value| value.parse::<f64>().is_ok());
        if !(is_number || name.is_none() && value.contains(&b':')) {
            return None;
        }
        cells.push((named, value));
        rest = behind;
    }
    let is_any = cells.iter().any(|cell| cell.0 != b"time");
    (is_any && cells.len() > usize::from(cells[0].0 == b"time")).then_some(cells)
}

/// A line without the brackets around it.
fn bare(line: &[u8]) -> Option<&[u8]> {
    let (first, last) = (line.first()?, line.last()?);
    let line = match (first, last) {
        (b'[', b']') | (b'(', b')') | (b'{', b'}') | (b'<', b'>') => &line[1..line.len() - 1],
        _ => return None,
    };
    let is_between = |byte: &u8| matches!(byte, b',' | b';' | b' ' | b'\t');
    let is_plain = |byte: &u8| byte.is_ascii_digit() || is_between(byte) || b".-+eE".contains(byte);
    // One number in brackets may be a negative one.
    let are_several = line.trim_ascii().iter().any(is_between);
    (are_several && line.iter().any(u8::is_ascii_digit) && line.iter().all(is_plain))
        .then_some(line)
}

/// The text with blanks in place of the brackets around its lines.
fn without_brackets(text: &[u8]) -> Vec<u8> {
    let lines = text.split(|byte| *byte == b'\n');
    let lines: Vec<&[u8]> = lines
        .map(|line| bare(line.trim_ascii()).unwrap_or(line))
        .collect();
    lines.join(&b'\n')
}

#[cfg(test)]
mod tests {
    use super::super::super::{Hints, Notes, Trace};
    use super::super::read;

    fn traces(text: &str, rate: Option<f64>) -> Vec<Trace> {
        let hints = Hints {
            sampling_rate: rate,
            ..Hints::default()
        };
        read(text.as_bytes(), &hints).unwrap().traces
    }

    fn rows(row: impl Fn(i32) -> String) -> String {
        (0..50).map(|i| row(i) + "\r\n").collect()
    }

    #[test]
    fn names_before_values() {
        let forms: [fn(i32) -> String; 7] = [
            |i| format!("Z:{i},N:{}", -i),
            |i| format!("Z: {i} N: {}.50", -i),
            |i| format!("Z={i};N={}", -i),
            |i| format!("Z:{i}\tN:{}", -i),
            |i| format!("Z = {i} | N = {}", -i),
            |i| format!("Z: {i}  N: {}  m/s^2 ", -i),
            |i| format!("Z: {i} mg, N: {} mg", -i),
        ];
        for form in forms {
            let text = rows(form);
            let traces = traces(&text, Some(100.0));
            assert_eq!(
                (&*traces[0].channel, &*traces[1].channel),
                ("Z", "N"),
                "{text}"
            );
            assert_eq!(
                (traces[0].samples[49], traces[0].samples.len()),
                (49.0, 50),
                "{text}"
            );
        }
        let text = rows(|i| format!("14:04:06.{:03} -> Z:{i},N:5", 10 * i));
        let traces = traces(&text, None);
        assert_eq!(
            (traces.len(), traces[0].rate, traces[0].samples[7]),
            (2, 100.0, 7.0)
        );
    }

    /// Sound values of a damaged row count, and the line is that of the file.
    #[test]
    fn damaged_rows() {
        let damaged = |new: &str| {
            let text = rows(|i| format!("Z:{i},N:{}", i + 100)).replace("Z:20,N:120", new);
            let hints = Hints {
                sampling_rate: Some(100.0),
                ..Hints::default()
            };
            let recording = read(text.as_bytes(), &hints).unwrap();
            let at = |channel: usize| recording.traces[channel].samples[20];
            (recording.traces.len() == 2)
                .then(|| [at(0), at(1)])
                .map_or_else(
                    || (recording.notes.all(), None),
                    |values| {
                        (
                            recording.notes.all(),
                            Some(values.map(|v| (!v.is_nan()).then_some(v))),
                        )
                    },
                )
        };
        for (new, values, note) in [
            ("Z:20,N:1x", [Some(20.0), None], "line 21, column `N`: `1x`"),
            ("Z:20,N:", [Some(20.0), None], ""),
            (
                "Z:20,N",
                [Some(20.0), None],
                "column `N`: `N without a name`",
            ),
            (
                "Z:2Z:20,N:120",
                [None, Some(120.0)],
                "line 21, column `Z`: `2Z:20`",
            ),
            (
                "0,N:120",
                [None, Some(120.0)],
                "column `Z`: `0 without a name`",
            ),
            ("20,120", [None, None], "column `Z`: `20 without a name`"),
            ("N:120,Z:20", [None, None], "column `Z`: `N:120` is not"),
        ] {
            let (notes, found) = damaged(new);
            assert_eq!(found, Some(values), "{new} {notes:?}");
            assert!(
                notes.iter().any(|text| text.contains(note)),
                "{new} {notes:?}"
            );
        }
        for new in ["Z:2", "Z:20,Z:21,N:120", "5 6,7"] {
            let (notes, _) = damaged(new);
            assert!(
                notes[0].contains("left out one row: line 21: "),
                "{new} {notes:?}"
            );
        }
    }

    #[test]
    fn times_have_the_unit_behind_them() {
        let found = traces(&rows(|i| format!("t={} ms, acc={i} g", 10 * i)), None);
        assert_eq!((found.len(), found[0].rate), (1, 100.0));
    }

    /// A capture of a serial port begins within a line.
    #[test]
    fn first_line_may_be_damaged() {
        let text = format!("7,N:13\n{}", rows(|i| format!("Z:{i},N:5")));
        let hints = Hints {
            sampling_rate: Some(100.0),
            ..Hints::default()
        };
        let recording = read(text.as_bytes(), &hints).unwrap();
        assert_eq!(
            (recording.traces.len(), recording.traces[0].samples[3]),
            (2, 3.0)
        );
        assert!(recording.notes.all()[0].contains("left out line 1: `7,N:13`"));
    }

    #[test]
    fn lines_in_brackets() {
        for (open, close) in [("[", "]"), ("(", ")"), ("<", ">")] {
            let text = rows(|i| format!("{open}{i}, {}.5, -3{close}", 2 * i));
            let traces = traces(&text, Some(100.0));
            assert_eq!(traces.len(), 3);
            assert_eq!((traces[0].samples[9], traces[1].samples[9]), (9.0, 18.5));
        }
    }

    #[test]
    fn other_texts_stay() {
        for text in [
            "time,Z\n0,1\n",
            "Rate: 100\nGain: 2\ntime,Z\n0,1\n",
            "a:b\na:b\n",
            "10:00:00,1\n10:00:01,2\n",
            "(5)\n(7)\n",
            "",
        ] {
            let same = super::as_rows(text.as_bytes().into(), &mut Notes::default()).bytes;
            assert!(matches!(same, std::borrow::Cow::Borrowed(_)), "{text}");
        }
    }
}
