//! Rows as programs print them for people: with a name before each value, as for Arduino's serial plotter (`Z:512,N:13`), or in
//! brackets (`[0, 512, 13]`, as Python prints lists).

use std::borrow::Cow;

/// Lines that are looked at.
const LINES: usize = 8;
/// Longest name.
const NAME: usize = 40;

/// The text as a table: names in the first line instead of in each, and no brackets around the lines.
pub(super) fn as_rows(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let lines = text
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty());
    let lines: Vec<&[u8]> = lines.take(LINES).collect();
    if lines.is_empty() {
        return text;
    }
    if lines.iter().all(|line| bare(line).is_some()) {
        return Cow::Owned(without_brackets(&text));
    }
    let Some(names) = pairs(lines[0]).map(|cells| names(&cells)) else {
        return text;
    };
    let is_alike = |line: &&[u8]| pairs(line).is_some_and(|cells| self::names(&cells) == names);
    if !lines.iter().all(is_alike) {
        return text;
    }
    let mut plain = Vec::with_capacity(text.len());
    plain.extend_from_slice(&names.join(&b','));
    for line in text.split(|byte| *byte == b'\n') {
        plain.push(b'\n');
        match pairs(line.trim_ascii()).filter(|cells| self::names(cells) == names) {
            Some(cells) => {
                let values: Vec<&[u8]> = cells.iter().map(|cell| cell.1).collect();
                plain.extend_from_slice(&values.join(&b','));
            }
            // Torn lines are told of as those of other tables.
            None => plain.extend_from_slice(line),
        }
    }
    Cow::Owned(plain)
}

/// Name and value of a cell.
type Cell<'a> = (&'a [u8], &'a [u8]);

fn names<'a>(cells: &[Cell<'a>]) -> Vec<&'a [u8]> {
    cells.iter().map(|cell| cell.0).collect()
}

/// The cells of a line if each has a name and a number; the first may be a time without a name.
fn pairs(line: &[u8]) -> Option<Vec<Cell<'_>>> {
    let mut cells = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_ascii();
        if rest.is_empty() {
            break;
        }
        let end = rest.iter().position(|byte| matches!(byte, b':' | b'='));
        let name = end.map_or(&b""[..], |end| &rest[..end]);
        let is_name = name.first().is_some_and(u8::is_ascii_alphabetic)
            && name.len() <= NAME
            && !name
                .iter()
                .any(|byte| matches!(byte, b',' | b';' | b'\t' | b' ' | b'"'));
        let named = if is_name {
            rest = rest[name.len() + 1..].trim_ascii_start();
            name
        } else if cells.is_empty() {
            b"time"
        } else {
            return None;
        };
        let is_end = |byte: &u8| matches!(byte, b',' | b';' | b'\t' | b' ');
        let length = rest.iter().position(is_end).unwrap_or(rest.len());
        let (value, behind) = rest.split_at(length);
        let is_number = str::from_utf8(value).is_ok_and(|value| value.parse::<f64>().is_ok());
        if !(is_number || !is_name && value.contains(&b':')) {
            return None;
        }
        cells.push((named, value));
        let behind = behind.trim_ascii_start();
        rest = behind
            .strip_prefix(b",")
            .or(behind.strip_prefix(b";"))
            .unwrap_or(behind);
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
    use super::super::super::{Hints, Trace};
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
        let forms: [fn(i32) -> String; 4] = [
            |i| format!("Z:{i},N:{}", -i),
            |i| format!("Z: {i} N: {}.50", -i),
            |i| format!("Z={i};N={}", -i),
            |i| format!("Z:{i}\tN:{}", -i),
        ];
        for form in forms {
            let text = rows(form);
            let own = traces(&text, Some(100.0));
            assert_eq!((&*own[0].channel, &*own[1].channel), ("Z", "N"), "{text}");
            assert_eq!(
                (own[0].samples[49], own[0].samples.len()),
                (49.0, 50),
                "{text}"
            );
        }
        let text = rows(|i| format!("14:04:06.{:03} -> Z:{i},N:5", 10 * i));
        let own = traces(&text, None);
        assert_eq!((own.len(), own[0].rate, own[0].samples[7]), (2, 100.0, 7.0));
    }

    #[test]
    fn lines_in_brackets() {
        for (open, close) in [("[", "]"), ("(", ")"), ("<", ">")] {
            let text = rows(|i| format!("{open}{i}, {}.5, -3{close}", 2 * i));
            let own = traces(&text, Some(100.0));
            assert_eq!(own.len(), 3);
            assert_eq!((own[0].samples[9], own[1].samples[9]), (9.0, 18.5));
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
            let same = super::as_rows(text.as_bytes().into());
            assert!(matches!(same, std::borrow::Cow::Borrowed(_)), "{text}");
        }
    }
}
