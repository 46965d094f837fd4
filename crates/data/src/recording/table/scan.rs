//! Cells of a table that all rows are searched for.

/// A cell without blanks and quotes around it.
pub(super) fn unquoted(cell: &[u8]) -> &[u8] {
    let cell = cell.trim_ascii();
    let inner = cell.strip_prefix(b"\"");
    inner
        .and_then(|inner| inner.strip_suffix(b"\""))
        .unwrap_or(cell)
}

/// Whether the byte at `at` is in a time: after the seconds of `10:00:00.5`, or between the numbers of `01.05.2024`. Tables
/// have many of them, and no time is a number by any reading of its points and commas.
fn is_in_time(rest: &[u8], at: usize) -> bool {
    let before = at.checked_sub(3).is_some_and(|colon| rest[colon] == b':');
    let digits = |pair: &[u8]| pair.iter().all(u8::is_ascii_digit);
    before && digits(&rest[at - 2..at])
        || matches!(rest[at..], [first, a, b, second, ..] if first == second && digits(&[a, b]))
}

/// Cells that contain the byte `with` in the rows from byte `start` on, and their positions. Leaves out times.
pub(super) fn cells_with(
    bytes: &[u8],
    start: usize,
    separator: u8,
    with: u8,
) -> impl Iterator<Item = (usize, &[u8])> {
    let ends = move |byte: &u8| {
        *byte == separator || *byte == b'\n' || separator == b' ' && byte.is_ascii_whitespace()
    };
    let mut next = start;
    std::iter::from_fn(move || {
        let rest = &bytes[next.min(bytes.len())..];
        let mut from = 0;
        let at = loop {
            let at = from + rest[from..].iter().position(|byte| *byte == with)?;
            if !is_in_time(&rest[from..], at - from) {
                break at;
            }
            from = at + 1;
        };
        let first = rest[..at].iter().rposition(ends).map_or(0, |end| end + 1);
        let length = rest[at..].iter().position(ends).unwrap_or(rest.len() - at);
        let found = (next + first, unquoted(&rest[first..at + length]));
        next += at + length;
        Some(found)
    })
}

/// Cells of a line, without quotes; consecutive blanks are one separator.
pub(super) fn cells(line: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let blanks = separator == b' ';
    let ends = move |byte: &u8| *byte == separator || blanks && byte.is_ascii_whitespace();
    line.split(ends)
        .filter(move |cell| !blanks || !cell.is_empty())
        .map(unquoted)
}
