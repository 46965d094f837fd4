//! Fractions of a second behind a comma, as Python logs times, in a table whose commas separate: `2024-05-01 10:00:00,005,0.12`.

use std::borrow::Cow;

use super::super::{Notes, Remark};
use super::divided::cells;

/// Lines that are looked at, and rows that have to be there.
const HEAD: usize = 64;
const FEWEST: usize = 4;
/// Digits of milli- and microseconds.
const DIGITS: [usize; 2] = [3, 6];

/// A time and the cell behind it.
#[derive(Clone, Copy)]
struct Cut<'a> {
    /// Number of the cell of the time, and of cells in the row.
    at: usize,
    cells: usize,
    time: &'a [u8],
    /// Where the comma is, and what is behind it.
    comma: usize,
    fraction: &'a [u8],
}

/// The text with points before the fractions that commas cut off.
pub(super) fn joined<'t>(text: Cow<'t, [u8]>, notes: &mut Notes) -> Cow<'t, [u8]> {
    let Some((at, digits)) = cut(&text) else {
        return text;
    };
    let mut bytes = text.to_vec();
    let mut start = 0;
    let mut example = None;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if let Some(found) =
            of_line(line).filter(|cut| (cut.at, cut.fraction.len()) == (at, digits))
        {
            bytes[start + found.comma] = b'.';
            example.get_or_insert_with(|| [found.time, b",", found.fraction].concat());
        }
        start += line.len();
    }
    notes.push(Remark::Records(format!(
        "cells such as `{}` are read as one time",
        String::from_utf8_lossy(&example.unwrap_or_default())
    )));
    bytes.into()
}

/// The cell of the times, and digits of their fractions, if commas cut them off in a text.
fn cut(text: &[u8]) -> Option<(usize, usize)> {
    let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let lines = lines.filter(|line| !line.is_empty() && line[0] != b'#');
    let head: Vec<&[u8]> = lines.take(HEAD).collect();
    let begin = head.iter().position(|line| of_line(line).is_some())?;
    let rows: Vec<Cut> = head[begin..]
        .iter()
        .filter_map(|line| of_line(line))
        .collect();
    let first = *rows.first()?;
    let is_like = |cut: &Cut| {
        (cut.at, cut.cells, cut.fraction.len()) == (first.at, first.cells, first.fraction.len())
    };
    let alike = rows.iter().filter(|cut| is_like(cut)).count();
    let names = begin
        .checked_sub(1)
        .map_or(0, |above| cells(head[above], b',').len());
    if alike < FEWEST || alike * 10 < (head.len() - begin) * 9 || names >= first.cells {
        return None;
    }
    // Within a second, fractions rise; samples do not.
    let pairs = || rows.windows(2).filter(|pair| pair[0].time == pair[1].time);
    let rising = pairs()
        .filter(|pair| pair[0].fraction < pair[1].fraction)
        .count();
    let has_zero = rows.iter().any(|cut| cut.fraction[0] == b'0');
    let is_proven = rising == pairs().count() && (has_zero || rising >= FEWEST);
    is_proven.then_some((first.at, first.fraction.len()))
}

fn of_line(line: &[u8]) -> Option<Cut<'_>> {
    let cells = cells(line, b',');
    let text = |at: usize| cells.get(at).map(|range| &line[range.clone()]);
    let at = (0..cells.len()).find(|at| text(*at).is_some_and(is_whole_clock))?;
    let fraction = text(at + 1)?;
    let is_fraction = DIGITS.contains(&fraction.len()) && fraction.iter().all(u8::is_ascii_digit);
    is_fraction
        .then(|| Cut {
            at,
            cells: cells.len(),
            time: &line[cells[at].clone()],
            comma: cells[at].end,
            fraction,
        })
        // A blank behind the comma separates.
        .filter(|cut| line.get(cut.comma + 1).is_some_and(u8::is_ascii_digit))
}

/// Whether a cell ends with a time of day in whole seconds, `10:00:00`.
fn is_whole_clock(cell: &[u8]) -> bool {
    let Some((before, [a, b, b':', c, d, b':', e, f])) = cell.split_last_chunk::<8>() else {
        return false;
    };
    let digits = [a, b, c, d, e, f];
    digits.iter().all(|digit| digit.is_ascii_digit())
        && !before
            .last()
            .is_some_and(|byte| byte.is_ascii_digit() || *byte == b':')
}

#[cfg(test)]
mod tests {
    use super::super::tests::contents;
    use super::super::{Contents, Hints};

    fn read(head: &str, row: impl Fn(u32) -> String) -> Contents {
        let rows: String = (0..200).map(row).collect();
        contents(&format!("{head}{rows}"), &Hints::default()).unwrap()
    }

    #[test]
    fn times_of_python_logs() {
        let start = crate::recording::parse_time("2024-05-01T10:00:00.37Z").unwrap();
        let row = |i: u32| {
            let ms = 370 + 10 * i;
            format!(
                "2024-05-01 10:00:{:02},{:03},{},{}\n",
                ms / 1000,
                ms % 1000,
                i % 7,
                i % 5
            )
        };
        for (head, names) in [("time,Z,N\n", ["Z", "N"]), ("", ["2", "3"])] {
            let recording = read(head, row);
            let found: Vec<_> = recording
                .traces
                .iter()
                .map(|trace| (&*trace.channel, trace.rate, trace.start))
                .collect();
            assert_eq!(found, names.map(|name| (name, 100.0, start)), "{head}");
            assert_eq!(recording.notes.texts(true), [""; 0]);
        }
        // A name of its own: milliseconds beside whole seconds are read as such.
        let recording = read("time,ms,Z,N\n", row);
        assert_eq!(
            (recording.traces.len(), recording.traces[0].start),
            (2, start)
        );
    }

    #[test]
    fn samples_of_three_digits_are_none() {
        let row = |i: u32| {
            format!(
                "10:00:{:02},{},{}\n",
                i / 50,
                500 + i * 7 % 11,
                i * 37 % 101
            )
        };
        let recording = read("time,Z\n", row);
        assert_eq!(recording.traces.len(), 2, "{:?}", recording.notes);
    }
}
