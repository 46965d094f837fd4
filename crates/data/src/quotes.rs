//! Quotation marks in tables that are never closed: readers of tables would take all that follows for one cell.

use support::words::counted;

/// Lines that a cell in quotation marks may have.
const LINES: usize = 8;

/// A text with `'` in place of quotation marks that begin a cell and are not closed within some lines; how many these are, and the
/// number of the line of the first, if the text begins with line 1. `None` without any.
pub(crate) fn closed(bytes: &[u8]) -> Option<(Vec<u8>, usize, usize)> {
    if !bytes.contains(&b'"') {
        return None;
    }
    let mut stray: Vec<(usize, usize)> = Vec::new();
    let (mut at, mut number) = (0, 1);
    while at < bytes.len() {
        match cell(bytes, at) {
            Cell::Ends(end, lines) => {
                at = end;
                number += lines;
            }
            Cell::IsOpen => {
                stray.push((at, number));
                at += 1;
            }
        }
    }
    let first = stray.first()?.1;
    let mut text = bytes.to_vec();
    stray.iter().for_each(|(at, _)| text[*at] = b'\'');
    Some((text, stray.len(), first))
}

/// A note on `count` marks, the first in line `first`.
pub(crate) fn note(count: usize, first: usize) -> String {
    format!(
        "{} at the beginning of a cell {} not closed (the first: line {first}): a cell does not go on over more than {LINES} lines",
        counted(count, "quotation mark"),
        if count == 1 { "is" } else { "are" }
    )
}

enum Cell {
    /// Where the next cell begins, and how many lines end before it.
    Ends(usize, usize),
    IsOpen,
}

/// The cell that begins at byte `at`. What separates cells need not be known: any mark that may do so is one outside quotes.
fn cell(bytes: &[u8], at: usize) -> Cell {
    let is_end = |byte: &u8| matches!(byte, b',' | b';' | b'\t' | b'|' | b'\n');
    let rest = &bytes[at..];
    let begins_line = at == 0 || bytes[at - 1] == b'\n';
    let is_comment = begins_line && rest.first() == Some(&b'#');
    if rest.first() != Some(&b'"') || is_comment {
        let ends = |byte: &u8| {
            if is_comment {
                *byte == b'\n'
            } else {
                is_end(byte)
            }
        };
        let end = rest.iter().position(ends).unwrap_or(rest.len());
        let lines = usize::from(rest.get(end) == Some(&b'\n'));
        return Cell::Ends(at + end + 1, lines);
    }
    let (mut next, mut lines) = (1, 0);
    loop {
        match (rest.get(next), rest.get(next + 1)) {
            (Some(b'"'), Some(b'"')) => next += 2,
            (Some(b'"'), _) => break,
            (Some(b'\n'), _) if lines + 1 == LINES => return Cell::IsOpen,
            (Some(byte), _) => {
                lines += usize::from(*byte == b'\n');
                next += 1;
            }
            (None, _) => return Cell::IsOpen,
        }
    }
    let end = rest[next..].iter().position(is_end);
    let end = next + end.unwrap_or(rest.len() - next);
    lines += usize::from(rest.get(end) == Some(&b'\n'));
    Cell::Ends(at + end + 1, lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_without_their_end() {
        let rows = "1,2,\n".repeat(12);
        for (cell, count) in [
            ("\"no end", 1),
            ("\"", 1),
            ("\"\"\"x", 1),
            ("\"two\nlines\"", 0),
            ("\"a \"\"b\"\" c\"", 0),
            ("5\" pipe", 0),
            ("\"\"", 0),
            ("x \"y", 0),
        ] {
            let text = format!("t,Z,note\n1,2,\n# \"x\n1,2,{cell}\n{rows}");
            let expected = text.replace(
                &format!(",{cell}"),
                &format!(",'{}", cell.get(1..).unwrap_or("")),
            );
            let found = closed(text.as_bytes());
            let expected = (count > 0).then(|| (expected.into_bytes(), count, 4));
            assert_eq!(found, expected, "{cell}");
        }
        // Two far apart are not the ends of one cell, and the end of the file is none.
        let text = format!("\"a,1\n{rows}\"b,2\n{rows}");
        let (plain, count, first) = closed(text.as_bytes()).unwrap();
        assert_eq!((count, first), (2, 1));
        assert_eq!(plain, text.replace('"', "'").into_bytes());
        assert_eq!(closed(b"1,\"x\n2,y").unwrap().0, b"1,'x\n2,y");
        assert_eq!(closed(b"1,2\n"), None);
    }
}
