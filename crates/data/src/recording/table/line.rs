//! Lines of a table, and the cells of a line, with or without quotes.

/// Number of rows after the header that must agree, or all if there are fewer.
pub(super) const ALIKE: usize = 6;

/// A line of the head that is neither blank nor a comment.
pub(super) struct Line<'a> {
    pub number: usize,
    pub start: usize,
    pub bytes: &'a [u8],
    /// Whether a blank line is above it.
    pub apart: bool,
}

/// A line without its end. Tabs that separate stay: behind the last may be a cell without a value.
pub(super) fn trimmed(line: &[u8], separator: u8) -> &[u8] {
    let is_kept =
        |byte: &u8| !byte.is_ascii_whitespace() || (*byte == separator && separator != b' ');
    let length = line.iter().rposition(is_kept).map_or(0, |last| last + 1);
    &line[..length]
}

/// Cells of a line; consecutive blanks are one separator.
pub(super) fn split(line: &[u8], separator: u8) -> Vec<Vec<u8>> {
    let line = trimmed(line, separator);
    let blanks = separator == b' ';
    if blanks && !line.contains(&b'"') {
        let cells = line
            .split(u8::is_ascii_whitespace)
            .filter(|cell| !cell.is_empty());
        return cells.map(<[u8]>::to_vec).collect();
    }
    let mut cells = vec![Vec::new()];
    let mut quoted = false;
    for (i, byte) in line.iter().enumerate() {
        match byte {
            b'"' => {
                // Two quotes within quotes stand for one.
                if !quoted
                    && i > 0
                    && line[i - 1] == b'"'
                    && cells.last().is_some_and(|c| !c.is_empty())
                {
                    cells.last_mut().expect("one at least").push(b'"');
                }
                quoted = !quoted;
            }
            _ if !quoted && blanks && byte.is_ascii_whitespace() => {
                if cells.last().is_some_and(|cell| !cell.is_empty()) {
                    cells.push(Vec::new());
                }
            }
            _ if *byte == separator && !quoted => cells.push(Vec::new()),
            _ => cells.last_mut().expect("one at least").push(*byte),
        }
    }
    let plain = |cell: Vec<u8>| -> Vec<u8> {
        let breaks = |byte: &u8| if *byte == b'\n' { b' ' } else { *byte };
        let bytes = cell.trim_ascii().iter().filter(|byte| **byte != b'\r');
        bytes.map(breaks).collect()
    };
    cells.into_iter().map(plain).collect()
}
